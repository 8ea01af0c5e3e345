//! Members that reach beyond their own: other regions, other kinds, other keys; and members that
//! are no members, or no longer.

use hutong::base::{CivilDate, ListId, ServiceId, SystemEntropy};
use hutong::credential::{IssueTerms, StatusReference, issue};
use hutong::crypto::jws::GeneralJws;
use hutong::crypto::seal::SoftwareKey;
use hutong::exchange::NextList;
use hutong::gateway::{ListChange, change_list};
use hutong::licence::{Identifier, LicenceDocument, LicenceType, LicenceVersion};
use hutong::pki::{Made, files};
use hutong::trust::lote::{DigitalIdentity, SignedList};
use hutong::trust::{ServiceKind, prove, service_extensions};
use rustls::AlertDescription;
use serde_json::{Value, json};

use super::common::{Apart, Federation, answered, now};
use super::raw;
use super::stage::{
    HEBEI, Stage, TIANJIN, bytes, eventually, list_id, member, period, push, seal_by, signing,
};

#[test]
fn tl_22_an_issuer_for_another_region_is_refused_and_harms_no_other_entry() {
    let stage = Stage::alone();
    let hebei = list_id(HEBEI);
    let before = stage.anchors(TIANJIN);
    let (_, held) = stage.hub.newest(hebei);
    let change = ListChange::AddIssuer { number: 2, territories: vec!["1201".to_owned()] };
    let list =
        change_list(&stage.dir(HEBEI), &stage.charter(HEBEI), &held, &change, now()).unwrap();
    stage.hub.publish(hebei, &list);
    eventually("the list is held", || stage.holds_newest(TIANJIN, hebei));
    eventually("the entry is told", || stage.count(TIANJIN, HEBEI, "out-of-scope") == 1);
    assert_eq!(stage.anchors(TIANJIN), before, "the others go on, it is not among them");
    assert_eq!(stage.readiness(TIANJIN).body["degraded"], json!(["entries-refused"]));
}

#[test]
fn tl_32_an_entry_that_is_gone_is_not_believed_and_its_going_is_on_record() {
    let stage = Stage::alone();
    let hebei = list_id(HEBEI);
    let (before, entries) = (stage.anchors(TIANJIN), entries(&stage));
    let list = stage.resealed(hebei, |list| {
        services(list).retain(|service| !service.to_string().contains(":issuance:1\""));
    });
    stage.hub.publish(hebei, &list);
    eventually("it is not believed any more", || stage.anchors(TIANJIN) == before - 1);
    assert!(stage.holds_newest(TIANJIN, hebei));
    assert!(self::entries(&stage) > entries, "the change is in the audit log");
}

#[test]
fn tl_44_fd_14_a_list_key_does_not_change_without_its_own_word() {
    let stage = Stage::alone();
    let other = signing("a list key of the hub's choice");
    stage.refuses("all operators, without the province", TIANJIN, "member-key-unproven", |stage| {
        let list = stage.resealed(ListId::Federation, |list| swap_list_key(list, &other));
        push(stage, ListId::Federation, &list);
    });
    stage.refuses("the member left out", TIANJIN, "member-key-unproven", |stage| {
        let list = stage.resealed(ListId::Federation, |list| {
            let entities = list["LoTE"]["TrustedEntitiesList"].as_array_mut().unwrap();
            entities.retain(|entity| !entity.to_string().contains(":member:130000\""));
            for name in ["PointersToOtherLoTE", "DistributionPoints"] {
                let scheme = super::lists::scheme(list);
                if let Some(places) = scheme[name].as_array_mut() {
                    let port = stage.address(HEBEI, 0).port().to_string();
                    let names = |place: &Value| place.to_string();
                    places.retain(|place| {
                        !names(place).contains("130000") && !names(place).contains(&port)
                    });
                }
            }
        });
        push(stage, ListId::Federation, &list);
    });
    // The hub alone, with every key that it has, or with keys that it makes.
    let mut list = stage.next(ListId::Federation);
    swap_list_key(&mut list, &other);
    let own =
        Made { certificate: stage.hub.tls.certificate.clone(), pkcs8: stage.hub.tls.pkcs8.clone() };
    for signers in [vec![&own], vec![&own, &other, &stage.operators[0], &stage.operators[1]]] {
        stage.refuses("the hub's own signature", TIANJIN, "threshold-not-met", |stage| {
            let mut list = stage.next(ListId::Federation);
            swap_list_key(&mut list, &other);
            push(stage, ListId::Federation, &seal_by(&bytes(&list), &signers));
        });
    }
    stage.refuses("a list under the swapped key", HEBEI, "wrong-signer", |stage| {
        let hebei = list_id(HEBEI);
        push(stage, hebei, &seal_by(&bytes(&stage.next(hebei)), &[&other]));
    });
}

