//! The general JSON serialisation (RFC 7515 §7.2.1), read for the root and the federation list:
//! one payload, many signatures, counted by distinct key.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::super::key::PublicKey;
use super::super::signer::{SealError, Signer};
use super::super::{Digest, base64url, json};
use super::{Header, JwsError, Typ};
use crate::base::limits;

/// One payload with the signatures gathered over it.
#[derive(Clone, Debug)]
pub struct GeneralJws {
    encoded_payload: String,
    payload: Vec<u8>,
    votes: Vec<Vote>,
}

/// One signature with its protected header, as it stands in the document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Vote {
    protected: String,
    signature: String,
}

impl Vote {
    /// Signs `payload` under `header`.
    pub fn cast(signer: &dyn Signer, header: Header, payload: &[u8]) -> Result<Self, SealError> {
        let protected = header.encode(signer.algorithm()).map_err(|_| SealError::Document)?;
        let input = format!("{protected}.{}", base64url::encode(payload));
        let signature = base64url::encode(signer.sign(input.as_bytes())?);
        Ok(Self { protected, signature })
    }
}

impl GeneralJws {
    /// A document over `payload` with no signature yet.
    #[must_use]
    pub fn unsigned(payload: Vec<u8>) -> Self {
        Self { encoded_payload: base64url::encode(&payload), payload, votes: Vec::new() }
    }

    /// Reads the JSON form.
    pub fn parse(bytes: &[u8]) -> Result<Self, JwsError> {
        let wire: Wire = json::from_slice(bytes)?;
        if wire.signatures.is_empty() {
            return Err(JwsError::Malformed);
        }
        // A signer may stand here more than once only by mistake or malice; twice the number of
        // keys that a root may name leaves room for a change of keys.
        if wire.signatures.len() > 2 * limits::ROOT_KEYS {
            return Err(JwsError::TooLarge);
        }
        let payload = base64url::decode(&wire.payload).map_err(|_| JwsError::Malformed)?;
        Ok(Self { encoded_payload: wire.payload, payload, votes: wire.signatures })
    }

    /// Reads the compact form, which has one signature.
    pub fn from_compact(token: &str) -> Result<Self, JwsError> {
        if token.len() > limits::TOKEN_BYTES {
            return Err(JwsError::TooLarge);
        }
        let parts: Vec<&str> = token.splitn(4, '.').collect();
        let [protected, payload, signature] = parts[..] else { return Err(JwsError::NotCompact) };
        let vote = Vote { protected: protected.to_owned(), signature: signature.to_owned() };
        let decoded = base64url::decode(payload).map_err(|_| JwsError::Malformed)?;
        Ok(Self { encoded_payload: payload.to_owned(), payload: decoded, votes: vec![vote] })
    }

    /// The JSON form.
    pub fn to_bytes(&self) -> Result<Vec<u8>, SealError> {
        let wire = Wire { payload: self.encoded_payload.clone(), signatures: self.votes.clone() };
        serde_json::to_vec(&wire).map_err(|_| SealError::Document)
    }

    /// The first signature in compact form (RFC 7515 §3.1), for readers that know no other; `None`
    /// without a signature.
    #[must_use]
    pub fn first_compact(&self) -> Option<String> {
        let vote = self.votes.first()?;
        Some(format!("{}.{}.{}", vote.protected, self.encoded_payload, vote.signature))
    }

    /// Adds a signature.
    pub fn add(&mut self, vote: Vote) {
        if !self.votes.contains(&vote) {
            self.votes.push(vote);
        }
    }

    /// Adds the signatures of `other`, a document over the same payload, up to the most that a
    /// reader takes.
    pub fn add_all(&mut self, other: &Self) {
        if other.encoded_payload == self.encoded_payload {
            for vote in &other.votes {
                if self.votes.len() < 2 * limits::ROOT_KEYS {
                    self.add(vote.clone());
                }
            }
        }
    }

    /// Whether this document carries every signature of `other` over the same payload. None of
    /// them is checked.
    #[must_use]
    pub fn has_all_of(&self, other: &Self) -> bool {
        other.encoded_payload == self.encoded_payload
            && other.votes.iter().all(|vote| self.votes.contains(vote))
    }

    /// The payload before any signature was checked.
    #[must_use]
    pub fn payload(&self) -> &[u8] {
        &self.payload
    }

    /// Those of `keys` that signed this payload as a document of kind `typ`, by the digest of
    /// their SubjectPublicKeyInfo: one key counts once, however many certificates it stands in. A
    /// vote whose header shows another certificate than that of its key counts for nobody.
    pub fn signers(&self, keys: &[&PublicKey], typ: Typ) -> Result<BTreeSet<Digest>, JwsError> {
        let mut signers = BTreeSet::new();
        for vote in &self.votes {
            signers.extend(self.signer_of(vote, keys, typ)?);
        }
        Ok(signers)
    }

