//! On a path of the web's PKI a name counts on a leaf with serverAuth only, and only by DNS or IP.

use mtls_roles::{
    ClientPeerVerifier, EkuOutcome, EkuPolicy, Error, RefusalClass, Roots, ServerPeerVerifier,
};
use rustls::CertificateError;
use rustls::pki_types::{CertificateDer, ServerName};
use time::Duration;

use super::NAMES;
use super::public::{in_the_name_of_a_public_root, named_like_a_public_root, policed, with_policy};
use crate::common::clock::{NOW, unix};
use crate::common::ours::{clients, rule};
use crate::common::pki::{Ca, CaSpec, Eku, LeafSpec};
use crate::common::tls::provider;
use crate::rules::peer::sha256;

const DOMAIN_VALIDATED: &[u64] = &[2, 23, 140, 1, 2, 1];
const ANY_POLICY: &[u64] = &[2, 5, 29, 32, 0];

/// How a leaf comes by a root.
struct Way {
    id: &'static str,
    roots: Roots,
    /// The leaf's issuer first; all but the root are presented.
    issuers: Vec<Ca>,
    is_public: bool,
    /// Of the roots given, whether all and whether any are known to be public.
    roots_are_public: (bool, bool),
}

#[rustfmt::skip] // One row, one line.
fn ways() -> Vec<Way> {
    let (private, public) = (Ca::root_named("private"), in_the_name_of_a_public_root());
    let (marked, unmarked) = (with_policy("marked", DOMAIN_VALIDATED), with_policy("any policy", ANY_POLICY));
    let sub = |policy| private.sub(policed(CaSpec::new("sub"), policy));
    let unreadable = private.sub(CaSpec::new("sub").extension(&[2, 5, 29, 32], false, b"rubbish".to_vec()));
    let (known, named) = { let known = private.sub(named_like_a_public_root()); let named = known.sub(CaSpec::new("named")); (known, named) };
    let deep = sub(DOMAIN_VALIDATED);
    let below = deep.sub(CaSpec::new("below"));
    let way = |id, roots: &[&Ca], issuers: &[&Ca], is_public, roots_are_public| Way {
        id,
        roots: Roots::from_der(roots.iter().map(|root| root.der())).unwrap(),
        issuers: issuers.iter().map(|ca| (*ca).clone()).collect(),
        is_public,
        roots_are_public,
    };
    let (all, some, none) = ((true, true), (false, true), (false, false));
    vec![
        way("private root", &[&private], &[&private], false, none),
        way("public root", &[&public], &[&public], true, all),
        way("root with a CABF policy", &[&marked], &[&marked], true, all),
        way("root with anyPolicy", &[&unmarked], &[&unmarked], false, none),
        way("mixed, below the private root", &[&private, &public], &[&private], false, some),
        way("mixed, below the public root", &[&private, &public], &[&public], true, some),
        way("mixed, below the marked root", &[&marked, &private], &[&marked], true, some),
        way("issuer with a CABF policy", &[&private], &[&sub(DOMAIN_VALIDATED), &private], true, none),
        way("issuer's issuer with a CABF policy", &[&private], &[&below, &deep, &private], true, none),
        way("issuer with anyPolicy", &[&private], &[&sub(ANY_POLICY), &private], false, none),
        way("issuer with unreadable policies", &[&private], &[&unreadable, &private], true, none),
        way("issuer issued in the name of a public root", &[&private], &[&named, &known, &private], true, none),
    ]
}

