//! `POST /v1/inspections`: an officer opens an inspection once, and every look-up rests on it.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use serde_json::json;

use super::node::{Node, unavailable};
use super::party::{Ground, client_in};
use crate::audit::{Entry, EntryKind};
use crate::base::{Code, InspectionRef, Timestamp, limits};
use crate::exchange::{Basis as StatedBasis, InspectionBody, Officer, QueryBody};
use crate::http::{Problem, StrictJson};
use crate::identity::{Caller, Client, Role};
use crate::store::{Effect, InspectionRow};

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
    let mut entry = Entry::new(EntryKind::InspectionOpened, now, client.actor());
    entry.reference = Some(row.id.to_string());
    entry.basis = Some("statutory".to_owned());
    node.commit(vec![Effect::InsertInspection(row)], entry).await?;
    Ok(Json(answer).into_response())
}

impl Node {
    /// The statutory ground of an officer's question: the open inspection it names.
    pub(super) async fn ground_of(
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
        let row = self.inspection_of(client, &reference, now).await?;
        let officers: Vec<String> = serde_json::from_str(&row.officers).unwrap_or_default();
        if !officers.contains(&officer) {
            return Err(Problem::new(Code::ValidationFailed)
                .with_error("/officer", "is not one of the officers of this inspection"));
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

    /// An inspection that this client opened and that is open now.
    pub(super) async fn inspection_of(
        &self,
        client: &Client,
        reference: &InspectionRef,
        now: Timestamp,
    ) -> Result<InspectionRow, Problem> {
        let row = self.store.inspection(reference).await.map_err(|error| unavailable(&error))?;
        row.filter(|row| row.client == *client.id() && row.opened <= now && now < row.expires)
            .ok_or_else(|| Problem::new(Code::LegalBasisRequired))
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
