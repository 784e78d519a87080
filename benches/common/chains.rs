//! [`Hierarchy`]: the chains that are measured. [`Copies`]: the same chain in other buffers.

use std::sync::Arc;

use mtls_roles::Roots;
use rustls::pki_types::CertificateDer;

use super::pki::{Ca, CaSpec, Eku, KeyKind, Leaf, LeafSpec};

/// The kinds of keys that are measured, by their names in the tables.
pub const KINDS: [(&str, KeyKind); 4] = [
    ("p256", KeyKind::P256),
    ("p384", KeyKind::P384),
    ("rsa2048", KeyKind::Rsa2048),
    ("ed25519", KeyKind::Ed25519),
];

/// The name in every client certificate.
pub const CLIENT: &str = "client.example.com";

/// The name in every server certificate.
pub const SERVER: &str = "server.example.com";

/// A root and the intermediates below it, all with keys of one kind.
pub struct Hierarchy {
    pub root: Ca,
    /// The issuer of the leaves first, as in a presented chain.
    pub intermediates: Vec<Ca>,
    kind: KeyKind,
}

impl Hierarchy {
    /// As many issuers as a path has above its leaf, the root included.
    pub fn new(kind: KeyKind, issuers: usize) -> Self {
        let root = Ca::root(CaSpec::new("root").kind(kind));
        let mut intermediates = Vec::<Ca>::new();
        for index in 1..issuers {
            let issuer = intermediates.first().unwrap_or(&root);
            let next = issuer.sub(CaSpec::new(&format!("intermediate {index}")).kind(kind));
            intermediates.insert(0, next);
        }
        Self { root, intermediates, kind }
    }

    pub fn roots(&self) -> Roots {
        Roots::from_der([self.root.der()]).unwrap()
    }

    /// Whose CRL says whether a leaf is revoked.
    pub fn issuer(&self) -> &Ca {
        self.intermediates.first().unwrap_or(&self.root)
    }

    pub fn client(&self, eku: Eku) -> Vec<CertificateDer<'static>> {
        self.present(&self.issuer().leaf(self.client_spec(eku)))
    }

    /// As many clients as are asked for, with one key and a certificate of its own each.
    pub fn clients(&self, eku: Eku, count: usize) -> Vec<Vec<CertificateDer<'static>>> {
        let key = Arc::clone(&self.leaf(self.client_spec(eku.clone())).key);
        (0..count)
            .map(|_| self.client_spec(eku.clone()).key(&key))
            .map(|spec| self.present(&self.leaf(spec)))
            .collect()
    }

    pub fn client_spec(&self, eku: Eku) -> LeafSpec {
        LeafSpec::new("client").dns(CLIENT).eku(eku).kind(self.kind)
    }

    pub fn server_spec(&self) -> LeafSpec {
        let spec = LeafSpec::new("server").dns(SERVER);
        spec.eku(Eku::server()).kind(self.kind)
    }

    pub fn leaf(&self, spec: LeafSpec) -> Leaf {
        self.issuer().leaf(spec)
    }

    /// What the holder of the leaf presents: everything but the root.
    pub fn present(&self, leaf: &Leaf) -> Vec<CertificateDer<'static>> {
        let issuers: Vec<_> = self.intermediates.iter().collect();
        leaf.chain(&issuers)
    }
}

/// So many roots of other names. They share a key, which nobody looks at.
pub fn other_roots(count: usize) -> Vec<CertificateDer<'static>> {
    let key = Ca::root_named("other").key;
    (0..count)
        .map(|index| CaSpec::new(&format!("other root {index}")).key(&key))
        .map(|spec| Ca::root(spec).der())
        .collect()
}

/// So many roots of the name of every [`Hierarchy::root`], each with a key of its own.
pub fn namesakes(count: usize) -> Vec<CertificateDer<'static>> {
    (0..count).map(|_| Ca::root_named("root").der()).collect()
}

/// One chain in several buffers, in turn. A peer that comes back sends its bytes again: the same
/// address each time would flatter whoever remembers.
pub struct Copies {
    chains: Vec<Vec<CertificateDer<'static>>>,
    turn: usize,
}

impl Copies {
    pub fn of(chain: &[CertificateDer<'static>]) -> Self {
        Self { chains: vec![chain.to_vec(); 8], turn: 0 }
    }

    /// The next copy.
    pub fn deal(&mut self) -> &[CertificateDer<'static>] {
        self.turn = (self.turn + 1) % self.chains.len();
        &self.chains[self.turn]
    }
}
