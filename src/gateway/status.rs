//! Status lists: publishing this province's own, and fetching those of others, each at most once
//! per refresh and by one request at a time.

use std::sync::Arc;
use std::time::Duration;

use dashmap::DashMap;
use tokio::sync::Mutex;

use super::node::Node;
use crate::base::{MemberId, Timestamp, limits};
use crate::credential::{
    StatusBits, StatusListTerms, StatusReference, StatusValue, Succession, VerifiedStatusList,
    sign_status_list,
};
use crate::crypto::Digest;
use crate::licence::LicenceStatus;
use crate::peer::FetchError;
use crate::store::TrustDocumentRow;

/// Status lists in use.
#[derive(Default)]
pub(crate) struct StatusLists {
    /// By the member whose credential names it, and the address that it names: what one province's
    /// credentials say neither brings in nor holds up the list of another. The lock inside makes
    /// one fetch of many waiting requests.
    fetched: DashMap<(MemberId, String), Arc<Mutex<Option<Fetched>>>>,
    own: Mutex<Option<Published>>,
}

/// A list with the token it was read from, and when it was fetched.
#[derive(Clone)]
pub(super) struct Fetched {
    pub(super) list: Arc<VerifiedStatusList>,
    pub(super) token: Arc<str>,
    pub(super) at: Timestamp,
    /// When it was last asked for, with or without an answer.
    tried: Timestamp,
}

struct Published {
    token: Arc<str>,
    at: Timestamp,
    /// The checkpoint of the log when it was made: any change of the register moves it on.
    checkpoint: Option<String>,
}

impl Node {
    /// The address of this province's status list of licences.
    pub(super) fn own_status_uri(&self) -> String {
        format!("{}{OWN_PATH}", self.settings.public_origin)
    }

    /// This province's status list, signed anew when something changed or a minute passed.
    pub(super) async fn own_status_list(&self) -> Result<Arc<str>, StatusUnavailable> {
        let now = self.now();
        let mut own = self.statuses.own.lock().await;
        let checkpoint = self.store.latest_checkpoint().await.map_err(|_| StatusUnavailable)?;
        if let Some(published) = own.as_ref()
            && published.checkpoint == checkpoint
            && now.since(published.at) < REPUBLISH
        {
            return Ok(Arc::clone(&published.token));
        }
        self.demand_clock().map_err(|_| StatusUnavailable)?;
        let rows = self.store.statuses(OWN_LIST).await.map_err(|_| StatusUnavailable)?;
        let mut bits = StatusBits::all_valid(0).map_err(|_| StatusUnavailable)?;
        for row in rows {
            let value = match row.status {
                LicenceStatus::Valid => StatusValue::Valid,
                LicenceStatus::Suspended => StatusValue::Suspended,
                LicenceStatus::Unknown => StatusValue::SeeRegister,
                _ => StatusValue::Ended,
            };
            bits.set(u64::from(row.status_index), value).map_err(|_| StatusUnavailable)?;
        }
        let uri = self.own_status_uri();
        let terms = StatusListTerms { uri: &uri, ttl: TTL, life: LIFE, reinstated: &[] };
        let token = sign_status_list(&bits, &terms, self.keys.status.as_ref(), now)
            .map_err(|_| StatusUnavailable)?;
        let token: Arc<str> = token.into();
        *own = Some(Published { token: Arc::clone(&token), at: now, checkpoint });
        Ok(token)
    }

    /// The address of this province's status list of grants.
    pub(super) fn grant_status_uri(&self) -> String {
        format!("{}{GRANTS_PATH}", self.settings.federation_origin)
    }

    /// The status list of this province's grants. What decides on a use is the store alone; the
    /// list is for a member that holds a grant and cannot ask.
    pub(super) async fn grant_status_list(&self) -> Result<String, StatusUnavailable> {
        let ended = self.store.ended_grants().await.map_err(|_| StatusUnavailable)?;
        let mut bits = StatusBits::all_valid(0).map_err(|_| StatusUnavailable)?;
        for index in ended {
            bits.set(u64::from(index), StatusValue::Ended).map_err(|_| StatusUnavailable)?;
        }
        let uri = self.grant_status_uri();
        let terms = StatusListTerms { uri: &uri, ttl: TTL, life: LIFE, reinstated: &[] };
        sign_status_list(&bits, &terms, self.keys.status.as_ref(), self.now())
            .map_err(|_| StatusUnavailable)
    }

    /// The status list that a credential of `member` refers to, not older than one refresh; or an
    /// older copy while the province cannot be reached.
    pub(super) async fn status_list_of(
        &self,
        member: MemberId,
        reference: &StatusReference,
    ) -> Option<Arc<VerifiedStatusList>> {
        self.status_in_use(member, reference).await.map(|fetched| fetched.list)
    }

