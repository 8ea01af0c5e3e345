//! Judging a record, offline: the pinned root, the record, and an instant.
//!
//! What is established. A record of this level has no proof of when it existed, so it is judged at
//! the present instant: the certificates behind its signatures and the licence itself must not
//! have ended by then. Who was trusted is read from the lists inside it, as of the instant at
//! which its maker says it was made; a list that has ended since still says who was listed then.
//! What was withdrawn later is not in the record, and `today` is `unknown` unless the evidence is
//! as young as a disclosure demands.

use super::answer::Answered;
use super::basis;
use super::comparison::compare_report;
use super::document::{Record, check_version};
use super::standing::{self, AtUse};
use super::verdict::{Attestation, Layers, Proof, Today, Verification};
use super::{MEDIA_TYPE, RecordRefusal};
use crate::base::{Code, MemberId, Timestamp, limits};
use crate::credential::{Authentic, CheckResult, Decision, examine};
use crate::crypto::jws::{Typ, verify_detached};
use crate::crypto::note::{Checkpoint, VerifierKey};
use crate::trust::{ProvincialList, Root, ServiceKind, Snapshot, TrustAge};

/// What a record is asked.
#[derive(Clone, Copy, Debug)]
pub struct VerifyTerms<'t> {
    /// The instant that is asked about; none asks about now.
    pub at: Option<Timestamp>,
    /// Who opens it, when that is known: the number that a grantee has.
    pub audience: Option<&'t str>,
    /// The present instant.
    pub now: Timestamp,
}

/// Judges `record` with nothing but the pinned root. What comes after a refusal is not judged.
#[must_use]
pub fn verify(record: &Record, pinned_root: Root, terms: &VerifyTerms<'_>) -> Verification {
    let mut judgement = Judgement::new(record, terms);
    if let Err(code) = judgement.run(pinned_root) {
        judgement.codes.push(code);
    }
    judgement.conclude()
}

impl Verification {
    /// What is said of bytes that are no record.
    #[must_use]
    pub fn unreadable(refusal: &RecordRefusal, terms: &VerifyTerms<'_>) -> Self {
        Self {
            decision: decision_of(refusal.code()),
            codes: vec![refusal.code()],
            notes: Vec::new(),
            proof: Proof::None,
            judged_at: terms.at.unwrap_or(terms.now),
            valid_at: None,
            today: Today::Unknown,
            record_id: None,
            layers: Layers::UNCHECKED,
            disclosed: Vec::new(),
            redacted: 0,
        }
    }
}

/// A judgement in the making.
struct Judgement<'r> {
    record: &'r Record,
    terms: &'r VerifyTerms<'r>,
    /// The instant that is asked about.
    instant: Timestamp,
    codes: Vec<Code>,
    notes: Vec<Code>,
    today: Today,
    layers: Layers,
    disclosed: Vec<String>,
    redacted: usize,
}

impl<'r> Judgement<'r> {
    fn new(record: &'r Record, terms: &'r VerifyTerms<'r>) -> Self {
        Self {
            record,
            terms,
            instant: terms.at.unwrap_or(terms.now),
            codes: Vec::new(),
            notes: Vec::new(),
            today: Today::Unknown,
            layers: Layers::UNCHECKED,
            disclosed: Vec::new(),
            redacted: 0,
        }
    }

