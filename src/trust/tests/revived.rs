//! Ways to talk away why a key ended, so that what it signed before would count again.

use std::time::Duration;

use super::super::{
    IssuerRefusal, Reason, Root, ServiceKind, ServiceStatus, Snapshot, StatusReason, lote,
};
use super::*;

/// A node, and the statuses that Tianjin's next list states of its issuer, oldest first.
struct World {
    federation: Federation,
    state: TrustState,
    begin: Timestamp,
}

type Change = (ServiceStatus, Option<Reason>, u64);

impl World {
    fn new() -> Self {
        let mut federation = federation();
        let state = federation.state();
        let begin = federation.now;
        Self { federation, state, begin }
    }

    fn at(&self, hours: u64) -> Timestamp {
        self.begin + Duration::from_hours(hours)
    }

    /// Tianjin publishes its list with these changes of its issuer, and the node takes it.
    fn publish(&mut self, changes: &[Change]) {
        self.federation.now = self.federation.now + Duration::from_mins(1);
        let mut draft = self.federation.draft(tianjin());
        let kind = ServiceKind::Issuance.to_string();
        let services = &mut draft.entities[0].services;
        let issuer =
            services.iter_mut().find(|it| it.information.service_type_identifier == kind).unwrap();
        for (status, reason, hours) in changes {
            let reason = reason.map(StatusReason::new);
            issuer.change_status(*status, reason, self.at(*hours)).unwrap();
        }
        let list = self.federation.seal(draft);
        self.take(&list);
    }

    /// Tianjin publishes its list without its issuer.
    fn publish_without(&mut self) {
        let mut draft = self.federation.draft(tianjin());
        let kind = ServiceKind::Issuance.to_string();
        draft.entities[0].services.retain(|it| it.information.service_type_identifier != kind);
        let list = self.federation.seal(draft);
        self.take(&list);
    }

    fn take(&mut self, list: &[u8]) {
        self.federation.announce(tianjin(), list);
        self.state = self.federation.refresh(&self.state);
        let root = Root::pinned(&self.federation.signed_root()).unwrap();
        let read = usize::try_from(self.state.log().size()).unwrap();
        let lines = &self.federation.log[..read];
        self.state = TrustState::restore(root, &self.state.documents(), lines).unwrap();
    }

    /// What becomes of a credential that the issuer signed after so many hours.
    fn signed(&self, hours: u64) -> Option<IssuerRefusal> {
        let now = self.federation.now.max(self.at(40));
        let snapshot = Snapshot::build(self.state.clone(), 1, now);
        let signer = &self.federation.province(TIANJIN).issuer.certificate;
        snapshot.recognise_signed(signer, Some(self.at(hours)), now).err()
    }
}

use Reason::{KeyCompromise, Superseded};
use ServiceStatus::{Granted, Suspended, Withdrawn};

#[test]
fn fd_06_a_compromise_is_not_renamed_to_save_what_the_thief_signed() {
    let mut world = World::new();
    world.publish(&[(Withdrawn, Some(KeyCompromise), 10)]);
    assert_eq!(world.signed(5), Some(IssuerRefusal::Withdrawn));
    world.publish(&[(Withdrawn, Some(Superseded), 10)]);
    assert_eq!(world.signed(5), Some(IssuerRefusal::Withdrawn));
    world.publish_without();
    world.publish(&[(Withdrawn, Some(Superseded), 10)]);
    assert_eq!(world.signed(5), Some(IssuerRefusal::Withdrawn));
}

#[test]
fn fd_06_an_end_is_not_put_off_by_a_later_list() {
    let mut world = World::new();
    world.publish(&[(Withdrawn, Some(Superseded), 10)]);
    assert_eq!(world.signed(5), None);
    world.publish(&[(Withdrawn, Some(Superseded), 10)]);
    assert_eq!(world.signed(5), None, "the same list again changes nothing");
    world.publish(&[(Withdrawn, Some(Superseded), 30)]);
    assert_eq!(world.signed(20), Some(IssuerRefusal::Withdrawn));
}

#[test]
fn fd_06_a_suspension_of_the_past_is_not_left_out_of_it() {
    for via_nothing in [false, true] {
        let mut world = World::new();
        world.publish(&[(Suspended, None, 10), (Granted, None, 20)]);
        if via_nothing {
            world.publish_without();
        } else {
            world.publish(&[]);
        }
        world.publish(&[(Withdrawn, Some(Superseded), 30)]);
        assert_eq!(world.signed(15), Some(IssuerRefusal::Withdrawn), "{via_nothing}");
    }
}

#[test]
fn fd_06_another_provinces_copy_casts_no_doubt() {
    let mut world = World::new();
    world.publish(&[(Withdrawn, Some(Superseded), 10)]);
    let hebei = world.federation.province(HEBEI);
    let mut copy = hebei.entry(ServiceKind::Status, 9, &hebei.status_signer);
    copy.certificates = vec![world.federation.province(TIANJIN).issuer.certificate.clone()];
    copy.status = Withdrawn;
    world.federation.province_mut(HEBEI).entries.push(copy);
    let mut draft = world.federation.draft(list_id(HEBEI));
    let service = draft.entities[0].services.last_mut().unwrap();
    let reason = lote::Extension::new("StatusReason", &StatusReason::new(KeyCompromise)).unwrap();
    service.information.service_information_extensions.push(reason);
    let list = world.federation.seal(draft);
    world.federation.announce(list_id(HEBEI), &list);
    world.state = world.federation.refresh(&world.state);
    assert_eq!(world.signed(5), None);
}
