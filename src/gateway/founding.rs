//! Founding a gateway: its keys, its first list, its application to the federation, its
//! configuration. Refuses to touch a folder that was founded before.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use super::applying::{LIST_KEY, WITNESS_KEY, seal};
use super::keys::KeyFolder;
use crate::base::{Division, ListId, ServiceId, Timestamp, limits};
use crate::crypto::jws::GeneralJws;
use crate::crypto::note::WitnessKey;
use crate::crypto::seal::SoftwareKey;
use crate::crypto::x509::Certificate;
use crate::crypto::{Algorithm, SealError, Signer};
use crate::exchange::{Addressee, Enrolment};
use crate::licence::{LicenceType, province_of};
use crate::pki::{AUTHORITY_LIFE, Authority, LEAF_LIFE, Made, Period, PkiError, files};
use crate::trust::lote::{self, EntityService, compose};
use crate::trust::{
    MembershipScope, PreviousList, ServiceKind, ServiceScope, ServiceStatus, prove,
    service_extensions,
};

/// What a gateway is founded with.
#[derive(Clone, Debug)]
pub struct Charter {
    /// The division it speaks for.
    pub division: Division,
    /// Code of the authority whose licences it signs.
    pub authority_code: String,
    /// Addresses of the three listeners.
    pub listen: [SocketAddr; 3],
    /// Origin of the federation listener.
    pub federation_origin: String,
    /// Origin of the public listener.
    pub public_origin: String,
    /// The hub's origin.
    pub hub_origin: String,
    /// Seconds between two refreshes.
    pub refresh_seconds: u64,
    /// Where its people are reached, as `mailto:` and `tel:` addresses.
    pub contacts: Vec<String>,
    /// Whether members may have loopback and private addresses.
    pub allow_private_addresses: bool,
}

/// What founding leaves behind.
#[derive(Clone, Debug)]
pub struct Founded {
    /// The configuration file.
    pub config: PathBuf,
    /// The application to be taken to the hub.
    pub bundle: PathBuf,
}

/// Founds a gateway in `folder`.
pub fn found(
    folder: &Path,
    charter: &Charter,
    root: &[u8],
    now: Timestamp,
) -> Result<Founded, FoundingError> {
    let config = folder.join("config.toml");
    if config.exists() {
        return Err(FoundingError::Exists { path: config });
    }
    let keys = KeyFolder::of(folder);
    make_folder(keys.path())?;
    make_folder(&folder.join("trust"))?;
    make_folder(&folder.join("outbox"))?;
    write(&folder.join("trust/root.json"), root)?;
    let services = make_services(charter, &keys, now)?;
    let list = first_list(charter, services, now)?;
    let bundle = folder.join("outbox/enrolment.jwt");
    let list = list_payload_signed(&list, &keys, now)?;
    write(&folder.join("outbox/list.json"), &list)?;
    let hub = Addressee { hub: charter.hub_origin.clone(), nonce: String::new() };
    let draft = seal(&keys, application(charter, &keys, &list)?, hub)?;
    write(&bundle, draft.as_bytes())?;
    write(&config, config_text(charter).as_bytes())?;
    Ok(Founded { config, bundle })
}

/// Makes every key of the gateway and its entry in the list.
fn make_services(
    charter: &Charter,
    keys: &KeyFolder,
    now: Timestamp,
) -> Result<Vec<EntityService>, FoundingError> {
    let division = charter.division;
    let leaf = Period::from_now(now, LEAF_LIFE);
    let host = host_of(&charter.federation_origin);
    let tls = Made::tls(&format!("{division} gateway"), &[host], leaf)?;
    let origins = [charter.federation_origin.clone(), charter.public_origin.clone()];
    keep(keys, "gateway-tls", &tls)?;
    let mut services = vec![entry(charter, ServiceKind::GatewayTls, &tls, now)?];
    services[0].information.service_supply_points =
        origins.map(|uri| lote::SupplyPoint { uri }).to_vec();
    for (kind, algorithm) in [
        (ServiceKind::GatewaySigning, Algorithm::Es256),
        (ServiceKind::Status, Algorithm::Es256),
        (ServiceKind::Registrar, Algorithm::Es256),
        (ServiceKind::LogSigning, Algorithm::EdDsa),
    ] {
        let made = Made::signing(&format!("{division} {}", kind.word()), algorithm, leaf)?;
        keep(keys, kind.word(), &made)?;
        services.push(entry(charter, kind, &made, now)?);
    }
    let list_key = Made::signing(&format!("{division} list"), Algorithm::Es256, leaf)?;
    keep(keys, LIST_KEY, &list_key)?;
    let witness = SoftwareKey::generate_pkcs8(Algorithm::EdDsa)?;
    files::write_key(&keys.key(WITNESS_KEY), &witness)?;
    let nonce = SoftwareKey::generate_pkcs8(Algorithm::Es256)?;
    files::write_key(&keys.key("nonce"), &nonce)?;
    services.push(make_issuer(charter, keys, now)?);
    for (number, role) in CLIENT_ROLES.iter().enumerate() {
        services.push(make_client_authority(charter, keys, role, number, now)?);
    }
    Ok(services)
}

