//! Golden files: what was agreed that a program says.

/// Whether this is what the file says, by its path below `tests`. Set `MTLS_ROLES_AGREE` to write
/// the file anew, and read the difference before it is committed.
pub fn agreed(path: &str, found: &str) {
    let file = format!("{}/tests/{path}", env!("CARGO_MANIFEST_DIR"));
    if std::env::var_os("MTLS_ROLES_AGREE").is_some() {
        std::fs::write(&file, found).unwrap();
    }
    assert_eq!(found, std::fs::read_to_string(&file).unwrap(), "{path}");
}
