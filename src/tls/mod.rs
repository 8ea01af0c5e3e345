//! Settings of TLS, and the two judges of a handshake: who may call, and who is being called.
//!
//! TLS 1.3 only, with one provider stated for each configuration and nothing kept for a later
//! connection: a resumed session would skip the judges.

mod clients;
mod identity;
mod provider;
mod servers;
mod settings;
#[cfg(test)]
mod tests;

pub use clients::ClientJudge;
pub use identity::{TlsError, TlsIdentity};
pub use servers::ServerPin;
pub use settings::{client_settings, federation_settings, public_settings};
