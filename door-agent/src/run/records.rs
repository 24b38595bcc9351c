//! Between the machines and the journal: what is to be recorded goes there, and what it answers comes back. How the journal
//! is, the server is told over the link.

use super::*;

impl Agent {
    /// Has something recorded that happened.
    pub(super) fn record(&mut self, event: Event, weight: Weight) {
        self.record_numbered(event, weight);
    }

    /// The same; answers its number.
    pub(super) fn record_numbered(&mut self, event: Event, weight: Weight) -> u64 {
        self.learn(&event, self.clock.now());
        let (number, taken) = self.recording.record(self.clock.now(), event, weight, false);
        if let Taken::Submit(entry) = taken {
            self.recorder.record(entry);
        }
        number
    }

    /// Has something recorded before it happens; answers its number, unless it can't be recorded.
    pub(super) fn record_first(&mut self, event: Event, weight: Weight) -> Option<u64> {
        self.learn(&event, self.clock.now());
        let (number, taken) = self.recording.record(self.clock.now(), event, weight, true);
        match taken {
            Taken::Submit(entry) => {
                self.recorder.record(entry);
                Some(number)
            }
            Taken::Kept | Taken::Refused => None,
        }
    }

    pub(super) fn replied(&mut self, reply: Reply) {
        match reply {
            Reply::Written { numbers, records, before, head } => {
                // First of all: a person waits at the door.
                for number in &numbers {
                    self.written(*number);
                }
                let had_failed = self.recording.state().fault.is_some();
                let next = self.recording.written(self.clock.now(), &numbers);
                if had_failed && self.recording.state().fault.is_none() {
                    tracing::info!("the journal takes records again");
                }
                self.go_on(next);
                let flow = self.outflow.written(before, head, records);
                self.tell_progress();
                self.flow(flow);
            }
            Reply::Failed { number, error } => {
                let before = self.recording.state();
                let next = self.recording.failed(self.clock.now(), number, &error);
                if self.recording.state() != before || matches!(error, JournalError::TooLong { .. }) {
                    tracing::error!(%error, "a record could not be written");
                }
                self.go_on(next);
            }
            Reply::Records { after, records, head } => {
                let flow = self.outflow.read(after, records, head);
                self.flow(flow);
            }
        }
    }

    fn written(&mut self, number: u64) {
        self.note_told(number);
        let Some(Waiting { door, ticket, cause }) = self.waiting.remove(&number) else { return };
        if let Some(ReleaseCause::Attempt(attempt)) = cause
            && let Some(tap) = self.doors[door].taps.get_mut(&attempt)
        {
            tap.recorded = tap.card_at.elapsed();
        }
        // What began or ended since the decision is known first.
        self.look_at_mode(door);
        let mut inputs = VecDeque::new();
        self.feed_one(door, Input::Recorded(ticket), cause, &mut inputs);
        while let Some(input) = inputs.pop_front() {
            self.feed_one(door, input, None, &mut inputs);
        }
        // A second grant finds the strike energised already.
        let unit = &self.doors[door];
        if let Some(cause) = cause.filter(|_| unit.door.is_released()) {
            unit.carried_out.note(cause);
        }
        self.look_beside(door);
    }

    fn go_on(&mut self, next: recording::Next) {
        for number in next.refused {
            if let Some(Waiting { door, ticket, cause }) = self.waiting.remove(&number) {
                self.unlearn(door, cause);
                self.feed(door, Input::RecordFailed(ticket));
            }
        }
        self.submit(next.submit);
        for (event, weight) in next.events {
            self.record(event, weight);
        }
    }

    fn submit(&self, entries: Vec<crate::recorder::Entry>) {
        if !entries.is_empty() {
            self.recorder.resume();
            entries.into_iter().for_each(|entry| self.recorder.record(entry));
        }
    }

    /// Whether the journal has been silent for too long.
    pub(super) fn look_at_journal(&mut self) {
        let before = self.recording.state();
        let next = self.recording.look(self.clock.now());
        if self.recording.state() != before {
            tracing::error!("the journal gives no answer: it takes no records");
        }
        self.go_on(next);
    }

    /// While the journal fails: whether it works again.
    pub(super) fn probe_journal(&mut self) {
        let entries = self.recording.probe(self.clock.now());
        self.submit(entries);
    }

    /// What is kept has a last chance.
    pub(super) fn submit_last(&mut self) {
        let entries = self.recording.last_try(self.clock.now());
        self.submit(entries);
    }

    /// Tells the server how the journal is: in every session, and whenever that changes.
    pub(super) fn tell_journal(&mut self) {
        let state = self.recording.state();
        let Some(told) = self.session.map(|session| (session, state)) else { return };
        if self.told == Some(told) || !self.send(LinkRequest::JournalState(state)) {
            return;
        }
        self.told = Some(told);
        if state.fault.is_some() {
            self.recording.told();
        }
    }
}
