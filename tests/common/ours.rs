//! A verifier of either role behind one face, so that a table can have the role as a column.

use std::fmt;
use std::sync::{Arc, Mutex};

use super::clock::Clock;
use super::pki::{Ca, Leaf, LeafSpec};
use super::tls::{
    Outcome, Side, Stack, handshake, provider, server_name, stock_client, stock_server,
};
use mtls_roles::{
    ClientPeerVerifier, ClientSlot, Credentials, Crls, EkuPolicy, EkuViolation, Error, Expiry,
    KeptCrl, NothingPresented, Observer, PeerRule, PeerVerifier, PeerVerifierBuilder, Published,
    Refusal, RefusalClass, ReloadReport, Role, Roots, ServerPeerVerifier, ServerSlot,
    SignatureMemo, SlotBuilder, VerifiedPeer, client_config, server_config,
};
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, CertificateRevocationListDer, PrivateKeyDer, UnixTime};
use rustls::server::danger::ClientCertVerifier;
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{ClientConfig, ServerConfig};

pub const ROLES: [Role; 2] = [Role::Server, Role::Client];

/// Whose EKU may be wrong.
#[derive(Clone, Default)]
pub enum Whom {
    #[default]
    Nobody,
    Named(PeerRule),
    AnyPrivatePeer,
}

/// What both verifiers can be told.
#[derive(Clone, Default)]
pub struct Setup {
    pub policy: EkuPolicy,
    pub relax_for: Whom,
    /// Without any, revocation is not checked.
    pub crls: Vec<CertificateRevocationListDer<'static>>,
    pub choices: Choices,
    /// Clients only: who may connect.
    pub allow: Option<PeerRule>,
    pub allow_anybody: bool,
    /// With `stock_path_checks()` and `stock_revocation()`.
    pub is_stock: bool,
    pub memo: Memo,
    pub observer: Option<Arc<dyn Observer>>,
}

/// Where good signatures are remembered.
#[derive(Clone, Default)]
pub enum Memo {
    #[default]
    Own,
    Shared(SignatureMemo),
    Nowhere,
}

/// How revocation is checked; all false is our default.
#[derive(Clone, Copy, Debug, Default)]
pub struct Choices {
    pub only_end_entity: bool,
    pub allow_unknown: bool,
    pub allow_expired: bool,
}

impl Choices {
    /// The defaults of rustls.
    pub const OF_RUSTLS: Self =
        Self { only_end_entity: false, allow_unknown: false, allow_expired: true };
}

impl Setup {
    pub fn build(
        &self,
        role: Role,
        roots: &Roots,
        provider: &CryptoProvider,
    ) -> Result<Verifier, Error> {
        Ok(match role {
            Role::Server => Verifier::Servers(self.servers(roots, provider)?),
            Role::Client => Verifier::Clients(self.clients(roots, provider)?),
        })
    }

    pub fn clients(
        &self,
        roots: &Roots,
        provider: &CryptoProvider,
    ) -> Result<ClientPeerVerifier, Error> {
        // Some tests have ten thousand roots.
        let builder = ClientPeerVerifier::builder(roots.clone(), provider).send_no_root_hints();
        let mut builder = self.told_to(builder)?;
        if let Some(rule) = self.allow.clone() {
            builder = builder.allow(rule);
        }
        match self.allow_anybody {
            true => builder.allow_anybody_with_a_public_certificate().build(),
            false => builder.build(),
        }
    }

    pub fn servers(
        &self,
        roots: &Roots,
        provider: &CryptoProvider,
    ) -> Result<ServerPeerVerifier, Error> {
        self.told_to(ServerPeerVerifier::builder(roots.clone(), provider))?.build()
    }

    fn told_to<V: PeerVerifier>(
        &self,
        builder: PeerVerifierBuilder<V>,
    ) -> Result<PeerVerifierBuilder<V>, Error> {
        let mut builder = builder.eku_policy(self.policy);
        builder = match self.relax_for.clone() {
            Whom::Nobody => builder,
            Whom::Named(rule) => builder.relax_for(rule),
            Whom::AnyPrivatePeer => builder.relax_for_any_peer_of_these_private_roots(),
        };
        if !self.crls.is_empty() {
            builder = builder.crls(Crls::from_der(self.crls.clone())?);
        }
        if self.choices.only_end_entity {
            builder = builder.only_check_end_entity_revocation();
        }
        if self.choices.allow_unknown {
            builder = builder.allow_unknown_revocation_status();
        }
        if self.choices.allow_expired {
            builder = builder.allow_expired_crls();
        }
        if self.is_stock {
            builder = builder.stock_path_checks();
            // Which is stock's default; what else stock lets one choose is ours.
            if self.choices.allow_expired {
                builder = builder.stock_revocation();
            }
        }
        builder = match self.memo.clone() {
            Memo::Own => builder,
            Memo::Shared(memo) => builder.memo(memo),
            Memo::Nowhere => builder.without_memo(),
        };
        Ok(match self.observer.clone() {
            None => builder,
            Some(observer) => builder.observer(observer),
        })
    }
}

