//! A disclosure between two provinces of the fixture, and the record of it: honest ones, and the
//! pieces from which a test makes others.

use std::sync::LazyLock;
use std::time::Duration;

use rcgen::{CertificateParams, IsCa, KeyPair, KeyUsagePurpose};
use serde_json::{Value, json};

use super::{
    AnnotationDraft, Parts, Record, Revocation, TrustEvidence, Verification, VerifyTerms, open,
    seal, verify,
};
use crate::base::{
    ConsentRequestId, GrantId, Language, ListId, ServiceId, SystemEntropy, Timestamp,
};
use crate::consent::{
    ApprovalMethod, ClaimPath, ConsentAsk, ConsentMode, ConsentRequest, DataLife, DataLifeUnit,
    FetchType, Grant, GrantPurpose, HolderApproval, IntendedUse, LicenceReference, LocalText,
    Notice, Offer, StatusListEntry, StatusReference as GrantStatus,
};
use crate::credential::{
    BindTerms, Binding, IssueTerms, JudgeTerms, StatusBits, StatusEvidence, StatusListTerms,
    StatusReference, StatusValue, VerifiedStatusList, bind, examine, issue, present,
    sign_status_list,
};
use crate::crypto::jws::{Header, Typ, sign_compact};
use crate::crypto::note::Checkpoint;
use crate::crypto::seal::SoftwareKey;
use crate::crypto::x509::Certificate;
use crate::crypto::{Algorithm, Digest, Jwk, Signer as _};
use crate::licence::{Identifier, LicenceDocument, LicenceType, LicenceVersion};
use crate::trust::testing::{Federation, Listed, Province, list_id};
use crate::trust::{Root, ServiceKind, ServiceStatus, Snapshot, TrustState, prove};

pub(super) static WORLD: LazyLock<World> = LazyLock::new(World::new);

pub(super) const GRANTEE: &str = "urn:cn:uscc:91440000MA0000002Y";
pub(super) const MAKERS_LOG: &str = "elicence/440000/audit";
pub(super) const NUMBER: &str = "000000000001";
const INDEX: u64 = 4711;
const KIND: LicenceType = LicenceType::VehicleCertificate;

/// Tianjin issues, Guangdong asks for a business of its own.
pub(super) struct World {
    pub(super) federation: Federation,
    pub(super) state: TrustState,
    pub(super) root: Root,
    pub(super) holder: SoftwareKey,
    /// Signs the checkpoints of the making province.
    pub(super) log: SoftwareKey,
    pub(super) credential: String,
    pub(super) now: Timestamp,
}

impl World {
    fn new() -> Self {
        let now = "2026-11-22T08:00:00Z".parse().unwrap();
        let mut federation = Federation::new(now);
        let log = list_log_key(&mut federation, "440000", now);
        let state = federation.state();
        let root = Root::pinned(&federation.signed_root()).unwrap();
        let holder = SoftwareKey::generate(Algorithm::Es256).unwrap();
        let credential = issue_licence(federation.province("120000"), NUMBER, &holder, now);
        Self { federation, state, root, holder, log, credential, now }
    }

    pub(super) fn issuing(&self) -> &Province {
        self.federation.province("120000")
    }

    pub(super) fn making(&self) -> &Province {
        self.federation.province("440000")
    }

    pub(super) fn snapshot(&self) -> Snapshot {
        Snapshot::build(self.state.clone(), 1, self.now)
    }

    pub(super) fn evidence(&self) -> TrustEvidence {
        let (issuing, making) = (self.issuing().division, self.making().division);
        TrustEvidence::of(&self.state, issuing.member(), making.member()).unwrap()
    }

    /// The licence's status list with `value`, signed at `at` by the issuing province.
    pub(super) fn status_token(&self, value: StatusValue, at: Timestamp) -> String {
        status_token(&status_uri(self.issuing()), value, &self.issuing().status_signer.key, at)
    }

    /// The instants of approval, use and making.
    pub(super) fn used(&self) -> Timestamp {
        self.now + Duration::from_mins(1)
    }

    pub(super) fn created(&self) -> Timestamp {
        self.now + Duration::from_mins(2)
    }

