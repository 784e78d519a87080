//! Files that are not there, not whole, or not what was wanted.

use std::path::Path;

use mtls_roles::{Credentials, Crls, Roots};
use rustls::crypto::{CryptoProvider, aws_lc_rs, ring};

use super::Row;
use crate::common::files::TempDir;
use crate::common::pki::der::{oid, sequence, tlv};
use crate::common::pki::{Ca, CrlSpec, Leaf, LeafSpec, pem};
use crate::common::tls::provider;
use crate::encodings::utf16;

const RUBBISH: &str = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";

fn edge() -> Leaf {
    Ca::root_named("root").leaf(LeafSpec::new("edge"))
}

#[rustfmt::skip] // One row, one line.
pub fn read_in_vain(files: &TempDir) -> Vec<Row> {
    let leaf = edge();
    let pem = leaf.cert_pem();
    let chain = files.write("chain.pem", &pem);
    let key = files.write("key.pem", leaf.key_pem());
    let read = |chain: &Path, key: &Path| {
        Credentials::from_pem_files(chain, key, &provider()).unwrap_err()
    };
    let with_chain = |name: &str, text: &str| read(&files.write(name, text), &key);
    let with_key = |name: &str, text: &str| read(&chain, &files.write(name, text));
    let roots = |name: &str, text: &str| Roots::from_pem_file(files.write(name, text)).unwrap_err();
    let (root, half) = (Ca::root_named("root").pem(), &pem[..pem.len() / 2]);
    let legacy = "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\
                  DEK-Info: AES-256-CBC,00\n\nAAAA\n-----END RSA PRIVATE KEY-----\n";
    let encrypted =
        "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n";
    let both = |name: &str, first: &str, second: &str| {
        let file = files.write(name, format!("{first}{second}"));
        read(&file, &file)
    };
    vec![
        ("missing chain file", read(&files.join("none.pem"), &key)),
        ("missing key file", read(&chain, &files.join("\u{1b}none.key"))),
        ("missing roots file", Roots::from_pem_file(files.join("none.pem")).unwrap_err()),
        ("missing list file", Crls::from_pem_file(files.join("none.crl")).unwrap_err()),
        ("a device without end", read(Path::new("/dev/zero"), &key)),
        ("a folder", read(files.path(), &key)),
        ("empty chain file", with_chain("empty.pem", "")),
        ("garbage for a chain", with_chain("garbage.pem", "\0garbage")),
        ("a key for a chain", with_chain("only.key", &leaf.key_pem())),
        ("empty key file", with_key("empty.key", "")),
        ("a chain for a key", with_key("chain.key", &pem)),
        ("a truncated chain", with_chain("half.pem", half)),
        ("a truncated second certificate", with_chain("second.pem", &format!("{pem}# comment\n{half}"))),
        ("a second certificate that is none", with_chain("none-2.pem", &format!("{pem}{RUBBISH}"))),
        ("a third root that is none", roots("none-3.pem", &(root.repeat(2) + RUBBISH))),
        ("an indented root", roots("indented.pem", &format!("\n {root}"))),
        ("a list that is none", Crls::from_pem_file(files.write("none-1.crl", RUBBISH.replace("CERTIFICATE", "X509 CRL"))).unwrap_err()),
        ("a truncated key", with_key("half.key", &leaf.key_pem()[..80])),
        ("damaged base64", with_chain("base64.pem", &pem.replacen("MII", "M!I", 1))),
        ("an encrypted key", with_key("pkcs8.key", encrypted)),
        ("an encrypted key of the older form", with_key("legacy.key", legacy)),
        ("an encrypted key before its chain", both("pkcs8.key", encrypted, &pem)),
        ("an encrypted key of the older form before its chain", both("pkcs8.key", legacy, &pem)),
        ("two keys", with_key("two.key", &leaf.key_pem().repeat(2))),
        ("a key that is none", with_key("zero.key", &encrypted.replace("ENCRYPTED ", ""))),
    ]
}

/// What was read already is refused in the name of its file.
#[rustfmt::skip] // One row, one line.
pub fn given_in_vain(files: &TempDir) -> Vec<Row> {
    let leaf = edge();
    let named = |chain: &str, key: &str| {
        let (chain, key) = ((files.join("a.pem"), chain.as_bytes()), (files.join("a.key"), key.as_bytes()));
        Credentials::from_named_pem(chain, key, &provider()).unwrap_err()
    };
    vec![
        ("the text of an empty chain file", named("", &leaf.key_pem())),
        ("the text of an empty key file", named(&leaf.cert_pem(), "")),
        ("the text of a chain, its second certificate none", Credentials::chain_from_pem("a.pem", (leaf.cert_pem() + RUBBISH).as_bytes()).unwrap_err()),
        ("the text of an empty roots file", Roots::from_named_pem("r.pem", b"").unwrap_err()),
        ("the text of an empty list file", Crls::from_named_pem("c.pem", b"").unwrap_err()),
    ]
}

