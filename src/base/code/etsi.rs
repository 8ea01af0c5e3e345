//! The indications of ETSI EN 319 102-1 that codes map to; no others are needed here.

use std::fmt;

use serde::{Serialize, Serializer};

/// A validation result in the vocabulary of ETSI EN 319 102-1 §5.1.3.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Etsi {
    main: MainIndication,
    sub: Option<SubIndication>,
}

impl Etsi {
    /// Pairs a main indication with its sub-indication; only the registry does so.
    pub(super) const fn new(main: MainIndication, sub: Option<SubIndication>) -> Self {
        Self { main, sub }
    }

    /// The main indication.
    #[must_use]
    pub const fn main(self) -> MainIndication {
        self.main
    }

    /// The sub-indication, where the registry gives one.
    #[must_use]
    pub const fn sub(self) -> Option<SubIndication> {
        self.sub
    }
}

/// The main status of a validation (ETSI EN 319 102-1 §5.1.3, table 5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MainIndication {
    /// Neither passed nor failed: something needed was not to be had.
    Indeterminate,
    /// The signature is wrong.
    TotalFailed,
    /// The signature is right.
    TotalPassed,
}

impl MainIndication {
    /// The name as the standard writes it, such as `TOTAL-PASSED`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Indeterminate => "INDETERMINATE",
            Self::TotalFailed => "TOTAL-FAILED",
            Self::TotalPassed => "TOTAL-PASSED",
        }
    }

    /// The URI of ETSI TS 119 102-2, such as `urn:etsi:019102:mainindication:total-passed`.
    #[must_use]
    pub const fn uri(self) -> &'static str {
        match self {
            Self::Indeterminate => "urn:etsi:019102:mainindication:indeterminate",
            Self::TotalFailed => "urn:etsi:019102:mainindication:total-failed",
            Self::TotalPassed => "urn:etsi:019102:mainindication:total-passed",
        }
    }
}

impl fmt::Display for MainIndication {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl Serialize for MainIndication {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// Why a validation did not pass (ETSI EN 319 102-1 §5.1.3, table 6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SubIndication {
    /// The chain breaks a constraint of the federation.
    ChainConstraintsFailure,
    /// An algorithm or key is not allowed.
    CryptoConstraintsFailure,
    /// The format is not the standard's.
    FormatFailure,
    /// A digest does not match.
    HashFailure,
    /// No chain leads to an anchor.
    NoCertificateChainFound,
    /// Nothing proves when the object existed.
    NoPoe,
    /// The signer's certificate is not at hand.
    NoSigningCertificateFound,
    /// The signer's certificate has ended and nothing proves an earlier signature.
    OutOfBoundsNoPoe,
    /// The signer's certificate is revoked and nothing proves an earlier signature.
    RevokedNoPoe,
    /// The signature does not verify.
    SigCryptoFailure,
    /// Fresher information may decide it.
    TryLater,
}

impl SubIndication {
    /// The name as the standard writes it, such as `FORMAT_FAILURE`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ChainConstraintsFailure => "CHAIN_CONSTRAINTS_FAILURE",
            Self::CryptoConstraintsFailure => "CRYPTO_CONSTRAINTS_FAILURE",
            Self::FormatFailure => "FORMAT_FAILURE",
            Self::HashFailure => "HASH_FAILURE",
            Self::NoCertificateChainFound => "NO_CERTIFICATE_CHAIN_FOUND",
            Self::NoPoe => "NO_POE",
            Self::NoSigningCertificateFound => "NO_SIGNING_CERTIFICATE_FOUND",
            Self::OutOfBoundsNoPoe => "OUT_OF_BOUNDS_NO_POE",
            Self::RevokedNoPoe => "REVOKED_NO_POE",
            Self::SigCryptoFailure => "SIG_CRYPTO_FAILURE",
            Self::TryLater => "TRY_LATER",
        }
    }
}

impl fmt::Display for SubIndication {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl Serialize for SubIndication {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::super::Code;
    use super::*;

    #[test]
    fn a_revoked_licence_with_a_good_signature_is_total_passed() {
        // The three layers are never mixed: what the licence lost, the signature did not.
        let etsi = Code::LicenceRevoked.etsi().unwrap();
        assert_eq!((etsi.main(), etsi.sub()), (MainIndication::TotalPassed, None));
        assert_eq!(etsi.main().uri(), "urn:etsi:019102:mainindication:total-passed");
    }

    #[test]
    fn only_a_passed_signature_has_no_reason_but_for_a_differing_report() {
        for code in Code::ALL {
            let Some(etsi) = code.etsi() else { continue };
            let passed = etsi.main() == MainIndication::TotalPassed;
            let explained = etsi.sub().is_some() || *code == Code::RecordVerdictMismatch;
            assert_ne!(passed, explained, "{code}");
        }
    }

    #[test]
    fn an_unrecognised_issuer_is_never_a_failed_signature() {
        let etsi = Code::IssuerNotFederated.etsi().unwrap();
        assert_eq!(etsi.main(), MainIndication::Indeterminate);
        assert_eq!(etsi.sub(), Some(SubIndication::NoCertificateChainFound));
    }

    #[test]
    fn indications_serialise_as_the_standard_writes_them() {
        let json = serde_json::to_string(&MainIndication::TotalFailed).unwrap();
        assert_eq!(json, "\"TOTAL-FAILED\"");
        let json = serde_json::to_string(&SubIndication::RevokedNoPoe).unwrap();
        assert_eq!(json, "\"REVOKED_NO_POE\"");
    }
}
