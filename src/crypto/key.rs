//! Public keys as the lists pin them: an algorithm and exact SubjectPublicKeyInfo bytes.
//!
//! The algorithm belongs to the key, never to the token (RFC 8725 §3.1). Only named curves in
//! uncompressed form are keys here; explicit parameters, compressed points and RSA are refused.

use std::fmt;

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ED25519, ParsedPublicKey,
    VerificationAlgorithm,
};
use serde::{Deserialize, Serialize};

use super::digest::Digest;

/// A signature algorithm of JOSE that this federation admits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Algorithm {
    /// Ed25519 (RFC 8037).
    #[serde(rename = "EdDSA")]
    EdDsa,
    /// ECDSA on P-256 with SHA-256 (RFC 7518 §3.4).
    #[serde(rename = "ES256")]
    Es256,
    /// ECDSA on P-384 with SHA-384 (RFC 7518 §3.4).
    #[serde(rename = "ES384")]
    Es384,
}

impl Algorithm {
    /// The `alg` value.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::EdDsa => "EdDSA",
            Self::Es256 => "ES256",
            Self::Es384 => "ES384",
        }
    }

    /// The algorithm called `name`, compared exactly.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::EdDsa, Self::Es256, Self::Es384].into_iter().find(|known| known.name() == name)
    }

    const fn implementation(self) -> &'static dyn VerificationAlgorithm {
        match self {
            Self::EdDsa => &ED25519,
            Self::Es256 => &ECDSA_P256_SHA256_FIXED,
            Self::Es384 => &ECDSA_P384_SHA384_FIXED,
        }
    }

    const fn spki_shape(self) -> SpkiShape {
        match self {
            Self::EdDsa => ED25519_SPKI,
            Self::Es256 => P256_SPKI,
            Self::Es384 => P384_SPKI,
        }
    }
}

/// A parsed public key. Parsing once and keeping the result saves a third of each verification.
#[derive(Clone)]
pub struct PublicKey {
    algorithm: Algorithm,
    spki: Vec<u8>,
    spki_digest: Digest,
    parsed: ParsedPublicKey,
}

impl PublicKey {
    /// Reads a DER SubjectPublicKeyInfo (RFC 5480 §2, RFC 8410 §4).
    pub fn from_spki(spki: &[u8]) -> Result<Self, KeyError> {
        let algorithm = [Algorithm::Es256, Algorithm::Es384, Algorithm::EdDsa]
            .into_iter()
            .find(|algorithm| algorithm.spki_shape().matches(spki))
            .ok_or(KeyError::NotAllowed)?;
        let raw = &spki[algorithm.spki_shape().prefix.len()..];
        let parsed = ParsedPublicKey::new(algorithm.implementation(), raw)
            .map_err(|_| KeyError::NotOnCurve)?;
        Ok(Self { algorithm, spki: spki.to_vec(), spki_digest: Digest::of(spki), parsed })
    }

    /// Builds the key from its raw form: an uncompressed point, or 32 bytes of Ed25519.
    pub fn from_raw(algorithm: Algorithm, raw: &[u8]) -> Result<Self, KeyError> {
        Self::from_spki(&[algorithm.spki_shape().prefix, raw].concat())
    }

    /// The algorithm this key signs with.
    #[must_use]
    pub const fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The DER SubjectPublicKeyInfo.
    #[must_use]
    pub fn spki(&self) -> &[u8] {
        &self.spki
    }

    /// SHA-256 of the SubjectPublicKeyInfo: the name of the key everywhere in the federation.
    #[must_use]
    pub const fn spki_digest(&self) -> Digest {
        self.spki_digest
    }

    /// The raw form: an uncompressed point, or 32 bytes of Ed25519.
    #[must_use]
    pub fn raw(&self) -> &[u8] {
        &self.spki[self.algorithm.spki_shape().prefix.len()..]
    }

    /// Verifies a JOSE signature (`r ‖ s` for ECDSA) over `message`.
    pub fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), SignatureError> {
        self.parsed.verify_sig(message, signature).map_err(|_| SignatureError)
    }
}

