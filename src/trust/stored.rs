//! The state as documents for a store, and back. Every signature is verified again on the way
//! back; ends are not, since a node must know what it held even when it has ended.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::freshness::{Freshness, Named};
use super::log_view::LogView;
use super::order::SignedOrder;
use super::orders::Standing;
use super::refusal::UpdateRefusal;
use super::root::Root;
use super::state::{TrustState, Verified};
use crate::base::{ListId, MemberId};
use crate::crypto::{Digest, json};

/// Kinds of document that make up the state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DocumentKind {
    /// Keys that were withdrawn once, and keys whose past is not relied on.
    Burned,
    /// The newest checkpoint of the list log, or the newest one with enough witnesses.
    Checkpoint,
    /// A freshness statement.
    Freshness,
    /// The federation list or a provincial list.
    List,
    /// A suspension order.
    Order,
    /// Where the log first carried a key that two members list.
    Origin,
    /// A root.
    Root,
    /// A list that waits for the log's witnesses.
    Waiting,
}

impl DocumentKind {
    /// Every kind.
    pub const ALL: [Self; 8] = [
        Self::Burned,
        Self::Checkpoint,
        Self::Freshness,
        Self::List,
        Self::Order,
        Self::Origin,
        Self::Root,
        Self::Waiting,
    ];

    /// The word under which documents of this kind are stored.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Burned => "burned",
            Self::Checkpoint => "checkpoint",
            Self::Freshness => "freshness",
            Self::List => "list",
            Self::Order => "order",
            Self::Origin => "origin",
            Self::Root => "root",
            Self::Waiting => "waiting",
        }
    }
}

/// A document of the state in the form in which it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredDocument {
    /// What it is.
    pub kind: DocumentKind,
    /// Which one: the number of a root, the key of a freshness statement, the digest of an order,
    /// `federation` or six digits, of an older list that waits with `/` and its number behind. A
    /// store keeps one document of each kind and identifier.
    pub id: String,
    /// Its sequence number; a store never goes back to a lower one.
    pub sequence: u64,
    /// SHA-256 of its payload (of the token, for freshness).
    pub sha256: Digest,
    /// The signed bytes.
    pub text: String,
}

/// A document by everything but its text.
type Mark = (DocumentKind, String, u64, Digest);

impl StoredDocument {
    fn mark(&self) -> Mark {
        (self.kind, self.id.clone(), self.sequence, self.sha256)
    }
}

/// What a store has to do to hold one state in place of another.
#[derive(Clone, Debug, Default)]
pub struct StateChange {
    /// Documents to be kept, in place of older ones of their names.
    pub kept: Vec<StoredDocument>,
    /// Documents, by kind and identifier, that are no longer part of the state.
    pub gone: Vec<(DocumentKind, String)>,
}

impl TrustState {
    /// The state as documents for the store.
    #[must_use]
    pub fn documents(&self) -> Vec<StoredDocument> {
        let roots = self.earlier_roots.iter().chain(std::iter::once(&self.root));
        let mut documents: Vec<StoredDocument> = roots.map(|root| stored_root(root)).collect();
        if let Some(freshness) = &self.freshness {
            documents.push(StoredDocument {
                kind: DocumentKind::Freshness,
                id: freshness_id(&self.root),
                sequence: freshness.sequence(),
                sha256: freshness.sha256(),
                text: freshness.token().to_owned(),
            });
        }
        let in_force = self.lists.all();
        let in_force =
            in_force.map(|list| stored_list(DocumentKind::List, list.id().short(), &list));
        documents.extend(in_force);
        documents.extend(self.waiting.all().map(|list| {
            let id = list.id();
            let is_newest = self.waiting.header(id).is_some_and(|it| it.named == list.named());
            let number = list.named().sequence;
            let id = if is_newest { id.short() } else { format!("{}/{number}", id.short()) };
            stored_list(DocumentKind::Waiting, id, list)
        }));
        documents.extend(self.orders.iter().map(|held| StoredDocument {
            kind: DocumentKind::Order,
            id: held.sha256().to_hex(),
            sequence: standing_number(held.standing()),
            sha256: held.sha256(),
            text:
                String::from_utf8(held.order().to_bytes().unwrap_or_default()).unwrap_or_default(),
        }));
        documents.extend(self.log.documents());
        documents.extend(self.stored_memory());
        documents
    }

