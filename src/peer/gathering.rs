//! Gathering trust from one node that serves it: roots first, then the statement of what is
//! current, orders, the list log, and the lists that are named and not held. Everything is taken by
//! the rules, on a copy; what to do with it is for the caller.

use std::num::NonZeroUsize;

use tokio::task::JoinSet;

use super::fetch::FetchError;
use crate::base::{Code, ListId, Timestamp, limits};
use crate::crypto::merkle::{TILE_WIDTH, TileKind, TilePath, decode_bundle};
use crate::trust::{ExaminedList, Freshness, SignedOrder, TrustState, Update, UpdateRefusal};

/// Who reads trust from one node, and is told what is wrong with it.
pub trait TrustReader: Sync {
    /// Fetches a document.
    fn fetch(
        &self,
        path: &str,
        most_bytes: usize,
    ) -> impl Future<Output = Result<Vec<u8>, FetchError>> + Send;

    /// Fetches a document with its tag; `None` when it is the one whose tag was told to
    /// [`Self::took_all`].
    fn fetch_if_changed(
        &self,
        path: &str,
        most_bytes: usize,
    ) -> impl Future<Output = Result<Option<Tagged>, FetchError>> + Send {
        async move { Ok(Some((self.fetch(path, most_bytes).await?, None))) }
    }

    /// Hears the tag of the suspension orders, every one of which is held or lifted now.
    fn took_all(&self, _tag: String) {}

    /// The present instant.
    fn now(&self) -> Timestamp;

    /// Whether the node is the hub, which has everything and knows what is newest; another may
    /// simply be behind.
    fn is_hub(&self) -> bool;

    /// Hears that a document is refused, and which list it is when it is one.
    fn refused(&self, list: Option<ListId>, refusal: UpdateRefusal);

    /// Hears that something is not to be had.
    fn not_fetched(&self, list: Option<ListId>, error: &FetchError);

    /// Hears of something odd that is no document.
    fn odd(&self, code: Code, what: &str);

    /// Hears of the signing time of a statement that was refused for its time.
    fn doubt_time(&self, issued: Timestamp);
}

/// A document, and the tag by which its sender knows it again.
pub type Tagged = (Vec<u8>, Option<String>);

/// An update with what it says in its own memory.
#[derive(Clone, Debug)]
pub enum Fetched {
    /// The next root.
    Root(Vec<u8>),
    /// A freshness statement.
    Freshness(String),
    /// A list, examined.
    List(Box<ExaminedList>),
    /// A checkpoint, with the lines up to it.
    Log(String, Vec<String>),
    /// A suspension order.
    Order(Vec<u8>),
    /// An earlier version of a list.
    Origin(Vec<u8>),
}

impl Fetched {
    /// The update itself.
    #[must_use]
    pub fn update(&self) -> Update<'_> {
        match self {
            Self::Root(bytes) => Update::Root(bytes),
            Self::Freshness(token) => Update::Freshness(token),
            Self::List(examined) => Update::Examined(examined),
            Self::Log(checkpoint, lines) => Update::Log { checkpoint, lines },
            Self::Order(bytes) => Update::Order(bytes),
            Self::Origin(bytes) => Update::Origin(bytes),
        }
    }
}

/// What was gathered.
#[derive(Debug)]
pub struct Gathered {
    /// The state with everything that could be taken.
    pub state: TrustState,
    /// What was taken, in order.
    pub taken: Vec<Fetched>,
    /// Whether all that is named is there.
    pub outcome: Result<(), GatheringError>,
}

/// Gathers what the node has that `state` has not.
pub async fn gather_trust<R: TrustReader>(state: TrustState, reader: &R) -> Gathered {
    let mut gathering = Gathering { reader, state, taken: Vec::new() };
    let outcome = gathering.gather().await;
    Gathered { state: gathering.state, taken: gathering.taken, outcome }
}

struct Gathering<'r, R> {
    reader: &'r R,
    state: TrustState,
    taken: Vec<Fetched>,
}

