//! The EKU tables of `docs/REFERENCE.md`, written down a second time.

use super::spec::{Eku, Kp};
use crate::format::Wrong;

pub enum Decision {
    ConfigError,
    Accept,
    /// An EKU that is present but empty.
    Malformed,
    Refuse,
}

/// Of a path, leaf first and without its root, of a peer for whom the policy is relaxed.
pub fn decide(preset: &str, role: &str, path: Vec<Eku>) -> Decision {
    let is_wrong = first_wrong(role, path.clone()).is_some();
    let leaf_has_none = path[0].is_none();
    let good_for_server = first_wrong("server", path.clone()).is_none();
    match preset {
        "accept-server-auth" if role == "server" => Decision::ConfigError,
        _ if path.contains(&Some(&[])) => Decision::Malformed,
        "strict" if leaf_has_none => Decision::Refuse,
        "ignore" => Decision::Accept,
        _ if !is_wrong => Decision::Accept,
        "accept-server-auth" if good_for_server => Decision::Accept,
        _ => Decision::Refuse,
    }
}

/// The first certificate that has an EKU without the purpose of the role.
pub fn first_wrong(role: &str, path: Vec<Eku>) -> Option<Wrong> {
    let needed = needed(role);
    let is_wrong = |eku: &Eku| eku.is_some_and(|purposes| !purposes.contains(&needed));
    let position = path.iter().position(is_wrong)?;
    Some(wrong(position, needed, path[position]))
}

/// As above, and a leaf without the extension is wrong, too.
pub fn first_wrong_strictly(role: &str, path: Vec<Eku>) -> Option<Wrong> {
    match path[0] {
        None => Some(wrong(0, needed(role), None)),
        Some(_) => first_wrong(role, path),
    }
}

fn wrong(position: usize, needed: Kp, found: Eku) -> Wrong {
    let names = |purposes: &[Kp]| purposes.iter().map(|it| it.name().to_owned()).collect();
    Wrong { position, needed: needed.name().into(), found: found.map(names) }
}

fn needed(role: &str) -> Kp {
    match role {
        "server" => Kp::Server,
        _ => Kp::Client,
    }
}
