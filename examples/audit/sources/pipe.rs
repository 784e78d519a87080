//! A named pipe, or one that a shell made: `<(openssl …)`. Opening it waits for a writer, reading it
//! for the writer's end; neither is waited for longer than for a server.

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use zeroize::Zeroizing;

use crate::contents::LIMIT;

/// Whether a path is one, by way of links, too.
pub fn is_pipe(path: &Path) -> bool {
    #[cfg(unix)]
    return path
        .metadata()
        .is_ok_and(|it| std::os::unix::fs::FileTypeExt::is_fifo(&it.file_type()));
    #[cfg(not(unix))]
    return false;
}

/// Whether reading a path might never end: a device or a socket.
pub fn is_endless(path: &Path) -> bool {
    path.metadata().is_ok_and(|it| !it.is_file() && !it.is_dir()) && !is_pipe(path)
}

/// What it holds, up to one byte more than a file may have.
pub fn read(path: &Path, patience: Duration) -> Result<Zeroizing<Vec<u8>>, String> {
    let (done, waiting) = mpsc::channel();
    let pipe = path.to_owned();
    thread::spawn(move || {
        let mut bytes = Zeroizing::new(vec![]);
        let read = File::open(pipe)
            .and_then(|file| file.take(LIMIT + 1).read_to_end(&mut bytes))
            .map(|_| bytes);
        // Nobody may be waiting any more.
        let _ = done.send(read);
    });
    match waiting.recv_timeout(patience) {
        Ok(read) => read.map_err(|error| error.to_string()),
        Err(_) => {
            let seconds = patience.as_secs();
            Err(format!("a pipe that nobody wrote to its end within {seconds} seconds"))
        }
    }
}
