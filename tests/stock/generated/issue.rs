//! [`issue()`]: from a description to certificates. Pure but for fresh keys and signatures.

use rustls::pki_types::{CertificateDer, CertificateRevocationListDer};

use super::keys::{Bearer, key};
use super::quirk::Quirk;
use super::spec::{leaf_spec, with_quirks};
use super::world::{Authority, Ekus, Extra, Lists, Signer, Trusted, World};
use crate::common::pki::{Ca, CaSpec, CrlSpec, KeyKind, LeafSpec, WeakRsaKey, tamper_signature};

/// The certificates of a world.
#[derive(Clone, Debug)]
pub struct Issued {
    /// What is presented, leaf first.
    pub chain: Vec<CertificateDer<'static>>,
    pub roots: Vec<CertificateDer<'static>>,
    pub crls: Vec<CertificateRevocationListDer<'static>>,
    /// Every CA of the world with the quirks it was described with.
    described: Vec<(CertificateDer<'static>, Vec<Quirk>)>,
}

impl Issued {
    /// The quirks of this CA.
    pub fn quirks_of(&self, certificate: &CertificateDer<'_>) -> &[Quirk] {
        let described = self.described.iter();
        let found = described.clone().find(|(der, _)| der == certificate);
        &found.expect("a CA of this world").1
    }
}

/// Issues every certificate of the world with these EKUs.
///
/// Names, keys and serial numbers depend on the place of a certificate alone: worlds that differ
/// in their EKUs differ in nothing else.
pub fn issue(world: &World, ekus: &Ekus) -> Issued {
    let issuance = Issuance::new(world, ekus);
    let extras: Vec<_> = (0..world.extras.len()).map(|index| issuance.extra(index)).collect();
    let mut presented: Vec<_> = (1..world.root_position())
        .filter(|position| world.missing != Some(*position))
        .map(|position| issuance.certificate(position))
        .chain(extras.iter().cloned())
        .collect();
    if let Some(seed) = world.shuffled {
        shuffle(&mut presented, seed);
    }
    Issued {
        chain: [vec![issuance.leaf()], presented].concat(),
        roots: issuance.roots(),
        crls: world.lists.map_or_else(Vec::new, |lists| issuance.crls(lists)),
        described: issuance.described(&extras),
    }
}

/// The CAs of a world, ready to issue.
struct Issuance<'a> {
    world: &'a World,
    ekus: &'a Ekus,
    /// By position; the leaf has none, so position 1 stands first.
    authorities: Vec<Ca>,
    stranger: Ca,
}

impl<'a> Issuance<'a> {
    fn new(world: &'a World, ekus: &'a Ekus) -> Self {
        let mut issuance = Self {
            world,
            ekus,
            authorities: Vec::new(),
            stranger: plain_root("stranger", Bearer::Stranger),
        };
        let root = world.root_position();
        issuance.authorities.push(Ca::root(issuance.spec(root)));
        for position in (1..root).rev() {
            // Each is put in front of its issuer, which is the first so far.
            let signer = match world.authority(position).has(&Quirk::Forged) {
                true => forger_of(world, position + 1),
                false => issuance.authorities[0].clone(),
            };
            let authority = signer.sub(issuance.spec(position));
            issuance.authorities.insert(0, authority);
        }
        issuance
    }

    fn spec(&self, position: usize) -> CaSpec {
        let Authority { kind, quirks } = self.world.authority(position);
        let spec = CaSpec::new(&name(self.world, position))
            .key(&key(*kind, bearer(self.world, position)))
            .serial(position as u64 + 1)
            .eku(self.ekus.path[position].clone());
        with_quirks(spec, quirks)
    }

    fn authority(&self, position: usize) -> &Ca {
        &self.authorities[position - 1]
    }

