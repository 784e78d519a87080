//! [`Work`]: from a look to a generation, and what is remembered from one to the next.

use std::collections::HashSet;
use std::mem::{self, Discriminant};
use std::sync::Arc;

use rustls::time_provider::TimeProvider;
use time::{Duration, OffsetDateTime};

use super::attempt::{Attempt, Recipe, Run};
use super::disk::{Hash, Look};
use super::files::{News, Surroundings};
use super::generation::Generation;
use super::last_good::LastGood;
use super::parts::{Part, Parts};
use super::side::Side;
use crate::error::Error;
use crate::observe::{KeptCrl, Observers};
use crate::report::{RefusedPart, ReloadReport};
use crate::role::Role;

/// What a reloader was built with.
pub(super) struct Options {
    pub(super) surroundings: Surroundings,
    pub(super) observers: Observers,
    /// `None`: the system's, and each configuration's own.
    pub(super) clock: Option<Arc<dyn TimeProvider>>,
    pub(super) checks_own_chains: bool,
    pub(super) notice: Duration,
}

/// What came of a run.
pub(super) struct Accepted<S, C> {
    /// To be published, if it is made from something new.
    pub(super) next: Option<Generation<S, C>>,
    pub(super) report: ReloadReport,
    news: Vec<Box<dyn Fn() + Send>>,
    kept: Vec<(Role, KeptCrl)>,
    is_news: bool,
}

impl<S, C> Accepted<S, C> {
    /// Once it is published: an observer may ask for it, block or panic.
    pub(super) fn tell(self, observers: &Observers) -> ReloadReport {
        self.news.iter().for_each(|tell| tell());
        for (role, kept) in &self.kept {
            observers.tell(|observer| observer.crl_kept(*role, kept));
        }
        if self.is_news {
            observers.tell(|observer| observer.reloaded(&self.report));
        }
        self.report
    }
}

/// What changes from look to look.
pub(super) struct Work<S, C> {
    pub(super) recipe: Recipe<S, C>,
    pub(super) number: u64,
    pub(super) good: Arc<Parts>,
    /// Of the generation before.
    pub(super) before: Option<Arc<Parts>>,
    /// The places that are followed.
    pub(super) followed: Look,
    /// What was seen last, and not judged yet.
    pub(super) seen: Option<Hash>,
    /// So many looks in a row saw something else.
    pub(super) restless: u32,
    /// What was judged last.
    pub(super) judged: Option<Hash>,
    /// The last verdict refused something: the same contents may be good later.
    pub(super) has_refused: bool,
    /// After a roll-back, what does not undo it.
    pub(super) undone: Option<Hash>,
    /// The refusals and the failure of the last verdict, which were told.
    pub(super) told: HashSet<Told>,
    pub(super) told_failure: Option<(Option<Hash>, Discriminant<Error>)>,
    pub(super) told_expiries: HashSet<String>,
    pub(super) last_good: Option<LastGood>,
}

/// The same refusal: of the same contents, for the same reason.
type Told = (Part, Hash, Discriminant<Error>);

/// So many looks may differ from each other before it is told.
const MOST_RESTLESS: u32 = 3;

/// So often in a row the files are read anew, until two reads agree.
const MOST_READS: usize = 6;

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Haste {
    Now,
    WhenTwoLooksAgree,
}

impl<S: Side, C: Side> Work<S, C> {
    pub(super) fn new(recipe: Recipe<S, C>, last_good: Option<LastGood>) -> Self {
        Self {
            recipe,
            number: 0,
            good: Arc::default(),
            before: None,
            followed: Look::default(),
            seen: None,
            restless: 0,
            judged: None,
            has_refused: false,
            undone: None,
            told: HashSet::new(),
            told_failure: None,
            told_expiries: HashSet::new(),
            last_good,
        }
    }

    /// What was read, if there is something to judge.
    pub(super) fn what_to_judge(&mut self, haste: Haste) -> Result<Option<Look>, Error> {
        let look = self.followed.again();
        let print = look.print();
        if self.undone.is_some_and(|undone| undone == print) {
            return Ok(None);
        }
        if haste == Haste::WhenTwoLooksAgree {
            if self.judged == Some(print) {
                (self.seen, self.restless) = (None, 0);
                return Ok(self.has_refused.then_some(look));
            }
            if self.seen != Some(print) {
                let had_seen = self.seen.replace(print).is_some();
                self.restless += u32::from(had_seen);
                return match self.restless >= MOST_RESTLESS {
                    true => Err(Error::Unsettled { files: self.followed.names() }),
                    false => Ok(None),
                };
            }
        }
        let look = settled(look)?;
        if haste == Haste::WhenTwoLooksAgree && look.print() != print {
            self.seen = Some(look.print());
            return Ok(None);
        }
        (self.seen, self.restless, self.undone) = (None, 0, None);
        Ok(Some(look))
    }

    /// Runs the recipe over a look; again, if it asked for more and what was read is no longer there.
    pub(super) fn run(
        &mut self,
        mut look: Look,
        options: &Options,
    ) -> Result<(Run<S, C>, Look), Arc<Error>> {
        let mut files = String::new();
        for _ in 0..MOST_READS {
            let good = self.good.clone();
            let (run, followed) = (self.attempt(&good, options).make(&look), look.len());
            if run.look.len() == followed {
                return Ok((run, look));
            }
            let again = run.look.again();
            match again.is_untouched_since(&run.look) {
                true => return Ok((run, again)),
                false => files = again.restless(&run.look),
            }
            look = settled(again)?;
        }
        Err(Arc::new(Error::Unsettled { files }))
    }

