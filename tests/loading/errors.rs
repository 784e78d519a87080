//! Every error of the set-up tells an operator what was found, what is needed and what to do, word for word, and
//! keeps its source; nothing that prints shows a private key.

use std::collections::BTreeSet;
use std::error::Error as _;
use std::fmt::Debug;
use std::sync::Arc;

use crate::common::agreed::agreed;
use crate::common::clock::{Clock, NOW, unix};
use crate::common::files::TempDir;
use crate::common::ours::{client_slot, clients, credentials, roots, server_slot, servers};
use crate::common::pki::{Ca, CaSpec, CrlSpec, Eku, KeyKind, Kp, Leaf, LeafSpec, WeakRsaKey};
use crate::common::tls::provider;
use crate::reloading::about_reloading;
use base64ct::{Base64Unpadded, Encoding};
use mtls_roles::{
    CertificateRequest, ClientPeerVerifier, ClientSlot, Credentials, Crls, EkuPolicy, Error,
    PeerRule, Refusal, RefusalClass, Role, Roots, ServerPeerVerifier, ServerSlot, SignatureMemo,
    SubjectAltName, client_config, server_config,
};
use rustls::crypto::{CryptoProvider, aws_lc_rs, ring};
use rustls::pki_types::{CertificateDer, TrustAnchor};
use rustls::sign::{Signer, SigningKey};
use rustls::{RootCertStore, SignatureAlgorithm, SignatureScheme};
use time::Duration;

#[test]
fn a_malformed_certificate_of_a_chain_file_is_named_with_its_file() {
    let folder = TempDir::new();
    let leaf = Leaf::self_signed(LeafSpec::new("leaf"));
    let rubbish = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    let chain = folder.write("chain.pem", leaf.cert_pem() + rubbish);
    let key = folder.write("key.pem", leaf.key_pem());
    let error = Credentials::from_pem_files(&chain, &key, &provider()).unwrap_err();
    let named = format!("certificate 2 of {} cannot be used: ", chain.display());
    assert!(error.to_string().starts_with(&named), "{error}");
}

/// As `tests/loading/errors.txt` has it: a line with the id, one with the message. After a change of messages
/// `MTLS_ROLES_AGREE=1 cargo test --test loading` writes the file anew, to be read in the diff.
#[test]
fn every_error_says_what_was_found_what_is_needed_and_what_to_do() {
    let files = TempDir::new();
    let rows = all(&files).into_iter();
    let found: String =
        rows.map(|(id, error)| format!("{id}\n    {}\n", printed(&files, &error))).collect();
    agreed("loading/errors.txt", &found);
}

#[test]
fn every_variant_of_the_error_is_pinned() {
    let source = include_str!("../../src/error.rs");
    let (_, body) = source.split_once("pub enum Error {").unwrap();
    let (body, _) = body.split_once("\n}").unwrap();
    let variants: BTreeSet<_> = body.lines().filter_map(variant).collect();
    let files = TempDir::new();
    let pinned: BTreeSet<_> = all(&files).iter().map(|(_, error)| name(error)).collect();
    assert_eq!(pinned, variants);
    assert!(variants.len() > 20, "{variants:?}");
}

#[test]
fn an_error_that_has_a_source_keeps_it() {
    let files = TempDir::new();
    for (id, error) in all(&files) {
        let is_kept = match &error {
            Error::Unreadable { .. } | Error::NotKept { .. } => keeps::<std::io::Error>(&error),
            Error::PemBlock { .. } => keeps::<rustls::pki_types::pem::Error>(&error),
            Error::UnusableKey { .. } | Error::Config(_) => keeps::<rustls::Error>(&error),
            _ => error.source().is_none(),
        };
        assert!(is_kept, "{id}: {error:?}");
    }
}

fn keeps<E: std::error::Error + 'static>(error: &Error) -> bool {
    error.source().is_some_and(|source| source.is::<E>())
}

#[test]
fn no_message_is_a_debug_text_or_a_sentence_with_a_full_stop() {
    let files = TempDir::new();
    for (id, error) in all(&files) {
        let printed = error.to_string();
        let first = printed.chars().next().unwrap();
        let is_name = matches!(error, Error::AcceptServerAuthForServers);
        assert!(!first.is_uppercase() || is_name, "{id}: {printed}");
        assert!(!printed.ends_with('.'), "{id}: {printed}");
        assert!(!printed.contains(&name(&error)), "{id}: {printed}");
        assert!(!printed.contains('\n'), "{id}: {printed}");
    }
}

