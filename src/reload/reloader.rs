//! [`Reloader`]: publishes generations, one after the other.

use std::fmt;
use std::mem;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_swap::ArcSwap;
use rustls::time_provider::{DefaultTimeProvider, TimeProvider};
use time::{Duration, OffsetDateTime};

use super::attempt::Run;
use super::disk::Look;
use super::files::{Files, Surroundings};
use super::generation::Generation;
use super::last_good::LastGood;
use super::parts::Parts;
use super::side::{Calling, Serving, Side};
use super::work::{Haste, Options, Work};
use crate::error::Error;
use crate::observe::{Observer, Observers};
use crate::report::ReloadReport;

/// Makes [`Generation`]s from files by a recipe, and publishes them whole. Cheap to clone; clones are
/// one.
///
/// The recipe is a closure; what it reads through the [`Files`] that it is handed is followed, and
/// nothing else is. [`follow`](Self::follow) looks at the contents again and again, and publishes what
/// two looks agree on; [`reload`](Self::reload), for SIGHUP and deploy hooks, does it at once.
///
/// What is refused stays as it was, on its own: a renewal that lost its purpose keeps the last good
/// pair in its slot, unreadable roots or lists stay, and everything else takes effect.
///
/// ```no_run
/// use std::{path::PathBuf, sync::Arc, time::Duration};
/// use mtls_roles::{ClientPeerVerifier, Generation, PeerRule, Reloader, ServerPeerVerifier, SignatureMemo};
///
/// # fn main() -> Result<(), mtls_roles::Error> {
/// let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
/// let memo = SignatureMemo::new(&provider); // Outlives generations.
/// let (p, dir) = (provider.clone(), PathBuf::from("/run/tls"));
/// let tls = Reloader::builder().build(move |files| {
///     let at = |name: &str| dir.join(name);
///     let serving = files.server_slot(at("tls.crt"), at("tls.key"), &p)?;
///     let calling = files.client_slot(at("client.pem"), at("client.pem"), &p)?;
///     let clients = ClientPeerVerifier::builder(files.roots(at("client-ca.crt"))?, &p)
///         .memo(memo.clone())
///         .crls(files.crls(at("crls"))?)
///         .eku_policy(files.text(at("eku"))?.parse()?)
///         .relax_for(PeerRule::dns_name("edge.example.com")?)
///         .build()?;
///     let servers = ServerPeerVerifier::builder(files.roots(at("server-ca.crt"))?, &p)
///         .memo(memo.clone())
///         .build()?;
///     Generation::new(&p).serve(serving, clients).call(calling, servers).build()
/// })?;
/// let _following = tls.follow(Duration::from_secs(10));
///
/// let generation = tls.current(); // For each connection: one generation, whole.
/// let accept: Arc<rustls::ServerConfig> = generation.server_config();
/// # Ok(())
/// # }
/// ```
pub struct Reloader<S = Serving, C = Calling>(Arc<Inner<S, C>>);

struct Inner<S, C> {
    current: Arc<ArcSwap<Generation<S, C>>>,
    work: Mutex<Work<S, C>>,
    options: Options,
    looks: AtomicU64,
    failing: Mutex<Option<OffsetDateTime>>,
}

/// How a [`Reloader`] does: for metrics, and for alarms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Health {
    /// The number of the current generation.
    pub generation: u64,
    /// When it was published, UTC.
    pub since: OffsetDateTime,
    /// How often the files were looked at. If it stands still, nobody follows, or the recipe blocks.
    pub looks: u64,
    /// Since when each look refused or failed to read something, UTC; `None` if all is well.
    pub failing_since: Option<OffsetDateTime>,
}

impl Reloader<(), ()> {
    /// Begins one.
    pub fn builder() -> ReloaderBuilder {
        ReloaderBuilder {
            observers: Vec::new(),
            clock: None,
            last_good: None,
            checks_own_chains: false,
            notice: Duration::days(30),
        }
    }
}

/// Builds a [`Reloader`]; see [`Reloader::builder`].
#[must_use]
pub struct ReloaderBuilder {
    observers: Vec<Arc<dyn Observer>>,
    clock: Option<Arc<dyn TimeProvider>>,
    last_good: Option<PathBuf>,
    checks_own_chains: bool,
    notice: Duration,
}

impl ReloaderBuilder {
    /// Hears what is published, refused and about to end, and what the slots do that are made by
    /// [`Files`]. (Verifiers have their own, given in the recipe.) May be called several times.
    ///
    /// A generation is current when it is told, and [`current`](Reloader::current) may be asked for it;
    /// whoever looks ([`reload`](Reloader::reload), [`poll`](Reloader::poll)) or rolls back from within an
    /// observer waits for itself for ever.
    pub fn observer(mut self, observer: Arc<dyn Observer>) -> Self {
        self.observers.push(observer);
        self
    }

