//! Article 12 at a running federation: no use without authorisation, none beyond it, none after
//! it, and nothing of anybody in a refusal. Officers only under an inspection and the catalogue.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use hutong::base::{Entropy as _, MemberId, SystemEntropy};
use hutong::consent::RevocationDraft;
use hutong::credential::{BindTerms, bind, present};
use hutong::crypto::Digest;
use hutong::crypto::seal::{OfflineKey, SoftwareKey};
use hutong::exchange::{ClientRequest, ConsentOffer};
use hutong::licence::SocialCreditCode;
use hutong::peer::{Desk, Reply};
use hutong::pki::Made;
use reqwest::header::{HeaderMap, HeaderValue};
use serde_json::{Value, json};

use common::{
    Federation, answered, client_order, kept_client, now, refused, sound_ask, sound_inspection,
};

#[test]
fn co_01_without_a_grant_nothing_is_disclosed() {
    for shop in [Shop::of_story(), Shop::registered("440000", 1), Shop::registered("120000", 1)] {
        for route in ["/v1/disclosures", "/v1/records"] {
            for body in [
                json!({ "claims": ["name"] }),
                json!({ "grant": null, "claims": ["name"] }),
                json!({ "grant": "grt_00000000000070008000000000000000", "claims": ["name"] }),
                json!({ "grant": "' OR 1=1 --", "claims": ["name"] }),
                json!({ "grant": "", "claims": ["name"] }),
            ] {
                refused(&shop.signed(route, &body), 403, "grant-required", &body.to_string());
            }
        }
        let unsigned = answered(shop.desk.post("/v1/disclosures", &json!({ "claims": ["name"] })));
        refused(&unsigned, 403, "grant-required", "not even signed");
    }
}

#[test]
fn co_02_a_grant_is_used_as_often_as_was_agreed() {
    for shop in [Shop::of_story(), Shop::registered("120000", 2)] {
        let grant = shop.granted(&[("fetch_type", json!("ONETIME")), ("max_uses", json!(1))]);
        let given = shop.disclose(&grant, &["name"]);
        assert_eq!(given.body["claims"], json!({ "name": "张示例" }), "{given:?}");
        for _ in 0..2 {
            refused(&shop.disclose(&grant, &["name"]), 403, "grant-exhausted", "a second use");
        }
        let body = json!({ "grant": grant, "claims": ["name"] });
        refused(&shop.signed("/v1/records", &body), 403, "grant-exhausted", "a record is a use");
    }
    // All at once: the store decides, not the order of arrival.
    let shop = Shop::of_story();
    let grant = shop.granted(&[("max_uses", json!(2))]);
    let statuses = std::thread::scope(|scope| {
        let uses: Vec<_> =
            (0..8).map(|_| scope.spawn(|| shop.disclose(&grant, &["name"]).status)).collect();
        uses.into_iter().map(|used| used.join().unwrap()).collect::<Vec<_>>()
    });
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 2, "{statuses:?}");
    assert!(statuses.iter().all(|status| [200, 403].contains(status)), "{statuses:?}");
}

#[test]
fn co_05_co_18_a_grant_that_was_taken_back_is_of_no_use() {
    let shop = Shop::of_story();
    let (grant, other) = (shop.granted(&[]), shop.granted(&[]));
    assert!(shop.disclose(&grant, &["name"]).is_done());
    let (holder, thief) = (holder_key(), some_key());
    for (key, named, what) in
        [(&thief, &grant, "by another key"), (&holder, &other, "made for another grant")]
    {
        let reply = revoke(&grant, key, named, &public_origin());
        refused(&reply, 403, "holder-signature-invalid", what);
    }
    let elsewhere = revoke(&grant, &holder, &grant, "https://127.0.0.1:1");
    refused(&elsewhere, 403, "holder-signature-invalid", "made for another gateway");
    assert!(shop.disclose(&grant, &["name"]).is_done(), "it still holds");

    let done = revoke(&grant, &holder, &grant, &public_origin());
    assert_eq!(done.body["state"], json!("REVOKED"), "{done:?}");
    refused(&shop.disclose(&grant, &["name"]), 403, "grant-revoked", "after the revocation");
    let body = json!({ "grant": grant, "claims": ["name"] });
    refused(&shop.signed("/v1/records", &body), 403, "grant-revoked", "a record");
    assert!(revoke(&grant, &holder, &grant, &public_origin()).is_done(), "twice is once");
    assert!(shop.disclose(&other, &["name"]).is_done(), "another grant is not touched");
    let unknown = revoke("grt_00000000000070008000000000000000", &holder, &grant, &public_origin());
    refused(&unknown, 404, "not-found", "an unknown grant");
}

