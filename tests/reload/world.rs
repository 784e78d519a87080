//! A folder of files, a recipe over it, and handshakes of its generations with themselves.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::common::clock::{Clock, NOW};
use crate::common::files::TempDir;
use crate::common::ours::Heard;
use crate::common::pki::{Ca, CrlSpec, Eku, Leaf, LeafSpec};
use crate::common::tls::{handshake_in_memory, provider};
use mtls_roles::{
    ClientPeerVerifier, Counters, Error, Files, Generation, GenerationBuilder, PeerRule,
    RefusedPart, ReloadReport, Reloader, ReloaderBuilder, ServerPeerVerifier, SignatureMemo,
};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, ServerConfig, ServerConnection};

/// One CA for both roles, and files as the design's example reads them.
pub struct World {
    pub dir: TempDir,
    pub clock: Clock,
    pub ca: Ca,
    pub heard: Arc<Heard>,
    pub counters: Arc<Counters>,
}

impl World {
    pub fn new() -> Self {
        let world = Self {
            dir: TempDir::new(),
            clock: Clock::default(),
            ca: Ca::root_named("root"),
            heard: Arc::default(),
            counters: Arc::default(),
        };
        fs::create_dir(world.dir.join("crls")).unwrap();
        world.server_pair(&world.server("server"));
        world.client_pair(&world.client("client"));
        world.dir.write("client-ca.crt", world.ca.pem());
        world.dir.write("server-ca.crt", world.ca.pem());
        world.dir.write("crls/root.crl", world.ca.crl_pem(CrlSpec::new(1)));
        world.dir.write("eku", "ignore until 2027-03-15\n");
        world
    }

    pub fn server(&self, name: &str) -> Leaf {
        self.ca.leaf(LeafSpec::new(name).dns("node.example").eku(Eku::server()))
    }

    pub fn client(&self, name: &str) -> Leaf {
        self.ca.leaf(LeafSpec::new(name).dns("edge.example.com").eku(Eku::client()))
    }

    pub fn server_pair(&self, leaf: &Leaf) {
        self.dir.write("tls.crt", leaf.chain_pem(&[]));
        self.dir.write("tls.key", leaf.key_pem());
    }

    /// Both in one file.
    pub fn client_pair(&self, leaf: &Leaf) {
        self.dir.write("client.pem", leaf.chain_pem(&[]) + &leaf.key_pem());
    }

    /// A server and a client below this CA.
    pub fn pairs_below(&self, ca: &Ca, name: &str) -> (Leaf, Leaf) {
        let server = LeafSpec::new(&format!("server {name}")).dns("node.example");
        let client = LeafSpec::new(&format!("client {name}")).dns("edge.example.com");
        (ca.leaf(server), ca.leaf(client))
    }

    /// Everything is another CA's.
    pub fn move_to(&self, ca: &Ca, name: &str) {
        let (server, client) = self.pairs_below(ca, name);
        self.server_pair(&server);
        self.client_pair(&client);
        self.dir.write("client-ca.crt", ca.pem());
        self.dir.write("server-ca.crt", ca.pem());
        self.dir.write("crls/root.crl", ca.crl_pem(CrlSpec::new(1)));
    }

    pub fn builder(&self) -> ReloaderBuilder {
        Reloader::builder()
            .time_provider(Arc::new(self.clock.clone()))
            .observer(self.heard.clone())
            .observer(self.counters.clone())
    }

    pub fn build(&self, builder: ReloaderBuilder) -> Result<Reloader, Error> {
        builder.build(recipe(self.dir.path(), provider(), |it| it))
    }

    pub fn start(&self) -> Reloader {
        let reloader = self.build(self.builder()).unwrap();
        self.heard.take();
        reloader
    }

    /// The first line of the certificate in `client.pem`.
    pub fn dir_client_leaf(&self) -> String {
        let pem = fs::read_to_string(self.dir.join("client.pem")).unwrap();
        pem.lines().nth(5).unwrap().to_owned()
    }

    pub fn remove(&self, name: &str) {
        fs::remove_file(self.dir.join(name)).unwrap();
    }
}

