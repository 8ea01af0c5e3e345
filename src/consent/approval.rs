//! How the holder agreed: by which means, how sure that makes us, and over which bytes.

use serde::{Deserialize, Serialize};

use super::refusal::ConsentRefusal;
use super::request::{ConsentRequest, HashName};
use super::terms::{ConsentMode, FetchType, GrantTerms};
use crate::base::{NumericDate, Timestamp, limits};
use crate::crypto::jws::{Compact, Typ};
use crate::crypto::{Digest, PublicKey};
use crate::licence::{DisclosureClass, HolderKind, Identifier, field};

/// The means by which a holder agrees.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ApprovalMethod {
    /// At a window, identity card seen, on a signed sheet.
    Counter,
    /// By the key the licence is bound to.
    KbJwt,
    /// By telephone number and one-time code.
    Otp,
    /// On a page, signed in through the province's real-name identity provider.
    Page,
    /// By a passkey with user verification.
    Passkey,
}

impl ApprovalMethod {
    /// How sure the means makes us that it was the holder.
    #[must_use]
    pub const fn assurance(self) -> Assurance {
        match self {
            Self::Counter | Self::Page => Assurance::Substantial,
            Self::KbJwt | Self::Passkey => Assurance::High,
            Self::Otp => Assurance::Low,
        }
    }
}

/// How sure we are that it was the holder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Assurance {
    /// Enough for one look at nothing sensitive.
    Low,
    /// Enough to let data be kept.
    Substantial,
    /// By a key only the holder has.
    High,
}

/// That the holder agreed. Its assurance is always that of its method.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "ApprovalMembers")]
pub struct HolderApproval {
    method: ApprovalMethod,
    assurance: Assurance,
    transaction_data_hash: Digest,
    at: Timestamp,
}

impl HolderApproval {
    /// Notes an approval that was established by `method`, at `at`, over the transaction data of
    /// this hash. For the holder's own key use [`approve_by_key`].
    #[must_use]
    pub const fn established(
        method: ApprovalMethod,
        transaction_data_hash: Digest,
        at: Timestamp,
    ) -> Self {
        Self {
            method,
            assurance: method.assurance(),
            transaction_data_hash,
            at: at.whole_seconds(),
        }
    }

    /// The means.
    #[must_use]
    pub const fn method(&self) -> ApprovalMethod {
        self.method
    }

    /// How sure it makes us.
    #[must_use]
    pub const fn assurance(&self) -> Assurance {
        self.assurance
    }

    /// The hash of what was agreed to.
    #[must_use]
    pub const fn transaction_data_hash(&self) -> Digest {
        self.transaction_data_hash
    }

    /// When.
    #[must_use]
    pub const fn at(&self) -> Timestamp {
        self.at
    }

    /// Whether it is strong enough for `terms`: keeping data takes a substantial one, and a low
    /// one carries a single look at nothing sensitive.
    pub(super) fn check_strength(&self, terms: &GrantTerms) -> Result<(), ConsentRefusal> {
        let detail = terms.detail();
        let [licence_type] = detail.datatypes;
        let sensitive = detail.claims.iter().any(|claim| {
            field(licence_type, claim.name()).is_none_or(|row| {
                row.disclosure_class(HolderKind::Person) == DisclosureClass::Sensitive
            })
        });
        let slight = terms.consent_mode == ConsentMode::View
            && terms.fetch_type == FetchType::Onetime
            && !sensitive;
        if self.assurance >= Assurance::Substantial || slight {
            Ok(())
        } else {
            Err(ConsentRefusal::ApprovalTooWeak)
        }
    }

    /// Whether it was given just before `now`: neither backdated nor ahead of our clock.
    pub(super) fn check_age(&self, now: Timestamp) -> Result<(), ConsentRefusal> {
        if is_recent(self.at, now) { Ok(()) } else { Err(ConsentRefusal::invalid("/approval")) }
    }
}

