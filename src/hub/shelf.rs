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
use super::board::{Board, BoardError};
use super::founding::LIST_LOG_ORIGIN;
use super::serving::Node;
use crate::audit::{Actor, Entry, EntryKind, Pending};
use crate::base::{Code, Division, ListId, MemberId};
use crate::crypto::note::Checkpoint;
use crate::http::{Problem, SignedDocument, StrictJson, instant_asked};
use crate::identity::{Caller, Role};
use crate::store::{CommitError, Effect, ListLogRow, StoreError, TrustDocumentRow};
use crate::trust::DocumentKind;

/// `GET /v1/root/{number}`.
pub(super) async fn root(
    State(node): State<Arc<Node>>,
    Path(number): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let documents = node.board().await.state().documents();
    let found = documents
        .into_iter()
        .find(|document| document.kind == DocumentKind::Root && document.id == number)
        .ok_or_else(|| Problem::new(Code::NotFound))?;
    Ok(node.representations.show(SignedDocument::root(found.text), &headers))
}

/// `GET /v1/freshness`.
pub(super) async fn freshness(State(node): State<Arc<Node>>) -> Result<Response, Problem> {
    let board = node.board().await;
    let statement = board.state().freshness().ok_or_else(|| Problem::new(Code::NotReady))?;
    let headers = [(header::CONTENT_TYPE, "application/jwt")];
    Ok((headers, statement.token().to_owned()).into_response())
}

/// `GET /v1/lists/{id}`: the list in force, or with `?at=` the version that was in force then.
pub(super) async fn newest_list(
    State(node): State<Arc<Node>>,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let text = if let Some(instant) = instant_asked(query.as_deref())? {
        let list = DocumentKind::List.word();
        found_in_store(node.store.published_document_at(list, &id, instant).await)?
    } else {
        let documents = node.board().await.state().documents();
        let found = documents
            .into_iter()
            .find(|document| document.kind == DocumentKind::List && document.id == id);
        found.ok_or_else(|| Problem::new(Code::NotFound))?.text
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

/// `GET /v1/log/checkpoint`: the signed head of the list log.
pub(super) async fn log_checkpoint(State(node): State<Arc<Node>>) -> Result<String, Problem> {
    let line = node.store.newest_list_log_line().await.map_err(|_| Problem::new(Code::NotReady))?;
    line.map(|line| line.checkpoint).ok_or_else(|| Problem::new(Code::NotFound))
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
    let held = node.board().await.state().held(id).map_or(0, |named| named.sequence);
    let condition =
        headers.get(header::IF_MATCH).ok_or_else(|| Problem::new(Code::PreconditionRequired))?;
    if condition.as_bytes() != format!("\"{held}\"").as_bytes() {
        return Err(Problem::new(Code::PreconditionFailed));
    }
    Ok(Json(node.publish(id, &body, member_actor(code.member())).await?).into_response())
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
            Ok(Json(node.publish(order.id, order.list.as_bytes(), actor).await?).into_response())
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
    let board = node.board().await;
    let lists = board.state().provinces().count();
    if board.state().federation().is_none() {
        return Err(Problem::new(Code::NotReady));
    }
    Ok(Json(json!({ "ready": true, "degraded": [], "lists": lists })).into_response())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ListOrder {
    id: ListId,
    list: String,
}

impl Node {
    /// Publishes a list: judged as every node will, made durable, and only then shown.
    async fn publish(&self, id: ListId, bytes: &[u8], actor: Actor) -> Result<Value, Problem> {
        let now = self.clock.now();
        let mut board = self.board.lock().await;
        let publication =
            board.publish(id, bytes, self.keys.freshness.as_ref(), now).map_err(board_problem)?;
        let text = String::from_utf8_lossy(bytes).into_owned();
        let document = |kind: &str| TrustDocumentRow {
            kind: kind.to_owned(),
            id: id.short(),
            sequence: publication.named.sequence,
            sha256: publication.named.sha256,
            document: text.clone(),
            updated: now,
        };
        let next = &publication.board;
        let issued = next.state().header(id).map_or(now, |header| header.issued);
        let (size, root) = next.head();
        let checkpoint = Checkpoint { origin: LIST_LOG_ORIGIN.to_owned(), size, root };
        let line = ListLogRow {
            index: size - 1,
            leaf: publication.leaf,
            statement: publication.statement.clone(),
            checkpoint: checkpoint
                .sign(self.keys.log.as_ref())
                .map_err(|_| Problem::new(Code::Internal))?,
        };
        let list = DocumentKind::List.word();
        let effects = vec![
            Effect::PublishDocument(TrustDocumentRow { updated: issued, ..document(list) }),
            Effect::PutTrustDocument(document(list)),
            Effect::AppendListLog(line),
        ];
        let mut entry = Entry::new(EntryKind::TrustChanged, now, actor);
        entry.reference = Some(format!("{}/{}", id.short(), publication.named.sequence));
        entry.document_sha256 = Some(publication.named.sha256);
        match self.store.commit(effects, Pending::new(entry, &self.entropy)).await {
            Ok(_) => {}
            Err(CommitError::Refused { .. }) => return Err(Problem::new(Code::StateConflict)),
            Err(CommitError::Store(_)) => return Err(Problem::new(Code::AuditUnavailable)),
        }
        self.keep_freshness(next, now).await;
        let refused: Vec<_> = publication
            .refused
            .iter()
            .map(|(service, code)| json!({ "service": service, "code": code }))
            .collect();
        *board = publication.board;
        self.show(board.state().clone(), now);
        Ok(json!({
            "id": id, "sequence": publication.named.sequence,
            "sha256": publication.named.sha256, "refused": refused,
        }))
    }

    pub(super) async fn board(&self) -> Board {
        self.board.lock().await.clone()
    }
}

fn member_actor(member: MemberId) -> Actor {
    Actor {
        member: Some(member),
        role: "member".to_owned(),
        id: member.to_string(),
        spki_sha256: None,
    }
}

/// A list that every node would refuse is the sender's to mend, and is told why.
fn board_problem(error: BoardError) -> Problem {
    match error {
        BoardError::Refused(refusal) => Problem::new(Code::ValidationFailed)
            .with_error("/list", format!("{}: {refusal}", refusal.code())),
        BoardError::Seal(_) => Problem::new(Code::Internal),
    }
}

fn read<T: serde::de::DeserializeOwned>(value: Value) -> Result<T, Problem> {
    serde_json::from_value(value)
        .map_err(|error| Problem::new(Code::ValidationFailed).with_error("", error.to_string()))
}
