//! A member's gateway that lies: Hebei, with all its own keys, at Tianjin's federation listener.
//! Connected it may be; what it asks stands or falls with what was signed, by whom, over what.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use hutong::base::{Entropy as _, MemberId, SystemEntropy, Timestamp};
use hutong::crypto::Digest;
use hutong::crypto::seal::SoftwareKey;
use hutong::exchange::{
    Basis, CallerStatement, Officer, RegisteredUse, Registration, RequestDraft,
};
use hutong::peer::{Desk, Reply};
use hutong::pki::files;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use serde_json::{Value, json};

use common::{Federation, answered, now, read_made, refused};

#[test]
fn fd_17_a_request_serves_once_and_only_for_what_it_was_signed_over() {
    let gateway = desk();
    let sound = Asking::sound();
    let token = sound.token();
    let done = sound.send(&gateway, &[&token]);
    assert_eq!(done.status, 200, "{done:?}");
    refused(&sound.send(&gateway, &[&token]), 403, "request-replayed", "the same again");
    let old = Asking { at: seconds_ago(61), ..Asking::sound() };
    refused(&old.send(&gateway, &[&old.token()]), 403, "request-replayed", "an old one");
    let future = Asking { at: seconds_ago(-120), ..Asking::sound() };
    let reply = future.send(&gateway, &[&future.token()]);
    assert_eq!(reply.status, 403, "from the future: {reply:?}");
    for (wrong, what) in [
        (Asking { aud: member("440000"), ..Asking::sound() }, "for another member"),
        (Asking { iss: member("440000"), ..Asking::sound() }, "in another's name"),
        (Asking { method: "GET", ..Asking::sound() }, "for another method"),
        (Asking { path: "/v1/disclosures", ..Asking::sound() }, "for another route"),
        (
            Asking { signed: json!({ "number": "120103000002" }), ..Asking::sound() },
            "over another body",
        ),
        (Asking { signer: ("130000", "status"), ..Asking::sound() }, "by a key of another kind"),
        (Asking { signer: ("130000", "gateway-tls"), ..Asking::sound() }, "by the TLS key"),
        (Asking { signer: ("440000", "gateway-signing"), ..Asking::sound() }, "by another member"),
    ] {
        let reply = wrong.send(&gateway, &[&wrong.token()]);
        refused(&reply, 403, "request-signature-invalid", what);
    }
    let sound = Asking::sound();
    let two = [&*sound.token(), &*sound.token()];
    refused(&sound.send(&gateway, &two), 403, "request-signature-invalid", "two at once");
    refused(&sound.send(&gateway, &[]), 403, "request-signature-invalid", "none at all");
    refused(&sound.send(&gateway, &["a.b.c"]), 403, "request-signature-invalid", "nonsense");
}

#[test]
fn fd_09_a_gateway_speaks_for_its_own_clients_alone() {
    let gateway = desk();
    for (wrong, what) in [
        (
            Asking {
                registrar: ("440000", "registrar"),
                registered_by: "440000",
                ..Asking::sound()
            },
            "another province's client",
        ),
        (
            Asking { registrar: ("440000", "registrar"), ..Asking::sound() },
            "its own client, stated by another's registrar",
        ),
        (Asking { registered_by: "440000", ..Asking::sound() }, "stated in another's name"),
        (
            Asking { registrar: ("130000", "gateway-signing"), ..Asking::sound() },
            "stated by a key of another kind",
        ),
        (Asking { said_role: "business", ..Asking::sound() }, "in another role than stated"),
        (Asking { said_id: "unit-8", ..Asking::sound() }, "under another name than stated"),
        (Asking { said_key: "another key", ..Asking::sound() }, "with another key than stated"),
        (Asking { anonymous: true, ..Asking::sound() }, "for nobody"),
    ] {
        let reply = wrong.send(&gateway, &[&wrong.token()]);
        refused(&reply, 403, "request-signature-invalid", what);
    }
}

