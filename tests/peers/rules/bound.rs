//! A rule that is bound to an issuer matches on a verified path below that issuer, and nowhere else.

use mtls_roles::{Crls, EkuPolicy, RefusalClass, Roots};
use rustls::CertificateError;
use rustls::pki_types::CertificateDer;

use super::peer::{Peer, assert_none_is_wrong, pin, spki_sha256};
use super::{MATCHES, NOT};
use crate::common::clock::{NOW, unix};
use crate::common::ours::{clients, roots, rule};
use crate::common::pki::{Ca, CaSpec, CrlSpec, Eku, Leaf, LeafSpec};

/// One CA under two roots, of the same key and name, and its leaf.
struct Crossed {
    a: Ca,
    b: Ca,
    sub_a: Ca,
    sub_b: Ca,
    leaf: Leaf,
}

impl Crossed {
    fn new(eku: Eku, below_a: Change, below_b: Change) -> Self {
        let (a, b) = (Ca::root_named("a"), Ca::root_named("b"));
        let sub_a = a.sub(below_a(CaSpec::new("sub")));
        let sub_b = b.cross_sign(&sub_a, below_b(CaSpec::new("sub")));
        let leaf = sub_a.leaf(LeafSpec::new("edge").dns("edge.example").eku(eku));
        Self { a, b, sub_a, sub_b, leaf }
    }

    /// Both orders of the roots, and both orders in which the peer can present its issuers.
    fn orders(&self) -> Vec<(Roots, Vec<CertificateDer<'static>>)> {
        let Self { a, b, sub_a, sub_b, leaf } = self;
        let roots = [[a, b], [b, a]].map(|roots| Roots::from_der(roots.map(Ca::der)).unwrap());
        let chains = [[sub_a, sub_b], [sub_b, sub_a]].map(|issuers| leaf.chain(&issuers));
        let both = roots.iter().flat_map(|roots| chains.iter().map(move |chain| (roots, chain)));
        both.map(|(roots, chain)| (roots.clone(), chain.clone())).collect()
    }

    /// What each order of roots and issuers gives.
    fn verdicts(
        &self,
        policy: EkuPolicy,
        allow: &str,
        relax_for: &str,
        crls: Option<&Crls>,
    ) -> Vec<String> {
        let rule = |text| match text {
            BELOW_A => rule(&under(NAME, &self.a.der())),
            BELOW_B => rule(&under(NAME, &self.b.der())),
            text => rule(text),
        };
        let kept_out = CertificateError::ApplicationVerificationFailure.into();
        let verdict = |(roots, chain): (Roots, Vec<_>)| {
            let builder = clients(&roots).eku_policy(policy);
            let builder = builder.allow(rule(allow)).relax_for(rule(relax_for));
            let builder = match crls {
                Some(crls) => builder.crls(crls.clone()),
                None => builder,
            };
            match builder.build().unwrap().verify(Some(&chain), unix(NOW)) {
                Ok(peer) if peer.eku().violation().is_some() => {
                    format!("relaxed by {}", &peer.anchor()[3..])
                }
                Ok(peer) => format!("enforced by {}", &peer.anchor()[3..]),
                Err(refusal) if *refusal.error() == kept_out => {
                    format!("kept out, {:?}", refusal.class())
                }
                Err(refusal) => format!("{:?}", refusal.class()),
            }
        };
        self.orders().into_iter().map(verdict).collect()
    }
}

fn under(text: &str, issuer: &CertificateDer<'_>) -> String {
    format!("{text} under {}", pin("spki", &spki_sha256(issuer)))
}

