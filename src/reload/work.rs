//! [`Work`]: from a look to a generation, and what is remembered from one to the next.

use std::collections::HashSet;
use std::mem::{self, Discriminant};
use std::sync::Arc;

use super::disk::{Contents, MOST_READS, Snapshot};
use super::files::{Given, Options, Refused, Tell};
use super::generation::Generation;
use super::parts::{Part, Parts};
use super::recipe::{Recipe, Run};
use super::side::Side;
use super::watch::{Haste, Judgement, Watch};
use crate::error::Error;
use crate::report::{Expiry, ReloadReport};

/// What changes from look to look.
pub(super) struct Work<S, C> {
    recipe: Recipe<S, C>,
    options: Arc<Options>,
    watch: Watch,
    number: u64,
    good: Arc<Parts>,
    /// Of the generation before.
    before: Option<Arc<Parts>>,
    /// Refused parts, and failures (of no part): of which contents, and why.
    told: HashSet<(Option<Part>, Option<Contents>, Discriminant<Error>)>,
    told_expiries: HashSet<String>,
}

/// What came of a run.
pub(super) struct Outcome<S, C> {
    /// To be published, if the report has a number for it.
    pub(super) generation: Generation<S, C>,
    pub(super) report: ReloadReport,
    /// To be told once it is published: an observer may ask for it, block or panic.
    pub(super) news: Vec<Tell>,
}

impl<S: Side, C: Side> Work<S, C> {
    pub(super) fn new(recipe: Recipe<S, C>, options: Arc<Options>) -> Self {
        Self {
            recipe,
            options,
            watch: Watch::default(),
            number: 0,
            good: Arc::default(),
            before: None,
            told: HashSet::new(),
            told_expiries: HashSet::new(),
        }
    }

    pub(super) fn first(&mut self) -> Result<Outcome<S, C>, Arc<Error>> {
        let run = self.run(Snapshot::default())?;
        self.accept(run, None)
    }

    /// What was read, if there is something to judge.
    pub(super) fn look(
        &mut self,
        haste: Haste,
        current: &Generation<S, C>,
    ) -> Result<Option<Outcome<S, C>>, Arc<Error>> {
        let Some(look) = self.watch.next(haste)? else { return Ok(None) };
        let run = self.run(look)?;
        self.accept(run, Some(current)).map(Some)
    }

    /// What the generation before was made from, and the lists of now.
    pub(super) fn roll_back(
        &mut self,
        current: &Generation<S, C>,
    ) -> Result<Outcome<S, C>, Arc<Error>> {
        let before = self.before.as_deref().ok_or(Error::NoGenerationBefore)?;
        let lineages = self.good.lineages.clone();
        let back = Arc::new(Parts { all: before.all.clone(), lineages });
        let given = self.given(self.watch.look(), &back);
        let run = self.recipe.make_of_what_was_good(&given);
        let outcome = self.accept(run, Some(current))?;
        self.watch.rolled_back();
        Ok(outcome)
    }

    /// Runs the recipe over a look; again, if it asked for more and what was read is no longer there.
    fn run(&mut self, mut look: Snapshot) -> Result<Run<S, C>, Error> {
        let mut runs = 0;
        loop {
            let given = self.given(look, &self.good);
            let run = self.recipe.make(&given);
            if run.files.look.0.keys().all(|place| given.look.0.contains_key(place)) {
                return Ok(run);
            }
            let again = run.files.look.again();
            runs += 1;
            match again.untouched_since(&run.files.look) {
                Ok(()) => return Ok(run),
                Err(error) if runs == MOST_READS => return Err(error),
                Err(_) => look = again.settled()?,
            }
        }
    }

    fn given(&self, look: Snapshot, good: &Arc<Parts>) -> Given {
        Given { look, good: good.clone(), options: self.options.clone() }
    }

    fn accept(
        &mut self,
        run: Run<S, C>,
        current: Option<&Generation<S, C>>,
    ) -> Result<Outcome<S, C>, Arc<Error>> {
        let mut files = run.files;
        let mut generation = run.made.inspect_err(|_| self.watch.failed(&files.everything()))?;
        files.keep();
        let judgement = match files.refused.is_empty() {
            true => Judgement::Good,
            false => Judgement::Refused,
        };
        self.watch.judged(&files.look, judgement);
        let refused = files.refused.iter().map(|refused| refused.shown.clone()).collect();
        let mut report = ReloadReport { refused, ..ReloadReport::default() };
        let refused = self.newly_refused(files.refused);
        let is_new = current.is_none() || files.now.all != self.good.all;
        let is_news = is_new || !refused.is_empty();
        let mut news: Vec<_> = refused.into_iter().filter_map(|refused| refused.news).collect();
        if is_new {
            self.number += 1;
            generation.publish(self.number, &self.options);
            report.published = Some(self.number);
            (report.changed, report.shorter) = files.now.changes(&self.good);
            if let Some(current) = current {
                report.roots_added = generation.roots_beyond(current);
                report.roots_removed = current.roots_beyond(&generation);
            }
            news.extend(files.news);
            for (role, kept) in files.now.newly_kept(&self.good) {
                news.push(self.options.news(move |observer| observer.crl_kept(role, &kept)));
            }
            let good = mem::replace(&mut self.good, Arc::new(files.now));
            self.before = current.map(|_| good);
            self.told_expiries.clear();
        }
        if is_news {
            let report = report.clone();
            news.push(self.options.news(move |observer| observer.reloaded(&report)));
        }
        Ok(Outcome { generation, report, news })
    }

    /// What was not refused, or not as it is now, or not for this reason.
    fn newly_refused(&mut self, refused: Vec<Refused>) -> Vec<Refused> {
        let key = |refused: &Refused| {
            let reason = mem::discriminant(&*refused.shown.error);
            (Some(refused.part.clone()), Some(refused.contents), reason)
        };
        let told = mem::replace(&mut self.told, refused.iter().map(key).collect());
        refused.into_iter().filter(|refused| !told.contains(&key(refused))).collect()
    }

    /// Whether this failure of a look was not told: of other contents, or for another reason.
    pub(super) fn is_new_failure(&mut self, error: &Error) -> bool {
        self.told.insert((None, self.watch.last_judged(), mem::discriminant(error)))
    }

    /// Whether it ends soon, and was not told of this generation.
    pub(super) fn is_new_expiry(&mut self, expiry: &Expiry) -> bool {
        let is_near = self.options.now() >= expiry.notice(self.options.notice);
        is_near && self.told_expiries.insert(expiry.to_string())
    }

    pub(super) fn has_refused(&self) -> bool {
        self.watch.has_refused()
    }
}
