//! What may be published in a slot, by this crate.

use std::sync::Arc;

use mtls_roles::{ClientSlot, Credentials, Error, Fitness, ServerSlot};
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::UnixTime;
use rustls::time_provider::TimeProvider;

use super::{Answer, eku_policy, now, pem, violation};
use crate::format::{Expected, Suite, Vector};

/// A clock that stands still.
#[derive(Debug)]
struct Stopped(UnixTime);

impl TimeProvider for Stopped {
    fn current_time(&self) -> Option<UnixTime> {
        Some(self.0)
    }
}

pub fn answer(suite: &Suite, vector: &Vector) -> Answer {
    let (policy, clock) = (eku_policy(vector)?, Arc::new(Stopped(now(vector))));
    let loaded = || {
        let key = vector.slot_key.as_deref().unwrap_or_default();
        let chain = pem(&suite.certificates, &vector.chain);
        let provider = aws_lc_rs::default_provider();
        Credentials::from_pem(chain.as_bytes(), suite.keys[key].as_bytes(), &provider)
    };
    let judged = match vector.role.as_str() {
        "server" => {
            let slot = ServerSlot::builder().eku_policy(policy).time_provider(clock).build()?;
            loaded().and_then(|credentials| slot.judge(&credentials))
        }
        _ => {
            let slot = ClientSlot::builder().eku_policy(policy).time_provider(clock).build()?;
            loaded().and_then(|credentials| slot.judge(&credentials))
        }
    };
    Ok(expected(judged))
}

fn expected(judged: Result<Fitness, Error>) -> Expected {
    let refused = |class: &str, report: &str| Expected {
        verdict: "refuse".into(),
        class: Some(class.into()),
        report: Some(report.into()),
        eku: None,
    };
    match judged {
        Ok(fitness) => {
            let eku = violation(&fitness.eku);
            let report = if eku.is_some() { "relaxed" } else { "enforced" };
            Expected { verdict: "accept".into(), class: None, report: Some(report.into()), eku }
        }
        // An EKU that is present and empty is malformed.
        Err(Error::Unfit { found, .. }) if found.as_deref() != Some(&[]) => {
            refused("eku", "refused-eku")
        }
        Err(Error::Expired { .. } | Error::NotYetValid { .. }) => {
            refused("validity", "refused-other")
        }
        Err(_) => refused("other", "refused-other"),
    }
}
