//! The licence at the instant of use: its status by the embedded list, and whether the stored
//! verdict is the one that the evidence gives.

use std::time::Duration;

use base64::Engine as _;
use serde_json::Value;

use super::basis::Granted;
use super::document::Record;
use crate::base::{Code, GrantId, Timestamp, limits};
use crate::credential::{
    Authentic, Binding, Decision, JudgeTerms, Judged, StatusEvidence, VerifiedStatusList,
};
use crate::crypto::x509::Certificate;
use crate::trust::Snapshot;

/// The licence as it stood at the use.
pub(super) struct AtUse {
    /// The judgement.
    pub(super) judged: Judged,
    /// The embedded status list, when it covers the use.
    list: Option<VerifiedStatusList>,
}

impl AtUse {
    /// Judges `authentic` at `used`, or at the instant of the status list if that is later.
    pub(super) fn judge(
        authentic: Authentic,
        record: &Record,
        snapshot: &Snapshot,
        used: Timestamp,
    ) -> Self {
        let list = status_list(&authentic, record, snapshot, used);
        let evidence = list.as_ref().map_or(StatusEvidence::Unavailable, |list| {
            StatusEvidence::List { list, ended_as: None }
        });
        let instant = list.as_ref().map_or(used, |list| used.max(list.issued()));
        let terms = JudgeTerms {
            max_status_age: limits::STATUS_AGE_DISCLOSURE,
            binding: Binding::NotDemanded,
        };
        let judged = authentic.judge(evidence, &terms, instant);
        Self { judged, list }
    }

    /// What stands against the licence at the use, or at `instant` by its dates; and notes.
    pub(super) fn codes(&self, instant: Timestamp) -> (Vec<Code>, Vec<Code>) {
        let (mut codes, notes): (Vec<Code>, Vec<Code>) = self
            .judged
            .reasons()
            .iter()
            .copied()
            .filter(|code| *code != Code::Ok)
            .partition(|code| Decision::of(*code).is_some());
        if self.list.is_none() {
            codes.retain(|code| *code != Code::StatusUnavailable);
            codes.push(Code::RecordStatus);
        }
        let licence = self.judged.licence();
        if instant >= licence.valid_until {
            codes.push(Code::LicenceExpired);
        } else if instant < licence.valid_from {
            codes.push(Code::LicenceNotYetValid);
        }
        codes.sort_unstable();
        codes.dedup();
        (codes, notes)
    }

    /// Whether the status is young enough to speak of `now`.
    pub(super) fn is_fresh(&self, now: Timestamp) -> bool {
        self.list.as_ref().is_some_and(|list| list.is_fresh(limits::STATUS_AGE_DISCLOSURE, now))
    }
}

/// The embedded status list, if it is the one that the credential names, signed by its province,
/// and made within an hour of the use.
fn status_list(
    authentic: &Authentic,
    record: &Record,
    snapshot: &Snapshot,
    used: Timestamp,
) -> Option<VerifiedStatusList> {
    let reference = authentic.status_reference()?;
    let revocation = &record.revocation;
    if revocation.status_uri != reference.uri {
        return None;
    }
    let member = authentic.issuer().member();
    // A list from before the use is judged at the use, one from after it at the making.
    let verified = [used, record.created].into_iter().find_map(|instant| {
        let token = &revocation.status_token;
        VerifiedStatusList::verify(token, &reference.uri, member, snapshot, instant).ok()
    })?;
    let issued = verified.issued();
    let distance = used.since(issued).max(issued.since(used));
    // A list is fetched after it was signed, and before the record was made of it.
    let fetched = revocation.fetched_at;
    let is_ordered =
        issued <= fetched + limits::CLOCK_SKEW && fetched <= record.created + limits::CLOCK_SKEW;
    (distance <= FURTHEST_STATUS && is_ordered).then_some(verified)
}

/// Whether the stored verdict agrees with what the evidence gives: signature, licence, grant, and
/// the names of what is disclosed. Why the gateways' policies permitted the use is their word.
pub(super) fn compare_report(
    record: &Record,
    at_use: &AtUse,
    granted: &Granted,
) -> Result<(), Code> {
    let stored = &record.verification_report;
    let agrees = signature_agrees(stored, at_use)
        && licence_agrees(stored, at_use)
        && grant_agrees(stored, &granted.id)
        && names_agree(stored, &granted.disclosed);
    if agrees { Ok(()) } else { Err(Code::RecordVerdictMismatch) }
}

fn signature_agrees(stored: &Value, at_use: &AtUse) -> bool {
    let Ok(recomputed) = serde_json::to_value(at_use.judged.signature()) else { return false };
    // Without a status the indication cannot be computed again.
    let members: &[&str] = match at_use.list {
        Some(_) => &["indication", "sub_indication", "alg", "signing_time", "chain"],
        None => &["alg", "signing_time", "chain"],
    };
    let stored = stored.get("signature");
    members.iter().all(|member| {
        let stored = stored.and_then(|stored| stored.get(member));
        stored.unwrap_or(&Value::Null) == recomputed.get(member).unwrap_or(&Value::Null)
    })
}

fn licence_agrees(stored: &Value, at_use: &AtUse) -> bool {
    let licence = at_use.judged.licence();
    let says = |member: &str, expected: &str| {
        let found = stored.get("licence").and_then(|stored| stored.get(member));
        found.and_then(Value::as_str) == Some(expected)
    };
    says("type", licence.licence_type.code())
        && says("identifier", licence.identifier.as_str())
        && (at_use.list.is_none() || says("status", licence.status.token()))
}

fn grant_agrees(stored: &Value, grant: &GrantId) -> bool {
    let named = stored.get("authorization").and_then(|layer| layer.get("grant_id"));
    named.and_then(Value::as_str) == Some(grant.as_str())
}

/// Names only, and among them all that is disclosed: the report may also name what a credential
/// always shows, and what was taken out since.
fn names_agree(stored: &Value, disclosed: &[String]) -> bool {
    let Some(names) = stored.get("disclosed").and_then(Value::as_array) else { return false };
    names.iter().all(Value::is_string)
        && disclosed.iter().all(|name| names.iter().any(|stored| stored == name))
}

/// Whether `encoded` is exactly `chain`, in base64 DER.
pub(super) fn is_chain(encoded: &[String], chain: &[Certificate]) -> bool {
    let standard = &base64::engine::general_purpose::STANDARD;
    encoded.len() == chain.len()
        && encoded.iter().zip(chain).all(|(text, link)| *text == standard.encode(link.der()))
}

/// How far the status may lie from the use.
const FURTHEST_STATUS: Duration = limits::STATUS_AGE_DISCLOSURE;
