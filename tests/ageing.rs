//! Trust that grows old, and clocks that are wrong (goals R6, R7 and R19), on a federation whose
//! clocks stand where they are put. Whether the hub is away or a clock is wrong is told apart from
//! the age of a status list: the issuing province's gateway is up and signs its list at its own
//! present, until a test stops it.

#[path = "common/founded.rs"]
mod founded;
#[path = "common/gate.rs"]
mod gate;

use std::sync::Arc;
use std::time::{Duration, Instant};

use hutong::base::{Clock, ManualClock, SystemClock, Timestamp};
use hutong::credential::{BindTerms, bind, present};
use hutong::crypto::seal::SoftwareKey;
use hutong::crypto::{Algorithm, Digest, Jwk, Signer as _};
use hutong::exchange::ConsentOffer;
use hutong::gateway::Running;
use hutong::licence::{Identifier, LicenceType, LicenceVersion};
use hutong::peer::{Desk, Reply};
use serde_json::{Value, json};
use tempfile::TempDir;

use founded::{AUTHORITY, Fallible, Founded, Issuer, done};

/// Whose licences are checked and disclosed.
const ISSUING: &str = "120000";
/// Whose police and business ask.
const ASKING: &str = "130000";
const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);

/// A federation with a driver, whose licence a business may use, and officers.
struct Scene {
    _dir: TempDir,
    founded: Founded,
    began: Timestamp,
    /// The clock of hub and clients, and of each gateway.
    common: Arc<ManualClock>,
    issuing_clock: Arc<ManualClock>,
    asking_clock: Arc<ManualClock>,
    hub: Option<hutong::hub::Running>,
    issuing: Option<Running>,
    asking: Option<Running>,
    police: Desk,
    shop: Desk,
    /// At the asking gateway.
    operator: Desk,
    credential: String,
    grant: String,
}

impl Scene {
    /// `grant_life` counts from the beginning.
    async fn set(grant_life: Duration) -> Fallible<Self> {
        let dir = TempDir::new()?;
        let began = SystemClock.now().whole_seconds();
        let clock = || Arc::new(ManualClock::at(began));
        let (common, issuing_clock, asking_clock) = (clock(), clock(), clock());
        // Certificates are older than any clock here is wrong.
        common.set(began - 2 * HOUR);
        let shared: Arc<dyn Clock> = Arc::clone(&common) as _;
        let codes = [ISSUING, ASKING];
        let founded = Founded::new(dir.path(), gate::free_ports(), shared, &codes, &[])?;
        common.set(began);
        let hub = founded.start_hub().await?;
        founded.publish(&founded.first_lists()?).await?;
        let issuing = start(&founded, ISSUING, &issuing_clock).await?;
        let asking = start(&founded, ASKING, &asking_clock).await?;
        let holder = SoftwareKey::generate(Algorithm::Es256)?;
        let order = driver(&Jwk::of(holder.public_key()))?;
        let operator = founded.operator(ISSUING)?;
        let issued = done(operator.post("/v1/operator/licence-issue", &order).await?)?;
        let credential = text(&issued["credential"]);
        let police = founded.registered(ASKING, "enforcement", "unit-1", statutory()).await?;
        let shop = founded.registered(ASKING, "business", SHOP, uses()).await?;
        let own_operator = founded.operator(ASKING)?;
        let mut scene = Self {
            _dir: dir,
            founded,
            began,
            common,
            issuing_clock,
            asking_clock,
            hub: Some(hub),
            issuing: Some(issuing),
            asking: Some(asking),
            police,
            shop,
            operator: own_operator,
            credential,
            grant: String::new(),
        };
        scene.grant = scene.consent(&issued["identifier"], &holder, grant_life).await?;
        Ok(scene)
    }

