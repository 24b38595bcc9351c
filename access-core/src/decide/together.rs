//! Rules that take two: escort and two-person.

use super::case::{Answer, Case, Met, Objection, Waits};
use super::record;
use crate::attempt::{Attempt, FactorResult};
use crate::circumstances::{Circumstances, Others, Waiting, Wanted};
use crate::event::Passage;
use crate::ids::{GroupId, PersonId};
use crate::policy::{DoorRule, EscortBy, FactorDemand, PersonView, Policy, Side, TwoPerson, WaivableRule};
use crate::verdict::{Reason, RecordRef};

impl Case<'_> {
    pub(super) fn escort(&mut self) -> Answer {
        let Some(person) = self.holder.filter(|_| self.attempt.side == Side::In) else {
            return Ok(Met::NotApplicable);
        };
        self.take_visitors(&person);
        let Some(escort) = person.escort.filter(|_| !self.is_waived(WaivableRule::Escort)) else {
            return Ok(Met::NotApplicable);
        };
        let in_time = |at| self.attempt.at.since(at) <= i64::from(escort.within_s) * 1_000;
        match self.known.escort_seen.filter(|seen| in_time(seen.at)) {
            Some(seen) => Ok(Met::By(record(RecordRef::Person(seen.person)))),
            None => Err(Objection { effect: Some(Waits), ..Objection::new(Reason::EscortRequired) }),
        }
    }

    /// Visitors who wait here for this person come in with them.
    fn take_visitors(&mut self, escort: &PersonView<'_>) {
        let at = self.attempt.at;
        let waits_for_this = |waiting: &&Waiting| {
            let visitor = self.policy.person(waiting.person).and_then(|visitor| visitor.escort);
            waiting.wants == Wanted::Escort
                && waiting.person != escort.id
                && visitor.is_some_and(|wanted| {
                    may_escort(wanted.by, escort) && at.since(waiting.since) <= i64::from(wanted.within_s) * 1_000
                })
                && self.may_still_pass(waiting)
        };
        let room = self.room().unwrap_or(usize::MAX);
        let visitors = self.known.waiting.iter().filter(waits_for_this).map(passage);
        let visitors: Vec<Passage> = visitors.take(room).collect();
        self.completed.extend(visitors);
    }

    /// How many may come with the holder, where the area that they lead to is bounded.
    fn room(&self) -> Option<usize> {
        let area = self.policy.area(self.door.area_after(self.attempt.side))?;
        let persons_max = area.persons_max.filter(|_| !self.is_waived(WaivableRule::Occupancy))?;
        let inside =
            usize::try_from(self.known.ahead.inside).unwrap_or(usize::MAX).saturating_add(self.completed.len());
        Some(usize::try_from(persons_max).unwrap_or(usize::MAX).saturating_sub(inside).saturating_sub(1))
    }

    pub(super) fn two_person(&mut self) -> Answer {
        let side = self.attempt.side;
        let demands = |area| self.policy.area(area).and_then(|area| Some((area.id, area.two_person?)));
        let (entered, left) = (demands(self.door.area_after(side)), demands(self.door.area_before(side)));
        let Some((area, _)) = entered.or(left) else { return Ok(Met::NotApplicable) };
        if self.is_waived(WaivableRule::TwoPerson) {
            return Ok(Met::NotApplicable);
        }
        if let Some(answer) = self.alone(self.policy.rules().alone.two_person) {
            return answer;
        }
        let Some(person) = self.holder else { return Ok(Met::NotApplicable) };
        let staying = |others: Others| others.inside.saturating_sub(others.leaving);
        // Whoever waited for this one as escort comes in as well.
        let entered = entered.filter(|_| staying(self.known.ahead) == 0 && self.completed.is_empty());
        let left = left.filter(|_| staying(self.known.behind) == 1);
        let Some((refusing, _)) = entered.or(left) else { return Ok(Met::By(record(RecordRef::Area(area)))) };
        let makes_a_pair = |waiting: &&Waiting| {
            let in_time = |rule: TwoPerson| self.attempt.at.since(waiting.since) <= i64::from(rule.within_s) * 1_000;
            waiting.wants == Wanted::SecondPerson
                && waiting.person != person.id
                && entered.is_none_or(|(_, rule)| in_time(rule) && self.are_of(rule.groups, &person, waiting.person))
                && left.is_none_or(|(_, rule)| in_time(rule))
                && self.may_still_pass(waiting)
        };
        let by = RecordRef::Area(refusing);
        match self.known.waiting.iter().find(makes_a_pair).copied() {
            Some(_) if self.room() == Some(0) => Err(Objection::by(Reason::AreaFull, by)),
            Some(other) => {
                self.completed.push(passage(&other));
                self.completed.sort_by_key(|passage| passage.attempt);
                Ok(Met::By([Some(by), Some(RecordRef::Person(other.person))]))
            }
            None => Err(Objection { effect: Some(Waits), ..Objection::by(Reason::SecondPersonRequired, by) }),
        }
    }

    /// Whether who waits would still be let through with the card by which they wait, but for what they wait for.
    fn may_still_pass(&self, waiting: &Waiting) -> bool {
        may_still_pass(self.policy, self.known, self.attempt, self.door, waiting)
    }

    fn are_of(&self, groups: Option<(GroupId, GroupId)>, person: &PersonView<'_>, other: PersonId) -> bool {
        let Some((one, another)) = groups else { return true };
        let Some(other) = self.policy.person(other) else { return false };
        let both = |first: &PersonView<'_>, second: &PersonView<'_>| {
            first.groups.contains(&one) && second.groups.contains(&another)
        };
        both(person, &other) || both(&other, person)
    }
}

/// Whoever waits is admitted without being asked again: of what the holder of a card is asked, that which can have changed since is
/// asked of theirs. That their card is not locked is known of all who wait.
pub(crate) fn may_still_pass(
    policy: &Policy,
    known: &Circumstances,
    attempt: &Attempt,
    door: &DoorRule,
    waiting: &Waiting,
) -> bool {
    let card = policy.cards_of(waiting.person).find(|card| card.id == waiting.credential);
    let Some(token) = card.map(|card| card.token) else { return false };
    // What they showed is what they showed; a sign of duress is another's, and nothing is waived for them.
    let matched = |shown| (waiting.shown == shown).then_some(FactorResult::Matched);
    let (finger, pin) = (matched(FactorDemand::CardFinger), matched(FactorDemand::CardPin));
    let theirs = Attempt { card: token, finger, pin, ..attempt.clone() };
    let mut case = Case::new(policy, known, &theirs, door, policy.card(&token));
    let asked = [
        Case::card_known,
        Case::card_state,
        Case::card_period,
        Case::person,
        Case::policy_age,
        Case::block,
        Case::threat_level,
        Case::door_mode,
        Case::grant,
        Case::schedule,
        Case::factors,
    ];
    asked.iter().all(|rule| rule(&mut case).is_ok())
}

fn may_escort(by: EscortBy, escort: &PersonView<'_>) -> bool {
    match by {
        EscortBy::Person(person) => person == escort.id,
        EscortBy::Group(group) => escort.groups.contains(&group),
    }
}

fn passage(waiting: &Waiting) -> Passage {
    Passage { person: waiting.person, attempt: waiting.attempt }
}
