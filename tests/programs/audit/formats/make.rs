//! What the tables are made of.

use std::io::Write;

use base64ct::{Base64, Encoding};
use flate2::Compression;
use flate2::write::GzEncoder;

use crate::common::clock::NOW;
use crate::common::pki::der::{octet_string, oid, sequence, tlv, unsigned};
use crate::common::pki::{Ca, Eku, Leaf, LeafSpec};

/// A leaf of a private CA.
pub struct Cast {
    pub ca: Ca,
    pub edge: Leaf,
}

impl Cast {
    pub fn new() -> Self {
        let ca = Ca::root_named("Forms Root");
        let year = time::Duration::days(365);
        let spec = LeafSpec::new("edge").dns("edge.example.com").eku(Eku::both());
        let edge = ca.leaf(spec.valid(NOW - year, NOW + year * 9));
        Self { ca, edge }
    }

    pub fn pem(&self) -> String {
        self.edge.cert_pem()
    }

    pub fn der(&self) -> Vec<u8> {
        self.edge.der().to_vec()
    }
}

pub fn base64(bytes: impl AsRef<[u8]>) -> String {
    Base64::encode_string(bytes.as_ref())
}

/// In lines of so many characters.
pub fn wrapped(text: &str, width: usize, line_end: &str) -> String {
    let lines: Vec<_> = text.as_bytes().chunks(width).map(String::from_utf8_lossy).collect();
    lines.join(line_end)
}

/// Each line with something before it and behind it.
pub fn each_line(text: &str, before: &str, behind: &str) -> String {
    text.lines().map(|line| format!("{before}{line}{behind}\n")).collect()
}

pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut gzip = GzEncoder::new(vec![], Compression::default());
    gzip.write_all(bytes).unwrap();
    gzip.finish().unwrap()
}

pub fn tar(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut tar = tar::Builder::new(vec![]);
    for (name, bytes) in members {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o600);
        tar.append_data(&mut header, name, *bytes).unwrap();
    }
    tar.into_inner().unwrap()
}

pub fn zip(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(vec![]));
    for (name, bytes) in members {
        let options = zip::write::SimpleFileOptions::default();
        zip.start_file(*name, options.compression_method(zip::CompressionMethod::Deflated))
            .unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

pub fn utf16(text: &str, order: fn(u16) -> [u8; 2]) -> Vec<u8> {
    text.encode_utf16().flat_map(order).collect()
}

/// A key store of the JDK with one key, its chain, and one trusted certificate.
pub fn jks(magic: u32, certificate: &[u8]) -> Vec<u8> {
    let text = |text: &str| [&(text.len() as u16).to_be_bytes(), text.as_bytes()].concat();
    let sized = |bytes: &[u8]| [&(bytes.len() as u32).to_be_bytes(), bytes].concat();
    let number = |number: u32| number.to_be_bytes().to_vec();
    let certificate = [text("X.509"), sized(certificate)].concat();
    let date = vec![0; 8];
    let key =
        [number(1), text("own"), date.clone(), sized(b"secret"), number(1), certificate.clone()];
    let trusted = [number(2), text("peer"), date, certificate];
    [number(magic), number(2), number(2), key.concat(), trusted.concat(), vec![0; 20]].concat()
}

/// The same of Bouncy Castle.
pub fn bks(certificate: &[u8]) -> Vec<u8> {
    let text = |text: &str| [&(text.len() as u16).to_be_bytes(), text.as_bytes()].concat();
    let sized = |bytes: &[u8]| [&(bytes.len() as u32).to_be_bytes(), bytes].concat();
    let number = |number: u32| number.to_be_bytes().to_vec();
    let certificate = [text("X.509"), sized(certificate)].concat();
    let head = [number(2), sized(&[7; 20]), number(1024)].concat();
    let sealed =
        [vec![4], text("own"), vec![0; 8], number(1), certificate.clone(), sized(b"secret")];
    let trusted = [vec![1], text("peer"), vec![0; 8], number(0), certificate];
    [head, sealed.concat(), trusted.concat(), vec![0], vec![0; 20]].concat()
}

/// PKCS#7 with certificates and nothing signed.
pub fn pkcs7(certificates: &[u8]) -> Vec<u8> {
    let data = sequence(&[oid(&[1, 2, 840, 113549, 1, 7, 1])]);
    let none = || tlv(0x31, &[]);
    let signed = sequence(&[unsigned(&[1]), none(), data, tlv(0xa0, certificates), none()]);
    sequence(&[oid(&[1, 2, 840, 113549, 1, 7, 2]), tlv(0xa0, &signed)])
}

/// The same as BER: nothing tells its length.
pub fn pkcs7_in_ber(certificates: &[u8]) -> Vec<u8> {
    let open = |tag: u8, inner: &[u8]| [&[tag, 0x80], inner, &[0, 0]].concat();
    let data = sequence(&[oid(&[1, 2, 840, 113549, 1, 7, 1])]);
    let none = || tlv(0x31, &[]);
    let fields = [unsigned(&[1]), none(), data, open(0xa0, certificates), none()].concat();
    let signed = open(0xa0, &open(0x30, &fields));
    open(0x30, &[oid(&[1, 2, 840, 113549, 1, 7, 2]), signed].concat())
}

/// An AlgorithmIdentifier, and what it does.
pub type Encryption<'a> = (&'a [u8], &'a dyn Fn(&[u8]) -> Vec<u8>);

/// PKCS#12 whose content is encrypted by this algorithm, or not at all.
pub fn pkcs12(certificate: &[u8], encrypt: Option<Encryption<'_>>) -> Vec<u8> {
    let pkcs7 = |kind| oid(&[1, 2, 840, 113549, 1, 7, kind]);
    let value =
        sequence(&[oid(&[1, 2, 840, 113549, 1, 9, 22, 1]), tlv(0xa0, &octet_string(certificate))]);
    let bag = sequence(&[oid(&[1, 2, 840, 113549, 1, 12, 10, 1, 3]), tlv(0xa0, &value)]);
    let bags = sequence(&[bag]);
    let safe = match encrypt {
        None => sequence(&[pkcs7(1), tlv(0xa0, &octet_string(&bags))]),
        Some((algorithm, encrypt)) => {
            let info = sequence(&[pkcs7(1), algorithm.to_vec(), tlv(0x80, &encrypt(&bags))]);
            sequence(&[pkcs7(6), tlv(0xa0, &sequence(&[unsigned(&[0]), info]))])
        }
    };
    let safes = octet_string(&sequence(&[safe]));
    sequence(&[unsigned(&[3]), sequence(&[pkcs7(1), tlv(0xa0, &safes)])])
}
