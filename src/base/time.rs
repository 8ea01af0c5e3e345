//! Instants: microseconds since the Unix epoch inside, `YYYY-MM-DDThh:mm:ssZ` outside.

use std::fmt;
use std::ops::{Add, Sub};
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// An instant in UTC, with microsecond precision.
///
/// Its text form is exactly `YYYY-MM-DDThh:mm:ssZ`: no offset, no fraction, upper-case letters
/// (RFC 3339 §5.6, narrowed).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The instant `seconds` after the Unix epoch.
    #[must_use]
    pub const fn from_unix_seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(MICROS_PER_SECOND))
    }

    /// The instant `micros` microseconds after the Unix epoch; the form kept in the store.
    #[must_use]
    pub const fn from_unix_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// Whole seconds since the Unix epoch, rounded down.
    #[must_use]
    pub const fn unix_seconds(self) -> i64 {
        self.0.div_euclid(MICROS_PER_SECOND)
    }

    /// Microseconds since the Unix epoch.
    #[must_use]
    pub const fn unix_micros(self) -> i64 {
        self.0
    }

    /// The same instant without its fraction of a second, as it will be read back from text.
    #[must_use]
    pub const fn whole_seconds(self) -> Self {
        Self::from_unix_seconds(self.unix_seconds())
    }

    /// Time elapsed since `earlier`, or zero when `earlier` lies ahead.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Duration {
        let micros = self.0.saturating_sub(earlier.0);
        if micros <= 0 { Duration::ZERO } else { Duration::from_micros(micros.unsigned_abs()) }
    }
}

impl Add<Duration> for Timestamp {
    type Output = Self;

    fn add(self, duration: Duration) -> Self {
        let micros = i64::try_from(duration.as_micros()).unwrap_or(i64::MAX);
        Self(self.0.saturating_add(micros))
    }
}

impl Sub<Duration> for Timestamp {
    type Output = Self;

    fn sub(self, duration: Duration) -> Self {
        let micros = i64::try_from(duration.as_micros()).unwrap_or(i64::MAX);
        Self(self.0.saturating_sub(micros))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_second(self.unix_seconds()) {
            Ok(instant) => write!(formatter, "{}", instant.strftime("%Y-%m-%dT%H:%M:%SZ")),
            Err(_) => write!(formatter, "@{}", self.unix_seconds()),
        }
    }
}

impl FromStr for Timestamp {
    type Err = TimeError;

    fn from_str(text: &str) -> Result<Self, TimeError> {
        const SHAPE: &[u8; 20] = b"0000-00-00T00:00:00Z";
        let matches_shape = text.len() == SHAPE.len()
            && text.bytes().zip(SHAPE).all(|(byte, shape)| match shape {
                b'0' => byte.is_ascii_digit(),
                literal => byte == *literal,
            });
        // Second 60 parses in lenient readers as 59; a signed document must mean one instant.
        if !matches_shape || &text[17..19] == "60" {
            return Err(TimeError::Shape);
        }
        let instant: jiff::Timestamp = text.parse().map_err(|_| TimeError::NoSuchInstant)?;
        Ok(Self::from_unix_seconds(instant.as_second()))
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

/// A JWT `NumericDate` (RFC 7519 §2), narrowed to whole seconds from 1970 to 9999.
///
/// Strings, fractions, negative and huge numbers are refused while reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NumericDate(i64);

impl NumericDate {
    /// The instant this date names.
    #[must_use]
    pub const fn instant(self) -> Timestamp {
        Timestamp::from_unix_seconds(self.0)
    }
}

impl From<Timestamp> for NumericDate {
    fn from(instant: Timestamp) -> Self {
        Self(instant.unix_seconds().clamp(0, LAST_SECOND_OF_9999))
    }
}

impl Serialize for NumericDate {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_i64(self.0)
    }
}

impl<'de> Deserialize<'de> for NumericDate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let seconds = i64::deserialize(deserializer)?;
        if (0..=LAST_SECOND_OF_9999).contains(&seconds) {
            Ok(Self(seconds))
        } else {
            Err(de::Error::custom("date outside 1970 to 9999"))
        }
    }
}

/// Why a text is not an instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TimeError {
    /// The digits name a day or an hour that does not exist.
    #[error("no such instant")]
    NoSuchInstant,
    /// The text is not exactly `YYYY-MM-DDThh:mm:ssZ`.
    #[error("an instant must be written YYYY-MM-DDThh:mm:ssZ")]
    Shape,
}

const MICROS_PER_SECOND: i64 = 1_000_000;
const LAST_SECOND_OF_9999: i64 = 253_402_300_799;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_form_round_trips() {
        let instant: Timestamp = "2026-11-22T08:09:10Z".parse().unwrap();
        assert_eq!(instant.to_string(), "2026-11-22T08:09:10Z");
    }

    #[test]
    fn tm_07_only_strict_utc_text_is_an_instant() {
        for text in [
            "2026-11-22t08:09:10Z",
            "2026-11-22T08:09:10z",
            "2026-11-22T08:09:10+00:00",
            "2026-11-22T08:09:10.0Z",
            "10000-01-01T00:00:00Z",
            "2026-02-30T00:00:00Z",
            "2026-11-22T08:09:60Z",
            "2026-11-22T08:09:10Z ",
            "２026-11-22T08:09Z",
        ] {
            assert!(text.parse::<Timestamp>().is_err(), "{text}");
        }
    }

    #[test]
    fn jw_27_numeric_dates_are_whole_and_bounded() {
        for json in ["\"1\"", "1.5", "1e308", "-1", "253402300800", "null"] {
            assert!(serde_json::from_str::<NumericDate>(json).is_err(), "{json}");
        }
        assert!(serde_json::from_str::<NumericDate>("1767225600").is_ok());
    }
}
