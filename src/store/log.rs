//! The audit log inside the database: lines, the right edge of the tree, the signed checkpoint.

use sqlx::{AnyConnection, Row as _};

use super::columns::Columns;
use super::error::{Damage, StoreError};
use crate::audit::Pending;
use crate::crypto::merkle::Frontier;
use crate::crypto::note::{Checkpoint, CheckpointError, VerifierKey};
use crate::crypto::{Digest, Signer};

/// Reads the frontier back and holds it against the lines that are there and the last checkpoint
/// this log signed.
pub(super) async fn restore(
    connection: &mut AnyConnection,
    key: &VerifierKey,
) -> Result<Frontier, StoreError> {
    let lines = sqlx::query("SELECT COUNT(*), MAX(leaf_index) FROM audit_entries")
        .fetch_one(&mut *connection)
        .await?;
    let (count, last): (i64, Option<i64>) = (lines.try_get(0)?, lines.try_get(1)?);
    let state = sqlx::query("SELECT size, peaks, checkpoint FROM audit_state")
        .fetch_optional(connection)
        .await?;
    let Some(state) = state else {
        return if count == 0 { Ok(Frontier::default()) } else { Err(Damage::AuditState.into()) };
    };
    let columns = Columns(&state);
    let size: i64 = columns.number("size")?;
    if count != size || last.map_or(0, |last| last + 1) != size {
        return Err(Damage::AuditState.into());
    }
    let peaks: Result<Vec<Digest>, _> = columns.text("peaks")?.split(' ').map(str::parse).collect();
    let frontier = peaks
        .ok()
        .and_then(|peaks| Frontier::restore(size.unsigned_abs(), peaks))
        .ok_or(Damage::AuditState)?;
    let checkpoint = open_checkpoint(&columns.text("checkpoint")?, key)?;
    if checkpoint.size == frontier.size() && checkpoint.root == frontier.root() {
        Ok(frontier)
    } else {
        Err(Damage::AuditState.into())
    }
}

/// Holds a frontier read back against the one last acknowledged: it must be that one, or that one
/// grown by a group whose commit was not confirmed. An older copy of the database is neither.
pub(super) async fn continues(
    connection: &mut AnyConnection,
    acknowledged: &Frontier,
    restored: &Frontier,
) -> Result<(), StoreError> {
    let from = i64::try_from(acknowledged.size()).map_err(|_| Damage::AuditState)?;
    let rows =
        sqlx::query("SELECT leaf FROM audit_entries WHERE leaf_index >= $1 ORDER BY leaf_index")
            .bind(from)
            .fetch_all(connection)
            .await?;
    let mut grown = acknowledged.clone();
    for row in &rows {
        grown.append(Columns(row).parsed("leaf")?);
    }
    if grown == *restored { Ok(()) } else { Err(Damage::Replaced.into()) }
}

/// Opens our own checkpoint; one of another log or key is told from a damaged one.
pub(super) fn open_checkpoint(note: &str, key: &VerifierKey) -> Result<Checkpoint, StoreError> {
    Checkpoint::open(note, key).map_err(|error| match error {
        CheckpointError::OtherLog | CheckpointError::Unsigned => StoreError::OtherLog,
        _ => Damage::AuditState.into(),
    })
}

/// Writes `pending` as the next line and grows the frontier by it.
pub(super) async fn append(
    connection: &mut AnyConnection,
    frontier: &mut Frontier,
    pending: &Pending,
) -> Result<u64, StoreError> {
    let (index, leaf) = (frontier.size(), pending.leaf());
    // Unwrap safety: canonical JSON is UTF-8 by construction.
    let entry = std::str::from_utf8(pending.canonical()).expect("canonical JSON is UTF-8");
    sqlx::query(
        "INSERT INTO audit_entries (leaf_index, leaf, salt, entry, at, subject) \
         VALUES ($1, $2, $3, $4, $5, $6)",
    )
    .bind(i64::try_from(index).map_err(|_| Damage::AuditState)?)
    .bind(leaf.to_string())
    .bind(pending.salt().to_string())
    .bind(entry)
    .bind(pending.entry().at.unix_micros())
    .bind(pending.entry().subject.map(|subject| subject.to_string()))
    .execute(connection)
    .await?;
    frontier.append(leaf);
    Ok(index)
}

/// Signs the state after a group and keeps it.
pub(super) async fn seal(
    connection: &mut AnyConnection,
    frontier: &Frontier,
    origin: &str,
    signer: &dyn Signer,
) -> Result<(), StoreError> {
    let checkpoint =
        Checkpoint { origin: origin.to_owned(), size: frontier.size(), root: frontier.root() };
    // A log key that cannot sign is a store that cannot commit.
    let note = checkpoint.sign(signer).map_err(|_| StoreError::Unavailable(None))?;
    let peaks: Vec<String> = frontier.peaks().iter().map(Digest::to_string).collect();
    sqlx::query(
        "INSERT INTO audit_state (id, size, peaks, checkpoint) VALUES (1, $1, $2, $3) \
         ON CONFLICT (id) DO UPDATE SET size = excluded.size, peaks = excluded.peaks, \
         checkpoint = excluded.checkpoint",
    )
    .bind(i64::try_from(frontier.size()).map_err(|_| Damage::AuditState)?)
    .bind(peaks.join(" "))
    .bind(note)
    .execute(connection)
    .await?;
    Ok(())
}
