//! What the next federation list may change, and what it carries over.

mod amending;
mod following;

use std::time::Duration;

use super::*;
use crate::crypto::Signer as _;
use crate::crypto::jws::GeneralJws;
use crate::exchange::{Addressee, Bundle, Difference, difference};
use crate::trust::lote;
use crate::trust::testing::{Federation, Identity, list_id};
use crate::trust::{FederationList, StatutoryUse};

/// The federation list of a fixture, and later ones by the same operators.
struct Desk {
    federation: Federation,
    held: SignedList,
    now: Timestamp,
}

impl Desk {
    fn new() -> Self {
        let now = Timestamp::from_unix_seconds(1_800_000_000);
        let federation = Federation::new(now);
        let held = SignedList::parse(federation.served(ListId::Federation)).unwrap();
        Self { federation, held, now: now + Duration::from_mins(1) }
    }

    fn next(&self) -> NextList {
        NextList::after(&self.held, self.now).unwrap()
    }

    /// Has the operators sign what a change made, and an hour pass.
    fn hold(&mut self, next: NextList) -> Vec<Difference> {
        let list = self.signed(next);
        FederationList::read(&list).unwrap();
        let changes = difference(Some(self.held.document()), list.document());
        self.held = list;
        self.now = self.now + Duration::from_hours(1);
        changes
    }

    fn signed(&self, next: NextList) -> SignedList {
        let payload = next.to_payload().unwrap();
        let mut document = GeneralJws::unsigned(payload.clone());
        for operator in self.federation.operators.iter().take(3) {
            let vote = lote::vote(&operator.key, &operator.certificate, &payload, self.now);
            document.add(vote.unwrap());
        }
        SignedList::parse(&document.to_bytes().unwrap()).unwrap()
    }

    fn list(&self) -> FederationList {
        FederationList::read(&self.held).unwrap()
    }

    fn list_key(&self, code: &str) -> &Identity {
        &self.federation.province(code).list
    }
}

/// An application by `key`; that it is sound was found elsewhere.
fn application(code: &str, key: &Identity) -> OpenedBundle {
    let division: crate::base::Division = code.parse().unwrap();
    let enrolment = Enrolment {
        member: division.member(),
        names: ["四川".to_owned(), "Sichuan".to_owned()],
        hosts: vec!["https://a.example:8443".to_owned(), "https://b.example".to_owned()],
        witness_vkey: "witness".to_owned(),
        contacts: Vec::new(),
        scope: crate::trust::MembershipScope {
            territories: vec![code[..2].to_owned()],
            licence_types: Vec::new(),
            may_vouch_for: vec!["gateway-tls".to_owned()],
            max_list_entries: 9,
        },
        list: String::new(),
    };
    let addressee =
        Addressee { hub: "https://hub.example".to_owned(), nonce: "bm9uY2U".to_owned() };
    OpenedBundle {
        bundle: Bundle { enrolment, addressee, proofs: Vec::new() },
        certificate: key.certificate.clone(),
        key: key.key.public_key().clone(),
    }
}

fn member(code: &str) -> MemberId {
    code.parse::<crate::base::Division>().unwrap().member()
}

fn kinds(changes: &[Difference]) -> Vec<&str> {
    changes.iter().map(|change| change.kind).collect()
}

#[test]
fn the_next_list_follows_and_carries_everything_over() {
    let mut desk = Desk::new();
    let before = desk.held.clone();
    let changes = desk.hold(desk.next());
    assert_eq!(kinds(&changes), ["sequence"]);
    let header = *desk.list().header();
    let expected = PreviousList { sequence: 1, sha256: before.sha256() };
    assert_eq!((header.named.sequence, header.previous), (2, expected));
    let (old, new) = (&before.document().lote, &desk.held.document().lote);
    let text = |entities| serde_json::to_value::<&Vec<Entity>>(entities).unwrap();
    assert_eq!(text(&old.entities), text(&new.entities));
    assert!(desk.list().statutory_use("roadside-check").is_some());
}

