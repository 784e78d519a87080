//! Proves what `examples/audit` promises, by running it as a user would: its reports, its exit
//! codes, what it reads and what it says of what it cannot read.

mod formats;
mod duckdb;
mod exits;
mod guard;
mod hosts;
mod page;
mod reports;
mod run;
mod servers;
mod share;
mod size;
mod starttls;
mod walk;
mod world;