    /// The clock of everything: slots, configurations, sessions, expiries. Default: the system's.
    pub fn time_provider(mut self, clock: Arc<dyn TimeProvider>) -> Self {
        self.clock = Some(clock);
        self
    }

    /// Keeps the last good pair of each slot in this folder, and serves with it when the process
    /// starts beside a pair that is refused. Default: such a start is an error.
    ///
    /// It holds private keys: the folder must be its owner's alone (mode 700; on Unix this is
    /// checked), each file is written with mode 600, whole. One folder is for one reloader, and for
    /// pairs that [`Files`] reads from two files or one, no others.
    pub fn keep_last_good(mut self, folder: impl Into<PathBuf>) -> Self {
        self.last_good = Some(folder.into());
        self
    }

    /// Verifies what we present by our own roots before it is published: the server certificate by
    /// the verifier of servers, the client certificate by the verifier of clients, if the generation
    /// has them. For services whose peers are services like them.
    ///
    /// Names and rules are not asked, since they are about others.
    pub fn check_own_chains(mut self) -> Self {
        self.checks_own_chains = true;
        self
    }

    /// How long ahead of an end it is told; a third of the lifetime, if that is less. Default: 30 days.
    pub fn expiry_notice(mut self, ahead: Duration) -> Self {
        self.notice = ahead;
        self
    }

    /// Runs the recipe for the first time.
    ///
    /// # Errors
    ///
    /// The recipe fails or panics, a file that it needs cannot be read or is refused, the files do not
    /// settle, or others can look into the folder of the last good pairs.
    pub fn build<S: Side, C: Side>(
        self,
        recipe: impl FnMut(&mut Files) -> Result<Generation<S, C>, Error> + Send + 'static,
    ) -> Result<Reloader<S, C>, Error> {
        let last_good = self.last_good.map(LastGood::open).transpose()?;
        let clock = self.clock.clone().unwrap_or_else(|| Arc::new(DefaultTimeProvider));
        let mut observers = Observers::default();
        self.observers.iter().for_each(|observer| observers.add(observer.clone()));
        let options = Options {
            surroundings: Surroundings {
                clock,
                observers: self.observers,
                last_good: last_good.clone(),
            },
            observers,
            clock: self.clock,
            checks_own_chains: self.checks_own_chains,
            notice: self.notice,
        };
        let mut work = Work::new(Box::new(recipe), last_good);
        let (run, look) = work.run(Look::default(), &options).map_err(owned)?;
        let mut accepted = work.accept(run, &look, None, &options).map_err(owned)?;
        let first = accepted.next.take().ok_or_else(|| Error::recipe("it made nothing"))?;
        let failing = (!accepted.report.is_clean()).then_some(first.since);
        let reloader = Reloader(Arc::new(Inner {
            current: Arc::new(ArcSwap::from_pointee(first)),
            work: Mutex::new(work),
            options,
            looks: AtomicU64::new(1),
            failing: Mutex::new(failing),
        }));
        accepted.tell(&reloader.0.options.observers);
        reloader.0.tell_expiries(&mut reloader.0.work());
        Ok(reloader)
    }
}

impl<S: Side, C: Side> Reloader<S, C> {
    /// The current generation. For each connection take one, and ask it for everything.
    pub fn current(&self) -> Arc<Generation<S, C>> {
        self.0.current.load_full()
    }

    /// Reads the files now, twice, and publishes what both reads agree on, without waiting for the
    /// next look to agree, too.
    ///
    /// So a file that somebody is writing at this moment, slower than two reads in a row, may be
    /// published in part if that part is well-formed (a chain without its last certificate): the next
    /// look corrects it, the [report](ReloadReport::shorter) names what became shorter. Waits while
    /// another thread looks.
    ///
    /// # Errors
    ///
    /// The files did not settle, or the recipe fails with everything new. The last generation stays.
    pub fn reload(&self) -> Result<ReloadReport, Arc<Error>> {
        self.0.look(&mut self.0.work(), Haste::Now)
    }

    /// One look, as [`follow`](Self::follow) makes them; for who has a loop of their own. What is new
    /// is published when the next look agrees.
    ///
    /// # Errors
    ///
    /// As [`reload`](Self::reload); files that do not settle are an error after some looks only.
    pub fn poll(&self) -> Result<ReloadReport, Arc<Error>> {
        self.0.look(&mut self.0.work(), Haste::WhenTwoLooksAgree)
    }

