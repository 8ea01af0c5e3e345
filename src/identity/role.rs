//! The roles in which a client may call, as words of client names and of lists.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// What a client of a gateway is. A role is given by the authority that signed its certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Reads proofs, policies and counts.
    Auditor,
    /// Asks for what a holder agrees to, for itself.
    Business,
    /// An official channel: passes on what a signed-in officer or holder does.
    Channel,
    /// Traffic police and transport enforcement at the roadside.
    Enforcement,
    /// A software vendor that acts for named businesses.
    Intermediary,
    /// Runs the node.
    Operator,
    /// The province's own licence system.
    Register,
    /// Authorises uses of the licences it issued (Article 12).
    TransportAuthority,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 8] = [
        Self::Auditor,
        Self::Business,
        Self::Channel,
        Self::Enforcement,
        Self::Intermediary,
        Self::Operator,
        Self::Register,
        Self::TransportAuthority,
    ];

    /// The word in client names, in the `ClientRole` extension and in signed requests.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Auditor => "auditor",
            Self::Business => "business",
            Self::Channel => "channel",
            Self::Enforcement => "enforcement",
            Self::Intermediary => "intermediary",
            Self::Operator => "operator",
            Self::Register => "register",
            Self::TransportAuthority => "transport-authority",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.word())
    }
}

impl FromStr for Role {
    type Err = UnknownRole;

    fn from_str(text: &str) -> Result<Self, UnknownRole> {
        Self::ALL.into_iter().find(|role| role.word() == text).ok_or(UnknownRole)
    }
}

impl Serialize for Role {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.word())
    }
}

impl<'de> Deserialize<'de> for Role {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

/// The text names no role.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no such role of a client")]
pub struct UnknownRole;
