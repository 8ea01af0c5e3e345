//! A fourth province joins a running federation, as its people and the operators do it: by the
//! program's own commands, on files, with the fingerprint read out over a second channel.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use hutong::base::{CivilDate, SystemClock, Timestamp};
use hutong::crypto::Digest;
use hutong::exchange::{Addressee, Bundle, OpenedBundle};
use hutong::gateway;
use hutong::identity::ClientName;
use hutong::licence::{CheckDigit, Identifier, LicenceType, LicenceVersion, SocialCreditCode};
use hutong::peer::{Desk, DeskIdentity, Reply, Welcome, knock};
use hutong::pki::{Authority, CLIENT_LIFE, Made, Period, files};
use hutong::tls::TlsIdentity;
use hutong::trust::lote::SignedList;
use serde_json::{Value, json};
use tempfile::TempDir;

use common::operators::{
    at_hub, desk_arguments, done, hub_origin, publish, sign, sign_and_publish,
};
use common::{
    Apart, Federation, Gateway, PATIENCE, answered, now, pin, read_made, refused, run,
    shared_folder, text, told, until, wait,
};

#[test]
fn a_fourth_province_joins_and_its_licences_are_recognised() {
    let apart = Apart::at_rest();
    let _nodes = apart.serve(&["hub", "120000", "130000", "440000"]);
    let hub = &apart.node("hub").dir;
    let folder = TempDir::new().unwrap();
    let file = |name: &str| folder.path().join(name);
    let newcomer = newcomer();
    let draft = done(&["member", "check", text(&newcomer.join("outbox/enrolment.jwt")), "--json"]);
    assert_eq!(draft["draft"], json!(true), "{draft}");

    // FD-08: before it is a member nobody listens to it, whatever list it brings.
    assert!(matches!(knock_at_hub(&newcomer), Welcome::Refused(_)));

    let bundle = file("bundle.jwt");
    let public = hub_origin(1);
    let applied = done(&[
        "member",
        "apply",
        "--data-dir",
        text(&newcomer),
        "--hub",
        &public,
        "--out",
        text(&bundle),
        "--json",
    ]);
    let fingerprint = fingerprint_of(&newcomer).to_hex();
    assert_eq!(applied["list_key_sha256"], json!(fingerprint));
    let taken = file("taken.jwt");
    let waiting =
        at_hub(&["member", "applications", "--fingerprint", &fingerprint, "--out", text(&taken)]);
    assert_eq!(waiting["examination"]["sound"], json!(true), "{waiting}");
    assert_eq!(std::fs::read(&taken).unwrap(), std::fs::read(&bundle).unwrap());

    let wrong = Digest::of("another key").to_hex();
    let refused_list = approve(hub, &taken, "staged", &wrong, &file("refused.json"));
    assert_eq!(told(&refused_list).code, "validation-failed");
    assert!(!file("refused.json").exists());

    let staged = file("staged.json");
    let made = approve(hub, &taken, "staged", &fingerprint, &staged);
    let changes = String::from_utf8_lossy(&made.stdout).into_owned();
    assert!(changes.contains("urn:elicence:member:510000: is new"), "{changes}");
    sign_and_publish(&staged, None);
    publish(&newcomer.join("outbox/list.json"));
    let gateway = Gateway::lying_at(newcomer.clone(), Federation::at_rest().base + OFFSET);
    let _running = gateway.serve();
    let operator = operator_of(&newcomer);
    let ready = until(PATIENCE, || {
        TcpStream::connect((Ipv4Addr::LOCALHOST, gateway.base + 2)).ok()?;
        wait(operator.get("/readyz")).ok().filter(Reply::is_done)
    });
    assert!(ready.is_some(), "the newcomer serves");

    let order = qualification();
    let issue = || answered(operator.post("/v1/operator/licence-issue", &order));
    let staged_issue = issue();
    refused(&staged_issue, 422, "validation-failed", "nobody would recognise it yet");
    assert!(staged_issue.body.to_string().contains("issuer.not_federated"), "{staged_issue:?}");

    let granted = file("granted.json");
    let made = approve(hub, &taken, "granted", &fingerprint, &granted);
    assert!(made.status.success(), "{made:?}");
    let shown = done(&["trust", "diff", text(&staged), text(&granted), "--json"]);
    assert!(shown["changes"].to_string().contains("granted"), "{shown}");
    sign_and_publish(&granted, Some(&staged));
    let root = Federation::at_rest().dir.join("trust-anchors/root.json");
    let verdict = done(&["trust", "verify", "--root", text(&root), text(&granted), "--json"]);
    assert_eq!(verdict["signed_by"].as_array().unwrap().len(), 3, "{verdict}");

    let issued = until(PATIENCE, || Some(issue()).filter(Reply::is_done));
    let credential = json!({ "credential": issued.expect("a credential").body["credential"] });
    let police = Federation::at_rest().kept_desk("130000", 0, "130000-enforcement");
    let check = || answered(police.post("/v1/verifications", &credential)).body;
    let accepted = until(PATIENCE, || Some(check()).filter(|said| said["decision"] == "ACCEPT"));
    assert!(accepted.is_some(), "another province accepts it: {}", check());
    let again = approve(hub, &taken, "granted", &fingerprint, &file("again.json"));
    assert_eq!(told(&again).code, "state-conflict");
}

