//! Section F of the catalogue: status lists.

use std::time::Duration;

use serde_json::{Value, json};

use super::super::testing::{INDEX, ROADSIDE, WORLD, jwt};
use super::super::*;
use crate::base::{Code, Timestamp, limits};
use crate::crypto::{Digest, base64url};
use crate::licence::LicenceStatus;

const HOUR: Duration = Duration::from_hours(1);

fn judge(list: &VerifiedStatusList, ended_as: Option<LicenceStatus>) -> Judged {
    let evidence = StatusEvidence::List { list, ended_as };
    WORLD.examine(&WORLD.presentation()).unwrap().judge(evidence, &ROADSIDE, WORLD.now)
}

fn judge_token(token: &str) -> Code {
    WORLD.code(token, &ROADSIDE)
}

/// The province's list with claims of the test's own.
fn spoiled(change: impl FnOnce(&mut Value)) -> String {
    let token = WORLD.status_token(&[], WORLD.now);
    let payload = base64url::decode(token.split('.').nth(1).unwrap()).unwrap();
    let mut claims: Value = serde_json::from_slice(&payload).unwrap();
    change(&mut claims);
    let header = json!({"alg": "ES256", "typ": "statuslist+jwt"});
    jwt(&header, claims.to_string().as_bytes(), &WORLD.province().status_signer.key)
}

fn refusal(token: &str) -> StatusListError {
    WORLD.verify_status(token).unwrap_err()
}

#[test]
fn each_value_has_its_meaning() {
    for (value, status, code, decision) in [
        (StatusValue::Valid, LicenceStatus::Valid, Code::Ok, Decision::Accept),
        (StatusValue::Ended, LicenceStatus::Invalid, Code::LicenceInvalid, Decision::Refuse),
        (
            StatusValue::SeeRegister,
            LicenceStatus::Unknown,
            Code::LicenceStatusUnknown,
            Decision::Check,
        ),
    ] {
        let judged = judge(&WORLD.status(value), None);
        assert_eq!(judged.licence().status, status);
        assert_eq!((judged.decision(), judged.reasons()), (decision, &[code][..]));
    }
}

#[test]
fn an_ended_licence_is_named_by_the_act_that_ended_it_and_never_revives() {
    let ended = WORLD.status(StatusValue::Ended);
    for (act, code) in [
        (LicenceStatus::Revoked, Code::LicenceRevoked),
        (LicenceStatus::Withdrawn, Code::LicenceWithdrawn),
        (LicenceStatus::Cancelled, Code::LicenceCancelled),
        (LicenceStatus::Superseded, Code::LicenceSuperseded),
        (LicenceStatus::TransferredOut, Code::LicenceTransferredOut),
        (LicenceStatus::Expired, Code::LicenceExpired),
        (LicenceStatus::Invalid, Code::LicenceInvalid),
        (LicenceStatus::Valid, Code::LicenceInvalid),
        (LicenceStatus::Suspended, Code::LicenceInvalid),
        (LicenceStatus::Unknown, Code::LicenceInvalid),
    ] {
        let judged = judge(&ended, Some(act));
        assert_eq!((judged.decision(), judged.reasons()[0]), (Decision::Refuse, code), "{act:?}");
        assert_eq!(judged.signature().indication, crate::base::MainIndication::TotalPassed);
    }
    assert_eq!(
        judge(&WORLD.status(StatusValue::Valid), Some(LicenceStatus::Revoked)).decision(),
        Decision::Accept,
        "the act is asked for ended licences only"
    );
}

#[test]
fn past_its_end_comes_before_the_status_bit() {
    let payload = WORLD.with("exp", json!(WORLD.now.unix_seconds() - 3600));
    let list = WORLD.status(StatusValue::Ended);
    let evidence = StatusEvidence::List { list: &list, ended_as: Some(LicenceStatus::Revoked) };
    let judged = WORLD.examine(&payload).unwrap().judge(evidence, &ROADSIDE, WORLD.now);
    assert_eq!(judged.reasons(), [Code::LicenceExpired]);
    assert_eq!(judged.licence().status, LicenceStatus::Expired);
}

#[test]
fn sl_01_an_index_is_a_number_inside_the_list() {
    let status = |idx: Value| {
        WORLD.with("status", json!({"status_list": {"idx": idx, "uri": WORLD.status_uri()}}))
    };
    for idx in [json!(1 << 17), json!(u64::MAX), json!(-1), json!(1e20), json!("4711"), json!(1.0)]
    {
        assert_eq!(judge_token(&status(idx.clone())), Code::FormatDamaged, "{idx}");
    }
    assert_eq!(judge_token(&status(json!((1 << 17) - 1))), Code::Ok);
}

