//! The stored verdict against the one that the evidence gives. Nothing is taken from the stored
//! one: where it says something else, the record is refused.

use std::collections::BTreeSet;

use serde::Serialize;
use serde_json::Value;

use super::basis::Granted;
use super::document::Record;
use super::standing::AtUse;
use crate::base::{Code, GrantId};
use crate::credential::Decision;

/// Whether the stored verdict agrees with what the evidence gives: decision and reasons,
/// signature, issuer, licence, grant, and the names of what is disclosed. Why the gateways'
/// policies permitted the use, and how old their inputs were, is their word.
pub(super) fn compare_report(
    record: &Record,
    at_use: &AtUse,
    granted: &Granted,
) -> Result<(), Code> {
    let stored = &record.verification_report;
    let agrees = verdict_agrees(stored, at_use)
        && signature_agrees(stored, at_use)
        && issuer_agrees(stored, at_use)
        && licence_agrees(stored, at_use)
        && authorization_agrees(stored, &granted.id)
        && states_freshness(stored)
        && names_agree(stored, &granted.disclosed);
    if agrees { Ok(()) } else { Err(Code::RecordVerdictMismatch) }
}

fn verdict_agrees(stored: &Value, at_use: &AtUse) -> bool {
    let Some(codes) = reason_codes(stored) else { return false };
    let recomputed = at_use.judged.reasons().iter().copied();
    if at_use.has_status() {
        return codes == recomputed.collect() && decides(stored, at_use.judged.decision());
    }
    // Without a status all that can be asked is that nothing else that was found is left out, and
    // that the decision follows from the reasons given for it.
    let mut known = recomputed.filter(|code| !matches!(code, Code::Ok | Code::StatusUnavailable));
    let decision = codes.iter().filter_map(|code| Decision::of(*code)).max();
    known.all(|code| codes.contains(&code))
        && decision.is_some_and(|decision| decides(stored, decision))
}

/// The codes of the stored reasons; `None` when one of them is no code.
fn reason_codes(stored: &Value) -> Option<BTreeSet<Code>> {
    let reasons = stored.get("reasons")?.as_array()?;
    let code = |reason: &Value| serde_json::from_value(reason.get("code")?.clone()).ok();
    reasons.iter().map(code).collect()
}

fn decides(stored: &Value, decision: Decision) -> bool {
    says(stored, "/decision", decision.word())
}

fn signature_agrees(stored: &Value, at_use: &AtUse) -> bool {
    // Without a status the indication cannot be computed again.
    let members: &[&str] = if at_use.has_status() {
        &["indication", "sub_indication", "alg", "signing_time", "chain"]
    } else {
        &["alg", "signing_time", "chain"]
    };
    members_agree(stored.get("signature"), at_use.judged.signature(), members)
}

fn issuer_agrees(stored: &Value, at_use: &AtUse) -> bool {
    let content = at_use.judged.content();
    says(stored, "/issuer/member", &content.issuer().member().to_string())
        && says(stored, "/issuer/division", content.division().as_str())
}

fn licence_agrees(stored: &Value, at_use: &AtUse) -> bool {
    let licence = at_use.judged.licence();
    let dated = ["valid_from", "valid_until", "annual_review"];
    says(stored, "/licence/type", licence.licence_type.code())
        && says(stored, "/licence/identifier", licence.identifier.as_str())
        && (!at_use.has_status() || says(stored, "/licence/status", licence.status.token()))
        && members_agree(stored.get("licence"), licence, &dated)
}

/// A record is of a use that the holder granted (Article 12), and of no other.
fn authorization_agrees(stored: &Value, grant: &GrantId) -> bool {
    says(stored, "/authorization/result", "PASSED")
        && says(stored, "/authorization/kind", "holder")
        && says(stored, "/authorization/grant_id", grant.as_str())
}

/// The ages cannot be computed again, but a verdict that is silent on them is none.
fn states_freshness(stored: &Value) -> bool {
    stored.get("freshness").and_then(Value::as_object).is_some_and(|members| !members.is_empty())
}

/// Names only, and among them all that is disclosed: the report may also name what a credential
/// always shows, and what was taken out since.
fn names_agree(stored: &Value, disclosed: &[String]) -> bool {
    let Some(names) = stored.get("disclosed").and_then(Value::as_array) else { return false };
    names.iter().all(Value::is_string)
        && disclosed.iter().all(|name| names.iter().any(|stored| stored == name))
}

/// Whether these members of a layer are those of the layer computed again; one that is absent is
/// the same as null.
fn members_agree(stored: Option<&Value>, recomputed: &impl Serialize, members: &[&str]) -> bool {
    let Ok(recomputed) = serde_json::to_value(recomputed) else { return false };
    members.iter().all(|member| {
        let stored = stored.and_then(|stored| stored.get(member));
        stored.unwrap_or(&Value::Null) == recomputed.get(member).unwrap_or(&Value::Null)
    })
}

fn says(stored: &Value, pointer: &str, expected: &str) -> bool {
    stored.pointer(pointer).and_then(Value::as_str) == Some(expected)
}
