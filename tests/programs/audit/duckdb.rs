//! The schema and the queries that ship for DuckDB, run on the program's output. CI names a Python with
//! the wheel in `MTLS_ROLES_DUCKDB`; others skip this.

use std::process::Command;

use super::run::{audit, run};
use super::world::World;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/audit");

/// Prints the columns with their types, then each query's heading and rows.
const RUN: &str = r#"
import duckdb, sys
folder, files = sys.argv[1:3]
db = duckdb.connect()
db.execute(f"SET VARIABLE files = '{files}'")
db.execute(open(folder + "/schema.sql").read())
for name, kind, *_ in db.execute("DESCRIBE audit").fetchall():
    print("column", name, kind)
for query in open(folder + "/queries.sql").read().split(";"):
    if query.strip():
        rows = db.execute(query).fetchall()
        print("query", len(rows))
        for row in rows:
            print("row", row)
"#;

fn python(arguments: &[&str]) -> Option<String> {
    let python = std::env::var("MTLS_ROLES_DUCKDB").unwrap_or("python3".into());
    let mut probe = Command::new(&python);
    let has_duckdb =
        probe.args(["-c", "import duckdb"]).output().is_ok_and(|it| it.status.success());
    if !has_duckdb {
        assert!(std::env::var_os("MTLS_ROLES_DUCKDB").is_none(), "{python} has no duckdb");
        eprintln!("SKIPPED: no Python with duckdb is here");
        return None;
    }
    let mut python = Command::new(python);
    python.args(["-c", RUN]).args(arguments);
    let output = run(python, b"");
    assert_eq!(output.code, 0, "{output:?}");
    Some(output.stdout)
}

#[test]
fn the_schema_has_every_field_and_the_five_queries_answer() {
    let world = World::full();
    world.write("broken.pem", "-----BEGIN CERTIFICATE-----\n");
    let output = audit(&world, "--format json .");
    world.write("one.jsonl", &output.stdout);
    world.write("two.jsonl", audit(&world, "--format json www.pem issuers.pem roots.pem").stdout);
    let schema = std::fs::read_to_string(format!("{FOLDER}/schema.sql")).unwrap();
    for line in output.lines() {
        for field in line.as_object().unwrap().keys() {
            assert!(schema.contains(&format!("\n    {field}: ")), "{field} is not in the schema");
        }
    }
    let files = world.folder.join("*.jsonl");
    let Some(said) = python(&[FOLDER, files.to_str().unwrap()]) else { return };
    for column in [
        "due DATE",
        "not_after TIMESTAMP WITH TIME ZONE",
        "timestamps BIGINT",
        "names VARCHAR[]",
        "is_expired BOOLEAN",
        "asks_for_client_certificate BOOLEAN",
    ] {
        assert!(said.contains(&format!("column {column}\n")), "{column}: {said}");
    }
    assert!(!said.contains(" JSON\n"), "{said}");
    let counts: Vec<_> = said.lines().filter_map(|line| line.strip_prefix("query ")).collect();
    assert_eq!(counts.len(), 5, "{said}");
    assert!(counts.iter().all(|count| *count != "0"), "{said}");
    assert!(said.contains("edge.example.com"), "{said}");
}