/// As the design's example, with room for more.
pub fn recipe(
    dir: &Path,
    p: Arc<CryptoProvider>,
    adjust: fn(Built) -> Built,
) -> impl FnMut(&mut Files) -> Result<Generation, Error> + Send + 'static {
    let (memo, dir) = (SignatureMemo::new(&p), dir.to_owned());
    move |files| {
        let at = |name: &str| dir.join(name);
        let serving = files.server_slot(at("tls.crt"), at("tls.key"), &p)?;
        let calling = files.client_slot(at("client.pem"), at("client.pem"), &p)?;
        let clients = ClientPeerVerifier::builder(files.roots(at("client-ca.crt"))?, &p)
            .memo(memo.clone())
            .crls(files.crls(at("crls"))?)
            .eku_policy(files.text(at("eku"))?.parse()?)
            .relax_for(PeerRule::dns_name("edge.example.com")?)
            .build()?;
        let servers = ServerPeerVerifier::builder(files.roots(at("server-ca.crt"))?, &p)
            .memo(memo.clone())
            .build()?;
        adjust(Generation::new(&p).serve(serving, clients).call(calling, servers)).build()
    }
}

pub type Built = GenerationBuilder<mtls_roles::Serving, mtls_roles::Calling>;

/// What the two ends of a handshake see of each other: subjects of the server and of the client.
pub fn visit(
    accept: Arc<ServerConfig>,
    connect: Arc<ClientConfig>,
) -> Result<(String, String), String> {
    let name = ServerName::try_from("node.example").unwrap();
    let mut server = ServerConnection::new(accept).unwrap();
    let mut client = ClientConnection::new(connect, name).unwrap();
    let outcome = handshake_in_memory(&mut server, &mut client, || {});
    match (outcome.server, outcome.client) {
        (Ok(()), Ok(())) => {
            Ok((subject(client.peer_certificates()), subject(server.peer_certificates())))
        }
        (Err(error), _) => Err(format!("server: {error}")),
        (_, Err(error)) => Err(format!("client: {error}")),
    }
}

fn subject(chain: Option<&[rustls::pki_types::CertificateDer<'_>]>) -> String {
    let (_, leaf) =
        x509_parser::parse_x509_certificate(&chain.expect("it presented one")[0]).unwrap();
    leaf.subject().to_string()
}

/// The current generation with itself.
pub fn sees(reloader: &Reloader) -> Result<(String, String), String> {
    let generation = reloader.current();
    visit(generation.server_config(), generation.client_config())
}

/// Two looks.
pub fn two_polls(reloader: &Reloader) -> ReloadReport {
    let first = reloader.poll().unwrap();
    assert_eq!(first.published, None, "at the first look");
    reloader.poll().unwrap()
}

/// The only thing that was refused.
pub fn only_refused(report: &ReloadReport) -> &RefusedPart {
    let [refused] = &report.refused[..] else { panic!("{report}") };
    refused
}

/// A volume of kubelet's: each file is a link into `..data`, a link that is renamed.
pub struct Volume(PathBuf);

impl Volume {
    pub fn new(path: PathBuf, names: &[&str]) -> Self {
        for name in names {
            symlink(format!("..data/{name}"), path.join(name)).unwrap();
        }
        Self(path)
    }

    /// All files are others at once, and those of the turn before go.
    pub fn swap(&self, turn: usize, write: impl FnOnce(&Path)) {
        let folder = |turn| self.0.join(format!("..2026_{turn}"));
        fs::create_dir(folder(turn)).unwrap();
        write(&folder(turn));
        let new = self.0.join("..data_tmp");
        symlink(folder(turn).file_name().unwrap(), &new).unwrap();
        fs::rename(new, self.0.join("..data")).unwrap();
        if let Some(before) = turn.checked_sub(1) {
            fs::remove_dir_all(folder(before)).unwrap();
        }
    }
}

pub fn both(server: &str, client: &str) -> Result<(String, String), String> {
    Ok((format!("CN={server}"), format!("CN={client}")))
}

/// An instant that far from `NOW`.
pub fn days(days: i64) -> time::OffsetDateTime {
    NOW + time::Duration::days(days)
}
