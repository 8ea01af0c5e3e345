//! What this gateway fetches and asks elsewhere: the hub for trust, members for status lists and
//! answers. Every failure is one of a few, and none is an answer.

use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use serde::Deserialize;

use super::node::Node;
use crate::base::{Code, Layer, ListId, MemberId, limits};
use crate::http::Problem;
use crate::peer::{FetchError, PeerDirectory, PeerRequest};
use crate::trust::Snapshot;

/// The clients of other nodes.
pub(crate) type Outbound = PeerDirectory;

impl Node {
    /// Fetches from a member's federation listener.
    pub(super) async fn fetch_from_member(
        &self,
        snapshot: &Snapshot,
        member: MemberId,
        path: &str,
        most_bytes: usize,
    ) -> Result<Vec<u8>, FetchError> {
        self.outbound.member(snapshot, member)?.fetch(PeerRequest::get(path, most_bytes)).await
    }

    /// Asks a member with a signed request; a refusal of theirs is told on with its own code.
    pub(super) async fn post_to_member(
        &self,
        snapshot: &Snapshot,
        member: MemberId,
        path: &str,
        headers: Vec<(&'static str, String)>,
        body: &[u8],
    ) -> Result<String, Problem> {
        let outcome = self.try_post(snapshot, member, path, headers, body).await;
        let told = outcome.as_ref().map(|_| ()).map_err(Problem::code);
        self.telemetry.peer_asked(member.division(), told);
        outcome
    }

    async fn try_post(
        &self,
        snapshot: &Snapshot,
        member: MemberId,
        path: &str,
        headers: Vec<(&'static str, String)>,
        body: &[u8],
    ) -> Result<String, Problem> {
        let unreachable = |_| Problem::new(Code::IssuerProvinceUnreachable);
        let mut request = PeerRequest::post(path, body.to_vec(), limits::LARGE_BODY_BYTES);
        request.headers = header_map(headers)?;
        let client = self.outbound.member(snapshot, member).map_err(unreachable)?;
        let answer = client.send(request).await.map_err(unreachable)?;
        if answer.status == StatusCode::OK {
            return String::from_utf8(answer.bytes).map_err(|_| Problem::new(Code::AnswerMismatch));
        }
        Err(told_on(&answer.bytes))
    }

    /// Publishes this province's list at the hub and returns what the hub says of its entries.
    pub(super) async fn put_list_at_hub(
        &self,
        list: Vec<u8>,
    ) -> Result<serde_json::Value, Problem> {
        self.remember_own_list(&list).await.map_err(|error| super::node::unavailable(&error))?;
        let unreachable = |_| Problem::new(Code::IssuerProvinceUnreachable);
        let snapshot = self.trust.snapshot();
        let division = self.settings.member.division();
        let newest = snapshot.state().newest(ListId::Province(division));
        let held = newest.map_or(0, |header| header.named.sequence);
        let path = format!("/v1/members/{division}/list");
        let mut request = PeerRequest::post(&path, list, limits::BODY_BYTES);
        request.method = reqwest::Method::PUT;
        request.headers = header_map(vec![
            ("content-type", "application/jose+json".to_owned()),
            ("if-match", format!("\"{held}\"")),
        ])?;
        let client = self.outbound.hub(&snapshot).map_err(unreachable)?;
        let answer = client.send(request).await.map_err(unreachable)?;
        if answer.status.is_success() {
            serde_json::from_slice(&answer.bytes).map_err(|_| Problem::new(Code::AnswerMismatch))
        } else {
            Err(told_on(&answer.bytes))
        }
    }
}

/// The other gateway's refusal in our own words: its code, when it is one that a caller may hear,
/// and the members that it points at. Its texts are not told on.
fn told_on(bytes: &[u8]) -> Problem {
    #[derive(Deserialize)]
    struct Refusal {
        code: Code,
        #[serde(default)]
        errors: Vec<Wrong>,
    }
    #[derive(Deserialize)]
    struct Wrong {
        pointer: String,
    }
    let refusal = match crate::crypto::json::from_slice::<Refusal>(bytes) {
        Ok(refusal) if refusal.code.layer() == Layer::Problem => refusal,
        _ => return Problem::new(Code::IssuerProvinceUnreachable),
    };
    let is_pointer = |text: &String| {
        text.starts_with('/')
            && text.len() <= POINTER_BYTES
            && text.bytes().all(|byte| byte.is_ascii_graphic())
    };
    let pointers = refusal.errors.into_iter().map(|wrong| wrong.pointer).filter(is_pointer);
    pointers.take(POINTERS).fold(Problem::new(refusal.code), |problem, pointer| {
        problem.with_error(pointer, "the issuing province does not take it")
    })
}

fn header_map(headers: Vec<(&'static str, String)>) -> Result<HeaderMap, Problem> {
    let mut map = HeaderMap::new();
    map.insert("content-type", HeaderValue::from_static("application/json"));
    for (name, value) in headers {
        let value = HeaderValue::try_from(value).map_err(|_| Problem::new(Code::Internal))?;
        map.insert(HeaderName::from_static(name), value);
    }
    Ok(map)
}

/// The longest pointer that is told on, and the most of them: what the other side says is not
/// trusted to be short.
const POINTER_BYTES: usize = 128;
const POINTERS: usize = 16;
