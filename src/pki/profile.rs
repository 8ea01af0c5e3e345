//! The certificate profiles of the federation: who may live how long, and be used for what.

use std::net::IpAddr;
use std::time::Duration;

use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyUsagePurpose, SanType, SerialNumber,
};

use super::error::PkiError;
use crate::base::{Entropy as _, SystemEntropy, Timestamp, limits};
use crate::identity::ClientName;

/// From when a certificate counts, and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    begin: Timestamp,
    life: Duration,
}

impl Period {
    /// A period of `life` that begins a moment before `now`: as much as clocks may differ, so
    /// that what was just made is valid everywhere.
    #[must_use]
    pub fn from_now(now: Timestamp, life: Duration) -> Self {
        Self { begin: (now - limits::CLOCK_SKEW).whole_seconds(), life }
    }

    pub(super) fn end(self) -> Timestamp {
        (self.begin + self.life).whole_seconds()
    }
}

/// What a certificate is for.
#[derive(Clone, Copy, Debug)]
pub(super) enum Profile<'a> {
    /// Signs other certificates, and they sign none.
    Authority,
    /// A client of a gateway or of the hub.
    Client(&'a ClientName),
    /// Signs documents.
    Signer,
    /// A gateway or the hub in TLS, on both sides of a connection, at these hosts.
    Tls(&'a [&'a str]),
}

impl Profile<'_> {
    const fn longest_life(self) -> Duration {
        match self {
            Self::Authority => AUTHORITY_LIFE,
            Self::Client(_) => CLIENT_LIFE,
            Self::Signer | Self::Tls(_) => LEAF_LIFE,
        }
    }

    /// The parameters of a certificate of this profile, every field that counts stated.
    pub(super) fn parameters(
        self,
        name: &str,
        period: Period,
    ) -> Result<CertificateParams, PkiError> {
        if period.life > self.longest_life() {
            return Err(PkiError::LifeTooLong);
        }
        let mut parameters = CertificateParams::default();
        parameters.distinguished_name = DistinguishedName::new();
        parameters.distinguished_name.push(DnType::CommonName, name);
        parameters.serial_number = Some(random_serial());
        // The library's type of instants is not ours to name; it begins here and only moves on.
        let epoch = rcgen::date_time_ymd(1970, 1, 1);
        parameters.not_before = epoch + since_epoch(period.begin);
        parameters.not_after = epoch + since_epoch(period.end());
        parameters.is_ca = IsCa::ExplicitNoCa;
        parameters.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        parameters.extended_key_usages = Vec::new();
        parameters.subject_alt_names = Vec::new();
        match self {
            Self::Authority => {
                parameters.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
                parameters.key_usages =
                    vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
            }
            Self::Client(name) => {
                parameters.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
                parameters.subject_alt_names = vec![SanType::URI(name.to_string().try_into()?)];
            }
            Self::Signer => {}
            Self::Tls(hosts) => {
                parameters.extended_key_usages =
                    vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
                parameters.subject_alt_names =
                    hosts.iter().map(|host| host_name(host)).collect::<Result<_, _>>()?;
            }
        }
        Ok(parameters)
    }
}

fn host_name(host: &str) -> Result<SanType, PkiError> {
    match host.parse::<IpAddr>() {
        Ok(address) => Ok(SanType::IpAddress(address)),
        Err(_) => Ok(SanType::DnsName(host.try_into()?)),
    }
}

fn since_epoch(instant: Timestamp) -> Duration {
    Duration::from_secs(instant.unix_seconds().max(0).unsigned_abs())
}

/// Sixteen unpredictable bytes, positive and without a leading zero (RFC 5280 §4.1.2.2).
fn random_serial() -> SerialNumber {
    let mut bytes = SystemEntropy.salt();
    bytes[0] = (bytes[0] & 0x3f) | 0x40;
    SerialNumber::from_slice(&bytes)
}

/// Longest life of a province's authority: four years.
pub const AUTHORITY_LIFE: Duration = limits::AUTHORITY_LIFE;
/// Longest life of a client's certificate: a year.
pub const CLIENT_LIFE: Duration = Duration::from_hours(24 * 365);
/// Longest life of a signer's or a gateway's certificate: two years.
pub const LEAF_LIFE: Duration = limits::LEAF_LIFE;
