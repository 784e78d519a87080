//! Slow peers end at the limit and hold nobody up.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use crate::listener::{Failure, Limits, Listener};
use crate::world::{PATIENCE, World, greet};
use rustls::ClientConnection;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::time::timeout;

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn silent_and_dripping_peers_end_at_the_limit_and_nobody_waits_for_them() {
    let world = World::new();
    let limits = Limits { handshake: 3 * SECOND, ..Limits::default() };
    let (service, began) = (world.serve(limits), Instant::now());
    let silent: Vec<_> = (0..50).map(|_| TcpStream::connect(service.address).unwrap()).collect();
    let dripping: Vec<_> = (0..10).map(|_| world.drip(service.address)).collect();
    assert_eq!(world.visit(service.address).unwrap(), "hello CN=edge");
    assert!(began.elapsed() < limits.handshake, "it waited for others");
    assert_eq!(service.next().unwrap(), "CN=edge");
    for _ in 0..60 {
        let failed = service.next().unwrap_err();
        assert!(matches!(failed.why, Failure::TimeLimit(_)), "{failed}");
    }
    let took = began.elapsed();
    assert!(took >= limits.handshake && took < 3 * limits.handshake, "{took:?}");
    for mut peer in silent {
        peer.set_read_timeout(Some(PATIENCE)).unwrap();
        // An end or a reset: what matters is that the service has let go.
        assert_eq!(peer.read(&mut [0]).unwrap_or_default(), 0);
    }
    for drip in dripping {
        drip.join().unwrap();
    }
}

#[test]
fn with_every_place_taken_the_slowest_make_room() {
    let world = World::new();
    let limits = Limits { handshake: PATIENCE, at_once: 4 };
    let (service, began) = (world.serve(limits), Instant::now());
    let _silent: Vec<_> = (0..10).map(|_| TcpStream::connect(service.address).unwrap()).collect();
    assert_eq!(world.visit(service.address).unwrap(), "hello CN=edge");
    assert!(began.elapsed() >= 2 * SECOND, "ten and one in four places, a fair second for each");
    assert!(began.elapsed() < PATIENCE);
    // Of the ten, three may stay.
    for _ in 0..7 {
        let failed = service.next().unwrap_err();
        assert!(matches!(failed.why, Failure::CrowdedOut), "{failed}");
    }
    assert_eq!(service.next().unwrap(), "CN=edge");
}

#[test]
fn a_crowd_of_honest_peers_is_served_though_there_are_few_places() {
    let world = World::new();
    let service = world.serve(Limits { at_once: 2, ..Limits::default() });
    let visits = || {
        let visits = (0..5).map(|_| world.visit(service.address).unwrap());
        assert!(visits.into_iter().all(|greeting| greeting == "hello CN=edge"));
    };
    thread::scope(|scope| {
        for _ in 0..10 {
            scope.spawn(visits);
        }
    });
    for _ in 0..50 {
        assert_eq!(service.next().unwrap(), "CN=edge");
    }
}

#[test]
fn to_accept_may_be_dropped_at_any_point_and_loses_nothing() {
    let (world, runtime) = (World::new(), Runtime::new().unwrap());
    let (clients, tcp) = (world.verifier(), runtime.block_on(TcpListener::bind("127.0.0.1:0")));
    let (config, tcp) = (world.config(&clients), tcp.unwrap());
    let address = tcp.local_addr().unwrap();
    runtime.spawn(async move {
        let tls = move || (config.clone(), clients.clone());
        let mut listener = Listener::new(tcp, Limits::default(), tls);
        loop {
            let given_up = timeout(Duration::from_micros(100), listener.accept());
            if let Ok(Ok((connection, _))) = given_up.await {
                greet(connection);
            }
        }
    });
    for _ in 0..20 {
        assert_eq!(world.visit(address).unwrap(), "hello CN=edge");
    }
}

impl World {
    /// A peer whose every byte comes within a tenth of a second of the last, until it is cut off.
    fn drip(&self, address: SocketAddr) -> thread::JoinHandle<()> {
        let name = "site.example".try_into().unwrap();
        let mut client = ClientConnection::new(Arc::new(self.visitor()), name).unwrap();
        let mut hello = vec![];
        client.write_tls(&mut hello).unwrap();
        let mut tcp = TcpStream::connect(address).unwrap();
        thread::spawn(move || {
            let mut drops = hello.chunks(1);
            while drops.next().is_some_and(|drop| tcp.write_all(drop).is_ok()) {
                thread::sleep(Duration::from_millis(100));
            }
            assert!(drops.next().is_some(), "it was not cut off");
        })
    }
}
