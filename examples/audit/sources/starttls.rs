//! STARTTLS: what is said in the clear until the handshake may begin, protocol by protocol.
//!
//! Every answer is bounded in length, and whoever gives the stream bounds the time. Nothing that is
//! said here is trusted.

use std::io::{self, Read, Write};

use super::target::Protocol;
use crate::contents::tlv::{ENUMERATED, SEQUENCE, Tlv};
use crate::printable::printable;
use crate::shortened::shortened;

/// Something is said, and an answer awaited. `{name}` is the name of the server.
pub type Turn = (&'static [u8], Answer);

/// How an answer is told from one that is still on its way.
#[derive(Clone, Copy, Debug)]
pub enum Answer {
    /// Lines with a code; behind that of the last stands a space (RFC 5321, 4.2.1; RFC 959, 4.2).
    Code(&'static str),
    /// One line that begins so, after any that begin otherwise than it or a refusal would.
    Line {
        before: &'static [u8],
        good: &'static str,
    },
    /// An element of a stream that never ends.
    Xml {
        good: &'static str,
        ends: &'static [&'static str],
    },
    Byte(u8),
    LdapSuccess,
    MysqlGreeting,
    None,
}

use Answer::{Byte, Code, LdapSuccess, Line, MysqlGreeting, Xml};

/// RFC 3207.
pub static SMTP: &[Turn] =
    &[(b"", Code("220")), (b"EHLO audit.invalid\r\n", Code("250")), (b"STARTTLS\r\n", Code("220"))];
/// RFC 2033.
pub static LMTP: &[Turn] =
    &[(b"", Code("220")), (b"LHLO audit.invalid\r\n", Code("250")), (b"STARTTLS\r\n", Code("220"))];
/// RFC 9051, 6.2.1.
pub static IMAP: &[Turn] = &[
    (b"", Line { before: b"", good: "* OK" }),
    (b"a STARTTLS\r\n", Line { before: b"*", good: "a OK" }),
];
/// RFC 2595, 4.
pub static POP3: &[Turn] =
    &[(b"", Line { before: b"", good: "+OK" }), (b"STLS\r\n", Line { before: b"", good: "+OK" })];
/// RFC 5804, 1.7 and 2.2.
pub static SIEVE: &[Turn] = &[
    (b"", Line { before: b"\"", good: "OK" }),
    (b"STARTTLS\r\n", Line { before: b"\"", good: "OK" }),
];
/// RFC 4217, 4.
pub static FTP: &[Turn] = &[(b"", Code("220")), (b"AUTH TLS\r\n", Code("234"))];
/// RFC 6120, 5.4.
pub static XMPP_CLIENT: &[Turn] = &[
    (
        b"<?xml version='1.0'?><stream:stream to='{name}' version='1.0' xmlns='jabber:client' \
          xmlns:stream='http://etherx.jabber.org/streams'>",
        FEATURES,
    ),
    (PLEASE, PROCEED),
];
pub static XMPP_SERVER: &[Turn] = &[
    (
        b"<?xml version='1.0'?><stream:stream to='{name}' version='1.0' xmlns='jabber:server' \
          xmlns:stream='http://etherx.jabber.org/streams'>",
        FEATURES,
    ),
    (PLEASE, PROCEED),
];
const FEATURES: Answer = Xml {
    good: "<starttls",
    ends: &["</stream:features>", "<stream:features/>", "</features>", "</stream:stream>"],
};
const PLEASE: &[u8] = b"<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>";
const PROCEED: Answer = Xml { good: "<proceed", ends: &["<proceed", "<failure"] };
/// RFC 4511, 4.14: an extended request with the name 1.3.6.1.4.1.1466.20037.
pub static LDAP: &[Turn] =
    &[(b"\x30\x1d\x02\x01\x01\x77\x18\x80\x161.3.6.1.4.1.1466.20037", LdapSuccess)];
/// SSLRequest, answered by one byte ("Message Formats" in the manual of PostgreSQL).
pub static POSTGRES: &[Turn] = &[(b"\0\0\0\x08\x04\xd2\x16\x2f", Byte(b'S'))];
/// Handshake version 10, then the head of its response with CLIENT_SSL, which nobody answers.
pub static MYSQL: &[Turn] = &[
    (b"", MysqlGreeting),
    (
        b"\x20\0\0\x01\x01\x8a\0\0\0\0\0\x01\x21\
          \0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
        Answer::None,
    ),
];
/// TLS from the first byte.
pub static NOTHING: &[Turn] = &[];

/// So long an answer may be.
const LONGEST: usize = 16 << 10;

/// Says what has to be said before the handshake.
pub fn start(
    protocol: &Protocol,
    name: &str,
    stream: &mut (impl Read + Write),
) -> Result<(), Refused> {
    for (request, answer) in protocol.dialogue {
        stream.write_all(&filled(request, name))?;
        hear(*answer, stream)?;
    }
    Ok(())
}

/// Why there is no TLS here.
#[derive(Debug)]
pub enum Refused {
    Io(io::Error),
    /// What the server said instead, printable.
    Said(String),
}

impl From<io::Error> for Refused {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

fn filled(request: &[u8], name: &str) -> Vec<u8> {
    const HERE: &[u8] = b"{name}";
    match request.windows(HERE.len()).position(|window| window == HERE) {
        Some(at) => [&request[..at], name.as_bytes(), &request[at + HERE.len()..]].concat(),
        None => request.to_vec(),
    }
}

fn hear(answer: Answer, stream: &mut impl Read) -> Result<(), Refused> {
    let mut heard = vec![];
    loop {
        match answer.is_yes(&heard) {
            Some(true) => return Ok(()),
            Some(false) => return Err(said(&heard)),
            None if heard.len() >= LONGEST => return Err(said(&heard)),
            None => {}
        }
        let mut some = [0; 1024];
        match stream.read(&mut some)? {
            0 if heard.is_empty() => {
                return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
            }
            0 => return Err(said(&heard)),
            read => heard.extend_from_slice(&some[..read]),
        }
    }
}

fn said(heard: &[u8]) -> Refused {
    let text = String::from_utf8_lossy(heard);
    Refused::Said(shortened(&printable(text.trim_end()), 200))
}

impl Answer {
    /// Nothing as long as it is not complete.
    fn is_yes(self, heard: &[u8]) -> Option<bool> {
        match self {
            Code(good) => lines(heard).find_map(|line| of_code(line, good)),
            Line { before, good } => lines(heard).find_map(|line| of_line(line, before, good)),
            Xml { good, ends } => of_xml(heard, good, ends),
            Byte(good) => heard.first().map(|byte| *byte == good),
            LdapSuccess => ldap_success(heard),
            MysqlGreeting => mysql_has_tls(heard),
            Answer::None => Some(true),
        }
    }
}

/// The complete ones.
fn lines(heard: &[u8]) -> impl Iterator<Item = &[u8]> {
    let lines = heard.split_inclusive(|byte| *byte == b'\n');
    lines.filter_map(|line| line.strip_suffix(b"\n")).map(<[u8]>::trim_ascii_end)
}

fn of_code(line: &[u8], good: &str) -> Option<bool> {
    let is_last = line.len() >= 3
        && line[..3].iter().all(u8::is_ascii_digit)
        && line.get(3).is_none_or(|byte| *byte == b' ');
    is_last.then(|| line.starts_with(good.as_bytes()))
}

fn of_line(line: &[u8], before: &[u8], good: &str) -> Option<bool> {
    let is_before = !before.is_empty() && line.starts_with(before);
    let begins =
        || line.get(..good.len()).is_some_and(|it| it.eq_ignore_ascii_case(good.as_bytes()));
    (!is_before).then(begins)
}

/// Complete with one of the ends, and the end of its tag.
fn of_xml(heard: &[u8], good: &str, ends: &[&str]) -> Option<bool> {
    let text = String::from_utf8_lossy(heard);
    let is_over = ends.iter().any(|end| text.contains(end)) && text.trim_end().ends_with('>');
    is_over.then(|| text.contains(good))
}

/// ExtendedResponse with resultCode success.
fn ldap_success(heard: &[u8]) -> Option<bool> {
    let (message, _) = Tlv::first(heard)?;
    let fields = message.children().filter(|_| message.tag == SEQUENCE).unwrap_or_default();
    let response = fields.get(1).filter(|response| response.tag == EXTENDED_RESPONSE);
    let result = response.and_then(|response| Tlv::first(response.value));
    Some(result.is_some_and(|(result, _)| (result.tag, result.value) == (ENUMERATED, &[0])))
}

/// `[APPLICATION 24]`
const EXTENDED_RESPONSE: u8 = 0x78;

/// Version 10, and CLIENT_SSL among the lower two bytes of its capabilities.
fn mysql_has_tls(heard: &[u8]) -> Option<bool> {
    let (&[low, middle, high, _], rest) = heard.split_first_chunk()?;
    let length = u32::from_le_bytes([low, middle, high, 0]) as usize;
    let packet = match rest.get(..length) {
        None if length < LONGEST => return None,
        packet => packet.unwrap_or_default(),
    };
    let [10, greeting @ ..] = packet else {
        return Some(false);
    };
    // Behind the version as text: the number of the thread, eight random bytes, a zero.
    let version = greeting.iter().position(|byte| *byte == 0)?;
    let upper = greeting.get(version + 1 + 4 + 8 + 1 + 1);
    Some(upper.is_some_and(|capabilities| capabilities & 0x08 != 0))
}
