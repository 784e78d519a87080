//! Where a report goes. A file is there whole or as it was before: who reads it meanwhile, a collector
//! of metrics for example, never sees a part.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

pub struct Output {
    writer: Box<dyn Write>,
    /// What it is called in the end.
    file: Option<PathBuf>,
    /// Where it is written until then.
    beside: Option<PathBuf>,
}

impl Output {
    /// Standard output if there is no file. What is no plain file, `/dev/stdout` for example, is
    /// written as it is.
    pub fn new(file: Option<&Path>) -> Result<Self, String> {
        let Some(file) = file else {
            let writer = Box::new(BufWriter::new(io::stdout().lock()));
            return Ok(Self { writer, file: None, beside: None });
        };
        let is_special = fs::symlink_metadata(file).is_ok_and(|it| !it.is_file());
        let beside = (!is_special).then(|| {
            let mut name = file.file_name().unwrap_or_default().to_owned();
            name.push(format!(".{}", std::process::id()));
            file.with_file_name(name)
        });
        let created = File::create(beside.as_deref().unwrap_or(file));
        let created = created.map_err(|error| format!("{}: {error}", file.display()))?;
        let writer = Box::new(BufWriter::new(created));
        Ok(Self { writer, file: Some(file.to_owned()), beside })
    }

    pub fn finish(mut self) -> io::Result<()> {
        self.flush()?;
        let renamed = match (&self.beside, &self.file) {
            (Some(beside), Some(file)) => fs::rename(beside, file),
            _ => Ok(()),
        };
        self.named(renamed)
    }

    fn named<T>(&self, done: io::Result<T>) -> io::Result<T> {
        match &self.file {
            Some(file) => done.map_err(|error| {
                io::Error::new(error.kind(), format!("{}: {error}", file.display()))
            }),
            None => done,
        }
    }
}

impl Drop for Output {
    /// What was not finished is taken away; what was has another name by now.
    fn drop(&mut self) {
        if let Some(beside) = &self.beside {
            let _ = fs::remove_file(beside);
        }
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.writer.write(bytes);
        self.named(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        let flushed = self.writer.flush();
        self.named(flushed)
    }
}
