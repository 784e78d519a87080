//! [`ListMemory`]: the good signatures of the revocation lists of one set.
//!
//! A list may be megabytes, and stock rustls hashes it in every handshake. Comparing it with what
//! was verified before would cost as much, so a list is recognised by where it lies in memory. It
//! lies there as long as the set exists, and the memory of it goes with the set: a list that comes
//! to lie in the same place later is in another set, which remembers nothing of this one.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use arc_swap::ArcSwap;
use rustls::pki_types::{InvalidSignature, SignatureVerificationAlgorithm};

use crate::element::{Elements, Kind};
use crate::memo::{SignatureMemo, described_by};

/// The algorithms of a memo's provider, for searches with the lists of one set.
#[derive(Debug)]
pub(super) struct ListMemory(Vec<Remembering>);

/// One algorithm. What is signed with it is a certificate, which is the memo's, or one of the lists.
struct Remembering {
    memo: SignatureMemo,
    index: usize,
    good: Arc<ArcSwap<HashMap<usize, Arc<Good>>>>,
}

/// The good signature of the list whose signed part begins at some address.
struct Good {
    length: usize,
    algorithm: usize,
    public_key: Vec<u8>,
    signature: Vec<u8>,
}

impl ListMemory {
    pub(super) fn new(memo: &SignatureMemo) -> Self {
        let good = Arc::default();
        let remembering = (0..memo.provided().len()).map(|index| Remembering {
            memo: memo.clone(),
            index,
            good: Arc::clone(&good),
        });
        Self(remembering.collect())
    }

    pub(super) fn algorithms(&self) -> Vec<&dyn SignatureVerificationAlgorithm> {
        let algorithms = self.0.iter();
        algorithms.map(|algorithm| algorithm as _).collect()
    }
}

impl Remembering {
    fn provided(&self) -> &'static dyn SignatureVerificationAlgorithm {
        self.memo.provided()[self.index]
    }

    fn is_known(&self, public_key: &[u8], list: &[u8], signature: &[u8]) -> bool {
        let good = self.good.load();
        good.get(&list.as_ptr().addr()).is_some_and(|good| {
            good.length == list.len()
                && good.algorithm == self.index
                && good.public_key == public_key
                && good.signature == signature
        })
    }

    fn remember(&self, public_key: &[u8], list: &[u8], signature: &[u8]) {
        let good = Arc::new(Good {
            length: list.len(),
            algorithm: self.index,
            public_key: public_key.to_vec(),
            signature: signature.to_vec(),
        });
        self.good.rcu(|all| {
            let mut all = HashMap::clone(all);
            all.insert(list.as_ptr().addr(), Arc::clone(&good));
            all
        });
    }
}

/// Whether this is the signed part of a list. webpki takes lists of version 2 only, which begin with
/// the version, an INTEGER (RFC 5280, 5.1), and certificates of version 3 only, which begin with
/// `[0]` (4.1).
pub(super) fn is_list(message: &[u8]) -> bool {
    let signed = Elements::of(message).enter(Kind::SEQUENCE);
    signed.is_ok_and(|fields| fields.next_is(Kind::INTEGER))
}

impl SignatureVerificationAlgorithm for Remembering {
    fn verify_signature(
        &self,
        public_key: &[u8],
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), InvalidSignature> {
        if !is_list(message) {
            let memoized = self.memo.algorithm(self.index);
            return memoized.verify_signature(public_key, message, signature);
        }
        if self.is_known(public_key, message, signature) {
            return Ok(());
        }
        self.provided()
            .verify_signature(public_key, message, signature)
            .inspect(|()| self.remember(public_key, message, signature))
    }

    described_by!(|it| it.provided());
}

impl fmt::Debug for Remembering {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Remembering")
            .field(&self.provided())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use rustls::crypto::WebPkiSupportedAlgorithms;
    use rustls::pki_types::{AlgorithmIdentifier, FipsStatus, alg_id};

    use super::*;

    /// Finds everything good, and counts.
    #[derive(Debug, Default)]
    struct Stub(AtomicUsize);

    impl SignatureVerificationAlgorithm for Stub {
        fn verify_signature(&self, _: &[u8], _: &[u8], _: &[u8]) -> Result<(), InvalidSignature> {
            self.0.fetch_add(1, Ordering::SeqCst);
            Ok(())
        }

