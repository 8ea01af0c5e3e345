//! Trust documents this node believes, documents it publishes, and the list log of a hub.

use sqlx::{AnyConnection, Row as _};

use super::{Applied, done_or, integer};
use crate::base::Code;
use crate::store::columns::{Columns, Stored};
use crate::store::error::StoreError;
use crate::store::rows::{ListLogRow, ListedKeyRow, TrustDocumentRow};

pub(in crate::store) async fn put(
    connection: &mut AnyConnection,
    row: &TrustDocumentRow,
) -> Result<Applied, StoreError> {
    let put = sqlx::query(
        "INSERT INTO trust_documents (kind, id, sequence, sha256, document, updated) \
         VALUES ($1, $2, $3, $4, $5, $6) \
         ON CONFLICT (kind, id) DO UPDATE SET sequence = excluded.sequence, \
         sha256 = excluded.sha256, document = excluded.document, updated = excluded.updated \
         WHERE excluded.sequence > trust_documents.sequence \
         OR (excluded.sequence = trust_documents.sequence \
         AND excluded.sha256 = trust_documents.sha256)",
    )
    .bind(row.kind.as_str())
    .bind(row.id.as_str())
    .bind(integer(row.sequence))
    .bind(row.sha256.to_string())
    .bind(row.document.as_str())
    .bind(row.updated.unix_micros())
    .execute(&mut *connection)
    .await?;
    if put.rows_affected() > 0 {
        return Ok(Applied::Done);
    }
    let stored = sqlx::query("SELECT * FROM trust_documents WHERE kind = $1 AND id = $2")
        .bind(row.kind.as_str())
        .bind(row.id.as_str())
        .fetch_one(connection)
        .await?;
    let stored = TrustDocumentRow::read(&Columns(&stored))?;
    Ok(Applied::Refused(if stored.sequence == row.sequence {
        Code::ListEquivocation
    } else {
        Code::ListRollback
    }))
}

pub(super) async fn forget(
    connection: &mut AnyConnection,
    kind: &str,
    id: &str,
) -> Result<Applied, StoreError> {
    sqlx::query("DELETE FROM trust_documents WHERE kind = $1 AND id = $2")
        .bind(kind)
        .bind(id)
        .execute(connection)
        .await?;
    Ok(Applied::Done)
}

/// Notes where the log first carried these keys in a list; what was noted before stays.
pub(super) async fn list_keys(
    connection: &mut AnyConnection,
    rows: &[ListedKeyRow],
) -> Result<Applied, StoreError> {
    for row in rows {
        sqlx::query(
            "INSERT INTO listed_keys (list, spki, sequence, leaf_index) VALUES ($1, $2, $3, $4) \
             ON CONFLICT DO NOTHING",
        )
        .bind(row.list.as_str())
        .bind(row.spki.to_string())
        .bind(integer(row.sequence))
        .bind(integer(row.index))
        .execute(&mut *connection)
        .await?;
    }
    Ok(Applied::Done)
}

pub(super) async fn publish(
    connection: &mut AnyConnection,
    row: &TrustDocumentRow,
) -> Result<Applied, StoreError> {
    // The second publication of the same bytes touches the row and changes nothing in it.
    let published = sqlx::query(
        "INSERT INTO published_documents (kind, id, sequence, sha256, document, updated) \
         VALUES ($1, $2, $3, $4, $5, $6) \
         ON CONFLICT (kind, id, sequence) DO UPDATE SET sha256 = excluded.sha256 \
         WHERE excluded.sha256 = published_documents.sha256",
    )
    .bind(row.kind.as_str())
    .bind(row.id.as_str())
    .bind(integer(row.sequence))
    .bind(row.sha256.to_string())
    .bind(row.document.as_str())
    .bind(row.updated.unix_micros())
    .execute(connection)
    .await?;
    Ok(done_or(&published, Code::StateConflict))
}

pub(super) async fn append_list_log(
    connection: &mut AnyConnection,
    row: &ListLogRow,
) -> Result<Applied, StoreError> {
    let next = sqlx::query("SELECT COALESCE(MAX(leaf_index) + 1, 0) FROM list_log")
        .fetch_one(&mut *connection)
        .await?;
    if next.try_get::<i64, _>(0)? != integer(row.index) {
        // Whoever was cut off after its commit says the same again.
        let held = sqlx::query("SELECT statement FROM list_log WHERE leaf_index = $1")
            .bind(integer(row.index))
            .fetch_optional(connection)
            .await?;
        let held = held.map(|held| held.try_get::<String, _>(0)).transpose()?;
        return Ok(if held.as_deref() == Some(row.statement.as_str()) {
            Applied::Done
        } else {
            Applied::Refused(Code::StateConflict)
        });
    }
    let appended = sqlx::query(
        "INSERT INTO list_log (leaf_index, statement) VALUES ($1, $2) ON CONFLICT DO NOTHING",
    )
    .bind(integer(row.index))
    .bind(row.statement.as_str())
    .execute(connection)
    .await?;
    Ok(done_or(&appended, Code::StateConflict))
}
