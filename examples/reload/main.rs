//! A service whose certificates change in every way while it is under load, and no handshake fails.
//!
//! Run it, it needs nothing and ends by itself within 20 seconds: `cargo run --example reload`
//!
//! The service calls itself over loopback TCP, each time anew, as fast as it can; beside it two guests call.
//! Meanwhile `estate.rs` writes files as certbot, a CA and a clumsy operator do. `recipe` and `serve` are what
//! you need in your own service.

#[path = "../common/folder.rs"]
mod folder;
#[path = "../common/listener.rs"]
mod listener;

mod estate;

use std::error::Error;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use estate::{Ca, Estate};
use listener::{Connection, Limits, Listener};
use mtls_roles::{
    ClientPeerVerifier, Error as SetUpError, Files, Generation, Observer, PeerRule, ReloadReport,
    Reloader, ServerPeerVerifier, SignatureMemo,
};
use rustls::ClientConfig;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::ServerName;
use time::OffsetDateTime;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsConnector;

type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

/// What the service presents and accepts, from the files of one folder; they are followed.
fn recipe(
    dir: &Path,
    p: Arc<CryptoProvider>,
) -> impl FnMut(&mut Files) -> std::result::Result<Generation, SetUpError> + Send + 'static {
    let (memo, dir) = (SignatureMemo::new(&p), dir.to_owned());
    move |files| {
        let at = |name: &str| dir.join(name);
        let serving = files.server_slot(at("server.pem"), at("server.key"), &p)?;
        let calling = files.client_slot(at("client.pem"), at("client.pem"), &p)?;
        let clients = ClientPeerVerifier::builder(files.roots(at("ca.pem"))?, &p)
            .memo(memo.clone())
            .crls(files.crls(at("crls"))?)
            .eku_policy(files.text(at("eku"))?.parse()?)
            .relax_for(PeerRule::dns_name("old.guest.example")?)
            .build()?;
        let servers = ServerPeerVerifier::builder(files.roots(at("ca.pem"))?, &p)
            .memo(memo.clone())
            .build()?;
        Generation::new(&p).serve(serving, clients).call(calling, servers).build()
    }
}

/// Tells each caller who it is; for each connection one generation, whole.
async fn serve(tcp: TcpListener, tls: Reloader) -> ! {
    let current = move || {
        let generation = tls.current();
        (generation.server_config(), generation.clients().clone())
    };
    let mut listener = Listener::new(tcp, Limits::default(), current);
    loop {
        // What comes to nothing is one caller's, who says it below, or the moment's: it goes on.
        let Ok((Connection { mut tls, peer }, _)) = listener.accept().await else { continue };
        tokio::spawn(async move {
            let peer = peer.ok_or("client certificates are required")?;
            let greeting = format!("you are {}", peer.leaf().subject());
            tls.write_all(greeting.as_bytes()).await?;
            listener::hang_up(&mut tls).await;
            Result::Ok(())
        });
    }
}

#[tokio::main]
async fn main() -> Result<()> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut estate = Estate::new()?;
    let log = Arc::new(Lines::default());
    let tls = Reloader::builder()
        .observer(log.clone())
        .build(recipe(estate.folder(), provider.clone()))?;
    let _following = tls.follow(Duration::from_millis(100));
    reload_on_sighup(tls.clone())?;

    let tcp = TcpListener::bind("127.0.0.1:0").await?;
    let service = Arc::new(Service::at(tcp.local_addr()?));
    tokio::spawn(serve(tcp, tls.clone()));
    for _ in 0..2 {
        tokio::spawn(load(service.clone(), tls.clone()));
    }

    println!("A service calls itself without a pause. Its files are about to change.");
    let story = Story { tls: &tls, log: &log, service: &service };
    story.act("both certificates are renewed well", || estate.renew()).await?;
    story.act("a renewal loses clientAuth", || estate.renew_without_client_auth()).await?;
    story.act("… and is mended", || estate.renew()).await?;
    story.act("a new certificate is there, its key is not yet", || estate.write_half()).await?;
    story.act("… and now the key", || estate.write_other_half()).await?;
    story.act("a certificate is written that has expired", || estate.write_expired()).await?;
    story.act("… and is mended", || estate.renew()).await?;

    story
        .act("a new CA: its root beside the old one's", || estate.add_ca(Ca::new("New CA")))
        .await?;
    story.act("a new CA: certificates below it", || estate.renew()).await?;

    let guests = estate.guests(&provider)?;
    service.shows("  a guest calls", &guests.good).await;
    story.act("a revocation list names that guest", || estate.revoke_guest()).await?;
    service.shows("  the guest calls again", &guests.good).await;

    service.shows("  a guest with serverAuth only calls", &guests.old).await;
    let end = OffsetDateTime::now_utc() + Duration::from_secs(2);
    story.act("the policy is to end in 2 seconds", || estate.end_policy(end)).await?;
    tokio::time::sleep(Duration::from_millis(2_100)).await;
    service.shows("  … they have passed, no file has changed; it calls again", &guests.old).await;

    story.act("a new CA: the old root goes", || estate.remove_old_ca()).await?;
    estate.renew()?;
    story.act("SIGHUP, right after a renewal", sighup).await?;

    service.is_over.store(true, Ordering::Relaxed);
    let (done, failed) = (service.done.load(Ordering::Relaxed), service.failed.take());
    println!("\n{done} handshakes of the service with itself, {} of them failed.", failed.len());
    match failed.first() {
        None => Ok(()),
        Some(failed) => Err(failed.as_str().into()),
    }
}

