//! What one hostile member, one stolen list key or a passer-by can do to everybody else: nothing.

use super::super::testing::Listed;
use super::super::{IssuerRefusal, ServiceKind, ServiceStatus, Snapshot, Standing};
use super::orders::{member, named_order, recognise};
use super::*;
use crate::base::{Code, limits};
use crate::crypto::jws::{Header, Typ, Vote};

/// The key of `holder`, withdrawn in a list of Hebei's, with the proof that Hebei can give.
fn withdrawn_copy(federation: &Federation, holder: &Identity) -> Listed {
    let hebei = federation.province(HEBEI);
    let mut copy = hebei.entry(ServiceKind::Status, 9, &hebei.status_signer);
    copy.certificates = vec![holder.certificate.clone()];
    copy.status = ServiceStatus::Withdrawn;
    copy
}

#[test]
fn fd_01_a_withdrawn_copy_of_anothers_key_burns_nothing() {
    let mut federation = federation();
    let state = federation.state();
    let copy = withdrawn_copy(&federation, &federation.province(TIANJIN).issuer);
    federation.province_mut(HEBEI).entries.push(copy);
    federation.publish(list_id(HEBEI));
    let state = federation.refresh(&state);
    assert_eq!(recognise(&federation, &state, TIANJIN), None);
    assert_eq!(recognise(&federation, &state, HEBEI), None);
}

#[test]
fn fd_01_nobody_holds_up_the_federation_list_by_withdrawing_a_list_key() {
    let mut federation = federation();
    let state = federation.state();
    // Another's list key, without proof; and one's own, with it.
    let copy = withdrawn_copy(&federation, &federation.province(TIANJIN).list);
    let hebei = federation.province(HEBEI);
    let mut own = hebei.entry(ServiceKind::Status, 10, &hebei.list);
    own.status = ServiceStatus::Withdrawn;
    federation.province_mut(HEBEI).entries.extend([copy, own]);
    federation.publish(list_id(HEBEI));
    let state = federation.refresh(&state);
    federation.publish(ListId::Federation);
    let state = federation.refresh(&state);
    assert_eq!(state.held(ListId::Federation).unwrap().sequence, 2);
}

#[test]
fn fd_06_a_key_withdrawn_without_its_proof_is_burned_all_the_same() {
    let mut federation = federation();
    let state = federation.state();
    let entry = federation.province_mut(TIANJIN).entry_mut(ServiceKind::Issuance);
    let proof = std::mem::replace(&mut entry.possession, "e30.e30.e30".to_owned());
    entry.status = ServiceStatus::Withdrawn;
    federation.publish(tianjin());
    let state = federation.refresh(&state);
    let entry = federation.province_mut(TIANJIN).entry_mut(ServiceKind::Issuance);
    (entry.possession, entry.status) = (proof, ServiceStatus::Granted);
    federation.publish(tianjin());
    let state = federation.refresh(&state);
    assert_eq!(recognise(&federation, &state, TIANJIN), Some(IssuerRefusal::Withdrawn));
}

/// `order` with as many signatures beside its own as a reader takes, all of them void.
fn cluttered(order: &[u8], bytes_each: usize) -> Vec<u8> {
    let mut document = GeneralJws::parse(order).unwrap();
    let thief = Identity::leaf("passer-by", "2026-11-22T08:00:00Z".parse().unwrap());
    for number in 0.. {
        let header = Header::new(Typ::Suspension)
            .with_key_id(format!("{number:04}{}", "x".repeat(bytes_each)));
        document.add(Vote::cast(&thief.key, header, document.payload()).unwrap());
        let bytes = document.to_bytes().unwrap();
        let room = limits::TOKEN_BYTES - bytes.len() > 2 * bytes_each + 1_000;
        if !room || GeneralJws::parse(&bytes).is_err() || number == 2 * limits::ROOT_KEYS - 4 {
            return bytes;
        }
    }
    unreachable!()
}

#[test]
fn tl_41_void_signatures_do_not_keep_out_the_third_operators() {
    let mut federation = federation();
    let state = federation.state();
    let operators: Vec<&Identity> = federation.operators.iter().collect();
    let first = named_order(&federation, TIANJIN, None, "1", &operators[..2]);
    let second = named_order(&federation, HEBEI, None, "1", &operators[..2]);
    let take = |state: &TrustState, order: &[u8]| {
        state.accept(Update::Order(order), federation.now).unwrap().state
    };
    let [clutter, more] = [(); 2].map(|()| cluttered(&second, 10));
    for before in [&second, &clutter] {
        let state = take(&take(&take(&take(&state, &first), before), &clutter), &more);
        let sha256 = Digest::of(payload_of(&second));
        assert_eq!(state.orders().get(sha256).unwrap().standing(), Standing::Waiting);
        let third = named_order(&federation, HEBEI, None, "1", &operators[2..3]);
        let state = take(&state, &third);
        assert_eq!(recognise(&federation, &state, HEBEI), Some(IssuerRefusal::Suspended));
    }
}

