//! [`Proxy`]: the program, while it runs.

use std::io::{BufRead, BufReader, Read};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Instant;

use crate::common::programs::{Built, Run, run};
use crate::world::{PATIENCE, World};
use serde_json::Value;

/// The program; it is killed when this is dropped.
pub struct Proxy {
    pub child: Child,
    lines: Receiver<Value>,
    /// What was read of the log so far.
    pub seen: Vec<Value>,
}

pub fn program() -> std::path::PathBuf {
    static BUILT: OnceLock<Built> = OnceLock::new();
    BUILT.get_or_init(|| Built::examples(&["proxy"])).program("proxy")
}

/// A run that ends by itself.
pub fn once<'a>(arguments: impl IntoIterator<Item = &'a Path>) -> Run {
    let mut command = Command::new(program());
    command.args(arguments);
    run(command, b"")
}

impl Proxy {
    /// Runs what `toml` says, in the folder of the world, with a log in JSON.
    pub fn start(world: &World, toml: &str) -> Self {
        Self::start_with(Command::new(program()), &write(world, toml))
    }

    pub fn start_with(mut command: Command, config: &Path) -> Self {
        command.arg(config).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let (tell, lines) = mpsc::channel();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        thread::spawn(move || {
            for line in stdout.lines().map_while(Result::ok) {
                let line = serde_json::from_str(&line).unwrap_or(Value::String(line));
                // The test may have heard enough.
                let _ = tell.send(line);
            }
        });
        let mut proxy = Self { child, lines, seen: vec![] };
        proxy.wait("ready");
        proxy
    }

    /// Where a tunnel listens.
    pub fn address(&mut self, tunnel: &str) -> SocketAddr {
        let is_it = |line: &Value| line["tunnel"] == tunnel && line["listening"].is_string();
        let line = self.find(|line| is_it(line));
        line["listening"].as_str().unwrap().parse().unwrap()
    }

    /// The next line with this message.
    pub fn wait(&mut self, message: &str) -> Value {
        self.find_new(|line| line["message"] == message)
    }

    /// The next line of a connection.
    pub fn connection(&mut self) -> Value {
        self.wait("connection")
    }

    /// A line that was read already, or the next one, that is so.
    fn find(&mut self, is_it: impl Fn(&Value) -> bool) -> Value {
        match self.seen.iter().rev().find(|line| is_it(line)) {
            Some(line) => line.clone(),
            None => self.find_new(is_it),
        }
    }

    pub fn find_new(&mut self, is_it: impl Fn(&Value) -> bool) -> Value {
        let until = Instant::now() + PATIENCE;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            let Ok(line) = self.lines.recv_timeout(left) else {
                let _ = self.child.kill();
                let mut stderr = String::new();
                let _ = self.child.stderr.take().unwrap().read_to_string(&mut stderr);
                panic!("the line did not come: {:#?}\n{stderr}", self.seen);
            };
            self.seen.push(line.clone());
            if is_it(&line) {
                return line;
            }
        }
    }

    pub fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args([&format!("-{name}"), &pid]).status().unwrap().success());
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub fn write(world: &World, toml: &str) -> std::path::PathBuf {
    world.folder.write("proxy.toml", format!("log.format = \"json\"\n{toml}"))
}

/// A backend in plain text: one listener, whose connections the test takes.
pub fn backend() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

pub fn take(listener: &TcpListener) -> TcpStream {
    let (tcp, _) = listener.accept().unwrap();
    tcp.set_read_timeout(Some(PATIENCE)).unwrap();
    tcp
}

/// A tunnel that terminates TLS for `connect`, with more keys of its own.
pub fn terminating(connect: SocketAddr, more: &str) -> String {
    format!(
        r#"
        [[tunnel]]
        name = "in"
        listen = "127.0.0.1:0"
        connect = "{connect}"
        {more}
        [tunnel.accept]
        chain = "server.pem"
        key = "server.key"
        client_roots = "client-ca.pem"
        "#
    )
}
