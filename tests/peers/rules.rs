//! A peer rule names exactly the peers it says, by typed name of the verified leaf or by
//! fingerprint, and means the same wherever a rule can be given.

mod bound;
pub mod peer;
mod text;

use crate::common::clock::{NOW, unix};
use crate::common::ours::{clients, roots};
use crate::common::pki::{Ca, CaSpec, Eku, LeafSpec, der};
use mtls_roles::EkuPolicy;
use peer::{Peer, assert_none_is_wrong, check, general_name, named, pin, sha256, spki_sha256};

const MATCHES: bool = true;
const NOT: bool = false;

#[test]
#[rustfmt::skip] // One row, one line.
fn a_dns_rule_matches_that_name_and_a_wildcard_rule_one_more_label() {
    let long = format!("dns:{}.example.com", "a".repeat(64));
    check(&[
        ("exact", "dns:edge.example.com", &["dns:edge.example.com"], MATCHES),
        ("second of several", "dns:edge.example.com", &["dns:a.example", "dns:edge.example.com"], MATCHES),
        ("beside other types", "dns:edge.example.com", &["email:a@b", "ip:192.0.2.1", "other:x", "dns:edge.example.com"], MATCHES),
        ("another name", "dns:edge.example.com", &["dns:core.example.com"], NOT),
        ("one label more", "dns:edge.example.com", &["dns:a.edge.example.com"], NOT),
        ("one label less", "dns:edge.example.com", &["dns:example.com"], NOT),
        ("a suffix behind", "dns:edge.example.com", &["dns:edge.example.com.evil.example"], NOT),
        ("a prefix before", "dns:edge.example.com", &["dns:not-edge.example.com"], NOT),
        ("no name", "dns:edge.example.com", &[], NOT),
        ("one label", "dns:localhost", &["dns:localhost"], MATCHES),
        ("underscore", "dns:_edge.example.com", &["dns:_edge.example.com"], MATCHES),
        ("A-label", "dns:xn--bcher-kva.example", &["dns:xn--bcher-kva.example"], MATCHES),
        ("A-label, other case", "dns:XN--bcher-kva.example", &["dns:xn--BCHER-kva.example"], MATCHES),
        ("case of the rule", "dns:EDGE.Example.com", &["dns:edge.example.com"], MATCHES),
        ("case of the name", "dns:edge.example.com", &["dns:EDGE.example.COM"], MATCHES),
        ("case of a wildcard", "dns:*.Example.com", &["dns:EDGE.example.COM"], MATCHES),
        ("trailing dot in the name", "dns:edge.example.com", &["dns:edge.example.com."], NOT),
        ("trailing dot under a wildcard", "dns:*.example.com", &["dns:edge.example.com."], NOT),
        ("NUL in the name", "dns:edge.example.com", &["dns:edge.example.com\0.evil.example"], NOT),
        ("space before", "dns:edge.example.com", &["dns: edge.example.com"], NOT),
        ("exact rule, wildcard name", "dns:edge.example.com", &["dns:*.example.com"], NOT),
        ("wildcard rule, one label", "dns:*.example.com", &["dns:edge.example.com"], MATCHES),
        ("wildcard rule, that wildcard", "dns:*.example.com", &["dns:*.example.com"], MATCHES),
        ("wildcard rule, no label", "dns:*.example.com", &["dns:example.com"], NOT),
        ("wildcard rule, two labels", "dns:*.example.com", &["dns:a.b.example.com"], NOT),
        ("wildcard rule, wildcard below", "dns:*.example.com", &["dns:*.edge.example.com"], NOT),
        ("wildcard rule, wildcard above", "dns:*.example.com", &["dns:*.com"], NOT),
        ("wildcard rule, another host", "dns:*.example.com", &["dns:edge.example.org"], NOT),
        ("wildcard rule, host in a label", "dns:*.example.com", &["dns:edge.badexample.com"], NOT),
        ("wildcard rule, half a wildcard", "dns:*.example.com", &["dns:e*.example.com"], NOT),
        ("wildcard rule, two stars", "dns:*.example.com", &["dns:**.example.com"], NOT),
        ("wildcard rule, empty label", "dns:*.example.com", &["dns:.example.com"], NOT),
        ("wildcard rule, space in the label", "dns:*.example.com", &["dns:a b.example.com"], NOT),
        ("wildcard rule, NUL in the label", "dns:*.example.com", &["dns:evil\0.example.com"], NOT),
        ("wildcard rule, slash in the label", "dns:*.example.com", &["dns:a/b.example.com"], NOT),
        ("wildcard rule, label too long", "dns:*.example.com", &[&long], NOT),
        ("wildcard rule, hyphen at the end", "dns:*.example.com", &["dns:a-.example.com"], NOT),
    ]);
}

