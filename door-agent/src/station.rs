//! The enrolment station's dialogue, as a pure state machine: one at a time, for a card, a finger or a PIN.
//!
//! The server starts and ends it; every step goes back to the server, which stores the result. Nothing stays here. What is to
//! be done with a card the server says once it knows which lies there, with that card's keys and no others; a card that left in
//! the middle is shown to the server again when it is back, and gets the same order. A PIN is typed twice and leaves the station
//! only as what argon2id makes of it.

use access_core::UnixMs;
use access_core::ids::{EnrolmentId, PersonId};
use access_core::protocol::{
    CaptureFault, CardFault, CardKind, CardWork, EnrolmentFault, EnrolmentOrder, EnrolmentStep, EnrolmentWant,
    PinFault, PinPrompt, PinSalt, SealedTemplate, SecretBytes,
};
use hardware::card::Uid;
use hardware::card::task::{Done, TaskError};
use hardware::finger::{self, EnrolError, EnrolProgress, Enrolled, Template};
use hardware::keypad::{Digits, Typed};

use crate::pin::{self, PinHash};

mod card_work;
mod others;

pub use card_work::{card_kind, task};

/// Kind of sensor that made a template, as the server stores it with the template.
pub const SENSOR_TYPE: &str = "zfm";

/// What a station has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Equipment {
    /// A card reader is wired.
    pub has_reader: bool,
    /// A sensor is wired.
    pub has_sensor: bool,
    /// A keypad is wired.
    pub has_keypad: bool,
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
    /// Do that with the card on the reader. Answered by [`Station::worked`].
    Work(Box<CardWork>),
    /// Have the sensor find out whether one of the others is of the same finger. Answered by [`Station::compared`], or by
    /// [`Station::not_comparable`] if they don't open.
    Compare {
        /// Which dialogue.
        enrolment: EnrolmentId,
        /// What was enrolled.
        finger: Template,
        /// What it is compared with.
        others: Vec<SealedTemplate>,
    },
    /// Stop the sensor.
    StopSensor,
    /// Have something typed, once.
    WantPin(EnrolmentId),
    /// Stop the keypad.
    StopKeypad,
    /// Make of PINs what the server keeps.
    HashPin {
        /// Which dialogue.
        enrolment: EnrolmentId,
        /// Salt of the person's PINs.
        salt: PinSalt,
        /// The one for every day, beside a sign of duress.
        everyday: Option<Digits>,
        /// The new one.
        new: Digits,
    },
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
    /// The card that lies on the reader, as it was laid there.
    card: Option<(Uid, CardKind)>,
    /// Whose dialogue that card has ended since it was laid there.
    card_is_of: Option<PersonId>,
    /// The dialogue that the reader works for. It may have ended meanwhile.
    working: Option<EnrolmentId>,
    /// What comes after that.
    next: Option<CardWork>,
    is_reader_lost: bool,
    is_keypad_lost: bool,
    typed: TypedSoFar,
    /// A finger that is compared with others before it goes to the server.
    waiting: Option<others::Waiting>,
}

/// What was typed of a PIN so far.
#[derive(Debug, Default)]
struct TypedSoFar {
    everyday: Option<Digits>,
    new: Option<Digits>,
}