    fn certificate(&self, position: usize) -> CertificateDer<'static> {
        let quirks = &self.world.authority(position).quirks;
        perhaps_tampered(self.authority(position).der(), quirks)
    }

    fn leaf(&self) -> CertificateDer<'static> {
        let leaf = &self.world.leaf;
        let issuer = match leaf.has(&Quirk::Forged) {
            true => &forger_of(self.world, 1),
            false => self.authority(1),
        };
        let spec = leaf_spec(leaf).eku(self.ekus.path[0].clone()).serial(1);
        let certificate = match leaf.has(&Quirk::WeakKey) {
            true => issuer.leaf_for(spec, &WeakRsaKey::default()),
            false => issuer.leaf(spec).der(),
        };
        perhaps_tampered(certificate, &leaf.quirks)
    }

    fn roots(&self) -> Vec<CertificateDer<'static>> {
        let root = || self.certificate(self.world.root_position());
        match self.world.trusted {
            Trusted::Root => vec![root()],
            Trusted::Stranger => vec![self.stranger.der()],
            Trusted::RootAndStranger => vec![root(), self.stranger.der()],
            Trusted::Impostor => vec![plain_root("root", Bearer::Impostor).der()],
            Trusted::UppermostIssuer => vec![self.certificate(self.world.anchor_position())],
        }
    }

    fn extra(&self, index: usize) -> CertificateDer<'static> {
        let eku = &self.ekus.extras[index];
        let serial = 100 + index as u64;
        let spec = |name: &str, bearer, quirks| {
            let spec = CaSpec::new(name).key(&key(KeyKind::P256, bearer));
            with_quirks(spec.serial(serial).eku(eku.clone()), quirks)
        };
        let root = self.authority(self.world.root_position());
        match &self.world.extras[index] {
            Extra::Unrelated(quirks) => {
                let spec = spec("unrelated", Bearer::Unrelated, quirks);
                perhaps_tampered(self.stranger.sub(spec).der(), quirks)
            }
            Extra::Namesake { of, quirks } => {
                let spec = spec(&name(self.world, *of), Bearer::Namesake, quirks);
                perhaps_tampered(root.sub(spec).der(), quirks)
            }
            Extra::CrossSign { of, by, quirks } => {
                let signer = match by {
                    Signer::ItsIssuer => self.authorities.get(*of).unwrap_or(root),
                    Signer::Root => root,
                    Signer::Stranger => &self.stranger,
                };
                let spec = CaSpec::new("").serial(serial).eku(eku.clone());
                let spec = with_quirks(spec, quirks);
                let second = signer.cross_sign(self.authority(*of), spec);
                perhaps_tampered(second.der(), quirks)
            }
            Extra::Duplicate(of) => self.certificate(*of),
            Extra::OtherLeaf => {
                let spec = LeafSpec::new("other").key(&key(KeyKind::P256, Bearer::OtherLeaf));
                root.leaf(spec.serial(serial).eku(eku.clone())).der()
            }
            Extra::Garbage => vec![0x30, 0x03, 0x02, 0x01, 0x00].into(),
        }
    }

    /// Every CA that may stand on a path, with its description.
    fn described(
        &self,
        extras: &[CertificateDer<'static>],
    ) -> Vec<(CertificateDer<'static>, Vec<Quirk>)> {
        let path = (1..=self.world.root_position()).map(|position| {
            let quirks = self.world.authority(position).quirks.clone();
            (self.certificate(position), quirks)
        });
        let extras = extras.iter().zip(&self.world.extras);
        let extras = extras.filter_map(|(certificate, extra)| {
            Some((certificate.clone(), extra.quirks()?.to_vec()))
        });
        path.chain(extras).collect()
    }

    fn crls(&self, lists: Lists) -> Vec<CertificateRevocationListDer<'static>> {
        let mut all = Vec::new();
        for position in 1..=self.world.root_position() {
            if lists.absent == Some(position) {
                continue;
            }
            let issuer = self.authority(position);
            let mut spec = CrlSpec::new(2);
            if lists.expired == Some(position) {
                spec = spec.expired();
            }
            if lists.revoked == Some(position - 1) {
                // The serial number of the certificate at that position.
                spec = spec.revoke(&(position as u64).into());
            }
            if lists.forged == Some(position) {
                spec = spec.signed_by(&self.stranger.key);
            }
            all.push(issuer.crl(spec));
        }
        if matches!(self.world.trusted, Trusted::Stranger | Trusted::RootAndStranger) {
            all.push(self.stranger.crl(CrlSpec::new(1)));
        }
        all
    }
}

fn plain_root(name: &str, bearer: Bearer) -> Ca {
    Ca::root(CaSpec::new(name).key(&key(KeyKind::P256, bearer)).serial(1))
}

/// Who signs in the name of the CA at this position.
fn forger_of(world: &World, position: usize) -> Ca {
    let spec = CaSpec::new(&name(world, position)).key(&key(KeyKind::P256, Bearer::Forger));
    Ca::root(match world.authority(position).has(&Quirk::EmptySubject) {
        true => spec.empty_subject(),
        false => spec,
    })
}

fn name(world: &World, position: usize) -> String {
    match position == world.root_position() {
        true => "root".into(),
        false => format!("issuer {position}"),
    }
}

fn bearer(world: &World, position: usize) -> Bearer {
    match position == world.root_position() {
        true => Bearer::Root,
        false => Bearer::Issuer(position),
    }
}

fn perhaps_tampered(
    certificate: CertificateDer<'static>,
    quirks: &[Quirk],
) -> CertificateDer<'static> {
    match quirks.contains(&Quirk::BadSignature) {
        true => tamper_signature(&certificate),
        false => certificate,
    }
}

/// Fisher–Yates over a xorshift: the same order for the same seed, whatever proptest does.
fn shuffle<T>(items: &mut [T], seed: u64) {
    let mut state = seed | 1;
    for last in (1..items.len()).rev() {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        items.swap(last, (state % (last as u64 + 1)) as usize);
    }
}
