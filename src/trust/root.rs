//! The root of trust: a small document, pinned by every operator, that names the keys of
//! everything else. A root follows from the one before it by both their thresholds.

use std::collections::BTreeSet;

use base64::Engine as _;
use serde::{Deserialize, Serialize};

use super::refusal::UpdateRefusal;
use crate::base::{ListId, NumericDate, Timestamp, limits};
use crate::crypto::jws::{GeneralJws, Header, Typ, Vote};
use crate::crypto::note::{VerifierKey, WitnessKey};
use crate::crypto::x509::Certificate;
use crate::crypto::{Digest, PublicKey, SealError, Signer, json};

/// A root that was found sound and properly signed.
#[derive(Clone, Debug)]
pub struct Root {
    document: RootDocument,
    operators: Vec<PublicKey>,
    freshness: PublicKey,
    sha256: Digest,
    bytes: Vec<u8>,
}

/// The JSON of a root.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RootDocument {
    /// `urn:elicence:root:1`.
    #[serde(rename = "type")]
    pub document_type: String,
    /// From 1, each root one more than the last.
    pub sequence: u64,
    /// When it ends.
    pub expires: Timestamp,
    /// Identifier of the federation list.
    pub federation: String,
    /// Who signs the federation list and the next root.
    pub operators: Threshold,
    /// Who signs freshness statements.
    pub freshness: PinnedKey,
    /// How many operators may suspend.
    pub emergency: Emergency,
    /// The list log.
    pub log: ListLog,
    /// Who cosigns the list log.
    pub witnesses: Witnesses,
    /// Where the hub is, and its TLS key.
    pub hub: Hub,
}

/// Keys, and how many of them must agree.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Threshold {
    /// How many distinct keys must sign.
    pub threshold: u32,
    /// The keys.
    pub keys: Vec<PinnedKey>,
}

/// A key, pinned by its certificate.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PinnedKey {
    /// SHA-256 of the certificate.
    #[serde(rename = "x5t#S256")]
    pub certificate_sha256: Digest,
    /// SHA-256 of the SubjectPublicKeyInfo.
    pub spki_sha256: Digest,
    /// Base64 DER.
    pub certificate: String,
}

impl PinnedKey {
    /// Pins `certificate`.
    #[must_use]
    pub fn of(certificate: &Certificate) -> Self {
        Self {
            certificate_sha256: certificate.digest(),
            spki_sha256: certificate.spki_digest(),
            certificate: base64::engine::general_purpose::STANDARD.encode(certificate.der()),
        }
    }

    fn public_key(&self) -> Result<PublicKey, UpdateRefusal> {
        let der = base64::engine::general_purpose::STANDARD
            .decode(&self.certificate)
            .map_err(|_| UpdateRefusal::RootInvalid)?;
        let certificate = Certificate::parse(&der).map_err(|_| UpdateRefusal::RootInvalid)?;
        let key = certificate.public_key().map_err(|_| UpdateRefusal::AlgorithmNotAllowed)?;
        let agrees = certificate.digest() == self.certificate_sha256
            && key.spki_digest() == self.spki_sha256;
        if agrees { Ok(key) } else { Err(UpdateRefusal::RootInvalid) }
    }
}

/// The emergency rule.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Emergency {
    /// How many operators may suspend a member.
    pub threshold: u32,
}

/// The list log's name and key.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListLog {
    /// Origin line of its checkpoints.
    pub origin: String,
    /// C2SP verifier key.
    pub vkey: String,
}

/// The list log's witnesses.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Witnesses {
    /// How many must cosign; 0 is legal at the start and shows as `witnessed:false`.
    pub quorum: u32,
    /// Their C2SP verifier keys.
    pub vkeys: Vec<String>,
}

/// The hub.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hub {
    /// Address of its federation listener.
    pub url: String,
    /// SHA-256 of its TLS key's SubjectPublicKeyInfo.
    pub tls_spki_sha256: Digest,
}

impl ListLog {
    /// Whether the key is that of the log of this name; or no checkpoint could ever be read.
    fn is_sound(&self) -> bool {
        self.vkey.parse::<VerifierKey>().is_ok_and(|key| key.name() == self.origin)
    }
}

impl Witnesses {
    /// Whether every witness has a key, and so many distinct ones that the quorum can be met.
    fn are_enough(&self) -> bool {
        let keys: Result<BTreeSet<Digest>, _> = self
            .vkeys
            .iter()
            .map(|text| text.parse::<WitnessKey>().map(|key| key.spki_digest()))
            .collect();
        keys.is_ok_and(|keys| self.quorum as usize <= keys.len())
    }
}

impl Root {
    /// Reads the root that an operator pinned. It must be signed by its own threshold; that it is
    /// the right one is what pinning means.
    pub fn pinned(bytes: &[u8]) -> Result<Self, UpdateRefusal> {
        let (root, signatures) = Self::read(bytes)?;
        root.check_threshold(&signatures, UpdateRefusal::ThresholdNotMet)?;
        Ok(root)
    }

    /// Reads the root that follows this one: the next number, signed by the threshold of this
    /// root and by its own.
    pub fn successor(&self, bytes: &[u8]) -> Result<Self, UpdateRefusal> {
        let (next, signatures) = Self::read(bytes)?;
        if next.document.sequence != self.document.sequence + 1 {
            return Err(UpdateRefusal::RootChainBroken);
        }
        self.check_threshold(&signatures, UpdateRefusal::RootChainBroken)?;
        next.check_threshold(&signatures, UpdateRefusal::ThresholdNotMet)?;
        Ok(next)
    }

