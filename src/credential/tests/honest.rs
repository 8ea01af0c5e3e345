//! What an honest credential goes through.

use serde_json::json;

use super::super::testing::{DEMANDED, INDEX, ROADSIDE, WORLD};
use super::super::*;
use crate::base::{Code, SystemEntropy};
use crate::crypto::seal::SoftwareKey;
use crate::crypto::{Algorithm, base64url};
use crate::licence::{LicenceStatus, LicenceType};

const TYPES: [(LicenceType, &str); 3] = [
    (LicenceType::OperatingPermit, "licenseCode"),
    (LicenceType::VehicleCertificate, "plateNumber"),
    (LicenceType::PractitionerQualification, "name"),
];

#[test]
fn licences_of_every_class_are_accepted_and_show_what_was_chosen() {
    for (licence_type, claim) in TYPES {
        let token = present(&WORLD.issue(licence_type), &[claim]).unwrap();
        let judged = WORLD.judge(&WORLD.bind(&token), &DEMANDED);
        assert_eq!(judged.reasons(), [Code::Ok], "{licence_type}");
        assert_eq!(judged.holder_binding().result, CheckResult::Passed);
        let licence = judged.into_verified().unwrap();
        assert_eq!(licence.licence_type(), licence_type);
        assert!(licence.claims().contains_key(claim));
        assert!(licence.claims().contains_key("validTo"), "public claims are clear");
        assert!(!licence.claims().contains_key("holderName"), "what was withheld stays hidden");
        assert!(licence.claims().keys().all(|name| !name.starts_with('_')));
    }
}

#[test]
fn nothing_but_public_claims_stands_in_the_issuers_jwt() {
    for (licence_type, _) in TYPES {
        let token = WORLD.issue(licence_type);
        let payload = base64url::decode(token.split('.').nth(1).unwrap()).unwrap();
        let payload = String::from_utf8(payload).unwrap();
        for secret in ["示例运输", "津A12345", "张三", "120101000000000042", "000042"] {
            assert!(!payload.contains(secret), "{secret}");
        }
        let payload: serde_json::Value = serde_json::from_str(&payload).unwrap();
        let digests: Vec<&str> =
            payload["_sd"].as_array().unwrap().iter().map(|text| text.as_str().unwrap()).collect();
        assert_eq!(digests.len() % 8, 0);
        assert!(digests.len() > token.matches('~').count() - 1, "there are decoys");
        assert_eq!(payload["nbf"], 1_767_196_800, "2026-01-01T00:00:00+08:00");
        assert_eq!(payload["exp"], 1_893_427_200, "2030-01-01T00:00:00+08:00");
    }
}

#[test]
fn two_credentials_of_one_licence_have_nothing_in_common_to_be_recognised_by() {
    let [one, other] = [(); 2].map(|()| WORLD.issue(LicenceType::VehicleCertificate));
    let parts = |token: &str| token.split('~').skip(1).map(str::to_owned).collect::<Vec<_>>();
    assert!(parts(&one).iter().filter(|part| !part.is_empty()).all(|p| !other.contains(p)));
}

#[test]
fn the_report_is_written_as_the_standard_has_it() {
    let judged = WORLD.judge(&WORLD.presentation(), &ROADSIDE);
    let signature = serde_json::to_value(judged.signature()).unwrap();
    assert_eq!(signature["indication"], "TOTAL-PASSED");
    assert_eq!(signature["indication_uri"], "urn:etsi:019102:mainindication:total-passed");
    assert_eq!(signature["alg"], "ES256");
    assert_eq!(signature["signing_time"], "2026-11-22T08:00:00Z");
    assert_eq!(signature["chain"].as_array().unwrap().len(), 2);
    assert_eq!(signature["checks"][0], json!({"name": "format", "indication": "PASSED"}));
    assert_eq!(
        signature["checks"][5],
        json!({"name": "holder_binding", "indication": "NOT_CHECKED"})
    );
    let licence = serde_json::to_value(judged.licence()).unwrap();
    assert_eq!(licence["type"], LicenceType::VehicleCertificate.code());
    assert_eq!(licence["status"], "valid");
    assert_eq!(licence["as_of"], "2026-11-22T08:00:00Z");
    assert_eq!(licence["ttl"], 900);
    assert_eq!(licence["valid_until"], "2029-12-31T16:00:00Z");
    assert_eq!(licence["annual_review"], "passed");
    assert_eq!(serde_json::to_value(judged.decision()).unwrap(), "ACCEPT");
}

