//! What a key of an application must be: its certificate by its role (RFC 5280 §4.2.1), its kind,
//! its life.

use std::time::Duration;

use base64::Engine as _;

use super::check::Findings;
use crate::base::{Code, Timestamp, limits};
use crate::crypto::Algorithm;
use crate::crypto::x509::{Certificate, CertificateError, issuance_chain};
use crate::trust::ServiceKind;
use crate::trust::lote::DigitalIdentity;

/// What the certificate of a role must allow, and nothing beyond.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Use {
    /// Signs the certificates of clients.
    Authority,
    /// Signs licences, under the province's own authority.
    Issuer,
    /// Signs documents.
    Signer,
    /// Shows itself in TLS, on both sides.
    Tls,
}

impl Use {
    const fn of(kind: ServiceKind) -> Self {
        match kind {
            ServiceKind::ClientCa => Self::Authority,
            ServiceKind::GatewayTls => Self::Tls,
            ServiceKind::Issuance => Self::Issuer,
            _ => Self::Signer,
        }
    }
}

/// Judges the certificates of one entry, the key's own first, and gives those that could be read.
pub(super) fn judge_identity(
    kind: ServiceKind,
    identity: &DigitalIdentity,
    now: Timestamp,
    findings: &mut Findings<'_>,
) -> Vec<Certificate> {
    let mut chain = Vec::new();
    for object in &identity.certificates {
        let der = base64::engine::general_purpose::STANDARD.decode(&object.val);
        match der.map_err(|_| CertificateError::Malformed).and_then(|der| Certificate::parse(&der))
        {
            Ok(certificate) => chain.push(certificate),
            Err(error) => findings.add(certificate_code(error), error),
        }
    }
    if chain.len() == identity.certificates.len() {
        judge_chain(kind, &chain, now, findings);
    }
    chain
}

fn judge_chain(
    kind: ServiceKind,
    chain: &[Certificate],
    now: Timestamp,
    findings: &mut Findings<'_>,
) {
    let Some((leaf, authorities)) = chain.split_first() else {
        return findings.add(Code::PathNoPath, "there is no certificate");
    };
    let purpose = Use::of(kind);
    match purpose {
        Use::Authority => judge_authority(leaf, now, findings),
        Use::Issuer | Use::Signer | Use::Tls => judge_leaf(purpose, leaf, now, findings),
    }
    if kind == ServiceKind::LogSigning && algorithm(leaf).is_some_and(|a| a != Algorithm::EdDsa) {
        findings.add(Code::PathBadKey, "a log signs with an Ed25519 key");
    }
    if purpose == Use::Issuer {
        for authority in authorities {
            judge_authority(authority, now, findings);
        }
        if let Err(error) = issuance_chain(chain, now) {
            findings.add_once(error.code(), error);
        }
    } else {
        if !authorities.is_empty() {
            findings.add(Code::PathProfile, "only a signer of licences has a chain above it");
        }
        if let Err(error) = leaf.verify_issued_by(leaf) {
            let text = format!("it is not soundly self-signed: {error}");
            findings.add(certificate_code(error), text);
        }
    }
}

/// Judges the list key, which stands in the header of the bundle and in no list of its own.
pub(super) fn judge_list_key(
    certificate: &Certificate,
    now: Timestamp,
    findings: &mut Findings<'_>,
) {
    let chain = std::slice::from_ref(certificate);
    judge_chain(ServiceKind::ListSigning, chain, now, findings);
}

fn judge_leaf(purpose: Use, leaf: &Certificate, now: Timestamp, findings: &mut Findings<'_>) {
    judge_key(leaf, findings);
    judge_life(leaf, limits::LEAF_LIFE, "two years", now, findings);
    if leaf.is_authority() {
        findings.add(Code::PathProfile, "it is an authority and must be a leaf");
    }
    let usage = leaf.key_usage();
    if !usage.is_some_and(|usage| usage.digital_signature && !usage.certificate_signing) {
        findings.add(Code::PathKeyUsage, "its key usage must be to sign, and not certificates");
    }
    let mut purposes: Vec<&str> = leaf.purposes().iter().map(String::as_str).collect();
    purposes.sort_unstable();
    if purpose == Use::Tls && purposes != [SERVER_AUTH, CLIENT_AUTH] {
        findings.add(Code::PathPurpose, "a gateway's certificate is for TLS server and client");
    }
    if purpose != Use::Tls && !purposes.is_empty() {
        findings.add(Code::PathPurpose, "a key that signs documents has no extended key usage");
    }
}

fn judge_authority(authority: &Certificate, now: Timestamp, findings: &mut Findings<'_>) {
    judge_key(authority, findings);
    judge_life(authority, limits::AUTHORITY_LIFE, "four years", now, findings);
    if !authority.is_authority() {
        findings.add_once(Code::PathNotACa, "a certificate that signs others is no authority");
    }
    if !authority.key_usage().is_some_and(|usage| usage.certificate_signing) {
        findings.add_once(Code::PathKeyUsage, "its key usage must be to sign certificates");
    }
}

fn judge_key(certificate: &Certificate, findings: &mut Findings<'_>) {
    if let Err(error) = certificate.public_key() {
        findings.add_once(Code::PathBadKey, error);
    }
}

fn judge_life(
    certificate: &Certificate,
    longest: Duration,
    in_words: &str,
    now: Timestamp,
    findings: &mut Findings<'_>,
) {
    let (begin, end) = (certificate.not_before(), certificate.not_after());
    if now < begin {
        findings.add_once(Code::PathNotYetValid, format!("it is not valid before {begin}"));
    } else if !certificate.is_valid_at(now) {
        findings.add_once(Code::PathExpired, format!("it ended at {end}"));
    }
    if end.since(begin) > longest {
        findings.add(Code::PathProfile, format!("it lives longer than {in_words}"));
    }
}

fn algorithm(certificate: &Certificate) -> Option<Algorithm> {
    certificate.public_key().ok().map(|key| key.algorithm())
}

const fn certificate_code(error: CertificateError) -> Code {
    match error {
        CertificateError::Algorithm => Code::PathAlgorithm,
        CertificateError::CriticalExtension => Code::PathCriticalExtension,
        CertificateError::Malformed | CertificateError::TooLarge => Code::PathMalformed,
        CertificateError::OtherIssuer => Code::PathNoPath,
        CertificateError::Profile => Code::PathProfile,
        CertificateError::Signature => Code::PathSignature,
    }
}

/// id-kp-serverAuth, id-kp-clientAuth (RFC 5280 §4.2.1.12).
const SERVER_AUTH: &str = "1.3.6.1.5.5.7.3.1";
const CLIENT_AUTH: &str = "1.3.6.1.5.5.7.3.2";
