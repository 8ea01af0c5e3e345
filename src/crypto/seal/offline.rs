//! Keys of people: an operator who signs lists at a desk, a holder whose wallet is a folder.
//!
//! Imported by josekit from PEM or JWK, because such keys come from many tools.

use std::fmt;

use josekit::jws::alg::ecdsa::EcdsaJwsSigner;
use josekit::jws::{ES256, JwsSigner as _};

use super::super::key::{Algorithm, PublicKey};
use super::super::signer::{SealError, Signer};

/// An ES256 key imported from PEM (PKCS#8) or from a private JWK.
pub struct OfflineKey {
    signer: EcdsaJwsSigner,
    public: PublicKey,
}

impl OfflineKey {
    /// Imports a PKCS#8 PEM.
    pub fn from_pem(pem: &str) -> Result<Self, SealError> {
        let pair = ES256.key_pair_from_pem(pem).map_err(|_| SealError::BadKey)?;
        let public =
            PublicKey::from_spki(&pair.to_der_public_key()).map_err(|_| SealError::BadKey)?;
        let signer = ES256.signer_from_pem(pem).map_err(|_| SealError::BadKey)?;
        Ok(Self { signer, public })
    }

    /// Imports a private JSON Web Key.
    pub fn from_jwk(json: &[u8]) -> Result<Self, SealError> {
        let jwk = josekit::jwk::Jwk::from_bytes(json).map_err(|_| SealError::BadKey)?;
        let pair =
            josekit::jwk::alg::ec::EcKeyPair::from_jwk(&jwk).map_err(|_| SealError::BadKey)?;
        let public =
            PublicKey::from_spki(&pair.to_der_public_key()).map_err(|_| SealError::BadKey)?;
        if public.algorithm() != Algorithm::Es256 {
            return Err(SealError::BadKey);
        }
        let signer = ES256.signer_from_jwk(&jwk).map_err(|_| SealError::BadKey)?;
        Ok(Self { signer, public })
    }
}

impl Signer for OfflineKey {
    fn public_key(&self) -> &PublicKey {
        &self.public
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SealError> {
        self.signer.sign(message).map_err(|_| SealError::Signing)
    }
}

impl fmt::Debug for OfflineKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "OfflineKey({:?})", self.public)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_from_pem_and_jwk_sign_what_our_own_verifier_accepts() {
        let pair = ES256.generate_key_pair().unwrap();
        let pem = String::from_utf8(pair.to_pem_private_key()).unwrap();
        let jwk = pair.to_jwk_private_key().to_string();
        for key in
            [OfflineKey::from_pem(&pem).unwrap(), OfflineKey::from_jwk(jwk.as_bytes()).unwrap()]
        {
            let signature = key.sign(b"list").unwrap();
            assert!(key.public_key().verify(b"list", &signature).is_ok());
            assert!(key.public_key().verify(b"lost", &signature).is_err());
        }
    }

    #[test]
    fn other_keys_and_other_files_are_refused() {
        let p384 = josekit::jws::ES384.generate_key_pair().unwrap();
        let pem = String::from_utf8(p384.to_pem_private_key()).unwrap();
        assert!(OfflineKey::from_pem(&pem).is_err());
        assert!(OfflineKey::from_jwk(p384.to_jwk_private_key().to_string().as_bytes()).is_err());
        assert!(OfflineKey::from_pem("").is_err());
        assert!(OfflineKey::from_jwk(b"{}").is_err());
    }
}
