//! `POST /v1/licences:query`: looking a licence up when the driver has nothing to show. The officer
//! asks by plate or number; this gateway asks the provinces and reports what they answer.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use futures_util::stream::{FuturesUnordered, StreamExt as _};
use serde_json::json;

use super::asking::{Answered, Question};
use super::issuing::validation;
use super::node::Node;
use super::party::{Ground, Party, client_in};
use crate::audit::{Entry, EntryKind};
use crate::base::{Code, MemberId, Timestamp, limits};
use crate::exchange::{
    Arrival, CheckContext, Findings, QueryBody, RegisterAnswer, unanswered_findings,
};
use crate::http::{Problem, StrictJson, TraceId};
use crate::identity::{Caller, Client, Role};
use crate::register::Query;
use crate::trust::ServiceStatus;

/// `POST /v1/licences:query`.
pub(super) async fn query(
    State(node): State<Arc<Node>>,
    Extension(caller): Extension<Caller>,
    Extension(trace): Extension<TraceId>,
    headers: HeaderMap,
    StrictJson { value, bytes }: StrictJson<QueryBody>,
) -> Result<Response, Problem> {
    let now = node.now();
    let question: Query = value.terms.clone().try_into().map_err(query_problem)?;
    if let Some(peer) = caller.member() {
        let arrival =
            Arrival { peer, own: node.settings.member, method: "POST", path: PATH, body: &bytes };
        let snapshot = node.trust.snapshot();
        let party = Party::arrived(&snapshot, arrival, &headers, now)?;
        let token = node.answer_query(&party, &question, &value, now).await?;
        return Ok(([(header::CONTENT_TYPE, "application/jwt")], token).into_response());
    }
    let client = client_in(&caller, &[Role::Enforcement])?;
    let asked = Asked { question, body: value, bytes: &bytes, headers: &headers };
    let report = node.look_up(client, &asked, &trace.to_string(), now).await?;
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(report)).into_response())
}

/// An officer's question as it came.
struct Asked<'a> {
    question: Query,
    body: QueryBody,
    bytes: &'a [u8],
    headers: &'a HeaderMap,
}

/// What the provinces answered.
#[derive(Default)]
struct Gathered {
    answers: BTreeMap<MemberId, Answered<RegisterAnswer>>,
    unreachable: BTreeSet<MemberId>,
    /// What the province that was asked first has against the question itself.
    objection: Option<Problem>,
}

impl Gathered {
    /// The answer that has the record.
    fn hit(&self) -> Option<(MemberId, &Answered<RegisterAnswer>)> {
        let has_record = |answered: &Answered<RegisterAnswer>| {
            answered.answer.result.code != Code::RegisterNotFound
        };
        let found = self.answers.iter().find(|(_, answered)| has_record(answered));
        found.map(|(member, answered)| (*member, answered))
    }
}

impl Node {
    async fn look_up(
        &self,
        client: &Client,
        asked: &Asked<'_>,
        trace: &str,
        now: Timestamp,
    ) -> Result<serde_json::Value, Problem> {
        let began = std::time::Instant::now();
        let mut entry = Entry::new(EntryKind::StatutoryView, now, client.actor());
        entry.basis = Some("statutory".to_owned());
        entry.reference = asked.body.inspection_ref.as_ref().map(ToString::to_string);
        let gathered = match self.gather_under_inspection(client, asked, now).await {
            Ok(gathered) => gathered,
            Err(problem) => return Err(self.refuse(entry, Vec::new(), problem).await),
        };
        let hit = gathered.hit();
        entry.request_sha256 = hit.map(|(_, answered)| answered.request_sha256);
        let division = hit.map_or(self.settings.member, |(member, _)| member).division();
        let findings = self.findings_of(&gathered, asked, now);
        let report = self.record_check(findings, entry, trace, now).await?;
        self.telemetry.verified(report.leading_code(), division, "roadside", began.elapsed());
        let tokens: Vec<_> = gathered
            .answers
            .iter()
            .map(|(member, answered)| json!({ "member": member, "answer": answered.token }))
            .collect();
        Ok(json!({
            "report": report, "answers": tokens, "unreachable": gathered.unreachable,
        }))
    }

    async fn gather_under_inspection(
        &self,
        client: &Client,
        asked: &Asked<'_>,
        now: Timestamp,
    ) -> Result<Gathered, Problem> {
        let (ground, _) = self.ground_of(client, &asked.body, now).await?;
        if !self.trust.snapshot().is_usable(now) {
            return Ok(Gathered::default());
        }
        let gathered = self.gather(client, asked, &ground, now).await;
        match gathered.objection {
            Some(problem) if gathered.hit().is_none() => Err(problem),
            _ => Ok(gathered),
        }
    }

