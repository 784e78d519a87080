//! What happens to bytes and to ends.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use crate::running::backend;
use crate::tunnel::Tunnel;
use crate::world::Tls;
use socket2::SockRef;

fn reset(tcp: &TcpStream) {
    SockRef::from(tcp).set_linger(Some(Duration::ZERO)).unwrap();
}

/// Of one direction: the other stays open.
fn say_goodbye(client: &mut Tls) {
    client.conn.send_close_notify();
    client.flush().unwrap();
    client.sock.shutdown(Shutdown::Write).unwrap();
}

fn noise(length: usize) -> Vec<u8> {
    (0..length).map(|at| (at * 31 + at / 251) as u8).collect()
}

#[test]
fn bytes_pass_both_ways_and_the_line_of_the_connection_says_who_and_how_much() {
    let (mut tunnel, mut client, mut backend) = Tunnel::carrying("");
    backend.write_all(b"welcome").unwrap();
    drop(backend);
    let mut said = String::new();
    client.read_to_string(&mut said).unwrap();
    assert_eq!(said, "welcome");
    say_goodbye(&mut client);
    let line = tunnel.proxy.connection();
    assert_eq!(line["client"], "dns:edge.example.com", "{line}");
    assert_eq!(line["client_eku"], "enforced", "{line}");
    assert_eq!((&line["up"], &line["down"]), (&5.into(), &7.into()), "{line}");
    assert_eq!(line["end"], "clean", "{line}");
}

#[test]
fn after_a_half_close_of_the_client_nothing_is_lost_on_the_way_back() {
    let (_tunnel, mut client, mut backend) = Tunnel::carrying("");
    say_goodbye(&mut client);
    let mut rest = vec![];
    backend.read_to_end(&mut rest).unwrap();
    assert!(rest.is_empty());
    let answer = noise(1 << 20);
    backend.write_all(&answer).unwrap();
    drop(backend);
    let mut got = vec![];
    client.read_to_end(&mut got).unwrap();
    assert!(got == answer, "{} of {}", got.len(), answer.len());
}

#[test]
fn after_a_half_close_of_the_backend_nothing_is_lost_on_the_way_there() {
    let (_tunnel, mut client, mut backend) = Tunnel::carrying("");
    backend.shutdown(Shutdown::Write).unwrap();
    let mut rest = vec![];
    client.read_to_end(&mut rest).unwrap();
    assert!(rest.is_empty());
    let question = noise(1 << 20);
    let sent = question.clone();
    let writer = thread::spawn(move || {
        client.write_all(&sent).unwrap();
        say_goodbye(&mut client);
        client
    });
    let mut got = vec![];
    backend.read_to_end(&mut got).unwrap();
    assert!(got == question, "{} of {}", got.len(), question.len());
    writer.join().unwrap();
}

#[test]
fn a_client_that_is_cut_off_is_delivered_and_then_reset_towards_the_backend() {
    for with_rst in [false, true] {
        let (mut tunnel, mut client, mut backend) = Tunnel::carrying("");
        let message = noise(300_000);
        client.write_all(&message).unwrap();
        if with_rst {
            // What is on its way must be there first: a reset destroys it.
            thread::sleep(Duration::from_millis(500));
            reset(&client.sock);
        }
        drop(client);
        let got = read_until_reset(&mut backend);
        assert!(got == message, "rst: {with_rst}, {} of {}", got.len(), message.len());
        assert_eq!(tunnel.proxy.connection()["end"], "client was cut off");
    }
}

#[test]
fn what_a_slow_backend_has_not_read_yet_is_not_destroyed_by_the_reset() {
    let (_tunnel, mut client, mut backend) = Tunnel::carrying("");
    let message = noise(6 << 20);
    let sent = message.clone();
    let writer = thread::spawn(move || {
        client.write_all(&sent).unwrap();
        client.flush().unwrap();
    });
    thread::sleep(Duration::from_millis(300));
    let mut got = vec![0; 1 << 20];
    backend.read_exact(&mut got).unwrap();
    thread::sleep(Duration::from_secs(2));
    got.extend(read_until_reset(&mut backend));
    assert!(got == message, "{} of {}", got.len(), message.len());
    writer.join().unwrap();
}