#[test]
#[rustfmt::skip] // One row, one line.
fn a_uri_rule_matches_byte_for_byte_one_uri_of_the_strict_form() {
    check(&[
        ("exact", "uri:spiffe://example.org/a/b", &["uri:spiffe://example.org/a/b"], MATCHES),
        ("another scheme", "uri:https://example.org/a", &["uri:https://example.org/a"], MATCHES),
        ("no path", "uri:spiffe://example.org", &["uri:spiffe://example.org"], MATCHES),
        ("case of the path is kept", "uri:spiffe://example.org/Edge", &["uri:spiffe://example.org/Edge"], MATCHES),
        ("case of the path differs", "uri:spiffe://example.org/Edge", &["uri:spiffe://example.org/edge"], NOT),
        ("case of the host differs", "uri:spiffe://example.org/a", &["uri:spiffe://EXAMPLE.org/a"], NOT),
        ("case of the scheme differs", "uri:spiffe://example.org/a", &["uri:SPIFFE://example.org/a"], NOT),
        ("schemes never cross", "uri:spiffe://example.org/a", &["uri:https://example.org/a"], NOT),
        ("a path below", "uri:spiffe://example.org/a", &["uri:spiffe://example.org/a/b"], NOT),
        ("a path above", "uri:spiffe://example.org/a/b", &["uri:spiffe://example.org/a"], NOT),
        ("trailing slash", "uri:spiffe://example.org/a", &["uri:spiffe://example.org/a/"], NOT),
        ("slash for a path", "uri:spiffe://example.org", &["uri:spiffe://example.org/"], NOT),
        ("port", "uri:spiffe://example.org/a", &["uri:spiffe://example.org:443/a"], NOT),
        ("userinfo", "uri:spiffe://example.org/a", &["uri:spiffe://me@example.org/a"], NOT),
        ("query", "uri:spiffe://example.org/a", &["uri:spiffe://example.org/a?b"], NOT),
        ("fragment", "uri:spiffe://example.org/a", &["uri:spiffe://example.org/a#b"], NOT),
        ("percent-encoding", "uri:spiffe://example.org/a", &["uri:spiffe://example.org/%61"], NOT),
        ("dot segment", "uri:spiffe://example.org/a", &["uri:spiffe://example.org/./a"], NOT),
        ("two dots", "uri:spiffe://example.org/a", &["uri:spiffe://example.org/b/../a"], NOT),
        ("empty segment", "uri:spiffe://example.org/a", &["uri:spiffe://example.org//a"], NOT),
        ("two URIs, the first", "uri:spiffe://example.org/a", &["uri:spiffe://example.org/a", "uri:spiffe://example.org/b"], NOT),
        ("two URIs, the second", "uri:spiffe://example.org/b", &["uri:spiffe://example.org/a", "uri:spiffe://example.org/b"], NOT),
        ("two URIs, both", "uri:spiffe://example.org/a", &["uri:spiffe://example.org/a", "uri:spiffe://example.org/a"], NOT),
        ("two URIs, one malformed", "uri:spiffe://example.org/a", &["uri:spiffe://example.org/a", "uri:not a uri"], NOT),
        ("two URIs apart", "uri:spiffe://example.org/a", &["uri:spiffe://example.org/a", "dns:a.example", "uri:x://b"], NOT),
        ("two URIs, one trust domain", "spiffe-trust-domain:example.org", &["uri:spiffe://example.org/a", "uri:spiffe://example.org/b"], NOT),
        // A certificate with several URIs has no identity by URI; its DNS names are what they were.
        ("two URIs and a DNS name", "dns:a.example", &["uri:spiffe://example.org/a", "uri:spiffe://example.org/b", "dns:a.example"], MATCHES),
    ]);
}

