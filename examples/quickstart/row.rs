//! One row of the table: what a verifier told and both ends of a connection saw, put together.

use std::error::Error;
use std::fmt;
use std::sync::Mutex;

use mtls_roles::{Credentials, EkuViolation, Observer, Refusal, Role, VerifiedPeer};
use rustls::AlertDescription;
use time::OffsetDateTime;

use crate::policy::Policy;
use crate::table::{describe, found};
use crate::wire::End;

/// One row of the table.
pub struct Row {
    pub scenario: &'static str,
    pub presented: String,
    pub policy: String,
    pub promised: Verdict,
    pub verdict: Verdict,
    pub why: String,
    pub alert: Option<AlertDescription>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Accepted,
    /// Accepted, and the observer heard that only the relaxed policy made it so.
    Reported,
    Refused,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Accepted => "accepted",
            Self::Reported => "accepted, reported",
            Self::Refused => "REFUSED",
        })
    }
}

/// Remembers what the verifier told last.
#[derive(Default)]
pub struct Witness(Mutex<Option<Told>>);

#[derive(Debug)]
enum Told {
    Accepted(Role),
    Relaxed(VerifiedPeer),
    Refused(Refusal),
}

impl Witness {
    fn hear(&self, told: Told) {
        if let Ok(mut last) = self.0.lock() {
            *last = Some(told);
        }
    }

    /// What happened, if the verifier and both ends of the connection agree about it. `ends` are
    /// what the verifying end saw, and what the other end saw.
    pub fn row(
        &self,
        (scenario, promised): (&'static str, Verdict),
        presented: Credentials,
        policy: &Policy,
        now: OffsetDateTime,
        ends: (End, End),
    ) -> Result<Row, Box<dyn Error>> {
        let told = self.0.lock().ok().and_then(|mut last| last.take());
        let leaf = presented.leaf();
        let (verdict, why, alert) = match (told.ok_or("the observer heard nothing")?, ends) {
            (Told::Accepted(role), (Ok(seen), Ok(_))) if seen.first() == Some(leaf.der()) => {
                let (has, needed) = (found(leaf.purposes()), role.purpose());
                let why = format!("has {has}, needed is {needed}");
                (Verdict::Accepted, why, None)
            }
            (Told::Relaxed(peer), (Ok(_), Ok(_))) if peer.leaf() == leaf => {
                let violation = peer.eku().violation().ok_or("relaxed, and nothing was wrong")?;
                let why = violation_text(violation) + "; let pass";
                (Verdict::Reported, why, None)
            }
            (Told::Refused(refusal), (Err(error), Err(rustls::Error::AlertReceived(alert))))
                if *refusal.error() == error =>
            {
                let why = match refusal.violation() {
                    Some(violation) => violation_text(violation) + policy.why_not(now),
                    None => refusal.class().to_string(),
                };
                (Verdict::Refused, why, Some(alert))
            }
            disagreement => return Err(format!("{scenario}: {disagreement:?}").into()),
        };
        Ok(Row {
            scenario,
            presented: describe(&presented),
            policy: policy.to_string(),
            promised,
            verdict,
            why,
            alert,
        })
    }
}

impl Observer for Witness {
    fn accepted(&self, role: Role) {
        self.hear(Told::Accepted(role));
    }

    fn relaxed(&self, peer: &VerifiedPeer) {
        self.hear(Told::Relaxed(peer.clone()));
    }

    fn refused(&self, refusal: &Refusal) {
        self.hear(Told::Refused(refusal.clone()));
    }
}

fn violation_text(violation: &EkuViolation) -> String {
    let whose = match violation.position {
        0 => "",
        _ => "its issuer ",
    };
    let has = found(violation.found.as_deref());
    format!("{whose}has {has}, needed is {}", violation.needed)
}
