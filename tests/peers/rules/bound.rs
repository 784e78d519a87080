//! A rule that is bound to an issuer matches on a verified path below that issuer, and nowhere else.

use crate::common::ours::{clients, roots, rule};
use mtls_roles::{
    ClientPeerVerifier, Crls, EkuOutcome, EkuPolicy, PeerRule, PeerVerifierBuilder, Refusal,
    RefusalClass, Roots, VerifiedPeer,
};
use rustls::CertificateError;
use rustls::pki_types::CertificateDer;

use super::peer::{Peer, pin, spki_sha256};
use super::{MATCHES, NOT};
use crate::common::clock::{NOW, unix};
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
    fn new(sub_a: CaSpec, sub_b: CaSpec, eku: Eku) -> Self {
        let (a, b) = (Ca::root_named("a"), Ca::root_named("b"));
        let sub_a = a.sub(sub_a);
        let sub_b = b.cross_sign(&sub_a, sub_b);
        let leaf = sub_a.leaf(LeafSpec::new("edge").dns("edge.example").eku(eku));
        Self { a, b, sub_a, sub_b, leaf }
    }

    fn plain(eku: Eku) -> Self {
        Self::new(CaSpec::new("sub"), CaSpec::new("sub"), eku)
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
        setup: impl Fn(
            PeerVerifierBuilder<ClientPeerVerifier>,
        ) -> PeerVerifierBuilder<ClientPeerVerifier>,
    ) -> Vec<Result<VerifiedPeer, Refusal>> {
        let verdict = |(roots, chain): (Roots, Vec<_>)| {
            setup(clients(&roots)).build().unwrap().verify(Some(&chain), unix(NOW))
        };
        self.orders().into_iter().map(verdict).collect()
    }
}

fn under(text: &str, issuer: &CertificateDer<'_>) -> String {
    format!("{text} under {}", pin("spki", &spki_sha256(issuer)))
}

