//! The strike and the door's leaf: releases, openings, who moved by them, and the alarms of a leaf that is open and
//! should not be.

use access_core::event::{AlarmKind, Event, Passage, ReleaseCause};
use access_core::policy::{Exit, RELEASE_MS_MAX, Side};
use access_core::verdict::Reason;

use super::rex::REX_RENEW_MS;
use super::{Action, Door, Face, Now, Release};
use crate::journal::Weight;

/// A contact must keep a position for so long before it is believed, in milliseconds.
pub(super) const BOUNCE_MS: u64 = 30;
/// One that bounces for longer than a leaf does must keep a position for so long, in milliseconds.
const FLUTTER_MS: u64 = 1_000;
/// A leaf that opens so shortly after the strike went to rest was pulled in time, in milliseconds.
pub(super) const OPEN_GRACE_MS: u64 = 500;
/// The warning begins so long before a held-open alarm, but not before half the time, in milliseconds.
const HELD_WARNING_MS: u64 = 10_000;
/// A strike that could not be put to rest is tried again after so long, in milliseconds.
const STRIKE_RETRY_MS: u64 = 500;

/// Strike and leaf.
#[derive(Debug, Clone, Default)]
pub(super) struct Leaf {
    release: Option<Released>,
    /// Whether the contact is known and open, since when, and what became of it.
    position: Position,
    /// A position that the contact has reported and not kept long enough yet.
    bouncing: Option<(bool, u64)>,
    retry_rest_at_ms: Option<u64>,
    /// The contact changes faster than a leaf can move.
    pub(super) is_fluttering: bool,
}

#[derive(Debug, Default, Clone, Copy)]
enum Position {
    #[default]
    Unknown,
    Closed,
    Open {
        since_ms: u64,
        is_forced: bool,
        /// How long it may stand open.
        held_ms: u64,
        /// The person was asked to close.
        is_warned: bool,
        is_held: bool,
    },
}

impl Position {
    const fn opened(since_ms: u64, is_forced: bool, held_ms: u32) -> Self {
        Self::Open { since_ms, is_forced, held_ms: held_ms as u64, is_warned: false, is_held: false }
    }
}

/// A release that is not over yet.
#[derive(Debug, Clone)]
struct Released {
    causes: Vec<ReleaseCause>,
    passages: Vec<(Side, Passage)>,
    since_ms: u64,
    until_ms: u64,
    held_ms: u32,
    is_energised: bool,
    was_used: bool,
    /// One of its causes lay on the disk first.
    is_recorded: bool,
    /// It is for people who come in, and for nothing else.
    is_entry: bool,
    /// It is for somebody who leaves, by a request or by their card.
    is_leaving: bool,
    /// The lock that was known of when it was granted last.
    lock: Option<Reason>,
}

impl Leaf {
    pub(super) fn is_released(&self) -> bool {
        self.release.as_ref().is_some_and(|release| release.is_energised)
    }

    pub(super) fn is_alarmed(&self) -> bool {
        matches!(self.position, Position::Open { is_forced: true, .. } | Position::Open { is_held: true, .. })
    }

    #[cfg(test)]
    pub(super) fn is_forced(&self) -> bool {
        matches!(self.position, Position::Open { is_forced: true, .. })
    }

    /// Whether it is known to stand open.
    #[cfg(test)]
    pub(super) fn stands_open(&self) -> bool {
        self.is_open()
    }

    pub(super) fn is_open_too_long(&self) -> bool {
        matches!(self.position, Position::Open { is_warned: true, .. })
    }

    /// Whether it stands open, or its contact has just begun to say so, or says nothing that can be relied on.
    pub(super) fn may_be_open(&self) -> bool {
        self.is_open() || matches!(self.bouncing, Some((true, _))) || self.is_fluttering
    }

    /// How long a contact must keep a position to be believed, in milliseconds.
    const fn settles_ms(&self) -> u64 {
        if self.is_fluttering { FLUTTER_MS } else { BOUNCE_MS }
    }

    /// Whether the strike could not be put to rest.
    pub(super) fn may_be_energised(&self) -> bool {
        self.retry_rest_at_ms.is_some()
    }

    fn is_open(&self) -> bool {
        matches!(self.position, Position::Open { .. })
    }

