//! Federated trust: the root, the federation list, the provincial lists, their freshness, and the
//! immutable snapshot that every request is judged against.
//!
//! The rules by which a node takes an update are pure functions here; fetching, keeping and
//! swapping are the shell's. Nothing in this module believes a list because of where it came from.

mod accept;
mod federation;
mod freshness;
mod header;
mod history;
mod key_change;
pub mod lote;
mod possession;
mod province;
mod refusal;
mod root;
mod scope;
mod service;
mod snapshot;
mod state;
#[cfg(test)]
pub(crate) mod testing;

pub use accept::{Accepted, Alarm, Update};
pub use federation::{
    FederationList, Member, MemberExtension, StatutoryUse, is_origin, member_extensions,
};
pub use freshness::{Freshness, FreshnessDraft, LogHead, Named};
pub use header::ListHeader;
pub use history::{Interval, SignatureRefusal, StatusHistory, signature_standing};
pub use key_change::{KeyChange, KeyChangeClaims, KeyChangeExtension, Reenrolled};
pub use possession::{PossessionClaims, is_proven, prove};
pub use province::{ProvincialList, Service, service_extensions};
pub use refusal::UpdateRefusal;
pub use root::{
    Emergency, Hub, ListLog, PinnedKey, ROOT_TYPE, Root, RootDocument, Threshold, Witnesses,
    vote as root_vote,
};
pub use scope::{MembershipScope, ServiceScope};
pub use service::{PreviousList, Reason, ServiceKind, ServiceStatus, StatusReason};
pub use snapshot::{
    ClientAuthority, EntryRefusal, IssuerRefusal, Snapshot, TrustAge, TrustReference, TrustedIssuer,
};
pub use state::{DocumentKind, StoredDocument, TrustState};

#[cfg(test)]
mod tests;
