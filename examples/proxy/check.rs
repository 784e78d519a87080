//! [`check`]: reads and judges everything in a file, and opens no port.

use std::fmt::{self, Write as _};
use std::io::{self, Write as _};
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
            let mut report = String::new();
            // Writing to a String does not fail.
            let _ = tunnels.iter().try_for_each(|tunnel| write_tunnel(&mut report, tunnel));
            say(&report, ExitCode::SUCCESS)
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

/// On standard output. A reader that has read enough is no error.
pub fn say(report: &str, code: ExitCode) -> ExitCode {
    match io::stdout().write_all(report.as_bytes()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            eprintln!("standard output: {error}");
            ExitCode::from(2)
        }
        _ => code,
    }
}

fn write_tunnel(to: &mut String, tunnel: &Tunnel) -> fmt::Result {
    let listen = tunnel.config.listen.get_ref();
    let status = TunnelStatus::of(tunnel, *listen);
    writeln!(to, "tunnel {}: {listen} to {}", status.name, status.connect)?;
    write_side(to, "accepts TLS, as server", "client", status.accept)?;
    write_side(to, "originates TLS, as client", "server", status.originate)
}

fn write_side(to: &mut String, what: &str, peer: &str, side: Option<SideStatus>) -> fmt::Result {
    let Some(side) = side else { return Ok(()) };
    writeln!(to, "  {what}")?;
    if side.presents.is_empty() {
        writeln!(to, "    presents  nothing")?;
    }
    for presented in side.presents {
        writeln!(to, "    presents  {} ({})", presented.subject, presented.names.join(", "))?;
        if presented.is_combined {
            writeln!(to, "              fit for both roles: the combined certificate of old")?;
        }
        writeln!(to, "    audit     {}", presented.verdict)?;
        presented.causes.iter().try_for_each(|cause| writeln!(to, "              {cause}"))?;
        presented.advice.iter().try_for_each(|advice| writeln!(to, "    to do     {advice}"))?;
    }
    side.notes.iter().try_for_each(|note| writeln!(to, "    note      {note}"))?;
    writeln!(to, "    {peer}'s certificate: {}, EKU {}", side.peer_certificate, side.eku)?;
    side.relax_for.iter().try_for_each(|rule| writeln!(to, "    relaxed   for {rule}"))?;
    side.rules.iter().try_for_each(|rule| writeln!(to, "    only      {rule}"))?;
    side.expiries.iter().try_for_each(|ends| {
        let word = if ends.days_left < 0 { "ENDED" } else { "ends" };
        writeln!(to, "    {word:<9} {}", ends.what)
    })
}
