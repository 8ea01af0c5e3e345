//! Consent requests, grants and their uses, inspections, and what is spent once.

use sqlx::AnyConnection;
use sqlx::any::AnyQueryResult;

use super::{Applied, done_or};
use crate::base::{Code, ConsentRequestId, GrantId, Timestamp};
use crate::crypto::Digest;
use crate::licence::Identifier;
use crate::store::columns::{Columns, Stored};
use crate::store::error::StoreError;
use crate::store::replay::MARGIN;
use crate::store::rows::{ConsentRequestRow, GrantRow, GrantState, InspectionRow};

/// Counts a use and decides it in one statement: what it does not touch was not allowed.
pub(super) async fn use_grant(
    connection: &mut AnyConnection,
    grant: &GrantId,
    now: Timestamp,
) -> Result<Applied, StoreError> {
    let used = sqlx::query(
        "UPDATE grants SET uses = uses + 1, \
         state = CASE WHEN uses + 1 = max_uses THEN 'EXHAUSTED' ELSE state END, \
         ended = CASE WHEN uses + 1 = max_uses THEN $2 ELSE ended END \
         WHERE id = $1 AND state = 'ACTIVE' AND (max_uses IS NULL OR uses < max_uses) \
         AND nbf <= $2 AND exp > $2 RETURNING uses",
    )
    .bind(grant.as_str())
    .bind(now.unix_micros())
    .fetch_optional(&mut *connection)
    .await?;
    if let Some(row) = used {
        return Ok(Applied::Used(Columns(&row).number("uses")?));
    }
    let Some(row) = find_grant(connection, grant).await? else {
        return Ok(Applied::Refused(Code::GrantRequired));
    };
    Ok(Applied::Refused(match row.state_at(now) {
        GrantState::Revoked => Code::GrantRevoked,
        GrantState::Expired => Code::GrantExpired,
        GrantState::Paused => Code::GrantPaused,
        GrantState::Active if row.nbf > now => Code::GrantRequired,
        GrantState::Active | GrantState::Exhausted => Code::GrantExhausted,
    }))
}

pub(super) async fn insert_grant(
    connection: &mut AnyConnection,
    row: &GrantRow,
    request: Option<&ConsentRequestId>,
) -> Result<Applied, StoreError> {
    if let Some(request) = request {
        let closed = sqlx::query(
            "UPDATE consent_requests SET state = 'APPROVED' \
             WHERE id = $1 AND state = 'REQUESTED' AND expires > $2",
        )
        .bind(request.as_str())
        .bind(row.created.unix_micros())
        .execute(&mut *connection)
        .await?;
        if closed.rows_affected() == 0 {
            return Ok(Applied::Refused(Code::StateConflict));
        }
    }
    let inserted = sqlx::query(
        "INSERT INTO grants (id, state, licence, grantee_spki, registration, purpose, document, \
         status_index, nbf, exp, max_uses, uses, created, ended) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) ON CONFLICT DO NOTHING",
    )
    .bind(row.id.as_str())
    .bind(row.state.as_str())
    .bind(row.licence.as_str())
    .bind(row.grantee_spki.to_string())
    .bind(row.registration.as_str())
    .bind(row.purpose.as_str())
    .bind(row.document.as_str())
    .bind(i64::from(row.status_index))
    .bind(row.nbf.unix_micros())
    .bind(row.exp.unix_micros())
    .bind(row.max_uses.map(i64::from))
    .bind(i64::from(row.uses))
    .bind(row.created.unix_micros())
    .bind(row.ended.map(Timestamp::unix_micros))
    .execute(connection)
    .await?;
    Ok(done_or(&inserted, Code::StateConflict))
}

pub(super) async fn revoke(
    connection: &mut AnyConnection,
    grant: &GrantId,
    now: Timestamp,
) -> Result<Applied, StoreError> {
    let revoked = sqlx::query(
        "UPDATE grants SET state = 'REVOKED', ended = $2 \
         WHERE id = $1 AND state IN ('ACTIVE', 'PAUSED')",
    )
    .bind(grant.as_str())
    .bind(now.unix_micros())
    .execute(&mut *connection)
    .await?;
    if revoked.rows_affected() > 0 {
        return Ok(Applied::Done);
    }
    Ok(match find_grant(connection, grant).await?.map(|row| row.state) {
        Some(GrantState::Revoked) => Applied::Done,
        Some(_) => Applied::Refused(Code::StateConflict),
        None => Applied::Refused(Code::NotFound),
    })
}

pub(super) async fn pause(
    connection: &mut AnyConnection,
    grant: &GrantId,
) -> Result<Applied, StoreError> {
    let paused =
        sqlx::query("UPDATE grants SET state = 'PAUSED' WHERE id = $1 AND state = 'ACTIVE'")
            .bind(grant.as_str())
            .execute(connection)
            .await?;
    Ok(done_or(&paused, Code::StateConflict))
}

