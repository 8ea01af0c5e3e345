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
    }

    /// The keys that a provincial list withdraws, and that the province has shown to be its own,
    /// there or in the lists that are here: or it could burn the keys of others by copying them.
    fn withdrawn_by(&self, list: &ProvincialList) -> Vec<Digest> {
        let held = self.lists.provinces.get(&list.division()).into_iter();
        let known = held.chain(self.waiting.provinces(list.division()));
        let own: HashMap<Digest, &Arc<Service>> = known
            .flat_map(|held| held.list.services())
            .map(|service| (service.key.spki_digest(), service))
            .collect();
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
