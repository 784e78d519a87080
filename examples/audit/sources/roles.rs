//! What certificates are used as, told by where they are: only their owner knows.

use std::path::{Component, Path, PathBuf};

use mtls_roles::audit::{Inventory, Roles};

use super::target::Target;

/// Tells the inventory, of files, of folders with all that is below them, and of servers; the closest
/// place decides. Handed back are the places where no certificate was found.
pub fn tell(told: &[(String, Roles)], inventory: &mut Inventory) -> Vec<String> {
    let told = told.iter().map(|(place, roles)| (place, plain(&as_shown(place)), *roles));
    let told: Vec<_> = told.collect();
    if told.is_empty() {
        return vec![];
    }
    inventory.tell_roles(|location| {
        let source = plain(&location.source);
        let above = told.iter().filter(|(_, place, _)| source.starts_with(place));
        let closest = above.max_by_key(|(_, place, _)| place.components().count());
        closest.map(|(_, _, roles)| *roles)
    });
    let places = inventory.entries().iter().flat_map(|entry| entry.locations());
    let places: Vec<_> = places.map(|location| plain(&location.source)).collect();
    let is_empty = |place: &PathBuf| !places.iter().any(|source| source.starts_with(place));
    let nowhere = told.iter().filter(|(_, place, _)| is_empty(place));
    nowhere.map(|(place, ..)| (*place).clone()).collect()
}

/// A server as reports name it.
fn as_shown(place: &str) -> String {
    let is_server = !Path::new(place).exists() && Target::is_meant_by(place);
    let target = is_server.then(|| Target::read(place).ok()?.pop());
    target.flatten().map_or_else(|| place.to_owned(), |target| target.shown())
}

/// Without `./`.
fn plain(place: &str) -> PathBuf {
    let parts = Path::new(place).components();
    parts.filter(|part| *part != Component::CurDir).collect()
}
