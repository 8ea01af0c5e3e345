//! The steps about Article 12: no use without authorisation, none after it is taken back, and no
//! way in for strangers.

use std::sync::Arc;

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use serde_json::{Value, json};

use super::cast::{BUSINESS_USE, OFFICER, stranger, wallet_credential};
use super::script::{Scene, compare};
use super::stage::{Province, ROADSIDE_LAW, ROADSIDE_USE, pin};
use super::story::DemoError;
use super::teller::Outcome;
use crate::base::{Entropy as _, SystemEntropy};
use crate::consent::RevocationDraft;
use crate::credential::{BindTerms, bind, present};
use crate::crypto::Digest;
use crate::crypto::seal::SoftwareKey;
use crate::exchange::{Basis, ConsentOffer, Officer, RequestDraft};
use crate::peer::{Desk, DeskIdentity, Welcome, knock};
use crate::pki::{AUTHORITY_LIFE, Authority, CLIENT_LIFE, Period, files};
use crate::tls::TlsIdentity;

/// Step 6.
pub(super) async fn ask_without_grant(scene: &mut Scene) -> Result<Outcome, DemoError> {
    let body = json!({ "claims": ["name", "certificateNumber"] });
    let reply = scene.cast()?.business.post("/v1/disclosures", &body).await?;
    let text = reply.body.to_string();
    let personal = ["张示例", "120103000002"].iter().any(|value| text.contains(value));
    let got = json!({
        "status": reply.status, "code": reply.code(), "personal_bytes": u8::from(personal),
    });
    Ok(compare(
        got,
        &[
            ("/status", json!(403)),
            ("/code", json!("grant-required")),
            ("/personal_bytes", json!(0)),
        ],
    ))
}

/// Step 7.
pub(super) async fn consent(scene: &mut Scene) -> Result<Outcome, DemoError> {
    let claims = json!([{ "path": ["name"] }, { "path": ["qualificationCategoryCode"] }]);
    let grant = grant_from_holder(scene, claims, 3).await?;
    let asked = ["name", "qualificationCategoryCode"];
    let disclosed = disclose(scene, &grant, &asked).await?;
    let beyond = disclose(scene, &grant, &["name", "certificateNumber"]).await?;
    scene.grant = Some(grant.clone());
    let got = json!({
        "grant": grant, "claims": disclosed.body["claims"], "uses": disclosed.body["uses"],
        "beyond": { "status": beyond.status, "code": beyond.code() },
    });
    Ok(compare(
        got,
        &[
            ("/claims", json!({ "name": "张示例", "qualificationCategoryCode": "02001" })),
            ("/uses/count", json!(1)),
            ("/beyond/code", json!("claims-not-granted")),
        ],
    ))
}

/// Step 10.
pub(super) async fn revoke_grant(scene: &mut Scene) -> Result<Outcome, DemoError> {
    let cast = scene.cast()?;
    let grant = scene.grant.clone().ok_or(DemoError::Script("step 7 left no grant"))?;
    let [_, public, _] = scene.stage.origins(Province::Tianjin);
    let now = scene.stage.now();
    let id = grant.parse().map_err(|_| DemoError::Script("the grant's name"))?;
    let revocation =
        RevocationDraft { audience: &public, grant: &id }.sign(&cast.holder_key()?, now)?;
    let holder = stranger(&scene.stage, Province::Tianjin, 1)?;
    let path = format!("/v1/grants/{grant}/revoke");
    let revoked = holder.post(&path, &json!({ "revocation": revocation })).await?;
    let again = disclose(scene, &grant, &["name"]).await?;
    let got = json!({
        "revocation": revoked.body,
        "next_disclosure": { "status": again.status, "code": again.code() },
    });
    Ok(compare(
        got,
        &[
            ("/revocation/state", json!("REVOKED")),
            ("/next_disclosure/status", json!(403)),
            ("/next_disclosure/code", json!("grant-revoked")),
        ],
    ))
}

/// Step 13.
pub(super) async fn strangers(scene: &mut Scene) -> Result<Outcome, DemoError> {
    let nobody = knock_at_tianjin(scene, None).await?;
    let unknown = knock_at_tianjin(scene, Some(&unknown_client(scene)?)).await?;
    let body =
        json!({ "plate": "津A12345", "inspection_ref": scene.inspection, "officer": OFFICER });
    let wrong_role = scene.cast()?.business.post("/v1/licences:query", &body).await?;
    let thief = stolen_tls_key(scene).await?;
    let got = json!({
        "no certificate": nobody,
        "unknown certificate": unknown,
        "wrong role": { "status": wrong_role.status, "code": wrong_role.code() },
        "TLS key without signing key": { "status": thief.status, "code": thief.code() },
    });
    Ok(compare(
        got,
        &[
            ("/no certificate", json!("received fatal alert: CertificateRequired")),
            ("/unknown certificate", json!("received fatal alert: UnknownCA")),
            ("/wrong role/code", json!("role-not-allowed")),
            ("/TLS key without signing key/code", json!("request-signature-invalid")),
        ],
    ))
}

/// A client of an authority that nobody listed.
fn unknown_client(scene: &Scene) -> Result<TlsIdentity, DemoError> {
    let now = scene.stage.now();
    let (_, authority) =
        Authority::make("nobody's clients", Period::from_now(now, AUTHORITY_LIFE))?;
    let name = "urn:elicence:client:120000:enforcement:nobody"
        .parse()
        .map_err(|_| DemoError::Script("a client's name"))?;
    let made = authority.issue_client(&name, Period::from_now(now, CLIENT_LIFE))?;
    TlsIdentity::new(std::slice::from_ref(&made.certificate), &made.pkcs8)
        .map_err(|error| DemoError::Desk(crate::peer::PeerError::from(error).into()))
}

