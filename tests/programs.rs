//! Proves what the programs in `examples/` promise, by running them as a user would: the table of
//! `quickstart`; command line, exit codes and output of `verify`; that `embed` and `axum_mtls` end well.

mod common;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use common::clock::NOW;
use common::pki::{Ca, CaSpec, CrlSpec, Eku, Leaf, LeafSpec, der};
use common::programs::{Built, Run, run};
use rustls::crypto::aws_lc_rs::cipher_suite::TLS13_AES_128_GCM_SHA256;
use serde_json::{Value, json};
use time::format_description::well_known::Rfc3339;
use time::{Duration, OffsetDateTime};

/// Every row of the table, by how its cells begin; result and alert are whole.
#[rustfmt::skip]
const PROMISED: [[&str; 5]; 14] = [
    ["Yesterday", "serverAuth + clientAuth, from Public CA", "rfc5280", "accepted", "–"],
    ["Today", "serverAuth, from Public CA", "rfc5280", "REFUSED", WRONG_EKU],
    ["The same; the EKU is ignored", "serverAuth, from", "ignore for spki-sha256:", "accepted, reported", "–"],
    ["The same; this one peer", "serverAuth, from", "accept-server-auth for dns:", "accepted, reported", "–"],
    ["A stranger with", "serverAuth, from Public CA", "ignore for spki-sha256:", "REFUSED", WRONG_EKU],
    ["A stranger again", "serverAuth, from Public CA", "ignore for any peer", "REFUSED", WRONG_EKU],
    ["Two slots: the edge calls", "clientAuth, from Private CA", "rfc5280", "accepted", "–"],
    ["Two slots: the edge is called", "serverAuth, from Public CA", "rfc5280", "accepted", "–"],
    ["A client certificate below", "clientAuth, from Issuing CA (serverAuth)", "rfc5280", "REFUSED", WRONG_EKU],
    ["The same; ignoring the EKU", "clientAuth, from Issuing CA (serverAuth)", "ignore for", "accepted, reported", "–"],
    ["A renewal that lost", "serverAuth, from Public CA", "rfc5280 (the slot's default)", "REFUSED", "–"],
    ["That slot still presents", "serverAuth + clientAuth, from Public CA", "rfc5280", "accepted", "–"],
    ["An end date: one second before", "serverAuth, from", "ignore until 2027-03-15T00:00:00Z", "accepted, reported", "–"],
    ["The end date has come", "serverAuth, from", "ignore until 2027-03-15T00:00:00Z", "REFUSED", WRONG_EKU],
];

const WRONG_EKU: &str = "unsupported_certificate";

#[test]
fn quickstart_exits_with_0_and_its_table_holds_the_promised_verdicts() {
    let output = run(Command::new(program("quickstart")), b"");
    assert_eq!(output.code, 0, "{output:?}");
    let rows = table(&output.stdout);
    assert_eq!(rows.len(), PROMISED.len(), "{}", output.stdout);
    for (row, [scenario, presented, policy, result, alert]) in rows.iter().zip(PROMISED) {
        assert!(row[0].starts_with(scenario), "{row:?}: {scenario}");
        assert!(row[1].starts_with(presented), "{row:?}: {presented}");
        assert!(row[2].starts_with(policy), "{row:?}: {policy}");
        assert_eq!([&row[3], &row[5]], [result, alert], "{row:?}");
    }
}

#[test]
fn quickstart_fits_into_120_columns_and_ends_with_what_to_do_next() {
    let output = run(Command::new(program("quickstart")), b"");
    let widest = output.stdout.lines().map(|line| line.chars().count()).max();
    assert!(widest <= Some(120), "{widest:?}\n{}", output.stdout);
    let last = output.stdout.lines().last().unwrap();
    assert!(last.starts_with("Next: "), "{last}");
    assert!(last.contains("--example verify"), "{last}");
}

#[test]
fn embed_swaps_the_client_certificate_while_running_and_ends_by_itself() {
    let output = run(Command::new(program("embed")), b"");
    assert_eq!(output.code, 0, "{output:?}");
    let lines: Vec<_> = output.stdout.lines().collect();
    let [first, swapped, second] = lines[..] else { panic!("{lines:?}") };
    let you = "the server says: you are dns:edge.example.com, serial ";
    let serial = |line: &str| {
        let rest = line.strip_prefix(you).unwrap();
        rest.split(',').next().unwrap().to_owned()
    };
    assert!(swapped.ends_with(&serial(first)), "{lines:?}");
    assert_ne!(serial(first), serial(second));
}

