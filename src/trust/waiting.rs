//! Lists that are newer than those in force and not witnessed yet: what they take away counts, also
//! when a still newer one that nobody witnessed either would give it back.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::federation::FederationList;
use super::freshness::Named;
use super::header::ListHeader;
use super::province::{ProvincialList, Service};
use super::refusal::UpdateRefusal;
use super::service::ServiceStatus;
use super::state::{Held, Lists, Verified};
use crate::base::{Division, ListId};
use crate::crypto::Digest;

/// The versions of each list that wait, oldest first.
#[derive(Clone, Debug, Default)]
pub(super) struct Waiting(BTreeMap<ListId, Vec<Verified>>);

impl Waiting {
    /// Lets `list` wait as the newest of its kind. Those before it that take nothing more from
    /// `in_force` fall away; of the others only so many find room, and what finds none is refused:
    /// to drop one would give back what it took.
    pub(super) fn put(&mut self, list: Verified, in_force: &Lists) -> Result<(), UpdateRefusal> {
        let versions = self.0.entry(list.id()).or_default();
        versions.retain(|held| held.named() != list.named() && !list.takes_all_of(held, in_force));
        if versions.len() >= MOST_VERSIONS {
            return Err(UpdateRefusal::TooLarge);
        }
        versions.push(list);
        Ok(())
    }

    /// Puts a version back that waited before a restart; they come in any order.
    pub(super) fn put_back(&mut self, list: Verified) {
        let versions = self.0.entry(list.id()).or_default();
        versions.push(list);
        versions.sort_by_key(|held| held.named().sequence);
    }

    /// Lets go of the versions of list `id` up to the number `sequence`.
    pub(super) fn let_go(&mut self, id: ListId, sequence: u64) {
        if let Some(versions) = self.0.get_mut(&id) {
            versions.retain(|held| held.named().sequence > sequence);
            if versions.is_empty() {
                self.0.remove(&id);
            }
        }
    }

    /// Every version of every list, the federation's first, each list's oldest first.
    pub(super) fn all(&self) -> impl Iterator<Item = &Verified> {
        self.0.values().flatten()
    }

    /// This version of list `id`, while it waits.
    pub(super) fn version(&self, id: ListId, named: Named) -> Option<&Verified> {
        self.0.get(&id)?.iter().find(|held| held.named() == named)
    }

    /// The newest version of list `id`.
    pub(super) fn newest(&self, id: ListId) -> Option<&Verified> {
        self.0.get(&id)?.last()
    }

    /// The header of the newest version of list `id`.
    pub(super) fn header(&self, id: ListId) -> Option<&ListHeader> {
        self.newest(id).map(Verified::header)
    }

    /// The headers of the newest versions, the federation's first.
    pub(super) fn headers(&self) -> impl Iterator<Item = (ListId, &ListHeader)> {
        self.0.iter().filter_map(|(id, versions)| Some((*id, versions.last()?.header())))
    }

    /// The federation lists that wait.
    pub(super) fn federations(&self) -> impl Iterator<Item = &Arc<Held<FederationList>>> {
        let versions = self.0.get(&ListId::Federation).into_iter().flatten();
        versions.filter_map(|held| match held {
            Verified::Federation(list) => Some(list),
            Verified::Province(_) => None,
        })
    }

    /// The lists of `division` that wait.
    pub(super) fn provinces(
        &self,
        division: Division,
    ) -> impl DoubleEndedIterator<Item = &Arc<Held<ProvincialList>>> {
        let versions = self.0.get(&ListId::Province(division)).into_iter().flatten();
        versions.filter_map(|held| match held {
            Verified::Province(list) => Some(list),
            Verified::Federation(_) => None,
        })
    }
}

impl Verified {
    /// Whether this list takes at least all from `in_force` that `earlier` takes.
    fn takes_all_of(&self, earlier: &Self, in_force: &Lists) -> bool {
        match (self, earlier) {
            (Self::Federation(list), Self::Federation(earlier)) => {
                let held = in_force.federation.iter().flat_map(|held| held.list.members());
                list.list.has_the_uses_of(&earlier.list)
                    && list.list.has_the_scopes_of(&earlier.list)
                    && held.map(|member| member.id).all(|id| {
                        let status = |list: &FederationList| {
                            list.member(id).map_or(ServiceStatus::Withdrawn, |it| it.status)
                        };
                        status(&list.list) >= status(&earlier.list)
                    })
            }
            (Self::Province(list), Self::Province(earlier)) => {
                let Some(held) = in_force.provinces.get(&list.list.division()) else {
                    return true;
                };
                let (list, earlier) = (by_key(&list.list), by_key(&earlier.list));
                let keys = held.list.services().iter().map(|service| service.key.spki_digest());
                keys.into_iter().all(|key| takes_as_much(list.get(&key), earlier.get(&key)))
            }
            _ => false,
        }
    }
}

/// Whether what a list says of one key takes as much as what an earlier one said: all of it, or
/// the same but for a status that is as bad.
fn takes_as_much(entries: Option<&Vec<&Service>>, earlier: Option<&Vec<&Service>>) -> bool {
    let (entry, earlier) = match (entries.map(Vec::as_slice), earlier.map(Vec::as_slice)) {
        (None, _) => return true,
        (Some([entry]), _) if entry.status == ServiceStatus::Withdrawn => return true,
        (Some([entry]), Some([earlier])) => (entry, earlier),
        _ => return false,
    };
    let rest = |service: &Service| {
        (service.id.clone(), service.kind, service.scope.clone(), service.client_role.clone())
    };
    entry.status >= earlier.status
        && rest(entry) == rest(earlier)
        && entry.evidence() == earlier.evidence()
        && entry.certificates == earlier.certificates
}

fn by_key(list: &ProvincialList) -> HashMap<Digest, Vec<&Service>> {
    let mut entries: HashMap<Digest, Vec<&Service>> = HashMap::new();
    for service in list.services() {
        entries.entry(service.key.spki_digest()).or_default().push(service);
    }
    entries
}

/// Versions of one list that wait together because each takes what a later one gives back:
/// witnesses answer within minutes, and nobody who means well goes back and forth so often.
const MOST_VERSIONS: usize = 32;
