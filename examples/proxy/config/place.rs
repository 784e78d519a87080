//! [`Place`]: where in the file something stands; [`Failure`]: what is wrong there.

use std::fmt::{self, Display};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::common::printable;

/// The file that was read.
#[derive(Clone, Debug, Default)]
pub struct Place {
    pub file: PathBuf,
    text: Arc<str>,
}

/// What is wrong, and where in the file.
#[derive(Clone, Debug)]
pub struct Failure(String);

impl Place {
    pub fn new(file: &Path, text: &str) -> Self {
        Self { file: file.to_owned(), text: text.into() }
    }

    /// Of the whole file.
    pub fn fails(&self, why: impl Display) -> Failure {
        Failure(format!("{}: {why}", self.name()))
    }

    /// Of what stands at `span`.
    pub fn fails_at(&self, span: Range<usize>, why: impl Display) -> Failure {
        let before = self.text.get(..span.start).unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        let tunnel = self.tunnel_at(span.start).map(|name| format!(" tunnel {name}:"));
        let tunnel = tunnel.unwrap_or_default();
        Failure(format!("{}:{line}:{column}:{tunnel} {why}", self.name()))
    }

    /// A path of the file, which is relative to its folder.
    pub fn resolve(&self, path: &Path) -> PathBuf {
        self.file.parent().unwrap_or(Path::new("")).join(path)
    }

    fn name(&self) -> String {
        printable(&self.file.display().to_string())
    }

    /// The `name` line of the tunnel that a byte belongs to, for files that cannot be read as TOML.
    fn tunnel_at(&self, byte: usize) -> Option<String> {
        // The header of the tunnel may be what stands there.
        let end = self.text[byte..].find('\n').map_or(self.text.len(), |rest| byte + rest);
        let start = self.text[..end].rfind("[[tunnel]]")?;
        let own = self.text[start..].split("\n[[").next()?;
        let names = own.lines().find_map(|line| line.trim_start().strip_prefix("name"));
        let name = names?.trim_start().strip_prefix('=')?.split('#').next()?;
        Some(printable(name.trim()))
    }
}

impl Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Failure {}
