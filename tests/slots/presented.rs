//! No slot is stricter about what stands behind the leaf than every peer is: it is presented as it stands in the file,
//! with a note about what nobody needs. Refused is what makes the leaf useless.

use std::sync::Arc;
use std::time::Instant;

use crate::common::agreed::agreed;
use crate::common::cases;
use crate::common::clock::{NOW, unix};
use crate::common::errors::violation;
use crate::common::files::TempDir;
use crate::common::ours::{Heard, client_slot, clients, decide_client, roots};
use crate::common::pki::{
    Ca, CaSpec, DistinguishedName, Eku, GeneralSubtree, KeyKind, KeyUsagePurpose, Leaf, LeafSpec,
    der, with_key_of_isrg_root_x2,
};
use crate::common::tls::{provider, stock_client_verifier};
use mtls_roles::{Credentials, Error, Fitness, NoteKind, PathCheck};

use proptest::collection::vec;
use proptest::sample::select;
use rustls::SignatureScheme;
use rustls::client::ResolvesClientCert;
use rustls::pki_types::CertificateDer;

/// What a client slot says of a chain.
fn judge(leaf: &Leaf, chain: &[&CertificateDer<'static>]) -> Result<Fitness, Error> {
    let chain = chain.iter().map(|der| (*der).clone()).collect();
    let credentials = Credentials::from_der(chain, leaf.key_der(), &provider())?;
    client_slot().build()?.judge(&credentials)
}

/// A CA whose certificate was renewed for the same key, and one that was cross-signed.
struct World {
    leaf: Leaf,
    /// By name: what a chain can be made of.
    pool: Vec<(&'static str, CertificateDer<'static>)>,
}

impl World {
    fn new() -> Self {
        let (old, new, other) =
            (Ca::root_named("old"), Ca::root_named("new"), Ca::root_named("other"));
        let sub = new.sub(CaSpec::new("sub"));
        let expired = || CaSpec::new("").expired();
        let leaf = sub.leaf(LeafSpec::new("leaf").eku(Eku::client()));
        let twin = new.sub(CaSpec::new("sub"));
        // They have issued each other.
        let x = Ca::root_named("x");
        let (sub_by_x, x_by_sub) =
            (x.cross_sign(&sub, CaSpec::new("")), sub.cross_sign(&x, CaSpec::new("")));
        // On directory names: rustls refuses every subject below it.
        let names = DistinguishedName::new();
        let constrained = CaSpec::new("").permit(GeneralSubtree::DirectoryName(names));
        let critical = CaSpec::new("").extension(&[1, 3, 9], true, vec![5, 0]);
        let pool = vec![
            ("leaf", leaf.der()),
            ("sub", sub.der()),
            ("new", new.der()),
            ("sub by old", old.cross_sign(&sub, CaSpec::new("")).der()),
            ("old", old.der()),
            ("sub expired", new.cross_sign(&sub, expired()).der()),
            ("sub for servers", new.cross_sign(&sub, CaSpec::new("").eku(Eku::server())).der()),
            ("sub constrained", new.cross_sign(&sub, constrained).der()),
            ("sub critical", new.cross_sign(&sub, critical).der()),
            ("new by old expired", old.cross_sign(&new, expired()).der()),
            ("new by old to come", old.cross_sign(&new, CaSpec::new("").not_yet_valid()).der()),
            ("sub to come", new.cross_sign(&sub, CaSpec::new("").not_yet_valid()).der()),
            ("other", other.der()),
            ("twin", twin.der()),
            ("another leaf", sub.leaf(LeafSpec::new("another")).der()),
            ("leaf called sub", new.leaf(LeafSpec::new("sub")).der()),
            // Another extension in place of its key identifier.
            ("sub unidentified", with(&sub.der(), &[0x55, 0x1d, 0x0e], &[0x55, 0x1d, 0x63])),
            ("sub by x", sub_by_x.der()),
            ("x by sub", x_by_sub.der()),
            ("x for servers", other.cross_sign(&x, CaSpec::new("").eku(Eku::server())).der()),
            ("sequence", der::sequence(&[]).into()),
        ];
        Self { leaf, pool }
    }

    fn of(&self, name: &str) -> &CertificateDer<'static> {
        let (_, der) = self.pool.iter().find(|(known, _)| *known == name).expect(name);
        der
    }

    fn chain(&self, names: &str) -> Vec<&CertificateDer<'static>> {
        names.split(", ").map(|name| self.of(name)).collect()
    }

    /// Below a CA that another one has signed: as it is, and as if its key were that of a public root.
    fn crossed(spec: CaSpec) -> Self {
        let old = Ca::root_named("old");
        let cross = old.sub(spec.kind(KeyKind::P384));
        let sub = cross.sub(CaSpec::new("sub"));
        let leaf = sub.leaf(LeafSpec::new("leaf").eku(Eku::client()));
        let pool = vec![
            ("leaf", leaf.der()),
            ("sub", sub.der()),
            ("private", cross.der()),
            ("public", with_key_of_isrg_root_x2(&cross.der())),
            ("old", old.der()),
        ];
        Self { leaf, pool }
    }

    /// With the error, or each note.
    fn told(&self, chains: &[&str]) -> String {
        let told = chains.iter().map(|chain| match judge(&self.leaf, &self.chain(chain)) {
            Err(error) => format!("{chain}\n    refused: {error}\n"),
            Ok(fitness) => {
                let notes = fitness.notes.iter().map(|note| format!("    {note}\n"));
                format!("{chain}\n{}", notes.collect::<String>())
            }
        });
        told.collect()
    }
}

