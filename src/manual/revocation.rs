//! Revocation: what a list says, about whom, until when; and what a hostile one can do: nothing.
//!
//! Give a verifier lists with [`crls`](crate::PeerVerifierBuilder::crls), and every certificate of
//! a peer's path must be known to be good. Nobody fetches lists: something beside your service does,
//! and [`replace_crls`](crate::ClientPeerVerifier::replace_crls) takes what it brought.
//!
//! # The decision
//!
//! It is about one certificate, its issuer, the set of lists and the time, and is made for each
//! certificate of each path that webpki has verified (RFC 5280, 6.3.3). No path is searched for it.
//!
//! 1. **Revoked** is what any list names that this issuer's *key* has signed, whatever the list is
//!    about, expired or not: issuer and serial number are the certificate. Unless a newer list of the
//!    same key and scope does not name it: a hold that was lifted.
//! 2. **Good** is what a list vouches for that is about this certificate: signed by this key, by an
//!    issuer that may sign lists (cRLSign), the newest of its scope, and current:
//!    thisUpdate ≤ now < nextUpdate. One such list is enough.
//! 3. **Unknown** is what no list is about: refused, unless
//!    [`allow_unknown_revocation_status`](crate::PeerVerifierBuilder::allow_unknown_revocation_status).
//! 4. Otherwise lists are about it and none vouches: the error of the one that came nearest stands,
//!    also where unknown is allowed. An unsigned file in a folder must not switch revocation off.
//!
//! The *newest* is the one with the latest thisUpdate, then with the highest crlNumber; lists that
//! nobody has signed decide no order, and in which order lists were given decides nothing. A list
//! whose thisUpdate is to come is none yet.
//!
//! | a list with | is about |
//! | --- | --- |
//! | no issuingDistributionPoint | everything that its issuer issued |
//! | a point with full names | certificates one of whose cRLDistributionPoints has one of these names, byte for byte; or that have none, if the name is the issuer's own |
//! | onlyContainsUserCerts, onlyContainsCACerts | leaves, issuers |
//!
//! A point of a certificate that is for some reasons only, or whose lists are another issuer's, makes
//! no list a good word. Delta and indirect lists, those for some reasons or for attribute
//! certificates, with relative or no point names, of version 1, without nextUpdate, or with an unknown
//! critical extension are set aside when they are loaded: they say nothing, and
//! [`Crls::notes`](crate::Crls::notes) tells of each; alone they are an error.
//!
//! # Expired lists
//!
//! are an error, as in OpenSSL, nginx, HAProxy and Envoy: who can keep new lists from a machine could
//! keep a revocation from it for good.
//! [`allow_expired_crls`](crate::PeerVerifierBuilder::allow_expired_crls) is rustls' habit.
//!
//! # A new set
//!
//! loses nothing: the newest list that a key has signed for a scope stays until its nextUpdate, unless
//! the new set has one as new that the same key has signed.
//! [`replace_crls`](crate::ClientPeerVerifier::replace_crls) returns what stays and why
//! ([`KeptCrl`](crate::KeptCrl)), and the observer hears it:
//!
//! * an older list rolls nothing back, whatever its number says;
//! * a forged one with the highest number keeps no genuine update out;
//! * a file that is missing for an hour forgets no revocation, and a CA that retires refuses nobody
//!   else: its list goes when it ends.
//!
//! Who signed a list is known once a peer was verified with it; the others are tried, in the call, with
//! the keys that signed others of its issuer, and with the root's. A list that none of them has signed
//! is not kept. A process that starts anew has no old set.
//!
//! **While a CA changes its key, give the lists of both keys.** Certificates of the old key are looked
//! up in the old key's lists; the new key's word about them is not taken, although the name is the
//! same. Link certificates (old with new, new with old) are certificates like others.
//!
//! # What it costs
//!
//! A known chain costs the same beside one list as beside a thousand, and as beside 50,000 entries:
//! lists are found by issuer and point, serial numbers by hash. Whether a key has signed a list is
//! found out once for a verifier and remembered with its set, failures too (of eight keys a list), with
//! the memo and without. One search checks at most 16 signatures of lists; more are only needed where
//! many lists by other keys lie in the set, and the next handshake goes on from there.
//!
//! # What stock rustls does
//!
//! webpki asks the first list that matches a certificate, and no other: an older one in front of a newer
//! one lets a revoked certificate in (PKITS 4.5.5, 4.5.7), one by another key of the same name refuses a
//! good one, and a list for a point is taken for certificates without one.
//! [`stock_revocation`](crate::PeerVerifierBuilder::stock_revocation) is for whoever must equal it.
//! Refusals have stock's errors: `Revoked`, `UnknownRevocationStatus`, `ExpiredRevocationListContext`,
//! `InvalidCertRevocationList` with the signature or the issuer.
