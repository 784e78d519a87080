//! What becomes of a certificate: each row one inventory, one day, one verdict; day boundaries from
//! both sides, UTC.

#![cfg(feature = "audit")]

mod common;

use common::pki::{Ca, CaSpec, DistinguishedName, DnType, Eku, Leaf, LeafSpec};
use mtls_roles::audit::{
    Advice, Assessment, Finding, Hierarchy, Inventory, Roles, Serving, Timeline, Verdict,
};
use time::macros::{date, datetime};
use time::{Date, OffsetDateTime};

const ISSUED: OffsetDateTime = datetime!(2026-10-01 0:00 UTC);
const EXPIRES: OffsetDateTime = datetime!(2027-02-01 12:00 UTC);
const TODAY: Date = date!(2026 - 11 - 21);
const GO_DADDY: &str = "Go Daddy Root Certificate Authority - G2";

/// One inventory, leaf first, and what is asked of it.
struct Case {
    organisation: &'static str,
    root_name: &'static str,
    leaf: LeafSpec,
    issuer: CaSpec,
    is_public: bool,
    has_root: bool,
    as_of: Date,
    serving: Serving,
}

/// A private chain of a combined certificate, until something is said otherwise.
fn case() -> Case {
    let far = datetime!(2040-01-01 0:00 UTC);
    Case {
        organisation: "Example",
        root_name: "Example Root",
        leaf: leaf(Eku::both()),
        issuer: CaSpec::new("Example Issuer").valid(datetime!(2020-01-01 0:00 UTC), far),
        is_public: false,
        has_root: true,
        as_of: TODAY,
        serving: Serving::Suggested,
    }
}

fn leaf(eku: Eku) -> LeafSpec {
    LeafSpec::new("edge").dns("edge.example.com").eku(eku).valid(ISSUED, EXPIRES)
}

fn public(organisation: &'static str, leaf: LeafSpec) -> Case {
    Case { organisation, leaf, is_public: true, ..case() }
}

fn private(leaf: LeafSpec) -> Case {
    Case { leaf, ..case() }
}

impl Case {
    fn without_root(self) -> Self {
        Self { has_root: false, ..self }
    }

    fn under_root(self, root_name: &'static str) -> Self {
        Self { root_name, ..self }
    }

    fn issuer_eku(self, eku: Eku) -> Self {
        Self { issuer: self.issuer.eku(eku), ..self }
    }

    fn issuer_until(self, end: OffsetDateTime) -> Self {
        let issuer = self.issuer.valid(datetime!(2020-01-01 0:00 UTC), end);
        Self { issuer, ..self }
    }

    fn on(self, as_of: Date) -> Self {
        Self { as_of, ..self }
    }

    fn serving(self, roles: Roles) -> Self {
        Self { serving: Serving::In(roles), ..self }
    }

    fn inventory(&self) -> Inventory {
        let far = datetime!(2040-01-01 0:00 UTC);
        let root = CaSpec::new(self.root_name).valid(datetime!(2010-01-01 0:00 UTC), far);
        let root = Ca::root(root);
        let mut name = DistinguishedName::new();
        name.push(DnType::OrganizationName, self.organisation);
        name.push(DnType::CommonName, "Issuer");
        let issuer = root.sub(self.issuer.clone().subject(name));
        let leaf = match self.is_public {
            true => self.leaf.clone().web_pki(),
            false => self.leaf.clone(),
        };
        let mut inventory = Inventory::new();
        inventory.add_der("leaf", &issuer.leaf(leaf).der());
        inventory.add_der("issuer", &issuer.der());
        if self.has_root {
            inventory.add_der("root", &root.der());
        }
        inventory
    }

