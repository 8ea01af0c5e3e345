//! `POST /v1/verifications`: a client presents a credential, this gateway judges it, and the check
//! is on the record before it is answered.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};

use super::asking::Question;
use super::issuing::subject_of;
use super::node::{Node, unavailable};
use super::party::client_in;
use crate::audit::{Actor, Entry, EntryKind};
use crate::base::{Code, MemberId, Timestamp, limits};
use crate::credential::{
    Authentic, Binding, JudgeTerms, Judged, StatusEvidence, StatusValue, examine,
};
use crate::exchange::{
    AnswerDraft, Arrival, Basis, CheckContext, EndedAs, Findings, Request, VerificationBody,
    VerificationReport, failed_findings, judged_findings,
};
use crate::http::{Problem, StrictJson, TraceId};
use crate::identity::{Caller, Role};
use crate::licence::LicenceStatus;
use crate::trust::{ServiceKind, Snapshot};

/// `POST /v1/verifications`.
pub(super) async fn verifications(
    State(node): State<Arc<Node>>,
    Extension(caller): Extension<Caller>,
    Extension(trace): Extension<TraceId>,
    headers: HeaderMap,
    StrictJson { value, bytes }: StrictJson<VerificationBody>,
) -> Result<Response, Problem> {
    if let Some(peer) = caller.member() {
        return node.tell_ended(peer, &headers, &value, &bytes).await;
    }
    let client = client_in(
        &caller,
        &[Role::Enforcement, Role::TransportAuthority, Role::Business, Role::Channel],
    )?;
    // A certificate alone is not enough: the province may have suspended its client since.
    node.registration_of(client).await?;
    if let Some(name) = value.unsupported() {
        return Err(Problem::new(Code::ValidationFailed)
            .with_error(format!("/{name}"), "this version does not make this check"));
    }
    if let Some(reference) = &value.inspection_ref {
        node.inspection_of(client, reference, node.now()).await?;
    }
    let report = node.verify_presented(&value, client.actor(), &trace.to_string()).await?;
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(report)).into_response())
}

impl Node {
    /// Judges a presented credential and puts the check on the record.
    async fn verify_presented(
        &self,
        body: &VerificationBody,
        actor: Actor,
        trace: &str,
    ) -> Result<VerificationReport, Problem> {
        let began = std::time::Instant::now();
        let now = self.now();
        let snapshot = self.trust.snapshot();
        let context = CheckContext {
            snapshot: &snapshot,
            hub_reachable: self.trust.is_hub_reachable(),
            max_status_age: limits::STATUS_AGE_ROADSIDE,
            now,
        };
        let mut entry = Entry::new(EntryKind::Verification, now, actor);
        entry.reference = body.inspection_ref.as_ref().map(ToString::to_string);
        let findings = match examine(&body.credential, &snapshot, now) {
            Err(failure) => failed_findings(&failure, &context),
            Ok(authentic) => {
                entry.subject = Some(subject_of(authentic.identifier()));
                let judged = self.judge(authentic, &snapshot, now).await;
                judged_findings(&judged, &context)
            }
        };
        let report = self.record_check(findings, entry, trace, now).await?;
        let division = report.issuer.as_ref().map_or(self.settings.member, |issuer| issuer.member);
        let took = began.elapsed();
        self.telemetry.verified(report.leading_code(), division.division(), "roadside", took);
        Ok(report)
    }

    /// Judges an authentic credential by its status list; one that shows it as ended is followed
    /// by a question to the issuing gateway, which act it was.
    pub(super) async fn judge(
        &self,
        authentic: Authentic,
        snapshot: &Snapshot,
        now: Timestamp,
    ) -> Judged {
        let member = authentic.issuer().member();
        let reference = authentic.status_reference().cloned();
        let list = match &reference {
            Some(reference) => self.status_list_of(member, reference).await,
            None => None,
        };
        let terms = JudgeTerms {
            max_status_age: limits::STATUS_AGE_ROADSIDE,
            binding: Binding::NotDemanded,
        };
        let (Some(list), Some(reference)) = (list, reference) else {
            return authentic.judge(StatusEvidence::Unavailable, &terms, now);
        };
        self.telemetry.status_list_is_aged(member.division(), now.since(list.issued()));
        let ended_as = match list.entry(reference.idx) {
            Some(StatusValue::Ended) => self.ask_ended(member, &authentic, snapshot, now).await,
            _ => None,
        };
        authentic.judge(StatusEvidence::List { list: &list, ended_as }, &terms, now)
    }

