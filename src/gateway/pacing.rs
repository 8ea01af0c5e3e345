//! When a gateway asks the hub: pure arithmetic over random draws, so that thousands of nodes that
//! lost the hub in one second do not come back in one second.

use std::time::Duration;

use crate::base::Entropy;

/// The pause between the first refresh, which is at once, and the second: a random part of the
/// whole, so that nodes that were started together ask at different times.
pub(super) fn phase(refresh: Duration, draw: u16) -> Duration {
    refresh.mul_f64(share(draw))
}

/// The pauses of one stream of news. A stream that had lived is followed again at once, since what
/// is published meanwhile is late by the pause; while it cannot be had the pauses double, so that
/// a hub that comes back after an hour is met by no crowd.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct StreamPace {
    failures: u32,
}

impl StreamPace {
    /// Takes note of a stream that ended after `lived`, or was never had.
    pub(super) fn ended(&mut self, lived: Duration) {
        self.failures = if lived >= LIVED { 0 } else { self.failures.saturating_add(1) };
    }

    /// The pause before the stream is asked for again: between a half and the whole of the longest,
    /// by `draw`.
    pub(super) fn pause(self, draw: u16) -> Duration {
        let doubled = SHORTEST.saturating_mul(1 << self.failures.min(DOUBLINGS));
        let longest = doubled.min(LONGEST);
        longest / 2 + (longest / 2).mul_f64(share(draw))
    }
}

/// Sixteen random bits.
pub(super) fn draw(entropy: &dyn Entropy) -> u16 {
    let mut bytes = [0; 2];
    entropy.fill(&mut bytes);
    u16::from_be_bytes(bytes)
}

fn share(draw: u16) -> f64 {
    f64::from(draw) / f64::from(u16::MAX)
}

/// The longest pause after a stream that had lived: with it news is taken within five seconds.
const SHORTEST: Duration = Duration::from_secs(2);
/// The longest pause at all. Each stream that is had again brings a whole refresh with it; spread
/// over two minutes, those of all nodes stay below the rate at which they poll anyway.
const LONGEST: Duration = Duration::from_mins(2);
/// 2 s doubled so often exceeds the longest pause.
const DOUBLINGS: u32 = 6;
/// A stream that lived so long was no failure.
const LIVED: Duration = Duration::from_secs(10);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_that_lived_is_followed_again_within_two_seconds() {
        let mut pace = StreamPace::default();
        for lived in [LIVED, Duration::from_mins(5)] {
            pace.ended(Duration::ZERO);
            pace.ended(lived);
            for draw in [0, 1, 9_999, u16::MAX] {
                assert!((SHORTEST / 2..=SHORTEST).contains(&pace.pause(draw)));
            }
        }
    }

    #[test]
    fn pauses_double_to_their_longest_and_stay_there() {
        let mut pace = StreamPace::default();
        let mut before = Duration::ZERO;
        for _ in 0..100 {
            let longest = pace.pause(u16::MAX);
            assert!(longest >= before && longest <= LONGEST);
            assert_eq!(pace.pause(0), longest / 2);
            before = longest;
            pace.ended(Duration::ZERO);
        }
        assert_eq!(before, LONGEST);
    }

    #[test]
    fn phases_cover_the_whole_interval() {
        let refresh = Duration::from_secs(30);
        assert_eq!(phase(refresh, 0), Duration::ZERO);
        assert_eq!(phase(refresh, u16::MAX), refresh);
        assert!(phase(refresh, u16::MAX / 2).abs_diff(refresh / 2) < Duration::from_millis(1));
    }

    /// 32 provinces with 50 nodes each, and a hub that is away for an hour.
    const NODES: usize = 32 * 50;
    const AWAY: f64 = 3_600.0;
    const REFRESH: f64 = 30.0;
    /// What one refresh asks while nothing changed: the next root, the statement, the orders, the
    /// log's head. A stream that is had asks once, and its first event brings a refresh.
    const ASKED_BY_REFRESH: u32 = 4;
    const ASKED_BY_STREAM: u32 = 1 + ASKED_BY_REFRESH;
    /// The life of a stream (`http::STREAM_LIFE`).
    const STREAM_LIFE: f64 = 300.0;
    const WATCHED: usize = 900;

    /// A sequence of draws that is the same for the same seed.
    struct Draws(u64);

    impl Draws {
        fn next(&mut self) -> u16 {
            // Knuth's MMIX generator; its high bits are even enough for pauses.
            self.0 = self
                .0
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            u16::try_from(self.0 >> 48).unwrap()
        }
    }

    /// Requests that reach the hub in each second after it came back. `rest` is the pause between
    /// two attempts at a stream.
    fn requests(seed: u64, rest: impl Fn(&StreamPace, u16) -> Duration) -> Vec<u32> {
        let mut seconds = vec![0; WATCHED];
        let mut count = |at: f64, requests: u32| {
            if at >= AWAY {
                let second = usize::try_from(Duration::from_secs_f64(at - AWAY).as_secs()).unwrap();
                if let Some(sum) = seconds.get_mut(second) {
                    *sum += requests;
                }
            }
        };
        let mut draws = Draws(seed);
        let end = AWAY + f64::from(u32::try_from(WATCHED).unwrap());
        for _ in 0..NODES {
            // All were started together, in the worst case, when the hub went away.
            let mut at = phase(Duration::from_secs_f64(REFRESH), draws.next()).as_secs_f64();
            while at < end {
                count(at, ASKED_BY_REFRESH);
                at += REFRESH;
            }
            let (mut pace, mut at) = (StreamPace::default(), 0.0);
            while at < end {
                let lived = if at >= AWAY { STREAM_LIFE } else { 0.0 };
                count(at, ASKED_BY_STREAM);
                pace.ended(Duration::from_secs_f64(lived));
                at += lived + rest(&pace, draws.next()).as_secs_f64();
            }
        }
        seconds
    }

    fn mean() -> f64 {
        let each = f64::from(ASKED_BY_REFRESH) / REFRESH + f64::from(ASKED_BY_STREAM) / STREAM_LIFE;
        f64::from(u32::try_from(NODES).unwrap()) * each
    }

    #[test]
    fn r18_after_an_hour_without_the_hub_nodes_come_back_at_twice_the_mean_rate_at_most() {
        let mut worst = 0.0_f64;
        for seed in 0..20 {
            let seconds = requests(seed, |pace, draw| pace.pause(draw));
            let most = f64::from(*seconds.iter().max().unwrap());
            worst = worst.max(most / mean());
        }
        println!("R18 worst second of 20 seeds: {worst:.2} of the mean of {:.0}/s", mean());
        assert!(worst <= 2.0, "{worst:.2} of the mean rate");
    }

    #[test]
    fn r18_without_growing_pauses_the_crowd_would_be_there() {
        let seconds = requests(1, |_, draw| StreamPace::default().pause(draw));
        let most = f64::from(*seconds.iter().max().unwrap());
        assert!(most > 2.0 * mean(), "the simulation tells the two apart: {:.2}", most / mean());
    }
}
