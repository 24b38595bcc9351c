//! Windows as people write them (`mon`, `07:00`) and as the rules hold them (bits and minutes).

use crate::http::words;
use access_core::policy::{DAY_TYPES_MAX, MINUTES_PER_DAY, Span, Window};
use access_core::time::Weekday;
use access_core::word::Word as _;
use chrono::{Datelike as _, NaiveDate};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A stretch of time on some days, by the clock on the site's wall.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WeekWindow {
    /// Days on which it begins, `mon` to `sun`, where the site's calendar gives the day no type.
    #[schema(value_type = Vec<words::Weekday>)]
    pub days: Vec<Weekday>,
    /// Numbers of day types on which it begins, 0 to 7. A window has a day or a day type.
    #[serde(default)]
    pub day_types: Vec<u8>,
    /// `HH:MM` at which it begins, `00:00` to `23:59`.
    #[schema(example = "07:00")]
    pub from: String,
    /// `HH:MM` at which it ends, itself outside; `24:00` is midnight. Not after `from`: on the next day.
    #[schema(example = "19:00")]
    pub to: String,
}

/// A stretch of time on a day that is named otherwise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DayWindow {
    /// `HH:MM` at which it begins, `00:00` to `23:59`.
    #[schema(example = "07:00")]
    pub from: String,
    /// `HH:MM` at which it ends, itself outside; `24:00` is midnight. Not after `from`: on the next day.
    #[schema(example = "12:00")]
    pub to: String,
}

/// A day on which these windows begin, and none of the schedule's others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ScheduleException {
    /// Which day, by the clock on the site's wall.
    pub day: NaiveDate,
    /// What begins on it; nothing means closed. At most 64.
    pub windows: Vec<DayWindow>,
}

/// Why a window can't be taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WindowError {
    /// No day, or one of them twice.
    #[error("must name at least one day or day type, and none twice")]
    Days,
    /// Not a day type.
    #[error("`{0}` is not the number of a day type, 0 to {max}", max = DAY_TYPES_MAX - 1)]
    DayType(u8),
    /// Not a time of day.
    #[error("`{0}` is not a time of day as HH:MM")]
    Time(String),
    /// Begins when it ends.
    #[error("a window must not begin and end at the same minute; a whole day is 00:00 to 24:00")]
    Empty,
}

impl WeekWindow {
    /// The window as the rules hold it.
    pub fn to_rule(&self) -> Result<Window, WindowError> {
        if let Some(unknown) = self.day_types.iter().find(|number| **number >= DAY_TYPES_MAX) {
            return Err(WindowError::DayType(*unknown));
        }
        let days = self.days.iter().fold(0, |bits, day| bits | day.bit());
        let day_types = self.day_types.iter().fold(0_u8, |bits, number| bits | 1 << number);
        let named = (days.count_ones() + day_types.count_ones()) as usize;
        if named == 0 || named != self.days.len() + self.day_types.len() {
            return Err(WindowError::Days);
        }
        Ok(Window { days, day_types, span: span(&self.from, &self.to)? })
    }

    /// The window as people write it.
    pub fn from_rule(window: &Window) -> Self {
        let DayWindow { from, to } = DayWindow::from_rule(&window.span);
        Self {
            days: Weekday::ALL.iter().copied().filter(|day| window.days & day.bit() != 0).collect(),
            day_types: (0..DAY_TYPES_MAX).filter(|number| window.day_types & 1 << number != 0).collect(),
            from,
            to,
        }
    }
}

impl DayWindow {
    /// The minutes as the rules hold them.
    pub fn to_rule(&self) -> Result<Span, WindowError> {
        span(&self.from, &self.to)
    }

    /// The minutes as people write them.
    pub fn from_rule(span: &Span) -> Self {
        let clock = |minute: u16| format!("{:02}:{:02}", minute / 60, minute % 60);
        Self { from: clock(span.from_minute), to: clock(span.to_minute) }
    }
}

impl ScheduleException {
    /// The day, counted from 1970-01-01; none before it, or after the year 9999.
    pub fn day_number(&self) -> Option<i32> {
        day_number(self.day)
    }

