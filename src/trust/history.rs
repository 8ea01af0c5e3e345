//! Past instants: how an entry stood at a time, what a signature of then is worth now, and the
//! rule that history only grows.

use super::lote::{self, EntityService, HistoryInstance};
use super::province::Service;
use super::refusal::UpdateRefusal;
use super::service::{ServiceKind, ServiceStatus, StatusReason};
use crate::base::{Code, ServiceId, Timestamp};

/// One interval in which an entry had one status: from `since` to the start of the next one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interval {
    /// The status.
    pub status: ServiceStatus,
    /// Its first instant.
    pub since: Timestamp,
    /// Why.
    pub reason: Option<StatusReason>,
}

/// The statuses of an entry, newest first; the first one is the present one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatusHistory(Vec<Interval>);

impl StatusHistory {
    /// Reads the present status of `service` and those before it. Starting times go strictly back,
    /// each status may follow the one before it, and every instance is about this same entry.
    pub(super) fn read(service: &EntityService) -> Result<Self, UpdateRefusal> {
        let information = &service.information;
        let mut intervals = vec![interval(
            &information.service_status,
            information.status_starting_time,
            &information.service_information_extensions,
        )?];
        for instance in &service.history {
            check_same_entry(service, instance)?;
            intervals.push(interval(
                &instance.service_status,
                instance.status_starting_time,
                &instance.service_information_extensions,
            )?);
        }
        let follows = |pair: &[Interval]| {
            pair[1].since < pair[0].since && pair[1].status.may_become(pair[0].status)
        };
        if intervals.windows(2).all(follows) {
            Ok(Self(intervals))
        } else {
            Err(UpdateRefusal::Malformed)
        }
    }

    /// The intervals, newest first; there is at least one.
    #[must_use]
    pub fn intervals(&self) -> &[Interval] {
        &self.0
    }

    /// The interval that holds `instant`; none before the first.
    #[must_use]
    pub fn at(&self, instant: Timestamp) -> Option<&Interval> {
        self.0.iter().find(|interval| interval.since <= instant)
    }

    /// The compromise that stands against the key, if one does. One that was followed by a new
    /// grant was withdrawn by whoever stated it; one that was followed by other words was not. Of
    /// several the earliest date counts, and no date is the earliest.
    #[must_use]
    pub fn compromise(&self) -> Option<StatusReason> {
        let stopped = |interval: &&Interval| {
            matches!(interval.status, ServiceStatus::Suspended | ServiceStatus::Withdrawn)
        };
        let reasons = self.0.iter().take_while(stopped).filter_map(|interval| interval.reason);
        reasons
            .filter(|reason| reason.reason.is_compromise())
            .min_by_key(|reason| reason.invalidity_date)
    }

    /// Whether this history only adds to `earlier`, as that of the next list has to: nothing that
    /// was once stated is changed or left out.
    #[must_use]
    pub fn continues(&self, earlier: &Self) -> bool {
        self.0.ends_with(&earlier.0)
    }
}

fn interval(
    status: &str,
    since: Timestamp,
    extensions: &[lote::Extension],
) -> Result<Interval, UpdateRefusal> {
    let status: ServiceStatus = status.parse()?;
    let reason: Option<StatusReason> = lote::optional(extensions, "StatusReason")?;
    if reason.is_some_and(|reason| !reason.fits(status)) {
        return Err(UpdateRefusal::Malformed);
    }
    Ok(Interval { status, since, reason })
}

/// An instance is of the entry's kind and identifier and, but for list keys, of its key: another
/// key is another entry. A list key that changed with proof keeps its entry.
fn check_same_entry(
    service: &EntityService,
    instance: &HistoryInstance,
) -> Result<(), UpdateRefusal> {
    let information = &service.information;
    let kind = &information.service_type_identifier;
    let same_kind = instance.service_type_identifier.as_ref().is_none_or(|then| then == kind);
    let key = instance.service_digital_identity.key()?;
    let is_list_key = kind.parse::<ServiceKind>()? == ServiceKind::ListSigning;
    let same_key = is_list_key || key == information.service_digital_identity.key()?;
    let now: ServiceId = lote::required(&information.service_information_extensions, "ServiceId")?;
    let then: Option<ServiceId> =
        lote::optional(&instance.service_information_extensions, "ServiceId")?;
    if same_kind && same_key && then.is_none_or(|then| then == now) {
        Ok(())
    } else {
        Err(UpdateRefusal::Malformed)
    }
}

/// Why a signature of the past is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignatureRefusal {
    /// The key may have been in other hands, and nothing proves that the signature is older.
    #[error("the key may have been in other hands, and nothing proves an earlier signature")]
    Compromised,
    /// The key was not in force yet.
    #[error("the key was not in force yet")]
    NotYetListed,
    /// The key was suspended then.
    #[error("the key was suspended then")]
    Suspended,
    /// The key was withdrawn then.
    #[error("the key was withdrawn then")]
    Withdrawn,
}

impl SignatureRefusal {
    /// The published code.
    #[must_use]
    pub const fn code(self) -> Code {
        match self {
            Self::Compromised => Code::IssuerCertRevoked,
            Self::NotYetListed => Code::IssuerNotFederated,
            Self::Suspended => Code::IssuerSuspended,
            Self::Withdrawn => Code::IssuerWithdrawn,
        }
    }
}

/// What a signature of `service` is worth that says it was made at `signed_at`, and that a log
/// leaf proves to have existed by `proven_before`.
///
/// The key must have been in force then; what ended later is no matter. Under a compromise the
/// time that a signature states counts for nothing, since whoever holds the key can state any:
/// only a leaf from before the invalidity date saves it, and without a date nothing does.
pub fn signature_standing(
    service: &Service,
    signed_at: Timestamp,
    proven_before: Option<Timestamp>,
) -> Result<(), SignatureRefusal> {
    if let Some(compromise) = service.history.compromise() {
        let is_older = |date| proven_before.is_some_and(|proven| proven < date);
        if !compromise.invalidity_date.is_some_and(is_older) {
            return Err(SignatureRefusal::Compromised);
        }
    }
    match service.status_at(signed_at) {
        Some(ServiceStatus::Granted) => Ok(()),
        Some(ServiceStatus::Suspended) => Err(SignatureRefusal::Suspended),
        Some(ServiceStatus::Withdrawn) => Err(SignatureRefusal::Withdrawn),
        Some(ServiceStatus::Staged) | None => Err(SignatureRefusal::NotYetListed),
    }
}
