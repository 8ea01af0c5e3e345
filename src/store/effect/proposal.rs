//! What needs two persons: proposed by one, approved by another, decided in the transaction.

use sqlx::AnyConnection;

use super::{Applied, done_or};
use crate::base::{Code, Timestamp};
use crate::store::columns::{Columns, Stored};
use crate::store::error::StoreError;
use crate::store::proposals::{Approval, Persons, ProposalRow, ProposalState};

/// Proposes. What was proposed before under this name gives way only when its time is over: an
/// approval must be of what its giver was shown.
pub(super) async fn propose(
    connection: &mut AnyConnection,
    row: &ProposalRow,
) -> Result<Applied, StoreError> {
    let proposed = sqlx::query(
        "INSERT INTO proposals (id, kind, document, state, proposer, proposer_spki, approver, \
         approver_spki, created, ends) \
         VALUES ($1, $2, $3, 'PROPOSED', $4, $5, NULL, NULL, $6, $7) \
         ON CONFLICT (id) DO UPDATE SET kind = excluded.kind, document = excluded.document, \
         state = excluded.state, proposer = excluded.proposer, \
         proposer_spki = excluded.proposer_spki, approver = NULL, approver_spki = NULL, \
         created = excluded.created, ends = excluded.ends \
         WHERE proposals.state = 'APPROVED' OR proposals.ends <= excluded.created",
    )
    .bind(row.id.as_str())
    .bind(row.kind.as_str())
    .bind(row.document.as_str())
    .bind(row.proposer.as_str())
    .bind(row.proposer_spki.to_string())
    .bind(row.created.unix_micros())
    .bind(row.ends.unix_micros())
    .execute(connection)
    .await?;
    Ok(done_or(&proposed, Code::StateConflict))
}

/// Approves what waits. Two persons differ in their name and in their key: one person with two
/// certificates, and two names on one key, are one.
pub(super) async fn approve(
    connection: &mut AnyConnection,
    approval: &Approval,
    now: Timestamp,
) -> Result<Applied, StoreError> {
    let one_is_enough = i64::from(approval.persons == Persons::One);
    let approved = sqlx::query(
        "UPDATE proposals SET state = 'APPROVED', approver = $2, approver_spki = $3 \
         WHERE id = $1 AND state = 'PROPOSED' AND ends > $4 \
         AND ($5 = 1 OR (proposer <> $2 AND proposer_spki <> $3))",
    )
    .bind(approval.proposal.as_str())
    .bind(approval.approver.as_str())
    .bind(approval.approver_spki.to_string())
    .bind(now.unix_micros())
    .bind(one_is_enough)
    .execute(&mut *connection)
    .await?;
    if approved.rows_affected() > 0 {
        return Ok(Applied::Done);
    }
    let row = sqlx::query("SELECT * FROM proposals WHERE id = $1")
        .bind(approval.proposal.as_str())
        .fetch_optional(connection)
        .await?;
    let row = row.map(|row| ProposalRow::read(&Columns(&row))).transpose()?;
    Ok(Applied::Refused(match row {
        None => Code::NotFound,
        Some(row) if row.state == ProposalState::Proposed && row.ends > now => Code::RoleNotAllowed,
        Some(_) => Code::StateConflict,
    }))
}
