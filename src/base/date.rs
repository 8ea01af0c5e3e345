//! Civil dates as licences write them (`YYYYMMDD`), in the one time zone of the country, +08:00.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::time::Timestamp;

/// A calendar day in China Standard Time (+08:00, no daylight saving).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CivilDate(jiff::civil::Date);

impl CivilDate {
    /// The day that contains `instant` at +08:00.
    #[must_use]
    pub fn of(instant: Timestamp) -> Self {
        let shifted = instant + CHINA_OFFSET;
        let utc = jiff::Timestamp::from_second(shifted.unix_seconds())
            .unwrap_or(jiff::Timestamp::UNIX_EPOCH);
        Self(utc.to_zoned(jiff::tz::TimeZone::UTC).date())
    }

    /// The first instant of the day, 00:00 at +08:00.
    #[must_use]
    pub fn start(self) -> Timestamp {
        let midnight_utc = jiff::civil::DateTime::from_parts(self.0, jiff::civil::Time::midnight())
            .to_zoned(jiff::tz::TimeZone::UTC)
            .map_or(0, |zoned| zoned.timestamp().as_second());
        Timestamp::from_unix_seconds(midnight_utc) - CHINA_OFFSET
    }

    /// The first instant after the day, which is where a validity that includes it ends.
    #[must_use]
    pub fn end(self) -> Timestamp {
        self.start() + Duration::from_hours(24)
    }

    /// The day `days` later (earlier when negative); saturates at the calendar's ends.
    #[must_use]
    pub fn plus_days(self, days: i32) -> Self {
        Self(self.0.saturating_add(jiff::Span::new().days(days)))
    }

    /// The underlying calendar day.
    #[must_use]
    pub const fn calendar(self) -> jiff::civil::Date {
        self.0
    }
}

impl fmt::Display for CivilDate {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:04}{:02}{:02}", self.0.year(), self.0.month(), self.0.day())
    }
}

impl FromStr for CivilDate {
    type Err = DateError;

    fn from_str(text: &str) -> Result<Self, DateError> {
        if text.len() != 8 || !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(DateError);
        }
        let part =
            |range: std::ops::Range<usize>| text[range].parse::<i16>().map_err(|_| DateError);
        let (year, month, day) = (part(0..4)?, part(4..6)?, part(6..8)?);
        let month = i8::try_from(month).map_err(|_| DateError)?;
        let day = i8::try_from(day).map_err(|_| DateError)?;
        jiff::civil::Date::new(year, month, day).map(Self).map_err(|_| DateError)
    }
}

impl Serialize for CivilDate {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for CivilDate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

/// The text is not a real day written `YYYYMMDD`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a date must be a real day written YYYYMMDD")]
pub struct DateError;

const CHINA_OFFSET: Duration = Duration::from_hours(8);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_starts_at_midnight_in_china() {
        let day: CivilDate = "20261122".parse().unwrap();
        assert_eq!(day.start().to_string(), "2026-11-21T16:00:00Z");
        assert_eq!(day.end().to_string(), "2026-11-22T16:00:00Z");
        assert_eq!(CivilDate::of(day.start()), day);
        assert_eq!(CivilDate::of(day.end()), day.plus_days(1));
    }

    #[test]
    fn only_real_days_in_eight_digits() {
        for text in ["20260230", "2026-1-1", "2026112", "202611220", "２0261122", "00000000"] {
            assert!(text.parse::<CivilDate>().is_err(), "{text}");
        }
    }
}
