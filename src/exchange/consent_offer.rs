//! What travels when a holder's consent is asked: the offer to the business, and what the holder's
//! wallet signs.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::registration::{RegisteredUse, Registration};
use crate::base::Language;
use crate::base::{ConsentRequestId, Division, Timestamp};
use crate::consent::{ConsentMode, GrantPurpose, IntendedUse, LocalText, Notice};
use crate::crypto::Digest;

/// A consent request as it is told to the business that asked and to the holder's wallet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConsentOffer {
    /// The request.
    pub id: ConsentRequestId,
    /// What the holder signs over: the one entry of `transaction_data`.
    pub transaction_data: String,
    /// The nonce that the holder's signature must carry.
    pub nonce: String,
    /// The audience that it must name: the issuing gateway's public origin.
    pub aud: String,
    /// When the request ends.
    pub expires_at: Timestamp,
    /// Where the holder answers.
    pub holder_url: String,
}

/// How a holder answers.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApprovalBody {
    /// `<issuer-jwt>~<kb-jwt>`, no disclosure.
    pub approval: String,
    /// An earlier end than was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exp: Option<crate::base::NumericDate>,
}

/// How a holder takes a grant back.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RevocationBody {
    /// `kb+jwt` with `{action:"revoke", grant}` by the key that the licence is bound to.
    pub revocation: String,
}

impl Registration {
    /// The registered use `id` in the form that consent is held against.
    #[must_use]
    pub fn intended_use(&self, id: &str, division: Division) -> Option<IntendedUse> {
        let registered = self.registered_use(id).ok()?;
        Some(IntendedUse {
            id: registered.id.clone(),
            rp_id: self.id.clone(),
            code: self.id.parse().ok()?,
            name: vec![LocalText { lang: Language::Zh, content: self.name.clone() }],
            contact: self.contact.clone(),
            division,
            intermediary: None,
            purpose: GrantPurpose {
                code: registered.purpose.parse().ok()?,
                ref_uri: format!("urn:elicence:purpose:{}", registered.purpose),
                dpv: "dpv:ServiceProvision".to_owned(),
                text: registered.purpose_text.clone(),
            },
            claims: registered.claims.iter().cloned().collect::<BTreeSet<_>>(),
            licence_types: registered.licence_types.iter().copied().collect(),
            mode: registered.mode(),
            longest_data_life_days: registered.longest_data_life_days,
        })
    }
}

impl RegisteredUse {
    const fn mode(&self) -> ConsentMode {
        if self.longest_data_life_days > 0 { ConsentMode::Store } else { ConsentMode::View }
    }
}

/// The notice that holders are shown, by version and digest.
#[must_use]
pub fn notice(public_origin: &str) -> Notice {
    Notice {
        uri: format!("{public_origin}/.well-known/elicence-gateway"),
        digest: format!("sha-256:{}", Digest::of(NOTICE)),
        version: "1".to_owned(),
        lang: Language::Zh,
    }
}

/// The text of the notice, version 1.
const NOTICE: &str =
    "本省仅在您同意后，向所列单位提供所列信息；您可随时撤回同意并查看谁看过您的证照。";
