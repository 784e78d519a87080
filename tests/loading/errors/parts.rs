//! What credentials, slots, policies, verifiers, roots and lists are refused for.

use std::sync::Arc;

use mtls_roles::{
    CertificateRequest, ClientPeerVerifier, ClientSlot, Credentials, Crls, EkuPolicy, PeerRule,
    Role, Roots, ServerPeerVerifier, ServerSlot, SignatureMemo, SubjectAltName, server_config,
};
use rustls::RootCertStore;
use rustls::crypto::{CryptoProvider, aws_lc_rs, ring};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, TrustAnchor};
use time::Duration;

use super::Row;
use crate::common::clock::{Clock, NOW, unix};
use crate::common::device::{Device, Tells};
use crate::common::ours::{client_slot, clients, credentials, roots, server_slot, servers};
use crate::common::pki::{Ca, CaSpec, CrlSpec, Eku, KeyKind, Kp, LeafSpec, WeakRsaKey};
use crate::common::tls::provider;

#[rustfmt::skip] // One row, one line.
pub fn about_chains() -> Vec<Row> {
    let root = Ca::root_named("root");
    let sub = root.sub(CaSpec::new("sub"));
    let leaf = sub.leaf(LeafSpec::new("edge"));
    let other = sub.leaf(LeafSpec::new("other"));
    let read = |chain: Vec<CertificateDer<'static>>| {
        Credentials::from_der(chain, leaf.key_der(), &provider()).unwrap_err()
    };
    let cut = cut(&leaf.der());
    let nameless = sub.leaf(LeafSpec::new("").empty_subject().dns("edge.example"));
    let critical = LeafSpec::new("edge").extension(&[1, 3, 9], true, vec![5, 0]);
    vec![
        ("no certificate", read(vec![])),
        ("a certificate that is cut", read(vec![leaf.der(), cut])),
        ("a certificate with an unknown critical extension", read(sub.leaf(critical).chain(&[]))),
        ("upside down", read(vec![sub.der(), leaf.der()])),
        ("another leaf first", read(vec![other.der(), sub.der(), leaf.der()])),
        ("a leaf whose key is too short", read(vec![root.leaf_for(LeafSpec::new("edge"), &WeakRsaKey::default())])),
        ("the key of another certificate", Credentials::from_der(other.chain(&[&sub]), leaf.key_der(), &provider()).unwrap_err()),
        ("a name that would move the cursor", read(vec![root.der(), sub.leaf(LeafSpec::new("ed\u{1b}[2Kge").key(&leaf.key)).der()])),
        ("a leaf without a subject", read(nameless.chain(&[]))),
    ]
}

#[rustfmt::skip] // One row, one line.
pub fn about_keys() -> Vec<Row> {
    let root = Ca::root_named("root");
    let make = |kind| root.leaf(LeafSpec::new("edge").kind(kind));
    let (leaf, rsa) = (make(KeyKind::P256), make(KeyKind::Rsa2048));
    // ring has no P-521 to refuse.
    let device = |kind, tells| Device::holding(&make(kind), &aws_lc_rs::default_provider(), tells);
    let read = |chain, key| Credentials::from_der(chain, key, &provider()).unwrap_err();
    let pkcs8 = |key: &[u8]| PrivateKeyDer::Pkcs8(key.to_vec().into());
    let weak = root.leaf_for(LeafSpec::new("weak"), &WeakRsaKey::default());
    let request = |names: &[SubjectAltName], key| CertificateRequest::new(names, &key, Role::Server).unwrap_err();
    let dns = |name: &str| SubjectAltName::Dns(name.into());
    let p256 = || device(KeyKind::P256, Tells::ItsPublicKey);
    vec![
        ("an RSA key for an EC leaf", read(leaf.chain(&[]), rsa.key_der())),
        ("the key of the issuer", read(leaf.chain(&[&root]), pkcs8(&root.key.serialize_der()))),
        // What stands in the certificate, too, is renewed with it.
        ("a key that is none for a leaf whose key is too short", read(vec![weak], pkcs8(b"rubbish"))),
        ("a key that does not tell its public key", Credentials::from_signing_key(leaf.chain(&[]), device(KeyKind::P256, Tells::Nothing)).unwrap_err()),
        ("a request with such a key", request(&[dns("edge.example.com")], device(KeyKind::P256, Tells::Nothing))),
        ("a request with a P-521 key", request(&[dns("a.example")], device(KeyKind::P521, Tells::ItsPublicKey))),
        ("a request without a name", request(&[], p256())),
        ("a request for a U-label", request(&[dns("bücher.example")], p256())),
        ("a request for a directory name", request(&[SubjectAltName::Other(4)], p256())),
    ]
}

