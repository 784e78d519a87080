//! [`Proxy`]: the program, while it runs.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;

use crate::common::process::Process;
use crate::common::programs::{Run, example, run};
use crate::world::{PATIENCE, World};
use serde_json::Value;
use socket2::SockRef;

/// The program, and what was read of its log so far.
pub struct Proxy {
    pub process: Process,
    pub seen: Vec<Value>,
}

pub fn program() -> std::path::PathBuf {
    example(&["proxy"], "proxy")
}

/// A run that ends by itself.
pub fn once<'a>(arguments: impl IntoIterator<Item = &'a Path>) -> Run {
    let mut command = Command::new(program());
    command.args(arguments);
    run(command, b"")
}

/// What `--check` says of a file.
pub fn check(world: &World, toml: &str) -> Run {
    once(["--check".as_ref(), &*write(world, toml)])
}

impl Proxy {
    /// Runs what `toml` says, with a log in JSON. It runs in the folder of the tests: paths are relative
    /// to the file, and not to where the program runs.
    pub fn start(world: &World, toml: &str) -> Self {
        Self::start_with(Command::new(program()), &write(world, toml))
    }

    pub fn start_with(mut command: Command, config: &Path) -> Self {
        command.arg(config);
        let mut proxy = Self { process: Process::start(command), seen: vec![] };
        proxy.wait("ready");
        proxy
    }

    /// Where a tunnel listens.
    pub fn address(&self, tunnel: &str) -> SocketAddr {
        self.listening(|line| line["tunnel"] == tunnel)
    }

    /// Where it answers operators.
    pub fn admin(&self) -> SocketAddr {
        self.listening(|line| line["message"] == "admin")
    }

    /// As the newest line says it that was read.
    fn listening(&self, is_it: impl Fn(&Value) -> bool) -> SocketAddr {
        let lines = self.seen.iter().rev().filter(|line| is_it(line));
        let mut addresses = lines.filter_map(|line| line["listening"].as_str());
        addresses.next().unwrap_or_else(|| panic!("{:?}", self.seen)).parse().unwrap()
    }

    /// The next line with this message.
    pub fn wait(&mut self, message: &str) -> Value {
        self.find(|line| line["message"] == message)
    }

    /// The next line of a connection.
    pub fn connection(&mut self) -> Value {
        self.wait("connection")
    }

    /// The next line that is so; each of them is shown if the test fails.
    pub fn find(&mut self, is_it: impl Fn(&Value) -> bool) -> Value {
        self.process.find(|line| {
            println!("{line}");
            let line = serde_json::from_str(line).unwrap_or_default();
            self.seen.push(line);
            self.seen.last().filter(|line| is_it(line)).cloned()
        })
    }

    pub fn signal(&self, name: &str) {
        let pid = self.process.id().to_string();
        assert!(Command::new("kill").args([&format!("-{name}"), &pid]).status().unwrap().success());
    }
}

pub fn write(world: &World, toml: &str) -> std::path::PathBuf {
    world.folder.write("proxy.toml", format!("log.format = \"json\"\n{toml}"))
}

/// A backend in plain text: one listener, whose connections the test takes.
pub fn backend() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    // Nobody may come, if the proxy is wrong.
    SockRef::from(&listener).set_read_timeout(Some(PATIENCE)).unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

pub fn take(listener: &TcpListener) -> TcpStream {
    let (tcp, _) = listener.accept().unwrap();
    tcp.set_read_timeout(Some(PATIENCE)).unwrap();
    tcp
}

/// The lines of a tunnel `in` that terminates TLS for `connect`, and more keys of it.
pub fn terminating(connect: SocketAddr, more: &str) -> String {
    format!(
        r#"
        [[tunnel]]
        name = "in"
        listen = "127.0.0.1:0"
        connect = "{connect}"
        {PAIR}
        {ROOTS}
        {more}
        "#
    )
}

/// What it presents, and whom it trusts.
pub const PAIR: &str = "accept.chain = \"server.pem\"\naccept.key = \"server.key\"";
pub const ROOTS: &str = "accept.client_roots = \"client-ca.pem\"";

/// The same of a tunnel `out` that originates TLS to `connect`.
pub fn calling(connect: SocketAddr, more: &str) -> String {
    format!(
        r#"
        [[tunnel]]
        name = "out"
        listen = "127.0.0.1:0"
        connect = "{connect}"
        originate.server_name = "core.example.com"
        originate.server_roots = "server-ca.pem"
        originate.chain = "client.pem"
        originate.key = "client.key"
        {more}
        "#
    )
}

/// These pairs in the place of [`PAIR`].
pub fn several(names: [&str; 2]) -> String {
    let pairs = names.map(|name| format!("{{ chain = \"{name}.pem\", key = \"{name}.key\" }}"));
    format!("accept.certificates = [{}]", pairs.join(", "))
}
