//! Makes the vectors: the certificates from their specifications, the answers from the tables of
//! `docs/REFERENCE.md`. Nothing here asks the crate.

#[path = "../../../tests/common/pki/der.rs"]
#[allow(dead_code)] // The tests use more of it.
mod der;
mod chains;
mod configuration;
mod crl;
mod defects;
mod eku;
mod key;
mod oracle;
mod peers;
mod public;
mod revocation;
mod servers;
mod slots;
mod spec;

use std::collections::BTreeMap;

use base16ct::lower::encode_string as hex;
use sha2::{Digest, Sha256};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use time::macros::datetime;

use self::crl::Crl;
use self::key::{Key, pem};
use self::spec::{Eku, Spec};
use crate::format::{Expected, Policy, Suite, Vector, Wrong};
use crate::requirements::Requirements;

/// When every vector takes place, unless it says otherwise.
pub const NOW: OffsetDateTime = datetime!(2026-12-01 12:00 UTC);

/// The peer that most vectors are about.
pub const EDGE: &str = "edge.example.com";

pub fn suite() -> Suite {
    let mut maker = Maker::new();
    maker.world();
    for (file, make) in [
        ("eku", eku::make as fn(&mut Maker)),
        ("peers", peers::make),
        ("peers", servers::make),
        ("relaxation", configuration::make),
        ("public", public::make),
        ("chains", defects::make),
        ("chains", chains::make),
        ("revocation", revocation::make),
        ("slots", slots::make),
    ] {
        maker.file = file;
        make(&mut maker);
    }
    maker.suite
}

/// Collects what is made.
pub struct Maker {
    suite: Suite,
    requirements: Requirements,
    specs: BTreeMap<String, Spec>,
    ders: BTreeMap<String, Vec<u8>>,
    file: &'static str,
}

impl Maker {
    fn new() -> Self {
        Self {
            suite: Suite::default(),
            requirements: Requirements::read(),
            specs: BTreeMap::new(),
            ders: BTreeMap::new(),
            file: "",
        }
    }

    /// One root, one issuer and the leaves of one peer: what most chains are made of.
    fn world(&mut self) {
        self.root(Spec::ca("root"));
        self.issue(Spec::ca("issuer"), "root");
    }

    fn root(&mut self, spec: Spec) {
        let issuer = spec.clone();
        self.keep(spec, &issuer);
    }

    /// Below a certificate that was made already.
    fn issue(&mut self, spec: Spec, issuer: &str) {
        let issuer = self.specs[issuer].clone();
        self.keep(spec, &issuer);
    }

    fn keep(&mut self, spec: Spec, issuer: &Spec) {
        let der = spec.issued_by(&issuer.subject, &issuer.key);
        self.suite.certificates.insert(spec.name.clone(), pem("CERTIFICATE", &der));
        self.suite.keys.insert(spec.key.clone(), Key::named(&spec.key).pem());
        self.ders.insert(spec.name.clone(), der);
        let known = self.specs.insert(spec.name.clone(), spec);
        assert!(known.is_none(), "two certificates of one name: {}", known.unwrap().name);
    }

    fn crl(&mut self, name: &str, crl: &Crl) {
        let known = self.suite.crls.insert(name.into(), pem("X509 CRL", &crl.der()));
        assert!(known.is_none(), "two lists of one name: {name}");
    }

    fn spec(&self, name: &str) -> &Spec {
        &self.specs[name]
    }

    fn cert_rule(&self, name: &str) -> String {
        format!("cert-sha256:{}", hex(&Sha256::digest(&self.ders[name])))
    }

    fn key_rule(&self, name: &str) -> String {
        format!("spki-sha256:{}", Key::named(&self.specs[name].key).spki_sha256())
    }

    fn accept(&mut self, draft: Draft) {
        let wrong = oracle::first_wrong(draft.role, self.ekus(&draft));
        let report = match wrong {
            None => "enforced",
            Some(_) => "relaxed",
        };
        self.add(draft, "accept", None, Some(report), wrong);
    }

    /// With its honest class; what is wrong with an EKU is computed.
    fn refuse(&mut self, draft: Draft, class: &str) {
        let (report, wrong) = match class {
            "eku" if draft.slot_key.is_some() => ("refused-eku", None),
            "eku" => ("refused-eku", Some(self.wrong(&draft))),
            _ => ("refused-other", None),
        };
        self.add(draft, "refuse", Some(class), Some(report), wrong);
    }

    /// A configuration that must not be taken.
    fn config_error(&mut self, draft: Draft) {
        self.add(draft, "config-error", None, None, None);
    }

    /// What the tables say of a peer that is named.
    fn by_the_tables(&mut self, draft: Draft) {
        match oracle::decide(&draft.policy.eku, draft.role, self.ekus(&draft)) {
            oracle::Decision::ConfigError => self.config_error(draft),
            oracle::Decision::Accept => self.accept(draft),
            oracle::Decision::Malformed => self.refuse(draft, "other"),
            oracle::Decision::Refuse => self.refuse(draft, "eku"),
        }
    }

    fn wrong(&self, draft: &Draft) -> Wrong {
        let wrong = match draft.policy.eku.as_str() {
            "strict" => oracle::first_wrong_strictly(draft.role, self.ekus(draft)),
            _ => oracle::first_wrong(draft.role, self.ekus(draft)),
        };
        wrong.unwrap_or_else(|| panic!("{}: no EKU is wrong", draft.id))
    }

