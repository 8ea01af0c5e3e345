//! A province's own authorities: for its issuers, and one for the clients of each role.

use std::fmt;

use rcgen::{CertificateParams, CertificateSigningRequestParams, DnType, Issuer, KeyPair, SanType};
use zeroize::Zeroizing;

use super::error::PkiError;
use super::made::{Made, key_pair};
use super::pem;
use super::profile::{Period, Profile};
use crate::crypto::seal::SoftwareKey;
use crate::crypto::x509::Certificate;
use crate::crypto::{Algorithm, SealError, Signer as _};
use crate::identity::ClientName;

/// An authority with its private key, ready to issue.
pub struct Authority {
    certificate: Certificate,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    /// Makes a new authority and loads it. The first value is what is to be kept.
    pub fn make(name: &str, period: Period) -> Result<(Made, Self), PkiError> {
        let made = Made::self_signed(Algorithm::Es256, &Profile::Authority, name, period)?;
        let authority = Self::load(made.certificate.clone(), &made.pkcs8)?;
        Ok((made, authority))
    }

    /// Loads an authority from its certificate and key in PEM form.
    pub fn from_pem(certificate: &str, key: &str) -> Result<Self, PkiError> {
        let only = |label, text: &str| {
            let mut blocks = pem::decode_all(label, text.as_bytes()).unwrap_or_default();
            if blocks.len() == 1 { blocks.pop() } else { None }
        };
        let der = only(pem::CERTIFICATE, certificate).ok_or(PkiError::NotAnAuthority)?;
        let pkcs8 = only(pem::PRIVATE_KEY, key).map(Zeroizing::new).ok_or(SealError::BadKey)?;
        Self::load(Certificate::parse(&der)?, &pkcs8)
    }

    /// Loads an authority from its certificate and its key in PKCS#8 DER.
    pub fn load(certificate: Certificate, pkcs8: &[u8]) -> Result<Self, PkiError> {
        let may_sign = certificate.is_authority()
            && certificate.key_usage().is_some_and(|usage| usage.certificate_signing);
        if !may_sign {
            return Err(PkiError::NotAnAuthority);
        }
        let key = SoftwareKey::from_pkcs8(pkcs8)?;
        if key.public_key().spki_digest() != certificate.spki_digest() {
            return Err(SealError::BadKey.into());
        }
        let issuer = Issuer::from_ca_cert_der(&certificate.der().into(), key_pair(pkcs8)?)?;
        Ok(Self { certificate, issuer })
    }

    /// Its certificate.
    #[must_use]
    pub const fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    /// A new key that signs licences, under this authority.
    pub fn issue_signer(&self, name: &str, period: Period) -> Result<Made, PkiError> {
        self.issue(&Profile::Signer, name, period)
    }

    /// A new key of the client `name`, under this authority.
    pub fn issue_client(&self, name: &ClientName, period: Period) -> Result<Made, PkiError> {
        self.issue(&Profile::Client(name), name.id.as_str(), period)
    }

    /// A certificate for the key of a request (PKCS #10, PEM). Of the request only the key is
    /// taken; that its sender holds it is what the request's signature proves.
    pub fn issue_client_for(
        &self,
        request: &str,
        name: &ClientName,
        period: Period,
    ) -> Result<Certificate, PkiError> {
        let request =
            CertificateSigningRequestParams::from_pem(request).map_err(|_| PkiError::Request)?;
        let parameters = self.parameters(&Profile::Client(name), name.id.as_str(), period)?;
        let made = parameters.signed_by(&request.public_key, &self.issuer)?;
        let certificate = Certificate::parse(made.der())?;
        // A request may name a curve that its key is not of; then what was made has no key.
        certificate.public_key().map_err(|_| PkiError::Request)?;
        Ok(certificate)
    }

    fn issue(&self, profile: &Profile<'_>, name: &str, period: Period) -> Result<Made, PkiError> {
        let parameters = self.parameters(profile, name, period)?;
        let pkcs8 = SoftwareKey::generate_pkcs8(Algorithm::Es256)?;
        let made = parameters.signed_by(&key_pair(&pkcs8)?, &self.issuer)?;
        Ok(Made { certificate: Certificate::parse(made.der())?, pkcs8 })
    }

    fn parameters(
        &self,
        profile: &Profile<'_>,
        name: &str,
        period: Period,
    ) -> Result<CertificateParams, PkiError> {
        if period.end() > self.certificate.not_after() {
            return Err(PkiError::OutlivesAuthority);
        }
        let mut parameters = profile.parameters(name, period)?;
        parameters.use_authority_key_identifier_extension = true;
        Ok(parameters)
    }
}

impl fmt::Debug for Authority {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Authority({:?})", self.certificate)
    }
}

/// A request (PKCS #10, PEM) for a certificate of the client `name`, signed by its key.
pub fn client_request(name: &ClientName, pkcs8: &[u8]) -> Result<String, PkiError> {
    let mut parameters = CertificateParams::default();
    parameters.distinguished_name = rcgen::DistinguishedName::new();
    parameters.distinguished_name.push(DnType::CommonName, name.id.as_str());
    parameters.subject_alt_names = vec![SanType::URI(name.to_string().try_into()?)];
    Ok(parameters.serialize_request(&key_pair(pkcs8)?)?.pem()?)
}
