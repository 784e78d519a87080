//! What operators have in place of what was wanted is called by its name, and the way from there to here is said;
//! what is unambiguous is read.

use mtls_roles::{Credentials, Crls, Error, Roots};
use rustls::crypto::{aws_lc_rs, ring};

use crate::common::pki::der::{oid, sequence, tlv};
use crate::common::pki::{Ca, CrlSpec, KeyKind, Leaf, LeafSpec, pem};

fn edge() -> Leaf {
    Ca::root_named("root").leaf(LeafSpec::new("edge"))
}

fn utf16(text: &str, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
    text.encode_utf16().flat_map(bytes).collect()
}

/// Every text as a chain with the key of `edge`, or as the key of it.
fn load(chain: &[u8], key: &[u8]) -> Result<Credentials, Error> {
    Credentials::from_pem(chain, key, &aws_lc_rs::default_provider())
}

#[test]
#[rustfmt::skip] // One row, one line.
fn what_is_unambiguous_is_read_whatever_its_label_and_encoding() {
    let leaf = edge();
    let (chain, key) = (leaf.cert_pem(), leaf.key_pem());
    let pkcs8 = leaf.key.serialize_der();
    let marked = |text: &str| format!("\u{feff}{text}");
    let ways: Vec<(&str, Vec<u8>, Vec<u8>)> = vec![
        ("UTF-8 with a mark", marked(&chain).into(), marked(&key).into()),
        ("UTF-16LE with a mark", utf16(&marked(&chain), u16::to_le_bytes), utf16(&marked(&key), u16::to_le_bytes)),
        ("UTF-16BE with a mark", utf16(&marked(&chain), u16::to_be_bytes), utf16(&marked(&key), u16::to_be_bytes)),
        ("UTF-16LE", utf16(&chain, u16::to_le_bytes), utf16(&key, u16::to_le_bytes)),
        ("UTF-16BE", utf16(&chain, u16::to_be_bytes), utf16(&key, u16::to_be_bytes)),
        ("X509", chain.replace("CERT", "X509 CERT").into(), key.clone().into()),
        ("X.509", chain.replace("CERT", "X.509 CERT").into(), key.clone().into()),
        ("PKCS#8 as SEC1", chain.clone().into(), pem("EC PRIVATE KEY", &pkcs8).into()),
        ("PKCS#8 as PKCS#1", chain.clone().into(), pem("RSA PRIVATE KEY", &pkcs8).into()),
        ("SEC1 as PKCS#8", chain.clone().into(), pem("PRIVATE KEY", &sec1(&pkcs8)).into()),
        ("SEC1 as PKCS#1", chain.clone().into(), pem("RSA PRIVATE KEY", &sec1(&pkcs8)).into()),
    ];
    for (id, chain, key) in ways {
        let credentials = load(&chain, &key).unwrap_or_else(|error| panic!("{id}: {error}"));
        assert_eq!(credentials.leaf().subject(), "CN=edge", "{id}");
    }
}

/// The ECPrivateKey inside, which says its curve there only where it stands alone.
fn sec1(pkcs8: &[u8]) -> Vec<u8> {
    use crate::common::pki::der::children;
    let inner = &children(pkcs8)[2];
    let key = children(&inner[2..]);
    let curve = tlv(0xa0, &oid(&[1, 2, 840, 10045, 3, 1, 7]));
    sequence(&[key[0].clone(), key[1].clone(), curve, key[2].clone()])
}

