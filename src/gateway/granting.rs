//! What the holder decides, at the issuing gateway and nowhere else: to approve, to decline, to take
//! a grant back.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use serde_json::json;

use super::consenting::consent_problem;
use super::issuing::subject_of;
use super::node::{Node, unavailable};
use super::party::client_in;
use crate::audit::{Actor, Entry, EntryKind};
use crate::base::{Code, GrantId, Timestamp};
use crate::consent::{
    ApprovalMethod, ConsentRequest, ExpectedRevocation, Grant, GrantTerms, HolderApproval,
    NonceBinding, StatusListEntry, StatusReference, verify_revocation,
};
use crate::credential::{Approval, approve, bound_key};
use crate::crypto::Digest;
use crate::exchange::{ApprovalBody, RevocationBody};
use crate::http::{Problem, StrictJson};
use crate::identity::{Caller, Role};
use crate::store::{ConsentRequestRow, Effect, GrantRow, GrantState};

/// `POST /v1/consent-requests/{id}/approve`.
pub(super) async fn approve_request(
    State(node): State<Arc<Node>>,
    Path(id): Path<String>,
    StrictJson { value, .. }: StrictJson<ApprovalBody>,
) -> Result<Response, Problem> {
    let row = node.waiting_request(&id).await?;
    let (grant, token, index) = node.take_approval(row, &value).await?;
    let answer = json!({ "id": grant, "grant": token, "audit_index": index });
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(answer)).into_response())
}

/// `POST /v1/consent-requests/{id}/deny`: needs the request's identifier alone, which only the
/// business and the holder know; declining gives nothing away.
pub(super) async fn deny_request(
    State(node): State<Arc<Node>>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let row = node.waiting_request(&id).await?;
    let mut entry = Entry::new(EntryKind::ConsentRequested, node.now(), holder_actor());
    entry.subject = Some(subject_of(&row.licence));
    entry.reference = Some(format!("{} denied", row.id));
    node.commit(vec![Effect::DenyConsentRequest { request: row.id }], entry).await?;
    Ok(Json(json!({ "state": "DENIED" })).into_response())
}

/// `POST /v1/grants/{id}/revoke`, by the holder's key.
pub(super) async fn revoke_grant(
    State(node): State<Arc<Node>>,
    Path(id): Path<String>,
    StrictJson { value, .. }: StrictJson<RevocationBody>,
) -> Result<Response, Problem> {
    let index = node.take_revocation(&id, &value).await?;
    Ok(Json(json!({ "state": "REVOKED", "audit_index": index })).into_response())
}

/// `GET /v1/grants/{id}` for its grantee: the document and its present state.
pub(super) async fn show_grant(
    State(node): State<Arc<Node>>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let client = client_in(&caller, &[Role::Business, Role::Intermediary])?;
    let row = node.grant_row(&id).await?;
    let own = client.key().spki_digest();
    let is_own = row.grantee_spki == own
        || node.earlier_keys(own, node.now()).await?.contains(&row.grantee_spki);
    if !is_own {
        return Err(Problem::new(Code::NotFound));
    }
    Ok(Json(json!({
        "id": row.id, "state": row.state_at(node.now()).as_str(), "uses": row.uses,
        "max_uses": row.max_uses, "grant": row.document,
    }))
    .into_response())
}

impl Node {
    /// Takes the holder's approval: verified, spent, granted and on record in one transaction.
    async fn take_approval(
        &self,
        row: ConsentRequestRow,
        body: &ApprovalBody,
    ) -> Result<(GrantId, String, u64), Problem> {
        self.demand_clock()?;
        let now = self.now();
        let terms: GrantTerms =
            serde_json::from_str(&row.document).map_err(|_| Problem::new(Code::Internal))?;
        let request = ConsentRequest::restore(row.id.clone(), terms)
            .map_err(|refusal| consent_problem(&refusal))?;
        let mut entry = Entry::new(EntryKind::GrantCreated, now, holder_actor());
        entry.subject = Some(subject_of(&row.licence));
        entry.reference = Some(request.terms().jti.to_string());
        entry.basis = Some("holder".to_owned());
        entry.purpose = Some(request.terms().purpose.code.to_string());
        let grant = match self.approved_grant(&row, &request, body, now).await {
            Ok(grant) => grant,
            Err(problem) => return Err(self.refuse(entry, Vec::new(), problem).await),
        };
        let token =
            grant.sign(self.keys.signing.as_ref()).map_err(|_| Problem::new(Code::Internal))?;
        entry.document_sha256 = Some(Digest::of(&token));
        let spend = Effect::SpendNonce { nonce: Digest::of(&row.nonce), expires: row.expires };
        let grant_row = grant_row(&grant, &token, &row, &body.approval, now);
        let id = grant_row.id.clone();
        let insert = Effect::InsertGrant { row: grant_row, consent_request: Some(row.id) };
        let receipt = self.commit(vec![spend, insert], entry).await?;
        Ok((id, token, receipt.index()))
    }

