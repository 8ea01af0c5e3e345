//! What stays as it is when something else changes: the age of trust, the reach of a number, and
//! what was taken away by one document when another speaks of it.

use std::time::Duration;

use super::super::{
    IssuerRefusal, LogHead, PinnedKey, Reason, Root, ServiceKind, ServiceStatus, Snapshot,
    StatusReason, SuspensionTarget,
};
use super::log::witnessed;
use super::orders::named_order;
use super::*;

#[test]
fn tl_45_a_new_freshness_key_makes_trust_no_younger_and_moves_no_floor() {
    let mut federation = federation();
    let root = Root::pinned(&federation.signed_root()).unwrap();
    let state = federation.state();
    let begin = federation.now;
    federation.now = begin + Duration::from_mins(1);
    let ahead = federation.freshness();
    let state = take_freshness(&state, &ahead, begin).unwrap();
    let old = state.documents();
    federation.freshness_key = Identity::leaf("freshness", federation.now);
    federation.root.freshness = PinnedKey::of(&federation.freshness_key.certificate);
    federation.root.sequence = 2;
    let state = take_root(&state, &federation.signed_root(), begin).unwrap();
    assert_eq!(state.heard(), Some(federation.now));
    federation.now = begin;
    let token = federation.freshness();
    let state = take_freshness(&state, &token, begin).unwrap();
    let floor = Some(begin + Duration::from_mins(1));
    assert_eq!(state.heard(), floor);
    // A store keeps what either key said, in any order.
    let mut documents = state.documents();
    documents.extend(old.into_iter().filter(|one| one.kind == DocumentKind::Freshness));
    for _ in 0..2 {
        documents.reverse();
        let restored = TrustState::restore(root.clone(), &documents, &federation.log[..4]).unwrap();
        assert_eq!(restored.heard(), floor);
    }
}

#[test]
fn tl_07_a_number_reaches_a_thousand_further_with_every_whole_day() {
    let mut federation = federation();
    let state = federation.state();
    let begin = federation.now;
    for (hours, sequence, taken) in
        [(47, 2_001, true), (47, 2_002, false), (72, 4_001, true), (72, 4_002, false)]
    {
        federation.now = begin + Duration::from_hours(hours);
        let mut draft = federation.draft(tianjin());
        draft.sequence = sequence;
        let list = federation.seal(draft);
        let outcome = announce_and_offer(&mut federation, &state, tianjin(), &list);
        let expected = if taken { None } else { Some(UpdateRefusal::SequenceJump) };
        assert_eq!(outcome.err(), expected, "{hours} h, {sequence}");
    }
}

#[test]
fn tl_46_a_catalogue_that_changed_is_not_used_before_the_witnesses_saw_it() {
    let (mut federation, state) = witnessed();
    let uses = |state: &TrustState, now| {
        let snapshot = Snapshot::build(state.clone(), 1, now);
        snapshot.statutory_use("roadside-check").map(|one| one.claims.len())
    };
    assert_eq!(uses(&state, federation.now), Some(3));
    federation.uses[0].claims.pop();
    let list = federation.publish(ListId::Federation);
    let token = federation.freshness();
    let state = take_freshness(&state, &token, federation.now).unwrap();
    let state = offer(&state, ListId::Federation, &list, federation.now).unwrap();
    assert_eq!(uses(&state, federation.now), None);
    let state = federation.read_log(&state, &[TIANJIN, HEBEI]);
    assert_eq!(uses(&state, federation.now), Some(2));
}

#[test]
fn tl_46_land_that_a_waiting_federation_list_takes_is_not_spoken_for() {
    let (mut federation, state) = witnessed();
    federation.province_mut(HEBEI).scope.territories.push("1201".to_owned());
    let list = federation.publish(ListId::Federation);
    let token = federation.freshness();
    let state = take_freshness(&state, &token, federation.now).unwrap();
    let state = offer(&state, ListId::Federation, &list, federation.now).unwrap();
    let snapshot = Snapshot::build(state, 1, federation.now);
    let province = federation.province(TIANJIN);
    let issuer = snapshot.recognise(&province.issuer.certificate, federation.now).unwrap();
    let check = |division: &str| {
        issuer.check_scope("TP", division.parse().unwrap(), &province.authority_code)
    };
    assert_eq!(check("120201"), Ok(()));
    assert_eq!(check("120101"), Err(IssuerRefusal::OutOfScope));
}

