//! [`Fitness`]: how credentials stand to a role, a policy and a time.

use rustls::pki_types::UnixTime;
use time::OffsetDateTime;

use super::chain::Chain;
use super::note::{Note, NoteKind};
use super::paths::Paths;
use crate::certificate::PathCheck;
use crate::certificate::view::View;
use crate::eku::{EkuOutcome, Preset, Requirement};
use crate::error::Error;
use crate::role::Role;
use crate::text::offset;

/// How credentials stand to a slot that would publish them.
///
/// ```no_run
/// # fn main() -> Result<(), mtls_roles::Error> {
/// use mtls_roles::{ClientSlot, Credentials};
/// # let provider = rustls::crypto::aws_lc_rs::default_provider();
/// let renewed = Credentials::from_pem_files("renewed.pem", "renewed.key", &provider)?;
/// let fitness = ClientSlot::empty().judge(&renewed)?;
/// println!("{}, until {}", fitness.eku, renewed.valid_until());
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Fitness {
    /// How the chain stands to the slot's EKU policy.
    pub eku: EkuOutcome,
    /// What else an operator should know of it.
    pub notes: Vec<Note>,
}

impl Fitness {
    /// Whether a chain may be presented: the leaf, and at least one of the paths that the chain offers.
    pub(super) fn of(
        chain: &Chain,
        preset: Preset,
        role: Role,
        now: UnixTime,
    ) -> Result<Self, Error> {
        if chain.leaf().is_ca() {
            return Err(Error::LeafIsCa { certificate: chain.label(0) });
        }
        let judged =
            ChainInRole { chain, paths: Paths::of(chain.certificates()), role, now: offset(now) };
        let (asked, relaxed) = Requirement::of(preset, role);
        let (met, path) = match (judged.find(&asked), &relaxed) {
            (Err(refused), Some(relaxed)) => match judged.find(relaxed) {
                Err(Error::Unfit { .. }) => return Err(refused),
                // The policy lets the EKU pass: it is not what stands in the way.
                found => (relaxed, found?),
            },
            (found, _) => (&asked, found?),
        };
        let below = path.iter().filter(|index| !judged.paths.is_anchor(**index));
        let below = below.map(|index| &chain.certificates()[*index]);
        let eku = asked.violation(below).map_or(EkuOutcome::Enforced, EkuOutcome::Relaxed);
        Ok(Self { eku, notes: Found::new(judged, met, &path).notes() })
    }

    /// Of several credentials that are published as one.
    pub(super) fn and(mut self, other: Self) -> Self {
        if self.eku == EkuOutcome::Enforced {
            self.eku = other.eku;
        }
        self.notes.extend(other.notes);
        self
    }
}

/// What the certificates of one chain are held against.
struct ChainInRole<'a> {
    chain: &'a Chain,
    paths: Paths<'a>,
    role: Role,
    now: OffsetDateTime,
}

impl ChainInRole<'_> {
    /// A path that is valid throughout, else one on which a cross-sign need not be: peers may have its key
    /// among their roots.
    fn find(&self, asked: &Requirement) -> Result<Vec<usize>, Error> {
        self.paths.find(|index| self.check(index, asked)).or_else(|refused| {
            let found = self.paths.find(|index| match self.check(index, asked) {
                Err(Error::Expired { .. } | Error::NotYetValid { .. })
                    if self.paths.may_be_cross_sign(index) =>
                {
                    self.check_eku(index, asked)
                }
                checked => checked,
            });
            found.map_err(|_| refused)
        })
    }

    /// RFC 5280, 4.1.2.5: both ends of the validity are inclusive.
    fn check(&self, index: usize, asked: &Requirement) -> Result<(), Error> {
        let certificate = &self.chain.certificates()[index];
        let (not_before, not_after) = (certificate.not_before(), certificate.not_after());
        let (label, now) = (|| self.chain.label(index), self.now);
        if now > not_after {
            return Err(Error::Expired { certificate: label(), not_after, now });
        }
        if now < not_before {
            return Err(Error::NotYetValid { certificate: label(), not_before, now });
        }
        self.check_eku(index, asked)
    }

    fn check_eku(&self, index: usize, asked: &Requirement) -> Result<(), Error> {
        match asked.violation_at(index, &self.chain.certificates()[index]) {
            None => Ok(()),
            Some(violation) => Err(Error::Unfit {
                certificate: self.chain.label(index),
                role: self.role,
                needed: violation.needed,
                found: violation.found,
            }),
        }
    }
}

