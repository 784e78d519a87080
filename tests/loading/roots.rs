//! Trust anchors are exactly what was given: every `BEGIN` mark is read or is an error, nothing falls back to other
//! roots, a pinned certificate is trusted for itself only, and hints name the roots only where they should.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use crate::common::clock::{Clock, NOW, unix};
use crate::common::files::TempDir;
use crate::common::ours::{client_slot, clients, configs, credentials, server_slot, servers};
use crate::common::pki::der::{children, sequence};
use crate::common::pki::{Ca, CaSpec, CrlSpec, Eku, Leaf, LeafSpec};
use crate::common::tls::{handshake, provider, stacks, stock_client_verifier};
use mtls_roles::{ClientPeerVerifier, Credentials, Crls, Error, Roots, ServerPeerVerifier};
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::server::danger::ClientCertVerifier;
use rustls::{AlertDescription, CertificateError, Error as TlsError, RootCertStore};
use walkdir::WalkDir;

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

#[test]
fn an_error_about_a_file_names_the_file_and_what_in_it_was_not_read() {
    let files = TempDir::new();
    let good = Ca::root_named("root").pem();
    let bad = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    let crl = bad.replace("CERTIFICATE", "X509 CRL");
    let roots = |path: &Path| Roots::from_pem_file(path).unwrap_err().to_string();
    let crls = |path: &Path| Crls::from_pem_file(path).unwrap_err().to_string();
    for (id, error, needed) in [
        ("no file", roots(&files.join("none.pem")), "cannot read DIR/none.pem: "),
        ("a folder", roots(files.path()), "cannot read DIR: "),
        ("empty", roots(&files.write("0.pem", "")), "found no certificate in DIR/0.pem: "),
        (
            "the third of three",
            roots(&files.write("3.pem", good.repeat(2) + bad)),
            "certificate 3 of DIR/3.pem cannot be used: ",
        ),
        (
            "an indented block",
            roots(&files.write("1.pem", format!("\n {good}"))),
            "line 2 of DIR/1.pem: found ` -----BEGIN CERTIFICATE-----`",
        ),
        ("no list", crls(&files.join("none.crl")), "cannot read DIR/none.crl: "),
        (
            "a list that is none",
            crls(&files.write("0.crl", crl)),
            "revocation list 1 of DIR/0.crl cannot be used: ",
        ),
    ] {
        let error = error.replace(&files.path().display().to_string(), "DIR");
        assert!(error.starts_with(needed), "{id}: {error}");
    }
    let both = files.write("good.pem", good.repeat(2));
    assert_eq!(Roots::from_pem_file(both).unwrap().len(), 2);
}

#[test]
fn no_roots_are_an_error_whatever_they_come_from() {
    for (id, roots) in [
        ("PEM", Roots::from_pem(b"")),
        ("DER", Roots::from_der([])),
        ("a store", Roots::from_root_cert_store(RootCertStore::empty())),
    ] {
        assert!(matches!(roots, Err(Error::Missing { .. })), "{id}: {roots:?}");
    }
}

#[test]
fn nothing_reads_the_systems_roots_and_one_file_knows_the_public_ones() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let files = WalkDir::new(src).into_iter().map(|entry| entry.unwrap().into_path());
    let sources: Vec<_> = files.filter(|path| path.is_file()).collect();
    assert!(sources.len() > 10, "{sources:?}");
    for source in sources {
        let text = fs::read_to_string(&source).unwrap();
        for word in ["std::env", "env::var", "native_certs", "SSL_CERT", "/etc/ssl"] {
            assert!(!text.contains(word), "{} has {word}", source.display());
        }
        let knows = text.contains("webpki_roots::");
        assert_eq!(knows, source.ends_with("src/roots/public.rs"), "{}", source.display());
    }
}

#[test]
fn roots_for_one_role_say_nothing_about_the_other() {
    let (for_servers, for_clients) = (Ca::root_named("servers"), Ca::root_named("clients"));
    let leaf = |ca: &Ca| ca.leaf(LeafSpec::new("leaf").dns("leaf.example").eku(Eku::both()));
    let (server, client) = (leaf(&for_servers).chain(&[]), leaf(&for_clients).chain(&[]));
    let clients = client_verifier(&for_clients.der());
    let servers = server_verifier(&for_servers.der());
    let name = ServerName::try_from("leaf.example").unwrap();
    let unknown = TlsError::from(CertificateError::UnknownIssuer);
    clients.verify(Some(&client), unix(NOW)).unwrap();
    let refusal = clients.verify(Some(&server), unix(NOW)).unwrap_err();
    assert_eq!(*refusal.error(), unknown);
    servers.verify(Some(&server), &name, unix(NOW)).unwrap();
    let refusal = servers.verify(Some(&client), &name, unix(NOW)).unwrap_err();
    assert_eq!(*refusal.error(), unknown);
}

