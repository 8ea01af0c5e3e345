//! Keys held in the process's memory, signing through aws-lc-rs.

use std::fmt;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair,
    KeyPair as _,
};
use zeroize::Zeroizing;

use super::super::key::{Algorithm, PublicKey};
use super::super::signer::{SealError, Signer};

/// A private key of a gateway, a hub or an issuer.
pub struct SoftwareKey {
    pair: Pair,
    public: PublicKey,
}

enum Pair {
    Ecdsa(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

impl SoftwareKey {
    /// Makes a new key.
    pub fn generate(algorithm: Algorithm) -> Result<Self, SealError> {
        Self::from_pkcs8(&Self::generate_pkcs8(algorithm)?)
    }

    /// Makes a new key in the PKCS#8 form in which it is kept.
    pub fn generate_pkcs8(algorithm: Algorithm) -> Result<Zeroizing<Vec<u8>>, SealError> {
        let bytes = match algorithm {
            Algorithm::EdDsa => {
                let document = Ed25519KeyPair::generate_pkcs8v1(&SystemRandom::new())
                    .map_err(|_| SealError::Signing)?;
                document.as_ref().to_vec()
            }
            Algorithm::Es256 | Algorithm::Es384 => {
                let kind = if algorithm == Algorithm::Es256 {
                    &ECDSA_P256_SHA256_FIXED_SIGNING
                } else {
                    &ECDSA_P384_SHA384_FIXED_SIGNING
                };
                let pair = EcdsaKeyPair::generate(kind).map_err(|_| SealError::Signing)?;
                let der = pair.to_pkcs8v1().map_err(|_| SealError::Signing)?;
                AsRef::<[u8]>::as_ref(&der).to_vec()
            }
        };
        Ok(Zeroizing::new(bytes))
    }

    /// Reads a key from PKCS#8 DER, trying each admitted kind.
    pub fn from_pkcs8(der: &[u8]) -> Result<Self, SealError> {
        for (kind, algorithm) in [
            (&ECDSA_P256_SHA256_FIXED_SIGNING, Algorithm::Es256),
            (&ECDSA_P384_SHA384_FIXED_SIGNING, Algorithm::Es384),
        ] {
            if let Ok(pair) = EcdsaKeyPair::from_pkcs8(kind, der) {
                let public = PublicKey::from_raw(algorithm, pair.public_key().as_ref())
                    .map_err(|_| SealError::BadKey)?;
                return Ok(Self { pair: Pair::Ecdsa(pair), public });
            }
        }
        let pair = Ed25519KeyPair::from_pkcs8(der).map_err(|_| SealError::BadKey)?;
        let public = PublicKey::from_raw(Algorithm::EdDsa, pair.public_key().as_ref())
            .map_err(|_| SealError::BadKey)?;
        Ok(Self { pair: Pair::Ed25519(pair), public })
    }
}

impl Signer for SoftwareKey {
    fn public_key(&self) -> &PublicKey {
        &self.public
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SealError> {
        match &self.pair {
            Pair::Ecdsa(pair) => pair
                .sign(&SystemRandom::new(), message)
                .map(|signature| signature.as_ref().to_vec())
                .map_err(|_| SealError::Signing),
            Pair::Ed25519(pair) => Ok(pair.sign(message).as_ref().to_vec()),
        }
    }
}

impl fmt::Debug for SoftwareKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "SoftwareKey({:?})", self.public)
    }
}
