//! What becomes of a certificate: each row one inventory, one day, one verdict; day boundaries from
//! both sides, UTC.

use crate::common::agreed::agreed;
use crate::common::pki::{Ca, CaSpec, Eku, Leaf, LeafSpec};
use crate::world::{findings, inventory};
use mtls_roles::audit::{
    Assessment, Finding, Hierarchy, Inventory, Roles, Serving, Timeline, Verdict,
};
use time::macros::{date, datetime};
use time::{Date, Duration, OffsetDateTime};

const ISSUED: OffsetDateTime = datetime!(2026-10-01 0:00 UTC);
const EXPIRES: OffsetDateTime = datetime!(2027-02-01 12:00 UTC);
const TODAY: Date = date!(2026 - 11 - 21);
const GO_DADDY: &str = "Go Daddy Root Certificate Authority - G2";

/// One inventory, leaf first, and what is asked of it.
struct Case {
    organisation: &'static str,
    root: &'static str,
    leaf: LeafSpec,
    issuer: CaSpec,
    has_root: bool,
    as_of: Date,
    serving: Serving,
}

/// A private chain, until something is said otherwise.
fn private(eku: Eku) -> Case {
    let far = datetime!(2040-01-01 0:00 UTC);
    Case {
        organisation: "Example",
        root: "Example Root",
        leaf: LeafSpec::new("edge").dns("edge.example.com").eku(eku).valid(ISSUED, EXPIRES),
        issuer: CaSpec::new("Issuer").valid(datetime!(2020-01-01 0:00 UTC), far),
        has_root: true,
        as_of: TODAY,
        serving: Serving::Suggested,
    }
}

/// A public one, by the marks of its leaf.
fn public(organisation: &'static str, eku: Eku) -> Case {
    let case = private(eku);
    Case { organisation, leaf: case.leaf.web_pki(), ..case }
}

impl Case {
    fn without_root(self) -> Self {
        Self { has_root: false, ..self }
    }

    fn under(self, root: &'static str) -> Self {
        Self { root, ..self }
    }

    fn issuer_eku(self, eku: Eku) -> Self {
        Self { issuer: self.issuer.eku(eku), ..self }
    }

    fn issuer_until(self, end: OffsetDateTime) -> Self {
        Self { issuer: self.issuer.valid(datetime!(2020-01-01 0:00 UTC), end), ..self }
    }

    fn issued(self, begin: OffsetDateTime, end: OffsetDateTime) -> Self {
        Self { leaf: self.leaf.valid(begin, end), ..self }
    }

    fn until(self, end: OffsetDateTime) -> Self {
        self.issued(ISSUED, end)
    }

    fn on(self, as_of: Date) -> Self {
        Self { as_of, ..self }
    }

    fn serving(self, roles: Roles) -> Self {
        Self { serving: Serving::In(roles), ..self }
    }

