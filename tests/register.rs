//! What a register, an officer and a grant may not do at a running federation, and what an
//! officer is still told when a province lies or hangs.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use std::fs;
use std::time::{Duration, Instant};

use hutong::base::{CivilDate, Entropy as _, MemberId, SystemEntropy};
use hutong::credential::{BindTerms, bind, present};
use hutong::crypto::seal::{OfflineKey, SoftwareKey};
use hutong::crypto::{Digest, Jwk, Signer as _, base64url};
use hutong::exchange::{
    Basis, CallerStatement, ClientRequest, ConsentOffer, Registration, RequestDraft,
};
use hutong::licence::{Identifier, LicenceType, LicenceVersion};
use hutong::peer::{Desk, Reply};
use hutong::pki::{Made, files};
use reqwest::header::{HeaderMap, HeaderValue};
use serde_json::{Value, json};

use common::{
    Apart, Federation, PATIENCE, answered, change, client_order, kept_client, now, refused,
    sound_ask, sound_inspection, text, until, wait,
};

#[test]
fn a_licence_is_issued_once_and_what_was_revoked_stays_revoked() {
    let (operator, police) = (operator_at("120000"), police());
    let order = qualification("000000000301", "120103", "electronic");
    let issued = answered(operator.post(ISSUE, &order));
    assert!(issued.is_done(), "{issued:?}");
    refused(&answered(operator.post(ISSUE, &order)), 409, "state-conflict", "while in force");
    let old = json!({ "credential": issued.body["credential"] });
    let check = || answered(police.post(VERIFY, &old)).body;
    assert_eq!(check()["decision"], json!("ACCEPT"));

    let revoke = json!({ "identifier": issued.body["identifier"], "status": "revoked" });
    assert!(answered(operator.post("/v1/operator/licence-status", &revoke)).is_done());
    refused(&answered(operator.post(ISSUE, &order)), 409, "state-conflict", "after its end");
    let paper = qualification("000000000301", "120103", "paper");
    refused(&answered(operator.post(ISSUE, &paper)), 409, "state-conflict", "on paper");
    let ended = until(PATIENCE, || Some(check()).filter(|said| said["decision"] == "REFUSE"));
    assert_eq!(ended.unwrap()["reasons"][0]["code"], json!("licence.revoked"));
}

#[test]
fn what_nobody_would_recognise_is_not_issued() {
    let operator = operator_at("120000");
    let mut bent = serde_json::to_value(Jwk::of(holder_key().public_key())).unwrap();
    bent["y"] = bent["x"].clone();
    for carrier in ["electronic", "paper"] {
        for (number, division) in ["130102", "440106", "110105"].into_iter().enumerate() {
            let order = qualification(&format!("00000000031{number}"), division, carrier);
            let reply = answered(operator.post(ISSUE, &order));
            pointed_at(&reply, "/claims/issuingDivision");
        }
    }
    let mut order = qualification("000000000315", "120103", "electronic");
    order["holder_key"] = bent;
    let reply = answered(operator.post(ISSUE, &order));
    refused(&reply, 422, "validation-failed", "a point off the curve");
    let pointer = reply.body["errors"][0]["pointer"].as_str().unwrap();
    assert!(["/claims", "/holder_key"].contains(&pointer), "{reply:?}");
    // Nothing of it was kept: the identifier is still free.
    order["holder_key"] = json!(Jwk::of(holder_key().public_key()));
    assert!(answered(operator.post(ISSUE, &order)).is_done());
}

#[test]
fn co_10_a_grant_is_of_no_use_through_another_provinces_gateway() {
    let shop = Shop::of_story();
    let grant = shop.granted();
    let body = json!({ "grant": grant, "claims": ["name"] });
    // Hebei's gateway has everything: the grant, the business's own signature over this use, and
    // its registrar's word for a client of that name and key.
    let token = through_hebei(&shop, "/v1/disclosures", &body);
    let mut headers = HeaderMap::new();
    headers.insert("elicence-request", HeaderValue::from_str(&token).unwrap());
    let signed = HeaderValue::from_str(&shop.sign(&body)).unwrap();
    headers.insert("elicence-client-request", signed);
    let desk = Federation::up().member_desk("120000", 0, "130000");
    let reply = answered(desk.send_document("/v1/disclosures", &body, headers));
    refused(&reply, 403, "grant-not-bound-to-client", "brought by Hebei");
    let given = shop.signed("/v1/disclosures", &body);
    assert_eq!(given.body["uses"]["count"], json!(1), "no use was made of it: {given:?}");
}

