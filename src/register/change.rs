//! How records change: issue, and acts upon the status. What the law makes final stays final.

use serde::{Deserialize, Serialize};

use super::record::Record;
use crate::base::{Code, Timestamp};
use crate::licence::LicenceStatus;

/// A change of the register.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "change", rename_all = "snake_case", deny_unknown_fields)]
pub enum RegisterChange {
    /// A new licence, or a new version of one.
    Issue {
        /// The record.
        record: Box<Record>,
    },
    /// An act upon the status.
    Status(StatusChange),
}

/// An act upon the status of a licence: suspending, restoring, revoking …
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StatusChange {
    /// The status after it.
    pub to: LicenceStatus,
    /// When it takes effect.
    pub effective: Timestamp,
}

/// What a change means for the grants of a licence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum GrantEffect {
    /// They end, in the transaction of the change.
    End,
    /// They go on.
    Keep,
}

impl RegisterChange {
    /// The record after the change, given the one before it, if there is one.
    pub fn apply(self, before: Option<&Record>) -> Result<Record, ChangeRefusal> {
        match (self, before) {
            (Self::Issue { record }, None) => Ok(*record),
            (Self::Issue { record }, Some(before)) => reissue(*record, before),
            (Self::Status(_), None) => Err(ChangeRefusal::NoRecord),
            (Self::Status(change), Some(before)) => {
                check_transition(before.status, change.to)?;
                if change.effective < before.updated {
                    return Err(ChangeRefusal::Backdated);
                }
                Ok(Record { status: change.to, updated: change.effective, ..before.clone() })
            }
        }
    }
}

impl GrantEffect {
    /// A holder agreed to one licence as it was: another holder, plate, identifier or version is
    /// another licence.
    #[must_use]
    pub fn between(before: &Record, after: &Record) -> Self {
        let (old, new) = (&before.document, &after.document);
        let same_text =
            ["holderCode", "holderName"].iter().all(|name| old.claim(name) == new.claim(name));
        let same = same_text
            && old.plate() == new.plate()
            && old.identifier() == new.identifier()
            && old.version() == new.version();
        if same { Self::Keep } else { Self::End }
    }
}

/// Whether the status may go `from` one `to` another.
///
/// Revoked, withdrawn and cancelled are final acts, superseded ends with its successor; nothing
/// becomes unknown, which is a failure to read and no act.
pub const fn check_transition(from: LicenceStatus, to: LicenceStatus) -> Result<(), ChangeRefusal> {
    use LicenceStatus as Status;
    let legal = match (from, to) {
        (Status::Cancelled | Status::Revoked | Status::Withdrawn | Status::Superseded, _) => {
            return Err(ChangeRefusal::Final { status: from });
        }
        (_, Status::Unknown)
        | (Status::Valid, Status::Valid)
        | (Status::Suspended, Status::Suspended)
        | (Status::Expired, Status::Expired)
        | (Status::Invalid, Status::Invalid)
        | (Status::TransferredOut, Status::TransferredOut) => false,
        (Status::Valid | Status::Unknown, _)
        | (_, Status::Cancelled | Status::Revoked | Status::Withdrawn) => true,
        (Status::Suspended, to) => matches!(to, Status::Valid | Status::Expired | Status::Invalid),
        (Status::Expired, to) => matches!(to, Status::Superseded),
        (Status::Invalid, to) => matches!(to, Status::Valid | Status::Expired),
        (Status::TransferredOut, _) => false,
    };
    if legal { Ok(()) } else { Err(ChangeRefusal::Transition { from, to }) }
}

/// Why the register does not change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChangeRefusal {
    /// It takes effect before the last change.
    #[error("the change lies before the last one")]
    Backdated,
    /// The status is final.
    #[error("{} is final", status.token())]
    Final {
        /// The status.
        status: LicenceStatus,
    },
    /// There is no such record.
    #[error("there is no record to change")]
    NoRecord,
    /// The version does not rise, or the type of licence differs.
    #[error("a reissue is of the same type and of a higher version")]
    NotASuccessor,
    /// No act leads from one status to the other.
    #[error("no act leads from {} to {}", from.token(), to.token())]
    Transition {
        /// The status before.
        from: LicenceStatus,
        /// The status asked for.
        to: LicenceStatus,
    },
}