#[test]
fn a_refusal_says_which_certificate_has_the_wrong_eku_and_keeps_the_error_of_the_handshake() {
    let root = Ca::root_named("root");
    let sub = root.sub(CaSpec::new("sub").eku(Eku::server()));
    let leaf = sub.leaf(LeafSpec::new("edge").eku(Eku::client()));
    let clients = clients(&roots([&root])).build().unwrap();
    let verify = |chain: &[CertificateDer<'_>]| clients.verify(Some(chain), unix(NOW)).unwrap_err();
    let refusal = verify(&leaf.chain(&[&sub]));
    assert_eq!(
        refusal.to_string(),
        "client refused: its extended key usage is wrong for this role, and nothing else is: \
         issuer `CN=sub` has extended key usage serverAuth, needed clientAuth"
    );
    keeps_its_error(refusal);
    let refusal = verify(&leaf.chain(&[]));
    assert_eq!(
        refusal.to_string(),
        "client refused: no path leads to a trusted root: the issuer of certificate 1 (`CN=edge`), \
         `CN=sub`, is neither presented nor a root; present its certificate too, or trust it"
    );
    keeps_its_error(refusal);
    let refusal = verify(&[]);
    assert_eq!(refusal.to_string(), "client refused: it presented no certificate");
    keeps_its_error(refusal);
}

fn keeps_its_error(refusal: Refusal) {
    let source = refusal.source().and_then(|source| source.downcast_ref());
    assert_eq!(source, Some(refusal.error()));
    let error = refusal.error().clone();
    assert_eq!(rustls::Error::from(refusal), error);
}

#[test]
fn every_class_of_refusal_says_where_to_look() {
    use RefusalClass as Class;
    for (class, text) in [
        (Class::Eku, "its extended key usage is wrong for this role, and nothing else is"),
        (Class::UnknownIssuer, "no path leads to a trusted root"),
        (Class::Validity, "a certificate has expired or is not valid yet"),
        (Class::Revoked, "a certificate was revoked"),
        (Class::RevocationUnknown, "revocation could not be determined"),
        (Class::Name, "the certificate is for another name"),
        (Class::PeerRule, "no peer rule names it"),
        (Class::NoCertificate, "it presented no certificate"),
        (
            Class::Undetermined,
            "its extended key usage is wrong, and other obstacles were not looked for",
        ),
        (Class::Other, "its chain is not acceptable"),
    ] {
        assert_eq!(class.to_string(), text);
    }
}

#[test]
fn nothing_that_prints_shows_a_private_key() {
    for kind in [KeyKind::P256, KeyKind::Ed25519] {
        let leaf = Ca::root_named("root").leaf(LeafSpec::new("edge").kind(kind));
        let secret = Secret::of(&leaf);
        let credentials = credentials(&leaf, &[]);
        let server = server_slot().build_with(credentials.clone()).unwrap();
        let client = client_slot().build_with(credentials.clone()).unwrap();
        secret.is_not_in("Credentials", &credentials);
        secret.is_not_in("ServerSlot", &server);
        secret.is_not_in("ClientSlot", &client);
        secret.is_not_in("SlotBuilder", &ClientSlot::builder());
        let roots = roots([&Ca::root_named("root")]);
        let accept = server_config(&provider(), server, clients(&roots).build().unwrap());
        let connect = client_config(&provider(), client, servers(&roots).build().unwrap());
        secret.is_not_in("ServerConfig", &accept.unwrap());
        secret.is_not_in("ClientConfig", &connect.unwrap());
        for (id, error) in errors_about_the_key(&leaf) {
            secret.is_not_in(id, &error);
            secret.is_not_in_text(id, &error.to_string());
        }
    }
}

/// A key in files of every broken kind, read as key, as chain and as roots.
fn errors_about_the_key(leaf: &Leaf) -> Vec<(&'static str, Error)> {
    let key = leaf.key_pem();
    let base64: String = key.lines().filter(|line| !line.starts_with('-')).collect();
    let legacy = format!("-----BEGIN EC PRIVATE KEY-----{base64}-----END EC PRIVATE KEY-----\n");
    let chain = leaf.cert_pem();
    let mut errors = vec![];
    for (id, pem) in [
        ("one line", key.replace('\n', "")),
        ("line ends escaped", key.replace('\n', "\\n")),
        ("one line with an older label", legacy),
        ("indented", key.replace('\n', "\n ")),
        ("no END", key.replace("-----END", "")),
        ("joined with a certificate", format!("{}{chain}", key.trim_end())),
        ("joined without marks", format!("{base64}-----BEGIN CERTIFICATE-----{base64}")),
        ("a label and no dashes", format!("-----BEGIN PRIVATE KEY {base64}")),
        ("damaged base64", key.replacen('M', "M!", 1)),
        ("cut base64", key.replacen(&base64[40..44], "", 1)),
        ("cut DER", key.replacen(&base64[40..60], "", 1)),
        ("two keys", key.repeat(2)),
        ("encrypted, it says", key.replace("PRIVATE", "ENCRYPTED PRIVATE")),
    ] {
        let read_key = Credentials::from_pem(chain.as_bytes(), pem.as_bytes(), &provider());
        errors.push((id, read_key.expect_err(id)));
        let read_chain = Credentials::from_pem(pem.as_bytes(), key.as_bytes(), &provider());
        errors.extend(read_chain.err().map(|error| (id, error)));
        errors.push((id, Roots::from_pem(pem.as_bytes()).expect_err(id)));
        errors.push((id, Crls::from_pem(pem.as_bytes()).expect_err(id)));
    }
    let other = Ca::root_named("root").leaf(LeafSpec::new("other"));
    let mismatch = Credentials::from_der(other.chain(&[]), leaf.key_der(), &provider());
    errors.push(("another certificate", mismatch.unwrap_err()));
    errors
}

/// The private part of a key, to be searched for in texts.
struct Secret(Vec<u8>);

impl Secret {
    /// PKCS#8 of P-256 and of Ed25519 has it as the first OCTET STRING of 32 bytes.
    fn of(leaf: &Leaf) -> Self {
        let key = leaf.key.serialize_der();
        let at = key.windows(2).position(|pair| pair == [0x04, 0x20]);
        let at = at.expect("an OCTET STRING of 32 bytes") + 2;
        let secret = Self(key[at..at + 32].to_vec());
        secret.would_be_found();
        secret
    }

    /// The search has to find what it is for, in every way that a key could be printed.
    fn would_be_found(&self) {
        let Self(bytes) = self;
        let hex: Vec<_> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        for text in [
            format!("{bytes:?}"),
            format!("{bytes:#?}"),
            format!("{bytes:02x?}"),
            format!("{bytes:#04X?}"),
            hex.concat(),
            hex.concat().to_uppercase(),
            hex.join(":"),
            base64(bytes),
            base64(&[&[1], bytes.as_slice()].concat()),
            base64(&[&[1, 2], bytes.as_slice()].concat()),
            format!("{:?}", base64(bytes).into_bytes()),
        ] {
            assert!(self.is_in(&text), "the search is blind for {text}");
        }
    }

    fn is_not_in(&self, id: &str, value: &impl Debug) {
        self.is_not_in_text(id, &format!("{value:?}"));
        self.is_not_in_text(id, &format!("{value:#?}"));
    }

    fn is_not_in_text(&self, id: &str, text: &str) {
        assert!(!self.is_in(text), "{id} shows the key: {text}");
    }

    /// Any five bytes in a row.
    fn is_in(&self, text: &str) -> bool {
        let text = bare(text);
        let lower_case = text.to_lowercase();
        self.0.windows(5).enumerate().any(|(at, window)| {
            let hex: String = window.iter().map(|byte| format!("{byte:02x}")).collect();
            // Six characters of base64 are the same wherever the bytes before them end.
            let mut base64 = (0..3).map(|shift| {
                let from = (at + shift).min(self.0.len() - 5);
                base64(&self.0[from..from + 5])[..6].to_owned()
            });
            text.contains(&decimal(window))
                || lower_case.contains(&hex)
                || base64.any(|it| text.contains(&it) || text.contains(&decimal(it.as_bytes())))
        })
    }
}

/// Without what only lays a text out.
fn bare(text: &str) -> String {
    let text = text.replace("0x", "").replace("0X", "");
    text.replace(|c: char| c.is_whitespace() || ":,[]".contains(c), "")
}

fn decimal(bytes: &[u8]) -> String {
    bytes.iter().map(u8::to_string).collect()
}

fn base64(bytes: &[u8]) -> String {
    Base64Unpadded::encode_string(bytes)
}

type Row = (&'static str, Error);

fn all(files: &TempDir) -> Vec<Row> {
    let rows = [
        about_files(files),
        about_chains(),
        about_keys(),
        about_slots(),
        about_rules(),
        about_policies(),
        about_roots(),
        about_crls(),
        about_memos(),
        about_reloading(files),
    ];
    rows.into_iter().flatten().collect()
}

/// What the text says where the file is; `DIR` stands for the folder, `HEX` for a fingerprint.
fn printed(files: &TempDir, error: &Error) -> String {
    let folder = files.path().display().to_string();
    let text = error.to_string().replace(&folder, "DIR");
    match error {
        Error::LeafAsRoot { fingerprint, .. } => text.replace(fingerprint, "HEX"),
        _ => text,
    }
}

fn name(error: &Error) -> String {
    let text = format!("{error:?}");
    let end = text.find(|c: char| !c.is_alphanumeric());
    text[..end.unwrap_or(text.len())].to_owned()
}

/// The name of the variant that this line of the source begins.
fn variant(line: &str) -> Option<String> {
    let line = line.strip_prefix("    ")?;
    let end = line.find(|c: char| !c.is_alphanumeric())?;
    (line.starts_with(|c: char| c.is_uppercase())).then(|| line[..end].to_owned())
}

#[rustfmt::skip] // One row, one line.
fn about_files(files: &TempDir) -> Vec<Row> {
    let leaf = good_leaf();
    let pem = leaf.cert_pem();
    let chain = files.write("chain.pem", &pem);
    let key = files.write("key.pem", leaf.key_pem());
    let read = |chain: &std::path::Path, key: &std::path::Path| {
        Credentials::from_pem_files(chain, key, &provider()).unwrap_err()
    };
    let with_chain = |name: &str, text: &str| read(&files.write(name, text), &key);
    let with_key = |name: &str, text: &str| read(&chain, &files.write(name, text));
    let half = &pem[..pem.len() / 2];
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
        ("a device without end", read(std::path::Path::new("/dev/zero"), &key)),
        ("a folder", read(files.path(), &key)),
        ("empty chain file", with_chain("empty.pem", "")),
        ("garbage for a chain", with_chain("garbage.pem", "\0garbage")),
        ("a key for a chain", with_chain("only.key", &leaf.key_pem())),
        ("empty key file", with_key("empty.key", "")),
        ("a chain for a key", with_key("chain.key", &pem)),
        ("a truncated chain", with_chain("half.pem", half)),
        ("a truncated second certificate", with_chain("second.pem", &format!("{pem}# comment\n{half}"))),
        ("a truncated key", with_key("half.key", &leaf.key_pem()[..80])),
        ("damaged base64", with_chain("base64.pem", &pem.replacen("MII", "M!I", 1))),
        ("a block of OpenSSL's own", with_chain("trusted.pem", &pem.replace("CERTIFICATE", "TRUSTED CERTIFICATE"))),
        ("a key of OpenSSH's own", with_key("ssh.key", "-----BEGIN OPENSSH PRIVATE KEY-----\n")),
        ("a key that lost its line ends", with_key("flat.key", &leaf.key_pem().replace('\n', ""))),
        ("an encrypted key", with_key("pkcs8.key", encrypted)),
        ("an encrypted key of the older form", with_key("legacy.key", legacy)),
        ("an encrypted key before its chain", both("pkcs8.key", encrypted, &pem)),
        ("an encrypted key of the older form before its chain", both("pkcs8.key", legacy, &pem)),
        ("two keys", with_key("two.key", &leaf.key_pem().repeat(2))),
        ("a key that is none", with_key("zero.key", &encrypted.replace("ENCRYPTED ", ""))),
    ]
}

#[rustfmt::skip] // One row, one line.
fn about_chains() -> Vec<Row> {
    let root = Ca::root_named("root");
    let sub = root.sub(CaSpec::new("sub"));
    let leaf = sub.leaf(LeafSpec::new("edge"));
    let other = sub.leaf(LeafSpec::new("other"));
    let read = |chain: Vec<CertificateDer<'static>>| {
        Credentials::from_der(chain, leaf.key_der(), &provider()).unwrap_err()
    };
    let cut = cut(&leaf.der());
    let nameless = sub.leaf(LeafSpec::new("").empty_subject().dns("edge.example"));
    let critical = LeafSpec::new("edge").extension(&[1, 3, 9], true, vec![5, 0]);
    vec![
        ("no certificate", read(vec![])),
        ("a certificate that is cut", read(vec![leaf.der(), cut])),
        ("a certificate with an unknown critical extension", read(sub.leaf(critical).chain(&[]))),
        ("upside down", read(vec![sub.der(), leaf.der()])),
        ("another leaf first", read(vec![other.der(), sub.der(), leaf.der()])),
        ("a leaf whose key is too short", read(vec![root.leaf_for(LeafSpec::new("edge"), &WeakRsaKey::default())])),
        ("the key of another certificate", Credentials::from_der(other.chain(&[&sub]), leaf.key_der(), &provider()).unwrap_err()),
        ("a name that would move the cursor", read(vec![root.der(), sub.leaf(LeafSpec::new("ed\u{1b}[2Kge").key(&leaf.key)).der()])),
        ("a leaf without a subject", read(nameless.chain(&[]))),
    ]
}

