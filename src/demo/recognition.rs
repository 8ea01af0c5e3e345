//! The steps in which provinces recognise each other's licences, and refuse what they must.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::cast::{Cast, OFFICER, PAPER_NUMBER, PLATE, publish_list};
use super::script::{Scene, compare, until};
use super::stage::{Province, ROADSIDE_LAW, ROADSIDE_USE, read};
use super::story::DemoError;
use super::teller::Outcome;
use crate::base::{ServiceId, SystemEntropy};
use crate::credential::{IssueTerms, StatusReference, issue as issue_credential};
use crate::crypto::seal::SoftwareKey;
use crate::gateway::{ListChange, change_list};
use crate::licence::{Identifier, LicenceDocument, LicenceType, LicenceVersion, SocialCreditCode};
use crate::pki::files;

/// Step 1.
pub(super) async fn found(scene: &mut Scene) -> Result<Outcome, DemoError> {
    let stage = &mut scene.stage;
    stage.found_hub()?;
    stage.found_gateways()?;
    stage.start_hub().await?;
    let published = stage.enrol().await?;
    stage.start_gateways().await?;
    let cast = Cast::wait_and_assemble(stage).await?;
    let mut anchors = Map::new();
    for (province, operator) in Province::ALL.iter().zip(&cast.operators) {
        let ready = until(|| async {
            let reply = operator.get("/readyz").await?;
            let whole = reply.body["anchors"].as_u64().unwrap_or_default() >= 3 * KEYS_PER_PROVINCE;
            Ok((reply.is_done() && whole, reply.body))
        })
        .await?;
        anchors.insert(format!("{province:?}"), ready);
    }
    let refused = published.as_array().is_some_and(|lists| {
        lists.iter().all(|list| list["refused"].as_array().is_some_and(Vec::is_empty))
    });
    let all_ready = anchors.values().all(|ready| {
        ready["anchors"].as_u64() == Some(3 * KEYS_PER_PROVINCE) && ready["degraded"] == json!([])
    });
    scene.cast = Some(cast);
    let published: Vec<_> = published.as_array().map_or(Vec::new(), |lists| {
        lists.iter().map(|list| json!({ "id": list["id"], "sha256": list["sha256"] })).collect()
    });
    let got = json!({ "published": published, "gateways": anchors });
    Ok(Outcome { got, ok: refused && all_ready })
}

/// Step 2.
pub(super) async fn issue(scene: &mut Scene) -> Result<Outcome, DemoError> {
    let issued = scene.cast()?.issue(&scene.stage).await?;
    scene.driver = Some(issued.driver.identifier.to_string());
    let size = |licence: &crate::gateway::IssuedLicence| {
        let described = licence.credential.as_ref();
        described.map_or_else(
            || "paper only".to_owned(),
            |token| format!("credential of {} bytes", token.len()),
        )
    };
    let got = json!({
        issued.vehicle.identifier.to_string(): size(&issued.vehicle),
        issued.driver.identifier.to_string(): size(&issued.driver),
        issued.pass.identifier.to_string(): size(&issued.pass),
        issued.paper.identifier.to_string(): size(&issued.paper),
    });
    let ok = issued.vehicle.credential.is_some()
        && issued.driver.credential.is_some()
        && issued.pass.credential.is_some()
        && issued.paper.credential.is_none();
    scene.issued = Some(issued);
    Ok(Outcome { got, ok })
}

/// Step 3.
pub(super) async fn check_presented(scene: &mut Scene) -> Result<Outcome, DemoError> {
    let report = present_vehicle(scene).await?;
    Ok(compare(
        summary(&report),
        &[
            ("/decision", json!("ACCEPT")),
            ("/codes/0", json!("ok")),
            ("/member", json!(Province::Tianjin.member())),
        ],
    ))
}

/// Step 4.
pub(super) async fn look_up_plate(scene: &mut Scene) -> Result<Outcome, DemoError> {
    let order = json!({
        "use_id": ROADSIDE_USE, "officers": [OFFICER], "place": "G1 km 93",
        "law_ref": ROADSIDE_LAW, "reason_code": "routine", "hours": 8,
    });
    let opened = scene.cast()?.police.post("/v1/inspections", &order).await?;
    let reference = opened.body["inspection_ref"].as_str().unwrap_or_default().to_owned();
    scene.inspection = Some(reference);
    let answer = look_up(scene, "plate", PLATE).await?;
    let mut outcome = compare(
        summary(&answer["report"]),
        &[
            ("/decision", json!("ACCEPT")),
            ("/codes/0", json!("register.valid")),
            ("/carrier", json!("electronic")),
            ("/disclosed/plateNumber", json!(PLATE)),
        ],
    );
    let disclosed = &outcome.got["disclosed"];
    outcome.ok &= disclosed.get("holderCode").is_none() && disclosed.get("vin").is_none();
    Ok(outcome)
}

