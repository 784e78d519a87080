//! Ignore means the EKU and nothing else: a chain with any other defect and wrong EKUs is refused under every relaxed
//! policy, with the very error that `rfc5280()` gives when the EKUs are right.
//!
//! Every row is a pair of twins: same keys, names, serial numbers and defect, and nothing but the EKUs differs.

use std::net::Ipv4Addr;
use std::sync::Arc;

use crate::common::clock::{Clock, NOW, unix};
use crate::common::errors::{Exact, assert_no_row_is_wrong};
use crate::common::ours::{Choices, ROLES, Setup, Verifier, Whom};
use crate::common::pki::{
    Ca, CaSpec, CrlSpec, Eku, KeyPair, KeyUsagePurpose, LeafSpec, tamper_signature,
};
use crate::common::tls::{Outcome, Stack, handshake, provider, stacks, stock_client, stock_server};
use mtls_roles::{
    ClientSlot, Credentials, EkuOutcome, EkuPolicy, PeerRule, RefusalClass, Role, Roots,
    ServerSlot, client_config, server_config,
};
use rustls::pki_types::{CertificateDer, CertificateRevocationListDer, PrivateKeyDer};
use rustls::{AlertDescription, Error};

const NAME: &str = "peer.example";

/// Something that is wrong with a chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Defect {
    Nothing,
    LeafBadSignature,
    IntermediateBadSignature,
    UnknownRoot,
    MissingIntermediate,
    LeafExpired,
    IntermediateExpired,
    LeafNotYetValid,
    IntermediateNotYetValid,
    CaAsLeaf,
    IssuerSaysItIsNoCa,
    IssuerWithoutBasicConstraints,
    PathTooLong,
    NameExcluded,
    NameNotPermitted,
    NameExcludedByRoot,
    AddressExcluded,
    UnknownCriticalExtension,
    IntermediateUnknownCriticalExtension,
    WrongServerName,
    NotAllowed,
    LeafRevoked,
    IntermediateRevoked,
    LeafStatusUnknown,
    IntermediateStatusUnknown,
    LeafCrlExpired,
    IntermediateCrlExpired,
    CrlBadSignature,
    IssuerSignsNoCrls,
    RootThatIsNoCa,
}

use Defect::*;

/// Every defect, with the variant of the error by which a row proves what it is named for.
const DEFECTS: [(Defect, &str); 29] = [
    (LeafBadSignature, "BadSignature"),
    (IntermediateBadSignature, "BadSignature"),
    (UnknownRoot, "UnknownIssuer"),
    (MissingIntermediate, "UnknownIssuer"),
    (LeafExpired, "ExpiredContext"),
    (IntermediateExpired, "ExpiredContext"),
    (LeafNotYetValid, "NotValidYetContext"),
    (IntermediateNotYetValid, "NotValidYetContext"),
    (CaAsLeaf, "CaUsedAsEndEntity"),
    (IssuerSaysItIsNoCa, "EndEntityUsedAsCa"),
    (IssuerWithoutBasicConstraints, "EndEntityUsedAsCa"),
    (PathTooLong, "PathLenConstraintViolated"),
    (NameExcluded, "NameConstraintViolation"),
    (NameNotPermitted, "NameConstraintViolation"),
    (NameExcludedByRoot, "NameConstraintViolation"),
    (AddressExcluded, "NameConstraintViolation"),
    (UnknownCriticalExtension, "UnsupportedCriticalExtension"),
    (IntermediateUnknownCriticalExtension, "UnsupportedCriticalExtension"),
    (WrongServerName, "NotValidForNameContext"),
    (NotAllowed, "ApplicationVerificationFailure"),
    (LeafRevoked, "Revoked"),
    (IntermediateRevoked, "Revoked"),
    (LeafStatusUnknown, "UnknownRevocationStatus"),
    (IntermediateStatusUnknown, "UnknownRevocationStatus"),
    (LeafCrlExpired, "ExpiredRevocationListContext"),
    (IntermediateCrlExpired, "ExpiredRevocationListContext"),
    (CrlBadSignature, "InvalidCertRevocationList(BadSignature)"),
    (IssuerSignsNoCrls, "IssuerInvalidForCrl"),
    (RootThatIsNoCa, "RootIsNoCa"),
];

