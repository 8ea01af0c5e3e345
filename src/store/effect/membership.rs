//! Applications to the federation: of each list key the newest, of each division a few.

use sqlx::AnyConnection;

use super::Applied;
use crate::base::limits;
use crate::store::error::StoreError;
use crate::store::membership::ApplicationRow;

/// Keeps an application in place of an earlier one by the same key. Beyond the number that a
/// division may have waiting, the oldest gives way: whoever floods a division displaces floods.
pub(super) async fn put_application(
    connection: &mut AnyConnection,
    row: &ApplicationRow,
) -> Result<Applied, StoreError> {
    sqlx::query(
        "INSERT INTO applications (list_key, member, sha256, document, received) \
         VALUES ($1, $2, $3, $4, $5) \
         ON CONFLICT (list_key) DO UPDATE SET member = excluded.member, \
         sha256 = excluded.sha256, document = excluded.document, received = excluded.received",
    )
    .bind(row.list_key.to_string())
    .bind(row.member.to_string())
    .bind(row.sha256.to_string())
    .bind(row.document.as_str())
    .bind(row.received.unix_micros())
    .execute(&mut *connection)
    .await?;
    sqlx::query(
        "DELETE FROM applications WHERE member = $1 AND list_key NOT IN \
         (SELECT list_key FROM applications WHERE member = $1 \
         ORDER BY received DESC, list_key LIMIT $2)",
    )
    .bind(row.member.to_string())
    .bind(limits::APPLICATIONS_PER_DIVISION)
    .execute(connection)
    .await?;
    Ok(Applied::Done)
}
