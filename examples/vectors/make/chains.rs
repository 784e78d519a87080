//! Chains that differ: parallel issuers, cross-signs, what peers present beside their path, and
//! certificates that are their own roots.

use super::defects::EXPIRED;
use super::spec::{BOTH, CLIENT, SERVER, Spec};
use super::{Draft, EDGE, Maker};

pub fn make(maker: &mut Maker) {
    several_issuers(maker);
    cross_signs(maker);
    presented(maker);
    pinned(maker);
}

/// Two certificates of one issuer, with different EKUs, both presented.
fn several_issuers(maker: &mut Maker) {
    let expired = Spec::ca("issuer").named("issuer-client-expired").eku(CLIENT);
    maker.issue(expired.valid(EXPIRED.0, EXPIRED.1), "root");
    let draft = |id: &str, preset: &str, about: &str, chain: &str| {
        Draft::new(format!("issuers-{id}-{preset}"), "PATH-OTHER REL-REPORT", about)
            .eku(preset)
            .chain(chain)
    };
    for preset in ["rfc5280", "accept-server-auth", "ignore"] {
        for (id, order) in [
            ("server-first", "issuer-server issuer-client"),
            ("client-first", "issuer-client issuer-server"),
        ] {
            let about = "two issuers of one key: the path that is in order is found, and nothing is relaxed";
            let chain = format!("leaf-both {order}");
            maker.accept(draft(id, preset, about, &chain).path("leaf-both issuer-client"));
        }
        let about = "the issuer that is in order has expired: the EKU of the other decides";
        for (id, order) in [
            ("expired-first", "issuer-client-expired issuer-server"),
            ("expired-last", "issuer-server issuer-client-expired"),
        ] {
            let draft = draft(id, preset, about, &format!("leaf-both {order}"))
                .path("leaf-both issuer-server");
            match preset {
                "rfc5280" => maker.refuse(draft, "eku"),
                _ => maker.accept(draft),
            }
        }
    }
    for preset in ["rfc5280", "ignore"] {
        for (id, order) in [
            ("client-first", "issuer-client issuer-server"),
            ("server-first", "issuer-server issuer-client"),
        ] {
            let about = "a server: the path that is in order is found, and nothing is relaxed";
            let draft =
                draft(&format!("server-{id}"), preset, about, &format!("leaf-both {order}"));
            maker.accept(draft.server().path("leaf-both issuer-server"));
        }
    }
    let mixed = |id: &str, preset: &str, about: &str, chain: &str| {
        Draft::new(format!("mixed-{id}-{preset}"), "EKU-WHOLE-PATH", about).eku(preset).chain(chain)
    };
    let about = "the leaf is good for one purpose, its issuer for the other";
    for (id, chain) in [
        ("server-client", "leaf-server issuer-client"),
        ("client-server", "leaf-client issuer-server"),
    ] {
        maker.refuse(mixed(id, "accept-server-auth", about, chain), "eku");
    }
    let about = "of two issuers, one makes the whole path good for serverAuth";
    let chain = "leaf-server issuer-client issuer-server";
    maker
        .accept(mixed("two", "accept-server-auth", about, chain).path("leaf-server issuer-server"));
    let about = "no path is good for one purpose as a whole";
    let chain = "leaf-client issuer-server issuer-code";
    maker.refuse(
        mixed("none", "accept-server-auth", about, chain).path("leaf-client issuer-server"),
        "eku",
    );
}

