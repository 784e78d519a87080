//! [`Text`]: a value that is written as text and read by its own type.

use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;
use std::str::FromStr;

use rustls::pki_types::ServerName;
use serde::de::{Deserialize, Deserializer, Error, Visitor};

/// Read by the type's own `FromStr`, whose words are the error.
#[derive(Clone, Debug, PartialEq)]
pub struct Text<T>(pub T);

impl<T> Deref for Text<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<'de, T: FromStr<Err: fmt::Display>> Deserialize<'de> for Text<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader<T>(PhantomData<T>);

        impl<T: FromStr<Err: fmt::Display>> Visitor<'_> for Reader<T> {
            type Value = Text<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("text")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Text<T>, E> {
                text.parse().map(Text).map_err(E::custom)
            }
        }

        deserializer.deserialize_str(Reader(PhantomData))
    }
}

/// A host, by name or address, and a port.
#[derive(Clone, Debug, PartialEq)]
pub struct Host {
    pub name: String,
    pub port: u16,
    server_name: ServerName<'static>,
}

impl Host {
    /// What its certificate should be for.
    pub fn server_name(&self) -> ServerName<'static> {
        self.server_name.clone()
    }
}

impl FromStr for Host {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let read = || {
            let (name, port) = text.rsplit_once(':')?;
            let bare = name.strip_prefix('[').and_then(|name| name.strip_suffix(']'));
            // Without brackets nobody knows where an IPv6 address ends and its port begins.
            if bare.is_some() != name.contains(':') {
                return None;
            }
            let name = bare.unwrap_or(name);
            let port = port.parse().ok().filter(|port| *port != 0)?;
            // Whatever can be looked up can be a server's name.
            let server_name = ServerName::try_from(name.to_owned()).ok()?;
            Some(Self { name: name.to_owned(), port, server_name })
        };
        read().ok_or_else(|| {
            let found = text.escape_debug();
            format!(
                "`{found}` is no host and port; needed is one as in backend.example.com:5060, \
                 10.0.0.7:5060 or [2001:db8::7]:5060"
            )
        })
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name.contains(':') {
            true => write!(f, "[{}]:{}", self.name, self.port),
            false => write!(f, "{}:{}", self.name, self.port),
        }
    }
}

/// A DNS name or an IP address that a server's certificate is compared with.
#[derive(Clone, Debug, PartialEq)]
pub struct Name(pub ServerName<'static>);

impl FromStr for Name {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let name = ServerName::try_from(text.to_owned());
        name.map(Self).map_err(|_| {
            format!("`{}` is neither a DNS name nor an IP address", text.escape_debug())
        })
    }
}
