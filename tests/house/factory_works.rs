//! The certificate factory and the clock do what they say, as a second parser sees it.

use std::net::Ipv4Addr;

use crate::common::clock::{Clock, NOW, unix};
use crate::common::pki::{Ca, CaSpec, CrlSpec, Eku, Kp, Leaf, LeafSpec, WeakRsaKey};
use rustls::pki_types::{CertificateDer, CertificateRevocationListDer, PrivateKeyDer};
use rustls::time_provider::TimeProvider;
use time::Duration;
use time::macros::datetime;
use x509_parser::prelude::{FromDer, GeneralName, ParsedExtension, X509Certificate};

#[test]
fn the_clock_stands_until_it_is_moved_and_clones_move_with_it() {
    let clock = Clock::default();
    let same = clock.clone();
    assert_eq!(clock.current_time(), Some(unix(NOW)));
    same.advance(Duration::days(-1));
    assert_eq!(clock.now(), NOW - Duration::days(1));
    same.set(datetime!(1969-12-31 0:00 UTC));
    assert_eq!(clock.current_time(), None);
}

#[test]
fn a_second_parser_reads_every_eku_as_it_was_asked_for() {
    let other = Kp::Oid(&[1, 3, 6, 1, 4, 1, 311, 20, 2, 2]);
    let rows = [
        (Eku::Absent, None),
        (Eku::server(), Some((false, "server"))),
        (Eku::client(), Some((false, "client"))),
        (Eku::both(), Some((false, "server client"))),
        (Eku::any(), Some((false, "any"))),
        (Eku::code_signing(), Some((false, "code"))),
        (
            Eku::Purposes(vec![Kp::EmailProtection, other]),
            Some((false, "email 1.3.6.1.4.1.311.20.2.2")),
        ),
        (Eku::Critical(vec![Kp::ClientAuth]), Some((true, "client"))),
        (Eku::Empty, Some((false, ""))),
    ];
    let root = Ca::root_named("root");
    for (eku, expected) in rows {
        let expected = expected.map(|(critical, purposes)| (critical, purposes.to_owned()));
        let leaf = root.leaf(LeafSpec::new("leaf").eku(eku.clone()));
        assert_eq!(parsed_eku(&leaf.der()), expected, "leaf {eku:?}");
        let sub = root.sub(CaSpec::new("sub").eku(eku.clone()));
        assert_eq!(parsed_eku(&sub.der()), expected, "sub {eku:?}");
    }
}

#[test]
fn a_raw_eku_is_written_byte_by_byte() {
    let leaf = Leaf::self_signed(LeafSpec::new("leaf").eku(Eku::Raw(vec![0x30, 0x01])));
    assert_eq!(extension(&leaf.der(), "2.5.29.37"), Some((false, vec![0x30, 0x01])));
}

#[test]
fn a_second_parser_reads_every_kind_of_name() {
    let spec = LeafSpec::new("leaf").dns("a.example").uri("spiffe://a/b").email("a@b.example");
    let leaf = Leaf::self_signed(spec.ip(Ipv4Addr::LOCALHOST));
    let der = leaf.der();
    let names =
        parse(&der).subject_alternative_name().unwrap().unwrap().value.general_names.clone();
    let expected = [
        GeneralName::DNSName("a.example"),
        GeneralName::URI("spiffe://a/b"),
        GeneralName::RFC822Name("a@b.example"),
        GeneralName::IPAddress(&[127, 0, 0, 1]),
    ];
    assert_eq!(names, expected);
    let raw = Leaf::self_signed(LeafSpec::new("leaf").raw_san(vec![0x30, 0x00]));
    assert_eq!(extension(&raw.der(), "2.5.29.17"), Some((false, vec![0x30, 0x00])));
}

