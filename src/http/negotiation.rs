//! What a reader prefers, by its `Accept` and `Accept-Encoding` (RFC 9110 §12.5).

use axum::http::HeaderMap;
use axum::http::header::{ACCEPT, ACCEPT_ENCODING, HeaderName};

/// The one of `offers` that the reader likes best, the earlier one where it likes two alike.
/// `None` when it admits none; without a field that can be read it admits all.
pub(super) fn preferred<'o>(headers: &HeaderMap, offers: &[&'o str]) -> Option<&'o str> {
    let ranges = weighted(headers, ACCEPT);
    if ranges.is_empty() {
        return offers.first().copied();
    }
    let mut best: Option<(u16, &str)> = None;
    for offer in offers {
        let weight = weight_of(&ranges, offer);
        if weight > 0 && best.is_none_or(|(held, _)| weight > held) {
            best = Some((weight, offer));
        }
    }
    best.map(|(_, offer)| offer)
}

/// Whether the reader can read gzip: it says so, or says that it reads anything.
pub(super) fn admits_gzip(headers: &HeaderMap) -> bool {
    let codings = weighted(headers, ACCEPT_ENCODING);
    let weight = |name: &str| codings.iter().find(|(known, _)| known == name).map(|(_, q)| *q);
    weight("gzip").or_else(|| weight("x-gzip")).or_else(|| weight("*")).is_some_and(|q| q > 0)
}

/// The weight of `media_type` under the most exact range that covers it.
fn weight_of(ranges: &[(String, u16)], media_type: &str) -> u16 {
    let kind = media_type.split('/').next().unwrap_or_default();
    let whole_kind = format!("{kind}/*");
    [media_type, &whole_kind, "*/*"]
        .iter()
        .find_map(|range| ranges.iter().find(|(known, _)| known == range))
        .map_or(0, |(_, weight)| *weight)
}

/// The items of a field with their weights in thousandths; an item whose weight is none is left
/// out.
fn weighted(headers: &HeaderMap, field: HeaderName) -> Vec<(String, u16)> {
    let texts = headers.get_all(field).into_iter().filter_map(|value| value.to_str().ok());
    texts.flat_map(|text| text.split(',')).filter_map(weighted_item).collect()
}

fn weighted_item(item: &str) -> Option<(String, u16)> {
    let mut parts = item.split(';').map(str::trim);
    let name = parts.next().filter(|name| !name.is_empty())?.to_ascii_lowercase();
    let quality = parts.find_map(|part| {
        let (key, value) = part.split_once('=')?;
        key.trim().eq_ignore_ascii_case("q").then(|| value.trim())
    });
    Some((name, quality.map_or(Some(1_000), thousandths)?))
}

/// `0`, `1`, or either with up to three digits behind the point.
fn thousandths(quality: &str) -> Option<u16> {
    let (whole, fraction) = quality.split_once('.').unwrap_or((quality, ""));
    if fraction.len() > 3 || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let fraction: u16 = format!("{fraction:0<3}").parse().ok()?;
    match (whole, fraction) {
        ("0", _) => Some(fraction),
        ("1", 0) => Some(1_000),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn prefers(accept: &[&str]) -> Option<&'static str> {
        let mut headers = HeaderMap::new();
        for line in accept {
            headers.append(ACCEPT, HeaderValue::try_from(*line).unwrap());
        }
        preferred(&headers, &["application/jose+json", "application/jose"])
    }

    #[test]
    fn the_better_liked_form_wins_and_the_first_one_in_doubt() {
        let (general, compact) = (Some("application/jose+json"), Some("application/jose"));
        for (accept, expected) in [
            (&[][..], general),
            (&["*/*"], general),
            (&["application/*"], general),
            (&["application/jose+json"], general),
            (&["application/jose"], compact),
            (&["Application/JOSE"], compact),
            (&["application/jose, application/jose+json"], general),
            (&["application/jose", "application/jose+json;q=0.999"], compact),
            (&["application/jose;q=0.5, */*;q=0.4"], compact),
            (&["application/jose;q=0.5, */*"], general),
            (&["application/jose+json;q=0, */*"], compact),
            (&["application/jose;v=1;q=1.000 , */* ; Q=0.1"], compact),
            (&["application/json"], None),
            (&["text/*, application/jose;q=0"], None),
            // What cannot be read is as if it were not there.
            (&["application/jose;q=2"], general),
            (&["application/jose;q=0.1234, application/jose+json;q=x"], general),
            (&["application/jose;q=-1, text/html"], None),
        ] {
            assert_eq!(prefers(accept), expected, "{accept:?}");
        }
    }

    #[test]
    fn gzip_is_sent_to_those_who_ask_for_it_alone() {
        let admits = |value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(ACCEPT_ENCODING, HeaderValue::try_from(value).unwrap());
            admits_gzip(&headers)
        };
        for value in ["gzip", "br, GZIP;q=0.1", "*", "identity, x-gzip", "gzip;q=1.0, *;q=0"] {
            assert!(admits(value), "{value}");
        }
        for value in ["", "identity", "br", "gzip;q=0", "*;q=0", "gzip;q=0.000, *", "gzipped"] {
            assert!(!admits(value), "{value}");
        }
        assert!(!admits_gzip(&HeaderMap::new()));
    }
}
