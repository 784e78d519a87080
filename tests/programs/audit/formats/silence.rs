//! What holds no certificate is no error, and neither is what speaks of one.

use super::make::{Cast, base64};
use super::run::audit;
use crate::common::pki::CrlSpec;

#[test]
fn what_holds_none_is_no_error() {
    let cast = Cast::new();
    let mark = "-----BEGIN CERTIFICATE-----";
    let end = "-----END CERTIFICATE-----";
    let block = |label: &str, body: &str| {
        format!("-----BEGIN {label}-----\n{body}\n-----END {label}-----\n")
    };
    let key = base64([7; 300]);
    let broken = block("CERTIFICATE", &key);
    let hash = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
    #[rustfmt::skip]
    let texts: Vec<(&str, String)> = vec![
        ("id_ed25519", block("OPENSSH PRIVATE KEY", &base64([b'o'; 200]))),
        ("aws.pem", block("OPENSSH PRIVATE KEY", &base64([b'o'; 200]))),
        ("backup.asc", block("PGP PRIVATE KEY BLOCK", &format!("Version: 1\n\n{key}\n=aBcD"))),
        ("ta.key", block("OpenVPN Static key V1", "6acef03f62675b4b1bbd03e53b187727\n6acef03f62675b4b1bbd03e53b187727")),
        ("rfc4716.pub", format!("---- BEGIN SSH2 PUBLIC KEY ----\nComment: \"x\"\n{key}\n---- END SSH2 PUBLIC KEY ----\n")),
        ("vault.yaml", "password: !vault |\n  $ANSIBLE_VAULT;1.1;AES256\n  3133\n".into()),
        ("password.yaml", format!("password: vault:v1:{key}\n")),
        ("message.asc", block("PGP MESSAGE", &format!("\n{key}\n=aBcD"))),
        ("secrets.yaml", format!("enc: |\n  {}", block("AGE ENCRYPTED FILE", &key).replace('\n', "\n  "))),
        ("dump.txt", "0000: 30 82 03 aa 30 82 02 92 a0 03 02 01  0...0.......\n".into()),
        ("page.xml", format!("<p>{mark}<br/>\n<your certificate>\n</p>{end}")),
        ("request.pem", block("CERTIFICATE REQUEST", "AA==")),
        ("request.csr", block("CERTIFICATE REQUEST", "AA==")),
        ("dh.pem", block("DH PARAMETERS", &base64([0x30, 6, 2, 1, 7, 2, 1, 2]))),
        ("list.crl.pem", cast.ca.crl_pem(CrlSpec::new(1))),
        ("README", format!("Paste what begins with {mark} and ends with {end} into the form.\n")),
        ("manual.txt", format!("The file looks like this:\n\n  {mark}\n  ...\n  {end}\n")),
        ("elided.yaml", format!("# tls.crt: |\n#   {mark}\n#   MIIDdzCCAl+gAwIBAgIEAgAAuTANBgkqhkiG9w0BAQUFADBaMQsw...\n#   {end}\n")),
        ("values.yaml", format!("tls:\n  crt: |\n    {mark}\n    your certificate here\n    {end}\n  key: \"\"\n")),
        ("template.conf.j2", format!("{mark}\n{{{{ certificate }}}}\n{end}\n")),
        ("renew.sh", format!("#!/bin/sh\ngrep -c -e '{mark}' \"$1\"\nawk '/{mark}/,/{end}/' \"$1\"\n")),
        ("broken_on_purpose.go", format!("const bad = `{broken}`\n")),
        ("broken_on_purpose.md", format!("```\n{broken}```\n")),
        ("root.crt", "This is a dummy file. Add the certificates of your authorities to it.\n".into()),
        ("secret.yaml", "data:\n  tls.crt: \"\"\n  password: aHVudGVy\n  cert_file: /etc/ssl/private/edge-2026-11-21-with-a-long-name/fullchain.pem\n".into()),
        ("pins.json", format!("{{\"certificate\": \"{}\", \"cert_sha256\": \"{hash}\"}}", hash.repeat(4))),
        ("token", format!("eyJhbGciOiJSUzI1NiJ9.{}.{}", base64(b"{\"sub\":\"somebody with a long name, and more\",\"iat\":1}".repeat(3)).trim_end_matches('='), key)),
        ("public-key.json", format!("{{\"key\": \"{}\"}}", base64([&[0x30, 0x81, 0x9f][..], &[5; 0x9f]].concat()))),
    ];
    #[rustfmt::skip]
    let binary = [
        ("list.crl", cast.ca.crl(CrlSpec::new(1)).to_vec()),
        ("picture", vec![0x89, b'P', b'N', b'G', 0, 0]),
        ("sequence", vec![0x30, 3, 2, 1, 7]),
        ("program", [&b"\x7fELF\0"[..], cast.pem().as_bytes()].concat()),
        // What the manual says that is passed over.
        ("module.ko.xz", b"\xfd7zXZ\0\0\x04".to_vec()),
        ("empty.sqlite", b"SQLite format 3\0\x10\0".to_vec()),
        ("zeros.img", vec![0; 9000]),
        ("package.deb", [b"!<arch>\ndebian-binary   \0", cast.pem().as_bytes()].concat()),
    ];
    let texts = texts.into_iter().map(|(name, text)| (name, text.into_bytes()));
    let told = audit(texts.chain(binary));
    assert_eq!(told.unreadable(), [].into());
    assert_eq!((told.code, told.lines().len()), (0, 0), "{told:?}");
}
