//! Weekly windows of wall-clock time, and the days that are no common ones. See RULES.md, rules 13 and 14.

use borsh::{BorshDeserialize, BorshSerialize};

use crate::ids::{CalendarId, ScheduleId};
use crate::time::{LocalTime, Weekday};

/// Minutes in a day on the wall clock.
pub const MINUTES_PER_DAY: u16 = 24 * 60;
/// Day types that a tenant may tell apart.
pub const DAY_TYPES_MAX: u8 = 8;

/// When something is open, by the clock on the site's wall.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Schedule {
    /// Which schedule.
    pub id: ScheduleId,
    /// Open whenever any of these is.
    pub windows: Vec<Window>,
    /// Days on which other windows begin than `windows` says, ascending.
    pub exceptions: Vec<ExceptionDay>,
}

/// A stretch of time on some days. One across midnight belongs to the day on which it begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Window {
    /// Weekdays on which it begins, unless the calendar gives the day a type: a set of [`Weekday::bit`]s.
    pub days: u8,
    /// Day types on which it begins: a set of bits, 1 for type 0.
    pub day_types: u8,
    /// Its minutes.
    pub span: Span,
}

/// From a minute of a day to another, or to one of the next day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, BorshSerialize, BorshDeserialize)]
pub struct Span {
    /// Minute of the day at which it begins, 0 to 1439.
    pub from_minute: u16,
    /// Minute at which it ends, 1 to 1440, itself outside. Not after `from_minute`: that minute of the next day.
    pub to_minute: u16,
}

/// A day on which these windows begin and no others.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct ExceptionDay {
    /// Calendar day, counted from 1970-01-01.
    pub day: i32,
    /// What begins on it; nothing means closed.
    pub spans: Vec<Span>,
}

/// Days that are no common ones: holidays, half days, works meetings.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Calendar {
    /// Which calendar.
    pub id: CalendarId,
    /// Its days, ascending, each once.
    pub days: Vec<CalendarDay>,
}

/// A day with a type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct CalendarDay {
    /// Calendar day, counted from 1970-01-01.
    pub day: i32,
    /// Its type, below [`DAY_TYPES_MAX`].
    pub day_type: u8,
}

/// A window on the day on which it began.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct OpenWindow {
    /// Calendar day, counted from 1970-01-01.
    pub day: i64,
    /// Its minutes.
    pub span: Span,
}

impl Calendar {
    /// The type of a day, unless it is a common one.
    pub fn day_type(&self, day: i64) -> Option<u8> {
        let day = i32::try_from(day).ok()?;
        let place = self.days.binary_search_by_key(&day, |entry| entry.day).ok()?;
        Some(self.days[place].day_type)
    }

    /// Whether days ascend, each once, and types are in range.
    pub fn is_well_formed(&self) -> bool {
        self.days.windows(2).all(|pair| pair[0].day < pair[1].day)
            && self.days.iter().all(|day| day.day_type < DAY_TYPES_MAX)
    }
}

impl Schedule {
    /// Whether the schedule is open when the wall shows `local`.
    pub fn is_open(&self, calendar: Option<&Calendar>, local: LocalTime) -> bool {
        self.windows_at(calendar, local).next().is_some()
    }

    /// Windows that are open when the wall shows `local`.
    pub fn windows_at(&self, calendar: Option<&Calendar>, local: LocalTime) -> impl Iterator<Item = OpenWindow> {
        let before = local.day.saturating_sub(1);
        let from_before = self.begun_on(calendar, before).filter(move |span| span.reaches_next_day(local.ms_of_day));
        let from_today = self.begun_on(calendar, local.day).filter(move |span| span.holds_on_its_day(local.ms_of_day));
        let open = |day: i64| move |span: &Span| OpenWindow { day, span: *span };
        from_before.map(open(before)).chain(from_today.map(open(local.day)))
    }

    /// Whether some window is open at both, begun on the same day.
    pub fn share_a_window(&self, calendar: Option<&Calendar>, now: LocalTime, then: LocalTime) -> bool {
        self.windows_at(calendar, now).any(|window| self.windows_at(calendar, then).any(|other| other == window))
    }

    /// Whether exceptions ascend, each day once, and every window has a day and a length.
    pub fn is_well_formed(&self) -> bool {
        self.windows.iter().all(Window::is_well_formed)
            && self.exceptions.windows(2).all(|pair| pair[0].day < pair[1].day)
            && self.exceptions.iter().flat_map(|day| &day.spans).all(Span::is_well_formed)
    }

