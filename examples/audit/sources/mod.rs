//! Where certificates come from: files, folders, standard input, servers.

mod exclude;
mod file;
mod hosts;
mod live;
mod pipe;
mod pool;
mod range;
mod roles;
mod starttls;
mod target;
mod walk;

use std::collections::{HashMap, HashSet};
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use mtls_roles::audit::{Inventory, Location, Roles};
use rustls::pki_types::CertificateDer;

pub use self::exclude::Exclude;
pub use self::file::STDIN;
use self::file::{Job, Outcome};
pub use self::live::Asks;
use self::target::Target;
use self::walk::{Entry, Walk};
use crate::contents::Passwords;
use crate::progress::Progress;

/// What was found in all sources.
#[derive(Default)]
pub struct Found {
    pub inventory: Inventory,
    pub servers: Vec<Server>,
    /// Files in folders that hold nothing for an audit.
    pub passed_over: usize,
    /// Files, folders and servers that were not to be looked at.
    pub excluded: usize,
    /// Addresses of ranges where nobody was.
    pub silent: usize,
    /// Host and port of the servers that were asked, by how places name them.
    pub hosts: HashMap<String, (String, u16)>,
}

/// A server that answered.
pub struct Server {
    /// With its port.
    pub address: String,
    /// The first certificate that it presented.
    pub leaf: CertificateDer<'static>,
    /// Present if it asks for a client certificate.
    pub asks: Option<Asks>,
}

/// What is to be read.
pub struct Wanted {
    pub sources: Vec<String>,
    /// A list of servers.
    pub hosts: Option<PathBuf>,
    pub exclude: Exclude,
    /// Which certificates are used as what, by their files, folders and servers.
    pub roles: Vec<(String, Roles)>,
}

/// Reads all sources: files and folders in the order of the command line, then what links in the
/// folders lead to, then servers.
pub fn read(wanted: &Wanted, means: &Means, progress: &Progress) -> Found {
    let exclude = &wanted.exclude;
    let mut reading = Reading {
        found: Found::default(),
        files: vec![],
        servers: vec![],
        means,
        progress,
        exclude,
    };
    let mut walk = Walk::new(exclude);
    for source in &wanted.sources {
        let path = Path::new(source);
        match path.exists() {
            _ if source == "-" => reading.stdin(),
            _ if path.is_dir() => walk.folder(path, &mut |entry| reading.entry(entry)),
            _ if pipe::is_pipe(path) => reading.pipe(source),
            _ if pipe::is_endless(path) => reading.unreadable(source, "a device or a socket"),
            false if Target::is_meant_by(source) => reading.server(source, None),
            _ => reading.file(Job { path: path.into(), is_named: true }),
        }
    }
    walk.links(&mut |entry| reading.entry(entry));
    reading.flush();
    if let Some(list) = &wanted.hosts {
        reading.list(list);
    }
    reading.ask();
    reading.tell(&wanted.roles);
    reading.found.excluded += walk.excluded;
    reading.found
}

/// Files are read in batches of this many, so that a long list of them never stands in memory.
const BATCH: usize = 512;

/// What it takes to read the sources that are closed or slow.
pub struct Means {
    /// For PKCS#12; tried in this order.
    pub passwords: Passwords,
    /// For connecting to a server and its handshake together.
    pub patience: Duration,
}

struct Reading<'a> {
    found: Found,
    files: Vec<Job>,
    servers: Vec<Asked>,
    means: &'a Means,
    progress: &'a Progress,
    exclude: &'a Exclude,
}

/// A server, and what its owner says that its certificate is used as.
struct Asked {
    target: Target,
    roles: Option<Roles>,
}

