//! The enrolment station's dialogue, as a pure state machine: one at a time, for a card or a finger.
//!
//! The server starts and ends it; every step goes back to the server, which stores the result. Nothing stays here.

use access_core::UnixMs;
use access_core::ids::{EnrolmentId, PersonId};
use access_core::protocol::{CaptureFault, EnrolmentFault, EnrolmentOrder, EnrolmentStep, EnrolmentWant, SecretBytes};
use hardware::card::Uid;
use hardware::finger::{self, EnrolError, EnrolProgress, Enrolled};

/// Kind of sensor that made a template, as the server stores it with the template.
pub const SENSOR_TYPE: &str = "zfm";

/// What a station has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Equipment {
    /// A card reader is wired.
    pub has_reader: bool,
    /// A sensor is wired.
    pub has_sensor: bool,
}

/// What the station is to do.
#[derive(Debug, PartialEq, Eq)]
pub enum StationAction {
    /// Tell the server.
    Step(EnrolmentId, EnrolmentStep),
    /// Start the sensor.
    EnrolFinger {
        /// Which dialogue.
        enrolment: EnrolmentId,
        /// How many captures.
        captures: u8,
        /// Given up from here on.
        expires_at: UnixMs,
    },
    /// Stop the sensor.
    StopSensor,
    /// The dialogue is over.
    Ended {
        /// Which.
        enrolment: EnrolmentId,
        /// For whom.
        person: PersonId,
        /// Whether it brought what it was for.
        was_completed: bool,
    },
}

/// A station.
#[derive(Debug)]
pub struct Station {
    equipment: Equipment,
    current: Option<EnrolmentOrder>,
    /// The card that lies on the reader.
    card: Option<Uid>,
    is_reader_lost: bool,
}

impl Station {
    /// A station without a dialogue.
    pub fn new(equipment: Equipment) -> Self {
        Self { equipment, current: None, card: None, is_reader_lost: false }
    }

    /// When the dialogue is over, if there is one.
    pub fn expires_at(&self) -> Option<UnixMs> {
        self.current.as_ref().map(|order| order.expires_at)
    }

    /// The server starts a dialogue.
    pub fn start(&mut self, order: EnrolmentOrder) -> Vec<StationAction> {
        let fail = |why| vec![StationAction::Step(order.id, EnrolmentStep::Failed { why })];
        if self.current.as_ref().is_some_and(|current| current.id == order.id) {
            return Vec::new();
        }
        if self.current.is_some() {
            return fail(EnrolmentFault::Busy);
        }
        match order.want {
            EnrolmentWant::Card if !self.equipment.has_reader => fail(EnrolmentFault::NotSupported),
            EnrolmentWant::Card if self.is_reader_lost => fail(EnrolmentFault::ReaderFault),
            EnrolmentWant::Card => {
                let mut actions = vec![StationAction::Step(order.id, EnrolmentStep::WaitingForCard)];
                self.current = Some(order);
                // Whoever starts the dialogue has often laid the card there already.
                if let Some(uid) = self.card.clone() {
                    actions.extend(self.card_read(&uid));
                }
                actions
            }
            EnrolmentWant::PresentCard => fail(EnrolmentFault::NotSupported),
            EnrolmentWant::Finger { .. } if !self.equipment.has_sensor => fail(EnrolmentFault::NotSupported),
            EnrolmentWant::Finger { captures } => {
                let (enrolment, expires_at) = (order.id, order.expires_at);
                self.current = Some(order);
                vec![StationAction::EnrolFinger { enrolment, captures, expires_at }]
            }
        }
    }

    /// The server ends a dialogue.
    pub fn cancel(&mut self, enrolment: EnrolmentId) -> Vec<StationAction> {
        match &self.current {
            Some(order) if order.id == enrolment => self.fail(EnrolmentFault::Cancelled),
            _ => Vec::new(),
        }
    }

    /// Time has passed.
    pub fn tick(&mut self, now: UnixMs) -> Vec<StationAction> {
        match self.expires_at() {
            Some(expires_at) if now >= expires_at => self.fail(EnrolmentFault::TimedOut),
            _ => Vec::new(),
        }
    }

    /// A card was laid on the reader.
    pub fn card(&mut self, uid: &Uid) -> Vec<StationAction> {
        self.card = Some(uid.clone());
        self.is_reader_lost = false;
        self.card_read(uid)
    }

