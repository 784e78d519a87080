//! Any text: PEM blocks in whatever quoting, and base64 of something between them.

use memchr::{memchr_iter, memmem};

use super::base64::{self, Run};
use super::block::{Body, Mark, marks};
use super::field::{self, Fields};
use super::octets::{self, List};
use super::shape::Magic;
use super::tlv::{SEQUENCE, Tlv};
use super::{Contents, Nature, Spot};

impl Contents<'_> {
    pub fn text(&mut self, spot: &Spot, text: &[u8]) {
        let mut places = Places::new(spot, text);
        let mut at = 0;
        let mut marks = marks(text).peekable();
        while let Some(mark) = marks.next() {
            self.runs(&mut places, at, mark.start);
            let limit = marks.peek().map_or(text.len(), |next| next.start);
            at = self.block(&mut places, &mark, limit).min(limit);
        }
        self.runs(&mut places, at, text.len());
        self.vaults(&mut places);
    }

    /// What Ansible encrypted: a whole file may hold anything, a field what its name says.
    fn vaults(&mut self, places: &mut Places<'_>) {
        for at in memmem::find_iter(places.text, VAULT) {
            if at == 0 || field::is_of_certificates(places.text, at) {
                let spot = places.spot(at);
                self.told_if_meant(
                    &spot,
                    "encrypted by Ansible: audit what `ansible-vault view` prints of it",
                );
            }
        }
    }

    /// What the block holds, whatever its label says; and where it ends.
    fn block(&mut self, places: &mut Places<'_>, mark: &Mark<'_>, limit: usize) -> usize {
        let (body, end) = mark.body(places.text, limit);
        if matches!(body, Body::Mention) {
            return mark.end;
        }
        let spot = places.spot(mark.start);
        match body {
            _ if mark.is_encrypted() => {
                if spot.is_expected() || field::is_of_certificates(places.text, mark.start) {
                    self.unreadable(&spot, ENCRYPTED);
                }
            }
            Body::EncryptedKey => self.encrypted_key(&spot),
            Body::Base64 { symbols, is_ended } => {
                let der = base64::decode(&symbols);
                let is_cut = !is_ended && Tlv::first(&der).is_none();
                let before = self.noticed;
                let is_read = !is_cut && self.der(&spot, &der);
                match is_ended {
                    _ if is_read && mark.is_certificate() && self.noticed == before => {
                        self.told_if_meant(&spot, &mark.of_something_else())
                    }
                    _ if is_read || !mark.is_promising() => {}
                    true => self.broken(&spot, mark, &der),
                    false if symbols.len() < FEW => return mark.end,
                    false => self.told_if_meant(&spot, &mark.without_end()),
                }
            }
            Body::Damaged(reason) if mark.is_promising() => self.told_if_meant(&spot, &reason),
            Body::Damaged(_) | Body::Mention => {}
        }
        self.known += 1;
        end
    }

    /// What is wrong with it, the library says.
    fn broken(&mut self, spot: &Spot, mark: &Mark<'_>, der: &[u8]) {
        match spot.nature {
            Nature::Prose => {}
            _ if mark.is_certificate() => self.certificate(spot, der),
            _ if mark.label.contains("KEY") => self.private_key(spot, der),
            _ => self.unreadable(spot, &mark.of_something_else()),
        }
    }

    /// Every stretch of base64 between two places, and what stands there as numbers.
    fn runs(&mut self, places: &mut Places<'_>, from: usize, to: usize) {
        let mut at = from;
        while let Some(run) = base64::next_run(&places.text[..to], at) {
            at = run.end;
            if run.symbols.len() >= LEAST {
                self.run(places, &run);
            }
        }
        for list in octets::lists(&places.text[from.min(to)..to]) {
            self.list(places, from, &list);
        }
    }

    /// A dump that shows no more than how a certificate begins is no certificate.
    fn list(&mut self, places: &mut Places<'_>, from: usize, list: &List) {
        let is_whole = Tlv::first(&list.octets).is_some() || list.octets.len() >= LEAST_FIELD;
        if is_whole {
            let spot = places.spot(from + list.start);
            let spot = Spot { nature: places.nature(), ..spot.deeper() };
            self.bytes(&spot, &list.octets);
        }
    }

    fn run(&mut self, places: &mut Places<'_>, run: &Run) {
        let beginning = base64::decode(&run.symbols[..BEGINNING]);
        let (before, known) = (self.noticed, self.known);
        if is_promising(&beginning) {
            let octets = base64::decode(&run.symbols);
            let spot = places.spot(run.start);
            self.bytes(&Spot { nature: places.nature(), ..spot.deeper() }, &octets);
        }
        let is_nothing = self.noticed == before && self.known == known;
        let is_field = || field::is_of_certificates(places.text, run.start);
        let is_hash = || run.symbols.iter().all(u8::is_ascii_hexdigit);
        if is_nothing && run.symbols.len() >= LEAST_FIELD && is_field() && !is_hash() {
            let spot = places.spot(run.start);
            self.told_if_meant(&spot, UNKNOWN_FIELD);
        }
    }
}

