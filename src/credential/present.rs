//! The holder's side: showing some claims of a credential, and proving to hold it.
//!
//! Nothing is verified here: it is the holder's own credential, and every verifier judges it.

use super::disclosure::Disclosure;
use super::key_binding::{KeyBindingClaims, TRANSACTION_HASH};
use super::sd_jwt::{SdJwt, SdJwtError};
use crate::base::{Code, Timestamp};
use crate::crypto::jws::{Compact, Header, JwsError, Typ, sign_compact};
use crate::crypto::{Digest, SealError, Signer, json};

/// The credential `token` with the disclosures of `claims` and no others, without key binding.
///
/// Claims that are always visible need not be named, and may be.
pub fn present(token: &str, claims: &[&str]) -> Result<String, PresentError> {
    let sd_jwt = SdJwt::split(token).map_err(PresentError::SdJwt)?;
    let jws = Compact::parse(sd_jwt.issuer_jwt()).map_err(PresentError::Jws)?;
    let payload: serde_json::Map<String, serde_json::Value> =
        json::from_slice(jws.unverified_payload())
            .map_err(|_| PresentError::SdJwt(SdJwtError::Malformed))?;
    let disclosures = sd_jwt.disclosures().map_err(PresentError::SdJwt)?;
    let is_there = |claim: &&&str| {
        payload.contains_key(**claim)
            || disclosures.iter().any(|disclosure| disclosure.name() == Some(**claim))
    };
    if let Some(missing) = claims.iter().find(|claim| !is_there(claim)) {
        return Err(PresentError::NoSuchClaim { name: missing.chars().take(40).collect() });
    }
    let mut presentation = format!("{}~", sd_jwt.issuer_jwt());
    let named =
        |disclosure: &&Disclosure<'_>| disclosure.name().is_some_and(|name| claims.contains(&name));
    for disclosure in disclosures.iter().filter(named) {
        presentation.push_str(disclosure.encoded());
        presentation.push('~');
    }
    Ok(presentation)
}

/// What a key binding is made for.
#[derive(Clone, Copy, Debug)]
pub struct BindTerms<'t> {
    /// Who is shown the credential: the verifier's public origin.
    pub audience: &'t str,
    /// The verifier's challenge.
    pub nonce: &'t str,
    /// The transaction that the holder approves; in a mere verification none.
    pub transaction: Option<Digest>,
}

/// Adds a key binding by the holder's key to `presentation`, made at `now`.
pub fn bind(
    presentation: &str,
    terms: BindTerms<'_>,
    holder: &dyn Signer,
    now: Timestamp,
) -> Result<String, PresentError> {
    let sd_jwt = SdJwt::split(presentation).map_err(PresentError::SdJwt)?;
    if sd_jwt.key_binding().is_some() {
        return Err(PresentError::BoundAlready);
    }
    let claims = KeyBindingClaims {
        iat: now.into(),
        aud: terms.audience.to_owned(),
        nonce: terms.nonce.to_owned(),
        sd_hash: sd_jwt.sd_hash(),
        transaction_data_hashes: terms.transaction.map(|hash| vec![hash]),
        transaction_data_hashes_alg: terms.transaction.map(|_| TRANSACTION_HASH.to_owned()),
    };
    let binding =
        sign_compact(holder, Header::new(Typ::KeyBinding), &claims).map_err(PresentError::Seal)?;
    Ok(format!("{}{binding}", sd_jwt.presentation()))
}

/// Why a credential cannot be presented.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PresentError {
    /// It carries a key binding.
    #[error("the presentation is bound already")]
    BoundAlready,
    /// The issuer's JWT is not one.
    #[error("the credential: {0}")]
    Jws(JwsError),
    /// The credential has no such claim.
    #[error("the credential has no claim {name:?}")]
    NoSuchClaim {
        /// The name that was asked for, cut to 40 characters.
        name: String,
    },
    /// It could not be signed.
    #[error(transparent)]
    Seal(SealError),
    /// The credential is not an SD-JWT.
    #[error("the credential: {0}")]
    SdJwt(SdJwtError),
}

impl PresentError {
    /// The published code.
    #[must_use]
    pub const fn code(&self) -> Code {
        match self {
            Self::Seal(_) => Code::Internal,
            _ => Code::ValidationFailed,
        }
    }
}
