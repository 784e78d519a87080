//! With its descriptors exhausted a service goes on, and does not spin.

use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use crate::common::clock::Clock;
use crate::common::ours::{clients, server_slot};
use crate::common::process::Process;
use crate::common::tls::provider;
use crate::listener::{Limits, Listener};
use crate::world::{PATIENCE, World, greet};
use mtls_roles::{Credentials, Roots, server_config};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

#[test]
fn with_descriptors_exhausted_the_service_pauses_and_goes_on() {
    let world = World::new();
    let files = world.files();
    let mut service = Process::start(with_few_descriptors(files.path()));
    let address = service.find(|line| line.split_once(ADDRESS)?.1.parse::<SocketAddr>().ok());
    // More than it has descriptors for, and far from the limit of time or of places.
    let silent: Vec<_> = (0..100).map(|_| TcpStream::connect(address).unwrap()).collect();
    let is_no_more = |line: &&str| line.contains("no connection from the system");
    service.find(|line| is_no_more(&line).then_some(()));
    thread::sleep(Duration::from_secs(2));
    let failures = service.said().lines().filter(is_no_more).count();
    assert!(failures <= 200, "{failures} failures in two seconds: it spins");

    // The silent ones still hold what they have: the slowest make room.
    let began = Instant::now();
    assert_eq!(world.visit(address).unwrap(), "hello CN=edge");
    assert!(began.elapsed() < PATIENCE);
    drop(silent);
    for _ in 0..20 {
        assert_eq!(world.visit(address).unwrap(), "hello CN=edge");
    }
    assert!(!service.has_ended());
}

/// Not a test: the service of the one above, in a process that has few descriptors.
#[test]
fn the_service_with_few_descriptors() {
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    let at = |name: &str| Path::new(&folder).join(name);
    let provider = provider();
    let credentials = Credentials::from_pem_files(at("site.pem"), at("site.key"), &provider);
    let slot = server_slot().build_with(credentials.unwrap()).unwrap();
    let clients = clients(&Roots::from_pem_file(at("root.pem")).unwrap()).build().unwrap();
    let mut config = server_config(&provider, slot, clients.clone()).unwrap();
    config.time_provider = Arc::new(Clock::default());
    let config = Arc::new(config);
    Runtime::new().unwrap().block_on(async {
        let tcp = TcpListener::bind("127.0.0.1:0").await.unwrap();
        println!("{ADDRESS}{}", tcp.local_addr().unwrap());
        let limits = Limits { handshake: 2 * PATIENCE, ..Limits::default() };
        let tls = move || (config.clone(), clients.clone());
        let mut listener = Listener::new(tcp, limits, tls);
        loop {
            match listener.accept().await {
                Ok((connection, _)) => drop(greet(connection)),
                Err(failed) => println!("{failed}"),
            }
        }
    });
}

const FOLDER: &str = "MTLS_ROLES_SERVICE_WITH_FEW_DESCRIPTORS";
const ADDRESS: &str = "listening on ";

/// A process that may open 64 files.
fn with_few_descriptors(files: &Path) -> Command {
    let mut command = Command::new("sh");
    command
        .args(["-c", "ulimit -n 64 && exec \"$0\" \"$@\""])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", "--nocapture", "exhausted::the_service_with_few_descriptors"])
        .env(FOLDER, files);
    command
}
