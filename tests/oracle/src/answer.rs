//! What the oracle says, and how it is compared with a verdict.

use std::collections::BTreeMap;
use std::fmt;

use access_core::attempt::Factor;
use access_core::event::{AlarmKind, Passage};
use access_core::explain;
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
    /// Records that settled it.
    pub settled_by: Vec<RecordRef>,
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
            settled_by: Vec::new(),
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
        theirs.settled_by = verdict.settled_by.clone();
        if *self != theirs {
            differences.push(format!("the oracle says {self:#?}\naccess-core says {theirs:#?}"));
        }
        differences
    }
}

/// A rule that was asked, in words of an explanation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// Which.
    pub rule: Rule,
    /// Passed, failed, or not applicable.
    pub answer: explain::Answer,
    /// By which records.
    pub records: Vec<RecordRef>,
}

/// How one rule answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Said {
    /// It passes.
    Passes,
    /// Its question does not arise, which is as good as passed.
    NotApplicable,
    /// The door is free for this holder: no later rule is asked.
    Free,
    /// It refuses.
    Refuses(Reason),
    /// It asks for more.
    Asks(Factor, Reason),
}

/// What an answer shows of the rules, in words: each is to be met often, or agreement means nothing.
pub fn shown(answer: &Answer) -> Vec<String> {
    let mut shown = vec![answer.reason.to_string()];
    shown.extend(answer.rule.map(|rule| format!("{} by {rule}", answer.reason)));
    shown.extend(answer.alarms.iter().map(|alarm| format!("alarm {alarm}")));
    let is_lost = answer.alarms.contains(&AlarmKind::LostCardPresented);
    shown.extend(answer.rule.filter(|_| is_lost).map(|rule| format!("lost card by {rule}")));
    shown.extend(answer.rule.is_none().then(|| format!("with {} others", answer.admitted.len().min(2))));
    shown.extend(answer.reader_locked_until.map(|_| "reader locked".to_owned()));
    shown.extend(answer.card_is_locked.then(|| "card locked".to_owned()));
    shown.extend(answer.toggled.map(|is_free| if is_free { "turned free" } else { "turned back" }.to_owned()));
    shown
}

/// How often answers showed what.
#[derive(Debug, Clone, Default)]
pub struct Met {
    answers: u32,
    times: BTreeMap<String, u32>,
}

impl Met {
    /// Takes note of what an answer shows.
    pub fn note(&mut self, shown: Vec<String>) {
        self.answers += 1;
        for what in shown {
            *self.times.entry(what).or_default() += 1;
        }
    }

    /// Which of these were met less than once in so many answers, or never.
    pub fn less_than_once_in<What: AsRef<str>>(&self, answers: u32, of: impl IntoIterator<Item = What>) -> Vec<What> {
        let times = |what: &What| self.times.get(what.as_ref()).copied().unwrap_or(0);
        of.into_iter().filter(|what| times(what) == 0 || times(what) * answers < self.answers).collect()
    }
}

impl fmt::Display for Met {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "of {} answers", self.answers)?;
        self.times.iter().try_for_each(|(what, times)| write!(f, "\n{times:7} {what}"))
    }
}
