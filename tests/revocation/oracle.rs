//! What a description should be told, by the words of RFC 5280, 6.3.3 and of the manual, and without a
//! line of the crate: each list is looked at for each certificate, and nothing is sorted or found.

use crate::drawn::{Drawn, DrawnList, Name, Only, Point, ROOT_SERIAL};

/// What the lists say of one certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    Good,
    Revoked,
    Unknown,
    /// Why the nearest list does not say that it is good.
    Undetermined(&'static str),
}

/// One certificate of the path, and who issued it.
#[derive(Clone, Copy)]
pub struct Level<'a> {
    drawn: &'a Drawn,
    /// An index of the CAs.
    issuer: usize,
    serial: u64,
    points: Option<&'a [Point]>,
    is_end_entity: bool,
}

/// The levels that are asked about, the leaf's first.
pub fn levels(drawn: &Drawn) -> Vec<Level<'_>> {
    let last = drawn.cas.len() - 1;
    let level = |issuer: usize| Level {
        drawn,
        issuer,
        serial: drawn.serial_below(issuer),
        points: match issuer == last {
            true => drawn.leaf_points.as_deref(),
            false => drawn.cas[issuer + 1].points.as_deref(),
        },
        is_end_entity: issuer == last,
    };
    let asked = if drawn.choices.only_end_entity { 1 } else { last + 1 };
    (0..=last).rev().map(level).take(asked).collect()
}

/// The root as if it were issued by itself, as OpenSSL asks.
pub fn root(drawn: &Drawn) -> Level<'_> {
    Level { drawn, issuer: 0, serial: ROOT_SERIAL, points: None, is_end_entity: false }
}

/// The verdict in the words of `world::word`.
pub fn verdict(drawn: &Drawn) -> &'static str {
    for level in levels(drawn) {
        match level.status() {
            Status::Good => {}
            Status::Unknown if drawn.choices.allow_unknown => {}
            Status::Unknown => return "unknown",
            Status::Revoked => return "revoked",
            Status::Undetermined(why) => return why,
        }
    }
    "good"
}

impl<'a> Level<'a> {
    pub fn status(self) -> Status {
        if self.revoking().next().is_some() {
            return Status::Revoked;
        }
        let mut why = None;
        for list in self.lists().filter(|list| self.is_in_scope(list)) {
            let by_us = || self.lists().filter(|other| self.has_signed(other));
            if by_us().any(|newer| is_newer(newer, list)) {
                continue;
            }
            let may_sign = self.drawn.cas[self.issuer].may_sign_crls;
            let miss = match (self.has_signed(list), may_sign, self.is_current(list)) {
                (true, true, true) => return Status::Good,
                (true, true, false) => (2, "list expired"),
                (true, false, _) => (1, "not a crl signer"),
                (false, ..) => (0, "bad list signature"),
            };
            why = why.max(Some(miss));
        }
        why.map_or(Status::Unknown, |(_, why)| Status::Undetermined(why))
    }

    /// A list that this issuer's key has signed and that names the serial number revokes, whatever its
    /// scope, unless a newer list of the same key and scope does not name it.
    pub fn revoking(self) -> impl Iterator<Item = &'a DrawnList> {
        let by_us = move || self.lists().filter(move |list| self.has_signed(list));
        let naming = by_us().filter(move |list| self.is_named_in(list));
        naming.filter(move |list| {
            let mut newer = by_us().filter(|other| is_newer(other, list));
            newer.all(|newer| self.is_named_in(newer))
        })
    }

    pub fn is_named_in(self, list: &DrawnList) -> bool {
        list.serials.contains(&self.serial)
    }

    /// Those of the issuer's name that have begun: a list of the future is none.
    pub fn lists(self) -> impl Iterator<Item = &'a DrawnList> {
        let name = self.drawn.name_of(self.issuer);
        let lists = self.drawn.lists.iter();
        lists.filter(move |list| self.drawn.name_of(list.of) == name && list.days.0 <= 0)
    }

    pub fn has_signed(self, list: &DrawnList) -> bool {
        !list.is_foreign && list.of == self.issuer
    }

    fn is_current(self, list: &DrawnList) -> bool {
        list.days.1 > 0 || self.drawn.choices.allow_expired
    }

    pub fn is_in_scope(self, list: &DrawnList) -> bool {
        let Some(scope) = &list.scope else {
            return true;
        };
        let is_of_kind = match scope.only {
            None => true,
            Some(Only::Users) => self.is_end_entity,
            Some(Only::Cas) => !self.is_end_entity,
        };
        let shares_a_name = match self.points {
            None => scope.names.contains(&Name::Own),
            Some(points) => {
                let complete = points.iter().filter(|point| !point.has_reasons);
                let mut names = complete.flat_map(|point| &point.names);
                names.any(|name| scope.names.contains(name))
            }
        };
        is_of_kind && shares_a_name
    }

    pub fn has_no_points(self) -> bool {
        self.points.is_none()
    }

    pub fn has_a_point_with_reasons(self) -> bool {
        self.points.is_some_and(|points| points.iter().any(|point| point.has_reasons))
    }
}

/// By thisUpdate, then by crlNumber, which may be missing; among those about the same certificates.
pub fn is_newer(list: &DrawnList, other: &DrawnList) -> bool {
    list.scope == other.scope && (list.days.0, list.number) > (other.days.0, other.number)
}
