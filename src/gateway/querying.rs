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
use super::party::own_actor;
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
        let (ground, inspection) = self.ground_of(client, &asked.body, now).await?;
        let gathered = self.gather(client, asked, &ground, now).await?;
        let snapshot = self.trust.snapshot();
        let context = CheckContext {
            snapshot: &snapshot,
            hub_reachable: self.trust.is_hub_reachable(),
            max_status_age: limits::STATUS_AGE_ROADSIDE,
            now,
        };
        let mut entry = Entry::new(EntryKind::StatutoryView, now, own_actor(client));
        entry.reference = Some(inspection.to_string());
        entry.basis = Some("statutory".to_owned());
        let hit = gathered
            .answers
            .iter()
            .find(|(_, answered)| answered.answer.result.code != Code::RegisterNotFound);
        let findings: Findings = match hit {
            Some((member, answered)) => {
                entry.request_sha256 = Some(answered.request_sha256);
                answered.answer.result.clone().into_findings(*member, &inspection, &context)
            }
            None if gathered.unreachable.is_empty() => {
                unanswered_findings(Code::RegisterNotFound, &context)
            }
            None => unanswered_findings(Code::RegisterUnavailable, &context),
        };
        let division = hit.map_or(self.settings.member, |(member, _)| *member).division();
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

    /// Asks the province that the question points to, then all others after a moment, until one
    /// has the record or the officer's patience ends.
    async fn gather(
        &self,
        client: &Client,
        asked: &Asked<'_>,
        ground: &Ground,
        now: Timestamp,
    ) -> Result<Gathered, Problem> {
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
        let mut open: BTreeSet<MemberId> = members.iter().copied().collect();
        let collect = async {
            while let Some((member, outcome)) = pending.next().await {
                open.remove(&member);
                match outcome {
                    Ok(answered) => {
                        let hit = answered.answer.result.code != Code::RegisterNotFound;
                        gathered.answers.insert(member, answered);
                        if hit {
                            open.clear();
                            return Ok(());
                        }
                    }
                    // An ambiguous plate is the officer's to resolve, whoever says so.
                    Err(problem) if is_about_the_question(problem.code()) => return Err(problem),
                    Err(_) => {
                        gathered.unreachable.insert(member);
                    }
                }
            }
            Ok(())
        };
        match tokio::time::timeout(PATIENCE, collect).await {
            Ok(outcome) => outcome?,
            Err(_) => gathered.unreachable.extend(open),
        }
        Ok(gathered)
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
