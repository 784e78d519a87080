//! Roots are found by subject: with 10,000 of them every verdict and every error is stock rustls' over the same roots,
//! and what our own checks say is what they say with the few roots that matter. That no more roots are looked at than
//! with ten is shown in `verifier/candidates.rs`.

use std::sync::{Arc, LazyLock};

use crate::common::clock::{NOW, unix};
use crate::common::errors::{Exact, assert_no_row_is_wrong};
use crate::common::ours::{ROLES, Setup, decide_client, decide_server};
use crate::common::pki::{Ca, CaSpec, Eku, Leaf, LeafSpec, tamper_signature};
use crate::common::tls::{provider, root_store};
use mtls_roles::{Role, Roots};
use rustls::RootCertStore;
use rustls::client::WebPkiServerVerifier;
use rustls::pki_types::{CertificateDer, TrustAnchor};
use rustls::server::WebPkiClientVerifier;

const NAME: &str = "www.peer.example";
const MANY: usize = 10_000;

type Der = CertificateDer<'static>;

/// A chain, and the roots that have to do with it.
struct Row {
    id: &'static str,
    roots: Vec<Der>,
    chain: Vec<Der>,
    /// What stock says, in part, so that a row proves what it is named for; in role Client, where a name is no matter.
    says: &'static str,
}

fn leaf() -> LeafSpec {
    LeafSpec::new("leaf").dns(NAME).eku(Eku::both())
}

fn root() -> CaSpec {
    CaSpec::new("root")
}

fn sub() -> CaSpec {
    CaSpec::new("sub")
}

