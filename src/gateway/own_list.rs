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
use crate::base::{Code, ListId};
use crate::crypto::Digest;
use crate::exchange::{Difference, difference};
use crate::http::Problem;
use crate::identity::Client;
use crate::store::{Persons, ProposalState};
use crate::trust::lote::SignedList;
use crate::trust::{NextList, UpdateRefusal};

/// A list that waits for its second operator.
#[derive(Serialize, Deserialize)]
struct KeptList {
    list: String,
    sequence: u64,
    /// What differs, in words.
    words: Vec<String>,
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
        let changes = self.changes(&order.list);
        let words = words(&changes, next.changed());
        let (sequence, sha256) = {
            let named = next.list().header().named;
            (named.sequence, named.sha256)
        };
        let places = next.changed().to_vec();
        let told = json!({
            "sha256": sha256, "sequence": sequence, "changes": changes, "places": places,
            "words": words,
        });
        let kept = KeptList { list: order.list, sequence, words, places };
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
            told["sequence"] = json!(kept.sequence);
            told["words"] = json!(kept.words);
            told["places"] = json!(kept.places);
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

    /// What a list says that the newest one does not.
    fn changes(&self, list: &str) -> Vec<Difference> {
        let snapshot = self.trust.snapshot();
        let own = ListId::Province(self.settings.member.division());
        let newest = snapshot.state().list_bytes(own);
        let held = newest.and_then(|(text, _)| SignedList::parse(text.as_bytes()).ok());
        let next = SignedList::parse(list.as_bytes()).ok();
        let document = |list: &SignedList| list.document().clone();
        next.map(|next| difference(held.as_ref().map(document).as_ref(), next.document()))
            .unwrap_or_default()
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
fn words(changes: &[Difference], places: &[String]) -> Vec<String> {
    if places.is_empty() {
        return vec!["nothing changes but number and dates".to_owned()];
    }
    let mut words: Vec<String> = changes.iter().map(ToString::to_string).collect();
    words.push(format!("places of the document that differ: {}", places.len()));
    if changes.is_empty() {
        words.extend(places.iter().take(SHOWN_PLACES).cloned());
    }
    words
}

/// Places that are named one by one where no entry has words of its own.
const SHOWN_PLACES: usize = 20;
/// The kind of proposal that a list is.
pub(super) const KIND: &str = "list";
