//! The language of the trade: licences, their fields and numbers, plates, holders and statuses.
//!
//! Pure values and tables. Nothing here reads a signature, decides who may see a claim, or knows
//! where a licence is stored.

mod check;
mod citizen;
mod codes;
mod division;
mod document;
mod field;
mod fields_table;
mod identifier;
mod kind;
pub mod masking;
mod plate;
mod status;
mod textual;
mod uscc;
mod version;
mod vin;

pub use check::CheckDigit;
pub use citizen::{CitizenId, CitizenIdError, contains_citizen_id};
pub use codes::{
    AnnualReview, Carrier, HolderCodeType, HolderKind, IssueReason, OperatorStatus, TechnicalGrade,
    UnknownCode, VehicleStatus,
};
pub use division::{Issuance, PROVINCES, Province, province_of, provinces_with_prefix};
pub use document::{DocumentError, LicenceDocument, REQUIRED_CLAIMS};
pub use field::{
    BusinessDisclosure, ClaimFormat, ClaimScope, ClaimSensitivity, DisclosureClass,
    ENVELOPE_CLAIMS, Field, PoliceDisclosure, field, fields_of,
};
pub use identifier::{CheckVerdict, Identifier, IdentifierError};
pub use kind::{LicenceClass, LicenceSubject, LicenceType, UnknownLicenceType};
pub use plate::{Plate, PlateColour, PlateError, PlateKind};
pub use status::{LicenceStatus, StatusScheme};
pub use uscc::{SocialCreditCode, SocialCreditCodeError};
pub use version::{LicenceVersion, VersionError};
pub use vin::{Vin, VinError};
