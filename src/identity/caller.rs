//! The outcome of identification, and whether its standing lets it be served.

use super::name::ClientName;
use super::role::Role;
use crate::audit::Actor;
use crate::base::{ClientId, Code, Division, MemberId};
use crate::crypto::{Digest, PublicKey};
use crate::trust::ServiceStatus;

/// Who is calling.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Caller {
    /// A client of this node.
    Client(Client),
    /// The hub that the root names.
    Hub,
    /// Another province's gateway.
    Member {
        /// Which.
        id: MemberId,
        /// The worse of its membership's and its key's status.
        status: ServiceStatus,
    },
}

/// A client of this node, by its certificate. Only [`identify`](super::identify) makes one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Client {
    name: ClientName,
    key: PublicKey,
    certificate: Digest,
    status: ServiceStatus,
}

impl Caller {
    /// Whether it may be served at all, or the code of the 403 that tells why not.
    ///
    /// A known caller passes the handshake even when it is suspended, because a refusal in TLS
    /// 1.3 often does not reach the other side.
    pub const fn standing(&self) -> Result<(), Code> {
        match self {
            Self::Hub
            | Self::Client(Client { status: ServiceStatus::Granted, .. })
            | Self::Member { status: ServiceStatus::Granted, .. } => Ok(()),
            Self::Client(_) => Err(Code::ClientSuspended),
            Self::Member { status: ServiceStatus::Staged, .. } => Err(Code::MemberStaged),
            Self::Member { status: ServiceStatus::Suspended, .. } => Err(Code::MemberSuspended),
            Self::Member { status: ServiceStatus::Withdrawn, .. } => Err(Code::MemberWithdrawn),
        }
    }

    /// Whether it is let in at all. A member that is suspended is, to read the documents of trust:
    /// they are no secret, and by them it learns that it was restored.
    pub const fn admission(&self) -> Result<(), Code> {
        match self.standing() {
            Err(Code::MemberSuspended) => Ok(()),
            other => other,
        }
    }

    /// Its standing on an operator listener, where operators alone are served.
    pub fn operator_standing(&self) -> Result<(), Code> {
        self.standing()?;
        match self.client() {
            Some(client) if client.role() == Role::Operator => Ok(()),
            _ => Err(Code::RoleNotAllowed),
        }
    }

    /// The client, when it is one.
    #[must_use]
    pub const fn client(&self) -> Option<&Client> {
        match self {
            Self::Client(client) => Some(client),
            Self::Hub | Self::Member { .. } => None,
        }
    }

    /// The member, when it is one.
    #[must_use]
    pub const fn member(&self) -> Option<MemberId> {
        match self {
            Self::Member { id, .. } => Some(*id),
            Self::Client(_) | Self::Hub => None,
        }
    }
}

impl Client {
    pub(super) const fn new(
        name: ClientName,
        key: PublicKey,
        certificate: Digest,
        status: ServiceStatus,
    ) -> Self {
        Self { name, key, certificate, status }
    }

    /// It as the actor of an entry in the log of its own province's node.
    #[must_use]
    pub fn actor(&self) -> Actor {
        Actor {
            member: None,
            role: self.role().to_string(),
            id: self.id().to_string(),
            spki_sha256: Some(self.key.spki_digest()),
        }
    }

    /// Its full name, by which quotas and entries of the audit log are kept.
    #[must_use]
    pub const fn name(&self) -> &ClientName {
        &self.name
    }

    /// The division of the node it is a client of.
    #[must_use]
    pub const fn division(&self) -> Division {
        self.name.division
    }

    /// Its role, as its authority and its name agree on.
    #[must_use]
    pub const fn role(&self) -> Role {
        self.name.role
    }

    /// Its identifier; for a business its social credit code.
    #[must_use]
    pub const fn id(&self) -> &ClientId {
        &self.name.id
    }

    /// The key that it proved to hold, and that its own requests are signed by.
    #[must_use]
    pub const fn key(&self) -> &PublicKey {
        &self.key
    }

    /// SHA-256 of its certificate.
    #[must_use]
    pub const fn certificate(&self) -> Digest {
        self.certificate
    }

    /// The status of the authority that made it a client.
    #[must_use]
    pub const fn status(&self) -> ServiceStatus {
        self.status
    }
}
