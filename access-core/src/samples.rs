//! Random tenants, logs and attempts for property tests, here and in other crates (feature `samples`). They are small, so
//! that everything in them meets everything else, and instants lie close to where something begins or ends.
//!
//! Ids count from 1 in each kind; nothing here is ever part of a program that runs.

use proptest::prelude::*;
use uuid::Uuid;

use crate::time::{Period, UnixMs};

mod attempts;
mod log;
mod rows;

pub use attempts::{any_attempt, token};
pub use log::{Step, any_steps, play};
pub use rows::any_rows;

/// Sites of a random tenant.
pub const SITES: u128 = 2;
/// Areas.
pub const AREAS: u128 = 3;
/// Doors.
pub const DOORS: u128 = 4;
/// Groups.
pub const GROUPS: u128 = 3;
/// Persons.
pub const PERSONS: u128 = 4;
/// Cards: one for each person and one more for the first.
pub const CARDS: u128 = PERSONS + 1;
/// Calendars.
pub const CALENDARS: u128 = 2;
/// Schedules.
pub const SCHEDULES: u128 = 3;
/// Access levels.
pub const LEVELS: u128 = 4;

/// Saturday 28 March 2026, 00:00 UTC: the clocks of Berlin go forward on the day after, at 01:00 UTC.
pub const BASE: UnixMs = UnixMs(1_774_656_000_000);
/// Calendar day of [`BASE`], counted from 1970-01-01.
pub const BASE_DAY: i32 = 20_540;

const HOUR_MS: i64 = 3_600_000;

/// An id with this number.
pub fn id<T: From<Uuid>>(number: u128) -> T {
    Uuid::from_u128(number).into()
}

/// An id of `1..=count`.
pub fn any_id<T: From<Uuid> + std::fmt::Debug>(count: u128) -> impl Strategy<Value = T> + Clone {
    (1..=count).prop_map(id)
}

/// An instant within two days around [`BASE`]: half an hour, or a millisecond beside one.
pub fn any_instant() -> impl Strategy<Value = UnixMs> + Clone {
    (-96i64..96, -1i64..=1).prop_map(|(half_hours, beside)| BASE.plus_ms(half_hours * HOUR_MS / 2 + beside))
}

/// A period around [`BASE`], often without an end, sometimes empty.
pub fn any_period() -> impl Strategy<Value = Period> + Clone {
    let bounded = (any_instant(), proptest::option::of(any_instant()));
    prop_oneof![5 => Just(Period::ALWAYS), 1 => bounded.prop_map(|(from, until)| Period { from, until })]
}
