//! Lists and freshness statements that must be kept out.

use std::time::Duration;

use super::super::testing::{Identity, list_id, seal_with};
use super::super::{
    FreshnessDraft, LogHead, PreviousList, Root, TrustState, Update, UpdateRefusal,
};
use super::*;
use crate::base::{Code, limits};
use crate::crypto::Digest;
use crate::crypto::jws::{GeneralJws, Header, Typ, Vote, sign_compact};

#[test]
fn tl_01_a_lower_sequence_is_a_rollback() {
    let mut federation = federation();
    let first = federation.state();
    let old = federation.served(tianjin()).to_vec();
    let old_token = federation.freshness();
    federation.publish(tianjin());
    let second = federation.refresh(&first);
    assert_eq!(second.held(tianjin()).unwrap().sequence, 2);
    assert_eq!(
        offer(&second, tianjin(), &old, federation.now).unwrap_err(),
        UpdateRefusal::Rollback
    );
    assert_eq!(
        take_freshness(&second, &old_token, federation.now).unwrap_err().code(),
        Code::ListRollback
    );
    // A statement with a new number that names the old list is the same attack.
    federation.announce(tianjin(), &old);
    let token = federation.freshness();
    assert_eq!(
        take_freshness(&second, &token, federation.now).unwrap_err(),
        UpdateRefusal::Rollback
    );
}

#[test]
fn tl_02_the_same_sequence_with_other_bytes_is_an_equivocation() {
    let mut federation = federation();
    let state = federation.state();
    let mut draft = federation.draft(tianjin());
    draft.sequence = 1;
    draft.previous = PreviousList::none();
    draft.next_update = draft.next_update + Duration::from_secs(1);
    let twin = federation.seal(draft);
    assert_eq!(
        offer(&state, tianjin(), &twin, federation.now).unwrap_err(),
        UpdateRefusal::Equivocation
    );
    assert_eq!(
        announce_and_offer(&mut federation, &state, tianjin(), &twin).unwrap_err(),
        UpdateRefusal::Equivocation
    );
}

#[test]
fn tl_02_a_freshness_number_means_one_statement() {
    let mut federation = federation();
    let state = federation.state();
    let draft = federation.freshness_draft();
    let first = draft.clone().sign(&federation.freshness_key.key, federation.now).unwrap();
    let state = take_freshness(&state, &first, federation.now).unwrap();
    assert!(take_freshness(&state, &first, federation.now).is_ok(), "a repetition is harmless");
    let other = FreshnessDraft { log: LogHead { size: 5, root: Digest::of("other") }, ..draft };
    let second = other.sign(&federation.freshness_key.key, federation.now).unwrap();
    assert_eq!(
        take_freshness(&state, &second, federation.now).unwrap_err().code(),
        Code::ListEquivocation
    );
}

#[test]
fn tl_04_a_list_other_than_the_one_named_is_a_mismatch() {
    let mut federation = federation();
    let state = federation.state();
    let second = federation.publish(tianjin());
    let third = federation.publish(tianjin());
    let token = federation.freshness();
    let state = take_freshness(&state, &token, federation.now).unwrap();
    assert_eq!(
        offer(&state, tianjin(), &second, federation.now).unwrap_err(),
        UpdateRefusal::SnapshotMismatch
    );
    assert!(offer(&state, tianjin(), &third, federation.now).is_ok());
    let mut draft = federation.freshness_draft();
    for (_, named) in &mut draft.lists {
        named.bytes += 1;
    }
    let token = draft.sign(&federation.freshness_key.key, federation.now).unwrap();
    let state = take_freshness(&state, &token, federation.now).unwrap();
    assert_eq!(
        offer(&state, tianjin(), &third, federation.now).unwrap_err().code(),
        Code::SnapshotMismatch
    );
}

