//! The list log and its witnesses: another history is seen, and what the witnesses have not seen
//! takes away and does not add.

use super::super::testing::{Identity, LOG_ORIGIN};
use super::super::{IssuerRefusal, LogLeaf, Root, ServiceKind, ServiceStatus, Snapshot};
use super::*;
use crate::base::Code;
use crate::crypto::Algorithm;
use crate::crypto::Signer as _;
use crate::crypto::note::{VerifierKey, cosign};
use crate::crypto::seal::SoftwareKey;

fn recognise(federation: &Federation, state: &TrustState, code: &str) -> Option<IssuerRefusal> {
    let snapshot = Snapshot::build(state.clone(), 1, federation.now);
    let signer = &federation.province(code).issuer.certificate;
    snapshot.recognise(signer, federation.now).err()
}

fn read(
    federation: &Federation,
    state: &TrustState,
    note: &str,
    lines: &[String],
) -> Result<TrustState, UpdateRefusal> {
    let update = Update::Log { checkpoint: note, lines };
    state.accept(update, federation.now).map(|accepted| accepted.state)
}

/// A federation whose root demands two of three witnesses, and a node that holds all of it.
pub(super) fn witnessed() -> (Federation, TrustState) {
    let mut federation = federation();
    let state = federation.state();
    federation.appoint(2, &[TIANJIN, HEBEI, "440000"]);
    let state = take_root(&state, &federation.signed_root(), federation.now).unwrap();
    let state = federation.read_log(&state, &[TIANJIN, HEBEI]);
    (federation, state)
}

#[test]
fn the_log_is_read_on_line_by_line_and_shows_one_history() {
    let mut federation = federation();
    let state = federation.state();
    let held = usize::try_from(state.log().size()).unwrap();
    federation.publish(tianjin());
    federation.publish(tianjin());
    let note = federation.log_note(&[]);
    let new = federation.log[held..].to_vec();
    assert_eq!(read(&federation, &state, &note, &new).unwrap().log().size(), 6);
    // Too few lines, too many, in another order, changed, or from another log.
    assert_eq!(
        read(&federation, &state, &note, &new[1..]).unwrap_err(),
        UpdateRefusal::SnapshotMismatch
    );
    let more = [new.clone(), new.clone()].concat();
    assert_eq!(
        read(&federation, &state, &note, &more).unwrap_err(),
        UpdateRefusal::SnapshotMismatch
    );
    let swapped: Vec<String> = new.iter().rev().cloned().collect();
    let split = UpdateRefusal::SplitView;
    assert_eq!(read(&federation, &state, &note, &swapped).unwrap_err(), split);
    let changed = vec![new[0].clone(), new[1].replace("\"sequence\":3", "\"sequence\":4")];
    assert_eq!(read(&federation, &state, &note, &changed).unwrap_err().code(), Code::SplitView);
    // The log forgets: a smaller head, signed though it be.
    let later = read(&federation, &state, &note, &new).unwrap();
    federation.log.pop();
    let smaller = federation.log_note(&[]);
    assert_eq!(read(&federation, &later, &smaller, &[]).unwrap_err(), UpdateRefusal::Rollback);
    // The log says something else at the size that was read.
    federation.log.push("{\"kind\":\"other\"}".to_owned());
    let other = federation.log_note(&[]);
    assert_eq!(read(&federation, &later, &other, &[]).unwrap_err(), split);
}

#[test]
fn a_head_counts_when_the_roots_log_key_signed_it() {
    let mut federation = federation();
    let state = federation.state();
    let stranger = SoftwareKey::generate(Algorithm::EdDsa).unwrap();
    let honest = std::mem::replace(&mut federation.log_key, stranger);
    let forged = federation.log_note(&[]);
    assert_eq!(read(&federation, &state, &forged, &[]).unwrap_err(), UpdateRefusal::WrongSigner);
    federation.log_key = honest;
    let mut head = federation.log_head();
    head.origin = "another.log".to_owned();
    let foreign = head.sign(&federation.log_key).unwrap();
    assert_eq!(read(&federation, &state, &foreign, &[]).unwrap_err(), UpdateRefusal::WrongSigner);
    for bad in ["", "no note", "a\nb\nc\n\n"] {
        assert_eq!(read(&federation, &state, bad, &[]).unwrap_err(), UpdateRefusal::WrongSigner);
    }
}

