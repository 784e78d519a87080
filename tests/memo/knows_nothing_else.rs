//! A chain that is known is judged like any other: nothing about time, names, roots, policy, rules or revocation is
//! remembered. One memo serves all verifiers here, and each knows every chain before it is asked.

use crate::common::clock::{NOW, unix};
use crate::common::errors::Rows;
use crate::common::ours::{Memo, ROLES, Setup, Whom, clients, roots, servers};
use crate::common::pki::{Ca, CaSpec, CrlSpec, Eku, KeyKind, KeyUsagePurpose, World};
use crate::common::tls::provider;
use crate::world::{accepts, accepts_server, client, with_memo};
use mtls_roles::{EkuPolicy, PeerRule, Role, Roots, SignatureMemo};
use rustls::pki_types::CertificateDer;
use time::{Duration, OffsetDateTime};

/// One memo that knows the chain.
struct Known {
    world: World,
    memo: SignatureMemo,
}

/// What one row changes, and what is then refused, or not.
struct Row {
    id: &'static str,
    setup: Setup,
    roots: Vec<CertificateDer<'static>>,
    name: &'static str,
    now: OffsetDateTime,
    /// For a server and for a client: part of the error, or nothing.
    says: [&'static str; 2],
}

impl Known {
    fn new(eku: Eku) -> Self {
        let (world, memo) = (World::of(KeyKind::P256, eku), SignatureMemo::new(&provider()));
        let known = Self { world, memo };
        // Known to both roles before anything is asked.
        let ignoring = Setup {
            policy: EkuPolicy::ignore(),
            relax_for: Whom::AnyPrivatePeer,
            ..Setup::default()
        };
        for role in ROLES {
            assert_eq!(known.say(&known.row("warm", ignoring.clone()), role, true), "");
        }
        assert_eq!(known.memo.counters().entries, 2);
        known
    }

    fn row(&self, id: &'static str, setup: Setup) -> Row {
        Row {
            id,
            setup,
            roots: vec![self.world.root.der()],
            name: World::NAME,
            now: NOW,
            says: ["", ""],
        }
    }

    /// With the memo of this world or without: nothing, or the error.
    fn say(&self, row: &Row, role: Role, remembers: bool) -> String {
        let memo = match remembers {
            true => Memo::Shared(self.memo.clone()),
            false => Memo::Nowhere,
        };
        let setup = Setup { memo, ..row.setup.clone() };
        let roots = Roots::from_der(row.roots.clone()).unwrap();
        let verifier = setup.build(role, &roots, &provider()).unwrap();
        let verified = verifier.verify(&self.world.chain(), row.name, unix(row.now));
        verified.map_or_else(|refusal| format!("{refusal:?}"), |_| String::new())
    }

