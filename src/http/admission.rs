//! The form of a request, judged before anybody looks at what it asks: lengths, counts, authority,
//! and a path that means one thing only.

use axum::http::header::{CONTENT_ENCODING, HOST, ORIGIN};
use axum::http::request::Parts;
use axum::http::uri::Authority;
use axum::http::{HeaderMap, HeaderValue};

use super::problem::Problem;
use crate::base::{Code, limits};

/// Whether browsers may call across origins; never, where a client certificate speaks for them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Origins {
    Any,
    OwnOnly,
}

/// The authorities under which a listener answers.
#[derive(Clone, Debug)]
pub(super) struct Authorities(Vec<String>);

impl Authorities {
    pub(super) fn new(names: impl IntoIterator<Item = String>) -> Self {
        Self(names.into_iter().map(|name| canonical_authority(&name)).collect())
    }

    fn holds(&self, name: &str) -> bool {
        let name = canonical_authority(name);
        self.0.contains(&name)
    }
}

/// Refuses a request whose form alone is wrong. `sni` is the name asked for in the handshake.
pub(super) fn check(
    request: &Parts,
    authorities: &Authorities,
    sni: Option<&str>,
    origins: Origins,
) -> Result<(), Problem> {
    let target = request.uri.path_and_query().map_or(0, |target| target.as_str().len());
    if target > limits::URI_BYTES {
        return Err(Problem::new(Code::UriTooLong));
    }
    check_size(&request.headers)?;
    check_authority(request, authorities, sni)?;
    check_origin(&request.headers, authorities, origins)?;
    if !is_canonical_path(request.uri.path()) {
        return Err(Problem::new(Code::NotFound));
    }
    let is_plain = |value: &HeaderValue| value.as_bytes().eq_ignore_ascii_case(b"identity");
    if !request.headers.get_all(CONTENT_ENCODING).iter().all(is_plain) {
        return Err(Problem::new(Code::UnsupportedMediaType)
            .with_detail("bodies are taken without content encoding"));
    }
    Ok(())
}

fn check_size(headers: &HeaderMap) -> Result<(), Problem> {
    // A line adds a colon, a space and its end to name and value.
    let size: usize =
        headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum();
    if headers.len() > limits::HEADER_COUNT || size > limits::HEADER_BYTES {
        return Err(Problem::new(Code::HeadersTooLarge));
    }
    Ok(())
}

/// One authority, ours, and the one that the handshake was for (RFC 9110 §7.4).
fn check_authority(
    request: &Parts,
    authorities: &Authorities,
    sni: Option<&str>,
) -> Result<(), Problem> {
    let malformed = || Problem::new(Code::MalformedRequest).with_detail("one Host is needed");
    let mut hosts = request.headers.get_all(HOST).iter();
    let host = match (hosts.next(), hosts.next()) {
        (Some(host), None) => Some(host.to_str().map_err(|_| malformed())?),
        (None, _) => None,
        (Some(_), Some(_)) => return Err(malformed()),
    };
    let target = request.uri.authority().map(Authority::as_str);
    let named = target.or(host).ok_or_else(malformed)?;
    let agrees = |other: &str| canonical_authority(other) == canonical_authority(named);
    if !host.is_none_or(agrees) {
        return Err(malformed());
    }
    let is_for_handshake = sni.is_none_or(|name| host_part(named).eq_ignore_ascii_case(name));
    if authorities.holds(named) && is_for_handshake {
        Ok(())
    } else {
        Err(Problem::new(Code::Misdirected))
    }
}

fn check_origin(
    headers: &HeaderMap,
    authorities: &Authorities,
    origins: Origins,
) -> Result<(), Problem> {
    let is_own = |value: &HeaderValue| {
        let origin = value.to_str().ok().and_then(|origin| origin.strip_prefix("https://"));
        origin.is_some_and(|authority| authorities.holds(authority))
    };
    match origins {
        Origins::OwnOnly if !headers.get_all(ORIGIN).iter().all(is_own) => {
            Err(Problem::new(Code::RoleNotAllowed)
                .with_detail("pages of other origins may not call this listener"))
        }
        Origins::Any | Origins::OwnOnly => Ok(()),
    }
}

/// Whether every reader of the path sees the same segments: none empty, none of dots, and nothing
/// escaped that would change where a segment begins or ends.
fn is_canonical_path(path: &str) -> bool {
    let Some(rest) = path.strip_prefix('/') else { return false };
    rest.is_empty() || rest.split('/').all(is_canonical_segment)
}

