//! Failures as RFC 9457 documents, and the one place that knows which HTTP status a code has.
//!
//! A problem says what the registry says of its code and what the caller itself sent; nothing of
//! the inside.

use std::borrow::Cow;
use std::time::Duration;

use axum::http::header::{CACHE_CONTROL, CONTENT_LANGUAGE, CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use super::trace::TraceId;
use crate::base::{Code, Language};

/// A request that failed, told by a code of the layer `problem`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    code: Code,
    status: StatusCode,
    detail: Option<Cow<'static, str>>,
    errors: Vec<MemberError>,
    retry_after: Option<Duration>,
}

/// What is wrong with one member of a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MemberError {
    /// The member, as a JSON pointer (RFC 6901).
    pub pointer: String,
    /// What is wrong with it.
    pub detail: String,
}

impl Problem {
    /// The problem of this code.
    ///
    /// A code of another layer has no HTTP status: saying one here is our own fault, and is logged
    /// and answered as `internal`.
    #[must_use]
    pub fn new(code: Code) -> Self {
        let (code, status) = if let Some(status) = status_of(code) {
            (code, status)
        } else {
            tracing::error!(%code, "a code of another layer was given as a problem");
            (Code::Internal, StatusCode::INTERNAL_SERVER_ERROR)
        };
        let retry_after =
            matches!(status, StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS)
                .then_some(RETRY_AFTER_DEFAULT);
        Self { code, status, detail: None, errors: Vec::new(), retry_after }
    }

    /// The same with words on this occurrence in place of the registry's next step.
    #[must_use]
    pub fn with_detail(mut self, detail: impl Into<Cow<'static, str>>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// The same with one more wrong member.
    #[must_use]
    pub fn with_error(mut self, pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        self.errors.push(MemberError { pointer: pointer.into(), detail: detail.into() });
        self
    }

    /// The same with the time after which trying again makes sense, in whole seconds, at least 1.
    #[must_use]
    pub const fn with_retry_after(mut self, wait: Duration) -> Self {
        self.retry_after = Some(wait);
        self
    }

    /// The code.
    #[must_use]
    pub const fn code(&self) -> Code {
        self.code
    }

    /// The HTTP status of the code.
    #[must_use]
    pub const fn status(&self) -> StatusCode {
        self.status
    }

    /// What is wrong with members of the request.
    #[must_use]
    pub fn errors(&self) -> &[MemberError] {
        &self.errors
    }

    /// The document, in the words and with the identifiers of one request.
    pub(super) fn render(&self, occurrence: &Occurrence) -> Response {
        let document = Document {
            kind: format!("urn:elicence:problem:{}", self.code),
            title: self.code.reason(occurrence.language),
            status: self.status.as_u16(),
            code: self.code,
            detail: self
                .detail
                .as_deref()
                .unwrap_or_else(|| self.code.next_step(occurrence.language)),
            instance: occurrence.instance.as_deref(),
            trace_id: occurrence.trace_id.map(|trace| trace.to_string()),
            retryable: is_retryable(self.code, self.status),
            errors: &self.errors,
        };
        // A document of strings and numbers always has a JSON form; were it otherwise, the status
        // alone still tells what matters.
        let body = serde_json::to_vec(&document).unwrap_or_default();
        let mut response = (self.status, body).into_response();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert(CONTENT_LANGUAGE, HeaderValue::from_static(occurrence.language.tag()));
        if let Some(wait) = self.retry_after {
            headers.insert(RETRY_AFTER, HeaderValue::from(wait.as_secs().max(1)));
        }
        response
    }
}

/// What a problem document tells of the request that it answers.
#[derive(Clone, Debug)]
pub(super) struct Occurrence {
    pub(super) trace_id: Option<TraceId>,
    pub(super) instance: Option<String>,
    pub(super) language: Language,
}

impl IntoResponse for Problem {
    /// The document without an occurrence; the connection dresses it with that of its request.
    fn into_response(self) -> Response {
        let nowhere = Occurrence { trace_id: None, instance: None, language: Language::En };
        let mut response = self.render(&nowhere);
        response.extensions_mut().insert(self);
        response
    }
}

impl From<Code> for Problem {
    fn from(code: Code) -> Self {
        Self::new(code)
    }
}

#[derive(Serialize)]
struct Document<'a> {
    #[serde(rename = "type")]
    kind: String,
    title: &'static str,
    status: u16,
    code: Code,
    detail: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    instance: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    trace_id: Option<String>,
    retryable: bool,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    errors: &'a [MemberError],
}

/// Whether the same request, unchanged, may succeed later.
fn is_retryable(code: Code, status: StatusCode) -> bool {
    status.is_server_error() || matches!(code, Code::RateLimited | Code::IdempotencyInProgress)
}

