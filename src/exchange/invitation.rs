//! The one-time code with which somebody asks to become a client: made for one name, handed over
//! outside the network, and remembered by nobody until it is used.

use std::time::Duration;

use aws_lc_rs::hmac;

use crate::base::{Entropy, Timestamp};
use crate::crypto::base64url;
use crate::identity::ClientName;

/// The secret of a gateway under which invitations are made.
pub struct InvitationKey(hmac::Key);

impl InvitationKey {
    /// Takes the secret.
    #[must_use]
    pub fn new(secret: &[u8; 32]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, secret))
    }

    /// The code by which `name` may ask, until [`INVITATION_LIFE`] after `now`.
    #[must_use]
    pub fn invite(&self, name: &ClientName, now: Timestamp, entropy: &dyn Entropy) -> String {
        let mut stamp = [0; STAMP];
        stamp[..8].copy_from_slice(&(now + INVITATION_LIFE).unix_seconds().to_be_bytes());
        entropy.fill(&mut stamp[8..]);
        let tag = hmac::sign(&self.0, &message(&stamp, name));
        base64url::encode([&stamp[..], tag.as_ref()].concat())
    }

    /// Whether `code` was made here for `name` and has not ended at `now`; then its end. That it is
    /// used once is for the store to see to.
    pub fn check(
        &self,
        code: &str,
        name: &ClientName,
        now: Timestamp,
    ) -> Result<Timestamp, InvitationRefusal> {
        let bytes = base64url::decode(code).map_err(|_| InvitationRefusal::Foreign)?;
        let Some((stamp, tag)) = bytes.split_first_chunk::<STAMP>() else {
            return Err(InvitationRefusal::Foreign);
        };
        hmac::verify(&self.0, &message(stamp, name), tag)
            .map_err(|_| InvitationRefusal::Foreign)?;
        let mut seconds = [0; 8];
        seconds.copy_from_slice(&stamp[..8]);
        let ends = Timestamp::from_unix_seconds(i64::from_be_bytes(seconds));
        if now < ends { Ok(ends) } else { Err(InvitationRefusal::Expired) }
    }
}

impl std::fmt::Debug for InvitationKey {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("InvitationKey(…)")
    }
}

/// Why a code is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvitationRefusal {
    /// Its time is over.
    #[error("the code has expired")]
    Expired,
    /// Not made here, or for another name.
    #[error("not a code of this gateway for this client")]
    Foreign,
}

/// The name stands last and is canonical, so that no two names have one message.
fn message(stamp: &[u8; STAMP], name: &ClientName) -> Vec<u8> {
    [CONTEXT, &stamp[..], name.to_string().as_bytes()].concat()
}

/// Keeps these MACs apart from any other use of the same secret.
const CONTEXT: &[u8] = b"elicence-client-invitation-1\0";
/// Eight bytes of the end, sixteen of chance.
const STAMP: usize = 24;
/// How long a code may be used: it travels on paper.
pub const INVITATION_LIFE: Duration = Duration::from_hours(7 * 24);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::SystemEntropy;

    const NOW: Timestamp = Timestamp::from_unix_seconds(1_800_000_000);

    fn name(text: &str) -> ClientName {
        text.parse().unwrap()
    }

    #[test]
    fn a_code_is_for_one_client_and_one_week() {
        let key = InvitationKey::new(&[7; 32]);
        let unit = name("urn:elicence:client:120000:enforcement:unit-7");
        let code = key.invite(&unit, NOW, &SystemEntropy);
        let ends = NOW + INVITATION_LIFE;
        assert_eq!(key.check(&code, &unit, NOW), Ok(ends));
        assert_eq!(key.check(&code, &unit, ends), Err(InvitationRefusal::Expired));
        for other in [
            "urn:elicence:client:120000:enforcement:unit-8",
            "urn:elicence:client:120000:operator:unit-7",
            "urn:elicence:client:130000:enforcement:unit-7",
        ] {
            assert_eq!(key.check(&code, &name(other), NOW), Err(InvitationRefusal::Foreign));
        }
    }

    #[test]
    fn codes_of_others_and_nonsense_are_not_taken() {
        let unit = name("urn:elicence:client:120000:enforcement:unit-7");
        let code = InvitationKey::new(&[7; 32]).invite(&unit, NOW, &SystemEntropy);
        let own = InvitationKey::new(&[8; 32]);
        for text in [code.as_str(), "", "AAAA", &code[..code.len() - 4], "no base64!"] {
            assert_eq!(own.check(text, &unit, NOW), Err(InvitationRefusal::Foreign), "{text}");
        }
        let again = InvitationKey::new(&[7; 32]).invite(&unit, NOW, &SystemEntropy);
        assert_ne!(again, code, "two codes of one second are two");
    }
}