impl Defect {
    /// A client has no name that is expected, and only of clients may some be allowed.
    fn is_for(self, role: Role) -> bool {
        match self {
            WrongServerName => role == Role::Server,
            NotAllowed => role == Role::Client,
            _ => true,
        }
    }
}

/// Where the EKUs are wrong.
#[derive(Clone, Copy, Debug)]
enum Place {
    Everywhere,
    Leaf,
    Intermediates,
}

/// The EKUs of one chain.
#[derive(Clone)]
struct Ekus {
    leaf: Eku,
    issuers: Eku,
}

impl Ekus {
    /// Good for either role.
    fn right() -> Self {
        Self { leaf: Eku::both(), issuers: Eku::both() }
    }

    fn wrong(place: Place, eku: &Eku) -> Self {
        let right = Self::right();
        match place {
            Place::Everywhere => Self { leaf: eku.clone(), issuers: eku.clone() },
            Place::Leaf => Self { leaf: eku.clone(), ..right },
            Place::Intermediates => Self { issuers: eku.clone(), ..right },
        }
    }
}

/// The keys of all twins.
struct Keys {
    root: Arc<KeyPair>,
    stranger: Arc<KeyPair>,
    upper: Arc<KeyPair>,
    lower: Arc<KeyPair>,
    leaf: Arc<KeyPair>,
}

impl Keys {
    fn new() -> Self {
        let key = || Ca::root_named("for its key").key;
        Self { root: key(), stranger: key(), upper: key(), lower: key(), leaf: key() }
    }
}

/// What a verifier is told and what it is shown.
struct Twin {
    root: CertificateDer<'static>,
    chain: Vec<CertificateDer<'static>>,
    crls: Vec<CertificateRevocationListDer<'static>>,
}

impl Twin {
    /// Leaf, lower and upper intermediate, root; the same each time but for the EKUs (and the signatures).
    fn new(keys: &Keys, defect: Defect, ekus: &Ekus) -> Self {
        let root = Ca::root(root_spec(defect).key(&keys.root).serial(1).eku(ekus.issuers.clone()));
        let upper =
            root.sub(upper_spec(defect).key(&keys.upper).serial(2).eku(ekus.issuers.clone()));
        let lower =
            upper.sub(lower_spec(defect).key(&keys.lower).serial(3).eku(ekus.issuers.clone()));
        let leaf = lower.leaf(leaf_spec(defect).key(&keys.leaf).serial(4).eku(ekus.leaf.clone()));
        let stranger = Ca::root(CaSpec::new("stranger").key(&keys.stranger));
        let mut chain = leaf.chain(&[&lower, &upper]);
        match defect {
            LeafBadSignature => chain[0] = tamper_signature(&chain[0]),
            IntermediateBadSignature => chain[1] = tamper_signature(&chain[1]),
            MissingIntermediate => drop(chain.remove(1)),
            _ => {}
        }
        Self {
            root: if defect == UnknownRoot { stranger.der() } else { root.der() },
            chain,
            crls: crls(defect, keys, [&root, &upper, &lower]),
        }
    }
}

fn root_spec(defect: Defect) -> CaSpec {
    let spec = CaSpec::new("root");
    match defect {
        NameExcludedByRoot => spec.exclude_dns("example"),
        RootThatIsNoCa => spec.not_a_ca(),
        _ => spec,
    }
}

fn upper_spec(defect: Defect) -> CaSpec {
    let spec = CaSpec::new("upper");
    match defect {
        PathTooLong => spec.path_len(0),
        NameExcluded => spec.exclude_dns("example"),
        NameNotPermitted => spec.permit_dns("other.example"),
        AddressExcluded => spec.exclude_ip(Ipv4Addr::LOCALHOST.into(), 8),
        _ => spec,
    }
}

