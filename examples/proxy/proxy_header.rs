//! The PROXY protocol, version 2 (haproxy's doc/proxy-protocol.txt): tells a backend who connects,
//! and is read from load balancers in front.
//!
//! No crate that is kept today writes TLVs inside TLVs (`ssl` is one) or reads without a buffer of
//! its own; these are 200 lines.

mod read;
mod write;

pub use self::read::read;
pub use self::write::write;

/// What a header of version 2 begins with.
const SIGNATURE: [u8; 12] = *b"\r\n\r\n\0\r\nQUIT\n";
