//! Public roots are guarded: with the EKU relaxed over them, anybody with a free web certificate
//! would be let in.

mod marks;
mod names;
mod public;

use crate::common::clock::{NOW, unix};
use crate::common::ours::{clients, roots, rule};
use crate::common::pki::{Ca, Eku, LeafSpec};
use crate::common::{shared, tls::provider};
use crate::rules::peer::sha256;
use marks::marks;
use mtls_roles::{
    ClientPeerVerifier, EkuOutcome, EkuPolicy, Error, PeerRule, PeerVerifierBuilder, RefusalClass,
    Roots, ServerPeerVerifier,
};
use public::{anchor, in_the_name_of_a_public_root, public, store};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{CertificateError, ExtendedKeyPurpose};
use x509_parser::prelude::{FromDer, X509Certificate};

#[test]
fn relaxing_any_peer_is_refused_over_roots_that_are_public_or_issued_by_a_public_root() {
    let mut wrong = vec![];
    for (id, roots, label) in public() {
        for policy in RELAXED {
            let built = clients(&roots)
                .eku_policy(policy)
                .allow(fingerprint())
                .relax_for_any_peer_of_these_private_roots()
                .build();
            match built {
                Err(Error::AnyPeerOverPublicRoots { root, .. }) if root == label => {}
                other => wrong.push(format!("{id}, {policy}: {other:?}")),
            }
            // Neither a rule beside it nor the call that admits anybody unlocks it.
            let built = clients(&roots)
                .eku_policy(policy)
                .allow_anybody_with_a_public_certificate()
                .relax_for(fingerprint())
                .relax_for_any_peer_of_these_private_roots()
                .build();
            if !matches!(built, Err(Error::AnyPeerOverPublicRoots { .. })) {
                wrong.push(format!("{id}, {policy}, with rules: {built:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn ignoring_the_eku_for_a_name_does_not_build_over_public_roots_and_for_a_fingerprint_it_does() {
    let mut wrong = vec![];
    for (id, roots, label) in public() {
        let relaxed = |policy, rules: &[&str]| {
            let builder = clients(&roots).eku_policy(policy).allow(fingerprint());
            let rules = rules.iter().map(|text| rule(text));
            rules.fold(builder, |builder, rule| builder.relax_for(rule)).build()
        };
        for name in NAMES {
            match relaxed(EkuPolicy::ignore(), &[FINGERPRINTS[0], name]) {
                Err(Error::NameOverPublicRoots { rule, root, .. })
                    if rule == name && root == label => {}
                other => wrong.push(format!("{id}, ignore, {name}: {other:?}")),
            }
            let over = relaxed(EkuPolicy::ignore().until(NOW), &[name]);
            if !matches!(over, Err(Error::NameOverPublicRoots { .. })) {
                wrong.push(format!("{id}, ignore until, {name}: {over:?}"));
            }
            // Names of serverAuth certificates were validated, if they are of a kind that is.
            let has_private_roots = id.ends_with("behind a private one");
            let builds = has_private_roots || name.starts_with("dns:") || name.starts_with("ip:");
            match relaxed(EkuPolicy::accept_server_auth(), &[name]) {
                Ok(_) if builds => {}
                Err(Error::RuleNeedsPrivateRoots { rule, root, .. })
                    if !builds && rule == name && root == label => {}
                other => wrong.push(format!("{id}, accept-server-auth, {name}: {other:?}")),
            }
        }
        for policy in RELAXED {
            if let Err(error) = relaxed(policy, &FINGERPRINTS) {
                wrong.push(format!("{id}, {policy}, fingerprints: {error:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn public_client_roots_without_allow_build_under_no_policy_unless_anybody_is_wanted() {
    let mut wrong = vec![];
    for (id, roots, label) in public() {
        for policy in EVERY {
            let builder = || clients(&roots).eku_policy(policy).relax_for(fingerprint());
            match builder().build() {
                Err(Error::PublicRootsNeedRules { root, .. }) if root == label => {}
                other => wrong.push(format!("{id}, {policy}: {other:?}")),
            }
            // Asking nobody for a certificate is no answer to whose certificate will do.
            if builder().allow_unauthenticated().build().is_ok() {
                wrong.push(format!("{id}, {policy}: allow_unauthenticated unlocks it"));
            }
            let ways_out = [
                builder().allow(rule("dns:edge.example")).build(),
                builder().allow_anybody_with_a_public_certificate().build(),
            ];
            if let Some(error) = ways_out.into_iter().find_map(Result::err) {
                wrong.push(format!("{id}, {policy}, way out: {error:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_relaxed_server_verifier_over_public_roots_does_not_build() {
    let mut wrong = vec![];
    for (id, roots, label) in public() {
        let servers = || ServerPeerVerifier::builder(roots.clone(), &provider());
        for policy in [EkuPolicy::ignore(), EkuPolicy::ignore().until(NOW)] {
            let relaxed = || servers().eku_policy(policy);
            let builders = [
                relaxed(),
                relaxed().relax_for(fingerprint()),
                relaxed().relax_for(rule("dns:edge.example")),
                relaxed().relax_for_any_peer_of_these_private_roots(),
                relaxed().relax_for(fingerprint()).expect_in_place_of_name(fingerprint()),
            ];
            for (way, builder) in builders.into_iter().enumerate() {
                match builder.build() {
                    Err(Error::RelaxedServersOverPublicRoots { root, .. }) if root == label => {}
                    other => wrong.push(format!("{id}, {policy}, way {way}: {other:?}")),
                }
            }
        }
        for policy in [EkuPolicy::rfc5280(), EkuPolicy::strict()] {
            if let Err(error) = servers().eku_policy(policy).build() {
                wrong.push(format!("{id}, {policy}: {error:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn private_roots_need_none_of_this() {
    let roots = Roots::from_der([Ca::root_named("private").der()]).unwrap();
    assert_eq!(roots.public_root(), None);
    for policy in EVERY {
        assert!(clients(&roots).eku_policy(policy).relax_for(rule(NAMES[0])).build().is_ok());
    }
    for policy in RELAXED {
        let any = clients(&roots).eku_policy(policy);
        assert!(any.relax_for_any_peer_of_these_private_roots().build().is_ok());
    }
}

#[test]
fn over_public_roots_a_name_relaxes_serverauth_only_and_a_fingerprint_one_certificate_only() {
    let sub = in_the_name_of_a_public_root();
    let roots = roots([&sub]);
    let leaf = |eku| sub.leaf(LeafSpec::new("edge").dns("edge.example").eku(eku));
    let (server, signer, other) =
        (leaf(Eku::server()), leaf(Eku::code_signing()), leaf(Eku::code_signing()));
    let by_name = clients(&roots)
        .allow(rule("dns:edge.example"))
        .eku_policy(EkuPolicy::accept_server_auth())
        .relax_for(rule("dns:edge.example"))
        .build()
        .unwrap();
    let pinned = || PeerRule::cert_sha256(sha256(&signer.der()));
    let by_fingerprint = |builder: PeerVerifierBuilder<ClientPeerVerifier>| {
        let builder = builder.eku_policy(EkuPolicy::ignore()).relax_for(pinned());
        builder.allow(rule("dns:edge.example")).build().unwrap()
    };
    let allowed_by_name = by_fingerprint(clients(&roots));
    let by_fingerprint = by_fingerprint(clients(&roots).allow(pinned()));
    let rows = [
        ("serverAuth by name", &by_name, &server, true),
        ("codeSigning by name", &by_name, &signer, false),
        ("pinned codeSigning", &by_fingerprint, &signer, true),
        ("pinned codeSigning, allowed by name", &allowed_by_name, &signer, false),
        ("other codeSigning", &by_fingerprint, &other, false),
        ("serverAuth, not pinned", &by_fingerprint, &server, false),
    ];
    for (id, verifier, leaf, is_relaxed) in rows {
        let found = verifier.verify(Some(&leaf.chain(&[])), unix(NOW));
        assert_eq!(found.is_ok(), is_relaxed, "{id}: {found:?}");
    }
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
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
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
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(judged >= 5, "only {judged} leaves without clientAuth");
}

#[test]
fn real_public_roots_and_what_they_issued_are_known_to_be_public() {
    let Some(folder) = shared("certs") else {
        return;
    };
    let mut wrong = vec![];
    for (file, subject) in REAL {
        let roots = Roots::from_der(read_pem(&folder.join(file))).unwrap();
        let built = clients(&roots)
            .eku_policy(EkuPolicy::accept_server_auth())
            .allow(fingerprint())
            .relax_for_any_peer_of_these_private_roots()
            .build();
        match built {
            Err(Error::AnyPeerOverPublicRoots { root, .. }) if root.contains(subject) => {}
            other => wrong.push(format!("{file}: {other:?}")),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

const RELAXED: [EkuPolicy; 2] = [EkuPolicy::ignore(), EkuPolicy::accept_server_auth()];

const EVERY: [EkuPolicy; 4] = [
    EkuPolicy::rfc5280(),
    EkuPolicy::strict(),
    EkuPolicy::ignore(),
    EkuPolicy::accept_server_auth(),
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
