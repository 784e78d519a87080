//! Every kind of rule, in every place, under every policy.

use crate::common::ours::{clients, rule};
use mtls_roles::{EkuOutcome, EkuPolicy, Refusal, RefusalClass, Roots, ServerPeerVerifier};
use rustls::CertificateError;

use super::peer::{Peer, general_name, nobody, pin, sha256, spki_sha256};
use crate::common::clock::{NOW, unix};
use crate::common::pki::{Ca, CaSpec, Eku, LeafSpec, der};
use crate::common::tls::provider;

const RELAXED: [EkuPolicy; 2] = [EkuPolicy::ignore(), EkuPolicy::accept_server_auth()];

#[test]
fn every_kind_of_rule_allows_and_keeps_out_under_every_policy() {
    let peer = peer(Eku::both());
    let kept_out = CertificateError::ApplicationVerificationFailure.into();
    let mut wrong = vec![];
    for policy in [EkuPolicy::rfc5280(), EkuPolicy::strict(), RELAXED[0], RELAXED[1]] {
        for (text, is_named) in rules(&peer) {
            let allowed = clients(&peer.roots)
                .eku_policy(policy)
                .relax_for_any_peer_of_these_private_roots()
                .allow(rule(&text));
            let allowed = allowed.build().unwrap().verify(Some(&peer.chain), unix(NOW));
            let mut verdicts = vec![allowed.map(drop)];
            // That policy is for clients only.
            if policy != EkuPolicy::accept_server_auth() {
                verdicts.push(in_place_of_name(&peer, policy, &text));
            }
            for verdict in verdicts {
                let is_as_expected = match &verdict {
                    Ok(()) => is_named,
                    Err(refusal) => {
                        !is_named
                            && *refusal.error() == kept_out
                            && refusal.class() == RefusalClass::PeerRule
                    }
                };
                if !is_as_expected {
                    wrong.push(format!("{policy}, {text}: {verdict:?}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_kind_of_rule_relaxes_whom_it_names_under_both_relaxed_policies() {
    let peer = peer(Eku::server());
    let mut wrong = vec![];
    for policy in RELAXED {
        for (text, is_named) in rules(&peer) {
            let verifier =
                clients(&peer.roots).eku_policy(policy).relax_for(rule(&text)).build().unwrap();
            let found = verifier.verify(Some(&peer.chain), unix(NOW));
            let is_as_expected = match &found {
                Ok(peer) => is_named && matches!(peer.eku(), EkuOutcome::Relaxed(_)),
                Err(refusal) => !is_named && refusal.class() == RefusalClass::Eku,
            };
            if !is_as_expected {
                wrong.push(format!("{policy}, {text}: {found:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn peer(eku: Eku) -> Peer {
    let san = ["dns:edge.example.com", "uri:spiffe://example.org/a", "ip:192.0.2.1"];
    let san = der::sequence(&san.map(general_name));
    let root = Ca::root_named("root");
    let sub = root.sub(CaSpec::new("sub"));
    Peer {
        roots: Roots::from_der([root.der()]).unwrap(),
        chain: sub.leaf(LeafSpec::new("edge").raw_san(san).eku(eku)).chain(&[&sub]),
    }
}

/// Of each kind one rule that names the peer, and one that does not; each bound to the peer's issuer,
/// and to its own key, which is no issuer's.
fn rules(peer: &Peer) -> Vec<(String, bool)> {
    let leaf = &peer.chain[0];
    let by_name = [
        ("dns:edge.example.com", true),
        ("dns:core.example.com", false),
        ("dns:*.example.com", true),
        ("dns:*.edge.example.com", false),
        ("uri:spiffe://example.org/a", true),
        ("uri:spiffe://example.org/b", false),
        ("spiffe-trust-domain:example.org", true),
        ("spiffe-trust-domain:example.net", false),
        ("ip:192.0.2.1", true),
        ("ip:192.0.2.2", false),
    ];
    let by_fingerprint = [
        (pin("cert", &sha256(leaf)), true),
        (pin("cert", &spki_sha256(leaf)), false),
        (pin("spki", &spki_sha256(leaf)), true),
        (pin("spki", &sha256(leaf)), false),
    ];
    let by_name = by_name.map(|(text, is_named)| (text.to_owned(), is_named));
    let issuer = pin("spki", &spki_sha256(&peer.chain[1]));
    let own = pin("spki", &spki_sha256(leaf));
    let rules = by_name.into_iter().chain(by_fingerprint);
    let bound = |(text, is_named)| {
        let below_issuer = format!("{text} under {issuer}");
        let below_itself = format!("{text} under {own}");
        [(text, is_named), (below_issuer, is_named), (below_itself, false)]
    };
    rules.flat_map(bound).collect()
}

fn in_place_of_name(peer: &Peer, policy: EkuPolicy, text: &str) -> Result<(), Refusal> {
    let verifier = ServerPeerVerifier::builder(peer.roots.clone(), &provider())
        .eku_policy(policy)
        .relax_for_any_peer_of_these_private_roots()
        .expect_in_place_of_name(rule(text))
        .build()
        .unwrap();
    verifier.verify(Some(&peer.chain), &nobody(), unix(NOW)).map(drop)
}
