//! Peer rules as text: what is read, what is printed, and what is refused.

use mtls_roles::{Error, PeerRule};

use crate::common::agreed::agreed;

#[test]
fn a_rule_reads_what_it_prints() {
    let hex = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
    let colons: Vec<_> =
        hex.as_bytes().chunks(2).map(|pair| str::from_utf8(pair).unwrap().to_uppercase()).collect();
    let mut hash = [0; 32];
    (0..32).for_each(|index| hash[index] = (index as u8 % 16) * 0x11);
    let (dns, uri) = (|name| PeerRule::dns_name(name).unwrap(), |uri| PeerRule::uri(uri).unwrap());
    let ip = |address: &str| PeerRule::ip_address(address.parse().unwrap());
    #[rustfmt::skip] // One row, one line.
    let rows = [
        ("dns:edge.example.com", "dns:edge.example.com", dns("Edge.Example.COM")),
        ("dns:*.EXAMPLE.com", "dns:*.example.com", dns("*.example.com")),
        ("uri:spiffe://example.org/A", "uri:spiffe://example.org/A", uri("spiffe://example.org/A")),
        ("uri:sip:example.com", "uri:sip:example.com", uri("sip:example.com")),
        ("uri:sips:alice@example.com:5061;transport=tls", "uri:sips:alice@example.com:5061;transport=tls", uri("sips:alice@example.com:5061;transport=tls")),
        ("uri:urn:uuid:0a-1B", "uri:urn:uuid:0a-1B", uri("urn:uuid:0a-1B")),
        ("uri:x-2.y+z:a", "uri:x-2.y+z:a", uri("x-2.y+z:a")),
        ("uri:https://example.org:8443/A~b/c", "uri:https://example.org:8443/A~b/c", uri("https://example.org:8443/A~b/c")),
        ("spiffe-trust-domain:example.org", "spiffe-trust-domain:example.org", PeerRule::spiffe_trust_domain("example.org").unwrap()),
        ("email:Alice.S+x@EXAMPLE.com", "email:Alice.S+x@example.com", PeerRule::email("Alice.S+x@Example.COM").unwrap()),
        ("ip:192.0.2.1", "ip:192.0.2.1", ip("192.0.2.1")),
        ("ip:2001:DB8:0::1", "ip:2001:db8::1", ip("2001:db8::1")),
        ("ip:::ffff:192.0.2.1", "ip:::ffff:192.0.2.1", ip("::ffff:192.0.2.1")),
        (&format!("cert-sha256:{hex}"), &format!("cert-sha256:{hex}"), PeerRule::cert_sha256(hash)),
        (&format!("cert-sha256:{}", colons.join(":")), &format!("cert-sha256:{hex}"), PeerRule::cert_sha256(hash)),
        (&format!("spki-sha256:{}", hex.to_uppercase()), &format!("spki-sha256:{hex}"), PeerRule::spki_sha256(hash)),
    ];
    for (text, printed, built) in rows {
        let bound = built.clone().under_spki_sha256([1; 32]).under_spki_sha256(hash);
        let under = |hex: &str| format!(" under spki-sha256:{hex}");
        for (text, printed, built) in [
            (text.to_owned(), printed.to_owned(), built),
            (text.to_owned() + &under(hex), printed.to_owned() + &under(hex), bound.clone()),
            (text.to_owned() + &under(&colons.join(":")), printed.to_owned() + &under(hex), bound),
        ] {
            let read: PeerRule = text.parse().expect(&text);
            assert_eq!(read, built, "{text}");
            assert_eq!(read.to_string(), printed, "{text}");
            assert_eq!(printed.parse::<PeerRule>().unwrap(), read, "{text}");
        }
    }
}

