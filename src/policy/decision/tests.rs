//! The whole product of roles, purposes, bases and claims, and the attacks upon decisions.

use super::*;
use crate::base::Code;
use crate::consent::authorized;
use crate::policy::mandate::tests::mandate;
use crate::register::{IN_2026, Record, driver, recall, vehicle};

fn subject(record: Record) -> Subject {
    Subject::from(&recall(record, IN_2026))
}

fn named(names: &[&str]) -> Requested {
    Requested::Claims(names.iter().map(|name| (*name).to_owned()).collect())
}

fn grant(purpose: &str, subject: &Subject, claims: &[&str]) -> Basis {
    let licence_type = subject.licence_type;
    Basis::Holder(authorized(purpose, licence_type, &subject.identifier, claims))
}

fn officer(purpose: &str, claims: &[&str]) -> Basis {
    Basis::Statutory(mandate(purpose, claims))
}

fn bases(purpose: Purpose, subject: &Subject, claims: &[&str]) -> [Option<Basis>; 3] {
    let granted = grant(purpose.code(), subject, claims);
    [None, Some(granted), Some(officer(purpose.code(), claims))]
}

#[test]
fn over_the_whole_product_no_claim_that_is_not_public_leaves_without_a_basis() {
    let mut opened_by_a_basis = 0;
    for subject in [subject(vehicle()), subject(driver())] {
        let fields: Vec<&Field> = fields_of(subject.licence_type).collect();
        for (role, purpose) in product() {
            for row in &fields {
                let name = row.json_name();
                for basis in bases(purpose, &subject, &[name]) {
                    let has_basis = basis.is_some();
                    let Ok(permit) = decide(role, purpose, basis, &subject, &named(&[name])) else {
                        continue;
                    };
                    let class = row.disclosure_class(subject.holder_kind);
                    let public = class == DisclosureClass::Public;
                    assert!(has_basis || public, "{role:?} {purpose} {name}");
                    opened_by_a_basis += usize::from(!public && !permit.claims().is_empty());
                    assert!(permit.claims().keys().all(|claim| *claim == name));
                    assert_ne!(name, "status");
                }
            }
        }
    }
    assert!(opened_by_a_basis > 0, "the walk must not be empty");
}

#[test]
fn over_the_whole_product_nothing_outside_the_basis_leaves() {
    let subject = subject(driver());
    let outside = ["holderName", "holderCode", "photo", "name", "qualificationNumber"];
    for (role, purpose) in product() {
        for basis in bases(purpose, &subject, &["driverLicenceClass"]).into_iter().skip(1) {
            assert!(decide(role, purpose, basis, &subject, &named(&outside)).is_err());
        }
        for basis in bases(purpose, &subject, &["driverLicenceClass"]) {
            if let Ok(permit) = decide(role, purpose, basis, &subject, &Requested::Minimum) {
                for claim in permit.claims().keys() {
                    assert!(!outside.contains(claim), "{role:?} {purpose} {claim}");
                }
            }
        }
    }
}

fn product() -> impl Iterator<Item = (Role, Purpose)> {
    Role::ALL.into_iter().flat_map(|role| Purpose::ALL.map(|purpose| (role, purpose)))
}

#[test]
fn co_01_without_consent_a_business_gets_nothing_but_what_is_public() {
    let subject = subject(vehicle());
    let try_for = |names: &[&str]| {
        decide(Role::Business, Purpose::CargoContracting, None, &subject, &named(names))
    };
    for name in ["plateNumber", "ownerName", "holderName", "holderCode", "certificateNumber"] {
        assert_eq!(try_for(&[name, "validTo"]).unwrap_err().code(), Code::GrantRequired, "{name}");
    }
    assert_eq!(try_for(&["validTo"]).unwrap().claims().len(), 1);
    assert_eq!(*try_for(&["validTo"]).unwrap().basis(), BasisReference::None);
    for name in ["status", "*", "PlateNumber", "photo"] {
        assert_eq!(try_for(&[name]).unwrap_err().code(), Code::ClaimsNotGranted, "{name}");
    }
}

#[test]
fn co_08_what_is_named_beyond_the_grant_is_refused_by_name() {
    let subject = subject(vehicle());
    let (role, purpose) = (Role::Business, Purpose::CargoContracting);
    let basis = || Some(grant(purpose.code(), &subject, &["plateNumber", "holderCode"]));
    let wanted = named(&["plateNumber", "ownerName", "validTo"]);
    let refusal = decide(role, purpose, basis(), &subject, &wanted).unwrap_err();
    let claims = vec!["ownerName".to_owned(), "validTo".to_owned()];
    assert_eq!(refusal, PolicyRefusal::ClaimsNotGranted { claims });
    let sensitive = decide(role, purpose, basis(), &subject, &named(&["holderCode"]));
    assert_eq!(sensitive.unwrap_err().code(), Code::ClaimsNotGranted, "beyond the purpose");
    let everything = decide(role, purpose, basis(), &subject, &Requested::Minimum);
    assert_eq!(everything.unwrap_err().code(), Code::ClaimsNotGranted);
}

