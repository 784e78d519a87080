//! Any files as an inventory, and any text as a timeline: every certificate gets its finding, and
//! no message has a control character.

#![no_main]

use libfuzzer_sys::fuzz_target;
use mtls_roles::audit::{Assessment, Inventory, Serving, Timeline};
use mtls_roles_fuzz::{now, parts};
use time::OffsetDateTime;

fn is_printable(text: impl ToString) -> bool {
    !text.to_string().contains(char::is_control)
}

fuzz_target!(|input: &[u8]| {
    let mut inventory = Inventory::new();
    inventory.add("file", input);
    for part in parts(input) {
        inventory.add("part", part);
        inventory.add_der("der", part);
        inventory.add_private_key("key", part);
    }
    for unreadable in inventory.unreadable() {
        assert!(is_printable(&unreadable.reason));
    }
    let mut timeline = Timeline::builtin();
    if let Ok(text) = str::from_utf8(input) {
        match Timeline::from_json(text) {
            Ok(other) => timeline.merge(other),
            Err(error) => assert!(is_printable(error)),
        }
    }
    let today = OffsetDateTime::from_unix_timestamp(now().as_secs() as i64).unwrap().date();
    let assessment = Assessment::new(&inventory, &timeline, today, Serving::Suggested);
    assert_eq!(assessment.findings().len(), inventory.entries().len());
    for finding in assessment.findings() {
        assert!(is_printable(finding.verdict));
        assert!(finding.causes.iter().all(is_printable));
        assert!(finding.advice.iter().all(is_printable));
        assert!(!finding.path.entries.is_empty());
    }
});
