//! The metrics of one node, in a registry of its own: two nodes in one process do not mix.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use prometheus::{
    Encoder, Histogram, HistogramOpts, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry,
    TextEncoder,
};

use super::ends::KeyEnd;
use super::labels::{
    GrantKind, HandshakeFailure, KeyName, decision_label, division_label, outcome_label,
};
use crate::base::{Code, Countdown, Division, Timestamp, counted};

/// The metrics of one node.
pub struct Telemetry {
    registry: Registry,
    audit_commit_duration: Histogram,
    audit_tree_size: IntGauge,
    certificate_expiry: IntGaugeVec,
    countdown: Mutex<Countdown>,
    end_alarms: IntCounterVec,
    grant_uses: IntCounterVec,
    handshake_failures: IntCounterVec,
    list_signings: IntCounterVec,
    peer_requests: IntCounterVec,
    status_list_age: IntGaugeVec,
    statutory_reads: IntCounterVec,
    trust_age: IntGaugeVec,
    trust_anchors: IntGauge,
    trust_updates: IntCounterVec,
    verification_duration: Histogram,
    verifications: IntCounterVec,
}

impl Telemetry {
    /// All metrics at zero.
    ///
    /// # Errors
    ///
    /// None that a released build can meet: names and labels are fixed, and a test makes them all.
    pub fn new() -> Result<Self, prometheus::Error> {
        let registry = Registry::new();
        let of = Maker { registry: &registry };
        Ok(Self {
            audit_commit_duration: of.histogram(
                "hutong_audit_commit_duration_seconds",
                "Time to make audit entries durable.",
            )?,
            audit_tree_size: of.gauge("hutong_audit_tree_size", "Leaves of the audit log.")?,
            certificate_expiry: of.gauges(
                "hutong_certificate_expiry_seconds",
                "Time until the certificate of a key ends; negative after its end.",
                &["key"],
            )?,
            countdown: Mutex::new(Countdown::default()),
            end_alarms: of.counters(
                "hutong_end_alarms_total",
                "Ends of keys, lists and the root that came nearer than a number of days.",
                &["key", "days"],
            )?,
            grant_uses: of.counters(
                "hutong_grant_uses_total",
                "Uses of grants that were tried.",
                &["kind", "outcome"],
            )?,
            handshake_failures: of.counters(
                "hutong_tls_handshake_failures_total",
                "TLS handshakes that came to nothing.",
                &["reason"],
            )?,
            list_signings: of.counters(
                "hutong_list_signings_total",
                "Signings of the own list, with the same content, that were due.",
                &["outcome"],
            )?,
            peer_requests: of.counters(
                "hutong_peer_requests_total",
                "Requests sent to the gateways of other provinces.",
                &["division", "outcome"],
            )?,
            status_list_age: of.gauges(
                "hutong_status_list_age_seconds",
                "Age of the newest status list of a province.",
                &["division"],
            )?,
            statutory_reads: of.counters(
                "hutong_statutory_reads_total",
                "Reads of licence data under a statutory function.",
                &["reason_code"],
            )?,
            trust_age: of.gauges(
                "hutong_trust_age_seconds",
                "Age of the trust state of a province.",
                &["division"],
            )?,
            trust_anchors: of.gauge("hutong_trust_anchors", "Issuers in force.")?,
            trust_updates: of.counters(
                "hutong_trust_updates_total",
                "Updates of trust lists that were tried.",
                &["division", "outcome"],
            )?,
            verification_duration: of
                .histogram("hutong_verification_duration_seconds", "Time to verify one licence.")?,
            verifications: of.counters(
                "hutong_verifications_total",
                "Licences verified.",
                &["decision", "reason", "division", "policy"],
            )?,
            registry,
        })
    }

    /// Counts a verification: its leading reason, the issuer's division, the policy's name as the
    /// program knows it, and the time it took.
    pub fn verified(&self, reason: Code, division: Division, policy: &'static str, took: Duration) {
        let division = division_label(division);
        let labels = [decision_label(reason), reason.as_str(), division.as_str(), policy];
        self.verifications.with_label_values(&labels).inc();
        self.verification_duration.observe(took.as_secs_f64());
    }

    /// States the age of a province's trust state.
    pub fn trust_is_aged(&self, division: Division, age: Duration) {
        self.trust_age.with_label_values(&[&division_label(division)]).set(seconds(age));
    }

    /// Counts an update of a province's list: taken, or the code that kept the old one.
    pub fn trust_updated(&self, division: Division, outcome: Result<(), Code>) {
        let division = division_label(division);
        self.trust_updates.with_label_values(&[division.as_str(), outcome_label(outcome)]).inc();
    }

    /// States how many issuers are in force.
    pub fn trust_has_anchors(&self, anchors: usize) {
        self.trust_anchors.set(count(anchors as u64));
    }

