//! Where certificates come from: files, folders, standard input, servers.

mod file;
mod live;
mod pkcs12;
mod pkcs7;
mod shape;
mod walk;

use std::num::NonZero;
use std::path::Path;
use std::thread;
use std::time::Duration;

use mtls_roles::audit::Inventory;
use rustls::pki_types::CertificateDer;

use self::file::{Job, Outcome};
pub use self::live::Asks;
use self::walk::{Entry, Walk};
use crate::progress::Progress;

/// What was found in all sources.
#[derive(Default)]
pub struct Found {
    pub inventory: Inventory,
    pub servers: Vec<Server>,
    /// Files in folders that hold nothing for an audit.
    pub passed_over: usize,
}

/// A server that answered.
pub struct Server {
    /// As on the command line.
    pub address: String,
    /// The first certificate that it presented.
    pub leaf: CertificateDer<'static>,
    /// Present if it asks for a client certificate.
    pub asks: Option<Asks>,
}

/// Reads all sources: files and folders in the order of the command line, then what links in the
/// folders lead to, then servers.
pub fn read(sources: &[String], means: &Means, progress: &Progress) -> Found {
    let mut reading = Reading { found: Found::default(), files: vec![], means, progress };
    let mut walk = Walk::default();
    let mut servers = vec![];
    for source in sources {
        let path = Path::new(source);
        match live::address(source) {
            _ if source == "-" => reading.stdin(),
            _ if path.is_dir() => walk.folder(path, &mut |entry| reading.entry(entry)),
            Some((host, port)) if !path.exists() => servers.push((source, host, port)),
            _ => reading.file(path, Named::Yes),
        }
    }
    walk.links(&mut |entry| reading.entry(entry));
    reading.flush();
    for servers in servers.chunks(AT_ONCE) {
        reading.servers(servers);
    }
    reading.found
}

/// Files are read in batches of this many, so that a long list of them never stands in memory.
const BATCH: usize = 512;

/// So many servers are asked at once: most of the time they let wait.
const AT_ONCE: usize = 32;

/// What it takes to read the sources that are closed or slow.
pub struct Means {
    /// For PKCS#12; tried in this order.
    pub passwords: Vec<String>,
    /// For connecting to a server and its handshake together.
    pub patience: Duration,
}

struct Reading<'a> {
    found: Found,
    files: Vec<Job>,
    means: &'a Means,
    progress: &'a Progress,
}

enum Named {
    Yes,
    No,
}

impl Reading<'_> {
    fn stdin(&mut self) {
        self.flush();
        file::read_stdin(&self.means.passwords, &mut self.found.inventory);
        self.progress.advance(1, "");
    }

    fn entry(&mut self, entry: Entry) {
        match entry {
            Entry::File(path) => self.file(&path, Named::No),
            Entry::Unreadable(path, reason) => {
                self.flush();
                let inventory = &mut self.found.inventory;
                inventory.add_unreadable(&path.to_string_lossy(), &reason);
            }
        }
    }

    fn file(&mut self, path: &Path, named: Named) {
        self.files.push(Job { path: path.into(), is_named: matches!(named, Named::Yes) });
        if self.files.len() == BATCH {
            self.flush();
        }
    }

    /// Reads the batch: each thread a run of it, so that the order of the files is kept.
    fn flush(&mut self) {
        let files = std::mem::take(&mut self.files);
        let threads = thread::available_parallelism().map_or(1, NonZero::get);
        let runs = files.chunks(files.len().div_ceil(threads).max(1));
        let passwords = &self.means.passwords;
        let read: Vec<_> = thread::scope(|scope| {
            let running: Vec<_> =
                runs.map(|run| scope.spawn(move || read_run(run, passwords))).collect();
            running.into_iter().map(join).collect()
        });
        for (inventory, passed_over) in read {
            self.found.inventory.merge(inventory);
            self.found.passed_over += passed_over;
        }
        let last = files.last().map(|job| job.path.to_string_lossy());
        self.progress.advance(files.len(), &last.unwrap_or_default());
    }

    fn servers(&mut self, servers: &[(&String, &str, u16)]) {
        let answers: Vec<_> = thread::scope(|scope| {
            let patience = self.means.patience;
            let ask =
                move |(_, host, port): &(&String, &str, u16)| live::ask(host, *port, patience);
            let asking = servers.iter().map(|server| scope.spawn(move || ask(server)));
            let asking: Vec<_> = asking.collect();
            asking.into_iter().map(join).collect()
        });
        for ((address, ..), answer) in servers.iter().zip(answers) {
            self.server(address, answer);
            self.progress.advance(1, address);
        }
    }

    fn server(&mut self, address: &str, answer: Result<live::Server, String>) {
        let inventory = &mut self.found.inventory;
        match answer {
            Ok(server) => {
                for certificate in &server.chain {
                    inventory.add_der(address, certificate);
                }
                self.found.servers.extend(server.chain.into_iter().next().map(|leaf| Server {
                    address: address.to_owned(),
                    leaf,
                    asks: server.asks,
                }));
            }
            Err(reason) => inventory.add_unreadable(address, &reason),
        }
    }
}

fn read_run(files: &[Job], passwords: &[String]) -> (Inventory, usize) {
    let mut inventory = Inventory::new();
    let outcomes = files.iter().map(|job| job.read(passwords, &mut inventory));
    let passed_over = outcomes.filter(|outcome| *outcome == Outcome::PassedOver).count();
    (inventory, passed_over)
}

/// A thread that panicked: so does this one.
fn join<T>(thread: thread::ScopedJoinHandle<'_, T>) -> T {
    thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}
