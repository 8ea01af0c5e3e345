//! The envelope: the claims that every credential shows, by which its issuer, its kind and its
//! dates are judged. They are read from the clear payload only, never from a disclosure.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::examine::ExamineError;
use crate::base::{Division, NumericDate};
use crate::crypto::{Jwk, PublicKey};
use crate::licence::{ENVELOPE_CLAIMS, Identifier, LicenceType};
use crate::trust::TrustedIssuer;

/// The entry of a status list that speaks for a credential (Token Status List §6.1).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatusReference {
    /// The entry's number, from 0.
    pub idx: u64,
    /// The list's public address.
    pub uri: String,
}

/// The claims as they are read.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Envelope {
    pub(super) iss: String,
    vct: String,
    pub(super) iat: NumericDate,
    pub(super) nbf: NumericDate,
    pub(super) exp: NumericDate,
    status: Option<StatusClaim>,
    cnf: Option<Confirmation>,
    certificate_identifier: Identifier,
    certificate_type_code: String,
    issuing_division: Division,
    issuing_authority_code: String,
}

/// The `status` claim; mechanisms other than the status list are not ours.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct StatusClaim {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) status_list: Option<StatusReference>,
}

/// The `cnf` claim (RFC 7800 §3.2).
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Confirmation {
    pub(super) jwk: Jwk,
}

impl Envelope {
    /// Reads the envelope. A required claim that is absent, hidden behind a digest, or of another
    /// type damages the credential.
    pub(super) fn read(payload: &Map<String, Value>) -> Result<Self, ExamineError> {
        Self::deserialize(payload).map_err(|_| ExamineError::Envelope)
    }

    /// The kind of licence, when `iss`, type, division and authority all agree with the entry of
    /// `issuer`.
    pub(super) fn licence_type(&self, issuer: &TrustedIssuer) -> Result<LicenceType, ExamineError> {
        let licence_type = LicenceType::from_vct(&self.vct).ok_or(ExamineError::OutOfScope)?;
        let identifier = &self.certificate_identifier;
        let identifier_agrees = identifier.licence_type() == Some(licence_type)
            && identifier
                .division()
                .is_none_or(|named| named.province() == self.issuing_division.province());
        if self.iss != issuer.id().as_str()
            || self.certificate_type_code != licence_type.code()
            || !identifier_agrees
        {
            return Err(ExamineError::OutOfScope);
        }
        issuer
            .check_scope(licence_type.code(), self.issuing_division, &self.issuing_authority_code)
            .map_err(ExamineError::Issuer)?;
        Ok(licence_type)
    }

    /// The key of the holder; one that is no key damages the credential.
    pub(super) fn holder_key(&self) -> Result<Option<PublicKey>, ExamineError> {
        let Some(confirmation) = &self.cnf else { return Ok(None) };
        confirmation.jwk.public_key().map(Some).map_err(|_| ExamineError::Envelope)
    }

    pub(super) const fn identifier(&self) -> &Identifier {
        &self.certificate_identifier
    }

    pub(super) const fn division(&self) -> Division {
        self.issuing_division
    }

    /// Where its status stands.
    pub(super) fn status_reference(&self) -> Option<&StatusReference> {
        self.status.as_ref()?.status_list.as_ref()
    }
}

/// Whether `uri` is a plain path below `origin`: nothing that a reader of addresses could take for
/// another host or another path.
pub(super) fn is_below(uri: &str, origin: &str) -> bool {
    let Some(path) = uri.strip_prefix(origin).filter(|_| !origin.is_empty()) else { return false };
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"/-._~".contains(&byte);
    path.starts_with('/') && path.bytes().all(allowed) && !path.split('/').any(|part| part == "..")
}

/// Whether the claim belongs to the token and not to the licence.
pub(super) fn is_technical(name: &str) -> bool {
    TECHNICAL_CLAIMS.contains(&name)
}

/// Whether an issuer may not let the holder hide the claim.
pub(super) fn is_always_clear(name: &str) -> bool {
    is_technical(name) || ENVELOPE_CLAIMS.contains(&name)
}

const TECHNICAL_CLAIMS: [&str; 7] = ["cnf", "exp", "iat", "iss", "nbf", "status", "vct"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sl_13_only_plain_paths_below_the_origin() {
        let origin = "https://gw.example:7451";
        assert!(is_below("https://gw.example:7451/v1/status-lists/licence/3", origin));
        for uri in [
            "https://gw.example:7451",
            "https://gw.example:74510/v1",
            "https://gw.example:7451@evil.example/v1",
            "https://gw.example:7451.evil.example/v1",
            "https://gw.example:7451/../admin",
            "https://gw.example:7451/v1?next=https://evil.example",
            "https://gw.example:7451/v1#x",
            "https://gw.example:7451/v1%2f..",
            "https://gw.example:7451\\evil",
            "http://gw.example:7451/v1",
            "HTTPS://gw.example:7451/v1",
            "http://169.254.169.254/latest",
            "",
        ] {
            assert!(!is_below(uri, origin), "{uri}");
        }
        assert!(!is_below("/v1", ""), "a member without a public origin has no lists");
    }
}
