//! Roots: how one follows from another, and what a new one makes good.

use std::time::Duration;

use super::super::testing::Identity;
use super::super::{PinnedKey, Root, Threshold, UpdateRefusal};
use super::*;
use crate::base::Code;
use crate::crypto::jws::GeneralJws;

fn pinned_refusal(federation: &Federation) -> UpdateRefusal {
    Root::pinned(&federation.signed_root()).unwrap_err()
}

#[test]
fn tl_12_a_root_that_contradicts_itself_is_refused() {
    for threshold in [0, 6, u32::MAX] {
        let mut federation = federation();
        federation.root.operators.threshold = threshold;
        assert_eq!(pinned_refusal(&federation), UpdateRefusal::RootInvalid, "{threshold}");
        let mut honest = self::federation();
        let state = honest.state();
        honest.root.sequence = 2;
        honest.root.operators.threshold = threshold;
        let outcome = take_root(&state, &honest.signed_root(), honest.now);
        assert_eq!(outcome.unwrap_err().code(), Code::RootInvalid, "{threshold}");
    }
    let federation = federation();
    let payload = String::from_utf8(federation.root.to_payload().unwrap()).unwrap();
    let negative = payload.replace("\"threshold\":3", "\"threshold\":-1");
    assert_ne!(negative, payload);
    let bytes = GeneralJws::unsigned(negative.into_bytes());
    let bytes = String::from_utf8(bytes.to_bytes().unwrap()).unwrap();
    let vote = r#"[{"protected":"e30","signature":"AA"}]"#;
    let bytes = bytes.replace("[]", vote);
    assert_eq!(Root::pinned(bytes.as_bytes()).unwrap_err(), UpdateRefusal::RootInvalid);
}

#[test]
fn tl_12_other_contradictions() {
    let breaks: [fn(&mut Federation); 15] = [
        |federation| federation.root.sequence = 0,
        |federation| federation.root.sequence = 1 << 53,
        |federation| federation.root.sequence = u64::MAX,
        |federation| federation.root.federation = "urn:elicence:list:another".to_owned(),
        |federation| federation.root.log.origin = "another.log".to_owned(),
        |federation| federation.root.log.vkey = federation.root.log.vkey.to_uppercase(),
        |federation| federation.root.witnesses.vkeys = vec!["witness".to_owned()],
        |federation| federation.root.witnesses.vkeys = vec![federation.root.log.vkey.clone()],
        |federation| {
            // One witness under two names.
            let vkey = federation.province(TIANJIN).witness_vkey();
            federation.root.witnesses.vkeys = vec![vkey.clone(), vkey];
            federation.root.witnesses.quorum = 2;
        },
        |federation| federation.root.emergency.threshold = 0,
        |federation| federation.root.witnesses.quorum = 1,
        |federation| federation.root.document_type = "urn:elicence:root:2".to_owned(),
        |federation| federation.root.hub.url = "http://127.0.0.1".to_owned(),
        |federation| federation.root.operators.keys[4] = federation.root.operators.keys[0].clone(),
        |federation| federation.root.freshness = federation.root.operators.keys[0].clone(),
    ];
    for make_wrong in breaks {
        let mut federation = federation();
        make_wrong(&mut federation);
        assert_eq!(pinned_refusal(&federation), UpdateRefusal::RootInvalid);
    }
}

#[test]
fn tl_34_a_pinned_key_is_what_its_digests_say() {
    let mut federation = federation();
    let other = PinnedKey::of(&Identity::leaf("other", federation.now).certificate);
    federation.root.operators.keys[3].spki_sha256 = other.spki_sha256;
    assert_eq!(pinned_refusal(&federation), UpdateRefusal::RootInvalid);
    let mut federation = self::federation();
    federation.root.freshness.certificate_sha256 = other.certificate_sha256;
    assert_eq!(pinned_refusal(&federation), UpdateRefusal::RootInvalid);
    let mut federation = self::federation();
    federation.root.freshness.certificate = other.certificate;
    assert_eq!(pinned_refusal(&federation), UpdateRefusal::RootInvalid);
}

