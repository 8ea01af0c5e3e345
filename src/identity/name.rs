//! The name of a client in its certificate: `urn:elicence:client:<division>:<role>:<id>`.

use std::fmt;
use std::str::FromStr;

use super::role::Role;
use crate::base::{ClientId, Division};

/// The one URI among the subject alternative names of a client certificate.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClientName {
    /// The division of the gateway it is a client of.
    pub division: Division,
    /// Its role.
    pub role: Role,
    /// Its identifier; for a business its social credit code.
    pub id: ClientId,
}

impl fmt::Display for ClientName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{PREFIX}{}:{}:{}", self.division, self.role, self.id)
    }
}

impl FromStr for ClientName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let mut parts = text.strip_prefix(PREFIX).ok_or(NameError)?.split(':');
        let (Some(division), Some(role), Some(id), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(NameError);
        };
        Ok(Self {
            division: division.parse().map_err(|_| NameError)?,
            role: role.parse().map_err(|_| NameError)?,
            id: id.parse().map_err(|_| NameError)?,
        })
    }
}

/// The text names no client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a client is urn:elicence:client:<six digits>:<role>:<id>")]
pub struct NameError;

const PREFIX: &str = "urn:elicence:client:";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_round_trip() {
        for role in Role::ALL {
            let text = format!("urn:elicence:client:120000:{role}:unit-7");
            let name: ClientName = text.parse().unwrap();
            assert_eq!((name.role, name.to_string()), (role, text));
        }
    }

    #[test]
    fn only_canonical_names_parse() {
        for text in [
            "urn:elicence:client:120000:business:",
            "urn:elicence:client:120000:business:a:b",
            "urn:elicence:client:120000:Business:a",
            "urn:elicence:client:12:business:a",
            "urn:elicence:client:120000:hub:a",
            "urn:elicence:client:120000:business:a/b",
            "URN:elicence:client:120000:business:a",
            "urn:elicence:member:120000",
            " urn:elicence:client:120000:business:a",
        ] {
            assert!(text.parse::<ClientName>().is_err(), "{text}");
        }
    }
}
