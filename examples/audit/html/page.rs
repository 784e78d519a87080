//! What the template is given.

use std::collections::HashSet;
use std::sync::Arc;

use minijinja::context;
use minijinja::value::{Serde, Value};
use mtls_roles::Role;
use mtls_roles::audit::{
    Advice, CaOffer, Cause, Finding, Forecast, Milestone, Roles, Stack, Unreadable,
};
use serde::Serialize;

use super::picture::Picture;
use crate::acme;
use crate::printable::printable;
use crate::report::{Group, Report, citation, due, is_expired, number_of, place, short_name};
use crate::row::{Row, name, sentence};
use crate::sources::Server;

/// So many rows a browser still sorts at once, and so many bytes it still opens at once; the JSON
/// report has the rest.
const ROWS: usize = 5_000;
const BYTES: usize = 8 << 20;

/// Of the list of what has expired.
const EXPIRED: usize = 2_000;

const UNREADABLE: usize = 500;

pub fn page(report: &Report<'_>) -> Value {
    let milestones = cited(report);
    let (expired, live): (Vec<_>, Vec<_>) =
        report.findings.iter().copied().partition(|finding| is_expired(finding));
    let mut advice = vec![];
    let rows = rows(report, &live, &milestones, &mut advice);
    let left_out = &live[rows.len()..];
    let needs_action = |it: &&&Finding<'_>| Group::of(it.verdict) > Group::Unknown;
    let shown = expired.iter().take(EXPIRED).map(|it| expired_row(it, &milestones));
    let unreadables = report.found.inventory.unreadable();
    context! {
        as_of => report.assessment.as_of().to_string(),
        reading_day => report.reading_day(),
        is_stale => report.is_stale(),
        summary => report.summary(),
        groups => Group::WORST_FIRST.map(|group| tile(&live, group)),
        picture => Picture::new(report, &live, &milestones, rows.len()).map(|it| Value::from(Serde(it))),
        rows_left_out => left_out.len(),
        // Of those left out, how many need something done.
        urgent_left_out => left_out.iter().filter(needs_action).count(),
        rows => one_by_one(rows),
        advice,
        acme => acme::is_worth_saying(report).then_some(acme::COMMANDS),
        expired => shown.collect::<Vec<_>>(),
        expired_left_out => expired.len().saturating_sub(EXPIRED),
        offers => offered(report).into_iter().map(offer).collect::<Vec<_>>(),
        servers => report.found.servers.iter().map(server).collect::<Vec<_>>(),
        unreadable => unreadables.iter().take(UNREADABLE).map(unreadable).collect::<Vec<_>>(),
        unreadable_count => unreadables.len(),
        milestones => milestones.iter().zip(1..).map(numbered).collect::<Vec<_>>(),
    }
}

/// The first, as many as a browser opens; `advice` is what they refer to.
fn rows(
    report: &Report<'_>,
    live: &[&Finding<'_>],
    milestones: &[&Milestone],
    advice: &mut Vec<String>,
) -> Vec<TableRow> {
    let rows = live.iter().take(ROWS).enumerate();
    let rows = rows.map(|(index, it)| TableRow::new(report, index, it, milestones, advice));
    let mut bytes = 0;
    rows.take_while(|row| {
        bytes += row.bytes();
        bytes <= BYTES
    })
    .collect()
}

/// All at once they would take ten times the bytes of the page.
fn one_by_one(rows: Vec<TableRow>) -> Value {
    let rows = Arc::new(rows);
    Value::make_iterable(move || {
        let rows = rows.clone();
        (0..rows.len()).map(move |at| Value::from(Serde(&rows[at])))
    })
}

/// The milestones that some verdict rests on, by date; their numbers are their places here, from 1.
fn cited<'a>(report: &Report<'a>) -> Vec<&'a Milestone> {
    let causes = report.findings.iter().flat_map(|finding| &finding.causes);
    let mut milestones: Vec<_> = causes
        .filter_map(|cause| match cause {
            Cause::Milestone(milestone) => Some(*milestone),
            _ => None,
        })
        .collect();
    milestones.sort_by_key(|milestone| (milestone.date, &milestone.id));
    milestones.dedup_by_key(|milestone| &milestone.id);
    milestones
}

/// What the advice of any finding offers, in the order of the timeline's table.
fn offered<'a>(report: &Report<'a>) -> Vec<&'a CaOffer> {
    let advice = report.findings.iter().flat_map(|finding| &*finding.advice);
    let offered = advice.filter_map(|advice| match advice {
        Advice::AlternateRoot(offers) => Some(offers.iter().map(|offer| &offer.id)),
        _ => None,
    });
    let ids: HashSet<_> = offered.flatten().collect();
    let offers = report.assessment.timeline().offers().iter();
    offers.filter(|offer| ids.contains(&offer.id)).collect()
}

fn offer(offer: &CaOffer) -> Value {
    context! {
        ca => printable(&offer.ca),
        offer => printable(&offer.offer),
        until => offer.until.map(|until| until.to_string()),
        citation => citation(&offer.citation),
    }
}

