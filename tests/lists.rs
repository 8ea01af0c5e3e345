//! Lists as the hub and the gateways of a running federation serve them to whoever asks: by
//! number, by instant, in both forms, packed, and not twice.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use std::path::Path;
use std::process::Command;

use hutong::trust::lote::SignedList;
use serde_json::{Value, json};

use common::{Apart, Federation, PATIENCE, Running, answered, refused, text, until};

struct Answer {
    status: u16,
    head: String,
    body: Vec<u8>,
}

/// The federation as the story left it, its hub up again; one test at a time.
struct Readers {
    apart: Apart,
    _running: Vec<Running>,
}

impl Readers {
    fn new() -> Self {
        let apart = Apart::at_rest();
        let readers = Self { _running: apart.serve(&NODES), apart };
        // A gateway that comes up takes what it missed with its first refresh.
        let caught_up = until(PATIENCE, || readers.are_alike().then_some(()));
        assert!(caught_up.is_some());
        readers
    }

    /// Whether all nodes hold the same lists.
    fn are_alike(&self) -> bool {
        LISTS.iter().all(|id| {
            let path = format!("/v1/lists/{id}");
            let held = NODES.map(|node| self.get(node, &path, &[]).body);
            held.iter().all(|list| *list == held[0])
        })
    }

    /// Asks the public listener of `name` for `path`, as a reader does who is nobody's member.
    fn get(&self, name: &str, path: &str, fields: &[&str]) -> Answer {
        let node = self.apart.node(name);
        let file = if name == "hub" { "hub-tls" } else { "gateway-tls" };
        let ca = node.dir.join(format!("keys/{file}.cert.pem"));
        let url = format!("https://127.0.0.1:{}{path}", node.base + 1);
        ask(&ca, &url, fields)
    }
}

fn ask(ca: &Path, url: &str, fields: &[&str]) -> Answer {
    let mut curl = Command::new("curl");
    curl.args(["-sS", "-i", "-m", "20", "--raw", "--http1.1", "--path-as-is"]);
    curl.args(["--cacert", text(ca)]);
    for field in fields {
        curl.args(["-H", field]);
    }
    let output = curl.arg(url).output().expect("curl");
    let at = output.stdout.windows(4).position(|window| window == b"\r\n\r\n");
    let at = at.unwrap_or_else(|| panic!("{url}: {}", String::from_utf8_lossy(&output.stderr)));
    let head = String::from_utf8_lossy(&output.stdout[..at]).into_owned();
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap();
    Answer { status, head, body: output.stdout[at + 4..].to_vec() }
}

impl Answer {
    fn header(&self, name: &str) -> &str {
        let lines = self.head.lines().filter_map(|line| line.split_once(": "));
        let mut named = lines.filter(|(found, _)| found.eq_ignore_ascii_case(name));
        named.next().map_or("", |(_, value)| value)
    }

    fn list(&self) -> SignedList {
        assert_eq!(self.status, 200, "{}", self.head);
        SignedList::parse(&self.body).unwrap()
    }

    fn refused(&self, status: u16, code: &str) -> Value {
        let problem: Value = serde_json::from_slice(&self.body).unwrap();
        assert_eq!((self.status, &problem["code"]), (status, &json!(code)), "{}", self.head);
        assert_eq!(self.header("cache-control"), "no-store");
        problem
    }
}

fn sequence(list: &SignedList) -> u64 {
    list.document().lote.scheme.sequence
}

const LISTS: [&str; 3] = ["federation", "120000", "130000"];
const NODES: [&str; 3] = ["hub", "120000", "130000"];

