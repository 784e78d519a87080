//! The files of both ends: one private CA, and a certificate of each kind for each end.

use std::net::SocketAddr;
use std::path::PathBuf;

use time::OffsetDateTime;
use time::macros::datetime;

use crate::common::files::TempDir;
use crate::common::pki::{Ca, CaSpec, Eku, LeafSpec};

/// What the extended key usage of a leaf lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    ServerAuth,
    ClientAuth,
    Combined,
}

impl Kind {
    pub const ALL: [Self; 3] = [Self::ServerAuth, Self::ClientAuth, Self::Combined];

    pub fn name(self) -> &'static str {
        match self {
            Self::ServerAuth => "serverAuth",
            Self::ClientAuth => "clientAuth",
            Self::Combined => "both",
        }
    }

    fn eku(self) -> Eku {
        match self {
            Self::ServerAuth => Eku::server(),
            Self::ClientAuth => Eku::client(),
            Self::Combined => Eku::both(),
        }
    }
}

/// A chain and its key.
#[derive(Clone)]
pub struct Pair {
    pub chain: PathBuf,
    pub key: PathBuf,
    /// Both in one file, as HAProxy wants them.
    pub both: PathBuf,
}

pub struct Certificates {
    pub folder: TempDir,
    pub root: PathBuf,
}

/// What a peer is told, as client or as server.
pub struct End<'a> {
    pub certificates: &'a Certificates,
    pub own: Pair,
    /// `1.2` or `1.3`.
    pub version: &'static str,
    /// The server to call; or the plain-text service, for those that are relays.
    pub to: SocketAddr,
}

/// The name of the other end.
pub const PEER: &str = "edge.example.com";
/// Real peers read the machine's clock.
const ALWAYS: (OffsetDateTime, OffsetDateTime) =
    (datetime!(2026-01-01 0:00 UTC), datetime!(2045-01-01 0:00 UTC));

impl Certificates {
    pub fn make() -> Self {
        let folder = TempDir::new();
        let (begin, end) = ALWAYS;
        let root = Ca::root(CaSpec::new("Private Root").valid(begin, end));
        let issuer = root.sub(CaSpec::new("Private Issuer").valid(begin, end));
        for (owner, name) in [("ours", "core.example.com"), ("theirs", PEER)] {
            for kind in Kind::ALL {
                let leaf = LeafSpec::new(name).dns(name).dns("localhost").eku(kind.eku());
                let leaf = issuer.leaf(leaf.valid(begin, end));
                let chain = leaf.cert_pem() + &issuer.pem();
                let stem = format!("{owner}-{}", kind.name());
                folder.write(&format!("{stem}.pem"), &chain);
                folder.write(&format!("{stem}.key"), leaf.key_pem());
                folder.write(&format!("{stem}.both"), chain + &leaf.key_pem());
            }
        }
        let root = folder.write("root.pem", root.pem());
        Self { folder, root }
    }

    pub fn ours(&self, kind: Kind) -> Pair {
        self.pair("ours", kind)
    }

    pub fn theirs(&self, kind: Kind) -> Pair {
        self.pair("theirs", kind)
    }

    fn pair(&self, owner: &str, kind: Kind) -> Pair {
        let file = |end| self.folder.join(&format!("{owner}-{}.{end}", kind.name()));
        Pair { chain: file("pem"), key: file("key"), both: file("both") }
    }
}
