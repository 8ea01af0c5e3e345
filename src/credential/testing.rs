//! A federation, a holder and their credentials for the tests of this module: honest ones, and
//! the means to forge.

use std::sync::LazyLock;
use std::time::Duration;

use serde_json::{Map, Value, json};

use super::{
    Authentic, BindTerms, Binding, IssueTerms, JudgeTerms, Judged, StatusBits, StatusEvidence,
    StatusListTerms, StatusReference, StatusValue, VerifiedStatusList, bind, examine, issue,
    present, sign_status_list,
};
use crate::base::{Code, SystemEntropy, Timestamp, limits};
use crate::crypto::seal::SoftwareKey;
use crate::crypto::{Algorithm, Digest, Jwk, Signer, base64url};
use crate::licence::{Identifier, LicenceDocument, LicenceType, LicenceVersion};
use crate::trust::Snapshot;
use crate::trust::testing::{Federation, Province};

/// One federation for all tests; making its keys takes a while.
pub(super) static WORLD: LazyLock<World> = LazyLock::new(World::new);

pub(super) const AUDIENCE: &str = "https://verifier.example";
pub(super) const NONCE: &str = "n-1";
pub(super) const INDEX: u64 = 4711;
pub(super) const ROADSIDE: JudgeTerms<'_> =
    JudgeTerms { max_status_age: limits::STATUS_AGE_ROADSIDE, binding: Binding::NotDemanded };
pub(super) const DEMANDED: JudgeTerms<'_> = JudgeTerms {
    max_status_age: limits::STATUS_AGE_ROADSIDE,
    binding: Binding::Demanded { audience: AUDIENCE, nonce: NONCE },
};

pub(super) struct World {
    pub(super) federation: Federation,
    pub(super) snapshot: Snapshot,
    pub(super) holder: SoftwareKey,
    pub(super) now: Timestamp,
}

impl World {
    fn new() -> Self {
        let now = "2026-11-22T08:00:00Z".parse().unwrap();
        let mut federation = Federation::new(now);
        let snapshot = federation.snapshot();
        let holder = SoftwareKey::generate(Algorithm::Es256).unwrap();
        Self { federation, snapshot, holder, now }
    }

    pub(super) fn province(&self) -> &Province {
        self.federation.province("120000")
    }

    /// The list of licences' status of the province.
    pub(super) fn status_uri(&self) -> String {
        format!("{}/v1/status-lists/licence/1", self.province().hosts[1])
    }

    pub(super) fn document(&self, licence_type: LicenceType) -> LicenceDocument {
        let identifier = Identifier::compose(
            licence_type,
            &self.province().authority_code.parse().unwrap(),
            "000000000001",
            LicenceVersion::FIRST,
        );
        let mut claims = json!({
            "certificateIdentifier": identifier.unwrap().as_str(),
            "certificateTypeCode": licence_type.code(),
            "issuingDivision": "120000",
            "issuingAuthorityCode": self.province().authority_code,
            "validFrom": "20260101",
            "validTo": "20291231",
            "version": "001",
            "holderName": "示例运输有限公司",
            "holderCodeType": "001",
        });
        let claims = claims.as_object_mut().unwrap();
        claims.extend(own_claims(licence_type));
        LicenceDocument::new(licence_type, claims.clone()).unwrap()
    }

    /// A credential of this type, bound to the holder's key, with every disclosure.
    pub(super) fn issue(&self, licence_type: LicenceType) -> String {
        let status = StatusReference { idx: INDEX, uri: self.status_uri() };
        let jwk = Jwk::of(self.holder.public_key());
        let terms = IssueTerms {
            issuer: &self.province().issuer_id(),
            chain: &self.province().issuer_chain(),
            status,
            holder: Some(&jwk),
            now: self.now,
        };
        let signer = &self.province().issuer.key;
        issue(&self.document(licence_type), &terms, signer, &SystemEntropy).unwrap().token
    }

    /// A vehicle certificate that discloses its plate.
    pub(super) fn presentation(&self) -> String {
        present(&self.issue(LicenceType::VehicleCertificate), &["plateNumber"]).unwrap()
    }

    /// The payload of an honest credential, without hidden claims, for a test to spoil.
    pub(super) fn payload(&self) -> Value {
        let token = self.issue(LicenceType::VehicleCertificate);
        let payload = token.split('.').nth(1).unwrap();
        let mut payload: Value =
            serde_json::from_slice(&base64url::decode(payload).unwrap()).unwrap();
        payload.as_object_mut().unwrap().remove("_sd");
        payload
    }

