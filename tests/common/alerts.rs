//! Clients of other makes that are refused, and whether the alert reached them, however much they had
//! written already.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;

use super::files::TempDir;
use super::pki::Leaf;
use super::process::is_installed;
use super::programs::run;

/// More than any buffer between the two takes: the client is still writing when it is refused.
pub const AT_ONCE: usize = 200_000;

/// What runs the client, the client, and what it calls the alert.
pub type Client = (&'static str, &'static str, &'static str);

pub const PYTHON: Client = ("python3", "client.py", "unsupported certificate");
pub const JAVA: Client = ("java", "Client.java", "unsupported_certificate");

/// A hundred visits in each version with this certificate, whose EKU is wrong: each sees the alert.
pub fn sees_every_alert(client: Client, server: SocketAddr, unfit: &Leaf) {
    let (interpreter, script, alert) = client;
    if !is_installed(interpreter) {
        return;
    }
    let files = TempDir::new();
    files.write("unfit.pem", unfit.cert_pem());
    files.write("unfit.key", unfit.key_pem());
    files.write("unfit.der", unfit.der());
    files.write("unfit.key.der", unfit.key_der().secret_der());
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/common/alerts").join(script);
    for version in ["TLSv1.2", "TLSv1.3"] {
        let mut client = Command::new(interpreter);
        let (port, at_once) = (server.port().to_string(), AT_ONCE.to_string());
        client.arg(&script).args([&port, version, &at_once]).arg(files.path());
        let run = run(client, b"");
        let seen = run.stdout.lines().filter(|line| line.contains(alert)).count();
        assert_eq!((run.code, seen), (0, 100), "{version}: {run:?}");
    }
}
