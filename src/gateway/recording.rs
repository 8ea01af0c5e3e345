//! `POST /v1/records`: a business obtains a disclosure and files it as an e-record. The gateway
//! makes the record, hands it over, and keeps its digest only.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};

use super::asking::Answered;
use super::disclosing::{Asked, granted_terms};
use super::node::{Node, unavailable};
use super::party::client_in;
use crate::audit::{Entry, EntryKind};
use crate::base::{Code, SystemEntropy, Timestamp, limits};
use crate::consent::GrantTerms;
use crate::credential::{Binding, Decision, JudgeTerms, StatusEvidence, examine};
use crate::crypto::{Digest, json};
use crate::exchange::{
    Authorization, Basis, CheckContext, DisclosureBody, DisclosureResult, VerificationReport,
    judged_findings,
};
use crate::http::{Problem, StrictJson, TraceId};
use crate::identity::{Caller, Role};
use crate::record::{
    AnnotationDraft, Parts, Record, Revocation, TrustEvidence, VerifyTerms, seal, verify,
};
use crate::trust::Snapshot;

/// `POST /v1/records` with `{grant, claims}`: one use of the grant.
pub(super) async fn records(
    State(node): State<Arc<Node>>,
    Extension(caller): Extension<Caller>,
    Extension(trace): Extension<TraceId>,
    headers: HeaderMap,
    StrictJson { value, bytes }: StrictJson<DisclosureBody>,
) -> Result<Response, Problem> {
    let client = client_in(&caller, &[Role::Business, Role::Intermediary])?;
    let now = node.now();
    let asked = Asked { headers: &headers, body: &value, bytes: &bytes, basis: Basis::Record };
    let answered = node.obtain(client, asked, now).await?;
    let record = node.make_record(answered, &trace.to_string(), now).await?;
    let canonical = json::canonical(&record).map_err(|_| Problem::new(Code::Internal))?;
    let mut entry = Entry::new(EntryKind::Disclosure, now, client.actor());
    entry.basis = Some("holder".to_owned());
    entry.reference = Some(record.record_id.to_string());
    entry.document_sha256 = Some(Digest::of(canonical));
    node.commit(Vec::new(), entry).await?;
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(record)).into_response())
}

impl Node {
    async fn make_record(
        &self,
        answered: Answered<DisclosureResult>,
        trace: &str,
        now: Timestamp,
    ) -> Result<Record, Problem> {
        let snapshot = self.trust.snapshot();
        let result = &answered.answer.result;
        let (report, revocation) = self.judge_given(result, &snapshot, trace, now).await?;
        let terms = granted_terms(&result.grant, answered.answer.iss, &snapshot)?;
        let trust = TrustEvidence::of(snapshot.state(), answered.answer.iss, self.settings.member)
            .ok_or_else(|| Problem::new(Code::NotReady))?;
        let maker_checkpoint =
            self.store.latest_checkpoint().await.map_err(|error| unavailable(&error))?;
        let parts = Parts {
            answer: answered.token,
            revocation,
            trust,
            verification_report: serde_json::to_value(&report)
                .map_err(|_| Problem::new(Code::Internal))?,
            maker_checkpoint,
            annotation: self.annotation(&terms, now),
        };
        let record = seal(parts, self.keys.signing.as_ref(), now, &SystemEntropy)
            .map_err(|refusal| unfit(&refusal))?;
        // Judged as its reader will: a record that does not stand is not handed out.
        let root = snapshot.state().root().clone();
        let verification = verify(&record, root, &VerifyTerms { at: None, audience: None, now });
        if verification.decision == Decision::Accept {
            Ok(record)
        } else {
            Err(unfit(&format_args!("{:?}", verification.codes)))
        }
    }

    /// Judges what was given as anybody would, and keeps the status list that says so.
    async fn judge_given(
        &self,
        result: &DisclosureResult,
        snapshot: &Snapshot,
        trace: &str,
        now: Timestamp,
    ) -> Result<(VerificationReport, Revocation), Problem> {
        let mismatch = || Problem::new(Code::AnswerMismatch);
        let authentic = examine(&result.presentation, snapshot, now).map_err(|_| mismatch())?;
        let member = authentic.issuer().member();
        let reference = authentic.status_reference().cloned().ok_or_else(mismatch)?;
        let status = self
            .status_in_use(member, &reference)
            .await
            .ok_or_else(|| Problem::new(Code::IssuerProvinceUnreachable))?;
        let terms = JudgeTerms {
            max_status_age: limits::STATUS_AGE_DISCLOSURE,
            binding: Binding::NotDemanded,
        };
        let evidence = StatusEvidence::List { list: &status.list, ended_as: None };
        let judged = authentic.judge(evidence, &terms, now);
        let context = CheckContext {
            snapshot,
            hub_reachable: self.trust.is_hub_reachable(),
            max_status_age: limits::STATUS_AGE_DISCLOSURE,
            now,
        };
        let mut findings = judged_findings(&judged, &context);
        let grant = granted_terms(&result.grant, member, snapshot)?;
        findings.authorization = Authorization::granted(grant.jti.to_string());
        let report = findings.into_report(trace, now, &self.entropy);
        let revocation = Revocation {
            status_token: status.token.to_string(),
            status_uri: reference.uri,
            fetched_at: status.at.whole_seconds(),
        };
        Ok((report, revocation))
    }

    /// The annotation of GB/T 36903: whose copy it is, why, and until when it may be kept.
    fn annotation(&self, terms: &GrantTerms, now: Timestamp) -> AnnotationDraft {
        let days = terms.data_life.days_at_most();
        AnnotationDraft {
            copy_creator: self.settings.member,
            copy_cause: terms.purpose.code.to_string(),
            copy_expires: (now
                + Duration::from_hours(24).saturating_mul(u32::try_from(days).unwrap_or(u32::MAX)))
            .whole_seconds(),
            audience: terms.grantee.id.clone(),
            purpose: terms.purpose.code.clone(),
        }
    }
}

/// A record that would not stand: our own fault, told to nobody but the log.
fn unfit(why: &dyn std::fmt::Display) -> Problem {
    tracing::error!(%why, "a record could not be made");
    Problem::new(Code::Internal)
}