#[test]
fn fd_18_a_statutory_ground_is_one_of_the_catalogue() {
    let gateway = desk();
    for (wrong, code, what) in [
        (
            Asking { use_id: "su_of_our_own", ..Asking::sound() },
            "intended-use-not-registered",
            "a use that nobody agreed on",
        ),
        (
            Asking { law: "urn:law:of-our-own:1", ..Asking::sound() },
            "legal-basis-required",
            "another provision",
        ),
        (Asking { basis: Some(Basis::Consent), ..Asking::sound() }, "legal-basis-required", "none"),
        (Asking { basis: Some(Basis::Grant), ..Asking::sound() }, "legal-basis-required", "none"),
    ] {
        refused(&wrong.send(&gateway, &[&wrong.token()]), 403, code, what);
    }
    let body = json!({
        "number": NUMBER, "inspection_ref": INSPECTION, "officer": "officer-a",
        "claims": ["name", "holderCode"],
    });
    let wide = Asking {
        claims: &["name", "holderCode"],
        body: body.clone(),
        signed: body,
        ..Asking::sound()
    };
    let reply = wide.send(&gateway, &[&wide.token()]);
    assert_eq!(reply.status, 403, "wider than the catalogue: {reply:?}");
    refused(&reply, 403, reply.code(), "wider than the catalogue");
}

#[test]
fn co_20_co_21_a_look_up_names_an_officer_of_an_enforcement_unit() {
    let gateway = desk();
    let nobody = Asking { officer: None, ..Asking::sound() };
    let reply = nobody.send(&gateway, &[&nobody.token()]);
    assert!([403, 422].contains(&reply.status), "{reply:?}");
    refused(&reply, reply.status, reply.code(), "without an officer");
    for role in ["business", "transport-authority", "operator", "nonsense"] {
        let other = Asking { role, said_role: role, ..Asking::sound() };
        let reply = other.send(&gateway, &[&other.token()]);
        refused(&reply, 403, "role-not-allowed", role);
    }
}

#[test]
fn fd_16_a_grant_needs_the_signature_of_its_client() {
    let gateway = desk();
    let body = json!({ "grant": "grt_00000000000070008000000000000000", "claims": ["name"] });
    let asking = Asking {
        path: "/v1/disclosures",
        role: "business",
        said_role: "business",
        basis: Some(Basis::Grant),
        officer: None,
        body: body.clone(),
        signed: body,
        ..Asking::sound()
    };
    let reply = asking.post(&gateway, "/v1/disclosures", &[&asking.token()]);
    refused(&reply, 403, "client-signature-required", "vouched for by its gateway alone");
}

/// A request as Hebei's gateway signs it; each test bends one thing.
struct Asking<'a> {
    iss: MemberId,
    aud: MemberId,
    method: &'a str,
    path: &'a str,
    at: Timestamp,
    /// What is sent, and what is signed.
    body: Value,
    signed: Value,
    /// Whose key signs, and which.
    signer: (&'a str, &'a str),
    registrar: (&'a str, &'a str),
    registered_by: &'a str,
    /// What the registrar states, and what the gateway says.
    role: &'a str,
    said_role: &'a str,
    said_id: &'a str,
    said_key: &'a str,
    anonymous: bool,
    use_id: &'a str,
    law: &'a str,
    claims: &'a [&'a str],
    basis: Option<Basis>,
    officer: Option<Officer>,
}

