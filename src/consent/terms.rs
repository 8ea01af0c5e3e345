//! The terms of a grant as they stand in JSON, and as the holder is shown them.
//!
//! Names come from RFC 9396, OpenID4VP claim paths, the consent artefact of account aggregators,
//! and the W3C Data Privacy Vocabulary. Everything but what the approval itself adds is here.

use serde::{Deserialize, Serialize};

use super::claim::{ClaimPath, PurposeCode};
use crate::base::{Division, GrantId, Language, MemberId, NumericDate};
use crate::crypto::Digest;
use crate::licence::{Identifier, LicenceType};

/// A grant without `iat`, `nbf`, `status` and `holder_approval`: what the holder agrees to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GrantTerms {
    /// The issuing province, which signs it.
    pub iss: MemberId,
    /// The issuing province, which alone decides on it.
    pub aud: MemberId,
    /// Its name.
    pub jti: GrantId,
    /// Its end.
    pub exp: NumericDate,
    /// Who gives it.
    pub kind: GrantKind,
    /// Whether the data may be kept.
    pub consent_mode: ConsentMode,
    /// Whether it is for one use.
    pub fetch_type: FetchType,
    /// Most uses; `null` means as many as the time allows.
    pub max_uses: Option<u32>,
    /// How long what is stored may be kept.
    pub data_life: DataLife,
    /// To whom.
    pub grantee: Grantee,
    /// The key the grantee must show.
    pub cnf: KeyConfirmation,
    /// What of which licence: exactly one entry.
    pub authorization_details: [AuthorizationDetail; 1],
    /// What for.
    pub purpose: GrantPurpose,
    /// The item and case of a government service, where it is one.
    pub service_item: Option<ServiceItem>,
    /// What it rests on.
    pub legal_basis: LegalBasis,
    /// The notice that was shown.
    pub notice: Notice,
    /// The grant it takes the place of.
    pub replaces: Option<GrantId>,
    /// Version of this form, `1`.
    pub ver: FormVersion,
}

impl GrantTerms {
    /// The one licence and its claims.
    #[must_use]
    pub const fn detail(&self) -> &AuthorizationDetail {
        &self.authorization_details[0]
    }
}

/// Who gives a grant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum GrantKind {
    /// One whom the holder named under the holder's key.
    Delegate,
    /// The holder.
    Holder,
}

/// Whether data may be looked at or kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum ConsentMode {
    /// Kept for the data life.
    Store,
    /// Looked at, not kept.
    View,
}

/// Whether a grant is for one use or several.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum FetchType {
    /// One use.
    Onetime,
    /// Several.
    Periodic,
}

/// How long stored data may be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DataLife {
    /// The unit.
    pub unit: DataLifeUnit,
    /// How many of it.
    pub value: u32,
}

impl DataLife {
    /// Its length in days, months counted as 31 and years as 366: an upper bound, for comparison
    /// with a limit.
    #[must_use]
    pub const fn days_at_most(self) -> u64 {
        let unit = match self.unit {
            DataLifeUnit::Day => 1,
            DataLifeUnit::Month => 31,
            DataLifeUnit::Year => 366,
        };
        // A u32 times 366 fits a u64.
        self.value as u64 * unit
    }
}

/// The unit of a data life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum DataLifeUnit {
    /// Days.
    Day,
    /// Months.
    Month,
    /// Years.
    Year,
}

/// Whom a grant is given to, as the holder must be told (PIPL Articles 17 and 23).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Grantee {
    /// `urn:cn:uscc:<18 characters>`.
    pub id: String,
    /// Its name.
    pub name: Vec<LocalText>,
    /// How to reach it.
    pub contact: String,
    /// Where it is registered.
    pub division: Division,
    /// The registered use.
    pub intended_use_id: String,
    /// The software vendor that acts for it, if one does.
    pub intermediary: Option<String>,
}

/// A text in one language.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LocalText {
    /// The language.
    pub lang: Language,
    /// The text.
    pub content: String,
}

/// The registered party and the key it must show; the party is what lasts, since a key may be
/// renewed by itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyConfirmation {
    /// The relying party's registration.
    pub rp_id: String,
    /// SHA-256 of the public key of its client certificate.
    pub spki_sha256: Digest,
}

/// What may be done with which claims of one licence (RFC 9396).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuthorizationDetail {
    /// `urn:elicence:disclosure:1`.
    #[serde(rename = "type")]
    pub detail_type: DetailType,
    /// What may be done.
    pub actions: Vec<DisclosureAction>,
    /// The type of the licence.
    pub datatypes: [LicenceType; 1],
    /// The licence.
    pub identifier: Identifier,
    /// Its claims, each once.
    pub claims: Vec<ClaimPath>,
}

/// What may be done with a licence under a grant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DisclosureAction {
    /// Read the claims.
    Read,
    /// Learn whether it is in force.
    Verify,
}

/// What a grant is for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GrantPurpose {
    /// Its code.
    pub code: PurposeCode,
    /// Where it is described.
    #[serde(rename = "refUri")]
    pub ref_uri: String,
    /// The term of the Data Privacy Vocabulary.
    pub dpv: String,
    /// What the holder reads.
    pub text: Vec<LocalText>,
}

/// The item of a government service and the number of the business (Article 6).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServiceItem {
    /// The code of the item.
    pub item_code: String,
    /// The serial number of the business.
    pub business_number: String,
}

/// What a grant rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase", deny_unknown_fields)]
pub enum LegalBasis {
    /// The holder's consent.
    Consent,
}

/// The notice shown before the holder agreed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Notice {
    /// Where it stands.
    pub uri: String,
    /// `sha-256:` and the digest of its exact text.
    pub digest: String,
    /// Its version.
    pub version: String,
    /// Its language.
    pub lang: Language,
}

/// The one type of authorization detail.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum DetailType {
    /// Disclosure of claims.
    #[default]
    #[serde(rename = "urn:elicence:disclosure:1")]
    Disclosure,
}

/// The version of the form of a grant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum FormVersion {
    /// The first.
    #[default]
    #[serde(rename = "1")]
    First,
}
