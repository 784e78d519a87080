//! One PEM block in whatever text it stands: indented, quoted, escaped, commented out, in one line.
//!
//! The library's reader takes what TLS programs take, and nothing else. An audit looks for
//! certificates where no TLS program reads them, in the configuration of what writes them out.

use memchr::memmem;
use zeroize::Zeroizing;

use super::base64::is_symbol;
use super::escape;

/// Where a block seems to begin.
pub struct Mark<'a> {
    /// Of its dashes.
    pub start: usize,
    /// Behind it.
    pub end: usize,
    pub label: String,
    /// The mark, as it is written.
    shown: &'a [u8],
    has_dashes: bool,
}

/// What stands between BEGIN and END.
pub enum Body {
    /// Base64 without line ends.
    Base64 { symbols: Zeroizing<Vec<u8>>, is_ended: bool },
    /// A key that is encrypted in the way of RFC 1421.
    EncryptedKey,
    /// Base64 that is damaged, and how.
    Damaged(String),
    /// Nothing, an ellipsis, a variable: somebody speaks of a block.
    Mention,
}

/// Every mark, in order.
pub fn marks(text: &[u8]) -> impl Iterator<Item = Mark<'_>> {
    memmem::find_iter(text, b"BEGIN").filter_map(|at| Mark::at(text, at))
}

impl<'a> Mark<'a> {
    /// If the word at this place stands between dashes.
    fn at(text: &'a [u8], word: usize) -> Option<Self> {
        let before = text[..word].strip_suffix(b" ").unwrap_or(&text[..word]);
        let dashes = before.iter().rev().take_while(|byte| **byte == b'-').count();
        let start = before.len() - dashes;
        let rest = &text[word + b"BEGIN".len()..];
        let rest = &rest[..rest.len().min(LONGEST_LABEL)];
        let len =
            memmem::find(rest, b"-").or_else(|| rest.iter().position(u8::is_ascii_control))?;
        let behind = rest[len..].iter().take_while(|byte| **byte == b'-').count();
        let end = word + b"BEGIN".len() + len + behind;
        let label = label(&rest[..len]).filter(|_| dashes > 1)?;
        let has_dashes = dashes >= 5 && behind >= 5;
        Some(Self { start, end, label, shown: &text[start..end], has_dashes })
    }

    /// Whether a certificate or a private key of TLS should be inside.
    pub fn is_promising(&self) -> bool {
        let is = |words: &[&str]| words.iter().any(|word| self.label.contains(word));
        let is_other = ["REQUEST", "ATTRIBUTE", "OPENSSH", "PGP", "SSH2", "TSS2"];
        is(&["CERTIFICATE", "PKCS7", "PKCS #7", "CMS", "PRIVATE KEY"]) && !is(&is_other)
    }

    /// Whether the block must be a certificate.
    pub fn is_certificate(&self) -> bool {
        self.is_promising() && self.label.contains("CERTIFICATE")
    }

    /// The mark for messages, whole: its label has no secrets.
    pub fn shown(&self) -> String {
        String::from_utf8_lossy(self.shown).into_owned()
    }

    /// Whether it may hold anything, encrypted.
    pub fn is_encrypted(&self) -> bool {
        matches!(&*self.label, "PGP MESSAGE" | "AGE ENCRYPTED FILE")
    }

    pub fn of_something_else(&self) -> String {
        format!("nothing that is read is in `{}`", self.shown())
    }

    pub fn without_end(&self) -> String {
        format!("found no `-----END {}-----` behind it", self.label)
    }

