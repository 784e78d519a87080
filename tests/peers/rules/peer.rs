//! A peer to be named, and a rule given in each of the three places.

use std::net::IpAddr;

use mtls_roles::{ClientPeerVerifier, EkuPolicy, PeerVerifierBuilder, RefusalClass, Roots};
use rustls::pki_types::{CertificateDer, ServerName};
use sha2::{Digest, Sha256};
use x509_parser::prelude::{FromDer, X509Certificate};

use crate::common::clock::{NOW, unix};
use crate::common::ours::{clients, roots, rule, servers};
use crate::common::pki::{Ca, Eku, LeafSpec, der};
use crate::common::tls::server_name;

/// Row id, rule, names of the leaf (`type:value`, as `general_name` below reads it), whether it matches.
pub type Row<'a> = (&'a str, &'a str, &'a [&'a str], bool);

/// Every row as a rule for `.allow`, for `.relax_for` and in place of a server's name.
pub fn check(rows: &[Row<'_>]) {
    let wrong = rows.iter().flat_map(|(id, rule, names, expected)| {
        Peer::new(named("edge.example.com", names)).differences(id, rule, *expected)
    });
    assert_none_is_wrong(wrong);
}

pub fn assert_none_is_wrong(wrong: impl IntoIterator<Item = String>) {
    let wrong: Vec<_> = wrong.into_iter().collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A leaf of this common name with these names, without a SAN if there are none.
pub fn named(common_name: &str, names: &[&str]) -> LeafSpec {
    let san: Vec<_> = names.iter().map(|name| general_name(name)).collect();
    match san.is_empty() {
        true => LeafSpec::new(common_name),
        false => LeafSpec::new(common_name).raw_san(der::sequence(&san)),
    }
}

/// A peer whose EKU is right for nobody, under private roots.
pub struct Peer {
    pub roots: Roots,
    pub chain: Vec<CertificateDer<'static>>,
}

impl Peer {
    pub fn new(spec: LeafSpec) -> Self {
        let root = Ca::root_named("root");
        Self { roots: roots([&root]), chain: root.leaf(spec.eku(Eku::code_signing())).chain(&[]) }
    }

    /// Where the rule does not mean what the row says.
    pub fn differences(&self, id: &str, text: &str, expected: bool) -> Vec<String> {
        let clients = || clients(&self.roots).eku_policy(EkuPolicy::ignore());
        let allow = clients().relax_for_any_peer_of_these_private_roots().allow(rule(text));
        let relax_for = clients().relax_for(rule(text));
        let in_place_of_name = servers(&self.roots)
            .eku_policy(EkuPolicy::ignore())
            .relax_for_any_peer_of_these_private_roots()
            .expect_in_place_of_name(rule(text))
            .build()
            .unwrap();
        let verify = |clients: PeerVerifierBuilder<ClientPeerVerifier>| {
            clients.build().unwrap().verify(Some(&self.chain), unix(NOW))
        };
        let server = in_place_of_name.verify(Some(&self.chain), &nobody(), unix(NOW));
        let verdicts = [
            ("allow", verify(allow), RefusalClass::PeerRule),
            ("relax_for", verify(relax_for), RefusalClass::Eku),
            ("in place of name", server, RefusalClass::PeerRule),
        ];
        let wrong = verdicts.into_iter().filter(|(_, verdict, class)| match verdict {
            Ok(_) => !expected,
            Err(refusal) => expected || refusal.class() != *class,
        });
        wrong
            .map(|(place, verdict, _)| format!("{id} ({place}): `{text}` gives {verdict:?}"))
            .collect()
    }
}

/// What was connected to, when a rule stands in its place.
pub fn nobody() -> ServerName<'static> {
    server_name("10.0.0.1")
}

pub fn pin(kind: &str, hash: &[u8; 32]) -> String {
    let hex: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{kind}-sha256:{hex}")
}

/// One entry of a SAN, in DER.
pub fn general_name(text: &str) -> Vec<u8> {
    let (kind, value) = text.split_once(':').unwrap();
    match kind {
        "email" => der::general_name(1, value.as_bytes()),
        "dns" => der::general_name(2, value.as_bytes()),
        "uri" => der::general_name(6, value.as_bytes()),
        "registered" => der::general_name(8, value.as_bytes()),
        "ip" => match value.parse().unwrap() {
            IpAddr::V4(address) => der::general_name(7, &address.octets()),
            IpAddr::V6(address) => der::general_name(7, &address.octets()),
        },
        "other" => {
            let value = der::tlv(0xa0, &der::tlv(0x0c, value.as_bytes()));
            der::tlv(0xa0, &[der::oid(&[1, 3, 6, 1, 4, 1, 311, 20, 2, 3]), value].concat())
        }
        "directory" => {
            let cn = der::sequence(&[der::oid(&[2, 5, 4, 3]), der::tlv(0x0c, value.as_bytes())]);
            der::tlv(0xa4, &der::sequence(&[der::tlv(0x31, &cn)]))
        }
        other => panic!("{other}"),
    }
}

pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// As a second parser sees the key.
pub fn spki_sha256(certificate: &[u8]) -> [u8; 32] {
    let (_, certificate) = X509Certificate::from_der(certificate).unwrap();
    sha256(certificate.public_key().raw)
}
