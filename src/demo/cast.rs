//! The cast: police of Hebei, a business of Guangdong, a driver of Tianjin with a wallet, and the
//! licences they have to do with. Every name and number is made up.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::stage::{Province, ROADSIDE_USE, Stage, keep, make_folder, pin, read, write};
use super::story::DemoError;
use crate::base::{CivilDate, Division, Timestamp};
use crate::crypto::seal::OfflineKey;
use crate::crypto::{Algorithm, Jwk, Signer as _};
use crate::exchange::RegisteredUse;
use crate::gateway::{ClientOrder, IssuedLicence};
use crate::licence::{Carrier, Identifier, LicenceType, LicenceVersion, SocialCreditCode};
use crate::peer::{Desk, DeskIdentity};
use crate::pki::{LEAF_LIFE, Made, Period};

/// Everybody who acts, with what they hold.
pub(super) struct Cast {
    /// An officer's terminal at the Hebei gateway.
    pub(super) police: Desk,
    /// A freight business at the Guangdong gateway.
    pub(super) business: Desk,
    /// An operator of each gateway.
    pub(super) operators: [Desk; 3],
    /// The second operator of each gateway.
    pub(super) approvers: [Desk; 3],
    /// The driver's wallet folder.
    pub(super) wallet: PathBuf,
}

/// What Tianjin issues in step 2.
pub(super) struct Issued {
    pub(super) vehicle: IssuedLicence,
    pub(super) driver: IssuedLicence,
    pub(super) pass: IssuedLicence,
    pub(super) paper: IssuedLicence,
}

impl Cast {
    /// Makes and registers the clients, and the driver's wallet.
    pub(super) async fn assemble(stage: &Stage) -> Result<Self, DemoError> {
        let now = stage.now();
        let operators = [
            operator_desk(stage, Province::Tianjin, now)?,
            operator_desk(stage, Province::Hebei, now)?,
            operator_desk(stage, Province::Guangdong, now)?,
        ];
        let approver = |province| {
            let made = stage.make_second_operator(province, now)?;
            desk(stage, province, 2, &made)
        };
        let approvers = [
            approver(Province::Tianjin)?,
            approver(Province::Hebei)?,
            approver(Province::Guangdong)?,
        ];
        let unit = stage.make_client("130000", "130000", "enforcement", POLICE_UNIT, now)?;
        let shop = stage.make_client("440000", "440000", "business", BUSINESS_CODE, now)?;
        register([&operators[1], &approvers[1]], police_order(&unit)?).await?;
        register([&operators[2], &approvers[2]], business_order(&shop)?).await?;
        let wallet = stage.folder("wallets/driver");
        make_folder(&wallet)?;
        let made = Made::signing("wallet", Algorithm::Es256, Period::from_now(now, LEAF_LIFE))?;
        keep(&wallet, "holder", &made)?;
        Ok(Self {
            police: desk(stage, Province::Hebei, 0, &unit)?,
            business: desk(stage, Province::Guangdong, 0, &shop)?,
            operators,
            approvers,
            wallet,
        })
    }

    /// The driver's key, imported from the wallet folder.
    pub(super) fn holder_key(&self) -> Result<OfflineKey, DemoError> {
        Ok(OfflineKey::from_pem(&read(&self.wallet.join("holder.key.pem"))?)?)
    }

    /// Lets Tianjin issue the licences of the story.
    pub(super) async fn issue(&self, stage: &Stage) -> Result<Issued, DemoError> {
        let today = CivilDate::of(stage.now());
        let holder = Jwk::of(self.holder_key()?.public_key());
        let tianjin = &self.operators[0];
        let vehicle = issue(tianjin, &vehicle_certificate(today)?).await?;
        let driver = issue(tianjin, &driver_qualification(today, &holder)?).await?;
        let pass = issue(tianjin, &road_pass(today)?).await?;
        let paper = issue(tianjin, &paper_qualification(today)?).await?;
        let credential = driver.credential.clone().unwrap_or_default();
        write(&self.wallet.join("driver-qualification.sdjwt"), credential.as_bytes())?;
        let shown = vehicle.credential.clone().unwrap_or_default();
        let folder = stage.folder("wallets/vehicle");
        make_folder(&folder)?;
        write(&folder.join("vehicle-certificate.sdjwt"), shown.as_bytes())?;
        Ok(Issued { vehicle, driver, pass, paper })
    }
}

/// A client's desk at a listener of its province (0 federation, 1 public, 2 operator).
pub(super) fn desk(
    stage: &Stage,
    province: Province,
    listener: usize,
    made: &Made,
) -> Result<Desk, DemoError> {
    let identity = DeskIdentity { certificate: &made.certificate, pkcs8: &made.pkcs8 };
    let pin = pin(&gateway_certificate(stage, province))?;
    let origin = &stage.origins(province)[listener];
    Ok(Desk::open(origin, pin, Some(identity), Arc::clone(&stage.clock))?)
}

