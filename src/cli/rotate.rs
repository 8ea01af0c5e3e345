//! `hutong trust rotate`: a gateway's key other than the list key, exchanged on its files.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use serde_json::{Value, json};

use super::fail::Failure;
use super::screen::Screen;
use super::{init, papers, state};
use crate::base::{Clock as _, Code, ListId, SystemClock};
use crate::config::NodeRole;
use crate::crypto::Digest;
use crate::gateway::{Rotation, RotationError};
use crate::store::Store;
use crate::trust::{DocumentKind, ServiceKind};

#[derive(Debug, Args)]
pub(super) struct Rotate {
    /// The gateway's folder, with config.toml and keys/.
    #[arg(long, value_name = "DIR")]
    data_dir: PathBuf,
    /// gateway-tls, gateway-signing, status, registrar or issuance.
    #[arg(long, value_name = "KIND")]
    service: String,
    /// Withdraws the old key as superseded, a week after the new one was granted.
    #[arg(long)]
    finish: bool,
    /// Where to write the signed list, for two operators to propose and approve.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

pub(super) async fn run(order: Rotate, screen: Screen) -> Result<ExitCode, Failure> {
    let config = init::config_of(&order.data_dir)?;
    let Some(division) = config.division.filter(|_| config.role == NodeRole::Gateway) else {
        return Err(Failure::input(
            "the hub's keys are not rotated by a list",
            &"the root names them",
            "make the next root",
        ));
    };
    let kind = format!("urn:elicence:service:{}", order.service).parse::<ServiceKind>();
    let kind = kind.map_err(|_| refused(&RotationError::NotThisKind))?;
    papers::demand_absent(&order.out)?;
    let now = SystemClock.now();
    let root = state::pinned_root(&config.data_dir.join("trust/root.json"))?;
    let snapshot = state::snapshot(&config.data_dir, root, now).await?;
    let id = ListId::Province(division).short();
    let mut documents = snapshot.state().documents().into_iter();
    let held = documents
        .find(|document| document.kind == DocumentKind::List && document.id == id)
        .ok_or_else(|| refused(&RotationError::NotListed))?;
    let origin = &config.addresses.federation;
    let folder = &config.data_dir;
    let rotation = Rotation { folder, division, federation_origin: origin, kind };
    let list = if order.finish {
        let (store, _) = state::log(&config.data_dir, None).await?;
        let used = keys_in_use(&store, &order.service).await;
        store.close().await;
        let used = used.map_err(|error| state::unusable(&config.data_dir, &error))?;
        rotation.finish(held.text.as_bytes(), |spki| used.contains(&spki), now)
    } else {
        rotation.begin(held.text.as_bytes(), now)
    };
    let list = list.map_err(|error| refused(&error))?;
    papers::write_new(&order.out, &list)?;
    let next = if order.finish {
        "publish the list: the old key is withdrawn with it"
    } else {
        "publish the list, restart the gateway, and finish after a week"
    };
    let told = json!({ "list": order.out, "service": order.service, "finished": order.finish });
    screen.result(
        &told,
        &[
            format!(
                "list  {} (hutong trust propose, then approve by another)",
                order.out.display()
            ),
            format!("next  {next}"),
        ],
    );
    Ok(ExitCode::SUCCESS)
}

/// The keys of one kind that the gateway has run with, as its own log says of each start.
async fn keys_in_use(
    store: &Store,
    service: &str,
) -> Result<Vec<Digest>, crate::store::StoreError> {
    let mut used = Vec::new();
    let mut from = 0;
    loop {
        let rows = store.audit_entries(from, from + PAGE).await?;
        if rows.is_empty() {
            return Ok(used);
        }
        for (_, entry) in rows.iter().filter_map(|row| row.content.as_ref()) {
            let entry: Value = serde_json::from_str(entry).unwrap_or_default();
            if entry["kind"] == "started" {
                let stated = entry["reference"].as_str().unwrap_or_default().split(' ');
                let keys = stated.filter_map(|part| part.strip_prefix(service)?.strip_prefix('='));
                used.extend(keys.filter_map(|key| key.parse::<Digest>().ok()));
            }
        }
        from += PAGE;
    }
}

fn refused(error: &RotationError) -> Failure {
    let what = "the key is not rotated";
    match error.code() {
        Code::ConfigInvalid => Failure::of(Code::ConfigInvalid, what, error),
        _ => Failure::input(what, error, "see hutong trust rotate --help for the steps"),
    }
}

/// Lines of the log read at once.
const PAGE: u64 = 1_000;