#[test]
#[rustfmt::skip] // One row, one line.
fn what_is_there_instead_is_called_by_its_name_with_the_way_to_what_is_wanted() {
    let leaf = edge();
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
    let as_chain = |pem: &[u8]| load(pem, key.as_bytes()).unwrap_err().to_string();
    let as_key = |pem: &[u8]| load(chain.as_bytes(), pem).unwrap_err().to_string();
    let as_roots = |pem: &[u8]| Roots::from_pem(pem).unwrap_err().to_string();
    let as_crls = |pem: &[u8]| Crls::from_pem(pem).unwrap_err().to_string();
    let pem = |label: &str, der: &[u8]| pem(label, der).into_bytes();
    let rows: Vec<(&str, String, &[&str])> = vec![
        ("certificate in DER", as_chain(&cert), &["a certificate in DER form", "openssl x509 -inform DER"]),
        ("root in DER", as_roots(&cert), &["a certificate in DER form"]),
        ("list in DER", as_crls(&crl), &["a certificate revocation list in DER form", "openssl crl -inform DER"]),
        ("key in DER", as_key(&pkcs8), &["a private key in DER form", "openssl pkey -inform DER"]),
        ("PKCS#12 as chain", as_chain(&p12), &["PKCS#12 store (.p12, .pfx)", "openssl pkcs12 -in"]),
        ("PKCS#12 as key", as_key(&p12), &["PKCS#12 store (.p12, .pfx)"]),
        ("PKCS#12 as roots", as_roots(&p12), &["PKCS#12 store (.p12, .pfx)"]),
        ("PKCS#7 in DER", as_chain(&p7), &["PKCS#7 bundle", "-print_certs"]),
        ("PKCS#7 in PEM", as_chain(&pem("PKCS7", &p7)), &["-----BEGIN PKCS7-----", "-print_certs"]),
        ("PKCS#7 as certificate", as_chain(&pem("CERTIFICATE", &p7)), &["PKCS#7 bundle", "-print_certs"]),
        ("Java", as_chain(&java), &["a Java keystore", "keytool -importkeystore"]),
        ("request", as_chain(&pem("CERTIFICATE REQUEST", &request)), &["a request; needed is the certificate that the CA issued"]),
        ("request, older label", as_roots(&pem("NEW CERTIFICATE REQUEST", &request)), &["a request; needed is"]),
        ("request as certificate", as_chain(&pem("CERTIFICATE", &request)), &["certificate request (CSR, PKCS#10)"]),
        ("request as root", as_roots(&pem("CERTIFICATE", &request)), &["certificate request (CSR, PKCS#10)"]),
        ("list as certificate", as_roots(&pem("CERTIFICATE", &crl)), &["it is a certificate revocation list, needed is a certificate"]),
        ("certificate as list", as_crls(&pem("X509 CRL", &cert)), &["it is a certificate, needed is a revocation list"]),
        ("list among roots", as_roots(&pem("X509 CRL", &crl)), &["a revocation list, needed is a certificate; lists are given to Crls"]),
        ("certificate among lists", as_crls(chain.as_bytes()), &["a certificate, needed is a certificate revocation list"]),
        ("key among roots", as_roots(key.as_bytes()), &["a private key, needed is a certificate; take it out"]),
        ("key as certificate", as_chain(&pem("CERTIFICATE", &pkcs8)), &["it is a private key, needed is a certificate"]),
        ("certificate as key", as_key(&pem("PRIVATE KEY", &cert)), &["its bytes are a certificate; needed is the private key"]),
        ("public key", as_key(&pem("PUBLIC KEY", leaf.key.public_key_raw())), &["a public key, needed is a private key"]),
        ("encrypted, label of none", as_key(&pem("PRIVATE KEY", &encrypted)), &["is encrypted; decrypt it first"]),
        ("encrypted", as_key(&pem("ENCRYPTED PRIVATE KEY", &encrypted)), &["is encrypted; decrypt it first"]),
        ("OpenSSH", as_key(b"-----BEGIN OPENSSH PRIVATE KEY-----\n"), &["ssh-keygen -p -m PKCS8"]),
        ("DSA", as_key(b"-----BEGIN DSA PRIVATE KEY-----\n"), &["a DSA key"]),
        ("TRUSTED", as_roots(&pem("TRUSTED CERTIFICATE", &trusted)), &["-clrtrust"]),
        ("TRUSTED as CERTIFICATE", as_roots(&pem("CERTIFICATE", &trusted)), &["OpenSSL's trust settings", "-clrtrust"]),
        ("zeros behind it", as_chain(&pem("CERTIFICATE", &[cert.clone(), vec![0, 0]].concat())), &["or it is damaged (trailing data"]),
        ("a label in lower case", as_chain(b"-----BEGIN OpenVPN Static key V1-----\n"), &["`-----BEGIN OpenVPN Static key V1-----`"]),
        ("indented", as_roots(chain.replace("-----B", "  -----B").as_bytes()), &["remove the spaces before it"]),
        ("one line", as_roots(chain.replace('\n', " ").as_bytes()), &["what follows it on its line belongs on lines of its own"]),
        ("escaped", as_roots(chain.replace('\n', "\\n").as_bytes()), &["turn every `\\n` into the end of a line"]),
        ("joined", as_roots(format!("{}{chain}", chain.trim_end()).as_bytes()), &["end the line before it"]),
        ("empty", as_roots(b" \n"), &["it is empty"]),
        ("key alone", as_chain(key.as_bytes()), &["it begins with `-----BEGIN PRIVATE KEY-----`; needed is at least one"]),
        ("key alone in UTF-16", as_chain(&utf16(&key, u16::to_le_bytes)), &["it begins with `-----BEGIN PRIVATE KEY-----`"]),
        ("certificate alone in UTF-16", as_key(&utf16(&chain, u16::to_be_bytes)), &["it begins with `-----BEGIN CERTIFICATE-----`"]),
        ("key of another label", as_key(&pem("ED25519 PRIVATE KEY", &pkcs8)), &["needed `-----BEGIN PRIVATE KEY-----` alone on its line; convert"]),
    ];
    let mut wrong = vec![];
    for (id, found, needed) in rows {
        wrong.extend(needed.iter().filter(|needed| !found.contains(**needed)).map(|needed| format!("{id}: lacks {needed:?}: {found}")));
        if found.contains("well-formed") {
            wrong.push(format!("{id}: {found}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// PowerShell's `>>` appends UTF-16 to whatever is there; `cat` appends to what PowerShell wrote.
#[test]
fn of_a_file_in_two_encodings_nothing_is_read() {
    let (one, two) = (Ca::root_named("one").pem(), Ca::root_named("two").pem());
    for bytes in [u16::to_le_bytes, u16::to_be_bytes] {
        let one = one.as_bytes();
        let (plain, marked) = (utf16(&two, bytes), utf16(&format!("\u{feff}{two}"), bytes));
        let (plain, marked, other) = (&plain[..], &marked[..], &utf16(&two, u16::to_le_bytes)[..]);
        for parts in [
            &[one, marked][..],
            &[one, plain],
            &[marked, one],
            &[plain, b"\n", one],
            &[plain, b"\n", plain],
            &[&utf16(&two, u16::to_be_bytes), other],
        ] {
            let text = parts.concat();
            let error = Roots::from_pem(&text).map(|roots| roots.len()).unwrap_err().to_string();
            assert!(error.contains("two encodings"), "{error}");
        }
    }
}

#[test]
#[rustfmt::skip] // One row, one line.
fn a_key_that_a_provider_does_not_take_is_called_by_its_algorithm_and_curve() {
    let leaf = edge();
    let ec = |curve: &[u64]| {
        let algorithm = sequence(&[oid(&[1, 2, 840, 10045, 2, 1]), oid(curve)]);
        sequence(&[vec![2, 1, 0], algorithm, tlv(4, &sequence(&[vec![2, 1, 1], tlv(4, &[7; 66])]))])
    };
    let other =
        |id: &[u64]| sequence(&[vec![2, 1, 0], sequence(&[oid(id)]), tlv(4, &tlv(4, &[7; 57]))]);
    let rows: [(&str, Vec<u8>, &str); 7] = [
        ("P-521", ec(&[1, 3, 132, 0, 35]), "it is EC P-521; of the providers of rustls, aws-lc-rs takes P-521"),
        ("secp256k1", ec(&[1, 3, 132, 0, 10]), "it is EC secp256k1; needed is EC P-256"),
        ("brainpool", ec(&[1, 3, 36, 3, 3, 2, 8, 1, 1, 7]), "it is EC brainpoolP256r1; needed is"),
        ("Ed448", other(&[1, 3, 101, 113]), "it is Ed448; needed is"),
        ("ML-DSA", other(&[2, 16, 840, 1, 101, 3, 4, 3, 18]), "it is ML-DSA-65; needed is"),
        ("RSASSA-PSS", other(&[1, 2, 840, 113549, 1, 1, 10]), "it is RSASSA-PSS; no handshake of rustls takes"),
        ("unknown", other(&[1, 2, 3]), "it is algorithm 1.2.3; needed is"),
    ];
    let key_pem = |der: &[u8]| pem("PRIVATE KEY", der);
    for (id, key, said) in rows {
        let pem = (leaf.cert_pem(), key_pem(&key));
        let loaded =
            Credentials::from_pem(pem.0.as_bytes(), pem.1.as_bytes(), &ring::default_provider());
        let error = loaded.unwrap_err();
        assert!(matches!(error, Error::UnusableKey { .. }), "{id}: {error:?}");
        assert!(error.to_string().contains(said), "{id}: {error}");
    }
}

#[test]
fn keys_that_do_not_belong_together_are_called_by_their_kinds() {
    let (leaf, rsa) =
        (edge(), Ca::root_named("r").leaf(LeafSpec::new("rsa").kind(KeyKind::Rsa2048)));
    let error = load(leaf.cert_pem().as_bytes(), rsa.key_pem().as_bytes()).unwrap_err().to_string();
    let said = "the private key (RSA 2048) is not the key of certificate 1";
    assert!(error.contains(said) && error.contains("which is EC P-256"), "{error}");
}
