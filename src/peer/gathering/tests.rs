//! What is asked for again of a node's suspension orders, and what is not.

use std::sync::{Mutex, PoisonError};

use super::*;
use crate::base::Division;
use crate::crypto::Digest;
use crate::crypto::jws::GeneralJws;
use crate::trust::testing::{Federation, Identity};
use crate::trust::{SuspensionClaims, order_vote};

/// A node that shows orders under a tag, and what was heard of it.
struct Shown {
    token: String,
    now: Timestamp,
    /// `None`: they are those of the tag that was told.
    orders: Option<Vec<Vec<u8>>>,
    taken: Mutex<Vec<String>>,
    asked: Mutex<Vec<String>>,
}

impl TrustReader for Shown {
    async fn fetch(&self, path: &str, _: usize) -> Result<Vec<u8>, FetchError> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).push(path.to_owned());
        match path {
            "/v1/freshness" => Ok(self.token.clone().into_bytes()),
            _ => Err(FetchError::NotFound),
        }
    }

    async fn fetch_if_changed(&self, _: &str, _: usize) -> Result<Option<Tagged>, FetchError> {
        let Some(orders) = &self.orders else { return Ok(None) };
        let texts: Vec<&str> =
            orders.iter().map(|order| std::str::from_utf8(order).unwrap()).collect();
        let text = format!("{{\"orders\":[{}]}}", texts.join(","));
        Ok(Some((text.into_bytes(), Some("\"a tag\"".to_owned()))))
    }

    fn took_all(&self, tag: String) {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner).push(tag);
    }

    fn now(&self) -> Timestamp {
        self.now
    }

    fn is_hub(&self) -> bool {
        true
    }

    fn refused(&self, _: Option<ListId>, _: UpdateRefusal) {}
    fn not_fetched(&self, _: Option<ListId>, _: &FetchError) {}
    fn odd(&self, _: Code, _: &str) {}
    fn doubt_time(&self, _: Timestamp) {}
}

fn order(federation: &Federation, name: &str, signer: &Identity) -> Vec<u8> {
    let claims = SuspensionClaims {
        iat: federation.now.into(),
        jti: name.to_owned(),
        member: "120000".parse::<Division>().unwrap().member(),
        target: None,
        reason: String::new(),
    };
    let payload = claims.to_payload().unwrap();
    let mut document = GeneralJws::unsigned(payload.clone());
    let vote = order_vote(&signer.key, &signer.certificate, &payload, federation.now);
    document.add(vote.unwrap());
    document.to_bytes().unwrap()
}

/// What becomes of `state` at a node that shows `orders`: how many are held, how many were taken,
/// the tags that were kept, and which paths were asked for.
async fn gathered(
    federation: &mut Federation,
    state: &TrustState,
    orders: Option<Vec<Vec<u8>>>,
) -> (TrustState, usize, usize, Vec<String>) {
    let shown = Shown {
        token: federation.freshness(),
        now: federation.now,
        orders,
        taken: Mutex::default(),
        asked: Mutex::default(),
    };
    let gathered = gather_trust(state.clone(), &shown).await;
    let brought = gathered.taken.iter().filter(|update| matches!(update, Fetched::Order(_)));
    let brought = brought.count();
    let tags = shown.taken.into_inner().unwrap().len();
    (gathered.state, brought, tags, shown.asked.into_inner().unwrap())
}

#[tokio::test]
async fn orders_are_read_again_until_every_one_of_them_was_taken() {
    let mut federation = Federation::new(Timestamp::from_unix_seconds(1_800_000_000));
    let state = federation.state();
    let own = &federation.province("120000").list;
    let good: Vec<Vec<u8>> = (0..3).map(|n| order(&federation, &format!("{n}"), own)).collect();
    let forged = order(&federation, "forged", &federation.province("130000").list);

    let mixed = [good.clone(), vec![forged]].concat();
    let (held, brought, tags, _) = gathered(&mut federation, &state, Some(mixed)).await;
    assert_eq!((held.orders().iter().count(), brought), (3, 3), "one bad one keeps none out");
    assert_eq!(tags, 0, "what was refused may be good next time");
    let (held, brought, tags, _) = gathered(&mut federation, &held, Some(good.clone())).await;
    assert_eq!((held.orders().iter().count(), brought, tags), (3, 0, 1), "all are held");
    let (fresh, brought, tags, _) = gathered(&mut federation, &state, Some(good)).await;
    assert_eq!((fresh.orders().iter().count(), brought, tags), (3, 3, 1));

    // Whoever says that nothing changed is asked for what the statement names, all the same.
    let missing = Digest::of("an order that nobody brings");
    federation.orders = vec![missing];
    let (same, brought, tags, asked) = gathered(&mut federation, &fresh, None).await;
    assert_eq!((same.orders().iter().count(), brought, tags), (3, 0, 0));
    assert!(asked.contains(&format!("/v1/suspensions/{missing}")), "{asked:?}");
}