impl Asking<'_> {
    fn sound() -> Self {
        let body =
            json!({ "number": NUMBER, "inspection_ref": INSPECTION, "officer": "officer-a" });
        Self {
            iss: member("130000"),
            aud: member("120000"),
            method: "POST",
            path: "/v1/licences:query",
            at: now(),
            signed: body.clone(),
            body,
            signer: ("130000", "gateway-signing"),
            registrar: ("130000", "registrar"),
            registered_by: "130000",
            role: "enforcement",
            said_role: "enforcement",
            said_id: "unit-7",
            said_key: "the unit's key",
            anonymous: false,
            use_id: "su_roadside_1",
            law: "urn:law:road-transport-e-licence-rules:9",
            claims: &["certificateName", "validFrom", "validTo", "name"],
            basis: None,
            officer: Some(Officer {
                pseudonym: "officer-a".to_owned(),
                unit: "unit-7".to_owned(),
                inspection_ref: INSPECTION.parse().unwrap(),
            }),
        }
    }

    fn registration(&self) -> String {
        let purpose = if self.role == "business" { "employment-check" } else { "roadside-check" };
        let registration = Registration {
            iss: member(self.registered_by),
            iat: self.at.into(),
            exp: self.at.into(),
            id: "unit-7".to_owned(),
            role: self.role.to_owned(),
            name: "示例".to_owned(),
            contact: "contact@client.example".to_owned(),
            spki_sha256: Digest::of("the unit's key"),
            uses: vec![RegisteredUse {
                id: self.use_id.to_owned(),
                purpose: purpose.to_owned(),
                purpose_text: Vec::new(),
                claims: self.claims.iter().map(ToString::to_string).collect(),
                licence_types: Vec::new(),
                queries: vec!["number".to_owned()],
                longest_data_life_days: 0,
            }],
            renewals: Vec::new(),
        };
        registration.sign(&key(self.registrar), self.at).unwrap()
    }

    fn token(&self) -> String {
        let signed = serde_json::to_vec(&self.signed).unwrap();
        let caller = CallerStatement {
            role: self.said_role.to_owned(),
            id: self.said_id.to_owned(),
            spki_sha256: Digest::of(self.said_key),
            registration: self.registration(),
        };
        let statutory = Basis::Statutory {
            use_id: self.use_id.to_owned(),
            law_ref: self.law.to_owned(),
            reason_code: "routine".to_owned(),
        };
        let draft = RequestDraft {
            iss: self.iss,
            aud: self.aud,
            htm: self.method,
            htu: self.path,
            body: &signed,
            caller: (!self.anonymous).then_some(caller),
            basis: self.basis.clone().unwrap_or(statutory),
            officer: self.officer.clone(),
        };
        draft.sign(&key(self.signer), SystemEntropy.salt(), self.at).unwrap()
    }

    fn send(&self, gateway: &Desk, tokens: &[&str]) -> Reply {
        self.post(gateway, "/v1/licences:query", tokens)
    }

    fn post(&self, gateway: &Desk, path: &str, tokens: &[&str]) -> Reply {
        let mut headers = HeaderMap::new();
        for token in tokens {
            let value = HeaderValue::from_str(token).unwrap();
            headers.append(HeaderName::from_static("elicence-request"), value);
        }
        answered(gateway.send_document(path, &self.body, headers))
    }
}

/// Tianjin's federation listener, as Hebei's gateway.
fn desk() -> Desk {
    let federation = Federation::up();
    let keys = federation.dir.join("130000/keys");
    let own = read_made(&keys.join("gateway-tls.cert.pem"), &keys.join("gateway-tls.key.pem"));
    federation.desk("120000", 0, Some(&own))
}

fn key((division, name): (&str, &str)) -> SoftwareKey {
    let path = Federation::up().dir.join(format!("{division}/keys/{name}.key.pem"));
    SoftwareKey::from_pkcs8(&files::read_key(&path).unwrap()).unwrap()
}

fn member(division: &str) -> MemberId {
    format!("urn:elicence:member:{division}").parse().unwrap()
}

fn seconds_ago(seconds: i64) -> Timestamp {
    Timestamp::from_unix_seconds(now().unix_seconds() - seconds)
}

/// The number on the paper licence of the story.
const NUMBER: &str = "120103000003";
const INSPECTION: &str = "insp_00000000000070008000000000000000";
