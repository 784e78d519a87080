//! Reads a file and refuses what contradicts itself.

use std::fs::File as Disk;
use std::io::{self, Read};
use std::ops::Range;
use std::path::{Path, PathBuf};

use mtls_roles::PeerRule;

use super::{
    Accept, ClientAuth, Config, Failure, Originate, Pair, Place, Spanned, Text, TlvKind, Tunnel,
};

impl Config {
    /// From a file; its paths are relative to its folder.
    ///
    /// # Errors
    ///
    /// It cannot be read, has an unknown key or a value that is not understood, or contradicts
    /// itself. The certificates it names are not read here.
    pub fn read(file: &Path) -> Result<Self, Failure> {
        let place = Place::new(file, "");
        let text = text(file).map_err(|error| place.fails(error))?;
        let place = Place::new(file, &text);
        let mut config: Self = toml::from_str(&text).map_err(|error| {
            let why = in_words(&error.message().replace('\n', "; "));
            match error.span() {
                Some(span) => place.fails_at(span, why),
                None => place.fails(why),
            }
        })?;
        config.place = place;
        config.resolve_paths();
        config.check()?;
        Ok(config)
    }

    fn resolve_paths(&mut self) {
        let place = self.place.clone();
        let paths = self.tunnels.iter_mut().flat_map(Tunnel::paths);
        paths.for_each(|path| *path.get_mut() = place.resolve(path.get_ref()));
    }

    fn check(&self) -> Result<(), Failure> {
        let fails = |span: Range<usize>, why: &str| Err(self.place.fails_at(span, why));
        if self.tunnels.is_empty() {
            return Err(self.place.fails("there is no [[tunnel]]; needed is at least one"));
        }
        if let Some(admin) = &self.admin
            && !admin.get_ref().ip().is_loopback()
            && !self.unsafe_admin
        {
            return fails(
                admin.span(),
                "admin is not a loopback address, and what it shows is for operators only; \
                 needed is 127.0.0.1 or [::1], or unsafe_admin = true",
            );
        }
        for (index, tunnel) in self.tunnels.iter().enumerate() {
            let others = &self.tunnels[..index];
            if others.iter().any(|other| other.name == tunnel.name) {
                return fails(
                    tunnel.name.span(),
                    "two tunnels have this name; needed is one of its own",
                );
            }
            let port = tunnel.listen.get_ref();
            if port.port() != 0 && others.iter().any(|other| other.listen.get_ref() == port) {
                return fails(
                    tunnel.listen.span(),
                    "two tunnels listen here; needed is an address of its own",
                );
            }
            tunnel.check().or_else(|(span, why)| fails(span, why))?;
        }
        Ok(())
    }
}

