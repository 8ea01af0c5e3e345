//! Resolution of names under the origin policy: a name that points inside is not called, whatever
//! list it stands in.

use std::net::SocketAddr;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::origin::OriginPolicy;

/// Resolves names and refuses those of whose addresses one may not be called. A name that points
/// both outside and inside is an error or an attack; either way it is not tried.
pub(super) struct PolicedResolver {
    pub(super) policy: OriginPolicy,
}

impl Resolve for PolicedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let policy = self.policy;
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let addresses: Vec<SocketAddr> = found.collect();
            if addresses.iter().all(|address| policy.admits(address.ip())) {
                Ok(Box::new(addresses.into_iter()) as Addrs)
            } else {
                Err(RefusedAddress.into())
            }
        })
    }
}

/// A name led to an address that may not be called.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the name leads to an address that may not be called")]
pub(super) struct RefusedAddress;
