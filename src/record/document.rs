//! The e-record as a document, and the reading of it under limits. Nothing is believed here: what
//! is read is only of the right shape.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::MEDIA_TYPE;
use super::manifest::Manifest;
use super::refusal::RecordRefusal;
use super::trust::TrustEvidence;
use crate::base::{MemberId, RecordId, Timestamp, limits};
use crate::consent::PurposeCode;
use crate::crypto::Digest;
use crate::crypto::json::{self, JsonError};

/// Reads a record: at most 4 MiB, of this media type, of a major version and level known here,
/// with every part that the level demands.
pub fn open(bytes: &[u8]) -> Result<Record, RecordRefusal> {
    if bytes.len() > RECORD_BYTES {
        return Err(RecordRefusal::TooLarge);
    }
    let document: Value = json::from_slice(bytes).map_err(RecordRefusal::Json)?;
    let text = |name: &str| document.get(name).and_then(Value::as_str);
    if text("media_type") != Some(MEDIA_TYPE) {
        return Err(RecordRefusal::MediaType);
    }
    check_version(text("version"))?;
    if text("level") != Some("B") {
        return Err(RecordRefusal::Level);
    }
    if let Some(name) = PARTS.into_iter().find(|name| document.get(name).is_none()) {
        return Err(RecordRefusal::PartMissing { name });
    }
    serde_json::from_value(document)
        .map_err(|error| RecordRefusal::Json(JsonError::Unexpected(error.to_string())))
}

/// Whether `version` is of the major version that is read here.
pub(super) fn check_version(version: Option<&str>) -> Result<(), RecordRefusal> {
    match version.and_then(|version| version.split_once('.')) {
        Some((MAJOR_VERSION, _)) => Ok(()),
        _ => Err(RecordRefusal::Version),
    }
}

/// An e-record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// [`MEDIA_TYPE`].
    pub media_type: String,
    /// `1.0`.
    pub version: String,
    /// What evidence it carries.
    pub level: Level,
    /// Its identifier.
    pub record_id: RecordId,
    /// When it was made, by the maker's clock.
    pub created: Timestamp,
    /// The issuer's JWT, byte for byte.
    pub credential: String,
    /// The disclosures that were given; the only parts that may be taken out later.
    pub disclosures: Vec<String>,
    /// What the use rested on.
    pub basis: Basis,
    /// The issuing gateway's `elicence-answer+jwt`.
    pub answer: String,
    /// The signer of the licence and its chain, base64 DER.
    pub issuer_chain: Vec<String>,
    /// The licence's status about the time of use.
    pub revocation: Revocation,
    /// Roots and lists.
    pub trust: TrustEvidence,
    /// The verdict that the maker reached, with claims by name.
    pub verification_report: Value,
    /// Where the use stands in the logs.
    pub audit: AuditEvidence,
    /// The annotation of GB/T 36903.
    pub annotation: Annotation,
    /// The digest of every part.
    pub manifest: Manifest,
    /// Detached JWS (RFC 7515 Appendix F) over the canonical form of the manifest.
    pub gateway_signature: String,
}

/// The level of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Level {
    /// Signed by its maker; no proof of the instant.
    B,
}

/// What a use rested on, and what proves it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Basis {
    /// Who authorised it.
    pub kind: BasisKind,
    /// The signed grant.
    pub grant: String,
    /// What the holder agreed to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transaction_data: Option<String>,
    /// `<issuer-jwt>~<kb-jwt>`, where the holder approved by key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approval: Option<String>,
    /// The parts that the way of approval does not have.
    pub not_applicable: Vec<BasisPart>,
}

/// Who authorised a use (Article 12).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BasisKind {
    /// The holder.
    Holder,
}

/// A part of the basis that some ways of approval do not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BasisPart {
    /// The signature of the holder's key.
    Approval,
}

/// The licence's status about the time of use.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Revocation {
    /// The `statuslist+jwt`.
    pub status_token: String,
    /// Where it was fetched.
    pub status_uri: String,
    /// When.
    pub fetched_at: Timestamp,
}

/// Where the use stands in the logs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuditEvidence {
    /// The checkpoint of the maker's log, without cosignatures at this level.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub maker_checkpoint: Option<String>,
    /// The entry in the log of the issuing gateway.
    pub issuer: IssuerEntry,
}

/// The entry of a use in the log of the issuing gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IssuerEntry {
    /// Its leaf hash.
    pub leaf: Digest,
    /// Its number, from 0.
    pub index: u64,
}

/// The annotation (GB/T 36903), with whom the record is for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Annotation {
    /// When the copy was made.
    pub copy_creation_time: Timestamp,
    /// The member whose gateway made it.
    pub copy_creator: MemberId,
    /// Why: the code of the purpose that was granted.
    pub copy_cause: String,
    /// Until when it may be kept and shown; the proof in it has no end.
    pub copy_expires: Timestamp,
    /// Whom it was made for: the grantee's number.
    pub audience: String,
    /// What for.
    pub purpose: PurposeCode,
    /// Random, and of this recipient only: it tells where a leaked copy came from.
    pub recipient_marker: String,
}

/// The size of a record: trust lists and a status list with everything else.
pub(super) const RECORD_BYTES: usize = limits::LARGE_BODY_BYTES;
const MAJOR_VERSION: &str = "1";
/// Every part that level B demands, with its own trust and status evidence.
const PARTS: [&str; 14] = [
    "record_id",
    "created",
    "credential",
    "disclosures",
    "basis",
    "answer",
    "issuer_chain",
    "revocation",
    "trust",
    "verification_report",
    "audit",
    "annotation",
    "manifest",
    "gateway_signature",
];
