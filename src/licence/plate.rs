//! Vehicle plates: one written form, the kinds the grammar knows, and the colour codes.
//!
//! A plate of an unknown shape is still a plate: it can be looked up and compared, and counts as a
//! defect of data, never as a reason to refuse.

use std::fmt;
use std::str::FromStr;

use crate::base::Division;

use super::division::{Province, provinces_with_prefix};
use super::masking;
use super::textual::{coded_enum, textual_serde};

/// A plate in its one written form: upper case, without separators, such as `津A12345`.
///
/// Two plates are the same exactly when they are equal. A log sees `津A***45`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Plate(String);

impl Plate {
    /// The plate's text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The kind its shape tells, or `None` for a shape the grammar does not know.
    #[must_use]
    pub fn kind(&self) -> Option<PlateKind> {
        let characters: Vec<char> = self.0.chars().collect();
        let [prefix, office, serial @ ..] = characters.as_slice() else { return None };
        let office_is_known = office.is_ascii_uppercase() && *office != 'I';
        if !office_is_known || provinces_with_prefix(*prefix).next().is_none() {
            return None;
        }
        let (last, body) = serial.split_last()?;
        match (body.len(), *last) {
            (5, _) => new_energy_kind(serial),
            (4, _) if !body.iter().copied().all(is_serial_character) => None,
            (4, '挂') => Some(PlateKind::Trailer),
            (4, '学') => Some(PlateKind::Learner),
            (4, '警') => Some(PlateKind::Police),
            (4, '领') => Some(PlateKind::Consulate),
            (4, '港' | '澳') if (*prefix, *office) == ('粤', 'Z') => {
                Some(PlateKind::CrossBorder)
            }
            (4, character) if is_serial_character(character) => Some(PlateKind::Ordinary),
            _ => None,
        }
    }

    /// The division whose prefix the plate bears: where the vehicle is registered, which need not
    /// be where its licence was issued. For Xinjiang's prefix the Corps may be meant as well; see
    /// [`Plate::provinces`].
    #[must_use]
    pub fn province(&self) -> Option<Division> {
        self.provinces().next().map(Province::division)
    }

    /// Every division that registers vehicles under the plate's prefix.
    pub fn provinces(&self) -> impl Iterator<Item = &'static Province> {
        self.0.chars().next().into_iter().flat_map(provinces_with_prefix)
    }
}

impl FromStr for Plate {
    type Err = PlateError;

    fn from_str(text: &str) -> Result<Self, PlateError> {
        let mut plate = String::new();
        for character in text.chars().map(narrow).filter(|character| !is_separator(*character)) {
            if !character.is_ascii_alphanumeric() && !IDEOGRAPHS.contains(&character) {
                return Err(PlateError::Character);
            }
            plate.push(character.to_ascii_uppercase());
            if plate.chars().count() > LONGEST_PLATE {
                return Err(PlateError::TooLong);
            }
        }
        if plate.is_empty() { Err(PlateError::Empty) } else { Ok(Self(plate)) }
    }
}

impl fmt::Display for Plate {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl fmt::Debug for Plate {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Plate({})", masking::plate_in_log(&self.0))
    }
}

textual_serde!(Plate);

/// What the shape of a plate tells of the vehicle (GA 36).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PlateKind {
    /// 领: a consulate's vehicle.
    Consulate,
    /// 港 or 澳: a vehicle that crosses the border of Hong Kong or Macao.
    CrossBorder,
    /// 学: a learner's vehicle.
    Learner,
    /// Eight characters ending in a letter: a large new-energy vehicle.
    NewEnergyLarge,
    /// Eight characters ending in digits: a small new-energy vehicle.
    NewEnergySmall,
    /// Seven characters.
    Ordinary,
    /// 警: a police vehicle.
    Police,
    /// 挂: a trailer.
    Trailer,
}

coded_enum! {
    /// The colour of a plate (JT/T 415-2006, 5.4.12; from 91 on, codes of the field).
    PlateColour {
        Blue = "1", "蓝色", "blue";
        Yellow = "2", "黄色", "yellow";
        Black = "3", "黑色", "black";
        White = "4", "白色", "white";
        Green = "5", "绿色", "green";
        Other = "9", "其他", "other";
        AgriculturalYellow = "91", "农黄色", "agricultural yellow";
        AgriculturalGreen = "92", "农绿色", "agricultural green";
        YellowGreen = "93", "黄绿色", "yellow-green (large new-energy)";
        GradientGreen = "94", "渐变绿", "gradient green (small new-energy)";
    }
}

/// Why a text is not a plate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlateError {
    /// A character that is no letter, digit or ideograph.
    #[error("a plate has letters, digits and Chinese characters only")]
    Character,
    /// Nothing but separators.
    #[error("a plate cannot be empty")]
    Empty,
    /// More characters than any plate has.
    #[error("a plate has at most twelve characters")]
    TooLong,
}