impl Way {
    fn chain(&self, eku: &Eku) -> Vec<CertificateDer<'static>> {
        let spec = LeafSpec::new("edge").dns("edge.example").ip([192, 0, 2, 1]);
        let spec =
            spec.uri("spiffe://example.org/edge").email("alice@example.com").eku(eku.clone());
        let presented: Vec<_> = self.issuers[..self.issuers.len() - 1].iter().collect();
        self.issuers[0].leaf(spec).chain(&presented)
    }

    /// Whether this rule names the leaf here.
    fn counts(&self, rule: &str, eku: &Eku) -> bool {
        match rule.split_once(':').unwrap().0 {
            "cert-sha256" => true,
            "dns" | "ip" => !self.is_public || [Eku::both(), Eku::server()].contains(eku),
            _ => !self.is_public,
        }
    }

    fn builds(&self, rule: &str) -> bool {
        !self.roots_are_public.0 || ["dns", "ip:", "cer"].contains(&&rule[..3])
    }
}

/// The names of the leaf in every form, and its fingerprint.
fn rules(leaf: &CertificateDer<'_>) -> Vec<String> {
    let hex: String = sha256(leaf).iter().map(|byte| format!("{byte:02x}")).collect();
    let names = NAMES.iter().map(|name| name.to_string());
    names.chain([format!("cert-sha256:{hex}")]).collect()
}

