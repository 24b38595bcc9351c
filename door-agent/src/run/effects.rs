//! What the machines want, carried out: strikes, faces, questions, records, and what goes to the server.

use super::*;

impl Agent {
    /// Gives a door one input, carries out what it wants, and gives it what comes of that.
    pub(super) fn feed(&mut self, door: usize, input: Input) {
        let mut inputs = VecDeque::from([input]);
        while let Some(input) = inputs.pop_front() {
            self.feed_one(door, input, None, &mut inputs);
        }
    }

    pub(super) fn feed_all(&mut self, input: &Input) {
        for door in 0..self.doors.len() {
            self.feed(door, input.clone());
        }
    }

    fn feed_one(&mut self, door: usize, input: Input, cause: Option<ReleaseCause>, inputs: &mut VecDeque<Input>) {
        let now = self.clock.now();
        let mut was_energised = false;
        for action in self.doors[door].door.handle(now, input) {
            match action {
                Action::Ask(attempt) => {
                    // Without a bundle the card has no name that the server would know.
                    if self.policy.sequence() == 0 || !self.send(LinkRequest::Ask(attempt.clone())) {
                        inputs.push_back(self.decide_alone(&attempt));
                    }
                }
                Action::DecideAlone(attempt) => inputs.push_back(self.decide_alone(&attempt)),
                Action::WantFinger { attempt, side, person, until_ms } => {
                    let wait = Duration::from_millis(until_ms.saturating_sub(now.mono_ms));
                    if let Some(outcome) = self.want_finger(door, side, attempt, person, wait) {
                        inputs.push_back(Input::Finger { attempt, outcome });
                    }
                }
                Action::StopFinger { side } => {
                    if let Some(sensor) = self.doors[door].sensors[side as usize] {
                        let _ = self.sensors[sensor].requests.try_send(SensorRequest::Stop);
                    }
                }
                Action::Record { ticket, event, weight } => {
                    let cause = released_by(&event);
                    if let Some(cause) = cause.filter(|_| was_energised) {
                        self.doors[door].carried_out.note(cause);
                    }
                    let number = self.record(event, weight);
                    self.waiting.insert(number, Waiting::Door { door, ticket, cause });
                }
                Action::Strike { is_energised } => {
                    was_energised |= is_energised;
                    if !self.strike(door, is_energised, cause) {
                        inputs.push_back(Input::StrikeFailed { is_energised });
                    }
                }
                Action::Show(shown) => {
                    if let Some(outputs) = &mut self.doors[door].outputs
                        && let Err(error) = outputs.show(&face::signal(shown))
                    {
                        tracing::warn!(%error, "the person at the door sees nothing");
                    }
                }
            }
        }
    }

    fn decide_alone(&self, attempt: &access_core::Attempt) -> Input {
        let verdict: Verdict = self.policy.decide(attempt);
        Input::Verdict { attempt: attempt.id, verdict, decided: Decided::Offline }
    }

    /// Answers at once if there is nothing to wait for.
    fn want_finger(
        &mut self,
        door: usize,
        side: Side,
        attempt: AttemptId,
        person: PersonId,
        wait: Duration,
    ) -> Option<FingerOutcome> {
        let Some(sensor) = self.doors[door].sensors[side as usize] else { return Some(FingerOutcome::Fault) };
        let templates = self.policy.templates(person);
        if templates.is_empty() {
            return Some(FingerOutcome::NoTemplate);
        }
        if let Some(tap) = self.doors[door].taps.get_mut(&attempt) {
            tap.finger_since = Some(Instant::now());
        }
        let deadline = tokio::time::Instant::now() + wait;
        let request = SensorRequest::Verify { attempt, templates, deadline };
        self.sensors[sensor].requests.try_send(request).is_err().then_some(FingerOutcome::Fault)
    }

    /// Drives a strike; answers whether it took the level.
    fn strike(&mut self, door: usize, is_energised: bool, cause: Option<ReleaseCause>) -> bool {
        if is_energised && self.crash_point == Some(CrashPoint::BeforeStrike) {
            std::process::abort();
        }
        let unit = &mut self.doors[door];
        let driven = match &mut unit.outputs {
            Some(outputs) => outputs.strike(is_energised).map_err(|error| error.to_string()),
            None => Err("its lines are not there".to_owned()),
        };
        if let Err(error) = driven {
            tracing::error!(door = %unit.door.id(), is_energised, error, "the strike could not be driven");
            // Lines that are not there are reported as lost already.
            if unit.outputs.is_some() {
                self.lines_are(door, DeviceState::Faulty);
            }
            return false;
        }
        if let Some(cause) = cause.filter(|_| is_energised) {
            unit.carried_out.note(cause);
            if let ReleaseCause::Attempt(attempt) = cause
                && let Some(tap) = unit.taps.remove(&attempt)
            {
                let whole = tap.card_at.elapsed();
                let tap_to_strike_us = whole.saturating_sub(tap.finger).as_micros();
                tracing::info!("tap_to_strike_us={tap_to_strike_us} finger_us={}", tap.finger.as_micros());
            }
        }
        if is_energised && self.crash_point == Some(CrashPoint::AfterStrike) {
            std::process::abort();
        }
        self.lines_are(door, DeviceState::Working);
        true
    }

    /// Hands an event to the recorder; its number comes back with the outcome.
    pub(super) fn record(&mut self, event: Event, weight: Weight) -> u64 {
        self.next_number += 1;
        let (number, now) = (self.next_number, self.clock.now());
        self.recorder.record(Entry { number, at: now.unix, clock: now.clock, event, weight });
        number
    }

