//! Suspension orders: who may stop whom, how many, and that nothing but a list that cites them
//! brings anybody back.

use std::time::Duration;

use proptest::prelude::*;

use super::super::{
    IssuerRefusal, Reason, ServiceKind, ServiceStatus, Snapshot, Standing, StatusReason,
    SuspensionClaims, SuspensionTarget, lote, order_vote,
};
use super::*;
use crate::base::{Code, MemberId, ServiceId};

/// An order against `member` with the signatures of `signers`.
fn order(
    federation: &Federation,
    code: &str,
    target: Option<SuspensionTarget>,
    signers: &[&Identity],
) -> Vec<u8> {
    named_order(federation, code, target, "1", signers)
}

pub(super) fn named_order(
    federation: &Federation,
    code: &str,
    target: Option<SuspensionTarget>,
    jti: &str,
    signers: &[&Identity],
) -> Vec<u8> {
    let claims = SuspensionClaims {
        iat: federation.now.into(),
        jti: jti.to_owned(),
        member: member(code),
        target,
        reason: "key compromise".to_owned(),
    };
    let payload = claims.to_payload().unwrap();
    let mut document = GeneralJws::unsigned(payload.clone());
    for signer in signers {
        let vote = order_vote(&signer.key, &signer.certificate, &payload, federation.now).unwrap();
        document.add(vote);
    }
    document.to_bytes().unwrap()
}

pub(super) fn member(code: &str) -> MemberId {
    code.parse::<crate::base::Division>().unwrap().member()
}

fn digest(order: &[u8]) -> Digest {
    Digest::of(payload_of(order))
}

fn take(federation: &Federation, state: &TrustState, order: &[u8]) -> TrustState {
    state.accept(Update::Order(order), federation.now).unwrap().state
}

fn refusal(federation: &Federation, state: &TrustState, order: &[u8]) -> UpdateRefusal {
    state.accept(Update::Order(order), federation.now).unwrap_err()
}

pub(super) fn recognise(
    federation: &Federation,
    state: &TrustState,
    code: &str,
) -> Option<IssuerRefusal> {
    let snapshot = Snapshot::build(state.clone(), 1, federation.now);
    let signer = &federation.province(code).issuer.certificate;
    snapshot.recognise(signer, federation.now).err()
}

/// The next federation list, which lifts these orders.
fn lifting(federation: &mut Federation, orders: &[Digest]) {
    let mut draft = federation.draft(ListId::Federation);
    draft.extensions.push(lote::Extension::new("LiftedOrders", &orders).unwrap());
    let list = federation.seal(draft);
    federation.announce(ListId::Federation, &list);
}

#[test]
fn an_order_stops_its_member_and_nobody_else() {
    let mut federation = federation();
    let state = federation.state();
    let own = order(&federation, TIANJIN, None, &[&federation.province(TIANJIN).list]);
    let stopped = take(&federation, &state, &own);
    assert_eq!(recognise(&federation, &stopped, TIANJIN), Some(IssuerRefusal::Suspended));
    assert_eq!(recognise(&federation, &stopped, HEBEI), None);
    let snapshot = Snapshot::build(stopped, 1, federation.now);
    assert_eq!(snapshot.keys(member(TIANJIN), ServiceKind::GatewaySigning).count(), 0);
    assert_eq!(snapshot.tls_certificates(member(TIANJIN)).count(), 0);
    assert_eq!(snapshot.listed_tls_certificates(member(TIANJIN)).count(), 1, "as a witness");
    let (_, status) =
        snapshot.member_by_tls(&federation.province(TIANJIN).tls.certificate).unwrap();
    assert_eq!(status, ServiceStatus::Suspended);
    assert_eq!(snapshot.keys(member(HEBEI), ServiceKind::GatewaySigning).count(), 1);
}

