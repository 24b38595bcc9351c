//! The one place where the wall clock is read.

use access_core::time::UnixMs;
use chrono::{DateTime, Utc};

/// Now.
#[expect(clippy::disallowed_methods, reason = "the one place where the wall clock is read")]
pub fn now() -> DateTime<Utc> {
    // Postgres keeps microseconds; a finer instant would not be found again.
    let now = Utc::now();
    DateTime::from_timestamp_micros(now.timestamp_micros()).unwrap_or(now)
}

/// First and last instant that is told as it was recorded: 1970 to 9999.
const TELLABLE_MS: std::ops::RangeInclusive<i64> = 0..=253_402_300_799_999;

/// An instant of a record. A clock that is mad tells the nearest instant that databases and browsers can take; the record
/// itself keeps what it said.
pub fn from_unix_ms(at: UnixMs) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(at.0.clamp(*TELLABLE_MS.start(), *TELLABLE_MS.end())).unwrap_or_default()
}

/// An instant as records know it.
pub fn unix_ms(at: DateTime<Utc>) -> UnixMs {
    UnixMs(at.timestamp_millis())
}
