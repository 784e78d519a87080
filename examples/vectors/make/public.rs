//! Public-shaped certificates: what a name and a relaxation are worth below public roots. A root is
//! known to be public here by the CA/Browser Forum policy that it carries.

use super::spec::{BOTH, CLIENT, SERVER, Spec};
use super::{Draft, EDGE, Maker};

const EDGE_RULE: &str = "dns:edge.example.com";

pub fn make(maker: &mut Maker) {
    maker.root(Spec::ca("public-root").cabf_policy());
    maker.issue(Spec::ca("public-issuer").eku(SERVER).cabf_policy(), "public-root");
    maker.issue(
        Spec::ca("public-issuer").named("public-issuer-both").eku(BOTH).cabf_policy(),
        "public-root",
    );
    maker.issue(Spec::ca("public-client-issuer").eku(CLIENT).cabf_policy(), "public-root");
    let leaf = |name: &str, eku| Spec::leaf(name).key("edge").eku(eku).cabf_policy().scts();
    maker.issue(leaf("public-server", SERVER).dns(EDGE), "public-issuer");
    maker.issue(leaf("public-both", BOTH).dns(EDGE), "public-issuer");
    maker.issue(leaf("public-none", None).dns(EDGE), "public-issuer");
    maker.issue(leaf("public-uri", BOTH).uri("https://edge.example.com/sip"), "public-issuer");
    maker.issue(leaf("public-client", CLIENT).dns(EDGE), "public-client-issuer");
    maker.issue(
        leaf("public-stranger", SERVER).key("stranger").dns("stranger.example.com"),
        "public-issuer",
    );
    who_may_connect(maker);
    relaxed(maker);
    servers(maker);
    mixed(maker);
}

fn draft(id: &str, requirements: &str, about: &str) -> Draft {
    Draft::new(id, requirements, about).roots("public-root")
}

fn who_may_connect(maker: &mut Maker) {
    for preset in ["rfc5280", "strict", "accept-server-auth"] {
        let id = format!("no-rules-{preset}");
        let draft = draft(&id, "PUB-ALLOW", "nothing says who may connect over public roots");
        maker.config_error(draft.eku(preset).chain("public-both public-issuer-both"));
    }
    let anybody =
        draft("anybody", "PUB-ALLOW", "anybody with a public certificate, by a call that says so");
    maker.accept(anybody.allow_anybody_public().chain("public-both public-issuer-both"));
    let allowed = |id: &str, about: &str, chain: &str| draft(id, "PUB-NAME", about).chain(chain);
    let both = allowed(
        "name-both",
        "a name, on a leaf with serverAuth beside clientAuth",
        "public-both public-issuer-both",
    );
    maker.accept(both.allow(EDGE_RULE));
    let client = allowed(
        "name-client",
        "a name, on a leaf with clientAuth only: not validated",
        "public-client public-client-issuer",
    );
    maker.refuse(client.clone().allow(EDGE_RULE), "peer-rule");
    let none =
        allowed("name-none", "a name, on a leaf without EKU", "public-none public-issuer-both");
    maker.refuse(none.allow(EDGE_RULE), "peer-rule");
    let rule = maker.cert_rule("public-client");
    let pinned =
        Draft { id: "pinned-client".into(), about: "the same, by fingerprint".into(), ..client };
    maker.accept(pinned.allow(rule));
    for (id, rule) in [
        ("uri", "uri:https://edge.example.com/sip"),
        ("spiffe", "spiffe-trust-domain:example.org"),
        ("sip", "uri:sip:example.com"),
        ("email", "email:alice@example.com"),
    ] {
        let uri = draft(
            &format!("rule-by-{id}"),
            "PUB-URI",
            "no public CA of the web validates such names",
        );
        maker.config_error(uri.allow(rule).chain("public-uri public-issuer-both"));
    }
}

