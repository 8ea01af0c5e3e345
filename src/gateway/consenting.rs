//! Consent: a business asks through its own gateway, the issuing gateway decides what may be asked
//! and keeps the request, the holder answers there and nowhere else.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};

use super::asking::{CLIENT_REQUEST_HEADER, Question};
use super::issuing::{subject_of, validation};
use super::node::{Node, known_claims, unavailable};
use super::party::{Ground, Party, client_in, header as one_header};
use crate::audit::{Entry, EntryKind};
use crate::base::{Code, ConsentRequestId, GrantId, Timestamp, limits};
use crate::consent::{
    ConsentAsk, ConsentRefusal, ConsentRequest, LicenceReference, NonceBinding, NonceKey, Offer,
};
use crate::exchange::{Arrival, Basis, CallerStatement, ClientRequest, ConsentOffer, notice};
use crate::http::{Problem, StrictJson};
use crate::identity::{Caller, Client, Role};
use crate::policy::Purpose;
use crate::store::{ConsentRequestRow, ConsentRequestState, Effect, LicenceRow};

/// `POST /v1/consent-requests`, by a business here or through another gateway.
pub(super) async fn request(
    State(node): State<Arc<Node>>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    StrictJson { value, bytes }: StrictJson<ConsentAsk>,
) -> Result<Response, Problem> {
    let now = node.now();
    if let Some(peer) = caller.member() {
        let arrival =
            Arrival { peer, own: node.settings.member, method: "POST", path: PATH, body: &bytes };
        let snapshot = node.trust.snapshot();
        let party = Party::arrived(&snapshot, arrival, &headers, now)?;
        let token = node.offer_consent(&party, value, now).await?;
        return Ok(([(header::CONTENT_TYPE, "application/jwt")], token).into_response());
    }
    let client = client_in(&caller, &[Role::Business, Role::Intermediary])?;
    let aud = audience_of(&headers)?;
    let answered = if aud == node.settings.member {
        let ground = Ground { basis: Basis::Consent, officer: None };
        let party = node.own_party(client, &headers, &bytes, ground, now).await?;
        let token = node.offer_consent(&party, value, now).await?;
        node.open_own::<ConsentOffer>(token, party.request_sha256)?
    } else {
        let client_request = one_header(&headers, CLIENT_REQUEST_HEADER)?;
        let question = Question {
            path: PATH,
            body: &bytes,
            caller: Some(node.statement_of(client).await?),
            basis: Basis::Consent,
            officer: None,
            client_request,
        };
        node.ask::<ConsentOffer>(aud, question, now).await?
    };
    Ok(Json(answered.answer.result).into_response())
}

/// `GET /v1/consent-requests/{id}` on the public listener: what a wallet needs to answer.
pub(super) async fn show(
    State(node): State<Arc<Node>>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let row = node.waiting_request(&id).await?;
    let offer = node.offer_of(&row);
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(offer)).into_response())
}

impl Node {
    /// Decides whether the holder may be asked this, and keeps the request.
    async fn offer_consent(
        &self,
        party: &Party,
        ask: ConsentAsk,
        now: Timestamp,
    ) -> Result<String, Problem> {
        let mut entry =
            Entry::new(EntryKind::ConsentRequested, now, party.actor(self.settings.member));
        entry.subject = Some(subject_of(&ask.identifier));
        entry.purpose =
            Purpose::try_from(&ask.purpose).ok().map(|purpose| purpose.code().to_owned());
        let asked: Vec<String> = ask.claims.iter().map(|claim| claim.name().to_owned()).collect();
        entry.claims_asked = known_claims(&asked);
        entry.request_sha256 = Some(party.request_sha256);
        let outcome = self.establish_request(party, ask, now).await;
        let (request, row) = match outcome {
            Ok(established) => established,
            Err(problem) => return Err(self.refuse(entry, party.spends.clone(), problem).await),
        };
        entry.reference = Some(request.id().to_string());
        let offer = self.offer_of(&row);
        let mut effects = party.spends.clone();
        effects.push(Effect::InsertConsentRequest(row));
        let receipt = self.commit(effects, entry).await?;
        self.sign_answer(party.draft(self.settings.member), offer, &receipt, now)
    }

