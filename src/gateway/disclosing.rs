//! Disclosure to a business under a holder's grant: asked by the business's own gateway, decided
//! at the issuing gateway, used once and on record in one transaction.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use serde_json::json;

use super::asking::{Answered, CLIENT_REQUEST_HEADER, Question};
use super::consenting::{audience_of, consent_problem};
use super::granting::KeptGrant;
use super::issuing::subject_of;
use super::node::{Node, known_claims, named, problem_of};
use super::party::{Ground, Party, client_in, header as one_header};
use crate::audit::{Entry, EntryKind};
use crate::base::{Code, GrantId, MemberId, Timestamp};
use crate::consent::{
    Authorized, ConsentMode, DisclosureAction, Grant, GrantState as ConsentState, GrantTerms,
    GrantUse, PurposeCode,
};
use crate::credential::{Licence, Verified, examine, present};
use crate::disclosure::{Source, disclose};
use crate::exchange::{
    Arrival, Basis as StatedBasis, DisclosureBody, DisclosureResult, UseCount, answer, pledge,
};
use crate::http::{Problem, StrictJson};
use crate::identity::{Caller, Client, Role};
use crate::licence::LicenceDocument;
use crate::policy::{Basis, Purpose, Requested, Subject, decide};
use crate::store::{Effect, GrantRow, GrantState, LicenceRow};
use crate::telemetry::GrantKind;
use crate::trust::{Snapshot, TrustAge};

/// `POST /v1/disclosures`, by a business here or through another gateway.
pub(super) async fn disclosures(
    State(node): State<Arc<Node>>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    StrictJson { value, bytes }: StrictJson<DisclosureBody>,
) -> Result<Response, Problem> {
    let now = node.now();
    if let Some(peer) = caller.member() {
        let arrival =
            Arrival { peer, own: node.settings.member, method: "POST", path: PATH, body: &bytes };
        let snapshot = node.trust.snapshot();
        let party = Party::arrived(&snapshot, arrival, &headers, now)?;
        let token = node.answer_disclosure(&party, &value, now).await?;
        return Ok(([(header::CONTENT_TYPE, "application/jwt")], token).into_response());
    }
    let client = client_in(&caller, &[Role::Business, Role::Intermediary])?;
    let asked = Asked { headers: &headers, body: &value, bytes: &bytes, basis: StatedBasis::Grant };
    let answered = node.obtain(client, asked, now).await?;
    let result = &answered.answer.result;
    let body = json!({
        "claims": result.claims,
        "presentation": result.presentation,
        "uses": result.uses,
        "audit": answered.answer.audit,
        "answer": answered.token,
    });
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(body)).into_response())
}

/// A business's question as it came, and what for.
pub(super) struct Asked<'a> {
    pub(super) headers: &'a HeaderMap,
    pub(super) body: &'a DisclosureBody,
    pub(super) bytes: &'a [u8],
    pub(super) basis: StatedBasis,
}

impl Node {
    /// Obtains a disclosure for a business of this province, from whichever province issued.
    pub(super) async fn obtain(
        &self,
        client: &Client,
        asked: Asked<'_>,
        now: Timestamp,
    ) -> Result<Answered<DisclosureResult>, Problem> {
        let Asked { headers, body, bytes, basis } = asked;
        // Article 12: no authorisation, no use. Said before anything is asked of anybody.
        if body.grant.is_none() {
            let actor = client.actor();
            let entry = Entry::new(EntryKind::Disclosure, now, actor);
            let problem = Problem::new(Code::GrantRequired);
            return Err(self.refuse(entry, Vec::new(), problem).await);
        }
        let aud = audience_of(headers)?;
        let snapshot = self.trust.snapshot();
        if snapshot.age(now) >= TrustAge::Stale {
            return Err(Problem::new(Code::TrustListStale));
        }
        if aud == self.settings.member {
            let ground = Ground { basis, officer: None };
            let party = self.own_party(client, headers, bytes, ground, now).await?;
            let token = self.answer_disclosure(&party, body, now).await?;
            return self.open_own(token, party.request_sha256);
        }
        let question = Question {
            path: PATH,
            body: bytes,
            caller: Some(self.statement_of(client).await?),
            basis,
            officer: None,
            client_request: one_header(headers, CLIENT_REQUEST_HEADER)?,
        };
        let answered = self.ask::<DisclosureResult>(aud, question, now).await?;
        self.log_obtained(client, &answered, now).await?;
        Ok(answered)
    }