/// The HTTP status of a code of the layer `problem`; of no other.
const fn status_of(code: Code) -> Option<StatusCode> {
    Some(match code {
        Code::MalformedRequest | Code::UnknownPurpose | Code::MissingIdempotencyKey => {
            StatusCode::BAD_REQUEST
        }
        Code::ClientCertificateRequired
        | Code::ClientCertificateRejected
        | Code::HolderLoginRequired => StatusCode::UNAUTHORIZED,
        Code::ClaimsNotGranted
        | Code::ClientSignatureRequired
        | Code::ClientSuspended
        | Code::GrantExhausted
        | Code::GrantExpired
        | Code::GrantNotBoundToClient
        | Code::GrantPaused
        | Code::GrantPurposeMismatch
        | Code::GrantRequired
        | Code::GrantRevoked
        | Code::HolderSignatureInvalid
        | Code::IntendedUseNotRegistered
        | Code::LegalBasisRequired
        | Code::MemberStaged
        | Code::MemberSuspended
        | Code::MemberWithdrawn
        | Code::OverAsking
        | Code::RequestReplayed
        | Code::RequestSignatureInvalid
        | Code::RoleNotAllowed => StatusCode::FORBIDDEN,
        Code::NotFound => StatusCode::NOT_FOUND,
        Code::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
        Code::IdempotencyInProgress | Code::StateConflict => StatusCode::CONFLICT,
        Code::RecordErased => StatusCode::GONE,
        Code::PreconditionFailed => StatusCode::PRECONDITION_FAILED,
        Code::TooLargeBody => StatusCode::PAYLOAD_TOO_LARGE,
        Code::UriTooLong => StatusCode::URI_TOO_LONG,
        Code::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        Code::Misdirected => StatusCode::MISDIRECTED_REQUEST,
        Code::ValidationFailed | Code::IdempotencyKeyReused => StatusCode::UNPROCESSABLE_ENTITY,
        Code::PreconditionRequired => StatusCode::PRECONDITION_REQUIRED,
        Code::RateLimited => StatusCode::TOO_MANY_REQUESTS,
        Code::HeadersTooLarge => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
        Code::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        Code::IssuerProvinceUnreachable | Code::AnswerMismatch => StatusCode::BAD_GATEWAY,
        Code::TrustListStale | Code::AuditUnavailable | Code::Overloaded | Code::NotReady => {
            StatusCode::SERVICE_UNAVAILABLE
        }
        Code::DeadlineExceeded => StatusCode::GATEWAY_TIMEOUT,
        _ => return None,
    })
}

/// Wait that is named where nobody knows better: about one refresh of what was missing.
const RETRY_AFTER_DEFAULT: Duration = Duration::from_secs(5);

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::base::Layer;

    #[test]
    fn every_code_of_the_layer_and_no_other_has_a_status() {
        for code in Code::ALL {
            let status = status_of(*code);
            assert_eq!(status.is_some(), code.layer() == Layer::Problem, "{code}");
            assert!(status.is_none_or(|s| s.is_client_error() || s.is_server_error()), "{code}");
        }
    }

    #[test]
    fn the_statuses_are_those_of_the_published_registry() {
        let mut codes = BTreeMap::<u16, usize>::new();
        for status in Code::ALL.iter().filter_map(|code| status_of(*code)) {
            *codes.entry(status.as_u16()).or_default() += 1;
        }
        let published = [
            (400, 3),
            (401, 3),
            (403, 20),
            (404, 1),
            (405, 1),
            (409, 2),
            (410, 1),
            (412, 1),
            (413, 1),
            (414, 1),
            (415, 1),
            (421, 1),
            (422, 2),
            (428, 1),
            (429, 1),
            (431, 1),
            (500, 1),
            (502, 2),
            (503, 4),
            (504, 1),
        ];
        assert_eq!(codes, BTreeMap::from(published));
    }

    #[test]
    fn a_code_of_another_layer_becomes_an_internal_problem() {
        for code in [Code::Ok, Code::PortInUse, Code::SeqJump, Code::RecordVersion] {
            let problem = Problem::new(code);
            assert_eq!((problem.code(), problem.status().as_u16()), (Code::Internal, 500));
        }
    }

    #[test]
    fn only_waiting_problems_name_a_wait() {
        for code in Code::ALL.iter().filter(|code| code.layer() == Layer::Problem) {
            let response = Problem::new(*code).into_response();
            let waits = matches!(response.status().as_u16(), 429 | 503);
            assert_eq!(response.headers().contains_key(RETRY_AFTER), waits, "{code}");
            assert_eq!(response.headers()[CACHE_CONTROL], "no-store");
        }
        let soon = Problem::new(Code::Overloaded).with_retry_after(Duration::from_millis(10));
        assert_eq!(soon.into_response().headers()[RETRY_AFTER], "1");
    }
}
