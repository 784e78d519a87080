//! Ours beside stock rustls and beside parsing alone, in one run: the ratios that this crate promises.
//!
//! `cargo bench --bench peers` prints a table and writes `peers.json` into the target folder, and
//! beside it, in `peers-chains`, the chains for `benches/others`. `-- --quick` measures less;
//! `-- --test` runs every row for a moment, judges nothing and writes nothing.

#[path = "../common/mod.rs"]
mod common;

mod files;
mod machine;
mod race;
mod rows;
mod table;

use std::env;

use race::Effort;

fn main() {
    let effort = Effort::asked_for(env::args().skip(1));
    let worlds = rows::worlds();
    let rows = rows::measure(&worlds, effort);
    table::print(&rows, effort);
    if effort == Effort::SMOKE {
        println!("a smoke run: nothing is judged, nothing is written");
        return;
    }
    files::write_chains(&worlds);
    files::write_results(&rows, effort);
}
