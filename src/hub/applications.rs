//! Applications at the hub: a nonce for anybody, a check for anybody, and a place where sound
//! applications wait. To take one in is for the operators, on their own desks.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};

use super::publishing::not_kept;
use super::serving::Node;
use crate::audit::{Actor, Entry, EntryKind, Pending};
use crate::base::{Code, Timestamp, limits};
use crate::crypto::Digest;
use crate::exchange::{EnrolmentContext, Examination, OpenedBundle};
use crate::http::{Problem, StrictJson};
use crate::store::{ApplicationRow, CommitError, Effect};
use crate::trust::LogLeaf;

/// A bundle to be judged.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct BundleOrder {
    pub(super) bundle: String,
}

/// Which application is asked for.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ShowOrder {
    /// The fingerprint, hexadecimal.
    list_key_sha256: String,
}

/// `POST /v1/members:nonce`: what an application is proven for.
pub(super) async fn nonce(State(node): State<Arc<Node>>) -> Json<Value> {
    let now = node.clock.now();
    let hub = node.hub_origin();
    let nonce = node.nonces.issue(&hub, now, &node.entropy);
    Json(json!({ "hub": hub, "nonce": nonce, "seconds": limits::ENROLMENT_NONCE_LIFE.as_secs() }))
}

/// `POST /v1/members:check`: what is wrong with an application, and nothing is kept.
pub(super) async fn check(
    State(node): State<Arc<Node>>,
    StrictJson { value, .. }: StrictJson<BundleOrder>,
) -> Result<Response, Problem> {
    let _place = node.desk.try_acquire().map_err(|_| Problem::new(Code::Overloaded))?;
    Ok(Json(node.examine(&value.bundle)).into_response())
}

/// `POST /v1/members:apply`: a sound application with a nonce of this hub waits for the operators.
pub(super) async fn apply(
    State(node): State<Arc<Node>>,
    StrictJson { value, .. }: StrictJson<BundleOrder>,
) -> Result<Response, Problem> {
    let _place = node.desk.try_acquire().map_err(|_| Problem::new(Code::Overloaded))?;
    let examination = node.examination(&value.bundle);
    let Some(opened) = examination.sound() else {
        let mut problem = Problem::new(Code::ValidationFailed);
        for finding in examination.findings {
            let text = format!("{}: {}", finding.code, finding.text);
            problem = problem.with_error(format!("/bundle/{}", finding.subject), text);
        }
        return Err(problem);
    };
    Ok(Json(node.receive(opened, value.bundle.clone()).await?).into_response())
}

impl Node {
    fn examination(&self, bundle: &str) -> Examination {
        let known = self.known.load();
        let hub = self.hub_origin();
        let context =
            EnrolmentContext { now: self.clock.now(), known: Some(&known), hub: Some(&hub) };
        Examination::of(bundle.trim(), context)
    }

    /// The examination as a document.
    pub(super) fn examine(&self, bundle: &str) -> Value {
        let examination = self.examination(bundle);
        let opened = examination.opened.as_ref();
        json!({
            "sound": examination.sound().is_some(),
            "draft": opened.is_some_and(OpenedBundle::is_draft),
            "member": opened.map(|opened| opened.bundle.enrolment.member),
            "hosts": opened.map(|opened| &opened.bundle.enrolment.hosts),
            "list_key_sha256": opened.map(|opened| opened.fingerprint().to_hex()),
            "findings": examination.findings,
            "unchecked": examination.unchecked,
        })
    }

    /// Spends the nonce and keeps the application, with its entry, or does neither.
    async fn receive(&self, opened: &OpenedBundle, bundle: String) -> Result<Value, Problem> {
        let now = self.clock.now();
        let nonce = &opened.bundle.addressee.nonce;
        let ends = self.nonces.check(nonce, &self.hub_origin(), now).map_err(|refusal| {
            Problem::new(Code::ValidationFailed)
                .with_error("/bundle/addressee/nonce", refusal.to_string())
        })?;
        let Some(place) = self.enrolments.admit(now) else {
            return Err(Problem::new(Code::RateLimited).with_detail(
                "this hub took as many applications today as the list log bears: come back tomorrow",
            ));
        };
        let member = opened.bundle.enrolment.member;
        let row = ApplicationRow {
            list_key: opened.fingerprint(),
            member,
            sha256: Digest::of(bundle.trim()),
            document: bundle.trim().to_owned(),
            received: now,
        };
        let leaf =
            LogLeaf::Enrolment { at: now.into(), member, sha256: row.sha256, spki: row.list_key };
        let actor = Actor {
            member: Some(member),
            role: "applicant".to_owned(),
            id: member.to_string(),
            spki_sha256: Some(row.list_key),
        };
        let mut entry = Entry::new(EntryKind::MemberApplied, now, actor);
        entry.document_sha256 = Some(row.sha256);
        let answer = json!({
            "member": member, "list_key_sha256": row.list_key.to_hex(), "received": now,
        });
        let effects = vec![
            Effect::SpendNonce { nonce: Digest::of(nonce), expires: ends },
            Effect::PutApplication(row),
        ];
        match self.store.commit(effects, Pending::new(entry, &self.entropy)).await {
            Ok(_) => {
                place.keep();
                self.log_line(leaf, Actor::gateway()).await.map(|()| answer)
            }
            Err(CommitError::Refused { .. }) => Err(Problem::new(Code::RequestReplayed)
                .with_detail("the nonce was used before: fetch another")),
            Err(CommitError::Store(error)) => Err(not_kept(&error)),
        }
    }

