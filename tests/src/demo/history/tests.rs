use std::collections::BTreeSet;

use access_core::decide::RULES_VERSION;
use access_core::event::{Decision, ReleaseCause};
use access_core::ids::{AttemptId, PersonId};
use access_core::policy::{
    AccessLevel, AntiPassback, AreaRule, Block, BlockSubject, CardToken, CredentialRule, CredentialState, DoorRule,
    Escort, EscortBy, Exit, FactorDemand, Grant, Holder, InterlockRule, LevelLine, PersonRule, Place, PolicyRows,
    Schedule, Side, Sides, SiteRule, Span, TwoPerson, Window,
};
use access_core::time::{Period, Zone};
use access_core::verdict::{Outcome, Reason};

use super::super::people::Habit;
use super::*;
use crate::recorded;

/// Wednesday 25 November 2026, 13:00 UTC.
const WEDNESDAY: UnixMs = UnixMs(1_795_611_600_000);
const PEOPLE: usize = 60;
/// Areas: one person at most, and never exactly one.
const AIRLOCK: usize = 3;
const VAULT: usize = 5;
/// Whoever is let in with a host only.
const VISITOR: usize = 59;

fn id<T: From<Uuid>>(number: usize) -> T {
    Uuid::from_u128(number as u128 + 1).into()
}

fn door(number: usize, areas: [usize; 2], factors_in: FactorDemand) -> DoorRule {
    DoorRule {
        id: id(number),
        site: id(0),
        leads_from: id(areas[0]),
        leads_to: id(areas[1]),
        factors_in,
        factors_out: FactorDemand::Card,
        factor_lines: Vec::new(),
        modes: Vec::new(),
        release_ms: 5_000,
        held_ms: 12_000,
        release_longer_ms: 10_000,
        held_longer_ms: 24_000,
        exit: Exit::Mechanical,
        has_contact: true,
    }
}

fn area(number: usize) -> AreaRule {
    let (anti_passback, persons_max) = (AntiPassback::Off, (number == AIRLOCK).then_some(1));
    let two_person = (number == VAULT).then_some(TwoPerson { within_s: 30, groups: None });
    AreaRule { id: id(number), site: id(0), anti_passback, persons_max, two_person }
}

fn habit(number: usize) -> Habit {
    match number {
        0..=3 => Habit::TurnedAway,
        4..=6 => Habit::Yard,
        7 => Habit::Early,
        8 => Habit::Late,
        9 => Habit::Curious,
        10..=19 => Habit::Technician,
        20..=23 => Habit::Night,
        56 | 57 => Habit::Keeper,
        58 => Habit::Host,
        VISITOR => Habit::Visitor,
        _ => Habit::Office,
    }
}

fn people() -> Vec<Somebody> {
    // The first of the yard's people is number 1 there: whoever holds the door.
    (0..PEOPLE)
        .map(|number| Somebody { id: id(number), number: if number == 4 { 1 } else { number }, habit: habit(number) })
        .collect()
}

/// Doors 0 to 4 are main, yard, hall, airlock and vault; levels 0 and 1 staff and technicians, 2 keepers and hosts. Person 0 holds nothing, 1 something that
/// ended, 2 is blocked, 3 has no finger enrolled, 40 has lost a card.
fn rows() -> PolicyRows {
    let always = Period { from: UnixMs(0), until: None };
    let over = Period { from: UnixMs(0), until: Some(UnixMs(1)) };
    let line = |doors: &[usize], schedule| LevelLine {
        places: doors.iter().map(|&door| Place::Door(id(door))).collect(),
        sides: Sides::Both,
        schedule,
        factors: None,
    };
    let card = |number: usize, person: usize, state| CredentialRule {
        id: id(number),
        person: id(person),
        token: CardToken([u8::try_from(number).unwrap(); 32]),
        state,
        valid: always,
        proves_itself: true,
    };
    let mut credentials: Vec<_> = (0..PEOPLE).map(|number| card(number, number, CredentialState::Active)).collect();
    credentials.push(card(PEOPLE, 40, CredentialState::Lost));
    let level = |number| match habit(number) {
        Habit::Technician | Habit::Night => 1,
        Habit::Keeper | Habit::Host | Habit::Visitor => 2,
        _ => 0,
    };
    let grant = |number| Grant {
        id: id(number),
        holder: Holder::Person(id(number)),
        level: id(level(number)),
        valid: if number == 1 { over } else { always },
    };
    PolicyRows {
        version: 7,
        sites: vec![SiteRule { id: id(0), zone: Zone::utc(), accepts_uid_only: true, calendar: None }],
        areas: (0..=VAULT).map(area).collect(),
        doors: vec![
            door(0, [0, 1], FactorDemand::CardFinger),
            door(1, [0, 2], FactorDemand::Card),
            door(2, [AIRLOCK, 4], FactorDemand::CardFinger),
            door(3, [1, AIRLOCK], FactorDemand::Card),
            door(4, [4, VAULT], FactorDemand::CardFinger),
        ],
        interlocks: vec![InterlockRule { id: id(0), doors: vec![id(2), id(3)] }],
        schedules: vec![Schedule {
            id: id(0),
            windows: vec![Window { days: 31, day_types: 0, span: Span { from_minute: 360, to_minute: 1_200 } }],
            exceptions: Vec::new(),
        }],
        levels: vec![
            AccessLevel { id: id(0), lines: vec![line(&[0, 1], Some(id(0)))] },
            AccessLevel { id: id(1), lines: vec![line(&[0, 2, 3], None)] },
            AccessLevel { id: id(2), lines: vec![line(&[0, 2, 3, 4], None)] },
        ],
        persons: (0..PEOPLE)
            .map(|number| PersonRule {
                id: id(number),
                is_active: true,
                has_finger: number != 3,
                has_pin: false,
                needs_longer: false,
                exemption: None,
                escort: (number == VISITOR).then_some(Escort { by: EscortBy::Person(id(58)), within_s: 60 }),
                groups: Vec::new(),
            })
            .collect(),
        credentials,
        grants: (1..PEOPLE).map(grant).collect(),
        blocks: vec![Block { id: id(0), subject: BlockSubject::Person(id(2)), place: Place::Tenant, valid: always }],
        ..PolicyRows::empty(id(0))
    }
}