#[rustfmt::skip] // One row, one line.
fn rows() -> Vec<Row> {
    let (one, two, three) = (Ca::root(root()), Ca::root(root()), Ca::root(root()));
    let other = Ca::root_named("other root");
    let (of_one, of_three) = (one.sub(sub()), three.sub(sub()));
    let by_other = other.cross_sign(&of_one, CaSpec::new(""));
    let both_ways = || of_one.leaf(leaf()).chain(&[&of_one, &by_other]);
    let constrained = |spec: CaSpec| Ca::root(spec.key(&one.key)).der();
    let permitting = constrained(root().permit_dns("peer.example"));
    let excluding = constrained(root().exclude_dns("peer.example"));
    let elsewhere = constrained(root().permit_dns("elsewhere.example"));
    let own = Leaf::self_signed(leaf());
    let nameless = Ca::root(root().empty_subject());
    let garbage: Der = vec![0x30, 3, 2, 1, 0].into();
    let unreadable = one.sub(sub().extension(&[1, 2, 3, 4], true, vec![5, 0]));
    let deep = by_other.sub(CaSpec::new("deep"));
    let good = || of_one.leaf(leaf()).chain(&[&of_one]);
    let row = |id, roots: &[&Der], chain, says| Row {
        id,
        roots: roots.iter().map(|root| (*root).clone()).collect(),
        chain,
        says,
    };
    let [one_der, two_der, three_der, other_der] = [&one, &two, &three, &other].map(Ca::der);
    let all = [&two_der, &three_der, &one_der];
    let with = |mut chain: Vec<Der>, place: usize, extra: &Der| {
        chain.insert(place, extra.clone());
        chain
    };
    vec![
        row("below an intermediate", &[&one_der], good(), "Ok"),
        row("below the root", &[&one_der], one.leaf(leaf()).chain(&[]), "Ok"),
        row("root presented, too", &[&one_der], of_one.leaf(leaf()).chain(&[&of_one, &one]), "Ok"),
        row("root not there", &[], good(), "UnknownIssuer"),
        row("root not there, presented", &[], of_one.leaf(leaf()).chain(&[&of_one, &one]), "UnknownIssuer"),
        row("the last of three of one name", &all, good(), "Ok"),
        row("the second of three of one name", &all, of_three.leaf(leaf()).chain(&[&of_three]), "Ok"),
        row("not among two of its name", &[&two_der, &three_der], good(), "BadSignature"),
        row("constraints permit", &[&permitting], good(), "Ok"),
        row("constraints exclude", &[&excluding], good(), "NameConstraintViolation"),
        row("constraints permit elsewhere", &[&elsewhere], good(), "NameConstraintViolation"),
        row("excluding, then permitting", &[&excluding, &permitting], good(), "Ok"),
        row("excluding, then without", &[&excluding, &one_der], good(), "Ok"),
        row("without, then excluding", &[&one_der, &excluding], good(), "Ok"),
        row("excluding, and another key", &[&excluding, &two_der], good(), "BadSignature"),
        row("cross-signed, both roots there", &[&one_der, &other_der], both_ways(), "Ok"),
        row("cross-signed, the first there", &[&one_der], both_ways(), "Ok"),
        row("cross-signed, the second there", &[&other_der], both_ways(), "Ok"),
        row("cross-signed, the one excludes", &[&excluding, &other_der], both_ways(), "Ok"),
        row("cross-signed, another key of the one", &[&two_der, &other_der], both_ways(), "Ok"),
        row("cross-signed, another key of both", &[&two_der], both_ways(), "BadSignature"),
        row("three certificates deep", &[&other_der], deep.leaf(leaf()).chain(&[&deep, &by_other]), "Ok"),
        row("garbage in front", &[&one_der], with(good(), 1, &garbage), "Ok"),
        row("garbage behind", &[&one_der], with(good(), 2, &garbage), "Ok"),
        row("garbage, root not there", &[], with(good(), 1, &garbage), "BadEncoding"),
        row("issuer unreadable", &[&one_der], unreadable.leaf(leaf()).chain(&[&unreadable]), "UnsupportedCriticalExtension"),
        row("unreadable beside the issuer", &[&one_der], with(good(), 1, &unreadable.der()), "Ok"),
        row("the intermediate is the root", &[&of_one.der()], good(), "Ok"),
        row("the intermediate is a root, too", &[&of_one.der(), &one_der], good(), "Ok"),
        row("trusted for itself", &[&own.der()], own.chain(&[]), "Ok"),
        row("trusted for itself, not there", &[], own.chain(&[]), "UnknownIssuer"),
        row("nameless root", &[&nameless.der()], nameless.leaf(leaf()).chain(&[]), "Ok"),
        row("nameless root, not there", &[], nameless.leaf(leaf()).chain(&[]), "UnknownIssuer"),
        row("leaf expired", &[&one_der], of_one.leaf(leaf().expired()).chain(&[&of_one]), "ExpiredContext"),
        row("EKU wrong", &[&one_der], of_one.leaf(leaf().eku(Eku::code_signing())).chain(&[&of_one]), "InvalidPurposeContext"),
        row("EKU wrong, root not there", &[], of_one.leaf(leaf().eku(Eku::code_signing())).chain(&[&of_one]), "InvalidPurposeContext"),
        row("leaf tampered with", &[&one_der, &two_der], vec![tamper_signature(&good()[0]), of_one.der()], "BadSignature"),
        row("intermediate missing", &[&one_der], of_one.leaf(leaf()).chain(&[]), "UnknownIssuer"),
        row("root no CA", &[&Ca::root(root().key(&one.key).not_a_ca()).der()], good(), "Ok"),
        row("root no CA, and another one", &[&Ca::root(root().key(&one.key).not_a_ca()).der(), &one_der], good(), "Ok"),
        row("root of another key no CA", &[&Ca::root(root().not_a_ca()).der(), &one_der], good(), "Ok"),
    ]
}

