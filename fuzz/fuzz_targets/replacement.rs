//! Any set of lists in the place of any other: what the newest list of the old set revokes is not
//! accepted after, while that list is current and the new set has none as new in its place.

#![no_main]

use libfuzzer_sys::fuzz_target;
use mtls_roles::{ClientPeerVerifier, Crls};
use mtls_roles_fuzz::{Presented, Told, now, provider};
use rustls::pki_types::CertificateRevocationListDer;
use rustls::server::danger::ClientCertVerifier;
use rustls::{CertificateError, Error};

type Lists = Vec<CertificateRevocationListDer<'static>>;

fn verifier(presented: &Presented<'_>, crls: Crls) -> ClientPeerVerifier {
    let builder = ClientPeerVerifier::builder(presented.roots.clone(), provider()).crls(crls);
    builder.allow_unknown_revocation_status().build().unwrap()
}

fn verdict(verifier: &ClientPeerVerifier, presented: &Presented<'_>) -> Result<(), Error> {
    let (leaf, rest) = presented.chain.split_first().unwrap();
    verifier.verify_client_cert(leaf, rest, now()).map(drop)
}

fn is_revoked(verdict: Result<(), Error>) -> bool {
    matches!(verdict, Err(Error::InvalidCertificate(CertificateError::Revoked)))
}

/// Of the lists that are current and the newest of their scope, those that alone revoke.
fn revoking(presented: &Presented<'_>, lists: &Lists) -> Option<Vec<Told>> {
    let told: Option<Vec<_>> = lists.iter().map(|list| Told::of(list)).collect();
    let told: Vec<_> = told?.into_iter().zip(lists).filter(|(told, _)| told.has_begun()).collect();
    let mut revoking = vec![];
    for (it, list) in &told {
        let is_newest = !told.iter().any(|(other, _)| it.is_older_than(other));
        let crls = Crls::from_der([(*list).clone()]).ok()?;
        if it.is_current()
            && is_newest
            && is_revoked(verdict(&verifier(presented, crls), presented))
        {
            revoking.push(Told::of(list)?);
        }
    }
    Some(revoking)
}

fn loses_nothing(presented: &Presented<'_>, old: &Lists, new: &Lists) -> Option<()> {
    let crls = |lists: &Lists| Crls::from_der(lists.clone()).ok();
    let (old_crls, new_crls) = (crls(old)?, crls(new)?);
    let verifier = verifier(presented, old_crls.clone());
    let before = verdict(&verifier, presented);
    // A set succeeds itself, and nothing is kept beside it.
    assert_eq!(verifier.replace_crls(old_crls, now()).unwrap(), vec![]);
    assert_eq!(format!("{:?}", verdict(&verifier, presented)), format!("{before:?}"));

    verifier.replace_crls(new_crls, now()).unwrap();
    let after = verdict(&verifier, presented);
    let new: Option<Vec<_>> = new.iter().map(|list| Told::of(list)).collect();
    // Of several, the others were perhaps not asked: who signed them is not known.
    if let ([revoking], true) = (revoking(presented, old)?.as_slice(), is_revoked(before))
        && !new?.iter().any(|new| revoking.gives_way_to(new))
    {
        assert!(after.is_err(), "{revoking:?}");
    }
    Some(())
}

fuzz_target!(|input: &[u8]| {
    if let Some(presented) = Presented::read(input)
        && let [old, new, ..] = presented.sets.as_slice()
    {
        loses_nothing(&presented, old, new);
    }
});