impl Station {
    /// A station without a dialogue.
    pub fn new(equipment: Equipment) -> Self {
        Self {
            equipment,
            current: None,
            card: None,
            card_is_of: None,
            working: None,
            next: None,
            is_reader_lost: false,
            is_keypad_lost: false,
            typed: TypedSoFar::default(),
            waiting: None,
        }
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
            EnrolmentWant::Card | EnrolmentWant::PresentCard if !self.equipment.has_reader => {
                fail(EnrolmentFault::NotSupported)
            }
            EnrolmentWant::Card | EnrolmentWant::PresentCard if self.is_reader_lost => {
                fail(EnrolmentFault::ReaderFault)
            }
            EnrolmentWant::Card | EnrolmentWant::PresentCard => {
                // Whoever starts the dialogue has often laid the card there already; what is left of the person before is not
                // meant.
                let is_anothers = self.card_is_of.is_some_and(|person| person != order.person);
                let mut actions = vec![StationAction::Step(order.id, EnrolmentStep::WaitingForCard)];
                self.current = Some(order);
                if !is_anothers {
                    actions.extend(self.present());
                }
                actions
            }
            EnrolmentWant::Pin { .. } if !self.equipment.has_keypad => fail(EnrolmentFault::NotSupported),
            EnrolmentWant::Pin { .. } if self.is_keypad_lost => fail(EnrolmentFault::KeypadFault),
            EnrolmentWant::Pin { .. } => {
                self.current = Some(order);
                self.begin_pin(None)
            }
            EnrolmentWant::Finger { .. } | EnrolmentWant::ComparedFinger { .. } if !self.equipment.has_sensor => {
                fail(EnrolmentFault::NotSupported)
            }
            EnrolmentWant::Finger { captures } | EnrolmentWant::ComparedFinger { captures } => {
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

    /// A card was laid on the reader, or is looked at anew.
    pub fn card(&mut self, uid: &Uid, kind: CardKind) -> Vec<StationAction> {
        self.card = Some((uid.clone(), kind));
        self.card_is_of = None;
        self.is_reader_lost = false;
        self.present()
    }

    /// Tells the server which card lies there, if it wants to know. One that proves nothing is all that it can be: its UID ends a
    /// dialogue for a card.
    fn present(&mut self) -> Vec<StationAction> {
        let Some(order) = self.current.as_ref().filter(|order| wants_card(order)) else { return Vec::new() };
        let Some((uid, kind)) = &self.card else { return Vec::new() };
        let uid = SecretBytes(uid.as_bytes().to_vec());
        if order.want == EnrolmentWant::Card && *kind == CardKind::UidOnly {
            return self.end(EnrolmentStep::CardRead { uid }, true);
        }
        vec![StationAction::Step(order.id, EnrolmentStep::CardPresented { uid, kind: *kind })]
    }

    /// The server says what to do with the card that was presented.
    pub fn work(&mut self, work: CardWork) -> Vec<StationAction> {
        let id = work.enrolment;
        if !self.current.as_ref().is_some_and(|order| order.id == id && wants_card(order)) {
            return Vec::new();
        }
        if self.working.is_some() {
            // The reader finishes what it does; its answer is nobody's any more.
            self.next = Some(work);
            return Vec::new();
        }
        if self.card.as_ref().is_none_or(|(uid, _)| *uid.as_bytes() != *work.uid.0) {
            return vec![StationAction::Step(id, EnrolmentStep::CardRefused { why: CardFault::Gone })];
        }
        self.working = Some(id);
        vec![StationAction::Step(id, EnrolmentStep::CardWorking), StationAction::Work(Box::new(work))]
    }

    /// The reader did what it was to do, or could not.
    pub fn worked(&mut self, worked: Result<Done, TaskError>) -> Vec<StationAction> {
        let Some(id) = self.working.take() else { return Vec::new() };
        if let Some(next) = self.next.take() {
            return self.work(next);
        }
        if self.current.as_ref().is_none_or(|order| order.id != id) {
            return Vec::new();
        }
        if let Err(error) = &worked {
            tracing::info!(%error, "it could not be done with this card");
        }
        let step = card_work::step(worked);
        match step {
            EnrolmentStep::CardWritten { .. } | EnrolmentStep::CardWiped => self.end(step, true),
            step => vec![StationAction::Step(id, step)],
        }
    }

    /// A card that can't be read was laid on the reader.
    pub fn card_unreadable(&self) -> Vec<StationAction> {
        match &self.current {
            Some(order) if wants_card(order) => {
                vec![StationAction::Step(order.id, EnrolmentStep::CardUnreadable)]
            }
            _ => Vec::new(),
        }
    }

    /// The card was taken away.
    pub fn card_removed(&mut self) {
        (self.card, self.card_is_of) = (None, None);
    }

    /// The reader came or went.
    pub fn reader(&mut self, is_lost: bool) -> Vec<StationAction> {
        self.is_reader_lost = is_lost;
        if is_lost {
            // Nothing that it was doing is answered any more.
            (self.card, self.card_is_of, self.working, self.next) = (None, None, None, None);
        }
        match &self.current {
            Some(order) if is_lost && wants_card(order) => self.fail(EnrolmentFault::ReaderFault),
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
        let Some(order) = self.current.as_ref().filter(|order| order.id == enrolment) else { return Vec::new() };
        let is_compared = matches!(order.want, EnrolmentWant::ComparedFinger { .. });
        match result {
            Ok(finger) if is_compared => self.made(enrolment, finger),
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

    /// The PIN is typed from the beginning, and why, if it was begun already.
    fn begin_pin(&mut self, why: Option<PinFault>) -> Vec<StationAction> {
        self.typed = TypedSoFar::default();
        let Some(order) = &self.current else { return Vec::new() };
        let refused = why.map(|why| StationAction::Step(order.id, EnrolmentStep::PinRefused { why }));
        refused.into_iter().chain(self.prompt()).collect()
    }

    /// What is to be typed next.
    fn prompt(&self) -> Vec<StationAction> {
        let Some(EnrolmentOrder { id, want: EnrolmentWant::Pin { is_duress, .. }, .. }) = self.current else {
            return Vec::new();
        };
        let prompt = match (&self.typed.everyday, &self.typed.new) {
            (None, _) if is_duress => PinPrompt::Everyday,
            (_, None) => PinPrompt::New,
            (_, Some(_)) => PinPrompt::Again,
        };
        // What is typed before it is wanted is dropped: it is wanted first, and said then.
        vec![StationAction::WantPin(id), StationAction::Step(id, EnrolmentStep::TypePin { prompt })]
    }

    /// Something was typed, or the keypad is gone.
    pub fn typed(&mut self, enrolment: EnrolmentId, typed: Option<Typed>) -> Vec<StationAction> {
        let Some(EnrolmentOrder { id, want: EnrolmentWant::Pin { is_duress, salt }, .. }) = self.current else {
            return Vec::new();
        };
        if id != enrolment {
            return Vec::new();
        }
        let digits = match typed {
            Some(Typed::Digits(digits)) => digits,
            Some(Typed::Cancelled) => return self.begin_pin(None),
            None => return self.fail(EnrolmentFault::KeypadFault),
        };
        if is_duress && self.typed.everyday.is_none() {
            self.typed.everyday = Some(digits);
            return self.prompt();
        }
        match self.typed.new.take() {
            None => {
                let is_too_like = |everyday: &Digits| pin::is_too_like(everyday, &digits);
                let too_like = self.typed.everyday.as_ref().is_some_and(is_too_like).then_some(PinFault::TooLike);
                match pin::fault_of(&digits).or(too_like) {
                    Some(why) => self.begin_pin(Some(why)),
                    None => {
                        self.typed.new = Some(digits);
                        self.prompt()
                    }
                }
            }
            Some(first) if first != digits => self.begin_pin(Some(PinFault::Different)),
            Some(new) => {
                let everyday = self.typed.everyday.take();
                vec![StationAction::HashPin { enrolment, salt, everyday, new }]
            }
        }
    }

    /// What was typed was hashed.
    pub fn hashed(&mut self, enrolment: EnrolmentId, hashes: Option<(Option<PinHash>, PinHash)>) -> Vec<StationAction> {
        if self.current.as_ref().is_none_or(|order| order.id != enrolment) {
            return Vec::new();
        }
        let secret = |hash: &PinHash| SecretBytes(hash.to_vec());
        match hashes {
            Some((everyday, new)) => {
                let everyday = everyday.as_ref().map(secret);
                self.end(EnrolmentStep::PinRead { everyday, hash: secret(&new) }, true)
            }
            None => self.fail(EnrolmentFault::KeypadFault),
        }
    }

    /// The keypad came or went.
    pub fn keypad(&mut self, is_lost: bool) {
        // A dialogue that waits for it is told by what it wanted.
        self.is_keypad_lost = is_lost;
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
        if was_completed && wants_card(&order) {
            self.card_is_of = Some(order.person);
        }
        self.typed = TypedSoFar::default();
        self.waiting = None;
        let mut actions = vec![StationAction::Step(order.id, step)];
        if !was_completed && wants_finger(&order) {
            actions.push(StationAction::StopSensor);
        }
        if !was_completed && matches!(order.want, EnrolmentWant::Pin { .. }) {
            actions.push(StationAction::StopKeypad);
        }
        actions.push(StationAction::Ended { enrolment: order.id, person: order.person, was_completed });
        actions
    }
}

fn wants_card(order: &EnrolmentOrder) -> bool {
    matches!(order.want, EnrolmentWant::Card | EnrolmentWant::PresentCard)
}

fn wants_finger(order: &EnrolmentOrder) -> bool {
    matches!(order.want, EnrolmentWant::Finger { .. } | EnrolmentWant::ComparedFinger { .. })
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
    use access_core::protocol::{CardApplication, CardTask};
    use uuid::Uuid;

    use super::*;

    pub(super) const WHOLE: Equipment = Equipment { has_reader: true, has_sensor: true, has_keypad: true };

    pub(super) fn order(number: u128, want: EnrolmentWant) -> EnrolmentOrder {
        let id = Uuid::from_u128(number);
        EnrolmentOrder { id: id.into(), person: id.into(), want, expires_at: UnixMs(1_000) }
    }

    fn uid() -> Uid {
        Uid::new(&[1, 2, 3, 4]).unwrap()
    }

    /// The actions in few words.
    pub(super) fn words(actions: &[StationAction]) -> String {
        let word = |action: &StationAction| match action {
            StationAction::Step(_, EnrolmentStep::Failed { why }) => why.to_string(),
            StationAction::Step(_, step) => format!("{step:?}"),
            StationAction::EnrolFinger { captures, .. } => format!("sensor {captures}"),
            StationAction::Compare { others, .. } => format!("compare {}", others.len()),
            StationAction::Work(_) => "work".to_owned(),
            StationAction::StopSensor => "stop".to_owned(),
            StationAction::WantPin(_) => "type".to_owned(),
            StationAction::StopKeypad => "stop".to_owned(),
            StationAction::HashPin { everyday, .. } if everyday.is_some() => "hash both".to_owned(),
            StationAction::HashPin { .. } => "hash".to_owned(),
            StationAction::Ended { was_completed, .. } => format!("ended {was_completed}"),
        };
        actions.iter().map(word).collect::<Vec<_>>().join(", ")
    }

    #[test]
    fn a_card_is_read_whether_it_comes_before_or_after() {
        let mut station = Station::new(WHOLE);
        assert_eq!(words(&station.card(&uid(), CardKind::UidOnly)), "");
        let started = station.start(order(1, EnrolmentWant::Card));
        assert_eq!(words(&started), "WaitingForCard, CardRead { uid: [redacted] }, ended true");
        station.card_removed();
        assert_eq!(words(&station.start(order(2, EnrolmentWant::Card))), "WaitingForCard");
        assert_eq!(words(&station.start(order(2, EnrolmentWant::Card))), "", "the same order again");
        assert_eq!(words(&station.start(order(3, EnrolmentWant::Card))), "busy");
        assert_eq!(words(&station.card_unreadable()), "CardUnreadable");
        assert_eq!(words(&station.card(&uid(), CardKind::UidOnly)), "CardRead { uid: [redacted] }, ended true");
    }

    /// What the server wants done with the card in dialogue `number`.
    fn work(number: u128, uid: &[u8]) -> CardWork {
        let application = CardApplication { id: [1, 2, 3], system: b"a site".to_vec() };
        let enrolment = Uuid::from_u128(number).into();
        CardWork { enrolment, uid: SecretBytes(uid.to_vec()), application, keys: Vec::new(), task: CardTask::Wipe }
    }

    fn desfire() -> Uid {
        Uid::new(&[4, 1, 2, 3, 4, 5, 6]).unwrap()
    }

    fn wiped() -> Done {
        let uid = hardware::card::desfire::CardUid::new(desfire().as_bytes()).unwrap();
        Done::Wiped(hardware::card::desfire::Wiped { uid, was_there: true, free_bytes: 5_000 })
    }

    #[test]
    fn a_card_that_proves_itself_is_presented_and_worked_on_as_the_server_says() {
        for want in [EnrolmentWant::Card, EnrolmentWant::PresentCard] {
            let mut station = Station::new(WHOLE);
            let presented = "CardPresented { uid: [redacted], kind: DesfireEv3 }";
            assert_eq!(words(&station.start(order(1, want))), "WaitingForCard");
            assert_eq!(
                words(&station.work(work(1, desfire().as_bytes()))),
                "CardRefused { why: Gone }",
                "nothing there"
            );
            assert_eq!(words(&station.card(&desfire(), CardKind::DesfireEv3)), presented);
            assert_eq!(words(&station.work(work(2, desfire().as_bytes()))), "", "another dialogue");
            assert_eq!(words(&station.work(work(1, uid().as_bytes()))), "CardRefused { why: Gone }", "another card");
            assert_eq!(words(&station.work(work(1, desfire().as_bytes()))), "CardWorking, work");
            // It leaves in the middle: shown again, it gets the same order again.
            assert_eq!(words(&station.worked(Err(TaskError::Gone))), "CardRefused { why: Gone }");
            station.card_removed();
            assert_eq!(words(&station.card(&desfire(), CardKind::DesfireEv3)), presented);
            assert_eq!(words(&station.work(work(1, desfire().as_bytes()))), "CardWorking, work");
            assert_eq!(words(&station.worked(Ok(wiped()))), "CardWiped, ended true");
            assert_eq!(words(&station.worked(Ok(wiped()))), "", "nothing was asked");
            // What lies there is presented in the next dialogue of the same person, and not in that of another.
            let next = EnrolmentOrder { id: Uuid::from_u128(3).into(), ..order(1, want) };
            assert_eq!(words(&station.start(next)), format!("WaitingForCard, {presented}"));
            station.cancel(Uuid::from_u128(3).into());
            assert_eq!(words(&station.start(order(2, want))), "WaitingForCard");
            assert_eq!(words(&station.card(&desfire(), CardKind::DesfireEv3)), presented, "laid there anew");
        }
    }

    #[test]
    fn a_card_that_only_tells_a_uid_is_presented_where_somebodys_is_wanted() {
        let mut station = Station::new(WHOLE);
        station.start(order(1, EnrolmentWant::PresentCard));
        let presented = "CardPresented { uid: [redacted], kind: UidOnly }";
        assert_eq!(words(&station.card(&uid(), CardKind::UidOnly)), presented);
        let mut station = Station::new(WHOLE);
        station.start(order(1, EnrolmentWant::Card));
        let presented = "CardPresented { uid: [redacted], kind: RandomUid }";
        assert_eq!(words(&station.card(&uid(), CardKind::RandomUid)), presented);
    }

    #[test]
    fn what_is_done_for_a_dialogue_that_ended_is_nobodys_answer() {
        let mut station = Station::new(WHOLE);
        station.start(order(1, EnrolmentWant::Card));
        station.card(&desfire(), CardKind::DesfireEv2);
        station.work(work(1, desfire().as_bytes()));
        assert_eq!(words(&station.cancel(Uuid::from_u128(1).into())), "cancelled, ended false");
        station.start(order(2, EnrolmentWant::Card));
        assert_eq!(words(&station.work(work(2, desfire().as_bytes()))), "", "the reader is not done yet");
        assert_eq!(words(&station.worked(Ok(wiped()))), "CardWorking, work");
        assert_eq!(words(&station.worked(Ok(wiped()))), "CardWiped, ended true");
        // A reader that falls silent in the middle answers no more.
        station.start(order(3, EnrolmentWant::Card));
        station.work(work(3, desfire().as_bytes()));
        assert_eq!(words(&station.reader(true)), "reader_fault, ended false");
        assert_eq!(words(&station.worked(Ok(wiped()))), "");
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
        let mut bare = Station::new(Equipment { has_reader: false, has_sensor: false, has_keypad: false });
        assert_eq!(words(&bare.start(order(1, EnrolmentWant::Card))), "not_supported");
        assert_eq!(words(&bare.start(order(1, finger))), "not_supported");
        assert_eq!(words(&bare.start(order(1, PIN))), "not_supported");
        assert_eq!(words(&start(PIN).cancel(id)), "cancelled, stop, ended false");
        assert_eq!(words(&start(PIN).typed(id, None)), "keypad_fault, stop, ended false");
        assert_eq!(words(&start(PIN).hashed(id, None)), "keypad_fault, stop, ended false");
        let mut station = Station::new(WHOLE);
        station.keypad(true);
        assert_eq!(words(&station.start(order(1, PIN))), "keypad_fault");
        station.keypad(false);
        assert_eq!(words(&station.start(order(1, PIN))), "type, TypePin { prompt: New }");
    }

    const PIN: EnrolmentWant = EnrolmentWant::Pin { is_duress: false, salt: [7; 16] };
    const SIGN: EnrolmentWant = EnrolmentWant::Pin { is_duress: true, salt: [7; 16] };
    const NEW: &str = "type, TypePin { prompt: New }";

    fn typed(station: &mut Station, text: &str) -> String {
        let digits = Typed::Digits(Digits::new(text).unwrap());
        words(&station.typed(Uuid::from_u128(1).into(), Some(digits)))
    }

    #[test]
    fn a_pin_is_typed_twice_and_leaves_as_a_hash() {
        let mut station = Station::new(WHOLE);
        let id = Uuid::from_u128(1).into();
        assert_eq!(words(&station.start(order(1, PIN))), NEW);
        for (text, why) in [("20481", "TooShort"), ("2048163276812", "TooLong"), ("123456", "TooSimple")] {
            assert_eq!(typed(&mut station, text), format!("PinRefused {{ why: {why} }}, {NEW}"));
        }
        assert_eq!(typed(&mut station, "204816"), "type, TypePin { prompt: Again }");
        assert_eq!(typed(&mut station, "204817"), format!("PinRefused {{ why: Different }}, {NEW}"));
        assert_eq!(typed(&mut station, "204816"), "type, TypePin { prompt: Again }");
        assert_eq!(words(&station.typed(id, Some(Typed::Cancelled))), NEW, "begun anew");
        assert_eq!(typed(&mut station, "975310"), "type, TypePin { prompt: Again }");
        assert_eq!(typed(&mut station, "975310"), "hash");
        assert_eq!(words(&station.hashed(Uuid::from_u128(9).into(), None)), "", "of another dialogue");
        let hashes = Some((None, PinHash::new([5; 32])));
        let ended = "PinRead { everyday: None, hash: [redacted] }, ended true";
        assert_eq!(words(&station.hashed(id, hashes)), ended);
        assert_eq!(typed(&mut station, "975310"), "", "nobody asked");
        assert!(!format!("{station:?}").contains("9753"));
    }

    #[test]
    fn a_sign_of_duress_is_unlike_the_pin_beside_it() {
        let mut station = Station::new(WHOLE);
        let everyday = "type, TypePin { prompt: Everyday }";
        assert_eq!(words(&station.start(order(1, SIGN))), everyday);
        assert_eq!(typed(&mut station, "204816"), NEW);
        assert_eq!(typed(&mut station, "204819"), format!("PinRefused {{ why: TooLike }}, {everyday}"));
        assert_eq!(typed(&mut station, "204816"), NEW);
        assert_eq!(typed(&mut station, "975310"), "type, TypePin { prompt: Again }");
        assert_eq!(typed(&mut station, "975310"), "hash both");
        let hashes = Some((Some(PinHash::new([4; 32])), PinHash::new([5; 32])));
        let ended = words(&station.hashed(Uuid::from_u128(1).into(), hashes));
        assert_eq!(ended, "PinRead { everyday: Some([redacted]), hash: [redacted] }, ended true");
    }
}
