//! The one trait behind which private keys stand, so that a hardware module can take their place.

use super::key::{Algorithm, PublicKey};

/// Something that signs with a private key it does not show.
pub trait Signer: Send + Sync {
    /// The public half.
    fn public_key(&self) -> &PublicKey;

    /// Signs `message` in JOSE form (`r ‖ s` for ECDSA).
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SealError>;

    /// The algorithm of the key.
    fn algorithm(&self) -> Algorithm {
        self.public_key().algorithm()
    }
}

/// Why a signature or a key could not be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// The private key is not PKCS#8 of an admitted kind.
    #[error("not a private key in PKCS#8 form of P-256, P-384 or Ed25519")]
    BadKey,
    /// The document to be signed cannot be written.
    #[error("the document to be signed cannot be written")]
    Document,
    /// The key's holder refused or failed to sign.
    #[error("signing failed")]
    Signing,
}
