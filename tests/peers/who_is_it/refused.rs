//! A refusal says who was refused, as far as the leaf says so itself, and marks it unverified.

use std::sync::{Arc, Mutex};

use mtls_roles::{Observer, Refusal, UnverifiedLeaf};
use rustls::pki_types::CertificateDer;
use rustls::server::danger::ClientCertVerifier;
use sha2::{Digest, Sha256};

use crate::common::clock::{NOW, unix};
use crate::common::ours::{clients, roots};
use crate::common::pki::{Ca, CaSpec, LeafSpec, der, tamper_signature};

#[derive(Default)]
struct Heard(Mutex<Vec<Refusal>>);

impl Observer for Heard {
    fn refused(&self, refusal: &Refusal) {
        self.0.lock().unwrap().push(refusal.clone());
    }
}

/// What is said of it in a handshake; outside of it the same is said.
fn presented(leaf: &CertificateDer<'_>) -> UnverifiedLeaf {
    let heard = Arc::new(Heard::default());
    let builder = clients(&roots([&Ca::root_named("root")])).observer(heard.clone());
    let clients = builder.build().unwrap();
    clients.verify_client_cert(leaf, &[], unix(NOW)).unwrap_err();
    let outside = clients.verify(Some(std::slice::from_ref(leaf)), unix(NOW)).unwrap_err();
    let [refusal] = &heard.0.lock().unwrap()[..] else { panic!("one handshake, one refusal") };
    assert_eq!(refusal.presented(), outside.presented());
    assert_eq!(refusal.reason(), outside.reason());
    refusal.presented().unwrap().clone()
}

#[test]
fn fingerprint_and_names_of_the_presented_leaf_are_told() {
    let stranger = Ca::root_named("stranger");
    let spec = LeafSpec::new("edge").dns("edge.example").uri("spiffe://example.org/edge");
    let leaf = stranger.leaf(spec.ip([192, 0, 2, 1])).der();
    let told = presented(&leaf);
    assert_eq!(told.sha256, <[u8; 32]>::from(Sha256::digest(&leaf)));
    // webpki shows neither addresses nor e-mail.
    assert_eq!(told.names, ["CN=edge", "dns:edge.example", "uri:spiffe://example.org/edge"]);
    let hex: String = told.sha256.iter().map(|byte| format!("{byte:02x}")).collect();
    let names = "CN=edge, dns:edge.example, uri:spiffe://example.org/edge";
    assert_eq!(told.to_string(), format!("unverified leaf {names}, cert-sha256:{hex}"));
}

#[test]
fn a_leaf_without_subject_is_called_by_its_first_name_and_one_that_is_not_read_by_its_fingerprint()
{
    let stranger = Ca::root_named("stranger");
    let nameless = stranger.leaf(LeafSpec::new("").empty_subject().dns("edge.example"));
    assert_eq!(presented(&nameless.der()).names, ["dns:edge.example"]);
    let rubbish = presented(&CertificateDer::from(b"rubbish".to_vec()));
    assert!(rubbish.names.is_empty());
    assert!(rubbish.to_string().starts_with("unverified leaf cert-sha256:"), "{rubbish}");
}

#[test]
fn a_stranger_cannot_make_it_long_or_move_the_cursor() {
    let stranger = Ca::root_named("stranger");
    let many: Vec<_> = (0..500)
        .map(|n| der::general_name(2, format!("a{n}.{}.example", "b".repeat(60)).as_bytes()))
        .collect();
    // Short enough to be read, and not.
    for length in [200, 1000] {
        let spec = LeafSpec::new(&"x\u{202e}".repeat(length)).raw_san(der::sequence(&many));
        let told = presented(&stranger.leaf(spec).der());
        assert_eq!(told.names.len(), 8);
        assert!(told.names.iter().all(|name| name.chars().count() <= 256), "{told}");
        assert!(!told.to_string().contains(|c: char| c.is_control() || c == '\u{202e}'), "{told}");
    }
}

#[test]
fn a_stranger_cannot_make_the_reason_long() {
    let root = Ca::root_named("root");
    let clients = clients(&roots([&root])).build().unwrap();
    for chain in long_winded(&root) {
        let refusal = clients.verify(Some(&chain), unix(NOW)).unwrap_err();
        let length = refusal.reason().len();
        assert!(length < 1_500, "{length}: {:.300}", refusal.to_string());
    }
}

