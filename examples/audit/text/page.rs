//! [`Page`]: how wide the lines may be, and whether colours are understood.

use std::fmt::Display;
use std::io::{self, Write};

use console::{Alignment, Style, Term, measure_text_width, pad_str, truncate_str};

#[derive(Clone, Copy)]
pub struct Page {
    width: usize,
    has_colour: bool,
}

/// In files, in pipes, and where a terminal does not tell.
const WIDTH: usize = 100;

/// Narrower terminals wrap the lines themselves.
const NARROWEST: usize = 60;

impl Page {
    /// As wide as the terminal and in its colours, if standard output is one. NO_COLOR is heard.
    pub fn of_stdout() -> Self {
        let terminal = Term::stdout();
        if !terminal.is_term() {
            return Self::of_file();
        }
        let columns = terminal.size_checked().map(|(_, columns)| columns.into());
        Self {
            width: columns.unwrap_or(WIDTH).max(NARROWEST),
            has_colour: console::colors_enabled(),
        }
    }

    pub fn of_file() -> Self {
        Self {
            width: WIDTH,
            has_colour: false,
        }
    }

    pub fn paint(self, style: Style, text: impl Display) -> String {
        style
            .force_styling(self.has_colour)
            .apply_to(text)
            .to_string()
    }

    /// Words over as many lines as they need, each behind the indentation.
    pub fn wrapped(self, text: &str, indent: &str, out: &mut dyn Write) -> io::Result<()> {
        let width = self.width - indent.len();
        let mut line = String::new();
        for word in text.split(' ') {
            let needed = measure_text_width(&line) + 1 + measure_text_width(word);
            if !line.is_empty() && needed > width {
                writeln!(out, "{indent}{line}")?;
                line.clear();
            }
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
        writeln!(out, "{indent}{line}")
    }

    /// Rows in columns. The second and the last share what the others leave, and are cut.
    pub fn table(self, rows: &[[String; 6]], out: &mut dyn Write) -> io::Result<()> {
        let width = |column: usize| {
            let cells = rows.iter().map(|row| measure_text_width(&row[column]));
            cells.max().unwrap_or_default()
        };
        let mut widths: [usize; 6] = std::array::from_fn(width);
        let fixed: usize = [0, 2, 3, 4].iter().map(|column| widths[*column]).sum();
        let left = self.width.saturating_sub(fixed + 6 * GAP);
        widths[1] = widths[1].min((left * 3 / 5).max(left.saturating_sub(widths[5])));
        widths[5] = widths[5].min(left.saturating_sub(widths[1]));
        for row in rows {
            let mut line = String::new();
            for (column, (cell, width)) in row.iter().zip(widths).enumerate() {
                let cell = match column {
                    5 => cut_at_the_front(cell, width),
                    _ => pad_str(
                        &truncate_str(cell, width, "…"),
                        width,
                        Alignment::Left,
                        None,
                    )
                    .into_owned(),
                };
                line.push_str("  ");
                line.push_str(&cell);
            }
            writeln!(out, "{}", line.trim_end())?;
        }
        Ok(())
    }
}

/// Between two columns, and before the first.
const GAP: usize = 2;

/// Of a path, the end is what matters.
fn cut_at_the_front(text: &str, width: usize) -> String {
    if measure_text_width(text) <= width {
        return text.to_owned();
    }
    let mut kept = String::new();
    for (at, _) in text.char_indices().rev() {
        if measure_text_width(&text[at..]) >= width {
            break;
        }
        kept = format!("…{}", &text[at..]);
    }
    kept
}
