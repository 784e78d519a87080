//! What JSON, YAML, C, addresses and XML write in place of a character.

/// The first octet of a text as it was meant, and how many octets stand for it; none at its end.
/// Line ends are LF.
pub fn first(text: &[u8]) -> Option<(u8, usize)> {
    let (byte, behind) = text.split_first()?;
    let escaped = match byte {
        b'\\' => Some(backslash(behind)),
        b'%' => hex_octet(behind).map(|octet| (octet, 2)),
        b'&' => entity(behind),
        _ => None,
    };
    let (octet, len) = escaped.unwrap_or((*byte, 0));
    Some((if octet == b'\r' { b'\n' } else { octet }, len + 1))
}

/// What a backslash stands for, or several of what was escaped several times; and the length of
/// what is behind the first. Of what is no escape, it stands for a blank.
fn backslash(behind: &[u8]) -> (u8, usize) {
    let more = behind.iter().take_while(|byte| **byte == b'\\').count();
    let (octet, len) = match &behind[more..] {
        [b'n' | b'r', ..] => (b'\n', 1),
        [b't', ..] => (b' ', 1),
        [b'/', ..] => (b'/', 1),
        [b'u', b'0', b'0', hex @ ..] => hex_octet(hex).map_or((b' ', 0), |octet| (octet, 5)),
        [b'x', hex @ ..] => hex_octet(hex).map_or((b' ', 0), |octet| (octet, 3)),
        _ => (b' ', 0),
    };
    (octet, more + len)
}

/// `&#10;` or `&#x2B;`.
fn entity(behind: &[u8]) -> Option<(u8, usize)> {
    let end = behind.iter().take(6).position(|byte| *byte == b';')?;
    let number = str::from_utf8(&behind[..end]).ok()?.strip_prefix('#')?;
    let octet = match number.strip_prefix(['x', 'X']) {
        Some(hex) => u8::from_str_radix(hex, 16),
        None => number.parse(),
    };
    Some((octet.ok()?, end + 1))
}

pub fn hex_octet(hex: &[u8]) -> Option<u8> {
    let digits = str::from_utf8(hex.get(..2)?).ok()?;
    u8::from_str_radix(digits, 16).ok().filter(|_| !digits.starts_with('+'))
}
