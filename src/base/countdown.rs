//! How near an end is: sixty, thirty, fourteen, seven days, one day; and that each is told once.

use std::collections::BTreeMap;
use std::time::Duration;

use super::time::Timestamp;

/// The days before an end at which operators are told.
pub const END_THRESHOLDS: [u16; 5] = [60, 30, 14, 7, 1];

/// The nearest of [`END_THRESHOLDS`] that an end at `end` has reached by `now`; none while it is
/// further away than all of them. What lives for `life` in all was never further away than that,
/// so a threshold of as much or more says nothing of it before it has ended.
#[must_use]
pub fn end_threshold(end: Timestamp, life: Duration, now: Timestamp) -> Option<u16> {
    let left = end.unix_seconds().saturating_sub(now.unix_seconds());
    let mut telling =
        END_THRESHOLDS.into_iter().rev().filter(|days| left <= 0 || whole_days(*days) < life);
    telling.find(|days| left <= i64::from(*days) * SECONDS_PER_DAY)
}

const fn whole_days(days: u16) -> Duration {
    Duration::from_hours(24 * days as u64)
}

/// What was told of which end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Countdown {
    told: BTreeMap<String, u16>,
}

impl Countdown {
    /// The threshold that the end of `name` has reached since it was last looked at. An end that
    /// moved away is counted down to anew.
    pub fn look(
        &mut self,
        name: &str,
        end: Timestamp,
        life: Duration,
        now: Timestamp,
    ) -> Option<u16> {
        let Some(reached) = end_threshold(end, life, now) else {
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
    use super::*;

    const END: Timestamp = Timestamp::from_unix_seconds(1_800_000_000);
    const TWO_YEARS: Duration = Duration::from_hours(730 * 24);

    fn before(days: u64, seconds: u64) -> Timestamp {
        END - Duration::from_secs(days * 86_400 + seconds)
    }

    #[test]
    fn the_nearest_threshold_counts_from_its_very_second() {
        for (days, expected) in [(60, 60), (30, 30), (14, 14), (7, 7), (1, 1), (0, 1)] {
            assert_eq!(
                end_threshold(END, TWO_YEARS, before(days, 0)),
                Some(expected),
                "{days} days"
            );
        }
        for (days, expected) in [(60, None), (30, Some(60)), (14, Some(30)), (1, Some(7))] {
            let threshold = end_threshold(END, TWO_YEARS, before(days, 1));
            assert_eq!(threshold, expected, "{days} days and a second");
        }
        let after = end_threshold(END, TWO_YEARS, END + Duration::from_hours(1));
        assert_eq!(after, Some(1), "after the end");
    }

    #[test]
    fn a_threshold_of_a_whole_life_or_more_tells_nothing() {
        let days = |days: u64| Duration::from_hours(24 * days);
        for (life, left, expected) in [
            (14, 14, None),
            (14, 8, None),
            (14, 7, Some(7)),
            (14, 1, Some(1)),
            (15, 14, Some(14)),
            (90, 60, Some(60)),
            (60, 60, None),
            (60, 30, Some(30)),
            (1, 1, None),
            (1, 0, Some(1)),
        ] {
            let reached = end_threshold(END, days(life), before(left, 0));
            assert_eq!(reached, expected, "{left} of {life} days left");
        }
    }

    #[test]
    fn a_list_that_is_renewed_daily_is_never_told() {
        let mut countdown = Countdown::default();
        let life = Duration::from_hours(14 * 24);
        for day in 0..100 {
            let now = END + Duration::from_hours(24 * day);
            assert_eq!(countdown.look("list", now + life, life, now), None, "made on day {day}");
            let later = now + Duration::from_hours(23);
            assert_eq!(countdown.look("list", now + life, life, later), None, "day {day}");
        }
    }

    #[test]
    fn each_threshold_is_told_once_and_a_new_end_is_counted_down_to_anew() {
        let mut countdown = Countdown::default();
        let told: Vec<u16> = (0..=70)
            .rev()
            .flat_map(|days| [before(days, 0), before(days, 0)])
            .filter_map(|now| countdown.look("tls", END, TWO_YEARS, now))
            .collect();
        assert_eq!(told, END_THRESHOLDS);
        let other = countdown.look("list", END, TWO_YEARS, before(3, 0));
        assert_eq!(other, Some(7), "each key by itself");
        let later = END + Duration::from_hours(700 * 24);
        assert_eq!(countdown.look("tls", later, TWO_YEARS, END), None);
        assert_eq!(countdown.look("tls", END, TWO_YEARS, END), Some(1), "an end that came back");
    }
}