/// The full-width forms that Chinese input methods type, as the plain characters they stand for.
fn narrow(character: char) -> char {
    let code = u32::from(character);
    match code {
        0xFF01..=0xFF5E => char::from_u32(code - 0xFEE0).unwrap_or(character),
        _ => character,
    }
}

fn is_separator(character: char) -> bool {
    character.is_whitespace() || matches!(character, '·' | '•' | '-')
}

/// Letters I and O are left out of serials: they are too like 1 and 0.
fn is_serial_character(character: char) -> bool {
    character.is_ascii_digit()
        || (character.is_ascii_uppercase() && !matches!(character, 'I' | 'O'))
}

fn new_energy_kind(serial: &[char]) -> Option<PlateKind> {
    let is_energy_letter = |letter: char| matches!(letter, 'A'..='H' | 'J' | 'K');
    let all_digits = |part: &[char]| part.iter().all(char::is_ascii_digit);
    match serial {
        [energy, second, digits @ ..]
            if is_energy_letter(*energy) && is_serial_character(*second) && all_digits(digits) =>
        {
            Some(PlateKind::NewEnergySmall)
        }
        [digits @ .., energy] if is_energy_letter(*energy) && all_digits(digits) => {
            Some(PlateKind::NewEnergyLarge)
        }
        _ => None,
    }
}

/// The longest plates in use have eight characters; twelve leaves room for foreign ones.
const LONGEST_PLATE: usize = 12;
const IDEOGRAPHS: std::ops::RangeInclusive<char> = '\u{4E00}'..='\u{9FFF}';

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn plate(text: &str) -> Plate {
        text.parse().unwrap()
    }

    #[test]
    fn shapes_tell_kinds() {
        for (text, kind) in [
            ("津A12345", PlateKind::Ordinary),
            ("津AD12345", PlateKind::NewEnergySmall),
            ("沪AD12345", PlateKind::NewEnergySmall),
            ("津A12345D", PlateKind::NewEnergyLarge),
            ("粤B12345D", PlateKind::NewEnergyLarge),
            ("津A·F0123", PlateKind::Ordinary),
            ("津A1234挂", PlateKind::Trailer),
            ("粤Z1234港", PlateKind::CrossBorder),
            ("京A8888警", PlateKind::Police),
            ("津C1234学", PlateKind::Learner),
        ] {
            assert_eq!(plate(text).kind(), Some(kind), "{text}");
        }
    }

    #[test]
    fn unknown_shapes_are_plates_without_a_kind() {
        for text in [
            "津AI2345",
            "津AO1234",
            "测A88889",
            "津I12345",
            "津",
            "津A",
            "津A1234",
            "津A123456",
            "津AD1234D",
            "津AL12345",
            "粤A1234港",
            "津Z1234澳",
            "津A12挂34",
            "A123456",
            "使014578",
        ] {
            assert_eq!(plate(text).kind(), None, "{text}");
        }
    }

    #[test]
    fn one_written_form() {
        for text in ["津a·12345", " 津A 12345 ", "津A-12345", "津Ａ１２３４５", "津A•12345"]
        {
            assert_eq!(plate(text), plate("津A12345"), "{text}");
        }
        assert_ne!(plate("津A12345"), plate("津A12346"));
    }

    #[test]
    fn look_alike_letters_and_noise_are_refused() {
        for text in ["津А12345", "津A12345'", "津A%", "津A\u{200b}12345", "津A\0"] {
            assert_eq!(text.parse::<Plate>(), Err(PlateError::Character), "{text:?}");
        }
        assert_eq!("".parse::<Plate>(), Err(PlateError::Empty));
        assert_eq!("·- ".parse::<Plate>(), Err(PlateError::Empty));
        assert_eq!("津A12345678901".parse::<Plate>(), Err(PlateError::TooLong));
    }

    #[test]
    fn prefixes_lead_to_divisions() {
        assert_eq!(plate("津A12345").province().map(|found| found.to_string()).unwrap(), "120000");
        assert_eq!(plate("新A12345").provinces().count(), 2);
        assert_eq!(plate("测A12345").province(), None);
    }

    #[test]
    fn debug_is_masked() {
        assert_eq!(format!("{:?}", plate("津A12345")), "Plate(津A***45)");
    }

    proptest! {
        #[test]
        fn reading_never_panics_and_is_stable(text in ".{0,20}") {
            if let Ok(plate) = text.parse::<Plate>() {
                let _ = plate.kind();
                prop_assert_eq!(plate.to_string().parse::<Plate>(), Ok(plate));
            }
        }
    }
}
