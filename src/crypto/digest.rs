//! SHA-256 digests as values that cannot be confused with other bytes.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::base64url;

/// A SHA-256 digest; in documents base64url without padding (43 characters).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest([u8; 32]);

impl Digest {
    /// The digest of `bytes`.
    #[must_use]
    pub fn of(bytes: impl AsRef<[u8]>) -> Self {
        Self::of_parts(&[bytes.as_ref()])
    }

    /// The digest of the concatenation of `parts`.
    #[must_use]
    pub fn of_parts(parts: &[&[u8]]) -> Self {
        let mut context = aws_lc_rs::digest::Context::new(&aws_lc_rs::digest::SHA256);
        for part in parts {
            context.update(part);
        }
        let mut bytes = [0; 32];
        bytes.copy_from_slice(context.finish().as_ref());
        Self(bytes)
    }

    /// A digest that was computed elsewhere.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Lower-case hexadecimal, the form of file names and of what people compare by eye.
    #[must_use]
    pub fn to_hex(&self) -> String {
        use std::fmt::Write as _;
        self.0.iter().fold(String::with_capacity(64), |mut text, byte| {
            // Writing to a string cannot fail.
            let _ = write!(text, "{byte:02x}");
            text
        })
    }

    /// Reads 64 hexadecimal digits, as people read them to each other: white space and colons
    /// between them do not count, nor does case.
    pub fn from_hex(text: &str) -> Result<Self, DigestError> {
        let is_digit = |each: &char| !each.is_whitespace() && *each != ':';
        let digits: Vec<u8> = text
            .chars()
            .filter(is_digit)
            .map(|each| each.to_digit(16).and_then(|digit| u8::try_from(digit).ok()))
            .collect::<Option<_>>()
            .ok_or(DigestError)?;
        let bytes: Vec<u8> = digits.chunks_exact(2).map(|pair| (pair[0] << 4) | pair[1]).collect();
        if digits.len() == 64 {
            bytes.try_into().map(Self).map_err(|_| DigestError)
        } else {
            Err(DigestError)
        }
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&base64url::encode(self.0))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Digest({self})")
    }
}

impl FromStr for Digest {
    type Err = DigestError;

    fn from_str(text: &str) -> Result<Self, DigestError> {
        let bytes = base64url::decode(text).map_err(|_| DigestError)?;
        bytes.try_into().map(Self).map_err(|_| DigestError)
    }
}

impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

/// The text is not a SHA-256 digest in base64url.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a SHA-256 digest is 43 characters of base64url")]
pub struct DigestError;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_digest_of_abc() {
        let digest = Digest::of("abc");
        assert_eq!(
            digest.to_hex(),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
        assert_eq!(digest.to_string().parse::<Digest>().unwrap(), digest);
        assert!("AAAA".parse::<Digest>().is_err());
    }

    #[test]
    fn hexadecimal_reads_back_as_people_read_it_out() {
        let digest = Digest::of("abc");
        let hex = digest.to_hex();
        let spoken = hex.to_uppercase().replace("BA78", "BA:78 ");
        for text in [&hex, &spoken] {
            assert_eq!(Digest::from_hex(text).unwrap(), digest);
        }
        for bad in ["", &hex[1..], &hex[2..], &format!("{hex}0"), &hex.replace('b', "g")] {
            assert!(Digest::from_hex(bad).is_err(), "{bad}");
        }
    }
}
