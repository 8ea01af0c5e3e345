//! The suspension orders that a node holds: which of them are in force, and which wait for a third
//! operator. Orders are a union: they come in any order from anybody, and only a federation list
//! that cites one takes it away.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::federation::FederationList;
use super::order::{SignedOrder, SuspensionTarget};
use super::refusal::UpdateRefusal;
use super::root::Root;
use crate::base::{MemberId, ServiceId, limits};
use crate::crypto::Digest;
use crate::crypto::jws::Typ;

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

    /// Takes an order on its signatures. One that is held gains the signatures it lacked.
    pub(super) fn take(
        &mut self,
        order: &SignedOrder,
        root: &Root,
        federation: &FederationList,
    ) -> Result<Taken, UpdateRefusal> {
        let sha256 = order.sha256();
        if federation.lifts(sha256) {
            return Ok(Taken::Nothing);
        }
        let place = self.0.iter().position(|held| held.sha256 == sha256);
        let joined = match place {
            Some(place) if self.0[place].standing == Standing::Full => return Ok(Taken::Nothing),
            Some(place) => self.0[place].order.joined_by(order),
            None => order.clone(),
        };
        let standing = self.judge(&joined, root, federation)?;
        let Some(place) = place else {
            self.check_room(order.claims().member)?;
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
        if self.get(sha256).is_none() {
            self.0.push(Arc::new(HeldOrder { order, sha256, standing }));
        }
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

    fn judge(
        &self,
        order: &SignedOrder,
        root: &Root,
        federation: &FederationList,
    ) -> Result<Standing, UpdateRefusal> {
        let member_id = order.claims().member;
        let member = federation.member(member_id).ok_or(UpdateRefusal::IdNotCanonical)?;
        let own = order.signatures().signers(&[&member.list_key], Typ::Suspension)?;
        if !own.is_empty() {
            return Ok(Standing::Full);
        }
        let operators = root.votes(order.signatures(), Typ::Suspension)?;
        let rules = root.document();
        if operators >= rules.operators.threshold as usize {
            return Ok(Standing::Full);
        }
        if operators < rules.emergency.threshold as usize {
            return Err(match operators {
                0 => UpdateRefusal::WrongSigner,
                _ => UpdateRefusal::ThresholdNotMet,
            });
        }
        Ok(if self.has_room_for(member_id, federation) {
            Standing::Emergency
        } else {
            Standing::Waiting
        })
    }

    /// Whether the emergency rule may stop this member as well: `max(1, ⌊members / 10⌋)` at once.
    fn has_room_for(&self, member: MemberId, federation: &FederationList) -> bool {
        let emergency = self.iter().filter(|held| held.standing == Standing::Emergency);
        let mut stopped: BTreeSet<MemberId> = emergency.map(HeldOrder::member).collect();
        stopped.insert(member);
        stopped.len() <= (federation.members().count() / EMERGENCY_SHARE).max(1)
    }

    /// A member may stop each of its keys and services, and cannot fill a node with orders.
    fn check_room(&self, member: MemberId) -> Result<(), UpdateRefusal> {
        let own = self.iter().filter(|held| held.member() == member).count();
        if own < limits::ORDERS_PER_MEMBER { Ok(()) } else { Err(UpdateRefusal::TooLarge) }
    }
}

/// The emergency rule reaches one member in so many.
const EMERGENCY_SHARE: usize = 10;
