//! SIGHUP and SIGTERM, at any moment and together.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use crate::common::ports::free_address;
use crate::running::{Proxy, backend, take, terminating, write};
use crate::world::{PATIENCE, World};

#[test]
fn after_sigterm_nobody_is_let_in_and_open_connections_may_end() {
    let world = World::new();
    let (listener, at) = backend();
    let mut proxy = Proxy::start(&world, &terminating(at, ""));
    let address = proxy.address("in");
    let mut client = world.connect(address, Some(&world.client()));
    client.write_all(b"hello").unwrap();
    let mut behind = take(&listener);
    behind.read_exact(&mut [0; 5]).unwrap();
    proxy.signal("TERM");
    proxy.wait("draining");
    // SIGHUP has no default here that would end the process.
    proxy.signal("HUP");
    thread::sleep(Duration::from_millis(200));
    assert!(proxy.child.try_wait().unwrap().is_none(), "it ended with a connection open");
    assert!(TcpStream::connect(address).is_err(), "a new connection was let in");
    behind.write_all(b"goodbye").unwrap();
    drop(behind);
    let mut said = String::new();
    client.read_to_string(&mut said).unwrap();
    assert_eq!(said, "goodbye");
    client.conn.send_close_notify();
    client.flush().unwrap();
    drop(client);
    assert!(proxy.child.wait().unwrap().success());
}

#[test]
fn what_is_still_open_when_the_drain_is_over_is_reset_and_not_ended() {
    let world = World::new();
    let (listener, at) = backend();
    let toml = format!("drain = \"1s\"\n{}", terminating(at, ""));
    let mut proxy = Proxy::start(&world, &toml);
    let mut client = world.connect(proxy.address("in"), Some(&world.client()));
    client.write_all(b"hello").unwrap();
    let mut behind = take(&listener);
    proxy.signal("TERM");
    let began = Instant::now();
    let mut got = vec![];
    behind.read_to_end(&mut got).expect_err("a clean end");
    assert_eq!(got, b"hello");
    client.read_to_end(&mut vec![]).expect_err("a clean end");
    assert!(proxy.child.wait().unwrap().success());
    assert!(began.elapsed() < PATIENCE, "{:?}", began.elapsed());
}

#[test]
fn sighup_and_sigterm_together_end_it_cleanly() {
    for _ in 0..10 {
        let world = World::new();
        let (_listener, at) = backend();
        let mut proxy = Proxy::start(&world, &terminating(at, ""));
        proxy.signal("HUP");
        proxy.signal("TERM");
        proxy.signal("HUP");
        assert!(proxy.child.wait().unwrap().success());
    }
}

#[test]
fn a_changed_list_of_tunnels_is_applied_and_those_that_stay_keep_their_connections() {
    let world = World::new();
    let (listener, at) = backend();
    let (second_listener, second_at) = backend();
    let (one, two) = (terminating(at, ""), terminating(at, "").replace("\"in\"", "\"two\""));
    let mut proxy = Proxy::start(&world, &(one.clone() + &two));
    let mut client = world.connect(proxy.address("in"), Some(&world.client()));
    client.write_all(b"1").unwrap();
    let mut behind = take(&listener);
    behind.read_exact(&mut [0]).unwrap();
    let gone = proxy.address("two");

    // `two` goes, `three` comes, `in` goes to another backend from now on.
    let three = one.replace("\"in\"", "\"three\"");
    write(&world, &(one.replace(&at.to_string(), &second_at.to_string()) + &three));
    proxy.signal("HUP");
    proxy.wait("reloaded");
    assert!(TcpStream::connect(gone).is_err(), "a removed tunnel listens");
    let (inside, three) = (proxy.address("in"), proxy.address("three"));
    let mut other = world.connect(three, Some(&world.client()));
    other.write_all(b"3").unwrap();
    take(&listener).read_exact(&mut [0]).unwrap();
    let mut moved = world.connect(inside, Some(&world.client()));
    moved.write_all(b"2").unwrap();
    take(&second_listener).read_exact(&mut [0]).unwrap();
    // The first connection never noticed.
    client.write_all(b"still here").unwrap();
    let mut said = [0; 10];
    behind.read_exact(&mut said).unwrap();
    assert_eq!(&said, b"still here");
}

#[test]
fn a_tunnel_of_another_name_takes_the_port_of_one_that_is_gone() {
    let world = World::new();
    let (listener, at) = backend();
    let port = free_address();
    let toml = terminating(at, "").replace("127.0.0.1:0", &port.to_string());
    let mut proxy = Proxy::start(&world, &toml);
    let mut client = world.connect(port, Some(&world.client()));
    client.write_all(b"hello").unwrap();
    let mut behind = take(&listener);
    write(&world, &toml.replace("\"in\"", "\"renamed\""));
    proxy.signal("HUP");
    assert_eq!(proxy.wait("reloaded")["failures"], 0);
    let mut other = world.connect(port, Some(&world.client()));
    other.write_all(b"hello").unwrap();
    take(&listener).read_exact(&mut [0; 5]).unwrap();
    // The one that is gone lets its connections end.
    client.write_all(b"!").unwrap();
    behind.read_exact(&mut [0; 6]).unwrap();
}

