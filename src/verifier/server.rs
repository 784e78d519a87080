//! [`ServerPeerVerifier`]: decides about the certificates of servers.

use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{DigitallySignedStruct, SignatureScheme};
use webpki::{ExpirationPolicy, RevocationCheckDepth, UnknownStatusPolicy};

use super::builder::{Memory, Setup, shared_methods};
use super::decision::Expected;
use super::handshake::delegated_signatures;
use super::{Crls, Verifier};
use crate::eku::EkuPolicy;
use crate::error::Error;
use crate::memo::SignatureMemo;
use crate::observe::{KeptCrl, Observer};
use crate::peer::{PeerRule, PeerRules, VerifiedPeer};
use crate::refusal::Refusal;
use crate::role::Role;
use crate::roots::Roots;

/// Decides about the chain that a *server* presents to us. Cheap to clone; clones are one verifier.
///
/// By default it equals rustls' `WebPkiServerVerifier` over the same roots: same verdict, same
/// error. A server is always checked by name, or by the rule expected in its place, under every
/// EKU policy.
///
/// *Not* checked: OCSP responses, as in rustls.
///
/// ```
/// use mtls_roles::{Roots, ServerPeerVerifier};
///
/// let provider = rustls::crypto::aws_lc_rs::default_provider();
/// let servers = ServerPeerVerifier::builder(Roots::public_web(), &provider).build()?;
/// # Ok::<(), mtls_roles::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct ServerPeerVerifier(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    verifier: Verifier,
    in_place_of_name: Option<PeerRules>,
}

impl ServerPeerVerifier {
    /// A verifier of servers over these roots. The provider's algorithms verify the signatures.
    pub fn builder(roots: Roots, provider: &CryptoProvider) -> ServerPeerVerifierBuilder {
        ServerPeerVerifierBuilder {
            setup: Setup::new(Role::Server, roots, provider),
            in_place_of_name: None,
        }
    }

    /// Who is it? Verifies a presented chain outside a handshake, leaf first, for the name that
    /// was connected to.
    ///
    /// The handshake has proved that the peer holds the key of the leaf it presented; for a chain
    /// from anywhere else nothing is proved.
    ///
    /// # Errors
    ///
    /// The peer is refused; without a chain, as [`RefusalClass::NoCertificate`].
    ///
    /// [`RefusalClass::NoCertificate`]: crate::RefusalClass::NoCertificate
    pub fn verify(
        &self,
        chain: Option<&[CertificateDer<'_>]>,
        name: &ServerName<'_>,
        now: UnixTime,
    ) -> Result<VerifiedPeer, Refusal> {
        let chain = chain.unwrap_or_default();
        self.0.verifier.verify(chain, self.expected(name), now)
    }

    /// Replaces the revocation lists; the next handshake uses the new ones.
    ///
    /// # Errors
    ///
    /// As [`ClientPeerVerifier::replace_crls`](crate::ClientPeerVerifier::replace_crls).
    pub fn replace_crls(&self, crls: Crls, now: UnixTime) -> Result<Vec<KeptCrl>, Error> {
        self.0.verifier.replace_crls(crls, now)
    }

    fn expected<'a>(&'a self, name: &'a ServerName<'a>) -> Expected<'a> {
        match &self.0.in_place_of_name {
            None => Expected::ServerName(name),
            Some(rules) => Expected::AnyOf(rules),
        }
    }
}

/// Builds a [`ServerPeerVerifier`].
#[derive(Debug)]
#[must_use]
pub struct ServerPeerVerifierBuilder {
    setup: Setup,
    in_place_of_name: Option<PeerRules>,
}

impl ServerPeerVerifierBuilder {
    shared_methods!();

    /// Expects a peer that this rule names, in place of the name that was connected to.
    ///
    /// For meshes in which a server's identity is not its address, SPIFFE for example. May be
    /// called several times: any of the rules will do.
    ///
    /// # Security
    ///
    /// The name given to rustls is then not compared with the certificate at all. Expect the one
    /// service that you connect to, not everybody in the mesh; and under the roots of several trust
    /// domains, bind the rule to its issuer.
    pub fn expect_in_place_of_name(mut self, peer: PeerRule) -> Self {
        self.setup.note(&peer);
        self.in_place_of_name.get_or_insert_default().add(peer);
        self
    }

    /// Builds the verifier.
    ///
    /// # Errors
    ///
    /// The policy is [`EkuPolicy::accept_server_auth`], which is for clients; or it is relaxed for
    /// nobody, or over public roots; or all roots are public and a rule in place of the name is by URI
    /// or SPIFFE trust domain.
    pub fn build(self) -> Result<ServerPeerVerifier, Error> {
        let policy = self.setup.verifier.policy;
        if policy.accepts_server_auth() {
            return Err(Error::AcceptServerAuthForServers);
        }
        match self.setup.public_root() {
            Some(root) if policy.is_relaxed() => Err(Error::RelaxedServersOverPublicRoots { root }),
            _ => Ok(ServerPeerVerifier(Arc::new(Inner {
                verifier: self.setup.build()?,
                in_place_of_name: self.in_place_of_name,
            }))),
        }
    }
}

impl ServerCertVerifier for ServerPeerVerifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let expected = self.expected(server_name);
        self.0
            .verifier
            .decide_in_handshake(end_entity, intermediates, expected, now)?;
        Ok(ServerCertVerified::assertion())
    }

    delegated_signatures!();
}
