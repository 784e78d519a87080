//! [`Tunnel`]: one that terminates TLS, with who is at its two ends.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::Command;
use std::time::Duration;

use crate::common::alerts::AT_ONCE;
use crate::common::pki::Leaf;
use crate::running::{Proxy, backend, calling, program, take, terminating, write};
use crate::world::{Tls, World};
use serde_json::Value;

/// The tunnel `in` of a proxy, and its backend, which speaks plain text.
pub struct Tunnel {
    pub world: World,
    pub backend: TcpListener,
    pub proxy: Proxy,
    /// What the proxy was started with.
    pub toml: String,
    pub address: SocketAddr,
}

impl Tunnel {
    /// With more keys.
    pub fn new(more: &str) -> Self {
        Self::of(World::new(), |at| terminating(at, more))
    }

    /// In this world, by a file for that backend.
    pub fn of(world: World, toml: impl FnOnce(SocketAddr) -> String) -> Self {
        Self::run(Command::new(program()), world, toml)
    }

    pub fn run(command: Command, world: World, toml: impl FnOnce(SocketAddr) -> String) -> Self {
        let (backend, at) = backend();
        let toml = toml(at);
        let proxy = Proxy::start_with(command, &write(&world, &toml));
        let address = proxy.address("in");
        Self { world, backend, proxy, toml, address }
    }

    /// A proxy that originates TLS to this one.
    pub fn caller(&self, more: &str) -> Proxy {
        Proxy::start(&self.world, &calling(self.address, more))
    }

    /// And a client's connection through it.
    pub fn carrying(more: &str) -> (Self, Tls, TcpStream) {
        let tunnel = Self::new(more);
        let (client, behind) = tunnel.carry();
        (tunnel, client, behind)
    }

    /// The client's end and the backend's, once a greeting has come through.
    pub fn carry(&self) -> (Tls, TcpStream) {
        self.carry_of(&self.world.client())
    }

    pub fn carry_of(&self, leaf: &Leaf) -> (Tls, TcpStream) {
        greeted(self.world.connect(self.address, Some(leaf)), &self.backend)
    }

    pub fn lets_in(&self, leaf: Option<&Leaf>) -> bool {
        passes(self.world.connect(self.address, leaf), &self.backend)
    }

    /// What a client is told, however much it wrote, and the line of its connection.
    pub fn refuse(&mut self, leaf: Option<&Leaf>) -> (String, Value) {
        let mut client = self.world.connect(self.address, leaf);
        let told = client.write_all(&[0; AT_ONCE]).and_then(|()| client.read(&mut [0]));
        (told.expect_err("it is refused").to_string(), self.proxy.connection())
    }

    /// Has the proxy read another file in the place of its own.
    pub fn reload(&self, toml: &str) {
        write(&self.world, toml);
        self.proxy.signal("HUP");
    }
}

/// A client whose greeting has come through, and the backend's end.
pub fn greeted<C: Write>(mut client: C, backend: &TcpListener) -> (C, TcpStream) {
    client.write_all(b"hello").unwrap();
    let mut behind = take(backend);
    let mut hello = [0; 5];
    behind.read_exact(&mut hello).unwrap();
    assert_eq!(&hello, b"hello");
    (client, behind)
}

/// Whether a byte comes through, or the client is told that it does not.
pub fn passes(mut client: Tls, backend: &TcpListener) -> bool {
    if client.write_all(b"!").is_err() {
        return false;
    }
    client.sock.set_read_timeout(Some(Duration::from_millis(10))).unwrap();
    backend.set_nonblocking(true).unwrap();
    let passes = loop {
        if let Ok((mut behind, _)) = backend.accept() {
            behind.set_nonblocking(false).unwrap();
            behind.read_exact(&mut [0]).unwrap();
            break true;
        }
        match client.read(&mut [0]) {
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            _ => break false,
        }
    };
    backend.set_nonblocking(false).unwrap();
    passes
}
