//! Disclosure: the permitted claims, each in its permitted form, and nothing else.
//!
//! A register's answer is masked here. A claim of a presentation is the issuer's own disclosure
//! (RFC 9901 §4.2.1): its value is fixed by a digest under the issuer's signature and cannot be
//! masked, so that one which may only be shown masked is withheld; who needs its masked form asks
//! the register.

use serde::Serialize;
use serde_json::{Map, Value};

use crate::base::Code;
use crate::crypto::{Digest, json};
use crate::licence::{
    ClaimFormat, DisclosureClass, Field, HolderKind, Identifier, LicenceType, field, masking,
};
use crate::policy::{Masking, Permit};
use crate::register::Recorded;

/// Where the values come from.
#[derive(Clone, Copy, Debug)]
pub enum Source<'a> {
    /// The claims of a verified presentation.
    Presentation {
        /// The licence.
        identifier: &'a Identifier,
        /// Its type.
        licence_type: LicenceType,
        /// What the presentation discloses.
        claims: &'a Map<String, Value>,
    },
    /// The issuing register.
    Register(&'a Recorded),
}

/// What leaves. Only [`disclose`] makes one; the exchange takes it by value, with the receipt of
/// its audit entry.
#[derive(Debug)]
pub struct Disclosed {
    permit: Permit,
    claims: Map<String, Value>,
    withheld: Vec<&'static str>,
    digest: Digest,
}

/// Applies `permit`, which is thereby spent, to `source`.
pub fn disclose(permit: Permit, source: Source<'_>) -> Result<Disclosed, DisclosureRefusal> {
    if source.identifier() != permit.identifier() {
        return Err(DisclosureRefusal::OtherLicence);
    }
    let mut claims = Map::new();
    let mut withheld = Vec::new();
    for (name, masking) in permit.claims() {
        let row = field(source.licence_type(), name);
        let Some((row, value)) = row.zip(source.value(name)) else { continue };
        match source.shown(row, *masking, value) {
            Some(shown) => {
                claims.insert((*name).to_owned(), shown);
            }
            None => withheld.push(*name),
        }
    }
    let content = Content { identifier: permit.identifier(), claims: &claims };
    let digest = json::canonical(&content).map_err(|_| DisclosureRefusal::NotCanonical)?;
    Ok(Disclosed { permit, claims, withheld, digest: Digest::of(digest) })
}

impl Disclosed {
    /// The names of the claims that leave, for the audit entry and the receipt.
    pub fn claim_names(&self) -> impl Iterator<Item = &str> {
        self.claims.keys().map(String::as_str)
    }

    /// The claims that were permitted in a form this source cannot give.
    #[must_use]
    pub fn withheld(&self) -> &[&'static str] {
        &self.withheld
    }

    /// SHA-256 of the canonical form of identifier and claims. Values may be guessable: it stands
    /// only in salted entries.
    #[must_use]
    pub const fn digest(&self) -> Digest {
        self.digest
    }

    /// The permit it rests on, spent.
    #[must_use]
    pub const fn permit(&self) -> &Permit {
        &self.permit
    }

    /// The claims, to be written into an answer.
    #[must_use]
    pub fn into_claims(self) -> Map<String, Value> {
        self.claims
    }
}

impl Source<'_> {
    fn identifier(&self) -> &Identifier {
        match self {
            Self::Presentation { identifier, .. } => identifier,
            Self::Register(recorded) => recorded.record().document.identifier(),
        }
    }

    fn licence_type(&self) -> LicenceType {
        match self {
            Self::Presentation { licence_type, .. } => *licence_type,
            Self::Register(recorded) => recorded.record().document.licence_type(),
        }
    }

    fn value(&self, name: &str) -> Option<&Value> {
        match self {
            Self::Presentation { claims, .. } => claims.get(name),
            Self::Register(recorded) => recorded.record().document.claim(name),
        }
    }

    fn shown(&self, row: &Field, form: Masking, value: &Value) -> Option<Value> {
        match (self, form) {
            (_, Masking::None) => Some(value.clone()),
            (Self::Presentation { .. }, Masking::Business | Masking::Officer) => None,
            (Self::Register(_), Masking::Business | Masking::Officer) => masked(row, form, value),
        }
    }
}

/// Why nothing leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DisclosureRefusal {
    /// A value has no canonical form.
    #[error("a value has no canonical form")]
    NotCanonical,
    /// The permit is for another licence.
    #[error("the permit is for another licence")]
    OtherLicence,
}

impl DisclosureRefusal {
    /// The published code: both are faults of ours, told to nobody.
    #[must_use]
    pub const fn code(self) -> Code {
        match self {
            Self::NotCanonical | Self::OtherLicence => Code::Internal,
        }
    }
}

#[derive(Serialize)]
struct Content<'a> {
    identifier: &'a Identifier,
    claims: &'a Map<String, Value>,
}