#[test]
fn a_request_to_replace_a_grant_is_refused_rather_than_half_done() {
    let shop = Shop::of_story();
    for old in [shop.granted(), "grt_00000000000070008000000000000000".to_owned()] {
        let mut ask = sound_ask();
        ask["replaces"] = json!(old);
        pointed_at(&shop.signed("/v1/consent-requests", &ask), "/replaces");
    }
}

#[test]
fn a_check_that_is_not_made_is_refused_and_an_inspection_must_be_ones_own() {
    let police = police();
    for member in ["at", "code", "image", "observed_plate", "place", "policy", "purpose"] {
        for value in [json!("津A12345"), json!(null), json!({})] {
            let mut body = json!({ "credential": credential() });
            body[member] = value;
            pointed_at(&answered(police.post(VERIFY, &body)), &format!("/{member}"));
        }
    }
    let with = |reference: &Value| {
        let body = json!({ "credential": credential(), "inspection_ref": reference });
        answered(police.post(VERIFY, &body))
    };
    let unknown = with(&json!("insp_00000000000070008000000000000000"));
    refused(&unknown, 403, "legal-basis-required", "an inspection that nobody opened");
    pointed_at(&with(&json!("insp")), "/inspection_ref");
    let (other, made) = unit("unit-51");
    assert!(register("unit-51", &made, &[], &["number"]).is_done());
    let theirs = inspection(&other);
    refused(&with(&theirs), 403, "legal-basis-required", "another unit's inspection");
    let reply = with(&inspection(&police));
    assert_eq!(reply.body["decision"], json!("ACCEPT"), "{reply:?}");
}

#[test]
fn a_key_serves_the_client_and_role_it_was_registered_for() {
    let operator = operator_at("130000");
    let body = json!({ "credential": credential() });
    for (id, role) in [("unit-62", "enforcement"), ("unit-61", "business")] {
        let (desk, made) = unit("unit-61");
        let order = client_order(id, role, &made, &json!([]));
        assert!(common::register([&operator, &approver_at("130000")], &order).is_done());
        for (path, body) in [(VERIFY, &body), ("/v1/inspections", &sound_inspection())] {
            refused(&answered(desk.post(path, body)), 403, "intended-use-not-registered", role);
        }
    }
}

#[test]
fn fd_18_a_unit_registers_no_wider_queries_than_the_catalogue() {
    let (_, made) = unit("unit-63");
    for queries in [&["holder_code"][..], &["number", "holder_code"], &["*"], &["Number"]] {
        let reply = register("unit-63", &made, &[], queries);
        refused(&reply, 403, "intended-use-not-registered", &format!("{queries:?}"));
    }
    assert!(register("unit-63", &made, &[], &["number"]).is_done());
}

#[test]
fn a_unit_for_vehicles_learns_nothing_of_drivers() {
    let (desk, made) = unit("unit-71");
    let vehicles = [LicenceType::VehicleCertificate];
    let reply = register("unit-71", &made, &vehicles, &["number", "plate"]);
    assert!(reply.is_done(), "{reply:?}");
    let reference = inspection(&desk);
    for number in [PAPER_NUMBER, "120103000002"] {
        let reply = answered(desk.post(QUERY, &query("number", number, &reference)));
        assert_eq!(leading_code(&reply), "register.not_found", "{reply:?}");
        assert!(says_nothing(&reply), "{reply:?}");
        for answer in reply.body["answers"].as_array().unwrap() {
            let said = answer["answer"].as_str().unwrap().split('.').nth(1).unwrap();
            let said = String::from_utf8(base64url::decode(said).unwrap()).unwrap();
            assert!(!said.contains("示例") && !said.contains(number), "{said}");
        }
    }
    let reply = answered(desk.post(QUERY, &query("plate", "津A12345", &reference)));
    assert_ne!(leading_code(&reply), "register.not_found", "what it is for: {reply:?}");
}