#[test]
fn a_list_is_told_once_in_each_form() {
    let readers = Readers::new();
    for node in NODES {
        let mut tags = Vec::new();
        for fields in [
            &["accept: */*"][..],
            &["accept: application/jose"],
            &["accept-encoding: gzip"],
            &["accept: application/jose", "accept-encoding: gzip"],
        ] {
            let answer = readers.get(node, "/v1/lists/federation", fields);
            assert_eq!(answer.status, 200, "{node} {fields:?}");
            assert_eq!(answer.header("vary"), "Accept, Accept-Encoding");
            assert_eq!(answer.header("cache-control"), "no-cache");
            let packed = fields.iter().any(|field| field.contains("gzip"));
            assert_eq!(answer.header("content-encoding"), if packed { "gzip" } else { "" });
            assert_eq!(answer.body.starts_with(&[0x1f, 0x8b]), packed);
            let compact = fields.iter().any(|field| field.ends_with("jose"));
            let expected = if compact { "application/jose" } else { "application/jose+json" };
            assert_eq!(answer.header("content-type"), expected);
            if compact && !packed {
                assert_eq!(answer.body.split(|byte| *byte == b'.').count(), 3);
            }
            let tag = answer.header("etag").to_owned();
            let condition = format!("if-none-match: {tag}");
            let again =
                readers.get(node, "/v1/lists/federation", &[fields, &[&condition]].concat());
            assert_eq!((again.status, again.body.len()), (304, 0), "{node} {fields:?}");
            assert_eq!(again.header("etag"), tag);
            tags.push(tag);
        }
        let plain =
            readers.get(node, "/v1/lists/federation", &[&format!("if-none-match: {}", tags[1])]);
        assert_eq!(plain.status, 200, "the tag of another representation");
        tags.sort_unstable();
        tags.dedup();
        assert_eq!(tags.len(), 4, "{node}");
    }
}

#[test]
fn a_version_by_number_lasts_and_another_is_not_made_up() {
    let readers = Readers::new();
    for node in NODES {
        for id in ["federation", "120000"] {
            let newest = readers.get(node, &format!("/v1/lists/{id}"), &[]).list();
            let path = format!("/v1/lists/{id}/{}", sequence(&newest));
            let numbered = readers.get(node, &path, &[]);
            assert_eq!(numbered.header("cache-control"), "public, max-age=31536000, immutable");
            assert_eq!(numbered.list().sha256(), newest.sha256());
            for path in [
                format!("/v1/lists/{id}/0"),
                format!("/v1/lists/{id}/{}", sequence(&newest) + 1),
                format!("/v1/lists/{id}/0{}", sequence(&newest) + 1),
                format!("/v1/lists/{id}/-1"),
                format!("/v1/lists/{id}/x"),
                format!("/v1/lists/{id}/18446744073709551616"),
            ] {
                readers.get(node, &path, &[]).refused(404, "not-found");
            }
        }
        for id in ["999999", "Federation", "..%2f..%2fconfig", "%2e%2e", "120000%00", "12000"] {
            for path in [format!("/v1/lists/{id}"), format!("/v1/lists/{id}/1")] {
                let answer = readers.get(node, &path, &["accept: application/jose"]);
                assert!(matches!(answer.status, 400 | 404), "tl_36 {node} {path}: {}", answer.head);
            }
        }
    }
}

#[test]
fn the_version_of_an_instant_is_found_by_its_issue() {
    let readers = Readers::new();
    for id in LISTS {
        let newest = readers.get("hub", &format!("/v1/lists/{id}"), &[]).list();
        let mut last = None;
        for number in 1..=sequence(&newest) {
            let version = readers.get("hub", &format!("/v1/lists/{id}/{number}"), &[]).list();
            let issued = version.document().lote.scheme.list_issue_date_time;
            let then = readers.get("hub", &format!("/v1/lists/{id}?at={issued}"), &[]).list();
            let then_issued = then.document().lote.scheme.list_issue_date_time;
            assert_eq!(then_issued, issued, "{id}/{number}");
            assert!(sequence(&then) >= number, "{id}/{number}");
            last = Some(issued);
        }
        let later =
            readers.get("hub", &format!("/v1/lists/{id}?at=2999-01-01T00%3A00%3A00Z"), &[]).list();
        assert_eq!(sequence(&later), sequence(&newest));
        let held = readers.get("120000", &format!("/v1/lists/{id}?at={}", last.unwrap()), &[]);
        assert_eq!(held.list().sha256(), newest.sha256(), "{id}");
        for node in NODES {
            let before = format!("/v1/lists/{id}?at=2020-01-01T00:00:00Z");
            readers.get(node, &before, &[]).refused(404, "not-found");
        }
    }
}