    pub(super) fn attempt<'a>(
        &'a mut self,
        good: &'a Arc<Parts>,
        options: &'a Options,
    ) -> Attempt<'a, S, C> {
        Attempt {
            recipe: &mut self.recipe,
            good,
            surroundings: &options.surroundings,
            checks_own_chains: options.checks_own_chains,
        }
    }

    /// Takes what a run made.
    pub(super) fn accept(
        &mut self,
        run: Run<S, C>,
        look: &Look,
        current: Option<&Generation<S, C>>,
        options: &Options,
    ) -> Result<Accepted<S, C>, Arc<Error>> {
        self.judged = Some(look.print());
        let followed = mem::replace(&mut self.followed, look.clone().forgotten());
        let mut next = run.made.inspect_err(|_| {
            self.has_refused = true;
            self.followed.merge(followed);
        })?;
        let look = &look.clone().only(&run.places);
        self.judged = Some(look.print());
        self.followed = look.clone().forgotten();
        let mut refused = run.refused;
        refused.extend(self.keep(&run.parts));
        self.has_refused = !refused.is_empty();
        let (changed, shorter) = run.parts.changes(&self.good);
        let mut report = ReloadReport { changed, shorter, ..ReloadReport::default() };
        report.refused = refused.iter().map(|(_, refused)| refused.clone()).collect();
        let is_new = current.is_none() || !run.parts.is_made_from_the_same_as(&self.good);
        if is_new {
            self.number += 1;
            (next.number, next.since) = (self.number, options.now());
            next.begin(options.clock.as_ref());
            report.published = Some(self.number);
            (report.roots_added, report.roots_removed) = roots_changed(&next, current);
            self.told_expiries.clear();
        }
        let newly_refused = self.newly_refused(&refused, look);
        let is_told = |news: News| match news {
            News::Published(part, tell) if is_new && run.parts.is_new(&part, &self.good) => {
                Some(tell)
            }
            News::Refused(part, tell) if newly_refused.contains(&part) => Some(tell),
            _ => None,
        };
        let news = run.news.into_iter().filter_map(is_told).collect();
        let is_news = is_new || !newly_refused.is_empty();
        let mut kept = Vec::new();
        if is_new {
            kept = run.parts.newly_kept(&self.good);
            let parts = Arc::new(run.parts);
            self.before = Some(mem::replace(&mut self.good, parts)).filter(|_| current.is_some());
        }
        Ok(Accepted { next: is_new.then_some(next), report, news, kept, is_news })
    }

    /// The parts that are refused and were not, or not as they are now, or not for this reason.
    fn newly_refused(&mut self, refused: &[(Part, RefusedPart)], look: &Look) -> HashSet<Part> {
        let told = refused.iter().map(|(part, RefusedPart { files, error, .. })| {
            (part.clone(), look.print_at(files), mem::discriminant(&**error))
        });
        let before = mem::replace(&mut self.told, told.collect());
        self.told.difference(&before).map(|(part, ..)| part.clone()).collect()
    }

    /// Keeps the pairs for a restart; those that cannot be kept serve all the same.
    fn keep(&mut self, parts: &Parts) -> Vec<(Part, RefusedPart)> {
        let kept = parts.all.iter().filter_map(|(part, good)| {
            let error = self.last_good.as_mut()?.keep(part, good).err()?;
            let (files, error) = (good.files.clone(), Arc::new(error));
            Some((part.clone(), RefusedPart { files, error, is_from_last_good: false }))
        });
        kept.collect()
    }
}

/// What two reads in a row agree on.
fn settled(mut look: Look) -> Result<Look, Error> {
    let mut files = String::new();
    for _ in 0..MOST_READS {
        let again = look.again();
        if again.is_untouched_since(&look) {
            return Ok(again);
        }
        files = again.restless(&look);
        look = again;
    }
    Err(Error::Unsettled { files })
}

type NamedRoots = Vec<(Role, String)>;

fn roots_changed<S: Side, C: Side>(
    next: &Generation<S, C>,
    current: Option<&Generation<S, C>>,
) -> (NamedRoots, NamedRoots) {
    let Some(current) = current else {
        return Default::default();
    };
    let (old, new) = (current.roots(), next.roots());
    let missing = |from: &[(_, String, Vec<u8>)], of: &[(_, String, Vec<u8>)]| {
        let known: HashSet<_> = from.iter().collect();
        let gone = of.iter().filter(|root| !known.contains(root));
        gone.map(|(role, name, _)| (*role, name.clone())).collect()
    };
    (missing(&old, &new), missing(&new, &old))
}

impl Options {
    pub(super) fn now(&self) -> OffsetDateTime {
        let now = self.surroundings.clock.current_time();
        let seconds = now.and_then(|now| i64::try_from(now.as_secs()).ok()).unwrap_or_default();
        OffsetDateTime::from_unix_timestamp(seconds).unwrap_or(OffsetDateTime::UNIX_EPOCH)
    }
}
