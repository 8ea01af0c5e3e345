//! The stage: hub and three gateways, each founded in a folder of its own as an operator would
//! found it, the root signed by three of five operators, and everything started.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use super::story::DemoError;
use crate::base::{Clock, Division, ListId, MemberId, SystemClock, Timestamp};
use crate::crypto::jws::{GeneralJws, Vote};
use crate::crypto::seal::OfflineKey;
use crate::crypto::x509::Certificate;
use crate::crypto::{Algorithm, SealError};
use crate::exchange::{Addressee, NextList, OpenedBundle};
use crate::identity::ClientName;
use crate::peer::{Desk, DeskIdentity, Reply};
use crate::pki::{Authority, CLIENT_LIFE, LEAF_LIFE, Made, Period, files};
use crate::tls::ServerPin;
use crate::trust::lote;
use crate::trust::{ServiceStatus, StatutoryUse, root_vote};
use crate::{gateway, hub};

/// A province on the stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Province {
    Tianjin,
    Hebei,
    Guangdong,
}

impl Province {
    pub(super) const ALL: [Self; 3] = [Self::Tianjin, Self::Hebei, Self::Guangdong];

    pub(super) const fn code(self) -> &'static str {
        match self {
            Self::Tianjin => "120000",
            Self::Hebei => "130000",
            Self::Guangdong => "440000",
        }
    }

    pub(super) fn division(self) -> Division {
        // Unwrap safety: the codes above are six digits each.
        self.code().parse().expect("a division code of six digits")
    }

    pub(super) fn member(self) -> MemberId {
        self.division().member()
    }

    const fn offset(self) -> u16 {
        match self {
            Self::Tianjin => 10,
            Self::Hebei => 20,
            Self::Guangdong => 30,
        }
    }

    /// Synthetic codes of the transport authorities, with sound check characters.
    pub(super) const fn authority_code(self) -> &'static str {
        match self {
            Self::Tianjin => "111200000001234561",
            Self::Hebei => "111300000001234565",
            Self::Guangdong => "11440000000123456D",
        }
    }
}

/// Everything that was set up.
pub(super) struct Stage {
    pub(super) dir: PathBuf,
    pub(super) clock: Arc<dyn Clock>,
    port_base: u16,
    hub: Option<hub::Running>,
    gateways: Vec<gateway::Running>,
}

impl Stage {
    /// An empty stage in a fresh folder.
    pub(super) fn new(dir: PathBuf, port_base: u16) -> Self {
        let clock = Arc::new(SystemClock);
        Self { dir, clock, port_base, hub: None, gateways: Vec::new() }
    }

