//! Breaking glass, as `trust-anchors/README.md` tells it: a member that stops itself and comes
//! back, stolen keys that are replaced, and witnesses that are appointed; by the program's own
//! commands, against nodes that run.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use std::path::{Path, PathBuf};
use std::process::Command;

use hutong::crypto::Algorithm;
use hutong::pki::{LEAF_LIFE, Made, Period, files};
use serde_json::{Value, json};
use tempfile::TempDir;

use common::operators::{at_hub, done, publish, sign, sign_and_publish};
use common::{Apart, Federation, PATIENCE, answered, now, refused, run, text, told, until};

/// The folder of the hub and of a gateway that runs.
struct Desk {
    apart: Apart,
    files: TempDir,
}

impl Desk {
    fn new() -> Self {
        Self { apart: Apart::at_rest(), files: TempDir::new().unwrap() }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.files.path().join(name)
    }

    fn folder(&self, node: &str) -> &Path {
        &self.apart.node(node).dir
    }

    /// The federation list that the hub holds, as a file.
    fn held_list(&self, name: &str) -> PathBuf {
        let stranger = Federation::at_rest().desk("hub", 1, None);
        let reply = answered(stranger.get("/v1/lists/federation"));
        let path = self.file(name);
        std::fs::write(&path, reply.body.to_string()).unwrap();
        path
    }
}

impl Desk {
    /// Makes Tianjin's own order against itself, and tells its digest.
    fn own_order(&self, reason: &str, out: &Path) -> String {
        let keys = self.folder("120000").join("keys");
        let (key, cert) = (keys.join("list-signing.key.pem"), keys.join("list-signing.cert.pem"));
        let order = ["member", "suspend", "120000", "--reason", reason, "--json"];
        let signed = ["--key", text(&key), "--cert", text(&cert), "--out", text(out)];
        done(&[&order[..], &signed].concat())["sha256"].as_str().unwrap().to_owned()
    }

    /// Its operator publishes an order at this gateway.
    fn bring_to(&self, division: &str, order: &Path) {
        let federation = Federation::at_rest();
        let port = federation.address(division, 2).port();
        let file = |what: &str| federation.dir.join(format!("clients/{division}-operator.{what}"));
        let server = self.folder(division).join("keys/gateway-tls.cert.pem");
        let answer = done(&[
            "trust",
            "publish",
            "--gateway",
            &format!("https://127.0.0.1:{port}"),
            "--server-cert",
            text(&server),
            "--cert",
            text(&file("cert.pem")),
            "--key",
            text(&file("key.pem")),
            "--json",
            text(order),
        ]);
        assert_eq!(answer["answers"][0]["standing"], json!("in-force"), "{answer}");
    }

    /// The operators lift these orders by the next federation list.
    fn restore(&self, division: &str, orders: &[&str]) {
        let held = self.held_list("held.json");
        let next = self.file("restore.json");
        let mut arguments = vec!["member", "restore", division, "--list", text(&held), "--json"];
        arguments.extend(orders.iter().flat_map(|order| ["--order", *order]));
        done(&[&arguments[..], &["--out", text(&next)]].concat());
        sign_and_publish(&next, Some(&held));
    }
}

/// What `/readyz` of a node says.
fn ready(node: &str) -> Value {
    let client = format!("{node}-operator");
    answered(Federation::at_rest().kept_desk(node, 2, &client).get("/readyz")).body
}

/// What police of Hebei hear of the driver's licence, which Tianjin issued.
fn verdict() -> (String, String) {
    let credential = std::fs::read_to_string(
        Federation::at_rest().dir.join("wallets/driver/driver-qualification.sdjwt"),
    );
    let police = Federation::at_rest().kept_desk("130000", 0, "130000-enforcement");
    let check = json!({ "credential": credential.unwrap() });
    let reply = answered(police.post("/v1/verifications", &check));
    let reason = reply.body["reasons"][0]["code"].as_str().unwrap_or_default().to_owned();
    (reply.body["decision"].as_str().unwrap_or_default().to_owned(), reason)
}

fn comes_to(decision: &str, reason: &str) {
    let seen = until(PATIENCE, || {
        let (is, why) = verdict();
        (is == decision && why == reason).then_some(())
    });
    assert!(seen.is_some(), "{decision} {reason}, not {:?}", verdict());
}

