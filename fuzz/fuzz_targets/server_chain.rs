//! Any chain, by any server, over any root: no panic, no hang, and the verdict in a handshake is the
//! verdict outside of it.

#![no_main]

use libfuzzer_sys::fuzz_target;
use mtls_roles::{EkuPolicy, PeerRule, Roots, ServerPeerVerifier};
use mtls_roles_fuzz::{certificates, now, parts, provider};
use rustls::client::danger::ServerCertVerifier;
use rustls::pki_types::ServerName;

fn verifiers(roots: &Roots) -> Vec<ServerPeerVerifier> {
    let policies = [EkuPolicy::rfc5280(), EkuPolicy::strict(), EkuPolicy::ignore()];
    policies
        .into_iter()
        .flat_map(|policy| {
            let builder = || {
                ServerPeerVerifier::builder(roots.clone(), provider())
                    .eku_policy(policy)
                    .relax_for_any_peer_of_these_private_roots()
            };
            let rule = PeerRule::dns_name("server.example.com").unwrap();
            [builder().build(), builder().expect_in_place_of_name(rule).build()]
        })
        .filter_map(Result::ok)
        .collect()
}

fuzz_target!(|input: &[u8]| {
    let certificates = certificates(&parts(input));
    let [root, leaf, intermediates @ ..] = certificates.as_slice() else {
        return;
    };
    let Ok(roots) = Roots::from_der([root.clone().into_owned()]) else {
        return;
    };
    for name in ["server.example.com", "192.0.2.1"] {
        let name = ServerName::try_from(name).unwrap();
        for verifier in verifiers(&roots) {
            let outside = verifier.verify(Some(&certificates[1..]), &name, now());
            let inside = verifier.verify_server_cert(leaf, intermediates, &name, &[], now());
            assert_eq!(inside.is_ok(), outside.is_ok(), "{outside:?}");
        }
    }
});
