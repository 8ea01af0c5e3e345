//! Lists that wait for witnesses: what one of them took away, no later one gives back before the
//! witnesses have seen it.

use super::super::testing::Listed;
use super::super::{IssuerRefusal, Root, ServiceKind, ServiceStatus, Snapshot};
use super::log::witnessed;
use super::orders::{member, recognise};
use super::*;

/// Publishes list `id` and lets the node take it, without a cosignature.
fn unwitnessed(
    federation: &mut Federation,
    state: &TrustState,
    id: ListId,
) -> Result<TrustState, UpdateRefusal> {
    let list = federation.publish(id);
    let token = federation.freshness();
    let state = take_freshness(state, &token, federation.now)?;
    offer(&state, id, &list, federation.now)
}

fn issuer(federation: &mut Federation) -> &mut Listed {
    federation.province_mut(TIANJIN).entry_mut(ServiceKind::Issuance)
}

fn restarted(federation: &Federation, state: &TrustState) -> TrustState {
    let root = Root::pinned(state.root_numbered(1).unwrap().bytes()).unwrap();
    let lines = &federation.log[..usize::try_from(state.log().size()).unwrap()];
    let mut documents = state.documents();
    documents.reverse();
    let restored = TrustState::restore(root, &documents, lines).unwrap();
    assert_eq!(contents(&restored), contents(state));
    restored
}

#[test]
fn tl_46_a_later_list_without_witnesses_gives_nothing_back() {
    type Change = fn(&mut Listed);
    let narrowed: Change = |entry| entry.scope.as_mut().unwrap().licence_types = vec!["TC".into()];
    let changes: [(Change, IssuerRefusal); 2] = [
        (|entry| entry.status = ServiceStatus::Suspended, IssuerRefusal::Suspended),
        (narrowed, IssuerRefusal::OutOfScope),
    ];
    for (change, expected) in changes {
        let (mut federation, state) = witnessed();
        let verdict = |federation: &Federation, state: &TrustState| {
            let snapshot = Snapshot::build(state.clone(), 1, federation.now);
            let province = federation.province(TIANJIN);
            let issuer = snapshot.recognise(&province.issuer.certificate, federation.now)?;
            issuer.check_scope("TP", province.division, &province.authority_code)
        };
        let before = issuer(&mut federation).clone();
        change(issuer(&mut federation));
        let state = unwitnessed(&mut federation, &state, tianjin()).unwrap();
        assert_eq!(verdict(&federation, &state), Err(expected));
        // Whoever has the list key gives back what its holder took, and the hub shows no witness.
        *issuer(&mut federation) = before;
        let state = unwitnessed(&mut federation, &state, tianjin()).unwrap();
        assert_eq!(verdict(&federation, &state), Err(expected));
        assert_eq!(verdict(&federation, &restarted(&federation, &state)), Err(expected));
        let state = federation.read_log(&state, &[TIANJIN, HEBEI]);
        assert_eq!(state.held(tianjin()).unwrap().sequence, 3);
        assert_eq!(verdict(&federation, &state), Ok(()), "witnessed, it does");
        assert_eq!(state.waiting().count(), 0);
    }
}

#[test]
fn tl_46_an_entry_that_was_left_out_does_not_come_back_without_witnesses() {
    let (mut federation, state) = witnessed();
    let entries = federation.province(TIANJIN).entries.clone();
    federation.province_mut(TIANJIN).entries.retain(|entry| entry.kind != ServiceKind::Issuance);
    let state = unwitnessed(&mut federation, &state, tianjin()).unwrap();
    federation.province_mut(TIANJIN).entries = entries;
    let state = unwitnessed(&mut federation, &state, tianjin()).unwrap();
    assert_eq!(recognise(&federation, &state, TIANJIN), Some(IssuerRefusal::Withdrawn));
}

#[test]
fn tl_46_a_later_federation_list_without_witnesses_gives_nothing_back() {
    let (mut federation, state) = witnessed();
    federation.province_mut(TIANJIN).status = ServiceStatus::Suspended;
    federation.province_mut(HEBEI).scope.licence_types.truncate(1);
    let state = unwitnessed(&mut federation, &state, ListId::Federation).unwrap();
    federation.province_mut(TIANJIN).status = ServiceStatus::Granted;
    federation.province_mut(HEBEI).scope.licence_types = super::super::testing::licence_types();
    let state = unwitnessed(&mut federation, &state, ListId::Federation).unwrap();
    assert_eq!(recognise(&federation, &state, TIANJIN), Some(IssuerRefusal::Suspended));
    assert_eq!(recognise(&federation, &state, HEBEI), Some(IssuerRefusal::OutOfScope));
    let state = federation.read_log(&state, &[TIANJIN, HEBEI]);
    assert_eq!(recognise(&federation, &state, TIANJIN), None);
    assert_eq!(recognise(&federation, &state, HEBEI), None);
}

#[test]
fn tl_46_of_lists_that_wait_those_settle_that_the_witnesses_saw() {
    let (mut federation, state) = witnessed();
    issuer(&mut federation).status = ServiceStatus::Suspended;
    let mut state = unwitnessed(&mut federation, &state, tianjin()).unwrap();
    let (seen, lines) = (federation.log_note(&[TIANJIN, HEBEI]), federation.log.clone());
    issuer(&mut federation).status = ServiceStatus::Granted;
    state = unwitnessed(&mut federation, &state, tianjin()).unwrap();
    let read = usize::try_from(state.log().size()).unwrap();
    // A statement of the second list stands over a longer log; the first one's head is older.
    let update = Update::Log { checkpoint: &seen, lines: &lines[read..] };
    let state = state.accept(update, federation.now).unwrap().state;
    assert_eq!(state.held(tianjin()).unwrap().sequence, 2);
    assert_eq!(state.newest(tianjin()).unwrap().named.sequence, 3);
    assert_eq!(recognise(&federation, &state, TIANJIN), Some(IssuerRefusal::Suspended));
}

