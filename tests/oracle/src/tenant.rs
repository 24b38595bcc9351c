//! Random tenants: small, so that everything in them meets everything else, and mostly granting, so that late rules are reached.
//! Ids count from 1 in each kind.

use access_core::ids::{AreaId, DoorId, GroupId, PersonId, ScheduleId, SiteId};
use access_core::policy::{
    AccessLevel, Alone, AloneRules, AntiPassback, AreaRule, Block, BlockSubject, Calendar, CalendarDay, CardToken,
    CredentialRule, CredentialState, DoorMode, DoorRule, Escort, EscortBy, ExceptionDay, Exemption, ExemptionGround,
    Exit, FactorDemand, FactorLine, Grant, GroupRule, Holder, InterlockRule, LevelLine, MissingCard, ModeLine,
    PersonRule, Place, PolicyRows, PolicyScope, Schedule, Side, Sides, SiteRule, Span, Suspicion, TenantRules,
    ThreatLevelRule, TravelEnds, TravelTime, TwoPerson, WaivableRule, Window,
};
use access_core::time::{Period, UnixMs, Zone, ZoneOffset};
use access_core::word::Word as _;
use uuid::Uuid;

use crate::dice::Dice;

/// Sites of a random tenant.
pub const SITES: u128 = 2;
/// Areas.
pub const AREAS: u128 = 3;
/// Doors.
pub const DOORS: u128 = 4;
/// Groups.
pub const GROUPS: u128 = 3;
/// Persons.
pub const PERSONS: u128 = 4;
/// Cards: one of each person, and another of the first.
pub const CARDS: u128 = PERSONS + 1;
/// Cards that a cut knows as lost or stolen: the numbers after [`CARDS`].
pub const MISSING: u128 = 2;
/// Persons in a crowd: more than are known to wait at one reader.
pub const CROWD: u128 = 24;
const CALENDARS: u128 = 2;
const SCHEDULES: u128 = 3;
const LEVELS: u128 = 4;

/// Saturday 24 October 2026, 00:00 UTC. Berlin's clocks go back on the day after, at 01:00 UTC.
pub const BASE: UnixMs = UnixMs(1_792_800_000_000);
/// Calendar day of [`BASE`], counted from 1970-01-01.
pub const BASE_DAY: i32 = 20_750;
/// Half an hour, in milliseconds: what random instants and windows are made of.
pub const HALF_HOUR_MS: i64 = 1_800_000;

/// How many numbers a tenant needs, at most about.
pub const NUMBERS: usize = 900;

/// An id with this number.
pub fn id<T: From<Uuid>>(number: u128) -> T {
    Uuid::from_u128(number).into()
}

/// The token of the card with this number.
pub fn token(card: u128) -> CardToken {
    let mut token = [7; 32];
    token[..16].copy_from_slice(&card.to_be_bytes());
    CardToken(token)
}

/// The holder of the card with this number.
pub fn holder_of(card: u128) -> Option<PersonId> {
    (card <= CARDS).then(|| id((card - 1) % PERSONS + 1))
}

/// Lengths of time in seconds: few, so that they meet.
pub fn seconds(dice: &mut Dice) -> u32 {
    dice.pick(&[60, 30, 600, 3_600])
}

/// An instant within two days around [`BASE`]: at a half hour, or a millisecond beside it.
pub fn instant(dice: &mut Dice) -> UnixMs {
    let half_hours = i64::from(dice.below(193));
    let from_base = if half_hours % 2 == 0 { half_hours / 2 } else { -(half_hours / 2) - 1 };
    UnixMs(BASE.0 + from_base * HALF_HOUR_MS + dice.pick(&[0, 0, -1, 1]))
}

/// From the beginning of time, without an end.
const ALWAYS: Period = Period { from: UnixMs(i64::MIN), until: None };

fn period(dice: &mut Dice) -> Period {
    let bounded = dice.some_in(5, |dice| Period { from: instant(dice), until: dice.some_in(2, instant) });
    let begun = |mut period: Period, dice: &mut Dice| {
        if dice.one_in(2) {
            period.from = UnixMs(i64::MIN);
        }
        period
    };
    bounded.map_or(ALWAYS, |period| begun(period, dice))
}

fn any<T: From<Uuid>>(dice: &mut Dice, of: u128) -> T {
    id(dice.number(of))
}

fn groups(dice: &mut Dice, sides: u16) -> Vec<GroupId> {
    (1..=GROUPS).filter(|_| dice.one_in(sides)).map(id).collect()
}

/// The tenant that all zeros make, with nobody but two persons without escorts, and nothing granted or blocked.
pub fn simplest() -> PolicyRows {
    let mut rows = rows(&mut Dice::zeros());
    rows.persons.truncate(2);
    rows.credentials.truncate(2);
    rows.doors.truncate(2);
    rows.doors.iter_mut().for_each(|door| door.factor_lines.clear());
    (rows.levels, rows.grants, rows.blocks) = (Vec::new(), Vec::new(), Vec::new());
    rows
}