fn is_canonical_segment(segment: &str) -> bool {
    if matches!(segment, "" | "." | "..") || segment.contains([';', '\\']) {
        return false;
    }
    let mut rest = segment.as_bytes();
    while let Some(at) = rest.iter().position(|byte| *byte == b'%') {
        let digits = rest.get(at + 1..at + 3).and_then(|digits| std::str::from_utf8(digits).ok());
        let byte = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok());
        if byte.is_none_or(|byte| byte.is_ascii_control() || b"%./;\\".contains(&byte)) {
            return false;
        }
        rest = rest.get(at + 3..).unwrap_or_default();
    }
    true
}

/// Lower case and without the port of `https`.
fn canonical_authority(name: &str) -> String {
    let name = name.to_ascii_lowercase();
    name.strip_suffix(":443").map_or_else(|| name.clone(), str::to_owned)
}

fn host_part(authority: &str) -> &str {
    authority
        .rsplit_once(':')
        .filter(|(_, port)| port.bytes().all(|byte| byte.is_ascii_digit()))
        .map_or(authority, |(host, _)| host)
}

#[cfg(test)]
mod tests {
    use axum::http::Request;

    use super::*;

    fn code(uri: &str, headers: &[(&str, &str)], sni: Option<&str>) -> Option<Code> {
        let mut request = Request::builder().uri(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let (parts, ()) = request.body(()).unwrap().into_parts();
        let authorities = Authorities::new(["A.example".to_owned(), "b.example:8443".to_owned()]);
        check(&parts, &authorities, sni, Origins::OwnOnly).err().map(|problem| problem.code())
    }

    #[test]
    fn ht_18_the_authority_is_one_and_ours() {
        let host = |name| [("host", name)];
        assert_eq!(code("/", &host("a.example"), None), None);
        assert_eq!(code("/", &host("A.EXAMPLE:443"), Some("a.example")), None);
        assert_eq!(code("/", &host("b.example:8443"), Some("b.example")), None);
        assert_eq!(code("https://a.example/", &[], None), None);
        for (uri, headers) in [
            ("/", &[][..]),
            ("/", &[("host", "a.example"), ("host", "a.example")]),
            ("https://a.example/", &[("host", "b.example:8443")]),
        ] {
            assert_eq!(code(uri, headers, None), Some(Code::MalformedRequest));
        }
        for name in ["c.example", "a.example:8443", "b.example", "a.example.", ""] {
            assert_eq!(code("/", &host(name), None), Some(Code::Misdirected), "{name}");
        }
        let absolute = code("https://c.example/", &[], None);
        assert_eq!(absolute, Some(Code::Misdirected));
    }

    #[test]
    fn tls_09_the_handshake_was_for_the_same_name() {
        let host = [("host", "a.example")];
        assert_eq!(code("/", &host, Some("b.example")), Some(Code::Misdirected));
    }

    #[test]
    fn ht_28_pages_of_other_origins_are_refused() {
        let from = |origin| [("host", "a.example"), ("origin", origin)];
        assert_eq!(code("/", &from("https://a.example"), None), None);
        for origin in ["https://evil.example", "http://a.example", "null", ""] {
            assert_eq!(code("/", &from(origin), None), Some(Code::RoleNotAllowed), "{origin}");
        }
    }

    #[test]
    fn ht_16_a_path_means_one_thing_only() {
        for path in ["/", "/v1/a", "/v1/consent-requests:batch", "/v1/%E4%BA%AC", "/a...b"] {
            assert!(is_canonical_path(path), "{path}");
        }
        for path in [
            "",
            "*",
            "//",
            "//v1",
            "/v1//a",
            "/v1/",
            "/./v1",
            "/v1/..",
            "/v1/../metrics",
            "/v1/%2e%2e/metrics",
            "/v1/%2E./metrics",
            "/v1%2fa",
            "/v1/%252e%252e/a",
            "/v1/a;b=c",
            "/v1/a%3bb",
            "/v1/a%00",
            "/v1/a%0d%0a",
            "/v1/a\\b",
            "/v1/a%5cb",
            "/v1/a%",
            "/v1/a%zz",
            "/v1/a%2",
        ] {
            assert!(!is_canonical_path(path), "{path}");
        }
    }
}
