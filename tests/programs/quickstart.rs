//! What `quickstart` shows; that `embed` and `axum_mtls` end well.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use crate::common::agreed::agreed;
use crate::common::files::TempDir;
use crate::common::programs::run;
use crate::program;

/// The verdict of every row, and no line wider than 120 columns; keys differ from run to run.
#[test]
fn quickstart_shows_what_was_agreed() {
    let output = run(Command::new(program("quickstart")), b"");
    assert_eq!((output.code, &*output.stderr), (0, ""));
    let fingerprint = "spki-sha256:";
    let mut parts = output.stdout.split(fingerprint);
    let begin = parts.next().unwrap().to_owned();
    let keyless = parts.fold(begin, |told, part| told + fingerprint + "-------" + &part[7..]);
    agreed("programs/quickstart.txt", &keyless);
}

/// What the adapters' README begins with.
#[test]
fn embed_serves_from_a_folder_that_it_makes() {
    let folder = TempDir::new();
    let mut embed = Command::new(program("embed"));
    embed.arg(folder.join("new")).stdout(Stdio::piped());
    let mut server = embed.spawn().unwrap();
    let mut address = String::new();
    BufReader::new(server.stdout.take().unwrap()).read_line(&mut address).unwrap();
    server.kill().unwrap();
    server.wait().unwrap();
    assert!(address.starts_with("127.0.0.1:"), "{address}");
    assert!(folder.join("new/server-roots.pem").exists());
}

#[test]
fn embed_swaps_the_client_certificate_while_running_and_ends_by_itself() {
    let output = run(Command::new(program("embed")), b"");
    assert_eq!(output.code, 0, "{output:?}");
    let lines: Vec<_> = output.stdout.lines().collect();
    let [first, swapped, second] = lines[..] else { panic!("{lines:?}") };
    let you = "the server says: you are dns:edge.example.com, serial ";
    let serial = |line: &str| {
        let rest = line.strip_prefix(you).unwrap();
        rest.split(',').next().unwrap().to_owned()
    };
    assert!(swapped.ends_with(&serial(first)), "{lines:?}");
    assert_ne!(serial(first), serial(second));
}

#[test]
fn axum_mtls_answers_over_http_2_with_the_peers_name_and_ends_by_itself() {
    let output = run(Command::new(program("axum_mtls")), b"");
    assert_eq!(output.code, 0, "{output:?}");
    let answer = "the handler says: dns:edge.example.com over HTTP/2.0\n\
                  the echo says:    dns:edge.example.com, you said: hello\n";
    assert_eq!(output.stdout, answer);
}
