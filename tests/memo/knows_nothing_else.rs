//! A chain that is known is judged like any other: nothing about time, names, roots, policy, rules or revocation is
//! remembered. One memo serves all verifiers here, and each knows every chain before it is asked.

use crate::common::clock::{NOW, unix};
use crate::common::errors::assert_no_row_is_wrong;
use crate::common::ours::{Choices, Memo, ROLES, Setup, Whom};
use crate::common::pki::{Ca, CaSpec, CrlSpec, Eku, KeyKind, KeyUsagePurpose, LeafSpec};
use crate::common::tls::provider;
use crate::world::{NAME, World, name};
use mtls_roles::{
    ClientPeerVerifier, EkuPolicy, PeerRule, Role, Roots, ServerPeerVerifier, SignatureMemo,
};
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
        Row { id, setup, roots: vec![self.world.root.der()], name: NAME, now: NOW, says: ["", ""] }
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
        let mut wrong = vec![];
        let count = rows.len();
        for row in rows {
            for (role, says) in ROLES.into_iter().zip(row.says) {
                let (warm, cold) = (self.say(&row, role, true), self.say(&row, role, false));
                if warm != cold || !warm.contains(says) || warm.is_empty() != says.is_empty() {
                    wrong.push(format!("{role}/{}: {warm}, without memo {cold}", row.id));
                }
            }
        }
        assert_no_row_is_wrong(count, &wrong);
        // All of it was judged with signatures that were known.
        assert_eq!(self.memo.counters().entries, 2);
    }
}

#[test]
fn a_known_chain_is_judged_at_its_time_by_its_name_roots_and_rules() {
    let known = Known::new(Eku::both());
    let setup = Setup::default;
    let plain = |id| known.row(id, setup());
    let rule = |name| Some(PeerRule::dns_name(name).unwrap());
    let both = |says| [says, says];
    known.check(vec![
        plain("nothing"),
        Row {
            now: NOW + Duration::days(100),
            says: both("ExpiredContext"),
            ..plain("after the leaf's end")
        },
        Row {
            now: NOW - Duration::days(100),
            says: both("NotValidYetContext"),
            ..plain("before the leaf's begin")
        },
        Row {
            roots: vec![Ca::root_named("other root").der()],
            says: both("UnknownIssuer"),
            ..plain("under another root")
        },
        Row {
            roots: vec![Ca::root_named("root").der()],
            says: both("BadSignature"),
            ..plain("under another root of the same name")
        },
        Row { roots: vec![known.world.sub.der()], ..plain("under the intermediate as root") },
        Row {
            roots: vec![
                Ca::root(CaSpec::new("root").key(&known.world.root.key).exclude_dns(NAME)).der(),
            ],
            says: both("NameConstraintViolation"),
            ..plain("under the root with name constraints")
        },
        Row {
            roots: vec![Ca::root(CaSpec::new("root").key(&known.world.root.key).not_a_ca()).der()],
            says: both("RootIsNoCa"),
            ..plain("under the root without cA:TRUE")
        },
        Row {
            name: "other.example",
            says: ["NotValidForNameContext", ""],
            ..plain("for another name")
        },
        Row {
            setup: Setup { allow: rule("other.example"), ..setup() },
            says: ["", "ApplicationVerificationFailure"],
            ..plain("for another rule")
        },
        Row { setup: Setup { allow: rule(NAME), ..setup() }, ..plain("for its rule") },
    ]);
}

#[test]
fn a_known_chain_is_judged_by_the_policy_of_each_verifier() {
    let known = Known::new(Eku::server());
    let under = |policy, relax_for| Setup { policy, relax_for, ..Setup::default() };
    let named = |name| Whom::Named(PeerRule::dns_name(name).unwrap());
    let refused_client = ["", "InvalidPurposeContext"];
    let row = |id, setup, says| Row { says, ..known.row(id, setup) };
    let ended = EkuPolicy::ignore().until(NOW);
    known.check(vec![
        row("rfc5280", Setup::default(), refused_client),
        row("strict", under(EkuPolicy::strict(), Whom::Nobody), refused_client),
        row("ignore", under(EkuPolicy::ignore(), named(NAME)), ["", ""]),
        row(
            "ignore for somebody else",
            under(EkuPolicy::ignore(), named("other.example")),
            refused_client,
        ),
        row("ignore, ended", under(ended, named(NAME)), refused_client),
    ]);
}

