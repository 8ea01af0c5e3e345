//! This gateway as a witness of the list log (C2SP tlog-witness): it cosigns a head only when that
//! continues the one it cosigned before, which it remembers before it signs. Whether it is ready,
//! or suspended, does not matter.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use tokio::sync::Mutex;

use super::node::{Node, unavailable};
use crate::base::{Code, Division};
use crate::crypto::Digest;
use crate::crypto::note::{
    AddCheckpoint, Held, VerifierKey, WitnessKey, WitnessRefusal, add_cosignatures, cosign, witness,
};
use crate::http::{Problem, documents};
use crate::store::TrustDocumentRow;

/// What this witness holds of logs; one decision at a time.
#[derive(Debug, Default)]
pub(crate) struct WitnessDesk(Mutex<()>);

/// `POST /v1/log/add-checkpoint`.
pub(super) async fn add_checkpoint(
    State(node): State<Arc<Node>>,
    body: Bytes,
) -> Result<Response, Problem> {
    match node.cosign(&body).await? {
        Ok(line) => Ok(([(CONTENT_TYPE, "text/plain; charset=utf-8")], line).into_response()),
        Err(refusal) => Ok(documents::witness_refusal(refusal)),
    }
}

/// `GET /v1/witness/{sha256 of origin}`: the checkpoint last cosigned.
pub(super) async fn cosigned(
    State(node): State<Arc<Node>>,
    Path(origin): Path<String>,
) -> Result<Response, Problem> {
    let missing = || Problem::new(Code::NotFound);
    let origin: Digest = origin.parse().map_err(|_| missing())?;
    let key = node.list_log_key().ok_or_else(missing)?;
    if Digest::of(key.name()) != origin {
        return Err(missing());
    }
    let row = node.witnessed(key.name()).await?.ok_or_else(missing)?;
    Ok(([(CONTENT_TYPE, "text/plain; charset=utf-8")], row.document).into_response())
}

impl Node {
    /// The key of the one log that this gateway witnesses: the list log that the root names.
    fn list_log_key(&self) -> Option<VerifierKey> {
        self.trust.snapshot().state().root().document().log.vkey.parse().ok()
    }

    async fn witnessed(&self, origin: &str) -> Result<Option<TrustDocumentRow>, Problem> {
        let found = self.store.trust_document(WITNESSED, origin).await;
        found.map_err(|error| unavailable(&error))
    }

    async fn cosign(&self, body: &[u8]) -> Result<Result<String, WitnessRefusal>, Problem> {
        self.demand_clock()?;
        let request = match AddCheckpoint::read(body) {
            Ok(request) => request,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let key = self.list_log_key().filter(|key| key.name() == request.origin());
        let Some(key) = key else { return Ok(Err(WitnessRefusal::UnknownLog)) };
        let _alone = self.witness_desk.0.lock().await;
        let held = self.witnessed(key.name()).await?;
        let held = held.map(|row| Held { size: row.sequence, root: row.sha256 });
        let next = match witness(held, &request, &key) {
            Ok(next) => next,
            Err(refusal) => {
                if matches!(refusal, WitnessRefusal::Fork { .. } | WitnessRefusal::Inconsistent) {
                    tracing::error!(%refusal, "the list log shows two histories");
                    let division = self.settings.member.division();
                    self.telemetry.trust_updated(division, Err(Code::SplitView));
                }
                return Ok(Err(refusal));
            }
        };
        let name = witness_name(self.settings.member.division());
        let now = self.now();
        let sealed = |_| Problem::new(Code::Internal);
        let checkpoint = next.checkpoint(key.name());
        let line = cosign(&checkpoint, self.keys.witness.as_ref(), &name, now).map_err(sealed)?;
        let own = WitnessKey::new(&name, self.keys.witness.public_key())
            .map_err(|_| Problem::new(Code::Internal))?;
        let document = add_cosignatures(&request.note, &line, &[own]).map_err(sealed)?;
        let row = TrustDocumentRow {
            kind: WITNESSED.to_owned(),
            id: key.name().to_owned(),
            sequence: next.size,
            sha256: next.root,
            document,
            updated: now,
        };
        // Remembered before it is given away: a restart in between cosigns no other history.
        self.store.keep_documents(vec![row]).await.map_err(|error| unavailable(&error))?;
        Ok(Ok(line))
    }
}

/// What a witness of `division` is called.
pub(super) fn witness_name(division: Division) -> String {
    format!("elicence/{division}/witness")
}

const WITNESSED: &str = "witnessed-log";
