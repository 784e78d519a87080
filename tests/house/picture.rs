//! The picture of the audit stands in the manual as text, since docs.rs has no file beside a page.

use std::fs;
use std::path::Path;

use base64ct::{Base64, Encoding};

#[test]
fn the_manual_shows_the_picture_of_the_readme() {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs");
    let picture = Base64::encode_string(&fs::read(docs.join("audit.png")).unwrap());
    let page = docs.join("audit.md");
    let shown = "![Bars from notBefore to notAfter, coloured by verdict, over the milestones]";
    let text = format!("{shown}(data:image/png;base64,{picture})\n");
    if std::env::var_os("MTLS_ROLES_AGREE").is_some() {
        fs::write(&page, &text).unwrap();
    }
    assert!(fs::read_to_string(page).unwrap() == text, "docs/audit.md is not docs/audit.png");
}
