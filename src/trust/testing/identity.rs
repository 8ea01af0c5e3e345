//! A private key with its certificate.

use std::time::Duration;

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, SanType,
};

use crate::base::Timestamp;
use crate::crypto::Algorithm;
use crate::crypto::seal::SoftwareKey;
use crate::crypto::x509::Certificate;

/// A P-256 key with a certificate that is valid from a month before the instant it was made at.
pub(crate) struct Identity {
    /// The private key as a signer.
    pub(crate) key: SoftwareKey,
    /// The private key as PKCS#8 DER, for TLS.
    pub(crate) pkcs8: Vec<u8>,
    /// Its certificate.
    pub(crate) certificate: Certificate,
    issuer: Issuer<'static, KeyPair>,
}

impl Identity {
    /// A self-signed leaf that signs documents.
    pub(crate) fn leaf(name: &str, now: Timestamp) -> Self {
        Self::make(name, now, None, document_signer)
    }

    /// A self-signed leaf for TLS at the loopback address, as server and as client.
    pub(crate) fn tls(name: &str, now: Timestamp) -> Self {
        Self::make(name, now, None, |params| {
            document_signer(params);
            params.extended_key_usages =
                vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
            params.subject_alt_names = vec![
                SanType::IpAddress("127.0.0.1".parse().unwrap()),
                SanType::DnsName("localhost".try_into().unwrap()),
            ];
        })
    }

    /// A self-signed authority with nothing but leaves below it.
    pub(crate) fn authority(name: &str, now: Timestamp) -> Self {
        Self::make(name, now, None, |params| {
            params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
            params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        })
    }

    /// A signer of documents under this authority.
    pub(crate) fn issue_signer(&self, name: &str, now: Timestamp) -> Self {
        Self::make(name, now, Some(&self.issuer), document_signer)
    }

    /// A client under this authority, `uri` being its `urn:elicence:client:…`.
    pub(crate) fn issue_client(&self, uri: &str, now: Timestamp) -> Self {
        Self::make("client", now, Some(&self.issuer), |params| {
            document_signer(params);
            params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
            params.subject_alt_names = vec![SanType::URI(uri.try_into().unwrap())];
        })
    }

    /// The same key in another certificate.
    pub(crate) fn recertified(&self, name: &str, now: Timestamp) -> Self {
        Self::certify(self.pkcs8.clone(), name, now, None, document_signer)
    }

    /// A certificate as the test wants it, self-signed or under `issuer`.
    pub(crate) fn make(
        name: &str,
        now: Timestamp,
        issuer: Option<&Issuer<'static, KeyPair>>,
        adjust: impl FnOnce(&mut CertificateParams),
    ) -> Self {
        let pkcs8 = SoftwareKey::generate_pkcs8(Algorithm::Es256).unwrap().to_vec();
        Self::certify(pkcs8, name, now, issuer, adjust)
    }

    /// This identity as an issuer for [`Self::make`].
    pub(crate) const fn as_issuer(&self) -> &Issuer<'static, KeyPair> {
        &self.issuer
    }

    fn certify(
        pkcs8: Vec<u8>,
        name: &str,
        now: Timestamp,
        issuer: Option<&Issuer<'static, KeyPair>>,
        adjust: impl FnOnce(&mut CertificateParams),
    ) -> Self {
        let pair = KeyPair::try_from(pkcs8.as_slice()).unwrap();
        let mut params = CertificateParams::new(Vec::<String>::new()).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        let seconds = now.unix_seconds().unsigned_abs();
        let day = Duration::from_hours(24);
        params.not_before =
            rcgen::date_time_ymd(1970, 1, 1) + Duration::from_secs(seconds) - 30 * day;
        params.not_after = params.not_before + 700 * day;
        adjust(&mut params);
        let made = match issuer {
            Some(issuer) => params.signed_by(&pair, issuer).unwrap(),
            None => params.self_signed(&pair).unwrap(),
        };
        Self {
            key: SoftwareKey::from_pkcs8(&pkcs8).unwrap(),
            certificate: Certificate::parse(made.der()).unwrap(),
            issuer: Issuer::new(params, pair),
            pkcs8,
        }
    }
}

fn document_signer(params: &mut CertificateParams) {
    params.is_ca = IsCa::ExplicitNoCa;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
}