#[test]
fn a_statement_and_the_log_must_tell_one_tree() {
    let mut federation = federation();
    let state = federation.state();
    let honest = federation.log.clone();
    // A statement over another history of the same length, or of any length that was read.
    for length in [4, 3, 1] {
        federation.log = honest[..length].to_vec();
        federation.log[length - 1].push(' ');
        let token = federation.freshness();
        let outcome = take_freshness(&state, &token, federation.now);
        assert_eq!(outcome.unwrap_err().code(), Code::SplitView, "{length}");
    }
    federation.log = honest;
    let token = federation.freshness();
    assert!(take_freshness(&state, &token, federation.now).is_ok());
}

#[test]
fn two_lists_of_one_number_alarm_whoever_hears_of_both() {
    let mut federation = federation();
    let state = federation.state();
    let twin = {
        let mut draft = federation.draft(tianjin());
        draft.next_update = draft.next_update - std::time::Duration::from_secs(1);
        federation.seal(draft)
    };
    let honest = federation.publish(tianjin());
    let (log, published) = (federation.log.clone(), federation.freshness());
    let mut one = take_freshness(&state, &published, federation.now).unwrap();
    one = offer(&one, tianjin(), &honest, federation.now).unwrap();
    // The other gateway is told the other story.
    federation.log.pop();
    federation.announce(tianjin(), &twin);
    let other_story = federation.freshness();
    let mut two = take_freshness(&state, &other_story, federation.now).unwrap();
    two = offer(&two, tianjin(), &twin, federation.now).unwrap();
    // Each hears the other's statement from the other, newer or older than its own.
    for (node, heard) in [(&one, &other_story), (&two, &published)] {
        let refusal = take_freshness(node, heard, federation.now).unwrap_err();
        assert_eq!(refusal.code(), Code::ListEquivocation);
    }
    federation.log = log;
}

#[test]
fn tl_46_without_witnesses_a_list_takes_away_and_does_not_add() {
    let (mut federation, state) = witnessed();
    let newcomer = Identity::leaf("status 2", federation.now);
    let entry = federation.province(TIANJIN).entry(ServiceKind::Status, 2, &newcomer);
    federation.province_mut(TIANJIN).entries.push(entry);
    federation.province_mut(TIANJIN).entry_mut(ServiceKind::Issuance).status =
        ServiceStatus::Suspended;
    let list = federation.publish(tianjin());
    let token = federation.freshness();
    let named = take_freshness(&state, &token, federation.now).unwrap();
    let update = Update::List { id: tianjin(), bytes: &list };
    let accepted = named.accept(update, federation.now).unwrap();
    assert!(accepted.alarms.iter().any(|alarm| alarm.code == Code::NotWitnessed));
    let waiting = accepted.state;
    assert_eq!(waiting.held(tianjin()).unwrap().sequence, 1, "the list in force is the old one");
    assert!(waiting.is_current(tianjin()), "and is not fetched again and again");
    assert_eq!(recognise(&federation, &waiting, TIANJIN), Some(IssuerRefusal::Suspended));
    let member = federation.province(TIANJIN).division.member();
    let keys = |state: &TrustState| {
        Snapshot::build(state.clone(), 1, federation.now).keys(member, ServiceKind::Status).count()
    };
    assert_eq!(keys(&waiting), 1, "the addition waits");
    // One witness is not two, and two names of one key are one.
    for too_few in [&[][..], &[TIANJIN], &[TIANJIN, TIANJIN]] {
        assert_eq!(keys(&federation.read_log(&waiting, too_few)), 1, "{too_few:?}");
    }
    let settled = federation.read_log(&waiting, &[HEBEI, "440000"]);
    assert_eq!(settled.held(tianjin()).unwrap().sequence, 2);
    assert_eq!(keys(&settled), 2);
    assert_eq!(recognise(&federation, &settled, TIANJIN), Some(IssuerRefusal::Suspended));
}

