//! What the tests of the whole program share: a federation that the program itself founded, nodes
//! as child processes that never outlive the test, and desks to talk to them.

#![allow(dead_code, reason = "each test program uses its own part")]

pub(crate) mod operators;

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use hutong::base::{Clock as _, SystemClock, Timestamp};
use hutong::identity::ClientName;
use hutong::peer::{Desk, DeskError, DeskIdentity, Reply};
use hutong::pki::{Authority, CLIENT_LIFE, Made, Period, files};
use hutong::tls::ServerPin;
use serde_json::{Value, json};
use sqlx::Connection as _;
use tempfile::TempDir;
use tokio::runtime::Runtime;

/// The program under test.
pub(crate) fn hutong() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hutong"));
    command.stdin(Stdio::null());
    command
}

/// Runs the program to its end.
pub(crate) fn run(arguments: &[&str]) -> Output {
    hutong().args(arguments).output().expect("the program can be run")
}

/// What a failed command told, in its three parts and with its exit code.
#[derive(Debug)]
pub(crate) struct Told {
    pub(crate) exit: i32,
    pub(crate) what: String,
    pub(crate) why: String,
    pub(crate) code: String,
}

/// Reads the three parts that people are told. Lines of the log may stand before them.
pub(crate) fn told(output: &Output) -> Told {
    let text = String::from_utf8_lossy(&output.stderr);
    let lines: Vec<&str> = text.lines().collect();
    let [.., what, why, advice] = lines.as_slice() else { panic!("three lines: {text}") };
    let part = |line: &str, label: &str| {
        let rest = line.strip_prefix(label).unwrap_or_else(|| panic!("{label:?} in {text}"));
        assert!((3..400).contains(&rest.len()), "short, and not empty: {rest}");
        rest.to_owned()
    };
    let advice = part(advice, "  try: ");
    let (_, code) = advice.rsplit_once(" (").expect("the advice ends with the code");
    Told {
        exit: output.status.code().unwrap_or(-1),
        what: part(what, "error: "),
        why: part(why, "  why: "),
        code: code.trim_end_matches(')').to_owned(),
    }
}

/// Reads the one JSON object that programs are told.
pub(crate) fn told_as_json(output: &Output) -> Told {
    let text = String::from_utf8_lossy(&output.stderr);
    let last: Value = serde_json::from_str(text.lines().last().unwrap_or_default())
        .unwrap_or_else(|_| panic!("the last line is JSON: {text}"));
    let error = last["error"].as_object().expect("an error");
    let members: BTreeSet<&str> = error.keys().map(String::as_str).collect();
    assert_eq!(members, BTreeSet::from(["code", "try", "what", "why"]));
    let part = |name: &str| error[name].as_str().expect("a text").to_owned();
    assert!(!part("try").is_empty());
    Told {
        exit: output.status.code().unwrap_or(-1),
        what: part("what"),
        why: part("why"),
        code: part("code"),
    }
}

/// A child process with its output in files; killed when dropped.
#[derive(Debug)]
pub(crate) struct Running {
    child: Child,
    log: TempDir,
}