fn tile(live: &[&Finding<'_>], group: Group) -> Value {
    let count = live.iter().filter(|it| Group::of(it.verdict) == group).count();
    context! { id => group.id(), title => group.title(), count }
}

/// A milestone that some verdict rests on.
fn numbered((milestone, number): (&&Milestone, usize)) -> Value {
    let source = &milestone.citation;
    let disagreements = milestone.disagreements.iter();
    let disagreements =
        disagreements.map(|other| printable(&format!("{} ({})", other.says, other.source)));
    context! {
        number,
        date => milestone.date.to_string(),
        who => printable(&milestone.who),
        change => printable(&milestone.change),
        citation => citation(source),
        // A timeline of the user's may have any address: script must not hide in it.
        address => source.address.as_ref().filter(|address| address.starts_with("https://")),
        disagreements => disagreements.collect::<Vec<_>>(),
    }
}

/// One that nobody has to hurry for.
fn expired_row(finding: &Finding<'_>, milestones: &[&Milestone]) -> Value {
    let causes = reasons(finding, milestones).into_iter().filter(|it| it.number.is_some());
    context! {
        end => finding.entry.certificate().not_after().date().to_string(),
        name => short_name(finding.entry),
        serves => finding.serves.to_string(),
        place => place(finding.entry),
        causes => causes.map(|it| Value::from(Serde(it))).collect::<Vec<_>>(),
    }
}

fn server(server: &Server) -> Value {
    let asks = server.asks.as_ref();
    let hints = asks.map(|asks| asks.hints.iter().map(|hint| name(hint)).collect::<Vec<_>>());
    context! {
        address => printable(&server.address),
        asks => asks.is_some(),
        hints,
        more => asks.map_or(0, |asks| asks.more),
    }
}

fn unreadable(unreadable: &Unreadable) -> Value {
    context! {
        place => unreadable.location.to_string(),
        reason => printable(&unreadable.reason),
    }
}

#[derive(Serialize)]
struct TableRow {
    index: usize,
    group: &'static str,
    name: String,
    verdict: &'static str,
    due: String,
    places: Vec<String>,
    more_places: usize,
    /// Beside each cause, the number of its milestone.
    causes: Vec<Reason>,
    /// Places in the list of advice, from 1.
    advice: Vec<usize>,
    forecast: Vec<Forecasted>,
    /// Without what the others say, and what the page does not show at length.
    facts: Row,
}

#[derive(Serialize)]
struct Reason {
    number: Option<usize>,
    text: String,
}

/// Stacks that decide alike about a role.
#[derive(Serialize)]
struct Forecasted {
    role: String,
    stacks: String,
    why: Option<String>,
}

impl TableRow {
    fn new(
        report: &Report<'_>,
        index: usize,
        finding: &Finding<'_>,
        milestones: &[&Milestone],
        known: &mut Vec<String>,
    ) -> Self {
        let group = Group::of(finding.verdict);
        let forecast = finding.forecast();
        Self {
            index,
            group: group.id(),
            name: short_name(finding.entry),
            verdict: group.title(),
            due: due(finding).to_string(),
            places: finding.entry.locations().iter().take(3).map(ToString::to_string).collect(),
            more_places: finding.entry.locations().len().saturating_sub(3),
            causes: reasons(finding, milestones),
            advice: finding.advice.iter().map(|it| number_of(sentence(it), known)).collect(),
            forecast: forecast
                .iter()
                .flat_map(|it| Roles::BOTH.iter().map(|role| alike(it, role)))
                .flatten()
                .collect(),
            facts: Row {
                source: vec![],
                policies: vec![],
                roles: vec![],
                chain: vec![],
                because: vec![],
                advice: vec![],
                forecast: None,
                obstacles: None,
                ..Row::new(report, finding)
            },
        }
    }

    /// About so much of the page.
    fn bytes(&self) -> usize {
        let facts = &self.facts;
        let texts = [&self.name, &facts.subject, &facts.issuer, &facts.key, &facts.serial];
        let texts = texts.into_iter().chain(&self.places).chain(facts.names.iter().take(10));
        let reasons = self.causes.iter().map(|it| &it.text);
        let reasons = reasons.chain(self.forecast.iter().filter_map(|it| it.why.as_ref()));
        1_200 + texts.chain(reasons).map(|text| text.len().min(300)).sum::<usize>()
    }
}

/// What a milestone says stands beside its number, once.
fn reasons(finding: &Finding<'_>, milestones: &[&Milestone]) -> Vec<Reason> {
    let reason = |cause: &Cause<'_>| match cause {
        Cause::Milestone(milestone) => Reason {
            number: milestones.iter().position(|it| it.id == milestone.id).map(|at| at + 1),
            text: printable(&format!("{} {}", milestone.who, milestone.date)),
        },
        cause => Reason { number: None, text: sentence(cause) },
    };
    finding.causes.iter().map(reason).collect()
}

/// Stacks that accept, or that refuse for the same reason, told together.
fn alike(forecast: &Forecast, role: Role) -> Vec<Forecasted> {
    let mut told: Vec<Forecasted> = vec![];
    for stack in Stack::ALL {
        let why = forecast.obstacle(stack, role).map(sentence);
        match told.iter_mut().find(|it| it.why == why) {
            Some(known) => known.stacks.push_str(&format!(", {stack}")),
            None => {
                let (role, stacks) = (role.to_string(), stack.to_string());
                told.push(Forecasted { role, stacks, why });
            }
        }
    }
    told
}
