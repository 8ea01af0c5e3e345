//! What a commit may change, and how each change is carried out inside the writer's transaction.
//!
//! Every statement runs on SQLite and PostgreSQL alike. A conditional change decides by the
//! number of rows it touched; the reason is then read in the same transaction.

mod client;
mod consent;
mod document;
mod membership;
mod proposal;
mod register;

pub(super) use consent::{all_spent, sweep};
pub(super) use document::put as put_document;

use sqlx::AnyConnection;
use sqlx::any::AnyQueryResult;

use super::error::StoreError;
use super::membership::ApplicationRow;
use super::proposals::{Approval, ProposalRow, RenewalRow};
use super::rows::{
    ClientRow, ClientState, ConsentRequestRow, GrantRow, InspectionRow, LicenceRow, ListLogRow,
    ListedKeyRow, TrustDocumentRow,
};
use crate::base::{ClientId, Code, ConsentRequestId, GrantId, Timestamp};
use crate::crypto::Digest;
use crate::licence::{Identifier, LicenceStatus};

/// One change of the store. The effects of a commit happen in order, together or not at all.
#[derive(Clone, Debug)]
pub enum Effect {
    /// Appends to the list log; the same line again is fine, `state-conflict` for another one or a
    /// number that is not the next.
    AppendListLog(ListLogRow),
    /// Approves what another proposed; `role-not-allowed` for the same person where two are
    /// needed, `not-found` for no such proposal, `state-conflict` when it does not wait any more.
    ApproveProposal {
        /// Whose approval, of what.
        approval: Approval,
        /// When.
        now: Timestamp,
    },
    /// Declines a waiting request; `state-conflict` in any other state.
    DenyConsentRequest {
        /// The request.
        request: ConsentRequestId,
    },
    /// Ends every grant on a licence; that there are none is fine.
    EndGrantsOf {
        /// The licence.
        licence: Identifier,
        /// When.
        now: Timestamp,
    },
    /// Forgets a document that is no longer part of the trust state, such as an order that was
    /// lifted or a list under a key that was replaced.
    ForgetTrustDocument {
        /// Its kind.
        kind: &'static str,
        /// Its identifier.
        id: String,
    },
    /// Asks a holder; `state-conflict` when the identifier is taken.
    InsertConsentRequest(ConsentRequestRow),
    /// Brings a grant into force and closes the request it answers; `state-conflict` unless that
    /// request waits and has not ended at the grant's creation. An authority's grant, and the
    /// second and later licences of one consent, answer none.
    InsertGrant {
        /// The grant.
        row: GrantRow,
        /// The request it answers.
        consent_request: Option<ConsentRequestId>,
    },
    /// Opens an inspection; `state-conflict` when the reference is taken.
    InsertInspection(InspectionRow),
    /// Notes where the log first carried keys; what was noted before stays.
    ListKeys(Vec<ListedKeyRow>),
    /// Rests an active grant; `state-conflict` in any other state.
    PauseGrant {
        /// The grant.
        grant: GrantId,
    },
    /// Proposes something; `state-conflict` while something waits under its name.
    Propose(ProposalRow),
    /// Publishes a version; the same bytes again are fine, `state-conflict` for others.
    PublishDocument(TrustDocumentRow),
    /// Keeps an application to the federation, in place of an earlier one by the same list key.
    PutApplication(ApplicationRow),
    /// Registers or changes a client by its key; `state-conflict` when the key is another's, or
    /// not active: what was taken away does not come back by being written again.
    PutClient(ClientRow),
    /// Registers a licence, or what changed in one that is valid; `state-conflict` for an older
    /// version, an earlier state of this one, a licence whose status is anything else than valid
    /// (what was taken away does not come back by being written again), or a place in the status
    /// list that is taken or not the one it has.
    PutLicence(LicenceRow),
    /// Accepts a document; `list-rollback` below the stored sequence, `list-equivocation` for
    /// other bytes of the same one.
    PutTrustDocument(TrustDocumentRow),
    /// Lets a client's new key follow an active one; `state-conflict` when either was part of a
    /// renewal in the same place before, or the old one is not active.
    RenewClient(RenewalRow),
    /// Wakes a paused grant; `state-conflict` in any other state.
    ResumeGrant {
        /// The grant.
        grant: GrantId,
    },
    /// Takes a grant back; once more is fine, `not-found` for none, `state-conflict` when it
    /// ended otherwise.
    RevokeGrant {
        /// The grant.
        grant: GrantId,
        /// When.
        now: Timestamp,
    },
    /// Changes the state of a client's keys, one or all; `not-found` when it has none, and
    /// `state-conflict` when none of them is in a state that this follows. What was withdrawn
    /// stays so.
    SetClientState {
        /// The role.
        role: String,
        /// The client.
        id: ClientId,
        /// One key; all of them when none is named.
        spki: Option<Digest>,
        /// The new state.
        state: ClientState,
    },
    /// Keeps the issued credential of a licence; `not-found` for none.
    SetCredential {
        /// The licence.
        identifier: Identifier,
        /// The credential.
        token: String,
        /// Its digest.
        digest: Digest,
    },
    /// Changes the status of a licence; `state-conflict` when it is no longer the one that the
    /// change was judged against.
    SetLicenceStatus {
        /// The licence.
        identifier: Identifier,
        /// The status it was judged against.
        from: LicenceStatus,
        /// The new status.
        status: LicenceStatus,
        /// When.
        now: Timestamp,
    },
    /// Spends a nonce; `holder.replay` when it was.
    SpendNonce {
        /// Digest of the nonce.
        nonce: Digest,
        /// When it would end by itself.
        expires: Timestamp,
    },
    /// Spends the identifier of a signed request; `request-replayed` when it was.
    SpendRequest {
        /// Who signed it.
        issuer: String,
        /// Its `jti`.
        jti: String,
        /// When it would end by itself.
        expires: Timestamp,
    },
    /// Uses a grant once; `grant-revoked`, `-expired`, `-paused`, `-exhausted`, or
    /// `grant-required` when there is none in force.
    UseGrant {
        /// The grant.
        grant: GrantId,
        /// When.
        now: Timestamp,
    },
}

