//! A request for consent: what a business asks, held against what it registered.
//!
//! A [`ConsentRequest`] exists only within the registered use; the holder never sees another.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::claim::{ClaimPath, PurposeCode};
use super::refusal::ConsentRefusal;
use super::terms::{
    AuthorizationDetail, ConsentMode, DataLife, DetailType, DisclosureAction, FetchType,
    FormVersion, GrantKind, GrantPurpose, GrantTerms, Grantee, KeyConfirmation, LegalBasis,
    LocalText, Notice, ServiceItem,
};
use crate::base::{ConsentRequestId, Division, GrantId, MemberId, NumericDate, Timestamp, limits};
use crate::crypto::{Digest, SealError, base64url, json};
use crate::licence::{
    BusinessDisclosure, Identifier, Issuance, LicenceType, SocialCreditCode, field, province_of,
};

/// What a business asks, as its body says it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConsentAsk {
    /// The licence.
    pub identifier: Identifier,
    /// The claims it wants.
    pub claims: Vec<ClaimPath>,
    /// What for.
    pub purpose: PurposeCode,
    /// The registered use.
    pub intended_use_id: String,
    /// Whether it wants to keep them.
    pub consent_mode: ConsentMode,
    /// Whether it asks for one use.
    pub fetch_type: FetchType,
    /// Most uses.
    pub max_uses: Option<u32>,
    /// How long it wants to keep them.
    pub data_life: DataLife,
    /// When the grant is to end.
    pub exp: NumericDate,
    /// The government service it serves, if one.
    #[serde(default)]
    pub service_item: Option<ServiceItem>,
    /// The grant it is to take the place of.
    #[serde(default)]
    pub replaces: Option<GrantId>,
}

/// A use that a relying party has registered, with the party as the registrar knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IntendedUse {
    /// Its identifier.
    pub id: String,
    /// The registration of the relying party.
    pub rp_id: String,
    /// The number of the relying party.
    pub code: SocialCreditCode,
    /// Its name.
    pub name: Vec<LocalText>,
    /// How to reach it.
    pub contact: String,
    /// Where it is registered.
    pub division: Division,
    /// The vendor that acts for it.
    pub intermediary: Option<String>,
    /// The one purpose, with the texts that holders read.
    pub purpose: GrantPurpose,
    /// The most it may ask for, by name.
    pub claims: BTreeSet<String>,
    /// The types of licence.
    pub licence_types: BTreeSet<LicenceType>,
    /// Whether it may keep what it is given.
    pub mode: ConsentMode,
    /// How many days at most.
    pub longest_data_life_days: u64,
}

/// The licence that is asked about, as the issuing gateway knows it.
#[derive(Clone, Copy, Debug)]
pub struct LicenceReference<'a> {
    /// Its identifier.
    pub identifier: &'a Identifier,
    /// Its type.
    pub licence_type: LicenceType,
}

/// What the issuing gateway puts in: names, the key that asked, and the notice in force.
#[derive(Clone, Debug)]
pub struct Offer {
    /// The request's name.
    pub request: ConsentRequestId,
    /// The name the grant will have.
    pub grant: GrantId,
    /// The issuing province.
    pub issuer: MemberId,
    /// The key of the client that asked.
    pub spki_sha256: Digest,
    /// The notice the holder will be shown.
    pub notice: Notice,
}

/// A request that may be put before the holder, with the bytes the holder will agree to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConsentRequest {
    id: ConsentRequestId,
    terms: GrantTerms,
    transaction_data: String,
}

impl ConsentRequest {
    /// Holds `ask` against the registered use and the limits of every grant.
    pub fn establish(
        ask: ConsentAsk,
        registered: Option<&IntendedUse>,
        licence: LicenceReference<'_>,
        offer: Offer,
        now: Timestamp,
    ) -> Result<Self, ConsentRefusal> {
        let registered = registered
            .filter(|registered| registered.covers(&ask, licence.licence_type))
            .ok_or(ConsentRefusal::IntendedUseNotRegistered)?;
        if ask.identifier != *licence.identifier {
            return Err(ConsentRefusal::invalid("/identifier"));
        }
        check_claims(&ask.claims, licence.licence_type)?;
        registered.check_extent(&ask, licence.licence_type)?;
        check_uses(ask.fetch_type, ask.max_uses)?;
        check_end(ask.exp, now)?;
        check_service_item(ask.service_item.as_ref())?;
        let id = offer.request.clone();
        Self::restore(id, terms(ask, registered, licence.licence_type, offer))
    }

    /// A request as it was kept: `terms` are those of an established one.
    pub fn restore(id: ConsentRequestId, terms: GrantTerms) -> Result<Self, ConsentRefusal> {
        let document = TransactionData::new(&terms);
        let canonical = json::canonical(&document).map_err(|_| SealError::Document)?;
        Ok(Self { id, terms, transaction_data: base64url::encode(canonical) })
    }

