//! Every cell of the table: role × EKU × position × policy, and the pairs of leaf and issuer.

use super::spec::{ANY, BOTH, CLIENT, EMPTY, Eku, Kp, SERVER, Spec};
use super::{Draft, EDGE, Maker};

const ROLES: [&str; 2] = ["client", "server"];
const PRESETS: [(&str, char); 4] =
    [("rfc5280", 'R'), ("strict", 'S'), ("accept-server-auth", 'A'), ("ignore", 'I')];

/// Names and contents; `crit` in a name makes it critical.
const EKUS: [(&str, Eku); 11] = [
    ("none", None),
    ("server", SERVER),
    ("client", CLIENT),
    ("both", BOTH),
    ("any", ANY),
    ("server-any", Some(&[Kp::Server, Kp::Any])),
    ("code", Some(&[Kp::CodeSigning])),
    ("server-crit", SERVER),
    ("client-crit", CLIENT),
    ("any-crit", ANY),
    ("empty", EMPTY),
];

const PAIRED: [&str; 5] = ["none", "server", "client", "both", "any"];

/// Their certificates, by position; all issuers have one name and key, and so have all roots.
fn world(maker: &mut Maker) {
    for (name, eku) in EKUS {
        let with = |spec: Spec| match name.contains("crit") {
            true => spec.eku(eku).critical_eku(),
            false => spec.eku(eku),
        };
        let leaf = Spec::leaf(&format!("leaf-{name}")).key("edge").dns(EDGE);
        maker.issue(with(leaf), "issuer");
        if name != "none" {
            let issuer = Spec::ca("issuer").named(&format!("issuer-{name}"));
            maker.issue(with(issuer), "root");
            let root = Spec::ca("root").named(&format!("root-{name}"));
            maker.root(with(root));
        }
    }
}

pub fn make(maker: &mut Maker) {
    world(maker);
    for role in ROLES {
        for (preset, letter) in PRESETS {
            if (role, preset) == ("server", "accept-server-auth") {
                continue;
            }
            for (name, eku) in EKUS {
                single(maker, role, (preset, letter), name, eku);
            }
            pairs(maker, role, (preset, letter));
        }
    }
    roots_and_others(maker);
}

fn single(maker: &mut Maker, role: &'static str, preset: (&str, char), name: &str, eku: Eku) {
    let draft = |position: &str, requirements: &str| {
        let id = format!("{position}-{name}-{role}-{}", preset.0);
        let about = format!("{position} with EKU {name}, as {role} under {}", preset.0);
        Draft::new(id, requirements, about).role(role).eku(preset.0)
    };
    let critical = if name.contains("crit") { " EKU-CRITICAL" } else { "" };
    let leaf = cell(preset.1, role, eku, 0) + critical;
    maker.by_the_tables(draft("leaf", &leaf).chain(&format!("leaf-{name} issuer")));
    let below = if name == "none" { "issuer" } else { &format!("issuer-{name}") };
    let issuer = cell(preset.1, role, eku, 1) + critical;
    maker.by_the_tables(draft("issuer", &issuer).chain(&format!("leaf-both {below}")));
    if name == "none" {
        return;
    }
    // The root's own EKU is not looked at, whatever it is.
    let root = format!("root-{name}");
    maker.by_the_tables(draft("root", "EKU-ROOT").chain("leaf-both issuer").roots(&root));
}

fn pairs(maker: &mut Maker, role: &'static str, preset: (&str, char)) {
    let eku = |wanted| EKUS.iter().find(|(name, _)| *name == wanted).expect("a known one").1;
    for leaf in PAIRED {
        for issuer in PAIRED {
            // Those are single positions.
            if leaf == "both" || issuer == "none" {
                continue;
            }
            let cells = [(0, leaf), (1, issuer)]
                .map(|(position, name)| cell(preset.1, role, eku(name), position));
            let whole = if preset.1 == 'A' { "EKU-WHOLE-PATH " } else { "" };
            let requirements = format!("{whole}{} {}", cells[0], cells[1]);
            let id = format!("pair-{leaf}-{issuer}-{role}-{}", preset.0);
            let about =
                format!("leaf with EKU {leaf}, issuer with {issuer}, as {role} under {}", preset.0);
            let draft = Draft::new(id, &requirements, about).role(role).eku(preset.0);
            maker.by_the_tables(draft.chain(&format!("leaf-{leaf} issuer-{issuer}")));
        }
    }
}

/// The row of the table that a certificate belongs to.
fn cell(preset: char, role: &str, eku: Eku, position: usize) -> String {
    let needed = if role == "server" { Kp::Server } else { Kp::Client };
    let column = match (eku, position) {
        (Some([]), _) => return "EKU-EMPTY".into(),
        (None, 0) => 1,
        (None, _) => 3,
        (Some(purposes), _) if purposes.contains(&needed) => 0,
        (Some(purposes), _) if purposes.contains(&Kp::Any) => 5,
        (Some(_), 0) => 2,
        (Some(_), _) => 4,
    };
    format!("EKU-{preset}{column}")
}

/// Chains without an issuer, and with two.
fn roots_and_others(maker: &mut Maker) {
    maker.issue(Spec::leaf("direct-server").key("edge").dns(EDGE).eku(SERVER), "root");
    maker.issue(Spec::leaf("direct-both").key("edge").dns(EDGE).eku(BOTH), "root");
    maker.issue(Spec::ca("lower"), "issuer");
    maker.issue(Spec::ca("lower").named("lower-client").eku(CLIENT), "issuer");
    maker.issue(Spec::leaf("deep-both").key("edge").dns(EDGE).eku(BOTH), "lower");
    maker.issue(Spec::leaf("deep-server").key("edge").dns(EDGE).eku(SERVER), "lower");
    for (preset, letter) in PRESETS {
        let draft = |id: &str, column: u8, about: &str| {
            Draft::new(format!("{id}-{preset}"), &format!("EKU-{letter}{column}"), about)
                .eku(preset)
        };
        let none = "leaf directly below the root, serverAuth only";
        maker.by_the_tables(draft("direct-server", 2, none).chain("direct-server"));
        let none = "leaf directly below the root, both purposes";
        maker.by_the_tables(draft("direct-both", 0, none).chain("direct-both"));
        let upper = "the upper of two issuers is serverAuth only: position 2";
        maker.by_the_tables(draft("upper", 4, upper).chain("deep-both lower issuer-server"));
        let both = "the leaf is serverAuth only, the lower issuer clientAuth only";
        maker.by_the_tables(draft("deep", 2, both).chain("deep-server lower-client issuer"));
        let three = "leaf and upper issuer are serverAuth only: the leaf is reported";
        maker.by_the_tables(draft("both-ends", 2, three).chain("deep-server lower issuer-server"));
    }
}