#[test]
fn an_instant_that_is_none_is_pointed_at() {
    let readers = Readers::new();
    for node in NODES {
        for at in ["", "at", "now", "2026-01-01", "2026-01-01T00:00:00%2B08:00", "1767225600"] {
            let path = format!("/v1/lists/federation?at={at}");
            let problem = readers.get(node, &path, &[]).refused(422, "validation-failed");
            assert_eq!(problem["errors"][0]["pointer"], "/at", "{problem}");
        }
    }
}

#[test]
fn a_root_is_served_under_all_its_signatures() {
    let readers = Readers::new();
    for node in NODES {
        let root = readers.get(node, "/v1/root/1", &["accept: application/jose"]);
        assert_eq!((root.status, root.header("content-type")), (200, "application/jose+json"));
        assert_eq!(root.header("cache-control"), "public, max-age=31536000, immutable");
        let again = format!("if-none-match: {}", root.header("etag"));
        assert_eq!(readers.get(node, "/v1/root/1", &[&again]).status, 304);
        readers.get(node, "/v1/root/2", &["if-none-match: *"]).refused(404, "not-found");
    }
}

#[test]
fn what_is_published_already_adds_no_line_to_the_log() {
    let readers = Readers::new();
    let federation = Federation::at_rest();
    let operator = federation.kept_desk("hub", 2, "hub-operator");
    let publish = |order: &Value| answered(operator.post("/v1/operator/list-publish", order));
    let size = || {
        let checkpoint = readers.get("hub", "/v1/log/checkpoint", &[]).body;
        String::from_utf8(checkpoint).unwrap().lines().nth(1).map(str::to_owned)
    };
    let list = |id: &str| {
        let held = readers.get("hub", &format!("/v1/lists/{id}"), &[]).body;
        json!({ "id": format!("urn:elicence:list:{id}"), "list": String::from_utf8(held).unwrap() })
    };
    let before = size();
    let both = json!({ "lists": [list("federation"), list("120000")] });
    for order in [list("federation"), list("120000"), both] {
        let reply = publish(&order);
        assert_eq!(reply.status, 200, "{reply:?}");
        assert!(reply.body["published"][0]["sha256"].is_string(), "{reply:?}");
    }
    assert_eq!(size(), before, "nothing was new");
    let twice = json!({ "lists": [list("120000"), list("120000")] });
    let reply = publish(&twice);
    refused(&reply, 422, "validation-failed", "one list twice");
    assert_eq!(reply.body["errors"][0]["pointer"], "/lists/1/id", "{reply:?}");
    for order in [json!({}), json!({ "lists": [] }), json!({ "id": "urn:elicence:list:120000" })] {
        let reply = publish(&order);
        refused(&reply, 422, "validation-failed", "no list");
        let told = reply.body["errors"][0]["detail"].as_str().unwrap_or_default();
        assert!(told.contains("`lists`"), "{told}");
    }
}

#[test]
fn orders_are_told_to_those_who_do_not_have_just_these() {
    let readers = Readers::new();
    for node in NODES {
        let orders = readers.get(node, "/v1/suspensions", &[]);
        assert_eq!(orders.status, 200, "{node}");
        let again = format!("if-none-match: {}", orders.header("etag"));
        let known = readers.get(node, "/v1/suspensions", &[&again]);
        assert_eq!((known.status, known.body.len()), (304, 0), "{node}");
        let other = readers.get(node, "/v1/suspensions", &["if-none-match: \"another\""]);
        assert_eq!((other.status, other.header("etag")), (200, orders.header("etag")), "{node}");
    }
}