#[test]
fn co_08_nothing_beyond_what_was_granted() {
    for shop in [Shop::of_story(), Shop::registered("120000", 3)] {
        let grant = shop.granted(&[("max_uses", json!(null))]);
        for claims in [
            &["name", "qualificationCategoryCode"][..],
            &["certificateNumber"],
            &["*"],
            &["Name"],
            &["NAME"],
            &[" name"],
            &["name.first"],
            &["/name"],
            &["holderName"],
            &["_sd"],
            &["name\u{0}"],
        ] {
            let reply = shop.disclose(&grant, claims);
            refused(&reply, 403, "claims-not-granted", &format!("{claims:?}"));
        }
        let given = shop.disclose(&grant, &["name"]);
        assert_eq!(given.body["uses"]["count"], json!(1), "a refusal is no use: {given:?}");
    }
}

#[test]
fn co_10_a_grant_is_bound_to_the_client_that_asked() {
    let (shop, neighbour) = (Shop::of_story(), Shop::registered("440000", 4));
    let (local, other) = (Shop::registered("120000", 4), Shop::registered("120000", 5));
    for (owner, thieves) in [(&shop, [&neighbour, &local]), (&local, [&other, &shop])] {
        let grant = owner.granted(&[]);
        for thief in thieves {
            let reply = thief.disclose(&grant, &["name"]);
            refused(&reply, 403, "grant-not-bound-to-client", "disclosure");
            let body = json!({ "grant": grant, "claims": ["name"] });
            let reply = thief.signed("/v1/records", &body);
            refused(&reply, 403, "grant-not-bound-to-client", "record");
            let reply = answered(thief.desk.get(&format!("/v1/grants/{grant}")));
            refused(&reply, 404, "not-found", "exists, but is not yours");
        }
        assert!(owner.disclose(&grant, &["name"]).is_done(), "its own");
    }
    let grant = local.granted(&[]);
    let shown = answered(local.desk.get(&format!("/v1/grants/{grant}")));
    assert_eq!(shown.body["state"], json!("ACTIVE"), "{shown:?}");
    refused(&answered(local.desk.get("/v1/grants/nonsense")), 404, "not-found", "no such grant");
}

#[test]
fn co_11_a_grant_serves_its_purpose_alone() {
    let shop = Shop::of_story();
    let grant = shop.granted(&[]);
    let with = |purpose: &str| {
        let body = json!({ "grant": grant, "claims": ["name"], "purpose": purpose });
        shop.signed("/v1/disclosures", &body)
    };
    for purpose in ["insurance", "cargo-contracting", "roadside-check", "self-view"] {
        refused(&with(purpose), 403, "grant-purpose-mismatch", purpose);
    }
    for purpose in ["", "Employment Check", "employment_check\n"] {
        refused(&with(purpose), 400, "unknown-purpose", purpose);
    }
    assert!(with("employment-check").is_done());
}

