//! One certificate, read from DER once and kept with what the federation asks of it.

use std::fmt;

use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::{GeneralName, ParsedExtension};
use x509_parser::prelude::FromDer as _;

use super::super::Digest;
use super::super::key::{KeyError, PublicKey};
use crate::base::{Timestamp, limits};

/// A certificate in owned, comparable form.
#[derive(Clone)]
pub struct Certificate {
    der: Vec<u8>,
    digest: Digest,
    subject: String,
    subject_der: Vec<u8>,
    issuer_der: Vec<u8>,
    spki: Vec<u8>,
    not_before: Timestamp,
    not_after: Timestamp,
    authority: Option<Authority>,
    key_usage: Option<KeyUsage>,
    purposes: Vec<String>,
    uris: Vec<String>,
}

/// What basic constraints say of a certificate that may sign others (RFC 5280 §4.2.1.9).
#[derive(Clone, Copy, Debug)]
struct Authority {
    path_length: Option<u32>,
}

/// The key usages that decide anything here (RFC 5280 §4.2.1.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyUsage {
    /// The key may sign documents.
    pub digital_signature: bool,
    /// The key may sign certificates.
    pub certificate_signing: bool,
}

impl Certificate {
    /// Reads DER: nothing behind it, no extension twice, no unknown critical extension, a
    /// version 3 certificate with a sound serial number (RFC 5280 §4.1).
    pub fn parse(der: &[u8]) -> Result<Self, CertificateError> {
        if der.len() > limits::CERTIFICATE_BYTES {
            return Err(CertificateError::TooLarge);
        }
        let (rest, parsed) =
            X509Certificate::from_der(der).map_err(|_| CertificateError::Malformed)?;
        if !rest.is_empty() {
            return Err(CertificateError::Malformed);
        }
        check_profile(&parsed)?;
        let extensions = Extensions::read(&parsed)?;
        Ok(Self {
            der: der.to_vec(),
            digest: Digest::of(der),
            subject: parsed.subject().to_string(),
            subject_der: parsed.subject().as_raw().to_vec(),
            issuer_der: parsed.issuer().as_raw().to_vec(),
            spki: parsed.public_key().raw.to_vec(),
            not_before: Timestamp::from_unix_seconds(parsed.validity().not_before.timestamp()),
            not_after: Timestamp::from_unix_seconds(parsed.validity().not_after.timestamp()),
            authority: extensions.authority,
            key_usage: extensions.key_usage,
            purposes: extensions.purposes,
            uris: extensions.uris,
        })
    }

    /// The bytes it was read from.
    #[must_use]
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// SHA-256 of the DER (`x5t#S256`).
    #[must_use]
    pub const fn digest(&self) -> Digest {
        self.digest
    }

    /// The subject's name, for people.
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// SHA-256 of the SubjectPublicKeyInfo.
    #[must_use]
    pub fn spki_digest(&self) -> Digest {
        Digest::of(&self.spki)
    }

    /// The key, when it is of a kind the federation admits.
    pub fn public_key(&self) -> Result<PublicKey, KeyError> {
        PublicKey::from_spki(&self.spki)
    }

    /// First instant of validity.
    #[must_use]
    pub const fn not_before(&self) -> Timestamp {
        self.not_before
    }

    /// Last instant of validity, included (RFC 5280 §4.1.2.5).
    #[must_use]
    pub const fn not_after(&self) -> Timestamp {
        self.not_after
    }

    /// Whether `now` lies within the validity, both ends included.
    #[must_use]
    pub fn is_valid_at(&self, now: Timestamp) -> bool {
        self.not_before <= now && now.whole_seconds() <= self.not_after
    }

    /// Whether it may sign certificates.
    #[must_use]
    pub const fn is_authority(&self) -> bool {
        self.authority.is_some()
    }

    /// How many further authorities may follow below it; `None` when it does not say.
    #[must_use]
    pub fn path_length(&self) -> Option<u32> {
        self.authority.and_then(|authority| authority.path_length)
    }

    /// Its key usage, when stated.
    #[must_use]
    pub const fn key_usage(&self) -> Option<KeyUsage> {
        self.key_usage
    }

    /// Its extended key usages as dotted object identifiers; empty when it does not say.
    #[must_use]
    pub fn purposes(&self) -> &[String] {
        &self.purposes
    }

    /// The URIs among its subject alternative names.
    #[must_use]
    pub fn uris(&self) -> &[String] {
        &self.uris
    }

    /// Whether it names `issuer` as its issuer and carries its signature, by an algorithm the
    /// federation admits.
    pub fn verify_issued_by(&self, issuer: &Self) -> Result<(), CertificateError> {
        if self.issuer_der != issuer.subject_der {
            return Err(CertificateError::OtherIssuer);
        }
        let (_, parsed) =
            X509Certificate::from_der(&self.der).map_err(|_| CertificateError::Malformed)?;
        let (_, parent) =
            X509Certificate::from_der(&issuer.der).map_err(|_| CertificateError::Malformed)?;
        let algorithm = parsed.signature_algorithm.algorithm.to_id_string();
        if !SIGNATURE_ALGORITHMS.contains(&algorithm.as_str()) {
            return Err(CertificateError::Algorithm);
        }
        parsed.verify_signature(Some(parent.public_key())).map_err(|_| CertificateError::Signature)
    }
}

