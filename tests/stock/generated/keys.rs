//! A pool of keys: one for each kind and bearer, made when first asked for.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex};

use crate::common::pki::{Ca, CaSpec, KeyKind, KeyPair};

/// Who has a key of its own in a world.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Bearer {
    Leaf,
    /// By position.
    Issuer(usize),
    Root,
    Stranger,
    Impostor,
    Forger,
    Unrelated,
    Namesake,
    OtherLeaf,
}

type Pool = HashMap<(KeyKind, Bearer), Arc<KeyPair>>;

/// The key of this bearer, the same in every world of a run.
pub fn key(kind: KeyKind, bearer: Bearer) -> Arc<KeyPair> {
    static POOL: LazyLock<Mutex<Pool>> = LazyLock::new(Mutex::default);
    let fresh = || Ca::root(CaSpec::new("key").kind(kind)).key;
    POOL.lock().unwrap().entry((kind, bearer)).or_insert_with(fresh).clone()
}
