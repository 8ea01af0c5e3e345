//! Nonces of a hub for applications: they need no memory until they are used. That each is used
//! once is for the store to see to.

use aws_lc_rs::hmac;

use crate::base::{Entropy, Timestamp, limits};
use crate::crypto::base64url;

/// The secret of a hub under which nonces are made.
pub struct EnrolmentNonceKey(hmac::Key);

impl EnrolmentNonceKey {
    /// Draws a new secret. Nonces under an earlier one are void.
    #[must_use]
    pub fn draw(entropy: &dyn Entropy) -> Self {
        let secret = [entropy.salt(), entropy.salt()].concat();
        Self(hmac::Key::new(hmac::HMAC_SHA256, &secret))
    }

    /// A nonce for an application to the hub `origin`.
    #[must_use]
    pub fn issue(&self, origin: &str, now: Timestamp, entropy: &dyn Entropy) -> String {
        let stated = [&now.unix_seconds().to_be_bytes()[..], &entropy.salt()].concat();
        let tag = hmac::sign(&self.0, &message(&stated, origin));
        base64url::encode([&stated[..], tag.as_ref()].concat())
    }

    /// Whether `nonce` was made here for `origin` and has not ended; then when it ends.
    pub fn check(
        &self,
        nonce: &str,
        origin: &str,
        now: Timestamp,
    ) -> Result<Timestamp, EnrolmentNonceRefusal> {
        let foreign = EnrolmentNonceRefusal::Foreign;
        let bytes = base64url::decode(nonce).map_err(|_| foreign)?;
        let (stated, tag) = bytes.split_at_checked(STATED_BYTES).ok_or(foreign)?;
        hmac::verify(&self.0, &message(stated, origin), tag).map_err(|_| foreign)?;
        let issued: [u8; 8] = stated.first_chunk().copied().ok_or(foreign)?;
        let issued = Timestamp::from_unix_seconds(i64::from_be_bytes(issued));
        let end = issued + limits::ENROLMENT_NONCE_LIFE;
        if now < issued || now > end { Err(EnrolmentNonceRefusal::Expired) } else { Ok(end) }
    }
}

impl std::fmt::Debug for EnrolmentNonceKey {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("EnrolmentNonceKey(…)")
    }
}

/// Why a nonce is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EnrolmentNonceRefusal {
    /// Too old.
    #[error("the nonce has expired")]
    Expired,
    /// Not ours, for another hub, or made before this hub was started.
    #[error("not a nonce of this hub")]
    Foreign,
}

/// Of fixed length but for the origin, which stands last.
fn message(stated: &[u8], origin: &str) -> Vec<u8> {
    [CONTEXT, stated, origin.as_bytes()].concat()
}

/// An instant in seconds, and sixteen random bytes.
const STATED_BYTES: usize = 24;
const CONTEXT: &[u8] = b"elicence enrolment nonce\0";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::SystemEntropy;

    const HUB: &str = "https://hub.example";

    #[test]
    fn a_nonce_serves_its_hub_for_ten_minutes() {
        let key = EnrolmentNonceKey::draw(&SystemEntropy);
        let now = Timestamp::from_unix_seconds(1_800_000_000);
        let nonce = key.issue(HUB, now, &SystemEntropy);
        assert_ne!(nonce, key.issue(HUB, now, &SystemEntropy));
        let end = now + limits::ENROLMENT_NONCE_LIFE;
        assert_eq!(key.check(&nonce, HUB, now), Ok(end));
        assert_eq!(key.check(&nonce, HUB, end), Ok(end));
        let second = std::time::Duration::from_secs(1);
        for late in [end + second, now - second] {
            assert_eq!(key.check(&nonce, HUB, late), Err(EnrolmentNonceRefusal::Expired));
        }
    }

    #[test]
    fn foreign_and_mangled_nonces_are_refused() {
        let key = EnrolmentNonceKey::draw(&SystemEntropy);
        let now = Timestamp::from_unix_seconds(1_800_000_000);
        let nonce = key.issue(HUB, now, &SystemEntropy);
        let other = EnrolmentNonceKey::draw(&SystemEntropy).issue(HUB, now, &SystemEntropy);
        let mut mangled = base64url::decode(&nonce).unwrap();
        mangled[0] ^= 1;
        for (bad, origin) in [
            (nonce.as_str(), "https://other.example"),
            (&other, HUB),
            (&base64url::encode(mangled), HUB),
            (&nonce[..40], HUB),
            ("", HUB),
            ("!", HUB),
        ] {
            assert_eq!(key.check(bad, origin, now), Err(EnrolmentNonceRefusal::Foreign), "{bad}");
        }
    }
}