#[test]
fn the_status_list_to_fetch_is_named_before_the_judgement() {
    let authentic = WORLD.examine(&WORLD.presentation()).unwrap();
    let reference = StatusReference { idx: INDEX, uri: WORLD.status_uri() };
    assert_eq!(authentic.status_reference(), Some(&reference));
    assert_eq!(authentic.presented_nonce(), None);
}

#[test]
fn the_digest_is_that_of_the_issuer_whatever_is_shown() {
    let token = WORLD.issue(LicenceType::VehicleCertificate);
    let digests = [&[][..], &["plateNumber"], &["plateNumber", "holderName"]]
        .map(|claims| WORLD.examine(&present(&token, claims).unwrap()).unwrap().digest());
    assert!(digests.windows(2).all(|pair| pair[0] == pair[1]));
}

#[test]
fn an_independent_reader_finds_the_same_claims() {
    let token = WORLD.issue(LicenceType::VehicleCertificate);
    let ours = WORLD.judge(&token, &ROADSIDE).into_verified().unwrap();
    let theirs = sd_jwt_payload::SdJwt::parse(&token).unwrap();
    let theirs = theirs.into_disclosed_object(&sd_jwt_payload::Sha256Hasher::new()).unwrap();
    for (name, value) in ours.claims() {
        assert_eq!(theirs.get(name), Some(value), "{name}");
    }
    assert_eq!(ours.claims()["plateNumber"], "津A12345");
}

#[test]
fn what_cannot_be_issued_or_presented_is_said_so() {
    let province = WORLD.province();
    let terms = IssueTerms {
        issuer: &province.issuer_id(),
        chain: &province.issuer_chain(),
        status: StatusReference { idx: 0, uri: WORLD.status_uri() },
        holder: None,
        now: WORLD.now,
    };
    let document = WORLD.document(LicenceType::OperatingPermit);
    let stranger = SoftwareKey::generate(Algorithm::Es256).unwrap();
    let refused = issue(&document, &terms, &stranger, &SystemEntropy).unwrap_err();
    assert_eq!(refused, IssueError::OtherKey);
    let token = WORLD.issue(LicenceType::VehicleCertificate);
    assert_eq!(
        present(&token, &["photo"]),
        Err(PresentError::NoSuchClaim { name: "photo".to_owned() })
    );
    let bound = WORLD.bind(&WORLD.presentation());
    let terms = BindTerms { audience: "a", nonce: "n", transaction: None };
    assert_eq!(bind(&bound, terms, &WORLD.holder, WORLD.now), Err(PresentError::BoundAlready));
}

#[test]
fn a_defective_check_character_is_a_note_and_no_proof_of_forgery() {
    let mut payload = WORLD.payload();
    let identifier = payload["certificateIdentifier"].as_str().unwrap().to_owned();
    let (body, check) = identifier.split_at(identifier.len() - 1);
    let notes: Vec<Code> = ('0'..='9')
        .chain('A'..='Z')
        .filter(|other| !check.starts_with(*other))
        .map(|other| {
            payload["certificateIdentifier"] = json!(format!("{body}{other}"));
            let judged = WORLD.judge(&WORLD.sign(&payload), &ROADSIDE);
            assert_eq!(judged.decision(), Decision::Accept);
            assert_eq!(judged.reasons()[0], Code::Ok);
            judged.reasons()[1]
        })
        .collect();
    assert!(notes.contains(&Code::IdentifierBad));
    let variants = notes.iter().filter(|note| **note == Code::IdentifierVariant).count();
    assert!(variants <= 1 && notes.len() == 35);
}

#[test]
fn conditions_of_vehicle_and_review_ask_for_a_check_and_leave_the_status_alone() {
    for (claim, value, code) in [
        ("annualReviewStatus", "2", Code::ReviewFailed),
        ("annualReviewValidTo", "20261121", Code::ReviewOverdue),
        ("vehicleOperatingStatus", "33", Code::VehicleNotInService),
    ] {
        let judged = WORLD.judge(&WORLD.with(claim, json!(value)), &ROADSIDE);
        assert_eq!((judged.decision(), judged.reasons()), (Decision::Check, &[code][..]));
        assert_eq!(judged.licence().status, LicenceStatus::Valid);
        assert_eq!(judged.into_verified().unwrap_err().code(), code);
    }
}