#[test]
fn an_order_stops_one_service_or_one_key_alone() {
    let mut federation = federation();
    let state = federation.state();
    let tianjin = federation.province(TIANJIN);
    let targets = [
        SuspensionTarget::Service(tianjin.issuer_id()),
        SuspensionTarget::Key(tianjin.issuer.certificate.spki_digest()),
    ];
    for target in targets {
        let own = order(&federation, TIANJIN, Some(target), &[&tianjin.list]);
        let stopped = take(&federation, &state, &own);
        assert_eq!(recognise(&federation, &stopped, TIANJIN), Some(IssuerRefusal::Suspended));
        let snapshot = Snapshot::build(stopped, 1, federation.now);
        assert_eq!(snapshot.keys(member(TIANJIN), ServiceKind::GatewaySigning).count(), 1);
        assert_eq!(snapshot.status_of(member(TIANJIN)), ServiceStatus::Granted);
    }
    // What another member lists is not stopped by an order about this one.
    let foreign =
        SuspensionTarget::Key(federation.province(HEBEI).issuer.certificate.spki_digest());
    let own = order(&federation, TIANJIN, Some(foreign), &[&tianjin.list]);
    let stopped = take(&federation, &state, &own);
    assert_eq!(recognise(&federation, &stopped, HEBEI), None);
    assert_eq!(recognise(&federation, &stopped, TIANJIN), None);
}

#[test]
fn an_order_counts_by_its_signatures_alone() {
    let mut federation = federation();
    let state = federation.state();
    let (tianjin, hebei) = (federation.province(TIANJIN), federation.province(HEBEI));
    let stranger = Identity::leaf("stranger", federation.now);
    for (signers, expected) in [
        (vec![&hebei.list], UpdateRefusal::WrongSigner),
        (vec![&hebei.list, &tianjin.gateway], UpdateRefusal::WrongSigner),
        (vec![&tianjin.tls], UpdateRefusal::WrongSigner),
        (vec![&federation.freshness_key], UpdateRefusal::WrongSigner),
        (vec![&stranger], UpdateRefusal::WrongSigner),
        (vec![&federation.operators[0]], UpdateRefusal::ThresholdNotMet),
        (vec![&federation.operators[0], &stranger], UpdateRefusal::ThresholdNotMet),
    ] {
        let order = order(&federation, TIANJIN, None, &signers);
        assert_eq!(refusal(&federation, &state, &order), expected);
    }
    let again = federation.operators[0].recertified("operator 1 again", federation.now);
    let twice = order(&federation, TIANJIN, None, &[&federation.operators[0], &again]);
    assert_eq!(refusal(&federation, &state, &twice), UpdateRefusal::ThresholdNotMet);
    let nobody = order(&federation, "990000", None, &[&federation.operators[0]]);
    assert_eq!(refusal(&federation, &state, &nobody), UpdateRefusal::IdNotCanonical);
    // The same words signed as another kind of document are no order.
    let payload = payload_of(&order(&federation, TIANJIN, None, &[&tianjin.list]));
    let list = seal_with(&payload, &[&tianjin.list], federation.now);
    assert_eq!(refusal(&federation, &state, &list), UpdateRefusal::WrongTyp);
    let bare = GeneralJws::unsigned(payload).to_bytes().unwrap();
    assert_eq!(refusal(&federation, &state, &bare), UpdateRefusal::Malformed);
    for bad in [&b"{}"[..], b"", b"a.b.c", &[0xff, 0xfe]] {
        assert_eq!(refusal(&federation, &state, bad), UpdateRefusal::Malformed);
    }
    let huge = vec![b'a'; crate::base::limits::TOKEN_BYTES + 1];
    assert_eq!(refusal(&federation, &state, &huge), UpdateRefusal::TooLarge);
    let bare = TrustState::pinned(super::super::Root::pinned(&federation.signed_root()).unwrap());
    let own = order(&federation, TIANJIN, None, &[&tianjin.list]);
    assert_eq!(refusal(&federation, &bare, &own), UpdateRefusal::WrongSigner, "nobody is known");
}

