//! The second search is bounded: by what was presented, and by what the first one cost.

use mtls_roles::{EkuOutcome, RefusalClass};

use super::{POLICIES, for_edge, refusal, reports_its_path, stock_verdict};
use crate::common::clock::{NOW, unix};
use crate::common::pki::{Ca, CaSpec, Eku, Leaf, LeafSpec};

/// One step for the leaf, and one for each issuer by name, whose EKU is in the way.
#[test]
fn after_a_first_search_of_32_steps_there_is_another_and_after_33_there_is_none() {
    let root = Ca::root_named("root");
    let sub = || CaSpec::new("sub").eku(Eku::server());
    let edge = || LeafSpec::new("edge").dns("edge.example").eku(Eku::both());
    let issuer = root.sub(sub());
    let namesakes: Vec<_> = (0..32).map(|_| Ca::root(sub())).collect();
    let right = root.leaf(edge());
    let wrong = issuer.leaf(edge());
    let present = |leaf: &Leaf, steps: usize| {
        let beside = namesakes.iter().take(steps - 2);
        leaf.chain(&std::iter::once(&issuer).chain(beside).collect::<Vec<_>>())
    };
    for policy in POLICIES {
        let verifier = for_edge(&root, policy).build().unwrap();
        for steps in [2, 31, 32, 33, 34] {
            let id = format!("{policy}, {steps} steps");
            let chain = present(&right, steps);
            let right = verifier.verify(Some(&chain), unix(NOW));
            assert_eq!(*right.expect(&id).eku(), EkuOutcome::Enforced, "{id}");
            let chain = present(&wrong, steps);
            let stock = stock_verdict(&root, &chain).unwrap_err();
            let found = verifier.verify(Some(&chain), unix(NOW));
            let class = match (steps > 32, policy.is_relaxed()) {
                (false, true) => {
                    assert!(reports_its_path(&found.expect(&id), 1), "{id}");
                    continue;
                }
                (false, false) => RefusalClass::Eku,
                (true, _) => RefusalClass::Undetermined,
            };
            let refusal = found.expect_err(&id);
            assert_eq!((refusal.error(), refusal.class()), (&stock, class), "{id}");
        }
    }
}

#[test]
fn after_a_limit_the_class_is_undetermined_and_the_error_says_which() {
    let root = Ca::root_named("root");
    // All in the name of the root, so that webpki tries each behind each, until it gives up.
    let forgers: Vec<_> =
        (0..8).map(|_| Ca::root(CaSpec::new("root").eku(Eku::server()))).collect();
    let others: Vec<_> = (0..7).map(|_| Ca::root_named("root")).collect();
    let leaf = others[0].leaf(LeafSpec::new("edge").dns("edge.example"));
    let issuers: Vec<_> = forgers.iter().chain(&others).collect();
    let chain = leaf.chain(&issuers);
    assert_eq!(chain.len(), 16);
    let stock = stock_verdict(&root, &chain).unwrap_err();
    assert!(format!("{stock:?}").contains("MaximumSignatureChecksExceeded"), "{stock:?}");
    for policy in POLICIES {
        let refusal = refusal(&root, policy, &chain);
        let told = format!("{:?}", refusal.error());
        assert!(told.contains("MaximumPathBuildCallsExceeded"), "{policy}: {told}");
        assert_eq!(refusal.class(), RefusalClass::Undetermined, "{policy}");
        assert_eq!(refusal.violation(), None, "{policy}");
    }
}
