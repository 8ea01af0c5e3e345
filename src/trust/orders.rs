//! The suspension orders that a node holds: which of them are in force, and which wait for a third
//! operator. Orders are a union: they come in any order from anybody, and only a federation list
//! that cites one takes it away.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::federation::{FederationList, Member};
use super::order::{SignedOrder, SuspensionTarget};
use super::refusal::UpdateRefusal;
use super::service::ServiceStatus;
use super::voices::{Voices, Word};
use crate::base::{MemberId, ServiceId, limits};
use crate::crypto::Digest;

/// Every order held, in the order of arrival.
#[derive(Clone, Debug, Default)]
pub struct Orders(Vec<Arc<HeldOrder>>);

/// One order with what it counts for.
#[derive(Clone, Debug)]
pub struct HeldOrder {
    order: SignedOrder,
    sha256: Digest,
    standing: Standing,
}

/// What an order counts for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// Two operators signed, and they stop as many members as they may: it waits for a third.
    Waiting,
    /// In force by the emergency rule, and counted against it.
    Emergency,
    /// In force by the member's own word, or by as many operators as sign a federation list.
    Full,
}

impl HeldOrder {
    /// The order.
    #[must_use]
    pub const fn order(&self) -> &SignedOrder {
        &self.order
    }

    /// SHA-256 of its payload.
    #[must_use]
    pub const fn sha256(&self) -> Digest {
        self.sha256
    }

    /// What it counts for.
    #[must_use]
    pub const fn standing(&self) -> Standing {
        self.standing
    }

    /// Whether it stops anything now.
    #[must_use]
    pub fn is_in_force(&self) -> bool {
        self.standing != Standing::Waiting
    }

    fn member(&self) -> MemberId {
        self.order.claims().member
    }

    fn stops_member(&self, member: MemberId) -> bool {
        self.is_in_force() && self.member() == member && self.order.claims().target.is_none()
    }

    fn stops_part(&self, member: MemberId, service: &ServiceId, key: Digest) -> bool {
        let names = match &self.order.claims().target {
            None => false,
            Some(SuspensionTarget::Key(named)) => *named == key,
            Some(SuspensionTarget::Service(named)) => named == service,
        };
        names && self.is_in_force() && self.member() == member
    }
}

/// What taking an order changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Taken {
    /// Nothing: it is held already, or a federation list lifted it.
    Nothing,
    /// It is held now, with this standing.
    Held(Standing),
}

impl Orders {
    /// Every order held, oldest arrival first.
    pub fn iter(&self) -> impl Iterator<Item = &HeldOrder> {
        self.0.iter().map(Arc::as_ref)
    }

    /// Every order held, newest arrival first.
    pub fn newest_first(&self) -> impl Iterator<Item = &HeldOrder> {
        self.0.iter().rev().map(Arc::as_ref)
    }

    /// The order whose payload has this digest.
    #[must_use]
    pub fn get(&self, sha256: Digest) -> Option<&HeldOrder> {
        self.iter().find(|held| held.sha256 == sha256)
    }

    /// Whether `member` as a whole is stopped.
    #[must_use]
    pub fn stop_member(&self, member: MemberId) -> bool {
        self.iter().any(|held| held.stops_member(member))
    }

    /// Whether this entry of `member`, or its key, is stopped by itself.
    #[must_use]
    pub fn stop_part(&self, member: MemberId, service: &ServiceId, key: Digest) -> bool {
        self.iter().any(|held| held.stops_part(member, service, key))
    }

    /// Whether some order in force is about `member`: restoring it needs a list that cites it.
    #[must_use]
    pub fn touch(&self, member: MemberId) -> bool {
        self.iter().any(|held| held.is_in_force() && held.member() == member)
    }

    /// Takes an order on its signatures. One that is held gains the signatures it lacked; what is
    /// signed by nobody who has a say is not kept, or a passer-by could fill the place of the
    /// third operator's signature.
    pub(super) fn take(
        &mut self,
        order: &SignedOrder,
        voices: &Voices<'_>,
    ) -> Result<Taken, UpdateRefusal> {
        let sha256 = order.sha256();
        if voices.federation.lifts(sha256) {
            return Ok(Taken::Nothing);
        }
        let heard = voices.heard_in(order)?;
        let place = self.0.iter().position(|held| held.sha256 == sha256);
        let joined = match place {
            Some(place) if self.0[place].standing == Standing::Full => return Ok(Taken::Nothing),
            Some(place) => self.0[place].order.joined_by(&heard),
            None => heard,
        };
        let standing = match voices.word_of(&joined)? {
            Word::Full => Standing::Full,
            Word::Emergency if self.has_room_for(joined.claims().member, voices.federation) => {
                Standing::Emergency
            }
            Word::Emergency => Standing::Waiting,
        };
        let Some(place) = place else {
            self.check_room(&joined, standing)?;
            self.0.push(Arc::new(HeldOrder { order: joined, sha256, standing }));
            return Ok(Taken::Held(standing));
        };
        // What was in force once stays so, however the count stands now.
        let before = self.0[place].standing;
        let standing = standing.max(before);
        self.0[place] = Arc::new(HeldOrder { order: joined, sha256, standing });
        Ok(if standing == before { Taken::Nothing } else { Taken::Held(standing) })
    }

    /// Puts back an order that was accepted before a restart; keys may have changed since.
    pub(super) fn put_back(&mut self, order: SignedOrder, standing: Standing) {
        let sha256 = order.sha256();
        self.0.push(Arc::new(HeldOrder { order, sha256, standing }));
    }

    /// Drops what `federation` lifts, and lets waiting orders into the room that this makes.
    pub(super) fn lift(&mut self, federation: &FederationList) {
        self.0.retain(|held| !federation.lifts(held.sha256));
        for place in 0..self.0.len() {
            let held = &self.0[place];
            if held.standing == Standing::Waiting && self.has_room_for(held.member(), federation) {
                let mut next = HeldOrder::clone(held);
                next.standing = Standing::Emergency;
                self.0[place] = Arc::new(next);
            }
        }
    }

    /// Whether the emergency rule may stop this member as well: `max(1, ⌊members / 10⌋)` at once.
    fn has_room_for(&self, member: MemberId, federation: &FederationList) -> bool {
        let emergency = self.iter().filter(|held| held.standing == Standing::Emergency);
        let mut stopped: BTreeSet<MemberId> = emergency.map(HeldOrder::member).collect();
        stopped.insert(member);
        // Who left stays in the list for ever, and is no member that others could be a tenth of.
        let left = |member: &&Member| member.status == ServiceStatus::Withdrawn;
        let members = federation.members().filter(|member| !left(member)).count();
        stopped.len() <= (members / EMERGENCY_SHARE).max(1)
    }

    /// A member may stop each of its keys and services, and cannot fill a node with orders. One
    /// that stops a member as a whole which nothing stops yet has room always: or whoever stole a
    /// list key could fill the room beforehand with orders that stop nothing.
    fn check_room(&self, order: &SignedOrder, standing: Standing) -> Result<(), UpdateRefusal> {
        let member = order.claims().member;
        let is_whole = order.claims().target.is_none() && standing != Standing::Waiting;
        if is_whole && !self.stop_member(member) {
            return Ok(());
        }
        let own = self.iter().filter(|held| held.member() == member).count();
        if own < limits::ORDERS_PER_MEMBER { Ok(()) } else { Err(UpdateRefusal::TooLarge) }
    }
}

/// The emergency rule reaches one member in so many.
const EMERGENCY_SHARE: usize = 10;
