//! What the machines want, carried out: strikes, faces, questions, and what goes to the server. Records are in
//! [`records`](super::records).

use std::mem::discriminant;

use access_core::ids::EnrolmentId;
use access_core::protocol::SealedTemplate;
use hardware::FaultKind;
use hardware::card::task::TaskError;
use hardware::finger::Template;
use tokio::sync::mpsc::error::TrySendError;

use super::*;
use crate::cards::OnCard;

impl Agent {
    /// Gives a door one input, carries out what it wants, and gives it what comes of that.
    pub(super) fn feed(&mut self, door: usize, input: Input) {
        let mut inputs = VecDeque::from([input]);
        while let Some(input) = inputs.pop_front() {
            self.feed_one(door, input, None, &mut inputs);
        }
        self.forget_cards(door);
        self.look_at_mode(door);
        self.look_beside(door);
    }

    pub(super) fn feed_all(&mut self, input: &Input) {
        for door in 0..self.doors.len() {
            self.feed(door, input.clone());
        }
    }

    pub(super) fn feed_one(
        &mut self,
        door: usize,
        input: Input,
        cause: Option<ReleaseCause>,
        inputs: &mut VecDeque<Input>,
    ) {
        let (now, beside) = (self.clock.now(), self.beside(door));
        self.doors[door].door.beside(beside);
        for action in self.doors[door].door.handle(now, input) {
            match action {
                Action::Ask(attempt) => {
                    // Without a bundle the card has no name that the server would know.
                    if let Some(tap) = self.doors[door].taps.get_mut(&attempt.id) {
                        tap.asked = tap.card_at.elapsed();
                    }
                    if self.policy.sequence() == 0 || !self.send(LinkRequest::Ask(attempt.clone())) {
                        inputs.push_back(self.decide_alone(attempt));
                    }
                }
                Action::DecideAlone(attempt) => inputs.push_back(self.decide_alone(attempt)),
                Action::WantFinger { attempt, side, person, until_ms } => {
                    let wait = Duration::from_millis(until_ms.saturating_sub(now.mono_ms));
                    if let Some(outcome) = self.want_finger(door, side, attempt, person, wait) {
                        inputs.push_back(Input::Finger { attempt, outcome });
                    }
                    if self.must_hold_card(door, side) {
                        inputs.push_back(Input::CardNeeded { attempt, is_needed: true });
                    }
                }
                Action::StopFinger { side } => {
                    self.doors[door].wanted[side as usize] = None;
                    if let Some(sensor) = self.doors[door].sensors[side as usize] {
                        let _ = self.sensors[sensor].requests.try_send(SensorRequest::Stop);
                    }
                }
                Action::WantPin { attempt, side, person } => {
                    if let Some(outcome) = self.want_pin(door, side, attempt, person) {
                        inputs.push_back(Input::Pin { attempt, outcome });
                    }
                }
                Action::StopPin { side } => self.stop_pin(door, side),
                Action::Record { ticket, event, weight, is_awaited: true } => {
                    self.forget_template(door, &event);
                    let cause = released_by(&event);
                    match self.record_first(event, weight) {
                        Some(number) => drop(self.waiting.insert(number, Waiting { door, ticket, cause })),
                        None => {
                            self.unlearn(door, cause);
                            inputs.push_back(Input::RecordFailed(ticket));
                        }
                    }
                }
                Action::Record { event, weight, is_awaited: false, .. } => {
                    self.forget_template(door, &event);
                    // Somebody leaves: the strike is energised already.
                    if let Some(cause) = released_by(&event).filter(|_| self.doors[door].door.is_released()) {
                        self.doors[door].carried_out.note(cause);
                    }
                    self.record(event, weight);
                }
                Action::Strike { is_energised } => {
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

    fn decide_alone(&self, attempt: access_core::Attempt) -> Input {
        let ruling = Box::new(self.policy.decide(&self.state, attempt));
        Input::Verdict { ruling, decided: Decided::Offline }
    }

    /// Answers at once if there is nothing to wait for. A template that is still on its way from the card is waited for.
    fn want_finger(
        &mut self,
        door: usize,
        side: Side,
        attempt: AttemptId,
        person: PersonId,
        wait: Duration,
    ) -> Option<FingerOutcome> {
        if self.doors[door].sensors[side as usize].is_none() {
            return Some(FingerOutcome::Fault);
        }
        let deadline = tokio::time::Instant::now() + wait;
        match self.fingers_at(door, side, attempt, person) {
            Some(fingers) => self.verify(door, side, attempt, fingers, deadline),
            None => {
                self.doors[door].wanted[side as usize] = Some(WantedFinger { attempt, person, deadline });
                None
            }
        }
    }

    /// Has a finger compared; answers at once if there is nothing to compare it with, or nobody who does.
    pub(super) fn verify(
        &mut self,
        door: usize,
        side: Side,
        attempt: AttemptId,
        OnCard { fingers, has_unrecorded }: OnCard,
        deadline: tokio::time::Instant,
    ) -> Option<FingerOutcome> {
        let Some(sensor) = self.doors[door].sensors[side as usize] else { return Some(FingerOutcome::Fault) };
        if fingers.is_empty() {
            return Some(if has_unrecorded { FingerOutcome::NotRecorded } else { FingerOutcome::NoTemplate });
        }
        if let Some(tap) = self.doors[door].taps.get_mut(&attempt) {
            tap.finger_since = Some(Instant::now());
        }
        let request = SensorRequest::Verify { attempt, fingers, deadline };
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
                let tap_to_strike_us = tap.card_at.elapsed().saturating_sub(tap.finger).as_micros();
                let [asked, answered, recorded, finger] =
                    [tap.asked, tap.answered, tap.recorded, tap.finger].map(|stage| stage.as_micros());
                tracing::info!(
                    "tap_to_strike_us={tap_to_strike_us} asked_us={asked} answered_us={answered} recorded_us={recorded} \
                     finger_us={finger}"
                );
            }
        }
        if is_energised {
            match self.crash_point {
                Some(CrashPoint::AfterStrike) => std::process::abort(),
                Some(CrashPoint::AfterNote) => {
                    unit.carried_out.settle();
                    std::process::abort();
                }
                #[expect(clippy::panic, reason = "that is what is tried")]
                Some(CrashPoint::InATask) => _ = tokio::spawn(async { panic!("as the configuration wants it") }),
                Some(CrashPoint::BeforeStrike) | None => {}
            }
        }
        self.lines_are(door, DeviceState::Working);
        true
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

    /// Sends in this session, as soon as the link has a place: for what is said once only.
    pub(super) fn send_surely(&mut self, request: LinkRequest) {
        let Some(session) = self.session else { return };
        if let Err(TrySendError::Full((_, request))) = self.link.try_send((session, request)) {
            // A newer one of its kind says it all.
            self.unsent.retain(|waiting| discriminant(waiting) != discriminant(&request));
            self.unsent.push(request);
        }
    }

    pub(super) fn tell_progress(&self) {
        self.progress.send_replace(Progress {
            head: self.outflow.head(),
            acknowledged: self.outflow.acknowledged(),
            bundle_sequence: self.policy.newest_sequence(),
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
                StationAction::Compare { enrolment, finger, others } => self.compare(enrolment, finger, &others),
                StationAction::Work(work) => self.work_on_card(*work),
                StationAction::WantPin(enrolment) => {
                    self.ask_station_keypad(KeypadRequest::Want(TypedFor::Enrolment(enrolment)))
                }
                StationAction::StopKeypad => self.ask_station_keypad(KeypadRequest::Stop),
                StationAction::HashPin { enrolment, salt, everyday, new } => {
                    self.hash_pin(PinWork::Hash { enrolment, salt, everyday, new });
                }
                StationAction::StopSensor => {
                    self.ask_station_sensor(SensorRequest::Stop);
                }
                StationAction::Ended { enrolment, person, was_completed } => {
                    self.record(Event::EnrolmentEnded { enrolment, person, was_completed }, Weight::Routine);
                }
            }
        }
    }

    fn work_on_card(&mut self, work: access_core::protocol::CardWork) {
        let is_given = station::task(work).is_some_and(|task| (self.card_desk)(config::STATION_READER, task));
        if !is_given {
            let worked = Err(TaskError::Unreadable("it can't be asked for that".to_owned()));
            let actions = self.station.as_mut().map(|station| station.worked(worked));
            self.station_acts(actions.unwrap_or_default());
        }
    }

    fn compare(&mut self, enrolment: EnrolmentId, finger: Template, others: &[SealedTemplate]) {
        let opened = self.policy.open_all(others);
        let asked = opened.map(|others| self.ask_station_sensor(SensorRequest::Compare { enrolment, finger, others }));
        let Some(station) = self.station.as_mut().filter(|_| asked != Some(true)) else { return };
        let actions = match asked {
            // Nobody would ever answer.
            Some(_) => station.compared(enrolment, Err(FaultKind::Timeout)),
            None => station.not_comparable(enrolment),
        };
        self.station_acts(actions);
    }

    /// Whether the sensor will hear of it.
    fn ask_station_sensor(&self, request: SensorRequest) -> bool {
        let sensor = self.sensors.iter().find(|sensor| sensor.spot == Spot::Station);
        sensor.is_some_and(|sensor| sensor.requests.try_send(request).is_ok())
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
        self.switch_what_hangs();
    }

    pub(super) fn lines_are(&mut self, door: usize, state: DeviceState) {
        let place = Place { door: Some(self.doors[door].door.id()), side: None };
        for (event, weight) in self.devices.change(Device::DoorIo, place, state) {
            self.record(event, weight);
        }
    }
}
