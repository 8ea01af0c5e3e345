//! E-licence identifiers: the national form (GB/T 36904) and the form of documents outside it.
//!
//! A wrong check character is reported, not refused: it is a defect of data, and some issuers
//! compute the character by another rule.

use std::fmt;
use std::str::FromStr;

use crate::base::Division;

use super::check::{mod_37_36, mod_37_36_variant};
use super::citizen::contains_citizen_id;
use super::kind::LicenceType;
use super::textual::textual_serde;
use super::uscc::SocialCreditCode;
use super::version::LicenceVersion;

/// The identifier of one version of one licence.
///
/// Either `1.2.156.3005.2.<type 21>.<issuer>.<serial>.<version 3>.<check>` or, for a road pass or
/// card, `urn:elicence:licence:<division>:<TP|TC>:<serial 12>`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Identifier {
    text: String,
    form: Form,
}

/// How an identifier is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Form {
    /// `urn:elicence:licence:…`.
    Local { division: Division, licence_type: LicenceType },
    /// Under the national root.
    National { version: LicenceVersion },
}

impl Identifier {
    /// Composes a national identifier and its check character.
    ///
    /// # Errors
    ///
    /// Refuses a type without a 21-character code, a serial outside the grammar, and a serial with
    /// a citizen's number in it (rule R21).
    pub fn compose(
        licence_type: LicenceType,
        issuer: &SocialCreditCode,
        serial: &str,
        version: LicenceVersion,
    ) -> Result<Self, IdentifierError> {
        if is_local(licence_type) {
            return Err(IdentifierError::Form);
        }
        if contains_citizen_id(serial) {
            return Err(IdentifierError::CitizenNumber);
        }
        let body = format!("{licence_type}.{issuer}.{serial}.{version}");
        let check = mod_37_36(without_dots(&body)).ok_or(IdentifierError::Serial)?;
        format!("{NATIONAL_PREFIX}{body}.{}", char::from(check)).parse()
    }

    /// Composes the identifier of a road pass or card; such a one has no check character.
    ///
    /// # Errors
    ///
    /// Refuses a type that has a national identifier, a serial outside the grammar, and a serial
    /// with a citizen's number in it (rule R21; the grammar's length already excludes it).
    pub fn compose_local(
        licence_type: LicenceType,
        division: Division,
        serial: &str,
    ) -> Result<Self, IdentifierError> {
        format!("{LOCAL_PREFIX}{division}:{licence_type}:{serial}").parse()
    }

    /// The identifier's text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The type code as written, which the catalogue need not know.
    #[must_use]
    pub fn type_code(&self) -> &str {
        match &self.form {
            Form::Local { licence_type, .. } => licence_type.code(),
            Form::National { .. } => self.segment(0),
        }
    }

    /// The kind of licence, or `None` for a type outside the catalogue.
    #[must_use]
    pub fn licence_type(&self) -> Option<LicenceType> {
        LicenceType::from_code(self.type_code())
    }

    /// The issuer's code: 18 characters, or the six digits of an area, which is a defect.
    #[must_use]
    pub fn issuer_code(&self) -> Option<&str> {
        matches!(self.form, Form::National { .. }).then(|| self.segment(1))
    }

    /// The issuing division, which only the form of passes and cards spells out.
    #[must_use]
    pub const fn division(&self) -> Option<Division> {
        match self.form {
            Form::Local { division, .. } => Some(division),
            Form::National { .. } => None,
        }
    }

    /// The serial.
    #[must_use]
    pub fn serial(&self) -> &str {
        match self.form {
            Form::Local { .. } => self.text.rsplit(':').next().unwrap_or_default(),
            Form::National { .. } => self.segment(2),
        }
    }

    /// The version, which only the national form spells out.
    #[must_use]
    pub const fn version(&self) -> Option<LicenceVersion> {
        match self.form {
            Form::Local { .. } => None,
            Form::National { version } => Some(version),
        }
    }

    /// What the check character says.
    #[must_use]
    pub fn check(&self) -> CheckVerdict {
        let Some((body, check)) =
            self.text.strip_prefix(NATIONAL_PREFIX).and_then(|rest| rest.rsplit_once('.'))
        else {
            return CheckVerdict::None;
        };
        let printed = check.bytes().next();
        if printed == mod_37_36(without_dots(body)) {
            CheckVerdict::Standard
        } else if printed == mod_37_36_variant(without_dots(body)) {
            CheckVerdict::Variant
        } else {
            CheckVerdict::Bad
        }
    }