fn lower_spec(defect: Defect) -> CaSpec {
    let spec = CaSpec::new("lower");
    match defect {
        IntermediateExpired => spec.expired(),
        IntermediateNotYetValid => spec.not_yet_valid(),
        IssuerSaysItIsNoCa => spec.not_a_ca(),
        IssuerWithoutBasicConstraints => spec.without_basic_constraints(),
        IntermediateUnknownCriticalExtension => spec.extension(&[1, 2, 3, 4], true, vec![5, 0]),
        IssuerSignsNoCrls => spec.key_usages(&[KeyUsagePurpose::KeyCertSign]),
        _ => spec,
    }
}

fn leaf_spec(defect: Defect) -> LeafSpec {
    let spec = LeafSpec::new("leaf").dns(NAME).ip(Ipv4Addr::LOCALHOST);
    match defect {
        LeafExpired => spec.expired(),
        LeafNotYetValid => spec.not_yet_valid(),
        CaAsLeaf => spec.ca(),
        UnknownCriticalExtension => spec.extension(&[1, 2, 3, 4], true, vec![5, 0]),
        _ => spec,
    }
}

/// A list of each CA, but for the defects in which one is missing or wrong.
fn crls(
    defect: Defect,
    keys: &Keys,
    [root, upper, lower]: [&Ca; 3],
) -> Vec<CertificateRevocationListDer<'static>> {
    let plain = || CrlSpec::new(1);
    let of_upper = match defect {
        IntermediateRevoked => Some(plain().revoke(&3.into())),
        IntermediateStatusUnknown => None,
        IntermediateCrlExpired => Some(plain().expired()),
        _ => Some(plain()),
    };
    let of_lower = match defect {
        LeafRevoked => Some(plain().revoke(&4.into())),
        LeafStatusUnknown => None,
        LeafCrlExpired => Some(plain().expired()),
        CrlBadSignature => Some(plain().signed_by(&keys.stranger)),
        _ => Some(plain()),
    };
    let lists = [(root, Some(plain())), (upper, of_upper), (lower, of_lower)];
    lists.into_iter().filter_map(|(ca, spec)| Some(ca.crl(spec?))).collect()
}

/// A relaxed policy, and EKUs that it lets pass and `rfc5280()` does not.
struct Relaxation {
    name: &'static str,
    policy: EkuPolicy,
    whom: Whom,
    ekus: Vec<Eku>,
}

fn relaxations(role: Role) -> Vec<Relaxation> {
    let named = Whom::Named(PeerRule::dns_name(NAME).unwrap());
    let other_role = match role {
        Role::Server => Eku::client(),
        Role::Client => Eku::server(),
    };
    let ignore = |name, whom| Relaxation {
        name,
        policy: EkuPolicy::ignore(),
        whom,
        ekus: vec![other_role.clone(), Eku::any(), Eku::code_signing()],
    };
    let accept = Relaxation {
        name: "accept_server_auth",
        policy: EkuPolicy::accept_server_auth(),
        whom: named.clone(),
        ekus: vec![Eku::server()],
    };
    let mut all =
        vec![ignore("ignore", named), ignore("ignore for any private peer", Whom::AnyPrivatePeer)];
    all.extend((role == Role::Client).then_some(accept));
    all
}

fn verifier(
    role: Role,
    defect: Defect,
    twin: &Twin,
    policy: EkuPolicy,
    relax_for: Whom,
) -> Verifier {
    let choices = Choices { enforce_expiration: true, ..Choices::default() };
    let allow = (defect == NotAllowed).then(|| PeerRule::dns_name("another.example").unwrap());
    let setup =
        Setup { policy, relax_for, crls: twin.crls.clone(), choices, allow, ..Setup::default() };
    let roots = Roots::from_der([twin.root.clone()]).unwrap();
    setup.build(role, &roots, &provider()).unwrap()
}

fn name(defect: Defect) -> &'static str {
    match defect {
        WrongServerName => "another.example",
        _ => NAME,
    }
}

