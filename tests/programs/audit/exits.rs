//! Exit codes that one can build on: what counts, and what is left out.

use serde_json::json;
use time::Duration;

use super::run::{audit, exits};
use super::world::{ISSUED, World, ca, leaf};
use crate::common::pki::{Ca, Eku};

/// Every row: an id, the arguments, the exit code. `edge` breaks at renewal on 2027-03-18, `xmpp` is
/// unfit and `old` expired, `orphan` is unknown.
#[test]
fn what_counts_is_what_fail_on_lists() {
    let world = World::full();
    world.write("broken.pem", "-----BEGIN CERTIFICATE-----\nbm8=\n-----END CERTIFICATE-----\n");
    let issuers = "issuers.pem roots.pem";
    #[rustfmt::skip]
    let rows = [
        ("breaks-breaks",     format!("--fail-on breaks edge.pem {issuers}"), 1),
        ("unfit-breaks",      format!("--fail-on unfit edge.pem {issuers}"), 0),
        ("unfit-unfit",       format!("--fail-on unfit xmpp.pem {issuers}"), 1),
        ("breaks-unfit",      format!("--fail-on breaks xmpp.pem {issuers}"), 0),
        ("unknown-unknown",   "--fail-on unknown orphan.pem".into(), 1),
        ("list",              "--fail-on breaks,unknown orphan.pem".into(), 1),
        ("twice",             "--fail-on breaks --fail-on unknown orphan.pem".into(), 1),
        ("unreadable",        "--fail-on unreadable broken.pem".into(), 2),
        ("only-unreadable",   format!("--fail-on unreadable edge.pem {issuers}"), 0),
        ("not-unreadable",    "--fail-on breaks broken.pem".into(), 0),
        ("none",              format!("--fail-on none broken.pem edge.pem {issuers}"), 0),
        ("no-such",           "--fail-on everything edge.pem".into(), 2),
        ("expired",           format!("--ignore-expired old.pem {issuers}"), 0),
        ("not-expired",       format!("--ignore-expired xmpp.pem {issuers}"), 1),
        ("within",            format!("--within 117 edge.pem {issuers}"), 1),
        ("later",             format!("--within 116 edge.pem {issuers}"), 0),
        ("unfit-now",         format!("--within 0 xmpp.pem {issuers}"), 1),
        ("excluded",          "--exclude broken.pem .".into(), 1),
        ("excluded-all",      "--exclude *.pem .".into(), 0),
        ("excluded-path",     "--exclude ./[a-df-z]*.pem --exclude edge.* .".into(), 0),
        ("bad-glob",          "--exclude *** .".into(), 2),
    ];
    exits(&world, &rows);
}

#[test]
fn what_is_left_out_is_told() {
    let world = World::full();
    std::fs::create_dir(world.folder.join("archive")).unwrap();
    world.write("archive/broken.pem", "-----BEGIN CERTIFICATE-----\n");
    let output = audit(&world, "--exclude archive --exclude orphan.pem --ignore-expired .");
    assert_eq!(output.code, 1, "{output:?}");
    for absent in ["old.example.com", "orphan.example.com", "archive/broken"] {
        assert!(!output.stdout.contains(absent), "{absent} {output:?}");
    }
    let told = "1 expired certificate left out; 2 excluded sources left out";
    let words: Vec<_> = output.stdout.split_whitespace().collect();
    assert!(words.join(" ").contains(told), "{output:?}");
}

/// A bundle of roots has expired ones, and nobody has to do anything about it.
#[test]
fn an_expired_ca_certificate_breaks_nothing_by_itself() {
    let world = World::new();
    let begin = ISSUED - Duration::days(900);
    let old = Ca::root(ca("Example Ltd", "Old Root", 20).valid(begin, ISSUED));
    world.write("old-root.pem", old.pem());
    exits(&world, &[("root", "old-root.pem", 0), ("judged", "--role server old-root.pem", 1)]);
    world.write("leaf.pem", old.leaf(leaf("x.example.com", 21).eku(Eku::server())).cert_pem());
    exits(&world, &[("below", "old-root.pem leaf.pem", 1)]);
}

#[test]
fn the_role_is_told_of_a_file_of_a_folder_and_of_what_is_closest() {
    let world = World::full();
    std::fs::create_dir(world.folder.join("app")).unwrap();
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
    let rows = [
        ("nowhere", "--role client:nowhere.pem app", 2),
        ("word", "--role nobody:app app", 2),
        ("twice", "--role client --role server app", 2),
        ("some-and-all", "--role client --role server:app app", 2),
    ];
    exits(&world, &rows);
}
