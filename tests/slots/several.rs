//! Several credentials in one slot: chosen by name, then by what the peer can verify, and otherwise one.

use std::sync::Arc;

use crate::common::clock::NOW;
use crate::common::ours::{Heard, client_slot, credentials, server_slot};
use crate::common::pki::{Ca, CaSpec, Eku, KeyKind, LeafSpec, subject_of};
use crate::common::tls::{
    Stack, provider, stacks, stock_client, stock_client_verifier, with_schemes,
};
use mtls_roles::{EkuOutcome, EkuPolicy, Error, Role, ServerSlot};
use rustls::client::ResolvesClientCert;
use rustls::pki_types::ServerName;
use rustls::server::{Acceptor, ResolvesServerCert};
use rustls::{ClientConnection, SignatureScheme};
use time::Duration;

#[test]
fn a_server_slot_chooses_by_the_name_that_is_asked_for_and_else_the_first() {
    let root = Ca::root_named("root");
    let make = |name: &str, names: &[&str]| {
        let spec = names.iter().fold(LeafSpec::new(name), |spec, name| spec.dns(name));
        credentials(&root.leaf(spec.eku(Eku::server())), &[])
    };
    let first = make("first", &["first.example"]);
    let several = first.or(make("wild", &["*.wild.example"])).or(make("last", &["last.example"]));
    let slot = server_slot().build_with(several).unwrap();
    for stack in stacks() {
        for (asked, seen) in [
            ("first.example", "first"),
            ("last.example", "last"),
            ("LAST.example", "last"),
            ("x.wild.example", "wild"),
            ("wild.example", "first"),
            ("unknown.example", "first"),
            // Of an address there is no SNI, as of a caller like Java's to localhost.
            ("192.0.2.1", "first"),
        ] {
            let presented = presented_by(&slot, &stack, |_| true, asked).unwrap();
            assert_eq!(presented, format!("CN={seen}"), "{asked}, {}", stack.name);
        }
    }
}

#[test]
fn a_server_slot_chooses_by_the_signature_schemes_among_those_of_the_name() {
    let root = Ca::root_named("root");
    let make = |name: &str, kind, dns: &str| {
        credentials(&root.leaf(LeafSpec::new(name).dns(dns).kind(kind)), &[])
    };
    let several = make("ed25519", KeyKind::Ed25519, "a.example")
        .or(make("p256", KeyKind::P256, "a.example"))
        .or(make("rsa", KeyKind::Rsa2048, "b.example"));
    let ears = Arc::new(Heard::default());
    let slot = server_slot().observer(ears.clone()).build_with(several).unwrap();
    for stack in stacks() {
        let asked = |name, kind| {
            let knows = |scheme: &SignatureScheme| format!("{scheme:?}").starts_with(kind);
            presented_by(&slot, &stack, knows, name)
        };
        ears.lines();
        assert_eq!(asked("a.example", "").as_deref(), Some("CN=ed25519"), "{}", stack.name);
        assert_eq!(asked("a.example", "ECDSA").as_deref(), Some("CN=p256"));
        assert_eq!(asked("b.example", "").as_deref(), Some("CN=rsa"));
        assert_eq!(asked("unknown.example", "RSA").as_deref(), Some("CN=rsa"));
        assert_eq!(ears.lines(), [""; 0]);
        // Another server's certificate would be refused there, and nobody would know why.
        assert_eq!(asked("a.example", "RSA"), None);
        assert!(ears.lines()[0].starts_with("nothing as server: "));
    }
}

#[test]
fn a_client_slot_chooses_by_the_names_of_cas_and_else_the_first_that_fits() {
    let (one, two) = (Ca::root_named("one"), Ca::root_named("two"));
    let sub = two.sub(CaSpec::new("sub"));
    let first = credentials(&one.leaf(LeafSpec::new("first")), &[]);
    let below = credentials(&sub.leaf(LeafSpec::new("below")), &[&sub]);
    let other = credentials(&two.leaf(LeafSpec::new("ed25519").kind(KeyKind::Ed25519)), &[]);
    let single = client_slot().build_with(first.clone()).unwrap();
    let slot = client_slot().build_with(first.or(below).or(other)).unwrap();
    // As a server sends it.
    let hint = |ca: &Ca| {
        let clients = stock_client_verifier(&provider(), &[ca.der()]);
        clients.root_hint_subjects()[0].as_ref().to_vec()
    };
    let [one, two, sub] = [hint(&one), hint(&two), hint(&sub)];
    let unknown = hint(&Ca::root_named("unknown"));
    let (p256, ed25519) = (SignatureScheme::ECDSA_NISTP256_SHA256, SignatureScheme::ED25519);
    for (hints, schemes, seen) in [
        (vec![], &[p256, ed25519][..], "first"),
        (vec![&unknown[..]], &[p256, ed25519], "first"),
        (vec![&unknown, &one], &[p256], "first"),
        (vec![&two[..]], &[p256, ed25519], "below"),
        (vec![&sub[..]], &[ed25519, p256], "below"),
        (vec![&two[..]], &[ed25519], "ed25519"),
        (vec![&unknown[..]], &[ed25519], "ed25519"),
        (vec![&one[..]], &[ed25519], "ed25519"),
        (vec![&b"rubbish"[..], &[]], &[p256], "first"),
    ] {
        let presented = slot.resolve(&hints, schemes).expect(seen);
        assert_eq!(subject_of(&presented.cert[0]), format!("CN={seen}"), "{hints:?} {schemes:?}");
        // To withhold the only one would hide the problem.
        assert!(single.resolve(&hints, &[p256]).is_some(), "{hints:?}");
    }
}