    /// The same document with one vote of each of `keys` that cast one as a document of kind
    /// `typ`, and no other: what strangers added is gone.
    pub fn kept_to(mut self, keys: &[&PublicKey], typ: Typ) -> Result<Self, JwsError> {
        let (mut signers, mut kept) = (BTreeSet::new(), Vec::new());
        for vote in &self.votes {
            let signer = self.signer_of(vote, keys, typ)?;
            if signer.is_some_and(|signer| signers.insert(signer)) {
                kept.push(vote.clone());
            }
        }
        self.votes = kept;
        Ok(self)
    }

    /// Which of `keys` cast `vote`, if one did.
    fn signer_of(
        &self,
        vote: &Vote,
        keys: &[&PublicKey],
        typ: Typ,
    ) -> Result<Option<Digest>, JwsError> {
        let header = Header::parse(&vote.protected)?;
        header.demand(typ)?;
        let signature = base64url::decode(&vote.signature).map_err(|_| JwsError::Malformed)?;
        let input = format!("{}.{}", vote.protected, self.encoded_payload);
        let Some(shown) = header.shown_key() else { return Ok(None) };
        let signed_by = |key: &&&PublicKey| {
            header.algorithm() == Some(key.algorithm())
                && shown.admits(key)
                && key.verify(input.as_bytes(), &signature).is_ok()
        };
        Ok(keys.iter().find(signed_by).map(|key| key.spki_digest()))
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire {
    payload: String,
    signatures: Vec<Vote>,
}

#[cfg(test)]
mod tests {
    use super::super::super::key::Algorithm;
    use super::super::super::seal::SoftwareKey;
    use super::*;

    #[test]
    fn tl_47_one_key_counts_once() {
        let key = SoftwareKey::generate(Algorithm::Es256).unwrap();
        let other = SoftwareKey::generate(Algorithm::Es256).unwrap();
        let mut document = GeneralJws::unsigned(b"{}".to_vec());
        for kid in ["first certificate", "second certificate"] {
            let header = Header::new(Typ::List).with_key_id(kid);
            document.add(Vote::cast(&key, header, b"{}").unwrap());
        }
        let read = GeneralJws::parse(&document.to_bytes().unwrap()).unwrap();
        let keys = [key.public_key(), other.public_key()];
        assert_eq!(read.signers(&keys, Typ::List).unwrap().len(), 1);
        assert_eq!(read.signers(&keys, Typ::Root).unwrap_err(), JwsError::WrongTyp);
    }

    #[test]
    fn tl_34_a_vote_shows_the_certificate_of_the_key_that_cast_it() {
        let made = || {
            let pair = rcgen::KeyPair::generate().unwrap();
            let params = rcgen::CertificateParams::new(Vec::<String>::new()).unwrap();
            let certificate = params.self_signed(&pair).unwrap().der().to_vec();
            (SoftwareKey::from_pkcs8(&pair.serialize_der()).unwrap(), certificate)
        };
        let ((key, own), (other, foreign)) = (made(), made());
        let chain = |ders: &[&[u8]]| Header::new(Typ::List).with_chain(ders);
        let (digest, text) = (Digest::of(&foreign), "MAA=".to_owned());
        for (header, counts) in [
            (chain(&[&own]), true),
            (chain(&[&own, &foreign]), true),
            (Header::new(Typ::List), true),
            (chain(&[&foreign]), false),
            (chain(&[&foreign, &own]), false),
            (chain(&[&own]).with_shown(None, Some(digest)), false),
            (chain(&[&foreign]).with_shown(None, Some(Digest::of(&own))), false),
            (Header::new(Typ::List).with_shown(None, Some(Digest::of(&own))), false),
            (Header::new(Typ::List).with_shown(Some(vec![text]), None), false),
            (Header::new(Typ::List).with_shown(Some(Vec::new()), None), false),
        ] {
            let mut document = GeneralJws::unsigned(b"{}".to_vec());
            let shown = format!("{header:?}");
            document.add(Vote::cast(&key, header, b"{}").unwrap());
            let keys = [key.public_key(), other.public_key()];
            let signers = document.signers(&keys, Typ::List).unwrap();
            assert_eq!(signers.contains(&key.public_key().spki_digest()), counts, "{shown}");
            assert_eq!(signers.len(), usize::from(counts), "{shown}");
        }
    }

    #[test]
    fn unsigned_foreign_and_mangled_documents_yield_no_signer() {
        let key = SoftwareKey::generate(Algorithm::Es256).unwrap();
        let bare = GeneralJws::unsigned(b"{}".to_vec()).to_bytes().unwrap();
        assert_eq!(GeneralJws::parse(&bare).unwrap_err(), JwsError::Malformed);
        let mut document = GeneralJws::unsigned(b"{}".to_vec());
        document.add(Vote::cast(&key, Header::new(Typ::List), b"{ }").unwrap());
        assert!(document.signers(&[key.public_key()], Typ::List).unwrap().is_empty());
        assert!(GeneralJws::parse(br#"{"payload":"e30","signatures":[],"header":{}}"#).is_err());
    }
}
