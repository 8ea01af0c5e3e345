//! What the hub or a thief can make of a node that comes late, and of lines of the log that bear
//! another's name.

use std::time::Duration;

use super::super::{
    IssuerRefusal, KeyChange, KeyChangeExtension, LogLeaf, PinnedKey, Reenrolled, Root,
    ServiceKind, ServiceStatus, SuspensionTarget, Threshold, lote,
};
use super::log::witnessed;
use super::orders::{member, named_order, recognise};
use super::*;
use crate::base::Code;
use crate::crypto::Signer as _;

/// The line of the log that carries `order` against the member of `code`.
fn order_line(federation: &Federation, code: &str, order: &[u8]) -> String {
    let sha256 = Digest::of(payload_of(order));
    let leaf = LogLeaf::Suspension { at: federation.now.into(), member: member(code), sha256 };
    leaf.to_line().unwrap()
}

/// The next federation list, in which Tianjin has `next` as its list key by the word `extension`.
pub(super) fn with_list_key(
    federation: &mut Federation,
    next: Identity,
    extension: &KeyChangeExtension,
) -> Vec<u8> {
    let before = std::mem::replace(&mut federation.province_mut(TIANJIN).list, next);
    federation.now = federation.now + Duration::from_secs(1);
    let mut draft = federation.draft(ListId::Federation);
    let certificate = federation.province(TIANJIN).list.certificate.clone();
    let entity = draft.entities.first_mut().unwrap();
    entity.information.extensions.push(lote::Extension::new("KeyChange", extension).unwrap());
    let service = entity.services.first_mut().unwrap();
    service.information.service_digital_identity = lote::DigitalIdentity::of(&[before.certificate]);
    let identity = lote::DigitalIdentity::of(&[certificate]);
    service.change_key(identity, federation.now).unwrap();
    let list = federation.seal(draft);
    federation.announce(ListId::Federation, &list);
    list
}

pub(super) fn rotation(federation: &Federation, next: &Identity) -> KeyChangeExtension {
    let held = &federation.province(TIANJIN).list.key;
    let spki = next.key.public_key().spki_digest();
    KeyChangeExtension::Signed(KeyChange::sign(held, member(TIANJIN), spki, 1).unwrap())
}

#[test]
fn tl_43_a_late_node_stops_whom_the_old_list_key_stopped() {
    let mut federation = federation();
    let state = federation.state();
    let order = named_order(&federation, TIANJIN, None, "1", &[&federation.province(TIANJIN).list]);
    let line = order_line(&federation, TIANJIN, &order);
    federation.log.push(line);
    let next = Identity::leaf("list 2", federation.now);
    let change = rotation(&federation, &next);
    let thief = named_order(&federation, TIANJIN, None, "2", &[&federation.province(TIANJIN).list]);
    with_list_key(&mut federation, next, &change);
    federation.publish(tianjin());
    let late = federation.refresh(&state);
    assert_eq!(recognise(&federation, &late, TIANJIN), None, "it has not heard of the order");
    let stopped = late.accept(Update::Order(&order), federation.now).unwrap().state;
    assert_eq!(recognise(&federation, &stopped, TIANJIN), Some(IssuerRefusal::Suspended));
    // What the old key signed later, or signs about another member, is not in the log.
    let refused = late.accept(Update::Order(&thief), federation.now).unwrap_err();
    assert_eq!(refused, UpdateRefusal::WrongSigner);
}

#[test]
fn tl_43_a_late_node_stops_whom_earlier_operators_stopped_while_they_could() {
    let mut federation = federation();
    let state = federation.state();
    let two: Vec<&Identity> = federation.operators.iter().take(2).collect();
    let order = named_order(&federation, TIANJIN, None, "1", &two);
    let after = named_order(&federation, HEBEI, None, "1", &two);
    let line = order_line(&federation, TIANJIN, &order);
    federation.log.push(line);
    let newcomers: Vec<Identity> =
        (6..=10).map(|n| Identity::leaf(&format!("operator {n}"), federation.now)).collect();
    let keys = newcomers.iter().map(|operator| PinnedKey::of(&operator.certificate)).collect();
    federation.root.operators = Threshold { threshold: 3, keys };
    federation.root.sequence = 2;
    let signers: Vec<&Identity> = federation.operators.iter().chain(&newcomers).collect();
    let root = federation.root_signed_by(&signers);
    let sha256 = Digest::of(federation.root.to_payload().unwrap());
    let leaf = LogLeaf::Root { at: federation.now.into(), sequence: 2, sha256 };
    federation.log.push(leaf.to_line().unwrap());
    // A line after the root: the thief of two old keys got the hub to log it.
    let line = order_line(&federation, HEBEI, &after);
    federation.log.push(line);
    let late = take_root(&state, &root, federation.now).unwrap();
    let refused = late.accept(Update::Order(&order), federation.now).unwrap_err();
    assert_eq!(refused, UpdateRefusal::WrongSigner, "it has not read the log");
    let late = federation.read_log(&late, &[]);
    let stopped = late.accept(Update::Order(&order), federation.now).unwrap().state;
    assert_eq!(recognise(&federation, &stopped, TIANJIN), Some(IssuerRefusal::Suspended));
    let refused = late.accept(Update::Order(&after), federation.now).unwrap_err();
    assert_eq!(refused, UpdateRefusal::WrongSigner, "they could no more when it was logged");
}