#[test]
fn axum_mtls_answers_over_http_2_with_the_peers_name_and_ends_by_itself() {
    let output = run(Command::new(program("axum_mtls")), b"");
    assert_eq!(output.code, 0, "{output:?}");
    let answer = "the handler says: dns:edge.example.com over HTTP/2.0\n";
    assert_eq!(output.stdout, answer);
}

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
    let world = World::new("decides");
    world.write_chains();
    let server_der = world.server.der();
    let key = format!("--relax-for spki-sha256:{}", sha256(&spki(&server_der)));
    let cert = format!("--relax-for cert-sha256:{}", sha256(&server_der));
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
        ("next-year",        format!("--time {next_year}"), "client", "validity"),
        ("stranger",         "".into(), "stranger", "unknown-issuer"),
        ("tampered",         "".into(), "tampered", "other"),
        ("many",             format!("--eku ignore {name}"), "many", "relaxed"),
        ("server",           as_server.into(), "server", "enforced"),
        ("server-name",      "--role server --name x.example".into(), "server", "name"),
        ("server-wrong-eku", as_server.into(), "client", "eku"),
        ("server-ignore",    format!("{as_server} --eku ignore {name}"), "client", "relaxed"),
    ];
    let failures = rows.iter().filter_map(|(id, options, chain, expected)| {
        let output = world.verify(&format!("{options} --format json"), chain);
        let report: Value = serde_json::from_str(&output.stdout).unwrap_or_default();
        let role = if id.starts_with("server") && options.contains("--role") {
            "server"
        } else {
            "client"
        };
        let said = (report["verdict"].as_str(), &report["eku"], &report["error"]["kind"]);
        let needed = match *expected {
            "enforced" | "relaxed" => (0, Some("accepted"), json!(expected), Value::Null),
            kind => (1, Some("refused"), Value::Null, json!(kind)),
        };
        let is_right = (output.code, said) == (needed.0, (needed.1, &needed.2, &needed.3));
        (!is_right || report["role"] != role).then(|| format!("{id}: {needed:?} {output:?}"))
    });
    no_failures(failures);
}

#[test]
fn verify_json_of_an_accepted_chain_has_every_field() {
    let world = World::new("fields");
    let sub = world.root.sub(CaSpec::new("sub").eku(Eku::server()));
    let leaf = LeafSpec::new("edge").dns("edge.example.com").ip([192, 0, 2, 1]);
    let leaf = leaf.uri("spiffe://example.org/edge").email("ops@example.com");
    let leaf = sub.leaf(leaf.eku(Eku::server()));
    world.file("chain", leaf.chain_pem(&[&sub]));
    let options = "--eku ignore --relax-for ip:192.0.2.1 --format json";
    let output = world.verify(options, "chain");
    let peer = json!({
        "subject": "CN=edge",
        "sans": [
            "dns:edge.example.com", "ip:192.0.2.1", "uri:spiffe://example.org/edge",
            "email:ops@example.com",
        ],
        "eku": ["serverAuth"],
        "notBefore": "2026-11-11T12:00:00Z",
        "notAfter": "2027-02-09T12:00:00Z",
        "sha256": sha256(&leaf.der()),
        "spkiSha256": sha256(&spki(&leaf.der())),
    });
    let issuer = json!({
        "subject": "CN=sub",
        "sans": [],
        "eku": ["serverAuth"],
        "notBefore": rfc3339(NOW - Duration::days(365)),
        "notAfter": rfc3339(NOW + Duration::days(5 * 365)),
        "sha256": sha256(&sub.der()),
        "spkiSha256": sha256(&spki(&sub.der())),
    });
    let expected = json!({
        "verdict": "accepted", "role": "client", "eku": "relaxed", "violation": violation(),
        "error": null, "peer": peer, "path": [peer, issuer], "anchor": "CN=root",
        "notes": [],
    });
    assert_eq!((output.code, parse(&output)), (0, expected));
}

#[test]
fn verify_json_of_a_refused_chain_tells_why_and_nothing_of_what_nobody_verified() {
    let world = World::new("refused");
    world.file("chain", world.server.cert_pem());
    let output = world.verify("--format json", "chain");
    let error = json!({
        "kind": "eku",
        "message": "its extended key usage is wrong for this role, and nothing else is: leaf \
            `CN=edge` has extended key usage serverAuth, needed clientAuth",
        "rustls": "invalid peer certificate: certificate does not allow extended key usage for \
            client authentication, allows server authentication",
    });
    let expected = json!({
        "verdict": "refused", "role": "client", "eku": null, "violation": violation(),
        "error": error, "peer": null, "path": [], "anchor": null,
        "notes": [],
    });
    assert_eq!((output.code, parse(&output)), (1, expected));
}

