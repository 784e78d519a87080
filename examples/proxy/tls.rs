//! [`Tls`]: the certificates, roots, lists and policies of a tunnel, which follow their files.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use mtls_roles::{
    ClientPeerVerifier, ClientSide, ClientSlot, Credentials, EkuPolicy, Error, Files, Follower,
    Generation, Observer, PeerVerifier, PeerVerifierBuilder, Reloader, Roots, ServerPeerVerifier,
    ServerSide, ServerSlot, SignatureMemo, without_resumption,
};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ServerConfig};

use crate::common::printable;
use crate::config::{Accept, ClientAuth, Failure, Originate, Pair, Place, Spanned, Text, Tunnel};
use crate::refused::KeepsRefusals;
use crate::secret;
use crate::words;

/// Both sides of a tunnel, as far as they have TLS. Each follows its own files.
pub struct Tls {
    accept: Option<Reloader<ServerSide, ()>>,
    originate: Option<(Reloader<(), ClientSide>, ServerName<'static>)>,
}

/// What outlives tunnels.
#[derive(Clone)]
pub struct Shared {
    pub provider: Arc<CryptoProvider>,
    pub memo: SignatureMemo,
}

/// For one connection: of one generation.
pub struct Accepting {
    pub config: Arc<ServerConfig>,
    pub clients: ClientPeerVerifier,
}

/// For one connection: of one generation.
pub struct Originating {
    pub config: Arc<ClientConfig>,
    pub servers: ServerPeerVerifier,
    pub name: ServerName<'static>,
}

impl Tls {
    /// Reads everything for the first time. `observer` hears what changes later.
    ///
    /// # Errors
    ///
    /// Something cannot be read, is unfit or contradicts itself; with its place in the file.
    pub fn new(
        tunnel: &Tunnel,
        place: &Place,
        shared: &Shared,
        observer: &Arc<dyn Observer>,
    ) -> Result<Self, Failure> {
        let accept = tunnel.accept.as_ref().map(|accept| {
            let (step, shared) = (Step::new(accept.span()), shared.clone());
            let files = accept.get_ref().files();
            let (accept, at) = (accept.get_ref().clone(), step.clone());
            let recipe = move |files: &mut Files| serve(files, &accept, &shared, &at);
            let built = Reloader::builder().observer(observer.clone()).build(recipe);
            built.map_err(|error| step.failure(place, &files, &error))
        });
        let originate = tunnel.originate.as_ref().map(|originate| {
            let (step, shared) = (Step::new(originate.span()), shared.clone());
            let name = server_name(tunnel, originate.get_ref());
            let files = originate.get_ref().files();
            let (originate, at) = (originate.get_ref().clone(), step.clone());
            let recipe = move |files: &mut Files| call(files, &originate, &shared, &at);
            let built = Reloader::builder().observer(observer.clone()).build(recipe);
            built.map(|built| (built, name)).map_err(|error| step.failure(place, &files, &error))
        });
        Ok(Self { accept: accept.transpose()?, originate: originate.transpose()? })
    }

    pub fn accepting(&self) -> Option<Accepting> {
        let generation = self.accept.as_ref()?.current();
        Some(Accepting {
            config: generation.server_config(),
            clients: generation.clients().clone(),
        })
    }

    pub fn originating(&self) -> Option<Originating> {
        let (reloader, name) = self.originate.as_ref()?;
        let generation = reloader.current();
        let (config, servers) = (generation.client_config(), generation.servers().clone());
        Some(Originating { config, servers, name: name.clone() })
    }

    /// What we serve with, as it is now and as it does.
    pub fn serving(&self) -> Option<&Reloader<ServerSide, ()>> {
        self.accept.as_ref()
    }

    /// What we call with.
    pub fn calling(&self) -> Option<&Reloader<(), ClientSide>> {
        self.originate.as_ref().map(|(reloader, _)| reloader)
    }

