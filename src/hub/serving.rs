//! Starting a hub and stopping it.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arc_swap::ArcSwap;
use axum::routing::{get, post, put};
use tokio::sync::{Mutex, Semaphore};

use super::applications::DailyEnrolments;
use super::board::Board;
use super::keys::Keys;
use super::{applications, log_shelf, orders, shelf, witnesses};
use crate::audit::{Actor, Entry, EntryKind, Pending};
use crate::base::{Clock, Code, SystemEntropy, Timestamp, limits};
use crate::exchange::{EnrolmentNonceKey, KnownKeys};
use crate::http::{
    Bound, ConnectionLimits, IdentityGate, ListenError, Listener, ListenerKind, ListenerOptions,
    MediaType, News, Problem, Representations, RouteRules, Routes, Service,
};
use crate::identity::{Caller, Place, identify, read_chain};
use crate::peer::{OriginPolicy, PeerDirectory, PeerSettings};
use crate::pki::PkiError;
use crate::store::{CommitError, Store, StoreError, TrustCommit, TrustDocumentRow};
use crate::telemetry::Telemetry;
use crate::tls::{ClientJudge, TlsError, TlsIdentity, federation_settings, public_settings};
use crate::trust::{LogLeaf, Root, Snapshot, StoredDocument, TrustState, UpdateRefusal};

/// What a hub is configured with.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where keys, database and root are kept.
    pub data_dir: PathBuf,
    /// Addresses of the federation, public and operator listeners.
    pub listen: [SocketAddr; 3],
    /// Origin of the federation listener.
    pub federation_origin: String,
    /// Origin of the public listener.
    pub public_origin: String,
    /// Whether members may have loopback and private addresses.
    pub allow_private_addresses: bool,
}

impl Settings {
    const fn origin_policy(&self) -> OriginPolicy {
        if self.allow_private_addresses {
            OriginPolicy::AllowPrivate
        } else {
            OriginPolicy::PublicOnly
        }
    }
}

/// Everything the hub's routes share.
pub(super) struct Node {
    pub(super) settings: Settings,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) entropy: SystemEntropy,
    pub(super) keys: Keys,
    pub(super) store: Store,
    pub(super) representations: Representations,
    /// What is published; whoever changes it holds the lock until the change is durable.
    pub(super) board: Mutex<Board>,
    /// Tells whoever listens that the board changed.
    pub(super) news: News,
    pub(super) snapshot: Arc<ArcSwap<Snapshot>>,
    generation: AtomicU64,
    pub(super) peers: PeerDirectory,
    /// The keys that no applicant may bring.
    pub(super) known: ArcSwap<KnownKeys>,
    pub(super) nonces: EnrolmentNonceKey,
    pub(super) enrolments: DailyEnrolments,
    /// How many applications are judged at one time.
    pub(super) desk: Semaphore,
    pub(super) telemetry: Arc<Telemetry>,
}

impl Node {
    /// Puts the published trust before the doors, which judge callers by it.
    pub(super) fn show(&self, board: &Board, now: Timestamp) {
        let generation = self.generation.fetch_add(1, Ordering::Relaxed) + 1;
        let state = board.state().clone();
        self.known.store(Arc::new(KnownKeys::of(&state)));
        let next = Snapshot::build(state, generation, now);
        self.snapshot.store(Arc::new(next));
    }

    /// The hub's origin as the root names it, which is what applications are made for.
    pub(super) fn hub_origin(&self) -> String {
        self.snapshot.load().state().root().document().hub.url.clone()
    }

    /// The log begins with the root that everything rests on.
    async fn log_first_root(&self) -> Result<(), Problem> {
        let first = {
            let snapshot = self.snapshot.load();
            let (state, root) = (snapshot.state(), snapshot.state().root());
            (state.log().size() == 0).then(|| LogLeaf::Root {
                at: self.clock.now().into(),
                sequence: root.document().sequence,
                sha256: root.sha256(),
            })
        };
        match first {
            Some(leaf) => self.log_line(leaf, Actor::gateway()).await,
            None => Ok(()),
        }
    }

