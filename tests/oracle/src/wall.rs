//! The clock on the wall, and what windows are open when it shows something.

use access_core::policy::{Calendar, Schedule, Span};
use access_core::time::{UnixMs, Zone};

/// Milliseconds in a minute.
const MINUTE_MS: i64 = 60_000;
/// Milliseconds in a day that the clocks leave alone.
const DAY_MS: i64 = 24 * 60 * MINUTE_MS;

/// What a clock on the wall shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wall {
    /// Calendar day, counted from 1970-01-01.
    pub day: i64,
    /// Milliseconds after midnight, as the hands show them.
    pub ms: i64,
}

/// What the clocks of a zone show at an instant: UTC and the offset of the last change that has come.
pub fn wall(zone: &Zone, at: UnixMs) -> Wall {
    let mut offset_s = zone.first_offset_s;
    for change in &zone.offsets {
        if change.from.0 <= at.0 {
            offset_s = change.offset_s;
        }
    }
    let shown = at.0 + i64::from(offset_s) * 1000;
    Wall { day: shown.div_euclid(DAY_MS), ms: shown.rem_euclid(DAY_MS) }
}

/// The place of a day in the week, 0 for Monday: 1970-01-01 was a Thursday.
pub fn weekday(day: i64) -> u32 {
    const THURSDAY: i64 = 3;
    (day + THURSDAY).rem_euclid(7) as u32
}

/// Windows that begin on a day.
pub fn beginning_on(schedule: &Schedule, calendar: Option<&Calendar>, day: i64) -> Vec<Span> {
    for exception in &schedule.exceptions {
        if i64::from(exception.day) == day {
            return exception.spans.clone();
        }
    }
    let mut day_type = None;
    for typed in calendar.iter().flat_map(|calendar| &calendar.days) {
        if i64::from(typed.day) == day {
            day_type = Some(typed.day_type);
        }
    }
    let mut spans = Vec::new();
    for window in &schedule.windows {
        let begins = match day_type {
            None => window.days & (1 << weekday(day)) != 0,
            Some(day_type) => window.day_types & (1 << day_type) != 0,
        };
        if begins {
            spans.push(window.span);
        }
    }
    spans
}

/// Windows that are open when the wall shows `shown`, each with the day on which it began.
pub fn open(schedule: &Schedule, calendar: Option<&Calendar>, shown: Wall) -> Vec<(i64, Span)> {
    let mut open = Vec::new();
    for span in beginning_on(schedule, calendar, shown.day) {
        let is_over_midnight = span.to_minute <= span.from_minute;
        let has_begun = shown.ms >= i64::from(span.from_minute) * MINUTE_MS;
        let has_ended = !is_over_midnight && shown.ms >= i64::from(span.to_minute) * MINUTE_MS;
        if has_begun && !has_ended {
            open.push((shown.day, span));
        }
    }
    for span in beginning_on(schedule, calendar, shown.day - 1) {
        let is_over_midnight = span.to_minute <= span.from_minute;
        let has_ended = shown.ms >= i64::from(span.to_minute) * MINUTE_MS;
        if is_over_midnight && !has_ended {
            open.push((shown.day - 1, span));
        }
    }
    open
}
