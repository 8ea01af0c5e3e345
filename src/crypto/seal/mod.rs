//! Private keys at work. One of the three rooms of the pure core with an ambient power: the
//! libraries in here draw their own nonces.
//!
//! [`SoftwareKey`] signs on the hot path; [`OfflineKey`] is the key of a person at a desk (an
//! operator, a holder's wallet), imported from PEM or JWK by josekit, which never judges anything
//! that comes in.

mod offline;
mod software;

pub use offline::OfflineKey;
pub use software::SoftwareKey;
