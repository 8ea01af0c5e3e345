//! The world that is measured in: a hub and one province founded in a temporary folder by the same
//! functions that operators use, their lists accepted by the rules of every node, and one vehicle
//! certificate bound to a holder's key. No network, no listener.

use std::error::Error;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use hutong::audit::{Actor, Entry, EntryKind, Pending, Receipt};
use hutong::base::{Division, ListId, ServiceId, SystemEntropy, Timestamp};
use hutong::credential::{
    BindTerms, IssueTerms, StatusBits, StatusListTerms, StatusReference, VerifiedStatusList, bind,
    issue, sign_status_list,
};
use hutong::crypto::jws::GeneralJws;
use hutong::crypto::seal::SoftwareKey;
use hutong::crypto::x509::Certificate;
use hutong::crypto::{Algorithm, Digest, Jwk, Signer};
use hutong::exchange::{Addressee, NextList, OpenedBundle};
use hutong::licence::{Identifier, LicenceDocument, LicenceType, LicenceVersion};
use hutong::pki::{LEAF_LIFE, Made, Period, files};
use hutong::store::Store;
use hutong::trust::lote::{self, SignedList};
use hutong::trust::{
    FreshnessDraft, LogHead, Named, Root, ServiceKind, ServiceStatus, Snapshot, TrustState, Update,
    root_vote,
};
use hutong::{gateway, hub};
use serde_json::json;

/// Anything that goes wrong while the world is made ends the measurement.
pub(crate) type Fallible<T> = Result<T, Box<dyn Error>>;

/// Everything that a verification needs.
pub(crate) struct World {
    /// The trust it rests on.
    pub(crate) snapshot: Snapshot,
    /// A vehicle certificate with every disclosure and a key binding.
    pub(crate) presentation: String,
    /// The province's status list, as it is kept in memory.
    pub(crate) status: VerifiedStatusList,
    /// The key that signs verdicts.
    pub(crate) gateway: Arc<dyn Signer>,
    /// Where one check stands in the log; a report names it.
    pub(crate) receipt: Receipt,
    /// The instant of everything.
    pub(crate) now: Timestamp,
}

impl World {
    /// Founds everything below `folder`.
    pub(crate) async fn found(folder: &Path, now: Timestamp) -> Fallible<Self> {
        let operators = operators(now)?;
        let root = found_hub(&folder.join("hub"), &operators, now)?;
        let province = folder.join("province");
        gateway::found(&province, &charter()?, &root, now)?;
        let state = accept_lists(folder, &root, &operators, now)?;
        let snapshot = Snapshot::build(state, 1, now);
        if let Some((_, service, refusal)) = snapshot.refused().first() {
            return Err(format!("{service} is refused: {}", refusal.code()).into());
        }
        let receipt = on_record(&folder.join("store"), &province, now).await?;
        Ok(Self {
            presentation: presentation(&province, now)?,
            status: status(&province, &snapshot, now)?,
            gateway: Arc::new(key(&province, ServiceKind::GatewaySigning.word())?),
            snapshot,
            receipt,
            now,
        })
    }
}

fn operators(now: Timestamp) -> Fallible<Vec<Made>> {
    let make = |number: u32| {
        let name = format!("federation operator {number}");
        Made::signing(&name, Algorithm::Es256, Period::from_now(now, LEAF_LIFE))
    };
    Ok((1..=5).map(make).collect::<Result<_, _>>()?)
}

/// Founds the hub and lets three of the five operators sign its root.
fn found_hub(folder: &Path, operators: &[Made], now: Timestamp) -> Fallible<Vec<u8>> {
    let charter = hub::HubCharter {
        allow_private_addresses: true,
        listen: listen(),
        federation_origin: HUB.to_owned(),
        public_origin: "https://join.hub.example:8444".to_owned(),
    };
    hub::found(folder, &charter, now)?;
    let certificates: Vec<Certificate> =
        operators.iter().map(|operator| operator.certificate.clone()).collect();
    let terms = hub::RootTerms { operators: &certificates, threshold: 3, emergency: 2 };
    let payload = hub::root_payload(folder, &charter, terms, now)?;
    let mut document = GeneralJws::unsigned(payload.clone());
    for operator in &operators[..3] {
        document.add(root_vote(&operator.signer()?, &operator.certificate, &payload, now)?);
    }
    Ok(document.to_bytes()?)
}

/// Grants the province's application and takes root, freshness and both lists as a node does.
fn accept_lists(
    folder: &Path,
    root: &[u8],
    operators: &[Made],
    now: Timestamp,
) -> Fallible<TrustState> {
    let addressee = Addressee { hub: HUB.to_owned(), nonce: "nonce".to_owned() };
    let application = OpenedBundle::open(&gateway::apply(&folder.join("province"), addressee)?)?;
    let own_list = application.bundle.enrolment.list.clone();
    let fingerprint = application.fingerprint();
    let payload = NextList::first(&[], now)?
        .approve(&application, ServiceStatus::Granted, fingerprint)?
        .to_payload()?;
    let mut federation = GeneralJws::unsigned(payload.clone());
    for operator in &operators[..3] {
        federation.add(lote::vote(&operator.signer()?, &operator.certificate, &payload, now)?);
    }
    let lists = [
        (ListId::Federation, federation.to_bytes()?),
        (ListId::Province(division()?), own_list.into_bytes()),
    ];
    let root = Root::pinned(root)?;
    let draft = FreshnessDraft {
        orders: Vec::new(),
        sequence: 1,
        root: Named {
            sequence: root.document().sequence,
            sha256: root.sha256(),
            bytes: root.bytes().len() as u64,
        },
        lists: lists.iter().map(|(id, bytes)| Ok((*id, named(bytes)?))).collect::<Fallible<_>>()?,
        log: LogHead { size: 0, root: Digest::of("") },
    };
    let freshness = draft.sign(&key(&folder.join("hub"), "freshness")?, now)?;
    let mut state = TrustState::pinned(root).accept(Update::Freshness(&freshness), now)?.state;
    for (id, bytes) in &lists {
        state = state.accept(Update::List { id: *id, bytes }, now)?.state;
    }
    Ok(state)
}

