//! [`Picture`]: where on the time axis everything stands, in per cent of its width, so that it fits
//! any screen.

use mtls_roles::audit::{CertificateKind, Finding, Milestone};
use serde::Serialize;
use time::{Date, Duration, Month};

use crate::printable::printable;
use crate::report::{Group, Report, due, short_name};

/// Bars that stand open, and bars in all. More would be a wall, not a picture.
const OPEN: usize = 30;
const BARS: usize = 300;

/// Whatever is valid longer is cut: a root that ends in 2045 would leave no room for next month.
const BEFORE: Duration = Duration::days(500);
const AFTER: Duration = Duration::days(900);

#[derive(Serialize)]
pub struct Picture {
    ticks: Vec<Tick>,
    marks: Vec<Mark>,
    axis_height: usize,
    today: f64,
    /// The label of the day stands left of its line near the right edge.
    today_anchor: &'static str,
    today_dx: i8,
    first: Vec<Bar>,
    more: Vec<Bar>,
    left_out: usize,
}

/// The first day of a month.
#[derive(Serialize)]
struct Tick {
    x: f64,
    label: String,
    is_year: bool,
}

/// A milestone.
#[derive(Serialize)]
struct Mark {
    x: f64,
    /// Pixels from the top: marks that are close stand below one another.
    y: usize,
    number: usize,
    title: String,
}

/// A certificate from notBefore to notAfter.
#[derive(Serialize)]
struct Bar {
    /// Its row in the table.
    row: usize,
    group: &'static str,
    name: String,
    title: String,
    begin: f64,
    life: f64,
    /// For so much of its life it does its job.
    works: Option<f64>,
    /// Where it fails, or its successor does.
    stop: Option<f64>,
    /// Whether it lives on beyond the right edge.
    is_cut: bool,
}

impl Picture {
    /// Of the leaves, and of the issuers that need action; each must have a row in the table.
    pub fn new(
        report: &Report<'_>,
        live: &[&Finding<'_>],
        milestones: &[&Milestone],
        rows: usize,
    ) -> Option<Self> {
        let findings = live.iter().take(rows).copied().enumerate();
        let pictured: Vec<_> = findings.filter(|(_, finding)| is_pictured(finding)).collect();
        let axis = Axis::new(report.assessment.as_of(), pictured.iter().map(|(_, f)| *f))?;
        let marks = marks(milestones, &axis);
        let mut bars = pictured.iter().take(BARS).map(|(row, finding)| bar(*row, finding, &axis));
        let today = axis.x(report.assessment.as_of());
        let in_all = live.iter().filter(|finding| is_pictured(finding)).count();
        Some(Self {
            ticks: ticks(&axis),
            axis_height: marks.iter().map(|mark| mark.y).max().unwrap_or(TOP - LANE) + LANE,
            marks,
            today,
            today_anchor: if today > 80.0 { "end" } else { "start" },
            today_dx: if today > 80.0 { -5 } else { 5 },
            first: bars.by_ref().take(OPEN).collect(),
            more: bars.collect(),
            left_out: in_all.saturating_sub(BARS),
        })
    }
}

fn is_pictured(finding: &Finding<'_>) -> bool {
    finding.entry.kind() == CertificateKind::Leaf || Group::of(finding.verdict) > Group::Unknown
}

/// From its first day to its last one, both shown.
struct Axis {
    first: Date,
    last: Date,
}

impl Axis {
    /// As much as the certificates need around a day, and not more than is readable.
    fn new<'a>(as_of: Date, findings: impl Iterator<Item = &'a Finding<'a>>) -> Option<Self> {
        let lives = findings.map(|finding| {
            let certificate = finding.entry.certificate();
            (certificate.not_before().date(), certificate.not_after().date())
        });
        let (begin, end) =
            lives.reduce(|(begin, end), life| (begin.min(life.0), end.max(life.1)))?;
        let earliest = as_of.saturating_sub(BEFORE);
        let latest = as_of.saturating_add(AFTER);
        let near = Duration::days(120);
        Some(Self {
            first: begin.clamp(earliest, as_of.saturating_sub(near)),
            last: end.saturating_add(near / 4).clamp(as_of.saturating_add(near), latest),
        })
    }

    /// Beyond the edges, the edge.
    fn x(&self, day: Date) -> f64 {
        let days = (day.clamp(self.first, self.last) - self.first).whole_days();
        let all = (self.last - self.first).whole_days().max(1);
        // To a hundredth of a per cent: days are counted in thousands at most.
        (days * 10_000 / all) as f64 / 100.0
    }

    fn shows(&self, day: Date) -> bool {
        (self.first..=self.last).contains(&day)
    }
}

/// Every quarter; the first of January with its year.
fn ticks(axis: &Axis) -> Vec<Tick> {
    let quarters = [Month::January, Month::April, Month::July, Month::October];
    let years = axis.first.year()..=axis.last.year();
    let days =
        years.flat_map(|year| quarters.map(|month| Date::from_calendar_date(year, month, 1)));
    let shown = days.flatten().filter(|day| axis.shows(*day));
    shown
        .enumerate()
        .map(|(index, day)| Tick {
            x: axis.x(day),
            label: match (day.month(), index) {
                (Month::January, _) => day.year().to_string(),
                (month, 0) => format!("{month:.3} {}", day.year()),
                (month, _) => format!("{month:.3}"),
            },
            is_year: day.month() == Month::January,
        })
        .collect()
}

/// Below the dates of the axis and the label of the day.
const TOP: usize = 46;
const LANE: usize = 22;

/// Closer than this, in per cent, two marks would touch on a telephone.
const APART: f64 = 6.0;

fn marks(milestones: &[&Milestone], axis: &Axis) -> Vec<Mark> {
    let shown = milestones.iter().zip(1..).filter(|(milestone, _)| axis.shows(milestone.date));
    // The x of the last mark in each lane.
    let mut lanes: Vec<f64> = vec![];
    shown
        .map(|(milestone, number)| {
            let x = axis.x(milestone.date);
            let free = lanes.iter().position(|last| x - last >= APART);
            let lane = free.unwrap_or_else(|| {
                lanes.push(x);
                lanes.len() - 1
            });
            lanes[lane] = x;
            Mark {
                x,
                y: TOP + lane * LANE,
                number,
                title: printable(&format!(
                    "{} {}: {}",
                    milestone.date, milestone.who, milestone.change
                )),
            }
        })
        .collect()
}

fn bar(row: usize, finding: &Finding<'_>, axis: &Axis) -> Bar {
    let certificate = finding.entry.certificate();
    let (not_before, not_after) = (certificate.not_before().date(), certificate.not_after().date());
    let begin = axis.x(not_before);
    let width = |day: Date| (axis.x(day) - begin).max(0.4);
    let group = Group::of(finding.verdict);
    let stop = match group {
        Group::AtRenewal | Group::OnDate => Some(due(finding)),
        _ => None,
    };
    let works_until = match group {
        Group::Unfit => None,
        Group::OnDate => Some(due(finding).min(not_after)),
        _ => Some(not_after),
    };
    let name = short_name(finding.entry);
    Bar {
        row,
        group: group.id(),
        title: format!("{name}: {not_before} to {not_after}, {}", finding.verdict),
        name,
        begin,
        life: width(not_after),
        works: works_until.map(width),
        stop: stop.filter(|day| axis.shows(*day)).map(|day| axis.x(day)),
        is_cut: not_after > axis.last,
    }
}
