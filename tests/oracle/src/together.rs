//! Rules 20 and 21: who needs somebody else.

use access_core::attempt::{Attempt, FactorResult};
use access_core::circumstances::{Others, Waiting, Wanted};
use access_core::event::Passage;
use access_core::policy::{
    AreaRule, CredentialRule, EscortBy, FactorDemand, PersonRule, Side, TwoPerson, WaivableRule,
};
use access_core::verdict::{Reason, RecordRef, Rule};

use crate::answer::Said;
use crate::rules::{Case, OF_HOLDERS};

impl Case<'_> {
    /// 20, the visitor.
    pub(crate) fn escort(&mut self, holder: &PersonRule) -> Said {
        let (Some(escort), Side::In) = (holder.escort, self.attempt.side) else { return Said::NotApplicable };
        if self.is_waived(WaivableRule::Escort) {
            return Said::NotApplicable;
        }
        match self.known.escort_seen {
            Some(seen) if self.ago_ms(seen.at) <= i64::from(escort.within_s) * 1000 => {
                self.by.push(RecordRef::Person(seen.person));
                Said::Passes
            }
            _ => Said::Refuses(Reason::EscortRequired),
        }
    }

    /// 20, the escort: visitors who come in with the holder.
    pub(crate) fn admit_visitors(&mut self) {
        for visitor in self.visitors() {
            self.answer.admitted.push(visitor);
        }
        self.answer.admitted.sort_by_key(|passage| passage.attempt);
    }

    fn visitors(&self) -> Vec<Passage> {
        let (Some(holder), Side::In) = (self.answer.person, self.attempt.side) else { return Vec::new() };
        let may_be_escorted = |waiting: &&Waiting| {
            let Some(visitor) = self.rows.persons.iter().find(|person| person.id == waiting.person) else {
                return false;
            };
            let Some(escort) = visitor.escort else { return false };
            let is_escorted_by_holder = match escort.by {
                EscortBy::Person(person) => person == holder,
                EscortBy::Group(group) => self.groups_of(holder).contains(&group),
            };
            waiting.wants == Wanted::Escort
                && waiting.person != holder
                && is_escorted_by_holder
                && self.ago_ms(waiting.since) <= i64::from(escort.within_s) * 1000
                && self.may_still_pass(waiting)
        };
        let mut visitors: Vec<Passage> = self.known.waiting.iter().filter(may_be_escorted).map(passage).collect();
        visitors.sort_by_key(|passage| passage.attempt);
        let room = usize::try_from(self.room().max(0)).unwrap_or(usize::MAX);
        visitors.truncate(room);
        visitors
    }

    /// 21.
    pub(crate) fn two_person(&mut self, holder: &PersonRule) -> Said {
        let (to, from) = (self.led_to_area(), self.led_from_area());
        let asking = if to.two_person.is_some() { to } else { from };
        if asking.two_person.is_none() || self.is_waived(WaivableRule::TwoPerson) {
            return Said::NotApplicable;
        }
        if let Some(said) = self.alone(self.rows.rules.alone.two_person) {
            return said;
        }
        let staying = |others: &Others| i64::from(others.inside) - i64::from(others.leaving);
        let mut refusing: Vec<(&AreaRule, TwoPerson)> = Vec::new();
        let mut groups = None;
        if let Some(rule) = to.two_person
            && staying(&self.known.ahead) <= 0
            && self.visitors().is_empty()
        {
            refusing.push((to, rule));
            groups = rule.groups;
        }
        if let Some(rule) = from.two_person
            && staying(&self.known.behind) == 1
        {
            refusing.push((from, rule));
        }
        let Some((area, _)) = refusing.first() else {
            self.by.push(RecordRef::Area(asking.id));
            return Said::Passes;
        };
        let area = RecordRef::Area(area.id);
        let makes_a_pair = |waiting: &&Waiting| {
            let theirs = self.groups_of(waiting.person);
            let of_groups = groups.is_none_or(|(one, other)| {
                (holder.groups.contains(&one) && theirs.contains(&other))
                    || (holder.groups.contains(&other) && theirs.contains(&one))
            });
            waiting.wants == Wanted::SecondPerson
                && waiting.person != holder.id
                && of_groups
                && refusing.iter().all(|(_, rule)| self.ago_ms(waiting.since) <= i64::from(rule.within_s) * 1000)
                && self.may_still_pass(waiting)
        };
        match self.known.waiting.iter().filter(makes_a_pair).min_by_key(|waiting| waiting.attempt) {
            None => {
                self.answer.settled_by.push(area);
                Said::Refuses(Reason::SecondPersonRequired)
            }
            Some(_) if self.room().saturating_sub_unsigned(self.visitors().len() as u64) < 1 => {
                self.answer.settled_by.push(area);
                Said::Refuses(Reason::AreaFull)
            }
            Some(second) => {
                self.answer.admitted.push(passage(second));
                self.by.extend([area, RecordRef::Person(second.person)]);
                Said::Passes
            }
        }
    }
}

/// The rules that whoever waits must still meet, beside those of the card.
const ASKED_AGAIN: [Rule; 8] = [
    Rule::Person,
    Rule::PolicyAge,
    Rule::Block,
    Rule::ThreatLevel,
    Rule::DoorMode,
    Rule::Grant,
    Rule::Schedule,
    Rule::Factors,
];

impl Case<'_> {
    /// "Who may still pass".
    fn may_still_pass(&self, waiting: &Waiting) -> bool {
        let is_theirs = |card: &&CredentialRule| card.id == waiting.credential && card.person == waiting.person;
        let card = self.rows.credentials.iter().find(is_theirs);
        let person = self.rows.persons.iter().find(|person| person.id == waiting.person);
        let (Some(card), Some(person)) = (card, person) else { return false };
        let mut as_then = Attempt { finger: None, pin: None, card: card.token, ..self.attempt.clone() };
        match waiting.shown {
            FactorDemand::Card => {}
            FactorDemand::CardPin => as_then.pin = Some(FactorResult::Matched),
            FactorDemand::CardFinger => as_then.finger = Some(FactorResult::Matched),
        }
        let mut theirs = self.of_another(&as_then, card, person);
        if theirs.card_state() != Said::Passes || theirs.card_period() != Said::Passes {
            return false;
        }
        for (rule, ask) in OF_HOLDERS {
            if ASKED_AGAIN.contains(&rule) && matches!(ask(&mut theirs, person), Said::Refuses(_) | Said::Asks(..)) {
                return false;
            }
        }
        true
    }
}

fn passage(waiting: &Waiting) -> Passage {
    Passage { person: waiting.person, attempt: waiting.attempt }
}
