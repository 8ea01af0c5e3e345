//! A look-up by an officer who was shown nothing: what travels between the gateways, and the
//! findings it makes.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::report::{Authorization, Findings, Freshness, IssuerLayer, LicenceLayer, TrustList};
use super::verification::{CheckContext, LEGAL_EFFECT, ROADSIDE_POLICY};
use crate::base::{Code, Division, InspectionRef, MemberId, Timestamp};
use crate::licence::Identifier;
use crate::register::{Query, QueryTerms, Recorded};
use crate::trust::{Snapshot, TrustReference};

/// The body of `POST /v1/licences:query`.
#[derive(Clone, Serialize, Deserialize)]
pub struct QueryBody {
    /// Exactly one thing known of the licence.
    #[serde(flatten)]
    pub terms: QueryTerms,
    /// The open inspection.
    pub inspection_ref: Option<InspectionRef>,
    /// The officer's pseudonym, one of those the inspection was opened with.
    pub officer: Option<String>,
    /// The claims wanted; without, the least that the function calls for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claims: Option<Vec<String>>,
}

/// The body of `POST /v1/inspections`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct InspectionBody {
    /// The use of the national catalogue.
    pub use_id: String,
    /// Pseudonyms of the officers.
    pub officers: Vec<String>,
    /// Where.
    pub place: String,
    /// The provision it rests on.
    pub law_ref: String,
    /// Why, by its code.
    pub reason_code: String,
    /// For how many hours, at most 12.
    pub hours: u64,
}

/// What the issuing gateway's register answers.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RegisterAnswer {
    /// `register.valid`, `licence.*` or `register.not_found`.
    pub code: Code,
    /// The division that issued the licence.
    pub division: Option<Division>,
    /// What is known of the licence.
    pub licence: Option<LicenceLayer>,
    /// The claims disclosed under the mandate.
    pub claims: Map<String, Value>,
}

impl RegisterAnswer {
    /// The answer where there is no such record.
    #[must_use]
    pub fn not_found() -> Self {
        Self { code: Code::RegisterNotFound, division: None, licence: None, claims: Map::new() }
    }

    /// The answer about a record, before any claim is released into it.
    #[must_use]
    pub fn about(recorded: &Recorded) -> Self {
        let record = recorded.record();
        let document = &record.document;
        let carrier = serde_json::to_value(record.carrier).unwrap_or_default();
        let layer = LicenceLayer {
            licence_type: document.licence_type().code().to_owned(),
            identifier: document.identifier().to_string(),
            carrier: carrier.as_str().unwrap_or_default().to_owned(),
            legal_effect: LEGAL_EFFECT.to_owned(),
            source: "register".to_owned(),
            status: record.status.token().to_owned(),
            status_source: "register".to_owned(),
            as_of: Some(recorded.as_of().whole_seconds()),
            ttl: None,
            valid_from: document.valid_from().to_string(),
            valid_until: document.valid_to().to_string(),
            annual_review: document.text("annualReviewStatus").map(str::to_owned),
        };
        Self {
            code: recorded.code(),
            division: Some(document.issuing_division()),
            licence: Some(layer),
            claims: Map::new(),
        }
    }

    /// Whether `member` may answer this: a register speaks for licences of the divisions that the
    /// federation gives to its province, and of no other.
    #[must_use]
    pub fn is_for(&self, member: MemberId, snapshot: &Snapshot) -> bool {
        let Some(licence) = &self.licence else { return self.code == Code::RegisterNotFound };
        let owned = |division: Division| snapshot.owner_of(division) == Some(member);
        let identifier: Option<Identifier> = licence.identifier.parse().ok();
        let issuer =
            identifier.and_then(|identifier| Query::Identifier(identifier).first_division());
        // An issuer's code that names no province is a data defect, never a reason to refuse.
        self.division.is_some_and(owned) && issuer.is_none_or(owned)
    }

    /// The findings of this answer by `member`.
    #[must_use]
    pub fn into_findings(
        self,
        member: MemberId,
        inspection: &InspectionRef,
        context: &CheckContext<'_>,
    ) -> Findings {
        let mut reasons = vec![self.code];
        if self.code == Code::RegisterValid {
            // Notice 39/2024: nobody is penalised merely for not showing the licence.
            reasons.push(Code::NotShown);
        }
        let as_of = self.licence.as_ref().and_then(|licence| licence.as_of);
        Findings {
            reasons,
            signature: None,
            issuer: issuer_layer(member, context.snapshot, context.now),
            licence: self.licence,
            holder_binding: json!({ "required": false, "result": "NOT_CHECKED" }),
            authorization: Authorization::statutory(inspection.to_string()),
            freshness: Freshness::of(
                context.snapshot,
                context.hub_reachable,
                as_of,
                context.max_status_age.as_secs(),
                context.now,
            ),
            disclosed: self.claims,
            policy: ROADSIDE_POLICY.to_owned(),
        }
    }
}

fn issuer_layer(member: MemberId, snapshot: &Snapshot, now: Timestamp) -> Option<IssuerLayer> {
    let reference: TrustReference = snapshot.reference_of(member.division())?;
    Some(IssuerLayer {
        division: member.division().to_string(),
        member,
        trust_list: TrustList::of(reference, snapshot, now),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trust::testing::Federation;

    fn answer(division: &str, identifier: &str) -> RegisterAnswer {
        let licence = LicenceLayer { identifier: identifier.to_owned(), ..LicenceLayer::default() };
        RegisterAnswer {
            code: Code::RegisterValid,
            division: Some(division.parse().unwrap()),
            licence: Some(licence),
            claims: Map::new(),
        }
    }

    #[test]
    fn fd_02_a_register_speaks_for_its_own_provinces_licences_alone() {
        let now: Timestamp = "2026-11-22T08:00:00Z".parse().unwrap();
        let snapshot = Federation::new(now).snapshot();
        let member = |digits: &str| digits.parse::<Division>().unwrap().member();
        let tianjin = "1.2.156.3005.2.11100000000019713D013.111200000001234561.000000000001.001.Y";
        let own = answer("120103", tianjin);
        assert!(own.is_for(member("120000"), &snapshot));
        assert!(!own.is_for(member("130000"), &snapshot), "another province's licence");
        let borrowed = answer("130103", tianjin);
        for claimant in ["120000", "130000"] {
            assert!(!borrowed.is_for(member(claimant), &snapshot), "division and issuer disagree");
        }
        assert!(RegisterAnswer::not_found().is_for(member("130000"), &snapshot));
        let bare = RegisterAnswer { code: Code::RegisterValid, ..RegisterAnswer::not_found() };
        assert!(!bare.is_for(member("130000"), &snapshot), "valid, but of what?");
    }
}
