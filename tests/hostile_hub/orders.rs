//! Orders that the hub holds back or makes up, lists that nobody witnessed, and time that passes
//! while the hub says nothing new.

use std::sync::Arc;
use std::time::Duration;

use hutong::base::{Clock, ManualClock, Timestamp, limits};
use hutong::crypto::Digest;
use hutong::crypto::note::{AddCheckpoint, WitnessKey};
use hutong::crypto::{PublicKey, Signer as _};
use hutong::pki::Made;
use hutong::trust::{SuspensionClaims, Witnesses, order_vote};
use serde_json::{Value, json};

use super::common::{answered, now};
use super::hub::LOG;
use super::raw;
use super::stage::{GUANGDONG, HEBEI, Stage, TIANJIN, eventually, list_id, member, push, sealed};
use super::wire::Answer;

#[test]
fn tl_05_a_frozen_hub_is_flagged_and_at_last_not_believed() {
    let began = now();
    let clock = Arc::new(ManualClock::at(began));
    let mut stage = Stage::founded_under(Arc::clone(&clock) as Arc<dyn Clock>, &[TIANJIN, HEBEI]);
    stage.start(TIANJIN);
    stage.settle();
    let frozen = stage.hub.said();
    let degraded = |stage: &Stage| stage.readiness(TIANJIN).body["degraded"].clone();
    assert_eq!(degraded(&stage), json!([]));
    clock.set(began + Duration::from_mins(10));
    assert_eq!(degraded(&stage), json!(["trust-cached"]), "the same statement, ten minutes on");
    // The same old news under a new number is not news either.
    clock.set(began);
    let late = stage.hub.statement(|_| {});
    clock.set(began + Duration::from_mins(10));
    stage.hub.say(late);
    eventually("an ended statement is told", || stage.count(TIANJIN, TIANJIN, "freeze") > 0);
    stage.hub.say(frozen);
    clock.set(began + Duration::from_hours(2));
    // What ended long ago under the hub's own key also says that one of two clocks is wrong.
    eventually("the age is flagged", || {
        degraded(&stage) == json!(["trust-stale", "clock-disagrees"])
    });
    assert_eq!(stage.readiness(TIANJIN).status, 200, "it can verify");
    let shown = json!({ "credential": super::members::credential_of_hebei(&stage) });
    let officer = stage.officer(TIANJIN);
    clock.set(began + limits::HUBLESS_AGE + Duration::from_mins(1));
    let report = answered(officer.post("/v1/verifications", &shown)).body;
    assert!(report.to_string().contains("trust.expired"), "{report}");
    assert_ne!(report["decision"], json!("ACCEPT"), "{report}");
    stage.hub.restate();
    eventually("honest news after the freeze", || degraded(&stage) == json!([]));
}

#[test]
fn tl_41_two_operators_stop_a_tenth_and_the_rest_waits() {
    let mut stage = Stage::founded(&[TIANJIN, HEBEI, GUANGDONG]);
    stage.start(TIANJIN);
    stage.settle();
    let bring = |order: &[u8]| bring(&stage, TIANJIN, order);
    let one = order(&stage, HEBEI, "one", &[0, 1]);
    let other = order(&stage, GUANGDONG, "other", &[0, 1]);
    assert_eq!(bring(&one)["standing"], json!("in-force"));
    assert_eq!(stage.count(TIANJIN, GUANGDONG, "threshold-not-met"), 0);
    assert_eq!(bring(&other)["standing"], json!("waiting"));
    assert_eq!(stage.count(TIANJIN, GUANGDONG, "threshold-not-met"), 1, "and that is told");
    assert_eq!(stands(&stage, TIANJIN, HEBEI), "member-suspended");
    assert_eq!(stands(&stage, TIANJIN, GUANGDONG), "ok");
    let alone = order(&stage, GUANGDONG, "alone", &[0]);
    assert_eq!(bring(&alone)["code"], json!("validation-failed"));
    let third = order(&stage, GUANGDONG, "other", &[2]);
    let _ = bring(&third);
    eventually("three operators are enough", || {
        stands(&stage, TIANJIN, GUANGDONG) == "member-suspended"
    });
}

