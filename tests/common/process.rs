//! Programs that run in the background, what they say, and their end.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::iter;
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

/// A program; it is killed when this is dropped.
pub struct Process {
    pub child: Child,
    /// Of both its streams.
    lines: Receiver<String>,
}

impl Process {
    pub fn start(mut command: Command) -> Self {
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let (tell, lines) = mpsc::channel();
        let stdout: Box<dyn Read + Send> = Box::new(child.stdout.take().unwrap());
        for stream in [stdout, Box::new(child.stderr.take().unwrap())] {
            let tell = tell.clone();
            thread::spawn(move || {
                for line in BufReader::new(stream).split(b'\n').map_while(Result::ok) {
                    // The test may have heard enough.
                    let _ = tell.send(String::from_utf8_lossy(&line).into_owned());
                }
            });
        }
        Self { child, lines }
    }

    /// Started, and listening there.
    pub fn listening(command: Command, address: SocketAddr) -> Self {
        let mut process = Self::start(command);
        let begun = Instant::now();
        while TcpStream::connect(address).is_err() {
            assert!(!process.has_ended(), "ended: {}", process.said());
            assert!(begun.elapsed() < PATIENCE, "silent: {}", process.said());
            thread::sleep(Duration::from_millis(20));
        }
        process
    }

    /// What is made of the first line that something can be made of.
    pub fn find<T>(&self, mut make: impl FnMut(&str) -> Option<T>) -> T {
        loop {
            let line = self.lines.recv_timeout(PATIENCE).expect("it says what is waited for");
            if let Some(found) = make(&line) {
                return found;
            }
        }
    }

    /// All that it said since it was asked last, and what comes at once.
    pub fn said(&self) -> String {
        let lines = iter::from_fn(|| self.lines.recv_timeout(Duration::from_millis(50)).ok());
        lines.map(|line| line + "\n").collect()
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Its own memory, in kB: what is read from files is shared with whoever runs the same program.
    pub fn resident_kb(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.id())).unwrap();
        let line = status.lines().find(|line| line.starts_with("RssAnon")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    }

    pub fn has_ended(&mut self) -> bool {
        self.child.try_wait().unwrap().is_some()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may be gone already; the test has failed then.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Longer than anything takes on a crowded machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// Whether a program is there; if not, the line that says so.
pub fn is_installed(program: &str) -> bool {
    let found = Command::new("which").arg(program).output().is_ok_and(|it| it.status.success());
    if !found {
        eprintln!("SKIPPED: {program} is not installed");
    }
    found
}