#[test]
fn fd_01_fd_19_a_copied_key_is_refused_and_its_holder_keeps_it() {
    let stage = Stage::alone();
    let hebei = list_id(HEBEI);
    let before = stage.anchors(TIANJIN);
    let tianjin = payload(&stage.hub.newest(list_id(TIANJIN)).1);
    let mut victim = find(&tianjin, ":issuance:1\"").clone();
    let renamed = victim.to_string().replace("svc:120000:issuance:1", "svc:130000:issuance:7");
    victim = serde_json::from_str(&renamed).unwrap();
    let list = stage.resealed(hebei, |list| services(list).push(victim));
    stage.hub.publish(hebei, &list);
    eventually("the copy is told", || stage.count(TIANJIN, HEBEI, "no-possession-proof") == 1);
    assert!(stage.holds_newest(TIANJIN, hebei));
    assert_eq!(stage.anchors(TIANJIN), before, "nobody lost a key, nobody won one");
}

#[test]
fn fd_01_one_key_that_two_provinces_prove_alarms_both() {
    let stage = Stage::alone();
    let hebei = list_id(HEBEI);
    // Hebei holds the key of Tianjin's status lists, and vouches for it as its own.
    let stolen = stage.key(TIANJIN, "status");
    let kind = ServiceKind::Status;
    let id = ServiceId::new(HEBEI.parse().unwrap(), kind.word(), 7);
    let proof = prove(&stolen.signer().unwrap(), member(HEBEI), &id, kind).unwrap();
    let extensions = service_extensions(&id, &proof, None, None).unwrap();
    let list = stage.resealed(hebei, |list| {
        let mut entry = find(list, ":status:1\"").clone();
        let information = &mut entry["ServiceInformation"];
        let certificates = std::slice::from_ref(&stolen.certificate);
        information["ServiceDigitalIdentity"] =
            serde_json::to_value(DigitalIdentity::of(certificates)).unwrap();
        information["ServiceInformationExtensions"] = serde_json::to_value(&extensions).unwrap();
        services(list).push(entry);
    });
    stage.hub.publish(hebei, &list);
    eventually("the copy is told", || stage.count(TIANJIN, HEBEI, "duplicate-key") > 0);
}

#[test]
fn fd_02_fd_05_an_issuer_speaks_for_its_own_region_and_kinds_alone() {
    let stage = Stage::pair();
    let officer = stage.officer(TIANJIN);
    let report = |credential: &str| {
        answered(officer.post("/v1/verifications", &json!({ "credential": credential }))).body
    };
    let (bus, pass) = (LicenceType::VehicleCertificate, LicenceType::PractitionerQualification);
    let honest = report(&credential(&stage, bus, "130102"));
    assert_ne!(honest["reasons"][0]["code"], json!("issuer.out_of_scope"), "{honest}");
    let foreign = report(&credential(&stage, bus, "120103"));
    assert_eq!(foreign["reasons"][0]["code"], json!("issuer.out_of_scope"), "{foreign}");
    assert_eq!(foreign["decision"], json!("REFUSE"));
    // From now on Hebei may issue vehicle certificates alone.
    let hebei = list_id(HEBEI);
    let list = stage.resealed(hebei, |list| {
        let issuer =
            services(list).iter_mut().find(|entry| entry.to_string().contains(":issuance:1\""));
        let extensions = issuer.unwrap()["ServiceInformation"]["ServiceInformationExtensions"]
            .as_array_mut()
            .unwrap();
        let scope =
            extensions.iter_mut().find(|one| one["Name"] == "urn:elicence:ext:ServiceScope");
        scope.unwrap()["Value"]["licenceTypes"] = json!([bus]);
    });
    stage.hub.publish(hebei, &list);
    eventually("the narrower scope is in force", || stage.holds_newest(TIANJIN, hebei));
    let beyond = report(&credential(&stage, pass, "130102"));
    assert_eq!(beyond["reasons"][0]["code"], json!("issuer.out_of_scope"), "{beyond}");
    let within = report(&credential(&stage, bus, "130102"));
    assert_ne!(within["reasons"][0]["code"], json!("issuer.out_of_scope"), "{within}");
}

