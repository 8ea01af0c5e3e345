//! The steps about proof: records that stand without any network, a silent hub, and the audit log.

use std::path::Path;
use std::process::Stdio;

use serde_json::{Value, json};
use tokio::process::Command;

use super::authorisation::grant_from_holder;
use super::recognition::{present, summary};
use super::script::{Scene, compare, until};
use super::stage::{Province, read, write};
use super::story::DemoError;
use super::teller::Outcome;

/// Step 8.
pub(super) async fn make_record(scene: &mut Scene) -> Result<Outcome, DemoError> {
    let claims = json!([{ "path": ["name"] }, { "path": ["qualificationCategoryCode"] }]);
    let grant = grant_from_holder(scene, claims, 1).await?;
    let body = json!({ "grant": grant, "claims": ["name", "qualificationCategoryCode"] });
    let aud = Province::Tianjin.member();
    let reply = scene.cast()?.business.post_signed("/v1/records", aud, &body).await?;
    if !reply.is_done() {
        return Err(DemoError::Refused { what: "the record", body: reply.body });
    }
    let path = scene.stage.folder(RECORD);
    write(&path, reply.body.to_string().as_bytes())?;
    let (network, verdict) = verify_in_child(scene, &path).await?;
    let got = json!({
        "record": reply.body["record_id"], "bytes": reply.body.to_string().len(),
        "network": network, "verdict": verdict,
    });
    Ok(compare(got, &[("/verdict/decision", json!("ACCEPT"))]))
}

/// Step 9.
pub(super) async fn tamper_record(scene: &mut Scene) -> Result<Outcome, DemoError> {
    let genuine = read(&scene.stage.folder(RECORD))?;
    let mut record: Value =
        serde_json::from_str(&genuine).map_err(|_| DemoError::Script("the record"))?;
    let credential = record["credential"].as_str().unwrap_or_default().to_owned();
    let middle = credential.len() / 2;
    let other = if credential.as_bytes().get(middle) == Some(&b'A') { "B" } else { "A" };
    let mut changed = credential;
    changed.replace_range(middle..=middle, other);
    record["credential"] = json!(changed);
    let path = scene.stage.folder("driver-record-tampered.json");
    write(&path, record.to_string().as_bytes())?;
    let (_, verdict) = verify_in_child(scene, &path).await?;
    let got = json!({ "verdict": verdict });
    Ok(compare(
        got,
        &[("/verdict/decision", json!("REFUSE")), ("/verdict/codes/0", json!("record.manifest"))],
    ))
}

/// Verifies a record in a process of its own, without network where the system permits; says
/// which.
async fn verify_in_child(scene: &Scene, record: &Path) -> Result<(&'static str, Value), DemoError> {
    let program = std::env::current_exe()
        .map_err(|error| DemoError::File { path: "the program".into(), error })?;
    let root = scene.stage.folder("trust-anchors/root.json");
    let isolated = Command::new("unshare")
        .args(["-rn", "true"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .await
        .is_ok_and(|status| status.success());
    let (network, mut command) = if isolated {
        let mut command = Command::new("unshare");
        command.arg("-rn").arg(&program);
        ("none (a network namespace of its own, empty)", command)
    } else {
        ("not isolated: unshare is not permitted here", Command::new(&program))
    };
    command.args(["record", "verify", "--json"]).arg(record).arg("--root").arg(root);
    let output =
        command.output().await.map_err(|error| DemoError::File { path: program, error })?;
    let verdict = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|_| json!({ "error": String::from_utf8_lossy(&output.stderr) }));
    Ok((network, verdict))
}

/// Step 14.
pub(super) async fn hub_silent(scene: &mut Scene) -> Result<Outcome, DemoError> {
    scene.stage.stop_hub().await;
    let credential = scene.issued()?.driver.credential.clone().unwrap_or_default();
    let shared: &Scene = scene;
    let report = until(|| async {
        let report = present(shared, &credential).await?;
        Ok((report["freshness"]["hub_reachable"] == json!(false), report))
    })
    .await?;
    Ok(compare(
        summary(&report),
        &[("/decision", json!("ACCEPT")), ("/freshness/hub_reachable", json!(false))],
    ))
}

/// Step 16.
pub(super) async fn verify_log(scene: &mut Scene) -> Result<Outcome, DemoError> {
    let mut got = serde_json::Map::new();
    let mut ok = true;
    for (province, operator) in Province::ALL.iter().zip(&scene.cast()?.operators) {
        let reply = operator.post("/v1/operator/audit-verify", &json!({})).await?;
        ok &= reply.is_done() && reply.body["entries"].as_u64().is_some_and(|count| count > 0);
        got.insert(format!("{province:?}"), reply.body);
    }
    Ok(Outcome { got: Value::Object(got), ok })
}

/// The file that the business keeps.
const RECORD: &str = "driver-record.json";
