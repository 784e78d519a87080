//! On a path of the web's PKI a name counts on a leaf with serverAuth only, and only by DNS or IP.

use mtls_roles::{EkuPolicy, Error, Refusal, RefusalClass, Roots, VerifiedPeer};
use rustls::CertificateError;
use rustls::pki_types::CertificateDer;
use time::Duration;

use super::NAMES;
use super::public::{
    DOMAIN_VALIDATED, in_the_name_of_a_public_root, named_like_a_public_root, policed, with_policy,
};
use crate::common::clock::{NOW, unix};
use crate::common::ours::{clients, roots, rule, servers};
use crate::common::pki::{Ca, CaSpec, Eku, LeafSpec};
use crate::rules::peer::{assert_none_is_wrong, nobody, pin, sha256, spki_sha256};

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
    let known = private.sub(named_like_a_public_root());
    let named = known.sub(CaSpec::new("named"));
    let deep = sub(DOMAIN_VALIDATED);
    let below = deep.sub(CaSpec::new("below"));
    let way = |id, roots: &[&Ca], issuers: &[&Ca], is_public, roots_are_public| Way {
        id,
        roots: self::roots(roots.iter().copied()),
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
        let spec = spec.uri("spiffe://example.org/edge").email("alice@example.com");
        let presented: Vec<_> = self.issuers[..self.issuers.len() - 1].iter().collect();
        self.issuers[0].leaf(spec.eku(eku.clone())).chain(&presented)
    }

    /// Whether this rule names the leaf here.
    fn counts(&self, rule: &str, eku: &Eku) -> bool {
        match rule.split_once(':').unwrap().0 {
            _ if rule == OTHER => false,
            "cert-sha256" | "spki-sha256" => true,
            "dns" | "ip" => !self.is_public || [Eku::both(), Eku::server()].contains(eku),
            _ => !self.is_public,
        }
    }

    fn builds(&self, rule: &str) -> bool {
        let is_validated = rule.starts_with("dns") || rule.starts_with("ip");
        !self.roots_are_public.0 || is_validated || rule.contains("-sha256:")
    }

    /// Where it does not become of this leaf what it should, with each rule: one thing if the rule counts, another if
    /// it does not.
    fn differences(
        &self,
        eku: &Eku,
        builds: impl Fn(&str) -> bool,
        [counted, not]: [&str; 2],
        judge: impl Fn(&str, &[CertificateDer<'static>]) -> String,
    ) -> Vec<String> {
        let chain = self.chain(eku);
        let difference = |text: String| {
            let found = judge(&text, &chain);
            let needed = match self.counts(&text, eku) {
                _ if !builds(&text) => "does not build",
                true => counted,
                false => not,
            };
            (found != needed).then(|| format!("{}, {eku:?}, {text}: {found}", self.id))
        };
        rules(&chain[0]).into_iter().filter_map(difference).collect()
    }
}

/// The names of the leaf in every form, its fingerprints, and a rule for somebody else.
fn rules(leaf: &CertificateDer<'_>) -> Vec<String> {
    let names = NAMES.iter().chain([&OTHER]).map(|name| name.to_string());
    names.chain([pin("cert", &sha256(leaf)), pin("spki", &spki_sha256(leaf))]).collect()
}

const OTHER: &str = "dns:other.example";

/// What becomes of a peer, in a word.
fn outcome<V>(
    built: Result<V, Error>,
    verify: impl FnOnce(V) -> Result<VerifiedPeer, Refusal>,
) -> String {
    let kept_out = CertificateError::ApplicationVerificationFailure.into();
    match built.map(verify) {
        Ok(Ok(peer)) if peer.eku().violation().is_some() => "relaxed".into(),
        Ok(Ok(_)) => "enforced".into(),
        Ok(Err(refusal)) if *refusal.error() == kept_out => format!("{:?}", refusal.class()),
        Ok(Err(refusal)) if refusal.class() == RefusalClass::Eku => "Eku".into(),
        Ok(Err(refusal)) => refusal.to_string(),
        Err(
            Error::RuleNeedsPrivateRoots { .. }
            | Error::AnyPeerOverPublicRoots { .. }
            | Error::NameOverPublicRoots { .. },
        ) => "does not build".into(),
        Err(error) => error.to_string(),
    }
}

#[test]
fn a_name_allows_over_public_roots_on_a_leaf_with_serverauth_only_under_every_policy() {
    // What passes each of them with a relaxation for this leaf.
    let ended = EkuPolicy::ignore().until(NOW - Duration::days(1));
    let (both, client, server, absent) = (Eku::both(), Eku::client(), Eku::server(), Eku::Absent);
    let right = [both.clone(), client.clone(), absent.clone()];
    let policies: [(EkuPolicy, &[Eku]); 5] = [
        (EkuPolicy::rfc5280(), &right),
        (EkuPolicy::strict(), &right[..2]),
        (ended, &right),
        (EkuPolicy::accept_server_auth(), &[both, client, server, absent]),
        (EkuPolicy::ignore(), &ekus()),
    ];
    let mut wrong = vec![];
    for way in ways() {
        for (policy, passing) in &policies {
            for eku in *passing {
                let passed = if right.contains(eku) { "enforced" } else { "relaxed" };
                let builds = |text: &str| way.builds(text);
                wrong.extend(way.differences(eku, builds, [passed, "PeerRule"], |text, chain| {
                    let pin = rule(&pin("cert", &sha256(&chain[0])));
                    let builder = clients(&way.roots).eku_policy(*policy).relax_for(pin);
                    let built = builder.allow(rule(text)).build();
                    outcome(built, |it| it.verify(Some(chain), unix(NOW)))
                }));
            }
        }
    }
    assert_none_is_wrong(wrong);
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
            let relaxed = |chain: &[CertificateDer<'_>]| {
                let pin = rule(&pin("cert", &sha256(&chain[0])));
                clients(&way.roots).eku_policy(policy).allow(pin)
            };
            let builds = |text: &str| match way.roots_are_public.1 && policy == EkuPolicy::ignore()
            {
                true => text.contains("-sha256:"),
                false => way.builds(text),
            };
            wrong.extend(way.differences(&eku, builds, ["relaxed", "Eku"], |text, chain| {
                let built = relaxed(chain).relax_for(rule(text)).build();
                outcome(built, |it| it.verify(Some(chain), unix(NOW)))
            }));
            let chain = way.chain(&eku);
            let any = relaxed(&chain).relax_for_any_peer_of_these_private_roots().build();
            let needed = match way.is_public {
                _ if way.roots_are_public.1 => "does not build",
                true => "Eku",
                false => "relaxed",
            };
            let found = outcome(any, |it| it.verify(Some(&chain), unix(NOW)));
            if found != needed {
                wrong.push(format!("{}, {eku:?}, {policy}, any peer: {found}", way.id));
            }
        }
    }
    assert_none_is_wrong(wrong);
}

#[test]
fn a_rule_in_place_of_a_servers_name_means_the_same_over_public_roots() {
    let mut wrong = vec![];
    for way in ways() {
        for (policy, eku) in [
            (EkuPolicy::rfc5280(), Eku::both()),
            (EkuPolicy::rfc5280(), Eku::server()),
            (EkuPolicy::rfc5280(), Eku::Absent),
            (EkuPolicy::strict(), Eku::server()),
        ] {
            let builds = |text: &str| way.builds(text);
            wrong.extend(way.differences(&eku, builds, ["enforced", "PeerRule"], |text, chain| {
                let builder = servers(&way.roots).eku_policy(policy);
                let built = builder.expect_in_place_of_name(rule(text)).build();
                outcome(built, |it| it.verify(Some(chain), &nobody(), unix(NOW)))
            }));
        }
    }
    assert_none_is_wrong(wrong);
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
        let clients = clients(&self::roots(roots)).allow(rule("dns:edge.example"));
        let verifier = clients.build().unwrap();
        for (id, issuers, is_allowed) in rows {
            let found = verifier.verify(Some(&leaf.chain(issuers)), unix(NOW));
            assert_eq!(found.is_ok(), is_allowed, "{id}: {found:?}");
        }
    }
}
