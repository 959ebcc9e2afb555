//! Daytime (RFC 867): the date and the time as one line, in the zone of this computer.
//!
//! Called by: `services`.

use bytes::Bytes;

use crate::model::Timestamp;

/// `Monday, November 23, 2026 11:52:00-UTC`
pub(super) fn line(now: Timestamp) -> Bytes {
    let time = jiff::Timestamp::from_nanosecond(i128::from(now.0)).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    let zoned = time.to_zoned(jiff::tz::TimeZone::system());
    format!("{}\r\n", zoned.strftime("%A, %B %d, %Y %H:%M:%S-%Z")).into()
}
