//! Clients by their keys: who they are, whether they may act, which key follows which.

use sqlx::AnyConnection;

use super::{Applied, done_or};
use crate::base::{ClientId, Code};
use crate::crypto::Digest;
use crate::store::error::StoreError;
use crate::store::proposals::RenewalRow;
use crate::store::rows::{ClientRow, ClientState};

pub(super) async fn put(
    connection: &mut AnyConnection,
    row: &ClientRow,
) -> Result<Applied, StoreError> {
    let put = sqlx::query(
        "INSERT INTO clients (spki, id, role, division, name, intended_uses, state, created) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8) \
         ON CONFLICT (spki) DO UPDATE SET division = excluded.division, name = excluded.name, \
         intended_uses = excluded.intended_uses, state = excluded.state \
         WHERE clients.state = 'ACTIVE' AND clients.id = excluded.id \
         AND clients.role = excluded.role",
    )
    .bind(row.spki.to_string())
    .bind(row.id.as_str())
    .bind(row.role.as_str())
    .bind(row.division.as_str())
    .bind(row.name.as_str())
    .bind(row.intended_uses.as_str())
    .bind(row.state.as_str())
    .bind(row.created.unix_micros())
    .execute(connection)
    .await?;
    Ok(done_or(&put, Code::StateConflict))
}

pub(super) async fn set_state(
    connection: &mut AnyConnection,
    (role, id): (&str, &ClientId),
    spki: Option<Digest>,
    state: ClientState,
) -> Result<Applied, StoreError> {
    // Withdrawing again changes nothing and is fine; nothing else follows a withdrawal.
    let set = sqlx::query(
        "UPDATE clients SET state = $4 WHERE role = $1 AND id = $2 AND ($3 = '' OR spki = $3) \
         AND (state <> 'WITHDRAWN' OR $4 = 'WITHDRAWN')",
    )
    .bind(role)
    .bind(id.as_str())
    .bind(spki.map(|spki| spki.to_string()).unwrap_or_default())
    .bind(state.as_str())
    .execute(&mut *connection)
    .await?;
    if set.rows_affected() > 0 {
        return Ok(Applied::Done);
    }
    let known = sqlx::query(
        "SELECT 1 FROM clients WHERE role = $1 AND id = $2 AND ($3 = '' OR spki = $3) LIMIT 1",
    )
    .bind(role)
    .bind(id.as_str())
    .bind(spki.map(|spki| spki.to_string()).unwrap_or_default())
    .fetch_optional(connection)
    .await?;
    Ok(Applied::Refused(if known.is_some() { Code::StateConflict } else { Code::NotFound }))
}

pub(super) async fn renew(
    connection: &mut AnyConnection,
    row: &RenewalRow,
) -> Result<Applied, StoreError> {
    // Decided here and not by what was read before: the client may have been suspended, or have
    // renewed the key already, in the meantime.
    let renewed = sqlx::query(
        "INSERT INTO client_renewals (spki, previous_spki, proof, created) \
         SELECT $1, $2, $3, $4 WHERE EXISTS \
         (SELECT 1 FROM clients WHERE spki = $2 AND state = 'ACTIVE') \
         ON CONFLICT DO NOTHING",
    )
    .bind(row.spki.to_string())
    .bind(row.previous.to_string())
    .bind(row.proof.as_str())
    .bind(row.created.unix_micros())
    .execute(connection)
    .await?;
    Ok(done_or(&renewed, Code::StateConflict))
}
