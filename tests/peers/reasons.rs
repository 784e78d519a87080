//! A refusal names the certificate and, in words, what stands in the way and what to do about that.

use mtls_roles::{ClientPeerVerifier, EkuPolicy, Refusal, RefusalClass, Roots};
use rcgen::{DistinguishedName, DnType, DnValue, GeneralSubtree};
use rustls::pki_types::CertificateDer;

use crate::common::clock::{NOW, unix};
use crate::common::ours::{clients, roots, rule};
use crate::common::pki::{
    Ca, CaSpec, Eku, KeyKind, Leaf, LeafSpec, WeakRsaKey, der, tamper_signature,
};
use crate::common::tls::provider;

struct Row {
    id: &'static str,
    root: CertificateDer<'static>,
    chain: Vec<CertificateDer<'static>>,
    /// All of them are in what is said.
    said: &'static [&'static str],
    /// And of these, by this crate's own reader, for a chain in a file.
    explained: &'static [&'static str],
}

impl Row {
    fn refusal(&self) -> Refusal {
        let roots = Roots::from_der([self.root.clone()]).unwrap();
        let clients = ClientPeerVerifier::builder(roots, &provider()).build().unwrap();
        clients.verify(Some(&self.chain), unix(NOW)).expect_err(self.id)
    }
}