    fn card_read(&mut self, uid: &Uid) -> Vec<StationAction> {
        match &self.current {
            Some(order) if order.want == EnrolmentWant::Card => {
                self.end(EnrolmentStep::CardRead { uid: SecretBytes(uid.as_bytes().to_vec()) }, true)
            }
            _ => Vec::new(),
        }
    }

    /// A card that can't be read was laid on the reader.
    pub fn card_unreadable(&self) -> Vec<StationAction> {
        match &self.current {
            Some(order) if order.want == EnrolmentWant::Card => {
                vec![StationAction::Step(order.id, EnrolmentStep::CardUnreadable)]
            }
            _ => Vec::new(),
        }
    }

    /// The card was taken away.
    pub fn card_removed(&mut self) {
        self.card = None;
    }

    /// The reader came or went.
    pub fn reader(&mut self, is_lost: bool) -> Vec<StationAction> {
        self.is_reader_lost = is_lost;
        if is_lost {
            self.card = None;
        }
        match &self.current {
            Some(order) if is_lost && order.want == EnrolmentWant::Card => self.fail(EnrolmentFault::ReaderFault),
            _ => Vec::new(),
        }
    }

    /// The sensor's dialogue goes on.
    pub fn progress(&self, enrolment: EnrolmentId, progress: EnrolProgress) -> Vec<StationAction> {
        let is_current = self.current.as_ref().is_some_and(|order| order.id == enrolment);
        let step = match progress {
            EnrolProgress::Place(capture) => EnrolmentStep::PlaceFinger { capture },
            EnrolProgress::Lift(capture) => EnrolmentStep::LiftFinger { capture },
            EnrolProgress::Again(capture, why) => EnrolmentStep::Again { capture, why: capture_fault(why) },
            EnrolProgress::Captured(capture, quality) => EnrolmentStep::Captured { capture, quality },
            EnrolProgress::Verifying => EnrolmentStep::Verifying,
        };
        if is_current { vec![StationAction::Step(enrolment, step)] } else { Vec::new() }
    }

    /// The sensor's dialogue ended.
    pub fn enrolled(&mut self, enrolment: EnrolmentId, result: Result<Enrolled, EnrolError>) -> Vec<StationAction> {
        if self.current.as_ref().is_none_or(|order| order.id != enrolment) {
            return Vec::new();
        }
        match result {
            Ok(Enrolled { template, quality }) => {
                let template = SecretBytes(template.as_bytes().to_vec());
                self.end(EnrolmentStep::FingerRead { template, sensor_type: SENSOR_TYPE.to_owned(), quality }, true)
            }
            Err(EnrolError::TimedOut) => self.fail(EnrolmentFault::TimedOut),
            Err(EnrolError::DoesNotCombine) => self.fail(EnrolmentFault::DoesNotCombine),
            Err(EnrolError::Sensor(error)) => {
                tracing::warn!(%error, "the sensor failed during an enrolment");
                self.fail(EnrolmentFault::SensorFault)
            }
        }
    }

    /// The server is out of reach: nobody would hear the result.
    pub fn link_down(&mut self) -> Vec<StationAction> {
        if self.current.is_some() { self.fail(EnrolmentFault::Cancelled) } else { Vec::new() }
    }

    fn fail(&mut self, why: EnrolmentFault) -> Vec<StationAction> {
        self.end(EnrolmentStep::Failed { why }, false)
    }

    fn end(&mut self, step: EnrolmentStep, was_completed: bool) -> Vec<StationAction> {
        let Some(order) = self.current.take() else { return Vec::new() };
        let mut actions = vec![StationAction::Step(order.id, step)];
        if !was_completed && matches!(order.want, EnrolmentWant::Finger { .. }) {
            actions.push(StationAction::StopSensor);
        }
        actions.push(StationAction::Ended { enrolment: order.id, person: order.person, was_completed });
        actions
    }
}

const fn capture_fault(fault: finger::CaptureFault) -> CaptureFault {
    match fault {
        finger::CaptureFault::Unclear => CaptureFault::Unclear,
        finger::CaptureFault::TooFewFeatures => CaptureFault::TooFewFeatures,
        finger::CaptureFault::DifferentFinger => CaptureFault::DifferentFinger,
    }
}

