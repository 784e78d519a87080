//! Command line, exit codes and output of `verify`.

use std::process::Command;

use crate::common::agreed::agreed;
use crate::common::clock::NOW;
use crate::common::files::TempDir;
use crate::common::pki::{
    Ca, CaSpec, CrlSpec, Eku, KeyKind, KeyUsagePurpose, Leaf, LeafSpec, WeakRsaKey, der, pem,
    tamper_signature, with_key_of_isrg_root_x2,
};
use crate::common::programs::{Run, run, run_unread};
use crate::{hex_sha256, program, without_hashes};
use rustls::pki_types::CertificateDer;
use serde_json::{Value, json};
use time::Duration;
use time::format_description::well_known::Rfc3339;

#[test]
fn verify_help_exits_with_0_and_has_examples_and_exit_codes() {
    let mut help = Command::new(program("verify"));
    help.arg("--help");
    let output = run(help, b"");
    assert_eq!((output.code, output.stderr.as_str()), (0, ""));
    for needed in ["Examples", "Exit codes", "cert-sha256:HEX", "any-private-peer"] {
        assert!(output.stdout.contains(needed), "{needed}: {}", output.stdout);
    }
}

/// Every row: an id, the options, the chain, and `eku` if it is accepted, else `error.kind`.
#[test]
fn verify_decides_as_the_options_say() {
    let world = World::new();
    world.write_chains();
    let server_der = world.server.der();
    let key = format!("--relax-for spki-sha256:{}", hex_sha256(&spki(&server_der)));
    let cert = format!("--relax-for cert-sha256:{}", hex_sha256(&server_der));
    let name = "--relax-for dns:edge.example.com";
    let (last, end, next_year) = (at(1), at(0), at(365 * 86_400));
    let as_server = "--role server --name edge.example.com";
    #[rustfmt::skip]
    let rows = [
        ("client",           "".into(), "client", "enforced"),
        ("strict",           "--eku strict".into(), "client", "enforced"),
        ("strict-no-eku",    "--eku strict".into(), "no-eku", "eku"),
        ("no-eku",           "--eku rfc5280".into(), "no-eku", "enforced"),
        ("wrong-eku",        "".into(), "server", "eku"),
        ("ignore-name",      format!("--eku ignore {name}"), "server", "relaxed"),
        ("ignore-unneeded",  format!("--eku ignore {name}"), "client", "enforced"),
        ("server-auth-name", format!("--eku accept-server-auth {name}"), "server", "relaxed"),
        ("server-auth-code", format!("--eku accept-server-auth {name}"), "code-signing", "eku"),
        ("ignore-key",       format!("--eku ignore {key}"), "server", "relaxed"),
        ("ignore-cert",      format!("--eku ignore {cert}"), "server", "relaxed"),
        ("ignore-any",       "--eku ignore --relax-for any-private-peer".into(), "server", "relaxed"),
        ("ignore-another",   "--eku ignore --relax-for dns:x.example".into(), "server", "eku"),
        ("ignore-two",       format!("--eku ignore --relax-for dns:x.example {name}"), "server", "relaxed"),
        ("before-the-end",   format!("--eku ignore {name} --until {last}"), "server", "relaxed"),
        ("at-the-end",       format!("--eku ignore {name} --until {end}"), "server", "eku"),
        ("allowed",          "--allow ip:192.0.2.1 --allow dns:edge.example.com".into(), "client", "enforced"),
        ("not-allowed",      "--allow dns:x.example".into(), "client", "peer-rule"),
        ("crl-good",         "--crls crl".into(), "client", "enforced"),
        ("crl-revoked",      "--crls revoking-crl".into(), "client", "revoked"),
        ("crl-foreign",      "--crls foreign-crl".into(), "client", "revocation-unknown"),
        ("crl-expired",      "--crls expired-crl".into(), "client", "revocation-unknown"),
        ("crl-expired-used", "--crls expired-crl --allow-expired-crls".into(), "client", "enforced"),
        ("next-year",        format!("--time {next_year}"), "client", "validity"),
        ("stranger",         "".into(), "stranger", "unknown-issuer"),
        ("tampered",         "".into(), "tampered", "other"),
        ("many",             format!("--eku ignore {name}"), "many", "relaxed"),
        ("server",           as_server.into(), "server", "enforced"),
        ("server-name",      "--role server --name x.example".into(), "server", "name"),
        ("server-wrong-eku", as_server.into(), "client", "eku"),
        ("server-ignore",    format!("{as_server} --eku ignore {name}"), "client", "relaxed"),
    ];
    for (id, options, chain, expected) in rows {
        let (code, report) = world.json(&options, chain);
        let role = if options.contains("--role server") { "server" } else { "client" };
        let needed = match expected {
            "enforced" | "relaxed" => (0, json!(["accepted", role, expected, null])),
            kind => (1, json!(["refused", role, null, kind])),
        };
        let said = ["verdict", "role", "eku"].map(|field| report[field].clone());
        let said = json!([said[0], said[1], said[2], report["error"]["kind"]]);
        assert_eq!((code, said), needed, "{id}: {report}");
    }
}