    pub(super) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub(super) fn folder(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    /// Origins of a province's federation, public and operator listeners.
    pub(super) fn origins(&self, province: Province) -> [String; 3] {
        self.origins_at(province.offset())
    }

    /// Origins of the hub's listeners.
    pub(super) fn hub_origins(&self) -> [String; 3] {
        self.origins_at(0)
    }

    fn origins_at(&self, offset: u16) -> [String; 3] {
        self.addresses_at(offset).map(|address| format!("https://{address}"))
    }

    fn addresses_at(&self, offset: u16) -> [SocketAddr; 3] {
        let port = self.port_base + offset;
        [port, port + 1, port + 2].map(|port| SocketAddr::from((Ipv4Addr::LOCALHOST, port)))
    }

    pub(super) fn charter(&self, province: Province) -> gateway::Charter {
        let [federation_origin, public_origin, _] = self.origins(province);
        gateway::Charter {
            division: province.division(),
            authority_code: province.authority_code().to_owned(),
            listen: self.addresses_at(province.offset()),
            federation_origin,
            public_origin,
            hub_origin: self.hub_origins()[0].clone(),
            refresh_seconds: 1,
            contacts: vec![format!("mailto:federation@{}.example", province.code())],
            allow_private_addresses: true,
        }
    }

    /// Founds the hub, the operators' keys and the root that three of five operators sign.
    pub(super) fn found_hub(&self) -> Result<(), DemoError> {
        let now = self.now();
        let [federation_origin, public_origin, _] = self.hub_origins();
        let charter = hub::HubCharter {
            listen: self.addresses_at(0),
            federation_origin,
            public_origin,
            allow_private_addresses: true,
        };
        let folder = self.folder("hub");
        hub::found(&folder, &charter, now)?;
        let operators = self.make_operators(now)?;
        let terms = hub::RootTerms { operators: &operators, threshold: 3, emergency: 2 };
        let payload = hub::root_payload(&folder, &charter, terms, now)?;
        let root = self.sign_offline(&payload, |key, certificate, payload| {
            root_vote(key, certificate, payload, now)
        })?;
        make_folder(&self.folder("trust-anchors"))?;
        write(&self.folder("trust-anchors/root.json"), &root)?;
        write(&folder.join("trust/root.json"), &root)?;
        Ok(())
    }

    fn make_operators(&self, now: Timestamp) -> Result<Vec<Certificate>, DemoError> {
        let folder = self.folder("operators");
        make_folder(&folder)?;
        let mut certificates = Vec::new();
        for number in 1..=OPERATORS {
            let name = format!("federation operator {number}");
            let made = Made::signing(&name, Algorithm::Es256, Period::from_now(now, LEAF_LIFE))?;
            keep(&folder, &format!("operator-{number}"), &made)?;
            certificates.push(made.certificate);
        }
        Ok(certificates)
    }

    /// Signs a payload as three of the five operators do at their desks, on files.
    fn sign_offline(
        &self,
        payload: &[u8],
        vote: impl Fn(&OfflineKey, &Certificate, &[u8]) -> Result<Vote, SealError>,
    ) -> Result<Vec<u8>, DemoError> {
        let folder = self.folder("operators");
        let mut document = GeneralJws::unsigned(payload.to_vec());
        for number in [1, 3, 5] {
            let name = format!("operator-{number}");
            let pem = read(&folder.join(format!("{name}.key.pem")))?;
            let key = OfflineKey::from_pem(&pem)?;
            let certificates = files::read_certificates(&folder.join(format!("{name}.cert.pem")))?;
            let certificate = certificates.first().ok_or(SealError::BadKey)?;
            document.add(vote(&key, certificate, payload)?);
        }
        Ok(document.to_bytes()?)
    }

    /// Founds the three gateways under the pinned root.
    pub(super) fn found_gateways(&self) -> Result<(), DemoError> {
        let root = read(&self.folder("trust-anchors/root.json"))?;
        for province in Province::ALL {
            let folder = self.folder(province.code());
            let charter = self.charter(province);
            gateway::found(&folder, &charter, root.as_bytes(), self.now())?;
        }
        Ok(())
    }

    pub(super) async fn start_hub(&mut self) -> Result<(), DemoError> {
        let [federation_origin, public_origin, _] = self.hub_origins();
        let settings = hub::Settings {
            data_dir: self.folder("hub"),
            listen: self.addresses_at(0),
            federation_origin,
            public_origin,
            allow_private_addresses: true,
        };
        self.hub = Some(hub::start(settings, Arc::clone(&self.clock)).await?);
        Ok(())
    }

    /// Takes the provinces' applications to the hub, lets three operators sign the federation
    /// list, and publishes it with the provinces' first lists. Returns what the hub answered.
    pub(super) async fn enrol(&self) -> Result<Value, DemoError> {
        let now = self.now();
        let desk = self.hub_operator_desk(now)?;
        let mut next = NextList::first(&[roadside_use()], now)?;
        let mut lists = Vec::new();
        for province in Province::ALL {
            let opened = self.apply(province, &desk).await?;
            // The fingerprint that the province's operator reads out from its own file.
            let certificate = self.folder(province.code()).join("keys/list-signing.cert.pem");
            let certificates = files::read_certificates(&certificate)?;
            let fingerprint = certificates.first().ok_or(SealError::BadKey)?.spki_digest();
            next = next.approve(&opened, ServiceStatus::Granted, fingerprint)?;
            let enrolment = opened.bundle.enrolment;
            lists.push((ListId::Province(province.division()), enrolment.list));
        }
        let federation = self.sign_offline(&next.to_payload()?, |key, certificate, payload| {
            lote::vote(key, certificate, payload, now)
        })?;
        let mut published = vec![self.publish(&desk, ListId::Federation, &federation).await?];
        for (id, list) in &lists {
            published.push(self.publish(&desk, *id, list.as_bytes()).await?);
        }
        Ok(Value::Array(published))
    }

    /// Hands a province's application in as its operator does, and takes it from the hub's desk.
    async fn apply(&self, province: Province, hub: &Desk) -> Result<OpenedBundle, DemoError> {
        let [_, public, _] = self.hub_origins();
        let pin = pin(&self.folder("hub/keys/hub-tls.cert.pem"))?;
        let applicant = Desk::open(&public, pin, None, Arc::clone(&self.clock))?;
        let done = |what: &'static str, reply: Reply| {
            if reply.is_done() {
                Ok(reply.body)
            } else {
                Err(DemoError::Refused { what, body: reply.body })
            }
        };
        let call = done("a nonce", applicant.post("/v1/members:nonce", &json!({})).await?)?;
        let text = |name: &str| call[name].as_str().unwrap_or_default().to_owned();
        let addressee = Addressee { hub: text("hub"), nonce: text("nonce") };
        let bundle = gateway::apply(&self.folder(province.code()), addressee)?;
        let order = json!({ "bundle": bundle });
        let taken = done("an application", applicant.post("/v1/members:apply", &order).await?)?;
        let order = json!({ "list_key_sha256": taken["list_key_sha256"] });
        let shown =
            done("an application at the hub", hub.post("/v1/operator/member-show", &order).await?)?;
        OpenedBundle::open(shown["bundle"].as_str().unwrap_or_default())
            .map_err(|refusal| DemoError::Enrolment { refusal })
    }