#[test]
fn tl_41_two_operators_stop_a_tenth_of_the_members_and_the_rest_waits_for_a_third() {
    let mut federation = federation();
    let state = federation.state();
    let two: Vec<&Identity> = federation.operators.iter().take(2).collect();
    let first = order(&federation, TIANJIN, None, &two);
    let second = order(&federation, HEBEI, None, &two);
    let state = take(&federation, &state, &first);
    assert_eq!(recognise(&federation, &state, TIANJIN), Some(IssuerRefusal::Suspended));
    // Another order against the same member takes no further room.
    let other = named_order(&federation, TIANJIN, None, "2", &two);
    let state = take(&federation, &state, &other);
    let accepted = state.accept(Update::Order(&second), federation.now).unwrap();
    assert_eq!(accepted.alarms[0].code, Code::ThresholdNotMet);
    let waiting = accepted.state;
    assert_eq!(recognise(&federation, &waiting, HEBEI), None, "it waits");
    assert_eq!(waiting.orders().get(digest(&second)).unwrap().standing(), Standing::Waiting);
    // Repetition changes nothing; a third signature, brought alone, does.
    let repeated = take(&federation, &waiting, &second);
    assert_eq!(recognise(&federation, &repeated, HEBEI), None);
    let third = order(&federation, HEBEI, None, &[&federation.operators[4]]);
    let full = take(&federation, &waiting, &third);
    assert_eq!(recognise(&federation, &full, HEBEI), Some(IssuerRefusal::Suspended));
    // The member's own word needs nobody's room.
    let own = order(&federation, "440000", None, &[&federation.province("440000").list]);
    let own = take(&federation, &waiting, &own);
    assert_eq!(recognise(&federation, &own, "440000"), Some(IssuerRefusal::Suspended));
    // Lifting the first makes room for the one that waits.
    lifting(&mut federation, &[digest(&first), digest(&other)]);
    let lifted = federation.refresh(&waiting);
    assert_eq!(recognise(&federation, &lifted, TIANJIN), None);
    assert_eq!(recognise(&federation, &lifted, HEBEI), Some(IssuerRefusal::Suspended));
}

#[test]
fn tl_42_an_order_that_is_only_named_stops_nobody() {
    let mut federation = federation();
    let state = federation.state();
    let ghost = Digest::of("an order that nobody has");
    federation.orders = vec![ghost];
    let named = federation.refresh(&state);
    assert_eq!(named.missing_orders(), [ghost]);
    assert_eq!(recognise(&federation, &named, TIANJIN), None);
    let own = order(&federation, TIANJIN, None, &[&federation.province(TIANJIN).list]);
    federation.orders = vec![digest(&own)];
    let named = federation.refresh(&named);
    assert_eq!(named.missing_orders(), [digest(&own)]);
    assert!(take(&federation, &named, &own).missing_orders().is_empty());
}

#[test]
fn tl_43_an_order_needs_no_statement_to_be_in_force() {
    let mut federation = federation();
    let state = federation.state();
    let own = order(&federation, TIANJIN, None, &[&federation.province(TIANJIN).list]);
    federation.orders.clear();
    let stopped = federation.refresh(&take(&federation, &state, &own));
    assert_eq!(recognise(&federation, &stopped, TIANJIN), Some(IssuerRefusal::Suspended));
    // A statement that is too far ahead is refused, and the order is taken all the same.
    federation.now = federation.now + Duration::from_mins(3);
    let ahead = federation.freshness();
    let before = federation.now - Duration::from_mins(3);
    assert_eq!(take_freshness(&state, &ahead, before).unwrap_err(), UpdateRefusal::NotYetValid);
    assert!(state.accept(Update::Order(&own), before).is_ok());
    // Nor does a clock that was set back keep out the news of what is to end.
    let long_before = before - Duration::from_hours(24 * 365);
    assert!(state.accept(Update::Order(&own), long_before).is_ok());
}

#[test]
fn only_a_list_that_cites_the_order_brings_back_and_then_for_good() {
    let mut federation = federation();
    let state = federation.state();
    let own = order(&federation, TIANJIN, None, &[&federation.province(TIANJIN).list]);
    let stopped = take(&federation, &state, &own);
    let suspended = Some(IssuerRefusal::Suspended);
    // Newer lists that do not cite it, a new root, a statement without it: none of them helps.
    federation.publish(ListId::Federation);
    federation.publish(tianjin());
    let stopped = federation.refresh(&stopped);
    assert_eq!(recognise(&federation, &stopped, TIANJIN), suspended);
    federation.root.sequence += 1;
    let stopped = take_root(&stopped, &federation.signed_root(), federation.now).unwrap();
    assert_eq!(recognise(&federation, &stopped, TIANJIN), suspended);
    lifting(&mut federation, &[Digest::of("another order")]);
    let stopped = federation.refresh(&stopped);
    assert_eq!(recognise(&federation, &stopped, TIANJIN), suspended);
    lifting(&mut federation, &[digest(&own)]);
    let restored = federation.refresh(&stopped);
    assert_eq!(recognise(&federation, &restored, TIANJIN), None);
    // Brought again, the lifted order is nothing new.
    let replayed = take(&federation, &restored, &own);
    assert_eq!(recognise(&federation, &replayed, TIANJIN), None);
}

