//! How events get into the journal, or don't: what is on its way to the disk, what waits for a journal that failed, and
//! whether it works.
//!
//! Pure: the [`run`](crate::run) loop hands over what happens and what the [`recorder`](crate::recorder) answered, and
//! carries out what comes of it. A journal fails when it refuses a record or gives no answer for [`SILENCE_MAX_MS`]. From
//! then on nothing is sent to it but one record now and then, to see whether it works; what happens is kept in
//! [`meantime`](crate::meantime), and written before anything newer. Whoever waits for a record to release a door is
//! refused at once.

use std::collections::BTreeMap;

use access_core::UnixMs;
use access_core::event::{AlarmKind, CommandOutcome, Device, DeviceState, Event, JournalFault, ReleaseCause};

use crate::door::Now;
use crate::journal::{JournalError, Weight};
use crate::meantime::Meantime;
use crate::recorder::Entry;

/// A journal that gives no answer for so long has failed, in milliseconds. Longer than a grant may wait for its record,
/// so that a disk that is only slow is not called broken.
pub const SILENCE_MAX_MS: u64 = 3_000;

/// What became of an event that is to be recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Taken {
    /// It goes to the recorder.
    Submit(Entry),
    /// It waits until the journal works.
    Kept,
    /// It is not recorded: the journal takes nothing, and whoever wants the record first must be refused.
    Refused,
}

/// What the journal's answer leads to.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Next {
    /// Somebody waits for these records and will not get them.
    pub refused: Vec<u64>,
    /// These are to be recorded now.
    pub events: Vec<(Event, Weight)>,
    /// These go to the recorder, in order; it must be told to go on.
    pub submit: Vec<Entry>,
}

/// How the journal is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JournalState {
    /// Why it takes no records; none if it does.
    pub fault: Option<JournalFault>,
    /// Since when.
    pub since: UnixMs,
}

/// On its way to the disk.
#[derive(Debug)]
struct Asked {
    entry: Entry,
    /// Somebody waits for it before a door is released.
    is_awaited: bool,
    asked_ms: u64,
}

/// See the module.
#[derive(Debug)]
pub struct Recording {
    next_number: u64,
    asked: BTreeMap<u64, Asked>,
    /// Releases that were refused because the journal was silent; their records may still be written.
    given_up: BTreeMap<u64, ReleaseCause>,
    meantime: Meantime,
    state: JournalState,
    /// What is kept is being written.
    is_flushing: bool,
    /// The alarm that stands among what is kept for as long as the server was not told of the failure.
    untold: Option<u64>,
}

impl Recording {
    /// Begins with a journal that works.
    pub fn new(now: UnixMs) -> Self {
        Self {
            next_number: 0,
            asked: BTreeMap::new(),
            given_up: BTreeMap::new(),
            meantime: Meantime::default(),
            state: JournalState { fault: None, since: now },
            is_flushing: false,
            untold: None,
        }
    }

    /// How the journal is.
    pub fn state(&self) -> JournalState {
        self.state
    }

    /// The server was told of the failure: it raises the alarm. One that is on its way to the disk already is raised by
    /// both: rather twice than never.
    pub fn told(&mut self) {
        if self.untold.is_some_and(|number| self.meantime.forget(number)) {
            self.untold = None;
        }
    }

    /// The link went down: whether the server took note of what it was told last is not known. The failure, if it
    /// lasts, is kept as if it had not been told.
    pub fn link_lost(&mut self, now: Now) {
        if self.state.fault.is_some() && self.untold.is_none() {
            self.keep_alarm(now);
        }
    }

    /// Takes an event. `is_awaited` if a door is released only once it is written. Answers its number, too.
    pub fn record(&mut self, now: Now, event: Event, weight: Weight, is_awaited: bool) -> (u64, Taken) {
        self.next_number += 1;
        let number = self.next_number;
        let entry = Entry { number, at: now.unix, clock: now.clock, event, weight };
        let is_open = match self.state.fault {
            None => true,
            // The reserve is for what matters.
            Some(JournalFault::Reserve) => weight == Weight::Vital,
            Some(_) => false,
        };
        let taken = if is_open {
            self.asked.insert(number, Asked { entry: entry.clone(), is_awaited, asked_ms: now.mono_ms });
            Taken::Submit(entry)
        } else if is_awaited {
            Taken::Refused
        } else {
            self.meantime.keep(entry);
            Taken::Kept
        };
        (number, taken)
    }

    /// These lie on the disk.
    pub fn written(&mut self, now: Now, numbers: &[u64]) -> Next {
        let mut next = Next::default();
        for number in numbers {
            let asked = self.asked.remove(number);
            // Recorded after all, and not carried out: that is what it says now, in place of the refusal.
            if let (Some(asked), Some(cause)) = (asked, self.given_up.remove(number))
                && let Some(door) = asked.entry.event.door()
            {
                self.meantime.forget_refusal(cause);
                next.events.push((Event::ReleaseAbandoned { door, cause }, Weight::Vital));
            }
        }
        let is_answering = self.is_flushing || self.state.fault == Some(JournalFault::Silent);
        if self.state.fault.is_none() || !is_answering || !self.asked.is_empty() {
            return next;
        }
        if !self.meantime.is_empty() {
            self.is_flushing = true;
            next.submit = self.submit(now, usize::MAX);
            return next;
        }
        self.is_flushing = false;
        self.state = JournalState { fault: None, since: now.unix };
        next.events.push((changed(DeviceState::Working), Weight::Routine));
        if self.untold.take().is_some() {
            next.events.push((Event::AlarmCleared { kind: AlarmKind::JournalFault, door: None }, Weight::Vital));
        }
        next
    }

