//! Lists as they are served: which form, which encoding, which validator, and what is cached.

use std::io::Read as _;

use axum::body::{Bytes, to_bytes};
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::response::Response;
use flate2::read::GzDecoder;

use crate::base::{Code, ListId, Timestamp};
use crate::crypto::Signer as _;
use crate::crypto::jws::{Compact, Typ};
use crate::http::{Representations, SignedDocument, instant_asked};
use crate::trust::lote::SignedList;
use crate::trust::testing::Federation;

fn federation() -> Federation {
    Federation::new("2026-11-22T08:00:00Z".parse().unwrap())
}

/// A list under three signatures.
fn list(federation: &Federation) -> String {
    String::from_utf8(federation.served(ListId::Federation).to_vec()).unwrap()
}

fn sent(fields: &[(&'static str, &str)]) -> HeaderMap {
    let field = |(name, value): &(&'static str, &str)| {
        (HeaderName::from_static(name), HeaderValue::try_from(*value).unwrap())
    };
    fields.iter().map(field).collect()
}

fn told<'r>(response: &'r Response, name: &str) -> &'r str {
    response.headers().get(name).map_or("", |value| value.to_str().unwrap())
}

async fn body(response: Response) -> Bytes {
    to_bytes(response.into_body(), usize::MAX).await.unwrap()
}

const COMPACT: (&str, &str) = ("accept", "application/jose");
const GZIP: (&str, &str) = ("accept-encoding", "gzip");

#[tokio::test]
async fn the_general_form_with_all_signatures_is_what_everybody_gets() {
    let text = list(&federation());
    let representations = Representations::default();
    for accept in ["", "*/*", "application/jose+json", "application/*", "text/html", "image/*;q=x"]
    {
        let headers = if accept.is_empty() { sent(&[]) } else { sent(&[("accept", accept)]) };
        let response = representations.show(SignedDocument::newest_list(text.clone()), &headers);
        assert_eq!(response.status(), 200, "{accept}");
        assert_eq!(told(&response, "content-type"), "application/jose+json", "{accept}");
        assert_eq!(told(&response, "vary"), "Accept, Accept-Encoding");
        assert_eq!(told(&response, "content-encoding"), "");
        assert_eq!(body(response).await, text);
    }
}

#[tokio::test]
async fn a_compact_list_verifies_and_is_no_list_of_ours_to_read() {
    let federation = federation();
    let text = list(&federation);
    let representations = Representations::default();
    let document = SignedDocument::newest_list(text.clone());
    let response = representations.show(document, &sent(&[COMPACT]));
    assert_eq!(told(&response, "content-type"), "application/jose");
    let compact = String::from_utf8(body(response).await.to_vec()).unwrap();
    let payload = SignedList::parse(text.as_bytes()).unwrap().signatures().payload().to_vec();
    let read = Compact::parse(&compact).unwrap();
    let key = federation.operators[0].key.public_key();
    assert_eq!(read.verify(key, Typ::List).unwrap(), payload);
    assert!(read.verify(federation.operators[1].key.public_key(), Typ::List).is_err());
    assert!(SignedList::parse(compact.as_bytes()).is_err(), "one signature is not three");
}

#[tokio::test]
async fn what_cannot_be_made_compact_and_a_root_are_served_as_they_are() {
    let representations = Representations::default();
    for text in ["", "{}", "not json", r#"{"payload":"e30","signatures":[]}"#] {
        let document = SignedDocument::newest_list(text.to_owned());
        let response = representations.show(document, &sent(&[COMPACT]));
        assert_eq!(told(&response, "content-type"), "application/jose+json");
        assert_eq!(body(response).await, text);
    }
    let root = String::from_utf8(federation().signed_root()).unwrap();
    let response = representations.show(SignedDocument::root(root.clone()), &sent(&[COMPACT]));
    assert_eq!(told(&response, "content-type"), "application/jose+json");
    assert!(told(&response, "cache-control").contains("immutable"));
    assert_eq!(body(response).await, root);
}

