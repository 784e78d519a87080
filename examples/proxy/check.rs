//! [`check`]: reads and judges everything in a file, and opens no port.

use std::path::Path;
use std::process::ExitCode;

use crate::config::{Config, Failure};
use crate::run::workshop;
use crate::status::{SideStatus, TunnelStatus};
use crate::tunnel::Tunnel;

/// Prints what each tunnel presents and accepts, what of it ends when, and what the audit says of the
/// certificates. Exit code 0: it would start; 2: it would not, and standard error says why.
pub fn check(file: &Path) -> ExitCode {
    match read(file) {
        Ok((_, tunnels)) => {
            tunnels.iter().for_each(print);
            ExitCode::SUCCESS
        }
        Err(failures) => {
            failures.iter().for_each(|failure| eprintln!("{failure}"));
            ExitCode::from(2)
        }
    }
}

/// Everything that a file names, as it would be served with.
///
/// # Errors
///
/// One for each tunnel that cannot be.
pub fn read(file: &Path) -> Result<(Config, Vec<Tunnel>), Vec<Failure>> {
    let config = Config::read(file).map_err(|failure| vec![failure])?;
    let workshop = workshop();
    let made = config.tunnels.iter().map(|tunnel| workshop.make(tunnel, &config));
    let (made, failed): (Vec<_>, Vec<_>) = made.partition(Result::is_ok);
    match failed.is_empty() {
        true => Ok((config, made.into_iter().flatten().collect())),
        false => Err(failed.into_iter().filter_map(Result::err).collect()),
    }
}

fn print(tunnel: &Tunnel) {
    let listen = tunnel.config.listen.get_ref();
    let status = TunnelStatus::of(tunnel, *listen);
    println!("tunnel {}: {listen} to {}", status.name, status.connect);
    print_side("accepts TLS, as server", "client", status.accept);
    print_side("originates TLS, as client", "server", status.originate);
}

fn print_side(what: &str, peer: &str, side: Option<SideStatus>) {
    let Some(side) = side else { return };
    println!("  {what}");
    if side.presents.is_empty() {
        println!("    presents  nothing");
    }
    for presented in side.presents {
        println!("    presents  {} ({})", presented.subject, presented.names.join(", "));
        if presented.is_combined {
            println!("              fit for both roles: the combined certificate of old");
        }
        println!("    audit     {}", presented.verdict);
        presented.causes.iter().for_each(|cause| println!("              {cause}"));
        presented.advice.iter().for_each(|advice| println!("    to do     {advice}"));
    }
    side.notes.iter().for_each(|note| println!("    note      {note}"));
    println!("    {peer}'s certificate: {}, EKU {}", side.peer_certificate, side.eku);
    side.relax_for.iter().for_each(|rule| println!("    relaxed   for {rule}"));
    side.rules.iter().for_each(|rule| println!("    only      {rule}"));
    for ends in side.expiries {
        let word = if ends.days_left < 0 { "ENDED" } else { "ends" };
        println!("    {word:<9} {}", ends.what);
    }
}
