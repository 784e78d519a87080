//! A server as people write it: `edge.example.com`, `[2001:db8::1]:443`, `smtp://mail.example.com`,
//! `edge.example.com@10.0.0.5:8443`, `10.0.0.0/28:8443`.

use std::net::IpAddr;

use rustls::pki_types::ServerName;

use super::range;
use super::starttls as says;
use crate::printable::printable;

/// A server to be asked.
#[derive(Clone, Debug)]
pub struct Target {
    pub protocol: &'static Protocol,
    /// What it is asked for, if that is not its address.
    name: Option<String>,
    pub address: String,
    pub port: u16,
    /// One of a range: that nothing answers there is no finding.
    pub is_of_range: bool,
}

/// What is spoken before TLS, and where.
#[derive(Debug)]
pub struct Protocol {
    pub scheme: &'static str,
    pub port: u16,
    /// What `openssl s_client -starttls` calls it; empty: TLS from the first byte.
    pub starttls: &'static str,
    pub dialogue: &'static [says::Turn],
}

/// By scheme; the first with a port is what is spoken there.
#[rustfmt::skip]
static PROTOCOLS: [Protocol; 27] = [
    row("https",       443,  "",            says::NOTHING),
    row("tls",         443,  "",            says::NOTHING),
    row("wss",         443,  "",            says::NOTHING),
    row("smtp",        25,   "smtp",        says::SMTP),
    row("submission",  587,  "smtp",        says::SMTP),
    row("smtps",       465,  "",            says::NOTHING),
    row("submissions", 465,  "",            says::NOTHING),
    row("lmtp",        24,   "lmtp",        says::LMTP),
    row("imap",        143,  "imap",        says::IMAP),
    row("imaps",       993,  "",            says::NOTHING),
    row("pop3",        110,  "pop3",        says::POP3),
    row("pop3s",       995,  "",            says::NOTHING),
    row("ldap",        389,  "ldap",        says::LDAP),
    row("ldaps",       636,  "",            says::NOTHING),
    row("xmpp",        5222, "xmpp",        says::XMPP_CLIENT),
    row("xmpp-client", 5222, "xmpp",        says::XMPP_CLIENT),
    row("xmpp-server", 5269, "xmpp-server", says::XMPP_SERVER),
    row("postgres",    5432, "postgres",    says::POSTGRES),
    row("postgresql",  5432, "postgres",    says::POSTGRES),
    row("mysql",       3306, "mysql",       says::MYSQL),
    row("mariadb",     3306, "mysql",       says::MYSQL),
    row("ftp",         21,   "ftp",         says::FTP),
    row("ftps",        990,  "",            says::NOTHING),
    row("sieve",       4190, "sieve",       says::SIEVE),
    row("sips",        5061, "",            says::NOTHING),
    row("mqtts",       8883, "",            says::NOTHING),
    row("amqps",       5671, "",            says::NOTHING),
];

const fn row(
    scheme: &'static str,
    port: u16,
    starttls: &'static str,
    dialogue: &'static [says::Turn],
) -> Protocol {
    Protocol { scheme, port, starttls, dialogue }
}

impl Target {
    /// One server, or the servers of a range.
    pub fn read(text: &str) -> Result<Vec<Self>, String> {
        let (protocol, rest) = scheme(text)?;
        if let Some((addresses, port)) = range::read(rest)? {
            return Ok(addresses.map(|address| Self::of_range(protocol, address, port)).collect());
        }
        // What follows in an address of the web.
        let rest = rest.split(['/', '?', '#']).next().unwrap_or(rest);
        let (name, place) = match rest.rsplit_once('@') {
            Some((name, place)) => (Some(name), place),
            None => (None, rest),
        };
        let (address, port) = host_and_port(place)?;
        let target = Self::new(protocol, name.map(str::to_owned), address.to_owned(), port);
        // Both are names or addresses.
        as_server_name(&target.address)?;
        target.server_name().map(|_| vec![target])
    }

    /// Whether what is no file here looks like a server.
    pub fn is_meant_by(text: &str) -> bool {
        text.contains("://") || is_place(text) || matches!(range::read(text), Ok(Some(_)))
    }

    fn new(
        protocol: Option<&'static Protocol>,
        name: Option<String>,
        address: String,
        port: Option<u16>,
    ) -> Self {
        let port = port.or(protocol.map(|it| it.port)).unwrap_or(443);
        let by_port = || PROTOCOLS.iter().find(|it| it.port == port).unwrap_or(&PROTOCOLS[0]);
        let protocol = protocol.unwrap_or_else(by_port);
        Self { protocol, name, address, port, is_of_range: false }
    }

