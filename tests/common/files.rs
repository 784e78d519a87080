//! Files for tests that are about files; gone when the test ends, however it ends.

use std::fs;
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

/// A folder of its own below the system's temporary one. Dropping it removes it and what is in it.
pub struct TempDir(PathBuf);

impl TempDir {
    pub fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("mtls-roles-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        // Left by a killed process that had this id.
        let _ = fs::remove_dir_all(&path);
        fs::create_dir(&path).expect("nobody else has this process id and number");
        Self(path)
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Where a file of this name is, or would be.
    pub fn join(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// Writes a file, in folders that are there or are made, and says where it is.
    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.join(name);
        fs::create_dir_all(path.parent().expect("it is in this folder")).expect("it can be made");
        fs::write(&path, content).expect("the folder was just made");
        path
    }

    /// Makes a symbolic link.
    pub fn link(&self, to: &str, name: &str) {
        symlink(to, self.join(name)).expect("there is none of this name");
    }
}

impl Drop for TempDir {
    fn drop(&mut self) {
        // What cannot be removed is the system's to clean up; a panic here would hide the test's.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A volume of kubelet's: each name is a link into `..data`, a link that is renamed.
pub struct Volume(PathBuf);

impl Volume {
    /// In a folder that is there, without a content yet.
    pub fn new(folder: &Path, names: &[&str]) -> Self {
        for name in names {
            symlink(format!("..data/{name}"), folder.join(name)).unwrap();
        }
        Self(folder.to_owned())
    }

    /// All files are others at once, and those of the turn before go. A name may have a folder in it.
    pub fn swap(&self, turn: usize, files: &[(&str, impl AsRef<[u8]>)]) {
        let folder = |turn| self.0.join(format!("..2026_{turn}"));
        for (name, content) in files {
            let file = folder(turn).join(name);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, content).unwrap();
        }
        let new = self.0.join("..data_tmp");
        symlink(folder(turn).file_name().unwrap(), &new).unwrap();
        fs::rename(new, self.0.join("..data")).unwrap();
        if let Some(before) = turn.checked_sub(1) {
            fs::remove_dir_all(folder(before)).unwrap();
        }
    }
}

/// What `write` says after it wrote to the pipe that `read` reads.
pub fn through_a_pipe(
    write: impl FnOnce(io::PipeWriter) -> u64 + Send,
    read: impl FnOnce(&Path),
) -> u64 {
    let (reader, writer) = io::pipe().unwrap();
    let path = PathBuf::from(format!("/dev/fd/{}", reader.as_raw_fd()));
    std::thread::scope(|scope| {
        let writer = scope.spawn(move || write(writer));
        read(&path);
        drop(reader);
        writer.join().unwrap()
    })
}
