//! Questions to a register: exactly one licence, by exactly one thing known of it.
//!
//! There is no wildcard, no prefix and no list; what could be read as one is refused.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::base::{Code, Division};
use crate::licence::{Identifier, Plate, PlateColour, province_of};

/// A question to a register.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "QueryTerms", into = "QueryTerms")]
pub enum Query {
    /// By the number of the holder.
    HolderCode(HolderCode),
    /// By identifier.
    Identifier(Identifier),
    /// By the number printed on paper or card.
    Number(LicenceNumber),
    /// By plate.
    Plate {
        /// The plate.
        plate: Plate,
        /// Its colour; two vehicles may differ in nothing else.
        colour: Option<PlateColour>,
    },
}

impl Query {
    /// What it asks by.
    #[must_use]
    pub const fn kind(&self) -> QueryKind {
        match self {
            Self::HolderCode(_) => QueryKind::HolderCode,
            Self::Identifier(_) => QueryKind::Identifier,
            Self::Number(_) => QueryKind::Number,
            Self::Plate { .. } => QueryKind::Plate,
        }
    }

    /// The province to ask first: of the plate's prefix, or of the identifier's issuer. `None`
    /// when nothing tells.
    #[must_use]
    pub fn first_division(&self) -> Option<Division> {
        match self {
            Self::HolderCode(_) | Self::Number(_) => None,
            Self::Identifier(identifier) => issuer_province(identifier),
            Self::Plate { plate, .. } => plate.province(),
        }
    }
}

/// The ways to ask, as the national catalogue of statutory uses names them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum QueryKind {
    /// The holder showed a credential.
    Credential,
    /// By the number of the holder.
    HolderCode,
    /// By identifier.
    Identifier,
    /// By the number printed on paper or card.
    Number,
    /// By plate.
    Plate,
}

impl QueryKind {
    /// Every way.
    pub const ALL: [Self; 5] =
        [Self::Credential, Self::HolderCode, Self::Identifier, Self::Number, Self::Plate];

    /// The word in the catalogue.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Credential => "credential",
            Self::HolderCode => "holder_code",
            Self::Identifier => "identifier",
            Self::Number => "number",
            Self::Plate => "plate",
        }
    }
}

/// A question as it stands in a body: exactly one of its members, a colour only with a plate.
#[derive(Clone, Default, Deserialize, Serialize)]
#[serde(default)]
pub struct QueryTerms {
    /// A plate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plate: Option<String>,
    /// The code of its colour.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plate_colour: Option<String>,
    /// The number printed on a licence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub number: Option<String>,
    /// An identifier.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub identifier: Option<String>,
    /// The number of a holder.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub holder_code: Option<String>,
}

impl TryFrom<QueryTerms> for Query {
    type Error = QueryError;

    fn try_from(terms: QueryTerms) -> Result<Self, QueryError> {
        let colour = terms.plate_colour.as_deref().map(str::parse).transpose();
        let colour = colour.map_err(|_| QueryError::PlateColour)?;
        match (terms.plate, terms.number, terms.identifier, terms.holder_code) {
            (Some(plate), None, None, None) => {
                let plate = plate.parse().map_err(|_| QueryError::Plate)?;
                Ok(Self::Plate { plate, colour })
            }
            _ if colour.is_some() => Err(QueryError::PlateColour),
            (None, Some(number), None, None) => number.parse().map(Self::Number),
            (None, None, Some(identifier), None) => {
                identifier.parse().map(Self::Identifier).map_err(|_| QueryError::Identifier)
            }
            (None, None, None, Some(code)) => code.parse().map(Self::HolderCode),
            _ => Err(QueryError::NotOne),
        }
    }
}

impl From<Query> for QueryTerms {
    fn from(query: Query) -> Self {
        match query {
            Query::HolderCode(code) => Self { holder_code: Some(code.0), ..Self::default() },
            Query::Identifier(identifier) => {
                Self { identifier: Some(identifier.to_string()), ..Self::default() }
            }
            Query::Number(number) => Self { number: Some(number.0), ..Self::default() },
            Query::Plate { plate, colour } => Self {
                plate: Some(plate.to_string()),
                plate_colour: colour.map(|colour| colour.to_string()),
                ..Self::default()
            },
        }
    }
}

/// The number printed on a licence: letters, digits, ideographs, and the brackets and hyphens
/// that such numbers are set with.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct LicenceNumber(String);

impl LicenceNumber {
    /// The number's text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for LicenceNumber {
    type Err = QueryError;

    fn from_str(text: &str) -> Result<Self, QueryError> {
        let allowed = |character: char| {
            character.is_ascii_alphanumeric()
                || ('\u{4E00}'..='\u{9FFF}').contains(&character)
                || matches!(character, '-' | '(' | ')' | '（' | '）' | '〔' | '〕')
        };
        if (1..=LONGEST_NUMBER).contains(&text.chars().count()) && text.chars().all(allowed) {
            Ok(Self(text.to_owned()))
        } else {
            Err(QueryError::Number)
        }
    }
}

/// The number by which a holder is known. Sensitive: its `Debug` form shows nothing.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct HolderCode(String);

impl HolderCode {
    /// The number's text. Never for a log.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for HolderCode {
    type Err = QueryError;

