//! Public roots are guarded: with the EKU relaxed over them, anybody with a free web certificate
//! would be let in.

mod marks;
mod names;
pub mod public;

use crate::common::clock::{NOW, unix};
use crate::common::ours::{clients, roots, rule, servers};
use crate::common::pki::{Ca, Eku, LeafSpec};
use crate::common::shared;
use crate::rules::peer::assert_none_is_wrong;
use marks::marks;
use mtls_roles::{
    ClientPeerVerifier, EkuOutcome, EkuPolicy, Error, PeerRule, PeerVerifierBuilder, RefusalClass,
    Roots, ServerPeerVerifier,
};
use public::{Public, anchor, public, store};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{CertificateError, ExtendedKeyPurpose};
use x509_parser::prelude::{FromDer, X509Certificate};

const BUILDS: &str = "builds";
const NEEDS_RULES: &str = "public roots need rules";
const ANY_PEER: &str = "any peer over public roots";
const BY_NAME: &str = "a name over public roots";
const PRIVATE_FORM: &str = "a rule that needs private roots";
const RELAXED_SERVERS: &str = "relaxed servers over public roots";

type Told<V> = fn(PeerVerifierBuilder<V>) -> PeerVerifierBuilder<V>;

/// What verifiers of clients are told, and what becomes of it where the EKU is ignored, where serverAuth is accepted, and
/// under a policy that is not relaxed.
#[rustfmt::skip] // One row, one line.
const CLIENTS: [(&str, Told<ClientPeerVerifier>, [&str; 3]); 7] = [
    ("nothing says who may connect", |it| it.relax_for(fingerprint()), [NEEDS_RULES, NEEDS_RULES, NEEDS_RULES]),
    // Asking nobody for a certificate is no answer to whose certificate will do.
    ("nobody need present one", |it| it.relax_for(fingerprint()).allow_unauthenticated(), [NEEDS_RULES, NEEDS_RULES, NEEDS_RULES]),
    ("one name may connect", |it| it.relax_for(fingerprint()).allow(rule("dns:edge.example")), [BUILDS, BUILDS, BUILDS]),
    ("anybody may connect", |it| it.relax_for(fingerprint()).allow_anybody_with_a_public_certificate(), [BUILDS, BUILDS, BUILDS]),
    ("two fingerprints", |it| it.allow(fingerprint()).relax_for(fingerprint()).relax_for(rule(FINGERPRINTS[1])), [BUILDS, BUILDS, BUILDS]),
    ("any peer", |it| it.allow(fingerprint()).relax_for_any_peer_of_these_private_roots(), [ANY_PEER, ANY_PEER, BUILDS]),
    // Neither a rule beside it nor the call that admits anybody unlocks it.
    ("any peer, and more", |it| it.allow_anybody_with_a_public_certificate().relax_for(fingerprint()).relax_for_any_peer_of_these_private_roots(), [ANY_PEER, ANY_PEER, BUILDS]),
];

/// What verifiers of servers are told, where the EKU is ignored.
#[rustfmt::skip] // One row, one line.
const SERVERS: [(&str, Told<ServerPeerVerifier>); 4] = [
    ("a fingerprint", |it| it.relax_for(fingerprint())),
    ("a name", |it| it.relax_for(rule("dns:edge.example"))),
    ("any peer", |it| it.relax_for_any_peer_of_these_private_roots()),
    ("a fingerprint in place of the name", |it| it.relax_for(fingerprint()).expect_in_place_of_name(fingerprint())),
];

#[test]
fn public_client_roots_without_allow_build_under_no_policy_unless_anybody_is_wanted() {
    let mut wrong = vec![];
    for Public { id, roots, label, .. } in &roots_of_every_kind() {
        for (told, tell, needed) in CLIENTS {
            for (policy, column) in POLICIES {
                let found = outcome(tell(clients(roots).eku_policy(policy)).build());
                let needed = over(label, needed[column]);
                wrong.extend(difference(&format!("{id}, {told}, {policy}"), found, needed));
            }
        }
    }
    assert_none_is_wrong(wrong);
}

