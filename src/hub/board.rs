//! The board: everything the hub publishes, as one value. It is changed by making a new one, and
//! only after the hub's own output has passed the rules by which every node will judge it.

use std::collections::BTreeMap;

use crate::base::{Code, Division, ListId, NumericDate, ServiceId, Timestamp};
use crate::crypto::note::{Checkpoint, WitnessKey, add_cosignatures};
use crate::crypto::{SealError, Signer};
use crate::trust::lote::SignedList;
use crate::trust::{
    FederationList, Freshness, FreshnessDraft, HeldOrder, LogHead, LogLeaf, Member, Named, Root,
    SignedOrder, Snapshot, TrustState, Update, UpdateRefusal,
};

/// What the hub publishes now.
#[derive(Clone, Debug)]
pub(super) struct Board {
    state: TrustState,
}

/// The keys that say what is current.
#[derive(Clone, Copy)]
pub(super) struct Signers<'k> {
    /// Signs freshness statements.
    pub(super) freshness: &'k dyn Signer,
    /// Signs the list log's checkpoints.
    pub(super) log: &'k dyn Signer,
}

/// News that was taken, with what must be made durable before it is shown.
#[derive(Debug)]
pub(super) struct Publication {
    /// The board afterwards.
    pub(super) board: Board,
    /// The new lines of the list log.
    pub(super) lines: Vec<String>,
    /// The lists by number, digest and size.
    pub(super) lists: Vec<(ListId, Named)>,
    /// Entries of those lists that no node will believe, with the reason.
    pub(super) refused: Vec<(ServiceId, Code)>,
}

