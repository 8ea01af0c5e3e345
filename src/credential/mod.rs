//! Licences as signed credentials (SD-JWT VC): issuing, presenting and verifying them, and the
//! status lists that say whether they are still in force.
//!
//! Verifying has two halves, because the status list is fetched between them: [`examine`] decides
//! whether the issuer said this, [`Authentic::judge`] whether it holds now. Nothing here fetches
//! anything, decides who may see a claim, or remembers which nonce was used.

mod disclosure;
mod domain;
mod envelope;
mod examine;
mod issue;
mod judge;
mod key_binding;
mod present;
mod report;
mod sd_jwt;
mod status_bits;
mod status_list;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
mod unfold;
mod verdict;

pub use envelope::StatusReference;
pub use examine::{Authentic, ExamineError, Failure, bound_key, examine};
pub use issue::{IssueError, IssueTerms, Issued, issue};
pub use judge::{Binding, JudgeTerms, StatusEvidence};
pub use key_binding::{Approval, ApprovalError, Approved, BindingError, approve};
pub use present::{BindTerms, PresentError, bind, present};
pub use report::{
    ChainLink, Check, CheckName, CheckResult, Decision, HolderBindingReport, LicenceReport,
    SignatureReport,
};
pub use sd_jwt::SdJwtError;
pub use status_bits::{StatusBits, StatusBitsError, StatusValue};
pub use status_list::{
    Reinstatement, StatusListError, StatusListTerms, Succession, VerifiedStatusList,
    sign_status_list,
};
pub use verdict::{Judged, Licence, Refused, Verified};
