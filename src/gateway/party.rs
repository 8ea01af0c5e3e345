//! Who asks, however the request came: a client of this province directly, or a client of another
//! province through its gateway. From here on both are one.

use axum::http::HeaderMap;

use super::asking::{CLIENT_REQUEST_HEADER, REQUEST_HEADER, own_request_digest};
use super::node::Node;
use crate::audit::Actor;
use crate::base::{Code, MemberId, Timestamp};
use crate::crypto::Digest;
use crate::exchange::{
    AnswerDraft, Arrival, Basis, CallerStatement, ClientRequest, Officer, Registration, Request,
};
use crate::http::Problem;
use crate::identity::{Caller, Client, Role};
use crate::store::Effect;
use crate::trust::{ServiceKind, Snapshot};

/// A client with everything that was verified about it.
#[derive(Clone, Debug)]
pub(super) struct Party {
    /// The province whose client it is.
    pub(super) member: MemberId,
    /// Its role.
    pub(super) role: Role,
    /// Its identifier.
    pub(super) id: String,
    /// SHA-256 of its key.
    pub(super) spki: Digest,
    /// What its province's registrar states of it.
    pub(super) registration: Registration,
    /// The keys from which its key was renewed, each as the one before it stated.
    pub(super) renewed_from: Vec<Digest>,
    /// Whether it signed the request itself.
    pub(super) assurance: Assurance,
    /// The ground it names.
    pub(super) basis: Basis,
    /// The officer behind it.
    pub(super) officer: Option<Officer>,
    /// The digest by which both sides log the request.
    pub(super) request_sha256: Digest,
    /// What the request spends when it is decided.
    pub(super) spends: Vec<Effect>,
}

/// How sure the answering gateway is of the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Assurance {
    /// The client's own key signed this request.
    ClientSigned,
    /// Only its gateway vouches for it.
    GatewayVouched,
}

impl Party {
    /// The actor of audit entries.
    pub(super) fn actor(&self, own: MemberId) -> Actor {
        Actor {
            member: (self.member != own).then_some(self.member),
            role: self.role.to_string(),
            id: self.id.clone(),
            spki_sha256: Some(self.spki),
        }
    }

    /// The answer of `own` to this request, still to be filled and signed.
    pub(super) const fn draft(&self, own: MemberId) -> AnswerDraft {
        AnswerDraft { iss: own, aud: self.member, request_sha256: self.request_sha256 }
    }

    /// Refuses a request that its client did not sign.
    pub(super) fn demand_signature(&self) -> Result<(), Problem> {
        match self.assurance {
            Assurance::ClientSigned => Ok(()),
            Assurance::GatewayVouched => Err(Problem::new(Code::ClientSignatureRequired)),
        }
    }
}

/// What a client of this province names beside its body.
#[derive(Clone, Debug)]
pub(super) struct Ground {
    /// The ground.
    pub(super) basis: Basis,
    /// The officer.
    pub(super) officer: Option<Officer>,
}

impl Node {
    /// The party behind a request of one of this province's own clients.
    pub(super) async fn own_party(
        &self,
        client: &Client,
        headers: &HeaderMap,
        body: &[u8],
        ground: Ground,
        now: Timestamp,
    ) -> Result<Party, Problem> {
        let own = self.settings.member;
        let mut registration = self.registration_of(client).await?;
        registration.renewals = self.stated_renewals(client, now).await?;
        let renewed_from = registration.renewed_from().map_err(|_| Problem::new(Code::Internal))?;
        let client_request = header(headers, CLIENT_REQUEST_HEADER)?;
        let spki = client.key().spki_digest();
        let mut spends = Vec::new();
        let assurance = match client_request {
            Some(token) => {
                let signed = ClientRequest::open(token, spki, own, body, now)
                    .map_err(|refusal| Problem::new(refusal.code()))?;
                spends.push(spend(format!("client:{spki}"), signed.jti, signed.exp.instant()));
                Assurance::ClientSigned
            }
            None => Assurance::GatewayVouched,
        };
        Ok(Party {
            member: own,
            role: client.role(),
            id: client.id().to_string(),
            spki,
            registration,
            renewed_from,
            assurance,
            basis: ground.basis,
            officer: ground.officer,
            request_sha256: own_request_digest(client_request, body),
            spends,
        })
    }
}