/// Step 5.
pub(super) async fn look_up_paper(scene: &mut Scene) -> Result<Outcome, DemoError> {
    let answer = look_up(scene, "number", PAPER_NUMBER).await?;
    Ok(compare(
        summary(&answer["report"]),
        &[
            ("/decision", json!("ACCEPT")),
            ("/codes/0", json!("register.valid")),
            ("/carrier", json!("paper")),
        ],
    ))
}

/// Step 11.
pub(super) async fn revoke_licence(scene: &mut Scene) -> Result<Outcome, DemoError> {
    let identifier = scene.issued()?.vehicle.identifier.to_string();
    let order = json!({ "identifier": identifier, "status": "revoked" });
    let reply = scene.cast()?.operators[0].post("/v1/operator/licence-status", &order).await?;
    if !reply.is_done() {
        return Err(DemoError::Refused { what: "the revocation", body: reply.body });
    }
    let shared: &Scene = scene;
    let report = until(|| async {
        let report = present_vehicle(shared).await?;
        Ok((report["decision"] != json!("ACCEPT"), report))
    })
    .await?;
    Ok(compare(
        summary(&report),
        &[("/decision", json!("REFUSE")), ("/codes/0", json!("licence.revoked"))],
    ))
}

/// Step 12: Hebei signs a list with an issuer for a Tianjin division, and a credential under it.
pub(super) async fn foreign_issuer(scene: &mut Scene) -> Result<Outcome, DemoError> {
    let stage = &scene.stage;
    let hebei = Province::Hebei;
    let folder = stage.folder(hebei.code());
    let held = read(&folder.join("outbox/list.json"))?;
    let change = ListChange::AddIssuer { number: 2, territories: vec!["1201".to_owned()] };
    let charter = stage.charter(hebei);
    let list = change_list(&folder, &charter, held.as_bytes(), &change, stage.now())?;
    let cast = scene.cast()?;
    let published = publish_list([&cast.operators[1], &cast.approvers[1]], &list).await?;
    let credential = forge(scene)?;
    let report = until(|| async {
        let report = present(scene, &credential).await?;
        Ok((report["reasons"][0]["code"] == json!("issuer.out_of_scope"), report))
    })
    .await?;
    let got = json!({ "hub": published, "check": summary(&report) });
    Ok(compare(
        got,
        &[
            ("/hub/refused/0/code", json!("out-of-scope")),
            ("/check/decision", json!("REFUSE")),
            ("/check/codes/0", json!("issuer.out_of_scope")),
        ],
    ))
}

/// A credential for a Tianjin licence, signed by the issuer that Hebei listed.
fn forge(scene: &Scene) -> Result<String, DemoError> {
    let stage = &scene.stage;
    let keys = stage.folder(Province::Hebei.code()).join("keys");
    let chain = files::read_certificates(&keys.join("issuance-2.cert.pem"))?;
    let key = SoftwareKey::from_pkcs8(&files::read_key(&keys.join("issuance-2.key.pem"))?)?;
    let script = DemoError::Script("the forged credential");
    let authority: SocialCreditCode =
        Province::Hebei.authority_code().parse().map_err(|_| DemoError::Script("a code"))?;
    let kind = LicenceType::VehicleCertificate;
    let identifier = Identifier::compose(kind, &authority, "000000000901", LicenceVersion::FIRST)
        .map_err(|_| DemoError::Script("an identifier"))?;
    let today = crate::base::CivilDate::of(stage.now());
    let claims = json!({
        "certificateIdentifier": identifier, "certificateTypeCode": kind,
        "certificateName": "道路运输证", "version": "001",
        "issuingAuthorityCode": Province::Hebei.authority_code(),
        "issuingDivision": "120103", "validFrom": today.to_string(),
        "validTo": today.plus_days(365).to_string(), "plateNumber": "津A99999",
    });
    let Value::Object(claims) = claims else { return Err(script) };
    let document = LicenceDocument::new(kind, claims).map_err(|_| script)?;
    let id = ServiceId::new(Province::Hebei.division(), "issuance", 2);
    let [_, public, _] = stage.origins(Province::Hebei);
    let terms = IssueTerms {
        issuer: &id,
        chain: &chain,
        status: StatusReference { idx: 1, uri: format!("{public}/v1/status-lists/licence/1") },
        holder: None,
        now: stage.now(),
    };
    issue_credential(&document, &terms, &key, &SystemEntropy)
        .map(|issued| issued.token)
        .map_err(|_| DemoError::Script("issuing the forged credential"))
}