/// Word for word in `tests/slots/presented.txt`. After a change of messages `MTLS_ROLES_AGREE=1 cargo test --test slots`
/// writes the file anew, to be read in the diff.
#[test]
fn what_nobody_needs_is_presented_and_noted() {
    let renewed_and_crossed = World::new().told(&[
        "leaf",
        "leaf, sub",
        "leaf, sub, new",
        "leaf, leaf",
        "leaf, leaf, sub, new",
        "leaf, sub, sub, new, new",
        "leaf, new, sub",
        "leaf, sub, new, other",
        "leaf, other",
        "leaf, another leaf, sub",
        "leaf, sub unidentified, new",
        "leaf, sub, sub unidentified, new",
        "leaf, leaf called sub, sub",
        "leaf, sequence, sub, other, sequence, sub",
        "leaf, sub by x, x by sub",
        "leaf, sub by x, x for servers, x by sub",
        "leaf, sub by x, x for servers",
        "leaf, sub, sub by old",
        "leaf, sub by old, old, sub, new",
        "leaf, sub, twin",
        "leaf, sub expired, sub",
        "leaf, sub, new by old expired",
        "leaf, sub, new, new by old expired",
        "leaf, sub, new by old to come",
        "leaf, sub, new by old to come, old",
        "leaf, sub, new by old to come, new",
        "leaf, sub to come",
        "leaf, sub, new by old expired, old",
        "leaf, sub, new by old expired, new",
        "leaf, sub for servers, sub",
        "leaf, sub critical, new",
        "leaf, sub constrained, new",
        "leaf, sequence, sub",
        "leaf, sub expired",
        "leaf, sub for servers",
        "sub, leaf",
    ]);
    // Whoever signed the key of a public root, too, in whatever form, decides nothing.
    let for_servers = World::crossed(CaSpec::new("cross").eku(Eku::server()));
    let for_servers = for_servers.told(&["leaf, sub, private", "leaf, sub, public"]);
    // Of a private CA, peers may have the key, and may not.
    let expired = World::crossed(CaSpec::new("cross").expired());
    let expired =
        expired.told(&["leaf, sub, public", "leaf, sub, public, old", "leaf, sub, private, old"]);
    let told = format!(
        "{renewed_and_crossed}\nprivate and public: for servers\n{for_servers}\n\
         private and public: expired\n{expired}"
    );
    agreed("slots/presented.txt", &told);
}

