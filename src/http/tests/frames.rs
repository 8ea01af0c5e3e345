//! HTTP/2 by the frame: what only a hostile peer sends.

use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

use super::stand::Stand;

const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const GOAWAY: u8 = 7;
const CONTINUATION: u8 = 9;
const END_STREAM_AND_HEADERS: u8 = 5;
const END_STREAM: u8 = 1;

/// A frame of RFC 9113 §4.1.
fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    let mut bytes = length[1..].to_vec();
    bytes.extend([kind, flags]);
    bytes.extend(stream.to_be_bytes());
    bytes.extend(payload);
    bytes
}

/// `GET /v1/slow` in HPACK: indexed fields, then literals without indexing.
fn header_block(stand: &Stand) -> Vec<u8> {
    let mut block = vec![0x82, 0x87, 0x04, 8];
    block.extend(b"/v1/slow");
    let authority = format!("localhost:{}", stand.address.port());
    block.extend([0x01, u8::try_from(authority.len()).unwrap()]);
    block.extend(authority.as_bytes());
    block
}

/// An HTTP/2 connection after the preface.
async fn connect(stand: &Stand) -> TlsStream<TcpStream> {
    let mut config = (*stand.client).clone();
    config.alpn_protocols = vec![b"h2".to_vec()];
    let mut stream = stand.connect_as(Arc::new(config)).await;
    stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await.unwrap();
    stream.write_all(&frame(SETTINGS, 0, 0, &[])).await.unwrap();
    stream
}

/// The error code of the GOAWAY with which the connection ends; none when it just ends.
async fn goodbye(stream: &mut (impl AsyncReadExt + Unpin)) -> Option<u32> {
    let reading = async {
        let mut code = None;
        loop {
            let mut head = [0; 9];
            if stream.read_exact(&mut head).await.is_err() {
                return code;
            }
            let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
            let mut payload = vec![0; usize::try_from(length).unwrap()];
            if stream.read_exact(&mut payload).await.is_err() {
                return code;
            }
            if head[3] == GOAWAY {
                code = Some(u32::from_be_bytes(payload[4..8].try_into().unwrap()));
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(10), reading).await.expect("the connection ends")
}

#[tokio::test]
async fn ht_01_rapid_resets_end_the_connection() {
    let stand = Stand::public().await;
    let stream = connect(&stand).await;
    let block = header_block(&stand);
    let (mut reader, mut writer) = tokio::io::split(stream);
    let flood = tokio::spawn(async move {
        let mut sent = 0;
        for number in 0..100_000_u32 {
            let id = 2 * number + 1;
            let mut frames = frame(HEADERS, END_STREAM_AND_HEADERS, id, &block);
            frames.extend(frame(RST_STREAM, 0, id, &8_u32.to_be_bytes()));
            if writer.write_all(&frames).await.is_err() {
                break;
            }
            sent += 1;
        }
        sent
    });
    let code = goodbye(&mut reader).await;
    assert!(flood.await.unwrap() < 100_000, "cut before the end of the flood");
    assert!(matches!(code, None | Some(11)), "ENHANCE_YOUR_CALM, if anything: {code:?}");
    assert_eq!(stand.ask("GET /v1/trace", &[], "").await.status, 200, "others are served");
}

#[tokio::test]
async fn ht_02_a_flood_of_continuations_ends_the_connection() {
    let stand = Stand::public().await;
    let stream = connect(&stand).await;
    let block = header_block(&stand);
    let (mut reader, mut writer) = tokio::io::split(stream);
    let flood = tokio::spawn(async move {
        let _ = writer.write_all(&frame(HEADERS, END_STREAM, 1, &block)).await;
        // A literal field of a name and a value of one letter each.
        let part = frame(CONTINUATION, 0, 1, &[0, 1, b'x', 1, b'y']);
        let mut sent = 0;
        while sent < 100_000 && writer.write_all(&part).await.is_ok() {
            sent += 1;
        }
        sent
    });
    let _ = goodbye(&mut reader).await;
    assert!(flood.await.unwrap() < 100_000, "cut before the end of the flood");
}