#[test]
fn a_federation_begins_with_its_catalogue_and_its_first_member() {
    let desk = Desk::new();
    let uses: Vec<StatutoryUse> = desk.federation.uses.clone();
    let key = Identity::leaf("list", desk.now);
    let applicant = application("510000", &key);
    let first = NextList::first(&uses, desk.now).unwrap();
    let first = first.approve(&applicant, ServiceStatus::Granted, applicant.fingerprint()).unwrap();
    let list = FederationList::read(&desk.signed(first)).unwrap();
    assert_eq!(list.members().count(), 1);
    assert_eq!(list.header().previous, PreviousList::none());
    assert!(list.statutory_use(&uses[0].use_id).is_some());
}

#[test]
fn an_applicant_is_staged_then_granted_and_its_history_says_so() {
    let mut desk = Desk::new();
    let key = Identity::leaf("list", desk.now);
    let applicant = application("510000", &key);
    let fingerprint = applicant.fingerprint();
    let staged = desk.next().approve(&applicant, ServiceStatus::Staged, fingerprint).unwrap();
    let changes = desk.hold(staged);
    for kind in ["member-added", "hosts", "witness", "scope", "service-added"] {
        assert!(kinds(&changes).contains(&kind), "{kind}: {changes:#?}");
    }
    assert_eq!(desk.list().member(member("510000")).unwrap().status, ServiceStatus::Staged);
    let again = desk.next().approve(&applicant, ServiceStatus::Staged, fingerprint);
    assert!(matches!(again, Err(MembershipError::Transition { .. })));
    let granted = desk.next().approve(&applicant, ServiceStatus::Granted, fingerprint).unwrap();
    assert!(kinds(&desk.hold(granted)).contains(&"status"));
    let list = desk.list();
    let held = list.member(member("510000")).unwrap();
    assert_eq!((held.status, held.history.intervals().len()), (ServiceStatus::Granted, 2));
    let again = desk.next().approve(&applicant, ServiceStatus::Granted, fingerprint);
    assert!(matches!(again, Err(MembershipError::Transition { .. })));
}

#[test]
fn nobody_is_taken_in_unconfirmed_as_a_draft_or_as_something_else() {
    let desk = Desk::new();
    let key = Identity::leaf("list", desk.now);
    let applicant = application("510000", &key);
    let fingerprint = applicant.fingerprint();
    let approve = |applicant: &OpenedBundle, status, fingerprint| {
        desk.next().approve(applicant, status, fingerprint).unwrap_err()
    };
    let granted = ServiceStatus::Granted;
    let other = Digest::of("another key");
    assert_eq!(approve(&applicant, granted, other), MembershipError::Fingerprint);
    for status in [ServiceStatus::Suspended, ServiceStatus::Withdrawn] {
        assert_eq!(approve(&applicant, status, fingerprint), MembershipError::Status);
    }
    let mut draft = applicant.clone();
    draft.bundle.addressee.nonce = String::new();
    assert_eq!(approve(&draft, granted, fingerprint), MembershipError::Draft);
    let replacing = application("440000", &key);
    assert_eq!(approve(&replacing, granted, fingerprint), MembershipError::OtherKey);
    let copied = application("510000", desk.list_key("440000"));
    let fingerprint = copied.fingerprint();
    assert_eq!(approve(&copied, granted, fingerprint), MembershipError::BurnedKey);
}

#[test]
fn what_is_withdrawn_stays_so_and_its_key_is_burned() {
    let mut desk = Desk::new();
    let guangdong = member("440000");
    let changes = desk.hold(desk.next().withdraw(guangdong).unwrap());
    assert!(kinds(&changes).contains(&"status"), "{changes:#?}");
    let list = desk.list();
    assert_eq!(list.member(guangdong).unwrap().status, ServiceStatus::Withdrawn);
    let again = application("440000", desk.list_key("440000"));
    let fingerprint = again.fingerprint();
    let next = || desk.next();
    assert!(matches!(
        next().approve(&again, ServiceStatus::Granted, fingerprint),
        Err(MembershipError::Transition { .. })
    ));
    assert_eq!(next().withdraw(guangdong).unwrap_err(), MembershipError::Withdrawn);
    let orders = [Digest::of("order")];
    assert_eq!(next().restore(guangdong, &orders).unwrap_err(), MembershipError::Withdrawn);
    let fresh = application("440000", &Identity::leaf("list", desk.now));
    let refused = next().reenrol(&fresh, fresh.fingerprint()).unwrap_err();
    assert_eq!(refused, MembershipError::Withdrawn);
    let elsewhere = application("510000", desk.list_key("440000"));
    let refused = next().approve(&elsewhere, ServiceStatus::Granted, fingerprint).unwrap_err();
    assert_eq!(refused, MembershipError::BurnedKey);
    assert_eq!(next().withdraw(member("650000")).unwrap_err(), MembershipError::NoMember);
}