#[test]
fn co_11_a_basis_serves_its_own_purpose_and_licence() {
    let (subject, other) = (subject(vehicle()), subject(driver()));
    let wanted = named(&["certificateNumber"]);
    let code = |basis, purpose, subject: &Subject| {
        decide(Role::Business, purpose, Some(basis), subject, &wanted).unwrap_err().code()
    };
    let basis = || grant("insurance", &subject, &["certificateNumber"]);
    assert_eq!(code(basis(), Purpose::CargoContracting, &subject), Code::GrantPurposeMismatch);
    assert_eq!(code(basis(), Purpose::Insurance, &other), Code::GrantRequired);
    let unknown = grant("curiosity", &subject, &["certificateNumber"]);
    assert_eq!(code(unknown, Purpose::Insurance, &subject), Code::UnknownPurpose);
}

#[test]
fn co_21_a_business_has_no_use_of_police_purposes() {
    let subject = subject(vehicle());
    for purpose in [Purpose::RoadsideCheck, Purpose::OffSiteEnforcement] {
        for role in [Role::Business, Role::Intermediary, Role::Register, Role::Auditor] {
            for basis in bases(purpose, &subject, &["plateNumber"]) {
                let refusal = decide(role, purpose, basis, &subject, &Requested::Minimum);
                assert_eq!(refusal.unwrap_err().code(), Code::RoleNotAllowed);
            }
        }
    }
}

#[test]
fn co_25_a_roadside_view_is_the_minimum_masked() {
    let subject = subject(driver());
    let catalogue = ["name", "qualificationNumber", "photo", "gender", "birthDate", "validTo"];
    let (role, purpose) = (Role::Enforcement, Purpose::RoadsideCheck);
    let basis = || Some(officer(purpose.code(), &catalogue));
    let permit = decide(role, purpose, basis(), &subject, &Requested::Minimum).unwrap();
    let expected = [
        ("name", Masking::None),
        ("qualificationNumber", Masking::Officer),
        ("validTo", Masking::None),
    ];
    assert_eq!(*permit.claims(), BTreeMap::from(expected));
    for name in ["gender", "birthDate", "holderCode", "holderName"] {
        let refusal = decide(role, purpose, basis(), &subject, &named(&[name])).unwrap_err();
        assert_eq!(refusal.code(), Code::ClaimsNotGranted, "{name}");
    }
    let photo = decide(role, purpose, basis(), &subject, &named(&["photo"])).unwrap();
    assert_eq!(*photo.claims(), BTreeMap::from([("photo", Masking::None)]), "named, of a person");
    let nothing = decide(role, purpose, None, &subject, &named(&["name"])).unwrap_err();
    assert_eq!(nothing.code(), Code::LegalBasisRequired);
}

#[test]
fn a_photo_takes_a_consent_of_its_own_and_numbers_stay_masked() {
    let subject = subject(driver());
    let (role, purpose) = (Role::Business, Purpose::EmploymentCheck);
    let wanted = named(&["photo"]);
    let with_others = Some(grant(purpose.code(), &subject, &["photo", "name"]));
    assert!(decide(role, purpose, with_others, &subject, &wanted).is_err());
    let alone = Some(grant(purpose.code(), &subject, &["photo"]));
    assert!(decide(role, purpose, alone, &subject, &wanted).is_ok());
    let number = Some(grant(purpose.code(), &subject, &["holderCode"]));
    let permit = decide(role, purpose, number, &subject, &named(&["holderCode"])).unwrap();
    assert_eq!(*permit.claims(), BTreeMap::from([("holderCode", Masking::Business)]));
}

#[test]
fn a_channel_is_shown_masked_names_only() {
    let subject = subject(driver());
    let (role, purpose) = (Role::Channel, Purpose::RoadsideCheck);
    let basis = Some(officer(purpose.code(), &["name", "holderCode", "photo"]));
    let permit = decide(role, purpose, basis, &subject, &Requested::Minimum).unwrap();
    assert!(permit.claims().values().all(|masking| *masking == Masking::Business));
    assert!(!permit.claims().contains_key("photo"));
}
