//! What a request may look like.

use tokio::io::AsyncWriteExt;

use super::stand::{Answer, Stand};
use crate::base::limits;

const JSON: &str = "Content-Type: application/json";

/// A JSON string that is `size` bytes long with its quotes.
fn document(size: usize) -> String {
    format!("\"{}\"", "x".repeat(size - 2))
}

#[tokio::test]
async fn ht_12_a_body_at_its_limit_is_taken_and_one_byte_more_is_not() {
    let stand = Stand::public().await;
    let exact = document(limits::BODY_BYTES);
    let answer = stand.ask("POST /v1/echo", &[JSON], &exact).await;
    assert_eq!((answer.status, answer.body.len()), (200, limits::BODY_BYTES));
    let over = document(limits::BODY_BYTES + 1);
    let answer = stand.ask("POST /v1/echo", &[JSON], &over).await;
    assert_eq!((answer.status, answer.problem().as_str()), (413, "too-large-body"));
    let answer = stand.ask("POST /v1/large", &[JSON], &over).await;
    assert_eq!(answer.status, 200);
    // The same without an announced length.
    let chunk = format!("{:x}\r\n{over}\r\n0\r\n\r\n", over.len());
    let headers = [JSON, "Transfer-Encoding: chunked", "Content-Length-Is: unknown"];
    let mut stream = stand.connect().await;
    let request = stand.request("POST /v1/echo", &headers, "") + &chunk;
    let _ = stream.write_all(request.as_bytes()).await;
    assert_eq!(Answer::read(&mut stream).await.problem(), "too-large-body");
}

#[tokio::test]
async fn ht_12_an_announced_length_that_is_a_lie_is_refused() {
    let stand = Stand::public().await;
    let answer = stand.ask("POST /v1/echo", &[JSON, "Content-Length: 99999999999"], "{}").await;
    assert_eq!(answer.problem(), "too-large-body");
    for length in ["-1", "+2", "2, 3", "0x2", "18446744073709551616"] {
        let header = format!("Content-Length: {length}");
        let answer = stand.ask("POST /v1/echo", &[JSON, &header], "{}").await;
        assert_eq!(answer.status, 400, "{length}");
    }
    // Announced more than is sent, then silence.
    let answer = stand.ask("POST /v1/body", &[JSON, "Content-Length: 9"], "{}").await;
    assert_eq!(answer.problem(), "deadline-exceeded");
    // Announced more than is sent, then the end.
    let mut stream = stand.connect().await;
    let request = stand.request("POST /v1/echo", &[JSON, "Content-Length: 9"], "{}");
    stream.write_all(request.as_bytes()).await.unwrap();
    stream.shutdown().await.unwrap();
    assert_eq!(Answer::read(&mut stream).await.problem(), "malformed-request");
}

#[tokio::test]
async fn ht_07_ambiguous_framing_is_refused() {
    let stand = Stand::public().await;
    for headers in [
        &["Content-Length: 2", "Content-Length: 3"][..],
        &["Transfer-Encoding: chunked, identity", "Content-Length: 2"],
        &["Transfer-Encoding: gzip"],
        &["X-Folded: a\r\n b"],
        &["X Bad: 1"],
    ] {
        let answer = stand.ask("POST /v1/echo", headers, "{}").await;
        assert_eq!(answer.status, 400, "{headers:?}");
    }
}

#[tokio::test]
async fn ht_13_content_encodings_are_refused() {
    let stand = Stand::public().await;
    for coding in ["gzip", "br", "deflate", "identity, gzip", "x"] {
        let header = format!("Content-Encoding: {coding}");
        let answer = stand.ask("POST /v1/echo", &[JSON, &header], "{}").await;
        assert_eq!((answer.status, answer.problem().as_str()), (415, "unsupported-media-type"));
    }
    let answer = stand.ask("POST /v1/echo", &[JSON, "Content-Encoding: identity"], "{}").await;
    assert_eq!(answer.status, 200);
}

#[tokio::test]
async fn ht_14_other_media_types_are_refused() {
    let stand = Stand::public().await;
    let entity = "<!DOCTYPE a [<!ENTITY b SYSTEM \"file:///etc/hostname\">]><a>&b;</a>";
    for headers in [
        &["Content-Type: application/xml"][..],
        &["Content-Type: text/xml; charset=utf-8"],
        &["Content-Type: multipart/form-data; boundary=b"],
        &["Content-Type: application/json; charset=utf-16"],
        &["Content-Type: application/jsonx"],
        &["Content-Type: text/plain"],
        &["Content-Type: application/json", "Content-Type: application/xml"],
        &["Content-Type:"],
        &[],
    ] {
        let answer = stand.ask("POST /v1/echo", headers, entity).await;
        assert_eq!((answer.status, answer.problem().as_str()), (415, "unsupported-media-type"));
    }
    let lists = ["Content-Type: application/jose+json"];
    assert_eq!(stand.ask("POST /v1/list", &lists, "{}").await.status, 200);
    assert_eq!(stand.ask("POST /v1/list", &[JSON], "{}").await.status, 415);
    assert_eq!(stand.ask("POST /v1/list", &[], "").await.status, 200, "no body needs no type");
    let spelt = ["Content-Type: Application/JSON; charset=UTF-8"];
    assert_eq!(stand.ask("POST /v1/echo", &spelt, "{}").await.status, 200);
}

