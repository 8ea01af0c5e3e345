//! The rows as plain values, and the words their states are kept as.

use crate::audit::{Content, Record, Salt};
use crate::base::{ClientId, ConsentRequestId, Division, GrantId, InspectionRef, Timestamp};
use crate::crypto::Digest;
use crate::licence::{Carrier, Identifier, LicenceStatus, LicenceType, LicenceVersion};
use crate::trust::{DocumentKind, StoredDocument};

/// A holder's or an authority's grant and its present state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GrantRow {
    /// The grant.
    pub id: GrantId,
    /// Its state as last changed; decided nowhere else. See [`Self::state_at`].
    pub state: GrantState,
    /// The licence it is about.
    pub licence: Identifier,
    /// The key of the party it is given to.
    pub grantee_spki: Digest,
    /// The registered intended use.
    pub registration: String,
    /// The purpose by its code.
    pub purpose: String,
    /// The signed grant.
    pub document: String,
    /// Its place in the status list of grants.
    pub status_index: u32,
    /// First instant of use.
    pub nbf: Timestamp,
    /// First instant at which it is no longer of use.
    pub exp: Timestamp,
    /// How often it may be used; `None` is without limit.
    pub max_uses: Option<u32>,
    /// How often it was used.
    pub uses: u32,
    /// When it came into force.
    pub created: Timestamp,
    /// When it was ended.
    pub ended: Option<Timestamp>,
}

impl GrantRow {
    /// Its state at `now`. That a grant came to its end is never stored: a clock that once ran
    /// ahead would have ended it for ever.
    #[must_use]
    pub fn state_at(&self, now: Timestamp) -> GrantState {
        match self.state {
            GrantState::Active | GrantState::Paused if self.exp <= now => GrantState::Expired,
            state => state,
        }
    }
}

/// A holder's consent that was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConsentRequestRow {
    /// The request.
    pub id: ConsentRequestId,
    /// Its state.
    pub state: ConsentRequestState,
    /// The licence it is about.
    pub licence: Identifier,
    /// The grant as asked for, canonical JSON.
    pub document: String,
    /// What the holder signs over (base64url).
    pub transaction_data: String,
    /// The nonce of this request.
    pub nonce: String,
    /// First instant at which it can no longer be answered.
    pub expires: Timestamp,
    /// When it was made.
    pub created: Timestamp,
}

/// An officer's open inspection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InspectionRow {
    /// The inspection.
    pub id: InspectionRef,
    /// The agency's unit.
    pub unit: String,
    /// The officers' pseudonyms, a JSON array.
    pub officers: String,
    /// Where.
    pub place: String,
    /// The article of law it rests on.
    pub law_ref: String,
    /// The reason by its code.
    pub reason_code: String,
    /// The enforcement client that opened it.
    pub client: ClientId,
    /// When it was opened.
    pub opened: Timestamp,
    /// First instant at which it is closed.
    pub expires: Timestamp,
}

/// A licence of this province's register.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LicenceRow {
    /// The identifier.
    pub identifier: Identifier,
    /// The type.
    pub licence_type: LicenceType,
    /// The division that issued it.
    pub issuing_division: Division,
    /// The number printed on it.
    pub number: String,
    /// The plate of its vehicle.
    pub plate: Option<String>,
    /// The plate's colour by its code.
    pub plate_colour: Option<String>,
    /// Digest of the holder's code; the code itself is in the record only.
    pub holder_code_digest: Option<Digest>,
    /// Its status.
    pub status: LicenceStatus,
    /// The status list it is on.
    pub status_list: String,
    /// Its place there.
    pub status_index: u32,
    /// Its version.
    pub version: LicenceVersion,
    /// What it is written on.
    pub carrier: Carrier,
    /// The claims, JSON.
    pub record: String,
    /// The issued credential, once there is one.
    pub credential: Option<String>,
    /// The credential's digest.
    pub credential_digest: Option<Digest>,
    /// When this row last changed.
    pub updated: Timestamp,
}

/// The place of one licence in a status list, with what stands there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatusRow {
    /// The licence.
    pub identifier: Identifier,
    /// Its status.
    pub status: LicenceStatus,
    /// Its place.
    pub status_index: u32,
}

