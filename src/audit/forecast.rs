//! [`Forecast`]: which TLS stacks would accept a chain as server and as client.

use std::fmt;

use crate::role::Role;

/// Which TLS stacks would accept a chain as server and as client, as far as EKU, key usage and
/// Netscape certificate type decide it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Forecast {
    obstacles: Vec<(Stack, Role, Obstacle)>,
}

impl Forecast {
    /// Whether a stack would accept the chain in a role.
    pub fn accepts(&self, stack: Stack, role: Role) -> bool {
        self.obstacle(stack, role).is_none()
    }

    /// Why a stack would refuse it.
    pub fn obstacle(&self, stack: Stack, role: Role) -> Option<&Obstacle> {
        let mut obstacles = self.obstacles.iter();
        obstacles.find_map(|(by, as_role, obstacle)| {
            (*by == stack && *as_role == role).then_some(obstacle)
        })
    }
}

/// A TLS implementation that verifies chains.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Stack {
    /// rustls with rustls-webpki 0.103.
    Rustls,
    /// OpenSSL 3.
    OpenSsl,
    /// Go's crypto/x509.
    Go,
    /// Java's PKIX trust manager.
    Java,
    /// GnuTLS 3.7 and later, with a purpose given.
    GnuTls,
}

impl Stack {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Rustls,
        Self::OpenSsl,
        Self::Go,
        Self::Java,
        Self::GnuTls,
    ];

    /// The stable name in reports: `rustls`, `openssl`, `go`, `java`, `gnutls`.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Rustls => "rustls",
            Self::OpenSsl => "openssl",
            Self::Go => "go",
            Self::Java => "java",
            Self::GnuTls => "gnutls",
        }
    }
}

impl fmt::Display for Stack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Rustls => "rustls",
            Self::OpenSsl => "OpenSSL",
            Self::Go => "Go",
            Self::Java => "Java",
            Self::GnuTls => "GnuTLS",
        })
    }
}

/// Why a stack would refuse a chain.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Obstacle {
    /// Stable name of the rule.
    pub rule: &'static str,
    /// Which certificate of the chain: 0 is the leaf.
    pub position: usize,
    /// For people; control characters are escaped.
    pub reason: String,
}

impl fmt::Display for Obstacle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reason)
    }
}