    /// Whether a citizen's number stands inside the serial (rule R21).
    #[must_use]
    pub fn contains_citizen_id(&self) -> bool {
        contains_citizen_id(self.serial())
    }

    /// The `index`-th part below the national root.
    fn segment(&self, index: usize) -> &str {
        let below_root = self.text.strip_prefix(NATIONAL_PREFIX).unwrap_or_default();
        below_root.split('.').nth(index).unwrap_or_default()
    }
}

impl FromStr for Identifier {
    type Err = IdentifierError;

    fn from_str(text: &str) -> Result<Self, IdentifierError> {
        let form = if let Some(below_root) = text.strip_prefix(NATIONAL_PREFIX) {
            parse_national(below_root)?
        } else if let Some(rest) = text.strip_prefix(LOCAL_PREFIX) {
            parse_local(rest)?
        } else {
            return Err(IdentifierError::Root);
        };
        Ok(Self { text: text.to_owned(), form })
    }
}

impl fmt::Display for Identifier {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

textual_serde!(Identifier);

/// What the check character of an identifier says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CheckVerdict {
    /// It is wrong under every rule known: a defect, not a proof of forgery.
    Bad,
    /// The form has no check character.
    None,
    /// It is right (GB/T 17710).
    Standard,
    /// It is right under the rule some issuers use instead: recognised, and a defect of data.
    Variant,
}

/// Why a text is not an identifier, or cannot become one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdentifierError {
    /// The check is not one digit or upper-case letter.
    #[error("the check of an identifier is one digit or upper-case letter")]
    Check,
    /// The serial contains a citizen's number.
    #[error("a serial must not contain a citizen's number")]
    CitizenNumber,
    /// The division of a pass or card is not six digits.
    #[error("the division of an identifier is six digits")]
    Division,
    /// The type of licence takes the other form of identifier.
    #[error("this type of licence has another form of identifier")]
    Form,
    /// The issuer is neither 18 characters nor six digits.
    #[error("the issuer of an identifier has 18 characters")]
    Issuer,
    /// It begins with neither root.
    #[error("an identifier begins with 1.2.156.3005.2. or urn:elicence:licence:")]
    Root,
    /// It has too few or too many parts.
    #[error("an identifier has five parts below the national root, or three")]
    Segments,
    /// The serial is empty, too long, or has characters other than digits and upper-case letters.
    #[error("a serial has 1 to 40 digits or upper-case letters, or 12 in a pass or card")]
    Serial,
    /// The type code is not 21 digits and upper-case letters.
    #[error("a type code has 21 digits or upper-case letters")]
    TypeCode,
    /// The version is not three digits.
    #[error("the version of an identifier is three digits")]
    Version,
}

fn parse_national(below_root: &str) -> Result<Form, IdentifierError> {
    let mut parts = below_root.split('.');
    let (Some(type_code), Some(issuer), Some(serial), Some(version), Some(check), None) =
        (parts.next(), parts.next(), parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(IdentifierError::Segments);
    };
    if type_code.len() != 21 || !is_upper_alphanumeric(type_code) {
        return Err(IdentifierError::TypeCode);
    }
    if !matches!(issuer.len(), 6 | 18) || !is_upper_alphanumeric(issuer) {
        return Err(IdentifierError::Issuer);
    }
    if !(1..=LONGEST_SERIAL).contains(&serial.len()) || !is_upper_alphanumeric(serial) {
        return Err(IdentifierError::Serial);
    }
    if check.len() != 1 || !is_upper_alphanumeric(check) {
        return Err(IdentifierError::Check);
    }
    let version = version.parse().map_err(|_| IdentifierError::Version)?;
    Ok(Form::National { version })
}

fn parse_local(rest: &str) -> Result<Form, IdentifierError> {
    let mut parts = rest.split(':');
    let (Some(division), Some(type_code), Some(serial), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(IdentifierError::Segments);
    };
    let division = division.parse().map_err(|_| IdentifierError::Division)?;
    let licence_type = LicenceType::from_code(type_code).ok_or(IdentifierError::TypeCode)?;
    if !is_local(licence_type) {
        return Err(IdentifierError::Form);
    }
    if serial.len() != LOCAL_SERIAL || !is_upper_alphanumeric(serial) {
        return Err(IdentifierError::Serial);
    }
    Ok(Form::Local { division, licence_type })
}

