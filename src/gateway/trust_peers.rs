//! Trust from other members: each refresh asks some of them for what the hub may hold back, and
//! an order that came in here is carried on, once.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;

use super::node::Node;
use super::trust_refresh::RefreshError;
use super::trust_source::Source;
use crate::base::{Entropy as _, MemberId, Timestamp};
use crate::peer::{Fetched, PeerRequest};
use crate::trust::{Freshness, HeldOrder, ServiceStatus, SignedOrder, Standing};

impl Node {
    /// Refreshes trust once, from the hub and from some of the other members.
    pub(super) async fn refresh_trust(&self) -> Result<(), RefreshError> {
        let mut swept = self.trust.refreshing.lock().await;
        let outcome = self.refresh_from(Source::Hub).await;
        // A refresh that failed shows at once; one province's bad list is that province's matter.
        self.trust.tell_hub(outcome.as_ref().err().is_none_or(RefreshError::is_of_lists));
        if let Err(error) = &outcome {
            tracing::warn!(code = %error.code(), %error, "trust was not refreshed from the hub");
        }
        for member in self.some_members() {
            self.hear(Source::Member(member)).await;
        }
        self.settle_origins().await;
        self.forget_what_ended(&mut swept).await;
        outcome
    }

    /// Refreshes trust from one source that said there is news, beside whatever refresh is under
    /// way: a hub that is silent must not keep waiting what a member has.
    pub(super) async fn refresh_on_news(&self, source: Source) {
        let outcome = self.hear(source).await;
        if source == Source::Hub {
            self.trust.tell_hub(outcome);
        }
    }

    /// Takes what `source` has; whether it was to be had.
    async fn hear(&self, source: Source) -> bool {
        match tokio::time::timeout(HEARING, self.refresh_from(source)).await {
            Ok(Ok(())) => true,
            Ok(Err(error)) if error.is_of_lists() => true,
            Ok(Err(error)) => {
                tracing::debug!(?source, code = %error.code(), %error, "nothing taken");
                false
            }
            Err(_) => false,
        }
    }

    /// A few of the other members that take part, in an order that differs each time.
    fn some_members(&self) -> Vec<MemberId> {
        let mut members = self.other_members();
        let mut shuffled = Vec::new();
        while !members.is_empty() && shuffled.len() < PEERS_PER_REFRESH {
            let mut byte = [0];
            self.entropy.fill(&mut byte);
            shuffled.push(members.swap_remove(usize::from(byte[0]) % members.len()));
        }
        shuffled
    }

    /// Every other member that takes part.
    pub(super) fn other_members(&self) -> Vec<MemberId> {
        let snapshot = self.trust.snapshot();
        let others = snapshot.members().map(|member| member.id);
        let others = others.filter(|member| *member != self.settings.member);
        others.filter(|member| snapshot.status_of(*member) == ServiceStatus::Granted).collect()
    }

    /// Of keys that two members list: learns from the hub's archive whose they were first.
    async fn settle_origins(&self) {
        let contested: Vec<_> = self.trust.snapshot().contested().collect();
        for (key, member) in contested {
            let path = format!("/v1/lists/{}?key={key}", member.division());
            let first = self.fetch_from(Source::Hub, &path, ANSWER).await.ok();
            let first = first.and_then(|bytes| serde_json::from_slice::<FirstListed>(&bytes).ok());
            let Some(first) = first else { continue };
            let path = format!("/v1/lists/{}/{}", member.division(), first.sequence);
            let most = crate::base::limits::TRUST_LIST_BYTES;
            let Ok(bytes) = self.fetch_from(Source::Hub, &path, most).await else { continue };
            if let Err(error) = self.apply(&[Fetched::Origin(bytes)]).await {
                tracing::warn!(code = %error.code(), "the origin of a key was not kept");
            }
        }
    }

    /// Takes an order from whoever brings it. Whether it was news; what is news is carried on.
    pub(super) async fn take_order(
        self: &Arc<Self>,
        bytes: &[u8],
    ) -> Result<SignedOrder, RefreshError> {
        let order = SignedOrder::parse(bytes)?;
        let standing = || {
            let snapshot = self.trust.snapshot();
            snapshot.state().orders().get(order.sha256()).map(HeldOrder::standing)
        };
        let before: Option<Standing> = standing();
        let outcomes = self.apply(&[Fetched::Order(bytes.to_vec())]).await?;
        outcomes.into_iter().collect::<Result<Vec<()>, _>>()?;
        if standing() != before && self.settings.push {
            self.carry_on(bytes);
        }
        Ok(order)
    }

    /// Brings an order to the hub and to every other member, once. Who is away gets it by asking.
    fn carry_on(self: &Arc<Self>, order: &[u8]) {
        let mut sources: Vec<Source> =
            self.other_members().into_iter().map(Source::Member).collect();
        sources.push(Source::Hub);
        let (node, order) = (Arc::clone(self), order.to_vec());
        tokio::spawn(async move {
            let mut carrying = JoinSet::new();
            for source in sources {
                let (node, order) = (Arc::clone(&node), order.clone());
                carrying.spawn(async move { node.bring(source, order).await });
            }
            while carrying.join_next().await.is_some() {}
        });
    }

    async fn bring(&self, source: Source, order: Vec<u8>) {
        let Ok(client) = self.client_of(source) else { return };
        let mut request = PeerRequest::post("/v1/suspensions", order, ANSWER);
        let kind = reqwest::header::HeaderValue::from_static("application/jose+json");
        request.headers.insert("content-type", kind);
        request.deadline = Some(CARRYING);
        if let Err(error) = client.send(request).await {
            tracing::debug!(?source, %error, "an order was not carried on");
        }
    }

    /// Lets the store forget by the time that the hub signed, never by this machine's clock. Also
    /// after a refresh that failed in part: one province's bad list must not fill the store.
    async fn forget_what_ended(&self, swept: &mut Option<Timestamp>) {
        let snapshot = self.trust.snapshot();
        let Some(issued) = snapshot.state().freshness().map(Freshness::issued) else { return };
        if swept.is_some_and(|swept| issued.since(swept) < SWEEP_INTERVAL) {
            return;
        }
        match self.store.sweep(issued).await {
            Ok(()) => *swept = Some(issued),
            Err(error) => tracing::warn!(code = %error.code(), %error, "nothing was forgotten"),
        }
    }
}

/// Where a key first stood in a member's list.
#[derive(serde::Deserialize)]
struct FirstListed {
    sequence: u64,
}

/// Other members asked in one refresh: with a third of them honest, an order that one of them has
/// reaches everybody within a few refreshes, and it is carried on besides.
const PEERS_PER_REFRESH: usize = 5;
/// Time for all that one source has to say.
const HEARING: Duration = Duration::from_secs(20);
/// Time to bring an order to one node.
const CARRYING: Duration = Duration::from_secs(3);
/// Bytes of a short answer.
const ANSWER: usize = 16 * 1024;
/// Sweeping walks indexes, so it is not done for every freshness statement.
const SWEEP_INTERVAL: Duration = Duration::from_mins(1);
