//! The suspension orders that a node holds: which of them are in force, and which wait for a third
//! operator. Orders are a union: they come in any order from anybody, and only a federation list
//! that cites one takes it away.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use super::federation::{FederationList, Member};
use super::order::{SignedOrder, SuspensionTarget};
use super::refusal::UpdateRefusal;
use super::service::ServiceStatus;
use super::voices::{Voices, Word};
use crate::base::{MemberId, ServiceId, limits};
use crate::crypto::Digest;

/// Every order held, in the order of arrival, found by digest and by whom it stops: entries are
/// judged by the ten thousand, and a member may hold as many orders.
#[derive(Clone, Debug, Default)]
pub struct Orders {
    held: Vec<Arc<HeldOrder>>,
    places: HashMap<Digest, usize>,
    members: HashMap<MemberId, Stops>,
    parts: HashSet<(MemberId, Part)>,
}

/// What is held about one member.
#[derive(Clone, Copy, Debug, Default)]
struct Stops {
    held: usize,
    in_force: bool,
    whole: bool,
}

/// A part of a member that is stopped; a service by the digest of its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Part {
    Key(Digest),
    Service(Digest),
}

/// One order with what it counts for.
#[derive(Clone, Debug)]
pub struct HeldOrder {
    order: SignedOrder,
    sha256: Digest,
    standing: Standing,
    text: Digest,
    judged: Judged,
}

/// Numbers of the root and the federation list, and the size of the log, under which an order was
/// judged last; a restart forgets them.
type Judged = (u64, u64, u64);

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

    fn new(order: SignedOrder, sha256: Digest, standing: Standing, judged: Judged) -> Self {
        // What cannot be written is shown to nobody either.
        let text = Digest::of(order.to_bytes().unwrap_or_default());
        Self { order, sha256, standing, text, judged }
    }
}

impl Part {
    fn service(service: &ServiceId) -> Self {
        Self::Service(Digest::of(service.as_str()))
    }

    fn of(target: &SuspensionTarget) -> Self {
        match target {
            SuspensionTarget::Key(key) => Self::Key(*key),
            SuspensionTarget::Service(service) => Self::service(service),
        }
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
        self.held.iter().map(Arc::as_ref)
    }

    /// Every order held, newest arrival first.
    pub fn newest_first(&self) -> impl Iterator<Item = &HeldOrder> {
        self.held.iter().rev().map(Arc::as_ref)
    }

    /// The order whose payload has this digest.
    #[must_use]
    pub fn get(&self, sha256: Digest) -> Option<&HeldOrder> {
        self.places.get(&sha256).map(|place| self.held[*place].as_ref())
    }

    /// Tells apart what [`Self::newest_first`] shows, signatures included.
    #[must_use]
    pub fn fingerprint(&self) -> Digest {
        let texts = self.newest_first().map(|held| held.text);
        Digest::of(texts.flat_map(|text| *text.as_bytes()).collect::<Vec<u8>>())
    }

    /// Whether `member` as a whole is stopped.
    #[must_use]
    pub fn stop_member(&self, member: MemberId) -> bool {
        self.members.get(&member).is_some_and(|stops| stops.whole)
    }

    /// Whether this entry of `member`, or its key, is stopped by itself.
    #[must_use]
    pub fn stop_part(&self, member: MemberId, service: &ServiceId, key: Digest) -> bool {
        self.members.get(&member).is_some_and(|stops| stops.in_force)
            && (self.parts.contains(&(member, Part::Key(key)))
                || self.parts.contains(&(member, Part::service(service))))
    }

    /// Whether some order in force is about `member`: restoring it needs a list that cites it.
    #[must_use]
    pub fn touch(&self, member: MemberId) -> bool {
        self.members.get(&member).is_some_and(|stops| stops.in_force)
    }

    /// Whether taking `order` would change nothing: it was lifted, or is held with all its
    /// signatures, which were judged by these very voices.
    pub(super) fn know(&self, order: &SignedOrder, voices: &Voices<'_>) -> bool {
        let sha256 = order.sha256();
        let known = |held: &HeldOrder| {
            held.standing == Standing::Full
                || (held.judged == judged(voices) && held.order.has_all_of(order))
        };
        voices.federation.lifts(sha256) || self.get(sha256).is_some_and(known)
    }