/// A client of this gateway by its key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientRow {
    /// The client.
    pub id: ClientId,
    /// Its role.
    pub role: String,
    /// Its division.
    pub division: Division,
    /// Its key.
    pub spki: Digest,
    /// Its name.
    pub name: String,
    /// Its registered intended uses, JSON.
    pub intended_uses: String,
    /// Whether it may act.
    pub state: ClientState,
    /// When it was registered.
    pub created: Timestamp,
}

/// A document of the trust framework, believed or published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrustDocumentRow {
    /// What kind of document, such as `list`.
    pub kind: String,
    /// Which one of its kind.
    pub id: String,
    /// Its sequence.
    pub sequence: u64,
    /// Digest of its bytes.
    pub sha256: Digest,
    /// The document.
    pub document: String,
    /// When it was stored; of a published one, when it was issued.
    pub updated: Timestamp,
}

impl TrustDocumentRow {
    /// A document of the trust state as it is kept.
    #[must_use]
    pub fn of(document: &StoredDocument, now: Timestamp) -> Self {
        Self {
            kind: document.kind.word().to_owned(),
            id: document.id.clone(),
            sequence: document.sequence,
            sha256: document.sha256,
            document: document.text.clone(),
            updated: now,
        }
    }

    /// The document of the trust state that is kept here; `None` for a kind of a later version.
    #[must_use]
    pub fn stored(&self) -> Option<StoredDocument> {
        let kind = DocumentKind::ALL.into_iter().find(|kind| kind.word() == self.kind)?;
        Some(StoredDocument {
            kind,
            id: self.id.clone(),
            sequence: self.sequence,
            sha256: self.sha256,
            text: self.document.clone(),
        })
    }
}

/// A line of the audit log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditRow {
    /// Its number, from zero.
    pub index: u64,
    /// Its leaf hash.
    pub leaf: Digest,
    /// Salt and canonical entry, unless erased.
    pub content: Option<(Salt, String)>,
}

impl AuditRow {
    /// The line as the verifier takes it.
    #[must_use]
    pub fn record(&self) -> Record<'_> {
        let content = self.content.as_ref().map_or(Content::Erased, |(salt, entry)| {
            Content::Kept { salt: *salt, entry: entry.as_bytes() }
        });
        Record { index: self.index, leaf: self.leaf, content }
    }
}

/// A line of the list log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListLogRow {
    /// Its number, from zero.
    pub index: u64,
    /// What the leaf commits to, canonical JSON.
    pub statement: String,
}

/// Where the list log first carried a key in the list of one province.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedKeyRow {
    /// Six digits.
    pub list: String,
    /// SHA-256 of the key's SubjectPublicKeyInfo.
    pub spki: Digest,
    /// Number of the version of the list.
    pub sequence: u64,
    /// Number of its line in the log.
    pub index: u64,
}

/// Declares an enum that is kept as a word.
macro_rules! stored_word {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $word:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $name { $($(#[$variant_doc])* $variant,)* }

        impl $name {
            /// The word in the store and in documents.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }

            pub(in crate::store) fn from_word(word: &str) -> Option<Self> {
                match word { $($word => Some(Self::$variant),)* _ => None }
            }
        }
    };
}
pub(super) use stored_word;

stored_word!(
    /// The state of a grant.
    GrantState {
        /// It may be used.
        Active = "ACTIVE",
        /// It came to its end.
        Expired = "EXPIRED",
        /// All its uses are spent.
        Exhausted = "EXHAUSTED",
        /// It rests until it is resumed.
        Paused = "PAUSED",
        /// It was taken back.
        Revoked = "REVOKED",
    }
);
stored_word!(
    /// The state of a consent request.
    ConsentRequestState {
        /// The holder agreed; a grant exists.
        Approved = "APPROVED",
        /// The holder declined.
        Denied = "DENIED",
        /// Nobody answered in time.
        Expired = "EXPIRED",
        /// It waits for the holder.
        Requested = "REQUESTED",
    }
);
stored_word!(
    /// Whether a client may act.
    ClientState {
        /// It may.
        Active = "ACTIVE",
        /// Not for now.
        Suspended = "SUSPENDED",
        /// Not any more.
        Withdrawn = "WITHDRAWN",
    }
);