#[test]
fn a_list_with_too_few_signatures_is_told_and_not_published() {
    let apart = Apart::at_rest();
    let _nodes = apart.serve(&["hub"]);
    let folder = TempDir::new().unwrap();
    let next = folder.path().join("next.json");
    let hub = &apart.node("hub").dir;
    let made = run(&["member", "withdraw", "440000", "--state", text(hub), "--out", text(&next)]);
    assert!(made.status.success(), "{made:?}");
    let root = Federation::at_rest().dir.join("trust-anchors/root.json");
    let unsigned = run(&["trust", "verify", "--root", text(&root), text(&next)]);
    assert_eq!(unsigned.status.code(), Some(65), "{unsigned:?}");
    for operator in [1, 3] {
        let signed = sign(&next, operator, None);
        let said = String::from_utf8_lossy(&signed.stderr).into_owned();
        assert!(said.contains("warning: without --previous"), "{said}");
    }
    // The first operator once more: three signatures would look like enough.
    let kept = std::fs::read(&next).unwrap();
    let file =
        |what: &str| Federation::at_rest().dir.join(format!("operators/operator-1.{what}.pem"));
    let (key, certificate) = (file("key"), file("cert"));
    let pair = ["--key", text(&key), "--cert", text(&certificate)];
    let again = run(&[&["trust", "sign"], &pair[..], &[text(&next)]].concat());
    assert_eq!(again.status.code(), Some(65), "{again:?}");
    assert!(told(&again).why.contains("signed it before"), "{again:?}");
    assert_eq!(std::fs::read(&next).unwrap(), kept);
    let verdict = run(&["trust", "verify", "--root", text(&root), text(&next)]);
    assert_eq!(verdict.status.code(), Some(1), "{verdict:?}");
    let published = run(&[&["trust", "publish"], &desk_arguments()[..], &[text(&next)]].concat());
    assert_ne!(published.status.code(), Some(0), "{published:?}");
}

#[test]
fn an_application_serves_once_for_its_hub_and_in_its_time() {
    let apart = Apart::at_rest();
    let _nodes = apart.serve(&["hub"]);
    let newcomer = another_newcomer();
    let desk = stranger();
    let call = answered(desk.post("/v1/members:nonce", &json!({}))).body;
    let addressee = |hub: &Value, nonce: &Value| Addressee {
        hub: hub.as_str().unwrap().to_owned(),
        nonce: nonce.as_str().unwrap().to_owned(),
    };
    let apply = |addressee: Addressee| {
        let bundle = gateway::apply(&newcomer, addressee).unwrap();
        answered(desk.post("/v1/members:apply", &json!({ "bundle": bundle })))
    };
    let elsewhere = apply(addressee(&json!("https://hub.other.example"), &call["nonce"]));
    refused(&elsewhere, 422, "validation-failed", "for another hub");
    assert!(elsewhere.body.to_string().contains("misdirected"), "{elsewhere:?}");
    let draft = apply(addressee(&call["hub"], &json!("")));
    refused(&draft, 422, "validation-failed", "a draft");
    let foreign = apply(addressee(&call["hub"], &json!("AAAA")));
    refused(&foreign, 422, "validation-failed", "a nonce of nobody");
    let first = apply(addressee(&call["hub"], &call["nonce"]));
    assert!(first.is_done(), "{first:?}");
    let second = apply(addressee(&call["hub"], &call["nonce"]));
    refused(&second, 403, "request-replayed", "a nonce used twice");
}