/// What was found in a chain, and what there is to know of the certificates that nobody needs.
struct Found<'a> {
    judged: ChainInRole<'a>,
    /// What the path meets.
    met: &'a Requirement,
    /// Beside each certificate, what it has issued on the path.
    issued: Vec<Option<usize>>,
    /// … whether it stands on any path,
    reached: Vec<bool>,
    /// … and on one that goes no further than a public root's key.
    below_public: Vec<bool>,
    /// The first of those with such a key.
    public_root: Option<usize>,
}

impl<'a> Found<'a> {
    fn new(judged: ChainInRole<'a>, met: &'a Requirement, path: &[usize]) -> Self {
        let (reached, below_public) = (judged.paths.reached(false), judged.paths.reached(true));
        let is_root = |index: &usize| judged.paths.is_public_root(*index) && below_public[*index];
        let public_root = (1..reached.len()).find(is_root);
        let mut issued = vec![None; reached.len()];
        let pairs = path.iter().zip(path.iter().skip(1));
        pairs.for_each(|(below, index)| issued[*index] = Some(*below));
        Self { judged, met, issued, reached, below_public, public_root }
    }

    /// One for each certificate at most, in the order of the file.
    fn notes(&self) -> Vec<Note> {
        let chain = self.judged.chain;
        let mut notes = chain.unreadable().clone();
        notes.extend((0..chain.certificates().len()).filter_map(|index| {
            let note = Note { certificate: chain.label(index), kind: self.kind(index)? };
            Some((chain.place(index), note))
        }));
        notes.into_values().collect()
    }

    fn kind(&self, index: usize) -> Option<NoteKind> {
        match index {
            0 => {
                let leaf = View::read(self.judged.chain.leaf().der()).ok()?;
                let check = PathCheck::of_leaf(&leaf)?;
                Some(NoteKind::RefusedByPathCheck { check, found: check.found_in(&leaf) })
            }
            _ => self.whether_needed(index).or_else(|| self.whether_fit(index)),
        }
    }

    fn whether_needed(&self, index: usize) -> Option<NoteKind> {
        let ChainInRole { chain, paths, .. } = &self.judged;
        if let Some(first) = paths.duplicate_of(index) {
            return Some(NoteKind::Duplicate { of: chain.place(first) });
        }
        if !self.reached[index] {
            return Some(match chain.certificates()[index].is_ca() {
                true => NoteKind::LeadsNowhere,
                false => NoteKind::AnotherLeaf,
            });
        }
        let root = self.public_root.filter(|_| !self.below_public[index]);
        root.map(|root| NoteKind::AbovePublicRoot { root: chain.place(root) })
    }

    fn whether_fit(&self, index: usize) -> Option<NoteKind> {
        let is_anchor = self.judged.paths.is_anchor(index);
        if !is_anchor && let Some(reason) = self.judged.chain.refused(index) {
            return Some(NoteKind::RefusedByRustls { reason });
        }
        match self.judged.check(index, self.met) {
            Err(Error::Expired { not_after, .. }) => Some(NoteKind::Expired { not_after }),
            Err(Error::NotYetValid { not_before, .. }) => {
                Some(NoteKind::NotYetValid { not_before })
            }
            // As in webpki, the EKU of an anchor is not looked at.
            Err(Error::Unfit { needed, found, .. }) if !is_anchor => {
                Some(NoteKind::Unfit { needed, found })
            }
            _ => self.where_it_stands(index),
        }
    }

    fn where_it_stands(&self, index: usize) -> Option<NoteKind> {
        let place = |index| self.judged.chain.place(index);
        match self.issued[index] {
            Some(issued) if place(issued) > place(index) => {
                Some(NoteKind::OutOfOrder { issued: place(issued) })
            }
            Some(_) => None,
            None => {
                let first = self.judged.paths.first_of_name(index).filter(|first| *first != index);
                first.map(|first| NoteKind::ParallelIssuer { of: place(first) })
            }
        }
    }
}
