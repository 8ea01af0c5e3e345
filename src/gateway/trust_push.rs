//! Listening for news: streams of the hub and of a few members, each of which only says that there
//! is something to fetch. Polling goes on beside it, so a silent stream delays nothing for long.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::node::Node;
use super::pacing::{StreamPace, draw};
use super::trust_source::Source;

/// Listens to the hub for as long as the gateway is up.
pub(super) async fn listen_to_hub(node: Arc<Node>) {
    let mut pace = StreamPace::default();
    loop {
        let began = Instant::now();
        listen(&node, Source::Hub).await;
        pace.ended(began.elapsed());
        tokio::time::sleep(pace.pause(draw(&node.entropy))).await;
    }
}

/// Listens to the member that is the `place`-th after this one in the order of codes.
pub(super) async fn listen_to_member(node: Arc<Node>, place: usize) {
    let mut pace = StreamPace::default();
    loop {
        let began = Instant::now();
        let members = node.other_members();
        let after = members.partition_point(|member| *member < node.settings.member);
        let chosen = members.len().checked_sub(place + 1).map(|_| (after + place) % members.len());
        if let Some(member) = chosen.and_then(|chosen| members.get(chosen)) {
            listen(&node, Source::Member(*member)).await;
            pace.ended(began.elapsed());
        }
        tokio::time::sleep(pace.pause(draw(&node.entropy))).await;
    }
}

/// Follows one stream to its end.
async fn listen(node: &Arc<Node>, source: Source) {
    let Ok(client) = node.client_of(source) else { return };
    let Ok(mut stream) = client.listen("/v1/trust-events").await else { return };
    while let Some(part) = stream.next().await {
        if part.windows(EVENT.len()).any(|window| window == EVENT) {
            node.refresh_on_news(source).await;
            // Whoever floods us with news is heard a few times a second.
            tokio::time::sleep(BREATH).await;
        }
    }
}

/// How an event begins; comments in between begin otherwise.
const EVENT: &[u8] = b"event:";
const BREATH: Duration = Duration::from_millis(200);