impl Reading<'_> {
    fn stdin(&mut self) {
        self.flush();
        file::read_stdin(&self.means.passwords, &mut self.found.inventory);
        self.progress.advance(1, "");
    }

    fn entry(&mut self, entry: Entry) {
        match entry {
            Entry::File(path) => self.file(Job { path, is_named: false }),
            Entry::Unreadable(path, reason) => self.unreadable(&path.to_string_lossy(), &reason),
        }
    }

    fn file(&mut self, file: Job) {
        self.files.push(file);
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

    fn pipe(&mut self, source: &str) {
        self.flush();
        let Found { inventory, .. } = &mut self.found;
        match pipe::read(Path::new(source), self.means.patience) {
            Ok(bytes) => file::add(source, &bytes, &self.means.passwords, inventory),
            Err(reason) => inventory.add_unreadable(source, &reason),
        }
        self.progress.advance(1, source);
    }

    fn unreadable(&mut self, source: &str, reason: &str) {
        self.flush();
        self.found.inventory.add_unreadable(source, reason);
    }

    fn list(&mut self, file: &Path) {
        let shown = file.to_string_lossy();
        match hosts::read(file) {
            Ok(lines) => lines.into_iter().for_each(|(number, line)| match line {
                Ok(listed) => self.targets(listed.targets, listed.roles),
                Err(reason) => self.unreadable(&format!("{shown}:{number}"), &reason),
            }),
            Err(error) => self.unreadable(&shown, &error.to_string()),
        }
    }

    fn server(&mut self, source: &str, roles: Option<Roles>) {
        match Target::read(source) {
            Ok(targets) => self.targets(targets, roles),
            Err(reason) => self.unreadable(source, &reason),
        }
    }

    fn targets(&mut self, targets: Vec<Target>, roles: Option<Roles>) {
        for target in targets {
            match self.exclude.has(target.host()) || self.exclude.has(&target.place()) {
                true => self.found.excluded += 1,
                false => self.servers.push(Asked { target, roles }),
            }
        }
    }

    fn ask(&mut self) {
        let mut servers = std::mem::take(&mut self.servers);
        let roles = servers.iter().filter_map(|it| Some((it.target.shown(), it.roles?)));
        let roles: HashMap<_, _> = roles.collect();
        // Each once; of one that is in a range and named, too, silence is told.
        servers.sort_by_key(|it| it.target.is_of_range);
        let mut asked = HashSet::new();
        servers.retain(|it| asked.insert(it.target.shown()));
        let answers = pool::map(&servers, |server| {
            let answer = live::ask(&server.target, self.means.patience);
            self.progress.advance(1, &server.target.place());
            answer
        });
        for (server, answer) in servers.iter().zip(answers) {
            let Asked { target, .. } = server;
            let place = (target.host().to_owned(), target.port);
            self.found.hosts.insert(target.shown(), place);
            self.answer(server, answer);
        }
        let of = |location: &Location| roles.get(&*location.source).copied();
        self.found.inventory.tell_roles(of);
    }

    fn tell(&mut self, told: &[(String, Roles)]) {
        for place in roles::tell(told, &mut self.found.inventory) {
            self.unreadable(&place, "its role was told, and no certificate was read there");
        }
    }

    fn answer(&mut self, server: &Asked, answer: Result<live::Server, live::Refusal>) {
        let inventory = &mut self.found.inventory;
        let address = server.target.shown();
        match answer {
            Ok(server) => {
                for certificate in &server.chain {
                    inventory.add_der(&address, certificate);
                }
                let leaf = server.chain.into_iter().next();
                let asks = server.asks;
                self.found.servers.extend(leaf.map(|leaf| Server { address, leaf, asks }));
            }
            Err(refusal) if refusal.is_silence && server.target.is_of_range => {
                self.found.silent += 1
            }
            Err(refusal) => inventory.add_unreadable(&address, &refusal.reason),
        }
    }
}

fn read_run(files: &[Job], passwords: &Passwords) -> (Inventory, usize) {
    let mut inventory = Inventory::new();
    let outcomes = files.iter().map(|job| job.read(passwords, &mut inventory));
    let passed_over = outcomes.filter(|outcome| *outcome == Outcome::PassedOver).count();
    (inventory, passed_over)
}

/// A thread that panicked: so does this one.
fn join<T>(thread: thread::ScopedJoinHandle<'_, T>) -> T {
    thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}