#[test]
fn co_12_co_31_only_the_holder_agrees_and_only_to_what_was_asked() {
    let shop = Shop::of_story();
    let (offer, other) = (shop.offered(&[]), shop.offered(&[("max_uses", json!(5))]));
    let agreed = Some(Digest::of(&offer.transaction_data));
    let sound = Signed { key: &holder_key(), aud: &offer.aud, nonce: &offer.nonce, agreed };
    let thief = some_key();
    for (signed, what) in [
        (Signed { key: &thief, ..sound }, "another's key"),
        (Signed { agreed: None, ..sound }, "a mere verification"),
        (
            Signed { agreed: Some(Digest::of(&other.transaction_data)), ..sound },
            "another transaction",
        ),
        (Signed { agreed: Some(Digest::of("")), ..sound }, "no transaction"),
        (Signed { nonce: &other.nonce, ..sound }, "another request's nonce"),
        (Signed { nonce: "AAAA", ..sound }, "a nonce of its own"),
        (Signed { aud: "https://127.0.0.1:1", ..sound }, "another audience"),
    ] {
        let reply = approve(&offer, &signed.token(&[]), None);
        refused(&reply, 403, "holder-signature-invalid", what);
    }
    let talkative = approve(&offer, &sound.token(&["name"]), None);
    refused(&talkative, 403, "holder-signature-invalid", "discloses what nobody needs");
    for token in ["", "x", "a.b.c~d.e.f", "~", &credential()] {
        refused(&approve(&offer, token, None), 403, "holder-signature-invalid", token);
    }
    // None of this was an answer.
    assert!(approve(&offer, &sound.token(&[]), None).is_done());
}

#[test]
fn consent_is_given_or_declined_once() {
    let shop = Shop::of_story();
    let public = public_desk();
    let offer = shop.offered(&[]);
    let path = format!("/v1/consent-requests/{}", offer.id);
    assert!(answered(public.get(&path)).is_done());
    assert!(approve_soundly(&offer).is_done());
    let deny = || answered(public.post(&format!("{path}/deny"), &json!({})));
    refused(&approve_soundly(&offer), 409, "state-conflict", "approved twice");
    refused(&deny(), 409, "state-conflict", "declined after the approval");
    refused(&answered(public.get(&path)), 409, "state-conflict", "shown after the approval");

    let declined = shop.offered(&[]);
    let path = format!("/v1/consent-requests/{}/deny", declined.id);
    assert_eq!(answered(public.post(&path, &json!({}))).body["state"], json!("DENIED"));
    refused(&approve_soundly(&declined), 409, "state-conflict", "approved after declining");
    for id in ["x", "..", "req_00000000000070008000000000000000"] {
        if id != ".." {
            let reply = answered(public.get(&format!("/v1/consent-requests/{id}")));
            refused(&reply, 404, "not-found", id);
        }
    }

    // Many at once: one grant.
    let offer = shop.offered(&[]);
    let statuses = std::thread::scope(|scope| {
        let given: Vec<_> =
            (0..6).map(|_| scope.spawn(|| approve_soundly(&offer).status)).collect();
        given.into_iter().map(|given| given.join().unwrap()).collect::<Vec<_>>()
    });
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
    assert!(statuses.iter().all(|status| [200, 403, 409].contains(status)), "{statuses:?}");
}

#[test]
fn co_14_a_grant_ends_within_its_limits() {
    let shop = Shop::of_story();
    let second = now().unix_seconds();
    for exp in [second - 1, second + 91 * 86_400, 0, -1] {
        pointed_at(&shop.ask(&[("exp", json!(exp))]), "/exp");
    }
    let far = shop.ask(&[("exp", json!(9_999_999_999_999_i64))]);
    assert_eq!((far.status, far.code()), (422, "validation-failed"), "{far:?}");
    pointed_at(&shop.ask(&[("max_uses", json!(0))]), "/max_uses");
    let onetime = [("fetch_type", json!("ONETIME")), ("max_uses", json!(2))];
    pointed_at(&shop.ask(&onetime), "/max_uses");
    let years = json!({ "unit": "MONTH", "value": 7 });
    pointed_at(&shop.ask(&[("data_life", years)]), "/data_life");
    pointed_at(&shop.ask(&[("claims", json!([]))]), "/claims");
    let twice = json!([{ "path": ["name"] }, { "path": ["name"] }]);
    pointed_at(&shop.ask(&[("claims", twice)]), "/claims/1");

    // The holder may shorten, never lengthen.
    let offer = shop.offered(&[]);
    let token = Signed::soundly(&offer, &holder_key()).token(&[]);
    pointed_at(&approve(&offer, &token, Some(second + 30 * 86_400)), "/exp");
    assert!(approve(&offer, &token, Some(second + 86_400)).is_done());
}

