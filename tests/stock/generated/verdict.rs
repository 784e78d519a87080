//! What we and stock rustls say to the certificates of a world.

use std::sync::Arc;

use mtls_roles::{EkuPolicy, Refusal, Role, Roots, VerifiedPeer};
use rustls::crypto::CryptoProvider;
use rustls::{CertificateError, Error};

use super::issue::Issued;
use super::world::{Name, World};
use crate::common::clock::{NOW, unix};
use crate::common::ours::{Choices, Setup, Verifier, Whom};
use crate::common::theirs::Stock;

/// Our verifier over the roots and lists of a world. By default under `rfc5280()`, which any private peer may have
/// relaxed.
#[derive(Clone)]
pub struct Ours<'a> {
    pub world: &'a World,
    pub issued: &'a Issued,
    pub provider: &'a CryptoProvider,
    /// Policy, relaxation, memo; with `stock_path_checks()` and `stock_revocation()` or not.
    pub setup: Setup,
}

impl<'a> Ours<'a> {
    pub fn new(world: &'a World, issued: &'a Issued, provider: &'a CryptoProvider) -> Self {
        let setup = Setup {
            relax_for: Whom::AnyPrivatePeer,
            crls: issued.crls.clone(),
            choices: choices(world),
            ..Setup::default()
        };
        Self { world, issued, provider, setup }
    }

    pub fn under(mut self, policy: EkuPolicy) -> Self {
        self.setup.policy = policy;
        self
    }

    pub fn stock(mut self) -> Self {
        self.setup.is_stock = true;
        self
    }

    /// What is said outside a handshake. What the handshake would say must be the same.
    pub fn verdict(&self) -> Result<VerifiedPeer, Refusal> {
        let verifier = self.verifier();
        let told = verifier.verify(&self.issued.chain, Name::EXPECTED, unix(NOW));
        let in_handshake = verifier.decide(&self.issued.chain, Name::EXPECTED, unix(NOW));
        assert_eq!(text(&told.as_ref().map_err(Refusal::error)), text(&in_handshake));
        told
    }

    fn verifier(&self) -> Verifier {
        let roots = Roots::from_der(self.issued.roots.clone()).unwrap();
        self.setup.build(self.world.role, &roots, self.provider).unwrap()
    }
}

fn choices(world: &World) -> Choices {
    world.lists.map(|lists| lists.choices).unwrap_or_default()
}

/// What stock rustls says in the role of the world.
pub fn stock(world: &World, issued: &Issued, provider: &Arc<CryptoProvider>) -> Result<(), Error> {
    stock_as(world.role, world, issued, provider)
}

/// Whether stock rustls takes the chain for a server's, whatever its name.
pub fn stock_as_server(
    world: &World,
    issued: &Issued,
    provider: &Arc<CryptoProvider>,
) -> Result<(), Error> {
    match stock_as(Role::Server, world, issued, provider) {
        // The name is compared when a path was found.
        Err(Error::InvalidCertificate(CertificateError::NotValidForNameContext { .. })) => Ok(()),
        verdict => verdict,
    }
}

fn stock_as(
    role: Role,
    world: &World,
    Issued { chain, roots, crls, .. }: &Issued,
    provider: &Arc<CryptoProvider>,
) -> Result<(), Error> {
    let stock = Stock::new(role, roots, crls, choices(world), provider);
    stock.decide(chain, Name::EXPECTED, unix(NOW))
}

/// A verdict to be compared: rustls' errors hide some of themselves from `==`, and nothing from
/// `Debug`.
pub fn text<T, E: std::fmt::Debug>(verdict: &Result<T, E>) -> String {
    match verdict {
        Ok(_) => "Ok".into(),
        Err(error) => format!("{error:?}"),
    }
}

/// The innermost variant of a verdict, to be counted: `ExpiredContext`, `PathLenConstraintViolated`.
pub fn kind<T, E: std::fmt::Debug>(verdict: &Result<T, E>) -> String {
    let text = text(verdict);
    let inner = ["InvalidCertificate(", "InvalidCertRevocationList(", "Other(OtherError("]
        .into_iter()
        .fold(text.as_str(), |text, outer| text.strip_prefix(outer).unwrap_or(text));
    let inner = inner.strip_prefix("PathViolation { check: ").unwrap_or(inner);
    let end = inner.find(|c: char| !c.is_alphanumeric());
    inner[..end.unwrap_or(inner.len())].to_owned()
}