/// What an approval by key must fit.
#[derive(Clone, Copy, Debug)]
pub struct ExpectedApproval<'a> {
    /// The issuing gateway's public origin, or the hash of its request key.
    pub audience: &'a str,
    /// The nonce of the request, found good and unused.
    pub nonce: &'a str,
    /// The key that the verified licence is bound to.
    pub holder_key: &'a PublicKey,
    /// The identifier of the verified licence.
    pub licence: &'a Identifier,
    /// The request.
    pub request: &'a ConsentRequest,
}

/// Verifies an approval by the holder's key: `<issuer-jwt>~<kb-jwt>` without any disclosure
/// (RFC 9901 §4.3, OpenID4VP 1.0 §8.4).
///
/// The issuer's part is verified by `credential`, which yields the key and the identifier in
/// `expected`; here it only fixes the bytes that the holder's signature is about.
pub fn approve_by_key(
    presentation: &str,
    expected: &ExpectedApproval<'_>,
    now: Timestamp,
) -> Result<HolderApproval, ConsentRefusal> {
    let refused = ConsentRefusal::HolderSignature;
    let (issuer_jwt, key_binding) = presentation.split_once('~').ok_or_else(|| refused.clone())?;
    let claims: ApprovalClaims = Compact::parse(key_binding)
        .and_then(|token| token.open(expected.holder_key, Typ::KeyBinding))
        .map_err(|_| refused.clone())?;
    let hash = expected.request.transaction_hash();
    let fits = expected.licence == &expected.request.terms().detail().identifier
        && claims.aud == expected.audience
        && claims.nonce == expected.nonce
        && claims.sd_hash == Digest::of_parts(&[issuer_jwt.as_bytes(), b"~"])
        && claims.transaction_data_hashes == [hash]
        && is_recent(claims.iat.instant(), now);
    if !fits {
        return Err(refused);
    }
    Ok(HolderApproval::established(ApprovalMethod::KbJwt, hash, claims.iat.instant()))
}

/// Whether something the holder made at `at` is still taken at `now`.
pub(super) fn is_recent(at: Timestamp, now: Timestamp) -> bool {
    at <= now + limits::CLOCK_SKEW && now.since(at) <= limits::KEY_BINDING_AGE
}

/// The claims of a key-binding token that approves. One made for a verification lacks the hashes,
/// one that revokes has an action: neither is read as this.
#[derive(Deserialize)]
#[cfg_attr(test, derive(Serialize))]
#[serde(deny_unknown_fields)]
struct ApprovalClaims {
    iat: NumericDate,
    aud: String,
    nonce: String,
    sd_hash: Digest,
    transaction_data_hashes: [Digest; 1],
    #[serde(default, rename = "transaction_data_hashes_alg")]
    _algorithm: Option<HashName>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ApprovalMembers {
    method: ApprovalMethod,
    assurance: Assurance,
    transaction_data_hash: Digest,
    at: Timestamp,
}

impl TryFrom<ApprovalMembers> for HolderApproval {
    type Error = ConsentRefusal;