fn about_keys() -> Vec<Row> {
    let leaf = good_leaf();
    let mute = Credentials::from_signing_key(leaf.chain(&[]), Arc::new(MuteKey));
    let key: Arc<dyn SigningKey> = Arc::new(MuteKey);
    let name = [SubjectAltName::Dns("edge.example.com".into())];
    let request = CertificateRequest::new(&name, &key, Role::Client).unwrap_err();
    vec![
        ("a key that does not tell its public key", mute.unwrap_err()),
        ("a request with such a key", request),
    ]
}

#[rustfmt::skip] // One row, one line.
fn about_slots() -> Vec<Row> {
    let root = Ca::root_named("root");
    let leaf = |spec: LeafSpec| credentials(&root.leaf(spec), &[]);
    let edge = || LeafSpec::new("edge");
    let sub = root.sub(CaSpec::new("sub").eku(Eku::server()));
    let below = credentials(&sub.leaf(edge().eku(Eku::both())), &[&sub]);
    let client = |credentials| client_slot().build_with(credentials).unwrap_err();
    let serve = |policy, credentials| {
        let slot = server_slot().eku_policy(policy);
        slot.build_with(credentials).unwrap_err()
    };
    let others = Eku::Purposes(vec![Kp::Any, Kp::Oid(&[1, 3, 6, 1, 4, 1, 311])]);
    let clockless = Clock::at(NOW - Duration::days(60 * 365));
    vec![
        ("serverAuth in the client slot", client(leaf(edge().eku(Eku::server())))),
        ("an intermediate for serverAuth in the client slot", client(below)),
        ("a CA in the client slot", client(leaf(edge().ca()))),
        ("no EKU in a strict server slot", serve(EkuPolicy::strict(), leaf(edge()))),
        ("two other purposes in the server slot", serve(EkuPolicy::rfc5280(), leaf(edge().eku(others)))),
        ("expired", client(leaf(edge().expired()))),
        ("not yet valid", client(leaf(edge().not_yet_valid()))),
        ("no clock", ClientSlot::builder().time_provider(Arc::new(clockless)).build_with(leaf(edge())).unwrap_err()),
        ("accept_server_auth in the server slot", serve(EkuPolicy::accept_server_auth(), leaf(edge()))),
    ]
}

