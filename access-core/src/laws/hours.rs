//! Tables of hours: windows on the days on which clocks change, in zones that there are. Offsets are those of the IANA database,
//! written down here; what a schedule means must not depend on anybody's copy of it.

use crate::intervals::{Interval, Intervals};
use crate::policy::samples::id;
use crate::policy::{Calendar, CalendarDay, ExceptionDay, Schedule, Span, Window};
use crate::time::{DAY_MS, UnixMs, Weekday, Zone, ZoneOffset};

/// `2026-03-29 01:00` in UTC.
fn utc(text: &str) -> UnixMs {
    let number = |range: std::ops::Range<usize>| text[range].parse::<i64>().unwrap();
    let (hour, minute) = (number(11..13), number(14..16));
    UnixMs(day(&text[..10]) * DAY_MS + (hour * 60 + minute) * 60_000)
}

/// Calendar day of `2026-03-29`, counted from 1970-01-01 (days from civil, after Howard Hinnant).
fn day(text: &str) -> i64 {
    let number = |range: std::ops::Range<usize>| text[range].parse::<i64>().unwrap();
    let (month, day) = (number(5..7), number(8..10));
    let year = number(0..4) - i64::from(month <= 2);
    let (era, year_of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

fn zone(name: &str, first_offset_s: i32, changes: &[(&str, i32)]) -> Zone {
    let offsets = changes.iter().map(|(from, offset_s)| ZoneOffset { from: utc(from), offset_s: *offset_s });
    Zone { name: name.to_owned(), first_offset_s, offsets: offsets.collect() }
}

fn berlin() -> Zone {
    zone("Europe/Berlin", 3_600, &[("2026-03-29 01:00", 7_200), ("2026-10-25 01:00", 3_600)])
}

fn new_york() -> Zone {
    zone("America/New_York", -18_000, &[("2026-03-08 07:00", -14_400), ("2026-11-01 06:00", -18_000)])
}

/// Half an hour, not a whole one.
fn lord_howe() -> Zone {
    zone("Australia/Lord_Howe", 39_600, &[("2026-04-04 15:00", 37_800), ("2026-10-03 15:30", 39_600)])
}

fn kathmandu() -> Zone {
    zone("Asia/Kathmandu", 20_700, &[])
}

/// Friday 30 December 2011 did not occur.
fn apia() -> Zone {
    zone(
        "Pacific/Apia",
        -36_000,
        &[("2011-04-02 14:00", -39_600), ("2011-09-24 14:00", -36_000), ("2011-12-30 10:00", 50_400)],
    )
}

/// `22:00-06:00`.
fn span(text: &str) -> Span {
    let minute = |text: &str| text[..2].parse::<u16>().unwrap() * 60 + text[3..].parse::<u16>().unwrap();
    Span { from_minute: minute(&text[..5]), to_minute: minute(&text[6..]) }
}

fn on(weekday: Weekday, text: &str) -> Window {
    Window { days: weekday.bit(), day_types: 0, span: span(text) }
}

fn schedule(windows: &[Window]) -> Schedule {
    Schedule { id: id(1), windows: windows.to_vec(), exceptions: Vec::new() }
}

/// The schedule is open in a stretch at exactly these times in UTC, whether one asks for the stretch or for each minute.
fn check(
    name: &str,
    zone: &Zone,
    calendar: Option<&Calendar>,
    schedule: &Schedule,
    days: (&str, &str),
    open: &[(&str, &str)],
) {
    assert!(schedule.is_well_formed() && zone.is_well_formed(), "{name}");
    let (from, until) = (UnixMs(day(days.0) * DAY_MS), UnixMs((day(days.1) + 1) * DAY_MS));
    let interval = |(from, until): &(&str, &str)| Interval { from: utc(from), until: utc(until) };
    let expected = Intervals::of(open.iter().map(interval).collect());
    assert_eq!(schedule.times(calendar, zone, from, until), expected, "{name}");
    for minute in 0..until.since(from) / 60_000 {
        for at in [from.plus_ms(minute * 60_000), from.plus_ms(minute * 60_000 + 59_999)] {
            assert_eq!(schedule.is_open(calendar, zone.local(at)), expected.holds(at), "{name}: {at}");
        }
    }
}

/// From and until, in UTC.
type Times<'a> = &'a [(&'a str, &'a str)];
/// Zone, window, first and last day looked at, and when it is open.
type Line<'a> = (&'a str, Zone, Window, (&'a str, &'a str), Times<'a>);

#[test]
fn clocks_that_go_forward() {
    use Weekday::{Saturday, Sunday};
    let march = ("2026-03-28", "2026-03-29");
    let cases: [Line<'_>; 8] = [
        (
            "begins in the missing hour",
            berlin(),
            on(Sunday, "02:30-05:00"),
            march,
            &[("2026-03-29 01:00", "2026-03-29 03:00")],
        ),
        ("lies in it", berlin(), on(Sunday, "02:15-02:45"), march, &[]),
        ("is it", berlin(), on(Sunday, "02:00-03:00"), march, &[]),
        ("ends in it", berlin(), on(Sunday, "01:00-02:30"), march, &[("2026-03-29 00:00", "2026-03-29 01:00")]),
        (
            "over it from the day before",
            berlin(),
            on(Saturday, "22:00-06:00"),
            march,
            &[("2026-03-28 21:00", "2026-03-29 04:00")],
        ),
        ("a day of 23 hours", berlin(), on(Sunday, "00:00-24:00"), march, &[("2026-03-28 23:00", "2026-03-29 22:00")]),
        (
            "New York",
            new_york(),
            on(Sunday, "02:30-05:00"),
            ("2026-03-07", "2026-03-09"),
            &[("2026-03-08 07:00", "2026-03-08 09:00")],
        ),
        (
            "Lord Howe, by half an hour",
            lord_howe(),
            on(Sunday, "02:15-03:00"),
            ("2026-10-03", "2026-10-04"),
            &[("2026-10-03 15:30", "2026-10-03 16:00")],
        ),
    ];
    for (name, zone, window, days, open) in cases {
        check(name, &zone, None, &schedule(&[window]), days, open);
    }
}

#[test]
fn clocks_that_go_back() {
    use Weekday::{Saturday, Sunday};
    let october = ("2026-10-24", "2026-10-25");
    let cases: [Line<'_>; 7] = [
        (
            "lies in the repeated hour",
            berlin(),
            on(Sunday, "02:15-02:45"),
            october,
            &[("2026-10-25 00:15", "2026-10-25 00:45"), ("2026-10-25 01:15", "2026-10-25 01:45")],
        ),
        (
            "ends in it",
            berlin(),
            on(Sunday, "01:00-02:30"),
            october,
            &[("2026-10-24 23:00", "2026-10-25 00:30"), ("2026-10-25 01:00", "2026-10-25 01:30")],
        ),
        (
            "begins in it",
            berlin(),
            on(Sunday, "02:30-04:00"),
            october,
            &[("2026-10-25 00:30", "2026-10-25 01:00"), ("2026-10-25 01:30", "2026-10-25 03:00")],
        ),
        (
            "over it from the day before",
            berlin(),
            on(Saturday, "22:00-06:00"),
            october,
            &[("2026-10-24 20:00", "2026-10-25 05:00")],
        ),
        (
            "a day of 25 hours",
            berlin(),
            on(Sunday, "00:00-24:00"),
            october,
            &[("2026-10-24 22:00", "2026-10-25 23:00")],
        ),
        (
            "New York",
            new_york(),
            on(Sunday, "01:15-01:45"),
            ("2026-10-31", "2026-11-02"),
            &[("2026-11-01 05:15", "2026-11-01 05:45"), ("2026-11-01 06:15", "2026-11-01 06:45")],
        ),
        (
            "Lord Howe, by half an hour",
            lord_howe(),
            on(Sunday, "01:45-01:50"),
            ("2026-04-04", "2026-04-05"),
            &[("2026-04-04 14:45", "2026-04-04 14:50"), ("2026-04-04 15:15", "2026-04-04 15:20")],
        ),
    ];
    for (name, zone, window, days, open) in cases {
        check(name, &zone, None, &schedule(&[window]), days, open);
    }
}

#[test]
fn a_day_that_never_was() {
    use Weekday::{Friday, Saturday, Thursday};
    let days = ("2011-12-29", "2012-01-01");
    let cases: [(&str, Window, Times<'_>); 4] = [
        ("on the missing Friday", on(Friday, "08:00-17:00"), &[]),
        ("begun on it, into the Saturday", on(Friday, "22:00-06:00"), &[("2011-12-30 10:00", "2011-12-30 16:00")]),
        ("begun before it, into it", on(Thursday, "22:00-06:00"), &[("2011-12-30 08:00", "2011-12-30 10:00")]),
        ("the day after", on(Saturday, "00:00-24:00"), &[("2011-12-30 10:00", "2011-12-31 10:00")]),
    ];
    for (name, window, open) in cases {
        check(name, &apia(), None, &schedule(&[window]), days, open);
    }
}

#[test]
fn quarters_year_ends_and_leap_days() {
    use Weekday::{Monday, Thursday, Tuesday};
    check(
        "Kathmandu, by a quarter",
        &kathmandu(),
        None,
        &schedule(&[on(Monday, "09:00-17:00")]),
        ("2026-01-04", "2026-01-06"),
        &[("2026-01-05 03:15", "2026-01-05 11:15")],
    );
    check(
        "over the end of the year",
        &berlin(),
        None,
        &schedule(&[on(Thursday, "22:00-02:00")]),
        ("2026-12-30", "2027-01-02"),
        &[("2026-12-31 21:00", "2027-01-01 01:00")],
    );
    check(
        "over the end of a leap day",
        &Zone::utc(),
        None,
        &schedule(&[on(Tuesday, "23:00-01:00")]),
        ("2028-02-28", "2028-03-02"),
        &[("2028-02-29 23:00", "2028-03-01 01:00")],
    );
    let mut exception = schedule(&[on(Tuesday, "23:00-01:00")]);
    exception.exceptions.push(ExceptionDay { day: day("2028-02-29") as i32, spans: vec![span("08:00-09:00")] });
    let open = [("2028-02-29 08:00", "2028-02-29 09:00")];
    check("an exception on a leap day", &Zone::utc(), None, &exception, ("2028-02-28", "2028-03-02"), &open);
}

#[test]
fn holidays_begin_and_end_at_midnight_and_windows_do_not() {
    use Weekday::{Friday, Thursday, Wednesday};
    let calendar = |days: &[&str]| Calendar {
        id: id(1),
        days: days.iter().map(|text| CalendarDay { day: day(text) as i32, day_type: 0 }).collect(),
    };
    // New Year's Day 2027 is a Friday.
    let new_year = calendar(&["2027-01-01"]);
    let days = ("2026-12-30", "2027-01-02");
    let holidays = |text| Window { days: 0, day_types: 1, span: span(text) };
    let night = schedule(&[on(Thursday, "22:00-06:00")]);
    let open = [("2026-12-31 22:00", "2027-01-01 06:00")];
    check("into a holiday", &Zone::utc(), Some(&new_year), &night, days, &open);
    let old_years_eve = calendar(&["2026-12-31"]);
    check("out of a holiday, on which it does not begin", &Zone::utc(), Some(&old_years_eve), &night, days, &[]);
    let of_holidays = schedule(&[holidays("22:00-06:00"), on(Friday, "08:00-12:00"), on(Wednesday, "08:00-09:00")]);
    check(
        "a holiday's window goes on after it",
        &Zone::utc(),
        Some(&old_years_eve),
        &of_holidays,
        days,
        &[
            ("2026-12-30 08:00", "2026-12-30 09:00"),
            ("2026-12-31 22:00", "2027-01-01 06:00"),
            ("2027-01-01 08:00", "2027-01-01 12:00"),
        ],
    );
    check(
        "a holiday's weekday does not count",
        &Zone::utc(),
        Some(&new_year),
        &of_holidays,
        days,
        &[("2026-12-30 08:00", "2026-12-30 09:00"), ("2027-01-01 22:00", "2027-01-02 06:00")],
    );
}