impl Party {
    /// The party behind a request that another gateway sent.
    pub(super) fn arrived(
        snapshot: &Snapshot,
        arrival: Arrival<'_>,
        headers: &HeaderMap,
        now: Timestamp,
    ) -> Result<Self, Problem> {
        let refuse = Problem::new;
        let unsigned = || Problem::new(Code::RequestSignatureInvalid);
        if !snapshot.is_in_force(arrival.peer, now) || !snapshot.is_in_force(arrival.own, now) {
            return Err(Problem::new(Code::TrustListStale));
        }
        let token = header(headers, REQUEST_HEADER)?.ok_or_else(unsigned)?;
        let keys = snapshot.keys(arrival.peer, ServiceKind::GatewaySigning);
        let request =
            Request::open(token, arrival, keys, now).map_err(|refusal| refuse(refusal.code()))?;
        let statement = request.caller().ok_or_else(unsigned)?.clone();
        let registrars = snapshot.keys(arrival.peer, ServiceKind::Registrar);
        let registration =
            Registration::open(&statement.registration, arrival.peer, registrars, now)
                .map_err(|refusal| refuse(refusal.code()))?;
        check_statement(&statement, &registration)?;
        let renewed_from = registration.renewed_from().map_err(|refusal| refuse(refusal.code()))?;
        let issuer = arrival.peer.to_string();
        let mut spends = vec![spend(issuer, request.jti().to_owned(), request.expires())];
        let assurance = match header(headers, CLIENT_REQUEST_HEADER)? {
            Some(token) => {
                let spki = statement.spki_sha256;
                let signed = ClientRequest::open(token, spki, arrival.own, arrival.body, now)
                    .map_err(|refusal| refuse(refusal.code()))?;
                spends.push(spend(format!("client:{spki}"), signed.jti, signed.exp.instant()));
                Assurance::ClientSigned
            }
            None => Assurance::GatewayVouched,
        };
        let role: Role = statement.role.parse().map_err(|_| refuse(Code::RoleNotAllowed))?;
        Ok(Self {
            member: arrival.peer,
            role,
            id: statement.id,
            spki: statement.spki_sha256,
            registration,
            renewed_from,
            assurance,
            basis: request.basis().clone(),
            officer: request.officer().cloned(),
            request_sha256: request.sha256(),
            spends,
        })
    }
}

/// The client behind a caller, or the 403 of every other.
pub(super) fn client_of(caller: &Caller) -> Result<&Client, Problem> {
    caller.client().ok_or_else(|| Problem::new(Code::RoleNotAllowed))
}

/// The client behind a caller, when its role is one of `roles`.
pub(super) fn client_in<'c>(caller: &'c Caller, roles: &[Role]) -> Result<&'c Client, Problem> {
    let client = client_of(caller)?;
    if roles.contains(&client.role()) {
        Ok(client)
    } else {
        Err(Problem::new(Code::RoleNotAllowed))
    }
}

/// A header that stands at most once, as text.
pub(super) fn header<'h>(headers: &'h HeaderMap, name: &str) -> Result<Option<&'h str>, Problem> {
    let invalid = || Problem::new(Code::RequestSignatureInvalid);
    let mut values = headers.get_all(name).iter();
    let Some(value) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        return Err(invalid());
    }
    value.to_str().map(Some).map_err(|_| invalid())
}

/// What a gateway says of a client must be what its registrar says.
fn check_statement(
    statement: &CallerStatement,
    registration: &Registration,
) -> Result<(), Problem> {
    let agrees = registration.id == statement.id
        && registration.role == statement.role
        && registration.spki_sha256 == statement.spki_sha256;
    if agrees { Ok(()) } else { Err(Problem::new(Code::RequestSignatureInvalid)) }
}

const fn spend(issuer: String, jti: String, expires: Timestamp) -> Effect {
    Effect::SpendRequest { issuer, jti, expires }
}
