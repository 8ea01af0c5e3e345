//! The ground floor: identifiers, instants, randomness, limits and the registry of codes.
//!
//! Nothing here knows what a licence or a certificate is.

mod clock;
mod code;
mod count;
mod countdown;
mod date;
mod entropy;
mod id;
pub mod limits;
mod time;

pub use clock::{Clock, ManualClock, SystemClock};
pub use code::{
    Answer, Code, Etsi, Language, Layer, MainIndication, SubIndication, Text, UnknownCode,
    UnknownLanguage,
};
pub use count::counted;
pub use countdown::{Countdown, END_THRESHOLDS, end_threshold};
pub use date::{CivilDate, DateError};
pub use entropy::{Entropy, SystemEntropy};
pub use id::{
    ClientId, ConsentRequestId, Division, EventId, GrantId, IdError, InspectionRef, ListId,
    MemberId, RecordId, ReportId, ServiceId,
};
pub use time::{NumericDate, TimeError, Timestamp};
