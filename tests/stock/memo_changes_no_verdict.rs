//! With a memo and without: the same verdict, error, class, path and report, on every chain that the other tests know.
//! One memo serves all of them, both roles and every policy, and each chain comes cold and warm. The conformance suite
//! is in `limbo.rs`.

use crate::common::clock::{NOW, unix};
use crate::common::errors::assert_no_row_is_wrong;
use crate::common::ours::{Memo, ROLES, Setup, Verifier};
use crate::common::tls::{provider, providers};
use crate::generated::{Ours, check, issue, kind, worlds_with_ekus};
use mtls_roles::{EkuPolicy, Refusal, Role, Roots, SignatureMemo};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, UnixTime};

/// Verifiers that are told the same, but for the memo.
struct Pair {
    forgetful: Verifier,
    remembering: Verifier,
}

impl Pair {
    fn new(
        setup: &Setup,
        memo: &SignatureMemo,
        role: Role,
        roots: &Roots,
        provider: &CryptoProvider,
    ) -> Self {
        let with = |memo| {
            let setup = Setup { memo, ..setup.clone() };
            setup.build(role, roots, provider).unwrap()
        };
        Self { forgetful: with(Memo::Nowhere), remembering: with(Memo::Shared(memo.clone())) }
    }

    /// What differs, in a handshake or outside one, when the chain is new or known.
    fn difference(
        &self,
        chain: &[CertificateDer<'_>],
        name: &str,
        now: UnixTime,
    ) -> Option<String> {
        let say = |verifier: &Verifier| {
            let decided = verifier.decide(chain, name, now);
            format!("{decided:?}, {:?}", verifier.verify(chain, name, now))
        };
        let expected = say(&self.forgetful);
        let mut passes = ["cold", "warm"].into_iter();
        passes.find_map(|pass| {
            let found = say(&self.remembering);
            (found != expected).then(|| format!("{pass}: {found}, without memo {expected}"))
        })
    }
}

#[test]
fn every_defect_and_oddity_gets_the_same() {
    let (mut wrong, mut rows) = (vec![], 0);
    let cases = crate::defects::all();
    for (provider_name, provider) in providers() {
        let memo = SignatureMemo::new(&provider);
        for case in &cases {
            let roots = Roots::from_der(case.roots.clone()).unwrap();
            let setups = [false, true].map(|is_stock| Setup {
                crls: case.crls.clone(),
                choices: case.choices,
                is_stock,
                ..Setup::default()
            });
            for (role, setup) in
                ROLES.into_iter().flat_map(|role| setups.iter().map(move |setup| (role, setup)))
            {
                let pair = Pair::new(setup, &memo, role, &roots, &provider);
                rows += 1;
                if let Some(found) = pair.difference(&case.chain, crate::defects::NAME, unix(NOW)) {
                    wrong.push(format!("{role}/{}/{provider_name}: {found}", case.id));
                }
            }
        }
        assert!(memo.counters().hits > 500, "{memo:?}");
    }
    assert_no_row_is_wrong(rows, &wrong);
}

#[test]
fn real_public_chains_get_the_same_and_are_remembered() {
    let Some(sites) = crate::real::public_chains() else {
        return;
    };
    let (mut wrong, mut rows) = (vec![], 0);
    let provider = provider();
    let memo = SignatureMemo::new(&provider);
    let setup = Setup { allow_anybody: true, ..Setup::default() };
    for site in &sites {
        let roots = Roots::from_der(site.roots.to_vec()).unwrap();
        for role in ROLES {
            let pair = Pair::new(&setup, &memo, role, &roots, &provider);
            for now in site.instants() {
                rows += 1;
                if let Some(found) = pair.difference(&site.chain, &site.name, unix(now)) {
                    wrong.push(format!("{role}/{}/{now}: {found}", site.name));
                }
            }
        }
    }
    assert_no_row_is_wrong(rows, &wrong);
    assert!(memo.counters().hits > 0);
}

/// Every policy in turn over each drawn world, and the next world finds what the one before has left. Certificates
/// at one place have the same name, key and serial number in all of them, whatever else they say.
#[test]
fn drawn_chains_get_the_same_under_every_policy() {
    for (name, provider) in providers() {
        let memo = SignatureMemo::new(&provider);
        let property = format!("memo, {name}");
        let met = check(&property, 1000, worlds_with_ekus(), |(world, ekus)| {
            let issued = &issue(world, ekus);
            let mut verdicts = String::new();
            for policy in policies(world.role) {
                let say = |memo| {
                    let mut ours = Ours::new(world, issued, &provider).under(policy);
                    ours.setup.memo = memo;
                    ours.verdict()
                };
                let expected = say(Memo::Nowhere);
                for pass in ["cold", "warm"] {
                    let found = say(Memo::Shared(memo.clone()));
                    if format!("{found:?}") != format!("{expected:?}") {
                        return Err(format!("{pass}: {found:?}\nwithout memo {expected:?}"));
                    }
                }
                verdicts = kind(&expected.as_ref().map_err(Refusal::error));
            }
            Ok(verdicts)
        });
        met.expect_all(["Ok", "ExpiredContext", "BadSignature", "Revoked"]);
        let found = memo.counters();
        println!("{found:?}");
        assert!(found.hits > found.misses, "{found:?}");
    }
}

fn policies(role: Role) -> Vec<EkuPolicy> {
    let mut all = vec![EkuPolicy::rfc5280(), EkuPolicy::strict(), EkuPolicy::ignore()];
    if role == Role::Client {
        all.push(EkuPolicy::accept_server_auth());
    }
    all
}
