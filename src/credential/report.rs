//! The parts of a verification report that speak of a credential (ETSI EN 319 102-1 indications
//! for the signature, the licence and the holder apart from it). Nothing is decided here.

use serde::ser::Serializer;
use serde::{Deserialize, Serialize};

use crate::base::{Answer, Code, MainIndication, SubIndication, Timestamp};
use crate::crypto::{Algorithm, Digest};
use crate::licence::{AnnualReview, Identifier, LicenceStatus, LicenceType};

/// What a person does next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Decision {
    /// Rely on the licence.
    Accept,
    /// Look further; nothing may be held against the holder.
    Check,
    /// Do not rely on it.
    Refuse,
}

impl Decision {
    /// The word in documents.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Accept => "ACCEPT",
            Self::Check => "CHECK",
            Self::Refuse => "REFUSE",
        }
    }

    /// What a code of a verdict leads to; a note leads to nothing.
    #[must_use]
    pub const fn of(code: Code) -> Option<Self> {
        match code.answer() {
            Answer::Accept => Some(Self::Accept),
            Answer::Check => Some(Self::Check),
            Answer::Refuse => Some(Self::Refuse),
            _ => None,
        }
    }
}

/// One check of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Check {
    /// Which.
    pub name: CheckName,
    /// How it ended.
    #[serde(rename = "indication")]
    pub result: CheckResult,
}

/// The checks in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckName {
    /// Shape, sizes, JSON.
    Format,
    /// The issuer is recognised.
    Issuer,
    /// The issuer may speak for this type, division and authority.
    Scope,
    /// The issuer's signature.
    Signature,
    /// What is disclosed is what was signed.
    Disclosures,
    /// The holder's key.
    HolderBinding,
    /// The dates of the licence.
    Validity,
    /// The status list.
    Status,
    /// Annual review, conditions of vehicle and operator.
    Domain,
}

/// How a check ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum CheckResult {
    /// Against the licence.
    Failed,
    /// What it needed was not to be had.
    Indeterminate,
    /// Not asked for, or nothing to check.
    NotChecked,
    /// Sound.
    Passed,
}

impl CheckResult {
    /// How a check ended that gave `code`, or nothing.
    pub(super) const fn of(code: Option<Code>) -> Self {
        match code {
            None => Self::Passed,
            Some(code) if matches!(code.answer(), Answer::Check) => Self::Indeterminate,
            Some(_) => Self::Failed,
        }
    }
}

/// What is said of the signature.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SignatureReport {
    /// `TOTAL-PASSED`, `TOTAL-FAILED` or `INDETERMINATE`.
    pub indication: MainIndication,
    /// The same as a URI (ETSI TS 119 102-2).
    pub indication_uri: &'static str,
    /// Why it is not passed.
    pub sub_indication: Option<SubIndication>,
    /// The algorithm; absent unless the signature verified.
    pub alg: Option<Algorithm>,
    /// The claimed time of signing (`iat`); absent unless the signature verified.
    pub signing_time: Option<Timestamp>,
    /// The signer and its chain; empty unless the signature verified.
    pub chain: Vec<ChainLink>,
    /// Every check that was made.
    pub checks: Vec<Check>,
}

impl SignatureReport {
    /// The report of a credential of which nothing may be shown.
    pub(super) fn refused(code: Code, checks: Vec<Check>) -> Self {
        let (indication, sub_indication) = indication(code);
        Self {
            indication,
            indication_uri: indication.uri(),
            sub_indication,
            alg: None,
            signing_time: None,
            chain: Vec::new(),
            checks,
        }
    }
}

/// A certificate of the signer's chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ChainLink {
    /// Its subject.
    pub subject: String,
    /// SHA-256 of the certificate.
    #[serde(rename = "x5t#S256")]
    pub digest: Digest,
}

/// What is said of the licence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LicenceReport {
    /// Its kind.
    #[serde(rename = "type")]
    pub licence_type: LicenceType,
    /// Its identifier.
    pub identifier: Identifier,
    /// Its status as far as known.
    pub status: LicenceStatus,
    /// When the status was stated; absent when it was not to be had.
    pub as_of: Option<Timestamp>,
    /// How long that statement may be kept, in seconds.
    pub ttl: Option<u64>,
    /// First instant of validity.
    pub valid_from: Timestamp,
    /// First instant after it.
    pub valid_until: Timestamp,
    /// The vehicle's annual review, when shown.
    #[serde(serialize_with = "review_word")]
    pub annual_review: Option<AnnualReview>,
}

/// What is said of the holder's key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct HolderBindingReport {
    /// Whether the use demands it.
    pub required: bool,
    /// How the check ended.
    pub result: CheckResult,
    /// `kb-jwt`, when there was one.
    pub method: Option<&'static str>,
    /// Its age in seconds.
    pub nonce_age_s: Option<u64>,
}

/// The indication of the registry; a code without one says nothing against the signature.
pub(super) fn indication(code: Code) -> (MainIndication, Option<SubIndication>) {
    code.etsi().map_or((MainIndication::TotalPassed, None), |etsi| (etsi.main(), etsi.sub()))
}

#[allow(clippy::ref_option, clippy::trivially_copy_pass_by_ref, reason = "the form serde asks for")]
fn review_word<S: Serializer>(
    review: &Option<AnnualReview>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let word = review.map(|review| match review {
        AnnualReview::Failed => "failed",
        AnnualReview::NotReviewed => "not_reviewed",
        AnnualReview::Passed => "passed",
    });
    word.serialize(serializer)
}