#[test]
fn every_refusal_says_which_certificate_and_what_stands_in_the_way() {
    let mut wrong = vec![];
    for row in rows() {
        let refusal = row.refusal();
        let (said, explained) = (refusal.reason(), refusal.explain(&row.chain).join("\n"));
        for needed in row.said.iter().filter(|needed| !said.contains(**needed)) {
            wrong.push(format!("{}: lacks {needed:?}: {said}", row.id));
        }
        for needed in row.explained.iter().filter(|needed| !explained.contains(**needed)) {
            wrong.push(format!("{}: explained without {needed:?}: {explained}", row.id));
        }
        for never in ["well-formed", "sound certificate", "[6, ", "Unsupported"] {
            if said.contains(never) || explained.contains(never) {
                wrong.push(format!("{}: says {never:?}: {said} {explained}", row.id));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The error stays that of the EKU, which stock rustls would have found; what is said is the honest reason.
#[test]
fn a_path_check_behind_a_wrong_purpose_is_said_too() {
    let root = Ca::root_named("root");
    let signer = LeafSpec::new("edge").key_usages(&[rcgen::KeyUsagePurpose::KeyCertSign]);
    let chain = root.leaf(signer.eku(Eku::server())).chain(&[]);
    for policy in [EkuPolicy::rfc5280(), EkuPolicy::ignore()] {
        let clients =
            clients(&roots([&root])).eku_policy(policy).relax_for(rule("dns:other.example"));
        let refusal = clients.build().unwrap().verify(Some(&chain), unix(NOW)).unwrap_err();
        assert_eq!(refusal.class(), RefusalClass::PathCheck);
        let said = "(`CN=edge`) is a leaf, but its key usage has keyCertSign";
        assert!(refusal.reason().contains(said), "{refusal}");
        assert!(refusal.reason().contains("stock_path_checks()"), "{refusal}");
    }
}

#[rustfmt::skip] // One row, one line.
fn rows() -> Vec<Row> {
    let row = |id, root: &Ca, chain, said, explained| Row { id, root: root.der(), chain, said, explained };
    let root = Ca::root_named("root");
    let edge = || LeafSpec::new("edge").dns("edge.example");
    let leaf = |spec: LeafSpec| root.leaf(spec).chain(&[]);
    let below = |spec: CaSpec| {
        let sub = root.sub(spec);
        sub.leaf(edge()).chain(&[&sub])
    };
    let sub = || CaSpec::new("sub");
    let weak = root.leaf_for(LeafSpec::new("sub").ca(), &WeakRsaKey::default());
    let (good, through_sub) = (root.leaf(edge()), below(sub()));
    let (printable, utf8) = (
        named(DnValue::PrintableString("root".try_into().unwrap())),
        named(DnValue::Utf8String("root".into())),
    );
    let namesake = Ca::root(CaSpec::new("").subject(utf8).key(&root.key));
    let under_printable = Ca::root(CaSpec::new("").subject(printable).key(&root.key)).leaf(edge());
    let critical = |spec: LeafSpec, oid: &[u64]| spec.extension(oid, true, vec![0x30, 0]);
    let nameless = LeafSpec::new("").empty_subject().dns("edge.example");
    let (deep_root, middle) = (Ca::root_named("deep"), "middle");
    let middle = deep_root.sub(CaSpec::new(middle).path_len(0));
    let low = middle.sub(CaSpec::new("low"));
    let (one, two) = (Ca::root_named("one"), Ca::root_named("two"));
    vec![
        row("missing intermediate", &root, below(sub())[..1].to_vec(), &["the issuer of certificate 1 (`CN=edge`), `CN=sub`, is neither presented nor a root"], &[]),
        row("missing root", &namesake_of_nobody(), below(sub()), &["the issuer of certificate 2 (`CN=sub`), `CN=root`, is neither presented nor a root"], &[]),
        row("self-signed", &root, Leaf::self_signed(edge()).chain(&[]), &["certificate 1 (`CN=edge`) is self-issued and not among the roots"], &[]),
        row("issuers of each other", &root, one.leaf(edge()).chain(&[&two.cross_sign(&one, CaSpec::new("one")), &one.cross_sign(&two, CaSpec::new("two"))]), &["have issued each other up to certificate 3 (`CN=two`), by `CN=one`, and none of them is a root"], &[]),
        row("another string type", &namesake, under_printable.chain(&[]), &["`CN=root` (PrintableString) issued it", "calls itself `CN=root` (UTF8String)", "byte for byte"], &[]),
        row("another key of the name", &Ca::root_named("root"), good.chain(&[]), &["the signature of certificate 1 (`CN=edge`) is not by the key of the issuer that it names, `CN=root`"], &[]),
        row("tampered", &root, vec![tamper_signature(&good.der())], &["the signature of certificate 1 (`CN=edge`) is not by the key"], &[]),
        row("tampered issuer", &root, vec![through_sub[0].clone(), tamper_signature(&through_sub[1])], &["the signature of certificate 2 (`CN=sub`) is not by the key of the issuer that it names, `CN=root`"], &[]),
        row("a weak key of an issuer", &root, vec![root.sub(sub().kind(KeyKind::Rsa2048)).leaf(edge()).der(), weak], &["the key of the issuer of certificate 1 (`CN=edge`), `CN=sub`, is RSA 1024, with which no signature is believed"], &["its key is RSA 1024"]),
        row("expired leaf", &root, leaf(edge().expired()), &["certificate 1 (`CN=edge`) expired at 20"], &[]),
        row("expired issuer", &root, below(sub().expired()), &["certificate 2 (`CN=sub`) expired at 20"], &[]),
        row("issuer of the future", &root, below(sub().not_yet_valid()), &["certificate 2 (`CN=sub`) is not valid before 20"], &[]),
        row("no subject", &root, leaf(nameless.clone().expired()), &["certificate 1 (`dns:edge.example`) expired"], &[]),
        row("CA as leaf", &root, vec![root.sub(sub()).der()], &["certificate 1 (`CN=sub`) is a CA", "-addext basicConstraints=critical,CA:FALSE"], &[]),
        row("self-signed CA as leaf", &root, vec![root.der()], &["certificate 1 (`CN=root`) is a CA"], &[]),
        row("issuer that is no CA", &root, below(sub().not_a_ca()), &["certificate 2 (`CN=sub`) issued another and is no CA"], &[]),
        row("issuer without basicConstraints", &root, below(sub().without_basic_constraints()), &["certificate 2 (`CN=sub`) issued another and is no CA"], &[]),
        row("path length", &deep_root, low.leaf(edge()).chain(&[&low, &middle]), &["pathLenConstraint"], &["certificate 3 of the chain (CN=middle): its pathLenConstraint is 0"]),
        row("critical policies", &root, leaf(critical(edge(), &[2, 5, 29, 32])), &["certificate 1 of those presented has a critical extension"], &["certificate 1 of the chain (CN=edge): its extension certificatePolicies (2.5.29.32) is critical"]),
        row("critical inhibitAnyPolicy", &root, below(sub().extension(&[2, 5, 29, 54], true, vec![2, 1, 0])), &["certificate 2 of those presented"], &["certificate 2 of the chain (CN=sub): its extension inhibitAnyPolicy (2.5.29.54)"]),
        row("critical unknown", &root, leaf(critical(edge(), &[1, 2, 3, 4])), &["certificate 1 of those presented"], &["its extension 1.2.3.4 is critical"]),
        row("critical, no subject", &root, leaf(critical(nameless, &[1, 2, 3, 4])), &["certificate 1 of those presented"], &["certificate 1 of the chain (dns:edge.example): its extension 1.2.3.4"]),
        row("precertificate", &root, leaf(critical(edge(), &[1, 3, 6, 1, 4, 1, 11129, 2, 4, 3])), &[], &["the poison of a precertificate (1.3.6.1.4.1.11129.2.4.3)", "needed is the certificate itself"]),
        row("an extension twice", &root, leaf(edge().extension(&[2, 5, 29, 31], false, vec![0x30, 0]).extension(&[2, 5, 29, 31], false, vec![0x30, 0])), &["certificate 1 of those presented"], &["the extension cRLDistributionPoints (2.5.29.31) twice"]),
        row("version 1", &root, vec![version_1(&good.der())], &["certificate 1 of those presented is not of X.509 version 3"], &["it is of X.509 version 1", "-extfile FILE"]),
        row("ecdsa-with-SHA224", &root, vec![signed_with(&good.der(), 1)], &["certificate 1 (`CN=edge`) is signed with ecdsa-with-SHA224, which this crypto provider does not verify; have it issued anew with one of ecdsa-with-SHA256"], &["it is signed with ecdsa-with-SHA224"]),
        row("two algorithms", &root, vec![signed_with_other(&good.der())], &["names two algorithms for its one signature"], &["ecdsa-with-SHA256 inside the signed part and ecdsa-with-SHA224 outside"]),
        row("directory names", &root, below(sub().permit(directory())), &["nameConstraints, 2.5.29.30", "do not admit certificate 1 (`CN=edge`)", "directory, URI or e-mail names it must refuse"], &["certificate 2 of the chain (CN=sub): it has name constraints (nameConstraints, 2.5.29.30) on directory names"]),
        row("other DNS names", &root, below(sub().permit_dns("other.example")), &["do not admit certificate 1 (`CN=edge`)"], &["on DNS names"]),
        row("no purpose", &root, leaf(edge().extension(&[2, 5, 29, 37], false, vec![0x30, 0])), &["extKeyUsage, 2.5.29.37) without any purpose"], &["certificate 1 of the chain (CN=edge): its extension extKeyUsage (2.5.29.37) lists no purpose"]),
        row("no purpose, issuer", &root, below(sub().extension(&[2, 5, 29, 37], false, vec![0x30, 0])), &["extKeyUsage, 2.5.29.37) without any purpose"], &["certificate 2 of the chain (CN=sub): its extension extKeyUsage (2.5.29.37) lists no"]),
        row("an extension that cannot be read", &root, leaf(edge().extension(&[2, 5, 29, 30], false, vec![0x30, 5, 1])), &["certificate 1 of those presented"], &["certificate 1 of the chain (CN=edge): its extension nameConstraints (2.5.29.30) is malformed"]),
        row("an extension that only we read", &root, leaf(edge().key_usages(&[]).extension(&[2, 5, 29, 15], false, vec![4, 1, 0])), &["certificate 1 of the path (`CN=edge`)", "found keyUsage (2.5.29.15)"], &[]),
        row("rubbish", &root, vec![CertificateDer::from(vec![0x30, 0])], &["certificate 1 of those presented has a part that rustls does not read"], &["certificate 1 of the chain: it is no certificate in DER"]),
        row("a request", &root, vec![CertificateDer::from(request())], &["certificate 1 of those presented"], &["it is a certificate request (CSR, PKCS#10), needed is the certificate that the CA issued for it"]),
    ]
}

fn namesake_of_nobody() -> Ca {
    Ca::root_named("another root")
}

fn named(value: DnValue) -> DistinguishedName {
    let mut name = DistinguishedName::new();
    name.push(DnType::CommonName, value);
    name
}

fn directory() -> GeneralSubtree {
    GeneralSubtree::DirectoryName(named(DnValue::Utf8String("somebody".into())))
}

/// Without its version and its extensions; nobody looks at the signature any more.
fn version_1(certificate: &CertificateDer<'_>) -> CertificateDer<'static> {
    let parts = der::children(certificate);
    let fields = der::children(&parts[0]);
    let tbs = der::sequence(&fields[1..7]);
    der::sequence(&[tbs, parts[1].clone(), parts[2].clone()]).into()
}

const SHA256: [u8; 8] = [0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2];

/// Both names of its algorithm replaced by that of another hash.
fn signed_with(certificate: &CertificateDer<'_>, hash: u8) -> CertificateDer<'static> {
    let mut bytes = certificate.to_vec();
    let places: Vec<_> =
        bytes.windows(8).enumerate().filter(|(_, it)| *it == SHA256).map(|(at, _)| at).collect();
    places.iter().for_each(|at| bytes[at + 7] = hash);
    bytes.into()
}

/// Only the name outside.
fn signed_with_other(certificate: &CertificateDer<'_>) -> CertificateDer<'static> {
    let mut bytes = certificate.to_vec();
    let at = bytes.windows(8).rposition(|it| it == SHA256).unwrap();
    bytes[at + 7] = 1;
    bytes.into()
}

fn request() -> Vec<u8> {
    let key = rcgen::KeyPair::generate().unwrap();
    rcgen::CertificateParams::default().serialize_request(&key).unwrap().der().to_vec()
}