#[test]
fn tl_05_a_statement_ends_after_five_minutes_and_does_not_begin_ahead() {
    let mut federation = federation();
    let state = federation.state();
    let token = federation.freshness();
    let at = |seconds| federation.now + Duration::from_secs(seconds);
    assert!(take_freshness(&state, &token, at(299)).is_ok());
    assert_eq!(take_freshness(&state, &token, at(300)).unwrap_err(), UpdateRefusal::Freeze);
    let ahead = |seconds| federation.now - Duration::from_secs(seconds);
    assert!(take_freshness(&state, &token, ahead(60)).is_ok());
    assert_eq!(
        take_freshness(&state, &token, ahead(61)).unwrap_err().code(),
        Code::ListNotYetValid
    );
}

#[test]
fn tl_05_07_a_statement_lives_as_long_as_any_and_its_number_is_one_that_all_readers_keep() {
    let mut federation = federation();
    let state = federation.state();
    let honest = federation.freshness();
    let claims = crate::crypto::jws::Compact::parse(&honest).unwrap();
    let claims: serde_json::Value = serde_json::from_slice(claims.unverified_payload()).unwrap();
    let iat = claims["iat"].as_i64().unwrap();
    let key = &federation.freshness_key.key;
    for (member, value, outcome) in [
        ("sequence", 2_u64.into(), Ok(())),
        ("sequence", ((1_u64 << 53) - 1).into(), Ok(())),
        ("sequence", (1_u64 << 53).into(), Err(UpdateRefusal::Malformed)),
        ("sequence", (-1_i64).into(), Err(UpdateRefusal::Malformed)),
        ("exp", (iat + 300).into(), Ok(())),
        ("exp", (iat + 301).into(), Err(UpdateRefusal::Malformed)),
        ("exp", 253_402_300_799_i64.into(), Err(UpdateRefusal::Malformed)),
    ] {
        let mut changed = claims.clone();
        let what = format!("{member} {value}");
        changed[member] = value;
        let token = sign_compact(key, Header::new(Typ::Freshness), &changed).unwrap();
        let taken = take_freshness(&state, &token, federation.now).map(|_| ());
        assert_eq!(taken, outcome, "{what}");
    }
}

#[test]
fn tl_07_a_sequence_may_not_run_ahead() {
    let mut federation = federation();
    let state = federation.state();
    for (sequence, expected) in [
        (1_001, Ok(1_001)),
        (1_002, Err(UpdateRefusal::SequenceJump)),
        ((1 << 53) - 1, Err(UpdateRefusal::SequenceJump)),
    ] {
        let mut draft = federation.draft(tianjin());
        draft.sequence = sequence;
        let list = federation.seal(draft);
        let outcome = announce_and_offer(&mut federation, &state, tianjin(), &list);
        assert_eq!(outcome.map(|state| state.held(tianjin()).unwrap().sequence), expected);
        let first = state.held(tianjin()).unwrap();
        assert_eq!(first.sequence, 1, "the state that was held is as it was");
    }
}

#[test]
fn tl_07_sequences_that_readers_disagree_on_are_malformed() {
    let mut federation = federation();
    let state = federation.state();
    for sequence in ["9007199254740992", "9223372036854775807", "0", "-1", "2.0", "\"2\"", "1e1"] {
        let to = format!("\"LoTESequenceNumber\":{sequence}");
        let list = resealed(&federation, tianjin(), "\"LoTESequenceNumber\":2", &to);
        assert_eq!(
            offer(&state, tianjin(), &list, federation.now).unwrap_err(),
            UpdateRefusal::Malformed,
            "{sequence}"
        );
    }
}

#[test]
fn tl_09_two_operators_are_not_three() {
    let mut federation = federation();
    let state = federation.state();
    let payload = federation.draft(ListId::Federation).to_payload().unwrap();
    let sealed = |signers: &[&Identity]| seal_with(&payload, signers, federation.now);
    let strangers = [TIANJIN, HEBEI, "440000"].map(|code| &federation.province(code).list);
    let operators: Vec<&Identity> = federation.operators.iter().collect();
    let too_few = [
        sealed(&operators[..1]),
        sealed(&operators[..2]),
        sealed(&strangers),
        sealed(&[&operators[..2], &strangers].concat()),
    ];
    let enough = sealed(&operators[2..]);
    for list in too_few {
        assert_eq!(
            announce_and_offer(&mut federation, &state, ListId::Federation, &list).unwrap_err(),
            UpdateRefusal::ThresholdNotMet
        );
    }
    assert!(announce_and_offer(&mut federation, &state, ListId::Federation, &enough).is_ok());
}

