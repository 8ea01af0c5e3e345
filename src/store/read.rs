//! Reads. They see what is committed and wait for no writer.

use sqlx::Any;
use sqlx::any::AnyArguments;
use sqlx::query::Query;

use super::Store;
use super::columns::{Columns, Stored};
use super::error::{Damage, StoreError};
use super::log;
use super::rows::{
    AuditRow, ClientRow, ConsentRequestRow, GrantRow, InspectionRow, LicenceRow, ListLogRow,
    ListedKeyRow, StatusRow, TrustDocumentRow,
};
use crate::audit::{LogVerifier, Summary};
use crate::base::{ConsentRequestId, Entropy, GrantId, InspectionRef, Timestamp};
use crate::crypto::Digest;
use crate::licence::Identifier;

impl Store {
    /// A grant.
    pub async fn grant(&self, id: &GrantId) -> Result<Option<GrantRow>, StoreError> {
        self.one(sqlx::query("SELECT * FROM grants WHERE id = $1").bind(id.as_str())).await
    }

    /// All grants on a licence, newest first.
    pub async fn grants_of(&self, licence: &Identifier) -> Result<Vec<GrantRow>, StoreError> {
        let query = "SELECT * FROM grants WHERE licence = $1 ORDER BY id DESC";
        self.all(sqlx::query(query).bind(licence.as_str())).await
    }

    /// A consent request.
    pub async fn consent_request(
        &self,
        id: &ConsentRequestId,
    ) -> Result<Option<ConsentRequestRow>, StoreError> {
        self.one(sqlx::query("SELECT * FROM consent_requests WHERE id = $1").bind(id.as_str()))
            .await
    }

    /// An inspection, until some minutes after its end.
    pub async fn inspection(
        &self,
        id: &InspectionRef,
    ) -> Result<Option<InspectionRow>, StoreError> {
        self.one(sqlx::query("SELECT * FROM inspections WHERE id = $1").bind(id.as_str())).await
    }

    /// The licence with this identifier.
    pub async fn licence(&self, identifier: &Identifier) -> Result<Option<LicenceRow>, StoreError> {
        let query = "SELECT * FROM licences WHERE identifier = $1";
        self.one(sqlx::query(query).bind(identifier.as_str())).await
    }

    /// The licences with exactly this number.
    pub async fn licences_by_number(&self, number: &str) -> Result<Vec<LicenceRow>, StoreError> {
        let query = "SELECT * FROM licences WHERE number = $1 ORDER BY identifier LIMIT $2";
        self.all(sqlx::query(query).bind(number).bind(MATCHES)).await
    }

    /// The licences of vehicles with exactly this plate, and colour where one is named.
    pub async fn licences_by_plate(
        &self,
        plate: &str,
        colour: Option<&str>,
    ) -> Result<Vec<LicenceRow>, StoreError> {
        let query = "SELECT * FROM licences WHERE plate = $1 \
                     AND ($2 = '' OR plate_colour = $2) ORDER BY identifier LIMIT $3";
        let colour = colour.unwrap_or_default();
        self.all(sqlx::query(query).bind(plate).bind(colour).bind(MATCHES)).await
    }

    /// The licences of the holder whose code has this digest, in the order of their identifiers:
    /// those behind `after`, at most a thousand.
    pub async fn licences_by_holder(
        &self,
        code: Digest,
        after: Option<&Identifier>,
    ) -> Result<Vec<LicenceRow>, StoreError> {
        let query = "SELECT * FROM licences WHERE holder_code_digest = $1 AND identifier > $2 \
                     ORDER BY identifier LIMIT $3";
        let after = after.map_or("", Identifier::as_str);
        self.all(sqlx::query(query).bind(code.to_string()).bind(after).bind(MATCHES)).await
    }

    /// What a status list has to say, in the order of its places.
    pub async fn statuses(&self, status_list: &str) -> Result<Vec<StatusRow>, StoreError> {
        let query = "SELECT identifier, status, status_index FROM licences \
                     WHERE status_list = $1 ORDER BY status_index";
        self.all(sqlx::query(query).bind(status_list)).await
    }

    /// What the status list of grants has to say: places of the grants that may not be used.
    pub async fn ended_grants(&self) -> Result<Vec<u32>, StoreError> {
        let query = "SELECT status_index FROM grants WHERE state <> 'ACTIVE' ORDER BY status_index";
        let rows = sqlx::query(query).fetch_all(&self.readers).await?;
        rows.iter().map(|row| Columns(row).number("status_index")).collect()
    }