/// Each row: the options, the chain. JSON tells why a chain is refused and nothing of what
/// nobody verified; a text says the verdict, then why, then what to do, with a line for each name: a
/// comma may be part of one. A root that issues nothing is noted whatever the verdict is.
#[test]
fn verify_says_what_was_agreed() {
    let world = World::new();
    let alone = Ca::root(CaSpec::new("alone").without_basic_constraints());
    let sub = world.root.sub(CaSpec::new("sub").eku(Eku::server()));
    let names = edge().ip([192, 0, 2, 1]).uri("spiffe://example.org/edge").email("ops@example.com");
    let edge_of_sub = sub.leaf(names.eku(Eku::server()));
    let comma = world.root.leaf(edge().email("a, dns:admin.example.com@example.com"));
    world.file("sub", edge_of_sub.chain_pem(&[&sub]));
    world.file("both", world.root.pem() + &alone.pem());
    world.file("client", world.client.cert_pem());
    world.file("server", world.server.cert_pem());
    world.file("comma", comma.cert_pem());
    let issued = alone.leaf(edge());
    world.file("issued", issued.cert_pem());
    world.file("twice", edge_of_sub.chain_pem(&[&sub, &sub]));
    world.file("key", edge_of_sub.key_pem());
    let any = "--eku ignore --relax-for any-private-peer";
    let rows = [
        ("", "client"),
        ("", "server"),
        (any, "server"),
        ("--role server --name edge.example.com", "server"),
        ("--roots both", "client"),
        ("--roots both", "issued"),
        ("", "comma"),
        ("--format json", "server"),
        ("--format json --eku ignore --relax-for ip:192.0.2.1", "sub"),
        ("--format json --roots both", "client"),
        ("--format json --roots both", "issued"),
        ("--format json --role server --key key", "twice"),
        ("--format json --role server --name edge.example.com --roots roots --key key", "twice"),
        ("--format json --role client --key key", "twice"),
    ];
    let named = [
        ("client", world.client.der()),
        ("server", world.server.der()),
        ("issued", issued.der()),
        ("comma", comma.der()),
        ("sub", sub.der()),
        ("edge of sub", edge_of_sub.der()),
        ("root", world.root.der()),
    ];
    world.agrees("verify.txt", &rows, &named);
}

/// Without roots nobody is asked but the slot; with them both are, and both must say yes.
#[test]
fn verify_says_whether_a_slot_would_take_a_chain_with_its_key() {
    let world = World::new();
    let (sub, critical) = (world.root.sub(CaSpec::new("sub")), vec![5, 0]);
    let sub_edge = sub.leaf(edge().eku(Eku::client()));
    let chain = |issuers: &[&Ca]| sub_edge.chain_pem(issuers);
    world.file("good", chain(&[&sub]));
    world.file("twice", chain(&[&sub, &sub]));
    world.file("late", sub.pem() + &sub_edge.cert_pem());
    world.file("key", sub_edge.key_pem());
    world.file("both", chain(&[&sub]) + &sub_edge.key_pem());
    world.file("server", world.server.cert_pem());
    world.file("server.key", world.server.key_pem());
    let critical = sub.leaf(edge().extension(&[1, 3, 9], true, critical));
    world.file("critical", critical.cert_pem());
    world.file("critical.key", critical.key_pem());
    world.file("other", Ca::root_named("other").pem());
    world.file("ca.key", world.root.key.serialize_pem());
    world.file("rubbish", pem("CERTIFICATE", b"not DER"));
    let next_year = at(365 * 86_400);
    let rows = [
        ("--role client --key key", "good"),
        ("--role client --key both", "both"),
        ("--role client --key key", "twice"),
        ("--role client --key key", "late"),
        ("--role client --key server.key", "good"),
        ("--role client --key ca.key", "roots"),
        ("--role client --key server.key", "server"),
        ("--role client --eku ignore --key server.key", "server"),
        ("--role server --key server.key", "server"),
        ("--role server --key key", "good"),
        ("--role client --key critical.key", "critical"),
        (&format!("--role client --time {next_year} --key key"), "good"),
        ("--role client --key none", "good"),
        ("--role client --key good", "good"),
        ("--role client --key key", "rubbish"),
        ("--role client --key key", "none"),
        ("--role server --eku accept-server-auth --key server.key", "server"),
        ("--role client --allow dns:a.example --key key", "good"),
        ("--role client --roots roots --key key", "twice"),
        ("--role client --roots roots --key server.key", "good"),
        ("--role client --roots other --key key", "good"),
    ];
    world.agrees("verify_slot.txt", &rows, &[]);
}