#[test]
fn a_refused_look_up_is_on_the_record_of_the_gateway_that_was_asked() {
    let gateway = Federation::at_rest().copy_of("120000");
    let (_running, _) = gateway.serve_ready();
    let desk = gateway.officer();
    let unknown = json!("insp_00000000000070008000000000000000");
    for attempt in 0..3 {
        let before = gateway.verified_entries();
        let reply = answered(desk.post(QUERY, &query("number", PAPER_NUMBER, &unknown)));
        refused(&reply, 403, "legal-basis-required", "an inspection that nobody opened");
        assert_eq!(gateway.verified_entries(), before + 1, "attempt {attempt}");
    }
}

#[test]
fn what_callers_write_does_not_reach_the_log() {
    let (shop, police) = (Shop::of_story(), police());
    let body = json!({ "grant": format!("张示例 {CITIZEN}"), "claims": [CITIZEN, "name"] });
    for route in ["/v1/disclosures", "/v1/records"] {
        refused(&shop.signed(route, &body), 403, "grant-required", route);
    }
    let mut look_up = query("number", PAPER_NUMBER, &inspection(&police));
    look_up["claims"] = json!([CITIZEN]);
    answered(police.post(QUERY, &look_up));
    assert_nowhere(CITIZEN);
}

#[test]
fn what_callers_write_into_a_consent_request_does_not_reach_the_log() {
    let shop = Shop::of_story();
    let number = CITIZEN.replace("1234", "4321");
    let mut ask = sound_ask();
    ask["claims"] = json!([{ "path": ["name"] }, { "path": [number] }]);
    ask["intended_use_id"] = json!(number);
    assert_eq!(shop.signed("/v1/consent-requests", &ask).status / 100, 4);
    ask["intended_use_id"] = sound_ask()["intended_use_id"].clone();
    pointed_at(&shop.signed("/v1/consent-requests", &ask), "/claims/1");
    assert_nowhere(&number);
}

#[test]
fn a_register_is_not_believed_about_another_provinces_licence() {
    let apart = Apart::at_rest();
    let database = |division| apart.node(division).dir.join("hutong.db");
    // Guangdong's register has Tianjin's paper licence, under a number that nobody gave.
    let attach = format!("ATTACH DATABASE '{}' AS tianjin", text(&database("120000")));
    let copy = "INSERT INTO licences SELECT * FROM tianjin.licences WHERE carrier = 'paper'";
    let number = format!("UPDATE licences SET number = '{TAKEN_NUMBER}'");
    change(&database("440000"), &[&attach, copy, &number]);
    let _running = apart.serve(&["hub", "120000", "130000", "440000"]);
    let desk = apart.police();
    let reference = inspection(&desk);
    let unknown = answered(desk.post(QUERY, &query("number", "120103000999", &reference)));
    assert_eq!(leading_code(&unknown), "register.not_found", "Guangdong is heard: {unknown:?}");
    let reply = answered(desk.post(QUERY, &query("number", TAKEN_NUMBER, &reference)));
    let liar = json!(member("440000"));
    assert!(reply.body["unreachable"].as_array().unwrap().contains(&liar), "{reply:?}");
    assert!(says_nothing(&reply), "{reply:?}");
    assert!(!["ACCEPT", "REFUSE"].contains(&reply.body["report"]["decision"].as_str().unwrap()));
}

