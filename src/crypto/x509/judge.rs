//! The judge of issuance chains: from a licence signer up to its province's issuing CA.
//!
//! Run when a trust list comes in, never per request.

use super::certificate::{Certificate, CertificateError};
use crate::base::{Code, Timestamp};

/// Judges `chain` (signer first, its issuing CA last) at `now`.
///
/// The last certificate is the anchor: the list that carries it is what makes it trusted. Each
/// certificate must be within its validity; all above the signer must be authorities that may
/// sign certificates, within their path length (RFC 5280 §6.1.4 (k) to (n)); the signer must not
/// be an authority and must be allowed to sign documents.
pub fn issuance_chain(chain: &[Certificate], now: Timestamp) -> Result<(), ChainError> {
    issuance_chain_shape(chain, now)?;
    issuance_chain_signatures(chain)
}

/// The part of [`issuance_chain`] that costs no signature: who may sign whom, and until when.
pub fn issuance_chain_shape(chain: &[Certificate], now: Timestamp) -> Result<(), ChainError> {
    let [signer, authorities @ ..] = chain else { return Err(ChainError::NoPath) };
    if authorities.is_empty() || authorities.len() > MOST_AUTHORITIES {
        return Err(ChainError::NoPath);
    }
    if signer.is_authority() || !signer.key_usage().is_some_and(|usage| usage.digital_signature) {
        return Err(ChainError::KeyUsage);
    }
    signer.public_key().map_err(|_| ChainError::BadKey)?;
    for (depth, authority) in authorities.iter().enumerate() {
        check_authority(authority, depth)?;
    }
    chain.iter().try_for_each(|certificate| check_validity(certificate, now))
}

/// The part of [`issuance_chain`] that does not change with time: each certificate is signed by
/// the next.
pub fn issuance_chain_signatures(chain: &[Certificate]) -> Result<(), ChainError> {
    let signed = |pair: &[Certificate]| pair[0].verify_issued_by(&pair[1]);
    chain.windows(2).try_for_each(signed).map_err(ChainError::Certificate)
}

fn check_authority(authority: &Certificate, depth: usize) -> Result<(), ChainError> {
    if !authority.is_authority() {
        return Err(ChainError::NotAnAuthority);
    }
    if !authority.key_usage().is_some_and(|usage| usage.certificate_signing) {
        return Err(ChainError::KeyUsage);
    }
    let longest = authority.path_length().map_or(usize::MAX, |length| length as usize);
    if depth > longest { Err(ChainError::PathLength) } else { Ok(()) }
}

fn check_validity(certificate: &Certificate, now: Timestamp) -> Result<(), ChainError> {
    if now < certificate.not_before() {
        Err(ChainError::NotYetValid)
    } else if certificate.is_valid_at(now) {
        Ok(())
    } else {
        Err(ChainError::Expired { not_after: certificate.not_after() })
    }
}

/// Why a chain is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChainError {
    /// The signer's key is not admitted.
    #[error("the signer's key is not admitted")]
    BadKey,
    /// One certificate does not follow from the next.
    #[error(transparent)]
    Certificate(CertificateError),
    /// A certificate has ended.
    #[error("a certificate ended at {not_after}")]
    Expired {
        /// Its last instant.
        not_after: Timestamp,
    },
    /// A key usage is missing or wrong.
    #[error("a certificate may not be used for this")]
    KeyUsage,
    /// A certificate that signs others is not allowed to.
    #[error("a certificate that signs others is no authority")]
    NotAnAuthority,
    /// Validity has not begun.
    #[error("a certificate is not valid yet")]
    NotYetValid,
    /// No issuing CA, or a chain longer than a province has.
    #[error("no chain to an issuing authority")]
    NoPath,
    /// More authorities below one than it allows.
    #[error("the path is longer than an authority allows")]
    PathLength,
}

impl ChainError {
    /// The published code.
    #[must_use]
    pub const fn code(&self) -> Code {
        match self {
            Self::BadKey => Code::PathBadKey,
            Self::Certificate(CertificateError::Algorithm) => Code::PathAlgorithm,
            Self::Certificate(CertificateError::CriticalExtension) => Code::PathCriticalExtension,
            Self::Certificate(CertificateError::Malformed | CertificateError::TooLarge) => {
                Code::PathMalformed
            }
            Self::Certificate(CertificateError::OtherIssuer) | Self::NoPath => Code::PathNoPath,
            Self::Certificate(CertificateError::Profile) => Code::PathProfile,
            Self::Certificate(CertificateError::Signature) => Code::PathSignature,
            Self::Expired { .. } => Code::PathExpired,
            Self::KeyUsage => Code::PathKeyUsage,
            Self::NotAnAuthority => Code::PathNotACa,
            Self::NotYetValid => Code::PathNotYetValid,
            Self::PathLength => Code::PathLength,
        }
    }
}