    /// The strike is to be energised: what was to put it to rest is void.
    pub(super) fn takes_strike(&mut self) {
        self.retry_rest_at_ms = None;
    }

    /// A leaf that may stand open, and from here on may not: its time begins now.
    pub(super) fn open_time_begins(&mut self, now_ms: u64) {
        if let Position::Open { since_ms, .. } = &mut self.position {
            *since_ms = now_ms;
        }
    }

    pub(super) fn wake_at_ms(&self, may_stand_open: bool) -> Option<u64> {
        let release = self.release.as_ref().map(|release| match release.is_energised {
            true => release.until_ms,
            false => release.until_ms + OPEN_GRACE_MS + BOUNCE_MS,
        });
        let bounce = self.bouncing.map(|(_, since_ms)| since_ms + self.settles_ms());
        let held = match self.position {
            _ if may_stand_open => None,
            Position::Open { since_ms, is_forced: false, held_ms, is_warned: false, .. } => {
                Some(since_ms + warning_ms(held_ms))
            }
            Position::Open { since_ms, is_forced: false, held_ms, is_held: false, .. } => Some(since_ms + held_ms),
            _ => None,
        };
        [release, bounce, held, self.retry_rest_at_ms].into_iter().flatten().min()
    }
}

/// How long after the opening the person is asked to close.
fn warning_ms(held_ms: u64) -> u64 {
    held_ms.saturating_sub(HELD_WARNING_MS).max(held_ms / 2)
}

impl Door {
    /// Energises the strike. Whoever calls has seen to it that the cause is recorded, or need not be.
    pub(super) fn release(&mut self, now: Now, release: Release) {
        let Release { cause, side, passages, release_ms, held_ms, is_recorded } = release;
        let until_ms = now.mono_ms + u64::from(release_ms.min(RELEASE_MS_MAX));
        let counts_now = !self.behaviour.has_contact || self.leaf.is_open();
        let under_way = self.leaf.release.get_or_insert_with(|| Released {
            causes: Vec::new(),
            passages: Vec::new(),
            since_ms: now.mono_ms,
            until_ms,
            held_ms,
            is_energised: false,
            was_used: counts_now,
            is_recorded,
            is_entry: true,
            is_leaving: false,
            lock: None,
        });
        self.wait = None;
        under_way.is_recorded |= is_recorded;
        under_way.is_entry &= side == Side::In;
        under_way.is_leaving |= side == Side::Out && !matches!(cause, ReleaseCause::Command(_));
        under_way.lock = self.lock;
        under_way.until_ms = under_way.until_ms.max(until_ms);
        under_way.held_ms = under_way.held_ms.max(held_ms);
        if !under_way.causes.contains(&cause) {
            under_way.causes.push(cause);
        }
        if !counts_now {
            // A new grant needs an opening of its own.
            under_way.was_used = false;
            under_way.passages.extend(passages.iter().map(|passage| (side, *passage)));
        } else if let Position::Open { held_ms: open_ms, .. } = &mut self.leaf.position {
            *open_ms = (*open_ms).max(u64::from(held_ms));
        }
        if !under_way.is_energised {
            under_way.is_energised = true;
            self.leaf.retry_rest_at_ms = None;
            if !self.free.is_free() {
                self.out.push(Action::Strike { is_energised: true });
            }
        }
        if counts_now && !passages.is_empty() {
            self.out.record(Event::Entered { door: self.id, side, persons: passages }, Weight::Vital);
        }
    }

    /// Whether the strike is energised, for a release or because the door stands unlocked.
    pub(super) fn is_energised(&self) -> bool {
        self.leaf.is_released() || self.free.is_free()
    }

    pub(super) fn strike_failed(&mut self, now: Now, is_energised: bool) {
        if !is_energised {
            // A release that began meanwhile is not cut short by it.
            if !self.is_energised() {
                self.leaf.retry_rest_at_ms = Some(now.mono_ms + STRIKE_RETRY_MS);
            }
            return;
        }
        // It may be energised in spite of the error.
        self.out.push(Action::Strike { is_energised: false });
        let is_first = self.retry_exit_after_failure(now);
        if let Some(release) = self.leaf.release.take() {
            for cause in release.causes {
                if cause == ReleaseCause::ExitRequest && !is_first {
                    continue;
                }
                self.out.record(Event::ReleaseAbandoned { door: self.id, cause }, Weight::Vital);
            }
        }
        self.free_failed(now);
        self.refuse_on_face(now, Face::Refused(Reason::DoorFault));
    }

