//! Starting a gateway and stopping it: keys, store, trust, three listeners with disjoint routes.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use axum::routing::{get, post};

use super::keys::{KeyFolder, Keys};
use super::node::{Node, Settings};
use super::standing::ClientBook;
use super::status::StatusLists;
use super::timekeeping::Timekeeper;
use super::trust_feed::TrustFeed;
use super::witnessing::WitnessDesk;
use super::{
    consenting, disclosing, granting, inspecting, operating, pacing, publishing, querying,
    recording, renewing, resigning, suspending, trust_push, verifying, witnessing,
};
use crate::audit::{Actor, Entry, EntryKind};
use crate::base::{Clock, Code, SystemEntropy, limits};
use crate::http::{
    Bound, ConnectionLimits, IdentityGate, ListenError, Listener, ListenerKind, ListenerOptions,
    MediaType, Representations, RouteRules, Routes, Service,
};
use crate::identity::{Caller, Place, identify, read_chain};
use crate::peer::{OriginPolicy, PeerDirectory, PeerSettings};
use crate::pki::PkiError;
use crate::store::{Store, StoreError};
use crate::telemetry::Telemetry;
use crate::tls::{ClientJudge, TlsError, TlsIdentity, federation_settings, public_settings};
use crate::trust::{Root, UpdateRefusal};

/// A gateway that is up.
pub struct Running {
    node: Arc<Node>,
    service: Service,
}

impl Running {
    /// Stops accepting, lets what is in progress finish, and closes the store.
    pub async fn stop(self) {
        self.node.trust.news.close();
        self.service.stop().await;
        self.node.store.clone().close().await;
    }
}

/// Starts the gateway that `settings` describe.
pub async fn start(settings: Settings, clock: Arc<dyn Clock>) -> Result<Running, StartError> {
    let node = Arc::new(prepare(settings, clock).await?);
    let mut entry = Entry::new(EntryKind::Started, node.now(), Actor::gateway());
    entry.reference = Some(node.keys.in_use());
    node.commit(Vec::new(), entry).await.map_err(|problem| StartError::Record(problem.code()))?;
    let mut service = Service::start(bind(&node).await?);
    service.run_beside(keep_fresh(Arc::clone(&node)));
    if node.settings.push {
        service.run_beside(trust_push::listen_to_hub(Arc::clone(&node)));
        for place in 0..STREAMS_FROM_MEMBERS {
            service.run_beside(trust_push::listen_to_member(Arc::clone(&node), place));
        }
    }
    service.run_beside(resigning::keep_signed(Arc::clone(&node)));
    tracing::info!(member = %node.settings.member, "the gateway is up");
    Ok(Running { node, service })
}

/// Everything that starting reads, without listening: for `serve --check`.
pub async fn check(settings: Settings, clock: Arc<dyn Clock>) -> Result<(), StartError> {
    let node = prepare(settings, clock).await?;
    node.store.close().await;
    Ok(())
}

async fn prepare(settings: Settings, clock: Arc<dyn Clock>) -> Result<Node, StartError> {
    let now = clock.now();
    if now < limits::EARLIEST_CLOCK {
        return Err(StartError::Clock);
    }
    let root = pinned_root(&settings)?;
    if root.document().hub.url != settings.hub_origin {
        return Err(StartError::OtherHub { pinned: root.document().hub.url.clone() });
    }
    let division = settings.member.division();
    let mut keys = Keys::load(&settings.data_dir, division)?;
    let origin = format!("elicence/{division}/audit");
    let store = Store::open(&settings.data_dir, &origin, Arc::clone(&keys.log)).await?;
    let certificate_ends = resigning::certificate_ends(&KeyFolder::of(&settings.data_dir));
    let clients = ClientBook::of(store.clients().await?);
    let rows = store.trust_documents().await?;
    let lines = store.list_log_lines().await?;
    let trust = TrustFeed::restore(root, &rows, &lines, now).map_err(StartError::Root)?;
    if let Some(list) = trust.snapshot().state().province(division) {
        keys.follow(&settings.data_dir, list)?;
    }
    let identity = TlsIdentity::new(std::slice::from_ref(&keys.tls.0), &keys.tls.1)?;
    let policy = if settings.allow_private_addresses {
        OriginPolicy::AllowPrivate
    } else {
        OriginPolicy::PublicOnly
    };
    let peers = PeerSettings::new(policy, Arc::clone(&clock));
    let time = Timekeeper::new(clock);
    if let Some(issued) = trust.snapshot().as_of() {
        time.recall(issued);
    }
    Ok(Node {
        outbound: PeerDirectory::new(Some(identity), peers),
        statuses: StatusLists::default(),
        witness_desk: WitnessDesk::default(),
        representations: Representations::default(),
        telemetry: Arc::new(Telemetry::new().map_err(|_| StartError::Telemetry)?),
        entropy: SystemEntropy,
        settings,
        time,
        keys,
        store,
        trust,
        clients,
        certificate_ends,
    })
}