    /// What changed from `before` to this state.
    #[must_use]
    pub fn changes_since(&self, before: &Self) -> StateChange {
        let (old, new) = (before.documents(), self.documents());
        let known: BTreeSet<Mark> = old.iter().map(StoredDocument::mark).collect();
        let names: BTreeSet<(DocumentKind, &str)> =
            new.iter().map(|document| (document.kind, document.id.as_str())).collect();
        let is_gone = |document: &&StoredDocument| {
            // What the key of an earlier root said is kept for its time.
            document.kind != DocumentKind::Freshness
                && !names.contains(&(document.kind, document.id.as_str()))
        };
        let gone = old.iter().filter(is_gone);
        let gone = gone.map(|document| (document.kind, document.id.clone())).collect();
        let kept = new.into_iter().filter(|document| !known.contains(&document.mark())).collect();
        StateChange { kept, gone }
    }

    fn stored_memory(&self) -> impl Iterator<Item = StoredDocument> {
        let burned: Vec<Digest> = self.burned.iter().copied().collect();
        let origins: Vec<Origin> = self
            .origins
            .iter()
            .map(|((key, member), index)| Origin { key: *key, member: *member, index: *index })
            .collect();
        let doubted: Vec<(MemberId, Digest)> = self.doubted.iter().copied().collect();
        let burned = stored_set(DocumentKind::Burned, ALL, &burned);
        let doubted = stored_set(DocumentKind::Burned, DOUBTED, &doubted);
        let origins = stored_set(DocumentKind::Origin, ALL, &origins);
        burned.into_iter().chain(doubted).chain(origins)
    }

    /// Restores a state from stored documents and the lines of the list log that were read.
    pub fn restore(
        pinned: Root,
        documents: &[StoredDocument],
        log: &[String],
    ) -> Result<Self, UpdateRefusal> {
        let mut state = Self::pinned(pinned);
        let of_kind = |kind| documents.iter().filter(move |document| document.kind == kind);
        let mut roots: Vec<&StoredDocument> = of_kind(DocumentKind::Root).collect();
        roots.sort_by_key(|document| document.sequence);
        for document in roots {
            if document.sequence > state.root.document().sequence {
                let next = state.root.successor(document.text.as_bytes())?;
                state.earlier_roots.push(std::mem::replace(&mut state.root, Arc::new(next)));
            }
        }
        for document in of_kind(DocumentKind::Freshness) {
            state.restore_freshness(document)?;
        }
        for kind in [DocumentKind::List, DocumentKind::Waiting] {
            let federation = ListId::Federation.short();
            for document in of_kind(kind).filter(|document| list_name(document) == federation) {
                state.restore_list(document)?;
            }
            for document in of_kind(kind).filter(|document| list_name(document) != federation) {
                state.restore_list(document)?;
            }
        }
        state.restore_orders(of_kind(DocumentKind::Order))?;
        let checkpoints: Vec<_> = of_kind(DocumentKind::Checkpoint).collect();
        state.log = Arc::new(LogView::restore(log, &checkpoints, &state)?);
        for document in of_kind(DocumentKind::Burned) {
            if document.id == DOUBTED {
                let doubted: Vec<(MemberId, Digest)> = read_set(document)?;
                state.doubted = Arc::new(doubted.into_iter().collect());
            } else {
                let burned: Vec<Digest> = read_set(document)?;
                state.burned = Arc::new(burned.into_iter().collect());
            }
        }
        for document in of_kind(DocumentKind::Origin) {
            let origins: Vec<Origin> = read_set(document)?;
            let pair = |origin: Origin| ((origin.key, origin.member), origin.index);
            state.origins = Arc::new(origins.into_iter().map(pair).collect());
        }
        Ok(state)
    }

