//! [`Generation`]: slots, verifiers and configurations that belong together, and never change.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use rustls::crypto::CryptoProvider;
use rustls::pki_types::UnixTime;
use rustls::{ClientConfig, ServerConfig};
use time::OffsetDateTime;

use super::files::Options;
use super::sessions::{Sessions, Terms};
use super::side::{ClientSide, Ours, ServerSide, Side};
use crate::config::{client_config, server_config};
use crate::credentials::Credentials;
use crate::error::Error;
use crate::report::{Expiring, Expiry};
use crate::role::Role;
use crate::slot::{ClientSlot, ServerSlot};
use crate::verifier::{ClientPeerVerifier, ServerPeerVerifier};

/// One immutable set: what we present, what we accept, and the configurations and sessions of both.
///
/// A recipe builds it, a [`Reloader`](crate::Reloader) publishes it, whole. Take one for each
/// connection with [`current`](crate::Reloader::current), and ask it for everything that the
/// connection needs.
///
/// A service that only serves has a `Generation<ServerSide, ()>`, one that only calls a
/// `Generation<(), ClientSide>`: what is not there cannot be asked for.
///
/// ```
/// use mtls_roles::{ClientPeerVerifier, ClientSlot, Generation, Roots, ServerPeerVerifier, ServerSlot};
///
/// # let (roots, _) = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/docs/peer.rs"));
/// let provider = std::sync::Arc::new(rustls::crypto::aws_lc_rs::default_provider());
/// let roots = Roots::from_der(roots)?;
/// let clients = ClientPeerVerifier::builder(roots.clone(), &provider).build()?;
/// let servers = ServerPeerVerifier::builder(roots, &provider).build()?;
/// let (serving, calling) = (ServerSlot::empty(), ClientSlot::empty());
/// let generation = Generation::new(&provider).serve(serving.clone(), clients).call(calling, servers).build()?;
/// let accept: std::sync::Arc<rustls::ServerConfig> = generation.server_config();
///
/// // From now on every clone of its slots and verifiers is what it is.
/// assert!(serving.clear().is_err());
/// # Ok::<(), mtls_roles::Error>(())
/// ```
#[derive(Debug)]
pub struct Generation<S = ServerSide, C = ClientSide> {
    pub(super) number: u64,
    pub(super) since: OffsetDateTime,
    pub(super) provider: Arc<CryptoProvider>,
    terms: Terms,
    serve: S,
    call: C,
}

impl Generation<(), ()> {
    /// Begins one; the provider is that of its configurations.
    #[allow(clippy::new_ret_no_self)] // The recipe reads better so.
    pub fn new(provider: &Arc<CryptoProvider>) -> GenerationBuilder<(), ()> {
        let terms = Terms { within: None, most: 256, clock: None };
        GenerationBuilder { provider: provider.clone(), terms, serve: Ok(()), call: Ok(()) }
    }
}

/// Builds a [`Generation`]; see [`Generation::new`].
///
/// ```
/// use mtls_roles::{Generation, Roots, ClientSlot, ServerPeerVerifier};
///
/// let provider = std::sync::Arc::new(rustls::crypto::aws_lc_rs::default_provider());
/// let servers = ServerPeerVerifier::builder(Roots::public_web(), &provider).build()?;
/// let generation = Generation::new(&provider)
///     .call(ClientSlot::empty(), servers)
///     .adjust_client(|config| config.alpn_protocols = vec![b"h2".to_vec()])
///     .resume_within(std::time::Duration::from_secs(3_600))
///     .build()?;
/// assert_eq!(generation.client_config().alpn_protocols, [b"h2"]);
/// # Ok::<(), mtls_roles::Error>(())
/// ```
#[derive(Debug)]
#[must_use]
pub struct GenerationBuilder<S, C> {
    provider: Arc<CryptoProvider>,
    terms: Terms,
    serve: Result<S, Error>,
    call: Result<C, Error>,
}

impl<S, C> GenerationBuilder<S, C> {
    /// Serves with this slot, and verifies clients with this verifier.
    pub fn serve(
        self,
        slot: ServerSlot,
        clients: ClientPeerVerifier,
    ) -> GenerationBuilder<ServerSide, C> {
        let config = server_config(&self.provider, slot.clone(), clients.clone());
        let sessions = config.map(Sessions::new);
        let serve = sessions.map(|sessions| ServerSide { slot, clients, sessions });
        let Self { provider, terms, call, .. } = self;
        GenerationBuilder { provider, terms, serve, call }
    }

    /// Calls with this slot, and verifies servers with this verifier.
    pub fn call(
        self,
        slot: ClientSlot,
        servers: ServerPeerVerifier,
    ) -> GenerationBuilder<S, ClientSide> {
        let config = client_config(&self.provider, slot.clone(), servers.clone());
        let sessions = config.map(Sessions::new);
        let call = sessions.map(|sessions| ClientSide { slot, servers, sessions });
        let Self { provider, terms, serve, .. } = self;
        GenerationBuilder { provider, terms, serve, call }
    }

    /// Resumes sessions, for so long (whole seconds) at most and within this generation only.
    /// Default: not at all.
    ///
    /// No session outlives `most`, the end of a policy, the end of our own certificates or the
    /// nextUpdate of a list, and none crosses to another generation. A peer's own end does not end its
    /// sessions: ask who it is in the handler
    /// ([`identify`](crate::ClientPeerVerifier::identify)), resumed or not.
    pub fn resume_within(mut self, most: Duration) -> Self {
        self.terms.within = Some(most);
        self
    }

    /// How many sessions the server remembers, and of how many servers the client. Default: 256; 65,536 at
    /// most, since the room for them is taken at once, in each epoch.
    pub fn remember_sessions(mut self, most: usize) -> Self {
        self.terms.most = most.min(1 << 16);
        self
    }
}

