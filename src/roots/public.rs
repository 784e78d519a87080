//! [`PublicWeb`]: what is known of the web's public roots.

use std::collections::HashSet;

use rustls::pki_types::TrustAnchor;

use crate::certificate::view::View;
use crate::tlv::{Kind, only};

/// Mozilla's roots for servers, as of the crate `webpki-roots` that is built in.
pub(crate) const ANCHORS: &[TrustAnchor<'static>] = webpki_roots::TLS_SERVER_ROOTS;

/// The web's public roots, by key and by name.
#[derive(Clone, Debug)]
pub(crate) struct PublicWeb {
    keys: HashSet<&'static [u8]>,
    names: HashSet<&'static [u8]>,
}

impl Default for PublicWeb {
    fn default() -> Self {
        Self {
            keys: ANCHORS.iter().map(|root| root.subject_public_key_info.as_ref()).collect(),
            names: ANCHORS.iter().map(|root| root.subject.as_ref()).collect(),
        }
    }
}

impl PublicWeb {
    /// Whether a CA certificate is one of them, was issued in the name of one, or says of itself
    /// that it belongs to the web's PKI: such lists go stale. By name, since whoever names a public
    /// root as its issuer without having been issued by it can only be refused something that way.
    pub(crate) fn includes(&self, ca: &View<'_>) -> bool {
        ca.has_cabf_policy()
            || self.has_name(ca.issuer)
            || only(ca.spki, Kind::SEQUENCE).is_ok_and(|key| self.has_key(key))
    }

    /// Whether one of them has this key, a SubjectPublicKeyInfo without tag and length. By key,
    /// not by name: a cross-signed or re-issued root is still that root.
    pub(crate) fn has_key(&self, spki: &[u8]) -> bool {
        self.keys.contains(spki)
    }

    /// Whether a CA's certificate has the key of one of them. A path of the web ends there: who signed
    /// that key besides decides nothing.
    pub(crate) fn has_key_of(&self, ca: &View<'_>) -> bool {
        ca.is_ca() && only(ca.spki, Kind::SEQUENCE).is_ok_and(|key| self.has_key(key))
    }

    /// Whether one of them has this name, without tag and length.
    pub(crate) fn has_name(&self, name: &[u8]) -> bool {
        self.names.contains(name)
    }
}
