//! Suspension orders at the hub: whoever has one may bring it, everybody may read them; and the
//! stream that says when anything changed.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use serde_json::Value;

use super::serving::Node;
use crate::base::Code;
use crate::crypto::Digest;
use crate::http::{Problem, documents};

/// `POST /v1/suspensions`: the order's signatures alone make it count.
pub(super) async fn bring(
    State(node): State<Arc<Node>>,
    body: Bytes,
) -> Result<Json<Value>, Problem> {
    Ok(Json(node.take_order(&body).await?.0))
}

/// `GET /v1/suspensions`: the orders held, newest first, as far as one answer carries them.
pub(super) async fn held(State(node): State<Arc<Node>>, headers: HeaderMap) -> Response {
    documents::order_list(node.snapshot.load().state().orders(), &headers)
}

/// `GET /v1/suspensions/{sha256}`: one order.
pub(super) async fn one(
    State(node): State<Arc<Node>>,
    Path(sha256): Path<String>,
) -> Result<Response, Problem> {
    let sha256: Digest = sha256.parse().map_err(|_| Problem::new(Code::NotFound))?;
    documents::order_text(node.snapshot.load().state().orders(), sha256)
}

/// `GET /v1/trust-events`: a line for every change of what the hub publishes.
pub(super) async fn events(State(node): State<Arc<Node>>) -> Response {
    node.news.stream("trust")
}