    fn inventory(&self) -> Inventory {
        let (begin, end) = (datetime!(2010-01-01 0:00 UTC), datetime!(2040-01-01 0:00 UTC));
        let root = Ca::root(CaSpec::new(self.root).valid(begin, end));
        let issuer = root.sub(self.issuer.clone().organisation(self.organisation));
        let mut inventory = inventory([issuer.leaf(self.leaf.clone()).der(), issuer.der()]);
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

/// Each row: id, inventory, verdict, causes.
#[rustfmt::skip]
fn rows() -> Vec<(&'static str, Case, &'static str, &'static str)> {
    const RENEWAL: &str = "breaks at renewal (works until 2027-02-01T12:00:00Z)";
    const RENEWAL_OF_2027: &str = "breaks at renewal (works until 2027-09-30T23:59:58Z)";
    const UNFIT: &str = "already unfit";
    const FINE: &str = "unaffected";
    use Roles as R;
    let second = Duration::SECOND;
    let (absent, both, server, client) = (|| Eku::Absent, Eku::both, Eku::server, Eku::client);
    let digicert = |eku: Eku| public("DigiCert Inc", eku);
    let go_daddy = |end| public("GoDaddy.com, Inc.", server()).under(GO_DADDY).until(end);
    let brand = |organisation| public(organisation, both());
    let public = |eku: Eku| public("Example", eku);
    let me = LeafSpec::new("me").email("me@example.com").eku(both()).valid(ISSUED, EXPIRES).web_pki();
    let mixed = private(both()).leaf.email("me@example.com");
    let midnight = datetime!(2026-11-21 0:00 UTC);
    let cut = datetime!(2027-04-15 0:00 UTC);
    let end_of_12 = datetime!(2027-01-12 23:59:59 UTC);
    let noon_of_12 = datetime!(2027-01-12 12:00:00 UTC);
    let begin_of_13 = datetime!(2027-01-13 0:00 UTC);
    let (day_12, day_13) = (noon_of_12.date(), begin_of_13.date());
    let (chrome, year_after) = (datetime!(2027-03-14 23:59:59 UTC), datetime!(2027-09-30 23:59:58 UTC));
    vec![
        ("combined, public, DigiCert",                 digicert(both()), RENEWAL, "digicert-on-request digicert-end chrome-leaf"),
        ("combined, public, a CA without dates",       public(both()), RENEWAL, "chrome-leaf"),
        ("combined, public, asked as server",          public(both()).serving(R::SERVER), FINE, ""),
        ("combined, public, asked as client",          public(both()).serving(R::CLIENT), RENEWAL, "chrome-leaf"),
        ("no EKU, public",                             public(absent()), RENEWAL, "chrome-leaf"),
        ("server, public",                             digicert(server()), FINE, ""),
        ("server, public, asked as client",            public(server()).serving(R::CLIENT), UNFIT, "unfit"),
        ("server, public, asked as both",              public(server()).serving(R::BOTH), UNFIT, "unfit"),
        ("client, public",                             public(client()), "unknown", "client_only"),
        ("combined, private",                          private(both()), FINE, ""),
        ("client, private",                            private(client()), FINE, ""),
        ("client, private, asked as server",           private(client()).serving(R::SERVER), UNFIT, "unfit"),
        ("no EKU, private",                            private(absent()), FINE, ""),
        ("code signing",                               public(Eku::code_signing()), FINE, ""),
        ("any, private",                               private(Eku::any()), UNFIT, "unfit unfit"),
        ("empty EKU, private",                         private(Eku::Empty), UNFIT, "unfit unfit"),
        ("combined, no root",                          private(both()).without_root(), "unknown", "no_root"),
        ("server, no root",                            private(server()).without_root(), FINE, ""),
        ("combined, public marks, no root",            public(both()).without_root(), RENEWAL, "chrome-leaf"),
        ("combined, named like a public root, no root", private(both()).under("Root YE").without_root(), RENEWAL, "chrome-leaf"),
        ("combined under a server's issuer, private",  private(both()).issuer_eku(server()), UNFIT, "unfit"),
        ("combined under a server's issuer, public",   public(both()).issuer_eku(server()), UNFIT, "unfit"),
        ("server under a server's issuer",             private(server()).issuer_eku(server()), FINE, ""),
        ("e-mail names only, public",                  Case { leaf: me, ..public(both()).issuer_eku(client()) }, RENEWAL, "chrome-leaf"),
        ("an e-mail name beside another, private",    Case { leaf: mixed, ..private(both()).issuer_eku(client()) }, UNFIT, "unfit"),
        ("expired in the second before the day",       private(server()).until(midnight - second), UNFIT, "expired"),
        ("expires in the first second of the day",     private(server()).until(midnight), FINE, ""),
        ("expired, combined, public",                  public(both()).on(date!(2027-02-02)), UNFIT, "expired chrome-leaf"),
        ("expired, combined, private",                 private(both()).on(date!(2027-02-02)), UNFIT, "expired"),
        ("expired, combined, no root",                 private(both()).without_root().on(date!(2027-02-02)), UNFIT, "expired"),
        ("expired, server, public",                    public(server()).on(date!(2027-02-02)), UNFIT, "expired"),
        ("combined, a brand of Sectigo's",             brand("ZeroSSL"), RENEWAL, "sectigo-on-request sectigo-end chrome-leaf"),
        ("combined, another brand of Sectigo's",       brand("GoGetSSL"), RENEWAL, "sectigo-on-request sectigo-end chrome-leaf"),
        ("combined, a brand of DigiCert's",            brand("QuoVadis Limited"), RENEWAL, "digicert-on-request digicert-end chrome-leaf"),
        ("combined, X9",                               private(both()).under("X9 Financial PKI RSA 4096 Root"), FINE, ""),
        ("server, under a root of 2006",               public(server()).under("DigiCert Global Root CA"), UNFIT, "chrome-keys-2007"),
        ("server, under another root of 2009",         public(server()).under("COMODO ECC Certification Authority").until(cut), "breaks on 2027-04-15", "roots-of-2009"),
        ("combined, public, on its last day",          public(both()).on(date!(2027-02-01)), RENEWAL, "chrome-leaf"),
        ("issuer ends at the end of a day",            private(server()).issuer_until(end_of_12), "breaks on 2027-01-13", "issuer_expires"),
        ("issuer ends within a day",                   private(server()).issuer_until(noon_of_12), "breaks on 2027-01-12", "issuer_expires"),
        ("issuer ends with the leaf",                  private(server()).issuer_until(EXPIRES), FINE, ""),
        ("issuer ends a second before the leaf",       private(server()).issuer_until(EXPIRES - second), "breaks on 2027-02-01", "issuer_expires"),
        ("issuer ends this noon",                      private(server()).issuer_until(noon_of_12).on(day_12), "breaks on 2027-01-12", "issuer_expires"),
        ("issuer ends in the first second of the day", private(server()).issuer_until(begin_of_13).on(day_13), "breaks on 2027-01-13", "issuer_expires"),
        ("issuer ended yesterday",                     private(server()).issuer_until(noon_of_12).on(day_13), UNFIT, "issuer_expires"),
        ("combined, public, issuer ends first",        public(both()).issuer_until(noon_of_12), "breaks on 2027-01-12", "issuer_expires chrome-leaf"),
        ("root removed a second after the end",        go_daddy(cut - second), FINE, ""),
        ("root removed in the last second",            go_daddy(cut), "breaks on 2027-04-15", "roots-of-2009"),
        ("root removed tomorrow",                      go_daddy(cut).on(date!(2027-04-14)), "breaks on 2027-04-15", "roots-of-2009"),
        ("root removed today",                         go_daddy(cut).on(date!(2027-04-15)), UNFIT, "roots-of-2009"),
        ("after Chrome's day",                         public(both()).issued(chrome, year_after).on(year_after.date()), RENEWAL_OF_2027, "chrome-leaf"),
    ]
}

/// The causes and the advice are there unless it is unaffected, and the end unless it has come.
#[test]
fn every_row_has_its_verdict_and_its_causes() {
    let mut wrong = Vec::new();
    for (id, case, verdict, causes) in rows() {
        case.find(|finding| {
            let because: Vec<_> = finding.causes.iter().map(|it| it.id()).collect();
            let found = (&*finding.verdict.to_string(), &*because.join(" "));
            let is_unaffected = finding.verdict == Verdict::Unaffected;
            let is_unfit = finding.verdict == Verdict::AlreadyUnfit;
            let is_right = found == (verdict, causes)
                && finding.advice.is_empty() == is_unaffected
                && finding.works_until.is_none() == is_unfit;
            if !is_right {
                wrong.push(format!("{id}: needed {verdict} {causes}, found {found:?} {finding:?}"));
            }
        });
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_certificate_works_to_the_last_second_before_it_breaks() {
    let (noon, cut) = (datetime!(2027-01-12 12:00 UTC), datetime!(2027-04-15 0:00 UTC));
    let removed = public("Example", Eku::server()).under(GO_DADDY).until(cut);
    for (id, case, end) in [
        ("unaffected", private(Eku::server()), EXPIRES),
        ("at renewal", public("Example", Eku::both()), EXPIRES),
        ("issuer", private(Eku::server()).issuer_until(noon), noon),
        ("root", removed, cut - Duration::SECOND),
    ] {
        assert_eq!(case.find(|finding| finding.works_until), Some(end), "{id}");
    }
}

/// Each row: id, inventory. A renewal in time is one in the last second of the day before, and 200 days
/// with both ends are 200 × 86,400 seconds.
#[test]
fn what_is_advised_is_possible_on_the_day_and_gains_something() {
    let by = |organisation| public(organisation, Eku::both()).until(datetime!(2027-04-01 0:00 UTC));
    let example = |eku| public("Example", eku);
    let removed = example(Eku::server()).under(GO_DADDY).until(datetime!(2027-05-01 0:00 UTC));
    let no_gain = example(Eku::both()).until(datetime!(2027-09-30 23:59:58 UTC));
    let offers = |day| example(Eku::both()).until(datetime!(2028-01-01 0:00 UTC)).on(day);
    #[rustfmt::skip]
    let rows = [
        ("combined",              example(Eku::both())),
        ("server as client",      example(Eku::server()).serving(Roles::CLIENT)),
        ("client as server",      example(Eku::client()).serving(Roles::SERVER)),
        ("issuer of servers",     private(Eku::both()).issuer_eku(Eku::server())),
        ("no root",               private(Eku::both()).without_root()),
        ("two ends",              removed.issuer_until(EXPIRES)),
        ("DigiCert",              by("DigiCert Inc")),
        ("DigiCert, last day",    by("DigiCert Inc").on(date!(2027-02-28))),
        ("DigiCert, day after",   by("DigiCert Inc").on(date!(2027-03-01))),
        ("any CA, last day",      by("Example").on(date!(2027-03-14))),
        ("any CA, day after",     by("Example").on(date!(2027-03-15))),
        ("ended before",          by("Let's Encrypt")),
        ("gains nothing",         no_gain),
        ("offers, all",           offers(date!(2027-01-31))),
        ("offers, one less",      offers(date!(2027-02-01))),
        ("offers, none",          offers(date!(2027-03-01))),
    ];
    let advised = rows.map(|(id, case)| {
        let advice =
            |finding: &Finding<'_>| finding.advice.iter().map(|it| format!("  {it}\n")).collect();
        format!("{id}\n{}", case.find::<String>(advice))
    });
    agreed("audit/advice.txt", &advised.concat());
}

#[test]
fn the_first_and_the_last_day_of_all_are_days_like_others() {
    let root = Ca::root_named("root");
    let leaf = LeafSpec::new("leaf").eku(Eku::both()).web_pki();
    let inventory = inventory([root.leaf(leaf).der(), root.der()]);
    for effect in ["client_auth_ends", "distrust", "informational"] {
        for day in ["0000-01-01", "9999-12-31"] {
            let timeline = serde_json::json!({ "milestones": [{
                "id": "it", "date": day, "who": "", "change": "", "compared": "chains_to",
                "effect": effect, "confidence": "primary",
                "citation": { "document": "", "read_on": day },
            }] });
            let timeline = Timeline::from_json(&timeline.to_string()).unwrap();
            for as_of in [date!(0000 - 01 - 01), TODAY, date!(9999 - 12 - 31)] {
                let assessment = Assessment::new(&inventory, &timeline, as_of, Serving::Suggested);
                assert_eq!(assessment.findings().len(), 2, "{effect} {day} {as_of}");
                // What is said to everybody is no note on a certificate.
                let mut findings = assessment.findings().iter();
                assert!(findings.all(|it| it.notes.is_empty()), "{effect} {day} {as_of}");
            }
        }
    }
}

#[test]
fn a_chain_to_a_root_that_chrome_phases_out_is_noted_if_issued_on_or_after_the_day() {
    let notes = |issued| {
        let case = public("DigiCert Inc", Eku::both()).issued(issued, EXPIRES);
        let case = case.under("DigiCert Assured ID Root G2");
        case.find(|finding| finding.notes.iter().map(|it| it.id.clone()).collect::<Vec<_>>())
    };
    assert_eq!(notes(datetime!(2026-07-01 0:00 UTC)), ["chrome-digicert-multi-purpose"]);
    assert_eq!(notes(datetime!(2026-06-30 23:59:59 UTC)), [""; 0]);
}

#[test]
fn a_timeline_without_milestones_leaves_everybody_unaffected() {
    let inventory = public("DigiCert Inc", Eku::both()).inventory();
    let timeline = Timeline::from_json(r#"{"read_on":"2026-11-21"}"#).unwrap();
    let assessment = Assessment::new(&inventory, &timeline, TODAY, Serving::Suggested);
    assert_eq!(assessment.worst(), Some(Verdict::Unaffected));
}

#[test]
fn issuers_and_roots_are_not_alarmed_about_unless_a_role_is_asked_of_them() {
    let inventory = public("Example", Eku::both()).issuer_eku(Eku::server()).inventory();
    let timeline = Timeline::builtin();
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
    findings(&inventory([Leaf::self_signed(private(Eku::both()).leaf).der()]), |all| {
        assert_eq!(all[0].hierarchy, Hierarchy::Private);
        assert_eq!((all[0].roles, all[0].verdict), (Roles::BOTH, Verdict::Unaffected));
    });
}

#[test]
fn verdicts_are_ordered_the_worst_last_and_the_earlier_end_is_the_worse() {
    let renewal = |works_until| Verdict::BreaksAtRenewal { works_until };
    let breaks = |day| Verdict::BreaksOn(day);
    let ordered = [
        Verdict::Unaffected,
        Verdict::Unknown,
        renewal(EXPIRES),
        renewal(ISSUED),
        breaks(date!(2027 - 03 - 15)),
        breaks(date!(2027 - 03 - 14)),
        Verdict::AlreadyUnfit,
    ];
    assert!(ordered.is_sorted_by(|better, worse| better < worse));
}
