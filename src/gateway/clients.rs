//! The life of a client at its gateway: invited, asked for, approved, suspended, brought back,
//! revoked. The client's own renewal is in [`renewing`](super::renewing).

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::issuing::validation;
use super::keys::KeyFolder;
use super::node::{ClientDetails, Node, unavailable};
use super::operating::{ClientOrder, read};
use super::proposing::{Proposed, approval, listed, second_person};
use super::standing::name_digest;
use crate::audit::{Entry, EntryKind};
use crate::base::{ClientId, Code, Timestamp};
use crate::crypto::x509::Certificate;
use crate::crypto::{Digest, json as canonical};
use crate::exchange::{InvitationKey, RegisteredUse};
use crate::http::Problem;
use crate::identity::{Client, ClientName, Role};
use crate::pki::{CLIENT_LIFE, ClientCsr, Period, PkiError, certificate_pem};
use crate::store::{ClientRow, ClientState, Effect, Persons, ProposalState};

/// A client's application as its operators file it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApplicationOrder {
    /// The one-time code that the client was invited with.
    pub code: String,
    /// Its request for a certificate, PEM.
    pub request: String,
    /// Its name.
    pub name: String,
    /// How a holder reaches it.
    pub contact: String,
    /// What it may ask for.
    pub uses: Vec<RegisteredUse>,
}

/// An application that waits to be approved.
#[derive(Serialize, Deserialize)]
struct KeptApplication {
    client: String,
    request: String,
    name: String,
    contact: String,
    uses: Vec<RegisteredUse>,
}

/// A client by its name.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NameOrder {
    role: Role,
    id: ClientId,
    /// One of its keys; all of them when none is named.
    spki_sha256: Option<Digest>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ApprovalOrder {
    /// The key, as its holder read it over a second channel.
    spki_sha256: Digest,
    /// Days until the certificate ends; a year when none are named.
    life_days: Option<u32>,
}

impl Node {
    /// The commands that begin with `client-`, but for registering; `None` for another.
    pub(super) async fn client_command(
        self: &Arc<Self>,
        command: &str,
        operator: &Client,
        value: Value,
    ) -> Option<Result<Response, Problem>> {
        Some(match command {
            "client-invite" => self.invite(operator, value).await,
            "client-request" => self.file_application(operator, value).await,
            "client-approve" => self.approve_application(operator, value).await,
            "client-list" => self.list_clients().await,
            "client-suspend" => self.stop_client(operator, value, ClientState::Suspended).await,
            "client-revoke" => self.stop_client(operator, value, ClientState::Withdrawn).await,
            "client-resume" => self.resume_client(operator, value).await,
            _ => return None,
        })
    }

    async fn invite(&self, operator: &Client, value: Value) -> Result<Response, Problem> {
        let order: NameOrder = read(value)?;
        let now = self.now();
        let name = self.name_of(order.role, order.id);
        let code = self.invitations().invite(&name, now, &self.entropy);
        let mut entry = Entry::new(EntryKind::ClientChanged, now, operator.actor());
        entry.reference = Some(format!("invited {name}"));
        let audit_index = self.commit(Vec::new(), entry).await?.index();
        let told = json!({ "client": name.to_string(), "code": code, "audit_index": audit_index });
        Ok(Json(told).into_response())
    }

    async fn file_application(&self, operator: &Client, value: Value) -> Result<Response, Problem> {
        let order: ApplicationOrder = read(value)?;
        let now = self.now();
        let asked = ClientCsr::read(&order.request).map_err(|error| unfit(&error))?;
        if asked.name.division != self.settings.member.division() {
            return Err(Problem::new(Code::ValidationFailed)
                .with_error("/request", "it asks for a client of another province"));
        }
        let ends = self
            .invitations()
            .check(&order.code, &asked.name, now)
            .map_err(|refusal| validation("/code", &refusal))?;
        let spki = asked.key.spki_digest();
        if self.clients.knows(spki) {
            return Err(Problem::new(Code::StateConflict).with_detail(
                "the key is a client's already: an application is made with a new one",
            ));
        }
        self.demand_not_suspended(&asked.name)?;
        self.check_statutory_uses(asked.name.role, &order.uses)?;
        let code = Digest::of(&order.code).to_string();
        let spend =
            Effect::SpendRequest { issuer: INVITATION.to_owned(), jti: code, expires: ends };
        let told = json!({
            "client": asked.name.to_string(), "spki_sha256": spki,
            "persons": if persons(asked.name.role) == Persons::One { 1 } else { 2 },
        });
        let kept = KeptApplication {
            client: asked.name.to_string(),
            request: order.request,
            name: order.name,
            contact: order.contact,
            uses: order.uses,
        };
        let name = spki.to_string();
        let digest = Some(spki);
        let proposed = Proposed { kind: APPLICATION, name: &name, document: &kept, digest };
        self.propose(operator, proposed, vec![spend], told).await
    }