#[rustfmt::skip] // One row, one line.
pub fn about_slots() -> Vec<Row> {
    let root = Ca::root_named("root");
    let leaf = |spec: LeafSpec| credentials(&root.leaf(spec), &[]);
    let edge = || LeafSpec::new("edge");
    let sub = root.sub(CaSpec::new("sub").eku(Eku::server()));
    let below = credentials(&sub.leaf(edge().eku(Eku::both())), &[&sub]);
    let client = |credentials| client_slot().build_with(credentials).unwrap_err();
    let serve = |policy, credentials| {
        let slot = server_slot().eku_policy(policy);
        slot.build_with(credentials).unwrap_err()
    };
    let others = Eku::Purposes(vec![Kp::Any, Kp::Oid(&[1, 3, 6, 1, 4, 1, 311])]);
    let ended = EkuPolicy::accept_server_auth().until(NOW - Duration::days(1));
    let clockless = Clock::at(NOW - Duration::days(60 * 365));
    vec![
        ("serverAuth in the client slot", client(leaf(edge().eku(Eku::server())))),
        ("an intermediate for serverAuth in the client slot", client(below)),
        ("a CA in the client slot", client(leaf(edge().ca()))),
        ("no EKU in a strict server slot", serve(EkuPolicy::strict(), leaf(edge()))),
        ("two other purposes in the server slot", serve(EkuPolicy::rfc5280(), leaf(edge().eku(others)))),
        ("expired", client(leaf(edge().expired()))),
        ("not yet valid", client(leaf(edge().not_yet_valid()))),
        ("no clock", ClientSlot::builder().time_provider(Arc::new(clockless)).build_with(leaf(edge())).unwrap_err()),
        ("accept_server_auth in the server slot", serve(EkuPolicy::accept_server_auth(), leaf(edge()))),
        ("accept_server_auth that has ended, in an empty one", server_slot().eku_policy(ended).build().unwrap_err()),
    ]
}

/// Every text of a rule is in `tests/peers/rules/text.txt`.
pub fn about_texts() -> Vec<Row> {
    let policy = |text: &str| text.parse::<EkuPolicy>().unwrap_err();
    vec![
        ("unknown policy", policy("ignore\u{1b}\n")),
        ("policy that does not end", policy("strict until 2027-03-15")),
        ("unreadable end of a policy", policy("ignore until March")),
        ("U-label in a rule", "dns:bücher.example".parse::<PeerRule>().unwrap_err()),
    ]
}