    /// The header of an honest credential.
    pub(super) fn header(&self) -> Value {
        let token = self.issue(LicenceType::VehicleCertificate);
        let header = token.split('.').next().unwrap();
        serde_json::from_slice(&base64url::decode(header).unwrap()).unwrap()
    }

    /// `payload` under the genuine issuer's signature, with a final tilde.
    pub(super) fn sign(&self, payload: &Value) -> String {
        self.sign_bytes(&self.header(), payload.to_string().as_bytes())
    }

    /// The same with a header of the test's own.
    pub(super) fn sign_bytes(&self, header: &Value, payload: &[u8]) -> String {
        format!("{}~", jwt(header, payload, &self.province().issuer.key))
    }

    /// The honest payload with `claim` set to `value`, or removed where it is null.
    pub(super) fn with(&self, claim: &str, value: Value) -> String {
        let mut payload = self.payload();
        payload.as_object_mut().unwrap().remove(claim);
        if !value.is_null() {
            payload[claim] = value;
        }
        self.sign(&payload)
    }

    /// `token` with a key binding of the holder for [`AUDIENCE`] and [`NONCE`].
    pub(super) fn bind(&self, token: &str) -> String {
        let terms = BindTerms { audience: AUDIENCE, nonce: NONCE, transaction: None };
        bind(token, terms, &self.holder, self.now).unwrap()
    }

    /// The province's status list with `value` at [`INDEX`].
    pub(super) fn status(&self, value: StatusValue) -> VerifiedStatusList {
        let token = self.status_token(&[(INDEX, value)], self.now);
        self.verify_status(&token).unwrap()
    }

    pub(super) fn status_token(&self, entries: &[(u64, StatusValue)], at: Timestamp) -> String {
        let mut bits = StatusBits::all_valid(0).unwrap();
        for (index, value) in entries {
            bits.set(*index, *value).unwrap();
        }
        let uri = self.status_uri();
        let terms = StatusListTerms {
            uri: &uri,
            ttl: Duration::from_mins(15),
            life: Duration::from_hours(48),
            reinstated: &[],
        };
        sign_status_list(&bits, &terms, &self.province().status_signer.key, at).unwrap()
    }

    pub(super) fn verify_status(
        &self,
        token: &str,
    ) -> Result<VerifiedStatusList, super::StatusListError> {
        let member = self.province().division.member();
        VerifiedStatusList::verify(token, &self.status_uri(), member, &self.snapshot, self.now)
    }

    pub(super) fn examine(&self, token: &str) -> Result<Authentic, Code> {
        examine(token, &self.snapshot, self.now).map_err(|failure| failure.code())
    }

    /// The whole verification with a status list that says "in force".
    pub(super) fn judge(&self, token: &str, terms: &JudgeTerms<'_>) -> Judged {
        let list = self.status(StatusValue::Valid);
        let evidence = StatusEvidence::List { list: &list, ended_as: None };
        self.examine(token).unwrap().judge(evidence, terms, self.now)
    }

    /// The deciding code of the whole verification, with `terms`.
    pub(super) fn code(&self, token: &str, terms: &JudgeTerms<'_>) -> Code {
        match self.examine(token) {
            Err(code) => code,
            Ok(_) => self.judge(token, terms).reasons()[0],
        }
    }
}

/// A JWT as the test wants it.
pub(super) fn jwt(header: &Value, payload: &[u8], signer: &dyn Signer) -> String {
    let input = format!("{}.{}", base64url::encode(header.to_string()), base64url::encode(payload));
    let signature = signer.sign(input.as_bytes()).unwrap();
    format!("{input}.{}", base64url::encode(signature))
}

/// A disclosure of an object's claim, and its digest.
pub(super) fn hide(name: &str, value: &Value) -> (String, String) {
    let encoded = base64url::encode(json!(["salt", name, value]).to_string());
    let digest = Digest::of(&encoded).to_string();
    (encoded, digest)
}

fn own_claims(licence_type: LicenceType) -> Map<String, Value> {
    let claims = match licence_type {
        LicenceType::OperatingPermit => json!({
            "operatingStatus": "1", "businessScopeDesc": "道路普通货物运输", "licenseCode": "000042",
        }),
        LicenceType::PractitionerQualification => json!({
            "name": "张三", "qualificationNumber": "120101000000000042",
            "qualificationCategoryCode": "01",
        }),
        _ => json!({
            "plateNumber": "津A12345", "plateColourCode": "2", "vehicleOperatingStatus": "10",
            "annualReviewStatus": "1", "annualReviewValidTo": "20270630",
        }),
    };
    claims.as_object().unwrap().clone()
}