#[test]
fn fd_06_the_issuers_of_a_withdrawn_province_end_with_it_on_open_connections_too() {
    let stage = Stage::pair();
    let officer = stage.officer(TIANJIN);
    let credential = credential(&stage, LicenceType::VehicleCertificate, "130102");
    let leading = || {
        let body = json!({ "credential": credential });
        let report = answered(officer.post("/v1/verifications", &body)).body;
        report["reasons"][0]["code"].as_str().unwrap_or_default().to_owned()
    };
    assert_ne!(leading(), "issuer.withdrawn");
    let (_, held) = stage.hub.newest(ListId::Federation);
    let next = NextList::after(&SignedList::parse(&held).unwrap(), now()).unwrap();
    let payload = next.withdraw(member(HEBEI)).unwrap().to_payload().unwrap();
    stage.hub.publish(ListId::Federation, &stage.seal(ListId::Federation, &payload));
    eventually("its issuers are withdrawn", || leading() == "issuer.withdrawn");
    let desk = stage.member_desk(TIANJIN, HEBEI);
    let reply = answered(desk.get("/.well-known/elicence-gateway"));
    assert_eq!((reply.status, reply.code()), (403, "member-withdrawn"), "{reply:?}");
}

#[test]
fn fd_08_who_is_not_registered_does_not_get_through_the_door() {
    let stage = Stage::alone();
    let stranger = Made::tls("350000 gateway", &["127.0.0.1"], period()).unwrap();
    let signer = signing("350000 gateway");
    let before = stage.everything(TIANJIN);
    for identity in [&stranger, &signer, &stage.key(HEBEI, "list-signing")] {
        let address = stage.address(TIANJIN, 0);
        let head = format!(
            "PUT /v1/members/350000/list HTTP/1.1\r\nhost: {address}\r\ncontent-length: 2\r\n\r\n{{}}"
        );
        let refusal = raw::send(address, Some(identity), &head).expect_err("no answer");
        let unknown = rustls::Error::AlertReceived(AlertDescription::UnknownCA);
        assert_eq!(refusal, Some(unknown));
    }
    assert_eq!(stage.everything(TIANJIN), before);
}

#[test]
fn fd_08_the_hubs_door_is_shut_to_them_too() {
    let nodes = Apart::at_rest();
    let _hub = nodes.serve(&["hub"]);
    let address = Federation::at_rest().address("hub", 0);
    let stranger = Made::tls("350000 gateway", &["127.0.0.1"], period()).unwrap();
    let head = format!(
        "PUT /v1/members/350000/list HTTP/1.1\r\nhost: {address}\r\ncontent-length: 2\r\n\r\n{{}}"
    );
    let refusal = raw::send(address, Some(&stranger), &head).expect_err("no answer");
    assert_eq!(refusal, Some(rustls::Error::AlertReceived(AlertDescription::UnknownCA)));
}

#[test]
fn fd_11_a_status_list_kept_for_one_province_is_not_used_for_another() {
    let stage = Stage::pair();
    let officer = stage.officer(TIANJIN);
    let report = |credential: &str| {
        answered(officer.post("/v1/verifications", &json!({ "credential": credential }))).body
    };
    // Tianjin's own list is in use, and then Hebei's credential names it as its own.
    let kind = LicenceType::VehicleCertificate;
    let [own, others] = [HEBEI, TIANJIN].map(|division| {
        format!("https://{}/v1/status-lists/licence/1", stage.address(division, 1))
    });
    let honest = report(&credential_at(&stage, kind, "130102", &own));
    let foreign = report(&credential_at(&stage, kind, "130102", &others));
    assert_ne!(foreign["decision"], json!("ACCEPT"), "{honest}\n{foreign}");
    let code = foreign["reasons"][0]["code"].as_str().unwrap_or_default();
    assert!(["status.unavailable", "format.damaged"].contains(&code), "{foreign}");
}