#[test]
fn tl_46_a_waiting_list_narrows_removes_and_outlives_a_restart() {
    let (mut federation, state) = witnessed();
    let entry = federation.province_mut(HEBEI).entry_mut(ServiceKind::Issuance);
    entry.scope.as_mut().unwrap().territories = vec!["1306".to_owned()];
    federation.publish(list_id(HEBEI));
    federation.province_mut(TIANJIN).entries.retain(|entry| entry.kind != ServiceKind::Issuance);
    federation.publish(tianjin());
    let waiting = {
        let token = federation.freshness();
        let mut state = take_freshness(&state, &token, federation.now).unwrap();
        for id in [tianjin(), list_id(HEBEI)] {
            let bytes = federation.served(id).to_vec();
            state = offer(&state, id, &bytes, federation.now).unwrap();
        }
        state
    };
    let root = Root::pinned(waiting.root_numbered(1).unwrap().bytes()).unwrap();
    let lines = federation.log[..usize::try_from(waiting.log().size()).unwrap()].to_vec();
    let restored = TrustState::restore(root, &waiting.documents(), &lines).unwrap();
    assert_eq!(contents(&restored), contents(&waiting));
    for state in [&waiting, &restored] {
        assert_eq!(recognise(&federation, state, TIANJIN), Some(IssuerRefusal::Withdrawn));
        let snapshot = Snapshot::build(state.clone(), 1, federation.now);
        let hebei = federation.province(HEBEI);
        let issuer = snapshot.recognise(&hebei.issuer.certificate, federation.now).unwrap();
        let check = |division: &str| {
            issuer.check_scope("TP", division.parse().unwrap(), &hebei.authority_code)
        };
        assert_eq!(check("130682"), Ok(()));
        assert_eq!(check("130700"), Err(IssuerRefusal::OutOfScope));
    }
}

#[test]
fn tl_46_a_waiting_federation_list_stops_a_member_and_lets_nobody_in() {
    let (mut federation, state) = witnessed();
    federation.province_mut(TIANJIN).status = ServiceStatus::Withdrawn;
    federation.province_mut(HEBEI).scope.territories.push("12".to_owned());
    federation.province_mut("440000").scope.licence_types.truncate(1);
    let list = federation.publish(ListId::Federation);
    let token = federation.freshness();
    let named = take_freshness(&state, &token, federation.now).unwrap();
    let waiting = offer(&named, ListId::Federation, &list, federation.now).unwrap();
    assert_eq!(recognise(&federation, &waiting, TIANJIN), Some(IssuerRefusal::Withdrawn));
    assert_eq!(recognise(&federation, &waiting, HEBEI), None);
    assert_eq!(recognise(&federation, &waiting, "440000"), Some(IssuerRefusal::OutOfScope));
    let owner =
        Snapshot::build(waiting, 1, federation.now).owner_of(federation.province(TIANJIN).division);
    assert_eq!(owner, Some(federation.province(TIANJIN).division.member()), "no land is given");
}

#[test]
fn new_witnesses_take_over_with_the_old_ones() {
    let (mut federation, state) = witnessed();
    // From three provinces to three keys of nobody: their quorum alone is none.
    let strangers: Vec<SoftwareKey> =
        (0..3).map(|_| SoftwareKey::generate(Algorithm::EdDsa).unwrap()).collect();
    let name = |n: usize| format!("stranger/{n}");
    let vkeys = strangers.iter().enumerate().map(|(n, key)| {
        crate::crypto::note::WitnessKey::new(&name(n), key.public_key()).unwrap().to_string()
    });
    federation.root.witnesses.vkeys = vkeys.collect();
    federation.root.sequence += 1;
    let state = take_root(&state, &federation.signed_root(), federation.now).unwrap();
    federation.province_mut(TIANJIN).entry_mut(ServiceKind::Status).scope = None;
    let list = federation.publish(tianjin());
    let token = federation.freshness();
    let named = take_freshness(&state, &token, federation.now).unwrap();
    let waiting = offer(&named, tianjin(), &list, federation.now).unwrap();
    let by_strangers = |note: String| {
        let head = federation.log_head();
        strangers.iter().enumerate().fold(note, |note, (n, key)| {
            note + &cosign(&head, key, &name(n), federation.now).unwrap()
        })
    };
    let held = usize::try_from(waiting.log().size()).unwrap();
    let lines = federation.log[held..].to_vec();
    let alone = read(&federation, &waiting, &by_strangers(federation.log_note(&[])), &lines);
    assert_eq!(alone.unwrap().held(tianjin()).unwrap().sequence, 1);
    let both = by_strangers(federation.log_note(&[TIANJIN, HEBEI]));
    let handed_over = read(&federation, &waiting, &both, &lines).unwrap();
    assert_eq!(handed_over.held(tianjin()).unwrap().sequence, 2);
    // From then on the new ones are enough.
    let list = federation.publish(tianjin());
    let token = federation.freshness();
    let named = take_freshness(&handed_over, &token, federation.now).unwrap();
    let waiting = offer(&named, tianjin(), &list, federation.now).unwrap();
    let head = federation.log_head();
    let note = strangers.iter().enumerate().fold(federation.log_note(&[]), |note, (n, key)| {
        note + &cosign(&head, key, &name(n), federation.now).unwrap()
    });
    let lines = federation.log[usize::try_from(waiting.log().size()).unwrap()..].to_vec();
    let settled = read(&federation, &waiting, &note, &lines).unwrap();
    assert_eq!(settled.held(tianjin()).unwrap().sequence, 3);
}

