//! What the certificate factory is asked for: quirks become fields of a certificate.

use rcgen::{DistinguishedName, DnType};

use super::keys::{Bearer, key};
use super::quirk::{Quirk, Subtree};
use super::world::{Leaf, Name};
use crate::common::pki::der::{general_name, sequence, tlv};
use crate::common::pki::{CaSpec, GeneralSubtree, KeyUsagePurpose, LeafSpec};

const NAME_CONSTRAINTS: &[u64] = &[2, 5, 29, 30];
const UNKNOWN: &[u64] = &[1, 2, 3, 4];

/// A CA with these quirks, but for those that are not the certificate's own: its signature.
pub fn with_quirks(spec: CaSpec, quirks: &[Quirk]) -> CaSpec {
    use KeyUsagePurpose::{CrlSign, DigitalSignature, KeyCertSign};
    quirks.iter().fold(spec, |spec, quirk| match quirk {
        Quirk::Expired => spec.expired(),
        Quirk::NotYetValid => spec.not_yet_valid(),
        Quirk::BadSignature | Quirk::Forged => spec,
        Quirk::PathLen(most) => spec.path_len(*most),
        Quirk::NotACa => spec.not_a_ca(),
        Quirk::NoBasicConstraints => spec.without_basic_constraints(),
        Quirk::NoKeyUsage => spec.key_usages(&[]),
        Quirk::NoCertSign => spec.key_usages(&[DigitalSignature, CrlSign]),
        Quirk::NoCrlSign => spec.key_usages(&[KeyCertSign]),
        Quirk::Constraints(subtrees) => subtrees.iter().fold(spec, constrained),
        Quirk::EmptyConstraints => spec.extension(NAME_CONSTRAINTS, true, sequence(&[])),
        Quirk::EmptySubject => spec.empty_subject(),
        Quirk::UnknownExtension => spec.extension(UNKNOWN, false, vec![5, 0]),
        Quirk::UnknownCriticalExtension => spec.extension(UNKNOWN, true, vec![5, 0]),
        _ => panic!("{quirk:?} is of a leaf"),
    })
}

fn constrained(spec: CaSpec, subtree: &Subtree) -> CaSpec {
    let network = [192, 0, 2, 0].into();
    match subtree {
        Subtree::PermitDns(name) => spec.permit_dns(name),
        Subtree::ExcludeDns(name) => spec.exclude_dns(name),
        Subtree::PermitIp => spec.permit_ip(network, 24),
        Subtree::ExcludeIp => spec.exclude_ip(network, 24),
        Subtree::PermitEmail => spec.permit(GeneralSubtree::Rfc822Name("example.com".into())),
        Subtree::ExcludeDirectoryName => {
            spec.exclude(GeneralSubtree::DirectoryName(directory_name("nobody")))
        }
    }
}

fn directory_name(common_name: &str) -> DistinguishedName {
    let mut name = DistinguishedName::new();
    name.push(DnType::CommonName, common_name);
    name
}

/// The leaf, but for its EKU, its serial number, its signature, and a key that nobody has.
pub fn leaf_spec(leaf: &Leaf) -> LeafSpec {
    use KeyUsagePurpose::{DigitalSignature, KeyAgreement, KeyCertSign, KeyEncipherment};
    let spec = LeafSpec::new("leaf").key(&key(leaf.kind, Bearer::Leaf));
    let spec = leaf.names.iter().fold(spec, |spec, name| match name {
        Name::Dns(name) => spec.dns(name),
        Name::Ip => spec.ip([192, 0, 2, 1]),
        Name::Uri => spec.uri("spiffe://example.com/service"),
        Name::Email => spec.email("service@example.com"),
    });
    leaf.quirks.iter().fold(spec, |spec, quirk| match quirk {
        Quirk::Expired => spec.expired(),
        Quirk::NotYetValid => spec.not_yet_valid(),
        Quirk::BadSignature | Quirk::Forged | Quirk::WeakKey => spec,
        Quirk::Ca => spec.ca(),
        Quirk::NoKeyUsage => spec.key_usages(&[]),
        Quirk::OnlyEncipherment => spec.key_usages(&[KeyEncipherment]),
        Quirk::OnlyAgreement => spec.key_usages(&[KeyAgreement]),
        Quirk::CertSign => spec.key_usages(&[DigitalSignature, KeyCertSign]),
        Quirk::Constrained => spec.extension(NAME_CONSTRAINTS, true, some_constraints()),
        Quirk::EmptySubject => spec.empty_subject(),
        Quirk::UnknownExtension => spec.extension(UNKNOWN, false, vec![5, 0]),
        Quirk::UnknownCriticalExtension => spec.extension(UNKNOWN, true, vec![5, 0]),
        _ => panic!("{quirk:?} is of a CA"),
    })
}

/// permittedSubtrees with the DNS name example.com; rcgen writes them for CAs only.
fn some_constraints() -> Vec<u8> {
    let subtree = sequence(&[general_name(2, b"example.com")]);
    sequence(&[tlv(0xa0, &subtree)])
}
