//! The adapters of `examples/reference/` by the real toolchains: against every vector, and on the wire
//! with the crate at the other end.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::common::alerts::{Client, PYTHON, sees_every_alert};
use crate::common::files::TempDir;
use crate::common::pki::{Ca, Eku, LeafSpec};
use crate::common::programs::{Built, Run, run};
use time::macros::datetime;

/// An adapter that was built in a folder of its own.
struct Adapter {
    stack: &'static str,
    folder: TempDir,
}

impl Adapter {
    /// None, with a line on stderr, where its toolchain is not installed.
    fn build(stack: &'static str) -> Option<Self> {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/reference").join(stack);
        let folder = TempDir::new();
        let out = folder.path().display();
        let lines = match stack {
            "go" => vec![format!("go build -o {out}/vectors .")],
            "openssl" => vec![
                format!(
                    "cc -Wall -Werror -O1 -o {out}/vectors roles.c rules.c revocation.c slot.c vectors.c -lssl -lcrypto"
                ),
                format!(
                    "cc -Wall -Werror -O1 -o {out}/wire roles.c rules.c revocation.c slot.c wire.c -lssl -lcrypto"
                ),
            ],
            _ => vec![format!(
                "javac -d {out} Roles.java Rules.java Slots.java Vectors.java Wire.java"
            )],
        };
        if stack == "openssl" && !Path::new("/usr/include/openssl/ssl.h").exists() {
            eprintln!("SKIPPED: the headers of OpenSSL are not installed");
            return None;
        }
        for line in lines {
            let mut words = line.split(' ');
            let mut command = Command::new(words.next().unwrap());
            let output = match command.args(words).current_dir(&source).output() {
                Ok(output) => output,
                Err(missing) => {
                    eprintln!("SKIPPED: {line}: {missing}");
                    return None;
                }
            };
            assert!(output.status.success(), "{line}\n{}", String::from_utf8_lossy(&output.stderr));
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
    fn call(&self, files: &Path, address: &str) -> Run {
        run(self.program("wire", &["call", &files.to_string_lossy(), address]), b"")
    }

    fn serve(&self, files: &Path) -> Server {
        Server::start(self.program("wire", &["serve", &files.to_string_lossy()]))
    }
}

/// A program that printed its address, and is stopped when dropped.
struct Server {
    child: Child,
    address: String,
}

impl Server {
    fn start(mut program: Command) -> Self {
        let mut child = program.stdout(Stdio::piped()).spawn().unwrap();
        let mut address = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut address).unwrap();
        Self { child, address: address.trim().into() }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may be gone already; the test has failed then.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn program(name: &str) -> PathBuf {
    Built::examples(&["vectors", "embed"]).program(name)
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
        let (begin, end) = (datetime!(2020-01-01 0:00 UTC), datetime!(2049-01-01 0:00 UTC));
        let folder = TempDir::new();
        for (role, ca, host, eku) in [
            ("server", &self.servers, "core.example.com", Eku::server()),
            ("client", &self.clients, client, eku),
        ] {
            let leaf = ca.leaf(LeafSpec::new(host).dns(host).eku(eku).valid(begin, end));
            folder.write(&format!("{role}-roots.pem"), ca.pem());
            folder.write(&format!("{role}.pem"), leaf.cert_pem());
            folder.write(&format!("{role}.key"), leaf.key_pem());
        }
        folder
    }
}

fn answers_every_vector(stack: &'static str) {
    let Some(adapter) = Adapter::build(stack) else { return };
    let vectors = |arguments: &[&str]| {
        let mut program = Command::new(program("vectors"));
        program.args(arguments);
        run(program, b"")
    };
    let exported = TempDir::new();
    assert_eq!(vectors(&["export", &exported.path().to_string_lossy()]).code, 0);
    let answers = exported.write("answers", adapter.answers(exported.path()));
    let judged = vectors(&["judge", stack, &answers.to_string_lossy()]);
    assert_eq!(judged.code, 0, "{}", judged.stdout);
}

/// A client in order, one that is relaxed, and one that is refused for its EKU; the adapter calls the
/// crate and itself, and the crate calls the adapter.
fn talks_to_embed(stack: &'static str) {
    const EDGE: &str = "edge.example.com";
    let Some(adapter) = Adapter::build(stack) else { return };
    let files = Files::new();
    let in_order = files.with(Eku::client(), EDGE);
    let embed = |arguments: &[&str]| {
        let mut embed = Command::new(program("embed"));
        embed.arg(in_order.path()).args(arguments);
        embed
    };
    let (crates, theirs) = (Server::start(embed(&[])), adapter.serve(in_order.path()));
    let said = run(embed(&[&theirs.address]), b"");
    assert!(said.code == 0 && said.stdout.contains(EDGE), "{said:?}");
    for (eku, client, is_accepted) in [
        (Eku::client(), EDGE, true),
        (Eku::server(), EDGE, true),
        (Eku::server(), "stranger.example.com", false),
    ] {
        let files = files.with(eku, client);
        for address in [&crates.address, &theirs.address] {
            let said = adapter.call(files.path(), address);
            assert_eq!(said.code == 0, is_accepted, "{said:?}");
            assert_eq!(said.stdout.contains("you are"), is_accepted, "{said:?}");
            assert!(!is_accepted || said.stdout.contains(client), "{said:?}");
            assert!(is_accepted || said.stdout.to_lowercase().contains("certificate"), "{said:?}");
        }
    }
}

#[test]
fn the_adapter_in_go_answers_every_vector_or_says_why_not() {
    answers_every_vector("go");
}

#[test]
fn the_adapter_on_openssl_answers_every_vector_or_says_why_not() {
    answers_every_vector("openssl");
}

#[test]
fn the_adapter_in_java_answers_every_vector_or_says_why_not() {
    answers_every_vector("java");
}

#[test]
fn the_adapter_in_go_talks_to_embed_at_both_ends() {
    talks_to_embed("go");
}

#[test]
fn the_adapter_on_openssl_talks_to_embed_at_both_ends() {
    talks_to_embed("openssl");
}

#[test]
fn the_adapter_in_java_talks_to_embed_at_both_ends() {
    talks_to_embed("java");
}

/// A refused client that is still writing sees why, as it does in front of the crate's listener.
/// `alert` is what its library makes of a refusal by the application.
fn is_refused_audibly(stack: &'static str, alert: &'static str) {
    let Some(adapter) = Adapter::build(stack) else { return };
    let files = Files::new();
    let in_order = files.with(Eku::client(), "edge.example.com");
    let server = adapter.serve(in_order.path());
    let (begin, end) = (datetime!(2020-01-01 0:00 UTC), datetime!(2049-01-01 0:00 UTC));
    let stranger = LeafSpec::new("stranger").dns("stranger.example.com").eku(Eku::server());
    let stranger = files.clients.leaf(stranger.valid(begin, end));
    let (interpreter, script, _): Client = PYTHON;
    sees_every_alert((interpreter, script, alert), server.address.parse().unwrap(), &stranger);
}

#[test]
fn who_is_refused_by_the_adapter_in_go_sees_the_alert_every_time() {
    is_refused_audibly("go", "bad certificate");
}

#[test]
fn who_is_refused_by_the_adapter_on_openssl_sees_the_alert_every_time() {
    is_refused_audibly("openssl", "unsupported certificate");
}

#[test]
fn who_is_refused_by_the_adapter_in_java_sees_the_alert_every_time() {
    is_refused_audibly("java", "certificate unknown");
}

/// What cannot be done is said for each stack, with a reason a row.
#[test]
fn every_row_of_what_cannot_be_done_has_a_reason() {
    for stack in ["go", "openssl", "java", "mtls-roles"] {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/reference").join(stack);
        let rows = fs::read_to_string(folder.join("cannot.txt")).unwrap();
        for row in rows.lines().filter(|row| !row.starts_with('#')) {
            let (_, reason) = row.split_once('\t').unwrap_or_else(|| panic!("{stack}: {row}"));
            assert!(reason.len() > 20, "{stack}: {row}");
        }
    }
}
