//! The version of a licence: three digits that rise with every reissue (GB/T 36904).

use std::fmt;
use std::str::FromStr;

use super::textual::textual_serde;

/// A licence's version, `000` to `999`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LicenceVersion(u16);

impl LicenceVersion {
    /// The version of a first issue.
    pub const FIRST: Self = Self(1);

    /// The version that follows, or `None` after `999`.
    #[must_use]
    pub const fn next(self) -> Option<Self> {
        if self.0 < 999 { Some(Self(self.0 + 1)) } else { None }
    }
}

impl fmt::Display for LicenceVersion {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:03}", self.0)
    }
}

impl FromStr for LicenceVersion {
    type Err = VersionError;

    fn from_str(text: &str) -> Result<Self, VersionError> {
        if text.len() != 3 || !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(VersionError);
        }
        text.parse().map(Self).map_err(|_| VersionError)
    }
}

textual_serde!(LicenceVersion);

/// The text is not a version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a version is three digits")]
pub struct VersionError;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_digits_and_nothing_else() {
        for text in ["", "1", "01", "0001", "+01", "-01", " 01", "1e2", "００１", "00A"] {
            assert!(text.parse::<LicenceVersion>().is_err(), "{text:?}");
        }
        assert_eq!("001".parse(), Ok(LicenceVersion::FIRST));
    }

    #[test]
    fn versions_rise_and_end() {
        let second = LicenceVersion::FIRST.next().unwrap();
        assert!(second > LicenceVersion::FIRST);
        assert_eq!(second.to_string(), "002");
        assert_eq!("999".parse::<LicenceVersion>().unwrap().next(), None);
    }
}