#[test]
fn of_a_cross_signed_peer_any_path_satisfies_a_bound_rule_in_whatever_order_it_is_presented() {
    let world = Crossed::new(Eku::code_signing(), PLAIN, PLAIN);
    let stray = Ca::root_named("stray");
    let sibling = world.a.sub(CaSpec::new("sibling"));
    let Crossed { a, b, sub_a, sub_b, leaf } = &world;
    #[rustfmt::skip] // One row, one line.
    let keys = [
        ("one root", a.der(), MATCHES),
        ("the other root", b.der(), MATCHES),
        ("the CA that both have signed", sub_a.der(), MATCHES),
        ("its other certificate", sub_b.der(), MATCHES),
        ("the leaf's own key", leaf.der(), NOT),
        ("a CA of one root, beside the path", sibling.der(), NOT),
        ("a root of nobody here", stray.der(), NOT),
    ];
    let mut wrong = vec![];
    for (index, (roots, mut chain)) in world.orders().into_iter().enumerate() {
        // Presented, and on no path.
        chain.extend([sibling.der(), stray.der()]);
        let peer = Peer { roots, chain };
        for (id, issuer, expected) in &keys {
            let text = under("dns:edge.example", issuer);
            wrong.extend(peer.differences(&format!("{id}, order {index}"), &text, *expected));
            let other = under("dns:core.example", issuer);
            wrong.extend(peer.differences(&format!("{id}, other name"), &other, NOT));
        }
    }
    // One certificate, one path.
    let roots = roots([a, b]);
    for (id, issuer, root, expected) in [
        ("a by a", sub_a, a, MATCHES),
        ("a by b", sub_a, b, NOT),
        ("b by a", sub_b, a, NOT),
        ("b by b", sub_b, b, MATCHES),
    ] {
        let peer = Peer { roots: roots.clone(), chain: leaf.chain(&[issuer]) };
        wrong.extend(peer.differences(id, &under("dns:edge.example", &root.der()), expected));
    }
    assert_none_is_wrong(wrong);
}

#[test]
fn below_two_roots_of_the_same_name_the_key_decides() {
    let (a, b) = (Ca::root_named("root"), Ca::root_named("root"));
    let roots = roots([&a, &b]);
    // As anchors without certificates: their keys are all that is left of them.
    let mut store = rustls::RootCertStore::empty();
    store.add_parsable_certificates([a.der(), b.der()]);
    let anchors = Roots::from_root_cert_store(store).unwrap();
    let leaf = b.leaf(LeafSpec::new("edge").dns("edge.example").eku(Eku::code_signing()));
    let mut wrong = vec![];
    for roots in [roots, anchors] {
        let peer = Peer { roots, chain: leaf.chain(&[]) };
        wrong.extend(peer.differences("its root", &under("dns:edge.example", &b.der()), MATCHES));
        wrong.extend(peer.differences("namesake", &under("dns:edge.example", &a.der()), NOT));
    }
    assert_none_is_wrong(wrong);
}

#[test]
fn a_self_signed_leaf_that_is_its_own_root_is_below_its_own_key() {
    let spec = LeafSpec::new("edge").dns("edge.example").eku(Eku::code_signing());
    let leaf = Leaf::self_signed(spec);
    let peer = Peer { roots: Roots::from_der([leaf.der()]).unwrap(), chain: leaf.chain(&[]) };
    let other = Ca::root_named("other").der();
    let mut wrong = peer.differences("its own", &under("dns:edge.example", &leaf.der()), MATCHES);
    wrong.extend(peer.differences("another's", &under("dns:edge.example", &other), NOT));
    assert_none_is_wrong(wrong);
}

#[test]
fn in_a_spiffe_federation_no_trust_domain_mints_names_of_another() {
    let cas = ["example.org", "example.net"].map(|name| (name, Ca::root_named(name)));
    let builder = clients(&roots(cas.iter().map(|(_, ca)| ca)));
    let bound = cas.iter().fold(builder, |builder, (name, ca)| {
        builder.allow(rule(&under(&format!("spiffe-trust-domain:{name}"), &ca.der())))
    });
    let bound = bound.build().unwrap();
    for (own, ca) in &cas {
        for (name, _) in &cas {
            let workload = LeafSpec::new("workload").uri(&format!("spiffe://{name}/a"));
            let found = bound.verify(Some(&ca.leaf(workload).chain(&[])), unix(NOW));
            let class = found.map(drop).map_err(|refusal| refusal.class());
            let expected = if name == own { Ok(()) } else { Err(RefusalClass::PeerRule) };
            assert_eq!(class, expected, "{own} mints {name}");
        }
    }
}

/// What makes a CA another one.
type Change = fn(CaSpec) -> CaSpec;

const PLAIN: Change = |ca| ca;
const EXPIRED: Change = CaSpec::expired;
const FOR_SERVERS: Change = |ca| ca.eku(Eku::server());
const FOR_CODE: Change = |ca| ca.eku(Eku::code_signing());

/// The leaf; its CA below the root a, and below the root b.
type Paths = (Eku, Change, Change);

/// Rules; the key of the root is put in.
const NAME: &str = "dns:edge.example";
const BELOW_A: &str = "dns:edge.example under a";
const BELOW_B: &str = "dns:edge.example under b";