    /// Its name.
    #[must_use]
    pub const fn id(&self) -> &ConsentRequestId {
        &self.id
    }

    /// What the holder would agree to.
    #[must_use]
    pub const fn terms(&self) -> &GrantTerms {
        &self.terms
    }

    /// The one entry of `transaction_data` (OpenID4VP 1.0 §8.4): base64url of the canonical form.
    #[must_use]
    pub fn transaction_data(&self) -> &str {
        &self.transaction_data
    }

    /// SHA-256 of the ASCII of [`Self::transaction_data`].
    #[must_use]
    pub fn transaction_hash(&self) -> Digest {
        Digest::of(&self.transaction_data)
    }
}

impl IntendedUse {
    /// Whether this is the use that was named, for this purpose and type, by a recipient inside
    /// the country (PIPL Article 38).
    fn covers(&self, ask: &ConsentAsk, licence_type: LicenceType) -> bool {
        let inside = province_of(self.division)
            .is_some_and(|province| province.issuance() == Issuance::Issues);
        inside
            && self.id == ask.intended_use_id
            && self.purpose.code == ask.purpose
            && self.licence_types.contains(&licence_type)
    }

    fn check_extent(
        &self,
        ask: &ConsentAsk,
        licence_type: LicenceType,
    ) -> Result<(), ConsentRefusal> {
        let allowed = |name: &str| {
            let withheld = field(licence_type, name)
                .is_none_or(|row| row.business() == BusinessDisclosure::No);
            !withheld && self.claims.contains(name)
        };
        let beyond: Vec<String> = ask
            .claims
            .iter()
            .map(ClaimPath::name)
            .filter(|name| !allowed(name))
            .map(str::to_owned)
            .collect();
        if !beyond.is_empty() {
            return Err(ConsentRefusal::OverAsking { claims: beyond });
        }
        if ask.consent_mode == ConsentMode::Store && self.mode == ConsentMode::View {
            return Err(ConsentRefusal::invalid("/consent_mode"));
        }
        let days = ask.data_life.days_at_most();
        if days == 0 || days > self.longest_data_life_days {
            return Err(ConsentRefusal::invalid("/data_life"));
        }
        Ok(())
    }
}

/// What the holder's key signs a hash of. Read back to compare a grant with what was agreed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TransactionData {
    #[serde(rename = "type")]
    data_type: TransactionType,
    credential_ids: [CredentialId; 1],
    #[serde(rename = "transaction_data_hashes_alg")]
    hashes_alg: [HashName; 1],
    pub(super) grant: GrantTerms,
}

