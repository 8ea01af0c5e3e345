//! The memory of keys that were taken away: whatever a list says later, they do not come back.

use std::collections::HashMap;
use std::sync::Arc;

use super::province::{ProvincialList, Service};
use super::service::ServiceStatus;
use super::state::{TrustState, Verified};
use crate::crypto::Digest;

impl TrustState {
    /// Remembers every key that `list` withdraws.
    pub(super) fn burn(&mut self, list: &Verified) {
        let keys: Vec<Digest> = match list {
            Verified::Federation(held) => {
                let withdrawn =
                    held.list.members().filter(|member| member.status == ServiceStatus::Withdrawn);
                withdrawn.map(|member| member.list_key.spki_digest()).collect()
            }
            Verified::Province(held) => self.withdrawn_by(&held.list),
        };
        if keys.iter().any(|key| !self.burned.contains(key)) {
            Arc::make_mut(&mut self.burned).extend(keys);
        }
        if let Verified::Province(held) = list {
            self.doubt(&held.list);
        }
    }

    /// Remembers the keys that `next` withdraws for a compromise, and those of the list in force
    /// whose past it tells otherwise or leaves out. A later list that calls their end harmless
    /// comes from whoever holds the list key now.
    fn doubt(&mut self, next: &ProvincialList) {
        let member = next.division().member();
        let listed = by_key(next.services());
        let is_compromised = |service: &&Arc<Service>| {
            service.status == ServiceStatus::Withdrawn && service.history.compromise().is_some()
        };
        let is_told_otherwise = |held: &&Arc<Service>| {
            let later = listed.get(&held.key.spki_digest());
            later.is_none_or(|later| !later.history.continues(&held.history))
        };
        let compromised = next.services().iter().filter(is_compromised);
        let held = self.province(next.division()).into_iter().flat_map(ProvincialList::services);
        let doubted: Vec<_> = compromised
            .chain(held.filter(is_told_otherwise))
            .map(|service| (member, service.key.spki_digest()))
            .filter(|key| !self.doubted.contains(key))
            .collect();
        if !doubted.is_empty() {
            Arc::make_mut(&mut self.doubted).extend(doubted);
        }
    }

    /// The keys that a provincial list withdraws, and that the province has shown to be its own,
    /// there or in the lists that are here: or it could burn the keys of others by copying them.
    fn withdrawn_by(&self, list: &ProvincialList) -> Vec<Digest> {
        let held = self.lists.provinces.get(&list.division()).into_iter();
        let known = held.chain(self.waiting.provinces(list.division()));
        let own = by_key(known.flat_map(|held| held.list.services()));
        let is_shown = |service: &Service, key: &Digest| {
            let before = own.get(key).is_some_and(|held| held.is_proven());
            before || service.is_proven()
        };
        let withdrawn =
            list.services().iter().filter(|service| service.status == ServiceStatus::Withdrawn);
        withdrawn
            .map(|service| (service, service.key.spki_digest()))
            .filter(|(service, key)| !self.burned.contains(key) && is_shown(service, key))
            .map(|(_, key)| key)
            .collect()
    }
}

fn by_key<'s>(
    services: impl IntoIterator<Item = &'s Arc<Service>>,
) -> HashMap<Digest, &'s Arc<Service>> {
    services.into_iter().map(|service| (service.key.spki_digest(), service)).collect()
}