    async fn refresh(&self) {
        let now = self.clock.now();
        let mut board = self.board.lock().await;
        let Some(signers) = self.keys.signers(board.root()) else {
            tracing::error!("this hub does not hold the keys that the root names");
            return;
        };
        match board.refresh(signers.borrowed(), now) {
            Ok(next) => {
                let change = TrustCommit::between(board.state(), next.state(), &[], now);
                // Kept, so that a restart goes on counting from it.
                if let Err(error) = self.store.keep_documents(change.quiet).await {
                    tracing::error!(%error, "a freshness statement was not kept");
                }
                self.put_up(&mut board, next, now);
            }
            Err(error) => tracing::error!(%error, "freshness was not signed"),
        }
    }
}

/// A hub that is up.
pub struct Running {
    node: Arc<Node>,
    service: Service,
}

impl Running {
    /// Stops accepting, lets what is in progress finish, and closes the store.
    pub async fn stop(self) {
        self.node.news.close();
        self.service.stop().await;
        self.node.store.clone().close().await;
    }
}

/// Starts the hub that `settings` describe.
pub async fn start(settings: Settings, clock: Arc<dyn Clock>) -> Result<Running, StartError> {
    let node = Arc::new(prepare(settings, clock).await?);
    let entry = Entry::new(EntryKind::Started, node.clock.now(), Actor::gateway());
    node.store.commit(Vec::new(), Pending::new(entry, &node.entropy)).await?;
    node.log_first_root().await.map_err(|problem| StartError::Record(problem.code()))?;
    node.refresh().await;
    let mut service = Service::start(bind(&node).await?);
    service.run_beside(keep_fresh(Arc::clone(&node)));
    service.run_beside(witnesses::gather(Arc::clone(&node)));
    tracing::info!("the hub is up");
    Ok(Running { node, service })
}

/// Everything that starting reads, without listening: for `serve --check`.
pub async fn check(settings: Settings, clock: Arc<dyn Clock>) -> Result<(), StartError> {
    prepare(settings, clock).await?.store.close().await;
    Ok(())
}

async fn prepare(settings: Settings, clock: Arc<dyn Clock>) -> Result<Node, StartError> {
    let now = clock.now();
    if now < limits::EARLIEST_CLOCK {
        return Err(StartError::Clock);
    }
    let path = settings.data_dir.join("trust/root.json");
    let bytes = std::fs::read(&path).map_err(|_| StartError::NoRoot { path })?;
    let root = Root::pinned(&bytes).map_err(StartError::Root)?;
    let keys = Keys::load(&settings.data_dir)?;
    let store =
        Store::open(&settings.data_dir, "elicence/hub/audit", Arc::clone(&keys.audit)).await?;
    let documents: Vec<StoredDocument> =
        store.trust_documents().await?.iter().filter_map(TrustDocumentRow::stored).collect();
    let lines = store.list_log_lines().await?;
    let state = TrustState::restore(root, &documents, &lines).map_err(StartError::Root)?;
    if keys.signers(state.root()).is_none() {
        return Err(StartError::OtherRoot);
    }
    let identity = TlsIdentity::new(&keys.tls.0, &keys.tls.1)?;
    let peers = PeerSettings::new(settings.origin_policy(), Arc::clone(&clock));
    let snapshot = Snapshot::build(state.clone(), 1, now);
    let known = KnownKeys::of(&state);
    Ok(Node {
        settings,
        clock,
        entropy: SystemEntropy,
        keys,
        store,
        representations: Representations::default(),
        board: Mutex::new(Board::restore(state)),
        news: News::default(),
        peers: PeerDirectory::new(Some(identity), peers),
        snapshot: Arc::new(ArcSwap::from_pointee(snapshot)),
        generation: AtomicU64::new(1),
        known: ArcSwap::from_pointee(known),
        nonces: EnrolmentNonceKey::draw(&SystemEntropy),
        enrolments: DailyEnrolments::default(),
        desk: Semaphore::new(APPLICATIONS_AT_A_TIME),
        telemetry: Arc::new(Telemetry::new().map_err(|_| StartError::Telemetry)?),
    })
}