    /// Both sides log the request by its digest; the nightly comparison finds what stands in only
    /// one of the logs.
    async fn log_obtained(
        &self,
        client: &Client,
        answered: &Answered<DisclosureResult>,
        now: Timestamp,
    ) -> Result<(), Problem> {
        let actor = client.actor();
        let mut entry = Entry::new(EntryKind::Disclosure, now, actor);
        entry.basis = Some("holder".to_owned());
        entry.request_sha256 = Some(answered.request_sha256);
        entry.claims_given = answered.answer.result.claims.keys().cloned().collect();
        self.commit(Vec::new(), entry).await.map(|_| ())
    }

    /// Decides on a use of a grant and answers it.
    async fn answer_disclosure(
        &self,
        party: &Party,
        body: &DisclosureBody,
        now: Timestamp,
    ) -> Result<String, Problem> {
        let mut entry = Entry::new(EntryKind::Disclosure, now, party.actor(self.settings.member));
        entry.basis = Some("holder".to_owned());
        entry.reference = body.grant.as_deref().and_then(named::<GrantId>);
        entry.request_sha256 = Some(party.request_sha256);
        entry.claims_asked = known_claims(&body.claims);
        let decided = match self.decide_use(party, body, &mut entry, now).await {
            Ok(decided) => decided,
            Err(problem) => {
                self.telemetry.grant_used(GrantKind::Holder, Err(problem.code()));
                return Err(self.refuse(entry, party.spends.clone(), problem).await);
            }
        };
        let mut effects = party.spends.clone();
        effects.push(Effect::UseGrant { grant: decided.grant.id.clone(), now });
        let (pledged, pending) = pledge(decided.disclosed, entry, &self.entropy);
        let committed = self.commit_pending(effects, pending).await;
        let told = committed.as_ref().map(|_| ()).map_err(Problem::code);
        self.telemetry.grant_used(GrantKind::Holder, told);
        let receipt = committed?;
        // As the transaction counted it: of two uses at once, what was read before tells both alike.
        let count = receipt.use_number().ok_or_else(|| Problem::new(Code::Internal))?;
        let given = answer(pledged, &receipt).map_err(|error| Problem::new(error.code()))?;
        let result = DisclosureResult {
            presentation: decided.presentation,
            claims: given.claims().clone(),
            grant: decided.kept.grant,
            transaction_data: decided.kept.transaction_data,
            approval: decided.kept.approval,
            uses: UseCount { count, max: decided.grant.max_uses },
        };
        self.sign_answer(party.draft(self.settings.member), result, &receipt, now)
    }

    async fn decide_use(
        &self,
        party: &Party,
        body: &DisclosureBody,
        entry: &mut Entry,
        now: Timestamp,
    ) -> Result<DecidedUse, Problem> {
        self.demand_clock()?;
        party.demand_signature()?;
        if !matches!(party.basis, StatedBasis::Grant | StatedBasis::Record) {
            return Err(Problem::new(Code::RequestSignatureInvalid));
        }
        if !matches!(party.role, Role::Business | Role::Intermediary) {
            return Err(Problem::new(Code::RoleNotAllowed));
        }
        let snapshot = self.trust.snapshot();
        if snapshot.age(now) >= TrustAge::Stale {
            return Err(Problem::new(Code::TrustListStale));
        }
        let id = body.grant.as_deref().ok_or_else(|| Problem::new(Code::GrantRequired))?;
        // Unknown and malformed are told alike: that there is no grant.
        let row = self.grant_row(id).await.map_err(|problem| match problem.code() {
            Code::NotFound => Problem::new(Code::GrantRequired),
            _ => problem,
        })?;
        let licence = self.licence_row_of(&row.licence).await?;
        entry.subject = Some(subject_of(&row.licence));
        entry.purpose = Some(row.purpose.clone());
        let kept: KeptGrant =
            serde_json::from_str(&row.document).map_err(|_| Problem::new(Code::Internal))?;
        let authorized = self.authorise(party, body, &row, &kept, now)?;
        // A change of holder or version is another credential: the grant was not given for it.
        if Some(kept.approved_credential()) != licence.credential_digest {
            return Err(Problem::new(Code::GrantRevoked));
        }
        let (verified, credential) = self.verified_licence(&licence, now).await?;
        let purpose = Purpose::try_from(authorized.purpose())
            .map_err(|refusal| problem_of(refusal.code()))?;
        let document: LicenceDocument =
            serde_json::from_str(&licence.record).map_err(|_| Problem::new(Code::Internal))?;
        let subject = Subject {
            licence_type: verified.licence_type(),
            identifier: verified.identifier().clone(),
            division: verified.division(),
            holder_kind: document.holder_kind(),
            available: verified.claims().keys().cloned().collect(),
        };
        let requested = Requested::Claims(body.claims.iter().cloned().collect());
        let basis = Some(Basis::Holder(authorized));
        let permit = decide(party.role, purpose, basis, &subject, &requested)
            .map_err(|refusal| problem_of(refusal.code()))?;
        let source = Source::Presentation {
            identifier: verified.identifier(),
            licence_type: verified.licence_type(),
            claims: verified.claims(),
        };
        let disclosed = disclose(permit, source).map_err(|refusal| Problem::new(refusal.code()))?;
        let names: Vec<&str> = disclosed.claim_names().collect();
        let presentation =
            present(&credential, &names).map_err(|_| Problem::new(Code::Internal))?;
        Ok(DecidedUse { grant: row, kept, disclosed, presentation })
    }

