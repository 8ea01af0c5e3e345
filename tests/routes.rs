//! Every route of a running federation, walked by those who may not use it, and with requests
//! whose form alone is wrong: what is refused, where, and with which problem.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;

use hutong::base::{SystemClock, Timestamp};
use hutong::identity::ClientName;
use hutong::peer::{Reply, Welcome, knock};
use hutong::pki::{AUTHORITY_LIFE, Authority, CLIENT_LIFE, Made, Period};
use hutong::tls::TlsIdentity;
use serde_json::{Value, json};

use common::{Federation, answered, now, pin, read_made, refused, text, wait};

/// Routes of the federation listener that the public one knows only to ask for a certificate.
const FEDERATION: [&str; 6] = [
    "/v1/verifications",
    "/v1/inspections",
    "/v1/licences:query",
    "/v1/consent-requests",
    "/v1/disclosures",
    "/v1/records",
];
/// Routes of holders.
const HOLDER: [&str; 4] = [
    "/v1/consent-requests/req_1",
    "/v1/consent-requests/req_1/approve",
    "/v1/consent-requests/req_1/deny",
    "/v1/grants/grt_1/revoke",
];
/// What both outward listeners show to everybody.
const SHARED: [&str; 6] = [
    "/.well-known/elicence-gateway",
    "/v1/status-lists/licence/1",
    "/v1/root/1",
    "/v1/freshness",
    "/v1/lists/120000",
    "/v1/lists/federation/1",
];
/// Routes of operators.
const OPERATOR: [&str; 17] = [
    "/healthz",
    "/readyz",
    "/metrics",
    "/v1/operator/audit-verify",
    "/v1/operator/licence-issue",
    "/v1/operator/client-register",
    "/v1/operator/list-publish",
    "/v1/operator/list-propose",
    "/v1/operator/list-approve",
    "/v1/operator/list-proposals",
    "/v1/operator/client-invite",
    "/v1/operator/client-request",
    "/v1/operator/client-approve",
    "/v1/operator/client-list",
    "/v1/operator/client-suspend",
    "/v1/operator/client-resume",
    "/v1/operator/client-revoke",
];
const PROVINCES: [&str; 3] = ["120000", "130000", "440000"];

#[test]
fn tls_01_nobody_without_a_certificate_is_served_but_in_public() {
    for province in PROVINCES {
        assert_eq!(knock_at(province, 0, None), alert("CertificateRequired"), "{province}");
        assert_eq!(knock_at(province, 2, None), alert("CertificateRequired"), "{province}");
        assert_eq!(knock_at(province, 1, None), Welcome::In, "{province}");
    }
}

#[test]
fn tls_02_clients_of_others_are_turned_away_in_the_handshake() {
    let federation = Federation::up();
    let client = |division, role| federation.client(division, role, "anybody");
    for (at, from) in [("120000", "130000"), ("130000", "440000"), ("440000", "120000")] {
        for role in ["business", "enforcement", "operator", "transport-authority", "register"] {
            for listener in [0, 2] {
                let stranger = client(from, role);
                let said = knock_at(at, listener, Some(&stranger));
                assert_eq!(said, alert("UnknownCA"), "{role} of {from} at {at}");
            }
        }
    }
    let (_, nobody) =
        Authority::make("nobody's clients", Period::from_now(now(), AUTHORITY_LIFE)).unwrap();
    let unlisted = issue(&nobody, "urn:elicence:client:120000:enforcement:nobody");
    assert_eq!(knock_at("120000", 0, Some(&unlisted)), alert("UnknownCA"));
    // The right authority, but a name that is not its to give.
    let own = authority("130000", "business");
    for name in [
        "urn:elicence:client:120000:business:guest",
        "urn:elicence:client:130000:enforcement:guest",
        "urn:elicence:client:130000:operator:guest",
    ] {
        let said = knock_at("130000", 0, Some(&issue(&own, name)));
        assert!(matches!(said, Welcome::Refused(_)), "{name}: {said:?}");
    }
}