/// What a verifier says of a twin: in a handshake, and outside of it with the honest class.
fn ask(
    verifier: &Verifier,
    defect: Defect,
    twin: &Twin,
) -> (Result<(), Exact>, Result<EkuOutcome, (RefusalClass, Exact)>) {
    let in_handshake = verifier.decide(&twin.chain, name(defect), unix(NOW));
    let outside = verifier.verify(&twin.chain, name(defect), unix(NOW));
    let outside = outside.map(|peer| peer.eku().clone());
    (
        in_handshake.map_err(Exact),
        outside.map_err(|refusal| (refusal.class(), Exact(refusal.error().clone()))),
    )
}

/// Calls back for every role, relaxation, wrong EKU and place of it.
fn for_every_relaxation(mut each: impl FnMut(Role, &Relaxation, &Ekus, String)) {
    for role in ROLES {
        for relaxation in relaxations(role) {
            for eku in &relaxation.ekus {
                for place in [Place::Everywhere, Place::Leaf, Place::Intermediates] {
                    let id = format!("{role}/{}/{eku:?} {place:?}", relaxation.name);
                    each(role, &relaxation, &Ekus::wrong(place, eku), id);
                }
            }
        }
    }
}

#[test]
fn with_any_other_defect_a_wrong_eku_is_refused_with_the_error_of_its_twin_under_rfc5280() {
    let keys = Keys::new();
    let (mut wrong, mut rows) = (vec![], 0);
    for (defect, variant) in DEFECTS {
        let right_twin = Twin::new(&keys, defect, &Ekus::right());
        for_every_relaxation(|role, relaxation, ekus, id| {
            if !defect.is_for(role) {
                return;
            }
            let strict = verifier(role, defect, &right_twin, EkuPolicy::rfc5280(), Whom::Nobody);
            let expected = ask(&strict, defect, &right_twin);
            let wrong_twin = Twin::new(&keys, defect, ekus);
            let whom = relaxation.whom.clone();
            let relaxed = verifier(role, defect, &wrong_twin, relaxation.policy, whom);
            let found = ask(&relaxed, defect, &wrong_twin);
            let is_as_named =
                expected.0.as_ref().is_err_and(|error| format!("{error:?}").contains(variant));
            rows += 1;
            if !is_as_named || found != expected {
                wrong.push(format!(
                    "{defect:?}/{id}\n  expected {expected:?}\n  found    {found:?}"
                ));
            }
        });
    }
    assert_no_row_is_wrong(rows, &wrong);
}

/// The control: without a defect it is the EKU alone that decides, and each relaxation lets it pass.
#[test]
fn without_another_defect_the_same_wrong_ekus_pass_relaxed_and_are_refused_under_rfc5280() {
    let keys = Keys::new();
    let (mut wrong, mut rows) = (vec![], 0);
    for_every_relaxation(|role, relaxation, ekus, id| {
        let twin = Twin::new(&keys, Nothing, ekus);
        let relaxed = verifier(role, Nothing, &twin, relaxation.policy, relaxation.whom.clone());
        let strict = verifier(role, Nothing, &twin, EkuPolicy::rfc5280(), Whom::Nobody);
        let (relaxed, strict) = (ask(&relaxed, Nothing, &twin), ask(&strict, Nothing, &twin));
        let passes = relaxed.0.is_ok() && matches!(relaxed.1, Ok(EkuOutcome::Relaxed(_)));
        let is_refused =
            matches!(&strict.1, Err((RefusalClass::Eku, error)) if strict.0 == Err(error.clone()));
        rows += 1;
        if !passes || !is_refused {
            wrong.push(format!("{id}\n  relaxed {relaxed:?}\n  strict  {strict:?}"));
        }
    });
    assert_no_row_is_wrong(rows, &wrong);
}