impl Board {
    /// A board from what was stored.
    pub(super) const fn restore(state: TrustState) -> Self {
        Self { state }
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
    pub(super) fn refresh(&self, signers: Signers<'_>, now: Timestamp) -> Result<Self, BoardError> {
        let token = self.freshness(&[], signers, now)?;
        let state = self.state.accept(Update::Freshness(&token), now)?.state;
        Ok(Self { state })
    }

    /// Publishes lists together: logs them, names them in a new freshness statement, and takes all
    /// of it by the rules of every node. The first statement names the federation list before
    /// there are others. A list that is published already gets no second line: every node reads
    /// every line.
    pub(super) fn publish(
        &self,
        lists: &[(ListId, &[u8])],
        signers: Signers<'_>,
        now: Timestamp,
    ) -> Result<Publication, BoardError> {
        let mut named = Vec::new();
        for (id, bytes) in lists {
            let signed = SignedList::parse(bytes)?;
            if signed.id() != *id {
                return Err(UpdateRefusal::IdNotCanonical.into());
            }
            let sequence = signed.document().lote.scheme.sequence;
            let (sha256, bytes) = (signed.sha256(), signed.size());
            named.push((*id, Named { sequence, sha256, bytes }));
        }
        let at = NumericDate::from(now);
        let leaf = |(id, named): &(ListId, Named)| LogLeaf::List {
            at,
            id: *id,
            sequence: named.sequence,
            sha256: named.sha256,
        };
        let is_new = |(id, named): &&(ListId, Named)| {
            self.state.newest(*id).is_none_or(|held| held.named != *named)
        };
        let leaves: Vec<LogLeaf> = named.iter().filter(is_new).map(leaf).collect();
        if leaves.is_empty() {
            let refused = refused_entries(&self.state, &named, now);
            return Ok(Publication {
                board: self.clone(),
                lines: Vec::new(),
                lists: named,
                refused,
            });
        }
        let (board, lines) = self.logged(&leaves, signers, now)?;
        let token = board.freshness(&named, signers, now)?;
        let mut state = board.state.accept(Update::Freshness(&token), now)?.state;
        // The federation list first: it names the keys that the others are signed with.
        let mut ordered = lists.to_vec();
        ordered.sort_by_key(|(id, _)| *id);
        for (id, bytes) in ordered {
            state = state.accept(Update::List { id, bytes }, now)?.state;
        }
        let changes = key_changes(&self.state, &state, at);
        let refused = refused_entries(&state, &named, now);
        // A list that fell away with its key is not named any more.
        let (board, more) = Self { state }.logged(&changes, signers, now)?;
        let board = board.refresh(signers, now)?;
        let lines = [lines, more].concat();
        Ok(Publication { board, lines, lists: named, refused })
    }

    /// Takes an order, logs it and names it. `None` when it changes nothing.
    pub(super) fn order(
        &self,
        bytes: &[u8],
        signers: Signers<'_>,
        now: Timestamp,
    ) -> Result<Option<Publication>, BoardError> {
        let order = SignedOrder::parse(bytes)?;
        let sha256 = order.sha256();
        let before = self.state.orders().get(sha256).map(HeldOrder::standing);
        let state = self.state.accept(Update::Order(bytes), now)?.state;
        let after = state.orders().get(sha256).map(HeldOrder::standing);
        if after == before {
            return Ok(None);
        }
        let (at, member) = (NumericDate::from(now), order.claims().member);
        let leaf = LogLeaf::Suspension { at, member, sha256 };
        let leaves = if before.is_none() { vec![leaf] } else { Vec::new() };
        let (board, lines) = Self { state }.logged(&leaves, signers, now)?;
        let board = board.refresh(signers, now)?;
        Ok(Some(Publication { board, lines, lists: Vec::new(), refused: Vec::new() }))
    }

    /// Takes the next root and logs it. `signers` are the keys that it names.
    pub(super) fn root_after(
        &self,
        bytes: &[u8],
        signers: Signers<'_>,
        now: Timestamp,
    ) -> Result<Publication, BoardError> {
        let state = self.state.accept(Update::Root(bytes), now)?.state;
        let root = state.root();
        let leaf = LogLeaf::Root {
            at: NumericDate::from(now),
            sequence: root.document().sequence,
            sha256: root.sha256(),
        };
        let (board, lines) = Self { state }.logged(&[leaf], signers, now)?;
        let board = board.refresh(signers, now)?;
        Ok(Publication { board, lines, lists: Vec::new(), refused: Vec::new() })
    }

    /// Logs what a member handed in: an application, or the change of its list key.
    pub(super) fn record(
        &self,
        leaf: LogLeaf,
        signers: Signers<'_>,
        now: Timestamp,
    ) -> Result<Publication, BoardError> {
        let (board, lines) = self.logged(&[leaf], signers, now)?;
        let board = board.refresh(signers, now)?;
        Ok(Publication { board, lines, lists: Vec::new(), refused: Vec::new() })
    }

    /// Adds what witnesses answered to the newest checkpoint.
    pub(super) fn cosigned(&self, lines: &str, now: Timestamp) -> Result<Self, BoardError> {
        let Some(note) = self.state.log().checkpoint() else { return Ok(self.clone()) };
        let witnesses: Vec<WitnessKey> = self.witnesses();
        let note = add_cosignatures(note, lines, &witnesses)
            .map_err(|_| BoardError::Refused(UpdateRefusal::WrongSigner))?;
        let update = Update::Log { checkpoint: &note, lines: &[] };
        Ok(Self { state: self.state.accept(update, now)?.state })
    }

    /// The witnesses that the root in force names.
    pub(super) fn witnesses(&self) -> Vec<WitnessKey> {
        let named = &self.state.root().document().witnesses.vkeys;
        named.iter().filter_map(|key| key.parse().ok()).collect()
    }

    /// The board after these lines were added to the log and its new head was signed.
    fn logged(
        &self,
        leaves: &[LogLeaf],
        signers: Signers<'_>,
        now: Timestamp,
    ) -> Result<(Self, Vec<String>), BoardError> {
        if leaves.is_empty() {
            return Ok((self.clone(), Vec::new()));
        }
        let lines: Vec<String> = leaves.iter().map(LogLeaf::to_line).collect::<Result<_, _>>()?;
        let mut tree = self.state.log().tree().clone();
        for line in &lines {
            tree.append(LogLeaf::hash(line));
        }
        let origin = self.state.root().document().log.origin.clone();
        let checkpoint = Checkpoint { origin, size: tree.size(), root: tree.root() };
        let note = checkpoint.sign(signers.log).map_err(|_| SealError::Signing)?;
        let update = Update::Log { checkpoint: &note, lines: &lines };
        Ok((Self { state: self.state.accept(update, now)?.state }, lines))
    }

    fn freshness(
        &self,
        news: &[(ListId, Named)],
        signers: Signers<'_>,
        now: Timestamp,
    ) -> Result<String, BoardError> {
        let state = &self.state;
        let known = state.known_lists().into_iter();
        let mut lists: BTreeMap<ListId, Named> =
            known.filter_map(|id| Some((id, state.newest(id)?.named))).collect();
        lists.extend(news.iter().copied());
        // Counting at least as fast as seconds pass keeps the number rising across restarts
        // without storing every statement.
        let floor = u64::try_from(now.unix_seconds()).unwrap_or_default();
        let last = state.freshness().map_or(0, Freshness::sequence);
        let in_force = state.orders().iter().filter(|held| held.is_in_force());
        let draft = FreshnessDraft {
            sequence: floor.max(last + 1),
            root: root_named(state.root()),
            lists: lists.into_iter().collect(),
            log: LogHead { size: state.log().size(), root: state.log().root() },
            orders: in_force.map(HeldOrder::sha256).collect(),
        };
        Ok(draft.sign(signers.freshness, now)?)
    }
}

/// The list keys that changed from one state to the next, as lines of the log.
fn key_changes(before: &TrustState, after: &TrustState, at: NumericDate) -> Vec<LogLeaf> {
    let members = after.federation().into_iter().flat_map(FederationList::members);
    let changed = members.filter(|member| {
        let old = before.federation().and_then(|list| list.member(member.id));
        old.is_some_and(|old| old.list_key != member.list_key)
    });
    let line = |member: &Member| {
        let (member, spki) = (member.id, member.list_key.spki_digest());
        LogLeaf::KeyChange { at, member, spki }
    };
    changed.map(line).collect()
}

fn root_named(root: &Root) -> Named {
    Named {
        sequence: root.document().sequence,
        sha256: root.sha256(),
        bytes: root.bytes().len() as u64,
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

fn refused_entries(
    state: &TrustState,
    lists: &[(ListId, Named)],
    now: Timestamp,
) -> Vec<(ServiceId, Code)> {
    let own = |division: &Division| lists.iter().any(|(id, _)| *id == ListId::Province(*division));
    Snapshot::build(state.clone(), 0, now)
        .refused()
        .iter()
        .filter(|(division, ..)| own(division))
        .map(|(_, service, refusal)| (service.clone(), refusal.code()))
        .collect()
}