#[test]
fn orders_are_lifted_once_and_stay_lifted() {
    let mut desk = Desk::new();
    let tianjin = member("120000");
    let (first, second) = (Digest::of("first order"), Digest::of("second order"));
    let nothing = desk.next().restore(tianjin, &[]).unwrap_err();
    assert_eq!(nothing, MembershipError::NothingToLift);
    let changes = desk.hold(desk.next().restore(tianjin, &[first]).unwrap());
    assert_eq!(kinds(&changes), ["sequence", "order-lifted"]);
    let twice = desk.next().restore(tianjin, &[second, first]).unwrap_err();
    assert_eq!(twice, MembershipError::NothingToLift);
    desk.hold(desk.next().restore(tianjin, &[second]).unwrap());
    assert_eq!(*desk.list().lifted_orders(), [first, second].into());
    desk.hold(desk.next());
    assert_eq!(*desk.list().lifted_orders(), [first, second].into());
}

#[test]
fn a_member_that_the_list_suspends_is_granted_again() {
    let mut desk = Desk::new();
    desk.federation.province_mut("120000").status = ServiceStatus::Suspended;
    let bytes = desk.federation.publish(ListId::Federation);
    desk.held = SignedList::parse(&bytes).unwrap();
    desk.hold(desk.next().restore(member("120000"), &[]).unwrap());
    assert_eq!(desk.list().member(member("120000")).unwrap().status, ServiceStatus::Granted);
}

#[test]
fn a_list_key_changes_by_the_word_of_the_one_in_force() {
    let mut desk = Desk::new();
    let tianjin = member("120000");
    let (second, third) = (Identity::leaf("list 2", desk.now), Identity::leaf("list 3", desk.now));
    let request = |by: &Identity, to: &Identity, turn| {
        let spki = to.certificate.spki_digest();
        let change = KeyChange::sign(&by.key, tianjin, spki, turn).unwrap();
        KeyChangeRequest::new(tianjin, &to.certificate, change)
    };
    assert_eq!(next_key_turn(&desk.held, tianjin).unwrap(), 1);
    let sound = request(desk.list_key("120000"), &second, 1);
    let other_certificate =
        KeyChangeRequest { certificate: request(&second, &third, 1).certificate, ..sound.clone() };
    let other_member = KeyChangeRequest { member: member("130000"), ..sound.clone() };
    for bad in [
        request(desk.list_key("130000"), &second, 1),
        request(desk.list_key("120000"), &second, 2),
        request(desk.list_key("120000"), &second, 0),
        other_certificate,
        other_member,
    ] {
        assert_eq!(desk.next().change_key(&bad).unwrap_err(), MembershipError::KeyChange);
    }
    let changes = desk.hold(desk.next().change_key(&sound).unwrap());
    assert!(kinds(&changes).contains(&"key-change"), "{changes:#?}");
    assert!(kinds(&changes).contains(&"key"), "{changes:#?}");
    let list = desk.list();
    let held = list.member(tianjin).unwrap();
    assert_eq!(held.list_key.spki_digest(), second.certificate.spki_digest());
    assert_eq!(next_key_turn(&desk.held, tianjin).unwrap(), 2);
    let back = request(&second, desk.list_key("120000"), 2);
    assert_eq!(desk.next().change_key(&back).unwrap_err(), MembershipError::BurnedKey);
    let replayed = desk.next().change_key(&sound).unwrap_err();
    assert_eq!(replayed, MembershipError::KeyChange);
    let taken = request(&second, desk.list_key("440000"), 2);
    assert_eq!(desk.next().change_key(&taken).unwrap_err(), MembershipError::BurnedKey);
    desk.hold(desk.next().change_key(&request(&second, &third, 2)).unwrap());
    assert_eq!(next_key_turn(&desk.held, tianjin).unwrap(), 3);
}

