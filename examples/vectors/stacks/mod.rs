//! How the stacks stand without the fix: their own verification, with the EKU as it comes and off.
//!
//! Needs Go, OpenSSL, GnuTLS (both with headers), Java, HAProxy, nginx and libfaketime; `MTLS_ROLES_GO`
//! names a current Go beside the system's. The table in `docs/REFERENCE.md` is written by this.

mod servers;

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use rustls::RootCertStore;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, CertificateRevocationListDer, ServerName};
use rustls::server::WebPkiClientVerifier;

use crate::export;
use crate::format::{Suite, Vector};
use crate::requirements::Requirements;
use crate::run::{chain, now};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// Which vectors a stack accepts, by id, under a heading of two lines.
struct Column {
    heading: String,
    accepts: BTreeMap<String, bool>,
}

const MARKS: [&str; 2] = ["<!-- stacks: begin -->", "<!-- stacks: end -->"];

/// Writes the table into the page.
pub fn write(suite: &Suite) -> Result<()> {
    let folder = std::env::temp_dir().join(format!("mtls-roles-stacks-{}", std::process::id()));
    export::write(suite, &folder)?;
    let columns = columns(suite, &folder);
    fs::remove_dir_all(&folder)?;
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/REFERENCE.md");
    let text = fs::read_to_string(&page)?;
    let (before, rest) = text.split_once(MARKS[0]).ok_or("the page has no mark for the table")?;
    let (_, behind) = rest.split_once(MARKS[1]).ok_or("the page has no end of the table")?;
    let table = table(suite, &columns?);
    fs::write(page, format!("{before}{}\n{table}{}{behind}", MARKS[0], MARKS[1]))?;
    Ok(())
}

fn columns(suite: &Suite, folder: &Path) -> Result<Vec<Column>> {
    let plain = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/reference/plain");
    let source = |name: &str| plain.join(name).display().to_string();
    let at = |name: &str| folder.join(name).display().to_string();
    let mut columns = vec![rustls(suite)];
    let mut gos = vec!["go".to_owned()];
    gos.extend(std::env::var("MTLS_ROLES_GO").ok());
    for go in gos {
        let version = run(Command::new(&go).arg("version"))?;
        let version = version.split_whitespace().nth(2).unwrap_or("go").replace("go", "Go ");
        let output = run(Command::new(&go).args(["run", &source("plain.go"), &at("")]))?;
        columns.extend(both(&version, "purpose any", &output));
    }
    for (name, off, file, library) in [
        ("OpenSSL", "purpose any", "plain.c", "-lcrypto"),
        ("GnuTLS", "no purpose", "gnutls.c", "-lgnutls"),
    ] {
        let program = at(file).replace(".c", "");
        run(Command::new("cc").args(["-O1", "-o", &program, &source(file), library]))?;
        let output = run(Command::new(&program).arg(folder))?;
        columns.extend(both(&version_of(name)?, off, &output));
    }
    let output = run(Command::new("java").arg(source("Plain.java")).arg(folder))?;
    columns.extend(both(&version_of("Java")?, "PKIX alone", &output));
    for setting in servers::SETTINGS {
        let accepts = setting.play(suite, folder)?;
        columns.push(Column { heading: setting.heading.into(), accepts });
    }
    Ok(columns)
}

/// What Debian calls them, since libraries do not tell in one way.
fn version_of(name: &str) -> Result<String> {
    let output = match name {
        "OpenSSL" => run(Command::new("openssl").arg("version"))?,
        "GnuTLS" => run(Command::new("certtool").arg("--version"))?,
        _ => run(Command::new("java").arg("--version"))?,
    };
    let is_version = |word: &&str| word.starts_with(|c: char| c.is_ascii_digit());
    let version = output.split_whitespace().find(is_version).unwrap_or_default();
    Ok(format!("{name} {version}"))
}

fn run(command: &mut Command) -> Result<String> {
    let output = command.output().map_err(|error| format!("{command:?}: {error}"))?;
    match output.status.success() {
        true => Ok(String::from_utf8(output.stdout)?),
        false => Err(format!("{command:?}: {}", String::from_utf8_lossy(&output.stderr)).into()),
    }
}

