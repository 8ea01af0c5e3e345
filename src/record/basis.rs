//! What a use rested on: the issuing gateway's answer, the grant in it, and the holder's approval.
//! Each is verified by itself, and all of them must speak of this record and of nothing wider.

use std::time::Duration;

use serde_json::Value;

use super::answer::Answered;
use super::document::{BasisPart, Record};
use crate::base::{Code, GrantId, limits};
use crate::consent::{ApprovalMethod, ClaimPath, ConsentMode, DisclosureAction, Grant};
use crate::credential::{Approval, ApprovalError, BindingError, Judged, approve};
use crate::crypto::jws::Compact;
use crate::crypto::{PublicKey, base64url, json};
use crate::trust::{Member, ProvincialList, ServiceKind, Snapshot};

/// What was found to be granted.
pub(super) struct Granted {
    /// The grant.
    pub(super) id: GrantId,
    /// The names of the claims that are disclosed.
    pub(super) disclosed: Vec<String>,
}

/// Whether the use that `answered` tells of was granted as the record says.
pub(super) fn check(
    record: &Record,
    answered: &Answered,
    judged: &Judged,
    snapshot: &Snapshot,
) -> Result<Granted, Code> {
    let issuing = judged.content().issuer().member();
    if answered.iss != issuing || !is_what_was_given(record, answered) {
        return Err(Code::RecordGrant);
    }
    let transaction_data =
        record.basis.transaction_data.as_deref().ok_or(Code::RecordPartMissing)?;
    let grant =
        Grant::verify(&record.basis.grant, issuing, snapshot).map_err(|_| Code::RecordGrant)?;
    grant.check_transaction(transaction_data).map_err(|_| Code::RecordTransaction)?;
    check_approval(record, &grant, judged, snapshot)?;
    check_use(answered, &grant, judged)?;
    check_recipient(record, answered, &grant, snapshot)?;
    check_copy(record, &grant)?;
    let disclosed = granted_disclosures(record, &grant)?;
    Ok(Granted { id: grant.terms().jti.clone(), disclosed })
}

/// The issuing gateway signed an answer with exactly these documents in it.
fn is_what_was_given(record: &Record, answered: &Answered) -> bool {
    let given = &answered.result;
    let same = |given: &Option<String>, ours: Option<&String>| {
        given.as_ref().filter(|text| !text.is_empty()).is_none_or(|text| Some(text) == ours)
    };
    let presented = given.presentation.as_ref().is_none_or(|presentation| {
        let mut pieces = presentation.split('~');
        let credential = pieces.next();
        let disclosures: Vec<&str> = pieces.collect();
        credential == Some(record.credential.as_str())
            && record.disclosures.iter().all(|ours| disclosures.contains(&ours.as_str()))
    });
    presented
        && same(&given.grant, Some(&record.basis.grant))
        && same(&given.transaction_data, record.basis.transaction_data.as_ref())
        && same(&given.approval, record.basis.approval.as_ref())
        && answered.audit == record.audit.issuer
        && answered.iat.instant() <= record.created + limits::CLOCK_SKEW
}

/// The approval, by the way that the grant names. What another way would have proves nothing here
/// and is not taken in its place.
fn check_approval(
    record: &Record,
    grant: &Grant,
    judged: &Judged,
    snapshot: &Snapshot,
) -> Result<(), Code> {
    let inapplicable = record.basis.not_applicable.contains(&BasisPart::Approval);
    let by_key = grant.approval().method() == ApprovalMethod::KbJwt;
    match (&record.basis.approval, by_key) {
        (Some(approval), true) if !inapplicable => {
            check_key_approval(approval, grant, judged, snapshot)
        }
        (None, false) if inapplicable => Ok(()),
        (None, _) => Err(Code::RecordPartMissing),
        (Some(_), _) => Err(Code::RecordGrant),
    }
}

/// The signature of the holder's key over the transaction, at the instant that the grant names.
/// Whether its nonce was fresh was for the issuing gateway to see to.
fn check_key_approval(
    approval: &str,
    grant: &Grant,
    judged: &Judged,
    snapshot: &Snapshot,
) -> Result<(), Code> {
    let (audience, nonce) = addressed_to(approval).ok_or(Code::RecordGrant)?;
    let issuing = snapshot.member(grant.terms().iss).ok_or(Code::RecordGrant)?;
    if !audiences(issuing, snapshot).any(|own| own == audience) {
        return Err(Code::RecordGrant);
    }
    let expected = Approval {
        audience: &audience,
        nonce: &nonce,
        transaction: grant.approval().transaction_data_hash(),
    };
    let at = grant.approval().at();
    let approved = approve(approval, snapshot, expected, at).map_err(|error| match error {
        ApprovalError::Binding(BindingError::Transaction) => Code::RecordTransaction,
        _ => Code::RecordGrant,
    })?;
    let holder_key = judged.content().holder_key().map(PublicKey::spki_digest);
    let is_holders = approved.at() == at
        && approved.identifier() == judged.content().identifier()
        && holder_key == Some(approved.holder_key().spki_digest());
    if is_holders { Ok(()) } else { Err(Code::RecordGrant) }
}