/// What contradicts itself, and where.
type Contradiction = (Range<usize>, &'static str);

impl Tunnel {
    fn paths(&mut self) -> Vec<&mut Spanned<PathBuf>> {
        let accept = self.accept.as_mut().map(|accept| accept.get_mut().paths());
        let originate = self.originate.as_mut().map(|originate| originate.get_mut().paths());
        accept.into_iter().chain(originate).flatten().collect()
    }

    fn check(&self) -> Result<(), Contradiction> {
        let fails = |why| Err((self.name.span(), why));
        if self.name.get_ref().is_empty() {
            return fails("the name is empty");
        }
        if self.accept.is_none() && self.originate.is_none() {
            return fails(
                "it has no TLS on either side; needed is [tunnel.accept], [tunnel.originate] or both",
            );
        }
        if self.max_connections == 0 {
            return fails("max_connections is 0; needed is at least 1");
        }
        if !self.proxy_tlvs.is_empty() && self.proxy_protocol.is_none() {
            return fails(
                "proxy_tlvs are set and proxy_protocol is not; needed is proxy_protocol = \"v2\"",
            );
        }
        if self.proxy_tlvs.contains(&TlvKind::Certificate)
            && !self.proxy_tlvs.contains(&TlvKind::Ssl)
        {
            return fails(
                "the TLV \"certificate\" is a part of \"ssl\"; needed in proxy_tlvs are both",
            );
        }
        self.accept.as_ref().map_or(Ok(()), |accept| accept.get_ref().check(accept.span()))?;
        self.originate
            .as_ref()
            .map_or(Ok(()), |originate| originate.get_ref().check(originate.span()))
    }
}

impl Accept {
    /// What it names, with its place.
    pub fn files(&self) -> Vec<Spanned<PathBuf>> {
        self.clone().paths().into_iter().map(|path| path.clone()).collect()
    }

    fn paths(&mut self) -> Vec<&mut Spanned<PathBuf>> {
        let pairs = self.certificates.iter_mut().flat_map(|pair| {
            let Pair { chain, key, password_file } = pair.get_mut();
            [Some(chain), key.as_mut(), password_file.as_mut()]
        });
        let own = [&mut self.chain, &mut self.key, &mut self.password_file];
        let peers = [&mut self.client_roots, &mut self.crls];
        own.into_iter().chain(peers).map(Option::as_mut).chain(pairs).flatten().collect()
    }

    fn check(&self, span: Range<usize>) -> Result<(), Contradiction> {
        let fails = |why| Err((span.clone(), why));
        let has_own = self.chain.is_some() || self.key.is_some() || self.password_file.is_some();
        if has_own != self.certificates.is_empty() {
            return fails("[tunnel.accept] needs chain and key, or certificates in their place");
        }
        check_alpn(&self.alpn)?;
        check_relaxed(self.eku.is_some(), &self.relax_for, &span)?;
        check_pair(&self.chain, &self.key, &self.password_file, span.clone())?;
        for pair in &self.certificates {
            let (span, Pair { chain, key, password_file }) = (pair.span(), pair.get_ref());
            check_pair(&Some(chain.clone()), key, password_file, span)?;
        }
        let judges = self.crls.is_some()
            || self.eku.is_some()
            || !self.relax_for.is_empty()
            || !self.allow.is_empty();
        match (self.client_auth, &self.client_roots) {
            (ClientAuth::None, None) if !judges => Ok(()),
            (ClientAuth::None, _) => fails(JUDGES_NOBODY),
            (_, Some(_)) => Ok(()),
            (_, None) => fails(NO_CLIENT_ROOTS),
        }
    }
}

impl Originate {
    /// What it names, with its place.
    pub fn files(&self) -> Vec<Spanned<PathBuf>> {
        self.clone().paths().into_iter().map(|path| path.clone()).collect()
    }

    fn paths(&mut self) -> Vec<&mut Spanned<PathBuf>> {
        let roots = Some(&mut self.server_roots).filter(|roots| !is_public(roots.get_ref()));
        let rest = [&mut self.crls, &mut self.chain, &mut self.key, &mut self.password_file];
        roots.into_iter().chain(rest.into_iter().flatten()).collect()
    }

    /// Whether the roots are those of the web.
    pub fn trusts_the_web(&self) -> bool {
        is_public(self.server_roots.get_ref())
    }

    fn check(&self, span: Range<usize>) -> Result<(), Contradiction> {
        check_alpn(&self.alpn)?;
        check_relaxed(self.eku.is_some(), &self.relax_for, &span)?;
        check_pair(&self.chain, &self.key, &self.password_file, span)
    }
}

type File = Option<Spanned<PathBuf>>;

/// A chain with its key; an archive, which is opened by a password, has both; or nothing.
fn check_pair(
    chain: &File,
    key: &File,
    password_file: &File,
    span: Range<usize>,
) -> Result<(), Contradiction> {
    let has_secret = key.is_some() || password_file.is_some();
    match chain.is_some() == has_secret {
        true => Ok(()),
        false => Err((
            span,
            "a chain needs its key, and a key its chain; a PKCS#12 archive as chain needs password_file",
        )),
    }
}

/// TLS counts the bytes of a protocol's name in one (RFC 7301, 3.1).
fn check_alpn(protocols: &[Spanned<String>]) -> Result<(), Contradiction> {
    let is_wrong = |name: &&Spanned<String>| !(1..=255).contains(&name.get_ref().len());
    match protocols.iter().find(is_wrong) {
        Some(name) => Err((name.span(), "the name of a protocol has 1 to 255 bytes")),
        None => Ok(()),
    }
}

fn check_relaxed(
    has_policy: bool,
    relax_for: &[Text<PeerRule>],
    span: &Range<usize>,
) -> Result<(), Contradiction> {
    match has_policy || relax_for.is_empty() {
        true => Ok(()),
        false => Err((span.clone(), RELAXES_NOTHING)),
    }
}

/// More than anybody has written by hand; of a device without end no more is read.
const LONGEST: u64 = 4 << 20;

fn text(file: &Path) -> io::Result<String> {
    let mut text = String::new();
    Disk::open(file)?.take(LONGEST + 1).read_to_string(&mut text)?;
    match text.len() as u64 > LONGEST {
        true => Err(io::Error::other("larger than 4 MiB, which no file of the proxy is")),
        false => Ok(text),
    }
}

/// What the readers of TOML and of addresses say, and what an operator has to write in its place.
fn in_words(why: &str) -> String {
    let needed = [
        ("invalid socket address", "an IP address and a port, as in 127.0.0.1:5061 or [::]:5061"),
        ("expected socket address", "an IP address and a port, as in \"127.0.0.1:5061\""),
        ("invalid IP address", "a network, as in 10.0.0.0/8, or 10.0.0.7/32 for one address"),
        ("map, expected a sequence", "a list: of tunnels, each begins with [[tunnel]]"),
        ("expected a sequence", "a list, as in [\"dns:edge.example.com\"]"),
        ("expected usize", "a whole number that is not negative"),
        ("expected a string", "text in quotation marks, as in \"10s\""),
        ("wanted string or table", "text in quotation marks"),
    ];
    match needed.iter().find(|(said, _)| why.contains(said)) {
        Some((_, needed)) => format!("{why}; needed is {needed}"),
        None => why.to_owned(),
    }
}

fn is_public(roots: &Path) -> bool {
    roots == Path::new("public")
}

const RELAXES_NOTHING: &str = "relax_for says whose EKU may be wrong, and no eku says that one may be; needed \
                               is eku = \"ignore until 2027-03-15\", with a date of your own";
const JUDGES_NOBODY: &str = "[tunnel.accept] asks for no client certificate and says how to judge \
                             one; needed is client_auth = \"required\" or \"optional\"";
const NO_CLIENT_ROOTS: &str = "[tunnel.accept] needs client_roots, the roots of those who may \
                               connect; or client_auth = \"none\"";
