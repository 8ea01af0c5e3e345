//! Every limit of the gateway with its reason.
//!
//! Numbers only. A limit is raised by configuration where the configuration offers it, never by
//! what a peer sends; those that have no key in the configuration are part of the protocol.

use std::time::Duration;

use super::time::Timestamp;

// Handshake. An unauthenticated peer costs us a private-key operation; these bound how many.

/// Time for a whole TLS handshake. The TLS library sets none, and an open one holds a slot.
pub const HANDSHAKE_DEADLINE: Duration = Duration::from_secs(10);
/// Certificates in a TLS chain: leaf, two issuing levels, anchor. Members send one.
pub const CERTIFICATE_CHAIN_LENGTH: usize = 4;
/// Size of one certificate. Real ones are 1–2 KiB; 16 KiB leaves room for large RSA and names.
pub const CERTIFICATE_BYTES: usize = 16 * KIB;
/// Handshakes in progress before the caller is known, over all addresses: bounds the memory and
/// the private-key work that strangers can cause.
pub const CONCURRENT_HANDSHAKES: usize = 256;
/// Handshakes begun per second from one address: a gateway behind one address needs far fewer.
pub const HANDSHAKES_PER_SECOND_PER_ADDRESS: usize = 20;

// Requests as bytes: HTTP/1.1.

/// Header fields of one request. Ours use about fifteen; parsing cost grows with the count.
pub const HEADER_COUNT: usize = 64;
/// All header fields together. HTTP libraries buffer up to 400 KiB, which slow senders hold.
pub const HEADER_BYTES: usize = 16 * KIB;
/// Length of the request target. Our longest carries a list address and a cursor: under 1 KiB.
pub const URI_BYTES: usize = 4 * KIB;
/// Time to receive the header. Without it a slow sender keeps its connection for ever.
pub const HEADER_DEADLINE: Duration = Duration::from_secs(10);
/// Size of a request body where nothing larger is named: room for a licence many times over.
pub const BODY_BYTES: usize = 64 * KIB;
/// Size of an uploaded list or a batch of a thousand items; equal to [`TRUST_LIST_BYTES`].
pub const LARGE_BODY_BYTES: usize = 4 * MIB;
/// Size of an uploaded picture of a code: one camera frame as JPEG.
pub const PICTURE_BYTES: usize = 4 * MIB;
/// Items in one batch: what the largest body holds, and a few seconds of verification.
pub const BATCH_ITEMS: usize = 1_000;
/// Time to receive a whole body. HTTP libraries set none.
pub const BODY_DEADLINE: Duration = Duration::from_secs(30);
/// Least rate of a body in bytes per second: slower than the worst mobile link is an attack.
pub const BODY_BYTES_PER_SECOND: usize = KIB;

// Requests as frames: HTTP/2.

/// Concurrent streams of one connection; a gateway multiplexes its own clients over it.
pub const H2_STREAMS: u32 = 64;
/// Concurrent streams for enforcement, which must not queue behind business at the roadside.
pub const H2_STREAMS_ENFORCEMENT: u32 = 100;
/// Decoded header list of one stream, as [`HEADER_BYTES`]; bounds a CONTINUATION flood as well.
pub const H2_HEADER_LIST_BYTES: u32 = 16 * 1024;
/// Window of one stream: a few round trips of the default body, not a megabyte per stream.
pub const H2_STREAM_WINDOW: u32 = 256 * 1024;
/// Window of one connection: bounds what all its streams together can make us hold.
pub const H2_CONNECTION_WINDOW: u32 = 1024 * 1024;
/// Time between pings on a quiet connection; off in the library, so dead peers would stay.
pub const H2_PING_INTERVAL: Duration = Duration::from_secs(20);
/// Time for the answer to a ping.
pub const H2_PING_TIMEOUT: Duration = Duration::from_secs(10);
/// Streams reset by the peer and not yet reaped; more is a rapid reset.
pub const H2_PENDING_RESETS: usize = 20;
/// Streams that we had to reset on one connection before it is closed.
pub const H2_LOCAL_RESETS: usize = 100;
/// Age at which a connection is drained (jitter added), so that load spreads over replicas.
pub const H2_CONNECTION_AGE: Duration = Duration::from_hours(1);

// Connections and requests in progress.

