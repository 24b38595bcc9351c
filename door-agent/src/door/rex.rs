//! The request to exit: what one press asks for, how long it excuses an opening, and what becomes of one that never ends.
//!
//! Where people leave by this system, the door is released for as long as the request is pressed, stuck or not: nobody is
//! kept inside by a fault of a button. Where they leave by a handle, a request only excuses an opening, and one that is
//! stuck excuses none: a wedged button must not make the contact blind.

use access_core::event::{AlarmKind, Event, ReleaseCause};
use access_core::policy::Exit;

use super::{Door, Now};
use crate::journal::Weight;

/// A leaf that opens so shortly after a request to exit is not forced, in milliseconds.
pub(super) const REX_GRACE_MS: u64 = 5_000;
/// A request to exit so shortly after another is the same one, and a break so short does not end it, in milliseconds.
pub(super) const REX_BREAK_MS: u64 = 1_000;
/// A request that has been pressed for so long is stuck, in milliseconds. A hand on a button or handle is there for
/// seconds; a detector that sees people in front of the door goes to rest between two of them. A minute is beyond both,
/// and not so long that a wedged button hides more than what happens in that minute.
pub(super) const REX_STUCK_MS: u64 = 60_000;
/// A release for a request that is still pressed is renewed by no less, in milliseconds: a very short one must not keep
/// the agent busy.
pub(super) const REX_RENEW_MS: u64 = 500;
/// A strike that failed is tried again after so long while somebody still asks to leave, in milliseconds.
const REX_RETRY_MS: u64 = 2_000;

/// The request-to-exit line.
#[derive(Debug, Clone, Default)]
pub(super) struct Rex {
    is_pressed: bool,
    /// Since when it has been pressed, short breaks aside.
    since_ms: Option<u64>,
    /// When the line changed last.
    changed_ms: u64,
    /// The newest sign of somebody who wants to leave, until an opening has used it.
    asked_ms: Option<u64>,
    is_stuck: bool,
    retry_at_ms: Option<u64>,
    /// The strike failed since it was pressed, which is recorded.
    has_failed: bool,
}

impl Rex {
    /// When it is to be looked at again.
    pub(super) fn wake_at_ms(&self) -> Option<u64> {
        let since_ms = self.since_ms?;
        let changes = match self.is_pressed {
            true => (!self.is_stuck).then_some(since_ms + REX_STUCK_MS),
            false => Some(self.changed_ms + REX_BREAK_MS),
        };
        [changes, self.retry_at_ms].into_iter().flatten().min()
    }

    /// What stood in the way of a release may be gone.
    pub(super) fn try_at_once(&mut self) {
        self.retry_at_ms = None;
    }

    /// Whether it excuses a leaf that opened at `since_ms`. One request excuses one opening, unless it is still pressed.
    pub(super) fn excuses(&mut self, since_ms: u64, exit: Exit) -> bool {
        let asked_ms = self.asked_ms.take();
        let is_believed = !self.is_stuck || exit == Exit::BySystem;
        let is_recent = asked_ms.is_some_and(|at_ms| since_ms <= at_ms + REX_GRACE_MS);
        (self.is_pressed && is_believed) || is_recent
    }
}

impl Door {
    /// Whether somebody asks to leave whom only this system lets out.
    pub(super) fn is_held_for_exit(&self) -> bool {
        self.rex.is_pressed && self.behaviour.exit == Exit::BySystem
    }

    /// The strike failed: whoever still asks to leave is not left with that. Answers whether it is the first time for
    /// this request.
    pub(super) fn retry_exit_after_failure(&mut self, now: Now) -> bool {
        if self.is_held_for_exit() {
            self.rex.retry_at_ms = Some(now.mono_ms + REX_RETRY_MS);
        }
        !std::mem::replace(&mut self.rex.has_failed, true)
    }

    pub(super) fn rex(&mut self, now: Now, is_pressed: bool) {
        let was_pressed = std::mem::replace(&mut self.rex.is_pressed, is_pressed);
        if was_pressed == is_pressed {
            return;
        }
        let is_repeated = self.rex.since_ms.is_some();
        self.rex.changed_ms = now.mono_ms;
        if !self.rex.is_stuck {
            // Counts from letting go, too: a handle is held while the leaf moves.
            self.rex.asked_ms = Some(now.mono_ms);
        }
        if !is_pressed {
            self.rex.retry_at_ms = None;
            self.outlast_request(now);
            return;
        }
        self.rex.since_ms.get_or_insert(now.mono_ms);
        self.rex.has_failed &= is_repeated;
        let was_released = self.behaviour.exit == Exit::BySystem;
        if was_released {
            self.release_for_exit(now);
        }
        if !is_repeated {
            self.out.record(Event::ExitRequested { door: self.id, was_released }, Weight::Routine);
            // Leaving is never refused; that the airlock's other door is not shut must be seen.
            if was_released && self.beside.is_unsecured {
                self.alarm(AlarmKind::LeftAgainstRule);
            }
        }
        self.tick_rex(now);
    }

    /// Time passed, or the door's behaviour or lines changed.
    pub(super) fn tick_rex(&mut self, now: Now) {
        let Some(since_ms) = self.rex.since_ms else { return };
        if !self.rex.is_pressed {
            if now.mono_ms >= self.rex.changed_ms + REX_BREAK_MS {
                self.rex.since_ms = None;
                if std::mem::take(&mut self.rex.is_stuck) {
                    self.clear(AlarmKind::RexStuck);
                }
            }
            return;
        }
        if !self.rex.is_stuck && now.mono_ms >= since_ms + REX_STUCK_MS {
            self.rex.is_stuck = true;
            self.rex.asked_ms = None;
            self.alarm(AlarmKind::RexStuck);
        }
        let may_try = self.rex.retry_at_ms.is_none_or(|at_ms| now.mono_ms >= at_ms);
        if !self.is_held_for_exit() || self.leaf.is_released() {
            self.rex.retry_at_ms = None;
        } else if may_try {
            self.release_for_exit(now);
        }
    }

    fn release_for_exit(&mut self, now: Now) {
        self.rex.retry_at_ms = None;
        self.release(now, self.plain_release(ReleaseCause::ExitRequest));
    }
}
