//! Every `BEGIN` mark is read or is an error.

use mtls_roles::{ClientPeerVerifier, Credentials, Crls, Error, Roots};

use crate::common::clock::{NOW, unix};
use crate::common::pki::{Ca, CaSpec, CrlSpec, LeafSpec};
use crate::common::tls::provider;

/// What becomes of a file.
#[derive(Debug, PartialEq)]
enum Read {
    /// Both blocks were read.
    Both,
    /// The mark on this line was refused.
    Mark(usize),
    /// The block that starts on this line was refused.
    Block(usize),
    Missing,
    /// The second certificate or list was refused, by its number.
    Second,
    Other(String),
}

#[test]
fn every_begin_mark_is_read_or_is_an_error_that_names_its_line() {
    let mut wrong = vec![];
    for reader in readers() {
        let second = reader.first.lines().count() + 1;
        for (id, text, needed) in cases(&reader, second) {
            let found = (reader.read)(text.as_bytes());
            if found != needed {
                wrong.push(format!("{} {id}: {found:?}, needed {needed:?}", reader.name));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn cases(reader: &Reader, second: usize) -> Vec<(&'static str, String, Read)> {
    use Read::{Block, Both, Mark, Missing, Second};
    let Reader { label, first: one, second: two, .. } = reader;
    let file = one.clone() + two;
    let after_one = |text: String| one.clone() + &text;
    let begin = format!("-----BEGIN {label}-----");
    let end = format!("-----END {label}-----");
    let mark = |text: &str| after_one(two.replace(&begin, text));
    let other_label = |label: &str| after_one(two.replace(reader.label, label));
    let indented: String = two.lines().map(|line| format!(" {line}\n")).collect();
    let utf16: String = file.chars().flat_map(|c| [c, '\0']).collect();
    let key = Ca::root_named("other").key.serialize_pem();
    let key_is_read = match reader.passes_keys_over {
        true => Both,
        false => Mark(1),
    };
    let old_label = match *label {
        "CERTIFICATE" => Both,
        _ => Mark(second),
    };
    vec![
        ("plain", file.clone(), Both),
        ("1.17 TRUSTED", other_label(&format!("TRUSTED {label}")), Mark(second)),
        ("1.17 X509", other_label("X509 CERTIFICATE"), old_label),
        ("X.509, a label that is none of old", other_label("X.509 CERT"), Mark(second)),
        ("1.17 indented", after_one(indented), Mark(second)),
        ("1.17 four dashes", mark(&format!("----BEGIN {label}-----")), Mark(second)),
        ("1.17 byte-order mark", format!("\u{feff}{file}"), Both),
        ("1.17 joined files", format!("{}{two}", one.trim_end()), Mark(second - 1)),
        ("indented mark", mark(&format!(" {begin}")), Mark(second)),
        ("six dashes", mark(&format!("-----BEGIN {label}------")), Mark(second)),
        ("no closing dashes", mark(&format!("-----BEGIN {label}")), Mark(second)),
        ("typographer's dashes", mark(&format!("–––––BEGIN {label}–––––")), Mark(second)),
        ("no space", mark(&format!("-----BEGIN{label}-----")), Mark(second)),
        ("two spaces", mark(&format!("-----BEGIN  {label}-----")), Mark(second)),
        ("lower-case label", mark(&begin.replace(label, "certificate")), Mark(second)),
        ("quoted", mark(&format!("\"{begin}\"")), Mark(second)),
        ("tab behind the mark", mark(&format!("{begin}\t")), Mark(second)),
        ("space behind the mark", mark(&format!("{begin} ")), Both),
        ("vertical tab before it", mark(&format!("\u{b}{begin}")), Mark(second)),
        ("everything on one line", after_one(two.replace('\n', "")), Mark(second)),
        ("line ends escaped", after_one(two.replace('\n', "\\n")), Mark(second)),
        ("CR line ends", file.replace('\n', "\r"), Both),
        ("CR LF line ends", file.replace('\n', "\r\n"), Both),
        ("mixed line ends", after_one(two.replace('\n', "\r\n")), Both),
        ("CR, a wrong mark", mark(&format!(" {begin}")).replace('\n', "\r"), Mark(second)),
        ("CR LF, a wrong mark", mark(&format!(" {begin}")).replace('\n', "\r\n"), Mark(second)),
        ("no last line end", file.trim_end().to_owned(), Both),
        ("comments around", format!("# ours\n{one}\nCN=two, END\n{two}# BEGIN of nothing\n"), Both),
        (
            "a comment like a mark",
            format!("{file}# BEGIN {label}\n"),
            Mark(file.lines().count() + 1),
        ),
        ("a mark without a block", format!("{begin}\n{file}"), Block(1)),
        ("no END, first", format!("{}{two}", one.replace(&end, "")), Block(1)),
        ("no END, second", after_one(two.replace(&end, "")), Block(second)),
        ("cut in the middle", after_one(two[..two.len() / 2].into()), Block(second)),
        ("another END", after_one(two.replace(&end, "-----END PGP-----")), Block(second)),
        ("indented END", after_one(two.replace(&end, &format!(" {end}"))), Block(second)),
        ("no base64", after_one(two.replace("MI", "M!")), Block(second)),
        ("nothing inside", after_one(format!("{begin}\n{end}\n")), Second),
        ("something else inside", after_one(format!("{begin}\nAAAA\n{end}\n")), Second),
        ("UTF-16", utf16, Both),
        ("empty", String::new(), Missing),
        ("garbage", "garbage".into(), Missing),
        ("a private key", format!("{key}{file}"), key_is_read),
        ("a request", format!("-----BEGIN CERTIFICATE REQUEST-----\n{file}"), Mark(1)),
    ]
}

/// Something that reads PEM files, and two blocks for it.
struct Reader {
    name: &'static str,
    label: &'static str,
    first: String,
    second: String,
    passes_keys_over: bool,
    read: Box<ReadPem>,
}

type ReadPem = dyn Fn(&[u8]) -> Read;

fn readers() -> [Reader; 3] {
    let root = Ca::root_named("root");
    let sub = root.sub(CaSpec::new("sub"));
    let leaf = sub.leaf(LeafSpec::new("leaf"));
    let key = leaf.key_pem();
    let chain = leaf.chain(&[&sub]);
    let read_crls = {
        let root = root.der();
        // A list that was passed over would leave a certificate's status unknown.
        move |pem: &[u8]| {
            result(Crls::from_pem(pem).map(|crls| {
                let roots = Roots::from_der([root.clone()]).unwrap();
                let clients = ClientPeerVerifier::builder(roots, &provider()).crls(crls);
                let verdict = clients.build().unwrap().verify(Some(&chain), unix(NOW));
                1 + usize::from(verdict.is_ok())
            }))
        }
    };
    [
        Reader {
            name: "roots",
            label: "CERTIFICATE",
            first: root.pem(),
            second: sub.pem(),
            passes_keys_over: false,
            read: Box::new(|pem| result(Roots::from_pem(pem).map(|roots| roots.len()))),
        },
        Reader {
            name: "CRLs",
            label: "X509 CRL",
            first: root.crl_pem(CrlSpec::new(1)),
            second: sub.crl_pem(CrlSpec::new(1)),
            passes_keys_over: false,
            read: Box::new(read_crls),
        },
        Reader {
            name: "chain",
            label: "CERTIFICATE",
            first: leaf.cert_pem(),
            second: sub.pem(),
            passes_keys_over: true,
            read: Box::new(move |pem| {
                let read = Credentials::from_pem(pem, key.as_bytes(), &provider());
                result(read.map(|credentials| credentials.chain().len()))
            }),
        },
    ]
}

fn result(read: Result<usize, Error>) -> Read {
    match read {
        Ok(2) => Read::Both,
        Ok(count) => Read::Other(format!("read {count}")),
        Err(Error::PemMark { line, .. }) => Read::Mark(line),
        Err(Error::PemBlock { line, .. }) => Read::Block(line),
        Err(Error::Missing { .. }) => Read::Missing,
        Err(Error::UnusableCertificate { certificate: name, .. })
        | Err(Error::UnusableCrl { crl: name, .. })
            if name.contains(" 2 of ") =>
        {
            Read::Second
        }
        Err(other) => Read::Other(other.to_string()),
    }
}