impl<R: TrustReader> Gathering<'_, R> {
    async fn gather(&mut self) -> Result<(), GatheringError> {
        self.follow_roots().await?;
        let current = self.statement().await;
        // An order counts by its own signatures, whatever became of the statement.
        let orders = self.orders().await;
        current?;
        orders?;
        let log = self.log().await;
        let lists = self.lists().await;
        // Who may sign an order stands in the lists: whoever starts with nothing must not trust
        // even for one cycle whom the others stopped.
        if !self.state.missing_orders().is_empty() {
            self.orders().await?;
        }
        log.and(lists)
    }

    /// Takes an update on the copy; a refusal is told here and nowhere else.
    fn take(&mut self, update: Fetched) -> Result<(), UpdateRefusal> {
        match self.state.accept(update.update(), self.reader.now()) {
            Ok(accepted) => {
                self.state = accepted.state;
                self.taken.push(update);
                Ok(())
            }
            Err(refusal) => {
                let list = match &update {
                    Fetched::List(examined) => Some(examined.id()),
                    _ => None,
                };
                self.reader.refused(list, refusal);
                Err(refusal)
            }
        }
    }

    async fn fetch(&self, path: &str, most_bytes: usize) -> Result<Vec<u8>, FetchError> {
        let fetched = self.reader.fetch(path, most_bytes).await;
        fetched.inspect_err(|error| self.reader.not_fetched(None, error))
    }

    async fn fetch_text(&self, path: &str, most_bytes: usize) -> Result<String, FetchError> {
        let bytes = self.fetch(path, most_bytes).await?;
        String::from_utf8(bytes).map_err(|_| self.malformed())
    }

    /// As [`Self::fetch`] for what need not be there.
    async fn fetch_if_any(&self, path: &str, most: usize) -> Result<Option<Vec<u8>>, FetchError> {
        match self.reader.fetch(path, most).await {
            Ok(bytes) => Ok(Some(bytes)),
            Err(FetchError::NotFound) => Ok(None),
            Err(error) => {
                self.reader.not_fetched(None, &error);
                Err(error)
            }
        }
    }

    fn malformed(&self) -> FetchError {
        self.reader.not_fetched(None, &FetchError::Malformed);
        FetchError::Malformed
    }

    async fn follow_roots(&mut self) -> Result<(), GatheringError> {
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

    async fn statement(&mut self) -> Result<(), GatheringError> {
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
            if let (true, true, Some(issued)) = (of_time, self.reader.is_hub(), newer) {
                self.reader.doubt_time(issued);
            }
        })?;
        let named = self.state.freshness().map_or(0, |held| held.root().sequence);
        if named > self.state.root().document().sequence {
            self.follow_roots().await?;
        }
        if named > self.state.root().document().sequence && self.reader.is_hub() {
            self.reader
                .odd(Code::RootChainBroken, "the statement names a root to which no root leads");
        }
        Ok(())
    }

    async fn orders(&mut self) -> Result<(), GatheringError> {
        let path = "/v1/suspensions";
        match self.reader.fetch_if_changed(path, limits::TRUST_LIST_BYTES).await {
            Ok(Some((bytes, tag))) => self.take_orders(&bytes, tag)?,
            Ok(None) => {}
            // An older node, or one that is silent.
            Err(error) => {
                self.reader.not_fetched(None, &error);
                return Ok(());
            }
        }
        for missing in self.state.missing_orders() {
            let path = format!("/v1/suspensions/{missing}");
            match self.reader.fetch(&path, limits::TOKEN_BYTES).await {
                Ok(bytes) => {
                    let _ = self.take_order(bytes);
                }
                Err(error) => {
                    tracing::debug!(%missing, %error, "an order that is named is missing");
                }
            }
        }
        if self.reader.is_hub() && !self.state.missing_orders().is_empty() {
            self.reader.odd(Code::SnapshotMismatch, "the statement names an order that nobody has");
        }
        Ok(())
    }

    fn take_orders(&mut self, list: &[u8], tag: Option<String>) -> Result<(), GatheringError> {
        let brought: OrderList = serde_json::from_slice(list).map_err(|_| self.malformed())?;
        let mut is_whole = true;
        for order in brought.orders {
            // One bad order does not keep out the others; it is looked at again next time.
            is_whole &= self.take_order(order.get().as_bytes().to_vec()).is_ok();
        }
        if let (true, Some(tag)) = (is_whole, tag) {
            self.reader.took_all(tag);
        }
        Ok(())
    }

    fn take_order(&mut self, bytes: Vec<u8>) -> Result<(), UpdateRefusal> {
        let order = SignedOrder::parse(&bytes)
            .inspect_err(|refusal| self.reader.refused(None, *refusal))?;
        if self.state.knows_order(&order) { Ok(()) } else { self.take(Fetched::Order(bytes)) }
    }

    /// Reads the list log on to its newest checkpoint, line by line.
    async fn log(&mut self) -> Result<(), GatheringError> {
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
        if size < held && !self.reader.is_hub() {
            return Ok(());
        }
        // The size is not verified before the lines are read, so it is not believed either.
        if size.saturating_sub(held) > limits::LIST_LOG_LINES {
            self.reader.refused(None, UpdateRefusal::TooLarge);
            return Err(UpdateRefusal::TooLarge.into());
        }
        let lines = self.lines(held, size).await?;
        Ok(self.take(Fetched::Log(note, lines))?)
    }

    async fn lines(&self, from: u64, to: u64) -> Result<Vec<String>, GatheringError> {
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
    async fn lists(&mut self) -> Result<(), GatheringError> {
        let named: Vec<ListId> =
            self.state.freshness().map(|held| held.lists().collect()).unwrap_or_default();
        let missing = |state: &TrustState, id: &ListId| !state.is_current(*id);
        let mut outcome = Ok(());
        // The federation list first: it names the keys that the others are signed with.
        let (federation, provinces): (Vec<_>, Vec<_>) =
            named.into_iter().partition(|id| *id == ListId::Federation);
        for lists in [federation, provinces] {
            let lists = lists.into_iter().filter(|id| missing(&self.state, id)).collect();
            outcome = self.examine_all(lists).await.and(outcome);
        }
        outcome
    }

    /// Fetches one list after the other, and examines those that came meanwhile on other cores.
    async fn examine_all(&mut self, lists: Vec<ListId>) -> Result<(), GatheringError> {
        let cores = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
        let (mut examining, mut outcome) = (JoinSet::new(), Ok(()));
        for id in lists {
            match self.list(id).await {
                Ok(bytes) => {
                    let (state, now) = (self.state.clone(), self.reader.now());
                    examining.spawn_blocking(move || (id, state.examine_list(id, &bytes, now)));
                }
                Err(error) => outcome = Err(error),
            }
            while examining.len() >= cores {
                self.take_next(&mut examining, &mut outcome).await;
            }
        }
        while !examining.is_empty() {
            self.take_next(&mut examining, &mut outcome).await;
        }
        outcome
    }

    async fn take_next(
        &mut self,
        examining: &mut JoinSet<Examination>,
        outcome: &mut Result<(), GatheringError>,
    ) {
        let taken = match examining.join_next().await {
            Some(Ok((_, Ok(examined)))) => self.take(Fetched::List(Box::new(examined))),
            Some(Ok((id, Err(refusal)))) => {
                self.reader.refused(Some(id), refusal);
                Err(refusal)
            }
            // Cancelled with the process, which keeps what it holds.
            Some(Err(_)) | None => Ok(()),
        };
        if let Err(refusal) = taken {
            *outcome = Err(GatheringError::List(refusal));
        }
    }

    async fn list(&self, id: ListId) -> Result<Vec<u8>, GatheringError> {
        let named = self
            .state
            .freshness()
            .and_then(|freshness| Freshness::list(freshness, id))
            .ok_or(UpdateRefusal::SnapshotMismatch)?;
        let path = format!("/v1/lists/{}/{}", id.short(), named.sequence);
        let most = envelope_size(named.bytes).min(limits::TRUST_LIST_BYTES);
        let fetched = self.reader.fetch(&path, most).await;
        Ok(fetched.inspect_err(|error| self.reader.not_fetched(Some(id), error))?)
    }
}

