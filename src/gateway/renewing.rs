//! A client renews its own key: it asks with the old one, for the new one, and is the same client
//! afterwards, for every grant it was given.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use serde::{Deserialize, Serialize};

use super::clients::{issued, unfit};
use super::node::{Node, unavailable};
use super::party::client_of;
use crate::audit::{Entry, EntryKind};
use crate::base::{Code, Timestamp, limits};
use crate::crypto::Digest;
use crate::exchange::{MOST_RENEWALS, Renewal};
use crate::http::{Problem, StrictJson};
use crate::identity::{Caller, Client, Role};
use crate::pki::{CLIENT_LIFE, ClientCsr};
use crate::store::{ClientRow, Effect, RenewalRow};

/// What a client sends to renew its key.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RenewalOrder {
    /// The request for a certificate of the new key, PEM, signed by the new key.
    pub request: String,
    /// The old key's statement that the new one follows it ([`Renewal`]).
    pub proof: String,
}

/// `POST /v1/clients/{id}/renew`, by the client itself.
pub(super) async fn renew(
    State(node): State<Arc<Node>>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    StrictJson { value, .. }: StrictJson<RenewalOrder>,
) -> Result<Response, Problem> {
    let client = client_of(&caller)?;
    if client.id().as_str() != id {
        return Err(Problem::new(Code::RoleNotAllowed)
            .with_detail("a client renews its own key, with its own key"));
    }
    node.demand_clock()?;
    node.renew_client(client, value).await
}

impl Node {
    async fn renew_client(
        self: &Arc<Self>,
        client: &Client,
        order: RenewalOrder,
    ) -> Result<Response, Problem> {
        let now = self.now();
        let (name, old) = (client.name(), client.key().spki_digest());
        let asked = ClientCsr::read(&order.request).map_err(|error| unfit(&error))?;
        let wrong = |pointer: &str, what: &str| {
            Problem::new(Code::ValidationFailed).with_error(pointer, what)
        };
        if asked.name != *name {
            return Err(wrong("/request", "it asks for another name than the client's own"));
        }
        let new = asked.key.spki_digest();
        if self.clients.knows(new) {
            return Err(wrong("/request", "the key is in use already: renewing takes a new one"));
        }
        Renewal::open(&order.proof, name, client.key(), new)
            .map_err(|_| wrong("/proof", "the old key does not state that this one follows it"))?;
        let row = self.registered(client).await?;
        if self.renewals_of(old, now).await?.len() >= MOST_RENEWALS {
            return Err(Problem::new(Code::StateConflict)
                .with_detail("the key was renewed too often of late: grants could not follow"));
        }
        let certificate = self.issue_client(&order.request, name, CLIENT_LIFE, now)?;
        let mut entry = Entry::new(EntryKind::ClientChanged, now, client.actor());
        entry.reference = Some(format!("renewed {name}"));
        entry.document_sha256 = Some(certificate.digest());
        let renewal = RenewalRow { spki: new, previous: old, proof: order.proof, created: now };
        let effects = vec![
            Effect::RenewClient(renewal),
            Effect::PutClient(ClientRow { spki: new, created: now, ..row }),
        ];
        let audit_index = self.change_clients(effects, entry).await?;
        Ok(Json(issued(name, &certificate, audit_index)).into_response())
    }

    /// The client's row; one that was certified on files and never registered has none to renew.
    async fn registered(&self, client: &Client) -> Result<ClientRow, Problem> {
        let row = self.store.client(client.key().spki_digest()).await;
        let row = row.map_err(|error| unavailable(&error))?;
        let is_own =
            |row: &ClientRow| row.id == *client.id() && row.role == client.role().to_string();
        row.filter(is_own).ok_or_else(|| Problem::new(Code::IntendedUseNotRegistered))
    }

    /// How the key `spki` followed earlier ones, newest first, as far back as a grant can live.
    async fn renewals_of(&self, spki: Digest, now: Timestamp) -> Result<Vec<RenewalRow>, Problem> {
        let mut renewals: Vec<RenewalRow> = Vec::new();
        while renewals.len() < MOST_RENEWALS {
            let key = renewals.last().map_or(spki, |renewal| renewal.previous);
            let found = self.store.renewal_to(key).await.map_err(|error| unavailable(&error))?;
            match found.filter(|row| now.since(row.created) < limits::GRANT_LIFE) {
                Some(renewal) => renewals.push(renewal),
                None => break,
            }
        }
        Ok(renewals)
    }

    /// The keys from which `spki` was renewed, as far back as a grant can live.
    pub(super) async fn earlier_keys(
        &self,
        spki: Digest,
        now: Timestamp,
    ) -> Result<Vec<Digest>, Problem> {
        let renewals = self.renewals_of(spki, now).await?;
        Ok(renewals.into_iter().map(|renewal| renewal.previous).collect())
    }

    /// The renewals that a registration of `client` tells of: only who is given grants has any use
    /// for them.
    pub(super) async fn stated_renewals(
        &self,
        client: &Client,
        now: Timestamp,
    ) -> Result<Vec<String>, Problem> {
        match client.role() {
            Role::Business | Role::Intermediary => {
                let renewals = self.renewals_of(client.key().spki_digest(), now).await?;
                Ok(renewals.into_iter().map(|renewal| renewal.proof).collect())
            }
            _ => Ok(Vec::new()),
        }
    }
}
