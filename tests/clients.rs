//! The life of a client at a running federation: from the one-time code to the revocation, which
//! is felt on the connection that is open. And what one operator may not do alone.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use std::sync::Arc;
use std::time::{Duration, Instant};

use hutong::base::{MemberId, SystemClock};
use hutong::credential::{BindTerms, bind, present};
use hutong::crypto::seal::{OfflineKey, SoftwareKey};
use hutong::crypto::x509::Certificate;
use hutong::crypto::{Algorithm, Digest, Signer as _};
use hutong::exchange::{ConsentOffer, Renewal};
use hutong::identity::ClientName;
use hutong::licence::SocialCreditCode;
use hutong::peer::{Desk, Reply};
use hutong::pki::{Made, client_request, files};
use hutong::tls::{TlsIdentity, client_settings};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use common::{Federation, answered, kept_client, now, pin, refused, sound_ask, wait};

#[test]
fn an_enforcement_unit_takes_two_persons_and_a_business_one() {
    let unit = Applicant::new("130000", "enforcement", "unit-31");
    let filed = unit.file(&first("130000"), &json!([roadside()]));
    assert_eq!((filed.status, &filed.body["persons"]), (202, &json!(2)), "{filed:?}");
    let alone = unit.approve(&first("130000"));
    refused(&alone, 403, "role-not-allowed", "the same operator twice");
    let same_key = operator_with("130000", "desk-31", None);
    assert!(unit.approve(&same_key).is_done(), "another operator with another key");
    let again = unit.approve(&second("130000"));
    refused(&again, 409, "state-conflict", "approved before");

    let shop = Applicant::new("440000", "business", &credit_code("91440101MA531"));
    assert!(shop.file(&first("440000"), &json!([])).is_done());
    let (desk, _) = shop.admitted(&shop.approve(&first("440000")));
    let known = answered(desk.post("/v1/disclosures", &json!({ "claims": ["name"] })));
    refused(&known, 403, "grant-required", "a client like any other");
}

#[test]
fn two_persons_differ_in_name_and_in_key() {
    let unit = Applicant::new("130000", "enforcement", "unit-32");
    assert!(unit.file(&first("130000"), &json!([roadside()])).is_done());
    // desk-1 has a second certificate, with another key; and its key is certified in another name.
    let same_name = operator_with("130000", "desk-1", None);
    refused(&unit.approve(&same_name), 403, "role-not-allowed", "one name, two keys");
    let kept = kept_client(&Federation::up().dir, "130000-operator");
    let same_key = operator_with("130000", "desk-33", Some(&kept));
    refused(&unit.approve(&same_key), 403, "role-not-allowed", "two names, one key");
    assert!(unit.approve(&second("130000")).is_done());
}

#[test]
fn who_was_certified_on_files_is_registered_by_two_as_well() {
    let made = Federation::up().client("130000", "enforcement", "unit-35");
    let order = common::client_order("unit-35", "enforcement", &made, &json!([roadside()]));
    assert_eq!(post(&first("130000"), "client-register", &order).status, 202);
    let alone = post(&first("130000"), "client-register", &order);
    refused(&alone, 403, "role-not-allowed", "the same operator twice");
    let mut other = order.clone();
    other["uses"] = json!([]);
    let changed = post(&second("130000"), "client-register", &other);
    assert_eq!(changed.status, 202, "another order waits for its own second person");
    let desk = Federation::up().desk("130000", 0, Some(&made));
    let verify = json!({ "credential": "no credential" });
    let reply = answered(desk.post("/v1/verifications", &verify));
    refused(&reply, 403, "intended-use-not-registered", "still nobody");
    assert_eq!(post(&second("130000"), "client-register", &order).status, 200);
    assert_ne!(answered(desk.post("/v1/verifications", &verify)).status, 403);
}

