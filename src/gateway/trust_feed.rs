//! Keeping trust up to date: fetch from the hub, take by the rules, make durable, and only then
//! swap the snapshot. A failed refresh changes nothing but what is told about the hub.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use arc_swap::ArcSwap;
use tokio::sync::Mutex;

use super::node::Node;
use super::outbound::FetchError;
use crate::audit::{Actor, Entry, EntryKind, Pending};
use crate::base::{Code, ListId, Timestamp, limits};
use crate::store::{CommitError, Effect, StoreError, TrustDocumentRow};
use crate::trust::{
    DocumentKind, Freshness, Root, Snapshot, StoredDocument, TrustState, Update, UpdateRefusal,
};

/// The snapshot in force, and what is known of the hub.
pub(crate) struct TrustFeed {
    snapshot: Arc<ArcSwap<Snapshot>>,
    generation: AtomicU64,
    hub_reachable: AtomicBool,
    /// Held by the refresh in progress: two at once could put the older state in force last. It
    /// holds the hub's time at which the store last forgot what had ended.
    refreshing: Mutex<Option<Timestamp>>,
}

impl TrustFeed {
    /// Starts from what the store holds; a node that holds nothing knows its pinned root alone.
    pub(crate) fn restore(
        pinned: Root,
        rows: &[TrustDocumentRow],
        now: Timestamp,
    ) -> Result<Self, UpdateRefusal> {
        let documents: Vec<StoredDocument> =
            rows.iter().filter_map(TrustDocumentRow::stored).collect();
        let state = TrustState::restore(pinned, &documents)?;
        let snapshot = Snapshot::build(state, 1, now);
        Ok(Self {
            snapshot: Arc::new(ArcSwap::from_pointee(snapshot)),
            generation: AtomicU64::new(1),
            hub_reachable: AtomicBool::new(false),
            refreshing: Mutex::new(None),
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

    /// Whether the last refresh reached the hub.
    pub(crate) fn is_hub_reachable(&self) -> bool {
        self.hub_reachable.load(Ordering::Relaxed)
    }

    /// Puts `state` in force.
    pub(crate) fn swap(&self, state: TrustState, now: Timestamp) {
        let generation = self.generation.fetch_add(1, Ordering::Relaxed) + 1;
        self.snapshot.store(Arc::new(Snapshot::build(state, generation, now)));
    }

    fn tell_hub(&self, reachable: bool) {
        let before = self.hub_reachable.swap(reachable, Ordering::Relaxed);
        if before != reachable {
            tracing::info!(reachable, "the hub changed its reachability");
        }
    }
}

impl Node {
    /// Refreshes trust once. Whatever could be taken is in force afterwards.
    pub(super) async fn refresh_trust(&self) -> Result<(), RefreshError> {
        let mut swept = self.trust.refreshing.lock().await;
        let outcome = self.fetch_and_take().await;
        // A refresh that failed shows at once; one province's bad list is that province's matter.
        self.trust.tell_hub(matches!(outcome, Ok(()) | Err(RefreshError::List(_))));
        if let Err(error) = &outcome {
            tracing::warn!(code = %error.code(), %error, "trust was not refreshed");
        }
        self.forget_what_ended(&mut swept).await;
        outcome
    }

    /// Lets the store forget by the time that the hub signed, never by this machine's clock. Also
    /// after a refresh that failed in part: one province's bad list must not fill the store.
    async fn forget_what_ended(&self, swept: &mut Option<Timestamp>) {
        let snapshot = self.trust.snapshot();
        let Some(issued) = snapshot.state().freshness().map(Freshness::issued) else { return };
        if swept.is_some_and(|swept| issued.since(swept) < SWEEP_INTERVAL) {
            return;
        }
        match self.store.sweep(issued).await {
            Ok(()) => *swept = Some(issued),
            Err(error) => tracing::warn!(code = %error.code(), %error, "nothing was forgotten"),
        }
    }

    async fn fetch_and_take(&self) -> Result<(), RefreshError> {
        let mut state = self.trust.snapshot().state().clone();
        state = self.follow_roots(state).await?;
        let token = self.fetch_from_hub("/v1/freshness", limits::TOKEN_BYTES).await?;
        let token = String::from_utf8_lossy(&token).into_owned();
        state = self.take(&state, Update::Freshness(&token), None)?;
        let named: Vec<ListId> =
            state.freshness().map(|freshness| freshness.lists().collect()).unwrap_or_default();
        let mut refused = None;
        // The federation list first: it names the keys that the others are signed with.
        for id in in_order(named) {
            if state.is_current(id) {
                continue;
            }
            match self.fetch_list(&state, id).await {
                Ok(taken) => state = taken,
                // One bad list keeps that province's last good one; the others go on.
                Err(RefreshError::Refused(refusal)) => refused = Some(RefreshError::List(refusal)),
                Err(error) => refused = Some(error),
            }
        }
        self.keep_and_swap(state).await?;
        refused.map_or(Ok(()), Err)
    }

    async fn follow_roots(&self, mut state: TrustState) -> Result<TrustState, RefreshError> {
        for _ in 0..limits::ROOT_STEPS {
            let next = state.root().document().sequence + 1;
            match self.fetch_from_hub(&format!("/v1/root/{next}"), limits::ROOT_BYTES).await {
                Ok(bytes) => state = self.take(&state, Update::Root(&bytes), None)?,
                Err(FetchError::NotFound) => break,
                Err(error) => return Err(error.into()),
            }
        }
        Ok(state)
    }

    async fn fetch_list(&self, state: &TrustState, id: ListId) -> Result<TrustState, RefreshError> {
        let named = state
            .freshness()
            .and_then(|freshness| freshness.list(id))
            .ok_or(UpdateRefusal::SnapshotMismatch)?;
        let path = format!("/v1/lists/{}/{}", id.short(), named.sequence);
        let most = envelope_size(named.bytes).min(limits::TRUST_LIST_BYTES);
        let bytes = self.fetch_from_hub(&path, most).await?;
        self.take(state, Update::List { id, bytes: &bytes }, Some(id))
    }

    fn take(
        &self,
        state: &TrustState,
        update: Update<'_>,
        list: Option<ListId>,
    ) -> Result<TrustState, RefreshError> {
        let division = match list {
            Some(ListId::Province(division)) => division,
            _ => self.settings.member.division(),
        };
        match state.accept(update, self.now()) {
            Ok(accepted) => {
                for alarm in &accepted.alarms {
                    tracing::warn!(code = %alarm.code, "an odd update of trust");
                    self.telemetry.trust_updated(division, Err(alarm.code));
                }
                Ok(accepted.state)
            }
            Err(refusal) => {
                self.telemetry.trust_updated(division, Err(refusal.code()));
                Err(refusal.into())
            }
        }
    }

    /// Durable before used: what is in force survives a restart.
    async fn keep_and_swap(&self, state: TrustState) -> Result<(), RefreshError> {
        let now = self.now();
        let before = self.trust.snapshot();
        let old = before.state().documents();
        let changed: Vec<StoredDocument> =
            state.documents().into_iter().filter(|document| !old.contains(document)).collect();
        let rows = |kinds: &[DocumentKind]| -> Vec<TrustDocumentRow> {
            let chosen = changed.iter().filter(|document| kinds.contains(&document.kind));
            chosen.map(|document| TrustDocumentRow::of(document, now)).collect()
        };
        let lists = rows(&[DocumentKind::List, DocumentKind::Root]);
        if !lists.is_empty() {
            let mut entry = Entry::new(EntryKind::TrustChanged, now, Actor::gateway());
            entry.document_sha256 = lists.first().map(|row| row.sha256);
            entry.reference = Some(lists.iter().map(version).collect::<Vec<_>>().join(" "));
            let effects = lists.into_iter().map(Effect::PutTrustDocument).collect();
            self.store.commit(effects, Pending::new(entry, &self.entropy)).await?;
        }
        self.store.keep_documents(rows(&[DocumentKind::Freshness])).await?;
        if let Some(freshness) = state.freshness() {
            self.time.learn(freshness.issued());
        }
        self.trust.swap(state, self.now());
        let snapshot = self.trust.snapshot();
        for refused in snapshot.refused().iter().filter(|entry| !before.refused().contains(entry)) {
            let (division, service, refusal) = refused;
            tracing::warn!(%division, %service, code = %refusal.code(), "an entry is not believed");
        }
        for document in &changed {
            let division = document.id.parse().unwrap_or_else(|_| self.settings.member.division());
            self.telemetry.trust_updated(division, Ok(()));
        }
        self.telemetry.trust_has_anchors(snapshot.anchors());
        Ok(())
    }
}

/// Why trust was not refreshed, or not wholly.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RefreshError {
    /// Something could not be fetched.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// A list was refused, and the one held before stays in force.
    #[error("a list is refused: {0}")]
    List(UpdateRefusal),
    /// Something was fetched and refused.
    #[error("refused: {0}")]
    Refused(#[from] UpdateRefusal),
    /// It could not be made durable.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl RefreshError {
    /// The published code.
    pub(crate) fn code(&self) -> Code {
        match self {
            Self::Fetch(error) => error.code(),
            Self::List(refusal) | Self::Refused(refusal) => refusal.code(),
            Self::Store(error) => error.code(),
        }
    }
}

impl From<CommitError> for RefreshError {
    fn from(error: CommitError) -> Self {
        match error {
            CommitError::Refused { .. } => Self::Refused(UpdateRefusal::Rollback),
            CommitError::Store(error) => Self::Store(error),
        }
    }
}

fn in_order(mut lists: Vec<ListId>) -> Vec<ListId> {
    lists.sort_unstable();
    lists
}

/// Size in JSON of a payload of `payload` bytes: base64url grows by a third, and the signatures of
/// five operators with their certificates stay below 64 KiB.
fn envelope_size(payload: u64) -> usize {
    usize::try_from(payload).unwrap_or(usize::MAX).saturating_mul(4) / 3 + 64 * 1024
}

fn version(row: &TrustDocumentRow) -> String {
    format!("{}/{}", row.id, row.sequence)
}

/// Sweeping walks indexes, so it is not done for every freshness statement.
const SWEEP_INTERVAL: Duration = Duration::from_mins(1);
