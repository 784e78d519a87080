//! The forecast against the table of FACTS, section 4, and against the real thing: rustls always,
//! OpenSSL, Go, Java and GnuTLS where they are installed.

#![cfg(feature = "audit")]

mod common;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use common::clock::{NOW, unix};
use common::files::TempDir;
use common::pki::{Ca, CaSpec, Eku, KeyUsagePurpose, Kp, Leaf, LeafSpec};
use common::tls::provider;
use mtls_roles::Role;
use mtls_roles::audit::{Assessment, Inventory, Serving, Stack, Timeline};
use rustls::RootCertStore;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::server::WebPkiClientVerifier;
use time::macros::datetime;

const NAME: &str = "edge.example.com";

/// Server Gated Cryptography, Microsoft's and Netscape's.
const SGC_MS: Kp = Kp::Oid(&[1, 3, 6, 1, 4, 1, 311, 10, 3, 3]);
const SGC_NS: Kp = Kp::Oid(&[2, 16, 840, 1, 113730, 4, 1]);
const NETSCAPE_TYPE: &[u64] = &[2, 16, 840, 1, 113730, 1, 1];

/// A chain of three, and by whom it is accepted: as server, as client; R rustls, O OpenSSL, G Go,
/// J Java, N GnuTLS.
struct Row {
    id: &'static str,
    chain: Chain,
    server: &'static str,
    client: &'static str,
}

#[derive(Clone)]
struct Chain {
    leaf: LeafSpec,
    issuer: CaSpec,
    root: CaSpec,
}

impl Chain {
    /// Valid for so long because certtool 3.7 takes no other time than the system's.
    fn of_leaf(eku: Eku) -> Self {
        let (begin, end) = (datetime!(2020-01-01 0:00 UTC), datetime!(2049-01-01 0:00 UTC));
        let leaf = LeafSpec::new("leaf").dns(NAME).eku(eku);
        Self {
            leaf: leaf.valid(begin, end),
            issuer: CaSpec::new("issuer").valid(begin, end),
            root: CaSpec::new("root").valid(begin, end),
        }
    }

    fn of_issuer(eku: Eku) -> Self {
        let chain = Self::of_leaf(Eku::both());
        Self { issuer: chain.issuer.eku(eku), ..chain }
    }

    fn of_root(eku: Eku) -> Self {
        let chain = Self::of_leaf(Eku::both());
        Self { root: chain.root.eku(eku), ..chain }
    }

    fn of_leaf_usage(usage: KeyUsagePurpose) -> Self {
        let chain = Self::of_leaf(Eku::Absent);
        Self { leaf: chain.leaf.key_usages(&[usage]), ..chain }
    }

    fn of_netscape_type(eku: Eku, bits: u8) -> Self {
        let chain = Self::of_leaf(eku);
        Self { leaf: chain.leaf.extension(NETSCAPE_TYPE, false, vec![3, 2, 5, bits]), ..chain }
    }

    fn of_critical_netscape_type(bits: u8) -> Self {
        let chain = Self::of_leaf(Eku::both());
        Self { leaf: chain.leaf.extension(NETSCAPE_TYPE, true, vec![3, 2, 5, bits]), ..chain }
    }

    fn issued(&self) -> Issued {
        let root = Ca::root(self.root.clone());
        let issuer = root.sub(self.issuer.clone());
        Issued { leaf: issuer.leaf(self.leaf.clone()), issuer, root }
    }
}

struct Issued {
    leaf: Leaf,
    issuer: Ca,
    root: Ca,
}

