//! [`Tunnels`]: those that run, and what a changed file makes of them.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use mtls_roles::{Follower, Observer};
use tokio::net::{TcpListener, TcpSocket};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::config::{self, Config, Failure};
use crate::drain::Drain;
use crate::metrics::Metrics;
use crate::reports::Reports;
use crate::tls::{Shared, Tls};
use crate::tunnel::{Ids, Tunnel, serve};

/// What every tunnel is made with.
#[derive(Clone)]
pub struct Workshop {
    pub shared: Shared,
    pub metrics: Arc<Metrics>,
    pub ids: Arc<Ids>,
}

/// All tunnels of the process.
pub struct Tunnels {
    workshop: Workshop,
    drain: Drain,
    running: Vec<Running>,
    shown: watch::Sender<Vec<View>>,
}

/// A tunnel, for whoever shows it.
#[derive(Clone)]
pub struct View {
    pub tunnel: Arc<Tunnel>,
    pub listening: SocketAddr,
}

struct Running {
    tunnel: watch::Sender<Arc<Tunnel>>,
    listening: SocketAddr,
    /// Its listener alone; another address gets another one.
    listener: Drain,
    accepting: JoinHandle<()>,
    /// The tunnel with its connections.
    drain: Drain,
    /// The files are looked at as long as this lives.
    following: Vec<Follower>,
}

impl Workshop {
    /// # Errors
    ///
    /// As [`Tls::new`].
    pub fn make(&self, tunnel: &config::Tunnel, config: &Config) -> Result<Tunnel, Failure> {
        let name = tunnel.name.get_ref().clone();
        let meters = self.metrics.of(&name);
        let observer: Arc<dyn Observer> =
            Arc::new(Reports { tunnel: name, meters: meters.clone() });
        let tls = Tls::new(tunnel, &config.place, &self.shared, &observer)?;
        let (config, ids, seen) = (tunnel.clone(), self.ids.clone(), Arc::default());
        Ok(Tunnel { config, tls, meters, seen, ids })
    }
}

impl Tunnels {
    /// Reads everything, binds every port, and only then accepts connections.
    ///
    /// # Errors
    ///
    /// One for each tunnel that cannot be: then none is.
    pub fn start(workshop: Workshop, config: &Config, drain: Drain) -> Result<Self, Vec<Failure>> {
        let made = config.tunnels.iter().map(|tunnel| {
            let made = workshop.make(tunnel, config)?;
            Ok((made, listen(tunnel, config)?))
        });
        let (made, failed): (Vec<_>, Vec<_>) = made.partition(Result::is_ok);
        if !failed.is_empty() {
            return Err(failed.into_iter().filter_map(Result::err).collect());
        }
        let made: Vec<_> = made.into_iter().filter_map(Result::ok).collect();
        let mut tunnels =
            Self { workshop, drain, running: vec![], shown: watch::Sender::default() };
        made.into_iter().for_each(|(tunnel, listener)| tunnels.run(tunnel, listener, config));
        tunnels.show();
        Ok(tunnels)
    }

    /// What runs, now and whenever it changes.
    pub fn shown(&self) -> watch::Receiver<Vec<View>> {
        self.shown.subscribe()
    }

    fn show(&self) {
        let view =
            |running: &Running| View { tunnel: running.current(), listening: running.listening };
        self.shown.send_replace(self.running.iter().map(view).collect());
    }

    /// Makes of what runs what the file says now. A tunnel that is as it was looks at its files; one
    /// that changed carries new connections as it is told now; one that is gone drains. What fails
    /// stays as it was.
    pub async fn apply(&mut self, config: &Config) -> Vec<Failure> {
        let is_named =
            |name: &str| config.tunnels.iter().any(|tunnel| tunnel.name.get_ref() == name);
        let (kept, gone) = std::mem::take(&mut self.running)
            .into_iter()
            .partition(|running| is_named(running.current().name()));
        self.running = kept;
        // A tunnel of another name may listen where one that is gone did.
        for running in gone {
            tracing::info!(tunnel = running.current().name(), "tunnel removed");
            running.end(config.drain.0).await;
        }
        let (mut changed, mut failures) = (vec![], vec![]);
        for tunnel in &config.tunnels {
            match self.of_name(tunnel).filter(|running| running.current().config == *tunnel) {
                Some(running) => failures.extend(running.look_again(tunnel, config)),
                None => match self.workshop.make(tunnel, config) {
                    Ok(made) => changed.push((tunnel, made)),
                    Err(failure) => failures.push(failure),
                },
            }
        }
        // Each may take the address of another: all of them leave theirs first.
        for (tunnel, _) in &changed {
            if let Some(running) = self.of_name(tunnel).filter(|it| it.moves_to(tunnel)) {
                running.stop_listening().await;
            }
        }
        for (tunnel, made) in changed {
            failures.extend(self.apply_one(tunnel, made, config).err());
        }
        // Who could not move has an address again once all others have theirs.
        for running in self.running.iter_mut().filter(|running| running.listener.is_closing()) {
            if let Err(error) = running.listen_again() {
                failures.push(config.place.fails(format!(
                    "tunnel {} listens nowhere: {error}",
                    running.current().name()
                )));
            }
        }
        self.show();
        failures
    }

