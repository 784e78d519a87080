//! The chains of the EKU matrix: every EKU on the leaf, under every EKU on no, one or two intermediates.
// Several test binaries compile this, and each uses a part of it.
#![allow(dead_code)]

use std::sync::Arc;

use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::common::pki::{Ca, CaSpec, Eku, KeyPair, Kp, LeafSpec};

/// The DNS name of every leaf.
pub const NAME: &str = "peer.example";

/// What the EKU extension of one certificate looks like.
#[derive(Debug, PartialEq, Eq)]
pub struct Shape {
    /// For row ids.
    pub name: &'static str,
    /// In the order of the certificate; `None` without the extension.
    pub purposes: Option<&'static [Kp]>,
    is_critical: bool,
}

/// On leaves; on issuers the first seven.
pub static SHAPES: [Shape; 11] = [
    Shape::of("none", None),
    Shape::of("server", Some(&[Kp::ServerAuth])),
    Shape::of("client", Some(&[Kp::ClientAuth])),
    Shape::of("both", Some(&[Kp::ServerAuth, Kp::ClientAuth])),
    Shape::of("any", Some(&[Kp::Any])),
    Shape::of("code", Some(&[Kp::CodeSigning])),
    Shape::of("empty", Some(&[])),
    Shape::of("server+any", Some(&[Kp::ServerAuth, Kp::Any])),
    Shape::of("email", Some(&[Kp::EmailProtection])),
    Shape { is_critical: true, ..Shape::of("critical-server", Some(&[Kp::ServerAuth])) },
    Shape { is_critical: true, ..Shape::of("critical-client", Some(&[Kp::ClientAuth])) },
];

impl Shape {
    const fn of(name: &'static str, purposes: Option<&'static [Kp]>) -> Self {
        Self { name, purposes, is_critical: false }
    }

    /// Which RFC 5280 does not allow.
    pub fn is_empty(&self) -> bool {
        self.purposes.is_some_and(<[Kp]>::is_empty)
    }

    fn eku(&self) -> Eku {
        match self.purposes.map(<[Kp]>::to_vec) {
            None => Eku::Absent,
            Some(purposes) if self.is_critical => Eku::Critical(purposes),
            Some(purposes) => Eku::Purposes(purposes),
        }
    }
}

/// One chain as a peer presents it.
pub struct Chain {
    /// Leaf first: `server<-none<-client`.
    pub id: String,
    /// Leaf first, without the root.
    pub path: Vec<&'static Shape>,
    pub ders: Vec<CertificateDer<'static>>,
}

/// All chains under one root.
///
/// Certificates at the same place have the same subject and the same key, so that one leaf fits under every first
/// intermediate, and every first one under every second.
pub struct Chains {
    pub root: Ca,
    pub all: Vec<Chain>,
    leaf_key: Arc<KeyPair>,
}

impl Chains {
    pub fn new() -> Self {
        let root = Ca::root_named("root");
        let (first, second) = (root.sub(CaSpec::new("first")), root.sub(CaSpec::new("second")));
        let leaf_key = root.leaf(LeafSpec::new("leaf")).key;
        let leaves = |issuer: &Ca| {
            SHAPES.each_ref().map(|shape| {
                let spec = LeafSpec::new("leaf").dns(NAME).key(&leaf_key);
                (shape, issuer.leaf(spec.eku(shape.eku())).der())
            })
        };
        let subs = |name: &str, issuer: &Ca, key: &Arc<KeyPair>| {
            let sub = |shape: &'static Shape| {
                let spec = CaSpec::new(name).key(key).eku(shape.eku());
                (shape, issuer.sub(spec).der())
            };
            SHAPES[..7].iter().map(sub).collect::<Vec<_>>()
        };
        let (direct, below) = (leaves(&root), leaves(&first));
        let (firsts, firsts_below) =
            (subs("first", &root, &first.key), subs("first", &second, &first.key));
        let seconds = subs("second", &root, &second.key);

        let mut all: Vec<_> = direct.iter().map(|leaf| Chain::of(&[leaf])).collect();
        for leaf in &below {
            all.extend(firsts.iter().map(|sub| Chain::of(&[leaf, sub])));
            for first in &firsts_below {
                let differ = seconds.iter().filter(|second| second.0 != first.0);
                all.extend(differ.map(|second| Chain::of(&[leaf, first, second])));
            }
        }
        Self { root, all, leaf_key }
    }

    /// The chain with the key of its leaf.
    pub fn credentials(
        &self,
        chain: &Chain,
    ) -> (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>) {
        let key = PrivateKeyDer::Pkcs8(self.leaf_key.serialize_der().into());
        (chain.ders.clone(), key)
    }
}

impl Chain {
    fn of(certificates: &[&(&'static Shape, CertificateDer<'static>)]) -> Self {
        let path: Vec<_> = certificates.iter().map(|(shape, _)| *shape).collect();
        let names: Vec<_> = path.iter().map(|shape| shape.name).collect();
        Self {
            id: names.join("<-"),
            path,
            ders: certificates.iter().map(|(_, der)| der.clone()).collect(),
        }
    }
}
