//! A refusal says who was refused, as far as the leaf says so itself, and marks it unverified.

use std::sync::{Arc, Mutex};

use mtls_roles::{Observer, Refusal, UnverifiedLeaf};
use rustls::pki_types::CertificateDer;
use rustls::server::danger::ClientCertVerifier;

use crate::common::clock::{NOW, unix};
use crate::common::ours::{clients, roots};
use crate::common::pki::{Ca, CaSpec, LeafSpec, der, tamper_signature};
use crate::rules::peer::{general_name, pin, sha256};

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
    assert_eq!((refusal.presented(), refusal.reason()), (outside.presented(), outside.reason()));
    assert_eq!(clients.verify(None, unix(NOW)).unwrap_err().presented(), None);
    refusal.presented().unwrap().clone()
}

#[test]
fn fingerprint_and_names_of_the_presented_leaf_are_told() {
    let stranger = Ca::root_named("stranger");
    let edge = LeafSpec::new("edge").dns("edge.example").uri("spiffe://example.org/edge");
    let nameless = LeafSpec::new("").empty_subject().dns("edge.example");
    for (leaf, names) in [
        // webpki shows neither addresses nor e-mail.
        (
            stranger.leaf(edge.ip([192, 0, 2, 1])).der(),
            "CN=edge, dns:edge.example, uri:spiffe://example.org/edge, ",
        ),
        (stranger.leaf(nameless).der(), "dns:edge.example, "),
        (CertificateDer::from(b"rubbish".to_vec()), ""),
    ] {
        let (told, hash) = (presented(&leaf), sha256(&leaf));
        assert_eq!(told.sha256, hash);
        assert_eq!(told.to_string(), format!("unverified leaf {names}{}", pin("cert", &hash)));
    }
}

#[test]
fn a_stranger_cannot_make_it_long_or_move_the_cursor() {
    let stranger = Ca::root_named("stranger");
    let hostile = general_name("uri:x://\u{1b}[2K");
    let many = (0..500).map(|n| general_name(&format!("dns:a{n}.{}.example", "b".repeat(60))));
    let [many, few] = [many.collect(), vec![hostile]].map(|names: Vec<_>| der::sequence(&names));
    // Short enough to be read, and not.
    for length in [200, 1000] {
        let spec = LeafSpec::new(&"x\u{202e}".repeat(length));
        assert_eq!(
            presented(&stranger.leaf(spec.clone().raw_san(few.clone())).der()).names[1],
            "uri:x://\\u{1b}[2K"
        );
        let told = presented(&stranger.leaf(spec.raw_san(many.clone())).der());
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

/// What `tracing` is told, as text.
#[cfg(feature = "tracing")]
mod events {
    use std::io::{self, Write};
    use std::sync::{Arc, Mutex};

    use mtls_roles::TracingObserver;

    use super::*;

    #[derive(Clone, Default)]
    struct Log(Arc<Mutex<Vec<u8>>>);

    impl Write for Log {
        fn write(&mut self, text: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(text)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// The events of a refusal in a handshake.
    fn events(root: &Ca, chain: &[CertificateDer<'_>]) -> String {
        let clients = clients(&roots([root])).observer(Arc::new(TracingObserver)).build().unwrap();
        let log = Log::default();
        let writer = log.clone();
        let subscriber =
            tracing_subscriber::fmt().with_ansi(false).with_writer(move || writer.clone());
        tracing::subscriber::with_default(subscriber.finish(), || {
            clients.verify_client_cert(&chain[0], &chain[1..], unix(NOW)).unwrap_err();
        });
        String::from_utf8(log.0.lock().unwrap().clone()).unwrap()
    }

    #[test]
    fn a_refusal_says_in_tracing_who_was_refused_and_no_stranger_can_make_it_long() {
        let (root, stranger) = (Ca::root_named("root"), Ca::root_named("stranger"));
        let leaf = stranger.leaf(LeafSpec::new("edge").dns("edge.example")).der();
        let presented =
            format!("unverified leaf CN=edge, dns:edge.example, {}", pin("cert", &sha256(&leaf)));
        let told = events(&root, &[leaf]);
        assert!(told.contains(&format!("presented={presented} ")), "{told}");
        assert!(told.contains("`CN=stranger`, is neither presented nor a root"), "{told}");
        for chain in long_winded(&root) {
            let told = events(&root, &chain);
            assert!(told.len() < 5_000, "{}: {told:.300}", told.len());
        }
    }
}
