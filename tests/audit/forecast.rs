//! The forecast against the table of FACTS, section 4, and against the real thing: rustls always,
//! OpenSSL, Go, Java and GnuTLS where they are installed.

use std::process::Command;

use crate::common::clock::{NOW, unix};
use crate::common::files::TempDir;
use crate::common::openssl::OpenSsl;
use crate::common::pki::{Ca, CaSpec, Eku, KeyUsagePurpose, Kp, Leaf, LeafSpec};
use crate::common::process::is_installed;
use crate::common::programs::run;
use crate::common::tls::{provider, root_store};
use crate::world::{findings, inventory};
use mtls_roles::Role;
use mtls_roles::audit::Stack;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::server::WebPkiClientVerifier;
use time::macros::datetime;

const NAME: &str = "edge.example.com";
const ROLES: [Role; 2] = [Role::Server, Role::Client];

/// A chain of three. Valid for so long because certtool 3.7 takes no other time than the system's.
fn chain(
    leaf: impl FnOnce(LeafSpec) -> LeafSpec,
    issuer: impl FnOnce(CaSpec) -> CaSpec,
    root: impl FnOnce(CaSpec) -> CaSpec,
) -> Chain {
    let (begin, end) = (datetime!(2020-01-01 0:00 UTC), datetime!(2049-01-01 0:00 UTC));
    let root = Ca::root(root(CaSpec::new("root").valid(begin, end)));
    let issuer = root.sub(issuer(CaSpec::new("issuer").valid(begin, end)));
    let spec = LeafSpec::new("leaf").dns(NAME).eku(Eku::both()).valid(begin, end);
    Chain { leaf: issuer.leaf(leaf(spec)), issuer, root }
}

fn leaf(change: impl FnOnce(LeafSpec) -> LeafSpec) -> Chain {
    chain(change, |issuer| issuer, |root| root)
}

fn issuer(change: impl FnOnce(CaSpec) -> CaSpec) -> Chain {
    chain(|leaf| leaf, change, |root| root)
}

fn root(change: impl FnOnce(CaSpec) -> CaSpec) -> Chain {
    chain(|leaf| leaf, |issuer| issuer, change)
}

/// The Netscape certificate type, of a leaf with this EKU.
fn netscape(eku: Eku, bits: u8, critical: bool) -> Chain {
    const OID: &[u64] = &[2, 16, 840, 1, 113730, 1, 1];
    leaf(|it| it.eku(eku).extension(OID, critical, vec![3, 2, 5, bits]))
}

fn usage(usage: KeyUsagePurpose) -> Chain {
    leaf(|it| it.eku(Eku::Absent).key_usages(&[usage]))
}