    async fn publish(&self, desk: &Desk, id: ListId, list: &[u8]) -> Result<Value, DemoError> {
        let order = json!({ "id": id, "list": String::from_utf8_lossy(list) });
        let reply = desk.post("/v1/operator/list-publish", &order).await?;
        if reply.is_done() {
            Ok(reply.body)
        } else {
            Err(DemoError::Refused { what: "a list", body: reply.body })
        }
    }

    pub(super) async fn start_gateways(&mut self) -> Result<(), DemoError> {
        for province in Province::ALL {
            let charter = self.charter(province);
            let settings = gateway::Settings {
                member: province.member(),
                data_dir: self.folder(province.code()),
                listen: charter.listen,
                federation_origin: charter.federation_origin,
                public_origin: charter.public_origin,
                hub_origin: charter.hub_origin,
                refresh: Duration::from_secs(charter.refresh_seconds),
                push: true,
                allow_private_addresses: true,
            };
            let running = gateway::start(settings, Arc::clone(&self.clock)).await?;
            self.gateways.push(running);
        }
        Ok(())
    }

    /// Stops the hub and nothing else.
    pub(super) async fn stop_hub(&mut self) {
        if let Some(hub) = self.hub.take() {
            hub.stop().await;
        }
    }

    /// Strikes the stage: nothing keeps running.
    pub(super) async fn strike(mut self) {
        for gateway in self.gateways.drain(..) {
            gateway.stop().await;
        }
        self.stop_hub().await;
    }

    fn hub_operator_desk(&self, now: Timestamp) -> Result<Desk, DemoError> {
        let made = self.make_client("hub", "110000", "operator", "desk-1", now)?;
        let pin = pin(&self.folder("hub/keys/hub-tls.cert.pem"))?;
        let [_, _, operator] = self.hub_origins();
        let identity = DeskIdentity { certificate: &made.certificate, pkcs8: &made.pkcs8 };
        Ok(Desk::open(&operator, pin, Some(identity), Arc::clone(&self.clock))?)
    }