#[test]
fn fd_19_a_bundle_with_a_copied_key_is_refused_with_every_finding() {
    let apart = Apart::at_rest();
    let _nodes = apart.serve(&["hub"]);
    let newcomer = another_newcomer();
    let desk = stranger();
    let call = answered(desk.post("/v1/members:nonce", &json!({}))).body;
    let addressee = Addressee {
        hub: call["hub"].as_str().unwrap().to_owned(),
        nonce: call["nonce"].as_str().unwrap().to_owned(),
    };
    let sealed = gateway::apply(&newcomer, addressee).unwrap();
    let bundle = with_copied_key(&newcomer, OpenedBundle::open(&sealed).unwrap().bundle);
    let order = json!({ "bundle": bundle });
    let check = answered(desk.post("/v1/members:check", &order));
    assert_eq!(check.body["sound"], json!(false), "{check:?}");
    let codes = check.body["findings"].to_string();
    assert!(codes.contains("duplicate-key") && codes.contains("no-possession-proof"), "{codes}");
    let applied = answered(desk.post("/v1/members:apply", &order));
    refused(&applied, 422, "validation-failed", "a copied key");
    assert!(applied.body["errors"].as_array().unwrap().len() >= 3, "{applied:?}");
}

#[test]
fn applications_are_for_the_hubs_public_listener() {
    let apart = Apart::at_rest();
    let _nodes = apart.serve(&["hub", "130000"]);
    for path in ["/v1/members:nonce", "/v1/members:check", "/v1/members:apply"] {
        let member = Federation::at_rest().member_desk("hub", 0, "130000");
        refused(&answered(member.post(path, &json!({}))), 404, "not-found", path);
        let province = Federation::at_rest().desk("130000", 1, None);
        refused(&answered(province.post(path, &json!({}))), 404, "not-found", path);
    }
    let odd = answered(stranger().post("/v1/members:apply", &json!({ "bundle": "a.b.c" })));
    refused(&odd, 422, "validation-failed", "nonsense");
}

/// Sichuan, founded beside the running federation.
fn newcomer() -> PathBuf {
    let folder = shared_folder("joining").join("510000");
    found(&folder, "510000", OFFSET);
    folder
}

/// Yunnan, which applies and is never taken in.
fn another_newcomer() -> PathBuf {
    static FOUNDED: OnceLock<PathBuf> = OnceLock::new();
    let found = || {
        let folder = shared_folder("applying").join("530000");
        found(&folder, "530000", OFFSET + 5);
        folder
    };
    FOUNDED.get_or_init(found).clone()
}

fn found(folder: &Path, division: &str, offset: u16) {
    let base = Federation::at_rest().base;
    let origin = |listener: u16| format!("https://127.0.0.1:{}", base + offset + listener);
    let address = |listener: u16| format!("127.0.0.1:{}", base + offset + listener);
    let root = Federation::at_rest().dir.join("trust-anchors/root.json");
    done(&[
        "init",
        "gateway",
        text(folder),
        "--division",
        division,
        "--authority-code",
        authority(division).as_str(),
        "--root",
        text(&root),
        "--hub-origin",
        &format!("https://127.0.0.1:{base}"),
        "--federation-origin",
        &origin(0),
        "--public-origin",
        &origin(1),
        "--listen-federation",
        &address(0),
        "--listen-public",
        &address(1),
        "--listen-operator",
        &address(2),
        "--refresh-seconds",
        "1",
        "--allow-private-addresses",
        "--contact",
        "mailto:operators@newcomer.example",
        "--json",
    ]);
}

/// A code of no real authority, with the check character that belongs to it.
fn authority(division: &str) -> SocialCreditCode {
    ('0'..='9')
        .chain('A'..='Y')
        .filter_map(|check| format!("11{division}123456789{check}").parse().ok())
        .find(|code: &SocialCreditCode| code.check() == CheckDigit::Matches)
        .unwrap()
}

fn fingerprint_of(folder: &Path) -> Digest {
    let certificates = files::read_certificates(&folder.join("keys/list-signing.cert.pem"));
    certificates.unwrap()[0].spki_digest()
}

fn approve(
    hub: &Path,
    bundle: &Path,
    status: &str,
    fingerprint: &str,
    out: &Path,
) -> std::process::Output {
    run(&[
        "member",
        "approve",
        "--state",
        text(hub),
        "--bundle",
        text(bundle),
        "--status",
        status,
        "--fingerprint",
        fingerprint,
        "--out",
        text(out),
    ])
}