/// Names of serverAuth certificates were validated, if they are of a kind that is.
#[test]
fn ignoring_the_eku_for_a_name_does_not_build_over_public_roots_and_for_a_fingerprint_it_does() {
    let mut wrong = vec![];
    for Public { id, roots, label, are_all } in &roots_of_every_kind() {
        for name in NAMES {
            let is_validated = name.starts_with("dns:") || name.starts_with("ip:");
            let other = if *are_all && !is_validated { PRIVATE_FORM } else { BUILDS };
            for (policy, column) in POLICIES {
                let pinned = clients(roots).allow(fingerprint()).relax_for(fingerprint());
                let built = pinned.eku_policy(policy).relax_for(rule(name)).build();
                let needed = over(label, [BY_NAME, other, other][column]);
                let id = format!("{id}, {name}, {policy}");
                if let Err(Error::NameOverPublicRoots { rule, .. })
                | Err(Error::RuleNeedsPrivateRoots { rule, .. }) = &built
                {
                    assert_eq!(rule, name, "{id}");
                }
                wrong.extend(difference(&id, outcome(built), needed));
            }
        }
    }
    assert_none_is_wrong(wrong);
}

#[test]
fn a_relaxed_server_verifier_over_public_roots_does_not_build() {
    let mut wrong = vec![];
    for Public { id, roots, label, .. } in &roots_of_every_kind() {
        for (told, tell) in SERVERS {
            for (policy, column) in POLICIES {
                if policy != EkuPolicy::accept_server_auth() {
                    let found = outcome(tell(servers(roots).eku_policy(policy)).build());
                    let needed = over(label, [RELAXED_SERVERS, BUILDS, BUILDS][column]);
                    wrong.extend(difference(&format!("{id}, {told}, {policy}"), found, needed));
                }
            }
        }
    }
    assert_none_is_wrong(wrong);
}

/// Private ones, of which nothing is asked, and public ones.
fn roots_of_every_kind() -> Vec<Public> {
    let roots = roots([&Ca::root_named("private")]);
    assert_eq!(roots.public_root(), None);
    let private = Public { id: "private", roots, label: String::new(), are_all: false };
    [private].into_iter().chain(public()).collect()
}

/// What an error is about, and the root that it names.
fn outcome<V>(built: Result<V, Error>) -> String {
    match built {
        Ok(_) => BUILDS.into(),
        Err(Error::PublicRootsNeedRules { root, .. }) => over(&root, NEEDS_RULES),
        Err(Error::AnyPeerOverPublicRoots { root, .. }) => over(&root, ANY_PEER),
        Err(Error::NameOverPublicRoots { root, .. }) => over(&root, BY_NAME),
        Err(Error::RuleNeedsPrivateRoots { root, .. }) => over(&root, PRIVATE_FORM),
        Err(Error::RelaxedServersOverPublicRoots { root, .. }) => over(&root, RELAXED_SERVERS),
        Err(other) => other.to_string(),
    }
}

/// Over private roots everything builds.
fn over(root: &str, what: &str) -> String {
    match root.is_empty() || what == BUILDS {
        true => BUILDS.into(),
        false => format!("{what}: {root}"),
    }
}

fn difference(id: &str, found: String, needed: String) -> Option<String> {
    (found != needed).then(|| format!("{id}: found {found}, needed {needed}"))
}

#[test]
fn relaxing_any_peer_never_relaxes_a_leaf_of_the_web_pki() {
    let root = Ca::root_named("private, as far as is known");
    let roots = roots([&root]);
    let mut wrong = vec![];
    for (id, mark, is_relaxed) in marks() {
        let spec = LeafSpec::new("peer").dns("peer.example").eku(Eku::server());
        let chain = root.leaf(mark(spec)).chain(&[]);
        for policy in RELAXED {
            let any = || {
                let builder = clients(&roots).eku_policy(policy);
                builder.relax_for_any_peer_of_these_private_roots()
            };
            let found = any().build().unwrap().verify(Some(&chain), unix(NOW));
            let is_as_expected = match &found {
                Ok(peer) => is_relaxed && matches!(peer.eku(), EkuOutcome::Relaxed(_)),
                Err(refusal) => {
                    !is_relaxed
                        && *refusal.error() == strict_error()
                        && refusal.class() == RefusalClass::Eku
                }
            };
            if !is_as_expected {
                wrong.push(format!("{id}, {policy}: {found:?}"));
            }
            // Whoever names the peer means it.
            let named = any().relax_for(rule("dns:peer.example")).build().unwrap();
            if let Err(refusal) = named.verify(Some(&chain), unix(NOW)) {
                wrong.push(format!("{id}, {policy}, named: {refusal:?}"));
            }
        }
        // The marks are no reason to refuse a right certificate.
        let right = LeafSpec::new("peer").eku(Eku::client());
        let strict = clients(&roots).build().unwrap();
        let right = strict.verify(Some(&root.leaf(mark(right)).chain(&[])), unix(NOW));
        if let Err(refusal) = right {
            wrong.push(format!("{id}, right EKU: {refusal:?}"));
        }
    }
    assert_none_is_wrong(wrong);
}

