//! Weekly windows of wall-clock time.

use borsh::{BorshDeserialize, BorshSerialize};

use crate::ids::ScheduleId;
use crate::time::{LocalTime, Weekday};

/// Minutes in a day on the wall clock.
pub const MINUTES_PER_DAY: u16 = 24 * 60;

/// When a line of an access level is open, by the clock on the site's wall.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Schedule {
    /// Which schedule.
    pub id: ScheduleId,
    /// Open whenever any of these is.
    pub windows: Vec<Window>,
}

impl Schedule {
    /// Whether the schedule is open when the wall shows `local`.
    pub fn is_open(&self, local: LocalTime) -> bool {
        self.windows.iter().any(|window| window.is_open(local))
    }
}

/// A stretch of time on some days of the week. A window across midnight belongs to the day on which it begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Window {
    /// Days on which it begins: a set of [`Weekday::bit`]s.
    pub days: u8,
    /// Minute of the day at which it begins, 0 to 1439.
    pub from_minute: u16,
    /// Minute at which it ends, 1 to 1440, itself outside. Not after `from_minute`: that minute of the next day.
    pub to_minute: u16,
}

impl Window {
    /// Whether the numbers make a window: at least one day, minutes in range, not empty.
    pub fn is_well_formed(&self) -> bool {
        self.days != 0
            && self.days < 1 << 7
            && self.from_minute < MINUTES_PER_DAY
            && (1..=MINUTES_PER_DAY).contains(&self.to_minute)
            && self.from_minute != self.to_minute
    }

    fn is_open(&self, local: LocalTime) -> bool {
        let from_ms = i64::from(self.from_minute) * 60_000;
        let to_ms = i64::from(self.to_minute) * 60_000;
        let begins_on = |day: i64| self.days & Weekday::of_day(day).bit() != 0;
        if from_ms < to_ms {
            begins_on(local.day) && (from_ms..to_ms).contains(&local.ms_of_day)
        } else {
            (begins_on(local.day) && local.ms_of_day >= from_ms)
                || (begins_on(local.day - 1) && local.ms_of_day < to_ms)
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::time::DAY_MS;

    fn window(days: &[Weekday], from: (u16, u16), to: (u16, u16)) -> Window {
        Window {
            days: days.iter().fold(0, |set, day| set | day.bit()),
            from_minute: from.0 * 60 + from.1,
            to_minute: to.0 * 60 + to.1,
        }
    }

    /// Monday 5 January 1970 plus some days, at an hour and minute.
    fn at(days_after_monday: i64, hour: i64, minute: i64) -> LocalTime {
        LocalTime { day: 4 + days_after_monday, ms_of_day: (hour * 60 + minute) * 60_000 }
    }

    #[test]
    fn windows() {
        let office = window(&[Weekday::Monday, Weekday::Tuesday], (7, 0), (19, 0));
        let night = window(&[Weekday::Monday], (22, 0), (6, 0));
        let all_day = window(&[Weekday::Sunday], (0, 0), (24, 0));
        let cases = [
            ("first minute", office, at(0, 7, 0), true),
            ("minute before", office, at(0, 6, 59), false),
            ("last minute", office, at(1, 18, 59), true),
            ("end itself", office, at(1, 19, 0), false),
            ("other day", office, at(2, 12, 0), false),
            ("night begins", night, at(0, 22, 0), true),
            ("night goes on after midnight", night, at(1, 5, 59), true),
            ("night ends", night, at(1, 6, 0), false),
            ("the night before did not begin", night, at(0, 3, 0), false),
            ("whole Sunday, end", all_day, at(6, 23, 59), true),
            ("Monday again", all_day, at(7, 0, 0), false),
        ];
        for (name, window, local, expected) in cases {
            assert!(window.is_well_formed(), "{name}");
            assert_eq!(window.is_open(local), expected, "{name}");
        }
    }

    proptest! {
        #[test]
        fn a_window_is_open_as_long_as_it_says(days in 1u8..128, from in 0u16..1440, to in 1u16..=1440) {
            let window = Window { days, from_minute: from, to_minute: to };
            prop_assume!(window.is_well_formed());
            let open = (0..7 * 1440i64)
                .filter(|minute| {
                    let ms = minute * 60_000;
                    window.is_open(LocalTime { day: 4 + ms / DAY_MS, ms_of_day: ms % DAY_MS })
                })
                .count() as u32;
            let length = u32::from((to + 1440 - from - 1) % 1440 + 1);
            prop_assert_eq!(open, days.count_ones() * length);
        }
    }
}
