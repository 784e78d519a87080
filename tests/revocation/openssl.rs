//! Drawn lists against `openssl verify -crl_check_all`, a development tool only: every difference in
//! verdict is of a named class, which the description and the side that refuses decide.
//!
//! Without an `openssl` of version 3 the test says so and passes.

use proptest::prelude::any;
use proptest::strategy::Strategy;

use crate::common::cases::check;
use crate::common::openssl::{OpenSsl, classified};
use crate::common::ours::Choices;
use crate::drawn::{Authority, Drawn, DrawnList, FIRST_SERIAL, Issued, Name, Point, Scope, drawn};
use crate::generated::ours;
use crate::oracle::{self, Level, Status, is_newer};

/// Why we and OpenSSL differ: what it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Class {
    /// A list that revokes is for others, in its eyes; issuer and serial are the certificate.
    RevokedOutOfScope,
    /// It asks one list, that of the latest thisUpdate; another one in scope revokes.
    AnotherListThanTheLatest,
    /// It takes an older list that is current, when the newest of its scope has expired.
    NewestHasExpired,
    /// It takes a list by another key of the issuer's name on the path.
    AnotherKeyOfTheName,
    /// It asks for a list about the root, too.
    RootItself,
    /// It takes no list for the issuer's own name for a certificate without points.
    OwnName,
    /// It counts the reasons of the first point that fits, which are not all.
    PointWithReasons,
    /// It does not look at crlNumber.
    NumberDecides,
    /// It takes an older list that is current and revokes, when a newer has expired.
    ExpiredLifts,
}

impl Class {
    const REFUSED_BY_US: [Self; 4] = [
        Self::RevokedOutOfScope,
        Self::NewestHasExpired,
        Self::AnotherListThanTheLatest,
        Self::AnotherKeyOfTheName,
    ];

    const REFUSED_BY_OPENSSL: [Self; 5] = [
        Self::RootItself,
        Self::OwnName,
        Self::PointWithReasons,
        Self::NumberDecides,
        Self::ExpiredLifts,
    ];

    fn applies(self, drawn: &Drawn) -> bool {
        match self {
            Self::RootItself => {
                !drawn.choices.only_end_entity && oracle::root(drawn).status() != Status::Good
                    || at_root(drawn, |level| {
                        Self::REFUSED_BY_OPENSSL[1..].iter().any(|class| class.applies_at(level))
                    })
            }
            _ => oracle::levels(drawn).into_iter().any(|level| self.applies_at(level)),
        }
    }

    fn applies_at(self, level: Level<'_>) -> bool {
        let by_us = || level.lists().filter(|list| level.has_signed(list));
        let in_scope = || by_us().filter(|list| level.is_in_scope(list));
        let is_current = |list: &DrawnList| list.days.1 > 0;
        match self {
            Self::RevokedOutOfScope => level.revoking().any(|list| {
                !level.is_in_scope(list) || level.has_no_points() && list.scope.is_some()
            }),
            Self::AnotherListThanTheLatest => level.revoking().any(|list| {
                let mut others = in_scope().filter(|other| !std::ptr::eq(*other, list));
                others.any(|other| {
                    is_current(other) && other.days.0 >= list.days.0 || !is_current(list)
                })
            }),
            Self::NewestHasExpired => in_scope().any(|newest| {
                !is_current(newest)
                    && in_scope().any(|older| is_newer(newest, older) && is_current(older))
            }),
            Self::AnotherKeyOfTheName => {
                level.status() != Status::Good
                    && level.lists().any(|list| !list.is_foreign && !level.has_signed(list))
            }
            Self::RootItself => false,
            Self::OwnName => {
                let is_at_own_name = |list: &DrawnList| match &list.scope {
                    Some(scope) => scope.names.contains(&Name::Own),
                    None => false,
                };
                level.has_no_points() && in_scope().any(is_at_own_name)
            }
            Self::PointWithReasons => level.has_a_point_with_reasons(),
            Self::NumberDecides => lifted(level).any(|(list, by)| list.days.0 == by.days.0),
            Self::ExpiredLifts => lifted(level).any(|(_, by)| !is_current(by)),
        }
    }
}

fn at_root(drawn: &Drawn, applies: impl Fn(Level<'_>) -> bool) -> bool {
    !drawn.choices.only_end_entity && applies(oracle::root(drawn))
}

/// The lists that revoke, and a newer one that no longer does.
fn lifted<'a>(level: Level<'a>) -> impl Iterator<Item = (&'a DrawnList, &'a DrawnList)> {
    let by_us = move || level.lists().filter(move |list| level.has_signed(list));
    by_us().flat_map(move |list| by_us().map(move |by| (list, by))).filter(move |(list, by)| {
        is_newer(by, list) && level.is_named_in(list) && !level.is_named_in(by)
    })
}

