//! The key and the chain by which this node shows itself.

use std::fmt;
use std::sync::Arc;

use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use rustls::sign::{CertifiedKey, SingleCertAndKey};

use super::provider::provider;
use crate::base::Code;
use crate::crypto::Digest;
use crate::crypto::x509::Certificate;

/// A private key with its certificate chain, found to belong together.
#[derive(Clone)]
pub struct TlsIdentity {
    key: Arc<CertifiedKey>,
    certificate: Digest,
}

impl TlsIdentity {
    /// Takes a chain, the own certificate first, and its private key in PKCS#8 DER.
    pub fn new(chain: &[Certificate], pkcs8: &[u8]) -> Result<Self, TlsError> {
        let own = chain.first().ok_or(TlsError::NoCertificate)?;
        let ders = chain.iter().map(|link| CertificateDer::from(link.der().to_vec())).collect();
        let key = PrivatePkcs8KeyDer::from(pkcs8.to_vec());
        let key = CertifiedKey::from_der(ders, key.into(), &provider()).map_err(TlsError::Key)?;
        Ok(Self { key: Arc::new(key), certificate: own.digest() })
    }

    /// SHA-256 of the own certificate: tells one identity from its successor.
    #[must_use]
    pub const fn certificate(&self) -> Digest {
        self.certificate
    }

    pub(super) fn resolver(&self) -> Arc<SingleCertAndKey> {
        Arc::new(SingleCertAndKey::from(Arc::clone(&self.key)))
    }
}

impl fmt::Debug for TlsIdentity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "TlsIdentity({})", self.certificate)
    }
}

/// Why TLS cannot be set up.
#[derive(Clone, Debug, thiserror::Error)]
pub enum TlsError {
    /// The private key is not admitted or not that of the certificate.
    #[error("the private key cannot be used with its certificate: {0}")]
    Key(#[source] rustls::Error),
    /// No certificate to show.
    #[error("no certificate to show")]
    NoCertificate,
    /// The library does not take these settings.
    #[error("the settings are not taken: {0}")]
    Settings(#[source] rustls::Error),
}

impl TlsError {
    /// The published code.
    #[must_use]
    pub const fn code(&self) -> Code {
        match self {
            Self::Key(_) | Self::NoCertificate => Code::ConfigInvalid,
            Self::Settings(_) => Code::Internal,
        }
    }
}