#[test]
fn tls_03_an_ended_client_certificate_is_turned_away() {
    let name: ClientName = "urn:elicence:client:130000:enforcement:late".parse().unwrap();
    let life = i64::try_from(CLIENT_LIFE.as_secs()).unwrap();
    let two_lives_ago = Timestamp::from_unix_seconds(now().unix_seconds() - 2 * life);
    let long_ago = Period::from_now(two_lives_ago, CLIENT_LIFE);
    let late = authority("130000", "enforcement").issue_client(&name, long_ago).unwrap();
    assert_eq!(knock_at("130000", 0, Some(&late)), alert("CertificateExpired"));
}

#[test]
fn federation_routes_ask_for_a_certificate_on_the_public_listener() {
    for path in FEDERATION {
        for method in ["GET", "POST", "PUT", "DELETE", "PATCH"] {
            let answer = Call::new("130000", 1, path).method(method).send();
            answer.refused(401, "client-certificate-required");
        }
    }
}

#[test]
fn ht_23_routes_of_another_listener_are_not_found() {
    let absent = ["/admin", "/", "/v1", "/v1/feed", "/debug/pprof", "/v2/verifications"];
    let on_public = OPERATOR.iter().chain(&absent);
    for path in on_public {
        for method in ["GET", "POST"] {
            Call::new("130000", 1, path).method(method).send().refused(404, "not-found");
        }
    }
    // Not even for an operator.
    for path in OPERATOR.iter().chain(&absent).chain(&HOLDER) {
        for client in ["130000-enforcement", "130000-operator"] {
            let call = Call::new("130000", 0, path).showing(client);
            call.method("POST").send().refused(404, "not-found");
        }
    }
    for path in FEDERATION.iter().chain(&HOLDER).chain(&SHARED).chain(&absent) {
        let call = Call::new("130000", 2, path).showing("130000-operator");
        call.send().refused(404, "not-found");
    }
}

#[test]
fn co_21_each_role_has_its_routes_and_no_others() {
    let federation = Federation::up();
    let (officer, business) = (&FEDERATION[..3], &FEDERATION[3..]);
    let one_grant = "/v1/grants/grt_01a203449cc2732da323d1f647bcc75e";
    for (role, denied) in [
        ("business", officer[1..].to_vec()),
        ("enforcement", business.to_vec()),
        ("transport-authority", [&officer[1..], business].concat()),
        ("register", FEDERATION.to_vec()),
        ("auditor", FEDERATION.to_vec()),
        ("operator", FEDERATION.to_vec()),
    ] {
        let client = federation.client("130000", role, "anybody");
        let desk = federation.desk("130000", 0, Some(&client));
        for path in denied {
            let reply = answered(desk.post(path, &sound_body(path)));
            refused(&reply, 403, "role-not-allowed", &format!("{role} {path}"));
        }
        if role != "business" {
            let reply = answered(desk.get(one_grant));
            refused(&reply, 403, "role-not-allowed", &format!("{role} {one_grant}"));
        }
    }
}

#[test]
fn the_operators_listener_serves_operators_alone() {
    let federation = Federation::up();
    for role in ["business", "enforcement", "transport-authority", "register", "auditor"] {
        let client = federation.client("130000", role, "anybody");
        let desk = federation.desk("130000", 2, Some(&client));
        for path in OPERATOR {
            let reply = answered(async {
                if path.starts_with("/v1") {
                    desk.post(path, &json!({})).await
                } else {
                    desk.get(path).await
                }
            });
            refused(&reply, 403, "role-not-allowed", &format!("{role} {path}"));
        }
    }
    // Another member's gateway is known, and no operator either.
    let keys = federation.dir.join("440000/keys");
    let peer = read_made(&keys.join("gateway-tls.cert.pem"), &keys.join("gateway-tls.key.pem"));
    let desk = federation.desk("130000", 2, Some(&peer));
    for path in ["/healthz", "/readyz", "/metrics"] {
        refused(&answered(desk.get(path)), 403, "role-not-allowed", path);
    }
    let operator = federation.client("130000", "operator", "anybody");
    let desk = federation.desk("130000", 2, Some(&operator));
    for path in ["/healthz", "/readyz", "/metrics"] {
        assert!(answered(desk.get(path)).is_done(), "{path}");
    }
    let unknown = answered(desk.post("/v1/operator/nonsense", &json!({})));
    refused(&unknown, 404, "not-found", "an unknown command");
}

