//! What is known of the web's public roots: Mozilla's for servers, as of the crate `webpki-roots`.

use std::collections::HashSet;
use std::sync::LazyLock;

use rustls::pki_types::TrustAnchor;

use crate::certificate::view::View;
use crate::tlv::{Kind, only};

pub(super) const ANCHORS: &[TrustAnchor<'static>] = webpki_roots::TLS_SERVER_ROOTS;

static KEYS: LazyLock<HashSet<&[u8]>> =
    LazyLock::new(|| ANCHORS.iter().map(|root| root.subject_public_key_info.as_ref()).collect());

static NAMES: LazyLock<HashSet<&[u8]>> =
    LazyLock::new(|| ANCHORS.iter().map(|root| root.subject.as_ref()).collect());

/// Whether a CA certificate is one of them, was issued in the name of one, or says of itself
/// that it belongs to the web's PKI: such lists go stale. By name, since whoever names a public
/// root as its issuer without having been issued by it can only be refused something that way.
pub(crate) fn includes(ca: &View<'_>) -> bool {
    ca.has_cabf_policy() || has_name(ca.issuer) || only(ca.spki, Kind::SEQUENCE).is_ok_and(has_key)
}

/// Whether one of them has this key, a SubjectPublicKeyInfo without tag and length. By key,
/// not by name: a cross-signed or re-issued root is still that root.
pub(super) fn has_key(spki: &[u8]) -> bool {
    KEYS.contains(spki)
}

/// Whether a CA's certificate has the key of one of them. A path of the web ends there: who signed
/// that key besides decides nothing.
pub(crate) fn has_key_of(ca: &View<'_>) -> bool {
    ca.is_ca() && only(ca.spki, Kind::SEQUENCE).is_ok_and(has_key)
}

/// Whether one of them has this name, without tag and length.
pub(crate) fn has_name(name: &[u8]) -> bool {
    NAMES.contains(name)
}
