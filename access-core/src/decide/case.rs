//! An attempt on its way through the rules: what was found out so far, and how a rule answers.

use crate::attempt::{Attempt, Factor};
use crate::circumstances::Circumstances;
use crate::event::{AlarmKind, Passage};
use crate::ids::{CredentialId, PersonId};
use crate::policy::{Allowed, CardView, DoorRule, FactorDemand, PersonView, Policy, ThreatLevelRule, WaivableRule};
use crate::time::{LocalTime, Period, Place};
use crate::verdict::{Effect, Reason, RecordRef, Rule, Verdict};

/// How a rule answered, for whoever explains.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step<'a> {
    /// It holds here and is met, by these records.
    Passed(&'a [Option<RecordRef>]),
    /// It has nothing to say at this door or to this person.
    NotApplicable,
    /// It objects, for this reason and by these records.
    Failed(Reason, &'a [Option<RecordRef>]),
}

/// Is told how each rule answered. `()` does not listen and costs nothing.
pub trait Trace {
    /// A rule was asked and answered so.
    fn step(&mut self, rule: Rule, step: Step<'_>);
}

impl Trace for () {
    #[inline]
    fn step(&mut self, _rule: Rule, _step: Step<'_>) {}
}

/// How a rule is met.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Met {
    /// It has nothing to say here.
    NotApplicable,
    /// It holds and is met.
    Passed,
    /// By these records.
    By([Option<RecordRef>; 2]),
}

/// A rule refuses, or asks for more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Objection {
    pub(super) rule: Rule,
    pub(super) reason: Reason,
    pub(super) need: Option<Factor>,
    pub(super) records: [Option<RecordRef>; 2],
    pub(super) alarm: Option<AlarmKind>,
    pub(super) effect: Option<Waits>,
}

/// The only effect that an objection has by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Waits;

impl From<Waits> for Effect {
    fn from(_: Waits) -> Self {
        Self::Wait
    }
}

impl Objection {
    pub(super) fn new(reason: Reason) -> Self {
        Self { rule: Rule::DoorKnown, reason, need: None, records: [None, None], alarm: None, effect: None }
    }

    pub(super) fn by(reason: Reason, record: RecordRef) -> Self {
        Self { records: [Some(record), None], ..Self::new(reason) }
    }
}

pub(super) type Answer = Result<Met, Objection>;

/// An attempt on its way through the rules.
pub(super) struct Case<'a> {
    pub(super) policy: &'a Policy,
    pub(super) known: &'a Circumstances,
    pub(super) attempt: &'a Attempt,
    pub(super) door: &'a DoorRule,
    pub(super) card: Option<CardView<'a>>,
    pub(super) holder: Option<PersonView<'a>>,
    local: Option<LocalTime>,
    /// Whether the door stands unlocked: of the rules after the grant none is asked.
    pub(super) is_free: bool,
    /// The grant that allows it, once found.
    pub(super) allowed: Option<Allowed>,
    /// Whether the hour is what keeps the nearest grant from allowing it.
    pub(super) outside: Option<Objection>,
    /// Rules that are met and yet raise an alarm.
    pub(super) soft: Option<AlarmKind>,
    pub(super) contradiction: Option<AlarmKind>,
    /// Who has waited and passes too.
    pub(super) completed: Vec<Passage>,
}

impl<'a> Case<'a> {
    pub(super) fn new(
        policy: &'a Policy,
        known: &'a Circumstances,
        attempt: &'a Attempt,
        door: &'a DoorRule,
        card: Option<CardView<'a>>,
    ) -> Self {
        Self {
            policy,
            known,
            attempt,
            door,
            card,
            holder: card.and_then(|card| card.person),
            local: policy.site(door.site).map(|site| site.zone.local(attempt.at)),
            is_free: false,
            allowed: None,
            outside: None,
            soft: None,
            contradiction: None,
            completed: Vec::new(),
        }
    }

    /// Asks one rule and tells the trace.
    #[inline]
    pub(super) fn ask(
        &mut self,
        trace: &mut impl Trace,
        rule: Rule,
        answer: impl Fn(&mut Self) -> Answer,
    ) -> Result<(), Objection> {
        match answer(self) {
            Ok(met) => {
                match &met {
                    Met::NotApplicable => trace.step(rule, Step::NotApplicable),
                    Met::Passed => trace.step(rule, Step::Passed(&[])),
                    Met::By(records) => trace.step(rule, Step::Passed(records)),
                }
                Ok(())
            }
            Err(objection) => {
                trace.step(rule, Step::Failed(objection.reason, &objection.records));
                Err(Objection { rule, ..objection })
            }
        }
    }

    pub(super) fn person_id(&self) -> Option<PersonId> {
        self.holder.map(|person| person.id)
    }

    pub(super) fn card_id(&self) -> Option<CredentialId> {
        self.card.map(|card| card.id)
    }

    /// What the wall clock at the door shows.
    pub(super) fn local(&self) -> Option<LocalTime> {
        self.local
    }

    /// Release and held-open time, in milliseconds.
    pub(super) fn times(&self) -> (u32, u32) {
        match self.holder {
            Some(person) if person.needs_longer => (self.door.release_longer_ms, self.door.held_longer_ms),
            _ => (self.door.release_ms, self.door.held_ms),
        }
    }

    /// Records that a grant rests on.
    pub(super) fn allowed_by(&self) -> Vec<RecordRef> {
        self.allowed
            .map(|allowed| vec![RecordRef::Grant(allowed.grant), RecordRef::Level(allowed.level)])
            .unwrap_or_default()
    }

    pub(super) fn soft_alarms(&self) -> impl Iterator<Item = AlarmKind> {
        self.soft.into_iter().chain(self.contradiction)
    }

    /// Adds what a full grant brings with it.
    pub(super) fn completes(&mut self, verdict: &mut Verdict) {
        let completed = std::mem::take(&mut self.completed);
        if !completed.is_empty() {
            verdict.settled_by.extend(completed.iter().map(|passage| RecordRef::Person(passage.person)));
            verdict.effects.push(Effect::AdmitWith(completed));
        }
        if verdict.reason == Reason::Granted
            && let Some(is_free) = self.toggles()
        {
            verdict.effects.push(Effect::Toggle { is_free });
        }
    }

    /// Where the attempt's instant lies in a period; none if the clock can't tell.
    pub(super) fn place(&self, period: &Period) -> Option<Place> {
        super::holder::place(period, self.attempt)
    }

    /// Whether the entry is under duress and the tenant waived the rule for that.
    pub(super) fn is_waived(&self, rule: WaivableRule) -> bool {
        self.attempt.is_under_duress() && self.policy.rules().waived_for_duress.contains(&rule)
    }

    /// The threat level's rule in force here, unless the holder is exempt from it.
    pub(super) fn threat(&self) -> Option<&'a ThreatLevelRule> {
        let rule = self.policy.threat_level(self.known.threat_level)?;
        let is_exempt = self.holder.is_some_and(|person| rule.exempt.iter().any(|group| person.groups.contains(group)));
        (!is_exempt).then_some(rule)
    }

    pub(super) fn is_responder(&self) -> bool {
        self.holder.is_some_and(|person| person.groups.iter().any(|group| self.policy.is_responder(*group)))
    }

    /// What the threat level demands, at least.
    pub(super) fn threat_factors(&self) -> Option<FactorDemand> {
        self.threat().and_then(|rule| rule.factors)
    }
}
