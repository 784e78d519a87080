//! The relaxation: for whom, until when, beside which rules; and what must not be configured.

use time::OffsetDateTime;
use time::macros::datetime;

use super::spec::{BOTH, CLIENT, SERVER, Spec};
use super::{Draft, Maker};

const END: OffsetDateTime = datetime!(2027-03-15 0:00 UTC);
const RELAXED: [&str; 2] = ["ignore", "accept-server-auth"];

pub fn make(maker: &mut Maker) {
    for (name, eku) in [("server", SERVER), ("client", CLIENT), ("both", BOTH), ("none", None)] {
        let leaf = Spec::leaf(&format!("stranger-{name}")).key("stranger");
        maker.issue(leaf.dns("stranger.example.com").eku(eku), "issuer");
    }
    named_and_stranger(maker);
    beside_allow(maker);
    any_private_peer(maker);
    until(maker);
    must_not_be_configured(maker);
}

fn named_and_stranger(maker: &mut Maker) {
    for preset in RELAXED {
        let draft = |id: &str, chain: &str, about: &str| {
            Draft::new(format!("{id}-{preset}"), "REL-NAMED", about).eku(preset).chain(chain)
        };
        maker.accept(draft("peer", "leaf-server issuer", "the named peer"));
        let stranger = "somebody else, serverAuth only";
        maker.refuse(draft("stranger", "stranger-server issuer", stranger), "eku");
        let issuer = "somebody else, below a serverAuth-only issuer";
        maker.refuse(draft("stranger-issuer", "stranger-client issuer-server", issuer), "eku");
        for eku in ["client", "both", "none"] {
            let good = "somebody else, whose EKU is in order";
            let chain = format!("stranger-{eku} issuer");
            maker.accept(draft(&format!("stranger-{eku}"), &chain, good));
        }
        let two =
            draft("two-rules", "stranger-server issuer", "the second of two rules names the peer");
        maker.accept(two.relax_for("dns:edge.example.com").relax_for("dns:stranger.example.com"));
        let whole = Draft::new(
            format!("whole-chain-{preset}"),
            "REL-WHOLE-CHAIN",
            "leaf and issuer are serverAuth only, as public hierarchies are now",
        );
        maker.accept(whole.eku(preset).chain("leaf-server issuer-server"));
        let issuer_only = Draft::new(
            format!("issuer-alone-{preset}"),
            "REL-WHOLE-CHAIN",
            "the leaf has both purposes, its issuer serverAuth only",
        );
        maker.accept(issuer_only.eku(preset).chain("leaf-both issuer-server"));
    }
    for (id, chain) in
        [("server", "stranger-client issuer"), ("server-issuer", "stranger-server issuer-client")]
    {
        let about = "a server that is somebody else";
        let draft = Draft::new(format!("stranger-{id}"), "REL-NAMED", about).server();
        let draft = draft.eku("ignore").server_name("stranger.example.com").chain(chain);
        maker.refuse(draft, "eku");
    }
}

fn beside_allow(maker: &mut Maker) {
    let (edge, stranger) = ("dns:edge.example.com", "dns:stranger.example.com");
    for preset in RELAXED {
        let draft = |id: &str, about: &str| {
            Draft::new(format!("{id}-{preset}"), "REL-ADMITS-NOBODY PEER-ALLOW", about).eku(preset)
        };
        let kept_out = draft("kept-out", "relaxed for a peer that may not connect");
        maker.refuse(kept_out.chain("leaf-server issuer").allow(stranger), "peer-rule");
        let both = draft("allowed", "relaxed for a peer that may connect");
        maker.accept(both.chain("leaf-server issuer").allow(edge));
        let allowed = draft("allowed-only", "may connect, and the relaxation is for another");
        maker.refuse(allowed.chain("stranger-server issuer").allow(stranger), "eku");
        let neither = draft("neither", "neither relaxed nor allowed");
        maker.refuse(neither.chain("stranger-server issuer").allow(edge), "peer-rule");
        let good = draft("good-kept-out", "its EKU is in order, but it may not connect");
        maker.refuse(good.chain("leaf-client issuer").allow(stranger), "peer-rule");
    }
}

