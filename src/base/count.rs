//! A number with its noun, for people.

use std::fmt::Display;

/// `1 signature`, `2 signatures`: `one` after a number that reads `1`, else `many`.
#[must_use]
pub fn counted(number: impl Display, one: &str, many: &str) -> String {
    let number = number.to_string();
    let noun = if number == "1" { one } else { many };
    format!("{number} {noun}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_not_many() {
        for (number, expected) in
            [(0, "0 entries"), (1, "1 entry"), (2, "2 entries"), (11, "11 entries")]
        {
            assert_eq!(counted(number, "entry", "entries"), expected);
        }
    }
}