    /// A free place in the status list of grants, drawn as in [`Self::free_status_index`].
    pub async fn free_grant_index(&self, entropy: &dyn Entropy) -> Result<u32, StoreError> {
        self.draw_free("SELECT 1 FROM grants WHERE $1 <> '' AND status_index = $2", "g", entropy)
            .await
    }

    /// A free place in a status list, drawn at random so that places tell nothing about the order
    /// of issue. Another commit may take it first; the insertion decides.
    pub async fn free_status_index(
        &self,
        status_list: &str,
        entropy: &dyn Entropy,
    ) -> Result<u32, StoreError> {
        let query = "SELECT 1 FROM licences WHERE status_list = $1 AND status_index = $2";
        self.draw_free(query, status_list, entropy).await
    }

    /// Draws until `query`, given a list and a place, finds nobody there.
    async fn draw_free(
        &self,
        query: &'static str,
        list: &str,
        entropy: &dyn Entropy,
    ) -> Result<u32, StoreError> {
        for _ in 0..DRAWS {
            let mut bytes = [0; 4];
            entropy.fill(&mut bytes);
            let index = u32::from_be_bytes(bytes) % STATUS_LIST_PLACES;
            let taken = sqlx::query(query)
                .bind(list)
                .bind(i64::from(index))
                .fetch_optional(&self.readers)
                .await?;
            if taken.is_none() {
                return Ok(index);
            }
        }
        Err(StoreError::StatusListFull)
    }

    /// The client with this key.
    pub async fn client(&self, spki: Digest) -> Result<Option<ClientRow>, StoreError> {
        self.one(sqlx::query("SELECT * FROM clients WHERE spki = $1").bind(spki.to_string())).await
    }

    /// All clients.
    pub async fn clients(&self) -> Result<Vec<ClientRow>, StoreError> {
        self.all(sqlx::query("SELECT * FROM clients ORDER BY id, spki")).await
    }

    /// Every trust document this node believes.
    pub async fn trust_documents(&self) -> Result<Vec<TrustDocumentRow>, StoreError> {
        self.all(sqlx::query("SELECT * FROM trust_documents ORDER BY kind, id")).await
    }

    /// One trust document this node believes.
    pub async fn trust_document(
        &self,
        kind: &str,
        id: &str,
    ) -> Result<Option<TrustDocumentRow>, StoreError> {
        let query = "SELECT * FROM trust_documents WHERE kind = $1 AND id = $2";
        self.one(sqlx::query(query).bind(kind).bind(id)).await
    }

    /// A published document by its sequence.
    pub async fn published_document(
        &self,
        kind: &str,
        id: &str,
        sequence: u64,
    ) -> Result<Option<TrustDocumentRow>, StoreError> {
        let query =
            "SELECT * FROM published_documents WHERE kind = $1 AND id = $2 AND sequence = $3";
        self.one(sqlx::query(query).bind(kind).bind(id).bind(bound(sequence))).await
    }

    /// The newest published document of its kind and name.
    pub async fn newest_published_document(
        &self,
        kind: &str,
        id: &str,
    ) -> Result<Option<TrustDocumentRow>, StoreError> {
        let query = "SELECT * FROM published_documents WHERE kind = $1 AND id = $2 \
                     ORDER BY sequence DESC LIMIT 1";
        self.one(sqlx::query(query).bind(kind).bind(id)).await
    }

    /// The document of its kind and name that was the newest issued at `instant`.
    pub async fn published_document_at(
        &self,
        kind: &str,
        id: &str,
        instant: Timestamp,
    ) -> Result<Option<TrustDocumentRow>, StoreError> {
        let query = "SELECT * FROM published_documents WHERE kind = $1 AND id = $2 \
                     AND updated <= $3 ORDER BY updated DESC, sequence DESC LIMIT 1";
        self.one(sqlx::query(query).bind(kind).bind(id).bind(instant.unix_micros())).await
    }

    /// The lines of the list log from `from` (included) to `to` (not included).
    pub async fn list_log(&self, from: u64, to: u64) -> Result<Vec<ListLogRow>, StoreError> {
        let query = "SELECT * FROM list_log WHERE leaf_index >= $1 AND leaf_index < $2 \
                     ORDER BY leaf_index";
        self.all(sqlx::query(query).bind(bound(from)).bind(bound(to))).await
    }

    /// Where the log first carried `key` in the list of a province (six digits).
    pub async fn listed_key(
        &self,
        list: &str,
        key: Digest,
    ) -> Result<Option<ListedKeyRow>, StoreError> {
        let query = "SELECT * FROM listed_keys WHERE list = $1 AND spki = $2";
        self.one(sqlx::query(query).bind(list).bind(key.to_string())).await
    }

