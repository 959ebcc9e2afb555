//! How late the rounds of a repeated send began, behind their schedule.
//!
//! Owns: the distribution, in bounded memory. Never: the schedule (`pace`). Called by: `send`, `send_to_all`.

use std::time::Duration;

use hdrhistogram::Histogram;

use super::status::Lateness;

/// Later than this counts as this late: a suspended computer is no measure of a timer.
const MOST_NANOS: u64 = 60_000_000_000;

#[derive(Default)]
pub(super) struct LatenessMeter {
    /// Made with the first round of a schedule; most sends have none.
    nanos: Option<Histogram<u64>>,
}

impl LatenessMeter {
    pub fn note(&mut self, late: Duration) {
        let nanos = u64::try_from(late.as_nanos()).unwrap_or(MOST_NANOS).clamp(1, MOST_NANOS);
        if self.nanos.is_none() {
            // Two digits: 1 % is finer than any timer here.
            self.nanos = Histogram::new_with_bounds(1, MOST_NANOS, 2).ok();
        }
        if let Some(histogram) = &mut self.nanos {
            histogram.saturating_record(nanos);
        }
    }

    pub fn figures(&self) -> Lateness {
        let Some(histogram) = &self.nanos else { return Lateness::default() };
        let at = |share| histogram.value_at_quantile(share).min(histogram.max());
        Lateness { median: at(0.5), p99: at(0.99), most: histogram.max() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_the_usual_the_rare_and_the_worst() {
        let mut meter = LatenessMeter::default();
        assert_eq!(meter.figures(), Lateness::default());
        for millis in 1..=100 {
            meter.note(Duration::from_millis(millis));
        }
        meter.note(Duration::from_secs(3600));
        let figures = meter.figures();
        assert!(figures.median.abs_diff(51_000_000) < 1_000_000, "{figures:?}");
        assert!(figures.p99.abs_diff(100_000_000) < 2_000_000, "{figures:?}");
        assert!(figures.most >= MOST_NANOS, "{figures:?}");
    }
}
