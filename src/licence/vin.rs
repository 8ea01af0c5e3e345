//! Vehicle identification numbers (GB 16735).
//!
//! The check digit is reported only for makers whose numbers carry one: those of the region `L`.

use std::fmt;
use std::str::FromStr;

use super::check::CheckDigit;
use super::textual::textual_serde;

/// A vehicle identification number: 17 characters without I, O and Q.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Vin(String);

impl Vin {
    /// The 17 characters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Compares position 9 with the digit computed from the rest; `None` for a maker outside
    /// China, whose rules may use the position otherwise.
    #[must_use]
    pub fn check(&self) -> Option<CheckDigit> {
        let printed = self.0.as_bytes().get(8).copied().unwrap_or_default();
        self.0.starts_with('L').then(|| CheckDigit::compare(printed, check_digit(&self.0)))
    }
}

impl FromStr for Vin {
    type Err = VinError;

    fn from_str(text: &str) -> Result<Self, VinError> {
        if text.len() != 17 {
            return Err(VinError::Length);
        }
        if text.bytes().all(|byte| value(byte).is_some()) {
            Ok(Self(text.to_owned()))
        } else {
            Err(VinError::Character)
        }
    }
}

impl fmt::Display for Vin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// The number singles out one vehicle, so a log sees the maker only.
impl fmt::Debug for Vin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Vin({}…)", self.0.get(..3).unwrap_or_default())
    }
}

textual_serde!(Vin);

/// Why a text is not a vehicle identification number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VinError {
    /// A character other than a digit or an upper-case letter, or one of I, O, Q.
    #[error("a vehicle identification number has digits and letters other than I, O, Q")]
    Character,
    /// Not 17 characters.
    #[error("a vehicle identification number has 17 characters")]
    Length,
}

fn check_digit(number: &str) -> u8 {
    let weigh = |(byte, weight)| value(byte).unwrap_or_default() * weight;
    let sum: u32 = number.bytes().zip(WEIGHTS).map(weigh).sum();
    match u8::try_from(sum % 11) {
        Ok(digit @ 0..=9) => b'0' + digit,
        _ => b'X',
    }
}

/// The value of a character under the standard's transliteration.
fn value(byte: u8) -> Option<u32> {
    match byte {
        b'0'..=b'9' => Some(u32::from(byte - b'0')),
        b'A'..=b'H' => Some(u32::from(byte - b'A') + 1),
        b'J'..=b'N' => Some(u32::from(byte - b'J') + 1),
        b'P' => Some(7),
        b'R' => Some(9),
        b'S'..=b'Z' => Some(u32::from(byte - b'S') + 2),
        _ => None,
    }
}

const WEIGHTS: [u32; 17] = [8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn worked_examples() {
        for (text, digit) in [
            ("11111111111111111", b'1'),
            ("1M8GDM9AXKP042788", b'X'),
            ("LZYTFGAW1J1028431", b'1'),
            ("WVWZZZ1KZAW000001", b'0'),
        ] {
            assert!(text.parse::<Vin>().is_ok());
            assert_eq!(check_digit(text), digit, "{text}");
        }
    }

    #[test]
    fn only_chinese_makers_are_held_to_the_check_digit() {
        let check = |text: &str| text.parse::<Vin>().unwrap().check();
        assert_eq!(check("LZYTFGAW1J1028431"), Some(CheckDigit::Matches));
        assert_eq!(check("LZYTFGAW2J1028431"), Some(CheckDigit::Differs));
        assert_eq!(check("WVWZZZ1KZAW000001"), None);
    }

    #[test]
    fn malformed_numbers_are_refused() {
        for text in ["", "LZYTFGAW1J102843", "LZYTFGAW1J10284311", "LZYTFGAW1J102843l"] {
            assert!(text.parse::<Vin>().is_err(), "{text}");
        }
        for letter in ["I", "O", "Q", "i", " "] {
            assert!(format!("LZYTFGAW1J102843{letter}").parse::<Vin>().is_err(), "{letter}");
        }
    }

    #[test]
    fn debug_keeps_the_vehicle_to_itself() {
        let vin: Vin = "LZYTFGAW1J1028431".parse().unwrap();
        assert_eq!(format!("{vin:?}"), "Vin(LZY…)");
    }
}
