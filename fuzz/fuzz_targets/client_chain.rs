//! Any chain, by any client, over any root, under every policy: no panic, no hang, and the verdict
//! in a handshake is the verdict outside of it.

#![no_main]

use std::sync::Arc;

use libfuzzer_sys::fuzz_target;
use mtls_roles::{ClientPeerVerifier, Counters, EkuPolicy, PeerRule, Roots};
use mtls_roles_fuzz::{certificates, now, parts, provider};
use rustls::server::danger::ClientCertVerifier;

const RULES: [&str; 4] = [
    "dns:*.example.com",
    "uri:spiffe://example.org/service",
    "spiffe-trust-domain:example.org",
    "ip:192.0.2.1",
];

fn verifiers(roots: &Roots) -> Vec<ClientPeerVerifier> {
    let policies = [
        EkuPolicy::rfc5280(),
        EkuPolicy::strict(),
        EkuPolicy::accept_server_auth(),
        EkuPolicy::ignore(),
    ];
    policies
        .into_iter()
        .flat_map(|policy| {
            let builder = || {
                ClientPeerVerifier::builder(roots.clone(), provider())
                    .eku_policy(policy)
                    .observer(Arc::new(Counters::default()))
            };
            let named = RULES.iter().fold(builder(), |builder, rule| {
                let rule: PeerRule = rule.parse().unwrap();
                builder.relax_for(rule.clone()).allow(rule)
            });
            [named.build(), builder().relax_for_any_peer_of_these_private_roots().build()]
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
    for verifier in verifiers(&roots) {
        let outside = verifier.verify(Some(&certificates[1..]), now());
        let inside = verifier.verify_client_cert(leaf, intermediates, now());
        assert_eq!(inside.is_ok(), outside.is_ok(), "{outside:?}");
        if let (Err(inside), Err(outside)) = (inside, outside) {
            assert_eq!(format!("{inside:?}"), format!("{:?}", outside.error()));
        }
    }
});
