//! Random tenants: every kind of row, each naming only what is there.

use std::collections::BTreeMap;

use proptest::collection::vec;
use proptest::option::{of, weighted};
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

use super::{
    AREAS, BASE, BASE_DAY, CALENDARS, CARDS, DOORS, GROUPS, HOUR_MS, LEVELS, PERSONS, SCHEDULES, SITES, any_id,
    any_period, id, token,
};
use crate::policy::{
    AccessLevel, Alone, AloneRules, AntiPassback, AreaRule, Block, BlockSubject, Calendar, CalendarDay, CredentialRule,
    CredentialState, DoorMode, DoorRule, Escort, EscortBy, ExceptionDay, Exemption, ExemptionGround, Exit,
    FactorDemand, FactorLine, Grant, GroupRule, Holder, InterlockRule, LevelLine, ModeLine, PersonRule, Place,
    PolicyRows, Schedule, Side, Sides, SiteRule, Span, Suspicion, TenantRules, ThreatLevelRule, TravelEnds, TravelTime,
    TwoPerson, WaivableRule, Window,
};
use crate::time::{Zone, ZoneOffset};
use crate::word::Word;

/// Any word of a vocabulary.
fn any_word<W: Word>() -> impl Strategy<Value = W> + Clone {
    select(W::ALL)
}

/// Ids of some of `1..=count`.
fn some_ids<T: From<uuid::Uuid> + Clone + std::fmt::Debug + 'static>(count: u128) -> impl Strategy<Value = Vec<T>> {
    let all: Vec<u128> = (1..=count).collect();
    subsequence(all, 0..=count as usize).prop_map(|numbers| numbers.into_iter().map(id).collect())
}

prop_compose! {
    /// A whole tenant. Every row is well formed, and the rows together make a policy.
    pub fn any_rows()(
        rules in any_rules(),
        places in (any_sites(), any_areas(), any_doors()),
        paths in (any_interlocks(), any_travel(), any_threat_levels()),
        hours in (any_calendars(), any_schedules(), any_levels()),
        persons in any_persons(),
        cards in vec((any_card_state(), any_period()), CARDS as usize),
        responders in vec(any::<bool>(), GROUPS as usize),
        grants in vec((any_holder(), any_id(LEVELS), any_period()), 0..10),
        blocks in prop_oneof![
            2 => Just(Vec::new()), 1 => vec((any_subject(), any_place(), any_period()), 1..3),
        ],
    ) -> PolicyRows {
        let (sites, areas, doors) = places;
        let (interlocks, travel, threat_levels) = paths;
        let (calendars, schedules, levels) = hours;
        let card = |(number, (state, valid)): (u128, _)| {
            let person = id(if number > PERSONS { number - PERSONS } else { number });
            let proves_itself = number % 3 == 0;
            CredentialRule { id: id(number), person, token: token(number), state, valid, proves_itself }
        };
        let grant = |(number, (holder, level, valid)): (u128, _)| Grant { id: id(number), holder, level, valid };
        let block = |(number, (subject, place, valid)): (u128, _)| Block { id: id(number), subject, place, valid };
        let group = |(number, is_responder): (u128, _)| GroupRule { id: id(number), is_responder };
        PolicyRows {
            version: 1,
            rules, sites, areas, doors, interlocks, travel, threat_levels, calendars, schedules, levels, persons,
            groups: (1..).zip(responders).map(group).collect(),
            credentials: (1..).zip(cards).map(card).collect(),
            grants: (1..).zip(grants).map(grant).collect(),
            blocks: (1..).zip(blocks).map(block).collect(),
            ..PolicyRows::empty(id(1))
        }
    }
}

fn any_card_state() -> impl Strategy<Value = CredentialState> {
    prop_oneof![12 => Just(CredentialState::Active), 1 => any_word::<CredentialState>()]
}

prop_compose! {
    fn any_rules()(
        (refusals, within_s, reader_lock_s) in (2u32..8, 1u32..300, 1u32..60),
        alone in vec(any_word::<Alone>(), 4),
        waived_for_duress in subsequence(WaivableRule::ALL.to_vec(), 0..=WaivableRule::ALL.len()),
        alone_hours in 1..=TenantRules::ALONE_HOURS_MAX,
    ) -> TenantRules {
        TenantRules {
            suspicion: Suspicion { refusals, within_s, reader_lock_s },
            alone: AloneRules { travel: alone[0], anti_passback: alone[1], occupancy: alone[2], two_person: alone[3] },
            waived_for_duress,
            alone_hours,
        }
    }
}

