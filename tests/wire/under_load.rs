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
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{AlertDescription, ClientConfig, ClientConnection, Error, RootCertStore, StreamOwned};

use super::certificates::{Certificates, Kind, Pair};
use super::process::Process;
use super::proxy::program;
use crate::common::ports::free_address;
use crate::common::tls::provider;

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

/// Chain and key in a folder that is replaced by one rename, as kubelet does.
struct Mounted {
    folder: std::path::PathBuf,
    turn: u64,
}

impl Mounted {
    fn publish(&mut self, pair: &Pair) {
        self.turn += 1;
        let (data, link) = (format!("..{}", self.turn), self.folder.join("..data_tmp"));
        fs::create_dir(self.folder.join(&data)).unwrap();
        fs::copy(&pair.chain, self.folder.join(&data).join("tls.crt")).unwrap();
        fs::copy(&pair.key, self.folder.join(&data).join("tls.key")).unwrap();
        std::os::unix::fs::symlink(&data, &link).unwrap();
        fs::rename(link, self.folder.join("..data")).unwrap();
        let old = self.folder.join(format!("..{}", self.turn.saturating_sub(2)));
        let _ = fs::remove_dir_all(old);
    }
}

fn config(certificates: &Certificates, own: &Pair) -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(&certificates.root).unwrap()).unwrap();
    let chain = CertificateDer::pem_file_iter(&own.chain).unwrap().map(Result::unwrap).collect();
    let key = PrivateKeyDer::from_pem_file(&own.key).unwrap();
    let builder = ClientConfig::builder_with_provider(provider());
    let builder = builder.with_safe_default_protocol_versions().unwrap();
    let mut config =
        builder.with_root_certificates(roots).with_client_auth_cert(chain, key).unwrap();
    config.resumption = rustls::client::Resumption::disabled();
    Arc::new(config)
}

/// Sends bytes that nobody can guess the end of, and wants them back.
fn exchange(address: SocketAddr, config: &Arc<ClientConfig>, seed: u64) -> io::Result<()> {
    let tcp = TcpStream::connect(address)?;
    tcp.set_read_timeout(Some(Duration::from_secs(20)))?;
    tcp.set_write_timeout(Some(Duration::from_secs(20)))?;
    let name = ServerName::try_from("localhost").unwrap();
    let connection = ClientConnection::new(Arc::clone(config), name).map_err(io::Error::other)?;
    let mut stream = StreamOwned::new(connection, tcp);
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

/// Of its own, in kB: what is read from files is shared with whoever runs the same program.
fn memory(process: &Process) -> u64 {
    let text = fs::read_to_string(format!("/proc/{}/status", process.id())).unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix("RssAnon:")).unwrap();
    line.split_whitespace().next().unwrap().parse().unwrap()
}