/// One issuer, certified below two roots.
fn cross_signs(maker: &mut Maker) {
    maker.issue(Spec::ca("issuer").named("issuer-by-other"), "other-root");
    let expired = Spec::ca("issuer").named("issuer-by-other-expired");
    maker.issue(expired.valid(EXPIRED.0, EXPIRED.1), "other-root");
    maker.issue(Spec::ca("issuer").named("issuer-by-other-server").eku(SERVER), "other-root");
    maker.issue(Spec::ca("root").named("root-by-other"), "other-root");
    let draft = |id: &str, about: &str, chain: &str| {
        Draft::new(format!("cross-{id}"), "PATH-OTHER", about)
            .chain(chain)
            .path("leaf-client issuer")
    };
    for (id, order) in [("first", "issuer-by-other issuer"), ("last", "issuer issuer-by-other")] {
        let about = "a cross-sign by a root that is not trusted, beside the way to ours";
        maker.accept(draft(&format!("untrusted-{id}"), about, &format!("leaf-client {order}")));
        let about = "both roots are trusted";
        let both = draft(&format!("both-{id}"), about, &format!("leaf-client {order}"));
        maker.accept(both.roots("root other-root"));
    }
    let about = "the cross-sign in front has expired";
    maker.accept(
        draft("expired", about, "leaf-client issuer-by-other-expired issuer")
            .roots("root other-root"),
    );
    let about = "only the cross-sign's root is trusted";
    maker.accept(
        draft("other-only", about, "leaf-client issuer issuer-by-other").roots("other-root"),
    );
    let about = "our root, cross-signed by another, is presented too";
    maker.accept(draft("root", about, "leaf-client issuer root-by-other"));
    let about = "our root by way of its cross-sign, since only the other root is trusted";
    let draft = draft("by-way-of", about, "leaf-client issuer root-by-other");
    maker.accept(draft.path("leaf-client issuer root-by-other").roots("other-root"));
    let relaxed = |id: &str, about: &str, roots: &str| {
        let draft = Draft::new(format!("cross-{id}"), "REL-REPORT PATH-OTHER", about).eku("ignore");
        draft.chain("leaf-both issuer-by-other-server issuer").roots(roots)
    };
    let about = "one way is in order, so nothing is relaxed";
    maker.accept(relaxed("in-order", about, "root other-root").path("leaf-both issuer"));
    let about = "only the way whose EKU is wrong leads to a trusted root";
    maker.accept(
        relaxed("not-in-order", about, "other-root").path("leaf-both issuer-by-other-server"),
    );
    // A rule that is bound to one of the two roots.
    for (id, order) in [("first", "issuer-by-other issuer"), ("last", "issuer issuer-by-other")] {
        let rule = format!("dns:edge.example.com under {}", maker.key_rule("other-root"));
        let about = "the rule is bound to one of two trusted roots, whatever is presented first";
        let draft = Draft::new(format!("cross-bound-{id}"), "PEER-UNDER PATH-OTHER", about);
        let draft =
            draft.chain(&format!("leaf-server {order}")).path("leaf-server issuer").eku("ignore");
        maker.accept(draft.roots("root other-root").relax_for(rule));
    }
}

