//! Why a verdict is what it is: every rule's answer, and the smallest single changes that would let the person pass.
//!
//! The server calls it for *Why?*; nothing here decides otherwise than [`judge`](crate::decide::judge) does.

use crate::attempt::{Attempt, Factor, FactorResult};
use crate::circumstances::Circumstances;
use crate::decide::{Step, Trace, judge, judge_traced};
use crate::policy::Policy;
use crate::verdict::{Outcome, Reason, RecordRef, Rule, Verdict};
use crate::word::Word as _;

mod remedy;
mod wait;

pub use remedy::{Remedy, RemedyKind};
pub use wait::WAIT_LOOKED_AT_MS;

/// A verdict with its reasons.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// The verdict.
    pub verdict: Verdict,
    /// Every rule, in the order of RULES.md.
    pub rules: Vec<RuleAnswer>,
    /// Single changes each of which would grant it, if it was not: the person then showing what is asked for.
    pub remedies: Vec<Remedy>,
}

/// How one rule answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleAnswer {
    /// The rule.
    pub rule: Rule,
    /// Its answer.
    pub answer: Answer,
    /// Why it failed, if it did.
    pub reason: Option<Reason>,
    /// Records that settled its answer.
    pub records: Vec<RecordRef>,
}

crate::words! {
    /// How a rule answered.
    pub enum Answer {
        /// It holds here and is met.
        Passed = "passed",
        /// It refuses, or asks for more.
        Failed = "failed",
        /// A rule before it settled the verdict.
        NotReached = "not_reached",
        /// Its question does not arise here.
        NotApplicable = "not_applicable",
    }
}

/// Explains an attempt, from what was read of the state.
pub fn explain(policy: &Policy, known: &Circumstances, attempt: &Attempt) -> Explanation {
    let mut answers = Answers(Vec::with_capacity(Rule::ALL.len()));
    let verdict = judge_traced(policy, known, attempt, &mut answers);
    let mut rules = answers.0;
    let not_reached =
        |rule: &Rule| RuleAnswer { rule: *rule, answer: Answer::NotReached, reason: None, records: Vec::new() };
    let rest = rules.len().min(Rule::ALL.len());
    rules.extend(Rule::ALL[rest..].iter().map(not_reached));
    let remedies = remedy::remedies(policy, known, attempt, &verdict);
    Explanation { verdict, rules, remedies }
}

/// Rules are asked in the order of the vocabulary, without leaving one out.
struct Answers(Vec<RuleAnswer>);

impl Trace for Answers {
    fn step(&mut self, rule: Rule, step: Step<'_>) {
        let (answer, reason, records) = match step {
            Step::Passed(records) => (Answer::Passed, None, records),
            Step::NotApplicable => (Answer::NotApplicable, None, &[][..]),
            Step::Failed(reason, records) => (Answer::Failed, Some(reason), records),
        };
        let records = records.iter().copied().flatten().collect();
        self.0.push(RuleAnswer { rule, answer, reason, records });
    }
}

/// The verdict once the person has shown every factor that is asked for.
pub(crate) fn judge_with_factors(policy: &Policy, known: &Circumstances, attempt: &Attempt) -> Verdict {
    let mut attempt = attempt.clone();
    loop {
        let verdict = judge(policy, known, &attempt);
        // Each factor is asked for at most once: it is there the next time.
        match verdict.outcome {
            Outcome::Need(Factor::Finger) if attempt.finger.is_none() => attempt.finger = Some(FactorResult::Matched),
            Outcome::Need(Factor::Pin) if attempt.pin.is_none() => attempt.pin = Some(FactorResult::Matched),
            _ => return verdict,
        }
    }
}

#[cfg(test)]
mod tests;
