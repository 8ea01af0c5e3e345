//! The consent receipt, in the names of ISO/IEC TS 27560: one document for holder, grantee and
//! province, with an event for each change of state. It names kinds of data, never values.

use serde::{Deserialize, Serialize};

use super::grant::Grant;
use super::refusal::ConsentRefusal;
use super::terms::{DataLife, LegalBasis, LocalText, Notice};
use crate::base::{GrantId, Language, MemberId, Timestamp};
use crate::crypto::jws::{Compact, Header, Typ, sign_compact};
use crate::crypto::{Digest, PublicKey, SealError, Signer};
use crate::licence::{DisclosureClass, HolderKind, field};

/// A receipt of one grant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConsentReceipt {
    schema_version: SchemaVersion,
    record_id: GrantId,
    pii_principal_id: Digest,
    pii_processing: PiiProcessing,
    party_identification: Vec<Party>,
    event: Vec<ReceiptEvent>,
}

/// A change of a grant's state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReceiptEvent {
    /// When.
    pub event_time: Timestamp,
    /// To which end it then ran, while it ran.
    pub valid_until: Option<Timestamp>,
    /// The state after it.
    pub event_state: ReceiptEventState,
}

/// The state of consent after an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReceiptEventState {
    /// All uses were spent.
    Exhausted,
    /// Its time ran out.
    Expired,
    /// It was given.
    Given,
    /// It was stopped for a while.
    Paused,
    /// It goes on.
    Resumed,
    /// It was taken back. What was taken under it before is not undone.
    Withdrawn,
}

impl ConsentReceipt {
    /// The receipt of `grant` just given; `principal` is the holder's keyed pseudonym.
    #[must_use]
    pub fn of(grant: &Grant, principal: Digest) -> Self {
        let terms = grant.terms();
        let given = ReceiptEvent {
            event_time: grant.issued(),
            valid_until: Some(grant.ends()),
            event_state: ReceiptEventState::Given,
        };
        Self {
            schema_version: SchemaVersion::Iso27560,
            record_id: terms.jti.clone(),
            pii_principal_id: principal,
            pii_processing: PiiProcessing {
                privacy_notice: terms.notice.clone(),
                language: terms.notice.lang,
                purposes: vec![ProcessingPurpose {
                    purpose: terms.purpose.code.to_string(),
                    purpose_text: terms.purpose.text.clone(),
                    lawful_basis: terms.legal_basis,
                    pii_information: pii_information(grant),
                    retention_period: terms.data_life,
                    jurisdiction: "CN".to_owned(),
                    withdrawal_effect: WithdrawalEffect::NotRetroactive,
                }],
            },
            party_identification: parties(grant),
            event: vec![given],
        }
    }

    /// The receipt after a further change of state.
    #[must_use]
    pub fn after(mut self, event: ReceiptEvent) -> Self {
        self.event.push(event);
        self
    }

    /// The grant it is of.
    #[must_use]
    pub const fn grant(&self) -> &GrantId {
        &self.record_id
    }

    /// What happened, in order.
    #[must_use]
    pub fn events(&self) -> &[ReceiptEvent] {
        &self.event
    }

    /// Signs it as `elicence-receipt+jwt`.
    pub fn sign(&self, signer: &dyn Signer) -> Result<String, SealError> {
        sign_compact(signer, Header::new(Typ::Receipt), self)
    }

