//! Times of day as they were typed, on the clock that the log shows.
//! Called by: `matching` and `compile`.

use std::ops::RangeInclusive;

use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;

use super::term::Side;
use crate::filter::Moment;
use crate::model::Timestamp;

const SECOND: u64 = 1_000_000_000;

/// So many nanoseconds before and after a time.
pub(super) fn around(time: Timestamp, nanos: u64) -> RangeInclusive<u64> {
    time.0.saturating_sub(nanos)..=time.0.saturating_add(nanos)
}

/// The times on one side of a moment: after it means at it or later. `first` is the time of the session's first event.
/// `None`: there is no such moment.
pub(super) fn side(moment: &Moment, side: Side, first: Timestamp, local_time: bool) -> Option<RangeInclusive<u64>> {
    let zone = if local_time { TimeZone::system() } else { TimeZone::UTC };
    let nanos = nanos_of(moment, first, zone)?;
    match side {
        Side::After => Some(nanos..=u64::MAX),
        Side::Before => Some(0..=nanos.checked_sub(1)?),
    }
}

fn nanos_of(moment: &Moment, first: Timestamp, zone: TimeZone) -> Option<u64> {
    let date = match moment.date {
        Some((year, month, day)) => Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()?,
        None => jiff::Timestamp::from_nanosecond(first.0.into()).ok()?.to_zoned(zone.clone()).date(),
    };
    let seconds = moment.time_nanos / SECOND;
    let time = Time::new(
        i8::try_from(seconds / 3600).ok()?,
        (seconds / 60 % 60) as i8,
        (seconds % 60) as i8,
        (moment.time_nanos % SECOND) as i32,
    );
    let zoned = date.to_datetime(time.ok()?).to_zoned(zone).ok()?;
    Some(u64::try_from(zoned.timestamp().as_nanosecond().max(0)).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-23 07:00:00 UTC.
    const FIRST: Timestamp = Timestamp(1_795_417_200 * SECOND);

    #[test]
    fn a_time_without_a_date_is_on_the_day_of_the_first_event() {
        let moment = |date, time_nanos| Moment { date, time_nanos };
        let at = |moment: Moment, zone: TimeZone| nanos_of(&moment, FIRST, zone);
        let noon = 12 * 3600 * SECOND;
        assert_eq!(at(moment(None, noon + 5), TimeZone::UTC), Some(FIRST.0 + 5 * 3600 * SECOND + 5));
        let shanghai = TimeZone::fixed(jiff::tz::offset(8));
        assert_eq!(at(moment(None, noon), shanghai.clone()), Some(FIRST.0 - 3 * 3600 * SECOND));
        assert_eq!(at(moment(Some((2026, 11, 24)), 15 * 3600 * SECOND), shanghai), Some(FIRST.0 + 24 * 3600 * SECOND));
        assert_eq!(at(moment(Some((2026, 2, 30)), 0), TimeZone::UTC), None);
        assert_eq!(at(moment(Some((2026, 200, 30)), 0), TimeZone::UTC), None);
        assert_eq!(at(moment(None, 24 * 3600 * SECOND), TimeZone::UTC), None);
        assert_eq!(at(moment(None, u64::MAX), TimeZone::UTC), None);
        assert_eq!(at(moment(Some((1900, 1, 1)), 0), TimeZone::UTC), Some(0));
    }

    #[test]
    fn after_begins_with_the_moment_and_before_ends_ahead_of_it() {
        let moment = Moment { date: None, time_nanos: 7 * 3600 * SECOND };
        assert_eq!(side(&moment, Side::After, FIRST, false), Some(FIRST.0..=u64::MAX));
        assert_eq!(side(&moment, Side::Before, FIRST, false), Some(0..=FIRST.0 - 1));
        assert_eq!(around(Timestamp(5), 7), 0..=12);
    }
}