/// A tenant with [`CROWD`] persons, each with the card of their number, who all may pass the first door: it protects an area that
/// one enters in pairs. Even ones are visitors of the first groups.
pub fn crowd(dice: &mut Dice) -> PolicyRows {
    let mut rows = rows(dice);
    rows.persons = (1..=CROWD).map(|number| person(dice, number)).collect();
    rows.credentials = (1..=CROWD)
        .map(|number| CredentialRule {
            id: id(number),
            person: id(number),
            token: token(number),
            state: CredentialState::Active,
            valid: ALWAYS,
            proves_itself: true,
        })
        .collect();
    for person in &mut rows.persons {
        let group: GroupId = id(1);
        person.is_active = true;
        person.escort = dice.some_in(2, |dice| Escort { by: EscortBy::Group(group), within_s: seconds(dice) });
        person.groups = if dice.one_in(8) { vec![group] } else { Vec::new() };
    }
    rows.missing_cards.clear();
    (rows.scope, rows.blocks) = (PolicyScope::Whole, Vec::new());
    let line = LevelLine { places: vec![Place::Tenant], sides: Sides::Both, schedule: None, factors: None };
    rows.levels[0].lines = vec![line];
    rows.grants = (1..=CROWD)
        .map(|number| Grant { id: id(number), holder: Holder::Person(id(number)), level: id(1), valid: ALWAYS })
        .collect();
    let protected = rows.doors[0].leads_to;
    for area in rows.areas.iter_mut().filter(|area| area.id == protected) {
        area.two_person = Some(TwoPerson { within_s: 3_600, groups: None });
        area.persons_max = dice.some_in(2, |dice| u32::from(dice.below(24)));
    }
    rows
}

/// A tenant, or an agent's part of one. Every row is well formed, and together they make a policy.
pub fn rows(dice: &mut Dice) -> PolicyRows {
    let scope = if dice.one_in(5) { PolicyScope::Cut } else { PolicyScope::Whole };
    let missing = |(number, is_stolen)| MissingCard { token: token(number), id: id(number), is_stolen };
    let missing_cards = match scope {
        PolicyScope::Whole => Vec::new(),
        PolicyScope::Cut => [(CARDS + 1, false), (CARDS + 2, true)].map(missing).to_vec(),
    };
    PolicyRows {
        version: 1,
        scope,
        missing_cards,
        rules: rules(dice),
        sites: (1..=SITES).map(|number| site(dice, number)).collect(),
        areas: (1..=AREAS).map(|number| area(dice, number)).collect(),
        doors: (1..=DOORS).map(|number| door(dice, number)).collect(),
        interlocks: interlocks(dice),
        travel: travel(dice),
        threat_levels: threat_levels(dice),
        calendars: (1..=CALENDARS).map(|number| calendar(dice, number)).collect(),
        schedules: (1..=SCHEDULES).map(|number| schedule(dice, number)).collect(),
        levels: (1..=LEVELS).map(|number| level(dice, number)).collect(),
        groups: (1..=GROUPS).map(|number| GroupRule { id: id(number), is_responder: dice.one_in(4) }).collect(),
        persons: (1..=PERSONS).map(|number| person(dice, number)).collect(),
        credentials: (1..=CARDS).map(|number| card(dice, number)).collect(),
        grants: grants(dice),
        blocks: blocks(dice),
        ..PolicyRows::empty(id(1))
    }
}

fn rules(dice: &mut Dice) -> TenantRules {
    let mut alone = || if dice.one_in(2) { Alone::Deny } else { Alone::AsKnown };
    let alone = AloneRules { travel: alone(), anti_passback: alone(), occupancy: alone(), two_person: alone() };
    let suspicion = Suspicion {
        refusals: u32::from(2 + dice.below(3)),
        within_s: seconds(dice),
        reader_lock_s: dice.pick(&[30, 1, 600]),
    };
    let waived_for_duress = WaivableRule::ALL.iter().copied().filter(|_| dice.one_in(2)).collect();
    TenantRules { suspicion, alone, waived_for_duress, alone_hours: dice.pick(&[24, 1, 72]) }
}