#[test]
fn an_application_needs_its_own_code_once_and_its_own_name() {
    let operator = first("120000");
    let unit = Applicant::new("120000", "enforcement", "unit-41");
    let other = Applicant::new("120000", "enforcement", "unit-42");
    let mut foreign = other.order(&json!([]));
    foreign["code"] = unit.code.clone().into();
    pointed_at(&file(&operator, &foreign), "/code");
    for code in ["", "AAAA", "no code"] {
        let mut order = unit.order(&json!([]));
        order["code"] = json!(code);
        pointed_at(&file(&operator, &order), "/code");
    }
    // A code of the role does not open another, nor one province another's door.
    let wrong_role = unit.asking_as("urn:elicence:client:120000:operator:unit-41");
    pointed_at(&file(&operator, &wrong_role), "/code");
    let wrong_province = unit.asking_as("urn:elicence:client:130000:enforcement:unit-41");
    pointed_at(&file(&operator, &wrong_province), "/request");
    let mut nonsense = unit.order(&json!([]));
    nonsense["request"] = json!("no request");
    pointed_at(&file(&operator, &nonsense), "/request");

    assert!(unit.file(&operator, &json!([])).is_done());
    let again =
        Applicant { code: unit.code.clone(), ..Applicant::new("120000", "enforcement", "unit-41") };
    refused(&again.file(&operator, &json!([])), 403, "request-replayed", "a code used twice");
    let wide = Applicant::new("120000", "enforcement", "unit-43");
    let use_ = json!({ "id": "su_roadside_1", "purpose": "roadside-check", "claims": ["vin"] });
    let reply = wide.file(&operator, &json!([use_]));
    refused(&reply, 403, "intended-use-not-registered", "wider than the catalogue");
    let nobody = post(&operator, "client-approve", &json!({ "spki_sha256": Digest::of("x") }));
    refused(&nobody, 404, "not-found", "a key that nobody asked with");
}

#[test]
fn of_a_greedy_request_only_the_key_is_taken_and_nobody_lives_longer_than_a_year() {
    let unit = Applicant::new("120000", "enforcement", "unit-51");
    let pair = rcgen::KeyPair::try_from(unit.pkcs8.as_slice()).unwrap();
    let mut asked = rcgen::CertificateParams::default();
    asked.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    asked.extended_key_usages = vec![rcgen::ExtendedKeyUsagePurpose::Any];
    let name = unit.name.to_string().try_into().unwrap();
    asked.subject_alt_names = vec![rcgen::SanType::URI(name)];
    let mut order = unit.order(&json!([]));
    order["request"] = json!(asked.serialize_request(&pair).unwrap().pem().unwrap());
    assert!(file(&first("120000"), &order).is_done());
    for days in [0, 366, 4_000] {
        let body = json!({ "spki_sha256": unit.spki(), "life_days": days });
        let reply = post(&second("120000"), "client-approve", &body);
        refused(&reply, 422, "validation-failed", &format!("{days} days"));
    }
    let (_, made) = unit.admitted(&unit.approve(&second("120000")));
    assert!(!made.certificate.is_authority());
    assert_eq!(made.certificate.purposes(), ["1.3.6.1.5.5.7.3.2"]);
    assert_eq!(made.certificate.uris(), [unit.name.to_string()]);
    let life = made.certificate.not_after().since(made.certificate.not_before());
    assert!(life <= Duration::from_hours(365 * 24));
}

