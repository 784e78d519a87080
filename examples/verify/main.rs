//! Would this chain be accepted, would it be presented? The verdicts of a peer verifier and of a slot,
//! without a connection.
//!
//! Run it: `cargo run --example verify -- --role client --roots clients-ca.pem chain.pem`, and with
//! `--help` for all options, examples and exit codes.
//!
//! `args.rs` is the command line, `presenting.rs` the slot, `report.rs` what is printed; here is what lies
//! between: files and options become a verifier, the verifier judges the chain.

mod args;
mod presenting;
#[path = "../common/printable.rs"]
mod printable;
mod report;

use std::error::Error;
use std::fs::File;
use std::io::{ErrorKind, Read, Write};
use std::path::Path;
use std::process::ExitCode;

use clap::Parser;
use mtls_roles::{
    ClientPeerVerifier, Credentials, Crls, EkuPolicy, PeerVerifier, PeerVerifierBuilder, Refusal,
    RefusalClass, Roots, ServerPeerVerifier, VerifiedPeer,
};
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};

use crate::args::{Args, Eku, Format, RelaxFor, Role};
use crate::presenting::{Pem, Presenting, judge};
use crate::printable::printable;

fn main() -> ExitCode {
    let args = Args::parse();
    match run(&args) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {}", printable(&error.to_string()));
            ExitCode::from(2)
        }
    }
}

/// Exit code 0 is yes, to everything that was asked, 1 is no; an error is usage or unreadable input.
fn run(args: &Args) -> Result<ExitCode, Box<dyn Error>> {
    let (name, pem) = (name_of(&args.chain), read(&args.chain)?);
    let now = args.time.map_or_else(UnixTime::now, |time| time.0);
    let presenting = args.key.as_deref().map(|key| {
        // Of standard input there is only one.
        let key_pem = if key == args.chain { pem.clone() } else { read(key)? };
        let (chain, key) = ((&*name, &*pem), (&*name_of(key), &*key_pem));
        let judged = judge(args.role.into(), policy(args), now, chain, key);
        Ok::<_, Box<dyn Error>>(judged.map_err(in_options)?)
    });
    let presenting = presenting.transpose()?;
    let accepting = args.roots.as_deref().map(|roots| accepting(args, roots, (&name, &pem), now));
    let accepting = accepting.transpose()?;
    let is_yes = presenting.as_ref().is_none_or(Presenting::is_fit)
        && accepting.as_ref().is_none_or(|it| it.verdict.is_ok());
    let (presenting, accepting) = (presenting.as_ref(), accepting.as_ref());
    let report = match args.format {
        Format::Text => report::text(args.role.into(), presenting, accepting),
        Format::Json => report::json(args.role.into(), presenting, accepting).to_string(),
    };
    let code = ExitCode::from(u8::from(!is_yes));
    match writeln!(std::io::stdout(), "{report}") {
        // A reader that has read enough is no error.
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(code),
    }
}

/// What a peer would say, what of the chain stands in the way, and what an operator should know of the
/// peer's roots and lists.
struct Accepting {
    verdict: Verdict,
    explained: Vec<String>,
    notes: Vec<String>,
}

fn accepting(
    args: &Args,
    roots: &Path,
    (name, pem): Pem<'_>,
    now: UnixTime,
) -> Result<Accepting, Box<dyn Error>> {
    let chain = Credentials::chain_from_pem(name, pem)?;
    let roots = Roots::from_pem_file(roots)?;
    let crls = args.crls.as_deref().map(Crls::from_pem_file).transpose()?;
    let of_crls = crls.iter().flat_map(Crls::notes).map(ToString::to_string);
    let notes = of_roots(&roots).chain(of_crls).collect();
    let verdict = match args.role {
        Role::Client => verify_client(args, roots, crls, &chain, now)?,
        Role::Server => verify_server(args, roots, crls, &chain, now)?,
    };
    let explained = match &verdict {
        Err(refusal) if refusal.class() == RefusalClass::Other => refusal.explain(&chain),
        _ => Vec::new(),
    };
    Ok(Accepting { verdict, explained, notes })
}

type Verdict = Result<VerifiedPeer, Refusal>;

/// What both builders are given.
fn configure<V: PeerVerifier>(
    mut builder: PeerVerifierBuilder<V>,
    args: &Args,
    crls: Option<Crls>,
) -> Result<PeerVerifierBuilder<V>, mtls_roles::Error> {
    builder = builder.eku_policy(policy(args));
    for peer in &args.relax_for {
        builder = match peer.clone() {
            RelaxFor::Peer(rule) => builder.relax_for(rule),
            RelaxFor::AnyPrivatePeer => builder.relax_for_any_peer_of_these_private_roots(),
        };
    }
    if args.allow_expired_crls {
        builder = builder.allow_expired_crls();
    }
    if args.stock {
        builder = builder.stock_path_checks();
    }
    Ok(match crls {
        Some(crls) => builder.crls(crls),
        None => builder,
    })
}