fn make_issuer(
    charter: &Charter,
    keys: &KeyFolder,
    now: Timestamp,
) -> Result<EntityService, FoundingError> {
    let division = charter.division;
    let period = Period::from_now(now, AUTHORITY_LIFE);
    let (made, authority) = Authority::make(&format!("{division} issuing authority"), period)?;
    keep(keys, "issuing-ca", &made)?;
    let signer = authority
        .issue_signer(&format!("{division} licence signer"), Period::from_now(now, LEAF_LIFE))?;
    let chain = [signer.certificate.clone(), made.certificate.clone()];
    files::write_certificates(&keys.certificate("issuance"), &chain)?;
    files::write_key(&keys.key("issuance"), &signer.pkcs8)?;
    issuer_entry(charter, &chain, &signer.signer()?, 1, &[province_prefix(division)], now)
}

/// The list entry of a licence signer for the given territories.
pub(crate) fn issuer_entry(
    charter: &Charter,
    chain: &[Certificate],
    signer: &dyn Signer,
    number: u32,
    territories: &[String],
    now: Timestamp,
) -> Result<EntityService, FoundingError> {
    let kind = ServiceKind::Issuance;
    let id = ServiceId::new(charter.division, kind.word(), number);
    let scope = ServiceScope {
        territories: territories.to_vec(),
        licence_types: licence_types(),
        authority_codes: vec![charter.authority_code.clone()],
    };
    let proof = prove(signer, charter.division.member(), &id, kind)?;
    let extensions =
        service_extensions(&id, &proof, Some(&scope), None).ok_or(SealError::Document)?;
    Ok(compose::service(kind, chain, ServiceStatus::Granted, now, &[], extensions))
}

fn make_client_authority(
    charter: &Charter,
    keys: &KeyFolder,
    role: &str,
    number: usize,
    now: Timestamp,
) -> Result<EntityService, FoundingError> {
    let kind = ServiceKind::ClientCa;
    let name = format!("{} {role} clients", charter.division);
    let (made, _) = Authority::make(&name, Period::from_now(now, AUTHORITY_LIFE))?;
    keep(keys, &format!("client-ca-{role}"), &made)?;
    let number = u32::try_from(number).unwrap_or(u32::MAX).saturating_add(1);
    let id = ServiceId::new(charter.division, kind.word(), number);
    let proof = prove(&made.signer()?, charter.division.member(), &id, kind)?;
    let extensions =
        service_extensions(&id, &proof, None, Some(role)).ok_or(SealError::Document)?;
    let certificates = [made.certificate];
    Ok(compose::service(kind, &certificates, ServiceStatus::Granted, now, &[], extensions))
}

fn entry(
    charter: &Charter,
    kind: ServiceKind,
    made: &Made,
    now: Timestamp,
) -> Result<EntityService, FoundingError> {
    let id = ServiceId::new(charter.division, kind.word(), 1);
    let proof = prove(&made.signer()?, charter.division.member(), &id, kind)?;
    let extensions = service_extensions(&id, &proof, None, None).ok_or(SealError::Document)?;
    let certificates = [made.certificate.clone()];
    Ok(compose::service(kind, &certificates, ServiceStatus::Granted, now, &[], extensions))
}

fn first_list(
    charter: &Charter,
    services: Vec<EntityService>,
    now: Timestamp,
) -> Result<Vec<u8>, FoundingError> {
    next_list(charter, services, 1, PreviousList::none(), now)
}

/// The payload of a list of this gateway.
pub(crate) fn next_list(
    charter: &Charter,
    services: Vec<EntityService>,
    sequence: u64,
    previous: PreviousList,
    now: Timestamp,
) -> Result<Vec<u8>, FoundingError> {
    let names = names_of(charter.division);
    let addresses = [charter.federation_origin.clone()];
    let draft = compose::ListDraft {
        id: ListId::Province(charter.division),
        sequence,
        previous,
        operator: names,
        issued: now,
        next_update: now + limits::PROVINCIAL_LIST_LIFE,
        extensions: Vec::new(),
        entities: vec![compose::entity(names, &addresses, Vec::new(), services)],
    };
    Ok(draft.to_payload()?)
}

/// Signs a list payload with the province's list key, in general JSON form.
pub(crate) fn list_payload_signed(
    payload: &[u8],
    keys: &KeyFolder,
    now: Timestamp,
) -> Result<Vec<u8>, FoundingError> {
    let signer = keys.signer(LIST_KEY)?;
    let certificates = files::read_certificates(&keys.certificate(LIST_KEY))?;
    let certificate = certificates.first().ok_or(SealError::BadKey)?;
    let mut document = GeneralJws::unsigned(payload.to_vec());
    document.add(lote::vote(signer.as_ref(), certificate, payload, now)?);
    Ok(document.to_bytes()?)
}

