//! Mixed traffic through the proxy while certificates rotate, it reloads every second, its backend is killed and
//! restarted, descriptors run short and one client in ten is refused: no good client fails, no byte is lost or
//! altered, memory stays flat. Half a minute; `MTLS_ROLES_SOAK=600` for ten.

use std::fs;
use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{AlertDescription, ClientConfig, ClientConnection, StreamOwned};

use super::certificates::{Certificates, Kind, Pair};
use super::proxy::program;
use crate::common::files::Volume;
use crate::common::ports::free_address;
use crate::common::process::Process;
use crate::common::tls::{
    alert, client_without_resumption, provider, server_name, stock_client, versions,
};

/// Echoes, until it is killed; then again, at the same address.
struct Backend {
    address: SocketAddr,
    /// Counts the deaths: what was under way then may fail.
    deaths: AtomicU64,
    is_up: AtomicBool,
    open: Mutex<Vec<TcpStream>>,
}

impl Backend {
    fn start() -> Arc<Self> {
        let address = free_address();
        let (deaths, is_up) = (AtomicU64::new(0), AtomicBool::new(false));
        let backend = Arc::new(Self { address, deaths, is_up, open: Mutex::default() });
        backend.serve();
        backend
    }

    fn serve(self: &Arc<Self>) {
        let listener = TcpListener::bind(self.address).unwrap();
        listener.set_nonblocking(true).unwrap();
        self.is_up.store(true, SeqCst);
        let backend = Arc::clone(self);
        thread::spawn(move || {
            while backend.is_up.load(SeqCst) {
                match listener.accept() {
                    Ok((stream, _)) => backend.echo(stream),
                    Err(_) => thread::sleep(Duration::from_millis(1)),
                }
            }
        });
    }

    fn echo(&self, stream: TcpStream) {
        stream.set_nonblocking(false).unwrap();
        let mut open = self.open.lock().unwrap();
        open.retain(|it| it.peer_addr().is_ok());
        open.push(stream.try_clone().unwrap());
        thread::spawn(move || {
            let copied = io::copy(&mut &stream, &mut &stream);
            let _ = stream.shutdown(if copied.is_ok() { Shutdown::Write } else { Shutdown::Both });
        });
    }

    fn kill(&self) {
        self.deaths.fetch_add(1, SeqCst);
        self.is_up.store(false, SeqCst);
        for stream in self.open.lock().unwrap().drain(..) {
            let _ = stream.shutdown(Shutdown::Both);
        }
        thread::sleep(Duration::from_millis(200));
    }
}

fn config(certificates: &Certificates, own: &Pair) -> Arc<ClientConfig> {
    let root = CertificateDer::from_pem_file(&certificates.root).unwrap();
    let chain = CertificateDer::pem_file_iter(&own.chain).unwrap().map(Result::unwrap).collect();
    let key = PrivateKeyDer::from_pem_file(&own.key).unwrap();
    let config = stock_client(&provider(), &versions(), &[root], Some((chain, key)));
    Arc::new(client_without_resumption(config))
}

/// Sends bytes that nobody can guess the end of, and wants them back.
fn exchange(address: SocketAddr, config: &Arc<ClientConfig>, seed: u64) -> io::Result<()> {
    let tcp = TcpStream::connect(address)?;
    tcp.set_read_timeout(Some(Duration::from_secs(20)))?;
    tcp.set_write_timeout(Some(Duration::from_secs(20)))?;
    let connection = ClientConnection::new(Arc::clone(config), server_name("localhost"));
    let mut stream = StreamOwned::new(connection.map_err(io::Error::other)?, tcp);
    let mut state = seed;
    let sent: Vec<u8> = (0..seed % 200_000)
        .map(|_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 56) as u8
        })
        .chain([b'x'])
        .collect();
    let mut back = vec![];
    // A part is answered before the next, so that neither side fills its buffers and waits.
    for part in sent.chunks(30_000) {
        stream.write_all(part)?;
        stream.flush()?;
        let start = back.len();
        back.resize(start + part.len(), 0);
        stream.read_exact(&mut back[start..])?;
    }
    stream.conn.send_close_notify();
    stream.flush()?;
    match stream.read_to_end(&mut back)? {
        0 if back == sent => Ok(()),
        more => Err(io::Error::other(format!("what came back differs, and {more} bytes more"))),
    }
}

/// What became of the visits.
#[derive(Debug, Default)]
struct Tally {
    passed: AtomicU64,
    refused: AtomicU64,
    /// The service behind the proxy was down: the end is told, and not by an alert.
    excused: AtomicU64,
    failures: Mutex<Vec<String>>,
}

