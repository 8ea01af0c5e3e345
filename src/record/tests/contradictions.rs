//! Records whose maker signed, with its own key, what the evidence in them does not bear out.

use std::time::Duration;

use serde_json::json;

use super::super::testing::{MAKERS_LOG, WORLD, checkpoint};
use super::{code, resigned, spoilt};
use crate::base::Code;
use crate::credential::CheckResult;
use crate::crypto::Algorithm;
use crate::crypto::seal::SoftwareKey;
use crate::record::Attestation;

#[test]
fn a_checkpoint_is_the_makers_own_or_absent() {
    let makers = || checkpoint(MAKERS_LOG, &WORLD.log);
    let stranger = SoftwareKey::generate(Algorithm::EdDsa).unwrap();
    let not_signed = || makers().split_once("\n\n").map(|(text, _)| format!("{text}\n")).unwrap();
    for (note, why) in [
        (checkpoint(MAKERS_LOG, &stranger), "a key that is not listed"),
        (checkpoint("elicence/120000/audit", &WORLD.log), "the log of another province"),
        (checkpoint("elicence/hub/audit", &WORLD.log), "the log of the hub"),
        (makers().replace("\n13\n", "\n14\n"), "another size"),
        (not_signed(), "a text without a signature"),
        (String::new(), "nothing"),
    ] {
        let verification =
            WORLD.verify(&resigned(|record| record.audit.maker_checkpoint = Some(note)));
        assert_eq!(verification.codes, [Code::RecordProofInvalid], "{why}");
        assert_eq!(verification.layers.trust, CheckResult::Failed, "{why}");
    }
    assert_eq!(code(&resigned(|record| record.audit.maker_checkpoint = None)), Code::Ok);
    // The issuing province is a member too, but not the one whose log this is.
    let moved = resigned(|record| {
        record.annotation.copy_creator = WORLD.issuing().division.member();
    });
    assert_eq!(code(&moved), Code::RecordProofInvalid);
}

#[test]
fn a_copy_is_kept_no_longer_than_was_agreed() {
    let agreed = WORLD.created() + Duration::from_hours(24 * 186);
    for (expires, expected) in [
        (WORLD.created(), Code::Ok),
        (agreed, Code::Ok),
        (agreed + Duration::from_secs(1), Code::RecordGrant),
        (agreed + Duration::from_hours(24 * 366 * 100), Code::RecordGrant),
    ] {
        let record = resigned(|record| record.annotation.copy_expires = expires);
        let verification = WORLD.verify(&record);
        assert_eq!(verification.codes, [expected], "{expires}");
        let is_attested = verification.layers.authorization == Attestation::Attested;
        assert_eq!(is_attested, expected == Code::Ok, "{expires}");
    }
}

#[test]
fn the_stored_verdict_is_computed_again() {
    for (pointer, value) in [
        ("/signature/indication", json!("TOTAL-FAILED")),
        ("/signature/signing_time", json!("2026-11-21T08:00:00Z")),
        ("/signature/chain", json!([])),
        ("/signature", json!(null)),
        ("/licence/status", json!("revoked")),
        ("/licence/identifier", json!("x")),
        ("/licence/type", json!("x")),
        ("/licence/valid_from", json!("2020-01-01T00:00:00Z")),
        ("/licence/valid_from", json!(null)),
        ("/licence/valid_until", json!("2099-12-31T16:00:00Z")),
        ("/licence/annual_review", json!("passed")),
        ("/decision", json!("CHECK")),
        ("/decision", json!("REFUSE")),
        ("/decision", json!(null)),
        ("/reasons", json!([{ "code": "licence.revoked" }])),
        ("/reasons", json!([{ "code": "ok" }, { "code": "review.overdue" }])),
        ("/reasons", json!([{ "code": "ok" }, { "code": "no.such.code" }])),
        ("/reasons", json!([{ "code": "ok" }, {}])),
        ("/reasons", json!([])),
        ("/reasons", json!(null)),
        ("/issuer/member", json!("urn:elicence:member:130000")),
        ("/issuer/division", json!("130000")),
        ("/issuer", json!(null)),
        ("/freshness", json!(null)),
        ("/freshness", json!({})),
        ("/freshness", json!("fresh")),
        ("/authorization/kind", json!("statutory")),
        ("/authorization/kind", json!(null)),
        ("/authorization/result", json!("NOT_NEEDED")),
        ("/authorization/result", json!(null)),
        ("/authorization/grant_id", json!("grt_0")),
        ("/authorization", json!(null)),
        ("/disclosed", json!(["ownerName"])),
        ("/disclosed", json!(null)),
        ("/disclosed", json!([{ "plateNumber": "津A12345" }])),
    ] {
        let record = resigned(|record| {
            let (layer, member) = pointer.rsplit_once('/').unwrap();
            record.verification_report.pointer_mut(layer).unwrap()[member] = value.clone();
        });
        let verification = WORLD.verify(&record);
        assert_eq!(verification.codes, [Code::RecordVerdictMismatch], "{pointer} {value}");
        assert_eq!(verification.layers.authorization, Attestation::NotChecked, "{pointer}");
    }
}

#[test]
fn without_a_status_a_verdict_must_still_follow_from_its_reasons() {
    let revoked = json!([{ "code": "licence.revoked" }]);
    for (decision, reasons, agrees) in [
        ("REFUSE", &revoked, true),
        ("ACCEPT", &revoked, false),
        ("CHECK", &revoked, false),
        ("ACCEPT", &json!([]), false),
        ("CHECK", &json!([{ "code": "identifier.variant" }]), false),
    ] {
        let record = spoilt(|case| {
            case.status_token = "no token".to_owned();
            case.report["decision"] = json!(decision);
            case.report["reasons"] = reasons.clone();
        });
        let codes = WORLD.verify(&record).codes;
        assert!(codes.contains(&Code::RecordStatus));
        let differs = codes.contains(&Code::RecordVerdictMismatch);
        assert_eq!(differs, !agrees, "{decision} {reasons}");
    }
}
