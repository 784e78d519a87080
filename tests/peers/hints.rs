//! The names of roots are sent to clients as far as a handshake bears them, and refused before it does not.

use std::sync::{Arc, Mutex};

use crate::common::ours::{self, roots};
use crate::common::pki::{Ca, Leaf, LeafSpec, der};
use crate::common::tls::{
    Outcome, Stack, handshake, root_store, stacks, stock_client, stock_server,
};
use mtls_roles::{ClientPeerVerifier, Error, PeerVerifierBuilder, Roots};
use rustls::client::ResolvesClientCert;
use rustls::pki_types::TrustAnchor;
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;
use rustls::sign::CertifiedKey;
use rustls::{DistinguishedName, RootCertStore, SignatureScheme};

/// Bytes of names, with two for the length of each.
const MOST: usize = 49_151;

#[test]
fn names_of_as_many_bytes_as_the_bound_build_and_one_byte_more_is_an_error_of_its_own() {
    let built = clients(MOST).build().unwrap();
    assert_eq!(size(built.root_hint_subjects()), MOST);
    let Err(Error::RootHintsTooLarge { count, bytes, most, .. }) = clients(MOST + 1).build() else {
        panic!("one byte more is too much");
    };
    assert_eq!((count, bytes, most), (983, MOST + 1, MOST));
    let silent = clients(MOST + 1).send_no_root_hints().build().unwrap();
    assert!(silent.root_hint_subjects().is_empty());
}

/// On one side of the bound handshakes work beside 15,000 bytes of the server's own certificates;
/// on the other a client on rustls can hold the flight no longer.
#[test]
fn at_the_bound_handshakes_work_and_soon_behind_it_they_break() {
    let clients = clients(MOST).build().unwrap();
    for stack in stacks() {
        let (outcome, heard) = ask(&stack, Arc::new(clients.clone()));
        assert_eq!(outcome.client.err(), None, "{}", stack.name);
        assert_eq!(heard, Some(MOST), "{}", stack.name);
        let (outcome, _) = ask(&stack, stock(&stack, MOST + 1_500));
        let refused = outcome.client.err().map(|error| error.to_string());
        let refused = refused.unwrap_or_default();
        assert!(refused.contains("message buffer full"), "{} {refused}", stack.name);
    }
}

#[test]
fn hints_name_private_roots_and_not_public_ones_unless_told_otherwise() {
    let private = [Ca::root_named("one"), Ca::root_named("two")];
    let web = webpki_roots::TLS_SERVER_ROOTS.iter();
    let web: Vec<_> = web.map(|root| der::tlv(0x30, &root.subject)).collect();
    assert!(web.len() > 100);
    // The whole Name, read by a parser that is not ours.
    let names = private.each_ref().map(|ca| {
        let der = ca.der();
        let (_, certificate) = x509_parser::parse_x509_certificate(&der).unwrap();
        certificate.subject().as_raw().to_vec()
    });
    let private = || over(&roots(&private));
    let public = || over(&Roots::public_web()).allow_anybody_with_a_public_certificate();
    for (id, clients, needed) in [
        ("private", private(), &names[..]),
        ("private, told", private().send_root_hints(), &names),
        ("private, told not to", private().send_no_root_hints(), &[]),
        ("public", public(), &[]),
        ("public, told not to", public().send_no_root_hints(), &[]),
        ("public, told", public().send_root_hints(), &web),
    ] {
        let clients = clients.build().unwrap();
        let told = clients.root_hint_subjects().iter();
        let told: Vec<_> = told.map(|name| name.as_ref().to_vec()).collect();
        assert_eq!(told, needed, "{id}");
    }
}

fn clients(bytes: usize) -> PeerVerifierBuilder<ClientPeerVerifier> {
    let mut store = RootCertStore::empty();
    store.roots = subjects(bytes)
        .map(|subject| TrustAnchor {
            subject: subject.into(),
            subject_public_key_info: vec![].into(),
            name_constraints: None,
        })
        .collect();
    over(&Roots::from_root_cert_store(store).unwrap())
}

fn over(roots: &Roots) -> PeerVerifierBuilder<ClientPeerVerifier> {
    ours::clients(roots).allow_unauthenticated()
}

/// Different subjects that are so large as hints: fifty bytes each, the last one more.
fn subjects(bytes: usize) -> impl Iterator<Item = Vec<u8>> {
    let count = bytes / 50;
    (1..=count).map(move |at| {
        let size = if at < count { 50 } else { 50 + bytes % 50 };
        // Two bytes for the length, two for the header of the SEQUENCE.
        let mut subject = at.to_be_bytes().to_vec();
        subject.resize(size - 4, 0);
        subject
    })
}

/// Stock rustls knows no bound.
fn stock(stack: &Stack, bytes: usize) -> Arc<dyn ClientCertVerifier> {
    let roots = root_store(&[Ca::root_named("any").der()]);
    let names = subjects(bytes).map(|subject| DistinguishedName::in_sequence(&subject));
    WebPkiClientVerifier::builder_with_provider(roots, stack.provider.clone())
        .allow_unauthenticated()
        .clear_root_hint_subjects()
        .add_root_hint_subjects(names)
        .build()
        .unwrap()
}

fn size(names: &[DistinguishedName]) -> usize {
    names.iter().map(|name| 2 + name.as_ref().len()).sum()
}

/// How a handshake ends in which the server presents 15,000 bytes of certificates, and the client nothing; and how
/// large the hints were that it heard.
fn ask(stack: &Stack, clients: Arc<dyn ClientCertVerifier>) -> (Outcome, Option<usize>) {
    let site = Ca::root_named("site");
    let leaf = site.leaf(LeafSpec::new("server").dns("server.example"));
    let (mut chain, key) = leaf.credentials(&[]);
    let large = LeafSpec::new("large").extension(&[1, 2, 3, 4], false, vec![0; 14_340]);
    chain.push(Leaf::self_signed(large).der());
    let presented: usize = chain.iter().map(|certificate| certificate.len()).sum();
    assert!(presented.abs_diff(15_000) < 30, "{presented}");
    let accept = stock_server(&stack.provider, &[stack.version], (chain, key), Some(clients));
    let mut connect = stock_client(&stack.provider, &[stack.version], &[site.der()], None);
    let ears = Arc::new(Ears::default());
    connect.client_auth_cert_resolver = ears.clone();
    let outcome = handshake(accept, connect, "server.example");
    let heard = *ears.0.lock().unwrap();
    (outcome, heard)
}

/// A client that presents nothing, and notes how much it was told.
#[derive(Debug, Default)]
struct Ears(Mutex<Option<usize>>);

impl ResolvesClientCert for Ears {
    fn resolve(&self, hints: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        let heard = hints.iter().map(|name| 2 + name.len()).sum();
        *self.0.lock().unwrap() = Some(heard);
        None
    }

    fn has_certs(&self) -> bool {
        true
    }
}
