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

/// An instant as records know it.
pub fn unix_ms(at: DateTime<Utc>) -> UnixMs {
    UnixMs(at.timestamp_millis())
}
