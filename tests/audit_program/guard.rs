//! `--against`: whether a renewed certificate can take the old one's place.

use serde_json::{Value, json};

use crate::common::pki::Eku;
use crate::run::audit;
use crate::world::{World, leaf};

/// Every row: an id, what is given, the exit code.
#[test]
fn the_guard_refuses_a_renewal_that_lost_a_purpose_that_is_needed() {
    let world = World::full();
    let again = leaf("edge.example.com", 30).eku(Eku::both()).web_pki();
    world.write("again.pem", world.combined.leaf(again).cert_pem());
    let lost = leaf("edge.example.com", 31).eku(Eku::server()).web_pki();
    world.write("lost.pem", world.combined.leaf(lost).cert_pem());
    let broken = "-----BEGIN CERTIFICATE-----\n";
    world.write("broken.pem", broken);
    #[rustfmt::skip]
    let rows = [
        ("again",            "--against edge.pem again.pem", 0),
        ("the-same",         "--against edge.pem edge.pem", 2),
        ("lost",             "--against edge.pem lost.pem", 1),
        ("lost-as-client",   "--against edge.pem --role client lost.pem", 1),
        ("kept-as-server",   "--against edge.pem --role server lost.pem", 0),
        ("lost-in-the-chain", "--against edge.pem xmpp.pem issuers.pem", 1),
        ("one-of-two",       "--against edge.pem again.pem lost.pem", 1),
        ("gained",           "--against lost.pem again.pem", 0),
        ("no-old",           "--against nowhere.pem again.pem", 2),
        ("broken-old",       "--against broken.pem again.pem", 2),
        ("no-new",           "--against edge.pem issuers.pem", 2),
        ("broken-new",       "--against edge.pem broken.pem", 2),
        ("html",             "--against edge.pem --format html again.pem", 2),
    ];
    let failures: Vec<_> = rows
        .iter()
        .filter_map(|(id, arguments, code)| {
            let output = audit(world.path(), arguments);
            (output.code != *code).then(|| format!("{id}: needed {code}: {output:?}"))
        })
        .collect();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn the_guard_says_what_was_lost() {
    let world = World::full();
    let lost = leaf("edge.example.com", 31).eku(Eku::server()).web_pki();
    world.write("lost.pem", world.combined.leaf(lost).cert_pem());
    let text = audit(world.path(), "--against edge.pem lost.pem").stdout;
    let lines: Vec<_> = text.lines().collect();
    assert!(lines[0].starts_with("LOST  edge.example.com (lost.pem:1)"), "{text}");
    assert!(
        lines[1].contains("found serverAuth") || lines[1].contains("serverAuth, needed clientAuth"),
        "{text}"
    );
    assert!(lines[2].starts_with("to do:"), "{text}");
    let output = audit(world.path(), "--format json --against edge.pem lost.pem");
    let [line] = &output.lines()[..] else { panic!("{output:?}") };
    assert_eq!((&line["fit"], &line["lost"][0]["role"]), (&json!(false), &json!("client")));
    assert_eq!(line["lost"].as_array().map(Vec::len), Some(1), "{line}");
    let fit = audit(world.path(), "--format json --against lost.pem edge.pem");
    assert_eq!(
        (&fit.lines()[0]["fit"], &fit.lines()[0]["lost"]),
        (&json!(true), &Value::Array(vec![]))
    );
}

#[test]
fn the_guard_says_on_standard_error_what_could_not_be_read() {
    let world = World::full();
    let output = audit(world.path(), "--against nowhere.pem edge.pem");
    assert_eq!((output.code, output.stdout.as_str()), (2, ""));
    assert!(output.stderr.contains("nowhere.pem: No such file"), "{output:?}");
}