    /// Somebody who asks to leave is still there: the strike stays as it is for another while.
    fn renew_for_exit(&mut self, now: Now) {
        let renewed_ms = u64::from(self.behaviour.release_ms.min(RELEASE_MS_MAX)).max(REX_RENEW_MS);
        if let Some(release) = &mut self.leaf.release {
            release.until_ms = release.until_ms.max(now.mono_ms + renewed_ms);
        }
    }

    /// The request is over: whoever made it has the time of a release to open.
    pub(super) fn outlast_request(&mut self, now: Now) {
        let is_by_system = self.behaviour.exit == Exit::BySystem;
        if is_by_system && self.leaf.is_released() {
            self.renew_for_exit(now);
        }
    }

    /// The strike is about to be driven anew: for nothing that was not recorded first, if by now the door is known to be one that
    /// people leave by a handle; for nobody who comes in by a decision that knew of no lock; and while another door of the airlock is
    /// not closed and locked, for nobody but whoever was let out already: not for an operator's command either.
    pub(super) fn end_unfounded(&mut self) {
        let is_by_system = self.behaviour.exit == Exit::BySystem;
        let (lock, is_unsecured) = (self.lock, self.beside.is_unsecured);
        let is_unfounded = |release: &&mut Released| {
            let is_locked_out = release.is_entry && lock.is_some() && lock != release.lock;
            let is_kept_shut = is_unsecured && !release.is_leaving;
            is_locked_out || is_kept_shut || !(release.is_recorded || is_by_system)
        };
        if let Some(release) = self.leaf.release.as_mut().filter(is_unfounded) {
            release.is_energised = false;
        }
    }

    fn rest(&mut self) {
        if let Some(release) = &mut self.leaf.release
            && release.is_energised
        {
            release.is_energised = false;
            if !self.free.is_free() {
                self.out.push(Action::Strike { is_energised: false });
            }
        }
    }

    pub(super) fn tick_leaf(&mut self, now: Now) {
        if self.leaf.retry_rest_at_ms.is_some_and(|at_ms| now.mono_ms >= at_ms) {
            self.leaf.retry_rest_at_ms = None;
            self.out.push(Action::Strike { is_energised: false });
        }
        if self.leaf.release.as_ref().is_some_and(|release| release.is_energised && now.mono_ms >= release.until_ms) {
            if self.is_held_for_exit() { self.renew_for_exit(now) } else { self.rest() }
        }
        if let Some((is_open, since_ms)) = self.leaf.bouncing
            && now.mono_ms >= since_ms + self.leaf.settles_ms()
        {
            self.leaf.bouncing = None;
            self.moved(now, is_open, since_ms);
        }
        self.end_release(now);
        self.raise_held(now);
    }

    fn end_release(&mut self, now: Now) {
        let is_over = |release: &mut Released| {
            let is_late = now.mono_ms >= release.until_ms + OPEN_GRACE_MS + BOUNCE_MS;
            !release.is_energised && (is_late || release.was_used)
        };
        if let Some(release) = self.leaf.release.take_if(is_over)
            && !release.was_used
            && self.behaviour.has_contact
        {
            self.feedback.unopened(&release.causes, &release.passages);
            for cause in release.causes {
                self.out.record(Event::NotOpened { door: self.id, cause }, Weight::Routine);
            }
        }
    }

    fn raise_held(&mut self, now: Now) {
        // A door that stands unlocked may stand open.
        if self.free.is_free() {
            return;
        }
        if let Position::Open { since_ms, is_forced: false, held_ms, is_warned, is_held } = &mut self.leaf.position {
            let open_ms = now.mono_ms.saturating_sub(*since_ms);
            *is_warned |= open_ms >= warning_ms(*held_ms);
            if !*is_held && open_ms >= *held_ms {
                *is_held = true;
                self.alarm(AlarmKind::DoorHeld);
            }
        }
    }