    /// Every line of the list log, in order, without gaps.
    pub async fn list_log_lines(&self) -> Result<Vec<String>, StoreError> {
        let rows = self.list_log(0, u64::MAX >> 1).await?;
        let gap = rows.iter().enumerate().any(|(place, row)| row.index != place as u64);
        if gap {
            return Err(Damage::ListLog.into());
        }
        Ok(rows.into_iter().map(|row| row.statement).collect())
    }

    /// The lines of the audit log from `from` (included) to `to` (not included).
    pub async fn audit_entries(&self, from: u64, to: u64) -> Result<Vec<AuditRow>, StoreError> {
        let query = "SELECT leaf_index, leaf, salt, entry FROM audit_entries \
                     WHERE leaf_index >= $1 AND leaf_index < $2 ORDER BY leaf_index";
        self.all(sqlx::query(query).bind(bound(from)).bind(bound(to))).await
    }

    /// The leaf hashes of the audit log from `from` (included) to `to` (not included).
    pub async fn audit_leaves(&self, from: u64, to: u64) -> Result<Vec<Digest>, StoreError> {
        let query = "SELECT leaf FROM audit_entries \
                     WHERE leaf_index >= $1 AND leaf_index < $2 ORDER BY leaf_index";
        let query = sqlx::query(query).bind(bound(from)).bind(bound(to));
        query
            .fetch_all(&self.readers)
            .await?
            .iter()
            .map(|row| Columns(row).parsed("leaf"))
            .collect()
    }

    /// Who saw a licence, newest first: the entries about `subject` below line `before`, at most
    /// `limit` of them.
    pub async fn access_log(
        &self,
        subject: Digest,
        before: Option<u64>,
        limit: u32,
    ) -> Result<Vec<AuditRow>, StoreError> {
        let query = "SELECT leaf_index, leaf, salt, entry FROM audit_entries \
                     WHERE subject = $1 AND leaf_index < $2 ORDER BY leaf_index DESC LIMIT $3";
        let before = before.map_or(i64::MAX, bound);
        self.all(sqlx::query(query).bind(subject.to_string()).bind(before).bind(i64::from(limit)))
            .await
    }

    /// The newest signed checkpoint of the audit log; `None` while it is empty.
    pub async fn latest_checkpoint(&self) -> Result<Option<String>, StoreError> {
        let row =
            sqlx::query("SELECT checkpoint FROM audit_state").fetch_optional(&self.readers).await?;
        row.map(|row| Columns(&row).text("checkpoint")).transpose()
    }

    /// Recomputes the audit log up to its newest checkpoint, page by page.
    pub async fn verify_audit(&self) -> Result<Summary, StoreError> {
        let mut checkpoints = Vec::new();
        if let Some(note) = self.latest_checkpoint().await? {
            checkpoints.push(log::open_checkpoint(&note, &self.log_key)?);
        }
        let size = checkpoints.first().map_or(0, |checkpoint| checkpoint.size);
        let mut verifier = LogVerifier::new(checkpoints).map_err(Damage::Log)?;
        let mut from = 0;
        while from < size {
            let to = size.min(from + PAGE);
            for row in self.audit_entries(from, to).await? {
                verifier.take(&row.record()).map_err(Damage::Log)?;
            }
            from = to;
        }
        Ok(verifier.finish().map_err(Damage::Log)?)
    }

    pub(super) async fn one<T: Stored>(
        &self,
        query: Query<'_, Any, AnyArguments>,
    ) -> Result<Option<T>, StoreError> {
        let row = query.fetch_optional(&self.readers).await?;
        row.map(|row| T::read(&Columns(&row))).transpose()
    }

    pub(super) async fn all<T: Stored>(
        &self,
        query: Query<'_, Any, AnyArguments>,
    ) -> Result<Vec<T>, StoreError> {
        let rows = query.fetch_all(&self.readers).await?;
        rows.iter().map(|row| T::read(&Columns(row))).collect()
    }
}

/// A bound of a range as the store compares it; what lies beyond its numbers lies beyond the end.
fn bound(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// Places in a status list: 2^17, the least that hides a single licence among the others.
const STATUS_LIST_PLACES: u32 = 1 << 17;
/// In a list nine tenths full, this many draws fail less than once in eight hundred times.
const DRAWS: usize = 64;
/// Exact matches of one number, plate or holder that are read at once.
const MATCHES: i64 = 1_000;
/// Lines of the audit log read at once.
const PAGE: u64 = 1_000;
