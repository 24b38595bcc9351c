//! Laws of what one agent gets: its doors answer as the whole does, and nobody else is in it.

use std::collections::BTreeSet;

use proptest::prelude::*;

use crate::attempt::Attempt;
use crate::decide::judge;
use crate::event::{Event, Record};
use crate::ids::DoorId;
use crate::policy::{AccessLevel, Exit, Grant, Policy, PolicyRows, Side};
use crate::samples::{any_attempt, any_rows, any_steps, id, play};
use crate::state::State;
use crate::verdict::Reason;
use crate::word::Word as _;

fn own_doors() -> BTreeSet<DoorId> {
    [id(1), id(2)].into()
}

/// The state of an agent that saw what happened at its own doors, and what operators set.
fn own_state<'a>(records: impl IntoIterator<Item = &'a Record>) -> State {
    let mut state = State::of_own_doors();
    for record in records {
        let is_own = record.event.door().is_none_or(|door| own_doors().contains(&door));
        if is_own || matches!(record.event, Event::StateSet(_)) {
            state.apply(record);
        }
    }
    state
}

fn holds_a_kept_door(rows: &PolicyRows, grant: &Grant) -> bool {
    let level: Option<&AccessLevel> = rows.levels.iter().find(|level| level.id == grant.level);
    let mut kept = rows.doors.iter().filter(|door| own_doors().contains(&door.id));
    kept.any(|door| level.is_some_and(|level| Side::ALL.iter().any(|side| level.holds(door, *side))))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_500))]

    #[test]
    fn an_agents_doors_answer_as_the_whole_does(
        rows in any_rows(), steps in any_steps(16), attempt in any_attempt(), door in 1u128..3,
    ) {
        let whole = Policy::compile(rows).unwrap();
        let cut = Policy::compile(whole.for_doors(&own_doors())).unwrap();
        let (records, _) = play(&whole, &steps);
        let at = records.last().filter(|_| attempt.at.0 % 2 == 0).map_or(attempt.at, |last| last.at.plus_ms(10));
        let attempt = Attempt { door: id(door), at, ..attempt };
        let state = own_state(&records);
        let by_whole = judge(&whole, &state.circumstances(&whole, &attempt), &attempt);
        let by_cut = judge(&cut, &state.circumstances(&cut, &attempt), &attempt);
        let is_let_leave = attempt.side == Side::Out && cut.door(id(door)).unwrap().exit == Exit::BySystem;
        match cut.card(&attempt.card) {
            Some(card) => {
                prop_assert_eq!(by_cut.reason, by_whole.reason);
                prop_assert_eq!(by_cut.is_grant(), by_whole.is_grant());
                // Whether a stranger with a lost card needs longer is not told to the agent.
                prop_assert!(card.person.is_none() || by_cut.outcome == by_whole.outcome);
            }
            None if is_let_leave => prop_assert_eq!(by_cut.reason, Reason::LeavingNotRefused),
            None => {
                prop_assert_eq!(by_cut.reason, Reason::NotKnownHere);
                prop_assert!(!by_whole.is_grant(), "{by_whole:?}");
            }
        }
    }

    #[test]
    fn nobody_else_is_in_an_agents_part(rows in any_rows()) {
        let whole = Policy::compile(rows.clone()).unwrap();
        let cut = whole.for_doors(&own_doors());
        let may: BTreeSet<_> = rows
            .persons
            .iter()
            .filter(|person| {
                let view = whole.person(person.id).unwrap();
                whole.grants_of(&view).any(|grant| holds_a_kept_door(&rows, &grant))
            })
            .map(|person| person.id)
            .collect();
        let kept: BTreeSet<_> = cut.persons.iter().map(|person| person.id).collect();
        prop_assert_eq!(&kept, &may);
        prop_assert!(cut.credentials.iter().all(|card| may.contains(&card.person)));
        prop_assert!(cut.doors.iter().all(|door| own_doors().contains(&door.id)));
        prop_assert_eq!(cut.doors.len(), own_doors().len());
        for missing in &cut.missing_cards {
            let card = rows.credentials.iter().find(|card| card.id == missing.id).unwrap();
            prop_assert!(!may.contains(&card.person) && card.token == missing.token);
        }
    }
}
