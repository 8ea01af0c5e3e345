//! Key binding: section E of the catalogue from SD-15 on, and CO-31.

use std::time::Duration;

use serde_json::{Value, json};

use super::super::testing::{AUDIENCE, DEMANDED, NONCE, ROADSIDE, WORLD, jwt};
use super::super::*;
use crate::base::Code;
use crate::crypto::seal::SoftwareKey;
use crate::crypto::{Algorithm, Digest};
use crate::licence::LicenceType;

fn code(token: &str) -> Code {
    WORLD.code(token, &DEMANDED)
}

fn terms<'t>(audience: &'t str, nonce: &'t str) -> BindTerms<'t> {
    BindTerms { audience, nonce, transaction: None }
}

/// The presentation with a key binding of the test's own making.
fn bound_with(change: impl FnOnce(&mut Value, &mut Value)) -> String {
    let token = WORLD.presentation();
    let mut header = json!({"alg": "ES256", "typ": "kb+jwt"});
    let mut claims = json!({
        "iat": WORLD.now.unix_seconds(), "aud": AUDIENCE, "nonce": NONCE,
        "sd_hash": Digest::of(&token).to_string(),
    });
    change(&mut header, &mut claims);
    format!("{token}{}", jwt(&header, claims.to_string().as_bytes(), &WORLD.holder))
}

#[test]
fn a_sound_binding_passes_with_its_age() {
    assert_eq!(code(&bound_with(|_, _| {})), Code::Ok);
    let judged = WORLD.judge(
        &bound_with(|_, claims| claims["iat"] = json!(WORLD.now.unix_seconds() - 3)),
        &DEMANDED,
    );
    let report = serde_json::to_value(judged.holder_binding()).unwrap();
    assert_eq!(
        report,
        json!({"required": true, "result": "PASSED", "method": "kb-jwt", "nonce_age_s": 3})
    );
    let token = WORLD.bind(&WORLD.presentation());
    let nonce = WORLD.examine(&token).unwrap().presented_nonce();
    assert_eq!(nonce.as_deref(), Some(NONCE));
}

#[test]
fn sd_15_absent_where_required() {
    assert_eq!(code(&WORLD.presentation()), Code::HolderBindingFailed);
    let keyless = WORLD.bind(&WORLD.with("cnf", json!(null)));
    assert_eq!(code(&keyless), Code::HolderBindingFailed);
}

#[test]
fn sd_16_by_another_key_kind_or_algorithm() {
    let stranger = SoftwareKey::generate(Algorithm::Es256).unwrap();
    let token = WORLD.presentation();
    let forged = bind(&token, terms(AUDIENCE, NONCE), &stranger, WORLD.now).unwrap();
    for terms in [DEMANDED, ROADSIDE] {
        assert_eq!(WORLD.code(&forged, &terms), Code::HolderBindingFailed);
    }
    for (name, value) in [("typ", "JWT"), ("typ", "dc+sd-jwt"), ("alg", "none"), ("alg", "ES384")] {
        let token = bound_with(|header, _| header[name] = json!(value));
        assert_eq!(code(&token), Code::HolderBindingFailed, "{value}");
    }
    let self_signed = bound_with(|header, _| header["jwk"] = json!({}));
    assert_eq!(code(&self_signed), Code::FormatDamaged);
}

#[test]
fn sd_17_over_another_set_of_disclosures() {
    let token = WORLD.issue(LicenceType::VehicleCertificate);
    let one = present(&token, &["plateNumber"]).unwrap();
    let two = present(&token, &["plateNumber", "holderName"]).unwrap();
    for (shown, signed) in [(&one, &two), (&two, &one)] {
        let bound = WORLD.bind(signed);
        let binding = bound.rsplit('~').next().unwrap();
        assert_eq!(code(&format!("{shown}{binding}")), Code::HolderBindingFailed);
    }
}

#[test]
fn sd_18_another_nonce_is_a_replay() {
    let token = bind(&WORLD.presentation(), terms(AUDIENCE, "n-0"), &WORLD.holder, WORLD.now);
    assert_eq!(code(&token.unwrap()), Code::HolderReplay);
}

#[test]
fn sd_20_too_old_or_from_the_future() {
    let at = |instant| {
        bind(&WORLD.presentation(), terms(AUDIENCE, NONCE), &WORLD.holder, instant).unwrap()
    };
    let second = Duration::from_secs(1);
    assert_eq!(code(&at(WORLD.now - 300 * second)), Code::Ok);
    assert_eq!(code(&at(WORLD.now - 301 * second)), Code::HolderBindingFailed);
    assert_eq!(code(&at(WORLD.now + 60 * second)), Code::Ok);
    assert_eq!(code(&at(WORLD.now + 61 * second)), Code::HolderBindingFailed);
}

#[test]
fn sd_20_the_audience_is_exact_and_claims_have_their_types() {
    for audience in
        ["https://verifier.example/", "https://VERIFIER.example", "https://other.example"]
    {
        let token = bind(&WORLD.presentation(), terms(audience, NONCE), &WORLD.holder, WORLD.now);
        assert_eq!(code(&token.unwrap()), Code::HolderBindingFailed, "{audience}");
    }
    for (name, value) in [
        ("aud", json!([AUDIENCE])),
        ("iat", json!("1")),
        ("nonce", json!(7)),
        ("sd_hash", json!("x")),
        ("sd_hash", json!(null)),
    ] {
        let token = bound_with(|_, claims| claims[name] = value.clone());
        assert_eq!(code(&token), Code::HolderBindingFailed, "{name} {value}");
    }
}