    /// As [`Self::status_list_of`], with the token that proves it.
    pub(super) async fn status_in_use(
        &self,
        member: MemberId,
        reference: &StatusReference,
    ) -> Option<Fetched> {
        let now = self.now();
        if member == self.settings.member {
            // Our own list is never older than its last change.
            let (list, token) = self.fetch_status_list(member, &reference.uri, now).await.ok()?;
            return Some(Fetched { list: Arc::new(list), token, at: now, tried: now });
        }
        let key = (member, reference.uri.clone());
        let fetched = &self.statuses.fetched;
        if fetched.len() >= MOST_LISTS && !fetched.contains_key(&key) {
            return None;
        }
        let slot = Arc::clone(&fetched.entry(key).or_default());
        let mut held = slot.lock().await;
        if held.is_none() {
            *held = self.remembered(member, &reference.uri, now).await;
        }
        if let Some(fetched) = held.as_ref()
            && now.since(fetched.tried) < self.settings.refresh
        {
            return Some(fetched.clone());
        }
        let fetching = self.fetch_status_list(member, &reference.uri, now);
        // An officer waits two seconds: a province that hangs must not take them all.
        match tokio::time::timeout(FETCH_DEADLINE, fetching).await {
            Ok(Ok((newer, token))) => {
                *held = Some(succeed(held.take(), newer, token, now));
                self.remember(held.as_ref(), &reference.uri).await;
            }
            Ok(Err(error)) => {
                tracing::warn!(%error, uri = reference.uri, "a status list was not fetched");
            }
            Err(_) => tracing::warn!(uri = reference.uri, "a status list did not come in time"),
        }
        if let Some(fetched) = held.as_mut() {
            fetched.tried = now;
        }
        held.clone()
    }

    /// The newest list that was seen at `uri` before this process began: what had ended by it has
    /// ended, whatever is served now.
    async fn remembered(&self, member: MemberId, uri: &str, now: Timestamp) -> Option<Fetched> {
        let row = self.store.trust_document(STATUS_KIND, uri).await.ok()??;
        let snapshot = self.trust.snapshot();
        let list = VerifiedStatusList::verify(&row.document, uri, member, &snapshot, now).ok()?;
        let never = Timestamp::from_unix_seconds(0);
        Some(Fetched {
            list: Arc::new(list),
            token: row.document.into(),
            at: row.updated,
            tried: never,
        })
    }

    async fn remember(&self, fetched: Option<&Fetched>, uri: &str) {
        let Some(fetched) = fetched else { return };
        let row = TrustDocumentRow {
            kind: STATUS_KIND.to_owned(),
            id: uri.to_owned(),
            sequence: fetched.list.issued().unix_seconds().unsigned_abs(),
            sha256: Digest::of(fetched.token.as_bytes()),
            document: fetched.token.to_string(),
            updated: fetched.at,
        };
        // Of two lists signed in one second the first stays until the next comes.
        if let Err(error) = self.store.keep_documents(vec![row]).await {
            tracing::debug!(%error, uri, "a status list was not remembered");
        }
    }

    async fn fetch_status_list(
        &self,
        member: MemberId,
        uri: &str,
        now: Timestamp,
    ) -> Result<(VerifiedStatusList, Arc<str>), FetchError> {
        let snapshot = self.trust.snapshot();
        let token = if member == self.settings.member {
            self.own_status_list().await.map_err(|_| FetchError::Malformed)?.to_string()
        } else {
            let public =
                snapshot.member(member).ok_or(FetchError::NotFound)?.public_origin().to_owned();
            // The address names the public listener; gateways ask the same path at the member's
            // federation listener, where they know each other.
            let path = uri.strip_prefix(&public).ok_or(FetchError::NotFound)?;
            let most = limits::STATUS_LIST_COMPRESSED_BYTES;
            let bytes = self.fetch_from_member(&snapshot, member, path, most).await?;
            String::from_utf8(bytes).map_err(|_| FetchError::Malformed)?
        };
        let list =
            VerifiedStatusList::verify(&token, uri, member, &snapshot, now).map_err(|error| {
                tracing::warn!(%error, uri, "a status list is refused");
                FetchError::Malformed
            })?;
        Ok((list, token.into()))
    }
}

/// The list to use after a newer one arrived: what had ended stays ended without a decision.
fn succeed(
    held: Option<Fetched>,
    newer: VerifiedStatusList,
    token: Arc<str>,
    now: Timestamp,
) -> Fetched {
    let Some(held) = held else {
        return Fetched { list: Arc::new(newer), token, at: now, tried: now };
    };
    match newer.following(&held.list) {
        Succession::Newer { list, unproven } => {
            if !unproven.is_empty() {
                tracing::error!(uri = list.uri(), entries = ?unproven, "ended entries were cleared");
            }
            // The token that proves the endings is kept, not the one that hides them.
            let token = if unproven.is_empty() { token } else { held.token };
            Fetched { list: Arc::new(list), token, at: now, tried: now }
        }
        Succession::Older => Fetched { at: now, ..held },
    }
}

/// This province's own list cannot be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the status list cannot be made")]
pub(super) struct StatusUnavailable;

/// Name of the list in the store.
pub(super) const OWN_LIST: &str = "licence/1";
/// Path of the list on both listeners.
const OWN_PATH: &str = "/v1/status-lists/licence/1";
/// Path of the list of grants, on the federation listener alone.
const GRANTS_PATH: &str = "/v1/status-lists/grants/1";
/// Kind of the rows in which the newest lists of others are remembered.
const STATUS_KIND: &str = "status";
/// Within the two seconds of a roadside request, less what judging, recording and signing take.
const FETCH_DEADLINE: Duration = Duration::from_millis(1_200);
/// How long a copy may be kept.
const TTL: Duration = Duration::from_mins(15);
/// How long a copy may be relied on at all: the longest age that any use allows.
const LIFE: Duration = Duration::from_hours(24);
/// An unchanged list is signed anew this often, so that its age tells of its publisher's health.
const REPUBLISH: Duration = Duration::from_mins(1);
/// 32 provinces with a hundred lists each.
const MOST_LISTS: usize = 3_200;