    fn of_range(protocol: Option<&'static Protocol>, address: IpAddr, port: Option<u16>) -> Self {
        let is_of_range = true;
        Self { is_of_range, ..Self::new(protocol, None, address.to_string(), port) }
    }

    /// What the server is asked for: not sent if it is an address.
    pub fn server_name(&self) -> Result<ServerName<'static>, String> {
        as_server_name(self.host())
    }

    /// Its name, else its address.
    pub fn host(&self) -> &str {
        self.name.as_ref().unwrap_or(&self.address)
    }

    /// `edge.example.com:443`, with a name apart from the address before it and, if TLS begins
    /// otherwise than its port tells, the protocol.
    pub fn shown(&self) -> String {
        let by_port = PROTOCOLS.iter().find(|it| it.port == self.port).unwrap_or(&PROTOCOLS[0]);
        let scheme = match by_port.starttls == self.protocol.starttls {
            true => String::new(),
            false => format!("{}://", self.protocol.scheme),
        };
        let name = self.name.iter().map(|name| format!("{name}@"));
        format!("{scheme}{}{}", name.collect::<String>(), self.place())
    }

    /// Address and port, as OpenSSL wants them, too.
    pub fn place(&self) -> String {
        match self.address.contains(':') {
            true => format!("[{}]:{}", self.address, self.port),
            false => format!("{}:{}", self.address, self.port),
        }
    }
}

fn as_server_name(name: &str) -> Result<ServerName<'static>, String> {
    ServerName::try_from(name.to_owned()).map_err(|_| match name.is_ascii() {
        true => format!("`{}` is no name of a server and no address", printable(name)),
        false => format!("`{}` is not in ASCII: write its A-label, `xn--…`", printable(name)),
    })
}

fn scheme(text: &str) -> Result<(Option<&'static Protocol>, &str), String> {
    let Some((scheme, rest)) = text.split_once("://") else {
        return Ok((None, text));
    };
    let protocol = PROTOCOLS.iter().find(|it| it.scheme.eq_ignore_ascii_case(scheme));
    let known = || PROTOCOLS.iter().map(|it| it.scheme).collect::<Vec<_>>().join(", ");
    let protocol = protocol.ok_or_else(|| format!("`{scheme}` is none of {}", known()))?;
    Ok((Some(protocol), rest))
}

/// `[2001:db8::1]:443`, `2001:db8::1`, `edge.example.com:443`, `edge.example.com`.
fn host_and_port(place: &str) -> Result<(&str, Option<u16>), String> {
    if place.parse::<IpAddr>().is_ok() {
        return Ok((place, None));
    }
    let (host, port) = match place.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((host, port)) => (host, port.strip_prefix(':').or((!port.is_empty()).then_some(port))),
        None => match place.rsplit_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (place, None),
        },
    };
    Ok((host, port.map(port_number).transpose()?))
}

pub fn port_number(text: &str) -> Result<u16, String> {
    let port = text.parse().ok().filter(|port| *port > 0);
    port.ok_or_else(|| format!("`{text}` is no port, 1 to 65535"))
}

/// A host with a port, an address, or a name that no file would have.
fn is_place(text: &str) -> bool {
    let place = text.rsplit_once('@').map_or(text, |(_, place)| place);
    if text.contains(['/', '\\', ' ']) || place.is_empty() {
        return false;
    }
    match host_and_port(place) {
        Ok((host, Some(_))) => !host.is_empty(),
        Ok((host, None)) => {
            host.parse::<IpAddr>().is_ok()
                || host == "localhost"
                || text.contains('@')
                || is_name(host)
        }
        Err(_) => false,
    }
}

/// At least two labels, of which the last is a domain and no extension.
fn is_name(host: &str) -> bool {
    const FILES: &str = " pem crt cer der key csr crl p7b p7c p7s p12 pfx jks jceks keystore \
                         truststore bks txt json yaml yml toml xml html csv conf cfg ini env log \
                         gz tgz tar zip bak old bundle cert certs chain ldif plist mobileconfig ";
    let last = host.trim_end_matches('.').rsplit_once('.').map(|(_, last)| last.to_lowercase());
    last.is_some_and(|last| {
        let is_domain = last.len() >= 2 && !last.bytes().all(|byte| byte.is_ascii_digit());
        is_domain && !FILES.contains(&format!(" {last} ")) && ServerName::try_from(host).is_ok()
    })
}
