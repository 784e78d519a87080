//! On a path of the web's PKI a name counts on a leaf with serverAuth only, and only by DNS or IP.

use mtls_roles::{
    ClientPeerVerifier, EkuPolicy, Error, Refusal, RefusalClass, Roots, ServerPeerVerifier,
    VerifiedPeer,
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

/// What becomes of a peer, in a word, and of a rule that does not build.
fn outcome<V>(
    built: Result<V, Error>,
    verify: impl FnOnce(V) -> Result<VerifiedPeer, Refusal>,
) -> String {
    match built.map(verify) {
        Ok(Ok(peer)) if peer.eku().violation().is_some() => "relaxed".into(),
        Ok(Ok(_)) => "enforced".into(),
        Ok(Err(refusal)) if *refusal.error() == kept_out() => format!("{:?}", refusal.class()),
        Ok(Err(refusal)) if refusal.class() == RefusalClass::Eku => "Eku".into(),
        Ok(Err(refusal)) => refusal.to_string(),
        Err(Error::RuleNeedsPrivateRoots { rule, .. }) => format!("{rule} does not build"),
        Err(Error::AnyPeerOverPublicRoots { .. }) => "any private peer does not build".into(),
        Err(error) => error.to_string(),
    }
}

#[test]
fn a_name_allows_over_public_roots_on_a_leaf_with_serverauth_only_under_every_policy() {
    // What passes each of them with a relaxation for this leaf.
    let policies: [(EkuPolicy, &[Eku]); 5] = [
        (EkuPolicy::rfc5280(), &[Eku::both(), Eku::client(), Eku::Absent]),
        (EkuPolicy::strict(), &[Eku::both(), Eku::client()]),
        (EkuPolicy::ignore(), &ekus()),
        (
            EkuPolicy::ignore().until(NOW - Duration::days(1)),
            &[Eku::both(), Eku::client(), Eku::Absent],
        ),
        (
            EkuPolicy::accept_server_auth(),
            &[Eku::both(), Eku::client(), Eku::server(), Eku::Absent],
        ),
    ];
    let (mut judged, mut wrong) = (0, vec![]);
    for way in ways() {
        for (policy, passing) in &policies {
            for eku in *passing {
                let chain = way.chain(eku);
                let is_right = [Eku::both(), Eku::client(), Eku::Absent].contains(eku);
                let pin = rules(&chain[0]).pop().unwrap();
                for text in rules(&chain[0]) {
                    let builder = clients(&way.roots).eku_policy(*policy).relax_for(rule(&pin));
                    let built = builder.allow(rule(&text)).build();
                    let found = outcome(built, |it| it.verify(Some(&chain), unix(NOW)));
                    let needed = match way.counts(&text, eku) {
                        _ if !way.builds(&text) => format!("{text} does not build"),
                        true if is_right => "enforced".into(),
                        true => "relaxed".into(),
                        false => "PeerRule".into(),
                    };
                    judged += 1;
                    if found != needed {
                        wrong.push(format!("{}, {eku:?}, {text}, {policy}: {found}", way.id));
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
            let any = "any private peer".to_owned();
            let of_any = relaxed().relax_for_any_peer_of_these_private_roots().build();
            let mut rows = vec![(any.clone(), of_any, !way.is_public, !way.roots_are_public.1)];
            for text in rules(&chain[0]) {
                // Over public roots that does not build: another test.
                let is_name = !text.starts_with("cert");
                if !(is_name && way.roots_are_public.1 && policy == EkuPolicy::ignore()) {
                    let (counts, builds) = (way.counts(&text, &eku), way.builds(&text));
                    let built = relaxed().relax_for(rule(&text)).build();
                    rows.push((text, built, counts, builds));
                }
            }
            for (text, built, counts, builds) in rows {
                let found = outcome(built, |it| it.verify(Some(&chain), unix(NOW)));
                let needed = match counts {
                    _ if !builds => format!("{text} does not build"),
                    true => "relaxed".into(),
                    false => "Eku".into(),
                };
                if found != needed {
                    wrong.push(format!("{}, {eku:?}, {policy}, {text}: {found}", way.id));
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
                let built = builder.expect_in_place_of_name(rule(&text)).build();
                let found = outcome(built, |it| it.verify(Some(&chain), &name, unix(NOW)));
                let needed = match way.counts(&text, &eku) {
                    _ if !way.builds(&text) => format!("{text} does not build"),
                    true => "enforced".into(),
                    false => "PeerRule".into(),
                };
                if found != needed {
                    wrong.push(format!("{}, {eku:?}, {text}: {found}", way.id));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn ekus() -> [Eku; 6] {
    [Eku::both(), Eku::client(), Eku::server(), Eku::Absent, Eku::any(), Eku::code_signing()]
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
