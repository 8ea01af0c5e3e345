//! One vector: a token, what to judge it by, and the answer that is expected.

use std::fmt;

use serde::{Deserialize, Deserializer, de};

use crate::base::Code;
use crate::crypto::Jwk;
use crate::crypto::jws::Typ;

/// A fixed token and the one right answer to it.
#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Vector {
    /// A compact JWS (RFC 7515 §3.1) under a given key, as a document of a given kind.
    Jws {
        /// Its name, for ever.
        id: String,
        /// What it is about, for people.
        what: String,
        /// The key to verify with.
        jwk: Jwk,
        /// The kind of document that the verifier expects.
        #[serde(deserialize_with = "known_typ")]
        typ: Typ,
        /// The token.
        token: String,
        /// The right answer.
        expect: Expectation,
    },
    /// A licence as SD-JWT VC (RFC 9901) under the suite's trust: is it authentic?
    SdJwt {
        /// Its name, for ever.
        id: String,
        /// What it is about, for people.
        what: String,
        /// The token.
        token: String,
        /// The right answer.
        expect: Expectation,
    },
}

impl Vector {
    /// Its name.
    #[must_use]
    pub fn id(&self) -> &str {
        match self {
            Self::Jws { id, .. } | Self::SdJwt { id, .. } => id,
        }
    }

    /// What it is about, for people.
    #[must_use]
    pub fn what(&self) -> &str {
        match self {
            Self::Jws { what, .. } | Self::SdJwt { what, .. } => what,
        }
    }

    /// The right answer.
    #[must_use]
    pub const fn expected(&self) -> Expectation {
        match self {
            Self::Jws { expect, .. } | Self::SdJwt { expect, .. } => *expect,
        }
    }
}

/// An answer to a vector.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expectation {
    /// The token is good; `accept` in JSON.
    Accept,
    /// The token is refused with this published code; in JSON the code itself.
    Refuse(Code),
}

impl fmt::Display for Expectation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Accept => formatter.write_str(ACCEPT),
            Self::Refuse(code) => code.fmt(formatter),
        }
    }
}

impl<'de> Deserialize<'de> for Expectation {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let word = String::deserialize(deserializer)?;
        if word == ACCEPT {
            return Ok(Self::Accept);
        }
        word.parse().map(Self::Refuse).map_err(de::Error::custom)
    }
}

fn known_typ<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Typ, D::Error> {
    let text = String::deserialize(deserializer)?;
    let known = Typ::ALL.iter().find(|typ| typ.as_str() == text);
    known.copied().ok_or_else(|| de::Error::custom("not a kind of document known here"))
}

const ACCEPT: &str = "accept";