#[test]
#[rustfmt::skip] // One row, one line.
fn a_spiffe_trust_domain_matches_as_a_whole_component() {
    let rule = "spiffe-trust-domain:example.org";
    check(&[
        ("an ID of it", rule, &["uri:spiffe://example.org/edge"], MATCHES),
        ("a deep ID of it", rule, &["uri:spiffe://example.org/ns/a/sa/b"], MATCHES),
        ("itself", rule, &["uri:spiffe://example.org"], MATCHES),
        ("one that begins alike", rule, &["uri:spiffe://example.org.evil/edge"], NOT),
        ("one that begins alike, a letter", rule, &["uri:spiffe://example.organic/edge"], NOT),
        ("one below", rule, &["uri:spiffe://sub.example.org/edge"], NOT),
        ("one that ends alike", rule, &["uri:spiffe://badexample.org/edge"], NOT),
        ("one above", rule, &["uri:spiffe://org/edge"], NOT),
        ("in a path", rule, &["uri:spiffe://evil.example/example.org"], NOT),
        ("another scheme", rule, &["uri:https://example.org/edge"], NOT),
        ("scheme in upper case", rule, &["uri:SPIFFE://example.org/edge"], NOT),
        ("host in upper case", rule, &["uri:spiffe://Example.org/edge"], NOT),
        ("port", rule, &["uri:spiffe://example.org:8443/edge"], NOT),
        ("empty port", rule, &["uri:spiffe://example.org:/edge"], NOT),
        ("as userinfo", rule, &["uri:spiffe://example.org@evil.example/edge"], NOT),
        ("userinfo", rule, &["uri:spiffe://me@example.org/edge"], NOT),
        ("query", rule, &["uri:spiffe://example.org/edge?x"], NOT),
        ("query without path", rule, &["uri:spiffe://example.org?x"], NOT),
        ("fragment", rule, &["uri:spiffe://example.org/edge#x"], NOT),
        ("fragment without path", rule, &["uri:spiffe://example.org#x"], NOT),
        ("percent-encoding", rule, &["uri:spiffe://example.org/%65dge"], NOT),
        ("dot segment", rule, &["uri:spiffe://example.org/./edge"], NOT),
        ("two dots", rule, &["uri:spiffe://example.org/../evil.example/edge"], NOT),
        ("empty segment", rule, &["uri:spiffe://example.org//edge"], NOT),
        ("trailing slash", rule, &["uri:spiffe://example.org/"], NOT),
        ("backslash", rule, &["uri:spiffe://example.org\\evil.example/edge"], NOT),
        ("NUL", rule, &["uri:spiffe://example.org\0.evil.example/edge"], NOT),
        ("space", rule, &["uri:spiffe://example.org /edge"], NOT),
        ("one slash", rule, &["uri:spiffe:/example.org/edge"], NOT),
        ("no scheme", rule, &["uri://example.org/edge"], NOT),
        ("trailing dot", rule, &["uri:spiffe://example.org./edge"], NOT),
    ]);
}

