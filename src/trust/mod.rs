//! Federated trust: the root, the federation list, the provincial lists, their freshness, and the
//! immutable snapshot that every request is judged against.
//!
//! The rules by which a node takes an update are pure functions here; fetching, keeping and
//! swapping are the shell's. Nothing in this module believes a list because of where it came from.

mod accept;
mod burned;
mod census;
mod evidence;
mod examined;
mod federation;
mod freshness;
mod header;
mod history;
mod issuer;
mod key_change;
mod log_leaf;
mod log_view;
pub mod lote;
mod next_list;
mod order;
mod orders;
mod possession;
mod province;
mod refusal;
mod restriction;
mod root;
mod scope;
mod service;
mod service_reader;
mod settle;
mod snapshot;
mod state;
mod stored;
mod succession;
#[cfg(test)]
pub(crate) mod testing;
mod voices;
mod waiting;

pub use accept::{Accepted, Alarm, Update};
pub use census::EntryRefusal;
pub use examined::ExaminedList;
pub use federation::{
    FederationList, Member, MemberExtension, StatutoryUse, is_origin, member_extensions,
};
pub use freshness::{Freshness, FreshnessDraft, LogHead, Named};
pub use header::ListHeader;
pub use history::{Interval, SignatureRefusal, StatusHistory, signature_standing};
pub use issuer::{IssuerRefusal, TrustedIssuer};
pub use key_change::{KeyChange, KeyChangeClaims, KeyChangeExtension, Reenrolled};
pub use log_leaf::LogLeaf;
pub use log_view::LogView;
pub use next_list::{NextList, unchanged_successor};
pub use order::{SignedOrder, SuspensionClaims, SuspensionTarget, order_vote};
pub use orders::{HeldOrder, Orders, Standing};
pub use possession::{PossessionClaims, is_proven, prove};
pub use province::{ProvincialList, Service, service_extensions};
pub use refusal::UpdateRefusal;
pub use root::{
    Emergency, Hub, ListLog, PinnedKey, ROOT_TYPE, Root, RootDocument, Threshold, Witnesses,
    vote as root_vote,
};
pub use scope::{MembershipScope, ServiceScope};
pub use service::{PreviousList, Reason, ServiceKind, ServiceStatus, StatusReason};
pub use snapshot::{ClientAuthority, Snapshot, TrustAge, TrustReference};
pub use state::TrustState;
pub use stored::{DocumentKind, StateChange, StoredDocument};

#[cfg(test)]
mod tests;
