//! Keypads: what is typed goes to be checked or hashed beside the loop, and what comes of it to the door or the station.

use super::*;

impl Agent {
    /// Hangs keypads. `start` is given each keypad's number and what it is asked.
    pub(super) fn wire_keypads(
        &mut self,
        config: &Config,
        work: mpsc::Sender<PinWork>,
        mut start: impl FnMut(usize, &KeypadConfig, mpsc::Receiver<KeypadRequest>),
    ) {
        let mut hang = |agent: &mut Self, spot, keypad: &KeypadConfig| {
            let number = agent.keypads.len();
            let (requests, incoming) = mpsc::channel(REQUESTS_MAX);
            start(number, keypad, incoming);
            agent.keypads.push(KeypadUnit { spot, requests });
            number
        };
        for (number, wired) in config.doors.iter().enumerate() {
            for side in [Side::In, Side::Out] {
                if let Some(keypad) = &wired.side(side).keypad {
                    self.doors[number].keypads[side as usize] = Some(hang(self, Spot::Door(number, side), keypad));
                }
            }
        }
        if let Some(keypad) = config.station.as_ref().and_then(|station| station.keypad.as_ref()) {
            hang(self, Spot::Station, keypad);
        }
        self.pin_work = Some(work);
    }

    /// Answers at once if there is nothing to wait for.
    pub(super) fn want_pin(
        &mut self,
        door: usize,
        side: Side,
        attempt: AttemptId,
        person: PersonId,
    ) -> Option<PinOutcome> {
        let Some(keypad) = self.doors[door].keypads[side as usize] else { return Some(PinOutcome::NoKeypad) };
        if self.throttle.is_delayed(person, (door, side), self.clock.now().mono_ms) {
            return Some(PinOutcome::Delayed);
        }
        if let Some(tap) = self.doors[door].taps.get_mut(&attempt) {
            tap.finger_since = Some(Instant::now());
        }
        let wanted = TypedFor::Attempt(attempt, person);
        let is_asked = self.keypads[keypad].requests.try_send(KeypadRequest::Want(wanted)).is_ok();
        (!is_asked).then_some(PinOutcome::Fault)
    }

    pub(super) fn stop_pin(&mut self, door: usize, side: Side) {
        if let Some(keypad) = self.doors[door].keypads[side as usize] {
            let _ = self.keypads[keypad].requests.try_send(KeypadRequest::Stop);
        }
    }

    pub(super) fn keypad_said(&mut self, number: usize, event: KeypadEvent) {
        let spot = self.keypads[number].spot;
        match event {
            KeypadEvent::State(state) => {
                if let (Spot::Station, Some(station)) = (spot, &mut self.station) {
                    station.keypad(state != DeviceState::Working);
                }
                self.device_is(Device::Keypad, spot, state);
            }
            KeypadEvent::Typed { wanted: TypedFor::Attempt(attempt, person), typed } => {
                if let Spot::Door(door, side) = spot {
                    self.typed_at_door((door, side), attempt, person, typed);
                }
            }
            KeypadEvent::Typed { wanted: TypedFor::Enrolment(enrolment), typed } => {
                let actions = self.station.as_mut().map(|station| station.typed(enrolment, typed));
                self.station_acts(actions.unwrap_or_default());
            }
        }
    }

    fn typed_at_door(
        &mut self,
        (door, side): (usize, Side),
        attempt: AttemptId,
        person: PersonId,
        typed: Option<Typed>,
    ) {
        let refused = match typed {
            None => PinOutcome::Fault,
            Some(Typed::Cancelled) => PinOutcome::NotTyped,
            Some(Typed::Digits(digits)) => {
                self.feed(door, Input::PinTyped { attempt });
                match self.policy.pin(person) {
                    None => PinOutcome::NoPin,
                    // It was asked for a while ago: meanwhile others may have been typed, here or elsewhere.
                    Some(_) if !self.throttle.may_check(person, (door, side), self.clock.now().mono_ms) => {
                        PinOutcome::Delayed
                    }
                    Some(check) => {
                        let check = Box::new(check);
                        let work = PinWork::Check { door, side, person, attempt, check, digits };
                        if self.pin_work.as_ref().is_some_and(|queue| queue.try_send(work).is_ok()) {
                            return;
                        }
                        self.throttle.is_checked(person);
                        PinOutcome::Fault
                    }
                }
            }
        };
        self.feed(door, Input::Pin { attempt, outcome: refused });
    }

    pub(super) fn pin_done(&mut self, done: PinDone) {
        match done {
            PinDone::Checked { door, side, person, attempt, outcome } => {
                let now_ms = self.clock.now().mono_ms;
                // Counted even if whoever typed it is gone: a check that is given up would be a free guess.
                let is_alarm = match outcome {
                    PinOutcome::NotMatched => self.throttle.wrong(person, (door, side), now_ms),
                    PinOutcome::Matched | PinOutcome::MatchedDuress => {
                        self.throttle.right(person);
                        false
                    }
                    _ => false,
                };
                self.throttle.is_checked(person);
                if let Some(tap) = self.doors[door].taps.get_mut(&attempt) {
                    tap.finger += tap.finger_since.take().map_or(Duration::ZERO, |since| since.elapsed());
                }
                self.feed(door, Input::Pin { attempt, outcome });
                if is_alarm {
                    let door = Some(self.doors[door].door.id());
                    let kind = AlarmKind::WrongPins;
                    self.record(Event::AlarmRaised { kind, door, person: Some(person) }, Weight::Vital);
                }
            }
            PinDone::Hashed { enrolment, hashes } => {
                let actions = self.station.as_mut().map(|station| station.hashed(enrolment, hashes));
                self.station_acts(actions.unwrap_or_default());
            }
        }
    }

    pub(super) fn ask_station_keypad(&self, request: KeypadRequest) {
        if let Some(keypad) = self.keypads.iter().find(|keypad| keypad.spot == Spot::Station) {
            let _ = keypad.requests.try_send(request);
        }
    }

    pub(super) fn hash_pin(&mut self, work: PinWork) {
        let PinWork::Hash { enrolment, .. } = work else { return };
        if self.pin_work.as_ref().is_none_or(|queue| queue.try_send(work).is_err()) {
            let actions = self.station.as_mut().map(|station| station.hashed(enrolment, None));
            self.station_acts(actions.unwrap_or_default());
        }
    }
}
