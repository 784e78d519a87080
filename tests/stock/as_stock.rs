//! `rfc5280()`, the default, is stock rustls: the same verdict and the same error as `WebPkiClientVerifier` and
//! `WebPkiServerVerifier` on every chain of the EKU matrix, on every defect that could be provoked, on certificates with
//! any one byte changed, and on real chains. With `stock_path_checks()` exactly so; without, the one difference is that a
//! path check, by its name, refuses what stock accepts.

use std::sync::Arc;

use crate::chains::Chains;
use crate::common::clock::{NOW, unix};
use crate::common::errors::{Exact, Rows, violation};
use crate::common::ours::{Choices, ROLES, Setup, Verifier, roots};
use crate::common::pki::{Ca, CaSpec, Eku, LeafSpec};
use crate::common::theirs::Stock;
use crate::common::tls::{provider, providers, stock_client_verifier, stock_server_verifier};
use crate::defects::{NAME, Says};
use crate::forge::{Forge, certificate};
use mtls_roles::{ClientPeerVerifier, Role, Roots, ServerPeerVerifier};
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, CertificateRevocationListDer, UnixTime};
use rustls::server::danger::ClientCertVerifier;

/// Ours and stock's, told the same.
struct Pair {
    ours: Verifier,
    hardened: Verifier,
    stock: Stock,
}

/// What both say of one chain.
#[derive(Debug)]
struct Said {
    stock: Result<(), Exact>,
    in_handshake: Result<(), Exact>,
    outside: Result<(), Exact>,
    /// By default, so without `stock_path_checks()`.
    hardened: Result<(), Exact>,
}

impl Said {
    /// By default it may be refused by a path check, by name.
    fn is_same(&self) -> bool {
        let is_violation = |error: &Exact| violation(&error.0).is_some();
        [&self.in_handshake, &self.outside] == [&self.stock; 2]
            && (self.hardened == self.stock
                || self.stock.is_ok() && self.hardened.as_ref().is_err_and(is_violation))
    }
}

