//! The table, at most 120 columns wide.

use mtls_roles::{Credentials, Purpose};
use rustls::AlertDescription;

use crate::row::Row;

const COLUMNS: [(&str, usize); 6] = [
    ("scenario", 27),
    ("what was presented", 20),
    ("policy", 20),
    ("result", 9),
    ("why", 17),
    ("alert", 12),
];

/// Rows are divided by lines, since a cell may take several.
pub fn render(rows: &[Row]) -> String {
    let heading = COLUMNS.map(|(title, _)| title.to_owned());
    let line = COLUMNS.map(|(_, width)| "─".repeat(width)).join("─┼─") + "\n";
    let cells = rows.iter().map(|row| {
        [
            row.scenario.to_owned(),
            row.presented.clone(),
            row.policy.clone(),
            row.verdict.to_string(),
            row.why.clone(),
            row.alert.map_or("–".into(), alert_name),
        ]
    });
    let blocks: Vec<_> = std::iter::once(heading).chain(cells).map(block).collect();
    blocks.join(&line)
}

/// What people ask of a certificate: which jobs, from whom.
pub fn describe(credentials: &Credentials) -> String {
    let leaf = credentials.leaf();
    let issuer = leaf.issuer();
    let issuer = issuer.trim_start_matches("CN=");
    let mut text = format!("{}, from {issuer}", found(leaf.purposes()));
    for issuer in &credentials.chain()[1..] {
        text += &format!(" ({})", found(issuer.purposes()));
    }
    text
}

/// The jobs that an EKU allows.
pub fn found(purposes: Option<&[Purpose]>) -> String {
    let names = |purposes: &[Purpose]| purposes.iter().map(Purpose::to_string).collect();
    let names: Vec<_> = purposes.map_or(vec!["no EKU".into()], names);
    names.join(" + ")
}

fn block(cells: [String; 6]) -> String {
    let mut wrapped = COLUMNS.map(|_| Vec::new());
    for ((lines, cell), (_, width)) in wrapped.iter_mut().zip(cells).zip(COLUMNS) {
        *lines = wrap(&cell, width);
    }
    let height = wrapped.iter().map(Vec::len).max().unwrap_or(0);
    let mut block = String::new();
    for line in 0..height {
        let mut texts = Vec::new();
        for (lines, (_, width)) in wrapped.iter().zip(COLUMNS) {
            let text = lines.get(line).map_or("", String::as_str);
            texts.push(format!("{text:width$}"));
        }
        block += texts.join(" │ ").trim_end();
        block.push('\n');
    }
    block
}

/// Breaks at spaces, and behind the `_` of long alert names.
fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_inclusive([' ', '_']) {
        let last = lines.len() - 1;
        let joined = format!("{}{word}", lines[last]);
        match joined.trim_end().chars().count() <= width {
            true => lines[last] = joined,
            false => lines.push(word.to_owned()),
        }
    }
    lines.iter().map(|line| line.trim_end().into()).collect()
}

/// As the RFCs write it: `unsupported_certificate`.
fn alert_name(alert: AlertDescription) -> String {
    let mut name = String::new();
    for c in format!("{alert:?}").chars() {
        if c.is_uppercase() && name.ends_with(char::is_lowercase) {
            name.push('_');
        }
        name.push(c);
    }
    name.to_lowercase()
}
