//! Times while a door stands unlocked: the strike is held energised, and who opens it is nobody's business.
//!
//! Recorded before the strike is energised, like any release; a door whose beginning can't be recorded stays locked. It is locked
//! again at once when the mode ends, and the end is recorded after that. A start begins locked. A door of an airlock stands unlocked
//! only while all others are closed and locked.

use access_core::event::Event;
use access_core::policy::DoorMode;

use super::leaf::OPEN_GRACE_MS;
use super::{Action, Door, Now, Ticket};
use crate::journal::Weight;

/// After a failure a door is unlocked no sooner than this, in milliseconds: a broken strike must not fill the journal.
const RETRY_MS: u64 = 30_000;

/// Whether the door stands unlocked.
#[derive(Debug, Clone, Default)]
pub(super) struct Free {
    phase: Phase,
    ended_ms: Option<u64>,
    /// After a failure it is not tried before.
    retry_ms: u64,
}

#[derive(Debug, Default, Clone, Copy)]
enum Phase {
    #[default]
    Locked,
    /// That it begins is on its way to the disk.
    Recording(Ticket),
    /// The mode ended before that was written.
    Overtaken(Ticket),
    Unlocked,
}

impl Free {
    /// Whether the strike is held energised.
    pub(super) fn is_free(&self) -> bool {
        matches!(self.phase, Phase::Unlocked)
    }

    /// Whether a leaf that opened at `at_ms` did so while the door stood unlocked, or shortly after.
    pub(super) fn was_free(&self, at_ms: u64) -> bool {
        self.is_free() || self.ended_ms.is_some_and(|ended_ms| at_ms <= ended_ms + OPEN_GRACE_MS)
    }
}

impl Door {
    /// The mode in force, as it is now.
    pub(super) fn mode(&mut self, now: Now, mode: DoorMode, is_free: bool) {
        let is_free = is_free && !self.beside.is_unsecured;
        match (self.free.phase, is_free) {
            (Phase::Locked, true) if now.mono_ms >= self.free.retry_ms => {
                let ticket = self.out.record_first(Event::FreeBegan { door: self.id, mode }, Weight::Vital);
                self.free.phase = Phase::Recording(ticket);
            }
            (Phase::Recording(ticket), false) => self.free.phase = Phase::Overtaken(ticket),
            (Phase::Overtaken(ticket), true) => self.free.phase = Phase::Recording(ticket),
            (Phase::Unlocked, false) => {
                self.free = Free { phase: Phase::Locked, ended_ms: Some(now.mono_ms), retry_ms: 0 };
                // Somebody who asks to leave was let out by the mode; from here on by the request, and at once.
                self.rex.try_at_once();
                self.tick_rex(now);
                if !self.leaf.is_released() {
                    self.out.push(Action::Strike { is_energised: false });
                }
                self.leaf.open_time_begins(now.mono_ms);
                self.free_ended();
            }
            (Phase::Locked | Phase::Overtaken(_), false) => {}
            (Phase::Locked | Phase::Recording(_) | Phase::Unlocked, true) => {}
        }
    }

    /// The beginning was recorded, if this is its ticket.
    pub(super) fn free_recorded(&mut self, ticket: Ticket) {
        match self.free.phase {
            Phase::Recording(waiting) if waiting == ticket && !self.beside.is_unsecured => {
                self.free.phase = Phase::Unlocked;
                if !self.leaf.is_released() {
                    self.leaf.takes_strike();
                    self.out.push(Action::Strike { is_energised: true });
                }
            }
            Phase::Recording(waiting) | Phase::Overtaken(waiting) if waiting == ticket => {
                self.free.phase = Phase::Locked;
                self.free_ended();
            }
            _ => {}
        }
    }

    /// The beginning could not be recorded, if this is its ticket: the door stays locked for now.
    pub(super) fn free_not_recorded(&mut self, now: Now, ticket: Ticket) -> bool {
        match self.free.phase {
            Phase::Recording(waiting) | Phase::Overtaken(waiting) if waiting == ticket => {
                self.free.phase = Phase::Locked;
                self.free.retry_ms = now.mono_ms + RETRY_MS;
                true
            }
            _ => false,
        }
    }

    /// The strike could not be energised.
    pub(super) fn free_failed(&mut self, now: Now) {
        if self.free.is_free() {
            let retry_ms = now.mono_ms + RETRY_MS;
            self.free = Free { phase: Phase::Locked, ended_ms: Some(now.mono_ms), retry_ms };
            self.leaf.open_time_begins(now.mono_ms);
            self.free_ended();
        }
    }

    fn free_ended(&mut self) {
        self.out.record(Event::FreeEnded { door: self.id }, Weight::Vital);
    }
}