#[test]
fn tl_41_orders_that_stop_nothing_leave_room_for_one_that_does() {
    let mut federation = federation();
    let mut state = federation.state();
    let list = &federation.province(TIANJIN).list;
    // As many as one member may have; made here of one, which is signed.
    let nothing = SuspensionTarget::Key(Digest::of("no key"));
    let first = named_order(&federation, TIANJIN, Some(nothing.clone()), "0", &[list]);
    state = state.accept(Update::Order(&first), federation.now).unwrap().state;
    let mut documents = state.documents();
    let template = documents.iter().find(|one| one.kind == DocumentKind::Order).unwrap().clone();
    let full = crate::base::limits::ORDERS_PER_MEMBER;
    for number in 1..full {
        let jti = number.to_string();
        let claims = super::super::SuspensionClaims {
            iat: federation.now.into(),
            jti,
            member: member(TIANJIN),
            target: Some(nothing.clone()),
            reason: String::new(),
        };
        let payload = claims.to_payload().unwrap();
        let mut document = template.clone();
        document.sha256 = Digest::of(&payload);
        document.id = document.sha256.to_hex();
        let order = String::from_utf8(GeneralJws::unsigned(payload).to_bytes().unwrap()).unwrap();
        let signatures = template.text.split_once("\"signatures\":").unwrap().1;
        let (head, _) = order.split_once("\"signatures\":").unwrap();
        document.text = format!("{head}\"signatures\":{signatures}");
        documents.push(document);
    }
    let root = Root::pinned(&federation.signed_root()).unwrap();
    let state = TrustState::restore(root, &documents, &federation.log).unwrap();
    assert_eq!(state.orders().iter().count(), full);
    let more = named_order(&federation, TIANJIN, Some(nothing), "more", &[list]);
    let refused = state.accept(Update::Order(&more), federation.now).unwrap_err();
    assert_eq!(refused, UpdateRefusal::TooLarge);
    let whole = named_order(&federation, TIANJIN, None, "whole", &[list]);
    let stopped = state.accept(Update::Order(&whole), federation.now).unwrap().state;
    assert_eq!(recognise(&federation, &stopped, TIANJIN), Some(IssuerRefusal::Suspended));
    let again = named_order(&federation, TIANJIN, None, "whole again", &[list]);
    let refused = stopped.accept(Update::Order(&again), federation.now).unwrap_err();
    assert_eq!(refused, UpdateRefusal::TooLarge);
}

#[test]
fn tl_46_a_line_under_another_name_or_number_witnesses_no_list() {
    let (mut federation, state) = witnessed();
    let list = federation.publish(tianjin());
    let named = super::super::testing::name_of(&list);
    let honest = federation.log.pop().unwrap();
    let at = federation.now.into();
    let line = |id, sequence| LogLeaf::List { at, id, sequence, sha256: named.sha256 };
    for leaf in [line(ListId::Federation, 2), line(list_id(HEBEI), 2), line(tianjin(), 3)] {
        federation.log.push(leaf.to_line().unwrap());
    }
    let token = federation.freshness();
    let waiting = take_freshness(&state, &token, federation.now).unwrap();
    let waiting = offer(&waiting, tianjin(), &list, federation.now).unwrap();
    let waiting = federation.read_log(&waiting, &[TIANJIN, HEBEI]);
    assert_eq!(waiting.held(tianjin()).unwrap().sequence, 1, "nobody named Tianjin");
    federation.log.push(honest);
    let settled = federation.read_log(&waiting, &[TIANJIN, HEBEI]);
    assert_eq!(settled.held(tianjin()).unwrap().sequence, 2);
}

#[test]
fn tl_46_a_list_that_cannot_be_put_in_force_does_not_stop_the_log() {
    let (mut federation, state) = witnessed();
    let next = Identity::leaf("list 2", federation.now);
    let spki = next.certificate.spki_digest();
    // Tianjin withdraws, in its own list, the key that the operators are about to name.
    let mut burned = federation.province(TIANJIN).entry(ServiceKind::Status, 9, &next);
    burned.status = ServiceStatus::Withdrawn;
    federation.province_mut(TIANJIN).entries.push(burned);
    federation.publish(tianjin());
    let own = federation.served(tianjin()).to_vec();
    let change = rotation(&federation, &next);
    with_list_key(&mut federation, next, &change);
    let list = federation.served(ListId::Federation).to_vec();
    let token = federation.freshness();
    let mut state = take_freshness(&state, &token, federation.now).unwrap();
    state = offer(&state, ListId::Federation, &list, federation.now).unwrap();
    state = offer(&state, tianjin(), &own, federation.now).unwrap();
    let read = usize::try_from(state.log().size()).unwrap();
    let note = federation.log_note(&[TIANJIN, HEBEI]);
    let update = Update::Log { checkpoint: &note, lines: &federation.log[read..] };
    let accepted = state.accept(update, federation.now).unwrap();
    assert!(accepted.alarms.iter().any(|alarm| alarm.code == Code::Conflict));
    let state = accepted.state;
    assert_eq!(state.log().size(), federation.log_tree().size());
    assert_eq!(state.held(ListId::Federation).unwrap().sequence, 1);
    let key = &state.federation().unwrap().member(member(TIANJIN)).unwrap().list_key;
    assert_ne!(key.spki_digest(), spki);
}

