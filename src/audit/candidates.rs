//! [`Candidates`]: issuers by name and key identifier.
//!
//! An issuer is found by name and key: its subject equals the certificate's issuer byte for byte,
//! and the key identifiers (RFC 5280, 4.2.1.1 and 4.2.1.2) are equal where both are there.

use std::collections::HashMap;

use super::entry::Entry;

/// Issuers by name and key identifier; of several, the first that was added.
#[derive(Default)]
pub(super) struct Candidates<'a> {
    len: usize,
    names: HashMap<&'a [u8], CandidatesOfName<'a>>,
}

/// Each with its rank, which is how many were added before it.
#[derive(Default)]
struct CandidatesOfName<'a> {
    first: Option<(usize, usize)>,
    by_key_id: HashMap<Option<&'a [u8]>, (usize, usize)>,
}

impl<'a> Candidates<'a> {
    pub(super) fn add(&mut self, index: usize, issuer: &'a Entry) {
        let candidate = (self.len, index);
        self.len += 1;
        let name = self.names.entry(issuer.certificate().subject_der());
        let name = name.or_default();
        name.first.get_or_insert(candidate);
        let same_key = name.by_key_id.entry(issuer.subject_key_id());
        same_key.or_insert(candidate);
    }

    pub(super) fn issuer_of(&self, entry: &Entry) -> Option<usize> {
        let name = self.names.get(entry.certificate().issuer_der())?;
        let candidate = match entry.authority_key_id() {
            None => name.first,
            key => {
                let keys = [key, None];
                keys.iter().filter_map(|key| name.by_key_id.get(key)).min().copied()
            }
        };
        candidate.map(|(_, index)| index)
    }
}