    /// Asks for consent as the business, and gives it as the holder.
    async fn consent(
        &self,
        identifier: &Value,
        holder: &SoftwareKey,
        life: Duration,
    ) -> Fallible<String> {
        let ask = json!({
            "identifier": identifier, "claims": [{ "path": ["name"] }],
            "purpose": "employment-check", "intended_use_id": "iu_drivers",
            "consent_mode": "STORE", "fetch_type": "PERIODIC", "max_uses": 100,
            "data_life": { "unit": "MONTH", "value": 6 },
            "exp": (self.began + life).unix_seconds(),
        });
        let aud = ISSUING.parse::<hutong::base::Division>()?.member();
        let offer = done(self.shop.post_signed("/v1/consent-requests", aud, &ask).await?)?;
        let offer: ConsentOffer = serde_json::from_value(offer)?;
        let terms = BindTerms {
            audience: &offer.aud,
            nonce: &offer.nonce,
            transaction: Some(Digest::of(&offer.transaction_data)),
        };
        let bare = present(&self.credential, &[])?;
        let approval = bind(&bare, terms, holder, self.common.now())?;
        let path = format!("/v1/consent-requests/{}/approve", offer.id);
        let stranger = self.founded.desk(ISSUING, 1, None)?;
        let approved = done(stranger.post(&path, &json!({ "approval": approval })).await?)?;
        Ok(text(&approved["id"]))
    }

    /// Puts every clock there.
    fn at(&self, after: Duration) {
        for clock in [&self.common, &self.issuing_clock, &self.asking_clock] {
            clock.set(self.began + after);
        }
    }

    async fn check(&self) -> Fallible<Value> {
        let body = json!({ "credential": self.credential });
        done(self.police.post("/v1/verifications", &body).await?)
    }

    async fn disclose(&self) -> Fallible<Reply> {
        let body = json!({ "grant": self.grant, "claims": ["name"] });
        let aud = ISSUING.parse::<hutong::base::Division>()?.member();
        Ok(self.shop.post_signed("/v1/disclosures", aud, &body).await?)
    }

    /// A statutory answer out of the issuing province's register, under an inspection.
    async fn statutory_answer(&self) -> Fallible<Value> {
        let inspection = json!({
            "use_id": "su_roadside_1", "officers": ["officer-a"], "place": "G1 km 93",
            "law_ref": "urn:law:road-transport-e-licence-rules:9", "reason_code": "routine",
            "hours": 8,
        });
        let opened = done(self.police.post("/v1/inspections", &inspection).await?)?;
        let query = json!({
            "number": NUMBER, "inspection_ref": opened["inspection_ref"], "officer": "officer-a",
        });
        Ok(done(self.police.post("/v1/licences:query", &query).await?)?["report"].take())
    }

    async fn readyz(&self, query: &str) -> Fallible<Reply> {
        Ok(self.operator.get(&format!("/readyz{query}")).await?)
    }

    async fn stop_hub(&mut self) -> Fallible<()> {
        if let Some(hub) = self.hub.take() {
            hub.stop().await;
        }
        self.until(|ready| degraded(ready, "hub-unreachable")).await
    }