    /// What follows, up to `limit`, which is the next mark or the end of the text; and where it ends.
    pub fn body(&self, text: &[u8], limit: usize) -> (Body, usize) {
        // The dashes behind a mark may be those before the next.
        let rest = &text[self.end..limit.max(self.end)];
        let end = ends(rest).next();
        let inside = &rest[..end.unwrap_or(rest.len())];
        let line = text[..self.start].iter().rposition(|byte| matches!(byte, b'\n' | b'\r'));
        let prefix = &text[line.map_or(0, |line| line + 1)..self.start];
        let body = match Lines::of(inside, prefix).body(end.is_some()) {
            Body::Mention | Body::Damaged(_) if inside.contains(&b'<') => {
                Lines::of(&without_tags(inside), prefix).body(end.is_some())
            }
            body => body,
        };
        let body = match body {
            Body::Base64 { .. } if !self.has_dashes => Body::Damaged(format!(
                "found `{}`, needed `-----BEGIN {}-----`",
                self.shown(),
                self.label
            )),
            body => body,
        };
        (body, self.end + inside.len())
    }
}

/// Labels are shorter, by far.
const LONGEST_LABEL: usize = 80;

/// Its blanks may be written as in an address.
fn label(text: &[u8]) -> Option<String> {
    let text = str::from_utf8(text).ok()?.replace("%20", " ").replace('+', " ");
    let label = text.trim();
    let is_of_a_label = |c: char| c.is_ascii_alphanumeric() || " #./".contains(c);
    let is_label = !label.is_empty() && label.chars().all(is_of_a_label);
    (text.starts_with(' ') && is_label).then(|| label.to_owned())
}

/// Where a block ends: the word behind a dash.
fn ends(text: &[u8]) -> impl Iterator<Item = usize> {
    memmem::find_iter(text, b"END").filter_map(|at| {
        let before = text[..at].strip_suffix(b" ").unwrap_or(&text[..at]);
        let dashes = before.iter().rev().take_while(|byte| **byte == b'-').count();
        (dashes > 0).then(|| before.len() - dashes)
    })
}

/// A body, line by line, without quotation, escapes and comment marks.
struct Lines {
    text: Zeroizing<Vec<u8>>,
    /// What stood before the mark on its line, without blanks.
    prefix: Vec<u8>,
}

impl Lines {
    fn of(inside: &[u8], prefix: &[u8]) -> Self {
        let text = unescaped(&without_joints(inside));
        Self { text, prefix: prefix.trim_ascii().to_vec() }
    }

    fn body(&self, is_ended: bool) -> Body {
        let mut symbols = Zeroizing::new(Vec::with_capacity(self.text.len()));
        let (mut full_lines, mut damage) = (0, None);
        for line in self.text.split(|byte| matches!(byte, b'\n' | b'\r')) {
            let line = self.bare(line);
            match Line::of(line) {
                Line::Nothing => {}
                Line::Header if symbols.is_empty() => {
                    if memmem::find(line, b"ENCRYPTED").is_some() {
                        return Body::EncryptedKey;
                    }
                }
                Line::Base64 => {
                    full_lines += usize::from(line.len() >= FULL_LINE);
                    symbols.extend(line.iter().filter(|byte| !byte.is_ascii_whitespace()));
                }
                Line::Elided => return Body::Mention,
                // Prose that follows a mark ends what has no end.
                _ if !is_ended && symbols.is_empty() => return Body::Mention,
                Line::Header | Line::Other => {
                    let is_prose = line.iter().any(u8::is_ascii_whitespace);
                    full_lines += usize::from(line.len() >= FULL_LINE && !is_prose);
                    damage = damage.or(first_strange(line));
                }
            }
            let is_over = !is_ended && damage.is_some();
            if is_over {
                break;
            }
        }
        match damage {
            Some(found) if is_ended && full_lines > 0 => {
                Body::Damaged(format!("found damaged base64 (`{}`)", found.escape_default()))
            }
            _ if symbols.is_empty() => Body::Mention,
            Some(_) if is_ended => Body::Mention,
            _ => Body::Base64 { symbols, is_ended },
        }
    }

    /// The line without what is before each: indentation, the mark of a comment or a change.
    fn bare<'l>(&self, line: &'l [u8]) -> &'l [u8] {
        let mut line = line.trim_ascii();
        if !self.prefix.is_empty() {
            line = line.strip_prefix(&self.prefix[..]).unwrap_or(line).trim_ascii();
        }
        while let [b'#' | b'>' | b'|' | b'*' | b';' | b'\\', rest @ ..] = line {
            line = rest.trim_ascii_start();
        }
        if let Some(rest) = line.strip_prefix(b"// ") {
            line = rest.trim_ascii_start();
        }
        while let [rest @ .., b'|' | b'^'] = line {
            line = rest.trim_ascii_end();
        }
        line.strip_prefix(b"- ").unwrap_or(line)
    }
}