impl<C> GenerationBuilder<ServerSide, C> {
    /// Sets what else belongs to the server's configuration: ALPN, versions. Session storage and
    /// tickets are the generation's.
    pub fn adjust_server(mut self, adjust: impl FnOnce(&mut ServerConfig)) -> Self {
        if let Ok(serve) = &mut self.serve {
            adjust(&mut serve.sessions.config);
        }
        self
    }
}

impl<S> GenerationBuilder<S, ClientSide> {
    /// Sets what else belongs to the client's configuration, as
    /// [`adjust_server`](GenerationBuilder::adjust_server).
    pub fn adjust_client(mut self, adjust: impl FnOnce(&mut ClientConfig)) -> Self {
        if let Ok(call) = &mut self.call {
            adjust(&mut call.sessions.config);
        }
        self
    }
}

impl<S: Side, C: Side> GenerationBuilder<S, C> {
    /// Builds it. From now on its slots and verifiers are sealed, all clones of them:
    /// [`swap`](ServerSlot::swap), [`clear`](ServerSlot::clear) and
    /// [`replace_crls`](ClientPeerVerifier::replace_crls) are errors.
    ///
    /// # Errors
    ///
    /// The provider has no cipher suite for the TLS versions that are compiled in.
    pub fn build(self) -> Result<Generation<S, C>, Error> {
        let (number, since) = (0, OffsetDateTime::UNIX_EPOCH);
        let Self { provider, terms, serve, call } = self;
        let (serve, call) = (serve?, call?);
        let generation = Generation { number, since, provider, terms, serve, call };
        for side in generation.sides() {
            side.slot.seal();
            side.peers.seal();
        }
        Ok(generation)
    }
}

impl<S, C> Generation<S, C> {
    /// Its number: 1 is the first one of its [`Reloader`](crate::Reloader); 0 has none.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// When it was published, UTC.
    pub fn since(&self) -> OffsetDateTime {
        self.since
    }
}

impl<S: Side, C: Side> Generation<S, C> {
    /// Those sides that are there.
    fn sides(&self) -> impl Iterator<Item = Ours<'_>> {
        [self.serve.ours(), self.call.ours()].into_iter().flatten()
    }

    /// Everything that ends, in the order in which it does: our certificates and their issuers, the
    /// roots, the revocation lists, the ends of relaxed policies.
    pub fn expiries(&self) -> Vec<Expiry> {
        let mut all: Vec<_> = self.sides().flat_map(Ours::expiries).collect();
        all.sort_by(|a, b| (a.until, a.what, &a.name).cmp(&(b.until, b.what, &b.name)));
        all.dedup();
        all
    }

    /// It is to be the current one.
    pub(super) fn publish(&mut self, number: u64, options: &Options) {
        (self.number, self.since) = (number, options.now());
        self.terms.clock = options.clock.clone();
        self.sides().for_each(|side| side.sessions.restart());
    }

    /// Another one takes its place: its sessions end.
    pub(super) fn end(&self) {
        self.sides().for_each(|side| side.sessions.end());
    }

    /// When something ends that no session must outlive, in seconds since 1970.
    fn ends(&self) -> Vec<u64> {
        let ends = self.sides().flat_map(Ours::expiries).filter(|end| end.what != Expiring::Root);
        ends.filter_map(|end| u64::try_from(end.until.unix_timestamp()).ok()).collect()
    }

    /// Who is trusted as CA here and is not there, by role of the peers.
    pub(super) fn roots_beyond(&self, other: &Self) -> Vec<(Role, String)> {
        let known: HashSet<_> = other.sides().flat_map(Ours::roots).collect();
        let roots = self.sides().flat_map(Ours::roots);
        let beyond = roots.filter(|root| !known.contains(root));
        beyond.map(|(role, name, _)| (role, name)).collect()
    }

    /// Whether our own roots lead to what we present.
    pub(super) fn check_own_chains(&self, now: UnixTime) -> Result<(), Error> {
        let sides = [(self.serve.ours(), self.call.ours()), (self.call.ours(), self.serve.ours())];
        for (ours, theirs) in sides {
            // A verifier of such peers is on the other side, if there is one.
            let (Some(ours), Some(theirs)) = (ours, theirs) else { continue };
            let (role, credentials) = (ours.slot.role(), ours.slot.credentials());
            for pair in credentials.iter().flat_map(Credentials::pairs) {
                let verified = theirs.peers.verify_path(&pair.certified.cert, now);
                verified.map_err(|refusal| {
                    let reason = refusal.to_string();
                    Error::OwnChainRefused { role, reason }
                })?;
            }
        }
        Ok(())
    }
}

impl<C: Side> Generation<ServerSide, C> {
    /// For one connection: with resumption it is another one after the end of an epoch.
    pub fn server_config(&self) -> Arc<ServerConfig> {
        self.serve.sessions.config(&self.terms, || self.ends())
    }

    /// Verifies clients; also says who one is, in a handler.
    pub fn clients(&self) -> &ClientPeerVerifier {
        &self.serve.clients
    }

    /// What we present as a server.
    pub fn server_slot(&self) -> &ServerSlot {
        &self.serve.slot
    }
}

impl<S: Side> Generation<S, ClientSide> {
    /// For one connection: with resumption it is another one after the end of an epoch.
    pub fn client_config(&self) -> Arc<ClientConfig> {
        self.call.sessions.config(&self.terms, || self.ends())
    }

    /// Verifies servers; also says who one is, in a handler.
    pub fn servers(&self) -> &ServerPeerVerifier {
        &self.call.servers
    }

    /// What we present as a client.
    pub fn client_slot(&self) -> &ClientSlot {
        &self.call.slot
    }
}
