//! A representative part of the EKU matrix over TCP: TLS 1.2 and 1.3, aws-lc-rs and ring, with the exact error at the end
//! that verifies and the alert at the end that presents.
//!
//! Two wirings: our configurations facing stock rustls, and stock rustls verifying what our slots present. Slots under `EkuPolicy::ignore()` present what is unfit.

use std::sync::Arc;

use crate::chains::{Chain, Chains, NAME, Shape};
use crate::common::clock::{Clock, NOW, unix};
use crate::common::errors::{Exact, assert_no_row_is_wrong};
use crate::common::ours::{ROLES, Setup};
use crate::common::pki::{Ca, Eku, Leaf, LeafSpec};
use crate::common::tls::{
    Outcome, Side, Stack, handshake, stacks, stock_client, stock_client_verifier, stock_server,
};
use crate::oracle::{Policy, Verdict, expect};
use mtls_roles::{
    ClientPeerVerifier, ClientSlot, Credentials, EkuPolicy, Role, Roots, ServerPeerVerifier,
    ServerSlot, client_config, server_config, without_resumption,
};
use rustls::server::danger::ClientCertVerifier;
use rustls::{
    AlertDescription, CertificateError, ClientConfig, Error, HandshakeKind, ServerConfig,
};

/// Every EKU on a leaf, every EKU on an intermediate, and two intermediates that differ; each is judged in both roles.
const PART: [&str; 26] = [
    "none",
    "server",
    "client",
    "both",
    "any",
    "server+any",
    "code",
    "email",
    "critical-server",
    "critical-client",
    "empty",
    "both<-none",
    "both<-server",
    "both<-client",
    "both<-both",
    "both<-any",
    "both<-code",
    "both<-empty",
    "none<-server",
    "server<-server",
    "server<-client",
    "client<-server",
    "both<-none<-server",
    "both<-server<-client",
    "both<-client<-server",
    "server<-both<-client",
];

#[test]
fn our_configurations_facing_stock_rustls_end_as_the_matrix_says_at_both_ends() {
    for_every_row(&Policy::PRESETS, |row| {
        let Stack { provider, version, .. } = row.stack;
        let presented = row.world.chains.credentials(row.chain);
        Some(match row.role {
            Role::Client => {
                let server = row.world.paved_server(row.stack, row.clients());
                let site = [row.world.site_root.der()];
                handshake(server, stock_client(provider, &[version], &site, Some(presented)), NAME)
            }
            Role::Server => {
                let server = stock_server(provider, &[version], presented, None);
                handshake(server, paved_client(row.stack, ClientSlot::empty(), row.servers()), NAME)
            }
        })
    });
}

#[test]
fn stock_rustls_verifying_what_our_slots_present_ends_as_rfc5280_at_both_ends() {
    for_every_row(&[Policy::Rfc5280], |row| {
        let Stack { provider, version, .. } = row.stack;
        let presented = row.presented_by_a_slot()?;
        let (site, roots) = (row.world.site.credentials(&[]), [row.world.chains.root.der()]);
        Some(match row.role {
            Role::Client => {
                let clients = stock_client_verifier(provider, &roots, []);
                let server = stock_server(provider, &[version], site, Some(clients));
                let servers = row.world.site_servers(row.stack);
                handshake(server, paved_client(row.stack, client_slot(presented), servers), NAME)
            }
            Role::Server => {
                let clients = Arc::new(row.world.site_clients(row.stack));
                let server = server_by_hand(row.stack, server_slot(presented), clients);
                handshake(server, stock_client(provider, &[version], &roots, Some(site)), NAME)
            }
        })
    });
}

/// Holds both ends of every handshake against the oracle; a row without a handshake is one that no slot presents.
fn for_every_row(policies: &[Policy], connect: impl Fn(&Row<'_>) -> Option<Outcome>) {
    let world = World::new();
    let (mut wrong, mut rows) = (vec![], 0);
    for stack in &stacks() {
        for (role, policy, chain) in ROLES.iter().flat_map(|role| world.rows(*role, policies)) {
            let row = Row { role, policy, chain, stack, world: &world };
            match connect(&row) {
                Some(outcome) => wrong.extend(row.judge(outcome)),
                None => assert!(chain.path.contains(&Shape::Empty), "{}", row.id()),
            }
            rows += 1;
        }
    }
    assert_no_row_is_wrong(rows, &wrong);
    let columns = |role| policies.iter().filter(move |policy| policy.is_for(role)).count();
    let columns = columns(Role::Client) + columns(Role::Server);
    assert_eq!(rows, stacks().len() * PART.len() * columns, "a row is missing");
}

/// The chains, and a site that is as it should be, for the other direction.
struct World {
    chains: Chains,
    roots: Roots,
    site_root: Ca,
    site_roots: Roots,
    site: Leaf,
}

struct Row<'a> {
    role: Role,
    policy: Policy,
    chain: &'a Chain,
    stack: &'a Stack,
    world: &'a World,
}

impl World {
    fn new() -> Self {
        let (chains, site_root) = (Chains::new(), Ca::root_named("site root"));
        Self {
            roots: Roots::from_der([chains.root.der()]).unwrap(),
            site: site_root.leaf(LeafSpec::new("site").dns(NAME).eku(Eku::both())),
            site_roots: Roots::from_der([site_root.der()]).unwrap(),
            site_root,
            chains,
        }
    }

