//! [`Extensions`]: those of a certificate, or of a revocation list.

use std::collections::HashSet;

use crate::tlv::{Elements, Kind};

/// What is encoded as a SEQUENCE OF Extension (RFC 5280, 4.1.2.9 and 5.1.2.7).
#[derive(Clone, Copy)]
pub(crate) struct Extensions<'a>(Elements<'a>);

/// One of them, whose OID is known.
pub(crate) struct Extension<'a> {
    pub(crate) is_critical: bool,
    pub(crate) value: &'a [u8],
}

impl<'a> Extensions<'a> {
    /// None, where the field is missing.
    pub(crate) const NONE: Self = Self(Elements::of(&[]));

    /// By the contents of their explicit tag.
    pub(crate) fn of(explicit: &'a [u8]) -> der::Result<Self> {
        Elements::of_sequence(explicit).map(Self)
    }

    pub(crate) fn are_none(self) -> bool {
        self.0.are_finished()
    }

    /// The first one with this OID. Of those before it nothing else is read.
    pub(crate) fn first(self, wanted: &[u8]) -> der::Result<Option<Extension<'a>>> {
        let mut others = self;
        while let Some((id, fields)) = others.next()? {
            if id == wanted {
                return Extension::of(fields).map(Some);
            }
        }
        Ok(None)
    }

    /// The first one that is critical and none of these: its OID.
    pub(crate) fn critical_beside(self, known: &[&[u8]]) -> der::Result<Option<&'a [u8]>> {
        let mut others = self;
        while let Some((id, fields)) = others.next()? {
            if Extension::of(fields)?.is_critical && !known.contains(&id) {
                return Ok(Some(id));
            }
        }
        Ok(None)
    }

    /// The first one that is there twice: its OID.
    pub(crate) fn duplicate(self) -> der::Result<Option<&'a [u8]>> {
        let (mut others, mut seen) = (self, HashSet::new());
        while let Some((id, _)) = others.next()? {
            if !seen.insert(id) {
                return Ok(Some(id));
            }
        }
        Ok(None)
    }

    /// The OID of the next one, and what follows it there.
    fn next(&mut self) -> der::Result<Option<(&'a [u8], Elements<'a>)>> {
        if self.0.are_finished() {
            return Ok(None);
        }
        let mut fields = self.0.enter(Kind::SEQUENCE)?;
        let id = fields.read(Kind::OBJECT_IDENTIFIER)?;
        Ok(Some((id, fields)))
    }
}

impl<'a> Extension<'a> {
    /// By what follows its OID.
    fn of(mut fields: Elements<'a>) -> der::Result<Self> {
        let is_critical = fields.next_is(Kind::BOOLEAN) && fields.read(Kind::BOOLEAN)? == [0xff];
        let value = fields.read(Kind::OCTET_STRING)?;
        Ok(Self { is_critical, value })
    }
}
