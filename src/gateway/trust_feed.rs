//! The trust in force at this gateway, and the one way in which it changes: taken by the rules,
//! made durable, and only then swapped in and told.

use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, MutexGuard, PoisonError};

use arc_swap::ArcSwap;
use tokio::sync::Mutex;

use super::node::Node;
use super::trust_source::Source;
use crate::audit::{Actor, Entry, EntryKind, Pending};
use crate::base::{Division, ListId, ServiceId, Timestamp};
use crate::http::News;
use crate::peer::Fetched;
use crate::store::{StoreError, TrustCommit, TrustDocumentRow};
use crate::trust::{
    Accepted, Freshness, Root, Snapshot, StoredDocument, TrustState, UpdateRefusal,
};

/// The snapshot in force, and what is known of the hub.
pub(crate) struct TrustFeed {
    snapshot: Arc<ArcSwap<Snapshot>>,
    generation: AtomicU64,
    hub_reachable: AtomicBool,
    /// Held by the refresh in progress. It holds the hub's time at which the store last forgot
    /// what had ended.
    pub(super) refreshing: Mutex<Option<Timestamp>>,
    /// Held while one state takes the place of another, for as long as that takes to be durable:
    /// never while something is fetched.
    changing: Mutex<()>,
    /// By which tag each source knows the orders that it showed, all of which are held or lifted.
    tags: std::sync::Mutex<HashMap<Source, String>>,
    /// Tells whoever listens that trust changed here.
    pub(super) news: News,
}

impl TrustFeed {
    /// Starts from what the store holds; a node that holds nothing knows its pinned root alone.
    pub(crate) fn restore(
        pinned: Root,
        rows: &[TrustDocumentRow],
        lines: &[String],
        now: Timestamp,
    ) -> Result<Self, UpdateRefusal> {
        let documents: Vec<StoredDocument> =
            rows.iter().filter_map(TrustDocumentRow::stored).collect();
        let state = TrustState::restore(pinned, &documents, lines)?;
        let snapshot = Snapshot::build(state, 1, now);
        Ok(Self {
            snapshot: Arc::new(ArcSwap::from_pointee(snapshot)),
            generation: AtomicU64::new(1),
            hub_reachable: AtomicBool::new(false),
            refreshing: Mutex::new(None),
            changing: Mutex::new(()),
            tags: std::sync::Mutex::default(),
            news: News::default(),
        })
    }

    /// The snapshot in force; a request takes one and keeps it to its end.
    pub(crate) fn snapshot(&self) -> Arc<Snapshot> {
        self.snapshot.load_full()
    }

    /// The place where the snapshot in force is found, for those that look at every handshake.
    pub(crate) fn shared(&self) -> Arc<ArcSwap<Snapshot>> {
        Arc::clone(&self.snapshot)
    }

    /// The tags of the orders that each source showed last.
    pub(super) fn tags(&self) -> MutexGuard<'_, HashMap<Source, String>> {
        self.tags.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the last refresh reached the hub.
    pub(crate) fn is_hub_reachable(&self) -> bool {
        self.hub_reachable.load(Ordering::Relaxed)
    }

    /// Judges `state`, off the request threads: with many issuers that takes a while.
    async fn judge(&self, state: TrustState, now: Timestamp) -> Result<Snapshot, StoreError> {
        let generation = self.generation.fetch_add(1, Ordering::Relaxed) + 1;
        judge(state, generation, now).await
    }

    /// Puts a judged state in force; the old one is dropped off the request threads as well.
    fn swap(&self, next: Snapshot) {
        let before = self.snapshot.swap(Arc::new(next));
        tokio::task::spawn_blocking(move || drop(before));
    }

    pub(super) fn tell_hub(&self, reachable: bool) {
        let before = self.hub_reachable.swap(reachable, Ordering::Relaxed);
        if before != reachable {
            tracing::info!(reachable, "the hub changed its reachability");
        }
    }
}

/// Judges `state` on every core: the signatures in parts, and what they add up to in the end.
async fn judge(state: TrustState, generation: u64, now: Timestamp) -> Result<Snapshot, StoreError> {
    // A task that was cancelled is the end of the process; what is in force stays in force.
    let ended = |_| StoreError::Unavailable(None);
    let parts = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let preparing: Vec<_> = (0..parts)
        .map(|part| {
            let state = state.clone();
            tokio::task::spawn_blocking(move || Snapshot::prepare(&state, [part, parts]))
        })
        .collect();
    for part in preparing {
        part.await.map_err(ended)?;
    }
    let build = move || Snapshot::build(state, generation, now);
    tokio::task::spawn_blocking(build).await.map_err(ended)
}