#[test]
fn sl_02_the_list_of_another_address() {
    let token = spoiled(|claims| claims["sub"] = json!(format!("{}/", WORLD.status_uri())));
    assert_eq!(refusal(&token), StatusListError::OtherAddress);
    assert_eq!(refusal(&token).code(), Code::StatusUnavailable);
    // A sound list that is not the one the credential names.
    let other = json!({"status_list": {"idx": 1, "uri": WORLD.status_uri() + "2"}});
    assert_eq!(judge_token(&WORLD.with("status", other)), Code::StatusUnavailable);
}

#[test]
fn sl_03_signed_by_another_key_or_province() {
    let neighbour = WORLD.federation.province("130000");
    let claims = json!({"sub": WORLD.status_uri(), "iat": WORLD.now.unix_seconds(),
        "status_list": {"bits": 2, "lst": "eNpjYAAAAAIAAQ"}});
    let header = json!({"alg": "ES256", "typ": "statuslist+jwt"});
    let claims = claims.to_string();
    for key in
        [&neighbour.status_signer.key, &WORLD.province().issuer.key, &WORLD.province().gateway.key]
    {
        assert_eq!(refusal(&jwt(&header, claims.as_bytes(), key)), StatusListError::Signer);
    }
    let own = WORLD.status_token(&[], WORLD.now);
    let member = neighbour.division.member();
    let as_theirs =
        VerifiedStatusList::verify(&own, &WORLD.status_uri(), member, &WORLD.snapshot, WORLD.now);
    assert_eq!(as_theirs.unwrap_err(), StatusListError::Signer);
    for (typ, alg) in [("JWT", "ES256"), ("statuslist+jwt", "none"), ("statuslist+jwt", "HS256")] {
        let header = json!({"alg": alg, "typ": typ});
        let token = jwt(&header, claims.as_bytes(), &WORLD.province().status_signer.key);
        assert_eq!(refusal(&token).code(), Code::StatusUnavailable, "{typ} {alg}");
    }
}

#[test]
fn sl_04_past_its_end_too_old_or_from_the_future() {
    let now = WORLD.now.unix_seconds();
    for (claim, value) in [("exp", now - 60), ("iat", now + 61), ("iat", now - 86_401)] {
        let token = spoiled(|claims| claims[claim] = json!(value));
        assert_eq!(refusal(&token).code(), Code::StatusStale, "{claim} {value}");
    }
    // Taken while it was fresh, and kept for longer than the use allows.
    let list = WORLD.verify_status(&WORLD.status_token(&[], WORLD.now - HOUR)).unwrap();
    let disclosure = JudgeTerms { max_status_age: limits::STATUS_AGE_DISCLOSURE, ..ROADSIDE };
    let judge_at = |terms: &JudgeTerms<'_>, now: Timestamp| {
        let evidence = StatusEvidence::List { list: &list, ended_as: None };
        let judged = WORLD.examine(&WORLD.presentation()).unwrap().judge(evidence, terms, now);
        judged.reasons()[0]
    };
    let second = Duration::from_secs(1);
    assert_eq!(judge_at(&disclosure, WORLD.now), Code::Ok);
    assert_eq!(judge_at(&disclosure, WORLD.now + second), Code::StatusStale);
    assert_eq!(judge_at(&ROADSIDE, WORLD.now + 23 * HOUR), Code::Ok);
    assert_eq!(judge_at(&ROADSIDE, WORLD.now + 23 * HOUR + second), Code::StatusStale);
}

#[test]
fn sl_04_the_time_to_live_is_clamped() {
    for (ttl, seconds) in [(json!(0), 60), (json!(900), 900), (json!(u64::MAX), 43_200)] {
        let list = WORLD.verify_status(&spoiled(|claims| claims["ttl"] = ttl)).unwrap();
        assert_eq!(list.ttl().as_secs(), seconds);
        assert!(!list.is_due(WORLD.now));
        assert!(list.is_due(WORLD.now + Duration::from_secs(seconds)));
    }
}

