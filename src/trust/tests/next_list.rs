//! What a province may make its next list, and when it must sign the old one again.

use std::time::Duration;

use super::super::lote::compose::ListDraft;
use super::super::{
    ListHeader, NextList, PreviousList, Root, ServiceStatus, TrustState, lote, unchanged_successor,
};
use super::*;
use crate::base::{Division, limits};

const CODE: &str = "120000";
const HOUR: Duration = Duration::from_hours(1);

fn now() -> Timestamp {
    federation().now
}

fn division() -> Division {
    CODE.parse().unwrap()
}

fn read(state: &TrustState, bytes: &[u8], at: Timestamp) -> Result<NextList, UpdateRefusal> {
    NextList::read(state, division(), bytes, at)
}

/// The successor with the same content, signed with the province's list key.
fn resigned(federation: &Federation, state: &TrustState, at: Timestamp) -> Vec<u8> {
    let payload = unchanged_successor(state, division(), at).unwrap();
    seal_with(&payload, &[&federation.province(CODE).list], at)
}

#[test]
fn a_list_is_due_after_a_day_or_in_its_last_week() {
    let mut federation = federation();
    let state = federation.state();
    let header = state.province(division()).unwrap().header();
    let (issued, end) = (header.issued, header.next_update);
    assert!(!header.is_due(issued));
    assert!(!header.is_due(issued + 24 * HOUR - Duration::from_secs(1)));
    assert!(header.is_due(issued + 24 * HOUR));
    assert!(header.is_due(end) && header.is_due(end + HOUR), "however late it is");
    let young = ListHeader { issued: end - 8 * 24 * HOUR, ..*header };
    assert!(!young.ends_soon(end - 7 * 24 * HOUR) && !young.is_due(end - 7 * 24 * HOUR - HOUR));
    assert!(young.is_due(end - 7 * 24 * HOUR + Duration::from_secs(1)));
    assert!(!header.is_due(issued - HOUR), "a clock that ran back signs nothing");
}

#[test]
fn what_is_signed_again_says_the_same_for_two_more_weeks() {
    let mut federation = federation();
    let state = federation.state();
    let later = now() + 25 * HOUR;
    let next = read(&state, &resigned(&federation, &state, later), later).unwrap();
    assert!(next.is_unchanged());
    let (before, after) = (state.province(division()).unwrap().header(), next.list().header());
    assert_eq!(after.named.sequence, before.named.sequence + 1);
    assert_eq!(after.issued, later.whole_seconds());
    assert_eq!(after.next_update, (later + limits::PROVINCIAL_LIST_LIFE).whole_seconds());
    assert!(!after.is_due(later));
    federation.announce(list_id(CODE), &resigned(&federation, &state, now()));
    let taken = federation.refresh(&state);
    assert_eq!(taken.province(division()).unwrap().header().named.sequence, 2, "every node's");
}

#[test]
fn anything_but_number_and_dates_is_a_change() {
    let mut federation = federation();
    let state = federation.state();
    let same = federation.draft(list_id(CODE));
    assert!(read(&state, &federation.seal(same), now()).unwrap().is_unchanged());
    let mut fewer = federation.draft(list_id(CODE));
    fewer.entities[0].services.pop();
    assert!(!read(&state, &federation.seal(fewer), now()).unwrap().is_unchanged());
    let mut stopped = federation.draft(list_id(CODE));
    stopped.entities[0].services[0].information.service_status =
        ServiceStatus::Withdrawn.to_string();
    assert!(!read(&state, &federation.seal(stopped), now()).unwrap().is_unchanged());
    let mut elsewhere = federation.draft(list_id(CODE));
    elsewhere.entities[0].services[0].information.service_supply_points =
        vec![lote::SupplyPoint { uri: "https://elsewhere.test".to_owned() }];
    let elsewhere = read(&state, &federation.seal(elsewhere), now()).unwrap();
    assert!(elsewhere.changed()[0].contains("ServiceSupplyPoints"), "{:?}", elsewhere.changed());
    let mut moved = federation.draft(list_id(CODE));
    moved.entities[0].information.name[0].value.push('x');
    assert!(!read(&state, &federation.seal(moved), now()).unwrap().is_unchanged());
}

#[test]
fn what_does_not_follow_the_list_in_force_is_no_next_list() {
    let mut federation = federation();
    let first = federation.state();
    federation.publish(list_id(CODE));
    let state = federation.refresh(&first);
    let draft = || federation.draft(list_id(CODE));
    let sequence = draft().sequence;
    let fork = PreviousList { sequence: sequence - 1, sha256: Digest::of("another") };
    let issued = now() + 2 * HOUR;
    let ended = ListDraft { issued: now() - 3 * HOUR, next_update: now() - HOUR, ..draft() };
    for (wrong, refusal) in [
        (ListDraft { sequence: sequence - 1, ..draft() }, UpdateRefusal::Equivocation),
        (ListDraft { sequence: sequence - 2, ..draft() }, UpdateRefusal::Rollback),
        (ListDraft { sequence: sequence + 1, ..draft() }, UpdateRefusal::SequenceJump),
        (ListDraft { previous: fork, ..draft() }, UpdateRefusal::Fork),
        (ListDraft { issued, ..draft() }, UpdateRefusal::NotYetValid),
        (ended, UpdateRefusal::Expired),
    ] {
        assert_eq!(read(&state, &federation.seal(wrong), now()).unwrap_err(), refusal);
    }
    let other = federation.seal(federation.draft(list_id("130000")));
    assert_eq!(read(&state, &other, now()).unwrap_err(), UpdateRefusal::IdNotCanonical);
    let payload = draft().to_payload().unwrap();
    let stranger = seal_with(&payload, &[&federation.province("130000").list], now());
    assert_eq!(read(&state, &stranger, now()).unwrap_err(), UpdateRefusal::WrongSigner);
    let unsigned = GeneralJws::unsigned(payload).to_bytes().unwrap();
    assert!(read(&state, &unsigned, now()).is_err());
    let empty = TrustState::pinned(Root::pinned(&federation.signed_root()).unwrap());
    let sound = federation.seal(draft());
    assert_eq!(read(&empty, &sound, now()).unwrap_err(), UpdateRefusal::WrongSigner, "no member");
}