#[test]
fn a_business_asks_within_what_it_registered() {
    let shop = Shop::of_story();
    let path = |name: &str| json!([{ "path": [name] }]);
    pointed_at(&shop.ask(&[("claims", path("certificateIdentifier"))]), "/claims/0");
    pointed_at(&shop.ask(&[("claims", path("nonsense"))]), "/claims/0");
    for name in ["driverLicenceClass", "holderName"] {
        let reply = shop.ask(&[("claims", path(name))]);
        refused(&reply, 403, "over-asking", name);
    }
    for (member, value) in [
        ("intended_use_id", json!("iu_others")),
        ("intended_use_id", json!("su_roadside_1")),
        ("purpose", json!("insurance")),
    ] {
        let reply = shop.ask(&[(member, value.clone())]);
        refused(&reply, 403, "intended-use-not-registered", &value.to_string());
    }
    let vehicle = "1.2.156.3005.2.11100000000019713D013.111200000001234561.000000000101.001.7";
    let reply = shop.ask(&[("identifier", json!(vehicle))]);
    refused(&reply, 403, "intended-use-not-registered", "another type of licence");
    let nobody = "1.2.156.3005.2.11100000000019713D071.111200000001234561.000000000999.001.";
    let known = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ".chars().find_map(|check| {
        let reply = shop.ask(&[("identifier", json!(format!("{nobody}{check}")))]);
        (reply.status != 422).then_some(reply)
    });
    refused(&known.unwrap(), 404, "not-found", "no such licence");
}

#[test]
fn fd_16_a_gateway_speaks_for_no_business_that_did_not_sign() {
    for shop in [Shop::of_story(), Shop::registered("120000", 6)] {
        let grant = shop.granted(&[]);
        let neighbour = Shop::registered(if shop.is_local() { "120000" } else { "440000" }, 7);
        let use_body = json!({ "grant": grant, "claims": ["name"] });
        for (route, body) in
            [("/v1/disclosures", &use_body), ("/v1/consent-requests", &sound_ask())]
        {
            let unsigned = answered(shop.desk.post(route, body));
            refused(&unsigned, 403, "client-signature-required", route);
            let send = |token: &str| {
                let mut headers = HeaderMap::new();
                let value = HeaderValue::from_str(token).unwrap();
                headers.insert("elicence-client-request", value);
                answered(shop.desk.send_document(route, body, headers))
            };
            for (token, what) in [
                (neighbour.sign(tianjin(), body), "a neighbour's signature"),
                (shop.sign(tianjin(), &json!({ "grant": grant })), "over another body"),
                ("x.y.z".to_owned(), "no signature"),
            ] {
                refused(&send(&token), 403, "request-signature-invalid", what);
            }
            let token = shop.sign(tianjin(), body);
            assert!(send(&token).is_done(), "{route}");
            refused(&send(&token), 403, "request-replayed", "fd_17");
        }
    }
}