/// Each row: an id, a chain, and by whom it is accepted as server and as client; R rustls,
/// O OpenSSL, G Go, J Java, N GnuTLS. SGC is Server Gated Cryptography, Microsoft's and Netscape's.
#[rustfmt::skip]
fn rows() -> Vec<(&'static str, Chain, [&'static str; 2])> {
    use KeyUsagePurpose as Ku;
    let sgc_microsoft = || Eku::Purposes(vec![Kp::Oid(&[1, 3, 6, 1, 4, 1, 311, 10, 3, 3])]);
    let sgc_netscape = || Eku::Purposes(vec![Kp::Oid(&[2, 16, 840, 1, 113730, 4, 1])]);
    let server_any = || Eku::Purposes(vec![Kp::ServerAuth, Kp::Any]);
    let critical = Eku::Critical(vec![Kp::ServerAuth]);
    let no_cert_sign = [Ku::DigitalSignature, Ku::CrlSign];
    vec![
        ("leaf absent",            leaf(|it| it.eku(Eku::Absent)),         ["ROGJN", "ROGJN"]),
        ("leaf server",            leaf(|it| it.eku(Eku::server())),       ["ROGJN", ""]),
        ("leaf client",            leaf(|it| it.eku(Eku::client())),       ["", "ROGJN"]),
        ("leaf both",              leaf(|it| it.eku(Eku::both())),         ["ROGJN", "ROGJN"]),
        ("leaf critical",          leaf(|it| it.eku(critical)),            ["ROGJN", ""]),
        ("leaf any",               leaf(|it| it.eku(Eku::any())),          ["GJN", "GJN"]),
        ("leaf server any",        leaf(|it| it.eku(server_any())),        ["ROGJN", "GJN"]),
        ("leaf empty",             leaf(|it| it.eku(Eku::Empty)),          ["GN", "GN"]),
        ("leaf code signing",      leaf(|it| it.eku(Eku::code_signing())), ["", ""]),
        ("leaf sgc microsoft",     leaf(|it| it.eku(sgc_microsoft())),     ["OJ", ""]),
        ("leaf sgc netscape",      leaf(|it| it.eku(sgc_netscape())),      ["OJ", ""]),
        ("issuer server",          issuer(|it| it.eku(Eku::server())),     ["ROGJN", "J"]),
        ("issuer client",          issuer(|it| it.eku(Eku::client())),     ["J", "ROGJN"]),
        ("issuer both",            issuer(|it| it.eku(Eku::both())),       ["ROGJN", "ROGJN"]),
        ("issuer any",             issuer(|it| it.eku(Eku::any())),        ["GJ", "GJ"]),
        ("issuer server any",      issuer(|it| it.eku(server_any())),      ["ROGJN", "GJ"]),
        ("issuer empty",           issuer(|it| it.eku(Eku::Empty)),        ["GJN", "GJN"]),
        ("issuer code signing",    issuer(|it| it.eku(Eku::code_signing())), ["J", "J"]),
        ("issuer sgc microsoft",   issuer(|it| it.eku(sgc_microsoft())),   ["OJ", "J"]),
        ("issuer sgc netscape",    issuer(|it| it.eku(sgc_netscape())),    ["OJN", "J"]),
        ("root server",            root(|it| it.eku(Eku::server())),       ["ROGJN", "RJN"]),
        ("root client",            root(|it| it.eku(Eku::client())),       ["RJN", "ROGJN"]),
        ("root any",               root(|it| it.eku(Eku::any())),          ["RGJN", "RGJN"]),
        ("root empty",             root(|it| it.eku(Eku::Empty)),          ["RGJN", "RGJN"]),
        ("root code signing",      root(|it| it.eku(Eku::code_signing())), ["RJN", "RJN"]),
        ("netscape server",        netscape(Eku::Absent, 0x40, false),     ["ROGJN", "RGN"]),
        ("netscape client",        netscape(Eku::Absent, 0x80, false),     ["RGN", "ROGJN"]),
        ("netscape both",          netscape(Eku::Absent, 0xc0, false),     ["ROGJN", "ROGJN"]),
        ("netscape server, eku both", netscape(Eku::both(), 0x40, false),  ["ROGJN", "RGN"]),
        ("netscape both, critical", netscape(Eku::both(), 0xc0, true),     ["O", "O"]),
        ("leaf key encipherment",  usage(Ku::KeyEncipherment),             ["ROGN", "RGN"]),
        ("leaf key agreement",     usage(Ku::KeyAgreement),                ["ROGN", "ROGN"]),
        ("leaf non-repudiation",   usage(Ku::ContentCommitment),           ["RGN", "RGN"]),
        ("issuer without keyCertSign", issuer(|it| it.key_usages(&no_cert_sign)), ["R", "R"]),
        ("root without keyCertSign", root(|it| it.key_usages(&no_cert_sign)), ["R", "R"]),
    ]
}

struct Chain {
    leaf: Leaf,
    issuer: Ca,
    root: Ca,
}

impl Chain {
    /// By each stack, in one role.
    fn forecast(&self, role: Role) -> [bool; 5] {
        let inventory = inventory([self.leaf.der(), self.issuer.der(), self.root.der()]);
        findings(&inventory, |all| {
            let forecast = all[0].forecast().expect("the first is the leaf");
            Stack::ALL.map(|stack| forecast.accepts(stack, role))
        })
    }

    fn written(&self) -> TempDir {
        let folder = TempDir::new();
        for (name, pem) in [
            ("leaf.pem", self.leaf.cert_pem()),
            ("issuer.pem", self.issuer.pem()),
            ("root.pem", self.root.pem()),
            ("chain.pem", self.leaf.chain_pem(&[&self.issuer])),
        ] {
            folder.write(name, pem);
        }
        folder
    }
}

