//! Putting a verified list in its place: in force when the log's witnesses saw it, else waiting,
//! where it takes away and does not add. And what a change of the federation list brings with it.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::accept::{Accepted, Alarm};
use super::federation::FederationList;
use super::freshness::Named;
use super::lote::SignedList;
use super::orders::Orders;
use super::province::{ProvincialList, Service};
use super::refusal::UpdateRefusal;
use super::service::ServiceStatus;
use super::state::{TrustState, Verified};
use crate::base::{Code, ListId, MemberId, ServiceId};
use crate::crypto::Digest;

impl TrustState {
    /// Puts a list whose signatures and number were found right in its place.
    pub(super) fn put_verified(&self, list: Verified) -> Result<Accepted, UpdateRefusal> {
        let (id, named) = (list.id(), list.named());
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
        if self.root.document().witnesses.quorum == 0 || self.log.is_witnessed(id, named) {
            let removed = state.put_in_force(list)?;
            return Ok(Accepted { state, alarms, removed });
        }
        state.waiting.put(list, &self.lists)?;
        let what = "the log's witnesses have not cosigned it: it takes away and does not add";
        alarms.push(Alarm::new(Code::NotWitnessed, Some(id), what));
        Ok(Accepted { alarms, ..Accepted::quiet(state) })
    }

    /// Puts in force what waited for witnesses and has them now, the federation list first.
    ///
    /// What cannot be put in force any more goes on waiting and is told: the log, which all lists
    /// share, is read on all the same.
    pub(super) fn settle(mut self) -> Accepted {
        let (mut removed, mut alarms) = (Vec::new(), Vec::new());
        let waiting: Vec<(ListId, Named)> =
            self.waiting.all().map(|list| (list.id(), list.named())).collect();
        for (id, named) in waiting {
            if self.root.document().witnesses.quorum > 0 && !self.log.is_witnessed(id, named) {
                continue;
            }
            // A change of list keys above may have taken it away already.
            let Some(list) = self.waiting.version(id, named).cloned() else { continue };
            match self.put_in_force(list) {
                Ok(gone) => removed.extend(gone),
                Err(refusal) => {
                    let what = format!("it is witnessed and cannot be put in force: {refusal}");
                    alarms.push(Alarm::new(refusal.code(), Some(id), what));
                }
            }
        }
        Accepted { state: self, alarms, removed }
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
        // What waited before it is history now; what is newer goes on waiting.
        self.waiting.let_go(id, list.named().sequence);
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
            self.lists.provinces.remove(&member.division());
            self.waiting.let_go(ListId::Province(member.division()), u64::MAX);
        }
        let mut orders = Orders::clone(&self.orders);
        orders.lift(next);
        self.orders = Arc::new(orders);
        Ok(())
    }

    /// Notes since when the members of a version of a list that the log carries claim its keys.
    /// Only keys that two members list now are of interest, and only claims that the key itself
    /// made: a copy of somebody's key is no claim to it, however early it was logged.
    pub(super) fn accept_origin(&self, bytes: &[u8]) -> Result<Accepted, UpdateRefusal> {
        let signed = SignedList::parse(bytes)?;
        let list = ProvincialList::read(&signed)?;
        let index = self.log.index_of(signed.id(), list.header().named);
        let index = index.ok_or(UpdateRefusal::SnapshotMismatch)?;
        let member = list.division().member();
        let mut origins = BTreeMap::clone(&self.origins);
        for service in list.services() {
            let key = service.key.spki_digest();
            if self.is_contested(key) && service.is_proven() {
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
