//! rustls asks a verifier before the peer has proved that it holds the key of its certificate: what an
//! observer hears may be about a chain that anybody copied.

use std::sync::Arc;

use crate::common::clock::Clock;
use crate::common::ours::{Heard, Setup, Whom, meet_holding, roots, rule};
use crate::common::pki::{Ca, Eku, Leaf, LeafSpec};
use crate::common::tls::stacks;
use mtls_roles::{EkuPolicy, Role};
use rustls::sign::CertifiedKey;
use rustls::{AlertDescription, CertificateError, Error};

#[test]
fn a_stranger_who_sends_a_victims_chain_is_heard_as_the_victim_and_fails_the_handshake() {
    let relaxed = |role, found, needed| {
        format!(
            "relaxed {role} dns:victim.example: leaf `CN=victim` has extended key usage {found}, needed {needed}"
        )
    };
    let refused = (
        Some(Error::from(CertificateError::BadSignature)),
        Some(Error::AlertReceived(AlertDescription::DecryptError)),
    );
    // A key of the same kind.
    let stranger = Leaf::self_signed(LeafSpec::new("stranger"));
    for (role, eku, heard) in [
        (Role::Client, Eku::client(), "accepted client".into()),
        (Role::Client, Eku::server(), relaxed(Role::Client, "serverAuth", "clientAuth")),
        (Role::Server, Eku::server(), "accepted server".into()),
        (Role::Server, Eku::client(), relaxed(Role::Server, "clientAuth", "serverAuth")),
    ] {
        let root = Ca::root_named("root");
        let victim = root.leaf(LeafSpec::new("victim").dns("victim.example").eku(eku));
        for stack in stacks() {
            let told = Arc::new(Heard::default());
            let setup = Setup {
                policy: EkuPolicy::ignore(),
                relax_for: Whom::Named(rule("dns:victim.example")),
                observer: Some(told.clone()),
                ..Setup::default()
            };
            let verifier = setup.build(role, &roots([&root]), &stack.provider).unwrap();
            for (key, ends) in [(&stranger, refused.clone()), (&victim, (None, None))] {
                let key = stack.provider.key_provider.load_private_key(key.key_der()).unwrap();
                let presented = CertifiedKey::new(victim.chain(&[]), key);
                let clock = Clock::default();
                let [judge, peer] =
                    meet_holding(&stack, &clock, &verifier, presented, "victim.example");
                assert_eq!((judge.err(), peer.err()), ends, "{} {role}", stack.name);
                assert_eq!(told.lines(), [&*heard], "{} {role}", stack.name);
            }
        }
    }
}
