//! Where trust is fetched from: the hub, or any other member, which carry the same documents. None
//! of them is believed because of what it is.

use std::time::Duration;

use reqwest::StatusCode;
use reqwest::header::{HeaderValue, IF_NONE_MATCH};

use super::node::Node;
use crate::base::{MemberId, limits};
use crate::peer::{FetchError, PeerClient, PeerRequest, Tagged};
use crate::trust::UpdateRefusal;

/// A node that serves trust.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Source {
    Hub,
    Member(MemberId),
}

impl Source {
    /// Whether a refusal of what it serves is worth an alarm. Another member may simply be behind.
    pub(super) const fn is_alarming(self, refusal: UpdateRefusal) -> bool {
        match self {
            Self::Hub => true,
            Self::Member(_) => !matches!(
                refusal,
                UpdateRefusal::Rollback | UpdateRefusal::Freeze | UpdateRefusal::WrongSigner
            ),
        }
    }

    const fn deadline(self) -> Duration {
        match self {
            Self::Hub => limits::OUTBOUND_DEADLINE,
            Self::Member(_) => PEER_DEADLINE,
        }
    }
}

impl Node {
    pub(super) fn client_of(
        &self,
        source: Source,
    ) -> Result<std::sync::Arc<PeerClient>, FetchError> {
        let snapshot = self.trust.snapshot();
        Ok(match source {
            Source::Hub => self.outbound.hub(&snapshot)?,
            Source::Member(member) => self.outbound.member(&snapshot, member)?,
        })
    }

    /// Fetches a document of trust, unless it is the one that the source knows by `known`.
    pub(super) async fn fetch_unless(
        &self,
        source: Source,
        path: &str,
        most_bytes: usize,
        known: Option<&str>,
    ) -> Result<Option<Tagged>, FetchError> {
        let mut request = PeerRequest::get(path, most_bytes);
        request.deadline = Some(source.deadline());
        let known = known.and_then(|tag| HeaderValue::try_from(tag).ok());
        let is_asked = known.is_some();
        request.headers.extend(known.map(|tag| (IF_NONE_MATCH, tag)));
        let answer = self.client_of(source)?.send(request).await?;
        if is_asked && answer.status == StatusCode::NOT_MODIFIED {
            return Ok(None);
        }
        let tag = answer.etag.clone();
        Ok(Some((answer.whole()?, tag)))
    }

    /// Fetches a document of trust.
    pub(super) async fn fetch_from(
        &self,
        source: Source,
        path: &str,
        most_bytes: usize,
    ) -> Result<Vec<u8>, FetchError> {
        let mut request = PeerRequest::get(path, most_bytes);
        request.deadline = Some(source.deadline());
        self.client_of(source)?.fetch(request).await
    }
}

/// Time for one document from another member: there are others to ask.
const PEER_DEADLINE: Duration = Duration::from_secs(3);