/// What the gateway applies with: its first list, and what it asks.
fn application(
    charter: &Charter,
    keys: &KeyFolder,
    list: &[u8],
) -> Result<Enrolment, FoundingError> {
    let division = charter.division;
    let witness = keys.signer(WITNESS_KEY)?;
    let name = format!("elicence/{division}/witness");
    let witness = WitnessKey::new(&name, witness.public_key()).map_err(|_| SealError::BadKey)?;
    Ok(Enrolment {
        member: division.member(),
        names: names_of(division).map(str::to_owned),
        hosts: vec![charter.federation_origin.clone(), charter.public_origin.clone()],
        witness_vkey: witness.to_string(),
        contacts: charter.contacts.clone(),
        scope: MembershipScope {
            territories: vec![province_prefix(division)],
            licence_types: licence_types(),
            may_vouch_for: VOUCHED_KINDS.iter().map(|kind| kind.word().to_owned()).collect(),
            max_list_entries: MOST_ENTRIES,
        },
        list: String::from_utf8_lossy(list).into_owned(),
    })
}

fn config_text(charter: &Charter) -> String {
    let [federation, public, operator] = charter.listen;
    format!(
        "role = \"gateway\"\ndivision = \"{}\"\ndata_dir = \".\"\n\n\
         [listen]\nfederation = \"{federation}\"\npublic = \"{public}\"\n\
         operator = \"{operator}\"\n\n\
         [addresses]\nfederation = \"{}\"\npublic = \"{}\"\n\n\
         [hub]\nurl = \"{}\"\n\n\
         [trust]\nrefresh_seconds = {}\n\n\
         [outbound]\nallow_private_addresses = {}\n",
        charter.division,
        charter.federation_origin,
        charter.public_origin,
        charter.hub_origin,
        charter.refresh_seconds,
        charter.allow_private_addresses,
    )
}

/// Writes key and certificate of `made` under `name`.
fn keep(keys: &KeyFolder, name: &str, made: &Made) -> Result<(), FoundingError> {
    files::write_key(&keys.key(name), &made.pkcs8)?;
    files::write_certificates(&keys.certificate(name), std::slice::from_ref(&made.certificate))?;
    Ok(())
}

/// The division's names, Chinese and English.
pub(crate) fn names_of(division: Division) -> [&'static str; 2] {
    province_of(division)
        .map_or(["未知", "unknown"], |province| [province.name_zh(), province.name_en()])
}

fn licence_types() -> Vec<String> {
    LicenceType::ALL.iter().map(|kind| kind.code().to_owned()).collect()
}

fn province_prefix(division: Division) -> String {
    division.as_str()[..2].to_owned()
}

/// The host of an origin, as it stands in a certificate.
pub(crate) fn host_of(origin: &str) -> &str {
    let host = origin.strip_prefix("https://").unwrap_or(origin);
    host.rsplit_once(':').map_or(host, |(host, _)| host)
}

fn make_folder(path: &Path) -> Result<(), FoundingError> {
    std::fs::create_dir_all(path)
        .map_err(|error| FoundingError::File { path: path.to_owned(), error })
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), FoundingError> {
    std::fs::write(path, bytes)
        .map_err(|error| FoundingError::File { path: path.to_owned(), error })
}

/// Why a gateway could not be founded.
#[derive(Debug, thiserror::Error)]
pub enum FoundingError {
    /// It was founded before.
    #[error("{} exists already: a gateway was founded here before", path.display())]
    Exists {
        /// What stands there.
        path: PathBuf,
    },
    /// A file cannot be read or written.
    #[error("{}: {error}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// The application that founding left cannot be read.
    #[error("the application in the outbox cannot be read: {0}")]
    Application(crate::exchange::EnrolmentRefusal),
    /// A key of the list is not among the gateway's files.
    #[error("no key file in keys/ holds the key of {service}")]
    KeyAbsent {
        /// The list's entry.
        service: String,
    },
    /// The list that is held cannot be read.
    #[error("the list that is held cannot be read: {0}")]
    HeldList(crate::trust::UpdateRefusal),
    /// A key or certificate.
    #[error(transparent)]
    Pki(#[from] PkiError),
    /// A signature.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// An entry may not have this status after the one it has.
    #[error("the entry may not have this status after the one it has")]
    StatusChange,
}

/// Roles whose clients a gateway makes.
const CLIENT_ROLES: [&str; 6] =
    ["enforcement", "business", "transport-authority", "register", "auditor", "operator"];
/// What a province may list.
const VOUCHED_KINDS: [ServiceKind; 8] = [
    ServiceKind::ClientCa,
    ServiceKind::Feed,
    ServiceKind::GatewaySigning,
    ServiceKind::GatewayTls,
    ServiceKind::Issuance,
    ServiceKind::LogSigning,
    ServiceKind::Registrar,
    ServiceKind::Status,
];
/// As many issuers as a province may have.
const MOST_ENTRIES: u32 = 10_000;
