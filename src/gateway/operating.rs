//! What operators do on a running node, over its own listener: issue and change licences, register
//! clients, publish a list, verify the log.

use std::sync::Arc;

use axum::extract::{Path, RawQuery, State};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::issuing::{IssueOrder, StatusOrder, validation};
use super::node::{Node, unavailable};
use super::party::client_in;
use super::timekeeping::Agreement;
use crate::base::{ClientId, Code, Timestamp, limits};
use crate::crypto::{Digest, PublicKey};
use crate::exchange::RegisteredUse;
use crate::http::{Problem, StrictJson};
use crate::identity::{Caller, Role};
use crate::trust::{ServiceKind, ServiceStatus, Snapshot, TrustAge};

/// A client to be registered.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClientOrder {
    /// Its identifier.
    pub id: ClientId,
    /// Its role.
    pub role: String,
    /// SHA-256 of its key.
    pub spki_sha256: Digest,
    /// Its name.
    pub name: String,
    /// How a holder reaches it.
    pub contact: String,
    /// What it may ask for.
    pub uses: Vec<RegisteredUse>,
}

/// A list to be published at the hub.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListOrder {
    /// The signed list, general JSON form.
    pub list: String,
}

/// A suspension order to be carried into the federation.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OrderToPublish {
    order: String,
}

/// `POST /v1/operator/{command}`.
pub(super) async fn command(
    State(node): State<Arc<Node>>,
    Extension(caller): Extension<Caller>,
    Path(command): Path<String>,
    StrictJson { value, .. }: StrictJson<Value>,
) -> Result<Response, Problem> {
    let client = client_in(&caller, &[Role::Operator])?;
    let actor = client.actor();
    match command.as_str() {
        "licence-issue" => {
            let order: IssueOrder = read(value)?;
            Ok(Json(node.issue_licence(order, actor).await?).into_response())
        }
        "licence-status" => {
            let order: StatusOrder = read(value)?;
            let audit_index = node.change_status(&order, actor).await?;
            Ok(Json(json!({ "audit_index": audit_index })).into_response())
        }
        "client-register" => node.register_client(client, read(value)?).await,
        "order-publish" => {
            let order: OrderToPublish = read(value)?;
            let remembered = node.remember_own_order(order.order.as_bytes()).await;
            remembered.map_err(|error| unavailable(&error))?;
            Ok(Json(node.publish_order(order.order.as_bytes()).await?).into_response())
        }
        "audit-verify" => Ok(Json(node.verify_log().await?).into_response()),
        other if other.starts_with("client-") => node
            .client_command(other, client, value)
            .await
            .unwrap_or_else(|| Err(Problem::new(Code::NotFound))),
        list if list.starts_with("list-") => node
            .list_command(list, client, value)
            .await
            .unwrap_or_else(|| Err(Problem::new(Code::NotFound))),
        _ => Err(Problem::new(Code::NotFound)),
    }
}

/// `GET /healthz`: the process answers.
pub(super) async fn healthz() -> &'static str {
    "ok\n"
}

/// `GET /readyz`: whether this node can verify; what is worse than that stands in `degraded`. With
/// `?for=disclosure`: whether it would also disclose.
pub(super) async fn readyz(
    State(node): State<Arc<Node>>,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let now = node.now();
    let snapshot = node.trust.snapshot();
    if !snapshot.is_usable(now) || snapshot.anchors() == 0 {
        return Err(Problem::new(Code::NotReady));
    }
    match query.as_deref() {
        None => {}
        Some("for=disclosure") => node.demand_disclosure(&snapshot, now)?,
        Some(_) => {
            return Err(Problem::new(Code::ValidationFailed).with_error("/for", "is disclosure"));
        }
    }
    let mut degraded = Vec::new();
    if !node.trust.is_hub_reachable() {
        degraded.push("hub-unreachable");
    }
    match snapshot.age(now) {
        TrustAge::Fresh => {}
        TrustAge::Cached => degraded.push("trust-cached"),
        TrustAge::Stale | TrustAge::Expired => degraded.push("trust-stale"),
    }
    if node.time.agreement() == Agreement::Disagrees {
        degraded.push("clock-disagrees");
    }
    if !node.is_listed(&snapshot) {
        degraded.push("own-keys-not-listed");
    }
    if !snapshot.refused().is_empty() {
        degraded.push("entries-refused");
    }
    Ok(Json(json!({
        "ready": true,
        "degraded": degraded,
        "anchors": snapshot.anchors(),
        "witnessed": snapshot.is_witnessed(),
    }))
    .into_response())
}

