//! A refusal names the certificate and, in words, what stands in the way and what to do about that.

mod chains;
mod near_misses;

use std::error::Error;

use mtls_roles::{ClientPeerVerifier, PeerVerifierBuilder, Refusal, RefusalClass};
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::CertificateDer;

use crate::common::agreed::agreed;
use crate::common::clock::{NOW, unix};
use crate::common::ours::roots;
use crate::common::pki::Ca;

type Builder = PeerVerifierBuilder<ClientPeerVerifier>;
type Chain = Vec<CertificateDer<'static>>;

/// An id, what is said, and what this crate's own reader can add where the chain is in a file.
type Row = (&'static str, Refusal, Chain);

/// Word for word in `tests/peers/reasons.txt`, where `HEX` stands for fingerprints. After a change of messages
/// `MTLS_ROLES_AGREE=1 cargo test --test peers` writes the file anew, to be read in the diff.
#[test]
fn every_refusal_says_which_certificate_and_what_stands_in_the_way() {
    let classes = CLASSES.map(|class| format!("{}\n    {class}\n", class.name()));
    let mut told = classes.concat();
    for (id, refusal, chain) in chains::rows().into_iter().chain(near_misses::rows()) {
        told += &format!("{id}\n    {refusal}\n");
        let explained = refusal.explain(&chain);
        explained.iter().for_each(|line| told += &format!("    in a file: {line}\n"));
        keeps_the_error_of_the_handshake(refusal);
    }
    agreed("peers/reasons.txt", &without_fingerprints(&told));
}

fn keeps_the_error_of_the_handshake(refusal: Refusal) {
    let source = refusal.source().and_then(|source| source.downcast_ref());
    assert!(source.is_some_and(|source| std::ptr::eq(source, refusal.error())), "{refusal}");
    // Some errors of rustls equal nothing, themselves included.
    let error = format!("{:?}", refusal.error());
    assert_eq!(format!("{:?}", rustls::Error::from(refusal)), error);
}

fn without_fingerprints(text: &str) -> String {
    let mut parts = text.split("-sha256:");
    let first = parts.next().unwrap_or_default().to_owned();
    let is_digit = |c: char| c.is_ascii_hexdigit();
    parts.fold(first, |text, part| text + "-sha256:HEX" + part.trim_start_matches(is_digit))
}

/// A verifier over one root. What is said of a signature depends on the provider.
fn over(root: &Ca) -> Builder {
    ClientPeerVerifier::builder(roots([root]), &aws_lc_rs::default_provider())
}

fn refused(id: &'static str, clients: Builder, chain: Chain) -> Row {
    let refusal = clients.build().unwrap().verify(Some(&chain), unix(NOW)).expect_err(id);
    (id, refusal, chain)
}

const CLASSES: [RefusalClass; 11] = {
    use RefusalClass::*;
    [
        Eku,
        UnknownIssuer,
        Validity,
        Revoked,
        RevocationUnknown,
        Name,
        PeerRule,
        PathCheck,
        NoCertificate,
        Undetermined,
        Other,
    ]
};
