//! Laws of who, where and what changes: they tell what asking for each person, door and instant would.

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::sample::Index;

use crate::attempt::{Assurance, Attempt, ClockTrust};
use crate::circumstances::Circumstances;
use crate::decide::judge;
use crate::diff::diff;
use crate::explain::judge_with_factors;
use crate::ids::{DoorId, PersonId};
use crate::intervals::Intervals;
use crate::policy::{Policy, PolicyRows, Side};
use crate::samples::{BASE, DOORS, PERSONS, any_instant, any_rows, any_steps, id, play};
use crate::time::{DAY_MS, UnixMs};
use crate::verdict::{Reason, Rule};
use crate::who::{where_, where_times, who, who_times};
use crate::word::Word as _;

fn attempt(policy: &Policy, person: PersonId, door: DoorId, side: Side, at: UnixMs) -> Vec<Attempt> {
    let attempt = |card: crate::policy::CredentialRule| Attempt {
        id: id(0),
        door,
        side,
        at,
        clock: ClockTrust::Trusted,
        card: card.token,
        assurance: Assurance::Authenticated,
        finger: None,
        pin: None,
    };
    policy.cards_of(person).map(attempt).collect()
}

/// Without modes: the lists over a stretch leave out what is not granted, blocked or carried.
fn without_modes(mut rows: PolicyRows) -> Policy {
    rows.doors.iter_mut().for_each(|door| door.modes.clear());
    Policy::compile(rows).unwrap()
}

/// Whether no rule up to the schedule objects, with some card.
fn is_open(policy: &Policy, person: PersonId, door: DoorId, side: Side, at: UnixMs) -> bool {
    let objects = |attempt: &Attempt| {
        let rule = judge(policy, &Circumstances::default(), attempt).rule;
        rule.is_some_and(|rule| rule <= Rule::Schedule)
    };
    attempt(policy, person, door, side, at).iter().any(|attempt| !objects(attempt))
}

fn all_of() -> impl Iterator<Item = (PersonId, DoorId, Side)> {
    let doors = (1..=DOORS).flat_map(|door| Side::ALL.iter().map(move |side| (id(door), *side)));
    doors.flat_map(|(door, side)| (1..=PERSONS).map(move |person| (id(person), door, side)))
}

const FROM: UnixMs = BASE.plus_ms(-DAY_MS);
const UNTIL: UnixMs = BASE.plus_ms(DAY_MS * 2);