#[test]
#[rustfmt::skip] // One row, one line.
fn a_uri_without_authority_or_with_a_port_is_matched_byte_for_byte() {
    check(&[
        ("a SIP domain", "uri:sip:example.com", &["uri:sip:example.com"], MATCHES),
        ("another SIP domain", "uri:sip:example.com", &["uri:sip:example.org"], NOT),
        ("sips is not sip", "uri:sip:example.com", &["uri:sips:example.com"], NOT),
        ("case of the SIP domain", "uri:sip:example.com", &["uri:sip:Example.com"], NOT),
        ("a user of the SIP domain", "uri:sip:example.com", &["uri:sip:alice@example.com"], NOT),
        ("port behind the SIP domain", "uri:sip:example.com", &["uri:sip:example.com:5060"], NOT),
        ("the SIP domain as DNS name", "uri:sip:example.com", &["dns:example.com"], NOT),
        ("a SIP rule and the DNS name's rule", "dns:example.com", &["uri:sip:example.com"], NOT),
        ("a SIP user", "uri:sip:alice@example.com", &["uri:sip:alice@example.com"], MATCHES),
        ("two SIP domains", "uri:sip:example.com", &["uri:sip:example.com", "uri:sip:example.org"], NOT),
        ("a URN", "uri:urn:uuid:0a", &["uri:urn:uuid:0a"], MATCHES),
        ("a URN in another case", "uri:urn:uuid:0a", &["uri:urn:uuid:0A"], NOT),
        ("a port", "uri:https://example.org:8443/a", &["uri:https://example.org:8443/a"], MATCHES),
        ("another port", "uri:https://example.org:8443/a", &["uri:https://example.org:8444/a"], NOT),
        ("no port", "uri:https://example.org:8443/a", &["uri:https://example.org/a"], NOT),
        ("the usual port", "uri:https://example.org/a", &["uri:https://example.org:443/a"], NOT),
    ]);
}

#[test]
#[rustfmt::skip] // One row, one line.
fn an_email_rule_matches_one_address_and_the_case_of_its_domain_does_not_matter() {
    check(&[
        ("exact", "email:alice@example.com", &["email:alice@example.com"], MATCHES),
        ("beside others", "email:alice@example.com", &["email:bob@example.com", "email:alice@example.com"], MATCHES),
        ("another address", "email:alice@example.com", &["email:bob@example.com"], NOT),
        ("case of the domain", "email:alice@Example.com", &["email:alice@EXAMPLE.com"], MATCHES),
        ("case of the user", "email:alice@example.com", &["email:Alice@example.com"], NOT),
        ("a domain below", "email:alice@example.com", &["email:alice@mail.example.com"], NOT),
        ("trailing dot", "email:alice@example.com", &["email:alice@example.com."], NOT),
        ("space", "email:alice@example.com", &["email: alice@example.com"], NOT),
        ("two at signs", "email:alice@example.com", &["email:bob@alice@example.com"], NOT),
        ("domain alone", "email:alice@example.com", &["email:example.com"], NOT),
        ("as DNS name", "email:alice@example.com", &["dns:alice@example.com"], NOT),
        ("as URI", "email:alice@example.com", &["uri:mailto:alice@example.com"], NOT),
        ("as other name", "email:alice@example.com", &["other:alice@example.com"], NOT),
    ]);
}

#[test]
#[rustfmt::skip] // One row, one line.
fn an_ip_rule_matches_the_same_address_of_the_same_family() {
    check(&[
        ("IPv4", "ip:192.0.2.1", &["ip:192.0.2.1"], MATCHES),
        ("another IPv4", "ip:192.0.2.1", &["ip:192.0.2.2"], NOT),
        ("IPv6", "ip:2001:db8::1", &["ip:2001:db8::1"], MATCHES),
        ("IPv6 in another spelling", "ip:2001:0DB8:0:0:0:0:0:1", &["ip:2001:db8::1"], MATCHES),
        ("another IPv6", "ip:2001:db8::1", &["ip:2001:db8::2"], NOT),
        ("IPv4 rule, mapped address", "ip:192.0.2.1", &["ip:::ffff:192.0.2.1"], NOT),
        ("mapped rule, IPv4 address", "ip:::ffff:192.0.2.1", &["ip:192.0.2.1"], NOT),
        ("mapped rule, mapped address", "ip:::ffff:192.0.2.1", &["ip:::ffff:192.0.2.1"], MATCHES),
        ("IPv4-compatible address", "ip:192.0.2.1", &["ip:::192.0.2.1"], NOT),
    ]);
}