#[test]
fn a_known_chain_is_looked_up_in_the_lists_of_each_verifier() {
    let known = Known::new(Eku::both());
    let (good, of_root) =
        (known.world.sub.crl(CrlSpec::new(1)), known.world.root.crl(CrlSpec::new(1)));
    let revoking = known.world.sub.crl(CrlSpec::new(2).revoke(&known.world.leaf.serial));
    let revoking_sub = known.world.root.crl(CrlSpec::new(2).revoke(&known.world.sub.serial));
    let expired = known.world.sub.crl(CrlSpec::new(1).expired());
    let forged = Ca::root_named("sub").crl(CrlSpec::new(1));
    let row = |id, crls, says| {
        let choices = Choices { enforce_expiration: true, ..Choices::default() };
        Row { says: [says, says], ..known.row(id, Setup { crls, choices, ..Setup::default() }) }
    };
    known.check(vec![
        row("good", vec![good.clone(), of_root.clone()], ""),
        row("revoked", vec![revoking.clone(), of_root.clone()], "(Revoked)"),
        row(
            "revoked in the second list",
            vec![good.clone(), revoking, of_root.clone()],
            "(Revoked)",
        ),
        row("issuer revoked", vec![good.clone(), revoking_sub], "(Revoked)"),
        row("unknown", vec![of_root.clone()], "UnknownRevocationStatus"),
        row("expired", vec![expired, of_root.clone()], "ExpiredRevocationListContext"),
        row("forged", vec![forged, of_root], "BadSignature"),
        row("good again", vec![good, known.world.root.crl(CrlSpec::new(1))], ""),
    ]);
}

/// webpki takes no certificate for both, a leaf and an issuer: so the two are one key and one name, and differ in
/// basicConstraints only. That claims about leaves and issuers are different facts is shown in `src/memo/cache.rs`.
#[test]
fn a_known_signature_lets_nobody_pass_the_path_checks() {
    let root = Ca::root_named("root");
    let usages = [KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::DigitalSignature];
    let sub = root.sub(CaSpec::new("sub").key_usages(&usages));
    let leaf = sub.leaf(LeafSpec::new("leaf").eku(Eku::client()));
    let as_leaf =
        root.leaf(LeafSpec::new("sub").key(&sub.key).key_usages(&usages).eku(Eku::client()));
    let memo = SignatureMemo::new(&provider());
    let verifier = |is_stock: bool| {
        let roots = Roots::from_der([root.der()]).unwrap();
        let builder = ClientPeerVerifier::builder(roots, &provider()).memo(memo.clone());
        match is_stock {
            true => builder.stock_path_checks().build().unwrap(),
            false => builder.build().unwrap(),
        }
    };
    let verify = |is_stock, chain: &[CertificateDer<'_>]| {
        verifier(is_stock).verify(Some(chain), unix(NOW)).map(drop)
    };
    for _ in 0..2 {
        assert!(verify(false, &leaf.chain(&[&sub])).is_ok());
        // Its signature is known to the verifier with stock's checks, which lets it pass.
        assert!(verify(true, &as_leaf.chain(&[])).is_ok());
        let refused = format!("{:?}", verify(false, &as_leaf.chain(&[])).unwrap_err());
        assert!(refused.contains("LeafWithKeyCertSign"), "{refused}");
    }
}

/// The depth of a path is no property of a certificate.
#[test]
fn a_known_chain_is_too_deep_for_a_verifier_that_wants_short_ones() {
    let known = Known::new(Eku::both());
    let roots = || known.world.roots();
    for (most, is_accepted) in [(1, true), (0, false), (1, true)] {
        let clients = ClientPeerVerifier::builder(roots(), &provider()).memo(known.memo.clone());
        let clients = clients.max_intermediates(most).build().unwrap();
        let verified = clients.verify(Some(&known.world.chain()), unix(NOW));
        assert_eq!(verified.is_ok(), is_accepted);
        let servers = ServerPeerVerifier::builder(roots(), &provider()).memo(known.memo.clone());
        let servers = servers.max_intermediates(most).build().unwrap();
        let verified = servers.verify(Some(&known.world.chain()), &name(), unix(NOW));
        assert_eq!(verified.is_ok(), is_accepted);
    }
}