fn site(dice: &mut Dice, number: u128) -> SiteRule {
    let berlin = ZoneOffset { from: UnixMs(BASE.0 + 50 * HALF_HOUR_MS), offset_s: 3_600 };
    let forward = ZoneOffset { from: UnixMs(BASE.0 + 4 * HALF_HOUR_MS), offset_s: 39_600 };
    let skips_a_day = ZoneOffset { from: UnixMs(BASE.0 + 20 * HALF_HOUR_MS), offset_s: 50_400 };
    let zone = dice.pick(&[
        Zone { name: "UTC".into(), first_offset_s: 0, offsets: Vec::new() },
        Zone { name: "Europe/Berlin".into(), first_offset_s: 7_200, offsets: vec![berlin] },
        Zone { name: "forward by half an hour".into(), first_offset_s: 37_800, offsets: vec![forward] },
        Zone { name: "a day left out".into(), first_offset_s: -36_000, offsets: vec![skips_a_day] },
    ]);
    SiteRule {
        id: id(number),
        zone,
        accepts_uid_only: !dice.one_in(4),
        calendar: dice.some_in(2, |dice| any(dice, CALENDARS)),
    }
}

fn area(dice: &mut Dice, number: u128) -> AreaRule {
    let anti_passback = match dice.below(8) {
        5 => AntiPassback::Soft,
        6 => AntiPassback::Timed { within_s: seconds(dice) },
        7 => AntiPassback::Hard,
        _ => AntiPassback::Off,
    };
    AreaRule {
        id: id(number),
        site: any(dice, SITES),
        anti_passback,
        persons_max: dice.some_in(3, |dice| u32::from(3 - dice.below(4))),
        two_person: dice.some_in(2, |dice| TwoPerson {
            within_s: seconds(dice),
            groups: dice.some_in(3, |dice| (any(dice, GROUPS), any(dice, GROUPS))),
        }),
    }
}

fn door(dice: &mut Dice, number: u128) -> DoorRule {
    let from = dice.number(AREAS);
    let to = (from - 1 + dice.number(AREAS - 1)) % AREAS + 1;
    let factor = |dice: &mut Dice| dice.pick(&[FactorDemand::Card, FactorDemand::CardPin, FactorDemand::CardFinger]);
    DoorRule {
        id: id(number),
        site: any(dice, SITES),
        leads_from: id(from),
        leads_to: id(to),
        factors_in: factor(dice),
        factors_out: factor(dice),
        factor_lines: dice.several(2, |dice| FactorLine {
            side: dice.pick(&[Side::In, Side::Out]),
            schedule: any(dice, SCHEDULES),
            factors: factor(dice),
        }),
        modes: if dice.one_in(3) {
            dice.several(2, |dice| ModeLine { schedule: any(dice, SCHEDULES), mode: mode(dice) })
        } else {
            Vec::new()
        },
        release_ms: 5_000,
        held_ms: 30_000,
        release_longer_ms: 15_000,
        held_longer_ms: 60_000,
        exit: if dice.one_in(3) { Exit::BySystem } else { Exit::Mechanical },
        has_contact: !dice.one_in(4),
    }
}

/// Any mode.
pub fn mode(dice: &mut Dice) -> DoorMode {
    dice.pick(&[
        DoorMode::Normal,
        DoorMode::Locked,
        DoorMode::Free,
        DoorMode::FirstPerson,
        DoorMode::Toggle,
        DoorMode::Toggle,
    ])
}

fn interlocks(dice: &mut Dice) -> Vec<InterlockRule> {
    let group = dice.some_in(3, |dice| InterlockRule {
        id: id(1),
        doors: (1..=DOORS).filter(|_| !dice.one_in(4)).map(id).collect(),
    });
    group.into_iter().filter(|group| group.doors.len() > 1).collect()
}

fn travel(dice: &mut Dice) -> Vec<TravelTime> {
    if !dice.one_in(2) {
        return Vec::new();
    }
    let mut travel = Vec::new();
    for one in 1..=DOORS {
        for other in one + 1..=DOORS {
            let between = TravelEnds::Doors(id::<DoorId>(one), id(other));
            travel.extend(dice.some_in(3, |dice| TravelTime { between, least_s: seconds(dice) }));
        }
    }
    for one in 1..=SITES {
        for other in one..=SITES {
            let between = TravelEnds::Sites(id::<SiteId>(one), id(other));
            travel.extend(dice.some_in(3, |dice| TravelTime { between, least_s: seconds(dice) }));
        }
    }
    travel
}

fn threat_levels(dice: &mut Dice) -> Vec<ThreatLevelRule> {
    let rule = |dice: &mut Dice, level| ThreatLevelRule {
        level,
        locks: dice.one_in(2),
        places: dice.several(2, place),
        factors: dice.some_in(2, |dice| dice.pick(FactorDemand::ALL)),
        exempt: groups(dice, 3),
    };
    [1, 2, 4].into_iter().filter_map(|level| dice.some_in(2, |dice| rule(dice, level))).collect()
}