/// What becomes of a lost list key that is replaced, when the log carries `line` and Tianjin is
/// stopped by `target`, or was until `lifted`.
fn reenrolled(
    line: impl Fn(&Federation, Digest) -> LogLeaf,
    stopped: impl Fn(&mut Federation, &TrustState) -> TrustState,
) -> Result<TrustState, UpdateRefusal> {
    let mut federation = federation();
    let state = federation.state();
    let next = Identity::leaf("list 2", federation.now);
    let leaf = line(&federation, next.certificate.spki_digest());
    federation.log.push(leaf.to_line().unwrap());
    let state = stopped(&mut federation, &state);
    federation.now = federation.now + Duration::from_hours(73);
    let list =
        with_list_key(&mut federation, next, &KeyChangeExtension::Reenrolled(Reenrolled::MARK));
    let token = federation.freshness();
    let state = take_freshness(&state, &token, federation.now).unwrap();
    let state = federation.read_log(&state, &[]);
    offer(&state, ListId::Federation, &list, federation.now)
}

fn enrolment(code: &'static str) -> impl Fn(&Federation, Digest) -> LogLeaf {
    move |federation, spki| LogLeaf::Enrolment {
        at: federation.now.into(),
        member: member(code),
        sha256: Digest::of("bundle"),
        spki,
    }
}

/// Tianjin stops itself, as a whole or in part; the node hears of it.
fn stops(
    target: impl Fn(&Federation) -> Option<SuspensionTarget>,
) -> impl Fn(&mut Federation, &TrustState) -> TrustState {
    move |federation, state| {
        let list = &federation.province(TIANJIN).list;
        let order = named_order(federation, TIANJIN, target(federation), "1", &[list]);
        state.accept(Update::Order(&order), federation.now).unwrap().state
    }
}

#[test]
fn tl_44_a_lost_key_is_replaced_in_the_members_own_name_and_while_it_is_stopped() {
    let unproven = Some(UpdateRefusal::MemberKeyUnproven);
    assert_eq!(reenrolled(enrolment(TIANJIN), stops(|_| None)).err(), None);
    let other_name = reenrolled(enrolment(HEBEI), stops(|_| None));
    assert_eq!(other_name.err(), unproven, "Tianjin had nothing to object to");
    let dated_back = |federation: &Federation, spki| LogLeaf::Enrolment {
        at: (federation.now - Duration::from_hours(1_000)).into(),
        member: member(TIANJIN),
        sha256: Digest::of("bundle"),
        spki,
    };
    let late = |federation: &mut Federation, state: &TrustState| {
        // The fixture goes on for three days; what was logged is as young as the line above it.
        let enrolment = federation.log.pop().unwrap();
        federation.now = federation.now + Duration::from_hours(3);
        federation.publish(list_id(HEBEI));
        federation.log.push(enrolment);
        stops(|_| None)(federation, state)
    };
    assert_eq!(reenrolled(dated_back, late).err(), None, "three days from the line above");
    let too_late = |federation: &mut Federation, state: &TrustState| {
        let enrolment = federation.log.pop().unwrap();
        let begin = federation.now;
        federation.now = begin + Duration::from_hours(3);
        federation.publish(list_id(HEBEI));
        federation.log.push(enrolment);
        federation.now = begin;
        stops(|_| None)(federation, state)
    };
    assert_eq!(reenrolled(dated_back, too_late).err(), unproven, "dated back");
    let in_part = |federation: &Federation| {
        Some(SuspensionTarget::Service(federation.province(TIANJIN).issuer_id()))
    };
    let in_part = reenrolled(enrolment(TIANJIN), stops(in_part));
    assert_eq!(in_part.err(), unproven, "one entry is not the member");
}

#[test]
fn tl_44_a_node_that_was_away_takes_a_lost_keys_successor_too() {
    // The order came, was logged, and the list that replaces the key lifts it at once.
    let away = |federation: &mut Federation, state: &TrustState| {
        let list = &federation.province(TIANJIN).list;
        let order = named_order(federation, TIANJIN, None, "1", &[list]);
        let line = order_line(federation, TIANJIN, &order);
        federation.log.push(line);
        federation.lifted = vec![Digest::of(payload_of(&order))];
        state.clone()
    };
    assert_eq!(reenrolled(enrolment(TIANJIN), away).err(), None);
    let never_logged = |federation: &mut Federation, state: &TrustState| {
        federation.lifted = vec![Digest::of("an order")];
        state.clone()
    };
    let outcome = reenrolled(enrolment(TIANJIN), never_logged);
    assert_eq!(outcome.err(), Some(UpdateRefusal::MemberKeyUnproven));
}
