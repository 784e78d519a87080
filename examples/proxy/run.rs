//! [`run`]: the process, from its first signal to its last.

use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use mtls_roles::SignatureMemo;
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::admin::Admin;
use crate::config::{Config, Failure};
use crate::drain::Drain;
use crate::log;
use crate::metrics::Metrics;
use crate::tls::Shared;
use crate::tunnel::Ids;
use crate::tunnels::{Tunnels, Workshop};

/// Runs the tunnels of a file until SIGTERM or SIGINT. Exit code 0: it ended as it was told to; 2: it
/// could not begin, and standard error says why, a line for each reason.
pub fn run(file: &Path) -> ExitCode {
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => return cannot_begin(&[format!("the system gives no threads: {error}")]),
    };
    match runtime.block_on(serve(file)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failures) => cannot_begin(&failures),
    }
}

async fn serve(file: &Path) -> Result<(), Vec<String>> {
    // First of all: a signal that nobody waits for ends the process.
    let mut signals = Signals::new().map_err(|error| vec![format!("no signals: {error}")])?;
    let config = Config::read(file).map_err(|failure| vec![failure.to_string()])?;
    log::begin(config.log.format);
    let (workshop, drain) = (workshop(), Drain::default());
    let metrics = workshop.metrics.clone();
    let admin = admin_listener(&config).await.map_err(|failure| vec![failure.to_string()])?;
    let tunnels = Tunnels::start(workshop, &config, drain.clone()).map_err(in_words)?;
    if let Some(listener) = admin {
        let admin = Admin { metrics, tunnels: tunnels.shown(), drain: drain.clone() };
        tokio::spawn(admin.serve(listener));
    }
    tokio::spawn(reload_on(signals.hup, tunnels, file.to_owned(), config.clone()));
    tracing::info!("ready");
    signals.end.wait().await;
    tracing::info!(limit = ?config.drain.0, "draining");
    tokio::select! {
        () = drain.drain(config.drain.0) => {}
        () = signals.end.wait() => {}
    }
    tracing::info!("ended");
    Ok(())
}

async fn admin_listener(config: &Config) -> Result<Option<TcpListener>, Failure> {
    let Some(admin) = &config.admin else { return Ok(None) };
    let address = *admin.get_ref();
    match TcpListener::bind(address).await {
        Ok(listener) => {
            let listening = listener.local_addr().unwrap_or(address);
            tracing::info!(%listening, "admin");
            Ok(Some(listener))
        }
        Err(error) => {
            let why = format!("admin cannot listen on {address}: {error}");
            Err(config.place.fails_at(admin.span(), why))
        }
    }
}

/// A task of its own: a file that cannot be read for a while holds up nobody who wants to end.
async fn reload_on(mut hup: Signal, mut tunnels: Tunnels, file: PathBuf, begun: Config) {
    while hup.recv().await.is_some() {
        let failures = match Config::read(&file) {
            Ok(config) => {
                if (&config.admin, config.log, config.drain)
                    != (&begun.admin, begun.log, begun.drain)
                {
                    tracing::warn!(
                        "reload: admin, log and drain are read at the start; restart for new ones"
                    );
                }
                tunnels.apply(&config).await
            }
            Err(failure) => vec![failure],
        };
        for failure in &failures {
            tracing::error!("reload: what was good before stays: {failure}");
        }
        tracing::info!(failures = failures.len(), "reloaded");
    }
}

struct Signals {
    hup: Signal,
    end: End,
}

struct End {
    term: Signal,
    int: Signal,
}

impl Signals {
    fn new() -> io::Result<Self> {
        let end =
            End { term: signal(SignalKind::terminate())?, int: signal(SignalKind::interrupt())? };
        Ok(Self { hup: signal(SignalKind::hangup())?, end })
    }
}

impl End {
    async fn wait(&mut self) {
        tokio::select! {
            _ = self.term.recv() => {}
            _ = self.int.recv() => {}
        }
    }
}

/// What every tunnel of a process is made with.
pub fn workshop() -> Workshop {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let memo = SignatureMemo::new(&provider);
    let mut start = [0; 4];
    // Ids that repeat after a restart are the worst that can come of a failure.
    let _ = provider.secure_random.fill(&mut start);
    let ids = Arc::new(Ids::new(u32::from_be_bytes(start)));
    let metrics = Metrics::new(memo.clone());
    Workshop { shared: Shared { provider, memo }, metrics, ids }
}

fn in_words(failures: Vec<Failure>) -> Vec<String> {
    failures.iter().map(ToString::to_string).collect()
}

fn cannot_begin(failures: &[String]) -> ExitCode {
    failures.iter().for_each(|failure| eprintln!("{failure}"));
    ExitCode::from(2)
}
