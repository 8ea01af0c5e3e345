//! Nonces that need no memory until they are used: an instant and a MAC over what they are for.
//!
//! That each is used once is for the store to see to.

use std::time::Duration;

use aws_lc_rs::hmac;

use crate::base::{ConsentRequestId, GrantId, Timestamp, limits};
use crate::crypto::base64url;
use crate::licence::Identifier;

/// The secret of a gateway under which nonces are made.
pub struct NonceKey(hmac::Key);

/// What a nonce is for. A nonce for one thing is worth nothing for another.
#[derive(Clone, Copy, Debug)]
pub struct NonceBinding<'a> {
    /// Whom the answer is addressed to: the issuing gateway's public origin.
    pub audience: &'a str,
    /// The consent that would be given.
    pub consent: &'a GrantId,
    /// The request it answers.
    pub request: &'a ConsentRequestId,
    /// The licence it is about.
    pub licence: &'a Identifier,
}

impl NonceKey {
    /// Takes a secret of at least 32 bytes, the width of the hash (RFC 2104 §3).
    pub fn new(secret: &[u8]) -> Result<Self, NonceRefusal> {
        if secret.len() < SHORTEST_SECRET {
            return Err(NonceRefusal::SecretTooShort);
        }
        Ok(Self(hmac::Key::new(hmac::HMAC_SHA256, secret)))
    }

    /// The nonce for `binding`, made at `now`.
    #[must_use]
    pub fn issue(&self, binding: &NonceBinding<'_>, now: Timestamp) -> String {
        let issued = now.unix_seconds().to_be_bytes();
        let tag = hmac::sign(&self.0, &message(issued, binding));
        base64url::encode([&issued[..], tag.as_ref()].concat())
    }

    /// Whether `nonce` was made here for `binding`, at most [`limits::NONCE_LIFE`] before `now`.
    pub fn check(
        &self,
        nonce: &str,
        binding: &NonceBinding<'_>,
        now: Timestamp,
    ) -> Result<(), NonceRefusal> {
        // Decoding is bounded by the caller's limit on tokens.
        let bytes = base64url::decode(nonce).map_err(|_| NonceRefusal::Foreign)?;
        let Some((issued, tag)) = bytes.split_first_chunk::<8>() else {
            return Err(NonceRefusal::Foreign);
        };
        hmac::verify(&self.0, &message(*issued, binding), tag)
            .map_err(|_| NonceRefusal::Foreign)?;
        let issued = Timestamp::from_unix_seconds(i64::from_be_bytes(*issued));
        // Replicas share the secret, not the clock.
        let ahead = issued > now + limits::CLOCK_SKEW;
        if ahead || now.since(issued) > limits::NONCE_LIFE + WHOLE_SECOND {
            return Err(NonceRefusal::Expired);
        }
        Ok(())
    }
}

impl std::fmt::Debug for NonceKey {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("NonceKey(…)")
    }
}

/// Why a nonce is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NonceRefusal {
    /// Too old.
    #[error("the nonce has expired")]
    Expired,
    /// Not ours, or for something else.
    #[error("not a nonce of this gateway for this request")]
    Foreign,
    /// The secret is shorter than the hash.
    #[error("the secret has fewer than 32 bytes")]
    SecretTooShort,
}

/// Each part with its length before it, so that no two bindings have one message.
fn message(issued: [u8; 8], binding: &NonceBinding<'_>) -> Vec<u8> {
    let mut message = [CONTEXT, &issued[..]].concat();
    for part in [
        binding.audience,
        binding.consent.as_str(),
        binding.request.as_str(),
        binding.licence.as_str(),
    ] {
        message.extend_from_slice(&(part.len() as u64).to_be_bytes());
        message.extend_from_slice(part.as_bytes());
    }
    message
}

/// Keeps these MACs apart from any other use of the same secret.
const CONTEXT: &[u8] = b"elicence-consent-nonce-1\0";
const SHORTEST_SECRET: usize = 32;
/// A nonce carries whole seconds: the fraction that was cut off is not held against it.
const WHOLE_SECOND: Duration = Duration::from_millis(999);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::SystemEntropy;

    const NOW: Timestamp = Timestamp::from_unix_seconds(1_780_000_000);

    #[test]
    fn a_nonce_is_for_one_thing_and_five_minutes() {
        let key = NonceKey::new(&[7; 32]).unwrap();
        let consent = GrantId::generate(NOW, &SystemEntropy);
        let other_consent = GrantId::generate(NOW, &SystemEntropy);
        let request = ConsentRequestId::generate(NOW, &SystemEntropy);
        let other_request = ConsentRequestId::generate(NOW, &SystemEntropy);
        let licence: Identifier = "urn:elicence:licence:120000:TP:000000000042".parse().unwrap();
        let other_licence: Identifier =
            "urn:elicence:licence:120000:TP:000000000043".parse().unwrap();
        let audience = "https://127.0.0.1:7443";
        let binding =
            NonceBinding { audience, consent: &consent, request: &request, licence: &licence };
        let nonce = key.issue(&binding, NOW);
        assert_eq!(key.check(&nonce, &binding, NOW + limits::NONCE_LIFE), Ok(()));
        let late = NOW + limits::NONCE_LIFE + Duration::from_secs(1);
        assert_eq!(key.check(&nonce, &binding, late), Err(NonceRefusal::Expired));
        let early = NOW - limits::CLOCK_SKEW - Duration::from_secs(1);
        assert_eq!(key.check(&nonce, &binding, early), Err(NonceRefusal::Expired));
        for other in [
            NonceBinding { audience: "https://127.0.0.1:7444", ..binding },
            NonceBinding { consent: &other_consent, ..binding },
            NonceBinding { request: &other_request, ..binding },
            NonceBinding { licence: &other_licence, ..binding },
        ] {
            assert_eq!(key.check(&nonce, &other, NOW), Err(NonceRefusal::Foreign));
        }
        let stranger = NonceKey::new(&[8; 32]).unwrap();
        assert_eq!(stranger.check(&nonce, &binding, NOW), Err(NonceRefusal::Foreign));
        for text in ["", "AAAA", "AAAAAAAAAAA", &nonce[..nonce.len() - 4], "not base64!"] {
            assert_eq!(key.check(text, &binding, NOW), Err(NonceRefusal::Foreign), "{text}");
        }
    }

    #[test]
    fn short_secrets_are_refused() {
        assert_eq!(NonceKey::new(&[0; 31]).unwrap_err(), NonceRefusal::SecretTooShort);
    }
}
