//! A folder of files, a recipe over it, and handshakes of its generations with themselves.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use crate::common::clock::{Clock, NOW};
use crate::common::files::TempDir;
use crate::common::ours::Heard;
use crate::common::pki::{Ca, CrlSpec, Eku, Leaf, LeafSpec, subject_of};
use crate::common::tls::{Stack, connections, handshake_in_memory, provider};
use mtls_roles::{
    ClientPeerVerifier, ClientSide, Counters, Error, Files, Generation, GenerationBuilder,
    PeerRule, RefusedPart, ReloadReport, Reloader, ReloaderBuilder, ServerPeerVerifier, ServerSide,
    Side, SignatureMemo,
};
use rustls::crypto::CryptoProvider;
use rustls::{ClientConfig, ServerConfig};

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
        world.write("client-ca.crt", world.ca.pem());
        world.write("server-ca.crt", world.ca.pem());
        world.write_crl(CrlSpec::new(1));
        world.write("eku", "ignore until 2027-03-15\n");
        world
    }

    pub fn server(&self, name: &str) -> Leaf {
        self.ca.leaf(LeafSpec::new(name).dns("node.example").eku(Eku::server()))
    }

    pub fn client(&self, name: &str) -> Leaf {
        self.ca.leaf(LeafSpec::new(name).dns("edge.example.com").eku(Eku::client()))
    }

    /// A client that has lost the purpose.
    pub fn lost(&self) -> Leaf {
        self.ca.leaf(LeafSpec::new("lost").dns("edge.example.com").eku(Eku::server()))
    }

    pub fn server_pair(&self, leaf: &Leaf) {
        self.write("tls.crt", leaf.chain_pem(&[]));
        self.write("tls.key", leaf.key_pem());
    }

    /// Both in one file.
    pub fn client_pair(&self, leaf: &Leaf) {
        self.write("client.pem", leaf.chain_pem(&[]) + &leaf.key_pem());
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
        self.write("client-ca.crt", ca.pem());
        self.write("server-ca.crt", ca.pem());
        self.write("crls/root.crl", ca.crl_pem(CrlSpec::new(1)));
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

    /// With this provider and this version of TLS.
    pub fn start_on(&self, stack: &Stack, adjust: fn(Built) -> Built) -> Reloader {
        let recipe = recipe(self.dir.path(), stack.provider_of_version(), adjust);
        self.builder().build(recipe).unwrap()
    }

    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        self.dir.write(name, content);
    }

    /// The list of the one CA.
    pub fn write_crl(&self, spec: CrlSpec) {
        self.write("crls/root.crl", self.ca.crl_pem(spec));
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

pub type Built = GenerationBuilder<ServerSide, ClientSide>;

/// What the two ends of a handshake see of each other: subjects of the server and of the client.
pub fn visit(
    accept: Arc<ServerConfig>,
    connect: Arc<ClientConfig>,
) -> Result<(String, String), String> {
    let (mut server, mut client) = connections(accept, connect, "node.example");
    let outcome = handshake_in_memory(&mut server, &mut client, || {});
    outcome.server.map_err(|error| format!("server: {error}"))?;
    outcome.client.map_err(|error| format!("client: {error}"))?;
    let [server, client] = [client.peer_certificates(), server.peer_certificates()]
        .map(|chain| subject_of(&chain.expect("it presented one")[0]));
    Ok((server, client))
}

/// The current generation with itself.
pub fn sees(reloader: &Reloader) -> Result<(String, String), String> {
    let generation = reloader.current();
    visit(generation.server_config(), generation.client_config())
}

/// Two looks.
pub fn two_polls<S: Side, C: Side>(reloader: &Reloader<S, C>) -> ReloadReport {
    let first = reloader.poll().unwrap();
    assert_eq!(first.published, None, "at the first look");
    reloader.poll().unwrap()
}

/// Of another thread; long enough for a crowded machine.
pub fn wait_until(is_so: impl Fn() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < Duration::from_secs(30), "it does not come");
        thread::sleep(Duration::from_millis(2));
    }
}

/// The only thing that was refused.
pub fn only_refused(report: &ReloadReport) -> &RefusedPart {
    let [refused] = &report.refused[..] else { panic!("{report}") };
    refused
}

pub fn both(server: &str, client: &str) -> Result<(String, String), String> {
    Ok((format!("CN={server}"), format!("CN={client}")))
}

/// An instant that far from `NOW`.
pub fn days(days: i64) -> time::OffsetDateTime {
    NOW + time::Duration::days(days)
}
