//! [`Follower`], which looks again and again; and configurations for life.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::Duration;

use rustls::client::ResolvesClientCert;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::{
    ClientConfig, DigitallySignedStruct, DistinguishedName, Error as TlsError, ServerConfig,
    SignatureScheme,
};

use super::reloader::Reloader;
use super::side::{ClientSide, ServerSide, Side};
use crate::config::{client_config_of, server_config_of};
use crate::error::Error;

/// A thread that looks at the files again and again. Dropped, it ends: at once, or when the look is
/// over that it is at.
///
/// ```
/// # let (tls, policy) = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/docs/reloader.rs"));
/// let following = tls.follow(std::time::Duration::from_secs(10));
/// // … serve …
/// drop(following); // Nobody looks at the files any more.
/// # std::fs::remove_file(policy)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
#[must_use]
pub struct Follower {
    _ends_when_dropped: Sender<()>,
}

impl<S: Side, C: Side> Reloader<S, C> {
    /// Looks at the files each `interval`, on a thread of its own, until the [`Follower`] is dropped.
    /// What is new is published when the next look agrees: within two intervals.
    ///
    /// A recipe that blocks blocks this thread and whoever calls [`reload`](Self::reload), and nobody
    /// else: the current generation serves, and [`health`](Self::health) shows that no look is made.
    ///
    /// # Panics
    ///
    /// If the system has no thread to give, as [`std::thread::spawn`].
    pub fn follow(&self, interval: Duration) -> Follower {
        let (ends_when_dropped, end) = channel();
        let reloader = self.clone();
        let interval = interval.max(Duration::from_millis(1));
        thread::spawn(move || {
            while end.recv_timeout(interval) == Err(RecvTimeoutError::Timeout) {
                // Failures are told to the observers; and one of those may panic.
                let _ = catch_unwind(AssertUnwindSafe(|| reloader.poll()));
            }
        });
        Follower { _ends_when_dropped: ends_when_dropped }
    }
}

impl<C: Side> Reloader<ServerSide, C> {
    /// A configuration for who takes one for life: slot and verifier are asked of the current
    /// generation at each handshake. Nothing is resumed, and clients are not told the names of roots,
    /// which rustls reads once.
    ///
    /// Prefer [`current`](Self::current) where you accept connections yourself: here the certificate
    /// that we present and the judgement on the client's may be of two generations, if one is
    /// published between them.
    ///
    /// # Errors
    ///
    /// The provider has no cipher suite for the TLS versions that are compiled in.
    pub fn following_server_config(&self) -> Result<ServerConfig, Error> {
        let (current, following) = (self.current(), Arc::new(Following(self.clone())));
        let mut config = server_config_of(&current.provider, following.clone(), following)?;
        config.time_provider = current.server_config().time_provider.clone();
        Ok(config)
    }
}

impl<S: Side> Reloader<S, ClientSide> {
    /// A configuration for who takes one for life (reqwest, tonic), as
    /// [`following_server_config`](Reloader::following_server_config).
    ///
    /// # Errors
    ///
    /// The provider has no cipher suite for the TLS versions that are compiled in.
    pub fn following_client_config(&self) -> Result<ClientConfig, Error> {
        let (current, following) = (self.current(), Arc::new(Following(self.clone())));
        let mut config = client_config_of(&current.provider, following.clone(), following)?;
        config.time_provider = current.client_config().time_provider.clone();
        Ok(config)
    }
}

/// Asks whatever generation is the current one.
#[derive(Debug)]
struct Following<S, C>(Reloader<S, C>);

impl<C: Side> ResolvesServerCert for Following<ServerSide, C> {
    fn resolve(&self, client_hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        self.0.current().server_slot().resolve(client_hello)
    }
}

impl<S: Side> ResolvesClientCert for Following<S, ClientSide> {
    fn resolve(&self, hints: &[&[u8]], offered: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        self.0.current().client_slot().resolve(hints, offered)
    }

    fn has_certs(&self) -> bool {
        true
    }
}

impl<C: Side> ClientCertVerifier for Following<ServerSide, C> {
    fn client_auth_mandatory(&self) -> bool {
        self.0.current().clients().client_auth_mandatory()
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, TlsError> {
        self.0.current().clients().verify_client_cert(end_entity, intermediates, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        self.0.current().clients().verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        self.0.current().clients().verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.current().clients().supported_verify_schemes()
    }
}

impl<S: Side> ServerCertVerifier for Following<S, ClientSide> {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, TlsError> {
        let current = self.0.current();
        current.servers().verify_server_cert(
            end_entity,
            intermediates,
            server_name,
            ocsp_response,
            now,
        )
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        self.0.current().servers().verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        self.0.current().servers().verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.current().servers().supported_verify_schemes()
    }
}