#[test]
fn a_member_stops_itself_and_comes_back_by_a_list_that_cites_the_order() {
    let desk = Desk::new();
    let nodes = desk.apart.serve(&["hub", "120000", "130000", "440000"]);
    comes_to("ACCEPT", "ok");
    let order = desk.file("stop.json");
    let sha256 = desk.own_order("list key stolen", &order);
    // It is brought to one gateway alone, which is not the one that is watched.
    desk.bring_to("440000", &order);
    comes_to("REFUSE", "issuer.suspended");
    let shunned = Federation::at_rest().member_desk("130000", 0, "120000");
    let stopped = until(PATIENCE, || {
        let reply = answered(shunned.get("/.well-known/elicence-gateway"));
        (reply.status == 403).then_some(reply)
    });
    refused(&stopped.unwrap(), 403, "member-suspended", "at another gateway");
    // The hub lets it read on, and takes nothing from it.
    let keys = desk.folder("120000").join("keys");
    let own = |what: &str| keys.join(format!("gateway-tls.{what}.pem"));
    let hub_certificate = desk.folder("hub").join("keys/hub-tls.cert.pem");
    let put = Command::new("curl")
        .args(["-sS", "-m", "20", "-X", "PUT", "-H", "content-type: application/jose+json"])
        .args(["--cacert", text(&hub_certificate), "--cert", text(&own("cert"))])
        .args(["--key", text(&own("key")), "--data", "{}"])
        .arg(format!("https://127.0.0.1:{}/v1/members/120000/list", Federation::at_rest().base))
        .output()
        .expect("curl");
    let put = String::from_utf8_lossy(&put.stdout).into_owned();
    assert!(put.contains("\"code\":\"member-suspended\""), "{put}");

    // Nor does anybody else keep it from reading trust.
    let at_the_hub = Federation::at_rest().member_desk("hub", 0, "120000");
    for (reader, of) in [(&shunned, "another gateway"), (&at_the_hub, "the hub")] {
        for path in [
            "/v1/freshness",
            "/v1/suspensions",
            "/v1/lists/federation",
            "/v1/lists/130000",
            "/v1/log/checkpoint",
        ] {
            assert_eq!(answered(reader.get(path)).status, 200, "{path} at {of}");
        }
        assert_eq!(answered(reader.get("/v1/root/2")).status, 404, "no newer root at {of}");
    }
    let own = Federation::at_rest().desk("120000", 1, None);
    let held_by_itself = || answered(own.get("/v1/suspensions")).body["orders"].clone();
    let knows = || (held_by_itself().as_array().map(Vec::len) == Some(1)).then_some(());
    assert!(until(PATIENCE, knows).is_some(), "it knows that it is stopped");
    let reaches = || !ready("120000")["degraded"].to_string().contains("hub-unreachable");
    assert!(until(PATIENCE, || reaches().then_some(())).is_some(), "{}", nodes[1].stderr());
    // Its key is said to be stolen, and indeed nobody brought the order at its own gateway.
    let alarmed = until(PATIENCE, || nodes[1].stderr().contains("not signed here").then_some(()));
    assert!(alarmed.is_some(), "{}", nodes[1].stderr());

    desk.restore("120000", &[&sha256]);
    comes_to("ACCEPT", "ok");
    let restored = until(PATIENCE, || (held_by_itself() == json!([])).then_some(()));
    assert!(restored.is_some(), "it hears that it is restored: {}", held_by_itself());
    let lifted = until(PATIENCE, || {
        let orders = answered(Federation::at_rest().desk("440000", 1, None).get("/v1/suspensions"));
        (orders.body["orders"] == json!([])).then_some(())
    });
    assert!(lifted.is_some(), "the lifted order is gone everywhere");
}