#[test]
fn what_everybody_may_see_needs_no_certificate() {
    for path in SHARED {
        let answer = Call::new("120000", 1, path).send();
        assert_eq!(answer.status, 200, "{path}: {answer:?}");
        let answer = Call::new("130000", 0, path).showing("130000-enforcement").send();
        assert_eq!(answer.status, 200, "{path}: {answer:?}");
    }
    for path in ["/v1/status-lists/licence/2", "/v1/status-lists/x/1", "/v1/root/99", "/v1/lists/x"]
    {
        Call::new("120000", 1, path).send().refused(404, "not-found");
    }
}

#[test]
fn another_method_is_told_which_ones_there_are() {
    for (path, allowed) in FEDERATION.iter().map(|path| (path, "POST")) {
        for method in ["GET", "PUT", "DELETE"] {
            let call = Call::new("130000", 0, path).showing("130000-enforcement");
            let answer = call.method(method).send();
            answer.refused(405, "method-not-allowed");
            assert_eq!(answer.header("allow"), Some(allowed), "{method} {path}");
        }
    }
    for path in SHARED {
        let answer = Call::new("130000", 1, path).method("POST").send();
        answer.refused(405, "method-not-allowed");
        assert!(answer.header("allow").is_some_and(|allow| allow.contains("GET")), "{path}");
    }
}

#[test]
fn ht_13_ht_14_other_types_of_body_are_not_taken() {
    let xml = "<?xml version=\"1.0\"?><!DOCTYPE x [<!ENTITY y SYSTEM \"file:///etc/hostname\">]>";
    for (kind, body) in [
        ("text/xml", xml),
        ("application/xml", xml),
        ("multipart/form-data; boundary=x", "--x--"),
        ("application/x-www-form-urlencoded", "credential=x"),
        ("text/plain", "{}"),
        ("application/json; charset=utf-16", "{}"),
        ("", "{}"),
    ] {
        let header = format!("content-type:{}", if kind.is_empty() { "" } else { kind });
        let call = Call::new("130000", 0, "/v1/verifications").showing("130000-enforcement");
        call.with(&["-H", &header, "--data-binary", body]).send().refused(415, UNSUPPORTED);
    }
    let call = Call::new("130000", 0, "/v1/verifications").showing("130000-enforcement");
    call.json("{}").with(&["-H", "content-encoding: gzip"]).send().refused(415, UNSUPPORTED);
}

#[test]
fn ht_12_a_body_over_the_limit_is_not_read() {
    let credential = "x".repeat(64 * 1024);
    let body = json!({ "credential": credential }).to_string();
    for path in FEDERATION {
        let call = Call::new("130000", 0, path).showing("130000-enforcement");
        call.json(&body).send().refused(413, "too-large-body");
    }
    let path = "/v1/consent-requests/req_1/approve";
    Call::new("120000", 1, path).json(&body).send().refused(413, "too-large-body");
}

#[test]
fn jw_32_what_is_no_strict_json_is_malformed() {
    let deep = format!("{}{}", "[".repeat(17), "]".repeat(17));
    for body in [
        "{",
        "{\"credential\":}",
        "{\"credential\":\"x\"}{}",
        "{\"credential\":\"x\",\"credential\":\"y\"}",
        "{\"credential\":\"x\",\"cr\\u0065dential\":\"y\"}",
        "{'credential':'x'}",
        "\u{feff}{\"credential\":\"x\"}",
        "{\"credential\":\"\\ud800\"}",
        deep.as_str(),
        " ",
    ] {
        let call = Call::new("130000", 0, "/v1/verifications").showing("130000-enforcement");
        call.json(body).send().refused(400, "malformed-request");
    }
}

