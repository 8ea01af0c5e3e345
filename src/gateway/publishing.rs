//! What a gateway shows to others: its status list, the trust it holds (so that peers carry the
//! news when the hub is silent), and its addresses. And how its own next list is made.

use std::path::Path as FilePath;
use std::sync::Arc;

use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use serde_json::json;

use super::founding::{Charter, FoundingError, issuer_entry, list_payload_signed, next_list};
use super::keys::KeyFolder;
use super::node::Node;
use crate::base::{Code, ListId, Timestamp};
use crate::http::{Problem, SignedDocument, documents, instant_asked};
use crate::identity::Caller;
use crate::pki::{Authority, LEAF_LIFE, Period, files};
use crate::trust::lote::SignedList;
use crate::trust::{PreviousList, ServiceStatus};

/// `GET /v1/status-lists/{kind}/{number}`.
pub(super) async fn status_list(
    State(node): State<Arc<Node>>,
    Path((kind, number)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let token = match (kind.as_str(), number.as_str()) {
        ("licence", "1") => node.own_status_list().await,
        _ => return Err(Problem::new(Code::NotFound)),
    };
    let token = token.map_err(|_| Problem::new(Code::NotReady))?.to_string();
    Ok(([(header::CONTENT_TYPE, "application/statuslist+jwt")], token).into_response())
}

/// `GET /v1/status-lists/grants/1` on the federation listener, between members alone: which grants may no longer be used.
pub(super) async fn grant_status(
    State(node): State<Arc<Node>>,
    Extension(caller): Extension<Caller>,
) -> Result<Response, Problem> {
    caller.member().ok_or_else(|| Problem::new(Code::RoleNotAllowed))?;
    let token = node.grant_status_list().await.map_err(|_| Problem::new(Code::NotReady))?;
    Ok(([(header::CONTENT_TYPE, "application/statuslist+jwt")], token).into_response())
}

/// `GET /v1/root/{number}`.
pub(super) async fn root(
    State(node): State<Arc<Node>>,
    Path(number): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let snapshot = node.trust.snapshot();
    let root = number.parse().ok().and_then(|number| snapshot.state().root_numbered(number));
    let root = root.ok_or_else(|| Problem::new(Code::NotFound))?;
    let text = String::from_utf8_lossy(root.bytes()).into_owned();
    Ok(node.representations.show(SignedDocument::root(text), &headers))
}

/// `GET /v1/freshness`: the newest statement this gateway holds.
pub(super) async fn freshness(State(node): State<Arc<Node>>) -> Result<Response, Problem> {
    let snapshot = node.trust.snapshot();
    let held = snapshot.state().freshness().ok_or_else(|| Problem::new(Code::NotReady))?;
    Ok(([(header::CONTENT_TYPE, "application/jwt")], held.token().to_owned()).into_response())
}

/// `GET /v1/lists/{id}`: the list this gateway holds. Asked `?at=` an instant it has nothing older
/// to give.
pub(super) async fn list(
    State(node): State<Arc<Node>>,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let asked = instant_asked(query.as_deref())?;
    let text = documents::list_in_force(node.trust.snapshot().state(), &id)?;
    if let Some(instant) = asked {
        let list = SignedList::parse(text.as_bytes()).map_err(|_| Code::Internal)?;
        if list.document().lote.scheme.list_issue_date_time > instant {
            return Err(Problem::new(Code::NotFound));
        }
    }
    Ok(node.representations.show(SignedDocument::newest_list(text), &headers))
}

/// `GET /v1/lists/{id}/{sequence}`: the versions that are here, in force or waiting, and no other.
pub(super) async fn list_version(
    State(node): State<Arc<Node>>,
    Path((id, sequence)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let sequence = sequence.parse().map_err(|_| Problem::new(Code::NotFound))?;
    let text = documents::list_version(node.trust.snapshot().state(), &id, sequence)?;
    Ok(node.representations.show(SignedDocument::list_version(text), &headers))
}

/// `GET /.well-known/elicence-gateway`.
pub(super) async fn well_known(State(node): State<Arc<Node>>) -> Json<serde_json::Value> {
    let snapshot = node.trust.snapshot();
    let lists: Vec<_> = snapshot
        .state()
        .provinces()
        .map(|list| ListId::Province(list.division()).to_string())
        .collect();
    Json(json!({
        "member": node.settings.member,
        "addresses": {
            "federation": node.settings.federation_origin,
            "public": node.settings.public_origin,
        },
        "lists": lists,
        "formats": ["dc+sd-jwt", "statuslist+jwt", "application/vnd.elicence.record.v1+json"],
        "witnessed": snapshot.is_witnessed(),
    }))
}

/// A change of a province's own list, made and signed on its files.
#[derive(Clone, Debug)]
pub enum ListChange {
    /// A further issuer for these territories.
    AddIssuer {
        /// Number of the entry.
        number: u32,
        /// Division prefixes.
        territories: Vec<String>,
    },
    /// Another status for an issuer.
    SetIssuerStatus {
        /// Number of the entry.
        number: u32,
        /// The status.
        status: ServiceStatus,
    },
}

/// Makes the list that follows `held`, signed with the province's list key, and keeps a new
/// issuer's key under `keys/issuance-<number>`.
pub fn change_list(
    folder: &FilePath,
    charter: &Charter,
    held: &[u8],
    change: &ListChange,
    now: Timestamp,
) -> Result<Vec<u8>, FoundingError> {
    let keys = KeyFolder::of(folder);
    let signed = SignedList::parse(held).map_err(FoundingError::HeldList)?;
    let scheme = &signed.document().lote.scheme;
    let mut services = signed
        .document()
        .lote
        .entities
        .first()
        .map(|entity| entity.services.clone())
        .unwrap_or_default();
    match change {
        ListChange::AddIssuer { number, territories } => {
            let authority: Authority = keys.authority("issuing-ca")?;
            let name = format!("{} licence signer {number}", charter.division);
            let made = authority.issue_signer(&name, Period::from_now(now, LEAF_LIFE))?;
            let chain = [made.certificate.clone(), authority.certificate().clone()];
            let file = format!("issuance-{number}");
            files::write_certificates(&keys.certificate(&file), &chain)?;
            files::write_key(&keys.key(&file), &made.pkcs8)?;
            let signer = made.signer()?;
            services.push(issuer_entry(charter, &chain, &signer, *number, territories, now)?);
        }
        ListChange::SetIssuerStatus { number, status } => {
            let suffix = format!(":issuance:{number}\"");
            for service in &mut services {
                let extensions = &service.information.service_information_extensions;
                let text = serde_json::to_string(extensions).unwrap_or_default();
                if text.contains(&suffix) {
                    service
                        .change_status(*status, None, now)
                        .map_err(|_| FoundingError::StatusChange)?;
                }
            }
        }
    }
    let previous = PreviousList { sequence: scheme.sequence, sha256: signed.sha256() };
    let payload = next_list(charter, services, scheme.sequence + 1, previous, now)?;
    list_payload_signed(&payload, &keys, now)
}
