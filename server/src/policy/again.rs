//! A recorded decision made again, from what its record says, by the rules of the version that it names.

use std::borrow::Cow;

use access_core::Policy;
use access_core::attempt::Factor;
use access_core::decide::judge;
use access_core::event::{Author, Decided, Decision};
use access_core::policy::{DoorRule, PolicyRows, PolicyScope, Side, SiteRule};
use access_core::verdict::{Outcome, Reason, Rule, Verdict};

use crate::decisions::RulesOfVersion;

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Again {
    /// The recorded verdict.
    Same,
    /// Rules did not end it: a device failed, a card was taken away, nothing could be recorded.
    ByAgent,
    /// Another verdict.
    Different(Box<Verdict>),
}

/// Reasons that agents give for what no rule ended.
const AGENTS_OWN: [Reason; 10] = [
    Reason::CardRemoved,
    Reason::FingerTimeout,
    Reason::FingerPaused,
    Reason::SensorFault,
    Reason::PinTimeout,
    Reason::KeypadFault,
    Reason::PinDelayed,
    Reason::NotRecorded,
    Reason::DoorFault,
    Reason::NoPolicy,
];

/// Whether an agent that has no rules can have said so: it refuses.
pub fn is_without_rules(verdict: &Verdict) -> bool {
    verdict.outcome == Outcome::Deny && verdict.rule.is_none() && AGENTS_OWN.contains(&verdict.reason)
}

/// Whether an agent refused for want of what the rules asked for: no keypad, no template, none that is on record, or nothing to compare a PIN with.
fn lacks_what_is_asked(recorded: Reason, by_rules: Outcome) -> bool {
    match recorded {
        Reason::PinRequired | Reason::NoPinEnrolled => by_rules == Outcome::Need(Factor::Pin),
        Reason::NoFingerEnrolled | Reason::FingerNotRecorded => by_rules == Outcome::Need(Factor::Finger),
        _ => false,
    }
}

/// The policy that a decision was made by: the whole if the server decided, the agent's part of it otherwise.
pub fn policy_of(
    rules: &RulesOfVersion,
    policy: &Policy,
    author: Author,
    decision: &Decision,
) -> anyhow::Result<Policy> {
    match (decision.decided, author) {
        (Decided::Offline, Author::Agent(agent)) => Ok(aged(&rules.cut_of(policy, agent)?, decision).into_owned()),
        _ => Ok(policy.clone()),
    }
}

/// Makes a decision again.
pub fn decide_again(policy: &Policy, decision: &Decision) -> Again {
    let recorded = &decision.verdict;
    let verdict = judge(policy, &decision.circumstances, &decision.attempt);
    if verdict == *recorded || by_remains(policy, decision).is_some_and(|verdict| verdict == *recorded) {
        return Again::Same;
    }
    let is_open = verdict.outcome != Outcome::Deny || recorded.rule.is_none();
    let is_agents_own = AGENTS_OWN.contains(&recorded.reason) && is_open;
    if recorded.outcome == Outcome::Deny && (is_agents_own || lacks_what_is_asked(recorded.reason, verdict.outcome)) {
        return Again::ByAgent;
    }
    Again::Different(Box::new(verdict))
}

/// The policy as old as the decision says that it was: when an agent's part was signed is not written down.
fn aged<'a>(policy: &'a Policy, decision: &Decision) -> Cow<'a, Policy> {
    if decision.verdict.rule == Some(Rule::PolicyAge) {
        Cow::Owned(policy.clone().usable_until(decision.attempt.at.plus_ms(-1)))
    } else {
        Cow::Borrowed(policy)
    }
}

/// The verdict of an agent that was told to give up its rules: it knows how its doors behave, and nobody who may enter. It lets people
/// out where only this system does.
fn by_remains(cut: &Policy, decision: &Decision) -> Option<Verdict> {
    let is_let_out = decision.attempt.side == Side::Out && decision.verdict.reason == Reason::LeavingNotRefused;
    if decision.decided != Decided::Offline || !is_let_out {
        return None;
    }
    let at_all_hours = |door: &DoorRule| DoorRule { modes: Vec::new(), factor_lines: Vec::new(), ..door.clone() };
    let remains = PolicyRows {
        version: cut.version(),
        scope: PolicyScope::Cut,
        rules: cut.rules().clone(),
        sites: cut.sites().iter().map(|site| SiteRule { calendar: None, ..site.clone() }).collect(),
        areas: cut.areas().to_vec(),
        doors: cut.doors().iter().map(at_all_hours).collect(),
        ..PolicyRows::empty(cut.tenant())
    };
    Some(judge(&Policy::compile(remains).ok()?, &decision.circumstances, &decision.attempt))
}
