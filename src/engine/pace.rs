//! When the next round of a repeated send is due.
//!
//! Owns: the schedule. Never: sending. Called by: `send`, `send_to_all`.

use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::Repeat;

/// A schedule this far behind is given up: after a suspended hour one round is due, not thousands.
const FORGIVEN: Duration = Duration::from_millis(500);

pub(super) struct Pace {
    every: Duration,
    left: Option<u64>,
    due: Instant,
    /// How far behind its schedule the newest round began.
    late: Duration,
}

impl Pace {
    pub fn new(repeat: Option<Repeat>) -> Self {
        let repeat = repeat.unwrap_or(Repeat { count: Some(1), every: Duration::ZERO });
        Self { every: repeat.every, left: repeat.count, due: Instant::now(), late: Duration::ZERO }
    }

    /// Waits for the next round: `Some(false)` when all are done, `None` when stopped. Rounds that the timer's granularity
    /// made late are made up for at once, so that the rate holds.
    pub async fn next(&mut self, stop: &CancellationToken) -> Option<bool> {
        if self.left == Some(0) {
            return Some(false);
        }
        if stop.is_cancelled() {
            return None;
        }
        if !self.every.is_zero() && self.due > Instant::now() {
            tokio::select! {
                biased;
                () = stop.cancelled() => return None,
                () = tokio::time::sleep_until(self.due) => {}
            }
        }
        self.begin_round(Instant::now());
        Some(true)
    }

    /// How far behind its schedule the newest round began; nothing where there is no schedule.
    pub fn late(&self) -> Option<Duration> {
        (!self.every.is_zero()).then_some(self.late)
    }

    fn begin_round(&mut self, now: Instant) {
        self.late = now.saturating_duration_since(self.due);
        self.due += self.every;
        if now.saturating_duration_since(self.due) > FORGIVEN.max(self.every) {
            self.due = now + self.every;
        }
        if let Some(left) = &mut self.left {
            *left -= 1;
        }
    }

    /// The round could not take place and does not count.
    pub fn leave_out(&mut self) {
        if let Some(left) = &mut self.left {
            *left += 1;
        }
    }

    pub fn is_full_speed(&self) -> bool {
        self.every.is_zero()
    }

    pub fn left(&self) -> Option<u64> {
        self.left
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rounds within a time on a timer that only knows milliseconds.
    fn rounds_within(pace: &mut Pace, from: Instant, time: Duration) -> u32 {
        let (mut now, mut rounds) = (from, 0);
        while now < from + time {
            while pace.due <= now {
                pace.begin_round(now);
                rounds += 1;
            }
            now += Duration::from_millis(1);
        }
        rounds
    }

    #[test]
    fn holds_a_rate_finer_than_the_timer() {
        let mut pace = Pace::new(Some(Repeat { count: None, every: Duration::from_micros(100) }));
        let began = pace.due;
        let rounds = rounds_within(&mut pace, began, Duration::from_secs(1));
        assert!((9_990..=10_000).contains(&rounds), "{rounds}");
    }

    #[test]
    fn does_not_make_up_for_a_long_pause() {
        let mut pace = Pace::new(Some(Repeat { count: None, every: Duration::from_millis(10) }));
        let an_hour_later = pace.due + Duration::from_secs(3600);
        let rounds = rounds_within(&mut pace, an_hour_later, Duration::from_millis(100));
        assert_eq!(rounds, 10);
    }

    #[tokio::test]
    async fn counts_and_stops() {
        let stop = CancellationToken::new();
        let mut once = Pace::new(None);
        assert_eq!(once.next(&stop).await, Some(true));
        assert_eq!(once.next(&stop).await, Some(false));
        let mut for_ever = Pace::new(Some(Repeat { count: None, every: Duration::from_secs(3600) }));
        assert_eq!(for_ever.next(&stop).await, Some(true));
        stop.cancel();
        assert_eq!(for_ever.next(&stop).await, None);
    }
}
