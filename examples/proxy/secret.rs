//! [`credentials`]: a pair of PEM files, one whose key is encrypted, or a PKCS#12 archive.

use std::path::{Path, PathBuf};

use mtls_roles::{Credentials, Error, Files};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use x509_parser::pem::Pem;
use zeroize::Zeroizing;

use crate::config::{Pair, Spanned};
use crate::contents::pkcs12::{Encryption, Passwords, Work, is_one_sequence, open};
use crate::contents::tlv::Tlv;

/// Read through `files`, and so followed; `at` hears which of them is opened.
///
/// # Errors
///
/// A file cannot be read, the password opens nothing, or the key is not the certificate's.
pub fn credentials(
    files: &mut Files,
    pair: &Pair,
    provider: &CryptoProvider,
    at: impl Fn(&Spanned<PathBuf>),
) -> Result<Credentials, Error> {
    let chain = pair.chain.get_ref();
    let bytes = Zeroizing::new(files.bytes(chain)?);
    pair.key.iter().chain(&pair.password_file).for_each(at);
    match (&pair.key, &pair.password_file) {
        (None, password) => {
            let password = password.as_ref().map(|file| read_password(files, file.get_ref()));
            archive(chain, &bytes, &password.transpose()?.unwrap_or_default(), provider)
        }
        (Some(key), None) => {
            let (key, pem) = (key.get_ref(), Zeroizing::new(files.bytes(key.get_ref())?));
            Credentials::from_named_pem((chain, &bytes), (key, &pem), provider)
        }
        (Some(key), Some(password)) => {
            let (key, pem) = (key.get_ref(), Zeroizing::new(files.bytes(key.get_ref())?));
            let password = read_password(files, password.get_ref())?;
            let chain = Credentials::chain_from_pem(chain, &bytes)?;
            Credentials::from_der(chain, decrypted(key, &pem, &password)?, provider)
        }
    }
}

/// The first line of a file, without the mark that editors put before it.
fn read_password(files: &mut Files, file: &Path) -> Result<Zeroizing<String>, Error> {
    let text = Zeroizing::new(files.text(file)?);
    let line = text.lines().next().unwrap_or_default();
    Ok(Zeroizing::new(line.strip_prefix('\u{feff}').unwrap_or(line).to_owned()))
}

fn archive(
    file: &Path,
    bytes: &[u8],
    password: &str,
    provider: &CryptoProvider,
) -> Result<Credentials, Error> {
    let refuse = |why: &str| Error::recipe(format!("{}: {why}", file.display()));
    let pfx = Tlv::first(bytes).filter(|_| bytes.starts_with(&[SEQUENCE]));
    let (pfx, _) =
        pfx.ok_or_else(|| refuse("this is no PKCS#12; a chain in PEM needs its key beside it"))?;
    let archive = open(&pfx, &Passwords::new(&[password.to_owned()]), &mut Work(MOST_WORK));
    let [key] = &archive.keys[..] else {
        return Err(refuse(match (archive.closed.is_some(), archive.keys.len()) {
            (true, _) => "the password does not open it",
            (false, 0) => "it has no private key",
            (false, _) => "it has several private keys; needed is one",
        }));
    };
    // Archives have their certificates in any order: the leaf is the one whose key this is.
    let mut chain: Vec<_> =
        archive.certificates.iter().map(|der| CertificateDer::from(der.to_vec())).collect();
    let mut last = refuse("it has no certificate, or the password does not open it");
    for _ in 0..chain.len() {
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.to_vec()));
        match Credentials::from_der(chain.clone(), key, provider) {
            Ok(credentials) => return Ok(credentials),
            Err(error) => last = error,
        }
        chain.rotate_left(1);
    }
    Err(last)
}

/// The one encrypted key of a PEM file.
fn decrypted(file: &Path, pem: &[u8], password: &str) -> Result<PrivateKeyDer<'static>, Error> {
    let refuse = |why: &str| Error::recipe(format!("{}: {why}", file.display()));
    let mut blocks = Pem::iter_from_buffer(pem).filter_map(Result::ok);
    let block = blocks.find(|block| block.label == "ENCRYPTED PRIVATE KEY");
    let block = block.ok_or_else(|| refuse(NOT_ENCRYPTED))?;
    let der = Zeroizing::new(block.contents);
    let malformed = || refuse("the encrypted key is malformed");
    let fields = Tlv::first(&der).and_then(|(info, _)| info.children()).ok_or_else(malformed)?;
    let [algorithm, encrypted] = fields[..] else { return Err(malformed()) };
    let encryption = Encryption::read(&algorithm).map_err(|why| refuse(&why))?;
    let passwords = Passwords::new(&[password.to_owned()]);
    let mut work = Work(MOST_WORK);
    for password in passwords.readings(0, encryption.is_of_pkcs12()) {
        let plain = encryption.decrypt(password, encrypted.value, &mut work);
        let plain = plain.map_err(|why| refuse(&why))?;
        if let Some(plain) = plain.filter(|plain| is_one_sequence(plain)) {
            return Ok(PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(plain.to_vec())));
        }
    }
    Err(refuse("the password does not open it"))
}

const SEQUENCE: u8 = 0x30;

const NOT_ENCRYPTED: &str = "found no `BEGIN ENCRYPTED PRIVATE KEY`; remove password_file, or \
                             encrypt the key with openssl pkcs8 -topk8";

/// Some seconds: 600,000 iterations, the most that is recommended, are 1,200,000 for each part.
const MOST_WORK: u64 = 20_000_000;
