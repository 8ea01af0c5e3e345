//! A new key with its certificate.

use std::fmt;

use rcgen::KeyPair;
use zeroize::Zeroizing;

use super::error::PkiError;
use super::pem;
use super::profile::{Period, Profile};
use crate::crypto::Algorithm;
use crate::crypto::seal::SoftwareKey;
use crate::crypto::x509::Certificate;

/// A private key and the certificate made for it.
pub struct Made {
    /// The certificate.
    pub certificate: Certificate,
    /// The private key as PKCS#8 DER.
    pub pkcs8: Zeroizing<Vec<u8>>,
}

impl Made {
    /// A self-signed leaf by which a gateway or the hub shows itself in TLS, as server at `hosts`
    /// (DNS names or IP addresses) and as client. The lists pin it whole.
    pub fn tls(name: &str, hosts: &[&str], period: Period) -> Result<Self, PkiError> {
        Self::self_signed(Algorithm::Es256, &Profile::Tls(hosts), name, period)
    }

    /// A self-signed leaf that signs documents: lists, requests, status, logs, operators' votes.
    pub fn signing(name: &str, algorithm: Algorithm, period: Period) -> Result<Self, PkiError> {
        Self::self_signed(algorithm, &Profile::Signer, name, period)
    }

    /// The private key as it signs documents.
    pub fn signer(&self) -> Result<SoftwareKey, PkiError> {
        Ok(SoftwareKey::from_pkcs8(&self.pkcs8)?)
    }

    /// The certificate in PEM form.
    #[must_use]
    pub fn certificate_pem(&self) -> String {
        pem::certificate_pem(&self.certificate)
    }

    /// The private key in PEM form.
    #[must_use]
    pub fn key_pem(&self) -> Zeroizing<String> {
        pem::private_key_pem(&self.pkcs8)
    }

    pub(super) fn self_signed(
        algorithm: Algorithm,
        profile: &Profile<'_>,
        name: &str,
        period: Period,
    ) -> Result<Self, PkiError> {
        let parameters = profile.parameters(name, period)?;
        let pkcs8 = SoftwareKey::generate_pkcs8(algorithm)?;
        let made = parameters.self_signed(&key_pair(&pkcs8)?)?;
        Ok(Self { certificate: Certificate::parse(made.der())?, pkcs8 })
    }
}

impl fmt::Debug for Made {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Made({:?})", self.certificate)
    }
}

/// The key in the form in which the certificate library signs with it.
pub(super) fn key_pair(pkcs8: &[u8]) -> Result<KeyPair, PkiError> {
    Ok(KeyPair::try_from(pkcs8)?)
}
