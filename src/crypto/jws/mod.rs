//! JSON Web Signatures (RFC 7515), read strictly: compact form for everything, general JSON form
//! for the root and the federation list alone.
//!
//! A token never chooses its key, its algorithm or its purpose: the caller names the key and the
//! [`Typ`] it expects, and every header member that could redirect trust is refused.

mod compact;
mod general;
mod header;
mod typ;

pub use compact::{Compact, sign_compact, sign_detached, verify_detached};
pub use general::{GeneralJws, Vote};
pub use header::Header;
pub use typ::Typ;

use super::json::JsonError;

/// Why a token is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JwsError {
    /// `alg` is not the algorithm of the key, or none of ours.
    #[error("the algorithm is not the one of the key")]
    AlgorithmNotAllowed,
    /// `crit`, `b64`, `jwk`, `jku` or `x5u` is present.
    #[error("a header member that could redirect trust is present")]
    ForbiddenHeader,
    /// The JSON inside is refused.
    #[error(transparent)]
    Json(#[from] JsonError),
    /// Not canonical base64url, an empty part, or not a general JWS.
    #[error("malformed")]
    Malformed,
    /// Not three parts.
    #[error("not a compact JWS of three parts")]
    NotCompact,
    /// The signature does not verify.
    #[error("the signature does not verify")]
    Signature,
    /// Over a size limit.
    #[error("larger than allowed")]
    TooLarge,
    /// Another `typ` than expected.
    #[error("another typ than expected")]
    WrongTyp,
}