    /// Every layer in its order; an error ends the judgement.
    fn run(&mut self, pinned_root: Root) -> Result<(), Code> {
        let record = self.record;
        check_form(record)?;
        let redacted = record.manifest.redacted_in(record).ok_or(Code::RecordManifest);
        self.redacted = layer(&mut self.layers.manifest, redacted)?;
        let snapshot = layer(&mut self.layers.trust, embedded_trust(record, pinned_root))?;
        let signed = gateway_signature(record, &snapshot);
        layer(&mut self.layers.gateway_signature, signed)?;
        self.check_instants(&snapshot);
        let authentic = layer(&mut self.layers.credential, credential(record, &snapshot))?;
        if !authentic.issuer().chain().iter().all(|link| link.is_valid_at(self.instant)) {
            self.codes.push(Code::IssuerCertExpiredUnproven);
        }
        let answered = Answered::verified(&record.answer, &snapshot).ok_or(Code::RecordGrant);
        let answered = layer(&mut self.layers.grant, answered)?;
        let at_use = AtUse::judge(authentic, record, &snapshot, answered.iat.instant());
        let granted = basis::check(record, &answered, &at_use.judged, &snapshot);
        let granted = layer(&mut self.layers.grant, granted)?;
        self.take_standing(&at_use, &snapshot);
        layer(&mut self.layers.report, compare_report(record, &at_use, &granted))?;
        self.layers.authorization = Attestation::Attested;
        self.disclosed = granted.disclosed;
        self.take_notes();
        Ok(())
    }

    /// Without a proof of existence only the present can be spoken of, and only by keys whose
    /// certificates have not ended.
    fn check_instants(&mut self, snapshot: &Snapshot) {
        let (record, now) = (self.record, self.terms.now);
        let distance = self.instant.since(now).max(now.since(self.instant));
        let is_present = distance <= limits::CLOCK_SKEW;
        let is_made = record.created <= now + limits::CLOCK_SKEW;
        let signer_lasts = signing_certificate_lasts(record, snapshot, self.instant);
        if !is_present || !is_made || !signer_lasts {
            self.codes.push(Code::RecordNoPoe);
        }
    }

    fn take_standing(&mut self, at_use: &AtUse, snapshot: &Snapshot) {
        let (codes, notes) = at_use.codes(self.instant);
        self.layers.status = worst(&codes);
        self.codes.extend(codes);
        self.notes.extend(notes);
        let now = self.terms.now;
        let young =
            at_use.is_fresh(now) && snapshot.is_usable(now) && snapshot.age(now) < TrustAge::Stale;
        if young && self.terms.at.is_none() {
            self.today = Today::Known;
        }
    }

    fn take_notes(&mut self) {
        let annotation = &self.record.annotation;
        if annotation.copy_expires <= self.instant {
            self.notes.push(Code::RecordExpired);
        }
        if self.terms.audience.is_some_and(|audience| audience != annotation.audience) {
            self.notes.push(Code::RecordAudience);
        }
    }

    fn conclude(mut self) -> Verification {
        self.codes.sort_by_key(|code| std::cmp::Reverse(decision_of(*code)));
        let mut seen = std::collections::BTreeSet::new();
        self.codes.retain(|code| seen.insert(*code));
        let decision = self.codes.first().map_or(Decision::Accept, |code| decision_of(*code));
        if self.codes.is_empty() {
            self.codes.push(Code::Ok);
        }
        Verification {
            decision,
            codes: self.codes,
            notes: self.notes,
            proof: Proof::None,
            judged_at: self.instant,
            valid_at: (decision == Decision::Accept).then_some(self.instant),
            today: self.today,
            record_id: Some(self.record.record_id.clone()),
            layers: self.layers,
            disclosed: self.disclosed,
            redacted: self.redacted,
        }
    }
}

/// A record that was not read from bytes is held to the same form.
fn check_form(record: &Record) -> Result<(), Code> {
    if record.media_type != MEDIA_TYPE {
        return Err(Code::FormatUnsupported);
    }
    check_version(Some(&record.version)).map_err(|refusal| refusal.code())
}

