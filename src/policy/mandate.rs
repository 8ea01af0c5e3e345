//! The mandate of an officer: a use of the national catalogue, registered for the unit, within an
//! open inspection.

use std::collections::BTreeSet;

use super::purpose::Purpose;
use super::refusal::MandateRefusal;
use crate::base::{InspectionRef, Timestamp, limits};
use crate::register::QueryKind;
use crate::trust::StatutoryUse;

/// A statutory use as a province registered it for one of its units. It can only narrow what the
/// catalogue allows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegisteredStatutoryUse {
    /// The use of the catalogue.
    pub use_id: String,
    /// The unit.
    pub unit: String,
    /// The claims, by name.
    pub claims: BTreeSet<String>,
    /// The ways of asking, by their words.
    pub queries: BTreeSet<String>,
}

/// An inspection that a unit opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inspection {
    /// Its reference.
    pub id: InspectionRef,
    /// The unit.
    pub unit: String,
    /// The pseudonyms of its officers.
    pub officers: BTreeSet<String>,
    /// Where it takes place.
    pub place: String,
    /// The provision it rests on.
    pub law_ref: String,
    /// Why it takes place.
    pub reason_code: String,
    /// When it was opened.
    pub opened: Timestamp,
    /// When it ends by itself.
    pub expires: Timestamp,
    /// When it was closed, if it was.
    pub closed: Option<Timestamp>,
}

/// What an officer's request puts forward.
#[derive(Clone, Copy, Debug)]
pub struct MandateQuestion<'a> {
    /// The use in the national catalogue.
    pub catalogue: Option<&'a StatutoryUse>,
    /// The use as registered for the unit.
    pub registered: Option<&'a RegisteredStatutoryUse>,
    /// The inspection.
    pub inspection: Option<&'a Inspection>,
    /// The officer's pseudonym.
    pub officer: &'a str,
    /// The unit.
    pub unit: &'a str,
    /// How the licence is asked for.
    pub query: QueryKind,
}

/// That an officer's function covers a look. Only [`Mandate::establish`] makes one; it is used
/// once and shown for fifteen minutes.
#[derive(Debug)]
pub struct Mandate {
    use_id: String,
    law_ref: String,
    purpose: Purpose,
    claims: BTreeSet<String>,
    inspection: InspectionRef,
    unit: String,
    officer: String,
    view_ends: Timestamp,
}

impl Mandate {
    /// Holds the request against catalogue, registration and inspection, at `now`.
    pub fn establish(
        question: &MandateQuestion<'_>,
        now: Timestamp,
    ) -> Result<Self, MandateRefusal> {
        let inspection = question.named_inspection()?;
        let catalogue = question.catalogue.ok_or(MandateRefusal::UseNotInCatalogue)?;
        let registered = question
            .registered
            .filter(|registered| {
                registered.use_id == catalogue.use_id && registered.unit == inspection.unit
            })
            .ok_or(MandateRefusal::UseNotRegistered)?;
        inspection.check_open(now)?;
        if inspection.law_ref != catalogue.law_ref {
            return Err(MandateRefusal::OtherProvision);
        }
        let query = question.query.word();
        if !catalogue.queries.iter().any(|word| word == query)
            || !registered.queries.contains(query)
        {
            return Err(MandateRefusal::UseNotRegistered);
        }
        let purpose = catalogue.purpose.parse().map_err(|_| MandateRefusal::UnknownPurpose)?;
        let allowed = catalogue.claims.iter().filter(|name| registered.claims.contains(*name));
        Ok(Self {
            use_id: catalogue.use_id.clone(),
            law_ref: catalogue.law_ref.clone(),
            purpose,
            claims: allowed.cloned().collect(),
            inspection: inspection.id.clone(),
            unit: inspection.unit.clone(),
            officer: question.officer.to_owned(),
            view_ends: now + limits::STATUTORY_VIEW_LIFE,
        })
    }

    /// The use of the catalogue.
    #[must_use]
    pub fn use_id(&self) -> &str {
        &self.use_id
    }