    /// Looks at the files now. What is refused stays as it was, and is said here, whether it is new or
    /// not; the observer hears what is new.
    pub fn reload(&self) -> Vec<String> {
        let accept = self.accept.as_ref().map(Reloader::reload);
        let originate = self.originate.as_ref().map(|(reloader, _)| reloader.reload());
        let said = accept.into_iter().chain(originate).map(|looked| match looked {
            Ok(report) => report.refused.iter().map(words::of_refused).collect(),
            Err(error) => vec![words::of_error(&error)],
        });
        said.flatten().collect()
    }

    /// Looks at the files again and again, until what is returned is dropped.
    pub fn follow(&self, every: Duration) -> Vec<Follower> {
        let accept = self.accept.as_ref().map(|reloader| reloader.follow(every));
        let originate = self.originate.as_ref().map(|(reloader, _)| reloader.follow(every));
        accept.into_iter().chain(originate).collect()
    }
}

/// The recipe of the accepting side: we are the server.
fn serve(
    files: &mut Files,
    accept: &Accept,
    shared: &Shared,
    step: &Step,
) -> Result<Generation<ServerSide, ()>, Error> {
    let provider = &shared.provider;
    let pairs = accept.pairs();
    pairs.iter().take(1).for_each(|pair| step.at(&pair.chain));
    let slot = match (&pairs[..], &accept.present_eku) {
        ([Pair { chain, key: Some(key), password_file: None }], None) => {
            files.server_slot(chain.get_ref(), key.get_ref(), provider)?
        }
        _ => {
            let slot = ServerSlot::builder().eku_policy(own_policy(&accept.present_eku));
            files.server_slot_with(slot, |files| load(files, &pairs, provider, step))?
        }
    };
    let clients = match &accept.client_roots {
        None => nobody(provider)?,
        Some(roots) => {
            step.at(roots);
            let roots = files.roots(roots.get_ref())?;
            let mut clients = shared.outfit(ClientPeerVerifier::builder(roots, provider));
            if let Some(crls) = &accept.crls {
                step.at(crls);
                clients = clients.crls(files.crls(crls.get_ref())?);
            }
            if let Some(eku) = &accept.eku {
                step.at(eku);
                clients = clients.eku_policy(eku.get_ref().0);
            }
            clients =
                accept.relax_for.iter().fold(clients, |it, rule| it.relax_for(rule.0.clone()));
            clients = accept.allow.iter().fold(clients, |it, rule| it.allow(rule.0.clone()));
            match accept.client_auth {
                ClientAuth::Optional => clients.allow_unauthenticated().build()?,
                _ => clients.build()?,
            }
        }
    };
    let generation = Generation::new(provider).serve(slot.clone(), clients);
    let no_client_auth = ServerConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()
        .map_err(Error::Config)?
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(slot));
    let adjust = |config: &mut ServerConfig| {
        if accept.client_auth == ClientAuth::None {
            *config = no_client_auth;
            without_resumption(config);
        }
        config.alpn_protocols = alpn(&accept.alpn);
    };
    generation.adjust_server(adjust).build()
}

/// The recipe of the originating side: we are the client.
fn call(
    files: &mut Files,
    originate: &Originate,
    shared: &Shared,
    step: &Step,
) -> Result<Generation<(), ClientSide>, Error> {
    let provider = &shared.provider;
    let slot = match (originate.pair(), &originate.present_eku) {
        (None, _) => ClientSlot::empty(),
        (Some(Pair { chain, key: Some(key), password_file: None }), None) => {
            step.at(&chain);
            files.client_slot(chain.get_ref(), key.get_ref(), provider)?
        }
        (Some(pair), _) => {
            let slot = ClientSlot::builder().eku_policy(own_policy(&originate.present_eku));
            files.client_slot_with(slot, |files| load(files, &[pair], provider, step))?
        }
    };
    step.at(&originate.server_roots);
    let roots = match originate.trusts_the_web() {
        true => Roots::public_web(),
        false => files.roots(originate.server_roots.get_ref())?,
    };
    let mut servers = shared.outfit(ServerPeerVerifier::builder(roots, provider));
    if let Some(crls) = &originate.crls {
        step.at(crls);
        servers = servers.crls(files.crls(crls.get_ref())?);
    }
    if let Some(eku) = &originate.eku {
        step.at(eku);
        servers = servers.eku_policy(eku.get_ref().0);
    }
    let rules = originate.relax_for.iter();
    servers = rules.fold(servers, |it, rule| it.relax_for(rule.0.clone()));
    let rules = originate.expect.iter();
    servers = rules.fold(servers, |it, rule| it.expect_in_place_of_name(rule.0.clone()));
    let adjust = |config: &mut ClientConfig| config.alpn_protocols = alpn(&originate.alpn);
    Generation::new(provider).call(slot, servers.build()?).adjust_client(adjust).build()
}

