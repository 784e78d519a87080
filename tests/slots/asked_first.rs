//! A slot answers before anything is published, takes back what it published once, and passes on that a load failed.

use std::sync::Arc;

use crate::common::clock::{Clock, NOW};
use crate::common::files::TempDir;
use crate::common::ours::{Heard, client_slot, credentials};
use crate::common::pki::{Ca, CaSpec, Eku, Leaf, LeafSpec};
use crate::common::tls::provider;
use mtls_roles::{
    ClientSlot, Counters, Credentials, Crls, EkuOutcome, EkuPolicy, Error, Roots, ServerSlot,
};
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
    let make = |spec: LeafSpec| credentials(&root.leaf(spec), &[]);
    let old = make(LeafSpec::new("old").eku(Eku::server()));
    let new = make(LeafSpec::new("new").valid(NOW, NOW + Duration::days(300)).eku(Eku::client()));
    let clock = Clock::default();
    let slot = || {
        ClientSlot::builder()
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
    let read_again = Credentials::from_signing_key_without_comparing;
    let same = read_again(vec![old.leaf().der().clone()], Arc::new(crate::roles::MuteKey));
    slot.swap(same.unwrap()).expect_err("it is equal, and not what was published");
    ears.lines();
    slot.swap(old.clone()).unwrap();
    assert_eq!(ears.lines(), first, "told as it was judged then");
    slot.clear().unwrap();
    slot.swap(old).expect("clones are the same, and so after a clear");
}

#[test]
fn a_load_that_failed_is_told_to_the_observers_of_the_slot_it_was_for() {
    let (ears, counters) = (Arc::new(Heard::default()), Arc::new(Counters::default()));
    let error = Credentials::from_pem(b"", b"", &provider()).unwrap_err();
    let slot = client_slot().observer(ears.clone()).observer(counters.clone()).build().unwrap();
    slot.load_failed(&error);
    assert_eq!(ears.lines(), [format!("not loaded as client: {error}")]);
    let slot = ServerSlot::builder().observer(ears.clone()).observer(counters.clone());
    slot.build().unwrap().load_failed(&error);
    assert_eq!(ears.lines(), [format!("not loaded as server: {error}")]);
    assert_eq!((counters.load_failed(), counters.publish_refused()), (2, 0));
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

#[test]
fn bytes_that_were_read_from_a_file_are_refused_in_its_name() {
    let folder = TempDir::new();
    let leaf = Leaf::self_signed(LeafSpec::new("leaf"));
    let (chain, key) = (leaf.cert_pem(), leaf.key_pem());
    let said = |error: Error| error.to_string();
    let named = |chain: &str, key: &str| {
        let chain = (folder.join("a.pem"), chain.as_bytes());
        Credentials::from_named_pem(chain, (folder.join("a.key"), key.as_bytes()), &provider())
    };
    named(&chain, &key).unwrap();
    let [of_chain, of_key] = ["a.pem", "a.key"].map(|name| folder.join(name).display().to_string());
    assert!(said(named("", &key).unwrap_err()).contains(&of_chain));
    assert!(said(named(&chain, "").unwrap_err()).contains(&of_key));
    let rubbish = "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n";
    let chain = chain + rubbish;
    let of_chain = |pem: &str| Credentials::chain_from_pem("a.pem", pem.as_bytes());
    assert_eq!(of_chain(&leaf.cert_pem()).unwrap(), leaf.chain(&[]));
    assert!(said(of_chain(&chain).unwrap_err()).contains("certificate 2 of a.pem"));
    assert!(said(Roots::from_named_pem("r.pem", b"").unwrap_err()).contains("r.pem"));
    assert!(said(Crls::from_named_pem("c.pem", b"").unwrap_err()).contains("c.pem"));
}