/// Open connections in all: at 64 KiB of buffers each, half of the memory goal of 512 MiB.
pub const CONNECTIONS: usize = 4_096;
/// Open connections of one member, so that none can take all.
pub const CONNECTIONS_PER_MEMBER: usize = 64;
/// Time a connection may be idle. It outlives the pings, and slow senders do not profit.
pub const IDLE_DEADLINE: Duration = Duration::from_mins(1);
/// Time for an enforcement request: an officer waits no longer; the answer may be partial.
pub const ENFORCEMENT_DEADLINE: Duration = Duration::from_secs(2);
/// Time for a business request: a slow province may be retried within it.
pub const BUSINESS_DEADLINE: Duration = Duration::from_secs(15);
/// Time for an operator's request: it may sign and publish a list.
pub const OPERATOR_DEADLINE: Duration = Duration::from_secs(30);
/// Verifications waiting for a core; beyond it waiting costs more than trying again.
pub const VERIFICATION_QUEUE: usize = 512;
/// Part of the capacity kept for enforcement, in per cent.
pub const ENFORCEMENT_RESERVE_PERCENT: u8 = 50;
/// Time for requests in progress after a stop was asked for.
pub const SHUTDOWN_DEADLINE: Duration = Duration::from_secs(30);

// Tokens: JWS (RFC 7515) and SD-JWT (RFC 9901). Judged before a signature is, hence small.

/// Size of one token with its disclosures. A licence with all its claims takes a few KiB.
pub const TOKEN_BYTES: usize = 64 * KIB;
/// Size of a protected header after decoding: a chain in `x5c` and little else.
pub const JWS_HEADER_BYTES: usize = 8 * KIB;
/// Depth of JSON nesting. Our deepest document, a trust list with history, has twelve levels;
/// recursion stays bounded.
pub const JSON_DEPTH: usize = 16;
/// Members of one JSON object: a few times those of a licence with all its claims. Finding a
/// duplicate costs a look-up for each.
pub const JSON_MEMBERS: usize = 512;
/// Disclosures of one SD-JWT; each costs a hash and a look-up.
pub const DISCLOSURES: usize = 256;
/// Depth of disclosures within disclosures (RFC 9901 §4.2.6).
pub const DISCLOSURE_DEPTH: usize = 8;
/// Size of one disclosure as sent: a claim is a word or a short text.
pub const DISCLOSURE_BYTES: usize = 4 * KIB;

// Trust lists.

/// Size of a trust list. A full federation list is 0.3 MB, a provincial one 20 KB.
pub const TRUST_LIST_BYTES: usize = 4 * MIB;
/// Size of an application to the federation: a provincial list twice encoded, and as much again
/// for the proofs of its keys.
pub const ENROLMENT_BYTES: usize = 512 * KIB;
/// Time between a hub's nonce for an application and the application.
pub const ENROLMENT_NONCE_LIFE: Duration = Duration::from_mins(10);
/// Applications that wait at a hub for one division; anybody can send one, so the oldest gives way.
pub const APPLICATIONS_PER_DIVISION: i64 = 8;
/// Longest life of a signer's or a gateway's certificate: two years.
pub const LEAF_LIFE: Duration = Duration::from_hours(730 * HOURS_PER_DAY);
/// Longest life of a province's authority: four years.
pub const AUTHORITY_LIFE: Duration = Duration::from_hours(1461 * HOURS_PER_DAY);
/// Issuers of one province: two hundred counties at most, nine licence types, keys in rotation.
pub const ISSUERS_PER_PROVINCE: usize = 10_000;
/// Size of the root. It holds a handful of keys and is read before anything is trusted.
pub const ROOT_BYTES: usize = 64 * KIB;
/// How long an application must have stood in the log before a lost list key is replaced by it:
/// three days for the member to see it and object.
pub const REENROLMENT_WAIT: Duration = Duration::from_hours(72);
/// Applications that a hub logs in one day: every node reads every line of the list log.
pub const ENROLMENTS_PER_DAY: usize = 200;
/// Suspension orders held of one member: as many as it may list keys, with room for repetition.
pub const ORDERS_PER_MEMBER: usize = 20_000;
/// Lines of the list log read in one refresh: 32 provinces that sign daily write this many in
/// twenty years.
pub const LIST_LOG_LINES: u64 = 262_144;
/// Keys in a root; each vote is a signature to verify.
pub const ROOT_KEYS: usize = 32;
/// Roots followed in one refresh: decades of rotation, yet a bounded walk.
pub const ROOT_STEPS: usize = 32;
/// Advance of a list's sequence per started day since the stored one. Lists change a few
/// times a day; a leap is a fast-forward attack that would block honest updates for ever.
pub const SEQUENCE_JUMP_PER_DAY: u64 = 1_000;
/// Time between polls for newer trust, before jitter: a withdrawal is polled within it.
pub const TRUST_POLL_INTERVAL: Duration = Duration::from_mins(1);
/// Time between two freshness statements: as often as nodes poll.
pub const FRESHNESS_INTERVAL: Duration = Duration::from_mins(1);
/// Size of a freshness statement: 33 lists, and orders by the thousand, 60 bytes each.
pub const FRESHNESS_BYTES: usize = MIB;
/// Life of a freshness statement: five missed ones before anybody notices.
pub const FRESHNESS_LIFE: Duration = Duration::from_mins(5);
/// How far a freshness statement may lie ahead of our clock; further would pin the floor.
pub const FRESHNESS_AHEAD: Duration = Duration::from_mins(1);
/// Life of a root: changed at least every second year, so that its keys are known to be at hand.
pub const ROOT_LIFE: Duration = Duration::from_hours(730 * HOURS_PER_DAY);
/// From issue to `NextUpdate` of a provincial list: it is signed anew at least daily, and two
/// weeks bridge an absence of those who hold the list key.
pub const PROVINCIAL_LIST_LIFE: Duration = Duration::from_hours(14 * HOURS_PER_DAY);
/// From issue to `NextUpdate` of the federation list: its signers meet a few times a year.
pub const FEDERATION_LIST_LIFE: Duration = Duration::from_hours(90 * HOURS_PER_DAY);
/// Age up to which trust counts as fresh: the life of a freshness statement.
pub const TRUST_FRESH_AGE: Duration = FRESHNESS_LIFE;
/// Age above which trust is stale and disclosure to businesses stops.
pub const TRUST_STALE_AGE: Duration = Duration::from_hours(1);
/// Age above which a node without hub and peers decides nothing: a week of outage is bridged,
/// a suspension is not withheld longer.
pub const HUBLESS_AGE: Duration = Duration::from_hours(7 * HOURS_PER_DAY);

