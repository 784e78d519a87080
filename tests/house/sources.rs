//! The sources of this package, as text.

use std::fs;
use std::path::{Path, PathBuf};

use walkdir::WalkDir;

pub fn package() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

pub fn src() -> PathBuf {
    package().join("src")
}

/// Every source file below a folder of this package.
pub fn sources(folder: &str) -> Vec<PathBuf> {
    let files = WalkDir::new(package().join(folder)).into_iter();
    let files = files.map(|entry| entry.unwrap().into_path());
    let files = files.filter(|file| file.extension().is_some_and(|extension| extension == "rs"));
    let files: Vec<_> = files.collect();
    assert!(!files.is_empty(), "no sources in {folder}");
    files
}

/// Without comments.
pub fn text_of(file: &Path) -> String {
    let text = fs::read_to_string(file).unwrap();
    let lines = text.lines().filter(|line| !line.trim_start().starts_with("//"));
    lines.collect::<Vec<_>>().join("\n")
}

/// Without comments and without unit tests.
pub fn code_of(file: &Path) -> String {
    text_of(file).split("#[cfg(test)]").next().unwrap_or_default().to_owned()
}
