//! Text that others wrote, made safe to print.

use std::fmt::{self, Write};

use rustls::pki_types::{UnixTime, pem};
use time::format_description::well_known::Rfc3339;
use time::{OffsetDateTime, PrimitiveDateTime, UtcOffset};

/// Prints `text` with every character escaped that could move the cursor, forge a log line, reorder
/// what the reader sees, or show nothing.
///
/// Escaped as `\u{…}`: by General_Category controls, format characters, private use, what is
/// unassigned (noncharacters, too) and every separator but the space; by property
/// Default_Ignorable_Code_Point the letters and marks that are drawn as nothing (UAX #44, 5.1).
pub(crate) struct Printable<'a>(pub(crate) &'a str);

impl fmt::Display for Printable<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for c in self.0.chars() {
            match is_visible(c) {
                true => f.write_char(c)?,
                false => write!(f, "{}", c.escape_unicode())?,
            }
        }
        Ok(())
    }
}

fn is_visible(c: char) -> bool {
    match c.is_ascii() {
        true => !c.is_ascii_control(),
        false => !is_drawn_as_nothing(c) && has_visible_category(c),
    }
}

/// The letters, marks and symbols among what is drawn as nothing; the rest of it the categories tell.
fn is_drawn_as_nothing(c: char) -> bool {
    matches!(c,
        // Combining grapheme joiner; the fillers of Hangul, and of Khmer.
        '\u{34f}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{3164}' | '\u{ffa0}'
        // Variation selectors.
        | '\u{180b}'..='\u{180f}' | '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}'
        // Not ignorable, and as empty: the blank of Braille.
        | '\u{2800}')
}

/// By the table of the standard library. What a newer Unicode assigned is escaped by an older one.
fn has_visible_category(c: char) -> bool {
    // Combining marks are escaped at the beginning of a text only, so something stands before it.
    let behind: String = ['-', c].iter().collect();
    behind.escape_debug().nth(2).is_none()
}

/// The same instant; the end of the calendar for all behind it.
pub(crate) fn offset(time: UnixTime) -> OffsetDateTime {
    let instant = i64::try_from(time.as_secs()).map(OffsetDateTime::from_unix_timestamp);
    instant.ok().and_then(Result::ok).unwrap_or(PrimitiveDateTime::MAX.assume_utc())
}

/// An instant as RFC 3339, in UTC if it can be said there.
pub(crate) fn utc(instant: OffsetDateTime) -> String {
    // At both ends of the calendar the same instant has no date in UTC.
    let instant = instant.checked_to_offset(UtcOffset::UTC).unwrap_or(instant);
    // Years past 9999 and before 0 have no RFC 3339 form.
    instant.format(&Rfc3339).unwrap_or_else(|_| instant.to_string())
}

/// An object identifier as people read it (X.690, 8.19): base-128 arcs, the first two packed into one.
/// A peer may send one as long as a message; nobody's has more octets than these.
pub(crate) struct Dotted<'a>(pub(crate) &'a [u8]);

impl fmt::Display for Dotted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        dotted(self.0, f)
    }
}

const MOST_OF_OID: usize = 64;

fn dotted(oid: &[u8], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    if oid.len() > MOST_OF_OID {
        return write!(f, "(OID of {} bytes)", oid.len());
    }
    let mut arc: u128 = 0;
    let mut first = true;
    for byte in oid {
        // An arc over 121 bits is nobody's key purpose; a peer may still send one.
        if arc >> 121 != 0 {
            return f.write_str(".(arc too large)");
        }
        arc = arc << 7 | u128::from(byte & 0x7f);
        if byte & 0x80 != 0 {
            continue;
        }
        match first {
            true => {
                let top = (arc / 40).min(2);
                write!(f, "{top}.{}", arc - top * 40)?;
            }
            false => write!(f, ".{arc}")?,
        }
        (arc, first) = (0, false);
    }
    Ok(())
}

