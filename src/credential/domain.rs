//! What the claims say beside the licence's validity: the identifier's check character, the annual
//! review, the conditions of vehicle and operator. Each is an axis of its own.
//!
//! Only what is shown is judged; a claim that stays hidden says nothing.

use serde_json::{Map, Value};

use crate::base::{CivilDate, Code, Timestamp};
use crate::licence::{AnnualReview, CheckVerdict, Identifier, OperatorStatus, VehicleStatus};

/// The codes that the shown claims give at `now`, in the order of checks.
pub(super) fn findings(claims: &Map<String, Value>, now: Timestamp) -> Vec<Code> {
    let findings = [review(claims, now), vehicle(claims), operator(claims)];
    findings.into_iter().flatten().collect()
}

/// The annual review, when shown and known.
pub(super) fn annual_review(claims: &Map<String, Value>) -> Option<AnnualReview> {
    text(claims, "annualReviewStatus").and_then(AnnualReview::from_code)
}

/// A note on the identifier's check character: a defect of data, never a proof of forgery.
pub(super) fn identifier_note(identifier: &Identifier) -> Option<Code> {
    match identifier.check() {
        CheckVerdict::Bad => Some(Code::IdentifierBad),
        CheckVerdict::Variant => Some(Code::IdentifierVariant),
        CheckVerdict::None | CheckVerdict::Standard => None,
    }
}

fn review(claims: &Map<String, Value>, now: Timestamp) -> Option<Code> {
    if annual_review(claims) == Some(AnnualReview::Failed) {
        return Some(Code::ReviewFailed);
    }
    let code_is_unknown =
        claims.contains_key("annualReviewStatus") && annual_review(claims).is_none();
    let due = claims.get("annualReviewValidTo");
    let is_past = due.is_some_and(|due| {
        let day = due.as_str().and_then(|day| day.parse::<CivilDate>().ok());
        day.is_none_or(|day| day.end() <= now)
    });
    (code_is_unknown || is_past).then_some(Code::ReviewOverdue)
}

fn vehicle(claims: &Map<String, Value>) -> Option<Code> {
    let status = text(claims, "vehicleOperatingStatus")?;
    let in_service = VehicleStatus::from_code(status).is_some_and(VehicleStatus::may_operate);
    (!in_service).then_some(Code::VehicleNotInService)
}

fn operator(claims: &Map<String, Value>) -> Option<Code> {
    let status = text(claims, "operatingStatus")?;
    let operating =
        OperatorStatus::from_field_code(status).is_some_and(OperatorStatus::is_operating);
    (!operating).then_some(Code::OperatorNotOperating)
}

fn text<'claims>(claims: &'claims Map<String, Value>, name: &str) -> Option<&'claims str> {
    claims.get(name)?.as_str()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn codes(claims: &Value) -> Vec<Code> {
        findings(claims.as_object().unwrap(), "2026-11-22T08:00:00Z".parse().unwrap())
    }

    #[test]
    fn a_sound_or_silent_licence_has_no_findings() {
        assert_eq!(codes(&json!({})), []);
        let sound = json!({
            "annualReviewStatus": "1", "annualReviewValidTo": "20261122",
            "vehicleOperatingStatus": "10", "operatingStatus": "1",
        });
        assert_eq!(codes(&sound), []);
        assert_eq!(codes(&json!({"annualReviewStatus": "0"})), [], "new vehicles are not due yet");
    }

    #[test]
    fn each_condition_has_its_own_code() {
        for (claims, code) in [
            (json!({"annualReviewStatus": "2"}), Code::ReviewFailed),
            (json!({"annualReviewStatus": "x"}), Code::ReviewOverdue),
            (json!({"annualReviewValidTo": "20261121"}), Code::ReviewOverdue),
            (json!({"annualReviewValidTo": "soon"}), Code::ReviewOverdue),
            (json!({"vehicleOperatingStatus": "21"}), Code::VehicleNotInService),
            (json!({"vehicleOperatingStatus": "?"}), Code::VehicleNotInService),
            (json!({"operatingStatus": "2"}), Code::OperatorNotOperating),
            (json!({"operatingStatus": "7"}), Code::OperatorNotOperating),
        ] {
            assert_eq!(codes(&claims), [code], "{claims}");
        }
    }
}
