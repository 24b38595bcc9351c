use super::*;
use crate::intervals::Interval;
use crate::policy::samples::{MONDAY_NOON, id, person, rows};
use crate::policy::{
    Block, BlockSubject, CardToken, CredentialRule, Grant, GroupRule, Holder, Place, PolicyChange, PolicyRow,
    PolicyRowId, PolicyRows,
};
use crate::time::Period;

const HOUR_MS: i64 = 3_600_000;
const MONDAY: UnixMs = MONDAY_NOON.plus_ms(-12 * HOUR_MS);

/// `persons` persons, each with a card and a grant of level 1 without an end; the first is in group 1.
fn many(persons: u128) -> PolicyRows {
    let mut rows = rows();
    rows.groups.push(GroupRule { id: id(1), is_responder: false });
    rows.persons = (1..=persons).map(person).collect();
    rows.persons[0].groups.push(id(1));
    let token = |number: u128| {
        let mut token = [0; 32];
        token[..16].copy_from_slice(&number.to_le_bytes());
        CardToken(token)
    };
    let card = rows.credentials[0];
    rows.credentials = (1..=persons)
        .map(|number| CredentialRule { id: id(number), person: id(number), token: token(number), ..card })
        .collect();
    let valid = Period { from: UnixMs(0), until: None };
    rows.grants = (1..=persons)
        .map(|number| Grant { id: id(number), holder: Holder::Person(id(number)), level: id(1), valid })
        .collect();
    rows
}

fn hours(from: i64, until: i64) -> Intervals {
    Intervals::between(MONDAY.plus_ms(from * HOUR_MS), MONDAY.plus_ms(until * HOUR_MS))
}

fn day(old: &Policy, new: &Policy) -> Diff {
    diff(old, new, MONDAY, MONDAY.plus_ms(24 * HOUR_MS))
}

#[test]
fn nothing_changes_between_equals() {
    let policy = Policy::compile(many(3)).unwrap();
    assert_eq!(day(&policy, &policy), Diff::default());
}

#[test]
fn a_changed_window_changes_all_who_hold_it_alike() {
    let old = Policy::compile(many(4)).unwrap();
    let mut schedule = old.schedule(id(1)).unwrap().clone();
    (schedule.windows[0].span.from_minute, schedule.windows[0].span.to_minute) = (8 * 60, 20 * 60);
    let new = old.with(&[PolicyChange::Put(PolicyRow::Schedule(schedule))]).unwrap();
    let diff = day(&old, &new);
    assert_eq!(diff.counts, DiffCounts { persons_gaining: 4, persons_losing: 4, gained: 16, lost: 16 });
    let door = |door, side| DoorDiff { door: id(door), side, gained: hours(19, 20), lost: hours(7, 8) };
    let doors = vec![door(1, Side::In), door(1, Side::Out), door(2, Side::In), door(2, Side::Out)];
    assert_eq!(diff.groups, [DiffGroup { persons: (1..=4).map(id).collect(), doors }]);
}

#[test]
fn whoever_keeps_a_door_by_another_level_loses_nothing() {
    let mut rows = many(2);
    let mut other = rows.levels[0].clone();
    other.id = id(2);
    rows.levels.push(other);
    let valid = Period { from: UnixMs(0), until: Some(MONDAY.plus_ms(9 * HOUR_MS)) };
    rows.grants.push(Grant { id: id(9), holder: Holder::Group(id(1)), level: id(2), valid });
    let old = Policy::compile(rows).unwrap();
    let mut level = old.level(id(1)).unwrap().clone();
    level.lines[0].places = vec![Place::Door(id(1))];
    let diff = day(&old, &old.with(&[PolicyChange::Put(PolicyRow::Level(level))]).unwrap());
    let lost = |person: u128, hours: Intervals| {
        let door = |side| DoorDiff { door: id(2), side, gained: Intervals::none(), lost: hours.clone() };
        DiffGroup { persons: vec![id(person)], doors: vec![door(Side::In), door(Side::Out)] }
    };
    assert_eq!(diff.groups, [lost(1, hours(9, 19)), lost(2, hours(7, 19))]);
    assert_eq!(diff.counts, DiffCounts { persons_gaining: 0, persons_losing: 2, gained: 0, lost: 4 });
}