#[test]
fn fd_18_officers_ask_within_the_national_catalogue() {
    let federation = Federation::up();
    let operator = operator_desk("130000");
    let unit = federation.client("130000", "enforcement", "unit-18");
    let order = |id: &str, purpose: &str, claims: &[&str]| {
        let uses = json!([{ "id": id, "purpose": purpose, "claims": claims }]);
        let order = client_order("unit-18", "enforcement", &unit, &uses);
        common::register([&operator, &approver_desk("130000")], &order)
    };
    for (id, purpose, claims) in [
        ("su_of_our_own", "roadside-check", &["validTo"][..]),
        ("su_roadside_1", "supervision-statistics", &["validTo"]),
        ("su_roadside_1", "roadside-check", &["validTo", "holderCode"]),
        ("su_roadside_1", "roadside-check", &["vin"]),
    ] {
        refused(&order(id, purpose, claims), 403, "intended-use-not-registered", id);
    }
    assert!(order("su_roadside_1", "roadside-check", &["validTo"]).is_done());
    let desk = federation.desk("130000", 0, Some(&unit));
    let mut inspection = sound_inspection();
    assert!(answered(desk.post("/v1/inspections", &inspection)).is_done());
    for id in ["su_of_our_own", "", "iu_drivers"] {
        inspection["use_id"] = json!(id);
        let reply = answered(desk.post("/v1/inspections", &inspection));
        refused(&reply, 403, "intended-use-not-registered", id);
    }
    let stranger = federation.client("130000", "enforcement", "unit-19");
    let desk = federation.desk("130000", 0, Some(&stranger));
    let reply = answered(desk.post("/v1/inspections", &inspection));
    refused(&reply, 403, "intended-use-not-registered", "a unit that nobody registered");
}

#[test]
fn co_20_no_look_up_without_inspection_and_officer() {
    let federation = Federation::up();
    let police = kept_client(&federation.dir, "130000-enforcement");
    let desk = federation.desk("130000", 0, Some(&police));
    let opened = answered(desk.post("/v1/inspections", &sound_inspection()));
    let reference = opened.body["inspection_ref"].as_str().unwrap().to_owned();
    let ask = |body: Value| answered(desk.post("/v1/licences:query", &body));
    let number = "120103000003";
    pointed_at(&ask(json!({ "number": number, "officer": "officer-a" })), "/inspection_ref");
    pointed_at(&ask(json!({ "number": number, "inspection_ref": reference })), "/officer");
    let other = json!({
        "number": number, "inspection_ref": reference, "officer": "officer-b",
    });
    pointed_at(&ask(other), "/officer");
    let unknown = json!({
        "number": number, "inspection_ref": "insp_00000000000070008000000000000000",
        "officer": "officer-a",
    });
    let reply = ask(unknown);
    refused(&reply, 403, "legal-basis-required", "an inspection that nobody opened");
    for body in [
        json!({ "inspection_ref": reference, "officer": "officer-a" }),
        json!({
            "number": number, "plate": "津A12345", "inspection_ref": reference,
            "officer": "officer-a",
        }),
        json!({ "plate": "", "inspection_ref": reference, "officer": "officer-a" }),
    ] {
        let reply = ask(body);
        refused(&reply, 422, "validation-failed", "exactly one thing is known");
        assert!(reply.body["errors"][0]["pointer"].is_string(), "{reply:?}");
    }
    // Another unit's inspection is of no use either.
    let unit = federation.client("130000", "enforcement", "unit-20");
    let uses = json!([{ "id": "su_roadside_1", "purpose": "roadside-check", "claims": ["name"],
                        "queries": ["number"] }]);
    let order = client_order("unit-20", "enforcement", &unit, &uses);
    let operator = operator_desk("130000");
    assert!(common::register([&operator, &approver_desk("130000")], &order).is_done());
    let thief = federation.desk("130000", 0, Some(&unit));
    let sound = json!({
        "number": number, "inspection_ref": reference, "officer": "officer-a",
    });
    let reply = answered(thief.post("/v1/licences:query", &sound));
    refused(&reply, 403, "legal-basis-required", "another unit's inspection");
    let found = ask(sound);
    assert_eq!(found.body["report"]["decision"], json!("ACCEPT"), "{found:?}");
}