impl Running {
    pub(crate) fn start(command: &mut Command) -> Self {
        let log = TempDir::new().expect("a folder");
        let file = |name| std::fs::File::create(log.path().join(name)).expect("a file");
        command.stdin(Stdio::null()).stdout(file("stdout")).stderr(file("stderr"));
        let child = command.spawn().expect("the program can be run");
        Self { child, log }
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn stdout(&self) -> String {
        std::fs::read_to_string(self.log.path().join("stdout")).unwrap_or_default()
    }

    pub(crate) fn stderr(&self) -> String {
        std::fs::read_to_string(self.log.path().join("stderr")).unwrap_or_default()
    }

    pub(crate) fn signal(&self, name: &str) {
        let sent = Command::new("kill").args([format!("-{name}"), self.id().to_string()]).status();
        assert!(sent.expect("kill can be run").success());
    }

    /// Waits for the end, which must come soon.
    pub(crate) fn wait(&mut self) -> ExitStatus {
        let end = until(PATIENCE, || self.child.try_wait().expect("a child of ours"));
        end.unwrap_or_else(|| panic!("still running: {}", self.stderr()))
    }

    /// Everything that it left behind, as if it had been waited for from the start.
    pub(crate) fn output(&mut self) -> Output {
        let status = self.wait();
        Output { status, stdout: self.stdout().into_bytes(), stderr: self.stderr().into_bytes() }
    }

    fn assert_alive(&mut self) {
        let end = self.child.try_wait().expect("a child of ours");
        assert!(end.is_none(), "ended with {end:?}: {}", self.stderr());
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Both fail only when it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Asks until there is an answer or the time is up.
pub(crate) fn until<T>(most: Duration, mut ask: impl FnMut() -> Option<T>) -> Option<T> {
    let began = Instant::now();
    loop {
        if let Some(answer) = ask() {
            return Some(answer);
        }
        if began.elapsed() > most {
            return None;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// The first of 50 ports of which the first ones of each ten are free; below those that the
/// system gives to outgoing connections, and never twice in one test program.
pub(crate) fn port_base() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let start = u16::try_from(std::process::id() % 200).unwrap_or_default();
    for _ in 0..BLOCKS {
        let block = (start + NEXT.fetch_add(1, Ordering::Relaxed)) % BLOCKS;
        let base = 20_000 + block * 50;
        let ports = [0, 10, 20, 30].into_iter().flat_map(|ten| ten..ten + 3);
        if ports
            .map(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, base + port)))
            .all(|b| b.is_ok())
        {
            return base;
        }
    }
    panic!("no free ports");
}

/// A folder for what is shared by the tests of one program. What earlier runs left is removed.
pub(crate) fn shared_folder(name: &str) -> PathBuf {
    let home = Path::new(env!("CARGO_TARGET_TMPDIR"));
    for entry in std::fs::read_dir(home).expect("cargo's folder").flatten() {
        let owner = entry.file_name().to_string_lossy().rsplit_once('-').map(|(_, p)| p.to_owned());
        if owner.is_some_and(|id| !Path::new("/proc").join(id).exists()) {
            // Another run may be removing it as well.
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
    let folder = home.join(format!("{name}-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    folder
}

/// A federation in a folder, at rest or up.
#[derive(Debug)]
pub(crate) struct Federation {
    pub(crate) dir: PathBuf,
    pub(crate) base: u16,
}

impl Federation {
    /// The one of this test program: founded, its story told, and stopped.
    pub(crate) fn at_rest() -> &'static Self {
        &Self::both()[0]
    }

    /// Another one, whose hub has the same address.
    pub(crate) fn impostor() -> &'static Self {
        &Self::both()[1]
    }

    fn both() -> &'static [Self; 2] {
        static FOUNDED: OnceLock<[Federation; 2]> = OnceLock::new();
        FOUNDED.get_or_init(|| {
            let base = port_base();
            [Self::found("federation", base), Self::found("impostor", base)]
        })
    }

    fn found(name: &str, base: u16) -> Self {
        let dir = shared_folder(name);
        let output =
            run(&["demo", "--once", "--dir", text(&dir), "--port-base", &base.to_string()]);
        let story = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "the story went wrong: {story}");
        Self { dir, base }
    }

    /// The one of this test program that stays up after its story. A shell holds it: when this
    /// process ends, however that happens, so does what the shell reads, and with it the
    /// federation.
    pub(crate) fn up() -> &'static Self {
        static STARTED: OnceLock<(Federation, std::process::ChildStdin)> = OnceLock::new();
        let (federation, _) = STARTED.get_or_init(|| {
            let (dir, base) = (shared_folder("running"), port_base());
            #[expect(clippy::zombie_processes, reason = "it ends after this process")]
            let mut shell = Command::new("sh")
                .args(["-c", HOLD, "sh", env!("CARGO_BIN_EXE_hutong"), "demo", "--dir", text(&dir)])
                .args(["--port-base", &base.to_string()])
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .stderr(Stdio::null())
                .spawn()
                .expect("a shell");
            let said = BufReader::new(shell.stdout.take().expect("piped"));
            let is_told = |line: &str| line.contains("of 16 steps as expected");
            let told = said.lines().map_while(Result::ok).find(|line| is_told(line));
            assert!(told.is_some_and(|line| line.starts_with("16 of 16")), "the story went wrong");
            (Self { dir, base }, shell.stdin.take().expect("piped"))
        });
        federation
    }

    /// A copy of one gateway's folder, with ports of its own. Others do not find it there, and
    /// its licences name status lists at the old address.
    pub(crate) fn copy_of(&self, division: &str) -> Gateway {
        let mut gateway = self.copy_in_place(division);
        let founded = std::mem::replace(&mut gateway.base, port_base());
        gateway.edit_config(|text| moved(text, founded, gateway.base));
        gateway
    }

    /// A copy of one gateway's folder that serves where the gateway was founded; one at a time.
    pub(crate) fn copy_in_place(&self, division: &str) -> Gateway {
        let folder = TempDir::new().expect("a folder");
        let dir = folder.path().join(division);
        copy(&self.dir.join(division), &dir);
        Gateway { _folder: Some(folder), dir, base: self.base + offset(division) }
    }

    /// A client's desk at a listener of a running gateway (0 federation, 1 public, 2 operator).
    pub(crate) fn desk(&self, division: &str, listener: u16, made: Option<&Made>) -> Desk {
        let port = self.base + offset(division) + listener;
        desk(&self.dir.join(division), port, made)
    }

    /// A desk of a client whose files the story left.
    pub(crate) fn kept_desk(&self, node: &str, listener: u16, client: &str) -> Desk {
        self.desk(node, listener, Some(&kept_client(&self.dir, client)))
    }

    /// A listener of a node, as the gateway of another member sees it.
    pub(crate) fn member_desk(&self, node: &str, listener: u16, division: &str) -> Desk {
        let keys = self.dir.join(division).join("keys");
        let own = read_made(&keys.join("gateway-tls.cert.pem"), &keys.join("gateway-tls.key.pem"));
        self.desk(node, listener, Some(&own))
    }

    /// Where a listener of a running gateway is.
    pub(crate) fn address(&self, division: &str, listener: u16) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.base + offset(division) + listener).into()
    }