#[cfg(test)]
mod tests {
    use hardware::finger::Template;
    use uuid::Uuid;

    use super::*;

    const WHOLE: Equipment = Equipment { has_reader: true, has_sensor: true };

    fn order(number: u128, want: EnrolmentWant) -> EnrolmentOrder {
        let id = Uuid::from_u128(number);
        EnrolmentOrder { id: id.into(), person: id.into(), want, expires_at: UnixMs(1_000) }
    }

    fn uid() -> Uid {
        Uid::new(&[1, 2, 3, 4]).unwrap()
    }

    /// The actions in few words.
    fn words(actions: &[StationAction]) -> String {
        let word = |action: &StationAction| match action {
            StationAction::Step(_, EnrolmentStep::Failed { why }) => why.to_string(),
            StationAction::Step(_, step) => format!("{step:?}"),
            StationAction::EnrolFinger { captures, .. } => format!("sensor {captures}"),
            StationAction::StopSensor => "stop".to_owned(),
            StationAction::Ended { was_completed, .. } => format!("ended {was_completed}"),
        };
        actions.iter().map(word).collect::<Vec<_>>().join(", ")
    }

    #[test]
    fn a_card_is_read_whether_it_comes_before_or_after() {
        let mut station = Station::new(WHOLE);
        assert_eq!(words(&station.card(&uid())), "");
        let started = station.start(order(1, EnrolmentWant::Card));
        assert_eq!(words(&started), "WaitingForCard, CardRead { uid: [redacted] }, ended true");
        station.card_removed();
        assert_eq!(words(&station.start(order(2, EnrolmentWant::Card))), "WaitingForCard");
        assert_eq!(words(&station.start(order(2, EnrolmentWant::Card))), "", "the same order again");
        assert_eq!(words(&station.start(order(3, EnrolmentWant::Card))), "busy");
        assert_eq!(words(&station.card_unreadable()), "CardUnreadable");
        assert_eq!(words(&station.card(&uid())), "CardRead { uid: [redacted] }, ended true");
    }

    #[test]
    fn a_finger_is_led_through_its_captures() {
        let mut station = Station::new(WHOLE);
        let started = station.start(order(1, EnrolmentWant::Finger { captures: 3 }));
        assert_eq!(words(&started), "sensor 3");
        let id = Uuid::from_u128(1).into();
        assert_eq!(words(&station.progress(id, EnrolProgress::Place(1))), "PlaceFinger { capture: 1 }");
        assert_eq!(words(&station.progress(Uuid::from_u128(9).into(), EnrolProgress::Verifying)), "");
        let template = Template::new(vec![1]).unwrap();
        let ended = words(&station.enrolled(id, Ok(Enrolled { template: template.clone(), quality: 80 })));
        assert!(ended.starts_with("FingerRead { template: [redacted]") && ended.ends_with("ended true"), "{ended}");
        assert_eq!(words(&station.enrolled(id, Ok(Enrolled { template, quality: 80 }))), "", "a late result");
    }

    #[test]
    fn what_ends_a_dialogue_without_a_result() {
        let start = |want| {
            let mut station = Station::new(WHOLE);
            station.start(order(1, want));
            station
        };
        let id = Uuid::from_u128(1).into();
        let finger = EnrolmentWant::Finger { captures: 3 };
        assert_eq!(words(&start(EnrolmentWant::Card).tick(UnixMs(999))), "");
        assert_eq!(words(&start(EnrolmentWant::Card).tick(UnixMs(1_000))), "timed_out, ended false");
        assert_eq!(words(&start(EnrolmentWant::Card).reader(true)), "reader_fault, ended false");
        assert_eq!(words(&start(finger).cancel(id)), "cancelled, stop, ended false");
        assert_eq!(words(&start(finger).cancel(Uuid::from_u128(2).into())), "");
        assert_eq!(words(&start(finger).link_down()), "cancelled, stop, ended false");
        let failed = start(finger).enrolled(id, Err(EnrolError::DoesNotCombine));
        assert_eq!(words(&failed), "does_not_combine, stop, ended false");
        let mut bare = Station::new(Equipment { has_reader: false, has_sensor: false });
        assert_eq!(words(&bare.start(order(1, EnrolmentWant::Card))), "not_supported");
        assert_eq!(words(&bare.start(order(1, finger))), "not_supported");
    }
}