/// Of this many characters nobody writes words.
const FULL_LINE: usize = 40;

enum Line {
    Nothing,
    /// Of RFC 1421: `Proc-Type: 4,ENCRYPTED`.
    Header,
    Base64,
    /// Something is left out, or put in later.
    Elided,
    Other,
}

impl Line {
    fn of(line: &[u8]) -> Self {
        let is_base64 = |byte: &u8| is_symbol(*byte) || *byte == b'=';
        let is_operator = matches!(line, [] | b"+" | b"-" | b"." | b"&" | b"\\" | b"," | b"=>");
        let has = |word: &[u8]| memmem::find(line, word).is_some();
        if is_operator {
            return Self::Nothing;
        }
        if line.iter().all(is_base64) {
            return Self::Base64;
        }
        let words: Vec<_> = line.split(u8::is_ascii_whitespace).collect();
        if words.iter().any(|word| word.len() >= FULL_LINE)
            && words.iter().all(|word| word.iter().all(is_base64))
        {
            return Self::Base64;
        }
        let name = line.iter().position(|byte| *byte == b':');
        let is_name =
            |name: &[u8]| name.iter().all(|byte| byte.is_ascii_alphabetic() || *byte == b'-');
        if name.is_some_and(|at| at > 0 && is_name(&line[..at])) {
            return Self::Header;
        }
        let elisions = [&b".."[..], b"<", b"$", b"{", b"[", b"\xe2\x80\xa6", b"**", b"--", b"%s"];
        match elisions.iter().any(|word| has(word)) {
            true => Self::Elided,
            false => Self::Other,
        }
    }
}

fn first_strange(line: &[u8]) -> Option<char> {
    let line = String::from_utf8_lossy(line);
    line.chars().find(|c| !(c.is_ascii() && is_symbol(*c as u8)))
}

/// What a page shows: its tags end lines.
fn without_tags(text: &[u8]) -> Zeroizing<Vec<u8>> {
    let mut plain = Zeroizing::new(Vec::with_capacity(text.len()));
    for (place, part) in text.split(|byte| *byte == b'<').enumerate() {
        let is_tag = matches!(part.first(), Some(b'/' | b'a'..=b'z'));
        match memchr::memchr(b'>', part).filter(|_| is_tag && place > 0) {
            Some(end) => plain.extend([b"\n", &part[end + 1..]].concat()),
            None if place > 0 => plain.extend([b"<", part].concat()),
            None => plain.extend(part),
        }
    }
    plain
}

/// A text of several quotations as one: `"MII…\n" +` and `"…"` on the next line.
fn without_joints(text: &[u8]) -> Zeroizing<Vec<u8>> {
    let mut joined = Zeroizing::new(Vec::with_capacity(text.len()));
    let mut at = 0;
    while let Some(byte) = text.get(at) {
        if !is_quote(*byte) {
            joined.push(*byte);
            at += 1;
            continue;
        }
        let is_between = |byte: &u8| byte.is_ascii_whitespace() || b"+.&,\\_|#".contains(byte);
        let between = text[at + 1..].iter().take_while(|byte| is_between(byte)).count();
        let is_joint = text.get(at + 1 + between) == Some(byte);
        if is_joint {
            joined.push(b'\n');
        }
        at += if is_joint { between + 2 } else { 1 };
    }
    joined
}

fn is_quote(byte: u8) -> bool {
    matches!(byte, b'"' | b'\'' | b'`')
}

fn unescaped(text: &[u8]) -> Zeroizing<Vec<u8>> {
    let mut plain = Zeroizing::new(Vec::with_capacity(text.len()));
    let mut at = 0;
    while let Some((octet, len)) = escape::first(&text[at..]) {
        plain.push(octet);
        at += len;
    }
    plain
}
