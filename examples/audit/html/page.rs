//! [`Page`]: what the template is given.

use std::collections::HashSet;

use mtls_roles::Role;
use mtls_roles::audit::{Advice, CaOffer, Cause, Finding, Forecast, Milestone, Stack};
use serde::Serialize;

use super::picture::Picture;
use crate::printable::printable;
use crate::report::{Group, Report, citation, due, short_name};
use crate::row::{Row, name, sentence};

/// So many rows a browser still sorts at once; the JSON report has the rest.
const ROWS: usize = 2_000;

const UNREADABLE: usize = 500;

#[derive(Serialize)]
pub struct Page {
    as_of: String,
    reading_day: String,
    is_stale: bool,
    summary: String,
    groups: Vec<Tile>,
    picture: Option<Picture>,
    milestones: Vec<Numbered>,
    rows: Vec<TableRow>,
    rows_left_out: usize,
    offers: Vec<Offer>,
    servers: Vec<Server>,
    unreadable: Vec<Unreadable>,
    unreadable_count: usize,
}

#[derive(Serialize)]
struct Tile {
    id: &'static str,
    title: &'static str,
    count: usize,
}

/// A milestone that some verdict rests on.
#[derive(Serialize)]
struct Numbered {
    number: usize,
    date: String,
    who: String,
    change: String,
    citation: String,
    /// Only if a browser should follow it.
    address: Option<String>,
    disagreements: Vec<String>,
}

/// What some advice speaks of.
#[derive(Serialize)]
struct Offer {
    ca: String,
    offer: String,
    until: Option<String>,
    citation: String,
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
    stacks: Vec<StackCell>,
    facts: Row,
}

#[derive(Serialize)]
struct Reason {
    number: Option<usize>,
    text: String,
}

/// Why a stack would refuse; nothing if it would not.
#[derive(Serialize)]
struct StackCell {
    name: String,
    server: Option<String>,
    client: Option<String>,
}

#[derive(Serialize)]
struct Server {
    address: String,
    asks: bool,
    hints: Vec<String>,
    more: usize,
}

#[derive(Serialize)]
struct Unreadable {
    place: String,
    reason: String,
}

impl Page {
    pub fn new(report: &Report<'_>) -> Self {
        let milestones = cited(report);
        let shown = report.findings.iter().take(ROWS).enumerate();
        let rows = shown.map(|(index, finding)| TableRow::new(report, index, finding, &milestones));
        let unreadable = report.found.inventory.unreadable();
        Self {
            as_of: report.assessment.as_of().to_string(),
            reading_day: report.reading_day(),
            is_stale: report.is_stale(),
            summary: report.summary(),
            groups: Group::WORST_FIRST.map(|group| Tile::new(report, group)).into(),
            picture: Picture::new(report, &milestones, ROWS),
            rows: rows.collect(),
            rows_left_out: report.findings.len().saturating_sub(ROWS),
            offers: offered(report).into_iter().map(Offer::new).collect(),
            servers: report.found.servers.iter().map(Server::new).collect(),
            unreadable: unreadable.iter().take(UNREADABLE).map(Unreadable::new).collect(),
            unreadable_count: unreadable.len(),
            milestones: milestones.iter().zip(1..).map(Numbered::new).collect(),
        }
    }
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
    let advice = report.findings.iter().flat_map(|finding| &finding.advice);
    let offered = advice.filter_map(|advice| match advice {
        Advice::AlternateRoot(offers) => Some(offers.iter().map(|offer| &offer.id)),
        _ => None,
    });
    let ids: HashSet<_> = offered.flatten().collect();
    let offers = report.assessment.timeline().offers().iter();
    offers.filter(|offer| ids.contains(&offer.id)).collect()
}

impl Offer {
    fn new(offer: &CaOffer) -> Self {
        Self {
            ca: printable(&offer.ca),
            offer: printable(&offer.offer),
            until: offer.until.map(|until| until.to_string()),
            citation: citation(&offer.citation),
        }
    }
}

impl Tile {
    fn new(report: &Report<'_>, group: Group) -> Self {
        Self { id: class(group), title: group.title(), count: report.group(group).len() }
    }
}

impl Numbered {
    fn new((milestone, number): (&&Milestone, usize)) -> Self {
        let source = &milestone.citation;
        let disagreements = milestone.disagreements.iter();
        Self {
            number,
            date: milestone.date.to_string(),
            who: printable(&milestone.who),
            change: printable(&milestone.change),
            citation: citation(source),
            // A timeline of the user's may have any address: script must not hide in it.
            address: source.address.clone().filter(|address| address.starts_with("https://")),
            disagreements: disagreements
                .map(|other| printable(&format!("{} ({})", other.says, other.source)))
                .collect(),
        }
    }
}

impl TableRow {
    fn new(
        report: &Report<'_>,
        index: usize,
        finding: &Finding<'_>,
        milestones: &[&Milestone],
    ) -> Self {
        let group = Group::of(finding.verdict);
        let number = |cause: &Cause<'_>| {
            let place = milestones.iter().position(|milestone| milestone.id == cause.id());
            place.map(|place| place + 1)
        };
        let reasons = finding
            .causes
            .iter()
            .map(|cause| Reason { number: number(cause), text: sentence(cause) });
        Self {
            index,
            group: class(group),
            name: short_name(finding.entry),
            verdict: group.title(),
            due: due(finding).to_string(),
            places: finding.entry.locations().iter().take(3).map(ToString::to_string).collect(),
            more_places: finding.entry.locations().len().saturating_sub(3),
            causes: reasons.collect(),
            stacks: finding.forecast.iter().flat_map(stacks).collect(),
            facts: Row::new(report, finding),
        }
    }
}

fn stacks(forecast: &Forecast) -> impl Iterator<Item = StackCell> {
    let why = |stack, role| forecast.obstacle(stack, role).map(sentence);
    Stack::ALL.into_iter().map(move |stack| StackCell {
        name: stack.to_string(),
        server: why(stack, Role::Server),
        client: why(stack, Role::Client),
    })
}

impl Server {
    fn new(server: &crate::sources::Server) -> Self {
        let asks = server.asks.as_ref();
        let hints = asks.map(|asks| asks.hints.iter().map(|hint| name(hint)).collect());
        Self {
            address: printable(&server.address),
            asks: asks.is_some(),
            hints: hints.unwrap_or_default(),
            more: asks.map_or(0, |asks| asks.more),
        }
    }
}

impl Unreadable {
    fn new(unreadable: &mtls_roles::audit::Unreadable) -> Self {
        Self { place: unreadable.location.to_string(), reason: printable(&unreadable.reason) }
    }
}

/// The name of a group in the style sheet.
pub fn class(group: Group) -> &'static str {
    match group {
        Group::Unfit => "unfit",
        Group::OnDate => "on-date",
        Group::AtRenewal => "at-renewal",
        Group::Unknown => "unknown",
        Group::Unaffected => "unaffected",
    }
}