    /// A new client of one gateway.
    pub(crate) fn client(&self, division: &str, role: &str, id: &str) -> Made {
        make_client(&self.dir.join(division), division, role, id)
    }
}

/// One gateway's folder, to be served by a process of its own.
#[derive(Debug)]
pub(crate) struct Gateway {
    _folder: Option<TempDir>,
    pub(crate) dir: PathBuf,
    pub(crate) base: u16,
}

impl Gateway {
    /// A folder that lies elsewhere, already moved to its ports.
    pub(crate) fn lying_at(dir: PathBuf, base: u16) -> Self {
        Self { _folder: None, dir, base }
    }

    pub(crate) fn config(&self) -> PathBuf {
        self.dir.join("config.toml")
    }

    pub(crate) fn edit_config(&self, edit: impl FnOnce(String) -> String) {
        let text = std::fs::read_to_string(self.config()).expect("a configuration");
        std::fs::write(self.config(), edit(text)).expect("a configuration");
    }

    pub(crate) fn serve(&self) -> Running {
        Running::start(hutong().args(["serve", "--config", text(&self.config())]))
    }

    /// Runs `serve` where it should end by itself.
    pub(crate) fn serve_in_vain(&self) -> Output {
        self.serve().output()
    }

    /// Serves until it is ready; how long that took.
    pub(crate) fn serve_ready(&self) -> (Running, Duration) {
        let began = Instant::now();
        let mut running = self.serve();
        self.wait_ready(&mut running);
        (running, began.elapsed())
    }

    pub(crate) fn wait_ready(&self, running: &mut Running) -> Value {
        let operator = self.operator();
        let ready = until(PATIENCE, || {
            running.assert_alive();
            TcpStream::connect((Ipv4Addr::LOCALHOST, self.base + 2)).ok()?;
            wait(operator.get("/readyz")).ok().filter(Reply::is_done)
        });
        ready.unwrap_or_else(|| panic!("not ready: {}", running.stderr())).body
    }

    pub(crate) fn operator(&self) -> Desk {
        desk(&self.dir, self.base + 2, Some(&self.client("operator", "desk-9")))
    }

    /// A new client of this gateway.
    pub(crate) fn client(&self, role: &str, id: &str) -> Made {
        make_client(&self.dir, "120000", role, id)
    }

    /// An officer's desk at this gateway, made and registered.
    pub(crate) fn officer(&self) -> Desk {
        let made = self.client("enforcement", "unit-9");
        let order = client_order("unit-9", "enforcement", &made, &json!([]));
        let approver = desk(&self.dir, self.base + 2, Some(&self.client("operator", "desk-10")));
        let reply = register([&self.operator(), &approver], &order);
        assert_eq!(reply.status, 200, "{reply:?}");
        self.desk(0, &made)
    }

    pub(crate) fn desk(&self, listener: u16, made: &Made) -> Desk {
        desk(&self.dir, self.base + listener, Some(made))
    }