fn about_rules() -> Vec<Row> {
    let rule = |text: &str| text.parse::<PeerRule>().unwrap_err();
    let policy = |text: &str| text.parse::<EkuPolicy>().unwrap_err();
    vec![
        ("unknown policy", policy("ignore\u{1b}\n")),
        ("policy that does not end", policy("strict until 2027-03-15")),
        ("unreadable end of a policy", policy("ignore until March")),
        ("U-label", rule("dns:bücher.example")),
        ("trailing dot", rule("dns:edge.example.")),
        ("wildcard inside", rule("dns:edge*.example")),
        ("no DNS name", rule("dns:edge example\n")),
        ("no URI", rule("uri:edge")),
        ("scheme", rule("uri:Spiffe://example.org/edge")),
        ("port", rule("uri:spiffe://example.org:1/edge")),
        ("query", rule("uri:spiffe://example.org/edge?x")),
        ("trust domain", rule("spiffe-trust-domain:Example")),
        ("address", rule("ip:127.0.0.256")),
        ("fingerprint", rule("spki-sha256:00ff")),
        ("unknown form", rule("cn:edge")),
    ]
}

#[rustfmt::skip] // One row, one line.
fn about_policies() -> Vec<Row> {
    let edge = || PeerRule::dns_name("edge.example").unwrap();
    let (private, public) = (roots([&Ca::root_named("root")]), Roots::public_web());
    let public_clients = || clients(&public).allow(edge());
    let (ignore, accept) = (EkuPolicy::ignore(), EkuPolicy::accept_server_auth());
    let no_suites = CryptoProvider { cipher_suites: vec![], ..CryptoProvider::clone(&provider()) };
    vec![
        ("clients, relaxed for nobody", clients(&private).eku_policy(ignore).build().unwrap_err()),
        ("servers, relaxed for nobody", servers(&private).eku_policy(ignore).build().unwrap_err()),
        ("any peer over public roots", public_clients().eku_policy(ignore).relax_for_any_peer_of_these_private_roots().build().unwrap_err()),
        ("a name over public roots", public_clients().eku_policy(ignore).relax_for(edge()).build().unwrap_err()),
        ("a URI over public roots", public_clients().allow("uri:spiffe://example.org/a".parse().unwrap()).build().unwrap_err()),
        ("relaxed servers over public roots", servers(&public).eku_policy(ignore).relax_for(edge()).build().unwrap_err()),
        ("public roots without rules", clients(&public).build().unwrap_err()),
        ("accept_server_auth for servers", servers(&private).eku_policy(accept).relax_for(edge()).build().unwrap_err()),
        ("a provider without cipher suites", server_config(&Arc::new(no_suites), ServerSlot::empty(), clients(&private).build().unwrap()).unwrap_err()),
    ]
}

