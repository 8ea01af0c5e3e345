//! One disclosure (RFC 9901 §4.2): a salt, for a claim its name, and a value.

use serde_json::Value;

use super::sd_jwt::SdJwtError;
use crate::base::Entropy;
use crate::crypto::{Digest, base64url, json};

/// A disclosure as sent, and what it says.
#[derive(Clone, Debug)]
pub(super) struct Disclosure<'t> {
    encoded: &'t str,
    name: Option<String>,
    value: Value,
}

impl<'t> Disclosure<'t> {
    /// Reads canonical base64url of `[salt, value]` or `[salt, name, value]`.
    pub(super) fn parse(encoded: &'t str) -> Result<Self, SdJwtError> {
        let bytes = base64url::decode(encoded).map_err(|_| SdJwtError::Malformed)?;
        let parts: Vec<Value> = json::from_slice(&bytes)?;
        let mut parts = parts.into_iter();
        let Some(Value::String(_salt)) = parts.next() else { return Err(SdJwtError::Malformed) };
        let (name, value) = match (parts.next(), parts.next(), parts.next()) {
            (Some(value), None, None) => (None, value),
            (Some(Value::String(name)), Some(value), None) => (Some(name), value),
            _ => return Err(SdJwtError::Malformed),
        };
        if name.as_deref().is_some_and(is_reserved) {
            return Err(SdJwtError::ReservedName);
        }
        Ok(Self { encoded, name, value })
    }

    /// The digest over the bytes as they were sent (RFC 9901 §4.2.3).
    pub(super) fn digest(&self) -> Digest {
        Digest::of(self.encoded)
    }

    /// The text as it was sent.
    pub(super) const fn encoded(&self) -> &'t str {
        self.encoded
    }

    /// The name of the claim; an element of an array has none.
    pub(super) fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// Name and value of a claim.
    pub(super) fn into_member(self) -> Result<(String, Value), SdJwtError> {
        Ok((self.name.ok_or(SdJwtError::Malformed)?, self.value))
    }

    /// The value of an element of an array.
    pub(super) fn into_element(self) -> Result<Value, SdJwtError> {
        if self.name.is_none() { Ok(self.value) } else { Err(SdJwtError::Malformed) }
    }
}

/// Writes the disclosure of a claim with a new salt of 128 bits.
pub(super) fn disclose(name: &str, value: &Value, entropy: &dyn Entropy) -> String {
    let salt = base64url::encode(entropy.salt());
    base64url::encode(serde_json::json!([salt, name, value]).to_string())
}

/// Whether `name` has a meaning of its own in an SD-JWT (RFC 9901 §4.1).
pub(super) fn is_reserved(name: &str) -> bool {
    matches!(name, DIGESTS | DIGEST_ALGORITHM | ELEMENT)
}

/// The member that holds the digests of an object's hidden claims.
pub(super) const DIGESTS: &str = "_sd";
/// The member that names the hash algorithm, at the top level alone.
pub(super) const DIGEST_ALGORITHM: &str = "_sd_alg";
/// The only member of an array's element that stands for a hidden one.
pub(super) const ELEMENT: &str = "...";
/// The one hash algorithm taken (and the default, RFC 9901 §4.1.1).
pub(super) const SHA_256: &str = "sha-256";

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<(), SdJwtError> {
        Disclosure::parse(&base64url::encode(text)).map(|_| ())
    }

    #[test]
    fn the_example_of_the_rfc_has_the_digest_it_prints() {
        // RFC 9901 §4.2.1 and §4.2.3.
        let text = "WyJfMjZiYzRMVC1hYzZxMktJNmNCVzVlcyIsICJmYW1pbHlfbmFtZSIsICJNw7ZiaXVzIl0";
        let disclosure = Disclosure::parse(text).unwrap();
        assert_eq!(disclosure.name(), Some("family_name"));
        assert_eq!(disclosure.digest().to_string(), "X9yH0Ajrdm1Oij4tWso9UzzKJvPoDxwmuEcO3XAdRC0");
    }

    #[test]
    fn sd_07_other_shapes_are_no_disclosures() {
        for text in ["[]", "[\"s\"]", "[\"s\",\"n\",1,2]", "{}", "[1,\"n\",1]", "[\"s\",1,1]", "x"]
        {
            assert_eq!(parse(text), Err(SdJwtError::Malformed), "{text}");
        }
        for text in ["WyJzIiwxXQ==", "WyJz IiwxXQ", "WyJzIiwxXR"] {
            assert!(Disclosure::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn sd_05_reserved_names_are_refused() {
        for name in ["_sd", "...", "_sd_alg", "_\\u0073d"] {
            assert_eq!(parse(&format!("[\"s\",\"{name}\",1]")), Err(SdJwtError::ReservedName));
        }
    }
}
