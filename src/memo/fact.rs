//! [`Fact`]: what can be remembered, borrowed; [`Stored`] owns one.

use std::hash::{BuildHasher, Hasher};
use std::sync::atomic::{AtomicU8, Ordering};

/// Something that holds for ever, since it follows from these bytes alone.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fact<'a> {
    claim: Claim,
    parts: [&'a [u8]; 3],
}

/// What is claimed of the parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Claim {
    /// Under the algorithm at this index of the provider, the parts are a public key, a message and
    /// its good signature.
    Signature(usize),
    /// The certificate in the first part passes the path checks as a leaf.
    Leaf,
    /// … as an issuer.
    Issuer,
}

impl<'a> Fact<'a> {
    pub(crate) fn signature(
        algorithm: usize,
        public_key: &'a [u8],
        message: &'a [u8],
        signature: &'a [u8],
    ) -> Self {
        Self {
            claim: Claim::Signature(algorithm),
            parts: [public_key, message, signature],
        }
    }

    pub(crate) fn leaf(certificate: &'a [u8]) -> Self {
        Self {
            claim: Claim::Leaf,
            parts: [certificate, &[], &[]],
        }
    }

    pub(crate) fn issuer(certificate: &'a [u8]) -> Self {
        Self {
            claim: Claim::Issuer,
            parts: [certificate, &[], &[]],
        }
    }

    /// Where to look for it. Only a hint: the bytes decide.
    ///
    /// A certificate ends with its signature, so the last bytes tell facts apart as well as all of
    /// them do, and hashing all of them would be a quarter of the cost of a known chain. Whoever can
    /// make good signatures that end alike makes his own facts displace each other.
    pub(super) fn hash(&self, state: &impl BuildHasher) -> u64 {
        const ENOUGH: usize = 64;
        let [first, message, signature] = self.parts;
        let telling = match self.claim {
            Claim::Signature(_) => signature,
            Claim::Leaf | Claim::Issuer => first,
        };
        let mut hasher = state.build_hasher();
        hasher.write_usize(match self.claim {
            Claim::Signature(algorithm) => algorithm,
            Claim::Leaf => usize::MAX,
            Claim::Issuer => usize::MAX - 1,
        });
        hasher.write_usize(first.len() ^ message.len().rotate_left(32));
        hasher.write(&telling[telling.len().saturating_sub(ENOUGH)..]);
        hasher.finish()
    }
}

/// A fact that is held.
#[derive(Debug)]
pub(super) struct Stored {
    pub(super) hash: u64,
    claim: Claim,
    lengths: [usize; 3],
    bytes: Box<[u8]>,
    uses: AtomicU8,
}

impl Stored {
    /// What the tables need for one entry beside its bytes: itself, its places in table, queue and
    /// the list of those forgotten, the allocator's share.
    const ALLOWANCE: usize = size_of::<Self>() + 112;

    /// Beyond this many uses they are not counted: a writer less for what everybody reads.
    const MOST_USES: u8 = 3;

    pub(super) fn new(hash: u64, fact: &Fact<'_>) -> Self {
        Self {
            hash,
            claim: fact.claim,
            lengths: fact.parts.map(<[u8]>::len),
            bytes: fact.parts.concat().into(),
            uses: AtomicU8::new(0),
        }
    }

    /// What it counts for, in bytes.
    pub(super) fn cost(&self) -> usize {
        self.bytes.len() + Self::ALLOWANCE
    }

    /// What a fact would count for.
    pub(super) fn cost_of(fact: &Fact<'_>) -> usize {
        fact.parts.iter().map(|part| part.len()).sum::<usize>() + Self::ALLOWANCE
    }

    /// Whether it is this very fact: every byte is compared.
    pub(super) fn is(&self, fact: &Fact<'_>) -> bool {
        if self.claim != fact.claim || self.lengths != fact.parts.map(<[u8]>::len) {
            return false;
        }
        let mut rest = &*self.bytes;
        fact.parts.iter().all(|part| {
            // Comparing what is empty would be the one slow comparison.
            if part.is_empty() {
                return true;
            }
            let (own, after) = rest.split_at(part.len());
            rest = after;
            own == *part
        })
    }

    /// Written by few readers only, so that many can share it.
    pub(super) fn count_use(&self) {
        let uses = self.uses.load(Ordering::Relaxed);
        if uses < Self::MOST_USES {
            self.uses.store(uses + 1, Ordering::Relaxed);
        }
    }

    /// Takes one use away; whether there was one.
    pub(super) fn spend_use(&self) -> bool {
        let uses = self.uses.load(Ordering::Relaxed);
        self.uses.store(uses.saturating_sub(1), Ordering::Relaxed);
        uses > 0
    }
}