#[test]
fn no_good_client_fails_whatever_is_reloaded_killed_or_short() {
    let seconds = std::env::var("MTLS_ROLES_SOAK").ok().and_then(|it| it.parse().ok());
    let time = Duration::from_secs(seconds.unwrap_or(30));
    let certificates = Certificates::make();
    let backend = Backend::start();
    let folder = certificates.folder.join("mounted");
    fs::create_dir(&folder).unwrap();
    let mut mounted = Mounted { folder: folder.clone(), turn: 0 };
    let pairs = [certificates.ours(Kind::ServerAuth), certificates.ours(Kind::Combined)];
    mounted.publish(&pairs[0]);
    let address = free_address();
    let file = certificates.folder.write(
        "load.toml",
        format!(
            "reload = \"1s\"\n[log]\nformat = \"json\"\n[[tunnel]]\nname = \"load\"\nlisten = \"{address}\"\nconnect = \"{}\"\n\
             [tunnel.accept]\nchain = {:?}\nkey = {:?}\nclient_roots = {:?}\n",
            backend.address,
            folder.join("..data/tls.crt"),
            folder.join("..data/tls.key"),
            certificates.root,
        ),
    );
    let mut command = Command::new("prlimit");
    command.arg("--nofile=100").arg(program()).arg(file);
    let proxy = Process::listening(command, certificates.path(), address);

    let good = config(&certificates, &certificates.theirs(Kind::ClientAuth));
    let bad = config(&certificates, &certificates.theirs(Kind::ServerAuth));
    let begun = Instant::now();
    let done = || begun.elapsed() > time;
    let (passed, refused, excused) = (AtomicU64::new(0), AtomicU64::new(0), AtomicU64::new(0));
    let failures = Mutex::new(vec![]);
    let mut sizes = vec![];
    thread::scope(|scope| {
        for worker in 0..8_u64 {
            let (good, bad, backend) = (&good, &bad, &backend);
            let (passed, refused, excused, failures) = (&passed, &refused, &excused, &failures);
            scope.spawn(move || {
                let mut turn = worker * 1_000_003;
                while !done() {
                    turn += 7_919;
                    let deaths = backend.deaths.load(SeqCst);
                    let was_up = backend.is_up.load(SeqCst);
                    let is_bad = turn % 10 == 0;
                    let result = exchange(address, if is_bad { bad } else { good }, turn);
                    let died = !was_up || deaths != backend.deaths.load(SeqCst);
                    match result {
                        Ok(()) if !is_bad => drop(passed.fetch_add(1, SeqCst)),
                        Err(error) if is_bad && is_refusal(&error) => {
                            refused.fetch_add(1, SeqCst);
                        }
                        // The service behind it was down: the end is told, and not by an alert.
                        Err(error) if !is_bad && died && !is_alert(&error) => {
                            excused.fetch_add(1, SeqCst);
                        }
                        other => failures.lock().unwrap().push(format!("{is_bad}: {other:?}")),
                    }
                }
            });
        }
        // Certificates every second.
        scope.spawn(|| {
            while !done() {
                thread::sleep(Duration::from_secs(1));
                let turn = mounted.turn as usize;
                mounted.publish(&pairs[turn % 2]);
            }
        });
        // The backend every five seconds.
        scope.spawn(|| {
            while !done() {
                thread::sleep(Duration::from_secs(5));
                backend.kill();
                backend.serve();
            }
        });
        // More connections than there are descriptors, that say nothing.
        scope.spawn(|| {
            while !done() {
                thread::sleep(Duration::from_secs(7));
                let silent: Vec<_> = (0..150).map(|_| TcpStream::connect(address)).collect();
                thread::sleep(Duration::from_secs(1));
                drop(silent);
            }
        });
        while !done() {
            thread::sleep(Duration::from_secs(1));
            sizes.push(memory(&proxy));
        }
    });
    let failures = failures.into_inner().unwrap();
    let counts = (passed.into_inner(), refused.into_inner(), excused.into_inner());
    println!("passed, refused, backend down: {counts:?}; kB: {sizes:?}");
    assert!(
        failures.is_empty(),
        "{} of {counts:?}: {:?}",
        failures.len(),
        &failures[..failures.len().min(5)]
    );
    assert!(counts.0 > 100 && counts.1 > 10, "{counts:?}");
    let (early, late) = sizes.split_at(sizes.len() / 2);
    let most = |sizes: &[u64]| sizes.iter().max().copied().unwrap_or_default();
    assert!(most(late) <= most(early) * 5 / 4 + 2_000, "{sizes:?}");
}

fn tls_error(error: &io::Error) -> Option<&Error> {
    error.get_ref().and_then(|inner| inner.downcast_ref())
}

fn is_alert(error: &io::Error) -> bool {
    matches!(tls_error(error), Some(Error::AlertReceived(_)))
}

fn is_refusal(error: &io::Error) -> bool {
    let wanted = AlertDescription::UnsupportedCertificate;
    matches!(tls_error(error), Some(Error::AlertReceived(alert)) if *alert == wanted)
}