/// Decides about peers in one role.
pub enum Verifier {
    Clients(ClientPeerVerifier),
    Servers(ServerPeerVerifier),
}

impl Verifier {
    /// Outside a handshake; a client is asked for no name.
    pub fn verify(
        &self,
        chain: &[CertificateDer<'_>],
        name: &str,
        now: UnixTime,
    ) -> Result<VerifiedPeer, Refusal> {
        match self {
            Self::Clients(clients) => clients.verify(Some(chain), now),
            Self::Servers(servers) => servers.verify(Some(chain), &server_name(name), now),
        }
    }

    /// As rustls asks in a handshake, through its trait.
    pub fn decide(
        &self,
        chain: &[CertificateDer<'_>],
        name: &str,
        now: UnixTime,
    ) -> Result<(), rustls::Error> {
        match self {
            Self::Clients(clients) => decide_client(clients, chain, now),
            Self::Servers(servers) => decide_server(servers, chain, name, now),
        }
    }
}

/// Stock rustls presents something to a peer with our verifier, at what the clock shows: how it ended for the one that
/// verifies, and for the one that presents.
pub fn meet(
    stack: &Stack,
    clock: &Clock,
    verifier: &Verifier,
    (chain, key): (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>),
    name: &str,
) -> [Result<Side, rustls::Error>; 2] {
    let key = stack.provider.key_provider.load_private_key(key).unwrap();
    meet_holding(stack, clock, verifier, CertifiedKey::new(chain, key), name)
}

/// The same, with whatever key for the chain.
pub fn meet_holding(
    Stack { provider, version, .. }: &Stack,
    clock: &Clock,
    verifier: &Verifier,
    presented: CertifiedKey,
    name: &str,
) -> [Result<Side, rustls::Error>; 2] {
    let (versions, presented) = ([*version], Arc::new(SingleCertAndKey::from(presented)));
    let site_root = Ca::root_named("site");
    let site = site_root.leaf(LeafSpec::new("site").dns("site.example")).credentials(&[]);
    let mut client = stock_client(provider, &versions, &[site_root.der()], None);
    match verifier {
        Verifier::Clients(clients) => {
            let clients = Some(Arc::new(clients.clone()) as _);
            let mut server = stock_server(provider, &versions, site, clients);
            server.time_provider = Arc::new(clock.clone());
            client.client_auth_cert_resolver = presented;
            let Outcome { server, client } = handshake(server, client, "site.example");
            [server, client]
        }
        Verifier::Servers(servers) => {
            let mut server = stock_server(provider, &versions, site, None);
            server.cert_resolver = presented;
            client.dangerous().set_certificate_verifier(Arc::new(servers.clone()));
            client.time_provider = Arc::new(clock.clone());
            let Outcome { server, client } = handshake(server, client, name);
            [client, server]
        }
    }
}

/// What any verifier of clients says, ours or stock.
pub fn decide_client(
    clients: &dyn ClientCertVerifier,
    chain: &[CertificateDer<'_>],
    now: UnixTime,
) -> Result<(), rustls::Error> {
    clients.verify_client_cert(&chain[0], &chain[1..], now).map(drop)
}

/// What any verifier of servers says, ours or stock.
pub fn decide_server(
    servers: &dyn ServerCertVerifier,
    chain: &[CertificateDer<'_>],
    name: &str,
    now: UnixTime,
) -> Result<(), rustls::Error> {
    let verified = servers.verify_server_cert(&chain[0], &chain[1..], &server_name(name), &[], now);
    verified.map(drop)
}

/// A rule from its text.
pub fn rule(text: &str) -> PeerRule {
    text.parse().unwrap_or_else(|error| panic!("{error}"))
}

/// With the provider for tests that are not about providers.
pub fn clients(roots: &Roots) -> PeerVerifierBuilder<ClientPeerVerifier> {
    ClientPeerVerifier::builder(roots.clone(), &provider())
}

pub fn servers(roots: &Roots) -> PeerVerifierBuilder<ServerPeerVerifier> {
    ServerPeerVerifier::builder(roots.clone(), &provider())
}

pub fn roots<'a>(of: impl IntoIterator<Item = &'a Ca>) -> Roots {
    Roots::from_der(of.into_iter().map(Ca::der)).unwrap()
}

/// The leaf with its key, and the certificates of these issuers.
pub fn credentials(leaf: &Leaf, issuers: &[&Ca]) -> Credentials {
    Credentials::from_der(leaf.chain(issuers), leaf.key_der(), &provider()).unwrap()
}

/// At `NOW` on the clock of the tests.
pub fn server_slot() -> SlotBuilder<ServerSlot> {
    ServerSlot::builder().time_provider(Arc::new(Clock::default()))
}

pub fn client_slot() -> SlotBuilder<ClientSlot> {
    ClientSlot::builder().time_provider(Arc::new(Clock::default()))
}

/// Both ends as the crate configures them, on this clock.
pub fn configs(
    stack: &Stack,
    clock: &Clock,
    (server, clients): (&ServerSlot, &ClientPeerVerifier),
    (client, servers): (&ClientSlot, &ServerPeerVerifier),
) -> (ServerConfig, ClientConfig) {
    let provider = stack.provider_of_version();
    let mut accept = server_config(&provider, server.clone(), clients.clone()).unwrap();
    let mut connect = client_config(&provider, client.clone(), servers.clone()).unwrap();
    accept.time_provider = Arc::new(clock.clone());
    connect.time_provider = Arc::new(clock.clone());
    (accept, connect)
}

/// One thing that an observer hears.
#[derive(Clone, Debug)]
pub enum Event {
    Accepted(Role),
    Relaxed(VerifiedPeer),
    Refused(Role, RefusalClass, Option<EkuViolation>),
    /// Of a slot or a reloader, in words.
    OfSlot(String),
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Accepted(role) => write!(f, "accepted {role}"),
            Self::Relaxed(peer) => {
                let names: Vec<_> = peer.alt_names().iter().map(ToString::to_string).collect();
                let violation = peer.eku().violation().expect("something was wrong");
                write!(f, "relaxed {} {}: {violation}", peer.role(), names.join(" "))
            }
            Self::Refused(role, class, _) => write!(f, "refused {role} {class:?}"),
            Self::OfSlot(words) => f.write_str(words),
        }
    }
}

/// Remembers what verifiers and slots tell.
#[derive(Default)]
pub struct Heard(Mutex<Vec<Event>>);

impl Heard {
    /// What was heard since the last call.
    pub fn take(&self) -> Vec<Event> {
        std::mem::take(&mut self.0.lock().unwrap())
    }