    async fn approve_application(
        self: &Arc<Self>,
        operator: &Client,
        value: Value,
    ) -> Result<Response, Problem> {
        let order: ApprovalOrder = read(value)?;
        let row = self.waiting(APPLICATION, &order.spki_sha256.to_string()).await?;
        let kept: KeptApplication =
            serde_json::from_str(&row.document).map_err(|_| Problem::new(Code::Internal))?;
        let name: ClientName = kept.client.parse().map_err(|_| Problem::new(Code::Internal))?;
        self.demand_not_suspended(&name)?;
        let now = self.now();
        let life = match order.life_days {
            None => CLIENT_LIFE,
            Some(days) => Duration::from_hours(24 * u64::from(days)),
        };
        let certificate = self.issue_client(&kept.request, &name, life, now)?;
        let details = ClientDetails { contact: kept.contact, uses: kept.uses };
        let client = self.client_row(&name, order.spki_sha256, kept.name, &details, now)?;
        let mut entry = Entry::new(EntryKind::ChangeApproved, now, operator.actor());
        entry.reference = Some(format!("client {name}"));
        entry.document_sha256 = Some(certificate.digest());
        let effects =
            vec![approval(operator, &row, persons(name.role), now), Effect::PutClient(client)];
        let audit_index = self.change_clients(effects, entry).await.map_err(second_person)?;
        Ok(Json(issued(&name, &certificate, audit_index)).into_response())
    }

    /// Suspends or revokes at once, as one operator may: cheap to stop.
    async fn stop_client(
        self: &Arc<Self>,
        operator: &Client,
        value: Value,
        state: ClientState,
    ) -> Result<Response, Problem> {
        let order: NameOrder = read(value)?;
        let now = self.now();
        let name = self.name_of(order.role, order.id.clone());
        let role = order.role.to_string();
        let mut effects = Vec::new();
        // A key that was certified on files has no row; and the name as such has one from its first
        // suspension on, so that no other certificate in it serves either.
        let key = order.spki_sha256.unwrap_or_else(|| name_digest(&role, &order.id));
        if !self.clients.knows(key) {
            let details = ClientDetails { contact: String::new(), uses: Vec::new() };
            let text = order.id.to_string();
            effects.push(Effect::PutClient(self.client_row(&name, key, text, &details, now)?));
        }
        let spki = order.spki_sha256;
        effects.push(Effect::SetClientState { role, id: order.id, spki, state });
        let mut entry = Entry::new(EntryKind::ClientChanged, now, operator.actor());
        entry.reference = Some(format!("{} {name}", state.as_str().to_lowercase()));
        let audit_index = self.change_clients(effects, entry).await?;
        let told = json!({
            "client": name.to_string(), "state": state.as_str(), "audit_index": audit_index,
        });
        Ok(Json(told).into_response())
    }

