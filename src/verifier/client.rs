//! [`ClientPeerVerifier`]: decides about the certificates of clients.

use std::sync::Arc;

use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{DigitallySignedStruct, DistinguishedName, SignatureScheme};
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

/// Decides about the chain that a *client* presents to us. Cheap to clone; clones are one verifier.
///
/// By default it equals rustls' `WebPkiClientVerifier` over the same roots: same verdict, same
/// error. What may be added: an EKU policy that is relaxed for named peers, rules that say who may
/// connect, revocation, observers.
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
pub struct ClientPeerVerifier(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    verifier: Verifier,
    allow: Option<PeerRules>,
    hints: Vec<DistinguishedName>,
    is_mandatory: bool,
}

impl ClientPeerVerifier {
    /// A verifier of clients over these roots. The provider's algorithms verify the signatures.
    pub fn builder(roots: Roots, provider: &CryptoProvider) -> ClientPeerVerifierBuilder {
        ClientPeerVerifierBuilder {
            sends_hints: roots.public_root().is_none(),
            setup: Setup::new(Role::Client, roots, provider),
            allow: None,
            allows_anybody: false,
            is_mandatory: true,
        }
    }

    /// Who is it? Verifies a presented chain outside a handshake, leaf first.
    ///
    /// In a handler, give it what the connection has. The handshake has proved that the peer
    /// holds the key of *this* leaf; for a chain from anywhere else nothing is proved.
    ///
    /// # Errors
    ///
    /// The peer is refused; without a chain, as [`RefusalClass::NoCertificate`].
    ///
    /// [`RefusalClass::NoCertificate`]: crate::RefusalClass::NoCertificate
    ///
    /// ```no_run
    /// # fn handle(
    /// #     connection: rustls::ServerConnection,
    /// #     clients: mtls_roles::ClientPeerVerifier,
    /// # ) -> Result<(), Box<dyn std::error::Error>> {
    /// use rustls::pki_types::UnixTime;
    /// let peer = clients.verify(connection.peer_certificates(), UnixTime::now())?;
    /// println!("{:?} {:?}", peer.alt_names(), peer.eku());
    /// # Ok(())
    /// # }
    /// ```
    pub fn verify(
        &self,
        chain: Option<&[CertificateDer<'_>]>,
        now: UnixTime,
    ) -> Result<VerifiedPeer, Refusal> {
        let chain = chain.unwrap_or_default();
        self.0.verifier.verify(chain, self.expected(), now)
    }

    /// Replaces the revocation lists; the next handshake uses the new ones. Returns which of the
    /// old lists stay in use beside them, and why; the observer hears it, too.
    ///
    /// A replacement loses nothing: the newest list that a key has signed for a distribution point
    /// stays until its nextUpdate (judged at `now`), unless the new set has one as new that the same
    /// key has signed. So an older list rolls nothing back, a forged one keeps no genuine one out,
    /// and a file that is missing forgets no revocation. Which key signed a list is known once a peer
    /// was verified with it, or if it is a root's; of other lists nothing is kept.
    ///
    /// # Errors
    ///
    /// The verifier was built without lists; the observer hears it.
    pub fn replace_crls(&self, crls: Crls, now: UnixTime) -> Result<Vec<KeptCrl>, Error> {
        self.0.verifier.replace_crls(crls, now)
    }

    fn expected(&self) -> Expected<'_> {
        match &self.0.allow {
            None => Expected::Anybody,
            Some(rules) => Expected::AnyOf(rules),
        }
    }
}

/// Builds a [`ClientPeerVerifier`].
#[derive(Debug)]
#[must_use]
pub struct ClientPeerVerifierBuilder {
    setup: Setup,
    allow: Option<PeerRules>,
    allows_anybody: bool,
    sends_hints: bool,
    is_mandatory: bool,
}

impl ClientPeerVerifierBuilder {
    shared_methods!();

    /// Names a peer that may connect, and so keeps out every peer that no such rule names.
    ///
    /// Without any, every certificate under the roots may connect; over public roots that does
    /// not build. What a name is worth below public roots, and how a rule is bound to an issuer,
    /// [`PeerRule`] says.
    pub fn allow(mut self, peer: PeerRule) -> Self {
        self.setup.note(&peer);
        self.allow.get_or_insert_default().add(peer);
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
        self.is_mandatory = false;
        self
    }

    /// Names the roots in the CertificateRequest, so that clients can choose a certificate.
    /// The default, unless the roots are public.
    ///
    /// With all the lengths before them they may take 49,151 bytes, or `build` refuses: a client on
    /// rustls holds what a server sends in one flight in 65,535 bytes, the server's certificates (up
    /// to 15,000 bytes of them) among it. Other clients may take less: Java takes a message of
    /// 32,768 bytes by default (`jdk.tls.maxHandshakeMessageSize`).
    pub fn send_root_hints(mut self) -> Self {
        self.sends_hints = true;
        self
    }

    /// Names no roots in the CertificateRequest: clients present what they have. The default over
    /// public roots, whose names would fill the message.
    pub fn send_no_root_hints(mut self) -> Self {
        self.sends_hints = false;
        self
    }

    /// Builds the verifier.
    ///
    /// # Errors
    ///
    /// The policy is relaxed for nobody, or for anybody over public roots, or by name over public
    /// roots with [`EkuPolicy::ignore`]; or the roots are public and nothing says who may connect, or
    /// a rule is by URI or SPIFFE trust domain and all of them are; or the names of the roots are
    /// too large for [`send_root_hints`](Self::send_root_hints).
    pub fn build(self) -> Result<ClientPeerVerifier, Error> {
        self.check_public_roots()?;
        let hints = match self.sends_hints {
            true => self.setup.verifier.roots.hints()?,
            false => Vec::new(),
        };
        Ok(ClientPeerVerifier(Arc::new(Inner {
            verifier: self.setup.build()?,
            allow: self.allow,
            hints,
            is_mandatory: self.is_mandatory,
        })))
    }

    fn check_public_roots(&self) -> Result<(), Error> {
        let Some(root) = self.setup.public_root() else {
            return Ok(());
        };
        let Verifier {
            policy, relax_for, ..
        } = &self.setup.verifier;
        // Only a serverAuth certificate of a public CA proves that its holder has the name.
        match relax_for.rules.iter().find(|rule| rule.is_by_name()) {
            Some(rule) if policy.ignores() => {
                let rule = rule.to_string();
                return Err(Error::NameOverPublicRoots { rule, root });
            }
            _ => {}
        }
        match self.allow.is_some() || self.allows_anybody {
            true => Ok(()),
            false => Err(Error::PublicRootsNeedRules { root }),
        }
    }
}

impl ClientCertVerifier for ClientPeerVerifier {
    fn client_auth_mandatory(&self) -> bool {
        self.0.is_mandatory
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &self.0.hints
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, rustls::Error> {
        let expected = self.expected();
        self.0
            .verifier
            .decide_in_handshake(end_entity, intermediates, expected, now)?;
        Ok(ClientCertVerified::assertion())
    }

    delegated_signatures!();
}