#[test]
fn a_second_parser_reads_what_a_ca_was_asked_to_be() {
    let spec = CaSpec::new("ca")
        .path_len(1)
        .permit_dns("a.example")
        .exclude_ip(Ipv4Addr::LOCALHOST.into(), 8);
    let der = Ca::root(spec).der();
    let ca = parse(&der);
    let constraints = ca.basic_constraints().unwrap().unwrap();
    assert!(constraints.critical && constraints.value.ca);
    assert_eq!(constraints.value.path_len_constraint, Some(1));
    let usage = ca.key_usage().unwrap().unwrap().value;
    assert!(usage.key_cert_sign() && usage.crl_sign() && usage.digital_signature());
    let names = ca.name_constraints().unwrap().unwrap().value;
    assert_eq!(names.permitted_subtrees.as_ref().map(Vec::len), Some(1));
    assert_eq!(names.excluded_subtrees.as_ref().map(Vec::len), Some(1));

    let bare =
        Ca::root(CaSpec::new("").empty_subject().without_basic_constraints().key_usages(&[])).der();
    let bare = parse(&bare);
    assert!(bare.subject().as_raw() == [0x30, 0] && bare.extensions().is_empty());
    let denied = Ca::root(CaSpec::new("ca").not_a_ca()).der();
    assert!(!parse(&denied).basic_constraints().unwrap().unwrap().value.ca);
}

#[test]
fn a_web_pki_leaf_carries_an_sct_and_the_policy_domain_validated() {
    let der = Leaf::self_signed(LeafSpec::new("leaf").web_pki()).der();
    let leaf = parse(&der);
    let parsed = || leaf.extensions().iter().map(|extension| extension.parsed_extension());
    let policy = |extension: &ParsedExtension<'_>| match extension {
        ParsedExtension::CertificatePolicies(all) => {
            all[0].policy_id.to_string() == "2.23.140.1.2.1"
        }
        _ => false,
    };
    assert!(
        parsed().any(|extension| matches!(extension, ParsedExtension::SCT(all) if all.len() == 1))
    );
    assert!(parsed().any(policy));
}

#[test]
fn a_leaf_can_have_a_weak_key_or_the_key_of_another_leaf() {
    let root = Ca::root_named("root");
    let weak = root.leaf_for(LeafSpec::new("weak"), &WeakRsaKey::default());
    assert_eq!(parse(&weak).public_key().parsed().unwrap().key_size(), 1024);

    let first = root.leaf(LeafSpec::new("first"));
    let second = root.leaf(LeafSpec::new("second").key(&first.key));
    let (first_der, second_der) = (first.der(), second.der());
    assert_eq!(parse(&first_der).public_key().raw, parse(&second_der).public_key().raw);
    assert_ne!(first.serial, second.serial);
}

#[test]
fn pem_is_the_same_certificates_and_the_same_key() {
    use rustls::pki_types::pem::PemObject;
    let root = Ca::root_named("root");
    let leaf = root.leaf(LeafSpec::new("leaf"));
    let chain: Vec<_> = CertificateDer::pem_slice_iter(leaf.chain_pem(&[&root]).as_bytes())
        .map(Result::unwrap)
        .collect();
    assert_eq!(chain, leaf.chain(&[&root]));
    assert_eq!(PrivateKeyDer::from_pem_slice(leaf.key_pem().as_bytes()).unwrap(), leaf.key_der());
    let crl = root.crl_pem(CrlSpec::new(1));
    assert!(CertificateRevocationListDer::from_pem_slice(crl.as_bytes()).is_ok());
}

fn parse<'a>(der: &'a CertificateDer<'_>) -> X509Certificate<'a> {
    let (rest, certificate) = X509Certificate::from_der(der).expect("well-formed");
    assert!(rest.is_empty());
    certificate
}

/// Whether it is critical, and its purposes in words.
fn parsed_eku(der: &CertificateDer<'_>) -> Option<(bool, String)> {
    let certificate = parse(der);
    let eku = certificate.extended_key_usage().expect("well-formed")?;
    let known = [
        (eku.value.any, "any"),
        (eku.value.server_auth, "server"),
        (eku.value.client_auth, "client"),
        (eku.value.code_signing, "code"),
        (eku.value.email_protection, "email"),
    ];
    let known = known.iter().filter(|(present, _)| *present).map(|(_, word)| (*word).to_owned());
    let words: Vec<_> = known.chain(eku.value.other.iter().map(|oid| oid.to_string())).collect();
    Some((eku.critical, words.join(" ")))
}

/// Whether it is critical, and its value.
fn extension(der: &CertificateDer<'_>, oid: &str) -> Option<(bool, Vec<u8>)> {
    let certificate = parse(der);
    let mut all = certificate.extensions().iter();
    let found = all.find(|extension| extension.oid.to_id_string() == oid)?;
    Some((found.critical, found.value.to_vec()))
}