/// The alerts of the defects that have one of their own (FACTS.md, 1.14, and rustls' `AlertDescription::from`).
const ALERTS: [(Defect, AlertDescription); 12] = [
    (LeafBadSignature, AlertDescription::DecryptError),
    (UnknownRoot, AlertDescription::UnknownCA),
    (LeafExpired, AlertDescription::CertificateExpired),
    (LeafNotYetValid, AlertDescription::CertificateExpired),
    (CaAsLeaf, AlertDescription::CertificateUnknown),
    (PathTooLong, AlertDescription::CertificateUnknown),
    (NameExcluded, AlertDescription::CertificateUnknown),
    (WrongServerName, AlertDescription::BadCertificate),
    (NotAllowed, AlertDescription::AccessDenied),
    (LeafRevoked, AlertDescription::CertificateRevoked),
    (LeafStatusUnknown, AlertDescription::UnknownCA),
    (CrlBadSignature, AlertDescription::HandshakeFailure),
];

#[test]
fn on_the_wire_too_the_error_is_the_twins_and_the_alert_tells_it_to_the_peer() {
    let keys = Keys::new();
    let (mut wrong, mut rows) = (vec![], 0);
    let cases =
        ROLES.into_iter().flat_map(|role| ALERTS.map(|(defect, alert)| (role, defect, alert)));
    for (role, defect, alert) in cases.filter(|(role, defect, _)| defect.is_for(*role)) {
        let right_twin = Twin::new(&keys, defect, &Ekus::right());
        let strict = verifier(role, defect, &right_twin, EkuPolicy::rfc5280(), Whom::Nobody);
        let expected = strict.decide(&right_twin.chain, name(defect), unix(NOW)).map_err(Exact);
        let twin = Twin::new(&keys, defect, &Ekus::wrong(Place::Everywhere, &Eku::code_signing()));
        for stack in stacks() {
            let whom = Whom::Named(PeerRule::dns_name(NAME).unwrap());
            let relaxed = verifier(role, defect, &twin, EkuPolicy::ignore(), whom);
            let key = PrivateKeyDer::Pkcs8(keys.leaf.serialize_der().into());
            let (verifying, presenting) =
                meet(&stack, relaxed, (twin.chain.clone(), key), name(defect));
            rows += 1;
            let received =
                presenting.as_ref().is_err_and(|error| *error == Error::AlertReceived(alert));
            if verifying != expected || !received {
                let id = format!("{role}/{defect:?}/{}", stack.name);
                wrong.push(format!(
                    "{id}: {expected:?}\n  verifying {verifying:?}\n  presenting {presenting:?}"
                ));
            }
        }
    }
    assert_no_row_is_wrong(rows, &wrong);
}

/// Our configuration with this verifier meets stock rustls, which presents what it is given. How it ended for the one
/// that verifies and for the one that presents.
fn meet(
    stack: &Stack,
    verifier: Verifier,
    presented: (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>),
    name: &str,
) -> (Result<(), Exact>, Result<(), Error>) {
    let Stack { provider, version, .. } = stack;
    let clock = Arc::new(Clock::default());
    let (verifying, presenting) = match verifier {
        Verifier::Clients(clients) => {
            let site_root = Ca::root_named("site");
            let (chain, key) = site_root.leaf(LeafSpec::new("site").dns(NAME)).credentials(&[]);
            let slot = ServerSlot::builder().time_provider(clock.clone());
            let site = Credentials::from_der(chain, key, provider).unwrap();
            let mut server =
                server_config(provider, slot.build_with(site).unwrap(), clients).unwrap();
            server.time_provider = clock;
            let client = stock_client(provider, &[version], &[site_root.der()], Some(presented));
            let Outcome { server, client } = handshake(server, client, name);
            (server, client)
        }
        Verifier::Servers(servers) => {
            let server = stock_server(provider, &[version], presented, None);
            let mut client = client_config(provider, ClientSlot::empty(), servers).unwrap();
            client.time_provider = clock;
            let Outcome { server, client } = handshake(server, client, name);
            (client, server)
        }
    };
    (verifying.map(drop).map_err(Exact), presenting.map(drop))
}