    pub(super) fn alarm(&mut self, kind: AlarmKind) {
        self.out.record(Event::AlarmRaised { kind, door: Some(self.id), person: None }, Weight::Vital);
    }

    pub(super) fn clear(&mut self, kind: AlarmKind) {
        self.out.record(Event::AlarmCleared { kind, door: Some(self.id) }, Weight::Vital);
    }

    pub(super) fn contact(&mut self, now: Now, is_open: bool) {
        self.contact_changed(now, is_open);
        match self.leaf.position {
            Position::Unknown => self.found(now, is_open),
            Position::Open { .. } | Position::Closed if is_open == self.leaf.is_open() => self.leaf.bouncing = None,
            Position::Open { .. } | Position::Closed => {
                self.leaf.bouncing.get_or_insert((is_open, now.mono_ms));
            }
        }
    }

    /// How the door stands at the first look. Nobody saw one that is open being opened: it is not said to be forced, for
    /// that is not known, and not forgotten either. It counts as open from here on and becomes held like any other.
    fn found(&mut self, now: Now, is_open: bool) {
        let held_ms = self.behaviour.held_ms;
        self.leaf.position = if is_open { Position::opened(now.mono_ms, false, held_ms) } else { Position::Closed };
        let weight = if is_open { Weight::Vital } else { Weight::Routine };
        self.out.record(Event::DoorFound { door: self.id, is_open }, weight);
        if is_open {
            self.begin_contradiction();
        }
    }

    /// The leaf has taken a new position at `since_ms` and kept it.
    fn moved(&mut self, now: Now, is_open: bool, since_ms: u64) {
        let is_held_for_exit = self.is_held_for_exit();
        self.feedback.moved();
        match (self.leaf.position, is_open) {
            (Position::Open { since_ms: opened_ms, is_forced, is_held, .. }, false) => {
                self.leaf.position = Position::Closed;
                let open_ms = since_ms.saturating_sub(opened_ms);
                self.out.record(Event::DoorClosed { door: self.id, open_ms }, Weight::Routine);
                if is_forced {
                    self.clear(AlarmKind::DoorForced);
                }
                if is_held {
                    self.clear(AlarmKind::DoorHeld);
                }
                // Relock on close, unless somebody was granted who has not opened yet.
                match &mut self.leaf.release {
                    // Somebody still asks to leave: the next opening is theirs.
                    Some(release) if release.was_used && is_held_for_exit => {
                        release.was_used = false;
                        release.since_ms = now.mono_ms;
                        release.causes = vec![ReleaseCause::ExitRequest];
                    }
                    Some(release) if release.was_used => self.rest(),
                    _ => {}
                }
            }
            (Position::Closed, true) => self.opened(now, since_ms),
            _ => {}
        }
    }

    fn opened(&mut self, now: Now, since_ms: u64) {
        let was_requested = self.rex.excuses(since_ms, self.behaviour.exit);
        let released = self.leaf.release.as_mut().filter(|release| {
            !release.was_used && release.since_ms <= since_ms && since_ms <= release.until_ms + OPEN_GRACE_MS
        });
        let mut passages = Vec::new();
        let mut held_ms = self.behaviour.held_ms;
        let cause = match released {
            Some(release) => {
                release.was_used = true;
                held_ms = release.held_ms;
                passages.append(&mut release.passages);
                release.causes.first().copied()
            }
            None if was_requested => Some(ReleaseCause::ExitRequest),
            None => self.free.was_free(since_ms).then_some(ReleaseCause::Free),
        };
        let is_forced = cause.is_none();
        self.leaf.position = Position::opened(since_ms, is_forced, held_ms);
        self.out.record(Event::DoorOpened { door: self.id, cause }, Weight::Routine);
        for side in [Side::In, Side::Out] {
            let persons: Vec<Passage> =
                passages.iter().filter(|(of, _)| *of == side).map(|(_, passage)| *passage).collect();
            if !persons.is_empty() {
                self.out.record(Event::Entered { door: self.id, side, persons }, Weight::Vital);
            }
        }
        if is_forced {
            self.feedback.forced(now.mono_ms);
            self.alarm(AlarmKind::DoorForced);
        }
        self.begin_contradiction();
        self.end_release(now);
    }
}
