//! [`read`]: who connects, as a load balancer in front says it, in version 1 or 2.

use std::io::{self, ErrorKind};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

use tokio::io::{AsyncRead, AsyncReadExt};

use super::SIGNATURE;
use crate::client::Addresses;

/// Reads a header and not a byte more. `None`: the balancer speaks for itself (a health check, or a
/// client whose address it does not know).
///
/// Addresses are all that is taken. What else a header may say (a name, a certificate, what we say
/// ourselves) is passed over and never passed on. Memory is bounded; time is the caller's to bound.
///
/// # Errors
///
/// There is no header, it is for another protocol than TCP, or it is malformed.
pub async fn read(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<Option<Addresses>> {
    // No header of version 1 is shorter.
    let mut start = [0; 12];
    stream.read_exact(&mut start).await?;
    match start {
        SIGNATURE => version_2(stream).await,
        [b'P', b'R', b'O', b'X', b'Y', b' ', ..] => version_1(stream, &start).await,
        _ => Err(invalid("there is no PROXY header, and one is needed from this address")),
    }
}

async fn version_2(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<Option<Addresses>> {
    let (version_and_command, family) = (stream.read_u8().await?, stream.read_u8().await?);
    let length = usize::from(stream.read_u16().await?);
    let mut block = [0; 36];
    let addresses = match (version_and_command, family) {
        // LOCAL, and a PROXY of a family that is not known.
        (0x20, _) | (0x21, 0x00) => 0,
        (0x21, 0x11) => 12,
        (0x21, 0x21) => 36,
        (0x21, _) => return Err(invalid("the PROXY header is of another protocol than TCP")),
        (0x22..=0x2F, _) => {
            return Err(invalid("the PROXY header has a command that does not exist"));
        }
        _ => return Err(invalid("the PROXY header is of a version that does not exist")),
    };
    if length < addresses {
        return Err(invalid("the PROXY header is too short for its addresses"));
    }
    stream.read_exact(&mut block[..addresses]).await?;
    pass_over(stream, length - addresses).await?;
    Ok(match addresses {
        12 => Some(of_blocks::<4, Ipv4Addr>(&block)),
        36 => Some(of_blocks::<16, Ipv6Addr>(&block)),
        _ => None,
    })
}

/// Two addresses, then two ports.
fn of_blocks<const LENGTH: usize, A: From<[u8; LENGTH]> + Into<std::net::IpAddr>>(
    block: &[u8],
) -> Addresses {
    let address = |index: usize| {
        let mut octets = [0; LENGTH];
        octets.copy_from_slice(&block[index * LENGTH..][..LENGTH]);
        let port = &block[2 * LENGTH + 2 * index..];
        SocketAddr::new(A::from(octets).into(), u16::from_be_bytes([port[0], port[1]]))
    };
    Addresses::new(address(0), address(1))
}

async fn pass_over(stream: &mut (impl AsyncRead + Unpin), length: usize) -> io::Result<()> {
    let mut rest = stream.take(length as u64);
    match tokio::io::copy(&mut rest, &mut tokio::io::sink()).await? {
        passed if passed == length as u64 => Ok(()),
        _ => Err(ErrorKind::UnexpectedEof.into()),
    }
}

/// A line such as `PROXY TCP4 192.0.2.1 192.0.2.2 1024 443\r\n`.
async fn version_1(
    stream: &mut (impl AsyncRead + Unpin),
    start: &[u8; 12],
) -> io::Result<Option<Addresses>> {
    let mut line = start.to_vec();
    while !line.ends_with(b"\r\n") {
        if line.len() == LONGEST_LINE {
            return Err(invalid("the line of the PROXY header does not end"));
        }
        line.push(stream.read_u8().await?);
    }
    let line = std::str::from_utf8(&line).map_err(|_| invalid(MALFORMED))?;
    let line = line.trim_end_matches("\r\n");
    let words: Vec<_> = line.split(' ').collect();
    let (from, to) = match words[..] {
        ["PROXY", "UNKNOWN", ..] => return Ok(None),
        ["PROXY", family @ ("TCP4" | "TCP6"), from, to, from_port, to_port] => {
            (address(family, from, from_port)?, address(family, to, to_port)?)
        }
        _ => return Err(invalid(MALFORMED)),
    };
    Ok(Some(Addresses::new(from, to)))
}

fn address(family: &str, ip: &str, port: &str) -> io::Result<SocketAddr> {
    let read = || {
        let ip = match family {
            "TCP4" => ip.parse::<Ipv4Addr>().ok()?.into(),
            _ => ip.parse::<Ipv6Addr>().ok()?.into(),
        };
        // Decimal digits, and no zero before others (2.1).
        let number: u16 = port.parse().ok()?;
        (number.to_string() == port).then(|| SocketAddr::new(ip, number))
    };
    read().ok_or_else(|| invalid(MALFORMED))
}

fn invalid(why: &'static str) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, why)
}

/// Of version 1, with its end (2.1).
const LONGEST_LINE: usize = 107;
const MALFORMED: &str = "the PROXY header is malformed";
