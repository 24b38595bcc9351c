//! Instants, zones and wall-clock times, as plain values.
//!
//! A [`Zone`] carries its own offsets, made by the server from one time-zone database. An agent never looks at a
//! database of its own, so server and agent can't disagree about the hour.

use std::fmt;

use borsh::{BorshDeserialize, BorshSerialize};
use serde::{Deserialize, Serialize};

/// Milliseconds in a day of 24 hours.
pub const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// An instant: milliseconds since 1970-01-01T00:00:00Z, leap seconds not counted.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, BorshSerialize, BorshDeserialize, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct UnixMs(pub i64);

impl UnixMs {
    /// The instant `ms` milliseconds later; stays at the end of time instead of wrapping.
    #[must_use]
    pub const fn plus_ms(self, ms: i64) -> Self {
        Self(self.0.saturating_add(ms))
    }

    /// Milliseconds from `earlier` to this instant; negative if this one is the earlier.
    pub const fn since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }
}

impl fmt::Display for UnixMs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ms", self.0)
    }
}

/// A period, from its first instant up to and excluding its last. No end means no end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, BorshSerialize, BorshDeserialize)]
pub struct Period {
    /// First instant inside.
    pub from: UnixMs,
    /// First instant no longer inside.
    pub until: Option<UnixMs>,
}

impl Period {
    /// From the beginning of time, without an end.
    pub const ALWAYS: Self = Self { from: UnixMs(i64::MIN), until: None };

    /// Whether `at` has not reached the period yet, is inside, or is past it. One that ended before it began never comes: it is
    /// past from its end on.
    pub fn place(&self, at: UnixMs) -> Place {
        if self.until.is_some_and(|until| at >= until) {
            Place::After
        } else if at < self.from {
            Place::Before
        } else {
            Place::Inside
        }
    }
}

/// Where an instant lies relative to a [`Period`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Not yet begun.
    Before,
    /// Begun and not ended.
    Inside,
    /// Ended.
    After,
}

/// From this instant on a zone's clocks differ from UTC by this much.
#[derive(Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct ZoneOffset {
    /// First instant with this offset.
    pub from: UnixMs,
    /// Seconds to add to UTC.
    pub offset_s: i32,
}

/// A time zone with the offsets that matter.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Zone {
    /// IANA name, for people.
    pub name: String,
    /// Seconds to add to UTC before the first of `offsets`.
    pub first_offset_s: i32,
    /// Changes, ascending.
    pub offsets: Vec<ZoneOffset>,
}

impl Zone {
    /// UTC itself.
    pub fn utc() -> Self {
        Self { name: "UTC".to_owned(), first_offset_s: 0, offsets: Vec::new() }
    }

    /// Whether the changes ascend and every offset is one that a clock can show (under a day and a half).
    pub fn is_well_formed(&self) -> bool {
        let bearable = |offset_s: i32| offset_s.unsigned_abs() < 36 * 60 * 60;
        bearable(self.first_offset_s)
            && self.offsets.iter().all(|change| bearable(change.offset_s))
            && self.offsets.windows(2).all(|pair| pair[0].from < pair[1].from)
    }

    /// What a clock on the wall shows at `at`.
    pub fn local(&self, at: UnixMs) -> LocalTime {
        let passed = self.offsets.partition_point(|change| change.from <= at);
        let offset_s = match passed.checked_sub(1) {
            Some(last) => self.offsets[last].offset_s,
            None => self.first_offset_s,
        };
        let local_ms = at.0.saturating_add(i64::from(offset_s) * 1000);
        let day = local_ms.div_euclid(DAY_MS);
        LocalTime { day, ms_of_day: local_ms.rem_euclid(DAY_MS) }
    }
}

/// What a clock on the wall shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LocalTime {
    /// Calendar day, counted from 1970-01-01.
    pub day: i64,
    /// Milliseconds since midnight, by the wall clock.
    pub ms_of_day: i64,
}

impl LocalTime {
    /// Day of the week of this day.
    pub fn weekday(&self) -> Weekday {
        Weekday::of_day(self.day)
    }
}

crate::words! {
    /// Day of the week.
    pub enum Weekday {
        /// Monday.
        Monday = "mon",
        /// Tuesday.
        Tuesday = "tue",
        /// Wednesday.
        Wednesday = "wed",
        /// Thursday.
        Thursday = "thu",
        /// Friday.
        Friday = "fri",
        /// Saturday.
        Saturday = "sat",
        /// Sunday.
        Sunday = "sun",
    }
}

impl Weekday {
    /// Day of the week of a day counted from 1970-01-01, which was a Thursday.
    pub fn of_day(day: i64) -> Self {
        match (day.rem_euclid(7) + 3) % 7 {
            0 => Self::Monday,
            1 => Self::Tuesday,
            2 => Self::Wednesday,
            3 => Self::Thursday,
            4 => Self::Friday,
            5 => Self::Saturday,
            _ => Self::Sunday,
        }
    }

    /// This day's bit in a set of days.
    pub const fn bit(self) -> u8 {
        1 << self as u8
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Berlin around the change of 29 March 2026, 02:00 → 03:00.
    fn berlin() -> Zone {
        Zone {
            name: "Europe/Berlin".to_owned(),
            first_offset_s: 3600,
            offsets: vec![
                ZoneOffset { from: UnixMs(1_774_746_000_000), offset_s: 7200 },
                ZoneOffset { from: UnixMs(1_792_890_000_000), offset_s: 3600 },
            ],
        }
    }

    #[test]
    fn the_wall_clock_jumps_with_the_zone() {
        let change = UnixMs(1_774_746_000_000);
        let minute = 60_000;
        assert_eq!(berlin().local(change.plus_ms(-1)).ms_of_day, 120 * minute - 1);
        assert_eq!(berlin().local(change).ms_of_day, 180 * minute);
        assert_eq!(berlin().local(change).weekday(), Weekday::Sunday);
    }

    #[test]
    fn weekdays_count_from_a_thursday() {
        assert_eq!(Weekday::of_day(0), Weekday::Thursday);
        assert_eq!(Weekday::of_day(-1), Weekday::Wednesday);
        assert_eq!(Weekday::of_day(4), Weekday::Monday);
    }

    proptest! {
        #[test]
        fn local_time_is_total_and_in_range(at in any::<i64>()) {
            let local = berlin().local(UnixMs(at));
            prop_assert!((0..DAY_MS).contains(&local.ms_of_day));
        }

        #[test]
        fn a_period_has_one_place_for_each_instant(from in any::<i64>(), length in 0i64..1_000, at in any::<i64>()) {
            let period = Period { from: UnixMs(from), until: Some(UnixMs(from).plus_ms(length)) };
            let inside = at >= from && at < from.saturating_add(length);
            prop_assert_eq!(period.place(UnixMs(at)) == Place::Inside, inside);
        }
    }
}