#[test]
fn tl_41_an_order_never_grows_beyond_what_a_restart_reads() {
    let mut federation = federation();
    let root = super::super::Root::pinned(&federation.signed_root()).unwrap();
    let mut state = federation.state();
    let two: Vec<&Identity> = federation.operators.iter().take(2).collect();
    let order = named_order(&federation, TIANJIN, None, "1", &two);
    for bytes_each in [4_000, 3_900, 3_800] {
        let clutter = cluttered(&order, bytes_each);
        state = state.accept(Update::Order(&clutter), federation.now).unwrap().state;
    }
    let log = federation.log.clone();
    let restored = TrustState::restore(root, &state.documents(), &log).unwrap();
    assert_eq!(recognise(&federation, &restored, TIANJIN), Some(IssuerRefusal::Suspended));
    let held = restored.orders().iter().next().unwrap().order().to_bytes().unwrap();
    assert!(held.len() < 8_000, "{} bytes", held.len());
}

#[test]
fn tl_41_members_that_left_give_the_emergency_rule_no_room() {
    const CODES: [&str; 20] = [
        "110000", "120000", "130000", "140000", "150000", "210000", "220000", "230000", "310000",
        "320000", "330000", "340000", "350000", "360000", "370000", "410000", "420000", "430000",
        "440000", "450000",
    ];
    let provinces: Vec<(&'static str, &'static str, u16)> =
        CODES.iter().zip(7_500..).map(|(code, port)| (*code, "Province", port)).collect();
    for (left, stopped) in [(0, 2), (1, 1)] {
        let now = "2026-11-22T08:00:00Z".parse().unwrap();
        let mut federation = Federation::of(&provinces, now);
        for code in &CODES[20 - left..] {
            federation.province_mut(code).status = ServiceStatus::Withdrawn;
        }
        federation.publish(ListId::Federation);
        let mut state = federation.state();
        let two: Vec<&Identity> = federation.operators.iter().take(2).collect();
        for code in &CODES[..3] {
            let order = named_order(&federation, code, None, "1", &two);
            state = state.accept(Update::Order(&order), federation.now).unwrap().state;
        }
        let in_force = state.orders().iter().filter(|held| held.is_in_force()).count();
        assert_eq!(in_force, stopped, "{left} have left");
    }
}

#[test]
fn fd_01_a_key_is_nobodys_before_it_was_proven_to_be() {
    // Hebei copies Tianjin's key first, unproven; long after it stole the key it proves it.
    let mut federation = federation();
    let stolen = Identity::leaf("status 2", federation.now);
    let mut copy = federation.province(HEBEI).entry(ServiceKind::Status, 2, &stolen);
    let proof = std::mem::replace(&mut copy.possession, "e30.e30.e30".to_owned());
    federation.province_mut(HEBEI).entries.push(copy);
    let unproven = federation.publish(list_id(HEBEI));
    let entry = federation.province(TIANJIN).entry(ServiceKind::Status, 2, &stolen);
    federation.province_mut(TIANJIN).entries.push(entry);
    let own = federation.publish(tianjin());
    let state = federation.state();
    federation.province_mut(HEBEI).entries.last_mut().unwrap().possession = proof;
    let proven = federation.publish(list_id(HEBEI));
    let mut state = federation.refresh(&state);
    for bytes in [&unproven, &own, &proven] {
        state = state.accept(Update::Origin(bytes), federation.now).unwrap().state;
    }
    let snapshot = Snapshot::build(state, 1, federation.now);
    let keys = |code| snapshot.keys(member(code), ServiceKind::Status).count();
    assert_eq!((keys(TIANJIN), keys(HEBEI)), (2, 1), "its first holder keeps it");
}

#[test]
fn two_statements_of_one_root_number_are_two_histories() {
    let mut federation = federation();
    let state = federation.state();
    let mut draft = federation.freshness_draft();
    draft.root.sha256 = Digest::of("another root 1");
    let token = draft.sign(&federation.freshness_key.key, federation.now).unwrap();
    let outcome = take_freshness(&state, &token, federation.now);
    assert_eq!(outcome.unwrap_err().code(), Code::ListEquivocation);
}

#[test]
fn tl_04_a_statement_that_leaves_a_list_out_is_told() {
    let mut federation = federation();
    let state = federation.state();
    let mut draft = federation.freshness_draft();
    draft.lists.retain(|(id, _)| *id != tianjin());
    let token = draft.sign(&federation.freshness_key.key, federation.now).unwrap();
    let accepted = state.accept(Update::Freshness(&token), federation.now).unwrap();
    let alarm = accepted.alarms.first().unwrap();
    assert_eq!((alarm.code, alarm.list), (Code::SnapshotMismatch, Some(tianjin())));
    let token = federation.freshness();
    let accepted = accepted.state.accept(Update::Freshness(&token), federation.now).unwrap();
    assert_eq!(accepted.alarms, []);
}