#[tokio::test]
async fn ht_16_a_path_has_one_reading() {
    let stand = Stand::public().await;
    for path in [
        "/v1/../v1/slow",
        "/v1/./slow",
        "//v1/slow",
        "/v1//slow",
        "/v1/slow/",
        "/v1/%2e%2e/slow",
        "/v1/%252e%252e/slow",
        "/v1%2fslow",
        "/v1/slow;x=1",
        "/v1/slow%00",
        "/V1/slow",
    ] {
        let answer = stand.ask(&format!("GET {path}"), &[], "").await;
        assert_eq!((answer.status, answer.problem().as_str()), (404, "not-found"), "{path}");
    }
}

#[tokio::test]
async fn ht_19_headers_and_targets_have_limits() {
    let stand = Stand::public().await;
    let many = |count: usize| (0..count).map(|n| format!("X-{n}: 1")).collect::<Vec<_>>();
    let ask = async |headers: &[String]| {
        let headers: Vec<_> = headers.iter().map(String::as_str).collect();
        stand.ask("GET /v1/trace", &headers, "").await
    };
    // The Host is one of the 64.
    assert_eq!(ask(&many(63)).await.status, 200);
    let answer = ask(&many(64)).await;
    assert_eq!((answer.status, answer.problem().as_str()), (431, "headers-too-large"));
    assert_eq!(ask(&many(65)).await.status, 431);
    assert_eq!(ask(&many(500)).await.status, 431);
    let filled = |size: usize| [format!("X-Filler: {}", "x".repeat(size))];
    assert_eq!(ask(&filled(limits::HEADER_BYTES - 100)).await.status, 200);
    let answer = ask(&filled(limits::HEADER_BYTES)).await;
    assert_eq!((answer.status, answer.problem().as_str()), (431, "headers-too-large"));
    assert_eq!(ask(&filled(200_000)).await.status, 431);
    let target = |size: usize| format!("GET /v1/trace?{}", "x".repeat(size - "/v1/trace?".len()));
    assert_eq!(stand.ask(&target(limits::URI_BYTES), &[], "").await.status, 200);
    let answer = stand.ask(&target(limits::URI_BYTES + 1), &[], "").await;
    assert_eq!((answer.status, answer.problem().as_str()), (414, "uri-too-long"));
}

#[tokio::test]
async fn ht_23_routes_of_other_listeners_do_not_exist() {
    let stand = Stand::public().await;
    for path in ["/metrics", "/admin", "/healthz", "/v1/operator/stop"] {
        let answer = stand.ask(&format!("GET {path}"), &[], "").await;
        assert_eq!((answer.status, answer.problem().as_str()), (404, "not-found"), "{path}");
    }
    for method in ["GET", "POST", "DELETE"] {
        let answer = stand.ask(&format!("{method} /v1/disclosures"), &[], "").await;
        let told = (answer.status, answer.problem());
        assert_eq!(told, (401, "client-certificate-required".to_owned()));
    }
}

#[tokio::test]
async fn another_method_is_told_which_ones_there_are() {
    let stand = Stand::public().await;
    for method in ["POST", "DELETE", "TRACE", "OPTIONS", "FOO"] {
        let answer = stand.ask(&format!("{method} /v1/slow"), &[], "").await;
        assert_eq!((answer.status, answer.problem().as_str()), (405, "method-not-allowed"));
        assert!(answer.head.contains("allow: get,head"), "{answer:?}");
    }
}

#[tokio::test]
async fn ht_18_a_request_for_another_authority_is_misdirected() {
    let stand = Stand::public().await;
    let port = stand.address.port();
    for (head, expected) in [
        ("Host: evil.example".to_owned(), 421),
        ("Host: localhost".to_owned(), 421),
        // Ours, but not the name of the handshake (TLS-09).
        (format!("Host: 127.0.0.1:{port}"), 421),
        (format!("Host: localhost:{port}\r\nHost: localhost:{port}"), 400),
        ("X-No-Host: 1".to_owned(), 400),
    ] {
        let mut stream = stand.connect().await;
        let request = format!("GET /v1/trace HTTP/1.1\r\n{head}\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        assert_eq!(Answer::read(&mut stream).await.status, expected, "{head}");
    }
    let answer = stand.ask("GET https://evil.example/v1/trace", &[], "").await;
    assert!(matches!(answer.status, 400 | 421), "{answer:?}");
}

#[tokio::test]
async fn problems_speak_the_language_that_is_asked_for() {
    let stand = Stand::public().await;
    for (asked, spoken) in [("es-MX, en", "es"), ("fr, zh-Hans;q=0.5", "zh-CN"), ("京", "en")] {
        let header = format!("Accept-Language: {asked}");
        let answer = stand.ask("GET /nowhere?secret=1", &[&header], "").await;
        assert_eq!(answer.problem(), "not-found");
        let expected = format!("content-language: {}", spoken.to_ascii_lowercase());
        assert!(answer.head.contains(&expected), "{answer:?}");
        assert_eq!(answer.json()["instance"], "/nowhere");
        assert_eq!(answer.json()["retryable"], false);
    }
}
