//! What the program `audit` reads of any bytes, with bounds that a fuzzer has time for.

use mtls_roles::audit::Inventory;

use crate::contents::{Contents, Limits, Passwords, Spot};

/// Reads them, as a file of the user's and as one of a folder, and holds what every reader promises:
/// no message has a control character, and what a user names is never passed over in silence.
pub fn read(bytes: &[u8]) {
    let passwords = Passwords::new(&["".to_owned(), "sesame".to_owned(), "\u{1f600}".to_owned()]);
    for is_named in [true, false] {
        let mut inventory = Inventory::new();
        let limits = Limits { work: 20_000, unpacked: 1 << 20, members: 100 };
        let spot = Spot::of_a_file("file", is_named);
        let is_read = Contents::new(&passwords, &mut inventory, limits).read(&spot, bytes);
        for unreadable in inventory.unreadable() {
            assert!(!unreadable.reason.contains(char::is_control), "{}", unreadable.reason);
            assert!(!unreadable.location.to_string().contains(char::is_control));
        }
        let found = inventory.entries().len() + inventory.private_keys().len();
        let told = inventory.unreadable().len();
        assert!(is_read || found + told == 0, "passed over, and yet there is something");
    }
}