const UNKNOWN_FIELD: &str = "the field should hold a certificate, and what it holds is broken, encrypted \
     or in a form that is not read: decrypt it, or get it from where it is used";

const ENCRYPTED: &str =
    "encrypted, and by its name a certificate: decrypt it, and audit what comes out";

const VAULT: &[u8] = b"$ANSIBLE_VAULT;";

/// A word may have so many characters.
const FEW: usize = 40;

/// No certificate has fewer characters of base64, and no text that holds one.
const LEAST: usize = 100;

/// What a field for certificates holds, if it holds one; hashes and names are shorter.
const LEAST_FIELD: usize = 200;

/// So many characters tell what the octets are.
const BEGINNING: usize = 32;

/// DER or BER of something, a container, or text.
fn is_promising(octets: &[u8]) -> bool {
    let is_text = |byte: &u8| matches!(byte, b'\t' | b'\n' | b'\r' | b' '..=b'~');
    let text = octets.strip_prefix(b"\xef\xbb\xbf").unwrap_or(octets);
    matches!(octets, [SEQUENCE, 0x80..=0x84, ..])
        || Magic::of(octets).is_some()
        || super::wide(octets).is_some()
        || text.iter().all(is_text)
}

/// Whether a certificate seems to be in a text: PEM, or base64 of PEM or of DER, `30 82 xx xx 30 82`.
pub fn has_sign(text: &[u8]) -> bool {
    let is_der = |at: usize| text.get(at + 6..at + 8) == Some(b"CC");
    memmem::find(text, b"BEGIN CERTIFICATE-").is_some()
        || memmem::find(text, b"LS0tLS1CRUdJTi").is_some()
        || memmem::find_iter(text, b"MII").any(is_der)
}

pub const LONGEST_SIGN: usize = 18;

/// Where in a text something stands.
struct Places<'a> {
    spot: &'a Spot,
    text: &'a [u8],
    /// The last offset that was asked for, with its line and its character.
    last: (usize, usize, usize),
    /// Read when the first is asked for.
    fields: Option<Fields>,
}

impl<'a> Places<'a> {
    fn new(spot: &'a Spot, text: &'a [u8]) -> Self {
        Self { spot, text, last: (0, 1, 0), fields: None }
    }

    fn nature(&self) -> Nature {
        match self.spot.nature {
            Nature::Named | Nature::Expected | Nature::Closed => Nature::Data,
            nature => nature,
        }
    }

    /// The line, and the field if the text has fields. What stands in base64 is where that stands.
    fn spot(&mut self, offset: usize) -> Spot {
        let (line, character) = self.count_to(offset);
        // What begins a line is nobody's value: a file of PEM need not be tried as YAML.
        let is_value = self.text[..offset].last().is_some_and(|byte| *byte != b'\n');
        let name = is_value.then(|| {
            let fields = self.fields.get_or_insert_with(|| Fields::of(self.text));
            fields.name(character)
        });
        let spot = match name.flatten() {
            Some(name) => Spot { depth: self.spot.depth, ..self.spot.inside(&name) },
            None => self.spot.clone(),
        };
        let line = self.spot.location.line.unwrap_or(line);
        Spot { location: spot.location.on_line(line), ..spot }
    }

    fn count_to(&mut self, offset: usize) -> (usize, usize) {
        let (from, line, character) = self.last;
        let between = self.text.get(from..offset).unwrap_or_default();
        let lines = memchr_iter(b'\n', between).count();
        let characters = between.iter().filter(|byte| **byte & 0xc0 != 0x80).count();
        self.last = (offset.max(from), line + lines, character + characters);
        (self.last.1, self.last.2)
    }
}
