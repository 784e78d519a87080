//! [`write`]: a header of version 2 with its TLVs.
//!
//! | TLV | when | value |
//! | --- | --- | --- |
//! | 0x01 ALPN | `alpn` | the protocol that the client and we agreed on |
//! | 0x05 UNIQUE_ID | `unique-id` | the connection's id in our log |
//! | 0x20 SSL | `ssl` | flags, whether a certificate was verified (0: it was), then: |
//! | ・0x21 VERSION | | `TLSv1.3` |
//! | ・0x22 CN | | the common name, at most 255 bytes; nobody checks it: for logs |
//! | ・0x23 CIPHER | | `TLS13_AES_256_GCM_SHA384` |
//! | ・0x28 CLIENT_CERT | `certificate` | the client's certificate, DER, of at most 16 KiB |
//! | 0xE0 (ours) | `eku` | `enforced`, or `relaxed: ` and what is wrong, at most 255 bytes of UTF-8 |
//!
//! Without TLS towards the client there is only UNIQUE_ID, and without a certificate of the client
//! neither CN nor CLIENT_CERT nor 0xE0.

use std::net::IpAddr;

use mtls_roles::VerifiedPeer;
use rustls::ProtocolVersion;

use super::SIGNATURE;
use crate::client::{Addresses, Client, ClientTls};
use crate::config::TlvKind;

/// The header that goes before the first byte of this client, with those TLVs that are asked for.
pub fn write(client: &Client, kinds: &[TlvKind]) -> Vec<u8> {
    let mut body = addresses(client.addresses);
    let has = |kind| kinds.contains(&kind);
    if has(TlvKind::UniqueId) {
        tlv(&mut body, UNIQUE_ID, client.id.as_bytes());
    }
    if let Some(tls) = &client.tls {
        if let Some(protocol) = tls.alpn.as_ref().filter(|_| has(TlvKind::Alpn)) {
            tlv(&mut body, ALPN, protocol);
        }
        if has(TlvKind::Ssl) {
            tlv(&mut body, SSL, &ssl(tls, has(TlvKind::Certificate)));
        }
        if let Some(peer) = tls.peer.as_ref().filter(|_| has(TlvKind::Eku)) {
            tlv(&mut body, EKU, cut(&peer.eku().to_string()));
        }
    }
    let family = if client.addresses.from.is_ipv4() { TCP_OVER_IPV4 } else { TCP_OVER_IPV6 };
    let mut header = SIGNATURE.to_vec();
    header.extend([VERSION_2_PROXY, family]);
    header.extend(length(&body));
    header.extend(body);
    header
}

fn addresses(Addresses { from, to }: Addresses) -> Vec<u8> {
    let mut bytes = vec![];
    for ip in [from.ip(), to.ip()] {
        match ip {
            IpAddr::V4(ip) => bytes.extend(ip.octets()),
            IpAddr::V6(ip) => bytes.extend(ip.octets()),
        }
    }
    bytes.extend([from.port(), to.port()].map(u16::to_be_bytes).concat());
    bytes
}

fn ssl(tls: &ClientTls, with_certificate: bool) -> Vec<u8> {
    let peer = tls.peer.as_ref();
    // PP2_CLIENT_SSL; of a certificate PP2_CLIENT_CERT_CONN and, since every handshake is a whole
    // one, PP2_CLIENT_CERT_SESS.
    let flags = if peer.is_some() { 0b111 } else { 0b001 };
    let mut value = vec![flags];
    value.extend(u32::from(peer.is_none()).to_be_bytes());
    tlv(&mut value, SSL_VERSION, version(tls.version).as_bytes());
    if let Some(name) = peer.and_then(common_name) {
        tlv(&mut value, SSL_CN, cut(&name));
    }
    tlv(&mut value, SSL_CIPHER, tls.cipher.as_str().unwrap_or("unknown").as_bytes());
    let certificate = peer.map(|peer| peer.leaf().der().as_ref());
    let short = certificate.filter(|der| with_certificate && der.len() <= LONGEST_CERTIFICATE);
    if let Some(certificate) = short {
        tlv(&mut value, SSL_CLIENT_CERT, certificate);
    }
    value
}

/// As OpenSSL writes it, which is what readers expect.
fn version(version: ProtocolVersion) -> &'static str {
    match version {
        ProtocolVersion::TLSv1_2 => "TLSv1.2",
        _ => "TLSv1.3",
    }
}

fn common_name(peer: &VerifiedPeer) -> Option<String> {
    let (_, certificate) = x509_parser::parse_x509_certificate(peer.leaf().der()).ok()?;
    let name = certificate.subject().iter_common_name().next()?.as_str().ok()?;
    Some(name.to_owned())
}

fn tlv(to: &mut Vec<u8>, kind: u8, value: &[u8]) {
    to.push(kind);
    to.extend(length(value));
    to.extend(value);
}

/// Nothing here comes near 64 KiB: names are cut, and a long certificate is left out.
fn length(value: &[u8]) -> [u8; 2] {
    u16::try_from(value.len()).unwrap_or(u16::MAX).to_be_bytes()
}

/// The first 255 bytes, and no half of a character.
fn cut(text: &str) -> &[u8] {
    let end = (0..=text.len().min(255)).rev().find(|end| text.is_char_boundary(*end));
    &text.as_bytes()[..end.unwrap_or(0)]
}

const VERSION_2_PROXY: u8 = 0x21;
const TCP_OVER_IPV4: u8 = 0x11;
const TCP_OVER_IPV6: u8 = 0x21;

const ALPN: u8 = 0x01;
const UNIQUE_ID: u8 = 0x05;
const SSL: u8 = 0x20;
const SSL_VERSION: u8 = 0x21;
const SSL_CN: u8 = 0x22;
const SSL_CIPHER: u8 = 0x23;
const SSL_CLIENT_CERT: u8 = 0x28;
/// The first of those that the protocol leaves to each installation.
const EKU: u8 = 0xE0;

const LONGEST_CERTIFICATE: usize = 16 * 1024;