#[test]
fn orders_outlive_a_restart_and_the_keys_that_signed_them() {
    let mut federation = federation();
    let root = super::super::Root::pinned(&federation.signed_root()).unwrap();
    let state = federation.state();
    let two: Vec<&Identity> = federation.operators.iter().take(2).collect();
    let first = order(&federation, TIANJIN, None, &two);
    let second = order(&federation, HEBEI, None, &two);
    let state = take(&federation, &take(&federation, &state, &first), &second);
    let log = federation.log.clone();
    let restored = TrustState::restore(root, &state.documents(), &log).unwrap();
    assert_eq!(recognise(&federation, &restored, TIANJIN), Some(IssuerRefusal::Suspended));
    assert_eq!(recognise(&federation, &restored, HEBEI), None, "it still waits");
    // The operators are replaced: what they stopped stays stopped.
    federation.operators =
        (6..=10).map(|n| Identity::leaf(&format!("operator {n}"), federation.now)).collect();
    let mut documents = restored.documents();
    documents.retain(|document| document.kind != DocumentKind::Freshness);
    assert_eq!(documents.iter().filter(|one| one.kind == DocumentKind::Order).count(), 2);
    let order = documents.iter_mut().find(|one| one.kind == DocumentKind::Order).unwrap();
    order.sha256 = Digest::of("another");
    let pinned = restored.root().bytes().to_vec();
    let root = super::super::Root::pinned(&pinned).unwrap();
    let tampered = TrustState::restore(root, &documents, &log);
    assert_eq!(tampered.unwrap_err(), UpdateRefusal::SnapshotMismatch);
}

#[test]
fn fd_06_a_withdrawn_member_or_key_is_not_listed_as_granted_again() {
    let mut federation = federation();
    federation.province_mut(TIANJIN).entry_mut(ServiceKind::Issuance).status =
        ServiceStatus::Withdrawn;
    federation.publish(tianjin());
    let state = federation.state();
    assert_eq!(recognise(&federation, &state, TIANJIN), Some(IssuerRefusal::Withdrawn));
    // Granted again, or dropped and listed anew under another number: the key is burned.
    federation.province_mut(TIANJIN).entry_mut(ServiceKind::Issuance).status =
        ServiceStatus::Granted;
    federation.publish(tianjin());
    let state = federation.refresh(&state);
    assert_eq!(recognise(&federation, &state, TIANJIN), Some(IssuerRefusal::Withdrawn));
    let issuer = federation.province_mut(TIANJIN).entry_mut(ServiceKind::Issuance).clone();
    federation.province_mut(TIANJIN).entries.retain(|entry| entry.kind != ServiceKind::Issuance);
    federation.publish(tianjin());
    let state = federation.refresh(&state);
    federation.province_mut(TIANJIN).entries.push(issuer);
    federation.publish(tianjin());
    let state = federation.refresh(&state);
    assert_eq!(recognise(&federation, &state, TIANJIN), Some(IssuerRefusal::Withdrawn));
    let root = super::super::Root::pinned(&federation.signed_root()).unwrap();
    let restored = TrustState::restore(root, &state.documents(), &federation.log).unwrap();
    assert_eq!(recognise(&federation, &restored, TIANJIN), Some(IssuerRefusal::Withdrawn));
    // A member likewise.
    federation.province_mut(HEBEI).status = ServiceStatus::Withdrawn;
    federation.publish(ListId::Federation);
    let state = federation.refresh(&restored);
    federation.province_mut(HEBEI).status = ServiceStatus::Granted;
    let revived = federation.seal(federation.draft(ListId::Federation));
    let outcome = announce_and_offer(&mut federation, &state, ListId::Federation, &revived);
    assert_eq!(outcome.unwrap_err(), UpdateRefusal::Conflict);
}