#[test]
fn a_self_signed_certificate_that_is_no_ca_works_as_its_own_root_at_both_ends() {
    let spec = |name| LeafSpec::new(name).dns("server.example").eku(Eku::both());
    let (server, client) = (Leaf::self_signed(spec("server")), Leaf::self_signed(spec("client")));
    for stack in stacks() {
        let at = &stack.name;
        let slot = client_slot().build_with(credentials(&client, &[])).unwrap();
        let (accept, connect) = configs(
            &stack,
            &Clock::default(),
            (
                &server_slot().build_with(credentials(&server, &[])).unwrap(),
                &client_verifier(&client.der()),
            ),
            (&slot, &server_verifier(&server.der())),
        );
        let (accept, connect) = (Arc::new(accept), Arc::new(connect));
        let visit = || handshake(accept.clone(), connect.clone(), "server.example");
        let outcome = visit();
        assert_eq!(outcome.server.expect(at).peer_certificates, Some(client.chain(&[])), "{at}");
        assert_eq!(outcome.client.expect(at).peer_certificates, Some(server.chain(&[])), "{at}");
        // Another one of the same name is somebody else.
        slot.swap(credentials(&Leaf::self_signed(spec("client")), &[])).unwrap();
        let outcome = visit();
        outcome.server.expect_err(at);
        let alert = TlsError::AlertReceived(AlertDescription::DecryptError);
        assert_eq!(outcome.client.unwrap_err(), alert, "{at}");
    }
}