/// Roots of 10,000 names that nobody here has issued under; a key is all they share.
static OTHERS: LazyLock<Vec<TrustAnchor<'static>>> = LazyLock::new(|| {
    let mut store = RootCertStore::empty();
    store.add(Ca::root_named("root 00000").der()).unwrap();
    let model = &store.roots[0];
    let named = |number: usize| {
        let mut subject = model.subject.to_vec();
        let digits = subject.len() - 5;
        subject[digits..].copy_from_slice(format!("{number:05}").as_bytes());
        TrustAnchor { subject: subject.into(), ..model.clone() }
    };
    (0..MANY).map(named).collect()
});

/// The roots of a row among 10,000 others: the first in front of them, the next ones in between.
fn among_many(roots: &[Der]) -> RootCertStore {
    let mut all = OTHERS.clone();
    for (index, anchor) in root_store(roots).roots.iter().enumerate() {
        all.insert((index * 3_333).min(all.len()), anchor.clone());
    }
    RootCertStore { roots: all }
}

/// What stock rustls says, whatever the number of roots.
fn stock(role: Role, store: RootCertStore, chain: &[Der]) -> Result<(), Exact> {
    let (store, provider) = (Arc::new(store), provider());
    let said = match role {
        Role::Client => {
            let builder = WebPkiClientVerifier::builder_with_provider(store, provider);
            decide_client(&*builder.build().unwrap(), chain, unix(NOW))
        }
        Role::Server => {
            let builder = WebPkiServerVerifier::builder_with_provider(store, provider);
            decide_server(&*builder.build().unwrap(), chain, NAME, unix(NOW))
        }
    };
    said.map_err(Exact)
}

#[test]
fn among_ten_thousand_roots_every_verdict_and_error_is_stocks() {
    let setup = Setup { is_stock: true, ..Setup::default() };
    let (mut wrong, mut count) = (vec![], 0);
    for row in rows() {
        let roots = Roots::from_root_cert_store(among_many(&row.roots)).unwrap();
        assert_eq!(roots.len(), MANY + row.roots.len());
        for role in ROLES {
            let stock = stock(role, among_many(&row.roots), &row.chain);
            let ours = setup.build(role, &roots, &provider()).unwrap();
            let said = ours.decide(&row.chain, NAME, unix(NOW)).map_err(Exact);
            count += 1;
            let is_as_named = match &stock {
                Ok(()) => row.says == "Ok",
                Err(error) => format!("{:?}", error.0).contains(row.says),
            };
            if said != stock || !is_as_named {
                wrong.push(format!("{role}/{}: {said:?}, stock {stock:?}", row.id));
            }
        }
    }
    assert_no_row_is_wrong(count, &wrong);
}

/// From certificates, so that what a root may do is known of each: the path checks must look at the right one.
#[test]
fn among_many_roots_our_own_checks_say_what_they_say_with_few() {
    let others: Vec<_> = (0..40).map(|number| Ca::root_named(&format!("root {number}"))).collect();
    let (mut wrong, mut count, mut own) = (vec![], 0, 0);
    for row in rows() {
        // A verifier without any root does not build.
        let few = [vec![others[0].der()], row.roots.clone()].concat();
        let mut many: Vec<_> = others.iter().map(Ca::der).collect();
        for (index, root) in row.roots.iter().enumerate() {
            many.insert((index * 13).min(many.len()), root.clone());
        }
        let build = |role, roots: Vec<Der>| {
            let roots = Roots::from_der(roots).unwrap();
            Setup::default().build(role, &roots, &provider()).unwrap()
        };
        for role in ROLES {
            let (few, many) = (build(role, few.clone()), build(role, many.clone()));
            let say = |verifier: &crate::common::ours::Verifier| {
                format!("{:?}", verifier.verify(&row.chain, NAME, unix(NOW)))
            };
            let (few, many) = (say(&few), say(&many));
            count += 1;
            own += usize::from(few.contains("RootIsNoCa"));
            if few != many {
                wrong.push(format!("{role}/{}: many {many}, few {few}", row.id));
            }
        }
    }
    assert_no_row_is_wrong(count, &wrong);
    assert!(own > 0, "no check of ours has refused anything");
}
