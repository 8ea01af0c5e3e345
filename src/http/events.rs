//! Server-sent events: a stream that says "there is news" and never what it is, so that whoever
//! listens fetches and judges for itself.

use std::convert::Infallible;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use tokio::sync::watch;
use tokio::time::Instant;

/// Where a node says that something changed, and everybody who listens hears it.
#[derive(Clone, Debug)]
pub struct News(watch::Sender<u64>);

impl Default for News {
    fn default() -> Self {
        Self(watch::Sender::new(0))
    }
}

impl News {
    /// Says that something changed.
    pub fn tell(&self) {
        self.0.send_modify(|count| *count = count.saturating_add(1).min(CLOSED - 1));
    }

    /// Ends every stream: the node is about to stop.
    pub fn close(&self) {
        self.0.send_replace(CLOSED);
    }

    /// Resolves when something changed after this was called.
    pub async fn next(&self) {
        let mut receiver = self.0.subscribe();
        // An error means that nobody can tell any more.
        let _ = receiver.changed().await;
    }

    /// A stream of events called `name`: one at once, then one for each change or several that
    /// came close together, with a comment in between when it is quiet. It ends after
    /// [`STREAM_LIFE`]; who listens comes back, and is judged anew.
    #[must_use]
    pub fn stream(&self, name: &'static str) -> Response {
        let mut receiver = self.0.subscribe();
        receiver.mark_changed();
        let listener = Listener { receiver, name, end: Instant::now() + STREAM_LIFE };
        let parts = stream::unfold(listener, |mut listener| async move {
            let part = listener.next().await?;
            Some((Ok::<_, Infallible>(Bytes::from(part)), listener))
        });
        let headers = [(CONTENT_TYPE, "text/event-stream"), (CACHE_CONTROL, "no-store")];
        (headers, Body::from_stream(parts)).into_response()
    }
}

/// One listener of a stream.
struct Listener {
    receiver: watch::Receiver<u64>,
    name: &'static str,
    end: Instant,
}

impl Listener {
    async fn next(&mut self) -> Option<String> {
        if Instant::now() >= self.end {
            return None;
        }
        match tokio::time::timeout(QUIET, self.receiver.changed()).await {
            Err(_) => Some(": quiet\n\n".to_owned()),
            Ok(Err(_)) => None,
            Ok(Ok(())) => match *self.receiver.borrow_and_update() {
                CLOSED => None,
                count => Some(format!("event: {}\nid: {count}\ndata: {{}}\n\n", self.name)),
            },
        }
    }
}

/// Life of one stream: within it a change of trust ends no stream, so it is short.
pub const STREAM_LIFE: Duration = Duration::from_mins(5);
/// Time after which a quiet stream shows that it is alive; half of what proxies wait.
const QUIET: Duration = Duration::from_secs(15);
/// No count ever reaches it.
const CLOSED: u64 = u64::MAX;

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt as _;

    use super::*;

    async fn part(body: &mut Body) -> Option<String> {
        let frame = body.frame().await?.unwrap().into_data().unwrap();
        Some(String::from_utf8(frame.to_vec()).unwrap())
    }

    #[tokio::test]
    async fn a_listener_hears_once_at_once_and_then_of_every_change() {
        let news = News::default();
        let mut body = news.stream("trust").into_body();
        assert!(part(&mut body).await.unwrap().starts_with("event: trust\n"));
        news.tell();
        news.tell();
        let told = part(&mut body).await.unwrap();
        assert!(told.contains("id: 2\n"), "{told}");
        news.close();
        assert_eq!(part(&mut body).await, None);
        assert_eq!(part(&mut news.stream("trust").into_body()).await, None, "it is closed");
    }

    #[tokio::test]
    async fn a_stream_ends_with_its_life_though_there_is_news() {
        let news = News::default();
        let listener = |end| Listener { receiver: news.0.subscribe(), name: "trust", end };
        news.tell();
        assert_eq!(listener(Instant::now()).next().await, None);
        let mut alive = listener(Instant::now() + STREAM_LIFE);
        alive.receiver.mark_changed();
        assert!(alive.next().await.is_some());
    }
}