/// What operators have in place of what was wanted: called by its name, with the way from there to here.
#[rustfmt::skip] // One row, one line.
pub fn something_else() -> Vec<Row> {
    let leaf = edge();
    let block = |label: &str, der: &[u8]| pem(label, der).into_bytes();
    let (chain, key) = (leaf.cert_pem(), leaf.key_pem());
    let cert = leaf.der().to_vec();
    let pkcs8 = leaf.key.serialize_der();
    let crl = Ca::root_named("root").crl(CrlSpec::new(1)).to_vec();
    let request = rcgen::CertificateParams::default().serialize_request(&*leaf.key).unwrap().der().to_vec();
    let encrypted = sequence(&[sequence(&[oid(&[1, 2, 840, 113549, 1, 5, 13])]), tlv(4, &[7; 40])]);
    let p12 = sequence(&[vec![2, 1, 3], sequence(&[oid(&[1, 2, 840, 113549, 1, 7, 1])]), sequence(&[vec![5, 0]])]);
    let p7 = sequence(&[oid(&[1, 2, 840, 113549, 1, 7, 2]), tlv(0xa0, &[5, 0])]);
    let trusted = [cert.clone(), sequence(&[vec![5, 0]])].concat();
    let java = [0xfe, 0xed, 0xfe, 0xed, 0, 0, 0, 2];
    let load = |chain: &[u8], key: &[u8], provider: &CryptoProvider| Credentials::from_pem(chain, key, provider).unwrap_err();
    let as_chain = |pem: &[u8]| load(pem, key.as_bytes(), &provider());
    let as_key = |pem: &[u8]| load(chain.as_bytes(), pem, &aws_lc_rs::default_provider());
    let as_roots = |pem: &[u8]| Roots::from_pem(pem).unwrap_err();
    let as_crls = |pem: &[u8]| Crls::from_pem(pem).unwrap_err();
    let with_ring = |key: &[u8]| load(chain.as_bytes(), &block("PRIVATE KEY", key), &ring::default_provider());
    let ec = |curve: &[u64]| {
        let algorithm = sequence(&[oid(&[1, 2, 840, 10045, 2, 1]), oid(curve)]);
        sequence(&[vec![2, 1, 0], algorithm, tlv(4, &sequence(&[vec![2, 1, 1], tlv(4, &[7; 66])]))])
    };
    let other = |id: &[u64]| sequence(&[vec![2, 1, 0], sequence(&[oid(id)]), tlv(4, &tlv(4, &[7; 57]))]);
    vec![
        ("certificate in DER", as_chain(&cert)),
        ("root in DER", as_roots(&cert)),
        ("list in DER", as_crls(&crl)),
        ("key in DER", as_key(&pkcs8)),
        ("PKCS#12 as chain", as_chain(&p12)),
        ("PKCS#12 as key", as_key(&p12)),
        ("PKCS#12 as roots", as_roots(&p12)),
        ("PKCS#7 in DER", as_chain(&p7)),
        ("PKCS#7 in PEM", as_chain(&block("PKCS7", &p7))),
        ("PKCS#7 as certificate", as_chain(&block("CERTIFICATE", &p7))),
        ("Java", as_chain(&java)),
        ("request", as_chain(&block("CERTIFICATE REQUEST", &request))),
        ("request, older label", as_roots(&block("NEW CERTIFICATE REQUEST", &request))),
        ("request as certificate", as_chain(&block("CERTIFICATE", &request))),
        ("request as root", as_roots(&block("CERTIFICATE", &request))),
        ("list as certificate", as_roots(&block("CERTIFICATE", &crl))),
        ("certificate as list", as_crls(&block("X509 CRL", &cert))),
        ("list among roots", as_roots(&block("X509 CRL", &crl))),
        ("certificate among lists", as_crls(chain.as_bytes())),
        ("key among roots", as_roots(key.as_bytes())),
        ("key as certificate", as_chain(&block("CERTIFICATE", &pkcs8))),
        ("certificate as key", as_key(&block("PRIVATE KEY", &cert))),
        ("public key", as_key(&block("PUBLIC KEY", leaf.key.public_key_raw()))),
        ("encrypted, label of none", as_key(&block("PRIVATE KEY", &encrypted))),
        ("OpenSSH", as_key(b"-----BEGIN OPENSSH PRIVATE KEY-----\n")),
        ("DSA", as_key(b"-----BEGIN DSA PRIVATE KEY-----\n")),
        ("TRUSTED", as_roots(&block("TRUSTED CERTIFICATE", &trusted))),
        ("TRUSTED as CERTIFICATE", as_roots(&block("CERTIFICATE", &trusted))),
        ("zeros behind it", as_chain(&block("CERTIFICATE", &[cert.clone(), vec![0, 0]].concat()))),
        ("a label in lower case", as_chain(b"-----BEGIN OpenVPN Static key V1-----\n")),
        ("indented", as_roots(chain.replace("-----B", "  -----B").as_bytes())),
        ("one line", as_roots(chain.replace('\n', " ").as_bytes())),
        ("escaped", as_roots(chain.replace('\n', "\\n").as_bytes())),
        ("joined", as_roots(format!("{}{chain}", chain.trim_end()).as_bytes())),
        ("empty", as_roots(b" \n")),
        ("key alone in UTF-16", as_chain(&utf16(&key, u16::to_le_bytes))),
        ("certificate alone in UTF-16", as_key(&utf16(&chain, u16::to_be_bytes))),
        ("key of another label", as_key(&block("ED25519 PRIVATE KEY", &pkcs8))),
        ("P-521, with ring", with_ring(&ec(&[1, 3, 132, 0, 35]))),
        ("secp256k1, with ring", with_ring(&ec(&[1, 3, 132, 0, 10]))),
        ("brainpool, with ring", with_ring(&ec(&[1, 3, 36, 3, 3, 2, 8, 1, 1, 7]))),
        ("Ed448, with ring", with_ring(&other(&[1, 3, 101, 113]))),
        ("ML-DSA, with ring", with_ring(&other(&[2, 16, 840, 1, 101, 3, 4, 3, 18]))),
        ("RSASSA-PSS, with ring", with_ring(&other(&[1, 2, 840, 113549, 1, 1, 10]))),
        ("an unknown algorithm, with ring", with_ring(&other(&[1, 2, 3]))),
    ]
}
