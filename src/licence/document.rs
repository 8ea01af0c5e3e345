//! What a licence says: its claims, read once and known to be whole and of their type.
//!
//! A document proves nothing: who signed it, and whether it is in force, are other questions. It
//! never holds a status.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, de};
use serde_json::{Map, Value};

use crate::base::{CivilDate, DateError, Division};

use super::citizen::contains_citizen_id;
use super::codes::{HolderCodeType, HolderKind};
use super::division::province_of;
use super::field::{ClaimFormat, Field, field};
use super::identifier::{Identifier, IdentifierError};
use super::kind::LicenceType;
use super::plate::{Plate, PlateError};
use super::version::{LicenceVersion, VersionError};

/// The claims without which a document is no licence.
pub const REQUIRED_CLAIMS: [&str; 7] = [
    IDENTIFIER,
    TYPE_CODE,
    "issuingAuthorityCode",
    ISSUING_DIVISION,
    VALID_FROM,
    VALID_TO,
    VERSION,
];

/// The claims of one version of one licence.
///
/// In JSON it is the object of its claims, in the order of their names.
#[derive(Clone, PartialEq)]
pub struct LicenceDocument {
    licence_type: LicenceType,
    claims: BTreeMap<&'static str, Value>,
    identifier: Identifier,
    issuing_division: Division,
    plate: Option<Plate>,
    valid_from: CivilDate,
    valid_to: CivilDate,
    version: LicenceVersion,
}

impl LicenceDocument {
    /// Reads the claims of a licence of `licence_type`.
    ///
    /// # Errors
    ///
    /// Refuses a claim the type does not have, the status, a value of the wrong shape, a missing
    /// required claim, claims that contradict each other, and a citizen's number where everyone
    /// can see it (rule R21).
    pub fn new(
        licence_type: LicenceType,
        claims: Map<String, Value>,
    ) -> Result<Self, DocumentError> {
        let claims = claims
            .into_iter()
            .map(|(name, value)| read_claim(licence_type, &name, value))
            .collect::<Result<BTreeMap<_, _>, _>>()?;
        if required(&claims, TYPE_CODE)? != licence_type.code() {
            return Err(DocumentError::TypeMismatch { claim: TYPE_CODE });
        }
        let issuing_division = read_division(&claims)?;
        let identifier = read_identifier(licence_type, issuing_division, &claims)?;
        refuse_citizen_in_issuer(&claims)?;
        let (valid_from, valid_to) = read_validity(&claims)?;
        let version = required(&claims, VERSION)?.parse()?;
        let plate = text_of(&claims, PLATE).map(str::parse).transpose()?;
        Ok(Self {
            licence_type,
            claims,
            identifier,
            issuing_division,
            plate,
            valid_from,
            valid_to,
            version,
        })
    }

    /// The kind of licence.
    #[must_use]
    pub const fn licence_type(&self) -> LicenceType {
        self.licence_type
    }

    /// The identifier, which names this version of the licence.
    #[must_use]
    pub const fn identifier(&self) -> &Identifier {
        &self.identifier
    }

    /// The division whose authority issued it.
    #[must_use]
    pub const fn issuing_division(&self) -> Division {
        self.issuing_division
    }

    /// The first day of validity.
    #[must_use]
    pub const fn valid_from(&self) -> CivilDate {
        self.valid_from
    }

    /// The last day of validity, included.
    #[must_use]
    pub const fn valid_to(&self) -> CivilDate {
        self.valid_to
    }

    /// The version.
    #[must_use]
    pub const fn version(&self) -> LicenceVersion {
        self.version
    }

    /// The plate of the vehicle it speaks of, when it speaks of one.
    #[must_use]
    pub const fn plate(&self) -> Option<&Plate> {
        self.plate.as_ref()
    }

    /// Who holds it. A holder whose number is of an unknown kind, or not told, is taken for a
    /// person, so that the data are protected rather than shown.
    #[must_use]
    pub fn holder_kind(&self) -> HolderKind {
        self.text(HOLDER_CODE_TYPE)
            .and_then(HolderCodeType::from_code)
            .map_or(HolderKind::Person, HolderCodeType::holder_kind)
    }

    /// The value of a claim.
    #[must_use]
    pub fn claim(&self, name: &str) -> Option<&Value> {
        self.claims.get(name)
    }

    /// The value of a claim that is a string.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        text_of(&self.claims, name)
    }

    /// Every claim with its field, in the order of names.
    pub fn claims(&self) -> impl Iterator<Item = (&'static Field, &Value)> {
        let licence_type = self.licence_type;
        self.claims
            .iter()
            .filter_map(move |(name, value)| field(licence_type, name).map(|row| (row, value)))
    }
}

