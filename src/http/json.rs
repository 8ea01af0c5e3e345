//! The extractor of JSON bodies: strict, and with the bytes kept, over which `body_sha256` is made.

use axum::body::{Body, Bytes};
use axum::extract::{FromRequest, Request};
use serde::de::DeserializeOwned;

use super::pointer;
use super::problem::Problem;
use crate::base::{Code, limits};
use crate::crypto::json::{self, JsonError};

/// A JSON body read as `T`, with its bytes as they came.
///
/// Rejections: 400 `malformed-request` where it is not one strict JSON document, 422
/// `validation-failed` with a pointer where a member has another type, is missing or unknown.
#[derive(Clone, Debug)]
pub struct StrictJson<T> {
    /// The document.
    pub value: T,
    /// The body, unchanged.
    pub bytes: Bytes,
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for StrictJson<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let bytes = whole(request.into_body()).await?;
        let value = json::from_slice(&bytes).map_err(|error| explain(&error, &bytes))?;
        Ok(Self { value, bytes })
    }
}

/// The route's rules have already read the body within its limit; this only joins the parts.
async fn whole(body: Body) -> Result<Bytes, Problem> {
    axum::body::to_bytes(body, limits::LARGE_BODY_BYTES)
        .await
        .map_err(|_| Problem::new(Code::TooLargeBody))
}

fn explain(error: &JsonError, bytes: &[u8]) -> Problem {
    match error {
        JsonError::Unexpected(message) => unexpected(message, bytes),
        JsonError::Syntax { line, column } => {
            let offset = pointer::offset_of(bytes, *line, *column);
            if let Some(name) = not_a_number(bytes, offset) {
                return Problem::new(Code::ValidationFailed).with_error(
                    pointer::pointer_at(bytes, offset),
                    format!("{name} is no number"),
                );
            }
            Problem::new(Code::MalformedRequest).with_detail(error.to_string())
        }
        JsonError::DuplicateMember | JsonError::NotCanonicalisable | JsonError::TooLarge => {
            Problem::new(Code::MalformedRequest).with_detail(error.to_string())
        }
    }
}

/// Names the member that the JSON reader stumbled on, out of its message.
fn unexpected(message: &str, bytes: &[u8]) -> Problem {
    let (what, place) = message.rsplit_once(" at line ").unwrap_or((message, ""));
    let offset = place
        .split_once(" column ")
        .and_then(|(line, column)| Some((line.parse().ok()?, column.parse().ok()?)))
        .map_or(0, |(line, column)| pointer::offset_of(bytes, line, column));
    let mut member = pointer::pointer_at(bytes, offset);
    if let Some(missing) = what.strip_prefix("missing field `") {
        // Reported at the end of the object that lacks it: replace its last member.
        let object = member.rfind('/').map_or("", |cut| &member[..cut]);
        member = format!("{object}/{}", pointer::escape(missing.trim_end_matches('`')));
    }
    let what: String = what.chars().take(DETAIL_CHARACTERS).collect();
    Problem::new(Code::ValidationFailed).with_error(member, what)
}

/// The non-finite number that stands where JSON has none.
fn not_a_number(bytes: &[u8], offset: usize) -> Option<&'static str> {
    // The reader stops at the first letter that cannot go on, which may be one or two too late.
    let start = offset.saturating_sub(2);
    let near = bytes.get(start..bytes.len().min(offset + 10))?;
    ["NaN", "Infinity"]
        .into_iter()
        .find(|name| near.windows(name.len()).any(|window| window == name.as_bytes()))
}

/// Longest message that is told back; it may quote what the caller sent.
const DETAIL_CHARACTERS: usize = 200;

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    #[allow(dead_code, reason = "read only to see it refused")]
    struct Question {
        plate: String,
        #[serde(default)]
        count: u32,
        #[serde(default)]
        places: Vec<Place>,
    }

    #[derive(Debug, serde::Deserialize)]
    #[allow(dead_code, reason = "read only to see it refused")]
    struct Place {
        name: String,
    }

    async fn read(text: &str) -> Result<StrictJson<Question>, Problem> {
        let request = Request::new(Body::from(text.to_owned()));
        StrictJson::from_request(request, &()).await
    }

    #[tokio::test]
    async fn the_bytes_come_with_the_value() {
        let text = r#"{ "plate" : "京A12345" }"#;
        let read = read(text).await.unwrap();
        assert_eq!((read.value.plate.as_str(), &read.bytes[..]), ("京A12345", text.as_bytes()));
    }

    #[tokio::test]
    async fn ht_21_type_confusion_is_told_by_pointer() {
        for (text, expected) in [
            (r#"{"plate":["x"]}"#, "/plate"),
            (r#"{"plate":null}"#, "/plate"),
            (r#"{"plate":"x","count":-1}"#, "/count"),
            (r#"{"plate":"x","count":18446744073709551616}"#, "/count"),
            (r#"{"plate":"x","count":NaN}"#, "/count"),
            (r#"{"plate":"x","count":Infinity}"#, "/count"),
            (r#"{"plate":"x","places":[{"name":"a"},{"name":7}]}"#, "/places/1/name"),
            (r#"{"plate":"x","places":{}}"#, "/places"),
            (r#"{"count":1}"#, "/plate"),
            ("{\n \"plate\": \"x\",\n \"other\": 1}", "/other"),
        ] {
            let problem = read(text).await.unwrap_err();
            assert_eq!(problem.code(), Code::ValidationFailed, "{text}");
            let body = axum::response::IntoResponse::into_response(problem).into_body();
            let body = whole(body).await.unwrap();
            let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
            assert_eq!(body["errors"][0]["pointer"], expected, "{text}: {body}");
        }
    }

    #[tokio::test]
    async fn what_is_not_one_strict_document_is_malformed() {
        for text in [
            "",
            "{",
            "{}{}",
            "{\"plate\":\"x\",}",
            r#"{"plate":"x","plate":"y"}"#,
            r#"{"plate":"x","pl\u0061te":"y"}"#,
            "<plate>x</plate>",
        ] {
            assert_eq!(read(text).await.unwrap_err().code(), Code::MalformedRequest, "{text}");
        }
    }
}
