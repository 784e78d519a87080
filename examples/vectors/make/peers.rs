//! Who a peer is: every kind of rule with its near misses, as whom a policy is relaxed for and as who
//! may connect.

use super::spec::{CLIENT, SERVER, Spec};
use super::{Draft, EDGE, Maker};

pub fn make(maker: &mut Maker) {
    dns(maker);
    uris(maker);
    addresses(maker);
    fingerprints(maker);
    bound(maker);
}

/// A peer with these names: its serverAuth-only certificate is relaxed if the rule names it, its
/// clientAuth-only one may connect if it does.
fn row(
    maker: &mut Maker,
    requirement: &str,
    rule: &str,
    (peer, about): (&str, &str),
    is_named: bool,
    names: impl Fn(Spec) -> Spec,
) {
    let leaf = |name: String| names(Spec::leaf("peer").named(&name).key("peer"));
    let [relaxed, allowed] = [format!("{peer}-server"), format!("{peer}-client")];
    if !maker.specs.contains_key(&relaxed) {
        maker.issue(leaf(relaxed.clone()).eku(SERVER), "issuer");
        maker.issue(leaf(allowed.clone()).eku(CLIENT), "issuer");
    }
    ask(maker, requirement, rule, (peer, about), is_named);
}

fn ask(
    maker: &mut Maker,
    requirement: &str,
    rule: &str,
    (peer, about): (&str, &str),
    is_named: bool,
) {
    let (form, value) = rule.split_once(':').expect("a rule has a form");
    let form = if value.starts_with("*.") { "wildcard" } else { form };
    let bound = if rule.contains(" under ") { "-bound" } else { "" };
    let id = maker.free_id(&format!("{form}{bound}-{peer}"));
    let draft = |what: &str, requirements: &str, leaf: String| {
        let draft = Draft::new(format!("{id}-{what}"), requirements, about);
        draft.chain(&format!("{leaf} issuer"))
    };
    let relaxed = draft("relax", &format!("{requirement} REL-NAMED"), format!("{peer}-server"));
    let relaxed = relaxed.eku("ignore").relax_for(rule);
    let allowed = draft("allow", &format!("{requirement} PEER-ALLOW"), format!("{peer}-client"));
    let allowed = allowed.allow(rule);
    match is_named {
        true => {
            maker.accept(relaxed);
            maker.accept(allowed);
        }
        false => {
            maker.refuse(relaxed, "eku");
            maker.refuse(allowed, "peer-rule");
        }
    }
}

fn dns(maker: &mut Maker) {
    let edge = "dns:edge.example.com";
    let mut exact = |peer, about, is_named, names: &dyn Fn(Spec) -> Spec| {
        row(maker, "PEER-DNS", edge, (peer, about), is_named, names);
    };
    exact("edge", "the very name", true, &|it| it.dns(EDGE));
    exact("upper", "letters of another case in the certificate", true, &|it| {
        it.dns("EDGE.Example.COM")
    });
    exact("two", "the second of two names", true, &|it| it.dns("www.example.com").dns(EDGE));
    exact("wild", "a wildcard is not this host: every host there holds it", false, &|it| {
        it.dns("*.example.com")
    });
    exact("deeper", "one label more", false, &|it| it.dns("x.edge.example.com"));
    exact("apex", "one label less", false, &|it| it.dns("example.com"));
    exact("longer", "the name begins with the wanted one", false, &|it| {
        it.dns("edge.example.com.evil.example")
    });
    exact("prefixed", "the name ends with the wanted one", false, &|it| {
        it.dns("wedge.example.com")
    });
    exact("dotted", "a name with a trailing dot is another", false, &|it| {
        it.dns("edge.example.com.")
    });
    let nul = |it: Spec| it.alt_name(2, b"edge.example.com\0.evil.example");
    row(maker, "PEER-DNS", edge, ("nul", "a NUL byte does not end a name"), false, nul);
    let mut types = |peer, about, names: &dyn Fn(Spec) -> Spec| {
        row(maker, "PEER-TYPES", edge, (peer, about), false, names);
    };
    types("none", "a certificate without names", &|it| it);
    types("cn", "only the common name is the wanted one", &|it| it.subject(EDGE));
    types("cn-other", "the common name beside another name", &|it| {
        it.subject(EDGE).dns("other.example.com")
    });
    types("as-uri", "the host of a URI is no DNS name", &|it| it.uri("https://edge.example.com/"));
    types("as-email", "an e-mail address is no DNS name", &|it| it.email(EDGE));
    let broken = |it: Spec| it.dns(EDGE).ip(&[192, 0, 2, 1, 9]);
    row(maker, "PEER-MALFORMED", edge, ("broken", "a name further on is malformed"), false, broken);
    let mut wild = |peer, about, is_named, names: &dyn Fn(Spec) -> Spec| {
        row(maker, "PEER-WILDCARD", "dns:*.example.com", (peer, about), is_named, names);
    };
    wild("edge", "one label more", true, &|it| it.dns(EDGE));
    wild("wild", "the same wildcard", true, &|it| it.dns("*.example.com"));
    wild("deeper", "two labels more", false, &|it| it.dns("x.edge.example.com"));
    wild("apex", "no label more", false, &|it| it.dns("example.com"));
    wild("wild-deeper", "a wildcard further down", false, &|it| it.dns("*.edge.example.com"));
    wild("nul", "no name at all", false, &nul);
    row(
        maker,
        "PEER-DNS",
        "dns:EDGE.example.com",
        ("edge", "letters of another case in the rule"),
        true,
        |it| it.dns(EDGE),
    );
}