#[test]
fn a_hanging_province_costs_an_officer_no_answer() {
    let apart = Apart::at_rest();
    let mut running = apart.serve(&["hub", "120000", "130000"]);
    let issuer = running.swap_remove(1);
    let desk = apart.police();
    let body = json!({ "credential": credential_of(Federation::at_rest()) });
    let check = |desk: &Desk| {
        let began = Instant::now();
        let reply = answered(desk.post(VERIFY, &body));
        (reply.body["decision"].clone(), leading_code(&reply).to_owned(), began.elapsed())
    };
    assert_eq!(check(&desk).0, json!("ACCEPT"));
    issuer.signal("STOP");
    // The copy is no longer fresh: the issuer is asked, and does not answer.
    std::thread::sleep(Duration::from_millis(1_100));
    let (said, _, took) = check(&desk);
    assert!(said == "ACCEPT" && took < Duration::from_secs(2), "{said} after {took:?}");

    // After a restart the copy is still known; without one nothing is assumed.
    let mut asking = running.pop().unwrap();
    for (forget, decision, code) in [(false, "ACCEPT", "ok"), (true, "CHECK", "status.unavailable")]
    {
        asking.signal("TERM");
        asking.wait();
        if forget {
            let database = apart.node("130000").dir.join("hutong.db");
            change(&database, &["DELETE FROM trust_documents WHERE kind = 'status'"]);
        }
        asking = apart.serve(&["130000"]).remove(0);
        let desk = apart.police();
        assert!(answered(desk.get("/v1/freshness")).is_done(), "connected");
        let (said, told, took) = check(&desk);
        assert_eq!((said, told.as_str()), (json!(decision), code), "forgotten: {forget}");
        assert!(took < Duration::from_secs(2), "{took:?}");
    }
    issuer.signal("CONT");
    let desk = apart.police();
    let back = until(PATIENCE, || (check(&desk).0 == "ACCEPT").then_some(()));
    assert!(back.is_some(), "the province is heard again");
}

#[test]
fn health_and_metrics_answer_operators_alone_at_gateway_and_hub() {
    let (apart, federation) = (Apart::at_rest(), Federation::at_rest());
    let _running = apart.serve(&["hub", "130000"]);
    let paths = ["/healthz", "/readyz", "/metrics"];
    for (path, node) in paths.into_iter().flat_map(|path| [(path, "130000"), (path, "hub")]) {
        let operator = federation.kept_desk(node, 2, &format!("{node}-operator"));
        assert!(answered(operator.get(path)).is_done(), "{node} {path}");
        let member = federation.member_desk(node, 2, "440000");
        refused(&answered(member.get(path)), 403, "role-not-allowed", node);
        assert!(wait(federation.desk(node, 2, None).get(path)).is_err(), "a stranger at {node}");
        let on_public = answered(federation.desk(node, 1, None).get(path));
        refused(&on_public, 404, "not-found", node);
        // The hub has no clients but its operators: others are turned away in the handshake.
        let police = wait(federation.kept_desk(node, 2, "130000-enforcement").get(path));
        match police {
            Ok(reply) if node != "hub" => refused(&reply, 403, "role-not-allowed", path),
            said => assert!(said.is_err() && node == "hub", "{node} {path}: {said:?}"),
        }
    }
}

#[test]
fn a_path_of_the_hub_that_names_nothing_is_not_found() {
    let (apart, federation) = (Apart::at_rest(), Federation::at_rest());
    let _running = apart.serve(&["hub"]);
    let desks = [federation.desk("hub", 1, None), federation.member_desk("hub", 0, "130000")];
    let absent = "root/abc root/-1 root/99 root/99999999999999999999 lists/federation/xyz \
                  lists/federation/-1 lists/xyz/1 lists/xyz lists/120000/99999";
    for path in absent.split(' ').map(|path| format!("/v1/{path}")) {
        for desk in &desks {
            refused(&answered(desk.get(&path)), 404, "not-found", &path);
        }
    }
    assert!(answered(desks[0].get("/v1/root/1")).is_done());
}

/// The business of the story, at its own gateway in Guangdong.
struct Shop {
    desk: Desk,
    made: Made,
}

impl Shop {
    fn of_story() -> Self {
        let federation = Federation::up();
        let made = kept_client(&federation.dir, "440000-business");
        Self { desk: federation.desk("440000", 0, Some(&made)), made }
    }

