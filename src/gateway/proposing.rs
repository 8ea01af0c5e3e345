//! What takes two operators: kept as a proposal of one until another approves it.

use std::time::Duration;

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::{Value, json};

use super::node::{Node, unavailable};
use crate::audit::{Entry, EntryKind};
use crate::base::{Code, Timestamp};
use crate::crypto::Digest;
use crate::http::Problem;
use crate::identity::Client;
use crate::store::{Approval, Effect, Persons, ProposalRow, ProposalState};

/// Something to be proposed.
pub(super) struct Proposed<'a, T> {
    /// What kind of thing it is.
    pub(super) kind: &'static str,
    /// Its name among those of its kind.
    pub(super) name: &'a str,
    /// The thing.
    pub(super) document: &'a T,
    /// Digest of what the operators speak of, for the log.
    pub(super) digest: Option<Digest>,
}

impl<T: Serialize> Proposed<'_, T> {
    pub(super) fn id(&self) -> String {
        proposal_id(self.kind, self.name)
    }
}

impl Node {
    /// Keeps a proposal of `operator` and answers 202: it waits for another.
    pub(super) async fn propose<T: Serialize>(
        &self,
        operator: &Client,
        proposed: Proposed<'_, T>,
        mut effects: Vec<Effect>,
        told: Value,
    ) -> Result<Response, Problem> {
        let now = self.now();
        let row = ProposalRow {
            id: proposed.id(),
            kind: proposed.kind.to_owned(),
            document: serde_json::to_string(proposed.document)
                .map_err(|_| Problem::new(Code::Internal))?,
            state: ProposalState::Proposed,
            proposer: operator.id().to_string(),
            proposer_spki: operator.key().spki_digest(),
            approver: None,
            created: now,
            ends: (now + PROPOSAL_LIFE).whole_seconds(),
        };
        let mut entry = Entry::new(EntryKind::ChangeProposed, now, operator.actor());
        entry.reference = Some(row.id.clone());
        entry.document_sha256 = proposed.digest;
        let ends = row.ends;
        effects.push(Effect::Propose(row));
        let receipt = self.commit(effects, entry).await?;
        let mut told = told;
        told["state"] = json!("proposed");
        told["ends"] = json!(ends);
        told["audit_index"] = json!(receipt.index());
        Ok((StatusCode::ACCEPTED, Json(told)).into_response())
    }

    /// The proposal that waits under this name.
    pub(super) async fn waiting(&self, kind: &str, name: &str) -> Result<ProposalRow, Problem> {
        let row = self.proposal(kind, name).await?.ok_or_else(|| Problem::new(Code::NotFound))?;
        if row.state != ProposalState::Proposed || row.ends <= self.now() {
            return Err(Problem::new(Code::StateConflict)
                .with_detail("the proposal was approved before, or nobody approved it in time"));
        }
        Ok(row)
    }

    /// The proposal under this name, in whatever state.
    pub(super) async fn proposal(
        &self,
        kind: &str,
        name: &str,
    ) -> Result<Option<ProposalRow>, Problem> {
        self.store.proposal(&proposal_id(kind, name)).await.map_err(|error| unavailable(&error))
    }
}

/// The approval of a proposal, to be committed with what it brings about.
pub(super) fn approval(
    operator: &Client,
    row: &ProposalRow,
    persons: Persons,
    now: Timestamp,
) -> Effect {
    let approval = Approval {
        proposal: row.id.clone(),
        approver: operator.id().to_string(),
        approver_spki: operator.key().spki_digest(),
        persons,
    };
    Effect::ApproveProposal { approval, now }
}

/// The same refusal as the store's for one person alone, in words.
pub(super) fn second_person(problem: Problem) -> Problem {
    match problem.code() {
        Code::RoleNotAllowed => problem.with_detail(
            "it takes two persons: another operator, with another certificate and another key, \
             must approve what this one proposed",
        ),
        _ => problem,
    }
}

/// A proposal as operators read it in a listing.
pub(super) fn listed(row: &ProposalRow, now: Timestamp) -> Value {
    let state = match row.state {
        ProposalState::Approved => "approved",
        ProposalState::Proposed if row.ends <= now => "expired",
        ProposalState::Proposed => "proposed",
    };
    json!({
        "state": state, "proposer": row.proposer, "approver": row.approver,
        "created": row.created.whole_seconds(), "ends": row.ends,
    })
}

fn proposal_id(kind: &str, name: &str) -> String {
    format!("{kind}:{name}")
}

/// How long a proposal waits: an approval must not come when nobody remembers what it was about.
const PROPOSAL_LIFE: Duration = Duration::from_hours(7 * 24);