        fn public_key_alg_id(&self) -> AlgorithmIdentifier {
            alg_id::ECDSA_P256
        }

        fn signature_alg_id(&self) -> AlgorithmIdentifier {
            alg_id::ED25519
        }

        fn fips_status(&self) -> FipsStatus {
            FipsStatus::certified("stub")
        }

        fn fips(&self) -> bool {
            true
        }
    }

    /// A memory for two algorithms with the same identifiers, and how often either was asked.
    fn memory() -> (ListMemory, impl Fn() -> [usize; 2]) {
        let stubs: &[Stub; 2] = Box::leak(Box::default());
        let all = stubs.each_ref();
        let all = all.map(|stub| stub as &dyn SignatureVerificationAlgorithm);
        let algorithms = WebPkiSupportedAlgorithms {
            all: Vec::from(all).leak(),
            mapping: &[],
        };
        let memory = ListMemory::new(&SignatureMemo::of(&algorithms, 1 << 20));
        let asked = || stubs.each_ref().map(|stub| stub.0.load(Ordering::SeqCst));
        (memory, asked)
    }

    /// Something that begins like what is signed in a list, or in a certificate.
    fn beginning_with(tag: u8) -> Vec<u8> {
        [&[0x30, 0x81, 0x80, tag, 1, 1], [0; 0x7d].as_slice()].concat()
    }

    #[test]
    fn a_list_is_known_by_its_place_with_its_length_key_signature_and_algorithm() {
        let mut longer = beginning_with(0x02);
        longer.push(0);
        let list = &longer[..longer.len() - 1];
        let elsewhere = list.to_vec();
        let rows = [
            // What differs, then algorithm, key, list, signature, and how often is asked.
            ("nothing", 0, b"key", list, b"good", 1),
            ("place", 0, b"key", elsewhere.as_slice(), b"good", 2),
            ("length", 0, b"key", longer.as_slice(), b"good", 2),
            ("key", 0, b"yek", list, b"good", 2),
            ("signature", 0, b"key", list, b"doog", 2),
            ("algorithm", 1, b"key", list, b"good", 2),
        ];
        for (id, index, key, other, signature, times) in rows {
            let (memory, asked) = memory();
            let [one, two] = [0, index].map(|index| memory.algorithms()[index]);
            one.verify_signature(b"key", list, b"good").unwrap();
            two.verify_signature(key, other, signature).unwrap();
            assert_eq!(asked().iter().sum::<usize>(), times, "{id}");
        }
    }

    #[test]
    fn a_certificate_is_the_memos_wherever_it_lies() {
        let (memory, asked) = memory();
        for _ in 0..2 {
            let certificate = beginning_with(0xa0);
            let algorithm = memory.algorithms()[0];
            algorithm
                .verify_signature(b"key", &certificate, b"good")
                .unwrap();
        }
        assert_eq!(asked(), [1, 0]);
        assert_eq!(memory.0[0].memo.counters().hits, 1);
    }

    #[test]
    fn another_memory_with_the_same_memo_knows_no_list_of_this_one() {
        let (memory, asked) = memory();
        let other = ListMemory::new(&memory.0[0].memo);
        let list = beginning_with(0x02);
        for memory in [&memory, &other] {
            let algorithm = memory.algorithms()[0];
            algorithm.verify_signature(b"key", &list, b"good").unwrap();
        }
        assert_eq!(asked(), [2, 0]);
    }

    #[test]
    fn what_each_says_of_itself_is_what_the_providers_algorithm_in_its_place_says() {
        let said = |algorithm: &dyn SignatureVerificationAlgorithm| {
            (
                algorithm.public_key_alg_id(),
                algorithm.signature_alg_id(),
                algorithm.fips_status(),
                algorithm.fips(),
            )
        };
        let (memory, _) = memory();
        let provided = memory.0[0].memo.provided();
        let algorithms = memory.algorithms();
        assert_eq!(algorithms.len(), provided.len());
        for (remembering, provided) in algorithms.into_iter().zip(provided) {
            assert_eq!(said(remembering), said(*provided));
            let printed = format!("Remembering({provided:?})");
            assert_eq!(format!("{remembering:?}"), printed);
        }
    }
}