#[test]
fn each_kind_of_row_that_changes_is_noticed() {
    let old = Policy::compile(many(3)).unwrap();
    let losers = |change: PolicyChange| {
        let diff = day(&old, &old.with(&[change]).unwrap());
        assert_eq!(diff.counts.persons_gaining, 0);
        diff.groups.into_iter().flat_map(|group| group.persons).collect::<Vec<_>>()
    };
    let mut inactive = person(2);
    inactive.is_active = false;
    assert_eq!(losers(PolicyChange::Put(PolicyRow::Person(inactive))), [id(2)]);
    assert_eq!(losers(PolicyChange::Remove(PolicyRowId::Credential(id(3)))), [id(3)]);
    assert_eq!(losers(PolicyChange::Remove(PolicyRowId::Grant(id(1)))), [id(1)]);
    let block = |subject| {
        PolicyChange::Put(PolicyRow::Block(Block {
            id: id(1),
            subject,
            place: Place::Site(id(1)),
            valid: Period::ALWAYS,
        }))
    };
    assert_eq!(losers(block(BlockSubject::Person(id(2)))), [id(2)]);
    assert_eq!(losers(block(BlockSubject::Credential(id(3)))), [id(3)]);
    assert_eq!(losers(block(BlockSubject::Group(id(1)))), [id(1)]);
    let mut elsewhere = old.door(id(1)).unwrap().clone();
    elsewhere.site = id(1);
    elsewhere.release_ms += 1;
    assert_eq!(losers(PolicyChange::Put(PolicyRow::Door(elsewhere))), [], "a door's times are no right");
}

#[test]
fn gains_end_with_the_grant() {
    let old = Policy::compile(many(2)).unwrap();
    let valid = Period { from: MONDAY.plus_ms(8 * HOUR_MS), until: Some(MONDAY.plus_ms(10 * HOUR_MS)) };
    let mut open = old.level(id(1)).unwrap().clone();
    open.id = id(2);
    open.lines[0].schedule = None;
    let grant = Grant { id: id(9), holder: Holder::Person(id(2)), level: id(2), valid };
    let new =
        old.with(&[PolicyChange::Put(PolicyRow::Level(open)), PolicyChange::Put(PolicyRow::Grant(grant))]).unwrap();
    assert_eq!(day(&old, &new), Diff::default(), "nothing that was not held already");
    let valid = Period { until: Some(MONDAY.plus_ms(20 * HOUR_MS)), ..valid };
    let new = new.with(&[PolicyChange::Put(PolicyRow::Grant(Grant { valid, ..grant }))]).unwrap();
    let diff = day(&old, &new);
    assert_eq!(diff.groups.len(), 1);
    let evening = Interval { from: MONDAY.plus_ms(19 * HOUR_MS), until: MONDAY.plus_ms(20 * HOUR_MS) };
    assert!(diff.groups[0].doors.iter().all(|door| door.gained.as_slice() == [evening] && door.lost.is_empty()));
}

#[test]
fn whoever_is_blocked_at_a_door_gains_at_the_others_only() {
    let mut rows = many(3);
    let block = |number, person, valid| Block {
        id: id(number),
        subject: BlockSubject::Person(id(person)),
        place: Place::Door(id(2)),
        valid,
    };
    let until_eight = Period { from: UnixMs(0), until: Some(MONDAY.plus_ms(20 * HOUR_MS)) };
    rows.blocks = vec![block(1, 1, Period::ALWAYS), block(2, 2, until_eight)];
    let old = Policy::compile(rows).unwrap();
    let mut schedule = old.schedule(id(1)).unwrap().clone();
    schedule.windows[0].span.to_minute = 22 * 60;
    let diff = day(&old, &old.with(&[PolicyChange::Put(PolicyRow::Schedule(schedule))]).unwrap());
    let gains = |door: u128, hours: Intervals| {
        [Side::In, Side::Out].into_iter().map(move |side| DoorDiff {
            door: id(door),
            side,
            gained: hours.clone(),
            lost: Intervals::none(),
        })
    };
    let group = |person, at_second: Option<Intervals>| DiffGroup {
        persons: vec![id(person)],
        doors: gains(1, hours(19, 22)).chain(at_second.into_iter().flat_map(|hours| gains(2, hours))).collect(),
    };
    assert_eq!(diff.groups, [group(1, None), group(2, Some(hours(20, 22))), group(3, Some(hours(19, 22)))]);
}