/// The embedded trust as of the making, under the pinned root.
fn embedded_trust(record: &Record, pinned_root: Root) -> Result<Snapshot, Code> {
    let state = record.trust.restore(pinned_root).map_err(|refusal| refusal.code())?;
    // A statement that was signed after the making was not there when the record was made.
    let is_earlier = state
        .freshness()
        .is_some_and(|statement| statement.issued() <= record.created + limits::CLOCK_SKEW);
    if !is_earlier {
        return Err(Code::RecordProofInvalid);
    }
    if state.root().is_expired(record.created) {
        return Err(Code::TrustExpired);
    }
    let snapshot = Snapshot::build(state, 0, record.created);
    if !snapshot.is_usable(record.created) {
        return Err(Code::TrustExpired);
    }
    if checkpoint_is_sound(record, &snapshot) {
        Ok(snapshot)
    } else {
        Err(Code::RecordProofInvalid)
    }
}

/// At this level the maker's checkpoint proves nothing, but one that the maker's log did not sign
/// is a forgery.
fn checkpoint_is_sound(record: &Record, snapshot: &Snapshot) -> bool {
    let Some(note) = record.audit.maker_checkpoint.as_deref() else { return true };
    let origin = format!("elicence/{}/audit", maker(record).division());
    snapshot
        .keys(maker(record), ServiceKind::LogSigning)
        .filter_map(|key| VerifierKey::new(&origin, key).ok())
        .any(|key| Checkpoint::open(note, &key).is_ok())
}

fn maker(record: &Record) -> MemberId {
    record.annotation.copy_creator
}

fn gateway_signature(record: &Record, snapshot: &Snapshot) -> Result<(), Code> {
    let mut keys = snapshot.keys(maker(record), ServiceKind::GatewaySigning);
    let signs = |key| {
        verify_detached(&record.gateway_signature, &record.manifest, key, Typ::Record).is_ok()
    };
    let names_instant = record.annotation.copy_creation_time == record.created;
    if names_instant && keys.any(signs) { Ok(()) } else { Err(Code::RecordSignature) }
}

/// Whether the certificate of the key that signed the record has not ended at `instant`.
fn signing_certificate_lasts(record: &Record, snapshot: &Snapshot, instant: Timestamp) -> bool {
    let list = snapshot.state().province(maker(record).division());
    let services = list.map(ProvincialList::services).unwrap_or_default();
    services.iter().filter(|service| service.kind == ServiceKind::GatewaySigning).any(|service| {
        service.certificates.iter().all(|certificate| certificate.is_valid_at(instant))
            && verify_detached(
                &record.gateway_signature,
                &record.manifest,
                &service.key,
                Typ::Record,
            )
            .is_ok()
    })
}

/// The licence and what is disclosed of it, as signed by an issuer that was recognised when the
/// record was made.
fn credential(record: &Record, snapshot: &Snapshot) -> Result<Authentic, Code> {
    let pieces = std::iter::once(&record.credential).chain(&record.disclosures);
    let mut token = String::new();
    for piece in pieces {
        // A tilde inside a piece would bring in a disclosure that is not listed.
        if piece.contains('~') {
            return Err(Code::FormatDamaged);
        }
        token.push_str(piece);
        token.push('~');
    }
    let authentic = examine(&token, snapshot, record.created).map_err(|failure| failure.code())?;
    let chain = authentic.issuer().chain();
    if standing::is_chain(&record.issuer_chain, chain) {
        Ok(authentic)
    } else {
        Err(Code::RecordProofInvalid)
    }
}

/// Notes how a layer ended.
fn layer<T>(slot: &mut CheckResult, outcome: Result<T, Code>) -> Result<T, Code> {
    *slot = match &outcome {
        Ok(_) => CheckResult::Passed,
        Err(code) => worst(&[*code]),
    };
    outcome
}

/// How a layer ended that gave these codes.
fn worst(codes: &[Code]) -> CheckResult {
    match codes.iter().map(|code| decision_of(*code)).max() {
        None | Some(Decision::Accept) => CheckResult::Passed,
        Some(Decision::Check) => CheckResult::Indeterminate,
        Some(Decision::Refuse) => CheckResult::Failed,
    }
}

/// What a code leads to; one that leads nowhere is no acceptance.
fn decision_of(code: Code) -> Decision {
    Decision::of(code).unwrap_or(Decision::Refuse)
}