    /// Takes the statement of the key in force; of earlier keys' only the time is kept.
    fn restore_freshness(&mut self, document: &StoredDocument) -> Result<(), UpdateRefusal> {
        let signer = |root: &&Arc<Root>| freshness_id(root) == document.id;
        let all = self.earlier_roots.iter().chain(std::iter::once(&self.root));
        let Some(root) = all.rev().find(signer) else { return Ok(()) };
        let statement = Freshness::read(&document.text, root)?;
        self.heard = self.heard.max(Some(statement.issued()));
        if freshness_id(&self.root) == document.id {
            self.freshness = Some(Arc::new(statement));
        }
        Ok(())
    }

    fn restore_list(&mut self, document: &StoredDocument) -> Result<(), UpdateRefusal> {
        let id =
            ListId::from_short(list_name(document)).map_err(|_| UpdateRefusal::IdNotCanonical)?;
        let verified = self.stored_list(id, document.text.as_bytes())?;
        match document.kind {
            DocumentKind::Waiting => self.waiting.put_back(verified),
            _ => self.lists.put(verified),
        }
        Ok(())
    }

    /// Orders go back as they were: what stopped something goes on stopping it, though the keys
    /// that signed may have changed since.
    fn restore_orders<'d>(
        &mut self,
        documents: impl Iterator<Item = &'d StoredDocument>,
    ) -> Result<(), UpdateRefusal> {
        let mut orders = super::orders::Orders::default();
        for document in documents {
            let order = SignedOrder::parse(document.text.as_bytes())?;
            if order.sha256() != document.sha256 || document.sha256.to_hex() != document.id {
                return Err(UpdateRefusal::SnapshotMismatch);
            }
            orders.put_back(order, standing_of(document.sequence));
        }
        if let Some(federation) = self.federation() {
            orders.lift(federation);
        }
        self.orders = Arc::new(orders);
        Ok(())
    }
}

/// Where the log first carried one member's claim to a key.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Origin {
    key: Digest,
    member: MemberId,
    index: u64,
}

/// A set that only grows, under the number of its members.
fn stored_set<T: Serialize>(kind: DocumentKind, id: &str, set: &[T]) -> Option<StoredDocument> {
    if set.is_empty() {
        return None;
    }
    let text = String::from_utf8(json::canonical(&set).ok()?).ok()?;
    let sequence = set.len() as u64;
    Some(StoredDocument { kind, id: id.to_owned(), sequence, sha256: Digest::of(&text), text })
}

fn read_set<T: serde::de::DeserializeOwned>(
    document: &StoredDocument,
) -> Result<Vec<T>, UpdateRefusal> {
    if Digest::of(&document.text) != document.sha256 {
        return Err(UpdateRefusal::SnapshotMismatch);
    }
    Ok(json::from_list(document.text.as_bytes())?)
}

fn stored_list(kind: DocumentKind, id: String, list: &Verified) -> StoredDocument {
    let Named { sequence, sha256, .. } = list.named();
    StoredDocument { kind, id, sequence, sha256, text: list.bytes().to_owned() }
}

/// Which list a stored list is: of those that wait, older versions bear their number besides.
fn list_name(document: &StoredDocument) -> &str {
    document.id.split_once('/').map_or(document.id.as_str(), |(name, _)| name)
}

/// Each root is kept: a restart walks again from the pinned one to the one in force.
fn stored_root(root: &Root) -> StoredDocument {
    StoredDocument {
        kind: DocumentKind::Root,
        id: root.document().sequence.to_string(),
        sequence: root.document().sequence,
        sha256: root.sha256(),
        text: String::from_utf8_lossy(root.bytes()).into_owned(),
    }
}

/// Statements are kept by the key that signs them: a new key counts from its own beginning, and
/// of what the old one said only the time is read again.
fn freshness_id(root: &Root) -> String {
    root.freshness_key().spki_digest().to_string()
}

/// A store never goes back to a lower number, nor an order to a lesser standing.
const fn standing_number(standing: Standing) -> u64 {
    match standing {
        Standing::Waiting => 1,
        Standing::Emergency => 2,
        Standing::Full => 3,
    }
}

const fn standing_of(number: u64) -> Standing {
    match number {
        1 => Standing::Waiting,
        2 => Standing::Emergency,
        _ => Standing::Full,
    }
}

/// A set that is whole in one document.
const ALL: &str = "all";
/// Of withdrawn keys, those whose past is not relied on.
const DOUBTED: &str = "doubted";