#[test]
fn verify_text_says_the_verdict_first_then_why_then_what_to_do() {
    let world = World::new("text");
    world.file("chain", world.server.cert_pem());
    for (id, options, code, verdict) in [
        ("refused", "", 1, "REFUSED as client"),
        ("relaxed", "--eku ignore --relax-for any-private-peer", 0, "ACCEPTED as client"),
        ("server", "--role server --name edge.example.com", 0, "ACCEPTED as server"),
    ] {
        let output = world.verify(options, "chain");
        let lines: Vec<_> = output.stdout.lines().collect();
        assert_eq!((output.code, lines[0]), (code, verdict), "{id}");
        assert!(lines[1].starts_with("why:    "), "{id} {lines:?}");
        assert!(lines[2].starts_with("to do:  "), "{id} {lines:?}");
    }
}

/// A path is printed by the program and not by the crate, and by the same rule.
#[test]
fn verify_escapes_paths_as_the_crate_escapes_names() {
    let world = World::new("paths");
    for (c, escaped) in [
        ("\u{ad}", "\\u{ad}"),
        ("\u{3164}", "\\u{3164}"),
        ("\u{fe0f}", "\\u{fe0f}"),
        ("\u{e0041}", "\\u{e0041}"),
        ("\u{a0}", "\\u{a0}"),
        ("u\u{308}é", "u\u{308}é"),
    ] {
        let error = world.verify("", &format!("none{c}")).stderr;
        assert!(error.starts_with(&format!("error: none{escaped}: ")), "{error}");
    }
}

/// A root that issues nothing is told whatever the verdict is, and before anybody connects.
#[test]
fn verify_notes_a_root_that_is_trusted_for_itself_only() {
    let world = World::new("alone");
    let alone = Ca::root(CaSpec::new("alone").without_basic_constraints());
    let note =
        "root `CN=alone` does not say cA TRUE: it is trusted for itself only, and issues nothing";
    world.file("both", world.root.pem() + &alone.pem());
    world.file("client", world.client.cert_pem());
    world.file("issued", alone.leaf(edge()).cert_pem());
    for (chain, code) in [("client", 0), ("issued", 1)] {
        let text = world.verify("--roots both", chain);
        let last = text.stdout.lines().last();
        assert_eq!((text.code, last), (code, Some(&*format!("note:   {note}"))));
        let json = world.verify("--roots both --format json", chain);
        assert_eq!((json.code, &parse(&json)["notes"]), (code, &json!([note])));
        let without = world.verify("", chain);
        assert!(!without.stdout.contains("note:"), "{without:?}");
    }
}

/// A comma may be part of a name, so that one would look like two.
#[test]
fn verify_prints_each_name_of_the_peer_on_a_line_of_its_own() {
    let world = World::new("names");
    let leaf = edge().email("a, dns:admin.example.com@example.com");
    world.file("chain", world.root.leaf(leaf).cert_pem());
    let text = world.verify("", "chain").stdout;
    let names =
        "\nnames:  dns:edge.example.com\n        email:a, dns:admin.example.com@example.com\n";
    assert!(text.contains(names), "{text}");
}

#[test]
fn verify_reads_no_chain_without_end() {
    let world = World::new("endless");
    let output = world.verify("", "/dev/zero");
    assert_eq!((output.code, &*output.stdout), (2, ""));
    assert_eq!(output.stderr, "error: /dev/zero: larger than 16 MiB\n");
}

#[test]
fn verify_reads_the_chain_from_standard_input() {
    let world = World::new("stdin");
    world.file("chain", world.client.cert_pem());
    let file = world.verify("--format json", "chain");
    let stdin = world.verify_stdin("--format json", world.client.cert_pem().as_bytes());
    assert_eq!((stdin.code, stdin.stdout), (0, file.stdout));
}

