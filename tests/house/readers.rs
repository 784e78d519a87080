//! Who reads certificates, and who knows public roots.

use std::collections::BTreeSet;
use std::path::Path;

use crate::sources::{code_of, package, sources, src, text_of};

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
        .filter_map(|file| Some(file.strip_prefix(package()).ok()?.to_owned()))
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
    let public_roots = src().join("roots/public.rs");
    for file in sources("src/certificate").into_iter().chain([public_roots]) {
        let code = code_of(&file);
        for (at, _) in code.match_indices("pub(crate) fn ").chain(code.match_indices("pub fn ")) {
            let signature = &code[at..at + code[at..].find('{').unwrap()];
            let (name, arguments) = signature.split_once("fn ").unwrap().1.split_once('(').unwrap();
            let arguments = arguments.split("->").next().unwrap();
            // What takes a `View` is given what was read already.
            if ["[u8]", "CertificateDer"].iter().any(|bytes| arguments.contains(bytes)) {
                found.insert(name.to_owned());
            }
        }
    }
    // Behind the first five: what prints, compares or measures a part that is in hand already.
    let known = "read defect certificate_at unusable_certificate suspects algorithm of_algorithm string_types \
                 is_usable public_key part private_key distinguished_name extension first_extension of first \
                 critical_beside attribute_of<'a> bits has_name";
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

#[test]
fn nothing_reads_the_systems_roots_and_one_file_knows_the_public_ones() {
    for file in sources("src") {
        let text = text_of(&file);
        for word in ["std::env", "env::var", "native_certs", "SSL_CERT", "/etc/ssl"] {
            assert!(!text.contains(word), "{} has {word}", file.display());
        }
        let knows = text.contains("webpki_roots::");
        assert_eq!(knows, file.ends_with("src/roots/public.rs"), "{}", file.display());
    }
}
