//! A federation founded in a folder by the library's own functions and served within this process,
//! on a clock of the caller's choice. Tests and measurements share it.

#![allow(dead_code, reason = "each program uses its own part")]

use std::error::Error;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use hutong::base::{Clock, Division, ListId, ServiceId, SystemEntropy, Timestamp};
use hutong::credential::{IssueTerms, StatusReference, issue};
use hutong::crypto::jws::GeneralJws;
use hutong::crypto::seal::SoftwareKey;
use hutong::crypto::x509::Certificate;
use hutong::crypto::{Algorithm, Signer, json};
use hutong::exchange::{Addressee, NextList, OpenedBundle};
use hutong::identity::ClientName;
use hutong::licence::{Identifier, LicenceDocument, LicenceType, LicenceVersion};
use hutong::peer::{Desk, DeskIdentity, Reply};
use hutong::pki::{Authority, CLIENT_LIFE, LEAF_LIFE, Made, Period, files};
use hutong::tls::ServerPin;
use hutong::trust::lote::{self, EntityService, Extension, SignedList, compose};
use hutong::trust::{
    PreviousList, ServiceKind, ServiceScope, ServiceStatus, StatutoryUse, SuspensionClaims,
    SuspensionTarget, order_vote, prove, root_vote, service_extensions,
};
use hutong::{gateway, hub};
use serde_json::{Value, json};

/// Whatever goes wrong ends the test or the measurement.
pub(crate) type Fallible<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// The federation: folders, ports and the keys of its operators.
pub(crate) struct Founded {
    pub(crate) dir: PathBuf,
    pub(crate) clock: Arc<dyn Clock>,
    /// When it was founded; certificates of clients begin then as well.
    since: Timestamp,
    base: u16,
    /// Added to the ports of these nodes' federation listeners, so that something else can stand
    /// where others look for them.
    hidden: Vec<&'static str>,
    codes: Vec<&'static str>,
    operators: Vec<Made>,
}

/// A further issuer of a province.
pub(crate) struct Issuer {
    pub(crate) id: ServiceId,
    pub(crate) chain: [Certificate; 2],
    key: SoftwareKey,
}