/// Whether accepted or refused, as text or as JSON: a name cannot move the cursor or forge a line.
#[test]
fn verify_escapes_hostile_names() {
    let world = World::new("hostile");
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

#[test]
fn verify_exits_with_2_and_prints_no_verdict_when_input_cannot_be_read_completely() {
    let world = World::new("unreadable");
    let good = world.client.cert_pem();
    world.file("good", &good);
    let not_der = "-----BEGIN CERTIFICATE-----\nbm90IERFUg==\n-----END CERTIFICATE-----\n";
    let half =
        |text: &str| text.lines().take(3).chain(text.lines().last()).collect::<Vec<_>>().join("\n");
    #[rustfmt::skip]
    let rows = [
        ("empty",               "".into()),
        ("garbage",             "\u{1}\u{2}".into()),
        ("truncated",           good[..good.len() - 30].to_owned()),
        ("trusted-certificate", good.clone() + &good.replace("CERTIFICATE", "TRUSTED CERTIFICATE")),
        ("x509-certificate",    good.clone() + &good.replace("CERTIFICATE", "X509 CERTIFICATE")),
        ("indented",            good.clone() + " " + &good),
        ("four-dashes",         good.clone() + &good.replace("-----BEGIN", "----BEGIN")),
        ("byte-order-mark",     format!("\u{feff}{good}{good}")),
        ("joined",              good.trim_end().to_owned() + &good),
        ("key-in-it",           good.clone() + &world.client.key_pem()),
        ("not-base64",          good.replace('M', "!")),
        ("not-der",             not_der.into()),
        ("second-not-der",      good.clone() + not_der),
        ("half-a-certificate",  half(&good)),
    ];
    let unreadable = |id: &str, output: Run, named: &str| {
        let is_right = output.code == 2 && output.stdout.is_empty();
        let says = output.stderr.starts_with("error: ") && output.stderr.contains(named);
        (!is_right || !says).then(|| format!("{id} in {named}: {output:?}"))
    };
    let missing = ("no-such-file", String::new());
    let failures = rows.iter().chain([&missing]).flat_map(|(id, text)| {
        if *id != missing.0 {
            world.file(id, text);
        }
        [
            unreadable("chain", world.verify("", id), id),
            unreadable("roots", world.verify(&format!("--roots {id}"), "good"), id),
            unreadable("crls", world.verify(&format!("--crls {id}"), "good"), id),
            unreadable(id, world.verify_stdin("", text.as_bytes()), "standard input"),
        ]
    });
    no_failures(failures.flatten());
}

#[test]
fn verify_exits_with_2_and_says_why_when_it_is_used_wrongly() {
    let world = World::new("usage");
    world.file("chain", world.client.cert_pem());
    world.file("public", named_like_a_public_root());
    let hex63 = format!("spki-sha256:{}", "a".repeat(63));
    let as_server = "--role server --name x.example";
    let public = "--roots public --allow dns:x.example --eku ignore";
    #[rustfmt::skip]
    let rows = [
        ("role",             "--role peer".into(), "[possible values: client, server]"),
        ("name-missing",     "--role server".into(), "--name <NAME>"),
        ("name-bad",         "--role server --name a/b".into(), "neither a DNS name nor an IP address"),
        ("name-for-client",  "--name x.example".into(), "--name is for --role server"),
        ("allow-for-server", format!("{as_server} --allow dns:x.example"), "--allow is for --role client"),
        ("eku",              "--eku none".into(), "[possible values: rfc5280, strict, accept-server-auth, ignore]"),
        ("rule",             "--allow x.example".into(), "needed is dns:, uri:"),
        ("rule-hex",         format!("--relax-for {hex63}"), "64 hexadecimal digits"),
        ("until",            "--until 2027-03-15".into(), "needed is RFC 3339"),
        ("time",             "--time now".into(), "needed is RFC 3339"),
        ("time-1969",        "--time 1969-12-31T23:59:59Z".into(), "before 1970"),
        ("for-nobody",       "--eku ignore".into(), "--relax-for RULE"),
        ("for-servers",      format!("{as_server} --eku accept-server-auth"), "found it for role server"),
        ("public-roots",     "--roots public".into(), "--allow RULE"),
        ("public-any",       format!("{public} --relax-for any-private-peer"), "cannot relax the EKU for any peer"),
        ("public-name",      format!("{public} --relax-for dns:x.example"), "name the peer by fingerprint"),
        ("public-servers",   format!("{as_server} --roots public --eku ignore --relax-for dns:x.example"), "cannot relax the EKU of servers"),
    ];
    let failures = rows.iter().filter_map(|(id, options, said)| {
        let output = world.verify(options, "chain");
        let is_right = output.code == 2 && output.stdout.is_empty() && output.stderr.contains(said);
        (!is_right).then(|| format!("{id}: {output:?}"))
    });
    no_failures(failures);
}

/// A folder of files for one test, and the certificates that most of them are made of.
struct World {
    folder: PathBuf,
    root: Ca,
    client: Leaf,
    server: Leaf,
}

impl World {
    fn new(test: &str) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("programs-{test}"));
        fs::create_dir_all(&folder).unwrap();
        let root = Ca::root_named("root");
        let world = Self {
            folder,
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
        self.file("tampered", tamper_signature(&self.client.cert_pem()));
        self.file("many", self.server.cert_pem() + &root.pem().repeat(17));
        self.file("crl", root.crl_pem(crl.clone()));
        self.file("revoking-crl", root.crl_pem(crl.clone().revoke(&self.client.serial)));
        self.file("foreign-crl", other.crl_pem(crl));
    }

    /// `verify` runs in the folder, so a name is enough to find the file.
    fn file(&self, name: &str, content: impl AsRef<[u8]>) {
        fs::write(self.folder.join(name), content).unwrap();
    }

    /// In role client, with our root, at `NOW`, unless the options say otherwise.
    fn verify(&self, options: &str, chain: &str) -> Run {
        run(self.command(options, chain), b"")
    }

    fn verify_stdin(&self, options: &str, chain: &[u8]) -> Run {
        run(self.command(options, "-"), chain)
    }

    fn command(&self, options: &str, chain: &str) -> Command {
        let mut verify = Command::new(program("verify"));
        verify.current_dir(&self.folder).args(options.split_whitespace());
        for (option, value) in [("--role", "client"), ("--roots", "roots"), ("--time", &at(0))] {
            if !options.contains(option) {
                verify.args([option, value]);
            }
        }
        verify.arg(chain);
        verify
    }
}

