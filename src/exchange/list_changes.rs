//! What a province's next list changes, entry by entry: what an operator is shown before approving.

use serde::{Deserialize, Serialize};

use crate::base::{ServiceId, Timestamp};
use crate::crypto::Digest;
use crate::trust::{ProvincialList, Service};

/// The difference between the list in force and the next.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListChanges {
    /// Number of the next list.
    pub sequence: u64,
    /// When the next list ends.
    pub next_update: Timestamp,
    /// Entries that differ, in the order of their identifiers.
    pub entries: Vec<EntryChange>,
}

/// One entry that differs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EntryChange {
    /// The entry.
    pub service: ServiceId,
    /// SHA-256 of the key that it names afterwards, or named before when it goes.
    pub spki_sha256: Digest,
    /// What differs, in words.
    pub what: String,
}

impl ListChanges {
    /// What `next` changes in `held`.
    #[must_use]
    pub fn between(held: Option<&ProvincialList>, next: &ProvincialList) -> Self {
        let before = held.map_or(&[][..], ProvincialList::services);
        let mut entries = Vec::new();
        for service in next.services() {
            let what = match before.iter().find(|old| old.id == service.id) {
                None => Some(format!("added as {}", last_word(&service.status))),
                Some(old) => difference(old, service),
            };
            entries.extend(what.map(|what| change(service, what)));
        }
        let gone = before.iter().filter(|old| next.services().iter().all(|new| new.id != old.id));
        entries.extend(gone.map(|old| change(old, "left out".to_owned())));
        entries.sort_by(|one, other| one.service.cmp(&other.service));
        let header = next.header();
        Self { sequence: header.named.sequence, next_update: header.next_update, entries }
    }
}

fn change(service: &Service, what: String) -> EntryChange {
    EntryChange {
        service: service.id.clone(),
        spki_sha256: service.certificate().spki_digest(),
        what,
    }
}

fn difference(old: &Service, new: &Service) -> Option<String> {
    let mut parts = Vec::new();
    if old.kind != new.kind {
        parts.push("another kind".to_owned());
    }
    if old.status != new.status {
        parts.push(format!("{} becomes {}", last_word(&old.status), last_word(&new.status)));
    }
    if old.certificates != new.certificates {
        parts.push("another key or certificate".to_owned());
    }
    if old.scope != new.scope {
        parts.push("another scope".to_owned());
    }
    if old.client_role != new.client_role {
        parts.push("another role of its clients".to_owned());
    }
    if old.since != new.since {
        parts.push(format!("in this status since {}", new.since));
    }
    (!parts.is_empty()).then(|| parts.join("; "))
}

/// `granted` of `urn:elicence:status:granted`.
fn last_word(urn: &impl ToString) -> String {
    let text = urn.to_string();
    text.rsplit(':').next().unwrap_or_default().to_owned()
}