    /// Takes an order on its signatures. One that is held gains the signatures it lacked; what is
    /// signed by nobody who has a say is not kept, or a passer-by could fill the place of the
    /// third operator's signature.
    pub(super) fn take(
        &mut self,
        order: &SignedOrder,
        voices: &Voices<'_>,
    ) -> Result<Taken, UpdateRefusal> {
        if self.know(order, voices) {
            return Ok(Taken::Nothing);
        }
        let sha256 = order.sha256();
        let heard = voices.heard_in(order)?;
        let place = self.places.get(&sha256).copied();
        let joined = match place {
            Some(place) => self.held[place].order.joined_by(&heard),
            None => heard,
        };
        let standing = match voices.word_of(&joined)? {
            Word::Full => Standing::Full,
            Word::Emergency if self.has_room_for(joined.claims().member, voices.federation) => {
                Standing::Emergency
            }
            Word::Emergency => Standing::Waiting,
        };
        let held = |standing| HeldOrder::new(joined, sha256, standing, judged(voices));
        let Some(place) = place else {
            let held = held(standing);
            self.check_room(&held)?;
            self.push(held);
            return Ok(Taken::Held(standing));
        };
        // What was in force once stays so, however the count stands now.
        let before = self.held[place].standing;
        let standing = standing.max(before);
        self.held[place] = Arc::new(held(standing));
        self.count_in(place);
        Ok(if standing == before { Taken::Nothing } else { Taken::Held(standing) })
    }

    /// Puts back an order that was accepted before a restart; keys may have changed since.
    pub(super) fn put_back(&mut self, order: SignedOrder, standing: Standing) {
        let sha256 = order.sha256();
        if self.get(sha256).is_none() {
            self.push(HeldOrder::new(order, sha256, standing, UNJUDGED));
        }
    }

    fn push(&mut self, held: HeldOrder) {
        self.members.entry(held.member()).or_default().held += 1;
        self.places.insert(held.sha256, self.held.len());
        self.held.push(Arc::new(held));
        self.count_in(self.held.len() - 1);
    }

    /// Enters what the order at `place` stops, if it does.
    fn count_in(&mut self, place: usize) {
        let held = &self.held[place];
        if !held.is_in_force() {
            return;
        }
        let member = held.member();
        let stops = self.members.entry(member).or_default();
        stops.in_force = true;
        match &held.order.claims().target {
            None => stops.whole = true,
            Some(target) => {
                self.parts.insert((member, Part::of(target)));
            }
        }
    }

    /// Drops what `federation` lifts, and lets waiting orders into the room that this makes.
    pub(super) fn lift(&mut self, federation: &FederationList) {
        if self.held.iter().any(|held| federation.lifts(held.sha256)) {
            let all = std::mem::take(self).held;
            let kept = all.into_iter().filter(|held| !federation.lifts(held.sha256));
            kept.for_each(|held| self.push(Arc::unwrap_or_clone(held)));
        }
        for place in 0..self.held.len() {
            let held = &self.held[place];
            if held.standing == Standing::Waiting && self.has_room_for(held.member(), federation) {
                let mut next = HeldOrder::clone(held);
                next.standing = Standing::Emergency;
                self.held[place] = Arc::new(next);
                self.count_in(place);
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
    fn check_room(&self, held: &HeldOrder) -> Result<(), UpdateRefusal> {
        let member = held.member();
        let is_whole = held.order.claims().target.is_none() && held.is_in_force();
        if is_whole && !self.stop_member(member) {
            return Ok(());
        }
        let own = self.members.get(&member).map_or(0, |stops| stops.held);
        if own < limits::ORDERS_PER_MEMBER { Ok(()) } else { Err(UpdateRefusal::TooLarge) }
    }
}

fn judged(voices: &Voices<'_>) -> Judged {
    let federation = voices.federation.header().named.sequence;
    (voices.root.document().sequence, federation, voices.log.size())
}

/// No root and no list have these numbers.
const UNJUDGED: Judged = (0, 0, 0);
/// The emergency rule reaches one member in so many.
const EMERGENCY_SHARE: usize = 10;
