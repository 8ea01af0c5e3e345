//! Checkpoints: the size and root of a log as signed text, in the forms of C2SP `tlog-checkpoint`
//! and `signed-note`.
//!
//! Reading is strict: one text for one checkpoint, no extension lines, no unsigned note.

use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::VerifierKey;
use super::key::is_key_name;
use super::signed::{SignedNote, lines, write_line};
use crate::crypto::{Digest, Signer};

/// The state of a log at one size.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// The log's name, such as `elicence/120000/audit`; also the name of its key.
    pub origin: String,
    /// How many leaves the tree has.
    pub size: u64,
    /// The root of the tree.
    pub root: Digest,
}

impl Checkpoint {
    /// The text that is signed: three lines (C2SP tlog-checkpoint).
    #[must_use]
    pub fn text(&self) -> String {
        format!("{}\n{}\n{}\n", self.origin, self.size, STANDARD.encode(self.root.as_bytes()))
    }

    /// Signs this checkpoint with the log's own key; the result is a signed note.
    ///
    /// Refused with [`CheckpointError::BadKey`] unless the key is Ed25519.
    pub fn sign(&self, signer: &dyn Signer) -> Result<String, CheckpointError> {
        let key = VerifierKey::new(&self.origin, signer.public_key())?;
        let text = self.text();
        let signature = signer.sign(text.as_bytes()).map_err(|_| CheckpointError::Signing)?;
        Ok(format!("{text}\n{}", write_line(&key, &signature)))
    }

    /// Reads a signed note and demands a signature by `key` over a checkpoint of its log.
    ///
    /// Signatures by other keys (witnesses) may stand beside it and are not judged here.
    pub fn open(note: &str, key: &VerifierKey) -> Result<Self, CheckpointError> {
        let note = SignedNote::read(note).ok_or(CheckpointError::Malformed)?;
        let checkpoint: Self = note.text.parse()?;
        if checkpoint.origin != key.name() {
            return Err(CheckpointError::OtherLog);
        }
        let mut signed = false;
        for line in note.signatures.iter().filter(|line| line.names(key)) {
            let verdict = key.public_key().verify(note.text.as_bytes(), &line.signature);
            verdict.map_err(|_| CheckpointError::Signature)?;
            signed = true;
        }
        if signed { Ok(checkpoint) } else { Err(CheckpointError::Unsigned) }
    }
}

impl FromStr for Checkpoint {
    type Err = CheckpointError;

    fn from_str(text: &str) -> Result<Self, CheckpointError> {
        let Some(&[origin, size, root]) = lines(text).as_deref() else {
            return Err(CheckpointError::Malformed);
        };
        if !is_key_name(origin) {
            return Err(CheckpointError::Malformed);
        }
        let root = STANDARD.decode(root).map_err(|_| CheckpointError::Malformed)?;
        let root: [u8; 32] = root.try_into().map_err(|_| CheckpointError::Malformed)?;
        let checkpoint = Self {
            origin: origin.to_owned(),
            size: size.parse().map_err(|_| CheckpointError::Malformed)?,
            root: Digest::from_bytes(root),
        };
        // Leading zeros, signs and the like: whatever does not write back as it was read.
        if checkpoint.text() == text { Ok(checkpoint) } else { Err(CheckpointError::Malformed) }
    }
}

/// Why a text is not a checkpoint of the log in question.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointError {
    /// Not an Ed25519 key of the kind that is asked for, with a well-formed name and the hash that
    /// belongs to both.
    #[error("not the key of a log or a witness (name, hash and Ed25519 key)")]
    BadKey,
    /// Not a checkpoint in its one form.
    #[error("not a checkpoint")]
    Malformed,
    /// A checkpoint of another log.
    #[error("the checkpoint belongs to another log")]
    OtherLog,
    /// A signature in the log's name does not verify.
    #[error("the signature of the checkpoint does not verify")]
    Signature,
    /// The key's holder refused or failed to sign.
    #[error("the checkpoint could not be signed")]
    Signing,
    /// No signature by the log's key.
    #[error("the checkpoint is not signed by its log")]
    Unsigned,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::Algorithm;
    use crate::crypto::seal::SoftwareKey;

    fn checkpoint() -> Checkpoint {
        let origin = "elicence/120000/audit".to_owned();
        Checkpoint { origin, size: 7, root: Digest::of("root") }
    }

    #[test]
    fn a_signed_checkpoint_opens_under_its_own_key_only() {
        let (ours, other) = (
            SoftwareKey::generate(Algorithm::EdDsa).unwrap(),
            SoftwareKey::generate(Algorithm::EdDsa).unwrap(),
        );
        let note = checkpoint().sign(&ours).unwrap();
        let origin = checkpoint().origin;
        let key = VerifierKey::new(&origin, ours.public_key()).unwrap();
        assert_eq!(Checkpoint::open(&note, &key).unwrap(), checkpoint());
        let stranger = VerifierKey::new(&origin, other.public_key()).unwrap();
        assert_eq!(Checkpoint::open(&note, &stranger), Err(CheckpointError::Unsigned));
        let elsewhere = VerifierKey::new("elicence/130000/audit", ours.public_key()).unwrap();
        assert_eq!(Checkpoint::open(&note, &elsewhere), Err(CheckpointError::OtherLog));
        let cosigned = format!("{note}\u{2014} witness AAAAAAAA\n");
        assert!(Checkpoint::open(&cosigned, &key).is_ok());
    }

    #[test]
    fn au_08_a_changed_size_or_root_does_not_verify() {
        let signer = SoftwareKey::generate(Algorithm::EdDsa).unwrap();
        let key = VerifierKey::new(&checkpoint().origin, signer.public_key()).unwrap();
        let note = checkpoint().sign(&signer).unwrap();
        let root = STANDARD.encode(checkpoint().root.as_bytes());
        let forged = STANDARD.encode(Digest::of("forged").as_bytes());
        for bad in [note.replacen("\n7\n", "\n8\n", 1), note.replacen(&root, &forged, 1)] {
            assert_eq!(Checkpoint::open(&bad, &key), Err(CheckpointError::Signature), "{bad}");
        }
    }

    #[test]
    fn only_one_text_is_a_checkpoint() {
        let signer = SoftwareKey::generate(Algorithm::EdDsa).unwrap();
        let key = VerifierKey::new(&checkpoint().origin, signer.public_key()).unwrap();
        let note = checkpoint().sign(&signer).unwrap();
        for bad in [
            note.replacen("\n7\n", "\n07\n", 1),
            note.replacen("\n7\n", "\n+7\n", 1),
            note.replacen("\n7\n", "\n-7\n", 1),
            note.replacen('\n', "\r\n", 1),
            note.replacen("\n\n", "\nextension\n\n", 1),
            note.replacen("\n\n", "\n", 1),
            note.replacen("\u{2014} ", "- ", 1),
            note.trim_end().to_owned(),
            format!("{note}\n"),
            checkpoint().text(),
            String::new(),
        ] {
            assert_eq!(Checkpoint::open(&bad, &key), Err(CheckpointError::Malformed), "{bad:?}");
        }
    }

    #[test]
    fn only_ed25519_keys_sign_checkpoints() {
        let wrong_kind = SoftwareKey::generate(Algorithm::Es256).unwrap();
        assert_eq!(checkpoint().sign(&wrong_kind), Err(CheckpointError::BadKey));
    }
}
