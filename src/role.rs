//! [`Role`] and the [`Purpose`] each role needs; the only home of the key purpose OIDs.

use std::borrow::Cow;
use std::fmt;

use crate::text::Dotted;

/// The side of a connection that a certificate's *holder* plays.
///
/// A server therefore verifies certificates in role [`Role::Client`], and a client verifies
/// certificates in role [`Role::Server`].
///
/// ```
/// use mtls_roles::{Purpose, Role};
/// assert_eq!(Role::Client.purpose(), Purpose::CLIENT_AUTH);
/// assert_eq!(Role::Server.to_string(), "server");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Role {
    /// The holder accepts connections.
    Server,
    /// The holder opens connections.
    Client,
}

impl Role {
    #[cfg(feature = "audit")]
    pub(crate) const BOTH: [Self; 2] = [Self::Server, Self::Client];

    /// The key purpose that RFC 5280, 4.2.1.12 asks of this role.
    pub const fn purpose(self) -> Purpose {
        match self {
            Self::Server => Purpose::SERVER_AUTH,
            Self::Client => Purpose::CLIENT_AUTH,
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Server => "server",
            Self::Client => "client",
        })
    }
}

/// One key purpose: an object identifier of the Extended Key Usage extension.
///
/// Compared by the bytes of the OID, as webpki does. Printed by its RFC 5280 name without the
/// `id-kp-` prefix where it has one (`serverAuth`), else as a dotted OID.
///
/// `anyExtendedKeyUsage` is a purpose like any other here: it equals itself only.
///
/// ```
/// use mtls_roles::Role;
///
/// let needed = Role::Client.purpose();
/// assert_eq!((needed.to_string().as_str(), needed.name()), ("clientAuth", Some("clientAuth")));
/// ```
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Purpose(Cow<'static, [u8]>);

/// id-kp, 1.3.6.1.5.5.7.3, with `$arc` appended (RFC 5280, 4.2.1.12).
macro_rules! id_kp {
    ($arc:literal) => {
        Self::of(&[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, $arc])
    };
}

impl Purpose {
    /// id-kp-serverAuth, 1.3.6.1.5.5.7.3.1.
    pub const SERVER_AUTH: Self = id_kp!(1);
    /// id-kp-clientAuth, 1.3.6.1.5.5.7.3.2.
    pub const CLIENT_AUTH: Self = id_kp!(2);
    /// id-kp-codeSigning, 1.3.6.1.5.5.7.3.3.
    pub const CODE_SIGNING: Self = id_kp!(3);
    /// id-kp-emailProtection, 1.3.6.1.5.5.7.3.4.
    pub const EMAIL_PROTECTION: Self = id_kp!(4);
    /// id-kp-timeStamping, 1.3.6.1.5.5.7.3.8.
    pub const TIME_STAMPING: Self = id_kp!(8);
    /// id-kp-OCSPSigning, 1.3.6.1.5.5.7.3.9.
    pub const OCSP_SIGNING: Self = id_kp!(9);
    /// anyExtendedKeyUsage, 2.5.29.37.0. It stands for no other purpose in this crate.
    pub const ANY: Self = Self::of(&[0x55, 0x1d, 0x25, 0x00]);

    const fn of(oid: &'static [u8]) -> Self {
        Self(Cow::Borrowed(oid))
    }

    /// The purpose with this OID, given as the contents of its DER encoding.
    pub(crate) fn from_oid_bytes(oid: &[u8]) -> Self {
        // The two that nearly every certificate lists need no memory of their own.
        let known = [Self::SERVER_AUTH, Self::CLIENT_AUTH].into_iter();
        let mut known = known.filter(|purpose| purpose.oid_bytes() == oid);
        known.next().unwrap_or_else(|| Self(Cow::Owned(oid.to_vec())))
    }

    /// The contents of the OID's DER encoding, without tag and length.
    pub fn oid_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The name RFC 5280 gives this purpose, without its `id-kp-` prefix.
    pub fn name(&self) -> Option<&'static str> {
        [
            (Self::SERVER_AUTH, "serverAuth"),
            (Self::CLIENT_AUTH, "clientAuth"),
            (Self::CODE_SIGNING, "codeSigning"),
            (Self::EMAIL_PROTECTION, "emailProtection"),
            (Self::TIME_STAMPING, "timeStamping"),
            (Self::OCSP_SIGNING, "OCSPSigning"),
            (Self::ANY, "anyExtendedKeyUsage"),
        ]
        .into_iter()
        .find_map(|(purpose, name)| (purpose == *self).then_some(name))
    }
}

impl fmt::Display for Purpose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.write_str(name),
            None => Dotted(&self.0).fmt(f),
        }
    }
}

impl fmt::Debug for Purpose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Purpose({self})")
    }
}

/// Several purposes as people read them: `serverAuth, clientAuth`.
fn list(purposes: &[Purpose]) -> String {
    let names: Vec<_> = purposes.iter().map(Purpose::to_string).collect();
    names.join(", ")
}

/// An EKU extension as people read it.
pub(crate) fn eku_text(found: Option<&[Purpose]>) -> String {
    match found {
        None => "no extended key usage".into(),
        Some([]) => "an empty extended key usage".into(),
        Some(found) => format!("extended key usage {}", list(found)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_purpose_prints_its_name_or_its_dotted_oid() {
        // 1.3.6.1.4.1.311.20.2.2, Microsoft smart card logon: a two-byte arc.
        let smartcard = [0x2b, 6, 1, 4, 1, 0x82, 0x37, 20, 2, 2];
        for (oid, printed) in [
            (Purpose::SERVER_AUTH.oid_bytes(), "serverAuth"),
            (Purpose::ANY.oid_bytes(), "anyExtendedKeyUsage"),
            (&smartcard, "1.3.6.1.4.1.311.20.2.2"),
            (&[0x88, 0x37, 1], "2.999.1"),
            (&[0x27], "0.39"),
            (&[], ""),
            (&[0x2b, 0x86], "1.3"),
            (&[0xff; 40], ".(arc too large)"),
        ] {
            let purpose = Purpose::from_oid_bytes(oid);
            assert_eq!(purpose.to_string(), printed);
            assert_eq!(format!("{purpose:?}"), format!("Purpose({printed})"));
        }
    }
}