    /// Judges `record` five minutes after everything, asked about nothing else.
    pub(super) fn verify(&self, record: &Record) -> Verification {
        let now = self.now + Duration::from_mins(5);
        verify(record, self.root.clone(), &VerifyTerms { at: None, audience: None, now })
    }

    /// Judges the JSON of a record, which a test has changed.
    pub(super) fn verify_json(&self, json: &Value) -> Verification {
        let now = self.now + Duration::from_mins(5);
        match open(json.to_string().as_bytes()) {
            Ok(record) => self.verify(&record),
            Err(refusal) => {
                let terms = VerifyTerms { at: None, audience: None, now };
                Verification::unreadable(&refusal, &terms)
            }
        }
    }
}

/// A disclosure, before it is a record.
pub(super) struct Case {
    /// What the issuing gateway signs as its answer.
    pub(super) answer: Value,
    pub(super) answer_typ: Typ,
    /// The province whose gateway signs it.
    pub(super) answerer: &'static str,
    pub(super) status_token: String,
    pub(super) status_uri: String,
    pub(super) report: Value,
    pub(super) maker_checkpoint: Option<String>,
    pub(super) annotation: AnnotationDraft,
    pub(super) created: Timestamp,
}

impl Case {
    /// The plate was granted and given.
    pub(super) fn honest() -> Self {
        let presentation = present(&WORLD.credential, &["plateNumber"]).unwrap();
        Self::under(&Consent::honest(), &presentation)
    }

    /// A use of `consent` that gave `presentation`.
    pub(super) fn under(consent: &Consent, presentation: &str) -> Self {
        let world = &*WORLD;
        let used = world.used();
        let answer = json!({
            "iss": world.issuing().division.member(),
            "aud": world.making().division.member(),
            "iat": used.unix_seconds(),
            "exp": used.unix_seconds() + 60,
            "request_sha256": Digest::of("request"),
            "audit": { "leaf": Digest::of("leaf"), "index": 12 },
            "result": {
                "presentation": presentation,
                "claims": { "plateNumber": "津A12345" },
                "grant": consent.token(),
                "transaction_data": consent.request.transaction_data(),
                "approval": consent.approval,
                "uses": { "count": 1, "max": 1 },
            },
        });
        Self {
            answer,
            answer_typ: Typ::Answer,
            answerer: "120000",
            status_token: world.status_token(StatusValue::Valid, world.now),
            status_uri: status_uri(world.issuing()),
            report: report(presentation, &consent.grant),
            maker_checkpoint: Some(checkpoint(MAKERS_LOG, &world.log)),
            annotation: AnnotationDraft {
                copy_creator: world.making().division.member(),
                copy_cause: "cargo-contracting".to_owned(),
                copy_expires: world.now + Duration::from_hours(24 * 180),
                audience: GRANTEE.to_owned(),
                purpose: "cargo-contracting".parse().unwrap(),
            },
            created: world.created(),
        }
    }

    /// The parts, with the answer signed.
    pub(super) fn parts(self) -> Parts {
        let key = &WORLD.federation.province(self.answerer).gateway.key;
        Parts {
            answer: sign_compact(key, Header::new(self.answer_typ), &self.answer).unwrap(),
            revocation: Revocation {
                status_token: self.status_token,
                status_uri: self.status_uri,
                fetched_at: self.created,
            },
            trust: WORLD.evidence(),
            verification_report: self.report,
            maker_checkpoint: self.maker_checkpoint,
            annotation: self.annotation,
        }
    }

    /// The record, by the making gateway.
    pub(super) fn seal(self) -> Record {
        let created = self.created;
        seal(self.parts(), &WORLD.making().gateway.key, created, &SystemEntropy).unwrap()
    }
}

/// What the holder agreed to, and how.
pub(super) struct Consent {
    pub(super) request: ConsentRequest,
    pub(super) approval: String,
    pub(super) grant: Grant,
}

impl Consent {
    pub(super) fn honest() -> Self {
        Self::of(&Asking::honest())
    }