#[test]
fn a_name_allows_over_public_roots_on_a_leaf_with_serverauth_only_under_every_policy() {
    let passes = |policy: usize, eku: &Eku| match policy {
        0 | 3 => [Eku::both(), Eku::client(), Eku::Absent].contains(eku),
        1 => [Eku::both(), Eku::client()].contains(eku),
        4 => ![Eku::any(), Eku::code_signing()].contains(eku),
        _ => true,
    };
    let policies = [
        EkuPolicy::rfc5280(),
        EkuPolicy::strict(),
        EkuPolicy::ignore(),
        EkuPolicy::ignore().until(NOW - Duration::days(1)),
        EkuPolicy::accept_server_auth(),
    ];
    let ekus =
        [Eku::both(), Eku::client(), Eku::server(), Eku::Absent, Eku::any(), Eku::code_signing()];
    let (mut judged, mut wrong) = (0, vec![]);
    for way in ways() {
        for eku in &ekus {
            let chain = way.chain(eku);
            for text in rules(&chain[0]) {
                for (index, policy) in policies.into_iter().enumerate() {
                    let id = format!("{}, {eku:?}, {text}, {policy}", way.id);
                    let pin = rules(&chain[0]).pop().unwrap();
                    let builder = clients(&way.roots).eku_policy(policy);
                    let verifier = match builder.relax_for(rule(&pin)).allow(rule(&text)).build() {
                        Ok(verifier) if way.builds(&text) => verifier,
                        Err(Error::RuleNeedsPrivateRoots { rule, .. })
                            if !way.builds(&text) && rule == text =>
                        {
                            continue;
                        }
                        other => {
                            wrong.push(format!("{id}: {other:?}"));
                            continue;
                        }
                    };
                    if !passes(index, eku) {
                        continue;
                    }
                    judged += 1;
                    match verifier.verify(Some(&chain), unix(NOW)) {
                        Ok(_) if way.counts(&text, eku) => {}
                        Err(refusal)
                            if !way.counts(&text, eku)
                                && refusal.class() == RefusalClass::PeerRule
                                && *refusal.error() == kept_out() => {}
                        other => wrong.push(format!("{id}: {other:?}")),
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(judged > 1000, "{judged}");
}

#[test]
fn a_name_relaxes_below_public_cas_on_a_leaf_with_serverauth_only_and_any_private_peer_is_none_there()
 {
    let mut wrong = vec![];
    for way in ways() {
        for (eku, policy) in [
            (Eku::server(), EkuPolicy::accept_server_auth()),
            (Eku::server(), EkuPolicy::ignore()),
            (Eku::code_signing(), EkuPolicy::ignore()),
        ] {
            let chain = way.chain(&eku);
            let pin = rules(&chain[0]).pop().unwrap();
            let relaxed = || clients(&way.roots).eku_policy(policy).allow(rule(&pin));
            let any = relaxed().relax_for_any_peer_of_these_private_roots().build();
            let mut rows = vec![("any private peer".to_owned(), any, !way.is_public)];
            for text in rules(&chain[0]) {
                // Over public roots that does not build: another test.
                let is_name = !text.starts_with("cert");
                if way.builds(&text)
                    && !(is_name && way.roots_are_public.1 && policy == EkuPolicy::ignore())
                {
                    let counts = way.counts(&text, &eku);
                    rows.push((text.clone(), relaxed().relax_for(rule(&text)).build(), counts));
                }
            }
            for (text, built, counts) in rows {
                let id = format!("{}, {eku:?}, {policy}, {text}", way.id);
                let verifier = match built {
                    Ok(verifier) => verifier,
                    Err(Error::AnyPeerOverPublicRoots { .. }) if way.roots_are_public.1 => continue,
                    Err(error) => {
                        wrong.push(format!("{id}: {error}"));
                        continue;
                    }
                };
                match verifier.verify(Some(&chain), unix(NOW)) {
                    Ok(peer) if counts && matches!(peer.eku(), EkuOutcome::Relaxed(_)) => {}
                    Err(refusal) if !counts && refusal.class() == RefusalClass::Eku => {}
                    other => wrong.push(format!("{id}: {other:?}")),
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_rule_in_place_of_a_servers_name_means_the_same_over_public_roots() {
    let name = ServerName::try_from("10.0.0.1").unwrap();
    let mut wrong = vec![];
    for way in ways() {
        for eku in [Eku::both(), Eku::server(), Eku::Absent] {
            let chain = way.chain(&eku);
            for text in rules(&chain[0]) {
                let builder = ServerPeerVerifier::builder(way.roots.clone(), &provider());
                let found = match builder.expect_in_place_of_name(rule(&text)).build() {
                    Ok(verifier) if way.builds(&text) => {
                        verifier.verify(Some(&chain), &name, unix(NOW))
                    }
                    Err(Error::RuleNeedsPrivateRoots { .. }) if !way.builds(&text) => continue,
                    other => {
                        wrong.push(format!("{}, {text}: {other:?}", way.id));
                        continue;
                    }
                };
                match found {
                    Ok(_) if way.counts(&text, &eku) => {}
                    Err(refusal) if !way.counts(&text, &eku) && *refusal.error() == kept_out() => {}
                    other => wrong.push(format!("{}, {eku:?}, {text}: {other:?}", way.id)),
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The private root is trusted, and the public one is, too: the path to the private one will do.
#[test]
fn of_a_cross_signed_peer_the_path_without_a_public_ca_counts_in_any_order() {
    let (private, public) = (Ca::root_named("private"), in_the_name_of_a_public_root());
    let own = private.sub(CaSpec::new("sub"));
    let cross = public.cross_sign(&own, CaSpec::new("sub"));
    let marked = private.cross_sign(&own, policed(CaSpec::new("sub"), DOMAIN_VALIDATED));
    let leaf = own.leaf(LeafSpec::new("edge").dns("edge.example").eku(Eku::client()));
    #[rustfmt::skip] // One row, one line.
    let rows: [(&str, &[&Ca], bool); 7] = [
        ("private, public", &[&own, &cross], true),
        ("public, private", &[&cross, &own], true),
        ("private, marked", &[&own, &marked], true),
        ("marked, private", &[&marked, &own], true),
        ("public, marked", &[&cross, &marked], false),
        ("public", &[&cross], false),
        ("marked", &[&marked], false),
    ];
    for roots in [[&private, &public], [&public, &private]] {
        let roots = Roots::from_der(roots.map(Ca::der)).unwrap();
        let verifier: ClientPeerVerifier =
            clients(&roots).allow(rule("dns:edge.example")).build().unwrap();
        for (id, issuers, is_allowed) in rows {
            let found = verifier.verify(Some(&leaf.chain(issuers)), unix(NOW));
            assert_eq!(found.is_ok(), is_allowed, "{id}: {found:?}");
        }
    }
}

fn kept_out() -> rustls::Error {
    CertificateError::ApplicationVerificationFailure.into()
}