/// The root that the operator pinned: without one there is no trust, and nothing is assumed.
fn pinned_root(settings: &Settings) -> Result<Root, StartError> {
    let path = settings.data_dir.join("trust/root.json");
    let bytes = std::fs::read(&path).map_err(|_| StartError::NoRoot { path })?;
    Root::pinned(&bytes).map_err(StartError::Root)
}

async fn bind(node: &Arc<Node>) -> Result<[Bound; 3], StartError> {
    let identity = TlsIdentity::new(std::slice::from_ref(&node.keys.tls.0), &node.keys.tls.1)?;
    let place = Place::Gateway(node.settings.member);
    let judge = ClientJudge::new(node.trust.shared(), place);
    let mutual = federation_settings(&identity, judge, node.time.wall())?;
    let public = public_settings(&identity, node.time.wall())?;
    let [federation_at, public_at, operator_at] = node.settings.listen;
    let shared = |config| Arc::new(ArcSwap::new(config));
    Ok([
        Listener::bind(
            federation_at,
            ListenerKind::Federation(gate(node, Caller::admission, Caller::standing)),
            shared(Arc::clone(&mutual)),
            federation_routes(node),
            options(node, &node.settings.federation_origin),
        )
        .await?,
        Listener::bind(
            public_at,
            ListenerKind::Public,
            shared(public),
            public_routes(node),
            options(node, &node.settings.public_origin),
        )
        .await?,
        Listener::bind(
            operator_at,
            ListenerKind::Operator(gate(node, Caller::operator_standing, |_| Ok(()))),
            shared(mutual),
            operator_routes(node),
            options(node, ""),
        )
        .await?,
    ])
}

/// What a caller needs to be let in, and to be served everywhere.
type Standing = fn(&Caller) -> Result<(), Code>;

/// Who is at the other end and how it stands here, judged against the snapshot in force on every
/// request.
fn gate(node: &Arc<Node>, admission: Standing, standing: Standing) -> IdentityGate {
    let (seen, judged) = (Arc::clone(node), Arc::clone(node));
    let place = Place::Gateway(node.settings.member);
    IdentityGate::new::<Caller>(
        Arc::new(move || {
            // Certificates end with time as well as with trust; and each client by itself. Both
            // numbers only grow, so their sum moves with either.
            let minutes = seen.now().unix_seconds().unsigned_abs() / 60;
            let changes = seen.trust.snapshot().generation() + seen.clients.generation();
            (changes << 32) | (minutes & 0xffff_ffff)
        }),
        Arc::new(move |chain| {
            let chain = read_chain(chain).map_err(|refusal| refusal.code())?;
            let snapshot = judged.trust.snapshot();
            let caller = identify(&chain, &snapshot, &place, judged.now())
                .map_err(|refusal| refusal.code())?;
            admission(&caller)?;
            if let Some(client) = caller.client() {
                judged.clients.standing(client)?;
            }
            Ok(caller)
        }),
        standing,
        |caller| caller.member().is_some(),
    )
}

fn options(node: &Node, origin: &str) -> ListenerOptions {
    let authority = origin.strip_prefix("https://").map(str::to_owned);
    ListenerOptions {
        authorities: authority.into_iter().collect(),
        entropy: Arc::new(SystemEntropy),
        limits: ConnectionLimits::default(),
        telemetry: Arc::clone(&node.telemetry),
    }
}

fn federation_routes(node: &Arc<Node>) -> Routes {
    let shared = Arc::clone(node);
    let (officer, business) = (RouteRules::enforcement(), RouteRules::business());
    let with = || Arc::clone(&shared);
    Routes::new()
        .route("/v1/verifications", post(verifying::verifications).with_state(with()), officer)
        .route("/v1/inspections", post(inspecting::open_inspection).with_state(with()), officer)
        .route("/v1/licences:query", post(querying::query).with_state(with()), officer)
        .route("/v1/consent-requests", post(consenting::request).with_state(with()), business)
        .route(
            "/v1/log/add-checkpoint",
            post(witnessing::add_checkpoint).with_state(with()),
            business.taking(&[MediaType::Text]),
        )
        .route("/v1/grants/{id}", get(granting::show_grant).with_state(with()), business)
        .route("/v1/disclosures", post(disclosing::disclosures).with_state(with()), business)
        .route("/v1/records", post(recording::records).with_state(with()), business)
        .route("/v1/clients/{id}/renew", post(renewing::renew).with_state(with()), business)
        .route(
            "/v1/status-lists/grants/1",
            get(publishing::grant_status).with_state(with()),
            business,
        )
        .merge(shared_routes(node))
}

