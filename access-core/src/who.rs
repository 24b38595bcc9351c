//! Who may open a door, and which doors a person may open: at an instant, or over a stretch of time.
//!
//! At an instant the one function that decides is asked, for each person who holds the door at all; nothing is guessed. Over a
//! stretch only what needs no state counts: grants, schedules, blocks, cards and persons.

use std::collections::BTreeSet;

use crate::attempt::{Assurance, Attempt, ClockTrust, Factor, FactorResult};
use crate::circumstances::Circumstances;
use crate::decide::{Step, Trace, judge_card};
use crate::ids::{AccessLevelId, AttemptId, CredentialId, DoorId, GrantId, PersonId};
use crate::policy::{CardToken, CardView, DoorRule, FactorDemand, Grant, PersonView, Policy, Side};
use crate::state::State;
use crate::time::UnixMs;
use crate::verdict::{Outcome, Reason, RecordRef, Rule};
use crate::word::Word as _;

mod alike;
mod times;

use alike::Alike;

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
    let asked = Asked { policy, state, door, side, at };
    let holders = policy.holders_of_door(door.id, side);
    let mut alike = Alike::new(&asked, &holders);
    holders.iter().filter_map(|holding| alike.may_open(&holding)).collect()
}

/// Every door and side that a person may open at `at`, by door. See [`who`].
pub fn where_(policy: &Policy, state: Option<&State>, person: PersonId, at: UnixMs) -> Vec<MayOpen> {
    let Some(person) = policy.person(person) else { return Vec::new() };
    let may = |(door, side)| Asked { policy, state, door, side, at }.may_open(&person);
    doors_held(policy, &person).filter_map(may).collect()
}

/// Doors and sides that some level of a person's holds, at some hour.
pub(crate) fn doors_held<'a>(
    policy: &'a Policy,
    person: &PersonView<'a>,
) -> impl Iterator<Item = (&'a DoorRule, Side)> {
    let levels: BTreeSet<AccessLevelId> = policy.grants_of(person).map(|grant| grant.level).collect();
    let all = policy.doors().iter().flat_map(|door| Side::ALL.iter().map(move |side| (door, *side)));
    all.filter(move |(door, side)| levels.iter().any(|level| policy.holds(*level, door.id, *side)))
}

/// A door at an instant.
struct Asked<'a> {
    policy: &'a Policy,
    state: Option<&'a State>,
    door: &'a DoorRule,
    side: Side,
    at: UnixMs,
}

/// What lets somebody pass.
#[derive(Debug, Clone, Copy)]
struct By {
    grant: GrantId,
    factors: FactorDemand,
    company: Option<Reason>,
}

impl Asked<'_> {
    fn may_open(&self, person: &PersonView<'_>) -> Option<MayOpen> {
        if !person.is_active {
            return None;
        }
        self.policy.cards_seen(person).find_map(|(token, card)| {
            let by = self.pass(token, card)?;
            let grant = self.policy.grants_of(person).find(|grant| grant.id == by.grant)?;
            Some(self.told(person.id, card.id, &grant, by))
        })
    }

    fn told(&self, person: PersonId, credential: CredentialId, grant: &Grant, by: By) -> MayOpen {
        let (door, side, By { factors, company, .. }) = (self.door.id, self.side, by);
        MayOpen { person, door, side, credential, grant: grant.id, level: grant.level, factors, company }
    }

    /// Whether somebody passes with a card, every factor shown that is asked for.
    fn pass(&self, token: CardToken, card: CardView<'_>) -> Option<By> {
        let (policy, door) = (self.policy, self.door);
        let mut attempt = Attempt {
            id: AttemptId::from_uuid(uuid::Uuid::nil()),
            door: door.id,
            side: self.side,
            at: self.at,
            clock: ClockTrust::Trusted,
            card: token,
            assurance: Assurance::Authenticated,
            finger: None,
            pin: None,
        };
        let read = |state: &State| state.circumstances_of_card(policy, &attempt, door, Some(&card));
        let known = self.state.map_or_else(Circumstances::default, read);
        let (mut allowed, mut factors) = (AllowedBy(None), FactorDemand::Card);
        let mut verdict = judge_card(policy, &known, &attempt, (door, Some(card)), &mut allowed);
        if let Outcome::Need(factor) = verdict.outcome {
            (attempt.finger, attempt.pin, factors) = match factor {
                Factor::Finger => (Some(FactorResult::Matched), None, FactorDemand::CardFinger),
                Factor::Pin => (None, Some(FactorResult::Matched), FactorDemand::CardPin),
            };
            verdict = judge_card(policy, &known, &attempt, (door, Some(card)), &mut allowed);
        }
        let company = match verdict.reason {
            Reason::Granted | Reason::DoorFree => None,
            Reason::EscortRequired | Reason::SecondPersonRequired => Some(verdict.reason),
            _ => return None,
        };
        Some(By { grant: allowed.0?, factors, company })
    }
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