    fn rows(&self, role: Role, policies: &[Policy]) -> Vec<(Role, Policy, &Chain)> {
        let policies = policies.iter().filter(|policy| policy.is_for(role));
        policies.flat_map(|policy| PART.map(|id| (role, *policy, self.chains.get(id)))).collect()
    }

    fn site_credentials(&self, stack: &Stack) -> Credentials {
        let (chain, key) = self.site.credentials(&[]);
        Credentials::from_der(chain, key, &stack.provider).unwrap()
    }

    fn site_clients(&self, stack: &Stack) -> ClientPeerVerifier {
        Setup::default().clients(&self.site_roots, &stack.provider).unwrap()
    }

    fn site_servers(&self, stack: &Stack) -> ServerPeerVerifier {
        Setup::default().servers(&self.site_roots, &stack.provider).unwrap()
    }

    /// As `server_config` makes it, but for the clock.
    fn paved_server(&self, stack: &Stack, clients: ClientPeerVerifier) -> ServerConfig {
        let slot = server_slot(self.site_credentials(stack));
        let mut config = server_config(&stack.provider, slot, clients).unwrap();
        config.time_provider = Arc::new(Clock::default());
        config
    }
}

/// As `client_config` makes it, but for the clock.
fn paved_client(stack: &Stack, slot: ClientSlot, servers: ServerPeerVerifier) -> ClientConfig {
    let mut config = client_config(&stack.provider, slot, servers).unwrap();
    config.time_provider = Arc::new(Clock::default());
    config
}

/// The paved path takes both TLS versions; where both ends are ours, one must choose.
fn server_by_hand(
    stack: &Stack,
    slot: ServerSlot,
    clients: Arc<dyn ClientCertVerifier>,
) -> ServerConfig {
    let clock = Arc::new(Clock::default());
    let mut config = ServerConfig::builder_with_details(stack.provider.clone(), clock)
        .with_protocol_versions(&[stack.version])
        .unwrap()
        .with_client_cert_verifier(clients)
        .with_cert_resolver(Arc::new(slot));
    without_resumption(&mut config);
    config
}

fn server_slot(credentials: Credentials) -> ServerSlot {
    let slot = ServerSlot::builder().eku_policy(EkuPolicy::ignore());
    let slot = slot.time_provider(Arc::new(Clock::default()));
    slot.build_with(credentials).unwrap()
}

fn client_slot(credentials: Credentials) -> ClientSlot {
    let slot = ClientSlot::builder().eku_policy(EkuPolicy::ignore());
    let slot = slot.time_provider(Arc::new(Clock::default()));
    slot.build_with(credentials).unwrap()
}

impl Row<'_> {
    fn id(&self) -> String {
        format!("{}/{}/{:?}/{}", self.role, self.chain.id, self.policy, self.stack.name)
    }

    fn clients(&self) -> ClientPeerVerifier {
        self.policy.setup().clients(&self.world.roots, &self.stack.provider).unwrap()
    }

    fn servers(&self) -> ServerPeerVerifier {
        self.policy.setup().servers(&self.world.roots, &self.stack.provider).unwrap()
    }

    /// No slot presents an EKU that is empty, not even under `ignore()`.
    fn presented_by_a_slot(&self) -> Option<Credentials> {
        let (chain, key) = self.world.chains.credentials(self.chain);
        let credentials = Credentials::from_der(chain, key, &self.stack.provider).unwrap();
        (!self.chain.path.contains(&Shape::Empty)).then_some(credentials)
    }

    /// What is wrong with the row, if anything is.
    fn judge(&self, outcome: Outcome) -> Option<String> {
        let (verifying, presenting) = match self.role {
            Role::Client => (outcome.server, outcome.client),
            Role::Server => (outcome.client, outcome.server),
        };
        let expected = expect(self.role, self.policy, &self.chain.path);
        let is_right = match (expected.error(), &verifying, &presenting) {
            (None, Ok(verifying), Ok(presenting)) => {
                self.is_full(verifying)
                    && self.is_full(presenting)
                    && self.is_known(verifying, &expected)
            }
            (Some(expected), Err(error), Err(Error::AlertReceived(alert))) => {
                *expected == Exact(error.clone()) && *alert == alert_of(error)
            }
            _ => false,
        };
        (!is_right).then(|| {
            format!("{}\n  expected {expected:?}\n  verifying {verifying:?}\n  presenting {presenting:?}", self.id())
        })
    }

    fn is_full(&self, side: &Side) -> bool {
        side.echoed
            && side.handshake_kind == HandshakeKind::Full
            && side.protocol_version == self.stack.version.version
    }

    /// Whether a handler that asks who it is gets the verdict of the handshake.
    fn is_known(&self, side: &Side, expected: &Verdict) -> bool {
        let chain = side.peer_certificates.as_deref().unwrap_or_default();
        let verifier =
            self.policy.setup().build(self.role, &self.world.roots, &self.stack.provider);
        let peer = verifier.unwrap().verify(chain, NAME, unix(NOW));
        chain == self.chain.ders && peer.is_ok_and(|peer| Verdict::from(peer.eku()) == *expected)
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
