//! A change of a member's list key, as the previous key states it and as the federation list
//! carries it: only who held the old key can name the new one.

use serde::{Deserialize, Serialize};

use crate::base::MemberId;
use crate::crypto::jws::{Header, JwsError, Typ, sign_detached, verify_detached};
use crate::crypto::{Digest, PublicKey, SealError, Signer};

/// The value of the entity extension `KeyChange` of a federation list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum KeyChangeExtension {
    /// The previous key names the new one.
    Signed(KeyChange),
    /// The previous key is lost, and the member enrolled anew.
    Reenrolled(Reenrolled),
}

/// A change that the previous key signed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyChange {
    /// SHA-256 of the previous list key's SubjectPublicKeyInfo.
    pub previous_spki: Digest,
    /// SHA-256 of the new list key's SubjectPublicKeyInfo.
    pub new_spki: Digest,
    /// Which change of this member's list key it is: 1 for the first, then one more each time.
    pub sequence: u64,
    /// Detached JWS (RFC 7515 appendix F) by the previous key over the canonical form (RFC 8785)
    /// of the [`KeyChangeClaims`].
    pub signature: String,
}

/// What the previous key signs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyChangeClaims {
    /// Whose list key changes.
    pub member: MemberId,
    /// SHA-256 of the previous list key's SubjectPublicKeyInfo.
    pub previous_spki: Digest,
    /// SHA-256 of the new list key's SubjectPublicKeyInfo.
    pub new_spki: Digest,
    /// As in [`KeyChange::sequence`].
    pub sequence: u64,
}

/// The mark of a member that lost its list key and enrolled anew. Reads from `true` only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reenrolled {
    reenrolled: True,
}

impl Reenrolled {
    /// The mark.
    pub const MARK: Self = Self { reenrolled: True };
}

/// The JSON value `true`; `false` would be a second spelling of "no such extension".
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "bool", into = "bool")]
struct True;

impl From<True> for bool {
    fn from(_: True) -> Self {
        true
    }
}

impl TryFrom<bool> for True {
    type Error = &'static str;

    fn try_from(value: bool) -> Result<Self, Self::Error> {
        if value { Ok(Self) } else { Err("reenrolled can only be true") }
    }
}

impl KeyChange {
    /// States, with the `previous` key, that `new` takes its place as the list key of `member`.
    pub fn sign(
        previous: &dyn Signer,
        member: MemberId,
        new: Digest,
        sequence: u64,
    ) -> Result<Self, SealError> {
        let previous_spki = previous.public_key().spki_digest();
        let claims = KeyChangeClaims { member, previous_spki, new_spki: new, sequence };
        let signature = sign_detached(previous, Header::new(Typ::KeyChange), &claims)?;
        Ok(Self { previous_spki, new_spki: new, sequence, signature })
    }

    /// Whether `previous` made this statement for `member`. That `previous` is the key in force,
    /// `new_spki` the key of the new entry and `sequence` the next, is for the caller to hold it
    /// against.
    pub fn verify(&self, member: MemberId, previous: &PublicKey) -> Result<(), JwsError> {
        if previous.spki_digest() != self.previous_spki || self.new_spki == self.previous_spki {
            return Err(JwsError::Signature);
        }
        verify_detached(&self.signature, &self.claims(member), previous, Typ::KeyChange)
    }

    const fn claims(&self, member: MemberId) -> KeyChangeClaims {
        KeyChangeClaims {
            member,
            previous_spki: self.previous_spki,
            new_spki: self.new_spki,
            sequence: self.sequence,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::crypto::Algorithm;
    use crate::crypto::seal::SoftwareKey;

    fn member(code: &str) -> MemberId {
        code.parse::<crate::base::Division>().unwrap().member()
    }

    fn key() -> SoftwareKey {
        SoftwareKey::generate(Algorithm::Es256).unwrap()
    }

    #[test]
    fn the_previous_key_names_the_new_one() {
        let (old, new) = (key(), key().public_key().spki_digest());
        let change = KeyChange::sign(&old, member("120000"), new, 1).unwrap();
        change.verify(member("120000"), old.public_key()).unwrap();
        let text = serde_json::to_string(&KeyChangeExtension::Signed(change.clone())).unwrap();
        let read: KeyChangeExtension = serde_json::from_str(&text).unwrap();
        assert_eq!(read, KeyChangeExtension::Signed(change));
    }

    #[test]
    fn fd_08_a_statement_for_another_member_key_or_turn_does_not_verify() {
        let (old, other) = (key(), key());
        let new = key().public_key().spki_digest();
        let sound = KeyChange::sign(&old, member("120000"), new, 1).unwrap();
        let check = |change: &KeyChange, code: &str, key: &PublicKey| {
            change.verify(member(code), key).unwrap_err()
        };
        check(&sound, "350000", old.public_key());
        check(&sound, "120000", other.public_key());
        let by_another = KeyChange {
            previous_spki: old.public_key().spki_digest(),
            ..KeyChange::sign(&other, member("120000"), new, 1).unwrap()
        };
        check(&by_another, "120000", old.public_key());
        let later = KeyChange { sequence: 2, ..sound.clone() };
        check(&later, "120000", old.public_key());
        let to_another = KeyChange { new_spki: Digest::of("another"), ..sound };
        check(&to_another, "120000", old.public_key());
    }

    #[test]
    fn a_key_is_not_changed_into_itself() {
        let old = key();
        let same = old.public_key().spki_digest();
        let change = KeyChange::sign(&old, member("120000"), same, 1).unwrap();
        change.verify(member("120000"), old.public_key()).unwrap_err();
    }

    #[test]
    fn the_extension_has_two_forms_and_no_third() {
        let read = |value| serde_json::from_value::<KeyChangeExtension>(value);
        assert_eq!(
            read(json!({ "reenrolled": true })).unwrap(),
            KeyChangeExtension::Reenrolled(Reenrolled::MARK)
        );
        for bad in [
            json!({}),
            json!(true),
            json!({ "reenrolled": false }),
            json!({ "reenrolled": "true" }),
            json!({ "reenrolled": true, "sequence": 1 }),
            json!({ "sequence": 1, "signature": "" }),
        ] {
            assert!(read(bad.clone()).is_err(), "{bad}");
        }
    }
}
