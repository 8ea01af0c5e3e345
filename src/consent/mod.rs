//! The holder's consent (Article 12): what is asked for, what was agreed to, and whether a use
//! lies within it.
//!
//! Only [`Grant::admits`] makes an [`Authorized`]. The state of a grant is decided by the store of
//! the issuing gateway; here it is an argument. Purposes are compared, not understood.

mod admission;
mod approval;
mod claim;
mod grant;
mod nonce;
mod receipt;
mod refusal;
mod request;
mod revocation;
mod terms;

pub use admission::{Authorized, GrantState, GrantUse};
pub use approval::{ApprovalMethod, Assurance, ExpectedApproval, HolderApproval, approve_by_key};
pub use claim::{ClaimPath, PurposeCode};
pub use grant::{Grant, StatusListEntry, StatusReference};
pub use nonce::{NonceBinding, NonceKey, NonceRefusal};
pub use receipt::{ConsentReceipt, ReceiptEvent, ReceiptEventState};
pub use refusal::ConsentRefusal;
pub use request::{ConsentAsk, ConsentRequest, IntendedUse, LicenceReference, Offer};
pub use revocation::{ExpectedRevocation, RevocationDraft, verify_revocation};
pub use terms::{
    AuthorizationDetail, ConsentMode, DataLife, DataLifeUnit, DetailType, DisclosureAction,
    FetchType, FormVersion, GrantKind, GrantPurpose, GrantTerms, Grantee, KeyConfirmation,
    LegalBasis, LocalText, Notice, ServiceItem,
};

#[cfg(test)]
pub(crate) use admission::tests::authorized;
