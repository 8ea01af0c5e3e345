//! The limits of one route: size and type of the body, and the time for the whole.
//!
//! The body is read whole, within its limits, before the route's own code runs.

use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use axum::http::{HeaderMap, Method};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http_body_util::{BodyExt, LengthLimitError, Limited};

use super::gate::Stopped;
use super::problem::Problem;
use crate::base::{Code, limits};

/// A content type that a route may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MediaType {
    /// `application/x-www-form-urlencoded`: forms of pages, and OID4VP `direct_post`.
    Form,
    /// `image/jpeg`: the picture of a code.
    Jpeg,
    /// `application/jose`: a compact JWS.
    Jose,
    /// `application/jose+json`: a JWS in JSON serialisation, such as a trust list.
    JoseJson,
    /// `application/json`.
    Json,
    /// `application/jwt`.
    Jwt,
    /// `image/png`: the picture of a code.
    Png,
    /// `text/plain`: checkpoints of a log.
    Text,
}

impl MediaType {
    /// The name as it stands in `Content-Type`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Form => "application/x-www-form-urlencoded",
            Self::Jpeg => "image/jpeg",
            Self::Jose => "application/jose",
            Self::JoseJson => "application/jose+json",
            Self::Json => "application/json",
            Self::Jwt => "application/jwt",
            Self::Png => "image/png",
            Self::Text => "text/plain",
        }
    }
}

/// The limits of one route.
#[derive(Clone, Copy, Debug)]
pub struct RouteRules {
    body_bytes: usize,
    body_deadline: Duration,
    deadline: Duration,
    media_types: &'static [MediaType],
    open_to_the_stopped: bool,
}

impl RouteRules {
    /// For what an officer waits for at the roadside: 2 s.
    #[must_use]
    pub const fn enforcement() -> Self {
        Self::within(limits::ENFORCEMENT_DEADLINE)
    }

    /// For business requests, and whatever else is not named: 15 s.
    #[must_use]
    pub const fn business() -> Self {
        Self::within(limits::BUSINESS_DEADLINE)
    }

    /// For operators' requests: 30 s.
    #[must_use]
    pub const fn operator() -> Self {
        Self::within(limits::OPERATOR_DEADLINE)
    }

    /// JSON bodies of the default size, answered within `deadline`, counted from the whole request.
    #[must_use]
    pub const fn within(deadline: Duration) -> Self {
        Self {
            body_bytes: limits::BODY_BYTES,
            body_deadline: limits::BODY_DEADLINE,
            deadline,
            media_types: &[MediaType::Json],
            open_to_the_stopped: false,
        }
    }

    /// The same for lists, batches and pictures: bodies up to 4 MiB.
    #[must_use]
    pub const fn with_large_body(mut self) -> Self {
        self.body_bytes = limits::LARGE_BODY_BYTES;
        self
    }

    /// The same with other content types than JSON.
    #[must_use]
    pub const fn taking(mut self, media_types: &'static [MediaType]) -> Self {
        self.media_types = media_types;
        self
    }

    /// The same, also for a caller that is known and stopped: for the documents of trust, by which
    /// it learns that it was restored.
    #[must_use]
    pub const fn open_to_the_stopped(mut self) -> Self {
        self.open_to_the_stopped = true;
        self
    }

    /// The same with another time for the body to arrive.
    #[must_use]
    pub const fn with_body_deadline(mut self, deadline: Duration) -> Self {
        self.body_deadline = deadline;
        self
    }

    fn check_media_type(&self, headers: &HeaderMap) -> Result<(), Problem> {
        let mut all = headers.get_all(CONTENT_TYPE).iter();
        let (Some(value), None) = (all.next(), all.next()) else {
            return Err(self.unsupported());
        };
        let value = value.to_str().map_err(|_| self.unsupported())?;
        let mut parts = value.split(';').map(str::trim);
        let essence = parts.next().unwrap_or_default();
        let is_taken =
            self.media_types.iter().any(|taken| taken.as_str().eq_ignore_ascii_case(essence));
        let is_unicode = parts.all(|parameter| {
            parameter.eq_ignore_ascii_case("charset=utf-8")
                || parameter.eq_ignore_ascii_case("charset=\"utf-8\"")
        });
        if is_taken && is_unicode { Ok(()) } else { Err(self.unsupported()) }
    }

    fn unsupported(&self) -> Problem {
        let taken: Vec<_> = self.media_types.iter().map(|taken| taken.as_str()).collect();
        Problem::new(Code::UnsupportedMediaType).with_detail(format!("taken: {}", taken.join(", ")))
    }

    async fn read(&self, headers: &HeaderMap, body: Body) -> Result<Bytes, Problem> {
        let announced = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok());
        let announced = announced.and_then(|value| value.parse::<u64>().ok());
        if announced.is_some_and(|length| length > self.body_bytes as u64) {
            return Err(Problem::new(Code::TooLargeBody));
        }
        let reading = Limited::new(body, self.body_bytes).collect();
        match tokio::time::timeout(self.body_deadline, reading).await {
            Ok(Ok(body)) => Ok(body.to_bytes()),
            Ok(Err(error)) if error.is::<LengthLimitError>() => {
                Err(Problem::new(Code::TooLargeBody))
            }
            Ok(Err(_)) => Err(Problem::new(Code::MalformedRequest)
                .with_detail("the body ended before its announced length, or was not readable")),
            Err(_) => Err(Problem::new(Code::DeadlineExceeded)),
        }
    }
}

/// Holds a request to the rules of its route.
pub(super) async fn enforce(
    State(rules): State<RouteRules>,
    request: Request,
    next: Next,
) -> Response {
    let (parts, body) = request.into_parts();
    if let Some(Stopped(code)) = parts.extensions.get()
        && !rules.open_to_the_stopped
    {
        return Problem::new(*code).into_response();
    }
    let takes_body = matches!(parts.method, Method::POST | Method::PUT | Method::PATCH);
    if takes_body
        && parts.headers.contains_key(CONTENT_TYPE)
        && let Err(problem) = rules.check_media_type(&parts.headers)
    {
        return problem.into_response();
    }
    let body = match rules.read(&parts.headers, body).await {
        Ok(body) => body,
        Err(problem) => return problem.into_response(),
    };
    // A body without a type; a request without either is fine (`POST …/revoke`).
    if takes_body && !body.is_empty() && !parts.headers.contains_key(CONTENT_TYPE) {
        return rules.unsupported().into_response();
    }
    let answer = next.run(Request::from_parts(parts, Body::from(body)));
    tokio::time::timeout(rules.deadline, answer)
        .await
        .unwrap_or_else(|_| Problem::new(Code::DeadlineExceeded).into_response())
}
