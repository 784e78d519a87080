//! Where a report goes. A file is there whole or as it was before: who reads it meanwhile, a collector
//! of metrics for example, never sees a part.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

pub struct Output {
    writer: Box<dyn Write>,
    /// Where it is written, and what it is called in the end.
    renamed: Option<(PathBuf, PathBuf)>,
}

impl Output {
    /// Standard output if there is no file. What is no plain file, `/dev/stdout` for example, is
    /// written as it is.
    pub fn new(file: Option<&Path>) -> Result<Self, String> {
        let Some(file) = file else {
            let writer = Box::new(BufWriter::new(io::stdout().lock()));
            return Ok(Self { writer, renamed: None });
        };
        let is_special = fs::symlink_metadata(file).is_ok_and(|it| !it.is_file());
        let beside = match is_special {
            true => file.to_owned(),
            false => {
                let mut name = file.file_name().unwrap_or_default().to_owned();
                name.push(format!(".{}", std::process::id()));
                file.with_file_name(name)
            }
        };
        let created = File::create(&beside);
        let created = created.map_err(|error| format!("{}: {error}", file.display()))?;
        let renamed = (!is_special).then(|| (beside, file.to_owned()));
        Ok(Self { writer: Box::new(BufWriter::new(created)), renamed })
    }

    pub fn finish(mut self) -> io::Result<()> {
        self.writer.flush()?;
        match self.renamed.take() {
            Some((beside, file)) => fs::rename(beside, file),
            None => Ok(()),
        }
    }
}

impl Drop for Output {
    /// What was not finished is taken away.
    fn drop(&mut self) {
        if let Some((beside, _)) = &self.renamed {
            let _ = fs::remove_file(beside);
        }
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.writer.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }
}
