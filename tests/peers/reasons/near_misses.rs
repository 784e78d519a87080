//! Peers that a rule seems to name, and does not.

use mtls_roles::EkuPolicy;

use super::{Row, over, refused};
use crate::common::clock::{NOW, unix};
use crate::common::ours::{clients, roots, rule};
use crate::common::pki::{Ca, CaSpec, Eku, KeyUsagePurpose, LeafSpec, der};
use crate::public_roots::public::{DOMAIN_VALIDATED, with_policy};
use crate::rules::peer::{general_name, named, pin, spki_sha256};

/// Row id, rules, and the names of the leaf, whose common name is `edge.example.com`.
type NearMiss = (&'static str, &'static [&'static str], &'static [&'static str]);

#[rustfmt::skip] // One row, one line.
const ROWS: [NearMiss; 33] = [
    ("nothing alike", &["dns:a.example"], &["dns:b.example", "uri:x://y"]),
    ("others of each type", &["dns:*.a.example", "spiffe-trust-domain:a.example", "email:x@a.example", "ip:192.0.2.1"], &["dns:b.example", "uri:spiffe://b.example:1/x", "email:y@b.example", "ip:192.0.2.2"]),
    ("several URIs", &["uri:spiffe://a/b"], &["uri:spiffe://a/b", "uri:x://y"]),
    ("several URIs, trust domain", &["spiffe-trust-domain:a"], &["uri:spiffe://a/b", "uri:x://y", "uri:z://y"]),
    ("trailing dot", &["dns:a.example"], &["dns:a.example."]),
    ("trailing dot below a wildcard rule", &["dns:*.example"], &["dns:A.example."]),
    ("wildcard SAN", &["dns:a.example"], &["dns:*.example"]),
    ("wildcard SAN above", &["dns:a.b.example"], &["dns:*.example"]),
    ("wildcard SAN below a wildcard rule", &["dns:*.example"], &["dns:*.a.example"]),
    ("SIP rule, DNS name", &["uri:sip:a.example"], &["dns:a.example"]),
    ("SIP rule with a port, DNS name", &["uri:sips:a.example:5061"], &["dns:A.example"]),
    ("URI rule with a path, DNS name", &["uri:https://a.example/x"], &["dns:a.example"]),
    ("SIP rule, common name", &["uri:sip:edge.example.com"], &["dns:b.example"]),
    ("wildcard rule, two labels", &["dns:*.example"], &["dns:a.b.example"]),
    ("wildcard rule, no label", &["dns:*.a.example"], &["dns:a.example"]),
    ("DNS rule, URI", &["dns:a.example"], &["uri:https://a.example:8443/x"]),
    ("DNS rule, SIP URI", &["dns:a.example"], &["uri:sip:a.example"]),
    ("DNS rule, e-mail", &["dns:a.example"], &["email:x@a.example"]),
    ("IP rule, DNS name", &["ip:192.0.2.1"], &["dns:192.0.2.1"]),
    ("URI rule, DNS name", &["uri:x://y"], &["dns:x://y"]),
    ("e-mail rule, DNS name", &["email:a@b.example"], &["dns:a@b.example"]),
    ("trust domain, DNS name", &["spiffe-trust-domain:a.example"], &["dns:a.example"]),
    ("trust domain, port", &["spiffe-trust-domain:a.example"], &["uri:spiffe://a.example:1/x"]),
    ("trust domain, query", &["spiffe-trust-domain:a.example"], &["uri:spiffe://a.example/x?y"]),
    ("URI in another case", &["uri:spiffe://a/Edge"], &["uri:spiffe://a/edge"]),
    ("URI with a slash more", &["uri:spiffe://a/b"], &["uri:spiffe://a/b/"]),
    ("e-mail in another case", &["email:alice@b.example"], &["email:Alice@b.example"]),
    ("mapped address", &["ip:192.0.2.1"], &["ip:::ffff:192.0.2.1"]),
    ("common name", &["dns:edge.example.com"], &["dns:other.example"]),
    ("common name alone", &["dns:edge.example.com"], &[]),
    ("no name", &["dns:a.example"], &[]),
    ("the one rule of many", &["dns:c.example", "ip:192.0.2.9", "dns:a.example"], &["dns:a.example."]),
    ("hostile text", &["dns:a.example"], &["dns:a\u{1b}[2K"]),
];

#[rustfmt::skip] // One row, one line.
pub fn rows() -> Vec<Row> {
    let (root, marked) = (Ca::root_named("root"), with_policy("marked", DOMAIN_VALIDATED));
    let sub = root.sub(CaSpec::new("sub"));
    let allowing = |ca: &Ca, rules: &[&str]| rules.iter().fold(over(ca), |all, text| all.allow(rule(text)));
    let relaxed = |name: &str| over(&root).eku_policy(EkuPolicy::ignore()).relax_for(rule(name));
    let edge = || LeafSpec::new("edge");
    let leaf = |spec: LeafSpec| root.leaf(spec).chain(&[]);
    let unreadable = der::sequence(&[general_name("dns:a.example"), der::general_name(7, &[1; 5])]);
    let good = der::sequence(&[general_name("dns:a.example")]);
    let no_sequence = |id, san: Vec<u8>| refused(id, allowing(&root, &["dns:a.example"]), leaf(edge().raw_san(san)));
    let wildcard = || leaf(edge().dns("*.example").eku(Eku::server()));
    let below = |key: &[u8; 32]| format!("dns:a.example under {}", pin("spki", key));
    let (below_another, below_marked) = (below(&[0xab; 32]), below(&spki_sha256(&marked.der())));
    let of_marked = || marked.leaf(edge().dns("a.example").eku(Eku::client())).chain(&[]);
    let rows = ROWS.iter().map(|(id, rules, names)| {
        // Where the leaf has no name, its common name is none of a rule either.
        let common_name = if *id == "no name" { "edge" } else { "edge.example.com" };
        refused(id, allowing(&root, rules), leaf(named(common_name, names)))
    });
    rows.chain([
        refused("bound to another issuer", allowing(&root, &[&below_another]), sub.leaf(edge().dns("a.example")).chain(&[&sub])),
        refused("names that cannot be read to their end", allowing(&root, &["dns:a.example"]), leaf(edge().raw_san(unreadable))),
        // webpki refuses them before any rule is asked.
        no_sequence("octets behind the names", [&good[..], &[0]].concat()),
        no_sequence("a second sequence behind the names", good.repeat(2)),
        no_sequence("names that are cut short", good[..good.len() - 1].to_vec()),
        no_sequence("a set of names for a sequence", der::tlv(0x31, &general_name("dns:a.example"))),
        no_sequence("no octets for names", vec![]),
        refused("a name over public roots", allowing(&marked, &["dns:a.example"]), of_marked()),
        refused("a name over public roots, bound to one", allowing(&marked, &[&below_marked]), of_marked()),
        refused("a name over public roots, bound to another, too", allowing(&marked, &["dns:a.example", &below_another]), of_marked()),
        refused("relaxed, almost", relaxed("dns:a.example"), wildcard()),
        refused("relaxed for nobody", over(&root), wildcard()),
        refused("relaxed, and allowed almost", relaxed("dns:a.example").allow(rule("uri:https://a.example")), leaf(edge().dns("a.example").eku(Eku::server()))),
        refused("neither relaxed nor allowed", relaxed("dns:other.example").allow(rule("dns:third.example")), leaf(edge().dns("a.example").eku(Eku::server()))),
        refused("relaxed, almost, and a path check", relaxed("dns:other.example"), leaf(edge().key_usages(&[KeyUsagePurpose::KeyCertSign]).eku(Eku::server()))),
    ]).collect()
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