fn edge() -> LeafSpec {
    LeafSpec::new("edge").dns("edge.example.com")
}

/// What is said of a leaf `edge` that has serverAuth only.
fn violation() -> Value {
    json!({
        "certificate": "CN=edge", "position": 0, "needed": "clientAuth", "found": ["serverAuth"],
    })
}

/// Where cargo put an example, once it has built it.
fn program(name: &str) -> PathBuf {
    static BUILT: OnceLock<Built> = OnceLock::new();
    let examples = ["quickstart", "verify", "embed", "axum_mtls"];
    BUILT.get_or_init(|| Built::examples(&examples)).program(name)
}

fn parse(output: &Run) -> Value {
    serde_json::from_str(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"))
}

fn no_failures(failures: impl Iterator<Item = String>) {
    let failures: Vec<_> = failures.collect();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// The rows of the table, each with the text of its cells; the heading is left out.
fn table(text: &str) -> Vec<[String; 6]> {
    let mut rows: Vec<[String; 6]> = vec![];
    for line in text.lines() {
        if line.contains('┼') {
            rows.push(Default::default());
        }
        let parts: Vec<_> = line.split('│').map(str::trim).collect();
        let Some(row) = rows.last_mut().filter(|_| parts.len() == 6) else {
            continue;
        };
        for (cell, part) in row.iter_mut().zip(parts) {
            // Long alert names are broken behind their `_`.
            if !cell.is_empty() && !cell.ends_with('_') && !part.is_empty() {
                cell.push(' ');
            }
            cell.push_str(part);
        }
    }
    rows
}

/// A root that bears a public root's name, and so counts as issued by it; the key is of today.
fn named_like_a_public_root() -> String {
    use rcgen::{BasicConstraints, CertificateParams, DnType, DnValue, IsCa, KeyPair};
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.distinguished_name = rcgen::DistinguishedName::new();
    for (attribute, value) in [
        (DnType::CountryName, "US"),
        (DnType::OrganizationName, "Internet Security Research Group"),
        (DnType::CommonName, "ISRG Root X1"),
    ] {
        let value = DnValue::PrintableString(value.try_into().unwrap());
        params.distinguished_name.push(attribute, value);
    }
    let key = KeyPair::generate().unwrap();
    params.self_signed(&key).unwrap().pem()
}

/// The signature is the last field: another digit there, and the certificate is still well-formed.
fn tamper_signature(pem: &str) -> String {
    let end = pem.find("\n-----END").unwrap() - 12;
    let digit = if &pem[end..=end] == "A" { "B" } else { "A" };
    format!("{}{digit}{}", &pem[..end], &pem[end + 1..])
}

/// So many seconds after `NOW`, RFC 3339.
fn at(seconds: i64) -> String {
    rfc3339(NOW + Duration::seconds(seconds))
}

fn rfc3339(instant: OffsetDateTime) -> String {
    instant.format(&Rfc3339).unwrap()
}

fn spki(certificate: &[u8]) -> Vec<u8> {
    let (_, parsed) = x509_parser::parse_x509_certificate(certificate).unwrap();
    parsed.public_key().raw.to_vec()
}

/// In hexadecimal, by a hash function that is not the crate's.
fn sha256(bytes: &[u8]) -> String {
    let suite = TLS13_AES_128_GCM_SHA256.tls13().unwrap();
    let hash = suite.common.hash_provider.hash(bytes);
    let digits = hash.as_ref().iter().map(|byte| format!("{byte:02x}"));
    digits.collect()
}
