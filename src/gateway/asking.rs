//! Asking another province: sign the question, send it over mutual TLS, believe only an answer that
//! is signed by the member that was asked and bound to this very question. And the other way round:
//! to sign our own answers so.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::node::Node;
use crate::audit::Receipt;
use crate::base::{Code, Entropy as _, MemberId, Timestamp};
use crate::crypto::Digest;
use crate::crypto::jws::Compact;
use crate::exchange::{Answer, AnswerDraft, Basis, CallerStatement, Officer, RequestDraft};
use crate::http::Problem;
use crate::trust::ServiceKind;

/// A question to one member.
#[derive(Clone, Debug)]
pub(super) struct Question<'a> {
    /// The route that answers it.
    pub(super) path: &'a str,
    /// The body, unchanged as the client sent it.
    pub(super) body: &'a [u8],
    /// The client that is asked for.
    pub(super) caller: Option<CallerStatement>,
    /// The ground.
    pub(super) basis: Basis,
    /// The officer behind it.
    pub(super) officer: Option<Officer>,
    /// The client's own signature, unchanged.
    pub(super) client_request: Option<&'a str>,
}

/// An answer with the token that proves it.
#[derive(Clone, Debug)]
pub(super) struct Answered<T> {
    /// What was answered.
    pub(super) answer: Answer<T>,
    /// The signed answer.
    pub(super) token: String,
    /// SHA-256 of the question.
    pub(super) request_sha256: Digest,
}

impl Node {
    /// Asks `aud` and verifies the answer.
    pub(super) async fn ask<T: DeserializeOwned>(
        &self,
        aud: MemberId,
        question: Question<'_>,
        now: Timestamp,
    ) -> Result<Answered<T>, Problem> {
        let snapshot = self.trust.snapshot();
        if !snapshot.is_in_force(aud, now) {
            return Err(Problem::new(Code::TrustListStale));
        }
        let draft = RequestDraft {
            iss: self.settings.member,
            aud,
            htm: "POST",
            htu: question.path,
            body: question.body,
            caller: question.caller,
            basis: question.basis,
            officer: question.officer,
        };
        let token = draft
            .sign(self.keys.signing.as_ref(), self.entropy.salt(), now)
            .map_err(|_| Problem::new(Code::Internal))?;
        let request_sha256 = Digest::of(&token);
        let mut headers = vec![(REQUEST_HEADER, token)];
        if let Some(client_request) = question.client_request {
            headers.push((CLIENT_REQUEST_HEADER, client_request.to_owned()));
        }
        let reply =
            self.post_to_member(&snapshot, aud, question.path, headers, question.body).await?;
        let asked = AnswerDraft { iss: aud, aud: self.settings.member, request_sha256 };
        let answer = Answer::open(&reply, asked, snapshot.keys(aud, ServiceKind::GatewaySigning))
            .map_err(|refusal| Problem::new(refusal.code()))?;
        Ok(Answered { answer, token: reply, request_sha256 })
    }

    /// Signs `result` as this gateway's answer; `receipt` proves that it stands in the log.
    pub(super) fn sign_answer<T: Serialize>(
        &self,
        draft: AnswerDraft,
        result: T,
        receipt: &Receipt,
        now: Timestamp,
    ) -> Result<String, Problem> {
        draft
            .sign(result, receipt, self.keys.signing.as_ref(), now)
            .map_err(|_| Problem::new(Code::Internal))
    }

    /// Verifies an answer that this gateway gave itself, for a client of its own province.
    pub(super) fn open_own<T: DeserializeOwned>(
        &self,
        token: String,
        request_sha256: Digest,
    ) -> Result<Answered<T>, Problem> {
        let own = self.settings.member;
        let asked = AnswerDraft { iss: own, aud: own, request_sha256 };
        let key = std::iter::once(self.keys.signing.public_key());
        let answer =
            Answer::open(&token, asked, key).map_err(|refusal| Problem::new(refusal.code()))?;
        Ok(Answered { answer, token, request_sha256 })
    }
}

/// The digest by which both sides know a request that has no request token: the client's own.
pub(super) fn own_request_digest(client_request: Option<&str>, body: &[u8]) -> Digest {
    client_request
        .and_then(|token| Compact::parse(token).ok())
        .map_or_else(|| Digest::of(body), |token| token.digest())
}

/// Carries `elicence-request+jwt`.
pub(super) const REQUEST_HEADER: &str = "elicence-request";
/// Carries `elicence-client-request+jwt`.
pub(super) const CLIENT_REQUEST_HEADER: &str = "elicence-client-request";
