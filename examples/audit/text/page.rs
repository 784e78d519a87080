//! [`Page`]: how wide the lines may be, and whether colours are understood.

use std::fmt::Display;
use std::io::{self, Write};

use console::{Alignment, Style, Term, measure_text_width, pad_str, truncate_str};

#[derive(Clone, Copy)]
pub struct Page {
    width: usize,
    has_colour: bool,
    is_cut: bool,
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
            is_cut: true,
        }
    }

    pub fn of_file() -> Self {
        Self { width: WIDTH, has_colour: false, is_cut: false }
    }

    /// Whether cells are cut to fit: not in files and in pipes, where nothing wraps and a program may
    /// read them.
    pub fn is_cut(self) -> bool {
        self.is_cut
    }

    pub fn paint(self, style: Style, text: impl Display) -> String {
        style.force_styling(self.has_colour).apply_to(text).to_string()
    }

    /// Words over as many lines as they need: the first behind its label, all at the same column.
    pub fn wrapped(self, label: &str, text: &str, out: &mut dyn Write) -> io::Result<()> {
        let column = measure_text_width(label);
        let width = self.width.saturating_sub(column);
        let mut indent = label.to_owned();
        let mut line = String::new();
        for word in text.split(' ') {
            let needed = measure_text_width(&line) + 1 + measure_text_width(word);
            if !line.is_empty() && needed > width {
                writeln!(out, "{indent}{line}")?;
                indent = " ".repeat(column);
                line.clear();
            }
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
        writeln!(out, "{indent}{line}")
    }

    /// Rows in columns. The second and the last share what the others leave, and are cut. Each is made
    /// twice, to be measured and to be written, so that they never stand in memory together.
    pub fn table<T>(
        self,
        heading: [&str; 6],
        items: &[T],
        mut row: impl FnMut(&T) -> [String; 6],
        out: &mut dyn Write,
    ) -> io::Result<()> {
        if items.is_empty() {
            return Ok(());
        }
        let heading = heading.map(str::to_owned);
        let rows = items.iter().map(&mut row);
        let widths = self.widths([heading.clone()].into_iter().chain(rows));
        let heading = self.line(&heading, widths);
        writeln!(out, "{}", self.paint(Style::new().dim(), heading))?;
        for item in items {
            writeln!(out, "{}", self.line(&row(item), widths))?;
        }
        Ok(())
    }

    fn widths(self, rows: impl Iterator<Item = [String; 6]>) -> [usize; 6] {
        let mut widths = [0; 6];
        for row in rows {
            for (width, cell) in widths.iter_mut().zip(&row) {
                *width = measure_text_width(cell).max(*width);
            }
        }
        if !self.is_cut {
            // Wide cells stand out: one of them is no reason to fill all the others.
            return widths.map(|width| width.min(WIDTH / 2));
        }
        let [day, name, roles, why, to_do, place] = widths;
        let left = self.width.saturating_sub(day + roles + why + to_do + 6 * GAP.len());
        let name = name.min((left * 3 / 5).max(left.saturating_sub(place)));
        [day, name, roles, why, to_do, place.min(left.saturating_sub(name))]
    }

    fn line(self, row: &[String; 6], widths: [usize; 6]) -> String {
        let cells = row.iter().zip(widths).enumerate();
        let cells = cells.filter(|(_, (_, width))| *width > 0);
        let cells = cells.map(|(column, (cell, width))| match column {
            _ if !self.is_cut => GAP.to_owned() + &pad_str(cell, width, Alignment::Left, None),
            5 => GAP.to_owned() + &cut_at_the_front(cell, width),
            _ => {
                let cut = truncate_str(cell, width, "…");
                GAP.to_owned() + &pad_str(&cut, width, Alignment::Left, None)
            }
        });
        cells.collect::<String>().trim_end().to_owned()
    }
}

/// Between two columns, and before the first.
const GAP: &str = "  ";

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
