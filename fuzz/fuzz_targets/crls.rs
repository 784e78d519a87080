//! Any revocation lists, for a chain that is fine without them: no panic, no hang, never a wider
//! verdict; and a set always succeeds itself.

#![no_main]

use libfuzzer_sys::fuzz_target;
use mtls_roles::{ClientPeerVerifier, Crls, PeerVerifierBuilder};
use mtls_roles_fuzz::{Presented, now, provider};

fuzz_target!(|input: &[u8]| {
    let Some(Presented { roots, chain, sets, .. }) = Presented::read(input) else {
        return;
    };
    let Ok(crls) = Crls::from_der(sets.concat()) else {
        return;
    };
    let verify = |builder: PeerVerifierBuilder<ClientPeerVerifier>| {
        let verifier = builder.build().unwrap();
        verifier.verify(Some(&chain), now()).is_ok()
    };
    let builder = || ClientPeerVerifier::builder(roots.clone(), provider());
    let with = || builder().crls(crls.clone());
    // Each is no stricter than the one before.
    let ladder = [
        with(),
        with().allow_expired_crls(),
        with().allow_expired_crls().allow_unknown_revocation_status(),
        builder(),
    ]
    .map(verify);
    assert!(ladder.is_sorted(), "{ladder:?}");
    for (with, without) in [
        (with().only_check_end_entity_revocation(), builder()),
        (with().stock_path_checks(), builder().stock_path_checks()),
        (with().stock_revocation(), builder()),
    ] {
        assert!(!verify(with) || verify(without));
    }
    let verifier = with().build().unwrap();
    assert!(verifier.replace_crls(crls, now()).is_ok());
});