fn day(end: UnixMs) -> (Policy, Vec<(UnixMs, Event)>) {
    let policy = Policy::compile(rows()).unwrap();
    let doors = Doors { main: id(0), yard: id(1), airlock: id(3), hall: id(2), vault: id(4) };
    let areas = BTreeMap::from([
        (doors.main, ("Street", "Lobby")),
        (doors.yard, ("Street", "Yard")),
        (doors.airlock, ("Lobby", "Airlock")),
        (doors.hall, ("Airlock", "Hall")),
        (doors.vault, ("Hall", "Vault")),
    ]);
    let told = happened(&policy, &areas, &doors, &people(), end).unwrap();
    (policy, told)
}

fn decisions(told: &[(UnixMs, Event)]) -> Vec<&Decision> {
    told.iter()
        .filter_map(|(_, event)| match event {
            Event::Decision(decision) => Some(decision.as_ref()),
            _ => None,
        })
        .collect()
}

#[test]
fn every_decision_is_the_rules_own() {
    for days in 0..7 {
        let (policy, told) = day(WEDNESDAY.plus_ms(days * DAY_MS));
        for decision in decisions(&told) {
            assert_eq!(recorded::differs(&policy, decision), None, "{decision:?}");
            assert_eq!(decision.rules_version, RULES_VERSION);
        }
    }
}

#[test]
fn a_working_day_is_mostly_granted_and_refused_for_every_reason_there_is() {
    let (_, told) = day(WEDNESDAY);
    let decisions = decisions(&told);
    let granted = decisions.iter().filter(|decision| decision.verdict.reason == Reason::Granted).count();
    assert!(granted * 100 >= decisions.len() * 85, "{granted} of {}", decisions.len());
    let reasons: BTreeSet<String> = decisions.iter().map(|decision| decision.verdict.reason.to_string()).collect();
    let wanted = [
        "granted",
        "no_grant",
        "grant_expired",
        "blocked",
        "no_finger_enrolled",
        "credential_lost",
        "unknown_credential",
        "outside_schedule",
        "door_not_granted",
        "wrong_finger",
        "escort_required",
        "second_person_required",
    ];
    assert_eq!(reasons, wanted.map(str::to_owned).into());
    for side in [Side::In, Side::Out] {
        let passed = told.iter().filter(|(_, event)| matches!(event, Event::Entered { side: of, .. } if *of == side));
        assert!(passed.count() > PEOPLE / 2, "{side}");
    }
    let count = |wanted: fn(&Event) -> bool| told.iter().filter(|(_, event)| wanted(event)).count();
    assert!(count(|event| matches!(event, Event::NotOpened { .. })) > 0);
    assert!(count(|event| matches!(event, Event::ExitRequested { .. })) > 0);
    for kind in [AlarmKind::DoorForced, AlarmKind::DoorHeld] {
        let raised =
            told.iter().position(|(_, event)| matches!(event, Event::AlarmRaised { kind: of, .. } if *of == kind));
        let cleared =
            told.iter().position(|(_, event)| matches!(event, Event::AlarmCleared { kind: of, .. } if *of == kind));
        assert!(raised.is_some() && raised < cleared, "{kind}: {raised:?}, {cleared:?}");
    }
}