    fn from_str(text: &str) -> Result<Self, QueryError> {
        let allowed = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit();
        if (6..=LONGEST_HOLDER_CODE).contains(&text.len()) && text.bytes().all(allowed) {
            Ok(Self(text.to_owned()))
        } else {
            Err(QueryError::HolderCode)
        }
    }
}

impl fmt::Debug for LicenceNumber {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("LicenceNumber(…)")
    }
}

impl fmt::Debug for HolderCode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("HolderCode(…)")
    }
}

/// Which member of a question is wrong. No variant holds what was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QueryError {
    /// Not a holder's number.
    #[error("a holder's number has 6 to 32 digits and upper-case letters")]
    HolderCode,
    /// Not an identifier.
    #[error("not an identifier of a licence")]
    Identifier,
    /// None of the ways to ask, or several at once.
    #[error("exactly one of plate, number, identifier and holder_code is asked by")]
    NotOne,
    /// Not a licence's number.
    #[error("a licence number has 1 to 64 letters, digits, ideographs, brackets and hyphens")]
    Number,
    /// Not a plate.
    #[error("not a plate")]
    Plate,
    /// Not a colour of plates, or a colour without a plate.
    #[error("not the code of a plate's colour, or one without a plate")]
    PlateColour,
}

impl QueryError {
    /// The published code.
    #[must_use]
    pub const fn code(self) -> Code {
        Code::ValidationFailed
    }

    /// The member that is wrong (RFC 6901).
    #[must_use]
    pub const fn pointer(self) -> &'static str {
        match self {
            Self::HolderCode => "/holder_code",
            Self::Identifier => "/identifier",
            Self::NotOne => "",
            Self::Number => "/number",
            Self::Plate => "/plate",
            Self::PlateColour => "/plate_colour",
        }
    }
}

/// The province of an identifier: spelled out, or the third to eighth character of the issuer's
/// social credit code (GB 32100).
fn issuer_province(identifier: &Identifier) -> Option<Division> {
    let digits = match (identifier.division(), identifier.issuer_code()) {
        (Some(division), _) => return Some(division.province()),
        (None, Some(code)) if code.len() == 18 => code.get(2..8)?,
        (None, code) => code?,
    };
    let division: Division = digits.parse().ok()?;
    province_of(division).map(crate::licence::Province::division)
}

const LONGEST_NUMBER: usize = 64;
const LONGEST_HOLDER_CODE: usize = 32;

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn read(json: Value) -> Result<Query, QueryError> {
        serde_json::from_value::<QueryTerms>(json).unwrap().try_into()
    }

    #[test]
    fn exactly_one_way_to_ask() {
        for (json, error) in [
            (json!({}), QueryError::NotOne),
            (json!({"plate": "津A12345", "number": "1"}), QueryError::NotOne),
            (json!({"identifier": "x", "holder_code": "123456"}), QueryError::NotOne),
            (json!({"plate_colour": "2"}), QueryError::PlateColour),
            (json!({"number": "1", "plate_colour": "2"}), QueryError::PlateColour),
            (json!({"plate": "津A12345", "plate_colour": "yellow"}), QueryError::PlateColour),
        ] {
            assert_eq!(read(json.clone()), Err(error), "{json}");
        }
    }

    #[test]
    fn nothing_that_could_match_more_than_one() {
        for text in ["", "%", "津A*", "1_2", "12?", "1 OR 1=1", "'", "..", "a,b", "\u{200b}"] {
            assert_eq!(read(json!({"number": text})), Err(QueryError::Number), "{text}");
            assert_eq!(read(json!({"holder_code": text})), Err(QueryError::HolderCode), "{text}");
            assert_eq!(read(json!({"identifier": text})), Err(QueryError::Identifier), "{text}");
        }
        for text in ["津A*", "津A%", "津A?2345", ""] {
            assert_eq!(read(json!({"plate": text})), Err(QueryError::Plate), "{text}");
        }
    }

    #[test]
    fn plates_and_identifiers_tell_whom_to_ask_first() {
        let division = |json| read(json).unwrap().first_division().map(|found| found.to_string());
        assert_eq!(division(json!({"plate": "津a·12345"})).as_deref(), Some("120000"));
        assert_eq!(division(json!({"plate": "测A12345"})), None);
        assert_eq!(division(json!({"number": "120000000001"})), None);
        let pass = "urn:elicence:licence:130682:TP:000000000042";
        assert_eq!(division(json!({"identifier": pass})).as_deref(), Some("130000"));
        let national = "1.2.156.3005.2.11100000000019713D013.111200000001234561.000000000001.001.Y";
        assert_eq!(division(json!({"identifier": national})).as_deref(), Some("120000"));
    }

    #[test]
    fn questions_round_trip_and_hide_what_they_ask_for() {
        for json in [
            json!({"plate": "津A12345", "plate_colour": "2"}),
            json!({"number": "津交运管许可字120000000001号"}),
            json!({"holder_code": "11010519491231002X"}),
        ] {
            let query = read(json.clone()).unwrap();
            assert_eq!(serde_json::to_value(&query).unwrap(), json);
            let shown = format!("{query:?}");
            assert!(!shown.contains("12345") && !shown.contains("1949"), "{shown}");
        }
    }
}
