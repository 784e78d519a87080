//! The list: what is presented under which policy, and what the title promises.

use std::error::Error;

use mtls_roles::{ClientSlot, Credentials, EkuPolicy, PeerRule, ServerSlot};
use time::Duration;
use time::macros::datetime;

use crate::clock::Clock;
use crate::pki::{CLIENT_ONLY, COMBINED, SERVER_ONLY};
use crate::policy::Policy;
use crate::row::Row;
use crate::row::Verdict::{Accepted, Refused, Reported};
use crate::stage::Stage;

pub fn play() -> Result<Vec<Row>, Box<dyn Error>> {
    let stage = Stage::new()?;
    let mut rows = yesterday_and_today(&stage)?;
    rows.extend(two_slots(&stage)?);
    rows.extend(intermediates(&stage)?);
    rows.extend(a_renewal_that_lost_its_purpose(&stage)?);
    rows.extend(an_end_date(&stage)?);
    Ok(rows)
}

/// One certificate for both jobs, before and after its renewal.
fn yesterday_and_today(stage: &Stage) -> Result<Vec<Row>, Box<dyn Error>> {
    let (ca, core) = (&stage.public, |policy| stage.core(&stage.public, policy));
    let combined = stage.presents_anything(stage.edge(ca, COMBINED)?)?;
    let renewed = stage.presents_anything(stage.edge(ca, SERVER_ONLY)?)?;
    let stranger = ca.issue("stranger.example.net", SERVER_ONLY, &stage.provider)?;
    let stranger = stage.presents_anything(stranger)?;
    let edges_key = || key_of(&renewed).map(|key| Policy::of(EkuPolicy::ignore()).only_for(key));
    let by_name = PeerRule::dns_name("edge.example.com")?;
    let server_auth = Policy::of(EkuPolicy::accept_server_auth()).only_for(by_name);
    let anybody = Policy::of(EkuPolicy::ignore()).for_any_peer();
    Ok(vec![
        core(Policy::default())?.is_called(
            "Yesterday: one combined certificate does both jobs",
            &combined,
            Accepted,
        )?,
        core(Policy::default())?.is_called(
            "Today: its renewal is for servers only, and calls as a client",
            &renewed,
            Refused,
        )?,
        core(edges_key()?)?.is_called(
            "The same; the EKU is ignored for this one peer, known by its key",
            &renewed,
            Reported,
        )?,
        core(server_auth)?.is_called(
            "The same; this one peer may come with a server certificate, known by its name",
            &renewed,
            Reported,
        )?,
        core(edges_key()?)?.is_called(
            "A stranger with a certificate of the same public CA, beside that peer",
            &stranger,
            Refused,
        )?,
        core(anybody)?.is_called(
            "A stranger again; the EKU is ignored for all, but never for web certificates",
            &stranger,
            Refused,
        )?,
    ])
}

/// The way out: one certificate per job, each from the CA that fits.
fn two_slots(stage: &Stage) -> Result<Vec<Row>, Box<dyn Error>> {
    let serving = ServerSlot::builder()
        .time_provider(stage.clock.shared())
        .build_with(stage.edge(&stage.public, SERVER_ONLY)?)?;
    let calling = ClientSlot::builder()
        .time_provider(stage.clock.shared())
        .build_with(stage.edge(&stage.private, CLIENT_ONLY)?)?;
    if serving.shares_key_with(&calling) {
        return Err("two slots, and one key in both".into());
    }
    Ok(vec![
        stage.core(&stage.private, Policy::default())?.is_called(
            "Two slots: the edge calls with a client certificate of a private CA",
            &calling,
            Accepted,
        )?,
        stage.core_calls(
            "Two slots: the edge is called, and presents its public one",
            &serving,
            Accepted,
        )?,
    ])
}

/// New public intermediates are for servers only, too.
fn intermediates(stage: &Stage) -> Result<Vec<Row>, Box<dyn Error>> {
    let below = stage.private.intermediate("Issuing CA", SERVER_ONLY)?;
    let slot = stage.presents_anything(stage.edge(&below, CLIENT_ONLY)?)?;
    let ignored = Policy::of(EkuPolicy::ignore()).only_for(key_of(&slot)?);
    let core = |policy| stage.core(&stage.private, policy);
    Ok(vec![
        core(Policy::default())?.is_called(
            "A client certificate below an intermediate that is for servers only",
            &slot,
            Refused,
        )?,
        core(ignored)?.is_called(
            "The same; ignoring the EKU for this one peer covers its whole chain",
            &slot,
            Reported,
        )?,
    ])
}

fn a_renewal_that_lost_its_purpose(stage: &Stage) -> Result<Vec<Row>, Box<dyn Error>> {
    let slot = ClientSlot::builder()
        .time_provider(stage.clock.shared())
        .build_with(stage.edge(&stage.public, COMBINED)?)?;
    let renewed = stage.edge(&stage.public, SERVER_ONLY)?;
    let title = "A renewal that lost clientAuth is put into the client slot";
    let refused = stage.swap(title, &slot, renewed, Refused)?;
    let core = stage.core(&stage.public, Policy::default())?;
    let title = "That slot still presents the last good one";
    Ok(vec![refused, core.is_called(title, &slot, Accepted)?])
}

/// The same listener with the same policy all along; only the clock moves.
fn an_end_date(stage: &Stage) -> Result<Vec<Row>, Box<dyn Error>> {
    let end = datetime!(2027-03-15 0:00 UTC);
    let slot = stage.presents_anything(stage.edge(&stage.public, SERVER_ONLY)?)?;
    let policy = Policy::of(EkuPolicy::ignore().until(end)).only_for(key_of(&slot)?);
    let core = stage.core(&stage.public, policy)?;
    stage.clock.set(end - Duration::seconds(1));
    let before = "An end date: one second before it";
    let before = core.is_called(before, &slot, Reported)?;
    stage.clock.set(end);
    let after = "The end date has come: nobody did anything, and the default applies";
    let after = core.is_called(after, &slot, Refused)?;
    stage.clock.set(Clock::START);
    Ok(vec![before, after])
}

/// Names a peer by its key. Over real public roots it must be a fingerprint where the EKU is
/// ignored: only a certificate for servers proves a name there.
fn key_of(slot: &ClientSlot) -> Result<PeerRule, Box<dyn Error>> {
    let credentials: Credentials = slot.credentials().ok_or("the slot is empty")?;
    Ok(PeerRule::spki_sha256(credentials.leaf().spki_sha256()))
}