    /// Goes back to what the generation before this one was made from, as a new generation. It holds
    /// until the files change again, and what was published before is not judged again. A second
    /// roll-back undoes the first.
    ///
    /// Revocation lists do not go back: the newest stay.
    ///
    /// # Errors
    ///
    /// There is none before, or the recipe fails.
    pub fn roll_back(&self) -> Result<ReloadReport, Arc<Error>> {
        let mut work = self.0.work();
        self.0.roll_back(&mut work)
    }

    /// How it does.
    pub fn health(&self) -> Health {
        let current = self.0.current.load();
        let failing_since = *self.0.failing.lock().unwrap_or_else(PoisonError::into_inner);
        let looks = self.0.looks.load(Ordering::Relaxed);
        Health { generation: current.number, since: current.since, looks, failing_since }
    }

    pub(super) fn live(&self) -> &Arc<ArcSwap<Generation<S, C>>> {
        &self.0.current
    }
}

impl<S: Side, C: Side> Inner<S, C> {
    fn work(&self) -> MutexGuard<'_, Work<S, C>> {
        self.work.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn look(&self, work: &mut Work<S, C>, haste: Haste) -> Result<ReloadReport, Arc<Error>> {
        let looked = match work.what_to_judge(haste) {
            Ok(None) => Ok(ReloadReport::default()),
            Ok(Some(look)) => self.judge(work, look),
            Err(error) => Err(Arc::new(error)),
        };
        self.looks.fetch_add(1, Ordering::Relaxed);
        let is_well = looked.as_ref().is_ok_and(ReloadReport::is_clean) && !work.has_refused;
        self.note_failing(is_well);
        let failure = looked.as_ref().err();
        let failure = failure.map(|error| (work.judged, mem::discriminant(&**error)));
        let before = mem::replace(&mut work.told_failure, failure);
        if let Err(error) = &looked
            && before != failure
        {
            self.options.observers.tell(|observer| observer.reload_failed(error));
        }
        self.tell_expiries(work);
        looked
    }

    fn judge(&self, work: &mut Work<S, C>, look: Look) -> Result<ReloadReport, Arc<Error>> {
        let (run, look) = work.run(look, &self.options)?;
        self.accept(work, run, &look)
    }

    fn accept(
        &self,
        work: &mut Work<S, C>,
        run: Run<S, C>,
        look: &Look,
    ) -> Result<ReloadReport, Arc<Error>> {
        let current = self.current.load_full();
        let mut accepted = work.accept(run, look, Some(&current), &self.options)?;
        if let Some(next) = accepted.next.take() {
            self.current.swap(Arc::new(next)).end();
        }
        Ok(accepted.tell(&self.options.observers))
    }

    fn roll_back(&self, work: &mut Work<S, C>) -> Result<ReloadReport, Arc<Error>> {
        let before = work.before.as_deref().ok_or_else(|| Arc::new(Error::NoGenerationBefore))?;
        let lineages = work.good.lineages.clone();
        let back = Arc::new(Parts { all: before.all.clone(), lineages });
        let look = work.followed.again();
        let run = work.attempt(&back, &self.options).make_of_what_was_good(&look);
        // With what only the generation before asked for, and nobody followed since.
        let look = run.look.clone();
        let report = self.accept(work, run, &look)?;
        (work.undone, work.has_refused) = (work.judged, false);
        Ok(report)
    }

    fn note_failing(&self, is_well: bool) {
        let mut failing = self.failing.lock().unwrap_or_else(PoisonError::into_inner);
        match is_well {
            true => *failing = None,
            false => drop(failing.get_or_insert_with(|| self.options.now())),
        }
    }

    fn tell_expiries(&self, work: &mut Work<S, C>) {
        let (current, now) = (self.current.load(), self.options.now());
        for expiry in current.expiries() {
            let is_near = now >= expiry.notice(self.options.notice);
            if is_near && work.told_expiries.insert(format!("{expiry}")) {
                self.options.observers.tell(|observer| observer.expiring(&expiry));
            }
        }
    }
}

/// Nobody else has it: nothing else was told of a first run.
fn owned(error: Arc<Error>) -> Error {
    Arc::try_unwrap(error).unwrap_or_else(Error::recipe)
}

impl<S, C> Clone for Reloader<S, C> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<S, C> fmt::Debug for Reloader<S, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let current = self.0.current.load();
        f.debug_struct("Reloader").field("generation", &current.number).finish_non_exhaustive()
    }
}

impl fmt::Debug for ReloaderBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReloaderBuilder")
            .field("last_good", &self.last_good)
            .finish_non_exhaustive()
    }
}
