//! [`Span`]: a length of time, written as `10s`.

use std::str::FromStr;
use std::time::Duration;

use serde::Deserialize;

/// A length of time: a whole number and its unit, `ms`, `s`, `m`, `h` or `d`. Never zero, and at most
/// a year.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(try_from = "String")]
pub struct Span(pub Duration);

impl Span {
    pub fn ten_seconds() -> Self {
        Self(Duration::from_secs(10))
    }

    pub fn thirty_seconds() -> Self {
        Self(Duration::from_secs(30))
    }

    pub fn one_hour() -> Self {
        Self(Duration::from_secs(3600))
    }
}

impl FromStr for Span {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let invalid = || {
            format!(
                "`{}` is no length of time; needed is one as in 500ms, 10s, 5m, 1h or 2d, at most 365d",
                text.escape_debug()
            )
        };
        let digits = text.find(|c: char| !c.is_ascii_digit()).ok_or_else(invalid)?;
        let number: u64 = text[..digits].parse().map_err(|_| invalid())?;
        let milliseconds = match &text[digits..] {
            "ms" => 1,
            "s" => 1_000,
            "m" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            _ => return Err(invalid()),
        };
        let most = 365 * 86_400_000;
        match number.checked_mul(milliseconds).filter(|length| (1..=most).contains(length)) {
            Some(length) => Ok(Self(Duration::from_millis(length))),
            None => Err(invalid()),
        }
    }
}

impl TryFrom<String> for Span {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}