    fn signed(&self, route: &str, body: &Value) -> Reply {
        answered(self.desk.post_signed(route, member("120000"), body))
    }

    fn sign(&self, body: &Value) -> String {
        let key = SoftwareKey::from_pkcs8(&self.made.pkcs8).unwrap();
        let (bytes, salt) = (serde_json::to_vec(body).unwrap(), SystemEntropy.salt());
        let aud = member("120000");
        ClientRequest::sign(&key, &self.made.certificate, aud, &bytes, salt, now()).unwrap()
    }

    /// A grant by the driver.
    fn granted(&self) -> String {
        let reply = self.signed("/v1/consent-requests", &sound_ask());
        let offer: ConsentOffer = serde_json::from_value(reply.body).unwrap();
        let agreed = Some(Digest::of(&offer.transaction_data));
        let terms = BindTerms { audience: &offer.aud, nonce: &offer.nonce, transaction: agreed };
        let shown = present(&credential(), &[]).unwrap();
        let body = json!({ "approval": bind(&shown, terms, &holder_key(), now()).unwrap() });
        let path = format!("/v1/consent-requests/{}/approve", offer.id);
        let reply = answered(Federation::up().desk("120000", 1, None).post(&path, &body));
        reply.body["id"].as_str().unwrap_or_else(|| panic!("{reply:?}")).to_owned()
    }
}

/// A use of a grant as Hebei's gateway signs it, for a business that it states to be its own.
fn through_hebei(shop: &Shop, path: &str, body: &Value) -> String {
    let key = |name| {
        let path = Federation::up().dir.join(format!("130000/keys/{name}.key.pem"));
        SoftwareKey::from_pkcs8(&files::read_key(&path).unwrap()).unwrap()
    };
    let spki_sha256 = shop.made.certificate.spki_digest();
    let stated = json!({
        "iss": member("130000"), "iat": now().unix_seconds(), "exp": now().unix_seconds(),
        "id": BUSINESS, "role": "business", "name": "示例", "contact": "contact@client.example",
        "spki_sha256": spki_sha256, "uses": [{
            "id": "iu_drivers", "purpose": "employment-check", "claims": ["name"],
            "licence_types": [LicenceType::PractitionerQualification],
        }],
    });
    let registration: Registration = serde_json::from_value(stated).unwrap();
    let caller: CallerStatement = serde_json::from_value(json!({
        "role": "business", "id": BUSINESS, "spki_sha256": spki_sha256,
        "registration": registration.sign(&key("registrar"), now()).unwrap(),
    }))
    .unwrap();
    let draft = RequestDraft {
        iss: member("130000"),
        aud: member("120000"),
        htm: "POST",
        htu: path,
        body: &serde_json::to_vec(body).unwrap(),
        caller: Some(caller),
        basis: Basis::Grant,
        officer: None,
    };
    draft.sign(&key("gateway-signing"), SystemEntropy.salt(), now()).unwrap()
}

/// A practitioner's qualification by Tianjin's authority, as an operator orders it.
fn qualification(serial: &str, division: &str, carrier: &str) -> Value {
    let kind = LicenceType::PractitionerQualification;
    let authority = "111200000001234561";
    let code = authority.parse().unwrap();
    let identifier = Identifier::compose(kind, &code, serial, LicenceVersion::FIRST).unwrap();
    let today = CivilDate::of(now());
    json!({ "type": kind, "carrier": carrier, "claims": {
        "certificateIdentifier": identifier, "certificateTypeCode": kind,
        "certificateName": "道路运输从业人员从业资格证", "version": "001",
        "issuingAuthorityName": "天津市示例区交通运输局", "issuingAuthorityCode": authority,
        "issuingDivision": division, "areaCode": division,
        "issuedDate": today.plus_days(-30).to_string(),
        "validFrom": today.plus_days(-30).to_string(),
        "validTo": today.plus_days(1_000).to_string(),
        "name": "王示例", "holderName": "王示例", "certificateNumber": serial,
        "qualificationCategoryCode": "02001", "driverLicenceClass": "A2",
    } })
}

