//! What is in a PKCS#12 file (`.p12`, `.pfx`).

use p12_keystore::Pkcs12Archive;
use p12_keystore::error::Error;

/// Tries the passwords in their order; most files say themselves, by a MAC, whether one is right.
pub fn open(pfx: &[u8], passwords: &[String]) -> Result<Pkcs12Archive, String> {
    let mut failure = NO_PASSWORD.to_owned();
    for password in passwords {
        match Pkcs12Archive::from_pkcs12(pfx, password) {
            Ok(archive) => return Ok(archive),
            Err(Error::MacError(_)) => failure = NO_PASSWORD.to_owned(),
            // Without a MAC, a wrong password looks like this, too.
            Err(error) => failure = format!("this PKCS#12 cannot be read: {error}"),
        }
    }
    Err(failure)
}

const NO_PASSWORD: &str = "none of the passwords opens this PKCS#12 (--password-file FILE, or the \
     environment variable AUDIT_PKCS12_PASSWORD)";