/// A line is an id and two answers.
fn both(stack: &str, off: &str, output: &str) -> [Column; 2] {
    let column = |heading: String, field: usize| Column {
        heading,
        accepts: output
            .lines()
            // The programs know of no slots.
            .filter(|line| !line.starts_with("slots-"))
            .map(|line| line.split('\t').collect::<Vec<_>>())
            .map(|fields| (fields[0].to_owned(), fields[field] == "true"))
            .collect(),
    };
    [column(stack.into(), 1), column(format!("{stack}, {off}"), 2)]
}

/// Stock rustls, which has no switch for the EKU.
fn rustls(suite: &Suite) -> Column {
    let accepts = |vector: &Vector| (vector.id.clone(), stock_accepts(suite, vector).is_some());
    Column { heading: "rustls 0.23".into(), accepts: suite.about_peers().map(accepts).collect() }
}

fn stock_accepts(suite: &Suite, vector: &Vector) -> Option<()> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let mut roots = RootCertStore::empty();
    for name in &vector.roots {
        let pem = suite.certificates[name].as_bytes();
        roots.add(CertificateDer::from_pem_slice(pem).ok()?).ok()?;
    }
    let list = |name| CertificateRevocationListDer::from_pem_slice(suite.crls[name].as_bytes());
    let crls: Vec<_> = vector.crls.iter().map(list).collect::<std::result::Result<_, _>>().ok()?;
    let (chain, now) = (chain(suite, vector), now(vector));
    let (leaf, others) = chain.split_first()?;
    match &vector.server_name {
        None => {
            let clients = WebPkiClientVerifier::builder_with_provider(roots.into(), provider);
            let clients = clients.with_crls(crls).build().ok()?;
            clients.verify_client_cert(leaf, others, now).ok().map(drop)
        }
        Some(name) => {
            let servers = WebPkiServerVerifier::builder_with_provider(roots.into(), provider);
            let servers = servers.with_crls(crls).build().ok()?;
            let name = ServerName::try_from(name.as_str()).ok()?;
            servers.verify_server_cert(leaf, others, &name, &[], now).ok().map(drop)
        }
    }
}

/// A row for each requirement: what is let in that should not be, what is kept out that should.
fn table(suite: &Suite, columns: &[Column]) -> String {
    let mut text = String::from("| requirement | vectors |");
    columns.iter().for_each(|column| text.extend([" ", &column.heading, " |"]));
    text.push_str("\n| --- | ---: |");
    columns.iter().for_each(|_| text.push_str(" --- |"));
    text.push('\n');
    for id in Requirements::read().ids {
        let about: Vec<_> =
            suite.about_peers().filter(|vector| vector.requirements.contains(&id)).collect();
        if !about.is_empty() {
            // Writing to a String cannot fail.
            let _ = write!(text, "| {id} | {} |", about.len());
            columns.iter().for_each(|column| text.extend([" ", &column.cell(&about), " |"]));
            text.push('\n');
        }
    }
    let all: Vec<_> = suite.about_peers().collect();
    let _ = write!(text, "| **all** | {} |", all.len());
    columns.iter().for_each(|column| text.extend([" ", &column.cell(&all), " |"]));
    text.push_str("\n| vectors asked | |");
    let asked = columns.iter().map(|column| format!(" {} |", column.accepts.len()));
    text.extend(asked);
    text.push('\n');
    text
}

impl Column {
    fn cell(&self, about: &[&Vector]) -> String {
        let count = |is_wanted: bool| {
            let wrong = about.iter().filter(|vector| {
                let wanted = vector.expected.verdict == "accept";
                wanted == is_wanted && self.accepts.get(&vector.id) == Some(&!wanted)
            });
            wrong.count()
        };
        if !about.iter().any(|vector| self.accepts.contains_key(&vector.id)) {
            return "·".into();
        }
        match (count(false), count(true)) {
            (0, 0) => "✓".into(),
            (let_in, 0) => format!("**{let_in} in**"),
            (0, kept_out) => format!("{kept_out} out"),
            (let_in, kept_out) => format!("**{let_in} in**, {kept_out} out"),
        }
    }
}
