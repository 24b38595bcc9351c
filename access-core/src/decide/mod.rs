//! The one function that decides: RULES.md as code.
//!
//! The server calls [`decide`] for every attempt; an agent calls the same on its signed policy when the server is out of
//! reach; [`judge`] decides again from what was recorded. It never fails: what it can't find is a reason to deny.

use crate::attempt::{Assurance, Attempt, Factor};
use crate::circumstances::Circumstances;
use crate::event::AlarmKind;
use crate::policy::{CardView, DoorRule, Exit, Policy, PolicyScope, Side};
use crate::state::{State, is_suspicious};
use crate::verdict::{Effect, Outcome, Reason, RecordRef, Rule, Verdict};

mod case;
mod holder;
mod mode;
mod movement;
mod together;

pub use case::{Step, Trace};
pub use mode::{ModeInForce, mode_in_force};
pub(crate) use together::may_still_pass;

use case::{Case, Objection};

/// Version of the rules. Every recorded decision names it.
pub const RULES_VERSION: u16 = 5;

/// Decides an attempt. Pure and total: the same values always give the same verdict.
pub fn decide(policy: &Policy, state: &State, attempt: &Attempt) -> Verdict {
    let Some(door) = policy.door(attempt.door) else {
        return judge(policy, &Circumstances::default(), attempt);
    };
    let card = policy.card(&attempt.card);
    let known = state.circumstances_of_card(policy, attempt, door, card.as_ref());
    judge_card(policy, &known, attempt, (door, card), &mut ())
}

/// Decides an attempt from what was read of the state.
pub fn judge(policy: &Policy, known: &Circumstances, attempt: &Attempt) -> Verdict {
    judge_traced(policy, known, attempt, &mut ())
}

/// Decides an attempt and tells `trace` how each rule that was asked answered.
pub fn judge_traced(policy: &Policy, known: &Circumstances, attempt: &Attempt, trace: &mut impl Trace) -> Verdict {
    let mut verdict = Verdict::refused(Reason::UnknownDoor, policy.version());
    let Some(door) = policy.door(attempt.door) else {
        trace.step(Rule::DoorKnown, Step::Failed(Reason::UnknownDoor, &[]));
        verdict.rule = Some(Rule::DoorKnown);
        verdict.alarms.extend(attempt.is_under_duress().then_some(AlarmKind::Duress));
        return verdict;
    };
    judge_card(policy, known, attempt, (door, policy.card(&attempt.card)), trace)
}

/// Decides an attempt at a door of the policy's with a card that was looked up there already, or is not there.
pub(crate) fn judge_card<'a>(
    policy: &'a Policy,
    known: &'a Circumstances,
    attempt: &'a Attempt,
    (door, card): (&'a DoorRule, Option<CardView<'a>>),
    trace: &mut impl Trace,
) -> Verdict {
    let mut verdict = Verdict::refused(Reason::UnknownDoor, policy.version());
    trace.step(Rule::DoorKnown, Step::Passed(&[]));
    let mut case = Case::new(policy, known, attempt, door, card);
    let asked = ask_all(&mut case, trace);
    verdict.person = case.person_id();
    verdict.credential = case.card_id();
    let (release_ms, held_ms) = case.times();
    let grant = Outcome::Grant { release_ms, held_ms };
    match asked {
        Ok(reason) => {
            (verdict.outcome, verdict.reason) = (grant, reason);
            verdict.settled_by = case.allowed_by();
            case.completes(&mut verdict);
        }
        Err(objection) => {
            verdict.reason = objection.reason;
            verdict.rule = Some(objection.rule);
            verdict.settled_by.extend(objection.records.into_iter().flatten());
            verdict.alarms.extend(objection.alarm);
            verdict.alarms.extend(case.is_card_missing().then_some(AlarmKind::LostCardPresented));
            verdict.outcome = objection.need.map_or(Outcome::Deny, Outcome::Need);
            if let Some(effect) = objection.effect {
                verdict.effects.push(effect.into());
            }
            let is_known = case.card_id().is_some() || policy.scope() == PolicyScope::Cut;
            if attempt.side == Side::Out && door.exit == Exit::BySystem && is_known {
                let_leave(grant, &mut verdict);
                if !case.tells_of_holder() {
                    verdict.person = None;
                }
            } else {
                suspect(policy, known, attempt, &mut verdict);
            }
        }
    }
    verdict.alarms.extend(case.soft_alarms());
    verdict.alarms.extend(attempt.is_under_duress().then_some(AlarmKind::Duress));
    verdict
}

