//! The verification report: what a check found, layer by layer, then one decision for people, with
//! a detached signature over its canonical form.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::answer::AuditPosition;
use crate::audit::Receipt;
use crate::base::{Answer, Code, Entropy, MemberId, ReportId, Text, Timestamp};
use crate::credential::Decision;
use crate::crypto::jws::{Header, JwsError, Typ, sign_detached, verify_detached};
use crate::crypto::{Digest, PublicKey, SealError, Signer};
use crate::trust::{Snapshot, TrustAge, TrustReference};

/// A report in the form in which it is signed and sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VerificationReport {
    /// Its identifier.
    pub id: ReportId,
    /// `VerificationReport`.
    #[serde(rename = "type")]
    pub report_type: String,
    /// `1.0`.
    pub report_version: String,
    /// ACCEPT, REFUSE or CHECK.
    pub decision: Decision,
    /// Why, gravest first.
    pub reasons: Vec<Reason>,
    /// Signature and chain; null when nothing signed was presented.
    pub signature: Option<Value>,
    /// Whose word it rests on.
    pub issuer: Option<IssuerLayer>,
    /// What is known of the licence.
    pub licence: Option<LicenceLayer>,
    /// Whether the holder was bound to it.
    pub holder_binding: Value,
    /// On what ground data was shown.
    pub authorization: Authorization,
    /// How old the inputs were.
    pub freshness: Freshness,
    /// The claims shown.
    pub disclosed: Map<String, Value>,
    /// Where the check stands in the audit log; null on a read-only store.
    pub evidence: Evidence,
    /// Eight characters that find the check again from a document on paper.
    pub check_number: String,
    /// The request's trace.
    pub trace_id: String,
    /// The policy it was judged by.
    pub policy: String,
    /// The detached signature.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jws: Option<String>,
}

/// The decision that `reasons` lead to: the gravest wins, and no reason is no acceptance.
#[must_use]
pub fn decision_of(reasons: &[Code]) -> Decision {
    reasons.iter().filter_map(|code| Decision::of(*code)).max().unwrap_or(Decision::Check)
}

/// One reason, with what it means and what to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// The published code.
    pub code: Code,
    /// `info`, `warning` or `error`.
    pub severity: String,
    /// What is the case.
    pub text: Text,
    /// What to do next.
    pub next_step: Text,
}

impl Reason {
    fn of(code: Code) -> Self {
        let severity = match code.answer() {
            Answer::Accept | Answer::Info => "info",
            Answer::Refuse => "error",
            _ => "warning",
        };
        Self {
            code,
            severity: severity.to_owned(),
            text: code.reason_text(),
            next_step: code.next_step_text(),
        }
    }
}

/// The province and the list behind a verdict.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IssuerLayer {
    /// The issuing division.
    pub division: String,
    /// The member that vouches for it.
    pub member: MemberId,
    /// The list relied on.
    pub trust_list: TrustList,
}

/// The list relied on, so that the verdict can be judged again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrustList {
    /// Its sequence number.
    pub sequence: u64,
    /// SHA-256 of its payload.
    pub digest: String,
    /// Sequence number of the federation list.
    pub federation: u64,
    /// Sequence number of the root.
    pub root: u64,
    /// Size of the list log.
    pub log_size: u64,
    /// Signing time of the freshness statement.
    pub as_of: Option<Timestamp>,
    /// Older than an hour.
    pub stale: bool,
    /// Cosigned by others than the log's operator.
    pub witnessed: bool,
}

impl TrustList {
    /// The list named by `reference`, seen through `snapshot` at `now`.
    #[must_use]
    pub fn of(reference: TrustReference, snapshot: &Snapshot, now: Timestamp) -> Self {
        Self {
            sequence: reference.sequence,
            digest: format!("sha-256:{}", reference.digest),
            federation: reference.federation,
            root: reference.root,
            log_size: reference.log_size,
            as_of: reference.as_of,
            stale: snapshot.age(now) >= TrustAge::Stale,
            witnessed: snapshot.is_witnessed(),
        }
    }
}

