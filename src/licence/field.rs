//! The fields of a licence: what each is called, how it is written, and how well it is protected.
//!
//! A field says what its class is and what the rules foresee for police and businesses; whether a
//! given caller sees a given value is decided by the policy.

use serde::{Deserialize, Serialize};

use super::codes::HolderKind;
use super::fields_table::FIELDS;
use super::kind::{LicenceClass, LicenceType};

/// The claims that every credential shows and no holder can hide.
pub const ENVELOPE_CLAIMS: [&str; 4] =
    ["certificateIdentifier", "certificateTypeCode", "issuingDivision", "issuingAuthorityCode"];

/// The fields a licence of this type has, each name once: a row of its class takes the place of
/// the common row of the same name.
pub fn fields_of(licence_type: LicenceType) -> impl Iterator<Item = &'static Field> {
    let class = licence_type.class();
    FIELDS.iter().filter(move |row| match row.scope {
        ClaimScope::Class(own) => own == class,
        ClaimScope::Every => class_row(class, row.json_name).is_none(),
    })
}

/// The field of this name in a licence of this type.
#[must_use]
pub fn field(licence_type: LicenceType, name: &str) -> Option<&'static Field> {
    class_row(licence_type.class(), name).or_else(|| {
        FIELDS.iter().find(|row| row.scope == ClaimScope::Every && row.json_name == name)
    })
}

/// One row of the field table.
#[derive(Debug, PartialEq, Eq)]
pub struct Field {
    pub(super) scope: ClaimScope,
    pub(super) json_name: &'static str,
    pub(super) name_zh: &'static str,
    pub(super) name_en: &'static str,
    pub(super) name_es: &'static str,
    pub(super) format: ClaimFormat,
    pub(super) sensitivity: ClaimSensitivity,
    pub(super) police: PoliceDisclosure,
    pub(super) business: BusinessDisclosure,
}

impl Field {
    /// The name in JSON, in scopes and in grants.
    #[must_use]
    pub const fn json_name(&self) -> &'static str {
        self.json_name
    }

    /// The name in Chinese.
    #[must_use]
    pub const fn name_zh(&self) -> &'static str {
        self.name_zh
    }

    /// The name in English.
    #[must_use]
    pub const fn name_en(&self) -> &'static str {
        self.name_en
    }

    /// The name in Spanish.
    #[must_use]
    pub const fn name_es(&self) -> &'static str {
        self.name_es
    }

    /// Which licences have the field.
    #[must_use]
    pub const fn scope(&self) -> ClaimScope {
        self.scope
    }

    /// How its value is written.
    #[must_use]
    pub const fn format(&self) -> ClaimFormat {
        self.format
    }

    /// Whether a credential may state it. The status may change any minute, so it is never a
    /// claim: it stands in the register and in the status list.
    #[must_use]
    pub fn is_claim(&self) -> bool {
        self.json_name != STATUS
    }

    /// Whether it is always visible.
    #[must_use]
    pub fn is_envelope(&self) -> bool {
        ENVELOPE_CLAIMS.contains(&self.json_name)
    }

    /// How well the value is protected when `holder` holds the licence.
    #[must_use]
    pub const fn disclosure_class(&self, holder: HolderKind) -> DisclosureClass {
        match (self.sensitivity, holder) {
            (ClaimSensitivity::Always(class), _) => class,
            (ClaimSensitivity::PersonalUnlessCompany, HolderKind::Company) => {
                DisclosureClass::Commercial
            }
            (ClaimSensitivity::PersonalUnlessCompany, HolderKind::Person) => {
                DisclosureClass::Personal
            }
        }
    }

    /// What a police check may show of it.
    #[must_use]
    pub const fn police(&self) -> PoliceDisclosure {
        self.police
    }

    /// What a business may be shown of it.
    #[must_use]
    pub const fn business(&self) -> BusinessDisclosure {
        self.business
    }
}

/// Which licences have a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ClaimScope {
    /// The licences of one class.
    Class(LicenceClass),
    /// Every licence.
    Every,
}

/// How the value of a claim is written in JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ClaimFormat {
    /// A string: a real day as `YYYYMMDD`.
    Date,
    /// An array.
    List,
    /// A string, a number, or an array of numbers.
    Measure,
    /// A string: a picture in base64.
    Photo,
    /// A string.
    Text,
}

/// How well a value is protected, from open to closest kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DisclosureClass {
    /// Anyone who sees the licence may see it.
    Public,
    /// A number of the administration.
    Internal,
    /// A matter of an enterprise.
    Commercial,
    /// Of a natural person.
    Personal,
    /// Of a natural person, and harmful if misused: identity numbers, the face.
    Sensitive,
}

