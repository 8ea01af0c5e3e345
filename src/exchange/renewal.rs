//! A client's new key, stated by its old one: by this every province knows that a grant that was
//! given to the old key may be used with the new, and needs to take nobody's word for it.

use serde::{Deserialize, Serialize};

use super::{ExchangeRefusal, Registration};
use crate::base::{NumericDate, Timestamp};
use crate::crypto::jws::{Compact, Header, Typ, sign_compact};
use crate::crypto::{Digest, Jwk, PublicKey, SealError, Signer};
use crate::identity::ClientName;

/// The statement that one key of a client is followed by another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Renewal {
    /// The client's name in its certificate.
    pub client: String,
    /// When it was stated.
    pub iat: NumericDate,
    /// The key that states it.
    pub previous: Jwk,
    /// SHA-256 of the key that follows.
    pub next_spki: Digest,
}

impl Renewal {
    /// States that the client `name`, whose key is `old`, goes on with the key `next`.
    pub fn sign(
        old: &dyn Signer,
        name: &ClientName,
        next: Digest,
        now: Timestamp,
    ) -> Result<String, SealError> {
        let claims = Self {
            client: name.to_string(),
            iat: now.into(),
            previous: Jwk::of(old.public_key()),
            next_spki: next,
        };
        sign_compact(old, Header::new(Typ::ClientRenewal), &claims)
    }

    /// Verifies that `previous`, the key of the client `name`, named `next` as its successor.
    pub fn open(
        token: &str,
        name: &ClientName,
        previous: &PublicKey,
        next: Digest,
    ) -> Result<Self, ExchangeRefusal> {
        let claims: Self = Compact::parse(token)?.open(previous, Typ::ClientRenewal)?;
        let stated = claims.previous.public_key().ok();
        let agrees = claims.client == name.to_string()
            && claims.next_spki == next
            && stated.is_some_and(|key| key.spki_digest() == previous.spki_digest());
        if agrees { Ok(claims) } else { Err(ExchangeRefusal::SignatureInvalid) }
    }
}

impl Registration {
    /// The keys from which the client's own was renewed, newest first, each proven by the
    /// signature of the key before. One that proves nothing makes the whole statement unsound.
    pub fn renewed_from(&self) -> Result<Vec<Digest>, ExchangeRefusal> {
        if self.renewals.len() > MOST_RENEWALS {
            return Err(ExchangeRefusal::SignatureInvalid);
        }
        if self.renewals.is_empty() {
            return Ok(Vec::new());
        }
        let name: ClientName =
            format!("urn:elicence:client:{}:{}:{}", self.iss.division(), self.role, self.id)
                .parse()
                .map_err(|_| ExchangeRefusal::SignatureInvalid)?;
        let mut next = self.spki_sha256;
        let mut keys = Vec::new();
        for token in &self.renewals {
            let stated: Renewal =
                crate::crypto::json::from_slice(Compact::parse(token)?.unverified_payload())
                    .map_err(|_| ExchangeRefusal::SignatureInvalid)?;
            let key =
                stated.previous.public_key().map_err(|_| ExchangeRefusal::SignatureInvalid)?;
            Renewal::open(token, &name, &key, next)?;
            next = key.spki_digest();
            keys.push(next);
        }
        Ok(keys)
    }
}

/// The most renewals that a registration tells of. It travels in a header; and a grant lives 90
/// days at most, in which nobody needs more keys.
pub const MOST_RENEWALS: usize = 4;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::Algorithm;
    use crate::crypto::seal::SoftwareKey;

    const NOW: Timestamp = Timestamp::from_unix_seconds(1_800_000_000);

    fn keys() -> [SoftwareKey; 3] {
        [0; 3].map(|_| SoftwareKey::generate(Algorithm::Es256).unwrap())
    }

    fn spki(key: &SoftwareKey) -> Digest {
        key.public_key().spki_digest()
    }

    fn name() -> ClientName {
        "urn:elicence:client:120000:business:91120101MA5000000X".parse().unwrap()
    }

    fn registration(key: &SoftwareKey, renewals: Vec<String>) -> Registration {
        Registration {
            iss: "urn:elicence:member:120000".parse().unwrap(),
            iat: NOW.into(),
            exp: NOW.into(),
            id: "91120101MA5000000X".to_owned(),
            role: "business".to_owned(),
            name: "示例".to_owned(),
            contact: "contact@client.example".to_owned(),
            spki_sha256: spki(key),
            uses: Vec::new(),
            renewals,
        }
    }

    fn link(old: &SoftwareKey, new: &SoftwareKey) -> String {
        Renewal::sign(old, &name(), spki(new), NOW).unwrap()
    }

    #[test]
    fn a_chain_of_renewals_leads_back_to_the_first_key() {
        let [first, second, third] = keys();
        let chain = vec![link(&second, &third), link(&first, &second)];
        let earlier = registration(&third, chain).renewed_from();
        assert_eq!(earlier, Ok(vec![spki(&second), spki(&first)]));
        assert_eq!(registration(&first, Vec::new()).renewed_from(), Ok(Vec::new()));
    }

    #[test]
    fn fd_16_a_province_cannot_say_that_a_key_follows_another() {
        let [victim, own, other] = keys();
        let unsound = Err(ExchangeRefusal::SignatureInvalid);
        let stolen_name = "urn:elicence:client:120000:business:someone-else".parse().unwrap();
        for (chain, what) in [
            // Signed by the thief's own key, in the victim's name.
            (vec![forged(&own, &victim, &own)], "by another key than it names"),
            (vec![link(&victim, &other)], "for another key"),
            (vec![Renewal::sign(&victim, &stolen_name, spki(&own), NOW).unwrap()], "another's"),
            (vec![link(&victim, &own), link(&other, &own)], "a broken chain"),
            (vec![link(&victim, &own), "no token".to_owned()], "nonsense"),
            (vec![link(&own, &own); MOST_RENEWALS + 1], "too many"),
        ] {
            assert_eq!(registration(&own, chain).renewed_from(), unsound, "{what}");
        }
    }

    /// A statement in the name of `named`, signed by `signer`.
    fn forged(signer: &SoftwareKey, named: &SoftwareKey, next: &SoftwareKey) -> String {
        let claims = Renewal {
            client: name().to_string(),
            iat: NOW.into(),
            previous: Jwk::of(named.public_key()),
            next_spki: spki(next),
        };
        sign_compact(signer, Header::new(Typ::ClientRenewal), &claims).unwrap()
    }
}
