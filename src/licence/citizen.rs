//! Citizen identity numbers (GB 11643): recognising them, so that they can be kept out of sight.
//!
//! A number can be read but not serialised, and its `Debug` form shows nothing.

use std::fmt;
use std::str::FromStr;

/// A citizen identity number: 17 digits with a real date of birth, and a check character.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct CitizenId(String);

impl CitizenId {
    /// The 18 characters. Sensitive personal data: never for a log.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for CitizenId {
    type Err = CitizenIdError;

    fn from_str(text: &str) -> Result<Self, CitizenIdError> {
        judge(text.as_bytes())?;
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Debug for CitizenId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("CitizenId(…)")
    }
}

/// Whether a citizen identity number stands anywhere inside `text`; rule R21 asks this of serials.
#[must_use]
pub fn contains_citizen_id(text: &str) -> bool {
    text.to_ascii_uppercase().as_bytes().windows(18).any(|window| judge(window).is_ok())
}

/// Why a text is not a citizen identity number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CitizenIdError {
    /// No such day of birth.
    #[error("a citizen's number contains a real date of birth")]
    BirthDate,
    /// The check character differs.
    #[error("the check character of the citizen's number differs")]
    Check,
    /// Not 17 digits and a digit or `X`, or a leading zero.
    #[error("a citizen's number is 17 digits and a digit or X")]
    Shape,
}

fn judge(candidate: &[u8]) -> Result<(), CitizenIdError> {
    let Some((check, digits)) = candidate.split_last() else {
        return Err(CitizenIdError::Shape);
    };
    let starts_well = matches!(digits.first(), Some(b'1'..=b'9'));
    if digits.len() != 17 || !starts_well || !digits.iter().all(u8::is_ascii_digit) {
        return Err(CitizenIdError::Shape);
    }
    if !matches!(check, b'0'..=b'9' | b'X') {
        return Err(CitizenIdError::Shape);
    }
    let number = |part: &[u8]| part.iter().fold(0_i16, |sum, digit| sum * 10 + digit_value(*digit));
    let birth = digits.get(6..14).unwrap_or_default();
    let (year, rest) = birth.split_at(4);
    let (month, day) = rest.split_at(2);
    if !YEARS.contains(&number(year)) || !is_real_day(number(year), number(month), number(day)) {
        return Err(CitizenIdError::BirthDate);
    }
    let sum: i16 =
        digits.iter().zip(WEIGHTS).map(|(digit, weight)| digit_value(*digit) * weight).sum();
    let computed = usize::try_from(sum % 11).ok().and_then(|index| CHECKS.get(index));
    if computed == Some(check) { Ok(()) } else { Err(CitizenIdError::Check) }
}

fn digit_value(digit: u8) -> i16 {
    i16::from(digit.saturating_sub(b'0'))
}

fn is_real_day(year: i16, month: i16, day: i16) -> bool {
    let (Ok(month), Ok(day)) = (i8::try_from(month), i8::try_from(day)) else { return false };
    jiff::civil::Date::new(year, month, day).is_ok()
}

/// Years of birth that can occur; narrower than the calendar, so that a long random serial is not
/// taken for a citizen's number by accident.
const YEARS: std::ops::RangeInclusive<i16> = 1800..=2099;
const WEIGHTS: [i16; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
const CHECKS: &[u8; 11] = b"10X98765432";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn worked_examples_of_the_standard() {
        for text in ["11010519491231002X", "440524188001010014", "120101199003070013"] {
            assert!(text.parse::<CitizenId>().is_ok(), "{text}");
        }
        assert_eq!("412825199401011234".parse::<CitizenId>(), Err(CitizenIdError::Check));
        assert!("412825199401011238".parse::<CitizenId>().is_ok());
    }

    #[test]
    fn malformed_numbers_are_refused() {
        for (text, error) in [
            ("", CitizenIdError::Shape),
            ("1101051949123100", CitizenIdError::Shape),
            ("11010519491231002x", CitizenIdError::Shape),
            ("01010519491231002X", CitizenIdError::Shape),
            ("1101051949123100２X", CitizenIdError::Shape),
            ("11010519490230002X", CitizenIdError::BirthDate),
            ("11010500000101002X", CitizenIdError::BirthDate),
            ("11010519491332002X", CitizenIdError::BirthDate),
        ] {
            assert_eq!(text.parse::<CitizenId>(), Err(error), "{text}");
        }
    }

    #[test]
    fn a_number_is_found_inside_other_text_whatever_its_case() {
        assert!(contains_citizen_id("00011010519491231002x9"));
        assert!(contains_citizen_id("11010519491231002X"));
        for text in ["", "000000000001", "209FA4E88F9E4C878F3E9BED2CE7EA49", "1101051949123100张"]
        {
            assert!(!contains_citizen_id(text), "{text}");
        }
    }

    #[test]
    fn debug_shows_nothing() {
        let id: CitizenId = "11010519491231002X".parse().unwrap();
        assert_eq!(format!("{id:?}"), "CitizenId(…)");
    }
}
