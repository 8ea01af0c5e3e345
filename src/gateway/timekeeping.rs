//! Time as a node may rely on it: never before what an authenticated statement said, going on by
//! the monotonic clock from there, so that a wall clock set back neither revives what has ended
//! nor keeps out the news of what is to end.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::base::{Clock, Timestamp, limits};

/// The time of one node.
#[derive(Debug)]
pub(crate) struct Timekeeper {
    wall: Arc<dyn Clock>,
    anchor: Mutex<Option<Anchor>>,
}

/// The newest authenticated time, and when it came in.
#[derive(Clone, Copy, Debug)]
struct Anchor {
    issued: Timestamp,
    received: Instant,
    agreement: Agreement,
}

/// Whether wall clock and authenticated time agreed when the newest statement came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Agreement {
    /// They did, within five minutes, or nothing has come in yet.
    Agrees,
    /// They did not: nothing is signed until they do.
    Disagrees,
}

impl Timekeeper {
    pub(crate) fn new(wall: Arc<dyn Clock>) -> Self {
        Self { wall, anchor: Mutex::new(None) }
    }

    /// The present instant.
    pub(crate) fn now(&self) -> Timestamp {
        let wall = self.wall.now();
        self.anchor().map_or(wall, |anchor| wall.max(anchor.issued + anchor.received.elapsed()))
    }

    /// The wall clock, for libraries that take a clock.
    pub(crate) fn wall(&self) -> Arc<dyn Clock> {
        Arc::clone(&self.wall)
    }

    /// Takes the signing time of a statement that came in now.
    pub(crate) fn learn(&self, issued: Timestamp) {
        let wall = self.wall.now();
        let apart: Duration = wall.since(issued).max(issued.since(wall));
        let agreement =
            if apart <= limits::CLOCK_AGREEMENT { Agreement::Agrees } else { Agreement::Disagrees };
        self.keep(Anchor { issued, received: Instant::now(), agreement });
    }

    /// Takes the signing time of a statement that was stored: a floor, whose age says nothing of
    /// the wall clock.
    pub(crate) fn recall(&self, issued: Timestamp) {
        let agreement = Agreement::Agrees;
        self.keep(Anchor { issued, received: Instant::now(), agreement });
    }

    /// Whether the wall clock agrees with authenticated time.
    pub(crate) fn agreement(&self) -> Agreement {
        self.anchor().map_or(Agreement::Agrees, |anchor| anchor.agreement)
    }

    fn keep(&self, next: Anchor) {
        let mut anchor = self.anchor.lock().unwrap_or_else(PoisonError::into_inner);
        if anchor.is_none_or(|held| next.issued > held.issued) {
            *anchor = Some(next);
        }
    }

    fn anchor(&self) -> Option<Anchor> {
        *self.anchor.lock().unwrap_or_else(PoisonError::into_inner)
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
    fn an_older_statement_does_not_turn_time_back() {
        let start: Timestamp = "2026-11-22T08:00:00Z".parse().unwrap();
        let wall = Arc::new(ManualClock::at(start - Duration::from_hours(2)));
        let time = Timekeeper::new(wall as Arc<dyn Clock>);
        time.learn(start);
        time.learn(start - Duration::from_hours(1));
        assert!(time.now() >= start);
    }
}
