//! A refused client sees the alert, however much it had written already.

use std::io;
use std::path::Path;
use std::process::Command;

use crate::common::programs::run;
use crate::common::tls::versions;
use crate::listener::Limits;
use crate::world::{World, ask};
use rustls::{AlertDescription, Error};

/// More than any buffer between the two takes: the client is still writing when it is refused.
const AT_ONCE: usize = 200_000;

#[test]
fn a_client_on_rustls_sees_the_alert_every_time() {
    let world = World::new();
    let service = world.serve(Limits::default());
    let unfit = world.unfit();
    for version in versions() {
        for visit in 0..25 {
            let config = world.visitor_with(Some(&unfit), &[version]);
            let error = ask(service.address, config, &[0; AT_ONCE]).unwrap_err();
            let alert = Error::AlertReceived(AlertDescription::UnsupportedCertificate);
            assert_eq!(tls_error(&error), Some(&alert), "{version:?}, visit {visit}: {error}");
        }
    }
}

#[test]
fn a_client_in_python_sees_the_alert_every_time() {
    sees_every_alert("python3", "tests/listener/client.py", "unsupported certificate");
}

#[test]
fn a_client_in_java_sees_the_alert_every_time() {
    sees_every_alert("java", "tests/listener/Client.java", "unsupported_certificate");
}

/// A hundred visits in each version; the client prints one line for each.
fn sees_every_alert(interpreter: &str, script: &str, alert: &str) {
    if Command::new(interpreter).arg("--version").output().is_err() {
        return eprintln!("SKIPPED: not installed: {interpreter}");
    }
    let world = World::new();
    let (service, files) = (world.serve(Limits::default()), world.files());
    for version in ["TLSv1.2", "TLSv1.3"] {
        let mut client = Command::new(interpreter);
        client.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join(script));
        client.args([service.address.port().to_string(), version.into(), AT_ONCE.to_string()]);
        let run = run(
            {
                client.arg(files.path());
                client
            },
            b"",
        );
        let seen = run.stdout.lines().filter(|line| line.contains(alert)).count();
        assert_eq!((run.code, seen), (0, 100), "{version}: {run:?}");
    }
}

fn tls_error(error: &io::Error) -> Option<&Error> {
    error.get_ref().and_then(|inner| inner.downcast_ref())
}