    async fn approved_grant(
        &self,
        row: &ConsentRequestRow,
        request: &ConsentRequest,
        body: &ApprovalBody,
        now: Timestamp,
    ) -> Result<Grant, Problem> {
        let invalid = || Problem::new(Code::HolderSignatureInvalid);
        let licence = self.licence_row_of(&row.licence).await?;
        let binding = NonceBinding {
            audience: &self.settings.public_origin,
            consent: &request.terms().jti,
            request: request.id(),
            licence: &row.licence,
        };
        self.nonce_key()?.check(&row.nonce, &binding, now).map_err(|_| invalid())?;
        let expected = Approval {
            audience: &self.settings.public_origin,
            nonce: &row.nonce,
            transaction: request.transaction_hash(),
        };
        let snapshot = self.trust.snapshot();
        let approved = approve(&body.approval, &snapshot, expected, now).map_err(|error| {
            tracing::info!(%error, "an approval is refused");
            invalid()
        })?;
        // The register knows the present holder; a former one's credential is another.
        if *approved.identifier() != row.licence
            || Some(approved.credential()) != licence.credential_digest
            || !licence.status.recognised()
        {
            return Err(invalid());
        }
        let approval = HolderApproval::established(
            ApprovalMethod::KbJwt,
            request.transaction_hash(),
            approved.at(),
        );
        let idx = self.store.free_grant_index(&self.entropy).await;
        let idx = u64::from(idx.map_err(|error| unavailable(&error))?);
        let uri = self.grant_status_uri();
        let status = StatusReference { status_list: StatusListEntry { idx, uri } };
        Grant::from_approval(request, approval, status, body.exp, now)
            .map_err(|refusal| consent_problem(&refusal))
    }

    async fn take_revocation(&self, id: &str, body: &RevocationBody) -> Result<u64, Problem> {
        let now = self.now();
        let row = self.grant_row(id).await?;
        let licence = self.licence_row_of(&row.licence).await?;
        let holder_key = licence
            .credential
            .as_deref()
            .and_then(bound_key)
            .ok_or_else(|| Problem::new(Code::HolderSignatureInvalid))?;
        let expected = ExpectedRevocation {
            audience: &self.settings.public_origin,
            grant: &row.id,
            holder_key: &holder_key,
        };
        verify_revocation(&body.revocation, &expected, now)
            .map_err(|refusal| consent_problem(&refusal))?;
        let mut entry = Entry::new(EntryKind::GrantRevoked, now, holder_actor());
        entry.subject = Some(subject_of(&row.licence));
        entry.reference = Some(row.id.to_string());
        let effect = Effect::RevokeGrant { grant: row.id, now };
        Ok(self.commit(vec![effect], entry).await?.index())
    }

    pub(super) async fn grant_row(&self, id: &str) -> Result<GrantRow, Problem> {
        let id = id.parse().map_err(|_| Problem::new(Code::NotFound))?;
        let row = self.store.grant(&id).await.map_err(|error| unavailable(&error))?;
        row.ok_or_else(|| Problem::new(Code::NotFound))
    }
}

/// A holder acts by a key; who that is stands nowhere in the log.
fn holder_actor() -> Actor {
    Actor { member: None, role: "holder".to_owned(), id: "by-key".to_owned(), spki_sha256: None }
}

fn grant_row(
    grant: &Grant,
    token: &str,
    request: &ConsentRequestRow,
    approval: &str,
    now: Timestamp,
) -> GrantRow {
    let terms = grant.terms();
    GrantRow {
        id: terms.jti.clone(),
        state: GrantState::Active,
        licence: request.licence.clone(),
        grantee_spki: terms.cnf.spki_sha256,
        registration: terms.cnf.rp_id.clone(),
        purpose: terms.purpose.code.to_string(),
        status_index: u32::try_from(grant.status().status_list.idx).unwrap_or(u32::MAX),
        document: kept_grant(token, &request.transaction_data, approval),
        nbf: grant.starts(),
        exp: grant.ends(),
        max_uses: terms.max_uses,
        uses: 0,
        created: now,
        ended: None,
    }
}

impl KeptGrant {
    /// The digest of the credential by which the holder approved.
    pub(super) fn approved_credential(&self) -> Digest {
        Digest::of(self.approval.split('~').next().unwrap_or_default())
    }
}

/// A grant as it is kept: with what proves that the holder agreed, as an e-record needs it.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub(super) struct KeptGrant {
    /// The signed grant.
    pub(super) grant: String,
    /// What the holder signed over.
    pub(super) transaction_data: String,
    /// The holder's signature.
    pub(super) approval: String,
}

fn kept_grant(grant: &str, transaction_data: &str, approval: &str) -> String {
    json!({ "grant": grant, "transaction_data": transaction_data, "approval": approval })
        .to_string()
}
