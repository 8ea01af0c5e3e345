//! Status list tokens (IETF Token Status List): signing our own, and believing those of a
//! province. Fetching and keeping them is the caller's; nothing here goes to a network.

use std::collections::BTreeSet;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::status_bits::{PackedStatus, StatusBits, StatusBitsError, StatusValue};
use crate::base::{Code, MemberId, NumericDate, Timestamp, limits};
use crate::crypto::json::{self, JsonError};
use crate::crypto::jws::{GeneralJws, Header, JwsError, Typ, sign_compact};
use crate::crypto::{Digest, PublicKey, SealError, Signer};
use crate::trust::{ServiceKind, Snapshot};

/// What a status list says of itself when it is signed.
#[derive(Clone, Debug)]
pub struct StatusListTerms<'t> {
    /// Its public address, which credentials name.
    pub uri: &'t str,
    /// How long a copy may be kept.
    pub ttl: Duration,
    /// How long it may be relied on at all.
    pub life: Duration,
    /// The licences that ended and are in force again, with the decision; kept for a year.
    pub reinstated: &'t [Reinstatement],
}

/// A licence that ended by mistake, put in force again by a signed decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reinstatement {
    /// The entry.
    pub idx: u64,
    /// When it was decided.
    pub at: NumericDate,
    /// SHA-256 of the decision.
    pub decision_sha256: Digest,
}

/// Signs `bits` as a `statuslist+jwt`, made at `now`.
pub fn sign_status_list(
    bits: &StatusBits,
    terms: &StatusListTerms<'_>,
    signer: &dyn Signer,
    now: Timestamp,
) -> Result<String, StatusListError> {
    let claims = Claims {
        sub: terms.uri.to_owned(),
        iat: now.into(),
        exp: Some((now + terms.life).into()),
        ttl: Some(terms.ttl.as_secs()),
        status_list: bits.pack().map_err(StatusListError::Bits)?,
        reinstated: terms.reinstated.to_vec(),
    };
    let header =
        Header::new(Typ::StatusList).with_key_id(signer.public_key().spki_digest().to_string());
    sign_compact(signer, header, &claims).map_err(StatusListError::Seal)
}

/// A status list under the signature of its province. Only [`VerifiedStatusList::verify`] makes
/// one.
#[derive(Clone, Debug)]
pub struct VerifiedStatusList {
    uri: String,
    member: MemberId,
    issued: Timestamp,
    expires: Option<Timestamp>,
    ttl: Duration,
    bits: StatusBits,
    reinstated: BTreeSet<u64>,
}

impl VerifiedStatusList {
    /// Verifies `token` as the list that `member` publishes at `uri`, under one of the keys that
    /// the province lists for status.
    pub fn verify(
        token: &str,
        uri: &str,
        member: MemberId,
        snapshot: &Snapshot,
        now: Timestamp,
    ) -> Result<Self, StatusListError> {
        if token.len() > limits::STATUS_LIST_COMPRESSED_BYTES {
            return Err(StatusListError::TooLarge);
        }
        let keys: Vec<&PublicKey> = snapshot.keys(member, ServiceKind::Status).collect();
        let signed = signed_document(token)?;
        if signed.signers(&keys, Typ::StatusList).map_err(StatusListError::Jws)?.is_empty() {
            return Err(StatusListError::Signer);
        }
        let claims: Claims = json::from_slice(signed.payload()).map_err(StatusListError::Json)?;
        if claims.sub != uri {
            return Err(StatusListError::OtherAddress);
        }
        let list = Self {
            uri: claims.sub,
            member,
            issued: claims.iat.instant(),
            expires: claims.exp.map(NumericDate::instant),
            ttl: claims.ttl.map_or(limits::STATUS_TTL_MIN, clamp_ttl),
            bits: StatusBits::unpack(&claims.status_list).map_err(StatusListError::Bits)?,
            reinstated: claims.reinstated.iter().map(|entry| entry.idx).collect(),
        };
        if list.is_fresh(limits::STATUS_AGE_ROADSIDE, now) {
            Ok(list)
        } else {
            Err(StatusListError::Stale)
        }
    }

    /// Whether it may be relied on at `now` by a use that allows `max_age`: made within that time
    /// and not in the future, and before its end.
    #[must_use]
    pub fn is_fresh(&self, max_age: Duration, now: Timestamp) -> bool {
        self.issued <= now + limits::CLOCK_SKEW
            && now.since(self.issued) <= max_age
            && self.expires.is_none_or(|end| now < end + limits::CLOCK_SKEW)
    }

