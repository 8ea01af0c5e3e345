//! A province's own list and keys, at a running federation: what two operators change, what one may
//! publish, what the gateway signs by itself, and how a key gives way to the next.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use std::time::Duration;

use hutong::crypto::Digest;
use hutong::crypto::jws::GeneralJws;
use hutong::crypto::seal::SoftwareKey;
use hutong::peer::{Desk, Reply};
use hutong::pki::files;
use hutong::trust::lote;
use serde_json::{Value, json};

use common::{Apart, Federation, answered, now, refused};

#[test]
fn a_list_is_changed_by_two_operators_and_re_signed_by_one() {
    // The hub of the story that stays up is away by then: these two are served for this test.
    let apart = Apart::at_rest();
    let _running = apart.serve(&["hub", "440000"]);
    let federation = Federation::at_rest();
    let operator = federation.kept_desk("440000", 2, "440000-operator");
    let approver = federation.kept_desk("440000", 2, "440000-operator-2");
    let list = next_list("440000", |_| {});
    let changed = next_list("440000", |list| {
        let services = "/LoTE/TrustedEntitiesList/0/TrustedEntityServices";
        let services = list.pointer_mut(services).unwrap().as_array_mut().unwrap();
        services.retain(|service| !service.to_string().contains(":client-ca:5\""));
    });
    let alone = post(&operator, "list-publish", &json!({ "list": changed }));
    refused(&alone, 403, "role-not-allowed", "a change by one");
    let proposed = post(&operator, "list-propose", &json!({ "list": changed }));
    assert_eq!(proposed.status, 202, "{proposed:?}");
    let words = proposed.body["words"].to_string();
    assert!(words.contains("client-ca:5 is no longer in the list"), "{words}");
    let sha256 = proposed.body["sha256"].clone();
    let order = json!({ "sha256": sha256 });
    let alone = post(&operator, "list-approve", &order);
    refused(&alone, 403, "role-not-allowed", "the same operator twice");
    let again = post(&approver, "list-propose", &json!({ "list": changed }));
    refused(&again, 409, "state-conflict", "proposed already");
    let other = post(&approver, "list-approve", &json!({ "sha256": Digest::of("another") }));
    refused(&other, 404, "not-found", "what nobody proposed");
    let listed = post(&approver, "list-proposals", &json!({}));
    assert_eq!(listed.body["proposals"][0]["proposer"], json!("desk-1"), "{listed:?}");

    // Nothing new: one is enough; and what was proposed no longer follows.
    let published = post(&approver, "list-publish", &json!({ "list": list }));
    assert!(published.is_done(), "{published:?}");
    until_held("440000", &published.body["sequence"]);
    let late = post(&approver, "list-approve", &order);
    refused(&late, 409, "state-conflict", "it follows another list");
    let another_provinces = next_list("440000", |list| {
        let uri = "/LoTE/ListAndSchemeInformation/SchemeInformationURI/0/uriValue";
        *list.pointer_mut(uri).unwrap() = json!("urn:elicence:list:130000");
    });
    for (body, what) in [
        (list, "the same again"),
        (changed, "one that follows another"),
        (next_list_signed_by("440000", "status"), "signed by another key"),
        (another_provinces, "another province's"),
        ("{}".to_owned(), "nonsense"),
    ] {
        let reply = post(&operator, "list-propose", &json!({ "list": body }));
        refused(&reply, 422, "validation-failed", what);
    }
    let narrowed = next_list("440000", |list| {
        let services = "/LoTE/TrustedEntitiesList/0/TrustedEntityServices";
        let services = list.pointer_mut(services).unwrap().as_array_mut().unwrap();
        services.retain(|service| !service.to_string().contains(":client-ca:5\""));
    });
    let proposed = post(&operator, "list-propose", &json!({ "list": narrowed }));
    let approved = post(&approver, "list-approve", &json!({ "sha256": proposed.body["sha256"] }));
    assert!(approved.is_done(), "{approved:?}");
    until_held("440000", &approved.body["sequence"]);
}

