//! A slot answers before anything is published, and takes back what it published once.

use std::sync::Arc;

use crate::common::clock::{Clock, NOW};
use crate::common::ours::{Heard, client_slot, credentials};
use crate::common::pki::{Ca, CaSpec, Eku, Leaf, LeafSpec};
use mtls_roles::{EkuOutcome, EkuPolicy};
use time::Duration;

#[test]
fn a_slot_that_is_asked_says_what_a_swap_would_and_publishes_and_tells_nothing() {
    let root = Ca::root_named("root");
    let make = |name: &str, eku| credentials(&root.leaf(LeafSpec::new(name).eku(eku)), &[]);
    let (first, lost) = (make("first", Eku::client()), make("lost", Eku::server()));
    for policy in [EkuPolicy::rfc5280(), EkuPolicy::ignore()] {
        let ears = Arc::new(Heard::default());
        let slot = client_slot().eku_policy(policy).observer(ears.clone());
        let slot = slot.build_with(first.clone()).unwrap();
        ears.lines();
        let asked = slot.judge(&lost);
        assert_eq!(ears.lines(), [""; 0]);
        assert_eq!(slot.credentials(), Some(first.clone()));
        let swapped = slot.swap(lost.clone());
        match asked {
            Ok(fitness) => {
                assert!(matches!(fitness.eku, EkuOutcome::Relaxed(_)), "{fitness:?}");
                swapped.unwrap();
            }
            Err(error) => assert_eq!(error.to_string(), swapped.unwrap_err().to_string()),
        }
        assert_eq!(ears.lines().len(), 1);
    }
}

#[test]
fn what_a_slot_published_once_goes_in_again_although_it_would_be_refused_today() {
    let root = Ca::root_named("root");
    let old_leaf = root.leaf(LeafSpec::new("old").eku(Eku::server()));
    let old = credentials(&old_leaf, &[]);
    let new = LeafSpec::new("new").valid(NOW, NOW + Duration::days(300)).eku(Eku::client());
    let new = credentials(&root.leaf(new), &[]);
    let clock = Clock::default();
    let slot = || {
        client_slot()
            .time_provider(Arc::new(clock.clone()))
            .eku_policy(EkuPolicy::ignore().until(NOW + Duration::days(1)))
    };
    let (ears, other) = (Arc::new(Heard::default()), slot().build().unwrap());
    let slot = slot().observer(ears.clone()).build_with(old).unwrap();
    let first = ears.lines();
    let old = slot.swap(new).unwrap().unwrap();
    ears.lines();
    // By now the policy has ended, and the leaf has expired.
    clock.advance(Duration::days(100));
    slot.judge(&old).unwrap_err();
    other.swap(old.clone()).unwrap_err();
    let read_again = credentials(&old_leaf, &[]);
    assert_eq!(read_again, old);
    slot.swap(read_again).expect_err("it is equal, and not what was published");
    ears.lines();
    slot.swap(old.clone()).unwrap();
    assert_eq!(ears.lines(), first, "told as it was judged then");
    slot.clear().unwrap();
    slot.swap(old).expect("clones are the same, and so after a clear");
}

#[test]
fn credentials_are_equal_if_every_certificate_is() {
    let root = Ca::root_named("root");
    let sub = root.sub(CaSpec::new("sub"));
    let leaf = sub.leaf(LeafSpec::new("leaf"));
    let renewed = sub.leaf(LeafSpec::new("leaf").key(&leaf.key));
    let make = |leaf: &Leaf, issuers: &[&Ca]| credentials(leaf, issuers);
    assert_eq!(make(&leaf, &[&sub]), make(&leaf, &[&sub]));
    for other in [make(&leaf, &[]), make(&renewed, &[&sub]), make(&leaf, &[&sub, &root])] {
        assert_ne!(make(&leaf, &[&sub]), other);
    }
}
