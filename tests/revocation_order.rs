//! Every revocation list of an issuer is consulted, whatever their order; stock rustls consults the
//! first one.

mod common;

use common::clock::{NOW, unix};
use common::pki::der::distribution_points;
use common::pki::{Ca, CaSpec, CrlSpec, Eku, KeyPair, KeyUsagePurpose, Leaf, LeafSpec};
use mtls_roles::{ClientPeerVerifier, Crls, Roots};
use rustls::pki_types::{CertificateDer, CertificateRevocationListDer};
use rustls::{CertRevocationListError, CertificateError, Error};
use std::sync::Arc;
use time::Duration;

type List = CertificateRevocationListDer<'static>;

const CRL_POINTS: &[u64] = &[2, 5, 29, 31];
const ANOTHER_POINT: &str = "http://crl.example/another";

/// root → sub → leaf, and who is revoked in which list is the row's.
struct World {
    root: Ca,
    sub: Ca,
    leaf: Leaf,
}

impl World {
    fn new() -> Self {
        let root = Ca::root_named("root");
        let point = || distribution_points("http://crl.example/one");
        let sub = root.sub(CaSpec::new("sub").extension(CRL_POINTS, false, point()));
        let leaf = LeafSpec::new("client").eku(Eku::client());
        let leaf = sub.leaf(leaf.extension(CRL_POINTS, false, point()));
        Self { root, sub, leaf }
    }

    fn chain(&self) -> Vec<CertificateDer<'static>> {
        self.leaf.chain(&[&self.sub])
    }

    /// The leaf's issuer says that it is good.
    fn good(&self) -> List {
        self.sub.crl(CrlSpec::new(1))
    }

    /// The leaf's issuer says that it is revoked.
    fn revoking(&self) -> List {
        self.sub.crl(CrlSpec::new(2).revoke(&self.leaf.serial))
    }

    fn expired(&self) -> List {
        self.sub.crl(CrlSpec::new(1).expired())
    }

    /// By another key in the issuer's name: the key before a roll-over, or a forger's.
    fn foreign(&self) -> List {
        let key = Arc::new(KeyPair::generate().unwrap());
        self.sub.crl(CrlSpec::new(1).signed_by(&key))
    }

    fn of_root(&self) -> List {
        self.root.crl(CrlSpec::new(1))
    }

    fn foreign_root(&self) -> List {
        let key = Arc::new(KeyPair::generate().unwrap());
        self.root.crl(CrlSpec::new(1).signed_by(&key))
    }

    fn revoking_sub(&self) -> List {
        self.root.crl(CrlSpec::new(2).revoke(&self.sub.serial))
    }

    /// By the leaf's issuer, and not about the leaf.
    fn of_another_point(&self) -> List {
        self.sub.crl(CrlSpec::new(1).at(ANOTHER_POINT))
    }

    fn of_another_point_of_root(&self) -> List {
        self.root.crl(CrlSpec::new(1).at(ANOTHER_POINT))
    }
}

enum Choice {
    Default,
    EnforceExpiry,
    AllowUnknown,
    LeafOnly,
}

fn verify(world: &World, lists: Vec<List>, choice: &Choice, stock: bool) -> Result<(), Error> {
    let roots = Roots::from_der([world.root.der()]).unwrap();
    let builder = ClientPeerVerifier::builder(roots, &common::tls::provider())
        .crls(Crls::from_der(lists).unwrap());
    let builder = match choice {
        Choice::Default => builder,
        Choice::EnforceExpiry => builder.enforce_revocation_expiration(),
        Choice::AllowUnknown => builder.allow_unknown_revocation_status(),
        Choice::LeafOnly => builder.only_check_end_entity_revocation(),
    };
    let builder = if stock {
        builder.stock_path_checks()
    } else {
        builder
    };
    let verified = builder
        .build()
        .unwrap()
        .verify(Some(&world.chain()), unix(NOW));
    verified.map(drop).map_err(Error::from)
}