/// In whatever order roots and issuers stand, both rules have to hold of one path, and the class is the same.
#[test]
#[rustfmt::skip] // One row, one line.
fn of_several_paths_the_one_that_all_rules_name_counts() {
    let (rfc, strict, ignore, accept) = (EkuPolicy::rfc5280(), EkuPolicy::strict(), EkuPolicy::ignore(), EkuPolicy::accept_server_auth());
    // One path has the right EKU and the wrong issuer, the other one the right issuer and a wrong EKU.
    let right_and_wrong: Paths = (Eku::both(), PLAIN, FOR_SERVERS);
    let (both_wrong, both_right): (Paths, Paths) = ((Eku::server(), PLAIN, PLAIN), (Eku::client(), PLAIN, PLAIN));
    let (one_expired, all_expired): (Paths, Paths) = ((Eku::client(), PLAIN, EXPIRED), (Eku::client(), EXPIRED, EXPIRED));
    let rows: [(&str, &Paths, EkuPolicy, &str, &str, &str); 20] = [
        ("needed is the relaxation, although another path needs none", &right_and_wrong, ignore, BELOW_B, NAME, "relaxed by b"),
        ("the same, by serverAuth", &right_and_wrong, accept, BELOW_B, NAME, "relaxed by b"),
        ("the same, both rules bound", &right_and_wrong, ignore, BELOW_B, BELOW_B, "relaxed by b"),
        ("the same, both rules bound, by serverAuth", &right_and_wrong, accept, BELOW_B, BELOW_B, "relaxed by b"),
        ("relaxed on the other path", &right_and_wrong, ignore, BELOW_B, BELOW_A, "kept out, PeerRule"),
        ("relaxed on the other path, by serverAuth", &right_and_wrong, accept, BELOW_B, BELOW_A, "kept out, PeerRule"),
        ("no relaxation", &right_and_wrong, rfc, BELOW_B, NAME, "kept out, PeerRule"),
        ("no relaxation, strict", &right_and_wrong, strict, BELOW_B, NAME, "kept out, PeerRule"),
        ("allowed and relaxed below a", &both_wrong, ignore, BELOW_A, BELOW_A, "relaxed by a"),
        ("allowed and relaxed below b", &both_wrong, ignore, BELOW_B, BELOW_B, "relaxed by b"),
        // Of the path that is allowed, the EKU is the only obstacle.
        ("allowed below a, relaxed below b", &both_wrong, ignore, BELOW_A, BELOW_B, "Eku"),
        ("allowed below b, relaxed below a", &both_wrong, ignore, BELOW_B, BELOW_A, "Eku"),
        ("only the rule failed, which outranks another path's end", &one_expired, rfc, BELOW_B, NAME, "kept out, PeerRule"),
        ("the same, strict", &one_expired, strict, BELOW_B, NAME, "kept out, PeerRule"),
        ("the valid path is the one", &one_expired, rfc, BELOW_A, NAME, "enforced by a"),
        ("the same, strict", &one_expired, strict, BELOW_A, NAME, "enforced by a"),
        // Nor is the honest class looked for where an EKU is wrong on yet another path.
        ("only the rule failed, beside a path for code", &(Eku::server(), PLAIN, FOR_CODE), accept, BELOW_B, NAME, "kept out, PeerRule"),
        ("no path is verified", &all_expired, rfc, BELOW_B, NAME, "Validity"),
        ("right, below a", &both_right, rfc, BELOW_A, NAME, "enforced by a"),
        ("right, below b", &both_right, rfc, BELOW_B, NAME, "enforced by b"),
    ];
    let mut wrong = vec![];
    for (id, (eku, below_a, below_b), policy, allow, relax_for, expected) in rows {
        let world = Crossed::new(eku.clone(), *below_a, *below_b);
        for found in world.verdicts(policy, allow, relax_for, None) {
            if found != expected {
                wrong.push(format!("{id}: {found}"));
            }
        }
    }
    assert_none_is_wrong(wrong);
}

#[test]
fn a_path_with_a_revoked_ca_satisfies_no_rule() {
    let world = Crossed::new(Eku::client(), PLAIN, PLAIN);
    let Crossed { a, b, sub_a, sub_b, .. } = &world;
    let revoked = b.crl(CrlSpec::new(1).revoke(&sub_b.serial));
    let lists = [a.crl(CrlSpec::new(1)), revoked, sub_a.crl(CrlSpec::new(1))];
    let lists = Crls::from_der(lists).unwrap();
    for (below, expected) in [(BELOW_A, "enforced by a"), (BELOW_B, "kept out, PeerRule")] {
        let found = world.verdicts(EkuPolicy::rfc5280(), below, NAME, Some(&lists));
        assert_eq!(found, [expected; 4], "{below}");
    }
}