    /// Reads a receipt signed under `key`, a gateway key of the issuing province.
    pub fn verify(token: &str, key: &PublicKey) -> Result<Self, ConsentRefusal> {
        Compact::parse(token)
            .and_then(|token| token.open(key, Typ::Receipt))
            .map_err(|_| ConsentRefusal::GrantSignature)
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct PiiProcessing {
    privacy_notice: Notice,
    language: Language,
    purposes: Vec<ProcessingPurpose>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ProcessingPurpose {
    purpose: String,
    purpose_text: Vec<LocalText>,
    lawful_basis: LegalBasis,
    pii_information: Vec<PiiInformation>,
    retention_period: DataLife,
    jurisdiction: String,
    withdrawal_effect: WithdrawalEffect,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct PiiInformation {
    pii_type: String,
    sensitive_pii_category: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Party {
    #[serde(rename = "party_id")]
    id: String,
    #[serde(rename = "party_role")]
    role: PartyRole,
    #[serde(rename = "party_name")]
    name: Vec<LocalText>,
    #[serde(rename = "party_contact")]
    contact: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum PartyRole {
    /// The province whose register holds the data.
    PiiController,
    /// The grantee.
    ThirdParty,
}

/// PIPL Article 15: withdrawing does not touch what was lawful before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum WithdrawalEffect {
    NotRetroactive,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum SchemaVersion {
    #[serde(rename = "ISO/IEC TS 27560:2023")]
    Iso27560,
}

fn pii_information(grant: &Grant) -> Vec<PiiInformation> {
    let detail = grant.terms().detail();
    let [licence_type] = detail.datatypes;
    let information = |name: &str| PiiInformation {
        pii_type: name.to_owned(),
        sensitive_pii_category: field(licence_type, name).is_none_or(|row| {
            row.disclosure_class(HolderKind::Person) == DisclosureClass::Sensitive
        }),
    };
    detail.claims.iter().map(|claim| information(claim.name())).collect()
}

fn parties(grant: &Grant) -> Vec<Party> {
    let terms = grant.terms();
    let province: MemberId = terms.iss;
    vec![
        Party {
            id: province.to_string(),
            role: PartyRole::PiiController,
            name: Vec::new(),
            contact: None,
        },
        Party {
            id: terms.grantee.id.clone(),
            role: PartyRole::ThirdParty,
            name: terms.grantee.name.clone(),
            contact: Some(terms.grantee.contact.clone()),
        },
    ]
}

#[cfg(test)]
mod tests {
    use super::super::grant::tests::grant;
    use super::super::request::tests::NOW;
    use super::*;
    use crate::crypto::Algorithm;
    use crate::crypto::seal::SoftwareKey;

    #[test]
    fn a_receipt_tells_recipient_purpose_kinds_and_events() {
        let key = SoftwareKey::generate(Algorithm::Es256).unwrap();
        let receipt = ConsentReceipt::of(&grant(&["plateNumber", "holderCode"]), Digest::of("h"));
        let withdrawn = ReceiptEvent {
            event_time: NOW,
            valid_until: None,
            event_state: ReceiptEventState::Withdrawn,
        };
        let receipt = receipt.after(withdrawn);
        let token = receipt.sign(&key).unwrap();
        assert_eq!(ConsentReceipt::verify(&token, key.public_key()), Ok(receipt.clone()));
        let json = serde_json::to_value(&receipt).unwrap();
        let purpose = &json["pii_processing"]["purposes"][0];
        assert_eq!(purpose["pii_information"][1]["sensitive_pii_category"], true);
        assert_eq!(json["party_identification"][1]["party_contact"], "privacy@example.invalid");
        assert_eq!(json["event"][1]["event_state"], "withdrawn");
    }

    #[test]
    fn a_grant_or_a_receipt_of_another_key_is_no_receipt() {
        let key = SoftwareKey::generate(Algorithm::Es256).unwrap();
        let other = SoftwareKey::generate(Algorithm::Es256).unwrap();
        let grant = grant(&["plateNumber"]);
        let refused = Err(ConsentRefusal::GrantSignature);
        assert_eq!(ConsentReceipt::verify(&grant.sign(&key).unwrap(), key.public_key()), refused);
        let token = ConsentReceipt::of(&grant, Digest::of("h")).sign(&other).unwrap();
        assert_eq!(ConsentReceipt::verify(&token, key.public_key()), refused);
    }
}
