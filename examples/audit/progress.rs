//! How far the reading is, on a terminal's standard error and nowhere else.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use crate::printable::printable;

pub struct Progress(ProgressBar);

impl Progress {
    /// Draws nothing unless standard error is a terminal.
    pub fn new() -> Self {
        let bar = ProgressBar::new_spinner();
        let style = ProgressStyle::with_template("{spinner} {human_pos} read {elapsed} {wide_msg}");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
        bar.enable_steady_tick(Duration::from_millis(100));
        Self(bar)
    }

    /// So many more files or servers were read; what comes next.
    pub fn advance(&self, read: usize, next: &str) {
        self.0.inc(read as u64);
        self.0.set_message(printable(next));
    }

    /// Takes the line away.
    pub fn finish(&self) {
        self.0.finish_and_clear();
    }
}