#[test]
fn tl_47_one_operator_in_two_certificates_counts_once() {
    let mut federation = federation();
    let state = federation.state();
    let payload = federation.draft(ListId::Federation).to_payload().unwrap();
    let again = federation.operators[0].recertified("operator 1 again", federation.now);
    let signers = [&federation.operators[0], &again, &federation.operators[1]];
    let list = seal_with(&payload, &signers, federation.now);
    assert_eq!(
        announce_and_offer(&mut federation, &state, ListId::Federation, &list).unwrap_err().code(),
        Code::ThresholdNotMet
    );
}

#[test]
fn tl_13_a_list_that_has_ended_or_not_begun_is_not_taken_up() {
    let mut federation = federation();
    let day = Duration::from_hours(24);
    let now = federation.now;
    for (issued, next_update, expected) in [
        (now - 15 * day, now - day, UpdateRefusal::Expired),
        (now - day, now, UpdateRefusal::Expired),
        (now + Duration::from_secs(61), now + day, UpdateRefusal::NotYetValid),
        (now, now, UpdateRefusal::Malformed),
        (now, now + 90 * day + Duration::from_secs(1), UpdateRefusal::Malformed),
        (now - 80 * day, now + 11 * day, UpdateRefusal::Malformed),
    ] {
        let root = Root::pinned(&federation.signed_root()).unwrap();
        let mut draft = federation.draft(ListId::Federation);
        (draft.issued, draft.next_update) = (issued, next_update);
        let list = federation.seal(draft);
        let fresh = TrustState::pinned(root);
        let outcome = announce_and_offer(&mut federation, &fresh, ListId::Federation, &list);
        assert_eq!(outcome.unwrap_err(), expected);
    }
}

#[test]
fn tl_13_a_provincial_list_lives_no_longer_than_its_kind() {
    let mut federation = federation();
    let day = Duration::from_hours(24);
    let state = federation.state();
    for (life, outcome) in [(14 * day, Ok(())), (15 * day, Err(UpdateRefusal::Malformed))] {
        let mut draft = federation.draft(tianjin());
        draft.next_update = draft.issued + life;
        let list = federation.seal(draft);
        let taken = announce_and_offer(&mut federation, &state, tianjin(), &list).map(drop);
        assert_eq!(taken, outcome);
    }
}

#[test]
fn tl_15_16_too_many_bytes_are_not_read() {
    let mut federation = federation();
    let state = federation.state();
    let huge = vec![b' '; limits::TRUST_LIST_BYTES + 1];
    assert_eq!(
        offer(&state, tianjin(), &huge, federation.now).unwrap_err(),
        UpdateRefusal::TooLarge
    );
    let long_token = "a".repeat(limits::FRESHNESS_BYTES + 1);
    assert_eq!(
        take_freshness(&state, &long_token, federation.now).unwrap_err(),
        UpdateRefusal::TooLarge
    );
    let huge_root = vec![b' '; limits::ROOT_BYTES + 1];
    assert_eq!(take_root(&state, &huge_root, federation.now).unwrap_err().code(), Code::TooLarge);
}

