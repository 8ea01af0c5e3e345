//! What one line of the log says. Claims appear by name, licences by pseudonym, documents by
//! digest; there is no field that could hold a value from a licence.

use std::fmt::{self, Write as _};

use serde::{Deserialize, Serialize};

use crate::base::{Code, MemberId, Timestamp};
use crate::crypto::{Digest, json};

/// One entry of the audit log.
///
/// Its committed form is the canonical JSON of RFC 8785; absent members are left out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// What happened.
    pub kind: EntryKind,
    /// When it was decided, in whole seconds.
    pub at: Timestamp,
    /// Who asked for it.
    pub actor: Actor,
    /// The purpose by its code, such as `cargo-contracting`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purpose: Option<String>,
    /// The basis it rested on: `holder`, `delegate`, `authority` or `statutory` (Article 12).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub basis: Option<String>,
    /// The grant or inspection by its identifier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// The licence, as a pseudonym that only its holder and its issuer can compute.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<Digest>,
    /// Names of the claims that were asked for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub claims_asked: Vec<String>,
    /// Names of the claims that were given.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub claims_given: Vec<String>,
    /// How it ended.
    pub outcome: Outcome,
    /// Digest of the signed request, which the asking province logs as well.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_sha256: Option<Digest>,
    /// Digest of the document that was given out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub document_sha256: Option<Digest>,
}

impl Entry {
    /// An entry that says only what happened, when, and by whom; the caller fills in the rest.
    ///
    /// The instant is cut to whole seconds, so that the entry reads back as it was written.
    #[must_use]
    pub const fn new(kind: EntryKind, at: Timestamp, actor: Actor) -> Self {
        Self {
            kind,
            at: at.whole_seconds(),
            actor,
            purpose: None,
            basis: None,
            reference: None,
            subject: None,
            claims_asked: Vec::new(),
            claims_given: Vec::new(),
            outcome: Outcome::Done,
            request_sha256: None,
            document_sha256: None,
        }
    }

    /// The bytes that are committed to: canonical JSON (RFC 8785).
    #[must_use]
    #[allow(clippy::missing_panics_doc, reason = "it cannot panic")]
    pub fn canonical(&self) -> Vec<u8> {
        // Unwrap safety: every member is a string, a list of strings or an object of these, and
        // none of their serialisers can fail.
        json::canonical(self).expect("an entry has a canonical form")
    }

    /// This entry as that of a refusal for `code`: nothing was given.
    #[must_use]
    pub fn refused(self, code: Code) -> Self {
        Self {
            outcome: Outcome::Refused(code),
            claims_given: Vec::new(),
            document_sha256: None,
            ..self
        }
    }
}

/// One line of JSON, safe to print: characters that steer a terminal or reorder text are escaped.
impl fmt::Display for Entry {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for character in String::from_utf8_lossy(&self.canonical()).chars() {
            if steers_display(character) {
                write!(formatter, "\\u{:04x}", u32::from(character))?;
            } else {
                formatter.write_char(character)?;
            }
        }
        Ok(())
    }
}

/// What kind of event an entry records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EntryKind {
    /// An operator approved what another proposed.
    ChangeApproved,
    /// An operator proposed a change that another must approve.
    ChangeProposed,
    /// A client was registered, changed, suspended or withdrawn.
    ClientChanged,
    /// A holder was asked for consent.
    ConsentRequested,
    /// A credential was issued.
    CredentialIssued,
    /// Claims were disclosed under a grant.
    Disclosure,
    /// A grant came into force.
    GrantCreated,
    /// A grant was ended before its time.
    GrantRevoked,
    /// An officer opened an inspection.
    InspectionOpened,
    /// This province's own list was signed again with the same content.
    ListResigned,
    /// A province applied to the federation.
    MemberApplied,
    /// A request was refused before it was clear what it would have been.
    Refusal,
    /// The register of licences changed.
    RegisterChanged,
    /// The gateway started. The only entry whose time may lie before those above it, since a
    /// clock that ran ahead is set right between two runs.
    Started,
    /// An officer saw claims by virtue of a statutory function.
    StatutoryView,
    /// A trust list, root or order was accepted.
    TrustChanged,
    /// A credential was verified.
    Verification,
}

