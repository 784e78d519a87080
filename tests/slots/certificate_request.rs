//! A certificate request asks for the purpose of its role and for no other, for the names that are in use or
//! given, signed by any key that a slot can have; OpenSSL reads and verifies it.

use std::process::Command;

use crate::common::device::{Device, Tells};
use crate::common::files::TempDir;
use crate::common::openssl::OpenSsl;
use crate::common::pki::{Ca, Eku, KeyKind, Leaf, LeafSpec};
use crate::common::programs::run;
use crate::common::tls::provider;

use mtls_roles::{CertificateRequest, Credentials, Role, SubjectAltName};
use x509_parser::prelude::{FromDer, GeneralName, ParsedExtension, X509CertificationRequest};

/// A combined certificate with a name of each form.
fn combined(kind: KeyKind) -> Leaf {
    let leaf = LeafSpec::new("edge.example.com").dns("edge.example.com").dns("*.example.com");
    let leaf = leaf.uri("spiffe://example.org/edge").email("ops@example.com").ip([192, 0, 2, 7]);
    Ca::root_named("Root").leaf(leaf.eku(Eku::both()).kind(kind))
}

const KINDS: [KeyKind; 4] = [KeyKind::P256, KeyKind::P384, KeyKind::Ed25519, KeyKind::Rsa2048];

/// What a second parser reads: the common name, and for each extension what it is and says.
fn read(request: &CertificateRequest) -> (Option<String>, Vec<String>) {
    let (rest, csr) = X509CertificationRequest::from_der(request.der()).unwrap();
    assert!(rest.is_empty());
    let subject = &csr.certification_request_info.subject;
    let name = subject.iter_common_name().next().map(|name| name.as_str().unwrap().to_owned());
    let mut asked = vec![];
    for extension in csr.requested_extensions().unwrap() {
        match extension {
            ParsedExtension::ExtendedKeyUsage(eku) => {
                assert!(!eku.any && eku.other.is_empty() && !eku.code_signing);
                assert!(!eku.email_protection && !eku.time_stamping && !eku.ocsp_signing);
                asked.push(format!("eku server={} client={}", eku.server_auth, eku.client_auth));
            }
            ParsedExtension::KeyUsage(usage) => asked.push(format!("usage {}", usage.flags)),
            ParsedExtension::SubjectAlternativeName(names) => {
                let forms = names.general_names.iter().map(|name| match name {
                    GeneralName::IPAddress(octets) => format!("ip {octets:?}"),
                    name => name.to_string(),
                });
                asked.extend(forms);
            }
            other => panic!("{other:?}"),
        }
    }
    asked.sort();
    (name, asked)
}

fn key_of_request(request: &CertificateRequest) -> Vec<u8> {
    let (_, csr) = X509CertificationRequest::from_der(request.der()).unwrap();
    csr.certification_request_info.subject_pki.raw.to_vec()
}

fn key_of(leaf: &Leaf) -> Vec<u8> {
    let der = leaf.der();
    let (_, certificate) = x509_parser::parse_x509_certificate(&der).unwrap();
    certificate.public_key().raw.to_vec()
}

fn expected(role: Role, names: &[&str]) -> Vec<String> {
    let eku = match role {
        Role::Server => "eku server=true client=false",
        Role::Client => "eku server=false client=true",
    };
    let mut all: Vec<_> =
        names.iter().chain([&eku, &"usage 1"]).map(|it| (*it).to_owned()).collect();
    all.sort();
    all
}

const ALL_NAMES: [&str; 5] = [
    "DNSName(edge.example.com)",
    "DNSName(*.example.com)",
    "URI(spiffe://example.org/edge)",
    "RFC822Name(ops@example.com)",
    "ip [192, 0, 2, 7]",
];

#[test]
fn of_a_combined_certificate_it_asks_for_the_names_and_for_the_purpose_of_its_role_alone() {
    let openssl = OpenSsl::find();
    let folder = TempDir::new();
    for kind in KINDS {
        let leaf = combined(kind);
        let bytes = Credentials::from_der(vec![leaf.der()], leaf.key_der(), &provider()).unwrap();
        let device = Device::holding(&leaf, &provider(), Tells::Nothing);
        let device =
            Credentials::from_signing_key_without_comparing(vec![leaf.der()], device).unwrap();
        for (id, credentials) in [("bytes", &bytes), ("a device", &device)] {
            for role in [Role::Server, Role::Client] {
                let at = format!("{kind:?}, {id}, {role}");
                let request = CertificateRequest::like(credentials, role).expect(&at);
                let found = read(&request);
                let wanted = (Some("edge.example.com".to_owned()), expected(role, &ALL_NAMES));
                assert_eq!(found, wanted, "{at}");
                assert_eq!(key_of_request(&request), key_of(&leaf), "{at}");
                if openssl.is_some() {
                    let file = folder.write("it.csr", request.to_pem());
                    let mut verify = Command::new("openssl");
                    verify.args(["req", "-verify", "-noout", "-in"]).arg(file);
                    let verified = run(verify, b"");
                    assert_eq!(verified.code, 0, "{at}: {}", verified.stderr);
                    assert!(verified.stderr.contains("verify OK"), "{at}: {}", verified.stderr);
                }
            }
        }
    }
}

#[test]
fn given_names_stand_in_it_and_nothing_of_another_certificate() {
    let leaf = combined(KeyKind::P256);
    let key = Device::holding(&leaf, &provider(), Tells::ItsPublicKey);
    let names = [SubjectAltName::Dns("new.example.com".into())];
    let request = CertificateRequest::new(&names, &key, Role::Client).unwrap();
    assert_eq!(read(&request), (None, expected(Role::Client, &["DNSName(new.example.com)"])));
}
