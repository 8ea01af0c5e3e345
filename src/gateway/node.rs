//! The node: everything that the routes of one gateway share. Each field has one owner; routes
//! only read, and change things through the store.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::keys::Keys;
use super::outbound::Outbound;
use super::standing::ClientBook;
use super::status::StatusLists;
use super::timekeeping::{Agreement, Timekeeper};
use super::trust_feed::TrustFeed;
use super::witnessing::WitnessDesk;
use crate::audit::{Entry, Pending, Receipt};
use crate::base::{Code, MemberId, SystemEntropy, Timestamp};
use crate::exchange::{RegisteredUse, Registration};
use crate::http::{Problem, Representations};
use crate::identity::Client;
use crate::licence::LicenceType;
use crate::store::{ClientState, CommitError, Effect, Store, StoreError};
use crate::telemetry::{KeyEnd, Telemetry};

/// What a gateway is configured with.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The member it is.
    pub member: MemberId,
    /// Where keys, database and trust are kept.
    pub data_dir: PathBuf,
    /// Addresses of the federation, public and operator listeners.
    pub listen: [SocketAddr; 3],
    /// Origin of the federation listener.
    pub federation_origin: String,
    /// Origin of the public listener.
    pub public_origin: String,
    /// Origin of the hub's federation listener.
    pub hub_origin: String,
    /// Time between two refreshes of trust.
    pub refresh: Duration,
    /// Whether news is followed by streams and orders are carried on at once; without it news comes
    /// by polling alone.
    pub push: bool,
    /// Whether members may have loopback and private addresses.
    pub allow_private_addresses: bool,
}

/// One gateway.
pub(crate) struct Node {
    pub(crate) settings: Settings,
    pub(crate) time: Timekeeper,
    pub(crate) entropy: SystemEntropy,
    pub(crate) keys: Keys,
    pub(crate) store: Store,
    pub(crate) trust: TrustFeed,
    pub(crate) witness_desk: WitnessDesk,
    pub(crate) clients: ClientBook,
    /// The ends of the certificates that were in the key folder at the start.
    pub(crate) certificate_ends: Vec<KeyEnd>,
    pub(crate) outbound: Outbound,
    pub(crate) statuses: StatusLists,
    pub(crate) representations: Representations,
    pub(crate) telemetry: Arc<Telemetry>,
}

impl Node {
    /// The present instant.
    pub(crate) fn now(&self) -> Timestamp {
        self.time.now()
    }

    /// Refuses to sign what would carry a time that cannot be trusted.
    pub(crate) fn demand_clock(&self) -> Result<(), Problem> {
        match self.time.agreement() {
            Agreement::Agrees => Ok(()),
            Agreement::Disagrees => Err(Problem::new(Code::NotReady).with_detail(
                "this gateway's clock and the hub's differ by more than five minutes: \
                 nothing is signed until they agree",
            )),
        }
    }

    /// Makes `effects` and the entry durable together, or tells the caller why not.
    pub(crate) async fn commit(
        &self,
        effects: Vec<Effect>,
        entry: Entry,
    ) -> Result<Receipt, Problem> {
        self.commit_pending(effects, Pending::new(entry, &self.entropy)).await
    }

    /// As [`Self::commit`], for an entry that something is pledged to.
    pub(crate) async fn commit_pending(
        &self,
        effects: Vec<Effect>,
        pending: Pending,
    ) -> Result<Receipt, Problem> {
        let began = std::time::Instant::now();
        let outcome = self.store.commit(effects, pending).await;
        self.telemetry.audit_committed(began.elapsed());
        match outcome {
            Ok(receipt) => {
                self.telemetry.audit_has_leaves(receipt.index() + 1);
                Ok(receipt)
            }
            Err(CommitError::Refused { code, .. }) => Err(problem_of(code)),
            Err(CommitError::Store(error)) => Err(unavailable(&error)),
        }
    }

    /// Puts a refusal on the record and gives it back.
    pub(crate) async fn refuse(
        &self,
        entry: Entry,
        effects: Vec<Effect>,
        problem: Problem,
    ) -> Problem {
        match self.commit(effects, entry.refused(problem.code())).await {
            Ok(_) => problem,
            Err(other) => other,
        }
    }

    /// What this province's register of clients says of `client`.
    pub(crate) async fn registration_of(&self, client: &Client) -> Result<Registration, Problem> {
        let row = self
            .store
            .client(client.key().spki_digest())
            .await
            .map_err(|error| unavailable(&error))?
            .ok_or_else(|| Problem::new(Code::IntendedUseNotRegistered))?;
        // The registration is of one client in one role; a key that was registered as another's
        // says nothing of this one.
        if row.id != *client.id() || row.role != client.role().to_string() {
            return Err(Problem::new(Code::IntendedUseNotRegistered));
        }
        if row.state != ClientState::Active {
            return Err(Problem::new(Code::ClientSuspended));
        }
        let details: ClientDetails =
            serde_json::from_str(&row.intended_uses).map_err(|_| Problem::new(Code::Internal))?;
        let now = self.now();
        Ok(Registration {
            iss: self.settings.member,
            iat: now.into(),
            exp: now.into(),
            id: row.id.to_string(),
            role: row.role,
            name: row.name,
            contact: details.contact,
            spki_sha256: row.spki,
            uses: details.uses,
            renewals: Vec::new(),
        })
    }
}

/// What is kept of a client beside its key and name.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub(crate) struct ClientDetails {
    /// How a holder reaches it.
    pub(crate) contact: String,
    /// What it may ask for.
    pub(crate) uses: Vec<RegisteredUse>,
}

/// An identifier as it may stand in the log: only when it is one. The log is no place for whatever
/// a caller writes into a member.
pub(crate) fn named<T: std::str::FromStr + std::fmt::Display>(text: &str) -> Option<String> {
    text.parse::<T>().ok().map(|identifier| identifier.to_string())
}

/// The names of claims that some licence has; others are no claims, and are not written down.
pub(crate) fn known_claims(names: &[String]) -> Vec<String> {
    let is_known = |name: &&String| {
        LicenceType::ALL.iter().any(|kind| crate::licence::field(*kind, name).is_some())
    };
    names.iter().filter(is_known).take(MOST_CLAIMS).cloned().collect()
}

/// More than any licence has.
const MOST_CLAIMS: usize = 64;

/// A refusal by the store, which knows codes of several layers.
pub(crate) fn problem_of(code: Code) -> Problem {
    match code {
        // A nonce of a consent that was spent: the holder must be asked anew.
        Code::HolderReplay => Problem::new(Code::HolderSignatureInvalid),
        code => Problem::new(code),
    }
}

/// The store cannot answer: nothing is disclosed.
pub(crate) fn unavailable(error: &StoreError) -> Problem {
    tracing::error!(%error, "the store cannot answer");
    match error {
        StoreError::Overloaded => Problem::new(Code::Overloaded),
        _ => Problem::new(Code::AuditUnavailable),
    }
}