    /// Consent to the plate.
    pub(super) fn of(asking: &Asking<'_>) -> Self {
        let at = WORLD.now + Duration::from_secs(10);
        let request = request(asking.mode);
        let bare = present(asking.credential, &[]).unwrap();
        let terms = BindTerms {
            audience: asking.audience,
            nonce: "n-1",
            transaction: Some(request.transaction_hash()),
        };
        let approval = bind(&bare, terms, asking.holder, asking.signed).unwrap();
        let noted = HolderApproval::established(asking.method, request.transaction_hash(), at);
        let uri = "https://127.0.0.1/v1/status-lists/grants/1".to_owned();
        let status = GrantStatus { status_list: StatusListEntry { idx: 1, uri } };
        let grant = Grant::from_approval(&request, noted, status, None, at).unwrap();
        Self { request, approval, grant }
    }

    pub(super) fn token(&self) -> String {
        self.grant.sign(&WORLD.issuing().gateway.key).unwrap()
    }
}

/// How the holder was asked and agreed.
pub(super) struct Asking<'a> {
    pub(super) mode: ConsentMode,
    pub(super) method: ApprovalMethod,
    pub(super) holder: &'a SoftwareKey,
    pub(super) credential: &'a str,
    pub(super) audience: &'a str,
    pub(super) signed: Timestamp,
}

impl Asking<'static> {
    pub(super) fn honest() -> Self {
        let world = &*WORLD;
        Self {
            mode: ConsentMode::Store,
            method: ApprovalMethod::KbJwt,
            holder: &world.holder,
            credential: &world.credential,
            audience: &world.issuing().hosts[1],
            signed: world.now + Duration::from_secs(10),
        }
    }
}

/// A status list at `uri` with `value` for the licence.
pub(super) fn status_token(
    uri: &str,
    value: StatusValue,
    signer: &SoftwareKey,
    at: Timestamp,
) -> String {
    let mut bits = StatusBits::all_valid(0).unwrap();
    bits.set(INDEX, value).unwrap();
    let terms = StatusListTerms {
        uri,
        ttl: Duration::from_mins(15),
        life: Duration::from_hours(48),
        reinstated: &[],
    };
    sign_status_list(&bits, &terms, signer, at).unwrap()
}

pub(super) fn status_uri(province: &Province) -> String {
    format!("{}/v1/status-lists/licence/1", province.hosts[1])
}

/// A checkpoint of the log called `origin`.
pub(super) fn checkpoint(origin: &str, signer: &SoftwareKey) -> String {
    let root = Digest::of("root of the log");
    Checkpoint { origin: origin.to_owned(), size: 13, root }.sign(signer).unwrap()
}

/// Publishes a list of this province with a key for its log, which only Ed25519 can be.
fn list_log_key(federation: &mut Federation, code: &str, now: Timestamp) -> SoftwareKey {
    let pkcs8 = SoftwareKey::generate_pkcs8(Algorithm::EdDsa).unwrap();
    let pair = KeyPair::try_from(pkcs8.as_slice()).unwrap();
    let mut params = CertificateParams::new(Vec::<String>::new()).unwrap();
    let since = (now - Duration::from_hours(24)).unix_seconds().unsigned_abs();
    params.not_before = rcgen::date_time_ymd(1970, 1, 1) + Duration::from_secs(since);
    params.not_after = params.not_before + Duration::from_hours(24 * 700);
    params.is_ca = IsCa::ExplicitNoCa;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    let certificate = params.self_signed(&pair).unwrap();
    let key = SoftwareKey::from_pkcs8(&pkcs8).unwrap();
    let kind = ServiceKind::LogSigning;
    let province = federation.province_mut(code);
    let id = ServiceId::new(province.division, kind.word(), 1);
    province.scope.may_vouch_for.push(kind.word().to_owned());
    province.entries.push(Listed {
        possession: prove(&key, province.division.member(), &id, kind).unwrap(),
        certificates: vec![Certificate::parse(certificate.der()).unwrap()],
        status: ServiceStatus::Granted,
        scope: None,
        client_role: None,
        id,
        kind,
    });
    federation.publish(ListId::Federation);
    federation.publish(list_id(code));
    key
}

fn identifier(province: &Province, number: &str) -> Identifier {
    let authority = province.authority_code.parse().unwrap();
    Identifier::compose(KIND, &authority, number, LicenceVersion::FIRST).unwrap()
}

