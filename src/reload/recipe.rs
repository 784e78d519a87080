//! [`Recipe`]: the caller's closure, run over one look; and which part is to blame if it fails.

use std::any::Any;
use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use super::files::{Files, Given};
use super::generation::Generation;
use super::parts::Part;
use super::side::Side;
use crate::error::Error;
use crate::text::Printable;

/// The caller's closure.
pub(super) struct Recipe<S, C>(pub(super) Closure<S, C>);

type Closure<S, C> = Box<dyn FnMut(&mut Files) -> Result<Generation<S, C>, Error> + Send>;

/// One run of the recipe.
pub(super) struct Run<S, C> {
    pub(super) made: Result<Generation<S, C>, Arc<Error>>,
    pub(super) files: Files,
}

/// A part that stays as it was, and why.
type Blamed = (Part, Arc<Error>);

impl<S: Side, C: Side> Recipe<S, C> {
    /// With everything new that the recipe takes. If it fails, those parts stay as they were without
    /// which it does not: first what it asked for last.
    pub(super) fn make(&mut self, given: &Given) -> Run<S, C> {
        let first = self.run(given, &[]);
        let (mut held, mut failed) = (Vec::new(), first.blame());
        while let Some(blamed) = failed {
            held.push(blamed);
            let run = self.run(given, &held);
            if run.made.is_ok() {
                return self.give_back(given, held, run);
            }
            failed = run.blame();
        }
        first
    }

    /// Those are not to blame without which it fails not.
    fn give_back(&mut self, given: &Given, mut held: Vec<Blamed>, mut run: Run<S, C>) -> Run<S, C> {
        for at in (0..held.len() - 1).rev() {
            let innocent = held.remove(at);
            let without = self.run(given, &held);
            match without.made {
                Ok(_) => run = without,
                Err(_) => held.insert(at, innocent),
            }
        }
        for (part, error) in held {
            let places = run.files.now.places(&part);
            run.files.refuse(part, places, error);
        }
        run
    }

    /// With nothing new.
    pub(super) fn make_of_what_was_good(&mut self, given: &Given) -> Run<S, C> {
        let mut run = self.run_with(given, given.good.all.keys().cloned().collect());
        run.files.refused.clear();
        run
    }

    fn run(&mut self, given: &Given, held: &[Blamed]) -> Run<S, C> {
        self.run_with(given, held.iter().map(|(part, _)| part.clone()).collect())
    }

    fn run_with(&mut self, given: &Given, held: BTreeSet<Part>) -> Run<S, C> {
        let mut files = Files::new(given.clone(), held);
        let made = catch_unwind(AssertUnwindSafe(|| (self.0)(&mut files)));
        let made = made.unwrap_or_else(|panic| Err(panicked(&*panic)));
        let made = made.and_then(|generation| {
            if given.options.checks_own_chains {
                generation.check_own_chains(files.now()?)?;
            }
            Ok(generation)
        });
        Run { made: made.map_err(Arc::new), files }
    }
}

impl<S, C> Run<S, C> {
    /// If it failed: the last part that it asked for and whose contents are new.
    fn blame(&self) -> Option<Blamed> {
        let error = self.made.as_ref().err()?;
        let Files { given: Given { good, .. }, now, asked, .. } = &self.files;
        let is_new = |part: &&Part| good.all.contains_key(*part) && now.is_new(part, good);
        Some((asked.iter().rev().find(is_new)?.clone(), error.clone()))
    }
}

fn panicked(panic: &(dyn Any + Send)) -> Error {
    let words = panic.downcast_ref::<String>().map(String::as_str);
    let words = words.or_else(|| panic.downcast_ref::<&str>().copied());
    Error::RecipePanicked { message: Printable(words.unwrap_or("no words")).to_string() }
}