pub(super) async fn resume(
    connection: &mut AnyConnection,
    grant: &GrantId,
) -> Result<Applied, StoreError> {
    let resumed =
        sqlx::query("UPDATE grants SET state = 'ACTIVE' WHERE id = $1 AND state = 'PAUSED'")
            .bind(grant.as_str())
            .execute(connection)
            .await?;
    Ok(done_or(&resumed, Code::StateConflict))
}

pub(super) async fn end_grants(
    connection: &mut AnyConnection,
    licence: &Identifier,
    now: Timestamp,
) -> Result<Applied, StoreError> {
    sqlx::query(
        "UPDATE grants SET state = 'REVOKED', ended = $2 \
         WHERE licence = $1 AND state IN ('ACTIVE', 'PAUSED')",
    )
    .bind(licence.as_str())
    .bind(now.unix_micros())
    .execute(connection)
    .await?;
    Ok(Applied::Done)
}

pub(super) async fn insert_request(
    connection: &mut AnyConnection,
    row: &ConsentRequestRow,
) -> Result<Applied, StoreError> {
    let inserted = sqlx::query(
        "INSERT INTO consent_requests \
         (id, state, licence, document, transaction_data, nonce, expires, created) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING",
    )
    .bind(row.id.as_str())
    .bind(row.state.as_str())
    .bind(row.licence.as_str())
    .bind(row.document.as_str())
    .bind(row.transaction_data.as_str())
    .bind(row.nonce.as_str())
    .bind(row.expires.unix_micros())
    .bind(row.created.unix_micros())
    .execute(connection)
    .await?;
    Ok(done_or(&inserted, Code::StateConflict))
}

pub(super) async fn deny(
    connection: &mut AnyConnection,
    request: &ConsentRequestId,
) -> Result<Applied, StoreError> {
    let denied = sqlx::query(
        "UPDATE consent_requests SET state = 'DENIED' WHERE id = $1 AND state = 'REQUESTED'",
    )
    .bind(request.as_str())
    .execute(connection)
    .await?;
    Ok(done_or(&denied, Code::StateConflict))
}

pub(super) async fn insert_inspection(
    connection: &mut AnyConnection,
    row: &InspectionRow,
) -> Result<Applied, StoreError> {
    let inserted = sqlx::query(
        "INSERT INTO inspections \
         (id, unit, officers, place, law_ref, reason_code, client, opened, expires) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING",
    )
    .bind(row.id.as_str())
    .bind(row.unit.as_str())
    .bind(row.officers.as_str())
    .bind(row.place.as_str())
    .bind(row.law_ref.as_str())
    .bind(row.reason_code.as_str())
    .bind(row.client.as_str())
    .bind(row.opened.unix_micros())
    .bind(row.expires.unix_micros())
    .execute(connection)
    .await?;
    Ok(done_or(&inserted, Code::StateConflict))
}

pub(super) async fn spend(
    connection: &mut AnyConnection,
    digest: Digest,
    expires: Timestamp,
) -> Result<AnyQueryResult, StoreError> {
    Ok(sqlx::query("INSERT INTO spent (digest, expires) VALUES ($1, $2) ON CONFLICT DO NOTHING")
        .bind(digest.to_string())
        .bind(expires.unix_micros())
        .execute(connection)
        .await?)
}

/// Forgets what ended: nonces, request identifiers, inspections. Grants and requests keep their
/// state: their end is held against the time of each use, which can be right again after it was
/// wrong, and a mark could not.
pub(in crate::store) async fn sweep(
    connection: &mut AnyConnection,
    authenticated: Timestamp,
) -> Result<(), StoreError> {
    let ended = (authenticated - MARGIN).unix_micros();
    sqlx::query("BEGIN IMMEDIATE").execute(&mut *connection).await?;
    for statement in
        ["DELETE FROM spent WHERE expires <= $1", "DELETE FROM inspections WHERE expires <= $1"]
    {
        sqlx::query(statement).bind(ended).execute(&mut *connection).await?;
    }
    sqlx::query("COMMIT").execute(&mut *connection).await?;
    Ok(())
}

/// Everything that is spent and not swept yet, for the index in memory.
pub(in crate::store) async fn all_spent(
    connection: &mut AnyConnection,
) -> Result<Vec<(Digest, Timestamp)>, StoreError> {
    let rows = sqlx::query("SELECT digest, expires FROM spent").fetch_all(connection).await?;
    rows.iter()
        .map(|row| {
            let columns = Columns(row);
            Ok((columns.parsed("digest")?, columns.instant("expires")?))
        })
        .collect()
}

async fn find_grant(
    connection: &mut AnyConnection,
    grant: &GrantId,
) -> Result<Option<GrantRow>, StoreError> {
    let row = sqlx::query("SELECT * FROM grants WHERE id = $1")
        .bind(grant.as_str())
        .fetch_optional(connection)
        .await?;
    row.map(|row| GrantRow::read(&Columns(&row))).transpose()
}
