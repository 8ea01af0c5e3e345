//! The board: everything the hub publishes, as one value. It is changed by making a new one, and
//! only after the hub's own output has passed the rules by which every node will judge it.

use std::collections::BTreeMap;

use crate::base::{Code, Division, ListId, ServiceId, Timestamp};
use crate::crypto::merkle::{Frontier, leaf_hash};
use crate::crypto::{Digest, SealError, Signer, json};
use crate::trust::lote::SignedList;
use crate::trust::{
    FreshnessDraft, LogHead, Named, Root, Snapshot, TrustState, Update, UpdateRefusal,
};

/// What the hub publishes now.
#[derive(Clone, Debug)]
pub(super) struct Board {
    state: TrustState,
    log: Frontier,
}

/// A list that was taken, with what must be made durable before it is shown.
#[derive(Debug)]
pub(super) struct Publication {
    /// The board afterwards.
    pub(super) board: Board,
    /// The line of the list log, canonical JSON.
    pub(super) statement: String,
    /// Its leaf hash.
    pub(super) leaf: Digest,
    /// The list by number, digest and size.
    pub(super) named: Named,
    /// Entries of the list that no node will believe, with the reason.
    pub(super) refused: Vec<(ServiceId, Code)>,
}

impl Board {
    /// A board from what was stored.
    pub(super) const fn restore(state: TrustState, log: Frontier) -> Self {
        Self { state, log }
    }

    /// The trust it tells.
    pub(super) const fn state(&self) -> &TrustState {
        &self.state
    }

    /// The root in force.
    pub(super) fn root(&self) -> &Root {
        self.state.root()
    }

    /// Signs what is published now as of `now`.
    pub(super) fn refresh(&self, signer: &dyn Signer, now: Timestamp) -> Result<Self, BoardError> {
        let (size, root) = self.head();
        let token = self.freshness(None, LogHead { size, root }, signer, now)?;
        let state = self.state.accept(Update::Freshness(&token), now)?.state;
        Ok(Self { state, log: self.log.clone() })
    }

    /// Publishes a list: names it in a new freshness statement and takes both by the rules of
    /// every node. The first statement names the federation list before there are others.
    pub(super) fn publish(
        &self,
        id: ListId,
        bytes: &[u8],
        signer: &dyn Signer,
        now: Timestamp,
    ) -> Result<Publication, BoardError> {
        let signed = SignedList::parse(bytes)?;
        if signed.id() != id {
            return Err(UpdateRefusal::IdNotCanonical.into());
        }
        let named = Named {
            sequence: signed.document().lote.scheme.sequence,
            sha256: signed.sha256(),
            bytes: signed.size(),
        };
        let statement = statement(id, named)?;
        let leaf = leaf_hash(statement.as_bytes());
        let mut log = self.log.clone();
        log.append(leaf);
        let head = LogHead { size: log.size(), root: log.root() };
        let token = self.freshness(Some((id, named)), head, signer, now)?;
        let state = self.state.accept(Update::Freshness(&token), now)?.state;
        let state = state.accept(Update::List { id, bytes }, now)?.state;
        let refused = refused_entries(&state, id, now);
        Ok(Publication { board: Self { state, log }, statement, leaf, named, refused })
    }

    /// Size and root of the list log.
    pub(super) fn head(&self) -> (u64, Digest) {
        (self.log.size(), self.log.root())
    }

    fn freshness(
        &self,
        news: Option<(ListId, Named)>,
        log: LogHead,
        signer: &dyn Signer,
        now: Timestamp,
    ) -> Result<String, BoardError> {
        let held = self.state.provinces().map(|list| ListId::Province(list.division()));
        let held = std::iter::once(ListId::Federation).chain(held);
        let mut lists: BTreeMap<ListId, Named> =
            held.filter_map(|id| Some((id, self.state.held(id)?))).collect();
        lists.extend(news);
        let root = self.root();
        // Counting at least as fast as seconds pass keeps the number rising across restarts
        // without storing every statement.
        let floor = u64::try_from(now.unix_seconds()).unwrap_or_default();
        let last = self.state.freshness().map_or(0, crate::trust::Freshness::sequence);
        let draft = FreshnessDraft {
            sequence: floor.max(last + 1),
            root: Named {
                sequence: root.document().sequence,
                sha256: root.sha256(),
                bytes: root.bytes().len() as u64,
            },
            lists: lists.into_iter().collect(),
            log,
        };
        Ok(draft.sign(signer, now)?)
    }
}

/// Why the board cannot change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum BoardError {
    /// Every node would refuse it.
    #[error(transparent)]
    Refused(#[from] UpdateRefusal),
    /// It cannot be signed.
    #[error(transparent)]
    Seal(#[from] SealError),
}

/// What a line of the list log commits to.
fn statement(id: ListId, named: Named) -> Result<String, SealError> {
    #[derive(serde::Serialize)]
    struct Line {
        kind: &'static str,
        id: ListId,
        sequence: u64,
        sha256: Digest,
    }
    let line = Line { kind: "list", id, sequence: named.sequence, sha256: named.sha256 };
    let bytes = json::canonical(&line).map_err(|_| SealError::Document)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn refused_entries(state: &TrustState, id: ListId, now: Timestamp) -> Vec<(ServiceId, Code)> {
    let own = |division: &Division| ListId::Province(*division) == id;
    Snapshot::build(state.clone(), 0, now)
        .refused()
        .iter()
        .filter(|(division, ..)| own(division))
        .map(|(_, service, refusal)| (service.clone(), refusal.code()))
        .collect()
}