    /// The number of entries in the audit log, verified from end to end.
    pub(crate) fn verified_entries(&self) -> u64 {
        let reply = wait(self.operator().post("/v1/operator/audit-verify", &json!({})));
        let reply = reply.expect("an answer");
        assert!(reply.is_done(), "{reply:?}");
        reply.body["entries"].as_u64().expect("a number")
    }

    /// Serves, has the audit log verified, and ends in order: nothing was lost.
    pub(crate) fn assert_whole(&self) -> u64 {
        let (mut running, _) = self.serve_ready();
        let entries = self.verified_entries();
        running.signal("TERM");
        assert_eq!(running.wait().code(), Some(0), "{}", running.stderr());
        assert!(entries > ENTRIES_OF_THE_STORY, "{entries} entries");
        entries
    }
}

/// Copies of the nodes at rest, to be served as processes of their own where they were founded:
/// by one test at a time.
#[derive(Debug)]
pub(crate) struct Apart {
    nodes: Vec<(&'static str, Gateway)>,
    _alone: MutexGuard<'static, ()>,
}

impl Apart {
    pub(crate) fn at_rest() -> Self {
        static ALONE: Mutex<()> = Mutex::new(());
        let alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
        let copied = |name| (name, Federation::at_rest().copy_in_place(name));
        let nodes = ["hub", "120000", "130000", "440000"].map(copied).into();
        Self { nodes, _alone: alone }
    }

    pub(crate) fn node(&self, name: &str) -> &Gateway {
        &self.nodes.iter().find(|(known, _)| *known == name).expect("a node").1
    }

    /// Serves these nodes until they are ready.
    pub(crate) fn serve(&self, names: &[&str]) -> Vec<Running> {
        let mut running: Vec<_> = names.iter().map(|name| self.node(name).serve()).collect();
        for (name, process) in names.iter().zip(&mut running) {
            let ready = until(PATIENCE, || {
                process.assert_alive();
                let client = format!("{name}-operator");
                let operator = Federation::at_rest().kept_desk(name, 2, &client);
                wait(operator.get("/readyz")).ok().filter(Reply::is_done)
            });
            assert!(ready.is_some(), "{name}: {}", process.stderr());
        }
        running
    }

    /// The police of the story, at their gateway.
    pub(crate) fn police(&self) -> Desk {
        assert!(self.node("130000").dir.exists());
        Federation::at_rest().kept_desk("130000", 0, "130000-enforcement")
    }
}

/// Changes the database of a node at rest; the last statement must change one row.
pub(crate) fn change(database: &Path, statements: &[&str]) {
    let location = format!("sqlite://{}?mode=rw", text(database));
    wait(async {
        sqlx::any::install_default_drivers();
        let mut database = sqlx::AnyConnection::connect(&location).await.expect("a database");
        let mut changed = 0;
        for statement in statements {
            let statement = sqlx::AssertSqlSafe((*statement).to_owned());
            let done = sqlx::query(statement).execute(&mut database).await;
            changed = done.expect("a sound statement").rows_affected();
        }
        assert_eq!(changed, 1);
        database.close().await.expect("a database");
    });
}

/// A configuration with the three ports from `new` on in place of those from `old` on.
pub(crate) fn moved(text: String, old: u16, new: u16) -> String {
    (0..3).fold(text, |text, listener| {
        text.replace(&format!(":{}\"", old + listener), &format!(":{}\"", new + listener))
    })
}

/// Runs a future to its end on the one runtime of this test program.
pub(crate) fn wait<F: Future>(future: F) -> F::Output {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| Runtime::new().expect("a runtime")).block_on(future)
}

/// An answer, which there must be.
pub(crate) fn answered(reply: impl Future<Output = Result<Reply, DeskError>>) -> Reply {
    wait(reply).expect("an answer")
}

pub(crate) fn now() -> Timestamp {
    SystemClock.now()
}

/// The pin of the gateway, or of the hub, in a folder.
pub(crate) fn pin(node: &Path) -> ServerPin {
    let name = if node.ends_with("hub") { "hub-tls" } else { "gateway-tls" };
    let certificates = files::read_certificates(&node.join(format!("keys/{name}.cert.pem")));
    ServerPin::Certificates(certificates.expect("the node's certificate"))
}

/// A client whose files the story left.
pub(crate) fn kept_client(federation: &Path, name: &str) -> Made {
    let path = |what: &str| federation.join(format!("clients/{name}.{what}.pem"));
    read_made(&path("cert"), &path("key"))
}

