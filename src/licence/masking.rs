//! The masked forms of personal values: what an officer, a business and a log may see of them.
//!
//! Every function counts characters, not bytes; a value too short to keep a secret is hidden
//! whole. Masking is no substitute for a grant: who may see which form is decided by the policy.

/// A natural person's name with only its first character: `张**`.
#[must_use]
pub fn name(value: &str) -> String {
    keep(value, 1, 0, 2)
}

/// An identity number as an officer compares it with a card: six characters, then the last four.
#[must_use]
pub fn number_for_officer(value: &str) -> String {
    keep(value, 6, 4, 15)
}

/// An identity number as a business sees it: the first and the last character.
#[must_use]
pub fn number_for_business(value: &str) -> String {
    keep(value, 1, 1, 6)
}

/// A telephone number: three digits, then the last four, as in `138****5678`.
#[must_use]
pub fn phone(value: &str) -> String {
    keep(value, 3, 4, 11)
}

/// A plate as a log may hold it: `津A***45`.
#[must_use]
pub fn plate_in_log(value: &str) -> String {
    keep(value, 2, 2, 7)
}

/// Keeps `head` and `tail` characters and hides the rest; hides all when there are fewer than
/// `fewest` characters.
fn keep(value: &str, head: usize, tail: usize, fewest: usize) -> String {
    let length = value.chars().count();
    let hidden = if length < fewest { 0..length } else { head..length.saturating_sub(tail) };
    let mask = |(position, character)| if hidden.contains(&position) { '*' } else { character };
    value.chars().enumerate().map(mask).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn worked_examples() {
        assert_eq!(name("张三丰"), "张**");
        assert_eq!(number_for_officer("11010519491231002X"), "110105********002X");
        assert_eq!(number_for_business("11010519491231002X"), "1****************X");
        assert_eq!(phone("13812345678"), "138****5678");
        assert_eq!(plate_in_log("津A12345"), "津A***45");
        assert_eq!(plate_in_log("津AD12345"), "津A****45");
    }

    #[test]
    fn short_values_are_hidden_whole() {
        assert_eq!(name("张"), "*");
        assert_eq!(name(""), "");
        assert_eq!(number_for_officer("E12345678"), "*********");
        assert_eq!(number_for_business("12345"), "*****");
        assert_eq!(phone("5678"), "****");
        assert_eq!(plate_in_log("津A45"), "****");
    }

    proptest! {
        #[test]
        fn something_is_always_hidden_and_the_length_is_kept(value in ".{1,40}") {
            for mask in [name, number_for_officer, number_for_business, phone, plate_in_log] {
                let masked = mask(&value);
                prop_assert!(masked.contains('*'));
                prop_assert_eq!(masked.chars().count(), value.chars().count());
            }
        }
    }
}