#[test]
fn the_operator_of_the_log_is_no_witness_of_it() {
    let mut federation = federation();
    let state = federation.state();
    let vkey = crate::crypto::note::WitnessKey::new("self", federation.log_key.public_key());
    federation.root.witnesses.quorum = 1;
    federation.root.witnesses.vkeys = vec![vkey.unwrap().to_string()];
    federation.root.sequence += 1;
    let state = take_root(&state, &federation.signed_root(), federation.now).unwrap();
    let list = federation.publish(tianjin());
    let token = federation.freshness();
    let named = take_freshness(&state, &token, federation.now).unwrap();
    let waiting = offer(&named, tianjin(), &list, federation.now).unwrap();
    let head = federation.log_head();
    let own = cosign(&head, &federation.log_key, "self", federation.now).unwrap();
    let note = federation.log_note(&[]) + &own;
    let lines = federation.log[usize::try_from(waiting.log().size()).unwrap()..].to_vec();
    let state = read(&federation, &waiting, &note, &lines).unwrap();
    assert_eq!(state.held(tianjin()).unwrap().sequence, 1);
}

#[test]
fn a_new_log_key_goes_on_with_the_old_log() {
    let mut federation = federation();
    let state = federation.state();
    federation.log_key = SoftwareKey::generate(Algorithm::EdDsa).unwrap();
    let key = VerifierKey::new(LOG_ORIGIN, federation.log_key.public_key()).unwrap();
    federation.root.log.vkey = key.to_string();
    federation.root.sequence += 1;
    let state = take_root(&state, &federation.signed_root(), federation.now).unwrap();
    assert_eq!(federation.read_log(&state, &[]).log().size(), state.log().size());
    // Not with another one.
    federation.log[0].push(' ');
    let note = federation.log_note(&[]);
    assert_eq!(read(&federation, &state, &note, &[]).unwrap_err(), UpdateRefusal::SplitView);
}

#[test]
fn a_line_is_read_strictly_and_counts_whatever_it_says() {
    let federation = federation();
    let line = &federation.log[0];
    assert!(matches!(LogLeaf::parse(line), Ok(LogLeaf::List { sequence: 1, .. })));
    for bad in [
        line.replace("\"kind\":\"list\"", "\"kind\":\"news\""),
        line.replace("\"sequence\":1", "\"sequence\":1,\"sequence\":2"),
        line.replace("\"sequence\":1", "\"sequence\":1,\"more\":2"),
        String::new(),
    ] {
        assert!(LogLeaf::parse(&bad).is_err(), "{bad}");
    }
    // A line of a kind that nobody here knows is a leaf all the same.
    let mut federation = self::federation();
    federation.log = vec!["{\"kind\":\"news\"}".to_owned()];
    let bare = TrustState::pinned(Root::pinned(&federation.signed_root()).unwrap());
    let note = federation.log_note(&[]);
    assert_eq!(read(&federation, &bare, &note, &federation.log).unwrap().log().size(), 1);
}