    /// Minutes of the windows that begin on a day.
    pub(crate) fn begun_on(&self, calendar: Option<&Calendar>, day: i64) -> impl Iterator<Item = &Span> {
        let exception = self.exception(day);
        let day_type = calendar.and_then(|calendar| calendar.day_type(day));
        let begins = move |window: &&Window| match day_type {
            Some(day_type) => window.day_types & (1 << day_type) != 0,
            None => window.days & Weekday::of_day(day).bit() != 0,
        };
        let usual = if exception.is_some() { &[][..] } else { &self.windows };
        let instead = exception.map_or(&[][..], |exception| &exception.spans);
        instead.iter().chain(usual.iter().filter(begins).map(|window| &window.span))
    }

    fn exception(&self, day: i64) -> Option<&ExceptionDay> {
        let day = i32::try_from(day).ok()?;
        let place = self.exceptions.binary_search_by_key(&day, |exception| exception.day).ok()?;
        Some(&self.exceptions[place])
    }
}

impl Window {
    /// Whether the numbers make a window: at least one day or day type, minutes in range, not empty.
    pub fn is_well_formed(&self) -> bool {
        (self.days != 0 || self.day_types != 0) && self.days < 1 << 7 && self.span.is_well_formed()
    }
}

impl Span {
    /// Whether minutes are in range and some lie inside.
    pub fn is_well_formed(&self) -> bool {
        self.from_minute < MINUTES_PER_DAY
            && (1..=MINUTES_PER_DAY).contains(&self.to_minute)
            && self.from_minute != self.to_minute
    }

    fn is_over_midnight(&self) -> bool {
        self.to_minute <= self.from_minute
    }

    fn holds_on_its_day(&self, ms_of_day: i64) -> bool {
        ms_of_day >= i64::from(self.from_minute) * 60_000
            && (self.is_over_midnight() || ms_of_day < i64::from(self.to_minute) * 60_000)
    }

    fn reaches_next_day(&self, ms_of_day: i64) -> bool {
        self.is_over_midnight() && ms_of_day < i64::from(self.to_minute) * 60_000
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
            day_types: 0,
            span: Span { from_minute: from.0 * 60 + from.1, to_minute: to.0 * 60 + to.1 },
        }
    }

    fn is_open(window: Window, local: LocalTime) -> bool {
        let schedule = Schedule { id: uuid::Uuid::nil().into(), windows: vec![window], exceptions: Vec::new() };
        schedule.is_open(None, local)
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
            assert_eq!(is_open(window, local), expected, "{name}");
        }
    }

    #[test]
    fn a_day_type_takes_the_place_of_the_weekday_and_an_exception_that_of_both() {
        let monday = 4;
        let calendar = Calendar { id: uuid::Uuid::nil().into(), days: vec![CalendarDay { day: monday, day_type: 2 }] };
        let mut schedule = Schedule {
            id: uuid::Uuid::nil().into(),
            windows: vec![
                window(&[Weekday::Monday, Weekday::Tuesday], (7, 0), (19, 0)),
                Window { days: 0, day_types: 1 << 2, span: Span { from_minute: 22 * 60, to_minute: 2 * 60 } },
            ],
            exceptions: Vec::new(),
        };
        let open = |schedule: &Schedule, local| schedule.is_open(Some(&calendar), local);
        assert!(!open(&schedule, at(0, 12, 0)), "a holiday is no Monday");
        assert!(open(&schedule, at(0, 23, 0)), "the holiday's own window");
        assert!(open(&schedule, at(1, 1, 0)), "it goes on into the Tuesday");
        assert!(open(&schedule, at(1, 12, 0)), "a common Tuesday");
        schedule.exceptions =
            vec![ExceptionDay { day: monday, spans: vec![Span { from_minute: 600, to_minute: 660 }] }];
        assert!(open(&schedule, at(0, 10, 30)) && !open(&schedule, at(0, 23, 0)) && !open(&schedule, at(1, 1, 0)));
        let windows: Vec<_> = schedule.windows_at(Some(&calendar), at(0, 10, 59)).collect();
        assert_eq!(windows, [OpenWindow { day: 4, span: Span { from_minute: 600, to_minute: 660 } }]);
        assert!(schedule.share_a_window(Some(&calendar), at(0, 10, 59), at(0, 10, 0)));
        assert!(!schedule.share_a_window(Some(&calendar), at(0, 10, 59), at(0, 9, 0)));
    }

    proptest! {
        #[test]
        fn a_window_is_open_as_long_as_it_says(days in 1u8..128, from in 0u16..1440, to in 1u16..=1440) {
            let window = Window { days, day_types: 0, span: Span { from_minute: from, to_minute: to } };
            prop_assume!(window.is_well_formed());
            let open = (0..7 * 1440i64)
                .filter(|minute| {
                    let ms = minute * 60_000;
                    is_open(window, LocalTime { day: 4 + ms / DAY_MS, ms_of_day: ms % DAY_MS })
                })
                .count() as u32;
            let length = u32::from((to + 1440 - from - 1) % 1440 + 1);
            prop_assert_eq!(open, days.count_ones() * length);
        }
    }
}