    fn try_from(members: ApprovalMembers) -> Result<Self, ConsentRefusal> {
        let ApprovalMembers { method, assurance, transaction_data_hash, at } = members;
        if assurance != method.assurance() {
            return Err(ConsentRefusal::invalid("/holder_approval/assurance"));
        }
        Ok(Self::established(method, transaction_data_hash, at))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::{Value, json};

    use super::super::request::tests::{NOW, ask, establish};
    use super::*;
    use crate::crypto::jws::{Header, sign_compact};
    use crate::crypto::seal::SoftwareKey;
    use crate::crypto::{Algorithm, Signer as _};

    const AUDIENCE: &str = "https://127.0.0.1:7443";
    const ISSUER_JWT: &str = "aa.bb.cc";

    fn claims(request: &ConsentRequest) -> Value {
        json!({
            "iat": NOW.unix_seconds(), "aud": AUDIENCE, "nonce": "n1",
            "sd_hash": Digest::of(format!("{ISSUER_JWT}~")),
            "transaction_data_hashes": [request.transaction_hash()],
        })
    }

    fn judge(
        request: &ConsentRequest,
        holder: &SoftwareKey,
        signer: &SoftwareKey,
        claims: &Value,
    ) -> Result<HolderApproval, ConsentRefusal> {
        let token = sign_compact(signer, Header::new(Typ::KeyBinding), claims).unwrap();
        let expected = ExpectedApproval {
            audience: AUDIENCE,
            nonce: "n1",
            holder_key: holder.public_key(),
            licence: &request.terms().detail().identifier,
            request,
        };
        approve_by_key(&format!("{ISSUER_JWT}~{token}"), &expected, NOW)
    }

    #[test]
    fn the_holders_key_over_the_transaction_approves() {
        let request = establish(ask(&["plateNumber"])).unwrap();
        let key = SoftwareKey::generate(Algorithm::Es256).unwrap();
        let approval = judge(&request, &key, &key, &claims(&request)).unwrap();
        assert_eq!(approval.assurance(), Assurance::High);
        assert_eq!(approval.transaction_data_hash(), request.transaction_hash());
    }

    #[test]
    fn co_12_another_key_and_other_words_do_not_approve() {
        let request = establish(ask(&["plateNumber"])).unwrap();
        let key = SoftwareKey::generate(Algorithm::Es256).unwrap();
        let former_holder = SoftwareKey::generate(Algorithm::Es256).unwrap();
        let refused = Err(ConsentRefusal::HolderSignature);
        assert_eq!(judge(&request, &key, &former_holder, &claims(&request)), refused);
        let second = Duration::from_secs(1);
        for (member, value) in [
            ("aud", json!("https://127.0.0.1:7444")),
            ("nonce", json!("n2")),
            ("sd_hash", json!(Digest::of("other~"))),
            ("transaction_data_hashes", json!([Digest::of("other")])),
            ("transaction_data_hashes", json!([])),
            ("iat", json!((NOW - limits::KEY_BINDING_AGE - second).unix_seconds())),
            ("iat", json!((NOW + limits::CLOCK_SKEW + second).unix_seconds())),
        ] {
            let mut claims = claims(&request);
            claims[member] = value;
            assert_eq!(judge(&request, &key, &key, &claims), refused, "{member}");
        }
    }

    #[test]
    fn co_31_a_token_for_a_verification_or_a_revocation_is_no_approval() {
        let request = establish(ask(&["plateNumber"])).unwrap();
        let key = SoftwareKey::generate(Algorithm::Es256).unwrap();
        let mut verification = claims(&request);
        verification.as_object_mut().unwrap().remove("transaction_data_hashes");
        let mut revocation = claims(&request);
        revocation["action"] = json!("revoke");
        for claims in [verification, revocation] {
            let refused = Err(ConsentRefusal::HolderSignature);
            assert_eq!(judge(&request, &key, &key, &claims), refused);
        }
    }

    #[test]
    fn an_approval_shows_no_claim() {
        let request = establish(ask(&["plateNumber"])).unwrap();
        let key = SoftwareKey::generate(Algorithm::Es256).unwrap();
        let token = sign_compact(&key, Header::new(Typ::KeyBinding), &claims(&request)).unwrap();
        let expected = ExpectedApproval {
            audience: AUDIENCE,
            nonce: "n1",
            holder_key: key.public_key(),
            licence: &request.terms().detail().identifier,
            request: &request,
        };
        for presentation in
            [format!("{ISSUER_JWT}~AAAA~{token}"), token.clone(), format!("{ISSUER_JWT}~")]
        {
            assert!(approve_by_key(&presentation, &expected, NOW).is_err());
        }
    }

    #[test]
    fn the_assurance_is_that_of_the_method() {
        let approval = HolderApproval::established(ApprovalMethod::Otp, Digest::of(""), NOW);
        let mut json = serde_json::to_value(approval).unwrap();
        assert_eq!(json["assurance"], "low");
        json["assurance"] = json!("high");
        assert!(serde_json::from_value::<HolderApproval>(json).is_err());
    }
}
