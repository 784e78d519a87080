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

#[derive(Default)]
struct CandidatesOfName<'a> {
    first: Option<Candidate>,
    without_key_id: Option<Candidate>,
    by_key_id: HashMap<&'a [u8], Candidate>,
}

/// An issuer, and the how-manieth it is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Candidate {
    rank: usize,
    index: usize,
}

impl<'a> Candidates<'a> {
    pub(super) fn add(&mut self, index: usize, issuer: &'a Entry) {
        let candidate = Candidate {
            rank: self.len,
            index,
        };
        self.len += 1;
        let name = self.names.entry(issuer.certificate().subject_der());
        let name = name.or_default();
        name.first.get_or_insert(candidate);
        match issuer.subject_key_id.as_deref() {
            Some(key) => name.by_key_id.entry(key).or_insert(candidate),
            None => name.without_key_id.get_or_insert(candidate),
        };
    }

    pub(super) fn issuer_of(&self, entry: &Entry) -> Option<usize> {
        let name = self.names.get(entry.certificate().issuer_der())?;
        let candidate = match entry.authority_key_id.as_deref() {
            None => name.first,
            Some(key) => {
                let keyed = name.by_key_id.get(key).copied();
                keyed.into_iter().chain(name.without_key_id).min()
            }
        };
        candidate.map(|candidate| candidate.index)
    }
}
