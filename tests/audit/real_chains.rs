//! Verdicts on real certificates, checked by hand once against TIMELINE.md and INDEX.csv.
//!
//! All of `../shared/certs` is one inventory, so leaves and issuers are put together across files.

use crate::common::agreed::agreed;
use crate::world::real;
use mtls_roles::Role;
use mtls_roles::audit::{
    Assessment, CertificateKind, Forecast, Inventory, Roles, Serving, Stack, Timeline,
};
use time::macros::date;

fn inventory() -> Option<Inventory> {
    let mut inventory = Inventory::new();
    for file in real()? {
        let name = file.file_stem().unwrap().to_str().unwrap();
        inventory.add(name.trim_end_matches(".chain"), &std::fs::read(&file).unwrap());
    }
    assert!(inventory.unreadable().is_empty());
    Some(inventory)
}

/// By whom it would be accepted as server, and as client.
fn accepting(forecast: &Forecast) -> String {
    let stacks = |role| {
        let stacks = Stack::ALL.into_iter().filter(|stack| forecast.accepts(*stack, role));
        stacks.map(Stack::id).collect::<Vec<_>>()
    };
    format!(", server: {:?}, client: {:?}", stacks(Role::Server), stacks(Role::Client))
}

/// One line for each certificate, by its first place: on a day before most of the leaves expired,
/// on the day of the facts, and asked as clients. On the last, Let's Encrypt's new intermediates are
/// unfit and the old ones are not, and the sub-CAs of the field notices' table are what their own
/// EKU says (TIMELINE.md, 5). The public ones are public by the surest sign. Every stack accepts every
/// server: Akamai's and Meta's key usage has digitalSignature, so Java agrees with the others.
#[test]
fn real_certificates_are_judged_as_was_agreed() {
    use CertificateKind::{Intermediate, Leaf};
    let Some(inventory) = inventory() else { return };
    let (march, november) = (date!(2026 - 03 - 13), date!(2026 - 11 - 21));
    let as_client = Serving::In(Roles::CLIENT);
    let timeline = Timeline::builtin();
    let mut found = String::new();
    for (heading, kind, as_of, serving) in [
        ("Leaves on 2026-03-13", Leaf, march, Serving::Suggested),
        ("Leaves on 2026-11-21", Leaf, november, Serving::Suggested),
        ("Leaves on 2026-03-13 as clients", Leaf, march, as_client),
        ("Intermediates on 2026-11-21 as clients", Intermediate, november, as_client),
        ("Roots on 2026-11-21", CertificateKind::Root, november, Serving::Suggested),
    ] {
        found += &format!("{heading}\n");
        let assessment = Assessment::new(&inventory, &timeline, as_of, serving);
        for finding in assessment.findings().iter().filter(|it| it.entry.kind() == kind) {
            let source = &finding.entry.locations()[0].source;
            let causes: Vec<_> = finding.causes.iter().map(|cause| cause.id()).collect();
            let (hierarchy, roles, verdict) = (finding.hierarchy, finding.roles, finding.verdict);
            found += &format!("  {source}: {hierarchy:?}, {roles}, {verdict} {causes:?}");
            found += &finding.forecast().map_or_else(String::new, |it| accepting(&it));
            found += "\n";
        }
    }
    agreed("audit/real_chains.txt", &found);
}