/// Every rule in its order. The reason of a grant, or the first objection.
fn ask_all(case: &mut Case<'_>, trace: &mut impl Trace) -> Result<Reason, Objection> {
    case.ask(trace, Rule::CardKnown, Case::card_known)?;
    case.ask(trace, Rule::ReaderLock, Case::reader_lock)?;
    case.ask(trace, Rule::CardGenuine, Case::card_genuine)?;
    case.ask(trace, Rule::CardState, Case::card_state)?;
    case.ask(trace, Rule::CardLock, Case::card_lock)?;
    case.ask(trace, Rule::CardPeriod, Case::card_period)?;
    case.ask(trace, Rule::Person, Case::person)?;
    case.ask(trace, Rule::PolicyAge, Case::policy_age)?;
    case.ask(trace, Rule::Block, Case::block)?;
    case.ask(trace, Rule::ThreatLevel, Case::threat_level)?;
    case.ask(trace, Rule::DoorMode, Case::door_mode)?;
    case.ask(trace, Rule::Grant, Case::grant)?;
    if case.is_free {
        return Ok(Reason::DoorFree);
    }
    case.ask(trace, Rule::Schedule, Case::schedule)?;
    case.ask(trace, Rule::Travel, Case::travel)?;
    case.ask(trace, Rule::AntiPassback, Case::anti_passback)?;
    case.ask(trace, Rule::Occupancy, Case::occupancy)?;
    case.ask(trace, Rule::Interlock, Case::interlock)?;
    case.ask(trace, Rule::Factors, Case::factors)?;
    case.ask(trace, Rule::Escort, Case::escort)?;
    case.ask(trace, Rule::TwoPerson, Case::two_person)?;
    Ok(Reason::Granted)
}

/// Nobody is kept inside by a rule: the objection becomes an alarm, and nothing else that a refusal would bring follows.
fn let_leave(grant: Outcome, verdict: &mut Verdict) {
    verdict.outcome = grant;
    verdict.reason = Reason::LeavingNotRefused;
    verdict.effects.clear();
    verdict.alarms.push(AlarmKind::LeftAgainstRule);
}

/// Rule 22: counts a refusal and locks what it makes suspicious. Nothing is locked on an identity that was only claimed but the
/// reader, for seconds: a stranger must not be able to lock somebody out.
fn suspect(policy: &Policy, known: &Circumstances, attempt: &Attempt, verdict: &mut Verdict) {
    if verdict.outcome != Outcome::Deny || !is_suspicious(verdict.reason) {
        return;
    }
    let suspicion = policy.rules().suspicion;
    let is_card_proven = attempt.assurance == Assurance::Authenticated && verdict.credential.is_some();
    let is_card_tired = verdict.credential.is_some() && known.refusals_of_card.saturating_add(1) >= suspicion.refusals;
    // A lock ends by itself: who goes on showing cards at a locked reader does not make it longer.
    let is_locked = known.reader_locked_until.is_some_and(|until| attempt.at < until);
    let is_reader_tired = !is_locked && known.refusals_at_reader.saturating_add(1) >= suspicion.refusals;
    let until = attempt.at.plus_ms(i64::from(suspicion.reader_lock_s) * 1_000);
    if is_card_tired || is_reader_tired {
        verdict.alarms.push(AlarmKind::RepeatedRefusals);
    }
    let is_at_once = |reason| verdict.reason == reason;
    let locks_card = is_card_proven && (is_card_tired || is_at_once(Reason::TooFast));
    let locks_reader = is_reader_tired
        || (is_card_tired && !is_card_proven)
        || (is_at_once(Reason::TooFast) && !is_card_proven)
        || is_at_once(Reason::CardNotAuthentic);
    if locks_card {
        verdict.effects.push(Effect::LockCard);
    }
    if locks_reader {
        verdict.effects.push(Effect::LockReader { until });
    }
}

fn record(record: RecordRef) -> [Option<RecordRef>; 2] {
    [Some(record), None]
}

fn need(factor: Factor) -> Objection {
    let reason = match factor {
        Factor::Finger => Reason::FingerRequired,
        Factor::Pin => Reason::PinRequired,
    };
    Objection { need: Some(factor), ..Objection::new(reason) }
}

#[cfg(test)]
mod tests;