impl Pair {
    fn new(
        role: Role,
        roots: &[CertificateDer<'static>],
        crls: &[CertificateRevocationListDer<'static>],
        provider: &Arc<CryptoProvider>,
    ) -> Self {
        let hardened = Setup {
            crls: crls.to_vec(),
            // Without this a verifier of clients over real roots does not build.
            allow_anybody: true,
            ..Setup::default()
        };
        let choices = Choices::OF_RUSTLS;
        let ours = Setup { is_stock: true, choices, ..hardened.clone() };
        let anchors = Roots::from_der(roots.to_vec()).unwrap();
        Self {
            ours: ours.build(role, &anchors, provider).unwrap(),
            hardened: hardened.build(role, &anchors, provider).unwrap(),
            stock: Stock::new(role, roots, crls, choices, provider),
        }
    }

    fn say(&self, chain: &[CertificateDer<'_>], name: &str, now: UnixTime) -> Said {
        Said {
            stock: self.stock.decide(chain, name, now).map_err(Exact),
            in_handshake: self.ours.decide(chain, name, now).map_err(Exact),
            outside: match self.ours.verify(chain, name, now) {
                Ok(_) => Ok(()),
                Err(refusal) => Err(Exact(refusal.error().clone())),
            },
            hardened: self.hardened.decide(chain, name, now).map_err(Exact),
        }
    }
}

#[test]
fn every_chain_of_the_eku_matrix_gets_stocks_verdict_and_error() {
    let chains = Chains::new();
    let mut rows = Rows::default();
    for (provider_name, provider) in providers() {
        for role in ROLES {
            let pair = Pair::new(role, &[chains.root.der()], &[], &provider);
            for chain in &chains.all {
                let said = pair.say(&chain.ders, crate::chains::NAME, unix(NOW));
                let id = format_args!("{role}/{}/{provider_name}", chain.id);
                rows.holds(id, said.is_same(), format_args!("{said:?}"));
            }
        }
    }
}

#[test]
fn every_other_defect_and_oddity_gets_stocks_verdict_and_error() {
    let mut rows = Rows::default();
    for case in crate::defects::all() {
        for (provider_name, provider) in providers() {
            for role in ROLES {
                let pair = Pair::new(role, &case.roots, &case.crls, &provider);
                let said = pair.say(&case.chain, NAME, unix(NOW));
                let is_right = said.is_same() && is_as_named(case.says, role, &said.stock);
                let id = format_args!("{role}/{}/{provider_name}: {:?}", case.id, case.says);
                rows.holds(id, is_right, format_args!("{said:?}"));
            }
        }
    }
}

/// A row must fail for what it is named for, or it proves nothing about that.
fn is_as_named(says: Says, role: Role, said: &Result<(), Exact>) -> bool {
    let refused =
        |variant| said.as_ref().is_err_and(|error| format!("{:?}", error.0).contains(variant));
    match says {
        Says::DependsOnProvider => true,
        Says::Refused(variant) => refused(variant),
        Says::RefusedServer(variant) if role == Role::Server => refused(variant),
        Says::RefusedServer(_) | Says::Accepted => said.is_ok(),
    }
}

/// Signed again after the change, so that what is behind the signature is reached: our readers see such a leaf and such
/// an intermediate once webpki has accepted them, and must be no stricter.
#[test]
fn a_certificate_with_any_one_byte_changed_gets_stocks_verdict_and_error() {
    let root = Ca::root_named("root");
    let sub = root.sub(CaSpec::new("sub").eku(Eku::both()));
    let leaf = sub.leaf(LeafSpec::new("leaf").dns(NAME).uri("spiffe://a/b").eku(Eku::both())).der();
    let (mut rows, mut accepted) = (Rows::default(), 0);
    for role in ROLES {
        let pair = Pair::new(role, &[root.der()], &[], &provider());
        let mut compare = |id: String, chain: &[CertificateDer<'_>]| {
            let said = pair.say(chain, NAME, unix(NOW));
            accepted += usize::from(said.stock.is_ok());
            rows.holds(format_args!("{role}/{id}"), said.is_same(), format_args!("{said:?}"));
        };
        for (place, change, changed) in resigned(&leaf, &sub) {
            compare(format!("leaf byte {place} ^ {change}"), &[changed, sub.der()]);
        }
        for (place, change, changed) in resigned(&sub.der(), &root) {
            compare(format!("intermediate byte {place} ^ {change}"), &[leaf.clone(), changed]);
        }
        for end in 0..leaf.len() {
            compare(format!("leaf cut at {end}"), &[certificate(&leaf[..end]), sub.der()]);
        }
    }
    assert!(accepted > 500, "only {accepted} changed certificates were accepted");
}

/// The certificate with each byte of its signed part changed in turn, and signed again.
fn resigned(der: &[u8], issuer: &Ca) -> Vec<(usize, u8, CertificateDer<'static>)> {
    let forge = Forge::of(der);
    let tbs = forge.tbs();
    let places = (0..tbs.len()).flat_map(|place| [0x01, 0x20, 0x80].map(|change| (place, change)));
    places
        .map(|(place, change)| {
            let mut tbs = tbs.clone();
            tbs[place] ^= change;
            (place, change, certificate(forge.signed_over(tbs, &issuer.key)))
        })
        .collect()
}

#[test]
fn real_public_chains_get_stocks_verdict_and_error_in_both_roles() {
    let Some(sites) = crate::real::public_chains() else {
        return;
    };
    let (mut rows, mut accepted) = (Rows::default(), [0, 0]);
    for site in &sites {
        for (provider_name, provider) in providers() {
            for (index, role) in ROLES.into_iter().enumerate() {
                let pair = Pair::new(role, &site.roots, &[], &provider);
                for now in site.instants() {
                    let said = pair.say(&site.chain, &site.name, unix(now));
                    accepted[index] += usize::from(said.stock.is_ok());
                    let id = format_args!("{role}/{}/{now}/{provider_name}", site.name);
                    rows.holds(id, said.is_same(), format_args!("{said:?}"));
                }
            }
        }
    }
    // Each is a good server in the first and in the last second of its chain, and those with clientAuth throughout are
    // good clients, too.
    assert_eq!(accepted[0], 2 * sites.len() * providers().len(), "servers");
    assert!(accepted[1] > 0, "clients: {accepted:?}");
}

#[test]
fn what_is_offered_to_peers_is_what_stock_rustls_offers() {
    let (one, two) = (Ca::root_named("one"), Ca::root_named("two"));
    let ders = [one.der(), two.der()];
    for (name, provider) in providers() {
        let ours = roots([&one, &two]);
        let clients = ClientPeerVerifier::builder(ours.clone(), &provider).build().unwrap();
        let stock = stock_client_verifier(&provider, &ders);
        let offer = |clients: &dyn ClientCertVerifier| {
            let hints = clients.root_hint_subjects().iter().map(|name| name.as_ref().to_vec());
            let is_mandatory = (clients.offer_client_auth(), clients.client_auth_mandatory());
            (hints.collect::<Vec<_>>(), is_mandatory, clients.supported_verify_schemes())
        };
        assert_eq!(offer(&clients), offer(&*stock), "{name}");
        let servers = ServerPeerVerifier::builder(ours, &provider).build().unwrap();
        let stock = stock_server_verifier(&provider, &ders);
        assert_eq!(servers.supported_verify_schemes(), stock.supported_verify_schemes(), "{name}");
    }
}
