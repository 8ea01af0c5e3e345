//! The names a grant is made of: claim paths and purposes, exact or not at all.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::refusal::ConsentRefusal;
use crate::licence::{Field, LicenceType, field};

/// A claim by its path (OpenID4VP 1.0 §7), narrowed to one name: the claims of a licence do not
/// nest, and neither `null` (every element) nor a number is a claim of ours.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClaimPath {
    path: [String; 1],
}

impl ClaimPath {
    /// The path of the claim called `name`.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self { path: [name.into()] }
    }

    /// The claim's name.
    #[must_use]
    pub const fn name(&self) -> &str {
        self.path[0].as_str()
    }

    /// The field it names in a licence of `licence_type`: compared byte for byte, and never the
    /// status or a claim that every licence shows anyway. `index` is its place in the request.
    pub(super) fn field(
        &self,
        licence_type: LicenceType,
        index: usize,
    ) -> Result<&'static Field, ConsentRefusal> {
        field(licence_type, self.name())
            .filter(|row| row.is_claim() && !row.is_envelope())
            .ok_or_else(|| ConsentRefusal::Invalid { pointer: format!("/claims/{index}") })
    }
}

/// The code of a purpose, such as `cargo-contracting`. Whether there is such a purpose is known
/// to the policy.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PurposeCode(String);

impl PurposeCode {
    /// The code's text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for PurposeCode {
    type Err = ConsentRefusal;

    fn from_str(text: &str) -> Result<Self, ConsentRefusal> {
        let allowed = |byte: u8| byte.is_ascii_lowercase() || byte == b'-';
        if (1..=LONGEST_PURPOSE).contains(&text.len()) && text.bytes().all(allowed) {
            Ok(Self(text.to_owned()))
        } else {
            Err(ConsentRefusal::Invalid { pointer: "/purpose".to_owned() })
        }
    }
}

impl fmt::Display for PurposeCode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl fmt::Debug for PurposeCode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "PurposeCode({})", self.0)
    }
}

impl Serialize for PurposeCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for PurposeCode {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

const LONGEST_PURPOSE: usize = 64;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn co_08_only_the_exact_name_of_a_claim_names_it() {
        for name in [
            "*",
            "",
            "plate*",
            "PlateNumber",
            "platenumber",
            "plateNumber ",
            "plateNumber.0",
            "status",
            "certificateIdentifier",
            "certificateTypeCode",
            "issuingDivision",
            "issuingAuthorityCode",
            "photo",
            "cnf",
            "_sd",
        ] {
            let refusal = ClaimPath::new(name).field(LicenceType::VehicleCertificate, 3);
            assert_eq!(
                refusal.unwrap_err(),
                ConsentRefusal::Invalid { pointer: "/claims/3".to_owned() },
                "{name}"
            );
        }
        assert!(ClaimPath::new("plateNumber").field(LicenceType::VehicleCertificate, 0).is_ok());
    }

    #[test]
    fn co_08_paths_neither_nest_nor_range() {
        for path in [
            json!({"path": []}),
            json!({"path": ["plateNumber", "0"]}),
            json!({"path": [null]}),
            json!({"path": ["permittedTimes", null]}),
            json!({"path": [0]}),
            json!({"path": "plateNumber"}),
            json!({"path": ["plateNumber"], "values": ["津A12345"]}),
        ] {
            assert!(serde_json::from_value::<ClaimPath>(path.clone()).is_err(), "{path}");
        }
    }

    #[test]
    fn purposes_are_lower_case_words() {
        for text in ["", "Cargo", "cargo contracting", "cargo_contracting", "货运", "a1"] {
            assert!(text.parse::<PurposeCode>().is_err(), "{text}");
        }
    }
}