#[test]
fn a_list_that_is_due_is_signed_again_by_its_gateway_where_the_key_is() {
    let apart = Apart::at_rest();
    let key = apart.node("440000").dir.join("keys/list-signing.key.pem");
    let away = key.with_extension("away");
    std::fs::rename(&key, &away).unwrap();
    let _running = apart.serve(&["hub", "440000"]);
    let federation = Federation::at_rest();
    let operator = federation.kept_desk("440000", 2, "440000-operator");
    let list = next_list("440000", |list| {
        // Made eight days ago and never since, as it stands where the key is away for a week.
        let scheme = &mut list["LoTE"]["ListAndSchemeInformation"];
        let made = (now() - Duration::from_hours(8 * 24)).whole_seconds();
        scheme["ListIssueDateTime"] = json!(made);
        scheme["NextUpdate"] = json!(made + Duration::from_hours(14 * 24));
    });
    let published = post(&operator, "list-publish", &json!({ "list": list }));
    assert!(published.is_done(), "{published:?}");
    let sequence = published.body["sequence"].as_u64().unwrap();
    until_held("440000", &json!(sequence));
    let told = |line: &str| {
        let found = common::until(common::PATIENCE, || {
            let metrics = answered(operator.get("/metrics")).body;
            metrics.as_str().unwrap().contains(line).then_some(())
        });
        assert!(found.is_some(), "{line}");
    };
    told("hutong_list_signings_total{outcome=\"config-invalid\"}");
    told("hutong_end_alarms_total{days=\"7\",key=\"own_list\"} 1");
    let metrics = answered(operator.get("/metrics")).body;
    let fortnight = "{days=\"14\",key=\"own_list\"}";
    assert!(!metrics.as_str().unwrap().contains(fortnight), "a list of two weeks that is new");
    assert_eq!(held_number("440000"), sequence, "nothing is signed without the key");
    std::fs::rename(&away, &key).unwrap();
    until_held("440000", &json!(sequence + 1));
    told("hutong_list_signings_total{outcome=\"ok\"} 1");
    std::thread::sleep(Duration::from_secs(3));
    assert_eq!(held_number("440000"), sequence + 1, "once is enough for a day");
    let entries = post(&operator, "audit-verify", &json!({}));
    assert!(entries.is_done(), "{entries:?}");
}

#[test]
fn every_end_is_told_by_the_name_of_its_key() {
    let operator = Federation::up().kept_desk("120000", 2, "120000-operator");
    let metrics = answered(operator.get("/metrics")).body.to_string();
    for key in [
        "tls",
        "gateway",
        "status",
        "registrar",
        "log",
        "issuer",
        "issuing_ca",
        "list",
        "client_ca",
        "own_list",
        "federation_list",
        "root",
    ] {
        let line = format!("hutong_certificate_expiry_seconds{{key=\\\"{key}\\\"}} ");
        assert!(metrics.contains(&line), "{line} in {metrics}");
    }
    assert!(!metrics.contains("key=\\\"other\\\""), "{metrics}");
}

#[test]
fn a_key_is_rotated_beside_the_old_one_and_not_in_a_hurry() {
    let apart = Apart::at_rest();
    let (hub, gateway) = (["hub"], ["440000"]);
    let _hub = apart.serve(&hub);
    let mut running = apart.serve(&gateway);
    let dir = apart.node("440000").dir.clone();
    let out = tempfile::tempdir().unwrap();
    let rotate = |service: &str, file: &str, more: &[&str]| {
        let out = out.path().join(file);
        let order = ["trust", "rotate", "--data-dir", common::text(&dir), "--service", service];
        let done = common::run(&[&order[..], &["--out", common::text(&out)], more].concat());
        (done.status.success(), String::from_utf8(done.stderr).unwrap())
    };
    let federation = Federation::at_rest();
    let operator = federation.kept_desk("440000", 2, "440000-operator");
    let approver = federation.kept_desk("440000", 2, "440000-operator-2");
    let publish = |file: &str| {
        let list = std::fs::read_to_string(out.path().join(file)).unwrap();
        let proposed = post(&operator, "list-propose", &json!({ "list": list }));
        let order = json!({ "sha256": proposed.body["sha256"] });
        let approved = post(&approver, "list-approve", &order);
        assert_eq!(approved.body["refused"], json!([]), "{proposed:?} {approved:?}");
        until_held("440000", &approved.body["sequence"]);
    };
    for service in ["list-signing", "log-signing", "client-ca", "nonsense"] {
        assert!(!rotate(service, "refused", &[]).0, "{service}");
    }
    let unbegun = rotate("status", "refused", &["--finish"]);
    assert!(!unbegun.0 && unbegun.1.contains("begin first"), "{unbegun:?}");
    // A list that could not be written is not lost with its key: the next run lists the same one.
    let lost = rotate("status", "no-such-folder/both", &[]);
    assert!(!lost.0 && lost.1.contains("cannot be written"), "{lost:?}");
    let made = std::fs::read(dir.join("keys/status-next.cert.pem")).unwrap();
    assert!(rotate("status", "both", &[]).0);
    assert_eq!(std::fs::read(dir.join("keys/status-next.cert.pem")).unwrap(), made);
    let unpublished = rotate("status", "refused", &["--finish"]);
    assert!(!unpublished.0 && unpublished.1.contains("does not name"), "{unpublished:?}");
    publish("both");
    let twice = rotate("status", "refused", &[]);
    assert!(!twice.0 && twice.1.contains("under way"), "{twice:?}");
    let early = rotate("status", "refused", &["--finish"]);
    assert!(!early.0 && early.1.contains("side by side"), "{early:?}");

    // The next start goes over to the new key, and everybody takes what it signs.
    running[0].signal("TERM");
    running[0].wait();
    let _again = apart.serve(&gateway);
    let ready = answered(operator.get("/readyz")).body;
    assert!(!ready.to_string().contains("own-keys-not-listed"), "{ready}");
    let public = federation.desk("440000", 1, None);
    let token = answered(public.get("/v1/status-lists/licence/1")).body;
    let compact = hutong::crypto::jws::Compact::parse(token.as_str().unwrap()).unwrap();
    let certificate = files::read_certificates(&dir.join("keys/status-next.cert.pem")).unwrap();
    let key = certificate[0].public_key().unwrap();
    assert!(compact.verify(&key, hutong::crypto::jws::Typ::StatusList).is_ok());
    assert!(!rotate("status", "refused", &["--finish"]).0, "still before the week is over");
    assert!(!out.path().join("refused").exists(), "what is refused writes nothing");
}

