//! Signing the province's own list again every day, with the same content, so that its end is never
//! near; and telling of the ends that nobody moves but people.

use std::sync::Arc;
use std::time::Duration;

use super::founding::list_payload_signed;
use super::keys::KeyFolder;
use super::node::Node;
use super::timekeeping::Agreement;
use crate::audit::{Actor, Entry, EntryKind};
use crate::base::{Code, Timestamp};
use crate::crypto::Digest;
use crate::pki::files;
use crate::store::ProposalState;
use crate::telemetry::{KeyEnd, KeyName};
use crate::trust::{NextList, TrustState, unchanged_successor};

/// Why a list that was due was not signed.
#[derive(Debug, thiserror::Error)]
enum NotSigned {
    /// The list key is elsewhere, or cannot be used.
    #[error("the list key cannot be used here: {0}")]
    Key(String),
    /// What would be published is not what every node would take as the same list.
    #[error("the new list would not be taken: {0}")]
    Unsound(Code),
    /// The clock is in doubt, the hub away, or the log cannot be written.
    #[error("it was not published: {0}")]
    Unpublished(Code),
}

impl NotSigned {
    const fn code(&self) -> Code {
        match self {
            Self::Key(_) => Code::ConfigInvalid,
            Self::Unsound(code) | Self::Unpublished(code) => *code,
        }
    }
}

/// Looks after list and ends for as long as the gateway is up.
pub(super) async fn keep_signed(node: Arc<Node>) {
    let pace = node.settings.refresh.clamp(SHORTEST_PACE, LONGEST_PACE);
    let mut told: Option<Timestamp> = None;
    loop {
        tokio::time::sleep(pace).await;
        let now = node.now();
        node.telemetry.watch_ends(&node.ends(), now);
        let Some(outcome) = node.resign_when_due(now).await else { continue };
        node.telemetry.list_signed(outcome.as_ref().map(|_| ()).map_err(NotSigned::code));
        match outcome {
            Ok(sequence) => {
                tracing::info!(sequence, "the own list was signed again");
                told = None;
            }
            // It stays due, and is tried again and again; people are told once an hour.
            Err(error) if told.is_none_or(|at| now.since(at) >= TELLING) => {
                let ends = node.list_end().map_or_else(String::new, |end| end.to_string());
                tracing::error!(code = %error.code(), %error, ends, "the own list is due");
                told = Some(now);
            }
            Err(_) => {}
        }
    }
}

impl Node {
    /// Signs and publishes the list when it is due; the new number. `None` when it is not due.
    async fn resign_when_due(&self, now: Timestamp) -> Option<Result<u64, NotSigned>> {
        let snapshot = self.trust.snapshot();
        let header = snapshot.state().province(self.settings.member.division())?.header();
        if !header.is_due(now) || (!header.ends_soon(now) && self.is_list_proposed(now).await) {
            return None;
        }
        Some(self.resign(snapshot.state(), now).await)
    }

    async fn resign(&self, state: &TrustState, now: Timestamp) -> Result<u64, NotSigned> {
        if self.time.agreement() == Agreement::Disagrees {
            return Err(NotSigned::Unpublished(Code::NotReady));
        }
        let division = self.settings.member.division();
        let key = |error: &dyn std::error::Error| NotSigned::Key(error.to_string());
        let payload = unchanged_successor(state, division, now).map_err(|error| key(&error))?;
        let folder = KeyFolder::of(&self.settings.data_dir);
        let list = list_payload_signed(&payload, &folder, now).map_err(|error| key(&error))?;
        // The same judgement as of an operator's list, key included: a list key that the federation
        // no longer names signs nothing that anybody would take.
        let next = NextList::read(state, division, &list, now)
            .map_err(|refusal| NotSigned::Unsound(refusal.code()))?;
        if !next.is_unchanged() {
            return Err(NotSigned::Unsound(Code::ListEquivocation));
        }
        self.put_list_at_hub(list)
            .await
            .map_err(|problem| NotSigned::Unpublished(problem.code()))?;
        let mut entry = Entry::new(EntryKind::ListResigned, now, Actor::gateway());
        entry.document_sha256 = Some(Digest::of(&payload));
        self.commit(Vec::new(), entry)
            .await
            .map_err(|problem| NotSigned::Unpublished(problem.code()))?;
        // Held before it is looked at again: the same number is not published twice. A failure of
        // the refresh is told by the refresh.
        let _ = self.refresh_trust().await;
        Ok(next.list().header().named.sequence)
    }

    /// Whether a list waits for its second operator: another number would make it follow nothing.
    async fn is_list_proposed(&self, now: Timestamp) -> bool {
        let rows = self.store.proposals(super::own_list::KIND).await.unwrap_or_default();
        rows.iter().any(|row| row.state == ProposalState::Proposed && row.ends > now)
    }

    fn list_end(&self) -> Option<Timestamp> {
        let snapshot = self.trust.snapshot();
        let own = snapshot.state().province(self.settings.member.division())?;
        Some(own.header().next_update)
    }

    /// Every end that this gateway has to do with: its certificates, its list, the federation's
    /// list, the root.
    pub(super) fn ends(&self) -> Vec<KeyEnd> {
        let mut ends = self.certificate_ends.clone();
        let snapshot = self.trust.snapshot();
        let state = snapshot.state();
        if let Some(own) = state.province(self.settings.member.division()) {
            ends.push(KeyEnd::of_list(KeyName::OwnList, "own list", own.header()));
        }
        if let Some(federation) = state.federation() {
            let header = federation.header();
            ends.push(KeyEnd::of_list(KeyName::FederationList, "federation list", header));
        }
        ends.push(KeyEnd::of_root(state.root().document().expires));
        ends
    }
}

/// The ends of the certificates in a node's key folder, the first of each chain.
pub(super) fn certificate_ends(folder: &KeyFolder) -> Vec<KeyEnd> {
    let first_end = |(stem, chain): (String, Vec<crate::crypto::x509::Certificate>)| {
        KeyEnd::of_chain(&stem, &chain)
    };
    let certificates = files::certificates_in(folder.path()).into_iter();
    // What was superseded may end in peace.
    certificates.filter(|(stem, _)| !stem.ends_with("-superseded")).filter_map(first_end).collect()
}

/// How often is looked: with the refresh of trust, but neither in a rush nor after a nap.
const SHORTEST_PACE: Duration = Duration::from_secs(1);
const LONGEST_PACE: Duration = Duration::from_mins(1);
/// How often a list that stays unsigned is told of.
const TELLING: Duration = Duration::from_hours(1);