#[test]
fn who_is_suspended_is_refused_on_open_and_new_connections_and_whoever_is_revoked_stays_so() {
    let (operator, approver) = (first("130000"), second("130000"));
    let unit = Applicant::new("130000", "enforcement", "unit-61");
    assert!(unit.file(&operator, &json!([roadside()])).is_done());
    let (desk, made) = unit.admitted(&unit.approve(&approver));
    let mut open = OpenConnection::to("130000", &made);
    let verify = json!({ "credential": "no credential" });
    assert_ne!(answered(desk.post("/v1/verifications", &verify)).status, 403);
    assert_eq!(open.get("/v1/freshness").0, 200);

    let order = json!({ "role": "enforcement", "id": "unit-61" });
    let began = Instant::now();
    assert!(post(&operator, "client-suspend", &order).is_done());
    let (status, body) = open.get("/v1/freshness");
    assert!(began.elapsed() < Duration::from_secs(5));
    assert_eq!((status, &body["code"]), (403, &json!("client-suspended")), "HTTP/1.1, open");
    for path in ["/v1/verifications", "/v1/inspections", "/v1/licences:query", "/v1/disclosures"] {
        let reply = answered(desk.post(path, &verify));
        refused(&reply, 403, "client-suspended", &format!("{path} on HTTP/2, open"));
    }
    let anew = Federation::up().desk("130000", 0, Some(&made));
    let lists = answered(anew.get("/v1/lists/130000"));
    refused(&lists, 403, "client-suspended", "a new connection");
    let other_certificate = Federation::up().client("130000", "enforcement", "unit-61");
    let anew = Federation::up().desk("130000", 0, Some(&other_certificate));
    let lists = answered(anew.get("/v1/lists/130000"));
    refused(&lists, 403, "client-suspended", "another certificate in the same name");
    let key = made.certificate.spki_digest();
    let registered = json!({
        "id": "unit-61", "role": "enforcement", "spki_sha256": key, "name": "x", "contact": "x",
        "uses": [],
    });
    let reply = post(&operator, "client-register", &registered);
    refused(&reply, 409, "state-conflict", "registered back by one");

    // Dear to restore: two persons.
    assert_eq!(post(&operator, "client-resume", &order).status, 202);
    let alone = post(&operator, "client-resume", &order);
    refused(&alone, 403, "role-not-allowed", "the same operator twice");
    assert_eq!(open.get("/v1/freshness").0, 403);
    assert!(post(&approver, "client-resume", &order).is_done());
    assert_eq!(open.get("/v1/freshness").0, 200, "the same connection serves again");

    assert!(post(&operator, "client-revoke", &order).is_done());
    assert_eq!(open.get("/v1/freshness").1["code"], json!("client-suspended"));
    for operator in [&operator, &approver] {
        let reply = post(operator, "client-resume", &order);
        refused(&reply, 409, "state-conflict", "revoked is revoked");
        let reply = post(operator, "client-suspend", &order);
        refused(&reply, 409, "state-conflict", "suspending revives nobody");
    }
    assert!(post(&operator, "client-revoke", &order).is_done(), "twice is once");
    let listed = post(&operator, "client-list", &json!({}));
    let is_it = |row: &&Value| row["spki_sha256"] == json!(key);
    let row = listed.body["clients"].as_array().unwrap().iter().find(is_it).unwrap();
    assert_eq!(row["state"], json!("WITHDRAWN"), "{row}");
}

#[test]
fn an_operator_is_stopped_like_any_other_client() {
    let leaver = operator_with("440000", "desk-71", None);
    assert!(answered(leaver.get("/healthz")).is_done());
    let order = json!({ "role": "operator", "id": "desk-71" });
    assert!(post(&first("440000"), "client-revoke", &order).is_done());
    refused(&answered(leaver.get("/healthz")), 403, "client-suspended", "on an open connection");
    let with_another_key = operator_with("440000", "desk-71", None);
    let reply = answered(with_another_key.get("/healthz"));
    refused(&reply, 403, "client-suspended", "with a certificate made on files");
    assert!(answered(second("440000").get("/healthz")).is_done(), "nobody else is touched");
}

