//! Whose rules apply to a chain, how that is known, and what its owner says about it.

use mtls_roles::audit::Assessment;
use mtls_roles::audit::{
    Hierarchy, Inventory, PublicEvidence, Roles, Serving, Stack, Timeline, Verdict,
};
use mtls_roles::{PathCheck, Role};
use time::Duration;
use time::macros::date;

use crate::common::clock::NOW;
use crate::common::pki::{Ca, CaSpec, Eku, KeyKind, KeyUsagePurpose, with_key_of_isrg_root_x2};
use crate::world::{combined, findings, inventory};

/// A root that a bundle of Debian's or Mozilla's has is public, whatever Mozilla trusts today.
#[test]
fn no_root_of_debians_bundle_is_private() {
    let mut inventory = Inventory::new();
    // The bundle itself may have roots of the machine's owner.
    let Ok(folder) = std::fs::read_dir("/usr/share/ca-certificates/mozilla") else {
        return eprintln!("SKIPPED: Debian's ca-certificates is not here");
    };
    for file in folder {
        let path = file.unwrap().path();
        inventory.add(&path.to_string_lossy(), &std::fs::read(&path).unwrap());
    }
    assert!(inventory.entries().len() > 100);
    findings(&inventory, |all| {
        let private = all.iter().filter(|it| !it.hierarchy.is_public());
        assert_eq!(private.map(|it| it.entry.label()).collect::<Vec<_>>(), [""; 0]);
        let disclosed = Hierarchy::Public(PublicEvidence::DisclosedRootKey);
        assert!(all.iter().any(|it| it.hierarchy == disclosed));
    });
}

#[test]
fn the_keys_of_disclosed_roots_are_each_there_once_and_whole() {
    let lines = include_str!("../../src/audit/disclosed_roots.txt").lines();
    let keys: Vec<_> = lines.filter(|line| !line.starts_with('#')).collect();
    let is_key = |line: &&str| line.split_once(' ').is_some_and(|(key, _)| key.len() == 64);
    assert!(keys.len() > 800 && keys.iter().all(is_key));
    assert!(keys.is_sorted_by(|a, b| a[..64] < b[..64]));
}

/// What signed a public root's key once may have expired long ago: nobody needs it.
#[test]
fn an_expired_cross_sign_above_a_public_roots_key_decides_nothing() {
    let old = Ca::root(
        CaSpec::new("Old Root").valid(NOW - Duration::days(9000), NOW - Duration::days(9)),
    );
    for (id, is_public, verdict) in
        [("public", true, "unaffected"), ("private", false, "already_unfit")]
    {
        let spec = CaSpec::new("Root")
            .kind(KeyKind::P384)
            .valid(NOW - Duration::days(9000), NOW - Duration::days(9));
        let root = old.sub(spec);
        let leaf = root.leaf(combined("edge").eku(Eku::server()));
        let cross = match is_public {
            true => with_key_of_isrg_root_x2(&root.der()),
            false => root.der(),
        };
        findings(&inventory([leaf.der(), cross, old.der()]), |all| {
            let path = &all[0].path;
            let length = if is_public { 2 } else { 3 };
            assert_eq!((path.entries.len(), path.is_complete), (length, true), "{id}");
            assert_eq!(all[0].verdict.id(), verdict, "{id}");
        });
    }
}

/// Its EKU binds nobody who has the root, whatever OpenSSL and Go think of roots.
#[test]
fn a_cross_sign_for_servers_only_takes_no_purpose_from_what_stands_below_a_public_roots_key() {
    let old = Ca::root_named("Old Root");
    let root = old.sub(CaSpec::new("Root").kind(KeyKind::P384).eku(Eku::server()));
    let leaf = root.leaf(combined("edge").eku(Eku::both()));
    for (cross, roles) in
        [(with_key_of_isrg_root_x2(&root.der()), Roles::BOTH), (root.der(), Roles::SERVER)]
    {
        findings(&inventory([leaf.der(), cross, old.der()]), |all| {
            assert_eq!(all[0].roles, roles);
            let forecast = all[0].forecast().unwrap();
            let is_accepted = Stack::ALL.map(|stack| forecast.accepts(stack, Role::Client));
            assert_eq!(is_accepted == [true; 5], roles == Roles::BOTH, "{forecast:?}");
        });
    }
}