impl Effect {
    /// What this effect spends: its key in the index and the table, its end, and the reason for
    /// refusing it a second time.
    pub(super) fn spends(&self) -> Option<(Digest, Timestamp, Code)> {
        match self {
            Self::SpendNonce { nonce, expires } => Some((*nonce, *expires, Code::HolderReplay)),
            Self::SpendRequest { issuer, jti, expires } => {
                let digest =
                    Digest::of_parts(&[b"request\0", issuer.as_bytes(), b"\0", jti.as_bytes()]);
                Some((digest, *expires, Code::RequestReplayed))
            }
            _ => None,
        }
    }

    /// Whether even alone it needs a savepoint: it makes two changes, or its refusal can be a
    /// violated constraint, after which PostgreSQL goes on from a savepoint only.
    pub(super) const fn needs_savepoint(&self) -> bool {
        matches!(self, Self::InsertGrant { .. } | Self::PutApplication(_) | Self::PutLicence(_))
    }
}

/// What became of an effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Applied {
    /// It is in the transaction.
    Done,
    /// It was not allowed.
    Refused(Code),
    /// It is in the transaction, as the use of a grant with this number.
    Used(u32),
}

/// Carries one effect out.
pub(super) async fn apply(
    connection: &mut AnyConnection,
    effect: &Effect,
) -> Result<Applied, StoreError> {
    if let Some((digest, expires, code)) = effect.spends() {
        return Ok(done_or(&consent::spend(connection, digest, expires).await?, code));
    }
    match effect {
        Effect::AppendListLog(row) => document::append_list_log(connection, row).await,
        Effect::ApproveProposal { approval, now } => {
            proposal::approve(connection, approval, *now).await
        }
        Effect::DenyConsentRequest { request } => consent::deny(connection, request).await,
        Effect::EndGrantsOf { licence, now } => {
            consent::end_grants(connection, licence, *now).await
        }
        Effect::ForgetTrustDocument { kind, id } => document::forget(connection, kind, id).await,
        Effect::InsertConsentRequest(row) => consent::insert_request(connection, row).await,
        Effect::InsertGrant { row, consent_request } => {
            consent::insert_grant(connection, row, consent_request.as_ref()).await
        }
        Effect::InsertInspection(row) => consent::insert_inspection(connection, row).await,
        Effect::ListKeys(rows) => document::list_keys(connection, rows).await,
        Effect::PauseGrant { grant } => consent::pause(connection, grant).await,
        Effect::Propose(row) => proposal::propose(connection, row).await,
        Effect::PublishDocument(row) => document::publish(connection, row).await,
        Effect::PutApplication(row) => membership::put_application(connection, row).await,
        Effect::PutClient(row) => client::put(connection, row).await,
        Effect::PutLicence(row) => register::put_licence(connection, row).await,
        Effect::PutTrustDocument(row) => document::put(connection, row).await,
        Effect::RenewClient(row) => client::renew(connection, row).await,
        Effect::ResumeGrant { grant } => consent::resume(connection, grant).await,
        Effect::RevokeGrant { grant, now } => consent::revoke(connection, grant, *now).await,
        Effect::SetClientState { role, id, spki, state } => {
            client::set_state(connection, (role, id), *spki, *state).await
        }
        Effect::SetCredential { identifier, token, digest } => {
            register::set_credential(connection, identifier, token, *digest).await
        }
        Effect::SetLicenceStatus { identifier, from, status, now } => {
            register::set_status(connection, identifier, [*from, *status], *now).await
        }
        // Handled above, where both kinds are one.
        Effect::SpendNonce { .. } | Effect::SpendRequest { .. } => Ok(Applied::Done),
        Effect::UseGrant { grant, now } => consent::use_grant(connection, grant, *now).await,
    }
}

/// Done if a row was touched, refused for `code` if none was.
fn done_or(result: &AnyQueryResult, code: Code) -> Applied {
    if result.rows_affected() > 0 { Applied::Done } else { Applied::Refused(code) }
}

/// A count or sequence as the store keeps it; what exceeds it saturates and is then refused by
/// the comparison it takes part in.
fn integer(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}
