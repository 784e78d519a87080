//! `openssl verify`, a development tool only, and the files it reads.

use std::fmt::Debug;
use std::path::PathBuf;
use std::process::Command;

use rustls::pki_types::CertificateDer;

use super::clock::NOW;
use super::files::TempDir;
use super::pki::pem;

/// The program, and the folder of what it reads.
pub struct OpenSsl(TempDir);

impl OpenSsl {
    /// What the classes say was measured with version 3; LibreSSL and others are other programs.
    pub fn find() -> Option<Self> {
        let version = Command::new("openssl").arg("version").output();
        let version = version.map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
        match version {
            Ok(version) if version.starts_with("OpenSSL 3.") => println!("with {version}"),
            Ok(version) => {
                println!("SKIPPED: needed is OpenSSL 3, found {version}");
                return None;
            }
            Err(error) => {
                println!("SKIPPED: there is no openssl here ({error})");
                return None;
            }
        }
        Some(Self(TempDir::new()))
    }

    /// Writes blocks of this label.
    pub fn file<'d>(
        &self,
        name: &str,
        label: &str,
        ders: impl IntoIterator<Item = &'d [u8]>,
    ) -> PathBuf {
        self.0.write(name, ders.into_iter().map(|der| pem(label, der)).collect::<String>())
    }

    /// `openssl verify` at `NOW` of what a peer presents: its verdict, and what it printed.
    pub fn verifies(
        &self,
        roots: &[CertificateDer<'_>],
        chain: &[CertificateDer<'_>],
        more: impl FnOnce(&mut Command),
    ) -> (bool, String) {
        let file = |name: &str, certificates: &[CertificateDer<'_>]| {
            self.file(name, "CERTIFICATE", certificates.iter().map(|der| &**der))
        };
        let mut verify = Command::new("openssl");
        verify
            .args(["verify", "-no-CApath", "-no-CAstore", "-attime"])
            .arg(NOW.unix_timestamp().to_string())
            .arg("-CAfile")
            .arg(file("roots.pem", roots));
        more(&mut verify);
        let (leaf, rest) = chain.split_at(1);
        if !rest.is_empty() {
            verify.arg("-untrusted").arg(file("untrusted.pem", rest));
        }
        let output = verify.arg(file("leaf.pem", leaf)).output().unwrap();
        let told = [output.stdout, output.stderr].concat();
        let told = String::from_utf8_lossy(&told).into_owned();
        let is_refused = told.contains("verification failed");
        assert!(output.status.success() != is_refused, "openssl cannot: {told}");
        (!is_refused, told)
    }
}

/// That both say the same, or the class of their difference: the first that applies of those of the side that refuses.
pub fn classified<C: Copy + Debug>(
    is_accepted_by_us: bool,
    (is_accepted_there, told): (bool, String),
    refused_by_us: &[C],
    refused_there: &[C],
    applies: impl Fn(C) -> bool,
) -> Result<String, String> {
    let classes = match (is_accepted_by_us, is_accepted_there) {
        (true, true) => return Ok("both accept".into()),
        (false, false) => return Ok("both refuse".into()),
        (false, true) => refused_by_us,
        (true, false) => refused_there,
    };
    match classes.iter().find(|class| applies(**class)) {
        Some(class) => Ok(format!("{class:?}")),
        None => Err(format!("unclassified: accepted by us {is_accepted_by_us}, openssl {told}")),
    }
}