#[test]
fn verify_reads_chain_and_key_from_one_standard_input() {
    let world = World::new();
    let both = world.client.cert_pem() + &world.client.key_pem();
    let output = world.verify_stdin("--key -", both.as_bytes());
    assert_eq!((output.code, &*output.stderr), (0, ""), "{output:?}");
    assert!(output.stdout.starts_with("FIT as client"), "{output:?}");
}

#[test]
fn whoever_has_read_enough_of_verify_is_no_error() {
    let world = World::new();
    world.file("chain", world.client.cert_pem());
    assert_eq!(run_unread(world.command("", "chain")), (Some(0), String::new()));
}

#[test]
fn verify_says_that_it_needs_roots_or_a_key() {
    let mut verify = Command::new(program("verify"));
    verify.args(["--role", "client", "chain"]);
    let output = run(verify, b"");
    assert_eq!(output.code, 2, "{output:?}");
    for option in ["--roots", "--key"] {
        assert!(output.stderr.contains(option), "{output:?}");
    }
}

/// What rustls does not read of a certificate is a refusal that says what it is, and not unreadable input.
#[test]
fn verify_says_what_stands_behind_a_refusal_and_what_to_do() {
    let world = World::new();
    let client = edge().eku(Eku::client());
    let malformed = client.clone().extension(&[2, 5, 29, 31], false, vec![0x30, 5, 1]);
    world.file("malformed", world.root.leaf(malformed).cert_pem());
    let sub = world.root.sub(CaSpec::new("sub").extension(&[2, 5, 29, 32], true, vec![0x30, 0]));
    world.file("critical", sub.leaf(client).chain_pem(&[&sub]));
    let weak = world.root.leaf_for(edge(), &WeakRsaKey::default());
    world.file("weak", pem("CERTIFICATE", &weak));
    let usage = [KeyUsagePurpose::DigitalSignature, KeyUsagePurpose::KeyCertSign];
    world.file("signer", world.root.leaf(edge().key_usages(&usage)).cert_pem());
    let sip = LeafSpec::new("proxy").uri("sip:example.com").eku(Eku::server());
    world.file("sip", world.root.leaf(sip).cert_pem());
    let rows = [
        ("", "malformed"),
        ("", "critical"),
        ("--format json", "critical"),
        ("", "weak"),
        ("", "signer"),
        ("--stock", "signer"),
        ("--role server --expect uri:sip:example.com", "sip"),
        ("--role server --expect uri:sip:example.com --expect dns:b.example", "sip"),
        ("--role server --expect uri:sip:example.org", "sip"),
        ("--role server --expect uri:sip:example.org --stock", "sip"),
    ];
    world.agrees("verify_why.txt", &rows, &[]);
}

#[test]
fn verify_reads_the_chain_from_standard_input_and_none_without_end() {
    let world = World::new();
    world.file("chain", world.client.cert_pem());
    let file = world.verify("--format json", "chain");
    let stdin = world.verify_stdin("--format json", world.client.cert_pem().as_bytes());
    assert_eq!((stdin.code, stdin.stdout), (0, file.stdout));
    let endless = world.verify("", "/dev/zero");
    assert_eq!((endless.code, &*endless.stdout), (2, ""));
    assert_eq!(endless.stderr, "error: /dev/zero: larger than 16 MiB\n");
}