fn rows() -> Vec<Row> {
    use KeyUsagePurpose as Ku;
    let no_cert_sign = [Ku::DigitalSignature, Ku::CrlSign];
    let row = |id, chain, server, client| Row { id, chain, server, client };
    let base = Chain::of_leaf(Eku::both());
    vec![
        row("leaf absent", Chain::of_leaf(Eku::Absent), "ROGJN", "ROGJN"),
        row("leaf server", Chain::of_leaf(Eku::server()), "ROGJN", ""),
        row("leaf client", Chain::of_leaf(Eku::client()), "", "ROGJN"),
        row("leaf both", Chain::of_leaf(Eku::both()), "ROGJN", "ROGJN"),
        row("leaf critical", Chain::of_leaf(Eku::Critical(vec![Kp::ServerAuth])), "ROGJN", ""),
        row("leaf any", Chain::of_leaf(Eku::any()), "GJN", "GJN"),
        row(
            "leaf server any",
            Chain::of_leaf(Eku::Purposes(vec![Kp::ServerAuth, Kp::Any])),
            "ROGJN",
            "GJN",
        ),
        row("leaf empty", Chain::of_leaf(Eku::Empty), "GN", "GN"),
        row("leaf code signing", Chain::of_leaf(Eku::code_signing()), "", ""),
        row("leaf sgc microsoft", Chain::of_leaf(Eku::Purposes(vec![SGC_MS])), "OJ", ""),
        row("leaf sgc netscape", Chain::of_leaf(Eku::Purposes(vec![SGC_NS])), "OJ", ""),
        row("issuer server", Chain::of_issuer(Eku::server()), "ROGJN", "J"),
        row("issuer client", Chain::of_issuer(Eku::client()), "J", "ROGJN"),
        row("issuer both", Chain::of_issuer(Eku::both()), "ROGJN", "ROGJN"),
        row("issuer any", Chain::of_issuer(Eku::any()), "GJ", "GJ"),
        row(
            "issuer server any",
            Chain::of_issuer(Eku::Purposes(vec![Kp::ServerAuth, Kp::Any])),
            "ROGJN",
            "GJ",
        ),
        row("issuer empty", Chain::of_issuer(Eku::Empty), "GJN", "GJN"),
        row("issuer code signing", Chain::of_issuer(Eku::code_signing()), "J", "J"),
        row("issuer sgc microsoft", Chain::of_issuer(Eku::Purposes(vec![SGC_MS])), "OJ", "J"),
        row("issuer sgc netscape", Chain::of_issuer(Eku::Purposes(vec![SGC_NS])), "OJN", "J"),
        row("root server", Chain::of_root(Eku::server()), "ROGJN", "RJN"),
        row("root client", Chain::of_root(Eku::client()), "RJN", "ROGJN"),
        row("root any", Chain::of_root(Eku::any()), "RGJN", "RGJN"),
        row("root empty", Chain::of_root(Eku::Empty), "RGJN", "RGJN"),
        row("root code signing", Chain::of_root(Eku::code_signing()), "RJN", "RJN"),
        row("netscape server", Chain::of_netscape_type(Eku::Absent, 0x40), "ROGJN", "RGN"),
        row("netscape client", Chain::of_netscape_type(Eku::Absent, 0x80), "RGN", "ROGJN"),
        row("netscape both", Chain::of_netscape_type(Eku::Absent, 0xc0), "ROGJN", "ROGJN"),
        row(
            "netscape server, eku both",
            Chain::of_netscape_type(Eku::both(), 0x40),
            "ROGJN",
            "RGN",
        ),
        row("netscape both, critical", Chain::of_critical_netscape_type(0xc0), "O", "O"),
        row("leaf key encipherment", Chain::of_leaf_usage(Ku::KeyEncipherment), "ROGN", "RGN"),
        row("leaf key agreement", Chain::of_leaf_usage(Ku::KeyAgreement), "ROGN", "ROGN"),
        row("leaf non-repudiation", Chain::of_leaf_usage(Ku::ContentCommitment), "RGN", "RGN"),
        row(
            "issuer without keyCertSign",
            Chain { issuer: base.issuer.clone().key_usages(&no_cert_sign), ..base.clone() },
            "R",
            "R",
        ),
        row(
            "root without keyCertSign",
            Chain { root: base.root.clone().key_usages(&no_cert_sign), ..base },
            "R",
            "R",
        ),
    ]
}

fn letters(is_accepted: impl Fn(Stack) -> bool) -> String {
    let letter = |stack| match stack {
        Stack::Rustls => 'R',
        Stack::OpenSsl => 'O',
        Stack::Go => 'G',
        Stack::Java => 'J',
        _ => 'N',
    };
    let accepting = Stack::ALL.into_iter().filter(|stack| is_accepted(*stack));
    accepting.map(letter).collect()
}