/// What the Tianjin gateway's federation listener says to whoever shows `identity`.
async fn knock_at_tianjin(
    scene: &Scene,
    identity: Option<&TlsIdentity>,
) -> Result<String, DemoError> {
    let stage = &scene.stage;
    let address = stage.charter(Province::Tianjin).listen[0];
    let server = pin(&super::cast::gateway_certificate(stage, Province::Tianjin))?;
    let welcome = knock(address, server, identity, Arc::clone(&stage.clock))
        .await
        .map_err(|error| DemoError::Desk(error.into()))?;
    Ok(match welcome {
        Welcome::In => "let in".to_owned(),
        Welcome::Refused(alert) => alert,
    })
}

/// Somebody who stole Hebei's TLS key, and signs requests with it for want of another.
async fn stolen_tls_key(scene: &Scene) -> Result<crate::peer::Reply, DemoError> {
    let stage = &scene.stage;
    let keys = stage.folder(Province::Hebei.code()).join("keys");
    let certificates = files::read_certificates(&keys.join("gateway-tls.cert.pem"))?;
    let pkcs8 = files::read_key(&keys.join("gateway-tls.key.pem"))?;
    let certificate = certificates.first().ok_or(DemoError::Script("a certificate"))?;
    let identity = DeskIdentity { certificate, pkcs8: &pkcs8 };
    let server = pin(&super::cast::gateway_certificate(stage, Province::Tianjin))?;
    let [tianjin, _, _] = stage.origins(Province::Tianjin);
    let thief = Desk::open(&tianjin, server, Some(identity), Arc::clone(&stage.clock))?;
    let inspection = scene.inspection.clone().unwrap_or_default();
    let body = json!({ "plate": "津A12345", "inspection_ref": inspection, "officer": OFFICER });
    let bytes = serde_json::to_vec(&body).unwrap_or_default();
    let draft = RequestDraft {
        iss: Province::Hebei.member(),
        aud: Province::Tianjin.member(),
        htm: "POST",
        htu: "/v1/licences:query",
        body: &bytes,
        caller: None,
        basis: Basis::Statutory {
            use_id: ROADSIDE_USE.to_owned(),
            law_ref: ROADSIDE_LAW.to_owned(),
            reason_code: "routine".to_owned(),
        },
        officer: inspection.parse().ok().map(|inspection_ref| Officer {
            pseudonym: OFFICER.to_owned(),
            unit: "unit-7".to_owned(),
            inspection_ref,
        }),
    };
    let key = SoftwareKey::from_pkcs8(&pkcs8)?;
    let token = draft.sign(&key, SystemEntropy.salt(), stage.now())?;
    let mut headers = HeaderMap::new();
    let value = HeaderValue::try_from(token).map_err(|_| DemoError::Script("a header"))?;
    headers.insert(HeaderName::from_static("elicence-request"), value);
    Ok(thief.send_document("/v1/licences:query", &body, headers).await?)
}

/// Asks for consent as the business and gives it as the holder; yields the grant.
pub(super) async fn grant_from_holder(
    scene: &Scene,
    claims: Value,
    uses: u32,
) -> Result<String, DemoError> {
    let cast = scene.cast()?;
    let now = scene.stage.now();
    let ask = json!({
        "identifier": scene.issued()?.driver.identifier, "claims": claims,
        "purpose": "employment-check", "intended_use_id": BUSINESS_USE,
        "consent_mode": "STORE", "fetch_type": "PERIODIC", "max_uses": uses,
        "data_life": { "unit": "MONTH", "value": 6 },
        "exp": now.unix_seconds() + 7 * 86_400,
    });
    let asked =
        cast.business.post_signed("/v1/consent-requests", Province::Tianjin.member(), &ask).await?;
    let offer: ConsentOffer = serde_json::from_value(asked.body.clone())
        .map_err(|_| DemoError::Refused { what: "a consent request", body: asked.body })?;
    let approval = approve(scene, &offer)?;
    let holder = stranger(&scene.stage, Province::Tianjin, 1)?;
    let path = format!("/v1/consent-requests/{}/approve", offer.id);
    let approved = holder.post(&path, &json!({ "approval": approval })).await?;
    approved.body["id"]
        .as_str()
        .map(str::to_owned)
        .ok_or(DemoError::Refused { what: "the approval", body: approved.body })
}

/// The holder's signature over what is asked: no disclosure, key binding over the transaction.
fn approve(scene: &Scene, offer: &ConsentOffer) -> Result<String, DemoError> {
    let cast = scene.cast()?;
    let credential = wallet_credential(&cast.wallet)?;
    let script = |_| DemoError::Script("the wallet's credential");
    let bare = present(&credential, &[]).map_err(script)?;
    let terms = BindTerms {
        audience: &offer.aud,
        nonce: &offer.nonce,
        transaction: Some(Digest::of(&offer.transaction_data)),
    };
    bind(&bare, terms, &cast.holder_key()?, scene.stage.now()).map_err(script)
}

/// Uses a grant as the business.
async fn disclose(
    scene: &Scene,
    grant: &str,
    claims: &[&str],
) -> Result<crate::peer::Reply, DemoError> {
    let body = json!({ "grant": grant, "claims": claims });
    let aud = Province::Tianjin.member();
    Ok(scene.cast()?.business.post_signed("/v1/disclosures", aud, &body).await?)
}
