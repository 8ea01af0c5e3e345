//! Looking a licence up when the driver has nothing to show: an officer opens an inspection, asks
//! by plate or number, and the issuing province answers under the national catalogue.

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
use super::issuing::{subject_of, validation};
use super::node::{Node, problem_of, unavailable};
use super::party::{Ground, Party, client_in};
use crate::audit::{Actor, Entry, EntryKind};
use crate::base::{Code, InspectionRef, MemberId, Timestamp, limits};
use crate::disclosure::{Source, disclose};
use crate::exchange::{
    AnswerDraft, Arrival, Basis as StatedBasis, CheckContext, Findings, InspectionBody, Officer,
    QueryBody, RegisterAnswer, answer, pledge, unanswered_findings,
};
use crate::http::{Problem, StrictJson, TraceId};
use crate::identity::{Caller, Client, Role};
use crate::licence::LicenceDocument;
use crate::policy::{
    Basis, Inspection, Mandate, MandateQuestion, RegisteredStatutoryUse, Requested, Subject, decide,
};
use crate::register::{Query, Record, Recorded, recall};
use crate::store::{Effect, InspectionRow, LicenceRow};
use crate::trust::ServiceStatus;

/// `POST /v1/inspections`.
pub(super) async fn open_inspection(
    State(node): State<Arc<Node>>,
    Extension(caller): Extension<Caller>,
    StrictJson { value, .. }: StrictJson<InspectionBody>,
) -> Result<Response, Problem> {
    let client = client_in(&caller, &[Role::Enforcement])?;
    let now = node.now();
    let registration = node.registration_of(client).await?;
    registration.registered_use(&value.use_id).map_err(|refusal| Problem::new(refusal.code()))?;
    check_inspection(&value)?;
    let row = InspectionRow {
        id: InspectionRef::generate(now, &node.entropy),
        unit: client.id().to_string(),
        officers: json!(value.officers).to_string(),
        place: value.place,
        law_ref: value.law_ref,
        reason_code: format!("{} {}", value.use_id, value.reason_code),
        client: client.id().clone(),
        opened: now,
        expires: (now + Duration::from_secs(value.hours * 3600)).whole_seconds(),
    };
    let answer = json!({ "inspection_ref": row.id, "expires_at": row.expires });
    let mut entry = Entry::new(EntryKind::InspectionOpened, now, own_actor(client));
    entry.reference = Some(row.id.to_string());
    entry.basis = Some("statutory".to_owned());
    node.commit(vec![Effect::InsertInspection(row)], entry).await?;
    Ok(Json(answer).into_response())
}

