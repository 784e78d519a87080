//! [`PublicWeb`]: what is known of the web's public roots.

use std::collections::HashSet;

use rustls::pki_types::TrustAnchor;

/// Mozilla's roots for servers, as of the crate `webpki-roots` that is built in.
pub(crate) const ANCHORS: &[TrustAnchor<'static>] = webpki_roots::TLS_SERVER_ROOTS;

/// The web's public roots, by key and by name.
pub(crate) struct PublicWeb {
    keys: HashSet<&'static [u8]>,
    names: HashSet<&'static [u8]>,
}

impl PublicWeb {
    pub(crate) fn new() -> Self {
        Self {
            keys: ANCHORS
                .iter()
                .map(|root| root.subject_public_key_info.as_ref())
                .collect(),
            names: ANCHORS.iter().map(|root| root.subject.as_ref()).collect(),
        }
    }

    /// Whether one of them has this key, a SubjectPublicKeyInfo without tag and length. By key,
    /// not by name: a cross-signed or re-issued root is still that root.
    pub(crate) fn has_key(&self, spki: &[u8]) -> bool {
        self.keys.contains(spki)
    }

    /// Their keys, as SubjectPublicKeyInfo without tag and length.
    #[cfg(feature = "audit")]
    pub(crate) fn keys(&self) -> impl Iterator<Item = &'static [u8]> {
        self.keys.iter().copied()
    }

    /// Whether one of them has this name, without tag and length.
    pub(crate) fn has_name(&self, name: &[u8]) -> bool {
        self.names.contains(name)
    }
}