fn named(list: &[u8]) -> Fallible<Named> {
    let signed = SignedList::parse(list)?;
    let sequence = signed.document().lote.scheme.sequence;
    Ok(Named { sequence, sha256: signed.sha256(), bytes: signed.size() })
}

/// A vehicle certificate of a fictitious firm, shown whole, bound to its holder's key.
fn presentation(province: &Path, now: Timestamp) -> Fallible<String> {
    let holder = SoftwareKey::generate(Algorithm::Es256)?;
    let jwk = Jwk::of(holder.public_key());
    let terms = IssueTerms {
        issuer: &ServiceId::new(division()?, ServiceKind::Issuance.word(), 1),
        chain: &files::read_certificates(&province.join("keys/issuance.cert.pem"))?,
        status: StatusReference { idx: INDEX, uri: STATUS.to_owned() },
        holder: Some(&jwk),
        now,
    };
    let signer = key(province, ServiceKind::Issuance.word())?;
    let issued = issue(&document()?, &terms, &signer, &SystemEntropy)?;
    let terms = BindTerms { audience: AUDIENCE, nonce: NONCE, transaction: None };
    Ok(bind(&issued.token, terms, &holder, now)?)
}

fn document() -> Fallible<LicenceDocument> {
    let kind = LicenceType::VehicleCertificate;
    let identifier =
        Identifier::compose(kind, &AUTHORITY.parse()?, "000000000101", LicenceVersion::FIRST)?;
    let claims = json!({
        "certificateIdentifier": identifier, "certificateTypeCode": kind,
        "certificateName": "道路运输证", "version": "001",
        "issuingAuthorityName": "天津市示例区交通运输局", "issuingAuthorityCode": AUTHORITY,
        "issuingDivision": "120103", "areaCode": "120103", "issuedDate": "20260101",
        "validFrom": "20260101", "validTo": "20991231",
        "plateNumber": "津A12345", "plateColourCode": "2", "vin": "LZYTFGAW1J1000001",
        "transCertificateWord": "津交运管字", "transCertificateCode": "120103000001",
        "ownerName": "天津示例运输有限公司", "ownerLicenseCode": "120103000077",
        "vehicleOperatingStatus": "10", "annualReviewStatus": "1",
        "annualReviewValidTo": "20991231", "technicalGrade": "1",
        "holderName": "天津示例运输有限公司", "holderCode": "91120103MA00000008",
        "holderCodeType": "001",
    });
    let claims = claims.as_object().cloned().unwrap_or_default();
    Ok(LicenceDocument::new(kind, claims)?)
}

fn status(province: &Path, snapshot: &Snapshot, now: Timestamp) -> Fallible<VerifiedStatusList> {
    let terms = StatusListTerms {
        uri: STATUS,
        ttl: Duration::from_mins(15),
        life: Duration::from_hours(24),
        reinstated: &[],
    };
    let signer = key(province, ServiceKind::Status.word())?;
    let token = sign_status_list(&StatusBits::all_valid(0)?, &terms, &signer, now)?;
    Ok(VerifiedStatusList::verify(&token, STATUS, division()?.member(), snapshot, now)?)
}

/// Puts one check on record, so that reports can name an entry. It is not part of what is measured.
async fn on_record(folder: &Path, province: &Path, now: Timestamp) -> Fallible<Receipt> {
    let log = key(province, ServiceKind::LogSigning.word())?;
    let store = Store::open(folder, "elicence/120000/audit", Arc::new(log)).await?;
    let entry = Entry::new(EntryKind::Verification, now, Actor::gateway());
    let receipt = store.commit(Vec::new(), Pending::new(entry, &SystemEntropy)).await?;
    store.close().await;
    Ok(receipt)
}

fn charter() -> Fallible<gateway::Charter> {
    Ok(gateway::Charter {
        division: division()?,
        authority_code: AUTHORITY.to_owned(),
        listen: listen(),
        federation_origin: "https://gateway.tianjin.example:8443".to_owned(),
        public_origin: PUBLIC.to_owned(),
        hub_origin: HUB.to_owned(),
        refresh_seconds: 30,
        contacts: Vec::new(),
        allow_private_addresses: false,
    })
}

fn key(folder: &Path, name: &str) -> Fallible<SoftwareKey> {
    let path = folder.join(format!("keys/{name}.key.pem"));
    Ok(SoftwareKey::from_pkcs8(&files::read_key(&path)?)?)
}

fn division() -> Fallible<Division> {
    Ok("120000".parse()?)
}

/// Addresses for the configuration files; nothing ever listens there.
fn listen() -> [SocketAddr; 3] {
    [8443, 8444, 8445].map(|port| SocketAddr::from(([127, 0, 0, 1], port)))
}

/// Who asks for the key binding.
pub(crate) const AUDIENCE: &str = "https://verifier.example:8444";
/// The challenge of the key binding.
pub(crate) const NONCE: &str = "a-nonce-of-the-measurement";
const HUB: &str = "https://hub.example:8443";
const PUBLIC: &str = "https://licence.tianjin.example:8444";
const STATUS: &str = "https://licence.tianjin.example:8444/v1/status-lists/licence/1";
/// Social credit code of a fictitious authority, with sound check character.
const AUTHORITY: &str = "111200000001234561";
const INDEX: u64 = 4_711;
