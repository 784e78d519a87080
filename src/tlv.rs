//! [`Elements`]: DER read in place, element by element.
//!
//! Of every new peer one certificate is read here, next to a signature that has emptied the
//! caches. So the common forms are recognised at sight, in few instructions: reading with `der`
//! alone made the verification of a new leaf under a known issuer cost 0.01 of stock's more
//! (`cargo bench --bench peers`). Whatever is not recognised is left to `der`, which decides what it
//! is and says what is wrong with it.

use der::asn1::AnyRef;
use der::{Decode, Reader, SliceReader, Tag, TagNumber, Tagged};

/// What is left of a sequence of elements.
#[derive(Clone, Copy)]
pub(crate) struct Elements<'a>(&'a [u8]);

/// A tag, and the octet that it is encoded in (X.690, 8.1.2).
#[derive(Clone, Copy)]
pub(crate) struct Kind {
    octet: u8,
    tag: Tag,
}

impl Kind {
    pub(crate) const BOOLEAN: Self = Self::universal(0x01, Tag::Boolean);
    pub(crate) const INTEGER: Self = Self::universal(0x02, Tag::Integer);
    pub(crate) const BIT_STRING: Self = Self::universal(0x03, Tag::BitString);
    pub(crate) const OCTET_STRING: Self = Self::universal(0x04, Tag::OctetString);
    pub(crate) const OBJECT_IDENTIFIER: Self = Self::universal(0x06, Tag::ObjectIdentifier);
    pub(crate) const UTC_TIME: Self = Self::universal(0x17, Tag::UtcTime);
    pub(crate) const GENERALIZED_TIME: Self = Self::universal(0x18, Tag::GeneralizedTime);
    pub(crate) const SEQUENCE: Self = Self::universal(0x30, Tag::Sequence);

    const fn universal(octet: u8, tag: Tag) -> Self {
        Self { octet, tag }
    }

    /// `[number] EXPLICIT`, or `[number] IMPLICIT` of something constructed. Up to 30.
    pub(crate) const fn explicit(number: u8) -> Self {
        Self::context_specific(0xa0 | number, number, true)
    }

    /// `[number] IMPLICIT` of something primitive. Up to 30.
    pub(crate) const fn implicit(number: u8) -> Self {
        Self::context_specific(0x80 | number, number, false)
    }

    const fn context_specific(octet: u8, number: u8, constructed: bool) -> Self {
        let number = TagNumber(number as u32);
        Self { octet, tag: Tag::ContextSpecific { constructed, number } }
    }
}

impl<'a> Elements<'a> {
    pub(crate) const fn of(contents: &'a [u8]) -> Self {
        Self(contents)
    }

    /// Those of the SEQUENCE that is encoded here, and nothing else.
    pub(crate) fn of_sequence(encoded: &'a [u8]) -> der::Result<Self> {
        only(encoded, Kind::SEQUENCE).map(Self)
    }

    pub(crate) fn are_finished(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn next_is(&self, kind: Kind) -> bool {
        self.0.first() == Some(&kind.octet)
    }

    /// The contents of the next one, which must be of this kind.
    pub(crate) fn read(&mut self, kind: Kind) -> der::Result<&'a [u8]> {
        let (contents, others) = split(self.0, kind)?;
        self.0 = others;
        Ok(contents)
    }

    /// The elements of the next one, which must be of this kind.
    pub(crate) fn enter(&mut self, kind: Kind) -> der::Result<Self> {
        self.read(kind).map(Self)
    }

    /// The next one with tag and length; it must be of this kind.
    pub(crate) fn read_encoded(&mut self, kind: Kind) -> der::Result<&'a [u8]> {
        let all = self.0;
        self.read(kind)?;
        Ok(&all[..all.len() - self.0.len()])
    }

    /// Passes over the next one if it is of this kind.
    pub(crate) fn skip_optional(&mut self, kind: Kind) -> der::Result<()> {
        match self.next_is(kind) {
            true => self.read(kind).map(drop),
            false => Ok(()),
        }
    }

    /// The next one, of whatever kind.
    pub(crate) fn any(&mut self) -> der::Result<AnyRef<'a>> {
        let (element, others) = decode(self.0)?;
        self.0 = others;
        Ok(element)
    }

    /// The next one with tag and length, of whatever kind.
    pub(crate) fn any_encoded(&mut self) -> der::Result<&'a [u8]> {
        let all = self.0;
        self.any()?;
        Ok(&all[..all.len() - self.0.len()])
    }

    /// An error if there is another.
    pub(crate) fn finish(self) -> der::Result<()> {
        match self.0 {
            [] => Ok(()),
            rest => SliceReader::new(rest)?.finish(),
        }
    }
}

/// Each of whatever kind. An error is the last item.
impl<'a> Iterator for Elements<'a> {
    type Item = der::Result<AnyRef<'a>>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.are_finished() {
            return None;
        }
        Some(self.any().inspect_err(|_| self.0 = &[]))
    }
}

/// The contents of the only element in here, which must be of this kind.
pub(crate) fn only(encoded: &[u8], kind: Kind) -> der::Result<&[u8]> {
    let mut elements = Elements::of(encoded);
    let contents = elements.read(kind)?;
    elements.finish()?;
    Ok(contents)
}

/// One element: tag, length in its shortest form, contents.
pub(crate) fn encoded(kind: Kind, contents: &[u8]) -> Vec<u8> {
    let length = contents.len().to_be_bytes();
    let mut encoded = vec![kind.octet];
    match (without_leading_zeros(&length), contents.len()) {
        (octets, 0x80..) => {
            encoded.push(0x80 | octets.len() as u8);
            encoded.extend(octets);
        }
        (_, short) => encoded.push(short as u8),
    }
    encoded.extend(contents);
    encoded
}