/// Audience and nonce that the approval itself names.
fn addressed_to(approval: &str) -> Option<(String, String)> {
    let (_, key_binding) = approval.rsplit_once('~')?;
    let compact = Compact::parse(key_binding).ok()?;
    let claims: Value = json::from_slice(compact.unverified_payload()).ok()?;
    let text = |name: &str| claims.get(name).and_then(Value::as_str).map(str::to_owned);
    Some((text("aud")?, text("nonce")?))
}

/// What an approval may be addressed to: the issuing gateway's public origin, or its request key
/// (OpenID4VP 1.0 §5.9.3, `x509_hash`).
fn audiences(issuing: &Member, snapshot: &Snapshot) -> impl Iterator<Item = String> {
    let list = snapshot.state().province(issuing.id.division());
    let services = list.map(ProvincialList::services).unwrap_or_default();
    let request_keys = services
        .iter()
        .filter(|service| service.kind == ServiceKind::GatewaySigning)
        .filter_map(|service| service.certificates.first())
        .map(|certificate| format!("x509_hash:{}", certificate.digest()));
    std::iter::once(issuing.public_origin().to_owned()).chain(request_keys)
}

/// Licence, window and number of the use.
fn check_use(answered: &Answered, grant: &Grant, judged: &Judged) -> Result<(), Code> {
    let terms = grant.terms();
    let detail = terms.detail();
    let used = answered.iat.instant();
    let counted = answered.result.uses.is_none_or(|uses| {
        uses.count >= 1
            && terms.max_uses.is_none_or(|max| uses.count <= max)
            && (uses.max.is_none() || uses.max == terms.max_uses)
    });
    let covered = detail.identifier == *judged.content().identifier()
        && detail.datatypes == [judged.content().licence_type()]
        && detail.actions.contains(&DisclosureAction::Read)
        && grant.starts() <= used
        && used < grant.ends();
    if counted && covered { Ok(()) } else { Err(Code::RecordGrant) }
}

/// The grantee, reached through the gateway of its own province, which made the record; and the
/// purpose. What was granted only to be looked at is not filed.
fn check_recipient(
    record: &Record,
    answered: &Answered,
    grant: &Grant,
    snapshot: &Snapshot,
) -> Result<(), Code> {
    let terms = grant.terms();
    let annotation = &record.annotation;
    let own_gateway = snapshot.owner_of(terms.grantee.division);
    let bound = answered.aud == annotation.copy_creator
        && own_gateway == Some(annotation.copy_creator)
        && annotation.audience == terms.grantee.id
        && annotation.purpose == terms.purpose.code
        && terms.consent_mode == ConsentMode::Store;
    if bound { Ok(()) } else { Err(Code::RecordGrant) }
}

/// Why the copy was made, and that it is kept no longer than the holder agreed to.
fn check_copy(record: &Record, grant: &Grant) -> Result<(), Code> {
    let (terms, annotation) = (grant.terms(), &record.annotation);
    let days = u32::try_from(terms.data_life.days_at_most()).unwrap_or(u32::MAX);
    let latest = record.created + Duration::from_hours(24).saturating_mul(days);
    let agreed = annotation.copy_expires <= latest
        && annotation.copy_cause == terms.purpose.code.to_string();
    if agreed { Ok(()) } else { Err(Code::RecordGrant) }
}

/// The names of what is disclosed, each of which was granted.
fn granted_disclosures(record: &Record, grant: &Grant) -> Result<Vec<String>, Code> {
    let granted = &grant.terms().detail().claims;
    let is_granted = |name: &String| granted.iter().any(|claim: &ClaimPath| claim.name() == name);
    record
        .disclosures
        .iter()
        .map(|disclosure| claim_name(disclosure).filter(is_granted).ok_or(Code::RecordGrant))
        .collect()
}

/// The name in a disclosure of a claim (RFC 9901 §4.2.1). Elements of arrays have none, and no
/// licence has such.
fn claim_name(disclosure: &str) -> Option<String> {
    let bytes = base64url::decode(disclosure).ok()?;
    let (_salt, name, _value): (String, String, Value) = json::from_slice(&bytes).ok()?;
    Some(name)
}