#[test]
fn fd_16_a_client_renews_its_own_key_and_loses_no_grant_at_home_or_abroad() {
    for (division, stem) in [("120000", "91120101MA581"), ("440000", "91440101MA582")] {
        let operator = first(division);
        let shop = Applicant::new(division, "business", &credit_code(stem));
        assert!(shop.file(&operator, &json!([drivers()])).is_done());
        let (old_desk, old) = shop.admitted(&shop.approve(&operator));
        let grant = granted(&old_desk);
        assert!(disclose(&old_desk, &grant).is_done());

        let first_key = Successor::of(&shop, &old);
        let (desk, made) = first_key.admitted(&first_key.renew(&old_desk));
        let given = disclose(&desk, &grant);
        assert_eq!(given.body["claims"], json!({ "name": "张示例" }), "{division}: {given:?}");
        assert_eq!(given.body["uses"]["count"], json!(2), "the grant is the same");
        let second_key = Successor::of(&shop, &made);
        let (desk, _) = second_key.admitted(&second_key.renew(&desk));
        assert!(disclose(&desk, &grant).is_done(), "{division}: two keys later");

        let fork = Successor::of(&shop, &old).renew(&old_desk);
        refused(&fork, 409, "state-conflict", "a key is renewed once");
        let order = json!({ "role": "business", "id": shop.name.id });
        assert!(post(&operator, "client-suspend", &order).is_done());
        for desk in [&old_desk, &desk] {
            refused(&disclose(desk, &grant), 403, "client-suspended", "every key of the client");
        }
        assert!(post(&operator, "client-resume", &order).is_done(), "a business, by one");
        assert!(disclose(&desk, &grant).is_done());
    }
}

#[test]
fn a_key_is_renewed_by_nobody_elses() {
    let operator = first("120000");
    let shops = ["91120101MA591", "91120101MA592"].map(|stem| {
        let shop = Applicant::new("120000", "business", &credit_code(stem));
        assert!(shop.file(&operator, &json!([drivers()])).is_done());
        let (desk, made) = shop.admitted(&shop.approve(&operator));
        (shop, desk, made)
    });
    let [(shop, desk, made), (other, other_desk, other_made)] = &shops;
    let sound = Successor::of(shop, made);
    let reply = sound.renew(other_desk);
    refused(&reply, 403, "role-not-allowed", "asked by another client");
    let path = format!("/v1/clients/{}/renew", other.name.id);
    let reply = answered(other_desk.post(&path, &sound.order()));
    pointed_at(&reply, "/request");
    let foreign =
        Successor { proof: Successor::of(shop, other_made).proof, ..Successor::of(shop, made) };
    pointed_at(&foreign.renew(desk), "/proof");
    let for_another_key = Successor { proof: sound.proof.clone(), ..Successor::of(shop, made) };
    pointed_at(&for_another_key.renew(desk), "/proof");
    let mut same_key = sound.order();
    same_key["request"] = json!(client_request(&shop.name, &made.pkcs8).unwrap());
    pointed_at(&answered(desk.post(&sound.path(), &same_key)), "/request");
    let public = Federation::up().desk("120000", 1, None);
    let reply = answered(public.post(&sound.path(), &sound.order()));
    refused(&reply, 401, "client-certificate-required", "by nobody");
    let grant = granted(desk);
    refused(&disclose(other_desk, &grant), 403, "grant-not-bound-to-client", "another's grant");
    assert!(sound.renew(desk).is_done());
    refused(&disclose(other_desk, &grant), 403, "grant-not-bound-to-client", "afterwards as well");
}