/// Shows which claims there are, never what they say.
impl fmt::Debug for LicenceDocument {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("LicenceDocument")
            .field("licence_type", &self.licence_type)
            .field("claims", &self.claims.keys())
            .finish_non_exhaustive()
    }
}

impl Serialize for LicenceDocument {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.claims.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for LicenceDocument {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let claims = Map::<String, Value>::deserialize(deserializer)?;
        let licence_type = claims
            .get(TYPE_CODE)
            .and_then(Value::as_str)
            .and_then(LicenceType::from_code)
            .ok_or_else(|| de::Error::custom(DocumentError::TypeMismatch { claim: TYPE_CODE }))?;
        Self::new(licence_type, claims).map_err(de::Error::custom)
    }
}

/// Why claims are not a licence. No variant holds a value of a claim.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DocumentError {
    /// A citizen's number stands in a claim that everyone can see.
    #[error("{claim} contains a citizen's number")]
    CitizenNumber {
        /// The claim.
        claim: &'static str,
    },
    /// A date is not a real day.
    #[error("{claim} is not a real day written YYYYMMDD")]
    Date {
        /// The claim.
        claim: &'static str,
    },
    /// The issuing division lies in no province, or the identifier names another one.
    #[error("the issuing division is not one of the country, or not that of the identifier")]
    Division,
    /// The identifier is malformed.
    #[error("certificateIdentifier is not an identifier")]
    Identifier(#[from] IdentifierError),
    /// A required claim is missing.
    #[error("{claim} is missing")]
    Missing {
        /// The claim.
        claim: &'static str,
    },
    /// The plate is malformed.
    #[error("plateNumber is not a plate")]
    Plate(#[from] PlateError),
    /// The value is not of the shape the field has, or too long.
    #[error("{claim} has not the shape of its field")]
    Shape {
        /// The claim.
        claim: &'static str,
    },
    /// The status was given as a claim.
    #[error("the status of a licence is never a claim")]
    Status,
    /// The type code or the identifier is that of another type.
    #[error("{claim} is that of another type of licence")]
    TypeMismatch {
        /// The claim.
        claim: &'static str,
    },
    /// The type of licence has no such claim.
    #[error("a licence of this type has no claim {name:?}")]
    UnknownClaim {
        /// The name that was given, cut to 40 characters.
        name: String,
    },
    /// The last day of validity lies before the first.
    #[error("validFrom lies after validTo")]
    ValidityReversed,
    /// The version is malformed.
    #[error("version is not three digits")]
    Version(#[from] VersionError),
}

type Claims = BTreeMap<&'static str, Value>;

fn read_claim(
    licence_type: LicenceType,
    name: &str,
    value: Value,
) -> Result<(&'static str, Value), DocumentError> {
    let Some(row) = field(licence_type, name) else {
        return Err(DocumentError::UnknownClaim { name: name.chars().take(40).collect() });
    };
    if !row.is_claim() {
        return Err(DocumentError::Status);
    }
    let claim = row.json_name();
    let fits = match (row.format(), &value) {
        (ClaimFormat::Date, Value::String(day)) => {
            let read: Result<CivilDate, DateError> = day.parse();
            read.map_err(|_| DocumentError::Date { claim })?;
            true
        }
        (ClaimFormat::Text | ClaimFormat::Measure, Value::String(text)) => {
            text.chars().count() <= LONGEST_TEXT
        }
        (ClaimFormat::Photo, Value::String(photo)) => photo.len() <= LONGEST_PHOTO,
        (ClaimFormat::Measure, Value::Number(_)) => true,
        (ClaimFormat::Measure, Value::Array(numbers)) => {
            numbers.len() <= LONGEST_LIST && numbers.iter().all(Value::is_number)
        }
        (ClaimFormat::List, Value::Array(items)) => items.len() <= LONGEST_LIST,
        _ => false,
    };
    if fits { Ok((claim, value)) } else { Err(DocumentError::Shape { claim }) }
}

fn read_division(claims: &Claims) -> Result<Division, DocumentError> {
    let division: Division =
        required(claims, ISSUING_DIVISION)?.parse().map_err(|_| DocumentError::Division)?;
    province_of(division).map(|_| division).ok_or(DocumentError::Division)
}

fn read_identifier(
    licence_type: LicenceType,
    issuing_division: Division,
    claims: &Claims,
) -> Result<Identifier, DocumentError> {
    let identifier: Identifier = required(claims, IDENTIFIER)?.parse()?;
    if identifier.licence_type() != Some(licence_type) {
        return Err(DocumentError::TypeMismatch { claim: IDENTIFIER });
    }
    if identifier.contains_citizen_id() {
        return Err(DocumentError::CitizenNumber { claim: IDENTIFIER });
    }
    let named = identifier.division().unwrap_or(issuing_division);
    if named.province() != issuing_division.province() {
        return Err(DocumentError::Division);
    }
    Ok(identifier)
}

/// The issuer's code is visible to everyone, and a citizen's number has the length of one.
fn refuse_citizen_in_issuer(claims: &Claims) -> Result<(), DocumentError> {
    let claim = "issuingAuthorityCode";
    if contains_citizen_id(required(claims, claim)?) {
        return Err(DocumentError::CitizenNumber { claim });
    }
    Ok(())
}

fn read_validity(claims: &Claims) -> Result<(CivilDate, CivilDate), DocumentError> {
    let day = |claim| required(claims, claim)?.parse().map_err(|_| DocumentError::Date { claim });
    let (from, to): (CivilDate, CivilDate) = (day(VALID_FROM)?, day(VALID_TO)?);
    if from > to { Err(DocumentError::ValidityReversed) } else { Ok((from, to)) }
}

fn required<'claims>(
    claims: &'claims Claims,
    claim: &'static str,
) -> Result<&'claims str, DocumentError> {
    text_of(claims, claim).ok_or(DocumentError::Missing { claim })
}

