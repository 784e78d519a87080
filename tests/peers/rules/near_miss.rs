//! A refusal by the rules says which one seems to name the verified peer, and why it does not.

use mtls_roles::{ClientPeerVerifier, EkuPolicy, RefusalClass, Roots};

use super::peer::{general_name, pin, spki_sha256};
use crate::common::clock::{NOW, unix};
use crate::common::ours::{clients, roots, rule};
use crate::common::pki::{Ca, CaSpec, Eku, LeafSpec, der};
use crate::common::tls::provider;

/// Row id, rules, names of the leaf, whose common name is `edge.example.com`, and what is said.
type Row<'a> = (&'a str, &'a [&'a str], &'a [&'a str], &'a str);

#[rustfmt::skip] // One row, one line.
const ROWS: [Row<'static>; 33] = [
    ("nothing alike", &["dns:a.example"], &["dns:b.example", "uri:x://y"], "its names are `dns:b.example`, `uri:x://y`"),
    ("others of each type", &["dns:*.a.example", "spiffe-trust-domain:a.example", "email:x@a.example", "ip:192.0.2.1"], &["dns:b.example", "uri:spiffe://b.example:1/x", "email:y@b.example", "ip:192.0.2.2"], "its names are `dns:b.example`, `uri:spiffe://b.example:1/x`, `email:y@b.example`, `ip:192.0.2.2`"),
    ("several URIs", &["uri:spiffe://a/b"], &["uri:spiffe://a/b", "uri:x://y"], "its name `uri:spiffe://a/b` is one of 2 URIs"),
    ("several URIs, trust domain", &["spiffe-trust-domain:a"], &["uri:spiffe://a/b", "uri:x://y", "uri:z://y"], "is one of 3 URIs"),
    ("trailing dot", &["dns:a.example"], &["dns:a.example."], "its name `dns:a.example.` ends in a dot"),
    ("trailing dot below a wildcard rule", &["dns:*.example"], &["dns:A.example."], "ends in a dot"),
    ("wildcard SAN", &["dns:a.example"], &["dns:*.example"], "is a wildcard, which every host there may hold, and not `a.example`"),
    ("wildcard SAN above", &["dns:a.b.example"], &["dns:*.example"], "its names are `dns:*.example`"),
    ("wildcard SAN below a wildcard rule", &["dns:*.example"], &["dns:*.a.example"], "has not exactly one label more than `*.example`"),
    ("SIP rule, DNS name", &["uri:sip:a.example"], &["dns:a.example"], "is of another type than the rule `uri:sip:a.example`"),
    ("SIP rule with a port, DNS name", &["uri:sips:a.example:5061"], &["dns:A.example"], "is of another type than the rule `uri:sips:a.example:5061`"),
    ("URI rule with a path, DNS name", &["uri:https://a.example/x"], &["dns:a.example"], "is of another type than the rule `uri:https://a.example/x`"),
    ("SIP rule, common name", &["uri:sip:edge.example.com"], &["dns:b.example"], "its common name is `edge.example.com`, but no rule goes by that; `uri:sip:edge.example.com`"),
    ("wildcard rule, two labels", &["dns:*.example"], &["dns:a.b.example"], "has not exactly one label more than `*.example`"),
    ("wildcard rule, no label", &["dns:*.a.example"], &["dns:a.example"], "has not exactly one label more than `*.a.example`"),
    ("DNS rule, URI", &["dns:a.example"], &["uri:https://a.example:8443/x"], "is of another type than the rule `dns:a.example`"),
    ("DNS rule, SIP URI", &["dns:a.example"], &["uri:sip:a.example"], "is of another type than the rule `dns:a.example`"),
    ("DNS rule, e-mail", &["dns:a.example"], &["email:x@a.example"], "is of another type than the rule `dns:a.example`"),
    ("IP rule, DNS name", &["ip:192.0.2.1"], &["dns:192.0.2.1"], "is of another type than the rule `ip:192.0.2.1`"),
    ("URI rule, DNS name", &["uri:x://y"], &["dns:x://y"], "is of another type than the rule `uri:x://y`"),
    ("e-mail rule, DNS name", &["email:a@b.example"], &["dns:a@b.example"], "is of another type than the rule `email:a@b.example`"),
    ("trust domain, DNS name", &["spiffe-trust-domain:a.example"], &["dns:a.example"], "is of another type than the rule `spiffe-trust-domain:a.example`"),
    ("trust domain, port", &["spiffe-trust-domain:a.example"], &["uri:spiffe://a.example:1/x"], "is no SPIFFE ID: needed is a host"),
    ("trust domain, query", &["spiffe-trust-domain:a.example"], &["uri:spiffe://a.example/x?y"], "is no SPIFFE ID: needed are path segments"),
    ("URI in another case", &["uri:spiffe://a/Edge"], &["uri:spiffe://a/edge"], "differs from `uri:spiffe://a/Edge` in case or in a slash"),
    ("URI with a slash more", &["uri:spiffe://a/b"], &["uri:spiffe://a/b/"], "differs from `uri:spiffe://a/b` in case or in a slash"),
    ("e-mail in another case", &["email:alice@b.example"], &["email:Alice@b.example"], "differs from `email:alice@b.example` in the case"),
    ("mapped address", &["ip:192.0.2.1"], &["ip:::ffff:192.0.2.1"], "is the address of `ip:192.0.2.1` in the other family"),
    ("common name", &["dns:edge.example.com"], &["dns:other.example"], "its common name is `edge.example.com`, but no rule goes by that"),
    ("common name alone", &["dns:edge.example.com"], &[], "its common name is `edge.example.com`, but no rule goes by that"),
    ("no name", &["dns:a.example"], &[], "it has no subjectAltName, so only a fingerprint names it"),
    ("the one rule of many", &["dns:c.example", "ip:192.0.2.9", "dns:a.example"], &["dns:a.example."], "ends in a dot"),
    ("hostile text", &["dns:a.example"], &["dns:a\u{1b}[2K"], "its names are `dns:a\\u{1b}[2K`"),
];