#[test]
fn a_backend_that_is_cut_off_is_delivered_and_then_reset_towards_the_client() {
    let (mut tunnel, mut client, mut backend) = Tunnel::carrying("");
    backend.write_all(&noise(100_000)).unwrap();
    thread::sleep(Duration::from_millis(500));
    reset(&backend);
    drop(backend);
    let mut got = vec![];
    let error = client.read_to_end(&mut got).unwrap_err();
    // Not UnexpectedEof: the socket was reset.
    assert_eq!(error.kind(), ErrorKind::ConnectionReset, "{error}");
    assert_eq!(got.len(), 100_000);
    assert_eq!(tunnel.proxy.connection()["end"], "backend was cut off");
}

#[test]
fn for_peers_that_never_say_goodbye_a_truncation_can_be_a_close() {
    let (mut tunnel, client, mut backend) = Tunnel::carrying("on_truncation = \"close\"");
    client.sock.shutdown(Shutdown::Write).unwrap();
    let mut rest = vec![];
    backend.read_to_end(&mut rest).unwrap();
    backend.write_all(b"and back").unwrap();
    drop(backend);
    assert_eq!(tunnel.proxy.connection()["end"], "clean");
    drop(client);
}

#[test]
fn a_silent_client_and_one_that_drips_end_at_the_handshake_timeout() {
    let mut tunnel = Tunnel::new("handshake_timeout = \"1s\"");
    let address = tunnel.address;
    let began = Instant::now();
    let mut silent = TcpStream::connect(address).unwrap();
    let mut drips = TcpStream::connect(address).unwrap();
    let dripping = thread::spawn(move || {
        let mut hello = vec![0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3];
        hello.resize(600, 0);
        hello.iter().all(|byte| {
            thread::sleep(Duration::from_millis(50));
            drips.write_all(&[*byte]).is_ok()
        })
    });
    let mut nothing = [0];
    assert!(matches!(silent.read(&mut nothing), Ok(0) | Err(_)));
    assert!(!dripping.join().unwrap(), "the dripping client was never cut off");
    assert!(began.elapsed() < Duration::from_secs(6), "{:?}", began.elapsed());
    for _ in 0..2 {
        assert_eq!(tunnel.proxy.connection()["class"], "time-limit");
    }
}

#[test]
fn where_nothing_moves_for_the_idle_timeout_both_sides_are_reset() {
    let (mut tunnel, mut client, mut backend) = Tunnel::carrying("idle_timeout = \"1s\"");
    thread::sleep(Duration::from_millis(700));
    client.write_all(b"!").unwrap();
    let began = Instant::now();
    let got = read_until_reset(&mut backend);
    assert_eq!(got, b"!");
    assert!(began.elapsed() > Duration::from_millis(900), "{:?}", began.elapsed());
    let error = client.read(&mut [0]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionReset, "{error}");
    assert_eq!(tunnel.proxy.connection()["end"], "idle");
}

/// A stream that ends cleanly fails the test.
fn read_until_reset(tcp: &mut TcpStream) -> Vec<u8> {
    let mut got = vec![];
    let error = tcp.read_to_end(&mut got).expect_err("a clean end");
    assert_eq!(error.kind(), ErrorKind::ConnectionReset, "{error}");
    got
}

#[test]
fn a_backend_that_is_gone_is_a_prompt_close_and_is_used_again_when_it_is_back() {
    let (mut tunnel, mut client, behind) = Tunnel::carrying("");
    let at = behind.local_addr().unwrap();
    reset(&behind);
    drop(behind);
    assert_eq!(client.read(&mut [0]).unwrap_err().kind(), ErrorKind::ConnectionReset);
    assert_eq!(tunnel.proxy.connection()["end"], "backend was cut off");
    drop(std::mem::replace(&mut tunnel.backend, backend().0));
    let began = Instant::now();
    let (_, line) = tunnel.refuse(Some(&tunnel.world.client()));
    assert!(began.elapsed() < Duration::from_secs(5));
    assert_eq!((&line["end"], &line["class"]), (&"no backend".into(), &"connect".into()), "{line}");
    tunnel.backend = TcpListener::bind(at).unwrap();
    tunnel.carry();
}
