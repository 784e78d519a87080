//! One self-contained page: a picture of the timeline, a table, and what stands behind them.
//!
//! The template engine escapes what it is given, and the page's own policy lets no other script or
//! style run than the two files beside this one, nor anything be loaded.

mod page;
mod picture;

use std::io::{self, Write};

use base64ct::{Base64, Encoding};
use minijinja::{Environment, Error, Value, context};
use sha2::{Digest, Sha256};

use crate::report::{Report, letter};
use crate::shortened::shortened;

const TEMPLATE: &str = include_str!("html/page.html");
const STYLE: &str = include_str!("html/page.css");
const SCRIPT: &str = include_str!("html/page.js");

pub fn write(report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    render(report, out).map_err(|error| {
        // What the writer said, which minijinja wraps.
        let written =
            std::error::Error::source(&error).and_then(|it| it.downcast_ref::<io::Error>());
        io::Error::new(written.map_or(io::ErrorKind::Other, io::Error::kind), error)
    })
}

fn render(report: &Report<'_>, out: &mut dyn Write) -> Result<(), Error> {
    let mut environment = Environment::new();
    // The name ends in .html: everything is escaped but what is said to be safe.
    environment.add_template("page.html", TEMPLATE)?;
    environment.add_filter("short", |text: String, most: usize| shortened(&text, most));
    environment.add_filter("letter", letter);
    let frame = context! {
        policy => policy(),
        style => Value::from_safe_string(STYLE.to_owned()),
        script => Value::from_safe_string(SCRIPT.to_owned()),
    };
    let template = environment.get_template("page.html")?;
    template.render_captured_to(context! { ..frame, ..page::page(report) }, out)?;
    Ok(())
}

/// By hash, so that a script from a certificate would not run even if it came through.
fn policy() -> String {
    format!(
        "default-src 'none'; style-src 'sha256-{}'; script-src 'sha256-{}'; base-uri 'none'; \
         form-action 'none'",
        hash(STYLE),
        hash(SCRIPT)
    )
}

fn hash(text: &str) -> String {
    Base64::encode_string(&Sha256::digest(text))
}
