//! Peer rules as text: what is read, what is printed, and what is refused.

use mtls_roles::{Error, PeerRule};

#[test]
fn a_rule_reads_what_it_prints() {
    let hex = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
    let colons: Vec<_> =
        hex.as_bytes().chunks(2).map(|pair| str::from_utf8(pair).unwrap().to_uppercase()).collect();
    let mut hash = [0; 32];
    (0..32).for_each(|index| hash[index] = (index as u8 % 16) * 0x11);
    #[rustfmt::skip] // One row, one line.
    let rows = [
        ("dns:edge.example.com", "dns:edge.example.com", PeerRule::dns_name("Edge.Example.COM").unwrap()),
        ("dns:*.EXAMPLE.com", "dns:*.example.com", PeerRule::dns_name("*.example.com").unwrap()),
        ("uri:spiffe://example.org/A", "uri:spiffe://example.org/A", PeerRule::uri("spiffe://example.org/A").unwrap()),
        ("spiffe-trust-domain:example.org", "spiffe-trust-domain:example.org", PeerRule::spiffe_trust_domain("example.org").unwrap()),
        ("uri:sip:example.com", "uri:sip:example.com", PeerRule::uri("sip:example.com").unwrap()),
        ("uri:sips:alice@example.com:5061;transport=tls", "uri:sips:alice@example.com:5061;transport=tls", PeerRule::uri("sips:alice@example.com:5061;transport=tls").unwrap()),
        ("uri:urn:uuid:0a-1B", "uri:urn:uuid:0a-1B", PeerRule::uri("urn:uuid:0a-1B").unwrap()),
        ("uri:x-2.y+z:a", "uri:x-2.y+z:a", PeerRule::uri("x-2.y+z:a").unwrap()),
        ("uri:https://example.org:8443/A~b/c", "uri:https://example.org:8443/A~b/c", PeerRule::uri("https://example.org:8443/A~b/c").unwrap()),
        ("email:Alice.S+x@EXAMPLE.com", "email:Alice.S+x@example.com", PeerRule::email("Alice.S+x@Example.COM").unwrap()),
        (&format!("email:a@b under spki-sha256:{hex}"), &format!("email:a@b under spki-sha256:{hex}"), PeerRule::email("a@b").unwrap().under_spki_sha256(hash)),
        ("ip:192.0.2.1", "ip:192.0.2.1", PeerRule::ip_address([192, 0, 2, 1].into())),
        ("ip:2001:DB8:0::1", "ip:2001:db8::1", PeerRule::ip_address("2001:db8::1".parse().unwrap())),
        ("ip:::ffff:192.0.2.1", "ip:::ffff:192.0.2.1", PeerRule::ip_address("::ffff:192.0.2.1".parse().unwrap())),
        (&format!("cert-sha256:{hex}"), &format!("cert-sha256:{hex}"), PeerRule::cert_sha256(hash)),
        (&format!("spki-sha256:{}", hex.to_uppercase()), &format!("spki-sha256:{hex}"), PeerRule::spki_sha256(hash)),
        (&format!("cert-sha256:{}", colons.join(":")), &format!("cert-sha256:{hex}"), PeerRule::cert_sha256(hash)),
        (&format!("dns:A.example under spki-sha256:{}", colons.join(":")), &format!("dns:a.example under spki-sha256:{hex}"), PeerRule::dns_name("a.example").unwrap().under_spki_sha256([1; 32]).under_spki_sha256(hash)),
        (&format!("dns:*.example under spki-sha256:{hex}"), &format!("dns:*.example under spki-sha256:{hex}"), PeerRule::dns_name("*.example").unwrap().under_spki_sha256(hash)),
        (&format!("uri:x://a/b under spki-sha256:{hex}"), &format!("uri:x://a/b under spki-sha256:{hex}"), PeerRule::uri("x://a/b").unwrap().under_spki_sha256(hash)),
        (&format!("spiffe-trust-domain:a under spki-sha256:{hex}"), &format!("spiffe-trust-domain:a under spki-sha256:{hex}"), PeerRule::spiffe_trust_domain("a").unwrap().under_spki_sha256(hash)),
        (&format!("ip:::1 under spki-sha256:{hex}"), &format!("ip:::1 under spki-sha256:{hex}"), PeerRule::ip_address("::1".parse().unwrap()).under_spki_sha256(hash)),
        (&format!("spki-sha256:{hex} under spki-sha256:{hex}"), &format!("spki-sha256:{hex} under spki-sha256:{hex}"), PeerRule::spki_sha256(hash).under_spki_sha256(hash)),
        (&format!("cert-sha256:{hex} under spki-sha256:{hex}"), &format!("cert-sha256:{hex} under spki-sha256:{hex}"), PeerRule::cert_sha256(hash).under_spki_sha256(hash)),
    ];
    for (text, printed, built) in rows {
        let read: PeerRule = text.parse().expect(text);
        assert_eq!(read, built, "{text}");
        assert_eq!(read.to_string(), printed, "{text}");
        assert_eq!(read.to_string().parse::<PeerRule>().unwrap(), read, "{text}");
    }
}