    /// `member-applications`: what waits, newest first.
    pub(super) async fn applications(&self) -> Result<Response, Problem> {
        let rows = self.store.applications().await.map_err(|_| Problem::new(Code::NotReady))?;
        let waiting: Vec<Value> = rows.iter().map(summary).collect();
        Ok(Json(json!({ "applications": waiting })).into_response())
    }

    /// `member-show`: one application, whole, with what stands against it now.
    pub(super) async fn application(&self, order: &ShowOrder) -> Result<Response, Problem> {
        let list_key = Digest::from_hex(&order.list_key_sha256).map_err(|_| {
            Problem::new(Code::ValidationFailed)
                .with_error("/list_key_sha256", "not a SHA-256 in hexadecimal")
        })?;
        let row = self.store.application(list_key).await;
        let row = row
            .map_err(|_| Problem::new(Code::NotReady))?
            .ok_or_else(|| Problem::new(Code::NotFound))?;
        let mut shown = summary(&row);
        shown["examination"] = self.examine(&row.document);
        shown["bundle"] = json!(row.document);
        Ok(Json(shown).into_response())
    }
}

fn summary(row: &ApplicationRow) -> Value {
    json!({
        "member": row.member, "list_key_sha256": row.list_key.to_hex(),
        "bundle_sha256": row.sha256.to_hex(), "received": row.received,
    })
}

/// How many applications are logged in one day. Every node of the federation reads every line of
/// the list log, and anybody may apply.
#[derive(Debug, Default)]
pub(super) struct DailyEnrolments(Mutex<VecDeque<Timestamp>>);

impl DailyEnrolments {
    /// A place for one more at `now`, if the day has room for it.
    fn admit(&self, now: Timestamp) -> Option<TodaysPlace<'_>> {
        let mut taken = self.taken();
        while taken.front().is_some_and(|first| now.since(*first) >= DAY) {
            taken.pop_front();
        }
        let has_room = taken.len() < limits::ENROLMENTS_PER_DAY;
        has_room.then(|| {
            taken.push_back(now);
            TodaysPlace { day: Some(self), at: now }
        })
    }

    fn taken(&self) -> MutexGuard<'_, VecDeque<Timestamp>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A place in the day, free again when the application comes to nothing: one that is sent again
/// and again, and refused, must not keep others away.
struct TodaysPlace<'d> {
    day: Option<&'d DailyEnrolments>,
    at: Timestamp,
}

impl TodaysPlace<'_> {
    /// The application was taken in.
    fn keep(mut self) {
        self.day = None;
    }
}

impl Drop for TodaysPlace<'_> {
    fn drop(&mut self) {
        let Some(day) = self.day else { return };
        let mut taken = day.taken();
        if let Some(place) = taken.iter().rposition(|at| *at == self.at) {
            taken.remove(place);
        }
    }
}

const DAY: Duration = Duration::from_hours(24);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_has_room_for_so_many_applications() {
        let start: Timestamp = "2026-11-22T08:00:00Z".parse().unwrap();
        let day = DailyEnrolments::default();
        for _ in 0..limits::ENROLMENTS_PER_DAY {
            day.admit(start).unwrap().keep();
        }
        assert!(day.admit(start + Duration::from_hours(23)).is_none());
        assert!(day.admit(start + DAY).is_some());
    }

    #[test]
    fn an_application_that_is_refused_takes_no_place_of_the_day() {
        let start: Timestamp = "2026-11-22T08:00:00Z".parse().unwrap();
        let day = DailyEnrolments::default();
        for _ in 0..=limits::ENROLMENTS_PER_DAY {
            assert!(day.admit(start).is_some());
        }
        assert_eq!(day.taken().len(), 0);
    }
}
