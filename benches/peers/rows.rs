//! The rows of the table: what is measured, beside what, and how far it may cost.

use mtls_roles::{ClientPeerVerifier, EkuPolicy, Roots};
use rustls::pki_types::CertificateDer;
use rustls::server::danger::ClientCertVerifier;
use rustls::version::{TLS12, TLS13};
use rustls::{HandshakeKind, SupportedProtocolVersion};

use super::common::chains::{Copies, Hierarchy, KINDS, other_roots};
use super::common::cpu::{Ends, Party};
use super::common::pki::{Eku, KeyKind};
use super::common::revoked::{client_of_a_shard, crls, enforcing, shards};
use super::common::strangers::{Newcomers, cold};
use super::common::threads::together;
use super::common::verifiers::{accepts, know, ours, parses, stock};
use super::race::{Contender, Effort, race};

/// A ratio of two medians, smaller is better.
pub struct Row {
    pub key: String,
    /// What the ratio is to reach.
    pub bar: f64,
    pub ours: f64,
    pub other: f64,
    /// What `ours` and `other` are counted in.
    pub unit: &'static str,
}

impl Row {
    fn of(key: impl Into<String>, bar: f64, [ours, other]: [f64; 2]) -> Self {
        Self { key: key.into(), bar, ours, other, unit: "ns" }
    }

    pub fn ratio(&self) -> f64 {
        self.ours / self.other
    }
}

/// A leaf, an intermediate and a root with keys of one kind.
pub struct World {
    pub kind: &'static str,
    pub hierarchy: Hierarchy,
    pub chain: Vec<CertificateDer<'static>>,
}

/// One for each kind of key with a bar, P-256 first.
pub fn worlds() -> Vec<World> {
    let world = |(name, kind)| {
        let hierarchy = Hierarchy::new(kind, 2);
        World { kind: name, chain: hierarchy.client(Eku::client()), hierarchy }
    };
    KINDS.into_iter().take(KNOWN.len()).map(world).collect()
}

/// What a known chain of each kind may cost, beside stock.
const KNOWN: [(&str, f64); 3] = [("p256", 0.02), ("p384", 0.006), ("rsa2048", 0.06)];

/// All rows, in the order of the table.
pub fn measure(worlds: &[World], effort: Effort) -> Vec<Row> {
    let p256 = &worlds[0];
    let mut rows = known_vs_stock(worlds, effort);
    rows.extend([
        known_vs_parse(p256, effort),
        new_leaf(p256, effort),
        cold_chain(p256, effort),
        anchors(p256, effort),
        crl(p256, effort),
        crl_shards(p256, effort),
        ignore(p256, effort),
        two_threads(p256, effort),
        server_handshake("p256", KeyKind::P256, 0.70, effort),
        server_handshake("p384", KeyKind::P384, 0.55, effort),
        resumed_handshake("p256", &TLS13, 0.75, effort),
        resumed_handshake("tls12", &TLS12, 0.25, effort),
    ]);
    rows
}

fn known_vs_stock(worlds: &[World], effort: Effort) -> Vec<Row> {
    let row = |(world, (kind, bar)): (&World, _)| {
        assert_eq!(world.kind, kind);
        let stock = stock(&world.hierarchy);
        let pair = [strict(world), verifying(&*stock, &world.chain)];
        Row::of(format!("known_chain_{kind}_vs_stock"), bar, race(pair, effort))
    };
    worlds.iter().zip(KNOWN).map(row).collect()
}

fn known_vs_parse(world: &World, effort: Effort) -> Row {
    let mut copies = Copies::of(&world.chain);
    let parsing = Contender::repeating(move || assert!(parses(copies.deal())));
    let pair = [strict(world), parsing];
    Row::of("known_chain_p256_vs_parse", 2.5, race(pair, effort))
}

fn new_leaf(world: &World, effort: Effort) -> Row {
    let newcomers = || {
        let policy = EkuPolicy::rfc5280();
        Newcomers::new(&world.hierarchy, policy, Eku::client(), 1024)
    };
    let (mut for_us, mut for_stock) = (newcomers(), newcomers());
    let stock = stock(&world.hierarchy);
    let pair = [
        Contender::preparing(
            move || for_us.deal(),
            |(verifier, chain)| assert!(accepts(verifier, chain)),
        ),
        Contender::preparing(
            move || for_stock.deal(),
            |(_, chain)| assert!(accepts(&*stock, chain)),
        ),
    ];
    Row::of("known_issuer_new_leaf_p256_vs_stock", 0.55, race(pair, effort))
}

fn cold_chain(world: &World, effort: Effort) -> Row {
    let roots = world.hierarchy.roots();
    let mut copies = Copies::of(&world.chain);
    let stock = stock(&world.hierarchy);
    let pair = [
        Contender::preparing(
            || cold(&roots, EkuPolicy::rfc5280()),
            move |verifier| assert!(accepts(verifier, copies.deal())),
        ),
        verifying(&*stock, &world.chain),
    ];
    Row::of("cold_chain_p256_vs_stock", 1.05, race(pair, effort))
}

