//! How a list names a key: by certificates, or by the bare key.

use std::collections::HashMap;

use base64::Engine as _;
use serde::{Deserialize, Serialize};

use super::super::refusal::UpdateRefusal;
use super::strict::items;
use crate::crypto::x509::Certificate;
use crate::crypto::{Jwk, PublicKey};

/// The key of a service: by its certificates where it is in use, by those or the bare key in the
/// past and in pointers. The schema lets unknown members through here; these types do not.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DigitalIdentity {
    /// The key's certificate first, then its chain.
    #[serde(
        rename = "X509Certificates",
        default,
        deserialize_with = "items",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub certificates: Vec<PkiObject>,
    /// The bare key.
    #[serde(
        rename = "PublicKeyValues",
        default,
        deserialize_with = "items",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub keys: Vec<Jwk>,
}

impl DigitalIdentity {
    /// An identity of the given certificates.
    #[must_use]
    pub fn of(certificates: &[Certificate]) -> Self {
        let object = |certificate: &Certificate| PkiObject {
            val: base64::engine::general_purpose::STANDARD.encode(certificate.der()),
        };
        Self { certificates: certificates.iter().map(object).collect(), keys: Vec::new() }
    }

    /// The certificates of a key in use, parsed. A bare key is refused: ours are pinned whole.
    pub fn parse(&self) -> Result<Vec<Certificate>, UpdateRefusal> {
        self.parse_sharing(&mut KnownCertificates::default())
    }

    /// The same, with the certificates above the first taken from those `known` already: all
    /// signers of one authority bring it along.
    pub(in crate::trust) fn parse_sharing(
        &self,
        known: &mut KnownCertificates,
    ) -> Result<Vec<Certificate>, UpdateRefusal> {
        let fits = !self.certificates.is_empty() && self.certificates.len() <= MOST_CERTIFICATES;
        if !fits || !self.keys.is_empty() {
            return Err(UpdateRefusal::Malformed);
        }
        let [first, above @ ..] = &self.certificates[..] else {
            return Err(UpdateRefusal::Malformed);
        };
        let mut chain = vec![first.parse()?];
        for object in above {
            chain.push(known.parse(object)?);
        }
        Ok(chain)
    }

    /// The one key meant, by certificates or bare; both at once could contradict each other.
    pub fn key(&self) -> Result<PublicKey, UpdateRefusal> {
        match &self.keys[..] {
            [] => {
                let certificates = self.parse()?;
                let first = certificates.first().ok_or(UpdateRefusal::Malformed)?;
                first.public_key().map_err(|_| UpdateRefusal::AlgorithmNotAllowed)
            }
            [key] if self.certificates.is_empty() => {
                key.public_key().map_err(|_| UpdateRefusal::Malformed)
            }
            _ => Err(UpdateRefusal::Malformed),
        }
    }

    /// The same key by as little as names it.
    #[must_use]
    pub fn shortest(&self) -> Self {
        Self {
            certificates: self.certificates.first().cloned().into_iter().collect(),
            keys: self.keys.clone(),
        }
    }
}

/// A certificate in base64 DER.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PkiObject {
    /// Base64 DER.
    pub val: String,
}

impl PkiObject {
    fn parse(&self) -> Result<Certificate, UpdateRefusal> {
        let der = base64::engine::general_purpose::STANDARD.decode(&self.val);
        let der = der.map_err(|_| UpdateRefusal::Malformed)?;
        Certificate::parse(&der).map_err(|_| UpdateRefusal::Malformed)
    }
}

/// Certificates by their base64 DER.
#[derive(Default)]
pub(in crate::trust) struct KnownCertificates(HashMap<String, Certificate>);

impl KnownCertificates {
    fn parse(&mut self, object: &PkiObject) -> Result<Certificate, UpdateRefusal> {
        if let Some(known) = self.0.get(&object.val) {
            return Ok(known.clone());
        }
        let certificate = object.parse()?;
        self.0.insert(object.val.clone(), certificate.clone());
        Ok(certificate)
    }
}

/// Signer, issuing CA, and one above it.
const MOST_CERTIFICATES: usize = 3;