#[test]
fn tunnels_that_exchange_their_addresses_do_so_at_one_sighup() {
    let world = World::new();
    let ((one_listener, one_at), (two_listener, two_at)) = (backend(), backend());
    let (port, other, third) = (free_address(), free_address(), free_address());
    let tunnel = |name: &str, at: SocketAddr, port: SocketAddr| {
        let toml = terminating(at, "").replace("127.0.0.1:0", &port.to_string());
        toml.replace("\"in\"", &format!("\"{name}\""))
    };
    let both = |one, two| tunnel("one", one_at, one) + &tunnel("two", two_at, two);
    let mut proxy = Proxy::start(&world, &both(port, other));
    // An exchange; then one moves to where the other was.
    for (one, two) in [(other, port), (port, third)] {
        write(&world, &both(one, two));
        proxy.signal("HUP");
        assert_eq!(proxy.wait("reloaded")["failures"], 0, "{:?}", proxy.seen);
        for (port, listener) in [(one, &one_listener), (two, &two_listener)] {
            let mut client = world.connect(port, Some(&world.client()));
            client.write_all(b"hello").unwrap();
            take(listener).read_exact(&mut [0; 5]).unwrap();
        }
    }
}

#[test]
fn a_tunnel_that_cannot_move_stays_where_it_is() {
    let world = World::new();
    let (listener, at) = backend();
    let port = free_address();
    let toml = terminating(at, "").replace("127.0.0.1:0", &port.to_string());
    let mut proxy = Proxy::start(&world, &toml);
    for _ in 0..2 {
        write(&world, &toml.replace(&port.to_string(), &at.to_string()));
        proxy.signal("HUP");
        assert_eq!(proxy.wait("reloaded")["failures"], 1, "{:?}", proxy.seen);
        let mut client = world.connect(port, Some(&world.client()));
        client.write_all(b"hello").unwrap();
        take(&listener).read_exact(&mut [0; 5]).unwrap();
    }
}

#[test]
fn what_is_refused_is_said_at_every_sighup_until_it_is_mended() {
    let world = World::new();
    let (_listener, at) = backend();
    let mut proxy = Proxy::start(&world, &terminating(at, ""));
    let server = std::fs::read(world.folder.join("server.pem")).unwrap();
    world.folder.write("server.pem", std::fs::read(world.folder.join("client.pem")).unwrap());
    for _ in 0..2 {
        proxy.signal("HUP");
        let said = proxy.find_new(|line| line["level"] == "ERROR");
        assert!(said["message"].as_str().unwrap().contains("is not the key"), "{said}");
        assert_eq!(proxy.wait("reloaded")["failures"], 1);
    }
    world.folder.write("server.pem", server);
    proxy.signal("HUP");
    assert_eq!(proxy.wait("reloaded")["failures"], 0);
}

#[test]
fn what_is_read_at_the_start_alone_is_said_to_need_a_restart() {
    let world = World::new();
    let (_listener, at) = backend();
    let toml = terminating(at, "");
    let mut proxy = Proxy::start(&world, &toml);
    proxy.signal("HUP");
    proxy.wait("reloaded");
    assert!(proxy.seen.iter().all(|line| line["level"] != "WARN"), "{:?}", proxy.seen);
    for new in ["admin = \"127.0.0.1:0\"\n", "drain = \"1m\"\n"] {
        write(&world, &format!("{new}{toml}"));
        proxy.signal("HUP");
        let said = proxy.find_new(|line| line["level"] == "WARN");
        assert!(said["message"].as_str().unwrap().contains("restart"), "{said}");
        proxy.wait("reloaded");
    }
}

#[test]
fn a_file_that_cannot_be_used_leaves_everything_as_it_was_and_says_so() {
    let world = World::new();
    let (listener, at) = backend();
    let toml = terminating(at, "");
    let mut proxy = Proxy::start(&world, &toml);
    let address = proxy.address("in");
    for broken in ["[[tunnel", &toml.replace("server.pem", "nowhere.pem")] {
        write(&world, broken);
        proxy.signal("HUP");
        let said = proxy.find_new(|line| line["level"] == "ERROR");
        let message = said["message"].as_str().unwrap();
        assert!(message.contains("what was good before stays"), "{said}");
        assert!(message.contains("proxy.toml:"), "{said}");
        let mut client = world.connect(address, Some(&world.client()));
        client.write_all(b"hello").unwrap();
        take(&listener).read_exact(&mut [0; 5]).unwrap();
    }
}

#[test]
fn renewed_files_are_used_at_sighup_and_a_renewal_without_its_purpose_keeps_the_last_good_pair() {
    let world = World::new();
    let (_listener, at) = backend();
    let mut proxy = Proxy::start(&world, &terminating(at, ""));
    let address = proxy.address("in");
    let serial = |world: &World| {
        let mut client = world.connect(address, Some(&world.client()));
        let _ = client.write_all(b"hello");
        client.conn.peer_certificates().unwrap()[0].to_vec()
    };
    let first = serial(&world);
    let renewed = world.server();
    world.write("server", &renewed, &world.servers);
    proxy.signal("HUP");
    proxy.wait("reloaded");
    let second = serial(&world);
    assert_ne!(first, second);
    assert_eq!(second, renewed.der().to_vec());

    let unfit = world
        .servers
        .leaf(crate::world::valid(crate::world::unfit().eku(crate::common::pki::Eku::client())));
    world.write("server", &unfit, &world.servers);
    proxy.signal("HUP");
    let said = proxy.find_new(|line| line["level"] == "ERROR");
    let message = said["message"].as_str().unwrap();
    assert!(message.contains("unfit for role server"), "{said}");
    assert_eq!(serial(&world), second);
}
