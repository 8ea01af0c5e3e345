//! What a gateway carries for the federation: suspension orders, the list log as it was read, and
//! the stream that says when trust changed here.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use serde_json::Value;

use super::node::{Node, unavailable};
use super::trust_refresh::RefreshError;
use crate::base::Code;
use crate::crypto::Digest;
use crate::http::{Problem, documents};

/// `POST /v1/suspensions`: an order is taken on its signatures, whoever brings it, and carried on
/// once.
pub(super) async fn bring(
    State(node): State<Arc<Node>>,
    body: Bytes,
) -> Result<Json<Value>, Problem> {
    Ok(Json(node.publish_order(&body).await?))
}

impl Node {
    /// Takes an order, carries it on, and tells what it counts for.
    pub(super) async fn publish_order(self: &Arc<Self>, bytes: &[u8]) -> Result<Value, Problem> {
        let order = self.take_order(bytes).await.map_err(|error| match error {
            RefreshError::Store(error) => unavailable(&error),
            other => Problem::new(Code::ValidationFailed)
                .with_error("", format!("{}: {other}", other.code())),
        })?;
        Ok(documents::order_answer(&order, self.trust.snapshot().state().orders()))
    }
}

/// `GET /v1/suspensions`: the orders held, newest first, as far as one answer carries them.
pub(super) async fn held(State(node): State<Arc<Node>>, headers: HeaderMap) -> Response {
    documents::order_list(node.trust.snapshot().state().orders(), &headers)
}

/// `GET /v1/suspensions/{sha256}`: one order.
pub(super) async fn one(
    State(node): State<Arc<Node>>,
    Path(sha256): Path<String>,
) -> Result<Response, Problem> {
    let sha256: Digest = sha256.parse().map_err(|_| Problem::new(Code::NotFound))?;
    documents::order_text(node.trust.snapshot().state().orders(), sha256)
}

/// `GET /v1/trust-events`: a line for every change of trust at this gateway.
pub(super) async fn events(State(node): State<Arc<Node>>) -> Response {
    node.trust.news.stream("trust")
}

/// `GET /v1/log/checkpoint`: the newest head of the list log that this gateway read.
pub(super) async fn checkpoint(State(node): State<Arc<Node>>) -> Result<Response, Problem> {
    documents::checkpoint(node.trust.snapshot().state().log())
}

/// `GET /v1/log/tile/…`: hashes of one level, or a bundle of lines (C2SP tlog-tiles).
pub(super) async fn tile(
    State(node): State<Arc<Node>>,
    Path(path): Path<String>,
) -> Result<Response, Problem> {
    let snapshot = node.trust.snapshot();
    let log = snapshot.state().log();
    let path = documents::tile_path(&path, log)?;
    let mut lines = Vec::new();
    if let Some((from, to)) = documents::bundle_range(&path) {
        let rows = node.store.list_log(from, to).await.map_err(|error| unavailable(&error))?;
        lines.extend(rows.into_iter().map(|row| row.statement));
    }
    documents::tile(&path, log, &lines)
}