#[test]
fn co_25_an_officer_sees_the_least_that_the_check_calls_for() {
    let federation = Federation::up();
    let police = kept_client(&federation.dir, "130000-enforcement");
    let desk = federation.desk("130000", 0, Some(&police));
    let opened = answered(desk.post("/v1/inspections", &sound_inspection()));
    let mut body = json!({
        "number": "120103000003", "inspection_ref": opened.body["inspection_ref"],
        "officer": "officer-a",
    });
    let least = answered(desk.post("/v1/licences:query", &body));
    let shown = least.body["report"]["disclosed"].as_object().unwrap();
    for withheld in ["certificateNumber", "driverLicenceClass", "holderCode", "areaCode"] {
        assert!(!shown.contains_key(withheld), "{withheld}: {shown:?}");
    }
    for claims in [json!(["holderCode"]), json!(["name", "driverLicenceClass"]), json!(["*"])] {
        body["claims"] = claims.clone();
        let reply = answered(desk.post("/v1/licences:query", &body));
        let report = &reply.body["report"];
        let shown = report["disclosed"].as_object().is_none_or(serde_json::Map::is_empty);
        assert!(shown && report["decision"] != json!("ACCEPT"), "{claims}: {reply:?}");
    }
}

#[test]
fn a_refusal_is_on_the_record_where_it_was_decided() {
    let shop = Shop::of_story();
    let operator = operator_desk("120000");
    let entries = || {
        let reply = answered(operator.post("/v1/operator/audit-verify", &json!({})));
        reply.body["entries"].as_u64().unwrap()
    };
    let before = entries();
    let unknown = json!({ "grant": "grt_00000000000070008000000000000000", "claims": ["name"] });
    refused(&shop.signed("/v1/disclosures", &unknown), 403, "grant-required", "unknown");
    assert!(entries() > before);
}

/// A business with its desk at its own gateway, which asks about Tianjin's driver.
struct Shop {
    division: String,
    desk: Desk,
    made: Made,
}

impl Shop {
    /// The one that the story registered in Guangdong.
    fn of_story() -> Self {
        let federation = Federation::up();
        let made = kept_client(&federation.dir, "440000-business");
        let desk = federation.desk("440000", 0, Some(&made));
        Self { division: "440000".to_owned(), desk, made }
    }

    /// Another one, registered now.
    fn registered(division: &str, number: u32) -> Self {
        let federation = Federation::up();
        let code = credit_code(&format!("91{}01MA5{number:05}", &division[..4]));
        let made = federation.client(division, "business", &code);
        let text = |lang: &str| json!({ "lang": lang, "content": "-" });
        let uses = json!([{
            "id": "iu_drivers", "purpose": "employment-check",
            "purpose_text": [text("zh-CN"), text("en"), text("es")],
            "claims": ["name", "qualificationCategoryCode", "certificateNumber"],
            "licence_types": ["11100000000019713D071"], "longest_data_life_days": 186,
        }]);
        let order = client_order(&code, "business", &made, &uses);
        let reply = common::register([&operator_desk(division), &approver_desk(division)], &order);
        assert!(reply.is_done(), "{reply:?}");
        let desk = federation.desk(division, 0, Some(&made));
        Self { division: division.to_owned(), desk, made }
    }

    fn is_local(&self) -> bool {
        self.division == "120000"
    }

    fn signed(&self, route: &str, body: &Value) -> Reply {
        answered(self.desk.post_signed(route, tianjin(), body))
    }

    fn sign(&self, aud: MemberId, body: &Value) -> String {
        let key = SoftwareKey::from_pkcs8(&self.made.pkcs8).unwrap();
        let body = serde_json::to_vec(body).unwrap();
        let salt = SystemEntropy.salt();
        ClientRequest::sign(&key, &self.made.certificate, aud, &body, salt, now()).unwrap()
    }

    fn ask(&self, changes: &[(&str, Value)]) -> Reply {
        let mut ask = sound_ask();
        for (member, value) in changes {
            ask[*member] = value.clone();
        }
        self.signed("/v1/consent-requests", &ask)
    }

    fn offered(&self, changes: &[(&str, Value)]) -> ConsentOffer {
        let reply = self.ask(changes);
        serde_json::from_value(reply.body.clone()).unwrap_or_else(|_| panic!("{reply:?}"))
    }