fn reason(root: &Ca, rules: &[String], chain: &[rustls::pki_types::CertificateDer<'_>]) -> String {
    let builder = clients(&roots([root]));
    let builder = rules.iter().fold(builder, |builder, text| builder.allow(rule(text)));
    let refusal = builder.build().unwrap().verify(Some(chain), unix(NOW)).unwrap_err();
    assert_eq!(refusal.class(), RefusalClass::PeerRule, "{refusal}");
    refusal.reason()
}

#[test]
fn the_rule_that_comes_nearest_is_named_and_why_it_does_not_match() {
    let root = Ca::root_named("root");
    let mut wrong = vec![];
    for (id, rules, names, said) in ROWS {
        let mut spec = LeafSpec::new("edge.example.com");
        if id == "no name" {
            spec = LeafSpec::new("edge");
        }
        if !names.is_empty() {
            let names: Vec<_> = names.iter().map(|name| general_name(name)).collect();
            spec = spec.raw_san(der::sequence(&names));
        }
        let rules: Vec<_> = rules.iter().map(ToString::to_string).collect();
        let found = reason(&root, &rules, &root.leaf(spec).chain(&[]));
        if !found.starts_with("no peer rule names it: ") || !found.contains(said) {
            wrong.push(format!("{id}: {found}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_rule_below_another_issuer_names_the_keys_that_were_found() {
    let root = Ca::root_named("root");
    let sub = root.sub(CaSpec::new("sub"));
    let chain = sub.leaf(LeafSpec::new("edge").dns("a.example")).chain(&[&sub]);
    let key = "ab".repeat(32);
    let found = reason(&root, &[format!("dns:a.example under spki-sha256:{key}")], &chain);
    let needed =
        format!("a rule names it, bound to the issuer spki-sha256:{key}; found above it: ");
    let (_, keys) = found.split_once(&needed).expect(&found);
    assert_eq!(keys.matches("spki-sha256:").count(), 2, "the issuer and the root: {found}");
}

#[test]
fn names_that_cannot_be_read_to_their_end_are_said_not_to_count() {
    let root = Ca::root_named("root");
    let broken = [general_name("dns:a.example"), der::general_name(7, &[1; 5])];
    let spec = LeafSpec::new("edge").raw_san(der::sequence(&broken));
    let found = reason(&root, &["dns:a.example".into()], &root.leaf(spec).chain(&[]));
    assert!(found.contains("cannot be read to its end"), "{found}");
}

/// Names of public roots count beside serverAuth only: it is said, where a rule would name the peer.
#[test]
fn a_rule_that_does_not_count_over_public_roots_is_said_not_to() {
    const DOMAIN_VALIDATED: &[u64] = &[2, 23, 140, 1, 2, 1];
    let policy = der::sequence(&[der::sequence(&[der::oid(DOMAIN_VALIDATED)])]);
    let root = Ca::root(CaSpec::new("marked").extension(&[2, 5, 29, 32], false, policy));
    let leaf = root.leaf(LeafSpec::new("edge").dns("a.example").eku(Eku::client()));
    let name = "dns:a.example".to_owned();
    let below = |key: [u8; 32]| format!("{name} under {}", pin("spki", &key));
    let (here, elsewhere) = (below(spki_sha256(&root.der())), below([0xab; 32]));
    for rules in [vec![name.clone()], vec![here], vec![name.clone(), elsewhere]] {
        let found = reason(&root, &rules, &leaf.chain(&[]));
        let said = found.contains("a rule names it, but over public roots");
        assert!(said, "{rules:?}: {found}");
    }
}

#[test]
fn a_relaxation_that_is_almost_for_a_peer_says_why_it_is_not() {
    let root = Ca::root_named("root");
    let roots = || Roots::from_der([root.der()]).unwrap();
    let relaxed = |relax_for: &str| {
        ClientPeerVerifier::builder(roots(), &provider())
            .eku_policy(EkuPolicy::ignore())
            .relax_for(rule(relax_for))
            .build()
            .unwrap()
    };
    let leaf = root.leaf(LeafSpec::new("edge").dns("*.example").eku(Eku::server()));
    let refusal = relaxed("dns:a.example").verify(Some(&leaf.chain(&[])), unix(NOW)).unwrap_err();
    assert_eq!(refusal.class(), RefusalClass::Eku);
    let said = "needed clientAuth; no rule relaxes it for this peer: its name `dns:*.example` is a wildcard";
    assert!(refusal.reason().contains(said), "{refusal}");
    // Without a relaxation there is nothing to say of one.
    let strict = ClientPeerVerifier::builder(roots(), &provider()).build().unwrap();
    let refusal = strict.verify(Some(&leaf.chain(&[])), unix(NOW)).unwrap_err();
    assert!(refusal.reason().ends_with("needed clientAuth"), "{refusal}");
}

#[test]
fn under_a_relaxed_policy_a_rule_that_almost_matches_says_so_too() {
    let root = Ca::root_named("root");
    let leaf = root.leaf(LeafSpec::new("edge").dns("a.example").eku(Eku::server()));
    let clients = clients(&roots([&root]))
        .eku_policy(EkuPolicy::ignore())
        .relax_for(rule("dns:a.example"))
        .allow(rule("uri:https://a.example"))
        .build()
        .unwrap();
    let refusal = clients.verify(Some(&leaf.chain(&[])), unix(NOW)).unwrap_err();
    let said = "its name `dns:a.example` is of another type than the rule `uri:https://a.example`";
    assert!(refusal.reason().contains(said), "{refusal}");
}

/// Whoever copies a chain of ours makes us compare, without a key.
#[test]
fn many_names_beside_many_rules_cost_no_time() {
    let root = Ca::root_named("root");
    let mut names: Vec<_> = (0..4_000).map(|n| general_name(&format!("uri:x://y/{n}"))).collect();
    // It is not looked for behind so many others.
    names.push(general_name("uri:x://Z/1"));
    let chain = root.leaf(LeafSpec::new("edge").raw_san(der::sequence(&names))).chain(&[]);
    let key = |n: u32| format!("{n:064x}");
    let bound = |n| format!("uri:x://z/{n} under spki-sha256:{}", key(n));
    let rules: Vec<_> = (0..1_000).map(|n| format!("uri:x://z/{n}")).collect();
    let bound: Vec<_> = (0..4_000).map(bound).collect();
    let open = clients(&roots([&root])).build().unwrap();
    for rules in [rules, bound] {
        let builder = clients(&roots([&root]));
        let builder = rules.iter().fold(builder, |builder, text| builder.allow(rule(text)));
        let clients = builder.build().unwrap();
        // About as long each, so that a busy machine slows both down.
        let start = std::time::Instant::now();
        let names = |_| open.verify(Some(&chain), unix(NOW)).unwrap().alt_names().len();
        assert_eq!((0..30).map(names).sum::<usize>(), 30 * 4_001);
        let accepted = start.elapsed();
        let refusal = clients.verify(Some(&chain), unix(NOW)).unwrap_err();
        let refused = start.elapsed() - accepted;
        assert!(refusal.reason().contains("and 3993 more"), "{refusal}");
        assert!(refused < 15 * accepted, "{refused:?}, and thirty accepted in {accepted:?}");
    }
}
