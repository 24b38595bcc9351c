//! Random records, as they come and as they never should: what `access-core` keeps of them gives the same verdicts as all of them
//! give when they are read anew.

use access_core::circumstances::Knowledge;
use access_core::decide::decide;
use access_core::event::Record;
use access_core::policy::PolicyRows;
use access_core::state::State;
use access_core::{Attempt, Policy};
use oracle::dice::{Dice, any_dice, cases};
use oracle::{Log, Oracle, attempts, records, tenant};
use proptest::prelude::*;

/// Most records that are told, on average half of them.
const RECORDS: usize = 60;
/// Most attempts that follow, on average half of them.
const ATTEMPTS: usize = 24;

/// A tenant, what was recorded there, and attempts after that.
#[derive(Debug, Clone)]
struct History {
    rows: PolicyRows,
    records: Vec<Record>,
    asked: Vec<Attempt>,
}

fn any_history() -> impl Strategy<Value = History> {
    let told = proptest::collection::vec(any_dice(records::NUMBERS), 0..RECORDS);
    let asked = proptest::collection::vec(any_dice(attempts::NUMBERS), 1..ATTEMPTS);
    (any_dice(tenant::NUMBERS), told, asked).prop_map(|(mut dice, told, asked)| {
        let records = records::records(told);
        let ask = |mut dice: Dice| records::attempt_after(&mut dice, &records);
        History { rows: tenant::rows(&mut dice), asked: asked.into_iter().map(ask).collect(), records }
    })
}

proptest! {
    #![proptest_config(cases(20_000 / ATTEMPTS * 2))]

    #[test]
    fn state_gives_the_same_verdicts_as_all_records(history in any_history(), sees_all in prop::bool::weighted(0.8)) {
        let (mut state, knowledge) = match sees_all {
            true => (State::default(), Knowledge::Everything),
            false => (State::of_own_doors(), Knowledge::OwnDoors),
        };
        let mut log = Log::default();
        for record in &history.records {
            state.apply(record);
            log.note(record);
        }
        let policy = Policy::compile(history.rows.clone()).unwrap();
        let oracle = Oracle { rows: &history.rows, usable_until: None };
        for attempt in &history.asked {
            let known = log.circumstances(&history.rows, knowledge, attempt);
            let differences = oracle.judge(&known, attempt).differences(&decide(&policy, &state, attempt));
            let read = state.circumstances(&policy, attempt);
            prop_assert!(
                differences.is_empty(),
                "{attempt:#?}\nthe oracle knows {known:#?}\naccess-core knows {read:#?}\n{}", differences.join("\n")
            );
        }
    }

    #[test]
    fn state_tells_the_same_of_people_and_cards(history in any_history()) {
        let (mut state, mut log) = (State::default(), Log::default());
        for record in &history.records {
            state.apply(record);
            log.note(record);
        }
        let everybody: Vec<_> = log.everybody().into_iter().filter_map(|person| Some((person, log.whereabouts(person)?))).collect();
        prop_assert_eq!(state.everybody().collect::<Vec<_>>(), everybody);
        for card in (1..=tenant::CARDS + tenant::MISSING).map(tenant::id) {
            prop_assert_eq!(state.locked_cards().any(|locked| locked == card), log.is_card_locked(card), "{:?}", card);
        }
    }
}
