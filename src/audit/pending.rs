//! An entry on its way into the log, and the proof that it got there.
//!
//! Neither can be copied: one [`Pending`] becomes one line, one line yields one [`Receipt`].

use std::fmt;
use std::str::FromStr;

use super::entry::Entry;
use crate::base::{Code, Entropy};
use crate::crypto::{Digest, base64url, merkle};

/// An entry with its salt, ready to be written.
///
/// The log commits to SHA-256(salt ‖ entry), so that whoever sees the tree alone cannot guess an
/// entry and confirm the guess.
#[derive(Debug)]
pub struct Pending {
    entry: Entry,
    salt: Salt,
    canonical: Vec<u8>,
}

impl Pending {
    /// Salts `entry`.
    #[must_use]
    pub fn new(entry: Entry, entropy: &dyn Entropy) -> Self {
        Self::with_salt(entry, Salt(entropy.salt()))
    }

    /// The entry.
    #[must_use]
    pub const fn entry(&self) -> &Entry {
        &self.entry
    }

    /// The salt, kept beside the entry and deleted with it.
    #[must_use]
    pub const fn salt(&self) -> Salt {
        self.salt
    }

    /// The bytes committed to.
    #[must_use]
    pub fn canonical(&self) -> &[u8] {
        &self.canonical
    }

    /// SHA-256(salt ‖ canonical entry).
    #[must_use]
    pub fn digest(&self) -> Digest {
        commitment(self.salt, &self.canonical)
    }

    /// The leaf of the tree: SHA-256(0x00 ‖ digest), RFC 6962 §2.1.
    #[must_use]
    pub fn leaf(&self) -> Digest {
        merkle::leaf_hash(self.digest().as_bytes())
    }

    /// The same act as a refusal for `code`: nothing was given.
    #[must_use]
    pub fn refused(self, code: Code) -> Self {
        Self::with_salt(self.entry.refused(code), self.salt)
    }

    fn with_salt(entry: Entry, salt: Salt) -> Self {
        let canonical = entry.canonical();
        Self { entry, salt, canonical }
    }
}

/// SHA-256(salt ‖ entry), the value whose leaf hash stands in the tree.
pub(super) fn commitment(salt: Salt, entry: &[u8]) -> Digest {
    Digest::of_parts(&[&salt.0, entry])
}

/// The proof that an entry is durable. Only the store makes one, after its commit.
#[derive(Debug, PartialEq, Eq)]
pub struct Receipt {
    leaf: Digest,
    index: u64,
    digest: Digest,
    use_number: Option<u32>,
}

impl Receipt {
    /// States that `pending` was committed as leaf `index`, and with it the use of a grant that
    /// was its `use_number`th.
    pub(crate) fn committed(pending: &Pending, index: u64, use_number: Option<u32>) -> Self {
        Self { leaf: pending.leaf(), index, digest: pending.digest(), use_number }
    }

    /// The leaf hash.
    #[must_use]
    pub const fn leaf(&self) -> Digest {
        self.leaf
    }

    /// The number of the leaf, from zero.
    #[must_use]
    pub const fn index(&self) -> u64 {
        self.index
    }

    /// The digest of the entry, equal to [`Pending::digest`] of what was handed in.
    #[must_use]
    pub const fn digest(&self) -> Digest {
        self.digest
    }

    /// Which use of its grant this was, counted from one; `None` when no grant was used. Of two
    /// uses in one commit it is the last.
    #[must_use]
    pub const fn use_number(&self) -> Option<u32> {
        self.use_number
    }
}

/// The sixteen bytes that hide an entry behind its leaf; base64url in documents.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Salt([u8; 16]);

impl fmt::Display for Salt {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&base64url::encode(self.0))
    }
}

/// Salts do not belong in traces: with one, an entry can be confirmed by guessing.
impl fmt::Debug for Salt {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Salt(…)")
    }
}

impl FromStr for Salt {
    type Err = SaltError;

    fn from_str(text: &str) -> Result<Self, SaltError> {
        let bytes = base64url::decode(text).map_err(|_| SaltError)?;
        bytes.try_into().map(Self).map_err(|_| SaltError)
    }
}

/// The text is not a salt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a salt is 16 bytes in base64url")]
pub struct SaltError;

#[cfg(test)]
mod tests {
    use super::super::entry::{Actor, EntryKind, Outcome};
    use super::*;
    use crate::base::{SystemEntropy, Timestamp};

    fn pending() -> Pending {
        let at = Timestamp::from_unix_seconds(1_800_000_000);
        let entry = Entry {
            claims_asked: vec!["plateNumber".to_owned()],
            claims_given: vec!["plateNumber".to_owned()],
            document_sha256: Some(Digest::of("document")),
            ..Entry::new(EntryKind::Disclosure, at, Actor::gateway())
        };
        Pending::new(entry, &SystemEntropy)
    }

    #[test]
    fn equal_entries_have_unlike_leaves() {
        let (one, other) = (pending(), pending());
        assert_eq!(one.entry(), other.entry());
        assert_ne!(one.leaf(), other.leaf());
        assert_ne!(one.leaf(), merkle::leaf_hash(one.canonical()));
    }

    #[test]
    fn a_refusal_gives_nothing_and_commits_to_something_else() {
        let pending = pending();
        let digest = pending.digest();
        let refused = pending.refused(Code::GrantExhausted);
        assert_eq!(refused.entry().outcome, Outcome::Refused(Code::GrantExhausted));
        assert!(refused.entry().claims_given.is_empty());
        assert_eq!(refused.entry().document_sha256, None);
        assert_eq!(refused.entry().claims_asked, ["plateNumber"]);
        assert_ne!(refused.digest(), digest);
    }

    #[test]
    fn salts_are_sixteen_bytes_and_stay_out_of_traces() {
        let salt = pending().salt();
        assert_eq!(salt.to_string().parse::<Salt>().unwrap(), salt);
        assert!(!format!("{salt:?}").contains(&salt.to_string()));
        for text in ["", "AAAA", "AAAAAAAAAAAAAAAAAAAAAA==", "AAAAAAAAAAAAAAAAAAAAAAAA"] {
            assert!(text.parse::<Salt>().is_err(), "{text}");
        }
    }
}