/// SIGHUP reads the files at once.
#[cfg(unix)]
fn reload_on_sighup(tls: Reloader) -> Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut hangups = signal(SignalKind::hangup())?;
    tokio::spawn(async move {
        while hangups.recv().await.is_some() {
            let tls = tls.clone();
            // It waits for the disk. What it says, the observer hears.
            let _ = tokio::task::spawn_blocking(move || tls.reload().is_ok()).await;
        }
    });
    Ok(())
}

#[cfg(not(unix))]
fn reload_on_sighup(_: Reloader) -> Result<()> {
    Ok(())
}

/// As `kill -HUP` does.
fn sighup() -> Result<()> {
    let id = std::process::id().to_string();
    std::process::Command::new("kill").args(["-HUP", &id]).status()?;
    Ok(())
}

/// What was noted since it was last asked for.
#[derive(Default)]
struct Lines(Mutex<Vec<String>>);

impl Lines {
    fn note(&self, what: String) {
        if let Ok(mut lines) = self.0.lock() {
            lines.push(what);
        }
    }

    fn take(&self) -> Vec<String> {
        self.0.lock().map(|mut lines| std::mem::take(&mut *lines)).unwrap_or_default()
    }
}

/// What the reloader tells.
impl Observer for Lines {
    fn reloaded(&self, report: &ReloadReport) {
        self.note(report.to_string());
    }

    fn reload_failed(&self, error: &SetUpError) {
        self.note(format!("{error}\n"));
    }
}

/// Tells what happens, act by act.
struct Story<'a> {
    tls: &'a Reloader,
    log: &'a Lines,
    service: &'a Service,
}

impl Story<'_> {
    /// Writes files, waits until the reloader says something, and until the load has met it.
    async fn act(&self, what: &str, write: impl FnOnce() -> Result<()>) -> Result<()> {
        println!("\n* {what}");
        self.log.take();
        write()?;
        let mut told = Vec::new();
        for _ in 0..200 {
            tokio::time::sleep(Duration::from_millis(20)).await;
            let more = self.log.take();
            if more.is_empty() && !told.is_empty() {
                break;
            }
            told.extend(more);
        }
        for line in told.iter().flat_map(|told| told.lines()) {
            println!("  {}", line.replace(&format!("{}/", std::env::temp_dir().display()), ""));
        }
        let before = self.service.done.load(Ordering::Relaxed);
        while self.service.done.load(Ordering::Relaxed) < before + 20 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let generation = self.tls.current();
        let subject = |held: Option<mtls_roles::Credentials>| {
            held.map(|it| it.leaf().subject()).unwrap_or_default()
        };
        println!(
            "  in use: generation {}, server {}, client {}",
            generation.number(),
            subject(generation.server_slot().credentials()),
            subject(generation.client_slot().credentials())
        );
        Ok(())
    }
}

/// Where the service listens, and how its handshakes with itself went.
struct Service {
    address: SocketAddr,
    done: AtomicUsize,
    failed: Lines,
    is_over: AtomicBool,
}

impl Service {
    fn at(address: SocketAddr) -> Self {
        let (done, failed, is_over) = Default::default();
        Self { address, done, failed, is_over }
    }

    /// A connection to it: what it says to the caller.
    async fn call(&self, connect: Arc<ClientConfig>) -> Result<String> {
        let tcp = TcpStream::connect(self.address).await?;
        let name = ServerName::try_from("service.example")?;
        let mut stream = TlsConnector::from(connect).connect(name, tcp).await?;
        let mut greeting = String::new();
        stream.read_to_string(&mut greeting).await?;
        stream.shutdown().await?;
        Ok(greeting)
    }

    async fn shows(&self, what: &str, connect: &Arc<ClientConfig>) {
        match self.call(connect.clone()).await {
            Ok(greeting) => println!("{what}: {greeting}"),
            Err(refused) => println!("{what}: {refused}"),
        }
    }
}

/// Calls without a pause, each time with the current generation.
async fn load(service: Arc<Service>, tls: Reloader) {
    while !service.is_over.load(Ordering::Relaxed) {
        if let Err(error) = service.call(tls.current().client_config()).await {
            service.failed.note(error.to_string());
        }
        service.done.fetch_add(1, Ordering::Relaxed);
    }
}
