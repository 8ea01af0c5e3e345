//! The compact form of an SD-JWT (RFC 9901 §4): splitting it into its parts, under limits.
//!
//! Nothing is believed here; only the shape is judged. The JSON forms (RFC 9901 §8) are not ours.

use super::disclosure::Disclosure;
use crate::base::{Code, limits};
use crate::crypto::Digest;
use crate::crypto::json::JsonError;
use crate::crypto::jws::JwsError;

/// `<issuer-jwt>~<disclosure>~…~[<kb-jwt>]`, split.
#[derive(Clone, Debug)]
pub(super) struct SdJwt<'t> {
    issuer_jwt: &'t str,
    disclosures: Vec<&'t str>,
    /// Everything up to and including the last tilde: what a key binding is made over.
    presentation: &'t str,
    key_binding: Option<&'t str>,
}

impl<'t> SdJwt<'t> {
    /// Splits `token`, which must be within [`limits::TOKEN_BYTES`] and hold at most
    /// [`limits::DISCLOSURES`] disclosures of at most [`limits::DISCLOSURE_BYTES`] each.
    pub(super) fn split(token: &'t str) -> Result<Self, SdJwtError> {
        if token.len() > limits::TOKEN_BYTES {
            return Err(SdJwtError::TooLarge);
        }
        if token.starts_with('{') {
            return Err(SdJwtError::Malformed);
        }
        let first = token.split('~').next().unwrap_or_default();
        if first.split('.').count() != JWS_PARTS {
            return Err(SdJwtError::Unsupported);
        }
        let (head, tail) = token.rsplit_once('~').ok_or(SdJwtError::Malformed)?;
        let mut pieces = head.split('~');
        let issuer_jwt = pieces.next().unwrap_or_default();
        let disclosures: Vec<_> = pieces.by_ref().take(limits::DISCLOSURES).collect();
        if pieces.next().is_some()
            || disclosures.iter().any(|piece| piece.len() > limits::DISCLOSURE_BYTES)
        {
            return Err(SdJwtError::TooLarge);
        }
        if disclosures.iter().any(|piece| piece.is_empty()) {
            return Err(SdJwtError::Malformed);
        }
        let presentation = &token[..=head.len()];
        let key_binding = (!tail.is_empty()).then_some(tail);
        Ok(Self { issuer_jwt, disclosures, presentation, key_binding })
    }

    /// The JWT of the issuer.
    pub(super) const fn issuer_jwt(&self) -> &'t str {
        self.issuer_jwt
    }

    /// The JWT of the holder, when there is one.
    pub(super) const fn key_binding(&self) -> Option<&'t str> {
        self.key_binding
    }

    /// The part that a key binding is made over.
    pub(super) const fn presentation(&self) -> &'t str {
        self.presentation
    }

    /// The digest by which a key binding names what it presents (RFC 9901 §4.3.1).
    pub(super) fn sd_hash(&self) -> Digest {
        Digest::of(self.presentation)
    }

    /// How many disclosures are sent.
    pub(super) const fn disclosure_count(&self) -> usize {
        self.disclosures.len()
    }

    /// Reads the disclosures.
    pub(super) fn disclosures(&self) -> Result<Vec<Disclosure<'t>>, SdJwtError> {
        self.disclosures.iter().map(|encoded| Disclosure::parse(encoded)).collect()
    }
}

/// Why a token, or what it discloses, is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SdJwtError {
    /// A disclosed claim would take the place of one that stands there.
    #[error("a disclosed claim stands there already")]
    Collision,
    /// A digest stands twice, or a disclosure was sent twice.
    #[error("a digest stands more than once")]
    DuplicateDigest,
    /// A hash algorithm other than SHA-256.
    #[error("the digests are not made with sha-256")]
    HashAlgorithm,
    /// Not the compact form, not base64url, not JSON, or a disclosure of the wrong shape.
    #[error("malformed")]
    Malformed,
    /// `_sd`, `...` or `_sd_alg` where it may not stand.
    #[error("a reserved name stands where it may not")]
    ReservedName,
    /// Over a limit of size, number or depth.
    #[error("larger than allowed")]
    TooLarge,
    /// No digest of the issuer covers a disclosure.
    #[error("a disclosure that the issuer did not make")]
    Unreferenced,
    /// Not a token of three parts.
    #[error("not a token of a kind known here")]
    Unsupported,
}

impl SdJwtError {
    /// The published code.
    #[must_use]
    pub const fn code(self) -> Code {
        match self {
            Self::Collision
            | Self::DuplicateDigest
            | Self::HashAlgorithm
            | Self::Malformed
            | Self::ReservedName => Code::FormatDamaged,
            Self::TooLarge => Code::FormatTooLarge,
            Self::Unreferenced => Code::TamperedDisclosure,
            Self::Unsupported => Code::FormatUnsupported,
        }
    }
}

impl From<JsonError> for SdJwtError {
    fn from(_: JsonError) -> Self {
        Self::Malformed
    }
}

/// The code of a token that is no JWS of ours.
pub(super) const fn jws_code(error: &JwsError) -> Code {
    match error {
        JwsError::AlgorithmNotAllowed => Code::CryptoNotAllowed,
        JwsError::ForbiddenHeader
        | JwsError::Json(_)
        | JwsError::Malformed
        | JwsError::WrongTyp => Code::FormatDamaged,
        JwsError::NotCompact => Code::FormatUnsupported,
        JwsError::Signature => Code::TamperedSignature,
        JwsError::TooLarge => Code::FormatTooLarge,
    }
}

const JWS_PARTS: usize = 3;

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(token: &str) -> SdJwtError {
        SdJwt::split(token).unwrap_err()
    }

    #[test]
    fn the_parts_are_told_apart() {
        let bare = SdJwt::split("a.b.c~").unwrap();
        assert_eq!((bare.disclosure_count(), bare.key_binding()), (0, None));
        let full = SdJwt::split("a.b.c~d~e~f.g.h").unwrap();
        assert_eq!(full.issuer_jwt(), "a.b.c");
        assert_eq!(full.disclosure_count(), 2);
        assert_eq!(full.key_binding(), Some("f.g.h"));
        assert_eq!(full.presentation(), "a.b.c~d~e~");
    }

    #[test]
    fn sd_11_tildes_must_stand_where_they_belong() {
        for token in ["a.b.c", "a.b.c~~", "a.b.c~d~~", "a.b.c~~d~", "{\"payload\":\"\"}"] {
            assert_eq!(refusal(token), SdJwtError::Malformed, "{token}");
        }
    }

    #[test]
    fn jw_23_other_numbers_of_parts_are_no_format_of_ours() {
        for token in ["", "~", "a.b", "a.b.c.d", "a.b.c.d.e", "a.b.c.d.e~", "hello world"] {
            assert_eq!(refusal(token), SdJwtError::Unsupported, "{token}");
        }
    }

    #[test]
    fn jw_31_sd_14_sizes_are_bounded() {
        assert_eq!(refusal(&format!("a.b.{}~", "c".repeat(65_536))), SdJwtError::TooLarge);
        assert_eq!(refusal(&format!("a.b.c~{}", "d~".repeat(10_000))), SdJwtError::TooLarge);
        assert_eq!(refusal(&format!("a.b.c~{}", "d~".repeat(257))), SdJwtError::TooLarge);
        assert!(SdJwt::split(&format!("a.b.c~{}", "d~".repeat(256))).is_ok());
        assert_eq!(refusal(&format!("a.b.c~{}~", "d".repeat(4_097))), SdJwtError::TooLarge);
    }
}
