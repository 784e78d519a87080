//! The stage: an edge and a core, and the calls between them.

use std::error::Error;
use std::sync::Arc;

use mtls_roles::{
    ClientPeerVerifier, ClientSlot, Credentials, EkuPolicy, ServerPeerVerifier, ServerSlot,
    client_config, server_config,
};
use rcgen::ExtendedKeyUsagePurpose;
use rustls::ServerConfig;
use rustls::crypto::CryptoProvider;

use crate::clock::Clock;
use crate::pki::{CLIENT_ONLY, Ca, SERVER_ONLY};
use crate::policy::Policy;
use crate::row::{Row, Verdict, Witness};
use crate::table::{describe, found};
use crate::wire;

/// The two CAs, and the time.
pub struct Stage {
    pub provider: Arc<CryptoProvider>,
    pub clock: Clock,
    pub public: Ca,
    pub private: Ca,
}

impl Stage {
    pub fn new() -> Result<Self, Box<dyn Error>> {
        Ok(Self {
            provider: Arc::new(rustls::crypto::aws_lc_rs::default_provider()),
            clock: Clock::default(),
            public: Ca::public()?,
            private: Ca::private()?,
        })
    }

    /// A certificate of the edge.
    pub fn edge(
        &self,
        ca: &Ca,
        purposes: &[ExtendedKeyUsagePurpose],
    ) -> Result<Credentials, Box<dyn Error>> {
        ca.issue("edge.example.com", purposes, &self.provider)
    }

    /// A client slot that would present a certificate of any purpose: what the peer thinks of it
    /// is the question. By default a slot refuses what is unfit for its role.
    pub fn presents_anything(
        &self,
        credentials: Credentials,
    ) -> Result<ClientSlot, Box<dyn Error>> {
        let slot = ClientSlot::builder().eku_policy(EkuPolicy::ignore());
        let slot = slot.time_provider(self.clock.shared());
        Ok(slot.build_with(credentials)?)
    }

    /// The core as a server, whose clients have to come from this CA.
    pub fn core(&self, clients: &Ca, policy: Policy) -> Result<Core<'_>, Box<dyn Error>> {
        let witness = Arc::new(Witness::default());
        let verifier = ClientPeerVerifier::builder(clients.roots()?, &self.provider);
        let verifier = policy.apply(verifier).observer(witness.clone());
        let own = self.public.issue("core.example.com", SERVER_ONLY, &self.provider)?;
        let slot = ServerSlot::builder().time_provider(self.clock.shared());
        let mut accept = server_config(&self.provider, slot.build_with(own)?, verifier.build()?)?;
        accept.time_provider = self.clock.shared();
        Ok(Core { stage: self, accept: Arc::new(accept), policy, witness })
    }

    /// The other direction: the core calls the edge, and verifies it as a server by its name.
    pub fn core_calls(
        &self,
        scenario: &'static str,
        edge: &ServerSlot,
        promised: Verdict,
    ) -> Result<Row, Box<dyn Error>> {
        let clients = ClientPeerVerifier::builder(self.private.roots()?, &self.provider).build()?;
        let mut accept = server_config(&self.provider, edge.clone(), clients)?;
        accept.time_provider = self.clock.shared();
        let own = self.private.issue("core.example.com", CLIENT_ONLY, &self.provider)?;
        let slot = ClientSlot::builder().time_provider(self.clock.shared());
        let witness = Arc::new(Witness::default());
        let servers = ServerPeerVerifier::builder(self.public.roots()?, &self.provider);
        let servers = servers.observer(witness.clone()).build()?;
        let mut connect = client_config(&self.provider, slot.build_with(own)?, servers)?;
        connect.time_provider = self.clock.shared();
        let (server, client) =
            wire::connect(accept.into(), connect, "edge.example.com".try_into()?)?;
        let presented = edge.credentials().ok_or("the slot is empty")?;
        let policy = Policy::default();
        witness.row((scenario, promised), presented, &policy, self.clock.now(), (client, server))
    }

    /// No connection: a slot is asked to take other credentials.
    pub fn swap(
        &self,
        scenario: &'static str,
        slot: &ClientSlot,
        new: Credentials,
        promised: Verdict,
    ) -> Result<Row, Box<dyn Error>> {
        let presented = describe(&new);
        let (verdict, why) = match slot.swap(new) {
            Ok(_) => (Verdict::Accepted, "fit for its role".to_owned()),
            Err(mtls_roles::Error::Unfit { needed, found: has, .. }) => {
                (Verdict::Refused, format!("found {}, needed is {needed}", found(has.as_deref())))
            }
            Err(other) => return Err(other.into()),
        };
        Ok(Row {
            scenario,
            presented,
            policy: format!("{} (the slot's default)", slot.eku_policy()),
            promised,
            verdict,
            why,
            alert: None,
        })
    }
}

/// A server that stays the same from call to call.
pub struct Core<'a> {
    stage: &'a Stage,
    accept: Arc<ServerConfig>,
    policy: Policy,
    witness: Arc<Witness>,
}

impl Core<'_> {
    /// The edge calls, or somebody who presents what is in this slot.
    pub fn is_called(
        &self,
        scenario: &'static str,
        slot: &ClientSlot,
        promised: Verdict,
    ) -> Result<Row, Box<dyn Error>> {
        let Stage { provider, public, clock, .. } = self.stage;
        let servers = ServerPeerVerifier::builder(public.roots()?, provider).build()?;
        let mut connect = client_config(provider, slot.clone(), servers)?;
        connect.time_provider = clock.shared();
        let name = "core.example.com".try_into()?;
        let ends = wire::connect(self.accept.clone(), connect, name)?;
        let presented = slot.credentials().ok_or("the slot is empty")?;
        self.witness.row((scenario, promised), presented, &self.policy, clock.now(), ends)
    }
}
