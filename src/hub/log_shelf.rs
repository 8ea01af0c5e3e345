//! The list log as the hub serves it: its newest checkpoint, and tiles of its tree and its lines.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::Response;

use super::serving::Node;
use crate::base::Code;
use crate::http::{Problem, documents};

/// `GET /v1/log/checkpoint`: the signed head of the list log, with its cosignatures.
pub(super) async fn checkpoint(State(node): State<Arc<Node>>) -> Result<Response, Problem> {
    documents::checkpoint(node.snapshot.load().state().log())
}

/// `GET /v1/log/tile/…`: hashes of one level, or a bundle of lines (C2SP tlog-tiles).
pub(super) async fn tile(
    State(node): State<Arc<Node>>,
    Path(path): Path<String>,
) -> Result<Response, Problem> {
    let snapshot = node.snapshot.load_full();
    let log = snapshot.state().log();
    let path = documents::tile_path(&path, log)?;
    let mut lines = Vec::new();
    if let Some((from, to)) = documents::bundle_range(&path) {
        let rows = node.store.list_log(from, to).await;
        let rows = rows.map_err(|_| Problem::new(Code::NotReady))?;
        lines.extend(rows.into_iter().map(|row| row.statement));
    }
    documents::tile(&path, log, &lines)
}