#[test]
fn tl_19_truncated_and_trailing_bytes_are_malformed() {
    let mut federation = federation();
    let state = federation.state();
    let good = federation.seal(federation.draft(tianjin()));
    let payload = payload_of(&good);
    let signers = list_signers(&federation, tianjin());
    let sealed = |payload: &[u8]| seal_with(payload, &signers, federation.now);
    for bytes in [
        good[..good.len() - 1].to_vec(),
        [&good[..], b"{}"].concat(),
        [&good[..], b"x"].concat(),
        sealed(&payload[..payload.len() - 1]),
        sealed(&[&payload[..], b"{}"].concat()),
        sealed(b""),
        sealed(b"null"),
        Vec::new(),
    ] {
        assert_eq!(
            offer(&state, tianjin(), &bytes, federation.now).unwrap_err(),
            UpdateRefusal::Malformed
        );
    }
    let twice = resealed(&federation, tianjin(), "{\"LoTE\":", "{\"LoTE\":1,\"LoTE\":");
    assert_eq!(
        offer(&state, tianjin(), &twice, federation.now).unwrap_err(),
        UpdateRefusal::DuplicateMember
    );
}

#[test]
fn tl_20_23_only_the_provinces_list_key_signs_its_list() {
    let mut federation = federation();
    let state = federation.state();
    let payload = federation.draft(tianjin()).to_payload().unwrap();
    let own = federation.province(TIANJIN);
    let lists = [
        (&federation.province(HEBEI).list, UpdateRefusal::WrongSigner),
        (&federation.province(HEBEI).tls, UpdateRefusal::WrongSigner),
        (&federation.operators[0], UpdateRefusal::WrongSigner),
        (&federation.freshness_key, UpdateRefusal::WrongSigner),
        (&own.tls, UpdateRefusal::WrongKeyUsage),
        (&own.gateway, UpdateRefusal::WrongKeyUsage),
        (&own.issuer, UpdateRefusal::WrongKeyUsage),
    ]
    .map(|(signer, expected)| (seal_with(&payload, &[signer], federation.now), expected));
    for (list, expected) in lists {
        let outcome = announce_and_offer(&mut federation, &state, tianjin(), &list);
        assert_eq!(outcome.unwrap_err(), expected);
    }
}

#[test]
fn tl_28_36_a_list_is_the_one_that_was_asked_for() {
    let mut federation = federation();
    let state = federation.state();
    let list = federation.publish(tianjin());
    let token = federation.freshness();
    let state = take_freshness(&state, &token, federation.now).unwrap();
    for id in [list_id(HEBEI), ListId::Federation] {
        assert_eq!(
            offer(&state, id, &list, federation.now).unwrap_err(),
            UpdateRefusal::IdNotCanonical
        );
    }
    for name in ["../../../etc/x", "%2e%2e%2f", "12000\\u0000", "1200000", "１20000", "Federation"]
    {
        let to = format!("urn:elicence:list:{name}");
        let list = resealed(&federation, tianjin(), "urn:elicence:list:120000", &to);
        assert_eq!(
            offer(&state, tianjin(), &list, federation.now).unwrap_err().code(),
            Code::IdNotCanonical,
            "{name}"
        );
    }
    assert_eq!(
        offer(&state, list_id("990000"), &list, federation.now).unwrap_err(),
        UpdateRefusal::SnapshotMismatch,
        "a list that no statement names is not asked for"
    );
}

#[test]
fn tl_29_another_kind_of_document_under_the_right_key_is_refused() {
    let mut federation = federation();
    let state = federation.state();
    let payload = federation.draft(tianjin()).to_payload().unwrap();
    for typ in [Typ::StatusList, Typ::Root, Typ::Licence] {
        let mut document = GeneralJws::unsigned(payload.clone());
        let key = &federation.province(TIANJIN).list.key;
        document.add(Vote::cast(key, Header::new(typ), &payload).unwrap());
        let bytes = document.to_bytes().unwrap();
        let outcome = announce_and_offer(&mut federation, &state, tianjin(), &bytes);
        assert_eq!(outcome.unwrap_err(), UpdateRefusal::WrongTyp);
    }
    let list = resealed(&federation, tianjin(), "list-type:province", "list-type:federation");
    assert_eq!(offer(&state, tianjin(), &list, federation.now).unwrap_err().code(), Code::WrongTyp);
}

