//! Lists of the CAs of a [`World`], and the verdict in a word.

use mtls_roles::{ClientPeerVerifier, Crls, PeerVerifierBuilder};
use rustls::pki_types::CertificateRevocationListDer;
use rustls::{CertRevocationListError, CertificateError, Error, OtherError};
use time::{Duration, OffsetDateTime};

use crate::common::clock::{NOW, unix};
use crate::common::errors::Rows;
use crate::common::ours::{clients, roots};
use crate::common::pki::der::distribution_points;
use crate::common::pki::{Ca, Chain, CrlSpec, Eku, LeafSpec, World};

pub type List = CertificateRevocationListDer<'static>;

pub const CRL_DISTRIBUTION_POINTS: &[u64] = &[2, 5, 29, 31];

pub fn client() -> LeafSpec {
    LeafSpec::new("client").eku(Eku::client())
}

/// With a distribution point of this URI.
pub fn client_at(uri: &str) -> LeafSpec {
    client().extension(CRL_DISTRIBUTION_POINTS, false, distribution_points(uri))
}

/// thisUpdate and nextUpdate in days from now.
pub fn days(spec: CrlSpec, from: i64, to: i64) -> CrlSpec {
    spec.current(NOW + Duration::days(from), NOW + Duration::days(to))
}

impl World {
    pub fn of_root(&self) -> List {
        self.root.crl(CrlSpec::new(1))
    }

    pub fn good(&self) -> List {
        self.sub.crl(CrlSpec::new(1))
    }

    /// A list that revokes the leaf, of this number.
    pub fn revoking(&self, number: u64) -> CrlSpec {
        CrlSpec::new(number).revoke(&self.leaf.serial)
    }

    pub fn builder(&self, lists: &[List]) -> PeerVerifierBuilder<ClientPeerVerifier> {
        builder(&self.root, lists)
    }
}

pub fn builder(root: &Ca, lists: &[List]) -> PeerVerifierBuilder<ClientPeerVerifier> {
    clients(&roots([root])).crls(crls(lists))
}

pub fn crls(lists: &[List]) -> Crls {
    Crls::from_der(lists.to_vec()).expect("the factory makes well-formed lists")
}

/// What a caller chose beside the lists.
#[derive(Clone, Copy, Debug)]
pub enum Choice {
    Default,
    AllowExpired,
    AllowUnknown,
    LeafOnly,
    StockPathChecks,
    StockRevocation,
}

impl Choice {
    pub fn apply(
        self,
        builder: PeerVerifierBuilder<ClientPeerVerifier>,
    ) -> PeerVerifierBuilder<ClientPeerVerifier> {
        match self {
            Self::Default => builder,
            Self::AllowExpired => builder.allow_expired_crls(),
            Self::AllowUnknown => builder.allow_unknown_revocation_status(),
            Self::LeafOnly => builder.only_check_end_entity_revocation(),
            Self::StockPathChecks => builder.stock_path_checks(),
            Self::StockRevocation => builder.stock_revocation(),
        }
    }
}

pub fn verdict(verifier: &ClientPeerVerifier, chain: &Chain) -> &'static str {
    verdict_at(verifier, chain, NOW)
}

pub fn verdict_at(
    verifier: &ClientPeerVerifier,
    chain: &Chain,
    now: OffsetDateTime,
) -> &'static str {
    match verifier.verify(Some(chain), unix(now)).map_err(Error::from) {
        Ok(_) => "good",
        Err(error) => word(&error),
    }
}

/// The error without its instants.
pub fn word(error: &Error) -> &'static str {
    use CertRevocationListError as Crl;
    match error {
        Error::InvalidCertificate(CertificateError::Revoked) => "revoked",
        Error::InvalidCertificate(CertificateError::UnknownRevocationStatus) => "unknown",
        Error::InvalidCertificate(CertificateError::ExpiredRevocationListContext { .. }) => {
            "list expired"
        }
        Error::InvalidCertificate(CertificateError::BadEncoding) => "bad encoding",
        Error::InvalidCertificate(CertificateError::Other(OtherError(inner))) => {
            match inner.downcast_ref() {
                Some(mtls_roles::PathViolation { check, .. }) => match check {
                    mtls_roles::PathCheck::UnreadableExtension => "unreadable extension",
                    _ => "path check",
                },
                None => "another error",
            }
        }
        Error::InvalidCertRevocationList(Crl::BadSignature) => "bad list signature",
        Error::InvalidCertRevocationList(Crl::IssuerInvalidForCrl) => "not a crl signer",
        _ => "another error",
    }
}

/// Every order of some lists; of more than four, each in front once and the reverse.
pub fn orders(lists: &[List]) -> Vec<Vec<List>> {
    if lists.len() > 4 {
        let turns = (0..lists.len()).map(|turn| [&lists[turn..], &lists[..turn]].concat());
        return turns.chain([lists.iter().rev().cloned().collect()]).collect();
    }
    let Some((first, others)) = lists.split_first() else {
        return vec![vec![]];
    };
    let mut all = vec![];
    for order in orders(others) {
        for place in 0..=order.len() {
            let mut order = order.clone();
            order.insert(place, first.clone());
            all.push(order);
        }
    }
    all
}

/// A chain, lists that are given in every order, with the memo and without, and the verdict.
pub type Row<'a> = (&'a str, Chain, Vec<List>, Choice, &'a str);

pub fn assert_rows<'a>(root: &Ca, rows: impl IntoIterator<Item = Row<'a>>) {
    let mut checked = Rows::default();
    for (id, chain, lists, choice, expected) in rows {
        for lists in orders(&lists) {
            let ours = || choice.apply(builder(root, &lists));
            for verifier in [ours(), ours().without_memo()] {
                let verifier = verifier.build().unwrap();
                // Twice: what was found out about a list must not change what is found.
                for pass in [1, 2] {
                    let id = format_args!("{id}, pass {pass}");
                    checked.same(id, verdict(&verifier, &chain), expected);
                }
            }
        }
    }
}
