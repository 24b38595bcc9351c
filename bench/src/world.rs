//! A tenant to measure by: people, doors, levels, schedules, grants, cards and blocks, made from a seed, as rows of the public API
//! and nothing else. What is asked of it stands in [`question`](crate::question).

use access_core::ids::{AreaId, GrantId};
use access_core::policy::{
    AccessLevel, AntiPassback, AreaRule, Block, BlockSubject, CardToken, CredentialRule, CredentialState, DoorRule,
    Exit, FactorDemand, Grant, Holder, LevelLine, PersonRule, Place, PolicyRows, Schedule, Sides, SiteRule, Span,
    Window,
};
use access_core::time::{Period, UnixMs, Zone, ZoneOffset};
use rand::rngs::StdRng;
use rand::seq::{IndexedRandom as _, index};
use rand::{RngExt as _, SeedableRng as _};
use uuid::Uuid;

/// Everything random comes from it.
pub(crate) const SEED: u64 = 4;
/// People of the site that is asked; a tenant of ten times as many is loaded.
pub(crate) const PERSONS: usize = 100_000;
/// Doors.
pub(crate) const DOORS: usize = 1_000;
/// Access levels.
pub(crate) const LEVELS: usize = 200;
/// Grants of each person, of different levels.
pub(crate) const GRANTS: usize = 3;
/// One person in so many holds the first level: at [`PERSONS`], 10,000.
pub(crate) const HOLDS_FIRST_LEVEL: usize = 10;
/// One person in so many is blocked somewhere, at some time.
const BLOCKED: usize = 200;
const AREAS: usize = 50;
const SCHEDULES: usize = 20;

/// Monday 23 March 2026, 00:00 UTC. On its Sunday, Berlin's clocks go forward.
pub(crate) const WEEK: UnixMs = UnixMs(1_774_224_000_000);
/// A week.
pub(crate) const WEEK_MS: i64 = 7 * DAY_MS;
const DAY_MS: i64 = 24 * 60 * 60 * 1_000;

/// An id whose kind tells it from others of the same number.
pub(crate) fn id<T: From<Uuid>>(kind: u8, number: usize) -> T {
    Uuid::from_u128(u128::from(kind) << 120 | number as u128).into()
}

const SITE: u8 = 1;
const AREA: u8 = 2;
/// Kind of doors' ids.
pub(crate) const DOOR: u8 = 3;
const SCHEDULE: u8 = 4;
/// Kind of levels' ids.
pub(crate) const LEVEL: u8 = 5;
const CARD: u8 = 6;
const GRANT: u8 = 7;
const BLOCK: u8 = 8;

/// The rows of a tenant of so many people.
pub(crate) fn rows(persons: usize) -> PolicyRows {
    let mut random = StdRng::seed_from_u64(SEED);
    let levels = (0..LEVELS).map(|number| level(number, &mut random)).collect();
    let schedules = (0..SCHEDULES).map(|number| schedule(number, &mut random)).collect();
    let people: Vec<PersonRule> = (0..persons).map(|_| person(&mut random)).collect();
    let credentials = people.iter().enumerate().map(|(number, person)| CredentialRule {
        id: id(CARD, number),
        person: person.id,
        token: CardToken(random.random()),
        state: CredentialState::Active,
        valid: Period { from: days(-400), until: None },
        proves_itself: true,
    });
    let credentials = credentials.collect();
    let held: Vec<[usize; GRANTS]> = (0..persons).map(|number| levels_held(number, &mut random)).collect();
    // Everybody's first, then everybody's second: grants of one person are not made one after another.
    let grants = (0..GRANTS).flat_map(|nth| (0..persons).map(move |number| (nth, number)));
    let grants = grants.map(|(nth, number)| Grant {
        id: GrantId::from(id::<Uuid>(GRANT, nth * persons + number)),
        holder: Holder::Person(people[number].id),
        level: id(LEVEL, held[number][nth]),
        valid: grant_period(&mut random),
    });
    let grants = grants.collect();
    let blocks = index::sample(&mut random, persons, persons / BLOCKED).into_iter().enumerate();
    let blocks = blocks.map(|(number, person)| block(number, &people[person], &mut random)).collect();
    PolicyRows {
        version: 1,
        sites: vec![site(0, berlin()), site(1, new_york())],
        areas: (0..AREAS + 2).map(area).collect(),
        doors: (0..DOORS).map(door).collect(),
        schedules,
        levels,
        persons: people,
        credentials,
        grants,
        blocks,
        ..PolicyRows::empty(id(0, 0))
    }
}

/// So many days from the beginning of the week.
fn days(number: i64) -> UnixMs {
    WEEK.plus_ms(number * DAY_MS)
}

fn site(number: usize, zone: Zone) -> SiteRule {
    SiteRule { id: id(SITE, number), zone, accepts_uid_only: false, calendar: None }
}

