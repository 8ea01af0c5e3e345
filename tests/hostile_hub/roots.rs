//! Roots that no gateway may follow, and the one that makes good a stolen key.

use hutong::base::ListId;
use hutong::pki::Made;
use hutong::trust::{PinnedKey, RootDocument};
use serde_json::{Value, json};

use super::hub::name_of;
use super::stage::{
    HEBEI, Stage, TIANJIN, bytes, eventually, list_id, seal_by, seal_root_by, signing,
};
use super::wire::Answer;

const SECOND: &str = "/v1/root/2";

#[test]
fn tl_12_a_root_that_contradicts_itself_is_invalid() {
    let stage = Stage::alone();
    let payload = |bend: &dyn Fn(&mut Value)| {
        let mut root = serde_json::to_value(next(&stage)).expect("JSON");
        bend(&mut root);
        bytes(&root)
    };
    let threshold =
        |number: i64| payload(&|root: &mut Value| root["operators"]["threshold"] = json!(number));
    let more = payload(&|root: &mut Value| root["witnesses"]["quorum"] = json!(1));
    let idle = payload(&|root: &mut Value| root["emergency"]["threshold"] = json!(0));
    for root in [threshold(0), threshold(-1), threshold(6), more, idle] {
        let voters: Vec<&Made> = stage.operators.iter().collect();
        let root = seal_root_by(&root, &voters);
        stage.refuses("a contradiction", TIANJIN, "root-invalid", |stage| serve(stage, &root));
    }
}

#[test]
fn tl_24_a_root_signed_by_its_own_keys_alone_breaks_the_chain() {
    let stage = Stage::alone();
    let newcomers: Vec<Made> = (0..5).map(|n| signing(&format!("newcomer {n}"))).collect();
    let mut root = next(&stage);
    root.operators.keys = newcomers.iter().map(|made| PinnedKey::of(&made.certificate)).collect();
    let payload = root.to_payload().unwrap();
    let all: Vec<&Made> = newcomers.iter().collect();
    let two_old = [all.clone(), stage.operators.iter().take(2).collect()].concat();
    for voters in [all, two_old] {
        let root = seal_root_by(&payload, &voters);
        stage.refuses("newcomers", TIANJIN, "root-chain-broken", |stage| serve(stage, &root));
    }
    let old_alone = stage.seal_root(&root, &[0, 1, 2, 3, 4]);
    stage.refuses("without newcomers", TIANJIN, "threshold-not-met", |stage| {
        serve(stage, &old_alone);
    });
}

#[test]
fn tl_25_no_root_is_left_out() {
    let stage = Stage::alone();
    let mut third = next(&stage);
    third.sequence = 3;
    let third = stage.seal_root(&third, &[0, 1, 2]);
    stage.refuses("the third for the second", TIANJIN, "root-chain-broken", |stage| {
        serve(stage, &third);
    });
    stage.refuses("the third behind a gap", TIANJIN, "root-chain-broken", |stage| {
        let root = third.clone();
        stage.hub.script("/v1/root/3", move |_| Answer::found(root.clone()));
        let named = name_of(&third);
        let statement = stage.hub.statement(|draft| {
            draft.root = named;
            draft.root.sequence = 3;
        });
        stage.hub.say(statement);
    });
}