#[test]
fn the_command_line_leads_through_the_life_of_a_client() {
    let federation = Federation::up();
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let unit = credit_code("91120101MA5850");
    let origin = |listener| format!("https://{}", federation.address("120000", listener));
    let server = federation.dir.join("120000/keys/gateway-tls.cert.pem");
    let run = |arguments: &[&str], listener: u16, certificate: &str, key: &str| {
        let (origin, server) = (origin(listener), server.to_str().unwrap().to_owned());
        let connection = ["--gateway", &origin, "--server-cert", &server];
        let own = ["--cert", certificate, "--key", key, "--json"];
        let output = common::run(&[&["client"], arguments, &connection, &own].concat());
        assert!(output.status.success(), "{arguments:?}: {output:?}");
        serde_json::from_slice::<Value>(&output.stdout).unwrap()
    };
    let clients = federation.dir.join("clients");
    let kept = |name: &str| clients.join(name).to_str().unwrap().to_owned();
    let operator = |arguments: &[&str]| {
        let (cert, key) = (kept("120000-operator.cert.pem"), kept("120000-operator.key.pem"));
        run(arguments, 2, &cert, &key)
    };
    let named = ["--role", "business", "--id", &unit];
    let invited = operator(&[&["invite"][..], &named, &["--out", &at("code")]].concat());
    let secret = std::fs::read_to_string(at("code")).unwrap();
    assert!(!invited.to_string().contains(&secret), "the code is not on the screen");
    std::fs::write(at("uses"), json!([drivers()]).to_string()).unwrap();
    let (out, code, uses) = (at("unit"), at("code"), at("uses"));
    let order = ["client", "request", "--division", "120000", "--out", &out, "--code", &code];
    let more = ["--name", "示例", "--contact", "a@b.example", "--uses", &uses, "--json"];
    let requested = common::run(&[&order[..], &named, &more].concat());
    assert!(requested.status.success(), "{requested:?}");
    let requested: Value = serde_json::from_slice(&requested.stdout).unwrap();
    operator(&["file", requested["application"].as_str().unwrap()]);
    let spki = requested["spki_sha256"].as_str().unwrap();
    let certificate = at("unit/client.cert.pem");
    operator(&["admit", spki, "--out", &certificate, "--life-days", "90"]);
    let renewed = at("next");
    run(&["renew", "--out", &renewed], 0, &certificate, &at("unit/client.key.pem"));
    let listed = operator(&["list"]);
    let rows = listed["clients"].as_array().unwrap();
    let states = rows.iter().filter(|row| row["id"] == json!(unit)).count();
    assert_eq!(states, 2, "the old key and the new: {listed}");
    for (verb, state) in [("suspend", "SUSPENDED"), ("resume", "ACTIVE"), ("revoke", "WITHDRAWN")] {
        let told = operator(&[&[verb][..], &named].concat());
        assert_eq!(told["state"], json!(state), "{verb}");
    }
    let proposals = common::run(&[
        "trust",
        "proposals",
        "--gateway",
        &origin(2),
        "--server-cert",
        server.to_str().unwrap(),
        "--cert",
        &kept("120000-operator.cert.pem"),
        "--key",
        &kept("120000-operator.key.pem"),
    ]);
    assert!(proposals.status.success(), "{proposals:?}");
}

/// Somebody who wants to become a client, with the code of an invitation.
struct Applicant {
    division: String,
    name: ClientName,
    pkcs8: Vec<u8>,
    code: String,
}

impl Applicant {
    fn new(division: &str, role: &str, id: &str) -> Self {
        let name: ClientName =
            format!("urn:elicence:client:{division}:{role}:{id}").parse().unwrap();
        let invited = post(&first(division), "client-invite", &json!({ "role": role, "id": id }));
        let code = invited.body["code"].as_str().unwrap_or_else(|| panic!("{invited:?}"));
        let pkcs8 = SoftwareKey::generate_pkcs8(Algorithm::Es256).unwrap().to_vec();
        Self { division: division.to_owned(), name, pkcs8, code: code.to_owned() }
    }

    fn spki(&self) -> Digest {
        SoftwareKey::from_pkcs8(&self.pkcs8).unwrap().public_key().spki_digest()
    }

    fn order(&self, uses: &Value) -> Value {
        json!({
            "code": self.code, "request": client_request(&self.name, &self.pkcs8).unwrap(),
            "name": "示例", "contact": "contact@client.example", "uses": uses,
        })
    }

    /// The same with a request in another name.
    fn asking_as(&self, name: &str) -> Value {
        let mut order = self.order(&json!([]));
        order["request"] = json!(client_request(&name.parse().unwrap(), &self.pkcs8).unwrap());
        order
    }

    fn file(&self, operator: &Desk, uses: &Value) -> Reply {
        file(operator, &self.order(uses))
    }

    fn approve(&self, operator: &Desk) -> Reply {
        post(operator, "client-approve", &json!({ "spki_sha256": self.spki() }))
    }

    fn admitted(&self, reply: &Reply) -> (Desk, Made) {
        admitted(&self.division, &self.pkcs8, reply)
    }
}

