//! Weekly windows as people write them (`mon`, `07:00`) and as the rules hold them (bits and minutes).

use crate::http::words;
use access_core::policy::{MINUTES_PER_DAY, Span, Window};
use access_core::time::Weekday;
use access_core::word::Word as _;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A stretch of time on some days of the week, by the clock on the site's wall.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WeekWindow {
    /// Days on which it begins: `mon` to `sun`.
    #[schema(value_type = Vec<words::Weekday>)]
    pub days: Vec<Weekday>,
    /// `HH:MM` at which it begins, `00:00` to `23:59`.
    #[schema(example = "07:00")]
    pub from: String,
    /// `HH:MM` at which it ends, itself outside; `24:00` is midnight. Not after `from`: on the next day.
    #[schema(example = "19:00")]
    pub to: String,
}

/// Why a window can't be taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WindowError {
    /// No day, or one of them twice.
    #[error("`days` must name at least one day, and none twice")]
    Days,
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
        let days = self.days.iter().fold(0, |bits, day| bits | day.bit());
        if days == 0 || days.count_ones() as usize != self.days.len() {
            return Err(WindowError::Days);
        }
        let span = Span { from_minute: minute(&self.from)?, to_minute: minute(&self.to)? };
        let window = Window { days, day_types: 0, span };
        if window.span.from_minute == MINUTES_PER_DAY {
            return Err(WindowError::Time(self.from.clone()));
        }
        if window.span.to_minute == 0 {
            return Self { to: "24:00".to_owned(), ..self.clone() }.to_rule();
        }
        if window.is_well_formed() { Ok(window) } else { Err(WindowError::Empty) }
    }

    /// The window as people write it.
    pub fn from_rule(window: &Window) -> Self {
        let clock = |minute: u16| format!("{:02}:{:02}", minute / 60, minute % 60);
        Self {
            days: Weekday::ALL.iter().copied().filter(|day| window.days & day.bit() != 0).collect(),
            from: clock(window.span.from_minute),
            to: clock(window.span.to_minute),
        }
    }
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
        WeekWindow { days: days.to_vec(), from: from.to_owned(), to: to.to_owned() }
    }

    #[test]
    fn windows_survive_the_way_there_and_back() {
        use Weekday::{Friday, Monday, Sunday};
        for (from, to) in [("07:00", "19:00"), ("22:00", "06:00"), ("00:00", "24:00"), ("23:59", "00:01")] {
            let written = window(&[Monday, Friday, Sunday], from, to);
            assert_eq!(WeekWindow::from_rule(&written.to_rule().unwrap()), written);
        }
        assert_eq!(window(&[Monday], "18:00", "00:00").to_rule().unwrap().span.to_minute, MINUTES_PER_DAY);
    }

    #[test]
    fn what_is_no_window_is_named() {
        use Weekday::Monday;
        let cases = [
            (window(&[], "07:00", "19:00"), WindowError::Days),
            (window(&[Monday, Monday], "07:00", "19:00"), WindowError::Days),
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
