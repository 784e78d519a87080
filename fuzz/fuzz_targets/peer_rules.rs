//! Any text as a peer rule, against any leaf: what parses prints as itself, and no name that the
//! leaf does not have in so many words matches an exact rule.

#![no_main]

use libfuzzer_sys::fuzz_target;
use mtls_roles::{ClientPeerVerifier, PeerRule, Roots, SubjectAltName};
use mtls_roles_fuzz::{certificates, now, parts, provider};

fuzz_target!(|input: &[u8]| {
    let parts = parts(input);
    let Some((text, chain)) = parts.split_first() else {
        return;
    };
    let Ok(rule) = String::from_utf8_lossy(text).parse::<PeerRule>() else {
        return;
    };
    let printed = rule.to_string();
    assert_eq!(printed.parse::<PeerRule>().ok(), Some(rule.clone()), "{printed}");

    let chain = certificates(chain);
    let [root, presented @ ..] = chain.as_slice() else {
        return;
    };
    let Ok(roots) = Roots::from_der([root.clone().into_owned()]) else {
        return;
    };
    let builder = ClientPeerVerifier::builder(roots, provider()).allow(rule);
    // Over public roots, a rule by URI does not build.
    let Ok(verifier) = builder.build() else {
        return;
    };
    let Ok(peer) = verifier.verify(Some(presented), now()) else {
        return;
    };
    let printed = printed.split(" under ").next().unwrap_or_default();
    let is_exact = ["uri:", "email:"].iter().any(|kind| printed.starts_with(kind))
        || (printed.starts_with("dns:") && !printed.contains('*'));
    if is_exact {
        let has = |name: &SubjectAltName| name.to_string().eq_ignore_ascii_case(printed);
        assert!(peer.alt_names().iter().any(has), "{printed} matched {:?}", peer.alt_names());
    }
});