    /// The provision it rests on.
    #[must_use]
    pub fn law_ref(&self) -> &str {
        &self.law_ref
    }

    /// The purpose.
    #[must_use]
    pub const fn purpose(&self) -> Purpose {
        self.purpose
    }

    /// The most it opens: catalogue ∩ registration, by name.
    #[must_use]
    pub const fn claims(&self) -> &BTreeSet<String> {
        &self.claims
    }

    /// The inspection.
    #[must_use]
    pub const fn inspection(&self) -> &InspectionRef {
        &self.inspection
    }

    /// The unit.
    #[must_use]
    pub fn unit(&self) -> &str {
        &self.unit
    }

    /// The officer's pseudonym.
    #[must_use]
    pub fn officer(&self) -> &str {
        &self.officer
    }

    /// When what it shows must be gone from the screen.
    #[must_use]
    pub const fn view_ends(&self) -> Timestamp {
        self.view_ends
    }
}

impl<'a> MandateQuestion<'a> {
    /// The inspection, when inspection, unit and officer are named and belong together.
    fn named_inspection(&self) -> Result<&'a Inspection, MandateRefusal> {
        let invalid = |pointer| MandateRefusal::Invalid { pointer };
        let inspection = self.inspection.ok_or_else(|| invalid("/inspection_ref"))?;
        if self.unit.is_empty() || self.unit != inspection.unit {
            return Err(invalid("/unit"));
        }
        if self.officer.is_empty() || !inspection.officers.contains(self.officer) {
            return Err(invalid("/officer"));
        }
        Ok(inspection)
    }
}