#[test]
fn a_log_that_is_not_the_one_a_statement_named_is_not_read_on() {
    let mut federation = federation();
    let state = federation.state();
    federation.publish(tianjin());
    let mut draft = federation.freshness_draft();
    draft.log = LogHead { size: 5, root: Digest::of("another log") };
    let token = draft.sign(&federation.freshness_key.key, federation.now).unwrap();
    let state = take_freshness(&state, &token, federation.now).unwrap();
    let note = federation.log_note(&[]);
    let update = Update::Log { checkpoint: &note, lines: &federation.log[4..] };
    let refused = state.accept(update, federation.now).unwrap_err();
    assert_eq!(refused, UpdateRefusal::SplitView);
}

#[test]
fn tl_44_what_an_old_list_key_left_waiting_goes_with_it() {
    let (mut federation, state) = witnessed();
    let list = federation.publish(tianjin());
    let token = federation.freshness();
    let state = take_freshness(&state, &token, federation.now).unwrap();
    let state = offer(&state, tianjin(), &list, federation.now).unwrap();
    assert_eq!(state.waiting().count(), 1);
    let lines = federation.log.pop().unwrap();
    let next = Identity::leaf("list 2", federation.now);
    let change = latecomers::rotation(&federation, &next);
    let list = latecomers::with_list_key(&mut federation, next, &change);
    federation.log.push(lines);
    let mut draft = federation.freshness_draft();
    draft.lists.retain(|(id, _)| *id != tianjin());
    let token = draft.sign(&federation.freshness_key.key, federation.now).unwrap();
    let state = take_freshness(&state, &token, federation.now).unwrap();
    let state = offer(&state, ListId::Federation, &list, federation.now).unwrap();
    // The witnesses see the new key's list and, below it, what the old key signed.
    let state = federation.read_log(&state, &[TIANJIN, HEBEI]);
    assert_eq!(state.held(ListId::Federation).unwrap().sequence, 2);
    assert_eq!(state.held(tianjin()), None);
    assert_eq!(state.waiting().count(), 0);
}

#[test]
fn fd_06_what_a_replaced_key_signed_ends_with_an_order_against_it() {
    let mut federation = federation();
    let state = federation.state();
    let before = federation.now - Duration::from_secs(1);
    federation.now = federation.now + Duration::from_secs(1);
    let mut draft = federation.draft(tianjin());
    let kind = ServiceKind::Issuance.to_string();
    let services = &mut draft.entities[0].services;
    let issuer =
        services.iter_mut().find(|it| it.information.service_type_identifier == kind).unwrap();
    let reason = Some(StatusReason::new(Reason::Superseded));
    issuer.change_status(ServiceStatus::Withdrawn, reason, federation.now).unwrap();
    let list = federation.seal(draft);
    federation.announce(tianjin(), &list);
    let state = federation.refresh(&state);
    let signed_before = |federation: &Federation, state: &TrustState| {
        let snapshot = Snapshot::build(state.clone(), 1, federation.now);
        let signer = &federation.province(TIANJIN).issuer.certificate;
        snapshot.recognise_signed(signer, Some(before), federation.now).err()
    };
    assert_eq!(signed_before(&federation, &state), None);
    let province = federation.province(TIANJIN);
    let target = SuspensionTarget::Key(province.issuer.certificate.spki_digest());
    let order = named_order(&federation, TIANJIN, Some(target), "1", &[&province.list]);
    let stopped = state.accept(Update::Order(&order), federation.now).unwrap().state;
    assert_eq!(signed_before(&federation, &stopped), Some(IssuerRefusal::Withdrawn));
}