#[test]
fn a_key_that_was_merely_replaced_leaves_what_it_signed_before_valid() {
    for (reason, valid_before) in [
        (Some(Reason::Superseded), true),
        (Some(Reason::Cessation), true),
        (Some(Reason::Administrative), true),
        (Some(Reason::KeyCompromise), false),
        (Some(Reason::CaCompromise), false),
        (None, false),
    ] {
        let mut federation = federation();
        let state = federation.state();
        let before = federation.now - Duration::from_secs(1);
        federation.now = federation.now + Duration::from_secs(1);
        let mut draft = federation.draft(tianjin());
        let services = &mut draft.entities[0].services;
        let kind = ServiceKind::Issuance.to_string();
        let issuer =
            services.iter_mut().find(|one| one.information.service_type_identifier == kind);
        let reason = reason.map(|reason| StatusReason { reason, invalidity_date: None });
        issuer.unwrap().change_status(ServiceStatus::Withdrawn, reason, federation.now).unwrap();
        let list = federation.seal(draft);
        federation.announce(tianjin(), &list);
        let state = federation.refresh(&state);
        let recognise = |state: &TrustState, signed_at| {
            let snapshot = Snapshot::build(state.clone(), 1, federation.now);
            let signer = &federation.province(TIANJIN).issuer.certificate;
            snapshot.recognise_signed(signer, signed_at, federation.now).err()
        };
        let withdrawn = Some(IssuerRefusal::Withdrawn);
        let expected = if valid_before { None } else { withdrawn };
        assert_eq!(recognise(&state, Some(before)), expected, "{reason:?}");
        assert_eq!(recognise(&state, Some(federation.now)), withdrawn, "{reason:?} after its end");
        assert_eq!(recognise(&state, None), withdrawn, "{reason:?} at an unknown time");
        let own = order(&federation, TIANJIN, None, &[&federation.province(TIANJIN).list]);
        let stopped = take(&federation, &state, &own);
        assert!(recognise(&stopped, Some(before)).is_some(), "its province is suspended");
    }
}

#[test]
fn tl_32_an_entry_that_is_gone_without_a_word_is_told() {
    let mut federation = federation();
    let state = federation.state();
    federation.province_mut(TIANJIN).entries.retain(|entry| entry.kind != ServiceKind::Issuance);
    let list = federation.publish(tianjin());
    let token = federation.freshness();
    let state = take_freshness(&state, &token, federation.now).unwrap();
    let update = Update::List { id: tianjin(), bytes: &list };
    let accepted = state.accept(update, federation.now).unwrap();
    assert_eq!(accepted.removed, [federation.province(TIANJIN).issuer_id()]);
    let gone = recognise(&federation, &accepted.state, TIANJIN);
    assert_eq!(gone, Some(IssuerRefusal::NotFederated));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, failure_persistence: None, ..ProptestConfig::default() })]

    /// Orders are a union: the order in which they come does not matter, and each stays.
    #[test]
    fn tl_43_orders_in_any_order_stop_the_same(seed in prop::collection::vec(0_usize..6, 1..12)) {
        let mut federation = federation();
        let state = federation.state();
        let codes = [TIANJIN, HEBEI, "440000"];
        let orders: Vec<Vec<u8>> = codes
            .iter()
            .flat_map(|code| {
                let list = &federation.province(code).list;
                let issuer = SuspensionTarget::Service(federation.province(code).issuer_id());
                [order(&federation, code, None, &[list]), order(&federation, code, Some(issuer), &[list])]
            })
            .collect();
        let mut forwards = state.clone();
        for index in &seed {
            let next = take(&federation, &forwards, &orders[*index]);
            for code in codes {
                let before = recognise(&federation, &forwards, code);
                prop_assert!(before.is_none() || recognise(&federation, &next, code) == before);
            }
            forwards = next;
        }
        let mut backwards = state;
        for index in seed.iter().rev() {
            backwards = take(&federation, &backwards, &orders[*index]);
        }
        for code in codes {
            prop_assert_eq!(
                recognise(&federation, &forwards, code),
                recognise(&federation, &backwards, code)
            );
        }
    }
}

