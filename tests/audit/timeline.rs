//! The timeline: complete, sourced, and open to additions from a file.

use std::collections::HashSet;

use crate::common::agreed::agreed;
use crate::common::pki::der;
use crate::common::shared;
use mtls_roles::audit::{Advice, Cause, Compared, Effect, Milestone, Timeline};
use time::macros::date;
use x509_parser::prelude::{FromDer, X509Name};

/// As `Timeline::builtin` reads it; that one cannot say what is wrong.
fn builtin() -> Timeline {
    Timeline::from_json(include_str!("../../src/audit/timeline.json")).unwrap()
}

fn milestone(id: &str) -> Milestone {
    let timeline = builtin();
    timeline.milestones().iter().find(|it| it.id == id).unwrap().clone()
}

#[test]
fn the_builtin_timeline_can_be_read() {
    assert_eq!(builtin().milestones(), Timeline::builtin().milestones());
    assert!(builtin().milestones().len() > 40);
    let operators = Timeline::from_json(include_str!("../../src/audit/operators.json")).unwrap();
    assert_eq!(operators.operators(), Timeline::builtin().operators());
    assert!(builtin().milestones().is_sorted_by_key(|it| it.date));
}

/// What a certificate does not show decides nothing.
#[test]
fn every_fact_has_a_document_and_the_day_it_was_read_and_decides_only_by_what_is_shown() {
    let timeline = builtin();
    let milestones = timeline.milestones().iter().map(|it| (&it.id, &it.citation));
    let offers = timeline.offers().iter().map(|it| (&it.id, &it.citation));
    for (id, citation) in milestones.chain(offers) {
        assert!(!citation.document.is_empty(), "{id}");
        let days = [date!(2026 - 11 - 21), date!(2026 - 11 - 25)];
        assert!(days.contains(&citation.read_on), "{id}");
    }
    for it in timeline.milestones().iter().filter(|it| it.compared == Compared::Disclosed) {
        assert_eq!(it.effect, Effect::Informational, "{}", it.id);
    }
}

#[test]
fn the_dates_that_decide_are_these() {
    use Effect::*;
    let timeline = builtin();
    let milestones = timeline.milestones().iter().filter(|it| it.effect != Effect::Informational);
    let decide = milestones.map(|it| (it.date.to_string(), &*it.id, it.effect)).collect::<Vec<_>>();
    #[rustfmt::skip]
    let these = [
        ("2025-06-11", "amazon-end", ClientAuthEnds),
        ("2025-09-15", "sectigo-on-request", ClientAuthOnRequest),
        ("2025-09-15", "sslcom-end", ClientAuthEnds),
        ("2025-10-01", "digicert-on-request", ClientAuthOnRequest),
        ("2025-11-10", "google-on-request", ClientAuthOnRequest),
        ("2026-02-11", "letsencrypt-classic", ClientAuthOnRequest),
        ("2026-03-15", "cabf-200-days", MaxValidity(200)),
        ("2026-04-13", "google-end", ClientAuthEnds),
        ("2026-04-15", "chrome-keys-2007", Distrust),
        ("2026-05-15", "certum-end", ClientAuthEnds),
        ("2026-06-15", "godaddy-end", ClientAuthEnds),
        ("2026-07-08", "letsencrypt-end", ClientAuthEnds),
        ("2026-09-13", "globalsign-end", ClientAuthEnds),
        ("2027-02-01", "identrust-end", ClientAuthEnds),
        ("2027-02-10", "sectigo-end", ClientAuthEnds),
        ("2027-03-01", "digicert-end", ClientAuthEnds),
        ("2027-03-15", "chrome-leaf", ClientAuthEnds),
        ("2027-03-15", "cabf-100-days", MaxValidity(100)),
        ("2027-04-15", "roots-of-2009", Distrust),
        ("2029-03-15", "cabf-47-days", MaxValidity(47)),
    ];
    assert_eq!(decide, these.map(|(date, id, effect)| (date.to_owned(), id, effect)));
}