#[test]
fn tl_34_a_key_has_the_hash_that_names_it() {
    let stage = Stage::alone();
    let hebei = list_id(HEBEI);
    let other = PinnedKey::of(&signing("another").certificate);
    for bend in [
        (|root, other| root.operators.keys[3].spki_sha256 = other.spki_sha256)
            as fn(&mut RootDocument, &PinnedKey),
        |root, other| root.operators.keys[3].certificate_sha256 = other.certificate_sha256,
        |root, other| root.freshness.certificate.clone_from(&other.certificate),
    ] {
        let mut root = next(&stage);
        bend(&mut root, &other);
        let root = stage.seal_root(&root, &[0, 1, 2]);
        stage.refuses("a pin", TIANJIN, "root-invalid", |stage| serve(stage, &root));
    }
    // The right key signs, and shows another certificate.
    let own = stage.key(HEBEI, "list-signing");
    let shown = stage.key(TIANJIN, "list-signing").certificate;
    let liar = Made { certificate: shown, pkcs8: own.pkcs8.clone() };
    stage.refuses("another certificate shown", HEBEI, "wrong-signer", |stage| {
        let list = seal_by(&bytes(&stage.next(hebei)), &[&liar]);
        super::stage::push(stage, hebei, &list);
    });
    stage.refuses("one operator shown for another", TIANJIN, "threshold-not-met", |stage| {
        let [first, second, third, ..] = &stage.operators[..] else { panic!("five") };
        let certificate = first.certificate.clone();
        let liar = Made { certificate, pkcs8: third.pkcs8.clone() };
        let payload = bytes(&stage.next(ListId::Federation));
        let list = seal_by(&payload, &[first, second, &liar]);
        super::stage::push(stage, ListId::Federation, &list);
    });
}

#[test]
fn tl_45_a_new_root_ends_what_a_stolen_freshness_key_said() {
    let stage = Stage::alone();
    let before = stage.count(TIANJIN, TIANJIN, "list-rollback");
    stage.publish_next(HEBEI);
    let honest = stage.hub.said();
    let highest = stage.hub.statement(|draft| draft.sequence = (1 << 53) - 1);
    stage.hub.say(highest);
    let hits = stage.hub.hits("/v1/freshness");
    eventually("the thief's statement is taken", || stage.hub.hits("/v1/freshness") > hits + 2);
    stage.hub.say(honest);
    eventually("honest statements are shut out, and that is told", || {
        stage.count(TIANJIN, TIANJIN, "list-rollback") > before
    });
    let successor = signing("the next freshness");
    let mut root = next(&stage);
    root.freshness = PinnedKey::of(&successor.certificate);
    let root = stage.seal_root(&root, &[0, 1, 2]);
    stage.hub.state_with(&successor);
    stage.hub.publish_root(&root);
    stage.goes_on("the new root");
    let held = stage.everything(TIANJIN);
    assert_eq!(held[5][0], json!(200), "the second root is held: {held:?}");
}

#[test]
fn tl_47_one_operator_in_two_certificates_counts_once() {
    let stage = Stage::alone();
    let [first, second, ..] = &stage.operators[..] else { panic!("five operators") };
    let again = recertified(first);
    assert_ne!(again.certificate.digest(), first.certificate.digest());
    stage.refuses("a list", TIANJIN, "threshold-not-met", |stage| {
        let payload = bytes(&stage.next(ListId::Federation));
        let list = seal_by(&payload, &[first, &again, second]);
        super::stage::push(stage, ListId::Federation, &list);
    });
    let root = next(&stage).to_payload().unwrap();
    let root = seal_root_by(&root, &[first, &again, second]);
    stage.refuses("a root", TIANJIN, "root-chain-broken", |stage| serve(stage, &root));
}

/// The next root, in which nothing changes.
pub(crate) fn next(stage: &Stage) -> RootDocument {
    let mut root = stage.hub.root();
    root.sequence += 1;
    root
}

fn serve(stage: &Stage, root: &[u8]) {
    let root = root.to_vec();
    stage.hub.script(SECOND, move |_| Answer::found(root.clone()));
}

/// The same key in another certificate.
fn recertified(made: &Made) -> Made {
    let pair = rcgen::KeyPair::try_from(made.pkcs8.as_slice()).unwrap();
    let params = rcgen::CertificateParams::new(Vec::<String>::new()).unwrap();
    let certificate = params.self_signed(&pair).unwrap();
    let certificate = hutong::crypto::x509::Certificate::parse(certificate.der()).unwrap();
    Made { certificate, pkcs8: made.pkcs8.clone() }
}