fn any_private_peer(maker: &mut Maker) {
    for preset in RELAXED {
        let draft = |id: &str, chain: &str, about: &str| {
            let draft = Draft::new(format!("any-{id}-{preset}"), "REL-ANY-PRIVATE", about);
            draft.eku(preset).relax_for_any_private_peer().chain(chain)
        };
        maker.accept(draft("peer", "stranger-server issuer", "any peer of these private roots"));
        let issuer = "any peer, below a serverAuth-only issuer";
        maker.accept(draft("issuer", "stranger-server issuer-server", issuer));
    }
    let marked = |name: &str| Spec::leaf(name).key("marked").dns("marked.example.com").eku(SERVER);
    maker.issue(marked("marked-sct").scts(), "issuer");
    maker.issue(marked("marked-policy").cabf_policy(), "issuer");
    maker.issue(marked("marked-other-policy").policy(&[1, 3, 6, 1, 4, 1, 99999, 1]), "issuer");
    maker.issue(Spec::ca("issuer").named("issuer-cabf").cabf_policy(), "root");
    for (id, chain, about, class) in [
        (
            "sct",
            "marked-sct issuer",
            "a leaf with signed certificate timestamps is public",
            Some("eku"),
        ),
        (
            "policy",
            "marked-policy issuer",
            "a leaf with a CA/Browser Forum policy is public",
            Some("eku"),
        ),
        (
            "issuer-policy",
            "stranger-server issuer-cabf",
            "an issuer with a CA/Browser Forum policy is public",
            Some("eku"),
        ),
        ("other-policy", "marked-other-policy issuer", "a policy of somebody else's", None),
    ] {
        let draft = Draft::new(format!("any-{id}"), "REL-ANY-PRIVATE", about).chain(chain);
        let draft = draft.eku("ignore").relax_for_any_private_peer();
        match class {
            Some(class) => maker.refuse(draft, class),
            None => maker.accept(draft),
        }
    }
    let named = Draft::new("any-but-named", "REL-ANY-PRIVATE", "a leaf with timestamps, but named");
    let named = named.chain("marked-sct issuer").eku("ignore").relax_for_any_private_peer();
    maker.accept(named.relax_for("dns:marked.example.com"));
}

fn until(maker: &mut Maker) {
    let day = time::Duration::DAY;
    let second = time::Duration::SECOND;
    for preset in RELAXED {
        let draft = |id: &str, at: OffsetDateTime, about: &str| {
            let draft = Draft::new(format!("until-{id}-{preset}"), "REL-UNTIL", about).eku(preset);
            draft.until("2027-03-15T00:00:00Z").at(at)
        };
        for (id, at, is_relaxed) in [
            ("day-before", END - day, true),
            ("two-seconds-before", END - second * 2, true),
            ("second-before", END - second, true),
            ("end", END, false),
            ("second-after", END + second, false),
            ("day-after", END + day, false),
        ] {
            for (what, chain) in
                [("leaf", "leaf-server issuer"), ("issuer", "leaf-both issuer-server")]
            {
                let about = "a policy ends in the very second that it names";
                let draft = draft(&format!("{id}-{what}"), at, about).chain(chain);
                match is_relaxed {
                    true => maker.accept(draft),
                    false => maker.refuse(draft, "eku"),
                }
            }
        }
        let good = draft("good-after", END + day, "a certificate in order outlives the relaxation");
        maker.accept(good.chain("leaf-client issuer"));
        let zone = Draft::new(
            format!("until-zone-{preset}"),
            "REL-UNTIL",
            "an end with another offset, the same instant",
        );
        let zone = zone.eku(preset).until("2027-03-15T01:00:00+01:00").chain("leaf-server issuer");
        maker.accept(zone.clone().at(END - second));
        let zone = Draft { id: format!("until-zone-end-{preset}"), ..zone };
        maker.refuse(zone.at(END), "eku");
        let past = Draft::new(
            format!("until-1969-{preset}"),
            "REL-UNTIL",
            "an end before 1970 has passed",
        );
        maker.refuse(
            past.eku(preset).until("1969-12-31T23:59:59Z").chain("leaf-server issuer"),
            "eku",
        );
    }
    let server =
        Draft::new("until-server", "REL-UNTIL", "in the other role, a second before the end")
            .server();
    let server = server.eku("ignore").until("2027-03-15T00:00:00Z").chain("leaf-client issuer");
    maker.accept(server.clone().at(END - second));
    let server = Draft {
        id: "until-server-end".into(),
        about: "in the other role, at the end".into(),
        ..server
    };
    maker.refuse(server.at(END), "eku");
}

fn must_not_be_configured(maker: &mut Maker) {
    for preset in RELAXED {
        let about = "a policy that is relaxed for nobody";
        let draft = Draft::new(format!("for-nobody-{preset}"), "REL-NAMED", about);
        let draft = draft.eku(preset).relax_for_nobody().chain("leaf-server issuer");
        maker.config_error(draft.clone());
        let about = "rules that say who may connect do not say for whom it is relaxed";
        let id = format!("for-nobody-allow-{preset}");
        let draft = Draft { id, about: about.into(), ..draft };
        maker.config_error(draft.allow("dns:edge.example.com"));
    }
    let draft =
        Draft::new("for-nobody-server", "REL-NAMED", "relaxed for nobody, in the other role");
    maker.config_error(draft.server().eku("ignore").relax_for_nobody().chain("leaf-client issuer"));
    let about = "serverAuth in place of clientAuth means nothing for servers";
    let draft = Draft::new("server-accept-server-auth", "REL-ROLE", about).server();
    maker.config_error(draft.eku("accept-server-auth").chain("leaf-server issuer"));
}