/// What stands behind the leaf is for the verifier to choose from (RFC 8446, 4.4.2).
fn presented(maker: &mut Maker) {
    let junk: Vec<_> = (1..=6).map(|number| format!("junk-{number}")).collect();
    for name in &junk {
        maker.issue(Spec::ca(name), "other-root");
    }
    maker.issue(Spec::ca("old").valid(EXPIRED.0, EXPIRED.1), "other-root");
    let junk = junk.join(" ");
    for (eku, preset) in [("client", "rfc5280"), ("server", "ignore")] {
        for (id, about, chain) in [
            (
                "leaf-twice",
                "the leaf twice, as in `cat cert.pem fullchain.pem`",
                "leaf-? leaf-? issuer",
            ),
            ("issuer-twice", "the issuer twice", "leaf-? issuer issuer"),
            ("all-twice", "the whole chain twice", "leaf-? issuer leaf-? issuer"),
            ("root-twice", "the root behind the chain, twice", "leaf-? issuer root root"),
            ("with-root", "the root behind the chain", "leaf-? issuer root"),
            ("with-foreign", "an unrelated CA behind the chain", "leaf-? issuer other-issuer"),
            ("foreign-first", "an unrelated CA between", "leaf-? other-issuer issuer"),
            ("with-expired", "an unrelated expired CA", "leaf-? old issuer"),
            (
                "with-namesake",
                "a root of the same name with another key",
                "leaf-? root-namesake issuer",
            ),
            ("with-other-leaf", "another leaf behind the chain", "leaf-? stranger-client issuer"),
        ] {
            let draft = Draft::new(format!("{id}-{preset}"), "PATH-ANY-ORDER", about).eku(preset);
            let leaf = format!("leaf-{eku}");
            let draft = draft.chain(&chain.replace('?', eku)).path(&format!("{leaf} issuer"));
            maker.accept(draft);
        }
        let many =
            Draft::new(format!("with-six-{preset}"), "PATH-ANY-ORDER", "six unrelated CAs between")
                .eku(preset);
        let many =
            many.chain(&format!("leaf-{eku} {junk} issuer")).path(&format!("leaf-{eku} issuer"));
        maker.accept(many);
        let about = "two issuers in the wrong order";
        let order = Draft::new(format!("reversed-{preset}"), "PATH-ANY-ORDER", about).eku(preset);
        let leaf = if eku == "client" { "deep-both" } else { "deep-server" };
        maker.accept(
            order.chain(&format!("{leaf} issuer lower")).path(&format!("{leaf} lower issuer")),
        );
        let about = "the issuer is first: the leaf is what is presented first";
        let first =
            Draft::new(format!("issuer-first-{preset}"), "KEEP-CA-AS-LEAF PATH-LEAF-FIRST", about);
        maker.refuse(first.eku(preset).chain(&format!("issuer leaf-{eku}")), "other");
    }
    let about = "the wanted name stands in a certificate behind the leaf";
    let draft = Draft::new("name-behind", "PEER-LEAF-ONLY", about)
        .chain("stranger-server leaf-server issuer");
    let draft = draft.path("stranger-server issuer");
    maker.refuse(draft.clone().eku("ignore"), "eku");
    let draft = Draft { id: "name-behind-allow".into(), ..draft };
    let draft = draft.chain("stranger-client leaf-client issuer").allow("dns:edge.example.com");
    maker.refuse(draft, "peer-rule");
    let about = "the right EKU stands in a certificate behind the leaf";
    let draft = Draft::new("eku-behind", "EKU-R2", about).chain("leaf-server leaf-client issuer");
    maker.refuse(draft.path("leaf-server issuer"), "eku");
}

/// A certificate that signed itself, and is its own root.
fn pinned(maker: &mut Maker) {
    for (name, eku) in [("server", SERVER), ("client", CLIENT), ("both", BOTH)] {
        maker.root(Spec::leaf(&format!("self-{name}")).dns(EDGE).eku(eku));
    }
    maker.root(Spec::ca("self-ca").dns(EDGE).eku(BOTH));
    maker.issue(Spec::leaf("below-self").dns(EDGE).eku(BOTH), "self-both");
    let draft = |id: &str, preset: &str, about: &str, chain: &str, root: &str| {
        let draft = Draft::new(format!("{id}-{preset}"), "KEEP-PINNED", about).eku(preset);
        draft.chain(chain).roots(root)
    };
    let about = "a self-signed leaf that is its own root";
    maker.accept(draft("self-client", "rfc5280", about, "self-client", "self-client"));
    maker.refuse(draft("self-server", "rfc5280", about, "self-server", "self-server"), "eku");
    maker.accept(draft("self-server", "ignore", about, "self-server", "self-server"));
    let about = "a self-signed leaf that nobody trusts";
    maker.refuse(draft("self-foreign", "rfc5280", about, "self-client", "root"), "unknown-issuer");
    maker.refuse(draft("self-foreign", "ignore", about, "self-server", "root"), "unknown-issuer");
    for preset in ["rfc5280", "ignore"] {
        let about = "a leaf that a pinned leaf has issued";
        maker.refuse(draft("below-self", preset, about, "below-self", "self-both"), "path-check");
        let about = "a root presents itself";
        maker.refuse(draft("self-ca", preset, about, "self-ca", "self-ca"), "other");
    }
}
