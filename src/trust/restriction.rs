//! What takes away from the lists in force: suspension orders, burned keys, and newer lists that
//! wait for the log's witnesses. None of it can add anything.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::census::{EntryRefusal, Judge};
use super::federation::FederationList;
use super::province::{ProvincialList, Service};
use super::scope::ServiceScope;
use super::service::ServiceStatus;
use super::state::TrustState;
use crate::base::MemberId;
use crate::crypto::Digest;

/// The worst that lists and orders say of each member.
pub(super) fn member_statuses(
    state: &TrustState,
    federation: &FederationList,
) -> BTreeMap<MemberId, ServiceStatus> {
    let status = |id: MemberId, held: ServiceStatus| {
        let waiting = state.waiting.federations().filter_map(|waiting| waiting.list.member(id));
        // A restriction never lifts a member that is only staged.
        let worst = waiting.map(|member| member.status).fold(held, ServiceStatus::max);
        if state.orders.stop_member(id) { worst.max(ServiceStatus::Suspended) } else { worst }
    };
    federation.members().map(|member| (member.id, status(member.id, member.status))).collect()
}

/// What restricts the entries of one provincial list.
pub(super) struct Restriction<'s> {
    state: &'s TrustState,
    member: MemberId,
    federations: Vec<&'s FederationList>,
    /// The entries of each list that waits, by their keys.
    lists: Vec<HashMap<Digest, Vec<&'s Service>>>,
}

impl<'s> Restriction<'s> {
    pub(super) fn of(state: &'s TrustState, list: &ProvincialList) -> Self {
        let waiting = state.waiting.provinces(list.division());
        Self {
            state,
            member: list.division().member(),
            federations: state.waiting.federations().map(|held| &held.list).collect(),
            lists: waiting.map(|held| by_key(held.list.services())).collect(),
        }
    }

    /// For each list that waits, what it says of the key of `service` in the same use: in another
    /// use the key is another entry, and this one is gone.
    fn waiting(&self, service: &Service) -> impl Iterator<Item = Vec<&'s Service>> {
        let key = service.key.spki_digest();
        let (kind, role) = (service.kind, service.client_role.as_ref());
        self.lists.iter().map(move |list| {
            let entries = list.get(&key).into_iter().flatten().copied();
            entries.filter(|it| it.kind == kind && it.client_role.as_ref() == role).collect()
        })
    }

    /// The worst that is said of `service` outside the list that holds it.
    pub(super) fn status(&self, service: &Service) -> ServiceStatus {
        let is_burned = self.state.burned.contains(&service.key.spki_digest());
        if is_burned { ServiceStatus::Withdrawn } else { self.bar(service) }
    }

    /// The same, burned keys left aside.
    pub(super) fn bar(&self, service: &Service) -> ServiceStatus {
        let worst = |entries: Vec<&Service>| {
            entries.iter().map(|waiting| waiting.status).max().unwrap_or(ServiceStatus::Withdrawn)
        };
        let waiting = self.waiting(service).map(worst).max().unwrap_or(ServiceStatus::Granted);
        let key = service.key.spki_digest();
        let stopped = self.state.orders.stop_part(self.member, &service.id, key);
        if stopped { waiting.max(ServiceStatus::Suspended) } else { waiting }
    }

    /// Whether the entry would still be believed under the lists that wait.
    pub(super) fn judge(&self, service: &Service, judge: Judge) -> Result<(), EntryRefusal> {
        if self.federations.is_empty() && self.lists.is_empty() {
            return Ok(());
        }
        let mut federation = self.state.federation().ok_or(EntryRefusal::OutOfScope)?;
        let member =
            |list: &'s FederationList| list.member(self.member).ok_or(EntryRefusal::OutOfScope);
        for waiting in &self.federations {
            judge.entry(waiting, member(waiting)?, service)?;
            federation = waiting;
        }
        // What the province says next counts under what the federation says next: the two may
        // widen a scope together, and that takes nothing away meanwhile.
        for entries in self.waiting(service) {
            match entries[..] {
                [] => {}
                [version] => judge.entry(federation, member(federation)?, version)?,
                _ => return Err(EntryRefusal::DuplicateKey),
            }
        }
        Ok(())
    }

    /// The scopes that the lists that wait give to the same entry.
    pub(super) fn scopes(&self, service: &Service) -> Vec<Arc<ServiceScope>> {
        self.waiting(service).flatten().filter_map(|waiting| waiting.scope.clone()).collect()
    }
}

fn by_key(services: &[Arc<Service>]) -> HashMap<Digest, Vec<&Service>> {
    let mut entries: HashMap<Digest, Vec<&Service>> = HashMap::with_capacity(services.len());
    for service in services {
        entries.entry(service.key.spki_digest()).or_default().push(&**service);
    }
    entries
}