#[test]
fn sources_that_disagree_stay_visible() {
    for (id, says) in [
        ("chrome-leaf", "2026-06-15"),
        ("digicert-end", "2026-05-01"),
        ("letsencrypt-end", "2026-05-13"),
        ("sectigo-end", "2026-05-15"),
    ] {
        assert_eq!(milestone(id).disagreements[0].says, says, "{id}");
    }
    assert_eq!(milestone("letsencrypt-end").disagreements.len(), 1);
}

/// Every dated row of the shared facts is here, or is one of these, which say nothing of their own.
#[test]
fn no_dated_fact_of_the_shared_file_is_missing() {
    const LEFT_OUT: [(&str, &str); 4] = [
        ("2025-02-15", "the first edition of a rule that 2026-02-05 replaced"),
        ("2025-07-15", "the same rule again"),
        ("2026-05-20", "the day of the text; what it says is dated 2026-07-01"),
        ("2027-07-01", "a draft about CA documents"),
    ];
    let Some(file) = shared("timeline.json") else { return };
    let facts = std::fs::read_to_string(file).unwrap();
    let facts: serde_json::Value = serde_json::from_str(&facts).unwrap();
    let here: HashSet<_> = builtin().milestones().iter().map(|it| it.date.to_string()).collect();
    for row in facts["rows"].as_array().unwrap() {
        let Some(date) = row["date"].as_str() else { continue };
        let left_out = LEFT_OUT.iter().any(|it| it.0 == date);
        assert!(here.contains(date) || left_out, "{date}: {}", row["change"]);
    }
}

#[test]
fn validity_is_limited_from_the_first_day_on() {
    for (issued, days) in [
        (date!(2026 - 03 - 14), 398),
        (date!(2026 - 03 - 15), 200),
        (date!(2027 - 03 - 14), 200),
        (date!(2027 - 03 - 15), 100),
        (date!(2029 - 03 - 14), 100),
        (date!(2029 - 03 - 15), 47),
    ] {
        assert_eq!(builtin().max_validity(issued), days, "{issued}");
    }
}

const OWN: &str = r#"{
  "milestones": [{
    "id": "chrome-leaf", "date": "2027-06-15", "who": "Chrome", "change": "moved again",
    "compared": "issued_on_or_after", "effect": "client_auth_ends", "confidence": "secondary",
    "citation": {"document": "a mail", "read_on": "2026-12-01"}
  }],
  "offers": [{
    "id": "own", "ca": "Own CA", "offer": "clientAuth", "until": "2030-01-01",
    "citation": {"document": "a contract", "read_on": "2026-12-02"}
  }],
  "public_roots": ["Own Root"]
}"#;