/// Each row: what an issuer is constrained to and what it excludes, and the names of a leaf below it.
#[test]
fn a_constraint_that_keeps_a_name_out_is_noted_if_and_only_if_rustls_refuses_the_leaf_for_it() {
    let root = Ca::root_named("root");
    let v4 = |text: &str| text.parse::<std::net::IpAddr>().unwrap();
    let sub = || CaSpec::new("sub");
    let bases =
        ["example.com", ".example.com", "EXAMPLE.com", "ample.com", "com", "", "a.example.com"];
    let names = ["example.com", "a.example.com", "b.a.Example.com", "xample.com", "*.example.com"];
    let mut rows: Vec<(CaSpec, LeafSpec)> = Vec::new();
    for name in names {
        for base in bases {
            let leaf = || LeafSpec::new("leaf").dns(name);
            rows.push((sub().permit_dns(base), leaf()));
            rows.push((sub().exclude_dns(base), leaf()));
            rows.push((sub().permit_dns("com").exclude_dns(base), leaf()));
            rows.push((sub().permit_dns("other.example").permit_dns(base), leaf()));
        }
    }
    for ip in ["192.0.2.1", "198.51.100.1", "2001:db8::1"] {
        for (network, prefix) in
            [("192.0.2.0", 24), ("192.0.2.1", 32), ("0.0.0.0", 0), ("2001:db8::", 32)]
        {
            let leaf = || LeafSpec::new("leaf").ip(v4(ip)).dns("a.example.com");
            rows.push((sub().permit_ip(v4(network), prefix), leaf()));
            rows.push((sub().exclude_ip(v4(network), prefix), leaf()));
        }
    }
    let stock = stock_client_verifier(&provider(), &[root.der()]);
    let mut refused = 0;
    for (index, (ca, leaf)) in rows.into_iter().enumerate() {
        let ca = root.sub(ca);
        let leaf = ca.leaf(leaf);
        let chain = leaf.chain(&[&ca]);
        let is_refused = decide_client(&*stock, &chain, unix(NOW)).is_err();
        let notes = judge(&leaf, &chain.iter().collect::<Vec<_>>()).unwrap().notes;
        let is_noted = notes.iter().any(|note| note.to_string().contains("keep out `"));
        assert_eq!(is_noted, is_refused, "row {index}: {notes:?}");
        refused += usize::from(is_refused);
    }
    assert!((20..140).contains(&refused), "{refused}");
}

/// Its peers are stock rustls, each with one of its roots.
#[test]
fn what_any_stock_peer_accepts_a_slot_publishes_byte_for_byte_as_it_stands() {
    let world = World::new();
    let stock = ["new", "old", "other"]
        .map(|root| stock_client_verifier(&provider(), &[world.of(root).clone()]));
    let names: Vec<_> = world.pool.iter().map(|(name, _)| *name).collect();
    let met = cases::check("presented", 4_000, vec(select(names), 0..7), |names| {
        let chain = format!("leaf, {}", names.join(", "));
        let chain: Ders = world.chain(chain.trim_end_matches(", ")).into_iter().cloned().collect();
        let is_accepted = |stock: &_| decide_client(stock, &chain, unix(NOW)).is_ok();
        let is_accepted = stock.iter().any(|stock| is_accepted(&**stock));
        let credentials = Credentials::from_der(chain.clone(), world.leaf.key_der(), &provider());
        let published = credentials.and_then(|it| client_slot().build_with(it));
        match published {
            Ok(slot) => {
                let presented = slot.resolve(&[], &[SignatureScheme::ECDSA_NISTP256_SHA256]);
                assert_eq!(presented.unwrap().cert, chain);
                Ok(format!("published, accepted: {is_accepted}"))
            }
            Err(error) if is_accepted => Err(error.to_string()),
            Err(_) => Ok("refused".into()),
        }
    });
    met.expect_all(["published, accepted: true", "published, accepted: false", "refused"]);
}

