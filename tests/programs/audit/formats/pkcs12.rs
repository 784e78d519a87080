//! PKCS#12 as OpenSSL writes it, by every algorithm, and as others do; PKCS#7 by OpenSSL.

use std::process::Command;

use super::make::Cast;
use super::run::{audit, audit_with, audit_with_passwords, keys_of, places_of};
use crate::common::files::TempDir;
use crate::common::programs::Run;

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

/// The certificates of `edge` and its CA, and the key, in files that OpenSSL reads.
struct Made {
    folder: TempDir,
}

impl Made {
    fn new() -> Self {
        let (folder, cast) = (TempDir::new(), Cast::new());
        folder.write("edge.pem", cast.pem());
        folder.write("chain.pem", cast.pem() + &cast.ca.pem());
        folder.write("edge.key", cast.edge.key_pem());
        Self { folder }
    }

    /// What OpenSSL makes of it; nothing if there is no OpenSSL, or none that can.
    fn openssl(&self, arguments: &str, password: &str) -> Option<Vec<u8>> {
        let mut openssl = Command::new("openssl");
        openssl.current_dir(self.folder.path()).args(arguments.split_whitespace());
        openssl.args(["-out", "made"]).env("PASSWORD", password);
        if !openssl.output().is_ok_and(|output| output.status.success()) {
            eprintln!("SKIPPED: openssl does not {arguments}");
            return None;
        }
        std::fs::read(self.folder.join("made")).ok()
    }

    fn export(&self, password: &str, more: &str) -> Option<Vec<u8>> {
        let export = "pkcs12 -export -in edge.pem -inkey edge.key -passout env:PASSWORD";
        self.openssl(&format!("{export} {more}"), password)
    }
}

/// That each file has the certificate, and that nothing could not be read.
fn each_is_read(told: &Run, names: &[impl AsRef<str>]) {
    assert_eq!(told.unreadable(), [].into());
    let places = places_of(told, "edge");
    for name in names {
        assert!(places.iter().any(|place| place == name.as_ref()), "{}", name.as_ref());
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
        let more = format!("{AES} -iter 10 -macalg {}", &prf[8..]);
        files.extend(made.export("sesame", &more).map(|file| (prf.to_owned(), file)));
    }
    let names: Vec<_> = files.iter().map(|(name, _)| name.clone()).collect();
    let told = audit_with_passwords(files, &format!("wrong\n{}\n", PASSWORDS.join("\n")));
    each_is_read(&told, &names);
    // The first ten keys are listed, and each belongs to the certificate.
    assert_eq!(keys_of(&told, "edge").len(), names.len().min(10));
}

const AES: &str = "-certpbe AES-256-CBC -keypbe AES-256-CBC";

#[test]
fn pkcs_7_of_openssl_is_read() {
    let made = Made::new();
    for form in ["PEM", "DER"] {
        let make = format!("crl2pkcs7 -nocrl -certfile chain.pem -outform {form}");
        let Some(file) = made.openssl(&make, "") else { return };
        let told = audit([("made", file)]);
        let place = if form == "PEM" { "made:1" } else { "made" };
        for name in ["edge", "Forms Root"] {
            assert_eq!(places_of(&told, name), [place], "{name} {form}");
        }
    }
}

/// RC4 has no padding: of a few hundred wrong passwords one or two make octets of an archive that
/// begin as one does. What they make is not taken for it.
#[test]
fn a_wrong_password_is_never_taken_for_the_right_one() {
    let made = Made::new();
    let more = "-legacy -certpbe PBE-SHA1-RC4-40 -keypbe PBE-SHA1-RC4-40 -iter 1";
    let names: Vec<_> = (0..8).map(|number| format!("{number}.p12")).collect();
    let files = names.iter().map(|name| Some((name, made.export("sesame", more)?)));
    let Some(files) = files.collect::<Option<Vec<_>>>() else { return };
    let wrong: String = (0..1_000).map(|number| format!("wrong {number}\n")).collect();
    let told = audit_with_passwords(files, &(wrong + "sesame\n"));
    each_is_read(&told, &names);
    assert_eq!(keys_of(&told, "edge").len(), names.len());
}

#[test]
fn a_certificate_in_the_clear_needs_no_password_and_its_key_stays_closed() {
    let made = Made::new();
    for more in ["-certpbe NONE", "-certpbe NONE -nomac"] {
        let Some(file) = made.export("nobody knows", more) else { return };
        let told = audit([("clear", file)]);
        each_is_read(&told, &["clear"]);
        assert_eq!(keys_of(&told, "edge"), [""; 0], "{more}");
    }
}

/// One password for the MAC and one for the content; and the MAC of RFC 9579, which is as little
/// looked at: what decrypts needs no other proof.
#[test]
fn a_mac_by_whatever_password_or_function_is_no_obstacle() {
    let Some(mut file) = Made::new().export("sesame", AES) else { return };
    let at = file.windows(9).rposition(|oid| oid == [0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1]);
    // Another function, and another hash.
    file[at.unwrap() + 8] = 99;
    *file.last_mut().unwrap() ^= 1;
    each_is_read(&audit_with_passwords([("other", file)], "sesame\n"), &["other"]);
}

/// Modern AES and what Windows and old Java write. The reason that is told is that of the password that
/// fits; the environment may have it, too.
#[test]
fn without_its_password_it_is_a_finding_and_with_it_the_reason_is_the_one_that_counts() {
    let made = Made::new();
    for algorithms in [AES, "-legacy -certpbe PBE-SHA1-3DES -keypbe PBE-SHA1-3DES -macalg SHA1"] {
        let Some(file) = made.export("sesame", algorithms) else { return };
        let file = || [("edge.p12", file.clone())];
        for closed in [audit(file()), audit_with_passwords(file(), "wrong\n")] {
            let reason = &closed.unreadable()["edge.p12"];
            let is_told =
                ["none of the passwords", "--password-file"].map(|it| reason.contains(it));
            assert_eq!((closed.code, is_told), (2, [true; 2]), "{algorithms} {reason}");
        }
        for opened in [
            audit_with_passwords(file(), "wrong\nsesame\nwrong again\n"),
            audit_with(file(), "", &[("AUDIT_PKCS12_PASSWORD", "sesame")]),
        ] {
            each_is_read(&opened, &["edge.p12"]);
            assert_eq!(keys_of(&opened, "edge"), ["edge.p12"], "{algorithms}");
        }
    }
}
