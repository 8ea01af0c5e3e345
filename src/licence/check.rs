//! Check characters over the alphabet 0-9 A-Z: the standard computation and the field's variant.
//!
//! A wrong check character is a defect of data, never by itself a proof of forgery.

/// Whether a printed check character agrees with the one computed from the rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CheckDigit {
    /// The printed character differs. Real codes with this defect are in use: warn, never refuse.
    Differs,
    /// The printed character is the computed one.
    Matches,
}

impl CheckDigit {
    pub(super) const fn compare(printed: u8, computed: u8) -> Self {
        if printed == computed { Self::Matches } else { Self::Differs }
    }
}

/// The hybrid MOD 37,36 check character (ISO/IEC 7064, GB/T 17710) that GB/T 36904 prescribes.
///
/// `None` when `body` holds anything but digits and upper-case letters.
pub(super) fn mod_37_36(body: impl Iterator<Item = u8>) -> Option<u8> {
    let mut product = 36;
    for byte in body {
        let sum = (product + value(byte)?) % 36;
        product = (if sum == 0 { 36 } else { sum }) * 2 % 37;
    }
    character((37 - product) % 36)
}

/// The computation some issuers run instead: letters count 11 to 36 and the result is shifted.
///
/// Recognised so that their licences can be told from damaged ones.
pub(super) fn mod_37_36_variant(body: impl Iterator<Item = u8>) -> Option<u8> {
    let mut product = 36;
    for byte in body {
        let addend = value(byte)? + u32::from(byte.is_ascii_uppercase());
        let mut sum = product + addend;
        if addend > 10 && sum > 37 {
            sum %= 37;
        } else if addend < 10 && sum > 36 {
            sum %= 36;
        }
        let rest = sum % 36;
        product = (if rest == 0 { 36 } else { rest }) * 2 % 37;
    }
    character(36_u32.checked_sub(product)?)
}

/// The value of a digit (0 to 9) or an upper-case letter (10 to 35).
fn value(byte: u8) -> Option<u32> {
    match byte {
        b'0'..=b'9' => Some(u32::from(byte - b'0')),
        b'A'..=b'Z' => Some(u32::from(byte - b'A') + 10),
        _ => None,
    }
}

fn character(value: u32) -> Option<u8> {
    char::from_digit(value, 36).map(|character| character.to_ascii_uppercase() as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_digits_and_upper_case_letters_have_a_check_character() {
        for body in ["a", "A.B", " ", "１", "\u{0}"] {
            assert_eq!(mod_37_36(body.bytes()), None, "{body:?}");
            assert_eq!(mod_37_36_variant(body.bytes()), None, "{body:?}");
        }
    }

    #[test]
    fn every_single_substitution_changes_the_standard_character() {
        let body = b"1112A0";
        let genuine = mod_37_36(body.iter().copied());
        for position in 0..body.len() {
            let mut altered = *body;
            altered[position] = if body[position] == b'7' { b'8' } else { b'7' };
            assert_ne!(mod_37_36(altered.into_iter()), genuine, "{position}");
        }
    }
}