/// A new unit of Hebei's police, not registered yet.
fn unit(id: &str) -> (Desk, Made) {
    let federation = Federation::up();
    let made = federation.client("130000", "enforcement", id);
    (federation.desk("130000", 0, Some(&made)), made)
}

/// Registers a unit of Hebei's police for checks at the roadside.
fn register(id: &str, made: &Made, types: &[LicenceType], queries: &[&str]) -> Reply {
    let uses = json!([{
        "id": "su_roadside_1", "purpose": "roadside-check", "licence_types": types,
        "claims": ["certificateName", "validFrom", "validTo", "name", "plateNumber"],
        "queries": queries,
    }]);
    let order = client_order(id, "enforcement", made, &uses);
    common::register([&operator_at("130000"), &approver_at("130000")], &order)
}

fn inspection(desk: &Desk) -> Value {
    let opened = answered(desk.post("/v1/inspections", &sound_inspection()));
    assert!(opened.is_done(), "{opened:?}");
    opened.body["inspection_ref"].clone()
}

fn query(by: &str, what: &str, reference: &Value) -> Value {
    json!({ by: what, "inspection_ref": reference, "officer": "officer-a" })
}

/// The first reason of a report, or of the report in a look-up.
fn leading_code(reply: &Reply) -> &str {
    let report = reply.body.get("report").unwrap_or(&reply.body);
    report["reasons"][0]["code"].as_str().unwrap_or_else(|| panic!("{reply:?}"))
}

/// Whether a look-up told nothing of a licence or its holder.
fn says_nothing(reply: &Reply) -> bool {
    let report = &reply.body["report"];
    let disclosed = report["disclosed"].as_object().is_some_and(|shown| !shown.is_empty());
    report["licence"].is_null() && !disclosed && !reply.body.to_string().contains("示例")
}

/// No database of any node contains `written`.
fn assert_nowhere(written: &str) {
    for division in ["120000", "130000", "440000"] {
        for file in ["hutong.db", "hutong.db-wal"] {
            let path = Federation::up().dir.join(division).join(file);
            let bytes = fs::read(path).unwrap_or_default();
            let found = bytes.windows(written.len()).any(|window| window == written.as_bytes());
            assert!(!found, "{written} in {file} of {division}");
        }
    }
}

fn pointed_at(reply: &Reply, pointer: &str) {
    refused(reply, 422, "validation-failed", pointer);
    assert_eq!(reply.body["errors"][0]["pointer"], json!(pointer), "{reply:?}");
}

fn approver_at(division: &str) -> Desk {
    Federation::up().kept_desk(division, 2, &format!("{division}-operator-2"))
}

fn operator_at(division: &str) -> Desk {
    Federation::up().kept_desk(division, 2, &format!("{division}-operator"))
}

fn police() -> Desk {
    Federation::up().kept_desk("130000", 0, "130000-enforcement")
}

fn credential() -> String {
    credential_of(Federation::up())
}

fn credential_of(federation: &Federation) -> String {
    let wallet = federation.dir.join("wallets/driver/driver-qualification.sdjwt");
    fs::read_to_string(wallet).unwrap()
}

fn holder_key() -> OfflineKey {
    let file = Federation::up().dir.join("wallets/driver/holder.key.pem");
    OfflineKey::from_pem(&fs::read_to_string(file).unwrap()).unwrap()
}

fn member(division: &str) -> MemberId {
    format!("urn:elicence:member:{division}").parse().unwrap()
}

const ISSUE: &str = "/v1/operator/licence-issue";
const VERIFY: &str = "/v1/verifications";
const QUERY: &str = "/v1/licences:query";
/// The number on the paper licence of the story.
const PAPER_NUMBER: &str = "120103000003";
/// A number that no province gave.
const TAKEN_NUMBER: &str = "120103000777";
/// The number of nobody.
const CITIZEN: &str = "110101199001011234";
/// The number of the business of the story.
const BUSINESS: &str = "91440101MA5000000L";
