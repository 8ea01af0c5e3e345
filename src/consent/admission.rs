//! Whether a use lies within a grant: by whom, of what, what for, and now.

use std::collections::BTreeSet;

use super::claim::{ClaimPath, PurposeCode};
use super::grant::Grant;
use super::refusal::ConsentRefusal;
use super::terms::{ConsentMode, DisclosureAction, ServiceItem};
use crate::base::{GrantId, Timestamp};
use crate::crypto::Digest;
use crate::licence::{Identifier, LicenceType};

/// The state of a grant, as the issuing gateway's store holds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum GrantState {
    /// It may be used.
    Active,
    /// All uses are spent.
    Exhausted,
    /// Its time has run out.
    Expired,
    /// Stopped by the holder, or with its suspended member, perhaps for a while.
    Paused,
    /// Taken back for good.
    Revoked,
}

/// A use that somebody wants to make of a grant.
#[derive(Clone, Copy, Debug)]
pub struct GrantUse<'a> {
    /// The key of the caller's client certificate.
    pub caller_spki: Digest,
    /// The keys from which the caller's was renewed, each by the one before.
    pub renewed_from: &'a [Digest],
    /// The caller's registration.
    pub rp_id: &'a str,
    /// What it wants to do.
    pub action: DisclosureAction,
    /// The claims it wants, by name.
    pub claims: &'a BTreeSet<String>,
    /// What for.
    pub purpose: &'a PurposeCode,
    /// The instant of the request.
    pub now: Timestamp,
}

/// That the holder's grant covers a use. Only [`Grant::admits`] makes one; it is used once.
#[derive(Debug)]
pub struct Authorized {
    grant: GrantId,
    identifier: Identifier,
    licence_type: LicenceType,
    claims: BTreeSet<String>,
    purpose: PurposeCode,
    action: DisclosureAction,
    mode: ConsentMode,
    service_item: Option<ServiceItem>,
}

impl Grant {
    /// Whether `grant_use` lies within this grant, whose state the store gives.
    ///
    /// The caller is looked at first: a stranger to the grant learns nothing of its state.
    pub fn admits(
        &self,
        state: GrantState,
        grant_use: &GrantUse<'_>,
    ) -> Result<Authorized, ConsentRefusal> {
        let terms = self.terms();
        let known_key = grant_use.caller_spki == terms.cnf.spki_sha256
            || grant_use.renewed_from.contains(&terms.cnf.spki_sha256);
        if !known_key || grant_use.rp_id != terms.cnf.rp_id {
            return Err(ConsentRefusal::NotBoundToClient);
        }
        self.check_in_force(state, grant_use.now)?;
        if *grant_use.purpose != terms.purpose.code {
            return Err(ConsentRefusal::PurposeMismatch);
        }
        let claims = self.check_claims(grant_use)?;
        let detail = terms.detail();
        let [licence_type] = detail.datatypes;
        Ok(Authorized {
            grant: terms.jti.clone(),
            identifier: detail.identifier.clone(),
            licence_type,
            claims,
            purpose: terms.purpose.code.clone(),
            action: grant_use.action,
            mode: terms.consent_mode,
            service_item: terms.service_item.clone(),
        })
    }

    fn check_in_force(&self, state: GrantState, now: Timestamp) -> Result<(), ConsentRefusal> {
        match state {
            GrantState::Active => {}
            GrantState::Exhausted => return Err(ConsentRefusal::Exhausted),
            GrantState::Expired => return Err(ConsentRefusal::Expired),
            GrantState::Paused => return Err(ConsentRefusal::Paused),
            GrantState::Revoked => return Err(ConsentRefusal::Revoked),
        }
        if now >= self.ends() {
            return Err(ConsentRefusal::Expired);
        }
        if now < self.starts() { Err(ConsentRefusal::NotYetValid) } else { Ok(()) }
    }