#[test]
fn ht_21_a_member_of_another_type_is_pointed_at() {
    let client = "130000-enforcement";
    let post = |path: &'static str, body: &Value| {
        Call::new("130000", 0, path).showing(client).json(&body.to_string()).send()
    };
    for (body, pointer) in [
        (json!({}), "/credential"),
        (json!({ "credential": ["x"] }), "/credential"),
        (json!({ "credential": 7 }), "/credential"),
        (json!({ "credential": null }), "/credential"),
        (json!({ "credential": "x", "inspection_ref": {} }), "/inspection_ref"),
    ] {
        post("/v1/verifications", &body).pointed_at(pointer);
    }
    let inspection = sound_body("/v1/inspections");
    for (member, wrong) in [
        ("use_id", json!(1)),
        ("officers", json!("officer-a")),
        ("place", json!([])),
        ("hours", json!("8")),
        ("hours", json!(-1)),
        ("hours", json!(8.5)),
        ("hours", json!(13)),
        ("hours", json!(0)),
        ("officers", json!([])),
        ("officers", json!(vec!["officer"; 33])),
        ("place", json!("")),
        ("reason_code", json!("x".repeat(129))),
    ] {
        let mut body = inspection.clone();
        body[member] = wrong;
        post("/v1/inspections", &body).pointed_at(&format!("/{member}"));
        body.as_object_mut().unwrap().remove(member);
        post("/v1/inspections", &body).pointed_at(&format!("/{member}"));
    }
}

#[test]
fn ht_16_a_path_means_one_thing() {
    for path in [
        "/v1/../metrics",
        "/v1/%2e%2e/metrics",
        "/./healthz",
        "//v1/freshness",
        "/v1//freshness",
        "/v1/freshness/",
        "/v1/freshness;x=1",
        "/v1/lists/..%2f..%2fkeys",
        "/v1/lists/%252e%252e",
        "/v1/lists/120000%00",
        "/v1/lists/%5c..",
        "/V1/freshness",
    ] {
        for (listener, client) in [(0, Some("130000-enforcement")), (1, None)] {
            let mut call = Call::new("130000", listener, path);
            call.client = client.map(str::to_owned);
            let answer = call.with(&["--path-as-is"]).send();
            assert!([400, 404].contains(&answer.status), "{path}: {answer:?}");
        }
    }
}

#[test]
fn ht_18_ht_28_calls_under_other_names_and_from_other_pages_are_refused() {
    let call = || Call::new("130000", 0, "/v1/freshness").showing("130000-enforcement");
    call().with(&["-H", "host: elsewhere.example"]).send().refused(421, "misdirected");
    let path = "/v1/verifications";
    let officer = Call::new("130000", 0, path).showing("130000-enforcement").json("{}");
    officer.with(&["-H", "origin: https://evil.example"]).send().refused(403, "role-not-allowed");
}

#[test]
fn ht_19_long_addresses_and_many_headers_are_refused() {
    let long = format!("/v1/lists/{}", "x".repeat(4 * 1024));
    Call::new("120000", 1, &long).send().refused(414, "uri-too-long");
    let large = format!("x-large: {}", "x".repeat(16 * 1024));
    let call = Call::new("120000", 1, "/v1/freshness").with(&["--http1.1", "-H", &large]);
    call.send().refused(431, "headers-too-large");
    let mut many = vec!["--http1.1".to_owned()];
    // Curl sends three of its own.
    for number in 0..62 {
        many.extend(["-H".to_owned(), format!("x-{number}: x")]);
    }
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let call = Call::new("120000", 1, "/v1/freshness").with(&many);
    call.send().refused(431, "headers-too-large");
}

/// One request by curl, which sends what it is told to, sound or not.
struct Call {
    arguments: Vec<String>,
    client: Option<String>,
    url: String,
    ca: PathBuf,
}

/// What came back.
#[derive(Debug)]
struct Answer {
    status: u16,
    head: String,
    body: String,
}

impl Call {
    fn new(province: &str, listener: u16, path: &str) -> Self {
        let federation = Federation::up();
        Self {
            arguments: Vec::new(),
            client: None,
            url: format!("https://{}{path}", federation.address(province, listener)),
            ca: federation.dir.join(province).join("keys/gateway-tls.cert.pem"),
        }
    }

