//! A certificate request asks for the purpose of its role and for no other, for the names that are in use or
//! given, signed by any key that a slot can have; OpenSSL reads and verifies it. What cannot be asked for is in
//! `tests/loading/errors.txt`.

use std::collections::BTreeSet;
use std::process::Command;

use crate::common::agreed::agreed;
use crate::common::device::{Device, Tells};
use crate::common::files::TempDir;
use crate::common::openssl::OpenSsl;
use crate::common::ours::{ROLES, credentials};
use crate::common::pki::{Ca, Eku, KeyKind, Leaf, LeafSpec};
use crate::common::programs::run;
use crate::common::tls::provider;

use mtls_roles::{CertificateRequest, Credentials, Role, SubjectAltName};
use x509_parser::prelude::{FromDer, X509Certificate, X509CertificationRequest};

/// A combined certificate with a name of each form.
fn combined(kind: KeyKind) -> Leaf {
    let leaf = LeafSpec::new("edge.example.com").dns("edge.example.com").dns("*.example.com");
    let leaf = leaf.uri("spiffe://example.org/edge").email("ops@example.com").ip([192, 0, 2, 7]);
    Ca::root_named("Root").leaf(leaf.eku(Eku::both()).kind(kind))
}

/// What a second parser reads: the subject and every extension, each on a line of its own. The key is that of the leaf.
fn read(request: &CertificateRequest, leaf: &Leaf) -> String {
    let (rest, csr) = X509CertificationRequest::from_der(request.der()).unwrap();
    assert!(rest.is_empty());
    let (info, der) = (&csr.certification_request_info, leaf.der());
    let (_, certificate) = X509Certificate::from_der(&der).unwrap();
    assert_eq!(info.subject_pki.raw, certificate.public_key().raw);
    let extensions = csr.requested_extensions().unwrap().map(|it| format!("    {it:?}\n"));
    format!("subject {}\n{}", info.subject, extensions.collect::<String>())
}

#[test]
fn whatever_the_key_it_asks_for_the_names_and_for_the_purpose_of_its_role_alone() {
    let (openssl, folder, mut found) = (OpenSsl::find(), TempDir::new(), String::new());
    for role in ROLES {
        let mut asked = BTreeSet::new();
        for kind in [KeyKind::P256, KeyKind::P384, KeyKind::Ed25519, KeyKind::Rsa2048] {
            let leaf = combined(kind);
            let device = Device::holding(&leaf, &provider(), Tells::Nothing);
            let device = Credentials::from_signing_key_without_comparing(leaf.chain(&[]), device);
            for credentials in [credentials(&leaf, &[]), device.unwrap()] {
                let request = CertificateRequest::like(&credentials, role).unwrap();
                asked.insert(read(&request, &leaf));
                if openssl.is_some() {
                    let mut verify = Command::new("openssl");
                    verify.args(["req", "-verify", "-noout", "-in"]);
                    verify.arg(folder.write("it.csr", request.to_pem()));
                    let verified = run(verify, b"");
                    assert_eq!(verified.code, 0, "{kind:?}: {}", verified.stderr);
                    assert!(verified.stderr.contains("verify OK"), "{kind:?}: {}", verified.stderr);
                }
            }
        }
        assert_eq!(asked.len(), 1, "{asked:?}");
        found += &format!("as {role}, {}", asked.into_iter().collect::<String>());
    }
    // Given names stand in it, and nothing of another certificate.
    let leaf = combined(KeyKind::P256);
    let key = Device::holding(&leaf, &provider(), Tells::ItsPublicKey);
    let names = [SubjectAltName::Dns("new.example.com".into())];
    let request = CertificateRequest::new(&names, &key, Role::Client).unwrap();
    found += &format!("as client, given a name, {}", read(&request, &leaf));
    agreed("slots/requests.txt", &found);
}