#[test]
fn tl_39_no_list_is_taken_without_a_statement_under_the_roots_key() {
    let mut federation = federation();
    let state = federation.state();
    let bare = TrustState::pinned(Root::pinned(&federation.signed_root()).unwrap());
    let list = federation.served(ListId::Federation);
    assert_eq!(
        offer(&bare, ListId::Federation, list, federation.now).unwrap_err(),
        UpdateRefusal::SnapshotMismatch
    );
    let draft = federation.freshness_draft();
    let province = federation.province(TIANJIN);
    for signer in [&province.list, &province.gateway, &federation.operators[0]] {
        let token = draft.clone().sign(&signer.key, federation.now).unwrap();
        assert_eq!(
            take_freshness(&state, &token, federation.now).unwrap_err().code(),
            Code::WrongSigner
        );
    }
    let key = &federation.freshness_key.key;
    let token = sign_compact(key, Header::new(Typ::Request), &serde_json::json!({})).unwrap();
    assert_eq!(
        take_freshness(&state, &token, federation.now).unwrap_err(),
        UpdateRefusal::WrongTyp
    );
    let mut twice = draft;
    twice.lists.push(twice.lists[0]);
    let token = twice.sign(key, federation.now).unwrap();
    assert_eq!(
        take_freshness(&state, &token, federation.now).unwrap_err(),
        UpdateRefusal::Conflict
    );
}

#[test]
fn tl_44_fd_14_a_list_key_does_not_change_behind_its_holders_back() {
    let mut federation = federation();
    let state = federation.state();
    let stolen = Identity::leaf("not Tianjin's", federation.now);
    let honest = std::mem::replace(&mut federation.province_mut(TIANJIN).list, stolen);
    // The hub alone: a provincial list under another key.
    let list = federation.seal(federation.draft(tianjin()));
    assert_eq!(
        announce_and_offer(&mut federation, &state, tianjin(), &list).unwrap_err(),
        UpdateRefusal::WrongSigner
    );
    // The hub and three operators: a federation list that names the other key.
    let changed = federation.seal(federation.draft(ListId::Federation));
    assert_eq!(
        announce_and_offer(&mut federation, &state, ListId::Federation, &changed)
            .unwrap_err()
            .code(),
        Code::MemberKeyUnproven
    );
    federation.province_mut(TIANJIN).list = honest;
    let mut draft = federation.draft(tianjin());
    draft.sequence = 2;
    draft.previous = {
        let held = state.held(tianjin()).unwrap();
        PreviousList { sequence: held.sequence, sha256: held.sha256 }
    };
    let list = federation.seal(draft);
    let kept = announce_and_offer(&mut federation, &state, tianjin(), &list);
    assert!(kept.is_ok(), "the old key stays in force");
}

#[test]
fn tl_44_a_member_is_not_dropped_to_come_back_with_another_key() {
    let mut federation = federation();
    let state = federation.state();
    let mut draft = federation.draft(ListId::Federation);
    draft.entities.remove(0);
    let list = federation.seal(draft);
    assert_eq!(
        announce_and_offer(&mut federation, &state, ListId::Federation, &list).unwrap_err(),
        UpdateRefusal::MemberKeyUnproven
    );
}

#[test]
fn the_next_list_follows_from_the_one_held() {
    let mut federation = federation();
    let state = federation.state();
    let previous = federation.draft(tianjin()).previous;
    for wrong in [
        PreviousList { sha256: Digest::of("another history"), ..previous },
        PreviousList { sequence: 0, ..previous },
        PreviousList::none(),
    ] {
        let draft = compose_with(&federation, wrong);
        assert_eq!(
            offer(&state, tianjin(), &draft, federation.now).unwrap_err(),
            UpdateRefusal::Fork
        );
    }
    let good = federation.publish(tianjin());
    let token = federation.freshness();
    let state = take_freshness(&state, &token, federation.now).unwrap();
    let accepted = state.accept(Update::List { id: tianjin(), bytes: &good }, federation.now);
    assert_eq!(accepted.unwrap().alarms, []);
}

fn compose_with(federation: &Federation, previous: PreviousList) -> Vec<u8> {
    let mut draft = federation.draft(tianjin());
    draft.previous = previous;
    federation.seal(draft)
}