fn versions(state: &TrustState) -> usize {
    let documents = state.documents();
    documents.iter().filter(|held| held.kind == DocumentKind::Waiting).count()
}

#[test]
fn tl_46_lists_that_take_as_much_or_more_wait_as_one() {
    let (mut federation, mut state) = witnessed();
    for _ in 0..5 {
        state = unwitnessed(&mut federation, &state, tianjin()).unwrap();
    }
    assert_eq!(versions(&state), 1);
    for kind in [ServiceKind::Status, ServiceKind::Registrar, ServiceKind::GatewaySigning] {
        federation.province_mut(TIANJIN).entry_mut(kind).status = ServiceStatus::Withdrawn;
        state = unwitnessed(&mut federation, &state, tianjin()).unwrap();
        federation.province_mut(HEBEI).status = ServiceStatus::Suspended;
        state = unwitnessed(&mut federation, &state, ListId::Federation).unwrap();
    }
    assert_eq!(versions(&state), 2);
    for number in 0..20 {
        let status = [ServiceStatus::Suspended, ServiceStatus::Granted][number % 2];
        issuer(&mut federation).status = status;
        state = unwitnessed(&mut federation, &state, tianjin()).unwrap();
    }
    assert_eq!(versions(&state), 3, "back and forth takes no more than once");
    assert_eq!(recognise(&federation, &state, TIANJIN), Some(IssuerRefusal::Suspended));
}

#[test]
fn tl_46_lists_that_each_take_something_else_do_not_wait_without_end() {
    let (mut federation, state) = witnessed();
    let numbers = 2..40;
    for number in numbers.clone() {
        let holder = Identity::leaf("status", federation.now);
        let entry = federation.province(TIANJIN).entry(ServiceKind::Status, number, &holder);
        federation.province_mut(TIANJIN).entries.push(entry);
    }
    let state = unwitnessed(&mut federation, &state, tianjin()).unwrap();
    let mut state = federation.read_log(&state, &[TIANJIN, HEBEI]);
    let keys = |federation: &Federation, state: &TrustState| {
        let snapshot = Snapshot::build(state.clone(), 1, federation.now);
        snapshot.keys(member(TIANJIN), ServiceKind::Status).count()
    };
    assert_eq!(keys(&federation, &state), 39);
    let (first, mut refused) = (federation.province(TIANJIN).entries.len() - 38, 0);
    for place in first..first + 38 {
        let entries = &mut federation.province_mut(TIANJIN).entries;
        for entry in entries.iter_mut() {
            entry.status = ServiceStatus::Granted;
        }
        entries[place].status = ServiceStatus::Suspended;
        match unwitnessed(&mut federation, &state, tianjin()) {
            Ok(next) => state = next,
            Err(refusal) => {
                assert_eq!(refusal, UpdateRefusal::TooLarge);
                refused += 1;
            }
        }
    }
    assert_eq!((versions(&state), refused), (32, 6));
    assert_eq!(keys(&federation, &state), 7);
    // Witnessed at last, the newest list is taken all the same.
    let state = federation.read_log(&state, &[TIANJIN, HEBEI]);
    let (token, list) = (federation.freshness(), federation.served(tianjin()).to_vec());
    let state = take_freshness(&state, &token, federation.now).unwrap();
    let state = offer(&state, tianjin(), &list, federation.now).unwrap();
    assert_eq!((versions(&state), keys(&federation, &state)), (0, 38));
}

#[test]
fn tl_46_a_key_that_a_waiting_list_puts_to_another_use_is_gone_from_this_one() {
    let (mut federation, state) = witnessed();
    let authority = &federation.province(TIANJIN).client_authorities["enforcement"];
    let mut entry = federation.province(TIANJIN).entry(ServiceKind::ClientCa, 2, authority);
    entry.client_role = Some("business");
    let entries = &mut federation.province_mut(TIANJIN).entries;
    let place = entries.iter().position(|held| held.id == entry.id).unwrap();
    entries[place] = entry;
    let state = unwitnessed(&mut federation, &state, tianjin()).unwrap();
    let snapshot = Snapshot::build(state, 1, federation.now);
    let mut authorities = snapshot.client_authorities(member(TIANJIN));
    let enforcing = authorities.find(|authority| authority.role == "enforcement").unwrap();
    assert_eq!(enforcing.status, ServiceStatus::Withdrawn);
}

#[test]
fn tl_46_a_key_that_stands_twice_in_a_waiting_list_is_believed_no_more() {
    let (mut federation, state) = witnessed();
    let signer = &federation.province(TIANJIN).status_signer;
    let again = federation.province(TIANJIN).entry(ServiceKind::Status, 2, signer);
    federation.province_mut(TIANJIN).entries.push(again);
    let keys = |federation: &Federation, state: &TrustState| {
        let snapshot = Snapshot::build(state.clone(), 1, federation.now);
        snapshot.keys(member(TIANJIN), ServiceKind::Status).count()
    };
    assert_eq!(keys(&federation, &state), 1);
    let state = unwitnessed(&mut federation, &state, tianjin()).unwrap();
    assert_eq!(keys(&federation, &state), 0);
}