impl ChangeRefusal {
    /// The published code.
    #[must_use]
    pub const fn code(self) -> Code {
        match self {
            Self::NoRecord => Code::NotFound,
            Self::Backdated
            | Self::Final { .. }
            | Self::NotASuccessor
            | Self::Transition { .. } => Code::StateConflict,
        }
    }
}

fn reissue(record: Record, before: &Record) -> Result<Record, ChangeRefusal> {
    let (new, old) = (&record.document, &before.document);
    if new.licence_type() != old.licence_type() || new.version() <= old.version() {
        return Err(ChangeRefusal::NotASuccessor);
    }
    if record.updated < before.updated { Err(ChangeRefusal::Backdated) } else { Ok(record) }
}

#[cfg(test)]
mod tests {
    use super::super::record::tests::{IN_2026, driver, vehicle};
    use super::*;

    fn change(to: LicenceStatus) -> RegisterChange {
        RegisterChange::Status(StatusChange { to, effective: IN_2026 })
    }

    #[test]
    fn final_acts_are_final() {
        for status in [LicenceStatus::Revoked, LicenceStatus::Withdrawn, LicenceStatus::Cancelled] {
            let record = change(status).apply(Some(&vehicle())).unwrap();
            for to in LicenceStatus::ALL {
                let refusal = change(to).apply(Some(&record)).unwrap_err();
                assert_eq!(refusal, ChangeRefusal::Final { status });
                assert_eq!(refusal.code(), Code::StateConflict);
            }
        }
    }

    #[test]
    fn nothing_becomes_unknown_and_nothing_changes_into_itself() {
        for from in LicenceStatus::ALL {
            assert!(check_transition(from, LicenceStatus::Unknown).is_err());
            assert!(check_transition(from, from).is_err());
        }
    }

    #[test]
    fn a_suspension_can_be_lifted_and_an_expiry_cannot() {
        assert!(check_transition(LicenceStatus::Suspended, LicenceStatus::Valid).is_ok());
        assert!(check_transition(LicenceStatus::Expired, LicenceStatus::Valid).is_err());
        assert!(check_transition(LicenceStatus::TransferredOut, LicenceStatus::Valid).is_err());
    }

    #[test]
    fn changes_need_a_record_and_time_that_goes_on() {
        assert_eq!(change(LicenceStatus::Revoked).apply(None), Err(ChangeRefusal::NoRecord));
        let early = IN_2026 - std::time::Duration::from_secs(1);
        let backdated =
            RegisterChange::Status(StatusChange { to: LicenceStatus::Revoked, effective: early });
        assert_eq!(backdated.apply(Some(&vehicle())), Err(ChangeRefusal::Backdated));
        let again = RegisterChange::Issue { record: Box::new(vehicle()) };
        assert_eq!(again.apply(Some(&vehicle())), Err(ChangeRefusal::NotASuccessor));
        let other = RegisterChange::Issue { record: Box::new(driver()) };
        assert_eq!(other.apply(Some(&vehicle())), Err(ChangeRefusal::NotASuccessor));
    }

    #[test]
    fn co_32_another_holder_ends_the_grants_and_a_suspension_does_not() {
        let suspended = change(LicenceStatus::Suspended).apply(Some(&vehicle())).unwrap();
        assert_eq!(GrantEffect::between(&vehicle(), &suspended), GrantEffect::Keep);
        for (claim, value) in [("holderName", "另一公司"), ("plateNumber", "津A54321")] {
            let mut json = serde_json::to_value(vehicle()).unwrap();
            json["document"][claim] = value.into();
            let after: Record = serde_json::from_value(json).unwrap();
            assert_eq!(GrantEffect::between(&vehicle(), &after), GrantEffect::End, "{claim}");
        }
    }
}
