//! The rules by which a node takes an update: `(state, update, now) → (state, alarms)`.
//!
//! A refused update leaves the state exactly as it was. What may only ever go up (sequence
//! numbers) is compared before anything is believed.

use std::sync::Arc;

use super::examined::ExaminedList;
use super::freshness::{Freshness, Named};
use super::order::SignedOrder;
use super::orders::{Orders, Standing, Taken};
use super::refusal::UpdateRefusal;
use super::state::TrustState;
use crate::base::{Code, ListId, MemberId, ServiceId, Timestamp, limits};

/// News that may change the state.
#[derive(Clone, Copy, Debug)]
pub enum Update<'a> {
    /// The next root.
    Root(&'a [u8]),
    /// A freshness statement.
    Freshness(&'a str),
    /// A list in general JSON form, fetched as `id`.
    List {
        /// The list that was asked for.
        id: ListId,
        /// What was answered.
        bytes: &'a [u8],
    },
    /// A list that was examined already.
    Examined(&'a ExaminedList),
    /// A checkpoint of the list log, with every line from the last one read up to it.
    Log {
        /// The signed note.
        checkpoint: &'a str,
        /// The new lines.
        lines: &'a [String],
    },
    /// A suspension order, whoever brought it.
    Order(&'a [u8]),
    /// An earlier version of a list, which shows since when a member claims its keys.
    Origin(&'a [u8]),
}

/// A new state, and what an operator should hear about.
#[derive(Clone, Debug)]
pub struct Accepted {
    /// The state after the update.
    pub state: TrustState,
    /// What is odd without being refused.
    pub alarms: Vec<Alarm>,
    /// Entries that are gone from a list without having been withdrawn: put on record.
    pub removed: Vec<ServiceId>,
}

impl Accepted {
    pub(super) const fn quiet(state: TrustState) -> Self {
        Self { state, alarms: Vec::new(), removed: Vec::new() }
    }
}

/// Something an operator should hear about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alarm {
    /// The published code.
    pub code: Code,
    /// The list it is about, when it is about one.
    pub list: Option<ListId>,
    /// What happened, in a few words.
    pub what: String,
}

impl Alarm {
    pub(super) fn new(code: Code, list: Option<ListId>, what: impl Into<String>) -> Self {
        Self { code, list, what: what.into() }
    }
}

impl TrustState {
    /// Takes `update` at `now`, or tells why not.
    pub fn accept(&self, update: Update<'_>, now: Timestamp) -> Result<Accepted, UpdateRefusal> {
        match update {
            Update::Root(bytes) => self.accept_root(bytes),
            Update::Freshness(token) => self.accept_freshness(token, now),
            Update::List { id, bytes } => self.take_list(&self.examine_list(id, bytes, now)?, now),
            Update::Examined(list) => self.take_list(list, now),
            Update::Log { checkpoint, lines } => self.accept_log(checkpoint, lines),
            Update::Order(bytes) => self.accept_order(bytes),
            Update::Origin(bytes) => self.accept_origin(bytes),
        }
    }

    /// When the statement `token` was signed, if it is the freshness key's and counts on from the
    /// one held; whether it is taken is another matter.
    #[must_use]
    pub fn statement_time(&self, token: &str) -> Option<Timestamp> {
        let offered = Freshness::read(token, &self.root).ok()?;
        let is_newer = self.freshness().is_none_or(|held| offered.sequence() > held.sequence());
        is_newer.then(|| offered.issued())
    }

    fn accept_root(&self, bytes: &[u8]) -> Result<Accepted, UpdateRefusal> {
        let next = self.root.successor(bytes)?;
        let mut state = self.clone();
        // A new freshness key ends whatever the old one said, however high it counted.
        if next.freshness_key() != self.root.freshness_key() {
            state.freshness = None;
        }
        state.earlier_roots.push(std::mem::replace(&mut state.root, Arc::new(next)));
        Ok(Accepted::quiet(state))
    }

    fn accept_freshness(&self, token: &str, now: Timestamp) -> Result<Accepted, UpdateRefusal> {
        if self.root.is_expired(now) {
            return Err(UpdateRefusal::RootInvalid);
        }
        let next = Freshness::read(token, &self.root)?;
        // Another history is told before an older one: it is the graver.
        self.check_equivocation(&next)?;
        if self.freshness().is_some_and(|held| next.sequence() < held.sequence()) {
            return Err(UpdateRefusal::Rollback);
        }
        if next.expires() <= now {
            return Err(UpdateRefusal::Freeze);
        }
        if next.issued() > now + limits::FRESHNESS_AHEAD {
            return Err(UpdateRefusal::NotYetValid);
        }
        self.check_named_lists(&next)?;
        let mut alarms = self.root_alarm(&next);
        alarms.extend(self.omission_alarms(&next));
        let heard = self.heard.max(Some(next.issued()));
        let state = Self { freshness: Some(Arc::new(next)), heard, ..self.clone() };
        Ok(Accepted { alarms, ..Accepted::quiet(state) })
    }

    /// One number means one statement, one root, one list and one tree, whoever carries the news:
    /// two that differ are proof that somebody tells two stories.
    fn check_equivocation(&self, next: &Freshness) -> Result<(), UpdateRefusal> {
        let twin = self.freshness().is_some_and(|held| held.sequence() == next.sequence());
        let same_statement = !twin || self.freshness() == Some(next);
        let differs = |id: ListId| {
            let pair = next.list(id).zip(self.held_against(next, id));
            pair.is_some_and(|(named, held)| {
                named.sequence == held.sequence && named.sha256 != held.sha256
            })
        };
        let (root, held) = (next.root(), self.root());
        let same_root = root.sequence != held.document().sequence || root.sha256 == held.sha256();
        if same_statement && same_root && !next.lists().any(differs) {
            self.check_log_head(next)
        } else {
            Err(UpdateRefusal::Equivocation)
        }
    }

    /// No list that is held may be named with a lower number, nor with the same and other bytes.
    fn check_named_lists(&self, next: &Freshness) -> Result<(), UpdateRefusal> {
        for id in next.lists() {
            if let (Some(named), Some(held)) = (next.list(id), self.held_against(next, id)) {
                check_order(named, held)?;
            }
        }
        Ok(())
    }

    /// The version of list `id` that `next` is held against. With a newer federation list another
    /// key may sign a provincial list, which then counts from its own beginning: whoever missed
    /// both compares the provincial list itself, once it has the federation list.
    fn held_against(&self, next: &Freshness, id: ListId) -> Option<Named> {
        let federation = next.list(ListId::Federation).zip(self.held(ListId::Federation));
        let is_ahead = federation.is_some_and(|(named, held)| named.sequence > held.sequence);
        let waits = is_ahead && id != ListId::Federation;
        if waits { None } else { self.newest(id).map(|header| header.named) }
    }

    /// As far as the log was read, it has the tree that was read.
    fn check_log_head(&self, next: &Freshness) -> Result<(), UpdateRefusal> {
        let head = next.log();
        match self.log.tree().root_at(head.size) {
            Some(root) if root != head.root && head.size > 0 => Err(UpdateRefusal::SplitView),
            _ => Ok(()),
        }
    }

    /// A statement that names a lower root than the one held is no reason to go back.
    fn root_alarm(&self, next: &Freshness) -> Vec<Alarm> {
        let (named, held) = (next.root().sequence, self.root.document().sequence);
        if named < held {
            let what = format!("the statement names root {named}, and {held} is held");
            vec![Alarm::new(Code::ListRollback, None, what)]
        } else {
            Vec::new()
        }
    }

    /// A statement that leaves a list out keeps news of it away, and looks fresh all the same.
    fn omission_alarms(&self, next: &Freshness) -> Vec<Alarm> {
        // Under a newer federation list it may have fallen away with its key.
        if next.list(ListId::Federation) != self.held(ListId::Federation) {
            return Vec::new();
        }
        let held = self.headers().map(|(id, _)| id);
        let left_out = held.filter(|id| next.list(*id).is_none());
        let what = "the statement leaves out a list that is held";
        left_out.map(|id| Alarm::new(Code::SnapshotMismatch, Some(id), what)).collect()
    }

    fn accept_log(&self, checkpoint: &str, lines: &[String]) -> Result<Accepted, UpdateRefusal> {
        let log = Arc::new(self.log.advance(checkpoint, lines, self)?);
        let state = Self { log, ..self.clone() };
        state.check_log_head_held()?;
        Ok(state.settle())
    }

    /// What was read must be what the statement held says, where the two meet.
    fn check_log_head_held(&self) -> Result<(), UpdateRefusal> {
        self.freshness().map_or(Ok(()), |freshness| self.check_log_head(freshness))
    }

    /// An order counts whatever time it states: it may be signed long beforehand, and a clock that
    /// was set back is no reason not to stop.
    fn accept_order(&self, bytes: &[u8]) -> Result<Accepted, UpdateRefusal> {
        let order = SignedOrder::parse(bytes)?;
        let voices = self.voices().ok_or(UpdateRefusal::WrongSigner)?;
        if self.orders.know(&order, &voices) {
            return Ok(Accepted::quiet(self.clone()));
        }
        let mut orders = Orders::clone(&self.orders);
        let taken = orders.take(&order, &voices)?;
        let state = Self { orders: Arc::new(orders), ..self.clone() };
        let alarms = order_alarms(taken, order.claims().member);
        Ok(Accepted { alarms, ..Accepted::quiet(state) })
    }
}

/// Two operators cannot stop more members than a tenth; what goes beyond is told, and waits.
fn order_alarms(taken: Taken, member: MemberId) -> Vec<Alarm> {
    match taken {
        Taken::Held(Standing::Waiting) => {
            let list = Some(ListId::Province(member.division()));
            let what = format!("an order against {member} waits for a third operator");
            vec![Alarm::new(Code::ThresholdNotMet, list, what)]
        }
        Taken::Held(_) | Taken::Nothing => Vec::new(),
    }
}

pub(super) fn check_order(offered: Named, held: Named) -> Result<(), UpdateRefusal> {
    if offered.sequence < held.sequence {
        return Err(UpdateRefusal::Rollback);
    }
    if offered.sequence == held.sequence && offered.sha256 != held.sha256 {
        return Err(UpdateRefusal::Equivocation);
    }
    Ok(())
}
