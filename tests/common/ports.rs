//! Addresses for programs that listen where they are told.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::process;
use std::sync::atomic::{AtomicU16, Ordering::Relaxed};

/// An address of this machine that is free, that no other call of this process gets, and that no
/// connection of this machine takes in between: its port is below those that the system gives away.
/// Asking the system for one and closing it again gives one address to two programs, now and then.
pub fn free_address() -> SocketAddr {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    // Two test programs side by side begin at different ports.
    let first = (process::id() * 7 % u32::from(COUNT)) as u16;
    let is_free = |address: &SocketAddr| TcpListener::bind(address).is_ok();
    std::iter::repeat_with(|| (first + NEXT.fetch_add(1, Relaxed) % COUNT) % COUNT)
        .map(|place| SocketAddr::from((Ipv4Addr::LOCALHOST, FIRST + place)))
        .take(COUNT.into())
        .find(is_free)
        .expect("of thousands of ports, one is free")
}

const FIRST: u16 = 10_000;
const COUNT: u16 = 10_000;
