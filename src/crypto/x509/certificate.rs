//! One certificate, read from DER once and kept with what the federation asks of it.

use std::fmt;
use std::sync::Arc;

use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::{GeneralName, ParsedExtension};
use x509_parser::prelude::FromDer as _;
use x509_parser::x509::X509Name;

use super::super::Digest;
use super::super::key::{KeyError, PublicKey};
use super::signature::{IssuingKey, SignatureScheme};
use crate::base::{Timestamp, limits};

/// A certificate in owned, comparable form. Copies share their memory.
#[derive(Clone)]
pub struct Certificate(Arc<Read>);

/// What was read, and where in the DER it stands.
struct Read {
    der: Box<[u8]>,
    digest: Digest,
    signed: Part,
    scheme: Option<SignatureScheme>,
    signature: Part,
    subject: Part,
    issuer: Part,
    spki: Part,
    not_before: Timestamp,
    not_after: Timestamp,
    authority: Option<Authority>,
    key_usage: Option<KeyUsage>,
    purposes: Vec<String>,
    uris: Vec<String>,
    issuing_key: IssuingKey,
}

/// A stretch of the DER.
#[derive(Clone, Copy)]
struct Part {
    start: u16,
    end: u16,
}

impl Part {
    /// Where `part`, a slice of `der`, lies in it.
    fn of(der: &[u8], part: &[u8]) -> Result<Self, CertificateError> {
        let start = part.as_ptr().addr().checked_sub(der.as_ptr().addr());
        let start = start.ok_or(CertificateError::Malformed)?;
        let place = |offset: usize| u16::try_from(offset).map_err(|_| CertificateError::TooLarge);
        Ok(Self { start: place(start)?, end: place(start + part.len())? })
    }
}

impl Read {
    fn part(&self, part: Part) -> &[u8] {
        self.der.get(usize::from(part.start)..usize::from(part.end)).unwrap_or_default()
    }
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
        let part = |slice: &[u8]| Part::of(der, slice);
        let algorithm = &parsed.signature_algorithm.algorithm;
        Ok(Self(Arc::new(Read {
            digest: Digest::of(der),
            signed: part(parsed.tbs_certificate.as_ref())?,
            scheme: SignatureScheme::from_oid(algorithm),
            signature: part(&parsed.signature_value.data)?,
            subject: part(parsed.subject().as_raw())?,
            issuer: part(parsed.issuer().as_raw())?,
            spki: part(parsed.public_key().raw)?,
            not_before: Timestamp::from_unix_seconds(parsed.validity().not_before.timestamp()),
            not_after: Timestamp::from_unix_seconds(parsed.validity().not_after.timestamp()),
            authority: extensions.authority,
            key_usage: extensions.key_usage,
            purposes: extensions.purposes,
            uris: extensions.uris,
            issuing_key: IssuingKey::default(),
            der: der.into(),
        })))
    }

    /// The bytes it was read from.
    #[must_use]
    pub fn der(&self) -> &[u8] {
        &self.0.der
    }

    /// SHA-256 of the DER (`x5t#S256`).
    #[must_use]
    pub fn digest(&self) -> Digest {
        self.0.digest
    }

    /// The subject's name, for people.
    #[must_use]
    pub fn subject(&self) -> String {
        let name = X509Name::from_der(self.0.part(self.0.subject));
        name.map_or_else(|_| String::new(), |(_, name)| name.to_string())
    }

    /// SHA-256 of the SubjectPublicKeyInfo.
    #[must_use]
    pub fn spki_digest(&self) -> Digest {
        Digest::of(self.spki())
    }

    /// The key, when it is of a kind the federation admits.
    pub fn public_key(&self) -> Result<PublicKey, KeyError> {
        PublicKey::from_spki(self.spki())
    }

    fn spki(&self) -> &[u8] {
        self.0.part(self.0.spki)
    }

    /// First instant of validity.
    #[must_use]
    pub fn not_before(&self) -> Timestamp {
        self.0.not_before
    }

    /// Last instant of validity, included (RFC 5280 §4.1.2.5).
    #[must_use]
    pub fn not_after(&self) -> Timestamp {
        self.0.not_after
    }

    /// Whether `now` lies within the validity, both ends included.
    #[must_use]
    pub fn is_valid_at(&self, now: Timestamp) -> bool {
        self.0.not_before <= now && now.whole_seconds() <= self.0.not_after
    }

    /// Whether it may sign certificates.
    #[must_use]
    pub fn is_authority(&self) -> bool {
        self.0.authority.is_some()
    }

    /// How many further authorities may follow below it; `None` when it does not say.
    #[must_use]
    pub fn path_length(&self) -> Option<u32> {
        self.0.authority.and_then(|authority| authority.path_length)
    }

    /// Its key usage, when stated.
    #[must_use]
    pub fn key_usage(&self) -> Option<KeyUsage> {
        self.0.key_usage
    }

    /// Its extended key usages as dotted object identifiers; empty when it does not say.
    #[must_use]
    pub fn purposes(&self) -> &[String] {
        &self.0.purposes
    }

    /// The URIs among its subject alternative names.
    #[must_use]
    pub fn uris(&self) -> &[String] {
        &self.0.uris
    }

    /// Whether it names `issuer` as its issuer and carries its signature, by an algorithm the
    /// federation admits.
    pub fn verify_issued_by(&self, issuer: &Self) -> Result<(), CertificateError> {
        let (own, above) = (&*self.0, &*issuer.0);
        if own.part(own.issuer) != above.part(above.subject) {
            return Err(CertificateError::OtherIssuer);
        }
        let scheme = own.scheme.ok_or(CertificateError::Algorithm)?;
        let (message, signature) = (own.part(own.signed), own.part(own.signature));
        if above.issuing_key.verifies(issuer.spki(), scheme, message, signature) {
            Ok(())
        } else {
            Err(CertificateError::Signature)
        }
    }
}

impl fmt::Debug for Certificate {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Certificate({}, {})", self.subject(), self.0.digest)
    }
}

impl PartialEq for Certificate {
    fn eq(&self, other: &Self) -> bool {
        self.0.der == other.0.der
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
    let whole_bytes = parsed.signature_value.unused_bits == 0;
    if whole_bytes
        && parsed.version() == x509_parser::x509::X509Version::V3
        && serial_is_sound
        && algorithms_agree
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