#[test]
fn a_file_replaces_by_id_and_adds_the_rest_without_making_the_whole_look_fresh() {
    let mut timeline = builtin();
    let (before, offers) = (timeline.milestones().len(), timeline.offers().len());
    let own = Timeline::from_json(OWN).unwrap();
    assert_eq!(own.read_on(), date!(2026 - 12 - 01), "the latest of its milestones' citations");
    timeline.merge(own);
    assert_eq!(timeline.milestones().len(), before);
    assert_eq!(timeline.offers().len(), offers + 1);
    let moved = timeline.milestones().iter().find(|it| it.id == "chrome-leaf").unwrap();
    assert_eq!((moved.date, &moved.change[..]), (date!(2027 - 06 - 15), "moved again"));
    assert!(timeline.milestones().is_sorted_by_key(|it| it.date));
    assert!(timeline.public_roots().any(|name| name == "Own Root"));
    assert_eq!(timeline.read_on(), date!(2026 - 11 - 21));
    timeline.merge(Timeline::from_json(r#"{"read_on": "2027-01-01"}"#).unwrap());
    assert_eq!(timeline.read_on(), date!(2027 - 01 - 01));
}

/// Each row: an id, what is replaced in a file, and by what; a part is said in serde's words.
#[test]
fn what_is_wrong_with_a_file_is_said_with_its_place() {
    let twice = r#""offers": [{
        "id": "own", "ca": "", "offer": "", "citation": {"document": "", "read_on": "2026-12-02"}
    }, {"#;
    #[rustfmt::skip]
    let rows = [
        ("day",               "2027-06-15", "2027-02-29"),
        ("form of a day",     "2027-06-15", "2027-6-15"),
        ("day with a sign",   "2027-06-15", "-9999-01-01"),
        ("day of reading",    r#", "read_on": "2026-12-01""#, ""),
        ("days missing",      "client_auth_ends", "max_validity"),
        ("days none",         r#""client_auth_ends""#, r#""max_validity", "days": 0"#),
        ("days too many",     r#""effect""#, r#""days": 3, "effect""#),
        ("effect, no word",   r#""client_auth_ends""#, r#"{"max_validity": 0}"#),
        ("effect, not known", "client_auth_ends", "client_auth_end"),
        ("field, not known",  r#""who""#, r#""whom""#),
        ("no JSON",           r#""citation""#, "citation"),
        ("offer",             "2030-01-01", "soon"),
        ("twice",             r#""offers": [{"#, twice),
    ];
    let said = rows.map(|(id, old, new)| {
        let changed = OWN.replacen(old, new, 1);
        assert_ne!(changed, OWN, "{id}");
        format!("{id}: {}\n", Timeline::from_json(&changed).unwrap_err())
    });
    agreed("audit/timeline.txt", &said.concat());
}

/// Found by the fuzzer: an unknown field is quoted as it is.
#[test]
fn whatever_a_file_holds_its_control_characters_are_not_printed() {
    let error = Timeline::from_json(r#"{"un\u0007known": 1}"#).unwrap_err();
    let own = OWN
        .replace("moved again", r"moved\nagain")
        .replace("Own CA", r"Own\u001bCA")
        .replace("a mail", r"a\rmail");
    let timeline = Timeline::from_json(&own).unwrap();
    let cause = Cause::Milestone(&timeline.milestones()[0]);
    let advice = Advice::AlternateRoot(timeline.offers().iter().collect());
    let citation = &timeline.milestones()[0].citation;
    let printed = [error.to_string(), cause.to_string(), advice.to_string()];
    for printed in printed.into_iter().chain([citation.to_string()]) {
        assert!(!printed.contains(char::is_control), "{printed:?}");
        assert!(printed.contains(r"\u{"), "{printed:?}");
    }
}

#[test]
fn a_citation_prints_its_document_section_and_day() {
    assert_eq!(
        milestone("cabf-47-days").citation.to_string(),
        "CA/Browser Forum, Baseline Requirements for TLS Server Certificates, 2.2.6, 6.3.2 \
         (https://github.com/cabforum/servercert/blob/main/docs/BR.md), read 2026-11-21"
    );
}

/// A name that matches no root would silently concern nobody.
#[test]
fn the_roots_that_milestones_name_are_roots_that_exist() {
    let mut names = HashSet::new();
    for root in webpki_roots::TLS_SERVER_ROOTS {
        let der = der::sequence(&[root.subject.to_vec()]);
        let (_, name) = X509Name::from_der(&der).unwrap();
        let common_names = name.iter_common_name();
        names.extend(common_names.map(|it| it.as_str().unwrap_or_default().to_owned()));
        names.insert(name.to_string());
    }
    // And those that were disclosed, by common name, else by their last unit.
    let disclosed = include_str!("../../src/audit/disclosed_roots.txt").lines();
    names.extend(disclosed.filter_map(|line| Some(line.split_once(' ')?.1.to_owned())));
    // The intermediates of Let's Encrypt are no roots.
    let timeline = builtin();
    let of_roots =
        timeline.milestones().iter().filter(|it| it.id != "letsencrypt-old-intermediates");
    for (milestone, root) in of_roots.flat_map(|it| it.roots.iter().map(move |root| (it, root))) {
        let unit = root.rsplit("OU=").next().unwrap_or_default();
        assert!(names.contains(root) || names.contains(unit), "{}: {root}", milestone.id);
    }
}
