//! The grant: signed, immutable evidence of what a holder agreed to. Not a bearer token: whoever
//! holds it has nothing but a name to ask by.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::approval::HolderApproval;
use super::refusal::ConsentRefusal;
use super::request::{ConsentRequest, TransactionData};
use super::terms::GrantTerms;
use crate::base::{MemberId, NumericDate, Timestamp, limits};
use crate::crypto::jws::{Compact, Header, Typ, sign_compact};
use crate::crypto::{Digest, PublicKey, SealError, Signer, base64url, json};
use crate::trust::{ServiceKind, Snapshot};

/// What a holder agreed to, and how.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Map<String, Value>")]
pub struct Grant {
    iat: NumericDate,
    nbf: NumericDate,
    #[serde(flatten)]
    terms: GrantTerms,
    holder_approval: HolderApproval,
    status: StatusReference,
}

/// Where the grant's status is published, for its holder and grantee (the token status list of
/// grants; the decision itself is the store's).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StatusReference {
    /// The entry.
    pub status_list: StatusListEntry,
}

/// An entry of a token status list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StatusListEntry {
    /// Its index.
    pub idx: u64,
    /// The list.
    pub uri: String,
}

impl Grant {
    /// Makes the grant from a request and its approval at `now`. `exp` may end it earlier than
    /// asked, never later.
    pub fn from_approval(
        request: &ConsentRequest,
        approval: HolderApproval,
        status: StatusReference,
        exp: Option<NumericDate>,
        now: Timestamp,
    ) -> Result<Self, ConsentRefusal> {
        if approval.transaction_data_hash() != request.transaction_hash() {
            return Err(ConsentRefusal::HolderSignature);
        }
        approval.check_age(now)?;
        approval.check_strength(request.terms())?;
        let mut terms = request.terms().clone();
        if terms.exp.instant() <= now {
            return Err(ConsentRefusal::Expired);
        }
        if let Some(earlier) = exp {
            if earlier.instant() <= now || earlier > terms.exp {
                return Err(ConsentRefusal::invalid("/exp"));
            }
            terms.exp = earlier;
        }
        Ok(Self { iat: now.into(), nbf: now.into(), terms, holder_approval: approval, status })
    }

    /// Signs it as `elicence-grant+jwt`.
    pub fn sign(&self, signer: &dyn Signer) -> Result<String, SealError> {
        sign_compact(signer, Header::new(Typ::Grant), self)
    }

    /// Reads a grant that `issuer` signed, by the keys of its gateway that are trusted now.
    pub fn verify(
        token: &str,
        issuer: MemberId,
        snapshot: &Snapshot,
    ) -> Result<Self, ConsentRefusal> {
        Self::verify_under(token, issuer, snapshot.keys(issuer, ServiceKind::GatewaySigning))
    }

    /// As [`Self::verify`], under the gateway keys of `issuer` at another time.
    pub fn verify_under<'k>(
        token: &str,
        issuer: MemberId,
        keys: impl IntoIterator<Item = &'k PublicKey>,
    ) -> Result<Self, ConsentRefusal> {
        let compact = Compact::parse(token).map_err(|_| ConsentRefusal::GrantSignature)?;
        let grant: Self = keys
            .into_iter()
            .find_map(|key| compact.open(key, Typ::Grant).ok())
            .ok_or(ConsentRefusal::GrantSignature)?;
        let ours = grant.terms.iss == issuer && grant.terms.aud == issuer;
        let life = grant.terms.exp.instant().since(grant.iat.instant());
        let ordered = grant.iat <= grant.nbf && grant.nbf < grant.terms.exp;
        if ours && ordered && life <= limits::GRANT_LIFE {
            Ok(grant)
        } else {
            Err(ConsentRefusal::GrantSignature)
        }
    }

    /// Whether this grant is what was agreed to by `transaction_data`: its hash is the one that
    /// was approved, and every member is equal, but that the end may be earlier.
    pub fn check_transaction(&self, transaction_data: &str) -> Result<(), ConsentRefusal> {
        if Digest::of(transaction_data) != self.holder_approval.transaction_data_hash() {
            return Err(ConsentRefusal::HolderSignature);
        }
        let agreed: TransactionData = base64url::decode(transaction_data)
            .ok()
            .and_then(|bytes| json::from_slice(&bytes).ok())
            .ok_or(ConsentRefusal::HolderSignature)?;
        let shortened = GrantTerms { exp: self.terms.exp, ..agreed.grant.clone() };
        if shortened == self.terms && self.terms.exp <= agreed.grant.exp {
            Ok(())
        } else {
            Err(ConsentRefusal::HolderSignature)
        }
    }

    /// What was agreed to.
    #[must_use]
    pub const fn terms(&self) -> &GrantTerms {
        &self.terms
    }

    /// When it was made.
    #[must_use]
    pub const fn issued(&self) -> Timestamp {
        self.iat.instant()
    }

    /// From when it runs.
    #[must_use]
    pub const fn starts(&self) -> Timestamp {
        self.nbf.instant()
    }

    /// The first instant at which it no longer runs.
    #[must_use]
    pub const fn ends(&self) -> Timestamp {
        self.terms.exp.instant()
    }

    /// How the holder agreed.
    #[must_use]
    pub const fn approval(&self) -> &HolderApproval {
        &self.holder_approval
    }

    /// Where its status is published.
    #[must_use]
    pub const fn status(&self) -> &StatusReference {
        &self.status
    }
}