    /// Makes a client of a node under that node's authority for the role, and keeps its files
    /// under `clients/`.
    pub(super) fn make_client(
        &self,
        node: &str,
        division: &str,
        role: &str,
        id: &str,
        now: Timestamp,
    ) -> Result<Made, DemoError> {
        let made = self.issue_client(node, division, role, id, now)?;
        self.keep_client(&format!("{node}-{role}"), &made)?;
        Ok(made)
    }

    /// Makes a province's second operator, without whom its list does not change.
    pub(super) fn make_second_operator(
        &self,
        province: Province,
        now: Timestamp,
    ) -> Result<Made, DemoError> {
        let code = province.code();
        let made = self.issue_client(code, code, "operator", "desk-2", now)?;
        self.keep_client(&format!("{code}-operator-2"), &made)?;
        Ok(made)
    }

    fn issue_client(
        &self,
        node: &str,
        division: &str,
        role: &str,
        id: &str,
        now: Timestamp,
    ) -> Result<Made, DemoError> {
        let keys = self.folder(node).join("keys");
        let name = format!("client-ca-{role}");
        let authority = Authority::from_pem(
            &read(&keys.join(format!("{name}.cert.pem")))?,
            &read(&keys.join(format!("{name}.key.pem")))?,
        )?;
        let client: ClientName = format!("urn:elicence:client:{division}:{role}:{id}")
            .parse()
            .map_err(|_| SealError::Document)?;
        Ok(authority.issue_client(&client, Period::from_now(now, CLIENT_LIFE))?)
    }

    fn keep_client(&self, name: &str, made: &Made) -> Result<(), DemoError> {
        let folder = self.folder("clients");
        make_folder(&folder)?;
        keep(&folder, name, made)
    }
}

/// The one statutory use of the demonstration's catalogue: a check at the roadside.
fn roadside_use() -> StatutoryUse {
    let claims = [
        "certificateName",
        "validFrom",
        "validTo",
        "plateNumber",
        "plateColourCode",
        "ownerName",
        "vehicleOperatingStatus",
        "annualReviewStatus",
        "annualReviewValidTo",
        "name",
        "qualificationCategoryCode",
        "qualificationNumber",
        "permittedSections",
        "permittedTimes",
    ];
    StatutoryUse {
        use_id: ROADSIDE_USE.to_owned(),
        law_ref: ROADSIDE_LAW.to_owned(),
        purpose: "roadside-check".to_owned(),
        claims: claims.map(str::to_owned).to_vec(),
        queries: ["credential", "plate", "number", "identifier"].map(str::to_owned).to_vec(),
        case_pattern: None,
    }
}

/// The pin of the node whose certificate stands in a file.
pub(super) fn pin(path: &Path) -> Result<ServerPin, DemoError> {
    Ok(ServerPin::Certificates(files::read_certificates(path)?))
}

pub(super) fn keep(folder: &Path, name: &str, made: &Made) -> Result<(), DemoError> {
    files::write_key(&folder.join(format!("{name}.key.pem")), &made.pkcs8)?;
    let chain = std::slice::from_ref(&made.certificate);
    files::write_certificates(&folder.join(format!("{name}.cert.pem")), chain)?;
    Ok(())
}

pub(super) fn make_folder(path: &Path) -> Result<(), DemoError> {
    std::fs::create_dir_all(path).map_err(|error| DemoError::File { path: path.to_owned(), error })
}

pub(super) fn write(path: &Path, bytes: &[u8]) -> Result<(), DemoError> {
    std::fs::write(path, bytes).map_err(|error| DemoError::File { path: path.to_owned(), error })
}

pub(super) fn read(path: &Path) -> Result<String, DemoError> {
    std::fs::read_to_string(path).map_err(|error| DemoError::File { path: path.to_owned(), error })
}

const OPERATORS: u32 = 5;
/// The use of the national catalogue.
pub(super) const ROADSIDE_USE: &str = "su_roadside_1";
/// The provision it rests on.
pub(super) const ROADSIDE_LAW: &str = "urn:law:road-transport-e-licence-rules:9";