    /// The same, in words.
    pub fn lines(&self) -> Vec<String> {
        self.take().iter().map(ToString::to_string).collect()
    }

    fn note(&self, event: Event) {
        self.0.lock().unwrap().push(event);
    }
}

impl Observer for Heard {
    fn accepted(&self, role: Role) {
        self.note(Event::Accepted(role));
    }

    fn relaxed(&self, peer: &VerifiedPeer) {
        self.note(Event::Relaxed(peer.clone()));
    }

    fn refused(&self, refusal: &Refusal) {
        let violation = refusal.violation().cloned();
        self.note(Event::Refused(refusal.role(), refusal.class(), violation));
    }

    fn published(&self, published: &Published<'_>) {
        let Published { role, leaf, eku, is_combined, notes, .. } = published;
        let (subject, kind) = (leaf.subject(), if *is_combined { "combined" } else { "single" });
        self.note(Event::OfSlot(format!("published as {role}: {subject}, {eku:?}, {kind}")));
        notes.iter().for_each(|note| self.note(Event::OfSlot(format!("note: {note}"))));
    }

    fn publish_refused(&self, role: Role, error: &Error) {
        self.note(Event::OfSlot(format!("refused as {role}: {error}")));
    }

    fn load_failed(&self, role: Role, error: &Error) {
        self.note(Event::OfSlot(format!("not loaded as {role}: {error}")));
    }

    fn cleared(&self, role: Role) {
        self.note(Event::OfSlot(format!("cleared as {role}")));
    }

    fn nothing_presented(&self, role: Role, reason: NothingPresented) {
        self.note(Event::OfSlot(format!("nothing as {role}: {reason}")));
    }

    fn crl_kept(&self, role: Role, kept: &KeptCrl) {
        self.note(Event::OfSlot(format!("kept for {role}s: {kept}")));
    }

    fn reloaded(&self, report: &ReloadReport) {
        self.note(Event::OfSlot(format!("reloaded {report}")));
    }

    fn reload_failed(&self, error: &Error) {
        self.note(Event::OfSlot(format!("failed {error}")));
    }

    fn expiring(&self, expiry: &Expiry) {
        self.note(Event::OfSlot(format!("expiring {expiry}")));
    }
}