/// A vehicle's licence of this number, for `holder`.
pub(super) fn issue_licence(
    province: &Province,
    number: &str,
    holder: &SoftwareKey,
    now: Timestamp,
) -> String {
    let identifier = identifier(province, number);
    let claims = json!({
        "certificateIdentifier": identifier.as_str(),
        "certificateTypeCode": KIND.code(),
        "issuingDivision": "120000",
        "issuingAuthorityCode": province.authority_code,
        "validFrom": "20260101",
        "validTo": "20291231",
        "version": "001",
        "holderName": "示例运输有限公司",
        "holderCodeType": "001",
        "plateNumber": "津A12345",
        "plateColourCode": "2",
        "ownerName": "示例运输有限公司",
        "vehicleOperatingStatus": "10",
    });
    let document = LicenceDocument::new(KIND, claims.as_object().unwrap().clone()).unwrap();
    let terms = IssueTerms {
        issuer: &province.issuer_id(),
        chain: &province.issuer_chain(),
        status: StatusReference { idx: INDEX, uri: status_uri(province) },
        holder: Some(&Jwk::of(holder.public_key())),
        now,
    };
    issue(&document, &terms, &province.issuer.key, &SystemEntropy).unwrap().token
}

fn request(mode: ConsentMode) -> ConsentRequest {
    let world = &*WORLD;
    let identifier = identifier(world.issuing(), NUMBER);
    let ask = ConsentAsk {
        identifier: identifier.clone(),
        claims: vec![ClaimPath::new("plateNumber")],
        purpose: "cargo-contracting".parse().unwrap(),
        intended_use_id: "iu_12".to_owned(),
        consent_mode: mode,
        fetch_type: FetchType::Onetime,
        max_uses: Some(1),
        data_life: DataLife { unit: DataLifeUnit::Month, value: 6 },
        exp: (world.now + Duration::from_hours(24)).into(),
        service_item: None,
        replaces: None,
    };
    let licence = LicenceReference { identifier: &identifier, licence_type: KIND };
    ConsentRequest::establish(ask, Some(&intended_use()), licence, offer(), world.now).unwrap()
}

fn intended_use() -> IntendedUse {
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
        claims: ["plateNumber".to_owned()].into(),
        licence_types: [KIND].into(),
        mode: ConsentMode::Store,
        longest_data_life_days: 186,
    }
}

fn offer() -> Offer {
    let now = WORLD.now;
    Offer {
        request: ConsentRequestId::generate(now, &SystemEntropy),
        grant: GrantId::generate(now, &SystemEntropy),
        issuer: WORLD.issuing().division.member(),
        spki_sha256: Digest::of("client key"),
        notice: Notice {
            uri: "https://127.0.0.1/notice".to_owned(),
            digest: format!("sha-256:{}", Digest::of("notice")),
            version: "3".to_owned(),
            lang: Language::Zh,
        },
    }
}

/// The verdict that the making gateway reaches at the use, with values as it has them.
fn report(presentation: &str, grant: &Grant) -> Value {
    let world = &*WORLD;
    let (snapshot, used) = (world.snapshot(), world.used());
    let (uri, member) = (status_uri(world.issuing()), world.issuing().division.member());
    let token = world.status_token(StatusValue::Valid, world.now);
    let list = VerifiedStatusList::verify(&token, &uri, member, &snapshot, used).unwrap();
    let evidence = StatusEvidence::List { list: &list, ended_as: None };
    let terms =
        JudgeTerms { max_status_age: Duration::from_hours(1), binding: Binding::NotDemanded };
    let judged = examine(presentation, &snapshot, used).unwrap().judge(evidence, &terms, used);
    json!({
        "decision": judged.decision(),
        "reasons": judged.reasons().iter().map(|code| json!({ "code": code })).collect::<Vec<_>>(),
        "signature": judged.signature(),
        "issuer": { "member": member, "division": judged.content().division() },
        "licence": {
            "type": judged.licence().licence_type.code(),
            "identifier": judged.licence().identifier,
            "status": judged.licence().status.token(),
            "valid_from": judged.licence().valid_from.to_string(),
            "valid_until": judged.licence().valid_until.to_string(),
        },
        "authorization": { "result": "PASSED", "kind": "holder", "grant_id": grant.terms().jti },
        "freshness": { "mode": "fresh", "establishes_current": true },
        "disclosed": judged.content().claims(),
        "policy": "test",
        "jws": "a..b",
    })
}