    fn of_name(&mut self, tunnel: &config::Tunnel) -> Option<&mut Running> {
        self.running.iter_mut().find(|running| running.current().config.name == tunnel.name)
    }

    fn apply_one(
        &mut self,
        tunnel: &config::Tunnel,
        mut made: Tunnel,
        config: &Config,
    ) -> Result<(), Failure> {
        let Some(running) = self.of_name(tunnel) else {
            let listener = listen(tunnel, config)?;
            self.run(made, listener, config);
            return Ok(());
        };
        made.seen = running.current().seen.clone();
        if running.moves_to(tunnel) {
            running.listen_on(listen(tunnel, config)?);
        }
        running.following = made.tls.follow(config.reload.0);
        running.tunnel.send_replace(Arc::new(made));
        tracing::info!(tunnel = tunnel.name.get_ref(), listening = %running.listening, "tunnel changed");
        Ok(())
    }

    fn run(&mut self, tunnel: Tunnel, listener: TcpListener, config: &Config) {
        let following = tunnel.tls.follow(config.reload.0);
        let running = Running::new(tunnel, listener, self.drain.part(), following);
        let (tunnel, listening) = (running.current(), running.listening);
        tracing::info!(tunnel = tunnel.name(), %listening, connect = %*tunnel.config.connect, "tunnel added");
        self.running.push(running);
    }
}

impl Running {
    fn new(tunnel: Tunnel, listener: TcpListener, drain: Drain, following: Vec<Follower>) -> Self {
        // Port 0 is any port.
        let listening = listener.local_addr().unwrap_or(*tunnel.config.listen.get_ref());
        let (tunnel, part) = (watch::Sender::new(Arc::new(tunnel)), drain.part());
        let accepting =
            tokio::spawn(serve(listener, tunnel.subscribe(), part.clone(), drain.clone()));
        Self { tunnel, listening, listener: part, accepting, drain, following }
    }

    fn current(&self) -> Arc<Tunnel> {
        self.tunnel.borrow().clone()
    }

    fn look_again(&mut self, tunnel: &config::Tunnel, config: &Config) -> Vec<Failure> {
        let tls = &self.tunnel.borrow().tls;
        self.following = tls.follow(config.reload.0);
        let refused = tls.reload().into_iter();
        refused.map(|why| config.place.fails_at(tunnel.name.span(), why)).collect()
    }

    fn moves_to(&self, tunnel: &config::Tunnel) -> bool {
        self.current().config.listen != tunnel.listen
    }

    /// Its address is free when this returns; its connections go on.
    async fn stop_listening(&mut self) {
        self.listener.close();
        if !self.accepting.is_finished() {
            // It cannot have failed: it would listen no more.
            let _ = (&mut self.accepting).await;
        }
    }

    /// Where it was before it could not move; unless everything ends.
    fn listen_again(&mut self) -> io::Result<()> {
        match self.drain.is_closing() {
            true => Ok(()),
            false => bind(*self.current().config.listen.get_ref()).map(|it| self.listen_on(it)),
        }
    }

    fn listen_on(&mut self, listener: TcpListener) {
        self.listener = self.drain.part();
        self.listening = listener.local_addr().unwrap_or(self.listening);
        let (tunnel, part) = (self.tunnel.subscribe(), self.listener.clone());
        self.accepting = tokio::spawn(serve(listener, tunnel, part, self.drain.clone()));
    }

    /// Its port is free when this returns, and its connections may end within `limit`.
    async fn end(mut self, limit: Duration) {
        self.stop_listening().await;
        tokio::spawn(async move { self.drain.drain(limit).await });
    }
}

fn listen(tunnel: &config::Tunnel, config: &Config) -> Result<TcpListener, Failure> {
    let address = *tunnel.listen.get_ref();
    bind(address).map_err(|error| {
        config.place.fails_at(tunnel.listen.span(), format!("cannot listen on {address}: {error}"))
    })
}

fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    // So that a restart need not wait for the connections of before.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(1024)
}
