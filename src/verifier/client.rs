//! [`ClientPeerVerifier`]: decides about the certificates of clients.

use std::sync::Arc;

use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{CommonState, DigitallySignedStruct, DistinguishedName, SignatureScheme};

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

/// Decides about the chain that a *client* presents to us. Cheap to clone; clones are one verifier.
///
/// By default it equals rustls' `WebPkiClientVerifier` over the same roots: same verdict, same error.
///
/// ```no_run
/// use mtls_roles::{ClientPeerVerifier, EkuPolicy, PeerRule, Roots};
/// use time::macros::datetime;
///
/// let provider = rustls::crypto::aws_lc_rs::default_provider();
/// let clients = ClientPeerVerifier::builder(Roots::from_pem_file("clients.pem")?, &provider)
///     .eku_policy(EkuPolicy::ignore().until(datetime!(2027-03-15 0:00 UTC)))
///     .relax_for(PeerRule::dns_name("edge.example.com")?)
///     .build()?;
/// # Ok::<(), mtls_roles::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct ClientPeerVerifier(Arc<Settings>);

impl ClientPeerVerifier {
    /// A verifier of clients over these roots. The provider's algorithms verify the signatures.
    pub fn builder(roots: Roots, provider: &CryptoProvider) -> PeerVerifierBuilder<Self> {
        PeerVerifierBuilder::new(roots, provider)
    }

    /// Who is at the other end of this connection? To be asked when the handshake is done.
    ///
    /// Nobody, if the client presented no certificate and need not: see
    /// [`allow_unauthenticated`](PeerVerifierBuilder::allow_unauthenticated). A resumed session has
    /// the certificates of its first handshake; they are judged again, here and now.
    ///
    /// # Errors
    ///
    /// As [`verify`](Self::verify); and on a connection whose handshake is not done: whoever resumes
    /// a session has not yet proved that it is theirs.
    ///
    /// ```no_run
    /// # fn handle(
    /// #     connection: rustls::ServerConnection,
    /// #     clients: mtls_roles::ClientPeerVerifier,
    /// # ) -> Result<(), Box<dyn std::error::Error>> {
    /// use rustls::pki_types::UnixTime;
    /// match clients.identify(&connection, UnixTime::now())? {
    ///     Some(peer) => println!("{:?} {:?}", peer.alt_names(), peer.eku()),
    ///     None => println!("nobody: no certificate, and none was needed"),
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn identify(
        &self,
        connection: &CommonState,
        now: UnixTime,
    ) -> Result<Option<VerifiedPeer>, Refusal> {
        match self.0.presented_on(connection)? {
            [] if !self.0.is_client_auth_mandatory => Ok(None),
            chain => self.verify(Some(chain), now).map(Some),
        }
    }

    /// Who is it? Verifies a presented chain outside a handshake, leaf first.
    ///
    /// The handshake has proved that the peer holds the key of the leaf it presented; for a chain
    /// from anywhere else nothing is proved. Where the connection is at hand,
    /// [`identify`](Self::identify) asks it.
    ///
    /// It judges at `now`, so **it can refuse a peer that was accepted a moment ago**: a certificate
    /// or the end of a policy has passed, lists were replaced. Close the connection then, as its next
    /// handshake would be refused. Ask once, when the connection begins, and keep the answer; to let an
    /// end reach open connections, ask again, or close them after a while.
    ///
    /// # Errors
    ///
    /// The peer is refused; without a chain, as [`RefusalClass::NoCertificate`].
    ///
    /// [`RefusalClass::NoCertificate`]: crate::RefusalClass::NoCertificate
    pub fn verify(
        &self,
        chain: Option<&[CertificateDer<'_>]>,
        now: UnixTime,
    ) -> Result<VerifiedPeer, Refusal> {
        let chain = chain.unwrap_or_default();
        self.0.verify(chain, self.expected(), now)
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
        now: UnixTime,
    ) -> Result<VerifiedPeer, Refusal> {
        self.verify(Some(&borrowed(chain)), now)
    }

    /// Replaces the revocation lists; the next handshake uses the new ones. Returns which of the
    /// old lists stay in use beside them, and why; the observer hears it, too.
    ///
    /// A replacement loses nothing: the newest list that a key has signed for a distribution point
    /// stays until its nextUpdate (judged at `now`), unless the new set has one as new by the same key.
    /// So an older list rolls nothing back, a forged one keeps no genuine one out, and a missing file
    /// forgets no revocation. Which key signed a list is known once a peer was verified with it, or if
    /// it is a root's; of other lists nothing is kept.
    ///
    /// # Errors
    ///
    /// The verifier was built without lists, or is part of a [`Generation`](crate::Generation); the
    /// observer hears it.
    pub fn replace_crls(&self, crls: Crls, now: UnixTime) -> Result<Vec<KeptCrl>, Error> {
        self.0.replace_crls(crls, now)
    }

    fn expected(&self) -> Expected<'_> {
        match &self.0.expected {
            None => Expected::Anybody,
            Some(rules) => Expected::AnyOf(rules),
        }
    }
}

impl PeerVerifierBuilder<ClientPeerVerifier> {
    /// Names a peer that may connect, and so keeps out every peer that no such rule names. Without any,
    /// every certificate under the roots may connect; over public roots that does not build.
    pub fn allow(mut self, peer: PeerRule) -> Self {
        self.expected.push(peer);
        self
    }

    /// Lets everybody connect who has a certificate under *public* roots.
    ///
    /// # Security
    ///
    /// That is anybody on the internet: the certificate proves the control of some domain name,
    /// and the service must decide on that name itself.
    pub fn allow_anybody_with_a_public_certificate(mut self) -> Self {
        self.allows_anybody = true;
        self
    }

    /// Lets clients connect that present no certificate. One that is presented is verified.
    pub fn allow_unauthenticated(mut self) -> Self {
        self.settings.is_client_auth_mandatory = false;
        self
    }

    /// Names the roots in the CertificateRequest, so that clients can choose a certificate.
    /// The default, unless the roots are public.
    ///
    /// Clients in Go and Java that have no certificate below one of these names send none; OpenSSL,
    /// curl and GnuTLS ignore the names.
    ///
    /// With all the lengths before them they may take 49,151 bytes, or `build` refuses: a client on
    /// rustls takes 65,535 bytes in one flight, the server's certificates among them. Java takes a
    /// message of 32,768 bytes by default (`jdk.tls.maxHandshakeMessageSize`).
    pub fn send_root_hints(mut self) -> Self {
        self.sends_root_hints = Some(true);
        self
    }

    /// Names no roots in the CertificateRequest, so that all clients present what they have. The default
    /// over public roots, whose names would fill the message.
    pub fn send_no_root_hints(mut self) -> Self {
        self.sends_root_hints = Some(false);
        self
    }
}

impl PeerVerifier for ClientPeerVerifier {}

impl EitherVerifier for ClientPeerVerifier {
    const ROLE: Role = Role::Client;

    fn new(settings: Settings) -> Self {
        Self(Arc::new(settings))
    }

    fn settings(&self) -> &Settings {
        &self.0
    }
}

impl ClientCertVerifier for ClientPeerVerifier {
    fn client_auth_mandatory(&self) -> bool {
        self.0.is_client_auth_mandatory
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &self.0.root_hints
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, rustls::Error> {
        self.0.decide_in_handshake(end_entity, intermediates, self.expected(), now)?;
        Ok(ClientCertVerified::assertion())
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