    /// A grant by the driver.
    fn granted(&self, changes: &[(&str, Value)]) -> String {
        let reply = approve_soundly(&self.offered(changes));
        reply.body["id"].as_str().unwrap_or_else(|| panic!("{reply:?}")).to_owned()
    }

    fn disclose(&self, grant: &str, claims: &[&str]) -> Reply {
        self.signed("/v1/disclosures", &json!({ "grant": grant, "claims": claims }))
    }
}

/// What a wallet signs over.
#[derive(Clone, Copy)]
struct Signed<'a> {
    key: &'a OfflineKey,
    aud: &'a str,
    nonce: &'a str,
    agreed: Option<Digest>,
}

impl<'a> Signed<'a> {
    fn soundly(offer: &'a ConsentOffer, key: &'a OfflineKey) -> Self {
        let agreed = Some(Digest::of(&offer.transaction_data));
        Self { key, aud: &offer.aud, nonce: &offer.nonce, agreed }
    }

    fn token(&self, disclosed: &[&str]) -> String {
        let shown = present(&credential(), disclosed).unwrap();
        let terms = BindTerms { audience: self.aud, nonce: self.nonce, transaction: self.agreed };
        bind(&shown, terms, self.key, now()).unwrap()
    }
}

fn approve_soundly(offer: &ConsentOffer) -> Reply {
    approve(offer, &Signed::soundly(offer, &holder_key()).token(&[]), None)
}

fn approve(offer: &ConsentOffer, token: &str, exp: Option<i64>) -> Reply {
    let mut body = json!({ "approval": token });
    if let Some(exp) = exp {
        body["exp"] = json!(exp);
    }
    answered(public_desk().post(&format!("/v1/consent-requests/{}/approve", offer.id), &body))
}

fn revoke(grant: &str, key: &OfflineKey, named: &str, audience: &str) -> Reply {
    let named = named.parse().unwrap();
    let draft = RevocationDraft { audience, grant: &named };
    let body = json!({ "revocation": draft.sign(key, now()).unwrap() });
    answered(public_desk().post(&format!("/v1/grants/{grant}/revoke"), &body))
}

fn pointed_at(reply: &Reply, pointer: &str) {
    refused(reply, 422, "validation-failed", pointer);
    assert_eq!(reply.body["errors"][0]["pointer"], json!(pointer), "{reply:?}");
}

fn public_desk() -> Desk {
    Federation::up().desk("120000", 1, None)
}

fn public_origin() -> String {
    format!("https://{}", Federation::up().address("120000", 1))
}

fn approver_desk(division: &str) -> Desk {
    Federation::up().kept_desk(division, 2, &format!("{division}-operator-2"))
}

fn operator_desk(division: &str) -> Desk {
    let federation = Federation::up();
    let operator = kept_client(&federation.dir, &format!("{division}-operator"));
    federation.desk(division, 2, Some(&operator))
}

/// A social credit code (GB 32100) that begins with `stem`, with both check characters.
fn credit_code(stem: &str) -> String {
    let check = "0123456789ABCDEFGHJKLMNPQRTUWXY";
    let pairs = check.chars().flat_map(|first| check.chars().map(move |second| (first, second)));
    let mut codes = pairs.map(|(first, second)| format!("{stem}{first}{second}"));
    codes.find(|code| code.parse::<SocialCreditCode>().is_ok()).expect("two check characters")
}

fn credential() -> String {
    let wallet = Federation::up().dir.join("wallets/driver/driver-qualification.sdjwt");
    std::fs::read_to_string(wallet).unwrap()
}

fn holder_key() -> OfflineKey {
    key_of("wallets/driver/holder.key.pem")
}

/// A sound key that is not the holder's.
fn some_key() -> OfflineKey {
    key_of("operators/operator-1.key.pem")
}

fn key_of(file: &str) -> OfflineKey {
    OfflineKey::from_pem(&std::fs::read_to_string(Federation::up().dir.join(file)).unwrap())
        .unwrap()
}

fn tianjin() -> MemberId {
    "urn:elicence:member:120000".parse().unwrap()
}
