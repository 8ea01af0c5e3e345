//! One refresh of trust from one source: roots first, then the statement of what is current,
//! orders, the list log, and the lists that are named and not held. Everything is taken by the
//! rules on a copy; what could be taken is then put in force together.

use super::node::Node;
use super::outbound::FetchError;
use super::trust_feed::Fetched;
use super::trust_source::Source;
use crate::base::{Code, ListId, limits};
use crate::crypto::merkle::{TILE_WIDTH, TileKind, TilePath, decode_bundle};
use crate::store::StoreError;
use crate::trust::{Freshness, TrustState, UpdateRefusal};

/// A refresh in the making: a copy of the state, and what it took so far.
struct Work<'n> {
    node: &'n Node,
    source: Source,
    state: TrustState,
    taken: Vec<Fetched>,
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
        let mut work = Work { node: self, source, state, taken: Vec::new() };
        let outcome = work.gather().await;
        let applied = self.apply(&work.taken).await?;
        Ok((outcome, applied.iter().any(Result::is_err)))
    }
}

impl Work<'_> {
    async fn gather(&mut self) -> Result<(), RefreshError> {
        self.follow_roots().await?;
        let current = self.statement().await;
        // An order counts by its own signatures, whatever became of the statement.
        let orders = self.orders().await;
        current?;
        orders?;
        let log = self.log().await;
        let lists = self.lists().await;
        log.and(lists)
    }

    /// Takes an update on the copy; a refusal is told here and nowhere else.
    fn take(&mut self, update: Fetched) -> Result<(), UpdateRefusal> {
        let node = self.node;
        match self.state.accept(update.update(), node.now()) {
            Ok(accepted) => {
                self.state = accepted.state;
                self.taken.push(update);
                Ok(())
            }
            Err(refusal) => {
                let list = match &update {
                    Fetched::List(id, _) => Some(*id),
                    _ => None,
                };
                self.tell_refused(list, refusal);
                Err(refusal)
            }
        }
    }

    fn tell_refused(&self, list: Option<ListId>, refusal: UpdateRefusal) {
        if self.source.is_alarming(refusal) {
            let source = self.source;
            tracing::warn!(?source, code = %refusal.code(), %refusal, "trust is not taken");
            self.count(list, refusal.code());
        }
    }

    /// Counts what became of a province's list, or of what is everybody's.
    fn count(&self, list: Option<ListId>, code: Code) {
        let division = match list {
            Some(ListId::Province(division)) => division,
            _ => self.node.settings.member.division(),
        };
        self.node.telemetry.trust_updated(division, Err(code));
    }

    /// Fetches a document. That the hub does not give what every hub has is counted like a refusal,
    /// and every such failure once; another member may simply be away.
    async fn fetch(&self, path: &str, most_bytes: usize) -> Result<Vec<u8>, FetchError> {
        let fetched = self.node.fetch_from(self.source, path, most_bytes).await;
        fetched.inspect_err(|error| self.tell_unfetched(None, error))
    }

    async fn fetch_text(&self, path: &str, most_bytes: usize) -> Result<String, FetchError> {
        let bytes = self.fetch(path, most_bytes).await?;
        let text = String::from_utf8(bytes).map_err(|_| FetchError::Malformed);
        text.inspect_err(|error| self.tell_unfetched(None, error))
    }

    /// As [`Self::fetch`] for what need not be there.
    async fn fetch_if_any(&self, path: &str, most: usize) -> Result<Option<Vec<u8>>, FetchError> {
        match self.node.fetch_from(self.source, path, most).await {
            Ok(bytes) => Ok(Some(bytes)),
            Err(FetchError::NotFound) => Ok(None),
            Err(error) => {
                self.tell_unfetched(None, &error);
                Err(error)
            }
        }
    }

    fn malformed(&self) -> FetchError {
        self.tell_unfetched(None, &FetchError::Malformed);
        FetchError::Malformed
    }

    fn tell_unfetched(&self, list: Option<ListId>, error: &FetchError) {
        if self.source == Source::Hub {
            self.count(list, error.code());
        }
    }

    async fn follow_roots(&mut self) -> Result<(), RefreshError> {
        for _ in 0..limits::ROOT_STEPS {
            let next = self.state.root().document().sequence + 1;
            let path = format!("/v1/root/{next}");
            match self.fetch_if_any(&path, limits::ROOT_BYTES).await? {
                Some(bytes) => self.take(Fetched::Root(bytes))?,
                None => break,
            }
        }
        Ok(())
    }

    async fn statement(&mut self) -> Result<(), RefreshError> {
        let path = "/v1/freshness";
        let token = self.fetch_text(path, limits::FRESHNESS_BYTES).await?;
        if self.state.freshness().is_some_and(|held| held.token() == token) {
            return Ok(());
        }
        let newer = self.state.statement_time(&token);
        self.take(Fetched::Freshness(token)).inspect_err(|refusal| {
            let of_time = matches!(refusal, UpdateRefusal::Freeze | UpdateRefusal::NotYetValid);
            // Another member may hold a statement back until it looks old; the hub's own word on
            // what it signed last is what a clock is compared with.
            if let (true, Source::Hub, Some(issued)) = (of_time, self.source, newer) {
                self.node.time.doubt(issued);
            }
        })?;
        let named = self.state.freshness().map_or(0, |held| held.root().sequence);
        if named > self.state.root().document().sequence {
            self.follow_roots().await?;
        }
        if named > self.state.root().document().sequence && self.source == Source::Hub {
            tracing::warn!(named, "the statement names a root to which no root leads");
            self.count(None, Code::RootChainBroken);
        }
        Ok(())
    }

    async fn orders(&mut self) -> Result<(), RefreshError> {
        let path = "/v1/suspensions";
        let Ok(text) = self.fetch_text(path, limits::TRUST_LIST_BYTES).await else {
            // An older node, or one that is silent: what is named and missing is told below.
            return Ok(());
        };
        let brought: OrderList = serde_json::from_str(&text).map_err(|_| self.malformed())?;
        for order in brought.orders {
            // One bad order does not keep out the others.
            let _ = self.take_order(order.get().as_bytes().to_vec());
        }
        for missing in self.state.missing_orders() {
            let path = format!("/v1/suspensions/{missing}");
            match self.node.fetch_from(self.source, &path, limits::TOKEN_BYTES).await {
                Ok(bytes) => {
                    let _ = self.take_order(bytes);
                }
                Err(error) => {
                    tracing::debug!(%missing, %error, "an order that is named is missing");
                }
            }
        }
        if self.source == Source::Hub && !self.state.missing_orders().is_empty() {
            tracing::warn!("the statement names an order that nobody has");
            self.count(None, Code::SnapshotMismatch);
        }
        Ok(())
    }

    fn take_order(&mut self, bytes: Vec<u8>) -> Result<(), UpdateRefusal> {
        let order = crate::trust::SignedOrder::parse(&bytes)
            .inspect_err(|refusal| self.tell_refused(None, *refusal))?;
        let known = self.state.orders().get(order.sha256());
        let lifted = self.state.federation().is_some_and(|list| list.lifts(order.sha256()));
        let is_full = known.is_some_and(|held| held.standing() == crate::trust::Standing::Full);
        if is_full || lifted { Ok(()) } else { self.take(Fetched::Order(bytes)) }
    }

    /// Reads the list log on to its newest checkpoint, line by line.
    async fn log(&mut self) -> Result<(), RefreshError> {
        let path = "/v1/log/checkpoint";
        let Some(note) = self.fetch_if_any(path, limits::TOKEN_BYTES).await? else {
            return Ok(());
        };
        let note = String::from_utf8(note).map_err(|_| self.malformed())?;
        if self.state.log().checkpoint() == Some(note.as_str()) {
            return Ok(());
        }
        let size = note.lines().nth(1).and_then(|size| size.parse::<u64>().ok());
        let size = size.ok_or_else(|| self.malformed())?;
        let held = self.state.log().size();
        if size < held && self.source != Source::Hub {
            return Ok(());
        }
        let lines = self.lines(held, size).await?;
        Ok(self.take(Fetched::Log(note, lines))?)
    }

    async fn lines(&self, from: u64, to: u64) -> Result<Vec<String>, RefreshError> {
        let width = u64::from(TILE_WIDTH);
        let mut lines = Vec::new();
        let mut next = from;
        while next < to {
            let path = TilePath::in_tree(TileKind::Entries, next / width, to);
            let path = path.ok_or_else(|| self.malformed())?;
            let address = format!("/v1/log/tile/{path}");
            let bytes = self.fetch(&address, BUNDLE_BYTES).await?;
            let entries = decode_bundle(&bytes, path.width()).map_err(|_| self.malformed())?;
            let skipped = usize::try_from(next % width).unwrap_or_default();
            for entry in entries.into_iter().skip(skipped) {
                let line = std::str::from_utf8(entry).map_err(|_| self.malformed())?;
                lines.push(line.to_owned());
                next += 1;
            }
        }
        Ok(lines)
    }

    /// Takes the lists that are named and not held. One bad list keeps that province's last good
    /// one; the others go on.
    async fn lists(&mut self) -> Result<(), RefreshError> {
        let named: Vec<ListId> =
            self.state.freshness().map(|held| held.lists().collect()).unwrap_or_default();
        let mut refused = None;
        // The federation list first: it names the keys that the others are signed with.
        for id in in_order(named) {
            if self.state.is_current(id) {
                continue;
            }
            match self.list(id).await {
                Ok(()) => {}
                Err(RefreshError::Refused(refusal)) => refused = Some(RefreshError::List(refusal)),
                Err(error) => refused = Some(error),
            }
        }
        refused.map_or(Ok(()), Err)
    }

    async fn list(&mut self, id: ListId) -> Result<(), RefreshError> {
        let named = self
            .state
            .freshness()
            .and_then(|freshness| Freshness::list(freshness, id))
            .ok_or(UpdateRefusal::SnapshotMismatch)?;
        let path = format!("/v1/lists/{}/{}", id.short(), named.sequence);
        let most = envelope_size(named.bytes).min(limits::TRUST_LIST_BYTES);
        let fetched = self.node.fetch_from(self.source, &path, most).await;
        let bytes = fetched.inspect_err(|error| self.tell_unfetched(Some(id), error))?;
        Ok(self.take(Fetched::List(id, bytes))?)
    }
}

#[derive(serde::Deserialize)]
struct OrderList {
    orders: Vec<Box<serde_json::value::RawValue>>,
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

fn in_order(mut lists: Vec<ListId>) -> Vec<ListId> {
    lists.sort_unstable();
    lists
}

/// Size in JSON of a payload of `payload` bytes: base64url grows by a third, and the signatures of
/// five operators with their certificates stay below 64 KiB.
fn envelope_size(payload: u64) -> usize {
    usize::try_from(payload).unwrap_or(usize::MAX).saturating_mul(4) / 3 + 64 * 1024
}

/// Bytes of a bundle of 256 lines of the list log, each a few hundred bytes.
const BUNDLE_BYTES: usize = 1024 * 1024;
