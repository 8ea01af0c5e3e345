//! The identifier under which one request is found in the logs of every gateway it passed.
//!
//! A stranger cannot choose it: only a member's `traceparent` is taken (W3C Trace Context §3.2).

use std::fmt;

use axum::http::HeaderMap;

use crate::base::Entropy;

/// A trace identifier: sixteen bytes, never all zero, written as 32 lower-case hex digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TraceId(u128);

impl TraceId {
    /// A new one.
    pub(super) fn generate(entropy: &dyn Entropy) -> Self {
        Self(u128::from_be_bytes(entropy.salt()).max(1))
    }

    /// The one that the request carries, where it carries exactly one of version 00.
    pub(super) fn carried_by(headers: &HeaderMap) -> Option<Self> {
        let mut all = headers.get_all("traceparent").iter();
        let (Some(value), None) = (all.next(), all.next()) else { return None };
        let mut parts = value.to_str().ok()?.split('-');
        let (Some("00"), Some(trace), Some(parent), Some(flags), None) =
            (parts.next(), parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return None;
        };
        (parse_hex(parent, 16)? != 0).then_some(())?;
        parse_hex(flags, 2)?;
        let trace = parse_hex(trace, 32)?;
        (trace != 0).then_some(Self(trace))
    }
}

impl fmt::Display for TraceId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:032x}", self.0)
    }
}

/// Exactly `digits` lower-case hex digits.
fn parse_hex(text: &str, digits: usize) -> Option<u128> {
    let is_canonical =
        text.len() == digits && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    is_canonical.then(|| u128::from_str_radix(text, 16).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn carried(value: &'static str) -> Option<String> {
        let mut headers = HeaderMap::new();
        headers.insert("traceparent", HeaderValue::from_static(value));
        TraceId::carried_by(&headers).map(|trace| trace.to_string())
    }

    #[test]
    fn a_well_formed_traceparent_is_taken() {
        let taken = carried("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
        assert_eq!(taken.as_deref(), Some("0af7651916cd43dd8448eb211c80319c"));
    }

    #[test]
    fn anything_else_is_not() {
        for value in [
            "",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-x",
            "01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "00-0AF7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "00-00000000000000000000000000000000-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
            "00-+af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        ] {
            assert_eq!(carried(value), None, "{value}");
        }
        let mut twice = HeaderMap::new();
        let value = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        twice.append("traceparent", HeaderValue::from_static(value));
        twice.append("traceparent", HeaderValue::from_static(value));
        assert_eq!(TraceId::carried_by(&twice), None);
    }
}