    /// Whether its time to live has passed, so that a newer copy is to be fetched. Until one is
    /// had, this one may still be relied on while it is fresh.
    #[must_use]
    pub fn is_due(&self, now: Timestamp) -> bool {
        now >= self.issued + self.ttl
    }

    /// Takes this list after `held`, the newest one seen before at the same address.
    ///
    /// An older one is not taken. An entry that had ended stays ended, unless this list names the
    /// decision that reinstated it.
    #[must_use]
    pub fn following(mut self, held: &Self) -> Succession {
        if self.uri != held.uri || self.member != held.member || self.issued < held.issued {
            return Succession::Older;
        }
        let mut cleared = held.bits.ended_only_here(&self.bits);
        cleared.retain(|index| !self.reinstated.contains(index));
        for index in &cleared {
            // An entry beyond the end of a list that shrank is out of range, which is no "valid".
            let _ = self.bits.set(*index, StatusValue::Ended);
        }
        Succession::Newer { list: self, unproven: cleared }
    }

    /// Its public address.
    #[must_use]
    pub fn uri(&self) -> &str {
        &self.uri
    }

    /// Whose list it is.
    #[must_use]
    pub const fn member(&self) -> MemberId {
        self.member
    }

    /// When it was made.
    #[must_use]
    pub const fn issued(&self) -> Timestamp {
        self.issued
    }

    /// How long a copy may be kept: what the token says, between one minute and twelve hours.
    #[must_use]
    pub const fn ttl(&self) -> Duration {
        self.ttl
    }

    /// The entry `index`.
    #[must_use]
    pub fn entry(&self, index: u64) -> Option<StatusValue> {
        self.bits.entry(index)
    }
}

/// What becomes of a list that was fetched after another.
#[derive(Clone, Debug)]
pub enum Succession {
    /// Take it.
    Newer {
        /// The list, with every ended entry still ended that no decision reinstated.
        list: VerifiedStatusList,
        /// Those entries: each is worth an alarm.
        unproven: Vec<u64>,
    },
    /// Keep the one that is held.
    Older,
}

/// Why a status list is not believed, or could not be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StatusListError {
    /// The array is refused.
    #[error(transparent)]
    Bits(StatusBitsError),
    /// The payload is refused.
    #[error("the payload: {0}")]
    Json(JsonError),
    /// The token is refused.
    #[error("the token: {0}")]
    Jws(JwsError),
    /// It is the list of another address.
    #[error("the list of another address")]
    OtherAddress,
    /// It could not be signed.
    #[error(transparent)]
    Seal(SealError),
    /// No key that the province lists for status signed it.
    #[error("not signed by a status key of the province")]
    Signer,
    /// Past its end, older than any use allows, or from the future.
    #[error("too old, past its end, or from the future")]
    Stale,
    /// Over 2 MiB.
    #[error("larger than allowed")]
    TooLarge,
}

impl StatusListError {
    /// The published code.
    #[must_use]
    pub const fn code(&self) -> Code {
        match self {
            Self::Stale => Code::StatusStale,
            Self::Seal(_) => Code::Internal,
            _ => Code::StatusUnavailable,
        }
    }
}

#[derive(Debug, Serialize, Deserialize)]
struct Claims {
    sub: String,
    iat: NumericDate,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    exp: Option<NumericDate>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    ttl: Option<u64>,
    status_list: PackedStatus,
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    reinstated: Vec<Reinstatement>,
}

/// Reads the compact form as a general one with one signature: the reader of compact tokens is
/// bound to the size of a credential, which a status list exceeds.
fn signed_document(token: &str) -> Result<GeneralJws, StatusListError> {
    let parts: Vec<&str> = token.splitn(4, '.').collect();
    let [protected, payload, signature] = parts[..] else {
        return Err(StatusListError::Jws(JwsError::NotCompact));
    };
    let general = serde_json::json!({
        "payload": payload,
        "signatures": [{ "protected": protected, "signature": signature }],
    });
    GeneralJws::parse(general.to_string().as_bytes()).map_err(StatusListError::Jws)
}

fn clamp_ttl(seconds: u64) -> Duration {
    Duration::from_secs(seconds).clamp(limits::STATUS_TTL_MIN, limits::STATUS_TTL_MAX)
}