pub(crate) fn read_made(certificate: &Path, key: &Path) -> Made {
    let certificates = files::read_certificates(certificate).expect("a certificate");
    Made {
        certificate: certificates.into_iter().next().expect("a certificate"),
        pkcs8: files::read_key(key).expect("a key"),
    }
}

/// What a business asks in the story, and may ask.
pub(crate) fn sound_ask() -> Value {
    json!({
        "identifier": DRIVER, "claims": [{ "path": ["name"] }], "purpose": "employment-check",
        "intended_use_id": "iu_drivers", "consent_mode": "STORE", "fetch_type": "PERIODIC",
        "max_uses": 3, "data_life": { "unit": "MONTH", "value": 6 },
        "exp": now().unix_seconds() + 7 * 86_400,
    })
}

/// How police open an inspection in the story.
pub(crate) fn sound_inspection() -> Value {
    json!({
        "use_id": "su_roadside_1", "officers": ["officer-a"], "place": "G1 km 93",
        "law_ref": "urn:law:road-transport-e-licence-rules:9", "reason_code": "routine",
        "hours": 8,
    })
}

/// What an operator sends to register a client.
pub(crate) fn client_order(id: &str, role: &str, made: &Made, uses: &Value) -> Value {
    json!({
        "id": id, "role": role, "spki_sha256": made.certificate.spki_digest(),
        "name": "示例", "contact": "contact@client.example", "uses": uses,
    })
}

/// Registers a client: by one operator, and by another where one is not enough.
pub(crate) fn register([operator, approver]: [&Desk; 2], order: &Value) -> Reply {
    let path = "/v1/operator/client-register";
    let reply = answered(operator.post(path, order));
    if reply.status == 202 { answered(approver.post(path, order)) } else { reply }
}

/// A refusal is a whole problem document (RFC 9457) that tells nothing of anybody.
pub(crate) fn refused(reply: &Reply, status: u16, code: &str, what: &str) {
    assert_eq!((reply.status, reply.code()), (status, code), "{what}: {reply:?}");
    assert_eq!(reply.body["type"], json!(format!("urn:elicence:problem:{code}")), "{what}");
    assert_eq!(reply.body["status"], json!(status), "{what}");
    for member in ["title", "detail", "trace_id"] {
        assert!(reply.body[member].as_str().is_some_and(|text| !text.is_empty()), "{member}");
    }
    let said = reply.body.to_string();
    for personal in PERSONAL {
        assert!(!said.contains(personal), "{what} tells {personal}: {said}");
    }
}

pub(crate) fn text(path: &Path) -> &str {
    path.to_str().expect("a path in UTF-8")
}

pub(crate) fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder");
    for entry in std::fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("an entry");
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).expect("a copy");
        }
    }
}

fn make_client(gateway: &Path, division: &str, role: &str, id: &str) -> Made {
    let path = |what: &str| gateway.join(format!("keys/client-ca-{role}.{what}.pem"));
    let read = |what| std::fs::read_to_string(path(what)).expect("the authority's file");
    let authority = Authority::from_pem(&read("cert"), &read("key")).expect("an authority");
    let name: ClientName =
        format!("urn:elicence:client:{division}:{role}:{id}").parse().expect("a client's name");
    authority.issue_client(&name, Period::from_now(now(), CLIENT_LIFE)).expect("a certificate")
}

fn desk(gateway: &Path, port: u16, made: Option<&Made>) -> Desk {
    let identity =
        made.map(|made| DeskIdentity { certificate: &made.certificate, pkcs8: &made.pkcs8 });
    let origin = format!("https://127.0.0.1:{port}");
    Desk::open(&origin, pin(gateway), identity, Arc::new(SystemClock)).expect("a desk")
}

fn offset(division: &str) -> u16 {
    match division {
        "120000" => 10,
        "130000" => 20,
        "440000" => 30,
        _ => 0,
    }
}

/// The driver's licence in the story.
pub(crate) const DRIVER: &str =
    "1.2.156.3005.2.11100000000019713D071.111200000001234561.000000000102.001.C";
/// What the licences of the story say of people, in part or whole.
const PERSONAL: [&str; 7] =
    ["张示例", "李示例", "12010300000", "津A12345", "91120103MA", "LZYTFGAW", "02001"];
/// Longer than anything takes on a slow machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);
/// The story leaves more entries than this in Tianjin's log.
const ENTRIES_OF_THE_STORY: u64 = 10;
const BLOCKS: u16 = 240;
/// Runs its arguments until there is nothing more to read.
const HOLD: &str = "\"$@\" & held=$!; read -r _; kill \"$held\"; wait \"$held\"";
