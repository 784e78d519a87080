//! The plain-text service behind a TLS server: one answer in the words of whoever asks, then the end.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

/// What every client is to see.
pub const ANSWER: &str = "pong";
/// Longer than any answer takes on a crowded machine: who is refused sees an end, and nobody waits.
const PATIENCE: Duration = Duration::from_secs(60);
const HTTP: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\npong\n";
/// CONNECT is answered with CONNACK, accepted (MQTT 3.1.1, 3.2).
pub const MQTT_CONNECT: &[u8] = b"\x10\x10\x00\x04MQTT\x04\x02\x00\x3c\x00\x04ping";
pub const MQTT_ACCEPTED: &[u8] = b"\x20\x02\x00\x00";

/// Where it listens, for as long as the test runs.
pub fn start() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            thread::spawn(move || answer(stream));
        }
    });
    address
}

/// What is answered to this, if anything: what came first of it.
pub fn ask(address: SocketAddr, saying: &[u8]) -> io::Result<Vec<u8>> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.write_all(saying)?;
    let mut answer = [0; 1024];
    let read = stream.read(&mut answer)?;
    Ok(answer[..read].to_vec())
}

fn answer(mut stream: TcpStream) -> Option<()> {
    stream.set_read_timeout(Some(PATIENCE)).ok()?;
    let mut asked = [0; 1024];
    let asked = match stream.read(&mut asked).ok()? {
        0 => return None,
        read => &asked[..read],
    };
    match asked {
        [b'G', b'E', b'T', ..] => stream.write_all(HTTP).ok(),
        [0x10, ..] => {
            stream.write_all(MQTT_ACCEPTED).ok()?;
            stream.read_to_end(&mut vec![]).ok().map(drop)
        }
        _ => writeln!(stream, "{ANSWER}").ok(),
    }
}
