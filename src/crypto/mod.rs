//! Bytes, digests, keys, signatures, certificates: the reading and judging of signed material.
//!
//! Nothing here knows what a licence or a trust list says; it only tells whether bytes are what
//! they claim to be, under the key the caller names.

pub mod base64url;
mod digest;
pub mod json;
mod jwk;
pub mod jws;
mod key;
pub mod merkle;
pub mod note;
pub mod seal;
mod signer;
pub mod x509;

pub use digest::{Digest, DigestError};
pub use jwk::{Jwk, JwkError};
pub use key::{Algorithm, KeyError, PublicKey, SignatureError};
pub use signer::{SealError, Signer};