impl Tally {
    fn note(&self, is_bad: bool, was_down: bool, result: io::Result<()>) {
        let count = match &result {
            Ok(()) if !is_bad => &self.passed,
            Err(error) if is_bad && is_refusal(error) => &self.refused,
            Err(error) if !is_bad && was_down && !is_alert(error) => &self.excused,
            _ => return self.failures.lock().unwrap().push(format!("{is_bad}: {result:?}")),
        };
        count.fetch_add(1, SeqCst);
    }
}

#[test]
fn no_good_client_fails_whatever_is_reloaded_killed_or_short() {
    let seconds = std::env::var("MTLS_ROLES_SOAK").ok().and_then(|it| it.parse().ok());
    let time = Duration::from_secs(seconds.unwrap_or(30));
    let certificates = Certificates::make();
    let backend = Backend::start();
    let folder = certificates.folder.join("mounted");
    fs::create_dir(&folder).unwrap();
    let (volume, turn) = (Volume::new(&folder, &["tls.crt", "tls.key"]), AtomicU64::new(0));
    let pairs = [Kind::ServerAuth, Kind::Combined].map(|kind| certificates.ours(kind));
    let publish = || {
        let turn = turn.fetch_add(1, SeqCst) as usize;
        let Pair { chain, key, .. } = &pairs[turn % 2];
        let [chain, key] = [chain, key].map(|file| fs::read(file).unwrap());
        volume.swap(turn, &[("tls.crt", chain), ("tls.key", key)]);
    };
    publish();
    let address = free_address();
    let file = certificates.folder.write(
        "load.toml",
        format!(
            "reload = \"1s\"\n[log]\nformat = \"json\"\n[[tunnel]]\nname = \"load\"\nlisten = \"{address}\"\nconnect = \"{}\"\n\
             [tunnel.accept]\nchain = {:?}\nkey = {:?}\nclient_roots = {:?}\n",
            backend.address,
            folder.join("tls.crt"),
            folder.join("tls.key"),
            certificates.root,
        ),
    );
    let mut command = Command::new("prlimit");
    command.arg("--nofile=100").arg(program()).arg(file);
    let proxy = Process::listening(command, address);

    let good = config(&certificates, &certificates.theirs(Kind::ClientAuth));
    let bad = config(&certificates, &certificates.theirs(Kind::ServerAuth));
    let begun = Instant::now();
    let done = || begun.elapsed() > time;
    let every = |seconds, act: &dyn Fn()| {
        while !done() {
            thread::sleep(Duration::from_secs(seconds));
            act();
        }
    };
    let (tally, sizes) = (Tally::default(), Mutex::new(vec![]));
    thread::scope(|scope| {
        for worker in 0..8_u64 {
            let (good, bad, backend, tally) = (&good, &bad, &backend, &tally);
            scope.spawn(move || {
                let mut turn = worker * 1_000_003;
                while !done() {
                    turn += 7_919;
                    let deaths = backend.deaths.load(SeqCst);
                    let was_up = backend.is_up.load(SeqCst);
                    let is_bad = turn % 10 == 0;
                    let result = exchange(address, if is_bad { bad } else { good }, turn);
                    let was_down = !was_up || deaths != backend.deaths.load(SeqCst);
                    tally.note(is_bad, was_down, result);
                }
            });
        }
        scope.spawn(|| every(1, &publish));
        scope.spawn(|| {
            every(5, &|| {
                backend.kill();
                backend.serve();
            });
        });
        scope.spawn(|| {
            // More connections than there are descriptors, that say nothing.
            every(7, &|| {
                let _silent: Vec<_> = (0..150).map(|_| TcpStream::connect(address)).collect();
                thread::sleep(Duration::from_secs(1));
            });
        });
        every(1, &|| sizes.lock().unwrap().push(proxy.resident_kb()));
    });
    let sizes = sizes.into_inner().unwrap();
    println!("{tally:?}; kB: {sizes:?}");
    assert_eq!(*tally.failures.lock().unwrap(), [""; 0], "{tally:?}");
    let [passed, refused] = [&tally.passed, &tally.refused].map(|count| count.load(SeqCst));
    assert!(passed > 100 && refused > 10, "{tally:?}");
    let (early, late) = sizes.split_at(sizes.len() / 2);
    let most = |sizes: &[u64]| sizes.iter().max().copied().unwrap_or_default();
    assert!(most(late) <= most(early) * 5 / 4 + 2_000, "{sizes:?}");
}

/// The alert that ended it, if one did.
fn alert_in(error: &io::Error) -> Option<AlertDescription> {
    alert(error.get_ref()?.downcast_ref()?)
}

fn is_alert(error: &io::Error) -> bool {
    alert_in(error).is_some()
}

fn is_refusal(error: &io::Error) -> bool {
    alert_in(error) == Some(AlertDescription::UnsupportedCertificate)
}