#[test]
fn an_order_that_is_held_as_it_is_need_not_be_judged_again() {
    let mut federation = federation();
    let state = federation.state();
    let [one, two, three] = [0, 1, 2].map(|place| &federation.operators[place]);
    let read = |order: &[u8]| super::super::SignedOrder::parse(order).unwrap();
    let by_two = order(&federation, "120000", None, &[one, two]);
    let by_another = order(&federation, "120000", None, &[one, three]);
    assert!(!state.knows_order(&read(&by_two)));
    let held = take(&federation, &state, &by_two);
    assert!(held.knows_order(&read(&by_two)));
    assert!(!held.knows_order(&read(&by_another)), "another operator signed it");
    let full = take(&federation, &held, &by_another);
    assert_eq!(full.orders().get(digest(&by_two)).unwrap().standing(), Standing::Full);
    assert!(full.knows_order(&read(&by_another)), "more signatures change nothing");
    let fingerprints = [&state, &held, &full].map(|state| state.orders().fingerprint());
    assert!(fingerprints[0] != fingerprints[1] && fingerprints[1] != fingerprints[2]);

    // Another list may name other keys, so the signatures are judged anew under it.
    federation.publish(ListId::Federation);
    let later = federation.refresh(&held);
    assert!(!later.knows_order(&read(&by_two)));
    assert!(take(&federation, &later, &by_two).knows_order(&read(&by_two)));
    lifting(&mut federation, &[digest(&by_two)]);
    let lifted = federation.refresh(&later);
    assert!(lifted.knows_order(&read(&by_two)), "what was lifted comes to nothing");
    assert!(lifted.orders().get(digest(&by_two)).is_none());
}

#[test]
fn what_is_lifted_gives_free_what_no_other_order_stops() {
    let mut federation = federation();
    let state = federation.state();
    let (tianjin, hebei) = (member("120000"), member("130000"));
    let services = [1, 2].map(|n| ServiceId::new(tianjin.division(), "issuance", n));
    let key = Digest::of("a key");
    let targets = [
        Some(SuspensionTarget::Service(services[0].clone())),
        Some(SuspensionTarget::Service(services[1].clone())),
        Some(SuspensionTarget::Key(key)),
        Some(SuspensionTarget::Service(services[0].clone())),
        None,
    ];
    let own = &federation.province("120000").list;
    let name = |number: usize| number.to_string();
    let orders: Vec<Vec<u8>> = (0..targets.len())
        .map(|n| named_order(&federation, "120000", targets[n].clone(), &name(n), &[own]))
        .collect();
    let held = orders.iter().fold(state, |state, order| take(&federation, &state, order));
    let other = Digest::of("another key");
    let stopped = |state: &TrustState| {
        let parts = services.clone().map(|id| state.orders().stop_part(tianjin, &id, other));
        let third = ServiceId::new(tianjin.division(), "issuance", 3);
        let by_key = state.orders().stop_part(tianjin, &third, key);
        assert!(!state.orders().stop_part(tianjin, &third, other));
        assert!(!state.orders().stop_part(hebei, &services[0], key), "another member's");
        assert!(!state.orders().stop_member(hebei) && !state.orders().touch(hebei));
        (parts, by_key, state.orders().stop_member(tianjin), state.orders().touch(tianjin))
    };
    assert_eq!(stopped(&held), ([true, true], true, true, true));
    let lift = |federation: &mut Federation, state: &TrustState, through: usize| {
        let digests: Vec<Digest> = orders[..through].iter().map(|order| digest(order)).collect();
        lifting(federation, &digests);
        federation.refresh(state)
    };
    let one = lift(&mut federation, &held, 1);
    assert_eq!(stopped(&one), ([true, true], true, true, true), "the fourth stops it as well");
    let three = lift(&mut federation, &one, 3);
    assert_eq!(stopped(&three), ([true, false], false, true, true));
    assert_eq!(three.orders().iter().count(), 2);
    assert!(three.orders().get(digest(&orders[4])).is_some());
    let all = lift(&mut federation, &three, 5);
    assert_eq!(stopped(&all), ([false, false], false, false, false));
}