    async fn establish_request(
        &self,
        party: &Party,
        ask: ConsentAsk,
        now: Timestamp,
    ) -> Result<(ConsentRequest, ConsentRequestRow), Problem> {
        party.demand_signature()?;
        if !matches!(party.role, Role::Business | Role::Intermediary) {
            return Err(Problem::new(Code::RoleNotAllowed));
        }
        if ask.replaces.is_some() {
            return Err(Problem::new(Code::ValidationFailed).with_error(
                "/replaces",
                "not supported yet: let the holder revoke the old grant and ask anew",
            ));
        }
        let licence = self.licence_row_of(&ask.identifier).await?;
        let registered =
            party.registration.intended_use(&ask.intended_use_id, party.member.division());
        let offer = Offer {
            request: ConsentRequestId::generate(now, &self.entropy),
            grant: GrantId::generate(now, &self.entropy),
            issuer: self.settings.member,
            spki_sha256: party.spki,
            notice: notice(&self.settings.public_origin),
        };
        let reference = LicenceReference {
            identifier: &licence.identifier,
            licence_type: licence.licence_type,
        };
        let request = ConsentRequest::establish(ask, registered.as_ref(), reference, offer, now)
            .map_err(|refusal| consent_problem(&refusal))?;
        let terms = request.terms();
        let nonce = self.nonce_key()?.issue(
            &NonceBinding {
                audience: &self.settings.public_origin,
                consent: &terms.jti,
                request: request.id(),
                licence: &licence.identifier,
            },
            now,
        );
        let row = ConsentRequestRow {
            id: request.id().clone(),
            state: ConsentRequestState::Requested,
            licence: licence.identifier,
            document: serde_json::to_string(terms).map_err(|_| Problem::new(Code::Internal))?,
            transaction_data: request.transaction_data().to_owned(),
            nonce,
            expires: (now + limits::NONCE_LIFE).whole_seconds(),
            created: now,
        };
        Ok((request, row))
    }

    fn offer_of(&self, row: &ConsentRequestRow) -> ConsentOffer {
        ConsentOffer {
            id: row.id.clone(),
            transaction_data: row.transaction_data.clone(),
            nonce: row.nonce.clone(),
            aud: self.settings.public_origin.clone(),
            expires_at: row.expires,
            holder_url: format!("{}/v1/consent-requests/{}", self.settings.public_origin, row.id),
        }
    }

    pub(super) async fn waiting_request(&self, id: &str) -> Result<ConsentRequestRow, Problem> {
        let id = id.parse().map_err(|_| Problem::new(Code::NotFound))?;
        let row = self.store.consent_request(&id).await.map_err(|error| unavailable(&error))?;
        let row = row.ok_or_else(|| Problem::new(Code::NotFound))?;
        if row.state != ConsentRequestState::Requested || row.expires <= self.now() {
            return Err(Problem::new(Code::StateConflict)
                .with_detail("the request has been answered or has ended"));
        }
        Ok(row)
    }

    pub(super) async fn licence_row_of(
        &self,
        identifier: &crate::licence::Identifier,
    ) -> Result<LicenceRow, Problem> {
        let row = self.store.licence(identifier).await.map_err(|error| unavailable(&error))?;
        row.ok_or_else(|| Problem::new(Code::NotFound))
    }

    /// What this gateway states of its client when it asks elsewhere.
    pub(super) async fn statement_of(&self, client: &Client) -> Result<CallerStatement, Problem> {
        let mut registration = self.registration_of(client).await?;
        registration.renewals = self.stated_renewals(client, self.now()).await?;
        let registration = registration
            .sign(self.keys.registrar.as_ref(), self.now())
            .map_err(|_| Problem::new(Code::Internal))?;
        Ok(CallerStatement {
            role: client.role().to_string(),
            id: client.id().to_string(),
            spki_sha256: client.key().spki_digest(),
            registration,
        })
    }

    pub(super) fn nonce_key(&self) -> Result<NonceKey, Problem> {
        NonceKey::new(self.keys.nonce_secret.as_slice()).map_err(|_| Problem::new(Code::Internal))
    }
}

/// The member that a client's own signature names: where its request goes.
pub(super) fn audience_of(headers: &HeaderMap) -> Result<crate::base::MemberId, Problem> {
    let token = one_header(headers, CLIENT_REQUEST_HEADER)?
        .ok_or_else(|| Problem::new(Code::ClientSignatureRequired))?;
    ClientRequest::audience(token).map_err(|refusal| Problem::new(refusal.code()))
}

pub(super) fn consent_problem(refusal: &ConsentRefusal) -> Problem {
    let problem = Problem::new(refusal.code());
    match refusal {
        ConsentRefusal::Invalid { pointer } => validation(pointer, refusal),
        ConsentRefusal::ClaimsNotGranted { .. } | ConsentRefusal::OverAsking { .. } => {
            problem.with_detail(refusal.to_string())
        }
        _ => problem,
    }
}

const PATH: &str = "/v1/consent-requests";
