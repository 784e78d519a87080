//! [`Watch`]: which contents of the followed places are to be judged, and when.

use std::collections::BTreeSet;
use std::path::PathBuf;

use super::disk::{Contents, Snapshot};
use crate::error::Error;

/// What is followed, and what was seen of it.
#[derive(Default)]
pub(super) struct Watch {
    followed: BTreeSet<PathBuf>,
    /// What was judged last, and what came of it.
    judged: Option<(Contents, Judgement)>,
    /// What was seen last, and not judged yet.
    seen: Option<Snapshot>,
    /// So many looks in a row saw something else.
    restless: u32,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Judgement {
    Good,
    /// The same contents may be good later.
    Refused,
    /// Whatever they are: something older is in their place, until they change.
    RolledBack,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Haste {
    Now,
    WhenTwoLooksAgree,
}

/// So many looks may differ from each other before it is told.
const MOST_RESTLESS: u32 = 3;

impl Watch {
    /// What is there now.
    pub(super) fn look(&self) -> Snapshot {
        Snapshot::of(&self.followed)
    }

    /// What is there, if it is to be judged.
    pub(super) fn next(&mut self, haste: Haste) -> Result<Option<Snapshot>, Error> {
        let look = self.look();
        let contents = look.contents();
        let judgement = self.judged.filter(|(judged, _)| *judged == contents);
        match (judgement.map(|(_, judgement)| judgement), haste) {
            (Some(Judgement::RolledBack), _) => return Ok(None),
            (Some(judgement), Haste::WhenTwoLooksAgree) => {
                (self.seen, self.restless) = (None, 0);
                return Ok((judgement == Judgement::Refused).then_some(look));
            }
            (None, Haste::WhenTwoLooksAgree)
                if self.seen.as_ref().map(Snapshot::contents) != Some(contents) =>
            {
                let Some(seen) = self.seen.replace(look.clone()) else { return Ok(None) };
                self.restless += 1;
                return match self.restless >= MOST_RESTLESS {
                    true => look.untouched_since(&seen).map(|()| None),
                    false => Ok(None),
                };
            }
            _ => {}
        }
        let look = look.settled()?;
        if haste == Haste::WhenTwoLooksAgree && look.contents() != contents {
            self.seen = Some(look);
            return Ok(None);
        }
        (self.seen, self.restless) = (None, 0);
        Ok(Some(look))
    }

    /// These were judged, and no others are followed.
    pub(super) fn judged(&mut self, look: &Snapshot, judgement: Judgement) {
        self.followed = look.0.keys().cloned().collect();
        self.judged = Some((look.contents(), judgement));
    }

    /// Nothing could be made of these; they are followed, too.
    pub(super) fn failed(&mut self, look: &Snapshot) {
        self.followed.extend(look.0.keys().cloned());
        self.judged = Some((look.contents(), Judgement::Refused));
    }

    pub(super) fn rolled_back(&mut self) {
        self.judged = self.judged.map(|(contents, _)| (contents, Judgement::RolledBack));
    }

    pub(super) fn last_judged(&self) -> Option<Contents> {
        self.judged.map(|(contents, _)| contents)
    }

    pub(super) fn has_refused(&self) -> bool {
        self.judged.is_some_and(|(_, judgement)| judgement == Judgement::Refused)
    }
}