    fn findings_of(&self, gathered: &Gathered, asked: &Asked<'_>, now: Timestamp) -> Findings {
        let snapshot = self.trust.snapshot();
        let context = CheckContext {
            snapshot: &snapshot,
            hub_reachable: self.trust.is_hub_reachable(),
            max_status_age: limits::STATUS_AGE_ROADSIDE,
            now,
        };
        if !snapshot.is_usable(now) {
            return unanswered_findings(Code::TrustExpired, &context);
        }
        match (gathered.hit(), &asked.body.inspection_ref) {
            (Some((member, answered)), Some(inspection)) => {
                answered.answer.result.clone().into_findings(member, inspection, &context)
            }
            _ if gathered.unreachable.is_empty() => {
                unanswered_findings(Code::RegisterNotFound, &context)
            }
            _ => unanswered_findings(Code::RegisterUnavailable, &context),
        }
    }

    /// Asks the province that the question points to, then all others after a moment, until one
    /// has the record or the officer's patience ends.
    async fn gather(
        &self,
        client: &Client,
        asked: &Asked<'_>,
        ground: &Ground,
        now: Timestamp,
    ) -> Gathered {
        let snapshot = self.trust.snapshot();
        let granted = snapshot.members().filter(|member| member.status == ServiceStatus::Granted);
        let members: Vec<MemberId> = granted.map(|member| member.id).collect();
        let first = asked
            .question
            .first_division()
            .and_then(|division| snapshot.owner_of(division))
            .unwrap_or(self.settings.member);
        let mut pending: FuturesUnordered<_> = members
            .iter()
            .map(|member| async move {
                if *member != first {
                    tokio::time::sleep(OTHERS_AFTER).await;
                }
                (*member, self.ask_one(*member, client, asked, ground, now).await)
            })
            .collect();
        let mut gathered = Gathered::default();
        let deadline = tokio::time::Instant::now() + PATIENCE;
        let mut open: BTreeSet<MemberId> = members.iter().copied().collect();
        while let Ok(Some((member, outcome))) =
            tokio::time::timeout_at(deadline, pending.next()).await
        {
            open.remove(&member);
            match outcome {
                // A register speaks for its own province's licences: another answer is none.
                Ok(answered) if answered.answer.result.is_for(member, &snapshot) => {
                    gathered.answers.insert(member, answered);
                    if gathered.hit().is_some() {
                        return gathered;
                    }
                }
                Ok(_) => {
                    tracing::error!(%member, "answered for a licence of another province");
                    gathered.unreachable.insert(member);
                }
                Err(problem) => {
                    // Only the province that the question points to may object to it; any other
                    // could otherwise end every officer's question.
                    if member == first && is_about_the_question(problem.code()) {
                        gathered.objection = Some(problem);
                    } else {
                        gathered.unreachable.insert(member);
                    }
                }
            }
        }
        gathered.unreachable.extend(open);
        gathered
    }

    async fn ask_one(
        &self,
        member: MemberId,
        client: &Client,
        asked: &Asked<'_>,
        ground: &Ground,
        now: Timestamp,
    ) -> Result<Answered<RegisterAnswer>, Problem> {
        if member == self.settings.member {
            let party =
                self.own_party(client, asked.headers, asked.bytes, ground.clone(), now).await?;
            let token = self.answer_query(&party, &asked.question, &asked.body, now).await?;
            return self.open_own(token, party.request_sha256);
        }
        let question = Question {
            path: PATH,
            body: asked.bytes,
            caller: Some(self.statement_of(client).await?),
            basis: ground.basis.clone(),
            officer: ground.officer.clone(),
            client_request: None,
        };
        self.ask(member, question, now).await
    }
}

fn query_problem(error: crate::register::QueryError) -> Problem {
    validation(error.pointer(), &error)
}

/// Refusals that speak of the question, not of the province that was asked.
const fn is_about_the_question(code: Code) -> bool {
    matches!(
        code,
        Code::ValidationFailed
            | Code::ClaimsNotGranted
            | Code::LegalBasisRequired
            | Code::IntendedUseNotRegistered
            | Code::RoleNotAllowed
    )
}

const PATH: &str = "/v1/licences:query";
/// The province that a plate points to gets this much of a start.
const OTHERS_AFTER: Duration = Duration::from_millis(300);
/// Within the two seconds of a roadside request, less the time to record and sign the answer.
const PATIENCE: Duration = Duration::from_millis(1_600);
