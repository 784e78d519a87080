//! What happens to mutual TLS when public CAs issue server certificates only, and what helps.
//!
//! Run it, it needs nothing: `cargo run --example quickstart`
//!
//! It makes a "public" CA and a private one, opens real TLS connections over loopback, and prints
//! a table of what happened. Every cell is computed from a connection or from what a slot said;
//! the program fails if any row is not what its title promises.
//!
//! Start reading in `scenarios.rs`, the list. `pki.rs` makes the certificates, `policy.rs` a policy
//! and whom it is for, `wire.rs` one TLS connection; `row.rs` puts together what a verifier and both
//! ends of a connection have to say, and `stage.rs` has the two neighbours, edge and core.

mod clock;
mod pki;
mod policy;
mod wire;
mod row;
mod stage;
mod scenarios;
mod table;

use std::error::Error;
use std::io::{ErrorKind, Write, stdout};

const INTRODUCTION: &str = "\
Two services, \"edge\" and \"core\", prove themselves to each other with TLS certificates. A certificate says in its
extended key usage (EKU) which jobs it may do: serverAuth (to be called), clientAuth (to call). Public CAs stop
issuing clientAuth. Every row is what happened just now in a TLS connection on this machine, or in a slot, which
holds the certificate for one job. \"reported\" means: the operator is told, and knows when the exception can go.
";

const NEXT: &str = "\
Next: ask the same about a certificate chain of your own with `cargo run --example verify -- --help`.
";

fn main() -> Result<(), Box<dyn Error>> {
    let rows = scenarios::play()?;
    let table = table::render(&rows);
    let written = write!(stdout().lock(), "{INTRODUCTION}\n{table}\n{NEXT}");
    // A reader that has read enough is no error.
    if let Err(error) = written
        && error.kind() != ErrorKind::BrokenPipe
    {
        return Err(error.into());
    }
    let broken = rows.iter().filter(|row| row.verdict != row.promised);
    let broken: Vec<_> = broken.map(|row| row.scenario).collect();
    match broken.is_empty() {
        true => Ok(()),
        false => Err(format!("not as promised: {}", broken.join("; ")).into()),
    }
}