#[test]
fn the_forecast_is_the_table() {
    let mut wrong = Vec::new();
    for row in rows() {
        let issued = row.chain.issued();
        let forecast = forecast(&issued);
        for (role, expected) in [(Role::Server, row.server), (Role::Client, row.client)] {
            let found = letters(|stack| forecast(stack, role));
            if found != expected {
                wrong.push(format!("{} {role}: found {found}, needed {expected}", row.id));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn forecast(issued: &Issued) -> impl Fn(Stack, Role) -> bool {
    let mut inventory = Inventory::new();
    inventory.add_der("leaf", &issued.leaf.der());
    inventory.add_der("issuer", &issued.issuer.der());
    inventory.add_der("root", &issued.root.der());
    let timeline = Timeline::builtin();
    let assessment = Assessment::new(&inventory, &timeline, NOW.date(), Serving::Suggested);
    let forecast = assessment.findings()[0].forecast.clone().expect("the first is the leaf");
    move |stack, role| forecast.accepts(stack, role)
}

#[test]
fn rustls_does_what_is_foretold() {
    agrees(Stack::Rustls, |chains| {
        let verdicts = chains
            .iter()
            .map(|(id, issued)| ((id.clone(), Role::Server), rustls_accepts_server(issued)));
        let clients = chains
            .iter()
            .map(|(id, issued)| ((id.clone(), Role::Client), rustls_accepts_client(issued)));
        Some(verdicts.chain(clients).collect())
    });
}

fn root_store(issued: &Issued) -> Arc<RootCertStore> {
    let mut store = RootCertStore::empty();
    store.add(issued.root.der()).unwrap();
    store.into()
}

fn rustls_accepts_server(issued: &Issued) -> bool {
    let verifier = WebPkiServerVerifier::builder_with_provider(root_store(issued), provider());
    let name = NAME.try_into().unwrap();
    let issuers = [issued.issuer.der()];
    let verifier = verifier.build().unwrap();
    verifier.verify_server_cert(&issued.leaf.der(), &issuers, &name, &[], unix(NOW)).is_ok()
}

fn rustls_accepts_client(issued: &Issued) -> bool {
    let verifier = WebPkiClientVerifier::builder_with_provider(root_store(issued), provider());
    let issuers = [issued.issuer.der()];
    let verifier = verifier.build().unwrap();
    verifier.verify_client_cert(&issued.leaf.der(), &issuers, unix(NOW)).is_ok()
}

#[test]
fn openssl_does_what_is_foretold() {
    agrees(Stack::OpenSsl, |chains| {
        let version = tool("openssl", &["version"])?;
        if !version.starts_with("OpenSSL 3.") {
            eprintln!("SKIPPED: needed OpenSSL 3, found {version}");
            return None;
        }
        Some(one_by_one(chains, |folder, role| {
            let purpose = format!("ssl{role}");
            let (leaf, issuer, root) = files(folder);
            Command::new("openssl")
                .args(["verify", "-no-CApath", "-no-CAstore", "-purpose", &purpose, "-attime"])
                .arg(NOW.unix_timestamp().to_string())
                .args(["-CAfile", &root, "-untrusted", &issuer, &leaf])
                .output()
                .unwrap()
                .status
                .success()
        }))
    });
}

#[test]
fn gnutls_does_what_is_foretold() {
    agrees(Stack::GnuTls, |chains| {
        tool("certtool", &["--version"])?;
        Some(one_by_one(chains, |folder, role| {
            let oid = match role {
                Role::Server => "1.3.6.1.5.5.7.3.1",
                Role::Client => "1.3.6.1.5.5.7.3.2",
            };
            let (leaf, issuer, root) = files(folder);
            let chain = folder.join("chain.pem");
            let read = |file| fs::read_to_string(file).unwrap();
            fs::write(&chain, read(leaf) + &read(issuer)).unwrap();
            Command::new("certtool")
                .args(["--verify", "--verify-purpose", oid, "--load-ca-certificate", &root])
                .arg("--infile")
                .arg(chain)
                .output()
                .unwrap()
                .status
                .success()
        }))
    });
}

#[test]
fn go_does_what_is_foretold() {
    agrees(Stack::Go, |chains| {
        tool("go", &["version"])?;
        let program = "tests/audit_forecast/verify.go";
        all_at_once(chains, Command::new("go").args(["run", program]))
    });
}

#[test]
fn java_does_what_is_foretold() {
    agrees(Stack::Java, |chains| {
        // A run-time environment alone has no compiler.
        tool("javac", &["--version"])?;
        all_at_once(chains, Command::new("java").arg("tests/audit_forecast/Verify.java"))
    });
}

/// Whether each chain was accepted, by the id of its row.
type Verdicts = BTreeMap<(String, Role), bool>;

fn agrees(stack: Stack, verify: impl Fn(&[(String, Issued)]) -> Option<Verdicts>) {
    let chains: Vec<_> =
        rows().into_iter().map(|row| (row.id.to_owned(), row.chain.issued())).collect();
    let Some(verdicts) = verify(&chains) else {
        return;
    };
    let mut wrong = Vec::new();
    for (id, issued) in &chains {
        let forecast = forecast(issued);
        for role in [Role::Server, Role::Client] {
            let (seen, foretold) = (verdicts[&(id.clone(), role)], forecast(stack, role));
            if seen != foretold {
                wrong.push(format!("{id}, {role}: foretold {foretold}, seen {seen}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{stack}:\n{}", wrong.join("\n"));
}

/// What a tool says of itself, or a line that it is not there.
fn tool(name: &str, arguments: &[&str]) -> Option<String> {
    match Command::new(name).args(arguments).output() {
        Ok(output) if output.status.success() => {
            Some(String::from_utf8_lossy(&output.stdout).into_owned())
        }
        _ => {
            eprintln!("SKIPPED: {name} is not installed");
            None
        }
    }
}

fn write(folder: &Path, issued: &Issued) {
    fs::create_dir(folder).unwrap();
    fs::write(folder.join("leaf.pem"), issued.leaf.cert_pem()).unwrap();
    fs::write(folder.join("issuer.pem"), issued.issuer.pem()).unwrap();
    fs::write(folder.join("root.pem"), issued.root.pem()).unwrap();
}

fn files(folder: &Path) -> (String, String, String) {
    let file = |name| folder.join(name).to_str().unwrap().to_owned();
    (file("leaf.pem"), file("issuer.pem"), file("root.pem"))
}

fn one_by_one(chains: &[(String, Issued)], is_accepted: impl Fn(&Path, Role) -> bool) -> Verdicts {
    let dir = TempDir::new();
    let mut verdicts = Verdicts::new();
    for (index, (id, issued)) in chains.iter().enumerate() {
        let folder = dir.join(&index.to_string());
        write(&folder, issued);
        for role in [Role::Server, Role::Client] {
            verdicts.insert((id.clone(), role), is_accepted(&folder, role));
        }
    }
    verdicts
}

/// A program that takes the time and all folders and prints a line for each folder and role.
fn all_at_once(chains: &[(String, Issued)], program: &mut Command) -> Option<Verdicts> {
    let dir = TempDir::new();
    let folders: Vec<PathBuf> =
        (0..chains.len()).map(|index| dir.join(&index.to_string())).collect();
    for (folder, (_, issued)) in folders.iter().zip(chains) {
        write(folder, issued);
    }
    let program = program.current_dir(env!("CARGO_MANIFEST_DIR"));
    let output = program.arg(NOW.unix_timestamp().to_string()).args(&folders).output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    let text = String::from_utf8(output.stdout).unwrap();
    let mut lines = text.lines();
    let mut verdicts = Verdicts::new();
    for (folder, (id, _)) in folders.iter().zip(chains) {
        for role in [Role::Server, Role::Client] {
            let line = lines.next().unwrap();
            let verdict = line.strip_prefix(&format!("{} {role} ", folder.display())).unwrap();
            verdicts.insert((id.clone(), role), verdict == "yes");
        }
    }
    Some(verdicts)
}