impl EntryKind {
    /// The kind as the entry writes it, for columns and labels.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ChangeApproved => "change-approved",
            Self::ChangeProposed => "change-proposed",
            Self::ClientChanged => "client-changed",
            Self::ConsentRequested => "consent-requested",
            Self::CredentialIssued => "credential-issued",
            Self::Disclosure => "disclosure",
            Self::GrantCreated => "grant-created",
            Self::GrantRevoked => "grant-revoked",
            Self::InspectionOpened => "inspection-opened",
            Self::ListResigned => "list-resigned",
            Self::MemberApplied => "member-applied",
            Self::Refusal => "refusal",
            Self::RegisterChanged => "register-changed",
            Self::Started => "started",
            Self::StatutoryView => "statutory-view",
            Self::TrustChanged => "trust-changed",
            Self::Verification => "verification",
        }
    }
}

/// Who caused an entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Actor {
    /// The province whose gateway vouches for the actor, when it is not our own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub member: Option<MemberId>,
    /// The role, such as `enforcement`.
    pub role: String,
    /// The identifier within the role.
    pub id: String,
    /// The key the actor used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spki_sha256: Option<Digest>,
}

impl Actor {
    /// The gateway itself, acting on its own schedule.
    #[must_use]
    pub fn gateway() -> Self {
        Self { member: None, role: "gateway".to_owned(), id: "self".to_owned(), spki_sha256: None }
    }
}

/// How what an entry records ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// It was done.
    Done,
    /// It was refused for the reason given.
    Refused(Code),
}

/// Control characters, line separators, and the marks that change the direction of text.
fn steers_display(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry() -> Entry {
        let at = Timestamp::from_unix_micros(1_800_000_000_999_999);
        Entry::new(EntryKind::Disclosure, at, Actor::gateway())
    }

    #[test]
    fn an_entry_reads_back_as_it_was_written() {
        let entry = Entry {
            purpose: Some("cargo-contracting".to_owned()),
            subject: Some(Digest::of("licence")),
            claims_asked: vec!["plateNumber".to_owned()],
            outcome: Outcome::Refused(Code::GrantRevoked),
            ..entry()
        };
        let bytes = entry.canonical();
        assert_eq!(json::from_slice::<Entry>(&bytes).unwrap(), entry);
        let text = String::from_utf8(bytes).unwrap();
        assert!(text.contains(r#""outcome":{"refused":"grant-revoked"}"#), "{text}");
        assert!(text.contains(&format!(r#""kind":"{}""#, entry.kind.as_str())), "{text}");
    }

    #[test]
    fn unknown_members_and_kinds_are_refused() {
        let text = String::from_utf8(entry().canonical()).unwrap();
        for bad in [
            text.replace("{\"actor\"", "{\"value\":\"secret\",\"actor\""),
            text.replace("\"disclosure\"", "\"Disclosure\""),
            text.replace("\"done\"", "\"maybe\""),
        ] {
            assert_ne!(bad, text);
            assert!(json::from_slice::<Entry>(bad.as_bytes()).is_err(), "{bad}");
        }
    }

    #[test]
    fn au_09_what_would_steer_a_log_or_a_terminal_is_escaped() {
        let hostile = "a\r\nb\u{1b}[2J\u{9b}31m\",\"outcome\":\"done\u{202e}\u{2028}";
        let mut entry = entry();
        hostile.clone_into(&mut entry.actor.id);
        let line = entry.to_string();
        assert!(!line.chars().any(steers_display), "{line}");
        let read: Entry = json::from_slice(line.as_bytes()).unwrap();
        assert_eq!(read, entry);
    }
}
