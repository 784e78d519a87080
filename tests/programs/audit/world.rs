//! Certificates of a small company, with fixed names, dates and serial numbers: what is written of
//! them differs from run to run in their keys only.

use std::path::Path;

use serde_json::{Value, json};
use time::macros::datetime;
use time::{Duration, OffsetDateTime};

use crate::common::files::TempDir;
use crate::common::pki::{Ca, CaSpec, Eku, Leaf, LeafSpec};

pub const ISSUED: OffsetDateTime = datetime!(2026-09-01 0:00 UTC);

/// A public CA that sells combined certificates, one that does not, and a private one.
pub struct World {
    pub folder: TempDir,
    digicert: Ca,
    isrg: Ca,
    pub combined: Ca,
    pub server_only: Ca,
    pub private: Ca,
    pub edge: Leaf,
}

impl World {
    /// With nothing in its folder.
    pub fn new() -> Self {
        let digicert = Ca::root(ca("DigiCert Inc", "DigiCert Global Root G2", 1));
        let isrg = Ca::root(ca("Internet Security Research Group", "ISRG Root X1", 2));
        let combined = digicert.sub(ca("DigiCert Inc", "Combined CA", 3).eku(Eku::both()));
        let server_only = isrg.sub(ca("Let's Encrypt", "YR1", 4).eku(Eku::server()));
        let private = Ca::root(ca("Example Ltd", "Mesh Root", 5));
        let edge = combined.leaf(leaf("edge.example.com", 6).eku(Eku::both()).web_pki());
        let folder = TempDir::new();
        let world = Self { folder, digicert, isrg, combined, server_only, private, edge };
        world.write("roots.pem", world.digicert.pem() + &world.isrg.pem());
        world
    }

    /// With one certificate of each kind, its issuers apart from it, and what is no certificate.
    pub fn full() -> Self {
        let world = Self::new();
        let issue = |ca: &Ca, spec: LeafSpec| ca.leaf(spec).cert_pem();
        let issuers = world.combined.pem() + &world.server_only.pem() + &world.private.pem();
        world.write("issuers.pem", issuers);
        world.write("edge.pem", world.edge.cert_pem());
        world.write("edge.key", world.edge.key_pem());
        let www = leaf("www.example.com", 7).eku(Eku::server()).web_pki();
        world.write("www.pem", issue(&world.server_only, www));
        let mesh = leaf("orders.mesh.internal", 8).eku(Eku::both());
        world.write("mesh.pem", issue(&world.private, mesh));
        let xmpp = leaf("xmpp.example.com", 9).eku(Eku::both()).web_pki();
        world.write("xmpp.pem", issue(&world.server_only, xmpp));
        let old = leaf("old.example.com", 10).eku(Eku::both()).web_pki();
        let old = old.valid(ISSUED - Duration::days(90), ISSUED);
        world.write("old.pem", issue(&world.combined, old));
        let nobody = Ca::root(ca("Nobody", "Not Here", 11));
        let orphan = leaf("orphan.example.com", 12).eku(Eku::both());
        world.write("orphan.pem", issue(&nobody, orphan));
        world.write("notes.txt", "nothing to see");
        world
    }

    /// Each CA.
    pub fn issuers(&self) -> [&Ca; 5] {
        [&self.digicert, &self.isrg, &self.combined, &self.server_only, &self.private]
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        self.folder.write(name, content);
    }
}

/// Without a name beside its subject.
pub fn nameless(name: &str, serial: u64) -> LeafSpec {
    let end = ISSUED + Duration::days(199) - Duration::SECOND;
    LeafSpec::new(name).serial(serial).valid(ISSUED, end)
}

pub fn leaf(name: &str, serial: u64) -> LeafSpec {
    let spec = nameless(name, serial);
    match name.is_ascii() && !name.contains(|c: char| c.is_control()) {
        true => spec.dns(name),
        false => spec,
    }
}

pub fn ca(organisation: &str, name: &str, serial: u64) -> CaSpec {
    let spec = CaSpec::new(name).organisation(organisation).serial(serial);
    spec.valid(datetime!(2020-01-01 0:00 UTC), datetime!(2040-01-01 0:00 UTC))
}

/// A timeline of one milestone, which takes the place of the crate's.
pub fn milestone(id: &str, date: &str, change: &str, citation: Value) -> String {
    let timeline = json!({ "read_on": "2026-11-21", "milestones": [{
        "id": id, "date": date, "who": change, "change": change, "citation": citation,
        "compared": "issued_on_or_after", "effect": "client_auth_ends", "confidence": "secondary",
        "disagreements": [{ "says": change, "source": change }],
    }] });
    timeline.to_string()
}
