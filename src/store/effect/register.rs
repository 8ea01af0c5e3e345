//! Licences of the register.

use sqlx::AnyConnection;

use super::{Applied, done_or};
use crate::base::{Code, Timestamp};
use crate::crypto::Digest;
use crate::licence::{Identifier, LicenceStatus};
use crate::store::columns::carrier_word;
use crate::store::error::StoreError;
use crate::store::rows::LicenceRow;

pub(super) async fn put_licence(
    connection: &mut AnyConnection,
    row: &LicenceRow,
) -> Result<Applied, StoreError> {
    // Versions are three digits, so that their order as text is their order. The list says what
    // became of a licence by its place: a row that moved would leave its revocation behind.
    let put = sqlx::query(
        "INSERT INTO licences (identifier, licence_type, issuing_division, number, plate, \
         plate_colour, holder_code_digest, status, status_list, status_index, version, carrier, \
         record, credential, credential_digest, updated) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16) \
         ON CONFLICT (identifier) DO UPDATE SET licence_type = excluded.licence_type, \
         issuing_division = excluded.issuing_division, number = excluded.number, \
         plate = excluded.plate, plate_colour = excluded.plate_colour, \
         holder_code_digest = excluded.holder_code_digest, status = excluded.status, \
         status_list = excluded.status_list, status_index = excluded.status_index, \
         version = excluded.version, carrier = excluded.carrier, record = excluded.record, \
         credential = excluded.credential, credential_digest = excluded.credential_digest, \
         updated = excluded.updated \
         WHERE excluded.version >= licences.version AND excluded.updated >= licences.updated \
         AND licences.status = $17 AND excluded.status_list = licences.status_list \
         AND excluded.status_index = licences.status_index",
    )
    .bind(row.identifier.as_str())
    .bind(row.licence_type.to_string())
    .bind(row.issuing_division.as_str())
    .bind(row.number.as_str())
    .bind(row.plate.as_deref())
    .bind(row.plate_colour.as_deref())
    .bind(row.holder_code_digest.map(|digest| digest.to_string()))
    .bind(row.status.token())
    .bind(row.status_list.as_str())
    .bind(i64::from(row.status_index))
    .bind(row.version.to_string())
    .bind(carrier_word(row.carrier))
    .bind(row.record.as_str())
    .bind(row.credential.as_deref())
    .bind(row.credential_digest.map(|digest| digest.to_string()))
    .bind(row.updated.unix_micros())
    .bind(LicenceStatus::Valid.token())
    .execute(connection)
    .await;
    match put.map_err(StoreError::from) {
        Ok(result) => Ok(done_or(&result, Code::StateConflict)),
        // The place in the status list belongs to another licence.
        Err(StoreError::Constraint) => Ok(Applied::Refused(Code::StateConflict)),
        Err(error) => Err(error),
    }
}

pub(super) async fn set_status(
    connection: &mut AnyConnection,
    identifier: &Identifier,
    [from, to]: [LicenceStatus; 2],
    now: Timestamp,
) -> Result<Applied, StoreError> {
    // The transition was judged against `from`; another act may have come in between.
    let set = sqlx::query(
        "UPDATE licences SET status = $3, updated = $4 WHERE identifier = $1 AND status = $2",
    )
    .bind(identifier.as_str())
    .bind(from.token())
    .bind(to.token())
    .bind(now.unix_micros())
    .execute(connection)
    .await?;
    Ok(done_or(&set, Code::StateConflict))
}

pub(super) async fn set_credential(
    connection: &mut AnyConnection,
    identifier: &Identifier,
    token: &str,
    digest: Digest,
) -> Result<Applied, StoreError> {
    let set = sqlx::query(
        "UPDATE licences SET credential = $2, credential_digest = $3 WHERE identifier = $1",
    )
    .bind(identifier.as_str())
    .bind(token)
    .bind(digest.to_string())
    .execute(connection)
    .await?;
    Ok(done_or(&set, Code::NotFound))
}