fn public_routes(node: &Arc<Node>) -> Routes {
    let business = RouteRules::business();
    let with = || Arc::clone(node);
    Routes::new()
        .route("/v1/consent-requests/{id}", get(consenting::show).with_state(with()), business)
        .route(
            "/v1/consent-requests/{id}/approve",
            post(granting::approve_request).with_state(with()),
            business,
        )
        .route(
            "/v1/consent-requests/{id}/deny",
            post(granting::deny_request).with_state(with()),
            business,
        )
        .route("/v1/grants/{id}/revoke", post(granting::revoke_grant).with_state(with()), business)
        .federation_only("/v1/verifications")
        .federation_only("/v1/inspections")
        .federation_only("/v1/licences:query")
        .federation_only("/v1/consent-requests")
        .federation_only("/v1/disclosures")
        .federation_only("/v1/records")
        .federation_only("/v1/clients/{id}/renew")
        .merge(shared_routes(node))
}

/// What both outward listeners serve to whoever gets through the door.
fn shared_routes(node: &Arc<Node>) -> Routes {
    let business = RouteRules::business();
    let trust = business.open_to_the_stopped();
    let with = || Arc::clone(node);
    Routes::new()
        .route(
            "/.well-known/elicence-gateway",
            get(publishing::well_known).with_state(with()),
            business,
        )
        .route(
            "/v1/status-lists/{kind}/{number}",
            get(publishing::status_list).with_state(with()),
            business,
        )
        .route("/v1/root/{number}", get(publishing::root).with_state(with()), trust)
        .route("/v1/freshness", get(publishing::freshness).with_state(with()), trust)
        .route(
            "/v1/suspensions",
            get(suspending::held).post(suspending::bring).with_state(with()),
            trust.taking(&[MediaType::JoseJson, MediaType::Jose, MediaType::Json]),
        )
        .route("/v1/suspensions/{sha256}", get(suspending::one).with_state(with()), trust)
        .route("/v1/trust-events", get(suspending::events).with_state(with()), trust)
        .route("/v1/log/checkpoint", get(suspending::checkpoint).with_state(with()), trust)
        .route("/v1/log/tile/{*path}", get(suspending::tile).with_state(with()), trust)
        .route("/v1/witness/{origin}", get(witnessing::cosigned).with_state(with()), trust)
        .route("/v1/lists/{id}", get(publishing::list).with_state(with()), trust)
        .route("/v1/lists/{id}/{sequence}", get(publishing::list_version).with_state(with()), trust)
}

fn operator_routes(node: &Arc<Node>) -> Routes {
    let rules = RouteRules::operator();
    let with = || Arc::clone(node);
    Routes::new()
        .route("/healthz", get(operating::healthz), rules)
        .route("/readyz", get(operating::readyz).with_state(with()), rules)
        .route("/metrics", get(operating::metrics).with_state(with()), rules)
        .route(
            "/v1/operator/{command}",
            post(operating::command).with_state(with()),
            rules.with_large_body().taking(&[MediaType::Json]),
        )
}

/// Refreshes trust for as long as the gateway is up, at a phase of its own so that 32 provinces
/// do not ask the hub in the same second.
async fn keep_fresh(node: Arc<Node>) {
    let refresh = node.settings.refresh;
    let mut wait = pacing::phase(refresh, pacing::draw(&node.entropy));
    // The first refresh is at once: a node without lists is of no use.
    let _ = node.refresh_trust().await;
    loop {
        tokio::time::sleep(wait).await;
        // A cycle that hangs is ended: the next one must not wait for it.
        if tokio::time::timeout(refresh.max(WATCHDOG), node.refresh_trust()).await.is_err() {
            tracing::error!("a refresh of trust hung and was ended");
        }
        wait = refresh;
    }
}

/// Why a gateway does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The machine's clock stands before this program was written.
    #[error("the clock stands before 2026-01-01: signatures and ends could not be judged")]
    Clock,
    /// An address cannot be listened on.
    #[error(transparent)]
    Listen(#[from] ListenError),
    /// No root is pinned.
    #[error("no root is pinned at {}", path.display())]
    NoRoot {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// The configuration names another hub than the root.
    #[error("the configuration names another hub than the pinned root, which says {pinned}")]
    OtherHub {
        /// The root's.
        pinned: String,
    },
    /// A key or certificate.
    #[error(transparent)]
    Pki(#[from] PkiError),
    /// The start cannot be put on record.
    #[error("the start cannot be put on record: {0}")]
    Record(Code),
    /// The pinned root, or what is stored under it, does not verify.
    #[error("the pinned root or what is stored under it does not verify: {0}")]
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
            Self::Listen(error) => error.code(),
            Self::NoRoot { .. } | Self::OtherHub { .. } => Code::ConfigInvalid,
            Self::Pki(error) => error.code(),
            Self::Record(_) => Code::DiskFull,
            Self::Root(_) => Code::RootMismatch,
            Self::Store(error) => error.code(),
            Self::Telemetry => Code::Internal,
            Self::Tls(error) => error.code(),
        }
    }
}

/// Members besides the hub whose streams are followed: two, so that one that lies or is away
/// delays nothing.
const STREAMS_FROM_MEMBERS: usize = 2;
/// The shortest time that a refresh is given: fetches have deadlines of their own within it.
const WATCHDOG: Duration = Duration::from_mins(1);