    /// The granted claims, when all that are asked for are among them and may be read.
    fn check_claims(&self, grant_use: &GrantUse<'_>) -> Result<BTreeSet<String>, ConsentRefusal> {
        let detail = self.terms().detail();
        let reads = detail.actions.contains(&DisclosureAction::Read)
            && grant_use.action == DisclosureAction::Read;
        let granted: BTreeSet<String> = if reads {
            detail.claims.iter().map(ClaimPath::name).map(str::to_owned).collect()
        } else {
            BTreeSet::new()
        };
        let beyond: Vec<String> = grant_use.claims.difference(&granted).cloned().collect();
        if !beyond.is_empty() || !detail.actions.contains(&grant_use.action) {
            return Err(ConsentRefusal::ClaimsNotGranted { claims: beyond });
        }
        Ok(granted)
    }
}

impl Authorized {
    /// The grant.
    #[must_use]
    pub const fn grant(&self) -> &GrantId {
        &self.grant
    }

    /// The licence it is about.
    #[must_use]
    pub const fn identifier(&self) -> &Identifier {
        &self.identifier
    }

    /// The type of that licence.
    #[must_use]
    pub const fn licence_type(&self) -> LicenceType {
        self.licence_type
    }

    /// All claims that were granted for this action, by name.
    #[must_use]
    pub const fn claims(&self) -> &BTreeSet<String> {
        &self.claims
    }

    /// The purpose.
    #[must_use]
    pub const fn purpose(&self) -> &PurposeCode {
        &self.purpose
    }

    /// What may be done.
    #[must_use]
    pub const fn action(&self) -> DisclosureAction {
        self.action
    }

    /// Whether the data may be kept.
    #[must_use]
    pub const fn mode(&self) -> ConsentMode {
        self.mode
    }

