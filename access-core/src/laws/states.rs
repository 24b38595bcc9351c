//! Laws of the state: in which order records of different authors arrive, and how often, makes no difference.

use std::collections::{BTreeMap, VecDeque};

use proptest::prelude::*;
use proptest::sample::Index;

use crate::chain::RECORD_BYTES_MAX;
use crate::circumstances::Others;
use crate::event::{Author, Record};
use crate::ids::PersonId;
use crate::policy::Policy;
use crate::samples::{PERSONS, any_attempt, any_rows, any_steps, id, play};
use crate::state::State;

fn state_of<'a>(records: impl IntoIterator<Item = &'a Record>) -> State {
    let mut state = State::default();
    records.into_iter().for_each(|record| state.apply(record));
    state
}

/// The records, each author's in their order, the authors mixed as `turns` says.
fn mixed(records: &[Record], turns: &[Index]) -> Vec<Record> {
    let mut queues: BTreeMap<Author, VecDeque<Record>> = BTreeMap::new();
    for record in records {
        queues.entry(record.author).or_default().push_back(record.clone());
    }
    let mut mixed = Vec::with_capacity(records.len());
    for turn in turns.iter().cycle().take(records.len()) {
        let waiting: Vec<Author> =
            queues.iter().filter(|(_, queue)| !queue.is_empty()).map(|(author, _)| *author).collect();
        let author = waiting[turn.index(waiting.len())];
        mixed.extend(queues.get_mut(&author).and_then(VecDeque::pop_front));
    }
    mixed
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn it_makes_no_difference_whose_records_come_first(
        rows in any_rows(), steps in any_steps(40), turns in proptest::collection::vec(any::<Index>(), 1..40),
    ) {
        let (records, state) = play(&Policy::compile(rows).unwrap(), &steps);
        let mixed = mixed(&records, &turns);
        prop_assert_eq!(mixed.len(), records.len());
        prop_assert_eq!(state_of(&mixed), state);
    }

    #[test]
    fn a_record_that_comes_twice_counts_once(
        rows in any_rows(), steps in any_steps(40), again in any::<Index>(),
    ) {
        let (records, state) = play(&Policy::compile(rows).unwrap(), &steps);
        prop_assume!(!records.is_empty());
        // A decision is known at once where it is made, and comes once more as the agent's record.
        let place = again.index(records.len());
        let twice = records[..=place].iter().chain(&records[place..]);
        prop_assert_eq!(state_of(twice), state);
    }

    #[test]
    fn what_was_kept_goes_on_as_if_it_had_never_been_put_down(
        rows in any_rows(), steps in any_steps(40), cut in any::<Index>(),
    ) {
        let (records, state) = play(&Policy::compile(rows).unwrap(), &steps);
        let (first, second) = records.split_at(if records.is_empty() { 0 } else { cut.index(records.len()) });
        let kept = crate::canonical::encode(&state_of(first));
        let mut goes_on: State = crate::canonical::decode("state", &kept).unwrap();
        second.iter().for_each(|record| goes_on.apply(record));
        prop_assert_eq!(goes_on, state);
    }

    #[test]
    fn everybody_is_counted_where_they_are(rows in any_rows(), steps in any_steps(40), attempt in any_attempt()) {
        let policy = Policy::compile(rows).unwrap();
        let (_, state) = play(&policy, &steps);
        let known = state.circumstances(&policy, &attempt);
        let Some(door) = policy.door(attempt.door) else { return Ok(()) };
        let Some(person) = policy.card(&attempt.card).and_then(|card| card.person) else { return Ok(()) };
        let areas = [door.area_after(attempt.side), door.area_before(attempt.side)];
        let [ahead, behind] = areas.map(|area| policy.area(area).unwrap());
        let asks = [ahead.persons_max.is_some() || ahead.two_person.is_some(), behind.two_person.is_some()];
        for ((area, asks), others) in [ahead, behind].into_iter().zip(asks).zip([known.ahead, known.behind]) {
            if !asks {
                prop_assert_eq!(others, Others::default(), "nobody asks");
                continue;
            }
            let is_inside = |other: &PersonId| {
                let seen = state.whereabouts(*other);
                seen.and_then(|seen| policy.door(seen.door).map(|door| door.area_after(seen.side))) == Some(area.id)
            };
            let inside = (1..=PERSONS).map(id).filter(|other| *other != person.id).filter(is_inside).count();
            prop_assert!(others.inside as usize >= inside);
            prop_assert!((others.inside as usize) < PERSONS as usize);
            prop_assert!(others.leaving <= others.inside);
        }
        prop_assert_eq!(state.everybody().count() <= PERSONS as usize, true);
    }

    #[test]
    fn a_decisions_record_is_never_too_long(rows in any_rows(), steps in any_steps(60)) {
        let (records, _) = play(&Policy::compile(rows).unwrap(), &steps);
        for record in records {
            prop_assert!(crate::canonical::encode(&record).len() <= RECORD_BYTES_MAX);
        }
    }

    #[test]
    fn what_stands_is_taken_over_whole(rows in any_rows(), steps in any_steps(40), attempt in any_attempt()) {
        let policy = Policy::compile(rows).unwrap();
        let (records, state) = play(&policy, &steps);
        let at = records.last().map_or(attempt.at, |record| record.at);
        let mut agent = State::of_own_doors();
        agent.stand(&state.standing(at));
        prop_assert_eq!(agent.standing(at), state.standing(at));
        prop_assert!(agent.locked_cards().eq(state.locked_cards()));
        prop_assert!(agent.threat_levels().eq(state.threat_levels()));
        agent.stand(&[]);
        prop_assert_eq!(agent.standing(at), vec![]);
    }
}