    /// What begins on it, as the rules hold it.
    pub fn spans(&self) -> Result<Vec<Span>, WindowError> {
        self.windows.iter().map(DayWindow::to_rule).collect()
    }
}

/// A calendar day as rules count it, from 1970-01-01; none before that, or after the year 9999.
pub fn day_number(day: NaiveDate) -> Option<i32> {
    let number = day.signed_duration_since(NaiveDate::default()).num_days();
    i32::try_from(number).ok().filter(|number| *number >= 0 && day.year() <= 9999)
}

fn span(from: &str, to: &str) -> Result<Span, WindowError> {
    let (from_minute, to_minute) = (minute(from)?, minute(to)?);
    if from_minute == MINUTES_PER_DAY {
        return Err(WindowError::Time(from.to_owned()));
    }
    // Midnight at the end of a day may be written as that of the next.
    let span = Span { from_minute, to_minute: if to_minute == 0 { MINUTES_PER_DAY } else { to_minute } };
    if span.is_well_formed() { Ok(span) } else { Err(WindowError::Empty) }
}

fn minute(text: &str) -> Result<u16, WindowError> {
    let wrong = || WindowError::Time(text.to_owned());
    let (hours, minutes) = text.split_once(':').ok_or_else(wrong)?;
    let number = |digits: &str| match digits.len() == 2 && digits.bytes().all(|byte| byte.is_ascii_digit()) {
        true => digits.parse::<u16>().map_err(|_| wrong()),
        false => Err(wrong()),
    };
    let (hours, minutes) = (number(hours)?, number(minutes)?);
    let minute = hours * 60 + minutes;
    if minutes < 60 && minute <= MINUTES_PER_DAY { Ok(minute) } else { Err(wrong()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(days: &[Weekday], from: &str, to: &str) -> WeekWindow {
        WeekWindow { days: days.to_vec(), day_types: Vec::new(), from: from.to_owned(), to: to.to_owned() }
    }

    fn on_types(window: WeekWindow, day_types: &[u8]) -> WeekWindow {
        WeekWindow { day_types: day_types.to_vec(), ..window }
    }

    #[test]
    fn windows_survive_the_way_there_and_back() {
        use Weekday::{Friday, Monday, Sunday};
        for (from, to) in [("07:00", "19:00"), ("22:00", "06:00"), ("00:00", "24:00"), ("23:59", "00:01")] {
            let written = window(&[Monday, Friday, Sunday], from, to);
            assert_eq!(WeekWindow::from_rule(&written.to_rule().unwrap()), written);
            let holidays = on_types(window(&[], from, to), &[0, 7]);
            assert_eq!(WeekWindow::from_rule(&holidays.to_rule().unwrap()), holidays);
        }
        assert_eq!(window(&[Monday], "18:00", "00:00").to_rule().unwrap().span.to_minute, MINUTES_PER_DAY);
    }

    #[test]
    fn what_is_no_window_is_named() {
        use Weekday::Monday;
        let cases = [
            (window(&[], "07:00", "19:00"), WindowError::Days),
            (window(&[Monday, Monday], "07:00", "19:00"), WindowError::Days),
            (on_types(window(&[Monday], "07:00", "19:00"), &[8]), WindowError::DayType(8)),
            (on_types(window(&[Monday], "07:00", "19:00"), &[3, 3]), WindowError::Days),
            (window(&[Monday], "7:00", "19:00"), WindowError::Time("7:00".to_owned())),
            (window(&[Monday], "24:00", "19:00"), WindowError::Time("24:00".to_owned())),
            (window(&[Monday], "07:60", "19:00"), WindowError::Time("07:60".to_owned())),
            (window(&[Monday], "07:00", "24:01"), WindowError::Time("24:01".to_owned())),
            (window(&[Monday], "07:00", "+9:00"), WindowError::Time("+9:00".to_owned())),
            (window(&[Monday], "07:00", "07:00"), WindowError::Empty),
        ];
        for (window, error) in cases {
            assert_eq!(window.to_rule(), Err(error), "{window:?}");
        }
    }
}