    pub(super) fn replied(&mut self, reply: Reply) {
        match reply {
            Reply::Written { numbers, records, before, head } => {
                for number in numbers {
                    self.written(number);
                }
                let flow = self.outflow.written(before, head, records);
                self.tell_progress();
                self.flow(flow);
            }
            Reply::Failed { number, weight, error } => {
                tracing::error!(%error, ?weight, "a record could not be written");
                match self.waiting.remove(&number) {
                    Some(Waiting::Door { door, ticket, .. }) => self.feed(door, Input::RecordFailed(ticket)),
                    Some(Waiting::JournalProbe) => return,
                    None => {}
                }
                self.journal_failed();
            }
            Reply::Records { after, records, head } => {
                let flow = self.outflow.read(after, records, head);
                self.flow(flow);
            }
        }
    }

    fn written(&mut self, number: u64) {
        match self.waiting.remove(&number) {
            Some(Waiting::Door { door, ticket, cause }) => {
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
            }
            Some(Waiting::JournalProbe) => {
                self.is_journal_faulty = false;
                tracing::info!("the journal takes records again");
                self.record(Event::AlarmCleared { kind: AlarmKind::JournalFault, door: None }, Weight::Vital);
            }
            None => {}
        }
    }

    fn journal_failed(&mut self) {
        if std::mem::replace(&mut self.is_journal_faulty, true) {
            return;
        }
        // These may fail too; the probe tries until the journal takes them.
        let place = Place { door: None, side: None };
        for (event, weight) in self.devices.change(Device::Journal, place, DeviceState::Faulty) {
            self.record(event, weight);
        }
    }

    /// While the journal is faulty: whether it takes a routine record again.
    pub(super) fn probe_journal(&mut self) {
        if !self.is_journal_faulty || self.waiting.values().any(|waiting| matches!(waiting, Waiting::JournalProbe)) {
            return;
        }
        let place = Place { door: None, side: None };
        self.devices.change(Device::Journal, place, DeviceState::Working);
        let (device, state) = (Device::Journal, DeviceState::Working);
        let number = self.record(Event::DeviceChanged { device, door: None, side: None, state }, Weight::Routine);
        self.waiting.insert(number, Waiting::JournalProbe);
    }

    pub(super) fn flow(&mut self, flow: Option<Flow>) {
        match flow {
            Some(Flow::Send { after, records }) => {
                if !self.send(LinkRequest::Records(records)) {
                    self.outflow.unsent(after);
                    return;
                }
                let next = self.outflow.resume();
                self.flow(next);
            }
            Some(Flow::Read(after)) => {
                self.recorder.read_after(after, access_core::protocol::RECORDS_PER_MESSAGE_MAX);
            }
            Some(Flow::AheadOfUs(theirs)) => {
                tracing::error!(?theirs, ours = ?self.outflow.head(), "the server holds records that this journal does not");
            }
            None => {}
        }
    }

    /// Sends in this session; answers whether the link took it.
    pub(super) fn send(&self, request: LinkRequest) -> bool {
        self.session.is_some_and(|session| self.link.try_send((session, request)).is_ok())
    }

    pub(super) fn tell_progress(&self) {
        self.progress.send_replace(Progress {
            head: self.outflow.head(),
            acknowledged: self.outflow.acknowledged(),
            bundle_sequence: self.policy.sequence(),
        });
    }

    pub(super) fn station_acts(&mut self, actions: Vec<StationAction>) {
        for action in actions {
            match action {
                StationAction::Step(enrolment, step) => {
                    self.send(LinkRequest::EnrolmentStep { enrolment, step });
                }
                StationAction::EnrolFinger { enrolment, captures, expires_at } => {
                    let wait_ms = u64::try_from(expires_at.since(self.clock.now().unix)).unwrap_or(0);
                    let deadline = tokio::time::Instant::now() + Duration::from_millis(wait_ms);
                    self.ask_station_sensor(SensorRequest::Enrol { enrolment, captures, deadline });
                }
                StationAction::StopSensor => self.ask_station_sensor(SensorRequest::Stop),
                StationAction::Ended { enrolment, person, was_completed } => {
                    self.record(Event::EnrolmentEnded { enrolment, person, was_completed }, Weight::Routine);
                }
            }
        }
    }

    fn ask_station_sensor(&self, request: SensorRequest) {
        if let Some(sensor) = self.sensors.iter().find(|sensor| sensor.spot == Spot::Station) {
            let _ = sensor.requests.try_send(request);
        }
    }

    pub(super) fn place(&self, spot: Spot) -> Place {
        match spot {
            Spot::Door(door, side) => Place { door: Some(self.doors[door].door.id()), side: Some(side) },
            Spot::Station => Place { door: None, side: None },
        }
    }

    pub(super) fn device_is(&mut self, device: Device, spot: Spot, state: DeviceState) {
        let place = self.place(spot);
        for (event, weight) in self.devices.change(device, place, state) {
            self.record(event, weight);
        }
    }

    pub(super) fn lines_are(&mut self, door: usize, state: DeviceState) {
        let place = Place { door: Some(self.doors[door].door.id()), side: None };
        for (event, weight) in self.devices.change(Device::DoorIo, place, state) {
            self.record(event, weight);
        }
    }
}

/// What an event, once recorded, releases a door for.
fn released_by(event: &Event) -> Option<ReleaseCause> {
    match event {
        Event::Decision(decision) => decision.release_ms.map(|_| ReleaseCause::Attempt(decision.attempt)),
        Event::CommandDone { command, outcome: CommandOutcome::CarriedOut, .. } => {
            Some(ReleaseCause::Command(*command))
        }
        _ => None,
    }
}
