//! What is asked of each contender: handshakes, bulk data, idle connections, small requests at half load.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use rustls::{ClientConnection, StreamOwned};

pub type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;
type Stream = StreamOwned<ClientConnection, TcpStream>;

/// Answers every byte with itself, in plain text.
pub fn echo_backend() -> Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            // Thousands of them wait at once.
            let _ = thread::Builder::new().stack_size(64 << 10).spawn(move || echo(stream));
        }
    });
    Ok(address)
}

fn echo(mut stream: TcpStream) {
    let _ = stream.set_nodelay(true);
    let mut buffer = vec![0; 16 << 10];
    while let Ok(read @ 1..) = stream.read(&mut buffer) {
        if stream.write_all(&buffer[..read]).is_err() {
            return;
        }
    }
}

/// One full mutual handshake, told done by the first byte that came back.
pub fn connect(address: SocketAddr, config: &Arc<ClientConfig>) -> Result<Stream> {
    let tcp = TcpStream::connect(address)?;
    tcp.set_nodelay(true)?;
    tcp.set_read_timeout(Some(Duration::from_secs(20)))?;
    let name = ServerName::try_from("localhost")?;
    let mut stream = StreamOwned::new(ClientConnection::new(Arc::clone(config), name)?, tcp);
    request(&mut stream)?;
    Ok(stream)
}

fn request(stream: &mut Stream) -> Result<()> {
    stream.write_all(b"x")?;
    stream.flush()?;
    let mut answer = [0];
    stream.read_exact(&mut answer)?;
    match &answer {
        b"x" => Ok(()),
        other => Err(format!("asked x, answered {other:?}").into()),
    }
}

pub fn handshakes(address: SocketAddr, config: &Arc<ClientConfig>, count: usize) -> Result<()> {
    for _ in 0..count {
        let mut stream = connect(address, config)?;
        stream.conn.send_close_notify();
        let _ = stream.flush();
    }
    Ok(())
}

/// Sends this many MiB, and reads them back while sending: each MiB passes the proxy twice.
pub fn bulk(address: SocketAddr, config: &Arc<ClientConfig>, mib: usize) -> Result<()> {
    let mut stream = connect(address, config)?;
    let block = vec![0x5a; 64 << 10];
    let mut back = vec![0; 64 << 10];
    for _ in 0..mib * 16 {
        stream.write_all(&block)?;
        stream.flush()?;
        stream.read_exact(&mut back)?;
    }
    match back == block {
        true => Ok(()),
        false => Err("what came back is not what was sent".into()),
    }
}

/// Connections that have said one byte and say no more, while they are held.
pub fn idle(address: SocketAddr, config: &Arc<ClientConfig>, count: usize) -> Result<Vec<Stream>> {
    (0..count).map(|_| connect(address, config)).collect()
}

/// How many requests a second four connections get, each with one request under way.
pub fn rate(address: SocketAddr, config: &Arc<ClientConfig>, time: Duration) -> Result<f64> {
    let begun = Instant::now();
    let counts = in_threads(|| {
        let mut stream = connect(address, config)?;
        let mut count = 0_u32;
        while begun.elapsed() < time {
            request(&mut stream)?;
            count += 1;
        }
        Ok(vec![f64::from(count)])
    })?;
    Ok(counts.iter().sum::<f64>() / begun.elapsed().as_secs_f64())
}

/// The median time of a request, in microseconds, at this many requests a second.
pub fn latency(
    address: SocketAddr,
    config: &Arc<ClientConfig>,
    rate: f64,
    time: Duration,
) -> Result<f64> {
    let pause = Duration::from_secs_f64(CONNECTIONS as f64 / rate);
    let begun = Instant::now();
    let mut times = in_threads(|| {
        let mut stream = connect(address, config)?;
        let mut times = vec![];
        let mut next = Instant::now();
        while begun.elapsed() < time {
            // Late requests count from when they were due.
            thread::sleep(next.saturating_duration_since(Instant::now()));
            request(&mut stream)?;
            times.push(next.elapsed().as_secs_f64() * 1e6);
            next += pause;
        }
        Ok(times)
    })?;
    times.sort_by(f64::total_cmp);
    times.get(times.len() / 2).copied().ok_or_else(|| "no request".into())
}

const CONNECTIONS: usize = 4;

fn in_threads(work: impl Fn() -> Result<Vec<f64>> + Sync) -> Result<Vec<f64>> {
    thread::scope(|scope| {
        let worker = || work().map_err(|error| error.to_string());
        let workers: Vec<_> = (0..CONNECTIONS).map(|_| scope.spawn(worker)).collect();
        let mut all = vec![];
        for worker in workers {
            all.extend(worker.join().map_err(|_| "a worker panicked")??);
        }
        Ok(all)
    })
}
