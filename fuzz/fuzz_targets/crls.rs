//! Any revocation lists, for a chain that is fine without them: no panic, no hang, never a wider
//! verdict; and a set always succeeds itself.

#![no_main]

use libfuzzer_sys::fuzz_target;
use mtls_roles::{ClientPeerVerifier, Crls, Roots};
use mtls_roles_fuzz::{certificates, now, parts, provider};
use rustls::pki_types::CertificateRevocationListDer;

fuzz_target!(|input: &[u8]| {
    let parts = parts(input);
    let Some((chain, lists)) = parts.split_at_checked(3) else {
        return;
    };
    let chain = certificates(chain);
    let Ok(roots) = Roots::from_der([chain[0].clone().into_owned()]) else {
        return;
    };
    let lists = lists.iter().map(|list| CertificateRevocationListDer::from(list.to_vec()));
    let Ok(crls) = Crls::from_der(lists) else {
        return;
    };
    let verify = |builder: mtls_roles::ClientPeerVerifierBuilder| {
        let verifier = builder.build().unwrap();
        verifier.verify(Some(&chain[1..]), now()).is_ok()
    };
    let builder = || ClientPeerVerifier::builder(roots.clone(), provider());
    for (with, without) in [
        (builder().crls(crls.clone()), builder()),
        (builder().crls(crls.clone()).enforce_revocation_expiration(), builder()),
        (builder().crls(crls.clone()).allow_unknown_revocation_status(), builder()),
        (builder().crls(crls.clone()).only_check_end_entity_revocation(), builder()),
        (builder().crls(crls.clone()).stock_path_checks(), builder().stock_path_checks()),
    ] {
        assert!(!verify(with) || verify(without));
    }
    let verifier = builder().crls(crls.clone()).build().unwrap();
    assert!(verifier.replace_crls(crls).is_ok());
});