/// A credential that any province recognises.
pub(crate) fn credential_of_hebei(stage: &Stage) -> String {
    credential(stage, LicenceType::VehicleCertificate, "130102")
}

/// A credential that Hebei's first issuer signs, for a licence of `division`.
fn credential(stage: &Stage, kind: LicenceType, division: &str) -> String {
    let uri = format!("https://{}/v1/status-lists/licence/1", stage.address(HEBEI, 1));
    credential_at(stage, kind, division, &uri)
}

fn credential_at(stage: &Stage, kind: LicenceType, division: &str, uri: &str) -> String {
    let keys = stage.dir(HEBEI).join("keys");
    let chain = files::read_certificates(&keys.join("issuance.cert.pem")).unwrap();
    let key = files::read_key(&keys.join("issuance.key.pem")).unwrap();
    let key = SoftwareKey::from_pkcs8(&key).unwrap();
    let authority = stage.charter(HEBEI).authority_code;
    let code = authority.parse().unwrap();
    let identifier =
        Identifier::compose(kind, &code, "000000000901", LicenceVersion::FIRST).unwrap();
    let today = CivilDate::of(now());
    let claims = json!({
        "certificateIdentifier": identifier, "certificateTypeCode": kind,
        "certificateName": "示例", "version": "001", "issuingAuthorityCode": authority,
        "issuingDivision": division, "validFrom": today.to_string(),
        "validTo": today.plus_days(365).to_string(),
    });
    let Value::Object(claims) = claims else { panic!("an object") };
    let document = LicenceDocument::new(kind, claims).expect("a licence");
    let terms = IssueTerms {
        issuer: &ServiceId::new(HEBEI.parse().unwrap(), "issuance", 1),
        chain: &chain,
        status: StatusReference { idx: 1, uri: uri.to_owned() },
        holder: None,
        now: now(),
    };
    issue(&document, &terms, &key, &SystemEntropy).expect("a credential").token
}

/// The payload of a signed list.
pub(crate) fn payload(list: &[u8]) -> Value {
    serde_json::from_slice(GeneralJws::parse(list).unwrap().payload()).unwrap()
}

/// Makes an entry of a province's own list withdrawn.
pub(crate) fn withdraw(list: &mut Value, which: &str) {
    let name = format!(":{which}\"");
    let entry = services(list).iter_mut().find(|entry| entry.to_string().contains(&name));
    let entry = entry.expect("the entry");
    let information = &mut entry["ServiceInformation"];
    information["ServiceStatus"] = json!("urn:elicence:status:withdrawn");
    information["StatusStartingTime"] = json!(now().whole_seconds());
}

fn services(list: &mut Value) -> &mut Vec<Value> {
    let services = &mut list["LoTE"]["TrustedEntitiesList"][0]["TrustedEntityServices"];
    services.as_array_mut().expect("services")
}

fn find<'l>(list: &'l Value, name: &str) -> &'l Value {
    let services = &list["LoTE"]["TrustedEntitiesList"][0]["TrustedEntityServices"];
    let mut services = services.as_array().expect("services").iter();
    services.find(|entry| entry.to_string().contains(name)).expect("the entry")
}

/// Gives Hebei another list key in a federation list.
fn swap_list_key(list: &mut Value, other: &Made) {
    let entities = list["LoTE"]["TrustedEntitiesList"].as_array_mut().unwrap();
    let hebei = entities.iter_mut().find(|one| one.to_string().contains(":member:130000\""));
    let service = &mut hebei.unwrap()["TrustedEntityServices"][0]["ServiceInformation"];
    let certificates = std::slice::from_ref(&other.certificate);
    service["ServiceDigitalIdentity"] =
        serde_json::to_value(DigitalIdentity::of(certificates)).unwrap();
}

/// Entries of Tianjin's audit log, verified.
fn entries(stage: &Stage) -> u64 {
    let verified = stage.operate(TIANJIN, "audit-verify", &json!({}));
    verified["entries"].as_u64().expect("a number")
}