/// Whether accepted or refused, as text or as JSON: a name cannot move the cursor or forge a line.
#[test]
fn verify_escapes_hostile_names() {
    let world = World::new();
    let subject = "x\u{1b}[2K\nACCEPTED as client\r\u{202e}\u{9b}1A\u{ad}\u{3164}\u{e0041}";
    let name = der::general_name(2, b"edge.example.com\n\x1b[1AACCEPTED\x7f");
    let leaf = LeafSpec::new(subject).eku(Eku::server());
    let leaf = world.root.leaf(leaf.raw_san(der::sequence(&[name])));
    world.file("chain", leaf.cert_pem());
    for (id, options, code, lines) in [
        ("refused", "", 1, 4),
        ("relaxed", "--eku ignore --relax-for any-private-peer", 0, 9),
        ("other-name", "--role server --name x.example", 1, 4),
        ("refused-json", "--format json", 1, 1),
        ("relaxed-json", "--eku ignore --relax-for any-private-peer --format json", 0, 1),
        ("other-name-json", "--role server --name x.example --format json", 1, 1),
    ] {
        let output = world.verify(options, "chain");
        assert_eq!((output.code, output.stdout.lines().count()), (code, lines), "{id} {output:?}");
        let hides = ['\u{202e}', '\u{ad}', '\u{3164}', '\u{e0041}'];
        let is_raw = |c: char| c != '\n' && (c.is_control() || hides.contains(&c));
        assert!(!output.stdout.contains(is_raw), "{id} {output:?}");
        // In JSON, what a reader of the value prints must be harmless, too.
        assert!(
            !output.stdout.contains("\\n") && !output.stdout.contains("\\u001b"),
            "{id} {output:?}"
        );
    }
}

/// Some is unambiguous although it is not as it should be. What the crate's reader refuses, it refuses
/// wherever it stands; a path is printed by the program, as the crate prints names.
#[test]
fn verify_prints_no_verdict_when_input_cannot_be_read_completely() {
    let world = World::new();
    let good = world.client.cert_pem();
    world.file("good", &good);
    let marked = format!("\u{feff}{good}");
    world.file("byte-order-mark", &marked);
    world.file("utf-16", marked.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>());
    world.file("x509", good.replace("CERTIFICATE", "X509 CERTIFICATE"));
    for (id, text) in [
        ("empty", String::new()),
        ("garbage", "\u{1}\u{2}".into()),
        ("truncated", good[..good.len() - 30].to_owned()),
        ("key-in-it", world.client.key_pem() + &good),
        ("second-not-der", good.clone() + &pem("CERTIFICATE", b"not DER")),
    ] {
        world.file(id, &text);
        let output = world.verify_stdin("", text.as_bytes());
        let is_told = output.stderr.contains("standard input");
        assert!(output.code == 2 && output.stdout.is_empty() && is_told, "{id}: {output:?}");
    }
    let rows = [
        ("", "byte-order-mark"),
        ("", "utf-16"),
        ("", "x509"),
        ("", "empty"),
        ("", "garbage"),
        ("", "truncated"),
        ("", "key-in-it"),
        ("", "second-not-der"),
        ("", "no-such-file"),
        ("", "none\u{ad}"),
        ("--roots truncated", "good"),
        ("--roots key-in-it", "good"),
        ("--roots no-such-file", "good"),
        ("--crls truncated", "good"),
        ("--crls good", "good"),
        ("--crls no-such-file", "good"),
    ];
    world.agrees("verify_unread.txt", &rows, &[]);
}

#[test]
fn verify_exits_with_2_and_says_why_when_it_is_used_wrongly() {
    let world = World::new();
    world.file("chain", world.client.cert_pem());
    let public = Ca::root(CaSpec::new("public").kind(KeyKind::P384));
    world.file("public", pem("CERTIFICATE", &with_key_of_isrg_root_x2(&public.der())));
    let hex63 = format!("spki-sha256:{}", "a".repeat(63));
    let as_server = "--role server --name x.example";
    let public = "--roots public --allow dns:x.example --eku ignore";
    let wrong = [
        "--role peer",
        "--role server",
        "--role server --name a/b",
        "--name x.example",
        "--expect dns:x.example",
        &format!("{as_server} --expect dns:x.example"),
        "--role server --expect x.example",
        &format!("{as_server} --allow dns:x.example"),
        "--eku none",
        "--allow x.example",
        &format!("--relax-for {hex63}"),
        "--until 2027-03-15",
        "--time now",
        "--time 1969-12-31T23:59:59Z",
        "--eku ignore",
        &format!("{as_server} --eku accept-server-auth"),
        "--roots public",
        &format!("{public} --relax-for any-private-peer"),
        &format!("{public} --relax-for dns:x.example"),
        &format!("{as_server} --roots public --eku ignore --relax-for dns:x.example"),
    ];
    world.agrees("verify_usage.txt", &wrong.map(|options| (options, "chain")), &[]);
}