    /// States the age of a province's newest status list.
    pub fn status_list_is_aged(&self, division: Division, age: Duration) {
        self.status_list_age.with_label_values(&[&division_label(division)]).set(seconds(age));
    }

    /// Counts a request to another gateway: answered, or the code of its failure.
    pub fn peer_asked(&self, division: Division, outcome: Result<(), Code>) {
        let division = division_label(division);
        self.peer_requests.with_label_values(&[division.as_str(), outcome_label(outcome)]).inc();
    }

    /// Counts a use of a grant: made, or the code of its refusal.
    pub fn grant_used(&self, kind: GrantKind, outcome: Result<(), Code>) {
        self.grant_uses.with_label_values(&[kind.label(), outcome_label(outcome)]).inc();
    }

    /// Counts a read under a statutory function, by the reason as the catalogue names it.
    pub fn statutory_read(&self, reason_code: &'static str) {
        self.statutory_reads.with_label_values(&[reason_code]).inc();
    }

    /// Counts a failed handshake.
    pub fn handshake_failed(&self, reason: HandshakeFailure) {
        self.handshake_failures.with_label_values(&[reason.label()]).inc();
    }

    /// Counts a signing of the own list that was due: done, or the code that prevented it.
    pub fn list_signed(&self, outcome: Result<(), Code>) {
        self.list_signings.with_label_values(&[outcome_label(outcome)]).inc();
    }

    /// States the time until each end, the first of each kind, and tells each threshold once.
    pub fn watch_ends(&self, ends: &[KeyEnd], now: Timestamp) {
        self.measure_ends(ends, now);
        let mut countdown = self.countdown.lock().unwrap_or_else(PoisonError::into_inner);
        for each in ends {
            if let Some(days) = countdown.look(&each.name, each.end, each.life, now) {
                let left = counted(days, "day", "days");
                tracing::warn!(key = each.name, end = %each.end, "ends in {left} or less");
                let days = days.to_string();
                self.end_alarms.with_label_values(&[each.key.label(), days.as_str()]).inc();
            }
        }
    }

    /// States the time until each end, the first of each kind.
    pub fn measure_ends(&self, ends: &[KeyEnd], now: Timestamp) {
        let mut first: BTreeMap<_, Timestamp> = BTreeMap::new();
        for each in ends {
            let end = first.entry(each.key).or_insert(each.end);
            *end = each.end.min(*end);
        }
        for (key, end) in first {
            self.certificate_ends_in(key, end.unix_seconds() - now.unix_seconds());
        }
    }

    /// States the time until the certificate of a key ends, negative after its end.
    pub fn certificate_ends_in(&self, key: KeyName, seconds: i64) {
        self.certificate_expiry.with_label_values(&[key.label()]).set(seconds);
    }

    /// States the number of leaves of the audit log.
    pub fn audit_has_leaves(&self, leaves: u64) {
        self.audit_tree_size.set(count(leaves));
    }

    /// Counts a commit to the audit log and the time it took.
    pub fn audit_committed(&self, took: Duration) {
        self.audit_commit_duration.observe(took.as_secs_f64());
    }

    /// Everything in the text form of Prometheus (version 0.0.4), for `/metrics`.
    #[must_use]
    pub fn render(&self) -> String {
        let mut text = Vec::new();
        if let Err(error) = TextEncoder::new().encode(&self.registry.gather(), &mut text) {
            tracing::error!(%error, "the metrics could not be written");
        }
        String::from_utf8(text).unwrap_or_default()
    }
}

impl fmt::Debug for Telemetry {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Telemetry").finish_non_exhaustive()
    }
}

/// Makes metrics and registers them.
struct Maker<'a> {
    registry: &'a Registry,
}

impl Maker<'_> {
    fn counters(
        &self,
        name: &str,
        help: &str,
        labels: &[&str],
    ) -> Result<IntCounterVec, prometheus::Error> {
        let metric = IntCounterVec::new(Opts::new(name, help), labels)?;
        self.registry.register(Box::new(metric.clone()))?;
        Ok(metric)
    }

    fn gauges(
        &self,
        name: &str,
        help: &str,
        labels: &[&str],
    ) -> Result<IntGaugeVec, prometheus::Error> {
        let metric = IntGaugeVec::new(Opts::new(name, help), labels)?;
        self.registry.register(Box::new(metric.clone()))?;
        Ok(metric)
    }

    fn gauge(&self, name: &str, help: &str) -> Result<IntGauge, prometheus::Error> {
        let metric = IntGauge::new(name, help)?;
        self.registry.register(Box::new(metric.clone()))?;
        Ok(metric)
    }

    fn histogram(&self, name: &str, help: &str) -> Result<Histogram, prometheus::Error> {
        let options = HistogramOpts::new(name, help).buckets(BUCKETS.to_vec());
        let metric = Histogram::with_opts(options)?;
        self.registry.register(Box::new(metric.clone()))?;
        Ok(metric)
    }
}

