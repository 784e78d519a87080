//! The adapters of `examples/reference/` by the real toolchains: against every vector, and on the wire
//! with the crate at the other end.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::common::alerts::{Client, PYTHON, sees_every_alert};
use crate::common::files::TempDir;
use crate::common::pki::{Ca, Eku, LeafSpec};
use crate::common::process::{Process, is_installed};
use crate::common::programs::{Run, run};
use crate::files::vectors;
use crate::program;
use time::macros::datetime;

/// The client that is in order.
const EDGE: &str = "edge.example.com";

/// An adapter that was built in a folder of its own.
struct Adapter {
    stack: &'static str,
    folder: TempDir,
}

impl Adapter {
    /// None, with a line on stderr, where its toolchain is not installed.
    fn build(stack: &'static str) -> Option<Self> {
        const C: &str = "cc -Wall -Werror -O1 roles.c rules.c revocation.c slot.c";
        let folder = TempDir::new();
        let out = folder.path().display();
        let lines = match stack {
            "go" => vec![format!("go build -o {out}/vectors .")],
            "openssl" => ["vectors", "wire"]
                .map(|name| format!("{C} {name}.c -o {out}/{name} -lssl -lcrypto"))
                .into(),
            _ => vec![format!(
                "javac -d {out} Roles.java Rules.java Slots.java Vectors.java Wire.java"
            )],
        };
        let headers = Path::new("/usr/include/openssl/ssl.h");
        if stack == "openssl" && !headers.exists() {
            eprintln!("SKIPPED: the headers of OpenSSL are not installed");
            return None;
        }
        for line in lines {
            let (program, arguments) = line.split_once(' ').unwrap();
            if !is_installed(program) {
                return None;
            }
            let mut command = Command::new(program);
            command.args(arguments.split(' ')).current_dir(source(stack));
            let built = run(command, b"");
            assert_eq!(built.code, 0, "{line}\n{}", built.stderr);
        }
        Some(Self { stack, folder })
    }

    fn program(&self, name: &str, arguments: &[&str]) -> Command {
        let mut command = match self.stack {
            "java" => {
                let mut java = Command::new("java");
                java.arg("-cp").arg(self.folder.path());
                java.arg(if name == "vectors" { "Vectors" } else { "Wire" });
                java
            }
            "go" => Command::new(self.folder.join("vectors")),
            _ => Command::new(self.folder.join(name)),
        };
        command.args(arguments);
        command
    }

    /// Its answers to the vectors, as `judge` reads them.
    fn answers(&self, exported: &Path) -> String {
        let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/vectors");
        let program = match self.stack {
            "go" => self.program("vectors", &["vectors", &docs.to_string_lossy()]),
            _ => self.program("vectors", &[&exported.to_string_lossy()]),
        };
        let run = run(program, b"");
        assert_eq!(run.code, 0, "{}", run.stderr);
        run.stdout
    }

    /// What it says as a client, in words or in the alert's.
    fn call(&self, files: &Path, address: SocketAddr) -> Run {
        let (files, address) = (files.to_string_lossy(), address.to_string());
        run(self.program("wire", &["call", &files, &address]), b"")
    }

    fn serve(&self, files: &Path) -> Server {
        Server::start(self.program("wire", &["serve", &files.to_string_lossy()]))
    }
}

/// A program that said where it listens.
struct Server {
    address: SocketAddr,
    _process: Process,
}

impl Server {
    fn start(program: Command) -> Self {
        let process = Process::start(program);
        Self { address: process.find(|line| line.trim().parse().ok()), _process: process }
    }
}

fn source(stack: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/reference").join(stack)
}

/// The files of `embed`, whose own slots want them in order; and the same with another client.
struct Files {
    servers: Ca,
    clients: Ca,
}

impl Files {
    fn new() -> Self {
        Self { servers: Ca::root_named("server CA"), clients: Ca::root_named("client CA") }
    }

    fn with(&self, eku: Eku, client: &str) -> TempDir {
        let folder = TempDir::new();
        for (role, ca, host, eku) in [
            ("server", &self.servers, "core.example.com", Eku::server()),
            ("client", &self.clients, client, eku),
        ] {
            let leaf = ca.leaf(leaf(host, eku));
            folder.write(&format!("{role}-roots.pem"), ca.pem());
            folder.write(&format!("{role}.pem"), leaf.cert_pem());
            folder.write(&format!("{role}.key"), leaf.key_pem());
        }
        folder
    }
}