impl fmt::Debug for Certificate {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Certificate({}, {})", self.subject, self.digest)
    }
}

impl PartialEq for Certificate {
    fn eq(&self, other: &Self) -> bool {
        self.der == other.der
    }
}

impl Eq for Certificate {}

/// Why bytes are not a certificate we use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CertificateError {
    /// Signed by an algorithm that is not admitted.
    #[error("the signature algorithm is not admitted")]
    Algorithm,
    /// A critical extension that nobody here understands.
    #[error("an unknown critical extension")]
    CriticalExtension,
    /// Not DER, or an extension twice, or something behind it.
    #[error("not a DER certificate")]
    Malformed,
    /// The issuer's name is another.
    #[error("names another issuer")]
    OtherIssuer,
    /// Version, serial number or algorithm fields break RFC 5280 §4.1.
    #[error("breaks the certificate profile")]
    Profile,
    /// The issuer's signature does not verify.
    #[error("the issuer's signature does not verify")]
    Signature,
    /// Over 16 KiB.
    #[error("larger than allowed")]
    TooLarge,
}

/// The extensions that are understood, gathered in one walk.
#[derive(Default)]
struct Extensions {
    authority: Option<Authority>,
    key_usage: Option<KeyUsage>,
    purposes: Vec<String>,
    uris: Vec<String>,
}

impl Extensions {
    fn read(parsed: &X509Certificate<'_>) -> Result<Self, CertificateError> {
        // Building the map refuses an extension that stands twice.
        parsed.extensions_map().map_err(|_| CertificateError::Malformed)?;
        let mut read = Self::default();
        for extension in parsed.extensions() {
            match extension.parsed_extension() {
                ParsedExtension::BasicConstraints(constraints) if constraints.ca => {
                    read.authority =
                        Some(Authority { path_length: constraints.path_len_constraint });
                }
                ParsedExtension::KeyUsage(usage) => {
                    read.key_usage = Some(KeyUsage {
                        digital_signature: usage.digital_signature(),
                        certificate_signing: usage.key_cert_sign(),
                    });
                }
                ParsedExtension::ExtendedKeyUsage(usage) => {
                    read.purposes = purposes(usage);
                }
                ParsedExtension::SubjectAlternativeName(names) => {
                    read.uris.extend(names.general_names.iter().filter_map(|name| match name {
                        GeneralName::URI(uri) => Some((*uri).to_owned()),
                        _ => None,
                    }));
                }
                ParsedExtension::ParseError { .. } => return Err(CertificateError::Malformed),
                ParsedExtension::BasicConstraints(_)
                | ParsedExtension::AuthorityKeyIdentifier(_)
                | ParsedExtension::SubjectKeyIdentifier(_) => {}
                _ if extension.critical => return Err(CertificateError::CriticalExtension),
                _ => {}
            }
        }
        Ok(read)
    }
}

fn purposes(usage: &x509_parser::extensions::ExtendedKeyUsage<'_>) -> Vec<String> {
    let named = [
        (usage.any, ANY_PURPOSE),
        (usage.server_auth, SERVER_AUTH),
        (usage.client_auth, CLIENT_AUTH),
        (usage.code_signing, CODE_SIGNING),
        (usage.email_protection, EMAIL_PROTECTION),
        (usage.time_stamping, TIME_STAMPING),
        (usage.ocsp_signing, OCSP_SIGNING),
    ];
    let named = named.into_iter().filter(|(stated, _)| *stated).map(|(_, oid)| oid.to_owned());
    named.chain(usage.other.iter().map(x509_parser::der_parser::Oid::to_id_string)).collect()
}

fn check_profile(parsed: &X509Certificate<'_>) -> Result<(), CertificateError> {
    let serial = parsed.raw_serial();
    let serial_is_sound = (1..=20).contains(&serial.len())
        && serial[0] & 0x80 == 0
        && serial.iter().any(|byte| *byte != 0);
    let algorithms_agree = parsed.signature_algorithm == parsed.tbs_certificate.signature;
    if parsed.version() == x509_parser::x509::X509Version::V3 && serial_is_sound && algorithms_agree
    {
        Ok(())
    } else {
        Err(CertificateError::Profile)
    }
}

/// id-kp-clientAuth (RFC 5280 §4.2.1.12).
const CLIENT_AUTH: &str = "1.3.6.1.5.5.7.3.2";
/// id-kp-serverAuth.
const SERVER_AUTH: &str = "1.3.6.1.5.5.7.3.1";
/// id-kp-codeSigning, id-kp-emailProtection, id-kp-timeStamping, id-kp-OCSPSigning.
const CODE_SIGNING: &str = "1.3.6.1.5.5.7.3.3";
const EMAIL_PROTECTION: &str = "1.3.6.1.5.5.7.3.4";
const TIME_STAMPING: &str = "1.3.6.1.5.5.7.3.8";
const OCSP_SIGNING: &str = "1.3.6.1.5.5.7.3.9";
/// anyExtendedKeyUsage.
const ANY_PURPOSE: &str = "2.5.29.37.0";
/// ecdsa-with-SHA256, ecdsa-with-SHA384 (RFC 5758 §3.2), Ed25519 (RFC 8410 §3).
const SIGNATURE_ALGORITHMS: [&str; 3] =
    ["1.2.840.10045.4.3.2", "1.2.840.10045.4.3.3", "1.3.101.112"];