fn anchors(world: &World, effort: Effort) -> Row {
    let others = other_roots(9_999);
    let among = |others: &[CertificateDer<'static>]| {
        let own = [world.hierarchy.root.der()];
        let roots = Roots::from_der(others.iter().cloned().chain(own)).unwrap();
        known(ours(&roots, EkuPolicy::rfc5280()), &world.chain)
    };
    let pair = [among(&others), among(&others[..9])];
    Row::of("anchors_10000_vs_10", 1.2, race(pair, effort))
}

fn crl(world: &World, effort: Effort) -> Row {
    let lists = crls(&world.hierarchy, 1, 50_000);
    let with = enforcing(&world.hierarchy, lists);
    let without = enforcing(&world.hierarchy, vec![]);
    let pair = [known(with, &world.chain), known(without, &world.chain)];
    Row::of("crl_50000_vs_none", 3.0, race(pair, effort))
}

fn crl_shards(world: &World, effort: Effort) -> Row {
    let chain = client_of_a_shard(&world.hierarchy);
    let among = |count| known(enforcing(&world.hierarchy, shards(&world.hierarchy, count)), &chain);
    Row::of("crl_1000_shards_vs_one", 1.5, race([among(1_000), among(1)], effort))
}

fn ignore(world: &World, effort: Effort) -> Row {
    let wrong_eku = world.hierarchy.client(Eku::server());
    let ignoring = ours(&world.hierarchy.roots(), EkuPolicy::ignore());
    let pair = [known(ignoring, &wrong_eku), strict(world)];
    Row::of("ignore_vs_rfc5280_known", 2.0, race(pair, effort))
}

fn two_threads(world: &World, effort: Effort) -> Row {
    let verifier = ours(&world.hierarchy.roots(), EkuPolicy::rfc5280());
    know(&verifier, &world.chain);
    let threads = |threads: u64, work: fn(&ClientPeerVerifier, &[CertificateDer<'_>]) -> bool| {
        let (verifier, chain) = (&verifier, &world.chain);
        Contender::counting(move |iterations| {
            let each = iterations.div_ceil(threads);
            together(threads as usize, each, chain, |chain| assert!(work(verifier, chain)))
        })
    };
    let all = [
        threads(2, |verifier, chain| accepts(verifier, chain)),
        threads(1, |verifier, chain| accepts(verifier, chain)),
        threads(2, |_, chain| parses(chain)),
        threads(1, |_, chain| parses(chain)),
    ];
    let [two, one, two_parsing, one_parsing] = race(all, effort.in_long_batches());
    let ratios = [two / one, two_parsing / one_parsing];
    Row { unit: "of one thread's", ..Row::of("two_threads_vs_parse", 1.1, ratios) }
}

/// Both servers meet the same client of stock rustls; only the server's time counts.
fn server_handshake(kind: &str, keys: KeyKind, bar: f64, effort: Effort) -> Row {
    let party = Party::new(Hierarchy::new(keys, 2), &TLS13);
    let client = party.stock_client();
    let serving = |server| {
        let client = client.clone();
        let ends = Ends { server, client };
        Contender::counting(move |iterations| (0..iterations).map(|_| ends.shake().server).sum())
    };
    let pair = [serving(party.our_server()), serving(party.stock_server())];
    let key = format!("server_handshake_{kind}_vs_stock");
    Row::of(key, bar, race(pair, effort))
}

/// What a resumed session saves the server, beside a full handshake with a known chain.
fn resumed_handshake(
    kind: &str,
    version: &'static SupportedProtocolVersion,
    bar: f64,
    effort: Effort,
) -> Row {
    let party = Party::new(Hierarchy::new(KeyKind::P256, 2), version);
    let serving = |ends: Ends, kind| {
        Contender::counting(move |iterations| {
            (0..iterations).map(|_| ends.shake_as(kind).server).sum()
        })
    };
    let resuming = party.resuming();
    resuming.shake();
    let full = Ends { server: party.our_server(), client: party.our_client() };
    let pair = [serving(resuming, HandshakeKind::Resumed), serving(full, HandshakeKind::Full)];
    Row::of(format!("resumed_handshake_{kind}_vs_full"), bar, race(pair, effort))
}

/// Ours under the default policy, about a chain it knows.
fn strict(world: &World) -> Contender<'static> {
    let verifier = ours(&world.hierarchy.roots(), EkuPolicy::rfc5280());
    known(verifier, &world.chain)
}

fn known(verifier: ClientPeerVerifier, chain: &[CertificateDer<'static>]) -> Contender<'static> {
    know(&verifier, chain);
    let mut copies = Copies::of(chain);
    Contender::repeating(move || assert!(accepts(&verifier, copies.deal())))
}

fn verifying<'a>(
    verifier: &'a dyn ClientCertVerifier,
    chain: &[CertificateDer<'static>],
) -> Contender<'a> {
    let mut copies = Copies::of(chain);
    Contender::repeating(move || assert!(accepts(verifier, copies.deal())))
}