/// The octets of a number that is not negative, as few as it needs.
pub(crate) fn without_leading_zeros(number: &[u8]) -> &[u8] {
    let zeros = number.iter().take_while(|octet| **octet == 0).count();
    &number[zeros..]
}

/// The contents of the first element, and what follows it.
fn split(encoded: &[u8], kind: Kind) -> der::Result<(&[u8], &[u8])> {
    match at_sight(encoded, kind.octet) {
        Some(split) => Ok(split),
        None => decode(encoded).and_then(|(element, others)| {
            element.tag().assert_eq(kind.tag)?;
            Ok((element.value(), others))
        }),
    }
}

/// Elements of less than 64 KiB, with the shortest form of the length (X.690, 10.1).
fn at_sight(encoded: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (length, rest) = match encoded {
        [found, length @ ..=0x7f, rest @ ..] if *found == tag => (usize::from(*length), rest),
        [found, 0x81, length @ 0x80..=0xff, rest @ ..] if *found == tag => {
            (usize::from(*length), rest)
        }
        [found, 0x82, high @ 1..=0xff, low, rest @ ..] if *found == tag => {
            (usize::from(u16::from_be_bytes([*high, *low])), rest)
        }
        _ => return None,
    };
    rest.split_at_checked(length)
}

fn decode(encoded: &[u8]) -> der::Result<(AnyRef<'_>, &[u8])> {
    let mut reader = SliceReader::new(encoded)?;
    let element = AnyRef::decode(&mut reader)?;
    let others = encoded.len() - usize::try_from(reader.remaining_len())?;
    Ok((element, &encoded[others..]))
}

#[cfg(test)]
mod tests {
    use der::Encode;

    use super::*;

    /// Of every kind of length, and with every octet of tag and length changed.
    #[test]
    fn what_is_recognised_at_sight_is_what_der_reads() {
        let mut recognised = 0;
        for length in [0, 1, 0x7f, 0x80, 0xff, 0x100, 0x101, 0xffff, 0x1_0000] {
            let contents = vec![5; length];
            let element = AnyRef::new(Tag::Sequence, &contents).unwrap();
            let mut encoded = element.to_der().unwrap();
            encoded.extend([5, 0]);
            for place in 0..6.min(encoded.len()) {
                for octet in 0..=0xff {
                    let mut encoded = encoded.clone();
                    encoded[place] = octet;
                    for end in [0, 1, 2, 3, 4, encoded.len() - 3, encoded.len()] {
                        let encoded = &encoded[..end.min(encoded.len())];
                        let Some((contents, others)) = at_sight(encoded, 0x30) else {
                            continue;
                        };
                        let (element, others_of_der) = decode(encoded).unwrap();
                        assert_eq!(element.tag(), Tag::Sequence);
                        assert_eq!((contents, others), (element.value(), others_of_der));
                        recognised += 1;
                    }
                }
            }
        }
        assert!(recognised > 10_000, "{recognised}");
    }

    #[test]
    fn an_element_of_64_kib_is_read_although_it_is_not_recognised() {
        let contents = vec![5; 0x1_0000];
        let element = AnyRef::new(Tag::Sequence, &contents).unwrap();
        let encoded = element.to_der().unwrap();
        assert_eq!(at_sight(&encoded, 0x30), None);
        assert_eq!(only(&encoded, Kind::SEQUENCE).unwrap(), contents);
    }

    #[test]
    fn each_kind_is_encoded_in_its_octet() {
        let kinds = [
            Kind::BOOLEAN,
            Kind::INTEGER,
            Kind::BIT_STRING,
            Kind::OCTET_STRING,
            Kind::OBJECT_IDENTIFIER,
            Kind::SEQUENCE,
            Kind::explicit(0),
            Kind::explicit(3),
            Kind::implicit(1),
            Kind::implicit(30),
        ];
        for kind in kinds {
            assert_eq!(kind.tag.to_der().unwrap(), [kind.octet]);
        }
    }

    #[test]
    fn of_the_only_element_the_kind_is_checked_and_nothing_may_stand_behind_it() {
        assert_eq!(only(&[2, 1, 7], Kind::INTEGER).unwrap(), [7]);
        for encoded in [&[][..], &[2, 1], &[4, 1, 7], &[2, 1, 7, 0], &[2, 1, 7, 5, 0]] {
            assert!(only(encoded, Kind::INTEGER).is_err(), "{encoded:?}");
        }
    }

    #[test]
    fn elements_are_passed_over_if_they_are_there_and_read_with_their_heads() {
        let mut elements = Elements::of(&[0xa0, 2, 5, 0, 2, 1, 7, 5, 0]);
        elements.skip_optional(Kind::explicit(1)).unwrap();
        assert!(elements.next_is(Kind::explicit(0)));
        elements.skip_optional(Kind::explicit(0)).unwrap();
        assert_eq!(elements.read_encoded(Kind::INTEGER).unwrap(), [2, 1, 7]);
        assert!(elements.read_encoded(Kind::INTEGER).is_err());
        assert_eq!(elements.any().unwrap().tag(), Tag::Null);
        assert!(elements.are_finished() && elements.any().is_err());
    }

    #[test]
    fn the_first_that_cannot_be_read_is_the_last() {
        let mut elements = Elements::of(&[5, 0, 5, 9, 5, 0]);
        assert!(elements.next().unwrap().is_ok());
        assert!(elements.next().unwrap().is_err());
        assert!(elements.next().is_none());
    }
}