    fn read(bytes: &[u8]) -> Result<(Self, GeneralJws), UpdateRefusal> {
        if bytes.len() > limits::ROOT_BYTES {
            return Err(UpdateRefusal::TooLarge);
        }
        let signatures = GeneralJws::parse(bytes)?;
        let document: RootDocument =
            json::from_slice(signatures.payload()).map_err(|error| match error {
                json::JsonError::Unexpected(_) => UpdateRefusal::RootInvalid,
                other => other.into(),
            })?;
        document.check()?;
        let operators: Vec<PublicKey> =
            document.operators.keys.iter().map(PinnedKey::public_key).collect::<Result<_, _>>()?;
        let freshness = document.freshness.public_key()?;
        check_distinct(&operators, &freshness)?;
        let sha256 = Digest::of(signatures.payload());
        let root = Self { document, operators, freshness, sha256, bytes: bytes.to_vec() };
        Ok((root, signatures))
    }

    fn check_threshold(
        &self,
        signatures: &GeneralJws,
        refusal: UpdateRefusal,
    ) -> Result<(), UpdateRefusal> {
        self.check_votes(signatures, Typ::Root, refusal)
    }

    /// Whether the threshold of operators signed, as a document of kind `typ`.
    pub(super) fn check_votes(
        &self,
        signatures: &GeneralJws,
        typ: Typ,
        refusal: UpdateRefusal,
    ) -> Result<(), UpdateRefusal> {
        let votes = self.votes(signatures, typ)?;
        if votes >= self.document.operators.threshold as usize { Ok(()) } else { Err(refusal) }
    }

    /// How many operators signed, as a document of kind `typ`; one key counts once.
    pub(super) fn votes(&self, signatures: &GeneralJws, typ: Typ) -> Result<usize, UpdateRefusal> {
        let keys: Vec<&PublicKey> = self.operator_keys().collect();
        Ok(signatures.signers(&keys, typ)?.len())
    }

    /// The operators' keys.
    pub(super) fn operator_keys(&self) -> impl Iterator<Item = &PublicKey> {
        self.operators.iter()
    }

    /// The operators' keys, each with the name in its certificate.
    #[must_use]
    pub fn operators(&self) -> Vec<(String, PublicKey)> {
        let name = |pinned: &PinnedKey| {
            let der = base64::engine::general_purpose::STANDARD.decode(&pinned.certificate).ok()?;
            Some(Certificate::parse(&der).ok()?.subject())
        };
        let names = self.document.operators.keys.iter().map(|key| name(key).unwrap_or_default());
        names.zip(self.operators.iter().cloned()).collect()
    }

    /// The document.
    #[must_use]
    pub const fn document(&self) -> &RootDocument {
        &self.document
    }

    /// The key of freshness statements.
    #[must_use]
    pub const fn freshness_key(&self) -> &PublicKey {
        &self.freshness
    }

    /// SHA-256 of the payload: what operators compare by a second channel.
    #[must_use]
    pub const fn sha256(&self) -> Digest {
        self.sha256
    }

    /// The bytes it was read from.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Whether it has ended.
    #[must_use]
    pub fn is_expired(&self, now: Timestamp) -> bool {
        self.document.expires <= now
    }
}

impl RootDocument {
    /// The payload to be signed.
    pub fn to_payload(&self) -> Result<Vec<u8>, SealError> {
        json::canonical(self).map_err(|_| SealError::Document)
    }

    fn check(&self) -> Result<(), UpdateRefusal> {
        let operators = &self.operators;
        let threshold = operators.threshold as usize;
        let sound = self.document_type == ROOT_TYPE
            && self.federation == ListId::Federation.to_string()
            && (1..json::MOST_WHOLE).contains(&self.sequence)
            && threshold >= 1
            && threshold <= operators.keys.len()
            && operators.keys.len() <= limits::ROOT_KEYS
            && (1..=threshold).contains(&(self.emergency.threshold as usize))
            && self.witnesses.are_enough()
            && self.log.is_sound()
            && self.hub.url.starts_with("https://");
        if sound { Ok(()) } else { Err(UpdateRefusal::RootInvalid) }
    }
}

/// One operator's signature over a root's payload.
pub fn vote(
    signer: &dyn Signer,
    certificate: &Certificate,
    payload: &[u8],
    now: Timestamp,
) -> Result<Vote, SealError> {
    let header = Header::new(Typ::Root)
        .with_content("application/json", NumericDate::from(now))
        .with_chain(&[certificate.der()]);
    Vote::cast(signer, header, payload)
}

fn check_distinct(operators: &[PublicKey], freshness: &PublicKey) -> Result<(), UpdateRefusal> {
    let mut digests: Vec<Digest> = operators.iter().map(PublicKey::spki_digest).collect();
    digests.push(freshness.spki_digest());
    digests.sort_unstable();
    if digests.windows(2).all(|pair| pair[0] != pair[1]) {
        Ok(())
    } else {
        Err(UpdateRefusal::RootInvalid)
    }
}

/// The document type of a root.
pub const ROOT_TYPE: &str = "urn:elicence:root:1";