#[test]
fn several_are_judged_published_told_and_handed_back_as_one() {
    let root = Ca::root_named("root");
    let make = |name: &str, eku| credentials(&root.leaf(LeafSpec::new(name).eku(eku)), &[]);
    let (a, b, lost) = (make("a", Eku::both()), make("b", Eku::client()), make("l", Eku::server()));
    let (ears, both) = (Arc::new(Heard::default()), a.clone().or(b.clone()));
    let slot = client_slot().observer(ears.clone()).build_with(both.clone()).unwrap();
    assert_eq!(ears.lines(), ["published as client: CN=a, Enforced, combined"]);
    for refused in [both.clone().or(lost.clone()), lost.clone().or(a.clone())] {
        let error = slot.swap(refused).unwrap_err();
        assert!(matches!(error, Error::Unfit { .. }) && error.to_string().contains("(CN=l)"));
        assert_eq!(slot.credentials(), Some(both.clone()));
        assert_eq!(ears.lines().len(), 1);
    }
    assert_eq!(slot.swap(b.clone()).unwrap(), Some(both.clone()));
    assert_eq!(slot.swap(both.clone()).unwrap(), Some(b.clone()));
    assert_eq!(slot.clear().unwrap(), Some(both.clone()));
    let each: Vec<_> = both.each().collect();
    assert_eq!(each, [a.clone(), b.clone()]);
    assert_ne!(both, b.clone().or(a.clone()), "the first is another");
    assert!(both.is_fit_for(Role::Client) && !both.is_fit_for(Role::Server));
    assert!(both.is_combined() && !b.is_combined());
}

#[test]
fn several_are_relaxed_if_any_is() {
    let root = Ca::root_named("root");
    let make = |name: &str, eku| credentials(&root.leaf(LeafSpec::new(name).eku(eku)), &[]);
    let (good, lost) = (make("good", Eku::client()), make("lost", Eku::server()));
    let slot = client_slot().eku_policy(EkuPolicy::ignore()).build().unwrap();
    for both in [good.clone().or(lost.clone()), lost.or(good.clone())] {
        let eku = slot.judge(&both).unwrap().eku;
        assert!(eku.violation().is_some_and(|it| it.certificate == "CN=lost"), "{eku}");
    }
    assert_eq!(slot.judge(&good.clone().or(good)).unwrap().eku, EkuOutcome::Enforced);
}

#[test]
fn credentials_are_valid_until_the_leaf_or_all_that_issued_it_end() {
    let root = Ca::root_named("root");
    let end = NOW + Duration::days(80);
    let until =
        |days| CaSpec::new("sub").valid(NOW - Duration::days(9), NOW + Duration::days(days));
    let sub = root.sub(until(5));
    let (renewed, cross) = (root.cross_sign(&sub, until(7)), root.cross_sign(&root, until(1)));
    let below = |leaf: Option<&Ca>, issuers: &[&Ca]| {
        credentials(&leaf.unwrap_or(&sub).leaf(LeafSpec::new("leaf")), issuers).valid_until()
    };
    let days = |days| NOW + Duration::days(days);
    assert_eq!(below(None, &[]), end);
    assert_eq!(below(None, &[&sub, &root]), days(5));
    assert_eq!(below(None, &[&sub, &renewed]), days(7));
    assert_eq!(below(None, &[&sub, &cross]), days(5), "above the issuer nobody asks");
    let own_root = Ca::root(until(3).key(&sub.key));
    assert_eq!(below(None, &[&sub, &own_root]), end, "peers may have it as a root");
    let short = Ca::root(CaSpec::new("short").valid(NOW - Duration::days(9), days(3)));
    assert_eq!(below(Some(&short), &[&short]), end, "a root has no end that counts");
}

#[test]
fn several_are_valid_until_the_first_ends_and_share_what_any_shares() {
    let root = Ca::root_named("root");
    let until = |name: &str, days| {
        let spec = LeafSpec::new(name).valid(NOW - Duration::days(1), NOW + Duration::days(days));
        credentials(&root.leaf(spec), &[])
    };
    let (a, b) = (until("a", 9), until("b", 5));
    assert_eq!(a.clone().or(b.clone()).valid_until(), NOW + Duration::days(5));
    let server = server_slot().build_with(a.clone().or(b.clone())).unwrap();
    let client = |held| client_slot().build_with(held).unwrap();
    assert!(server.shares_key_with(&client(until("c", 9).or(b))));
    assert!(!server.shares_key_with(&client(until("c", 9))));
}

/// The leaf that a slot presents to a client that asks for this name and knows these schemes.
fn presented_by(
    slot: &ServerSlot,
    stack: &Stack,
    knows: impl Fn(&SignatureScheme) -> bool,
    name: &'static str,
) -> Option<String> {
    let (provider, roots) = (with_schemes(&stack.provider, knows), [Ca::root_named("any").der()]);
    let config = stock_client(&provider, &[stack.version], &roots, None);
    let name = ServerName::try_from(name).unwrap();
    let mut client = ClientConnection::new(Arc::new(config), name).unwrap();
    let (mut hello, mut acceptor) = (vec![], Acceptor::default());
    client.write_tls(&mut hello).unwrap();
    acceptor.read_tls(&mut hello.as_slice()).unwrap();
    let accepted = acceptor.accept().unwrap().expect("a whole hello");
    slot.resolve(accepted.client_hello()).map(|presented| subject_of(&presented.cert[0]))
}
