//! The second search is bounded: by what was presented, and by what the first one cost.

use mtls_roles::{EkuOutcome, RefusalClass};

use super::common::clock::{NOW, unix};
use super::common::pki::{Ca, CaSpec, Eku, Leaf, LeafSpec};
use super::{every_policy, refusal, reports_its_path, stock_verdict};

#[test]
fn sixteen_presented_certificates_are_searched_again_and_seventeen_are_not() {
    let root = Ca::root_named("root");
    let leaf = |eku| root.leaf(LeafSpec::new("edge").dns("edge.example").eku(eku));
    let present = |leaf: &Leaf, count| {
        let mut chain = leaf.chain(&[]);
        chain.resize_with(count, || Ca::root_named("unrelated").der());
        chain
    };
    let (right, wrong) = (leaf(Eku::client()), leaf(Eku::server()));
    let stock = stock_verdict(&root, &wrong.chain(&[])).unwrap_err();
    for builder in every_policy(&root) {
        let verifier = builder.policy_builder().build().unwrap();
        for count in [1, 15, 16, 17, 18] {
            let id = format!("{builder:?}, {count} certificates");
            let right = verifier.verify(Some(&present(&right, count)), unix(NOW));
            assert_eq!(*right.expect(&id).eku(), EkuOutcome::Enforced, "{id}");
            let found = verifier.verify(Some(&present(&wrong, count)), unix(NOW));
            let class = match (count > 16, builder.policy.is_relaxed()) {
                (false, true) => {
                    assert!(reports_its_path(&found.expect(&id), 0), "{id}");
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
fn after_a_budget_error_the_class_is_undetermined_and_the_error_is_stocks() {
    let root = Ca::root_named("root");
    // All in the name of the root, so that webpki tries each behind each, until it gives up.
    let forgers: Vec<_> = (0..8)
        .map(|_| Ca::root(CaSpec::new("root").eku(Eku::server())))
        .collect();
    let others: Vec<_> = (0..7).map(|_| Ca::root_named("root")).collect();
    let leaf = others[0].leaf(LeafSpec::new("edge").dns("edge.example"));
    let issuers: Vec<_> = forgers.iter().chain(&others).collect();
    let chain = leaf.chain(&issuers);
    assert_eq!(chain.len(), 16);
    let stock = stock_verdict(&root, &chain).unwrap_err();
    assert!(
        format!("{stock:?}").contains("MaximumSignatureChecksExceeded"),
        "{stock:?}"
    );
    for builder in every_policy(&root) {
        let refusal = refusal(&builder, &chain);
        assert_eq!(
            format!("{:?}", refusal.error()),
            format!("{stock:?}"),
            "{builder:?}"
        );
        assert_eq!(refusal.class(), RefusalClass::Undetermined, "{builder:?}");
        assert_eq!(refusal.violation(), None, "{builder:?}");
    }
}
