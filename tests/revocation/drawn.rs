//! [`Drawn`]: a chain, and several lists of each issuer name; how it is drawn, and how it is signed.

use std::sync::{Arc, LazyLock};

use proptest::collection::vec;
use proptest::option::weighted;
use proptest::prelude::{Just, Strategy, any};
use proptest::sample::select;

use crate::common::ours::Choices;
use crate::common::pki::der::{full_name, general_name, sequence, tlv};
use crate::common::pki::{
    Ca, CaSpec, Chain, CrlSpec, Eku, KeyPair, KeyUsagePurpose, LeafSpec, World,
};
use crate::world::{CRL_DISTRIBUTION_POINTS, List, days};

/// A chain with one path, and lists in an order.
#[derive(Clone, Debug)]
pub struct Drawn {
    /// The root first; the last has issued the leaf.
    pub cas: Vec<Authority>,
    pub leaf_points: Option<Vec<Point>>,
    pub lists: Vec<DrawnList>,
    pub choices: Choices,
}

#[derive(Clone, Debug)]
pub struct Authority {
    /// A new key of the CA above and under its name, after a roll-over. Not for a root.
    pub is_link: bool,
    pub may_sign_crls: bool,
    pub points: Option<Vec<Point>>,
}

/// One of a certificate's cRLDistributionPoints.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Point {
    pub names: Vec<Name>,
    /// For keyCompromise only.
    pub has_reasons: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Name {
    Here,
    There,
    /// The directory name of the issuer.
    Own,
}

