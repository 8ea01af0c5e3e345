//! X.509 certificates: read into an owned form, and judged outside the TLS handshake.
//!
//! The judge here covers what this federation's own chains need (a signer and its issuing CA,
//! validity, basic constraints, key usage, signatures). It refuses what it does not know.

mod certificate;
mod judge;
mod signature;

pub use certificate::{Certificate, CertificateError, KeyUsage};
pub use judge::{ChainError, issuance_chain, issuance_chain_shape, issuance_chain_signatures};
