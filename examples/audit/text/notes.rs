//! [`Notes`]: why, and what to do, each said once and referred to by number and letter.

use std::io::{self, Write};

use console::Style;
use mtls_roles::audit::{Cause, Finding, Milestone};

use super::Page;
use crate::printable::printable;
use crate::report::{citation, letter, number_of};

#[derive(Default)]
pub struct Notes<'a> {
    milestones: Vec<&'a Milestone>,
    advice: Vec<String>,
}

impl<'a> Notes<'a> {
    /// `1,2` for milestones, words for what is the certificate's own, noted or worse.
    pub fn causes(&mut self, finding: &Finding<'a>) -> String {
        let causes = finding.causes.iter().map(|cause| match cause {
            Cause::Milestone(milestone) => self.milestone(milestone).to_string(),
            Cause::Unfit { role, .. } => format!("no {}", role.purpose()),
            other => other.id().replace('_', " "),
        });
        let noted = finding.path_check.map(|check| check.id().replace('_', " "));
        causes.chain(noted).collect::<Vec<_>>().join(",")
    }

    fn milestone(&mut self, milestone: &'a Milestone) -> usize {
        let known = self.milestones.iter().position(|known| known.id == milestone.id);
        known.unwrap_or_else(|| {
            self.milestones.push(milestone);
            self.milestones.len() - 1
        }) + 1
    }

    /// `ab`: letters.
    pub fn advice(&mut self, finding: &Finding<'_>) -> String {
        let advice = finding.advice.iter().map(ToString::to_string);
        advice.map(|text| letter(number_of(text, &mut self.advice))).collect()
    }

    pub fn write(&self, page: Page, out: &mut dyn Write) -> io::Result<()> {
        let bold = Style::new().bold();
        if !self.milestones.is_empty() {
            writeln!(out, "\n{}", page.paint(bold.clone(), "WHY"))?;
        }
        for (milestone, number) in self.milestones.iter().zip(1..) {
            let Milestone { date, who, change, .. } = milestone;
            let text = format!("{date}  {who}: {change}");
            page.wrapped(&format!("{number:>4}  "), &printable(&text), out)?;
            let source = page.paint(Style::new().dim(), citation(&milestone.citation));
            page.wrapped("      ", &source, out)?;
            for other in &milestone.disagreements {
                let other = format!("{} ({})", other.says, other.source);
                page.wrapped("      disagrees: ", &printable(&other), out)?;
            }
        }
        if !self.advice.is_empty() {
            writeln!(out, "\n{}", page.paint(bold, "WHAT TO DO"))?;
        }
        for (advice, number) in self.advice.iter().zip(1..) {
            page.wrapped(&format!("{:>4}  ", letter(number)), &printable(advice), out)?;
        }
        Ok(())
    }
}
