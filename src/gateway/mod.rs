//! A province's gateway as a service: it keeps its trust up to date, answers its clients, its
//! holders and other gateways, and puts every act on the record first.

mod answering;
mod applying;
mod asking;
mod clients;
mod consenting;
mod disclosing;
mod founding;
mod granting;
mod inspecting;
mod issuing;
mod keys;
mod node;
mod operating;
mod outbound;
mod own_list;
mod party;
mod proposing;
mod publishing;
mod querying;
mod recording;
mod renewing;
mod resigning;
mod rotating;
mod serving;
mod standing;
mod status;
mod suspending;
mod timekeeping;
mod trust_feed;
mod trust_peers;
mod trust_push;
mod trust_refresh;
mod trust_source;
mod verifying;
mod witnessing;

pub use applying::apply;
pub use clients::ApplicationOrder;
pub use founding::{Charter, Founded, FoundingError, found};
pub use issuing::{IssueOrder, IssuedLicence, StatusOrder};
pub use node::Settings;
pub use operating::{ClientOrder, ListOrder};
pub use publishing::{ListChange, change_list};
pub use renewing::RenewalOrder;
pub use rotating::{request_key_change, take_new_list_key};
pub use serving::{Running, StartError, check, start};
