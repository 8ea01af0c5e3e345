//! A federation of two or three real gateways under a hub of the test's own, and what a test sees
//! of them from outside: what they hold, what they count, what they answer.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use hutong::base::{Clock, Division, ListId, MemberId, SystemClock, limits};
use hutong::crypto::jws::GeneralJws;
use hutong::crypto::note::VerifierKey;
use hutong::crypto::{Algorithm, Signer as _};
use hutong::exchange::{Addressee, NextList, OpenedBundle};
use hutong::gateway::{self, Charter, Running, Settings};
use hutong::peer::{Desk, Reply};
use hutong::pki::{LEAF_LIFE, Made, Period};
use hutong::trust::{
    Emergency, Hub as HubPlace, ListLog, PinnedKey, ROOT_TYPE, RootDocument, ServiceStatus,
    Threshold, Witnesses, lote, root_vote,
};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::common::{
    Federation, PATIENCE, answered, client_order, now, port_base, read_made, register, until, wait,
};
use super::hub::{Hub, LOG, name_of};
use super::wire::Server;

/// The stage; nothing of it outlives this value.
pub(crate) struct Stage {
    pub(crate) hub: Arc<Hub>,
    pub(crate) operators: Vec<Made>,
    pub(crate) server: Option<Server>,
    pub(crate) clock: Arc<dyn Clock>,
    federation: Federation,
    running: BTreeMap<&'static str, Running>,
    /// Desks that keep their connection: a gateway lets one address open twenty in a second.
    desks: Mutex<BTreeMap<(String, u16), Arc<Desk>>>,
    _folder: TempDir,
}

impl Stage {
    /// Tianjin and Hebei, up and holding every list.
    pub(crate) fn pair() -> Self {
        let mut stage = Self::founded(&[TIANJIN, HEBEI]);
        stage.start(TIANJIN);
        stage.start(HEBEI);
        stage.settle();
        stage
    }

    /// Tianjin and Hebei, of which Tianjin is up: nobody but the hub tells it anything.
    pub(crate) fn alone() -> Self {
        let mut stage = Self::founded(&[TIANJIN, HEBEI]);
        stage.start(TIANJIN);
        stage.settle();
        stage
    }

