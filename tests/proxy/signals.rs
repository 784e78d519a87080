//! SIGHUP and SIGTERM, at any moment and together.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use crate::common::pki::Eku;
use crate::common::ports::free_address;
use crate::running::{backend, terminating};
use crate::tunnel::{Tunnel, greeted};
use crate::world::{PATIENCE, World, named};

#[test]
fn after_sigterm_nobody_is_let_in_and_open_connections_may_end() {
    let (mut tunnel, mut client, mut behind) = Tunnel::carrying("");
    let proxy = &mut tunnel.proxy;
    proxy.signal("TERM");
    proxy.wait("draining");
    // SIGHUP has no default here that would end the process.
    proxy.signal("HUP");
    thread::sleep(Duration::from_millis(200));
    assert!(proxy.process.child.try_wait().unwrap().is_none(), "it ended with a connection open");
    assert!(TcpStream::connect(tunnel.address).is_err(), "a new connection was let in");
    behind.write_all(b"goodbye").unwrap();
    drop(behind);
    let mut said = String::new();
    client.read_to_string(&mut said).unwrap();
    assert_eq!(said, "goodbye");
    client.conn.send_close_notify();
    client.flush().unwrap();
    drop(client);
    assert!(proxy.process.child.wait().unwrap().success());
}

#[test]
fn what_is_still_open_when_the_drain_is_over_is_reset_and_not_ended() {
    let toml = |at| format!("drain = \"1s\"\n{}", terminating(at, ""));
    let mut tunnel = Tunnel::of(World::new(), toml);
    let (mut client, mut behind) = tunnel.carry();
    client.write_all(b"last words").unwrap();
    tunnel.proxy.signal("TERM");
    let began = Instant::now();
    let mut got = vec![];
    behind.read_to_end(&mut got).expect_err("a clean end");
    assert_eq!(got, b"last words");
    client.read_to_end(&mut vec![]).expect_err("a clean end");
    assert!(tunnel.proxy.process.child.wait().unwrap().success());
    assert!(began.elapsed() < PATIENCE, "{:?}", began.elapsed());
}

#[test]
fn sighup_and_sigterm_together_end_it_cleanly() {
    for _ in 0..10 {
        let mut tunnel = Tunnel::new("");
        ["HUP", "TERM", "HUP"].iter().for_each(|signal| tunnel.proxy.signal(signal));
        assert!(tunnel.proxy.process.child.wait().unwrap().success());
    }
}

#[test]
fn a_changed_list_of_tunnels_is_applied_and_those_that_stay_keep_their_connections() {
    let named = |name: &str, at| terminating(at, "").replace("\"in\"", &format!("\"{name}\""));
    let mut tunnel = Tunnel::of(World::new(), |at| named("in", at) + &named("two", at));
    let (mut client, mut behind) = tunnel.carry();
    let gone = tunnel.proxy.address("two");

    // `two` goes, `three` comes, `in` goes to another backend from now on.
    let (second_backend, second_at) = backend();
    let at = tunnel.backend.local_addr().unwrap();
    tunnel.reload(&(named("in", second_at) + &named("three", at)));
    tunnel.proxy.wait("reloaded");
    assert!(TcpStream::connect(gone).is_err(), "a removed tunnel listens");
    for (name, backend) in [("three", &tunnel.backend), ("in", &second_backend)] {
        let address = tunnel.proxy.address(name);
        greeted(tunnel.world.connect(address, Some(&tunnel.world.client())), backend);
    }
    // The first connection never noticed.
    client.write_all(b"still here").unwrap();
    let mut said = [0; 10];
    behind.read_exact(&mut said).unwrap();
    assert_eq!(&said, b"still here");
}

/// A tunnel at an address of its own, and not at whichever is free.
fn placed() -> Tunnel {
    let listen = free_address().to_string();
    Tunnel::of(World::new(), |at| terminating(at, "").replace("127.0.0.1:0", &listen))
}

#[test]
fn a_tunnel_of_another_name_takes_the_port_of_one_that_is_gone() {
    let mut tunnel = placed();
    let (mut client, mut behind) = tunnel.carry();
    tunnel.reload(&tunnel.toml.replace("\"in\"", "\"renamed\""));
    assert_eq!(tunnel.proxy.wait("reloaded")["failures"], 0);
    tunnel.carry();
    // The one that is gone lets its connections end.
    client.write_all(b"!").unwrap();
    behind.read_exact(&mut [0]).unwrap();
}

