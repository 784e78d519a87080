//! What we and stock rustls say to the certificates of a world.

use std::sync::Arc;

use mtls_roles::{
    ClientPeerVerifier, Crls, EkuPolicy, PeerRule, Refusal, Role, Roots, ServerPeerVerifier,
    SignatureMemo, VerifiedPeer,
};
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;
use rustls::{CertificateError, Error};

use super::issue::Issued;
use super::world::{Name, World};
use crate::common::clock::{NOW, unix};
use crate::common::tls::root_store;

/// Our verifier over the roots and lists of a world.
pub struct Ours<'a> {
    pub world: &'a World,
    pub issued: &'a Issued,
    pub provider: &'a CryptoProvider,
    pub policy: EkuPolicy,
    pub relaxed: Whom,
    /// With `stock_path_checks()` and `stock_revocation()`.
    pub is_stock: bool,
}

/// Whose EKU may be wrong.
#[derive(Clone, Copy)]
pub enum Whom {
    Anybody,
    /// A peer with a name that no leaf has.
    SomebodyElse,
}

/// Builders of four kinds share these methods and no trait.
macro_rules! with_options {
    ($builder:expr, $lists:expr) => {{
        let mut builder = $builder;
        if let Some(lists) = $lists {
            if lists.only_end_entity {
                builder = builder.only_check_end_entity_revocation();
            }
            if lists.allow_unknown {
                builder = builder.allow_unknown_revocation_status();
            }
        }
        builder
    }};
}

/// Where good signatures are remembered.
#[derive(Clone)]
pub enum Memo {
    Own,
    Shared(SignatureMemo),
    Nowhere,
}

macro_rules! configured {
    ($ours:expr, $memo:expr, $builder:expr) => {{
        let mut builder = with_options!($builder, $ours.world.lists).eku_policy($ours.policy);
        if $ours.world.lists.is_some_and(|lists| !lists.enforce_expiration) {
            builder = builder.allow_expired_crls();
        }
        builder = match $ours.relaxed {
            Whom::Anybody => builder.relax_for_any_peer_of_these_private_roots(),
            Whom::SomebodyElse => {
                builder.relax_for(PeerRule::dns_name("nobody.example.net").unwrap())
            }
        };
        if $ours.is_stock {
            builder = builder.stock_path_checks().stock_revocation();
        }
        if !$ours.issued.crls.is_empty() {
            builder = builder.crls(Crls::from_der($ours.issued.crls.clone()).unwrap());
        }
        builder = match $memo {
            Memo::Own => builder,
            Memo::Shared(memo) => builder.memo(memo),
            Memo::Nowhere => builder.without_memo(),
        };
        builder.build().unwrap()
    }};
}

impl Ours<'_> {
    /// What is said outside a handshake. What the handshake would say must be the same.
    pub fn verdict(&self) -> Result<VerifiedPeer, Refusal> {
        self.verdict_with(Memo::Own)
    }

    pub fn verdict_with(&self, memo: Memo) -> Result<VerifiedPeer, Refusal> {
        let roots = Roots::from_der(self.issued.roots.clone()).unwrap();
        let (chain, now) = (self.issued.chain.as_slice(), unix(NOW));
        let (leaf, rest) = chain.split_first().unwrap();
        let (told, in_handshake) = match self.world.role {
            Role::Client => {
                let builder = ClientPeerVerifier::builder(roots, self.provider);
                let verifier = configured!(self, memo, builder);
                let in_handshake = verifier.verify_client_cert(leaf, rest, now);
                (verifier.verify(Some(chain), now), in_handshake.map(drop))
            }
            Role::Server => {
                let builder = ServerPeerVerifier::builder(roots, self.provider);
                let verifier = configured!(self, memo, builder);
                let name = server_name();
                let in_handshake = verifier.verify_server_cert(leaf, rest, &name, &[], now);
                (verifier.verify(Some(chain), &name, now), in_handshake.map(drop))
            }
        };
        assert_eq!(text(&told.as_ref().map_err(Refusal::error)), text(&in_handshake));
        told
    }
}

/// What stock rustls says in the role of the world.
pub fn stock(world: &World, issued: &Issued, provider: &Arc<CryptoProvider>) -> Result<(), Error> {
    match world.role {
        Role::Client => stock_client(world, issued, provider),
        Role::Server => stock_server(world, issued, provider),
    }
}

/// Whether stock rustls takes the chain for a server's, whatever its name.
pub fn stock_as_server(
    world: &World,
    issued: &Issued,
    provider: &Arc<CryptoProvider>,
) -> Result<(), Error> {
    match stock_server(world, issued, provider) {
        // The name is compared when a path was found.
        Err(Error::InvalidCertificate(CertificateError::NotValidForNameContext { .. })) => Ok(()),
        verdict => verdict,
    }
}

fn stock_client(
    world: &World,
    issued: &Issued,
    provider: &Arc<CryptoProvider>,
) -> Result<(), Error> {
    let roots = root_store(&issued.roots);
    let builder = WebPkiClientVerifier::builder_with_provider(roots, Arc::clone(provider));
    let mut verifier = with_options!(builder.with_crls(issued.crls.clone()), world.lists);
    if world.lists.is_some_and(|lists| lists.enforce_expiration) {
        verifier = verifier.enforce_revocation_expiration();
    }
    let (leaf, rest) = issued.chain.split_first().unwrap();
    let verifier = verifier.build().unwrap();
    verifier.verify_client_cert(leaf, rest, unix(NOW)).map(drop)
}

fn stock_server(
    world: &World,
    issued: &Issued,
    provider: &Arc<CryptoProvider>,
) -> Result<(), Error> {
    let roots = root_store(&issued.roots);
    let builder = WebPkiServerVerifier::builder_with_provider(roots, Arc::clone(provider));
    let mut verifier = with_options!(builder.with_crls(issued.crls.clone()), world.lists);
    if world.lists.is_some_and(|lists| lists.enforce_expiration) {
        verifier = verifier.enforce_revocation_expiration();
    }
    let (leaf, rest) = issued.chain.split_first().unwrap();
    let verifier = verifier.build().unwrap();
    verifier.verify_server_cert(leaf, rest, &server_name(), &[], unix(NOW)).map(drop)
}

fn server_name() -> ServerName<'static> {
    ServerName::try_from(Name::EXPECTED).unwrap()
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
