//! Making keys and certificates, and keeping them in files.
//!
//! Validity, usages and names are always stated here; nothing of rcgen's defaults and nothing
//! that a certificate request asks for besides its key reaches a certificate. What was made is
//! read back by the same reader that judges what others send.

mod authority;
mod error;
pub mod files;
mod made;
mod pem;
mod profile;
mod request;
#[cfg(test)]
mod tests;

pub use authority::{Authority, client_request};
pub use error::PkiError;
pub use made::Made;
pub use pem::certificate_pem;
pub use profile::{AUTHORITY_LIFE, CLIENT_LIFE, LEAF_LIFE, Period};
pub use request::ClientCsr;
