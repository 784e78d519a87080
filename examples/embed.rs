//! mtls-roles in a tokio server and its client, from PEM files, as a service would have it.
//!
//! Run it, it needs nothing and ends by itself: `cargo run --example embed`
//!
//! The client connects, is told by the server's handler who it is, gets its renewed certificate
//! swapped in while everything runs, and connects again. Copy `common/listener.rs`, `serve` and `call`;
//! `write_files` at the end only makes the certificates that you have already.

#[path = "common/folder.rs"]
mod folder;
#[path = "common/listener.rs"]
mod listener;

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use folder::Folder;
use listener::{Connection, Limits, Listener};
use mtls_roles::{
    ClientPeerVerifier, ClientSlot, Credentials, EkuPolicy, PeerRule, Roots, ServerPeerVerifier,
    ServerSlot, client_config, server_config,
};
use rcgen::ExtendedKeyUsagePurpose::{ClientAuth, ServerAuth};
use time::macros::datetime;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsConnector;

type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

#[tokio::main]
async fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let (given, other_end) = (arguments.next().map(PathBuf::from), arguments.next());
    let files = Folder::new("embed")?;
    let folder = given.as_deref().unwrap_or(&files.0);
    let at = |name: &str| folder.join(name);
    if !at("client.pem").exists() {
        write_files(folder)?;
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());

    // What we present: one slot per role. A slot refuses credentials that are unfit for its role.
    let serving = Credentials::from_pem_files(at("server.pem"), at("server.key"), &provider)?;
    let serving = ServerSlot::new(serving)?;
    let client_credentials =
        || Credentials::from_pem_files(at("client.pem"), at("client.key"), &provider);
    let calling = ClientSlot::new(client_credentials()?)?;

    // What we accept: one verifier per role, each with its own roots. One peer may come with the
    // wrong EKU, for a while.
    let client_roots = Roots::from_pem_file(at("client-roots.pem"))?;
    let clients = ClientPeerVerifier::builder(client_roots, &provider)
        .eku_policy(EkuPolicy::ignore().until(datetime!(2027-03-15 0:00 UTC)))
        .relax_for(PeerRule::dns_name("edge.example.com")?)
        .build()?;
    let server_roots = Roots::from_pem_file(at("server-roots.pem"))?;
    let servers = ServerPeerVerifier::builder(server_roots, &provider).build()?;

    let accept = Arc::new(server_config(&provider, serving, clients.clone())?);
    let connect = client_config(&provider, calling.clone(), servers)?;

    let tcp = TcpListener::bind("127.0.0.1:0").await?;
    let address = tcp.local_addr()?;
    // Asked at each connection: certificates that follow their files would be asked for here, too.
    let tls = move || (accept.clone(), clients.clone());
    tokio::spawn(serve(Listener::new(tcp, Limits::default(), tls)));
    let connector = TlsConnector::from(Arc::new(connect));
    if let Some(address) = other_end {
        println!("{}", call(&connector, TcpStream::connect(address).await?).await?);
        return Ok(());
    }
    if given.is_some() {
        println!("{address}");
        return std::future::pending().await;
    }
    let first = call(&connector, TcpStream::connect(address).await?).await?;
    println!("the server says: {first}");

    // Later, while running: the certificate was renewed, and the files are read again. New
    // connections present the new one. A renewal that is unfit is an error, and the old one stays.
    write_files(folder)?;
    let previous = calling.swap(client_credentials()?)?.ok_or("there was one")?;
    println!("swapped out:     serial {}", previous.leaf().serial());

    let second = call(&connector, TcpStream::connect(address).await?).await?;
    println!("the server says: {second}");
    match first == second {
        true => Err("the renewed certificate was not presented".into()),
        false => Ok(()),
    }
}

/// A failure is one peer's, or the moment's: the listener goes on.
async fn serve(mut listener: Listener) -> ! {
    loop {
        match listener.accept().await {
            Ok((connection, from)) => {
                tokio::spawn(async move {
                    if let Err(error) = handle(connection).await {
                        eprintln!("{from}: {error}");
                    }
                });
            }
            Err(failed) => eprintln!("{failed}"),
        }
    }
}

/// Who is it? Decide on the typed names.
async fn handle(Connection { mut tls, peer }: Connection) -> Result<()> {
    let peer = peer.ok_or("client authentication is mandatory")?;
    let names: Vec<_> = peer.alt_names().iter().map(ToString::to_string).collect();
    let eku = match peer.eku().violation() {
        None => "EKU as needed".to_owned(),
        Some(violation) => format!("EKU let pass ({violation})"),
    };
    let (names, serial) = (names.join(", "), peer.leaf().serial());
    let greeting = format!("you are {names}, serial {serial}, {eku}");
    tls.write_all(greeting.as_bytes()).await?;
    listener::hang_up(&mut tls).await;
    Ok(())
}

async fn call(connector: &TlsConnector, tcp: TcpStream) -> Result<String> {
    let mut tls = connector.connect("core.example.com".try_into()?, tcp).await?;
    let mut greeting = String::new();
    tls.read_to_string(&mut greeting).await?;
    Ok(greeting)
}

/// A private CA for each role, one certificate from each; called again, it renews them all but
/// keeps the CAs that are already trusted.
fn write_files(folder: &Path) -> Result<()> {
    fs::create_dir_all(folder)?;
    for (role, host, purpose) in
        [("server", "core.example.com", ServerAuth), ("client", "edge.example.com", ClientAuth)]
    {
        let write = |name: String, pem: String| fs::write(folder.join(name), pem);
        let (ca_key, roots) = (folder.join(format!("{role}-ca.key")), format!("{role}-roots.pem"));
        let mut ca = rcgen::CertificateParams::new([])?;
        ca.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        ca.distinguished_name.push(rcgen::DnType::CommonName, format!("{role} CA"));
        if !ca_key.exists() {
            let key = rcgen::KeyPair::generate()?;
            fs::write(&ca_key, key.serialize_pem())?;
            write(roots, ca.self_signed(&key)?.pem())?;
        }
        let issuer_key = rcgen::KeyPair::from_pem(&fs::read_to_string(&ca_key)?)?;
        let mut leaf = rcgen::CertificateParams::new([host.to_owned()])?;
        leaf.extended_key_usages = vec![purpose];
        let key = rcgen::KeyPair::generate()?;
        let leaf = leaf.signed_by(&key, &rcgen::Issuer::new(ca, issuer_key))?;
        write(format!("{role}.pem"), leaf.pem())?;
        write(format!("{role}.key"), key.serialize_pem())?;
    }
    Ok(())
}