/// The list that follows the one in force, changed and signed with the province's list key.
fn next_list(division: &str, change: impl FnOnce(&mut Value)) -> String {
    signed_list(division, "list-signing", change)
}

fn next_list_signed_by(division: &str, key: &str) -> String {
    signed_list(division, key, |_| {})
}

fn signed_list(division: &str, key: &str, change: impl FnOnce(&mut Value)) -> String {
    let federation = Federation::at_rest();
    let public = federation.desk(division, 1, None);
    let held = answered(public.get(&format!("/v1/lists/{division}"))).body;
    let held = GeneralJws::parse(&serde_json::to_vec(&held).unwrap()).unwrap();
    let mut list: Value = serde_json::from_slice(held.payload()).unwrap();
    let scheme = &mut list["LoTE"]["ListAndSchemeInformation"];
    let sequence = scheme["LoTESequenceNumber"].as_u64().unwrap();
    scheme["LoTESequenceNumber"] = json!(sequence + 1);
    scheme["ListIssueDateTime"] = json!(now().whole_seconds());
    for extension in scheme["SchemeExtensions"].as_array_mut().unwrap() {
        if extension["Name"] == "urn:elicence:ext:PreviousList" {
            extension["Value"] =
                json!({ "sequence": sequence, "sha256": Digest::of(held.payload()) });
        }
    }
    change(&mut list);
    let payload = serde_json::to_vec(&list).unwrap();
    let keys = federation.dir.join(division).join("keys");
    let path = |what: &str| keys.join(format!("{key}.{what}.pem"));
    let signer = SoftwareKey::from_pkcs8(&files::read_key(&path("key")).unwrap()).unwrap();
    let certificate = files::read_certificates(&path("cert")).unwrap().remove(0);
    let mut document = GeneralJws::unsigned(payload.clone());
    document.add(lote::vote(&signer, &certificate, &payload, now()).unwrap());
    String::from_utf8(document.to_bytes().unwrap()).unwrap()
}

/// Waits until a gateway holds its own list with this number.
fn until_held(division: &str, sequence: &Value) {
    let held = common::until(common::PATIENCE, || {
        (json!(held_number(division)) == *sequence).then_some(())
    });
    assert!(held.is_some(), "the gateway never took its own list {sequence}");
}

/// The number of its own list that a gateway holds.
fn held_number(division: &str) -> u64 {
    let public = Federation::at_rest().desk(division, 1, None);
    let held = answered(public.get(&format!("/v1/lists/{division}"))).body;
    let held = GeneralJws::parse(&serde_json::to_vec(&held).unwrap()).unwrap();
    let list: Value = serde_json::from_slice(held.payload()).unwrap();
    list["LoTE"]["ListAndSchemeInformation"]["LoTESequenceNumber"].as_u64().unwrap()
}

fn post(operator: &Desk, command: &str, order: &Value) -> Reply {
    answered(operator.post(&format!("/v1/operator/{command}"), order))
}
