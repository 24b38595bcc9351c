//! Random tenants, circumstances and attempts: oracle and `access-core` say the same. `PFORTE_ORACLE_CASES` asks for more of them,
//! `PROPTEST_RNG_SEED` for the same again.

use std::collections::{BTreeMap, BTreeSet};

use access_core::circumstances::Circumstances;
use access_core::decide::judge;
use access_core::policy::{PolicyRows, PolicyScope};
use access_core::time::UnixMs;
use access_core::verdict::Reason;
use access_core::word::Word as _;
use access_core::{Attempt, Policy};
use oracle::dice::{self, Dice, any_dice, cases};
use oracle::{Answer, Oracle, attempts, tenant};
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
                        let differences = oracle.judge(known, attempt).differences(&judge(&policy, known, attempt));
                        prop_assert!(differences.is_empty(), "{attempt:#?}\n{known:#?}\n{}", differences.join("\n"));
                    }
                }
            )+
        }
    };
}

quarters! { first second third fourth }

/// What an answer shows of the rules: each is to be met often, or agreement means nothing.
fn shown(answer: &Answer) -> Vec<String> {
    let mut shown = vec![answer.reason.to_string()];
    shown.extend(answer.rule.map(|rule| format!("{} by {rule}", answer.reason)));
    shown.extend(answer.alarms.iter().map(|alarm| format!("alarm {alarm}")));
    shown.extend(answer.rule.is_none().then(|| format!("with {} others", answer.admitted.len().min(2))));
    shown.extend(answer.reader_locked_until.map(|_| "reader locked".to_owned()));
    shown.extend(answer.card_is_locked.then(|| "card locked".to_owned()));
    shown.extend(answer.toggled.map(|is_free| if is_free { "turned free" } else { "turned back" }.to_owned()));
    shown
}

/// Every code in the tables and sections of RULES.md that is a reason.
fn codes_of_rules() -> BTreeSet<String> {
    let rules = include_str!("../../../access-core/RULES.md");
    let codes = rules.split('`').skip(1).step_by(2).filter(|code| Reason::from_word(code).is_some());
    codes.map(str::to_owned).collect()
}

#[test]
fn every_code_of_the_rules_is_met_often() {
    let mut runner = TestRunner::deterministic();
    let mut met: BTreeMap<String, u32> = BTreeMap::new();
    let mut asked = 0;
    for _ in 0..2_000 {
        let questions = any_questions().new_tree(&mut runner).unwrap().current();
        let oracle = Oracle { rows: &questions.rows, usable_until: questions.usable_until };
        for (known, attempt) in &questions.asked {
            asked += 1;
            shown(&oracle.judge(known, attempt)).into_iter().for_each(|shown| *met.entry(shown).or_default() += 1);
        }
    }
    println!("of {asked} attempts: {met:#?}");
    let codes = codes_of_rules();
    assert!(codes.len() > 40, "the document was read: {codes:?}");
    let hardly: Vec<_> = codes.iter().filter(|code| met.get(*code).is_none_or(|met| *met * 1_000 < asked)).collect();
    assert!(hardly.is_empty(), "met less than once in a thousand: {hardly:?}");
}