impl TransactionData {
    fn new(terms: &GrantTerms) -> Self {
        Self {
            data_type: TransactionType::Consent,
            credential_ids: [CredentialId::Licence],
            hashes_alg: [HashName::Sha256],
            grant: terms.clone(),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum TransactionType {
    #[serde(rename = "urn:elicence:consent:1")]
    Consent,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum CredentialId {
    #[serde(rename = "licence")]
    Licence,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum HashName {
    #[serde(rename = "sha-256")]
    Sha256,
}

/// Every claim is one of the type, stands once, and one that needs a consent of its own stands
/// alone.
fn check_claims(claims: &[ClaimPath], licence_type: LicenceType) -> Result<(), ConsentRefusal> {
    if claims.is_empty() {
        return Err(ConsentRefusal::invalid("/claims"));
    }
    let mut seen = BTreeSet::new();
    for (index, claim) in claims.iter().enumerate() {
        let row = claim.field(licence_type, index)?;
        let crowded = row.business() == BusinessDisclosure::ConsentSeparate && claims.len() > 1;
        if crowded || !seen.insert(claim) {
            return Err(ConsentRefusal::Invalid { pointer: format!("/claims/{index}") });
        }
    }
    Ok(())
}

fn check_uses(fetch_type: FetchType, max_uses: Option<u32>) -> Result<(), ConsentRefusal> {
    match (fetch_type, max_uses) {
        (FetchType::Onetime, Some(1)) | (FetchType::Periodic, None | Some(1..)) => Ok(()),
        _ => Err(ConsentRefusal::invalid("/max_uses")),
    }
}

fn check_end(exp: NumericDate, now: Timestamp) -> Result<(), ConsentRefusal> {
    let end = exp.instant();
    if end > now && end <= now + limits::GRANT_LIFE {
        Ok(())
    } else {
        Err(ConsentRefusal::invalid("/exp"))
    }
}

fn check_service_item(item: Option<&ServiceItem>) -> Result<(), ConsentRefusal> {
    let sound = |text: &str| (1..=LONGEST_SERVICE_TEXT).contains(&text.len());
    match item {
        Some(item) if !sound(&item.item_code) => {
            Err(ConsentRefusal::invalid("/service_item/item_code"))
        }
        Some(item) if !sound(&item.business_number) => {
            Err(ConsentRefusal::invalid("/service_item/business_number"))
        }
        _ => Ok(()),
    }
}

fn terms(
    ask: ConsentAsk,
    registered: &IntendedUse,
    licence_type: LicenceType,
    offer: Offer,
) -> GrantTerms {
    GrantTerms {
        iss: offer.issuer,
        aud: offer.issuer,
        jti: offer.grant,
        exp: ask.exp,
        kind: GrantKind::Holder,
        consent_mode: ask.consent_mode,
        fetch_type: ask.fetch_type,
        max_uses: ask.max_uses,
        data_life: ask.data_life,
        grantee: Grantee {
            id: format!("urn:cn:uscc:{}", registered.code),
            name: registered.name.clone(),
            contact: registered.contact.clone(),
            division: registered.division,
            intended_use_id: registered.id.clone(),
            intermediary: registered.intermediary.clone(),
        },
        cnf: KeyConfirmation { rp_id: registered.rp_id.clone(), spki_sha256: offer.spki_sha256 },
        authorization_details: [AuthorizationDetail {
            detail_type: DetailType::Disclosure,
            actions: vec![DisclosureAction::Verify, DisclosureAction::Read],
            datatypes: [licence_type],
            identifier: ask.identifier,
            claims: ask.claims,
        }],
        purpose: registered.purpose.clone(),
        service_item: ask.service_item,
        legal_basis: LegalBasis::Consent,
        notice: offer.notice,
        replaces: ask.replaces,
        ver: FormVersion::First,
    }
}

const LONGEST_SERVICE_TEXT: usize = 64;

#[cfg(test)]
pub(crate) mod tests {
    use std::time::Duration;

    use super::*;
    use crate::base::{Code, Language, SystemEntropy};

    pub(crate) const NOW: Timestamp = Timestamp::from_unix_seconds(1_780_000_000);
    const LICENCE: &str =
        "1.2.156.3005.2.11100000000019713D013.111200000001234561.000000000001.001.Y";

    pub(crate) fn ask(claims: &[&str]) -> ConsentAsk {
        ConsentAsk {
            identifier: LICENCE.parse().unwrap(),
            claims: claims.iter().map(|name| ClaimPath::new(*name)).collect(),
            purpose: "cargo-contracting".parse().unwrap(),
            intended_use_id: "iu_12".to_owned(),
            consent_mode: ConsentMode::Store,
            fetch_type: FetchType::Onetime,
            max_uses: Some(1),
            data_life: DataLife { unit: super::super::terms::DataLifeUnit::Month, value: 6 },
            exp: (NOW + Duration::from_hours(24)).into(),
            service_item: None,
            replaces: None,
        }
    }

    pub(crate) fn intended_use() -> IntendedUse {
        let text = |content: &str| LocalText { lang: Language::Zh, content: content.to_owned() };
        IntendedUse {
            id: "iu_12".to_owned(),
            rp_id: "rp_77".to_owned(),
            code: "91440000MA0000002Y".parse().unwrap(),
            name: vec![text("示例货运平台")],
            contact: "privacy@example.invalid".to_owned(),
            division: "440000".parse().unwrap(),
            intermediary: None,
            purpose: GrantPurpose {
                code: "cargo-contracting".parse().unwrap(),
                ref_uri: "urn:elicence:purpose:cargo-contracting".to_owned(),
                dpv: "dpv:ServiceProvision".to_owned(),
                text: vec![text("货运承揽")],
            },
            claims: ["plateNumber", "ownerName", "holderCode", "technicalGrade"]
                .map(str::to_owned)
                .into(),
            licence_types: [LicenceType::VehicleCertificate].into(),
            mode: ConsentMode::Store,
            longest_data_life_days: 186,
        }
    }

    pub(crate) fn offer() -> Offer {
        Offer {
            request: ConsentRequestId::generate(NOW, &SystemEntropy),
            grant: GrantId::generate(NOW, &SystemEntropy),
            issuer: "urn:elicence:member:120000".parse().unwrap(),
            spki_sha256: Digest::of("client key"),
            notice: Notice {
                uri: "https://127.0.0.1/notice".to_owned(),
                digest: format!("sha-256:{}", Digest::of("notice")),
                version: "3".to_owned(),
                lang: Language::Zh,
            },
        }
    }

    pub(crate) fn establish(ask: ConsentAsk) -> Result<ConsentRequest, ConsentRefusal> {
        let identifier = LICENCE.parse().unwrap();
        let licence = LicenceReference {
            identifier: &identifier,
            licence_type: LicenceType::VehicleCertificate,
        };
        ConsentRequest::establish(ask, Some(&intended_use()), licence, offer(), NOW)
    }

    #[test]
    fn transaction_data_is_canonical_and_holds_the_terms() {
        let request = establish(ask(&["plateNumber", "ownerName"])).unwrap();
        let bytes = base64url::decode(request.transaction_data()).unwrap();
        let read: TransactionData = json::from_slice(&bytes).unwrap();
        assert_eq!(&read.grant, request.terms());
        assert_eq!(json::canonical(&read).unwrap(), bytes);
        let value: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
        let members: Vec<_> = value.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(members, ["credential_ids", "grant", "transaction_data_hashes_alg", "type"]);
        for absent in ["iat", "nbf", "status", "holder_approval"] {
            assert!(value["grant"].get(absent).is_none());
        }
        assert_eq!(value["grant"]["legal_basis"], serde_json::json!({"type": "consent"}));
        assert_eq!(request.transaction_hash(), Digest::of(request.transaction_data().as_bytes()));
        let restored =
            ConsentRequest::restore(request.id().clone(), request.terms().clone()).unwrap();
        assert_eq!(restored, request);
    }

    #[test]
    fn over_asking_names_the_claims_that_are_too_many() {
        let refusal = establish(ask(&["plateNumber", "vin", "ownerLicenseCode"])).unwrap_err();
        assert_eq!(refusal.code(), Code::OverAsking);
        let claims = vec!["vin".to_owned(), "ownerLicenseCode".to_owned()];
        assert_eq!(refusal, ConsentRefusal::OverAsking { claims });
    }

    #[test]
    fn an_unregistered_use_is_refused() {
        let identifier = LICENCE.parse().unwrap();
        let licence = LicenceReference {
            identifier: &identifier,
            licence_type: LicenceType::VehicleCertificate,
        };
        let try_with = |registered: Option<&IntendedUse>| {
            ConsentRequest::establish(ask(&["plateNumber"]), registered, licence, offer(), NOW)
        };
        let abroad = IntendedUse { division: "810000".parse().unwrap(), ..intended_use() };
        let other = IntendedUse { id: "iu_13".to_owned(), ..intended_use() };
        let types = IntendedUse { licence_types: [LicenceType::RoadPass].into(), ..intended_use() };
        for registered in [None, Some(&abroad), Some(&other), Some(&types)] {
            let code = try_with(registered).unwrap_err().code();
            assert_eq!(code, Code::IntendedUseNotRegistered);
        }
        let purpose = "insurance".parse().unwrap();
        let refusal = establish(ConsentAsk { purpose, ..ask(&["plateNumber"]) }).unwrap_err();
        assert_eq!(refusal, ConsentRefusal::IntendedUseNotRegistered);
    }

    #[test]
    fn co_08_wildcards_case_variants_and_repeats_are_refused() {
        for claims in [
            &[][..],
            &["*"],
            &["PLATENUMBER"],
            &["plateNumber", "plateNumber"],
            &["plateNumber", "status"],
            &["certificateIdentifier"],
        ] {
            let refusal = establish(ask(claims)).unwrap_err();
            assert_eq!(refusal.code(), Code::ValidationFailed, "{claims:?}");
        }
    }

    #[test]
    fn co_14_a_grant_ends_after_now_and_within_ninety_days() {
        let second = Duration::from_secs(1);
        for end in [NOW, NOW - second, NOW + limits::GRANT_LIFE + second] {
            let refusal = establish(ConsentAsk { exp: end.into(), ..ask(&["plateNumber"]) });
            assert_eq!(refusal, Err(ConsentRefusal::invalid("/exp")));
        }
        let longest = (NOW + limits::GRANT_LIFE).into();
        assert!(establish(ConsentAsk { exp: longest, ..ask(&["plateNumber"]) }).is_ok());
    }

    #[test]
    fn uses_and_lives_are_bounded() {
        let base = || ask(&["plateNumber"]);
        for (max_uses, fetch_type) in [
            (None, FetchType::Onetime),
            (Some(0), FetchType::Onetime),
            (Some(2), FetchType::Onetime),
            (Some(0), FetchType::Periodic),
        ] {
            let refusal = establish(ConsentAsk { fetch_type, max_uses, ..base() });
            assert_eq!(refusal, Err(ConsentRefusal::invalid("/max_uses")));
        }
        let unit = super::super::terms::DataLifeUnit::Month;
        for value in [0, 7, u32::MAX] {
            let refusal = establish(ConsentAsk { data_life: DataLife { unit, value }, ..base() });
            assert_eq!(refusal, Err(ConsentRefusal::invalid("/data_life")));
        }
    }
}
