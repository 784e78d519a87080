//! `openssl verify`, a development tool only, and the files it reads.

use std::path::PathBuf;
use std::process::Command;

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

    /// `openssl verify` at `NOW` with these roots, for more arguments; the leaf's file comes last.
    pub fn verify<'d>(&self, roots: impl IntoIterator<Item = &'d [u8]>) -> Command {
        let mut verify = Command::new("openssl");
        verify
            .args(["verify", "-no-CApath", "-no-CAstore", "-attime"])
            .arg(NOW.unix_timestamp().to_string())
            .arg("-CAfile")
            .arg(self.file("roots.pem", "CERTIFICATE", roots));
        verify
    }
}

/// The verdict, and what was printed.
pub fn accepts(verify: &mut Command) -> (bool, String) {
    let output = verify.output().unwrap();
    let told = [output.stdout, output.stderr].concat();
    let told = String::from_utf8_lossy(&told).into_owned();
    let refused = told.contains("verification failed");
    assert!(output.status.success() != refused, "openssl cannot: {told}");
    (!refused, told)
}