/// Any place.
pub fn place(dice: &mut Dice) -> Place {
    match dice.below(6) {
        0 => Place::Tenant,
        1 => Place::Site(any(dice, SITES)),
        2 => Place::Area(any::<AreaId>(dice, AREAS)),
        _ => Place::Door(any(dice, DOORS)),
    }
}

fn calendar(dice: &mut Dice, number: u128) -> Calendar {
    let days = (BASE_DAY - 2..BASE_DAY + 4)
        .filter_map(|day| dice.some_in(3, |dice| CalendarDay { day, day_type: dice.below(2) as u8 }));
    Calendar { id: id(number), days: days.collect() }
}

fn span(dice: &mut Dice) -> Span {
    let from = dice.below(48);
    let to = (from + dice.below(47)) % 48 + 1;
    let (from, to) = if from == to { (0, 48) } else { (from, to) };
    Span { from_minute: from * 30, to_minute: to * 30 }
}

fn schedule(dice: &mut Dice, number: u128) -> Schedule {
    let window = |dice: &mut Dice| Window {
        days: dice.pick(&[127, 31, 96, 64, 0]),
        day_types: dice.pick(&[1, 3, 2]),
        span: span(dice),
    };
    let exceptions = (BASE_DAY - 2..BASE_DAY + 4)
        .filter_map(|day| dice.some_in(8, |dice| ExceptionDay { day, spans: dice.several(2, span) }));
    let exceptions: Vec<ExceptionDay> = exceptions.collect();
    Schedule { id: id::<ScheduleId>(number), windows: dice.several(3, window), exceptions }
}

fn level(dice: &mut Dice, number: u128) -> AccessLevel {
    let line = |dice: &mut Dice| LevelLine {
        places: if dice.one_in(2) { vec![Place::Tenant] } else { (0..=dice.below(2)).map(|_| place(dice)).collect() },
        sides: dice.pick(&[Sides::Both, Sides::Both, Sides::In, Sides::Out]),
        schedule: dice.some_in(3, |dice| any(dice, SCHEDULES)),
        factors: dice.some_in(2, |dice| dice.pick(FactorDemand::ALL)),
    };
    AccessLevel { id: id(number), lines: (0..dice.pick(&[2, 1, 3, 2, 0])).map(|_| line(dice)).collect() }
}

fn person(dice: &mut Dice, number: u128) -> PersonRule {
    PersonRule {
        id: id(number),
        is_active: !dice.one_in(40),
        has_finger: !dice.one_in(3),
        has_pin: !dice.one_in(3),
        needs_longer: dice.one_in(3),
        exemption: dice.some_in(4, |dice| Exemption { ground: dice.pick(ExemptionGround::ALL), valid: period(dice) }),
        escort: dice.some_in(3, |dice| {
            let other = (number - 1 + dice.number(PERSONS - 1)) % PERSONS + 1;
            let by = if dice.one_in(2) { EscortBy::Group(any(dice, GROUPS)) } else { EscortBy::Person(id(other)) };
            Escort { by, within_s: seconds(dice) }
        }),
        groups: groups(dice, 2),
    }
}

fn card(dice: &mut Dice, number: u128) -> CredentialRule {
    let state = if dice.one_in(9) { dice.pick(CredentialState::ALL) } else { CredentialState::Active };
    let person = id((number - 1) % PERSONS + 1);
    let (valid, proves_itself) = (period(dice), dice.one_in(2));
    CredentialRule { id: id(number), person, token: token(number), state, valid, proves_itself }
}

fn grants(dice: &mut Dice) -> Vec<Grant> {
    let holder = |dice: &mut Dice| match dice.below(3) {
        0 => Holder::Group(any(dice, GROUPS)),
        _ => Holder::Person(any(dice, PERSONS)),
    };
    let mut holders: Vec<Holder> =
        (1..=PERSONS).filter(|_| !dice.one_in(8)).map(|number| Holder::Person(id(number))).collect();
    holders.extend(dice.several(6, holder));
    let mut grants: Vec<Grant> = Vec::new();
    for (number, holder) in (1..).zip(holders) {
        grants.push(Grant { id: id(number), holder, level: any(dice, LEVELS), valid: period(dice) });
    }
    // Which of several is named must not hang on their order.
    if dice.one_in(2) {
        grants.reverse();
    }
    grants
}

fn blocks(dice: &mut Dice) -> Vec<Block> {
    let subject = |dice: &mut Dice| match dice.below(3) {
        0 => BlockSubject::Person(any(dice, PERSONS)),
        1 => BlockSubject::Credential(any(dice, CARDS)),
        _ => BlockSubject::Group(any(dice, GROUPS)),
    };
    let block = |dice: &mut Dice, number| Block {
        id: id(number),
        subject: subject(dice),
        place: place(dice),
        valid: period(dice),
    };
    (1..=3).filter_map(|number| dice.some_in(8, |dice| block(dice, number))).collect()
}