    /// Holds the request against the grant, whose state is the store's.
    fn authorise(
        &self,
        party: &Party,
        body: &DisclosureBody,
        row: &GrantRow,
        kept: &KeptGrant,
        now: Timestamp,
    ) -> Result<Authorized, Problem> {
        let own = std::iter::once(self.keys.signing.public_key());
        let snapshot = self.trust.snapshot();
        let listed = snapshot.keys(self.settings.member, crate::trust::ServiceKind::GatewaySigning);
        let grant = Grant::verify_under(&kept.grant, self.settings.member, own.chain(listed))
            .map_err(|refusal| consent_problem(&refusal))?;
        // Whoever files a record keeps what is given: the holder must have agreed to that.
        if party.basis == StatedBasis::Record && grant.terms().consent_mode != ConsentMode::Store {
            return Err(Problem::new(Code::GrantPurposeMismatch)
                .with_detail("the grant is to look at the data, not to keep it"));
        }
        // A business is its own province's client: no other gateway can bring its signature.
        if grant.terms().grantee.division.member() != party.member {
            return Err(Problem::new(Code::GrantNotBoundToClient));
        }
        let claims: BTreeSet<String> = body.claims.iter().cloned().collect();
        let purpose = match &body.purpose {
            Some(purpose) => {
                purpose.parse::<PurposeCode>().map_err(|_| Problem::new(Code::UnknownPurpose))?
            }
            None => grant.terms().purpose.code.clone(),
        };
        let grant_use = GrantUse {
            caller_spki: party.spki,
            renewed_from: &party.renewed_from,
            rp_id: &party.id,
            action: DisclosureAction::Read,
            claims: &claims,
            purpose: &purpose,
            now,
        };
        grant
            .admits(consent_state(row.state), &grant_use)
            .map_err(|refusal| consent_problem(&refusal))
    }

    /// The licence of this province, verified like anybody's: what is disclosed is what its issuer
    /// signed, and it is in force.
    async fn verified_licence(
        &self,
        licence: &LicenceRow,
        now: Timestamp,
    ) -> Result<(Verified<Licence>, String), Problem> {
        let token = licence.credential.clone().ok_or_else(|| Problem::new(Code::NotFound))?;
        let snapshot = self.trust.snapshot();
        let authentic = examine(&token, &snapshot, now).map_err(|failure| {
            tracing::error!(code = %failure.code(), "an own credential does not verify");
            Problem::new(Code::NotReady)
        })?;
        let judged = self.judge(authentic, &snapshot, now).await;
        let verified = judged.into_verified().map_err(|refused| {
            let codes: Vec<&str> = refused.reasons().iter().map(|code| code.as_str()).collect();
            Problem::new(Code::StateConflict)
                .with_detail(format!("the licence is not in force: {}", codes.join(", ")))
        })?;
        Ok((verified, token))
    }
}

/// A use that was decided and not yet committed.
struct DecidedUse {
    grant: GrantRow,
    kept: KeptGrant,
    disclosed: crate::disclosure::Disclosed,
    presentation: String,
}

/// The terms of a grant that `issuer` signed.
pub(super) fn granted_terms(
    token: &str,
    issuer: MemberId,
    snapshot: &Snapshot,
) -> Result<GrantTerms, Problem> {
    let grant =
        Grant::verify(token, issuer, snapshot).map_err(|_| Problem::new(Code::AnswerMismatch))?;
    Ok(grant.terms().clone())
}

const fn consent_state(state: GrantState) -> ConsentState {
    match state {
        GrantState::Active => ConsentState::Active,
        GrantState::Exhausted => ConsentState::Exhausted,
        GrantState::Expired => ConsentState::Expired,
        GrantState::Paused => ConsentState::Paused,
        GrantState::Revoked => ConsentState::Revoked,
    }
}

const PATH: &str = "/v1/disclosures";
