//! A registration: the asking province's registrar states who a client is and what uses it has
//! registered. Valid for a day at most.

use serde::{Deserialize, Serialize};

use super::ExchangeRefusal;
use crate::base::{MemberId, NumericDate, Timestamp, limits};
use crate::consent::LocalText;
use crate::crypto::jws::{Compact, Header, Typ, sign_compact};
use crate::crypto::{Digest, PublicKey, SealError, Signer};
use crate::licence::LicenceType;

/// Who a client is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Registration {
    /// The member whose client it is.
    pub iss: MemberId,
    /// When it was stated.
    pub iat: NumericDate,
    /// When it ends.
    pub exp: NumericDate,
    /// The client's identifier.
    pub id: String,
    /// Its role.
    pub role: String,
    /// Its registered name.
    pub name: String,
    /// How a holder reaches it.
    pub contact: String,
    /// SHA-256 of its key's SubjectPublicKeyInfo.
    pub spki_sha256: Digest,
    /// What it may ask for.
    pub uses: Vec<RegisteredUse>,
    /// How its key followed earlier ones, newest first ([`Renewal`](super::Renewal)).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub renewals: Vec<String>,
}

/// A use of licences that a client has registered with its province.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RegisteredUse {
    /// Its identifier; for statutory uses the one of the national catalogue.
    pub id: String,
    /// The purpose it serves.
    pub purpose: String,
    /// The purpose in words, for holders.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub purpose_text: Vec<LocalText>,
    /// The most that may be asked: names of claims.
    pub claims: Vec<String>,
    /// The types of licence it is about.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub licence_types: Vec<LicenceType>,
    /// For statutory uses: the kinds of query.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub queries: Vec<String>,
    /// For how many days what is given may be kept; 0 for not at all.
    #[serde(default)]
    pub longest_data_life_days: u64,
}

impl Registration {
    /// Signs the statement for [`limits::REGISTRATION_LIFE`] from `now`, whatever `iat` and `exp`
    /// were.
    pub fn sign(mut self, registrar: &dyn Signer, now: Timestamp) -> Result<String, SealError> {
        self.iat = now.into();
        self.exp = (now + limits::REGISTRATION_LIFE).into();
        sign_compact(registrar, Header::new(Typ::Registration), &self)
    }

    /// Verifies a statement of `member` by one of its registrar's `keys`.
    pub fn open<'k>(
        token: &str,
        member: MemberId,
        keys: impl Iterator<Item = &'k PublicKey>,
        now: Timestamp,
    ) -> Result<Self, ExchangeRefusal> {
        let compact = Compact::parse(token)?;
        for key in keys {
            let Ok(statement) = compact.open::<Self>(key, Typ::Registration) else { continue };
            let lives = statement.iat.instant() <= now + limits::CLOCK_SKEW
                && now < statement.exp.instant()
                && statement.exp.instant() <= statement.iat.instant() + limits::REGISTRATION_LIFE;
            return if lives && statement.iss == member {
                Ok(statement)
            } else {
                Err(ExchangeRefusal::SignatureInvalid)
            };
        }
        Err(ExchangeRefusal::SignatureInvalid)
    }

    /// The registered use `id`.
    pub fn registered_use(&self, id: &str) -> Result<&RegisteredUse, ExchangeRefusal> {
        let found = self.uses.iter().find(|registered| registered.id == id);
        found.ok_or(ExchangeRefusal::IntendedUseNotRegistered)
    }
}
