//! One refresh of trust from one source: what could be taken is put in force together.

use std::sync::{Mutex, PoisonError};

use super::node::Node;
use super::trust_source::Source;
use crate::base::{Code, ListId, Timestamp};
use crate::peer::{FetchError, GatheringError, Tagged, TrustReader, gather_trust};
use crate::store::StoreError;
use crate::trust::UpdateRefusal;

/// One source as this node reads it, with its counters and its clock.
struct Reading<'n> {
    node: &'n Node,
    source: Source,
    /// Tag of the orders that the source shows, once all of them were taken.
    tag: Mutex<Option<String>>,
}

impl Node {
    /// Refreshes trust from `source`. Whatever could be taken is in force afterwards.
    pub(super) async fn refresh_from(&self, source: Source) -> Result<(), RefreshError> {
        let (outcome, overtaken) = self.refresh_once(source).await?;
        // Another refresh went ahead meanwhile, and the log is read on from where that one ended.
        if overtaken { self.refresh_once(source).await?.0 } else { outcome }
    }

    /// The outcome, and whether something was taken on the copy and not on the state in force.
    async fn refresh_once(
        &self,
        source: Source,
    ) -> Result<(Result<(), RefreshError>, bool), RefreshError> {
        let state = self.trust.snapshot().state().clone();
        let reading = Reading { node: self, source, tag: Mutex::default() };
        let gathered = gather_trust(state, &reading).await;
        let applied = self.apply(&gathered.taken).await?;
        // Only now they are durable: what was not kept is asked for again.
        if applied.iter().all(Result::is_ok) {
            let tag = reading.tag.into_inner().unwrap_or_else(PoisonError::into_inner);
            self.trust.tags().extend(tag.map(|tag| (source, tag)));
        }
        Ok((gathered.outcome.map_err(RefreshError::from), applied.iter().any(Result::is_err)))
    }
}

impl TrustReader for Reading<'_> {
    async fn fetch(&self, path: &str, most_bytes: usize) -> Result<Vec<u8>, FetchError> {
        self.node.fetch_from(self.source, path, most_bytes).await
    }

    async fn fetch_if_changed(
        &self,
        path: &str,
        most_bytes: usize,
    ) -> Result<Option<Tagged>, FetchError> {
        let known = self.node.trust.tags().get(&self.source).cloned();
        self.node.fetch_unless(self.source, path, most_bytes, known.as_deref()).await
    }

    fn took_all(&self, tag: String) {
        *self.tag.lock().unwrap_or_else(PoisonError::into_inner) = Some(tag);
    }

    fn now(&self) -> Timestamp {
        self.node.now()
    }

    fn is_hub(&self) -> bool {
        self.source == Source::Hub
    }

    fn refused(&self, list: Option<ListId>, refusal: UpdateRefusal) {
        if self.source.is_alarming(refusal) {
            let source = self.source;
            tracing::warn!(?source, code = %refusal.code(), %refusal, "trust is not taken");
            self.count(list, refusal.code());
        }
    }

    /// That the hub does not give what every hub has is counted like a refusal; another member may
    /// simply be away.
    fn not_fetched(&self, list: Option<ListId>, error: &FetchError) {
        if self.is_hub() {
            self.count(list, error.code());
        }
    }

    fn odd(&self, code: Code, what: &str) {
        tracing::warn!(%code, what, "something is odd about the hub");
        self.count(None, code);
    }

    fn doubt_time(&self, issued: Timestamp) {
        self.node.time.doubt(issued);
    }
}

impl Reading<'_> {
    /// Counts what became of a province's list, or of what is everybody's.
    fn count(&self, list: Option<ListId>, code: Code) {
        let division = match list {
            Some(ListId::Province(division)) => division,
            _ => self.node.settings.member.division(),
        };
        self.node.telemetry.trust_updated(division, Err(code));
    }
}

/// Why trust was not refreshed, or not wholly.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RefreshError {
    /// Not everything is to be had, or to be taken.
    #[error(transparent)]
    Gathering(#[from] GatheringError),
    /// An order is refused.
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
            Self::Gathering(error) => error.code(),
            Self::Refused(refusal) => refusal.code(),
            Self::Store(error) => error.code(),
        }
    }

    /// Whether the source was there, and only lists of some provinces were refused.
    pub(crate) const fn is_of_lists(&self) -> bool {
        matches!(self, Self::Gathering(GatheringError::List(_)))
    }
}