// Status lists.

/// Size of a status list as sent.
pub const STATUS_LIST_COMPRESSED_BYTES: usize = 2 * MIB;
/// Size after inflating: 2²⁶ entries of two bits. Guards against a decompression bomb.
pub const STATUS_LIST_INFLATED_BYTES: usize = 16 * MIB;
/// Fewest entries of a status list: in a smaller one an index tells whose licence is asked for.
pub const STATUS_LIST_MIN_ENTRIES: usize = 1 << 17;
/// Shortest time to live taken from a token: below it each check would fetch.
pub const STATUS_TTL_MIN: Duration = Duration::from_mins(1);
/// Longest time to live taken from a token, whatever it says.
pub const STATUS_TTL_MAX: Duration = Duration::from_hours(12);
/// Oldest status at the roadside, where a network may be missing for a day.
pub const STATUS_AGE_ROADSIDE: Duration = Duration::from_hours(24);
/// Oldest status for a disclosure, which can always wait for a network.
pub const STATUS_AGE_DISCLOSURE: Duration = Duration::from_hours(1);

// Outbound.

/// Time to connect to another gateway: two retransmissions of a lost first packet.
pub const CONNECT_DEADLINE: Duration = Duration::from_secs(3);
/// Time for a whole outbound exchange; the client library sets none.
pub const OUTBOUND_DEADLINE: Duration = Duration::from_secs(10);
/// Repetitions of a failed outbound exchange that may be repeated.
pub const RETRIES: u32 = 3;
/// Shortest wait before a repetition, before full jitter; doubled each time.
pub const RETRY_DELAY_MIN: Duration = Duration::from_millis(200);
/// Longest wait before a repetition.
pub const RETRY_DELAY_MAX: Duration = Duration::from_secs(30);
/// Repetitions as part of all exchanges, in per cent: more would feed an outage.
pub const RETRY_BUDGET_PERCENT: u8 = 10;
/// Failures, in per cent, that open the breaker of a province.
pub const BREAKER_PERCENT: u8 = 50;
/// Latest exchanges that the breaker looks at.
pub const BREAKER_WINDOW: usize = 20;

// Clock and lives.

