//! The world that is measured in: a hub and one province founded in a temporary folder by the same
//! functions that operators use, their lists accepted by the rules of every node, and one vehicle
//! certificate bound to a holder's key. No network, no listener.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use hutong::audit::{Actor, Entry, EntryKind, Pending, Receipt};
use hutong::base::{Division, ManualClock, ServiceId, SystemEntropy, Timestamp};
use hutong::credential::{
    BindTerms, IssueTerms, StatusBits, StatusListTerms, StatusReference, VerifiedStatusList, bind,
    issue, sign_status_list,
};
use hutong::crypto::seal::SoftwareKey;
use hutong::crypto::{Algorithm, Jwk, Signer};
use hutong::licence::{Identifier, LicenceDocument, LicenceType, LicenceVersion};
use hutong::pki::files;
use hutong::store::Store;
use hutong::trust::{ServiceKind, Snapshot};
use serde_json::json;

use super::founded::{Fallible, Founded};
use super::trust::accepted;

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
        let clock = Arc::new(ManualClock::at(now));
        let founded = Founded::new(folder, PORTS, clock, &[PROVINCE], &[])?;
        let province = founded.folder(PROVINCE);
        let root = std::fs::read(folder.join("hub/trust/root.json"))?;
        let freshness = key(&folder.join("hub"), "freshness")?;
        let state = accepted(&root, &freshness, &founded.first_lists()?, now)?;
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

fn key(folder: &Path, name: &str) -> Fallible<SoftwareKey> {
    let path = folder.join(format!("keys/{name}.key.pem"));
    Ok(SoftwareKey::from_pkcs8(&files::read_key(&path)?)?)
}

fn division() -> Fallible<Division> {
    Ok("120000".parse()?)
}

/// Who asks for the key binding.
pub(crate) const AUDIENCE: &str = "https://verifier.example:8444";
/// The challenge of the key binding.
pub(crate) const NONCE: &str = "a-nonce-of-the-measurement";
/// At the public listener of the one province.
const STATUS: &str = "https://127.0.0.1:8451/v1/status-lists/licence/1";
/// Social credit code of a fictitious authority, with sound check character.
const AUTHORITY: &str = "111200000001234561";
const INDEX: u64 = 4_711;
const PROVINCE: &str = "120000";
/// For the configuration files; nothing ever listens there.
const PORTS: u16 = 8_440;