/// The lists of public roots do go stale: as a bare trust anchor, no public intermediate is known.
#[test]
fn no_real_public_leaf_is_relaxed_under_an_anchor_that_is_not_known_to_be_public() {
    let Some(folder) = shared("certs/public-chains") else {
        return;
    };
    let (mut judged, mut wrong) = (0, vec![]);
    for entry in std::fs::read_dir(folder).unwrap() {
        let file = entry.unwrap().path();
        if !file.to_string_lossy().ends_with(".chain.pem") {
            continue;
        }
        let chain = read_pem(&file);
        let roots = Roots::from_root_cert_store(store(&[anchor(&chain[1])])).unwrap();
        assert_eq!(roots.public_root(), None, "{}", file.display());
        let (_, leaf) = X509Certificate::from_der(&chain[0]).unwrap();
        let eku = leaf.extended_key_usage().unwrap().unwrap().value;
        if eku.client_auth {
            continue; // Combined certificates need no relaxation.
        }
        let now = unix(leaf.validity().not_before.to_datetime());
        judged += 1;
        for policy in RELAXED {
            let verifier = clients(&roots)
                .eku_policy(policy)
                .relax_for_any_peer_of_these_private_roots()
                .build()
                .unwrap();
            match verifier.verify(Some(&chain[..1]), now) {
                Err(refusal) if *refusal.error() == strict_error() => {}
                other => wrong.push(format!("{}, {policy}: {other:?}", file.display())),
            }
        }
    }
    assert_none_is_wrong(wrong);
    assert!(judged >= 5, "only {judged} leaves without clientAuth");
}

#[test]
fn real_public_roots_and_what_they_issued_are_known_to_be_public() {
    let Some(folder) = shared("certs") else {
        return;
    };
    for (file, subject) in REAL {
        let roots = Roots::from_der(read_pem(&folder.join(file))).unwrap();
        assert!(roots.public_root().is_some_and(|root| root.contains(subject)), "{file}");
    }
}

const RELAXED: [EkuPolicy; 2] = [EkuPolicy::ignore(), EkuPolicy::accept_server_auth()];

/// And in which column stands what becomes of it.
const POLICIES: [(EkuPolicy, usize); 5] = [
    (EkuPolicy::ignore(), 0),
    (EkuPolicy::ignore().until(NOW), 0),
    (EkuPolicy::accept_server_auth(), 1),
    (EkuPolicy::rfc5280(), 2),
    (EkuPolicy::strict(), 2),
];

const NAMES: [&str; 6] = [
    "dns:edge.example",
    "dns:*.example",
    "uri:spiffe://example.org/edge",
    "spiffe-trust-domain:example.org",
    "email:alice@example.com",
    "ip:192.0.2.1",
];

const FINGERPRINTS: [&str; 2] = [
    "cert-sha256:0000000000000000000000000000000000000000000000000000000000000000",
    "spki-sha256:0000000000000000000000000000000000000000000000000000000000000000",
];

/// By their key (the first two), by their issuer's name, and by a CA/Browser Forum policy alone (the last
/// two); with what their subject contains.
const REAL: [(&str, &str); 11] = [
    ("letsencrypt/isrgrootx1.pem", "CN=ISRG Root X1"),
    ("letsencrypt/isrg-root-x2.pem", "CN=ISRG Root X2"),
    ("letsencrypt/gen-y_root-x2-by-x1.pem", "CN=ISRG Root X2"),
    ("letsencrypt/gen-y_root-ye-by-x2.pem", "CN=Root YE"),
    ("letsencrypt/2024_r10.pem", "CN=R10"),
    ("letsencrypt/2024_r13.pem", "CN=R13"),
    ("letsencrypt/2024_e5.pem", "CN=E5"),
    ("letsencrypt/2024_e7-cross.pem", "CN=E7"),
    ("intermediates/WE1_1dfc1605.pem", "CN=WE1"),
    ("letsencrypt/gen-y_int-ye1.pem", "CN=YE1"),
    ("letsencrypt/gen-y_int-yr1.pem", "CN=YR1"),
];

fn fingerprint() -> PeerRule {
    rule(FINGERPRINTS[0])
}

fn strict_error() -> rustls::Error {
    CertificateError::InvalidPurposeContext {
        required: ExtendedKeyPurpose::ClientAuth,
        presented: vec![ExtendedKeyPurpose::ServerAuth],
    }
    .into()
}

fn read_pem(file: &std::path::Path) -> Vec<CertificateDer<'static>> {
    let blocks = CertificateDer::pem_file_iter(file).unwrap();
    blocks.map(Result::unwrap).collect()
}
