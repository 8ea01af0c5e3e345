//! The second half of a verification: may this authentic credential be relied on now? Dates, the
//! holder's key, the status list, and what the claims say of review and condition.
//!
//! Unknown is never accepted.

use std::time::Duration;

use super::domain;
use super::envelope::{StatusReference, is_below};
use super::examine::Authentic;
use super::key_binding::{self, BindingError, Expectation, Transaction};
use super::report::{
    ChainLink, Check, CheckName, CheckResult, Decision, HolderBindingReport, LicenceReport,
    SignatureReport, indication,
};
use super::status_bits::StatusValue;
use super::status_list::VerifiedStatusList;
use super::verdict::{Judged, Licence};
use crate::base::{Code, Timestamp, limits};
use crate::crypto::x509::Certificate;
use crate::licence::LicenceStatus;

/// What a use demands of a credential.
#[derive(Clone, Copy, Debug)]
pub struct JudgeTerms<'t> {
    /// The oldest status that counts: [`limits::STATUS_AGE_ROADSIDE`] or
    /// [`limits::STATUS_AGE_DISCLOSURE`].
    pub max_status_age: Duration,
    /// Whether the holder must prove to hold it.
    pub binding: Binding<'t>,
}

/// Whether the holder must prove to hold the credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Binding<'t> {
    /// To this audience, with this nonce.
    Demanded {
        /// The verifier's public origin, exactly.
        audience: &'t str,
        /// The verifier's challenge. Whether it was used before, the caller knows.
        nonce: &'t str,
    },
    /// No. A key binding that comes all the same must be sound, and none for a transaction, but
    /// it proves nothing to a caller who set no challenge.
    NotDemanded,
}

/// What the caller could get of the licence's status.
#[derive(Clone, Copy, Debug)]
pub enum StatusEvidence<'s> {
    /// The list that the credential names.
    List {
        /// The newest list.
        list: &'s VerifiedStatusList,
        /// The act that ended the licence, when its issuing gateway was asked and said so.
        ended_as: Option<LicenceStatus>,
    },
    /// Nothing.
    Unavailable,
}

impl Authentic {
    /// Judges whether the credential may be relied on at `now`.
    #[must_use]
    pub fn judge(
        mut self,
        evidence: StatusEvidence<'_>,
        terms: &JudgeTerms<'_>,
        now: Timestamp,
    ) -> Judged {
        let mut reasons = Vec::new();
        let (holder_binding, refusal) = self.holder_binding(terms.binding, now);
        reasons.extend(refusal.map(BindingError::code));
        self.note(CheckName::HolderBinding, holder_binding.result);

        let validity = self.validity(now);
        self.note(CheckName::Validity, CheckResult::of(validity));
        reasons.extend(validity);

        let is_over = validity == Some(Code::LicenceExpired);
        let standing = if is_over {
            Standing { code: None, status: LicenceStatus::Expired, source: None }
        } else {
            self.standing(evidence, terms.max_status_age, now)
        };
        let result = CheckResult::of(standing.code);
        self.note(CheckName::Status, if is_over { CheckResult::NotChecked } else { result });
        reasons.extend(standing.code);

        let findings = domain::findings(&self.claims, now);
        self.note(CheckName::Domain, CheckResult::of(findings.first().copied()));
        reasons.extend(findings);
        self.conclude(reasons, holder_binding, &standing)
    }

    /// Past the end comes before anything the status list says.
    fn validity(&self, now: Timestamp) -> Option<Code> {
        let (begin, end) = (self.envelope.nbf.instant(), self.envelope.exp.instant());
        if now >= end + limits::CLOCK_SKEW {
            return Some(Code::LicenceExpired);
        }
        let latest = now + limits::CLOCK_SKEW;
        let is_early = latest < begin || latest < self.envelope.iat.instant();
        is_early.then_some(Code::LicenceNotYetValid)
    }

    fn holder_binding(
        &self,
        binding: Binding<'_>,
        now: Timestamp,
    ) -> (HolderBindingReport, Option<BindingError>) {
        let required = binding != Binding::NotDemanded;
        let method = self.key_binding.as_ref().map(|_| "kb-jwt");
        let report =
            |result, nonce_age_s| HolderBindingReport { required, result, method, nonce_age_s };
        if !required && self.key_binding.is_none() {
            return (report(CheckResult::NotChecked, None), None);
        }
        match self.verify_binding(binding, now) {
            Ok(made) => {
                let result = if required { CheckResult::Passed } else { CheckResult::NotChecked };
                (report(result, Some(now.since(made).as_secs())), None)
            }
            Err(error) => (report(CheckResult::of(Some(error.code())), None), Some(error)),
        }
    }

    fn verify_binding(
        &self,
        binding: Binding<'_>,
        now: Timestamp,
    ) -> Result<Timestamp, BindingError> {
        let presented = self.key_binding.as_ref().ok_or(BindingError::Missing)?;
        let key = self.holder_key.as_ref().ok_or(BindingError::NoKey)?;
        let (audience, nonce) = match binding {
            Binding::Demanded { audience, nonce } => (Some(audience), Some(nonce)),
            Binding::NotDemanded => (None, None),
        };
        let transaction = Transaction::Forbidden;
        key_binding::verify(presented, Expectation { key, audience, nonce, transaction }, now)
    }

