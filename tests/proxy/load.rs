//! Many at once, and too few descriptors.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use crate::common::cases::all_or;
use crate::running::{Proxy, program, terminating};
use crate::tunnel::Tunnel;
use crate::world::{PATIENCE, World};

/// A tunnel of the program with so many descriptors.
fn with_descriptors(most: usize, more: &str) -> Tunnel {
    let mut shell = Command::new("sh");
    shell.args(["-c", &format!("ulimit -n {most} && exec \"$0\" \"$@\"")]).arg(program());
    Tunnel::run(shell, World::new(), |at| terminating(at, more))
}

#[test]
fn with_descriptors_exhausted_it_pauses_and_goes_on_by_itself() {
    let mut tunnel = with_descriptors(64, "handshake_timeout = \"3s\"");
    let silent: Vec<_> = (0..100).map(|_| TcpStream::connect(tunnel.address).unwrap()).collect();
    let no_more = "the system gave no connection";
    tunnel.proxy.wait(no_more);
    let before = cpu_ticks(&tunnel.proxy);
    let counted = tunnel.proxy.seen.len();
    // They end at the time limit, and so does the shortage.
    drop((tunnel.carry(), silent));
    tunnel.proxy.find(|line| line["client"].is_string());
    let seen = &tunnel.proxy.seen[counted..];
    let pauses = seen.iter().filter(|line| line["message"] == no_more).count();
    assert!(pauses < 60, "{pauses} attempts: it spins");
    let spent = cpu_ticks(&tunnel.proxy) - before;
    assert!(spent < 200, "{spent} ticks of 10 ms: it spins");
}

/// Of this process, user and system; ticks of 10 ms.
fn cpu_ticks(proxy: &Proxy) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", proxy.process.id())).unwrap();
    let fields: Vec<_> = stat.rsplit(") ").next().unwrap().split(' ').collect();
    fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap()
}

#[test]
fn a_reader_that_does_not_read_costs_no_more_memory_than_the_buffers() {
    let tunnel = Tunnel::new("");
    let mut ends: Vec<_> = (0..10).map(|_| tunnel.carry()).collect();
    let before = tunnel.proxy.process.resident_kb();
    // Towards backends that do not read, and towards clients that do not.
    for (client, behind) in &mut ends {
        let wait = Some(Duration::from_millis(200));
        client.sock.set_write_timeout(wait).unwrap();
        behind.set_write_timeout(wait).unwrap();
        for _ in 0..32 {
            let _ = client.write(&[7; 1 << 20]);
            let _ = behind.write(&[7; 1 << 20]);
        }
    }
    let grown = tunnel.proxy.process.resident_kb().saturating_sub(before);
    // Each way: what was read at once (64 KiB) and what TLS holds of it.
    assert!(grown < 10 * 2 * 3 * 64, "{grown} kB for ten connections");
}

#[test]
fn idle_connections_by_the_thousand_are_held_and_cost_little() {
    let most = all_or(10_000, 500);
    // The client's and the backend's end of each connection are here.
    let Some(limit) = descriptors() else { return };
    let most = most.min(limit / 2 - 100);
    let mut tunnel = with_descriptors(limit, "max_connections = 20000");
    let leaf = tunnel.world.client();
    let before = tunnel.proxy.process.resident_kb();
    let connect = |_| tunnel.carry_of(&leaf);
    let mut held: Vec<_> = (0..most).map(connect).collect();
    let each = tunnel.proxy.process.resident_kb().saturating_sub(before) as f64 / most as f64;
    println!("{most} idle connections, {each:.1} kB each");
    assert!(each < 40.0, "{each:.1} kB each");
    // All of them still work.
    for (tls, behind) in held.iter_mut().step_by(97) {
        behind.write_all(b"?").unwrap();
        tls.read_exact(&mut [0]).unwrap();
    }
    let began = Instant::now();
    drop(held);
    tunnel.proxy.signal("TERM");
    while tunnel.proxy.process.child.try_wait().unwrap().is_none() {
        assert!(began.elapsed() < 2 * PATIENCE, "it does not end");
        thread::sleep(Duration::from_millis(50));
    }
}

/// How many descriptors this process may have.
fn descriptors() -> Option<usize> {
    let limits = std::fs::read_to_string("/proc/self/limits").ok()?;
    let line = limits.lines().find(|line| line.starts_with("Max open files"))?;
    line.split_whitespace().nth(3)?.parse().ok()
}
