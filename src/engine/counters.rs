//! Counting traffic, and turning counts into rates.
//!
//! Owns: the counters that tasks add to, and the meters that the publisher reads them with.
//! Never: clocks; the publisher says how much time passed. Called by: `peer`, `endpoint`, `publisher`.

use std::sync::atomic::{AtomicU64, Ordering};

use super::status::Totals;

/// Ticks of the publisher that make one second.
const TICKS_A_SECOND: usize = 4;

#[derive(Default)]
pub(super) struct Counters {
    bytes_in: AtomicU64,
    bytes_out: AtomicU64,
    events_in: AtomicU64,
    events_out: AtomicU64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub bytes_in: u64,
    pub bytes_out: u64,
    pub events_in: u64,
    pub events_out: u64,
}

/// Rates over the last second and the sparkline of one endpoint or connection.
#[derive(Default)]
pub(super) struct Meter {
    /// Counts at the last ticks, newest last.
    seen: [Counts; TICKS_A_SECOND + 1],
    recent: [u32; 12],
    rates: [f64; 4],
    /// Ticks that still bring the rates and the sparkline back to zero.
    warm: u8,
}

impl Counters {
    pub fn received(&self, events: u64, bytes: u64) {
        self.bytes_in.fetch_add(bytes, Ordering::Relaxed);
        self.events_in.fetch_add(events, Ordering::Relaxed);
    }

    pub fn sent(&self, events: u64, bytes: u64) {
        self.bytes_out.fetch_add(bytes, Ordering::Relaxed);
        self.events_out.fetch_add(events, Ordering::Relaxed);
    }

    pub fn counts(&self) -> Counts {
        Counts {
            bytes_in: self.bytes_in.load(Ordering::Relaxed),
            bytes_out: self.bytes_out.load(Ordering::Relaxed),
            events_in: self.events_in.load(Ordering::Relaxed),
            events_out: self.events_out.load(Ordering::Relaxed),
        }
    }

    pub fn reset(&self) {
        for counter in [&self.bytes_in, &self.bytes_out, &self.events_in, &self.events_out] {
            counter.store(0, Ordering::Relaxed);
        }
    }
}

impl Counts {
    /// Counts with no traffic now.
    pub fn at_rest(self) -> Totals {
        Totals {
            bytes_in: self.bytes_in,
            bytes_out: self.bytes_out,
            events_in: self.events_in,
            events_out: self.events_out,
            ..Totals::default()
        }
    }

    fn since(self, earlier: Counts) -> Counts {
        Counts {
            bytes_in: self.bytes_in.saturating_sub(earlier.bytes_in),
            bytes_out: self.bytes_out.saturating_sub(earlier.bytes_out),
            events_in: self.events_in.saturating_sub(earlier.events_in),
            events_out: self.events_out.saturating_sub(earlier.events_out),
        }
    }
}

impl Meter {
    /// One period has passed; `span_seconds` is what the periods that make up a second really took.
    pub fn tick(&mut self, now: Counts, span_seconds: f64) {
        let period = now.since(self.seen[TICKS_A_SECOND]);
        if period != Counts::default() {
            self.warm = self.recent.len() as u8 + 1;
        }
        if self.warm == 0 {
            return;
        }
        self.warm -= 1;
        self.seen.rotate_left(1);
        self.seen[TICKS_A_SECOND] = now;
        self.recent.rotate_left(1);
        self.recent[11] = u32::try_from(period.bytes_in + period.bytes_out).unwrap_or(u32::MAX);
        let second = now.since(self.seen[0]);
        let rate = |count: u64| if span_seconds > 0.0 { count as f64 / span_seconds } else { 0.0 };
        self.rates = [rate(second.bytes_in), rate(second.bytes_out), rate(second.events_in), rate(second.events_out)];
    }

    /// Something is still to be brought back to zero.
    pub fn is_warm(&self) -> bool {
        self.warm > 0
    }

    /// Counts moved since the last tick.
    pub fn is_behind(&self, now: Counts) -> bool {
        self.seen[TICKS_A_SECOND] != now
    }

    pub fn totals(&self, now: Counts) -> Totals {
        let [bytes_in_per_second, bytes_out_per_second, events_in_per_second, events_out_per_second] = self.rates;
        Totals {
            bytes_in_per_second,
            bytes_out_per_second,
            events_in_per_second,
            events_out_per_second,
            ..now.at_rest()
        }
    }

    pub fn recent(&self) -> [u32; 12] {
        self.recent
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_of_the_last_second_and_fall_to_zero() {
        let counters = Counters::default();
        let mut meter = Meter::default();
        counters.received(10, 1000);
        meter.tick(counters.counts(), 1.0);
        let totals = meter.totals(counters.counts());
        assert_eq!((totals.bytes_in, totals.bytes_in_per_second, totals.events_in_per_second), (1000, 1000.0, 10.0));
        assert_eq!(meter.recent()[11], 1000);
        for _ in 0..TICKS_A_SECOND {
            assert!(meter.is_warm());
            meter.tick(counters.counts(), 1.0);
        }
        assert_eq!(meter.totals(counters.counts()).bytes_in_per_second, 0.0);
        for _ in 0..12 {
            meter.tick(counters.counts(), 1.0);
        }
        assert!(!meter.is_warm());
        assert_eq!(meter.recent(), [0; 12]);
    }
}