/// A client's next key.
struct Successor {
    division: String,
    name: ClientName,
    pkcs8: Vec<u8>,
    proof: String,
}

impl Successor {
    fn of(client: &Applicant, old: &Made) -> Self {
        let pkcs8 = SoftwareKey::generate_pkcs8(Algorithm::Es256).unwrap().to_vec();
        let next = SoftwareKey::from_pkcs8(&pkcs8).unwrap().public_key().spki_digest();
        let old = SoftwareKey::from_pkcs8(&old.pkcs8).unwrap();
        let proof = Renewal::sign(&old, &client.name, next, now()).unwrap();
        Self { division: client.division.clone(), name: client.name.clone(), pkcs8, proof }
    }

    fn path(&self) -> String {
        format!("/v1/clients/{}/renew", self.name.id)
    }

    fn order(&self) -> Value {
        let request = client_request(&self.name, &self.pkcs8).unwrap();
        json!({ "request": request, "proof": self.proof })
    }

    fn renew(&self, desk: &Desk) -> Reply {
        answered(desk.post(&self.path(), &self.order()))
    }

    fn admitted(&self, reply: &Reply) -> (Desk, Made) {
        admitted(&self.division, &self.pkcs8, reply)
    }
}

/// A connection of HTTP/1.1 that stays open between requests.
struct OpenConnection {
    stream: tokio_rustls::client::TlsStream<tokio::net::TcpStream>,
    host: String,
}

impl OpenConnection {
    fn to(division: &str, made: &Made) -> Self {
        let federation = Federation::up();
        let address = federation.address(division, 0);
        let own = std::slice::from_ref(&made.certificate);
        let identity = TlsIdentity::new(own, &made.pkcs8).unwrap();
        let pin = pin(&federation.dir.join(division));
        let clock = Arc::new(SystemClock);
        let mut settings = client_settings(pin, Some(&identity), clock).unwrap();
        settings.alpn_protocols = vec![b"http/1.1".to_vec()];
        let stream = wait(async {
            let stream = tokio::net::TcpStream::connect(address).await.unwrap();
            let name = "127.0.0.1".try_into().unwrap();
            let connector = tokio_rustls::TlsConnector::from(Arc::new(settings));
            connector.connect(name, stream).await.unwrap()
        });
        Self { stream, host: address.to_string() }
    }

    fn get(&mut self, path: &str) -> (u16, Value) {
        let request = format!("GET {path} HTTP/1.1\r\nHost: {}\r\n\r\n", self.host);
        wait(async {
            self.stream.write_all(request.as_bytes()).await.unwrap();
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                head.push(self.stream.read_u8().await.expect("the connection is still open"));
            }
            let head = String::from_utf8(head).unwrap().to_ascii_lowercase();
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
            let mut body = vec![0; length.unwrap().parse().unwrap()];
            self.stream.read_exact(&mut body).await.unwrap();
            let status = head.split(' ').nth(1).unwrap().parse().unwrap();
            (status, serde_json::from_slice(&body).unwrap_or_default())
        })
    }
}

fn admitted(division: &str, pkcs8: &[u8], reply: &Reply) -> (Desk, Made) {
    let pem = reply.body["certificate"].as_str().unwrap_or_else(|| panic!("{reply:?}"));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cert.pem");
    std::fs::write(&path, pem).unwrap();
    let certificate: Certificate = files::read_certificates(&path).unwrap().remove(0);
    let made = Made { certificate, pkcs8: pkcs8.to_vec().into() };
    (Federation::up().desk(division, 0, Some(&made)), made)
}

fn file(operator: &Desk, order: &Value) -> Reply {
    post(operator, "client-request", order)
}

fn post(operator: &Desk, command: &str, order: &Value) -> Reply {
    answered(operator.post(&format!("/v1/operator/{command}"), order))
}

fn first(division: &str) -> Desk {
    Federation::up().kept_desk(division, 2, &format!("{division}-operator"))
}

fn second(division: &str) -> Desk {
    Federation::up().kept_desk(division, 2, &format!("{division}-operator-2"))
}