impl Founded {
    /// Founds hub, operators, root and these provinces in `dir`. Nodes that are `hidden` listen
    /// five ports above the place where others look for them.
    pub(crate) fn new(
        dir: &Path,
        base: u16,
        clock: Arc<dyn Clock>,
        codes: &[&'static str],
        hidden: &[&'static str],
    ) -> Fallible<Self> {
        let now = clock.now();
        let make = |number: u32| {
            let name = format!("federation operator {number}");
            Made::signing(&name, Algorithm::Es256, Period::from_now(now, LEAF_LIFE))
        };
        let operators = (1..=5).map(make).collect::<Result<_, _>>()?;
        let founded = Self {
            dir: dir.to_owned(),
            clock,
            since: now,
            base,
            hidden: hidden.to_vec(),
            codes: codes.to_vec(),
            operators,
        };
        let root = founded.found_hub()?;
        for code in codes {
            gateway::found(&founded.folder(code), &founded.charter(code, 1)?, &root, now)?;
        }
        Ok(founded)
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub(crate) fn folder(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    fn port(&self, name: &str) -> u16 {
        let place = self.codes.iter().position(|code| *code == name).map_or(0, |place| place + 1);
        self.base + 10 * u16::try_from(place).unwrap_or_default()
    }

    /// Origin of a listener of a node (0 federation, 1 public, 2 operator).
    pub(crate) fn origin(&self, name: &str, listener: u16) -> String {
        format!("https://127.0.0.1:{}", self.port(name) + listener)
    }

    /// Where others look for a node's federation listener, and where it is.
    pub(crate) fn front(&self, name: &str) -> [SocketAddr; 2] {
        let port = self.port(name);
        [port, port + 5].map(|port| SocketAddr::from((Ipv4Addr::LOCALHOST, port)))
    }

    fn listen(&self, name: &str) -> [SocketAddr; 3] {
        let port = self.port(name);
        let mut listen = [port, port + 1, port + 2];
        if self.hidden.contains(&name) {
            listen[0] = port + 5;
        }
        listen.map(|port| SocketAddr::from((Ipv4Addr::LOCALHOST, port)))
    }

    fn charter(&self, code: &str, refresh_seconds: u64) -> Fallible<gateway::Charter> {
        Ok(gateway::Charter {
            division: code.parse()?,
            authority_code: AUTHORITY.to_owned(),
            listen: self.listen(code),
            federation_origin: self.origin(code, 0),
            public_origin: self.origin(code, 1),
            hub_origin: self.origin("hub", 0),
            refresh_seconds,
            contacts: vec![format!("mailto:federation@{code}.example")],
            allow_private_addresses: true,
        })
    }

    fn found_hub(&self) -> Fallible<Vec<u8>> {
        let now = self.now();
        let charter = hub::HubCharter {
            listen: self.listen("hub"),
            federation_origin: self.origin("hub", 0),
            public_origin: self.origin("hub", 1),
            allow_private_addresses: true,
        };
        let folder = self.folder("hub");
        hub::found(&folder, &charter, now)?;
        let certificates: Vec<Certificate> =
            self.operators.iter().map(|operator| operator.certificate.clone()).collect();
        let terms = hub::RootTerms { operators: &certificates, threshold: 3, emergency: 2 };
        let payload = hub::root_payload(&folder, &charter, terms, now)?;
        let mut document = GeneralJws::unsigned(payload.clone());
        for operator in &self.operators[..3] {
            document.add(root_vote(&operator.signer()?, &operator.certificate, &payload, now)?);
        }
        let root = document.to_bytes()?;
        std::fs::write(folder.join("trust/root.json"), &root)?;
        Ok(root)
    }

    /// The federation list that takes every province in, and the provinces' first lists.
    pub(crate) fn first_lists(&self) -> Fallible<Vec<(ListId, Vec<u8>)>> {
        let now = self.now();
        let mut next = NextList::first(&[roadside_use()], now)?;
        let mut lists = Vec::new();
        for code in &self.codes {
            let hub = self.origin("hub", 0);
            let addressee = Addressee { hub, nonce: "on paper".to_owned() };
            let opened = OpenedBundle::open(&gateway::apply(&self.folder(code), addressee)?)?;
            let fingerprint = self.list_key(code)?.1.spki_digest();
            next = next.approve(&opened, ServiceStatus::Granted, fingerprint)?;
            let division: Division = code.parse()?;
            lists.push((ListId::Province(division), opened.bundle.enrolment.list.into_bytes()));
        }
        let payload = next.to_payload()?;
        let mut federation = GeneralJws::unsigned(payload.clone());
        for operator in &self.operators[..3] {
            federation.add(lote::vote(&operator.signer()?, &operator.certificate, &payload, now)?);
        }
        lists.insert(0, (ListId::Federation, federation.to_bytes()?));
        Ok(lists)
    }

    fn list_key(&self, code: &str) -> Fallible<(SoftwareKey, Certificate)> {
        let keys = self.folder(code).join("keys");
        let key = SoftwareKey::from_pkcs8(&files::read_key(&keys.join("list-signing.key.pem"))?)?;
        let mut certificates = files::read_certificates(&keys.join("list-signing.cert.pem"))?;
        Ok((key, certificates.pop().ok_or("a certificate")?))
    }

    /// The list of `code` that follows `held`, its entries edited.
    pub(crate) fn next_list(
        &self,
        code: &str,
        held: &[u8],
        edit: impl FnOnce(&mut Vec<EntityService>) -> Fallible<()>,
    ) -> Fallible<Vec<u8>> {
        let now = self.now();
        let signed = SignedList::parse(held)?;
        let mut document = signed.document().clone();
        let scheme = &mut document.lote.scheme;
        let previous = PreviousList { sequence: scheme.sequence, sha256: signed.sha256() };
        let previous = Extension::new("PreviousList", &previous).ok_or("an extension")?;
        scheme.scheme_extensions = vec![previous];
        scheme.sequence += 1;
        scheme.list_issue_date_time = now.whole_seconds();
        scheme.next_update = (now + Duration::from_hours(14 * 24)).whole_seconds();
        edit(&mut document.lote.entities.first_mut().ok_or("an entity")?.services)?;
        let payload = json::canonical(&document)?;
        let (key, certificate) = self.list_key(code)?;
        let mut list = GeneralJws::unsigned(payload.clone());
        list.add(lote::vote(&key, &certificate, &payload, now)?);
        Ok(list.to_bytes()?)
    }

    /// Further issuers of a province, numbered from 2, with their entries.
    pub(crate) fn issuers(
        &self,
        code: &str,
        count: u32,
    ) -> Fallible<(Vec<Issuer>, Vec<EntityService>)> {
        let keys = self.folder(code).join("keys");
        let read = |name: &str| std::fs::read_to_string(keys.join(name));
        let authority =
            Authority::from_pem(&read("issuing-ca.cert.pem")?, &read("issuing-ca.key.pem")?)?;
        let division: Division = code.parse()?;
        let now = self.now();
        let (mut issuers, mut entries) = (Vec::new(), Vec::new());
        for number in 2..count + 2 {
            let issuer = Issuer::make(&authority, division, number, now)?;
            entries.push(issuer.entry(division, now)?);
            issuers.push(issuer);
        }
        Ok((issuers, entries))
    }

    /// An order of `code` against an entry of its own, or against itself as a whole.
    pub(crate) fn order(
        &self,
        code: &str,
        name: &str,
        stopped: Option<&ServiceId>,
    ) -> Fallible<Vec<u8>> {
        let division: Division = code.parse()?;
        let claims = SuspensionClaims {
            iat: self.now().into(),
            jti: name.to_owned(),
            member: division.member(),
            target: stopped.map(|id| SuspensionTarget::Service(id.clone())),
            reason: String::new(),
        };
        let payload = claims.to_payload()?;
        let (key, certificate) = self.list_key(code)?;
        let mut order = GeneralJws::unsigned(payload.clone());
        order.add(order_vote(&key, &certificate, &payload, self.now())?);
        Ok(order.to_bytes()?)
    }

    /// A vehicle certificate of a fictitious firm, signed by `issuer` of `code` (Tianjin).
    pub(crate) fn credential(&self, code: &str, issuer: &Issuer) -> Fallible<String> {
        let uri = format!("{}/v1/status-lists/licence/1", self.origin(code, 1));
        let terms = IssueTerms {
            issuer: &issuer.id,
            chain: &issuer.chain,
            status: StatusReference { idx: 4_711, uri },
            holder: None,
            now: self.now(),
        };
        Ok(issue(&document()?, &terms, &issuer.key, &SystemEntropy)?.token)
    }

    pub(crate) async fn start_hub(&self) -> Fallible<hub::Running> {
        let settings = hub::Settings {
            data_dir: self.folder("hub"),
            listen: self.listen("hub"),
            federation_origin: self.origin("hub", 0),
            public_origin: self.origin("hub", 1),
            allow_private_addresses: true,
        };
        Ok(hub::start(settings, Arc::clone(&self.clock)).await?)
    }

    pub(crate) async fn start_gateway(
        &self,
        code: &str,
        refresh: Duration,
        push: bool,
    ) -> Fallible<gateway::Running> {
        self.start_gateway_at(code, refresh, push, Arc::clone(&self.clock)).await
    }

    /// As [`Self::start_gateway`], by a clock of its own.
    pub(crate) async fn start_gateway_at(
        &self,
        code: &str,
        refresh: Duration,
        push: bool,
        clock: Arc<dyn Clock>,
    ) -> Fallible<gateway::Running> {
        let charter = self.charter(code, 1)?;
        let settings = gateway::Settings {
            member: charter.division.member(),
            data_dir: self.folder(code),
            listen: charter.listen,
            federation_origin: charter.federation_origin,
            public_origin: charter.public_origin,
            hub_origin: charter.hub_origin,
            refresh,
            push,
            allow_private_addresses: true,
        };
        Ok(gateway::start(settings, clock).await?)
    }

    /// Publishes lists together, as an operator of the hub.
    pub(crate) async fn publish(&self, lists: &[(ListId, Vec<u8>)]) -> Fallible<Value> {
        let lists: Vec<Value> = lists
            .iter()
            .map(|(id, list)| json!({ "id": id, "list": String::from_utf8_lossy(list) }))
            .collect();
        let desk = self.operator("hub")?;
        done(desk.post("/v1/operator/list-publish", &json!({ "lists": lists })).await?)
    }

    /// A desk at a listener of a node.
    pub(crate) fn desk(&self, name: &str, listener: u16, made: Option<&Made>) -> Fallible<Desk> {
        let keys = self.folder(name).join("keys");
        let file = if name == "hub" { "hub-tls.cert.pem" } else { "gateway-tls.cert.pem" };
        let pin = ServerPin::Certificates(files::read_certificates(&keys.join(file))?);
        let identity =
            made.map(|made| DeskIdentity { certificate: &made.certificate, pkcs8: &made.pkcs8 });
        Ok(Desk::open(&self.origin(name, listener), pin, identity, Arc::clone(&self.clock))?)
    }

    /// The desk of an operator of a node.
    pub(crate) fn operator(&self, name: &str) -> Fallible<Desk> {
        let division = if name == "hub" { "110000" } else { name };
        self.desk(name, 2, Some(&self.client(name, division, "operator", "desk-1")?))
    }

    /// The federation listener of `name` as the gateway of another member sees it.
    pub(crate) fn member_desk(&self, name: &str, code: &str) -> Fallible<Desk> {
        let keys = self.folder(code).join("keys");
        let certificates = files::read_certificates(&keys.join("gateway-tls.cert.pem"))?;
        let made = Made {
            certificate: certificates.into_iter().next().ok_or("a certificate")?,
            pkcs8: files::read_key(&keys.join("gateway-tls.key.pem"))?,
        };
        self.desk(name, 0, Some(&made))
    }

    /// A new client of a node.
    pub(crate) fn client(
        &self,
        node: &str,
        division: &str,
        role: &str,
        id: &str,
    ) -> Fallible<Made> {
        let keys = self.folder(node).join("keys");
        let read =
            |what| std::fs::read_to_string(keys.join(format!("client-ca-{role}.{what}.pem")));
        let authority = Authority::from_pem(&read("cert")?, &read("key")?)?;
        let name: ClientName =
            format!("urn:elicence:client:{division}:{role}:{id}").parse().map_err(|_| "a name")?;
        Ok(authority.issue_client(&name, Period::from_now(self.since, CLIENT_LIFE))?)
    }

    /// A registered client of a gateway, at its desk.
    pub(crate) async fn registered(
        &self,
        code: &str,
        role: &str,
        id: &str,
        uses: Value,
    ) -> Fallible<Desk> {
        let made = self.client(code, code, role, id)?;
        let order = json!({
            "id": id, "role": role, "spki_sha256": made.certificate.spki_digest(),
            "name": "示例", "contact": "contact@client.example", "uses": uses,
        });
        done(self.operator(code)?.post("/v1/operator/client-register", &order).await?)?;
        self.desk(code, 0, Some(&made))
    }

    /// Waits until a node is ready; what it says.
    pub(crate) async fn ready(&self, name: &str) -> Fallible<Value> {
        let operator = self.operator(name)?;
        for _ in 0..3_000 {
            if let Ok(reply) = operator.get("/readyz").await
                && reply.is_done()
            {
                return Ok(reply.body);
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        Err(format!("{name} is not ready").into())
    }
}

impl Issuer {
    pub(crate) fn make(
        authority: &Authority,
        division: Division,
        number: u32,
        now: Timestamp,
    ) -> Fallible<Self> {
        let name = format!("{division} licence signer {number}");
        let made = authority.issue_signer(&name, Period::from_now(now, LEAF_LIFE))?;
        let key = made.signer()?;
        let id = ServiceId::new(division, ServiceKind::Issuance.word(), number);
        Ok(Self { id, chain: [made.certificate, authority.certificate().clone()], key })
    }

    pub(crate) fn entry(&self, division: Division, now: Timestamp) -> Fallible<EntityService> {
        let kind = ServiceKind::Issuance;
        let scope = ServiceScope {
            territories: vec![division.as_str()[..2].to_owned()],
            licence_types: LicenceType::ALL.iter().map(|kind| kind.code().to_owned()).collect(),
            authority_codes: vec![AUTHORITY.to_owned()],
        };
        let proof = prove(&self.key, division.member(), &self.id, kind)?;
        let extensions =
            service_extensions(&self.id, &proof, Some(&scope), None).ok_or("extensions")?;
        Ok(compose::service(kind, &self.chain, ServiceStatus::Granted, now, &[], extensions))
    }

    pub(crate) fn public_key(&self) -> &hutong::crypto::PublicKey {
        self.key.public_key()
    }
}

/// What was done, or what stood against it.
pub(crate) fn done(reply: Reply) -> Fallible<Value> {
    if reply.is_done() { Ok(reply.body) } else { Err(format!("refused: {reply:?}").into()) }
}

/// Changes the status of the entry with this identifier.
pub(crate) fn withdraw(
    services: &mut [EntityService],
    ids: &[&ServiceId],
    now: Timestamp,
) -> Fallible<()> {
    for service in services {
        let extensions = &service.information.service_information_extensions;
        let id: ServiceId = lote::required(extensions, "ServiceId")?;
        if ids.contains(&&id) {
            service.change_status(ServiceStatus::Withdrawn, None, now)?;
        }
    }
    Ok(())
}

/// The one use of the catalogue: a check at the roadside.
fn roadside_use() -> StatutoryUse {
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
    StatutoryUse {
        use_id: "su_roadside_1".to_owned(),
        law_ref: "urn:law:road-transport-e-licence-rules:9".to_owned(),
        purpose: "roadside-check".to_owned(),
        claims: words(&["name", "qualificationCategoryCode"]),
        queries: words(&["credential", "number"]),
        case_pattern: None,
    }
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
    Ok(LicenceDocument::new(kind, claims.as_object().cloned().unwrap_or_default())?)
}

/// Social credit code of a fictitious authority, with sound check character.
pub(crate) const AUTHORITY: &str = "111200000001234561";
