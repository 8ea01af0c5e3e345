//! Lists that are newer than those in force and not witnessed yet: what they take away counts, also
//! when a still newer one that nobody witnessed either would give it back.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::federation::{FederationList, Member};
use super::freshness::Named;
use super::header::ListHeader;
use super::province::{ProvincialList, Service};
use super::refusal::UpdateRefusal;
use super::state::{Held, Verified};
use crate::base::{Division, ListId};

/// The versions of each list that wait, oldest first.
#[derive(Clone, Debug, Default)]
pub(super) struct Waiting(BTreeMap<ListId, Vec<Verified>>);

impl Waiting {
    /// Lets `list` wait as the newest of its kind. One before it that says the same falls away; of
    /// those that say something else only so many find room, and what finds none is refused: to
    /// drop one would give back what it took.
    pub(super) fn put(&mut self, list: Verified) -> Result<(), UpdateRefusal> {
        let versions = self.0.entry(list.id()).or_default();
        versions.retain(|held| held.named() != list.named());
        if versions.last().is_some_and(|newest| newest.says_the_same_as(&list)) {
            versions.pop();
        }
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
    /// Whether `later` takes away exactly what this one takes away.
    fn says_the_same_as(&self, later: &Self) -> bool {
        match (self, later) {
            (Self::Federation(one), Self::Federation(other)) => {
                let members = |list: &FederationList| list.members().count();
                members(&one.list) == members(&other.list)
                    && one.list.members().zip(other.list.members()).all(is_same_member)
                    && one.list.has_the_uses_of(&other.list)
            }
            (Self::Province(one), Self::Province(other)) => {
                let (one, other) = (one.list.services(), other.list.services());
                one.len() == other.len() && one.iter().zip(other).all(is_same_service)
            }
            _ => false,
        }
    }
}

fn is_same_member((one, other): (&Member, &Member)) -> bool {
    (one.id, one.status, &one.scope, &one.list_key)
        == (other.id, other.status, &other.scope, &other.list_key)
}

fn is_same_service((one, other): (&Arc<Service>, &Arc<Service>)) -> bool {
    one.digest == other.digest
}

/// Versions of one list that say different things and wait together: witnesses answer within
/// minutes, and nobody changes a list so often meanwhile who means well.
const MOST_VERSIONS: usize = 8;