#[test]
fn tunnels_that_exchange_their_addresses_do_so_at_one_sighup() {
    let (two_backend, two_at) = backend();
    let [port, other, third] = [(); 3].map(|()| free_address());
    let listen = |toml: String, port: SocketAddr| toml.replace("127.0.0.1:0", &port.to_string());
    let both = |at, one, two| {
        let second = terminating(two_at, "").replace("\"in\"", "\"two\"");
        listen(terminating(at, ""), one) + &listen(second, two)
    };
    let mut tunnel = Tunnel::of(World::new(), |at| both(at, port, other));
    let at = tunnel.backend.local_addr().unwrap();
    // An exchange; then one moves to where the other was.
    for (one, two) in [(other, port), (port, third)] {
        tunnel.reload(&both(at, one, two));
        assert_eq!(tunnel.proxy.wait("reloaded")["failures"], 0, "{:?}", tunnel.proxy.seen);
        for (port, backend) in [(one, &tunnel.backend), (two, &two_backend)] {
            greeted(tunnel.world.connect(port, Some(&tunnel.world.client())), backend);
        }
    }
}

#[test]
fn a_tunnel_that_cannot_move_stays_where_it_is() {
    let mut tunnel = placed();
    let taken = tunnel.backend.local_addr().unwrap().to_string();
    for _ in 0..2 {
        tunnel.reload(&tunnel.toml.replace(&tunnel.address.to_string(), &taken));
        assert_eq!(tunnel.proxy.wait("reloaded")["failures"], 1, "{:?}", tunnel.proxy.seen);
        tunnel.carry();
    }
}

#[test]
fn what_is_read_at_the_start_alone_is_said_to_need_a_restart() {
    let mut tunnel = Tunnel::new("");
    tunnel.proxy.signal("HUP");
    tunnel.proxy.wait("reloaded");
    let seen = &tunnel.proxy.seen;
    assert!(seen.iter().all(|line| line["level"] != "WARN"), "{seen:?}");
    for new in ["admin = \"127.0.0.1:0\"\n", "drain = \"1m\"\n"] {
        tunnel.reload(&format!("{new}{}", tunnel.toml));
        let said = tunnel.proxy.find(|line| line["level"] == "WARN");
        assert!(said["message"].as_str().unwrap().contains("restart"), "{said}");
        tunnel.proxy.wait("reloaded");
    }
}

#[test]
fn a_file_that_cannot_be_used_leaves_everything_as_it_was_and_says_so() {
    let mut tunnel = Tunnel::new("");
    for broken in ["[[tunnel", &tunnel.toml.replace("server.pem", "nowhere.pem")] {
        tunnel.reload(broken);
        let said = tunnel.proxy.find(|line| line["level"] == "ERROR");
        let message = said["message"].as_str().unwrap();
        assert!(message.contains("what was good before stays"), "{said}");
        assert!(message.contains("proxy.toml:"), "{said}");
        tunnel.carry();
    }
}

/// What is refused is said at every SIGHUP until it is mended.
#[test]
fn renewed_files_are_used_at_sighup_and_where_they_are_refused_the_last_good_pair_stays() {
    let mut tunnel = Tunnel::new("");
    let presented = |tunnel: &Tunnel| tunnel.carry().0.conn.peer_certificates().unwrap()[0].clone();
    let renewed = tunnel.world.server();
    let unfit = tunnel.world.servers.leaf(named("core.example.com").eku(Eku::client()));
    assert_ne!(presented(&tunnel), renewed.der());
    for (leaf, key, refused) in [
        (&renewed, &renewed, None),
        (&unfit, &unfit, Some("unfit for role server")),
        (&unfit, &unfit, Some("unfit for role server")),
        (&unfit, &renewed, Some("is not the key")),
        (&renewed, &renewed, None),
    ] {
        tunnel.world.folder.write("server.pem", leaf.cert_pem());
        tunnel.world.folder.write("server.key", key.key_pem());
        tunnel.proxy.signal("HUP");
        if let Some(why) = refused {
            let said = tunnel.proxy.find(|line| line["level"] == "ERROR");
            assert!(said["message"].as_str().unwrap().contains(why), "{said}");
        }
        assert_eq!(tunnel.proxy.wait("reloaded")["failures"], u8::from(refused.is_some()));
        assert_eq!(presented(&tunnel), renewed.der());
    }
}
