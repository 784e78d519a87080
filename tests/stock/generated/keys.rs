//! A pool of keys: one for each algorithm and bearer, made when first asked for.

use std::sync::{Arc, OnceLock};

use super::world::Alg;
use crate::common::pki::{Ca, CaSpec, KeyKind, KeyPair};

/// Who has a key of its own in a world.
#[derive(Clone, Copy, Debug)]
pub enum Bearer {
    Leaf,
    /// By position, 1 to 4.
    Issuer(usize),
    Root,
    Stranger,
    Impostor,
    Forger,
    Unrelated,
    Namesake,
    OtherLeaf,
}

const MAX_ISSUERS: usize = 4;
const BEARERS: usize = 8 + MAX_ISSUERS;

/// The key of this bearer, the same in every world of a run.
pub fn key(alg: Alg, bearer: Bearer) -> Arc<KeyPair> {
    static POOL: [[OnceLock<Arc<KeyPair>>; BEARERS]; 4] =
        [const { [const { OnceLock::new() }; BEARERS] }; 4];
    let slot = match bearer {
        Bearer::Leaf => 0,
        Bearer::Root => 1,
        Bearer::Stranger => 2,
        Bearer::Impostor => 3,
        Bearer::Forger => 4,
        Bearer::Unrelated => 5,
        Bearer::Namesake => 6,
        Bearer::OtherLeaf => 7,
        Bearer::Issuer(position) => 7 + position,
    };
    Arc::clone(POOL[alg as usize][slot].get_or_init(|| generate(alg)))
}

fn generate(alg: Alg) -> Arc<KeyPair> {
    let kind = match alg {
        Alg::P256 => KeyKind::P256,
        Alg::P384 => KeyKind::P384,
        Alg::Ed25519 => KeyKind::Ed25519,
        Alg::Rsa2048 => KeyKind::Rsa2048,
    };
    Ca::root(CaSpec::new("key").kind(kind)).key
}