#[test]
fn every_difference_from_the_crl_check_of_openssl_is_of_a_named_class() {
    let Some(openssl) = OpenSsl::find() else {
        return;
    };
    let met = check("lists, openssl", 150, for_openssl(), |drawn| difference(drawn, &openssl));
    met.expect_all(["both accept", "both refuse"]);
}

/// With the choices that its command line has; half of them with a good list for each level, so that
/// there is something to accept.
fn for_openssl() -> impl Strategy<Value = Drawn> {
    (drawn(), any::<bool>()).prop_map(|(mut drawn, is_covered)| {
        (drawn.choices.allow_unknown, drawn.choices.allow_expired) = (false, false);
        if is_covered {
            drawn.cas.iter_mut().for_each(|ca| ca.may_sign_crls = true);
            drawn.lists.truncate(4);
            drawn.lists.extend((0..drawn.cas.len()).map(good));
        }
        drawn
    })
}

/// One for everything.
fn good(of: usize) -> DrawnList {
    DrawnList {
        of,
        is_foreign: false,
        scope: None,
        days: (-3, 5),
        number: Some(1),
        serials: vec![],
    }
}

/// root → CA → leaf with a good list for each level, changed until the class applies.
fn example(class: Class) -> Drawn {
    let authority = || Authority { is_link: false, may_sign_crls: true, points: None };
    let mut drawn = Drawn {
        cas: vec![authority(), authority()],
        leaf_points: None,
        lists: vec![good(0), good(1)],
        choices: Choices::default(),
    };
    let at = |name, has_reasons| Point { names: vec![name], has_reasons };
    let scope = |name| Some(Scope { names: vec![name], only: None });
    let revoking = |days| DrawnList { serials: vec![FIRST_SERIAL], days, ..good(1) };
    let (expired, newer) = ((-2, -1), (-1, 7));
    match class {
        Class::RevokedOutOfScope => {
            drawn.lists.push(DrawnList { scope: scope(Name::There), ..revoking(newer) })
        }
        Class::AnotherListThanTheLatest => {
            drawn.leaf_points = Some(vec![at(Name::Here, false)]);
            drawn.lists[1].days = newer;
            drawn.lists.push(DrawnList { scope: scope(Name::Here), ..revoking((-3, 5)) });
        }
        Class::NewestHasExpired => drawn.lists.push(DrawnList { days: expired, ..good(1) }),
        Class::AnotherKeyOfTheName => {
            drawn.cas.push(Authority { is_link: true, ..authority() });
        }
        Class::RootItself => {
            drawn.cas.truncate(1);
            drawn.leaf_points = Some(vec![at(Name::Here, false)]);
            drawn.lists = vec![DrawnList { scope: scope(Name::Here), ..good(0) }];
        }
        Class::OwnName => drawn.lists[1].scope = scope(Name::Own),
        Class::PointWithReasons => {
            drawn.leaf_points = Some(vec![at(Name::Here, true), at(Name::There, false)]);
        }
        Class::NumberDecides => {
            drawn.lists.insert(0, revoking((-3, 5)));
            drawn.lists[2].number = Some(2);
        }
        Class::ExpiredLifts => {
            drawn.leaf_points = Some(vec![at(Name::Here, false)]);
            let lifting = DrawnList { days: expired, ..good(1) };
            let elsewhere = DrawnList { scope: scope(Name::Here), days: (-4, 5), ..good(1) };
            drawn.lists = vec![good(0), revoking((-3, 5)), lifting, elsewhere];
        }
    }
    drawn
}

#[test]
fn each_class_has_an_example_that_we_and_openssl_differ_about() {
    let Some(openssl) = OpenSsl::find() else {
        return;
    };
    let classes = [&Class::REFUSED_BY_US[..], &Class::REFUSED_BY_OPENSSL].concat();
    let found = classes.iter().map(|class| difference(&example(*class), &openssl));
    let expected = classes.iter().map(|class| Ok(format!("{class:?}")));
    assert_eq!(found.collect::<Vec<_>>(), expected.collect::<Vec<_>>());
}

fn difference(drawn: &Drawn, openssl: &OpenSsl) -> Result<String, String> {
    let issued = drawn.issue();
    let Issued { root, chain, lists } = &issued;
    let theirs = openssl.verifies(&[root.der()], chain, |verify| {
        let all = (!drawn.choices.only_end_entity).then_some("-crl_check_all");
        let file = openssl.file("lists.pem", "X509 CRL", lists.iter().map(|der| &**der));
        verify.arg("-crl_check").args(all).arg("-CRLfile").arg(file);
    });
    let ours = ours(&issued, drawn.choices).is_ok();
    let applies = |class: Class| class.applies(drawn);
    classified(ours, theirs, &Class::REFUSED_BY_US, &Class::REFUSED_BY_OPENSSL, applies)
}
