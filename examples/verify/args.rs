//! The command line.

use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use clap::{ArgGroup, Parser, ValueEnum};
use mtls_roles::PeerRule;
use rustls::pki_types::{ServerName, UnixTime};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

const MORE: &str = "\
RULE is one of
  dns:edge.example.com      a DNS name of the certificate, or dns:*.example.com
  uri:spiffe://example.org/edge
  uri:sip:example.com       any URI, byte for byte
  spiffe-trust-domain:example.org
  email:alice@example.com
  ip:192.0.2.1
  spki-sha256:HEX           SHA-256 of its public key (SubjectPublicKeyInfo)
  cert-sha256:HEX           SHA-256 of the certificate
and each of them may be bound to the key of an issuer or root
  RULE under spki-sha256:HEX

Examples (among the sources, write `cargo run --example verify --` for `verify`)
  Will my renewed certificate still do as a client?
    verify --role client --roots clients-ca.pem renewed.pem
  Will it, if the server ignores the EKU for this one peer until a date?
    verify --role client --roots clients-ca.pem --eku ignore --until 2027-03-15T00:00:00Z \\
        --relax-for dns:edge.example.com renewed.pem
  Is a server's chain good for its name, on some day?
    verify --role server --roots ca.pem --name www.example.com --time 2027-01-01T00:00:00Z chain.pem
  Is a server in my mesh who it has to be, whatever its address is?
    verify --role server --roots mesh-ca.pem --expect uri:spiffe://example.org/ns/a/sa/b chain.pem
  Would my client slot take the renewed certificate, and is anything in its file superfluous?
    verify --role client --key renewed.key renewed.pem
  From standard input, for a program:
    cat chain.pem | verify --role client --roots clients-ca.pem --format json -

Exit codes
  0  accepted, or fit to be presented; both, if both was asked
  1  refused, or unfit
  2  wrong usage, a policy that must not be built, or input that cannot be read completely

The signature of a handshake is not part of a chain: whether the peer holds the key of its
certificate, only a connection shows.";

/// Would this certificate chain be accepted or presented, in this role, under this policy?
#[derive(Parser)]
#[command(name = "verify", after_help = MORE)]
#[command(group(ArgGroup::new("question").args(["roots", "key"]).required(true).multiple(true)))]
pub struct Args {
    /// The side that the holder of the chain plays
    #[arg(long)]
    pub role: Role,

    /// PEM file with the root certificates that the peer trusts: would it accept the chain?
    #[arg(long, value_name = "ROOTS.pem")]
    pub roots: Option<PathBuf>,

    /// PEM file with the private key of the chain, which may be the same file: would a slot present both,
    /// and what would it note?
    #[arg(long, value_name = "KEY")]
    pub key: Option<PathBuf>,

    /// Policy for the extended key usage (EKU)
    #[arg(long, default_value = "rfc5280")]
    pub eku: Eku,

    /// End of a relaxed EKU policy; from then on it is rfc5280
    #[arg(long, value_name = "RFC3339", value_parser = rfc3339)]
    pub until: Option<OffsetDateTime>,

    /// The name that was connected to; needed for --role server with --roots, or else --expect
    #[arg(long, requires = "roots", value_parser = server_name)]
    pub name: Option<ServerName<'static>>,

    /// Who the server has to be, in place of --name, as in a SPIFFE mesh: a RULE. Repeatable
    #[arg(long, value_name = "RULE", requires = "roots", conflicts_with = "name")]
    pub expect: Vec<PeerRule>,

    /// Who may connect as a client; everybody under the roots if not given. Repeatable
    #[arg(long, value_name = "RULE", requires = "roots")]
    pub allow: Vec<PeerRule>,

    /// Whose EKU may be wrong under a relaxed policy: a RULE or any-private-peer. Repeatable
    #[arg(long, value_name = "RULE", requires = "roots")]
    pub relax_for: Vec<RelaxFor>,

    /// PEM file with revocation lists; the whole path is checked, and an unknown status refused
    #[arg(long, value_name = "FILE.pem", requires = "roots")]
    pub crls: Option<PathBuf>,

    /// Use revocation lists after their nextUpdate, as rustls does by default
    #[arg(long, requires = "crls")]
    pub allow_expired_crls: bool,

    /// Check paths as rustls alone does, without the checks of this crate (stock_path_checks())
    #[arg(long, requires = "roots")]
    pub stock: bool,

    /// The instant to verify at; now if not given
    #[arg(long, value_name = "RFC3339")]
    pub time: Option<At>,

    /// What is printed
    #[arg(long, default_value = "text")]
    pub format: Format,

    /// PEM file with the chain, leaf first; `-` is standard input
    #[arg(value_name = "CHAIN.pem")]
    pub chain: PathBuf,
}

#[derive(Clone, Copy, ValueEnum)]
pub enum Role {
    Client,
    Server,
}

impl From<Role> for mtls_roles::Role {
    fn from(role: Role) -> Self {
        match role {
            Role::Client => Self::Client,
            Role::Server => Self::Server,
        }
    }
}

#[derive(Clone, Copy, ValueEnum)]
pub enum Eku {
    #[value(name = "rfc5280")]
    Rfc5280,
    Strict,
    AcceptServerAuth,
    Ignore,
}

#[derive(Clone, Copy, ValueEnum)]
pub enum Format {
    Text,
    Json,
}

#[derive(Clone)]
pub enum RelaxFor {
    Peer(PeerRule),
    AnyPrivatePeer,
}

impl FromStr for RelaxFor {
    type Err = mtls_roles::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "any-private-peer" => Ok(Self::AnyPrivatePeer),
            rule => rule.parse().map(Self::Peer),
        }
    }
}

/// An instant in the type that rustls uses.
#[derive(Clone, Copy)]
pub struct At(pub UnixTime);

impl FromStr for At {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let seconds = rfc3339(text)?.unix_timestamp().try_into();
        let seconds = seconds.map_err(|_| "an instant before 1970 cannot be verified at")?;
        Ok(Self(UnixTime::since_unix_epoch(Duration::from_secs(seconds))))
    }
}

fn rfc3339(text: &str) -> Result<OffsetDateTime, String> {
    let needed = |error| format!("{error}; needed is RFC 3339, as in 2027-03-15T00:00:00Z");
    OffsetDateTime::parse(text, &Rfc3339).map_err(needed)
}

fn server_name(text: &str) -> Result<ServerName<'static>, String> {
    let refused = |_| "this is neither a DNS name nor an IP address".to_owned();
    ServerName::try_from(text.to_owned()).map_err(refused)
}