fn any_zone() -> impl Strategy<Value = Zone> {
    let berlin = ZoneOffset { from: BASE.plus_ms(25 * HOUR_MS), offset_s: 7_200 };
    let back = ZoneOffset { from: BASE.plus_ms(2 * HOUR_MS), offset_s: -19_800 };
    prop_oneof![
        Just(Zone::utc()),
        Just(Zone { name: "Europe/Berlin".into(), first_offset_s: 3_600, offsets: vec![berlin] }),
        Just(Zone { name: "back by half an hour".into(), first_offset_s: -18_000, offsets: vec![back] }),
    ]
}

fn any_sites() -> impl Strategy<Value = Vec<SiteRule>> {
    let site = (any_zone(), prop_oneof![3 => Just(true), 1 => Just(false)], of(any_id(CALENDARS)));
    vec(site, SITES as usize).prop_map(|sites| {
        let row = |(number, (zone, accepts_uid_only, calendar)): (u128, _)| SiteRule {
            id: id(number),
            zone,
            accepts_uid_only,
            calendar,
        };
        (1..).zip(sites).map(row).collect()
    })
}

fn any_anti_passback() -> impl Strategy<Value = AntiPassback> {
    prop_oneof![
        3 => Just(AntiPassback::Off),
        1 => Just(AntiPassback::Soft),
        1 => (1u32..7_200).prop_map(|within_s| AntiPassback::Timed { within_s }),
        1 => Just(AntiPassback::Hard),
    ]
}

fn any_areas() -> impl Strategy<Value = Vec<AreaRule>> {
    let groups = weighted(0.3, (any_id(GROUPS), any_id(GROUPS)));
    let two_person = (1u32..3_600, groups).prop_map(|(within_s, groups)| TwoPerson { within_s, groups });
    let area = (any_id(SITES), any_anti_passback(), weighted(0.2, 0u32..4), weighted(0.2, two_person));
    vec(area, AREAS as usize).prop_map(|areas| {
        let row = |(number, (site, anti_passback, persons_max, two_person)): (u128, _)| AreaRule {
            id: id(number),
            site,
            anti_passback,
            persons_max,
            two_person,
        };
        (1..).zip(areas).map(row).collect()
    })
}

prop_compose! {
    fn any_door(number: u128)(
        site in any_id(SITES),
        (from, step) in (0u128..AREAS, 1u128..AREAS),
        (factors_in, factors_out) in (any_word(), prop_oneof![2 => Just(FactorDemand::Card), 1 => any_word()]),
        factor_lines in vec((any_word::<Side>(), any_id(SCHEDULES), any_word::<FactorDemand>()), 0..2),
        modes in vec((any_id(SCHEDULES), any_word::<DoorMode>()), 0..2),
        exit in prop_oneof![3 => Just(Exit::Mechanical), 1 => Just(Exit::BySystem)],
    ) -> DoorRule {
        let factor_line = |(side, schedule, factors)| FactorLine { side, schedule, factors };
        DoorRule {
            id: id(number),
            site,
            leads_from: id(from + 1),
            leads_to: id((from + step) % AREAS + 1),
            factors_in,
            factors_out,
            factor_lines: factor_lines.into_iter().map(factor_line).collect(),
            modes: modes.into_iter().map(|(schedule, mode)| ModeLine { schedule, mode }).collect(),
            release_ms: 5_000,
            held_ms: 30_000,
            release_longer_ms: 15_000,
            held_longer_ms: 60_000,
            exit,
            has_contact: true,
        }
    }
}

fn any_doors() -> impl Strategy<Value = Vec<DoorRule>> {
    (1..=DOORS).map(any_door).collect::<Vec<_>>()
}

fn any_interlocks() -> impl Strategy<Value = Vec<InterlockRule>> {
    weighted(0.3, some_ids(DOORS))
        .prop_map(|doors| doors.map(|doors| InterlockRule { id: id(1), doors }).into_iter().collect())
}

fn any_travel() -> impl Strategy<Value = Vec<TravelTime>> {
    let doors = (1..DOORS, 1..DOORS).prop_map(|(one, step)| {
        let other = (one + step - 1) % DOORS + 1;
        TravelEnds::Doors(id(one.min(other)), id(one.max(other)))
    });
    let doors = doors.prop_filter("two doors", |ends| !matches!(ends, TravelEnds::Doors(one, other) if one == other));
    let sites =
        (1..=SITES, 1..=SITES).prop_map(|(one, other)| TravelEnds::Sites(id(one.min(other)), id(one.max(other))));
    let times = vec((prop_oneof![doors, sites], 0u32..3_600), 0..3);
    times.prop_map(|times| {
        let once: BTreeMap<TravelEnds, u32> = times.into_iter().collect();
        once.into_iter().map(|(between, least_s)| TravelTime { between, least_s }).collect()
    })
}

