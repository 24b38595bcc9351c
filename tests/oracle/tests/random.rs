//! Random tenants, circumstances and attempts: oracle and `access-core` say the same. `PFORTE_ORACLE_CASES` asks for more of them,
//! `PROPTEST_RNG_SEED` for the same again.
#![expect(clippy::unwrap_used, reason = "what makes no policy ends the test")]

use std::collections::BTreeSet;

use access_core::circumstances::Circumstances;
use access_core::decide::{Step, Trace, judge_traced, mode_in_force};
use access_core::explain;
use access_core::policy::{PolicyRows, PolicyScope};
use access_core::time::UnixMs;
use access_core::verdict::{Reason, Rule};
use access_core::word::Word as _;
use access_core::{Attempt, Policy};
use oracle::answer::{Asked, Met, shown};
use oracle::dice::{self, Dice, any_dice, cases};
use oracle::{Oracle, attempts, tenant};
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;

/// How many attempts are made at one tenant.
const ATTEMPTS: usize = 12;

/// A tenant, and attempts there with what is known at each.
#[derive(Debug, Clone)]
struct Questions {
    rows: PolicyRows,
    usable_until: Option<UnixMs>,
    asked: Vec<(Circumstances, Attempt)>,
}

fn any_questions() -> impl Strategy<Value = Questions> {
    let asked = proptest::collection::vec(any_dice(attempts::NUMBERS), 1..2 * ATTEMPTS);
    (any_dice(tenant::NUMBERS), asked).prop_map(|(mut dice, asked)| {
        let rows = tenant::rows(&mut dice);
        let ages = rows.scope == PolicyScope::Cut && dice.one_in(2);
        let ask = |mut dice: Dice| {
            let attempt = attempts::attempt(&mut dice);
            (attempts::circumstances(&mut dice, &rows, &attempt), attempt)
        };
        let asked: Vec<_> = asked.into_iter().map(ask).collect();
        // One of the attempts comes in the last millisecond.
        let usable_until = asked[0].1.at;
        Questions { usable_until: ages.then_some(usable_until), rows, asked }
    })
}

fn compile(questions: &Questions) -> Policy {
    let policy = Policy::compile(questions.rows.clone()).unwrap();
    match questions.usable_until {
        Some(until) => policy.usable_until(until),
        None => policy,
    }
}

/// How each rule answered that `access-core` asked.
#[derive(Debug, Default)]
struct Trail(Vec<Asked>);

impl Trace for Trail {
    fn step(&mut self, rule: Rule, step: Step<'_>) {
        let (answer, records) = match step {
            Step::Passed(records) => (explain::Answer::Passed, records),
            Step::NotApplicable => (explain::Answer::NotApplicable, &[][..]),
            Step::Failed(_, records) => (explain::Answer::Failed, records),
        };
        self.0.push(Asked { rule, answer, records: records.iter().copied().flatten().collect() });
    }
}

macro_rules! quarters {
    ($($name:ident)+) => {
        proptest! {
            #![proptest_config(cases(dice::ATTEMPTS / ATTEMPTS / 4))]
            $(
                #[test]
                fn $name(questions in any_questions()) {
                    let policy = compile(&questions);
                    let oracle = Oracle { rows: &questions.rows, usable_until: questions.usable_until };
                    for (known, attempt) in &questions.asked {
                        let mut asked = Trail::default();
                        let verdict = judge_traced(&policy, known, attempt, &mut asked);
                        let (answer, explained) = oracle.explain(known, attempt);
                        prop_assert_eq!(&asked.0, &explained, "{:#?}\n{:#?}", attempt, known);
                        let differences = answer.differences(&verdict);
                        let stands = policy.door(attempt.door).map(|door| {
                            let stands = mode_in_force(&policy, door, known, attempt.at, attempt.clock);
                            (stands.mode, stands.is_free, stands.is_locked_down)
                        });
                        prop_assert_eq!(stands, oracle.stands(known, attempt), "{:#?}\n{:#?}", attempt, known);
                        prop_assert!(differences.is_empty(), "{attempt:#?}\n{known:#?}\n{}", differences.join("\n"));
                    }
                }
            )+
        }
    };
}

quarters! { first second third fourth }

/// Every code in the tables and sections of RULES.md that is a reason.
fn codes_of_rules() -> BTreeSet<String> {
    let rules = include_str!("../../../access-core/RULES.md");
    let codes = rules.split('`').skip(1).step_by(2).filter(|code| Reason::from_word(code).is_some());
    codes.map(str::to_owned).collect()
}

/// Beside the codes: each rule that answers with them, what follows, and what a leaving goes against.
const ALSO_MET: [&str; 36] = [
    "clock_not_trusted by card_period",
    "clock_not_trusted by grant",
    "clock_not_trusted by schedule",
    "credential_expired by card_state",
    "credential_expired by card_period",
    "area_full by occupancy",
    "area_full by two_person",
    "server_needed by travel",
    "server_needed by anti_passback",
    "server_needed by occupancy",
    "server_needed by two_person",
    "leaving_not_refused by card_known",
    "leaving_not_refused by reader_lock",
    "leaving_not_refused by card_state",
    "leaving_not_refused by block",
    "leaving_not_refused by grant",
    "leaving_not_refused by travel",
    "leaving_not_refused by anti_passback",
    "leaving_not_refused by interlock",
    "leaving_not_refused by factors",
    "leaving_not_refused by two_person",
    "leaving_not_refused by card_genuine",
    "lost card by reader_lock",
    "lost card by card_genuine",
    "lost card by card_state",
    "alarm duress",
    "alarm impossible_travel",
    "alarm interlock_contradiction",
    "alarm passed_back",
    "alarm repeated_refusals",
    "with 1 others",
    "with 2 others",
    "card locked",
    "reader locked",
    "turned free",
    "turned back",
];

#[test]
fn every_code_of_the_rules_is_met_often() {
    let mut runner = TestRunner::deterministic();
    let mut met = Met::default();
    for _ in 0..2_500 {
        let questions = any_questions().new_tree(&mut runner).unwrap().current();
        let oracle = Oracle { rows: &questions.rows, usable_until: questions.usable_until };
        for (known, attempt) in &questions.asked {
            met.note(shown(&oracle.judge(known, attempt)));
        }
    }
    println!("{met}");
    let codes = codes_of_rules();
    assert!(codes.len() > 40, "the document was read: {codes:?}");
    assert_eq!(met.less_than_once_in(1_000, &codes), Vec::<&String>::new());
    assert_eq!(met.less_than_once_in(10_000, ALSO_MET), Vec::<&str>::new());
}