fn seconds(duration: Duration) -> i64 {
    count(duration.as_secs())
}

fn count(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// From a verification in memory (under a millisecond) to the deadline at the roadside and beyond.
const BUCKETS: [f64; 13] =
    [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 10.0];

#[cfg(test)]
mod tests {
    use super::*;

    fn division(digits: &str) -> Division {
        digits.parse().unwrap()
    }

    #[test]
    fn every_metric_is_told_by_its_published_name() {
        let telemetry = Telemetry::new().unwrap();
        let tianjin = division("120000");
        telemetry.verified(Code::Ok, tianjin, "roadside", Duration::from_millis(1));
        telemetry.trust_is_aged(tianjin, Duration::from_secs(42));
        telemetry.trust_updated(tianjin, Err(Code::SeqJump));
        telemetry.trust_has_anchors(7);
        telemetry.status_list_is_aged(tianjin, Duration::from_secs(3));
        telemetry.peer_asked(tianjin, Ok(()));
        telemetry.grant_used(GrantKind::Holder, Err(Code::GrantExhausted));
        telemetry.statutory_read("roadside-check");
        telemetry.handshake_failed(HandshakeFailure::Deadline);
        telemetry.certificate_ends_in(KeyName::Tls, -5);
        telemetry.list_signed(Err(Code::ConfigInvalid));
        let end = Timestamp::from_unix_seconds(1_800_000_000);
        let ends = ["client-ca-business", "client-ca-operator", "registrar"].map(|stem| {
            let later = Duration::from_hours(if stem == "client-ca-business" { 24 } else { 0 });
            let begin = end - Duration::from_hours(24 * 365);
            KeyEnd::of_file(stem, begin, end + later)
        });
        for _ in 0..2 {
            telemetry.watch_ends(&ends, end - Duration::from_hours(24 * 10));
        }
        telemetry.audit_has_leaves(9);
        telemetry.audit_committed(Duration::from_millis(2));
        let text = telemetry.render();
        for line in [
            r#"hutong_verifications_total{decision="accept",division="120000",policy="roadside",reason="ok"} 1"#,
            "hutong_verification_duration_seconds_count 1",
            r#"hutong_trust_age_seconds{division="120000"} 42"#,
            r#"hutong_trust_updates_total{division="120000",outcome="seq-jump"} 1"#,
            "hutong_trust_anchors 7",
            r#"hutong_status_list_age_seconds{division="120000"} 3"#,
            r#"hutong_peer_requests_total{division="120000",outcome="ok"} 1"#,
            r#"hutong_grant_uses_total{kind="holder",outcome="grant-exhausted"} 1"#,
            r#"hutong_statutory_reads_total{reason_code="roadside-check"} 1"#,
            r#"hutong_tls_handshake_failures_total{reason="deadline"} 1"#,
            r#"hutong_certificate_expiry_seconds{key="tls"} -5"#,
            r#"hutong_certificate_expiry_seconds{key="client_ca"} 864000"#,
            r#"hutong_end_alarms_total{days="14",key="client_ca"} 2"#,
            r#"hutong_end_alarms_total{days="14",key="registrar"} 1"#,
            r#"hutong_list_signings_total{outcome="config-invalid"} 1"#,
            "hutong_audit_tree_size 9",
            "hutong_audit_commit_duration_seconds_count 1",
        ] {
            assert!(text.lines().any(|told| told == line), "{line} in\n{text}");
        }
    }

    #[test]
    fn divisions_that_do_not_exist_share_one_series() {
        let telemetry = Telemetry::new().unwrap();
        for n in 0..1_000 {
            let invented = division(&format!("99{n:04}"));
            telemetry.peer_asked(invented, Ok(()));
        }
        telemetry.peer_asked(division("120101"), Ok(()));
        let text = telemetry.render();
        let series: Vec<_> =
            text.lines().filter(|line| line.starts_with("hutong_peer_requests_total{")).collect();
        assert_eq!(series.len(), 2, "{series:?}");
        assert!(text.contains(r#"division="other",outcome="ok"} 1000"#));
        assert!(text.contains(r#"division="120000",outcome="ok"} 1"#));
    }

    #[test]
    fn two_nodes_of_one_process_do_not_mix() {
        let (one, other) = (Telemetry::new().unwrap(), Telemetry::new().unwrap());
        one.audit_has_leaves(3);
        assert!(one.render().contains("hutong_audit_tree_size 3"));
        assert!(other.render().contains("hutong_audit_tree_size 0"));
    }
}
