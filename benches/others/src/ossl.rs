//! OpenSSL's `X509_verify_cert`, as a server calls it about a client.

use openssl::stack::Stack;
use openssl::x509::store::{X509Store, X509StoreBuilder};
use openssl::x509::verify::X509VerifyParam;
use openssl::x509::{X509, X509PurposeId, X509Ref, X509StoreContext};

use super::chain::Chain;
use super::race::{Contender, Effort, race};
use super::results::Results;

/// Two rows a chain: what a handshake costs, which reads the certificates, and verification alone.
pub fn measure(chains: &[Chain], effort: Effort, results: &mut Results) {
    for chain in chains {
        let store = store(chain);
        let parsed = parsed(chain);
        let pair = [
            Contender::repeating(|| {
                let (leaf, presented) = self::parsed(chain);
                assert!(accepts(&store, &leaf, &presented));
            }),
            Contender::repeating(|| assert!(accepts(&store, &parsed.0, &parsed.1))),
        ];
        let [reading, alone] = race(pair, effort);
        results.add("openssl", &chain.kind, reading / 1000.0);
        results.add("openssl_parsed", &chain.kind, alone / 1000.0);
    }
    results.forget_versions("OpenSSL ");
    results.add_version(openssl::version::version());
}

fn store(chain: &Chain) -> X509Store {
    let mut parameters = X509VerifyParam::new().unwrap();
    parameters.set_time(chain.now);
    let mut store = X509StoreBuilder::new().unwrap();
    store.add_cert(X509::from_der(&chain.root).unwrap()).unwrap();
    store.set_purpose(X509PurposeId::SSL_CLIENT).unwrap();
    store.set_param(&parameters).unwrap();
    store.build()
}

fn parsed(chain: &Chain) -> (X509, Stack<X509>) {
    let mut presented = Stack::new().unwrap();
    let intermediate = X509::from_der(&chain.intermediate).unwrap();
    presented.push(intermediate).unwrap();
    (X509::from_der(&chain.leaf).unwrap(), presented)
}

fn accepts(store: &X509Store, leaf: &X509Ref, presented: &Stack<X509>) -> bool {
    let mut context = X509StoreContext::new().unwrap();
    context.init(store, leaf, presented, |context| context.verify_cert()).unwrap()
}