/// How the hub's federation listener takes the newcomer's gateway.
fn knock_at_hub(folder: &Path) -> Welcome {
    let own = read_made(
        &folder.join("keys/gateway-tls.cert.pem"),
        &folder.join("keys/gateway-tls.key.pem"),
    );
    let identity = TlsIdentity::new(&[own.certificate], &own.pkcs8).unwrap();
    let address: SocketAddr = (Ipv4Addr::LOCALHOST, Federation::at_rest().base).into();
    let hub = pin(&Federation::at_rest().dir.join("hub"));
    wait(knock(address, hub, Some(&identity), Arc::new(SystemClock))).unwrap()
}

fn stranger() -> Desk {
    Federation::at_rest().desk("hub", 1, None)
}

fn operator_of(folder: &Path) -> Desk {
    let read = |what: &str| {
        std::fs::read_to_string(folder.join(format!("keys/client-ca-operator.{what}.pem"))).unwrap()
    };
    let authority = Authority::from_pem(&read("cert"), &read("key")).unwrap();
    let name: ClientName = "urn:elicence:client:510000:operator:desk-1".parse().unwrap();
    let made: Made = authority.issue_client(&name, Period::from_now(now(), CLIENT_LIFE)).unwrap();
    let identity = DeskIdentity { certificate: &made.certificate, pkcs8: &made.pkcs8 };
    let origin = format!("https://127.0.0.1:{}", Federation::at_rest().base + OFFSET + 2);
    Desk::open(&origin, pin(folder), Some(identity), Arc::new(SystemClock)).unwrap()
}

/// A synthetic driver's qualification.
fn qualification() -> Value {
    let kind = LicenceType::PractitionerQualification;
    let authority = authority("510000");
    let serial = "000000000501";
    let identifier = Identifier::compose(kind, &authority, serial, LicenceVersion::FIRST).unwrap();
    let instant: Timestamp = now();
    let today = CivilDate::of(instant);
    json!({ "type": kind, "carrier": "electronic", "claims": {
        "certificateIdentifier": identifier, "certificateTypeCode": kind,
        "certificateName": "道路运输从业人员从业资格证", "version": "001",
        "issuingAuthorityName": "四川省示例区交通运输局", "issuingAuthorityCode": authority,
        "issuingDivision": "510104", "areaCode": "510104",
        "issuedDate": today.plus_days(-30).to_string(),
        "validFrom": today.plus_days(-30).to_string(),
        "validTo": today.plus_days(1_000).to_string(),
        "name": "赵示例", "holderName": "赵示例", "certificateNumber": serial,
        "qualificationCategoryCode": "02001", "driverLicenceClass": "A2",
    } })
}

/// The same application with Hebei's TLS certificate in place of the applicant's own, sealed anew
/// with the applicant's list key.
fn with_copied_key(folder: &Path, bundle: Bundle) -> String {
    use base64::Engine as _;
    use hutong::crypto::jws::{GeneralJws, Header, Typ, sign_compact};
    use hutong::crypto::seal::SoftwareKey;
    let engine = base64::engine::general_purpose::STANDARD;
    let certificate = |folder: &Path, name: &str| {
        let path = folder.join(format!("keys/{name}.cert.pem"));
        files::read_certificates(&path).unwrap().remove(0)
    };
    let hebei = Federation::at_rest().dir.join("130000");
    let own = engine.encode(certificate(folder, "gateway-tls").der());
    let copied = engine.encode(certificate(&hebei, "gateway-tls").der());
    let list = SignedList::parse(bundle.enrolment.list.as_bytes()).unwrap();
    let payload = String::from_utf8(list.signatures().payload().to_vec()).unwrap();
    let payload = payload.replace(&own, &copied).into_bytes();
    let pkcs8 = files::read_key(&folder.join("keys/list-signing.key.pem")).unwrap();
    let key = SoftwareKey::from_pkcs8(&pkcs8).unwrap();
    let list_certificate = certificate(folder, "list-signing");
    let mut document = GeneralJws::unsigned(payload.clone());
    let vote = hutong::trust::lote::vote(&key, &list_certificate, &payload, now()).unwrap();
    document.add(vote);
    let mut enrolment = bundle.enrolment;
    enrolment.list = String::from_utf8(document.to_bytes().unwrap()).unwrap();
    let header = Header::new(Typ::Enrolment).with_chain(&[list_certificate.der()]);
    sign_compact(&key, header, &Bundle { enrolment, ..bundle }).unwrap()
}

/// Where the newcomer listens, behind the federation's ports.
const OFFSET: u16 = 40;