/// A desk that shows no certificate.
pub(super) fn stranger(
    stage: &Stage,
    province: Province,
    listener: usize,
) -> Result<Desk, DemoError> {
    let pin = pin(&gateway_certificate(stage, province))?;
    let origin = &stage.origins(province)[listener];
    Ok(Desk::open(origin, pin, None, Arc::clone(&stage.clock))?)
}

/// The certificate by which a gateway shows itself.
pub(super) fn gateway_certificate(stage: &Stage, province: Province) -> PathBuf {
    stage.folder(province.code()).join("keys/gateway-tls.cert.pem")
}

fn operator_desk(stage: &Stage, province: Province, now: Timestamp) -> Result<Desk, DemoError> {
    let code = province.code();
    let made = stage.make_client(code, code, "operator", "desk-1", now)?;
    desk(stage, province, 2, &made)
}

/// Registers a client: with a second operator where one is not enough.
async fn register(operators: [&Desk; 2], order: ClientOrder) -> Result<(), DemoError> {
    let order = serde_json::to_value(order).unwrap_or_default();
    for operator in operators {
        let reply = operator.post("/v1/operator/client-register", &order).await?;
        if !reply.is_done() {
            return Err(DemoError::Refused { what: "a client", body: reply.body });
        }
        if reply.status != ACCEPTED {
            break;
        }
    }
    Ok(())
}

/// The answer to what still waits for another person.
const ACCEPTED: u16 = 202;

/// Publishes a list as two operators do: one proposes it, another approves it.
pub(super) async fn publish_list(
    [proposer, approver]: [&Desk; 2],
    list: &[u8],
) -> Result<Value, DemoError> {
    let order = json!({ "list": String::from_utf8_lossy(list) });
    let proposed = proposer.post("/v1/operator/list-propose", &order).await?;
    if !proposed.is_done() {
        return Err(DemoError::Refused { what: "a list", body: proposed.body });
    }
    let order = json!({ "sha256": proposed.body["sha256"] });
    Ok(approver.post("/v1/operator/list-approve", &order).await?.body)
}

async fn issue(operator: &Desk, order: &Value) -> Result<IssuedLicence, DemoError> {
    let reply = operator.post("/v1/operator/licence-issue", order).await?;
    serde_json::from_value(reply.body.clone())
        .map_err(|_| DemoError::Refused { what: "a licence", body: reply.body })
}

fn police_order(unit: &Made) -> Result<ClientOrder, DemoError> {
    let claims = [
        "certificateName",
        "validFrom",
        "validTo",
        "plateNumber",
        "plateColourCode",
        "ownerName",
        "vehicleOperatingStatus",
        "annualReviewStatus",
        "name",
        "qualificationCategoryCode",
        "qualificationNumber",
    ];
    Ok(ClientOrder {
        id: identifier(POLICE_UNIT)?,
        role: "enforcement".to_owned(),
        spki_sha256: unit.certificate.spki_digest(),
        name: "河北省交通运输综合行政执法一队".to_owned(),
        contact: "unit-7@police.hebei.example".to_owned(),
        uses: vec![RegisteredUse {
            id: ROADSIDE_USE.to_owned(),
            purpose: "roadside-check".to_owned(),
            purpose_text: Vec::new(),
            claims: claims.map(str::to_owned).to_vec(),
            licence_types: Vec::new(),
            queries: ["credential", "plate", "number"].map(str::to_owned).to_vec(),
            longest_data_life_days: 0,
        }],
    })
}

fn business_order(shop: &Made) -> Result<ClientOrder, DemoError> {
    let text = |lang: &str, content: &str| json!({ "lang": lang, "content": content });
    let purpose_text = json!([
        text("zh-CN", "核实承运驾驶员的从业资格"),
        text("en", "Checking that a contracted driver is qualified"),
        text("es", "Comprobar que el conductor contratado está cualificado"),
    ]);
    Ok(ClientOrder {
        id: identifier(BUSINESS_CODE)?,
        role: "business".to_owned(),
        spki_sha256: shop.certificate.spki_digest(),
        name: "广东示例物流有限公司".to_owned(),
        contact: "privacy@freight.guangdong.example".to_owned(),
        uses: vec![RegisteredUse {
            id: BUSINESS_USE.to_owned(),
            purpose: "employment-check".to_owned(),
            purpose_text: serde_json::from_value(purpose_text).unwrap_or_default(),
            claims: ["name", "qualificationCategoryCode", "certificateNumber"]
                .map(str::to_owned)
                .to_vec(),
            licence_types: vec![LicenceType::PractitionerQualification],
            queries: Vec::new(),
            longest_data_life_days: 186,
        }],
    })
}

fn identifier<T: std::str::FromStr>(text: &str) -> Result<T, DemoError> {
    text.parse().map_err(|_| DemoError::Script("an identifier of the cast"))
}

