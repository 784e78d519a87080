//! Chains with one thing about them, defect or oddity, and what stock rustls says of each.

use std::net::Ipv4Addr;

use rustls::pki_types::{CertificateDer, CertificateRevocationListDer};
use time::Duration;

use super::forge::{self, Forge, certificate};
use crate::common::clock::NOW;
use crate::common::pki::{
    Ca, CaSpec, Chain, CrlSpec, Eku, KeyKind, KeyUsagePurpose, Kp, Leaf, LeafSpec, WeakRsaKey, der,
    key_purposes, tamper_signature,
};

/// The name that a server is expected to have.
pub const NAME: &str = "www.peer.example";

/// One row.
#[derive(Clone)]
pub struct Case {
    pub id: String,
    pub roots: Vec<CertificateDer<'static>>,
    pub chain: Chain,
    pub crls: Vec<CertificateRevocationListDer<'static>>,
    /// The variant of rustls' error, as `Debug` has it, so that a row proves what it is named for.
    pub says: Says,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Says {
    Accepted,
    Refused(&'static str),
    /// In role server only: clients have no name. Accepted in role client.
    RefusedServer(&'static str),
    /// The providers differ.
    DependsOnProvider,
}

use Says::{Accepted, DependsOnProvider, Refused, RefusedServer};

impl Case {
    /// No lists: what a pair of verifiers is told that is not about revocation.
    pub fn plain() -> Self {
        Case::new("plain", Says::DependsOnProvider, &root(), vec![])
    }

    fn new(id: impl Into<String>, says: Says, root: &Ca, chain: Chain) -> Self {
        Self { id: id.into(), roots: vec![root.der()], chain, crls: vec![], says }
    }
}

/// Those in which it matters which roots there are, and what leads to them.
pub fn about_roots() -> Vec<Case> {
    [roots(), issuers(), searches()].concat()
}

pub fn all() -> Vec<Case> {
    let groups = [
        roots(),
        validity(),
        signatures(),
        issuers(),
        searches(),
        purposes(),
        name_constraints(),
        names(),
        revocation_lists(),
        encodings(),
        oddities(),
    ];
    groups.concat()
}

fn leaf() -> LeafSpec {
    LeafSpec::new("leaf").dns(NAME).eku(Eku::both())
}

fn sub() -> CaSpec {
    CaSpec::new("sub")
}

fn root() -> Ca {
    Ca::root_named("root")
}

/// Root, intermediate and leaf of these specifications.
fn chain(id: &str, says: Says, root: CaSpec, sub: CaSpec, leaf: LeafSpec) -> Case {
    let root = Ca::root(root);
    let sub = root.sub(sub);
    Case::new(id, says, &root, sub.leaf(leaf).chain(&[&sub]))
}

fn with_leaf(id: &str, says: Says, leaf: LeafSpec) -> Case {
    chain(id, says, CaSpec::new("root"), sub(), leaf)
}

fn with_sub(id: &str, says: Says, sub: CaSpec) -> Case {
    chain(id, says, CaSpec::new("root"), sub, leaf())
}

/// A leaf below a root, changed and then signed by that root.
fn forged(id: &str, says: Says, change: impl FnOnce(Forge) -> Forge) -> Case {
    let root = root();
    let leaf = change(Forge::of(&root.leaf(leaf()).der())).signed(&root.key);
    Case::new(id, says, &root, vec![certificate(leaf)])
}

/// A leaf below an intermediate that was changed and then signed by its root.
fn forged_sub(id: &str, says: Says, change: impl FnOnce(Forge) -> Forge) -> Case {
    let root = root();
    let sub = root.sub(sub());
    let forged = change(Forge::of(&sub.der())).signed(&root.key);
    Case::new(id, says, &root, vec![sub.leaf(leaf()).der(), certificate(forged)])
}

#[rustfmt::skip] // One row, one line.
fn validity() -> Vec<Case> {
    let day = Duration::DAY;
    let root = CaSpec::new("root");
    vec![
        with_leaf("nothing wrong", Accepted, leaf()),
        with_leaf("leaf expired", Refused("ExpiredContext"), leaf().expired()),
        with_leaf("leaf not yet valid", Refused("NotValidYetContext"), leaf().not_yet_valid()),
        with_leaf("leaf in its last second", Accepted, leaf().valid(NOW - day, NOW)),
        with_leaf("leaf in its first second", Accepted, leaf().valid(NOW, NOW + day)),
        with_leaf("leaf ends before it begins", Refused("(Expired)"), leaf().valid(NOW + day, NOW - day)),
        with_sub("intermediate expired", Refused("ExpiredContext"), sub().expired()),
        with_sub("intermediate not yet valid", Refused("NotValidYetContext"), sub().not_yet_valid()),
        chain("root expired", Accepted, root.expired(), sub(), leaf()),
        forged("validity is no time", Refused("BadEncoding"), |cert| {
            let no_time = der::tlv(0x17, b"99invalid999Z");
            cert.with(forge::VALIDITY, der::sequence(&[no_time.clone(), no_time]))
        }),
        forged("valid since 1969", Refused("BadEncoding"), |cert| cert.with(forge::VALIDITY, times(0x17, b"691231235959Z", b"270101000000Z"))),
        forged("valid to the last second of 9999", Accepted, |cert| {
            let until = der::tlv(0x18, b"99991231235959Z");
            cert.with(forge::VALIDITY, der::sequence(&[der::tlv(0x17, b"250101000000Z"), until]))
        }),
        forged("GeneralizedTime before 2050", Accepted, |cert| cert.with(forge::VALIDITY, times(0x18, b"20250101000000Z", b"20270101000000Z"))),
    ]
}

fn times(tag: u8, not_before: &[u8], not_after: &[u8]) -> Vec<u8> {
    der::sequence(&[der::tlv(tag, not_before), der::tlv(tag, not_after)])
}

#[rustfmt::skip] // One row, one line.
fn signatures() -> Vec<Case> {
    let (root, strange) = (root(), Ca::root_named("strange"));
    let sub = root.sub(sub());
    let good = sub.leaf(leaf());
    let of_namesake = |kind| {
        let namesake = root.sub(CaSpec::new("sub").kind(kind));
        namesake.leaf(leaf()).chain(&[&sub])
    };
    let weak = root.leaf_for(LeafSpec::new("sub").ca(), &WeakRsaKey::default());
    let by_rsa = root.sub(CaSpec::new("sub").kind(KeyKind::Rsa2048)).leaf(leaf());
    let unknown = der::sequence(&[der::oid(&[1, 2, 3, 4])]);
    let mut cases = vec![
        Case::new("leaf's signature tampered with", Refused("BadSignature"), &root, vec![tamper_signature(&good.der()), sub.der()]),
        Case::new("intermediate's signature tampered with", Refused("BadSignature"), &root, vec![good.der(), tamper_signature(&sub.der())]),
        Case::new("signed by a namesake of the issuer", Refused("BadSignature"), &root, of_namesake(KeyKind::P256)),
        Case::new("signed by a namesake with another kind of key", Refused("UnsupportedSignatureAlgorithmForPublicKeyContext"), &root, of_namesake(KeyKind::Ed25519)),
        Case::new("root has the right name and another key", Refused("BadSignature"), &Ca::root_named("root"), good.chain(&[&sub])),
        Case::new("unknown issuer", Refused("UnknownIssuer"), &strange, good.chain(&[&sub])),
        Case::new("intermediate missing", Refused("UnknownIssuer"), &root, good.chain(&[])),
        Case::new("issuer's RSA key is weak", Refused("BadSignature"), &root, vec![by_rsa.der(), weak]),
        // Refused in the handshake only: the chain does not use the leaf's key.
        Case::new("leaf's RSA key is weak", Accepted, &root, vec![root.leaf_for(leaf(), &WeakRsaKey::default())]),
        forged("unknown signature algorithm", Refused("UnsupportedSignatureAlgorithmContext"), |cert| cert.with_algorithm(unknown.clone(), unknown.clone())),
        forged("two different signature algorithms", Refused("SignatureAlgorithmMismatch"), |cert| cert.with(forge::ALGORITHM, unknown.clone())),
    ];
    for kind in
        [KeyKind::P384, KeyKind::P521, KeyKind::Ed25519, KeyKind::Rsa2048, KeyKind::Rsa2048Sha384]
    {
        // rustls on ring has no P-521.
        let says = if kind == KeyKind::P521 { DependsOnProvider } else { Accepted };
        let (root, sub) = (CaSpec::new("root").kind(kind), CaSpec::new("sub").kind(kind));
        cases.push(chain(&format!("{kind:?} throughout"), says, root, sub, leaf().kind(kind)));
    }
    cases
}

#[rustfmt::skip] // One row, one line.
fn issuers() -> Vec<Case> {
    let root = root();
    let (short, deep) =
        (root.sub(CaSpec::new("short").path_len(0)), root.sub(CaSpec::new("deep").path_len(1)));
    let (too_long, long_enough) = (short.sub(sub()), deep.sub(sub()));
    let own = Leaf::self_signed(leaf());
    let as_root = Ca::root(CaSpec::new("own").eku(Eku::both()));
    let mut cases = vec![
        with_leaf("CA as leaf", Refused("CaUsedAsEndEntity"), leaf().ca()),
        with_sub("issuer says cA:FALSE", Refused("EndEntityUsedAsCa"), sub().not_a_ca()),
        with_sub("issuer has no basicConstraints", Refused("EndEntityUsedAsCa"), sub().without_basic_constraints()),
        with_sub("issuer has no keyCertSign", Accepted, sub().key_usages(&[KeyUsagePurpose::CrlSign])),
        Case::new("path too long", Refused("PathLenConstraintViolated"), &root, too_long.leaf(leaf()).chain(&[&too_long, &short])),
        Case::new("path just short enough", Accepted, &root, long_enough.leaf(leaf()).chain(&[&long_enough, &deep])),
        Case::new("self-signed and unknown", Refused("UnknownIssuer"), &root, own.chain(&[])),
        Case::new("CA as leaf, and its own root", Refused("CaUsedAsEndEntity"), &as_root, vec![as_root.der()]),
    ];
    let pinned = vec![own.der()];
    cases.push(Case {
        roots: pinned.clone(),
        ..Case::new("self-signed leaf, and its own root", Accepted, &root, pinned)
    });
    let v1 = certificate(version_1(Forge::of(&root.der())).signed(&root.key));
    let direct = root.leaf(leaf()).chain(&[]);
    cases.push(Case {
        roots: vec![root.der(), root.der()],
        ..Case::new("root twice", Accepted, &root, direct.clone())
    });
    let strange = Ca::root_named("root");
    cases.push(Case {
        roots: vec![strange.der(), root.der()],
        ..Case::new("roots of one name", Accepted, &root, direct)
    });
    // Says nothing about itself, so it is a root that is no CA: the one difference, in a test of its own.
    let v1_elsewhere = root.sub(sub()).leaf(leaf()).chain(&[]);
    cases.push(Case {
        roots: vec![v1],
        ..Case::new(
            "root of version 1, path not complete",
            Refused("UnknownIssuer"),
            &root,
            v1_elsewhere,
        )
    });
    cases
}

/// Namesakes, second certificates for one key, name constraints of roots: which of them a path ends at.
#[rustfmt::skip] // One row, one line.
fn roots() -> Vec<Case> {
    let spec = || CaSpec::new("root");
    let (one, two, three) = (Ca::root(spec()), Ca::root(spec()), Ca::root(spec()));
    let other = Ca::root_named("other root");
    let (of_one, of_three) = (one.sub(sub()), three.sub(sub()));
    let by_other = other.cross_sign(&of_one, CaSpec::new(""));
    let deep = by_other.sub(CaSpec::new("deep"));
    let nameless = Ca::root(spec().empty_subject());
    let unreadable = one.sub(sub().extension(&[1, 2, 3, 4], true, vec![5, 0]));
    let good = || of_one.leaf(leaf()).chain(&[&of_one]);
    let both_ways = || of_one.leaf(leaf()).chain(&[&of_one, &by_other]);
    let of_one_key = |spec: CaSpec| Ca::root(spec.key(&one.key)).der();
    let permitting = of_one_key(spec().permit_dns("peer.example"));
    let excluding = of_one_key(spec().exclude_dns("peer.example"));
    let violated = Refused("NameConstraintViolation");
    let row = |id: &str, says, roots: &[&CertificateDer<'static>], chain| {
        let roots = roots.iter().map(|root| (*root).clone()).collect();
        Case { roots, ..Case::new(id, says, &one, chain) }
    };
    let [one_der, two_der, three_der, other_der] = [&one, &two, &three, &other].map(Ca::der);
    vec![
        row("the last of three of one name", Accepted, &[&two_der, &three_der, &one_der], good()),
        row("the second of three of one name", Accepted, &[&two_der, &three_der, &one_der], of_three.leaf(leaf()).chain(&[&of_three])),
        row("not among two of its name", Refused("BadSignature"), &[&two_der, &three_der], good()),
        row("excluding, then permitting", Accepted, &[&excluding, &permitting], good()),
        row("excluding, then without", Accepted, &[&excluding, &one_der], good()),
        row("without, then excluding", Accepted, &[&one_der, &excluding], good()),
        row("excluding alone", violated, &[&excluding], good()),
        row("excluding, and another key", Refused("BadSignature"), &[&excluding, &two_der], good()),
        row("cross-signed, both roots there", Accepted, &[&one_der, &other_der], both_ways()),
        row("cross-signed, the second there", Accepted, &[&other_der], both_ways()),
        row("cross-signed, the one excludes", Accepted, &[&excluding, &other_der], both_ways()),
        row("cross-signed, another key of the one", Accepted, &[&two_der, &other_der], both_ways()),
        row("cross-signed, another key of both", Refused("BadSignature"), &[&two_der], both_ways()),
        row("three certificates deep", Accepted, &[&other_der], deep.leaf(leaf()).chain(&[&deep, &by_other])),
        row("the intermediate is the root", Accepted, &[&of_one.der()], good()),
        row("the intermediate is a root, too", Accepted, &[&of_one.der(), &one_der], good()),
        row("nameless root", Accepted, &[&nameless.der()], nameless.leaf(leaf()).chain(&[])),
        row("issuer unreadable", Refused("UnsupportedCriticalExtension"), &[&one_der], unreadable.leaf(leaf()).chain(&[&unreadable])),
    ]
}

#[rustfmt::skip] // One row, one line.
fn searches() -> Vec<Case> {
    let root = root();
    let sub = root.sub(sub());
    let good = sub.leaf(leaf());
    let namesakes =
        |spec: fn() -> CaSpec, many| (0..many).map(|_| root.sub(spec()).der()).collect::<Vec<_>>();
    let extra = |id: &str, says, extra: Chain, has_issuer: bool| {
        let issuer = has_issuer.then(|| sub.der());
        let chain = std::iter::once(good.der()).chain(extra).chain(issuer).collect();
        Case::new(id, says, &root, chain)
    };
    let expired = || CaSpec::new("sub").expired();
    let plain = || CaSpec::new("sub");
    let deep = |levels: usize| {
        let mut path = vec![root.clone()];
        (0..levels)
            .for_each(|level| path.push(path[level].sub(CaSpec::new(&format!("level {level}")))));
        path.reverse();
        path[0].leaf(leaf()).chain(&path[..levels].iter().collect::<Vec<_>>())
    };
    vec![
        extra("leaf twice", Accepted, vec![good.der()], true),
        extra("root sent along", Accepted, vec![root.der()], true),
        extra("unrelated certificate in between", Accepted, vec![Ca::root_named("else").der()], true),
        extra("garbage in between", Accepted, vec![certificate(*b"garbage")], true),
        extra("garbage in place of the issuer", Refused("BadEncoding"), vec![certificate(*b"garbage")], false),
        extra("expired namesake in front", Accepted, namesakes(expired, 1), true),
        extra("expired namesake alone", Refused("ExpiredContext"), namesakes(expired, 1), false),
        extra("another key's namesake in front", Accepted, namesakes(plain, 1), true),
        extra("another key's namesake alone", Refused("BadSignature"), namesakes(plain, 1), false),
        extra("sixty namesakes", Refused("MaximumSignatureChecksExceeded"), namesakes(plain, 60), true),
        Case::new("nine intermediates", Refused("MaximumPathDepthExceeded"), &root, deep(9)),
        Case::new("six intermediates", Accepted, &root, deep(6)),
        Case::new("six intermediates out of order", Accepted, &root, {
            let mut chain = deep(6);
            chain[1..].reverse();
            chain
        }),
    ]
}

#[rustfmt::skip] // One row, one line.
fn purposes() -> Vec<Case> {
    let smartcard = Kp::Oid(&[1, 3, 6, 1, 4, 1, 311, 20, 2, 2]);
    let long_arc = Kp::Oid(&[2, 999, 0xffff_ffff, 1]);
    let unknown = || Eku::Purposes(vec![Kp::EmailProtection, smartcard, long_arc]);
    let raw = |value: &[u8]| Eku::Raw(value.to_vec());
    let both_then_integer =
        [&key_purposes(&[Kp::ServerAuth, Kp::ClientAuth])[2..], &[0x02, 0x01, 0x00]].concat();
    vec![
        with_leaf("leaf's EKU empty", Refused("EmptyEkuExtension"), leaf().eku(Eku::Empty)),
        with_sub("intermediate's EKU empty", Refused("EmptyEkuExtension"), sub().eku(Eku::Empty)),
        with_leaf("EKU of other purposes", Refused("InvalidPurposeContext"), leaf().eku(unknown())),
        with_sub("intermediate's EKU of other purposes", Refused("InvalidPurposeContext"), sub().eku(unknown())),
        with_leaf("EKU that is no OID", Refused("BadEncoding"), leaf().eku(raw(&[0x30, 3, 2, 1, 0]))),
        // webpki stops at the purpose it looks for.
        with_leaf("EKU malformed behind the purpose", Accepted, leaf().eku(Eku::Raw(der::tlv(0x30, &both_then_integer)))),
        with_leaf("EKU that is no sequence", Refused("BadEncoding"), leaf().eku(raw(&[0x31, 0]))),
        with_leaf("EKU with an OID of no bytes", Refused("InvalidPurposeContext"), leaf().eku(raw(&[0x30, 2, 6, 0]))),
        with_leaf("EKU untrusted and wrong", Refused("InvalidPurposeContext"), leaf().eku(Eku::code_signing())),
    ]
}

#[rustfmt::skip] // One row, one line.
fn name_constraints() -> Vec<Case> {
    let violated = Refused("NameConstraintViolation");
    let constraints =
        |value: &[u8]| CaSpec::new("sub").extension(&[2, 5, 29, 30], true, value.to_vec());
    // permittedSubtrees [0] of one iPAddress [7] whose mask has a hole.
    let mask = [0x30, 14, 0xa0, 12, 0x30, 10, 0x87, 8, 127, 0, 0, 0, 255, 0, 255, 0];
    let many = |mut ca: CaSpec| {
        for n in 0..600 {
            ca = ca.exclude_dns(&format!("n{n}.invalid"));
        }
        ca
    };
    let with_many_names = (0..600).fold(leaf(), |leaf, n| leaf.dns(&format!("n{n}.peer.example")));
    let root = || CaSpec::new("root");
    vec![
        with_sub("name excluded", violated, sub().exclude_dns("example")),
        with_sub("name not permitted", violated, sub().permit_dns("other.example")),
        with_sub("name permitted", Accepted, sub().permit_dns("example")),
        chain("name excluded by the root", violated, root().exclude_dns("example"), sub(), leaf()),
        chain("address not permitted", violated, root(), sub().permit_ip(Ipv4Addr::new(10, 0, 0, 0).into(), 8), leaf().ip(Ipv4Addr::LOCALHOST)),
        chain("address has no constraint of its kind", Accepted, root(), sub().permit_dns("example"), leaf().ip(Ipv4Addr::LOCALHOST)),
        chain(
            "URI under a constraint of URIs",
            violated,
            root(),
            constraints(&[
                0x30, 12, 0xa0, 10, 0x30, 8, 0x86, 6, b'.', b'l', b'o', b'c', b'a', b'l',
            ]),
            leaf().uri("spiffe://a.local/b"),
        ),
        chain("mask with a hole", Refused("InvalidNetworkMaskConstraint"), root(), constraints(&mask), leaf().ip(Ipv4Addr::LOCALHOST)),
        with_sub("constraints that are malformed", Refused("BadEncoding"), constraints(&[0x30, 2, 0xa0, 5])),
        chain("too many comparisons", Refused("MaximumNameConstraintComparisonsExceeded"), root(), many(sub()), with_many_names),
    ]
}

#[rustfmt::skip] // One row, one line.
fn names() -> Vec<Case> {
    let wrong = RefusedServer("NotValidForNameContext");
    let bare = || LeafSpec::new(NAME).eku(Eku::both());
    let raw = |value: &[u8]| bare().raw_san(value.to_vec());
    vec![
        with_leaf("wrong name", wrong, bare().dns("other.example")),
        with_leaf("name in the common name only", wrong, bare()),
        with_leaf("name as a URI only", wrong, bare().uri("https://www.peer.example")),
        with_leaf("address only", wrong, bare().ip(Ipv4Addr::LOCALHOST)),
        with_leaf("wildcard", Accepted, bare().dns("*.peer.example")),
        with_leaf("wildcard of another domain", wrong, bare().dns("*.www.peer.example")),
        with_leaf("upper case", Accepted, bare().dns("WWW.Peer.Example")),
        with_leaf("wrong name among many", wrong, bare().dns("a.example").dns("b.example").email("a@b.example")),
        with_leaf("alternative names that end too early", RefusedServer("BadEncoding"), raw(&[0x30, 3, 0x82, 9, b'a'])),
        with_leaf("alternative name of an unknown kind", RefusedServer("BadEncoding"), raw(&[0x30, 3, 0x8b, 1, b'a'])),
        with_leaf("alternative names empty", wrong, raw(&[0x30, 0])),
        with_leaf("alternative name with a NUL", wrong, raw(&[0x30, 4, 0x82, 2, b'a', 0])),
    ]
}

/// Of a CA whose list no provider can verify so. What else lists say is drawn, and `tests/revocation` has the tables.
#[rustfmt::skip] // One row, one line.
fn revocation_lists() -> Vec<Case> {
    let root = root();
    let chain = root.leaf(leaf()).chain(&[]);
    let ed25519 = Ca::root(CaSpec::new("ed25519").kind(KeyKind::Ed25519));
    let of_ed25519 = root.crl(CrlSpec::new(1).signed_by(&ed25519.key));
    let unknown = der::sequence(&[der::oid(&[1, 2, 3, 4])]);
    let mut forge = Forge::of(&root.crl(CrlSpec::new(1)));
    (forge.tbs[1], forge.algorithm) = (unknown.clone(), unknown);
    let of_unknown = forge.signed(&root.key).into();
    let row = |id, says, crl| Case { crls: vec![crl], ..Case::new(id, says, &root, chain.clone()) };
    vec![
        row("list signed by another kind of key", Refused("InvalidCertRevocationList(UnsupportedSignatureAlgorithmForPublicKeyContext"), of_ed25519),
        row("list of an unknown signature algorithm", Refused("InvalidCertRevocationList(UnsupportedSignatureAlgorithmContext"), of_unknown),
    ]
}

#[rustfmt::skip] // One row, one line.
fn encodings() -> Vec<Case> {
    let root = root();
    let good = root.leaf(leaf()).der();
    let alone = |id: &str, says, bytes: &[u8]| Case::new(id, says, &root, vec![certificate(bytes)]);
    let unknown = forge::extension(&[1, 2, 3, 4], true, &[5, 0]);
    let constraints = |value: &[u8]| forge::extension(&[2, 5, 29, 19], true, value);
    vec![
        alone("no bytes", Refused("BadEncoding"), &[]),
        alone("garbage", Refused("BadEncoding"), b"garbage"),
        alone("truncated", Refused("BadEncoding"), &good[..good.len() - 1]),
        alone("data behind the certificate", Refused("BadEncoding"), &[&good[..], &[0]].concat()),
        alone("longer than 64 KiB", Refused("BadEncoding"), &der::tlv(0x30, &[0; 70_000])),
        forged("data behind the extensions", Refused("BadEncoding"), |mut cert| {
            cert.tbs.push(vec![5, 0]);
            cert
        }),
        forged("version 1", Refused("UnsupportedCertVersion"), version_1),
        forged_sub("intermediate of version 1", Refused("UnsupportedCertVersion"), version_1),
        forged("version 2", Refused("UnsupportedCertVersion"), |cert| cert.with(forge::VERSION, vec![0xa0, 3, 2, 1, 1])),
        forged("unique identifier", Refused("BadEncoding"), |cert| {
            let spki = cert.tbs[forge::SPKI].clone();
            cert.with(forge::SPKI, [&spki[..], &[0x81, 2, 0, 0]].concat())
        }),
        forged("unknown critical extension", Refused("UnsupportedCriticalExtension"), |cert| cert.with_extension(unknown.clone())),
        forged_sub("intermediate's unknown critical extension", Refused("UnsupportedCriticalExtension"), |cert| cert.with_extension(unknown.clone())),
        forged("an extension twice", Refused("ExtensionValueInvalid"), |cert| { cert.with_extension(forge::extension(&[2, 5, 29, 15], true, &[3, 2, 0, 0])) }),
        forged("critical is neither true nor false", Refused("BadEncoding"), |cert| {
            let parts = [der::oid(&[1, 2, 3]), vec![1, 1, 7], der::octet_string(&[])];
            cert.with_extension(der::sequence(&parts))
        }),
        forged("cA is neither true nor false", Refused("BadEncoding"), |cert| cert.with_extension(constraints(&[0x30, 3, 1, 1, 1]))),
        forged("basicConstraints with something behind", Refused("BadEncoding"), |cert| cert.with_extension(constraints(&[0x30, 0, 0]))),
    ]
}

fn version_1(mut cert: Forge) -> Forge {
    cert.tbs.truncate(forge::EXTENSIONS);
    cert.with(forge::VERSION, vec![])
}

/// Accepted by stock, and our readers of verified paths must not be stricter.
#[rustfmt::skip] // One row, one line.
fn oddities() -> Vec<Case> {
    let subject = |id: &str, bytes: Vec<u8>| {
        forged(id, Accepted, move |cert| cert.with(forge::SUBJECT, bytes))
    };
    let serial = |id: &str, bytes: &'static [u8]| {
        forged(id, Accepted, move |cert| cert.with(forge::SERIAL, der::tlv(2, bytes)))
    };
    let odd = |id: &str, extension: Vec<u8>| {
        forged(id, Accepted, move |cert| cert.with_extension(extension))
    };
    let marked = |critical: &[u8]| {
        der::sequence(&[der::oid(&[1, 2, 3]), critical.to_vec(), der::octet_string(&[])])
    };
    vec![
        serial("serial number zero", &[0]),
        serial("serial number negative", &[0xff]),
        serial("serial number with leading zeros", &[0, 0, 0, 1]),
        serial("serial number of no bytes", &[]),
        serial("serial number of forty bytes", &[0x77; 40]),
        subject("subject empty", vec![0x30, 0]),
        subject("subject that is no name", vec![0x30, 3, 2, 1, 0]),
        subject("subject that ends too early", vec![0x30, 2, 0x31, 9]),
        subject("subject of bytes that are no text", vec![0x30, 13, 0x31, 11, 0x30, 9, 6, 3, 0x55, 4, 3, 0x0c, 2, 0xff, 0xfe]),
        forged("key of an unknown kind", Accepted, |cert| {
            let key = [der::sequence(&[der::oid(&[1, 2, 3, 4])]), vec![3, 2, 0, 0]];
            cert.with(forge::SPKI, der::sequence(&key))
        }),
        odd("unknown extension", marked(&[])),
        odd("unknown extension, critical:FALSE written out", marked(&[1, 1, 0])),
        odd("extension with an OID of no bytes", der::sequence(&[vec![6, 0], der::octet_string(&[])])),
        odd("certificate policies that are malformed", forge::extension(&[2, 5, 29, 32], false, &[0x30, 9])),
        forged("list of extensions empty", RefusedServer("NotValidForNameContext"), |cert| cert.with(forge::EXTENSIONS, vec![0xa3, 2, 0x30, 0])),
        forged("no extensions", RefusedServer("NotValidForNameContext"), |cert| cert.with(forge::EXTENSIONS, vec![])),
    ]
}