fn uris(maker: &mut Maker) {
    let sip = "https://edge.example.com/sip";
    let mut uri = |peer, about, is_named, names: &dyn Fn(Spec) -> Spec| {
        row(maker, "PEER-URI", &format!("uri:{sip}"), (peer, about), is_named, names);
    };
    uri("uri", "equal byte for byte", true, &|it| it.uri(sip));
    uri("uri-dns", "beside a DNS name", true, &|it| it.dns("other.example.com").uri(sip));
    uri("uri-case", "a path of another case", false, &|it| it.uri("https://edge.example.com/SIP"));
    uri("uri-host-case", "a host of another case", false, &|it| {
        it.uri("https://Edge.example.com/sip")
    });
    uri("uri-slash", "a slash more", false, &|it| it.uri("https://edge.example.com/sip/"));
    uri("uri-port", "a port", false, &|it| it.uri("https://edge.example.com:443/sip"));
    uri("uri-query", "a query", false, &|it| it.uri("https://edge.example.com/sip?a=b"));
    uri("uri-percent", "percent-encoding", false, &|it| it.uri("https://edge.example.com/%73ip"));
    uri("uri-scheme", "another scheme", false, &|it| it.uri("http://edge.example.com/sip"));
    uri("uri-two", "two URIs name nobody", false, &|it| {
        it.uri(sip).uri("https://other.example.com/sip")
    });
    uri("edge", "a DNS name is no URI", false, &|it| it.dns(EDGE));
    let mut domain = |peer, about, is_named, names: &dyn Fn(Spec) -> Spec| {
        row(
            maker,
            "PEER-SPIFFE",
            "spiffe-trust-domain:example.org",
            (peer, about),
            is_named,
            names,
        );
    };
    domain("spiffe", "a workload of the trust domain", true, &|it| {
        it.uri("spiffe://example.org/edge")
    });
    domain("spiffe-deep", "a workload with a longer path", true, &|it| {
        it.uri("spiffe://example.org/ns/a/sa/edge")
    });
    domain("spiffe-longer", "the trust domain begins with the wanted one", false, &|it| {
        it.uri("spiffe://example.org.evil.example/edge")
    });
    domain("spiffe-sub", "a trust domain below the wanted one", false, &|it| {
        it.uri("spiffe://sub.example.org/edge")
    });
    domain("spiffe-https", "another scheme", false, &|it| it.uri("https://example.org/edge"));
    domain("spiffe-port", "a port", false, &|it| it.uri("spiffe://example.org:443/edge"));
    domain("spiffe-user", "user information", false, &|it| {
        it.uri("spiffe://example.org@evil.example/edge")
    });
    domain("spiffe-dots", "a path that climbs", false, &|it| {
        it.uri("spiffe://example.org/a/../edge")
    });
    domain("spiffe-path", "the trust domain in the path", false, &|it| {
        it.uri("spiffe://evil.example/example.org")
    });
    domain("spiffe-dns", "a DNS name is no trust domain", false, &|it| it.dns("example.org"));
    domain("spiffe-two", "two URIs name nobody", false, &|it| {
        it.uri("spiffe://example.org/edge").uri("spiffe://example.org/other")
    });
    let mut sip = |peer, about, is_named, names: &dyn Fn(Spec) -> Spec| {
        row(maker, "PEER-URI", "uri:sip:example.com", (peer, about), is_named, names);
    };
    sip("sip", "a SIP domain (RFC 5922)", true, &|it| it.uri("sip:example.com"));
    sip("sip-dns", "beside the same name by DNS", true, &|it| {
        it.dns("example.com").uri("sip:example.com")
    });
    sip("sip-other", "another domain", false, &|it| it.uri("sip:example.org"));
    sip("sip-case", "letters of another case", false, &|it| it.uri("sip:Example.com"));
    sip("sips", "another scheme", false, &|it| it.uri("sips:example.com"));
    sip("sip-user", "a user of the domain", false, &|it| it.uri("sip:alice@example.com"));
    sip("sip-parameter", "a parameter", false, &|it| it.uri("sip:example.com;transport=tls"));
    sip("apex", "a DNS name is no URI", false, &|it| it.dns("example.com"));
    let urn = "urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6";
    row(
        maker,
        "PEER-URI",
        &format!("uri:{urn}"),
        ("urn", "a name without authority"),
        true,
        |it| it.uri(urn),
    );
    row(maker, "PEER-URI", &format!("uri:{urn}"), ("urn-longer", "a longer one"), false, |it| {
        it.uri(&format!("{urn}0"))
    });
    let port = "uri:https://edge.example.com:8443/sip";
    row(maker, "PEER-URI", port, ("uri-8443", "the very port"), true, |it| {
        it.uri("https://edge.example.com:8443/sip")
    });
    row(maker, "PEER-URI", port, ("uri", "no port"), false, |it| {
        it.uri("https://edge.example.com/sip")
    });
    let mut email = |peer, about, is_named, names: &dyn Fn(Spec) -> Spec| {
        row(maker, "PEER-EMAIL", "email:alice@example.com", (peer, about), is_named, names);
    };
    email("email", "the very address", true, &|it| it.email("alice@example.com"));
    email("email-domain-case", "the domain in another case", true, &|it| {
        it.email("alice@Example.COM")
    });
    email("email-user-case", "the user in another case", false, &|it| {
        it.email("Alice@example.com")
    });
    email("email-other", "another user", false, &|it| it.email("bob@example.com"));
    email("email-longer", "the user ends with the wanted one", false, &|it| {
        it.email("not-alice@example.com")
    });
    email("email-deeper", "a domain below the wanted one", false, &|it| {
        it.email("alice@mail.example.com")
    });
    email("email-domain", "the domain alone", false, &|it| it.email("example.com"));
    email("email-uri", "a URI is no e-mail address", false, &|it| {
        it.uri("mailto:alice@example.com")
    });
    email("email-cn", "only the common name", false, &|it| it.subject("alice@example.com"));
    let id = "uri:spiffe://example.org/edge";
    row(maker, "PEER-URI", id, ("spiffe", "one SPIFFE ID"), true, |it| {
        it.uri("spiffe://example.org/edge")
    });
    row(
        maker,
        "PEER-URI",
        id,
        ("spiffe-deep", "another SPIFFE ID of its trust domain"),
        false,
        |it| it.uri("spiffe://example.org/ns/a/sa/edge"),
    );
}