async fn bind(node: &Arc<Node>) -> Result<[Bound; 3], StartError> {
    let identity = TlsIdentity::new(&node.keys.tls.0, &node.keys.tls.1)?;
    let place = Place::Hub(node.keys.operators.clone());
    let judge = ClientJudge::new(Arc::clone(&node.snapshot), place.clone());
    let mutual = federation_settings(&identity, judge, Arc::clone(&node.clock))?;
    let public = public_settings(&identity, Arc::clone(&node.clock))?;
    let [federation_at, public_at, operator_at] = node.settings.listen;
    let shared = |config| Arc::new(ArcSwap::new(config));
    let options = |origin: &str| ListenerOptions {
        authorities: origin.strip_prefix("https://").map(str::to_owned).into_iter().collect(),
        entropy: Arc::new(SystemEntropy),
        limits: ConnectionLimits::default(),
        telemetry: Arc::clone(&node.telemetry),
    };
    Ok([
        Listener::bind(
            federation_at,
            ListenerKind::Federation(gate(
                node,
                place.clone(),
                federation_admission,
                federation_standing,
            )),
            shared(Arc::clone(&mutual)),
            shelf_routes(node).merge(slot_routes(node)),
            options(&node.settings.federation_origin),
        )
        .await?,
        Listener::bind(
            public_at,
            ListenerKind::Public,
            shared(public),
            shelf_routes(node).merge(application_routes(node)),
            options(&node.settings.public_origin),
        )
        .await?,
        Listener::bind(
            operator_at,
            ListenerKind::Operator(gate(node, place, Caller::operator_standing, |_| Ok(()))),
            shared(mutual),
            operator_routes(node),
            options(""),
        )
        .await?,
    ])
}

/// A member that is staged may connect: it fetches lists and proves itself.
fn federation_standing(caller: &Caller) -> Result<(), Code> {
    match caller.standing() {
        Ok(()) | Err(Code::MemberStaged) => Ok(()),
        Err(code) => Err(code),
    }
}

/// One that is suspended may connect as well, to read: its own gateway stops issuing only when it
/// hears of that, and must not go on with what others have revoked meanwhile.
fn federation_admission(caller: &Caller) -> Result<(), Code> {
    caller.admission().or_else(|_| federation_standing(caller))
}

/// What a caller needs to be let in, and to be served everywhere.
type Standing = fn(&Caller) -> Result<(), Code>;

fn gate(node: &Arc<Node>, place: Place, admission: Standing, standing: Standing) -> IdentityGate {
    let (seen, judged) = (Arc::clone(node), Arc::clone(node));
    IdentityGate::new::<Caller>(
        Arc::new(move || {
            let minutes = seen.clock.now().unix_seconds().unsigned_abs() / 60;
            (seen.snapshot.load().generation() << 32) | (minutes & 0xffff_ffff)
        }),
        Arc::new(move |chain| {
            let chain = read_chain(chain).map_err(|refusal| refusal.code())?;
            let caller = identify(&chain, &judged.snapshot.load(), &place, judged.clock.now())
                .map_err(|refusal| refusal.code())?;
            admission(&caller)?;
            Ok(caller)
        }),
        standing,
        |caller| caller.member().is_some(),
    )
}

fn shelf_routes(node: &Arc<Node>) -> Routes {
    let rules = RouteRules::business().open_to_the_stopped();
    let with = || Arc::clone(node);
    Routes::new()
        .route("/v1/root/{number}", get(shelf::root).with_state(with()), rules)
        .route("/v1/freshness", get(shelf::freshness).with_state(with()), rules)
        .route("/v1/lists/{id}", get(shelf::newest_list).with_state(with()), rules)
        .route("/v1/lists/{id}/{sequence}", get(shelf::list_version).with_state(with()), rules)
        .route("/v1/log/checkpoint", get(log_shelf::checkpoint).with_state(with()), rules)
        .route("/v1/log/tile/{*path}", get(log_shelf::tile).with_state(with()), rules)
        .route("/v1/trust-events", get(orders::events).with_state(with()), rules)
        .route(
            "/v1/suspensions",
            get(orders::held).post(orders::bring).with_state(with()),
            rules.taking(&[MediaType::JoseJson, MediaType::Jose, MediaType::Json]),
        )
        .route("/v1/suspensions/{sha256}", get(orders::one).with_state(with()), rules)
}

