//! Random records, as they come and as they never should: what `access-core` keeps of them gives the same verdicts as all of them
//! give when they are read anew.
#![expect(clippy::unwrap_used, reason = "what makes no policy ends the test")]

use access_core::circumstances::Knowledge;
use access_core::decide::decide;
use access_core::event::Record;
use access_core::policy::{DoorMode, Escort, EscortBy, ModeLine, PolicyRows};
use access_core::state::State;
use access_core::{Attempt, Policy, Reason};
use oracle::answer::{Met, shown};
use oracle::dice::{Dice, any_dice, cases};
use oracle::{Log, Oracle, attempts, records, tenant};
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;

/// Most records that are told, on average half of them.
const RECORDS: usize = 60;
/// Most attempts that follow, on average half of them.
const ATTEMPTS: usize = 24;
/// Most records where a crowd comes: more than what is known of one reader or door.
const CROWD_RECORDS: usize = 160;

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

/// Two dozen persons at one door within minutes.
fn any_crowd() -> impl Strategy<Value = History> {
    let told = proptest::collection::vec(any_dice(records::NUMBERS), CROWD_RECORDS / 2..CROWD_RECORDS);
    let asked = proptest::collection::vec(any_dice(attempts::NUMBERS), 1..6);
    (any_dice(tenant::NUMBERS), told, asked).prop_map(|(mut dice, told, asked)| {
        let rows = tenant::crowd(&mut dice);
        let records = records::crowded(&mut dice, told);
        let ask = |mut dice: Dice| records::attempt_in_crowd(&mut dice, &records);
        History { rows, asked: asked.into_iter().map(ask).collect(), records }
    })
}

fn differences(history: &History, knowledge: Knowledge) -> Option<String> {
    let mut log = Log::default();
    let mut state = match knowledge {
        Knowledge::Everything => State::default(),
        Knowledge::OwnDoors => State::of_own_doors(),
    };
    for record in &history.records {
        state.apply(record);
        log.note(record);
    }
    let policy = Policy::compile(history.rows.clone()).unwrap();
    let oracle = Oracle { rows: &history.rows, usable_until: None };
    history.asked.iter().find_map(|attempt| {
        let known = log.circumstances(&history.rows, knowledge, attempt);
        let differences = oracle.judge(&known, attempt).differences(&decide(&policy, &state, attempt));
        let read = state.circumstances(&policy, attempt);
        (!differences.is_empty()).then(|| {
            let differences = differences.join("\n");
            format!("{attempt:#?}\nthe oracle knows {known:#?}\naccess-core knows {read:#?}\n{differences}")
        })
    })
}

proptest! {
    #![proptest_config(cases(1_700))]

    #[test]
    fn state_gives_the_same_verdicts_as_all_records(history in any_history(), sees_all in prop::bool::weighted(0.8)) {
        let knowledge = if sees_all { Knowledge::Everything } else { Knowledge::OwnDoors };
        prop_assert_eq!(differences(&history, knowledge), None);
    }

    #[test]
    fn state_tells_the_same_of_people_and_cards(history in any_history()) {
        let (mut state, mut log) = (State::default(), Log::default());
        for record in &history.records {
            state.apply(record);
            log.note(record);
        }
        let everybody = log.everybody().into_iter().filter_map(|person| Some((person, log.whereabouts(person)?)));
        prop_assert_eq!(state.everybody().collect::<Vec<_>>(), everybody.collect::<Vec<_>>());
        for card in (1..=tenant::CARDS + tenant::MISSING).map(tenant::id) {
            prop_assert_eq!(state.locked_cards().any(|locked| locked == card), log.is_card_locked(card), "{:?}", card);
        }
    }
}

