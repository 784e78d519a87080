//! A listener says why a connection did not come about, and takes its configuration at each.

use std::io::Write;
use std::net::TcpStream;
use std::sync::Arc;

use crate::common::agreed::agreed;
use crate::common::clock::Clock;
use crate::common::ours::{clients, roots};
use crate::common::pki::{Ca, LeafSpec};
use crate::common::tls::{provider, versions};
use crate::listener::{Failed, Failure, Limits};
use crate::world::{World, ask, serve};
use mtls_roles::{ClientPeerVerifier, Generation, RefusalClass, Reloader};

#[test]
fn every_failure_says_why_and_from_where_and_the_next_peer_is_served() {
    let world = World::new();
    let stranger = Ca::root_named("stranger").leaf(LeafSpec::new("stranger"));
    let mut told = String::new();
    for version in versions() {
        let service = world.serve(Limits::default());
        let presents = |leaf: Option<&_>| {
            let config = world.visitor_with(leaf, &[version]);
            assert!(ask(service.address, config, b"hello").is_err());
        };
        let visits: [(&str, &dyn Fn()); 6] = [
            ("presents nothing", &|| presents(None)),
            ("presents a certificate for servers", &|| presents(Some(&world.unfit()))),
            ("presents a stranger's", &|| presents(Some(&stranger))),
            ("hangs up", &|| drop(TcpStream::connect(service.address).unwrap())),
            ("speaks HTTP", &|| {
                let mut tcp = TcpStream::connect(service.address).unwrap();
                tcp.write_all(b"GET / HTTP/1.1\r\n\r\n").unwrap();
            }),
            // Both roots have one name, so that to the visitor it is a bad signature.
            ("does not trust us", &|| {
                let other = World::new();
                assert!(ask(service.address, other.visitor_with(None, &[version]), b"").is_err());
            }),
        ];
        for (id, visit) in visits {
            visit();
            let Failed { from, why } = service.next().unwrap_err();
            assert!(from.is_some(), "{why}");
            told += &format!("{:?}, {id}: {why}\n", version.version);
            assert_eq!(world.visit(service.address).unwrap(), "hello CN=edge");
            assert_eq!(service.next().unwrap(), "CN=edge");
        }
    }
    agreed("listener/failures.txt", &told);
}

#[test]
fn a_peer_that_is_refused_right_after_its_handshake_is_told_in_peace() {
    let world = World::new();
    let others = clients(&roots([&Ca::root_named("others")])).build().unwrap();
    let config = world.config(&world.verifier());
    let service = serve(Limits::default(), move || (config.clone(), others.clone()));
    assert_eq!(ask(service.address, world.visitor(), &[0; 200_000]).unwrap(), "");
    let failed = service.next().unwrap_err();
    assert!(matches!(
        failed.why,
        Failure::Refused(refusal) if refusal.class() == RefusalClass::UnknownIssuer
    ));
}

#[test]
fn with_optional_authentication_nobody_is_a_peer() {
    let world = World::new();
    let optional = clients(&roots([&world.root])).allow_unauthenticated().build().unwrap();
    let config = world.config(&optional);
    let service = serve(Limits::default(), move || (config.clone(), optional.clone()));
    for version in versions() {
        let nobody = world.visitor_with(None, &[version]);
        assert_eq!(ask(service.address, nobody, b"").unwrap(), "hello nobody");
        assert_eq!(service.next().unwrap(), "nobody");
        assert_eq!(world.visit(service.address).unwrap(), "hello CN=edge");
        assert_eq!(service.next().unwrap(), "CN=edge");
    }
}

#[test]
fn each_connection_gets_one_generation_of_what_follows_files() {
    let (world, provider) = (World::new(), provider());
    let files = world.files();
    let at = files.path().to_owned();
    let tls = Reloader::builder()
        .time_provider(Arc::new(Clock::default()))
        .build(move |files| {
            let serving = files.server_slot(at.join("site.pem"), at.join("site.key"), &provider)?;
            let roots = files.roots(at.join("root.pem"))?;
            let clients = ClientPeerVerifier::builder(roots, &provider).build()?;
            Generation::new(&provider).serve(serving, clients).build()
        })
        .unwrap();
    let follows = tls.clone();
    let service = serve(Limits::default(), move || {
        let now = follows.current();
        (now.server_config(), now.clients().clone())
    });
    assert_eq!(world.visit(service.address).unwrap(), "hello CN=edge");

    let other = World::new();
    let new = other.files();
    for name in ["site.pem", "site.key", "root.pem"] {
        std::fs::copy(new.join(name), files.join(name)).unwrap();
    }
    tls.reload().unwrap();
    assert_eq!(other.visit(service.address).unwrap(), "hello CN=edge");
    assert!(world.visit(service.address).is_err());
}