/// The reader's own text shows marks as lists of decimal numbers.
pub(crate) fn pem_text(error: &pem::Error) -> String {
    match error {
        pem::Error::MissingSectionEnd { end_marker } => format!(
            "found no `-----END {}-----` before the next block or the end",
            Printable(&String::from_utf8_lossy(end_marker))
        ),
        pem::Error::Base64Decode(reason) => format!("found damaged base64 ({reason})"),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use time::PrimitiveDateTime;
    use time::macros::datetime;

    use super::*;

    #[test]
    fn what_could_deceive_a_reader_is_escaped_and_the_rest_is_kept() {
        let text = "Müller \u{1b}[2K\n\u{202e}moc\u{200b}\u{7f}";
        let printed = "Müller \\u{1b}[2K\\u{a}\\u{202e}moc\\u{200b}\\u{7f}";
        assert_eq!(Printable(text).to_string(), printed);
    }

    /// Both ends of every range of Default_Ignorable_Code_Point (DerivedCoreProperties-16.0.0), and
    /// of each kind that has an own reason.
    #[test]
    fn no_invisible_character_is_printed_whatever_kind_it_is() {
        #[rustfmt::skip] // One kind, one line.
        let kinds: [(&str, &[u32]); 9] = [
            ("default ignorable", &[
                0xad, 0x34f, 0x61c, 0x115f, 0x1160, 0x17b4, 0x17b5, 0x180b, 0x180f, 0x200b, 0x200f,
                0x202a, 0x202e, 0x2060, 0x2065, 0x206f, 0x3164, 0xfe00, 0xfe0f, 0xfeff, 0xffa0,
                0xfff0, 0xfff8, 0x1bca0, 0x1bca3, 0x1d173, 0x1d17a, 0xe0000, 0xe0fff,
            ]),
            ("tags and variation selectors", &[0xe0001, 0xe0020, 0xe007f, 0xe0100, 0xe01ef]),
            ("controls", &[0, 0x1b, 0x7f, 0x80, 0x9f]),
            ("format", &[0x600, 0x605, 0x6dd, 0x70f, 0x890, 0x8e2, 0xfff9, 0xfffb, 0x110bd, 0x13430]),
            ("line and paragraph separators", &[0x2028, 0x2029]),
            ("spaces but the common one", &[0xa0, 0x1680, 0x2000, 0x200a, 0x202f, 0x205f, 0x3000]),
            ("blank of Braille", &[0x2800]),
            ("private use", &[0xe000, 0xf8ff, 0xf0000, 0x10fffd]),
            ("noncharacters", &[0xfdd0, 0xfdef, 0xfffe, 0xffff, 0x1fffe, 0x10ffff]),
        ];
        for (kind, characters) in kinds {
            for c in characters.iter().filter_map(|c| char::from_u32(*c)) {
                let printed = Printable(&c.to_string()).to_string();
                assert_eq!(printed, c.escape_unicode().to_string(), "{kind}");
            }
        }
    }

    #[test]
    fn what_people_write_is_kept() {
        for text in [
            "O=Example \"A\" 'B' \\ `C`",
            "Zürich",
            "Zu\u{308}rich",
            "प्रमाणपत्र",
            "사인",
            "証明書",
            "Σ🔑",
        ] {
            assert_eq!(Printable(text).to_string(), text);
        }
    }

    #[test]
    fn an_instant_is_printed_even_where_utc_has_no_date_for_it() {
        let hour = |hours| UtcOffset::from_hms(hours, 0, 0).unwrap();
        for (instant, printed) in [
            (PrimitiveDateTime::MAX.assume_offset(hour(-1)), "9999-12-31T23:59:59.999999999-01:00"),
            (PrimitiveDateTime::MIN.assume_offset(hour(1)), "-9999-01-01 0:00:00.0 +01:00:00"),
            (datetime!(2027-03-15 1:00 +1), "2027-03-15T00:00:00Z"),
        ] {
            assert_eq!(utc(instant), printed);
        }
    }
}