/// A folder of files for one test, and the certificates that most of them are made of.
struct World {
    folder: TempDir,
    root: Ca,
    client: Leaf,
    server: Leaf,
}

impl World {
    fn new() -> Self {
        let root = Ca::root_named("root");
        let world = Self {
            folder: TempDir::new(),
            client: root.leaf(edge().eku(Eku::client())),
            server: root.leaf(edge().eku(Eku::server())),
            root,
        };
        world.file("roots", world.root.pem());
        world
    }

    fn write_chains(&self) {
        let (root, other, crl) = (&self.root, Ca::root_named("other"), CrlSpec::new(1));
        self.file("client", self.client.cert_pem());
        self.file("server", self.server.cert_pem());
        self.file("no-eku", root.leaf(edge()).cert_pem());
        self.file("code-signing", root.leaf(edge().eku(Eku::code_signing())).cert_pem());
        self.file("stranger", other.leaf(edge()).cert_pem());
        self.file("tampered", pem("CERTIFICATE", &tamper_signature(&self.client.der())));
        self.file("many", self.server.cert_pem() + &root.pem().repeat(17));
        self.file("crl", root.crl_pem(crl.clone()));
        self.file("revoking-crl", root.crl_pem(crl.clone().revoke(&self.client.serial)));
        self.file("expired-crl", root.crl_pem(crl.clone().expired()));
        self.file("foreign-crl", other.crl_pem(crl));
    }

    /// `verify` runs in the folder, so a name is enough to find the file.
    fn file(&self, name: &str, content: impl AsRef<[u8]>) {
        self.folder.write(name, content);
    }

    fn verify(&self, options: &str, chain: &str) -> Run {
        run(self.command(options, chain), b"")
    }

    fn verify_stdin(&self, options: &str, chain: &[u8]) -> Run {
        run(self.command(options, "-"), chain)
    }

    /// In role client, with our root unless there is a key, at `NOW`, unless the options say otherwise.
    fn command(&self, options: &str, chain: &str) -> Command {
        let mut verify = Command::new(program("verify"));
        verify.current_dir(self.folder.path()).args(options.split_whitespace());
        for (option, value) in [("--role", "client"), ("--roots", "roots"), ("--time", &at(0))] {
            let is_left_out = option == "--roots" && options.contains("--key");
            if !options.contains(option) && !is_left_out {
                verify.args([option, value]);
            }
        }
        verify.arg(chain);
        verify
    }

    /// The exit code, and what is said as JSON.
    fn json(&self, options: &str, chain: &str) -> (i32, Value) {
        let output = self.verify(&format!("{options} --format json"), chain);
        (output.code, serde_json::from_str(&output.stdout).unwrap_or_default())
    }

    /// Each row: the options, the chain; what is said to them is what was agreed. Keys are fresh in every
    /// run: what depends on those that are named is replaced by what it is.
    ///
    /// What is wrong with the input is said as an error, and beside it nothing.
    fn agrees(&self, file: &str, rows: &[(&str, &str)], named: &[(&str, CertificateDer<'_>)]) {
        let mut told = String::new();
        for (options, chain) in rows {
            let output = self.verify(options, chain);
            let (is_error, is_quiet) = (output.code == 2, output.stderr.is_empty());
            assert!(is_error != is_quiet && is_error == output.stdout.is_empty(), "{output:?}");
            told += &format!("$ verify {}\n", format!("{options} {chain}").trim_start());
            told += &output.told();
        }
        for (name, der) in named {
            told = told.replace(&hex_sha256(der), &format!("<SHA-256 of {name}>"));
            told = told.replace(&hex_sha256(&spki(der)), &format!("<SHA-256 of {name}'s key>"));
        }
        agreed(&format!("programs/{file}"), &without_hashes(told));
    }
}

fn edge() -> LeafSpec {
    LeafSpec::new("edge").dns("edge.example.com")
}

/// So many seconds after `NOW`, RFC 3339.
fn at(seconds: i64) -> String {
    (NOW + Duration::seconds(seconds)).format(&Rfc3339).unwrap()
}

fn spki(certificate: &[u8]) -> Vec<u8> {
    let (_, parsed) = x509_parser::parse_x509_certificate(certificate).unwrap();
    parsed.public_key().raw.to_vec()
}