    /// This id, or with a number behind it if there is a relaxed peer of this id already.
    fn free_id(&self, id: &str) -> String {
        let is_taken = |id: &String| {
            let relaxed = format!("{}-{id}-relax", self.file);
            self.suite.all().any(|vector| vector.id == relaxed)
        };
        let numbered = (2..).map(|number| format!("{id}-{number}"));
        let mut all = std::iter::once(id.to_owned()).chain(numbered);
        all.find(|id| !is_taken(id)).expect("some number is free")
    }

    /// Of the path, leaf first and without its root.
    fn ekus(&self, draft: &Draft) -> Vec<Eku> {
        let path = draft.path.as_ref().unwrap_or(&draft.chain);
        path.iter().map(|name| self.specs[name].eku).collect()
    }

    fn add(
        &mut self,
        draft: Draft,
        verdict: &str,
        class: Option<&str>,
        report: Option<&str>,
        eku: Option<Wrong>,
    ) {
        let mut policy = draft.policy;
        // A policy that is relaxed is relaxed for the peer of the vectors, unless one says otherwise.
        let is_for_nobody = policy.relax_for.is_empty() && !policy.relax_for_any_private_peer;
        if draft.relaxes_edge
            && is_for_nobody
            && ["ignore", "accept-server-auth"].contains(&&*policy.eku)
        {
            policy.relax_for.push(format!("dns:{EDGE}"));
        }
        let vector = Vector {
            level: self.requirements.level(&draft.requirements[0]).into(),
            server_name: draft.server_name,
            id: format!("{}-{}", self.file, draft.id),
            requirements: draft.requirements,
            about: draft.about,
            role: draft.role.into(),
            slot_key: draft.slot_key,
            chain: draft.chain,
            roots: draft.roots,
            crls: draft.crls,
            time: text(draft.time),
            policy,
            expected: Expected {
                verdict: verdict.into(),
                class: class.map(Into::into),
                report: report.map(Into::into),
                eku,
            },
        };
        for requirement in &vector.requirements {
            self.requirements.level(requirement);
        }
        for name in vector.chain.iter().chain(&vector.roots) {
            assert!(self.specs.contains_key(name), "{}: there is no {name}", vector.id);
        }
        for name in &vector.crls {
            assert!(self.suite.crls.contains_key(name), "{}: there is no {name}", vector.id);
        }
        assert!(self.suite.all().all(|other| other.id != vector.id), "twice: {}", vector.id);
        self.suite.vectors.entry(self.file.into()).or_default().push(vector);
    }
}

/// A vector without its answer: by default a client under the root of the private CA, at [`NOW`].
#[derive(Clone)]
pub struct Draft {
    id: String,
    requirements: Vec<String>,
    about: String,
    role: &'static str,
    slot_key: Option<String>,
    chain: Vec<String>,
    /// Whose EKUs count, if not those of the presented chain.
    path: Option<Vec<String>>,
    roots: Vec<String>,
    crls: Vec<String>,
    time: OffsetDateTime,
    server_name: Option<String>,
    policy: Policy,
    relaxes_edge: bool,
}

impl Draft {
    fn new(id: impl Into<String>, requirements: &str, about: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            requirements: words(requirements),
            about: about.into(),
            role: "client",
            slot_key: None,
            chain: vec![],
            path: None,
            roots: words("root"),
            crls: vec![],
            time: NOW,
            server_name: None,
            policy: Policy { eku: "rfc5280".into(), ..Policy::default() },
            relaxes_edge: true,
        }
    }

    /// The peer is a server that is expected to have the vectors' name.
    fn server(self) -> Self {
        Self { role: "server", server_name: Some(EDGE.into()), ..self }
    }

    /// The chain is ours, to be published in the slot of this role.
    fn slot(self, role: &'static str, key: &str) -> Self {
        let (slot_key, roots) = (Some(key.into()), vec![]);
        Self { role, slot_key, roots, relaxes_edge: false, ..self }
    }

    fn role(self, role: &'static str) -> Self {
        match role {
            "server" => self.server(),
            _ => self,
        }
    }

    fn chain(mut self, names: &str) -> Self {
        self.chain = words(names);
        self
    }

    fn path(mut self, names: &str) -> Self {
        self.path = Some(words(names));
        self
    }

    fn roots(mut self, names: &str) -> Self {
        self.roots = words(names);
        self
    }

    fn crls(mut self, names: &str) -> Self {
        self.crls = words(names);
        self
    }

    fn at(mut self, time: OffsetDateTime) -> Self {
        self.time = time;
        self
    }

    fn server_name(mut self, name: &str) -> Self {
        self.server_name = Some(name.into());
        self
    }

    fn eku(mut self, preset: &str) -> Self {
        self.policy.eku = preset.into();
        self
    }

    fn until(mut self, end: &str) -> Self {
        self.policy.until = Some(end.into());
        self
    }

    fn relax_for(mut self, rule: impl Into<String>) -> Self {
        self.policy.relax_for.push(rule.into());
        self
    }

    fn relax_for_nobody(mut self) -> Self {
        self.relaxes_edge = false;
        self
    }

    fn relax_for_any_private_peer(mut self) -> Self {
        self.policy.relax_for_any_private_peer = true;
        self
    }

    fn allow(mut self, rule: impl Into<String>) -> Self {
        self.policy.allow.push(rule.into());
        self
    }

    fn allow_anybody_public(mut self) -> Self {
        self.policy.allow_anybody_public = true;
        self
    }

    fn expect(mut self, rule: impl Into<String>) -> Self {
        self.policy.expect.push(rule.into());
        self
    }
}

fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(Into::into).collect()
}

fn text(time: OffsetDateTime) -> String {
    time.format(&Rfc3339).expect("every instant of the vectors can be written")
}
