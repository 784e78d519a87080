//! What may be published in a slot: the EKU table, of our own chain; validity, the key, and what stands
//! behind the leaf.

use time::OffsetDateTime;
use time::macros::datetime;

use super::spec::{CLIENT, Spec};
use super::{Draft, EDGE, Maker};

const PRESETS: [&str; 4] = ["rfc5280", "strict", "accept-server-auth", "ignore"];

pub fn make(maker: &mut Maker) {
    for role in ["client", "server"] {
        for preset in PRESETS {
            if (role, preset) != ("server", "accept-server-auth") {
                table(maker, role, preset);
            }
        }
    }
    let about = "serverAuth in place of clientAuth means nothing for servers";
    let draft = Draft::new("server-accept-server-auth", "REL-ROLE", about).slot("server", "edge");
    maker.config_error(draft.eku("accept-server-auth").chain("leaf-server issuer"));
    renewals(maker);
    defects(maker);
    behind_the_leaf(maker);
}

fn table(maker: &mut Maker, role: &'static str, preset: &str) {
    let draft = |id: &str, about: &str| {
        let draft = Draft::new(format!("{id}-{role}-{preset}"), "SLOT-FIT", about);
        draft.slot(role, "edge").eku(preset)
    };
    for eku in ["none", "server", "client", "both", "any", "empty"] {
        let about = format!("our leaf has EKU {eku}");
        let leaf = draft(&format!("leaf-{eku}"), &about);
        maker.by_the_tables(leaf.chain(&format!("leaf-{eku} issuer")));
    }
    for eku in ["server", "client", "any"] {
        let about = format!("our issuer has EKU {eku}");
        let issuer = draft(&format!("issuer-{eku}"), &about);
        maker.by_the_tables(issuer.chain(&format!("leaf-both issuer-{eku}")));
    }
    let alone = draft("alone", "our leaf alone: its issuer is the peers' to have");
    maker.by_the_tables(alone.chain("leaf-both"));
    let root = draft("root", "our root, presented, has an EKU of its own: it is not looked at");
    maker.by_the_tables(root.chain("leaf-both issuer root-code").path("leaf-both issuer"));
}

fn renewals(maker: &mut Maker) {
    const END: OffsetDateTime = datetime!(2027-03-15 0:00 UTC);
    let draft = |id: &str, about: &str| {
        Draft::new(id, "SLOT-RENEWAL SLOT-FIT", about).slot("client", "edge")
    };
    let lost =
        draft("renewal-lost", "a renewal that lost clientAuth, with the chain of a public CA");
    maker.refuse(lost.chain("leaf-server issuer-server"), "eku");
    let issuer = draft("renewal-issuer", "a renewal whose issuer lost clientAuth");
    maker.refuse(issuer.chain("leaf-both issuer-server"), "eku");
    let key = draft("renewal-other-key", "a renewal with another key than its certificate's");
    maker.refuse(key.slot("client", "peer").chain("leaf-client issuer"), "other");
    let policy = |id: &str, at| {
        let about =
            "a serverAuth-only certificate is presented to peers that ignore the EKU, until then";
        let draft = Draft::new(id, "SLOT-POLICY", about).slot("client", "edge").eku("ignore");
        draft.until("2027-03-15T00:00:00Z").at(at).chain("leaf-server issuer-server")
    };
    maker.accept(policy("policy-before", END - time::Duration::SECOND));
    maker.refuse(policy("policy-end", END), "eku");
}

fn defects(maker: &mut Maker) {
    for (id, chain, about, class) in [
        (
            "expired",
            "leaf-expired-client issuer",
            "our leaf expired a second ago",
            Some("validity"),
        ),
        (
            "future",
            "leaf-future-client issuer",
            "our leaf is valid from the next second",
            Some("validity"),
        ),
        ("last-second", "leaf-last-second-client issuer", "our leaf is in its last second", None),
        (
            "first-second",
            "leaf-first-second-client issuer",
            "our leaf is in its first second",
            None,
        ),
        ("ca", "leaf-ca-client issuer", "our leaf is a CA", Some("other")),
        (
            "issuer-future",
            "leaf-client issuer-future-issuer",
            "our only issuer is not valid yet",
            Some("validity"),
        ),
    ] {
        for (preset, chain) in
            [("rfc5280", chain.to_owned()), ("ignore", chain.replace("-client", "-server"))]
        {
            let draft =
                Draft::new(format!("{id}-{preset}"), "SLOT-FIT", about).slot("client", "edge");
            let draft = draft.eku(preset).chain(&chain);
            match class {
                Some(class) => maker.refuse(draft, class),
                None => maker.accept(draft),
            }
        }
    }
}

fn behind_the_leaf(maker: &mut Maker) {
    maker.issue(Spec::leaf("slot-other-leaf").key("stranger").dns(EDGE).eku(CLIENT), "issuer");
    for (id, chain, about) in [
        ("twice", "leaf-client leaf-client issuer", "our leaf twice"),
        ("issuer-twice", "leaf-client issuer issuer", "our issuer twice"),
        ("with-root", "leaf-client issuer root", "our root behind the chain"),
        ("nowhere", "leaf-client other-issuer issuer", "a certificate that leads nowhere"),
        ("other-leaf", "leaf-client slot-other-leaf issuer", "another leaf behind ours"),
        (
            "expired-cross-sign",
            "leaf-client issuer issuer-by-other-expired",
            "an expired cross-sign behind the issuer",
        ),
        (
            "expired-cross-sign-first",
            "leaf-client issuer-by-other-expired issuer",
            "an expired cross-sign before the issuer",
        ),
        (
            "one-is-fit",
            "leaf-client issuer-server issuer-client",
            "of two issuers of one key, one is fit",
        ),
        (
            "one-is-fit-first",
            "leaf-client issuer-client issuer-server",
            "of two issuers of one key, the first is fit",
        ),
        ("reversed", "deep-both issuer lower", "two issuers in the wrong order"),
    ] {
        let draft = Draft::new(format!("behind-{id}"), "SLOT-CHAIN", about).slot("client", "edge");
        maker.accept(draft.chain(chain).path("leaf-client issuer"));
    }
    let about = "of two issuers of one key, neither is fit";
    let draft =
        Draft::new("behind-none-is-fit", "SLOT-CHAIN SLOT-FIT", about).slot("client", "edge");
    maker.refuse(draft.chain("leaf-client issuer-server issuer-code"), "eku");
}
