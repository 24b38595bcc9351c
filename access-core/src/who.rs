//! Who may open a door, and which doors a person may open: at an instant, or over a stretch of time.
//!
//! At an instant the one function that decides is asked, for each person who holds the door at all; nothing is guessed. Over a
//! stretch only what needs no state counts: grants, schedules, blocks, cards and persons.

use std::collections::BTreeSet;

use crate::attempt::{Assurance, Attempt, ClockTrust, Factor, FactorResult};
use crate::circumstances::Circumstances;
use crate::decide::{Step, Trace, judge_traced};
use crate::ids::{AccessLevelId, AttemptId, CredentialId, DoorId, GrantId, PersonId};
use crate::policy::{AccessLevel, DoorRule, FactorDemand, PersonView, Policy, Side};
use crate::state::State;
use crate::time::UnixMs;
use crate::verdict::{Outcome, Reason, RecordRef, Rule, Verdict};
use crate::word::Word as _;

mod times;

pub(crate) use times::OpenTimes;
pub use times::{DoorTimes, PersonTimes, where_times, who_times};

/// A person may open a door, with a card that proves its key, a clock that can be relied on, and their own finger or PIN.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MayOpen {
    /// Who.
    pub person: PersonId,
    /// Which door.
    pub door: DoorId,
    /// On which side.
    pub side: Side,
    /// With which card: of several that would do, the one with the smallest id.
    pub credential: CredentialId,
    /// By which grant.
    pub grant: GrantId,
    /// Its level.
    pub level: AccessLevelId,
    /// What they must show.
    pub factors: FactorDemand,
    /// Whom they must have with them, if anybody: `escort_required` or `second_person_required`.
    pub company: Option<Reason>,
}

/// Everybody who may open a door on a side at `at`, by person: as things stand in `state`, or, without one, as if nothing had
/// happened. Whoever could only leave because leaving is never refused is not among them.
pub fn who(policy: &Policy, state: Option<&State>, door: DoorId, side: Side, at: UnixMs) -> Vec<MayOpen> {
    let Some(door) = policy.door(door) else { return Vec::new() };
    let levels = levels_that_hold(policy, door, side);
    let holds = |person: &PersonView<'_>| policy.grants_of(person).any(|grant| levels.contains(&grant.level));
    let holders = policy.persons().filter(|person| person.is_active && holds(person));
    holders.filter_map(|person| may_open(policy, state, &person, door, side, at)).collect()
}

/// Every door and side that a person may open at `at`, by door. See [`who`].
pub fn where_(policy: &Policy, state: Option<&State>, person: PersonId, at: UnixMs) -> Vec<MayOpen> {
    let Some(person) = policy.person(person) else { return Vec::new() };
    let levels: Vec<&AccessLevel> = policy.grants_of(&person).filter_map(|grant| policy.level(grant.level)).collect();
    let may = |(door, side): (&DoorRule, Side)| {
        let is_held = levels.iter().any(|level| level.holds(door, side));
        is_held.then(|| may_open(policy, state, &person, door, side, at)).flatten()
    };
    policy.doors().iter().flat_map(|door| Side::ALL.iter().map(move |side| (door, *side))).filter_map(may).collect()
}

/// Levels that hold a door on a side, at some hour.
fn levels_that_hold(policy: &Policy, door: &DoorRule, side: Side) -> BTreeSet<AccessLevelId> {
    policy.levels().iter().filter(|level| level.holds(door, side)).map(|level| level.id).collect()
}

fn may_open(
    policy: &Policy,
    state: Option<&State>,
    person: &PersonView<'_>,
    door: &DoorRule,
    side: Side,
    at: UnixMs,
) -> Option<MayOpen> {
    policy.cards_of(person.id).find_map(|card| {
        let mut attempt = Attempt {
            id: AttemptId::from_uuid(uuid::Uuid::nil()),
            door: door.id,
            side,
            at,
            clock: ClockTrust::Trusted,
            card: card.token,
            assurance: Assurance::Authenticated,
            finger: None,
            pin: None,
        };
        let known = state.map_or_else(Circumstances::default, |state| state.circumstances(policy, &attempt));
        let (verdict, grant, factors) = judge_by_right(policy, &known, &mut attempt);
        let company = match verdict.reason {
            Reason::Granted | Reason::DoorFree => None,
            Reason::EscortRequired | Reason::SecondPersonRequired => Some(verdict.reason),
            _ => return None,
        };
        let grant = policy.grants_of(person).find(|known| Some(known.id) == grant)?;
        let (credential, level) = (card.id, grant.level);
        Some(MayOpen { person: person.id, door: door.id, side, credential, grant: grant.id, level, factors, company })
    })
}

/// The verdict with every factor shown that is asked for, the grant that it rests on, and what was asked for.
fn judge_by_right(
    policy: &Policy,
    known: &Circumstances,
    attempt: &mut Attempt,
) -> (Verdict, Option<GrantId>, FactorDemand) {
    let (mut allowed, mut factors) = (AllowedBy(None), FactorDemand::Card);
    let mut verdict = judge_traced(policy, known, attempt, &mut allowed);
    if let Outcome::Need(factor) = verdict.outcome {
        (attempt.finger, attempt.pin, factors) = match factor {
            Factor::Finger => (Some(FactorResult::Matched), None, FactorDemand::CardFinger),
            Factor::Pin => (None, Some(FactorResult::Matched), FactorDemand::CardPin),
        };
        verdict = judge_traced(policy, known, attempt, &mut allowed);
    }
    (verdict, allowed.0, factors)
}

/// Remembers the grant by which the grant rule was met.
struct AllowedBy(Option<GrantId>);

impl Trace for AllowedBy {
    fn step(&mut self, rule: Rule, step: Step<'_>) {
        if let (Rule::Grant, Step::Passed(&[Some(RecordRef::Grant(grant)), _])) = (rule, step) {
            self.0 = Some(grant);
        }
    }
}

#[cfg(test)]
mod tests;