fn any_threat_levels() -> impl Strategy<Value = Vec<ThreatLevelRule>> {
    let rule = (any::<bool>(), vec(any_place(), 0..2), of(any_word()), some_ids(GROUPS));
    vec((1u8..4, rule), 0..3).prop_map(|rules| {
        let once: BTreeMap<u8, _> = rules.into_iter().collect();
        let row = |(level, (locks, places, factors, exempt))| ThreatLevelRule { level, locks, places, factors, exempt };
        once.into_iter().map(row).collect()
    })
}

/// A door, an area, a site, or the tenant.
fn any_place() -> impl Strategy<Value = Place> + Clone {
    prop_oneof![
        1 => Just(Place::Tenant),
        1 => any_id(SITES).prop_map(Place::Site),
        1 => any_id(AREAS).prop_map(Place::Area),
        3 => any_id(DOORS).prop_map(Place::Door),
    ]
}

fn any_calendars() -> impl Strategy<Value = Vec<Calendar>> {
    let days = proptest::collection::btree_map(BASE_DAY - 3..BASE_DAY + 4, 0u8..2, 0..3);
    vec(days, CALENDARS as usize).prop_map(|calendars| {
        let day = |(day, day_type)| CalendarDay { day, day_type };
        let row = |(number, days): (u128, BTreeMap<i32, u8>)| Calendar {
            id: id(number),
            days: days.into_iter().map(day).collect(),
        };
        (1..).zip(calendars).map(row).collect()
    })
}

fn any_span() -> impl Strategy<Value = Span> {
    let minutes = (0u16..48, 1u16..=48).prop_filter("not empty", |(from, to)| from != to);
    minutes.prop_map(|(from, to)| Span { from_minute: from * 30, to_minute: to * 30 })
}

fn any_schedules() -> impl Strategy<Value = Vec<Schedule>> {
    (1..=SCHEDULES).map(any_schedule).collect::<Vec<_>>()
}

prop_compose! {
    fn any_schedule(number: u128)(
        windows in vec((1u8..128, 0u8..4, any_span()), 0..4),
        exceptions in proptest::collection::btree_map(BASE_DAY - 3..BASE_DAY + 4, vec(any_span(), 0..2), 0..2),
    ) -> Schedule {
        Schedule {
            id: id(number),
            windows: windows.into_iter().map(|(days, day_types, span)| Window { days, day_types, span }).collect(),
            exceptions: exceptions.into_iter().map(|(day, spans)| ExceptionDay { day, spans }).collect(),
        }
    }
}

fn any_levels() -> impl Strategy<Value = Vec<AccessLevel>> {
    let line = (
        vec(any_place(), 1..4),
        prop_oneof![2 => Just(Sides::Both), 1 => any_word()],
        of(any_id(SCHEDULES)),
        of(any_word::<FactorDemand>()),
    );
    let line = line.prop_map(|(places, sides, schedule, factors)| LevelLine { places, sides, schedule, factors });
    vec(vec(line, 0..4), LEVELS as usize)
        .prop_map(|levels| (1..).zip(levels).map(|(number, lines)| AccessLevel { id: id(number), lines }).collect())
}

prop_compose! {
    fn any_person(number: u128)(
        is_active in prop_oneof![20 => Just(true), 1 => Just(false)],
        (has_finger, has_pin, needs_longer) in any::<(bool, bool, bool)>(),
        exemption in weighted(0.3, (any_word::<ExemptionGround>(), any_period())),
        escort in weighted(0.2, (any::<bool>(), 1..PERSONS, any_id(GROUPS), 1u32..3_600)),
        groups in some_ids(GROUPS),
    ) -> PersonRule {
        let escort = escort.map(|(by_person, step, group, within_s)| {
            let person = id((number + step - 1) % PERSONS + 1);
            Escort { by: if by_person { EscortBy::Person(person) } else { EscortBy::Group(group) }, within_s }
        });
        let exemption = exemption.map(|(ground, valid)| Exemption { ground, valid });
        PersonRule { id: id(number), is_active, has_finger, has_pin, needs_longer, exemption, escort, groups }
    }
}

fn any_persons() -> impl Strategy<Value = Vec<PersonRule>> {
    (1..=PERSONS).map(any_person).collect::<Vec<_>>()
}

fn any_holder() -> impl Strategy<Value = Holder> {
    prop_oneof![2 => any_id(PERSONS).prop_map(Holder::Person), 1 => any_id(GROUPS).prop_map(Holder::Group)]
}

fn any_subject() -> impl Strategy<Value = BlockSubject> {
    prop_oneof![
        any_id(PERSONS).prop_map(BlockSubject::Person),
        any_id(CARDS).prop_map(BlockSubject::Credential),
        any_id(GROUPS).prop_map(BlockSubject::Group),
    ]
}
