//! The rules by which a node takes an update: `(state, update, now) → (state, alarms)`.
//!
//! A refused update leaves the state exactly as it was. What may only ever go up (sequence
//! numbers) is compared before anything is believed.

use std::sync::Arc;

use super::freshness::{Freshness, Named};
use super::header::ListHeader;
use super::lote::SignedList;
use super::refusal::UpdateRefusal;
use super::service::PreviousList;
use super::state::TrustState;
use crate::base::{Code, ListId, Timestamp, limits};

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
}

/// A new state, and what an operator should hear about.
#[derive(Clone, Debug)]
pub struct Accepted {
    /// The state after the update.
    pub state: TrustState,
    /// What is odd without being refused.
    pub alarms: Vec<Alarm>,
}

/// Something an operator should hear about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Alarm {
    /// The published code.
    pub code: Code,
    /// The list it is about, when it is about one.
    pub list: Option<ListId>,
}

impl TrustState {
    /// Takes `update` at `now`, or tells why not.
    pub fn accept(&self, update: Update<'_>, now: Timestamp) -> Result<Accepted, UpdateRefusal> {
        match update {
            Update::Root(bytes) => self.accept_root(bytes),
            Update::Freshness(token) => self.accept_freshness(token, now),
            Update::List { id, bytes } => self.accept_list(id, bytes, now),
        }
    }

    fn accept_root(&self, bytes: &[u8]) -> Result<Accepted, UpdateRefusal> {
        let next = self.root.successor(bytes)?;
        let mut state = self.clone();
        // A new freshness key ends whatever the old one said, however high it counted.
        if next.freshness_key() != self.root.freshness_key() {
            state.freshness = None;
        }
        state.earlier_roots.push(std::mem::replace(&mut state.root, Arc::new(next)));
        Ok(Accepted { state, alarms: Vec::new() })
    }

    fn accept_freshness(&self, token: &str, now: Timestamp) -> Result<Accepted, UpdateRefusal> {
        if self.root.is_expired(now) {
            return Err(UpdateRefusal::RootInvalid);
        }
        let next = Freshness::read(token, &self.root)?;
        if let Some(held) = self.freshness() {
            if next.sequence() < held.sequence() {
                return Err(UpdateRefusal::Rollback);
            }
            if next.sequence() == held.sequence() && next != *held {
                return Err(UpdateRefusal::Equivocation);
            }
        }
        if next.expires() <= now {
            return Err(UpdateRefusal::Freeze);
        }
        if next.issued() > now + limits::FRESHNESS_AHEAD {
            return Err(UpdateRefusal::NotYetValid);
        }
        self.check_named_lists(&next)?;
        let alarms = self.root_alarm(&next);
        let state = Self { freshness: Some(Arc::new(next)), ..self.clone() };
        Ok(Accepted { state, alarms })
    }

    /// No list that is held may be named with a lower number, nor with the same and other bytes.
    fn check_named_lists(&self, next: &Freshness) -> Result<(), UpdateRefusal> {
        for id in next.lists() {
            if let (Some(named), Some(held)) = (next.list(id), self.held(id)) {
                check_order(named, held)?;
            }
        }
        Ok(())
    }

    /// A statement that names a lower root than the one held is no reason to go back.
    fn root_alarm(&self, next: &Freshness) -> Vec<Alarm> {
        if next.root().sequence < self.root.document().sequence {
            vec![Alarm { code: Code::ListRollback, list: None }]
        } else {
            Vec::new()
        }
    }

    fn accept_list(
        &self,
        id: ListId,
        bytes: &[u8],
        now: Timestamp,
    ) -> Result<Accepted, UpdateRefusal> {
        if bytes.len() > limits::TRUST_LIST_BYTES {
            return Err(UpdateRefusal::TooLarge);
        }
        let named = self
            .freshness()
            .and_then(|freshness| freshness.list(id))
            .ok_or(UpdateRefusal::SnapshotMismatch)?;
        let signed = SignedList::parse(bytes)?;
        if signed.id() != id {
            return Err(UpdateRefusal::IdNotCanonical);
        }
        let offered = ListHeader::read(&signed)?;
        self.check_succession(id, &offered, now)?;
        if offered.named != named {
            return Err(UpdateRefusal::SnapshotMismatch);
        }
        check_dates(offered.issued, offered.next_update, now)?;
        let mut state = self.clone();
        state.hold(&signed, String::from_utf8_lossy(bytes).into_owned())?;
        state.check_list_keys_kept(self)?;
        Ok(Accepted { state, alarms: Vec::new() })
    }

    /// The offered list must lie ahead of the held one, within reach, and follow from it when it
    /// is the very next.
    fn check_succession(
        &self,
        id: ListId,
        offered: &ListHeader,
        now: Timestamp,
    ) -> Result<(), UpdateRefusal> {
        let Some(held) = self.header(id) else { return Ok(()) };
        let (before, next) = (held.named, offered.named);
        check_order(next, before)?;
        let days = now.since(held.issued).as_secs() / SECONDS_PER_DAY;
        let reach = limits::SEQUENCE_JUMP_PER_DAY.saturating_mul(days.saturating_add(1));
        if next.sequence - before.sequence > reach {
            return Err(UpdateRefusal::SequenceJump);
        }
        let follows =
            offered.previous == PreviousList { sequence: before.sequence, sha256: before.sha256 };
        if next.sequence == before.sequence + 1 && !follows {
            return Err(UpdateRefusal::Fork);
        }
        Ok(())
    }

    /// A member's list key may not change by the federation list alone: without proof by the
    /// previous key the whole list is kept out, which keeps the old key in force. Leaving a member
    /// out would be half of such a change; one that leaves is listed as withdrawn, for ever.
    fn check_list_keys_kept(&self, before: &Self) -> Result<(), UpdateRefusal> {
        let (Some(new), Some(old)) = (self.federation(), before.federation()) else {
            return Ok(());
        };
        let changed = |member: &super::federation::Member| {
            new.member(member.id).is_none_or(|now| now.list_key != member.list_key)
        };
        if old.members().any(changed) { Err(UpdateRefusal::MemberKeyUnproven) } else { Ok(()) }
    }
}

fn check_order(offered: Named, held: Named) -> Result<(), UpdateRefusal> {
    if offered.sequence < held.sequence {
        return Err(UpdateRefusal::Rollback);
    }
    if offered.sequence == held.sequence && offered.sha256 != held.sha256 {
        return Err(UpdateRefusal::Equivocation);
    }
    Ok(())
}

fn check_dates(
    issued: Timestamp,
    next_update: Timestamp,
    now: Timestamp,
) -> Result<(), UpdateRefusal> {
    if issued > now + limits::FRESHNESS_AHEAD {
        return Err(UpdateRefusal::NotYetValid);
    }
    if next_update <= now { Err(UpdateRefusal::Expired) } else { Ok(()) }
}

const SECONDS_PER_DAY: u64 = 86_400;
