//! A presented chain and lists through our verifiers and stock's: with both stock calls every verdict
//! and error is stock's; by default ours accepts nothing that stock refuses, but for a relaxation of
//! the named peer.

#![no_main]

use libfuzzer_sys::fuzz_target;
use mtls_roles::{
    ClientPeerVerifier, Crls, EkuOutcome, EkuPolicy, PeerRule, PeerVerifierBuilder,
    ServerPeerVerifier,
};
use mtls_roles_fuzz::{Presented, Stock, Told, choose, now, provider};
use rustls::client::danger::ServerCertVerifier;
use rustls::pki_types::{CertificateRevocationListDer, ServerName};
use rustls::server::danger::ClientCertVerifier;
use rustls::{CertificateError, Error};

const NAMED: &str = "dns:server.example.com";

type Lists = Vec<CertificateRevocationListDer<'static>>;

/// Both roles under every choice.
fn equals_stock(presented: &Presented<'_>, lists: &Lists, crls: &Option<Crls>) -> Option<()> {
    let (leaf, rest) = presented.chain.split_first()?;
    let name = ServerName::try_from("server.example.com").ok()?;
    for (only_end_entity, allow_unknown) in
        [(false, false), (true, false), (false, true), (true, true)]
    {
        let stock = Stock {
            lists: lists.clone(),
            only_end_entity,
            allow_unknown,
            enforce_expiration: false,
        };
        let builder = ClientPeerVerifier::builder(presented.roots.clone(), provider());
        let mut builder = choose!(builder.stock_path_checks().stock_revocation(), stock);
        if let Some(crls) = crls {
            builder = builder.crls(crls.clone());
        }
        let ours = builder.build().unwrap().verify_client_cert(leaf, rest, now()).map(drop);
        assert_eq!(format!("{ours:?}"), format!("{:?}", stock.as_client(presented)?));

        let builder = ServerPeerVerifier::builder(presented.roots.clone(), provider());
        let mut builder = choose!(builder.stock_path_checks().stock_revocation(), stock);
        if let Some(crls) = crls {
            builder = builder.crls(crls.clone());
        }
        let ours = builder.build().unwrap().verify_server_cert(leaf, rest, &name, &[], now());
        assert_eq!(
            format!("{:?}", ours.map(drop)),
            format!("{:?}", stock.as_server(presented, &name)?)
        );
    }
    Some(())
}

/// Those lists in every order, and without some of them: stock asks the first that matches, ours all.
fn arrangements(lists: &[CertificateRevocationListDer<'static>]) -> Vec<Lists> {
    let mut all = vec![vec![]];
    for (index, list) in lists.iter().enumerate() {
        let others = [&lists[..index], &lists[index + 1..]].concat();
        all.extend(
            arrangements(&others).into_iter().map(|rest| [vec![list.clone()], rest].concat()),
        );
    }
    all
}

/// Under the default choices.
fn accepts_no_more(presented: &Presented<'_>, lists: &Lists, crls: &Option<Crls>) -> Option<()> {
    let rule: PeerRule = NAMED.parse().unwrap();
    let with = |builder: PeerVerifierBuilder<ClientPeerVerifier>| match crls {
        Some(crls) => builder.crls(crls.clone()),
        None => builder,
    };
    for policy in [EkuPolicy::rfc5280(), EkuPolicy::accept_server_auth(), EkuPolicy::ignore()] {
        let builder = ClientPeerVerifier::builder(presented.roots.clone(), provider());
        let builder = with(builder.eku_policy(policy).relax_for(rule.clone()));
        let Ok(peer) = builder.build().unwrap().verify(Some(&presented.chain), now()) else {
            continue;
        };
        if let EkuOutcome::Relaxed(_) = peer.eku() {
            assert_ne!(policy, EkuPolicy::rfc5280());
            assert!(
                peer.alt_names().iter().any(|name| name.to_string().eq_ignore_ascii_case(NAMED))
            );
            continue;
        }
        assert!(is_accepted_in_some_order(presented, lists)?);
        assert_eq!(revoking_newest(presented, lists)?, Vec::<Told>::new());
    }
    Some(())
}

fn is_accepted_in_some_order(presented: &Presented<'_>, lists: &Lists) -> Option<bool> {
    let accepts = |lists: Lists, allow_unknown| {
        let stock =
            Stock { lists, allow_unknown, enforce_expiration: true, only_end_entity: false };
        stock.as_client(presented).map(|verdict| verdict.is_ok())
    };
    if lists.is_empty() {
        return accepts(vec![], false);
    }
    let mut orders: Vec<_> = arrangements(lists);
    orders.retain(|order| !order.is_empty());
    // webpki compares the URIs of points only; ours all names.
    let has_points =
        presented.chain.iter().any(|it| it.windows(3).any(|oid| oid == [0x55, 0x1d, 0x1f]));
    let mut is_accepted = false;
    for order in orders {
        is_accepted |= accepts(order.clone(), false)? || (has_points && accepts(order, true)?);
    }
    Some(is_accepted)
}

/// The lists that are the newest of their scope, and alone make stock say "revoked".
fn revoking_newest(presented: &Presented<'_>, lists: &Lists) -> Option<Vec<Told>> {
    let told: Option<Vec<_>> = lists.iter().map(|list| Told::of(list)).collect();
    let begun: Vec<_> = lists.iter().zip(told?).filter(|(_, told)| told.has_begun()).collect();
    let newest = |it: &Told| !begun.iter().any(|(_, other)| it.is_older_than(other));
    let mut revoking = vec![];
    for (list, _) in begun.iter().filter(|(_, told)| newest(told)) {
        let stock = Stock { lists: vec![(*list).clone()], allow_unknown: true, ..Stock::default() };
        if let Err(Error::InvalidCertificate(CertificateError::Revoked)) =
            stock.as_client(presented)?
        {
            revoking.push(Told::of(list)?);
        }
    }
    Some(revoking)
}

fuzz_target!(|input: &[u8]| {
    let Some(presented) = Presented::read(input) else {
        return;
    };
    let lists = presented.sets.first().cloned().unwrap_or_default();
    if lists.len() > 3 {
        return;
    }
    let crls = match lists.is_empty() {
        true => None,
        false => match Crls::from_der(lists.clone()) {
            // Stock takes none of those that are set aside.
            Ok(crls) if crls.notes().is_empty() => Some(crls),
            _ => return,
        },
    };
    equals_stock(&presented, &lists, &crls);
    accepts_no_more(&presented, &lists, &crls);
});
