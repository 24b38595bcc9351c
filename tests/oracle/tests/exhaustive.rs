//! All policies of two persons with a card each, two doors, two levels, two windows and at most one block, each asked about every
//! card at every door at every kind of hour. Random policies are wide; these leave nothing out.
#![expect(clippy::unwrap_used, reason = "what makes no policy ends the test")]

use access_core::attempt::{Assurance, Attempt, ClockTrust};
use access_core::circumstances::Circumstances;
use access_core::decide::judge;
use access_core::policy::{
    AccessLevel, Block, BlockSubject, Calendar, CalendarDay, Grant, Holder, LevelLine, Place, PolicyRows, Schedule,
    Side, Sides, Span, Window,
};
use access_core::time::{Period, UnixMs};
use access_core::{Policy, Reason};
use oracle::Oracle;
use oracle::tenant::{self, BASE_DAY, id, token};

const MINUTE_MS: i64 = 60_000;
const DAY_MS: i64 = 24 * 60 * MINUTE_MS;

/// Office hours; nights that begin on any day but Saturday; all of a holiday.
const WINDOWS: [Window; 3] = [
    Window { days: 31, day_types: 0, span: Span { from_minute: 8 * 60, to_minute: 17 * 60 } },
    Window { days: 95, day_types: 0, span: Span { from_minute: 22 * 60, to_minute: 6 * 60 } },
    Window { days: 0, day_types: 1, span: Span { from_minute: 0, to_minute: 24 * 60 } },
];

/// Day and minute of what is asked, beside milliseconds: noon, the last moments of office hours, the first of a night, a holiday's noon, and the night
/// after it, which began on a day with a type. Days count from a Friday; the Sunday is the holiday.
const HOURS: [(i64, i64, i64); 6] =
    [(0, 12 * 60, 0), (0, 17 * 60, -1), (0, 17 * 60, 0), (0, 22 * 60, 0), (2, 12 * 60, 0), (3, 6 * 60, -1)];

/// A day on which the tables begin: the Friday before the tenants' own base, a Saturday.
const FRIDAY: i64 = BASE_DAY as i64 - 1;

/// The simplest tenant, with nothing granted: windows are put in as two schedules, one after another.
fn ground(windows: [Window; 2]) -> PolicyRows {
    let mut rows = tenant::simplest();
    let schedule = |(number, window)| Schedule { id: id(number), windows: vec![window], exceptions: Vec::new() };
    rows.schedules = (1..).zip(windows).map(schedule).collect();
    rows.calendars = vec![Calendar { id: id(1), days: vec![CalendarDay { day: FRIDAY as i32 + 2, day_type: 0 }] }];
    rows.sites.iter_mut().for_each(|site| site.calendar = Some(id(1)));
    rows
}

/// Every level: each of the two doors is not in it, or by the first or by the second window.
fn levels(number: u128) -> Vec<AccessLevel> {
    let line = |door: u128, window: u128| LevelLine {
        places: vec![Place::Door(id(door))],
        sides: Sides::Both,
        schedule: Some(id(window)),
        factors: None,
    };
    let mut levels = Vec::new();
    for first in 0..3 {
        for second in 0..3 {
            let lines = [(1, first), (2, second)].into_iter().filter(|(_, window)| *window > 0);
            levels
                .push(AccessLevel { id: id(number), lines: lines.map(|(door, window)| line(door, window)).collect() });
        }
    }
    levels
}

/// Every set of grants of two levels to two persons.
fn grants() -> Vec<Vec<Grant>> {
    let all = [(1, 1), (1, 2), (2, 1), (2, 2)];
    let valid = Period { from: UnixMs(i64::MIN), until: None };
    let grant = |(number, (person, level)): (u128, (u128, u128))| Grant {
        id: id(number),
        holder: Holder::Person(id(person)),
        level: id(level),
        valid,
    };
    let of = |set: u32| (1..).zip(all).filter(|(number, _)| set & (1 << (*number - 1)) != 0).map(grant).collect();
    (0..16).map(of).collect()
}

/// No block, and every block of a person or card at the tenant or a door.
fn blocks() -> Vec<Vec<Block>> {
    let valid = Period { from: UnixMs(i64::MIN), until: None };
    let subjects = [
        BlockSubject::Person(id(1)),
        BlockSubject::Person(id(2)),
        BlockSubject::Credential(id(1)),
        BlockSubject::Credential(id(2)),
    ];
    let mut blocks = vec![Vec::new()];
    for subject in subjects {
        for place in [Place::Tenant, Place::Door(id(1)), Place::Door(id(2))] {
            blocks.push(vec![Block { id: id(1), subject, place, valid }]);
        }
    }
    blocks
}

fn questions() -> Vec<Attempt> {
    let mut questions = Vec::new();
    for card in 1..=2 {
        for door in 1..=2 {
            for (day, minute, ms) in HOURS {
                questions.push(Attempt {
                    id: id(1),
                    door: id(door),
                    side: Side::In,
                    at: UnixMs((FRIDAY + day) * DAY_MS + minute * MINUTE_MS + ms),
                    clock: ClockTrust::Trusted,
                    card: token(card),
                    assurance: Assurance::Authenticated,
                    finger: None,
                    pin: None,
                });
            }
        }
    }
    questions
}

/// Every policy with this first window, and any second one.
#[expect(clippy::print_stdout, reason = "the count is part of what this shows")]
fn all_with(first: Window) {
    let (known, questions) = (Circumstances::default(), questions());
    let (mut policies, mut granted, mut refused) = (0, 0, 0);
    for second in WINDOWS {
        let mut rows = ground([first, second]);
        for one in levels(1) {
            for other in levels(2) {
                rows.levels = vec![one.clone(), other];
                for grants in grants() {
                    rows.grants = grants;
                    for blocks in blocks() {
                        rows.blocks = blocks;
                        policies += 1;
                        let policy = Policy::compile(rows.clone()).unwrap();
                        for attempt in &questions {
                            let answer = Oracle { rows: &rows, usable_until: None }.judge(&known, attempt);
                            let differences = answer.differences(&judge(&policy, &known, attempt));
                            assert!(differences.is_empty(), "{rows:#?}\n{attempt:#?}\n{}", differences.join("\n"));
                            if answer.reason == Reason::Granted { granted += 1 } else { refused += 1 }
                        }
                    }
                }
            }
        }
    }
    println!("{policies} policies with {first:?}: {granted} granted, {refused} refused");
    assert_eq!((policies, granted + refused), (3 * 81 * 16 * 13, policies * 24));
    assert!(granted * 20 > refused, "entries are among what was asked");
}

#[test]
fn all_policies_with_office_hours() {
    all_with(WINDOWS[0]);
}

#[test]
fn all_policies_with_nights() {
    all_with(WINDOWS[1]);
}

#[test]
fn all_policies_with_holidays() {
    all_with(WINDOWS[2]);
}