#[test]
fn a_pinned_certificate_is_trusted_for_itself_only() {
    for (id, spec) in [
        ("basicConstraints absent", CaSpec::new("pinned").without_basic_constraints()),
        ("cA FALSE", CaSpec::new("pinned").not_a_ca()),
    ] {
        let pinned = Ca::root(spec.clone().key_usages(&[]));
        let issued = pinned.leaf(LeafSpec::new("issued"));
        let below = pinned.sub(CaSpec::new("below"));
        let far = below.leaf(LeafSpec::new("far"));
        let renewed = Ca::root(spec.clone().key(&pinned.key));
        let namesake = Ca::root(spec);
        let not_by_it = |position| {
            format!(
                "InvalidCertificate(Other(OtherError(PathViolation {{ check: RootIsNoCa, \
                 position: {position}, certificate: \"CN=pinned\", found: None }})))"
            )
        };
        let (not_by_it, not_far_by_it) = (&*not_by_it(1), &*not_by_it(2));
        let bad_signature = "InvalidCertificate(BadSignature)";
        let no_ca = "InvalidCertificate(Other(OtherError(EndEntityUsedAsCa)))";
        let clients = client_verifier(&pinned.der());
        let mut wrong = vec![];
        for (row, chain, needed) in [
            ("itself", vec![pinned.der()], None),
            ("itself, twice", vec![pinned.der(), pinned.der()], None),
            ("issued by it", issued.chain(&[]), Some(not_by_it)),
            ("issued by it, sent along", issued.chain(&[&pinned]), Some(no_ca)),
            ("issued by it, others along", issued.chain(&[&below, &namesake]), Some(no_ca)),
            ("a CA below it", far.chain(&[&below]), Some(not_far_by_it)),
            ("a CA below it, all along", far.chain(&[&below, &pinned]), Some(no_ca)),
            ("renewed with its key", vec![renewed.der()], Some(not_by_it)),
            ("renewed, itself along", vec![renewed.der(), pinned.der()], Some(not_by_it)),
            ("its namesake", vec![namesake.der()], Some(bad_signature)),
            ("its namesake, itself along", vec![namesake.der(), pinned.der()], Some(bad_signature)),
        ] {
            let found = clients.verify(Some(&chain), unix(NOW)).err();
            // `Error::Other` never compares equal; its text does.
            let found = found.map(|refusal| format!("{:?}", refusal.error()));
            if found.as_deref() != needed {
                wrong.push(format!("{id}, {row}: {found:?}, needed {needed:?}"));
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
        // Stock rustls takes any anchor for a CA: the reason for all this.
        let stock = stock_client_verifier(&provider(), &[pinned.der()], []);
        let accepted = stock.verify_client_cert(&issued.der(), &[], unix(NOW));
        accepted.expect("stock accepts it");
    }
}

/// Told when roots are loaded, not by the first handshake.
#[test]
fn roots_that_are_trusted_for_themselves_only_are_told_when_roots_are_loaded() {
    let ca = Ca::root_named("ca");
    let absent = Ca::root(CaSpec::new("absent").without_basic_constraints());
    let no_ca = Ca::root(CaSpec::new("no ca").not_a_ca());
    let old = version_1(&Ca::root_named("old"));
    let roots = Roots::from_der([absent.der(), ca.der(), old, no_ca.der()]).unwrap();
    let told: Vec<_> = roots.trusted_for_itself_only().collect();
    assert_eq!(told, ["root `CN=absent`", "root `CN=old`", "root `CN=no ca`"]);
    let by_store = (*crate::common::tls::root_store(&[absent.der()])).clone();
    for none in [
        Roots::from_der([ca.der()]).unwrap(),
        Roots::from_root_cert_store(by_store).unwrap(),
        Roots::public_web(),
    ] {
        assert_eq!(none.trusted_for_itself_only().next(), None);
    }
}

/// The same certificate as before there were extensions; nobody checks the signature of a root.
fn version_1(ca: &Ca) -> CertificateDer<'static> {
    let [tbs, algorithm, signature] = &children(&ca.der())[..] else {
        panic!("a certificate has three parts");
    };
    let fields = children(tbs);
    let (version, extensions) = (&fields[0], fields.last().unwrap());
    assert_eq!((version[0], extensions[0]), (0xa0, 0xa3));
    let tbs = sequence(&fields[1..fields.len() - 1]);
    sequence(&[tbs, algorithm.clone(), signature.clone()]).into()
}

#[test]
fn a_ca_beside_a_pinned_certificate_of_its_name_is_still_found() {
    let pinned = Ca::root(CaSpec::new("name").without_basic_constraints());
    let ca = Ca::root_named("name");
    let leaf = ca.leaf(LeafSpec::new("leaf"));
    let cross = Ca::root(CaSpec::new("name").key(&pinned.key));
    let by_the_same_key = cross.leaf(LeafSpec::new("leaf"));
    for order in [[pinned.der(), ca.der(), cross.der()], [cross.der(), ca.der(), pinned.der()]] {
        let clients = verifier_over(&order);
        for chain in [vec![pinned.der()], leaf.chain(&[]), by_the_same_key.chain(&[])] {
            clients.verify(Some(&chain), unix(NOW)).unwrap();
        }
    }
}

/// What rustls asks the verifier for; `tests/peers/hints.rs` holds that clients hear it.
#[test]
fn hints_name_private_roots_and_not_public_ones_unless_told_otherwise() {
    let (one, two) = (Ca::root_named("one"), Ca::root_named("two"));
    let private = || Roots::from_der([one.der(), two.der()]).unwrap();
    let builder = |roots| ClientPeerVerifier::builder(roots, &provider()).allow_unauthenticated();
    let public = || builder(Roots::public_web()).allow_anybody_with_a_public_certificate();
    let all_public = || {
        let anchors = webpki_roots::TLS_SERVER_ROOTS.iter();
        let names = anchors.map(|root| crate::common::pki::der::tlv(0x30, &root.subject));
        names.collect::<Vec<_>>()
    };
    let names = vec![name_of(&one), name_of(&two)];
    for (id, clients, needed) in [
        ("private", builder(private()), names.clone()),
        ("private, told", builder(private()).send_root_hints(), names),
        ("private, told not to", builder(private()).send_no_root_hints(), vec![]),
        ("public", public(), vec![]),
        ("public, told not to", public().send_no_root_hints(), vec![]),
        ("public, told", public().send_root_hints(), all_public()),
    ] {
        let clients = clients.build().unwrap();
        let told = clients.root_hint_subjects().iter();
        let told: Vec<_> = told.map(|name| name.as_ref().to_vec()).collect();
        assert_eq!(told, needed, "{id}");
    }
    assert!(all_public().len() > 100);
}

/// The whole Name, read by a parser that is not ours.
fn name_of(ca: &Ca) -> Vec<u8> {
    let der = ca.der();
    let (_, certificate) = x509_parser::parse_x509_certificate(&der).unwrap();
    certificate.subject().as_raw().to_vec()
}

fn client_verifier(root: &CertificateDer<'static>) -> ClientPeerVerifier {
    verifier_over(std::slice::from_ref(root))
}

fn verifier_over(roots: &[CertificateDer<'static>]) -> ClientPeerVerifier {
    clients(&Roots::from_der(roots.to_vec()).unwrap()).build().unwrap()
}

fn server_verifier(root: &CertificateDer<'static>) -> ServerPeerVerifier {
    servers(&Roots::from_der([root.clone()]).unwrap()).build().unwrap()
}