#[rustfmt::skip] // One row, one line.
fn about_roots() -> Vec<Row> {
    let root = Ca::root_named("root");
    let leaf = root.leaf(LeafSpec::new("edge"));
    let cut = cut(&root.der());
    let mut many = RootCertStore::empty();
    many.roots = vec![
        TrustAnchor {
            subject: vec![5; 58].into(),
            subject_public_key_info: vec![].into(),
            name_constraints: None,
        };
        1_200
    ];
    vec![
        ("no root", Roots::from_pem(b"").unwrap_err()),
        ("an empty list of roots", Roots::from_der([]).unwrap_err()),
        ("an empty store", Roots::from_root_cert_store(RootCertStore::empty()).unwrap_err()),
        ("too many names for a message", clients(&Roots::from_root_cert_store(many).unwrap()).build().unwrap_err()),
        ("a root that is cut", Roots::from_der([root.der(), cut]).unwrap_err()),
        ("the leaf of a CA as a root", Roots::from_der([leaf.der()]).map(|_| ()).unwrap_err()),
    ]
}

#[rustfmt::skip] // One row, one line.
fn about_crls() -> Vec<Row> {
    let root = Ca::root_named("root");
    let list = Crls::from_der([root.crl(CrlSpec::new(1))]).unwrap();
    let without = servers(&roots([&root])).build().unwrap();
    vec![
        ("no list", Crls::from_der([]).unwrap_err()),
        ("garbage for a list", Crls::from_der([vec![0x30, 0].into()]).unwrap_err()),
        ("a delta list", Crls::from_der([root.crl(CrlSpec::new(2).delta())]).unwrap_err()),
        ("a number of 21 octets", Crls::from_der([root.crl(CrlSpec::new(1).number(&[1; 21]))]).unwrap_err()),
        ("a verifier without lists", without.replace_crls(list, unix(NOW)).unwrap_err()),
    ]
}

