//! [`Attempt`]: a recipe, run over one look; and which part of it is to blame if it fails.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;

use super::disk::Look;
use super::files::{Files, News, Surroundings};
use super::generation::Generation;
use super::parts::{Part, Parts};
use super::side::Side;
use crate::error::Error;
use crate::report::RefusedPart;

/// The caller's closure.
pub(super) type Recipe<S, C> = Box<dyn FnMut(&mut Files) -> Result<Generation<S, C>, Error> + Send>;

/// What a recipe makes of a look.
pub(super) struct Attempt<'a, S, C> {
    pub(super) recipe: &'a mut Recipe<S, C>,
    pub(super) good: &'a Arc<Parts>,
    pub(super) surroundings: &'a Surroundings,
    pub(super) checks_own_chains: bool,
}

/// One run of the recipe.
pub(super) struct Run<S, C> {
    pub(super) made: Result<Generation<S, C>, Arc<Error>>,
    /// With what was read during the run, if it asked for more than was read before.
    pub(super) look: Look,
    pub(super) parts: Parts,
    pub(super) refused: Vec<(Part, RefusedPart)>,
    pub(super) news: Vec<News>,
    /// What is to be followed, if it was made.
    pub(super) places: BTreeSet<PathBuf>,
    asked: Vec<Part>,
}

/// A part that stays as it was, and why.
type Blamed = (Part, Arc<Error>);

impl<S: Side, C: Side> Attempt<'_, S, C> {
    /// With everything new that the recipe takes. If it fails, those parts stay as they were without
    /// which it does not: first what it asked for last.
    pub(super) fn make(&mut self, look: &Look) -> Run<S, C> {
        let first = self.run(look, &[]);
        if first.made.is_ok() {
            return first;
        }
        match self.hold_until_it_works(look, &first) {
            Some((held, run)) => self.give_back(look, held, run),
            None => first,
        }
    }

    fn hold_until_it_works(
        &mut self,
        look: &Look,
        first: &Run<S, C>,
    ) -> Option<(Vec<Blamed>, Run<S, C>)> {
        let mut held = vec![self.blame(first)?];
        loop {
            let run = self.run(look, &held);
            if run.made.is_ok() {
                return Some((held, run));
            }
            held.push(self.blame(&run)?);
        }
    }

    /// The last part that it asked for and whose contents are new.
    fn blame(&self, run: &Run<S, C>) -> Option<Blamed> {
        let is_new =
            |part: &&Part| self.good.all.contains_key(*part) && run.parts.is_new(part, self.good);
        let part = run.asked.iter().rev().find(is_new)?;
        Some((part.clone(), run.made.as_ref().err()?.clone()))
    }

    /// Those are not to blame without which it fails not.
    fn give_back(&mut self, look: &Look, mut held: Vec<Blamed>, mut run: Run<S, C>) -> Run<S, C> {
        for at in (0..held.len().saturating_sub(1)).rev() {
            let innocent = held.remove(at);
            let without = self.run(look, &held);
            match without.made {
                Ok(_) => run = without,
                Err(_) => held.insert(at, innocent),
            }
        }
        for (part, error) in held {
            let files = run.parts.all.get(&part).map(|good| good.files.clone()).unwrap_or_default();
            run.refused.push((part, RefusedPart { files, error, is_from_last_good: false }));
        }
        run
    }

    /// With nothing new.
    pub(super) fn make_of_what_was_good(&mut self, look: &Look) -> Run<S, C> {
        let held = self.good.all.keys().cloned().collect();
        Run { refused: Vec::new(), ..self.run_with(look, held) }
    }

    fn run(&mut self, look: &Look, held: &[Blamed]) -> Run<S, C> {
        self.run_with(look, held.iter().map(|(part, _)| part.clone()).collect())
    }

    fn run_with(&mut self, look: &Look, held: BTreeSet<Part>) -> Run<S, C> {
        let mut files =
            Files::new(look.clone(), self.good.clone(), held, self.surroundings.clone());
        let recipe = &mut *self.recipe;
        let made = catch_unwind(AssertUnwindSafe(|| recipe(&mut files)));
        let made =
            made.unwrap_or_else(|panic| Err(Error::RecipePanicked { message: words(&*panic) }));
        let made = made.and_then(|generation| match self.checks_own_chains {
            true => generation.check_own_chains(files.now()?).map(|()| generation),
            false => Ok(generation),
        });
        Run {
            made: made.map_err(Arc::new),
            look: files.take_look(),
            parts: files.now,
            refused: files.refused,
            news: files.news,
            places: files.places,
            asked: files.asked,
        }
    }
}

fn words(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
    crate::text::Printable(text.unwrap_or("no words")).to_string()
}
