//! The documents of the federation that hub and gateways serve alike: suspension orders, and the
//! list log as tiles (C2SP tlog-tiles).

use axum::Json;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::problem::Problem;
use super::representation::is_known;
use crate::base::{Code, ListId, limits};
use crate::crypto::Digest;
use crate::crypto::merkle::{TileKind, TilePath, encode_bundle};
use crate::crypto::note::WitnessRefusal;
use crate::trust::{HeldOrder, LogView, Orders, SignedOrder, Standing, TrustState};

/// Orders as `{"orders":[…]}`, each in general JSON form, newest first, as many as
/// [`limits::TRUST_LIST_BYTES`] hold; the others are had one by one. 304 to a reader who has just
/// these.
#[must_use]
pub fn order_list(orders: &Orders, headers: &HeaderMap) -> Response {
    let tag = format!("\"{}\"", orders.fingerprint());
    if is_known(headers, &tag) {
        return (StatusCode::NOT_MODIFIED, [(ETAG, tag)]).into_response();
    }
    let mut room = limits::TRUST_LIST_BYTES - ENVELOPE;
    let mut shown: Vec<Box<RawValue>> = Vec::new();
    for held in orders.newest_first() {
        let Some(text) = text_of(held) else { continue };
        let Some(left) = room.checked_sub(text.len() + 1) else { break };
        room = left;
        shown.extend(RawValue::from_string(text).ok());
    }
    ([(ETAG, tag)], Json(json!({ "orders": shown }))).into_response()
}

/// One order by the digest of its payload.
pub fn order_text(orders: &Orders, sha256: Digest) -> Result<Response, Problem> {
    let text = orders.get(sha256).and_then(text_of).ok_or_else(|| Problem::new(Code::NotFound))?;
    Ok(([(CONTENT_TYPE, "application/jose+json")], text).into_response())
}

fn text_of(held: &HeldOrder) -> Option<String> {
    String::from_utf8(held.order().to_bytes().ok()?).ok()
}

/// The newest version that is here of the list called `name` (`federation` or six digits).
pub fn list_in_force(state: &TrustState, name: &str) -> Result<String, Problem> {
    let missing = || Problem::new(Code::NotFound);
    let id: ListId = format!("urn:elicence:list:{name}").parse().map_err(|_| missing())?;
    state.list_bytes(id).map(|(text, _)| text.to_owned()).ok_or_else(missing)
}

/// Version `sequence` of the list called `name`, when it is here, in force or waiting.
pub fn list_version(state: &TrustState, name: &str, sequence: u64) -> Result<String, Problem> {
    let missing = || Problem::new(Code::NotFound);
    let id: ListId = format!("urn:elicence:list:{name}").parse().map_err(|_| missing())?;
    state.list_version(id, sequence).map(str::to_owned).ok_or_else(missing)
}

/// The key that a query string asks for as `key`, by SHA-256 of its SubjectPublicKeyInfo in
/// base64url.
#[must_use]
pub fn key_asked(query: Option<&str>) -> Option<Result<Digest, Problem>> {
    let value = query?.split('&').find_map(|member| member.strip_prefix("key="))?;
    let wrong = || {
        let detail = "a key is written as base64url of the SHA-256 of its SubjectPublicKeyInfo";
        Problem::new(Code::ValidationFailed).with_error("/key", detail)
    };
    Some(value.parse().map_err(|_| wrong()))
}

/// What is told to whoever brought an order.
#[must_use]
pub fn order_answer(order: &SignedOrder, orders: &Orders) -> Value {
    let standing = match orders.get(order.sha256()).map(HeldOrder::standing) {
        None => "lifted",
        Some(Standing::Waiting) => "waiting",
        Some(Standing::Emergency | Standing::Full) => "in-force",
    };
    json!({ "sha256": order.sha256(), "member": order.claims().member, "standing": standing })
}

/// The newest checkpoint of the list log, with its cosignatures.
pub fn checkpoint(log: &LogView) -> Result<Response, Problem> {
    let note = log.checkpoint().ok_or_else(|| Problem::new(Code::NotFound))?;
    let headers = [(CONTENT_TYPE, "text/plain; charset=utf-8"), (CACHE_CONTROL, "no-cache")];
    Ok((headers, note.to_owned()).into_response())
}

/// The place of a tile in the log: the part of its address behind `tile/`.
pub fn tile_path(path: &str, log: &LogView) -> Result<TilePath, Problem> {
    let missing = || Problem::new(Code::NotFound);
    let path: TilePath = path.parse().map_err(|_| missing())?;
    let widest = TilePath::in_tree(path.kind(), path.index(), log.size()).ok_or_else(missing)?;
    if path.width() <= widest.width() { Ok(path) } else { Err(missing()) }
}

/// The lines that a bundle of entries holds, from and to (not included); `None` for hashes.
#[must_use]
pub fn bundle_range(path: &TilePath) -> Option<(u64, u64)> {
    let from = path.index().checked_mul(BUNDLE)?;
    (path.kind() == TileKind::Entries).then_some((from, from + u64::from(path.width())))
}

/// A tile of hashes, or a bundle of the given lines.
pub fn tile(path: &TilePath, log: &LogView, lines: &[String]) -> Result<Response, Problem> {
    let missing = || Problem::new(Code::NotFound);
    let bytes = match path.kind() {
        TileKind::Hashes { .. } => log.tree().tile(path).ok_or_else(missing)?,
        TileKind::Entries => encode_bundle(lines).map_err(|_| missing())?,
    };
    let headers = [
        (CONTENT_TYPE, "application/octet-stream"),
        // A tile of a given width never changes.
        (CACHE_CONTROL, "public, max-age=31536000, immutable"),
    ];
    Ok((headers, bytes).into_response())
}

/// Why a witness does not cosign, in the statuses of its specification (C2SP tlog-witness).
#[must_use]
pub fn witness_refusal(refusal: WitnessRefusal) -> Response {
    let status = match refusal {
        WitnessRefusal::Malformed | WitnessRefusal::Backwards => StatusCode::BAD_REQUEST,
        WitnessRefusal::Unsigned => StatusCode::FORBIDDEN,
        WitnessRefusal::UnknownLog => StatusCode::NOT_FOUND,
        WitnessRefusal::Conflict { .. } | WitnessRefusal::Fork { .. } => StatusCode::CONFLICT,
        WitnessRefusal::Inconsistent => StatusCode::UNPROCESSABLE_ENTITY,
    };
    match refusal {
        WitnessRefusal::Conflict { held } | WitnessRefusal::Fork { held } => {
            (status, [(CONTENT_TYPE, "text/x.tlog.size")], format!("{held}\n")).into_response()
        }
        other => (status, [(CONTENT_TYPE, "text/plain")], format!("{other}\n")).into_response(),
    }
}

/// `{"orders":[]}` and what an answer adds.
const ENVELOPE: usize = 64;
/// Entries of a full bundle.
const BUNDLE: u64 = 256;
