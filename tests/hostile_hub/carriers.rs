//! The way of the bytes: without end, too many, too slow, in disguise, from elsewhere.

use std::sync::Arc;
use std::time::{Duration, Instant};

use hutong::base::ListId;
use hutong::pki::Made;
use serde_json::{Value, json};

use super::common::wait;
use super::hub::name_of;
use super::stage::{HEBEI, Stage, TIANJIN, eventually, list_id, period, signing};
use super::wire::{Answer, Server};

#[test]
fn tl_15_a_body_without_end_is_cut_off() {
    let stage = Stage::alone();
    let part = || vec![b' '; 16 * 1024];
    let chunk = || [b"4000\r\n".to_vec(), part(), b"\r\n".to_vec()].concat();
    let chunked = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
    let until_closed = "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n";
    for (head, part) in [(chunked, chunk()), (until_closed, part())] {
        for (path, about) in [
            (
                format!("/v1/lists/130000/{}", stage.hub.newest(list_id(HEBEI)).0.sequence + 1),
                HEBEI,
            ),
            ("/v1/freshness".to_owned(), TIANJIN),
            ("/v1/root/2".to_owned(), TIANJIN),
            ("/v1/suspensions".to_owned(), TIANJIN),
            ("/v1/log/checkpoint".to_owned(), TIANJIN),
        ] {
            stage.refuses(&path, about, "too-large", |stage| {
                let part = part.clone();
                let pause = Duration::ZERO;
                stage.hub.script(&path, move |_| Answer::Endless {
                    head,
                    part: part.clone(),
                    pause,
                });
                if about == HEBEI {
                    let next = stage.resealed(list_id(HEBEI), |_| {});
                    stage.hub.name(list_id(HEBEI), name_of(&next));
                }
            });
        }
    }
}

#[test]
fn tl_16_ten_gibibytes_are_refused_before_they_are_read() {
    let stage = Stage::alone();
    let head = "HTTP/1.1 200 OK\r\ncontent-length: 10737418240\r\n\r\n";
    let before = stage.server.as_ref().map_or(0, Server::sent);
    stage.refuses("ten gibibytes", HEBEI, "too-large", |stage| {
        let next = name_of(&stage.resealed(list_id(HEBEI), |_| {}));
        let path = format!("/v1/lists/130000/{}", next.sequence);
        // Slowly, so that what is written shows how long somebody reads.
        let (part, pause) = (vec![b' '; 1024], Duration::from_millis(10));
        stage.hub.script(&path, move |_| Answer::Endless { head, part: part.clone(), pause });
        stage.hub.name(list_id(HEBEI), next);
    });
    let sent = stage.server.as_ref().map_or(0, Server::sent) - before;
    assert!(sent < 256 * 1024, "{sent} bytes were taken");
}

#[test]
fn tl_18_a_byte_in_a_second_ends_at_the_deadline() {
    let stage = Stage::alone();
    let head = "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n";
    let began = Instant::now();
    stage.refuses("one byte in a second", HEBEI, "timeout", |stage| {
        let next = name_of(&stage.resealed(list_id(HEBEI), |_| {}));
        let path = format!("/v1/lists/130000/{}", next.sequence);
        let (part, pause) = (vec![b'{'], Duration::from_secs(1));
        stage.hub.script(&path, move |_| Answer::Endless { head, part: part.clone(), pause });
        stage.hub.name(list_id(HEBEI), next);
    });
    assert!(began.elapsed() < Duration::from_secs(25), "{:?}", began.elapsed());
}

#[test]
fn tl_18_a_hub_that_says_nothing_is_not_waited_for_without_end() {
    let stage = Stage::alone();
    stage.refuses("silence", TIANJIN, "timeout", |stage| {
        stage.hub.script("/v1/freshness", |_| Answer::Silence);
    });
}

#[test]
fn an_encoding_that_nobody_asked_for_is_refused() {
    let stage = Stage::alone();
    for (path, about) in [("/v1/freshness", TIANJIN), ("list", HEBEI)] {
        stage.refuses(path, about, "content-encoding", |stage| {
            let next = name_of(&stage.resealed(list_id(HEBEI), |_| {}));
            let list = format!("/v1/lists/130000/{}", next.sequence);
            let path = if path == "list" { &list } else { path };
            stage.hub.script(path, |_| Answer::Whole {
                status: "200 OK",
                headers: "content-encoding: gzip\r\n".to_owned(),
                body: b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03".to_vec(),
            });
            stage.hub.name(list_id(HEBEI), next);
        });
    }
}

#[test]
fn a_redirect_is_not_followed() {
    let stage = Stage::alone();
    for (status, place) in [
        ("302 Found", "/v1/elsewhere"),
        ("307 Temporary Redirect", "https://127.0.0.1:1/v1/freshness"),
        ("308 Permanent Redirect", "http://169.254.169.254/latest"),
    ] {
        let code = "issuer-province-unreachable";
        stage.refuses(status, TIANJIN, code, |stage| {
            stage.hub.script("/v1/freshness", move |_| Answer::Whole {
                status,
                headers: format!("location: {place}\r\n"),
                body: Vec::new(),
            });
        });
    }
    assert_eq!(stage.hub.hits("/v1/elsewhere"), 0);
}

