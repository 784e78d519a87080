//! A range of addresses, `10.0.0.0/28`, and the port behind it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::target::port_number;

/// As many addresses as a /20 has; a larger range is asked in parts.
const MOST: u128 = 4096;

/// The addresses of a range, and its port; nothing if the text is none.
pub fn read(text: &str) -> Result<Option<(impl Iterator<Item = IpAddr>, Option<u16>)>, String> {
    let Some((address, rest)) = text.split_once('/') else {
        return Ok(None);
    };
    // `[2001:db8::]/120`, `[2001:db8::/120]`
    let address = address.trim_start_matches('[').trim_end_matches(']');
    let (bits, port) = match rest.split_once(':') {
        Some((bits, port)) => (bits, Some(port)),
        None => (rest, None),
    };
    let bits = bits.trim_end_matches(']').parse::<u8>();
    let (Ok(address), Ok(bits)) = (address.parse::<IpAddr>(), bits) else {
        return Ok(None);
    };
    let port = port.map(port_number).transpose()?;
    Ok(Some((addresses(address, bits)?, port)))
}

fn addresses(address: IpAddr, bits: u8) -> Result<impl Iterator<Item = IpAddr>, String> {
    let (number, size): (u128, u32) = match address {
        IpAddr::V4(address) => (address.to_bits().into(), 32),
        IpAddr::V6(address) => (address.to_bits(), 128),
    };
    let free = size
        .checked_sub(bits.into())
        .ok_or_else(|| format!("`/{bits}` is longer than an address"))?;
    let count = 1u128.checked_shl(free).unwrap_or(u128::MAX);
    if count > MOST {
        let most = size - MOST.ilog2();
        return Err(format!(
            "the range has more than {MOST} addresses: /{most} or longer is asked"
        ));
    }
    let first = number & !(count - 1);
    Ok((first..first + count).map(move |number| match address {
        IpAddr::V4(_) => Ipv4Addr::from_bits(number as u32).into(),
        IpAddr::V6(_) => Ipv6Addr::from_bits(number).into(),
    }))
}
