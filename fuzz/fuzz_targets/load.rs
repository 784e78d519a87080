//! Any file as roots, chain, key and revocation lists, PEM and DER: no panic, no hang, and a
//! message for everything that is refused.

#![no_main]

use libfuzzer_sys::fuzz_target;
use mtls_roles::{Credentials, Crls, Error, Roots};
use mtls_roles_fuzz::{parts, provider};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

fn told<T>(loaded: Result<T, Error>) -> Option<T> {
    loaded.inspect_err(|error| assert!(!error.to_string().contains(char::is_control))).ok()
}

fuzz_target!(|input: &[u8]| {
    if let Some(roots) = told(Roots::from_pem(input)) {
        // UTF-16 is read, too.
        let text = String::from_utf8_lossy(input).replace('\0', "");
        let marks = text.matches("-----BEGIN ").count();
        assert_eq!(roots.len(), marks, "a root is missing");
    }
    told(Crls::from_pem(input));
    told(Credentials::from_pem(input, input, provider()));
    let parts = parts(input);
    let ders = || parts.iter().map(|der| CertificateDer::from(der.to_vec()));
    told(Roots::from_der(ders()));
    told(Crls::from_der(parts.iter().map(|der| der.to_vec().into())));
    if let Some((key, chain)) = parts.split_first()
        && let Ok(key) = PrivateKeyDer::try_from(key.to_vec())
    {
        let chain = chain.iter().map(|der| CertificateDer::from(der.to_vec())).collect();
        told(Credentials::from_der(chain, key, provider()));
    }
});
