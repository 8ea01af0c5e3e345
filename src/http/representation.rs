//! Signed documents of the federation as they are served: in general or compact serialisation,
//! plain or gzipped, with validators that let a reader ask again for nothing.
//!
//! Public documents alone: compressing what is secret tells its content by its length.

use std::collections::VecDeque;
use std::io::Write as _;
use std::sync::{Mutex, PoisonError};

use axum::body::{Body, Bytes};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, HeaderName, IF_NONE_MATCH, VARY,
};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::Response;
use flate2::Compression;
use flate2::write::GzEncoder;

use super::negotiation::{admits_gzip, preferred};
use super::problem::Problem;
use crate::base::{Code, Timestamp};
use crate::crypto::Digest;
use crate::crypto::jws::GeneralJws;

/// A signed document in general JSON form (RFC 7515 §7.2.1).
#[derive(Clone, Debug)]
pub struct SignedDocument {
    text: String,
    has_compact_form: bool,
    is_immutable: bool,
}

impl SignedDocument {
    /// The version of a list that is in force now: a reader asks each time whether it still is.
    #[must_use]
    pub const fn newest_list(text: String) -> Self {
        Self { text, has_compact_form: true, is_immutable: false }
    }

    /// A version of a list by its number: for ever the same.
    #[must_use]
    pub const fn list_version(text: String) -> Self {
        Self { text, has_compact_form: true, is_immutable: true }
    }

    /// A root by its number: for ever the same, and worth nothing without all its signatures.
    #[must_use]
    pub const fn root(text: String) -> Self {
        Self { text, has_compact_form: false, is_immutable: true }
    }

    /// The bytes in the form that `headers` ask for. A reader that wants neither form is given the
    /// general one: it may still know what to do with it (RFC 9110 §12.4.1).
    fn form(self, headers: &HeaderMap) -> (&'static str, Bytes) {
        let wants_compact = self.has_compact_form && preferred(headers, &FORMS) == Some(COMPACT);
        let compact = || GeneralJws::parse(self.text.as_bytes()).ok()?.first_compact();
        match wants_compact.then(compact).flatten() {
            Some(compact) => (COMPACT, compact.into()),
            None => (GENERAL, self.text.into()),
        }
    }
}

/// Serves documents, and keeps what it compressed: each version is compressed once.
#[derive(Debug, Default)]
pub struct Representations {
    compressed: Mutex<VecDeque<(Digest, Bytes)>>,
}

impl Representations {
    /// The answer that shows `document` to a reader who sent `headers`: 200, or 304 without a body
    /// to one who has this very representation.
    #[must_use]
    pub fn show(&self, document: SignedDocument, headers: &HeaderMap) -> Response {
        let cache = if document.is_immutable { IMMUTABLE } else { "no-cache" };
        let (media_type, plain) = document.form(headers);
        let digest = Digest::of(&plain);
        let gzip = admits_gzip(headers);
        let tag = if gzip { format!("\"{digest}-gzip\"") } else { format!("\"{digest}\"") };
        let known = is_known(headers, &tag);
        let mut response = Response::new(match (known, gzip) {
            (true, _) => Body::empty(),
            (false, true) => Body::from(self.compressed(digest, &plain)),
            (false, false) => Body::from(plain),
        });
        let fields = response.headers_mut();
        let mut say = |name: HeaderName, value: &'static str| {
            fields.insert(name, HeaderValue::from_static(value));
        };
        say(CACHE_CONTROL, cache);
        say(VARY, "Accept, Accept-Encoding");
        if !known {
            say(CONTENT_TYPE, media_type);
        }
        if gzip && !known {
            say(CONTENT_ENCODING, "gzip");
        }
        if let Ok(tag) = HeaderValue::try_from(tag) {
            fields.insert(ETAG, tag);
        }
        if known {
            *response.status_mut() = StatusCode::NOT_MODIFIED;
        }
        response
    }

    /// Bytes that are kept compressed.
    #[cfg(test)]
    pub(super) fn kept_bytes(&self) -> usize {
        let kept = self.compressed.lock().unwrap_or_else(PoisonError::into_inner);
        kept.iter().map(|(_, bytes)| bytes.len()).sum()
    }

    fn compressed(&self, digest: Digest, plain: &[u8]) -> Bytes {
        let lock = || self.compressed.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, bytes)) = lock().iter().find(|(kept, _)| *kept == digest) {
            return bytes.clone();
        }
        let bytes = Bytes::from(gzip(plain));
        let mut kept = lock();
        if kept.iter().all(|(known, _)| *known != digest) {
            kept.push_back((digest, bytes.clone()));
        }
        while kept.iter().map(|(_, bytes)| bytes.len()).sum::<usize>() > MOST_KEPT {
            kept.pop_front();
        }
        bytes
    }
}

/// Whether the reader says that it has the representation `tag` (RFC 9110 §13.1.2). Weak tags
/// compare as strong ones here.
pub(super) fn is_known(headers: &HeaderMap, tag: &str) -> bool {
    let fields = headers.get_all(IF_NONE_MATCH).iter().filter_map(|field| field.to_str().ok());
    fields.flat_map(|field| field.split(',')).map(str::trim).any(|candidate| {
        candidate == "*" || candidate.strip_prefix("W/").unwrap_or(candidate) == tag
    })
}

fn gzip(plain: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    // Writing to memory does not fail.
    let _ = encoder.write_all(plain);
    encoder.finish().unwrap_or_default()
}

/// The instant that a query string asks for as `at`, when it does.
pub fn instant_asked(query: Option<&str>) -> Result<Option<Timestamp>, Problem> {
    let wrong = |detail: &str| Problem::new(Code::ValidationFailed).with_error("/at", detail);
    let members = query.unwrap_or_default().split('&');
    let mut values = members.filter_map(|member| match member.split_once('=') {
        Some((name, value)) => (name == "at").then_some(value),
        None => (member == "at").then_some(""),
    });
    let Some(value) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        return Err(wrong("stands twice"));
    }
    // Of the characters of an instant only the colon is ever sent encoded.
    let text = value.replace("%3A", ":").replace("%3a", ":");
    text.parse().map(Some).map_err(|_| wrong("an instant must be written YYYY-MM-DDThh:mm:ssZ"))
}

const GENERAL: &str = "application/jose+json";
const COMPACT: &str = "application/jose";
/// The first is what a reader without preference is given.
const FORMS: [&str; 2] = [GENERAL, COMPACT];
const IMMUTABLE: &str = "public, max-age=31536000, immutable";
/// Bytes of compressed documents kept: the lists in force of 32 provinces many times over.
const MOST_KEPT: usize = 8 * 1024 * 1024;
