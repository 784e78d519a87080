//! The signatures of the handshake: always delegated to rustls, in both verifiers.
//!
//! They prove that the peer holds the key of its certificate. Nothing of this crate decides about
//! them, and nothing can be configured.

/// The methods that both verifier traits of rustls have in common, for a verifier in `self.0.verifier`.
macro_rules! delegated_signatures {
    () => {
        fn verify_tls12_signature(
            &self,
            message: &[u8],
            cert: &CertificateDer<'_>,
            dss: &DigitallySignedStruct,
        ) -> Result<HandshakeSignatureValid, rustls::Error> {
            verify_tls12_signature(message, cert, dss, &self.0.verifier.algorithms)
        }

        fn verify_tls13_signature(
            &self,
            message: &[u8],
            cert: &CertificateDer<'_>,
            dss: &DigitallySignedStruct,
        ) -> Result<HandshakeSignatureValid, rustls::Error> {
            verify_tls13_signature(message, cert, dss, &self.0.verifier.algorithms)
        }

        fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
            self.0.verifier.algorithms.supported_schemes()
        }
    };
}
pub(super) use delegated_signatures;
