//! HAProxy and nginx, whose clock stands still by libfaketime: the chains of clients over a wire.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::format::{Suite, Vector};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// When most vectors take place; the others are not played here.
const NOW: &str = "2026-12-01T12:00:00Z";
const FIRST_PORT: u16 = 24_000;

/// One server program in one setting.
pub struct Setting {
    pub heading: &'static str,
    program: &'static str,
    /// Of HAProxy's `bind` line.
    options: &'static str,
}

pub const SETTINGS: [Setting; 3] = [
    Setting { heading: "HAProxy", program: "haproxy", options: "" },
    Setting {
        heading: "HAProxy, crt-ignore-err and ca-ignore-err 26",
        program: "haproxy",
        options: "crt-ignore-err 26 ca-ignore-err 26",
    },
    Setting { heading: "nginx", program: "nginx", options: "" },
];

/// Roots and lists of a port.
type Trust = (Vec<String>, Vec<String>);

impl Setting {
    /// What this server accepts, of the vectors about clients at that time.
    pub fn play(&self, suite: &Suite, folder: &Path) -> Result<BTreeMap<String, bool>> {
        let played: Vec<_> = suite
            .about_peers()
            .filter(|vector| vector.role == "client" && vector.time == NOW)
            .collect();
        let ports = ports(&played);
        let config = match self.program {
            "nginx" => nginx(suite, &ports, folder)?,
            _ => self.haproxy(suite, &ports, folder)?,
        };
        let file = folder.join(format!("{}.conf", self.program));
        fs::write(&file, config)?;
        let server = Server(self.command(&file).spawn()?);
        std::thread::sleep(Duration::from_secs(2));
        let accepts = present(&played, &ports, folder);
        drop(server);
        accepts
    }

    fn command(&self, config: &Path) -> Command {
        let mut command = Command::new(self.program);
        match self.program {
            "nginx" => command.arg("-c").arg(config).args(["-e", "/dev/null"]),
            _ => command.arg("-db").arg("-q").arg("-f").arg(config),
        };
        command
            .env("LD_PRELOAD", faketime())
            .env("FAKETIME", NOW.replace(['T', 'Z'], " ").trim())
            .env("FAKETIME_DONT_FAKE_MONOTONIC", "1")
            .env("TZ", "UTC");
        command
    }

    fn haproxy(
        &self,
        suite: &Suite,
        ports: &BTreeMap<Trust, u16>,
        folder: &Path,
    ) -> Result<String> {
        let mut text = String::from(
            "global\n  tune.ssl.default-dh-param 2048\n  ssl-default-bind-options no-tls-tickets\n\
             defaults\n  mode http\n  timeout client 5s\n  timeout server 5s\n  timeout connect 5s\n\
             frontend it\n  http-request return status 200\n",
        );
        for (trust, port) in ports {
            let files = Files::write(suite, trust, *port, folder)?;
            let lists = files.crls.map(|crls| format!("crl-file {crls} ")).unwrap_or_default();
            writeln!(
                text,
                "  bind 127.0.0.1:{port} ssl crt {} ca-file {} {lists}verify required {}",
                files.server, files.roots, self.options
            )?;
        }
        Ok(text)
    }
}

fn nginx(suite: &Suite, ports: &BTreeMap<Trust, u16>, folder: &Path) -> Result<String> {
    let at = folder.display();
    let mut text = format!(
        "daemon off;\nmaster_process off;\npid {at}/nginx.pid;\nerror_log /dev/null;\n\
         events {{ worker_connections 1024; }}\nhttp {{\n  access_log off;\n"
    );
    for path in ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"] {
        writeln!(text, "  {path}_temp_path {at}/{path};")?;
    }
    for (trust, port) in ports {
        let files = Files::write(suite, trust, *port, folder)?;
        let lists = files.crls.map(|crls| format!("ssl_crl {crls};")).unwrap_or_default();
        writeln!(
            text,
            "  server {{ listen 127.0.0.1:{port} ssl; ssl_certificate {0}; ssl_certificate_key {0}; \
             ssl_client_certificate {1}; ssl_verify_client on; ssl_verify_depth 8; {lists} \
             location / {{ return 200; }} }}",
            files.server, files.roots
        )?;
    }
    text.push_str("}\n");
    Ok(text)
}

/// The files of one port, as the servers read them.
struct Files {
    server: String,
    roots: String,
    crls: Option<String>,
}

impl Files {
    fn write(suite: &Suite, (roots, crls): &Trust, port: u16, folder: &Path) -> Result<Self> {
        let file = |name: String, pem: String| -> Result<String> {
            let path = folder.join(name);
            fs::write(&path, pem)?;
            Ok(path.display().to_string())
        };
        let server = suite.certificates["edge-server"].clone() + &suite.keys["peer"];
        let all = |names: &[String], pems: &BTreeMap<String, String>| -> String {
            names.iter().map(|name| pems[name].as_str()).collect()
        };
        let lists = (!crls.is_empty()).then(|| all(crls, &suite.crls));
        Ok(Self {
            server: file("server-and-key".into(), server)?,
            roots: file(format!("roots-{port}"), all(roots, &suite.certificates))?,
            crls: lists.map(|lists| file(format!("crls-{port}"), lists)).transpose()?,
        })
    }
}

/// A port for each combination of roots and lists.
fn ports(vectors: &[&Vector]) -> BTreeMap<Trust, u16> {
    let mut ports = BTreeMap::new();
    for vector in vectors {
        let next = FIRST_PORT + u16::try_from(ports.len()).expect("there are not so many");
        ports.entry(trust(vector)).or_insert(next);
    }
    ports
}

fn trust(vector: &Vector) -> Trust {
    (vector.roots.clone(), vector.crls.clone())
}

fn present(
    vectors: &[&Vector],
    ports: &BTreeMap<Trust, u16>,
    folder: &Path,
) -> Result<BTreeMap<String, bool>> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/reference/plain/present.go");
    let mut client = Command::new("go");
    client.arg("run").arg(source).arg(folder).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut client = client.spawn()?;
    let mut input = client.stdin.take().ok_or("a pipe")?;
    let lines: String = vectors
        .iter()
        .map(|vector| {
            let chain = match vector.chain.is_empty() {
                true => "-".to_owned(),
                false => vector.chain.join(","),
            };
            format!("{}\t{}\t{chain}\n", vector.id, ports[&trust(vector)])
        })
        .collect();
    let writer = std::thread::spawn(move || input.write_all(lines.as_bytes()));
    let output = client.wait_with_output()?;
    writer.join().map_err(|_| "the writer of a pipe panicked")??;
    let answers = String::from_utf8(output.stdout)?;
    let answers = answers.lines().filter_map(|line| line.split_once('\t'));
    Ok(answers.map(|(id, accepted)| (id.to_owned(), accepted == "true")).collect())
}

/// Ended when dropped.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        // It may be gone already; then nothing was accepted, which shows.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Where Debian has the library.
fn faketime() -> String {
    format!("/usr/lib/{}-linux-gnu/faketime/libfaketime.so.1", std::env::consts::ARCH)
}