/// The verdict without its instants.
fn verdict(result: &Result<(), Error>) -> &'static str {
    match result {
        Ok(()) => "good",
        Err(Error::InvalidCertificate(CertificateError::Revoked)) => "revoked",
        Err(Error::InvalidCertificate(CertificateError::UnknownRevocationStatus)) => "unknown",
        Err(Error::InvalidCertificate(CertificateError::ExpiredRevocationListContext {
            ..
        })) => "list expired",
        Err(Error::InvalidCertRevocationList(CertRevocationListError::BadSignature)) => {
            "bad list signature"
        }
        Err(Error::InvalidCertRevocationList(CertRevocationListError::IssuerInvalidForCrl)) => {
            "not a crl signer"
        }
        Err(_) => "something else",
    }
}

#[test]
fn the_order_of_lists_does_not_matter_and_one_that_says_revoked_refuses() {
    let world = World::new();
    let w = &world;
    use Choice::{AllowUnknown, Default, EnforceExpiry, LeafOnly};
    // Id, lists, choice, ours, stock's.
    let rows: Vec<(&str, Vec<List>, Choice, &str, &str)> = vec![
        (
            "one-list",
            vec![w.good(), w.of_root()],
            Default,
            "good",
            "good",
        ),
        (
            "one-list-revoking",
            vec![w.revoking(), w.of_root()],
            Default,
            "revoked",
            "revoked",
        ),
        (
            "older-in-front",
            vec![w.good(), w.revoking(), w.of_root()],
            Default,
            "revoked",
            "good",
        ),
        (
            "newer-in-front",
            vec![w.revoking(), w.good(), w.of_root()],
            Default,
            "revoked",
            "revoked",
        ),
        (
            "expired-in-front-enforced",
            vec![w.expired(), w.good(), w.of_root()],
            EnforceExpiry,
            "good",
            "list expired",
        ),
        (
            "expired-behind-enforced",
            vec![w.good(), w.expired(), w.of_root()],
            EnforceExpiry,
            "good",
            "good",
        ),
        (
            "expired-in-front-of-revoking",
            vec![w.expired(), w.revoking(), w.of_root()],
            EnforceExpiry,
            "revoked",
            "list expired",
        ),
        (
            "all-expired-enforced",
            vec![w.expired(), w.expired(), w.of_root()],
            EnforceExpiry,
            "list expired",
            "list expired",
        ),
        (
            "all-expired-not-enforced",
            vec![w.expired(), w.expired(), w.of_root()],
            Default,
            "good",
            "good",
        ),
        (
            "foreign-key-in-front",
            vec![w.foreign(), w.good(), w.of_root()],
            Default,
            "good",
            "bad list signature",
        ),
        (
            "foreign-key-behind",
            vec![w.good(), w.foreign(), w.of_root()],
            Default,
            "good",
            "good",
        ),
        (
            "foreign-key-in-front-of-revoking",
            vec![w.foreign(), w.revoking(), w.of_root()],
            Default,
            "revoked",
            "bad list signature",
        ),
        (
            "foreign-keys-only",
            vec![w.foreign(), w.foreign(), w.of_root()],
            Default,
            "bad list signature",
            "bad list signature",
        ),
        (
            "foreign-keys-only-unknown-allowed",
            vec![w.foreign(), w.foreign()],
            AllowUnknown,
            "bad list signature",
            "bad list signature",
        ),
        (
            "root-unknown",
            vec![w.good(), w.good()],
            Default,
            "unknown",
            "unknown",
        ),
        (
            "root-unknown-allowed",
            vec![w.good(), w.good()],
            AllowUnknown,
            "good",
            "good",
        ),
        (
            "root-unknown-leaf-only",
            vec![w.good(), w.good()],
            LeafOnly,
            "good",
            "good",
        ),
        (
            "leaf-unknown",
            vec![w.of_root(), w.of_root()],
            Default,
            "unknown",
            "unknown",
        ),
        (
            "leaf-unknown-leaf-only",
            vec![w.of_root(), w.of_root()],
            LeafOnly,
            "unknown",
            "unknown",
        ),
        (
            "sub-revoked-behind",
            vec![w.good(), w.of_root(), w.revoking_sub()],
            Default,
            "revoked",
            "good",
        ),
        (
            "sub-revoked-behind-leaf-only",
            vec![w.good(), w.of_root(), w.revoking_sub()],
            LeafOnly,
            "good",
            "good",
        ),
        (
            "both-levels-twice",
            vec![w.foreign(), w.good(), w.of_root(), w.of_root()],
            Default,
            "good",
            "bad list signature",
        ),
        // The root's lists alone: the leaf is known to none, which is allowed.
        (
            "leaf-unknown-allowed",
            vec![w.of_root(), w.of_root()],
            AllowUnknown,
            "good",
            "good",
        ),
        (
            "leaf-unknown-allowed-foreign-root-list-in-front",
            vec![w.foreign_root(), w.of_root()],
            AllowUnknown,
            "good",
            "bad list signature",
        ),
        (
            "leaf-unknown-allowed-sub-revoked-behind",
            vec![w.of_root(), w.revoking_sub()],
            AllowUnknown,
            "revoked",
            "good",
        ),
        // A list for another distribution point says nothing, neither good nor passed over.
        (
            "leaf-of-another-point",
            vec![w.of_another_point(), w.of_another_point(), w.of_root()],
            Default,
            "unknown",
            "unknown",
        ),
        (
            "leaf-of-another-point-allowed-foreign-behind",
            vec![w.of_another_point(), w.foreign()],
            AllowUnknown,
            "bad list signature",
            "bad list signature",
        ),
        (
            "sub-of-another-point-allowed-foreign-behind",
            vec![w.of_another_point_of_root(), w.foreign_root()],
            AllowUnknown,
            "bad list signature",
            "bad list signature",
        ),
    ];
    let mut wrong = Vec::new();
    for (id, lists, choice, ours, stock) in rows {
        let found = verify(w, lists.clone(), &choice, false);
        let found_stock = verify(w, lists, &choice, true);
        if (verdict(&found), verdict(&found_stock)) != (ours, stock) {
            wrong.push(format!("{id}: ours {found:?}, stock {found_stock:?}"));
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

/// A CA gets a new key and keeps its name: lists of both keys are in use at once.
#[test]
fn after_a_key_roll_over_each_leaf_is_looked_up_in_the_list_of_its_issuers_key() {
    let root = Ca::root_named("root");
    let (old, new) = (root.sub(CaSpec::new("sub")), root.sub(CaSpec::new("sub")));
    let client = || LeafSpec::new("client").eku(Eku::client());
    let (of_old, of_new, bad) = (old.leaf(client()), new.leaf(client()), new.leaf(client()));
    let lists = [
        old.crl(CrlSpec::new(7)),
        new.crl(CrlSpec::new(8).revoke(&bad.serial)),
        root.crl(CrlSpec::new(1)),
    ];
    for lists in [lists.clone().to_vec(), lists.into_iter().rev().collect()] {
        let roots = Roots::from_der([root.der()]).unwrap();
        let verifier = ClientPeerVerifier::builder(roots, &common::tls::provider())
            .crls(Crls::from_der(lists).unwrap())
            .build()
            .unwrap();
        let verify = |chain: Vec<_>| {
            verifier
                .verify(Some(&chain), unix(NOW))
                .map(drop)
                .map_err(Error::from)
        };
        assert_eq!(verdict(&verify(of_old.chain(&[&old]))), "good");
        assert_eq!(verdict(&verify(of_new.chain(&[&new]))), "good");
        assert_eq!(verdict(&verify(bad.chain(&[&new]))), "revoked");
    }
}

#[test]
fn an_issuer_without_crl_sign_signs_no_list_root_or_not() {
    use Choice::{Default, LeafOnly};
    let without = [KeyUsagePurpose::KeyCertSign];
    let (weak, strong) = (
        Ca::root(CaSpec::new("root").key_usages(&without)),
        Ca::root_named("root"),
    );
    let below_weak = weak.sub(CaSpec::new("sub"));
    let weak_sub = strong.sub(CaSpec::new("sub").key_usages(&without));
    let mut wrong = Vec::new();
    // Id, root, the leaf's issuer, choice, ours, stock's: a trust anchor has lost its key usage.
    for (id, root, issuer, choice, ours, stock) in [
        ("root", &weak, &weak, Default, REFUSED, "good"),
        ("root-leaf-only", &weak, &weak, LeafOnly, REFUSED, "good"),
        ("above", &weak, &below_weak, Default, REFUSED, "good"),
        (
            "above-leaf-only",
            &weak,
            &below_weak,
            LeafOnly,
            "good",
            "good",
        ),
        ("sub", &strong, &weak_sub, Default, REFUSED, REFUSED),
        (
            "sub-leaf-only",
            &strong,
            &weak_sub,
            LeafOnly,
            REFUSED,
            REFUSED,
        ),
    ] {
        let world = World {
            root: root.clone(),
            sub: issuer.clone(),
            leaf: issuer.leaf(LeafSpec::new("client").eku(Eku::client())),
        };
        let mut once = vec![world.good()];
        if issuer.der() != root.der() {
            once.push(world.of_root());
        }
        // One list of each issuer, so that the lookup is webpki's; two, so that it is ours.
        for (copies, lists) in [once.clone(), [once.clone(), once].concat()]
            .into_iter()
            .enumerate()
        {
            let found = verify(&world, lists.clone(), &choice, false);
            let found_stock = verify(&world, lists, &choice, true);
            if (verdict(&found), verdict(&found_stock)) != (ours, stock) {
                let copies = copies + 1;
                wrong.push(format!(
                    "{id} {copies}: ours {found:?}, stock {found_stock:?}"
                ));
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

const REFUSED: &str = "not a crl signer";

/// Under an unknown leaf, what a list says of the leaf's issuer cannot be told from webpki's verdict
/// on the whole path, and less so if the list is for a distribution point.
#[test]
fn above_a_leaf_that_no_list_knows_the_lists_of_a_distribution_point_are_consulted_too() {
    let at = |number| CrlSpec::new(number).at("http://crl.example.com/1");
    let foreign = |ca: &Ca| ca.crl(at(1).signed_by(&Arc::new(KeyPair::generate().unwrap())));
    let signs_no_lists = [KeyUsagePurpose::KeyCertSign];
    let root = Ca::root_named("root");
    let weak = Ca::root(CaSpec::new("root").key_usages(&signs_no_lists));
    let rows = [
        ("good", &root, false, "good"),
        ("good-twice", &root, true, "good"),
        ("revoked", &root, false, "revoked"),
        ("expired", &root, false, "list expired"),
        ("not-a-signer", &weak, false, "not a crl signer"),
        ("not-a-signer-twice", &weak, true, "not a crl signer"),
    ];
    let mut failed = Vec::new();
    for (id, root, is_twice, expected) in rows {
        let sub = root.sub(CaSpec::new("sub"));
        let list = || {
            root.crl(match id {
                "revoked" => at(2).revoke(&sub.serial),
                "expired" => at(1).expired(),
                _ => at(1),
            })
        };
        let beside = if is_twice { list() } else { foreign(root) };
        let chain = sub
            .leaf(LeafSpec::new("client").eku(Eku::client()))
            .chain(&[&sub]);
        for lists in [vec![beside.clone(), list()], vec![list(), beside.clone()]] {
            let verifier = ClientPeerVerifier::builder(
                Roots::from_der([root.der()]).unwrap(),
                &common::tls::provider(),
            )
            .crls(Crls::from_der(lists).unwrap())
            .allow_unknown_revocation_status()
            .enforce_revocation_expiration()
            .build()
            .unwrap();
            let verified = verifier.verify(Some(&chain), unix(NOW));
            let found = verdict(&verified.map(drop).map_err(Error::from));
            let is_right = match id {
                // Whichever of the two defects stands.
                "expired" | "not-a-signer" => found == expected || found == "bad list signature",
                _ => found == expected,
            };
            if !is_right {
                failed.push(format!("{id}: {found}"));
            }
        }
    }
    assert!(failed.is_empty(), "{failed:#?}");
}

#[test]
fn expiry_is_judged_at_the_time_of_the_handshake() {
    let world = World::new();
    let soon = NOW + Duration::hours(1);
    let short = world
        .sub
        .crl(CrlSpec::new(1).current(NOW - Duration::hours(1), soon));
    let lists = vec![short.clone(), short, world.of_root()];
    let roots = Roots::from_der([world.root.der()]).unwrap();
    let verifier = ClientPeerVerifier::builder(roots, &common::tls::provider())
        .crls(Crls::from_der(lists).unwrap())
        .enforce_revocation_expiration()
        .build()
        .unwrap();
    let at = |now| {
        verifier
            .verify(Some(&world.chain()), unix(now))
            .map(drop)
            .map_err(Error::from)
    };
    assert_eq!(verdict(&at(soon - Duration::seconds(1))), "good");
    assert_eq!(verdict(&at(soon + Duration::seconds(1))), "list expired");
}