#[test]
#[rustfmt::skip] // One row, one line.
fn types_never_cross_and_the_common_name_is_no_name() {
    // The CN of every leaf here is `edge.example.com`.
    check(&[
        ("CN", "dns:edge.example.com", &[], NOT),
        ("CN under a wildcard", "dns:*.example.com", &[], NOT),
        ("CN beside another name", "dns:edge.example.com", &["dns:core.example.com"], NOT),
        ("DNS rule, URI", "dns:edge.example.com", &["uri:edge.example.com"], NOT),
        ("DNS rule, host of a URI", "dns:edge.example.com", &["uri:https://edge.example.com/"], NOT),
        ("DNS rule, e-mail", "dns:edge.example.com", &["email:edge.example.com"], NOT),
        ("DNS rule, host of an e-mail", "dns:edge.example.com", &["email:a@edge.example.com"], NOT),
        ("DNS rule, other name", "dns:edge.example.com", &["other:edge.example.com"], NOT),
        ("DNS rule, registered ID", "dns:edge.example.com", &["registered:edge.example.com"], NOT),
        ("DNS rule, directory name", "dns:edge.example.com", &["directory:edge.example.com"], NOT),
        ("URI rule, DNS name", "uri:spiffe://example.org/a", &["dns:spiffe://example.org/a"], NOT),
        ("URI rule, e-mail", "uri:spiffe://example.org/a", &["email:spiffe://example.org/a"], NOT),
        ("trust domain rule, DNS name", "spiffe-trust-domain:example.org", &["dns:example.org"], NOT),
        ("trust domain rule, URI in a DNS name", "spiffe-trust-domain:example.org", &["dns:spiffe://example.org/a"], NOT),
        ("IP rule, DNS name", "ip:192.0.2.1", &["dns:192.0.2.1"], NOT),
        ("IP rule, URI", "ip:192.0.2.1", &["uri:https://192.0.2.1"], NOT),
        ("IP rule, octets of a DNS name", "ip:97.98.99.100", &["dns:abcd"], NOT),
        ("DNS rule, octets of an address", "dns:abcd", &["ip:97.98.99.100"], NOT),
        ("wildcard rule, e-mail", "dns:*.example.com", &["email:edge.example.com"], NOT),
    ]);
}

#[test]
fn a_san_that_does_not_parse_to_its_end_matches_nothing() {
    let names = ["dns:edge.example.com", "uri:spiffe://example.org/a", "ip:192.0.2.1"];
    let good = names.map(general_name);
    #[rustfmt::skip] // One row, one line.
    let broken: [(&str, Vec<u8>); 16] = [
        ("address of five octets", der::general_name(7, &[1; 5])),
        ("address of no octets", der::general_name(7, &[])),
        ("address with a mask", der::general_name(7, &[192, 0, 2, 1, 255, 255, 255, 0])),
        ("DNS name outside ASCII", der::general_name(2, "bücher.example".as_bytes())),
        ("DNS name that is no UTF-8", der::general_name(2, &[0xff])),
        ("URI outside ASCII", der::general_name(6, "x://bücher".as_bytes())),
        ("e-mail outside ASCII", der::general_name(1, "bücher@example".as_bytes())),
        ("unknown tag", der::general_name(9, b"x")),
        ("universal tag", der::tlv(0x0c, b"edge.example.com")),
        ("DNS name in constructed form", der::tlv(0xa2, b"core.example.com")),
        ("e-mail in constructed form", der::tlv(0xa1, b"a@b")),
        ("address in constructed form", der::tlv(0xa7, &[192, 0, 2, 2])),
        ("other name in primitive form", der::tlv(0x80, b"x")),
        ("directory name in primitive form", der::tlv(0x84, b"x")),
        ("length beyond the end", vec![0x82, 0x20, b'a']),
        ("tag without length", vec![0x82]),
    ];
    let rules = names.into_iter().chain(["dns:*.example.com", "spiffe-trust-domain:example.org"]);
    assert_none_is_wrong(rules.flat_map(|rule| {
        let judge = |id: &str, entries: &[Vec<u8>], expected| {
            let spec = LeafSpec::new("edge.example.com").raw_san(der::sequence(entries));
            Peer::new(spec).differences(id, rule, expected)
        };
        let mut wrong = judge("well-formed", &good, MATCHES);
        for (id, entry) in &broken {
            let (entry, good) = (entry.clone(), good.concat());
            wrong.extend(judge(&format!("{id}, behind"), &[good.clone(), entry.clone()], NOT));
            wrong.extend(judge(&format!("{id}, before"), &[entry, good], NOT));
        }
        wrong.extend(judge("no entries", &[], NOT));
        wrong
    }));
    // Such a peer has no names, and can still be pinned.
    let san = der::sequence(&[good.concat(), broken[0].1.clone()]);
    let peer = Peer::new(LeafSpec::new("edge").raw_san(san));
    let cert = pin("cert", &sha256(&peer.chain[0]));
    assert_none_is_wrong(peer.differences("pinned", &cert, MATCHES));
    let builder = clients(&peer.roots).eku_policy(EkuPolicy::ignore());
    let clients = builder.relax_for_any_peer_of_these_private_roots().build().unwrap();
    assert_eq!(clients.verify(Some(&peer.chain), unix(NOW)).unwrap().alt_names(), []);
}