impl Node {
    /// Takes `updates` by the rules, one after the other, on the state in force at this moment;
    /// what is refused changes nothing. Durable before used: what is in force survives a restart.
    pub(super) async fn apply(
        &self,
        updates: &[Fetched],
    ) -> Result<Vec<Result<(), UpdateRefusal>>, StoreError> {
        let _alone = self.trust.changing.lock().await;
        let now = self.now();
        let before = self.trust.snapshot();
        let mut state = before.state().clone();
        let (mut outcomes, mut lines, mut removed) = (Vec::new(), Vec::new(), Vec::new());
        for update in updates {
            match state.accept(update.update(), now) {
                Ok(accepted) => {
                    self.tell_alarms(&accepted);
                    if let Fetched::Log(_, new) = update {
                        lines.extend(new.iter().cloned());
                    }
                    removed.extend(accepted.removed);
                    state = accepted.state;
                    outcomes.push(Ok(()));
                }
                Err(refusal) => outcomes.push(Err(refusal)),
            }
        }
        self.keep_and_swap(&before, state, &lines, &removed).await?;
        self.watch_own_lines(&lines).await;
        Ok(outcomes)
    }

    async fn keep_and_swap(
        &self,
        before: &Snapshot,
        state: TrustState,
        lines: &[String],
        removed: &[ServiceId],
    ) -> Result<(), StoreError> {
        let now = self.now();
        let mut commit = TrustCommit::between(before.state(), &state, lines, now);
        if commit.effects.is_empty() && commit.quiet.is_empty() {
            return Ok(());
        }
        commit.note_removed(removed);
        let issued = state.freshness().map(Freshness::issued);
        // Judged first: from the commit to the swap nothing is left to wait for.
        let next = self.trust.judge(state, now).await?;
        let updated: Vec<String> = commit.updated_lists().map(str::to_owned).collect();
        let changes_trust = !commit.effects.is_empty();
        if changes_trust {
            let mut entry = Entry::new(EntryKind::TrustChanged, now, Actor::gateway());
            entry.reference = commit.reference();
            entry.document_sha256 = commit.sha256();
            let pending = Pending::new(entry, &self.entropy);
            self.store.commit(commit.effects, pending).await.map_err(|error| match error {
                // Another order than the store knows: what is stored wins, and is fetched anew.
                crate::store::CommitError::Refused { .. } => StoreError::Constraint,
                crate::store::CommitError::Store(error) => error,
            })?;
        }
        self.store.keep_documents(commit.quiet).await?;
        if let Some(issued) = issued {
            self.time.learn(issued);
        }
        self.trust.swap(next);
        self.tell_entries(before);
        for id in updated {
            self.telemetry.trust_updated(self.division_of(&id), Ok(()));
        }
        self.trust.news.tell();
        Ok(())
    }

    fn division_of(&self, list: &str) -> Division {
        list.parse().unwrap_or_else(|_| self.settings.member.division())
    }

    /// Counts and logs what is odd without being refused.
    pub(super) fn tell_alarms(&self, accepted: &Accepted) {
        for alarm in &accepted.alarms {
            let division = match alarm.list {
                Some(ListId::Province(division)) => division,
                _ => self.settings.member.division(),
            };
            tracing::warn!(code = %alarm.code, what = %alarm.what, "an odd update of trust");
            self.telemetry.trust_updated(division, Err(alarm.code));
        }
        for service in &accepted.removed {
            tracing::warn!(%service, "an entry was removed from a list without being withdrawn");
        }
    }

    fn tell_entries(&self, before: &Snapshot) {
        let snapshot = self.trust.snapshot();
        for refused in snapshot.refused().iter().filter(|entry| !before.refused().contains(entry)) {
            let (division, service, refusal) = refused;
            tracing::warn!(%division, %service, code = %refusal.code(), "an entry is not believed");
            self.telemetry.trust_updated(*division, Err(refusal.code()));
        }
        self.telemetry.trust_has_anchors(snapshot.anchors());
    }
}