fn addresses(maker: &mut Maker) {
    let mapped = [[0; 10].as_slice(), &[0xff, 0xff, 192, 0, 2, 1]].concat();
    let v6 = [&[0x20, 0x01, 0x0d, 0xb8], [0; 11].as_slice(), &[1]].concat();
    let v4 = "ip:192.0.2.1";
    for (rule, peer, about, is_named) in [
        (v4, "ip4", "the very address", true),
        (v4, "ip4-next", "its neighbour", false),
        (v4, "ip4-mapped", "an IPv4-mapped IPv6 address is not IPv4", false),
        (v4, "ip4-dns", "an address written as a DNS name", false),
        ("ip:2001:db8::1", "ip6", "the very address", true),
        ("ip:2001:db8:0:0::1", "ip6", "the address, written otherwise", true),
        ("ip:2001:db8::1", "ip4", "an address of the other family", false),
        ("ip:::ffff:192.0.2.1", "ip4", "an IPv4 address is not IPv4-mapped", false),
    ] {
        row(maker, "PEER-IP", rule, (peer, about), is_named, |it| match peer {
            "ip4" => it.ip(&[192, 0, 2, 1]),
            "ip4-next" => it.ip(&[192, 0, 2, 2]),
            "ip4-mapped" => it.ip(&mapped),
            "ip4-dns" => it.dns("192.0.2.1"),
            _ => it.ip(&v6),
        });
    }
}