/// Reads the members that the approval added, and all others as terms, which know no others.
impl TryFrom<Map<String, Value>> for Grant {
    type Error = serde_json::Error;

    fn try_from(mut members: Map<String, Value>) -> Result<Self, serde_json::Error> {
        let mut take = |name: &str| members.remove(name).unwrap_or_default();
        let iat = NumericDate::deserialize(take("iat"))?;
        let nbf = NumericDate::deserialize(take("nbf"))?;
        let holder_approval = HolderApproval::deserialize(take("holder_approval"))?;
        let status = StatusReference::deserialize(take("status"))?;
        let terms = GrantTerms::deserialize(Value::Object(members))?;
        Ok(Self { iat, nbf, terms, holder_approval, status })
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::time::Duration;

    use serde_json::json;

    use super::super::approval::ApprovalMethod;
    use super::super::request::ConsentAsk;
    use super::super::request::tests::{NOW, ask, establish};
    use super::super::terms::{ConsentMode, FetchType};
    use super::*;
    use crate::base::Code;
    use crate::crypto::Algorithm;
    use crate::crypto::seal::SoftwareKey;

    pub(crate) fn status() -> StatusReference {
        let uri = "https://127.0.0.1/v1/status-lists/grants/1".to_owned();
        StatusReference { status_list: StatusListEntry { idx: 412, uri } }
    }

    fn approve(
        ask: ConsentAsk,
        method: ApprovalMethod,
        exp: Option<NumericDate>,
    ) -> Result<Grant, ConsentRefusal> {
        let request = establish(ask).unwrap();
        let approval = HolderApproval::established(method, request.transaction_hash(), NOW);
        Grant::from_approval(&request, approval, status(), exp, NOW)
    }

    /// A grant of these claims to the synthetic business.
    pub(crate) fn grant(claims: &[&str]) -> Grant {
        approve(ask(claims), ApprovalMethod::KbJwt, None).unwrap()
    }

    #[test]
    fn the_document_has_exactly_its_members_and_reads_back() {
        let grant = grant(&["plateNumber", "ownerName"]);
        let json = serde_json::to_value(&grant).unwrap();
        let mut members: Vec<_> = json.as_object().unwrap().keys().map(String::as_str).collect();
        members.sort_unstable();
        let mut expected = [
            "iss",
            "aud",
            "jti",
            "iat",
            "nbf",
            "exp",
            "kind",
            "consent_mode",
            "fetch_type",
            "max_uses",
            "data_life",
            "grantee",
            "cnf",
            "authorization_details",
            "purpose",
            "service_item",
            "legal_basis",
            "notice",
            "holder_approval",
            "status",
            "replaces",
            "ver",
        ];
        expected.sort_unstable();
        assert_eq!(members, expected);
        assert_eq!(json["consent_mode"], "STORE");
        assert_eq!(json["holder_approval"]["method"], "kb-jwt");
        assert_eq!(json["authorization_details"][0]["claims"][0], json!({"path": ["plateNumber"]}));
        assert_eq!(serde_json::from_value::<Grant>(json).unwrap(), grant);
    }

    #[test]
    fn unknown_and_missing_members_are_refused() {
        let json = serde_json::to_value(grant(&["plateNumber"])).unwrap();
        for member in ["iat", "exp", "status", "holder_approval", "cnf", "purpose"] {
            let mut changed = json.clone();
            changed.as_object_mut().unwrap().remove(member);
            assert!(serde_json::from_value::<Grant>(changed).is_err(), "{member}");
        }
        for pointer in ["", "/cnf", "/grantee", "/authorization_details/0", "/status", "/purpose"] {
            let mut changed = json.clone();
            changed.pointer_mut(pointer).unwrap()["extra"] = json!(true);
            assert!(serde_json::from_value::<Grant>(changed).is_err(), "{pointer}");
        }
    }

    #[test]
    fn co_33_storing_takes_more_than_a_one_time_code() {
        let refused = Err(ConsentRefusal::ApprovalTooWeak);
        let once = || ask(&["plateNumber"]);
        let view = || ConsentAsk { consent_mode: ConsentMode::View, ..once() };
        assert_eq!(approve(once(), ApprovalMethod::Otp, None), refused);
        let periodic = ConsentAsk { fetch_type: FetchType::Periodic, ..view() };
        assert_eq!(approve(periodic, ApprovalMethod::Otp, None), refused);
        let sensitive = ask(&["holderCode"]);
        let sensitive = ConsentAsk { consent_mode: ConsentMode::View, ..sensitive };
        assert_eq!(approve(sensitive, ApprovalMethod::Otp, None), refused);
        assert!(approve(view(), ApprovalMethod::Otp, None).is_ok());
        for method in [ApprovalMethod::Page, ApprovalMethod::Counter, ApprovalMethod::Passkey] {
            assert!(approve(once(), method, None).is_ok());
        }
    }

    #[test]
    fn the_end_is_only_ever_shortened() {
        let end = ask(&["plateNumber"]).exp.instant();
        let hour = Duration::from_hours(1);
        let with = |exp: Timestamp| {
            approve(ask(&["plateNumber"]), ApprovalMethod::KbJwt, Some(exp.into()))
        };
        assert_eq!(with(end - hour).unwrap().ends(), end - hour);
        for exp in [end + hour, NOW, NOW - hour] {
            assert_eq!(with(exp), Err(ConsentRefusal::invalid("/exp")));
        }
    }

    #[test]
    fn co_14_an_approval_is_neither_backdated_nor_ahead() {
        let request = establish(ask(&["plateNumber"])).unwrap();
        let hash = request.transaction_hash();
        let second = Duration::from_secs(1);
        for at in [NOW - limits::KEY_BINDING_AGE - second, NOW + limits::CLOCK_SKEW + second] {
            let approval = HolderApproval::established(ApprovalMethod::Page, hash, at);
            let refusal = Grant::from_approval(&request, approval, status(), None, NOW);
            assert_eq!(refusal.unwrap_err().code(), Code::ValidationFailed);
        }
        let other = HolderApproval::established(ApprovalMethod::KbJwt, Digest::of("other"), NOW);
        let refusal = Grant::from_approval(&request, other, status(), None, NOW);
        assert_eq!(refusal, Err(ConsentRefusal::HolderSignature));
    }

    #[test]
    fn a_grant_is_what_was_agreed_to() {
        let request = establish(ask(&["plateNumber"])).unwrap();
        let approval =
            HolderApproval::established(ApprovalMethod::KbJwt, request.transaction_hash(), NOW);
        let sooner = (NOW + Duration::from_hours(1)).into();
        let grant = Grant::from_approval(&request, approval, status(), Some(sooner), NOW).unwrap();
        assert_eq!(grant.check_transaction(request.transaction_data()), Ok(()));
        let other = establish(ask(&["plateNumber", "ownerName"])).unwrap();
        assert!(grant.check_transaction(other.transaction_data()).is_err());
        let mut json = serde_json::to_value(&grant).unwrap();
        json["authorization_details"][0]["claims"][0] = json!({"path": ["ownerName"]});
        let altered: Grant = serde_json::from_value(json.clone()).unwrap();
        assert!(altered.check_transaction(request.transaction_data()).is_err());
        let mut longer = serde_json::to_value(&grant).unwrap();
        longer["exp"] = json!((NOW + Duration::from_hours(48)).unix_seconds());
        let longer: Grant = serde_json::from_value(longer).unwrap();
        assert!(longer.check_transaction(request.transaction_data()).is_err());
    }

    #[test]
    fn only_the_province_that_issued_it_signs_a_grant() {
        let key = SoftwareKey::generate(Algorithm::Es256).unwrap();
        let other = SoftwareKey::generate(Algorithm::Es256).unwrap();
        let tianjin: MemberId = "urn:elicence:member:120000".parse().unwrap();
        let hebei: MemberId = "urn:elicence:member:130000".parse().unwrap();
        let grant = grant(&["plateNumber"]);
        let token = grant.sign(&key).unwrap();
        let keys = [other.public_key(), key.public_key()];
        assert_eq!(Grant::verify_under(&token, tianjin, keys), Ok(grant.clone()));
        let refused = Err(ConsentRefusal::GrantSignature);
        assert_eq!(Grant::verify_under(&token, hebei, keys), refused);
        assert_eq!(Grant::verify_under(&token, tianjin, [other.public_key()]), refused);
        assert_eq!(Grant::verify_under("a.b", tianjin, keys), refused);
        let receipt = sign_compact(&key, Header::new(Typ::Receipt), &grant).unwrap();
        assert_eq!(Grant::verify_under(&receipt, tianjin, keys), refused);
    }
}
