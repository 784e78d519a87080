//! [`Spot`]: where something stands, and how much it says if nothing is there or it is broken.

use mtls_roles::audit::Location;

/// Where in a file something stands, and what is to be expected of it.
#[derive(Clone, Debug)]
pub struct Spot {
    pub(super) location: Location,
    pub(super) nature: Nature,
    pub(super) depth: usize,
}

/// How much a broken certificate says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Nature {
    /// Said to hold certificates or keys by the user: that there are none is told.
    Named,
    /// Meant to hold them by its name: that there are none is told, but of a text in words, which
    /// says itself why.
    Expected,
    /// By its name an archive of a kind that is not opened, or encrypted: it may hold anything.
    Closed,
    /// May hold anything: what is broken is told.
    Data,
    /// Source or documentation, where broken certificates stand on purpose.
    Prose,
}

impl Spot {
    /// A file; `is_named` if its user says that it holds something.
    pub fn of_a_file(name: &str, is_named: bool) -> Self {
        let nature = match is_named {
            true => Nature::Named,
            false => Nature::of(name),
        };
        Self { location: name.into(), nature, depth: 0 }
    }

    /// Whether it would be a surprise if nothing were in it.
    pub fn is_expected(&self) -> bool {
        matches!(self.nature, Nature::Named | Nature::Expected | Nature::Closed)
    }

    pub(super) fn member(&self, name: &str) -> Self {
        Self { nature: Nature::of(name), ..self.inside(name) }
    }

    pub(super) fn inside(&self, name: &str) -> Self {
        let place = match &self.location.place {
            Some(place) => format!("{place}: {name}"),
            None => name.to_owned(),
        };
        let mut location = self.location.clone().at(&place);
        location.line = None;
        Self { location, ..self.deeper() }
    }

    /// What stands in it as a whole: an unpacked file, the octets of base64.
    pub(super) fn deeper(&self) -> Self {
        Self { depth: self.depth + 1, ..self.clone() }
    }
}

impl Nature {
    fn of(name: &str) -> Self {
        let file = name.rsplit('/').next().unwrap_or(name).to_ascii_lowercase();
        let (name_inside, last) = file.rsplit_once('.').unwrap_or_default();
        let is_closed = CLOSED.contains(&last) && last != "gz" && name_inside.ends_with(".tar");
        match file.split('.').skip(1).any(|ending| CERTIFICATES.contains(&ending)) {
            true if CERTIFICATES.contains(&last) || CLOSED.contains(&last) => Self::Expected,
            // Where Go has its broken archives.
            _ if PROSE.contains(&last) || name.contains("/testdata/") => Self::Prose,
            _ if is_closed || ARCHIVES.contains(&last) => Self::Closed,
            _ => Self::Data,
        }
    }
}

#[rustfmt::skip]
const CERTIFICATES: [&str; 17] = [
    "pem", "crt", "cer", "der", "p7b", "p7c", "spc", "pkipath", "p12", "pfx", "jks", "jceks", "bks", "uber",
    "bcfks", "keystore", "truststore",
];

/// What stands behind another ending, if the file is packed or encrypted.
#[rustfmt::skip]
const CLOSED: [&str; 15] = [
    "gz", "xz", "bz2", "zst", "lzma", "lz4", "z", "7z", "rar", "gpg", "pgp", "asc", "age", "enc", "vault",
];

const ARCHIVES: [&str; 6] = ["7z", "rar", "txz", "tzst", "tbz", "tbz2"];

#[rustfmt::skip]
const PROSE: [&str; 50] = [
    "go", "c", "h", "cc", "hh", "cpp", "hpp", "rs", "py", "pyi", "pyc", "js", "mjs", "cjs", "ts", "tsx",
    "jsx", "java", "kt", "scala", "rb", "php", "pl", "pm", "t", "cs", "swift", "lua", "sh", "bash", "md",
    "rst", "adoc", "html", "htm", "tex", "texi", "info", "pod", "po", "diff", "patch", "1", "1ssl", "3",
    "3ssl", "5", "5ssl", "7", "8",
];
