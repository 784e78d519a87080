//! Base64 in any text: bare, in quotes, escaped, over several lines.

use zeroize::Zeroizing;

use super::escape::{self, hex_octet};

/// The octets, up to where it is none any more: padding may be missing and last bits may be left.
pub fn decode(symbols: &[u8]) -> Zeroizing<Vec<u8>> {
    let mut octets = Zeroizing::new(Vec::with_capacity(symbols.len() / 4 * 3 + 3));
    let (mut bits, mut count) = (0_u32, 0);
    for symbol in symbols {
        let Some(value) = value(*symbol) else { break };
        (bits, count) = (bits << 6 | u32::from(value), count + 6);
        if count >= 8 {
            count -= 8;
            octets.push((bits >> count) as u8);
        }
    }
    octets
}

fn value(symbol: u8) -> Option<u8> {
    Some(VALUES[usize::from(symbol)]).filter(|value| *value < 64)
}

/// Of the alphabet that PEM has.
pub fn is_symbol(byte: u8) -> bool {
    is_of_a_run(byte) && !matches!(byte, b'-' | b'_')
}

/// Of that for addresses, too (RFC 4648, 5).
fn is_of_a_run(byte: u8) -> bool {
    VALUES[usize::from(byte)] < 64
}

/// By octet; 64 is none.
const VALUES: [u8; 256] = {
    let symbols = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut values = [64; 256];
    let mut value = 0;
    while value < 64 {
        values[symbols[value] as usize] = value as u8;
        value += 1;
    }
    (values[b'-' as usize], values[b'_' as usize]) = (62, 63);
    values
};

/// A long stretch of base64.
pub struct Run {
    /// Where it stands in the text.
    pub start: usize,
    pub end: usize,
    /// Without what stands between its lines.
    pub symbols: Zeroizing<Vec<u8>>,
}

/// A line of base64 has more; shorter ones are words.
const LINE: usize = 32;

/// The first run that begins at this place or behind it.
pub fn next_run(text: &[u8], from: usize) -> Option<Run> {
    let mut at = from;
    loop {
        // From its end, so that most of a text of short words is never looked at.
        let window = text.get(at..at + LINE)?;
        match window.iter().rposition(|byte| !is_of_a_run(*byte)) {
            Some(gap) => at += gap + 1,
            None => return Some(run(text, start(text, at, from))),
        }
    }
}

/// The window may begin behind an escaped symbol; and what stands before it may be the end of an
/// escape of something else: the `n` of `\n`.
fn start(text: &[u8], mut at: usize, from: usize) -> usize {
    loop {
        let before = &text[from..at];
        at -= match before {
            [.., byte] if is_of_a_run(*byte) => 1,
            _ => match (1..=MOST_OF_AN_ESCAPE).find(|len| is_escaped_symbol(before, *len)) {
                Some(len) => len,
                None => break,
            },
        };
    }
    let len = match (text[from..at].last(), text[at]) {
        (Some(b'\\'), b'n' | b'r' | b't') => 1,
        (Some(b'\\'), b'u') => 5,
        (Some(b'\\'), b'x') => 3,
        (Some(b'%'), _) if hex_octet(&text[at..]).is_some() => 2,
        _ => 0,
    };
    at + len
}

const MOST_OF_AN_ESCAPE: usize = 8;

fn is_escaped_symbol(before: &[u8], len: usize) -> bool {
    let Some(start) = before.len().checked_sub(len) else {
        return false;
    };
    matches!(symbol(&before[start..]), (Symbol::Base64(_), read) if read == len && len > 1)
}

enum Symbol {
    Base64(u8),
    Padding,
    LineEnd,
    Blank,
    Other,
}

/// What stands first, and its length as it is written.
fn symbol(text: &[u8]) -> (Symbol, usize) {
    let Some((byte, len)) = escape::first(text) else {
        return (Symbol::LineEnd, 0);
    };
    let symbol = match byte {
        b'=' => Symbol::Padding,
        b'\n' => Symbol::LineEnd,
        b' ' | b'\t' => Symbol::Blank,
        _ if is_of_a_run(byte) => Symbol::Base64(byte),
        _ => Symbol::Other,
    };
    (symbol, len)
}

fn run(text: &[u8], start: usize) -> Run {
    let mut symbols = Zeroizing::new(Vec::with_capacity(LINE));
    let mut end = line(text, start, &mut symbols);
    while let Some(next) = continuation(text, end) {
        end = line(text, next, &mut symbols);
    }
    Run { start, end, symbols }
}

/// Up to what is no symbol.
fn line(text: &[u8], mut at: usize, symbols: &mut Vec<u8>) -> usize {
    while let (Symbol::Base64(byte), len) = symbol(&text[at..]) {
        symbols.push(byte);
        at += len;
    }
    at
}

/// Where the next line of the same run begins: if there is nothing else on that line, or what
/// closes a quotation or an element of XML.
fn continuation(text: &[u8], end: usize) -> Option<usize> {
    let (mut at, mut lines) = (end, 0);
    let start = loop {
        match symbol(&text[at..]) {
            (_, 0) => return None,
            (Symbol::LineEnd, len) => (at, lines) = (at + len, lines + 1),
            (Symbol::Blank, len) => at += len,
            (Symbol::Other, len) if lines > 0 && matches!(text[at], b'#' | b'*' | b'>') => {
                at += len
            }
            (Symbol::Base64(_), _) if lines > 0 => break at,
            _ => return None,
        }
        if at - end > FURTHEST {
            return None;
        }
    };
    let mut at = start;
    while let (Symbol::Base64(_), len) = symbol(&text[at..]) {
        at += len;
    }
    let is_alone = match symbol(&text[at..]) {
        (Symbol::LineEnd | Symbol::Padding, _) => true,
        (Symbol::Blank, len) => matches!(symbol(&text[at + len..]).0, Symbol::LineEnd),
        (Symbol::Other, _) => matches!(text[at], b'<' | b'"' | b'\'' | b',' | b']' | b'`'),
        _ => false,
    };
    is_alone.then_some(start)
}

/// Indentation is less.
const FURTHEST: usize = 200;