#[derive(Clone, Debug)]
pub struct DrawnList {
    /// In whose name: an index of `cas`.
    pub of: usize,
    /// By a key that is nobody's on the path.
    pub is_foreign: bool,
    pub scope: Option<Scope>,
    /// thisUpdate and nextUpdate in days from now.
    pub days: (i64, i64),
    /// 9 stands for a number of twenty octets.
    pub number: Option<u64>,
    pub serials: Vec<u64>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scope {
    pub names: Vec<Name>,
    pub only: Option<Only>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Only {
    Users,
    Cas,
}

/// The serial number of the first certificate that a name has issued; the next has the next.
pub const FIRST_SERIAL: u64 = 7;

pub const ROOT_SERIAL: u64 = 50;

impl Drawn {
    /// The CA whose name this one has: itself, or what it is linked to.
    pub fn name_of(&self, ca: usize) -> usize {
        match ca > 0 && self.cas[ca].is_link {
            true => self.name_of(ca - 1),
            false => ca,
        }
    }

    pub fn has_links(&self) -> bool {
        (1..self.cas.len()).any(|ca| self.cas[ca].is_link)
    }

    /// What the CA has issued on the path: the CA below it, or the leaf.
    pub fn serial_below(&self, ca: usize) -> u64 {
        let name = self.name_of(ca);
        FIRST_SERIAL + (0..ca).filter(|above| self.name_of(*above) == name).count() as u64
    }

    /// So few that no search comes to its limit of 16 signatures.
    fn tidy(mut self) -> Self {
        let cas = self.cas.len();
        self.lists.iter_mut().for_each(|list| list.of %= cas);
        let keys = |list: &DrawnList| {
            let name = self.name_of(list.of);
            (0..cas).filter(|ca| self.name_of(*ca) == name).count()
        };
        let tries: Vec<usize> = self.lists.iter().map(keys).collect();
        let mut left = 16_usize;
        let mut fits = tries.into_iter().map(|tries| {
            left = left.saturating_sub(tries);
            left > 0
        });
        self.lists.retain(|_| fits.next() == Some(true));
        self
    }

    pub fn issue(&self) -> Issued {
        let mut cas: Vec<Ca> = vec![];
        for (index, authority) in self.cas.iter().enumerate() {
            let usages = [KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
            let spec = CaSpec::new(&name(self.name_of(index))).key(&KEYS[index]);
            let spec = spec.key_usages(&usages[..1 + usize::from(authority.may_sign_crls)]);
            cas.push(match cas.last() {
                None => Ca::root(spec.serial(ROOT_SERIAL)),
                Some(issuer) => {
                    let points = self.encoded(&authority.points, index - 1).into_iter();
                    let add = |spec: CaSpec, it| spec.extension(CRL_DISTRIBUTION_POINTS, false, it);
                    issuer.sub(points.fold(spec.serial(self.serial_below(index - 1)), add))
                }
            });
        }
        let last = cas.len() - 1;
        let spec = LeafSpec::new("leaf").dns(World::NAME).eku(Eku::both()).key(&KEYS[4]);
        let points = self.encoded(&self.leaf_points, last).into_iter();
        let add = |spec: LeafSpec, it| spec.extension(CRL_DISTRIBUTION_POINTS, false, it);
        let leaf = cas[last].leaf(points.fold(spec.serial(self.serial_below(last)), add));
        let issuers: Vec<_> = cas[1..].iter().rev().collect();
        Issued {
            chain: leaf.chain(&issuers),
            lists: self.lists.iter().map(|list| cas[list.of].crl(self.spec(list))).collect(),
            root: cas.swap_remove(0),
        }
    }

    fn spec(&self, list: &DrawnList) -> CrlSpec {
        let spec = CrlSpec::new(list.number.unwrap_or_default());
        let spec = days(spec, list.days.0, list.days.1);
        let spec = list.serials.iter().fold(spec, |spec, serial| spec.revoke(&(*serial).into()));
        let spec = match list.number {
            None => spec.without_number(),
            Some(9) => spec.number(&[0x7f; 20]),
            Some(_) => spec,
        };
        let spec = list.scope.iter().fold(spec, |spec, scope| {
            let names = full_name(&general_names(&scope.names, self.name_of(list.of)));
            let only = scope.only.map(|only| match only {
                Only::Users => tlv(0x81, &[0xff]),
                Only::Cas => tlv(0x82, &[0xff]),
            });
            spec.scope(&[vec![names], only.into_iter().collect()].concat())
        });
        match list.is_foreign {
            true => spec.signed_by(&KEYS[3]),
            false => spec,
        }
    }

    /// The value of cRLDistributionPoints (RFC 5280, 4.2.1.13) of what this CA has issued.
    fn encoded(&self, points: &Option<Vec<Point>>, issuer: usize) -> Option<Vec<u8>> {
        let point = |point: &Point| {
            let names = full_name(&general_names(&point.names, self.name_of(issuer)));
            let reasons = point.has_reasons.then(|| tlv(0x81, &[6, 0x40]));
            sequence(&[vec![names], reasons.into_iter().collect()].concat())
        };
        points.as_ref().map(|points| sequence(&points.iter().map(point).collect::<Vec<_>>()))
    }
}

/// The certificates and lists of a description.
pub struct Issued {
    pub root: Ca,
    pub chain: Chain,
    pub lists: Vec<List>,
}

/// Of three CAs, a stranger, and the leaf.
static KEYS: LazyLock<[Arc<KeyPair>; 5]> =
    LazyLock::new(|| std::array::from_fn(|_| Arc::new(KeyPair::generate().unwrap())));

fn name(of: usize) -> String {
    format!("CA {of}")
}

fn general_names(names: &[Name], issuer: usize) -> Vec<Vec<u8>> {
    let encoded = |name: &Name| match name {
        Name::Here => general_name(6, b"http://crl.example/here"),
        Name::There => general_name(6, b"http://crl.example/there"),
        Name::Own => {
            let common_name = [vec![6, 3, 0x55, 4, 3], tlv(0x0c, self::name(issuer).as_bytes())];
            tlv(0xa4, &sequence(&[tlv(0x31, &sequence(&common_name))]))
        }
    };
    names.iter().map(encoded).collect()
}

fn names() -> impl Strategy<Value = Vec<Name>> {
    use Name::{Here, Own, There};
    select(vec![vec![Here], vec![There], vec![Here, There], vec![Own]])
}

fn points() -> impl Strategy<Value = Option<Vec<Point>>> {
    let has_reasons = weighted(0.2, Just(())).prop_map(|it| it.is_some());
    let point =
        (names(), has_reasons).prop_map(|(names, has_reasons)| Point { names, has_reasons });
    weighted(0.5, vec(point, 1..=2))
}

fn authority() -> impl Strategy<Value = Authority> {
    let rarely = |share| weighted(share, Just(())).prop_map(|it| it.is_some());
    (rarely(0.3), rarely(0.06), points()).prop_map(|(is_link, may_not, points)| Authority {
        is_link,
        may_sign_crls: !may_not,
        points,
    })
}

fn list() -> impl Strategy<Value = DrawnList> {
    let only = select(vec![None, None, Some(Only::Users), Some(Only::Cas)]);
    let scope = (names(), only).prop_map(|(names, only)| Scope { names, only });
    let current = [(-1, 7), (-1, 7), (-1, 7), (-3, 5), (0, 8)];
    let others = [(-9, -1), (-2, -1), (-1, 0), (1, 9)];
    let serials = [vec![], vec![], vec![], vec![7], vec![8], vec![7, 8, 9]];
    (
        0..3_usize,
        weighted(0.15, Just(())),
        weighted(0.45, scope),
        select([current.as_slice(), &current, &others].concat()),
        select(vec![None, Some(1), Some(1), Some(2), Some(9)]),
        select(serials.to_vec()),
    )
        .prop_map(|(of, foreign, scope, days, number, serials)| DrawnList {
            of,
            is_foreign: foreign.is_some(),
            scope,
            days,
            number,
            serials,
        })
}

/// One to three certificates below a root, up to four lists for each.
pub fn drawn() -> impl Strategy<Value = Drawn> {
    let choices = any::<(bool, bool, bool)>().prop_map(|(a, b, c)| Choices {
        only_end_entity: a && b,
        allow_unknown: b && !a,
        allow_expired: c && (a || b),
    });
    let sizes =
        (1..=3_usize).prop_flat_map(|cas| (vec(authority(), cas), vec(list(), 1..=4 * cas)));
    (sizes, points(), choices).prop_map(|((cas, lists), leaf_points, choices)| {
        let drawn = Drawn { cas, leaf_points, lists, choices };
        drawn.tidy()
    })
}
