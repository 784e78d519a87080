//! The memo: what is remembered of a chain, and what never is.
//!
//! Verifying a chain costs what its signatures cost, and most peers come back with the same chain, or
//! with a new leaf under the same issuer. Whether a signature is good follows from algorithm, public
//! key, message and signature, and from nothing else; so it need not be found out twice. A
//! [`SignatureMemo`](crate::SignatureMemo) is on by default in both verifiers.
//!
//! # What is remembered, and what never is
//!
//! | remembered | for how long |
//! | --- | --- |
//! | a good signature of a certificate | until it makes room for others |
//! | that a certificate, as leaf or as issuer, passed the [path checks](crate::PathCheck) | the same |
//! | whether a key has signed a revocation list | as long as the list is in use; with its set, not in the memo |
//!
//! Never remembered: a failure; anything that depends on time, names, roots, EKU policy, peer rules
//! or revocation; what a list says about a certificate; the signature of a handshake, which proves that
//! the peer holds its key *now*. All of that is judged afresh each time. With and without memo the
//! verdicts and errors are the same.
//!
//! # Every byte is compared
//!
//! A hash says where to look, and the bytes decide: whoever found a collision would gain nothing. An
//! algorithm is known by its index in the provider, since object identifiers do not name one: two
//! entries for RSA with SHA-384 may differ only in the least size of the key, and a memo that mixed
//! them up would let a verifier that wants 3,072 bits accept a chain of 2,048.
//!
//! So a memo belongs to one provider, and `build` refuses it with another
//! ([`Error::MemoOfAnotherProvider`](crate::Error::MemoOfAnotherProvider)). Within one provider it may
//! serve any number of verifiers, of both roles and with any roots and policies, in any number of
//! threads: whoever asks pays for his own roots and rules, and shares what is true of the bytes.
//!
//! # Revocation lists
//!
//! A list may be megabytes, and comparing it would cost as much as checking its signature. So it is
//! never in the memo: whether a key has signed it is remembered beside it, in the set of each verifier,
//! also [`without_memo`](crate::PeerVerifierBuilder::without_memo). A list whose bytes have not
//! changed takes that into the next set. See [`revocation`](super::revocation).
//!
//! # When it is full
//!
//! Anybody can have valid chains remembered without owning a key: public ones, for one who trusts
//! public roots. The cache (quick_cache; its scheme resembles S3-FIFO) lets them pass: once it was
//! full, what is new waits in a short queue, a tenth of the room, and is forgotten at its end unless
//! it was used again; who of those comes again soon is no passer-by. Measured in the tests: during a
//! scan of a million facts, regulars who came twice before it, and then each after 9,600 others, four
//! times as many as there is room for, were known at every visit. Who comes
//! twice in a row is known from then on, and any new regular from the third visit on, if each visit
//! comes before some half as many others as there is room for. Chains that are refused add at most
//! the good signatures of trusted issuers.
//!
//! # What a stranger can measure
//!
//! A known chain is answered faster than a new one. Whoever can time handshakes precisely and has
//! somebody's chain, which is public in TLS 1.2 and to everyone who ever talked to its holder, can
//! present it, fail to sign for it, and learn whether it, or its issuer, was here recently. Nothing of
//! the key, and nothing beyond that. If it matters who your peers are, turn the memo off with
//! [`without_memo`](crate::PeerVerifierBuilder::without_memo).
//! A memo per verifier, the default, at least tells nothing about the peers of another listener.
//!
//! # How large
//!
//! The [default](crate::SignatureMemo::DEFAULT_CAPACITY) is 16 MiB;
//! [`with_capacity`](crate::SignatureMemo::with_capacity) sets another. A certificate takes its
//! length, plus the key of its issuer, plus some 160 bytes for the tables. Measured with small
//! certificates (leaf of 410 to 800 bytes, one intermediate):
//!
//! | keys | first chain | each leaf more under the same issuer | in 16 MiB |
//! | --- | --- | --- | --- |
//! | P-256 | 1,260 bytes | 636 | 26,300 leaves |
//! | P-384 | 1,440 | 728 | 23,000 |
//! | Ed25519 | 1,070 | 543 | 30,800 |
//! | RSA-2048 | 2,450 | 1,230 | 13,600 |
//!
//! [`MemoCounters::bytes`](crate::MemoCounters) never exceeds the capacity. What the process needs for
//! it was 0.85 to 1.04 times that (glibc, 128 MiB of facts in the sizes of P-256, Ed25519 and
//! RSA-2048, when it was nearly full and long after). From 2 MiB on the room is divided into equal
//! parts of 1 MiB and more, which fill unevenly: the first leaves go when some nineteen twentieths are
//! taken. What takes more than nine tenths of a part, or of a smaller whole, is not remembered.
//!
//! A service with a million distinct clients has two good choices:
//!
//! * **Leave the default.** The issuers are used by every client and stay, whatever the number of
//!   leaves; each client costs the one signature on its leaf, of two. Most of the gain for none
//!   of the memory. It is the right choice where a client comes back once a day.
//! * **Room for all of them**: clients × the third column, and a tenth more. For P-256 0.7 GB, so
//!   `with_capacity(&provider, 700 << 20)`; for RSA-2048 1.35 GB. It pays where clients reconnect
//!   all the time. Share one memo between the verifiers that meet the same clients.
//!
//! Between the two, who comes often is known and who comes seldom is not. Watch
//! [`counters`](crate::SignatureMemo::counters): many evictions with few hits say that the memo is too
//! small for the clients to matter and large enough for their issuers, and that is fine.
