//! Our own readers see certificates of verified paths only.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use mtls_roles::{EkuPolicy, RefusalClass};

use crate::common::clock::{NOW, unix};
use crate::common::ours::{clients, roots, rule};
use crate::common::pki::{Ca, Eku, Kp, LeafSpec, der, key_purposes, tamper_signature};
use crate::common::tls::{provider, stock_client_verifier};

/// Whatever the extensions that only we read hold: as long as no path is verified, the error is
/// webpki's, and the honest class that of the path's own defect.
#[test]
fn hostile_bytes_on_a_path_that_is_not_verified_change_nothing() {
    let (root, stranger) = (Ca::root_named("root"), Ca::root_named("stranger"));
    let verifier = |policy| {
        clients(&roots([&root]))
            .eku_policy(policy)
            .relax_for_any_peer_of_these_private_roots()
            .relax_for(rule("dns:edge.example"))
            .allow(rule("spiffe-trust-domain:example.org"))
            .allow(rule(
                "cert-sha256:0000000000000000000000000000000000000000000000000000000000000000",
            ))
            .build()
            .unwrap()
    };
    let mut wrong = vec![];
    for (id, hostile) in hostile() {
        let spec = || hostile(LeafSpec::new("edge"));
        let good = root.leaf(spec()).chain(&[]);
        let chains = [
            ("unknown issuer", stranger.leaf(spec()).chain(&[]), RefusalClass::UnknownIssuer),
            ("bad signature", vec![tamper_signature(&good[0])], RefusalClass::Other),
            ("expired", root.leaf(spec().expired()).chain(&[]), RefusalClass::Validity),
        ];
        for (defect, chain, class) in chains {
            let stock = stock_client_verifier(&provider(), &[root.der()], []);
            let stock = stock.verify_client_cert(&chain[0], &[], unix(NOW)).unwrap_err();
            for policy in [
                EkuPolicy::rfc5280(),
                EkuPolicy::strict(),
                EkuPolicy::ignore(),
                EkuPolicy::accept_server_auth(),
            ] {
                let refusal = verifier(policy).verify(Some(&chain), unix(NOW)).unwrap_err();
                if format!("{:?}", refusal.error()) != format!("{stock:?}")
                    || refusal.class() != class
                {
                    wrong.push(format!("{id}, {defect}, {policy}: {refusal:?}, stock: {stock:?}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The proof is the compiler's: a `webpki::VerifiedPath` can be made by webpki only, after a path
/// was verified. This test holds that our readers get their bytes from such a path: in one file, by
/// a method of what only functions that are given such a path make, or in such a function.
#[test]
fn in_the_verifiers_only_certificates_of_verified_paths_are_read() {
    let (mut readings, mut makings) = (0, 0);
    for file in sources("src/verifier") {
        let code = code_of(&file);
        let is_path = file.ends_with("path.rs");
        for reader in READERS {
            for (at, _) in code.match_indices(reader) {
                let inside = signature_around(&code, at);
                let is_fine = inside.starts_with("fn view(&self)") || has_path(inside);
                assert!(is_path && is_fine, "{}: `{inside}`", file.display());
                readings += 1;
            }
        }
        for (at, _) in code.match_indices("Verified(") {
            // The last one is the type itself.
            if is_path && !code[..at].ends_with("struct ") {
                let inside = signature_around(&code, at);
                assert!(has_path(inside), "`{inside}` has no verified path");
                makings += 1;
            }
        }
        // Nor does anything there read DER by other means: revocation reads the operator's lists, and
        // the distribution points of certificates on verified paths.
        let uses_der = ["der::asn1", "SliceReader", "::from_der(", "Elements::"]
            .iter()
            .any(|reader| code.contains(reader));
        let may = ["crl.rs", "crl_set.rs"];
        assert!(!uses_der || may.iter().any(|name| file.ends_with(name)), "{}", file.display());
    }
    assert_eq!((readings, makings), (2, 2), "a view, the path; leaf, issuers");
}

/// The head of the function that this place of a source stands in.
fn signature_around(code: &str, at: usize) -> &str {
    let start = code[..at].rfind("fn ").expect("a call stands in a function");
    &code[start..start + code[start..].find('{').unwrap()]
}

fn has_path(signature: &str) -> bool {
    let given = ["path: &VerifiedPath<", "path: &'p VerifiedPath<"];
    given.iter().any(|path| signature.contains(path))
}

#[test]
fn outside_the_verifiers_only_our_own_certificates_are_read() {
    let readers: BTreeSet<_> = sources("src")
        .into_iter()
        .filter(|file| READERS.iter().any(|reader| code_of(file).contains(reader)))
        .filter_map(|file| Some(file.strip_prefix(root_folder()).ok()?.to_owned()))
        .collect();
    // Roots, credentials and inventories are what the operator gave us, and so is a chain that a refusal
    // is to be explained by; the audit decides nothing about a peer, and `tests/house/layering.rs` keeps it apart from the verifiers.
    let expected = "audit/details.rs audit/entry.rs audit/inventory.rs certificate/defect.rs \
                    certificate/mod.rs credentials/chain.rs credentials/fitness.rs credentials/mod.rs \
                    credentials/paths.rs csr.rs refusal.rs roots/mod.rs verifier/path.rs";
    let expected = expected.split(' ').map(|file| Path::new("src").join(file));
    assert_eq!(readers, expected.collect());
}

#[test]
fn there_are_no_readers_but_those_that_are_looked_for() {
    let mut found = BTreeSet::new();
    let public_roots = root_folder().join("src/roots/public.rs");
    for file in sources("src/certificate").into_iter().chain([public_roots]) {
        let code = code_of(&file);
        for (at, _) in code.match_indices("pub(crate) fn ").chain(code.match_indices("pub fn ")) {
            let signature = &code[at..at + code[at..].find('{').unwrap()];
            let arguments = signature.split("->").next().unwrap();
            let takes_bytes =
                ["[u8]", "CertificateDer", "View"].iter().any(|bytes| arguments.contains(bytes));
            if takes_bytes {
                found.insert(
                    signature.split_once("fn ").unwrap().1.split('(').next().unwrap().to_owned(),
                );
            }
        }
    }
    // Behind the first seven: what prints, compares or measures a part that is in hand already.
    let known = "read from_view defect certificate_at unusable_certificate suspects constraint_on algorithm \
                 of_algorithm string_types is_usable public_key part private_key distinguished_name extension \
                 first_extension of first critical_beside attribute_of<'a> bits has_key_of has_name includes";
    let known: BTreeSet<_> = known.split(' ').map(String::from).collect();
    assert_eq!(found, known);
}

const READERS: [&str; 8] = [
    "View::read(",
    "Certificate::read(",
    "from_view(",
    "defect(",
    "certificate_at(",
    "unusable_certificate(",
    "suspects(",
    ".explain(",
];

fn root_folder() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every source file below a folder.
fn sources(folder: &str) -> Vec<PathBuf> {
    let (mut folders, mut files) = (vec![root_folder().join(folder)], vec![]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => folders.push(path),
                false => files.push(path),
            }
        }
    }
    assert!(files.len() > 2, "no sources in {folder}");
    files
}

/// Without comments and without unit tests.
fn code_of(file: &Path) -> String {
    let text = fs::read_to_string(file).unwrap();
    let text = text.split("#[cfg(test)]").next().unwrap();
    let lines = text.lines().filter(|line| !line.trim_start().starts_with("//"));
    lines.collect::<Vec<_>>().join("\n")
}

type Hostile = Box<dyn Fn(LeafSpec) -> LeafSpec>;

/// What only our readers look at, as nobody should write it.
fn hostile() -> Vec<(&'static str, Hostile)> {
    let extension = |oid: &'static [u64], value: Vec<u8>| {
        Box::new(move |spec: LeafSpec| spec.extension(oid, false, value.clone())) as Hostile
    };
    let san = |entries: &[u8]| extension(&[2, 5, 29, 17], der::tlv(0x30, entries));
    let policies = |value: Vec<u8>| extension(&[2, 5, 29, 32], value);
    let deep = (0..2000).fold(vec![], |inner, _| der::tlv(0x30, &inner));
    let many: Vec<_> =
        (0..2000).flat_map(|_| der::general_name(6, b"spiffe://example.org/a")).collect();
    let half_an_eku = [key_purposes(&[Kp::ClientAuth])[2..].to_vec(), vec![0x06, 0x7f]].concat();
    vec![
        ("tame", Box::new(|spec| spec)),
        ("SAN of rubbish", san(b"rubbish")),
        ("SAN with a length beyond the end", san(&[0x82, 0x84, 0xff, 0xff, 0xff, 0xff])),
        ("SAN with an indefinite length", san(&[0x82, 0x80, b'a', 0, 0])),
        ("SAN with a huge tag number", san(&[0xbf, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f, 0])),
        ("SAN that is deep", san(&deep)),
        ("SAN of two thousand URIs", san(&many)),
        ("SAN of an empty name", san(&der::general_name(2, b""))),
        (
            "EKU that is right and then breaks off",
            Box::new(move |spec| spec.eku(Eku::Raw(der::tlv(0x30, &half_an_eku)))),
        ),
        ("policies of nothing", policies(vec![])),
        ("policies of rubbish", policies(b"rubbish".to_vec())),
        ("policies that are deep", policies(deep.clone())),
        ("SCTs of rubbish", extension(&[1, 3, 6, 1, 4, 1, 11129, 2, 4, 2], b"rubbish".to_vec())),
    ]
}