#[test]
fn tls_20_a_hub_with_another_key_is_not_heard() {
    let mut stage = Stage::alone();
    let held = stage.everything(TIANJIN);
    let hebei = list_id(HEBEI);
    stage.close_hub();
    stage.hub.publish(hebei, &stage.resealed(hebei, |_| {}));
    let own = Made::tls("hub", &["127.0.0.1"], period()).unwrap();
    for impostor in [own, stage.key(HEBEI, "gateway-tls"), signing("hub")] {
        let code = "issuer-province-unreachable";
        let before = stage.count(TIANJIN, TIANJIN, code);
        let hub = Arc::clone(&stage.hub);
        let answered = hub.hits("/v1/freshness");
        let script = Arc::new(move |ask: &_| hub.answer(ask));
        let server = wait(Server::start(stage.hub_address(), &impostor, script));
        eventually("the impostor is told", || stage.count(TIANJIN, TIANJIN, code) > before + 1);
        assert_eq!(stage.hub.hits("/v1/freshness"), answered, "it was asked nothing");
        assert_eq!(stage.everything(TIANJIN), held);
        let ready = stage.readiness(TIANJIN);
        assert_eq!((ready.status, &ready.body["degraded"]), (200, &json!(["hub-unreachable"])));
        wait(server.stop());
    }
    stage.open_hub();
    stage.goes_on("the impostors");
}

#[test]
fn tl_36_no_name_leads_out_of_the_folder() {
    let stage = Stage::alone();
    let files = files_of(&stage);
    let statement = stage.hub.said();
    let names = ["../../etc", "%2e%2e", "12000\0", "120000/..", "..", "１２００００"];
    for name in names {
        let forged = renamed(&stage, &statement, name);
        stage.refuses(name, TIANJIN, "malformed", |stage| stage.hub.say(forged));
    }
    let address = stage.address(TIANJIN, 1);
    for path in [
        "/v1/lists/../../keys/list-signing.key.pem",
        "/v1/lists/..%2f..%2fkeys%2flist-signing.key.pem",
        "/v1/lists/%2e%2e",
        "/v1/lists/%2e%2e/1",
        "/v1/lists/120000%00",
        "/v1/lists/120000%00/1",
        "/v1/lists/..%5c..",
        "/v1/lists/120000/..%2f1",
        "/v1/lists/120000/1%00",
        "/v1/root/..%2f1",
    ] {
        let head = format!("GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
        let reply = super::raw::send(address, None, &head).expect("an answer");
        let status = reply.split(' ').nth(1).unwrap_or_default();
        assert!(["400", "404"].contains(&status), "{path}: {reply}");
        assert!(!reply.contains("PRIVATE"), "{path}");
    }
    assert_eq!(files_of(&stage), files, "no file anywhere was made by a name");
}

#[test]
fn tl_38_of_two_refreshes_the_newer_list_stays() {
    let mut stage = Stage::pair();
    let hebei = list_id(HEBEI);
    let second = stage.resealed(hebei, |_| {});
    let path = format!("/v1/lists/130000/{}", name_of(&second).sequence);
    let tianjin = stage.key(TIANJIN, "gateway-tls").certificate.digest();
    let late = second.clone();
    stage.hub.script(&path, move |ask| {
        let whole = Answer::found(late.clone());
        let is_late = ask.client == Some(tianjin);
        if is_late { Answer::Later(Duration::from_secs(1), Box::new(whole)) } else { whole }
    });
    stage.hub.publish(hebei, &second);
    let old_statement = stage.hub.said();
    eventually("the refresh of the second list is under way", || stage.hub.hits(&path) > 0);
    stage.publish_next(HEBEI);
    eventually("the third list", || stage.holds_newest(TIANJIN, hebei));
    eventually("the third list", || stage.holds_newest(HEBEI, hebei));
    let before = stage.count(TIANJIN, TIANJIN, "list-rollback");
    stage.hub.mischief(|| {
        stage.hub.say(old_statement);
        eventually("the older news is told", || {
            stage.count(TIANJIN, TIANJIN, "list-rollback") > before
        });
    });
    assert!(stage.holds_newest(TIANJIN, hebei), "and the third list stays");
    stage.stop(HEBEI);
    stage.stop(TIANJIN);
    stage.start(TIANJIN);
    assert!(stage.holds_newest(TIANJIN, hebei), "also after a restart");
}

#[test]
fn tl_39_without_a_statement_under_the_roots_key_nothing_changes() {
    let stage = Stage::alone();
    stage.refuses("no statement", TIANJIN, "not-found", |stage| {
        stage.hub.script("/v1/freshness", |_| Answer::missing());
        stage.publish_next(HEBEI);
    });
    let strangers = [signing("a stranger"), stage.key(HEBEI, "list-signing")];
    for stranger in &strangers {
        stage.refuses("another key", TIANJIN, "wrong-signer", |stage| {
            stage.hub.state_with(stranger);
            stage.publish_next(HEBEI);
        });
    }
    stage.refuses("an operator", TIANJIN, "wrong-signer", |stage| {
        stage.hub.state_with(&stage.operators[0]);
        stage.publish_next(HEBEI);
    });
}

/// A statement of the hub in which Hebei's list has another name.
fn renamed(stage: &Stage, statement: &str, name: &str) -> String {
    let parts: Vec<&str> = statement.split('.').collect();
    let claims = hutong::crypto::base64url::decode(parts[1]).unwrap();
    let mut claims: Value = serde_json::from_slice(&claims).unwrap();
    claims["sequence"] = json!(1_000_000);
    let lists = claims["lists"].as_array_mut().unwrap();
    let hebei = ListId::Province(HEBEI.parse().unwrap()).to_string();
    let list = lists.iter_mut().find(|list| list["id"] == json!(hebei)).unwrap();
    list["id"] = json!(hebei.replace(HEBEI, name));
    stage.hub.sign_statement(&claims)
}

/// Every file under the stage's folder, and beside it.
fn files_of(stage: &Stage) -> Vec<std::path::PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![stage.dir("")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { folders.push(path) } else { files.push(path) }
        }
    }
    files.sort();
    let database = |path: &std::path::PathBuf| path.to_string_lossy().contains("hutong.db");
    files.retain(|path| !database(path));
    files
}