#[test]
fn a_province_knows_its_own_orders_long_after_they_were_lifted() {
    let desk = Desk::new();
    let mut nodes = desk.apart.serve(&["hub", "130000", "120000"]);
    comes_to("ACCEPT", "ok");
    let brought = desk.file("brought.json");
    let brought_sha256 = desk.own_order("brought to its own gateway", &brought);
    desk.bring_to("120000", &brought);
    comes_to("REFUSE", "issuer.suspended");
    // The gateway is away from before the other order is made until after both are lifted.
    nodes.pop();
    let carried = desk.folder("120000").join("outbox/stop.json");
    let carried_sha256 = desk.own_order("carried to the hub by hand", &carried);
    let answer = at_hub(&["trust", "publish", text(&carried)]);
    assert_eq!(answer["answers"][0]["standing"], json!("in-force"), "{answer}");
    desk.restore("120000", &[&brought_sha256, &carried_sha256]);
    nodes.extend(desk.apart.serve(&["120000"]));
    let head = |node: &str| {
        let reply = answered(Federation::at_rest().desk(node, 1, None).get("/v1/log/checkpoint"));
        reply.body.as_str().and_then(|text| text.lines().nth(1)).map(str::to_owned)
    };
    let newest = head("hub").unwrap();
    let read = until(PATIENCE, || (head("120000").as_ref() == Some(&newest)).then_some(()));
    assert!(read.is_some(), "{newest}, not {:?}", head("120000"));
    assert!(!nodes[2].stderr().contains("not signed here"), "{}", nodes[2].stderr());
}

#[test]
fn tl_41_two_operators_stop_one_member_and_a_third_is_asked_for_the_next() {
    let desk = Desk::new();
    let _nodes = desk.apart.serve(&["hub", "120000", "130000"]);
    let order_against = |division: &str, name: &str, operators: &[u32]| {
        let order = desk.file(name);
        done(&[
            "member",
            "suspend",
            division,
            "--reason",
            "emergency",
            "--out",
            text(&order),
            "--json",
        ]);
        for (before, operator) in operators.iter().enumerate() {
            let signed = sign(&order, *operator, None);
            let said = String::from_utf8_lossy(&signed.stdout).into_owned();
            let expected = if before == 0 { "has 1 signature\n" } else { "has 2 signatures\n" };
            assert!(said.ends_with(expected), "{said}");
        }
        order
    };
    let one = order_against("120000", "one.json", &[2]);
    let alone = run(
        &[&["trust", "publish", text(&one)], &common::operators::desk_arguments()[..]].concat()
    );
    assert_eq!(alone.status.code(), Some(65), "one operator stops nobody");
    let standing =
        |order: &Path| at_hub(&["trust", "publish", text(order)])["answers"][0]["standing"].clone();
    sign(&one, 4, None);
    assert_eq!(standing(&one), json!("in-force"));
    comes_to("REFUSE", "issuer.suspended");
    let two = order_against("440000", "two.json", &[1, 5]);
    assert_eq!(standing(&two), json!("waiting"));
    sign(&two, 3, None);
    assert_eq!(standing(&two), json!("in-force"));
}

#[test]
fn a_stolen_freshness_key_is_replaced_by_the_next_root() {
    let desk = Desk::new();
    let folder = desk.folder("hub").to_owned();
    let made =
        Made::signing("hub freshness 2", Algorithm::Es256, Period::from_now(now(), LEAF_LIFE));
    let made = made.unwrap();
    let keys = folder.join("keys");
    files::write_key(&keys.join("freshness-2.key.pem"), &made.pkcs8).unwrap();
    let certificate = keys.join("freshness-2.cert.pem");
    files::write_certificates(&certificate, &[made.certificate]).unwrap();
    let mut nodes = desk.apart.serve(&["hub", "120000", "130000"]);
    let root = folder.join("trust/root.json");
    let next = desk.file("root-2.json");
    done(&[
        "trust",
        "root",
        "next",
        "--from",
        text(&root),
        "--freshness",
        text(&certificate),
        "--out",
        text(&next),
        "--json",
    ]);
    let too_few =
        run(&[&["trust", "publish", text(&next)], &common::operators::desk_arguments()[..]]
            .concat());
    assert_eq!(too_few.status.code(), Some(65), "nobody signed it");
    for operator in [1, 2, 4] {
        sign(&next, operator, None);
    }
    publish_root(&next);
    let followed = until(PATIENCE, || {
        let reply = answered(Federation::at_rest().desk("130000", 1, None).get("/v1/root/2"));
        reply.is_done().then_some(())
    });
    assert!(followed.is_some(), "Hebei takes the next root");
    comes_to("ACCEPT", "ok");
    // The hub starts again with the new key, pinned though it is to the first root.
    nodes[0].signal("TERM");
    nodes[0].wait();
    let hub = desk.apart.serve(&["hub"]);
    let fresh = until(PATIENCE, || {
        let degraded = ready("130000")["degraded"].clone();
        (!degraded.to_string().contains("hub-unreachable")).then_some(())
    });
    assert!(fresh.is_some(), "{}", hub[0].stderr());
}