#[test]
fn tl_42_an_order_that_is_only_named_stops_nobody() {
    let stage = Stage::alone();
    stage.refuses("an order that does not exist", TIANJIN, "snapshot-mismatch", |stage| {
        stage.hub.publish_order(Digest::of("nothing"), None);
    });
    let strangers = [stage.key(TIANJIN, "list-signing"), stage.key(HEBEI, "gateway-tls")];
    for stranger in &strangers {
        let forged = order_by(&stage, HEBEI, "forged", &[stranger]);
        let sha256 = digest(&forged);
        for alarm in ["snapshot-mismatch", "wrong-signer"] {
            stage.refuses("an order that does not verify", TIANJIN, alarm, |stage| {
                stage.hub.publish_order(sha256, Some(&forged));
            });
        }
        assert_eq!(stands(&stage, TIANJIN, HEBEI), "ok");
    }
    let one = order(&stage, HEBEI, "one alone", &[0]);
    stage.refuses("one operator", TIANJIN, "threshold-not-met", |stage| {
        stage.hub.publish_order(digest(&one), Some(&one));
    });
    stage.refuses("no order at all", TIANJIN, "malformed", |stage| {
        let sha256 = Digest::of("nothing");
        stage.hub.publish_order(sha256, None);
        stage.hub.script(&format!("/v1/suspensions/{sha256}"), |_| Answer::found("{}"));
    });
    assert_eq!(stands(&stage, TIANJIN, HEBEI), "ok");
}

#[test]
fn tl_43_an_order_that_the_hub_holds_back_comes_from_a_member() {
    let mut stage = Stage::founded(&[TIANJIN, HEBEI, GUANGDONG]);
    stage.start(TIANJIN);
    stage.start(HEBEI);
    stage.settle();
    // Carried on by whoever was brought it, at once.
    let first = order(&stage, GUANGDONG, "first", &[0, 1, 2]);
    assert_eq!(bring(&stage, HEBEI, &first)["standing"], json!("in-force"));
    eventually("the order is carried on", || {
        stands(&stage, TIANJIN, GUANGDONG) == "member-suspended"
    });
    // Asked for by one that was away, of a member, while the hub is silent.
    stage.stop(TIANJIN);
    stage.close_hub();
    let own = stage.key(HEBEI, "list-signing");
    let second = order_by(&stage, HEBEI, "second", &[&own]);
    assert_eq!(bring(&stage, HEBEI, &second)["standing"], json!("in-force"));
    stage.start(TIANJIN);
    let has = || {
        let held = answered(stage.stranger(TIANJIN).get("/v1/suspensions")).body.to_string();
        let second: Value = serde_json::from_slice(&second).expect("JSON");
        held.contains(second["payload"].as_str().expect("a payload"))
    };
    eventually("the order is taken from a member", has);
}

#[test]
fn tl_46_what_nobody_witnessed_takes_away_and_does_not_add() {
    let stage = Stage::pair();
    let vkeys = [TIANJIN, HEBEI].map(|division| vkey(&stage, division)).to_vec();
    let mut root = super::roots::next(&stage);
    root.witnesses = Witnesses { quorum: 2, vkeys };
    cosign(&stage);
    stage.hub.publish_root(&stage.seal_root(&root, &[0, 2, 4]));
    cosign(&stage);
    let witnessed = || stage.readiness(TIANJIN).body["witnessed"] == json!(true);
    eventually("the witnesses are in force", witnessed);
    let before = stage.anchors(TIANJIN);
    // One issuer is withdrawn, another added.
    let hebei = list_id(HEBEI);
    let (_, held) = stage.hub.newest(hebei);
    let (folder, charter) = (stage.dir(HEBEI), stage.charter(HEBEI));
    let add =
        hutong::gateway::ListChange::AddIssuer { number: 2, territories: vec!["13".to_owned()] };
    let added = hutong::gateway::change_list(&folder, &charter, &held, &add, now()).unwrap();
    let mut list = super::members::payload(&added);
    super::members::withdraw(&mut list, "issuance:1");
    let list = stage.seal(hebei, &super::stage::bytes(&list));
    stage.hub.publish(hebei, &list);
    eventually("it is told", || stage.count(TIANJIN, HEBEI, "not-witnessed") > 0);
    let officer = stage.officer(TIANJIN);
    let shown = json!({ "credential": super::members::credential_of_hebei(&stage) });
    let leading = || {
        let report = answered(officer.post("/v1/verifications", &shown)).body;
        report["reasons"][0]["code"].clone()
    };
    eventually("the withdrawal counts", || leading() == json!("issuer.withdrawn"));
    assert_eq!(stage.anchors(TIANJIN), before, "the addition waits");
    cosign(&stage);
    eventually("witnessed, the addition counts too", || stage.anchors(TIANJIN) == before + 1);
}

