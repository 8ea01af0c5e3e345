//! The judge of those whom we call: only the certificates or the key that the lists or the root
//! pin. Authorities of the web play no part.

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, DigitallySignedStruct, Error, PeerMisbehaved, SignatureScheme};

use super::provider::{SIGNATURES, instant};
use crate::crypto::Digest;
use crate::crypto::x509::Certificate;

/// What a server must show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ServerPin {
    /// One of these certificates, byte for byte: a member's `GatewayTls` entries.
    Certificates(Vec<Certificate>),
    /// A certificate of the key with this SHA-256 of its SubjectPublicKeyInfo: the hub's, by the
    /// root.
    Key(Digest),
}

impl ServerPin {
    /// SHA-256 over everything pinned, in an order that does not depend on the list's: tells one
    /// pin from its successor.
    #[must_use]
    pub fn digest(&self) -> Digest {
        let mut digests: Vec<Digest> = match self {
            Self::Certificates(pinned) => pinned.iter().map(Certificate::digest).collect(),
            Self::Key(key) => vec![*key],
        };
        digests.sort_unstable();
        let parts: Vec<&[u8]> = digests.iter().map(|digest| &digest.as_bytes()[..]).collect();
        Digest::of_parts(&parts)
    }

    fn admits(&self, certificate: &Certificate) -> bool {
        match self {
            Self::Certificates(pinned) => pinned.contains(certificate),
            Self::Key(key) => certificate.spki_digest() == *key,
        }
    }
}

/// Holds a server to its pin, to its validity and to the name it was called by.
#[derive(Debug)]
pub(super) struct ServerJudge {
    pub(super) pin: ServerPin,
}

impl ServerCertVerifier for ServerJudge {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let certificate = Certificate::parse(end_entity.as_ref())
            .map_err(|_| Error::from(CertificateError::BadEncoding))?;
        if !self.pin.admits(&certificate) {
            return Err(CertificateError::UnknownIssuer.into());
        }
        let now = instant(now);
        if now < certificate.not_before() {
            return Err(CertificateError::NotValidYet.into());
        }
        if !certificate.is_valid_at(now) {
            return Err(CertificateError::Expired.into());
        }
        if !certificate.purposes().iter().any(|purpose| purpose == SERVER_AUTH) {
            return Err(CertificateError::InvalidPurpose.into());
        }
        let named = webpki::EndEntityCert::try_from(end_entity)
            .map_err(|_| Error::from(CertificateError::BadEncoding))?;
        named
            .verify_is_valid_for_subject_name(server_name)
            .map_err(|_| Error::from(CertificateError::NotValidForName))?;
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _certificate: &CertificateDer<'_>,
        _signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(PeerMisbehaved::SignedHandshakeWithUnadvertisedSigScheme.into())
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        rustls::crypto::verify_tls13_signature(message, certificate, signature, &SIGNATURES)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        SIGNATURES.supported_schemes()
    }
}

/// id-kp-serverAuth (RFC 5280 §4.2.1.12).
const SERVER_AUTH: &str = "1.3.6.1.5.5.7.3.1";