#[test]
fn the_hub_moves_to_another_address_that_the_next_root_names() {
    let desk = Desk::new();
    let mut nodes = desk.apart.serve(&["hub", "120000"]);
    let hub = desk.apart.node("hub");
    let root = hub.dir.join("trust/root.json");
    let base = Federation::at_rest().base;
    let (old, new) = (base, base + 8);
    let next = desk.file("root-2.json");
    let order = |address: &str| {
        let given = ["--from", text(&root), "--out", text(&next), "--hub-url", address];
        run(&[&["trust", "root", "next"], &given[..]].concat())
    };
    for address in ["http://127.0.0.1:1", "https://127.0.0.1:1/hub", "hub.example"] {
        assert_eq!(order(address).status.code(), Some(64), "{address} is no origin");
    }
    let made = order(&format!("https://127.0.0.1:{new}"));
    let said = String::from_utf8_lossy(&made.stderr).into_owned();
    let expected = format!("hub address   https://127.0.0.1:{new}, not https://127.0.0.1:{old}");
    assert!(made.status.success() && said.contains(&expected), "{said}");
    for operator in [1, 2, 4] {
        sign(&next, operator, None);
    }
    publish_root(&next);
    let follows = |node: &str| {
        let stranger = Federation::at_rest().desk(node, 1, None);
        let followed =
            until(PATIENCE, || answered(stranger.get("/v1/root/2")).is_done().then_some(()));
        assert!(followed.is_some(), "{node} takes the next root");
    };
    follows("120000");
    nodes[0].signal("TERM");
    nodes[0].wait();
    hub.edit_config(|config| config.replace(&format!(":{old}\""), &format!(":{new}\"")));
    nodes[0] = desk.apart.serve(&["hub"]).remove(0);
    // Hebei was away: where it looks for the hub there is none, and Tianjin has the root.
    nodes.extend(desk.apart.serve(&["130000"]));
    for (place, node) in [(1, "120000"), (2, "130000")] {
        follows(node);
        let reaches = || !ready(node)["degraded"].to_string().contains("hub-unreachable");
        let reached = until(PATIENCE, || reaches().then_some(()));
        assert!(reached.is_some(), "{node}: {}", nodes[place].stderr());
    }
    // What the moved hub publishes is taken, also by one that starts again under its old pin.
    nodes.truncate(1);
    let order = desk.file("stop.json");
    desk.own_order("to see that the moved hub is heard", &order);
    let answer = at_hub(&["trust", "publish", text(&order)]);
    assert_eq!(answer["answers"][0]["standing"], json!("in-force"), "{answer}");
    nodes.extend(desk.apart.serve(&["130000"]));
    comes_to("REFUSE", "issuer.suspended");
}