    /// Asks which act ended a licence. Nobody's data is in the question but the identifier, which
    /// the presented credential shows to everybody.
    async fn ask_ended(
        &self,
        member: MemberId,
        authentic: &Authentic,
        snapshot: &Snapshot,
        now: Timestamp,
    ) -> Option<LicenceStatus> {
        if member == self.settings.member {
            return Some(self.store.licence(authentic.identifier()).await.ok()??.status);
        }
        snapshot.member(member)?;
        let body = VerificationBody::of(authentic.identifier().as_str());
        let body = serde_json::to_vec(&body).ok()?;
        let question = Question {
            path: "/v1/verifications",
            body: &body,
            caller: None,
            basis: Basis::Presented,
            officer: None,
            client_request: None,
        };
        let answered = self.ask::<EndedAs>(member, question, now).await.ok()?;
        Some(answered.answer.result.status)
    }

    /// The other side of that question: another gateway may learn which act ended a licence that
    /// our public status list shows as ended, and nothing of one in force.
    async fn tell_ended(
        &self,
        peer: MemberId,
        headers: &HeaderMap,
        body: &VerificationBody,
        bytes: &[u8],
    ) -> Result<Response, Problem> {
        let now = self.now();
        let snapshot = self.trust.snapshot();
        let arrival = Arrival {
            peer,
            own: self.settings.member,
            method: "POST",
            path: "/v1/verifications",
            body: bytes,
        };
        let token = super::party::header(headers, super::asking::REQUEST_HEADER)?
            .ok_or_else(|| Problem::new(Code::RequestSignatureInvalid))?;
        let keys = snapshot.keys(peer, ServiceKind::GatewaySigning);
        let request = Request::open(token, arrival, keys, now)
            .map_err(|refusal| Problem::new(refusal.code()))?;
        let identifier = body.credential.parse().map_err(|_| Problem::new(Code::NotFound))?;
        let row = self.store.licence(&identifier).await.map_err(|error| unavailable(&error))?;
        let status = row
            .map(|row| row.status)
            .filter(|status| !matches!(status, LicenceStatus::Valid | LicenceStatus::Suspended));
        let actor = Actor {
            member: Some(peer),
            role: "gateway".to_owned(),
            id: peer.to_string(),
            spki_sha256: None,
        };
        let mut entry = Entry::new(EntryKind::Verification, now, actor);
        entry.subject = Some(subject_of(&identifier));
        entry.request_sha256 = Some(request.sha256());
        let spend = crate::store::Effect::SpendRequest {
            issuer: peer.to_string(),
            jti: request.jti().to_owned(),
            expires: request.expires(),
        };
        let Some(status) = status else {
            let problem = Problem::new(Code::NotFound);
            return Err(self.refuse(entry, vec![spend], problem).await);
        };
        let receipt = self.commit(vec![spend], entry).await?;
        let draft =
            AnswerDraft { iss: self.settings.member, aud: peer, request_sha256: request.sha256() };
        let answer = self.sign_answer(draft, EndedAs { status }, &receipt, now)?;
        Ok(([(header::CONTENT_TYPE, "application/jwt")], answer).into_response())
    }

    /// Makes the report of `findings`, durable before it is signed and answered.
    pub(super) async fn record_check(
        &self,
        findings: Findings,
        mut entry: Entry,
        trace: &str,
        now: Timestamp,
    ) -> Result<VerificationReport, Problem> {
        let report = findings.into_report(trace, now, &self.entropy);
        entry.claims_given = report.disclosed.keys().cloned().collect();
        entry.document_sha256 = Some(report.digest());
        let receipt = self.commit(Vec::new(), entry).await?;
        report.sign(&receipt, self.keys.signing.as_ref()).map_err(|_| Problem::new(Code::Internal))
    }
}