    fn with(mut self, arguments: &[&str]) -> Self {
        self.arguments.extend(arguments.iter().map(ToString::to_string));
        self
    }

    fn method(self, method: &str) -> Self {
        self.with(&["-X", method])
    }

    fn json(self, body: &str) -> Self {
        self.with(&["-H", "content-type: application/json", "--data-binary", body])
    }

    fn showing(mut self, client: &str) -> Self {
        self.client = Some(client.to_owned());
        self
    }

    fn send(self) -> Answer {
        let mut curl = Command::new("curl");
        curl.args(["-sS", "-i", "-m", "20", "-H", "expect:", "--cacert", text(&self.ca)]);
        if let Some(client) = &self.client {
            let folder = Federation::up().dir.join("clients");
            let path = |what: &str| folder.join(format!("{client}.{what}.pem"));
            curl.args(["--cert", text(&path("cert")), "--key", text(&path("key"))]);
        }
        let output = curl.args(&self.arguments).arg(&self.url).output().expect("curl");
        let said = String::from_utf8_lossy(&output.stdout);
        let complaint = String::from_utf8_lossy(&output.stderr);
        let (head, body) = said
            .split_once("\r\n\r\n")
            .unwrap_or_else(|| panic!("{}: no answer: {complaint}", self.url));
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
        let status = status.unwrap_or_else(|| panic!("no status: {head}"));
        Answer { status, head: head.to_owned(), body: body.to_owned() }
    }
}

impl Answer {
    fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines().filter_map(|line| line.split_once(": "));
        let mut named = lines.filter(|(found, _)| found.eq_ignore_ascii_case(name));
        named.next().map(|(_, value)| value)
    }

    fn refused(&self, status: u16, code: &str) {
        let body: Value = serde_json::from_str(&self.body).unwrap_or_default();
        refused(&Reply { status: self.status, body }, status, code, &self.head);
        assert_eq!(self.header("content-type"), Some("application/problem+json"));
        assert_eq!(self.header("cache-control"), Some("no-store"));
    }

    fn pointed_at(&self, pointer: &str) {
        self.refused(422, "validation-failed");
        let body: Value = serde_json::from_str(&self.body).unwrap_or_default();
        assert_eq!(body["errors"][0]["pointer"], json!(pointer), "{body}");
    }
}

fn knock_at(province: &str, listener: u16, client: Option<&Made>) -> Welcome {
    let federation = Federation::up();
    let identity = client.map(|made| {
        TlsIdentity::new(std::slice::from_ref(&made.certificate), &made.pkcs8).unwrap()
    });
    let server = pin(&federation.dir.join(province));
    let address = federation.address(province, listener);
    wait(knock(address, server, identity.as_ref(), Arc::new(SystemClock))).unwrap()
}

fn alert(name: &str) -> Welcome {
    Welcome::Refused(format!("received fatal alert: {name}"))
}

fn authority(province: &str, role: &str) -> Authority {
    let keys = Federation::up().dir.join(province).join("keys");
    let read = |what| std::fs::read_to_string(keys.join(format!("client-ca-{role}.{what}.pem")));
    Authority::from_pem(&read("cert").unwrap(), &read("key").unwrap()).unwrap()
}

fn issue(authority: &Authority, name: &str) -> Made {
    let period = Period::from_now(now(), CLIENT_LIFE);
    authority.issue_client(&name.parse().unwrap(), period).unwrap()
}

/// A body that the route would take from whom it is for.
fn sound_body(path: &str) -> Value {
    match path {
        "/v1/verifications" => json!({ "credential": "x" }),
        "/v1/inspections" => common::sound_inspection(),
        "/v1/licences:query" => json!({ "plate": "津A12345" }),
        "/v1/consent-requests" => common::sound_ask(),
        _ => json!({ "grant": "grt_1", "claims": ["name"] }),
    }
}

const UNSUPPORTED: &str = "unsupported-media-type";
