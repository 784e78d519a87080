//! A list of servers, one a line: `edge.example.com:5061`, and behind it, if it is to be told, what
//! its certificate is used as: `edge.example.com:5061 both`. What follows `#` is a comment.

use std::fs;
use std::io::{self, Read};
use std::path::Path;

use mtls_roles::audit::Roles;

use super::target::Target;
use crate::args;

/// A server of a list.
pub struct Listed {
    pub targets: Vec<Target>,
    /// What its certificates are used as.
    pub roles: Option<Roles>,
}

/// Each line with its number, or what is wrong with it.
pub fn read(file: &Path) -> io::Result<Vec<(usize, Result<Listed, String>)>> {
    let mut text = String::new();
    match file.as_os_str() == "-" {
        true => io::stdin().read_to_string(&mut text)?,
        false => fs::File::open(file)?.read_to_string(&mut text)?,
    };
    let lines = text.trim_start_matches('\u{feff}').lines().zip(1..);
    let lines = lines.map(|(line, number)| (number, line.split('#').next().unwrap_or_default()));
    let lines =
        lines.filter(|(number, line)| !line.trim().is_empty() && !is_heading(*number, line));
    Ok(lines.map(|(number, line)| (number, listed(line))).collect())
}

fn listed(line: &str) -> Result<Listed, String> {
    let mut columns = columns(line);
    let targets = Target::read(columns.next().unwrap_or_default())?;
    let roles = columns.next().map(args::roles).transpose()?;
    match columns.next() {
        Some(more) => Err(format!("`{more}` follows the host and its role")),
        None => Ok(Listed { targets, roles }),
    }
}

/// As spreadsheets write lists, too.
fn columns(line: &str) -> impl Iterator<Item = &str> {
    let is_between = |c: char| c.is_whitespace() || matches!(c, ',' | ';');
    line.split(is_between).map(|column| column.trim_matches('"')).filter(|it| !it.is_empty())
}

fn is_heading(number: usize, line: &str) -> bool {
    let first = columns(line).next().unwrap_or_default();
    number == 1
        && ["host", "hosts", "server", "address"].iter().any(|it| it.eq_ignore_ascii_case(first))
}