/// Word for word in `tests/peers/rules/text.txt`. After a change of messages `MTLS_ROLES_AGREE=1 cargo test --test
/// peers` writes the file anew, to be read in the diff.
#[test]
fn a_rule_that_is_not_of_its_form_is_an_error_that_says_why() {
    let key = format!(" spki-sha256:{}", "a".repeat(64));
    let digits = |count| "a".repeat(count);
    #[rustfmt::skip] // One form, one row.
    let texts: [(&str, &[&str]); 8] = [
        ("dns:", &[
            "bücher.example", "*.bücher.example", "edge。example", "\u{1b}[2K\n\u{202e}", "edge.example.", "*.example.", ".", "*", "*.*.example",
            "e*.example", "edge.*.example", "**.example", "", "*.", ".example", "edge..example", "edge example", "-", "edge.example:443",
            "https://edge.example", " edge.example", "192.0.2.1", "2001:db8::1", &format!("{}.example", digits(64)), &format!("{}a", "a.".repeat(127)),
        ]),
        ("ip:", &["", "192.0.2", "192.0.2.1/32", "192.0.2.01", "[2001:db8::1]", "fe80::1%eth0", "edge.example", "192.0.2.*"]),
        ("uri:", &[
            "", "example.org/a", "spiffe:/example.org/a", "spiffe:example.org", "sip:", "sip:example.com?subject=x", "sip:example.com#x",
            "sip:%65xample.com", "sip:exa mple.com", "sip:bücher.example", "urn:/a", "urn:a/../b", "urn:a//b", "https://example.org/a/",
            "https://example.org/a?b", "SIP:example.com", "://example.org/a", "SPIFFE://example.org/a", "1x://example.org/a",
            "https://me@example.org/a", "https://me:1@example.org/a", "https://Example.org:443/a", "https://example.org:/a",
            "https://example.org:0443/a", "https://example.org:65536/a", "https://example.org:+443/a", "https://:443/a", "*", "spiffe://example.org/*",
            "spiffe://*/edge", "https://*.example.org/a", "https://example.org/a/*", "sip:*@example.com", "sip:*.example.com", "urn:uuid:*",
            "spiffe:///a", "spiffe://Example.org/a", "spiffe://example.org:443/a", "spiffe://me@example.org/a", "spiffe://example.org?a",
            "spiffe://example.org#a", "spiffe://example%2eorg/a", "spiffe://[2001:db8::1]/a", "spiffe://bücher.example/a", "spiffe://example.org/",
            "spiffe://example.org/a/", "spiffe://example.org//a", "spiffe://example.org/.", "spiffe://example.org/a/../b",
            "spiffe://example.org/a?b", "spiffe://example.org/a#b", "spiffe://example.org/%61", "spiffe://example.org/a b", "spiffe://example.org/ü", "spiffe://example.org/a~b",
        ]),
        ("spiffe-trust-domain:", &["", "*", "*.example.org", "Example.org", "example.org/", "example.org:443", "spiffe://example.org"]),
        ("email:", &[
            "", "alice", "@example.com", "alice@", "alice@example.com.", "alice@bücher.example", "älice@example.com", "alice smith@example.com",
            "alice..smith@example.com", "alice@bob@example.com", "mailto:alice@example.com", "\"alice\"@example.com", "*@example.com",
            "alice@*.example.com", "a*e@example.com", "*",
        ]),
        ("cert-sha256:", &["", &digits(40), &digits(62), &digits(66), &digits(63), "*"]),
        ("spki-sha256:", &[&format!("{}g", digits(63))]),
        // Forms that are none, and what is bound: what is behind `under` must be one key and nothing else.
        ("", &[
            "", "edge.example", "DNS:edge.example", " dns:edge.example", "sha256:00", "cn:edge.example", "CN:edge.example", &format!("under{key}"),
            &format!("dns:a. under{key}"), "dns:a under", "dns:a under ", "dns:a under spki-sha256:", &format!("dns:a under{}", &key[..76]),
            &format!("dns:a under{}", key.replace("spki-sha256:", "")), &format!("dns:a under{}", key.replace("spki", "cert")),
            &format!("dns:a under{}", key.trim()), &format!("dns:a under{key} under{key}"), &format!("dns:a under{key} "), &format!("dns:a under {key}"),
        ]),
    ];
    let texts = texts
        .iter()
        .flat_map(|(form, texts)| texts.iter().map(move |text| format!("{form}{text}")));
    let errors = texts.map(|text| match text.parse::<PeerRule>() {
        Err(error @ Error::InvalidPeerRule { .. }) => format!("{error}\n"),
        other => panic!("{text:?}: {other:?}"),
    });
    agreed("peers/rules/text.txt", &errors.collect::<String>());
}
