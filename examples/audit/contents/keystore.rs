//! Key stores of Java: JKS, JCEKS (of the JDK) and BKS (of Bouncy Castle). Their certificates need no
//! password; their keys stay closed.
//!
//! All numbers are big-endian; a text has its length before it, in two octets.

/// What an entry is.
pub enum Entry<'a> {
    Certificate {
        alias: String,
        der: &'a [u8],
    },
    /// A private key, which is encrypted.
    Key {
        alias: String,
    },
}

/// The entries in their order, and why there are no more of them, if there should be.
pub fn entries(store: &[u8]) -> (Vec<Entry<'_>>, Option<&'static str>) {
    let mut entries = vec![];
    // Version 1 of JKS has no type before each certificate.
    let has_types = store.starts_with(&[0]) || store.get(7) == Some(&2);
    let mut reader = Reader { rest: store, has_types };
    let read = match store.starts_with(&[0]) {
        true => reader.bks(&mut entries),
        false => reader.jks(&mut entries),
    };
    (entries, read.is_none().then_some(CUT))
}

const CUT: &str = "this key store is damaged, or has entries that are not read: list it with `keytool \
     -list -rfc`, and audit what that prints";

/// One alias may stand before many certificates: a long one would be kept as often.
const LONGEST_ALIAS: usize = 100;

struct Reader<'a> {
    rest: &'a [u8],
    has_types: bool,
}

impl<'a> Reader<'a> {
    /// Magic, version, count of entries, entries, a hash.
    fn jks(&mut self, entries: &mut Vec<Entry<'a>>) -> Option<()> {
        self.take(8)?;
        for _ in 0..self.length()? {
            let kind = self.length()?;
            let alias = self.text()?;
            self.take(8)?;
            match kind {
                1 => {
                    let len = self.length()?;
                    self.take(len)?;
                    entries.push(Entry::Key { alias: alias.clone() });
                    self.chain(&alias, entries)?;
                }
                2 => self.certificate(&alias, entries)?,
                // A secret key, serialized without a length: the next certificate begins an entry.
                3 => return self.behind_secrets(entries),
                _ => return None,
            }
        }
        Some(())
    }

    /// A serialized object has no length, so what follows is found by its type.
    fn behind_secrets(&mut self, entries: &mut Vec<Entry<'a>>) -> Option<()> {
        while let Some(at) = memchr::memmem::find(self.rest, b"\x00\x05X.509") {
            self.take(at)?;
            if self.certificate("", entries).is_none() {
                self.take(1)?;
            }
        }
        Some(())
    }

    /// Version, salt, iterations, entries up to a zero, a MAC.
    fn bks(&mut self, entries: &mut Vec<Entry<'a>>) -> Option<()> {
        self.take(4)?;
        let salt = self.length()?;
        self.take(salt)?;
        self.take(4)?;
        loop {
            let [kind] = *self.take(1)? else { return None };
            if kind == 0 {
                return Some(());
            }
            let alias = self.text()?;
            self.take(8)?;
            self.chain(&alias, entries)?;
            match kind {
                1 => self.certificate(&alias, entries)?,
                // A key in the clear or a secret; a sealed one.
                2 => {
                    self.take(1)?;
                    self.text()?;
                    self.text()?;
                    self.sized()?;
                }
                3 | 4 => {
                    self.sized()?;
                    entries.push(Entry::Key { alias });
                }
                _ => return None,
            }
        }
    }

    fn chain(&mut self, alias: &str, entries: &mut Vec<Entry<'a>>) -> Option<()> {
        for _ in 0..self.length()? {
            self.certificate(alias, entries)?;
        }
        Some(())
    }

    fn certificate(&mut self, alias: &str, entries: &mut Vec<Entry<'a>>) -> Option<()> {
        if self.has_types {
            self.text()?;
        }
        let der = self.sized()?;
        entries.push(Entry::Certificate { alias: alias.to_owned(), der });
        Some(())
    }

    fn sized(&mut self) -> Option<&'a [u8]> {
        let len = self.length()?;
        self.take(len)
    }

    fn text(&mut self) -> Option<String> {
        let len = u16::from_be_bytes(*self.take(2)?.first_chunk()?);
        let text = String::from_utf8_lossy(self.take(len.into())?);
        Some(text.chars().take(LONGEST_ALIAS).collect())
    }

    fn length(&mut self) -> Option<usize> {
        let length = u32::from_be_bytes(*self.take(4)?.first_chunk()?);
        length.try_into().ok()
    }

    fn take(&mut self, len: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(len)?;
        self.rest = rest;
        Some(taken)
    }
}
