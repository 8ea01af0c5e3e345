//! The signature that one certificate bears, and the key of the one that made it
//! (RFC 5280 §4.1.1.2, §4.1.1.3).

use std::sync::OnceLock;

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA384_ASN1, ECDSA_P384_SHA256_ASN1, ECDSA_P384_SHA384_ASN1,
    ED25519, ParsedPublicKey, VerificationAlgorithm,
};
use x509_parser::der_parser::Oid;

use super::super::key::{Algorithm, PublicKey};

/// How a certificate is signed, of the ways that the federation admits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SignatureScheme {
    /// ecdsa-with-SHA256 (RFC 5758 §3.2).
    EcdsaSha256,
    /// ecdsa-with-SHA384.
    EcdsaSha384,
    /// id-Ed25519 (RFC 8410 §3).
    Ed25519,
}

impl SignatureScheme {
    pub(super) fn from_oid(oid: &Oid<'_>) -> Option<Self> {
        match oid.to_id_string().as_str() {
            "1.2.840.10045.4.3.2" => Some(Self::EcdsaSha256),
            "1.2.840.10045.4.3.3" => Some(Self::EcdsaSha384),
            "1.3.101.112" => Some(Self::Ed25519),
            _ => None,
        }
    }

    /// What verifies it under a key of `algorithm`; `None` when the two do not go together.
    fn verification(self, algorithm: Algorithm) -> Option<&'static dyn VerificationAlgorithm> {
        match (self, algorithm) {
            (Self::EcdsaSha256, Algorithm::Es256) => Some(&ECDSA_P256_SHA256_ASN1),
            (Self::EcdsaSha256, Algorithm::Es384) => Some(&ECDSA_P384_SHA256_ASN1),
            (Self::EcdsaSha384, Algorithm::Es256) => Some(&ECDSA_P256_SHA384_ASN1),
            (Self::EcdsaSha384, Algorithm::Es384) => Some(&ECDSA_P384_SHA384_ASN1),
            (Self::Ed25519, Algorithm::EdDsa) => Some(&ED25519),
            _ => None,
        }
    }
}

/// The key of a certificate as it signs other certificates: parsed when the first of them is
/// judged, and kept for the others, since one authority has many.
#[derive(Default)]
pub(super) struct IssuingKey(OnceLock<Option<(SignatureScheme, ParsedPublicKey)>>);

impl IssuingKey {
    /// Whether `signature` over `message` was made under `scheme` by the key `spki`, which is that
    /// of this certificate every time.
    pub(super) fn verifies(
        &self,
        spki: &[u8],
        scheme: SignatureScheme,
        message: &[u8],
        signature: &[u8],
    ) -> bool {
        let kept = self.0.get_or_init(|| Some((scheme, parsed(spki, scheme)?)));
        let verifies = |key: &ParsedPublicKey| key.verify_sig(message, signature).is_ok();
        match kept {
            Some((first, key)) if *first == scheme => verifies(key),
            // An authority that changes its hash is rare enough to be parsed each time.
            _ => parsed(spki, scheme).is_some_and(|key| verifies(&key)),
        }
    }
}

fn parsed(spki: &[u8], scheme: SignatureScheme) -> Option<ParsedPublicKey> {
    let key = PublicKey::from_spki(spki).ok()?;
    ParsedPublicKey::new(scheme.verification(key.algorithm())?, key.raw()).ok()
}
