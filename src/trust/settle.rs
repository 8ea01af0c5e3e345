//! Putting a verified list in its place: in force when the log's witnesses saw it, else waiting,
//! where it takes away and does not add. And what a change of the federation list brings with it.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use super::accept::{Accepted, Alarm};
use super::federation::{FederationList, Member};
use super::header::ListHeader;
use super::key_change::KeyChangeExtension;
use super::lote::SignedList;
use super::orders::Orders;
use super::province::{ProvincialList, Service};
use super::refusal::UpdateRefusal;
use super::service::ServiceStatus;
use super::state::{TrustState, Verified};
use crate::base::{Code, ListId, MemberId, ServiceId, limits};
use crate::crypto::Digest;

impl TrustState {
    /// Puts a list whose signatures and number were found right in its place.
    pub(super) fn put_verified(&self, list: Verified) -> Result<Accepted, UpdateRefusal> {
        let (id, sha256) = (list.id(), list.sha256());
        if let Verified::Federation(held) = &list {
            self.check_members_kept(&held.list)?;
        }
        let mut alarms: Vec<Alarm> = self
            .rewritten_by(&list)
            .into_iter()
            .map(|entry| {
                Alarm::new(
                    Code::Conflict,
                    Some(id),
                    format!("the past of {entry} is told otherwise"),
                )
            })
            .collect();
        let mut state = self.clone();
        state.burn(&list);
        if self.root.document().witnesses.quorum == 0 || self.log.is_witnessed(sha256) {
            let removed = state.put_in_force(list)?;
            return Ok(Accepted { state, alarms, removed });
        }
        state.waiting.put(list);
        let what = "the log's witnesses have not cosigned it: it takes away and does not add";
        alarms.push(Alarm::new(Code::NotWitnessed, Some(id), what));
        Ok(Accepted { alarms, ..Accepted::quiet(state) })
    }

    /// Puts in force what waited for witnesses and has them now, the federation list first.
    pub(super) fn settle(mut self) -> Result<Accepted, UpdateRefusal> {
        let mut removed = Vec::new();
        let waiting: Vec<(ListId, Digest)> =
            self.waiting.headers().map(|(id, header)| (id, header.named.sha256)).collect();
        for (id, sha256) in waiting {
            if self.root.document().witnesses.quorum > 0 && !self.log.is_witnessed(sha256) {
                continue;
            }
            // A change of list keys above may have taken it away already.
            if let Some(list) = self.waiting.remove(id) {
                removed.extend(self.put_in_force(list)?);
            }
        }
        Ok(Accepted { removed, ..Accepted::quiet(self) })
    }

    /// Returns the entries that it takes away without having withdrawn them.
    fn put_in_force(&mut self, list: Verified) -> Result<Vec<ServiceId>, UpdateRefusal> {
        let id = list.id();
        let removed = match &list {
            Verified::Federation(held) => {
                self.take_over_members(&held.list)?;
                Vec::new()
            }
            Verified::Province(held) => self.removed_by(&held.list),
        };
        if self.waiting.header(id).is_some_and(|waiting| waiting.named.sha256 != list.sha256()) {
            // Newer than what waited: that is history now.
            self.waiting.remove(id);
        }
        self.lists.put(list);
        Ok(removed)
    }

    /// Entries whose past is told otherwise than before: history only grows.
    pub(super) fn rewritten_by(&self, list: &Verified) -> Vec<String> {
        let Verified::Province(next) = list else { return Vec::new() };
        let Some(held) = self.province(next.list.division()) else { return Vec::new() };
        let later = by_identifier(&next.list);
        let is_rewritten = |service: &&Arc<Service>| {
            later.get(&service.id).is_some_and(|later| {
                later.key == service.key && !later.history.continues(&service.history)
            })
        };
        let rewritten = held.services().iter().filter(is_rewritten);
        rewritten.map(|service| service.id.to_string()).collect()
    }

    /// Entries of the held list that are gone from `next` without having been withdrawn.
    fn removed_by(&self, next: &ProvincialList) -> Vec<ServiceId> {
        let Some(held) = self.province(next.division()) else { return Vec::new() };
        let later = by_identifier(next);
        held.services()
            .iter()
            .filter(|service| service.status != ServiceStatus::Withdrawn)
            .map(|service| service.id.clone())
            .filter(|id| !later.contains_key(id))
            .collect()
    }

    /// What a federation list in force changes beside itself: orders that it lifts are gone, and
    /// of a member whose list key changed nothing is kept that the old key signed.
    fn take_over_members(&mut self, next: &FederationList) -> Result<(), UpdateRefusal> {
        self.check_members_kept(next)?;
        let changed: Vec<MemberId> = self
            .federation()
            .into_iter()
            .flat_map(FederationList::members)
            .filter(|old| next.member(old.id).is_none_or(|new| new.list_key != old.list_key))
            .map(|old| old.id)
            .collect();
        for member in changed {
            let id = ListId::Province(member.division());
            self.lists.remove(id);
            self.waiting.remove(id);
        }
        let mut orders = Orders::clone(&self.orders);
        orders.lift(next);
        self.orders = Arc::new(orders);
        Ok(())
    }