/// Its first 100 bytes, of which the header says that 256 follow it.
fn cut(certificate: &CertificateDer<'_>) -> CertificateDer<'static> {
    let start = [&[0x30, 0x82, 1, 0], &certificate[4..100]];
    start.concat().into()
}

fn good_leaf() -> Leaf {
    Ca::root_named("root").leaf(LeafSpec::new("edge"))
}

/// A key in a device that says nothing about itself.
#[derive(Debug)]
struct MuteKey;

impl SigningKey for MuteKey {
    fn choose_scheme(&self, _: &[SignatureScheme]) -> Option<Box<dyn Signer>> {
        None
    }

    fn algorithm(&self) -> SignatureAlgorithm {
        SignatureAlgorithm::ECDSA
    }
}

fn about_memos() -> Vec<Row> {
    let roots = || Roots::from_der([Ca::root_named("root").der()]).unwrap();
    let (aws, ring) = (aws_lc_rs::default_provider(), ring::default_provider());
    let clients = ClientPeerVerifier::builder(roots(), &ring).memo(SignatureMemo::new(&aws));
    let servers = ServerPeerVerifier::builder(roots(), &aws).memo(SignatureMemo::new(&ring));
    vec![
        ("a verifier of clients with the memo of another provider", clients.build().unwrap_err()),
        ("a verifier of servers with the memo of another provider", servers.build().unwrap_err()),
    ]
}