    /// Lets a suspended client act again: dear to restore, so that for all but businesses another
    /// operator must agree.
    async fn resume_client(
        self: &Arc<Self>,
        operator: &Client,
        value: Value,
    ) -> Result<Response, Problem> {
        let order: NameOrder = read(value)?;
        let now = self.now();
        let name = self.name_of(order.role, order.id.clone());
        let role = order.role.to_string();
        if self.clients.state_of_name(&role, &order.id) != Some(ClientState::Suspended) {
            return Err(Problem::new(Code::StateConflict)
                .with_detail("the client is not suspended; what was revoked asks anew"));
        }
        let mut entry = Entry::new(EntryKind::ClientChanged, now, operator.actor());
        entry.reference = Some(format!("resumed {name}"));
        let state = ClientState::Active;
        let set = Effect::SetClientState { role, id: order.id, spki: None, state };
        let mut effects = Vec::new();
        if persons(name.role) == Persons::Two {
            let text = name.to_string();
            match self.proposal(RETURN, &text).await? {
                Some(row) if row.state == ProposalState::Proposed && row.ends > now => {
                    effects.push(approval(operator, &row, Persons::Two, now));
                }
                _ => {
                    let told = json!({ "client": text });
                    let document = &json!({});
                    let proposed = Proposed { kind: RETURN, name: &text, document, digest: None };
                    return self.propose(operator, proposed, Vec::new(), told).await;
                }
            }
        }
        effects.push(set);
        let audit_index = self.change_clients(effects, entry).await.map_err(second_person)?;
        let told = json!({
            "client": name.to_string(), "state": state.as_str(), "audit_index": audit_index,
        });
        Ok(Json(told).into_response())
    }

    /// Registers a client that was certified on files, with its uses. All but businesses take two
    /// operators here as well: the same order, sent by another, is the approval.
    pub(super) async fn register_client(
        self: &Arc<Self>,
        operator: &Client,
        order: ClientOrder,
    ) -> Result<Response, Problem> {
        let now = self.now();
        let role: Role = order.role.parse().map_err(|error| validation("/role", &error))?;
        self.check_statutory_uses(role, &order.uses)?;
        let name = self.name_of(role, order.id.clone());
        // What takes two persons to give back is not given back by registering another key.
        if !matches!(
            self.clients.state_of_name(&order.role, &name.id),
            None | Some(ClientState::Active)
        ) {
            return Err(Problem::new(Code::StateConflict)
                .with_detail("the client is suspended or was revoked"));
        }
        let mut effects = Vec::new();
        if persons(role) == Persons::Two {
            let text = canonical::canonical(&order).map_err(|_| Problem::new(Code::Internal))?;
            let digest = Digest::of(text);
            let id = digest.to_string();
            match self.proposal(REGISTRATION, &id).await? {
                Some(row) if row.state == ProposalState::Proposed && row.ends > now => {
                    effects.push(approval(operator, &row, Persons::Two, now));
                }
                _ => {
                    let told = json!({ "client": name.to_string() });
                    let digest = Some(digest);
                    let proposed =
                        Proposed { kind: REGISTRATION, name: &id, document: &order, digest };
                    return self.propose(operator, proposed, Vec::new(), told).await;
                }
            }
        }
        let details = ClientDetails { contact: order.contact, uses: order.uses };
        let row = self.client_row(&name, order.spki_sha256, order.name, &details, now)?;
        let mut entry = Entry::new(EntryKind::ClientChanged, now, operator.actor());
        entry.reference = Some(row.id.to_string());
        effects.push(Effect::PutClient(row));
        let audit_index = self.change_clients(effects, entry).await.map_err(second_person)?;
        Ok(Json(json!({ "audit_index": audit_index })).into_response())
    }

    async fn list_clients(&self) -> Result<Response, Problem> {
        let rows = self.store.clients().await.map_err(|error| unavailable(&error))?;
        let mut clients = Vec::new();
        for row in rows {
            let is_name = row.spki == name_digest(&row.role, &row.id);
            let renewal =
                self.store.renewal_to(row.spki).await.map_err(|error| unavailable(&error))?;
            clients.push(json!({
                "id": row.id, "role": row.role, "name": row.name, "state": row.state.as_str(),
                "spki_sha256": (!is_name).then_some(row.spki),
                "renewed_from": renewal.map(|renewal| renewal.previous),
                "created": row.created.whole_seconds(),
            }));
        }
        let rows = self.store.proposals(APPLICATION).await.map_err(|error| unavailable(&error))?;
        let now = self.now();
        let mut applications = Vec::new();
        for row in rows.iter().filter(|row| row.state == ProposalState::Proposed) {
            let kept: KeptApplication =
                serde_json::from_str(&row.document).map_err(|_| Problem::new(Code::Internal))?;
            let mut told = listed(row, now);
            told["client"] = json!(kept.client);
            told["name"] = json!(kept.name);
            told["uses"] = json!(kept.uses);
            told["spki_sha256"] = json!(row.id.rsplit(':').next());
            applications.push(told);
        }
        Ok(Json(json!({ "clients": clients, "applications": applications })).into_response())
    }

