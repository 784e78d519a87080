//! What a test asks of the factory: `CaSpec` and `LeafSpec`, right by default.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use rcgen::{
    BasicConstraints, CertificateParams, CidrSubnet, CustomExtension, DistinguishedName, DnType,
    GeneralSubtree, IsCa, KeyPair, KeyUsagePurpose, NameConstraints, SanType, SerialNumber,
};
use time::{Duration, OffsetDateTime};

use super::super::clock::NOW;
use super::{Eku, KeyKind, der};

/// What a CA and a leaf have in common before they are signed.
#[derive(Clone)]
pub(super) struct Draft {
    pub(super) params: CertificateParams,
    pub(super) eku: Eku,
    pub(super) kind: KeyKind,
    pub(super) key: Option<Arc<KeyPair>>,
}

impl Draft {
    fn new(name: &str, not_before: OffsetDateTime, not_after: OffsetDateTime) -> Self {
        let mut params = CertificateParams::default();
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, name);
        params.serial_number = Some(fresh_serial());
        (params.not_before, params.not_after) = (not_before, not_after);
        Self { params, eku: Eku::Absent, kind: KeyKind::P256, key: None }
    }

    /// The key that the test brought, or a fresh one.
    pub(super) fn key(&self) -> Arc<KeyPair> {
        self.key.clone().unwrap_or_else(|| Arc::new(self.kind.generate()))
    }

    /// What rcgen is to write, with the EKU among the extensions.
    pub(super) fn into_params(self) -> CertificateParams {
        let mut params = self.params;
        params.custom_extensions.extend(self.eku.extension());
        params
    }
}

/// rcgen's default serial number is a hash of the key: two certificates for one key could not be told apart in a CRL.
fn fresh_serial() -> SerialNumber {
    static NEXT: AtomicU64 = AtomicU64::new(0x1000);
    NEXT.fetch_add(1, Ordering::Relaxed).into()
}

/// The setters that both kinds of certificate share, as inherent methods so that tests import no trait.
macro_rules! shared_setters {
    ($spec:ty) => {
        impl $spec {
            /// The EKU extension; absent unless set.
            pub fn eku(mut self, eku: Eku) -> Self {
                self.0.eku = eku;
                self
            }

            /// Both ends are inclusive; whole seconds.
            pub fn valid(mut self, not_before: OffsetDateTime, not_after: OffsetDateTime) -> Self {
                (self.0.params.not_before, self.0.params.not_after) = (not_before, not_after);
                self
            }

            /// Ended one day before `NOW`.
            pub fn expired(self) -> Self {
                self.valid(NOW - Duration::days(100), NOW - Duration::days(1))
            }

            /// Begins one day after `NOW`.
            pub fn not_yet_valid(self) -> Self {
                self.valid(NOW + Duration::days(1), NOW + Duration::days(100))
            }

            /// Replaces the default key usages; an empty list leaves the extension out.
            pub fn key_usages(mut self, usages: &[KeyUsagePurpose]) -> Self {
                self.0.params.key_usages = usages.to_vec();
                self
            }

            /// The kind of the fresh key; P-256 unless set.
            pub fn kind(mut self, kind: KeyKind) -> Self {
                self.0.kind = kind;
                self
            }

            /// No fresh key, but this one: renewals, cross signatures, one key for two certificates.
            pub fn key(mut self, key: &Arc<KeyPair>) -> Self {
                self.0.key = Some(Arc::clone(key));
                self
            }

            /// Replaces the serial number, which is unique within the test binary unless set.
            pub fn serial(mut self, serial: impl Into<SerialNumber>) -> Self {
                self.0.params.serial_number = Some(serial.into());
                self
            }

            /// Replaces the subject, for names that must equal others byte for byte.
            pub fn subject(mut self, name: DistinguishedName) -> Self {
                self.0.params.distinguished_name = name;
                self
            }

            /// Of this organisation, which stands before the common name.
            pub fn organisation(mut self, organisation: &str) -> Self {
                let common_name = std::mem::take(&mut self.0.params.distinguished_name);
                let mut name = DistinguishedName::new();
                name.push(DnType::OrganizationName, organisation);
                common_name.iter().for_each(|(kind, value)| name.push(kind.clone(), value.clone()));
                self.subject(name)
            }

            /// Leaves the subject empty.
            pub fn empty_subject(mut self) -> Self {
                self.0.params.distinguished_name = DistinguishedName::new();
                self
            }

            /// One more extension. It does not replace one that is written already: ask for that one to be left out.
            pub fn extension(mut self, oid: &[u64], critical: bool, value: Vec<u8>) -> Self {
                let mut extension = CustomExtension::from_oid_content(oid, value);
                extension.set_criticality(critical);
                self.0.params.custom_extensions.push(extension);
                self
            }
        }
    };
}

/// A certificate authority to be made.
#[derive(Clone)]
pub struct CaSpec(pub(super) Draft);

shared_setters!(CaSpec);