/// The masked form of a value, or `None` where there is none: only numbers and names have one.
fn masked(row: &Field, form: Masking, value: &Value) -> Option<Value> {
    let text = value.as_str()?;
    if row.format() != ClaimFormat::Text {
        return None;
    }
    match (row.disclosure_class(HolderKind::Person), form) {
        (_, Masking::None) => Some(value.clone()),
        (DisclosureClass::Sensitive, Masking::Officer) => {
            Some(masking::number_for_officer(text).into())
        }
        (DisclosureClass::Sensitive, Masking::Business) => {
            Some(masking::number_for_business(text).into())
        }
        (DisclosureClass::Personal, _) if NAMES.contains(&row.json_name()) => {
            Some(masking::name(text).into())
        }
        _ => None,
    }
}

/// The claims whose values are names of persons.
const NAMES: [&str; 2] = ["holderName", "name"];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;
    use crate::consent::authorized;
    use crate::identity::Role;
    use crate::licence::fields_of;
    use crate::policy::{Basis, Purpose, Requested, Subject, decide};
    use crate::register::{IN_2026, Record, driver, recall, vehicle};

    fn permit(record: Record, purpose: Purpose, claims: &[&str]) -> Permit {
        let subject = Subject::from(&recall(record, IN_2026));
        let licence_type = subject.licence_type;
        let basis = authorized(purpose.code(), licence_type, &subject.identifier, claims);
        let wanted = Requested::Claims(claims.iter().map(|name| (*name).to_owned()).collect());
        decide(Role::Business, purpose, Some(Basis::Holder(basis)), &subject, &wanted).unwrap()
    }

    #[test]
    fn a_register_answer_is_masked() {
        let recorded = recall(driver(), IN_2026);
        let permit = permit(driver(), Purpose::EmploymentCheck, &["holderCode", "name"]);
        let disclosed = disclose(permit, Source::Register(&recorded)).unwrap();
        assert!(disclosed.claim_names().eq(["holderCode", "name"]));
        let claims = disclosed.into_claims();
        assert_eq!(claims["holderCode"], "1****************X");
        assert_eq!(claims["name"], "张三");
    }

    #[test]
    fn a_presentation_cannot_be_masked_and_so_withholds() {
        let document = driver().document;
        let claims: Map<String, Value> =
            document.claims().map(|(row, value)| (row.json_name().into(), value.clone())).collect();
        let source = Source::Presentation {
            identifier: document.identifier(),
            licence_type: document.licence_type(),
            claims: &claims,
        };
        let permit = permit(driver(), Purpose::EmploymentCheck, &["holderCode", "name"]);
        let disclosed = disclose(permit, source).unwrap();
        assert!(disclosed.claim_names().eq(["name"]));
        assert_eq!(disclosed.withheld(), ["holderCode"]);
    }

    #[test]
    fn a_permit_opens_its_own_licence_only() {
        let permit = permit(driver(), Purpose::EmploymentCheck, &["name"]);
        let other = recall(vehicle(), IN_2026);
        let refusal = disclose(permit, Source::Register(&other)).unwrap_err();
        assert_eq!(refusal, DisclosureRefusal::OtherLicence);
    }

    #[test]
    fn the_digest_tells_values_apart() {
        let recorded = recall(vehicle(), IN_2026);
        let of = |claims: &[&str]| {
            let permit = permit(vehicle(), Purpose::CargoContracting, claims);
            disclose(permit, Source::Register(&recorded)).unwrap().digest()
        };
        assert_eq!(of(&["plateNumber"]), of(&["plateNumber"]));
        assert_ne!(of(&["plateNumber"]), of(&["ownerName"]));
        assert_ne!(of(&["plateNumber"]), of(&["plateNumber", "ownerName"]));
    }

    #[test]
    fn names_and_numbers_have_masked_forms_and_nothing_else_has() {
        let recorded = recall(driver(), IN_2026);
        for row in fields_of(recorded.record().document.licence_type()) {
            let Some(value) = recorded.record().document.claim(row.json_name()) else { continue };
            let shown = masked(row, Masking::Business, value);
            assert_ne!(shown.as_ref(), Some(value), "{}", row.json_name());
        }
    }

    proptest! {
        #[test]
        fn what_is_disclosed_was_granted_and_asked_for(granted in names(), asked in names()) {
            let recorded = recall(driver(), IN_2026);
            let subject = Subject::from(&recorded);
            let claims: Vec<&str> = granted.iter().map(String::as_str).collect();
            let licence_type = subject.licence_type;
            for purpose in [Purpose::EmploymentCheck, Purpose::CargoContracting] {
                let basis =
                    authorized(purpose.code(), licence_type, &subject.identifier, &claims);
                let wanted = Requested::Claims(asked.clone());
                let basis = Some(Basis::Holder(basis));
                let Ok(permit) = decide(Role::Business, purpose, basis, &subject, &wanted) else {
                    continue;
                };
                let disclosed = disclose(permit, Source::Register(&recorded)).unwrap();
                for name in disclosed.claim_names() {
                    prop_assert!(granted.contains(name) && asked.contains(name));
                }
            }
        }
    }

    fn names() -> impl Strategy<Value = BTreeSet<String>> {
        proptest::collection::btree_set(
            "(name|photo|gender|holderCode|holderName|validTo|birthDate|\\*|vin)",
            0..6,
        )
    }
}
