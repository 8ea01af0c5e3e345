//! Time as a node may rely on it: never before what an authenticated statement said, going on by
//! the monotonic clock from there, so that a wall clock set back neither revives what has ended
//! nor keeps out the news of what is to end.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::base::{Clock, Timestamp, limits};

/// The time of one node.
#[derive(Debug)]
pub(crate) struct Timekeeper {
    wall: Arc<dyn Clock>,
    kept: Mutex<Kept>,
}

/// What is known of time beside the wall clock.
#[derive(Clone, Copy, Debug)]
struct Kept {
    anchor: Option<Anchor>,
    agreement: Agreement,
}

/// The newest authenticated time, and when it came in.
#[derive(Clone, Copy, Debug)]
struct Anchor {
    issued: Timestamp,
    received: Instant,
}

/// Whether wall clock and authenticated time agreed when the last new statement came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Agreement {
    /// They did, within five minutes, or nothing has come in yet.
    Agrees,
    /// They did not: nothing is signed until they do.
    Disagrees,
}

impl Timekeeper {
    pub(crate) fn new(wall: Arc<dyn Clock>) -> Self {
        let kept = Kept { anchor: None, agreement: Agreement::Agrees };
        Self { wall, kept: Mutex::new(kept) }
    }

    /// The present instant.
    pub(crate) fn now(&self) -> Timestamp {
        let wall = self.wall.now();
        let anchor = self.kept().anchor;
        anchor.map_or(wall, |anchor| wall.max(anchor.issued + anchor.received.elapsed()))
    }

    /// The wall clock, for libraries that take a clock.
    pub(crate) fn wall(&self) -> Arc<dyn Clock> {
        Arc::clone(&self.wall)
    }

    /// Takes the signing time of a statement that came in now.
    pub(crate) fn learn(&self, issued: Timestamp) {
        let agreement = self.compared(issued);
        self.keep(issued, Some(agreement));
    }

    /// Takes note of the signing time of a new statement that was refused for its time: it moves
    /// no floor, and what lies too far from the wall clock shows that one of the two is wrong.
    pub(crate) fn doubt(&self, issued: Timestamp) {
        if self.compared(issued) == Agreement::Disagrees {
            self.lock().agreement = Agreement::Disagrees;
        }
    }

    /// Takes the signing time of a statement that was stored: a floor, whose age says nothing of
    /// the wall clock.
    pub(crate) fn recall(&self, issued: Timestamp) {
        self.keep(issued, None);
    }

    /// Whether the wall clock agrees with authenticated time.
    pub(crate) fn agreement(&self) -> Agreement {
        self.kept().agreement
    }

    fn compared(&self, issued: Timestamp) -> Agreement {
        let wall = self.wall.now();
        let apart: Duration = wall.since(issued).max(issued.since(wall));
        if apart <= limits::CLOCK_AGREEMENT { Agreement::Agrees } else { Agreement::Disagrees }
    }

    fn keep(&self, issued: Timestamp, agreement: Option<Agreement>) {
        let mut kept = self.lock();
        let held = kept.anchor.map(|anchor| anchor.issued);
        if held.is_none_or(|held| issued > held) {
            kept.anchor = Some(Anchor { issued, received: Instant::now() });
        }
        // A statement of the same second is as new as the one before.
        if held.is_none_or(|held| issued >= held) {
            kept.agreement = agreement.unwrap_or(kept.agreement);
        }
    }

    fn kept(&self) -> Kept {
        *self.lock()
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::ManualClock;

    #[test]
    fn tm_01_a_clock_set_back_does_not_stop_time() {
        let start: Timestamp = "2026-11-22T08:00:00Z".parse().unwrap();
        let wall = Arc::new(ManualClock::at(start));
        let time = Timekeeper::new(Arc::clone(&wall) as Arc<dyn Clock>);
        time.learn(start);
        assert_eq!(time.agreement(), Agreement::Agrees);
        wall.set(start - Duration::from_hours(1));
        let before = time.now();
        assert!(before >= start);
        std::thread::sleep(Duration::from_millis(2));
        assert!(time.now() > before, "time goes on by the monotonic clock");
        time.learn(start + Duration::from_secs(1));
        assert_eq!(time.agreement(), Agreement::Disagrees);
        wall.set(start + Duration::from_mins(1));
        time.learn(start + Duration::from_secs(2));
        assert_eq!(time.agreement(), Agreement::Agrees);
    }

    #[test]
    fn a_refused_statement_stops_signing_and_moves_no_floor() {
        let start: Timestamp = "2026-11-22T08:00:00Z".parse().unwrap();
        for (apart, expected) in [(61, Agreement::Agrees), (300, Agreement::Agrees)]
            .into_iter()
            .chain([(301, Agreement::Disagrees), (86_400, Agreement::Disagrees)])
        {
            let apart = Duration::from_secs(apart);
            for issued in [start + apart, start - apart] {
                let time = Timekeeper::new(Arc::new(ManualClock::at(start)));
                time.doubt(issued);
                assert_eq!((time.agreement(), time.now()), (expected, start), "{apart:?}");
                time.learn(start);
                assert_eq!(time.agreement(), Agreement::Agrees, "one that agrees ends it");
            }
        }
    }

    #[test]
    fn an_older_statement_does_not_turn_time_back() {
        let start: Timestamp = "2026-11-22T08:00:00Z".parse().unwrap();
        let wall = Arc::new(ManualClock::at(start - Duration::from_hours(2)));
        let time = Timekeeper::new(wall as Arc<dyn Clock>);
        time.learn(start);
        time.learn(start - Duration::from_hours(1));
        assert!(time.now() >= start);
    }
}