/// `POST /v1/licences:query`.
pub(super) async fn query(
    State(node): State<Arc<Node>>,
    Extension(caller): Extension<Caller>,
    Extension(trace): Extension<TraceId>,
    headers: HeaderMap,
    StrictJson { value, bytes }: StrictJson<QueryBody>,
) -> Result<Response, Problem> {
    let now = node.now();
    let question: Query = value.terms.clone().try_into().map_err(|error| query_problem(&error))?;
    if let Some(peer) = caller.member() {
        let arrival =
            Arrival { peer, own: node.settings.member, method: "POST", path: PATH, body: &bytes };
        let snapshot = node.trust.snapshot();
        let party = node.arrived_party(&snapshot, arrival, &headers, now)?;
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

    /// The statutory ground of an officer's question: the open inspection it names.
    async fn ground_of(
        &self,
        client: &Client,
        body: &QueryBody,
        now: Timestamp,
    ) -> Result<(Ground, InspectionRef), Problem> {
        let missing = |pointer: &str| {
            Problem::new(Code::ValidationFailed).with_error(pointer, "is needed for a look-up")
        };
        let reference = body.inspection_ref.clone().ok_or_else(|| missing("/inspection_ref"))?;
        let officer = body.officer.clone().ok_or_else(|| missing("/officer"))?;
        let row = self.store.inspection(&reference).await.map_err(|error| unavailable(&error))?;
        let row = row
            .filter(|row| row.client == *client.id() && row.opened <= now && now < row.expires)
            .ok_or_else(|| Problem::new(Code::LegalBasisRequired))?;
        let officers: Vec<String> = serde_json::from_str(&row.officers).unwrap_or_default();
        if !officers.contains(&officer) {
            return Err(missing("/officer"));
        }
        let (use_id, reason_code) = row.reason_code.split_once(' ').unwrap_or_default();
        let basis = StatedBasis::Statutory {
            use_id: use_id.to_owned(),
            law_ref: row.law_ref,
            reason_code: reason_code.to_owned(),
        };
        let officer =
            Officer { pseudonym: officer, unit: row.unit, inspection_ref: reference.clone() };
        Ok((Ground { basis, officer: Some(officer) }, reference))
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

    /// Answers from this province's register, for an officer of any province.
    async fn answer_query(
        &self,
        party: &Party,
        question: &Query,
        body: &QueryBody,
        now: Timestamp,
    ) -> Result<String, Problem> {
        let mut entry =
            Entry::new(EntryKind::StatutoryView, now, party.actor(self.settings.member));
        entry.basis = Some("statutory".to_owned());
        entry.request_sha256 = Some(party.request_sha256);
        entry.claims_asked = body.claims.clone().unwrap_or_default();
        if let Some(officer) = &party.officer {
            entry.reference = Some(officer.inspection_ref.to_string());
        }
        let mandate = match self.mandate_of(party, question, now) {
            Ok(mandate) => mandate,
            Err(problem) => return Err(self.refuse(entry, party.spends.clone(), problem).await),
        };
        entry.purpose = Some(mandate.purpose().code().to_owned());
        let draft = AnswerDraft {
            iss: self.settings.member,
            aud: party.member,
            request_sha256: party.request_sha256,
        };
        let sign = |result: RegisterAnswer, receipt: &crate::audit::Receipt| {
            draft
                .sign(result, receipt, self.keys.signing.as_ref(), now)
                .map_err(|_| Problem::new(Code::Internal))
        };
        let Some(row) = self.find(question).await? else {
            let receipt = self.commit(party.spends.clone(), entry).await?;
            return sign(RegisterAnswer::not_found(), &receipt);
        };
        entry.subject = Some(subject_of(&row.identifier));
        let recorded = recalled(row, now)?;
        let requested = body.claims.as_ref().map_or(Requested::Minimum, |claims| {
            Requested::Claims(claims.iter().cloned().collect())
        });
        let permit = decide(
            party.role,
            mandate.purpose(),
            Some(Basis::Statutory(mandate)),
            &Subject::from(&recorded),
            &requested,
        );
        let permit = match permit {
            Ok(permit) => permit,
            Err(refusal) => {
                let problem = problem_of(refusal.code());
                return Err(self.refuse(entry, party.spends.clone(), problem).await);
            }
        };
        let disclosed = disclose(permit, Source::Register(&recorded))
            .map_err(|refusal| Problem::new(refusal.code()))?;
        let (pledged, pending) = pledge(disclosed, entry, &self.entropy);
        let receipt = self.commit_pending(party.spends.clone(), pending).await?;
        let given = answer(pledged, &receipt).map_err(|error| Problem::new(error.code()))?;
        let mut result = RegisterAnswer::about(&recorded);
        result.claims = given.claims().clone();
        sign(result, &receipt)
    }

    /// The mandate of an officer's question: catalogue ∩ registration, under the inspection that
    /// the asking province states and answers for.
    fn mandate_of(
        &self,
        party: &Party,
        question: &Query,
        now: Timestamp,
    ) -> Result<Mandate, Problem> {
        if party.role != Role::Enforcement {
            return Err(Problem::new(Code::RoleNotAllowed));
        }
        let StatedBasis::Statutory { use_id, law_ref, reason_code } = &party.basis else {
            return Err(Problem::new(Code::LegalBasisRequired));
        };
        let snapshot = self.trust.snapshot();
        let catalogue = snapshot.statutory_use(use_id);
        let registered = party.registration.registered_use(use_id).ok();
        let officer = party.officer.as_ref();
        let unit = officer.map_or("", |officer| officer.unit.as_str());
        let registered = registered.map(|registered| RegisteredStatutoryUse {
            use_id: registered.id.clone(),
            unit: party.id.clone(),
            claims: registered.claims.iter().cloned().collect(),
            queries: registered.queries.iter().cloned().collect(),
        });
        let inspection = officer.map(|officer| Inspection {
            id: officer.inspection_ref.clone(),
            unit: officer.unit.clone(),
            officers: BTreeSet::from([officer.pseudonym.clone()]),
            place: String::new(),
            law_ref: law_ref.clone(),
            reason_code: reason_code.clone(),
            opened: now,
            expires: now + limits::STATUTORY_VIEW_LIFE,
            closed: None,
        });
        let question = MandateQuestion {
            catalogue,
            registered: registered.as_ref(),
            inspection: inspection.as_ref(),
            officer: officer.map_or("", |officer| officer.pseudonym.as_str()),
            unit,
            query: question.kind(),
        };
        Mandate::establish(&question, now)
            .map_err(|refusal| Problem::new(refusal.code()).with_detail(refusal.to_string()))
    }

    /// Exactly one licence, or none; two vehicles of one plate need a colour to be told apart.
    async fn find(&self, question: &Query) -> Result<Option<LicenceRow>, Problem> {
        let store = &self.store;
        let mut rows = match question {
            Query::Identifier(identifier) => {
                store.licence(identifier).await.map(|row| row.into_iter().collect())
            }
            Query::Number(number) => store.licences_by_number(number.as_str()).await,
            Query::Plate { plate, colour } => {
                let colour = colour.map(crate::licence::PlateColour::code);
                store.licences_by_plate(plate.as_str(), colour).await
            }
            Query::HolderCode(code) => {
                store.licences_by_holder(self.holder_digest(code.as_str()), None).await
            }
        }
        .map_err(|error| unavailable(&error))?;
        // A road pass names no colour; it goes with whichever vehicle it was given to.
        let colours: BTreeSet<_> = rows.iter().filter_map(|row| row.plate_colour.clone()).collect();
        if matches!(question, Query::Plate { colour: None, .. }) && colours.len() > 1 {
            return Err(Problem::new(Code::ValidationFailed)
                .with_error("/plate_colour", "two vehicles have this plate: name the colour"));
        }
        // Of a pass and a certificate for one vehicle, the certificate answers "may it operate".
        rows.sort_by_key(|row| (!row.status.recognised(), row.licence_type.code() == "TP"));
        Ok(rows.into_iter().next())
    }
}

fn recalled(row: LicenceRow, now: Timestamp) -> Result<Recorded, Problem> {
    let document: LicenceDocument =
        serde_json::from_str(&row.record).map_err(|_| Problem::new(Code::Internal))?;
    let record = Record {
        document,
        status: row.status,
        carrier: row.carrier,
        status_index: Some(u64::from(row.status_index)),
        updated: row.updated,
    };
    Ok(recall(record, now))
}

pub(super) fn own_actor(client: &Client) -> Actor {
    Actor {
        member: None,
        role: client.role().to_string(),
        id: client.id().to_string(),
        spki_sha256: Some(client.key().spki_digest()),
    }
}

fn check_inspection(body: &InspectionBody) -> Result<(), Problem> {
    let wrong = |pointer: &str, detail: &str| {
        Err(Problem::new(Code::ValidationFailed).with_error(pointer, detail))
    };
    let short = |text: &str| !text.is_empty() && text.len() <= 128;
    let some = (1..=32).contains(&body.officers.len());
    if !some || !body.officers.iter().all(|officer| short(officer)) {
        return wrong("/officers", "one to 32 pseudonyms of at most 128 bytes");
    }
    if !(1..=limits::INSPECTION_LIFE.as_secs() / 3600).contains(&body.hours) {
        return wrong("/hours", "1 to 12");
    }
    let texts =
        [("/place", &body.place), ("/law_ref", &body.law_ref), ("/reason_code", &body.reason_code)];
    match texts.into_iter().find(|(_, text)| !short(text)) {
        Some((pointer, _)) => wrong(pointer, "is needed, at most 128 bytes"),
        None => Ok(()),
    }
}

fn query_problem(error: &crate::register::QueryError) -> Problem {
    validation(error.pointer(), error)
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
