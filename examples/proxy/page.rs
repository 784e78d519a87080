//! [`page`]: the status as a page that people look at.
//!
//! The template engine escapes what it is given, and the page's policy lets nothing be loaded, no
//! script run, and no style but the file beside this one.

use base64ct::{Base64, Encoding};
use minijinja::value::Serde;
use minijinja::{Environment, Error, Value, context};
use sha2::{Digest, Sha256};

use crate::status::Status;

const TEMPLATE: &str = include_str!("page/page.html");
const STYLE: &str = include_str!("page/page.css");

/// Self-contained; it refreshes itself.
///
/// # Errors
///
/// The template is wrong.
pub fn page(status: &Status) -> Result<String, Error> {
    let mut environment = Environment::new();
    // The name ends in .html: everything is escaped but what is said to be safe.
    environment.add_template("page.html", TEMPLATE)?;
    let style = Value::from_safe_string(STYLE.to_owned());
    let status = Value::from(Serde(status));
    environment.get_template("page.html")?.render(context! { style, status })
}

/// The Content-Security-Policy that it is served with: its style by hash, and nothing else.
pub fn policy() -> String {
    let hash = Base64::encode_string(&Sha256::digest(STYLE));
    format!(
        "default-src 'none'; style-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
}