proptest! {
    #![proptest_config(cases(1_000))]

    #[test]
    fn a_door_is_turned_by_grants_that_came_to_something(
        told in proptest::collection::vec(any_dice(records::NUMBERS), 1..24), dice in any_dice(tenant::NUMBERS),
    ) {
        let mut rows = tenant::crowd(&mut dice.clone());
        rows.doors[0].modes = vec![ModeLine { schedule: tenant::id(1), mode: DoorMode::Toggle }];
        let (mut state, mut log) = (State::default(), Log::default());
        for record in records::turning(told) {
            state.apply(&record);
            log.note(&record);
        }
        let attempt = Attempt { door: tenant::id(1), ..attempts::attempt(&mut Dice::zeros()) };
        let policy = Policy::compile(rows.clone()).unwrap();
        let known = log.circumstances(&rows, Knowledge::Everything, &attempt);
        prop_assert_eq!(state.circumstances(&policy, &attempt).toggled_at, known.toggled_at);
    }
}

proptest! {
    #![proptest_config(cases(150))]

    #[test]
    fn no_crowd_is_too_large(crowd in any_crowd()) {
        prop_assert_eq!(differences(&crowd, Knowledge::Everything), None);
    }
}

/// The visitor, person 2, comes after the escort, person 1, and so many others.
fn visitor_after(others: u128) -> History {
    let mut rows = tenant::crowd(&mut Dice::zeros());
    for person in &mut rows.persons {
        person.escort =
            (person.id == tenant::id(2)).then_some(Escort { by: EscortBy::Person(tenant::id(1)), within_s: 3_600 });
    }
    let at = |number: u128| tenant::BASE.plus_ms(number as i64);
    let mut records = vec![records::granted_in(1, tenant::id(1), at(1))];
    records.extend((2..2 + others).map(|number| records::granted_in(number, tenant::id(3 + number % 20), at(number))));
    let attempt = attempts::attempt(&mut Dice::zeros());
    let asked = vec![Attempt { card: tenant::token(2), at: at(200), ..attempt }];
    History { rows, records, asked }
}

#[test]
fn an_escort_is_known_among_sixty_four() {
    for others in [0, 62, 63, 64, 65] {
        let history = visitor_after(others);
        assert_eq!(differences(&history, Knowledge::Everything), None);
        let mut state = State::default();
        history.records.iter().for_each(|record| state.apply(record));
        let policy = Policy::compile(history.rows).unwrap();
        let is_refused = decide(&policy, &state, &history.asked[0]).reason == Reason::EscortRequired;
        assert_eq!(is_refused, others >= 64, "after {others} others");
    }
}

/// Rules that read the state, and what they bring: random records must lead there.
const READ_FROM_STATE: [&str; 22] = [
    "reader_locked by reader_lock",
    "credential_locked by card_lock",
    "lockdown by threat_level",
    "door_locked by door_mode",
    "door_free",
    "too_fast by travel",
    "passed_back by anti_passback",
    "area_full by occupancy",
    "interlock by interlock",
    "escort_required by escort",
    "second_person_required by two_person",
    "server_needed by anti_passback",
    "alarm impossible_travel",
    "alarm passed_back",
    "alarm repeated_refusals",
    "with 0 others",
    "with 1 others",
    "card locked",
    "reader locked",
    "turned free",
    "turned back",
    "leaving_not_refused by anti_passback",
];

#[test]
fn what_reads_the_state_is_met() {
    let mut runner = TestRunner::deterministic();
    let mut met = Met::default();
    for number in 0..1_500 {
        let history = any_history().new_tree(&mut runner).unwrap().current();
        let mut log = Log::default();
        history.records.iter().for_each(|record| log.note(record));
        let oracle = Oracle { rows: &history.rows, usable_until: None };
        let knowledge = if number % 5 == 0 { Knowledge::OwnDoors } else { Knowledge::Everything };
        for attempt in &history.asked {
            met.note(shown(&oracle.judge(&log.circumstances(&history.rows, knowledge, attempt), attempt)));
        }
    }
    println!("{met}");
    assert_eq!(met.less_than_once_in(10_000, READ_FROM_STATE), Vec::<&str>::new());
}