#[rustfmt::skip] // One row, one line.
pub fn about_policies() -> Vec<Row> {
    let edge = || PeerRule::dns_name("edge.example").unwrap();
    let (private, public) = (roots([&Ca::root_named("root")]), Roots::public_web());
    let public_clients = || clients(&public).allow(edge());
    let (ignore, accept) = (EkuPolicy::ignore(), EkuPolicy::accept_server_auth());
    let no_suites = CryptoProvider { cipher_suites: vec![], ..CryptoProvider::clone(&provider()) };
    vec![
        ("clients, relaxed for nobody", clients(&private).eku_policy(ignore).build().unwrap_err()),
        ("servers, relaxed for nobody", servers(&private).eku_policy(ignore).build().unwrap_err()),
        ("any peer over public roots", public_clients().eku_policy(ignore).relax_for_any_peer_of_these_private_roots().build().unwrap_err()),
        ("a name over public roots", public_clients().eku_policy(ignore).relax_for(edge()).build().unwrap_err()),
        ("a URI over public roots", public_clients().allow("uri:spiffe://example.org/a".parse().unwrap()).build().unwrap_err()),
        ("relaxed servers over public roots", servers(&public).eku_policy(ignore).relax_for(edge()).build().unwrap_err()),
        ("public roots without rules", clients(&public).build().unwrap_err()),
        ("accept_server_auth for servers", servers(&private).eku_policy(accept).relax_for(edge()).build().unwrap_err()),
        ("a provider without cipher suites", server_config(&Arc::new(no_suites), ServerSlot::empty(), clients(&private).build().unwrap()).unwrap_err()),
    ]
}

#[rustfmt::skip] // One row, one line.
pub fn about_roots() -> Vec<Row> {
    let root = Ca::root_named("root");
    let leaf = root.leaf(LeafSpec::new("edge"));
    let cut = cut(&root.der());
    let mut many = RootCertStore::empty();
    many.roots = vec![
        TrustAnchor {
            subject: vec![5; 58].into(),
            subject_public_key_info: vec![].into(),
            name_constraints: None,
        };
        1_200
    ];
    vec![
        ("no root", Roots::from_pem(b"").unwrap_err()),
        ("an empty list of roots", Roots::from_der([]).unwrap_err()),
        ("an empty store", Roots::from_root_cert_store(RootCertStore::empty()).unwrap_err()),
        ("too many names for a message", clients(&Roots::from_root_cert_store(many).unwrap()).build().unwrap_err()),
        ("a root that is cut", Roots::from_der([root.der(), cut]).unwrap_err()),
        ("the leaf of a CA as a root", Roots::from_der([leaf.der()]).map(|_| ()).unwrap_err()),
    ]
}

#[rustfmt::skip] // One row, one line.
pub fn about_crls() -> Vec<Row> {
    let root = Ca::root_named("root");
    let list = Crls::from_der([root.crl(CrlSpec::new(1))]).unwrap();
    let without = servers(&roots([&root])).build().unwrap();
    vec![
        ("no list", Crls::from_der([]).unwrap_err()),
        ("garbage for a list", Crls::from_der([vec![0x30, 0].into()]).unwrap_err()),
        ("a delta list", Crls::from_der([root.crl(CrlSpec::new(2).delta())]).unwrap_err()),
        ("a number of 21 octets", Crls::from_der([root.crl(CrlSpec::new(1).number(&[1; 21]))]).unwrap_err()),
        ("a verifier without lists", without.replace_crls(list, unix(NOW)).unwrap_err()),
    ]
}

pub fn about_memos() -> Vec<Row> {
    let roots = || Roots::from_der([Ca::root_named("root").der()]).unwrap();
    let (aws, ring) = (aws_lc_rs::default_provider(), ring::default_provider());
    let clients = ClientPeerVerifier::builder(roots(), &ring).memo(SignatureMemo::new(&aws));
    let servers = ServerPeerVerifier::builder(roots(), &aws).memo(SignatureMemo::new(&ring));
    vec![
        ("a verifier of clients with the memo of another provider", clients.build().unwrap_err()),
        ("a verifier of servers with the memo of another provider", servers.build().unwrap_err()),
    ]
}

/// Its first 100 bytes, of which the header says that 256 follow it.
fn cut(certificate: &CertificateDer<'_>) -> CertificateDer<'static> {
    let start = [&[0x30, 0x82, 1, 0], &certificate[4..100]];
    start.concat().into()
}