    fn standing<'s>(
        &self,
        evidence: StatusEvidence<'s>,
        max_age: Duration,
        now: Timestamp,
    ) -> Standing<'s> {
        let unknown =
            |code| Standing { code: Some(code), status: LicenceStatus::Unknown, source: None };
        let Some(reference) = self.envelope.status_reference() else {
            return unknown(Code::StatusMissing);
        };
        let StatusEvidence::List { list, ended_as } = evidence else {
            return unknown(Code::StatusUnavailable);
        };
        if !self.is_own_list(list, reference) {
            return unknown(Code::StatusUnavailable);
        }
        if !list.is_fresh(max_age, now) {
            return Standing { source: Some(list), ..unknown(Code::StatusStale) };
        }
        let Some(value) = list.entry(reference.idx) else { return unknown(Code::FormatDamaged) };
        let status = status_of(value, ended_as);
        Standing { code: status_code(status), status, source: Some(list) }
    }

    fn is_own_list(&self, list: &VerifiedStatusList, reference: &StatusReference) -> bool {
        list.member() == self.issuer.member()
            && list.uri() == reference.uri
            && is_below(&reference.uri, self.issuer.public_origin())
    }

    fn note(&mut self, name: CheckName, result: CheckResult) {
        self.checks.push(Check { name, result });
    }

    fn conclude(
        self,
        mut reasons: Vec<Code>,
        holder_binding: HolderBindingReport,
        standing: &Standing<'_>,
    ) -> Judged {
        // What refuses is said first, then what is to be checked, each in the order of checks.
        reasons.sort_by_key(|code| std::cmp::Reverse(Decision::of(*code)));
        let deciding = reasons.first().copied().unwrap_or(Code::Ok);
        if reasons.is_empty() {
            reasons.push(Code::Ok);
        }
        reasons.extend(domain::identifier_note(self.identifier()));
        let licence = LicenceReport {
            licence_type: self.licence_type,
            identifier: self.identifier().clone(),
            status: standing.status,
            as_of: standing.source.map(VerifiedStatusList::issued),
            ttl: standing.source.map(|list| list.ttl().as_secs()),
            valid_from: self.envelope.nbf.instant(),
            valid_until: self.envelope.exp.instant(),
            annual_review: domain::annual_review(&self.claims),
        };
        Judged {
            decision: Decision::of(deciding).unwrap_or(Decision::Refuse),
            signature: self.signature_report(deciding),
            licence,
            holder_binding,
            reasons,
            content: Licence {
                division: self.envelope.division(),
                identifier: self.envelope.identifier().clone(),
                kind: self.licence_type,
                issuer: self.issuer,
                holder_key: self.holder_key,
                claims: self.claims,
                digest: self.digest,
            },
        }
    }

    fn signature_report(&self, deciding: Code) -> SignatureReport {
        let (main, sub) = indication(deciding);
        let link = |certificate: &Certificate| ChainLink {
            subject: certificate.subject(),
            digest: certificate.digest(),
        };
        SignatureReport {
            indication: main,
            indication_uri: main.uri(),
            sub_indication: sub,
            alg: Some(self.issuer.key().algorithm()),
            signing_time: Some(self.envelope.iat.instant()),
            chain: self.issuer.chain().iter().map(link).collect(),
            checks: self.checks.clone(),
        }
    }
}

/// What the status list says, and which one said it.
struct Standing<'s> {
    code: Option<Code>,
    status: LicenceStatus,
    source: Option<&'s VerifiedStatusList>,
}

/// The status an entry stands for. An ended licence is never in force, whatever the answer to
/// "which act?" was.
fn status_of(value: StatusValue, ended_as: Option<LicenceStatus>) -> LicenceStatus {
    match (value, ended_as) {
        (StatusValue::Valid, _) => LicenceStatus::Valid,
        (StatusValue::Suspended, _) => LicenceStatus::Suspended,
        (StatusValue::SeeRegister, _) => LicenceStatus::Unknown,
        (
            StatusValue::Ended,
            None | Some(LicenceStatus::Valid | LicenceStatus::Suspended | LicenceStatus::Unknown),
        ) => LicenceStatus::Invalid,
        (StatusValue::Ended, Some(act)) => act,
    }
}

const fn status_code(status: LicenceStatus) -> Option<Code> {
    Some(match status {
        LicenceStatus::Valid => return None,
        LicenceStatus::Suspended => Code::LicenceSuspended,
        LicenceStatus::Expired => Code::LicenceExpired,
        LicenceStatus::Superseded => Code::LicenceSuperseded,
        LicenceStatus::Cancelled => Code::LicenceCancelled,
        LicenceStatus::Withdrawn => Code::LicenceWithdrawn,
        LicenceStatus::Revoked => Code::LicenceRevoked,
        LicenceStatus::TransferredOut => Code::LicenceTransferredOut,
        LicenceStatus::Invalid => Code::LicenceInvalid,
        LicenceStatus::Unknown => Code::LicenceStatusUnknown,
    })
}
