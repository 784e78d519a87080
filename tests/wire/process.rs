//! A program that runs in the background, what it says, and its end.

use std::fs::{self, File};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// Ends when it is dropped.
pub struct Process {
    child: Child,
    log: PathBuf,
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Process {
    /// Started, and listening there.
    pub fn listening(command: Command, folder: &Path, address: SocketAddr) -> Self {
        let mut process = Self::start(command, folder);
        let begun = Instant::now();
        while TcpStream::connect(address).is_err() {
            let ended = process.child.try_wait().unwrap();
            assert!(ended.is_none(), "{ended:?}: {}", process.said());
            assert!(begun.elapsed() < Duration::from_secs(20), "silent: {}", process.said());
            sleep(Duration::from_millis(20));
        }
        process
    }

    pub fn start(mut command: Command, folder: &Path) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let log = folder.join(format!("{}.log", NEXT.fetch_add(1, Ordering::Relaxed)));
        let file = File::create(&log).unwrap();
        command.stdin(Stdio::null()).stdout(file.try_clone().unwrap()).stderr(file);
        Self { child: command.spawn().unwrap(), log }
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    pub fn said(&self) -> String {
        String::from_utf8_lossy(&fs::read(&self.log).unwrap()).into_owned()
    }
}

/// Whether a program is there; if not, the line that says so.
pub fn is_installed(program: &str) -> bool {
    let found = Command::new("which").arg(program).output().is_ok_and(|it| it.status.success());
    if !found {
        eprintln!("SKIPPED: {program} is not installed");
    }
    found
}