    /// This one is not part of the journal.
    pub fn failed(&mut self, now: Now, number: u64, error: &JournalError) -> Next {
        let mut next = Next::default();
        self.is_flushing = false;
        let Some(Asked { entry, is_awaited, .. }) = self.asked.remove(&number) else { return next };
        let weight = entry.weight;
        let was_given_up = self.given_up.remove(&number).is_some();
        if is_awaited {
            next.refused.extend((!was_given_up).then_some(number));
        } else if !matches!(error, JournalError::TooLong { .. }) {
            self.meantime.keep(entry);
        }
        if let Some(fault) = fault_of(error, weight) {
            self.fails(now, fault);
        }
        next
    }

    /// When [`Recording::look`] is due, if it is.
    pub fn look_at_ms(&self) -> Option<u64> {
        if self.state.fault == Some(JournalFault::Silent) {
            return None;
        }
        self.asked.values().map(|asked| asked.asked_ms + SILENCE_MAX_MS).min()
    }

    /// Looks whether the journal has been silent for too long.
    pub fn look(&mut self, now: Now) -> Next {
        let mut next = Next::default();
        if self.look_at_ms().is_none_or(|at_ms| now.mono_ms < at_ms) {
            return next;
        }
        self.is_flushing = false;
        self.fails(now, JournalFault::Silent);
        for (number, asked) in self.asked.iter().filter(|(_, asked)| asked.is_awaited) {
            if let Some(cause) = released_by(&asked.entry.event)
                && self.given_up.insert(*number, cause).is_none()
            {
                next.refused.push(*number);
            }
        }
        next
    }

    /// While the journal fails and nothing is under way: one record to see whether it works.
    pub fn probe(&mut self, now: Now) -> Vec<Entry> {
        if self.state.fault.is_none() || !self.asked.is_empty() {
            return Vec::new();
        }
        self.is_flushing = true;
        self.submit(now, 1)
    }

    /// The program stops: everything that is kept is tried once more.
    pub fn last_try(&mut self, now: Now) -> Vec<Entry> {
        self.submit(now, usize::MAX)
    }

    fn submit(&mut self, now: Now, count: usize) -> Vec<Entry> {
        let entries = self.meantime.take(count);
        for entry in &entries {
            let asked = Asked { entry: entry.clone(), is_awaited: false, asked_ms: now.mono_ms };
            self.asked.insert(entry.number, asked);
        }
        entries
    }

    fn fails(&mut self, now: Now, fault: JournalFault) {
        let had_failed = self.state.fault.replace(fault).is_some();
        if had_failed {
            return;
        }
        self.state.since = now.unix;
        let how = if fault == JournalFault::Silent { DeviceState::Silent } else { DeviceState::Faulty };
        self.keep(now, changed(how));
        self.keep_alarm(now);
    }

    fn keep_alarm(&mut self, now: Now) {
        let alarm = Event::AlarmRaised { kind: AlarmKind::JournalFault, door: None, person: None };
        self.untold = Some(self.keep(now, alarm));
    }

    /// Routine, so that the reserve is left to doors: it is written when all works again.
    fn keep(&mut self, now: Now, event: Event) -> u64 {
        self.next_number += 1;
        let number = self.next_number;
        self.meantime.keep(Entry { number, at: now.unix, clock: now.clock, event, weight: Weight::Routine });
        number
    }
}

fn changed(state: DeviceState) -> Event {
    Event::DeviceChanged { device: Device::Journal, door: None, side: None, state }
}

/// What an error says of the journal, if it says anything.
fn fault_of(error: &JournalError, weight: Weight) -> Option<JournalFault> {
    use std::io::ErrorKind::{QuotaExceeded, StorageFull};
    match error {
        JournalError::Full { .. } if weight == Weight::Routine => Some(JournalFault::Reserve),
        JournalError::Full { .. } => Some(JournalFault::Full),
        JournalError::Storage { source, .. } if matches!(source.kind(), StorageFull | QuotaExceeded) => {
            Some(JournalFault::NoSpace)
        }
        JournalError::Storage { .. } => Some(JournalFault::DiskFault),
        JournalError::Unusable(_) | JournalError::OutOfOrder(_) | JournalError::Damaged { .. } => {
            Some(JournalFault::Unusable)
        }
        // Said of an earlier record; or this one's own fault.
        JournalError::Stopped | JournalError::TooLong { .. } => None,
    }
}

/// What an event, once recorded, releases a door for.
pub fn released_by(event: &Event) -> Option<ReleaseCause> {
    match event {
        Event::Decision(decision) => decision.verdict.is_grant().then_some(ReleaseCause::Attempt(decision.attempt.id)),
        Event::CommandDone { command, outcome: CommandOutcome::CarriedOut, .. } => {
            Some(ReleaseCause::Command(*command))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests;
