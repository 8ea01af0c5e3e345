//! The pipeline as documents: what gateways ask each other, what they answer, what a check reports,
//! and how a province enrols. Pure; the shell gathers and commits around it.

mod answer;
mod asking;
mod client_request;
mod consent_offer;
mod disclosing;
mod enrolment;
mod given;
mod invitation;
mod list_difference;
mod membership;
mod query;
mod registration;
mod renewal;
mod report;
mod request;
mod verification;

pub use answer::{Answer, AnswerDraft, AuditPosition};
pub use asking::{Basis, CallerStatement, Officer};
pub use client_request::ClientRequest;
pub use consent_offer::{ApprovalBody, ConsentOffer, RevocationBody, notice};
pub use disclosing::{DisclosureBody, DisclosureResult, UseCount};
pub use enrolment::{
    Addressee, Bundle, Enrolment, EnrolmentContext, EnrolmentNonceKey, EnrolmentNonceRefusal,
    EnrolmentRefusal, Examination, Finding, KeyClaims, KnownKeys, OpenedBundle, ProvingKey,
    WITNESS_ROLE,
};
pub use given::{Given, NotOnRecord, Pledged, answer, pledge};
pub use invitation::{INVITATION_LIFE, InvitationKey, InvitationRefusal};
pub use list_difference::{Difference, difference};
pub use membership::{Amendment, KeyChangeRequest, MembershipError, NextList, next_key_turn};
pub use query::{InspectionBody, QueryBody, RegisterAnswer};
pub use registration::{RegisteredUse, Registration};
pub use renewal::{MOST_RENEWALS, Renewal};
pub use report::{
    Authorization, Evidence, Findings, Freshness, IssuerLayer, LicenceLayer, Reason, TrustList,
    VerificationReport, decision_of,
};
pub use request::{Arrival, Request, RequestDraft};

pub use verification::{
    CheckContext, EndedAs, ROADSIDE_POLICY, VerificationBody, failed_findings, judged_findings,
    unanswered_findings,
};

use crate::base::Code;
use crate::crypto::jws::JwsError;

/// Why a document between gateways is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ExchangeRefusal {
    /// The answer is bound to another question, or signed by another than was asked.
    #[error("the answer is not bound to this question")]
    AnswerMismatch,
    /// The client's own signature is missing where it is needed.
    #[error("the client's own signature is needed")]
    ClientSignatureRequired,
    /// The use is not registered for this client.
    #[error("the use is not registered for this client")]
    IntendedUseNotRegistered,
    /// Older than a minute, or from the future.
    #[error("the request is older than a minute or from the future")]
    Replayed,
    /// Absent, wrongly signed, for another member, or over another body.
    #[error("the request is not signed as it must be")]
    SignatureInvalid,
}

impl ExchangeRefusal {
    /// The published code.
    #[must_use]
    pub const fn code(self) -> Code {
        match self {
            Self::AnswerMismatch => Code::AnswerMismatch,
            Self::ClientSignatureRequired => Code::ClientSignatureRequired,
            Self::IntendedUseNotRegistered => Code::IntendedUseNotRegistered,
            Self::Replayed => Code::RequestReplayed,
            Self::SignatureInvalid => Code::RequestSignatureInvalid,
        }
    }
}

impl From<JwsError> for ExchangeRefusal {
    fn from(_: JwsError) -> Self {
        Self::SignatureInvalid
    }
}