    fn find<T>(&self, read: impl FnOnce(&Finding<'_>) -> T) -> T {
        let (inventory, timeline) = (self.inventory(), Timeline::builtin());
        let assessment = Assessment::new(&inventory, &timeline, self.as_of, self.serving);
        read(&assessment.findings()[0])
    }
}

fn breaks_at_renewal() -> Verdict {
    Verdict::BreaksAtRenewal { works_until: EXPIRES }
}

/// Id, inventory, verdict, causes.
fn rows() -> Vec<(&'static str, Case, Verdict, &'static [&'static str])> {
    use Verdict::{AlreadyUnfit, BreaksOn, Unaffected, Unknown};
    let second = time::Duration::SECOND;
    let until = |end| leaf(Eku::server()).valid(ISSUED, end);
    let midnight = datetime!(2026-11-21 0:00 UTC);
    let cut = datetime!(2027-04-15 0:00 UTC);
    let end_of_12 = datetime!(2027-01-12 23:59:59 UTC);
    let noon_of_12 = datetime!(2027-01-12 12:00:00 UTC);
    let go_daddy = |end| public("GoDaddy.com, Inc.", until(end)).under_root(GO_DADDY);
    vec![
        (
            "combined, public, DigiCert",
            public("DigiCert Inc", leaf(Eku::both())),
            breaks_at_renewal(),
            &["digicert-on-request", "digicert-end", "chrome-leaf"],
        ),
        (
            "combined, public, a CA without dates",
            public("Example", leaf(Eku::both())),
            breaks_at_renewal(),
            &["chrome-leaf"],
        ),
        (
            "combined, public, asked as server",
            public("Example", leaf(Eku::both())).serving(Roles::SERVER),
            Unaffected,
            &[],
        ),
        (
            "combined, public, asked as client",
            public("Example", leaf(Eku::both())).serving(Roles::CLIENT),
            breaks_at_renewal(),
            &["chrome-leaf"],
        ),
        (
            "no EKU, public",
            public("Example", leaf(Eku::Absent)),
            breaks_at_renewal(),
            &["chrome-leaf"],
        ),
        ("server, public", public("DigiCert Inc", leaf(Eku::server())), Unaffected, &[]),
        (
            "server, public, asked as client",
            public("Example", leaf(Eku::server())).serving(Roles::CLIENT),
            AlreadyUnfit,
            &["unfit"],
        ),
        (
            "server, public, asked as both",
            public("Example", leaf(Eku::server())).serving(Roles::BOTH),
            AlreadyUnfit,
            &["unfit"],
        ),
        ("client, public", public("Example", leaf(Eku::client())), Unknown, &["client_only"]),
        ("combined, private", private(leaf(Eku::both())), Unaffected, &[]),
        ("client, private", private(leaf(Eku::client())), Unaffected, &[]),
        (
            "client, private, asked as server",
            private(leaf(Eku::client())).serving(Roles::SERVER),
            AlreadyUnfit,
            &["unfit"],
        ),
        ("no EKU, private", private(leaf(Eku::Absent)), Unaffected, &[]),
        ("code signing", public("Example", leaf(Eku::code_signing())), Unaffected, &[]),
        ("any, private", private(leaf(Eku::any())), AlreadyUnfit, &["unfit", "unfit"]),
        ("empty EKU, private", private(leaf(Eku::Empty)), AlreadyUnfit, &["unfit", "unfit"]),
        ("combined, no root", case().without_root(), Unknown, &["no_root"]),
        ("server, no root", private(leaf(Eku::server())).without_root(), Unaffected, &[]),
        (
            "combined, public marks, no root",
            public("Example", leaf(Eku::both())).without_root(),
            breaks_at_renewal(),
            &["chrome-leaf"],
        ),
        (
            "combined, named like a public root, no root",
            case().under_root("Root YE").without_root(),
            breaks_at_renewal(),
            &["chrome-leaf"],
        ),
        (
            "combined under a server's issuer, private",
            case().issuer_eku(Eku::server()),
            AlreadyUnfit,
            &["unfit"],
        ),
        (
            "combined under a server's issuer, public",
            public("Example", leaf(Eku::both())).issuer_eku(Eku::server()),
            AlreadyUnfit,
            &["unfit"],
        ),
        (
            "server under a server's issuer",
            private(leaf(Eku::server())).issuer_eku(Eku::server()),
            Unaffected,
            &[],
        ),
        (
            "e-mail names only, public",
            public(
                "Example",
                LeafSpec::new("me").email("me@example.com").eku(Eku::both()).valid(ISSUED, EXPIRES),
            )
            .issuer_eku(Eku::client()),
            breaks_at_renewal(),
            &["chrome-leaf"],
        ),
        (
            "expired in the second before the day",
            private(until(midnight - second)),
            AlreadyUnfit,
            &["expired"],
        ),
        ("expires in the first second of the day", private(until(midnight)), Unaffected, &[]),
        (
            "expired, combined, public",
            public("Example", leaf(Eku::both())).on(date!(2027 - 02 - 02)),
            AlreadyUnfit,
            &["expired"],
        ),
        (
            "combined, public, on its last day",
            public("Example", leaf(Eku::both())).on(date!(2027 - 02 - 01)),
            breaks_at_renewal(),
            &["chrome-leaf"],
        ),
        (
            "issuer ends at the end of a day",
            private(leaf(Eku::server())).issuer_until(end_of_12),
            BreaksOn(date!(2027 - 01 - 13)),
            &["issuer_expires"],
        ),
        (
            "issuer ends within a day",
            private(leaf(Eku::server())).issuer_until(noon_of_12),
            BreaksOn(date!(2027 - 01 - 12)),
            &["issuer_expires"],
        ),
        (
            "issuer ends with the leaf",
            private(leaf(Eku::server())).issuer_until(EXPIRES),
            Unaffected,
            &[],
        ),
        (
            "issuer ends a second before the leaf",
            private(leaf(Eku::server())).issuer_until(EXPIRES - second),
            BreaksOn(date!(2027 - 02 - 01)),
            &["issuer_expires"],
        ),
        (
            "issuer ends this noon",
            private(leaf(Eku::server())).issuer_until(noon_of_12).on(date!(2027 - 01 - 12)),
            BreaksOn(date!(2027 - 01 - 12)),
            &["issuer_expires"],
        ),
        (
            "issuer ends in the first second of the day",
            private(leaf(Eku::server()))
                .issuer_until(datetime!(2027-01-13 0:00 UTC))
                .on(date!(2027 - 01 - 13)),
            BreaksOn(date!(2027 - 01 - 13)),
            &["issuer_expires"],
        ),
        (
            "issuer ended yesterday",
            private(leaf(Eku::server())).issuer_until(noon_of_12).on(date!(2027 - 01 - 13)),
            AlreadyUnfit,
            &["issuer_expires"],
        ),
        (
            "combined, public, issuer ends first",
            public("Example", leaf(Eku::both())).issuer_until(noon_of_12),
            BreaksOn(date!(2027 - 01 - 12)),
            &["issuer_expires", "chrome-leaf"],
        ),
        ("root removed a second after the end", go_daddy(cut - second), Unaffected, &[]),
        (
            "root removed in the last second",
            go_daddy(cut),
            BreaksOn(date!(2027 - 04 - 15)),
            &["roots-of-2009"],
        ),
        (
            "root removed tomorrow",
            go_daddy(cut).on(date!(2027 - 04 - 14)),
            BreaksOn(date!(2027 - 04 - 15)),
            &["roots-of-2009"],
        ),
        (
            "root removed today",
            go_daddy(cut).on(date!(2027 - 04 - 15)),
            AlreadyUnfit,
            &["roots-of-2009"],
        ),
        (
            "after Chrome's day",
            public(
                "Example",
                leaf(Eku::both())
                    .valid(datetime!(2027-03-14 23:59:59 UTC), datetime!(2027-09-30 23:59:58 UTC)),
            )
            .on(date!(2027 - 09 - 30)),
            Verdict::BreaksAtRenewal { works_until: datetime!(2027-09-30 23:59:58 UTC) },
            &["chrome-leaf"],
        ),
    ]
}

#[test]
fn every_row_has_its_verdict_and_its_causes() {
    let mut wrong = Vec::new();
    for (id, case, verdict, causes) in rows() {
        let (found, because) = case.find(|finding| {
            let because: Vec<_> = finding.causes.iter().map(|it| it.id().to_owned()).collect();
            (finding.verdict, because)
        });
        if found != verdict || because != causes {
            wrong.push(format!("{id}: found {found:?} {because:?}, needed {verdict:?} {causes:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn whatever_breaks_or_is_unknown_has_causes_and_advice_and_whatever_is_unaffected_has_none() {
    for (id, case, ..) in rows() {
        case.find(|finding| {
            let is_unaffected = finding.verdict == Verdict::Unaffected;
            assert_eq!(finding.causes.is_empty(), is_unaffected, "{id}");
            assert_eq!(finding.advice.is_empty(), is_unaffected, "{id}");
            assert_eq!(
                finding.works_until.is_none(),
                finding.verdict == Verdict::AlreadyUnfit,
                "{id}"
            );
        });
    }
}

#[test]
fn a_certificate_works_to_the_last_second_before_it_breaks() {
    let noon = datetime!(2027-01-12 12:00:00 UTC);
    let cut = datetime!(2027-04-15 0:00 UTC);
    let server = leaf(Eku::server());
    let removed = public("Example", server.clone().valid(ISSUED, cut)).under_root(GO_DADDY);
    for (id, case, end) in [
        ("unaffected", private(server.clone()), EXPIRES),
        ("at renewal", public("Example", leaf(Eku::both())), EXPIRES),
        ("issuer", private(server.clone()).issuer_until(noon), noon),
        ("root", removed, cut - time::Duration::SECOND),
    ] {
        assert_eq!(case.find(|finding| finding.works_until), Some(end), "{id}");
    }
}

#[test]
fn a_renewal_in_time_is_advised_while_the_ca_still_issues_and_counts_days_as_the_baseline_requirements_do()
 {
    let renewal = |organisation, as_of| {
        let case =
            public(organisation, leaf(Eku::both()).valid(ISSUED, datetime!(2027-04-01 0:00 UTC)));
        case.on(as_of).find(|finding| {
            finding.advice.iter().find_map(|advice| match advice {
                Advice::RenewBefore { before, max_days, works_until, .. } => {
                    Some((*before, *max_days, *works_until))
                }
                _ => None,
            })
        })
    };
    let (digicert, chrome) = (date!(2027 - 03 - 01), date!(2027 - 03 - 15));
    let (by_digicert, by_chrome) =
        (datetime!(2027-09-16 23:59:58 UTC), datetime!(2027-09-30 23:59:58 UTC));
    assert_eq!(renewal("DigiCert Inc", TODAY), Some((digicert, 200, by_digicert)));
    assert_eq!(renewal("DigiCert Inc", date!(2027 - 02 - 28)), Some((digicert, 200, by_digicert)));
    assert_eq!(renewal("DigiCert Inc", digicert), None);
    assert_eq!(renewal("Example", date!(2027 - 03 - 14)), Some((chrome, 200, by_chrome)));
    assert_eq!(renewal("Example", chrome), None);
    assert_eq!(renewal("Let's Encrypt", TODAY), None);
    // From the last second of the day before, 200 days with both ends: 200 × 86,400 seconds.
    let issued = datetime!(2027-02-28 23:59:59 UTC);
    assert_eq!((by_digicert - issued).whole_seconds() + 1, 200 * 86_400);
}

#[test]
fn the_first_and_the_last_day_of_all_are_days_like_others() {
    for effect in ["client_auth_ends", "distrust"] {
        for day in ["0000-01-01", "9999-12-31"] {
            let json = format!(
                r#"{{"milestones": [{{"id": "it", "date": "{day}", "who": "", "change": "",
                "compared": "chains_to", "effect": "{effect}", "confidence": "primary",
                "citation": {{"document": "", "read_on": "{day}"}}}}]}}"#
            );
            let timeline = Timeline::from_json(&json).unwrap();
            let root = Ca::root_named("root");
            let mut inventory = Inventory::new();
            let leaf = LeafSpec::new("leaf").eku(Eku::both()).web_pki();
            inventory.add_der("leaf", &root.leaf(leaf).der());
            inventory.add_der("root", &root.der());
            for as_of in [date!(0000 - 01 - 01), TODAY, date!(9999 - 12 - 31)] {
                let assessment = Assessment::new(&inventory, &timeline, as_of, Serving::Suggested);
                assert_eq!(assessment.findings().len(), 2, "{effect} {day} {as_of}");
            }
        }
    }
}

#[test]
fn a_renewal_that_gains_nothing_is_not_advised() {
    let long = leaf(Eku::both()).valid(ISSUED, datetime!(2027-09-30 23:59:58 UTC));
    let case = public("Example", long);
    assert!(case.find(|it| it.advice.iter().all(|advice| advice.id() != "renew_before")));
}

#[test]
fn advice_is_the_three_options_of_the_field_notices_and_the_two_slots() {
    let ids = |case: Case| case.find(|it| it.advice.iter().map(Advice::id).collect::<Vec<_>>());
    let combined = public("Example", leaf(Eku::both()));
    let options =
        ["renew_before", "alternate_root", "private_pki", "two_slots", "ignore_eku_at_peer"];
    assert_eq!(ids(combined), options);
    let as_client = public("Example", leaf(Eku::server())).serving(Roles::CLIENT);
    assert_eq!(ids(as_client), ["alternate_root", "private_pki", "ignore_eku_at_peer"]);
    assert_eq!(ids(case().issuer_eku(Eku::server())), ["issue_with"]);
    assert_eq!(ids(case().without_root()), ["add_issuers"]);
}

#[test]
fn only_offers_that_are_open_on_the_day_are_advised() {
    let offers = |as_of| {
        let long = leaf(Eku::both()).valid(ISSUED, datetime!(2028-01-01 0:00 UTC));
        public("Example", long).on(as_of).find(|finding| {
            let offers = finding.advice.iter().find_map(|advice| match advice {
                Advice::AlternateRoot(offers) => Some(offers),
                _ => None,
            });
            let offers = offers.unwrap().iter();
            offers
                .filter(|offer| offer.until.is_some())
                .map(|offer| offer.id.clone())
                .collect::<Vec<_>>()
        })
    };
    assert_eq!(offers(TODAY), ["digicert", "sectigo", "identrust"]);
    assert_eq!(offers(date!(2027 - 01 - 31)), ["digicert", "sectigo", "identrust"]);
    assert_eq!(offers(date!(2027 - 02 - 01)), ["digicert", "sectigo"]);
    assert_eq!(offers(date!(2027 - 03 - 01)), [""; 0]);
}

#[test]
fn a_chain_to_a_root_that_chrome_phases_out_is_noted_if_issued_on_or_after_the_day() {
    let notes = |issued| {
        let leaf = leaf(Eku::both()).valid(issued, EXPIRES);
        let case = public("DigiCert Inc", leaf).under_root("DigiCert Assured ID Root G2");
        case.find(|finding| finding.notes.iter().map(|it| it.id.clone()).collect::<Vec<_>>())
    };
    assert_eq!(notes(datetime!(2026-07-01 0:00 UTC)), ["chrome-digicert-multi-purpose"]);
    assert_eq!(notes(datetime!(2026-06-30 23:59:59 UTC)), [""; 0]);
}

#[test]
fn a_timeline_without_milestones_leaves_everybody_unaffected() {
    let inventory = public("DigiCert Inc", leaf(Eku::both())).inventory();
    let timeline = Timeline::from_json(r#"{"read_on":"2026-11-21"}"#).unwrap();
    let assessment = Assessment::new(&inventory, &timeline, TODAY, Serving::Suggested);
    assert_eq!(assessment.worst(), Some(Verdict::Unaffected));
}

#[test]
fn issuers_and_roots_are_not_alarmed_about_unless_a_role_is_asked_of_them() {
    let (inventory, timeline) = (
        public("Example", leaf(Eku::both())).issuer_eku(Eku::server()).inventory(),
        Timeline::builtin(),
    );
    let verdicts = |serving| {
        let assessment = Assessment::new(&inventory, &timeline, TODAY, serving);
        assessment.findings().iter().map(|it| (it.roles, it.verdict)).collect::<Vec<_>>()
    };
    let issuer = (Roles::SERVER, Verdict::Unaffected);
    assert_eq!(verdicts(Serving::Suggested)[1], issuer);
    assert_eq!(verdicts(Serving::In(Roles::SERVER))[1], issuer);
    assert_eq!(verdicts(Serving::In(Roles::CLIENT))[1].1, Verdict::AlreadyUnfit);
    assert_eq!(verdicts(Serving::In(Roles::CLIENT))[2], (Roles::BOTH, Verdict::Unaffected));
}

#[test]
fn a_self_signed_leaf_is_its_own_root_and_private() {
    let mut inventory = Inventory::new();
    inventory.add_der("leaf", &Leaf::self_signed(leaf(Eku::both())).der());
    let timeline = Timeline::builtin();
    let assessment = Assessment::new(&inventory, &timeline, TODAY, Serving::Suggested);
    let finding = &assessment.findings()[0];
    assert_eq!(finding.hierarchy, Hierarchy::Private);
    assert_eq!((finding.roles, finding.verdict), (Roles::BOTH, Verdict::Unaffected));
}

#[test]
fn verdicts_are_ordered_the_worst_last_and_the_earlier_end_is_the_worse() {
    let renewal = |works_until| Verdict::BreaksAtRenewal { works_until };
    let ordered = [
        Verdict::Unaffected,
        Verdict::Unknown,
        renewal(EXPIRES),
        renewal(ISSUED),
        Verdict::BreaksOn(date!(2027 - 03 - 15)),
        Verdict::BreaksOn(date!(2027 - 03 - 14)),
        Verdict::AlreadyUnfit,
    ];
    assert!(ordered.is_sorted());
    let mut reversed = ordered;
    reversed.reverse();
    reversed.sort();
    assert_eq!(reversed, ordered);
}
