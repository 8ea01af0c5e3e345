//! A province's own list on its way to the hub: proposed by one operator, approved by another; and
//! published by one alone only where it says nothing new.

use axum::Json;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::node::{Node, unavailable};
use super::operating::{ListOrder, read};
use super::proposing::{Proposed, approval, listed, second_person};
use crate::audit::{Entry, EntryKind};
use crate::base::Code;
use crate::crypto::Digest;
use crate::exchange::ListChanges;
use crate::http::Problem;
use crate::identity::Client;
use crate::store::{Persons, ProposalState};
use crate::trust::lote::SignedList;
use crate::trust::{NextList, UpdateRefusal};

/// A list that waits for its second operator.
#[derive(Serialize, Deserialize)]
struct KeptList {
    list: String,
    changes: ListChanges,
    /// Every place in the document that differs.
    places: Vec<String>,
}

/// Which proposal is meant.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DigestOrder {
    /// SHA-256 of the list's payload.
    sha256: Digest,
}

impl Node {
    /// The commands that begin with `list-`; `None` for another.
    pub(super) async fn list_command(
        &self,
        command: &str,
        operator: &Client,
        value: Value,
    ) -> Option<Result<Response, Problem>> {
        Some(match command {
            "list-propose" => self.propose_list(operator, value).await,
            "list-approve" => self.approve_list(operator, value).await,
            "list-proposals" => self.list_proposals().await,
            "list-publish" => self.publish_list(operator, value).await,
            _ => return None,
        })
    }

    async fn propose_list(&self, operator: &Client, value: Value) -> Result<Response, Problem> {
        let order: ListOrder = read(value)?;
        let next = self.next_list(order.list.as_bytes())?;
        let snapshot = self.trust.snapshot();
        let held = snapshot.state().province(self.settings.member.division());
        let changes = ListChanges::between(held, next.list());
        let sha256 = next.list().header().named.sha256;
        let told = json!({
            "sha256": sha256, "sequence": next.list().header().named.sequence,
            "changes": changes.entries, "places": next.changed(),
            "words": words(&changes, next.changed()),
        });
        let places = next.changed().to_vec();
        let kept = KeptList { list: order.list, changes, places };
        let name = sha256.to_string();
        let digest = Some(sha256);
        let proposed = Proposed { kind: KIND, name: &name, document: &kept, digest };
        self.propose(operator, proposed, Vec::new(), told).await
    }

    async fn approve_list(&self, operator: &Client, value: Value) -> Result<Response, Problem> {
        let order: DigestOrder = read(value)?;
        let row = self.waiting(KIND, &order.sha256.to_string()).await?;
        let kept: KeptList =
            serde_json::from_str(&row.document).map_err(|_| Problem::new(Code::Internal))?;
        // The list in force may have moved on since it was proposed.
        self.next_list(kept.list.as_bytes()).map_err(|problem| {
            Problem::new(Code::StateConflict).with_detail(format!(
                "it no longer follows the list in force ({}): propose it anew",
                problem.code()
            ))
        })?;
        let now = self.now();
        let mut entry = Entry::new(EntryKind::ChangeApproved, now, operator.actor());
        entry.reference = Some(row.id.clone());
        entry.document_sha256 = Some(order.sha256);
        let approved = approval(operator, &row, Persons::Two, now);
        self.commit(vec![approved], entry).await.map_err(second_person)?;
        self.put_and_tell(kept.list).await
    }

    async fn list_proposals(&self) -> Result<Response, Problem> {
        let rows = self.store.proposals(KIND).await.map_err(|error| unavailable(&error))?;
        let now = self.now();
        let mut proposals = Vec::new();
        for row in rows {
            let kept: KeptList =
                serde_json::from_str(&row.document).map_err(|_| Problem::new(Code::Internal))?;
            let mut told = listed(&row, now);
            told["sha256"] = json!(row.id.rsplit(':').next());
            told["sequence"] = json!(kept.changes.sequence);
            told["words"] = json!(words(&kept.changes, &kept.places));
            told["places"] = json!(kept.places);
            told["changes"] = json!(kept.changes.entries);
            proposals.push(told);
        }
        Ok(Json(json!({ "proposals": proposals })).into_response())
    }

    /// One person may publish what says nothing new, and again what two have approved: the hub may
    /// have been away at the time.
    async fn publish_list(&self, operator: &Client, value: Value) -> Result<Response, Problem> {
        let order: ListOrder = read(value)?;
        let signed = SignedList::parse(order.list.as_bytes()).map_err(unsound)?;
        let known = self.proposal(KIND, &signed.sha256().to_string()).await?;
        let is_approved = known.is_some_and(|row| row.state == ProposalState::Approved);
        if !is_approved {
            let next = self.next_list(order.list.as_bytes())?;
            if !next.is_unchanged() {
                return Err(second_person(Problem::new(Code::RoleNotAllowed)));
            }
        }
        let mut entry = Entry::new(EntryKind::ListResigned, self.now(), operator.actor());
        entry.document_sha256 = Some(signed.sha256());
        self.commit(Vec::new(), entry).await?;
        self.put_and_tell(order.list).await
    }

    async fn put_and_tell(&self, list: String) -> Result<Response, Problem> {
        Ok(Json(self.put_list_at_hub(list.into_bytes()).await?).into_response())
    }

    /// Reads what is to be this province's next list, as every node will.
    fn next_list(&self, bytes: &[u8]) -> Result<NextList, Problem> {
        let snapshot = self.trust.snapshot();
        let division = self.settings.member.division();
        NextList::read(snapshot.state(), division, bytes, self.now()).map_err(unsound)
    }
}

fn unsound(refusal: UpdateRefusal) -> Problem {
    Problem::new(Code::ValidationFailed)
        .with_error("/list", format!("{}: {refusal}", refusal.code()))
}

/// The difference as an operator reads it aloud: each entry in words, and how many places of the
/// document differ, so that nothing differs unseen.
fn words(changes: &ListChanges, places: &[String]) -> Vec<String> {
    if places.is_empty() {
        return vec!["nothing changes but number and dates".to_owned()];
    }
    let entries = changes.entries.iter();
    let mut words: Vec<String> =
        entries.map(|entry| format!("{}: {}", entry.service, entry.what)).collect();
    words.push(format!("places of the document that differ: {}", places.len()));
    if changes.entries.is_empty() {
        words.extend(places.iter().take(SHOWN_PLACES).cloned());
    }
    words
}

/// Places that are named one by one where no entry has words of its own.
const SHOWN_PLACES: usize = 20;
/// The kind of proposal that a list is.
pub(super) const KIND: &str = "list";
