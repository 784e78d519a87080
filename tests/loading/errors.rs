//! Every error of the set-up tells an operator what was found, what is needed and what to do, word for word, and
//! keeps its source.

mod files;
mod parts;
mod reloading;

use std::collections::BTreeSet;
use std::error::Error as _;

use mtls_roles::Error;

use crate::common::agreed::agreed;
use crate::common::files::TempDir;

/// What is wrong, and what is said about that.
type Row = (&'static str, Error);

/// As `tests/loading/errors.txt` has it: a line with the id, one with the message. After a change of messages
/// `MTLS_ROLES_AGREE=1 cargo test --test loading` writes the file anew, to be read in the diff.
#[test]
fn every_error_says_what_was_found_what_is_needed_and_what_to_do_and_keeps_its_source() {
    let files = TempDir::new();
    let mut found = String::new();
    for (id, error) in all(&files) {
        assert_keeps_its_source(id, &error);
        assert_is_neither_debug_text_nor_a_sentence(id, &error);
        found += &format!("{id}\n    {}\n", printed(&files, &error));
    }
    agreed("loading/errors.txt", &found);
}

fn assert_keeps_its_source(id: &str, error: &Error) {
    let is_kept = match error {
        Error::Unreadable { .. } | Error::NotKept { .. } => keeps::<std::io::Error>(error),
        Error::PemBlock { .. } => keeps::<rustls::pki_types::pem::Error>(error),
        Error::UnusableKey { .. } | Error::Config(_) => keeps::<rustls::Error>(error),
        _ => error.source().is_none(),
    };
    assert!(is_kept, "{id}: {error:?}");
}

fn keeps<E: std::error::Error + 'static>(error: &Error) -> bool {
    error.source().is_some_and(|source| source.is::<E>())
}

fn assert_is_neither_debug_text_nor_a_sentence(id: &str, error: &Error) {
    let printed = error.to_string();
    let is_name = matches!(error, Error::AcceptServerAuthForServers);
    assert!(!printed.starts_with(char::is_uppercase) || is_name, "{id}: {printed}");
    assert!(!printed.ends_with('.'), "{id}: {printed}");
    assert!(!printed.contains(&name(error)), "{id}: {printed}");
    assert!(!printed.contains('\n'), "{id}: {printed}");
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

fn all(files: &TempDir) -> Vec<Row> {
    let rows = [
        files::read_in_vain(files),
        files::given_in_vain(files),
        files::something_else(),
        parts::about_chains(),
        parts::about_keys(),
        parts::about_slots(),
        parts::about_texts(),
        parts::about_policies(),
        parts::about_roots(),
        parts::about_crls(),
        parts::about_memos(),
        reloading::about_reloading(files),
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
