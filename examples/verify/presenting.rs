//! Would a slot take this chain with this key, and what would it note?

use std::sync::Arc;

use mtls_roles::{
    ClientSlot, Credentials, EkuOutcome, EkuPolicy, Error, Fitness, Note, Role, ServerSlot,
};
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::UnixTime;
use rustls::time_provider::TimeProvider;
use serde_json::{Value, json};
use time::OffsetDateTime;

use crate::report::instant;

/// A file's name, and what was read from it.
pub type Pem<'a> = (&'a str, &'a [u8]);

/// What the slot says, and until when the credentials are valid; or why it refuses them.
pub struct Presenting(Result<(Fitness, OffsetDateTime), Error>);

/// An error is input that cannot be read, or a policy that no slot has; all else is the slot's answer.
pub fn judge(
    role: Role,
    policy: EkuPolicy,
    now: UnixTime,
    chain: Pem<'_>,
    key: Pem<'_>,
) -> Result<Presenting, Error> {
    let loaded = Credentials::from_named_pem(chain, key, &default_provider());
    let judged = loaded.and_then(|credentials| {
        let fitness = ask(role, policy, now, &credentials)?;
        Ok((fitness, credentials.valid_until()))
    });
    match judged {
        Err(error) if !is_answer(&error, chain) => Err(error),
        judged => Ok(Presenting(judged)),
    }
}

fn ask(
    role: Role,
    policy: EkuPolicy,
    now: UnixTime,
    credentials: &Credentials,
) -> Result<Fitness, Error> {
    let clock = Arc::new(Clock(now));
    match role {
        Role::Server => {
            let slot = ServerSlot::builder().eku_policy(policy).time_provider(clock);
            slot.build()?.judge(credentials)
        }
        Role::Client => {
            let slot = ClientSlot::builder().eku_policy(policy).time_provider(clock);
            slot.build()?.judge(credentials)
        }
    }
}

fn is_answer(error: &Error, (file, chain): Pem<'_>) -> bool {
    match error {
        Error::KeyMismatch { .. }
        | Error::LeafNotFirst { .. }
        | Error::UnusableLeafKey { .. }
        | Error::LeafIsCa { .. }
        | Error::Unfit { .. }
        | Error::Expired { .. }
        | Error::NotYetValid { .. } => true,
        // Of a leaf that we can read and rustls cannot.
        Error::UnusableCertificate { .. } => Credentials::chain_from_pem(file, chain).is_ok(),
        _ => false,
    }
}

/// Stands at the instant that was asked about.
#[derive(Debug)]
struct Clock(UnixTime);

impl TimeProvider for Clock {
    fn current_time(&self) -> Option<UnixTime> {
        Some(self.0)
    }
}

impl Presenting {
    pub fn is_fit(&self) -> bool {
        self.0.is_ok()
    }

    pub fn text(&self, role: Role) -> String {
        let (fitness, until) = match &self.0 {
            Ok(fit) => fit,
            Err(error) => return format!("UNFIT as {role}\nwhy:    {error}"),
        };
        let why = match &fitness.eku {
            EkuOutcome::Relaxed(violation) => {
                format!("{violation}; the EKU policy of the slot is relaxed")
            }
            _ => "its extended key usage is as the policy asks".into(),
        };
        let mut text = format!("FIT as {role}\nwhy:    {why}\nuntil:  {}", instant(*until));
        for note in &fitness.notes {
            text += &format!("\nnote:   {note}");
        }
        text
    }

    pub fn json(&self) -> Value {
        let note =
            |note: &Note| json!({ "certificate": note.certificate, "note": note.kind.to_string() });
        match &self.0 {
            Ok((fitness, until)) => json!({
                "fit": true,
                "error": null,
                "validUntil": instant(*until),
                "notes": fitness.notes.iter().map(note).collect::<Vec<_>>(),
            }),
            Err(error) => json!({
                "fit": false,
                "error": error.to_string(),
                "validUntil": null,
                "notes": [],
            }),
        }
    }
}