impl CaSpec {
    /// A CA of this common name that may sign certificates and CRLs, valid from `NOW` − 1 year to `NOW` + 5 years.
    pub fn new(name: &str) -> Self {
        let mut draft = Draft::new(name, NOW - Duration::days(365), NOW + Duration::days(5 * 365));
        draft.params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        draft.params.key_usages = vec![
            KeyUsagePurpose::KeyCertSign,
            KeyUsagePurpose::CrlSign,
            KeyUsagePurpose::DigitalSignature,
        ];
        Self(draft)
    }

    /// pathLenConstraint: how many further CAs may follow.
    pub fn path_len(mut self, most: u8) -> Self {
        self.0.params.is_ca = IsCa::Ca(BasicConstraints::Constrained(most));
        self
    }

    /// basicConstraints is there and says cA:FALSE.
    pub fn not_a_ca(mut self) -> Self {
        self.0.params.is_ca = IsCa::ExplicitNoCa;
        self
    }

    /// basicConstraints is not there.
    pub fn without_basic_constraints(mut self) -> Self {
        self.0.params.is_ca = IsCa::NoCa;
        self
    }

    /// One more permitted subtree of the (critical) name constraints.
    pub fn permit(mut self, subtree: GeneralSubtree) -> Self {
        self.name_constraints().permitted_subtrees.push(subtree);
        self
    }

    /// One more excluded subtree of the (critical) name constraints.
    pub fn exclude(mut self, subtree: GeneralSubtree) -> Self {
        self.name_constraints().excluded_subtrees.push(subtree);
        self
    }

    pub fn permit_dns(self, domain: &str) -> Self {
        self.permit(GeneralSubtree::DnsName(domain.into()))
    }

    pub fn exclude_dns(self, domain: &str) -> Self {
        self.exclude(GeneralSubtree::DnsName(domain.into()))
    }

    pub fn permit_ip(self, network: IpAddr, prefix: u8) -> Self {
        self.permit(GeneralSubtree::IpAddress(CidrSubnet::from_addr_prefix(network, prefix)))
    }

    pub fn exclude_ip(self, network: IpAddr, prefix: u8) -> Self {
        self.exclude(GeneralSubtree::IpAddress(CidrSubnet::from_addr_prefix(network, prefix)))
    }

    fn name_constraints(&mut self) -> &mut NameConstraints {
        let none = NameConstraints { permitted_subtrees: vec![], excluded_subtrees: vec![] };
        self.0.params.name_constraints.get_or_insert(none)
    }
}

/// An end-entity certificate to be made.
#[derive(Clone)]
pub struct LeafSpec(pub(super) Draft);

shared_setters!(LeafSpec);

impl LeafSpec {
    /// A leaf of this common name, without a SAN or an EKU, valid from `NOW` − 10 days to `NOW` + 80 days.
    pub fn new(name: &str) -> Self {
        let mut draft = Draft::new(name, NOW - Duration::days(10), NOW + Duration::days(80));
        draft.params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        Self(draft)
    }

    pub fn dns(self, name: &str) -> Self {
        self.san(SanType::DnsName(ia5(name)))
    }

    pub fn uri(self, uri: &str) -> Self {
        self.san(SanType::URI(ia5(uri)))
    }

    pub fn email(self, address: &str) -> Self {
        self.san(SanType::Rfc822Name(ia5(address)))
    }

    pub fn ip(self, address: impl Into<IpAddr>) -> Self {
        self.san(SanType::IpAddress(address.into()))
    }

    /// These bytes as the value of the SAN extension, well-formed or not; not together with the other SAN setters.
    pub fn raw_san(self, value: Vec<u8>) -> Self {
        assert!(self.0.params.subject_alt_names.is_empty(), "two SAN extensions");
        self.extension(&[2, 5, 29, 17], false, value)
    }

    /// basicConstraints with cA:TRUE in a certificate that is used as a leaf.
    pub fn ca(mut self) -> Self {
        self.0.params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        self
    }

    /// What public leaves carry, and private ones do not: an SCT list, and the CA/Browser Forum policy "domain
    /// validated" (2.23.140.1.2.1).
    pub fn web_pki(self) -> Self {
        let policy = der::sequence(&[der::oid(&[2, 23, 140, 1, 2, 1])]);
        self.extension(&[2, 5, 29, 32], false, der::sequence(&[policy])).extension(
            &[1, 3, 6, 1, 4, 1, 11129, 2, 4, 2],
            false,
            der::octet_string(&sct_list()),
        )
    }

    fn san(mut self, name: SanType) -> Self {
        self.0.params.subject_alt_names.push(name);
        self
    }
}

/// A name that rcgen can write; others go through `raw_san`.
fn ia5(name: &str) -> rcgen::string::Ia5String {
    name.try_into().expect("rcgen writes IA5String only: use raw_san")
}

/// One SCT of the right form (RFC 6962, 3.3): version 1, log id, timestamp, no extensions, ECDSA with SHA-256.
fn sct_list() -> Vec<u8> {
    let mut sct = vec![0; 1 + 32 + 8 + 2];
    sct.extend_from_slice(&[4, 3, 0, 2, 0xab, 0xcd]);
    let len = sct.len() as u8;
    [&[0, len + 2, 0, len], sct.as_slice()].concat()
}