    /// Waits until the asking gateway says of itself what is wanted.
    async fn until(&self, wanted: impl Fn(&Value) -> bool) -> Fallible<()> {
        let mut last = Value::Null;
        for _ in 0..1_500 {
            last = self.readyz("").await?.body;
            if wanted(&last) {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Err(format!("it never came: {last}").into())
    }

    /// Lets the hub sign a new statement now, by an order against `issuer`.
    async fn news(&self, issuer: &Issuer) -> Fallible<()> {
        let order = self.founded.order(ISSUING, issuer.id.as_str(), Some(&issuer.id))?;
        let order: Value = serde_json::from_slice(&order)?;
        let taken = self.founded.desk("hub", 1, None)?.post("/v1/suspensions", &order).await?;
        done(taken).map(drop)
    }

    async fn stop(mut self) {
        for gateway in [self.issuing.take(), self.asking.take()].into_iter().flatten() {
            gateway.stop().await;
        }
        if let Some(hub) = self.hub.take() {
            hub.stop().await;
        }
    }
}

async fn start(founded: &Founded, code: &str, clock: &Arc<ManualClock>) -> Fallible<Running> {
    let clock: Arc<dyn Clock> = Arc::clone(clock) as _;
    let running = founded.start_gateway_at(code, SECOND, true, clock).await?;
    founded.ready(code).await?;
    Ok(running)
}

fn play(story: impl Future<Output = Fallible<()>>) {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(story).expect("a whole story");
}

#[test]
fn r6_without_the_hub_verification_goes_on_for_a_week_and_disclosure_for_an_hour() {
    play(async {
        let mut scene = Scene::set(30 * DAY).await?;
        scene.stop_hub().await?;
        let steps = [
            (299 * SECOND, "fresh", true),
            (301 * SECOND, "cached", true),
            (HOUR, "cached", true),
            (HOUR + SECOND, "stale", false),
            (DAY, "stale", false),
            (7 * DAY - HOUR, "stale", false),
            (7 * DAY, "stale", false),
        ];
        for (after, mode, discloses) in steps {
            scene.at(after);
            let report = scene.check().await?;
            assert_eq!(report["decision"], json!("ACCEPT"), "+{after:?}: {report}");
            assert_eq!(report["freshness"]["mode"], json!(mode), "+{after:?}");
            assert_eq!(report["freshness"]["hub_reachable"], json!(false), "+{after:?}");
            let stale = report["issuer"]["trust_list"]["stale"].as_bool();
            assert_eq!(stale, Some(!discloses), "+{after:?}");
            let answer = scene.statutory_answer().await?;
            assert_eq!(answer["decision"], json!("ACCEPT"), "+{after:?}: {answer}");
            assert_eq!(answer["freshness"]["mode"], json!(mode), "+{after:?}");
            let given = scene.disclose().await?;
            let expected = if discloses { (200, "") } else { (503, "trust-list-stale") };
            assert_eq!((given.status, given.code()), expected, "+{after:?}: {given:?}");
            let ready = scene.readyz("").await?;
            assert!(ready.is_done(), "+{after:?}: {ready:?}");
            assert!(degraded(&ready.body, "hub-unreachable"), "{ready:?}");
            assert!(mode == "fresh" || degraded(&ready.body, &format!("trust-{mode}")));
            let strict = scene.readyz("?for=disclosure").await?;
            let expected = if discloses { (200, "") } else { (503, "not-ready") };
            assert_eq!((strict.status, strict.code()), expected, "+{after:?}: {strict:?}");
        }
        scene.at(7 * DAY + SECOND);
        let report = scene.check().await?;
        assert_eq!(report["decision"], json!("CHECK"), "{report}");
        assert!(reasons(&report).contains(&"trust.expired"), "{report}");
        assert_eq!(scene.disclose().await?.code(), "trust-list-stale");
        for query in ["", "?for=disclosure"] {
            let ready = scene.readyz(query).await?;
            assert_eq!((ready.status, ready.code()), (503, "not-ready"), "{query}");
        }
        assert_eq!(scene.readyz("?for=tea").await?.status, 503, "not ready for anything");
        scene.at(Duration::ZERO);
        assert_eq!(scene.readyz("?for=tea").await?.code(), "validation-failed");
        scene.stop().await;
        Ok(())
    });
}

#[test]
fn r6_a_status_list_ages_by_itself() {
    play(async {
        let mut scene = Scene::set(30 * DAY).await?;
        assert_eq!(scene.check().await?["decision"], json!("ACCEPT"));
        // Trust stays fresh here: it is the issuing province that falls silent.
        let issuing = scene.issuing.take().ok_or("a gateway")?;
        issuing.stop().await;
        scene.at(DAY - 5 * SECOND);
        let report = scene.check().await?;
        assert_eq!(report["decision"], json!("ACCEPT"), "{report}");
        scene.at(DAY + 60 * SECOND);
        let report = scene.check().await?;
        assert_eq!(report["decision"], json!("CHECK"), "{report}");
        assert!(reasons(&report).iter().any(|code| code.starts_with("status.")), "{report}");
        assert!(!reasons(&report).contains(&"trust.expired"), "{report}");
        scene.issuing = Some(start(&scene.founded, ISSUING, &scene.issuing_clock).await?);
        scene.asking_clock.set(scene.began + DAY + 62 * SECOND);
        assert_eq!(scene.check().await?["decision"], json!("ACCEPT"), "it speaks again");
        scene.stop().await;
        Ok(())
    });
}

#[test]
fn r7_a_restart_without_network_gives_the_same_verdicts_within_two_seconds() {
    play(async {
        let mut scene = Scene::set(30 * DAY).await?;
        let (issuers, _) = scene.founded.issuers(ISSUING, 1)?;
        scene.news(&issuers[0]).await?;
        scene.check().await?;
        scene.stop_hub().await?;
        // The whole network is away: nobody answers but this gateway.
        let issuing = scene.issuing.take().ok_or("a gateway")?;
        issuing.stop().await;
        let before = scene.check().await?;
        assert_eq!(before["decision"], json!("ACCEPT"), "{before}");
        let mut best = Duration::MAX;
        for _ in 0..3 {
            scene.asking.take().ok_or("a gateway")?.stop().await;
            let began = Instant::now();
            scene.asking = Some(start(&scene.founded, ASKING, &scene.asking_clock).await?);
            best = best.min(began.elapsed());
            let after = scene.check().await?;
            for part in ["decision", "issuer", "licence", "signature"] {
                assert_eq!(after[part], before[part], "{part}");
            }
            assert_eq!(reasons(&after), reasons(&before));
        }
        println!("R7 restart without network until ready: {:.2} s", best.as_secs_f64());
        assert!(best < 2 * SECOND, "{best:?}");
        scene.stop().await;
        Ok(())
    });
}

#[test]
fn r19_a_clock_six_minutes_wrong_signs_nothing_and_goes_on_verifying() {
    play(async {
        let scene = Scene::set(30 * DAY).await?;
        let (issuers, _) = scene.founded.issuers(ISSUING, 6)?;
        let (mut issuers, minutes) = (issuers.iter(), Duration::from_mins(6));
        for wrong in [scene.began + minutes, scene.began - minutes] {
            scene.asking_clock.set(wrong);
            scene.news(issuers.next().ok_or("an issuer")?).await?;
            scene.until(|ready| degraded(ready, "clock-disagrees")).await?;
            let strict = scene.readyz("?for=disclosure").await?;
            assert_eq!((strict.status, strict.code()), (503, "not-ready"), "{strict:?}");
            let holder = SoftwareKey::generate(Algorithm::Es256)?;
            let order = driver(&Jwk::of(holder.public_key()))?;
            let reply = scene.operator.post("/v1/operator/licence-issue", &order).await?;
            assert_eq!((reply.status, reply.code()), (503, "not-ready"), "{reply:?}");
            let report = scene.check().await?;
            assert_eq!(report["decision"], json!("ACCEPT"), "{report}");
            scene.asking_clock.set(scene.began);
            scene.news(issuers.next().ok_or("an issuer")?).await?;
            scene.until(|ready| !degraded(ready, "clock-disagrees")).await?;
            assert!(scene.readyz("?for=disclosure").await?.is_done(), "it agrees again");
        }
        scene.stop().await;
        Ok(())
    });
}

#[test]
fn r19_a_statement_from_the_near_future_stops_what_it_names_and_moves_no_floor() {
    play(async {
        let scene = Scene::set(30 * DAY).await?;
        let before = scene.check().await?;
        // The hub is two minutes ahead of a gateway whose clock is right.
        scene.common.set(scene.began + Duration::from_mins(2));
        let own = format!("urn:elicence:svc:{ISSUING}:issuance:1").parse()?;
        let order = scene.founded.order(ISSUING, "own", Some(&own))?;
        let order: Value = serde_json::from_slice(&order)?;
        done(scene.founded.desk("hub", 1, None)?.post("/v1/suspensions", &order).await?)?;
        let mut refused = Value::Null;
        for _ in 0..500 {
            refused = scene.check().await?;
            if refused["decision"] == json!("REFUSE") {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        assert!(reasons(&refused).contains(&"issuer.suspended"), "{refused}");
        let metrics = scene.operator.get("/metrics").await?.body;
        let metrics = metrics.as_str().unwrap_or_default();
        let alarm = metrics.lines().find(|line| line.contains("not-yet-valid"));
        assert!(alarm.is_some_and(|line| !line.ends_with(" 0")), "counted: {metrics}");
        let ready = scene.readyz("?for=disclosure").await?;
        assert!(ready.is_done() && !degraded(&ready.body, "clock-disagrees"), "{ready:?}");
        let floor = |report: &Value| report["freshness"]["oldest_input_age_s"].as_u64();
        assert!(floor(&before) < Some(60) && floor(&refused) < Some(60), "{refused}");
        scene.stop().await;
        Ok(())
    });
}

#[test]
fn r19_nothing_that_ended_before_the_floor_revives_when_the_clock_goes_back() {
    play(async {
        let scene = Scene::set(HOUR + HOUR / 2).await?;
        let (issuers, _) = scene.founded.issuers(ISSUING, 1)?;
        assert!(scene.disclose().await?.is_done());
        scene.at(2 * HOUR);
        scene.news(&issuers[0]).await?;
        let heard = scene.began + 2 * HOUR;
        scene.until(|ready| !degraded(ready, "trust-stale")).await?;
        let mut ended = scene.disclose().await?;
        // The issuing gateway hears of it a moment sooner or later.
        while ended.code() == "trust-list-stale" {
            tokio::time::sleep(Duration::from_millis(100)).await;
            ended = scene.disclose().await?;
        }
        assert_eq!((ended.status, ended.code()), (403, "grant-expired"), "{ended:?}");
        for clock in [&scene.issuing_clock, &scene.asking_clock] {
            clock.set(heard - HOUR);
        }
        // The clients' clock stays right: their requests must not be what is refused.
        let still = scene.disclose().await?;
        assert_eq!((still.status, still.code()), (403, "grant-expired"), "{still:?}");
        // Nor does a restart revive it: the floor is durable.
        let mut scene = scene;
        scene.issuing.take().ok_or("a gateway")?.stop().await;
        scene.issuing = Some(start(&scene.founded, ISSUING, &scene.issuing_clock).await?);
        let still = scene.disclose().await?;
        assert!(!still.is_done(), "{still:?}");
        scene.stop().await;
        Ok(())
    });
}

fn degraded(ready: &Value, what: &str) -> bool {
    ready["degraded"].as_array().is_some_and(|all| all.contains(&json!(what)))
}

fn reasons(report: &Value) -> Vec<&str> {
    let all = report["reasons"].as_array().into_iter().flatten();
    all.filter_map(|reason| reason["code"].as_str()).collect()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// A driver's qualification as the register takes it.
fn driver(holder: &Jwk) -> Fallible<Value> {
    let kind = LicenceType::PractitionerQualification;
    let identifier =
        Identifier::compose(kind, &AUTHORITY.parse()?, "000000000102", LicenceVersion::FIRST)?;
    let claims = json!({
        "certificateIdentifier": identifier, "certificateTypeCode": kind,
        "certificateName": "道路运输从业人员从业资格证", "version": "001",
        "issuingAuthorityName": "天津市示例区交通运输局", "issuingAuthorityCode": AUTHORITY,
        "issuingDivision": "120103", "areaCode": "120103", "issuedDate": "20260101",
        "validFrom": "20260101", "validTo": "20991231",
        "name": "张示例", "holderName": "张示例", "certificateNumber": NUMBER,
        "qualificationCategoryCode": "02001", "driverLicenceClass": "A2",
    });
    Ok(json!({ "type": kind, "claims": claims, "carrier": "electronic", "holder_key": holder }))
}

fn uses() -> Value {
    json!([{
        "id": "iu_drivers", "purpose": "employment-check",
        "purpose_text": [
            { "lang": "zh-CN", "content": "核实承运驾驶员的从业资格" },
            { "lang": "en", "content": "Checking that a contracted driver is qualified" },
            { "lang": "es", "content": "Comprobar que el conductor está cualificado" },
        ],
        "claims": ["name"], "licence_types": [LicenceType::PractitionerQualification],
        "queries": [], "longest_data_life_days": 186,
    }])
}

fn statutory() -> Value {
    json!([{
        "id": "su_roadside_1", "purpose": "roadside-check", "purpose_text": [],
        "claims": ["name", "qualificationCategoryCode"],
        "licence_types": [LicenceType::PractitionerQualification],
        "queries": ["credential", "number"], "longest_data_life_days": 0,
    }])
}

const NUMBER: &str = "120103000002";
/// Social credit code of a fictitious firm.
const SHOP: &str = "91440101MA5000000L";
