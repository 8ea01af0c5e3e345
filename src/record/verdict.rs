//! What is said of a record: one decision, why, layer by layer. No value of any claim stands in
//! it, only names.

use serde::Serialize;

use crate::base::{Code, RecordId, Timestamp};
use crate::credential::{CheckResult, Decision};

/// The judgement on a record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Verification {
    /// What to do.
    pub decision: Decision,
    /// Why, gravest first; `ok` when nothing stands against it.
    pub codes: Vec<Code>,
    /// What is to be known beside it.
    pub notes: Vec<Code>,
    /// What proves that the record existed at some instant.
    pub proof: Proof,
    /// The instant that was asked about.
    pub judged_at: Timestamp,
    /// The instant at which it is valid; absent unless accepted.
    pub valid_at: Option<Timestamp>,
    /// Whether the evidence is young enough to speak of today.
    pub today: Today,
    /// The record; absent when it could not be read.
    pub record_id: Option<RecordId>,
    /// How each layer came out.
    pub layers: Layers,
    /// The names of the claims that are disclosed; empty unless the credential verified.
    pub disclosed: Vec<String>,
    /// How many disclosures were taken out since it was made.
    pub redacted: usize,
}

/// The layers of a record, in the order in which they are judged; what comes after a refusal is
/// not checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Layers {
    /// Every part is the one that was signed.
    pub manifest: CheckResult,
    /// The embedded trust follows from the pinned root.
    pub trust: CheckResult,
    /// The making gateway signed.
    pub gateway_signature: CheckResult,
    /// The issuer signed the licence and what is disclosed of it.
    pub credential: CheckResult,
    /// The use was granted, and nothing beyond.
    pub grant: CheckResult,
    /// The licence was in force at the use.
    pub status: CheckResult,
    /// The stored verdict is the one that the evidence gives.
    pub report: CheckResult,
    /// Whether the policy permitted it: the gateways' word, once all before it holds.
    pub authorization: Attestation,
}

impl Layers {
    /// Nothing checked yet.
    pub(super) const UNCHECKED: Self = Self {
        manifest: CheckResult::NotChecked,
        trust: CheckResult::NotChecked,
        gateway_signature: CheckResult::NotChecked,
        credential: CheckResult::NotChecked,
        grant: CheckResult::NotChecked,
        status: CheckResult::NotChecked,
        report: CheckResult::NotChecked,
        authorization: Attestation::NotChecked,
    };
}

/// How a layer that cannot be computed again is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Attestation {
    /// By the signatures of those who decided.
    #[serde(rename = "attested")]
    Attested,
    /// Not at all: the judgement ended before it.
    #[serde(rename = "NOT_CHECKED")]
    NotChecked,
}

/// What proves that a record existed at some instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Proof {
    /// Nothing: it is judged at the present instant.
    None,
}

/// Whether the evidence speaks of today.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Today {
    /// Lists and status are as young as a disclosure demands.
    Known,
    /// They are older: what happened since is not in the record.
    Unknown,
}
