//! The proxies, one thread each, pinned to one processor: TLS with a client certificate in, plain text out.

use std::fs;
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::pki::Pki;
use crate::ports::free_address;

pub struct Contender {
    pub name: &'static str,
    pub address: SocketAddr,
    child: Child,
}

impl Drop for Contender {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Contender {
    /// All that are installed; ours first.
    pub fn all(
        ours: &Path,
        folder: &Path,
        pki: &Pki,
        backend: SocketAddr,
    ) -> Result<Vec<Self>, Box<dyn std::error::Error>> {
        type Start = fn(&Path, &Pki, u16, SocketAddr) -> std::io::Result<Command>;
        let others: [(&'static str, Start, &str); 3] = [
            ("nginx stream", nginx, "nginx"),
            ("HAProxy", haproxy, "haproxy"),
            ("stunnel", stunnel, "stunnel4"),
        ];
        let mut found = vec![];
        let port = free_address().port();
        let config = folder.join("ours.toml");
        fs::write(&config, our_config(pki, port, backend))?;
        let mut command = Command::new(ours);
        command.arg(&config).env("TOKIO_WORKER_THREADS", "1");
        found.push(Self::start("mtls-roles", command, port, folder)?);
        for (name, start, program) in others {
            if !is_installed(program) {
                eprintln!("SKIPPED: {program} is not installed");
                continue;
            }
            let port = free_address().port();
            found.push(Self::start(name, start(folder, pki, port, backend)?, port, folder)?);
        }
        Ok(found)
    }

    fn start(
        name: &'static str,
        command: Command,
        port: u16,
        folder: &Path,
    ) -> Result<Self, Box<dyn std::error::Error>> {
        let log = fs::File::create(folder.join(format!("{port}.log")))?;
        let mut pinned = Command::new("taskset");
        pinned.args(["-c", "0"]).arg(command.get_program()).args(command.get_args());
        for (key, value) in command.get_envs() {
            pinned.env(key, value.unwrap_or_default());
        }
        let (out, err) = (log.try_clone()?, log);
        let child = pinned.stdin(Stdio::null()).stdout(out).stderr(err).spawn()?;
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        let mut started = Self { name, address, child };
        let begun = Instant::now();
        while TcpStream::connect(address).is_err() {
            if started.child.try_wait()?.is_some() || begun.elapsed() > Duration::from_secs(10) {
                let log = fs::read_to_string(folder.join(format!("{port}.log")))?;
                return Err(format!("{name} did not start: {log}").into());
            }
            sleep(Duration::from_millis(50));
        }
        Ok(started)
    }

    /// The processes of the contender: what was started, and its children.
    pub fn processes(&self) -> Vec<u32> {
        let mut all = vec![self.child.id()];
        let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
        for pid in entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok()) {
            let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
            let parent = stat.rsplit_once(')').and_then(|(_, rest)| rest.split_whitespace().nth(1));
            if parent.and_then(|parent| parent.parse().ok()) == Some(self.child.id()) {
                all.push(pid);
            }
        }
        all
    }
}

fn is_installed(program: &str) -> bool {
    Command::new("which").arg(program).stdout(Stdio::null()).status().is_ok_and(|it| it.success())
}

/// What an operator would write: the verdict is logged, as text.
fn our_config(pki: &Pki, port: u16, backend: SocketAddr) -> String {
    format!(
        "[log]\nformat = \"json\"\n[[tunnel]]\nname = \"bench\"\nlisten = \"127.0.0.1:{port}\"\nconnect = \"{backend}\"\n\
         [tunnel.accept]\nchain = {:?}\nkey = {:?}\nclient_auth = \"required\"\nclient_roots = {:?}\n",
        pki.chain, pki.key, pki.root
    )
}

fn nginx(folder: &Path, pki: &Pki, port: u16, backend: SocketAddr) -> std::io::Result<Command> {
    let module = "/usr/lib/nginx/modules/ngx_stream_module.so";
    let load =
        if Path::new(module).exists() { format!("load_module {module};") } else { String::new() };
    let file = folder.join("nginx.conf");
    fs::write(
        &file,
        format!(
            "{load}\nuser root;\nworker_processes 1;\ndaemon off;\npid {0}/nginx.pid;\nerror_log {0}/nginx.log;\nworker_rlimit_nofile 20000;\n\
             events {{ worker_connections 20000; }}\n\
             stream {{ server {{ listen 127.0.0.1:{port} ssl; proxy_pass {backend};\n\
             ssl_protocols TLSv1.3; ssl_session_tickets off; ssl_session_cache off;\n\
             ssl_certificate {1}; ssl_certificate_key {2};\n\
             ssl_verify_client on; ssl_verify_depth 3; ssl_client_certificate {3}; }} }}\n",
            folder.display(),
            pki.chain.display(),
            pki.key.display(),
            pki.root.display()
        ),
    )?;
    let mut command = Command::new("nginx");
    command.arg("-c").arg(file);
    Ok(command)
}

fn haproxy(folder: &Path, pki: &Pki, port: u16, backend: SocketAddr) -> std::io::Result<Command> {
    let file = folder.join("haproxy.cfg");
    fs::write(
        &file,
        format!(
            "global\n  nbthread 1\n  maxconn 9000\n  tune.ssl.cachesize 0\n  ssl-default-bind-options ssl-min-ver TLSv1.3 no-tls-tickets\n\
             defaults\n  mode tcp\n  timeout connect 10s\n  timeout client 1h\n  timeout server 1h\n\
             frontend f\n  bind 127.0.0.1:{port} ssl crt {} ca-file {} verify required\n  default_backend b\n\
             backend b\n  server s {backend}\n",
            pki.both.display(),
            pki.root.display()
        ),
    )?;
    let mut command = Command::new("haproxy");
    command.arg("-db").arg("-f").arg(file);
    Ok(command)
}

fn stunnel(folder: &Path, pki: &Pki, port: u16, backend: SocketAddr) -> std::io::Result<Command> {
    let file = folder.join("stunnel.conf");
    fs::write(
        &file,
        format!(
            "foreground = yes\npid =\nsyslog = no\ndebug = 3\n\
             [b]\naccept = 127.0.0.1:{port}\nconnect = {backend}\ncert = {}\nkey = {}\nCAfile = {}\nverifyChain = yes\n\
             requireCert = yes\nsslVersionMin = TLSv1.3\nsessionResume = no\noptions = NO_TICKET\n",
            pki.chain.display(),
            pki.key.display(),
            pki.root.display()
        ),
    )?;
    let mut command = Command::new("stunnel4");
    command.arg(file);
    Ok(command)
}
