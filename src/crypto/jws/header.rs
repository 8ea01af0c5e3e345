//! The protected header: what ours may say, and what no header may say.

use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer, Serialize};

use super::super::digest::Digest;
use super::super::key::{Algorithm, PublicKey};
use super::super::x509::Certificate;
use super::super::{base64url, json};
use super::{JwsError, Typ};
use crate::base::{NumericDate, limits};

/// A protected header (RFC 7515 §4).
///
/// Members we do not know are ignored, as the RFC says; those that could bring in another key or
/// change the meaning of the signature make the token unreadable.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Header {
    alg: String,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    typ: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    cty: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    kid: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    iat: Option<NumericDate>,
    /// Standard base64 DER, signer first (RFC 7515 §4.1.6).
    #[serde(skip_serializing_if = "Option::is_none", default)]
    x5c: Option<Vec<String>>,
    #[serde(rename = "x5t#S256", skip_serializing_if = "Option::is_none", default)]
    x5t_s256: Option<Digest>,
    // Members that no header of ours may hold, whatever their value.
    #[serde(skip_serializing, default, deserialize_with = "present")]
    crit: bool,
    #[serde(skip_serializing, default, deserialize_with = "present")]
    b64: bool,
    #[serde(skip_serializing, default, deserialize_with = "present")]
    jwk: bool,
    #[serde(skip_serializing, default, deserialize_with = "present")]
    jku: bool,
    #[serde(skip_serializing, default, deserialize_with = "present")]
    x5u: bool,
}

impl Header {
    /// A header for a document of kind `typ`; `alg` is set when it is signed.
    #[must_use]
    pub fn new(typ: Typ) -> Self {
        Self { typ: Some(typ.as_str().to_owned()), ..Self::default() }
    }

    /// Adds the certificate chain, signer first.
    #[must_use]
    pub fn with_chain(mut self, chain: &[&[u8]]) -> Self {
        use base64::Engine as _;
        let encode = |der: &&[u8]| base64::engine::general_purpose::STANDARD.encode(der);
        self.x5t_s256 = chain.first().map(Digest::of);
        self.x5c = Some(chain.iter().map(encode).collect());
        self
    }

    /// Shows what a liar would.
    #[cfg(test)]
    pub(super) fn with_shown(self, chain: Option<Vec<String>>, digest: Option<Digest>) -> Self {
        Self { x5c: chain.or(self.x5c), x5t_s256: digest.or(self.x5t_s256), ..self }
    }

    /// Adds the content type and the time of signing, as trust lists carry them.
    #[must_use]
    pub fn with_content(mut self, cty: &str, iat: NumericDate) -> Self {
        self.cty = Some(cty.to_owned());
        self.iat = Some(iat);
        self
    }

    /// Adds the key's name.
    #[must_use]
    pub fn with_key_id(mut self, kid: impl Into<String>) -> Self {
        self.kid = Some(kid.into());
        self
    }

    pub(super) fn parse(encoded: &str) -> Result<Self, JwsError> {
        if encoded.len() > limits::JWS_HEADER_BYTES {
            return Err(JwsError::TooLarge);
        }
        let bytes = base64url::decode(encoded).map_err(|_| JwsError::Malformed)?;
        let header: Self = json::from_slice(&bytes)?;
        if header.is_forbidden() { Err(JwsError::ForbiddenHeader) } else { Ok(header) }
    }

    const fn is_forbidden(&self) -> bool {
        self.crit || self.b64 || self.jwk || self.jku || self.x5u
    }

    pub(super) fn encode(mut self, algorithm: Algorithm) -> Result<String, serde_json::Error> {
        algorithm.name().clone_into(&mut self.alg);
        Ok(base64url::encode(serde_json::to_vec(&self)?))
    }

    /// The algorithm, when it is one of ours.
    #[must_use]
    pub fn algorithm(&self) -> Option<Algorithm> {
        Algorithm::from_name(&self.alg)
    }

    /// The kind of document; compared exactly.
    pub fn demand(&self, typ: Typ) -> Result<(), JwsError> {
        if self.typ.as_deref() == Some(typ.as_str()) { Ok(()) } else { Err(JwsError::WrongTyp) }
    }

    /// The certificates of `x5c`, decoded; empty when there are none.
    pub fn chain(&self) -> Result<Vec<Vec<u8>>, JwsError> {
        use base64::Engine as _;
        let Some(chain) = &self.x5c else { return Ok(Vec::new()) };
        if chain.is_empty() {
            return Err(JwsError::Malformed);
        }
        if chain.len() > limits::CERTIFICATE_CHAIN_LENGTH {
            return Err(JwsError::TooLarge);
        }
        let decode = |text: &String| base64::engine::general_purpose::STANDARD.decode(text);
        chain.iter().map(decode).collect::<Result<_, _>>().map_err(|_| JwsError::Malformed)
    }

    /// The digest of the signer's certificate.
    #[must_use]
    pub const fn certificate_digest(&self) -> Option<Digest> {
        self.x5t_s256
    }

    /// Which key the header says signed: that of the first certificate of `x5c`, whose digest must
    /// be `x5t#S256`. `None` when the two contradict each other, or either is damaged.
    pub(super) fn shown_key(&self) -> Option<ShownKey> {
        let chain = self.chain().ok()?;
        let Some(own) = chain.first() else {
            // A digest without its certificate names what nobody can compare.
            return self.x5t_s256.is_none().then_some(ShownKey(None));
        };
        if self.x5t_s256.is_some_and(|digest| digest != Digest::of(own)) {
            return None;
        }
        Some(ShownKey(Some(Certificate::parse(own).ok()?.spki_digest())))
    }

    /// The key's name, an unverified hint.
    #[must_use]
    pub fn key_id(&self) -> Option<&str> {
        self.kid.as_deref()
    }
}

/// The SHA-256 of the SubjectPublicKeyInfo that a header shows, if it shows one.
#[derive(Clone, Copy, Debug)]
pub(super) struct ShownKey(Option<Digest>);

impl ShownKey {
    /// Whether `key` is the one shown, or none is shown.
    pub(super) fn admits(self, key: &PublicKey) -> bool {
        self.0.is_none_or(|shown| shown == key.spki_digest())
    }
}

fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    IgnoredAny::deserialize(deserializer).map(|_| true)
}
