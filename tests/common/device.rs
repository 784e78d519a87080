//! A key that can be used and not be read, as in an HSM.

use std::sync::Arc;

use rustls::crypto::CryptoProvider;
use rustls::pki_types::SubjectPublicKeyInfoDer;
use rustls::sign::{Signer, SigningKey};
use rustls::{SignatureAlgorithm, SignatureScheme};

use super::pki::Leaf;

#[derive(Debug)]
pub struct Device {
    key: Arc<dyn SigningKey>,
    tells: Tells,
}

/// What a device says of its key.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Tells {
    ItsPublicKey,
    Nothing,
}

impl Device {
    pub fn holding(leaf: &Leaf, provider: &CryptoProvider, tells: Tells) -> Arc<dyn SigningKey> {
        let key = provider.key_provider.load_private_key(leaf.key_der());
        let key = key.expect("the provider knows the kind");
        Arc::new(Self { key, tells })
    }
}

impl SigningKey for Device {
    fn choose_scheme(&self, offered: &[SignatureScheme]) -> Option<Box<dyn Signer>> {
        self.key.choose_scheme(offered)
    }

    fn public_key(&self) -> Option<SubjectPublicKeyInfoDer<'_>> {
        match self.tells {
            Tells::ItsPublicKey => self.key.public_key(),
            Tells::Nothing => None,
        }
    }

    fn algorithm(&self) -> SignatureAlgorithm {
        self.key.algorithm()
    }
}
