//! [`Reloader`]: publishes generations, one after the other.

use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_swap::ArcSwap;
use rustls::time_provider::TimeProvider;
use time::{Duration, OffsetDateTime};

use super::files::{Files, Options};
use super::generation::Generation;
use super::last_good::LastGood;
use super::recipe::Recipe;
use super::side::{ClientSide, ServerSide, Side};
use super::watch::Haste;
use super::work::{Outcome, Work};
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
pub struct Reloader<S = ServerSide, C = ClientSide>(Arc<Inner<S, C>>);

struct Inner<S, C> {
    current: ArcSwap<Generation<S, C>>,
    work: Mutex<Work<S, C>>,
    options: Arc<Options>,
    /// But for the generation, which is the current one.
    health: Mutex<Health>,
}

/// How a [`Reloader`] does: for metrics, and for alarms.
///
/// ```
/// # let (tls, policy) = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/docs/reloader.rs"));
/// std::fs::write(&policy, "no policy")?;
/// let report = tls.reload()?;
/// assert_eq!((report.published, tls.health().generation), (None, 1));
/// assert!(tls.health().failing_since.is_some());
/// # std::fs::remove_file(policy)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
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
        ReloaderBuilder(Options {
            clock: None,
            observers: Observers::default(),
            last_good: None,
            checks_own_chains: false,
            notice: Duration::days(30),
        })
    }
}

/// Builds a [`Reloader`]; see [`Reloader::builder`].
///
/// ```no_run
/// use mtls_roles::{ClientPeerVerifier, Counters, Generation, Reloader};
/// use mtls_roles::time::Duration;
///
/// let counters = std::sync::Arc::new(Counters::default());
/// let provider = std::sync::Arc::new(rustls::crypto::aws_lc_rs::default_provider());
/// let tls = Reloader::builder()
///     .observer(counters.clone())
///     .keep_last_good("/var/lib/edge/last-good")
///     .expiry_notice(Duration::days(14))
///     .build(move |files| {
///         let slot = files.server_slot("tls.crt", "tls.key", &provider)?;
///         let roots = files.roots("clients.pem")?;
///         let clients = ClientPeerVerifier::builder(roots, &provider).build()?;
///         Generation::new(&provider).serve(slot, clients).build()
///     })?;
/// # Ok::<(), mtls_roles::Error>(())
/// ```
#[derive(Debug)]
#[must_use]
pub struct ReloaderBuilder(Options);

impl ReloaderBuilder {
    /// Hears what is published, refused and about to end, and what the slots do that are made by
    /// [`Files`]. (Verifiers have their own, given in the recipe.) May be called several times.
    ///
    /// A generation is current when it is told, and [`current`](Reloader::current) may be asked for it;
    /// whoever looks ([`reload`](Reloader::reload), [`poll`](Reloader::poll)) or rolls back from within an
    /// observer waits for itself for ever.
    pub fn observer(mut self, observer: Arc<dyn Observer>) -> Self {
        self.0.observers.add(observer);
        self
    }

    /// The clock of everything: slots, configurations, sessions, expiries. Default: the system's.
    pub fn time_provider(mut self, clock: Arc<dyn TimeProvider>) -> Self {
        self.0.clock = Some(clock);
        self
    }

    /// Keeps the last good pair of each slot in this folder, and serves with it when the process
    /// starts beside a pair that is refused. Default: such a start is an error.
    ///
    /// It holds private keys: the folder must be its owner's alone (mode 700; on Unix this is
    /// checked), each file is written with mode 600, whole. One folder is for one reloader, and for
    /// pairs that [`Files`] reads from two files or one, no others.
    pub fn keep_last_good(mut self, folder: impl Into<PathBuf>) -> Self {
        self.0.last_good = Some(LastGood(folder.into()));
        self
    }

    /// Verifies what we present by our own roots before it is published: the server certificate by
    /// the verifier of servers, the client certificate by the verifier of clients, if the generation
    /// has them. For services whose peers are services like them.
    ///
    /// Names and rules are not asked, since they are about others.
    pub fn check_own_chains(mut self) -> Self {
        self.0.checks_own_chains = true;
        self
    }

    /// How long ahead of an end it is told; a third of the lifetime, if that is less. Default: 30 days.
    pub fn expiry_notice(mut self, ahead: Duration) -> Self {
        self.0.notice = ahead;
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
        let options = Arc::new(self.0);
        options.last_good.iter().try_for_each(LastGood::check)?;
        let mut work = Work::new(Recipe(Box::new(recipe)), options.clone());
        let Outcome { generation, report, news } = work.first().map_err(owned)?;
        let since = generation.since;
        let failing_since = (!report.is_clean()).then_some(since);
        let reloader = Reloader(Arc::new(Inner {
            current: ArcSwap::from_pointee(generation),
            work: Mutex::new(work),
            options,
            health: Mutex::new(Health { generation: 1, since, looks: 1, failing_since }),
        }));
        news.iter().for_each(|tell| tell());
        reloader.0.tell_expiries(&mut lock(&reloader.0.work));
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
        self.0.look(Haste::Now)
    }

    /// One look, as [`follow`](Self::follow) makes them; for who has a loop of their own. What is new
    /// is published when the next look agrees.
    ///
    /// # Errors
    ///
    /// As [`reload`](Self::reload); files that do not settle are an error after some looks only.
    pub fn poll(&self) -> Result<ReloadReport, Arc<Error>> {
        self.0.look(Haste::WhenTwoLooksAgree)
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
        let mut work = lock(&self.0.work);
        let outcome = work.roll_back(&self.current())?;
        Ok(self.0.publish(outcome))
    }

    /// How it does.
    pub fn health(&self) -> Health {
        let current = self.0.current.load();
        Health { generation: current.number, since: current.since, ..*lock(&self.0.health) }
    }
}

impl<S: Side, C: Side> Inner<S, C> {
    fn look(&self, haste: Haste) -> Result<ReloadReport, Arc<Error>> {
        let work = &mut *lock(&self.work);
        let looked = work.look(haste, &self.current.load());
        let looked = looked.map(|it| it.map(|it| self.publish(it)).unwrap_or_default());
        self.note(looked.is_err() || work.has_refused());
        if let Err(error) = &looked
            && work.is_new_failure(error)
        {
            self.options.observers.tell(|observer| observer.reload_failed(error));
        }
        self.tell_expiries(work);
        looked
    }

    /// Telling comes after it: an observer may ask for what is told, block or panic.
    fn publish(&self, outcome: Outcome<S, C>) -> ReloadReport {
        if outcome.report.published.is_some() {
            self.current.swap(Arc::new(outcome.generation)).end();
        }
        outcome.news.iter().for_each(|tell| tell());
        outcome.report
    }

    fn note(&self, is_failing: bool) {
        let mut health = lock(&self.health);
        health.looks += 1;
        let since = health.failing_since;
        health.failing_since = is_failing.then(|| since.unwrap_or_else(|| self.options.now()));
    }

    fn tell_expiries(&self, work: &mut Work<S, C>) {
        for expiry in self.current.load().expiries() {
            if work.is_new_expiry(&expiry) {
                self.options.observers.tell(|observer| observer.expiring(&expiry));
            }
        }
    }
}

/// What an observer or a recipe left that panicked is as good as any.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
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