impl PartialEq for PublicKey {
    fn eq(&self, other: &Self) -> bool {
        self.spki == other.spki
    }
}

impl Eq for PublicKey {}

impl fmt::Debug for PublicKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "PublicKey({}, {})", self.algorithm.name(), self.spki_digest)
    }
}

/// Why bytes are not a key we use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Not a P-256, P-384 or Ed25519 key in its one admitted encoding.
    #[error("only P-256, P-384 and Ed25519 keys on named curves, uncompressed, are admitted")]
    NotAllowed,
    /// The point is not on its curve.
    #[error("the public key is not a point of its curve")]
    NotOnCurve,
}

/// The signature does not verify under the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the signature does not verify")]
pub struct SignatureError;

/// The fixed beginning and the length of a SubjectPublicKeyInfo; DER leaves no other choice.
#[derive(Clone, Copy)]
struct SpkiShape {
    prefix: &'static [u8],
    raw_length: usize,
    /// SEC 1 marks an uncompressed point with 4.
    first_byte: Option<u8>,
}

impl SpkiShape {
    fn matches(&self, spki: &[u8]) -> bool {
        spki.len() == self.prefix.len() + self.raw_length
            && spki.starts_with(self.prefix)
            && self.first_byte.is_none_or(|first| spki[self.prefix.len()] == first)
    }
}

const P256_SPKI: SpkiShape = SpkiShape {
    prefix: &[
        0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08,
        0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
    ],
    raw_length: 65,
    first_byte: Some(4),
};
const P384_SPKI: SpkiShape = SpkiShape {
    prefix: &[
        0x30, 0x76, 0x30, 0x10, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x05,
        0x2b, 0x81, 0x04, 0x00, 0x22, 0x03, 0x62, 0x00,
    ],
    raw_length: 97,
    first_byte: Some(4),
};
const ED25519_SPKI: SpkiShape = SpkiShape {
    prefix: &[0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00],
    raw_length: 32,
    first_byte: None,
};

#[cfg(test)]
mod tests {
    use super::super::seal::SoftwareKey;
    use super::super::signer::Signer;
    use super::*;

    #[test]
    fn keys_round_trip_through_their_raw_form() {
        for algorithm in [Algorithm::Es256, Algorithm::Es384, Algorithm::EdDsa] {
            let key = SoftwareKey::generate(algorithm).unwrap();
            let public = key.public_key();
            assert_eq!(public.algorithm(), algorithm);
            assert_eq!(&PublicKey::from_raw(algorithm, public.raw()).unwrap(), public);
        }
    }

    #[test]
    fn pk_14_compressed_off_curve_and_truncated_keys_are_refused() {
        let key = SoftwareKey::generate(Algorithm::Es256).unwrap();
        let spki = key.public_key().spki().to_vec();
        let mut off_curve = spki.clone();
        off_curve[90] ^= 1;
        assert_eq!(PublicKey::from_spki(&off_curve), Err(KeyError::NotOnCurve));
        let mut compressed = spki.clone();
        compressed[26] = 2;
        assert_eq!(PublicKey::from_spki(&compressed), Err(KeyError::NotAllowed));
        assert_eq!(PublicKey::from_spki(&spki[..90]), Err(KeyError::NotAllowed));
        assert_eq!(PublicKey::from_spki(&[]), Err(KeyError::NotAllowed));
    }

    #[test]
    fn jw_20_only_a_fixed_width_signature_in_range_verifies() {
        let key = SoftwareKey::generate(Algorithm::Es256).unwrap();
        let public = key.public_key();
        let good = key.sign(b"message").unwrap();
        assert!(public.verify(b"message", &good).is_ok());
        assert!(public.verify(b"massage", &good).is_err());
        let order = [
            0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
            0xff, 0xff, 0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2,
            0xfc, 0x63, 0x25, 0x51,
        ];
        let with_order_as_r = [&order, &good[32..]].concat();
        for bad in [&[0; 64][..], &with_order_as_r, &good[..63], &[&good[..], &[0]].concat()] {
            assert!(public.verify(b"message", bad).is_err());
        }
    }
}