/// An operator certified on files; with the key of `key` where one is given.
fn operator_with(division: &str, id: &str, key: Option<&Made>) -> Desk {
    let federation = Federation::up();
    let Some(key) = key else {
        let made = federation.client(division, "operator", id);
        return federation.desk(division, 2, Some(&made));
    };
    let name: ClientName = format!("urn:elicence:client:{division}:operator:{id}").parse().unwrap();
    let keys = federation.dir.join(division).join("keys");
    let read = |what: &str| {
        std::fs::read_to_string(keys.join(format!("client-ca-operator.{what}.pem"))).unwrap()
    };
    let authority = hutong::pki::Authority::from_pem(&read("cert"), &read("key")).unwrap();
    let request = client_request(&name, &key.pkcs8).unwrap();
    let period = hutong::pki::Period::from_now(now(), hutong::pki::CLIENT_LIFE);
    let certificate = authority.issue_client_for(&request, &name, period).unwrap();
    let made = Made { certificate, pkcs8: key.pkcs8.clone() };
    federation.desk(division, 2, Some(&made))
}

/// A grant of the driver of the story, to whoever has this desk.
fn granted(desk: &Desk) -> String {
    let mut ask = sound_ask();
    ask["max_uses"] = json!(null);
    let offered = answered(desk.post_signed("/v1/consent-requests", tianjin(), &ask));
    let offer: ConsentOffer =
        serde_json::from_value(offered.body.clone()).unwrap_or_else(|_| panic!("{offered:?}"));
    let dir = &Federation::up().dir;
    let read = |file: &str| std::fs::read_to_string(dir.join("wallets/driver").join(file)).unwrap();
    let shown = present(&read("driver-qualification.sdjwt"), &[]).unwrap();
    let key = OfflineKey::from_pem(&read("holder.key.pem")).unwrap();
    let terms = BindTerms {
        audience: &offer.aud,
        nonce: &offer.nonce,
        transaction: Some(Digest::of(&offer.transaction_data)),
    };
    let body = json!({ "approval": bind(&shown, terms, &key, now()).unwrap() });
    let public = Federation::up().desk("120000", 1, None);
    let reply = answered(public.post(&format!("/v1/consent-requests/{}/approve", offer.id), &body));
    reply.body["id"].as_str().unwrap_or_else(|| panic!("{reply:?}")).to_owned()
}

fn disclose(desk: &Desk, grant: &str) -> Reply {
    let body = json!({ "grant": grant, "claims": ["name"] });
    answered(desk.post_signed("/v1/disclosures", tianjin(), &body))
}

fn pointed_at(reply: &Reply, pointer: &str) {
    refused(reply, 422, "validation-failed", pointer);
    assert_eq!(reply.body["errors"][0]["pointer"], json!(pointer), "{reply:?}");
}

fn roadside() -> Value {
    json!({
        "id": "su_roadside_1", "purpose": "roadside-check", "claims": ["name"],
        "queries": ["number"],
    })
}

fn drivers() -> Value {
    let text = |lang: &str| json!({ "lang": lang, "content": "-" });
    json!({
        "id": "iu_drivers", "purpose": "employment-check",
        "purpose_text": [text("zh-CN"), text("en"), text("es")],
        "claims": ["name", "qualificationCategoryCode", "certificateNumber"],
        "licence_types": ["11100000000019713D071"], "longest_data_life_days": 186,
    })
}

/// A social credit code (GB 32100) that begins with `stem`, with both check characters.
fn credit_code(stem: &str) -> String {
    let stem = format!("{stem:0<16}");
    let check = "0123456789ABCDEFGHJKLMNPQRTUWXY";
    let pairs = check.chars().flat_map(|first| check.chars().map(move |second| (first, second)));
    let mut codes = pairs.map(|(first, second)| format!("{stem}{first}{second}"));
    codes.find(|code| code.parse::<SocialCreditCode>().is_ok()).expect("two check characters")
}

fn tianjin() -> MemberId {
    "urn:elicence:member:120000".parse().unwrap()
}