/// What is known of the licence; the same legal effect whatever it is written on (Article 6).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LicenceLayer {
    /// The type's code.
    #[serde(rename = "type")]
    pub licence_type: String,
    /// Its identifier.
    pub identifier: String,
    /// electronic, paper or ic_card.
    pub carrier: String,
    /// Always `same-as-paper`.
    pub legal_effect: String,
    /// `credential` or `register`.
    pub source: String,
    /// Its status.
    pub status: String,
    /// `status-list` or `register`.
    pub status_source: String,
    /// When the status was stated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub as_of: Option<Timestamp>,
    /// For how many seconds it may be kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ttl: Option<u64>,
    /// First day.
    pub valid_from: String,
    /// Last day.
    pub valid_until: String,
    /// Annual review, where the type has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub annual_review: Option<String>,
}

/// On what ground data was shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Authorization {
    /// `PASSED`, or `NOT_NEEDED` when only what was presented is shown.
    pub result: String,
    /// `presented`, `statutory` or `holder`.
    pub kind: String,
    /// The grant, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grant_id: Option<String>,
    /// The inspection, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inspection_ref: Option<String>,
}

impl Authorization {
    /// Nothing beyond what the caller itself presented is shown.
    #[must_use]
    pub fn presented() -> Self {
        Self {
            result: "NOT_NEEDED".to_owned(),
            kind: "presented".to_owned(),
            grant_id: None,
            inspection_ref: None,
        }
    }

    /// A disclosure under a holder's grant.
    #[must_use]
    pub fn granted(grant_id: String) -> Self {
        Self {
            result: "PASSED".to_owned(),
            kind: "holder".to_owned(),
            grant_id: Some(grant_id),
            inspection_ref: None,
        }
    }

    /// A statutory view under an inspection.
    #[must_use]
    pub fn statutory(inspection_ref: String) -> Self {
        Self {
            result: "PASSED".to_owned(),
            kind: "statutory".to_owned(),
            grant_id: None,
            inspection_ref: Some(inspection_ref),
        }
    }
}

/// How old the inputs of a verdict were.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Freshness {
    /// fresh, cached, stale or expired.
    pub mode: String,
    /// Whether the last refresh reached the hub.
    pub hub_reachable: bool,
    /// Age in seconds of the oldest input.
    pub oldest_input_age_s: u64,
    /// The age in seconds that the use allows.
    pub max_age_s: u64,
    /// Whether the inputs are young enough to say *today*.
    pub establishes_current: bool,
}

impl Freshness {
    /// The freshness of a verdict at `now` that rests on `snapshot` and on a status of `as_of`.
    #[must_use]
    pub fn of(
        snapshot: &Snapshot,
        hub_reachable: bool,
        as_of: Option<Timestamp>,
        max_age_s: u64,
        now: Timestamp,
    ) -> Self {
        let age = snapshot.age(now);
        let mode = match age {
            TrustAge::Fresh => "fresh",
            TrustAge::Cached => "cached",
            TrustAge::Stale => "stale",
            TrustAge::Expired => "expired",
        };
        let inputs = [snapshot.as_of(), as_of];
        let ages = inputs.into_iter().flatten().map(|instant| now.since(instant).as_secs());
        let oldest_input_age_s = ages.max().unwrap_or_default();
        Self {
            mode: mode.to_owned(),
            hub_reachable,
            oldest_input_age_s,
            max_age_s,
            establishes_current: age < TrustAge::Stale && oldest_input_age_s <= max_age_s,
        }
    }
}

/// Where a check stands on the record.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// The entry in this gateway's log.
    pub audit: Option<AuditPosition>,
}

