//! The chains of the EKU matrix: every EKU on the leaf, under every EKU on no, one or two intermediates.
// Several test binaries compile this, and each uses a part of it.
#![allow(dead_code)]

use std::sync::Arc;

use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::common::pki::{Ca, CaSpec, Eku, KeyPair, Kp, LeafSpec};

/// The DNS name of every leaf.
pub const NAME: &str = "peer.example";

/// What the EKU extension of one certificate looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    None,
    Server,
    Client,
    Both,
    Any,
    ServerAny,
    Code,
    Email,
    CriticalServer,
    CriticalClient,
    Empty,
}

impl Shape {
    pub const LEAVES: [Self; 11] = [
        Self::None,
        Self::Server,
        Self::Client,
        Self::Both,
        Self::Any,
        Self::ServerAny,
        Self::Code,
        Self::Email,
        Self::CriticalServer,
        Self::CriticalClient,
        Self::Empty,
    ];
    pub const ISSUERS: [Self; 7] =
        [Self::None, Self::Server, Self::Client, Self::Both, Self::Any, Self::Code, Self::Empty];

    /// For row ids.
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Server => "server",
            Self::Client => "client",
            Self::Both => "both",
            Self::Any => "any",
            Self::ServerAny => "server+any",
            Self::Code => "code",
            Self::Email => "email",
            Self::CriticalServer => "critical-server",
            Self::CriticalClient => "critical-client",
            Self::Empty => "empty",
        }
    }

    /// The purposes in the order of the certificate; `None` without the extension.
    pub fn purposes(self) -> Option<&'static [Kp]> {
        Some(match self {
            Self::None => return None,
            Self::Server | Self::CriticalServer => &[Kp::ServerAuth],
            Self::Client | Self::CriticalClient => &[Kp::ClientAuth],
            Self::Both => &[Kp::ServerAuth, Kp::ClientAuth],
            Self::Any => &[Kp::Any],
            Self::ServerAny => &[Kp::ServerAuth, Kp::Any],
            Self::Code => &[Kp::CodeSigning],
            Self::Email => &[Kp::EmailProtection],
            Self::Empty => &[],
        })
    }

    pub fn eku(self) -> Eku {
        match (self, self.purposes()) {
            (_, None) => Eku::Absent,
            (Self::CriticalServer | Self::CriticalClient, Some(kps)) => Eku::Critical(kps.to_vec()),
            (_, Some([])) => Eku::Empty,
            (_, Some(kps)) => Eku::Purposes(kps.to_vec()),
        }
    }
}

/// One chain as a peer presents it.
pub struct Chain {
    /// Leaf first: `server<-none<-client`.
    pub id: String,
    /// Leaf first, without the root.
    pub path: Vec<Shape>,
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
            Shape::LEAVES.map(|shape| {
                let spec = LeafSpec::new("leaf").dns(NAME).key(&leaf_key);
                (shape, issuer.leaf(spec.eku(shape.eku())).der())
            })
        };
        let subs = |name: &str, issuer: &Ca, key: &Arc<KeyPair>| {
            Shape::ISSUERS.map(|shape| {
                let spec = CaSpec::new(name).key(key).eku(shape.eku());
                (shape, issuer.sub(spec).der())
            })
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

    /// The chain of this id.
    pub fn get(&self, id: &str) -> &Chain {
        let found = self.all.iter().find(|chain| chain.id == id);
        found.unwrap_or_else(|| panic!("no chain {id}"))
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
    fn of(certificates: &[&(Shape, CertificateDer<'static>)]) -> Self {
        let path: Vec<_> = certificates.iter().map(|(shape, _)| *shape).collect();
        let names: Vec<_> = path.iter().map(|shape| shape.name()).collect();
        Self {
            id: names.join("<-"),
            path,
            ders: certificates.iter().map(|(_, der)| der.clone()).collect(),
        }
    }
}