fn fingerprints(maker: &mut Maker) {
    for name in ["renewed-server", "renewed-client"] {
        let eku = if name.ends_with("server") { SERVER } else { CLIENT };
        let renewed = Spec::leaf("peer").named(name).key("peer").dns(EDGE).eku(eku);
        maker.issue(renewed, "issuer");
        let other = name.replace("renewed", "rekeyed");
        maker.issue(Spec::leaf("peer").named(&other).key("other").dns(EDGE).eku(eku), "issuer");
    }
    let (key, issuer) = (maker.key_rule("edge-server"), maker.key_rule("issuer"));
    let mut about = |rule: &str, peer, about, is_named| {
        ask(maker, "PEER-FINGERPRINT", rule, (peer, about), is_named);
    };
    about(&key, "edge", "the peer's key", true);
    about(&key, "renewed", "the same key in a renewed certificate", true);
    about(&key, "rekeyed", "the same names with another key", false);
    about(&issuer, "edge", "the key of its issuer is not the peer's", false);
    about(
        &key.to_uppercase().replace("SPKI-SHA", "spki-sha"),
        "edge",
        "digits in upper case",
        true,
    );
    // One certificate each: the two of a peer differ in their EKU.
    for (of, peer, about, is_named) in [
        ("edge", "edge", "this certificate", true),
        ("edge", "renewed", "the renewed certificate is another", false),
        ("issuer", "edge", "the issuer's certificate is not the peer's", false),
    ] {
        let rule = |purpose: &str| match of {
            "issuer" => maker.cert_rule(of),
            _ => maker.cert_rule(&format!("{of}-{purpose}")),
        };
        let [relax, allow] = ["server", "client"].map(rule);
        let id = format!("cert-of-{of}-{peer}");
        let draft = |what: &str| Draft::new(format!("{id}-{what}"), "PEER-FINGERPRINT", about);
        let relaxed = draft("relax").chain(&format!("{peer}-server issuer")).eku("ignore");
        let relaxed = relaxed.relax_for(relax);
        let allowed = draft("allow").chain(&format!("{peer}-client issuer")).allow(allow);
        match is_named {
            true => [relaxed, allowed].map(|it| maker.accept(it)),
            false => [(relaxed, "eku"), (allowed, "peer-rule")]
                .map(|(it, class)| maker.refuse(it, class)),
        };
    }
}

fn bound(maker: &mut Maker) {
    let under = |rule: &str, key: String| format!("{rule} under {key}");
    maker.root(Spec::ca("other-root"));
    maker.issue(Spec::ca("other-issuer"), "other-root");
    let edge = "dns:edge.example.com";
    for (of, about, is_named) in [
        ("issuer", "below this issuer", true),
        ("root", "below this root", true),
        ("other-root", "not below this root", false),
        ("edge-server", "the peer's own key is not above it", false),
    ] {
        let rule = under(edge, maker.key_rule(of));
        ask(maker, "PEER-UNDER", &rule, ("edge", about), is_named);
    }
    let rule = under(edge, maker.key_rule("issuer"));
    ask(maker, "PEER-UNDER", &rule, ("apex", "below this issuer, but of another name"), false);
    let rule = under(edge, maker.key_rule("other-issuer"));
    let draft = Draft::new(
        "under-beside-the-path",
        "PEER-UNDER",
        "the issuer is presented, beside the path",
    );
    let draft = draft.chain("edge-server issuer other-issuer").path("edge-server issuer");
    maker.refuse(draft.eku("ignore").relax_for(rule), "eku");
}