#[test]
fn a_leaf_that_our_verifiers_refuse_is_noted_and_judged_as_any_other() {
    let root = Ca::root_named("root");
    let usages = [KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::DigitalSignature];
    let leaf = root.leaf(combined("edge").key_usages(&usages));
    let chain = [leaf.der(), root.leaf(combined("good")).der(), root.der()];
    findings(&inventory(chain), |all| {
        let noted = all.iter().map(|finding| finding.path_check);
        assert_eq!(noted.collect::<Vec<_>>(), [Some(PathCheck::LeafWithKeyCertSign), None, None]);
        assert_eq!(all[0].verdict, all[1].verdict);
    });
}

#[test]
fn x9s_pki_is_of_an_industry_and_no_date_of_the_web_concerns_it() {
    let root = Ca::root(CaSpec::new("RSA 4096 Root").organisation("X9 Financial PKI"));
    // With the marks of the web, too.
    for (leaf, has_root) in
        [(combined("bank"), true), (combined("bank"), false), (combined("bank").web_pki(), true)]
    {
        let mut inventory = inventory([root.leaf(leaf).der()]);
        if has_root {
            inventory.add_der("root", &root.der());
        }
        findings(&inventory, |all| {
            let found = (all[0].hierarchy, all[0].verdict);
            assert_eq!(found, (Hierarchy::Industry, Verdict::Unaffected));
            assert_eq!(all[0].hierarchy.to_string(), "industry");
        });
    }
}

/// An organisation of several operators is told apart by the name of the issuing CA.
#[test]
fn every_brand_has_one_operator_whom_a_milestone_names() {
    let timeline = Timeline::builtin();
    let mut seen = std::collections::HashSet::new();
    for operator in timeline.operators() {
        let mut milestones = timeline.milestones().iter();
        assert!(milestones.any(|it| it.issuers.contains(&operator.operator)), "{operator:?}");
        for name in operator.organisations.iter().chain(&operator.issuing_cas) {
            assert!(seen.insert(name), "{name}");
        }
        assert!(!operator.citation.document.is_empty());
    }
    let sectigo = ["ZeroSSL", "InCommon RSA Server CA 2", "GoGetSSL", "Gandi", "cPanel, LLC"];
    let sectigo = [&sectigo[..], &["Network Solutions L.L.C."]].concat();
    for (operator, brands) in
        [("Sectigo Limited", &sectigo[..]), ("DigiCert Inc", &["QuoVadis Limited"])]
    {
        let operators = timeline.operators().iter().filter(|it| it.operator == operator);
        let names = operators.flat_map(|it| it.organisations.iter().chain(&it.issuing_cas));
        let names: Vec<_> = names.collect();
        for brand in brands {
            assert!(names.iter().any(|name| name == brand), "{brand} is {operator}'s");
        }
    }
}

#[test]
fn what_the_owner_tells_goes_before_what_the_eku_suggests() {
    let root = Ca::root_named("root");
    let mut inventory = inventory([root.leaf(combined("edge")).der(), root.der()]);
    inventory.add_der("elsewhere", &root.leaf(combined("edge")).der());
    inventory.tell_roles(|place| (&*place.source == "it").then_some(Roles::CLIENT));
    findings(&inventory, |all| {
        assert_eq!(
            all.iter().map(|it| it.serves).collect::<Vec<_>>(),
            [Roles::CLIENT, Roles::NONE, Roles::BOTH]
        );
        assert_eq!(all[0].entry.told_roles(), Some(Roles::CLIENT));
    });
    inventory.tell_roles(|_| Some(Roles::SERVER));
    findings(&inventory, |all| assert_eq!(all[0].serves, Roles::BOTH));
    let timeline = Timeline::builtin();
    let serving = Serving::In(Roles::SERVER);
    let assessment = Assessment::new(&inventory, &timeline, date!(2026 - 11 - 21), serving);
    assert_eq!(assessment.findings()[0].serves, Roles::SERVER);
}
