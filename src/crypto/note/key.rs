//! The keys of logs as text: `name+hash+base64` (C2SP signed-note).

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::CheckpointError;
use crate::crypto::{Algorithm, Digest, PublicKey};

/// The public key of a log or a witness as text: `name+hash+base64` (C2SP signed-note).
#[derive(Clone, Debug)]
pub struct VerifierKey {
    pub(super) name: String,
    pub(super) id: [u8; 4],
    pub(super) public: PublicKey,
}

impl VerifierKey {
    /// The key of the log called `name`.
    pub fn new(name: &str, public: &PublicKey) -> Result<Self, CheckpointError> {
        if public.algorithm() != Algorithm::EdDsa || !is_key_name(name) {
            return Err(CheckpointError::BadKey);
        }
        let digest =
            Digest::of_parts(&[name.as_bytes(), b"\n", &[ED25519_SIGNATURE_TYPE], public.raw()]);
        let [a, b, c, d, ..] = *digest.as_bytes();
        Ok(Self { name: name.to_owned(), id: [a, b, c, d], public: public.clone() })
    }

    /// The name of the key, which is the log's origin.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let id = u32::from_be_bytes(self.id);
        let key = [&[ED25519_SIGNATURE_TYPE], self.public.raw()].concat();
        write!(formatter, "{}+{id:08x}+{}", self.name, STANDARD.encode(key))
    }
}

impl FromStr for VerifierKey {
    type Err = CheckpointError;

    fn from_str(text: &str) -> Result<Self, CheckpointError> {
        // The name holds no '+', base64 may: so the first two part the text.
        let mut parts = text.splitn(3, '+');
        let (Some(name), Some(_), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(CheckpointError::BadKey);
        };
        let key = STANDARD.decode(key).map_err(|_| CheckpointError::BadKey)?;
        let Some((&ED25519_SIGNATURE_TYPE, raw)) = key.split_first() else {
            return Err(CheckpointError::BadKey);
        };
        let public =
            PublicKey::from_raw(Algorithm::EdDsa, raw).map_err(|_| CheckpointError::BadKey)?;
        let parsed = Self::new(name, &public)?;
        if parsed.to_string() == text { Ok(parsed) } else { Err(CheckpointError::BadKey) }
    }
}

pub(super) fn is_key_name(name: &str) -> bool {
    !name.is_empty() && !name.contains(|each: char| each.is_whitespace() || each == '+')
}

/// The signature type of Ed25519 in C2SP signed-note.
const ED25519_SIGNATURE_TYPE: u8 = 1;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::Signer as _;
    use crate::crypto::seal::SoftwareKey;

    #[test]
    fn verifier_keys_have_one_text_and_must_match_their_hash() {
        let signer = SoftwareKey::generate(Algorithm::EdDsa).unwrap();
        let text = VerifierKey::new("log", signer.public_key()).unwrap().to_string();
        assert_eq!(text.parse::<VerifierKey>().unwrap().to_string(), text);
        for bad in
            [text.replacen("log", "fog", 1), text.to_uppercase(), format!("{text}="), "a+b".into()]
        {
            assert!(bad.parse::<VerifierKey>().is_err(), "{bad}");
        }
        let wrong_kind = SoftwareKey::generate(Algorithm::Es256).unwrap();
        assert!(VerifierKey::new("log", wrong_kind.public_key()).is_err());
        assert!(VerifierKey::new("two words", signer.public_key()).is_err());
    }

    #[test]
    fn the_published_example_key_parses() {
        let text = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
        assert_eq!(text.parse::<VerifierKey>().unwrap().to_string(), text);
    }
}