/// Whether the ministry gave the type no code, so that its identifiers take the local form.
const fn is_local(licence_type: LicenceType) -> bool {
    matches!(licence_type, LicenceType::RoadPass | LicenceType::HongKongMacaoCard)
}

fn is_upper_alphanumeric(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase())
}

fn without_dots(body: &str) -> impl Iterator<Item = u8> {
    body.bytes().filter(|byte| *byte != b'.')
}

const NATIONAL_PREFIX: &str = "1.2.156.3005.2.";
const LOCAL_PREFIX: &str = "urn:elicence:licence:";
/// Serials of 7 to 32 characters are in use; an identifier may have 128 characters in all.
const LONGEST_SERIAL: usize = 40;
const LOCAL_SERIAL: usize = 12;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ISSUER: &str = "111200000001234561";

    fn identifier(text: &str) -> Identifier {
        text.parse().unwrap()
    }

    #[test]
    fn identifiers_in_use_are_read() {
        for (text, serial, verdict) in [
            (
                "1.2.156.3005.2.11100000000013338W011.11430000006122244L.20230000403.001.U",
                "20230000403",
                CheckVerdict::Standard,
            ),
            (
                "1.2.156.3005.2.11100000MB03271699022.340100.000000016.001.9",
                "000000016",
                CheckVerdict::Standard,
            ),
            (
                "1.2.156.3005.2.11100000000013338W032.11220000013544541J.2430599.001.F",
                "2430599",
                CheckVerdict::Standard,
            ),
            (
                "1.2.156.3005.2.11100000000013338W009.11330105002500287C.2025052201.002.0",
                "2025052201",
                CheckVerdict::Standard,
            ),
            (
                "1.2.156.3005.2.11100000000013661B006.113700000045046442.\
                 209FA4E88F9E4C878F3E9BED2CE7EA49.001.M",
                "209FA4E88F9E4C878F3E9BED2CE7EA49",
                CheckVerdict::Variant,
            ),
        ] {
            let read = identifier(text);
            assert_eq!((read.serial(), read.check()), (serial, verdict), "{text}");
            assert_eq!(read.licence_type(), None, "another ministry's type");
            assert_eq!(read.to_string(), text);
        }
    }

    #[test]
    fn composed_identifiers_end_in_the_standard_character() {
        let checks = ["M", "M", "0", "7", "Y", "R", "I", "8", "K"];
        for (licence_type, check) in LicenceType::ALL.into_iter().zip(checks) {
            let issuer: SocialCreditCode = ISSUER.parse().unwrap();
            let composed =
                Identifier::compose(licence_type, &issuer, "000000000001", LicenceVersion::FIRST)
                    .unwrap();
            assert_eq!(
                composed.as_str(),
                format!("1.2.156.3005.2.{licence_type}.{ISSUER}.000000000001.001.{check}")
            );
            assert_eq!(composed.check(), CheckVerdict::Standard);
            assert_eq!(composed.licence_type(), Some(licence_type));
            assert_eq!(composed.issuer_code(), Some(ISSUER));
            assert_eq!(composed.version(), Some(LicenceVersion::FIRST));
        }
    }

    #[test]
    fn passes_and_cards_have_their_own_form() {
        let tianjin: Division = "120000".parse().unwrap();
        let pass =
            Identifier::compose_local(LicenceType::RoadPass, tianjin, "000000000042").unwrap();
        assert_eq!(pass.as_str(), "urn:elicence:licence:120000:TP:000000000042");
        assert_eq!((pass.type_code(), pass.serial()), ("TP", "000000000042"));
        assert_eq!((pass.division(), pass.version()), (Some(tianjin), None));
        assert_eq!((pass.check(), pass.issuer_code()), (CheckVerdict::None, None));
        let permit = LicenceType::OperatingPermit;
        assert_eq!(
            Identifier::compose_local(permit, tianjin, "000000000042"),
            Err(IdentifierError::Form)
        );
        let issuer = ISSUER.parse().unwrap();
        assert_eq!(
            Identifier::compose(LicenceType::RoadPass, &issuer, "1", LicenceVersion::FIRST),
            Err(IdentifierError::Form)
        );
    }

    #[test]
    fn a_wrong_check_character_is_read_and_reported() {
        let text = "1.2.156.3005.2.11100000000019713D013.111200000001234561.000000000001.001.Z";
        assert_eq!(identifier(text).check(), CheckVerdict::Bad);
    }

    #[test]
    fn malformed_identifiers_are_refused() {
        let type_code = "11100000000019713D013";
        for (rest, error) in [
            (String::new(), IdentifierError::Segments),
            (format!("{type_code}.{ISSUER}.1.001"), IdentifierError::Segments),
            (format!("{type_code}.{ISSUER}.1.001.Y.Y"), IdentifierError::Segments),
            (format!("{type_code}0.{ISSUER}.1.001.Y"), IdentifierError::TypeCode),
            (format!("11100000000019713d013.{ISSUER}.1.001.Y"), IdentifierError::TypeCode),
            (format!("{type_code}.12000.1.001.Y"), IdentifierError::Issuer),
            (format!("{type_code}.{ISSUER}..001.Y"), IdentifierError::Serial),
            (format!("{type_code}.{ISSUER}.a.001.Y"), IdentifierError::Serial),
            (format!("{type_code}.{ISSUER}.{}.001.Y", "1".repeat(41)), IdentifierError::Serial),
            (format!("{type_code}.{ISSUER}.1.1.Y"), IdentifierError::Version),
            (format!("{type_code}.{ISSUER}.1.00A.Y"), IdentifierError::Version),
            (format!("{type_code}.{ISSUER}.1.001."), IdentifierError::Check),
            (format!("{type_code}.{ISSUER}.1.001.YY"), IdentifierError::Check),
            (format!("{type_code}.{ISSUER}.1.001.Y "), IdentifierError::Check),
        ] {
            assert_eq!(
                format!("{NATIONAL_PREFIX}{rest}").parse::<Identifier>(),
                Err(error),
                "{rest}"
            );
        }
        for text in [
            "",
            "1.2.156.3005.2",
            "1.2.156.3005.20.1",
            "urn:elicence:licence:12000:TP:000000000042",
            "urn:elicence:licence:120000:TP:42",
            "urn:elicence:licence:120000:TP:00000000004a",
            "urn:elicence:licence:120000:TP:000000000042:1",
            "urn:elicence:licence:120000:XX:000000000042",
            "urn:elicence:licence:120000:11100000000019713D013:000000000042",
        ] {
            assert!(text.parse::<Identifier>().is_err(), "{text}");
        }
    }

    #[test]
    fn r21_a_serial_never_carries_a_citizens_number() {
        let issuer = ISSUER.parse().unwrap();
        let compose = |serial| {
            let kind = LicenceType::PractitionerQualification;
            Identifier::compose(kind, &issuer, serial, LicenceVersion::FIRST)
        };
        assert_eq!(compose("11010519491231002X"), Err(IdentifierError::CitizenNumber));
        assert_eq!(compose("0011010519491231002X"), Err(IdentifierError::CitizenNumber));
        assert_eq!(compose("1.2"), Err(IdentifierError::Segments));
        assert_eq!(compose("张"), Err(IdentifierError::Serial));
        let found =
            format!("{NATIONAL_PREFIX}11100000000019713D071.{ISSUER}.11010519491231002X.001.0");
        assert!(identifier(&found).contains_citizen_id());
    }

    proptest! {
        #[test]
        fn composing_and_reading_agree(serial in "[0-9A-Z]{7,20}", number in 0_u16..1000) {
            prop_assume!(!contains_citizen_id(&serial));
            let version: LicenceVersion = format!("{number:03}").parse().unwrap();
            let issuer = ISSUER.parse().unwrap();
            let composed =
                Identifier::compose(LicenceType::VehicleCertificate, &issuer, &serial, version).unwrap();
            prop_assert_eq!(composed.check(), CheckVerdict::Standard);
            prop_assert_eq!(composed.serial(), serial.as_str());
            prop_assert_eq!(composed.version(), Some(version));
        }

        #[test]
        fn reading_never_panics(rest in "[0-9A-Z.:张]{0,80}") {
            for prefix in ["", NATIONAL_PREFIX, LOCAL_PREFIX] {
                if let Ok(read) = format!("{prefix}{rest}").parse::<Identifier>() {
                    prop_assert_eq!(read.to_string(), format!("{prefix}{rest}"));
                    prop_assert!(rest.contains(read.serial()));
                    let _ = (read.check(), read.licence_type());
                }
            }
        }
    }
}
