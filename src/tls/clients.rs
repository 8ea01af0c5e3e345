//! The judge of those who call the federation listener: whoever `identity` knows may shake hands.

use std::sync::Arc;

use arc_swap::ArcSwap;
use rustls::client::danger::HandshakeSignatureValid;
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{
    CertificateError, DigitallySignedStruct, DistinguishedName, Error, OtherError, PeerMisbehaved,
    SignatureScheme,
};

use super::provider::{SIGNATURES, instant};
use crate::base::limits;
use crate::crypto::x509::CertificateError as X509Error;
use crate::identity::{IdentityRefusal, Place, identify, read_chain};
use crate::trust::Snapshot;

/// Judges client certificates against the snapshot that is in force at the handshake.
#[derive(Debug)]
pub struct ClientJudge {
    trust: Arc<ArcSwap<Snapshot>>,
    place: Place,
}

impl ClientJudge {
    /// A judge at `place` that follows `trust`.
    #[must_use]
    pub const fn new(trust: Arc<ArcSwap<Snapshot>>, place: Place) -> Self {
        Self { trust, place }
    }
}

impl ClientCertVerifier for ClientJudge {
    fn client_auth_mandatory(&self) -> bool {
        true
    }

    /// No hints: names of authorities would tell strangers who our clients are, and pinned leaves
    /// have no authority to name.
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        if intermediates.len() >= limits::CERTIFICATE_CHAIN_LENGTH {
            return Err(alert_for(IdentityRefusal::TooLong));
        }
        let chain: Vec<&[u8]> =
            std::iter::once(end_entity).chain(intermediates).map(AsRef::as_ref).collect();
        let chain = read_chain(&chain).map_err(alert_for)?;
        identify(&chain, &self.trust.load(), &self.place, instant(now)).map_err(alert_for)?;
        Ok(ClientCertVerified::assertion())
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

/// The library's word for a refusal, which decides the alert (RFC 8446 §6.2).
fn alert_for(refusal: IdentityRefusal) -> Error {
    Error::InvalidCertificate(match refusal {
        // unknown_ca (48)
        IdentityRefusal::Unknown => CertificateError::UnknownIssuer,
        // certificate_expired (45)
        IdentityRefusal::Expired { .. } => CertificateError::Expired,
        IdentityRefusal::NotYetValid => CertificateError::NotValidYet,
        // unsupported_certificate (43)
        IdentityRefusal::Purpose => CertificateError::InvalidPurpose,
        // bad_certificate (42)
        IdentityRefusal::Certificate(X509Error::CriticalExtension) => {
            CertificateError::UnhandledCriticalExtension
        }
        IdentityRefusal::BadKey
        | IdentityRefusal::Certificate(_)
        | IdentityRefusal::Missing
        | IdentityRefusal::TooLong => CertificateError::BadEncoding,
        // certificate_unknown (46)
        IdentityRefusal::Name
        | IdentityRefusal::NotALeaf
        | IdentityRefusal::OtherProvince
        | IdentityRefusal::OtherRole => CertificateError::Other(OtherError(Arc::new(refusal))),
    })
}
