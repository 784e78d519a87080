//! [`Cannot`]: what a stack cannot do, each row with its reason.

use std::fs;
use std::io;
use std::path::Path;

/// The rows of `examples/reference/STACK/cannot.txt`: an id of a vector, or its beginning and `*`, a
/// tab and the reason.
pub struct Cannot(Vec<Row>);

struct Row {
    id: String,
    is_used: bool,
}

impl Cannot {
    pub fn read(stack: &str) -> io::Result<Self> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/reference").join(stack);
        let text = fs::read_to_string(folder.join("cannot.txt"))?;
        let rows = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
        let row = |line: &str| match line.split_once('\t') {
            Some((id, reason)) if !reason.is_empty() => Ok(Row { id: id.into(), is_used: false }),
            _ => Err(io::Error::other(format!("a row without a reason: {line}"))),
        };
        Ok(Self(rows.map(row).collect::<Result<_, _>>()?))
    }

    /// Whether a row is about this vector, which was answered otherwise.
    pub fn excuses(&mut self, id: &str) -> bool {
        let about = self.0.iter_mut().filter(|row| match row.id.strip_suffix('*') {
            Some(beginning) => id.starts_with(beginning),
            None => id == row.id,
        });
        about.map(|row| row.is_used = true).count() > 0
    }

    /// Rows that excused nothing: what they say is not so any more.
    pub fn idle(&self) -> impl Iterator<Item = String> + '_ {
        let idle = self.0.iter().filter(|row| !row.is_used);
        idle.map(|row| format!("{}: the row in cannot.txt excuses nothing", row.id))
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }
}
