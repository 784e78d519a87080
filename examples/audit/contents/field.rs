//! What a spot of a text is called: the object and the key in YAML or JSON, or the name before it.

use std::collections::HashMap;

use memchr::memmem;
use saphyr_parser::{Event, Parser};

/// The long values of a YAML or JSON text, by their places.
#[derive(Default)]
pub struct Fields {
    /// First and last character, and the path.
    values: Vec<(usize, usize, Path)>,
    /// What the mapping at a path is called by itself.
    names: HashMap<Path, String>,
    /// `metadata.namespace`.
    namespaces: HashMap<Path, String>,
}

/// Keys, and places in lists, from the root; of the document first.
type Path = Vec<String>;

/// A larger text has its line numbers.
const MOST: usize = 4 << 20;

/// A value that may be a certificate is longer.
const LONG: usize = 60;

const DEEPEST: usize = 64;

impl Fields {
    /// As far as the text is YAML, which JSON is, too.
    pub fn of(text: &[u8]) -> Self {
        let mut fields = Self::default();
        match str::from_utf8(text) {
            Ok(text) if text.len() <= MOST => fields.read(text),
            _ => {}
        }
        fields
    }

    fn read(&mut self, text: &str) {
        let mut stack: Vec<Open> = vec![];
        let mut documents = 0;
        for event in Parser::new_from_str(text).map_while(Result::ok) {
            let (event, span) = event;
            match event {
                Event::DocumentStart(_) => documents += 1,
                Event::MappingStart(..) | Event::SequenceStart(..) if stack.len() == DEEPEST => {
                    return;
                }
                Event::MappingStart(..) => stack.push(Open::Mapping(None)),
                Event::SequenceStart(..) => stack.push(Open::Sequence(0)),
                Event::MappingEnd | Event::SequenceEnd => {
                    stack.pop();
                    advance(&mut stack);
                }
                Event::Scalar(value, ..) => match stack.last_mut() {
                    Some(Open::Mapping(key @ None)) => *key = Some(shortened(&value)),
                    Some(_) => {
                        self.value(documents, &stack, &value, span.start.index(), span.end.index());
                        advance(&mut stack);
                    }
                    None => {}
                },
                Event::Alias(_) => advance(&mut stack),
                _ => {}
            }
        }
    }

    fn value(&mut self, document: usize, stack: &[Open], value: &str, start: usize, end: usize) {
        let keys = stack.iter().map(Open::key);
        let path: Path = [document.to_string()].into_iter().chain(keys).collect();
        let (parent, key) = (&path[..path.len() - 1], path.last().map_or("", String::as_str));
        match (parent, key) {
            ([above @ .., metadata], "name") if metadata == "metadata" => {
                self.names.insert(above.to_vec(), shortened(value));
            }
            ([above @ .., metadata], "namespace") if metadata == "metadata" => {
                self.namespaces.insert(above.to_vec(), shortened(value));
            }
            (above, "name") => {
                self.names.entry(above.to_vec()).or_insert_with(|| shortened(value));
            }
            _ if value.len() >= LONG => self.values.push((start, end, path)),
            _ => {}
        }
    }

    /// What the value around this character is called: `default/web data.tls.crt`.
    pub fn name(&self, character: usize) -> Option<String> {
        let behind = self.values.partition_point(|(start, ..)| *start <= character);
        let (_, end, path) = self.values.get(behind.checked_sub(1)?)?;
        (character < *end).then(|| self.shown(path))
    }

    fn shown(&self, path: &[String]) -> String {
        let lens = (1..path.len()).rev();
        let mut objects = lens.filter(|len| {
            self.namespaces.contains_key(&path[..*len]) || self.is_object(&path[..*len])
        });
        let object = objects.next().unwrap_or(1);
        let keys: Vec<_> = (object..path.len()).map(|at| self.key(path, at)).collect();
        let name = self.names.get(&path[..object]).filter(|_| self.is_object(&path[..object]));
        match (self.namespaces.get(&path[..object]), name) {
            (Some(namespace), Some(name)) => format!("{namespace}/{name} {}", keys.join(".")),
            (None, Some(name)) => format!("{name} {}", keys.join(".")),
            _ => keys.join("."),
        }
    }

    /// An object of Kubernetes is what stands alone, or in a list of `items`.
    fn is_object(&self, path: &[String]) -> bool {
        let is_item = matches!(path, [.., items, _] if items == "items");
        (path.len() == 1 || is_item) && self.names.contains_key(path)
    }

    /// A place in a list has the name of what is there, if it has one.
    fn key(&self, path: &[String], at: usize) -> String {
        let is_number = path[at].bytes().all(|byte| byte.is_ascii_digit());
        let name = self.names.get(&path[..=at]).filter(|_| is_number);
        name.unwrap_or(&path[at]).clone()
    }
}

enum Open {
    /// The key whose value comes next.
    Mapping(Option<String>),
    /// The place that comes next.
    Sequence(usize),
}

impl Open {
    fn key(&self) -> String {
        match self {
            Self::Mapping(key) => key.clone().unwrap_or_default(),
            Self::Sequence(place) => place.to_string(),
        }
    }
}

/// A value has ended.
fn advance(stack: &mut [Open]) {
    match stack.last_mut() {
        Some(Open::Mapping(key)) => {
            // A mapping as a key has no name.
            *key = match key {
                Some(_) => None,
                None => Some("?".to_owned()),
            };
        }
        Some(Open::Sequence(place)) => *place += 1,
        None => {}
    }
}

fn shortened(text: &str) -> String {
    // In LDIF, two colons stand before base64.
    text.trim_end_matches(':').chars().take(100).collect()
}

/// Whether what stands at this place is the value of a field for certificates: `tls.crt: `,
/// `"certificate-authority-data": "`, `<ds:X509Certificate>`, `userCertificate;binary:: `.
pub fn is_of_certificates(text: &[u8], at: usize) -> bool {
    let line = &text[at.saturating_sub(200)..at];
    // What is encrypted has fields of its own (sops), or a word before it.
    let encrypted = ENCRYPTED.iter().filter_map(|mark| memmem::rfind(line, mark)).max();
    let line = &line[..encrypted.unwrap_or(line.len())];
    let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || b"_-.;".contains(byte);
    // Before the value: its own beginning, if the run is only a part of it.
    let value = line.iter().rev().take_while(|byte| !b" \t\n\"'<>=:".contains(byte)).count();
    let before = &line[..line.len() - value];
    let between = before.iter().rev().take_while(|byte| b" \t\n\r\"'>=:|\\".contains(byte)).count();
    let before = &before[..before.len() - between];
    let name = before.iter().rev().take_while(|byte| is_name(byte)).count();
    let name = before[before.len() - name..].to_ascii_lowercase();
    let name = name.strip_suffix(b";binary").unwrap_or(&name);
    let name = name.strip_suffix(b"data").unwrap_or(name);
    let name = name.strip_suffix(b"-").unwrap_or(name);
    between > 0 && NAMES.iter().any(|end| name.ends_with(end))
}

/// By sops and hiera-eyaml, Ansible and the transit engine of Vault.
const ENCRYPTED: [&[u8]; 3] = [b"ENC[", b"!vault", b"vault:v"];

const NAMES: [&[u8]; 14] = [
    b"crt",
    b"cert",
    b"certs",
    b"certificate",
    b"certificates",
    b"certificate-authority",
    b"pem",
    b"p12",
    b"pfx",
    b"jks",
    b"keystore",
    b"truststore",
    b"cabundle",
    b"ca_bundle",
];