    /// A member's list key may not change by the federation list alone: without proof by the
    /// previous key the whole list is kept out, which keeps the old key in force. Leaving a member
    /// out would be half of such a change; one that leaves is listed as withdrawn, for ever.
    fn check_members_kept(&self, next: &FederationList) -> Result<(), UpdateRefusal> {
        let is_burned = |member: &Member| self.burned.contains(&member.list_key.spki_digest());
        let ended = |member: &Member| member.status == ServiceStatus::Withdrawn;
        if next.members().any(|member| is_burned(member) && !ended(member)) {
            return Err(UpdateRefusal::Conflict);
        }
        for old in self.federation().into_iter().flat_map(FederationList::members) {
            let new = next.member(old.id).ok_or(UpdateRefusal::MemberKeyUnproven)?;
            if ended(old) && !ended(new) {
                return Err(UpdateRefusal::Conflict);
            }
            if new.list_key != old.list_key && !self.is_key_change_proven(old, new, next) {
                return Err(UpdateRefusal::MemberKeyUnproven);
            }
        }
        Ok(())
    }

    fn is_key_change_proven(&self, old: &Member, new: &Member, next: &FederationList) -> bool {
        match &new.key_change {
            None => false,
            Some(KeyChangeExtension::Signed(_)) => new.descends_from(&old.list_key),
            // The key was lost: the member must have been stopped meanwhile, and its new
            // application have stood in the log for all to see.
            Some(KeyChangeExtension::Reenrolled(_)) => {
                let stopped = old.status == ServiceStatus::Suspended || self.orders.touch(old.id);
                let logged = self.log.enrolled_at(new.list_key.spki_digest());
                let shown = logged.is_some_and(|at| {
                    let age = next.header().issued.unix_seconds().saturating_sub(at);
                    u64::try_from(age).is_ok_and(|age| age >= limits::REENROLMENT_WAIT.as_secs())
                });
                stopped && shown
            }
        }
    }

    /// Remembers every key that `list` withdraws.
    fn burn(&mut self, list: &Verified) {
        let mut burned: BTreeSet<Digest> = BTreeSet::clone(&self.burned);
        match list {
            Verified::Federation(held) => {
                let withdrawn =
                    held.list.members().filter(|member| member.status == ServiceStatus::Withdrawn);
                burned.extend(withdrawn.map(|member| member.list_key.spki_digest()));
            }
            Verified::Province(held) => {
                let withdrawn = held
                    .list
                    .services()
                    .iter()
                    .filter(|service| service.status == ServiceStatus::Withdrawn);
                burned.extend(withdrawn.map(|service| service.key.spki_digest()));
            }
        }
        if burned.len() > self.burned.len() {
            self.burned = Arc::new(burned);
        }
    }

    /// Notes since when the members of a version of a list that the log carries claim its keys.
    /// Only keys that two members list now are of interest.
    pub(super) fn accept_origin(&self, bytes: &[u8]) -> Result<Accepted, UpdateRefusal> {
        let signed = SignedList::parse(bytes)?;
        let index = self.log.index_of(signed.sha256()).ok_or(UpdateRefusal::SnapshotMismatch)?;
        let list = ProvincialList::read(&signed)?;
        let member = list.division().member();
        let mut origins = BTreeMap::clone(&self.origins);
        for service in list.services() {
            let key = service.key.spki_digest();
            if self.is_contested(key) {
                let first = origins.entry((key, member)).or_insert(index);
                *first = index.min(*first);
            }
        }
        Ok(Accepted::quiet(Self { origins: Arc::new(origins), ..self.clone() }))
    }

    /// Whether two members list this key.
    fn is_contested(&self, key: Digest) -> bool {
        let lists = |list: &&ProvincialList| {
            list.services().iter().any(|service| service.key.spki_digest() == key)
        };
        self.provinces().filter(lists).count() > 1
    }
}

fn by_identifier(list: &ProvincialList) -> HashMap<&ServiceId, &Arc<Service>> {
    list.services().iter().map(|service| (&service.id, service)).collect()
}

impl Verified {
    pub(super) fn id(&self) -> ListId {
        match self {
            Self::Federation(_) => ListId::Federation,
            Self::Province(held) => ListId::Province(held.list.division()),
        }
    }

    pub(super) fn header(&self) -> &ListHeader {
        match self {
            Self::Federation(held) => held.list.header(),
            Self::Province(held) => held.list.header(),
        }
    }

    pub(super) fn sha256(&self) -> Digest {
        self.header().named.sha256
    }
}