impl Inspection {
    fn check_open(&self, now: Timestamp) -> Result<(), MandateRefusal> {
        if self.expires.since(self.opened) > limits::INSPECTION_LIFE {
            return Err(MandateRefusal::Invalid { pointer: "/inspection_ref" });
        }
        let open = self.opened <= now && now < self.expires && self.closed.is_none();
        if open { Ok(()) } else { Err(MandateRefusal::InspectionNotOpen) }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::time::Duration;

    use super::*;
    use crate::base::{Code, SystemEntropy};

    const NOW: Timestamp = Timestamp::from_unix_seconds(1_780_000_000);

    pub(crate) fn catalogue(purpose: &str, claims: &[&str]) -> StatutoryUse {
        StatutoryUse {
            use_id: "su_1".to_owned(),
            law_ref: "urn:law:road-transport:59".to_owned(),
            purpose: purpose.to_owned(),
            claims: claims.iter().map(|name| (*name).to_owned()).collect(),
            queries: vec!["credential".to_owned(), "plate".to_owned()],
            case_pattern: None,
        }
    }

    fn registered(claims: &[&str]) -> RegisteredStatutoryUse {
        RegisteredStatutoryUse {
            use_id: "su_1".to_owned(),
            unit: "unit-7".to_owned(),
            claims: claims.iter().map(|name| (*name).to_owned()).collect(),
            queries: ["plate", "number", "credential"].map(str::to_owned).into(),
        }
    }

    fn inspection() -> Inspection {
        Inspection {
            id: InspectionRef::generate(NOW, &SystemEntropy),
            unit: "unit-7".to_owned(),
            officers: ["officer-a".to_owned()].into(),
            place: "S1".to_owned(),
            law_ref: "urn:law:road-transport:59".to_owned(),
            reason_code: "routine".to_owned(),
            opened: NOW - Duration::from_hours(1),
            expires: NOW + Duration::from_hours(8),
            closed: None,
        }
    }

    /// A mandate for `purpose` that opens `claims`.
    pub(crate) fn mandate(purpose: &str, claims: &[&str]) -> Mandate {
        let (catalogue, registered) = (catalogue(purpose, claims), registered(claims));
        establish(Some(&catalogue), Some(&registered), Some(&inspection())).unwrap()
    }

    fn establish(
        catalogue: Option<&StatutoryUse>,
        registered: Option<&RegisteredStatutoryUse>,
        inspection: Option<&Inspection>,
    ) -> Result<Mandate, MandateRefusal> {
        let (officer, unit, query) = ("officer-a", "unit-7", QueryKind::Plate);
        let question = MandateQuestion { catalogue, registered, inspection, officer, unit, query };
        Mandate::establish(&question, NOW)
    }

    #[test]
    fn a_registration_narrows_and_never_widens() {
        let catalogue = catalogue("roadside-check", &["plateNumber", "ownerName"]);
        let registered = registered(&["plateNumber", "holderCode"]);
        let mandate = establish(Some(&catalogue), Some(&registered), Some(&inspection())).unwrap();
        assert!(mandate.claims().iter().eq(["plateNumber"]));
        assert_eq!(mandate.view_ends(), NOW + limits::STATUTORY_VIEW_LIFE);
    }

    #[test]
    fn co_20_without_officer_unit_or_inspection_there_is_no_question() {
        let (catalogue, registered) = (catalogue("roadside-check", &[]), registered(&[]));
        let inspection = inspection();
        let good = MandateQuestion {
            catalogue: Some(&catalogue),
            registered: Some(&registered),
            inspection: Some(&inspection),
            officer: "officer-a",
            unit: "unit-7",
            query: QueryKind::Plate,
        };
        assert!(Mandate::establish(&good, NOW).is_ok());
        for question in [
            MandateQuestion { inspection: None, ..good },
            MandateQuestion { officer: "", ..good },
            MandateQuestion { officer: "officer-b", ..good },
            MandateQuestion { unit: "", ..good },
            MandateQuestion { unit: "unit-8", ..good },
        ] {
            let refusal = Mandate::establish(&question, NOW).unwrap_err();
            assert_eq!(refusal.code(), Code::ValidationFailed, "{refusal}");
        }
        for query in [QueryKind::HolderCode, QueryKind::Identifier, QueryKind::Number] {
            let refusal = Mandate::establish(&MandateQuestion { query, ..good }, NOW);
            assert_eq!(refusal.unwrap_err(), MandateRefusal::UseNotRegistered);
        }
    }

    #[test]
    fn an_inspection_is_open_lawful_and_at_most_a_shift() {
        let (catalogue, registered) = (catalogue("roadside-check", &[]), registered(&[]));
        let hour = Duration::from_hours(1);
        for (inspection, code) in [
            (Inspection { expires: NOW, ..inspection() }, Code::LegalBasisRequired),
            (Inspection { opened: NOW + hour, ..inspection() }, Code::LegalBasisRequired),
            (Inspection { closed: Some(NOW - hour), ..inspection() }, Code::LegalBasisRequired),
            (Inspection { law_ref: "other".to_owned(), ..inspection() }, Code::LegalBasisRequired),
            (Inspection { expires: NOW + 12 * hour, ..inspection() }, Code::ValidationFailed),
        ] {
            let refusal = establish(Some(&catalogue), Some(&registered), Some(&inspection));
            assert_eq!(refusal.unwrap_err().code(), code);
        }
    }

    #[test]
    fn a_use_is_in_the_catalogue_registered_and_for_a_known_purpose() {
        let catalogue = catalogue("roadside-check", &[]);
        let registered = registered(&[]);
        let inspection = inspection();
        let code = |catalogue, registered| {
            establish(catalogue, registered, Some(&inspection)).unwrap_err().code()
        };
        assert_eq!(code(None, Some(&registered)), Code::IntendedUseNotRegistered);
        assert_eq!(code(Some(&catalogue), None), Code::IntendedUseNotRegistered);
        let other = RegisteredStatutoryUse { use_id: "su_2".to_owned(), ..registered.clone() };
        assert_eq!(code(Some(&catalogue), Some(&other)), Code::IntendedUseNotRegistered);
        let unknown = StatutoryUse { purpose: "curiosity".to_owned(), ..catalogue.clone() };
        assert_eq!(code(Some(&unknown), Some(&registered)), Code::UnknownPurpose);
    }
}
