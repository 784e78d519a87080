//! [`Config`]: what the file says, and where it stands in the file.

mod place;
mod span;
mod text;
mod read;

use std::net::SocketAddr;
use std::path::PathBuf;

use ipnet::IpNet;
use mtls_roles::{EkuPolicy, PeerRule};
use serde::Deserialize;
pub use toml::Spanned;

pub use self::place::{Failure, Place};
pub use self::span::Span;
pub use self::text::{Host, Name, Text};

/// A file of the proxy. Every key has its meaning beside it; unknown keys are errors.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Where metrics and the page are served; loopback only.
    pub admin: Option<Spanned<SocketAddr>>,
    /// Lets `admin` be reached from other machines. It shows who connects, to anybody who asks.
    #[serde(default)]
    pub unsafe_admin: bool,
    /// How often the contents of files are compared. SIGHUP compares at once.
    #[serde(default = "Span::ten_seconds")]
    pub reload: Span,
    /// How long open connections may last after SIGTERM.
    #[serde(default = "Span::thirty_seconds")]
    pub drain: Span,
    #[serde(default)]
    pub log: Log,
    #[serde(default, rename = "tunnel")]
    pub tunnels: Vec<Tunnel>,
    /// Where this was read.
    #[serde(skip)]
    pub place: Place,
}

#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct Log {
    #[serde(default)]
    pub format: LogFormat,
}

#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub enum LogFormat {
    #[default]
    Text,
    Json,
}

/// One listener and what is done with its connections.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Tunnel {
    pub name: Spanned<String>,
    pub listen: Spanned<SocketAddr>,
    /// Resolved for each connection; its addresses are tried in turn.
    pub connect: Text<Host>,
    /// For everything that comes before the first byte: the PROXY header and both handshakes, each.
    #[serde(default = "Span::ten_seconds")]
    pub handshake_timeout: Span,
    /// For each address.
    #[serde(default = "Span::ten_seconds")]
    pub connect_timeout: Span,
    /// Without a byte in either direction.
    #[serde(default = "Span::one_hour")]
    pub idle_timeout: Span,
    /// Those that are more wait in the listener's queue.
    #[serde(default = "ten_thousand")]
    pub max_connections: usize,
    /// Tells the backend who connects.
    pub proxy_protocol: Option<ProxyProtocol>,
    #[serde(default)]
    pub proxy_tlvs: Vec<TlvKind>,
    /// From whom a PROXY header is required, and nobody else's is read.
    #[serde(default)]
    pub accept_proxy_protocol: Vec<IpNet>,
    #[serde(default)]
    pub on_truncation: OnTruncation,
    /// TLS towards those who connect; absent: plain text.
    pub accept: Option<Spanned<Accept>>,
    /// TLS towards `connect`; absent: plain text.
    pub originate: Option<Spanned<Originate>>,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub enum ProxyProtocol {
    V2,
}

/// What is said beside the addresses.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub enum TlvKind {
    Ssl,
    Alpn,
    UniqueId,
    Eku,
    /// The client's whole certificate, inside `ssl`: a header of more than a kilobyte, which some
    /// readers refuse (nginx 1.22).
    Certificate,
}

/// What follows a connection that ended in the middle: FIN without close_notify, or RST.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub enum OnTruncation {
    /// What came is delivered, then the other side is reset: a cut message never looks whole.
    #[default]
    Reset,
    /// As a clean end. For peers that never say goodbye.
    Close,
}

/// TLS towards those who connect: we are the server.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Accept {
    /// In PEM, leaf first; or a PKCS#12 archive, which has the key, too.
    pub chain: Option<Spanned<PathBuf>>,
    pub key: Option<Spanned<PathBuf>>,
    /// Its first line opens the key, or the archive.
    pub password_file: Option<Spanned<PathBuf>>,
    /// In place of `chain` and `key`: several, chosen by name and signature scheme.
    #[serde(default)]
    pub certificates: Vec<Spanned<Pair>>,
    #[serde(default)]
    pub alpn: Vec<Spanned<String>>,
    /// How our own EKU is judged: a certificate that lacks serverAuth is refused unless this is
    /// relaxed.
    pub present_eku: Option<Text<EkuPolicy>>,
    #[serde(default)]
    pub client_auth: ClientAuth,
    pub client_roots: Option<Spanned<PathBuf>>,
    pub crls: Option<Spanned<PathBuf>>,
    pub eku: Option<Spanned<Text<EkuPolicy>>>,
    #[serde(default)]
    pub relax_for: Vec<Text<PeerRule>>,
    /// Who may connect; without any, everybody below `client_roots`.
    #[serde(default)]
    pub allow: Vec<Text<PeerRule>>,
}

#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Pair {
    pub chain: Spanned<PathBuf>,
    pub key: Option<Spanned<PathBuf>>,
    pub password_file: Option<Spanned<PathBuf>>,
}

impl Accept {
    /// What is presented, the first one where nothing tells which.
    pub fn pairs(&self) -> Vec<Pair> {
        let (key, password_file) = (self.key.clone(), self.password_file.clone());
        let single = self.chain.clone().map(|chain| Pair { chain, key, password_file });
        let several = self.certificates.iter().map(|pair| pair.get_ref().clone());
        single.into_iter().chain(several).collect()
    }
}

#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub enum ClientAuth {
    #[default]
    Required,
    Optional,
    None,
}

/// TLS towards `connect`: we are the client.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Originate {
    /// For SNI and, unless `expect` names the server, for its certificate. Absent: the host of
    /// `connect`.
    pub server_name: Option<Text<Name>>,
    /// A file, or `public`.
    pub server_roots: Spanned<PathBuf>,
    /// In place of the name: any of these.
    #[serde(default)]
    pub expect: Vec<Text<PeerRule>>,
    #[serde(default)]
    pub alpn: Vec<Spanned<String>>,
    pub crls: Option<Spanned<PathBuf>>,
    pub eku: Option<Spanned<Text<EkuPolicy>>>,
    #[serde(default)]
    pub relax_for: Vec<Text<PeerRule>>,
    /// Absent: no client certificate.
    pub chain: Option<Spanned<PathBuf>>,
    pub key: Option<Spanned<PathBuf>>,
    pub password_file: Option<Spanned<PathBuf>>,
    /// How our own EKU is judged: a certificate that lacks clientAuth is refused unless this is
    /// relaxed. For a peer that ignores the EKU, as long as it does.
    pub present_eku: Option<Text<EkuPolicy>>,
}

impl Originate {
    /// What is presented, if anything is.
    pub fn pair(&self) -> Option<Pair> {
        let (key, password_file) = (self.key.clone(), self.password_file.clone());
        self.chain.clone().map(|chain| Pair { chain, key, password_file })
    }
}

fn ten_thousand() -> usize {
    10_000
}