#[test]
fn a_binding_nobody_asked_for_must_be_sound_and_proves_nothing() {
    let token = WORLD.bind(&WORLD.presentation());
    let judged = WORLD.judge(&token, &ROADSIDE);
    assert_eq!(judged.decision(), Decision::Accept);
    assert_eq!(judged.holder_binding().result, CheckResult::NotChecked);
    let keyless = WORLD.bind(&WORLD.with("cnf", json!(null)));
    assert_eq!(WORLD.code(&keyless, &ROADSIDE), Code::HolderBindingFailed);
}

#[test]
fn co_31_an_approval_is_no_verification() {
    let terms = BindTerms {
        audience: AUDIENCE,
        nonce: NONCE,
        transaction: Some(Digest::of("transaction")),
    };
    let token = bind(&WORLD.presentation(), terms, &WORLD.holder, WORLD.now).unwrap();
    for terms in [DEMANDED, ROADSIDE] {
        assert_eq!(WORLD.code(&token, &terms), Code::HolderBindingFailed);
    }
    for (name, value) in
        [("transaction_data_hashes", json!([])), ("transaction_data_hashes_alg", json!("sha-256"))]
    {
        let token = bound_with(|_, claims| claims[name] = value);
        assert_eq!(code(&token), Code::HolderBindingFailed, "{name}");
    }
}

mod approval {
    use super::*;

    fn expected() -> Approval<'static> {
        Approval { audience: AUDIENCE, nonce: NONCE, transaction: Digest::of("transaction") }
    }

    fn bare() -> String {
        present(&WORLD.issue(LicenceType::VehicleCertificate), &[]).unwrap()
    }

    fn approval_of(token: &str, transaction: Option<Digest>) -> String {
        let terms = BindTerms { audience: AUDIENCE, nonce: NONCE, transaction };
        bind(token, terms, &WORLD.holder, WORLD.now).unwrap()
    }

    fn refusal(token: &str, expected: Approval<'_>) -> ApprovalError {
        let error = approve(token, &WORLD.snapshot, expected, WORLD.now).unwrap_err();
        assert_eq!(error.code(), Code::HolderSignatureInvalid);
        error
    }

    #[test]
    fn the_holder_approves_one_transaction() {
        let token = approval_of(&bare(), Some(expected().transaction));
        let approved = approve(&token, &WORLD.snapshot, expected(), WORLD.now).unwrap();
        assert_eq!(approved.holder_key(), crate::crypto::Signer::public_key(&WORLD.holder));
        assert_eq!(approved.identifier(), WORLD.examine(&token).unwrap().identifier());
        assert_eq!(approved.at(), WORLD.now);
    }

    #[test]
    fn co_12_nobody_else_approves() {
        let stranger = SoftwareKey::generate(Algorithm::Es256).unwrap();
        let terms = BindTerms {
            audience: AUDIENCE,
            nonce: NONCE,
            transaction: Some(expected().transaction),
        };
        let token = bind(&bare(), terms, &stranger, WORLD.now).unwrap();
        assert_eq!(refusal(&token, expected()), ApprovalError::Binding(BindingError::Signature));
        let keyless = WORLD.bind(&WORLD.with("cnf", json!(null)));
        assert_eq!(refusal(&keyless, expected()), ApprovalError::NoHolderKey);
        assert_eq!(refusal(&bare(), expected()), ApprovalError::NoKeyBinding);
    }

    #[test]
    fn co_31_a_verification_is_no_approval() {
        let shown = WORLD.bind(&bare());
        assert_eq!(refusal(&shown, expected()), ApprovalError::Binding(BindingError::Transaction));
    }

    #[test]
    fn nothing_else_is_approved() {
        let binding = ApprovalError::Binding;
        let other = approval_of(&bare(), Some(Digest::of("another")));
        assert_eq!(refusal(&other, expected()), binding(BindingError::Transaction));
        let token = approval_of(&bare(), Some(expected().transaction));
        let nonce = Approval { nonce: "n-0", ..expected() };
        assert_eq!(refusal(&token, nonce), binding(BindingError::Nonce));
        let audience = Approval { audience: "https://other.example", ..expected() };
        assert_eq!(refusal(&token, audience), binding(BindingError::Audience));
        let later =
            approve(&token, &WORLD.snapshot, expected(), WORLD.now + Duration::from_secs(301));
        assert_eq!(later.unwrap_err(), binding(BindingError::Age));
    }

    #[test]
    fn an_approval_discloses_nothing() {
        let token = approval_of(&WORLD.presentation(), Some(expected().transaction));
        assert_eq!(refusal(&token, expected()), ApprovalError::Disclosures);
        let forged = approval_of(&bare(), Some(expected().transaction)).replacen("ey", "eY", 1);
        assert!(matches!(refusal(&forged, expected()), ApprovalError::Credential(_)));
    }
}
