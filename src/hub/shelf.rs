//! The routes of the hub: documents on a shelf for everybody, a slot for a member's own list, and
//! what operators do.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use serde::Deserialize;
use serde_json::{Value, json};

use super::applications::BundleOrder;
use super::serving::Node;
use crate::audit::Actor;
use crate::base::{Code, Division, ListId, MemberId};
use crate::http::documents::{key_asked, list_in_force};
use crate::http::{Problem, SignedDocument, StrictJson, instant_asked};
use crate::identity::{Caller, Role};
use crate::store::{StoreError, TrustDocumentRow};
use crate::trust::DocumentKind;

/// `GET /v1/root/{number}`.
pub(super) async fn root(
    State(node): State<Arc<Node>>,
    Path(number): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let documents = node.snapshot.load().state().documents();
    let found = documents
        .into_iter()
        .find(|document| document.kind == DocumentKind::Root && document.id == number)
        .ok_or_else(|| Problem::new(Code::NotFound))?;
    Ok(node.representations.show(SignedDocument::root(found.text), &headers))
}

/// `GET /v1/freshness`.
pub(super) async fn freshness(State(node): State<Arc<Node>>) -> Result<Response, Problem> {
    let snapshot = node.snapshot.load();
    let statement = snapshot.state().freshness().ok_or_else(|| Problem::new(Code::NotReady))?;
    let headers = [(header::CONTENT_TYPE, "application/jwt")];
    Ok((headers, statement.token().to_owned()).into_response())
}

/// `GET /v1/lists/{id}`: the list in force; with `?at=` the version that was in force then; with
/// `?key=` where the log first carried this key in the list, and the proof of it.
pub(super) async fn newest_list(
    State(node): State<Arc<Node>>,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    if let Some(key) = key_asked(query.as_deref()) {
        return Ok(Json(node.first_listed(&id, key?).await?).into_response());
    }
    let text = if let Some(instant) = instant_asked(query.as_deref())? {
        let list = DocumentKind::List.word();
        found_in_store(node.store.published_document_at(list, &id, instant).await)?
    } else {
        list_in_force(node.snapshot.load().state(), &id)?
    };
    Ok(node.representations.show(SignedDocument::newest_list(text), &headers))
}

/// `GET /v1/lists/{id}/{sequence}`: one version, for ever the same.
pub(super) async fn list_version(
    State(node): State<Arc<Node>>,
    Path((id, sequence)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let sequence = sequence.parse().map_err(|_| Problem::new(Code::NotFound))?;
    let found = node.store.published_document(DocumentKind::List.word(), &id, sequence).await;
    let document = SignedDocument::list_version(found_in_store(found)?);
    Ok(node.representations.show(document, &headers))
}

fn found_in_store(found: Result<Option<TrustDocumentRow>, StoreError>) -> Result<String, Problem> {
    let found = found.map_err(|_| Problem::new(Code::NotReady))?;
    found.map(|row| row.document).ok_or_else(|| Problem::new(Code::NotFound))
}

/// `PUT /v1/members/{code}/list`: a member publishes its own list, nobody else's.
pub(super) async fn put_list(
    State(node): State<Arc<Node>>,
    Extension(caller): Extension<Caller>,
    Path(code): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Problem> {
    let code: Division = code.parse().map_err(|_| Problem::new(Code::NotFound))?;
    if caller.member() != Some(code.member()) {
        return Err(Problem::new(Code::RoleNotAllowed));
    }
    let id = ListId::Province(code);
    let held = node.snapshot.load().state().newest(id).map_or(0, |header| header.named.sequence);
    let condition =
        headers.get(header::IF_MATCH).ok_or_else(|| Problem::new(Code::PreconditionRequired))?;
    if condition.as_bytes() != format!("\"{held}\"").as_bytes() {
        return Err(Problem::new(Code::PreconditionFailed));
    }
    let actor = member_actor(code.member());
    let mut answer = node.publish(&[(id, &body)], actor).await?;
    let mut own = answer["published"][0].take();
    own["refused"] = answer["refused"].take();
    Ok(Json(own).into_response())
}

/// `POST /v1/operator/{command}` at the hub.
pub(super) async fn command(
    State(node): State<Arc<Node>>,
    Extension(caller): Extension<Caller>,
    Path(command): Path<String>,
    StrictJson { value, .. }: StrictJson<Value>,
) -> Result<Response, Problem> {
    let client = caller
        .client()
        .filter(|client| client.role() == Role::Operator)
        .ok_or_else(|| Problem::new(Code::RoleNotAllowed))?;
    let actor = client.actor();
    match command.as_str() {
        "list-publish" => {
            let order: ListOrder = read(value)?;
            let lists = order.all()?;
            let lists: Vec<_> = lists.iter().map(|list| (list.id, list.list.as_bytes())).collect();
            Ok(Json(node.publish(&lists, actor).await?).into_response())
        }
        "root-publish" => {
            let order: RootOrder = read(value)?;
            Ok(Json(node.publish_root(order.root.as_bytes(), actor).await?).into_response())
        }
        "order-publish" => {
            let order: OrderToPublish = read(value)?;
            Ok(Json(node.take_order(order.order.as_bytes()).await?.0).into_response())
        }
        "member-applications" => node.applications().await,
        "member-check" => {
            let order: BundleOrder = read(value)?;
            Ok(Json(node.examine(&order.bundle)).into_response())
        }
        "member-show" => node.application(&read(value)?).await,
        _ => Err(Problem::new(Code::NotFound)),
    }
}

/// `GET /readyz` at the hub: whether it has anything to publish.
pub(super) async fn readyz(State(node): State<Arc<Node>>) -> Result<Response, Problem> {
    let snapshot = node.snapshot.load();
    let lists = snapshot.state().provinces().count();
    if snapshot.state().federation().is_none() {
        return Err(Problem::new(Code::NotReady));
    }
    Ok(Json(json!({ "ready": true, "degraded": [], "lists": lists })).into_response())
}

/// One list, or several that only make sense together, such as a federation list that changes a
/// member's list key and the first list under the new key.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ListOrder {
    id: Option<ListId>,
    list: Option<String>,
    lists: Option<Vec<ListToPublish>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ListToPublish {
    id: ListId,
    list: String,
}

impl ListOrder {
    /// Every list that is to be published, each once.
    fn all(self) -> Result<Vec<ListToPublish>, Problem> {
        let wrong =
            |pointer: String, why| Problem::new(Code::ValidationFailed).with_error(pointer, why);
        let lists = match (self.id, self.list, self.lists) {
            (Some(id), Some(list), None) => vec![ListToPublish { id, list }],
            (None, None, Some(lists)) if !lists.is_empty() => lists,
            _ => {
                return Err(wrong(
                    String::new(),
                    "give `id` and `list`, or at least one of `lists`",
                ));
            }
        };
        for (place, list) in lists.iter().enumerate() {
            if lists.iter().take(place).any(|other| other.id == list.id) {
                return Err(wrong(format!("/lists/{place}/id"), "stands twice"));
            }
        }
        Ok(lists)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OrderToPublish {
    order: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RootOrder {
    root: String,
}

fn member_actor(member: MemberId) -> Actor {
    Actor {
        member: Some(member),
        role: "member".to_owned(),
        id: member.to_string(),
        spki_sha256: None,
    }
}

fn read<T: serde::de::DeserializeOwned>(value: Value) -> Result<T, Problem> {
    serde_json::from_value(value)
        .map_err(|error| Problem::new(Code::ValidationFailed).with_error("", error.to_string()))
}