/// A list that was read, or why it was not.
type Examination = (ListId, Result<ExaminedList, UpdateRefusal>);

#[derive(serde::Deserialize)]
struct OrderList {
    orders: Vec<Box<serde_json::value::RawValue>>,
}

/// Why trust was not gathered, or not wholly.
#[derive(Debug, thiserror::Error)]
pub enum GatheringError {
    /// Something could not be fetched.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// A list was refused, and the one held before stays in force.
    #[error("a list is refused: {0}")]
    List(UpdateRefusal),
    /// Something was fetched and refused.
    #[error("refused: {0}")]
    Refused(#[from] UpdateRefusal),
}

impl GatheringError {
    /// The published code.
    #[must_use]
    pub const fn code(&self) -> Code {
        match self {
            Self::Fetch(error) => error.code(),
            Self::List(refusal) | Self::Refused(refusal) => refusal.code(),
        }
    }
}

/// Size in JSON of a payload of `payload` bytes: base64url grows by a third, and the signatures of
/// five operators with their certificates stay below 64 KiB.
fn envelope_size(payload: u64) -> usize {
    usize::try_from(payload).unwrap_or(usize::MAX).saturating_mul(4) / 3 + 64 * 1024
}

/// Bytes of a bundle of 256 lines of the list log, each a few hundred bytes.
const BUNDLE_BYTES: usize = 1024 * 1024;

#[cfg(test)]
mod tests;