fn text_of<'claims>(claims: &'claims Claims, name: &str) -> Option<&'claims str> {
    claims.get(name).and_then(Value::as_str)
}

const IDENTIFIER: &str = "certificateIdentifier";
const TYPE_CODE: &str = "certificateTypeCode";
const ISSUING_DIVISION: &str = "issuingDivision";
const VALID_FROM: &str = "validFrom";
const VALID_TO: &str = "validTo";
const VERSION: &str = "version";
const PLATE: &str = "plateNumber";
const HOLDER_CODE_TYPE: &str = "holderCodeType";

/// GB/T 36903 gives its longest strings 512 characters.
const LONGEST_TEXT: usize = 512;
/// A selectively disclosed claim is at most 4 KiB after base64, salt and name included.
const LONGEST_PHOTO: usize = 2_900;
/// More sections or windows than any pass has; a reader's work stays bounded.
const LONGEST_LIST: usize = 128;

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn vehicle_claims() -> Map<String, Value> {
        let claims = json!({
            "certificateIdentifier":
                "1.2.156.3005.2.11100000000019713D013.111200000001234561.000000000001.001.Y",
            "certificateTypeCode": "11100000000019713D013",
            "issuingDivision": "120000",
            "issuingAuthorityCode": "111200000001234561",
            "validFrom": "20260101",
            "validTo": "20291231",
            "version": "001",
            "plateNumber": "津a·12345",
            "holderName": "示例运输有限公司",
            "holderCodeType": "001",
            "dimensionsMm": [12000, 2550, 4000],
        });
        claims.as_object().unwrap().clone()
    }

    fn pass_claims() -> Map<String, Value> {
        let claims = json!({
            "certificateIdentifier": "urn:elicence:licence:120000:TP:000000000042",
            "certificateTypeCode": "TP",
            "issuingDivision": "120000",
            "issuingAuthorityCode": "111200000001234561",
            "validFrom": "20260101",
            "validTo": "20260131",
            "version": "001",
            "plateNumber": "津A12345",
            "permittedSections": [{"id": "S1", "name": "示例路"}],
            "permittedTimes": [{"days": "1111100", "from": "0900", "to": "1600"}],
        });
        claims.as_object().unwrap().clone()
    }

    fn vehicle_with(name: &str, value: Value) -> Result<LicenceDocument, DocumentError> {
        let mut claims = vehicle_claims();
        claims.insert(name.to_owned(), value);
        LicenceDocument::new(LicenceType::VehicleCertificate, claims)
    }

    #[test]
    fn a_vehicle_certificate_is_read() {
        let document =
            LicenceDocument::new(LicenceType::VehicleCertificate, vehicle_claims()).unwrap();
        assert_eq!(document.plate().unwrap().as_str(), "津A12345");
        assert_eq!(document.holder_kind(), HolderKind::Company);
        assert_eq!(document.valid_to().to_string(), "20291231");
        assert_eq!(document.text("plateNumber"), Some("津a·12345"), "the content is never altered");
        assert_eq!(document.claims().count(), vehicle_claims().len());
    }

    #[test]
    fn a_pass_carries_sections_and_hours() {
        let document = LicenceDocument::new(LicenceType::RoadPass, pass_claims()).unwrap();
        assert!(document.claim("permittedSections").unwrap().is_array());
        assert_eq!(document.holder_kind(), HolderKind::Person, "not told, so protected");
        let mut elsewhere = pass_claims();
        elsewhere.insert("issuingDivision".to_owned(), json!("130000"));
        assert_eq!(
            LicenceDocument::new(LicenceType::RoadPass, elsewhere),
            Err(DocumentError::Division)
        );
    }

    #[test]
    fn every_required_claim_is_required() {
        for claim in REQUIRED_CLAIMS {
            let mut claims = vehicle_claims();
            claims.remove(claim);
            assert_eq!(
                LicenceDocument::new(LicenceType::VehicleCertificate, claims),
                Err(DocumentError::Missing { claim })
            );
        }
    }

    #[test]
    fn a_status_and_foreign_claims_are_refused() {
        assert_eq!(vehicle_with("status", json!("valid")), Err(DocumentError::Status));
        for name in ["photo", "passType", "iss", "cnf", "_sd", "validto", ""] {
            let error = DocumentError::UnknownClaim { name: name.to_owned() };
            assert_eq!(vehicle_with(name, json!("x")), Err(error));
        }
        let Err(DocumentError::UnknownClaim { name }) = vehicle_with(&"x".repeat(99), json!(1))
        else {
            panic!("an unknown claim was taken");
        };
        assert_eq!(name.len(), 40);
    }

    #[test]
    fn contradictions_are_refused() {
        let mismatch = |claim| Err(DocumentError::TypeMismatch { claim });
        assert_eq!(vehicle_with(TYPE_CODE, json!("TP")), mismatch(TYPE_CODE));
        let pass = json!("urn:elicence:licence:120000:TP:000000000042");
        assert_eq!(vehicle_with(IDENTIFIER, pass), mismatch(IDENTIFIER));
        assert!(matches!(
            LicenceDocument::new(LicenceType::OperatingPermit, pass_claims()),
            Err(DocumentError::UnknownClaim { .. })
        ));
        assert_eq!(
            vehicle_with(VALID_FROM, json!("20300101")),
            Err(DocumentError::ValidityReversed)
        );
        for division in ["990000", "12000", "天津"] {
            assert_eq!(
                vehicle_with(ISSUING_DIVISION, json!(division)),
                Err(DocumentError::Division)
            );
        }
    }

    #[test]
    fn malformed_values_are_refused() {
        for (claim, value) in [
            ("holderName", json!(7)),
            ("holderName", json!(null)),
            ("holderName", json!("长".repeat(513))),
            ("dimensionsMm", json!(["12000"])),
            ("dimensionsMm", json!({})),
            (VALID_FROM, json!(20_260_101)),
            (VERSION, json!(1)),
        ] {
            assert_eq!(vehicle_with(claim, value), Err(DocumentError::Shape { claim }));
        }
        for claim in [VALID_TO, "issuedDate", "annualReviewValidTo"] {
            let error = Err(DocumentError::Date { claim });
            assert_eq!(vehicle_with(claim, json!("20260230")), error);
        }
        assert!(matches!(vehicle_with(VERSION, json!("1")), Err(DocumentError::Version(_))));
        assert!(matches!(vehicle_with(PLATE, json!("'--")), Err(DocumentError::Plate(_))));
        assert!(matches!(vehicle_with(IDENTIFIER, json!("x")), Err(DocumentError::Identifier(_))));
    }

    #[test]
    fn r21_no_citizens_number_where_everyone_sees_it() {
        let identifier = "1.2.156.3005.2.11100000000019713D013.111200000001234561.\
                          11010519491231002X.001.0";
        let error = |claim| Err(DocumentError::CitizenNumber { claim });
        assert_eq!(vehicle_with(IDENTIFIER, json!(identifier)), error(IDENTIFIER));
        assert_eq!(
            vehicle_with("issuingAuthorityCode", json!("11010519491231002X")),
            error("issuingAuthorityCode")
        );
    }

    #[test]
    fn json_round_trips_and_debug_shows_no_value() {
        let document =
            LicenceDocument::new(LicenceType::VehicleCertificate, vehicle_claims()).unwrap();
        let json = serde_json::to_string(&document).unwrap();
        assert_eq!(serde_json::from_str::<LicenceDocument>(&json).unwrap(), document);
        assert!(serde_json::from_str::<LicenceDocument>("{}").is_err());
        let shown = format!("{document:?}");
        assert!(shown.contains("plateNumber"));
        for value in ["12345", "示例", "20291231", "1.2.156"] {
            assert!(!shown.contains(value), "{value}");
        }
    }
}
