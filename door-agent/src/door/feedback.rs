//! What the contact tells, over several openings, of the strike and of itself. Nothing here releases a door or keeps one shut;
//! only a contact that changes faster than a leaf can move is believed more slowly, and its door counts as open meanwhile
//! for the others of its airlock.
//!
//! - *A strike does not let go*: three releases in a row, by card or by an operator, ended without an opening. One is somebody
//!   who went away; a request to exit and a free mode are no sign, for a detector asks for whoever walks by, and a door may
//!   stand unlocked all night with nobody there. Ends when the leaf moves.
//! - *A strike does not hold*: three openings that nothing had released within ten minutes. Each is an alarm of its own; this
//!   one says where to look. Ends ten minutes after the last.
//! - *A contact is stuck*: twice somebody who was let through on one side was let through on the other next, and it never moved.
//!   People pass, so the strike is not what fails. Ends when it moves.
//! - *A contact bounces*: twenty changes within five seconds. Nobody opens and closes a leaf twice a second for so long. Ends
//!   ten seconds after the last change.

use std::collections::VecDeque;

use access_core::event::{AlarmKind, Passage, ReleaseCause};
use access_core::ids::PersonId;
use access_core::policy::Side;

use super::{Door, Now};

/// So many releases in a row that nobody opened mean that the strike does not let go.
const UNOPENED_MAX: u32 = 3;
/// So many forced openings within so long, in milliseconds, mean that it does not hold.
const FORCED_MAX: usize = 3;
const FORCED_WITHIN_MS: u64 = 600_000;
/// So many persons who came back from where nobody saw them go mean that the contact is stuck.
const UNSEEN_MAX: u32 = 2;
/// Persons who are remembered for that.
const PASSED_MAX: usize = 32;
/// So many changes of the contact within so long, in milliseconds, are more than a leaf can make.
const CHANGES_MAX: usize = 20;
const CHANGES_WITHIN_MS: u64 = 5_000;
/// A contact that bounced is well again once it has been quiet for so long, in milliseconds.
const QUIET_MS: u64 = 10_000;

/// What was noticed so far.
#[derive(Debug, Clone, Default)]
pub(super) struct Feedback {
    /// Releases in a row that nobody opened.
    unopened: u32,
    /// By whom, and on which side each was let through last.
    passed: VecDeque<(PersonId, Side)>,
    unseen: u32,
    /// Openings that nothing had released.
    forced: VecDeque<u64>,
    /// What the contact said last, and when it changed.
    level: Option<bool>,
    changes: VecDeque<u64>,
    is_bouncing: bool,
    /// Whether each alarm stands.
    is_contact_told: bool,
    is_strike_told: bool,
}

impl Feedback {
    pub(super) fn wake_at_ms(&self) -> Option<u64> {
        let quiet = self.changes.back().filter(|_| self.is_bouncing).map(|at_ms| at_ms + QUIET_MS);
        let calm = self.forced.back().filter(|_| self.does_not_hold()).map(|at_ms| at_ms + FORCED_WITHIN_MS);
        quiet.into_iter().chain(calm).min()
    }

    /// A release by these causes, for these persons, ended and the contact had not moved.
    pub(super) fn unopened(&mut self, causes: &[ReleaseCause], passages: &[(Side, Passage)]) {
        let is_meant = |cause: &ReleaseCause| matches!(cause, ReleaseCause::Attempt(_) | ReleaseCause::Command(_));
        if !causes.iter().any(is_meant) {
            return;
        }
        self.unopened = self.unopened.saturating_add(1);
        for (side, Passage { person, .. }) in passages {
            let before = self.passed.iter().position(|(known, _)| known == person);
            let last = before.and_then(|place| self.passed.remove(place));
            if last.is_some_and(|(_, last)| last != *side) {
                self.unseen = self.unseen.saturating_add(1);
            }
            if self.passed.len() == PASSED_MAX {
                self.passed.pop_front();
            }
            self.passed.push_back((*person, *side));
        }
    }

    /// The leaf moved, and the contact told.
    pub(super) fn moved(&mut self) {
        (self.unopened, self.unseen) = (0, 0);
        self.passed.clear();
    }

    /// It was opened, and nothing had released it.
    pub(super) fn forced(&mut self, at_ms: u64) {
        self.forced.push_back(at_ms);
        self.forced.retain(|forced_ms| at_ms < forced_ms + FORCED_WITHIN_MS);
        if self.forced.len() > FORCED_MAX {
            self.forced.pop_front();
        }
    }

    /// The contact says this.
    fn changed(&mut self, now_ms: u64, is_open: bool) {
        if self.level.replace(is_open).is_none_or(|before| before == is_open) {
            return;
        }
        self.changes.push_back(now_ms);
        if self.changes.len() > CHANGES_MAX {
            self.changes.pop_front();
        }
        let since_ms = self.changes.front().copied().filter(|_| self.changes.len() == CHANGES_MAX);
        if since_ms.is_some_and(|since_ms| now_ms < since_ms + CHANGES_WITHIN_MS) && !self.is_bouncing {
            self.is_bouncing = true;
            // What it said of openings meanwhile says nothing of the strike.
            self.forced.clear();
        }
    }

    fn tick(&mut self, now_ms: u64) {
        if self.is_bouncing && self.changes.back().is_none_or(|at_ms| now_ms >= at_ms + QUIET_MS) {
            self.is_bouncing = false;
            self.changes.clear();
        }
        self.forced.retain(|at_ms| now_ms < at_ms + FORCED_WITHIN_MS);
    }

    fn does_not_hold(&self) -> bool {
        self.forced.len() >= FORCED_MAX
    }

    fn is_stuck(&self) -> bool {
        self.unseen >= UNSEEN_MAX
    }
}

impl Door {
    pub(super) fn contact_changed(&mut self, now: Now, is_open: bool) {
        self.feedback.changed(now.mono_ms, is_open);
        self.leaf.is_fluttering = self.feedback.is_bouncing;
    }

    pub(super) fn tick_feedback(&mut self, now: Now) {
        self.feedback.tick(now.mono_ms);
        self.leaf.is_fluttering = self.feedback.is_bouncing;
    }

    /// Raises and ends the alarms for what was noticed.
    pub(super) fn tell_feedback(&mut self) {
        if !self.behaviour.has_contact {
            // There is none that could say anything.
            self.feedback.moved();
            self.feedback.forced.clear();
        }
        let Feedback { unopened, is_bouncing, is_contact_told, is_strike_told, .. } = self.feedback;
        let is_contact = is_bouncing || self.feedback.is_stuck();
        let does_not_let_go = unopened >= UNOPENED_MAX && !self.feedback.is_stuck();
        let is_strike = does_not_let_go || self.feedback.does_not_hold();
        for (kind, is_told, is_so) in [
            (AlarmKind::ContactFault, is_contact_told, is_contact),
            (AlarmKind::StrikeFault, is_strike_told, is_strike),
        ] {
            match (is_told, is_so) {
                (false, true) => self.alarm(kind),
                (true, false) => self.clear(kind),
                _ => {}
            }
        }
        (self.feedback.is_contact_told, self.feedback.is_strike_told) = (is_contact, is_strike);
    }
}