fn vehicle_certificate(today: CivilDate) -> Result<Value, DemoError> {
    let mut claims = common(LicenceType::VehicleCertificate, "道路运输证", VEHICLE_SERIAL, today)?;
    extend(
        &mut claims,
        json!({
            "plateNumber": PLATE, "plateColourCode": "2", "vin": "LZYTFGAW1J1000001",
            "transCertificateWord": "津交运管字", "transCertificateCode": "120103000001",
            "ownerName": "天津示例运输有限公司", "ownerLicenseCode": "120103000077",
            "vehicleOperatingStatus": "10", "annualReviewStatus": "1",
            "annualReviewValidTo": today.plus_days(300).to_string(), "technicalGrade": "1",
            "holderName": "天津示例运输有限公司", "holderCode": "91120103MA00000008",
            "holderCodeType": "001",
        }),
    );
    Ok(json!({
        "type": LicenceType::VehicleCertificate, "claims": claims,
        "carrier": Carrier::Electronic,
    }))
}

fn driver_qualification(today: CivilDate, holder: &Jwk) -> Result<Value, DemoError> {
    let kind = LicenceType::PractitionerQualification;
    let mut claims = common(kind, "道路运输从业人员从业资格证", DRIVER_SERIAL, today)?;
    extend(&mut claims, person("张示例", "120103000002"));
    Ok(json!({
        "type": kind, "claims": claims, "carrier": Carrier::Electronic, "holder_key": holder,
    }))
}

fn paper_qualification(today: CivilDate) -> Result<Value, DemoError> {
    let kind = LicenceType::PractitionerQualification;
    let mut claims = common(kind, "道路运输从业人员从业资格证", PAPER_SERIAL, today)?;
    extend(&mut claims, person("李示例", PAPER_NUMBER));
    Ok(json!({ "type": kind, "claims": claims, "carrier": Carrier::Paper }))
}

fn person(name: &str, number: &str) -> Value {
    json!({
        "name": name, "holderName": name, "certificateNumber": number,
        "qualificationCategoryCode": "02001", "driverLicenceClass": "A2",
    })
}

fn road_pass(today: CivilDate) -> Result<Value, DemoError> {
    let division: Division = Province::Tianjin.division();
    let kind = LicenceType::RoadPass;
    let identifier = Identifier::compose_local(kind, division, PASS_SERIAL)
        .map_err(|_| DemoError::Script("the road pass"))?;
    let mut claims = envelope(kind, "电子通行证", &identifier, today);
    extend(
        &mut claims,
        json!({
            "plateNumber": PLATE, "holderName": "天津示例运输有限公司", "holderCodeType": "001",
            "passType": "cargo",
            "permittedSections": [{ "id": "S-12", "name": "外环线 京津公路至津沽公路" }],
            "permittedTimes": [{ "days": "1111100", "from": "2200", "to": "0600" }],
        }),
    );
    Ok(json!({ "type": kind, "claims": claims, "carrier": Carrier::Electronic }))
}

/// The claims that every licence under a ministry code has.
fn common(
    kind: LicenceType,
    name: &str,
    serial: &str,
    today: CivilDate,
) -> Result<Map<String, Value>, DemoError> {
    let authority: SocialCreditCode =
        Province::Tianjin.authority_code().parse().map_err(|_| SCRIPT)?;
    let identifier =
        Identifier::compose(kind, &authority, serial, LicenceVersion::FIRST).map_err(|_| SCRIPT)?;
    Ok(envelope(kind, name, &identifier, today))
}

fn envelope(
    kind: LicenceType,
    name: &str,
    identifier: &Identifier,
    today: CivilDate,
) -> Map<String, Value> {
    let mut claims = Map::new();
    extend(
        &mut claims,
        json!({
            "certificateIdentifier": identifier, "certificateTypeCode": kind,
            "certificateName": name, "version": "001",
            "issuingAuthorityName": "天津市示例区交通运输局",
            "issuingAuthorityCode": Province::Tianjin.authority_code(),
            "issuingDivision": "120103", "areaCode": "120103",
            "issuedDate": today.plus_days(-30).to_string(),
            "validFrom": today.plus_days(-30).to_string(),
            "validTo": today.plus_days(1_000).to_string(),
        }),
    );
    claims
}

fn extend(claims: &mut Map<String, Value>, more: Value) {
    if let Value::Object(more) = more {
        claims.extend(more);
    }
}

/// Reads the credential of a wallet folder.
pub(super) fn wallet_credential(wallet: &Path) -> Result<String, DemoError> {
    read(&wallet.join("driver-qualification.sdjwt"))
}

/// A licence of the cast that is not sound is a mistake of the story.
const SCRIPT: DemoError = DemoError::Script("a licence of the cast");
/// A plate of the story.
pub(super) const PLATE: &str = "津A12345";
/// The number on the paper qualification.
pub(super) const PAPER_NUMBER: &str = "120103000003";
/// The business's social credit code, made up.
pub(super) const BUSINESS_CODE: &str = "91440101MA5000000L";
/// The business's registered use.
pub(super) const BUSINESS_USE: &str = "iu_drivers";
/// The police unit.
pub(super) const POLICE_UNIT: &str = "unit-7";
/// The officer's pseudonym.
pub(super) const OFFICER: &str = "officer-a";
const VEHICLE_SERIAL: &str = "000000000101";
const DRIVER_SERIAL: &str = "000000000102";
const PAPER_SERIAL: &str = "000000000103";
const PASS_SERIAL: &str = "000000000104";