/// When each may open what, by asking for each person.
fn times(policy: &Policy) -> BTreeMap<(PersonId, DoorId, Side), Intervals> {
    let mut all = BTreeMap::new();
    for person in policy.persons() {
        for door in where_times(policy, person.id, FROM, UNTIL) {
            all.insert((person.id, door.door, door.side), door.times);
        }
    }
    all
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn at_an_instant_the_lists_tell_whom_the_rules_let_pass(
        rows in any_rows(), steps in any_steps(16), at in any_instant(), is_as_logged in any::<bool>(),
    ) {
        let policy = Policy::compile(rows).unwrap();
        let (records, state) = play(&policy, &steps);
        let at = records.last().filter(|_| is_as_logged).map_or(at, |last| last.at.plus_ms(20));
        let state = Some(&state).filter(|_| is_as_logged);
        for (person, door, side) in all_of() {
            let passes = |attempt: &Attempt| {
                let known = state.map_or_else(Circumstances::default, |state| state.circumstances(&policy, attempt));
                let reason = judge_with_factors(&policy, &known, attempt).reason;
                let alone = matches!(reason, Reason::Granted | Reason::DoorFree);
                alone || matches!(reason, Reason::EscortRequired | Reason::SecondPersonRequired)
            };
            // With a mechanical exit nothing is turned into leaving, which is no right.
            let expected = attempt(&policy, person, door, side, at).iter().any(passes);
            let by_door = who(&policy, state, door, side, at);
            let by_person = where_(&policy, state, person, at);
            prop_assert_eq!(by_door.iter().any(|may| may.person == person), expected);
            let found: Vec<_> = by_person.iter().filter(|may| (may.door, may.side) == (door, side)).collect();
            prop_assert_eq!(found, by_door.iter().filter(|may| may.person == person).collect::<Vec<_>>());
        }
    }

    #[test]
    fn over_a_stretch_they_tell_each_instant(rows in any_rows()) {
        let policy = without_modes(rows);
        let all = times(&policy);
        for (person, door, side) in all_of() {
            let by_person = all.get(&(person, door, side)).cloned().unwrap_or_default();
            let by_door = who_times(&policy, door, side, FROM, UNTIL);
            let by_door = by_door.into_iter().find(|times| times.person == person).map(|times| times.times);
            prop_assert_eq!(&by_door.unwrap_or_default(), &by_person);
        }
        // Every end, and a millisecond before and after it.
        for ((person, door, side), times) in &all {
            for interval in times.as_slice() {
                for at in [interval.from, interval.until].into_iter().flat_map(|at| [at.plus_ms(-1), at, at.plus_ms(1)]) {
                    if FROM <= at && at < UNTIL {
                        prop_assert_eq!(times.holds(at), is_open(&policy, *person, *door, *side, at), "{:?} at {:?}", times, at);
                    }
                }
            }
        }
    }

    #[test]
    fn at_any_instant_the_stretch_holds_it(rows in any_rows(), at in any_instant()) {
        let policy = without_modes(rows);
        let all = times(&policy);
        for (person, door, side) in all_of() {
            let times = all.get(&(person, door, side)).cloned().unwrap_or_default();
            if FROM <= at && at < UNTIL {
                prop_assert_eq!(times.holds(at), is_open(&policy, person, door, side, at));
            }
        }
    }

    #[test]
    fn what_changes_is_the_difference(rows in any_rows(), other in any_rows(), mix in any::<u16>(), which in any::<Index>()) {
        let old = Policy::compile(rows.clone()).unwrap();
        let mut rows = rows;
        let take = |bit: u32| mix & (1 << bit) != 0;
        if take(0) { rows.levels = other.levels; }
        if take(1) { rows.schedules = other.schedules; }
        if take(2) { rows.grants = other.grants; }
        if take(3) { rows.blocks = other.blocks; }
        if take(4) { rows.persons = other.persons; }
        if take(5) { rows.credentials = other.credentials; }
        if take(6) { rows.sites = other.sites; }
        if take(7) { rows.calendars = other.calendars; }
        if take(8) { rows.doors = other.doors; }
        if take(9) && !rows.grants.is_empty() {
            let place = which.index(rows.grants.len());
            rows.grants.remove(place);
        }
        let new = Policy::compile(rows).unwrap();
        let diff = diff(&old, &new, FROM, UNTIL);
        let (before, after) = (times(&old), times(&new));
        let mut told = BTreeMap::new();
        for group in &diff.groups {
            prop_assert!(group.persons.is_sorted());
            for person in &group.persons {
                for door in &group.doors {
                    let gained_and_lost = (door.gained.clone(), door.lost.clone());
                    prop_assert!(told.insert((*person, door.door, door.side), gained_and_lost).is_none());
                }
            }
        }
        let mut gained_and_lost = (0, 0);
        for cell in all_of() {
            let (before, after) = (before.get(&cell).cloned().unwrap_or_default(), after.get(&cell).cloned().unwrap_or_default());
            let expected = (after.without(&before), before.without(&after));
            gained_and_lost.0 += u64::from(!expected.0.is_empty());
            gained_and_lost.1 += u64::from(!expected.1.is_empty());
            let told = told.remove(&cell).unwrap_or_default();
            prop_assert_eq!(told, expected, "{:?}", cell);
        }
        prop_assert_eq!((diff.counts.gained, diff.counts.lost), gained_and_lost);
    }
}
