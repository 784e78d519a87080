//! Exit codes that one can build on: what counts, and what is left out.

use serde_json::json;
use time::Duration;

use super::run::{audit, exits};
use super::world::{ISSUED, World, ca, leaf};
use crate::common::pki::{Ca, Eku};

/// Every row: the arguments, the exit code. `edge` breaks at renewal on 2027-03-18, `xmpp` is
/// unfit and `old` expired, `orphan` is unknown. A bundle of roots has expired ones, and nobody has to
/// do anything about it.
#[test]
fn the_exit_code_says_what_there_is_to_do_of_what_fail_on_lists() {
    let world = World::full();
    world.write("broken.pem", "-----BEGIN CERTIFICATE-----\nbm8=\n-----END CERTIFICATE-----\n");
    world.write("archive/broken.pem", "-----BEGIN CERTIFICATE-----\n");
    world.write("timeline.json", "{");
    let expired = ca("Example Ltd", "Old Root", 20).valid(ISSUED - Duration::days(900), ISSUED);
    let expired = Ca::root(expired);
    world.write("expired.crt", expired.pem());
    world.write("below.crt", expired.leaf(leaf("x.example.com", 21).eku(Eku::server())).cert_pem());
    #[rustfmt::skip]
    exits(&world, &[
        ("www.pem mesh.pem issuers.pem roots.pem", 0),
        ("edge.pem issuers.pem roots.pem", 1),
        ("--format json edge.pem issuers.pem roots.pem", 1),
        ("--format html edge.pem issuers.pem roots.pem", 1),
        ("--role server edge.pem issuers.pem roots.pem", 0),
        ("--role client edge.pem issuers.pem roots.pem", 1),
        ("--role client www.pem issuers.pem roots.pem", 1),
        ("--role both www.pem issuers.pem roots.pem", 1),
        ("xmpp.pem issuers.pem roots.pem", 1),
        ("old.pem issuers.pem roots.pem", 1),
        ("orphan.pem", 0),
        ("broken.pem", 2),
        ("edge.pem broken.pem issuers.pem roots.pem", 2),
        ("nowhere.pem", 2),
        ("notes.txt", 2),
        ("", 2),
        ("--format xml www.pem", 2),
        ("--as-of yesterday www.pem", 2),
        ("--timeline timeline.json www.pem", 2),
        ("--timeline nowhere.json www.pem", 2),
        ("--password-file nowhere www.pem", 2),
        ("-o no/such/folder www.pem", 2),
        ("--help", 0),
        ("--fail-on breaks edge.pem issuers.pem roots.pem", 1),
        ("--fail-on unfit edge.pem issuers.pem roots.pem", 0),
        ("--fail-on unfit xmpp.pem issuers.pem roots.pem", 1),
        ("--fail-on breaks xmpp.pem issuers.pem roots.pem", 0),
        ("--fail-on unknown orphan.pem", 1),
        ("--fail-on breaks,unknown orphan.pem", 1),
        ("--fail-on breaks --fail-on unknown orphan.pem", 1),
        ("--fail-on unreadable broken.pem", 2),
        ("--fail-on unreadable edge.pem issuers.pem roots.pem", 0),
        ("--fail-on breaks broken.pem", 0),
        ("--fail-on none broken.pem edge.pem issuers.pem roots.pem", 0),
        ("--fail-on everything edge.pem", 2),
        ("--ignore-expired old.pem issuers.pem roots.pem", 0),
        ("--ignore-expired xmpp.pem issuers.pem roots.pem", 1),
        ("--within 117 edge.pem issuers.pem roots.pem", 1),
        ("--within 116 edge.pem issuers.pem roots.pem", 0),
        ("--within 0 xmpp.pem issuers.pem roots.pem", 1),
        ("--exclude broken.pem .", 1),
        ("--exclude *.pem --exclude *.crt .", 0),
        ("--exclude ./[a-df-z]*.pem --exclude edge.* --exclude archive --exclude *.crt .", 0),
        ("--exclude *** .", 2),
        ("--exclude ./archive/broken.pem archive", 0),
        ("--exclude archive/broken.pem ./archive", 0),
        ("--exclude ./broken.pem archive", 2),
        ("expired.crt", 0),
        ("--role server expired.crt", 1),
        ("expired.crt below.crt", 1),
        ("--role client:nowhere.pem www.pem", 2),
        ("--role nobody:www.pem www.pem", 2),
        ("--role client --role server www.pem", 2),
        ("--role client --role server:www.pem www.pem", 2),
    ]);
}

#[test]
fn the_role_is_told_of_a_file_of_a_folder_and_of_what_is_closest() {
    let world = World::full();
    for name in ["app/edge.pem", "app/server.pem"] {
        let spec = leaf(name, name.len() as u64).eku(Eku::both()).web_pki();
        world.write(name, world.combined.leaf(spec).cert_pem());
    }
    let serves = |roles: &str, name: &str| {
        let output = audit(&world, &format!("--format json {roles} app issuers.pem roots.pem"));
        let line = output.line(&format!("CN={name}"));
        (line["serves"].clone(), line["verdict"].clone())
    };
    let (server, client) = (json!(["server"]), json!(["client"]));
    let told = "--role client:app --role server:./app/server.pem";
    assert_eq!(serves(told, "app/edge.pem"), (client, json!("breaks_at_renewal")));
    assert_eq!(serves(told, "app/server.pem"), (server, json!("unaffected")));
}