#[test]
fn sl_05_sl_07_bombs_and_malformed_lists() {
    let huge = "A".repeat(limits::STATUS_LIST_COMPRESSED_BYTES + 1);
    assert_eq!(refusal(&huge), StatusListError::TooLarge);
    for list in [
        json!({"bits": 3, "lst": "eNpjYAAAAAIAAQ"}),
        json!({"bits": 16, "lst": "eNpjYAAAAAIAAQ"}),
        json!({"lst": "eNpjYAAAAAIAAQ"}),
        json!({"bits": 2, "lst": ""}),
        json!({"bits": 2}),
        json!([]),
    ] {
        let token = spoiled(|claims| claims["status_list"] = list.clone());
        assert_eq!(refusal(&token).code(), Code::StatusUnavailable, "{list}");
    }
    for token in ["", "a.b", "a.b.c.d", "a.b.c", "..", "{}"] {
        assert_eq!(refusal(token).code(), Code::StatusUnavailable, "{token}");
    }
}

#[test]
fn sl_09_suspended_is_not_valid() {
    let judged = judge(&WORLD.status(StatusValue::Suspended), None);
    assert_eq!(
        (judged.decision(), judged.reasons()[0]),
        (Decision::Refuse, Code::LicenceSuspended)
    );
    assert_eq!(judged.licence().status, LicenceStatus::Suspended);
}

fn list_at(at: Timestamp, entries: &[(u64, StatusValue)]) -> VerifiedStatusList {
    WORLD.verify_status(&WORLD.status_token(entries, at)).unwrap()
}

#[test]
fn sl_11_sl_20_an_older_list_is_not_taken() {
    let newest = list_at(WORLD.now, &[(INDEX, StatusValue::Ended)]);
    let older = list_at(WORLD.now - HOUR, &[]);
    assert!(matches!(older.following(&newest), Succession::Older));
}

#[test]
fn sl_13_an_address_outside_the_origin_is_never_fetched() {
    for uri in ["https://evil.example/v1", "http://169.254.169.254/", "file:///etc/passwd", ""] {
        let token = WORLD.with("status", json!({"status_list": {"idx": 1, "uri": uri}}));
        assert_eq!(WORLD.examine(&token).unwrap().status_reference(), None, "{uri}");
        assert_eq!(judge_token(&token), Code::StatusUnavailable);
    }
}

#[test]
fn sl_14_no_status_where_one_is_demanded() {
    for status in [json!(null), json!({}), json!({"identifier_list": {}})] {
        let judged = WORLD.judge(&WORLD.with("status", status), &ROADSIDE);
        assert_eq!(
            (judged.decision(), judged.reasons()[0]),
            (Decision::Refuse, Code::StatusMissing)
        );
    }
    assert_eq!(judge_token(&WORLD.with("status", json!("valid"))), Code::FormatDamaged);
}

#[test]
fn sl_15_sl_21_ended_stays_ended_without_a_signed_decision() {
    let held =
        list_at(WORLD.now - HOUR, &[(INDEX, StatusValue::Ended), (9, StatusValue::Suspended)]);
    let cleared = list_at(WORLD.now, &[]);
    let Succession::Newer { list, unproven } = cleared.following(&held) else {
        panic!("a newer list is taken");
    };
    assert_eq!(unproven, [INDEX], "a suspension may end without a decision");
    assert_eq!(list.entry(INDEX), Some(StatusValue::Ended));
    assert_eq!(list.entry(9), Some(StatusValue::Valid));
    assert_eq!(judge(&list, None).decision(), Decision::Refuse);

    let decision = json!([{"idx": INDEX, "at": WORLD.now.unix_seconds(),
        "decision_sha256": Digest::of("decision").to_string()}]);
    let reinstated = spoiled(|claims| claims["reinstated"] = decision);
    let reinstated = WORLD.verify_status(&reinstated).unwrap();
    let Succession::Newer { list, unproven } = reinstated.following(&held) else {
        panic!("a newer list is taken");
    };
    assert_eq!((list.entry(INDEX), unproven), (Some(StatusValue::Valid), Vec::new()));
}

#[test]
fn sl_17_without_a_list_the_status_is_not_known_and_a_kept_one_states_its_age() {
    let judged = WORLD.examine(&WORLD.presentation()).unwrap().judge(
        StatusEvidence::Unavailable,
        &ROADSIDE,
        WORLD.now,
    );
    assert_eq!(
        (judged.decision(), judged.reasons()),
        (Decision::Check, &[Code::StatusUnavailable][..])
    );
    assert_eq!((judged.licence().status, judged.licence().as_of), (LicenceStatus::Unknown, None));
    let kept = list_at(WORLD.now - 2 * HOUR, &[]);
    let judged = judge(&kept, None);
    assert_eq!(judged.decision(), Decision::Accept);
    assert_eq!(judged.licence().as_of, Some(WORLD.now - 2 * HOUR));
}