fn relaxed(maker: &mut Maker) {
    let named = draft("ignore-named", "PUB-RELAX", "the EKU ignored by name over public roots");
    let named = named.chain("public-server public-issuer").eku("ignore").allow(EDGE_RULE);
    maker.config_error(named.clone());
    let pin = maker.cert_rule("public-server");
    let pinned = Draft {
        id: "ignore-pinned".into(),
        about: "the EKU ignored by fingerprint".into(),
        ..named.clone()
    };
    maker.accept(pinned.relax_for(pin.clone()));
    let key = maker.key_rule("public-server");
    let pinned = Draft {
        id: "ignore-pinned-key".into(),
        about: "the EKU ignored by key".into(),
        ..named.clone()
    };
    maker.accept(pinned.relax_for(key));
    let other = draft("ignore-pinned-other", "PUB-RELAX", "pinned is another");
    let other = other.chain("public-stranger public-issuer").eku("ignore");
    maker.refuse(other.allow("dns:stranger.example.com").relax_for(pin), "eku");
    let any =
        Draft { id: "ignore-any".into(), about: "any peer over public roots".into(), ..named };
    maker.config_error(any.relax_for_any_private_peer());
    let server_auth = |id: &str, about: &str, chain: &str| {
        let draft = draft(id, "PUB-RELAX", about).chain(chain);
        draft.eku("accept-server-auth").relax_for(EDGE_RULE).allow(EDGE_RULE)
    };
    let good = "serverAuth in place of clientAuth, by name: the path is good for it";
    maker.accept(server_auth("server-auth", good, "public-server public-issuer"));
    let both = "a leaf with both purposes below a serverAuth-only issuer";
    maker.accept(server_auth("server-auth-both", both, "public-both public-issuer"));
    let stranger =
        server_auth("server-auth-stranger", "somebody else", "public-stranger public-issuer");
    maker.refuse(stranger, "peer-rule");
    let allowed = server_auth(
        "server-auth-allowed",
        "somebody else, who may connect",
        "public-stranger public-issuer",
    );
    maker.refuse(allowed.allow("dns:stranger.example.com"), "eku");
    let client = server_auth(
        "server-auth-client",
        "clientAuth only: its name does not count",
        "public-client public-client-issuer",
    );
    maker.refuse(client, "peer-rule");
}

fn servers(maker: &mut Maker) {
    let server = |id: &str, requirement: &str, about: &str| draft(id, requirement, about).server();
    let plain = server("server", "PUB-SERVER", "a server of the web under the default policy");
    maker.accept(plain.chain("public-server public-issuer"));
    let relaxed =
        server("server-relaxed", "PUB-SERVER", "servers are never relaxed over public roots");
    let relaxed = relaxed.chain("public-client public-client-issuer").eku("ignore");
    maker.config_error(relaxed.clone());
    let pin = maker.cert_rule("public-client");
    let pinned = Draft {
        id: "server-relaxed-pinned".into(),
        about: "not even by fingerprint".into(),
        ..relaxed
    };
    maker.config_error(pinned.relax_for(pin));
    let expect = server("server-expect-uri", "PUB-URI", "no public CA validates URIs");
    maker.config_error(
        expect.expect("uri:https://edge.example.com/sip").chain("public-uri public-issuer"),
    );
}

/// Private and public roots in one verifier: what is public, the root of the verified path decides.
fn mixed(maker: &mut Maker) {
    let draft = |id: &str, about: &str, chain: &str| {
        Draft::new(format!("mixed-{id}"), "PUB-MIXED", about).roots("root public-root").chain(chain)
    };
    let rule = "uri:https://edge.example.com/sip";
    maker.issue(
        Spec::leaf("private-uri").key("edge").eku(BOTH).uri("https://edge.example.com/sip"),
        "issuer",
    );
    let private = draft("private", "a rule by URI, below the private root", "private-uri issuer");
    maker.accept(private.allow(rule));
    let public =
        draft("public", "a rule by URI, below the public root", "public-uri public-issuer-both");
    maker.refuse(public.allow(rule), "peer-rule");
    let private = draft(
        "private-client",
        "a name on a clientAuth-only leaf, below the private root",
        "leaf-client issuer",
    );
    maker.accept(private.allow(EDGE_RULE));
    let public = draft(
        "public-client",
        "a name on a clientAuth-only leaf, below the public root",
        "public-client public-client-issuer",
    );
    maker.refuse(public.allow(EDGE_RULE), "peer-rule");
}