#[test]
fn whatever_the_hour_a_door_is_forced_and_closed_and_nothing_is_told_by_half() {
    // Every ten minutes of a day, and every minute around the one in which the door is forced.
    let ends = (0..144).map(|number| number * 10).chain(185..205);
    for minute in ends {
        let (_, told) = day(WEDNESDAY.plus_ms(minute * 60_000 - WEDNESDAY.0.rem_euclid(DAY_MS)));
        let mut open = BTreeSet::new();
        let mut forced = 0;
        for (_, event) in &told {
            match event {
                Event::DoorOpened { door, .. } => assert!(open.insert(*door), "{door} opens once, ended at {minute}"),
                Event::DoorClosed { door, .. } => assert!(open.remove(door), "{door} closes, ended at {minute}"),
                Event::AlarmRaised { kind: AlarmKind::DoorForced, .. } => forced += 1,
                _ => {}
            }
        }
        assert!(open.is_empty() && (1..=2).contains(&forced), "{open:?}, forced {forced} times, ended at {minute}");
    }
}

#[test]
fn a_door_does_one_thing_after_another_and_nobody_is_in_two_places() {
    let (_, told) = day(WEDNESDAY);
    let (begin, end) = (WEDNESDAY.plus_ms(-DAY_MS - OVERLAP_MS), WEDNESDAY);
    assert!(told.iter().all(|(at, _)| (begin..end).contains(at)));
    let mut open: BTreeSet<DoorId> = BTreeSet::new();
    let mut granted: BTreeSet<AttemptId> = BTreeSet::new();
    let mut whereabouts: BTreeMap<PersonId, (DoorId, Side)> = BTreeMap::new();
    for (_, event) in &told {
        match event {
            Event::Decision(decision) if decision.verdict.is_grant() => {
                granted.insert(decision.attempt.id);
            }
            Event::DoorOpened { door, cause } => {
                assert!(open.insert(*door), "{door} opens while it is open");
                if let Some(ReleaseCause::Attempt(attempt)) = cause {
                    assert!(granted.remove(attempt), "{attempt} opens once, and only if granted");
                }
            }
            Event::DoorClosed { door, .. } => assert!(open.remove(door), "{door} closes while it is closed"),
            Event::Entered { door, side, persons } => {
                for passage in persons {
                    let before = whereabouts.insert(passage.person, (*door, *side));
                    // Leaving by the handle is nobody's: only the hall, and the way out, are by card both ways.
                    let is_known = *door == id(2) || *side == Side::Out;
                    let is_again = before == Some((*door, *side));
                    assert!(!is_known || !is_again, "{} goes {side} at {door} twice", passage.person);
                }
            }
            _ => {}
        }
    }
    assert_eq!(open, BTreeSet::new());
}

#[test]
fn a_decision_that_the_rules_would_not_make_is_found() {
    let (policy, told) = day(WEDNESDAY);
    let granted = decisions(&told).into_iter().find(|decision| decision.attempt.finger.is_some()).unwrap();
    let changed = |change: fn(&mut Decision)| {
        let mut decision = granted.clone();
        change(&mut decision);
        recorded::differs(&policy, &decision)
    };
    assert_eq!(changed(|_| ()), None);
    assert!(changed(|decision| decision.verdict.reason = Reason::Blocked).is_some());
    assert!(changed(|decision| decision.attempt.card = CardToken([0xEE; 32])).is_some());
    assert!(changed(|decision| decision.attempt.finger = None).is_some());
    assert!(changed(|decision| decision.verdict.outcome = Outcome::Grant { release_ms: 1, held_ms: 1 }).is_some());
    assert!(changed(|decision| decision.circumstances.is_card_locked = true).is_some());
    assert!(changed(|decision| decision.verdict.policy_version = 6).is_some());
}

#[test]
fn two_go_through_together_and_nobody_is_alone_in_the_vault() {
    for days in 0..7 {
        let (_, told) = day(WEDNESDAY.plus_ms(days * DAY_MS));
        let passed = |door: usize, side: Side| -> Vec<usize> {
            let entered = told.iter().filter_map(move |(_, event)| match event {
                Event::Entered { door: at, side: of, persons } if *at == id(door) && *of == side => Some(persons.len()),
                _ => None,
            });
            entered.collect()
        };
        for side in [Side::In, Side::Out] {
            let pairs = passed(4, side);
            assert!(!pairs.is_empty() && pairs.iter().all(|&persons| persons == 2), "day {days}, {side}: {pairs:?}");
        }
        assert!(passed(0, Side::In).contains(&2), "day {days}: a visitor comes in with their host");
    }
}

#[test]
fn one_door_of_the_airlock_is_open_at_most_and_one_person_is_in_it() {
    let (_, told) = day(WEDNESDAY);
    let (mut open, mut inside) = (BTreeSet::new(), 0_i32);
    for (_, event) in &told {
        match event {
            Event::DoorOpened { door, .. } if [id(2), id(3)].contains(door) => {
                assert!(open.insert(*door) && open.len() == 1, "{open:?}");
            }
            Event::DoorClosed { door, .. } => {
                open.remove(door);
            }
            Event::Entered { door, side, .. } if [id(2), id(3)].contains(door) => {
                let comes = (*door == id(3)) == (*side == Side::In);
                inside += if comes { 1 } else { -1 };
                assert!((0..=1).contains(&inside), "{inside} in the airlock");
            }
            _ => {}
        }
    }
    assert_eq!(inside, 0);
}