#[test]
fn two_lists_of_one_number_alarm_both_who_hear_of_them() {
    let stage = Stage::pair();
    let hebei = list_id(HEBEI);
    let own = stage.resealed(hebei, |_| {});
    let other = stage.resealed(hebei, |list| super::lists::operator_name(list, "其他"));
    let tianjin = stage.key(TIANJIN, "gateway-tls").certificate.digest();
    let path = format!("/v1/lists/130000/{}", super::hub::name_of(&own).sequence);
    push(&stage, hebei, &other);
    let to_hebei = stage.hub.said();
    push(&stage, hebei, &own);
    let to_tianjin = stage.hub.said();
    let choose = move |ask: &super::wire::Ask, mine: &[u8], theirs: &[u8]| {
        Answer::found(if ask.client == Some(tianjin) { mine } else { theirs })
    };
    stage.hub.script(&path, move |ask| choose(ask, &own, &other));
    stage.hub.script("/v1/freshness", move |ask| {
        choose(ask, to_tianjin.as_bytes(), to_hebei.as_bytes())
    });
    for gateway in [TIANJIN, HEBEI] {
        let alarms = ["list-equivocation", "split-view"];
        eventually("two stories are told", || {
            let counts = |code| [TIANJIN, HEBEI].map(|about| stage.count(gateway, about, code));
            alarms.into_iter().flat_map(counts).any(|count| count > 0)
        });
    }
}

/// Lets both gateways witness the head of the log, over the wire.
fn cosign(stage: &Stage) {
    let (tree, note) = (stage.hub.tree(), stage.hub.note());
    for division in [TIANJIN, HEBEI] {
        let path = format!("/v1/witness/{}", Digest::of(LOG));
        let held = answered(stage.stranger(division).get(&path)).body;
        let old = held.as_str().and_then(|note| note.lines().nth(1)?.parse().ok()).unwrap_or(0);
        let proof =
            if old == 0 { Vec::new() } else { tree.consistency_proof(old, tree.size()).unwrap() };
        let body = AddCheckpoint { old, proof, note: note.clone() }.to_string();
        let address = stage.address(division, 0);
        let head = format!(
            "POST /v1/log/add-checkpoint HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\
             content-type: text/plain\r\ncontent-length: {}\r\n\r\n{body}",
            body.len(),
        );
        let answer = raw::send(address, Some(&stage.hub.tls), &head).expect("an answer");
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        let line = answer.lines().find(|line| line.starts_with('—')).expect("a cosignature");
        stage.hub.add_to_note(&format!("{line}\n"));
    }
}

fn vkey(stage: &Stage, division: &str) -> String {
    let key = hutong::pki::files::read_key(&stage.dir(division).join("keys/witness.key.pem"));
    let key = hutong::crypto::seal::SoftwareKey::from_pkcs8(&key.unwrap()).unwrap();
    let public: &PublicKey = key.public_key();
    WitnessKey::new(&format!("elicence/{division}/witness"), public).unwrap().to_string()
}

/// An order against a member under the votes of these operators.
fn order(stage: &Stage, against: &str, name: &str, voters: &[usize]) -> Vec<u8> {
    let voters: Vec<&Made> = voters.iter().map(|voter| &stage.operators[*voter]).collect();
    order_by(stage, against, name, &voters)
}

fn order_by(_: &Stage, against: &str, name: &str, voters: &[&Made]) -> Vec<u8> {
    let at = Timestamp::from_unix_seconds(1_790_000_000);
    let claims = SuspensionClaims {
        iat: at.into(),
        jti: name.to_owned(),
        member: member(against),
        target: None,
        reason: "a test".to_owned(),
    };
    let payload = claims.to_payload().unwrap();
    sealed(&payload, voters, |made| {
        order_vote(&made.signer().unwrap(), &made.certificate, &payload, at).unwrap()
    })
}

fn digest(order: &[u8]) -> Digest {
    super::hub::name_of(order).sha256
}

/// Brings an order to a gateway's public listener, as nobody.
fn bring(stage: &Stage, division: &str, order: &[u8]) -> Value {
    let order: Value = serde_json::from_slice(order).expect("JSON");
    answered(stage.stranger(division).post("/v1/suspensions", &order)).body
}

/// How a gateway receives another member.
fn stands(stage: &Stage, division: &str, asker: &str) -> String {
    let desk = stage.member_desk(division, asker);
    let reply = answered(desk.get("/.well-known/elicence-gateway"));
    if reply.is_done() { "ok".to_owned() } else { reply.code().to_owned() }
}
