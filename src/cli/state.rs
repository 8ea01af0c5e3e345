//! A node's data directory, opened for reading only, also beside the process that serves from it.

use std::path::{Path, PathBuf};

use super::fail::Failure;
use super::papers;
use crate::base::{Code, Timestamp};
use crate::crypto::note::VerifierKey;
use crate::pki::files;
use crate::store::{Store, StoreError, TrustDocumentRow};
use crate::trust::{Root, Snapshot, StoredDocument, TrustState};

/// The trust that a data directory holds, under `root`.
pub(super) async fn snapshot(
    directory: &Path,
    root: Root,
    now: Timestamp,
) -> Result<Snapshot, Failure> {
    let store = open(directory, &log_key(directory, PLACEHOLDER)?).await?;
    let unreadable = |error| unusable(directory, &error);
    let rows = store.trust_documents().await.map_err(unreadable)?;
    let lines = store.list_log_lines().await.map_err(unreadable)?;
    store.close().await;
    let documents: Vec<StoredDocument> = rows.iter().filter_map(TrustDocumentRow::stored).collect();
    let state = TrustState::restore(root, &documents, &lines).map_err(|refusal| {
        Failure::of(Code::RootMismatch, "what is stored does not verify under this root", &refusal)
    })?;
    Ok(Snapshot::build(state, 1, now))
}

/// The store with the key by which its audit log is judged: `vkey`, which an auditor brought, or
/// the one whose certificate lies in the directory.
pub(super) async fn log(
    directory: &Path,
    vkey: Option<VerifierKey>,
) -> Result<(Store, VerifierKey), Failure> {
    let key = if let Some(key) = vkey {
        key
    } else {
        let store = open(directory, &log_key(directory, PLACEHOLDER)?).await?;
        let note = store.latest_checkpoint().await.map_err(|error| unusable(directory, &error))?;
        store.close().await;
        // The first line is only a name here; the signature over it is judged by the key.
        let origin = note.as_deref().and_then(|note| note.lines().next());
        log_key(directory, origin.unwrap_or(PLACEHOLDER))?
    };
    Ok((open(directory, &key).await?, key))
}

/// The root at `path`.
pub(super) fn pinned_root(path: &Path) -> Result<Root, Failure> {
    Root::pinned(&papers::read(path)?).map_err(|refusal| {
        Failure::of(Code::RootMismatch, format!("{} does not verify", path.display()), &refusal)
    })
}

/// The failure of a store.
pub(super) fn unusable(directory: &Path, error: &StoreError) -> Failure {
    let what = format!("the database in {} cannot be used", directory.display());
    match error {
        // Nothing serves here: a path is wrong, or its permissions are.
        StoreError::Unavailable(cause) => {
            let cause = cause.as_ref().map_or_else(|| error.to_string(), ToString::to_string);
            Failure::input(what, &cause, "check that --state names the data directory of a node")
        }
        _ => Failure::of(error.code(), what, error),
    }
}

async fn open(directory: &Path, key: &VerifierKey) -> Result<Store, Failure> {
    Store::open_read_only(directory, key.clone()).await.map_err(|error| unusable(directory, &error))
}

fn log_key(directory: &Path, origin: &str) -> Result<VerifierKey, Failure> {
    let what = "the key of the audit log cannot be read";
    let places = LOG_CERTIFICATES.map(|name| directory.join("keys").join(name));
    let absent = || PathBuf::from(directory).join("keys").join(LOG_CERTIFICATES[0]);
    let path = places.into_iter().find(|path| path.exists()).unwrap_or_else(absent);
    let certificates =
        files::read_certificates(&path).map_err(|error| Failure::of(error.code(), what, &error))?;
    certificates
        .first()
        .and_then(|certificate| certificate.public_key().ok())
        .and_then(|key| VerifierKey::new(origin, &key).ok())
        .ok_or_else(|| Failure::of(Code::ConfigInvalid, what, &"it is no Ed25519 key of a log"))
}

/// Of a gateway, and of the hub.
const LOG_CERTIFICATES: [&str; 2] = ["log-signing.cert.pem", "list-log.cert.pem"];
/// Reading without judging the log needs some name for it.
const PLACEHOLDER: &str = "elicence";