    /// Makes the certificate of a request, where the authority's key lies at this gateway.
    pub(super) fn issue_client(
        &self,
        request: &str,
        name: &ClientName,
        life: Duration,
        now: Timestamp,
    ) -> Result<Certificate, Problem> {
        let folder = KeyFolder::of(&self.settings.data_dir);
        let authority = folder.authority(&format!("client-ca-{}", name.role)).map_err(|error| {
            tracing::warn!(%error, role = %name.role, "no authority for clients of a role");
            Problem::new(Code::StateConflict).with_detail(
                "the key of the authority for this role is not at this gateway: issue the \
                 certificate on files, with hutong client approve",
            )
        })?;
        if life.is_zero() {
            return Err(Problem::new(Code::ValidationFailed).with_error("/life_days", "none"));
        }
        authority
            .issue_client_for(request, name, Period::from_now(now, life))
            .map_err(|error| unfit(&error))
    }

    /// Commits a change of clients and enters it in the book, both or neither: a task of its own
    /// goes on when the operator's connection does not.
    pub(super) async fn change_clients(
        self: &Arc<Self>,
        effects: Vec<Effect>,
        entry: Entry,
    ) -> Result<u64, Problem> {
        let node = Arc::clone(self);
        let work = tokio::spawn(async move {
            let _order = node.clients.changing.lock().await;
            let receipt = node.commit(effects.clone(), entry).await?;
            for effect in effects {
                match effect {
                    Effect::PutClient(row) => node.clients.put(row),
                    Effect::SetClientState { role, id, spki, state } => {
                        node.clients.set_state((&role, &id), spki, state);
                    }
                    _ => {}
                }
            }
            Ok(receipt.index())
        });
        work.await.map_err(|_| Problem::new(Code::Internal))?
    }

    /// Nobody comes back in a suspended name by another key.
    pub(super) fn demand_not_suspended(&self, name: &ClientName) -> Result<(), Problem> {
        match self.clients.state_of_name(&name.role.to_string(), &name.id) {
            Some(ClientState::Suspended) => Err(Problem::new(Code::StateConflict)
                .with_detail("the client is suspended: resume it, or revoke it first")),
            _ => Ok(()),
        }
    }

    pub(super) fn client_row(
        &self,
        name: &ClientName,
        spki: Digest,
        text: String,
        details: &ClientDetails,
        now: Timestamp,
    ) -> Result<ClientRow, Problem> {
        Ok(ClientRow {
            id: name.id.clone(),
            role: name.role.to_string(),
            division: self.settings.member.division(),
            spki,
            name: text,
            intended_uses: serde_json::to_string(details)
                .map_err(|_| Problem::new(Code::Internal))?,
            state: ClientState::Active,
            created: now,
        })
    }

    fn name_of(&self, role: Role, id: ClientId) -> ClientName {
        ClientName { division: self.settings.member.division(), role, id }
    }

    fn invitations(&self) -> InvitationKey {
        InvitationKey::new(&self.keys.nonce_secret)
    }
}

/// A certificate as it is handed back.
pub(super) fn issued(name: &ClientName, certificate: &Certificate, audit_index: u64) -> Value {
    json!({
        "client": name.to_string(), "certificate": certificate_pem(certificate),
        "spki_sha256": certificate.spki_digest(), "ends": certificate.not_after(),
        "audit_index": audit_index,
    })
}

/// What is wrong with a request is its sender's to mend; everything else is ours.
pub(super) fn unfit(error: &PkiError) -> Problem {
    match error.code() {
        Code::ValidationFailed => validation("/request", error),
        _ => Problem::new(Code::Internal),
    }
}

/// A business is let in by one operator; whoever sees more, or decides, by two.
const fn persons(role: Role) -> Persons {
    match role {
        Role::Business => Persons::One,
        _ => Persons::Two,
    }
}

const APPLICATION: &str = "client";
const REGISTRATION: &str = "client-registration";
const RETURN: &str = "client-return";
/// Among whose identifiers the used codes are remembered.
const INVITATION: &str = "client invitation";
