//! [`demonstrate`]: two tunnels on loopback, one that originates TLS and one that terminates it, with
//! certificates made for the hour. Needs nothing, and ends by itself.

use std::error::Error;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use rcgen::ExtendedKeyUsagePurpose::{ClientAuth, ServerAuth};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::config::{Config, LogFormat};
use crate::drain::Drain;
use crate::folder::Folder;
use crate::log;
use crate::run::workshop;
use crate::tunnels::{Tunnels, View};

type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

/// Plain text goes in, crosses a mutual TLS connection, and comes out as plain text: with a client
/// certificate of the right purpose, then with one that has lost it, while everything runs.
pub fn demonstrate() -> ExitCode {
    let runtime = tokio::runtime::Runtime::new();
    let shown = runtime.map_err(Into::into).and_then(|runtime| runtime.block_on(show()));
    match shown {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn show() -> Result<()> {
    let folder = Folder::new("proxy")?;
    let certificates = Certificates::new(&folder.0)?;
    certificates.issue("server", &certificates.servers, "core.example.com", ServerAuth)?;
    certificates.issue("client", &certificates.clients, "edge.example.com", ClientAuth)?;
    let backend = echo().await?;
    let file = folder.0.join("proxy.toml");
    fs::write(&file, tunnels(backend, ([127, 0, 0, 1], 1).into()))?;

    log::begin(LogFormat::Text);
    let drain = Drain::default();
    let started = Tunnels::start(workshop(), &Config::read(&file)?, drain.clone());
    let mut tunnels_now = started.map_err(|failures| format!("{failures:?}"))?;
    // Now it is known where `core` listens, and `edge` can be told: as at SIGHUP.
    let (core, edge) = (listening(&tunnels_now, "core")?, listening(&tunnels_now, "edge")?);
    fs::write(&file, tunnels(backend, core))?;
    apply(&mut tunnels_now, &file).await?;

    println!("\n-- a client certificate with its purpose");
    println!("-- through both tunnels and back: {}", say(edge, "hello").await?);
    println!(
        "\n-- renewed by a public CA: serverAuth only. `core` ignores the EKU of this peer, for a while"
    );
    certificates.issue("client", &certificates.clients, "edge.example.com", ServerAuth)?;
    apply(&mut tunnels_now, &file).await?;
    println!("-- through both tunnels and back: {}", say(edge, "hello again").await?);
    println!();
    drain.drain(Duration::from_secs(5)).await;
    println!("-- run your own: cargo run --release --example proxy -- CONFIG.toml");
    Ok(())
}

/// `edge` takes plain text and originates TLS to `core`, which terminates it for the backend.
fn tunnels(backend: SocketAddr, core: SocketAddr) -> String {
    format!(
        r#"
[[tunnel]]
name = "edge"
listen = "127.0.0.1:0"
connect = "{core}"
[tunnel.originate]
server_name = "core.example.com"
server_roots = "servers.pem"
chain = "client.pem"
key = "client.key"
present_eku = "ignore"

[[tunnel]]
name = "core"
listen = "127.0.0.1:0"
connect = "{backend}"
[tunnel.accept]
chain = "server.pem"
key = "server.key"
client_roots = "clients.pem"
eku = "ignore until 2099-01-01"
relax_for = ["dns:edge.example.com"]
"#
    )
}

async fn apply(tunnels: &mut Tunnels, file: &Path) -> Result<()> {
    match tunnels.apply(&Config::read(file)?).await.into_iter().next() {
        None => Ok(()),
        Some(failure) => Err(failure.into()),
    }
}

fn listening(tunnels: &Tunnels, name: &str) -> Result<SocketAddr> {
    let shown = tunnels.shown();
    let views = shown.borrow();
    let is_it = |view: &&View| view.tunnel.name() == name;
    Ok(views.iter().find(is_it).ok_or("it was started")?.listening)
}

async fn say(to: SocketAddr, words: &str) -> Result<String> {
    let mut tcp = TcpStream::connect(to).await?;
    tcp.write_all(words.as_bytes()).await?;
    tcp.shutdown().await?;
    let mut answer = String::new();
    tcp.read_to_string(&mut answer).await?;
    match answer == words {
        true => Ok(answer),
        false => Err(format!("said {words}, heard {answer}").into()),
    }
}

/// A backend that says everything back.
async fn echo() -> Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move {
        while let Ok((mut tcp, _)) = listener.accept().await {
            tokio::spawn(async move {
                let (mut from, mut to) = tcp.split();
                let _ = tokio::io::copy(&mut from, &mut to).await;
            });
        }
    });
    Ok(address)
}

/// A CA for each role.
struct Certificates {
    folder: PathBuf,
    servers: Issuer<'static, KeyPair>,
    clients: Issuer<'static, KeyPair>,
}

impl Certificates {
    fn new(folder: &Path) -> Result<Self> {
        let ca = |name: &str| -> Result<Issuer<'static, KeyPair>> {
            let mut params = CertificateParams::new([])?;
            params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
            params.distinguished_name.push(DnType::CommonName, format!("CA of {name}"));
            let key = KeyPair::generate()?;
            fs::write(folder.join(format!("{name}.pem")), params.self_signed(&key)?.pem())?;
            Ok(Issuer::new(params, key))
        };
        let (servers, clients) = (ca("servers")?, ca("clients")?);
        Ok(Self { folder: folder.to_owned(), servers, clients })
    }

    fn issue(
        &self,
        file: &str,
        ca: &Issuer<'static, KeyPair>,
        name: &str,
        purpose: rcgen::ExtendedKeyUsagePurpose,
    ) -> Result<()> {
        let mut params = CertificateParams::new([name.to_owned()])?;
        params.distinguished_name.push(DnType::CommonName, name);
        params.extended_key_usages = vec![purpose];
        let key = KeyPair::generate()?;
        let path = |extension| self.folder.join(format!("{file}.{extension}"));
        fs::write(path("pem"), params.signed_by(&key, ca)?.pem())?;
        Ok(fs::write(path("key"), key.serialize_pem())?)
    }
}
