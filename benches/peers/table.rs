//! The table for the reader.

use super::machine;
use super::race::Effort;
use super::rows::Row;

pub fn print(rows: &[Row], effort: Effort) {
    println!("{}", machine::name());
    println!("{}", machine::versions().join(", "));
    println!();
    println!(
        "{:<38} {:>12} {:>12}   {:<16} {:>8} {:>8}",
        "row", "ours", "other", "", "ratio", "bar"
    );
    for row in rows {
        println!("{}", line(row, effort));
    }
    println!();
}

fn line(row: &Row, effort: Effort) -> String {
    let (ours, other, unit) = match row.unit {
        "ns" => (row.ours / 1000.0, row.other / 1000.0, "µs"),
        unit => (row.ours, row.other, unit),
    };
    let verdict = match (effort, row.ratio() <= row.bar) {
        (Effort::SMOKE, _) => "",
        (_, true) => "met",
        (_, false) => "NOT MET",
    };
    let (key, ratio, bar) = (&row.key, row.ratio(), row.bar);
    format!("{key:<38} {ours:>12.3} {other:>12.3}   {unit:<16} {ratio:>8.4} {bar:>8} {verdict}")
}