    /// Gateways that are founded and listed and not up yet, and the hub that is.
    pub(crate) fn founded(provinces: &[&'static str]) -> Self {
        Self::founded_under(Arc::new(SystemClock), provinces)
    }

    /// As [`Self::founded`], with a clock that the test moves.
    pub(crate) fn founded_under(clock: Arc<dyn Clock>, provinces: &[&'static str]) -> Self {
        let folder = TempDir::new().expect("a folder");
        let federation = Federation { dir: folder.path().to_owned(), base: port_base() };
        let tls = Made::tls("hub", &["127.0.0.1"], period()).expect("a key");
        let freshness = signing("freshness");
        let log = Made::signing("list log", Algorithm::EdDsa, period()).expect("a key");
        let operators: Vec<Made> = (1..=5).map(|n| signing(&format!("operator {n}"))).collect();
        let root = first_root(&operators, &freshness, &tls, &log, federation.base);
        let hub = Arc::new(Hub::new(tls, &freshness, log, Arc::clone(&clock)));
        let mut stage = Self {
            hub,
            operators,
            server: None,
            clock,
            federation,
            running: BTreeMap::new(),
            desks: Mutex::default(),
            _folder: folder,
        };
        let root = stage.seal_root(&root, &[0, 2, 4]);
        for division in provinces {
            gateway::found(&stage.dir(division), &stage.charter(division), &root, now())
                .expect("a gateway");
        }
        stage.hub.publish_root(&root);
        stage.enrol(provinces);
        stage.open_hub();
        stage
    }

    fn enrol(&self, provinces: &[&str]) {
        let mut next = NextList::first(&[], now()).expect("a list");
        for division in provinces {
            let hub = self.charter(division).hub_origin;
            let addressee = Addressee { hub, nonce: "of the test".to_owned() };
            let bundle = gateway::apply(&self.dir(division), addressee).expect("an application");
            let opened = OpenedBundle::open(&bundle).expect("an application");
            let fingerprint = opened.fingerprint();
            next = next.approve(&opened, ServiceStatus::Granted, fingerprint).expect("a member");
        }
        let payload = next.to_payload().expect("a list");
        self.hub.publish(ListId::Federation, &self.seal(ListId::Federation, &payload));
        for division in provinces {
            let list = std::fs::read(self.dir(division).join("outbox/list.json"));
            self.hub.publish(list_id(division), &list.expect("the first list"));
        }
    }

    /// Lets the hub answer at its address.
    pub(crate) fn open_hub(&mut self) {
        let hub = Arc::clone(&self.hub);
        let script = Arc::new(move |ask: &_| hub.answer(ask));
        self.server = Some(wait(Server::start(self.hub_address(), &self.hub.tls, script)));
    }

    /// Makes the hub fall silent.
    pub(crate) fn close_hub(&mut self) {
        if let Some(server) = self.server.take() {
            wait(server.stop());
        }
    }

    pub(crate) fn hub_address(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.federation.base).into()
    }

    /// Starts a gateway.
    pub(crate) fn start(&mut self, division: &'static str) {
        let charter = self.charter(division);
        let settings = Settings {
            member: member(division),
            data_dir: self.dir(division),
            listen: charter.listen,
            federation_origin: charter.federation_origin,
            public_origin: charter.public_origin,
            hub_origin: charter.hub_origin,
            refresh: REFRESH,
            allow_private_addresses: true,
            push: true,
        };
        let running = wait(gateway::start(settings, Arc::clone(&self.clock)));
        self.running.insert(division, running.expect("a gateway"));
    }

    pub(crate) fn stop(&mut self, division: &str) {
        if let Some(running) = self.running.remove(division) {
            wait(running.stop());
        }
    }

    pub(crate) fn address(&self, division: &str, listener: u16) -> SocketAddr {
        self.federation.address(division, listener)
    }

    pub(crate) fn dir(&self, division: &str) -> PathBuf {
        self.federation.dir.join(division)
    }

    pub(crate) fn charter(&self, division: &str) -> Charter {
        let listen = [0, 1, 2].map(|listener| self.federation.address(division, listener));
        let [federation, public, _] = listen.map(|address| format!("https://{address}"));
        let authority = match division {
            TIANJIN => "111200000001234561",
            HEBEI => "111300000001234565",
            _ => "11440000000123456D",
        };
        Charter {
            division: division.parse().expect("six digits"),
            authority_code: authority.to_owned(),
            listen,
            federation_origin: federation,
            public_origin: public,
            hub_origin: format!("https://{}", self.hub_address()),
            refresh_seconds: 1,
            contacts: vec!["mailto:federation@example.org".to_owned()],
            allow_private_addresses: true,
        }
    }

    /// A key of a gateway.
    pub(crate) fn key(&self, division: &str, name: &str) -> Made {
        let file = |what| self.dir(division).join(format!("keys/{name}.{what}.pem"));
        read_made(&file("cert"), &file("key"))
    }

    // What is signed.

    /// The next honest version of a list, not yet signed.
    pub(crate) fn next(&self, id: ListId) -> Value {
        let (named, held) = self.hub.newest(id);
        let held = GeneralJws::parse(&held).expect("a list");
        let mut list: Value = serde_json::from_slice(held.payload()).expect("a list");
        let scheme = &mut list["LoTE"]["ListAndSchemeInformation"];
        scheme["LoTESequenceNumber"] = json!(named.sequence + 1);
        scheme["ListIssueDateTime"] = json!(self.clock.now().whole_seconds());
        let extensions = scheme["SchemeExtensions"].as_array_mut().expect("extensions");
        let previous = "urn:elicence:ext:PreviousList";
        let previous = extensions.iter_mut().find(|extension| extension["Name"] == previous);
        previous.expect("the list before")["Value"] =
            json!({ "sequence": named.sequence, "sha256": named.sha256 });
        list
    }

    /// The next version of a list, changed and then signed as it must be.
    pub(crate) fn resealed(&self, id: ListId, change: impl FnOnce(&mut Value)) -> Vec<u8> {
        let mut list = self.next(id);
        change(&mut list);
        self.seal(id, &bytes(&list))
    }

    /// A list under the signatures that it needs.
    pub(crate) fn seal(&self, id: ListId, payload: &[u8]) -> Vec<u8> {
        match id {
            ListId::Federation => {
                let signers = [0, 2, 4].map(|place| &self.operators[place]);
                seal_by(payload, &signers)
            }
            ListId::Province(division) => {
                seal_by(payload, &[&self.key(division.as_str(), "list-signing")])
            }
        }
    }

    /// A root under the votes of these operators.
    pub(crate) fn seal_root(&self, root: &RootDocument, voters: &[usize]) -> Vec<u8> {
        let payload = root.to_payload().expect("a root");
        let voters: Vec<&Made> = voters.iter().map(|voter| &self.operators[*voter]).collect();
        seal_root_by(&payload, &voters)
    }

    /// Publishes the next list of a province, in which nothing changes.
    pub(crate) fn publish_next(&self, division: &str) {
        let id = list_id(division);
        self.hub.publish(id, &self.resealed(id, |_| {}));
    }

    // What is seen.

    /// The operator listener of a gateway, as one of its operators.
    pub(crate) fn operator(&self, division: &str) -> Arc<Desk> {
        self.desk(division, 2)
    }

    /// The public listener of a gateway, as nobody.
    pub(crate) fn stranger(&self, division: &str) -> Arc<Desk> {
        self.desk(division, 1)
    }

    fn desk(&self, division: &str, listener: u16) -> Arc<Desk> {
        let mut desks = self.desks.lock().unwrap_or_else(PoisonError::into_inner);
        let desk = desks.entry((division.to_owned(), listener)).or_insert_with(|| {
            let operator = || self.federation.client(division, "operator", "desk-9");
            let made = (listener == 2).then(operator);
            Arc::new(self.federation.desk(division, listener, made.as_ref()))
        });
        Arc::clone(desk)
    }

    /// The federation listener of a gateway, as the gateway of another member sees it.
    pub(crate) fn member_desk(&self, division: &str, asker: &str) -> Desk {
        self.federation.member_desk(division, 0, asker)
    }

    /// Does something as an operator; it must be done.
    pub(crate) fn operate(&self, division: &str, command: &str, order: &Value) -> Value {
        let path = format!("/v1/operator/{command}");
        let reply = answered(self.operator(division).post(&path, order));
        assert!(reply.is_done(), "{command}: {reply:?}");
        reply.body
    }

    /// An officer's desk at a gateway, made and registered.
    pub(crate) fn officer(&self, division: &str) -> Desk {
        let made = self.federation.client(division, "enforcement", "unit-9");
        let order = client_order("unit-9", "enforcement", &made, &json!([]));
        let second = self.federation.client(division, "operator", "desk-10");
        let second = self.federation.desk(division, 2, Some(&second));
        let reply = register([&self.operator(division), &second], &order);
        assert!(reply.is_done(), "{reply:?}");
        self.federation.desk(division, 0, Some(&made))
    }

    pub(crate) fn readiness(&self, division: &str) -> Reply {
        answered(self.operator(division).get("/readyz"))
    }

    /// How many keys a gateway believes.
    pub(crate) fn anchors(&self, division: &str) -> u64 {
        self.readiness(division).body["anchors"].as_u64().unwrap_or_default()
    }

    /// A line of `/metrics` by its beginning.
    pub(crate) fn metric(&self, division: &str, name: &str) -> u64 {
        let told = answered(self.operator(division).get("/metrics")).body;
        let told = told.as_str().expect("a text");
        let line = told.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        line.map_or(0, |number| number.parse().expect("a number"))
    }

    /// How often a gateway counted `outcome` of an update about `about`.
    pub(crate) fn count(&self, division: &str, about: &str, outcome: &str) -> u64 {
        let labels = format!("{{division=\"{about}\",outcome=\"{outcome}\"}}");
        self.metric(division, &format!("hutong_trust_updates_total{labels}"))
    }

    /// What a gateway holds of a list: its signed bytes as JSON, null for nothing.
    pub(crate) fn held(&self, division: &str, id: ListId) -> Value {
        let reply = answered(self.stranger(division).get(&format!("/v1/lists/{}", id.short())));
        if reply.is_done() { reply.body } else { Value::Null }
    }

    /// The root and every list that a gateway holds.
    pub(crate) fn everything(&self, division: &str) -> Vec<Value> {
        let ids = [ListId::Federation, list_id(TIANJIN), list_id(HEBEI), list_id(GUANGDONG)];
        let mut all: Vec<Value> = ids.map(|id| self.held(division, id)).to_vec();
        let desk = self.stranger(division);
        let roots = (1..4).map(|number| answered(desk.get(&format!("/v1/root/{number}"))));
        all.extend(roots.map(|reply| json!([reply.status, reply.body["payload"]])));
        all
    }

    /// Whether a gateway holds the version of a list that the hub names.
    pub(crate) fn holds_newest(&self, division: &str, id: ListId) -> bool {
        let (_, newest) = self.hub.newest(id);
        let newest: Value = serde_json::from_slice(&newest).expect("JSON");
        self.held(division, id)["payload"] == newest["payload"]
    }

    /// Waits until every gateway that is up holds what the hub names.
    pub(crate) fn settle(&self) {
        let lists = [ListId::Federation, list_id(TIANJIN), list_id(HEBEI)];
        for division in self.running.keys() {
            for id in lists {
                eventually(&format!("{division} holds {id}"), || self.holds_newest(division, id));
            }
        }
    }

    /// Leads an attack on Tianjin: the alarm is counted, nothing changes, and the next honest list
    /// is taken.
    pub(crate) fn refuses(&self, what: &str, about: &str, code: &str, attack: impl FnOnce(&Self)) {
        let held = self.everything(TIANJIN);
        let before = self.count(TIANJIN, about, code);
        self.hub.mischief(|| {
            attack(self);
            let counted =
                until(PATIENCE, || (self.count(TIANJIN, about, code) > before).then_some(()));
            assert!(counted.is_some(), "{what}: no {code} about {about}: {}", self.told(TIANJIN));
            assert_eq!(self.everything(TIANJIN), held, "{what}: the last good state stays");
            assert_eq!(self.readiness(TIANJIN).status, 200, "{what}");
        });
        self.goes_on(what);
    }

    /// Honest news is taken.
    pub(crate) fn goes_on(&self, what: &str) {
        self.publish_next(HEBEI);
        eventually(&format!("honest news after {what}"), || {
            self.holds_newest(TIANJIN, list_id(HEBEI))
        });
    }

    /// Every update that a gateway counted.
    pub(crate) fn told(&self, division: &str) -> String {
        let told = answered(self.operator(division).get("/metrics")).body;
        let lines = told.as_str().unwrap_or_default().lines();
        let updates = lines.filter(|line| line.starts_with("hutong_trust_updates_total"));
        updates.collect::<Vec<_>>().join("\n")
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        for (_, running) in std::mem::take(&mut self.running) {
            wait(running.stop());
        }
        self.close_hub();
    }
}

/// Waits until it is so.
pub(crate) fn eventually(what: &str, mut is_so: impl FnMut() -> bool) {
    assert!(until(PATIENCE, || is_so().then_some(())).is_some(), "in vain: {what}");
}

/// A document over `payload` under the votes of `signers`, whoever they are.
pub(crate) fn seal_by(payload: &[u8], signers: &[&Made]) -> Vec<u8> {
    sealed(payload, signers, |made| {
        let key = made.signer().expect("a key");
        lote::vote(&key, &made.certificate, payload, now()).expect("a vote")
    })
}

pub(crate) fn seal_root_by(payload: &[u8], signers: &[&Made]) -> Vec<u8> {
    sealed(payload, signers, |made| {
        let key = made.signer().expect("a key");
        root_vote(&key, &made.certificate, payload, now()).expect("a vote")
    })
}

/// A document over `payload` with one vote of each of `signers`.
pub(crate) fn sealed(
    payload: &[u8],
    signers: &[&Made],
    vote: impl Fn(&Made) -> hutong::crypto::jws::Vote,
) -> Vec<u8> {
    let mut document = GeneralJws::unsigned(payload.to_vec());
    for made in signers {
        document.add(vote(made));
    }
    document.to_bytes().expect("a document")
}

pub(crate) fn bytes(document: &Value) -> Vec<u8> {
    serde_json::to_vec(document).expect("JSON")
}

pub(crate) fn list_id(division: &str) -> ListId {
    ListId::Province(division.parse().expect("six digits"))
}

pub(crate) fn member(division: &str) -> MemberId {
    division.parse::<Division>().expect("six digits").member()
}

pub(crate) fn signing(name: &str) -> Made {
    Made::signing(name, Algorithm::Es256, period()).expect("a key")
}

pub(crate) fn period() -> Period {
    Period::from_now(now(), LEAF_LIFE)
}

fn first_root(
    operators: &[Made],
    freshness: &Made,
    tls: &Made,
    log: &Made,
    port: u16,
) -> RootDocument {
    let log = log.signer().expect("a key");
    let vkey = VerifierKey::new(LOG, log.public_key()).expect("a key of a log");
    RootDocument {
        document_type: ROOT_TYPE.to_owned(),
        sequence: 1,
        expires: (now() + limits::ROOT_LIFE).whole_seconds(),
        federation: ListId::Federation.to_string(),
        operators: Threshold {
            threshold: 3,
            keys: operators.iter().map(|made| PinnedKey::of(&made.certificate)).collect(),
        },
        freshness: PinnedKey::of(&freshness.certificate),
        emergency: Emergency { threshold: 2 },
        log: ListLog { origin: LOG.to_owned(), vkey: vkey.to_string() },
        witnesses: Witnesses { quorum: 0, vkeys: Vec::new() },
        hub: HubPlace {
            url: format!("https://127.0.0.1:{port}"),
            tls_spki_sha256: tls.certificate.spki_digest(),
        },
    }
}

/// Names `list` as the newest and serves it, though nobody should take it.
pub(crate) fn push(stage: &Stage, id: ListId, list: &[u8]) {
    let named = name_of(list);
    stage.hub.serve(id, named.sequence, list);
    stage.hub.name(id, named);
}

pub(crate) const TIANJIN: &str = "120000";
pub(crate) const HEBEI: &str = "130000";
pub(crate) const GUANGDONG: &str = "440000";
/// Shorter than any configuration allows: the tests wait for a refresh hundreds of times.
const REFRESH: Duration = Duration::from_millis(50);
