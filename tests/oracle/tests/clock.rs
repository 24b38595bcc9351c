//! Windows in real zones around the changes of their clocks: a third opinion, from the zone database by way of `jiff`, on what the
//! clock on the wall shows and which windows are open then.
#![expect(clippy::unwrap_used, reason = "a zone or date that is not there ends the test")]

use access_core::policy::{ExceptionDay, Schedule, Span, Window};
use access_core::time::{UnixMs, Zone, ZoneOffset};
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};
use oracle::dice::{Dice, any_dice, cases};
use oracle::tenant::id;
use oracle::wall::{open, wall};
use proptest::prelude::*;

/// Half an hour, another half hour, a whole day left out, changes before Ramadan, quarter hours, two hours, no change at all.
const ZONES: [&str; 10] = [
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
    "Pacific/Apia",
    "Africa/Casablanca",
    "Pacific/Chatham",
    "Antarctica/Troll",
    "America/St_Johns",
    "UTC",
];

fn since_epoch(date: Date) -> i64 {
    i64::from(date.since((jiff::Unit::Day, Date::constant(1970, 1, 1))).unwrap().get_days())
}

/// A zone of the database as a policy carries it, from 2005 on.
fn carried(name: &str) -> Zone {
    let zone = TimeZone::get(name).unwrap();
    let (begin, end) = (Timestamp::from_second(1_104_537_600).unwrap(), Timestamp::from_second(1_893_456_000).unwrap());
    let changes = zone.following(begin).take_while(|change| change.timestamp() < end);
    let offsets = changes.map(|change| ZoneOffset {
        from: UnixMs(change.timestamp().as_millisecond()),
        offset_s: change.offset().seconds(),
    });
    Zone { name: name.to_owned(), first_offset_s: zone.to_offset(begin).seconds(), offsets: offsets.collect() }
}

/// What the database says that the wall shows.
fn shown_by(zone: &str, at: UnixMs) -> DateTime {
    TimeZone::get(zone).unwrap().to_datetime(Timestamp::from_millisecond(at.0).unwrap())
}

/// When a window that begins on a date begins and ends, by the wall.
fn stretch(date: Date, span: Span) -> (DateTime, DateTime) {
    let midnight = date.at(0, 0, 0, 0);
    let is_over_midnight = span.to_minute <= span.from_minute;
    let last_date = if is_over_midnight { midnight + 1.day() } else { midnight };
    (midnight + i64::from(span.from_minute).minutes(), last_date + i64::from(span.to_minute).minutes())
}

/// Days on which windows that are open at a time on the wall began, by the calendar alone.
fn open_by_calendar(schedule: &Schedule, shown: DateTime) -> Vec<(i64, Span)> {
    let mut open = Vec::new();
    for date in [shown.date() - 1.day(), shown.date()] {
        let excepted = schedule.exceptions.iter().find(|exception| i64::from(exception.day) == since_epoch(date));
        let weekday = 1_u8 << date.weekday().to_monday_zero_offset();
        let weekly = schedule.windows.iter().filter(|window| window.days & weekday != 0).map(|window| window.span);
        let spans = excepted.map_or_else(|| weekly.collect(), |exception| exception.spans.clone());
        for span in spans {
            let (from, to) = stretch(date, span);
            open.extend((from <= shown && shown < to).then_some((since_epoch(date), span)));
        }
    }
    open.sort();
    open
}

#[derive(Debug, Clone)]
struct Hour {
    zone: &'static str,
    schedule: Schedule,
    at: UnixMs,
}

fn hour(mut dice: Dice) -> Hour {
    let dice = &mut dice;
    let zone = dice.pick(&ZONES);
    let changes = carried(zone).offsets;
    let change = changes.get(usize::from(dice.below(64))).map_or(UnixMs(1_325_203_200_000), |change| change.from);
    let quarters = i64::from(dice.below(241)) - 120;
    let at = UnixMs(change.0 + quarters * 900_000 + dice.pick(&[0, 1, -1]));
    let span = |dice: &mut Dice| {
        let (from, to) = (dice.below(96), dice.below(96) + 1);
        Span { from_minute: from * 15, to_minute: if from == to { 1_440 } else { to * 15 } }
    };
    let day = shown_by(zone, at).date();
    let day = since_epoch(day) as i32 - i32::from(dice.below(2));
    let windows = dice.several(2, |dice| Window { days: dice.pick(&[127, 31, 96]), day_types: 0, span: span(dice) });
    let exceptions = dice.some_in(3, |dice| ExceptionDay { day, spans: dice.several(2, span) });
    Hour { zone, schedule: Schedule { id: id(1), windows, exceptions: exceptions.into_iter().collect() }, at }
}

proptest! {
    #![proptest_config(cases(20_000))]

    #[test]
    fn walls_and_windows_are_the_calendars(hour in any_dice(24).prop_map(hour)) {
        let zone = carried(hour.zone);
        let shown = shown_by(hour.zone, hour.at);
        let expected = open_by_calendar(&hour.schedule, shown);
        let mut by_oracle = open(&hour.schedule, None, wall(&zone, hour.at));
        by_oracle.sort();
        prop_assert_eq!(&by_oracle, &expected, "the wall shows {}", shown);
        let local = zone.local(hour.at);
        let mut by_core: Vec<_> = hour.schedule.windows_at(None, local).map(|window| (window.day, window.span)).collect();
        by_core.sort();
        prop_assert_eq!(&by_core, &expected, "the wall shows {}", shown);
        prop_assert_eq!(hour.schedule.is_open(None, local), !expected.is_empty());
    }
}

#[test]
fn a_window_in_the_missing_hour_begins_at_its_end() {
    // 29 March 2026: Berlin's clocks go from 02:00 to 03:00 at 01:00 UTC.
    let zone = carried("Europe/Berlin");
    let window = |from_minute, to_minute| Schedule {
        id: id(1),
        windows: vec![Window { days: 127, day_types: 0, span: Span { from_minute, to_minute } }],
        exceptions: Vec::new(),
    };
    let is_open = |schedule: &Schedule, at| !open(schedule, None, wall(&zone, UnixMs(at))).is_empty();
    let change = 1_774_746_000_000;
    let begins_within = window(150, 240);
    assert!(!is_open(&begins_within, change - 1) && is_open(&begins_within, change));
    let lies_within = window(120, 180);
    assert!(!is_open(&lies_within, change - 1) && !is_open(&lies_within, change));
    // 25 October 2026: from 03:00 back to 02:00 at 01:00 UTC; both passes of 02:15 count.
    let back = 1_792_890_000_000;
    let repeated = window(130, 140);
    assert!(is_open(&repeated, back - 45 * 60_000) && is_open(&repeated, back + 15 * 60_000));
    assert!(!is_open(&repeated, back));
}