/// Chains that nobody signed for, with much of whatever is told of a chain.
fn long_winded(root: &Ca) -> Vec<Vec<CertificateDer<'static>>> {
    let edge = || LeafSpec::new(&"x".repeat(3_000));
    let below = |length| Ca::root(CaSpec::new(&"y".repeat(length))).leaf(edge()).chain(&[]);
    // Fields of a certificate, and of its signed part.
    let (signature, issuer, subject, key) = (2, 3, 5, 6);
    let with = |der: &CertificateDer<'_>, field: usize, value: Vec<u8>| {
        let mut parts = der::children(der);
        let mut fields = der::children(&parts[0]);
        if field == signature {
            parts[1] = value.clone();
        }
        fields[field] = value;
        parts[0] = der::sequence(&fields);
        CertificateDer::from(der::sequence(&parts))
    };
    // 20,000 arcs, and 2,000 types of strings.
    let algorithm = der::sequence(&[der::tlv(6, &[0x2a; 20_000])]);
    let curve = der::tlv(6, &[0x2a; 20_000]);
    let curve = der::sequence(&[der::oid(&[1, 2, 840, 10045, 2, 1]), curve]);
    let types = |from: u16| {
        let value = |n: u16| [0x9f, 0x80 | (n >> 7) as u8, (n & 0x7f) as u8, 0];
        let part = |n| der::sequence(&[vec![5, 0], value(n).to_vec()]);
        der::sequence(&(from..from + 2_000).map(|n| der::tlv(0x31, &part(n))).collect::<Vec<_>>())
    };
    let (leaf, forged) = (root.leaf(edge()).der(), Ca::root_named("root").der());
    vec![
        below(3_000),
        below(30_000),
        vec![with(&leaf, signature, algorithm)],
        vec![with(&leaf, issuer, types(128)), with(&forged, subject, types(129))],
        vec![
            tamper_signature(&leaf),
            with(&forged, key, der::sequence(&[curve, der::tlv(3, &[0, 4])])),
        ],
    ]
}

#[test]
fn whoever_presents_nothing_is_nobody() {
    let clients = clients(&roots([&Ca::root_named("root")])).build().unwrap();
    assert_eq!(clients.verify(None, unix(NOW)).unwrap_err().presented(), None);
}

/// What `tracing` is told, as text.
#[cfg(feature = "tracing")]
mod events {
    use std::fmt::Debug;
    use std::sync::{Arc, Mutex};

    use mtls_roles::TracingObserver;
    use tracing::field::{Field, Visit};
    use tracing::span::{Attributes, Id, Record};
    use tracing::{Event, Metadata, Subscriber};

    use super::*;

    #[derive(Clone, Default)]
    struct Log(Arc<Mutex<String>>);

    impl Visit for Log {
        fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
            *self.0.lock().unwrap() += &format!("{}={value:?}\n", field.name());
        }
    }

    impl Subscriber for Log {
        fn enabled(&self, _: &Metadata<'_>) -> bool {
            true
        }
        fn new_span(&self, _: &Attributes<'_>) -> Id {
            Id::from_u64(1)
        }
        fn record(&self, _: &Id, _: &Record<'_>) {}
        fn record_follows_from(&self, _: &Id, _: &Id) {}
        fn event(&self, event: &Event<'_>) {
            event.record(&mut self.clone());
        }
        fn enter(&self, _: &Id) {}
        fn exit(&self, _: &Id) {}
    }

    #[test]
    fn a_refusal_says_in_tracing_who_was_refused() {
        let leaf = Ca::root_named("stranger").leaf(LeafSpec::new("edge").dns("edge.example"));
        let builder = clients(&roots([&Ca::root_named("root")]));
        let clients = builder.observer(Arc::new(TracingObserver)).build().unwrap();
        let log = Log::default();
        tracing::subscriber::with_default(log.clone(), || {
            clients.verify_client_cert(&leaf.der(), &[], unix(NOW)).unwrap_err();
        });
        let log = log.0.lock().unwrap();
        let hex: String = Sha256::digest(leaf.der()).iter().map(|b| format!("{b:02x}")).collect();
        let line =
            format!("presented=unverified leaf CN=edge, dns:edge.example, cert-sha256:{hex}\n");
        assert!(log.contains(&line), "{log}");
        assert!(log.contains("`CN=stranger`, is neither presented nor a root"), "{log}");
    }

    #[test]
    fn a_stranger_cannot_make_an_event_long() {
        let root = Ca::root_named("root");
        let builder = clients(&roots([&root]));
        let clients = builder.observer(Arc::new(TracingObserver)).build().unwrap();
        for chain in long_winded(&root) {
            let log = Log::default();
            tracing::subscriber::with_default(log.clone(), || {
                clients.verify_client_cert(&chain[0], &chain[1..], unix(NOW)).unwrap_err();
            });
            let log = log.0.lock().unwrap();
            assert!(log.len() < 5_000, "{}: {log:.300}", log.len());
        }
    }
}