#[test]
fn a_rule_that_is_not_of_its_form_is_an_error_that_says_why() {
    const A_LABELS: &str = "found characters outside ASCII, needed are A-labels (xn--…)";
    const DOT: &str = "found a trailing dot, write the name without it";
    const STAR: &str = "`*` can only be the whole first label, as in *.example.com";
    const WILDCARD: &str = "`*` stands for nothing in such a rule, only dns: has wildcards, as in dns:*.example.com; name each peer by a rule of its own, or all of a SPIFFE trust domain by spiffe-trust-domain:";
    const ADDRESS: &str = "this is an IP address, write ip: before it";
    const NO_DNS: &str = "this is not a DNS name";
    const NO_IP: &str = "this is not an IP address";
    const URI: &str = "needed is scheme://host/path, or scheme:name as in sip:example.com";
    const SPIFFE: &str = "needed is spiffe://trust-domain/path";
    const SEGMENTS: &str = "needed behind the scheme or the host is no query, fragment, percent-encoding or space, and no segment between slashes that is empty, `.` or `..`";
    const ANY_HOST: &str =
        "needed is a host of lower-case letters, digits, `.`, `-` and `_`, without user";
    const EMAIL: &str = "needed is local@domain, the domain in A-labels and without a trailing dot";
    const CN: &str = "no rule goes by the common name, for which no CA vouches; name the peer by a subjectAltName or by cert-sha256:";
    const SCHEME: &str = "needed is a scheme of lower-case letters and digits";
    const HOST: &str =
        "needed is a host of lower-case letters, digits, `.`, `-` and `_`, without port or user";
    const PATH: &str = "needed are path segments of letters, digits, `.`, `-` and `_`, none of them empty, `.` or `..`; no query, fragment or percent-encoding";
    const HEX: &str = "needed are the 64 hexadecimal digits of a SHA-256, all of them";
    const ISSUER: &str = "needed behind `under` is one spki-sha256: with its 64 hexadecimal digits, of an issuer's whole SubjectPublicKeyInfo, and nothing else";
    const FORM: &str =
        "needed is dns:, uri:, spiffe-trust-domain:, email:, ip:, spki-sha256: or cert-sha256:";
    let digits = |count: usize| format!("cert-sha256:{}", "a".repeat(count));
    let (short, half, long, odd) = (digits(40), digits(62), digits(66), digits(63));
    let letter = format!("spki-sha256:{}g", "a".repeat(63));
    let label = format!("dns:{}.example", "a".repeat(64));
    let name = format!("dns:{}a", "a.".repeat(127));
    #[rustfmt::skip] // One reason, one row.
    let rows: [(&str, &[&str]); 18] = [
        (A_LABELS, &["dns:bücher.example", "dns:*.bücher.example", "dns:edge。example"]),
        (DOT, &["dns:edge.example.", "dns:*.example.", "dns:."]),
        (STAR, &["dns:*", "dns:*.*.example", "dns:e*.example", "dns:edge.*.example", "dns:**.example"]),
        (NO_DNS, &[
            "dns:", "dns:*.", "dns:.example", "dns:edge..example", "dns:edge example", "dns:-", "dns:edge.example:443",
            "dns:https://edge.example", "dns: edge.example", &label, &name,
        ]),
        (ADDRESS, &["dns:192.0.2.1", "dns:2001:db8::1"]),
        (NO_IP, &[
            "ip:", "ip:192.0.2", "ip:192.0.2.1/32", "ip:192.0.2.01", "ip:[2001:db8::1]", "ip:fe80::1%eth0", "ip:edge.example",
            "ip:192.0.2.*",
        ]),
        (URI, &["uri:", "uri:example.org/a"]),
        (SPIFFE, &["uri:spiffe:/example.org/a", "uri:spiffe:example.org"]),
        (SEGMENTS, &[
            "uri:sip:", "uri:sip:example.com?subject=x", "uri:sip:example.com#x", "uri:sip:%65xample.com", "uri:sip:exa mple.com",
            "uri:sip:bücher.example", "uri:urn:/a", "uri:urn:a/../b", "uri:urn:a//b", "uri:https://example.org/a/",
            "uri:https://example.org/a?b",
        ]),
        (SCHEME, &["uri:SIP:example.com", "uri:://example.org/a", "uri:SPIFFE://example.org/a", "uri:1x://example.org/a"]),
        (ANY_HOST, &[
            "uri:https://me@example.org/a", "uri:https://me:1@example.org/a", "uri:https://Example.org:443/a", "uri:https://example.org:/a",
            "uri:https://example.org:0443/a", "uri:https://example.org:65536/a", "uri:https://example.org:+443/a", "uri:https://:443/a",
        ]),
        (EMAIL, &[
            "email:", "email:alice", "email:@example.com", "email:alice@", "email:alice@example.com.", "email:alice@bücher.example",
            "email:älice@example.com", "email:alice smith@example.com", "email:alice..smith@example.com", "email:alice@bob@example.com",
            "email:mailto:alice@example.com", "email:\"alice\"@example.com",
        ]),
        (WILDCARD, &[
            "email:*@example.com", "email:alice@*.example.com", "email:a*e@example.com", "email:*", "spiffe-trust-domain:*",
            "spiffe-trust-domain:*.example.org", "uri:*", "uri:spiffe://example.org/*", "uri:spiffe://*/edge",
            "uri:https://*.example.org/a", "uri:https://example.org/a/*", "uri:sip:*@example.com", "uri:sip:*.example.com",
            "uri:urn:uuid:*",
        ]),
        (HOST, &[
            "uri:spiffe:///a", "uri:spiffe://Example.org/a", "uri:spiffe://example.org:443/a", "uri:spiffe://me@example.org/a",
            "uri:spiffe://example.org?a", "uri:spiffe://example.org#a", "uri:spiffe://example%2eorg/a", "uri:spiffe://[2001:db8::1]/a",
            "uri:spiffe://bücher.example/a", "spiffe-trust-domain:", "spiffe-trust-domain:Example.org", "spiffe-trust-domain:example.org/",
            "spiffe-trust-domain:example.org:443", "spiffe-trust-domain:spiffe://example.org",
        ]),
        (PATH, &[
            "uri:spiffe://example.org/", "uri:spiffe://example.org/a/", "uri:spiffe://example.org//a", "uri:spiffe://example.org/.",
            "uri:spiffe://example.org/a/../b", "uri:spiffe://example.org/a?b", "uri:spiffe://example.org/a#b",
            "uri:spiffe://example.org/%61", "uri:spiffe://example.org/a b", "uri:spiffe://example.org/ü",
        ]),
        (HEX, &["cert-sha256:", &short, &half, &odd, &long, &letter, "cert-sha256:*"]),
        (FORM, &["", "edge.example", "DNS:edge.example", " dns:edge.example", "sha256:00"]),
        (CN, &["cn:edge.example", "CN:edge.example"]),
    ];
    let bound = |behind: &str| format!("dns:edge.example under{behind}");
    let key = format!(" spki-sha256:{}", "a".repeat(64));
    let certificate = bound(&key.replace("spki", "cert"));
    let (missing, space, empty) = (bound(""), bound(" "), bound(" spki-sha256:"));
    let (cut, bare, joined) =
        (bound(&key[..76]), bound(&key.replace("spki-sha256:", "")), bound(key.trim()));
    let (twice, behind) = (bound(&format!("{key} under{key}")), bound(&format!("{key} ")));
    let (wide, alone) = (bound(&format!(" {key}")), format!("under{key}"));
    let bindings = [certificate, missing, space, empty, cut, bare, joined, twice, behind, wide];
    let bindings = bindings.iter().map(|text| (text.as_str(), ISSUER));
    let rows = rows.iter().flat_map(|(reason, texts)| texts.iter().map(|text| (*text, *reason)));
    let mut wrong = vec![];
    for (text, expected) in rows.chain(bindings) {
        match text.parse::<PeerRule>() {
            Err(error @ Error::InvalidPeerRule { .. })
                if error.to_string() == format!("peer rule `{text}`: {expected}") => {}
            other => wrong.push(format!("{text:?}: {other:?}, not {expected}")),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    // Of a rule that is bound well, what is wrong with the rule.
    for (text, expected) in
        [(format!("dns:a. under{key}"), format!("dns:a.`: {DOT}")), (alone, FORM.into())]
    {
        let error = text.parse::<PeerRule>().unwrap_err().to_string();
        assert!(error.contains(&expected), "{text}: {error}");
    }
    let error = "dns:\u{1b}[2K\n\u{202e}".parse::<PeerRule>().unwrap_err().to_string();
    assert_eq!(error, format!("peer rule `dns:\\u{{1b}}[2K\\u{{a}}\\u{{202e}}`: {A_LABELS}"));
}
