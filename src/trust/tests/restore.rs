//! What a node held, it holds again after a restart; what somebody changed meanwhile, it refuses.

use std::collections::BTreeMap;

use super::super::testing::Identity;
use super::super::{PinnedKey, Root, StoredDocument, Threshold};
use super::*;

/// Keeps one document of each kind and identifier, as a store does, and never a lower number.
#[derive(Default)]
struct Store(BTreeMap<(DocumentKind, String), StoredDocument>);

impl Store {
    fn keep(&mut self, state: &TrustState) {
        for document in state.documents() {
            let key = (document.kind, document.id.clone());
            let held = self.0.get(&key).map_or(0, |held| held.sequence);
            assert!(document.sequence >= held, "{key:?} would go back");
            self.0.insert(key, document);
        }
    }

    fn documents(&self) -> Vec<StoredDocument> {
        self.0.values().cloned().collect()
    }
}

/// The lines of the log that `state` has read.
fn lines(federation: &Federation, state: &TrustState) -> Vec<String> {
    federation.log[..usize::try_from(state.log().size()).unwrap()].to_vec()
}

fn pinned(federation: &Federation) -> Root {
    Root::pinned(&federation.signed_root()).unwrap()
}

#[test]
fn a_restored_state_equals_the_one_that_was_held() {
    let mut federation = federation();
    let root = pinned(&federation);
    let state = federation.state();
    federation.publish(tianjin());
    let state = federation.refresh(&state);
    let mut documents = state.documents();
    assert_eq!(documents.len(), 8);
    let restored =
        TrustState::restore(root.clone(), &documents, &lines(&federation, &state)).unwrap();
    assert_eq!(contents(&restored), contents(&state));
    assert!(restored.is_current(ListId::Federation) && restored.is_current(tianjin()));
    documents.reverse();
    let restored = TrustState::restore(root, &documents, &lines(&federation, &state)).unwrap();
    assert_eq!(contents(&restored), contents(&state), "in any order");
}

#[test]
fn a_tampered_document_is_refused() {
    let mut federation = federation();
    let root = pinned(&federation);
    let mut state = federation.state();
    federation.root.sequence = 2;
    state = take_root(&state, &federation.signed_root(), federation.now).unwrap();
    let documents = state.documents();
    for (index, document) in documents.iter().enumerate().skip(1) {
        let middle = document.text.len() / 2;
        let byte = if document.text.as_bytes()[middle] == b'A' { "B" } else { "A" };
        let mut tampered = documents.clone();
        tampered[index].text.replace_range(middle..=middle, byte);
        let outcome = TrustState::restore(root.clone(), &tampered, &lines(&federation, &state));
        assert!(outcome.is_err(), "{:?} {}", document.kind, document.id);
    }
    let mut swapped = documents.clone();
    swapped[4].text.clone_from(&documents[5].text);
    assert!(
        TrustState::restore(root.clone(), &swapped, &lines(&federation, &state)).is_err(),
        "one list under another's name"
    );
    let mut orphan = documents;
    orphan.retain(|document| document.id != "federation");
    assert!(
        TrustState::restore(root, &orphan, &lines(&federation, &state)).is_err(),
        "a list without who may sign it"
    );
}

#[test]
fn lines_of_the_log_that_no_head_signs_are_refused() {
    let mut federation = federation();
    let root = pinned(&federation);
    let state = federation.state();
    let documents = state.documents();
    let mut lines = lines(&federation, &state);
    assert!(TrustState::restore(root.clone(), &documents, &lines).is_ok());
    lines.push("{\"kind\":\"news\"}".to_owned());
    let more = TrustState::restore(root.clone(), &documents, &lines);
    assert_eq!(more.unwrap_err(), UpdateRefusal::SplitView);
    let fewer = TrustState::restore(root.clone(), &documents, &lines[..2]);
    assert_eq!(fewer.unwrap_err(), UpdateRefusal::SplitView);
    let headless: Vec<StoredDocument> = documents
        .into_iter()
        .filter(|document| document.kind != DocumentKind::Checkpoint)
        .collect();
    assert!(TrustState::restore(root, &headless, &lines[..4]).is_err());
}

#[test]
fn another_pinned_root_does_not_take_over_what_was_held() {
    let mut federation = federation();
    let state = federation.state();
    let documents = state.documents();
    let stranger = self::federation();
    assert!(
        TrustState::restore(pinned(&stranger), &documents, &lines(&federation, &state)).is_err()
    );
}

#[test]
fn tl_45_a_restart_after_changes_of_the_root_restores_what_was_held() {
    let mut federation = federation();
    let root = pinned(&federation);
    let mut store = Store::default();
    let mut state = federation.state();
    store.keep(&state);
    let mut draft = federation.freshness_draft();
    draft.sequence = (1 << 53) - 1;
    let stolen = draft.sign(&federation.freshness_key.key, federation.now).unwrap();
    state = take_freshness(&state, &stolen, federation.now).unwrap();
    store.keep(&state);
    for sequence in [2, 3] {
        federation.freshness_key = Identity::leaf("freshness", federation.now);
        federation.root.freshness = PinnedKey::of(&federation.freshness_key.certificate);
        federation.root.sequence = sequence;
        state = take_root(&state, &federation.signed_root(), federation.now).unwrap();
        store.keep(&state);
        let restored =
            TrustState::restore(root.clone(), &store.documents(), &lines(&federation, &state))
                .unwrap();
        assert_eq!(contents(&restored), contents(&state));
        assert!(restored.freshness().is_none());
        state = federation.refresh(&state);
        store.keep(&state);
        let restored =
            TrustState::restore(root.clone(), &store.documents(), &lines(&federation, &state))
                .unwrap();
        assert_eq!(contents(&restored), contents(&state));
    }
}

#[test]
fn a_list_signed_by_operators_of_an_earlier_root_is_restored_and_not_taken_anew() {
    let mut federation = federation();
    let root = pinned(&federation);
    let state = federation.state();
    let newcomers: Vec<Identity> =
        (6..=10).map(|n| Identity::leaf(&format!("operator {n}"), federation.now)).collect();
    let keys = newcomers.iter().map(|operator| PinnedKey::of(&operator.certificate)).collect();
    federation.root.operators = Threshold { threshold: 3, keys };
    federation.root.sequence = 2;
    let signers: Vec<&Identity> =
        federation.operators.iter().take(3).chain(newcomers.iter().take(3)).collect();
    let state = take_root(&state, &federation.root_signed_by(&signers), federation.now).unwrap();
    let restored =
        TrustState::restore(root, &state.documents(), &lines(&federation, &state)).unwrap();
    assert_eq!(contents(&restored), contents(&state));
    let by_old_operators = federation.seal(federation.draft(ListId::Federation));
    let outcome =
        announce_and_offer(&mut federation, &restored, ListId::Federation, &by_old_operators);
    assert_eq!(outcome.unwrap_err(), UpdateRefusal::ThresholdNotMet);
}
