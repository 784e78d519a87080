//! A listener says why a connection did not come about, and takes its configuration at each.

use std::io::Write;
use std::net::TcpStream;
use std::sync::{Arc, Mutex};

use crate::common::clock::Clock;
use crate::common::ours::{clients, roots};
use crate::common::pki::{Ca, LeafSpec};
use crate::common::tls::{provider, versions};
use crate::listener::{Failed, Failure, Limits};
use crate::world::{World, ask, serve};
use mtls_roles::{ClientPeerVerifier, Generation, RefusalClass, Reloader};
use rustls::{AlertDescription, CertificateError, Error};

#[test]
fn every_failure_says_why_and_from_where_and_the_next_peer_is_served() {
    let world = World::new();
    let stranger = Ca::root_named("stranger").leaf(LeafSpec::new("stranger"));
    for version in versions() {
        let service = world.serve(Limits::default());
        let why = |visit: &dyn Fn()| {
            visit();
            let Failed { from, why } = service.next().unwrap_err();
            assert!(from.is_some(), "{why}");
            assert_eq!(service.next_greeted(&world), Ok("CN=edge".into()));
            why
        };
        let visits = |leaf: Option<&_>| {
            let config = world.visitor_with(leaf, &[version]);
            assert!(ask(service.address, config, b"hello").is_err());
        };
        assert!(matches!(why(&|| visits(None)), Failure::NoCertificate));
        assert!(matches!(
            why(&|| visits(Some(&world.unfit()))),
            Failure::Tls(Error::InvalidCertificate(CertificateError::InvalidPurposeContext { .. }))
        ));
        assert!(matches!(
            why(&|| visits(Some(&stranger))),
            Failure::Tls(Error::InvalidCertificate(CertificateError::UnknownIssuer))
        ));
        let hangs_up = || drop(TcpStream::connect(service.address).unwrap());
        assert!(matches!(why(&hangs_up), Failure::HungUp));
        let speaks_http = || {
            let mut tcp = TcpStream::connect(service.address).unwrap();
            tcp.write_all(b"GET / HTTP/1.1\r\n\r\n").unwrap();
        };
        assert!(matches!(why(&speaks_http), Failure::Tls(Error::InvalidMessage(_))));
        let does_not_trust_us = || {
            let other = World::new();
            assert!(ask(service.address, other.visitor_with(None, &[version]), b"").is_err());
        };
        // Both roots have one name, so that to the visitor it is a bad signature.
        assert!(matches!(
            why(&does_not_trust_us),
            Failure::Tls(Error::AlertReceived(AlertDescription::DecryptError))
        ));
    }
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
fn each_connection_gets_the_configuration_of_its_moment() {
    let (before, after) = (World::new(), World::new());
    let generation = |world: &World| {
        let clients = world.verifier();
        (world.config(&clients), clients)
    };
    let current = Arc::new(Mutex::new(generation(&before)));
    let follows = current.clone();
    let service = serve(Limits::default(), move || follows.lock().unwrap().clone());
    assert_eq!(before.visit(service.address).unwrap(), "hello CN=edge");
    *current.lock().unwrap() = generation(&after);
    assert_eq!(after.visit(service.address).unwrap(), "hello CN=edge");
    assert!(before.visit(service.address).is_err());
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

impl crate::world::Service {
    /// Whom the service greeted, after a visit that must go well.
    fn next_greeted(&self, world: &World) -> Result<String, String> {
        assert_eq!(world.visit(self.address).unwrap(), "hello CN=edge");
        self.next().map_err(|failed| failed.to_string())
    }
}