/// For years: the adapters read the machine's clock.
fn leaf(host: &str, eku: Eku) -> LeafSpec {
    let (begin, end) = (datetime!(2020-01-01 0:00 UTC), datetime!(2049-01-01 0:00 UTC));
    LeafSpec::new(host).dns(host).eku(eku).valid(begin, end)
}

fn answers_every_vector(adapter: &Adapter) {
    let exported = TempDir::new();
    assert_eq!(vectors(&["export", &exported.path().to_string_lossy()]).code, 0);
    let answers = exported.write("answers", adapter.answers(exported.path()));
    let judged = vectors(&["judge", adapter.stack, &answers.to_string_lossy()]);
    assert_eq!(judged.code, 0, "{}", judged.stdout);
}

/// A client in order, one that is relaxed, and one that is refused for its EKU; the adapter calls the
/// crate and itself, and the crate calls the adapter.
fn talks_to_embed(adapter: &Adapter) {
    let files = Files::new();
    let in_order = files.with(Eku::client(), EDGE);
    let embed = |arguments: &[&str]| {
        let mut embed = Command::new(program("embed"));
        embed.arg(in_order.path()).args(arguments);
        embed
    };
    let (crates, theirs) = (Server::start(embed(&[])), adapter.serve(in_order.path()));
    let said = run(embed(&[&theirs.address.to_string()]), b"");
    assert!(said.code == 0 && said.stdout.contains(EDGE), "{said:?}");
    for (eku, client, is_accepted) in [
        (Eku::client(), EDGE, true),
        (Eku::server(), EDGE, true),
        (Eku::server(), "stranger.example.com", false),
    ] {
        let files = files.with(eku, client);
        for address in [crates.address, theirs.address] {
            let said = adapter.call(files.path(), address);
            assert_eq!(said.code == 0, is_accepted, "{said:?}");
            assert_eq!(said.stdout.contains("you are"), is_accepted, "{said:?}");
            assert!(!is_accepted || said.stdout.contains(client), "{said:?}");
            assert!(is_accepted || said.stdout.to_lowercase().contains("certificate"), "{said:?}");
        }
    }
}

/// A refused client that is still writing sees why, as it does in front of the crate's listener.
/// `alert` is what its library makes of a refusal by the application.
fn is_refused_audibly(adapter: &Adapter, alert: &'static str) {
    let files = Files::new();
    let in_order = files.with(Eku::client(), EDGE);
    let server = adapter.serve(in_order.path());
    let stranger = files.clients.leaf(leaf("stranger.example.com", Eku::server()));
    let (interpreter, script, _): Client = PYTHON;
    sees_every_alert((interpreter, script, alert), server.address, &stranger);
}

/// It answers every vector or says why not, talks to the crate at both ends, and refuses audibly.
fn keeps_the_reference(stack: &'static str, alert: &'static str) {
    let Some(adapter) = Adapter::build(stack) else { return };
    answers_every_vector(&adapter);
    talks_to_embed(&adapter);
    is_refused_audibly(&adapter, alert);
}

#[test]
fn the_adapter_in_go_keeps_the_reference() {
    keeps_the_reference("go", "bad certificate");
}

#[test]
fn the_adapter_on_openssl_keeps_the_reference() {
    keeps_the_reference("openssl", "unsupported certificate");
}

#[test]
fn the_adapter_in_java_keeps_the_reference() {
    keeps_the_reference("java", "certificate unknown");
}

/// What cannot be done is said for each stack, with a reason a row.
#[test]
fn every_row_of_what_cannot_be_done_has_a_reason() {
    for stack in ["go", "openssl", "java", "mtls-roles"] {
        let rows = fs::read_to_string(source(stack).join("cannot.txt")).unwrap();
        for row in rows.lines().filter(|row| !row.starts_with('#')) {
            let (_, reason) = row.split_once('\t').unwrap_or_else(|| panic!("{stack}: {row}"));
            assert!(reason.len() > 20, "{stack}: {row}");
        }
    }
}
