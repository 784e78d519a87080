//! The renewal guard: has a renewed certificate lost a purpose that its slot needs?

use std::io::{self, Write};

use base16ct::lower::encode_string as hex;
use mtls_roles::audit::{
    Assessment, CertificateKind, Finding, Location, Renewal, Serving, renewal,
};
use serde_json::json;

use crate::report::{due, place, short_name};
use crate::row::{FEW, sentence};

/// A renewed leaf beside the one that it replaces.
pub struct Comparison<'a> {
    old: &'a Finding<'a>,
    renewed: &'a Finding<'a>,
    renewal: Renewal,
}

impl<'a> Comparison<'a> {
    /// Each leaf of the other sources with the first one of the old file.
    pub fn all(
        assessment: &'a Assessment<'a>,
        old_file: &str,
        needed: Serving,
    ) -> Result<Vec<Self>, String> {
        let leaves = assessment.findings().iter();
        let leaves: Vec<_> =
            leaves.filter(|finding| finding.entry.kind() == CertificateKind::Leaf).collect();
        let is_old = |place: &Location| &*place.source == old_file;
        let old = leaves.iter().find(|leaf| leaf.entry.locations().iter().any(is_old));
        let old = old.ok_or_else(|| format!("{old_file}: no leaf certificate is in it"))?;
        let is_elsewhere = |leaf: &&&Finding<'_>| !leaf.entry.locations().iter().all(is_old);
        let renewed: Vec<_> = leaves.iter().filter(is_elsewhere).collect();
        if renewed.is_empty() {
            return Err("no leaf certificate is in the sources: none is renewed".into());
        }
        let compare = |renewed: &&&'a Finding<'a>| Self {
            old,
            renewed,
            renewal: renewal(old, renewed, needed),
        };
        Ok(renewed.iter().map(compare).collect())
    }

    pub fn is_fit(&self) -> bool {
        self.renewal.is_fit()
    }

    /// Verdict first, then why, then what to do.
    pub fn text(&self, out: &mut dyn Write) -> io::Result<()> {
        let (renewed, old) = (described(self.renewed), described(self.old));
        if self.is_fit() {
            let kept = self.renewed.roles;
            return writeln!(
                out,
                "FIT   {renewed} can take the place of {old}: it is fit as {kept}"
            );
        }
        writeln!(out, "LOST  {renewed} cannot take the place of {old}")?;
        for (role, violation) in &self.renewal.lost {
            writeln!(out, "why:   as {role}: {}", sentence(violation))?;
        }
        let until = due(self.old);
        writeln!(
            out,
            "to do: keep the old certificate, which is valid until {until}, and its key;"
        )?;
        writeln!(
            out,
            "       switch the automatic renewal off; audit the old one for what is left to do"
        )
    }

    pub fn json(&self, out: &mut dyn Write) -> io::Result<()> {
        let lost = self.renewal.lost.iter().map(
            |(role, violation)| json!({ "role": role.to_string(), "why": sentence(violation) }),
        );
        let line = json!({
            "fit": self.is_fit(),
            "old": leaf(self.old),
            "renewed": leaf(self.renewed),
            "lost": lost.collect::<Vec<_>>(),
        });
        writeln!(out, "{line}")
    }
}

fn described(finding: &Finding<'_>) -> String {
    format!("{} ({})", short_name(finding.entry), place(finding.entry))
}

fn leaf(finding: &Finding<'_>) -> serde_json::Value {
    let sha256 = finding.entry.sha256();
    // The old one stands beside each renewed one.
    let places = finding.entry.locations().iter().take(FEW).map(ToString::to_string);
    json!({
        "source": places.collect::<Vec<_>>(),
        "subject": sentence(&finding.entry.certificate().subject()),
        "sha256": hex(&sha256),
        "roles": finding.roles.iter().map(|role| role.to_string()).collect::<Vec<_>>(),
    })
}
