//! With a memo and without: the same verdict, error, class, path and report. One memo serves both roles and every policy,
//! and each chain comes cold and warm. (`as_stock` asks each of its verifiers twice, and stock rustls has no memo; the
//! conformance suite is in `limbo`.)

use crate::common::ours::Memo;
use crate::common::tls::providers;
use crate::generated::{Ours, check, issue, kind, worlds_with_ekus};
use mtls_roles::{EkuPolicy, Refusal, Role, SignatureMemo};

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
