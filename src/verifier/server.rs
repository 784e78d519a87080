//! [`ServerPeerVerifier`]: decides about the certificates of servers.

use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CommonState, DigitallySignedStruct, SignatureScheme};

use super::builder::{EitherVerifier, PeerVerifier, PeerVerifierBuilder};
use super::crls::Crls;
use super::decision::borrowed;
use super::search::Expected;
use super::settings::Settings;
use crate::error::Error;
use crate::observe::KeptCrl;
use crate::peer::{PeerRule, VerifiedPeer};
use crate::refusal::Refusal;
use crate::role::Role;
use crate::roots::Roots;

/// Decides about the chain that a *server* presents to us. Cheap to clone; clones are one verifier.
///
/// By default it equals rustls' `WebPkiServerVerifier` over the same roots: same verdict, same error.
/// A server is always checked by name, or by the rule expected in its place, under every EKU policy.
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
pub struct ServerPeerVerifier(Arc<Settings>);

impl ServerPeerVerifier {
    /// A verifier of servers over these roots. The provider's algorithms verify the signatures.
    pub fn builder(roots: Roots, provider: &CryptoProvider) -> PeerVerifierBuilder<Self> {
        PeerVerifierBuilder::new(roots, provider)
    }

    /// Who is at the other end of this connection, which was opened to `name`? To be asked when the
    /// handshake is done. The certificates of a resumed session are judged again, here and now.
    ///
    /// # Errors
    ///
    /// As [`verify`](Self::verify); and on a connection whose handshake is not done: a server that
    /// resumes a session has not yet proved that it is its own.
    pub fn identify(
        &self,
        connection: &CommonState,
        name: &ServerName<'_>,
        now: UnixTime,
    ) -> Result<VerifiedPeer, Refusal> {
        let chain = self.0.presented_on(connection)?;
        self.verify(Some(chain), name, now)
    }

    /// Who is it? Verifies a presented chain outside a handshake, leaf first, for the name that
    /// was connected to. What that proves, and when it refuses a peer that was accepted a moment ago,
    /// [`ClientPeerVerifier::verify`] says.
    ///
    /// # Errors
    ///
    /// The peer is refused; without a chain, as [`RefusalClass::NoCertificate`].
    ///
    /// [`ClientPeerVerifier::verify`]: crate::ClientPeerVerifier::verify
    /// [`RefusalClass::NoCertificate`]: crate::RefusalClass::NoCertificate
    pub fn verify(
        &self,
        chain: Option<&[CertificateDer<'_>]>,
        name: &ServerName<'_>,
        now: UnixTime,
    ) -> Result<VerifiedPeer, Refusal> {
        let chain = chain.unwrap_or_default();
        self.0.verify(chain, self.expected(name), now)
    }

    /// [`verify`](Self::verify) for frameworks that copy the certificates out of the connection: DER,
    /// leaf first.
    ///
    /// # Errors
    ///
    /// As [`verify`](Self::verify); an empty chain is none.
    pub fn verify_der(
        &self,
        chain: &[impl AsRef<[u8]>],
        name: &ServerName<'_>,
        now: UnixTime,
    ) -> Result<VerifiedPeer, Refusal> {
        self.verify(Some(&borrowed(chain)), name, now)
    }

    /// Replaces the revocation lists; the next handshake uses the new ones.
    ///
    /// # Errors
    ///
    /// As [`ClientPeerVerifier::replace_crls`](crate::ClientPeerVerifier::replace_crls).
    pub fn replace_crls(&self, crls: Crls, now: UnixTime) -> Result<Vec<KeptCrl>, Error> {
        self.0.replace_crls(crls, now)
    }

    fn expected<'a>(&'a self, name: &'a ServerName<'a>) -> Expected<'a> {
        match &self.0.expected {
            None => Expected::ServerName(name),
            Some(rules) => Expected::AnyOf(rules),
        }
    }
}

impl PeerVerifierBuilder<ServerPeerVerifier> {
    /// Expects a peer that this rule names, in place of the name that was connected to.
    ///
    /// For meshes in which a server's identity is not its address. Of several rules any will do.
    ///
    /// # Security
    ///
    /// The name given to rustls is then not compared with the certificate at all. Expect the one
    /// service that you connect to, not everybody in the mesh; and under the roots of several trust
    /// domains, bind the rule to its issuer.
    pub fn expect_in_place_of_name(mut self, peer: PeerRule) -> Self {
        self.expected.push(peer);
        self
    }
}

impl PeerVerifier for ServerPeerVerifier {}

impl EitherVerifier for ServerPeerVerifier {
    const ROLE: Role = Role::Server;

    fn new(settings: Settings) -> Self {
        Self(Arc::new(settings))
    }

    fn settings(&self) -> &Settings {
        &self.0
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
        self.0.decide_in_handshake(end_entity, intermediates, expected, now)?;
        Ok(ServerCertVerified::assertion())
    }

    // That the peer holds the key of its certificate is always found out by rustls' own functions.

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, cert, dss, &self.0.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, cert, dss, &self.0.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.algorithms.supported_schemes()
    }
}
