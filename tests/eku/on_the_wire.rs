//! A part of the EKU matrix over TCP: TLS 1.2 and 1.3, aws-lc-rs and ring, with the exact error at the end that verifies
//! and the alert at the end that presents.

use crate::chains::{Chain, Chains, NAME};
use crate::common::clock::Clock;
use crate::common::errors::{Exact, Rows};
use crate::common::ours::{ROLES, meet, roots};
use crate::common::tls::{alert, stacks};
use crate::oracle::{expect, policies};
use rustls::{AlertDescription, CertificateError, Error};

#[test]
fn what_stock_rustls_presents_ends_as_the_matrix_says_at_both_ends() {
    let chains = Chains::new();
    let roots = roots([&chains.root]);
    let mut rows = Rows::default();
    let presets = |role| policies().into_iter().take(4).map(move |policy| (role, policy));
    let columns = ROLES.into_iter().flat_map(presets);
    for (role, policy) in columns.filter(|(role, policy)| policy.is_for(*role)) {
        for stack in stacks() {
            let verifier = policy.setup().build(role, &roots, &stack.provider).unwrap();
            for chain in chains.all.iter().filter(|chain| is_on_the_wire(chain)) {
                let expected = expect(role, policy, &chain.path);
                let presented = chains.credentials(chain);
                let [verifying, presenting] =
                    meet(&stack, &Clock::default(), &verifier, presented, NAME);
                let is_right = match (expected.error(), &verifying, &presenting) {
                    (None, Ok(side), Ok(_)) => side.peer_certificates.as_ref() == Some(&chain.ders),
                    (Some(expected), Err(error), Err(received)) => {
                        *expected == Exact(error.clone())
                            && alert(received) == Some(alert_of(error))
                    }
                    _ => false,
                };
                let id = format_args!("{role}/{}/{policy:?}/{}", chain.id, stack.name);
                let ends = format_args!("{expected:?}\n  {verifying:?}\n  {presenting:?}");
                rows.holds(id, is_right, ends);
            }
        }
    }
    assert_eq!(rows.count, stacks().len() * (11 + 7) * (4 + 3), "a row is missing");
}

/// Every EKU on a leaf, and every EKU on an intermediate.
fn is_on_the_wire(chain: &Chain) -> bool {
    match chain.path[..] {
        [_] => true,
        [leaf, _] => leaf.name == "both",
        _ => false,
    }
}

/// FACTS.md, 1.14: the alert hangs on the variant of the error.
fn alert_of(error: &Error) -> AlertDescription {
    match error {
        Error::InvalidCertificate(CertificateError::InvalidPurposeContext { .. }) => {
            AlertDescription::UnsupportedCertificate
        }
        Error::InvalidCertificate(CertificateError::Other(_)) => {
            AlertDescription::CertificateUnknown
        }
        other => panic!("the EKU is not the reason: {other:?}"),
    }
}
