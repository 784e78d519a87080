//! Revocation lists work as in stock rustls, with its choices; they are replaced while running, never by a set that
//! forgets something, and then the old set stays and the observer hears it.

mod common;

use std::sync::{Arc, Mutex};

use common::clock::{NOW, unix};
use common::pki::{Ca, CaSpec, CrlSpec, Eku, Leaf, LeafSpec, der};
use common::tls::{provider, root_store};
use mtls_roles::{
    ClientPeerVerifier, ClientPeerVerifierBuilder, Counters, Crls, Error, Observer, RefusalClass,
    Role, Roots, ServerPeerVerifier, ServerPeerVerifierBuilder,
};
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::pki_types::{CertificateDer, CertificateRevocationListDer, ServerName};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;
use rustls::{CertRevocationListError, CertificateError, Error as TlsError};
use time::Duration;

type List = CertificateRevocationListDer<'static>;
type Verdict = Result<(), TlsError>;

#[test]
fn every_choice_gives_the_verdict_and_the_error_of_stock_rustls() {
    let world = World::new();
    let mut wrong = vec![];
    for (id, lists) in world.situations() {
        for choices in Choices::all() {
            for (role, ours, stock) in [
                (
                    "client",
                    world.client(&lists, choices),
                    world.stock_client(&lists, choices),
                ),
                (
                    "server",
                    world.server(&lists, choices),
                    world.stock_server(&lists, choices),
                ),
            ] {
                if ours != stock {
                    wrong.push(format!(
                        "{id}, {role}, {choices:?}: {ours:?}, stock {stock:?}"
                    ));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn by_default_the_whole_path_is_checked_unknown_is_refused_and_expired_lists_are_used() {
    let world = World::new();
    let choice = Choices::default;
    let revoked = || Err(CertificateError::Revoked.into());
    let unknown = || Err(CertificateError::UnknownRevocationStatus.into());
    let forged = || Err(CertRevocationListError::BadSignature.into());
    let expired = || {
        let (time, next_update) = (unix(NOW), unix(NOW - Duration::days(1)));
        Err(CertificateError::ExpiredRevocationListContext { time, next_update }.into())
    };
    let only_leaf = Choices {
        only_end_entity: true,
        ..choice()
    };
    let allow = Choices {
        allow_unknown: true,
        ..choice()
    };
    let enforce = Choices {
        enforce_expiration: true,
        ..choice()
    };
    let mut wrong = vec![];
    for (id, choices, needed) in [
        ("nothing revoked", choice(), Ok(())),
        ("leaf revoked", choice(), revoked()),
        ("leaf revoked", only_leaf, revoked()),
        ("leaf revoked", allow, revoked()),
        ("intermediate revoked", choice(), revoked()),
        ("intermediate revoked", only_leaf, Ok(())),
        ("no list for the leaf", choice(), unknown()),
        ("no list for the leaf", only_leaf, unknown()),
        ("no list for the leaf", allow, Ok(())),
        ("no list for the intermediate", choice(), unknown()),
        ("no list for the intermediate", only_leaf, Ok(())),
        ("expired list", choice(), Ok(())),
        ("expired list", enforce, expired()),
        ("expired list that revokes", choice(), revoked()),
        ("forged list", choice(), forged()),
        ("forged list", allow, forged()),
    ] {
        let situations = world.situations();
        let (_, lists) = situations.iter().find(|(name, _)| *name == id).unwrap();
        for (role, found) in [
            ("client", world.client(lists, choices)),
            ("server", world.server(lists, choices)),
        ] {
            if found != needed {
                wrong.push(format!(
                    "{id}, {role}, {choices:?}: {found:?}, needed {needed:?}"
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_replaced_set_decides_from_then_on_in_every_clone() {
    let world = World::new();
    let good = [
        world.root.crl(CrlSpec::new(1)),
        world.sub.crl(CrlSpec::new(1)),
    ];
    let revokes = CrlSpec::new(2).revoke(&world.leaf.serial);
    let new = [world.root.crl(CrlSpec::new(1)), world.sub.crl(revokes)];
    let revoked = || Err(CertificateError::Revoked.into());

    let verifier = world.clients(&good, Choices::default()).build().unwrap();
    let wired: Arc<dyn ClientCertVerifier> = Arc::new(verifier.clone());
    assert_eq!(world.ask_client(&*wired), Ok(()));
    verifier.replace_crls(crls(&new)).unwrap();
    assert_eq!(world.ask_client(&*wired), revoked());
    let chain = world.chain();
    let refusal = verifier.verify(Some(&chain), unix(NOW)).unwrap_err();
    assert_eq!(refusal.class(), RefusalClass::Revoked);

    let verifier = world.servers(&good, Choices::default()).build().unwrap();
    let wired: Arc<dyn ServerCertVerifier> = Arc::new(verifier.clone());
    assert_eq!(world.ask_server(&*wired), Ok(()));
    verifier.replace_crls(crls(&new)).unwrap();
    assert_eq!(world.ask_server(&*wired), revoked());
}

#[test]
fn a_set_that_forgets_something_is_refused_the_old_set_stays_and_the_observer_hears_it() {
    let world = World::new();
    let other = Ca::root_named("other");
    let (root, sub) = (
        |n| world.root.crl(CrlSpec::new(n)),
        |n| world.sub.crl(CrlSpec::new(n)),
    );
    let without = || world.sub.crl(CrlSpec::new(9).without_number());
    let mut wrong = vec![];
    // The old set has number 5 of both issuers and revokes the leaf; none of the new sets would.
    for (id, new, name) in [
        ("lost the leaf's issuer", vec![root(6)], "CrlLost"),
        ("lost the root", vec![sub(6)], "CrlLost"),
        (
            "another issuer",
            vec![root(6), other.crl(CrlSpec::new(6))],
            "CrlLost",
        ),
        ("older", vec![root(5), sub(4)], "CrlGoesBack"),
        ("one newer, one older", vec![root(6), sub(4)], "CrlGoesBack"),
        ("the other older", vec![root(4), sub(6)], "CrlGoesBack"),
        ("number gone", vec![root(6), without()], "CrlGoesBack"),
    ] {
        let old = world.sub.crl(CrlSpec::new(5).revoke(&world.leaf.serial));
        let old = [world.root.crl(CrlSpec::new(5)), old];
        let ears = Arc::new(Ears::default());
        let clients = world
            .clients(&old, Choices::default())
            .observer(ears.clone());
        let servers = world
            .servers(&old, Choices::default())
            .observer(ears.clone());
        let (clients, servers) = (clients.build().unwrap(), servers.build().unwrap());
        for refused in [
            clients.replace_crls(crls(&new)),
            servers.replace_crls(crls(&new)),
        ] {
            let found = format!("{refused:?}");
            if !found.starts_with(&format!("Err({name} ")) {
                wrong.push(format!("{id}: {found}"));
            }
        }
        for verdict in [world.ask_client(&clients), world.ask_server(&servers)] {
            if verdict != Err(CertificateError::Revoked.into()) {
                wrong.push(format!("{id}: the old set does not decide: {verdict:?}"));
            }
        }
        if *ears.0.lock().unwrap() != [(Role::Client, name), (Role::Server, name)] {
            wrong.push(format!("{id}: heard {ears:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_set_that_forgets_nothing_takes_the_place_of_the_old_one() {
    let world = World::new();
    let other = Ca::root_named("other");
    let (root, sub) = (
        |n| world.root.crl(CrlSpec::new(n)),
        |n| world.sub.crl(CrlSpec::new(n)),
    );
    let counters = Arc::new(Counters::default());
    let clients = world.clients(&[root(5), sub(5)], Choices::default());
    let clients = clients.observer(counters.clone()).build().unwrap();
    for (id, new) in [
        ("the same", vec![root(5), sub(5)]),
        ("newer", vec![root(6), sub(6)]),
        (
            "one more issuer",
            vec![root(6), other.crl(CrlSpec::new(1)), sub(6)],
        ),
        (
            "a newer one beside the same",
            vec![root(6), other.crl(CrlSpec::new(1)), sub(6), sub(7)],
        ),
        (
            "an older one behind a newer",
            vec![root(6), other.crl(CrlSpec::new(1)), sub(8), sub(4)],
        ),
    ] {
        clients.replace_crls(crls(&new)).expect(id);
    }
    // The highest number of an issuer is what must not go back.
    let back = vec![root(6), other.crl(CrlSpec::new(1)), sub(7)];
    let refused = clients.replace_crls(crls(&back));
    assert!(
        matches!(refused, Err(Error::CrlGoesBack { .. })),
        "{refused:?}"
    );
    assert_eq!(counters.crls_refused(), 1);
}

#[test]
fn crl_numbers_compare_as_integers_of_up_to_twenty_octets() {
    let world = World::new();
    let list = |number: Option<&[u8]>| match number {
        Some(bytes) => CrlSpec::new(0).number(bytes),
        None => CrlSpec::new(0).without_number(),
    };
    let most = [0xff; 20];
    let (most_but_one, short) = ([&[0xff; 19][..], &[0xfe]].concat(), [0xff; 19]);
    let word = [0xff; 8];
    let word_and_one = [&[1][..], &[0; 8]].concat();
    let mut wrong = vec![];
    // In DER, 128 to 255 have a leading zero octet: as long as 256.
    for (id, old, new, is_taken) in [
        ("equal", Some(&[7][..]), Some(&[7][..]), true),
        ("255 to 256", Some(&[0xff]), Some(&[1, 0]), true),
        ("256 to 255", Some(&[1, 0]), Some(&[0xff]), false),
        ("127 to 128", Some(&[0x7f]), Some(&[0x80]), true),
        ("128 to 127", Some(&[0x80]), Some(&[0x7f]), false),
        ("128 to 255", Some(&[0x80]), Some(&[0xff]), true),
        ("2 to 10", Some(&[2]), Some(&[10]), true),
        ("zero to zero", Some(&[0]), Some(&[0]), true),
        ("zero to one", Some(&[0]), Some(&[1]), true),
        ("one to zero", Some(&[1]), Some(&[0]), false),
        ("beyond 64 bits", Some(&word), Some(&word_and_one), true),
        ("back to 64 bits", Some(&word_and_one), Some(&word), false),
        ("19 to 20 octets", Some(&short), Some(&most), true),
        ("20 to 19 octets", Some(&most), Some(&short), false),
        ("20 octets, equal", Some(&most), Some(&most), true),
        (
            "20 octets, one less",
            Some(&most),
            Some(&most_but_one),
            false,
        ),
        (
            "20 octets, one more",
            Some(&most_but_one),
            Some(&most),
            true,
        ),
        ("none to none", None, None, true),
        ("none to zero", None, Some(&[0]), true),
        ("zero to none", Some(&[0]), None, false),
    ] {
        let old = [world.root.crl(list(old))];
        let new = [world.root.crl(list(new))];
        let verifier = world.clients(&old, Choices::default()).build().unwrap();
        match (verifier.replace_crls(crls(&new)), is_taken) {
            (Ok(()), true) | (Err(Error::CrlGoesBack { .. }), false) => {}
            (found, _) => wrong.push(format!("{id}: {found:?}")),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn an_empty_set_is_an_error_and_never_means_that_nothing_is_checked() {
    let empty = Crls::from_der([]).unwrap_err();
    assert!(matches!(empty, Error::Missing { .. }), "{empty}");
    let empty = Crls::from_pem(b"# no list today\n").unwrap_err();
    assert!(matches!(empty, Error::Missing { .. }), "{empty}");
}

#[test]
fn lists_for_a_verifier_that_was_built_without_any_are_refused_and_heard() {
    let world = World::new();
    let new = [world.root.crl(CrlSpec::new(1))];
    let counters = Arc::new(Counters::default());
    let clients = ClientPeerVerifier::builder(world.roots(), &provider());
    let clients = clients.observer(counters.clone()).build().unwrap();
    let refused = clients.replace_crls(crls(&new));
    assert!(matches!(refused, Err(Error::NoRevocation)), "{refused:?}");
    let servers = ServerPeerVerifier::builder(world.roots(), &provider());
    let servers = servers.observer(counters.clone()).build().unwrap();
    let refused = servers.replace_crls(crls(&new));
    assert!(matches!(refused, Err(Error::NoRevocation)), "{refused:?}");
    assert_eq!(counters.crls_refused(), 2);
}

#[test]
fn lists_of_one_issuer_for_different_distribution_points_are_counted_apart() {
    const A: &str = "http://crl.example/a";
    const B: &str = "http://crl.example/b";
    let root = Ca::root_named("root");
    let points = der::distribution_points;
    let leaf =
        |uri| root.leaf(LeafSpec::new("leaf").extension(&[2, 5, 29, 31], false, points(uri)));
    let (at_a, at_b) = (leaf(A), leaf(B));
    let list = |n, uri| CrlSpec::new(n).at(uri);
    let verifier = |lists: &[List]| {
        let roots = Roots::from_der([root.der()]).unwrap();
        let builder = ClientPeerVerifier::builder(roots, &provider());
        builder.crls(crls(lists)).build().unwrap()
    };
    let old = [
        root.crl(list(9, A).revoke(&at_a.serial)),
        root.crl(list(3, B)),
    ];
    let clients = verifier(&old);
    let verdict = |leaf: &Leaf| clients.verify(Some(&leaf.chain(&[])), unix(NOW)).map(drop);
    let class = |leaf: &Leaf| verdict(leaf).map_err(|refusal| refusal.class());
    assert_eq!(class(&at_a), Err(RefusalClass::Revoked));
    assert_eq!(class(&at_b), Ok(()));

    let refused = clients.replace_crls(crls(&[root.crl(list(10, A))]));
    assert!(matches!(refused, Err(Error::CrlLost { .. })), "{refused:?}");
    let back = [root.crl(list(8, A)), root.crl(list(10, B))];
    let refused = clients.replace_crls(crls(&back));
    assert!(
        matches!(refused, Err(Error::CrlGoesBack { .. })),
        "{refused:?}"
    );
    assert_eq!(class(&at_a), Err(RefusalClass::Revoked));
    let new = [
        root.crl(list(9, A)),
        root.crl(list(4, B).revoke(&at_b.serial)),
    ];
    clients.replace_crls(crls(&new)).unwrap();
    assert_eq!(class(&at_a), Ok(()));
    assert_eq!(class(&at_b), Err(RefusalClass::Revoked));
}

/// What rustls lets one choose about revocation.
#[derive(Clone, Copy, Debug, Default)]
struct Choices {
    only_end_entity: bool,
    allow_unknown: bool,
    enforce_expiration: bool,
}

impl Choices {
    fn all() -> impl Iterator<Item = Self> {
        (0..8).map(|bits| Self {
            only_end_entity: bits & 1 != 0,
            allow_unknown: bits & 2 != 0,
            enforce_expiration: bits & 4 != 0,
        })
    }
}

/// The same methods on four builders.
macro_rules! choose {
    ($builder:expr, $choices:expr) => {{
        let (mut builder, choices) = ($builder, $choices);
        if choices.only_end_entity {
            builder = builder.only_check_end_entity_revocation();
        }
        if choices.allow_unknown {
            builder = builder.allow_unknown_revocation_status();
        }
        if choices.enforce_expiration {
            builder = builder.enforce_revocation_expiration();
        }
        builder
    }};
}

/// A root, an intermediate and a leaf for both roles.
struct World {
    root: Ca,
    sub: Ca,
    leaf: Leaf,
}

impl World {
    fn new() -> Self {
        let root = Ca::root_named("root");
        let sub = root.sub(CaSpec::new("sub"));
        let spec = LeafSpec::new("leaf").dns("leaf.example");
        let leaf = sub.leaf(spec.eku(Eku::both()));
        Self { root, sub, leaf }
    }

    fn situations(&self) -> Vec<(&'static str, Vec<List>)> {
        let list = || CrlSpec::new(1);
        let (root, sub) = (|spec| self.root.crl(spec), |spec| self.sub.crl(spec));
        let revokes_leaf = || list().revoke(&self.leaf.serial);
        let forger = Ca::root_named("forger");
        let forged = sub(list().signed_by(&forger.key));
        vec![
            ("nothing revoked", vec![root(list()), sub(list())]),
            ("leaf revoked", vec![root(list()), sub(revokes_leaf())]),
            (
                "intermediate revoked",
                vec![root(list().revoke(&self.sub.serial)), sub(list())],
            ),
            ("no list for the leaf", vec![root(list())]),
            ("no list for the intermediate", vec![sub(list())]),
            ("expired list", vec![root(list()), sub(list().expired())]),
            (
                "expired list that revokes",
                vec![root(list()), sub(revokes_leaf().expired())],
            ),
            ("forged list", vec![root(list()), forged]),
        ]
    }

    fn roots(&self) -> Roots {
        Roots::from_der([self.root.der()]).unwrap()
    }

    fn chain(&self) -> Vec<CertificateDer<'static>> {
        self.leaf.chain(&[&self.sub])
    }

    fn clients(&self, lists: &[List], choices: Choices) -> ClientPeerVerifierBuilder {
        let builder = ClientPeerVerifier::builder(self.roots(), &provider());
        choose!(builder.crls(crls(lists)), choices)
    }

    fn servers(&self, lists: &[List], choices: Choices) -> ServerPeerVerifierBuilder {
        let builder = ServerPeerVerifier::builder(self.roots(), &provider());
        choose!(builder.crls(crls(lists)), choices)
    }

    fn client(&self, lists: &[List], choices: Choices) -> Verdict {
        self.ask_client(&self.clients(lists, choices).build().unwrap())
    }

    fn server(&self, lists: &[List], choices: Choices) -> Verdict {
        self.ask_server(&self.servers(lists, choices).build().unwrap())
    }

    fn stock_client(&self, lists: &[List], choices: Choices) -> Verdict {
        let roots = root_store(&[self.root.der()]);
        let builder = WebPkiClientVerifier::builder_with_provider(roots, provider());
        let builder = choose!(builder.with_crls(lists.to_vec()), choices);
        self.ask_client(&*builder.build().unwrap())
    }

    fn stock_server(&self, lists: &[List], choices: Choices) -> Verdict {
        let roots = root_store(&[self.root.der()]);
        let builder = WebPkiServerVerifier::builder_with_provider(roots, provider());
        let builder = choose!(builder.with_crls(lists.to_vec()), choices);
        self.ask_server(&*builder.build().unwrap())
    }

    /// As rustls asks in a handshake.
    fn ask_client(&self, verifier: &dyn ClientCertVerifier) -> Verdict {
        let chain = self.chain();
        let verdict = verifier.verify_client_cert(&chain[0], &chain[1..], unix(NOW));
        verdict.map(drop)
    }

    fn ask_server(&self, verifier: &dyn ServerCertVerifier) -> Verdict {
        let chain = self.chain();
        let name = ServerName::try_from("leaf.example").unwrap();
        let verdict = verifier.verify_server_cert(&chain[0], &chain[1..], &name, &[], unix(NOW));
        verdict.map(drop)
    }
}

fn crls(lists: &[List]) -> Crls {
    Crls::from_der(lists.to_vec()).expect("the factory makes well-formed lists")
}

/// Writes down which error was told for which role.
#[derive(Debug, Default)]
struct Ears(Mutex<Vec<(Role, &'static str)>>);

impl Observer for Ears {
    fn crls_refused(&self, role: Role, error: &Error) {
        let name = match error {
            Error::CrlLost { .. } => "CrlLost",
            Error::CrlGoesBack { .. } => "CrlGoesBack",
            _ => "another error",
        };
        self.0.lock().unwrap().push((role, name));
    }
}