/// A chain has at most three certificates: signer, issuing CA, and one above it.
const MOST_AUTHORITIES: usize = 2;

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use rcgen::{BasicConstraints, CertificateParams, IsCa, KeyPair, KeyUsagePurpose};

    use super::*;

    struct Issued {
        certificate: Certificate,
        issuer: rcgen::Issuer<'static, KeyPair>,
    }

    fn issue(
        name: &str,
        by: Option<&Issued>,
        adjust: impl FnOnce(&mut CertificateParams),
    ) -> Issued {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(Vec::<String>::new()).unwrap();
        params.distinguished_name.push(rcgen::DnType::CommonName, name);
        params.not_before = rcgen::date_time_ymd(2026, 1, 1);
        params.not_after = rcgen::date_time_ymd(2027, 1, 1);
        adjust(&mut params);
        let made = match by {
            Some(parent) => params.signed_by(&key, &parent.issuer).unwrap(),
            None => params.self_signed(&key).unwrap(),
        };
        let certificate = Certificate::parse(made.der()).unwrap();
        Issued { certificate, issuer: rcgen::Issuer::new(params, key) }
    }

    fn authority(params: &mut CertificateParams) {
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    }

    fn signer(params: &mut CertificateParams) {
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    }

    fn judge(leaf: &Issued, above: &[&Issued], at: &str) -> Result<(), ChainError> {
        let chain: Vec<Certificate> = std::iter::once(leaf)
            .chain(above.iter().copied())
            .map(|issued| issued.certificate.clone())
            .collect();
        issuance_chain(&chain, at.parse().unwrap())
    }

    #[test]
    fn pk_01_validity_includes_both_ends() {
        let ca = issue("ca", None, authority);
        let leaf = issue("signer", Some(&ca), signer);
        assert_eq!(judge(&leaf, &[&ca], "2026-06-01T00:00:00Z"), Ok(()));
        assert_eq!(judge(&leaf, &[&ca], "2027-01-01T00:00:00Z"), Ok(()));
        assert!(matches!(
            judge(&leaf, &[&ca], "2027-01-01T00:00:01Z"),
            Err(ChainError::Expired { .. })
        ));
        assert_eq!(judge(&leaf, &[&ca], "2025-12-31T23:59:59Z"), Err(ChainError::NotYetValid));
        let late = leaf.certificate.not_after() + Duration::from_millis(900);
        assert!(leaf.certificate.is_valid_at(late));
    }

    #[test]
    fn pk_02_the_issuing_authority_must_be_within_its_validity_too() {
        let ca = issue("ca", None, |params| {
            authority(params);
            params.not_after = rcgen::date_time_ymd(2026, 3, 1);
        });
        let leaf = issue("signer", Some(&ca), signer);
        assert_eq!(
            judge(&leaf, &[&ca], "2026-06-01T00:00:00Z").unwrap_err().code(),
            Code::PathExpired
        );
    }

    #[test]
    fn pk_05_06_07_authorities_must_be_allowed_to_sign() {
        let now = "2026-06-01T00:00:00Z";
        let plain = issue("plain", None, signer);
        let under_plain = issue("signer", Some(&plain), signer);
        assert_eq!(judge(&under_plain, &[&plain], now), Err(ChainError::NotAnAuthority));

        let root = issue("root", None, authority);
        let middle = issue("middle", Some(&root), authority);
        let deep = issue("signer", Some(&middle), signer);
        assert_eq!(judge(&deep, &[&middle, &root], now), Err(ChainError::PathLength));

        let mute = issue("mute", None, |params| {
            authority(params);
            params.key_usages = vec![KeyUsagePurpose::CrlSign];
        });
        let under_mute = issue("signer", Some(&mute), signer);
        assert_eq!(judge(&under_mute, &[&mute], now), Err(ChainError::KeyUsage));
    }

    #[test]
    fn a_signer_that_is_an_authority_or_may_not_sign_documents_is_refused() {
        let now = "2026-06-01T00:00:00Z";
        let ca = issue("ca", None, authority);
        let second = issue("second", Some(&ca), authority);
        assert_eq!(judge(&second, &[&ca], now), Err(ChainError::KeyUsage));
        let silent = issue("silent", Some(&ca), |_| {});
        assert_eq!(judge(&silent, &[&ca], now), Err(ChainError::KeyUsage));
    }

    #[test]
    fn a_signature_by_another_authority_of_the_same_name_is_refused() {
        let now = "2026-06-01T00:00:00Z";
        let ca = issue("ca", None, authority);
        let twin = issue("ca", None, authority);
        let stranger = issue("stranger", None, authority);
        let leaf = issue("signer", Some(&ca), signer);
        assert_eq!(judge(&leaf, &[&twin], now).unwrap_err().code(), Code::PathSignature);
        assert_eq!(judge(&leaf, &[&stranger], now).unwrap_err().code(), Code::PathNoPath);
        assert_eq!(judge(&leaf, &[], now), Err(ChainError::NoPath));
    }

    #[test]
    fn pk_15_18_23_unsound_bytes_are_no_certificate() {
        let ca = issue("ca", None, authority);
        let der = ca.certificate.der();
        assert_eq!(Certificate::parse(&[der, &[0]].concat()), Err(CertificateError::Malformed));
        assert_eq!(Certificate::parse(&der[..100]), Err(CertificateError::Malformed));
        let huge = vec![0x30; 16 * 1024 + 1];
        assert_eq!(Certificate::parse(&huge), Err(CertificateError::TooLarge));
        let zero_serial = rcgen::SerialNumber::from_slice(&[0]);
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(Vec::<String>::new()).unwrap();
        params.serial_number = Some(zero_serial);
        let made = params.self_signed(&key).unwrap();
        assert_eq!(Certificate::parse(made.der()), Err(CertificateError::Profile));
    }
}