#[tokio::test]
async fn gzip_goes_to_those_who_ask_for_it_and_says_the_same() {
    let text = list(&federation());
    let representations = Representations::default();
    let show = |fields: &[(&'static str, &str)]| {
        representations.show(SignedDocument::newest_list(text.clone()), &sent(fields))
    };
    let mut packed = Vec::new();
    for _ in 0..2 {
        let response = show(&[GZIP]);
        assert_eq!(told(&response, "content-encoding"), "gzip");
        packed.push(body(response).await);
    }
    assert_eq!(packed[0], packed[1]);
    assert!(packed[0].len() < text.len());
    let mut plain = String::new();
    GzDecoder::new(&packed[0][..]).read_to_string(&mut plain).unwrap();
    assert_eq!(plain, text);
    for refusal in ["identity", "gzip;q=0", "br"] {
        let response = show(&[("accept-encoding", refusal)]);
        assert_eq!(told(&response, "content-encoding"), "", "{refusal}");
        assert_eq!(body(response).await, text);
    }
}

#[tokio::test]
async fn each_representation_has_its_own_tag_and_is_not_sent_twice() {
    let mut federation = federation();
    let old = list(&federation);
    federation.publish(ListId::Federation);
    let new = list(&federation);
    let representations = Representations::default();
    let mut tags = Vec::new();
    for text in [&old, &new] {
        for form in [&[][..], &[COMPACT], &[GZIP], &[COMPACT, GZIP]] {
            let show = |more: &[(&'static str, &str)]| {
                let document = SignedDocument::newest_list(text.clone());
                representations.show(document, &sent(&[form, more].concat()))
            };
            let tag = told(&show(&[]), "etag").to_owned();
            assert!(tag.starts_with('"') && tag.ends_with('"') && tag.len() > 40, "{tag}");
            for known in [tag.clone(), format!("W/{tag}"), format!("\"x\", {tag}"), "*".to_owned()]
            {
                let response = show(&[("if-none-match", &known)]);
                assert_eq!(response.status(), 304, "{known}");
                assert_eq!(told(&response, "etag"), tag);
                assert_eq!(told(&response, "vary"), "Accept, Accept-Encoding");
                assert_eq!(told(&response, "cache-control"), "no-cache");
                for absent in ["content-type", "content-encoding"] {
                    assert_eq!(told(&response, absent), "");
                }
                assert!(body(response).await.is_empty());
            }
            for other in tags.iter().chain([&"\"x\"".to_owned(), &tag.replace('"', "")]) {
                let response = show(&[("if-none-match", other)]);
                assert_eq!(response.status(), 200, "{other} is not {tag}");
            }
            tags.push(tag);
        }
    }
    tags.sort_unstable();
    tags.dedup();
    assert_eq!(tags.len(), 8);
}

#[test]
fn a_numbered_version_is_kept_for_ever_and_the_newest_is_asked_for_again() {
    let text = list(&federation());
    let representations = Representations::default();
    let show = |document| {
        let response = representations.show(document, &sent(&[]));
        told(&response, "cache-control").to_owned()
    };
    assert_eq!(show(SignedDocument::newest_list(text.clone())), "no-cache");
    let lasting = show(SignedDocument::list_version(text));
    assert_eq!(lasting, "public, max-age=31536000, immutable");
}

#[tokio::test]
async fn many_versions_do_not_fill_the_memory() {
    let representations = Representations::default();
    let mut noise: u64 = 1;
    for _ in 0..24 {
        let text: String = (0..1_000_000)
            .map(|_| {
                noise = noise.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                char::from(b' ' + u8::try_from(noise >> 58).unwrap())
            })
            .collect();
        let response = representations.show(SignedDocument::newest_list(text), &sent(&[GZIP]));
        assert!(!body(response).await.is_empty());
    }
    assert!(representations.kept_bytes() <= 8 * 1024 * 1024);
    assert!(representations.kept_bytes() > 1024 * 1024);
}

#[test]
fn an_instant_is_asked_for_once_and_in_full() {
    let instant: Timestamp = "2026-11-22T08:00:00Z".parse().unwrap();
    for query in
        ["at=2026-11-22T08:00:00Z", "at=2026-11-22T08%3A00%3a00Z", "x=1&at=2026-11-22T08:00:00Z&y"]
    {
        assert_eq!(instant_asked(Some(query)).unwrap(), Some(instant), "{query}");
    }
    for query in [None, Some(""), Some("att=1"), Some("key=at&x=at")] {
        assert_eq!(instant_asked(query).unwrap(), None, "{query:?}");
    }
    for query in [
        "at",
        "at=",
        "at=now",
        "at=2026-11-22",
        "at=2026-11-22T08:00:00+08:00",
        "at=2026-11-22T08:00:00.5Z",
        "at=2026-02-30T08:00:00Z",
        "at=2026-11-22T08:00:00Z&at=2026-11-22T08:00:00Z",
    ] {
        let problem = instant_asked(Some(query)).unwrap_err();
        assert_eq!((problem.code(), problem.status().as_u16()), (Code::ValidationFailed, 422));
        assert_eq!(problem.errors()[0].pointer, "/at", "{query}");
    }
}
