use super::*;
use crate::event::StateChange;
use crate::intervals::Interval;
use crate::policy::samples::{MONDAY_NOON, id, person, rows};
use crate::policy::{
    Block, BlockSubject, CardToken, CredentialRule, CredentialState, Escort, EscortBy, Grant, GroupRule, Holder, Place,
    PolicyRows, ThreatLevelRule,
};
use crate::time::{DAY_MS, Period, Zone, ZoneOffset};

const HOUR_MS: i64 = 3_600_000;
const MONDAY: UnixMs = MONDAY_NOON.plus_ms(-12 * HOUR_MS);

/// The sample person, without an end to their grant, and a second one who holds the same by group 1.
fn two() -> PolicyRows {
    let mut rows = rows();
    rows.grants[0].valid.until = None;
    rows.groups.push(GroupRule { id: id(1), is_responder: false });
    let mut second = person(2);
    second.groups.push(id(1));
    rows.persons.push(second);
    rows.credentials.push(CredentialRule {
        id: id(2),
        person: id(2),
        token: CardToken([2; 32]),
        ..rows.credentials[0]
    });
    rows.grants.push(Grant { id: id(2), holder: Holder::Group(id(1)), ..rows.grants[0] });
    rows
}

fn compile(change: impl FnOnce(&mut PolicyRows)) -> Policy {
    let mut rows = two();
    change(&mut rows);
    Policy::compile(rows).unwrap()
}

fn persons(policy: &Policy, state: Option<&State>) -> Vec<PersonId> {
    who(policy, state, id(1), Side::In, MONDAY_NOON).into_iter().map(|may| may.person).collect()
}

#[test]
fn everybody_is_told_with_factors_and_grant() {
    let may = who(&compile(|_| {}), None, id(1), Side::In, MONDAY_NOON);
    let first = MayOpen {
        person: id(1),
        door: id(1),
        side: Side::In,
        credential: id(1),
        grant: id(1),
        level: id(1),
        factors: FactorDemand::CardFinger,
        company: None,
    };
    let second = MayOpen { person: id(2), credential: id(2), grant: id(2), ..first };
    assert_eq!(may, [first, second]);
    let policy = compile(|rows| {
        rows.persons[0].escort = Some(Escort { by: EscortBy::Person(id(2)), within_s: 60 });
        rows.persons[1].has_finger = false;
    });
    let may = who(&policy, None, id(1), Side::In, MONDAY_NOON);
    assert_eq!(may, [MayOpen { company: Some(Reason::EscortRequired), ..first }], "a visitor, in company");
    assert_eq!(who(&policy, None, id(9), Side::In, MONDAY_NOON), [], "a door that is not there");
}

#[test]
fn what_stops_a_person_takes_them_off_the_list() {
    assert_eq!(persons(&compile(|rows| rows.credentials[0].state = CredentialState::Lost), None), [id(2)]);
    assert_eq!(persons(&compile(|rows| rows.persons[1].is_active = false), None), [id(1)]);
    assert_eq!(persons(&compile(|rows| rows.grants[1].valid.until = Some(MONDAY_NOON)), None), [id(1)]);
    let evening = who(&compile(|_| {}), None, id(1), Side::In, MONDAY_NOON.plus_ms(7 * HOUR_MS));
    assert_eq!(evening, []);
    // Leaving by this system is never refused; that is nobody's right, and makes no list.
    let out = who(&compile(|_| {}), None, id(2), Side::Out, MONDAY_NOON.plus_ms(7 * HOUR_MS));
    assert_eq!(out, []);
}

#[test]
fn state_counts_where_it_is_asked_for() {
    let policy = compile(|rows| {
        let (places, factors) = (Vec::new(), None);
        rows.threat_levels.push(ThreatLevelRule { level: 1, locks: true, places, factors, exempt: vec![id(1)] });
    });
    let mut state = State::default();
    state.stand(&[(MONDAY, StateChange::ThreatLevel { place: Place::Site(id(1)), level: 1 })]);
    assert_eq!(persons(&policy, Some(&state)), [id(2)], "only the exempt");
    assert_eq!(persons(&policy, None), [id(1), id(2)]);
}

#[test]
fn a_person_is_told_every_door_and_side() {
    let at = |may: &MayOpen| (may.door, may.side, may.factors);
    let doors: Vec<_> = where_(&compile(|_| {}), None, id(2), MONDAY_NOON).iter().map(at).collect();
    let (card, finger) = (FactorDemand::Card, FactorDemand::CardFinger);
    let both = |door| [(id(door), Side::In, finger), (id(door), Side::Out, card)];
    assert_eq!(doors, [both(1), both(2)].concat());
    assert_eq!(where_(&compile(|_| {}), None, id(9), MONDAY_NOON), []);
}

#[test]
fn a_week_is_exact_at_every_end() {
    let hours = |from: i64, until: i64| Interval {
        from: MONDAY.plus_ms(from * HOUR_MS),
        until: MONDAY.plus_ms(until * HOUR_MS),
    };
    let of = |policy: &Policy| {
        let times = who_times(policy, id(1), Side::In, MONDAY, MONDAY.plus_ms(8 * DAY_MS));
        let first = times.iter().find(|times| times.person == id(1));
        first.map_or_else(Vec::new, |first| first.times.as_slice().to_vec())
    };
    let next = 7 * 24;
    assert_eq!(of(&compile(|_| {})), [hours(7, 19), hours(next + 7, next + 19)]);
    let grant = |rows: &mut PolicyRows| rows.grants[0].valid.until = Some(MONDAY.plus_ms(9 * HOUR_MS));
    assert_eq!(of(&compile(grant)), [hours(7, 9)]);
    let card = |rows: &mut PolicyRows| rows.credentials[0].valid.from = MONDAY.plus_ms(18 * HOUR_MS);
    assert_eq!(of(&compile(card)), [hours(18, 19), hours(next + 7, next + 19)]);
    let block = |rows: &mut PolicyRows| {
        let valid = Period { from: MONDAY.plus_ms(8 * HOUR_MS), until: Some(MONDAY.plus_ms(20 * HOUR_MS)) };
        rows.blocks.push(Block { id: id(1), subject: BlockSubject::Person(id(1)), place: Place::Site(id(1)), valid });
    };
    assert_eq!(of(&compile(block)), [hours(7, 8), hours(next + 7, next + 19)]);
    let zone = |rows: &mut PolicyRows| {
        let change = ZoneOffset { from: MONDAY.plus_ms(10 * HOUR_MS), offset_s: -3_600 };
        rows.sites[0].zone = Zone { name: "back".into(), first_offset_s: 0, offsets: vec![change] };
    };
    assert_eq!(of(&compile(zone)), [hours(7, 20), hours(next + 8, next + 20)], "an hour counts twice");
    assert_eq!(of(&compile(|rows| rows.persons[0].is_active = false)), []);
}

#[test]
fn where_and_who_tell_the_same_times() {
    let policy = compile(|rows| rows.levels[0].lines[0].sides = crate::policy::Sides::In);
    let until = MONDAY.plus_ms(3 * DAY_MS);
    let doors = where_times(&policy, id(2), MONDAY, until);
    assert_eq!(
        doors.iter().map(|door| (door.door, door.side)).collect::<Vec<_>>(),
        [(id(1), Side::In), (id(2), Side::In)]
    );
    for door in doors {
        let persons = who_times(&policy, door.door, door.side, MONDAY, until);
        assert_eq!(persons.iter().find(|times| times.person == id(2)).unwrap().times, door.times);
    }
}
