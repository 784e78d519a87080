//! Peers that the verifier does not know: [`Newcomers`] have a known issuer, [`cold`] knows nobody.

use mtls_roles::{ClientPeerVerifier, EkuPolicy, Roots};
use rustls::pki_types::CertificateDer;

use super::chains::Hierarchy;
use super::pki::Eku;
use super::verifiers::{know, ours};

/// A verifier that remembers nothing, to be asked once.
pub fn cold(roots: &Roots, policy: EkuPolicy) -> ClientPeerVerifier {
    ours(roots, policy)
}

/// Chains of a known issuer with a leaf that the verifier has never seen.
///
/// The leaves are made beforehand and used in turn. After the last one the verifier is replaced by
/// one that knows the issuer only, so that each is new each time.
pub struct Newcomers {
    roots: Roots,
    policy: EkuPolicy,
    acquainted: Vec<CertificateDer<'static>>,
    pool: Vec<Vec<CertificateDer<'static>>>,
    turn: usize,
    verifier: ClientPeerVerifier,
}

impl Newcomers {
    pub fn new(hierarchy: &Hierarchy, policy: EkuPolicy, eku: Eku, count: usize) -> Self {
        let roots = hierarchy.roots();
        Self {
            verifier: ours(&roots, policy),
            acquainted: hierarchy.client(eku.clone()),
            pool: hierarchy.clients(eku, count),
            turn: 0,
            policy,
            roots,
        }
    }

    /// The next one, in a buffer of its own, and the verifier that does not know it.
    pub fn deal(&mut self) -> (ClientPeerVerifier, Vec<CertificateDer<'static>>) {
        if self.turn.is_multiple_of(self.pool.len()) {
            self.verifier = ours(&self.roots, self.policy);
            know(&self.verifier, &self.acquainted);
        }
        let chain = self.pool[self.turn % self.pool.len()].clone();
        self.turn += 1;
        (self.verifier.clone(), chain)
    }
}