/// Several pairs as one: judged, published and replaced together.
fn load(
    files: &mut Files,
    pairs: &[Pair],
    provider: &CryptoProvider,
    step: &Step,
) -> Result<Credentials, Error> {
    let mut all: Option<Credentials> = None;
    for pair in pairs {
        step.at(&pair.chain);
        let next = secret::credentials(files, pair, provider, |secret| step.at(secret))?;
        all = Some(match all {
            None => next,
            Some(first) => first.or(next),
        });
    }
    all.ok_or_else(|| Error::recipe("there is no certificate to present"))
}

fn own_policy(policy: &Option<Text<EkuPolicy>>) -> EkuPolicy {
    policy.as_ref().map(|policy| policy.0).unwrap_or_default()
}

/// For a server that asks for no certificate: whoever is asked who a client is says "nobody".
fn nobody(provider: &CryptoProvider) -> Result<ClientPeerVerifier, Error> {
    ClientPeerVerifier::builder(Roots::public_web(), provider)
        .allow_anybody_with_a_public_certificate()
        .allow_unauthenticated()
        .build()
}

impl Shared {
    fn outfit<V: PeerVerifier>(&self, builder: PeerVerifierBuilder<V>) -> PeerVerifierBuilder<V> {
        builder.memo(self.memo.clone()).observer(Arc::new(KeepsRefusals))
    }
}

/// The name that SNI and, without rules in its place, the certificate is for.
fn server_name(tunnel: &Tunnel, originate: &Originate) -> ServerName<'static> {
    match &originate.server_name {
        Some(name) => name.0.0.clone(),
        None => tunnel.connect.server_name(),
    }
}

fn alpn(protocols: &[Spanned<String>]) -> Vec<Vec<u8>> {
    protocols.iter().map(|protocol| protocol.get_ref().clone().into_bytes()).collect()
}

/// As errors have it.
fn name(file: &Path) -> String {
    printable(&file.display().to_string())
}

/// Which key of the file a recipe is at: where a failure has its place.
#[derive(Clone)]
struct Step(Arc<Mutex<Range<usize>>>);

impl Step {
    fn new(span: Range<usize>) -> Self {
        Self(Arc::new(Mutex::new(span)))
    }

    fn at<T>(&self, value: &Spanned<T>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = value.span();
    }

    /// Where the file is named that the error names, or else where the recipe was.
    fn failure(&self, place: &Place, files: &[Spanned<PathBuf>], error: &Error) -> Failure {
        let named = match error {
            Error::Unreadable { file, .. } | Error::FileTooLarge { file, .. } => Some(name(file)),
            Error::Missing { origin, .. }
            | Error::EncryptedKey { origin, .. }
            | Error::SeveralKeys { origin, .. }
            | Error::UnusableKey { origin, .. } => Some(origin.clone()),
            _ => None,
        };
        let is_it = |file: &&Spanned<PathBuf>| named.as_ref() == Some(&name(file.get_ref()));
        let span = files.iter().find(is_it).map(Spanned::span);
        let at = || self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        place.fails_at(span.unwrap_or_else(at), words::of_error(error))
    }
}