#[test]
fn a_lost_key_is_replaced_by_a_new_application_that_says_so() {
    let mut desk = Desk::new();
    let fresh = application("120000", &Identity::leaf("list", desk.now));
    let wrong = desk.next().reenrol(&fresh, Digest::of("another")).unwrap_err();
    assert_eq!(wrong, MembershipError::Fingerprint);
    let same = application("120000", desk.list_key("120000"));
    let refused = desk.next().reenrol(&same, same.fingerprint()).unwrap_err();
    assert_eq!(refused, MembershipError::SameKey);
    let stranger = application("510000", &Identity::leaf("list", desk.now));
    let refused = desk.next().reenrol(&stranger, stranger.fingerprint()).unwrap_err();
    assert_eq!(refused, MembershipError::NoMember);
    let changes = desk.hold(desk.next().reenrol(&fresh, fresh.fingerprint()).unwrap());
    let told = changes.iter().find(|change| change.kind == "key-change").unwrap();
    assert!(told.text.contains("LOST"), "{told}");
}

#[test]
fn only_the_federation_list_is_followed() {
    let desk = Desk::new();
    let provincial = SignedList::parse(desk.federation.served(list_id("120000"))).unwrap();
    assert_eq!(NextList::after(&provincial, desk.now).unwrap_err(), MembershipError::OtherList);
}

#[test]
fn every_difference_is_told() {
    let mut desk = Desk::new();
    let before = desk.held.document().clone();
    let told = |change: &dyn Fn(&mut Document)| {
        let mut after = before.clone();
        change(&mut after);
        let changes = difference(Some(&before), &after);
        kinds(&changes)[1..].iter().map(|kind| (*kind).to_owned()).collect::<Vec<_>>()
    };
    let put_value = |after: &mut Document, name: &str, value: serde_json::Value| {
        put(&mut after.lote.entities[0].information.extensions, name, &value).unwrap();
    };
    assert_eq!(told(&|_| {}), ["previous"], "the same number again");
    assert!(told(&|after| drop(after.lote.entities.remove(0))).contains(&"member-removed".into()));
    assert!(
        told(&|after| after.lote.entities[0].information.name.truncate(1))
            .contains(&"described".into())
    );
    assert!(told(&|after| put_value(after, "Unknown", 1.into())).contains(&"extension".into()));
    assert!(
        told(&|after| put(&mut after.lote.scheme.scheme_extensions, "StatutoryUses", &[0; 0])
            .unwrap())
        .contains(&"use-removed".into())
    );
    let recertified = desk.list_key("120000").recertified("again", desk.now);
    assert!(
        told(&|after| {
            after.lote.entities[0].services[0].information.service_digital_identity =
                DigitalIdentity::of(std::slice::from_ref(&recertified.certificate));
        })
        .contains(&"service-changed".into())
    );
    desk.federation.province_mut("120000").scope.max_list_entries = 7;
    let bytes = desk.federation.publish(ListId::Federation);
    let changed = SignedList::parse(&bytes).unwrap();
    let changes = difference(Some(&before), changed.document());
    assert_eq!(kinds(&changes), ["sequence", "scope"]);
}

#[test]
fn a_provincial_list_is_compared_key_by_key() {
    let mut desk = Desk::new();
    let held = SignedList::parse(desk.federation.served(list_id("120000"))).unwrap();
    let province = desk.federation.province_mut("120000");
    province.entries.retain(|entry| entry.kind != ServiceKind::Status);
    province.entry_mut(ServiceKind::Registrar).status = ServiceStatus::Suspended;
    let made = Identity::leaf("new", desk.now);
    let entry = province.entry(ServiceKind::GatewaySigning, 2, &made);
    province.entries.push(entry);
    let bytes = desk.federation.publish(list_id("120000"));
    let next = SignedList::parse(&bytes).unwrap();
    let changes = difference(Some(held.document()), next.document());
    for kind in ["service-added", "service-removed", "status"] {
        assert!(kinds(&changes).contains(&kind), "{kind}: {changes:#?}");
    }
    assert_eq!(changes.len(), 4, "{changes:#?}");
}