/// `GET /metrics`.
pub(super) async fn metrics(State(node): State<Arc<Node>>) -> String {
    node.measure_ages();
    node.telemetry.render()
}

impl Node {
    /// What every disclosure of this gateway rests on beside the grant itself.
    fn demand_disclosure(&self, snapshot: &Snapshot, now: Timestamp) -> Result<(), Problem> {
        let refused = |why: &'static str| Err(Problem::new(Code::NotReady).with_detail(why));
        self.demand_clock()?;
        if snapshot.age(now) >= TrustAge::Stale {
            return refused("trust is older than an hour");
        }
        if !snapshot.is_in_force(self.settings.member, now) {
            return refused("this gateway's own list is not in force");
        }
        if snapshot.status_of(self.settings.member) != ServiceStatus::Granted {
            return refused("this member is not granted");
        }
        if !self.is_listed(snapshot) {
            return refused("this gateway signs with keys that its list does not name");
        }
        Ok(())
    }

    /// Whether the keys that this gateway signs with are the ones its list names.
    fn is_listed(&self, snapshot: &Snapshot) -> bool {
        let names = |kind, key: &PublicKey| {
            snapshot.keys(self.settings.member, kind).any(|listed| listed == key)
        };
        names(ServiceKind::GatewaySigning, self.keys.signing.public_key())
            && names(ServiceKind::Status, self.keys.status.public_key())
            && names(ServiceKind::Registrar, self.keys.registrar.public_key())
    }

    /// Ages grow without anything happening, so they are measured when somebody looks.
    fn measure_ages(&self) {
        let now = self.now();
        let snapshot = self.trust.snapshot();
        let age = snapshot.as_of().map_or(limits::HUBLESS_AGE, |as_of| now.since(as_of));
        for member in snapshot.members() {
            self.telemetry.trust_is_aged(member.id.division(), age);
        }
        self.telemetry.measure_ends(&self.ends(), now);
    }

    /// An agency registers uses of the national catalogue, and may only narrow them.
    pub(super) fn check_statutory_uses(
        &self,
        role: Role,
        uses: &[RegisteredUse],
    ) -> Result<(), Problem> {
        if role != Role::Enforcement {
            return Ok(());
        }
        let snapshot = self.trust.snapshot();
        for (index, registered) in uses.iter().enumerate() {
            let allowed = snapshot.statutory_use(&registered.id).is_some_and(|catalogue| {
                catalogue.purpose == registered.purpose
                    && registered.claims.iter().all(|claim| catalogue.claims.contains(claim))
                    && registered.queries.iter().all(|query| catalogue.queries.contains(query))
            });
            if !allowed {
                return Err(Problem::new(Code::IntendedUseNotRegistered).with_error(
                    format!("/uses/{index}"),
                    "not in the national catalogue, or wider than it",
                ));
            }
        }
        Ok(())
    }

    async fn verify_log(&self) -> Result<Value, Problem> {
        let summary = self.store.verify_audit().await.map_err(|error| unavailable(&error))?;
        let checkpoint =
            self.store.latest_checkpoint().await.map_err(|error| unavailable(&error))?;
        Ok(json!({
            "entries": summary.size,
            "root": summary.root.to_string(),
            "checkpoint": checkpoint,
        }))
    }
}

pub(super) fn read<T: DeserializeOwned>(value: Value) -> Result<T, Problem> {
    serde_json::from_value(value).map_err(|error| validation("", &error))
}