#[test]
fn of_a_cross_signed_peer_any_path_satisfies_a_bound_rule_in_whatever_order_it_is_presented() {
    let world = Crossed::plain(Eku::code_signing());
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
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
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
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_self_signed_leaf_that_is_its_own_root_is_below_its_own_key() {
    let spec = LeafSpec::new("edge").dns("edge.example").eku(Eku::code_signing());
    let leaf = Leaf::self_signed(spec);
    let peer = Peer { roots: Roots::from_der([leaf.der()]).unwrap(), chain: leaf.chain(&[]) };
    let other = Ca::root_named("other").der();
    let mut wrong = peer.differences("its own", &under("dns:edge.example", &leaf.der()), MATCHES);
    wrong.extend(peer.differences("another's", &under("dns:edge.example", &other), NOT));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn in_a_spiffe_federation_no_trust_domain_mints_names_of_another() {
    let (org, net) = (Ca::root_named("example.org"), Ca::root_named("example.net"));
    let roots = roots([&org, &net]);
    let rules =
        [("spiffe-trust-domain:example.org", &org), ("spiffe-trust-domain:example.net", &net)];
    let bound = rules
        .iter()
        .fold(clients(&roots), |builder, (text, ca)| builder.allow(rule(&under(text, &ca.der()))));
    let unbound =
        rules.iter().fold(clients(&roots), |builder, (text, _)| builder.allow(rule(text)));
    let (bound, unbound) = (bound.build().unwrap(), unbound.build().unwrap());
    for (id, ca, uri, is_its_own) in [
        ("org mints org", &org, "spiffe://example.org/a", true),
        ("org mints net", &org, "spiffe://example.net/a", false),
        ("net mints net", &net, "spiffe://example.net/a", true),
        ("net mints org", &net, "spiffe://example.org/a", false),
    ] {
        let sub = ca.sub(CaSpec::new("issuer"));
        let leaf = sub.leaf(LeafSpec::new("workload").uri(uri).eku(Eku::client()));
        let chain = leaf.chain(&[&sub]);
        let found = bound.verify(Some(&chain), unix(NOW));
        let class = found.as_ref().map(drop).map_err(Refusal::class);
        let expected = if is_its_own { Ok(()) } else { Err(RefusalClass::PeerRule) };
        assert_eq!(class, expected, "{id}");
        // What the documentation warns of.
        assert!(unbound.verify(Some(&chain), unix(NOW)).is_ok(), "{id}, unbound");
    }
}

#[test]
fn relaxed_only_below_this_ca() {
    let root = Ca::root_named("root");
    let roots = roots([&root]);
    let [legacy, other] = ["legacy", "other"].map(|name| root.sub(CaSpec::new(name)));
    let text = under("dns:*.example", &legacy.der());
    let verifier = clients(&roots).eku_policy(EkuPolicy::ignore()).relax_for(rule(&text));
    let verifier = verifier.build().unwrap();
    let strict = clients(&roots).build().unwrap();
    let chain =
        |ca: &Ca, eku| ca.leaf(LeafSpec::new("e").dns("edge.example").eku(eku)).chain(&[ca]);
    let relaxed = verifier.verify(Some(&chain(&legacy, Eku::server())), unix(NOW)).unwrap();
    assert!(matches!(relaxed.eku(), EkuOutcome::Relaxed(_)));
    let stranger = chain(&other, Eku::server());
    let refusal = verifier.verify(Some(&stranger), unix(NOW)).unwrap_err();
    let rfc5280 = strict.verify(Some(&stranger), unix(NOW)).unwrap_err();
    assert_eq!(refusal.error(), rfc5280.error());
    assert_eq!(refusal.class(), RefusalClass::Eku);
    assert!(verifier.verify(Some(&chain(&other, Eku::client())), unix(NOW)).is_ok());
}

/// One path has the right EKU and the wrong issuer, the other one the right issuer and a wrong EKU.
#[test]
fn a_peer_whose_named_path_needs_the_relaxation_gets_it_although_another_path_needs_none() {
    let wrong_eku = CaSpec::new("sub").eku(Eku::server());
    let world = Crossed::new(CaSpec::new("sub"), wrong_eku, Eku::both());
    let below_b = rule(&under("dns:edge.example", &world.b.der()));
    let allowed = |policy| {
        let rule = below_b.clone();
        move |builder: PeerVerifierBuilder<ClientPeerVerifier>| {
            builder.eku_policy(policy).allow(rule.clone())
        }
    };
    for policy in [EkuPolicy::ignore(), EkuPolicy::accept_server_auth()] {
        for rule in ["dns:edge.example".parse().unwrap(), below_b.clone()] {
            let setup = |builder| allowed(policy)(builder).relax_for(PeerRule::clone(&rule));
            for found in world.verdicts(setup) {
                let peer = found.unwrap();
                assert!(matches!(peer.eku(), EkuOutcome::Relaxed(_)), "{policy}, {rule}");
                assert_eq!(peer.anchor(), "CN=b");
            }
        }
        // Both rules have to hold of one path.
        let below_a = rule(&under("dns:edge.example", &world.a.der()));
        for found in world.verdicts(|builder| allowed(policy)(builder).relax_for(below_a.clone())) {
            assert_kept_out(found, policy);
        }
    }
    for policy in [EkuPolicy::rfc5280(), EkuPolicy::strict()] {
        for found in world.verdicts(allowed(policy)) {
            assert_kept_out(found, policy);
        }
    }
}

#[test]
fn allow_and_relax_for_have_to_hold_of_the_same_path_and_the_class_is_the_same_in_every_order() {
    let world = Crossed::plain(Eku::server());
    let [below_a, below_b] =
        [&world.a, &world.b].map(|ca| rule(&under("dns:edge.example", &ca.der())));
    let verdicts = |allow: &PeerRule, relax_for: &PeerRule| {
        world.verdicts(|builder| {
            let builder = builder.eku_policy(EkuPolicy::ignore());
            builder.allow(allow.clone()).relax_for(relax_for.clone())
        })
    };
    for (one, other) in [(&below_a, &below_b), (&below_b, &below_a)] {
        for found in verdicts(one, one) {
            assert!(found.is_ok(), "{found:?}");
        }
        for found in verdicts(one, other) {
            // Of the path that is allowed, the EKU is the only obstacle.
            assert_eq!(found.unwrap_err().class(), RefusalClass::Eku);
        }
    }
}

#[test]
fn that_only_the_rule_failed_outranks_what_is_wrong_with_other_paths() {
    let expired = CaSpec::new("sub").expired();
    let world = Crossed::new(CaSpec::new("sub"), expired, Eku::client());
    let allow = |ca: &Ca| rule(&under("dns:edge.example", &ca.der()));
    for policy in [EkuPolicy::rfc5280(), EkuPolicy::strict()] {
        let setup = |builder: PeerVerifierBuilder<ClientPeerVerifier>| builder.eku_policy(policy);
        for found in world.verdicts(|builder| setup(builder).allow(allow(&world.b))) {
            assert_kept_out(found, policy);
        }
        for found in world.verdicts(|builder| setup(builder).allow(allow(&world.a))) {
            assert_eq!(found.unwrap().anchor(), "CN=a");
        }
    }
    // Nor is the honest class looked for where an EKU is wrong on yet another path.
    let code_signing = CaSpec::new("sub").eku(Eku::code_signing());
    let world = Crossed::new(CaSpec::new("sub"), code_signing, Eku::server());
    for found in world.verdicts(|builder| {
        let builder = builder.eku_policy(EkuPolicy::accept_server_auth());
        builder.allow(allow(&world.b)).relax_for(rule("dns:edge.example"))
    }) {
        assert_eq!(found.unwrap_err().class(), RefusalClass::PeerRule);
    }
    // And where no path is verified completely, webpki's error stands.
    let expired = || CaSpec::new("sub").expired();
    let world = Crossed::new(expired(), expired(), Eku::client());
    for found in world.verdicts(|builder| builder.allow(allow(&world.b))) {
        assert_eq!(found.unwrap_err().class(), RefusalClass::Validity);
    }
}

#[test]
fn a_path_with_a_revoked_ca_satisfies_no_rule() {
    let world = Crossed::plain(Eku::client());
    let Crossed { a, b, sub_a, sub_b, .. } = &world;
    let lists = [
        a.crl(CrlSpec::new(1)),
        b.crl(CrlSpec::new(1).revoke(&sub_b.serial)),
        sub_a.crl(CrlSpec::new(1)),
    ];
    let lists = Crls::from_der(lists).unwrap();
    let below = |ca: &Ca| rule(&under("dns:edge.example", &ca.der()));
    for found in world.verdicts(|builder| builder.crls(lists.clone()).allow(below(b))) {
        assert_kept_out(found, EkuPolicy::rfc5280());
    }
    for found in world.verdicts(|builder| builder.crls(lists.clone()).allow(below(a))) {
        assert!(found.is_ok(), "{found:?}");
    }
}

fn assert_kept_out(found: Result<VerifiedPeer, Refusal>, policy: EkuPolicy) {
    let refusal = found.unwrap_err();
    let error = CertificateError::ApplicationVerificationFailure.into();
    assert_eq!(*refusal.error(), error, "{policy}");
    assert_eq!(refusal.class(), RefusalClass::PeerRule, "{policy}");
}
