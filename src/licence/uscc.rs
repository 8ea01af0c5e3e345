//! Unified social credit codes (GB 32100): the numbers of enterprises and authorities.
//!
//! The grammar is enforced; the check character is only reported, because codes that fail it are
//! in lawful use.

use std::fmt;
use std::str::FromStr;

use super::check::CheckDigit;
use super::textual::textual_serde;

/// A unified social credit code: 18 characters, upper case.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SocialCreditCode(String);

impl SocialCreditCode {
    /// The 18 characters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Compares the last character with the one computed from the other 17 (GB 32100).
    #[must_use]
    pub fn check(&self) -> CheckDigit {
        let printed = self.0.bytes().last().unwrap_or_default();
        CheckDigit::compare(printed, check_character(&self.0))
    }
}

impl FromStr for SocialCreditCode {
    type Err = SocialCreditCodeError;

    fn from_str(text: &str) -> Result<Self, SocialCreditCodeError> {
        if text.len() != 18 {
            return Err(SocialCreditCodeError::Length);
        }
        let fits = |(position, byte): (usize, u8)| match position {
            2..8 => byte.is_ascii_digit(),
            _ => ALPHABET.contains(&byte),
        };
        if text.bytes().enumerate().all(fits) {
            Ok(Self(text.to_owned()))
        } else {
            Err(SocialCreditCodeError::Character)
        }
    }
}

impl fmt::Display for SocialCreditCode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

textual_serde!(SocialCreditCode);

/// Why a text is not a unified social credit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SocialCreditCodeError {
    /// A character outside the alphabet, or a letter where the division's digits stand.
    #[error("a social credit code has digits and letters other than I, O, S, V, Z")]
    Character,
    /// Not 18 characters.
    #[error("a social credit code has 18 characters")]
    Length,
}

/// The check character of the first 17 characters of `code`.
fn check_character(code: &str) -> u8 {
    let value = |byte| ALPHABET.iter().position(|known| *known == byte).unwrap_or_default();
    let sum: usize = code.bytes().zip(WEIGHTS).map(|(byte, weight)| value(byte) * weight).sum();
    ALPHABET.get((31 - sum % 31) % 31).copied().unwrap_or_default()
}

const ALPHABET: &[u8; 31] = b"0123456789ABCDEFGHJKLMNPQRTUWXY";
const WEIGHTS: [usize; 17] = [1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28];

#[cfg(test)]
mod tests {
    use super::*;

    fn code(text: &str) -> SocialCreditCode {
        text.parse().unwrap()
    }

    #[test]
    fn published_codes_match_their_check_character() {
        for text in [
            "11100000000019713D",
            "11430000006122244L",
            "11220000013544541J",
            "113700000045046442",
            "11330105002500287C",
            "11100000000013338W",
            "11100000000013661B",
            "91110000101623741K",
            "911101066976941872",
            "91350100M000100Y43",
            "11420503087246977F",
            "11110000000021135M",
        ] {
            assert_eq!(code(text).check(), CheckDigit::Matches, "{text}");
        }
    }

    #[test]
    fn a_code_that_fails_its_check_is_read_all_the_same() {
        let defective = code("91350211M0000XUF46");
        assert_eq!(defective.check(), CheckDigit::Differs);
        assert_eq!(check_character(defective.as_str()), b'R');
    }

    #[test]
    fn the_grammar_is_strict() {
        for text in [
            "",
            "11100000000019713",
            "11100000000019713D0",
            "11100000000019713d",
            "1110000000001971ID",
            "111000000000197 3D",
            "11A00000000019713D",
            "１1100000000019713",
        ] {
            assert!(text.parse::<SocialCreditCode>().is_err(), "{text:?}");
        }
        assert!(serde_json::from_str::<SocialCreditCode>("18").is_err());
    }
}