#[test]
fn tl_24_a_root_needs_the_old_threshold_and_its_own() {
    let mut federation = federation();
    let state = federation.state();
    let newcomers: Vec<Identity> =
        (6..=10).map(|n| Identity::leaf(&format!("operator {n}"), federation.now)).collect();
    let keys = newcomers.iter().map(|operator| PinnedKey::of(&operator.certificate)).collect();
    federation.root.operators = Threshold { threshold: 3, keys };
    federation.root.sequence = 2;
    let old: Vec<&Identity> = federation.operators.iter().take(3).collect();
    let new: Vec<&Identity> = newcomers.iter().take(3).collect();
    for (signers, expected) in [
        (new.clone(), UpdateRefusal::RootChainBroken),
        ([&old[..2], &new[..]].concat(), UpdateRefusal::RootChainBroken),
        (old.clone(), UpdateRefusal::ThresholdNotMet),
        ([&old[..], &new[..2]].concat(), UpdateRefusal::ThresholdNotMet),
    ] {
        let root = federation.root_signed_by(&signers);
        assert_eq!(take_root(&state, &root, federation.now).unwrap_err(), expected);
    }
    let both = federation.root_signed_by(&[old, new].concat());
    let next = take_root(&state, &both, federation.now).unwrap();
    assert_eq!(next.root().document().sequence, 2);
    assert!(next.freshness().is_some(), "the freshness key is the same");
}

#[test]
fn tl_25_roots_come_one_by_one() {
    let mut federation = federation();
    let state = federation.state();
    for sequence in [1, 3, 4, u64::MAX >> 11] {
        federation.root.sequence = sequence;
        let root = federation.signed_root();
        assert_eq!(
            take_root(&state, &root, federation.now).unwrap_err().code(),
            Code::RootChainBroken,
            "{sequence}"
        );
    }
}

#[test]
fn tl_45_a_new_root_recovers_from_a_stolen_freshness_key() {
    let mut federation = federation();
    let state = federation.state();
    let mut draft = federation.freshness_draft();
    draft.sequence = (1 << 53) - 1;
    let stolen = draft.sign(&federation.freshness_key.key, federation.now).unwrap();
    let jammed = take_freshness(&state, &stolen, federation.now).unwrap();
    let honest = federation.freshness();
    assert_eq!(
        take_freshness(&jammed, &honest, federation.now).unwrap_err(),
        UpdateRefusal::Rollback
    );
    federation.freshness_key = Identity::leaf("freshness 2", federation.now);
    federation.root.freshness = PinnedKey::of(&federation.freshness_key.certificate);
    federation.root.sequence = 2;
    let replaced = take_root(&jammed, &federation.signed_root(), federation.now).unwrap();
    assert!(replaced.freshness().is_none());
    assert_eq!(
        take_freshness(&replaced, &stolen, federation.now).unwrap_err(),
        UpdateRefusal::WrongSigner
    );
    let recovered = federation.refresh(&replaced);
    assert!(recovered.is_current(tianjin()));
}

#[test]
fn an_ended_root_takes_no_more_statements_and_a_lower_one_named_is_an_alarm() {
    let mut federation = federation();
    let state = federation.state();
    let mut draft = federation.freshness_draft();
    draft.root.sequence = 0;
    let token = draft.sign(&federation.freshness_key.key, federation.now).unwrap();
    let accepted = state.accept(Update::Freshness(&token), federation.now).unwrap();
    assert_eq!(
        accepted.alarms.iter().map(|alarm| alarm.code).collect::<Vec<_>>(),
        [Code::ListRollback]
    );
    federation.now = federation.root.expires - Duration::from_secs(1);
    let token = federation.freshness();
    assert!(take_freshness(&state, &token, federation.now).is_ok());
    assert_eq!(
        take_freshness(&state, &token, federation.root.expires).unwrap_err(),
        UpdateRefusal::RootInvalid
    );
}
