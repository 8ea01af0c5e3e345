//! Making a record of a disclosure that was given. The maker's gateway has verified it; here the
//! evidence is put together and signed. Nothing is judged.

use base64::Engine as _;
use serde_json::Value;

use super::MEDIA_TYPE;
use super::answer::Answered;
use super::document::{
    Annotation, AuditEvidence, Basis, BasisKind, BasisPart, Level, Record, Revocation,
};
use super::manifest::Manifest;
use super::refusal::RecordRefusal;
use super::trust::TrustEvidence;
use crate::base::{Entropy, MemberId, RecordId, Timestamp};
use crate::consent::PurposeCode;
use crate::crypto::jws::{Compact, Header, Typ, sign_detached};
use crate::crypto::{SealError, Signer, base64url};

/// What a record is made of.
#[derive(Clone, Debug)]
pub struct Parts {
    /// The issuing gateway's answer to the disclosure: presentation, grant and approval are in it.
    pub answer: String,
    /// The licence's status, from about the time of use.
    pub revocation: Revocation,
    /// Roots and lists in force.
    pub trust: TrustEvidence,
    /// The verdict on the presentation; the values in it are replaced by their names.
    pub verification_report: Value,
    /// The newest checkpoint of the maker's log.
    pub maker_checkpoint: Option<String>,
    /// Whom the record is for, and why.
    pub annotation: AnnotationDraft,
}

/// Whom a record is for, and why.
#[derive(Clone, Debug)]
pub struct AnnotationDraft {
    /// The member whose gateway makes it.
    pub copy_creator: MemberId,
    /// Why.
    pub copy_cause: String,
    /// Until when it may be kept and shown.
    pub copy_expires: Timestamp,
    /// The grantee's number, `urn:cn:uscc:…`.
    pub audience: String,
    /// What for.
    pub purpose: PurposeCode,
}

/// Puts `parts` together at `now` and signs them with the key of the making gateway.
pub fn seal(
    parts: Parts,
    signer: &dyn Signer,
    now: Timestamp,
    entropy: &dyn Entropy,
) -> Result<Record, RecordRefusal> {
    let answered = Answered::unverified(&parts.answer).ok_or(RecordRefusal::Answer)?;
    let presentation = answered.result.presentation.as_deref().ok_or(RecordRefusal::Answer)?;
    let mut pieces = presentation.split('~');
    let credential = pieces.next().unwrap_or_default().to_owned();
    let created = now.whole_seconds();
    let mut record = Record {
        media_type: MEDIA_TYPE.to_owned(),
        version: VERSION.to_owned(),
        level: Level::B,
        record_id: RecordId::generate(now, entropy),
        created,
        issuer_chain: issuer_chain(&credential)?,
        credential,
        disclosures: pieces.filter(|piece| !piece.is_empty()).map(str::to_owned).collect(),
        basis: basis(&answered)?,
        revocation: parts.revocation,
        trust: parts.trust,
        verification_report: without_values(parts.verification_report),
        audit: AuditEvidence { maker_checkpoint: parts.maker_checkpoint, issuer: answered.audit },
        answer: parts.answer,
        annotation: annotate(parts.annotation, created, entropy),
        manifest: Manifest::default(),
        gateway_signature: String::new(),
    };
    sign(&mut record, signer)?;
    Ok(record)
}

/// Makes the manifest of `record` and signs it.
pub(super) fn sign(record: &mut Record, signer: &dyn Signer) -> Result<(), SealError> {
    record.manifest = Manifest::over(record)?;
    let key = signer.public_key().spki_digest().to_string();
    let header = Header::new(Typ::Record).with_key_id(key);
    record.gateway_signature = sign_detached(signer, header, &record.manifest)?;
    Ok(())
}

fn basis(answered: &Answered) -> Result<Basis, RecordRefusal> {
    let given = &answered.result;
    let approval = given.approval.clone().filter(|approval| !approval.is_empty());
    let not_applicable = if approval.is_some() { Vec::new() } else { vec![BasisPart::Approval] };
    Ok(Basis {
        kind: BasisKind::Holder,
        grant: given.grant.clone().ok_or(RecordRefusal::Answer)?,
        transaction_data: given.transaction_data.clone(),
        approval,
        not_applicable,
    })
}

/// The chain that the credential names.
fn issuer_chain(credential: &str) -> Result<Vec<String>, RecordRefusal> {
    let compact = Compact::parse(credential).map_err(|_| RecordRefusal::Answer)?;
    let chain = compact.header().chain().map_err(|_| RecordRefusal::Answer)?;
    Ok(chain.iter().map(|der| base64::engine::general_purpose::STANDARD.encode(der)).collect())
}

/// The report with the names of what was disclosed in place of the values, and without the
/// signature over them.
fn without_values(mut report: Value) -> Value {
    if let Some(members) = report.as_object_mut() {
        members.remove("jws");
        if let Some(Value::Object(disclosed)) = members.get("disclosed") {
            let names = disclosed.keys().cloned().map(Value::String).collect();
            members.insert("disclosed".to_owned(), Value::Array(names));
        }
    }
    report
}

fn annotate(draft: AnnotationDraft, created: Timestamp, entropy: &dyn Entropy) -> Annotation {
    Annotation {
        copy_creation_time: created,
        copy_creator: draft.copy_creator,
        copy_cause: draft.copy_cause,
        copy_expires: draft.copy_expires.whole_seconds(),
        audience: draft.audience,
        purpose: draft.purpose,
        recipient_marker: base64url::encode(entropy.salt()),
    }
}

const VERSION: &str = "1.0";