/// What the layers found, before it is a report.
#[derive(Clone, Debug)]
pub struct Findings {
    /// Codes of all layers.
    pub reasons: Vec<Code>,
    /// Signature and chain.
    pub signature: Option<Value>,
    /// Whose word it rests on.
    pub issuer: Option<IssuerLayer>,
    /// What is known of the licence.
    pub licence: Option<LicenceLayer>,
    /// Whether the holder was bound to it.
    pub holder_binding: Value,
    /// On what ground data is shown.
    pub authorization: Authorization,
    /// How old the inputs were.
    pub freshness: Freshness,
    /// The claims shown.
    pub disclosed: Map<String, Value>,
    /// The policy it was judged by.
    pub policy: String,
}

impl Findings {
    /// Makes the report, not yet on the record and not yet signed.
    #[must_use]
    pub fn into_report(
        mut self,
        trace_id: &str,
        now: Timestamp,
        entropy: &dyn Entropy,
    ) -> VerificationReport {
        // A note leads to nothing, and so stands last.
        self.reasons.sort_by_key(|code| std::cmp::Reverse(Decision::of(*code)));
        VerificationReport {
            id: ReportId::generate(now, entropy),
            report_type: "VerificationReport".to_owned(),
            report_version: "1.0".to_owned(),
            decision: decision_of(&self.reasons),
            reasons: self.reasons.into_iter().map(Reason::of).collect(),
            signature: self.signature,
            issuer: self.issuer,
            licence: self.licence,
            holder_binding: self.holder_binding,
            authorization: self.authorization,
            freshness: self.freshness,
            disclosed: self.disclosed,
            evidence: Evidence::default(),
            check_number: check_number(entropy),
            trace_id: trace_id.to_owned(),
            policy: self.policy,
            jws: None,
        }
    }
}

impl VerificationReport {
    /// The first code: what a metric and a person see first.
    #[must_use]
    pub fn leading_code(&self) -> Code {
        self.reasons.first().map_or(Code::Ok, |reason| reason.code)
    }

    /// Digest of the report before it is on the record: what its audit entry names.
    #[must_use]
    pub fn digest(&self) -> Digest {
        let unsigned = Self { evidence: Evidence::default(), jws: None, ..self.clone() };
        Digest::of(crate::crypto::json::canonical(&unsigned).unwrap_or_default())
    }

    /// Puts the report on record and signs it.
    pub fn sign(mut self, receipt: &Receipt, signer: &dyn Signer) -> Result<Self, SealError> {
        self.evidence.audit = Some(AuditPosition::of(receipt));
        self.jws = None;
        self.jws = Some(sign_detached(signer, Header::new(Typ::Report), &self)?);
        Ok(self)
    }

    /// Verifies the report's own signature.
    pub fn verify(&self, key: &PublicKey) -> Result<(), JwsError> {
        let signature = self.jws.as_deref().ok_or(JwsError::Signature)?;
        let unsigned = Self { jws: None, ..self.clone() };
        verify_detached(signature, &unsigned, key, Typ::Report)
    }
}

/// Eight characters in two groups, without those that people confuse.
fn check_number(entropy: &dyn Entropy) -> String {
    const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    let mut bytes = [0; 8];
    entropy.fill(&mut bytes);
    let letter = |byte: &u8| char::from(ALPHABET[usize::from(byte & 31)]);
    let (first, second) = bytes.split_at(4);
    let group = |half: &[u8]| half.iter().map(letter).collect::<String>();
    format!("{}-{}", group(first), group(second))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_is_never_accept() {
        assert_eq!(decision_of(&[]), Decision::Check);
        assert_eq!(decision_of(&[Code::NotShown]), Decision::Check);
        assert_eq!(decision_of(&[Code::Ok]), Decision::Accept);
        assert_eq!(decision_of(&[Code::Ok, Code::ReviewOverdue]), Decision::Check);
        assert_eq!(
            decision_of(&[Code::Ok, Code::LicenceRevoked, Code::StatusStale]),
            Decision::Refuse
        );
        for code in Code::ALL {
            if !matches!(code.answer(), Answer::Accept) {
                assert_ne!(decision_of(&[*code]), Decision::Accept, "{code}");
            }
        }
    }
}
