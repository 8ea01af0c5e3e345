//! What takes away from the lists in force: suspension orders, burned keys, and newer lists that
//! wait for the log's witnesses. None of it can add anything.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::census::{EntryRefusal, Judge};
use super::federation::FederationList;
use super::province::{ProvincialList, Service};
use super::scope::ServiceScope;
use super::service::ServiceStatus;
use super::state::{Held, TrustState};
use crate::base::MemberId;

/// The worst that lists and orders say of each member.
pub(super) fn member_statuses(
    state: &TrustState,
    federation: &FederationList,
) -> BTreeMap<MemberId, ServiceStatus> {
    let waiting = state.waiting.federation.as_ref();
    let status = |id: MemberId, held: ServiceStatus| {
        let waiting = waiting.and_then(|waiting| waiting.list.member(id));
        let waiting = waiting.map_or(ServiceStatus::Granted, |member| member.status);
        // A restriction never lifts a member that is only staged.
        let worst = held.max(waiting);
        if state.orders.stop_member(id) { worst.max(ServiceStatus::Suspended) } else { worst }
    };
    federation.members().map(|member| (member.id, status(member.id, member.status))).collect()
}

/// What restricts the entries of one provincial list.
pub(super) struct Restriction<'s> {
    state: &'s TrustState,
    member: MemberId,
    federation: Option<&'s Arc<Held<FederationList>>>,
    list: Option<&'s Arc<Held<ProvincialList>>>,
}

impl<'s> Restriction<'s> {
    pub(super) fn of(state: &'s TrustState, list: &ProvincialList) -> Self {
        Self {
            state,
            member: list.division().member(),
            federation: state.waiting.federation.as_ref(),
            list: state.waiting.provinces.get(&list.division()),
        }
    }

    /// The entry of the same key in the list that waits, when one waits and has it.
    fn waiting(&self, service: &Service) -> Option<&'s Service> {
        let mut services = self.list?.list.services().iter();
        services.find(|waiting| waiting.key == service.key).map(Arc::as_ref)
    }

    /// The worst that is said of `service` outside the list that holds it.
    pub(super) fn status(&self, service: &Service) -> ServiceStatus {
        let is_burned = self.state.burned.contains(&service.key.spki_digest());
        if is_burned { ServiceStatus::Withdrawn } else { self.bar(service) }
    }

    /// The same, burned keys left aside.
    pub(super) fn bar(&self, service: &Service) -> ServiceStatus {
        let key = service.key.spki_digest();
        let waiting = match self.waiting(service) {
            Some(waiting) => waiting.status,
            None if self.list.is_some() => ServiceStatus::Withdrawn,
            None => ServiceStatus::Granted,
        };
        let stopped = self.state.orders.stop_part(self.member, &service.id, key);
        if stopped { waiting.max(ServiceStatus::Suspended) } else { waiting }
    }

    /// Whether the entry would still be believed under the lists that wait.
    pub(super) fn judge(&self, service: &Service, judge: Judge) -> Result<(), EntryRefusal> {
        let waiting = self.waiting(service);
        if self.federation.is_none() && waiting.is_none() {
            return Ok(());
        }
        let federation =
            self.federation.map(|waiting| &waiting.list).or_else(|| self.state.federation());
        let federation = federation.ok_or(EntryRefusal::OutOfScope)?;
        let member = federation.member(self.member).ok_or(EntryRefusal::OutOfScope)?;
        judge.entry(federation, member, waiting.unwrap_or(service))
    }

    /// The scope that the list that waits gives to the same key.
    pub(super) fn scope(&self, service: &Service) -> Option<Arc<ServiceScope>> {
        self.waiting(service)?.scope.clone()
    }
}
