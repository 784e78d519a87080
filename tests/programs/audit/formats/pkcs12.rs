//! PKCS#12 as OpenSSL writes it, by every algorithm, and as others do.

use std::process::Command;

use super::make::Cast;
use super::run::audit;
use crate::common::files::TempDir;

const ALGORITHMS: [&str; 14] = [
    "PBE-SHA1-3DES",
    "PBE-SHA1-2DES",
    "PBE-SHA1-RC2-40",
    "PBE-SHA1-RC2-128",
    "PBE-SHA1-RC4-40",
    "PBE-SHA1-RC4-128",
    "AES-128-CBC",
    "AES-192-CBC",
    "AES-256-CBC",
    "DES-EDE3-CBC",
    "DES-CBC",
    "RC2-CBC",
    "camellia-256-cbc",
    "aria-128-cbc",
];

/// Beyond ASCII, and beyond the Basic Multilingual Plane.
const PASSWORDS: [&str; 3] = ["", "sesame", "pässwort😀"];

struct Made {
    folder: TempDir,
    cast: Cast,
}

impl Made {
    fn new() -> Self {
        let (folder, cast) = (TempDir::new(), Cast::new());
        folder.write("edge.pem", cast.pem());
        folder.write("edge.key", cast.edge.key_pem());
        Self { folder, cast }
    }

    /// What OpenSSL makes of it; nothing if there is no OpenSSL, or none that can.
    fn export(&self, password: &str, more: &str) -> Option<Vec<u8>> {
        let mut openssl = Command::new("openssl");
        openssl
            .current_dir(self.folder.path())
            .args("pkcs12 -export -in edge.pem -inkey edge.key -out made".split(' '));
        openssl.args(more.split_whitespace()).args(["-passout", &format!("pass:{password}")]);
        let output = openssl.output().ok().filter(|output| output.status.success());
        match output {
            Some(_) => std::fs::read(self.folder.join("made")).ok(),
            None => {
                eprintln!("SKIPPED: openssl does not export with {more}");
                None
            }
        }
    }
}

#[test]
fn what_openssl_writes_is_opened_by_every_algorithm_and_password_and_its_key_too() {
    let made = Made::new();
    let mut files = vec![];
    for algorithm in ALGORITHMS {
        for (place, password) in PASSWORDS.iter().enumerate() {
            let more = format!("-legacy -certpbe {algorithm} -keypbe {algorithm} -iter 10");
            let name = format!("{algorithm}-{place}");
            files.extend(made.export(password, &more).map(|file| (name, file)));
        }
    }
    for prf in ["hmacWithSHA1", "hmacWithSHA224", "hmacWithSHA384", "hmacWithSHA512"] {
        let more =
            format!("-certpbe AES-256-CBC -keypbe AES-256-CBC -iter 10 -macalg {}", &prf[8..]);
        files.extend(made.export("sesame", &more).map(|file| (prf.to_owned(), file)));
    }
    let passwords = TempDir::new();
    let passwords = passwords.write("passwords", format!("wrong\n{}\n", PASSWORDS.join("\n")));
    let files: Vec<_> = files.iter().map(|(name, file)| (name.as_str(), file.clone())).collect();
    let told = audit(&files, &["--password-file", passwords.to_str().unwrap()]);
    assert_eq!(told.unreadable(), [].into());
    for (name, _) in &files {
        assert!(
            files.is_empty() || told.places("edge").iter().any(|place| place == name),
            "{name}"
        );
    }
    // The first ten keys are listed, and each belongs to the certificate.
    assert_eq!(told.keys("edge").len(), files.len().min(10));
}

/// RC4 has no padding: of a few hundred wrong passwords one or two make octets of an archive that
/// begin as one does. What they make is not taken for it.
#[test]
fn a_wrong_password_is_never_taken_for_the_right_one() {
    let made = Made::new();
    let more = "-legacy -certpbe PBE-SHA1-RC4-40 -keypbe PBE-SHA1-RC4-40 -iter 1";
    let names: Vec<_> = (0..8).map(|number| format!("{number}.p12")).collect();
    let files = names.iter().map(|name| Some((name.as_str(), made.export("sesame", more)?)));
    let Some(files) = files.collect::<Option<Vec<_>>>() else { return };
    let wrong: String = (0..1_000).map(|number| format!("wrong {number}\n")).collect();
    let passwords = TempDir::new();
    let passwords = passwords.write("passwords", wrong + "sesame\n");
    let told = audit(&files, &["--password-file", passwords.to_str().unwrap()]);
    assert_eq!(told.unreadable(), [].into());
    assert_eq!(told.places("edge"), names);
    assert_eq!(told.keys("edge").len(), names.len());
}

#[test]
fn a_certificate_in_the_clear_needs_no_password_and_its_key_stays_closed() {
    let made = Made::new();
    let rows = [("clear", "-certpbe NONE"), ("no-mac", "-certpbe NONE -nomac")];
    for (name, more) in rows {
        let Some(file) = made.export("nobody knows", more) else { return };
        let told = audit(&[(name, file)], &[]);
        assert_eq!((told.places("edge"), told.unreadable()), (vec![name.to_owned()], [].into()));
        assert_eq!(told.keys("edge"), Vec::<String>::new());
    }
}

/// One password for the MAC and one for the content; and the MAC of RFC 9579, which is as little
/// looked at: what decrypts needs no other proof.
#[test]
fn a_mac_by_whatever_password_or_function_is_no_obstacle() {
    let made = Made::new();
    let Some(file) = made.export("sesame", "-certpbe AES-256-CBC -keypbe AES-256-CBC") else {
        return;
    };
    let at = file.windows(9).rposition(|oid| oid == [0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1]);
    let mut other = file.clone();
    // Another function, and another hash.
    other[at.unwrap() + 8] = 99;
    *other.last_mut().unwrap() ^= 1;
    let passwords = TempDir::new();
    let passwords = passwords.write("passwords", "sesame\n");
    let told = audit(&[("other", other)], &["--password-file", passwords.to_str().unwrap()]);
    assert_eq!((told.places("edge"), told.unreadable()), (vec!["other".to_owned()], [].into()));
}

/// The reason that is told is that of the password that fits.
#[test]
fn without_its_password_it_is_a_finding_and_with_it_the_reason_is_the_one_that_counts() {
    let made = Made::new();
    let Some(file) = made.export("sesame", "-certpbe AES-256-CBC -keypbe AES-256-CBC") else {
        return;
    };
    let passwords = TempDir::new();
    let passwords = passwords.write("passwords", "wrong\nsesame\nwrong again\n");
    let closed = audit(&[("edge.p12", file.clone())], &[]);
    let reason = &closed.unreadable()["edge.p12"];
    assert!(
        reason.contains("none of the passwords") && reason.contains("--password-file"),
        "{reason}"
    );
    let opened = audit(&[("edge.p12", file)], &["--password-file", passwords.to_str().unwrap()]);
    assert_eq!(opened.places("edge"), ["edge.p12"]);
    drop(made.cast);
}