    /// The government service, where it serves one.
    #[must_use]
    pub const fn service_item(&self) -> Option<&ServiceItem> {
        self.service_item.as_ref()
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::super::grant::tests::grant;
    use super::super::request::tests::NOW;
    use super::*;
    use crate::base::Code;

    /// What a grant of `claims` of this licence for `purpose` authorizes, read or asked in full.
    pub(crate) fn authorized(
        purpose: &str,
        licence_type: LicenceType,
        identifier: &Identifier,
        claims: &[&str],
    ) -> Authorized {
        let mut json = serde_json::to_value(grant(&["plateNumber"])).unwrap();
        json["purpose"]["code"] = purpose.into();
        if purpose == "gov-service" {
            json["service_item"] = serde_json::json!({"item_code": "i", "business_number": "1"});
        }
        let detail = &mut json["authorization_details"][0];
        detail["datatypes"][0] = licence_type.code().into();
        detail["identifier"] = identifier.as_str().into();
        detail["claims"] = claims.iter().map(|name| serde_json::json!({"path": [name]})).collect();
        let grant: Grant = serde_json::from_value(json).unwrap();
        let grant_use = GrantUse {
            caller_spki: Digest::of("client key"),
            renewed_from: &[],
            rp_id: "rp_77",
            action: DisclosureAction::Read,
            claims: &BTreeSet::new(),
            purpose: &purpose.parse().unwrap(),
            now: NOW,
        };
        grant.admits(GrantState::Active, &grant_use).unwrap()
    }

    struct Use {
        spki: Digest,
        renewed_from: Vec<Digest>,
        rp_id: &'static str,
        claims: BTreeSet<String>,
        purpose: &'static str,
        action: DisclosureAction,
        now: Timestamp,
    }

    fn good() -> Use {
        Use {
            spki: Digest::of("client key"),
            renewed_from: Vec::new(),
            rp_id: "rp_77",
            claims: ["plateNumber".to_owned()].into(),
            purpose: "cargo-contracting",
            action: DisclosureAction::Read,
            now: NOW,
        }
    }

    fn admit(state: GrantState, wanted: &Use) -> Result<Authorized, Code> {
        let purpose = wanted.purpose.parse().unwrap();
        let grant_use = GrantUse {
            caller_spki: wanted.spki,
            renewed_from: &wanted.renewed_from,
            rp_id: wanted.rp_id,
            action: wanted.action,
            claims: &wanted.claims,
            purpose: &purpose,
            now: wanted.now,
        };
        let grant = grant(&["plateNumber", "ownerName"]);
        grant.admits(state, &grant_use).map_err(|refusal| refusal.code())
    }

    fn refusal(state: GrantState, wanted: &Use) -> Code {
        admit(state, wanted).unwrap_err()
    }

    #[test]
    fn what_was_granted_is_admitted() {
        let authorized = admit(GrantState::Active, &good()).unwrap();
        assert_eq!(authorized.claims().len(), 2);
        assert_eq!(authorized.mode(), ConsentMode::Store);
    }

    #[test]
    fn co_02_05_a_grant_that_is_spent_paused_or_revoked_admits_nothing() {
        for (state, code) in [
            (GrantState::Exhausted, Code::GrantExhausted),
            (GrantState::Expired, Code::GrantExpired),
            (GrantState::Paused, Code::GrantPaused),
            (GrantState::Revoked, Code::GrantRevoked),
        ] {
            assert_eq!(refusal(state, &good()), code);
        }
    }

    #[test]
    fn co_04_a_grant_ends_at_its_second() {
        let end = NOW + Duration::from_hours(24);
        assert_eq!(refusal(GrantState::Active, &Use { now: end, ..good() }), Code::GrantExpired);
        let later = end + Duration::from_secs(1);
        assert_eq!(refusal(GrantState::Active, &Use { now: later, ..good() }), Code::GrantExpired);
        let last = end - Duration::from_secs(1);
        assert!(admit(GrantState::Active, &Use { now: last, ..good() }).is_ok());
        let early = NOW - Duration::from_secs(1);
        assert_eq!(refusal(GrantState::Active, &Use { now: early, ..good() }), Code::GrantRequired);
    }

    #[test]
    fn co_08_claims_beyond_the_grant_are_refused_whatever_their_spelling() {
        for name in ["vin", "*", "PlateNumber", "plateNumber.0", "certificateName", ""] {
            let claims = ["plateNumber".to_owned(), name.to_owned()].into();
            let code = refusal(GrantState::Active, &Use { claims, ..good() });
            assert_eq!(code, Code::ClaimsNotGranted, "{name}");
        }
        let action = DisclosureAction::Verify;
        let code = refusal(GrantState::Active, &Use { action, ..good() });
        assert_eq!(code, Code::ClaimsNotGranted, "verifying is not reading");
    }

    #[test]
    fn co_10_a_stranger_learns_nothing_of_the_state() {
        let other_key = Use { spki: Digest::of("other key"), ..good() };
        let other_party = Use { rp_id: "rp_78", ..good() };
        for state in [GrantState::Active, GrantState::Revoked, GrantState::Exhausted] {
            for stranger in [&other_key, &other_party] {
                assert_eq!(refusal(state, stranger), Code::GrantNotBoundToClient);
            }
        }
        let renewed_from = vec![Digest::of("client key")];
        let renewed = Use { spki: Digest::of("new key"), renewed_from, ..good() };
        assert!(admit(GrantState::Active, &renewed).is_ok());
    }

    #[test]
    fn co_11_another_purpose_is_another_grant() {
        let wanted = Use { purpose: "insurance", ..good() };
        assert_eq!(refusal(GrantState::Active, &wanted), Code::GrantPurposeMismatch);
    }

    proptest! {
        #[test]
        fn only_subsets_of_the_grant_are_admitted(
            names in proptest::collection::btree_set("(plateNumber|ownerName|vin|[a-zA-Z*]{0,6})", 0..4)
        ) {
            let granted: BTreeSet<String> =
                ["plateNumber", "ownerName"].map(str::to_owned).into();
            let admitted = admit(GrantState::Active, &Use { claims: names.clone(), ..good() });
            prop_assert_eq!(admitted.is_ok(), names.is_subset(&granted));
        }
    }
}
