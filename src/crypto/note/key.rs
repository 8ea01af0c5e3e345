//! The keys of logs and of witnesses as text: `name+hash+base64` (C2SP signed-note).
//!
//! The two kinds are two types: a log's key never passes where a witness is asked for.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::CheckpointError;
use crate::crypto::{Algorithm, Digest, PublicKey};

/// The key of a log, which signs its checkpoints (signature type 0x01 of C2SP signed-note).
pub type VerifierKey = NoteKey<LOG_SIGNATURE_TYPE>;

/// The key of a witness, which cosigns checkpoints (signature type 0x04, C2SP tlog-cosignature).
pub type WitnessKey = NoteKey<WITNESS_SIGNATURE_TYPE>;

/// An Ed25519 key with its name, for signatures of one type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoteKey<const SIGNATURE_TYPE: u8> {
    name: String,
    id: [u8; 4],
    public: PublicKey,
}

impl<const SIGNATURE_TYPE: u8> NoteKey<SIGNATURE_TYPE> {
    /// The key called `name`: a log's origin, or what a witness calls itself.
    ///
    /// Refused with [`CheckpointError::BadKey`] unless the key is Ed25519 and the name is not
    /// empty and free of white space, control characters and `+`.
    pub fn new(name: &str, public: &PublicKey) -> Result<Self, CheckpointError> {
        if public.algorithm() != Algorithm::EdDsa || !is_key_name(name) {
            return Err(CheckpointError::BadKey);
        }
        let digest = Digest::of_parts(&[name.as_bytes(), b"\n", &[SIGNATURE_TYPE], public.raw()]);
        let [a, b, c, d, ..] = *digest.as_bytes();
        Ok(Self { name: name.to_owned(), id: [a, b, c, d], public: public.clone() })
    }

    /// The name of the key; for a log its origin.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The Ed25519 key itself.
    #[must_use]
    pub const fn public_key(&self) -> &PublicKey {
        &self.public
    }

    /// SHA-256 of the key's SubjectPublicKeyInfo. A quorum counts these: one key may go by many
    /// names, and be listed as a log's and as a witness's.
    #[must_use]
    pub const fn spki_digest(&self) -> Digest {
        self.public.spki_digest()
    }

    /// The four bytes that stand before each signature by this key.
    pub(super) const fn id(&self) -> [u8; 4] {
        self.id
    }
}

impl<const SIGNATURE_TYPE: u8> fmt::Display for NoteKey<SIGNATURE_TYPE> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let id = u32::from_be_bytes(self.id);
        let key = [&[SIGNATURE_TYPE], self.public.raw()].concat();
        write!(formatter, "{}+{id:08x}+{}", self.name, STANDARD.encode(key))
    }
}

impl<const SIGNATURE_TYPE: u8> FromStr for NoteKey<SIGNATURE_TYPE> {
    type Err = CheckpointError;

    fn from_str(text: &str) -> Result<Self, CheckpointError> {
        // The name holds no '+', base64 may: so the first two part the text.
        let mut parts = text.splitn(3, '+');
        let (Some(name), Some(_), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(CheckpointError::BadKey);
        };
        let key = STANDARD.decode(key).map_err(|_| CheckpointError::BadKey)?;
        let Some((&kind, raw)) = key.split_first() else {
            return Err(CheckpointError::BadKey);
        };
        if kind != SIGNATURE_TYPE {
            return Err(CheckpointError::BadKey);
        }
        let public =
            PublicKey::from_raw(Algorithm::EdDsa, raw).map_err(|_| CheckpointError::BadKey)?;
        let parsed = Self::new(name, &public)?;
        if parsed.to_string() == text { Ok(parsed) } else { Err(CheckpointError::BadKey) }
    }
}

/// Whether `name` may name a key, and so a log (C2SP signed-note).
pub(super) fn is_key_name(name: &str) -> bool {
    let bad = |each: char| each.is_whitespace() || each.is_control() || each == '+';
    !name.is_empty() && !name.contains(bad)
}

/// The signature type of Ed25519 over the text of a note (C2SP signed-note).
const LOG_SIGNATURE_TYPE: u8 = 0x01;
/// The signature type of timestamped Ed25519 cosignatures (C2SP tlog-cosignature).
const WITNESS_SIGNATURE_TYPE: u8 = 0x04;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::Signer as _;
    use crate::crypto::seal::SoftwareKey;

    #[test]
    fn keys_have_one_text_and_must_match_their_hash() {
        let signer = SoftwareKey::generate(Algorithm::EdDsa).unwrap();
        let log = VerifierKey::new("log", signer.public_key()).unwrap().to_string();
        assert_eq!(log.parse::<VerifierKey>().unwrap().to_string(), log);
        let witness = WitnessKey::new("log", signer.public_key()).unwrap().to_string();
        assert_eq!(witness.parse::<WitnessKey>().unwrap().to_string(), witness);
        for text in [&log, &witness] {
            for bad in [
                text.replacen("log", "fog", 1),
                text.replacen("log", "", 1),
                text.to_uppercase(),
                format!("{text}="),
                format!("{text}\n"),
                format!(" {text}"),
                text[..text.len() - 4].to_owned(),
                text.replacen('+', "+0", 1),
                "a+b".to_owned(),
                "log+00000000+".to_owned(),
                String::new(),
            ] {
                assert!(bad.parse::<VerifierKey>().is_err(), "{bad}");
                assert!(bad.parse::<WitnessKey>().is_err(), "{bad}");
            }
        }
    }

    #[test]
    fn a_log_key_is_no_witness_key_though_the_key_is_the_same() {
        let signer = SoftwareKey::generate(Algorithm::EdDsa).unwrap();
        let log = VerifierKey::new("log", signer.public_key()).unwrap();
        let witness = WitnessKey::new("log", signer.public_key()).unwrap();
        assert_ne!(log.id(), witness.id());
        assert_eq!(log.spki_digest(), witness.spki_digest());
        assert!(log.to_string().parse::<WitnessKey>().is_err());
        assert!(witness.to_string().parse::<VerifierKey>().is_err());
    }

    #[test]
    fn only_ed25519_keys_with_a_plain_name_are_keys_of_notes() {
        let signer = SoftwareKey::generate(Algorithm::EdDsa).unwrap();
        let wrong_kind = SoftwareKey::generate(Algorithm::Es256).unwrap();
        assert!(VerifierKey::new("log", wrong_kind.public_key()).is_err());
        assert!(WitnessKey::new("log", wrong_kind.public_key()).is_err());
        for name in ["", "two words", "two\u{a0}words", "line\n", "bell\u{7}", "a+b"] {
            assert!(VerifierKey::new(name, signer.public_key()).is_err(), "{name:?}");
            assert!(WitnessKey::new(name, signer.public_key()).is_err(), "{name:?}");
        }
    }

    #[test]
    fn the_published_example_key_parses() {
        let text = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
        assert_eq!(text.parse::<VerifierKey>().unwrap().to_string(), text);
        assert!(text.parse::<WitnessKey>().is_err());
    }
}