impl DisclosureClass {
    /// Every class, from open to closest kept.
    pub const ALL: [Self; 5] =
        [Self::Public, Self::Internal, Self::Commercial, Self::Personal, Self::Sensitive];
}

/// How the class of a claim depends on who holds the licence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ClaimSensitivity {
    /// It does not. A number that *may* be a citizen's is always taken for one.
    Always(DisclosureClass),
    /// Personal for a natural person, commercial for a company.
    PersonalUnlessCompany,
}

/// What a police check may show of a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PoliceDisclosure {
    /// In the officer's masked form: six characters and the last four.
    Masked,
    /// Nothing.
    No,
    /// Only where the person is checked, as a claim of its own.
    PersonCheckOnly,
    /// The value.
    Yes,
}

/// What a business may be shown of a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BusinessDisclosure {
    /// The value, with the holder's consent.
    Consent,
    /// The masked form, with the holder's consent.
    ConsentMasked,
    /// The value, with a consent given to this claim alone.
    ConsentSeparate,
    /// Nothing.
    No,
    /// The value.
    Yes,
}

fn class_row(class: LicenceClass, name: &str) -> Option<&'static Field> {
    FIELDS.iter().find(|row| row.scope == ClaimScope::Class(class) && row.json_name == name)
}

const STATUS: &str = "status";

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_type_has_each_field_once_and_all_envelope_claims() {
        for licence_type in LicenceType::ALL {
            let names: Vec<_> = fields_of(licence_type).map(Field::json_name).collect();
            let unique: BTreeSet<_> = names.iter().collect();
            assert_eq!(unique.len(), names.len(), "{licence_type}");
            for row in fields_of(licence_type) {
                assert_eq!(field(licence_type, row.json_name()), Some(row));
            }
            for name in ENVELOPE_CLAIMS {
                let row = field(licence_type, name).unwrap();
                assert!(row.is_envelope() && row.is_claim());
                assert_eq!(row.disclosure_class(HolderKind::Person), DisclosureClass::Public);
            }
        }
    }

    #[test]
    fn a_field_of_another_class_is_no_field() {
        for (licence_type, name) in [
            (LicenceType::OperatingPermit, "plateNumber"),
            (LicenceType::VehicleCertificate, "photo"),
            (LicenceType::RoadPass, "vin"),
            (LicenceType::HongKongMacaoCard, "passType"),
            (LicenceType::VehicleCertificate, "PlateNumber"),
            (LicenceType::VehicleCertificate, ""),
        ] {
            assert_eq!(field(licence_type, name), None, "{licence_type} {name}");
        }
    }

    #[test]
    fn the_status_is_a_field_and_never_a_claim() {
        for licence_type in LicenceType::ALL {
            let refused: Vec<_> = fields_of(licence_type).filter(|row| !row.is_claim()).collect();
            assert_eq!(refused.iter().map(|row| row.json_name()).collect::<Vec<_>>(), ["status"]);
        }
    }

    #[test]
    fn classes_follow_the_holder_but_identity_numbers_stay_sensitive() {
        let class = |licence_type, name: &str, holder| {
            field(licence_type, name).unwrap().disclosure_class(holder)
        };
        let permit = LicenceType::OperatingPermit;
        for name in ["holderName", "address"] {
            assert_eq!(class(permit, name, HolderKind::Person), DisclosureClass::Personal);
            assert_eq!(class(permit, name, HolderKind::Company), DisclosureClass::Commercial);
        }
        for holder in [HolderKind::Company, HolderKind::Person] {
            assert_eq!(class(permit, "holderCode", holder), DisclosureClass::Sensitive);
            let driver = LicenceType::TaxiDriverLicence;
            assert_eq!(class(driver, "qualificationNumber", holder), DisclosureClass::Sensitive);
            assert_eq!(class(driver, "photo", holder), DisclosureClass::Sensitive);
        }
    }

    #[test]
    fn no_protected_claim_goes_to_a_business_without_consent() {
        for row in FIELDS {
            let public = row.disclosure_class(HolderKind::Company) == DisclosureClass::Public;
            assert_eq!(row.business() == BusinessDisclosure::Yes, public, "{}", row.json_name());
        }
        let end = field(LicenceType::HongKongMacaoCard, "validTo").unwrap();
        assert_eq!(end.business(), BusinessDisclosure::No, "the card's own row counts");
    }
}