#[test]
fn the_forecast_is_the_table() {
    let mut wrong = Vec::new();
    for (id, chain, accepting) in rows() {
        for (role, needed) in ROLES.into_iter().zip(accepting) {
            let letters = chain.forecast(role).into_iter().zip("ROGJN".chars());
            let found: String = letters.filter(|it| it.0).map(|it| it.1).collect();
            if found != needed {
                wrong.push(format!("{id} {role}: found {found}, needed {needed}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What its root would say is unknown; the issuer stays one.
#[test]
fn the_last_of_an_incomplete_chain_is_an_issuer() {
    let chain = issuer(|it| it.eku(Eku::server()));
    findings(&inventory([chain.leaf.der(), chain.issuer.der()]), |all| {
        let forecast = all[0].forecast().unwrap();
        assert!(!forecast.accepts(Stack::Rustls, Role::Client), "{forecast:?}");
        assert!(forecast.accepts(Stack::Rustls, Role::Server), "{forecast:?}");
    });
}

/// A stack's verdicts are those of every chain as server and as client; none if it is not here.
fn agrees(stack: Stack, verify: impl Fn(&[Chain]) -> Option<Vec<[bool; 2]>>) {
    let rows = rows().into_iter().map(|(id, chain, _)| (id, chain));
    let (ids, chains): (Vec<_>, Vec<_>) = rows.unzip();
    let Some(verdicts) = verify(&chains) else { return };
    assert_eq!(verdicts.len(), chains.len());
    let index = Stack::ALL.iter().position(|it| *it == stack).unwrap();
    let mut wrong = Vec::new();
    for ((id, chain), seen) in ids.iter().zip(&chains).zip(verdicts) {
        let foretold = ROLES.map(|role| chain.forecast(role)[index]);
        if seen != foretold {
            wrong.push(format!("{id}: foretold {foretold:?}, seen {seen:?}"));
        }
    }
    assert!(wrong.is_empty(), "{stack}:\n{}", wrong.join("\n"));
}

#[test]
fn rustls_does_what_is_foretold() {
    let accepts = |it: &Chain| {
        let (roots, leaf, issuers) =
            (root_store(&[it.root.der()]), it.leaf.der(), [it.issuer.der()]);
        let name = NAME.try_into().unwrap();
        let servers = WebPkiServerVerifier::builder_with_provider(roots.clone(), provider());
        let server =
            servers.build().unwrap().verify_server_cert(&leaf, &issuers, &name, &[], unix(NOW));
        let clients = WebPkiClientVerifier::builder_with_provider(roots, provider());
        let client = clients.build().unwrap().verify_client_cert(&leaf, &issuers, unix(NOW));
        [server.is_ok(), client.is_ok()]
    };
    agrees(Stack::Rustls, |chains| Some(chains.iter().map(accepts).collect()));
}

#[test]
fn openssl_does_what_is_foretold() {
    let attime = NOW.unix_timestamp();
    let line = |role| {
        format!(
            "openssl verify -no-CApath -no-CAstore -purpose ssl{role} -attime {attime} \
             -CAfile root.pem -untrusted issuer.pem leaf.pem"
        )
    };
    agrees(Stack::OpenSsl, |chains| OpenSsl::find().map(|_| one_by_one(chains, line)));
}

#[test]
fn gnutls_does_what_is_foretold() {
    let line = |role| {
        let purpose = if role == Role::Server { 1 } else { 2 };
        format!(
            "certtool --verify --verify-purpose 1.3.6.1.5.5.7.3.{purpose} \
             --load-ca-certificate root.pem --infile chain.pem"
        )
    };
    agrees(Stack::GnuTls, |chains| is_installed("certtool").then(|| one_by_one(chains, line)));
}

#[test]
fn go_does_what_is_foretold() {
    let line = "go run tests/audit/forecast/verify.go";
    agrees(Stack::Go, |chains| is_installed("go").then(|| all_at_once(chains, line)));
}

#[test]
fn java_does_what_is_foretold() {
    let line = "java tests/audit/forecast/Verify.java";
    // A run-time environment alone has no compiler.
    agrees(Stack::Java, |chains| is_installed("javac").then(|| all_at_once(chains, line)));
}

fn command(line: &str) -> Command {
    let mut words = line.split_whitespace();
    let mut command = Command::new(words.next().unwrap());
    command.args(words);
    command
}

/// What a program says to each chain in its folder, in each role.
fn one_by_one(chains: &[Chain], line: impl Fn(Role) -> String) -> Vec<[bool; 2]> {
    let accepts = |folder: &TempDir, role| {
        let mut verify = command(&line(role));
        verify.current_dir(folder.path());
        run(verify, b"").code == 0
    };
    let folders = chains.iter().map(Chain::written);
    folders.map(|folder| ROLES.map(|role| accepts(&folder, role))).collect()
}

/// What a program says that takes the time and all folders and prints a line for each folder and role.
fn all_at_once(chains: &[Chain], line: &str) -> Vec<[bool; 2]> {
    let folders: Vec<_> = chains.iter().map(Chain::written).collect();
    let mut program = command(line);
    program.current_dir(env!("CARGO_MANIFEST_DIR")).arg(NOW.unix_timestamp().to_string());
    program.args(folders.iter().map(TempDir::path));
    let output = run(program, b"");
    assert_eq!(output.code, 0, "{output:?}");
    let mut lines = output.stdout.lines();
    let mut verdict = |folder: &TempDir, role| {
        let begin = format!("{} {role} ", folder.path().display());
        lines.next().unwrap().strip_prefix(&*begin).unwrap() == "yes"
    };
    folders.iter().map(|folder| ROLES.map(|role| verdict(folder, role))).collect()
}
