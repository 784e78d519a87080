//! One case of a suite: built, verified, and its outcome.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use clap::ValueEnum;
use mtls_roles::{
    ClientPeerVerifier, Crls, EkuPolicy, PeerRule, Roots, ServerPeerVerifier, SignatureMemo,
    SubjectAltName, VerifiedPeer,
};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use serde_json::Value;
use sha2::{Digest, Sha256};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// The EKU policy of a run.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Eku {
    Rfc5280,
    Strict,
    AcceptServerAuth,
    Ignore,
}

/// Where good signatures are remembered.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Memo {
    /// With each case for itself.
    Own,
    /// In one memo for all cases of the run.
    Shared,
    /// Nowhere.
    Off,
}

/// What came of a case.
#[derive(Debug, PartialEq, Eq)]
pub enum Outcome {
    Success,
    Failure(String),
    Skipped(String),
}

/// Verifies cases under one policy.
pub struct Runner {
    provider: Arc<CryptoProvider>,
    eku: Eku,
    stock: bool,
    pub memo: Memo,
    /// The one for all cases.
    pub shared: SignatureMemo,
    /// When cases that say no time take place.
    now: UnixTime,
}

/// Why a case has no verdict of success.
enum Stop {
    Fail(String),
    Skip(String),
}

/// Builders of two kinds share these methods and no trait.
macro_rules! built {
    ($runner:expr, $case:expr, $builder:expr) => {{
        let mut builder = $builder;
        if let Some(crls) = crls($case)? {
            builder = builder.crls(crls);
        }
        if $runner.stock {
            builder = builder.stock_path_checks().stock_revocation();
        }
        if let Some(most) = $case["max_chain_depth"].as_u64() {
            builder = builder.max_intermediates(most as usize);
        }
        builder = match $runner.memo {
            Memo::Own => builder,
            Memo::Shared => builder.memo($runner.shared.clone()),
            Memo::Off => builder.without_memo(),
        };
        builder.build().map_err(fail)?
    }};
}

impl Runner {
    pub fn new(eku: Eku, stock: bool, memo: Memo) -> Self {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        Self {
            shared: SignatureMemo::new(&provider),
            provider,
            eku,
            stock,
            memo,
            now: UnixTime::now(),
        }
    }

    pub fn run(&self, case: &Value) -> Outcome {
        let verdict = match case["validation_kind"].as_str() {
            Some("SERVER") => self.verify_server(case),
            Some("CLIENT") => self.verify_client(case),
            _ => Err(Stop::Skip("unknown validation_kind".into())),
        };
        match verdict {
            Ok(()) => Outcome::Success,
            Err(Stop::Fail(context)) => Outcome::Failure(context),
            Err(Stop::Skip(context)) => Outcome::Skipped(context),
        }
    }

    fn verify_server(&self, case: &Value) -> Result<(), Stop> {
        let expected = &case["expected_peer_name"];
        let name = expected["value"]
            .as_str()
            .ok_or_else(|| Stop::Skip("a server without a name".into()))?;
        let name = ServerName::try_from(name).map_err(|error| Stop::Fail(error.to_string()))?;
        let chain = chain(case)?;
        let mut builder = ServerPeerVerifier::builder(roots(case)?, &self.provider);
        // Over public roots a relaxed server verifier does not build: nothing is relaxed there.
        if roots(case)?.public_root().is_none() && self.eku != Eku::AcceptServerAuth {
            builder = builder.eku_policy(self.policy()).relax_for(pin(&chain));
        }
        let verifier = built!(self, case, builder);
        verifier
            .verify(Some(&chain), &name, self.time(case)?)
            .map_err(|refusal| fail(refusal.error()))?;
        Ok(())
    }

    fn verify_client(&self, case: &Value) -> Result<(), Stop> {
        let chain = chain(case)?;
        let builder = ClientPeerVerifier::builder(roots(case)?, &self.provider)
            .eku_policy(self.policy())
            .relax_for(pin(&chain))
            .allow(pin(&chain));
        let verifier = built!(self, case, builder);
        let peer = verifier
            .verify(Some(&chain), self.time(case)?)
            .map_err(|refusal| fail(refusal.error()))?;
        expect_names(case, &peer)
    }

    fn time(&self, case: &Value) -> Result<UnixTime, Stop> {
        let Some(text) = case["validation_time"].as_str() else {
            return Ok(self.now);
        };
        let time = OffsetDateTime::parse(text, &Rfc3339).map_err(fail)?;
        let seconds = u64::try_from(time.unix_timestamp()).map_err(fail)?;
        Ok(UnixTime::since_unix_epoch(Duration::from_secs(seconds)))
    }

    fn policy(&self) -> EkuPolicy {
        match self.eku {
            Eku::Rfc5280 => EkuPolicy::rfc5280(),
            Eku::Strict => EkuPolicy::strict(),
            Eku::AcceptServerAuth => EkuPolicy::accept_server_auth(),
            Eku::Ignore => EkuPolicy::ignore(),
        }
    }
}

fn fail(error: impl ToString) -> Stop {
    Stop::Fail(error.to_string())
}

/// The names that a client is expected to have; the suite has e-mail names, for which there is no
/// peer rule, so they are compared here.
fn expect_names(case: &Value, peer: &VerifiedPeer) -> Result<(), Stop> {
    let expected = case["expected_peer_names"].as_array().into_iter().flatten();
    for name in expected {
        let value = name["value"].as_str().unwrap_or_default();
        let is_it = |found: &SubjectAltName| match (name["kind"].as_str(), found) {
            (Some("DNS"), SubjectAltName::Dns(found)) => found.eq_ignore_ascii_case(value),
            (Some("IP"), SubjectAltName::Ip(found)) => {
                value.parse::<IpAddr>().is_ok_and(|ip| ip == *found)
            }
            (Some("RFC822"), SubjectAltName::Email(found)) => found == value,
            _ => false,
        };
        if !peer.alt_names().iter().any(is_it) {
            return Err(Stop::Fail(format!("the verified leaf has not the name {value}")));
        }
    }
    Ok(())
}

fn roots(case: &Value) -> Result<Roots, Stop> {
    let pem: String = texts(&case["trusted_certs"]);
    Roots::from_pem(pem.as_bytes()).map_err(fail)
}

fn crls(case: &Value) -> Result<Option<Crls>, Stop> {
    let pem = texts(&case["crls"]);
    match pem.is_empty() {
        true => Ok(None),
        false => Crls::from_pem(pem.as_bytes()).map(Some).map_err(fail),
    }
}

fn texts(list: &Value) -> String {
    let texts = list.as_array().into_iter().flatten().filter_map(Value::as_str);
    texts.flat_map(|text| [text, "\n"]).collect()
}

fn chain(case: &Value) -> Result<Vec<CertificateDer<'static>>, Stop> {
    let leaf = case["peer_certificate"].as_str().unwrap_or_default();
    let pem = format!("{leaf}\n{}", texts(&case["untrusted_intermediates"]));
    CertificateDer::pem_slice_iter(pem.as_bytes()).collect::<Result<_, _>>().map_err(fail)
}

fn pin(chain: &[CertificateDer<'_>]) -> PeerRule {
    PeerRule::cert_sha256(Sha256::digest(&chain[0]).into())
}
