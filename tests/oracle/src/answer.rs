//! What the oracle says, and how it is compared with a verdict.

use access_core::attempt::Factor;
use access_core::event::{AlarmKind, Passage};
use access_core::ids::{CredentialId, PersonId};
use access_core::time::UnixMs;
use access_core::verdict::{Effect, Outcome, Reason, RecordRef, Rule, Verdict};

/// A verdict, as far as RULES.md says what stands in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// Grant with its times, need, or denial.
    pub outcome: Outcome,
    /// The leading reason.
    pub reason: Reason,
    /// The rule that refused or asked.
    pub rule: Option<Rule>,
    /// The record that the rule names, where RULES.md says which.
    pub named: Option<RecordRef>,
    /// Whose card it is.
    pub person: Option<PersonId>,
    /// Which card it is.
    pub credential: Option<CredentialId>,
    /// Alarms, sorted.
    pub alarms: Vec<AlarmKind>,
    /// Who passes with the holder.
    pub admitted: Vec<Passage>,
    /// Whether the holder waits.
    pub waits: bool,
    /// Until when the reader is locked.
    pub reader_locked_until: Option<UnixMs>,
    /// Whether the card is locked.
    pub card_is_locked: bool,
    /// Whether a door in mode toggle is free from here on.
    pub toggled: Option<bool>,
}

impl Answer {
    /// A denial that nothing follows from.
    pub fn denial(reason: Reason) -> Self {
        Self {
            outcome: Outcome::Deny,
            reason,
            rule: None,
            named: None,
            person: None,
            credential: None,
            alarms: Vec::new(),
            admitted: Vec::new(),
            waits: false,
            reader_locked_until: None,
            card_is_locked: false,
            toggled: None,
        }
    }

    /// Raises an alarm, once.
    pub fn alarm(&mut self, kind: AlarmKind) {
        if !self.alarms.contains(&kind) {
            self.alarms.push(kind);
            self.alarms.sort();
        }
    }

    /// How a verdict differs from this, in words; empty if it does not.
    pub fn differences(&self, verdict: &Verdict) -> Vec<String> {
        let mut theirs = Self { outcome: verdict.outcome, rule: verdict.rule, ..Self::denial(verdict.reason) };
        theirs.person = verdict.person;
        theirs.credential = verdict.credential;
        theirs.alarms = verdict.alarms.clone();
        theirs.alarms.sort();
        let mut differences = Vec::new();
        let mut once = |what: &str, was_there: bool| {
            if was_there {
                differences.push(format!("{what} stands twice among the effects"));
            }
        };
        for effect in &verdict.effects {
            match effect {
                Effect::AdmitWith(passages) => {
                    once("admitted", !theirs.admitted.is_empty() || passages.is_empty());
                    theirs.admitted = passages.clone();
                }
                Effect::Wait => once("wait", std::mem::replace(&mut theirs.waits, true)),
                Effect::LockReader { until } => {
                    once("reader locked", theirs.reader_locked_until.replace(*until).is_some());
                }
                Effect::LockCard => once("card locked", std::mem::replace(&mut theirs.card_is_locked, true)),
                Effect::Toggle { is_free } => once("toggled", theirs.toggled.replace(*is_free).is_some()),
            }
        }
        if self.named.is_some_and(|record| !verdict.settled_by.contains(&record)) {
            differences.push(format!("settled by {:?}, the oracle names {:?}", verdict.settled_by, self.named));
        }
        theirs.named = self.named;
        if *self != theirs {
            differences.push(format!("the oracle says {self:#?}\naccess-core says {theirs:#?}"));
        }
        differences
    }
}

/// How one rule answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Said {
    /// It passes, or does not apply.
    Passes,
    /// The door is free for this holder: no later rule is asked.
    Free,
    /// It refuses.
    Refuses(Reason),
    /// It asks for more.
    Asks(Factor, Reason),
}