fn slot_routes(node: &Arc<Node>) -> Routes {
    let rules = RouteRules::business().with_large_body().taking(&[MediaType::JoseJson]);
    let publish = put(shelf::put_list).with_state(Arc::clone(node));
    Routes::new().route("/v1/members/{code}/list", publish, rules)
}

/// For those who are no members yet: on the public listener alone.
fn application_routes(node: &Arc<Node>) -> Routes {
    let rules = RouteRules::business();
    let with = || Arc::clone(node);
    Routes::new()
        .route("/v1/members:nonce", post(applications::nonce).with_state(with()), rules)
        .route(
            "/v1/members:check",
            post(applications::check).with_state(with()),
            rules.with_large_body(),
        )
        .route(
            "/v1/members:apply",
            post(applications::apply).with_state(with()),
            rules.with_large_body(),
        )
}

fn operator_routes(node: &Arc<Node>) -> Routes {
    let rules = RouteRules::operator();
    let measured = Arc::clone(node);
    let metrics = get(move || {
        let node = Arc::clone(&measured);
        async move { node.metrics() }
    });
    Routes::new()
        .route("/healthz", get(|| async { "ok\n" }), rules)
        .route("/readyz", get(shelf::readyz).with_state(Arc::clone(node)), rules)
        .route("/metrics", metrics, rules)
        .route(
            "/v1/operator/{command}",
            post(shelf::command).with_state(Arc::clone(node)),
            rules.with_large_body(),
        )
}

/// Signs freshness every minute for as long as the hub is up.
async fn keep_fresh(node: Arc<Node>) {
    node.watch_ends();
    loop {
        tokio::time::sleep(limits::FRESHNESS_INTERVAL).await;
        node.watch_ends();
        node.refresh().await;
        // Nonces die with the secret they were made under, at the latest at the next start: here
        // the hub's own clock may say what has ended.
        if let Err(error) = node.store.sweep(node.clock.now()).await {
            tracing::error!(%error, "spent nonces were not swept");
        }
    }
}

/// Each costs some thirty signatures; more than this at once would starve what members ask.
const APPLICATIONS_AT_A_TIME: usize = 2;

/// Why a hub does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The machine's clock stands before this program was written.
    #[error("the clock stands before 2026-01-01: signatures and ends could not be judged")]
    Clock,
    /// The start cannot be put on record.
    #[error("the start cannot be put on record: {0}")]
    Commit(#[from] CommitError),
    /// The first root cannot be put on record.
    #[error("the first root cannot be put on record: {0}")]
    Record(Code),
    /// An address cannot be listened on.
    #[error(transparent)]
    Listen(#[from] ListenError),
    /// No root is there.
    #[error("no root is at {}", path.display())]
    NoRoot {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// The root names other keys than the hub holds.
    #[error("the root names another freshness key or log key than this hub holds")]
    OtherRoot,
    /// A key or certificate.
    #[error(transparent)]
    Pki(#[from] PkiError),
    /// The root, or what is stored under it, does not verify.
    #[error("the root or what is stored under it does not verify: {0}")]
    Root(UpdateRefusal),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The metrics.
    #[error("the metrics cannot be set up")]
    Telemetry,
    /// TLS.
    #[error(transparent)]
    Tls(#[from] TlsError),
}

impl StartError {
    /// The published code.
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            Self::Clock => Code::ClockInvalid,
            Self::Commit(error) => error.code(),
            Self::Record(_) => Code::DiskFull,
            Self::Listen(error) => error.code(),
            Self::NoRoot { .. } => Code::ConfigInvalid,
            Self::OtherRoot | Self::Root(_) => Code::RootMismatch,
            Self::Pki(error) => error.code(),
            Self::Store(error) => error.code(),
            Self::Telemetry => Code::Internal,
            Self::Tls(error) => error.code(),
        }
    }
}