fn zone(name: &str, winter_s: i32, summer_from_ms: i64) -> Zone {
    let summer = ZoneOffset { from: UnixMs(summer_from_ms), offset_s: winter_s + 3_600 };
    Zone { name: name.to_owned(), first_offset_s: winter_s, offsets: vec![summer] }
}

/// From Sunday 29 March 2026, 01:00 UTC, in summer.
fn berlin() -> Zone {
    zone("Europe/Berlin", 3_600, 1_774_746_000_000)
}

/// From Sunday 8 March 2026, 07:00 UTC, in summer.
fn new_york() -> Zone {
    zone("America/New_York", -5 * 3_600, 1_772_953_200_000)
}

/// The last two are what lies outside of each site.
fn area(number: usize) -> AreaRule {
    let anti_passback = AntiPassback::Off;
    AreaRule { id: id(AREA, number), site: id(SITE, number % 2), anti_passback, persons_max: None, two_person: None }
}

fn door(number: usize) -> DoorRule {
    let leads_to = number % AREAS;
    DoorRule {
        id: id(DOOR, number),
        site: id(SITE, leads_to % 2),
        leads_from: id(AREA, AREAS + leads_to % 2),
        leads_to: id::<AreaId>(AREA, leads_to),
        factors_in: FactorDemand::Card,
        factors_out: FactorDemand::Card,
        factor_lines: Vec::new(),
        modes: Vec::new(),
        release_ms: 5_000,
        held_ms: 30_000,
        release_longer_ms: 10_000,
        held_longer_ms: 60_000,
        exit: Exit::Mechanical,
        has_contact: true,
    }
}

/// A shift of five days, by day or over midnight, and for some the weekend's mornings.
fn schedule(number: usize, random: &mut StdRng) -> Schedule {
    let from_minute = random.random_range(0..24 * 4) * 15;
    let long = random.random_range(8..16) * 60;
    let to_minute = (from_minute + long - 1) % (24 * 60) + 1;
    let mut windows = vec![Window { days: 0b001_1111, day_types: 0, span: Span { from_minute, to_minute } }];
    if number.is_multiple_of(3) {
        let span = Span { from_minute: 6 * 60, to_minute: 14 * 60 };
        windows.push(Window { days: 0b110_0000, day_types: 0, span });
    }
    Schedule { id: id(SCHEDULE, number), windows, exceptions: Vec::new() }
}

/// One line: doors here and there, or an area's; nine in ten with a schedule.
fn level(number: usize, random: &mut StdRng) -> AccessLevel {
    let places = if number % 10 == 9 {
        vec![Place::Area(id(AREA, random.random_range(0..AREAS)))]
    } else {
        index::sample(random, DOORS, 20).into_iter().map(|door| Place::Door(id(DOOR, door))).collect()
    };
    let schedule = (number % 10 != 5).then(|| id(SCHEDULE, random.random_range(0..SCHEDULES)));
    AccessLevel {
        id: id(LEVEL, number),
        lines: vec![LevelLine { places, sides: Sides::Both, schedule, factors: None }],
    }
}

fn person(random: &mut StdRng) -> PersonRule {
    PersonRule {
        // Pseudonyms are random; see access_core::ids.
        id: uuid::Builder::from_random_bytes(random.random()).into_uuid().into(),
        is_active: true,
        has_finger: true,
        has_pin: false,
        needs_longer: false,
        exemption: None,
        escort: None,
        groups: Vec::new(),
    }
}

fn levels_held(number: usize, random: &mut StdRng) -> [usize; GRANTS] {
    let mut held = [0; GRANTS];
    let others = index::sample(random, LEVELS - 1, GRANTS);
    held.iter_mut().zip(others).for_each(|(level, other)| *level = other + 1);
    if number.is_multiple_of(HOLDS_FIRST_LEVEL) {
        held[0] = 0;
    }
    held
}

/// Of ten: six without an end, one that ends later, one that ended, one that ends within the week, one that begins within it.
fn grant_period(random: &mut StdRng) -> Period {
    let before = days(-random.random_range(1..400));
    let within = WEEK.plus_ms(random.random_range(0..WEEK_MS / 1_000) * 1_000);
    let (from, until) = match random.random_range(0..10) {
        0 => (before, Some(days(random.random_range(8..400)))),
        1 => (before.plus_ms(-30 * DAY_MS), Some(before)),
        2 => (before, Some(within)),
        3 => (within, None),
        _ => (before, None),
    };
    Period { from, until }
}

fn block(number: usize, person: &PersonRule, random: &mut StdRng) -> Block {
    let place = match random.random_range(0..3) {
        0 => Place::Tenant,
        1 => Place::Area(id(AREA, random.random_range(0..AREAS))),
        _ => Place::Door(id(DOOR, random.random_range(0..DOORS))),
    };
    let from = *[days(-100), days(0), days(3)].choose(random).unwrap_or(&WEEK);
    let until = random.random_bool(0.5).then(|| from.plus_ms(random.random_range(1..30) * DAY_MS));
    Block { id: id(BLOCK, number), subject: BlockSubject::Person(person.id), place, valid: Period { from, until } }
}
