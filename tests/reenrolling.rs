//! A member's list key is replaced: by the word of the old one, while all nodes run; or, when it
//! is lost, after a stop, a new application and three days in the list log.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use std::path::Path;

use hutong::pki::files;
use serde_json::json;
use tempfile::TempDir;

use common::operators::{at_hub, desk_arguments, done, hub_origin, sign};
use common::{Apart, Federation, PATIENCE, answered, run, text, until};

#[test]
fn tl_44_a_member_that_lost_its_list_key_applies_anew_once_it_is_stopped_and_waits() {
    let apart = Apart::at_rest();
    let _nodes = apart.serve(&["hub"]);
    let folder = TempDir::new().unwrap();
    let file = |name: &str| folder.path().join(name);
    let anew = file("440000");
    found_anew(&anew);
    let (hub, bundle) = (hub_origin(1), file("bundle.jwt"));
    let apply = || {
        run(&[
            "member",
            "apply",
            "--data-dir",
            text(&anew),
            "--hub",
            &hub,
            "--out",
            text(&bundle),
            "--json",
        ])
    };
    let too_early = apply();
    assert_eq!(too_early.status.code(), Some(65), "it is a member with another list key");
    let said = String::from_utf8_lossy(&too_early.stderr).into_owned();
    assert!(said.contains("member-key-unproven"), "{said}");

    let order = file("lost.json");
    let reason = ["--reason", "list key lost"];
    done(
        &[&["member", "suspend", "440000", "--json", "--out", text(&order)], &reason[..]].concat(),
    );
    for operator in [1, 2, 5] {
        sign(&order, operator, None);
    }
    let stopped = at_hub(&["trust", "publish", text(&order)]);
    assert_eq!(stopped["answers"][0]["standing"], json!("in-force"), "{stopped}");
    let applied = apply();
    assert!(applied.status.success(), "{}", String::from_utf8_lossy(&applied.stderr));

    let held = file("held.json");
    let stranger = Federation::at_rest().desk("hub", 1, None);
    let list = answered(stranger.get("/v1/lists/federation")).body;
    std::fs::write(&held, list.to_string()).unwrap();
    let next = file("next.json");
    let own = files::read_certificates(&anew.join("keys/list-signing.cert.pem")).unwrap();
    done(&[
        "member",
        "approve",
        "--reenrolled",
        "--list",
        text(&held),
        "--bundle",
        text(&bundle),
        "--fingerprint",
        &own[0].spki_digest().to_hex(),
        "--out",
        text(&next),
        "--json",
    ]);
    for operator in [1, 2, 5] {
        sign(&next, operator, Some(&held));
    }
    let hurried = run(&[&["trust", "publish", text(&next)], &desk_arguments()[..]].concat());
    assert_eq!(hurried.status.code(), Some(65), "the three days are not over");
    let said = String::from_utf8_lossy(&hurried.stderr).into_owned();
    assert!(said.contains("member-key-unproven"), "{said}");
}

#[test]
fn tl_44_a_list_key_changes_under_nodes_that_run_and_follows_the_list_in_force() {
    let apart = Apart::at_rest();
    let nodes = apart.serve(&["hub", "120000", "130000"]);
    let folder = TempDir::new().unwrap();
    let file = |name: &str| folder.path().join(name);
    let hebei = apart.node("130000").dir.clone();
    let number = |node: &str| {
        let state = &apart.node(node).dir;
        let root = state.join("trust/root.json");
        let shown =
            done(&["trust", "show", "--root", text(&root), "--state", text(state), "--json"]);
        let lists = shown["state"]["lists"].as_array().unwrap().clone();
        let own = lists.iter().find(|list| list["id"] == "urn:elicence:list:130000");
        own.and_then(|list| list["sequence"].as_u64())
    };
    let before = number("130000").unwrap();
    assert!(before > 1, "more was published than the founding list: {before}");

    let (request, held, next) = (file("request.json"), file("held.json"), file("next.json"));
    done(&["member", "rotate", "--data-dir", text(&hebei), "--out", text(&request), "--json"]);
    let stranger = Federation::at_rest().desk("hub", 1, None);
    let list = answered(stranger.get("/v1/lists/federation")).body;
    std::fs::write(&held, list.to_string()).unwrap();
    let order = ["member", "rotate", "--list", text(&held), "--request", text(&request), "--json"];
    done(&[&order[..], &["--out", text(&next)]].concat());
    for operator in [2, 3, 4] {
        sign(&next, operator, Some(&held));
    }
    let own = hebei.join("outbox/list-2.json");
    let order = ["member", "rotate", "--data-dir", text(&hebei), "--take-over", "--json"];
    done(&[&order[..], &["--out", text(&own)]].concat());
    let told = at_hub(&["trust", "publish", text(&next), text(&own)]);
    assert_eq!(told["answers"][0]["published"][1]["sequence"], json!(before + 1), "{told}");
    for node in ["120000", "130000"] {
        let followed = until(PATIENCE, || (number(node) == Some(before + 1)).then_some(()));
        assert!(followed.is_some(), "{node}: {:?}", number(node));
    }
    assert!(!nodes[2].stderr().contains("not signed here"), "{}", nodes[2].stderr());
}

/// Guangdong with new keys throughout, at the addresses of the old ones.
fn found_anew(folder: &Path) {
    let base = Federation::at_rest().base;
    let origin = |listener: u16| format!("https://127.0.0.1:{}", base + listener);
    let root = Federation::at_rest().dir.join("trust-anchors/root.json");
    let founded = done(&[
        "init",
        "gateway",
        text(folder),
        "--division",
        "440000",
        "--authority-code",
        "114400001234567890",
        "--root",
        text(&root),
        "--hub-origin",
        &origin(0),
        "--federation-origin",
        &origin(30),
        "--public-origin",
        &origin(31),
        "--contact",
        "mailto:operators@guangdong.example",
        "--allow-private-addresses",
        "--json",
    ]);
    assert_eq!(founded["authority_code_in_doubt"], json!(true), "its last character is an H");
}