fn verify_client(
    args: &Args,
    roots: Roots,
    crls: Option<Crls>,
    chain: &[CertificateDer<'_>],
    now: UnixTime,
) -> Result<Verdict, Box<dyn Error>> {
    if args.name.is_some() || !args.expect.is_empty() {
        return Err(
            "--name and --expect are for --role server; say who may connect as a client with \
                    --allow"
                .into(),
        );
    }
    let builder = ClientPeerVerifier::builder(roots, &default_provider());
    let mut builder = configure(builder, args, crls)?;
    for rule in &args.allow {
        builder = builder.allow(rule.clone());
    }
    let verifier = builder.build().map_err(in_options)?;
    Ok(verifier.verify(Some(chain), now))
}

fn verify_server(
    args: &Args,
    roots: Roots,
    crls: Option<Crls>,
    chain: &[CertificateDer<'_>],
    now: UnixTime,
) -> Result<Verdict, Box<dyn Error>> {
    if !args.allow.is_empty() {
        return Err(
            "--allow is for --role client; a server is checked by its --name, or by --expect"
                .into(),
        );
    }
    // A rule is expected in place of the name: then none is compared.
    let name = match (&args.name, args.expect.is_empty()) {
        (Some(name), true) => name.clone(),
        (None, false) => ServerName::try_from("expected-by-rule.invalid")?,
        _ => return Err("--role server needs --name, or --expect RULE in its place".into()),
    };
    let builder = ServerPeerVerifier::builder(roots, &default_provider());
    let builder =
        args.expect.iter().cloned().fold(configure(builder, args, crls)?, |builder, rule| {
            builder.expect_in_place_of_name(rule)
        });
    let verifier = builder.build().map_err(in_options)?;
    Ok(verifier.verify(Some(chain), &name, now))
}

/// What an operator should know of the roots, whatever the verdict is.
fn of_roots(roots: &Roots) -> impl Iterator<Item = String> {
    roots.trusted_for_itself_only().map(|root| {
        format!("{root} does not say cA TRUE: it is trusted for itself only, and issues nothing")
    })
}

fn policy(args: &Args) -> EkuPolicy {
    let policy = match args.eku {
        Eku::Rfc5280 => EkuPolicy::rfc5280(),
        Eku::Strict => EkuPolicy::strict(),
        Eku::AcceptServerAuth => EkuPolicy::accept_server_auth(),
        Eku::Ignore => EkuPolicy::ignore(),
    };
    match args.until {
        Some(end) => policy.until(end),
        None => policy,
    }
}

/// The crate speaks of its builders' methods; here they are options.
fn in_options(error: mtls_roles::Error) -> String {
    use mtls_roles::Error as E;
    let here = match error {
        E::RelaxedForNobody { .. } => "--relax-for RULE, or --relax-for any-private-peer",
        E::AnyPeerOverPublicRoots { .. } => "--relax-for RULE",
        E::PublicRootsNeedRules { .. } => "--allow RULE",
        E::NameOverPublicRoots { .. } => "--eku accept-server-auth, or --relax-for cert-sha256:HEX",
        E::RelaxedServersOverPublicRoots { .. } | E::AcceptServerAuthForServers => "--eku rfc5280",
        _ => return error.to_string(),
    };
    format!("{error} (here: {here})")
}

/// A failure names the file.
fn read(file: &Path) -> Result<Vec<u8>, String> {
    read_bounded(file).map_err(|error| format!("{}: {error}", name_of(file)))
}

fn read_bounded(file: &Path) -> std::io::Result<Vec<u8>> {
    let mut pem = Vec::new();
    match file == Path::new("-") {
        true => std::io::stdin().take(LIMIT + 1).read_to_end(&mut pem)?,
        false => File::open(file)?.take(LIMIT + 1).read_to_end(&mut pem)?,
    };
    match pem.len() as u64 > LIMIT {
        true => Err(std::io::Error::other("larger than 16 MiB")),
        false => Ok(pem),
    }
}

/// As the crate's own for files of certificates.
const LIMIT: u64 = 16 << 20;

fn name_of(file: &Path) -> String {
    match file == Path::new("-") {
        true => "standard input".into(),
        false => file.display().to_string(),
    }
}