    fn check(&self, rows: Vec<Row>) {
        let mut checked = Rows::default();
        for row in rows {
            for (role, says) in ROLES.into_iter().zip(row.says) {
                let (warm, cold) = (self.say(&row, role, true), self.say(&row, role, false));
                let is_right =
                    warm == cold && warm.contains(says) && warm.is_empty() == says.is_empty();
                let found = format_args!("{warm}, without memo {cold}");
                checked.holds(format_args!("{role}/{}", row.id), is_right, found);
            }
        }
        // All of it was judged with signatures that were known.
        assert_eq!(self.memo.counters().entries, 2);
    }
}

#[test]
fn a_known_chain_is_judged_at_its_time_by_its_name_roots_and_rules() {
    let known = Known::new(Eku::both());
    let root = || CaSpec::new("root").key(&known.world.root.key);
    let namesake = Ca::root_named("root");
    let (other, constrained) =
        (Ca::root_named("other root"), Ca::root(root().exclude_dns(World::NAME)));
    let row = |id, says: [&'static str; 2]| Row { says, ..known.row(id, Setup::default()) };
    let at = |id, now, says| Row { now, ..row(id, [says, says]) };
    let under = |id, root: &Ca, says| Row { roots: vec![root.der()], ..row(id, [says, says]) };
    let allowing = |id, name, says| {
        let allow = Some(PeerRule::dns_name(name).unwrap());
        Row { setup: Setup { allow, ..Setup::default() }, ..row(id, ["", says]) }
    };
    known.check(vec![
        row("nothing", ["", ""]),
        at("after the leaf's end", NOW + Duration::days(100), "ExpiredContext"),
        at("before the leaf's begin", NOW - Duration::days(100), "NotValidYetContext"),
        under("another root", &other, "UnknownIssuer"),
        under("another root of the same name", &namesake, "BadSignature"),
        under("the intermediate as root", &known.world.sub, ""),
        under("the root with name constraints", &constrained, "NameConstraintViolation"),
        under("the root without cA:TRUE", &Ca::root(root().not_a_ca()), "RootIsNoCa"),
        Row { name: "other.example", ..row("for another name", ["NotValidForNameContext", ""]) },
        allowing("for another rule", "other.example", "ApplicationVerificationFailure"),
        allowing("for its rule", World::NAME, ""),
    ]);
}

#[test]
fn a_known_chain_is_judged_by_the_policy_of_each_verifier() {
    let known = Known::new(Eku::server());
    let row = |id, policy, relax_for, for_client| {
        let setup = Setup { policy, relax_for, ..Setup::default() };
        Row { says: ["", for_client], ..known.row(id, setup) }
    };
    let named = |name| Whom::Named(PeerRule::dns_name(name).unwrap());
    let (ignore, ended) = (EkuPolicy::ignore(), EkuPolicy::ignore().until(NOW));
    const REFUSED: &str = "InvalidPurposeContext";
    known.check(vec![
        row("rfc5280", EkuPolicy::rfc5280(), Whom::Nobody, REFUSED),
        row("strict", EkuPolicy::strict(), Whom::Nobody, REFUSED),
        row("ignore", ignore, named(World::NAME), ""),
        row("ignore for somebody else", ignore, named("other.example"), REFUSED),
        row("ignore, ended", ended, named(World::NAME), REFUSED),
    ]);
}

#[test]
fn a_known_chain_is_looked_up_in_the_lists_of_each_verifier() {
    let known = Known::new(Eku::both());
    let World { root, sub, leaf } = &known.world;
    let (good, of_root) = (|| sub.crl(CrlSpec::new(1)), || root.crl(CrlSpec::new(1)));
    let revoking = || sub.crl(CrlSpec::new(2).revoke(&leaf.serial));
    let revoking_sub = root.crl(CrlSpec::new(2).revoke(&sub.serial));
    let expired = sub.crl(CrlSpec::new(1).expired());
    let forged = Ca::root_named("sub").crl(CrlSpec::new(1));
    let row = |id, crls, says| Row {
        says: [says, says],
        ..known.row(id, Setup { crls, ..Setup::default() })
    };
    known.check(vec![
        row("good", vec![good(), of_root()], ""),
        row("revoked", vec![revoking(), of_root()], "(Revoked)"),
        row("revoked in the second list", vec![good(), revoking(), of_root()], "(Revoked)"),
        row("issuer revoked", vec![good(), revoking_sub], "(Revoked)"),
        row("unknown", vec![of_root()], "UnknownRevocationStatus"),
        row("expired", vec![expired, of_root()], "ExpiredRevocationListContext"),
        row("forged", vec![forged, of_root()], "BadSignature"),
        row("good again", vec![good(), of_root()], ""),
    ]);
}

/// webpki takes no certificate for both, a leaf and an issuer: so the two are one key and one name, and differ in
/// basicConstraints only. That claims about leaves and issuers are different facts is shown in `src/memo/cache.rs`.
#[test]
fn a_known_signature_lets_nobody_pass_the_path_checks() {
    let root = Ca::root_named("root");
    let usages = [KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::DigitalSignature];
    let sub = root.sub(CaSpec::new("sub").key_usages(&usages));
    let leaf = sub.leaf(client("leaf")).chain(&[&sub]);
    let as_leaf = root.leaf(client("sub").key(&sub.key).key_usages(&usages)).chain(&[]);
    let memo = SignatureMemo::new(&provider());
    let ours = with_memo(clients(&roots([&root])), Some(&memo));
    let lenient = with_memo(clients(&roots([&root])).stock_path_checks(), Some(&memo));
    for _ in 0..2 {
        assert!(accepts(&ours, &leaf));
        // Its signature is known to the verifier with stock's checks, which lets it pass.
        assert!(accepts(&lenient, &as_leaf));
        let refused = format!("{:?}", ours.verify(Some(&as_leaf), unix(NOW)).unwrap_err());
        assert!(refused.contains("LeafWithKeyCertSign"), "{refused}");
    }
}

/// The depth of a path is no property of a certificate.
#[test]
fn a_known_chain_is_too_deep_for_a_verifier_that_wants_short_ones() {
    let Known { world, memo } = Known::new(Eku::both());
    for (most, is_accepted) in [(1, true), (0, false), (1, true)] {
        let ours = clients(&world.roots()).max_intermediates(most);
        assert_eq!(accepts(&with_memo(ours, Some(&memo)), &world.chain()), is_accepted);
        let ours = servers(&world.roots()).max_intermediates(most);
        assert_eq!(accepts_server(&with_memo(ours, Some(&memo)), &world.chain()), is_accepted);
    }
}
