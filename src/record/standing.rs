//! The licence at the instant of use: its dates, and its status by the embedded list. What the
//! stored verdict says of it is not looked at here.

use std::time::Duration;

use base64::Engine as _;

use super::document::Record;
use crate::base::{Code, Timestamp, limits};
use crate::credential::{
    Authentic, Binding, Decision, JudgeTerms, Judged, StatusEvidence, VerifiedStatusList,
};
use crate::crypto::x509::Certificate;
use crate::trust::Snapshot;

/// The licence as it stood at the use.
pub(super) struct AtUse {
    /// The judgement.
    pub(super) judged: Judged,
    /// The embedded status list, when it covers the use.
    list: Option<VerifiedStatusList>,
}

impl AtUse {
    /// Judges `authentic` at `used`, or at the instant of the status list if that is later.
    pub(super) fn judge(
        authentic: Authentic,
        record: &Record,
        snapshot: &Snapshot,
        used: Timestamp,
    ) -> Self {
        let list = status_list(&authentic, record, snapshot, used);
        let evidence = list.as_ref().map_or(StatusEvidence::Unavailable, |list| {
            StatusEvidence::List { list, ended_as: None }
        });
        let instant = list.as_ref().map_or(used, |list| used.max(list.issued()));
        let terms = JudgeTerms {
            max_status_age: limits::STATUS_AGE_DISCLOSURE,
            binding: Binding::NotDemanded,
        };
        let judged = authentic.judge(evidence, &terms, instant);
        Self { judged, list }
    }

    /// What stands against the licence at the use, or at `instant` by its dates; and notes.
    pub(super) fn codes(&self, instant: Timestamp) -> (Vec<Code>, Vec<Code>) {
        let (mut codes, notes): (Vec<Code>, Vec<Code>) = self
            .judged
            .reasons()
            .iter()
            .copied()
            .filter(|code| *code != Code::Ok)
            .partition(|code| Decision::of(*code).is_some());
        if self.list.is_none() {
            codes.retain(|code| *code != Code::StatusUnavailable);
            codes.push(Code::RecordStatus);
        }
        let licence = self.judged.licence();
        if instant >= licence.valid_until {
            codes.push(Code::LicenceExpired);
        } else if instant < licence.valid_from {
            codes.push(Code::LicenceNotYetValid);
        }
        codes.sort_unstable();
        codes.dedup();
        (codes, notes)
    }

    /// Whether a status of the licence at the use is known at all.
    pub(super) const fn has_status(&self) -> bool {
        self.list.is_some()
    }

    /// Whether the status is young enough to speak of `now`.
    pub(super) fn is_fresh(&self, now: Timestamp) -> bool {
        self.list.as_ref().is_some_and(|list| list.is_fresh(limits::STATUS_AGE_DISCLOSURE, now))
    }
}

/// The embedded status list, if it is the one that the credential names, signed by its province,
/// and made within an hour of the use.
fn status_list(
    authentic: &Authentic,
    record: &Record,
    snapshot: &Snapshot,
    used: Timestamp,
) -> Option<VerifiedStatusList> {
    let reference = authentic.status_reference()?;
    let revocation = &record.revocation;
    if revocation.status_uri != reference.uri {
        return None;
    }
    let member = authentic.issuer().member();
    // A list from before the use is judged at the use, one from after it at the making.
    let verified = [used, record.created].into_iter().find_map(|instant| {
        let token = &revocation.status_token;
        VerifiedStatusList::verify(token, &reference.uri, member, snapshot, instant).ok()
    })?;
    let issued = verified.issued();
    let distance = used.since(issued).max(issued.since(used));
    // A list is fetched after it was signed, and before the record was made of it.
    let fetched = revocation.fetched_at;
    let is_ordered =
        issued <= fetched + limits::CLOCK_SKEW && fetched <= record.created + limits::CLOCK_SKEW;
    (distance <= FURTHEST_STATUS && is_ordered).then_some(verified)
}

/// Whether `encoded` is exactly `chain`, in base64 DER.
pub(super) fn is_chain(encoded: &[String], chain: &[Certificate]) -> bool {
    let standard = &base64::engine::general_purpose::STANDARD;
    encoded.len() == chain.len()
        && encoded.iter().zip(chain).all(|(text, link)| *text == standard.encode(link.der()))
}

/// How far the status may lie from the use.
const FURTHEST_STATUS: Duration = limits::STATUS_AGE_DISCLOSURE;