#[test]
fn a_fingerprint_is_compared_in_its_whole_length() {
    let root = Ca::root_named("root");
    let sub = root.sub(CaSpec::new("sub"));
    let leaf = || LeafSpec::new("edge").dns("edge.example.com").eku(Eku::code_signing());
    let first = sub.leaf(leaf());
    let again = sub.leaf(leaf().key(&first.key));
    let [peer, renewed] =
        [first, again].map(|leaf| Peer { roots: roots([&root]), chain: leaf.chain(&[&sub]) });
    let (cert, spki) = (sha256(&peer.chain[0]), spki_sha256(&peer.chain[0]));
    let mut rows = vec![
        ("certificate", &peer, pin("cert", &cert), MATCHES),
        ("public key", &peer, pin("spki", &spki), MATCHES),
        ("certificate as key", &peer, pin("spki", &cert), NOT),
        ("key as certificate", &peer, pin("cert", &spki), NOT),
        ("renewed, certificate", &renewed, pin("cert", &cert), NOT),
        ("renewed, public key", &renewed, pin("spki", &spki), MATCHES),
        ("the issuer's certificate", &peer, pin("cert", &sha256(&peer.chain[1])), NOT),
        ("the issuer's public key", &peer, pin("spki", &spki_sha256(&peer.chain[1])), NOT),
        ("the root's certificate", &peer, pin("cert", &sha256(&root.der())), NOT),
    ];
    for index in 0..32 {
        let flipped = |mut hash: [u8; 32]| {
            hash[index] ^= 1;
            hash
        };
        rows.push(("certificate, one bit off", &peer, pin("cert", &flipped(cert)), NOT));
        rows.push(("public key, one bit off", &peer, pin("spki", &flipped(spki)), NOT));
    }
    let wrong =
        rows.iter().flat_map(|(id, peer, rule, expected)| peer.differences(id, rule, *expected));
    assert_none_is_wrong(wrong);
}

#[test]
fn names_count_only_where_they_stand_in_the_verified_leaf() {
    let root = Ca::root_named("root");
    let names = ["dns:edge.example.com", "uri:spiffe://example.org/a"];
    let san = der::sequence(&names.map(general_name));
    let sub = root.sub(CaSpec::new("sub").extension(&[2, 5, 29, 17], false, san));
    let own = sub.leaf(LeafSpec::new("own").dns("own.example.com").eku(Eku::code_signing()));
    // Another leaf of the same CA, quite valid, which the peer happens to have but not its key.
    let other = sub.leaf(named("other", &names).eku(Eku::client())).der();
    let (own, sub) = (own.der(), sub.der());
    let mut wrong = vec![];
    for (id, chain) in [
        ("issuer", vec![own.clone(), sub.clone()]),
        ("extra certificate last", vec![own.clone(), sub.clone(), other.clone()]),
        ("extra certificate second", vec![own.clone(), other.clone(), sub.clone()]),
    ] {
        let peer = Peer { roots: roots([&root]), chain };
        for rule in [
            "dns:edge.example.com",
            "spiffe-trust-domain:example.org",
            &pin("cert", &sha256(&other)),
            &pin("spki", &spki_sha256(&other)),
        ] {
            wrong.extend(peer.differences(id, rule, NOT));
        }
        wrong.extend(peer.differences(id, "dns:own.example.com", MATCHES));
    }
    assert_none_is_wrong(wrong);
}