#[test]
fn tl_46_witnesses_are_appointed_and_a_list_waits_for_them() {
    let desk = Desk::new();
    let nodes = desk.apart.serve(&["hub", "120000", "130000", "440000"]);
    let vkey = |division: &str| {
        let folder = desk.folder("hub");
        let shown = done(&["member", "show", division, "--state", text(folder), "--json"]);
        shown["witness_vkey"].as_str().unwrap().to_owned()
    };
    let root = desk.folder("hub").join("trust/root.json");
    let next = desk.file("root-2.json");
    done(&[
        "trust",
        "root",
        "next",
        "--from",
        text(&root),
        "--quorum",
        "2",
        "--witness",
        &vkey("120000"),
        "--witness",
        &vkey("130000"),
        "--witness",
        &vkey("440000"),
        "--out",
        text(&next),
        "--json",
    ]);
    for operator in [1, 3, 5] {
        sign(&next, operator, None);
    }
    publish_root(&next);
    let witnessed = until(PATIENCE, || (ready("130000")["witnessed"] == json!(true)).then_some(()));
    assert!(witnessed.is_some(), "{}", ready("130000"));
    // With two of three up a new list is soon cosigned.
    let held = desk.held_list("held.json");
    let sequence = |node: &str| {
        let state = desk.folder(node);
        let shown =
            done(&["trust", "show", "--root", text(&root), "--state", text(state), "--json"]);
        let lists = shown["state"]["lists"].as_array().unwrap().clone();
        let federation = lists.iter().find(|list| list["id"] == "urn:elicence:list:federation");
        (federation.unwrap()["sequence"].as_u64().unwrap(), shown["state"]["waiting"].clone())
    };
    assert_eq!(sequence("130000").0, 1);
    let withdraw = |held: &Path, out: &Path, division: &str| {
        done(&["member", "withdraw", division, "--list", text(held), "--out", text(out), "--json"]);
    };
    let second = desk.file("federation-2.json");
    withdraw(&held, &second, "440000");
    // Two witnesses fall silent: what the list takes away counts, and the list itself waits.
    for node in [1, 3] {
        nodes[node].signal("STOP");
    }
    for operator in [1, 2, 4] {
        sign(&second, operator, Some(&held));
    }
    publish(&second);
    let waits = until(PATIENCE, || {
        let (number, waiting) = sequence("130000");
        (number == 1 && waiting == json!([["federation", 2]])).then_some(())
    });
    assert!(waits.is_some(), "{:?}", sequence("130000"));
    for node in [1, 3] {
        nodes[node].signal("CONT");
    }
    let settled = until(2 * PATIENCE, || (sequence("130000").0 == 2).then_some(()));
    assert!(settled.is_some(), "{:?}", sequence("130000"));
}

fn publish_root(root: &Path) {
    let answer = at_hub(&["trust", "publish", text(root)]);
    assert_eq!(answer["answers"][0]["sequence"], json!(2), "{answer}");
}

#[test]
fn a_stranger_follows_the_log_with_the_root_alone() {
    let desk = Desk::new();
    let _nodes = desk.apart.serve(&["hub"]);
    let root = desk.folder("hub").join("trust/root.json");
    let hub = format!("https://127.0.0.1:{}", Federation::at_rest().base + 1);
    let ask = |arguments: &[&str]| {
        run(&[&["trust"], arguments, &["--root", text(&root), "--hub", &hub, "--json"]].concat())
    };
    let log = ask(&["log"]);
    assert_eq!(log.status.code(), Some(0), "{log:?}");
    let log: Value = serde_json::from_slice(&log.stdout).unwrap();
    let lines = log["lines"].as_array().unwrap();
    assert_eq!(lines[0]["leaf"]["kind"], json!("root"), "the log begins with the root");
    assert_eq!(lines.len() as u64, log["size"].as_u64().unwrap());
    let own = ask(&["log", "--member", "120000"]);
    let own: Value = serde_json::from_slice(&own.stdout).unwrap();
    let own = own["lines"].as_array().unwrap().len();
    assert!((1..lines.len()).contains(&own), "{own} of {}", lines.len());
    let watch = ask(&["watch", "--once"]);
    assert_eq!(watch.status.code(), Some(0), "{watch:?}");
    let watch: Value = serde_json::from_slice(&watch.stdout).unwrap();
    assert_eq!(watch["alarms"], json!([]));
    let folder = desk.file("pulled");
    let pulled = ask(&["pull", "--out", text(&folder)]);
    assert_eq!(pulled.status.code(), Some(0), "{pulled:?}");
    let verified = run(&[
        "trust",
        "verify",
        "--root",
        text(&folder.join("root.json")),
        "--federation",
        text(&folder.join("federation.json")),
        text(&folder.join("120000.json")),
    ]);
    assert_eq!(verified.status.code(), Some(0), "{verified:?}");
    // Another root names another hub: nothing is believed.
    let impostor = Federation::impostor().dir.join("hub/trust/root.json");
    let other = run(&["trust", "log", "--root", text(&impostor), "--hub", &hub]);
    assert_eq!(told(&other).exit, 69, "{other:?}");
}
