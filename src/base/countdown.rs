//! How near an end is: sixty, thirty, fourteen, seven days, one day; and that each is told once.

use std::collections::BTreeMap;

use super::time::Timestamp;

/// The days before an end at which operators are told.
pub const END_THRESHOLDS: [u16; 5] = [60, 30, 14, 7, 1];

/// The nearest of [`END_THRESHOLDS`] that an end at `end` has reached by `now`; none while it is
/// further away than all of them.
#[must_use]
pub fn end_threshold(end: Timestamp, now: Timestamp) -> Option<u16> {
    let left = end.unix_seconds().saturating_sub(now.unix_seconds());
    END_THRESHOLDS.into_iter().rev().find(|days| left <= i64::from(*days) * SECONDS_PER_DAY)
}

/// What was told of which end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Countdown {
    told: BTreeMap<String, u16>,
}

impl Countdown {
    /// The threshold that the end of `name` has reached since it was last looked at. An end that
    /// moved away is counted down to anew.
    pub fn look(&mut self, name: &str, end: Timestamp, now: Timestamp) -> Option<u16> {
        let Some(reached) = end_threshold(end, now) else {
            self.told.remove(name);
            return None;
        };
        let before = self.told.insert(name.to_owned(), reached);
        before.is_none_or(|told| reached < told).then_some(reached)
    }
}

const SECONDS_PER_DAY: i64 = 86_400;

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const END: Timestamp = Timestamp::from_unix_seconds(1_800_000_000);

    fn before(days: u64, seconds: u64) -> Timestamp {
        END - Duration::from_secs(days * 86_400 + seconds)
    }

    #[test]
    fn the_nearest_threshold_counts_from_its_very_second() {
        for (days, expected) in [(60, 60), (30, 30), (14, 14), (7, 7), (1, 1), (0, 1)] {
            assert_eq!(end_threshold(END, before(days, 0)), Some(expected), "{days} days");
        }
        for (days, expected) in [(60, None), (30, Some(60)), (14, Some(30)), (1, Some(7))] {
            assert_eq!(end_threshold(END, before(days, 1)), expected, "{days} days and a second");
        }
        assert_eq!(end_threshold(END, END + Duration::from_hours(1)), Some(1), "after the end");
    }

    #[test]
    fn each_threshold_is_told_once_and_a_new_end_is_counted_down_to_anew() {
        let mut countdown = Countdown::default();
        let told: Vec<u16> = (0..=70)
            .rev()
            .flat_map(|days| [before(days, 0), before(days, 0)])
            .filter_map(|now| countdown.look("tls", END, now))
            .collect();
        assert_eq!(told, END_THRESHOLDS);
        assert_eq!(countdown.look("list", END, before(3, 0)), Some(7), "each key by itself");
        let later = END + Duration::from_hours(700 * 24);
        assert_eq!(countdown.look("tls", later, END), None);
        assert_eq!(countdown.look("tls", END, END), Some(1), "an end that came back");
    }
}
