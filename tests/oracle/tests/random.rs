//! Random tenants, circumstances and attempts: oracle and `access-core` say the same. `PFORTE_ORACLE_CASES` asks for more of them,
//! `PROPTEST_RNG_SEED` for the same again.

use std::collections::BTreeMap;

use access_core::circumstances::Circumstances;
use access_core::decide::judge;
use access_core::policy::{PolicyRows, PolicyScope};
use access_core::time::UnixMs;
use access_core::verdict::{Reason, Rule};
use access_core::word::Word as _;
use access_core::{Attempt, Policy};
use oracle::dice::{Dice, any_dice};
use oracle::{Oracle, attempts, tenant};
use proptest::prelude::*;

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
    (any_dice(700), asked).prop_map(|(mut dice, asked)| {
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

fn cases(share: usize) -> ProptestConfig {
    let asked = std::env::var("PFORTE_ORACLE_CASES").ok().map(|text| text.parse::<usize>().unwrap());
    let cases = asked.unwrap_or(120_000).div_ceil(ATTEMPTS * share);
    ProptestConfig {
        cases: cases as u32,
        max_shrink_iters: 200_000,
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

macro_rules! quarters {
    ($($name:ident)+) => {
        proptest! {
            #![proptest_config(cases(4))]
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