/// Step 15: a character of a clear claim's value is changed.
pub(super) async fn tamper_credential(scene: &mut Scene) -> Result<Outcome, DemoError> {
    let genuine = scene.issued()?.driver.credential.clone().unwrap_or_default();
    let tampered = change_clear_claim(&genuine)?;
    let report = present(scene, &tampered).await?;
    let mut outcome = compare(
        summary(&report),
        &[
            ("/decision", json!("REFUSE")),
            ("/codes/0", json!("tampered.signature")),
            ("/disclosed", json!({})),
        ],
    );
    outcome.ok &= report["licence"].is_null();
    Ok(outcome)
}

/// Changes one character of the value of `issuingAuthorityName` inside the signed payload.
fn change_clear_claim(token: &str) -> Result<String, DemoError> {
    let script = || DemoError::Script("the credential is not of the expected shape");
    let mut parts: Vec<String> = token.splitn(3, '.').map(str::to_owned).collect();
    let payload = parts.get(1).ok_or_else(script)?;
    let bytes = crate::crypto::base64url::decode(payload).map_err(|_| script())?;
    let text = String::from_utf8(bytes).map_err(|_| script())?;
    let changed = text.replacen("示例区", "示例县", 1);
    if changed == text {
        return Err(script());
    }
    parts[1] = crate::crypto::base64url::encode(changed);
    Ok(parts.join("."))
}

async fn present_vehicle(scene: &Scene) -> Result<Value, DemoError> {
    let credential = scene.issued()?.vehicle.credential.clone().unwrap_or_default();
    present(scene, &credential).await
}

/// Presents a credential to the Hebei gateway, as its police.
pub(super) async fn present(scene: &Scene, credential: &str) -> Result<Value, DemoError> {
    let body = json!({ "credential": credential });
    Ok(scene.cast()?.police.post("/v1/verifications", &body).await?.body)
}

async fn look_up(scene: &Scene, by: &str, what: &str) -> Result<Value, DemoError> {
    let body = json!({
        by: what, "inspection_ref": scene.inspection, "officer": OFFICER,
    });
    Ok(scene.cast()?.police.post("/v1/licences:query", &body).await?.body)
}

/// What of a report tells the story; a problem is shown as it is.
pub(super) fn summary(report: &Value) -> Value {
    if report.get("decision").is_none() {
        return report.clone();
    }
    let codes: Vec<&Value> = report["reasons"]
        .as_array()
        .map_or(Vec::new(), |reasons| reasons.iter().map(|reason| &reason["code"]).collect());
    json!({
        "decision": report["decision"], "codes": codes,
        "member": report["issuer"]["member"], "licence": report["licence"]["identifier"],
        "status": report["licence"]["status"], "carrier": report["licence"]["carrier"],
        "freshness": report["freshness"], "disclosed": report["disclosed"],
        "check_number": report["check_number"],
    })
}

impl Cast {
    /// Waits until every gateway knows its own list, without which it knows no client.
    async fn wait_and_assemble(stage: &super::stage::Stage) -> Result<Self, DemoError> {
        let shared = Arc::new(stage);
        for province in Province::ALL {
            let desk = super::cast::stranger(&shared, province, 1)?;
            let path = format!("/v1/lists/{}", province.code());
            until(|| async {
                let reply = desk.get(&path).await?;
                Ok((reply.is_done(), json!(reply.status)))
            })
            .await?;
        }
        Self::assemble(&shared).await
    }
}

/// Gateway TLS, gateway signing, status, registrar, log, one issuer, six client authorities.
const KEYS_PER_PROVINCE: u64 = 12;
