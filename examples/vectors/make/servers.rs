//! Rules that must not be taken as they are written; the names of servers, and rules about them.

use super::{Draft, Maker};

pub fn make(maker: &mut Maker) {
    unwritable(maker);
    servers(maker);
}

/// Rules that must not be taken: what they would match is not what they seem to say.
fn unwritable(maker: &mut Maker) {
    let hex = "ab".repeat(31);
    for (id, rule) in [
        ("u-label", "dns:bücher.example".to_owned()),
        ("trailing-dot", "dns:edge.example.com.".into()),
        ("empty", "dns:".into()),
        ("two-wildcards", "dns:*.*.example.com".into()),
        ("partial-wildcard", "dns:ed*.example.com".into()),
        ("bare-wildcard", "dns:*".into()),
        ("url", "dns:https://edge.example.com".into()),
        ("uri-port", "uri:spiffe://example.org:443/edge".into()),
        ("uri-query", "uri:https://edge.example.com/sip?a=b".into()),
        ("uri-percent", "uri:https://edge.example.com/%73ip".into()),
        ("uri-dots", "uri:https://edge.example.com/a/../b".into()),
        ("trust-domain-path", "spiffe-trust-domain:example.org/edge".into()),
        ("trust-domain-case", "spiffe-trust-domain:Example.org".into()),
        ("scheme-case", "uri:SIP:example.com".into()),
        ("uri-user", "uri:https://alice@edge.example.com/".into()),
        ("email-domain", "email:example.com".into()),
        ("email-no-user", "email:@example.com".into()),
        ("email-no-domain", "email:alice@".into()),
        ("short-address", "ip:192.0.2".into()),
        ("network", "ip:192.0.2.0/24".into()),
        ("short-fingerprint", format!("spki-sha256:{hex}")),
        ("no-fingerprint", "cert-sha256:edge".into()),
        ("common-name", "cn:edge.example.com".into()),
        ("no-form", "edge.example.com".into()),
        ("under-a-name", "dns:edge.example.com under dns:issuer".into()),
    ] {
        let about = "a rule that cannot be taken as it is written";
        let draft = Draft::new(format!("text-{id}"), "PEER-TEXT", about);
        maker.config_error(draft.chain("edge-client issuer").allow(rule));
    }
}

fn servers(maker: &mut Maker) {
    let presets = ["rfc5280", "strict", "ignore"];
    for preset in presets {
        let draft = |id: &str, requirement: &str, about: &str| {
            let draft = Draft::new(format!("server-{id}-{preset}"), requirement, about).server();
            draft.chain("edge-server issuer").eku(preset)
        };
        let name = "PEER-SERVER-NAME";
        maker.accept(draft("name", name, "the name that was connected to"));
        maker.refuse(draft("other", name, "another name").server_name("www.example.com"), "name");
        let wild = draft("wild", name, "a wildcard of one label").chain("wild-server issuer");
        maker.accept(wild.clone());
        let deep = draft("wild-deep", name, "a wildcard does not reach two labels");
        let deep = deep.chain("wild-server issuer").server_name("x.edge.example.com");
        maker.refuse(deep, "name");
        let cn = draft("cn", name, "only the common name").chain("cn-server issuer");
        maker.refuse(cn, "name");
        let ip = draft("ip", name, "by address").chain("ip4-server issuer");
        maker.accept(ip.clone().server_name("192.0.2.1"));
        let ip = draft("ip-other", name, "by another address").chain("ip4-server issuer");
        maker.refuse(ip.server_name("192.0.2.2"), "name");
        let id = "spiffe://example.org/edge";
        let mesh = draft("mesh", "PEER-EXPECT", "a rule in place of the name")
            .chain("spiffe-server issuer");
        maker.accept(mesh.clone().expect(format!("uri:{id}")));
        let other = draft("mesh-other", "PEER-EXPECT", "a rule in place of the name names another");
        maker.refuse(other.expect(format!("uri:{id}")), "peer-rule");
    }
    relaxed_servers(maker);
    // A client's certificate in the place of a server's.
    let draft = |id: &str, about: &str| {
        let draft =
            Draft::new(format!("server-{id}"), "PEER-SERVER-NAME REL-ONLY-EKU", about).server();
        draft.chain("edge-client issuer").eku("ignore")
    };
    maker.accept(draft("relaxed", "clientAuth only, relaxed, and of the name"));
    let other = draft("relaxed-other", "clientAuth only, relaxed, but of another name");
    maker.refuse(other.server_name("www.example.com").relax_for("dns:edge.example.com"), "name");
}

/// Whose EKU may be wrong, of servers: the name is checked in any case.
fn relaxed_servers(maker: &mut Maker) {
    let edge = "dns:edge.example.com".to_owned();
    let (key, issuer) = (maker.key_rule("edge-client"), maker.key_rule("issuer"));
    let (certificate, other) = (maker.cert_rule("edge-client"), maker.key_rule("other-root"));
    for (id, rule, is_named) in [
        ("dns", edge.clone(), true),
        ("dns-other", "dns:www.example.com".into(), false),
        ("wildcard", "dns:*.example.com".into(), true),
        ("key", key.clone(), true),
        ("key-of-issuer", issuer.clone(), false),
        ("certificate", certificate, true),
        ("bound", format!("{edge} under {issuer}"), true),
        ("bound-other", format!("{edge} under {other}"), false),
        ("bound-own-key", format!("{edge} under {key}"), false),
    ] {
        let about =
            "a server whose certificate is clientAuth only, of the name that was connected to";
        let draft = Draft::new(format!("server-relax-{id}"), "REL-NAMED", about).server();
        let draft = draft.chain("edge-client issuer").eku("ignore").relax_for(rule);
        match is_named {
            true => maker.accept(draft),
            false => maker.refuse(draft, "eku"),
        }
    }
}
