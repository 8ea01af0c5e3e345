//! A check of what somebody presents: from the judgement on a credential to the findings of a
//! report. What is shown is what the caller presented, and nothing when its signature failed.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::report::{Authorization, Findings, Freshness, IssuerLayer, LicenceLayer, TrustList};
use crate::base::{Code, InspectionRef, Timestamp};
use crate::credential::{Failure, Judged};
use crate::licence::LicenceStatus;
use crate::trust::Snapshot;

/// The body of `POST /v1/verifications`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct VerificationBody {
    /// The credential as presented.
    pub credential: String,
    /// The open inspection, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inspection_ref: Option<InspectionRef>,
    /// Members of the full request that this version does not read: a check that was asked for is
    /// refused, never left out in silence.
    #[serde(flatten)]
    pub unread: Map<String, Value>,
}

impl VerificationBody {
    /// A plain check of what is presented.
    #[must_use]
    pub fn of(credential: &str) -> Self {
        Self { credential: credential.to_owned(), inspection_ref: None, unread: Map::new() }
    }

    /// The first member that asks for a check which this version does not make.
    #[must_use]
    pub fn unsupported(&self) -> Option<&'static str> {
        UNSUPPORTED.into_iter().find(|name| self.unread.contains_key(*name))
    }
}

/// Conditions of a check that have their own chapters in the design.
const UNSUPPORTED: [&str; 7] =
    ["at", "code", "image", "observed_plate", "place", "policy", "purpose"];

/// What the issuing gateway says of a licence of its own that its status list shows as ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EndedAs {
    /// The act that ended it.
    pub status: LicenceStatus,
}

/// The world that a check is made in.
#[derive(Clone, Copy, Debug)]
pub struct CheckContext<'a> {
    /// The trust it rests on.
    pub snapshot: &'a Snapshot,
    /// Whether the last refresh reached the hub.
    pub hub_reachable: bool,
    /// The oldest status that the use allows.
    pub max_status_age: Duration,
    /// The instant of the check.
    pub now: Timestamp,
}

/// The findings of a credential that was judged.
#[must_use]
pub fn judged_findings(judged: &Judged, context: &CheckContext<'_>) -> Findings {
    let content = judged.content();
    let licence = judged.licence();
    let issuer = content.issuer();
    let max_age = context.max_status_age.as_secs();
    Findings {
        reasons: judged.reasons().to_vec(),
        signature: serde_json::to_value(judged.signature()).ok(),
        issuer: Some(IssuerLayer {
            division: content.division().to_string(),
            member: issuer.member(),
            trust_list: TrustList::of(issuer.reference(), context.snapshot, context.now),
        }),
        licence: Some(LicenceLayer {
            licence_type: licence.licence_type.code().to_owned(),
            identifier: licence.identifier.to_string(),
            carrier: "electronic".to_owned(),
            legal_effect: LEGAL_EFFECT.to_owned(),
            source: "credential".to_owned(),
            status: licence.status.token().to_owned(),
            status_source: "status-list".to_owned(),
            as_of: licence.as_of,
            ttl: licence.ttl,
            valid_from: licence.valid_from.to_string(),
            valid_until: licence.valid_until.to_string(),
            annual_review: serde_json::to_value(licence)
                .ok()
                .and_then(|value| Some(value.get("annual_review")?.as_str()?.to_owned())),
        }),
        holder_binding: serde_json::to_value(judged.holder_binding()).unwrap_or_default(),
        authorization: Authorization::presented(),
        freshness: Freshness::of(
            context.snapshot,
            context.hub_reachable,
            licence.as_of,
            max_age,
            context.now,
        ),
        disclosed: content.claims().clone(),
        policy: ROADSIDE_POLICY.to_owned(),
    }
}

/// The findings of a token that is no authentic credential: nothing of its content.
#[must_use]
pub fn failed_findings(failure: &Failure, context: &CheckContext<'_>) -> Findings {
    let signature = serde_json::to_value(failure.signature()).ok();
    Findings { signature, ..unanswered_findings(failure.code(), context) }
}

/// The findings where no province that was asked has a record, or one of them did not answer.
#[must_use]
pub fn unanswered_findings(code: Code, context: &CheckContext<'_>) -> Findings {
    let max_age = context.max_status_age.as_secs();
    let (snapshot, hub_reachable) = (context.snapshot, context.hub_reachable);
    Findings {
        reasons: vec![code],
        signature: None,
        issuer: None,
        licence: None,
        holder_binding: json!({ "required": false, "result": "NOT_CHECKED" }),
        authorization: Authorization::presented(),
        freshness: Freshness::of(snapshot, hub_reachable, None, max_age, context.now),
        disclosed: Map::new(),
        policy: ROADSIDE_POLICY.to_owned(),
    }
}

/// Article 6: an electronic licence has the force of paper, and paper keeps its own.
pub(super) const LEGAL_EFFECT: &str = "same-as-paper";
/// The policy of checks at the roadside.
pub const ROADSIDE_POLICY: &str = "urn:elicence:policy:roadside:1";
