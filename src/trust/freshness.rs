//! The freshness statement C: signed every minute and on every change, it names what is current.
//! It can delay news for five minutes and no longer, and it can name no list into force by itself.

use serde::{Deserialize, Serialize};

use super::refusal::UpdateRefusal;
use super::root::Root;
use crate::base::{ListId, NumericDate, Timestamp, limits};
use crate::crypto::jws::{Compact, Header, Typ, sign_compact};
use crate::crypto::{Digest, SealError, Signer, json};

/// A freshness statement whose signature was verified under the root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Freshness {
    claims: Claims,
    token: String,
}

/// What a hub puts into its next statement.
#[derive(Clone, Debug)]
pub struct FreshnessDraft {
    /// Number of the statement.
    pub sequence: u64,
    /// The root in force.
    pub root: Named,
    /// Every list in force.
    pub lists: Vec<(ListId, Named)>,
    /// Head of the list log.
    pub log: LogHead,
    /// Every suspension order in force.
    pub orders: Vec<Digest>,
}

/// A document by number, digest and size of its payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Named {
    /// Its sequence number.
    pub sequence: u64,
    /// SHA-256 of its payload.
    pub sha256: Digest,
    /// Size of its payload in bytes.
    pub bytes: u64,
}

/// The head of the list log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogHead {
    /// Number of leaves.
    pub size: u64,
    /// Root of the tree.
    pub root: Digest,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Claims {
    iat: NumericDate,
    exp: NumericDate,
    sequence: u64,
    root: Named,
    lists: Vec<NamedList>,
    log: LogHead,
    orders: Vec<Digest>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct NamedList {
    id: ListId,
    sequence: u64,
    sha256: Digest,
    bytes: u64,
}

impl FreshnessDraft {
    /// Signs the statement; it lives for [`limits::FRESHNESS_LIFE`].
    pub fn sign(self, signer: &dyn Signer, now: Timestamp) -> Result<String, SealError> {
        let list = |(id, named): (ListId, Named)| NamedList {
            id,
            sequence: named.sequence,
            sha256: named.sha256,
            bytes: named.bytes,
        };
        let claims = Claims {
            iat: now.into(),
            exp: (now + limits::FRESHNESS_LIFE).into(),
            sequence: self.sequence,
            root: self.root,
            lists: self.lists.into_iter().map(list).collect(),
            log: self.log,
            orders: self.orders,
        };
        sign_compact(signer, Header::new(Typ::Freshness), &claims)
    }
}

impl Freshness {
    /// Verifies a statement under the root's freshness key.
    pub(super) fn read(token: &str, root: &Root) -> Result<Self, UpdateRefusal> {
        let claims: Claims = Compact::parse_within(token, limits::FRESHNESS_BYTES)?
            .open(root.freshness_key(), Typ::Freshness)?;
        let lives = claims.exp.instant().since(claims.iat.instant());
        if claims.sequence >= json::MOST_WHOLE || lives > limits::FRESHNESS_LIFE {
            return Err(UpdateRefusal::Malformed);
        }
        let mut identifiers: Vec<ListId> = claims.lists.iter().map(|list| list.id).collect();
        identifiers.sort_unstable();
        if identifiers.windows(2).any(|pair| pair[0] == pair[1]) {
            return Err(UpdateRefusal::Conflict);
        }
        Ok(Self { claims, token: token.to_owned() })
    }

    /// When it was signed: authenticated time.
    #[must_use]
    pub const fn issued(&self) -> Timestamp {
        self.claims.iat.instant()
    }

    /// When it ends.
    #[must_use]
    pub const fn expires(&self) -> Timestamp {
        self.claims.exp.instant()
    }

    /// Its number.
    #[must_use]
    pub const fn sequence(&self) -> u64 {
        self.claims.sequence
    }

    /// The root it names.
    #[must_use]
    pub const fn root(&self) -> Named {
        self.claims.root
    }

    /// The version of list `id` that it names.
    #[must_use]
    pub fn list(&self, id: ListId) -> Option<Named> {
        let named = self.claims.lists.iter().find(|list| list.id == id)?;
        Some(Named { sequence: named.sequence, sha256: named.sha256, bytes: named.bytes })
    }

    /// Every list it names.
    pub fn lists(&self) -> impl Iterator<Item = ListId> + '_ {
        self.claims.lists.iter().map(|list| list.id)
    }

    /// Every suspension order that it names. It names them by hash only: an order counts by its
    /// own signatures.
    pub fn orders(&self) -> impl Iterator<Item = Digest> + '_ {
        self.claims.orders.iter().copied()
    }

    /// The head of the list log.
    #[must_use]
    pub const fn log(&self) -> LogHead {
        self.claims.log
    }

    /// The token.
    #[must_use]
    pub fn token(&self) -> &str {
        &self.token
    }

    /// SHA-256 of the token.
    #[must_use]
    pub fn sha256(&self) -> Digest {
        Digest::of(&self.token)
    }
}