/// Difference of clocks that is forgiven in `iat`, `nbf` and `exp`: more than synchronised hosts
/// ever show, and no longer than the shortest life below.
pub const CLOCK_SKEW: Duration = Duration::from_mins(1);
/// Difference between our clock and a fetched `iat` above which nothing is signed any more.
pub const CLOCK_AGREEMENT: Duration = Duration::from_mins(5);
/// Earliest plausible clock, 2026-01-01T00:00:00Z: no list of the federation is older, so a
/// clock before it was reset.
pub const EARLIEST_CLOCK: Timestamp = Timestamp::from_unix_seconds(1_767_225_600);
/// Age of a key-binding token: the time to open a wallet and show it.
pub const KEY_BINDING_AGE: Duration = Duration::from_mins(5);
/// Life of a nonce, used once: as long as that of a key-binding token that carries it.
pub const NONCE_LIFE: Duration = Duration::from_mins(5);
/// Life of a dynamic code on a holder's screen.
pub const DYNAMIC_CODE_LIFE: Duration = Duration::from_mins(1);
/// Life of a signed request or answer; with it goes the time a replay must be remembered.
pub const REQUEST_LIFE: Duration = Duration::from_mins(1);
/// Life of a registration token: a withdrawn use ends within a day everywhere.
pub const REGISTRATION_LIFE: Duration = Duration::from_hours(24);
/// Longest grant: what a person can be expected to remember having agreed to.
pub const GRANT_LIFE: Duration = Duration::from_hours(90 * HOURS_PER_DAY);
/// Longest inspection: one shift.
pub const INSPECTION_LIFE: Duration = Duration::from_hours(12);
/// Time an officer may look at what a statutory view gave.
pub const STATUTORY_VIEW_LIFE: Duration = Duration::from_mins(15);
/// Time an idempotency key is remembered.
pub const IDEMPOTENCY_LIFE: Duration = Duration::from_hours(24);
/// Entries of the replay store. Five minutes at three thousand a second; at the limit new ones
/// are refused, since evicting one would let it be used twice.
pub const REPLAY_ENTRIES: usize = 1_000_000;
/// Shortest retention of audit entries: six months, counted at their longest.
pub const RETENTION_MIN: Duration = Duration::from_hours(183 * HOURS_PER_DAY);
/// Retention of audit entries where nothing else is configured: three years, one of them leap.
pub const RETENTION_DEFAULT: Duration =
    Duration::from_hours(3 * 365 * HOURS_PER_DAY + HOURS_PER_DAY);

// The judge of certificate chains.

/// Signatures verified for one chain, alternatives included: a crafted bundle of crossed
/// certificates has exponentially many paths, an honest one needs fewer than ten.
pub const PATH_SIGNATURES: usize = 100;
/// Certificates below the anchor in one chain.
pub const PATH_DEPTH: usize = 10;

const KIB: usize = 1024;
const MIB: usize = 1024 * KIB;
const HOURS_PER_DAY: u64 = 24;

// Relations that other limits rely on; held by the compiler.
const _: () = {
    assert!(JWS_HEADER_BYTES < TOKEN_BYTES && DISCLOSURE_BYTES < TOKEN_BYTES);
    assert!(TOKEN_BYTES <= BODY_BYTES);
    assert!(TRUST_LIST_BYTES <= LARGE_BODY_BYTES, "every list can be uploaded");
    assert!(STATUS_LIST_MIN_ENTRIES / 4 <= STATUS_LIST_INFLATED_BYTES);
    assert!(HEADER_DEADLINE.as_secs() <= BODY_DEADLINE.as_secs());
    assert!(FRESHNESS_INTERVAL.as_secs() < FRESHNESS_LIFE.as_secs());
    assert!(TRUST_FRESH_AGE.as_secs() < TRUST_STALE_AGE.as_secs());
    assert!(TRUST_STALE_AGE.as_secs() < HUBLESS_AGE.as_secs());
    assert!(STATUS_TTL_MIN.as_secs() < STATUS_TTL_MAX.as_secs());
    assert!(STATUS_AGE_DISCLOSURE.as_secs() < STATUS_AGE_ROADSIDE.as_secs());
    assert!(CONNECT_DEADLINE.as_secs() < OUTBOUND_DEADLINE.as_secs());
    assert!(KEY_BINDING_AGE.as_secs() <= NONCE_LIFE.as_secs());
    assert!(RETENTION_MIN.as_secs() < RETENTION_DEFAULT.as_secs());
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_earliest_clock_is_the_first_instant_of_2026() {
        assert_eq!(EARLIEST_CLOCK.to_string(), "2026-01-01T00:00:00Z");
    }

    #[test]
    fn the_inflated_status_list_holds_two_to_the_twenty_sixth_entries() {
        assert_eq!(STATUS_LIST_INFLATED_BYTES * 8 / 2, 1 << 26);
    }

    #[test]
    fn the_slowest_permitted_body_is_cut_by_the_deadline_not_by_the_rate() {
        // At the least rate a default body would take 64 s: the total deadline comes first.
        let slowest = BODY_BYTES / BODY_BYTES_PER_SECOND;
        assert!(slowest as u64 > BODY_DEADLINE.as_secs());
    }
}