#[test]
fn what_our_verifiers_refuse_in_a_leaf_is_a_note_that_says_so() {
    let root = Ca::root_named("root");
    let clients = clients(&roots([&root])).build().unwrap();
    let edge = || LeafSpec::new("edge").eku(Eku::client());
    let (subtrees, key_usage) = (der::sequence(&[]), vec![0x30, 0]);
    #[rustfmt::skip] // One row, one line.
    let rows = [
        (edge(), None),
        (edge().key_usages(&[KeyUsagePurpose::KeyCertSign]), Some(PathCheck::LeafWithKeyCertSign)),
        (edge().extension(&[2, 5, 29, 30], false, subtrees), Some(PathCheck::LeafWithNameConstraints)),
        (edge().key_usages(&[]).extension(&[2, 5, 29, 15], false, key_usage), Some(PathCheck::UnreadableExtension)),
    ];
    for (spec, needed) in rows {
        let leaf = root.leaf(spec);
        let notes = judge(&leaf, &[&leaf.der()]).unwrap().notes;
        let refused = clients.verify(Some(&[leaf.der()]), unix(NOW)).err();
        let refused = refused.map(|refusal| violation(refusal.error()).unwrap());
        match notes.first().map(|note| &note.kind) {
            None => assert_eq!((refused, None), (None, needed)),
            Some(NoteKind::RefusedByPathCheck { check, found, .. }) => {
                assert_eq!(Some(*check), needed);
                let refused = refused.unwrap();
                assert!(refused.starts_with(&format!("PathViolation {{ check: {check:?},")));
                assert!(refused.ends_with(&format!("found: {found:?} }}")), "{refused}");
            }
            Some(other) => panic!("{other}"),
        }
    }
}

#[test]
fn a_note_names_the_file_and_the_observer_hears_it() {
    let (root, folder) = (Ca::root_named("root"), TempDir::new());
    let leaf = root.leaf(LeafSpec::new("edge"));
    let chain = folder.write("chain.pem", leaf.chain_pem(&[&root, &root]));
    let key = folder.write("key.pem", leaf.key_pem());
    let credentials = Credentials::from_pem_files(&chain, &key, &provider()).unwrap();
    let ears = Arc::new(Heard::default());
    client_slot().observer(ears.clone()).build_with(credentials).unwrap();
    let note = format!("note: certificate 3 of {} (CN=root) is the same as", chain.display());
    assert!(matches!(&ears.lines()[..], [_, heard] if heard.starts_with(&note)));
}

/// The same certificate with other octets in place of these, for who looks at no signature.
fn with(der: &CertificateDer<'_>, old: &[u8], new: &[u8]) -> CertificateDer<'static> {
    let mut der = der.to_vec();
    let at = der.windows(old.len()).position(|window| window == old).unwrap();
    der[at..at + old.len()].copy_from_slice(new);
    der.into()
}

/// Each of them could stand above every other: who tried all of their orders would not come to an end.
#[test]
fn a_chain_of_thousands_of_namesakes_is_judged() {
    let root = Ca::root_named("ca");
    let leaf = root.leaf(LeafSpec::new("leaf").eku(Eku::client()));
    let namesake = root.sub(CaSpec::new("ca").serial(0x4000)).der();
    let namesakes = (0x4000..0x6000u16).map(|serial| {
        with(&namesake, &[2, 2, 0x40, 0], &[&[2, 2], &serial.to_be_bytes()[..]].concat())
    });
    let chain: Ders = [leaf.der()].into_iter().chain(namesakes).collect();
    let credentials = Credentials::from_der(chain, leaf.key_der(), &provider()).unwrap();
    let fitness = client_slot().build().unwrap().judge(&credentials).unwrap();
    assert_eq!(fitness.notes.len(), 0x1ffe, "all but one, and the end are parallel");
    assert!(credentials.valid_until() > NOW && !credentials.is_combined());
}

/// Who looked at all that stands below each of them would take minutes.
#[test]
fn a_line_of_thousands_of_issuers_is_judged_about_as_fast_as_it_is_read() {
    let leaf = Ca::root_named("00000").leaf(LeafSpec::new("leaf").eku(Eku::client()));
    let issuer = Ca::root_named("above").sub(CaSpec::new("below")).der();
    let issuers = (0..40_000u32).map(|n| {
        let der = with(&issuer, b"above", format!("{:05}", n + 1).as_bytes());
        with(&der, b"below", format!("{n:05}").as_bytes())
    });
    let chain: Ders = [leaf.der()].into_iter().chain(issuers).collect();
    let start = Instant::now();
    let credentials = Credentials::from_der(chain, leaf.key_der(), &provider()).unwrap();
    let read = start.elapsed();
    let fitness = client_slot().build().unwrap().judge(&credentials).unwrap();
    let judged = start.elapsed() - read;
    assert_eq!(fitness.notes, []);
    assert!(judged < 20 * read, "{judged:?}, and read in {read:?}");
}

type Ders = Vec<CertificateDer<'static>>;
